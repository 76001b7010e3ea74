/* Statements, and the whole program. */
#include "oracle.h"

#include <math.h>
#include <string.h>

void oracle_set_indices(Oracle *o, RpVar *const *index, int count, int p) {
	for (int i = count; i-- > 0;) {
		int extent = index[i]->high - index[i]->low;
		o->frame[index[i]->slot].data[0] = index[i]->low + p % extent;
		p /= extent;
	}
}

static void define(Oracle *o, const RpStmt *s) {
	if (s->heads == 0) {
		Value v[RP_RESULTS];
		for (int i = 0; i < s->values; i++)
			v[i] = oracle_eval(o, s->value[i]);
		for (int i = 0; i < s->values; i++) {
			/* one number fills the shape of its type; what names hold never changes in place */
			Value *to = &o->frame[s->var[i]->slot];
			*to = oracle_new(o, &s->var[i]->shape);
			for (int k = 0; k < rp_count(&to->shape); k++)
				memcpy(oracle_at(o, to, k), oracle_at(o, &v[i], v[i].shape.rank ? k : 0), sizeof(double) * o->width);
			oracle_defined(o, s->var[i]);
		}
		return;
	}
	Value out = oracle_new(o, &s->var[0]->shape);
	int points = 1, each = 0;
	for (int i = 0; i < s->heads; i++) {
		points *= s->head[i]->high;
		o->frame[s->head[i]->slot] = oracle_number(o, 0);
	}
	each = rp_count(&out.shape) / points;
	for (int p = 0; p < points; p++) {
		size_t mark = rp_mark(o->pool);
		oracle_set_indices(o, s->head, s->heads, p);
		Value v = oracle_eval(o, s->value[0]);
		for (int k = 0; k < each; k++)
			memcpy(oracle_at(o, &out, p * each + k), oracle_at(o, &v, v.shape.rank ? k : 0), sizeof(double) * o->width);
		rp_release(o->pool, mark);
	}
	o->frame[s->var[0]->slot] = out;
	oracle_defined(o, s->var[0]);
}

static void update(Oracle *o, char how, double *element, const double *value) {
	bool replaces = how == 0 || (how == '>' ? value[0] > element[0] : how == '<' && value[0] < element[0]);
	if (how == '+' || how == '-') {
		num_add(o, element, element, value, how == '+' ? 1 : -1);
		return;
	}
	if (how) {
		oracle_decide(o, replaces, value[0] - element[0]);
		o->unclear = o->unclear || value[0] != value[0] || element[0] != element[0] || value[0] == element[0];
	}
	if (replaces)
		memcpy(element, value, sizeof(double) * o->width);
}

/* The whole right side is read before anything changes. */
static void assign(Oracle *o, const RpStmt *s) {
	const RpVar *var = s->var[0];
	Value *target = &o->frame[var->slot], old = *target;
	if (s->items == 0) {
		Value v = oracle_eval(o, s->value[0]), fresh = oracle_new(o, &var->shape);
		for (int k = 0; k < rp_count(&var->shape); k++)
			memcpy(oracle_at(o, &fresh, k), oracle_at(o, &v, v.shape.rank ? k : 0), sizeof(double) * o->width);
		*target = fresh;
		oracle_defined(o, var);
		return;
	}
	Value fresh = oracle_copy(o, &old);
	int points = 1;
	for (int i = 0; i < s->heads; i++) {
		points *= s->head[i]->high;
		o->frame[s->head[i]->slot] = oracle_number(o, 0);
	}
	RpShape kept = {0};
	for (int i = 0; i < var->shape.rank; i++)
		if (i >= s->items || s->item[i].kind != RP_AT)
			kept.dims[kept.rank++] =
				i < s->items && s->item[i].kind == RP_SLICE ? s->item[i].high - s->item[i].low : var->shape.dims[i];
	for (int p = 0; p < points; p++) {
		size_t mark = rp_mark(o->pool);
		oracle_set_indices(o, s->head, s->heads, p);
		Value v = oracle_eval(o, s->value[0]);
		for (int k = 0; k < rp_count(&kept); k++) {
			int at[RP_RANK] = {0}, left = k;
			for (int i = kept.rank; i-- > 0; left /= kept.dims[i])
				at[i] = left % kept.dims[i];
			int place = oracle_place(o, &var->shape, s->item, s->items, at);
			if (place >= 0)
				update(o, s->update, oracle_at(o, &fresh, place), oracle_at(o, &v, v.shape.rank ? k : 0));
		}
		rp_release(o->pool, mark);
	}
	*target = fresh;
	oracle_defined(o, var);
}

static void repeat(Oracle *o, const RpStmt *s) {
	int from = s->from, to = s->to;
	if (s->values == 2) {
		Value low = oracle_eval(o, s->value[0]), high = oracle_eval(o, s->value[1]);
		from = (int)oracle_scalar(&low);
		to = (int)oracle_scalar(&high);
	}
	for (int k = from; s->step < 0 ? k > to : k < to; k += s->step ? s->step : 1) {
		o->frame[s->counter->slot] = oracle_number(o, k);
		oracle_block(o, &s->yes, NULL);
	}
}

void oracle_block(Oracle *o, const RpBlock *block, const RpStmt **returned) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		switch (s->kind) {
		case RP_DEFINE: define(o, s); break;
		case RP_ASSIGN: assign(o, s); break;
		case RP_FOR: repeat(o, s); break;
		case RP_WHILE:
			for (int k = 0; k < s->to; k++) {
				Value c = oracle_eval(o, s->value[0]);
				if (oracle_scalar(&c) == 0)
					break;
				oracle_block(o, &s->yes, NULL);
			}
			break;
		case RP_WHEN: {
			Value c = oracle_eval(o, s->value[0]);
			oracle_block(o, oracle_scalar(&c) != 0 ? &s->yes : &s->no, NULL);
			break;
		}
		case RP_RETURN: *returned = s; return;
		default: break;
		}
	}
}

/* The number without limits that stands for a value, and back with its slope. */
static double without_limits(Oracle *o, const RpVar *var, double v) {
	double above = oracle_noisy(o, v - var->least), below = oracle_noisy(o, var->most - v);
	switch (o->flat ? RP_FREE : var->limits) {
	case RP_BETWEEN: return log(above / below);
	case RP_ABOVE: return log(above);
	case RP_BELOW: return log(below);
	default: return v;
	}
}

static double within_limits(const RpVar *var, bool flat, double u, double *slope) {
	double share = 1 / (1 + exp(-u)), other = 1 / (1 + exp(u)), span = var->most - var->least;
	switch (flat ? RP_FREE : var->limits) {
	case RP_BETWEEN: *slope = span * share * other; return var->least + span * share;
	case RP_ABOVE: *slope = exp(u); return var->least + exp(u);
	case RP_BELOW: *slope = -exp(u); return var->most - exp(u);
	default: *slope = 1; return u;
	}
}

/* Where it starts, then where it is: at x, a direction of its own for every element. */
static int place_param(Oracle *o, const RpStmt *s, const double *x, int offset, RpAnswer *out) {
	const RpVar *var = s->var[0];
	int count = rp_count(&var->shape);
	bool limited = var->limits && !o->flat;
	if (s->kind == RP_DEFINE)
		define(o, s);
	else
		o->frame[var->slot] = oracle_given(o, s);
	for (int i = 0; i < count; i++) {
		double start = *oracle_at(o, &o->frame[var->slot], i);
		out->start[offset + i] = limited ? oracle_noisy(o, without_limits(o, var, start)) : start;
	}
	Value v = oracle_new(o, &var->shape);
	for (int i = 0; i < count; i++) {
		double *to = oracle_at(o, &v, i), slope;
		double at = within_limits(var, o->flat, x[offset + i], &slope);
		to[0] = limited ? oracle_noisy(o, at) : at;
		to[1 + offset + i] = slope;
		out->declared[offset + i] = at;
		out->slope[offset + i] = slope;
	}
	o->frame[var->slot] = v;
	oracle_defined(o, var);
	return offset + count;
}

static void keep_residuals(const Oracle *o, const Value *v, RpAnswer *out) {
	for (int i = 0; i < rp_count(&v->shape) && i < RP_RESIDUALS; i++)
		memcpy(out->residual[i], oracle_at(o, v, i), sizeof(double) * (size_t)(1 + o->program_coordinates));
}

void oracle_evaluate(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out) {
	size_t mark = rp_mark(program->pool);
	Oracle o = {
		.pool = program->pool, .noise = noise, .width = 1 + (size_t)program->coordinates + (program->by != NULL)};
	o.program = program->by ? program : NULL;
	o.program_coordinates = program->coordinates;
	o.flat = program->flat;
	o.frame = rp_alloc(o.pool, sizeof *o.frame * (size_t)(program->slots + 1));
	*out = (RpAnswer){0};
	int offset = 0, reports = 0;
	oracle_block(&o, &program->consts, NULL);
	for (int i = 0; i < program->body.count; i++) {
		const RpStmt *s = program->body.data[i];
		bool param = s->vars == 1 && s->var[0]->role == RP_PARAM && s->kind != RP_ASSIGN;
		if (param) {
			offset = place_param(&o, s, x, offset, out);
		} else if (s->kind == RP_DRAW) {
			o.frame[s->var[0]->slot] = oracle_given(&o, s);
			oracle_defined(&o, s->var[0]);
		} else if (s->kind == RP_RESIDUALS_ARE) {
			Value v = oracle_eval(&o, s->value[0]);
			keep_residuals(&o, &v, out);
		} else if (s->kind == RP_MINIMIZE) {
			Value v = oracle_eval(&o, s->value[0]);
			out->value = v.data[0];
			memcpy(out->gradient, v.data + 1, sizeof(double) * (size_t)program->coordinates);
			out->along = reports;
			if (program->by)
				out->report[reports++] = v.data[o.width - 1];
		} else if (s->kind == RP_REPORT) {
			Value v = oracle_eval(&o, s->value[0]);
			out->report[reports++] = v.data[0];
		} else {
			RpBlock one = {{program->body.data[i]}, 1};
			oracle_block(&o, &one, NULL);
		}
	}
	out->decisions = o.decisions;
	out->unclear = o.unclear;
	rp_release(program->pool, mark);
}

void rp_evaluate(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out) {
	oracle_evaluate(program, x, noise, out);
	if (program->by && program->twice)
		oracle_differences(program, x, noise, out);
}
