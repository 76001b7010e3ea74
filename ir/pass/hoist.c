/* hoist: pieces of a body with a smaller index set become operations of their own, and factors leave sums.
 *
 *     hoist    for i c r s { mul(%l[c,r,s], sub(%x[i,s], %mu[c,s])) } sum -> [i,c,r]
 *              becomes  %h = for i c s { sub(%x[i,s], %mu[c,s]) } -> [i,c,s];  ... mul(%l[c,r,s], %h[i,c,s]) ...
 *     factor   for i c r { mul(exp(%q[c,r]), %e[i,c,r]) } sum -> [c,r]
 *              becomes  %f = for i c r { %e[i,c,r] } sum -> [c,r];  for c r { mul(exp(%q[c,r]), %f[c,r]) } -> [c,r]
 *     partial  for i c r s { mul(%Q[i,c,r], %l[c,r,s]) } sum -> [c,s]
 *              becomes  %g = for i c r { %Q[i,c,r] } sum -> [c,r];  for c r s { mul(%g[c,r], %l[c,r,s]) } sum -> [c,s]
 *     constant for i j { %a[i] } sum -> [i]   becomes   for i { mul(n, %a[i]) } -> [i]
 *
 * A condition is a factor over the indices it mentions; a piece is taken out only with all conditions that touch it.
 * What may pay is found by bounds; what is kept has been counted, with all that others still need where it was, and costs no more
 * than before (of whole domains, where there are conditions). Requires a verified function; changes rounding. */
#include "ir/pass/hoist.h"
#include "ir/pass/pass.h"

typedef struct Hoist {
	const IrFunc *func; /* old */
	IrBuilder b;        /* new */
	IrMap map;
	Arena *scratch;
	uint32_t first; /* the place in the block from which on operations replace the one at hand */
	bool careful;   /* a sum is split only if that pays by itself */
} Hoist;

/* ---- building pieces ---- */

typedef struct Piece {
	IrForBuilder f;
	IrRewrite rewrite; /* of the whole */
} Piece;

static void piece_begin(Hoist *h, Piece *piece, const View *view, uint32_t set) {
	const IrFor *from = view->f;
	piece->f = ir_for_begin(&h->b);
	piece->rewrite = ir_rewrite_begin(h->scratch, &piece->f, from, NULL, NULL);
	for (uint32_t i = 0; i < from->indices.count; i++)
		if (set >> i & 1)
			ir_rewrite_index(&piece->rewrite, i);
	for (uint32_t c = 0; c < from->conds.count; c++)
		if ((ir_at_index_set(from->conds.data[c], view->sets) & ~set) == 0)
			ir_for_cond(&piece->f, ir_rewrite_at(&piece->rewrite, from->conds.data[c]));
}

/* The piece's output has one axis per index in `set`, in order. false: it cannot be proved to be in order by itself. */
static bool piece_put(Hoist *h, Piece *piece, const View *view, uint32_t set, uint32_t node, IrCombine combine) {
	IrType type = ir_scalar_type(ir_node_type(&piece->f, node));
	IrAt *at = ARENA_ARRAY(h->b.func->module->arena, IrAt, IR_MAX_RANK + 1);
	for (uint32_t i = 0; i < view->f->indices.count; i++) {
		if (!(set >> i & 1))
			continue;
		type.lanes |= view->f->indices.data[i].lane;
		at[type.rank] = piece->rewrite.index_at[i];
		type.dims[type.rank++] = view->f->indices.data[i].extent;
	}
	ir_put(&piece->f, combine, node, type, at, 0, false);
	return ir_for_try_end(&piece->f);
}

static uint32_t read_piece(Hoist *h, Piece *into, const View *view, uint32_t set, IrValue value) {
	IrAt *at = ARENA_ARRAY(h->b.func->module->arena, IrAt, IR_MAX_RANK + 1);
	uint32_t rank = 0;
	for (uint32_t i = 0; i < view->f->indices.count; i++)
		if (set >> i & 1)
			at[rank++] = into->rewrite.index_at[i];
	return ir_read(&into->f, value, at, false);
}

static void place(Hoist *h, IrOp *op, IrValue *outs, int depth);

/* Takes the operation just appended out of the block and places it again, improved. */
static IrValue place_piece(Hoist *h, IrOp *op, int depth) {
	IrValue out;
	h->b.block->ops.count--;
	place(h, op, &out, depth);
	return out;
}

/* ---- hoisting ---- */

/* Nodes that are hoisted already are read, where the piece has their indices. */
static void read_hoisted(Hoist *h, Piece *piece, const View *view, const IrValue *values, uint32_t set) {
	for (uint32_t n = 0; n < view->f->nodes.count; n++)
		if (values[n] && (view->sets[n] & ~set) == 0)
			piece->rewrite.done[n] = read_piece(h, piece, view, view->sets[n], values[n]);
}

/* Emits hoisted pieces: values[n] (0: not hoisted) is what later pieces and the rest read instead of node n. */
static bool hoist_pieces(Hoist *h, const View *view, const bool *taken, IrValue *values, int depth) {
	bool *hoisted = ARENA_ARRAY(h->scratch, bool, view->f->nodes.count + 1);
	bool any = false;
	pass_choose_pieces(view, taken, hoisted);
	for (uint32_t n = 0; n < view->f->nodes.count; n++) {
		if (!hoisted[n])
			continue;
		Piece piece;
		piece_begin(h, &piece, view, view->sets[n]);
		read_hoisted(h, &piece, view, values, view->sets[n]);
		uint32_t node = ir_rewrite_node(&piece.rewrite, n);
		/* what conditions leave out is 0, and nobody reads it: only a sum may leave elements out */
		bool whole = piece.f.op->f.conds.count == 0;
		if (!piece_put(h, &piece, view, view->sets[n], node, whole ? IR_PUT_NONE : IR_PUT_SUM))
			continue;
		values[n] = place_piece(h, piece.f.op, depth + 1);
		any = true;
	}
	return any;
}

/* ---- sums of products ---- */

/* Splits the put's body into factors; only products whose parts nothing else shares matter, sharing is harmless. */
bool pass_collect_factors(const IrFor *f, uint32_t number, bool inverse, Product *product) {
	const IrNode *node = &f->nodes.data[number];
	if (node->kind == IR_NODE_OP && node->opcode == IR_mul)
		return pass_collect_factors(f, node->args[0], inverse, product) &&
		       pass_collect_factors(f, node->args[1], inverse, product);
	if (node->kind == IR_NODE_OP && node->opcode == IR_div)
		return pass_collect_factors(f, node->args[0], inverse, product) &&
		       pass_collect_factors(f, node->args[1], !inverse, product);
	if (node->kind == IR_NODE_OP && node->opcode == IR_neg) {
		product->negative = !product->negative;
		return pass_collect_factors(f, node->args[0], inverse, product);
	}
	if (product->count == PASS_FACTORS)
		return false;
	product->factors[product->count++] = (Factor){number, inverse};
	return true;
}

/* The product of the factors chosen by `mask`, times `extra` if it is a node. IR_NO_NODE if empty. */
static uint32_t emit_product(Piece *piece, const Product *product, uint32_t mask, uint32_t extra) {
	uint32_t above = IR_NO_NODE, below = IR_NO_NODE;
	for (uint32_t k = 0; k < product->count; k++) {
		if (!(mask >> k & 1))
			continue;
		uint32_t node = ir_rewrite_node(&piece->rewrite, product->factors[k].node);
		uint32_t *side = product->factors[k].inverse ? &below : &above;
		*side = *side == IR_NO_NODE ? node : ir_op2(&piece->f, IR_mul, *side, node);
	}
	if (extra != IR_NO_NODE)
		above = above == IR_NO_NODE ? extra : ir_op2(&piece->f, IR_mul, above, extra);
	if (below == IR_NO_NODE)
		return above;
	if (above == IR_NO_NODE)
		above = ir_real(&piece->f, ir_node_type(&piece->f, below), 1);
	return ir_op2(&piece->f, IR_div, above, below);
}

/* Factors of `mask` may be taken to a sum over `set`, which keeps only the conditions inside it. */
static bool factors_may_move(const View *view, const Product *product, uint32_t mask, uint32_t set) {
	for (uint32_t k = 0; k < product->count; k++)
		if ((mask >> k & 1) && !pass_stands_over(view, view->in_box[product->factors[k].node],
		                                         view->proved[product->factors[k].node], set))
			return false;
	return true;
}

static bool put_may_move(const IrFunc *func, const View *view, const IrPut *put, uint32_t set) {
	IrFor unconditional = *view->f;
	IrType type = ir_type(func, put->out);
	unconditional.conds.count = 0;
	return pass_stands_over(view, !pass_positions_may_fail(func, &unconditional, type, put->at, put->guarded),
	                        !pass_positions_may_fail(func, view->f, type, put->at, put->guarded), set);
}

/* Indices that nothing mentions: neither a factor, nor a condition, nor the put. */
static uint32_t unmentioned(const View *view, uint32_t kept, const Product *product) {
	uint32_t set = view->domain & ~kept & ~view->tested;
	for (uint32_t k = 0; k < product->count; k++)
		set &= ~view->sets[product->factors[k].node];
	return set;
}

/* The split that sums index r first, over the factors that mention it. Of the other indices, the outer sum keeps all that the
 * inner one does not have. false: it cannot be. */
static bool split_at(const View *view, uint32_t kept, const Product *product, uint32_t r, Split *split) {
	uint32_t all = (1u << product->count) - 1, free = unmentioned(view, kept, product);
	*split = (Split){.inner_set = 1u << r, .outer_set = kept};
	if (free >> r & 1) {
		split->inner_set = free;
		split->outer_set = view->domain & ~free;
		return true;
	}
	for (uint32_t k = 0; k < product->count; k++) {
		uint32_t set = view->sets[product->factors[k].node];
		split->inner |= set >> r & 1 ? 1u << k : 0;
		*(set >> r & 1 ? &split->inner_set : &split->outer_set) |= set;
	}
	split->outer_set |= view->domain & ~split->inner_set;
	for (uint32_t c = 0; c < view->f->conds.count; c++) {
		uint32_t touched = ir_at_index_set(view->f->conds.data[c], view->sets);
		if ((touched & ~split->inner_set) == 0)
			continue;
		if (touched >> r & 1)
			return false;
		split->outer_set |= touched;
	}
	split->inner_out = split->inner_set & split->outer_set;
	return split->inner != all && pass_set_size(split->inner_out) <= IR_MAX_RANK &&
	       factors_may_move(view, product, split->inner, split->inner_set) &&
	       factors_may_move(view, product, all & ~split->inner, split->outer_set);
}

/* The best way to split one sum into an inner and an outer one; gain 0 if none helps. */
static Split best_split(const View *view, const IrPut *put, uint32_t rank, const Product *product) {
	Split best = {0};
	uint32_t kept = 0;
	for (uint32_t k = 0; k < rank; k++)
		kept |= ir_at_index_set(put->at[k], view->sets);
	double before = pass_domain_points(view->f, view->domain) * (double)product->count;
	for (uint32_t r = 0; r < view->f->indices.count; r++) {
		Split split;
		if ((kept >> r & 1) || !split_at(view, kept, product, r, &split))
			continue;
		bool counts = split.inner_set & ~split.outer_set & view->tested; /* the points that conditions leave */
		double inner =
			pass_domain_points(view->f, split.inner_set) * (double)(split.inner ? pass_set_size(split.inner) : counts);
		double outer = pass_domain_points(view->f, split.outer_set) *
		               (double)((int)product->count - pass_set_size(split.inner) + 1);
		if (inner + outer < pass_split_least * before && before - inner - outer > best.gain) {
			best = split;
			best.gain = before - inner - outer;
		}
	}
	return best;
}

/* Every point of the outer sum is proved to have some point of the inner one: the conditions hold at the first, the middle or
 * the last value of what is summed away. */
static bool never_empty(const IrFunc *func, const View *view, uint32_t summed_away) {
	IrModule *module = func->module;
	for (int place = 0; place < 3; place++) {
		bool holds = true;
		for (uint32_t c = 0; c < view->f->conds.count && holds; c++) {
			IrAt at = view->f->conds.data[c], there = ir_at_const(at.offset);
			bool touches = ir_at_index_set(at, view->sets) & summed_away;
			for (uint32_t i = 0; touches && i < at.term_count; i++) {
				IrTerm term = at.terms[i];
				IrDim last = term.is_node ? 0 : view->f->indices.data[term.ref].extent - 1;
				IrAt part = term.is_node ? ir_at_node(module, term.ref, 1) : ir_at_index(module, term.ref, 1);
				if (!term.is_node && (summed_away >> term.ref & 1))
					part = ir_at_const(place == 0 || last < 0 ? 0 : place == 1 ? last / 2 : last);
				there = ir_at_add(module, there, ir_at_scale(module, part, term.coef));
			}
			IrFor unconditional = *view->f;
			unconditional.conds.count = 0;
			holds = !touches || ir_at_least_zero(func, &unconditional, there);
		}
		if (holds)
			return true;
	}
	return false;
}

static uint32_t extent_product(Piece *piece, const View *view, uint32_t set, IrScalar type) {
	uint32_t result = IR_NO_NODE;
	for (uint32_t i = 0; i < view->f->indices.count; i++) {
		if (!(set >> i & 1))
			continue;
		IrDim extent = view->f->indices.data[i].extent;
		uint32_t node = extent >= 0
		                    ? ir_real(&piece->f, type, (double)extent)
		                    : ir_op1(&piece->f, type == IR_F32 ? IR_to_f32 : IR_to_f64, ir_dim(&piece->f, extent));
		result = result == IR_NO_NODE ? node : ir_op2(&piece->f, IR_mul, result, node);
	}
	return result;
}

/* inner = sum of the inner factors; then the sum of the outer factors times inner. A sum over no point is 0, whatever the
 * outer factors are there. false: it cannot be. */
static bool emit_split(Hoist *h, const View *view, const IrPut *put, const Product *product, const Split *split,
                       IrValue *out, int depth) {
	IrType type = ir_type(h->b.func, put->out);
	IrValue inner = 0;
	uint32_t summed_away = split->inner_set & ~split->outer_set;
	if (split->inner || (summed_away & view->tested)) {
		Piece piece;
		piece_begin(h, &piece, view, split->inner_set);
		uint32_t node =
			split->inner ? emit_product(&piece, product, split->inner, IR_NO_NODE) : ir_real(&piece.f, type.scalar, 1);
		if (!piece_put(h, &piece, view, split->inner_out, node, IR_PUT_SUM))
			return false;
		inner = place_piece(h, piece.f.op, depth + 1);
	}
	Piece outer;
	piece_begin(h, &outer, view, split->outer_set);
	uint32_t extra = inner ? read_piece(h, &outer, view, split->inner_out, inner)
	                       : extent_product(&outer, view, summed_away, type.scalar);
	uint32_t others = ((1u << product->count) - 1) & ~split->inner;
	uint32_t node = emit_product(&outer, product, others, extra);
	if ((summed_away & view->tested) && others && !never_empty(h->b.func, view, summed_away)) {
		uint32_t zero = ir_real(&outer.f, type.scalar, 0);
		node = ir_op3(&outer.f, IR_where, ir_op2(&outer.f, IR_eq, extra, zero), zero, node);
	}
	if (product->negative)
		node = ir_op1(&outer.f, IR_neg, node);
	IrAt *at = ir_rewrite_positions(&outer.rewrite, put->at, type.rank);
	h->b.name = ir_info(h->b.func, put->out)->name;
	ir_put(&outer.f, IR_PUT_SUM, node, type, at, put->into, put->guarded);
	h->b.name = 0;
	if (!ir_for_try_end(&outer.f))
		return false;
	*out = place_piece(h, outer.f.op, depth + 1);
	return true;
}

/* FLOPs that go with a put: its own, and those of nodes that no other put needs which is left. */
static double put_flops(const Hoist *h, const View *view, bool *taken, uint32_t number) {
	ArenaMark before = arena_mark(h->scratch);
	bool *none = ARENA_ARRAY(h->scratch, bool, view->f->nodes.count + 1);
	taken[number] = false;
	double with = pass_counted_cost(view, taken, none);
	taken[number] = true;
	double without = pass_counted_cost(view, taken, none);
	arena_release(h->scratch, before);
	return with - without + pass_domain_points(view->f, view->domain);
}

static double flops_from(const Hoist *h, uint32_t start) {
	double flops = 0;
	for (uint32_t i = start; i < h->b.block->ops.count; i++)
		flops += pass_for_flops(h->b.func, &h->b.block->ops.data[i]->f);
	return flops;
}

/* Marks the put as taken if its sum is split. */
static bool try_split(Hoist *h, const View *view, uint32_t number, bool *taken, IrValue *out, int depth) {
	const IrPut *put = &view->f->puts.data[number];
	IrType type = ir_type(h->b.func, put->out);
	if (put->combine != IR_PUT_SUM || !ir_scalar_is_real(type.scalar))
		return false;
	Product product = {0};
	if (!pass_collect_factors(view->f, put->node, false, &product))
		return false;
	Split split = best_split(view, put, type.rank, &product);
	uint32_t start = h->b.block->ops.count;
	if (split.gain <= 0 || !put_may_move(h->b.func, view, put, split.outer_set))
		return false;
	taken[number] = emit_split(h, view, put, &product, &split, out, depth);
	if (taken[number] && h->careful && flops_from(h, start) > put_flops(h, view, taken, number))
		taken[number] = false;
	if (taken[number])
		return true;
	h->b.block->ops.count = start;
	return false;
}

/* ---- placing an operation ---- */

/* The operation, unless one that does the same stands for the one at hand already: several sums may lead to one piece. */
static void append(Hoist *h, IrOp *op, IrValue *outs) {
	uint64_t hash = pass_for_hash(h->b.func, &op->f);
	const IrOp *found = NULL;
	for (uint32_t i = h->first; i < h->b.block->ops.count && !found; i++) {
		const IrOp *other = h->b.block->ops.data[i];
		if (pass_for_hash(h->b.func, &other->f) == hash && pass_for_equal(h->b.func, &other->f, &op->f))
			found = other;
	}
	if (!found)
		vec_push(h->b.func->module->arena, &h->b.block->ops, op);
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		outs[p] = (found ? found : op)->f.puts.data[p].out;
}

/* The puts that are left, with hoisted nodes read from their values; false: it cannot be proved to be in order. */
static bool emit_rest(Hoist *h, const View *view, const IrValue *values, const bool *taken, IrValue *outs) {
	Piece rest;
	piece_begin(h, &rest, view, view->domain);
	read_hoisted(h, &rest, view, values, view->domain);
	for (uint32_t p = 0; p < view->f->puts.count; p++) {
		const IrPut *put = &view->f->puts.data[p];
		if (taken[p])
			continue;
		const IrValueInfo *info = ir_info(h->b.func, put->out);
		IrType type = *info->type;
		Name name = info->name;
		if (ir_put_is_arg(put)) {
			h->b.name = name;
			outs[p] = ir_put_arg(&rest.f, outs[put->arg_of], put->arg_index);
			continue;
		}
		IrAt *at = ir_rewrite_positions(&rest.rewrite, put->at, type.rank);
		uint32_t node = ir_rewrite_node(&rest.rewrite, put->node);
		h->b.name = name;
		outs[p] = ir_put(&rest.f, put->combine, node, type, at, put->into, put->guarded);
	}
	h->b.name = 0;
	return ir_for_try_end(&rest.f);
}

/* Appends what is better than `op`. false: nothing was found, and what was appended is in vain. */
static bool improve(Hoist *h, IrOp *op, IrValue *outs, int depth) {
	if (depth > PASS_HOIST_DEPTH || ir_for_is_empty(&op->f))
		return false;
	View view = pass_look(h->b.func, h->scratch, &op->f);
	bool *taken = ARENA_ARRAY(h->scratch, bool, op->f.puts.count + 1);
	uint32_t left = op->f.puts.count;
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		if (op->f.conds.count == 0 || op->f.puts.count == 1)
			left -= try_split(h, &view, p, taken, &outs[p], depth);
	if (left == 0)
		return true;
	IrValue *values = ARENA_ARRAY(h->scratch, IrValue, op->f.nodes.count + 1);
	bool hoisted = hoist_pieces(h, &view, taken, values, depth);
	return (hoisted || left < op->f.puts.count) && emit_rest(h, &view, values, taken, outs);
}

/* Appends `op` (made before, in no block now) or what is better than it; outs: one value per put. */
static void place(Hoist *h, IrOp *op, IrValue *outs, int depth) {
	uint32_t start = h->b.block->ops.count;
	if (improve(h, op, outs, depth))
		return;
	h->b.block->ops.count = start;
	append(h, op, outs);
}

/* The same for a whole operation. All that may pay is tried together, as sums often share their pieces; if that costs more than
 * the operation did, what pays by itself. Conditions make fewer points of whole domains, so with them nothing is compared. */
static void place_whole(Hoist *h, IrOp *op, IrValue *outs) {
	double before = pass_for_flops(h->b.func, &op->f);
	h->first = h->b.block->ops.count;
	for (int way = 0; way < 2; way++) {
		h->careful = way == 1;
		if (improve(h, op, outs, 0) && (op->f.conds.count > 0 || flops_from(h, h->first) <= before))
			return;
		h->b.block->ops.count = h->first;
	}
	append(h, op, outs);
}

void pass_hoist_place(IrBuilder *b, Arena *scratch, IrOp *op, IrValue *outs) {
	Hoist h = {.func = b->func, .b = *b, .scratch = scratch};
	place_whole(&h, op, outs);
}

static void hoist_for(void *context, const IrOp *op) {
	Hoist *h = context;
	IrOp *copy = ir_copy_op(&h->b, h->func, op, &h->map);
	h->b.block->ops.count--;
	IrValue *outs = ARENA_ARRAY(h->scratch, IrValue, copy->f.puts.count + 1);
	place_whole(h, copy, outs);
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		ir_map_set(&h->map, op->f.puts.data[p].out, outs[p]);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = hoist_for};

IrFunc *ir_pass_hoist(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Hoist h = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
	IrCopier copier = {.from = func, .b = &h.b, .map = &h.map, .rules = rules, .context = &h};
	IrFunc *out = ir_copier_run(&copier, module);
	arena_free(scratch);
	return out;
}
