/* Bodies of FORs emitted again inside of ops that are being built. */
#include "ir/core/copy.h"

IrRewrite ir_rewrite_begin(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map, IrAt *index_at) {
	IrRewrite rewrite = {.to = to, .from = from, .map = map, .index_at = index_at};
	if (!index_at)
		rewrite.index_at = ARENA_ARRAY(scratch, IrAt, from->indices.count + 1);
	rewrite.done = ARENA_ARRAY(scratch, uint32_t, from->nodes.count + 1);
	for (uint32_t i = 0; i < from->nodes.count; i++)
		rewrite.done[i] = IR_NO_NODE;
	return rewrite;
}

static IrModule *rewrite_module(const IrRewrite *rewrite) {
	return rewrite->to->builder->func->module;
}

IrAt ir_rewrite_at(IrRewrite *rewrite, IrAt at) {
	IrModule *module = rewrite_module(rewrite);
	IrAt result = ir_at_const(at.offset);
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		IrAt piece =
			term.is_node ? ir_at_node(module, ir_rewrite_node(rewrite, term.ref), 1) : rewrite->index_at[term.ref];
		result = ir_at_add(module, result, ir_at_scale(module, piece, term.coef));
	}
	return result;
}

IrAt *ir_rewrite_positions(IrRewrite *rewrite, const IrAt *at, uint32_t count) {
	IrAt *result = ARENA_ARRAY(rewrite_module(rewrite)->arena, IrAt, count + 1);
	for (uint32_t i = 0; i < count; i++)
		result[i] = ir_rewrite_at(rewrite, at[i]);
	return result;
}

/* A form with nodes is written out in integer arithmetic. */
uint32_t ir_rewrite_at_value(IrRewrite *rewrite, IrAt at) {
	IrForBuilder *f = rewrite->to;
	IrModule *module = rewrite_module(rewrite);
	IrAt affine = ir_at_const(at.offset);
	uint32_t sum = IR_NO_NODE;
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		if (!term.is_node) {
			affine = ir_at_add(module, affine, ir_at_index(module, term.ref, term.coef));
			continue;
		}
		uint32_t piece = term.coef == 1 ? term.ref : ir_op2(f, IR_mul, ir_int(f, term.coef), term.ref);
		sum = sum == IR_NO_NODE ? piece : ir_op2(f, IR_add, sum, piece);
	}
	uint32_t base = affine.term_count == 0 ? ir_int(f, affine.offset) : ir_index_value(f, affine);
	return sum == IR_NO_NODE ? base : ir_op2(f, IR_add, base, sum);
}

uint32_t ir_rewrite_node(IrRewrite *rewrite, uint32_t number) {
	if (rewrite->done[number] != IR_NO_NODE)
		return rewrite->done[number];
	uint32_t other = rewrite->replace ? rewrite->replace(rewrite->context, rewrite, number) : IR_NO_NODE;
	if (other != IR_NO_NODE)
		return rewrite->done[number] = other;
	IrForBuilder *f = rewrite->to;
	const IrNode *node = &rewrite->from->nodes.data[number];
	uint32_t result = IR_NO_NODE;
	switch (node->kind) {
	case IR_NODE_CONST: result = ir_constant(f, node->type, node->real, node->integer); break;
	case IR_NODE_DIM: result = ir_dim(f, node->dim); break;
	case IR_NODE_INDEX: result = ir_rewrite_at_value(rewrite, ir_rewrite_at(rewrite, node->at[0])); break;
	case IR_NODE_READ: {
		IrAt *at = ir_rewrite_positions(rewrite, node->at, node->at_count);
		IrValue value = rewrite->map ? ir_map_get(rewrite->map, node->value) : node->value;
		result = ir_read(f, value, at, node->guarded);
		break;
	}
	case IR_NODE_OP: {
		uint32_t args[IR_MAX_ARGS] = {0};
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			args[i] = ir_rewrite_node(rewrite, node->args[i]);
		result = ir_op(f, node->opcode, args);
		ir_node_origin(f, result, node->name, node->span);
		break;
	}
	}
	rewrite->done[number] = result;
	return result;
}

/* ---- domains ---- */

IrAt ir_rewrite_index(IrRewrite *rewrite, uint32_t index) {
	const IrIndex *old = &rewrite->from->indices.data[index];
	uint32_t number = old->lane ? ir_for_lane(rewrite->to) : ir_for_index(rewrite->to, old->name, old->extent);
	return rewrite->index_at[index] = ir_at_index(rewrite_module(rewrite), number, 1);
}

void ir_rewrite_indices(IrRewrite *rewrite) {
	for (uint32_t i = 0; i < rewrite->from->indices.count; i++)
		ir_rewrite_index(rewrite, i);
}

void ir_rewrite_conds(IrRewrite *rewrite) {
	for (uint32_t c = 0; c < rewrite->from->conds.count; c++)
		ir_for_cond(rewrite->to, ir_rewrite_at(rewrite, rewrite->from->conds.data[c]));
}

void ir_rewrite_domain(IrRewrite *rewrite) {
	ir_rewrite_indices(rewrite);
	ir_rewrite_conds(rewrite);
}

IrRewrite ir_rewrite_same_domain(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map) {
	IrRewrite rewrite = ir_rewrite_begin(scratch, to, from, map, NULL);
	ir_rewrite_domain(&rewrite);
	return rewrite;
}

/* ---- puts, and whole ops ---- */

static void rewrite_put(IrBuilder *b, const IrFunc *func, IrRewrite *rewrite, IrMap *map, uint32_t number) {
	const IrFor *from = rewrite->from;
	const IrPut *put = &from->puts.data[number];
	const IrValueInfo *info = ir_info(func, put->out);
	IrValue out;
	if (ir_put_is_arg(put)) {
		b->name = info->name;
		out = ir_put_arg(rewrite->to, ir_map_get(map, from->puts.data[put->arg_of].out), put->arg_index);
	} else {
		IrValue into = put->into ? ir_map_get(map, put->into) : 0;
		IrAt *at = ir_rewrite_positions(rewrite, put->at, info->type->rank);
		uint32_t node = ir_rewrite_node(rewrite, put->node);
		b->name = info->name;
		out = ir_put(rewrite->to, put->combine, node, *info->type, at, into, put->guarded);
	}
	b->name = 0;
	ir_map_set(map, put->out, out);
}

/* Whether a put is wanted, for itself or for its argument. */
static bool is_wanted(const IrFor *from, const bool *wanted, uint32_t number) {
	if (!wanted || wanted[number])
		return true;
	for (uint32_t p = number + 1; p < from->puts.count; p++)
		if (wanted[p] && ir_put_is_arg(&from->puts.data[p]) && from->puts.data[p].arg_of == number)
			return true;
	return false;
}

void ir_rewrite_puts(IrBuilder *b, const IrFunc *func, IrRewrite *rewrite, IrMap *map, const bool *wanted) {
	for (uint32_t p = 0; p < rewrite->from->puts.count; p++)
		if (is_wanted(rewrite->from, wanted, p))
			rewrite_put(b, func, rewrite, map, p);
}

void ir_rewrite_or_copy(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map,
                        IrReplace *replace, void *context, IrForBuilder *f) {
	*f = ir_for_begin(b);
	IrRewrite rewrite = ir_rewrite_same_domain(scratch, f, from, map);
	rewrite.replace = replace;
	rewrite.context = context;
	ir_rewrite_puts(b, func, &rewrite, map, NULL);
	if (ir_for_try_end(f))
		return;
	*f = ir_for_begin(b);
	rewrite = ir_rewrite_same_domain(scratch, f, from, map);
	ir_rewrite_puts(b, func, &rewrite, map, NULL);
	ir_for_end(f);
}

void ir_rewrite_for(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrFor *from, IrMap *map, const bool *keep) {
	IrForBuilder f = ir_for_begin(b);
	IrRewrite rewrite = ir_rewrite_same_domain(scratch, &f, from, map);
	ir_rewrite_puts(b, func, &rewrite, map, keep);
	ir_for_end(&f);
}
