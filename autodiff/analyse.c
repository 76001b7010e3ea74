/* Facts about a function that is to be differentiated: what varies, and what a loop's adjoint has to carry. Each is
 * a fixpoint over one bool per value. */
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

AdWins ad_wins(const AdFacts *facts, const IrFor *op) {
	AdWins wins = {.op = op};
	wins.reached = ad_reached_nodes(facts, facts->reached, op);
	wins.bound = ad_node_bounds(facts->scratch, facts->func, facts->bound, op);
	return wins;
}

bool ad_zero_wins(const AdWins *wins, uint32_t n, int i) {
	return !wins->reached[n] && !ad_derivative_is_finite(wins->op, wins->bound, n, i);
}

/* ---- the walks; each returns whether anything changed ---- */

static bool raise_fact(bool *facts, IrValue value, bool fact) {
	if (!fact || facts[value])
		return false;
	facts[value] = true;
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

AdFacts ad_facts(Arena *scratch, const IrFunc *func, const bool *wrt, IrValue result, const double *limits) {
	AdFacts facts = {.func = func, .scratch = scratch};
	facts.varied = ARENA_ARRAY(scratch, bool, func->values.count);
	for (uint32_t p = 0; p < func->params.count; p++) {
		IrValue value = func->params.data[p].value;
		facts.varied[value] = (wrt == NULL || wrt[p]) && real_value(func, value);
	}
	while (walk_varied(&facts, &func->body)) {
	}
	facts.reached = ad_reached(&facts, result);
	facts.bound = ad_value_bounds(scratch, func, limits);
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
