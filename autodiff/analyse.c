/* Facts about a function that is to be differentiated: what varies, and what a loop's adjoint has to carry. Each is
 * a fixpoint over one bool per value. */
#include "autodiff/ad.h"

bool ad_differentiable(IrOpcode opcode, int i) {
	return i < 3 && ir_op_info[opcode].derivative[i] != NULL;
}

static bool real_value(const IrFunc *func, IrValue value) {
	return ir_scalar_is_real(ir_type(func, value).scalar);
}

bool *ad_active_nodes(const AdFacts *facts, const IrFor *op) {
	bool *active = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (node->kind == IR_NODE_READ)
			active[n] = facts->active[node->value];
		else if (node->kind == IR_NODE_OP && ir_scalar_is_real(node->type))
			for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
				active[n] = active[n] || (ad_differentiable(node->opcode, i) && active[node->args[i]]);
	}
	return active;
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

bool ad_raise(bool *facts, IrValue value, bool fact) {
	if (!fact || facts[value])
		return false;
	facts[value] = true;
	return true;
}

static bool walk_active(AdFacts *facts, const IrBlock *block) {
	bool changed = false;
	for (uint32_t o = 0; o < block->ops.count; o++)
		changed |= ad_rules[block->ops.data[o]->kind].active(facts, block->ops.data[o]);
	return changed;
}

bool ad_active_for(AdFacts *facts, const IrOp *op) {
	const bool *nodes = ad_active_nodes(facts, &op->f);
	bool changed = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (real_value(facts->func, put->out))
			changed |= ad_raise(facts->active, put->out, nodes[put->node] || facts->active[put->into]);
	}
	return changed;
}

bool ad_active_const(AdFacts *facts, const IrOp *op) {
	(void)facts;
	(void)op;
	return false;
}

bool ad_active_loop(AdFacts *facts, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	bool changed = false;
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		changed |= ad_raise(facts->active, c->inner, facts->active[c->init] || facts->active[c->yield]);
	}
	changed |= walk_active(facts, &loop->body);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		changed |= ad_raise(facts->active, c->inner, facts->active[c->yield]);
		changed |= ad_raise(facts->active, c->out, facts->active[c->inner]);
	}
	return changed;
}

AdFacts ad_facts(Arena *scratch, const IrFunc *func, const bool *wrt, IrValue result, const double *limits) {
	AdFacts facts = {.func = func, .scratch = scratch};
	facts.active = ARENA_ARRAY(scratch, bool, func->values.count);
	for (uint32_t p = 0; p < func->params.count; p++) {
		IrValue value = func->params.data[p].value;
		facts.active[value] = (wrt == NULL || wrt[p]) && real_value(func, value);
	}
	while (walk_active(&facts, &func->body)) {
	}
	facts.reached = ad_reached(&facts, result);
	facts.bound = ad_value_bounds(scratch, func, limits);
	return facts;
}

/* ---- where cotangents go ---- */

bool *ad_path_nodes(const AdFacts *facts, const IrFor *op, const bool *seeded, const bool *active) {
	bool *path = ARENA_ARRAY(facts->scratch, bool, op->nodes.count + 1);
	for (uint32_t p = 0; p < op->puts.count; p++)
		if (seeded[p] && active[op->puts.data[p].node])
			path[op->puts.data[p].node] = true;
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		if (!path[n] || node->kind != IR_NODE_OP)
			continue;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			if (ad_differentiable(node->opcode, i) && active[node->args[i]])
				path[node->args[i]] = true;
	}
	return path;
}

static void need_block(const AdFacts *facts, const IrBlock *block, bool *need) {
	for (uint32_t o = block->ops.count; o-- > 0;)
		ad_rules[block->ops.data[o]->kind].need(facts, block->ops.data[o], need);
}

void ad_need_for(const AdFacts *facts, const IrOp *op, bool *need) {
	const IrFor *f = &op->f;
	bool *seeded = ARENA_ARRAY(facts->scratch, bool, f->puts.count + 1);
	bool any = false;
	for (uint32_t p = 0; p < f->puts.count; p++) {
		const IrPut *put = &f->puts.data[p];
		seeded[p] = need[put->out];
		any = any || seeded[p];
		if (seeded[p] && put->into != 0 && facts->active[put->into])
			need[put->into] = true;
	}
	if (!any)
		return;
	const bool *path = ad_path_nodes(facts, f, seeded, ad_active_nodes(facts, f));
	for (uint32_t n = 0; n < f->nodes.count; n++)
		if (path[n] && f->nodes.data[n].kind == IR_NODE_READ)
			need[f->nodes.data[n].value] = true;
}

void ad_need_const(const AdFacts *facts, const IrOp *op, bool *need) {
	(void)facts;
	(void)op;
	(void)need;
}

void ad_need_loop(const AdFacts *facts, const IrOp *op, bool *need) {
	const IrLoop *loop = &op->loop;
	ad_need_inside(facts, loop, need);
	for (uint32_t k = 0; k < loop->carries.count; k++) {
		const IrCarry *c = &loop->carries.data[k];
		if ((need[c->out] || need[c->inner]) && facts->active[c->init])
			need[c->init] = true;
	}
}

void ad_need_inside(const AdFacts *facts, const IrLoop *loop, bool *need) {
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t k = 0; k < loop->carries.count; k++) {
			const IrCarry *c = &loop->carries.data[k];
			if ((need[c->out] || need[c->inner]) && facts->active[c->yield] && !need[c->yield])
				need[c->yield] = changed = true;
		}
		if (changed)
			need_block(facts, &loop->body, need);
	}
}

static void mark_defs(void *context, const IrBlock *block, IrOp *op) {
	bool *inside = context;
	(void)block;
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		inside[def.value] = true;
}

void ad_mark_inside(const IrLoop *loop, bool *inside) {
	inside[loop->counter] = true;
	for (uint32_t k = 0; k < loop->carries.count; k++)
		inside[loop->carries.data[k].inner] = true;
	ir_visit_ops(&loop->body, mark_defs, inside);
}
