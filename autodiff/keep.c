/* What a loop's adjoint reads of the values that the body computes, and which of them are costly: those are saved on
 * stacks of their own, like carries, rather than computed again.
 *
 *     %h = for c i k { tanh(%z[c, i]) } -> [c, i];  %k' = for c i { %h[c, i] } -> [%t[], c, i] into %k   (in the loop)
 *     %h = for c i { %k[n - 1 - %u[], c, i] } -> [c, i]                                                (in its adjoint)
 *
 * A value is costly if computing it from carries, from what is outside and from other costly values takes LEAST_COST
 * FLOPs per element or more. All such stacks of one loop together take at most as many bytes as those of its carries, or
 * KEEP_BYTES (16 problems in lanes then stay in half of a usual second-level cache), whichever is more; if they would
 * take more, only what costs twice as much per element is saved, and so on. */
#include "autodiff/ad.h"

#include <ctype.h>

enum { LEAST_COST = 8, MOST_COST = 1 << 20, KEEP_BYTES = 32 << 10 };

typedef struct Keep {
	Ad *ad;
	const IrLoop *loop;
	const IrOp **maker; /* per old value: the op of the loop's own block that makes it, or NULL */
	bool *costly;       /* per old value */
	bool *needed;       /* per old value: the adjoint reads it */
	uint32_t *visit;    /* per old value: the last cost that counted its op */
} Keep;

static const IrPut *put_of(const IrFor *op, IrValue value) {
	for (uint32_t p = 0; p < op->puts.count; p++)
		if (op->puts.data[p].out == value)
			return &op->puts.data[p];
	return NULL;
}

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
	if (!op || op->kind != IR_FOR || (k->costly[value] && value != root))
		return 0;
	IrValue first = op->f.puts.data[0].out;
	if (k->visit[first] == root)
		return 0;
	k->visit[first] = root;
	double cost = own_cost(&op->f);
	for (uint32_t n = 0; n < op->f.nodes.count; n++)
		if (op->f.nodes.data[n].kind == IR_NODE_READ)
			cost += cost_of(k, op->f.nodes.data[n].value, root);
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		if (op->f.puts.data[p].into)
			cost += cost_of(k, op->f.puts.data[p].into, root);
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
		const IrOp *op = k->loop->body.ops.data[o];
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++) {
			const IrPut *put = &op->f.puts.data[p];
			k->costly[put->out] =
				can_keep(k, put) && cost_of(k, put->out, put->out) >= least * elements(ir_type(k->ad->from, put->out));
		}
	}
}

/* ---- what the adjoint reads ---- */

static void need_value(Keep *k, IrValue value);

static void want_at(bool *want, const IrAt *at, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t t = 0; t < at[i].term_count; t++)
			if (at[i].terms[t].is_node)
				want[at[i].terms[t].ref] = true;
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
		want_at(want, node->at, node->at_count);
		if (node->kind == IR_NODE_READ)
			need_value(k, node->value);
		for (int i = 0; node->kind == IR_NODE_OP && i < ir_op_info[node->opcode].arity; i++)
			want[node->args[i]] = true;
	}
}

static void want_put(Keep *k, const IrFor *op, const IrPut *put, bool *want) {
	if (put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN)
		put = &op->puts.data[put->arg_of];
	want[put->node] = true;
	want_at(want, put->at, ir_type(k->ad->from, put->out).rank);
	want_at(want, op->conds.data, op->conds.count);
}

static void need_put(Keep *k, const IrFor *op, const IrPut *put) {
	bool *want = ARENA_ARRAY(k->ad->scratch, bool, op->nodes.count + 1);
	want_put(k, op, put, want);
	need_nodes(k, op, want, false);
	if (put->into)
		need_value(k, put->into);
}

/* Everything that leads to what a loop carries: its adjoint runs it again. */
static void need_loop(Keep *k, const IrLoop *loop) {
	if (loop->trips)
		need_value(k, loop->trips);
	for (uint32_t c = 0; c < loop->carries.count; c++) {
		need_value(k, loop->carries.data[c].init);
		need_value(k, loop->carries.data[c].yield);
	}
	for (uint32_t o = 0; o < loop->body.ops.count; o++) {
		const IrOp *op = loop->body.ops.data[o];
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++)
			need_put(k, &op->f, &op->f.puts.data[p]);
		if (op->kind == IR_LOOP)
			need_loop(k, &op->loop);
	}
}

static void need_value(Keep *k, IrValue value) {
	const IrOp *op = k->maker[value];
	if (k->needed[value] || !op)
		return;
	k->needed[value] = true;
	if (op->kind == IR_LOOP)
		need_loop(k, &op->loop);
	else if (op->kind == IR_FOR && !k->costly[value])
		need_put(k, &op->f, put_of(&op->f, value));
}

/* Whether a derivative mentions the name. */
static bool mentions(const char *text, char name) {
	for (const char *c = text; *c; c++)
		if (*c == name && (c == text || !isalnum((unsigned char)c[-1])) && !isalnum((unsigned char)c[1]))
			return true;
	return false;
}

/* What the adjoint of an op reads: operands of derivatives, positions, all that leads to an argument of a maximum. */
static void need_factors(Keep *k, const IrFor *op) {
	const bool *varied = ad_varied_nodes(&k->ad->facts, op);
	bool *want = ARENA_ARRAY(k->ad->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (varied[n])
			want_at(want, node->at, node->at_count);
		for (int i = 0; varied[n] && node->kind == IR_NODE_OP && i < ir_op_info[node->opcode].arity; i++) {
			if (!ad_differentiable(node->opcode, i) || !varied[node->args[i]])
				continue;
			uint32_t slope = ad_slope_node(op, n);
			if (slope != AD_NONE) {
				want[slope] = true;
				continue;
			}
			const char *derivative = ir_op_info[node->opcode].derivative[i];
			for (int a = 0; a < ir_op_info[node->opcode].arity; a++)
				want[node->args[a]] = want[node->args[a]] || mentions(derivative, (char)('a' + a));
			want[n] = want[n] || mentions(derivative, 'r');
		}
	}
	for (uint32_t p = 0; p < op->puts.count; p++) {
		const IrPut *put = &op->puts.data[p];
		if (!k->ad->facts.varied[put->out])
			continue;
		if (ad_is_extreme(k->ad->from, op, put))
			need_put(k, op, put);
		want_at(want, put->at, ir_type(k->ad->from, put->out).rank);
		want_at(want, op->conds.data, op->conds.count);
	}
	need_nodes(k, op, want, true);
}

/* Of one problem. */
static double stack_bytes(const Keep *k, IrValue value) {
	IrType type = ir_type(k->ad->from, value);
	double bytes = elements(type) * (double)ir_scalar_bytes(type.scalar) * (double)k->loop->limit;
	return type.lanes ? bytes / (double)IR_LANES : bytes;
}

/* What of the costly is needed; returns how many bytes its stacks take. */
static double find_needed(Keep *k) {
	uint32_t count = k->ad->from->values.count;
	for (IrValue v = 0; v < count; v++)
		k->needed[v] = false;
	for (uint32_t o = 0; o < k->loop->body.ops.count; o++) {
		const IrOp *op = k->loop->body.ops.data[o];
		if (op->kind == IR_FOR)
			need_factors(k, &op->f);
		else if (op->kind == IR_LOOP)
			need_loop(k, &op->loop);
	}
	double bytes = 0;
	for (IrValue v = 1; v < count; v++)
		if (k->costly[v] && k->needed[v])
			bytes += stack_bytes(k, v);
	return bytes;
}

bool ad_put_is_whole(const IrFunc *func, const IrFor *op, const IrPut *put) {
	IrType type = ir_type(func, put->out);
	uint32_t seen = 0;
	if (put->combine != IR_PUT_NONE || put->into || put->guarded || op->conds.count || type.rank != op->indices.count)
		return false;
	for (uint32_t axis = 0; axis < type.rank; axis++) {
		int index = ir_at_plain_index(put->at[axis]);
		if (index < 0 || (seen >> index & 1))
			return false;
		seen |= UINT32_C(1) << index;
	}
	return true;
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
		for (uint32_t p = 0; op->kind == IR_FOR && p < op->f.puts.count; p++)
			k.maker[op->f.puts.data[p].out] = op;
		for (uint32_t c = 0; op->kind == IR_LOOP && c < op->loop.carries.count; c++)
			k.maker[op->loop.carries.data[c].out] = op;
	}
	double budget = 0;
	for (uint32_t c = 0; c < loop->carries.count; c++) {
		const IrCarry *carry = &loop->carries.data[c];
		if (carry->inner != carry->yield)
			budget += stack_bytes(&k, carry->inner);
	}
	budget = budget < (double)KEEP_BYTES ? (double)KEEP_BYTES : budget;
	AdKept kept = {0};
	for (int least = LEAST_COST; least < MOST_COST; least *= 2) {
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
