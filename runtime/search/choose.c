/* A search among the choices of a rule: successive halving over all combinations, in the stages of the funnel (limits.h). The last word is
 * said by problems that no stage has seen, and by the rules as they are written.
 *
 * Combinations are handed to threads in pieces; each score belongs to its combination, so the result does not depend on how many there
 * are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Takes the best of a round, whose candidates are scored, as the best so far: within a stage by score, and any of a later one, as its problems
 * are more. */
static void see_best(Choosing *c, const ChooseRound *round) {
	ChooseResult *out = c->out;
	for (uint32_t i = 0; i < round->count; i++) {
		const ChooseFound *found = &round->found[i];
		bool later = out->best_count == 0 || round->stage > out->stage;
		if (!isfinite(found->score) || (!later && !(found->score < c->best.score)))
			continue;
		c->best = *found;
		c->fresh = true;
		out->stage = round->stage;
		out->best = &c->best;
		out->best_count = 1;
	}
}

/* false with a diagnostic: it cannot be saved. */
static bool tell_best(Choosing *c) {
	if (!c->fresh || !c->options->chosen || !search_choose_tells(&c->kept))
		return true;
	c->fresh = false;
	return c->options->chosen(c->options->user, c->out);
}

/* ---- rounds ---- */

static void try_some(void *user, int item, int worker) {
	const void *const *shared = user;
	const Choosing *c = shared[0];
	const ChooseRound *round = shared[1];
	unsigned before = search_flush_subnormals();
	uint32_t each = search_stages[round->stage].per_item, from = (uint32_t)item * each;
	for (uint32_t i = from; i < from + each && i < round->count && !rt_interrupted(c->rt); i++)
		search_choose_try(c, &c->workers[worker], round->stage, &round->found[i]);
	search_flush_as_before(before);
}

int64_t search_choose_evaluations(const Choosing *c) {
	int64_t sum = 0;
	for (int i = 0; i < rt_pool_threads(c->rt->pool); i++)
		for (int k = 0; k < c->lab_count; k++)
			sum += search_choose_bench_evaluations(c->workers[i].benches[k]);
	return sum;
}

/* What the archive has of a round, in `state`: score, rate and learned numbers, as they are trained, of each candidate. */
static size_t state_numbers(const Choosing *c) {
	return 2 + (size_t)c->learned;
}

/* Takes the scores of a round that is there, and holds its rows against them. false with E0812. */
static bool read_round(Choosing *c, ChooseRound *round) {
	Arena *scratch = arena_new();
	SearchArchiveEpoch epoch;
	size_t each = state_numbers(c);
	bool known = search_choose_known(&c->kept, scratch, &epoch), ok = known && epoch.stage == round->stage;
	ok = ok && epoch.state_bytes == sizeof(double) * each * round->count;
	for (uint32_t i = 0; ok && i < round->count; i++) {
		const double *state = (const double *)epoch.state + each * i;
		ChooseFound *found = &round->found[i];
		SearchArchiveScore score;
		found->score = state[0];
		found->rate = state[1];
		memcpy(found->theta, state + 2, sizeof(double) * (size_t)c->learned);
		search_choose_see_natural(c, found);
		ok = search_archive_find_score(c->kept.archive, (uint64_t)found->combination, round->stage, &score) &&
		     (score.value == found->score || (isnan(score.value) && isnan(found->score)));
	}
	round->evaluations = ok ? epoch.evaluations : 0;
	if (known && !ok)
		search_choose_say_changed(&c->kept);
	arena_free(scratch);
	return ok;
}

/* The combinations of a list as rows of the archive; state: NULL, or state_numbers of each. */
static ChooseRow *rows_of(const Choosing *c, const ChooseFound *found, uint32_t count, const char *source,
                          double *state, Arena *arena) {
	ChooseRow *rows = ARENA_ARRAY(arena, ChooseRow, count + 1);
	bool rated = search_choose_lab_rule(c->labs[0])->rate >= 0;
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = (ChooseRow){.combination = found[i].combination,
		                      .score = found[i].score,
		                      .rate = rated ? found[i].rate : (double)NAN,
		                      .numbers = found[i].natural,
		                      .number_count = c->learned,
		                      .source = source};
		if (!state)
			continue;
		*state++ = found[i].score;
		*state++ = found[i].rate;
		memcpy(state, found[i].theta, sizeof *state * (size_t)c->learned);
		state += c->learned;
	}
	return rows;
}

static void put_round(Choosing *c, const ChooseRound *round) {
	Arena *scratch = arena_new();
	size_t numbers = state_numbers(c) * round->count;
	double *state = ARENA_ARRAY(scratch, double, numbers + 1);
	FeSearchKind kind = c->experiment->search.kind;
	const char *source = round->climbs                                       ? "climb"
	                     : kind == FE_SEARCH_RANDOM || c->out->space.sampled ? "random"
	                                                                         : "enumerate";
	ChooseEpoch epoch = {.epoch = {.stage = round->stage,
	                               .evaluations = round->evaluations,
	                               .state = state,
	                               .state_bytes = sizeof *state * numbers},
	                     .rows = rows_of(c, round->found, round->count,
	                                     round->stage == 0 || round->climbs ? source : NULL, state, scratch),
	                     .count = round->count};
	search_choose_put(&c->kept, &epoch);
	arena_free(scratch);
}

/* false with a diagnostic, or interrupted. */
static bool run_round(Choosing *c, ChooseRound *round) {
	if (search_choose_is_there(&c->kept)) {
		if (!read_round(c, round))
			return false;
	} else {
		int64_t before = search_choose_evaluations(c);
		uint32_t each = search_stages[round->stage].per_item;
		rt_pool_run(c->rt->pool, (int)((round->count + each - 1) / each), try_some, (const void *[]){c, round});
		round->evaluations = search_choose_evaluations(c) - before;
		if (rt_interrupted(c->rt))
			return false;
	}
	c->out->evaluations += round->evaluations;
	see_best(c, round);
	put_round(c, round);
	c->kept.epoch++;
	return tell_best(c) && search_choose_open(&c->kept, c->out->best_count > 0);
}

/* ---- stages ---- */

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

bool search_choose_try_all(Choosing *c, int stage, bool climbs) {
	const SearchStage *how = &search_stages[stage];
	double since = rt_seconds();
	for (uint32_t done = 0; done < c->count;) {
		uint32_t left = c->count - done, count = left < how->per_round ? left : how->per_round;
		ChooseRound round = {.stage = stage, .found = c->found + done, .count = count, .climbs = climbs};
		if (!run_round(c, &round))
			return false;
		done += count;
		tell(c, stage, done, since);
	}
	return true;
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
	if (!search_choose_try_all(c, stage, false))
		return false;
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
	Task **tasks = ARENA_ARRAY(c->arena, Task *, c->lab_count + 1);
	for (int k = 0; k < c->lab_count; k++)
		tasks[k] = search_choose_lab_task(c->labs[k]);
	bool ok = search_make_problems(c->experiment, tasks, c->lab_count, c->arena, &c->problems);
	c->train = c->problems.train;
	c->select = c->problems.select;
	return ok;
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

static int problems_at_the_end(const Choosing *c) {
	Problems *const *problems = c->select ? c->select : c->train;
	int count = 0;
	for (int k = 0; k < c->lab_count; k++)
		count += problems[k]->count;
	return count;
}

static void score_finalist(Choosing *c, ChooseFound *found) {
	Problems *const *problems = c->select ? c->select : c->train;
	int count = problems_at_the_end(c);
	double *scores = ARENA_ARRAY(c->arena, double, count + 1);
	unsigned before = search_flush_subnormals();
	search_choose_round(c, &c->workers[0], found);
	search_choose_score_each(c, &c->workers[0], problems, found, scores);
	search_flush_as_before(before);
	found->lanes = 0;
	for (int k = 0; k < count; k++)
		found->lanes += scores[k] / count;
}

static void put_finalists(Choosing *c, int64_t evaluations) {
	Arena *scratch = arena_new();
	ChooseEpoch epoch = {.epoch = {.stage = SEARCH_STAGES, .evaluations = evaluations},
	                     .rows = rows_of(c, c->found, c->count, NULL, NULL, scratch),
	                     .count = c->count};
	search_choose_put(&c->kept, &epoch);
	arena_free(scratch);
}

/* Written, read, compiled and scored like any rules: these are the figures that are shown. */
static bool write_finalists(Choosing *c) {
	ChooseResult *out = c->out;
	int64_t before = search_choose_evaluations(c);
	for (uint32_t i = 0; i < c->count; i++) {
		ChooseFound *found = &c->found[i];
		tell(c, SEARCH_STAGES, i, rt_seconds());
		score_finalist(c, found);
		if (rt_interrupted(c->rt) || !search_choose_write(c, found))
			return false;
		found->score = isfinite(found->select.mean) ? found->select.mean : (double)INFINITY;
	}
	out->evaluations += search_choose_evaluations(c) - before;
	put_finalists(c, search_choose_evaluations(c) - before);
	uint32_t finite = search_choose_best(c->found, c->count, c->count);
	if (finite == 0) {
		const AstDecl *rule = c->experiment->train.decl;
		diag_error(
			c->rt->session, 820, rule->name.span,
			"none of the finalists among the choices of `%s` stays finite on the problems that they are chosen by",
			session_text(c->rt->session, rule->name.name));
		return false;
	}
	out->best = c->found;
	out->best_count = finite;
	out->stage = SEARCH_STAGES;
	out->select_problems = c->select ? problems_at_the_end(c) : 0;
	return true;
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
	search_choose_keep(&c->kept, c->rt, c->experiment, c->options, &c->out->space, 0, c->arena);
	if (!search_choose_open(&c->kept, false))
		return false;
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		if (!run_stage(c, stage) || (stage == CHOOSE_CLIMBS && c->out->space.sampled && !search_choose_climb(c)))
			return false;
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
	uint32_t errors = rt->session->error_count;
	bool ok = run(c);
	out->archive_lost = c->kept.lost;
	out->behind = !ok && search_choose_is_there(&c->kept);
	search_archive_close(c->kept.archive);
	out->interrupted = !ok && rt_interrupted(rt) && rt->session->error_count == errors + out->archive_lost;
	out->compile_seconds = rt->compile_seconds - compiled;
	out->seconds = rt_seconds() - c->started - out->compile_seconds;
	if (ok || (out->interrupted && out->best_count > 0))
		return out;
	search_choose_free(out);
	return NULL;
}

void search_choose_free(ChooseResult *result) {
	if (!result)
		return;
	Choosing *c = result->choosing;
	search_free_problems(&c->problems);
	for (int k = 0; k < c->lab_count; k++)
		search_choose_lab_free(c->labs[k]);
	arena_free(result->arena);
}
