/* A search by evolution: the funnel's first two looks are what an expression is worth to it, and the best that it met come into the funnel in the
 * place of all there are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/evolve.h"
#include "runtime/search/stages.h"
#include "runtime/search/trace.h"

/* What one thread judges expressions with: probes of its own, and a view of the search in which the table is one expression. */
typedef struct Judge {
	SearchProbes *probes;
	Search view;
	SearchResult result;
	SearchTable table;
	SearchExpr nodes[SEARCH_TUPLE_NODES];
	uint32_t root;
	double *values;
	SearchTraceRun *trace;
} Judge;

typedef struct Evolving {
	Search *search;
	Judge *judges;
	SearchTrace *trace; /* of several holes; NULL: one is told apart by its values */
	SearchEvolution evolution;
	SearchLog *log;
	float told; /* the best score of which was told */
	bool failed;
	double since;
} Evolving;

static bool read_tuple(const Evolving *e, Judge *judge, const SearchTuple *tuple) {
	return search_tuple_nodes(&e->evolution.grammar, tuple, 0, judge->nodes, &judge->root) > 0;
}

static uint64_t hash_of(void *user, int worker, const SearchTuple *tuple) {
	const Evolving *e = user;
	Judge *judge = &e->judges[worker];
	if (!read_tuple(e, judge, tuple))
		return 0;
	if (e->trace) {
		SearchProgram program;
		search_program(&judge->table, judge->root, &program);
		return search_trace_hash(e->trace, judge->trace, judge->probes, &program);
	}
	search_values_apart(judge->probes, &judge->table, &judge->nodes[0], judge->values);
	return search_hash(judge->probes, judge->values);
}

/* The second look's score; of what does not come down in the first one, none. */
static float score_of(void *user, int worker, const SearchTuple *tuple) {
	Evolving *e = user;
	Judge *judge = &e->judges[worker];
	float known;
	if (search_log_find(e->log, tuple, e->evolution.grammar.holes, &known))
		return known;
	if (!read_tuple(e, judge, tuple))
		return INFINITY;
	SearchFound found = {.expr = judge->root, .score = INFINITY};
	unsigned before = search_flush_subnormals();
	for (int stage = 0; stage < 2; stage++) {
		search_try(&judge->view, &e->search->workers[worker], stage, &found);
		if (!isfinite(found.score))
			break;
	}
	search_flush_as_before(before);
	return isfinite(found.score) ? (float)found.score : INFINITY;
}

static bool is_interrupted(void *user) {
	return rt_interrupted(((Evolving *)user)->search->rt);
}

static void tell(Evolving *e, const SearchEvolved *so_far) {
	const Search *s = e->search;
	if (!s->options->progress)
		return;
	double took = rt_seconds() - e->since;
	SearchProgress p = {.stage = SEARCH_EVOLVING,
	                    .random = e->evolution.how.kind == FE_SEARCH_RANDOM,
	                    .generated = so_far->generated,
	                    .distinct = so_far->distinct,
	                    .known = so_far->known,
	                    .done = so_far->scored,
	                    .total = e->evolution.how.candidates,
	                    .seconds = rt_seconds() - s->started,
	                    .best = (double)INFINITY};
	p.per_second = (double)so_far->scored / (took > 0 ? took : 1);
	p.eta = (double)(p.total - p.done) / (p.per_second > 0 ? p.per_second : 1);
	Arena *arena = arena_new();
	FeLevel level;
	p.best = (double)so_far->best_score;
	if (so_far->so_far && read_tuple(e, &e->judges[0], so_far->so_far))
		p.formula = search_formula(&e->judges[0].table, e->judges[0].root, NULL, arena, &level);
	s->options->progress(s->options->user, &p);
	arena_free(arena);
}

static void on_scored(void *user, const SearchIndividual *one) {
	const Evolving *e = user;
	search_log_add(e->log, &one->tuple, e->evolution.grammar.holes, one->score);
}

/* The best so far as a front of one, at the rate and constants of the second look, whenever it is time for that. false with a diagnostic. */
static bool tell_best(Evolving *e, const SearchEvolved *so_far) {
	Search *s = e->search;
	Judge *judge = &e->judges[0];
	bool early = s->told > 0 && rt_seconds() - s->told < search_told_every;
	if (!so_far->so_far || !(so_far->best_score < e->told) || early || !read_tuple(e, judge, so_far->so_far))
		return true;
	int64_t before = search_evaluations(s);
	SearchTable *table = s->out->table;
	SearchFound found = {.expr = judge->root};
	SearchRound round = {.found = &found, .count = 1};
	s->out->table = &judge->table;
	unsigned flushed = search_flush_subnormals();
	for (int stage = 0; stage < 2; stage++)
		search_try(s, &s->workers[0], stage, &found);
	search_flush_as_before(flushed);
	for (int size = 0; size <= SEARCH_MOST_SIZE; size++)
		s->best_of[size].score = (double)INFINITY;
	search_see_best(s, &round);
	search_make_front(s, 1);
	bool ok = search_tell_best(s) && search_open_archive(s);
	s->out->front_count = 0; /* it is of another table */
	s->out->table = table;
	e->told = so_far->best_score;
	search_log_exclude(e->log, search_evaluations(s) - before);
	return ok;
}

static bool goes_on(void *user, const SearchEvolved *so_far) {
	Evolving *e = user;
	tell(e, so_far);
	e->failed = !search_log_end_epoch(e->log, so_far) || !tell_best(e, so_far) || !search_log_end_epoch(e->log, so_far);
	return !e->failed;
}

/* ---- beginning and end ---- */

static void make_judges(Evolving *e) {
	Search *s = e->search;
	int threads = rt_pool_threads(s->rt->pool);
	e->judges = ARENA_ARRAY(s->arena, Judge, threads);
	for (int i = 0; i < threads; i++) {
		Judge *judge = &e->judges[i];
		judge->probes = search_probes_new(&s->out->spaces[0], s->arena);
		judge->values = ARENA_ARRAY(s->arena, double, judge->probes->rows);
		judge->table = (SearchTable){.space = &s->out->space, .exprs = judge->nodes, .count = SEARCH_TUPLE_NODES};
		judge->result = *s->out;
		judge->result.table = &judge->table;
		judge->view = *s;
		judge->view.out = &judge->result;
		if (e->trace)
			judge->trace = search_trace_run_new(e->trace, s->arena);
	}
}

/* The small expressions that are there, as far as a tenth of what is to be scored. */
static void find_starters(Evolving *e) {
	const SearchTable *table = e->search->out->table;
	int64_t most = e->evolution.how.candidates / 10;
	most = most < SEARCH_STARTERS ? most : SEARCH_STARTERS;
	SearchTuple *starters = ARENA_ARRAY(e->search->arena, SearchTuple, SEARCH_STARTERS);
	for (uint32_t i = 0; i < table->first[table->size + 1] && e->evolution.starter_count < most; i++)
		if (search_is_candidate(table, i))
			search_tree_of(table, i, &starters[e->evolution.starter_count++].trees[0]);
	e->evolution.starters = starters;
}

/* So many places that what is to be scored finds room, within the bound. */
static uint64_t places_for(int64_t candidates) {
	uint64_t places = 1 << 12;
	while (places < SEARCH_MOST_SEEN && places < 4 * (uint64_t)candidates)
		places *= 2;
	return places;
}

/* What was met, in the table and as candidates. */
static void take(Evolving *e, const SearchEvolved *evolved) {
	Search *s = e->search;
	SearchTable *table = s->out->table;
	s->looks = memory_new(sizeof *s->looks * (evolved->count + 1));
	for (uint32_t i = 0; i < evolved->count; i++) {
		uint32_t root;
		SearchExpr nodes[SEARCH_TUPLE_NODES];
		const SearchIndividual *one = &evolved->best[i];
		int count = search_tuple_nodes(&e->evolution.grammar, &one->tuple, table->count, nodes, &root);
		search_table_add(table, nodes, (uint32_t)count, one->hash);
		s->looks[s->count++].expr = root;
	}
}

/* Until a stage says what is the best so far, it is the best few as they came out of evolution. false with a diagnostic. */
static bool show_best(Search *s) {
	enum { SHOWN = 32 };
	SearchFound *found = ARENA_ARRAY(s->arena, SearchFound, SHOWN);
	SearchRound round = {.found = found, .count = s->count < SHOWN ? s->count : SHOWN};
	for (int size = 0; size <= SEARCH_MOST_SIZE; size++)
		s->best_of[size].score = (double)INFINITY;
	for (uint32_t i = 0; i < round.count; i++) {
		search_look_again(s, &s->looks[i], &found[i]);
		search_try(s, &s->workers[0], 0, &found[i]);
	}
	search_see_best(s, &round);
	search_make_front(s, 0);
	return search_tell_best(s) && search_open_archive(s);
}

/* One evolution, all of whose rounds are in the archive then: of a short one, which ends before there was one, too. */
static SearchEvolved *evolution(Evolving *e) {
	SearchEvolved *evolved = search_evolve(&e->evolution, e->search->rt->pool, e->search->out->arena);
	if (!e->failed && !rt_interrupted(e->search->rt))
		e->failed = (!e->search->archive && !tell_best(e, evolved)) || !search_log_end_epoch(e->log, evolved);
	return evolved;
}

bool search_evolve_candidates(Search *s) {
	const FeSearch *how = &s->experiment->search;
	Evolving e = {.search = s};
	SearchResult *out = s->out;
	for (int k = 0; k < out->lab_count; k++)
		if (!search_lab_need_all(out->labs[k]))
			return false;
	e.evolution = (SearchEvolution){.how = *how,
	                                .seed = s->experiment->seed,
	                                .hash = hash_of,
	                                .score = score_of,
	                                .scored = on_scored,
	                                .goes_on = goes_on,
	                                .interrupted = is_interrupted,
	                                .user = &e};
	FeSearch *own = &e.evolution.how;
	own->kind = out->kind;
	own->candidates = how->candidates > 0 ? how->candidates : SEARCH_EVOLVED;
	e.evolution.most_seen = places_for(own->candidates);
	double tables = s->options && s->options->resumes ? 2 : 1; /* what the log has seen is another */
	if (!rt_memory_allows(s->rt, tables * 13.0 * (double)e.evolution.most_seen, "what this search has seen"))
		return false;
	e.log = search_log_new(s, e.evolution.most_seen);
	if (!e.log)
		return false;
	if (out->holes > 1) {
		e.trace = search_trace_new(s->rt, &s->experiment->train, out->labs[0]->rate, out->arena);
		if (!e.trace) {
			search_log_free(e.log);
			return false;
		}
	}
	make_judges(&e);
	e.evolution.grammar = (SearchGrammar){.holes = out->holes, .meanings = &e.judges[0].probes->meanings};
	for (int h = 0; h < out->holes; h++)
		e.evolution.grammar.spaces[h] = &out->spaces[h];
	if (own->kind != FE_SEARCH_RANDOM && out->holes == 1)
		find_starters(&e);
	e.since = rt_seconds();
	e.told = INFINITY;
	SearchEvolved *evolved = evolution(&e);
	out->evolved = evolved;
	if (how->random && own->kind != FE_SEARCH_RANDOM && !e.failed && !rt_interrupted(s->rt)) {
		own->kind = FE_SEARCH_RANDOM;
		own->candidates = evolved->scored;
		e.evolution.starter_count = 0;
		e.since = rt_seconds();
		search_log_begin(e.log);
		out->control = evolution(&e);
	}
	search_log_free(e.log);
	search_trace_free(e.trace);
	if (e.failed)
		return false;
	out->generated = evolved->generated;
	out->candidates = evolved->distinct;
	take(&e, evolved);
	return show_best(s) && !rt_interrupted(s->rt);
}
