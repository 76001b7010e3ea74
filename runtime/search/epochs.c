/* Rounds of a search in its archive. What a round has scored is a function of the search alone, so a search that goes on takes the rounds that are
 * there as they are, and scores the others: at most the one that was under way when it was killed is scored twice.
 *
 * Of the first stage, an epoch has the score and the rate of each candidate in its `state`, in the order in which they are enumerated; what goes on
 * from there is a row of `expr`, with a row of `score` for each stage that it comes to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/stages.h"

static const char *const search_sources[] = {
	[FE_SEARCH_ENUMERATE] = "enumerate", [FE_SEARCH_EVOLVE] = "evolve", [FE_SEARCH_RANDOM] = "random"};

static const char *source_of(const Search *s) {
	return s->out->taught ? "distill" : search_sources[s->out->kind];
}

enum { PER_LOOK = 2 }; /* numbers in `state`, of each candidate */

/* ---- what is searched ---- */

static int by_value(const void *a, const void *b) {
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Of the texts of all sources, wherever they lie, and of all data: those that are the same count once, and their order does not. */
const char *search_program_hash(const Rt *rt, Arena *arena) {
	const Session *session = rt->session;
	VEC(uint64_t) hashes = {0};
	for (uint32_t i = 1; i < session->sources.count; i++) {
		const Source *source = session->sources.data[i];
		if (source->derived)
			continue;
		if (source->path[0] != '<' || strcmp(source->path, "<stdin>") == 0)
			vec_push(arena, &hashes, hash_bytes(source->text, source->length, 0));
	}
	for (uint32_t i = 0; i < rt->data.count; i++) {
		uint64_t length, hash;
		if (store_hash_file(arena, rt->data.data[i], &length, &hash))
			vec_push(arena, &hashes, hash);
	}
	uint64_t all = 0;
	if (hashes.count)
		qsort(hashes.data, hashes.count, sizeof *hashes.data, by_value);
	for (uint32_t i = 0; i < hashes.count; i++)
		if (i == 0 || hashes.data[i] != hashes.data[i - 1])
			all = hash_bytes(&hashes.data[i], sizeof *hashes.data, all);
	return arena_printf(arena, "%016llx", (unsigned long long)all);
}

/* Operands with their degrees, operations, limits. */
static const char *grammar_text(const SearchSpace *space, Arena *arena) {
	Text out = text_new(arena);
	for (uint32_t i = 0; i < space->leaf_count; i++) {
		const SearchLeaf *leaf = &space->leaves[i];
		text_printf(&out, "%s%s : %s^%g", i ? ", " : "", leaf->text ? leaf->text : "{}", leaf->like_x ? "x" : "1",
		            (double)leaf->degree / (double)FE_DEGREE_ONE);
	}
	text_char(&out, ';');
	for (int op = 0; op < FE_OPERATORS; op++)
		if (space->operators >> op & 1)
			text_printf(&out, " %s", fe_operators[op].word);
	text_printf(&out, "; size %d, constants %d%s%s%s%s", space->size, space->constants,
	            space->homogeneous ? ", homogeneous" : "", space->merge ? ", multiples are one" : "",
	            space->like_x ? "" : ", a number", space->single ? ", f32" : "");
	return text_cstr(&out);
}

static uint64_t hash_of_teacher(const SearchTeacher *teacher) {
	size_t count = (size_t)teacher->problems * (size_t)(teacher->steps + 1) * (size_t)teacher->size;
	return hash_bytes(teacher->x, count * sizeof *teacher->x, 0);
}

void search_put_conditions(Rt *rt, const FeExperiment *x, Text *out) {
	const RtOptions *options = &rt->options;
	Session *session = rt->session;
	text_printf(out, "train %s on", source_excerpt(session, out->arena, x->train.span));
	for (uint32_t i = 0; i < x->on.count; i++)
		text_printf(out, "%s %s", i ? "," : "", source_excerpt(session, out->arena, x->on.data[i].span));
	text_printf(out, " problems %d train, %d select horizon %d score %s keep %d seed %llu of problems %llu%s%s",
	            x->train_problems, x->select_problems, x->horizon_high, score_text(out->arena, x->score), x->keep,
	            (unsigned long long)x->seed, (unsigned long long)options->seed, options->strict ? " strict" : "",
	            options->engine == RT_EVALUATOR ? " interpret" : "");
}

static const char *clauses_text(const Search *s, Arena *arena) {
	const FeExperiment *x = s->experiment;
	Text out = text_new(arena);
	search_put_conditions(s->rt, x, &out);
	if (s->out->kind != FE_SEARCH_ENUMERATE)
		text_printf(&out, " %s population %d tournament %d islands %d for %lld",
		            s->out->kind == FE_SEARCH_RANDOM ? "random" : "evolve", x->search.population, x->search.tournament,
		            x->search.islands, (long long)x->search.candidates);
	if (s->out->taught)
		text_printf(&out, " taught by %d runs, hash %016llx", s->options->teacher->problems,
		            (unsigned long long)hash_of_teacher(s->options->teacher));
	if (x->search.proposals > 0)
		text_printf(&out, " propose %lld", (long long)x->search.proposals);
	return text_cstr(&out);
}

/* ---- rows ---- */

static bool is_open(const Search *s) {
	return s->archive && !s->out->archive_lost;
}

static bool is_there(const Search *s) {
	return is_open(s) && s->epoch < search_archive_epochs(s->archive);
}

/* The step after which it was given up; -1: it came to the end. */
static int aborted_at(int stage, SearchEnd end) {
	switch (end) {
	case SEARCH_NOT_DOWN: return search_stages[stage].hopeless;
	case SEARCH_GOES_NOWHERE:
	case SEARCH_BAD_START: return 0;
	default: return -1;
	}
}

/* Its constants, and the numbers of `learn` that are fitted with them. */
static int numbers_of(const Search *s, const SearchFound *found) {
	return s->out->table->exprs[found->expr].constants + s->out->labs[0]->learned;
}

static void put_score(Search *s, const SearchFound *found, int stage) {
	SearchArchiveScore score = {.hash = s->out->table->hashes[found->expr],
	                            .stage = stage,
	                            .value = found->score,
	                            .rate = found->rate,
	                            .constant_count = numbers_of(s, found),
	                            .aborted_at = stage < SEARCH_STAGES ? aborted_at(stage, found->end) : -1};
	int own = s->out->table->exprs[found->expr].constants;
	for (int k = 0; k < score.constant_count; k++)
		score.constants[k] = k < own ? found->constants[k] : found->learned[k - own];
	search_archive_put_score(s->archive, &score);
}

static void commit(Search *s, const SearchArchiveEpoch *epoch) {
	if (!search_archive_commit(s->archive, epoch))
		s->out->archive_lost = true;
}

/* Expressions are made before the first epoch, all of them. */
static SearchArchiveEpoch epoch_of(const Search *s, int64_t n, int stage, int64_t evaluations) {
	return (SearchArchiveEpoch){.n = n,
	                            .stage = stage,
	                            .generated = n == 0 ? s->out->generated : 0,
	                            .distinct = n == 0 ? s->out->table->count : 0,
	                            .evaluations = evaluations,
	                            .best = (double)NAN};
}

static void count_score(SearchArchiveEpoch *epoch, double score) {
	epoch->aborted += !isfinite(score);
	if (isfinite(score) && !(epoch->best <= score))
		epoch->best = score;
}

/* An epoch of the first stage: the candidates from `first` on. */
static void put_looks(Search *s, int64_t n, uint32_t first, uint32_t count, int64_t evaluations) {
	double state[SEARCH_PER_ROUND * PER_LOOK];
	SearchArchiveEpoch epoch = epoch_of(s, n, 0, evaluations);
	for (uint32_t i = 0; i < count; i++) {
		state[PER_LOOK * i] = s->looks[first + i].score;
		state[PER_LOOK * i + 1] = s->looks[first + i].rate;
		count_score(&epoch, s->looks[first + i].score);
	}
	epoch.state = state;
	epoch.state_bytes = sizeof *state * PER_LOOK * count;
	commit(s, &epoch);
}

/* ---- opening ---- */

static SearchArchiveRun run_of(const Search *s, Arena *arena) {
	return (SearchArchiveRun){.version = RT_VERSION,
	                          .program = search_program_hash(s->rt, arena),
	                          .grammar = grammar_text(&s->out->space, arena),
	                          .clauses = clauses_text(s, arena),
	                          .seed = (int64_t)s->experiment->seed};
}

/* What was scored before there was an archive: rounds of the first stage. */
static void put_unkept(Search *s) {
	uint32_t first = 0;
	for (uint32_t k = 0; k < s->unkept.count && is_open(s); k++) {
		uint32_t left = s->count - first, count = left < SEARCH_PER_ROUND ? left : SEARCH_PER_ROUND;
		put_looks(s, k, first, count, s->unkept.data[k]);
		first += count;
	}
	s->unkept.count = 0;
}

bool search_open_archive(Search *s) {
	if (s->archive || !s->options->archive || (s->out->front_count == 0 && !s->options->resumes))
		return true;
	SearchArchiveRun run = run_of(s, s->arena);
	s->archive = s->options->archive(s->options->user, &run);
	if (s->archive)
		put_unkept(s);
	return s->archive != NULL;
}

/* ---- rounds ---- */

static bool read_looks(const SearchArchiveEpoch *epoch, SearchRound *round) {
	const double *state = epoch->state;
	if (epoch->state_bytes != sizeof *state * PER_LOOK * round->count)
		return false;
	for (uint32_t i = 0; i < round->count; i++) {
		round->found[i].score = state[PER_LOOK * i];
		round->found[i].rate = state[PER_LOOK * i + 1];
	}
	return true;
}

static bool read_score(const Search *s, SearchFound *found, int stage) {
	SearchArchiveScore score;
	if (!search_archive_find_score(s->archive, s->out->table->hashes[found->expr], stage, &score) ||
	    score.constant_count != numbers_of(s, found))
		return false;
	found->score = score.value;
	found->rate = score.rate;
	int own = s->out->table->exprs[found->expr].constants;
	for (int k = 0; k < score.constant_count; k++)
		*(k < own ? &found->constants[k] : &found->learned[k - own]) = score.constants[k];
	return true;
}

static bool read_scores(Search *s, SearchRound *round) {
	for (uint32_t i = 0; i < round->count; i++)
		if (!read_score(s, &round->found[i], round->stage))
			return false;
	return true;
}

void search_say_changed(const Search *s) {
	diag_error(s->rt->session, 812, (Span){0},
	           "epoch %lld in the archive of this search is not what it was: it cannot go on", (long long)s->epoch);
}

bool search_known_round(Search *s, SearchRound *round, bool *ok) {
	*ok = true;
	if (!is_there(s))
		return false;
	Arena *scratch = arena_new();
	SearchArchiveEpoch epoch;
	*ok = search_archive_find_epoch(s->archive, s->epoch, scratch, &epoch) && epoch.stage == round->stage &&
	      (round->stage == 0 ? read_looks(&epoch, round) : read_scores(s, round));
	if (*ok)
		round->evaluations = epoch.evaluations;
	else
		search_say_changed(s);
	arena_free(scratch);
	return *ok;
}

static void put_expr(Search *s, uint32_t expr, const char *source, Arena *scratch) {
	const SearchTable *table = s->out->table;
	const SearchExpr *x = &table->exprs[expr];
	FeLevel level;
	ArenaMark mark = arena_mark(scratch);
	search_archive_put_expr(s->archive, &(SearchArchiveExpr){.hash = table->hashes[expr],
	                                                         .text = search_formula(table, expr, NULL, scratch, &level),
	                                                         .size = x->size,
	                                                         .cost = x->cost,
	                                                         .degree = (double)x->degree / (double)FE_DEGREE_ONE,
	                                                         .epoch = s->epoch,
	                                                         .source = source});
	arena_release(scratch, mark);
}

void search_put_entered(Search *s, const SearchRound *round) {
	if (!is_open(s) || is_there(s) || round->stage != 1)
		return;
	Arena *scratch = arena_new();
	for (uint32_t i = 0; i < round->count; i++) {
		put_expr(s, round->found[i].expr, source_of(s), scratch);
		put_score(s, &round->found[i], 0);
	}
	arena_free(scratch);
}

void search_put_round(Search *s, const SearchRound *round) {
	if (!s->archive && s->options->archive)
		vec_push(s->arena, &s->unkept, round->evaluations);
	if (!is_open(s) || is_there(s))
		return;
	if (round->stage == 0) {
		put_looks(s, s->epoch, round->first, round->count, round->evaluations);
		return;
	}
	SearchArchiveEpoch epoch = epoch_of(s, s->epoch, round->stage, round->evaluations);
	for (uint32_t i = 0; i < round->count; i++) {
		put_score(s, &round->found[i], round->stage);
		count_score(&epoch, round->found[i].score);
	}
	commit(s, &epoch);
}

void search_put_finalists(Search *s, int64_t evaluations) {
	if (!is_open(s) || is_there(s))
		return;
	SearchArchiveEpoch epoch = epoch_of(s, s->epoch, SEARCH_STAGES, evaluations);
	Arena *scratch = arena_new();
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->found[i].shortened) /* which came to no stage before */
			put_expr(s, s->found[i].expr, source_of(s), scratch);
		put_score(s, &s->found[i], SEARCH_STAGES);
		count_score(&epoch, s->found[i].score);
	}
	arena_free(scratch);
	commit(s, &epoch);
}

/* ---- proposals ---- */

bool search_known_proposals(Search *s, Arena *arena, SearchArchiveEpoch *out, bool *ok) {
	*ok = true;
	if (!is_there(s))
		return false;
	*ok = search_archive_find_epoch(s->archive, s->epoch, arena, out) && out->stage == SEARCH_PROPOSED_STAGE;
	if (!*ok)
		search_say_changed(s);
	return *ok;
}

bool search_known_proposal(const Search *s, SearchFound *first, SearchFound *found) {
	if (!read_score(s, first, 0))
		return false;
	*found = *first;
	return !isfinite(first->score) || read_score(s, found, 1);
}

void search_put_proposal(Search *s, const SearchFound *first, const SearchFound *found) {
	if (!is_open(s) || is_there(s))
		return;
	Arena *scratch = arena_new();
	put_expr(s, first->expr, "propose", scratch);
	put_score(s, first, 0);
	if (isfinite(first->score))
		put_score(s, found, 1);
	arena_free(scratch);
}

void search_put_proposals(Search *s, const SearchArchiveEpoch *epoch) {
	if (is_open(s) && !is_there(s))
		commit(s, epoch);
}
