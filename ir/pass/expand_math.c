/* expand_math: scalar operations without a machine form become primitive ones, by the definitions of math.def.
 *
 *     y[n] = for i:n { relu(%x[i]) } -> [i]      becomes      y[n] = for i:n { where(le(%x[i], 0), 0, %x[i]) } -> [i]
 *
 * Requires nothing. Keeps every operation, its domain and its puts; afterwards bodies have primitive rows only, and what was
 * computed is computed the same on every machine: the evaluator, LLVM and C execute the same additions and shifts.
 * Hence nothing may contract, reassociate or simplify these nodes by real algebra afterwards. */
#include "ir/math/math_read.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

typedef struct Expansion {
	IrFunc *from;
	IrBuilder builder;
	IrMap map;
	Arena *scratch; /* per operation */
	IrMath *math;
	bool allow_fma;
	bool powers_only; /* what has an entry in math.def stays as it is */
	bool found;       /* something to expand */
} Expansion;

static bool is_expanded(const Expansion *e, const IrFor *f, const IrNode *node) {
	if (node->kind != IR_NODE_OP || ir_op_info[node->opcode].primitive)
		return false;
	return !e->powers_only || (node->opcode == IR_powi && f->nodes.data[node->args[1]].kind == IR_NODE_CONST);
}

static bool expands(const Expansion *e, const IrOp *op) {
	const IrFor *f = ir_as_for(op);
	for (uint32_t i = 0; f && i < f->nodes.count; i++)
		if (is_expanded(e, f, &f->nodes.data[i]))
			return true;
	return false;
}

static void find(void *context, const IrBlock *block, IrOp *op) {
	Expansion *e = context;
	(void)block;
	e->found = e->found || expands(e, op);
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
static uint32_t replace_expanded(void *context, IrRewrite *rewrite, uint32_t number) {
	Expansion *e = context;
	const IrNode *node = &rewrite->from->nodes.data[number];
	uint32_t args[IR_MAX_ARGS] = {0};
	if (!is_expanded(e, rewrite->from, node))
		return IR_NO_NODE;
	for (int k = 0; k < ir_op_info[node->opcode].arity; k++)
		args[k] = ir_rewrite_node(rewrite, node->args[k]);
	uint32_t result = expand_node(e, rewrite->to, node->opcode, args);
	ir_node_origin(rewrite->to, result, node->name, node->span);
	return result;
}

/* The nodes come in their old order. */
static void expand_for(void *context, const IrOp *op) {
	Expansion *e = context;
	if (!expands(e, op)) {
		ir_copy_op(&e->builder, e->from, op, &e->map);
		return;
	}
	ArenaMark mark = arena_mark(e->scratch);
	IrForBuilder f = ir_for_begin(&e->builder);
	IrRewrite rewrite = ir_rewrite_begin(e->scratch, &f, &op->f, &e->map, NULL);
	rewrite.replace = replace_expanded;
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

static IrFunc *expand(IrModule *module, IrFunc *func, bool allow_fma, bool powers_only) {
	Expansion e = {.from = func, .allow_fma = allow_fma, .powers_only = powers_only};
	ir_visit_ops(&func->body, find, &e);
	if (!e.found)
		return func;
	Arena *kept = arena_new();
	e.scratch = arena_new();
	e.map = ir_map_new(kept, func);
	e.math = ir_math_new(kept);
	IrCopier copier = {.from = func, .b = &e.builder, .map = &e.map, .rules = rules, .context = &e};
	IrFunc *out = ir_copier_run(&copier, module);
	arena_free(e.scratch);
	arena_free(kept);
	return out;
}

IrFunc *ir_expand_math(IrModule *module, IrFunc *func, bool allow_fma) {
	return expand(module, func, allow_fma, false);
}

IrFunc *ir_expand_powers(IrModule *module, IrFunc *func) {
	return expand(module, func, false, true);
}

IrFunc *ir_pass_expand_math(IrModule *module, IrFunc *func) {
	return ir_expand_math(module, func, false);
}
