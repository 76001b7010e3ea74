/* Expressions, as docs/language.md says what they mean. */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Value oracle_new(Oracle *o, const RpShape *shape) {
	return (Value){*shape, rp_alloc(o->pool, sizeof(double) * o->width * (size_t)rp_count(shape))};
}

Value oracle_number(Oracle *o, double number) {
	Value v = oracle_new(o, &(RpShape){0});
	v.data[0] = number;
	return v;
}

Value oracle_copy(Oracle *o, const Value *v) {
	Value c = oracle_new(o, &v->shape);
	memcpy(c.data, v->data, sizeof(double) * o->width * (size_t)rp_count(&v->shape));
	return c;
}

/* With every error in the operations alike, a margin that is exact stays as it is, and others move by about what rounding moves them,
 * times the size of the noise: those that move by half of themselves are as good as none. */
static bool hangs_by_a_hair(RpMargins *m, double margin) {
	if (!m->compares) {
		if (m->count == m->room) {
			m->room = m->room ? 2 * m->room : 1024;
			m->data = realloc(m->data, sizeof *m->data * (size_t)m->room);
			if (!m->data)
				abort();
		}
		m->data[m->count++] = margin;
		return false;
	}
	if (m->at >= m->count)
		return true;
	double before = m->data[m->at++];
	return before != margin && !(fabs(margin - before) * 2 < fabs(before)) && !(isinf(before) && isinf(margin));
}

void oracle_decide(Oracle *o, int choice, double margin) {
	o->decisions = (o->decisions ^ (uint64_t)(choice + 1000)) * UINT64_C(0x9E3779B97F4A7C15);
	o->decisions ^= o->decisions >> 29;
	if (o->noise.margins)
		o->unclear = o->unclear || hangs_by_a_hair(o->noise.margins, margin);
}

/* ---- elementwise ---- */

static double power(double base, int k) {
	double r = 1;
	for (int i = 0; i < (k < 0 ? -k : k); i++)
		r *= base;
	return k < 0 ? 1 / r : r;
}

static bool compare(Oracle *o, int which, RpKind kind, double a, double b) {
	bool results[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
	if (kind == RP_REAL)
		oracle_decide(o, (a > b) - (a < b), a - b);
	return results[which];
}

static RpKind compared_as(const RpExpr *e) {
	for (int i = 0; i < e->args; i++)
		if (e->arg[i]->kind == RP_REAL)
			return RP_REAL;
	return RP_INT;
}

static void set_flag(const Oracle *o, double *out, bool flag) {
	memset(out, 0, sizeof *out * o->width);
	out[0] = flag;
}

/* How far the arguments of a function are from where it is decided otherwise. */
static double margin_of(const RpFunction *f, const double *a) {
	switch (f->jump) {
	case 'w': return a[0] - nearbyint(a[0]);
	case 'h': return a[0] - floor(a[0]) - 0.5;
	case 'c': return fmin(fabs(a[0] - a[1]), fabs(a[0] - a[2]));
	default: return a[0];
	}
}

static void element(Oracle *o, const RpExpr *e, double *const *a, double *out) {
	double x = a[0][0], y = e->args > 1 ? a[1][0] : 0, slope[3] = {0};
	int decided = 0;
	bool chooses = e->op == RP_FUNCTION || e->op == RP_MIN || e->op == RP_MAX || e->op == RP_COMPARE;
	o->unclear = o->unclear || (chooses && (isnan(x) || isnan(y) || (e->args > 2 && isnan(a[2][0]))));
	switch (e->op) {
	case RP_FUNCTION: {
		const RpFunction *f = &rp_functions[e->which];
		double values[3] = {x, y, e->args > 2 ? a[2][0] : 0};
		double value = f->value(values, slope, &decided);
		if (f->jump)
			oracle_decide(o, decided, margin_of(f, values));
		if (e->args == 1) {
			num_unary(o, out, a[0], decided || value == x ? value : oracle_noisy(o, value), slope[0]);
		} else if (e->args == 2) {
			num_binary(o, out, a[0], a[1], oracle_noisy(o, value), slope[0], slope[1]);
		} else { /* clip */
			const double *from = slope[0] != 0 ? a[0] : slope[1] != 0 ? a[1] : a[2];
			memmove(out, from, sizeof *out * o->width);
		}
		return;
	}
	case RP_ADD: num_add(o, out, a[0], a[1], 1); return;
	case RP_SUB: num_add(o, out, a[0], a[1], -1); return;
	case RP_MUL: num_multiply(o, out, a[0], a[1]); return;
	case RP_DIV: num_binary(o, out, a[0], a[1], oracle_noisy(o, x / y), 1 / y, -x / (y * y)); return;
	case RP_FLOORDIV:
	case RP_MOD: {
		double q = nearbyint(x / y), left = fma(-q, y, x); /* exactly, but for its last place */
		q -= left != 0 && (left > 0) != (y > 0);
		if (compared_as(e) == RP_REAL)
			oracle_decide(o, (int)q, left);
		if (e->op == RP_FLOORDIV)
			set_flag(o, out, false);
		else
			num_binary(o, out, a[0], a[1], x - y * q, 1, -q);
		out[0] = e->op == RP_FLOORDIV ? q : x - y * q; /* exact enough: the quotient is small */
		return;
	}
	case RP_POWI: {
		double value = power(x, e->which), d = e->which == 0 ? 0 : e->which * power(x, e->which - 1);
		num_unary(o, out, a[0], e->kind == RP_REAL ? oracle_noisy(o, value) : value, d);
		return;
	}
	case RP_POW:
		num_binary(o, out, a[0], a[1], oracle_noisy(o, pow(x, y)), y * pow(x, y - 1), pow(x, y) * log(x));
		return;
	case RP_NEG: num_unary(o, out, a[0], -x, -1); return;
	case RP_MIN:
	case RP_MAX: {
		bool second = e->op == RP_MIN ? y < x : y > x;
		if (compared_as(e) == RP_REAL)
			oracle_decide(o, x == y ? 2 : second, x - y);
		memmove(out, second ? a[1] : a[0], sizeof *out * o->width);
		return;
	}
	case RP_AND: set_flag(o, out, x != 0 && y != 0); return;
	case RP_OR: set_flag(o, out, x != 0 || y != 0); return;
	case RP_NOT: set_flag(o, out, x == 0); return;
	case RP_COMPARE: {
		RpKind kind = compared_as(e);
		bool flag = compare(o, e->which % 6, kind, x, y);
		if (e->args == 3)
			flag = compare(o, e->which / 6, kind, y, a[2][0]) && flag;
		set_flag(o, out, flag);
		return;
	}
	case RP_WHERE: memmove(out, x != 0 ? a[1] : a[2], sizeof *out * o->width); return;
	default: abort();
	}
}

static Value elementwise(Oracle *o, const RpExpr *e) {
	Value arg[RP_ARGS] = {0}, *shape = &arg[0];
	for (int i = 0; i < e->args; i++) {
		arg[i] = oracle_eval(o, e->arg[i]);
		if (arg[i].shape.rank > shape->shape.rank)
			shape = &arg[i];
	}
	Value out = oracle_new(o, &shape->shape);
	for (int i = 0; i < rp_count(&out.shape); i++) {
		double *a[RP_ARGS] = {0};
		for (int k = 0; k < e->args; k++)
			a[k] = oracle_at(o, &arg[k], arg[k].shape.rank ? i : 0);
		element(o, e, a, oracle_at(o, &out, i));
	}
	return out;
}

/* ---- reading ---- */

int oracle_place(Oracle *o, const RpShape *shape, const RpItem *item, int items, const int *kept) {
	int flat = 0, next = 0;
	for (int axis = 0; axis < shape->rank; axis++) {
		const RpItem *it = axis < items ? &item[axis] : &(RpItem){.kind = RP_ALL};
		Value v = {0};
		int at;
		if (it->at)
			v = oracle_eval(o, it->at);
		if (it->kind == RP_AT) {
			at = (int)oracle_scalar(&v);
		} else if (it->kind == RP_GATHER) { /* the axes of the array that picks */
			int flat_pick = 0;
			for (int i = 0; i < v.shape.rank; i++)
				flat_pick = flat_pick * v.shape.dims[i] + kept[next++];
			at = (int)*oracle_at(o, &v, flat_pick);
		} else {
			at = kept[next++] + (it->kind == RP_ALL ? 0 : it->at ? (int)oracle_scalar(&v) : it->low);
		}
		if (at < 0 || at >= shape->dims[axis])
			return -1;
		flat = flat * shape->dims[axis] + at;
	}
	return flat;
}

/* Counts through the places of a shape; false after the last. */
static bool advance(const RpShape *shape, int *at) {
	for (int i = shape->rank; i-- > 0;) {
		if (++at[i] < shape->dims[i])
			return true;
		at[i] = 0;
	}
	return false;
}

static Value read_elements(Oracle *o, const RpExpr *e) {
	Value base = oracle_eval(o, e->arg[0]);
	Value out = oracle_new(o, &e->shape);
	int at[RP_RANK] = {0}, i = 0;
	do {
		int place = oracle_place(o, &base.shape, e->item, e->items, at);
		if (place < 0) {
			fprintf(stderr, "the generator made a read outside of an array\n");
			abort();
		}
		memcpy(oracle_at(o, &out, i++), oracle_at(o, &base, place), sizeof(double) * o->width);
	} while (advance(&e->shape, at));
	return out;
}

/* ---- whole arrays ---- */

/* Axes in front count matrices; one side may lack them. */
static Value matmul(Oracle *o, const Value *a, const Value *b) {
	int left = a->shape.rank, right = b->shape.rank, lead = 0;
	int rows = left >= 2 ? a->shape.dims[left - 2] : 1, inner = a->shape.dims[left - 1];
	int columns = right >= 2 ? b->shape.dims[right - 1] : 1, matrices = 1;
	const RpShape *front = left >= right ? &a->shape : &b->shape;
	RpShape shape = {0};
	for (; lead < front->rank - 2; lead++)
		matrices *= shape.dims[shape.rank++] = front->dims[lead];
	if (left >= 2)
		shape.dims[shape.rank++] = rows;
	if (right >= 2)
		shape.dims[shape.rank++] = columns;
	Value out = oracle_new(o, &shape);
	double *product = rp_alloc(o->pool, sizeof *product * o->width);
	for (int m = 0; m < matrices; m++) {
		int from = left > 2 ? m * rows * inner : 0, by = right > 2 ? m * inner * columns : 0;
		for (int i = 0; i < rows * columns; i++) {
			double *sum = oracle_at(o, &out, m * rows * columns + i);
			for (int k = 0; k < inner; k++) {
				const double *x = oracle_at(o, a, from + i / columns * inner + k);
				num_multiply(o, product, x, oracle_at(o, b, by + k * columns + i % columns));
				num_add(o, sum, sum, product, 1);
			}
		}
	}
	return out;
}

static Value rearranged(Oracle *o, const RpExpr *e) {
	Value v = oracle_eval(o, e->arg[0]);
	if (e->op == RP_RESHAPE)
		return (Value){e->shape, v.data};
	Value out = oracle_new(o, &v.shape);
	if (e->op == RP_TRANSPOSE)
		for (int i = 0; i < v.shape.rank; i++)
			out.shape.dims[i] = v.shape.dims[v.shape.rank - 1 - i];
	int at[RP_RANK] = {0}, i = 0, row = rp_count(&v.shape) / v.shape.dims[0];
	do {
		double *to = oracle_at(o, &out, i);
		int from = 0;
		for (int k = 0; e->op == RP_TRANSPOSE && k < v.shape.rank; k++)
			from = from * v.shape.dims[k] + at[v.shape.rank - 1 - k];
		if (e->op == RP_FLIP)
			from = (v.shape.dims[0] - 1 - i / row) * row + i % row;
		if (e->op == RP_CUMSUM)
			from = i;
		memcpy(to, oracle_at(o, &v, from), sizeof *to * o->width);
		if (e->op == RP_CUMSUM && i >= row) {
			double *before = oracle_at(o, &out, i - row);
			num_add(o, to, before, to, 1);
		}
		i++;
	} while (advance(&out.shape, at));
	return out;
}

/* Joined end to end: concat as it stands, and [a, b, ...], whose parts have no axis of their own. */
static Value joined(Oracle *o, const RpExpr *e) {
	Value out = oracle_new(o, &e->shape);
	double *to = out.data;
	for (int i = 0; i < e->args; i++) {
		Value part = oracle_eval(o, e->arg[i]);
		size_t size = o->width * (size_t)rp_count(&part.shape);
		memcpy(to, part.data, sizeof *to * size);
		to += size;
	}
	return out;
}

static Value filled(Oracle *o, const RpExpr *e) {
	Value out = oracle_new(o, &e->shape);
	for (int i = 0; i < rp_count(&e->shape); i++) {
		double numbers[] = {0, 1, i / e->shape.dims[0] == i % e->shape.dims[0], i};
		*oracle_at(o, &out, i) = numbers[e->which];
	}
	return out;
}

static Value squares(Oracle *o, const RpExpr *e) {
	Value a = oracle_eval(o, e->arg[0]), b = e->op == RP_DOT ? oracle_eval(o, e->arg[1]) : a;
	int count = rp_count(&a.shape);
	Value out = oracle_number(o, 0);
	double *product = rp_alloc(o->pool, sizeof *product * o->width);
	for (int i = 0; i < count; i++) {
		num_multiply(o, product, oracle_at(o, &a, i), oracle_at(o, &b, i));
		num_add(o, out.data, out.data, product, 1);
	}
	if (e->op == RP_DOT)
		return out;
	if (e->op == RP_RMS)
		num_unary(o, out.data, out.data, oracle_quotient(o, out.data[0], count), 1.0 / count);
	double root = sqrt(out.data[0]);
	num_unary(o, out.data, out.data, oracle_noisy(o, root), root == 0 ? 0 : 0.5 / root);
	return out;
}

static Value call(Oracle *o, const RpExpr *e) {
	Value args[3];
	for (int i = 0; i < e->args; i++)
		args[i] = oracle_eval(o, e->arg[i]);
	for (int i = 0; i < e->args; i++)
		o->frame[e->fn->param[i]->slot] = args[i];
	const RpStmt *returned = NULL;
	oracle_block(o, &e->fn->body, &returned);
	return oracle_eval(o, returned->value[e->which]);
}

Value oracle_eval(Oracle *o, const RpExpr *e) {
	switch (e->op) {
	case RP_NUMBER: return oracle_number(o, o->noise.single ? (double)(float)e->number : e->number);
	case RP_NAME: return e->var->like_x ? oracle_like_x(o, e->var) : o->frame[e->var->slot];
	case RP_IF: {
		Value c = oracle_eval(o, e->arg[0]);
		return oracle_eval(o, e->arg[oracle_scalar(&c) != 0 ? 1 : 2]);
	}
	case RP_READ: return read_elements(o, e);
	case RP_REDUCE: return oracle_reduce(o, e);
	case RP_REDUCE_ALL: {
		Value v = oracle_eval(o, e->arg[0]);
		RpShape flat = v.shape;
		v.shape = (RpShape){0};
		return oracle_fold(o, (RpReduction)e->which, &v, rp_count(&flat), NULL);
	}
	case RP_MATMUL: {
		Value a = oracle_eval(o, e->arg[0]), b = oracle_eval(o, e->arg[1]);
		return matmul(o, &a, &b);
	}
	case RP_TRANSPOSE:
	case RP_RESHAPE:
	case RP_FLIP:
	case RP_CUMSUM: return rearranged(o, e);
	case RP_CONCAT:
	case RP_STACK: return joined(o, e);
	case RP_DOT:
	case RP_NORM:
	case RP_RMS: return squares(o, e);
	case RP_FILL: return filled(o, e);
	case RP_CONSTANT: {
		const double constants[] = {acos(-1), o->noise.single ? 0x1p-23 : 0x1p-52, (double)INFINITY};
		return oracle_number(o, constants[e->which]);
	}
	case RP_WORD: return oracle_word(o, e);
	case RP_CALL: return call(o, e);
	case RP_OVER:
	case RP_ACROSS:
	case RP_COORDINATE:
	case RP_SIZE_X: return oracle_rule_expr(o, e);
	default: return elementwise(o, e);
	}
}
