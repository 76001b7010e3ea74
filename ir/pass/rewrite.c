/* Re-emitting bodies, and small questions about operations: see rewrite.h. */
#include "ir/pass/rewrite.h"

#include <string.h>

IrRewrite ir_rewrite_begin(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map,
                           const IrAt *index_at) {
	IrRewrite rewrite = {.to = to, .from = from, .map = map, .index_at = index_at};
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

/* idx(at) may become a form with nodes: then it is written out in integer arithmetic. */
static uint32_t emit_index_value(IrRewrite *rewrite, IrAt at) {
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
	case IR_NODE_INDEX: result = emit_index_value(rewrite, ir_rewrite_at(rewrite, node->at[0])); break;
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

IrRewrite ir_rewrite_same_domain(Arena *scratch, IrForBuilder *to, const IrFor *from, const IrMap *map) {
	IrModule *module = to->builder->func->module;
	IrAt *index_at = ARENA_ARRAY(scratch, IrAt, from->indices.count + 1);
	for (uint32_t i = 0; i < from->indices.count; i++) {
		IrIndex index = from->indices.data[i];
		uint32_t number = index.lane ? ir_for_lane(to) : ir_for_index(to, index.name, index.extent);
		index_at[i] = ir_at_index(module, number, 1);
	}
	IrRewrite rewrite = ir_rewrite_begin(scratch, to, from, map, index_at);
	for (uint32_t i = 0; i < from->conds.count; i++)
		ir_for_cond(to, ir_rewrite_at(&rewrite, from->conds.data[i]));
	return rewrite;
}

void ir_rewrite_puts(IrBuilder *b, const IrFunc *func, IrRewrite *rewrite, IrMap *map, const bool *wanted) {
	const IrFor *from = rewrite->from;
	for (uint32_t p = 0; p < from->puts.count; p++) {
		const IrPut *put = &from->puts.data[p];
		if (wanted && !wanted[p])
			continue;
		const IrValueInfo *info = ir_info(func, put->out);
		IrValue out;
		b->name = info->name;
		if (ir_put_is_arg(put)) {
			out = ir_put_arg(rewrite->to, ir_map_get(map, from->puts.data[put->arg_of].out), put->arg_index);
		} else {
			IrValue into = put->into ? ir_map_get(map, put->into) : 0;
			IrAt *at = ir_rewrite_positions(rewrite, put->at, info->type.rank);
			uint32_t node = ir_rewrite_node(rewrite, put->node);
			b->name = info->name;
			out = ir_put(rewrite->to, put->combine, node, info->type, at, into, put->guarded);
		}
		ir_map_set(map, put->out, out);
	}
	b->name = 0;
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
	bool *wanted = ARENA_ARRAY(scratch, bool, from->puts.count);
	for (uint32_t p = 0; p < from->puts.count; p++) {
		const IrPut *put = &from->puts.data[p];
		if (keep && !keep[p])
			continue;
		wanted[p] = true;
		if (ir_put_is_arg(put))
			wanted[put->arg_of] = true;
	}
	ir_rewrite_puts(b, func, &rewrite, map, wanted);
	ir_for_end(&f);
}

bool ir_put_is_arg(const IrPut *put) {
	return put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN;
}

IrOp *ir_rewrite_loop(IrBuilder *b, Arena *scratch, const IrFunc *func, const IrLoop *loop, IrMap *map,
                      IrEmitBlock *emit, void *context) {
	IrBlock *outer = b->block;
	IrOp *copy = ir_loop_begin(b, loop->limit, loop->trips ? ir_map_get(map, loop->trips) : 0);
	ir_map_set(map, loop->counter, copy->loop.counter);
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		b->name = ir_info(func, carry->inner)->name;
		ir_map_set(map, carry->inner, ir_loop_carry(b, copy, ir_map_get(map, carry->init)));
	}
	b->name = 0;
	emit(context, &loop->body);
	IrValue *yields = ARENA_ARRAY(scratch, IrValue, loop->carries.count + 1);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		yields[i] = ir_map_get(map, loop->carries.data[i].yield);
	ir_loop_end(b, copy, yields, outer);
	for (uint32_t i = 0; i < loop->carries.count; i++)
		ir_map_set(map, loop->carries.data[i].out, copy->loop.carries.data[i].out);
	return copy;
}

/* ---- equality ---- */

static bool node_equal(const IrNode *a, const IrNode *b) {
	if (a->kind != b->kind || a->type != b->type || a->at_count != b->at_count)
		return false;
	for (uint32_t i = 0; i < a->at_count; i++)
		if (!ir_at_equal(a->at[i], b->at[i]))
			return false;
	switch (a->kind) {
	case IR_NODE_CONST: return memcmp(&a->real, &b->real, sizeof a->real) == 0 && a->integer == b->integer;
	case IR_NODE_DIM: return a->dim == b->dim;
	case IR_NODE_INDEX: return true;
	case IR_NODE_READ: return a->value == b->value && a->guarded == b->guarded;
	case IR_NODE_OP:
		if (a->opcode != b->opcode)
			return false;
		for (int i = 0; i < ir_op_info[a->opcode].arity; i++)
			if (a->args[i] != b->args[i])
				return false;
		return true;
	}
	return false;
}

static bool put_equal(const IrPut *a, const IrPut *b, uint32_t rank) {
	if (a->combine != b->combine || a->guarded != b->guarded || a->into != b->into)
		return false;
	if (ir_put_is_arg(a))
		return a->arg_of == b->arg_of && a->arg_index == b->arg_index;
	for (uint32_t i = 0; i < rank; i++)
		if (!ir_at_equal(a->at[i], b->at[i]))
			return false;
	return a->node == b->node;
}

bool ir_for_equal(const IrFunc *func, const IrFor *a, const IrFor *b) {
	if (a->indices.count != b->indices.count || a->conds.count != b->conds.count || a->nodes.count != b->nodes.count ||
	    a->puts.count != b->puts.count)
		return false;
	for (uint32_t i = 0; i < a->indices.count; i++)
		if (a->indices.data[i].extent != b->indices.data[i].extent ||
		    a->indices.data[i].lane != b->indices.data[i].lane)
			return false;
	for (uint32_t i = 0; i < a->conds.count; i++)
		if (!ir_at_equal(a->conds.data[i], b->conds.data[i]))
			return false;
	for (uint32_t i = 0; i < a->nodes.count; i++)
		if (!node_equal(&a->nodes.data[i], &b->nodes.data[i]))
			return false;
	for (uint32_t i = 0; i < a->puts.count; i++) {
		IrType type = ir_type(func, a->puts.data[i].out);
		if (!ir_type_equal(type, ir_type(func, b->puts.data[i].out)) ||
		    !put_equal(&a->puts.data[i], &b->puts.data[i], type.rank))
			return false;
	}
	return true;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
	return hash_bytes(&word, sizeof word, hash);
}

static uint64_t at_hash(uint64_t hash, IrAt at) {
	hash = mix(hash, (uint64_t)at.offset);
	for (uint32_t i = 0; i < at.term_count; i++)
		hash = mix(mix(hash, (uint64_t)at.terms[i].coef), (uint64_t)at.terms[i].ref * 2 + at.terms[i].is_node);
	return hash;
}

static uint64_t node_hash(uint64_t hash, const IrNode *node) {
	uint64_t bits;
	memcpy(&bits, &node->real, sizeof bits);
	hash = mix(hash, (uint64_t)node->kind * 64 + (uint64_t)node->type);
	switch (node->kind) {
	case IR_NODE_CONST: hash = mix(mix(hash, bits), (uint64_t)node->integer); break;
	case IR_NODE_DIM: hash = mix(hash, (uint64_t)node->dim); break;
	case IR_NODE_INDEX: break;
	case IR_NODE_READ: hash = mix(hash, (uint64_t)node->value << 1 | node->guarded); break;
	case IR_NODE_OP:
		hash = mix(hash, (uint64_t)node->opcode);
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			hash = mix(hash, node->args[i]);
		break;
	}
	for (uint32_t k = 0; k < node->at_count; k++)
		hash = at_hash(hash, node->at[k]);
	return hash;
}

uint64_t ir_for_hash(const IrFunc *func, const IrFor *f) {
	uint64_t hash = f->indices.count;
	for (uint32_t i = 0; i < f->indices.count; i++)
		hash = mix(hash, (uint64_t)f->indices.data[i].extent << 1 | f->indices.data[i].lane);
	for (uint32_t i = 0; i < f->conds.count; i++)
		hash = at_hash(hash, f->conds.data[i]);
	for (uint32_t i = 0; i < f->nodes.count; i++)
		hash = node_hash(hash, &f->nodes.data[i]);
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		hash = mix(mix(hash, (uint64_t)put->combine << 32 | put->node), put->into);
		for (uint32_t k = 0; k < ir_type(func, put->out).rank; k++)
			hash = at_hash(hash, put->at[k]);
	}
	return hash;
}

static uint64_t tree_hash_at(const IrFor *f, const uint64_t *hashes, uint64_t hash, IrAt at) {
	hash = mix(hash, (uint64_t)at.offset);
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		uint64_t what = term.is_node ? hashes[term.ref] : mix(term.ref, (uint64_t)f->indices.data[term.ref].extent);
		hash = mix(mix(hash, (uint64_t)term.coef), what);
	}
	return hash;
}

uint64_t *ir_tree_hashes(Arena *scratch, const IrFor *f, const IrMap *map) {
	uint64_t *hashes = ARENA_ARRAY(scratch, uint64_t, f->nodes.count + 1);
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		uint64_t hash = mix((uint64_t)node->kind, (uint64_t)node->type), bits;
		memcpy(&bits, &node->real, sizeof bits);
		hash = mix(mix(mix(hash, bits), (uint64_t)node->integer), (uint64_t)node->dim);
		if (node->kind == IR_NODE_READ)
			hash = mix(hash, (uint64_t)(map ? ir_map_get(map, node->value) : node->value) << 1 | node->guarded);
		for (uint32_t k = 0; k < node->at_count; k++)
			hash = tree_hash_at(f, hashes, hash, node->at[k]);
		if (node->kind == IR_NODE_OP) {
			hash = mix(hash, (uint64_t)node->opcode);
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				hash = mix(hash, hashes[node->args[i]]);
		}
		hashes[n] = hash;
	}
	return hashes;
}

/* ---- questions ---- */

bool ir_put_is_projection(const IrFunc *func, const IrFor *f, const IrPut *put) {
	IrType type = ir_type(func, put->out);
	uint32_t seen = 0;
	for (uint32_t k = 0; k < type.rank; k++) {
		int index = ir_at_plain_index(put->at[k]);
		if (index < 0 || (seen >> index & 1) || f->indices.data[index].extent != type.dims[k])
			return false;
		seen |= 1u << index;
	}
	return f->conds.count == 0 && !put->guarded;
}

bool ir_put_is_permutation(const IrFunc *func, const IrFor *f, const IrPut *put) {
	return ir_type(func, put->out).rank == f->indices.count && ir_put_is_projection(func, f, put);
}

bool ir_for_is_empty(const IrFor *f) {
	for (uint32_t i = 0; i < f->indices.count; i++)
		if (f->indices.data[i].extent == 0)
			return true;
	return false;
}

bool ir_positions_may_fail(const IrFunc *func, const IrFor *f, IrType type, const IrAt *at, bool guarded) {
	for (uint32_t k = 0; k < type.rank && !guarded; k++)
		if (!ir_in_bounds(func, f, at[k], type.dims[k]))
			return true;
	return false;
}

bool ir_for_may_fail(const IrFunc *func, const IrFor *f) {
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind == IR_NODE_READ &&
		    ir_positions_may_fail(func, f, ir_type(func, node->value), node->at, node->guarded))
			return true;
	}
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		if (ir_positions_may_fail(func, f, ir_type(func, put->out), put->at, put->guarded))
			return true;
	}
	return false;
}

static uint32_t at_index_set(const IrFor *f, const uint32_t *sets, IrAt at) {
	uint32_t set = 0;
	(void)f;
	for (uint32_t i = 0; i < at.term_count; i++)
		set |= at.terms[i].is_node ? sets[at.terms[i].ref] : 1u << at.terms[i].ref;
	return set;
}

void ir_node_index_sets(const IrFor *f, uint32_t *sets) {
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		sets[n] = 0;
		for (uint32_t k = 0; k < node->at_count; k++)
			sets[n] |= at_index_set(f, sets, node->at[k]);
		if (node->kind == IR_NODE_OP)
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				sets[n] |= sets[node->args[i]];
	}
}

void ir_visit_ops(const IrBlock *block, IrVisit *visit, void *context) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		IrOp *op = block->ops.data[i];
		visit(context, block, op);
		if (op->kind == IR_LOOP)
			ir_visit_ops(&op->loop.body, visit, context);
	}
}

static void count_uses(void *context, const IrBlock *block, IrOp *op) {
	uint32_t *uses = context;
	(void)block;
	if (op->kind == IR_FOR) {
		for (uint32_t i = 0; i < op->f.nodes.count; i++)
			if (op->f.nodes.data[i].kind == IR_NODE_READ)
				uses[op->f.nodes.data[i].value]++;
		for (uint32_t i = 0; i < op->f.puts.count; i++)
			uses[op->f.puts.data[i].into]++;
	} else if (op->kind == IR_LOOP) {
		uses[op->loop.trips]++;
		for (uint32_t i = 0; i < op->loop.carries.count; i++) {
			uses[op->loop.carries.data[i].init]++;
			uses[op->loop.carries.data[i].yield]++;
		}
	}
}

uint32_t *ir_use_counts(Arena *scratch, const IrFunc *func) {
	uint32_t *uses = ARENA_ARRAY(scratch, uint32_t, func->values.count + 1);
	ir_visit_ops(&func->body, count_uses, uses);
	for (uint32_t i = 0; i < func->results.count; i++)
		uses[func->results.data[i].value]++;
	return uses;
}

/* ---- frames of passes ---- */

IrFunc *ir_pass_begin(IrModule *module, const IrFunc *func, IrMap *map, IrBuilder *builder) {
	IrFunc *out = ir_func_new(module, name_text(module->session->names, func->name));
	for (uint32_t i = 0; i < func->symbols.count; i++)
		ir_symbol(out, name_text(module->session->names, func->symbols.data[i]));
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrParam param = func->params.data[i];
		const char *name = param.name ? name_text(module->session->names, param.name) : NULL;
		ir_map_set(map, param.value, ir_param(out, name, ir_type(func, param.value)));
	}
	*builder = ir_builder(out);
	return out;
}

void ir_pass_end(const IrFunc *func, const IrMap *map, IrFunc *out) {
	for (uint32_t i = 0; i < func->results.count; i++) {
		IrResult result = func->results.data[i];
		const char *name = result.name ? name_text(func->module->session->names, result.name) : NULL;
		ir_result(out, name, ir_map_get(map, result.value));
	}
}
