/* A program from a seed: its sizes, names and statements. */
#include "generate.h"

int gen_below(Gen *g, int n) {
	return (int)(rp_random(&g->state) % (uint64_t)n);
}

bool gen_chance(Gen *g, int percent) {
	return gen_below(g, 100) < percent;
}

int gen_between(Gen *g, int low, int high) {
	return low + gen_below(g, high - low + 1);
}

int gen_extent(Gen *g) {
	return g->extent[gen_below(g, gen_chance(g, 80) ? 3 : EXTENTS)];
}

RpVar *gen_var(Gen *g, RpRole role, RpKind kind, const RpShape *shape) {
	static const char letters[] = "cDwavikp";
	RpVar *var = RP_NEW(g->pool, RpVar);
	snprintf(var->name, sizeof var->name, "%c%d", letters[role], g->serial++);
	var->role = role;
	var->kind = kind;
	var->shape = *shape;
	var->size = 1;
	var->slot = g->program->slots++;
	var->of_params = role == RP_PARAM;
	return var;
}

void gen_show(Gen *g, RpVar *var) {
	if (g->count < SCOPE)
		g->scope[g->count++] = var;
}

RpVar *gen_pick(Gen *g, RpKind kind, int rank) {
	/* Later names are likelier, and so are those that depend on parameters. */
	RpVar *best = NULL;
	uint64_t most = 0;
	for (int i = 0; i < g->count; i++) {
		RpVar *v = g->scope[i];
		bool fits = v->kind == kind && (rank < 0 ? v->shape.rank > 0 : v->shape.rank == rank);
		if (!fits || (g->no_params && v->of_params))
			continue;
		uint64_t lot = rp_random(&g->state) >> 8;
		if (v->of_params)
			lot += lot / 3;
		if (!best || lot > most) {
			best = v;
			most = lot;
		}
	}
	return best;
}

RpProgram *rp_generate(uint64_t seed) {
	static const int extents[] = {2, 3, 3, 4, 5, 5, 6, 7, 1, 2, 8, 9, 16, 17};
	RpPool *pool = rp_pool_new();
	RpProgram *p = RP_NEW(pool, RpProgram);
	p->pool = pool;
	p->seed = seed;
	Gen gen = {.pool = pool, .program = p, .state = seed * UINT64_C(0x2545F4914F6CDD1D) + 1, .points = 1};
	Gen *g = &gen;
	for (int i = 0; i < EXTENTS; i++)
		g->extent[i] = extents[gen_below(g, i < 3 ? 9 : 14)];
	for (int i = 0; i < 3; i++)
		p->dims[i] = g->extent[i];
	p->flat = seed / 3 % 4 == 2;
	gen_functions(g);
	gen_objective(g);
	return p;
}
