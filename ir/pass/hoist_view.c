/* What hoist knows of an operation before it takes it apart: what each node depends on, costs, and whether it may stand elsewhere;
 * and which pieces pay. */
#include "ir/pass/hoist.h"

#include <string.h>

int pass_set_size(uint32_t set) {
	int size = 0;
	for (; set; set &= set - 1)
		size++;
	return size;
}

double pass_domain_points(const IrFor *f, uint32_t set) {
	return ir_points(f, set, PASS_SYMBOL);
}

/* Whether a flag holds for all nodes that this one needs. */
static bool holds_below(const IrNode *node, const bool *flag) {
	for (IrOperand part = ir_operands(node); ir_next_operand(&part);)
		if (!flag[part.node])
			return false;
	return true;
}

/* FLOPs of the node itself. A selection of what is stored narrower than it is computed with, as bytes of images, is rather converted once
 * than at every use; the whole of it is not, as it would take a multiple of the memory. */
static double own_cost(const View *view, uint32_t number) {
	const IrNode *node = &view->f->nodes.data[number];
	if (node->kind == IR_NODE_OP)
		return ir_op_info[node->opcode].cost;
	IrType type = node->kind == IR_NODE_READ ? ir_type(view->func, node->value) : (IrType){0};
	bool narrow = type.storage != IR_STORED_PLAIN;
	return narrow && pass_domain_points(view->f, view->sets[number]) < (double)ir_type_elements(type, NULL)
	           ? pass_convert_flops
	           : 0;
}

View pass_look(const IrFunc *func, Arena *scratch, const IrFor *f) {
	View view = {.func = func, .f = f, .scratch = scratch, .domain = (1u << f->indices.count) - 1};
	view.sets = ARENA_ARRAY(scratch, uint32_t, f->nodes.count + 1);
	view.costs = ARENA_ARRAY(scratch, double, f->nodes.count + 1);
	view.movable = ARENA_ARRAY(scratch, bool, f->nodes.count + 1);
	view.in_box = ARENA_ARRAY(scratch, bool, f->nodes.count + 1);
	view.proved = ARENA_ARRAY(scratch, bool, f->nodes.count + 1);
	ir_node_index_sets(f, f->nodes.count, view.sets);
	for (uint32_t c = 0; c < f->conds.count; c++)
		view.tested |= ir_at_index_set(f->conds.data[c], view.sets);
	IrFor unconditional = *f;
	unconditional.conds.count = 0;
	double so_far = 0; /* of all nodes up to here: no tree costs more */
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		bool is_op = node->kind == IR_NODE_OP, is_read = node->kind == IR_NODE_READ;
		view.costs[n] = own_cost(&view, n);
		so_far += view.costs[n];
		for (int i = 0; is_op && i < ir_op_info[node->opcode].arity; i++)
			view.costs[n] += view.costs[node->args[i]];
		view.costs[n] = view.costs[n] < so_far ? view.costs[n] : so_far;
		view.movable[n] = holds_below(node, view.movable) && !(is_read && node->guarded);
		view.in_box[n] = holds_below(node, view.in_box);
		view.proved[n] = holds_below(node, view.proved);
		if (!is_read || f->conds.count == 0)
			continue;
		IrType type = ir_type(func, node->value);
		view.in_box[n] =
			view.in_box[n] && !pass_positions_may_fail(func, &unconditional, type, node->at, node->guarded);
		view.proved[n] =
			view.proved[n] && (view.in_box[n] || !pass_positions_may_fail(func, f, type, node->at, node->guarded));
	}
	return view;
}

bool pass_stands_over(const View *view, bool in_box, bool proved, uint32_t set) {
	for (uint32_t c = 0; c < view->f->conds.count; c++) {
		uint32_t touched = ir_at_index_set(view->f->conds.data[c], view->sets);
		if ((touched & ~set) && (!proved || ((touched & set) && !in_box)))
			return false;
	}
	return true;
}

/* Whether a node may become a piece: for its cost alone, without a look at who else needs its parts. */
static bool may_pay(const View *view, uint32_t number) {
	uint32_t set = view->sets[number];
	if (view->f->nodes.data[number].kind != IR_NODE_OP || set == view->domain || pass_set_size(set) > IR_MAX_RANK)
		return false;
	double saved = view->costs[number] * (pass_domain_points(view->f, view->domain) - pass_domain_points(view->f, set));
	if (saved <= pass_piece_write * pass_domain_points(view->f, set) +
	                 pass_piece_read * pass_domain_points(view->f, view->domain) ||
	    !view->movable[number])
		return false;
	for (uint32_t c = 0; c < view->f->conds.count; c++)
		if (view->f->nodes.data[number].type == IR_BOOL &&
		    (ir_at_index_set(view->f->conds.data[c], view->sets) & ~set) == 0)
			return false;
	return pass_stands_over(view, view->in_box[number], view->proved[number], set);
}

static void want(bool *wanted, IrOperand parts) {
	while (ir_next_operand(&parts))
		wanted[parts.node] = true;
}

/* What the puts that are not taken need, and the conditions. */
static void want_rest(const View *view, const bool *taken, bool *wanted) {
	for (uint32_t p = 0; p < view->f->puts.count; p++) {
		const IrPut *put = &view->f->puts.data[p];
		if (!taken[p])
			want(wanted, ir_put_operands(put, ir_type(view->func, put->out).rank));
	}
	want(wanted, ir_at_operands(view->f->conds.data, view->f->conds.count));
}

double pass_counted_cost(const View *view, const bool *taken, const bool *hoisted) {
	uint32_t count = view->f->nodes.count;
	ArenaMark before = arena_mark(view->scratch);
	bool *wanted = ARENA_ARRAY(view->scratch, bool, count + 1), *pieces = ARENA_ARRAY(view->scratch, bool, count + 1);
	double cost = 0, all = pass_domain_points(view->f, view->domain);
	want_rest(view, taken, wanted);
	for (uint32_t n = count; n-- > 0;) {
		if (!wanted[n])
			continue;
		pieces[n] = hoisted[n];
		cost += all * (hoisted[n] ? pass_piece_read : own_cost(view, n));
		if (!hoisted[n])
			want(wanted, ir_operands(&view->f->nodes.data[n]));
	}
	for (uint32_t piece = count; piece-- > 0;) {
		if (!pieces[piece])
			continue;
		double part = pass_domain_points(view->f, view->sets[piece]);
		memset(wanted, 0, piece);
		wanted[piece] = true;
		cost += part * pass_piece_write;
		for (uint32_t n = piece + 1; n-- > 0;) {
			bool read = wanted[n] && hoisted[n] && n != piece;
			pieces[n] |= read;
			cost += wanted[n] ? part * (read ? pass_piece_read : own_cost(view, n)) : 0;
			if (wanted[n] && !read)
				want(wanted, ir_operands(&view->f->nodes.data[n]));
		}
	}
	arena_release(view->scratch, before);
	return cost;
}

/* Of the nodes that may become pieces those that do: what others need than pieces over the same indices. */
static void find_pieces(const View *view, const bool *taken, const bool *may, bool *hoisted) {
	uint32_t count = view->f->nodes.count;
	ArenaMark before = arena_mark(view->scratch);
	bool *elsewhere = ARENA_ARRAY(view->scratch, bool, count + 1);
	want_rest(view, taken, elsewhere);
	for (uint32_t n = count; n-- > 0;) {
		hoisted[n] = may[n] && elsewhere[n];
		for (IrOperand part = ir_operands(&view->f->nodes.data[n]); ir_next_operand(&part);)
			elsewhere[part.node] = elsewhere[part.node] || !may[n] || view->sets[part.node] != view->sets[n];
	}
	arena_release(view->scratch, before);
}

void pass_choose_pieces(const View *view, const bool *taken, bool *hoisted) {
	uint32_t count = view->f->nodes.count;
	bool *may = ARENA_ARRAY(view->scratch, bool, count + 1), any = false;
	for (uint32_t n = 0; n < count; n++)
		any |= may[n] = may_pay(view, n);
	if (!any)
		return;
	double without = pass_counted_cost(view, taken, hoisted);
	find_pieces(view, taken, may, hoisted);
	double with = pass_counted_cost(view, taken, hoisted);
	for (uint32_t n = count; n-- > 0;) {
		if (!hoisted[n])
			continue;
		hoisted[n] = false;
		double one_less = pass_counted_cost(view, taken, hoisted);
		hoisted[n] = one_less > with;
		with = one_less > with ? with : one_less;
	}
	if (with >= without)
		memset(hoisted, 0, count);
}
