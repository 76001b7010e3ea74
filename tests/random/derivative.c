/* Derivatives inside of random programs: what is minimized, differentiated by one of the values of the objective's body.
 *
 *     let whole = E
 *     let slope = grad(whole, v)
 *     minimize whole              twice: minimize slope[at]
 *     report along = slope[at]           report along = whole
 *
 * The oracle has a direction more: 1 for the element `at` of v from wherever v is defined or assigned, 0 for all that was computed
 * before. Second derivatives are differences of it. */
#include "oracle.h"

#include <math.h>
#include <string.h>

/* Whether a branch or `while` assigns it: afterwards it is a new value, whichever branch was taken. */
static bool made_anew(const RpBlock *block, const RpVar *var, bool inside) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		bool open = inside || s->kind == RP_WHEN || s->kind == RP_WHILE;
		if ((inside && s->kind == RP_ASSIGN && s->var[0] == var) || made_anew(&s->yes, var, open) ||
		    made_anew(&s->no, var, open))
			return true;
	}
	return false;
}

void rp_add_derivative(RpProgram *program, uint64_t seed) {
	enum { MOST = 200, REPORTS = 7 };
	RpVar *found[MOST];
	int count = 0;
	uint64_t state = seed ^ 0xD1FF;
	for (int i = 0; i < program->body.count; i++) {
		const RpStmt *s = program->body.data[i];
		for (int k = 0; (s->kind == RP_DEFINE || s->kind == RP_DRAW) && k < s->vars && count < MOST; k++)
			if (s->var[k]->kind == RP_REAL && s->var[k]->role != RP_CONST &&
			    !made_anew(&program->body, s->var[k], false))
				found[count++] = s->var[k];
	}
	if (count == 0 || program->reports >= REPORTS)
		return;
	program->by = found[rp_random(&state) % (uint64_t)count];
	program->twice = rp_random(&state) % 3 == 0;
	if (program->twice)
		rp_remove_stops(program);
	program->by_word = rp_random(&state) % 2 == 0 ? 0 : 1 + (int)(rp_random(&state) % 2);
	program->reports++;
	for (int k = 0; k < program->by->shape.rank; k++)
		program->by_at[k] = (int)(rp_random(&state) % (uint64_t)program->by->shape.dims[k]);
}

/* What the names of a block, and of those in it, stand for is held. */
static void hold_all(Oracle *o, const RpBlock *block) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		for (int k = 0; (s->kind == RP_DEFINE || s->kind == RP_DRAW) && k < s->vars; k++) {
			const Value *v = &o->frame[s->var[k]->slot];
			for (int n = 0; v->data && n < rp_count(&v->shape); n++)
				oracle_at(o, v, n)[o->width - 1] = 0;
		}
		hold_all(o, &s->yes);
		hold_all(o, &s->no);
	}
}

void oracle_defined(Oracle *o, const RpVar *var) {
	if (!o->program || var != o->program->by)
		return;
	hold_all(o, &o->program->body);
	const Value *v = &o->frame[var->slot];
	int place = 0;
	for (int k = 0; k < v->shape.rank; k++)
		place = place * v->shape.dims[k] + o->program->by_at[k];
	oracle_at(o, v, place)[o->width - 1] = 1;
}

/* The slope and its gradient, by differences with a step and with half of it, which have to agree. */
void oracle_differences(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out) {
	const double h = 1e-4;
	double slope = out->report[out->along], at[RP_COORDINATES];
	out->report[out->along] = out->value;
	out->value = slope;
	memcpy(at, x, sizeof(double) * (size_t)program->coordinates);
	noise.margins = NULL; /* of the middle alone */
	for (int k = 0; k < program->coordinates; k++) {
		double part[4];
		for (int i = 0; i < 4; i++) {
			RpAnswer there;
			at[k] = x[k] + (double[]){h, -h, h / 2, -h / 2}[i];
			oracle_evaluate(program, at, noise, &there);
			part[i] = there.report[there.along];
			out->unclear = out->unclear || there.unclear || there.decisions != out->decisions;
		}
		at[k] = x[k];
		double coarse = (part[0] - part[1]) / (2 * h), fine = (part[2] - part[3]) / h;
		out->gradient[k] = (4 * fine - coarse) / 3;
		if (noise.size == 0) /* which differences make large */
			out->unclear = out->unclear || !(fabs(fine - coarse) <= 1e-5 * (1 + fabs(fine)));
	}
}
