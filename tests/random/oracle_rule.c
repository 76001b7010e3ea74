/* Rules: statements one at a time, for all coordinates of all tensors in lockstep; and whole runs. */
#include "oracle.h"

#include <math.h>
#include <string.h>

Value oracle_like_x(Oracle *o, const RpVar *var) {
	return (Value){var->shape, oracle_at(o, &o->frame[var->slot], o->coordinate * rp_count(&var->shape))};
}

/* A reduction over the coordinates of this tensor. */
static Value over(Oracle *o, const RpExpr *e) {
	int at = o->coordinate, count = o->sizes[o->tensor];
	Value terms = {e->arg[0]->shape, rp_alloc(o->pool, sizeof(double) * (size_t)(count * rp_count(&e->arg[0]->shape)))};
	int each = rp_count(&terms.shape);
	for (o->coordinate = 0; o->coordinate < count; o->coordinate++) {
		Value v = oracle_eval(o, e->arg[0]);
		memcpy(terms.data + o->coordinate * each, v.data, sizeof(double) * (size_t)each);
	}
	o->coordinate = at;
	return oracle_fold(o, (RpReduction)e->which, &terms, count, NULL);
}

static Value collective(Oracle *o, const RpExpr *e) {
	int tensor = o->tensor, at = o->coordinate;
	double total = 0;
	for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
		o->frame = o->frames[o->tensor];
		o->coordinate = 0;
		Value v = oracle_eval(o, e->arg[0]);
		double a = oracle_scalar(&v);
		if (e->which == 2)
			oracle_decide(o, o->tensor > 0 && a > total, o->tensor ? a - total : 1);
		total = e->which < 2 ? oracle_noisy(o, total + a) : o->tensor == 0 || a > total ? a : total;
	}
	o->tensor = tensor;
	o->coordinate = at;
	o->frame = o->frames[tensor];
	return oracle_number(o, e->which == 1 ? oracle_noisy(o, total / o->tensors) : total);
}

Value oracle_rule_expr(Oracle *o, const RpExpr *e) {
	if (e->op == RP_SIZE_X)
		return oracle_number(o, o->sizes[o->tensor]);
	if (e->op == RP_COORDINATE) {
		int at = o->coordinate;
		o->coordinate = e->which;
		Value v = oracle_eval(o, e->arg[0]);
		o->coordinate = at;
		return v;
	}
	return e->op == RP_ACROSS ? collective(o, e) : over(o, e);
}

Value oracle_for_name(Oracle *o, const RpVar *var, const RpExpr *e) {
	int each = rp_count(&var->shape), count = var->like_x ? o->sizes[o->tensor] : 1;
	Value out = {var->shape, rp_alloc(o->pool, sizeof(double) * (size_t)(count * each))};
	for (o->coordinate = 0; o->coordinate < count; o->coordinate++) {
		Value v = oracle_eval(o, e);
		for (int k = 0; k < each; k++)
			out.data[o->coordinate * each + k] = v.data[v.shape.rank ? k : 0];
	}
	o->coordinate = 0;
	return out;
}

static Value drawn(Oracle *o, const RpStmt *s) {
	int count = s->var[0]->like_x ? o->sizes[o->tensor] : 1;
	Value out = {s->var[0]->shape, rp_alloc(o->pool, sizeof(double) * (size_t)count)};
	for (o->coordinate = 0; o->coordinate < count; o->coordinate++)
		out.data[o->coordinate] = oracle_drawn(o, s);
	o->coordinate = 0;
	return out;
}

static void run_block(Oracle *o, const RpRule *rule, const RpBlock *block);

/* Both branches run, from the same values, and what each coordinate holds afterwards is chosen by its condition. */
static void run_when(Oracle *o, const RpRule *rule, const RpStmt *s) {
	size_t bytes = sizeof(Value) * (size_t)(rule->slots + 1);
	Value *before[RP_COORDINATES], *yes[RP_COORDINATES], truth[RP_COORDINATES];
	RpVar condition = {.like_x = true};
	for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
		o->frame = o->frames[o->tensor];
		truth[o->tensor] = oracle_for_name(o, &condition, s->value[0]);
		before[o->tensor] = rp_alloc(o->pool, bytes);
		yes[o->tensor] = rp_alloc(o->pool, bytes);
		memcpy(before[o->tensor], o->frame, bytes);
	}
	run_block(o, rule, &s->yes);
	for (int i = 0; i < o->tensors; i++) {
		memcpy(yes[i], o->frames[i], bytes);
		memcpy(o->frames[i], before[i], bytes);
	}
	run_block(o, rule, &s->no);
	RpVar *names[9] = {rule->x};
	int count = 1;
	for (int i = 0; i < rule->states; i++)
		names[count++] = rule->state[i];
	for (int i = 0; i < rule->locals; i++)
		names[count++] = rule->local[i];
	for (int i = 0; i < o->tensors; i++) {
		for (int n = 0; n < count; n++) {
			const RpVar *var = names[n];
			Value *no = &o->frames[i][var->slot], mixed = *no;
			int each = rp_count(&var->shape), coordinates = var->like_x ? o->sizes[i] : 1;
			mixed.data = rp_alloc(o->pool, sizeof(double) * (size_t)(each * coordinates));
			for (int k = 0; k < each * coordinates; k++)
				mixed.data[k] = truth[i].data[k / each] != 0 ? yes[i][var->slot].data[k] : no->data[k];
			*no = mixed;
		}
	}
}

static void run_block(Oracle *o, const RpRule *rule, const RpBlock *block) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		if (s->kind == RP_EACH) {
			run_block(o, rule, &s->yes);
		} else if (s->kind == RP_WHEN) {
			run_when(o, rule, s);
		} else if (s->kind == RP_FOR) {
			for (o->turn = 0; o->turn < s->to; o->turn++) {
				for (int k = 0; k < o->tensors; k++)
					o->frames[k][s->counter->slot] = oracle_number(o, o->turn);
				run_block(o, rule, &s->yes);
			}
			o->turn = 0;
		} else if (s->kind == RP_WHILE) { /* a tensor whose condition fails stays as it is, and so does the condition */
			for (int k = 0; k < s->to; k++)
				run_when(o, rule, s);
		} else if (s->kind == RP_LOOK) {
			oracle_look(o, rule, s);
		} else if (s->kind == RP_BY_AXES) {
			oracle_by_axes(o, rule, s);
		} else {
			Value made[RP_COORDINATES];
			for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
				o->frame = o->frames[o->tensor];
				made[o->tensor] = s->kind == RP_DRAW ? drawn(o, s) : oracle_for_name(o, s->var[0], s->value[0]);
			}
			for (int k = 0; k < o->tensors; k++)
				o->frames[k][s->var[0]->slot] = made[k];
		}
	}
	o->tensor = 0;
	o->frame = o->frames[0];
}

double rp_natural(const RpLearned *learned, double theta) {
	switch (learned->limits) {
	case RP_BETWEEN: return learned->low + (learned->high - learned->low) / (1 + exp(-theta));
	case RP_ABOVE: return learned->low + exp(theta);
	default: return theta;
	}
}

static void set(Oracle *o, const RpVar *var, double number) {
	for (int i = 0; i < o->tensors; i++)
		o->frames[i][var->slot] = oracle_number(o, number);
}

/* Pieces of a flat vector, one per tensor. */
static void set_pieces(Oracle *o, const RpVar *var, const double *flat) {
	for (int i = 0; i < o->tensors; i++) {
		Value *v = &o->frames[i][var->slot];
		*v = (Value){{0}, rp_alloc(o->pool, sizeof(double) * (size_t)o->sizes[i])};
		memcpy(v->data, flat, sizeof(double) * (size_t)o->sizes[i]);
		flat += o->sizes[i];
	}
}

static void get_pieces(const Oracle *o, const RpVar *var, double *flat) {
	for (int i = 0; i < o->tensors; i++) {
		memcpy(flat, o->frames[i][var->slot].data, sizeof(double) * (size_t)o->sizes[i]);
		flat += o->sizes[i];
	}
}

static void begin(Oracle *o, const RpProgram *program, const RpRule *rule, const double *theta, int steps) {
	RpShape *shapes = rp_alloc(o->pool, sizeof *shapes * RP_COORDINATES);
	o->sizes = rp_alloc(o->pool, sizeof(int) * RP_COORDINATES);
	for (int i = 0; i < program->body.count; i++) {
		const RpStmt *s = program->body.data[i];
		if (s->kind == RP_ASSIGN || s->vars != 1 || s->var[0]->role != RP_PARAM)
			continue;
		const RpVar *var = s->var[0];
		RpShape shape = {.rank = var->shape.rank - var->apart};
		memcpy(shape.dims, var->shape.dims + var->apart, sizeof(int) * (size_t)shape.rank);
		for (int k = rp_count(&var->shape) / rp_count(&shape); k > 0; k--) {
			shapes[o->tensors] = shape;
			o->sizes[o->tensors++] = rp_count(&shape);
		}
	}
	if (rule->joint) {
		o->tensors = 1;
		o->sizes[0] = program->coordinates;
		shapes[0] = (RpShape){1, {program->coordinates}};
	}
	o->shapes = shapes;
	o->objective = program;
	o->applied = rule->applied;
	o->frames = rp_alloc(o->pool, sizeof *o->frames * (size_t)o->tensors);
	for (int i = 0; i < o->tensors; i++)
		o->frames[i] = rp_alloc(o->pool, sizeof(Value) * (size_t)(rule->slots + 1));
	o->frame = o->frames[0];
	set(o, rule->horizon, steps);
	for (int i = 0; i < rule->hypers; i++)
		set(o, rule->hyper[i], rule->hyper_value[i]);
	for (int i = 0; i < rule->learned_count; i++) {
		const RpLearned *l = &rule->learned[i];
		Value v = oracle_new(o, &l->var->shape);
		for (int k = 0; k < rp_count(&v.shape); k++)
			v.data[k] = rp_natural(l, *theta++);
		for (int k = 0; k < o->tensors; k++)
			o->frames[k][l->var->slot] = v;
	}
}

void rp_simulate(const RpProgram *program, const RpRule *rule, const double *x, const double *theta, int steps,
                 RpNoise noise, RpRun *out) {
	size_t mark = rp_mark(program->pool);
	Oracle oracle = {.pool = program->pool, .noise = noise, .width = 1}, *o = &oracle;
	*out = (RpRun){0};
	begin(o, program, rule, theta, steps);
	memcpy(out->x, x, sizeof(double) * (size_t)program->coordinates);
	set_pieces(o, rule->x, x);
	for (int t = 0; t <= steps; t++) {
		RpAnswer here;
		noise.seed += 1000;
		noise.step = o->noise.step = t + 1;
		o->start = out->x;
		rp_evaluate(program, out->x, noise, &here);
		out->f[t] = here.value;
		out->decisions = out->decisions * 31 + here.decisions;
		out->unclear = out->unclear || here.unclear;
		if (t == steps)
			break;
		set_pieces(o, rule->g, here.gradient);
		set(o, rule->f, here.value);
		set(o, rule->t, t + 1);
		if (t == 0) {
			for (int i = 0; i < rule->states; i++) {
				for (o->tensor = 0; o->tensor < o->tensors; o->tensor++) {
					o->frame = o->frames[o->tensor];
					o->frame[rule->state[i]->slot] = oracle_for_name(o, rule->state[i], rule->state_start[i]);
				}
			}
		}
		run_block(o, rule, &rule->body);
		get_pieces(o, rule->x, out->x);
	}
	out->decisions ^= o->decisions;
	out->unclear = out->unclear || o->unclear;
	rp_release(program->pool, mark);
}
