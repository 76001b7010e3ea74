/* Statements, and the whole program. */
#include "oracle.h"

#include <math.h>
#include <string.h>

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
		int rest = p;
		for (int i = s->heads; i-- > 0; rest /= s->head[i]->high)
			o->frame[s->head[i]->slot].data[0] = rest % s->head[i]->high;
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
		oracle_decide(o, replaces);
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
		int rest = p;
		for (int i = s->heads; i-- > 0; rest /= s->head[i]->high)
			o->frame[s->head[i]->slot].data[0] = rest % s->head[i]->high;
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

void oracle_block(Oracle *o, const RpBlock *block, const RpStmt **returned) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		switch (s->kind) {
		case RP_DEFINE: define(o, s); break;
		case RP_ASSIGN: assign(o, s); break;
		case RP_FOR:
			for (int k = s->from; s->step < 0 ? k > s->to : k < s->to; k += s->step ? s->step : 1) {
				o->frame[s->counter->slot] = oracle_number(o, k);
				oracle_block(o, &s->yes, NULL);
			}
			break;
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

static void draw(Oracle *o, const RpVar *var, RpGiven *given, void *context) {
	Value v = oracle_new(o, &var->shape);
	int count = rp_count(&var->shape);
	double *numbers = rp_alloc(o->pool, sizeof *numbers * (size_t)count);
	given(context, var, numbers);
	/* Real draws end in mathematics that is rounded one way by one evaluator and otherwise by another. */
	for (int i = 0; i < count; i++)
		*oracle_at(o, &v, i) = numbers[i] == floor(numbers[i]) ? numbers[i] : oracle_noisy(o, numbers[i]);
	o->frame[var->slot] = v;
	oracle_defined(o, var);
}

/* Where it starts, then where it is: at x, a direction of its own for every element. */
static int place_param(Oracle *o, const RpStmt *s, const double *x, int offset, RpAnswer *out) {
	const RpVar *var = s->var[0];
	int count = rp_count(&var->shape);
	if (s->kind == RP_DEFINE) {
		define(o, s);
		for (int i = 0; i < count; i++)
			out->start[offset + i] = *oracle_at(o, &o->frame[var->slot], i);
	}
	Value v = oracle_new(o, &var->shape);
	for (int i = 0; i < count; i++) {
		if (s->kind == RP_DRAW)
			out->start[offset + i] = (double)NAN;
		double *to = oracle_at(o, &v, i);
		to[0] = x[offset + i];
		to[1 + offset + i] = 1;
	}
	o->frame[var->slot] = v;
	oracle_defined(o, var);
	return offset + count;
}

void oracle_evaluate(const RpProgram *program, const double *x, RpGiven *given, void *context, RpNoise noise,
                     RpAnswer *out) {
	size_t mark = rp_mark(program->pool);
	Oracle o = {
		.pool = program->pool, .noise = noise, .width = 1 + (size_t)program->coordinates + (program->by != NULL)};
	o.program = program->by ? program : NULL;
	o.frame = rp_alloc(o.pool, sizeof *o.frame * (size_t)(program->slots + 1));
	*out = (RpAnswer){0};
	int offset = 0, reports = 0;
	oracle_block(&o, &program->consts, NULL);
	for (int i = 0; i < program->body.count; i++) {
		const RpStmt *s = program->body.data[i];
		bool param = s->vars == 1 && s->var[0]->role == RP_PARAM && s->kind != RP_ASSIGN;
		if (param)
			offset = place_param(&o, s, x, offset, out);
		else if (s->kind == RP_DRAW)
			draw(&o, s->var[0], given, context);
		else if (s->kind == RP_MINIMIZE) {
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

void rp_evaluate(const RpProgram *program, const double *x, RpGiven *given, void *context, RpNoise noise,
                 RpAnswer *out) {
	oracle_evaluate(program, x, given, context, noise, out);
	if (program->by && program->twice)
		oracle_differences(program, x, given, context, noise, out);
}
