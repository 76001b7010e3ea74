/* Facts about a function that is to be differentiated: what varies, what reaches the arm of a selection, what is
 * certainly finite, and what a loop's adjoint has to carry. Each is a fixpoint over one bool per value. */
#include "autodiff/ad.h"

bool ad_differentiable(IrOpcode opcode, int i) {
	return i < 3 && ir_op_info[opcode].derivative[i] != NULL;
}

static bool real_value(const IrFunc *func, IrValue value) {
	return ir_scalar_is_real(ir_type(func, value).scalar);
}

bool *ad_varied_nodes(const AdFacts *facts, const IrFor *op) {
	bool *varied = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (node->kind == IR_NODE_READ)
			varied[n] = facts->varied[node->value];
		else if (node->kind == IR_NODE_OP && ir_scalar_is_real(node->type))
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				varied[n] = varied[n] || (ad_differentiable(node->opcode, i) && varied[node->args[i]]);
	}
	return varied;
}

/* A selection passes one operand on, so the other one's cotangent is 0 whatever that operand is. The factors of mulz are
 * such by construction. */
static void mark_arms(const IrNode *node, bool *marked) {
	switch (node->opcode) {
	case IR_where: marked[node->args[1]] = marked[node->args[2]] = true; break;
	case IR_mulz:
	case IR_max:
	case IR_min: marked[node->args[0]] = marked[node->args[1]] = true; break;
	case IR_relu: marked[node->args[0]] = true; break;
	default: break;
	}
}

static bool *marked_nodes(const AdFacts *facts, const bool *values, const IrFor *op) {
	bool *marked = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN)
			continue;
		if (values[put->out] || put->combine == IR_PUT_MAX || put->combine == IR_PUT_MIN)
			marked[put->node] = true;
	}
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		if (node->kind != IR_NODE_OP)
			continue;
		if (ir_scalar_is_real(node->type))
			mark_arms(node, marked);
		if (marked[n])
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				marked[node->args[i]] = true;
	}
	return marked;
}

/* Rows that give finite numbers, with finite derivatives, for finite operands that are not huge. */
static bool tame_row(IrOpcode opcode) {
	switch (opcode) {
	case IR_add:
	case IR_sub:
	case IR_neg:
	case IR_min:
	case IR_max:
	case IR_abs:
	case IR_sign:
	case IR_floor:
	case IR_where:
	case IR_to_f32:
	case IR_to_f64:
	case IR_stop_gradient:
	case IR_sin:
	case IR_cos:
	case IR_tanh:
	case IR_sigmoid:
	case IR_softplus:
	case IR_relu:
	case IR_erf: return true;
	default: return false;
	}
}

static bool *tame_nodes(const AdFacts *facts, const bool *values, const IrFor *op) {
	bool *tame = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		tame[n] = true;
		if (!ir_scalar_is_real(node->type))
			continue;
		if (node->kind == IR_NODE_CONST) {
			tame[n] = node->real - node->real == 0;
		} else if (node->kind == IR_NODE_READ) {
			tame[n] = values[node->value];
		} else if (node->kind == IR_NODE_OP) {
			tame[n] = tame_row(node->opcode);
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				tame[n] = tame[n] && tame[node->args[i]];
		}
	}
	return tame;
}

static uint32_t read_indices(const IrFor *op, const IrNode *node) {
	uint32_t mask = 0;
	for (uint32_t k = 0; k < node->at_count; k++)
		mask |= ad_at_mask(op, node->at[k]);
	return mask;
}

/* A product of two reads with different indices: it, or its adjoint, is a contraction. */
static bool is_contraction(const IrFor *op, const IrPut *put) {
	const IrNode *node = &op->nodes.data[put->node];
	if (put->combine != IR_PUT_SUM && put->combine != IR_PUT_NONE)
		return false;
	if (node->kind != IR_NODE_OP || node->opcode != IR_mul)
		return false;
	const IrNode *x = &op->nodes.data[node->args[0]], *y = &op->nodes.data[node->args[1]];
	return x->kind == IR_NODE_READ && y->kind == IR_NODE_READ && read_indices(op, x) != read_indices(op, y);
}

static bool tame_contraction(const IrFor *op, const IrPut *put, const bool *tame) {
	const IrNode *node = &op->nodes.data[put->node];
	return is_contraction(op, put) && tame[node->args[0]] && tame[node->args[1]];
}

AdWins ad_wins(const AdFacts *facts, const IrFor *op) {
	AdWins wins = {.op = op};
	wins.marked = marked_nodes(facts, facts->marked, op);
	wins.tame = tame_nodes(facts, facts->tame, op);
	const bool *near = marked_nodes(facts, facts->near, op);
	const bool *calm = tame_nodes(facts, facts->calm, op);
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (!is_contraction(op, put))
			continue;
		const IrNode *node = &op->nodes.data[put->node];
		wins.marked[put->node] = near[put->node];
		for (int i = 0; i < 2; i++)
			wins.tame[node->args[i]] = calm[node->args[i]];
	}
	return wins;
}

bool ad_zero_wins(const AdWins *wins, uint32_t n, int i) {
	const IrNode *node = &wins->op->nodes.data[n];
	if (!wins->marked[n])
		return false;
	if ((node->opcode == IR_mul || node->opcode == IR_fma) && i < 2)
		return !wins->tame[node->args[1 - i]];
	bool safe = tame_row(node->opcode);
	for (int k = 0; k < ir_op_info[node->opcode].arity; k++)
		safe = safe && wins->tame[node->args[k]];
	return !safe;
}

/* ---- the walks; each returns whether anything changed ---- */

static bool raise_fact(bool *facts, IrValue value, bool fact) {
	if (!fact || facts[value])
		return false;
	facts[value] = true;
	return true;
}

static bool lower_fact(bool *facts, IrValue value, bool fact) {
	if (fact || !facts[value])
		return false;
	facts[value] = false;
	return true;
}

static bool walk_varied(AdFacts *facts, const IrBlock *block) {
	bool changed = false;
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_FOR) {
			const bool *nodes = ad_varied_nodes(facts, &op->f);
			for (uint32_t p = 0; p < op->f.puts.count; p++) {
				const IrPut *put = &op->f.puts.data[p];
				if (real_value(facts->func, put->out))
					changed |= raise_fact(facts->varied, put->out, nodes[put->node] || facts->varied[put->into]);
			}
		} else if (op->kind == IR_LOOP) {
			const IrLoop *loop = &op->loop;
			for (uint32_t k = 0; k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= raise_fact(facts->varied, c->inner, facts->varied[c->init] || facts->varied[c->yield]);
			}
			changed |= walk_varied(facts, &loop->body);
			for (uint32_t k = 0; k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= raise_fact(facts->varied, c->inner, facts->varied[c->yield]);
				changed |= raise_fact(facts->varied, c->out, facts->varied[c->inner]);
			}
		}
	}
	return changed;
}

static bool is_argument(const IrFunc *func, IrValue value) {
	const IrOp *def = ir_info(func, value)->def;
	for (uint32_t p = 0; def && def->kind == IR_FOR && p < def->f.puts.count; p++) {
		const IrPut *put = &def->f.puts.data[p];
		if (put->out == value)
			return put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN;
	}
	return false;
}

/* Per node: it is computed from the argument of a maximum or minimum. */
static bool *argument_nodes(const AdFacts *facts, const IrFor *op) {
	bool *argument = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		argument[n] = node->kind == IR_NODE_READ && is_argument(facts->func, node->value);
		for (int i = 0; node->kind == IR_NODE_OP && i < ir_op_info[node->opcode].arity; i++)
			argument[n] = argument[n] || argument[node->args[i]];
	}
	return argument;
}

/* A read at the argument of a maximum selects an element, too. */
static bool selects(const IrNode *node, const bool *argument) {
	for (uint32_t k = 0; k < node->at_count; k++)
		for (uint32_t t = 0; t < node->at[k].term_count; t++)
			if (node->at[k].terms[t].is_node && argument[node->at[k].terms[t].ref])
				return true;
	return false;
}

/* `carried`: also around the loops. */
static bool walk_marked(AdFacts *facts, bool *marked, bool carried, const IrBlock *block) {
	bool changed = false;
	for (uint32_t o = block->ops.count; o-- > 0;) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_FOR) {
			const bool *nodes = marked_nodes(facts, marked, &op->f), *argument = argument_nodes(facts, &op->f);
			for (uint32_t n = 0; n < op->f.nodes.count; n++) {
				const IrNode *node = &op->f.nodes.data[n];
				if (node->kind == IR_NODE_READ)
					changed |= raise_fact(marked, node->value, nodes[n] || selects(node, argument));
			}
			for (uint32_t p = 0; p < op->f.puts.count; p++) {
				const IrPut *put = &op->f.puts.data[p];
				bool chosen = put->combine == IR_PUT_MAX || put->combine == IR_PUT_MIN;
				if (put->into != 0)
					changed |= raise_fact(marked, put->into, marked[put->out] || chosen);
			}
		} else if (op->kind == IR_LOOP) {
			const IrLoop *loop = &op->loop;
			for (uint32_t k = 0; carried && k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= raise_fact(marked, c->yield, marked[c->out] || marked[c->inner]);
			}
			changed |= walk_marked(facts, marked, carried, &loop->body);
			for (uint32_t k = 0; carried && k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= raise_fact(marked, c->yield, marked[c->inner]);
				changed |= raise_fact(marked, c->init, marked[c->out] || marked[c->inner]);
			}
		}
	}
	return changed;
}

/* `carried`: carries count as tame only if what they carry is. */
static bool walk_tame(AdFacts *facts, bool *tame, bool carried, const IrBlock *block) {
	bool changed = false;
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_FOR) {
			const bool *nodes = tame_nodes(facts, tame, &op->f);
			for (uint32_t p = 0; p < op->f.puts.count; p++) {
				const IrPut *put = &op->f.puts.data[p];
				if (!real_value(facts->func, put->out))
					continue;
				bool starts = put->combine == IR_PUT_SUM || put->combine == IR_PUT_NONE ||
				              (op->f.conds.count == 0 && !put->guarded && put->combine != IR_PUT_PROD);
				bool fact = starts && (nodes[put->node] || tame_contraction(&op->f, put, nodes)) &&
				            (put->into == 0 || tame[put->into]);
				changed |= lower_fact(tame, put->out, fact);
			}
		} else if (op->kind == IR_LOOP) {
			const IrLoop *loop = &op->loop;
			for (uint32_t k = 0; carried && k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= lower_fact(tame, c->inner, tame[c->init] && tame[c->yield]);
			}
			changed |= walk_tame(facts, tame, carried, &loop->body);
			for (uint32_t k = 0; carried && k < loop->carries.count; k++) {
				const IrCarry *c = &loop->carries.data[k];
				changed |= lower_fact(tame, c->out, tame[c->init] && tame[c->yield]);
			}
		}
	}
	return changed;
}

AdFacts ad_facts(Arena *scratch, const IrFunc *func, const bool *wrt) {
	AdFacts facts = {.func = func, .scratch = scratch};
	facts.varied = ARENA_ARRAY(scratch, bool, func->values.count);
	facts.marked = ARENA_ARRAY(scratch, bool, func->values.count);
	facts.near = ARENA_ARRAY(scratch, bool, func->values.count);
	facts.tame = ARENA_ARRAY(scratch, bool, func->values.count);
	facts.calm = ARENA_ARRAY(scratch, bool, func->values.count);
	for (uint32_t p = 0; p < func->params.count; p++) {
		IrValue value = func->params.data[p].value;
		facts.varied[value] = (wrt == NULL || wrt[p]) && real_value(func, value);
	}
	for (IrValue v = 0; v < func->values.count; v++)
		facts.tame[v] = facts.calm[v] = true;
	while (walk_varied(&facts, &func->body)) {
	}
	while (walk_marked(&facts, facts.marked, true, &func->body)) {
	}
	while (walk_marked(&facts, facts.near, false, &func->body)) {
	}
	while (walk_tame(&facts, facts.tame, true, &func->body)) {
	}
	while (walk_tame(&facts, facts.calm, false, &func->body)) {
	}
	return facts;
}

/* ---- where cotangents go ---- */

bool *ad_path_nodes(const AdFacts *facts, const IrFor *op, const bool *seeded, const bool *varied) {
	bool *path = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t p = 0; p < op->puts.count; p++)
		if (seeded[p] && varied[op->puts.data[p].node])
			path[op->puts.data[p].node] = true;
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		if (!path[n] || node->kind != IR_NODE_OP)
			continue;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			if (ad_differentiable(node->opcode, i) && varied[node->args[i]])
				path[node->args[i]] = true;
	}
	return path;
}

static void need_block(const AdFacts *facts, const IrBlock *block, bool *need) {
	for (uint32_t o = block->ops.count; o-- > 0;) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_FOR) {
			bool *seeded = ARENA_ARRAY(facts->scratch, bool, op->f.puts.count + 1);
			bool any = false;
			for (uint32_t p = 0; p < op->f.puts.count; p++) {
				const IrPut *put = &op->f.puts.data[p];
				seeded[p] = need[put->out];
				any = any || seeded[p];
				if (seeded[p] && put->into != 0 && facts->varied[put->into])
					need[put->into] = true;
			}
			if (!any)
				continue;
			const bool *varied = ad_varied_nodes(facts, &op->f);
			const bool *path = ad_path_nodes(facts, &op->f, seeded, varied);
			for (uint32_t n = 0; n < op->f.nodes.count; n++)
				if (path[n] && op->f.nodes.data[n].kind == IR_NODE_READ)
					need[op->f.nodes.data[n].value] = true;
		} else if (op->kind == IR_LOOP) {
			ad_need_loop(facts, &op->loop, need);
			for (uint32_t k = 0; k < op->loop.carries.count; k++) {
				const IrCarry *c = &op->loop.carries.data[k];
				if ((need[c->out] || need[c->inner]) && facts->varied[c->init])
					need[c->init] = true;
			}
		}
	}
}

void ad_need_loop(const AdFacts *facts, const IrLoop *loop, bool *need) {
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t k = 0; k < loop->carries.count; k++) {
			const IrCarry *c = &loop->carries.data[k];
			if ((need[c->out] || need[c->inner]) && facts->varied[c->yield] && !need[c->yield])
				need[c->yield] = changed = true;
		}
		if (changed)
			need_block(facts, &loop->body, need);
	}
}

static void mark_block(const IrBlock *block, bool *inside) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		const IrOp *op = block->ops.data[o];
		if (op->kind == IR_FOR) {
			for (uint32_t p = 0; p < op->f.puts.count; p++)
				inside[op->f.puts.data[p].out] = true;
		} else if (op->kind == IR_CONST) {
			inside[op->constant.out] = true;
		} else {
			for (uint32_t k = 0; k < op->loop.carries.count; k++)
				inside[op->loop.carries.data[k].out] = true;
			ad_mark_inside(&op->loop, inside);
		}
	}
}

void ad_mark_inside(const IrLoop *loop, bool *inside) {
	inside[loop->counter] = true;
	for (uint32_t k = 0; k < loop->carries.count; k++)
		inside[loop->carries.data[k].inner] = true;
	mark_block(&loop->body, inside);
}

uint32_t ad_at_mask(const IrFor *op, IrAt at) {
	uint32_t mask = 0;
	for (uint32_t t = 0; t < at.term_count; t++)
		mask |= at.terms[t].is_node ? ir_node_indices(op, at.terms[t].ref) : UINT32_C(1) << at.terms[t].ref;
	return mask;
}
