/* A search: all expressions, and stage by stage fewer of them, on more problems. The last word is said by problems that no stage has seen.
 *
 * Candidates are handed to threads in pieces; each score belongs to its candidate, and what goes on is decided on one thread, so the result
 * does not depend on how many there are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/propose.h"
#include "runtime/search/stages.h"

/* ---- threads ---- */

static void try_some(void *user, int item, int worker) {
	const void *const *shared = user;
	const Search *s = shared[0];
	const SearchRound *round = shared[1];
	unsigned before = search_flush_subnormals();
	uint32_t each = search_stages[round->stage].per_item, from = (uint32_t)item * each;
	for (uint32_t i = from; i < from + each && i < round->count && !rt_interrupted(s->rt); i++)
		search_try(s, &s->workers[worker], round->stage, &round->found[i]);
	search_flush_as_before(before);
}

/* What a stage is sorted by. */
typedef struct Key {
	double score;
	uint32_t expr, at; /* at: among the candidates of the stage */
} Key;

static bool make_workers(Search *s) {
	int threads = rt_pool_threads(s->rt->pool);
	double bytes = (double)s->count * (double)(sizeof(SearchLook) + 2 * sizeof(Key));
	for (int k = 0; k < s->out->lab_count; k++)
		bytes += threads * search_bench_bytes(s->out->labs[k]);
	if (!rt_memory_allows(s->rt, bytes, "this search"))
		return false;
	s->workers = ARENA_ARRAY(s->arena, SearchWorker, threads);
	for (int i = 0; i < threads; i++) {
		s->workers[i].benches = ARENA_ARRAY(s->arena, SearchBench *, s->out->lab_count);
		for (int k = 0; k < s->out->lab_count; k++)
			s->workers[i].benches[k] = search_bench_new(s->out->labs[k], s->arena);
	}
	return true;
}

/* ---- what is told ---- */

static void tell(Search *s, SearchProgress *p) {
	if (!s->options->progress)
		return;
	p->seconds = rt_seconds() - s->started;
	s->options->progress(s->options->user, p);
}

static bool making_goes_on(void *user, const SearchTable *so_far, int size) {
	Search *s = user;
	SearchProgress p = {.stage = -1, .size = size, .distinct = so_far->count, .best = (double)NAN};
	for (int k = 1; k <= size; k++)
		p.generated += so_far->generated[k];
	p.seconds = rt_seconds() - s->started;
	p.per_second = (double)p.generated / (p.seconds > 0 ? p.seconds : 1);
	tell(s, &p);
	FeSearchKind kind = s->experiment->search.kind;
	bool enough = kind == FE_SEARCH_AUTO ? search_is_too_many(so_far, size)
	                                     : kind != FE_SEARCH_ENUMERATE && so_far->count > SEARCH_STARTERS;
	return !enough && !rt_interrupted(s->rt);
}

static void tell_stage(Search *s, int stage, uint32_t done, uint32_t total, double since) {
	SearchProgress p = {.stage = stage, .done = done, .total = total, .best = (double)INFINITY};
	p.generated = s->out->generated;
	p.distinct = s->out->candidates;
	double took = rt_seconds() - since;
	p.per_second = done / (took > 0 ? took : 1);
	p.eta = took / done * (total - done);
	Arena *arena = arena_new();
	if (s->out->front_count > 0) {
		const SearchFound *best = &s->out->front[s->out->front_count - 1];
		FeLevel level;
		p.best = best->score;
		p.formula = search_formula(s->out->table, best->expr, best->constants, arena, &level);
	}
	tell(s, &p);
	arena_free(arena);
}

/* ---- who goes on ---- */

static void merge(const SearchTable *table, Key *keys, Key *spare, size_t count) {
	if (count < 2)
		return;
	size_t half = count / 2, i = 0, j = half, k = 0;
	merge(table, keys, spare, half);
	merge(table, keys + half, spare, count - half);
	while (i < half && j < count)
		spare[k++] =
			search_is_before(table, keys[j].score, keys[j].expr, keys[i].score, keys[i].expr) ? keys[j++] : keys[i++];
	while (i < half)
		spare[k++] = keys[i++];
	while (j < count)
		spare[k++] = keys[j++];
	memcpy(keys, spare, sizeof *keys * count);
}

/* The candidates of a stage, the best first. free() it. */
static Key *sorted(const Search *s, int stage) {
	Key *keys = memory_new(sizeof *keys * (s->count + 1)), *spare = memory_new(sizeof *keys * (s->count + 1));
	for (uint32_t i = 0; i < s->count; i++)
		keys[i] =
			stage == 0 ? (Key){s->looks[i].score, s->looks[i].expr, i} : (Key){s->found[i].score, s->found[i].expr, i};
	merge(s->out->table, keys, spare, s->count);
	free(spare);
	return keys;
}

/* The best `wanted`, and the best of each size, however large the sizes above make the field, are the candidates of the next stage. */
static void let_through(Search *s, int stage, uint32_t wanted) {
	bool seen[SEARCH_MOST_SIZE + 1] = {0};
	Key *keys = sorted(s, stage);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		uint8_t size = s->out->table->exprs[keys[i].expr].size;
		if (!isfinite(keys[i].score) || (i >= wanted && seen[size]))
			continue;
		seen[size] = true;
		keys[kept++] = keys[i];
	}
	SearchFound *found = memory_new(sizeof *found * (kept + 1));
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t at = keys[i].at;
		if (stage > 0)
			found[i] = s->found[at];
		else
			search_look_again(s, &s->looks[at], &found[i]);
	}
	free(keys);
	free(s->found);
	free(s->looks); /* of the first stage alone */
	s->looks = NULL;
	s->found = found;
	s->count = kept;
}

/* ---- stages ---- */

/* Kernels are compiled on this thread, before others call them. */
static bool need_kernels(Search *s, const SearchFound *found, uint32_t count) {
	for (uint32_t i = 0; i < count; i++) {
		SearchProgram program;
		search_program(s->out->table, found[i].expr, &program);
		for (int k = 0; k < s->out->lab_count; k++)
			if (!search_lab_need(s->out->labs[k], &program))
				return false;
	}
	return true;
}

int64_t search_evaluations(const Search *s) {
	int64_t sum = 0;
	for (int i = 0; i < rt_pool_threads(s->rt->pool); i++)
		for (int k = 0; k < s->out->lab_count; k++)
			sum += search_bench_evaluations(s->workers[i].benches[k]);
	return sum;
}

/* Scores the candidates of a round, or takes the scores that are known. false with a diagnostic, or interrupted. */
static bool score_round(Search *s, SearchRound *round) {
	bool ok;
	if (search_known_round(s, round, &ok))
		return true;
	if (!ok || !need_kernels(s, round->found, round->count))
		return false;
	search_put_entered(s, round);
	int64_t before = search_evaluations(s);
	uint32_t each = search_stages[round->stage].per_item;
	rt_pool_run(s->rt->pool, (int)((round->count + each - 1) / each), try_some, (const void *[]){s, round});
	round->evaluations = search_evaluations(s) - before;
	return !rt_interrupted(s->rt);
}

/* Of the first stage, candidates have their room in `batch`. */
static bool run_round(Search *s, int stage, uint32_t first, uint32_t count, SearchFound *batch) {
	SearchRound round = {.stage = stage, .first = first, .count = count};
	round.found = stage == 0 ? batch : s->found + first;
	for (uint32_t i = 0; stage == 0 && i < count; i++)
		search_look_again(s, &s->looks[first + i], &batch[i]);
	if (!score_round(s, &round))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		s->ends[round.found[i].end]++;
		if (stage == 0)
			s->looks[first + i] = (SearchLook){batch[i].score, batch[i].rate, batch[i].expr};
	}
	s->out->evaluations += round.evaluations;
	search_see_best(s, &round);
	search_make_front(s, stage);
	search_put_round(s, &round);
	s->epoch++;
	return search_tell_best(s) && search_open_archive(s);
}

static void begin_stage(Search *s) {
	for (int size = 0; size <= SEARCH_MOST_SIZE; size++)
		s->best_of[size].score = (double)INFINITY;
	memset(s->ends, 0, sizeof s->ends);
}

static const char *const end_texts[SEARCH_ENDS] = {
	[SEARCH_NOT_DOWN] = "none of their rates brings the objective down in the first steps",
	[SEARCH_NOT_FINITE] = "the objective becomes infinite or NaN",
	[SEARCH_GOES_NOWHERE] = "their first step is 0, or not finite",
	[SEARCH_BAD_START] = "the objective is not finite where a problem starts",
};

/* Nothing came through a stage: why not. */
static void say_nothing(Search *s, int stage, uint32_t count) {
	Session *session = s->rt->session;
	Arena *arena = session->arena;
	const SearchEvolved *evolved =
		stage == 0 ? s->out->evolved : NULL; /* of which nothing without a score comes here */
	long long all = evolved ? (long long)evolved->generated : count;
	const char *which = all == 1 ? "the only expression" : arena_printf(arena, "none of the %lld expressions", all);
	const char *where = evolved      ? "that were made"
	                    : stage == 0 ? "in this space"
	                                 : arena_printf(arena, "that came to the %s", search_stage_words[stage]);
	Diag *diag = diag_error(session, 820, s->out->labs[0]->hole->span, "%s %s %s the objective down", which, where,
	                        all == 1 ? "does not bring" : "brings");
	for (int end = 0; end < SEARCH_ENDS; end++)
		if (end_texts[end] && s->ends[end])
			diag_note(session, diag, "of %u: %s", s->ends[end], end_texts[end]);
	if (evolved || s->ends[SEARCH_NOT_DOWN])
		diag_help(session, diag, "a step goes down the gradient: `x <- x - lr * discover(...)`");
}

static bool run_stage(Search *s, int stage) {
	const SearchStage *how = &search_stages[stage];
	SearchFound *batch = stage == 0 ? memory_new(sizeof *batch * how->per_round) : NULL;
	double since = rt_seconds();
	bool ok = true;
	begin_stage(s);
	s->out->evaluated[stage] = s->count;
	for (uint32_t done = 0; ok && done < s->count;) {
		uint32_t left = s->count - done, count = left < how->per_round ? left : how->per_round;
		ok = run_round(s, stage, done, count, batch);
		done += count;
		if (ok)
			tell_stage(s, stage, done, s->count, since);
	}
	free(batch);
	if (!ok || (stage == 1 && !search_propose(s)))
		return false;
	bool chosen = stage == 0 && s->out->evolved; /* by what the second look said of them */
	uint32_t wanted = chosen ? s->count : (uint32_t)(how->share * s->count + 0.5), count = s->count;
	int keep = s->experiment->keep > 0 ? s->experiment->keep : SEARCH_KEPT;
	uint32_t least = stage + 1 == SEARCH_STAGES ? (uint32_t)keep : how->least;
	let_through(s, stage, wanted > least ? wanted : least);
	if (s->count == 0)
		say_nothing(s, stage, count);
	return s->count > 0;
}

/* ---- the last word ---- */

static double mean_of(const Search *s, Problems *const *problems, const double *scores) {
	double sum = 0;
	int count = 0;
	for (int k = 0; k < s->out->lab_count; k++)
		for (int i = 0; i < problems[k]->count; i++)
			sum += scores[count++];
	return sum / count;
}

/* What counts is the score that the rule has when it is run as any other, with subnormal numbers. */
static void finish_some(void *user, int item, int worker) {
	const void *const *shared = user;
	const Search *s = shared[0];
	const SearchWorker *own = &s->workers[worker];
	SearchFound *found = s->found + *(const uint32_t *)shared[1] + item;
	Problems *const *problems = s->select ? s->select : s->train;
	unsigned before = search_flush_subnormals();
	search_round(s, own, found);
	search_score_each(s, own, problems, found, found->select_scores);
	found->flushed = mean_of(s, problems, found->select_scores);
	search_flush_as_before(before);
	search_score_each(s, own, problems, found, found->select_scores);
}

/* Finalists are written with few digits, and scored on the select problems; the front is made of these scores. */
static bool score_finalists(Search *s) {
	SearchResult *out = s->out;
	Problems *const *problems = s->select ? s->select : s->train;
	int count = 0, threads = rt_pool_threads(s->rt->pool);
	int64_t before = search_evaluations(s);
	double since = rt_seconds();
	if (out->evolved)
		search_ablate(s);
	out->finalists = s->count;
	for (int k = 0; k < out->lab_count; k++)
		count += problems[k]->count;
	for (uint32_t i = 0; i < s->count; i++)
		s->found[i].select_scores = ARENA_ARRAY(s->arena, double, count + 1);
	if (!need_kernels(s, s->found, s->count))
		return false;
	for (uint32_t done = 0; done < s->count;) {
		uint32_t left = s->count - done, some = left < (uint32_t)threads ? left : (uint32_t)threads;
		rt_pool_run(s->rt->pool, (int)some, finish_some, (const void *[]){s, &done});
		if (rt_interrupted(s->rt))
			return false;
		done += some;
		tell_stage(s, SEARCH_SELECTING, done, s->count, since);
	}
	if (out->trains && !search_train_beside(s, problems))
		return false;
	/* Nothing is drawn in a search but problems, so the intervals are the same for every seed. */
	for (uint32_t i = 0; i < s->count; i++) {
		SearchFound *found = &s->found[i];
		found->select = compare_bootstrap(found->select_scores, count, SEARCH_RESAMPLES, 0);
		found->score = isfinite(found->select.mean) ? found->select.mean : (double)INFINITY;
	}
	begin_stage(s);
	search_see_best(s, &(SearchRound){.stage = SEARCH_STAGES, .found = s->found, .count = s->count});
	search_make_front(s, SEARCH_STAGES);
	out->select_problems = s->select ? count : 0;
	out->evaluations += search_evaluations(s) - before;
	search_put_finalists(s, search_evaluations(s) - before);
	if (out->stage == SEARCH_STAGES)
		return true;
	diag_error(s->rt->session, 820, out->labs[0]->hole->span,
	           "none of the %u finalists stays finite on all of the %d problems that they are chosen by", s->count,
	           count);
	return false;
}

/* ---- beginning and end ---- */

static bool make_labs(Search *s) {
	SearchResult *out = s->out;
	const FeExperiment *x = s->experiment;
	out->labs = ARENA_ARRAY(out->arena, SearchLab *, x->on.count + 1);
	for (uint32_t k = 0; k < x->on.count; k++) {
		out->labs[k] = search_lab_new(s->rt, &x->on.data[k], &x->train, x->score);
		if (!out->labs[k])
			return false;
		out->lab_count++;
	}
	return true;
}

static bool make_problems(Search *s) {
	int count = s->out->lab_count;
	Task **tasks = ARENA_ARRAY(s->arena, Task *, count + 1);
	for (int k = 0; k < count; k++)
		tasks[k] = s->out->labs[k]->task;
	bool ok = search_make_problems(s->experiment, tasks, count, s->arena, &s->problems);
	s->train = s->problems.train;
	s->select = s->problems.select;
	return ok;
}

/* All coordinates belong to one tensor. */
static bool is_together(const SearchLab *lab) {
	return lab->task->rule->decl->joint || lab->task->objective->arrays.count == 1;
}

/* All there are; or, for evolution, the small ones, with which it begins. */
static void make_candidates(Search *s) {
	SearchResult *out = s->out;
	bool together = true;
	for (int k = 0; k < out->lab_count; k++)
		together = together && is_together(out->labs[k]);
	for (const FeHole *hole = out->labs[0]->hole; hole; hole = hole->next) {
		search_space_of(out->labs[0]->task->rule, hole, together, &out->spaces[out->holes]);
		out->spaces[out->holes++].single = s->rt->options.real == IR_F32;
	}
	search_space_join(out->spaces, out->holes, &out->space);
	out->kind = s->experiment->search.kind;
	if (out->holes > 1) {
		out->table = search_table_new(&out->space);
		out->kind = out->kind == FE_SEARCH_AUTO ? FE_SEARCH_EVOLVE : out->kind;
		return;
	}
	out->table = search_enumerate(&out->space, making_goes_on, s);
	if (out->kind == FE_SEARCH_AUTO)
		out->kind = out->table->stopped ? FE_SEARCH_EVOLVE : FE_SEARCH_ENUMERATE;
	if (out->kind != FE_SEARCH_ENUMERATE)
		return;
	for (int size = 1; size <= out->space.size; size++)
		out->generated += out->table->generated[size];
	for (uint32_t i = 0; i < out->table->count; i++)
		s->count += search_is_candidate(out->table, i);
	s->looks = memory_new(sizeof *s->looks * (s->count + 1));
	uint32_t count = 0;
	for (uint32_t i = 0; i < out->table->count; i++)
		if (search_is_candidate(out->table, i))
			s->looks[count++].expr = i;
	out->candidates = s->count;
}

static bool run(Search *s) {
	if (!make_labs(s))
		return false;
	search_see_beside(s);
	make_candidates(s);
	if (s->out->holes > 1 && s->out->kind == FE_SEARCH_ENUMERATE) {
		Diag *diag = diag_error(s->rt->session, 335, s->out->labs[0]->hole->next->span,
		                        "several open expressions together are too many to be enumerated");
		diag_help(s->rt->session, diag, "write `search evolve()`, or leave it to `auto`");
		return false;
	}
	if (rt_interrupted(s->rt) || !make_problems(s) || !make_workers(s))
		return false;
	if (s->options->resumes && !search_open_archive(s))
		return false;
	if ((s->out->kind != FE_SEARCH_ENUMERATE && !search_evolve_candidates(s)) || !search_imitate(s))
		return false;
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		if (!run_stage(s, stage))
			return false;
	return score_finalists(s);
}

static void end(Search *s) {
	search_free_problems(&s->problems);
	search_archive_close(s->archive);
	free(s->looks);
	free(s->found);
}

SearchResult *search_experiment(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Arena *arena = arena_new();
	SearchResult *out = ARENA_NEW(arena, SearchResult);
	*out = (SearchResult){.arena = arena, .experiment = experiment, .train_problems = experiment->train_problems};
	out->front = ARENA_ARRAY(arena, SearchFound, SEARCH_MOST_SIZE + 1);
	Search s = {.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena};
	s.started = rt_seconds();
	double compiled = rt->compile_seconds;
	uint32_t errors = rt->session->error_count;
	bool ok = run(&s);
	out->behind = !ok && s.archive && s.epoch < search_archive_epochs(s.archive);
	end(&s);
	out->interrupted = !ok && rt_interrupted(rt) && rt->session->error_count == errors + out->archive_lost;
	out->compile_seconds = rt->compile_seconds - compiled;
	out->seconds = rt_seconds() - s.started - out->compile_seconds;
	if (ok || (out->interrupted && out->front_count > 0))
		return out;
	search_free(out);
	return NULL;
}

void search_free(SearchResult *result) {
	if (!result)
		return;
	for (int k = 0; k < result->lab_count; k++)
		search_lab_free(result->labs[k]);
	search_table_free(result->table);
	arena_free(result->arena);
}
