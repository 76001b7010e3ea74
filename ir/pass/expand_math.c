/* expand_math: scalar operations without a machine form become primitive ones, by the definitions of math.def.
 *
 *     y[n] = for i:n { relu(%x[i]) } -> [i]      becomes      y[n] = for i:n { where(le(%x[i], 0), 0, %x[i]) } -> [i]
 *
 * Requires nothing. Keeps every operation, its domain and its puts; afterwards bodies have primitive rows only, and what was
 * computed is computed the same on every machine: the evaluator, LLVM and C execute the same additions and shifts.
 * Hence nothing may contract, reassociate or simplify these nodes by real algebra afterwards. */
#include "ir/math/math_read.h"
#include "ir/pass/rewrite.h"

typedef struct Expansion {
	IrFunc *from;
	IrBuilder builder;
	IrMap map;
	Arena *scratch; /* per operation */
	IrMath *math;
	bool allow_fma;
} Expansion;

static bool is_composite(const IrNode *node) {
	return node->kind == IR_NODE_OP && !ir_op_info[node->opcode].primitive;
}

static bool for_has_composites(const IrFor *f) {
	for (uint32_t i = 0; i < f->nodes.count; i++)
		if (is_composite(&f->nodes.data[i]))
			return true;
	return false;
}

static void find_composites(void *context, const IrBlock *block, IrOp *op) {
	bool *found = context;
	(void)block;
	if (op->kind == IR_FOR && for_has_composites(&op->f))
		*found = true;
}

/* a^k: for constant k the product by repeated squaring, as ir_powi defines it; else a power of reals. */
static uint32_t expand_powi(Expansion *e, IrForBuilder *f, const uint32_t *args) {
	IrScalar type = ir_node_type(f, args[0]);
	IrNode exponent = f->op->f.nodes.data[args[1]];
	if (exponent.kind != IR_NODE_CONST) {
		uint32_t reals[2] = {ir_op1(f, IR_to_f64, args[0]), ir_op1(f, IR_to_f64, args[1])};
		uint32_t power = ir_math_entry(e->math, f, type == IR_F32 ? "pow_short" : "pow", reals, 2, e->allow_fma);
		return type == IR_F32 ? ir_op1(f, IR_to_f32, power) : power;
	}
	uint32_t one = ir_real(f, type, 1), square = args[0], product = one;
	uint64_t left = exponent.integer < 0 ? 0 - (uint64_t)exponent.integer : (uint64_t)exponent.integer;
	for (; left; left >>= 1) {
		if (left & 1)
			product = product == one ? square : ir_op2(f, IR_mul, product, square);
		if (left > 1)
			square = ir_op2(f, IR_mul, square, square);
	}
	return exponent.integer < 0 ? ir_op2(f, IR_div, one, product) : product;
}

static uint32_t expand_node(Expansion *e, IrForBuilder *f, IrOpcode opcode, const uint32_t *args) {
	if (opcode == IR_powi)
		return expand_powi(e, f, args);
	bool random = ir_op_info[opcode].typing == IR_T_RANDOM; /* the same numbers in every mode */
	return ir_math_row(e->math, f, opcode, args, e->allow_fma && !random);
}

static void expand_puts(Expansion *e, IrForBuilder *f, IrRewrite *rewrite, const IrFor *from) {
	for (uint32_t i = 0; i < from->puts.count; i++) {
		const IrPut *put = &from->puts.data[i];
		const IrValueInfo info = *ir_info(e->from, put->out);
		IrValue out;
		if (ir_put_is_arg(put)) {
			e->builder.name = info.name;
			out = ir_put_arg(f, ir_map_get(&e->map, from->puts.data[put->arg_of].out), put->arg_index);
		} else {
			IrValue into = put->into ? ir_map_get(&e->map, put->into) : 0;
			const IrAt *at = ir_rewrite_positions(rewrite, put->at, info.type.rank);
			e->builder.name = info.name;
			out = ir_put(f, put->combine, rewrite->done[put->node], info.type, at, into, put->guarded);
		}
		ir_map_set(&e->map, put->out, out);
	}
}

static void expand_for(Expansion *e, const IrOp *op) {
	const IrFor *from = &op->f;
	IrModule *module = e->from->module;
	ArenaMark mark = arena_mark(e->scratch);
	e->builder.span = op->span;
	IrForBuilder f = ir_for_begin(&e->builder);
	IrAt *index_at = ARENA_ARRAY(e->scratch, IrAt, from->indices.count + 1);
	for (uint32_t i = 0; i < from->indices.count; i++) {
		IrIndex index = from->indices.data[i];
		index_at[i] = ir_at_index(module, index.lane ? ir_for_lane(&f) : ir_for_index(&f, index.name, index.extent), 1);
	}
	IrRewrite rewrite = ir_rewrite_begin(e->scratch, &f, from, &e->map, index_at);
	for (uint32_t i = 0; i < from->nodes.count; i++) {
		const IrNode *node = &from->nodes.data[i];
		uint32_t args[IR_MAX_ARGS] = {0};
		if (!is_composite(node)) {
			ir_rewrite_node(&rewrite, i);
			continue;
		}
		for (int k = 0; k < ir_op_info[node->opcode].arity; k++)
			args[k] = rewrite.done[node->args[k]];
		rewrite.done[i] = expand_node(e, &f, node->opcode, args);
	}
	for (uint32_t i = 0; i < from->conds.count; i++)
		ir_for_cond(&f, ir_rewrite_at(&rewrite, from->conds.data[i]));
	expand_puts(e, &f, &rewrite, from);
	ir_for_end(&f);
	arena_release(e->scratch, mark);
}

static void expand_block(void *context, const IrBlock *block) {
	Expansion *e = context;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		if (op->kind == IR_LOOP) {
			e->builder.span = op->span;
			ir_rewrite_loop(&e->builder, e->scratch, e->from, &op->loop, &e->map, expand_block, e);
		} else if (op->kind == IR_FOR && for_has_composites(&op->f)) {
			expand_for(e, op);
		} else {
			ir_copy_op(&e->builder, e->from, op, &e->map);
		}
	}
}

IrFunc *ir_expand_math(IrModule *module, IrFunc *func, bool allow_fma) {
	bool found = false;
	ir_visit_ops(&func->body, find_composites, &found);
	if (!found)
		return func;
	Arena *kept = arena_new();
	Expansion e = {.from = func, .scratch = arena_new(), .allow_fma = allow_fma};
	e.map = ir_map_new(kept, func);
	e.math = ir_math_new(kept);
	IrFunc *out = ir_pass_begin(module, func, &e.map, &e.builder);
	expand_block(&e, &func->body);
	ir_pass_end(func, &e.map, out);
	arena_free(e.scratch);
	arena_free(kept);
	return out;
}

IrFunc *ir_pass_expand_math(IrModule *module, IrFunc *func) {
	return ir_expand_math(module, func, false);
}
