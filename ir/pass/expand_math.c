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

static bool has_composites(const IrOp *op) {
	const IrFor *f = ir_as_for(op);
	for (uint32_t i = 0; f && i < f->nodes.count; i++)
		if (is_composite(&f->nodes.data[i]))
			return true;
	return false;
}

static void find_composites(void *context, const IrBlock *block, IrOp *op) {
	bool *found = context;
	(void)block;
	*found = *found || has_composites(op);
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

/* An IrReplace. */
static uint32_t replace_composite(void *context, IrRewrite *rewrite, uint32_t number) {
	Expansion *e = context;
	const IrNode *node = &rewrite->from->nodes.data[number];
	uint32_t args[IR_MAX_ARGS] = {0};
	if (!is_composite(node))
		return IR_NO_NODE;
	for (int k = 0; k < ir_op_info[node->opcode].arity; k++)
		args[k] = ir_rewrite_node(rewrite, node->args[k]);
	return expand_node(e, rewrite->to, node->opcode, args);
}

/* The nodes come in their old order. */
static void expand_for(void *context, const IrOp *op) {
	Expansion *e = context;
	if (!has_composites(op)) {
		ir_copy_op(&e->builder, e->from, op, &e->map);
		return;
	}
	ArenaMark mark = arena_mark(e->scratch);
	IrForBuilder f = ir_for_begin(&e->builder);
	IrRewrite rewrite = ir_rewrite_begin(e->scratch, &f, &op->f, &e->map, NULL);
	rewrite.replace = replace_composite;
	rewrite.context = e;
	ir_rewrite_indices(&rewrite);
	for (uint32_t n = 0; n < op->f.nodes.count; n++)
		ir_rewrite_node(&rewrite, n);
	ir_rewrite_conds(&rewrite);
	ir_rewrite_puts(&e->builder, e->from, &rewrite, &e->map, NULL);
	ir_for_end(&f);
	arena_release(e->scratch, mark);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = expand_for};

IrFunc *ir_expand_math(IrModule *module, IrFunc *func, bool allow_fma) {
	bool found = false;
	ir_visit_ops(&func->body, find_composites, &found);
	if (!found)
		return func;
	Arena *kept = arena_new();
	Expansion e = {.from = func, .scratch = arena_new(), .allow_fma = allow_fma};
	e.map = ir_map_new(kept, func);
	e.math = ir_math_new(kept);
	IrCopier copier = {.from = func, .b = &e.builder, .map = &e.map, .rules = rules, .context = &e};
	IrFunc *out = ir_copier_run(&copier, module);
	arena_free(e.scratch);
	arena_free(kept);
	return out;
}

IrFunc *ir_pass_expand_math(IrModule *module, IrFunc *func) {
	return ir_expand_math(module, func, false);
}
