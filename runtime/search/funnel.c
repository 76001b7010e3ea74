/* A search: all expressions, and stage by stage fewer of them, on more problems. The last word is said by problems that no stage has seen.
 *
 * Candidates are handed to threads in pieces; each score belongs to its candidate, and what goes on is decided on one thread, so the result
 * does not depend on how many there are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/stages.h"

/* ---- threads ---- */

typedef struct Round {
	Search *search;
	int stage;
	uint32_t first, end;
} Round;

static void try_some(void *user, int item, int worker) {
	Round *round = user;
	unsigned before = search_flush_subnormals();
	uint32_t from = round->first + (uint32_t)item * SEARCH_PER_ITEM, to = from + SEARCH_PER_ITEM;
	for (uint32_t i = from; i < to && i < round->end && !rt_interrupted(round->search->rt); i++)
		search_try(round->search, &round->search->workers[worker], round->stage, &round->search->found[i]);
	search_flush_as_before(before);
}

static bool make_workers(Search *s) {
	int threads = rt_pool_threads(s->rt->pool);
	double bytes = (double)s->count * sizeof(SearchFound) * 2;
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

static void tell_stage(Search *s, int stage, uint32_t done, double since) {
	SearchProgress p = {.stage = stage, .done = done, .total = s->count, .best = (double)INFINITY};
	p.generated = s->out->generated;
	p.distinct = s->out->candidates;
	double took = rt_seconds() - since;
	p.per_second = done / (took > 0 ? took : 1);
	p.eta = took / done * (s->count - done);
	const SearchFound *best = NULL;
	for (uint32_t i = 0; i < done; i++)
		if (!best || s->found[i].score < best->score)
			best = &s->found[i];
	Arena *arena = arena_new();
	FeLevel level;
	p.best = best->score;
	p.formula = search_formula(s->out->table, best->expr, best->constants, arena, &level);
	tell(s, &p);
	arena_free(arena);
}

/* ---- stages ---- */

/* By score; what is equal by size, by cost, and at last by number. */
static const SearchExpr *sorted_exprs(const Search *s, const SearchFound *found) {
	return &s->out->table->exprs[found->expr];
}

static bool comes_before(const Search *s, const SearchFound *a, const SearchFound *b) {
	const SearchExpr *x = sorted_exprs(s, a), *y = sorted_exprs(s, b);
	if (a->score < b->score || b->score < a->score)
		return a->score < b->score;
	if (x->size != y->size)
		return x->size < y->size;
	return x->cost != y->cost ? x->cost < y->cost : a->expr < b->expr;
}

static void merge(const Search *s, SearchFound *found, SearchFound *spare, size_t count) {
	if (count < 2)
		return;
	size_t half = count / 2, i = 0, j = half, k = 0;
	merge(s, found, spare, half);
	merge(s, found + half, spare, count - half);
	while (i < half && j < count)
		spare[k++] = comes_before(s, &found[j], &found[i]) ? found[j++] : found[i++];
	while (i < half)
		spare[k++] = found[i++];
	while (j < count)
		spare[k++] = found[j++];
	memcpy(found, spare, sizeof *found * count);
}

static void sort(Search *s) {
	SearchFound *spare = memory_new(sizeof *spare * (s->count + 1));
	merge(s, s->found, spare, s->count);
	free(spare);
}

/* Kernels are compiled on this thread, before others call them. */
static bool need_kernels(Search *s, uint32_t first, uint32_t end) {
	for (uint32_t i = first; i < end; i++) {
		SearchProgram program;
		search_program(s->out->table, s->found[i].expr, &program);
		for (int k = 0; k < s->out->lab_count; k++)
			if (!search_lab_need(s->out->labs[k], &program))
				return false;
	}
	return true;
}

/* The best of each size stay as well, however large the sizes above make the field. */
static uint32_t let_through(Search *s, uint32_t wanted) {
	bool seen[SEARCH_MOST_NODES + 1] = {0};
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		uint8_t size = sorted_exprs(s, &s->found[i])->size;
		if (!isfinite(s->found[i].score) || (i >= wanted && seen[size]))
			continue;
		seen[size] = true;
		s->found[kept++] = s->found[i];
	}
	return kept;
}

/* Interrupted: a few of those that this stage has scored (in the first one), or of those that came into it, in the order of the stage before. */
static void stop_stage(Search *s, int stage) {
	if (stage == 0) {
		for (uint32_t i = 0; i < s->count; i++)
			s->found[i].score = s->found[i].rate > 0 ? s->found[i].score : (double)INFINITY;
		sort(s);
		s->count = let_through(s, 0);
	}
	s->count = s->count < SEARCH_KEPT ? s->count : SEARCH_KEPT;
}

static bool run_stage(Search *s, int stage) {
	const SearchStage *how = &search_stages[stage];
	double since = rt_seconds();
	uint32_t done = 0;
	s->out->evaluated[stage] = s->count;
	while (done < s->count && !rt_interrupted(s->rt)) {
		uint32_t end = done + SEARCH_PER_ROUND < s->count ? done + SEARCH_PER_ROUND : s->count;
		if (stage == 0 && !need_kernels(s, done, end))
			return false;
		Round round = {s, stage, done, end};
		rt_pool_run(s->rt->pool, (int)((end - done + SEARCH_PER_ITEM - 1) / SEARCH_PER_ITEM), try_some, &round);
		done = end;
		tell_stage(s, stage, done, since);
	}
	if (rt_interrupted(s->rt)) {
		stop_stage(s, stage);
		return s->count > 0;
	}
	sort(s);
	bool chosen = stage == 0 && s->out->evolved; /* by what the second look said of them */
	uint32_t wanted = chosen ? s->count : (uint32_t)(how->share * s->count + 0.5);
	int keep = s->experiment->keep > 0 ? s->experiment->keep : SEARCH_KEPT;
	uint32_t least = stage + 1 == SEARCH_STAGES ? (uint32_t)keep : how->least;
	s->count = let_through(s, wanted > least ? wanted : least);
	if (s->count == 0)
		diag_error(s->rt->session, 820, s->out->labs[0]->hole->span,
		           "none of the %lld expressions in this space brings the objective down",
		           (long long)s->out->candidates);
	return s->count > 0;
}

/* ---- the last word ---- */

static void score_finalists(Search *s) {
	SearchResult *out = s->out;
	Problems *const *problems = s->select ? s->select : s->train;
	int count = 0;
	for (int k = 0; k < out->lab_count; k++)
		count += problems[k]->count;
	unsigned before = search_flush_subnormals();
	for (uint32_t i = 0; i < s->count; i++) {
		SearchFound *found = &s->found[i];
		found->select_scores = ARENA_ARRAY(s->arena, double, count + 1);
		search_score_each(s, &s->workers[0], problems, found, found->select_scores);
		found->select = compare_bootstrap(found->select_scores, count, SEARCH_RESAMPLES, s->experiment->seed);
		found->score = isfinite(found->select.mean) ? found->select.mean : (double)INFINITY;
	}
	search_flush_as_before(before);
	out->select_problems = s->select ? count : 0;
}

/* The best of each size that beats all smaller ones; the winner is the last of them, or a smaller one that is as good but for search_tie. */
static void find_front(Search *s) {
	SearchResult *out = s->out;
	sort(s);
	out->front = ARENA_ARRAY(out->arena, SearchFound, s->count + 1);
	double best = (double)INFINITY;
	for (int size = 1; size <= SEARCH_MOST_NODES; size++) {
		for (uint32_t i = 0; i < s->count; i++) {
			const SearchFound *found = &s->found[i];
			if (sorted_exprs(s, found)->size != size || !(found->score < best))
				continue;
			best = found->score;
			out->front[out->front_count++] = *found;
			break;
		}
	}
	while (out->winner + 1 < out->front_count && out->front[out->winner].score > best + search_tie * fabs(best))
		out->winner++;
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
	const FeExperiment *x = s->experiment;
	s->train = ARENA_ARRAY(s->arena, Problems *, s->out->lab_count);
	s->select = x->select_problems > 0 ? ARENA_ARRAY(s->arena, Problems *, s->out->lab_count) : NULL;
	for (int k = 0; k < s->out->lab_count; k++) {
		s->train[k] = search_lab_problems(s->out->labs[k], PROBLEMS_TRAIN, x->train_problems);
		if (!s->train[k])
			return false;
		if (!s->select)
			continue;
		s->select[k] = search_lab_problems(s->out->labs[k], PROBLEMS_SELECT, x->select_problems);
		if (!s->select[k])
			return false;
	}
	return true;
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
	search_space_of(out->labs[0]->hole, together, &out->space);
	out->space.single = s->rt->options.real == IR_F32;
	out->table = search_enumerate(&out->space, making_goes_on, s);
	out->kind = s->experiment->search.kind;
	if (out->kind == FE_SEARCH_AUTO)
		out->kind = out->table->stopped ? FE_SEARCH_EVOLVE : FE_SEARCH_ENUMERATE;
	if (out->kind != FE_SEARCH_ENUMERATE)
		return;
	for (int size = 1; size <= out->space.size; size++)
		out->generated += out->table->generated[size];
	s->found = memory_new(sizeof *s->found * (out->table->count + 1));
	for (uint32_t i = 0; i < out->table->count; i++)
		if (search_is_candidate(out->table, i))
			s->found[s->count++].expr = i;
	out->candidates = s->count;
}

static bool run(Search *s) {
	if (!make_labs(s))
		return false;
	make_candidates(s);
	if (!make_problems(s) || !make_workers(s))
		return false;
	FeSearch how = s->experiment->search;
	how.kind = s->out->kind;
	if (how.kind != FE_SEARCH_ENUMERATE && !search_evolve_candidates(s, &how))
		return false;
	for (int stage = 0; stage < SEARCH_STAGES && (stage == 0 || !rt_interrupted(s->rt)); stage++)
		if (!run_stage(s, stage))
			return false;
	s->out->finalists = s->count;
	for (uint32_t i = 0; i < s->count; i++)
		search_round(s, &s->workers[0], &s->found[i]);
	score_finalists(s);
	find_front(s);
	return true;
}

SearchResult *search_experiment(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Arena *arena = arena_new();
	SearchResult *out = ARENA_NEW(arena, SearchResult);
	*out = (SearchResult){.arena = arena, .experiment = experiment, .train_problems = experiment->train_problems};
	Search s = {.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena};
	s.started = rt_seconds();
	double compiled = rt->compile_seconds;
	bool ok = run(&s);
	for (int k = 0; k < out->lab_count; k++) {
		if (s.train)
			problems_free(s.train[k]);
		if (s.select)
			problems_free(s.select[k]);
	}
	free(s.found);
	for (int i = 0; s.workers && i < rt_pool_threads(rt->pool); i++)
		for (int k = 0; k < out->lab_count; k++)
			out->evaluations += search_bench_evaluations(s.workers[i].benches[k]);
	out->interrupted = rt_interrupted(rt);
	out->compile_seconds = rt->compile_seconds - compiled;
	out->seconds = rt_seconds() - s.started - out->compile_seconds;
	if (ok)
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
