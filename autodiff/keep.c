/* What a loop's adjoint reads of the values that the body computes, and which of them are costly: those are saved on
 * stacks of their own, like carries, rather than computed again.
 *
 *     %h = for c i k { tanh(%z[c, i]) } -> [c, i];  %k' = for c i { %h[c, i] } -> [%t[], c, i] into %k   (in the loop)
 *     %h = for c i { %k[n - 1 - %u[], c, i] } -> [c, i]                                                (in its adjoint)
 *
 * A value is costly if computing it from carries, from what is outside and from other costly values takes AD_KEEP_FLOPS
 * FLOPs per element or more. All such stacks of one loop together take at most as many bytes as those of its carries, or
 * AD_KEEP_BYTES, whichever is more; if they would take more, only what costs twice as much per element is saved, and so on. */
#include "autodiff/ad.h"
#include "autodiff/limits.h"

typedef struct Keep {
	Ad *ad;
	const IrLoop *loop;
	const IrOp **maker; /* per old value: the op of the loop's own block that makes it, or NULL */
	bool *costly;       /* per old value */
	bool *needed;       /* per old value: the adjoint reads it */
	uint32_t
		*visit; /* per old value: the value whose cost counted this one's op last, so that it counts once in each */
} Keep;

/* ---- costs ---- */

static double elements(IrType type) {
	double count = 1;
	for (uint32_t k = 0; k < type.rank; k++)
		count *= type.dims[k] >= 0 ? (double)type.dims[k] : 0;
	return count;
}

static double own_cost(const IrFor *op) {
	double points = 1, body = 0;
	for (uint32_t i = 0; i < op->indices.count; i++)
		points *= op->indices.data[i].extent >= 0 ? (double)op->indices.data[i].extent : 0;
	for (uint32_t n = 0; n < op->nodes.count; n++)
		if (op->nodes.data[n].kind == IR_NODE_OP)
			body += ir_op_info[op->nodes.data[n].opcode].cost;
	for (uint32_t p = 0; p < op->puts.count; p++)
		body += op->puts.data[p].combine != IR_PUT_NONE;
	return points * body;
}

/* FLOPs to compute a value again from what is there anyhow; each op once. */
static double cost_of(Keep *k, IrValue value, IrValue root) {
	const IrOp *op = k->maker[value];
	const IrFor *f = ir_as_for(op);
	if (!f || (k->costly[value] && value != root))
		return 0;
	IrValue first = f->puts.data[0].out;
	if (k->visit[first] == root)
		return 0;
	k->visit[first] = root;
	double cost = own_cost(f);
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		cost += cost_of(k, use.value, root);
	return cost;
}

static bool can_keep(const Keep *k, const IrPut *put) {
	IrType type = ir_type(k->ad->from, put->out);
	return (put->combine == IR_PUT_NONE || put->combine == IR_PUT_SUM) && ir_scalar_is_real(type.scalar) &&
	       type.rank < IR_MAX_RANK && elements(type) > 0;
}

static void find_costly(Keep *k, double least) {
	for (IrValue v = 0; v < k->ad->from->values.count; v++) {
		k->costly[v] = false;
		k->visit[v] = 0;
	}
	for (uint32_t o = 0; o < k->loop->body.ops.count; o++) {
		const IrFor *f = ir_as_for(k->loop->body.ops.data[o]);
		for (uint32_t p = 0; f && p < f->puts.count; p++) {
			const IrPut *put = &f->puts.data[p];
			k->costly[put->out] =
				can_keep(k, put) && cost_of(k, put->out, put->out) >= least * elements(ir_type(k->ad->from, put->out));
		}
	}
}

/* ---- what the adjoint reads ---- */

static void need_value(Keep *k, IrValue value);

static void want_all(bool *want, IrOperand parts) {
	while (ir_next_operand(&parts))
		want[parts.node] = true;
}

/* The costly value that holds a node, or 0. */
static IrValue kept_node(const Keep *k, const IrFor *op, uint32_t n) {
	for (uint32_t p = 0; p < op->puts.count; p++)
		if (op->puts.data[p].node == n && k->costly[op->puts.data[p].out] &&
		    ad_put_is_whole(k->ad->from, op, &op->puts.data[p]))
			return op->puts.data[p].out;
	return 0;
}

/* What the wanted nodes of a body read; in its own adjoint (`kept`), costly nodes are read rather than computed. */
static void need_nodes(Keep *k, const IrFor *op, bool *want, bool kept) {
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		IrValue whole = want[n] && kept ? kept_node(k, op, n) : 0;
		if (!want[n])
			continue;
		if (whole) {
			need_value(k, whole);
			continue;
		}
		want_all(want, ir_operands(node));
		if (node->kind == IR_NODE_READ)
			need_value(k, node->value);
	}
}

static void want_put(Keep *k, const IrFor *op, const IrPut *put, bool *want) {
	if (ir_put_is_arg(put))
		put = &op->puts.data[put->arg_of];
	want_all(want, ir_put_operands(put, ir_type(k->ad->from, put->out).rank));
	want_all(want, ir_at_operands(op->conds.data, op->conds.count));
}

static void need_put(Keep *k, const IrFor *op, const IrPut *put) {
	bool *want = ARENA_ARRAY(k->ad->scratch, bool, op->nodes.count + 1);
	want_put(k, op, put, want);
	need_nodes(k, op, want, false);
	if (put->into)
		need_value(k, put->into);
}

/* What running an op again reads: all that leads to its outputs. In its own loop's adjoint a FOR runs for the outputs that are
 * needed; inside of another loop, which runs whole, for all of them. */
static void need_whole(Keep *k, const IrOp *op) {
	const IrFor *f = ir_as_for(op);
	if (f) {
		for (uint32_t p = 0; p < f->puts.count; p++)
			need_put(k, f, &f->puts.data[p]);
		return;
	}
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		need_value(k, use.value);
	const IrBlock *block;
	for (int i = 0; (block = ir_block_of(op, i)) != NULL; i++)
		for (uint32_t o = 0; o < block->ops.count; o++)
			need_whole(k, block->ops.data[o]);
}

static void need_value(Keep *k, IrValue value) {
	const IrOp *op = k->maker[value];
	const IrFor *f;
	if (k->needed[value] || !op)
		return;
	k->needed[value] = true;
	const IrPut *put = ir_put_of(k->ad->from, value, &f);
	if (!put)
		need_whole(k, op);
	else if (!k->costly[value])
		need_put(k, f, put);
}

/* What the adjoint of an op reads: operands of derivatives, positions, all that leads to an argument of a maximum. */
static void need_factors(Keep *k, const IrFor *op) {
	const bool *active = ad_active_nodes(&k->ad->facts, op);
	bool *want = ARENA_ARRAY(k->ad->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (active[n])
			want_all(want, ir_at_operands(node->at, node->at_count));
		for (int i = 0; active[n] && node->kind == IR_NODE_OP && i < ir_op_info[node->opcode].arity; i++) {
			if (!ad_differentiable(node->opcode, i) || !active[node->args[i]])
				continue;
			uint32_t slope = ad_slope_node(op, n);
			if (slope != AD_NONE) {
				want[slope] = true;
				continue;
			}
			const char *derivative = ir_op_info[node->opcode].derivative[i];
			for (int a = 0; a < ir_op_info[node->opcode].arity; a++)
				want[node->args[a]] = want[node->args[a]] || ad_mentions(derivative, (char)('a' + a));
			want[n] = want[n] || ad_mentions(derivative, 'r');
		}
	}
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (!k->ad->facts.active[put->out])
			continue;
		if (ad_is_extreme(k->ad->from, op, put))
			need_put(k, op, put);
		want_all(want, ir_at_operands(put->at, ir_type(k->ad->from, put->out).rank));
		want_all(want, ir_at_operands(op->conds.data, op->conds.count));
	}
	need_nodes(k, op, want, true);
}

/* What a stack of this value takes, of one of the problems in lanes. */
static double stack_bytes(const Keep *k, IrValue value) {
	IrType type = ir_type(k->ad->from, value);
	double bytes = elements(type) * (double)ir_scalar_bytes(type.scalar) * (double)k->loop->limit;
	return type.lanes ? bytes / (double)IR_LANES : bytes;
}

/* Finds which costly values the adjoint needs; returns how many bytes their stacks take. */
static double find_needed(Keep *k) {
	uint32_t count = k->ad->from->values.count;
	for (IrValue v = 0; v < count; v++)
		k->needed[v] = false;
	for (uint32_t o = 0; o < k->loop->body.ops.count; o++) {
		const IrOp *op = k->loop->body.ops.data[o];
		if (ir_as_for(op))
			need_factors(k, &op->f);
		else
			need_whole(k, op); /* its adjoint runs it again */
	}
	double bytes = 0;
	for (IrValue v = 1; v < count; v++)
		if (k->costly[v] && k->needed[v])
			bytes += stack_bytes(k, v);
	return bytes;
}

bool ad_put_is_whole(const IrFunc *func, const IrFor *op, const IrPut *put) {
	uint32_t rank = ir_type(func, put->out).rank, set;
	return put->combine == IR_PUT_NONE && !put->into && !put->guarded && op->conds.count == 0 &&
	       rank == op->indices.count && ir_ats_plain(put->at, rank, &set);
}

AdKept ad_plan_kept(Ad *ad, const IrLoop *loop) {
	uint32_t count = ad->from->values.count;
	Keep k = {.ad = ad, .loop = loop};
	k.maker = ARENA_ARRAY(ad->scratch, const IrOp *, count);
	k.costly = ARENA_ARRAY(ad->scratch, bool, count);
	k.needed = ARENA_ARRAY(ad->scratch, bool, count);
	k.visit = ARENA_ARRAY(ad->scratch, uint32_t, count);
	for (uint32_t o = 0; o < loop->body.ops.count; o++) {
		const IrOp *op = loop->body.ops.data[o];
		for (IrDef def = ir_defs(op); ir_next_def(&def);)
			if (def.block < 0)
				k.maker[def.value] = op;
	}
	double budget = 0;
	for (uint32_t c = 0; c < loop->carries.count; c++) {
		const IrCarry *carry = &loop->carries.data[c];
		if (carry->inner != carry->yield)
			budget += stack_bytes(&k, carry->inner);
	}
	budget = budget < (double)AD_KEEP_BYTES ? (double)AD_KEEP_BYTES : budget;
	AdKept kept = {0};
	for (int least = AD_KEEP_FLOPS; least < AD_KEEP_MOST_FLOPS; least *= 2) {
		find_costly(&k, least);
		if (find_needed(&k) > budget)
			continue;
		for (IrValue v = 0; v < count; v++)
			if (k.costly[v] && k.needed[v])
				vec_push(ad->scratch, &kept, (AdStack){.value = v});
		break;
	}
	return kept;
}
