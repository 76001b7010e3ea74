/* A search among the choices of a rule: successive halving over all combinations, in the stages of the funnel (limits.h). The last word is
 * said by problems that no stage has seen, and by the rules as they are written.
 *
 * Combinations are handed to threads in pieces; each score belongs to its combination, so the result does not depend on how many there
 * are. */
#include <math.h>
#include <stdlib.h>

#include "runtime/search/choose.h"
#include "runtime/search/stages.h"

/* ---- what is told ---- */

static void tell(const Choosing *c, int stage, uint32_t done, double since) {
	if (!c->options->progress)
		return;
	SearchProgress p = {.stage = stage, .done = done, .total = c->count, .best = (double)INFINITY};
	double took = rt_seconds() - since;
	const ChooseFound *best = &c->found[0];
	Arena *arena = arena_new();
	p.distinct = c->out->space.distinct_count;
	p.per_second = done / (took > 0 ? took : 1);
	p.eta = done ? took / done * (c->count - done) : 0;
	p.seconds = rt_seconds() - c->started;
	for (uint32_t i = 0; i < done; i++)
		best = c->found[i].score < best->score ? &c->found[i] : best;
	p.best = best->score;
	p.formula = search_choose_text(c->rt->session, &c->out->space, best->combination, arena);
	c->options->progress(c->options->user, &p);
	arena_free(arena);
}

/* ---- stages ---- */

typedef struct Round {
	Choosing *choosing;
	int stage;
	uint32_t first, end;
} Round;

static void try_some(void *user, int item, int worker) {
	Round *round = user;
	unsigned before = search_flush_subnormals();
	uint32_t per_item = search_stages[round->stage].per_item;
	uint32_t from = round->first + (uint32_t)item * per_item, to = from + per_item;
	for (uint32_t i = from; i < to && i < round->end && !rt_interrupted(round->choosing->rt); i++)
		search_choose_try(round->choosing, &round->choosing->workers[worker], round->stage, &round->choosing->found[i]);
	search_flush_as_before(before);
}

/* By score; equals by number. */
static int by_score(const void *a, const void *b) {
	const ChooseFound *x = a, *y = b;
	if (x->score < y->score || y->score < x->score)
		return x->score < y->score ? -1 : 1;
	return (x->combination > y->combination) - (x->combination < y->combination);
}

uint32_t search_choose_best(ChooseFound *found, uint32_t count, uint32_t wanted) {
	uint32_t kept = 0;
	qsort(found, count, sizeof *found, by_score);
	while (kept < count && kept < wanted && isfinite(found[kept].score))
		kept++;
	return kept;
}

/* Interrupted: a few of those that this stage has scored (in the first one), or of those that came into it. */
static bool stop_stage(Choosing *c, int stage, uint32_t done) {
	if (stage == 0) {
		for (uint32_t i = 0; i < c->count; i++)
			c->found[i].score = i < done && c->found[i].rate > 0 ? c->found[i].score : (double)INFINITY;
		c->count = search_choose_best(c->found, c->count, SEARCH_KEPT);
	}
	c->count = c->count < SEARCH_KEPT ? c->count : SEARCH_KEPT;
	return c->count > 0;
}

uint32_t search_choose_try_all(Choosing *c, int stage) {
	const SearchStage *how = &search_stages[stage];
	double since = rt_seconds();
	uint32_t done = 0;
	while (done < c->count && !rt_interrupted(c->rt)) {
		uint32_t end = done + how->per_round < c->count ? done + how->per_round : c->count;
		Round round = {c, stage, done, end};
		rt_pool_run(c->rt->pool, (int)((end - done + how->per_item - 1) / how->per_item), try_some, &round);
		if (!rt_interrupted(c->rt))
			done = end;
		if (done || rt_interrupted(c->rt))
			tell(c, stage, done, since);
	}
	return done;
}

/* A first look is too short to sort out what the second one has time for. */
uint32_t search_choose_goes_on(uint32_t count, int stage, uint32_t keep) {
	const SearchStage *how = &search_stages[stage];
	uint32_t share = (uint32_t)(how->share * count + 0.5);
	uint32_t least = stage + 1 == SEARCH_STAGES ? keep : stage == 0 ? search_stages[1].least : how->least;
	uint32_t wanted = share > least ? share : least;
	return wanted < count ? wanted : count;
}

static bool run_stage(Choosing *c, int stage) {
	c->out->evaluated[stage] = c->count;
	uint32_t done = search_choose_try_all(c, stage);
	if (rt_interrupted(c->rt))
		return stop_stage(c, stage, done);
	int keep = c->experiment->keep > 0 ? c->experiment->keep : SEARCH_KEPT;
	c->count = search_choose_best(c->found, c->count, search_choose_goes_on(c->count, stage, (uint32_t)keep));
	if (c->count == 0) {
		const AstDecl *rule = c->experiment->train.decl;
		diag_error(c->rt->session, 820, rule->name.span,
		           "none of the %u combinations of the choices of `%s` brings the objective down",
		           (unsigned)c->out->space.distinct_count, session_text(c->rt->session, rule->name.name));
	}
	return c->count > 0;
}

/* ---- beginning and end ---- */

static bool make_labs(Choosing *c, const ChooseRule *rule) {
	const FeExperiment *x = c->experiment;
	c->labs = ARENA_ARRAY(c->arena, ChooseLab *, x->on.count + 1);
	for (uint32_t k = 0; k < x->on.count; k++) {
		c->labs[k] = search_choose_lab_new(c->rt, &x->on.data[k], rule, x->score, x->horizon_high);
		if (!c->labs[k])
			return false;
		c->lab_count++;
	}
	c->learned = (int)learned_count(search_choose_lab_rule(c->labs[0]));
	return true;
}

static bool make_problems(Choosing *c) {
	const FeExperiment *x = c->experiment;
	c->train = ARENA_ARRAY(c->arena, Problems *, c->lab_count);
	c->select = x->select_problems > 0 ? ARENA_ARRAY(c->arena, Problems *, c->lab_count) : NULL;
	for (int k = 0; k < c->lab_count; k++) {
		c->train[k] = search_choose_lab_problems(c->labs[k], PROBLEMS_TRAIN, x->train_problems);
		if (!c->train[k])
			return false;
		if (c->select)
			c->select[k] = search_choose_lab_problems(c->labs[k], PROBLEMS_SELECT, x->select_problems);
		if (c->select && !c->select[k])
			return false;
	}
	return true;
}

static bool make_workers(Choosing *c) {
	int threads = rt_pool_threads(c->rt->pool);
	double bytes = (double)c->count * sizeof(ChooseFound);
	for (int k = 0; k < c->lab_count; k++)
		bytes += threads * search_choose_bench_bytes(c->labs[k]);
	if (!rt_memory_allows(c->rt, bytes, "this search"))
		return false;
	c->workers = ARENA_ARRAY(c->arena, ChooseWorker, threads);
	for (int i = 0; i < threads; i++) {
		c->workers[i].benches = ARENA_ARRAY(c->arena, ChooseBench *, c->lab_count);
		for (int k = 0; k < c->lab_count; k++)
			c->workers[i].benches[k] = search_choose_bench_new(c->labs[k], c->arena);
	}
	return true;
}

static void make_combinations(Choosing *c) {
	const ChooseSpace *space = &c->out->space;
	c->count = space->distinct_count;
	c->found = ARENA_ARRAY(c->arena, ChooseFound, c->count + 1);
	for (uint32_t i = 0; i < c->count; i++)
		c->found[i].combination = space->distinct[i];
}

static void score_finalists(Choosing *c) {
	ChooseResult *out = c->out;
	Problems *const *problems = c->select ? c->select : c->train;
	int count = 0;
	for (int k = 0; k < c->lab_count; k++)
		count += problems[k]->count;
	double *scores = ARENA_ARRAY(c->arena, double, count + 1);
	for (uint32_t i = 0; i < c->count; i++) {
		ChooseFound *found = &c->found[i];
		unsigned before = search_flush_subnormals();
		search_choose_round(c, &c->workers[0], found);
		search_choose_score_each(c, &c->workers[0], problems, found, scores);
		search_flush_as_before(before);
		found->lanes = 0;
		for (int k = 0; k < count; k++)
			found->lanes += scores[k] / count;
	}
	out->select_problems = c->select ? count : 0;
}

/* Written, read, compiled and scored like any rules: these are the figures that are shown. */
static bool write_finalists(Choosing *c) {
	ChooseResult *out = c->out;
	out->best = c->found;
	for (uint32_t i = 0; i < c->count; i++) {
		ChooseFound *found = &c->found[i];
		tell(c, SEARCH_STAGES, i, rt_seconds());
		if (rt_interrupted(c->rt) && i > 0) /* they are in the order of the last round */
			c->count = i;
		if (i == c->count)
			break;
		if (!search_choose_write(c, found))
			return false;
		found->score = isfinite(found->select.mean) ? found->select.mean : (double)INFINITY;
	}
	out->best_count = search_choose_best(c->found, c->count, c->count); /* but for those that are not finite there */
	if (out->best_count == 0) {
		const AstDecl *rule = c->experiment->train.decl;
		diag_error(
			c->rt->session, 820, rule->name.span,
			"none of the finalists among the choices of `%s` stays finite on the problems that they are chosen by",
			session_text(c->rt->session, rule->name.name));
	}
	return out->best_count > 0;
}

bool search_choose_begin(Choosing *c, const ChooseRule *rule) {
	if (!make_labs(c, rule))
		return false;
	c->out->task = search_choose_lab_task(c->labs[0]);
	if (!search_choose_space_of(c->rt, search_choose_lab_rule(c->labs[0]), &c->experiment->search, c->experiment->seed,
	                            c->arena, &c->out->space))
		return false;
	make_combinations(c);
	return make_problems(c) && make_workers(c);
}

static bool run(Choosing *c) {
	if (!search_choose_begin(c, &(ChooseRule){.call = &c->experiment->train}))
		return false;
	for (int stage = 0; stage < SEARCH_STAGES && (stage == 0 || !rt_interrupted(c->rt)); stage++) {
		if (!run_stage(c, stage))
			return false;
		if (stage == CHOOSE_CLIMBS && c->out->space.sampled)
			search_choose_climb(c);
	}
	score_finalists(c);
	return write_finalists(c);
}

Choosing *search_choosing_new(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Arena *arena = arena_new();
	ChooseResult *out = ARENA_NEW(arena, ChooseResult);
	Choosing *c = ARENA_NEW(arena, Choosing);
	*out = (ChooseResult){
		.arena = arena, .experiment = experiment, .train_problems = experiment->train_problems, .choosing = c};
	*c = (Choosing){.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena};
	c->started = rt_seconds();
	return c;
}

ChooseResult *search_choose_experiment(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Choosing *c = search_choosing_new(rt, experiment, options);
	ChooseResult *out = c->out;
	double compiled = rt->compile_seconds;
	bool ok = run(c);
	for (int i = 0; c->workers && i < rt_pool_threads(rt->pool); i++)
		for (int k = 0; k < c->lab_count; k++)
			out->evaluations += search_choose_bench_evaluations(c->workers[i].benches[k]);
	out->interrupted = rt_interrupted(rt);
	out->compile_seconds = rt->compile_seconds - compiled;
	out->seconds = rt_seconds() - c->started - out->compile_seconds;
	if (ok)
		return out;
	search_choose_free(out);
	return NULL;
}

void search_choose_free(ChooseResult *result) {
	if (!result)
		return;
	Choosing *c = result->choosing;
	for (int k = 0; k < c->lab_count; k++) {
		if (c->train)
			problems_free(c->train[k]);
		if (c->select)
			problems_free(c->select[k]);
		search_choose_lab_free(c->labs[k]);
	}
	arena_free(result->arena);
}
