/* The search for a learner: beginnings one after the other, each an evolution on problems of its own. Only what a beginning ended with counts in
 * the next, so a search that goes on takes those that the archive has as they are, and makes the one again that was under way. */
#include <math.h>
#include <string.h>

#include "runtime/search/evolve.h"
#include "runtime/search/exam.h"
#include "runtime/search/stages.h"

/* What a beginning came to; what the archive keeps of it, besides what can be read there. */
typedef struct Ended {
	SearchListing listing;
	double train, select;
	int64_t generated, known, scored, evaluations;
	uint8_t found, solved, exhausted, padding[5]; /* exhausted: nothing new was to be found any more */
} Ended;

typedef struct Learning {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchLearnerOptions *options;
	SearchLearned *out;
	SearchExam **exams; /* one for each objective */
	int exam_count;
	SearchPapers **train; /* of each: problems of this beginning, */
	SearchPapers **fit,
		**select;      /* those on which its best is tidied, those by which the best of beginnings are compared */
	SearchDesk *desks; /* [worker][exam] */
	int64_t *judged;   /* programs, by worker */
	SearchEvolution evolution;
	SearchArchive *archive;
	int beginning, exhausted; /* exhausted: so many of the last beginnings, one after the other */
	float looked;             /* the best that was held against the goal */
	bool solved, failed;
	double started, since, told, saved;
	Arena *arena;
} Learning;

/* ---- what a program is worth ---- */

static SearchDesk *desk_of(const Learning *l, int worker, int exam) {
	return &l->desks[worker * l->exam_count + exam];
}

/* f of each problem, of one exam after the other; `values` may be NULL. Their mean. */
static double judge(const Learning *l, SearchPapers *const *papers, int worker, const SearchListing *listing,
                    double *values) {
	double sum = 0, of_block[SEARCH_LANES];
	int count = 0;
	unsigned before = search_flush_subnormals();
	for (int k = 0; k < l->exam_count; k++)
		for (int block = 0; block < papers[k]->blocks; block++) {
			search_exam_values(l->exams[k], papers[k], block, listing, desk_of(l, worker, k), of_block);
			for (int lane = 0; lane < SEARCH_LANES && block * SEARCH_LANES + lane < papers[k]->count; lane++) {
				if (values)
					values[count] = of_block[lane];
				sum += of_block[lane];
				count++;
			}
		}
	search_flush_as_before(before);
	l->judged[worker] += count;
	return isfinite(sum) ? sum / count : (double)INFINITY;
}

static float score_of(void *user, int worker, const SearchTuple *tuple) {
	const Learning *l = user;
	return (float)judge(l, l->train, worker, &tuple->listing, NULL);
}

static uint64_t hash_of(void *user, int worker, const SearchTuple *tuple) {
	const Learning *l = user;
	uint64_t hash = 0;
	unsigned before = search_flush_subnormals();
	for (int k = 0; k < l->exam_count; k++) {
		hash = search_exam_hash(l->exams[k], l->train[k], &tuple->listing, desk_of(l, worker, k), hash);
		if (hash == 0)
			break;
	}
	search_flush_as_before(before);
	return hash;
}

static bool is_below_goal(const Learning *l, double score) {
	return l->experiment->search.has_goal && score < l->experiment->search.goal;
}

/* Its score on the select problems; without any, on the first problems of training: they are the same for all beginnings. */
static double select_score(const Learning *l, const SearchListing *listing, double *values) {
	return judge(l, l->select, 0, listing, values);
}

static int64_t evaluations(const Learning *l) {
	int64_t all = 0;
	for (int i = 0; i < rt_pool_threads(l->rt->pool); i++)
		all += l->judged[i];
	return all;
}

/* ---- what is written ---- */

/* How bad a shorter form may be: about as good, or good enough. */
static double allowed(const Learning *l, double score, double share) {
	double limit = score + share * fabs(score), goal = l->experiment->search.goal / 2;
	return l->experiment->search.has_goal && goal > limit && is_below_goal(l, score) ? goal : limit;
}

static int constants_of(const Learning *l, const SearchListing *listing, int *out) {
	SearchLive live;
	int count = 0;
	search_listing_live(&l->out->learner, listing, &live);
	for (int i = 0; i < search_listing_size(&l->out->learner); i++)
		if (listing->of[i].op == FE_STATEMENT_CONST && search_live_has(&live, i))
			out[count++] = i;
	return count;
}

/* Constants one after the other, by factors that come nearer to 1 whenever none of them helps. */
static void fit_constants(const Learning *l, SearchListing *listing) {
	static const float first = 0.5f, last = 1e-3f, narrower = 0.5f;
	int constants[SEARCH_MOST_STATEMENTS], count = constants_of(l, listing, constants);
	double best = judge(l, l->fit, 0, listing, NULL);
	for (float step = first; step > last && count > 0;) {
		bool better = false;
		for (int i = 0; i < 2 * count && !rt_interrupted(l->rt); i++) {
			float *at = &listing->of[constants[i / 2]].constant, before = *at;
			*at *= i % 2 ? 1 + step : 1 / (1 + step);
			double score = judge(l, l->fit, 0, listing, NULL);
			bool lower = score < best - search_rounded * fabs(best);
			*at = lower ? *at : before;
			best = lower ? score : best;
			better = better || lower;
		}
		step *= better ? 1 : narrower;
	}
}

/* Without the statements that it does as well without. Is there any less? */
static bool leave_out(const Learning *l, SearchListing *listing) {
	double limit = allowed(l, judge(l, l->fit, 0, listing, NULL), search_ablated);
	bool less = false;
	for (int i = 0; i < search_listing_size(&l->out->learner); i++) {
		SearchStatement kept = listing->of[i];
		listing->of[i].op = SEARCH_NO_STATEMENT;
		if (kept.op != SEARCH_NO_STATEMENT && judge(l, l->fit, 0, listing, NULL) <= limit)
			less = true;
		else
			listing->of[i] = kept;
	}
	return less;
}

static void round_constants(const Learning *l, SearchListing *listing) {
	enum { ALL_DIGITS = 9 };
	double limit = allowed(l, judge(l, l->fit, 0, listing, NULL), search_rounded);
	for (int digits = 1; digits < ALL_DIGITS; digits++) {
		SearchListing rounded = *listing;
		for (int i = 0; i < search_listing_size(&l->out->learner); i++)
			if (rounded.of[i].op == FE_STATEMENT_CONST)
				rounded.of[i].constant = (float)search_rounded_to((double)listing->of[i].constant, digits);
		if (judge(l, l->fit, 0, &rounded, NULL) <= limit) {
			*listing = rounded;
			return;
		}
	}
}

/* As it will be written: a form of it that does as well on problems of training that no beginning has. */
static void tidy(const Learning *l, SearchListing *listing) {
	SearchListing changed = *listing;
	if (!isfinite(judge(l, l->fit, 0, listing, NULL)))
		return;
	do
		fit_constants(l, &changed);
	while (leave_out(l, &changed));
	round_constants(l, &changed);
	double before = select_score(l, listing, NULL), after = select_score(l, &changed, NULL);
	if (after <= before || (is_below_goal(l, after) && is_below_goal(l, before)) ||
	    (!is_below_goal(l, before) && isfinite(after)))
		*listing = changed;
}

/* ---- the best so far ---- */

static void take(Learning *l, const SearchListing *listing, double train, SearchLearned *out) {
	SearchLive live;
	int count = search_learner_problems(l->experiment) * l->exam_count;
	double *values = ARENA_ARRAY(l->arena, double, count);
	SearchListing *kept = ARENA_NEW(out->arena, SearchListing);
	*kept = *listing;
	search_listing_live(&out->learner, listing, &live);
	out->best = kept;
	out->train = train;
	out->select = select_score(l, listing, values);
	out->interval = compare_bootstrap(values, count, SEARCH_RESAMPLES, 0);
	out->statements = search_live_statements(&live);
	out->solved = is_below_goal(l, out->select);
}

/* Shows the best of a beginning that has not ended: what counts is what it ends with, so nothing of it is counted. */
static bool show(Learning *l, const SearchEvolved *so_far) {
	SearchLearned now = *l->out;
	int64_t judged = l->judged[0];
	if (!so_far->so_far || !l->options->best)
		return true;
	take(l, &so_far->so_far->listing, (double)so_far->best_score, &now);
	l->judged[0] = judged;
	bool better = isfinite(now.select) && !(l->out->best && l->out->select <= now.select);
	return !better || l->options->best(l->options->user, &now);
}

/* ---- the archive ---- */

/* Programs to score in all. */
static int64_t wanted(const Learning *l) {
	return l->experiment->search.candidates > 0 ? l->experiment->search.candidates : SEARCH_LEARNED;
}

static const char *clauses_text(const Learning *l, Arena *arena) {
	const FeExperiment *x = l->experiment;
	Text out = text_new(arena);
	text_printf(&out,
	            "%s problems %d train, %d select seed %llu of problems %llu population %d tournament %d islands %d "
	            "restart %d for %lld until ",
	            l->out->kind == FE_SEARCH_RANDOM ? "random" : "evolve", x->train_problems, x->select_problems,
	            (unsigned long long)x->seed, (unsigned long long)l->rt->options.seed, x->search.population,
	            x->search.tournament, x->search.islands, x->search.restart, (long long)wanted(l));
	text_real(&out, x->search.has_goal ? x->search.goal : -(double)INFINITY, false);
	return text_cstr(&out);
}

static bool open_archive(Learning *l) {
	if (l->archive || !l->options->archive)
		return true;
	Session *session = l->rt->session;
	Text program = text_new(session->arena), grammar = text_new(session->arena);
	const FeLearner *learner = &l->out->learner;
	search_exam_objectives(l->rt, learner, l->experiment->on.data, l->experiment->on.count, &program);
	text_printf(&grammar, "%d numbers, %d vectors;", learner->numbers, learner->vectors);
	for (int s = 0; s < FE_SECTIONS; s++)
		text_printf(&grammar, " %s %d", fe_sections[s], learner->statements[s]);
	for (int op = 0; op < FE_STATEMENTS; op++)
		text_printf(&grammar, "%s",
		            learner->kinds >> op & 1 ? arena_printf(session->arena, " %s", fe_statements[op].word) : "");
	SearchArchiveRun run = {.version = RT_VERSION,
	                        .program =
	                            arena_printf(session->arena, "%016llx",
	                                         (unsigned long long)hash_bytes(text_cstr(&program), program.length, 0)),
	                        .grammar = text_cstr(&grammar),
	                        .clauses = clauses_text(l, session->arena),
	                        .seed = (int64_t)l->experiment->seed};
	l->archive = l->options->archive(l->options->user, &run);
	return l->archive != NULL;
}

/* A beginning that has ended, for good. */
static void put(Learning *l, const Ended *ended) {
	if (!l->archive || l->out->archive_lost || l->beginning < search_archive_epochs(l->archive))
		return;
	const FeLearner *learner = &l->out->learner;
	SearchLive live;
	Arena *scratch = arena_new();
	uint64_t hash = hash_bytes(&ended->listing, sizeof ended->listing, 0);
	search_listing_live(learner, &ended->listing, &live);
	SearchArchiveExpr expr = {.hash = hash,
	                          .text = search_listing_line(learner, &ended->listing, scratch),
	                          .size = search_live_statements(&live),
	                          .epoch = l->beginning,
	                          .source = l->out->kind == FE_SEARCH_RANDOM ? "random" : "evolve"};
	SearchArchiveScore score = {.hash = hash, .stage = 0, .value = ended->train, .aborted_at = -1};
	if (ended->found) {
		search_archive_put_expr(l->archive, &expr);
		search_archive_put_score(l->archive, &score);
		score.stage = SEARCH_STAGES;
		score.value = ended->select;
		search_archive_put_score(l->archive, &score);
	}
	SearchArchiveEpoch epoch = {.n = l->beginning,
	                            .stage = -1,
	                            .generated = ended->generated,
	                            .distinct = ended->scored,
	                            .hits = ended->known,
	                            .evaluations = ended->evaluations,
	                            .best = ended->train,
	                            .state = ended,
	                            .state_bytes = sizeof *ended};
	l->out->archive_lost = !search_archive_commit(l->archive, &epoch);
	arena_free(scratch);
}

static bool is_sound(const Learning *l, const Ended *ended) {
	return ended->generated >= 0 && ended->known >= 0 && ended->scored >= 0 && ended->evaluations >= 0 &&
	       search_listing_is_valid(&l->out->learner, &ended->listing);
}

/* Has the archive this beginning? *ok false with E0812: it has something else in its place. */
static bool is_there(const Learning *l, Ended *out, bool *ok) {
	*ok = true;
	if (!l->archive || l->beginning >= search_archive_epochs(l->archive))
		return false;
	Arena *scratch = arena_new();
	SearchArchiveEpoch epoch;
	*ok = search_archive_find_epoch(l->archive, l->beginning, scratch, &epoch) && epoch.state_bytes == sizeof *out;
	if (*ok) {
		memcpy(out, epoch.state, sizeof *out);
		*ok = is_sound(l, out);
	}
	arena_free(scratch);
	if (!*ok)
		diag_error(l->rt->session, 812, (Span){0}, "beginning %d in the archive is none of this search",
		           l->beginning + 1);
	return *ok;
}

/* ---- a beginning ---- */

static bool is_interrupted(void *user) {
	return rt_interrupted(((Learning *)user)->rt);
}

static void tell(const Learning *l, const SearchEvolved *so_far) {
	double now = rt_seconds(), took = now - l->since;
	SearchLearnedProgress p = {.beginning = l->beginning,
	                           .generated = l->out->generated + so_far->generated,
	                           .known = l->out->known + so_far->known,
	                           .scored = l->out->scored + so_far->scored,
	                           .total = wanted(l),
	                           .per_second = (double)so_far->generated / (took > 0 ? took : 1),
	                           .seconds = now - l->started,
	                           .best = (double)so_far->best_score,
	                           .select = l->out->best ? l->out->select : (double)INFINITY};
	if (l->options->progress)
		l->options->progress(l->options->user, &p);
}

static bool goes_on(void *user, const SearchEvolved *so_far) {
	static const double tell_every = 0.1, save_every = 1;
	Learning *l = user;
	double now = rt_seconds();
	if (now - l->told > tell_every) {
		tell(l, so_far);
		l->told = now;
	}
	if (now - l->saved > save_every) {
		l->saved = now;
		l->failed = !show(l, so_far);
	}
	if (so_far->so_far && so_far->best_score < l->looked && is_below_goal(l, (double)so_far->best_score)) {
		l->looked = so_far->best_score;
		l->solved = is_below_goal(l, select_score(l, &so_far->so_far->listing, NULL));
	}
	return !l->solved && !l->failed;
}

static uint64_t places_for(int64_t candidates) {
	uint64_t places = 1 << 12;
	while (places < SEARCH_MOST_SEEN && (int64_t)places < 2 * candidates)
		places *= 2;
	return places;
}

/* So many problems of each exam. false with a diagnostic. */
static bool make(const Learning *l, SearchPapers **papers, ProblemSet set, int first, int count) {
	for (int k = 0; k < l->exam_count; k++) {
		search_papers_free(papers[k]);
		papers[k] = count > 0 ? search_papers_new(l->exams[k], set, first, count) : NULL;
		if (count > 0 && !papers[k])
			return false;
	}
	return true;
}

/* Problems of its own for this beginning, of the first of those for training; the last are for tidying. false with a diagnostic. */
static bool make_problems(Learning *l) {
	enum { ALL = PROBLEMS_SELECT, FITTED = SEARCH_LAST_PROBLEMS };
	int count = l->experiment->train_problems, most = count < ALL - FITTED ? ALL - FITTED : count;
	int64_t first = (int64_t)l->beginning * count % (most - count + 1);
	ProblemSet compared = l->experiment->select_problems > 0 ? PROBLEMS_SELECT : PROBLEMS_TRAIN;
	return make(l, l->train, PROBLEMS_TRAIN, (int)first, count) &&
	       (l->beginning > 0 || (make(l, l->fit, PROBLEMS_TRAIN, ALL - FITTED, FITTED) &&
	                             make(l, l->select, compared, 0, search_learner_problems(l->experiment))));
}

/* How many of `left` a beginning scores. */
static int64_t share_of(const Learning *l, int64_t left) {
	int restart = l->experiment->search.restart;
	return restart > 0 && restart < left ? restart : left;
}

static void begin(Learning *l, int64_t candidates, Ended *out) {
	Arena *arena = arena_new();
	int64_t before = evaluations(l);
	l->evolution.how.candidates = candidates;
	l->evolution.most_seen = places_for(candidates);
	l->evolution.seed = hash_bytes(&l->beginning, sizeof l->beginning, l->experiment->seed);
	l->looked = INFINITY;
	l->since = rt_seconds();
	const SearchEvolved *evolved = search_evolve(&l->evolution, l->rt->pool, arena);
	memset(out, 0, sizeof *out);
	out->generated = evolved->generated;
	out->known = evolved->known;
	out->scored = evolved->scored;
	out->train = out->select = (double)INFINITY;
	out->found = evolved->count > 0;
	out->exhausted = evolved->exhausted;
	if (out->found) {
		out->listing = evolved->best[0].tuple.listing;
		tidy(l, &out->listing);
		out->train = judge(l, l->train, 0, &out->listing, NULL);
		out->select = select_score(l, &out->listing, NULL);
	}
	out->solved = out->found && is_below_goal(l, out->select);
	out->evaluations = evaluations(l) - before;
	arena_free(arena);
}

/* The best of a beginning is compared with that of those before. false: the search ends, with a diagnostic. */
static bool count_in(Learning *l, const Ended *ended) {
	SearchLearned *out = l->out;
	out->generated += ended->generated;
	out->known += ended->known;
	out->scored += ended->scored;
	out->evaluations += ended->evaluations;
	out->beginnings++;
	l->exhausted = ended->exhausted ? l->exhausted + 1 : 0;
	out->exhausted = l->exhausted >= SEARCH_IDLE_BEGINNINGS;
	if (ended->found && isfinite(ended->select) && (!out->best || ended->select < out->select)) {
		take(l, &ended->listing, ended->train, out);
		if (l->options->best && !l->options->best(l->options->user, out))
			return false;
	}
	return !out->best || open_archive(l);
}

static bool search(Learning *l) {
	static const double per_place = 13; /* bytes: seen.c */
	int64_t all = wanted(l);
	if (!rt_memory_allows(l->rt, per_place * (double)places_for(share_of(l, all)), "what this search has seen"))
		return false;
	for (l->beginning = 0; !l->out->solved && l->out->scored < all && !rt_interrupted(l->rt); l->beginning++) {
		Ended ended;
		if (!make_problems(l))
			return false;
		bool ok, there = is_there(l, &ended, &ok);
		if (!ok)
			return false;
		if (!there)
			begin(l, share_of(l, all - l->out->scored), &ended);
		if (l->failed || !count_in(l, &ended))
			return false;
		if (rt_interrupted(l->rt))
			break;
		put(l, &ended);
		if (ended.generated == 0 || l->out->exhausted) /* nothing is left to make */
			break;
		if (l->out->archive_lost) /* a search that goes on later has to find this beginning there */
			break;
	}
	l->out->interrupted = rt_interrupted(l->rt) && !l->out->solved;
	return true;
}

/* ---- the whole ---- */

static bool make_exams(Learning *l) {
	const FeExperiment *x = l->experiment;
	int threads = rt_pool_threads(l->rt->pool);
	l->exams = ARENA_ARRAY(l->arena, SearchExam *, x->on.count);
	l->train = ARENA_ARRAY(l->arena, SearchPapers *, x->on.count);
	l->fit = ARENA_ARRAY(l->arena, SearchPapers *, x->on.count);
	l->select = ARENA_ARRAY(l->arena, SearchPapers *, x->on.count);
	for (uint32_t k = 0; k < x->on.count; k++) {
		l->exams[k] = search_exam_new(l->rt, &l->out->learner, &x->on.data[k], &l->options->programs);
		if (!l->exams[k])
			return false;
		l->exam_count++;
	}
	l->judged = ARENA_ARRAY(l->arena, int64_t, threads);
	l->desks = ARENA_ARRAY(l->arena, SearchDesk, (int64_t)threads * l->exam_count);
	for (int i = 0; i < threads; i++)
		for (int k = 0; k < l->exam_count; k++)
			search_desk_new(l->exams[k], l->arena, desk_of(l, i, k));
	return true;
}

SearchLearned *search_learner(Rt *rt, const FeExperiment *experiment, const SearchLearnerOptions *options) {
	double started = rt_seconds(), compiled = rt->compile_seconds;
	Arena *arena = arena_new();
	SearchLearned *out = ARENA_NEW(arena, SearchLearned);
	Learning *l = ARENA_NEW(arena, Learning);
	*out = (SearchLearned){
		.experiment = experiment, .arena = arena, .learning = l, .train = (double)INFINITY, .select = (double)INFINITY};
	*l = (Learning){
		.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena, .started = started};
	out->kind = experiment->search.kind == FE_SEARCH_RANDOM ? FE_SEARCH_RANDOM : FE_SEARCH_EVOLVE;
	l->evolution = (SearchEvolution){.how = experiment->search,
	                                 .hash = hash_of,
	                                 .score = score_of,
	                                 .goes_on = goes_on,
	                                 .interrupted = is_interrupted,
	                                 .user = l,
	                                 .grammar.learner = &out->learner};
	l->evolution.how.kind = out->kind;
	l->saved = started;
	bool ok = fe_learner(rt->program, experiment->learner, &out->learner) && make_exams(l) &&
	          (!options->resumes || open_archive(l)) && search(l);
	out->seconds = rt_seconds() - started;
	out->compile_seconds = rt->compile_seconds - compiled;
	if (ok && !out->best && !out->interrupted) {
		diag_error(rt->session, 820, experiment->train.span,
		           "no program of this learner gives predictions that are finite");
		ok = false;
	}
	if (ok && out->best)
		return out;
	search_learner_free(out);
	return NULL;
}

void search_learner_free(SearchLearned *result) {
	if (!result)
		return;
	Learning *l = result->learning;
	search_archive_close(l->archive);
	for (int k = 0; k < l->exam_count; k++) {
		search_papers_free(l->train[k]);
		search_papers_free(l->fit[k]);
		search_papers_free(l->select[k]);
		search_exam_free(l->exams[k]);
	}
	arena_free(result->arena);
}
