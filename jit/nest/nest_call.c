/* The rows of calls.def as loop IR. What each computes, and in which order every element takes its terms, ir/eval/eval_call.c says; which
 * element comes first is chosen here: single matrices go row by row, so that columns make vectors. */
#include "jit/nest/nest_call.h"

#include <math.h>

/* s minus a sum of products over k: of an element of a matrix at row or column k, and of X in row k, or in row p[k]. */
typedef struct Products {
	NestArray *matrix;
	bool by_row; /* k is the row of the matrix, `other` its column; else the other way round */
	LoopAffine other;
	NestArray *x, *p; /* p: NULL if X is in order */
	NestColumns columns;
	LoopAffine from, to;
	bool down; /* k = n - 1, n - 2, ...: as many as from `from` to `to` */
} Products;

static LoopTemp minus_products(NestCall *c, LoopTemp s, const Products *w) {
	NestTurn turn = nest_call_for(c, w->from, w->to);
	LoopTemp so_far = nest_call_carry(c, &turn, s);
	LoopAffine k = w->down ? nest_call_mirror(c, turn.var) : nest_call_var(c, turn.var, 0);
	LoopTemp left = w->by_row ? nest_call_load(c, w->matrix, nest_call_row(k), nest_call_one(w->other))
	                          : nest_call_load(c, w->matrix, nest_call_row(w->other), nest_call_one(k));
	NestRow row = w->p ? nest_call_through(c, w->p, k) : nest_call_row(k);
	LoopTemp right = nest_call_load(c, w->x, row, w->columns);
	LoopTemp left_over = nest_call_yield(c, &turn, 0, nest_call_minus(c, so_far, left, right));
	nest_call_end(c, &turn);
	return left_over;
}

static LoopTemp element(NestCall *c, NestArray *array, LoopAffine i, LoopAffine j) {
	return nest_call_load(c, array, nest_call_row(i), nest_call_one(j));
}

static void set_element(NestCall *c, NestArray *array, LoopAffine i, LoopAffine j, LoopTemp value) {
	nest_call_store(c, array, nest_call_row(i), nest_call_one(j), value);
}

/* s / pivot, where a pivot of 0 makes NaN */
static LoopTemp divide(NestCall *c, LoopTemp s, LoopTemp pivot) {
	LoopTemp is_zero = nest_call_op(c, IR_eq, pivot, nest_call_real(c, 0), 0);
	return nest_call_op(c, IR_div, s, nest_call_op(c, IR_where, is_zero, nest_call_real(c, (double)NAN), pivot), 0);
}

/* ---- cholesky ---- */

/* The root of a pivot above 0; NaN of others. */
static LoopTemp root(NestCall *c, LoopTemp s) {
	LoopTemp is_fine = nest_call_op(c, IR_gt, s, nest_call_real(c, 0), 0);
	return nest_call_op(c, IR_where, is_fine, nest_call_op(c, IR_sqrt, s, 0, 0), nest_call_real(c, (double)NAN));
}

/* s minus the sum of L[i, k] L[j, k], k below `count` */
static LoopTemp minus_rows(NestCall *c, LoopTemp s, NestArray *l, LoopAffine i, LoopAffine j, LoopAffine count) {
	NestTurn turn = nest_call_for(c, loop_affine(0), count);
	LoopTemp so_far = nest_call_carry(c, &turn, s);
	LoopAffine k = nest_call_var(c, turn.var, 0);
	LoopTemp left_over =
		nest_call_yield(c, &turn, 0, nest_call_minus(c, so_far, element(c, l, i, k), element(c, l, j, k)));
	nest_call_end(c, &turn);
	return left_over;
}

/* Element by element. */
static void cholesky_by_element(NestCall *c) {
	NestArray *a = &c->args[0], *l = &c->outs[0];
	NestTurn rows = nest_call_for(c, loop_affine(0), nest_call_size(c, c->n, 0));
	LoopAffine i = nest_call_var(c, rows.var, 0);
	NestTurn turn = nest_call_for(c, loop_affine(0), i);
	LoopAffine j = nest_call_var(c, turn.var, 0);
	LoopTemp s = minus_rows(c, element(c, a, i, j), l, i, j, j);
	set_element(c, l, i, j, nest_call_op(c, IR_div, s, element(c, l, j, j), 0));
	nest_call_end(c, &turn);
	set_element(c, l, i, i, root(c, minus_rows(c, element(c, a, i, i), l, i, i, i)));
	turn = nest_call_for(c, nest_call_var(c, rows.var, 1), nest_call_size(c, c->n, 0));
	set_element(c, l, i, nest_call_var(c, turn.var, 0), nest_call_real(c, 0));
	nest_call_end(c, &turn);
	nest_call_end(c, &rows);
}

/* A row of a matrix on which something is done by columns. */
typedef struct RowWork {
	NestArray *matrix;
	LoopAffine row, other; /* another row of the same matrix */
	LoopTemp factor;
	LoopTemp after; /* columns up to this one stay as they are; 0: what they become does not matter */
} RowWork;

static void divide_columns(NestCall *c, NestColumns columns, void *context) {
	const RowWork *w = context;
	LoopTemp value = nest_call_load(c, w->matrix, nest_call_row(w->row), columns);
	nest_call_store(c, w->matrix, nest_call_row(w->row), columns, nest_call_op(c, IR_div, value, w->factor, 0));
}

/* row -= factor * other */
static void update_columns(NestCall *c, NestColumns columns, void *context) {
	const RowWork *w = context;
	LoopTemp old = nest_call_load(c, w->matrix, nest_call_row(w->row), columns);
	LoopTemp other = nest_call_load(c, w->matrix, nest_call_row(w->other), columns);
	LoopTemp value = nest_call_minus(c, old, w->factor, other);
	if (w->after && columns.vector) {
		LoopTemp number = nest_call_lanes(c, columns.at);
		value = nest_call_op(c, IR_where, nest_call_op(c, IR_gt, number, w->after, 0), value, old);
	}
	nest_call_store(c, w->matrix, nest_call_row(w->row), columns, value);
}

/* Row by row of L', above the diagonal; below it are zeros, then what does not matter, and in the end L. */
static void cholesky_by_rows(NestCall *c) {
	NestArray *a = &c->args[0], *l = &c->outs[0];
	LoopAffine n = nest_call_size(c, c->n, 0), none = loop_affine(0);
	NestTurn rows = nest_call_for(c, none, n);
	LoopAffine i = nest_call_var(c, rows.var, 0);
	NestTurn turn = nest_call_for(c, none, i);
	LoopAffine j = nest_call_var(c, turn.var, 0);
	set_element(c, l, j, i, element(c, a, i, j));
	set_element(c, l, i, j, nest_call_real(c, 0));
	nest_call_end(c, &turn);
	set_element(c, l, i, i, element(c, a, i, i));
	nest_call_end(c, &rows);

	rows = nest_call_for(c, none, n);
	LoopAffine k = nest_call_var(c, rows.var, 0);
	LoopTemp pivot = root(c, element(c, l, k, k));
	RowWork work = {.matrix = l, .row = k, .factor = pivot};
	nest_call_columns(c, k, c->n, LOOP_LANES, divide_columns, &work);
	set_element(c, l, k, k, pivot);
	turn = nest_call_for(c, nest_call_var(c, rows.var, 1), n);
	i = nest_call_var(c, turn.var, 0);
	work = (RowWork){.matrix = l, .row = i, .other = k, .factor = element(c, l, k, i)};
	nest_call_columns(c, i, c->n, LOOP_LANES, update_columns, &work);
	nest_call_end(c, &turn);
	nest_call_end(c, &rows);

	rows = nest_call_for(c, none, n);
	i = nest_call_var(c, rows.var, 0);
	turn = nest_call_for(c, none, i);
	j = nest_call_var(c, turn.var, 0);
	set_element(c, l, i, j, element(c, l, j, i));
	set_element(c, l, j, i, nest_call_real(c, 0));
	nest_call_end(c, &turn);
	nest_call_end(c, &rows);
}

enum { LEAST_ROW = 18 }; /* shorter rows are not worth vectors */

void nest_call_cholesky(NestCall *c) {
	if (c->lanes || (c->n.count == 0 && c->n.factor < LEAST_ROW))
		cholesky_by_element(c);
	else
		cholesky_by_rows(c);
}

/* ---- cholesky_pull ---- */

/* Rows j and i of X, before column j; l: of L. */
typedef struct PullWork {
	NestArray *x, *l;
	LoopAffine i, j;
	LoopTemp factor;
} PullWork;

/* X[j] -= factor L[j] */
static void pull_row(NestCall *c, NestColumns columns, void *context) {
	const PullWork *w = context;
	LoopTemp old = nest_call_load(c, w->x, nest_call_row(w->j), columns);
	LoopTemp row = nest_call_load(c, w->l, nest_call_row(w->j), columns);
	nest_call_store(c, w->x, nest_call_row(w->j), columns, nest_call_minus(c, old, w->factor, row));
}

/* X[j] -= factor L[i]; X[i] -= factor L[j] */
static void pull_rows(NestCall *c, NestColumns columns, void *context) {
	const PullWork *w = context;
	LoopTemp old = nest_call_load(c, w->x, nest_call_row(w->j), columns);
	LoopTemp below = nest_call_load(c, w->x, nest_call_row(w->i), columns);
	LoopTemp here = nest_call_load(c, w->l, nest_call_row(w->j), columns);
	LoopTemp there = nest_call_load(c, w->l, nest_call_row(w->i), columns);
	nest_call_store(c, w->x, nest_call_row(w->j), columns, nest_call_minus(c, old, w->factor, there));
	nest_call_store(c, w->x, nest_call_row(w->i), columns, nest_call_minus(c, below, w->factor, here));
}

/* The lower triangle; zeros above it. */
static void copy_lower(NestCall *c, NestArray *to, NestArray *from) {
	NestTurn rows = nest_call_for(c, loop_affine(0), nest_call_size(c, c->n, 0));
	LoopAffine i = nest_call_var(c, rows.var, 0);
	NestTurn turn = nest_call_for(c, loop_affine(0), nest_call_var(c, rows.var, 1));
	LoopAffine j = nest_call_var(c, turn.var, 0);
	set_element(c, to, i, j, element(c, from, i, j));
	nest_call_end(c, &turn);
	turn = nest_call_for(c, nest_call_var(c, rows.var, 1), nest_call_size(c, c->n, 0));
	set_element(c, to, i, nest_call_var(c, turn.var, 0), nest_call_real(c, 0));
	nest_call_end(c, &turn);
	nest_call_end(c, &rows);
}

void nest_call_cholesky_pull(NestCall *c) {
	NestArray *l = &c->args[0], *x = &c->outs[0];
	LoopAffine n = nest_call_size(c, c->n, 0);
	copy_lower(c, x, &c->args[1]);
	NestTurn columns = nest_call_for(c, loop_affine(0), n);
	LoopAffine j = nest_call_mirror(c, columns.var), behind = j;
	behind.offset++;
	LoopTemp pivot = element(c, l, j, j), s = element(c, x, j, j);
	NestTurn turn = nest_call_for(c, behind, n);
	LoopTemp so_far = nest_call_carry(c, &turn, s);
	LoopAffine i = nest_call_var(c, turn.var, 0);
	LoopTemp scaled = nest_call_op(c, IR_div, element(c, x, i, j), pivot, 0);
	set_element(c, x, i, j, scaled);
	s = nest_call_yield(c, &turn, 0, nest_call_minus(c, so_far, scaled, element(c, l, i, j)));
	nest_call_end(c, &turn);
	s = nest_call_op(c, IR_div, s, pivot, 0);
	PullWork work = {.x = x, .l = l, .j = j, .factor = s};
	nest_call_columns_below(c, j, pull_row, &work);
	turn = nest_call_for(c, behind, n);
	work.i = nest_call_var(c, turn.var, 0);
	work.factor = element(c, x, work.i, j);
	nest_call_columns_below(c, j, pull_rows, &work);
	nest_call_end(c, &turn);
	set_element(c, x, j, j, nest_call_op(c, IR_mul, s, nest_call_real(c, 0.5), 0));
	nest_call_end(c, &columns);
}

/* ---- lu ---- */

typedef struct Copy {
	NestArray *from, *to;
	LoopAffine row;
} Copy;

static void copy_columns(NestCall *c, NestColumns columns, void *context) {
	const Copy *w = context;
	nest_call_store(c, w->to, nest_call_row(w->row), columns,
	                nest_call_load(c, w->from, nest_call_row(w->row), columns));
}

typedef struct Swap {
	NestArray *matrix;
	NestRow one, other;
} Swap;

static void swap_columns(NestCall *c, NestColumns columns, void *context) {
	const Swap *w = context;
	LoopTemp one = nest_call_load(c, w->matrix, w->one, columns);
	LoopTemp other = nest_call_load(c, w->matrix, w->other, columns);
	nest_call_store(c, w->matrix, w->one, columns, other);
	nest_call_store(c, w->matrix, w->other, columns, one);
}

/* The row of the first largest entry of column k, from row k on. */
static NestRow pivot_row(NestCall *c, NestArray *f, LoopTemp k) {
	LoopAffine at = nest_call_var(c, k, 0);
	LoopTemp size = nest_call_op(c, IR_abs, element(c, f, at, at), 0, 0), number = nest_call_integer(c, at);
	NestTurn turn = nest_call_for(c, nest_call_var(c, k, 1), nest_call_size(c, c->n, 0));
	LoopTemp best = nest_call_carry(c, &turn, size), row = nest_call_carry(c, &turn, number);
	LoopAffine i = nest_call_var(c, turn.var, 0);
	LoopTemp here = nest_call_op(c, IR_abs, element(c, f, i, at), 0, 0);
	LoopTemp better = nest_call_op(c, IR_gt, here, best, 0);
	nest_call_yield(c, &turn, 0, nest_call_op(c, IR_where, better, here, best));
	row = nest_call_yield(c, &turn, 1, nest_call_op(c, IR_where, better, nest_call_integer(c, i), row));
	nest_call_end(c, &turn);
	if (c->kernel->temps.data[row].vector)
		return (NestRow){.at = loop_affine(0), .by_lane = row};
	return nest_call_row(nest_call_var(c, row, 0));
}

void nest_call_lu(NestCall *c) {
	NestArray *a = &c->args[0], *f = &c->outs[0], *p = &c->outs[1], *sign = &c->outs[2];
	LoopAffine n = nest_call_size(c, c->n, 0), none = loop_affine(0);
	NestTurn rows = nest_call_for(c, none, n);
	LoopAffine i = nest_call_var(c, rows.var, 0);
	Copy copy = {a, f, i};
	nest_call_columns(c, none, c->n, LOOP_LANES, copy_columns, &copy);
	set_element(c, p, i, none, nest_call_integer(c, i));
	nest_call_end(c, &rows);
	set_element(c, sign, none, none, nest_call_real(c, 1));

	rows = nest_call_for(c, none, n);
	LoopAffine k = nest_call_var(c, rows.var, 0);
	NestRow here = nest_call_row(k), best = pivot_row(c, f, rows.var);
	Swap swap = {f, here, best};
	nest_call_columns(c, none, c->n, LOOP_LANES, swap_columns, &swap);
	swap = (Swap){p, here, best};
	swap_columns(c, nest_call_one(none), &swap);
	LoopTemp number = best.by_lane ? best.by_lane : nest_call_integer(c, best.at), at = nest_call_integer(c, k);
	LoopTemp before = element(c, sign, none, none), changes = nest_call_op(c, IR_ne, number, at, 0);
	set_element(c, sign, none, none, nest_call_op(c, IR_where, changes, nest_call_op(c, IR_neg, before, 0, 0), before));
	LoopTemp pivot = element(c, f, k, k), is_zero = nest_call_op(c, IR_eq, pivot, nest_call_real(c, 0), 0);
	pivot = nest_call_op(c, IR_where, is_zero, nest_call_real(c, 1), pivot);
	NestTurn turn = nest_call_for(c, nest_call_var(c, rows.var, 1), n);
	i = nest_call_var(c, turn.var, 0);
	LoopTemp factor = nest_call_op(c, IR_div, element(c, f, i, k), pivot, 0);
	set_element(c, f, i, k, factor);
	RowWork work = {.matrix = f, .row = i, .other = k, .factor = factor, .after = at};
	nest_call_columns(c, nest_call_var(c, rows.var, 1), c->n, LOOP_LANES, update_columns, &work);
	nest_call_end(c, &turn);
	nest_call_end(c, &rows);
}

/* ---- triangular systems: some columns of X at a time ---- */

enum { FEW_SIDES = 6 }; /* fewer right-hand sides go one by one */

static Products products(NestArray *matrix, bool by_row, LoopAffine other, NestArray *x, NestColumns columns) {
	return (Products){
		.matrix = matrix, .by_row = by_row, .other = other, .x = x, .columns = columns, .from = loop_affine(0)};
}

static void solve_lower(NestCall *c, NestColumns columns, void *context) {
	NestArray *l = &c->args[0], *b = &c->args[1], *x = &c->outs[0];
	NestTurn rows = nest_call_for(c, loop_affine(0), nest_call_size(c, c->n, 0));
	LoopAffine i = nest_call_var(c, rows.var, 0);
	Products w = products(l, false, i, x, columns);
	(void)context;
	w.to = i;
	LoopTemp s = minus_products(c, nest_call_load(c, b, nest_call_row(i), columns), &w);
	nest_call_store(c, x, nest_call_row(i), columns, divide(c, s, element(c, l, i, i)));
	nest_call_end(c, &rows);
}

void nest_call_solve_lower(NestCall *c) {
	nest_call_columns(c, loop_affine(0), c->m, FEW_SIDES, solve_lower, NULL);
}

static void solve_lower_transposed(NestCall *c, NestColumns columns, void *context) {
	NestArray *l = &c->args[0], *b = &c->args[1], *x = &c->outs[0];
	NestTurn rows = nest_call_for(c, loop_affine(0), nest_call_size(c, c->n, 0));
	LoopAffine i = nest_call_mirror(c, rows.var);
	Products w = products(l, true, i, x, columns);
	(void)context;
	w.to = nest_call_var(c, rows.var, 0);
	w.down = true;
	LoopTemp s = minus_products(c, nest_call_load(c, b, nest_call_row(i), columns), &w);
	nest_call_store(c, x, nest_call_row(i), columns, divide(c, s, element(c, l, i, i)));
	nest_call_end(c, &rows);
}

void nest_call_solve_lower_transposed(NestCall *c) {
	nest_call_columns(c, loop_affine(0), c->m, FEW_SIDES, solve_lower_transposed, NULL);
}

static void lu_solve(NestCall *c, NestColumns columns, void *context) {
	NestArray *f = &c->args[1], *p = &c->args[2], *b = &c->args[3], *x = &c->outs[0];
	LoopAffine n = nest_call_size(c, c->n, 0);
	NestTurn rows = nest_call_for(c, loop_affine(0), n);
	LoopAffine i = nest_call_var(c, rows.var, 0);
	Products w = products(f, false, i, x, columns);
	(void)context;
	w.to = i;
	LoopTemp start = nest_call_load(c, b, nest_call_through(c, p, i), columns);
	nest_call_store(c, x, nest_call_row(i), columns, minus_products(c, start, &w));
	nest_call_end(c, &rows);

	rows = nest_call_for(c, loop_affine(0), n);
	i = nest_call_mirror(c, rows.var);
	w = products(f, false, i, x, columns);
	w.to = nest_call_var(c, rows.var, 0);
	w.down = true;
	LoopTemp s = minus_products(c, nest_call_load(c, x, nest_call_row(i), columns), &w);
	nest_call_store(c, x, nest_call_row(i), columns, divide(c, s, element(c, f, i, i)));
	nest_call_end(c, &rows);
}

void nest_call_lu_solve(NestCall *c) {
	nest_call_columns(c, loop_affine(0), c->m, FEW_SIDES, lu_solve, NULL);
}

/* Row i of what is computed lies in row p[i] of X. */
static void lu_solve_transposed(NestCall *c, NestColumns columns, void *context) {
	NestArray *f = &c->args[1], *p = &c->args[2], *b = &c->args[3], *x = &c->outs[0];
	LoopAffine n = nest_call_size(c, c->n, 0);
	NestTurn rows = nest_call_for(c, loop_affine(0), n);
	LoopAffine i = nest_call_var(c, rows.var, 0);
	Products w = products(f, true, i, x, columns);
	(void)context;
	w.p = p;
	w.to = i;
	LoopTemp s = minus_products(c, nest_call_load(c, b, nest_call_row(i), columns), &w);
	nest_call_store(c, x, nest_call_through(c, p, i), columns, divide(c, s, element(c, f, i, i)));
	nest_call_end(c, &rows);

	rows = nest_call_for(c, loop_affine(0), n);
	i = nest_call_mirror(c, rows.var);
	w = products(f, true, i, x, columns);
	w.p = p;
	w.to = nest_call_var(c, rows.var, 0);
	w.down = true;
	NestRow row = nest_call_through(c, p, i);
	LoopTemp rest = minus_products(c, nest_call_load(c, x, row, columns), &w);
	nest_call_store(c, x, row, columns, rest);
	nest_call_end(c, &rows);
}

void nest_call_lu_solve_transposed(NestCall *c) {
	nest_call_columns(c, loop_affine(0), c->m, FEW_SIDES, lu_solve_transposed, NULL);
}
