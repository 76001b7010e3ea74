/* The adjoint of one generic op: the same domain, the body's nodes in reverse, reads become puts.
 *
 *     s[i] = for i:n j:d { mul(X[i, j], w[j]) } sum -> [i]
 *     w~   = for i:n j:d { mul(s~[i], X[i, j]) } sum -> [j]
 *
 * Puts whose positions mention the same indices share an op (they share work); others get their own, so that each is a
 * plain contraction where the source is one. Of several reads of one value, all but the first are put into parts of
 * their own first, which are then added where they belong. What ops would compute alike comes from an op before them:
 *
 *     l = for i:n { t = add(s[i], b[]); f(t) } sum -> []
 *     t~ = for i:n { f'(add(s[i], b[])) } -> [i];  s~ is t~;  b~ = for i:n { t~[i] } sum -> [] */
#include "autodiff/ad.h"
#include "autodiff/limits.h"

void ad_contribute(Ad *ad, IrValue old, IrValue cotangent) {
	if (!ad->facts.active[old] || cotangent == 0)
		return;
	ad->linear[old] = ad->linear[old] ? ir_add_values(&ad->b, ad->linear[old], cotangent) : cotangent;
}

/* One source op with what is known about its nodes. */
typedef struct Adjoint {
	Ad *ad;
	const IrOp *op;
	const bool *active;
	AdWins wins;
	const bool *seeded;   /* per put: has a cotangent that goes through the body now */
	const bool *path;     /* per node */
	const IrPut *extreme; /* the MAX or MIN put whose adjoint this is, or NULL: all linear puts at once */
	bool *open;           /* per node: a read that has not been put yet */
	uint32_t cut;         /* the operation that all cotangents pass, if what ops share is put there; else AD_NONE */
	IrValue through;      /* the cotangent of `cut`, over the whole domain, once it is made */
	IrValue *written;     /* per put: its cotangent over the whole domain, if that had to be taken out; else 0 */
	int cost;             /* FLOPs of the body per point */
} Adjoint;

/* Nodes that lead to a read of this group. */
static bool *useful_nodes(const Adjoint *a, const bool *group) {
	const IrFor *op = &a->op->f;
	bool *useful = ARENA_ARRAY(a->ad->scratch, bool, op->nodes.count + 1);
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		const IrNode *node = &op->nodes.data[n];
		useful[n] = group[n];
		if (node->kind != IR_NODE_OP || !a->path[n])
			continue;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++)
			useful[n] = useful[n] || (ad_differentiable(node->opcode, i) && useful[node->args[i]]);
	}
	return useful;
}

static void seed_nodes(const Adjoint *a, AdEmit *e, const bool *useful, const AdShrunk *shrunk, uint32_t *cotangent) {
	Ad *ad = a->ad;
	if (a->through) {
		cotangent[a->cut] = ir_read(&e->f, a->through, e->body.index_at, false);
		return;
	}
	for (uint32_t p = 0; p < e->body.from->puts.count; p++) {
		const IrPut *put = &e->body.from->puts.data[p];
		if (!a->seeded[p] || !useful[put->node])
			continue;
		const IrAt *at =
			shrunk ? shrunk->at : ir_rewrite_positions(&e->body, put->at, ir_type(ad->from, put->out).rank);
		uint32_t seed = a->written[p] ? ir_read(&e->f, a->written[p], e->body.index_at, false)
		                              : ir_read(&e->f, ad->linear[put->out], at, !shrunk && put->guarded);
		if (shrunk && shrunk->valid != AD_NONE) {
			uint32_t zero = ir_real(&e->f, ir_node_type(&e->f, seed), 0);
			seed = ir_op3(&e->f, IR_where, shrunk->valid, seed, zero);
		}
		cotangent[put->node] = ad_sum(e, cotangent[put->node], seed);
	}
}

static uint32_t *body_cotangents(const Adjoint *a, AdEmit *e, const bool *useful, const AdShrunk *shrunk) {
	uint32_t count = e->body.from->nodes.count;
	uint32_t *cotangent = ARENA_ARRAY(a->ad->scratch, uint32_t, count + 1);
	for (uint32_t n = 0; n < count; n++)
		cotangent[n] = AD_NONE;
	seed_nodes(a, e, useful, shrunk, cotangent);
	for (uint32_t n = count; n-- > 0;) {
		const IrNode *node = &e->body.from->nodes.data[n];
		if (cotangent[n] == AD_NONE || node->kind != IR_NODE_OP || (n == a->cut && !a->through))
			continue;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++) {
			uint32_t operand = node->args[i];
			if (!ad_differentiable(node->opcode, i) || !useful[operand] || !a->active[operand])
				continue;
			bool zero_wins = e->guard || ad_zero_wins(&a->wins, n, i);
			uint32_t part = ad_chain(e, n, i, cotangent[n], zero_wins);
			cotangent[operand] = ad_sum(e, cotangent[operand], part);
		}
	}
	return cotangent;
}

/* The value whose elements would be copied one to one, or 0. */
static IrValue copied(const Ad *ad, const IrFor *f, uint32_t n, const IrAt *at, IrType type) {
	const IrNode *node = &f->nodes.data[n];
	if (node->kind != IR_NODE_READ || node->guarded || !ir_type_equal(ir_type(ad->b.func, node->value), type))
		return 0;
	for (uint32_t k = 0; k < type.rank; k++)
		if (!ir_at_equal(node->at[k], at[k]))
			return 0;
	return node->value;
}

/* Puts one read's cotangent; returns whether that took a put. */
static bool put_read(Ad *ad, AdEmit *e, uint32_t n, uint32_t cotangent) {
	const IrNode *node = &e->body.from->nodes.data[n];
	IrType type = ir_type(ad->from, node->value);
	IrAt *at = ir_rewrite_positions(&e->body, node->at, node->at_count);
	bool guarded = node->guarded || (e->guard && node->at_count > 0);
	IrValue *sum = &ad->linear[node->value];
	const IrFor *f =
		&e->f.op->f; /* of which every point makes an element of its own, and all of them, if this is whole: */
	bool whole = !guarded && *sum == 0 && f->conds.count == 0 && type.rank == f->indices.count;
	whole = whole && ir_ats_run_over(f, at, type);
	IrValue same = whole ? copied(ad, f, cotangent, at, type) : 0;
	if (same) {
		*sum = same;
		return false;
	}
	Name name = ir_info(ad->from, node->value)->name;
	ad->b.name = name ? session_name(ad->module->session, ad_tilde(ad, name)) : 0;
	*sum = ir_put(&e->f, whole ? IR_PUT_NONE : IR_PUT_SUM, cotangent, type, at, *sum, guarded);
	return true;
}

/* A read's cotangent, summed over the indices that its position does not mention: an output of its own. */
static IrValue put_part(Ad *ad, AdEmit *e, uint32_t mask, uint32_t n, uint32_t cotangent) {
	const IrFor *f = &e->f.op->f;
	IrType type = {.scalar = e->body.from->nodes.data[n].type};
	IrAt at[IR_MAX_RANK];
	for (uint32_t i = 0; i < f->indices.count; i++) {
		if (!(mask >> i & 1))
			continue;
		type.lanes = type.lanes || f->indices.data[i].lane;
		at[type.rank] = ir_at_index(ad->module, i, 1);
		type.dims[type.rank++] = f->indices.data[i].extent;
	}
	bool whole = type.rank == f->indices.count && f->conds.count == 0;
	return ir_put(&e->f, whole ? IR_PUT_NONE : IR_PUT_SUM, cotangent, type, at, 0, false);
}

static void add_part(Ad *ad, const IrOp *op, uint32_t mask, uint32_t n, IrValue part) {
	AdEmit *e = ad_emit_begin(ad, op);
	IrAt at[IR_MAX_RANK];
	uint32_t rank = 0;
	for (uint32_t i = 0; i < op->f.indices.count; i++)
		if (mask >> i & 1)
			at[rank++] = ir_rewrite_index(&e->body, i);
	if (put_read(ad, e, n, ir_read(&e->f, part, at, false)))
		ir_for_end(&e->f);
}

/* Bit i: the positions mention index i, be it inside an atom. */
static uint32_t read_mask(const IrFor *op, const IrNode *node) {
	uint32_t mask = 0;
	for (uint32_t k = 0; k < node->at_count; k++)
		for (uint32_t t = 0; t < node->at[k].term_count; t++) {
			IrTerm term = node->at[k].terms[t];
			mask |= term.is_node ? ir_node_indices(op, term.ref) : UINT32_C(1) << term.ref;
		}
	return mask;
}

/* Nodes whose every value the forward loop saved are read from there. */
static void read_kept(AdEmit *e) {
	Ad *ad = e->ad;
	for (uint32_t p = 0; p < e->body.from->puts.count; p++) {
		const IrPut *put = &e->body.from->puts.data[p];
		if (!ad->stack[put->out] || !ad_put_is_whole(ad->from, e->body.from, put))
			continue;
		const IrAt *at = ir_rewrite_positions(&e->body, put->at, ir_type(ad->from, put->out).rank);
		e->body.done[put->node] = ir_read(&e->f, ir_map_get(&ad->map, put->out), at, false);
	}
}

static void emit_group(const Adjoint *a, const bool *group) {
	Ad *ad = a->ad;
	AdEmit *e = ad_emit_begin(ad, a->op);
	AdShrunk shrunk;
	if (a->extreme)
		shrunk = ad_emit_shrunk(e, a->extreme);
	else
		ir_rewrite_domain(&e->body);
	if (!a->extreme)
		read_kept(e);
	const bool *useful = useful_nodes(a, group);
	const uint32_t *cotangent = body_cotangents(a, e, useful, a->extreme ? &shrunk : NULL);
	IrValue *parts = ARENA_ARRAY(ad->scratch, IrValue, e->body.from->nodes.count + 1);
	bool any = false;
	for (uint32_t n = 0; n < e->body.from->nodes.count; n++) {
		if (!group[n] || cotangent[n] == AD_NONE)
			continue;
		bool again = false;
		for (uint32_t m = 0; m < n; m++)
			again = again || (group[m] && e->body.from->nodes.data[m].value == e->body.from->nodes.data[n].value);
		if (again)
			parts[n] = put_part(ad, e, read_mask(e->body.from, &e->body.from->nodes.data[n]), n, cotangent[n]);
		if (again || put_read(ad, e, n, cotangent[n]))
			any = true;
	}
	if (any)
		ir_for_end(&e->f);
	for (uint32_t n = 0; n < e->body.from->nodes.count; n++)
		if (parts[n])
			add_part(ad, a->op, read_mask(e->body.from, &e->body.from->nodes.data[n]), n, parts[n]);
}

static int count_bits(uint32_t mask) {
	int count = 0;
	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

/* Whether several reads of one value may share an op. */
static bool may_share(const Adjoint *a, uint32_t mask) {
	const IrFor *op = &a->op->f;
	int bits = count_bits(mask);
	if (a->extreme || op->conds.count != 0 || bits > IR_MAX_RANK)
		return false;
	return a->cost > AD_CHEAP_FLOPS || bits < (int)op->indices.count;
}

/* The next reads that can be put by one op: with the same indices. NULL: none is left. */
static bool *next_group(const Adjoint *a) {
	const IrFor *op = &a->op->f;
	bool *group = ARENA_ARRAY(a->ad->scratch, bool, op->nodes.count + 1);
	uint32_t mask = 0, count = 0;
	for (uint32_t n = 0; n < op->nodes.count && count < AD_GROUP_PUTS; n++) {
		const IrNode *node = &op->nodes.data[n];
		if (!a->open[n] || (count && !a->extreme && read_mask(op, node) != mask))
			continue;
		if (!count)
			mask = read_mask(op, node);
		bool taken = false;
		for (uint32_t m = 0; m < n; m++)
			taken = taken || (group[m] && op->nodes.data[m].value == node->value);
		if (taken && !may_share(a, mask))
			continue;
		group[n] = true;
		count++;
		a->open[n] = false;
	}
	return count ? group : NULL;
}

/* The lowest operation that all cotangents pass, or AD_NONE. */
static uint32_t find_cut(const Adjoint *a) {
	const IrFor *op = &a->op->f;
	bool *pending = ARENA_ARRAY(a->ad->scratch, bool, op->nodes.count + 1);
	const bool *useful = useful_nodes(a, a->open);
	uint32_t count = 0, cut = AD_NONE;
	for (uint32_t p = 0; p < op->puts.count; p++) {
		uint32_t node = op->puts.data[p].node;
		if (a->seeded[p] && useful[node] && !pending[node]) {
			pending[node] = true;
			count++;
		}
	}
	for (uint32_t n = op->nodes.count; n-- > 0;) {
		const IrNode *node = &op->nodes.data[n];
		if (!pending[n])
			continue;
		if (node->kind != IR_NODE_OP)
			break;
		if (count == 1)
			cut = n;
		count--;
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++) {
			uint32_t operand = node->args[i];
			if (!ad_differentiable(node->opcode, i) || !a->active[operand] || !useful[operand] || pending[operand])
				continue;
			pending[operand] = true;
			count++;
		}
	}
	return cut;
}

/* Whether several ops would compute the same, and one of them has an output as large as the domain anyhow. */
static bool worth_cutting(const Adjoint *a) {
	const IrFor *op = &a->op->f;
	uint32_t all = (UINT32_C(1) << op->indices.count) - 1;
	bool whole = false, part = false;
	if (a->extreme || a->cost <= AD_CHEAP_FLOPS || op->indices.count > IR_MAX_RANK)
		return false;
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		if (!a->open[n])
			continue;
		bool full = read_mask(op, &op->nodes.data[n]) == all;
		whole = whole || full;
		part = part || !full;
	}
	return whole && part;
}

static void cut_body(Adjoint *a) {
	Ad *ad = a->ad;
	a->cut = worth_cutting(a) ? find_cut(a) : AD_NONE;
	for (uint32_t p = 0; p < a->op->f.puts.count; p++)
		if (a->seeded[p] && a->op->f.puts.data[p].node == a->cut)
			a->cut = AD_NONE; /* its cotangent is a seed: there is nothing to share */
	if (a->cut == AD_NONE)
		return;
	AdEmit *e = ad_emit_same_domain(ad, a->op);
	read_kept(e);
	const uint32_t *cotangent = body_cotangents(a, e, useful_nodes(a, a->open), NULL);
	uint32_t all = (UINT32_C(1) << e->body.from->indices.count) - 1;
	a->through = put_part(ad, e, all, a->cut, cotangent[a->cut]);
	ir_for_end(&e->f);
}

/* Cotangents of what the body reads. */
static void reverse_body(Adjoint *a) {
	const IrFor *op = &a->op->f;
	a->path = ad_path_nodes(&a->ad->facts, op, a->seeded, a->active);
	a->open = ARENA_ARRAY(a->ad->scratch, bool, op->nodes.count + 1);
	a->cost = 0;
	a->cut = AD_NONE;
	a->through = 0;
	for (uint32_t n = 0; n < op->nodes.count; n++) {
		a->open[n] = a->path[n] && op->nodes.data[n].kind == IR_NODE_READ;
		if (op->nodes.data[n].kind == IR_NODE_OP)
			a->cost += ir_op_info[op->nodes.data[n].opcode].cost;
	}
	cut_body(a);
	for (const bool *group = next_group(a); group; group = next_group(a))
		emit_group(a, group);
}

/* The cotangents of what was written, over the domain of the op. */
static IrValue written_cotangents(Ad *ad, const IrOp *op, const IrPut *put) {
	AdEmit *e = ad_emit_same_domain(ad, op);
	IrAt *at = ir_rewrite_positions(&e->body, put->at, ir_type(ad->from, put->out).rank);
	uint32_t seed = ir_read(&e->f, ad->linear[put->out], at, put->guarded);
	uint32_t all = (UINT32_C(1) << op->f.indices.count) - 1;
	IrValue written = put_part(ad, e, all, put->node, seed);
	ir_for_end(&e->f);
	return written;
}

/* `none into B`: the written places of B do not reach the result. */
static IrValue without_written(Ad *ad, const IrOp *op, const IrPut *put) {
	AdEmit *e = ad_emit_same_domain(ad, op);
	IrType type = ir_type(ad->from, put->out);
	IrAt *at = ir_rewrite_positions(&e->body, put->at, type.rank);
	uint32_t zero = ir_real(&e->f, type.scalar, 0);
	IrValue rest = ir_put(&e->f, IR_PUT_NONE, zero, type, at, ad->linear[put->out], put->guarded);
	ir_for_end(&e->f);
	return rest;
}

/* Cotangents of bases that are overwritten. This comes before the body, which may add to them; what the body needs is
 * taken out first, so that the zeros can be written in place. */
static void reverse_overwritten(Adjoint *a, const bool *linear) {
	Ad *ad = a->ad;
	const bool *path = ad_path_nodes(&ad->facts, &a->op->f, linear, a->active);
	for (uint32_t p = 0; p < a->op->f.puts.count; p++) {
		const IrPut *put = &a->op->f.puts.data[p];
		if (!linear[p] || put->combine != IR_PUT_NONE || put->into == 0 || !ad->facts.active[put->into])
			continue;
		if (a->op->f.indices.count > IR_MAX_RANK)
			base_panic("autodiff", "elements are overwritten over more than %d indices", IR_MAX_RANK);
		if (path[put->node])
			a->written[p] = written_cotangents(ad, a->op, put);
		ad_contribute(ad, put->into, without_written(ad, a->op, put));
	}
}

void ad_reverse_for(Ad *ad, const IrOp *op) {
	uint32_t count = op->f.puts.count;
	bool *linear = ARENA_ARRAY(ad->scratch, bool, count + 1);
	bool any = false, any_linear = false;
	for (uint32_t p = 0; p < count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		bool seeded = ad->linear[put->out] != 0;
		any = any || seeded;
		linear[p] = seeded && !ad_is_extreme(ad->from, &op->f, put);
		any_linear = any_linear || linear[p];
	}
	if (!any)
		return;
	Adjoint a = {.ad = ad, .op = op, .written = ARENA_ARRAY(ad->scratch, IrValue, count + 1)};
	a.active = ad_active_nodes(&ad->facts, &op->f);
	a.wins = ad_wins(&ad->facts, &op->f);
	reverse_overwritten(&a, linear);
	if (any_linear) {
		a.seeded = linear;
		reverse_body(&a);
	}
	for (uint32_t p = 0; p < count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (ad->linear[put->out] == 0)
			continue;
		if (!linear[p]) {
			bool *alone = ARENA_ARRAY(ad->scratch, bool, count);
			alone[p] = true;
			a.seeded = alone;
			a.extreme = put;
			reverse_body(&a);
		}
		if (put->combine == IR_PUT_SUM && put->into != 0)
			ad_contribute(ad, put->into, ad->linear[put->out]);
	}
}
