/* Choices beside more learned numbers than can be fitted one by one: every combination is a rule of its own, which is trained by its
 * meta-gradient. Successive halving: all of them for a sixteenth of the outer steps, the best quarter for a quarter, the best of these to the
 * end. Trainings go on where they stopped: a round is a sixteenth of the outer steps of one of them, and an epoch of the archive, which has what
 * it goes on from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/choose.h"

enum { RUNGS = CHOOSE_RUNGS, PIECES = 16 /* of a whole training */ };
const char *const search_rung_words[RUNGS] = {"a sixteenth of the steps", "a quarter of the steps", "all steps"};
static const int rung_parts[RUNGS] = {PIECES, 4, 1}; /* of the outer steps */

static const char *const sources[] = {"fixed", "train"}; /* by whether something is learned */

bool search_choose_trains(const char *source) {
	return !strcmp(source, sources[0]) || !strcmp(source, sources[1]);
}

static FeRule *rule_alone(Rt *rt, IrModule *module, const FeExperiment *x) {
	FeObjective *problem = fe_objective(rt->program, module, &x->on.data[0], rt->options.real);
	if (!problem)
		return NULL;
	FeTarget target = fe_target(problem, module->arena);
	return fe_rule_choosing(rt->program, module, &x->train, &target, rt->options.real);
}

bool search_choose_is_trained(Rt *rt, const FeExperiment *experiment) {
	IrModule *module = ir_module_new(rt->session);
	const FeRule *rule = rule_alone(rt, module, experiment);
	bool trained = rule && rule->learned_count > CHOOSE_MOST_LEARNED;
	for (uint32_t i = 0; rule && i < rule->learned.count; i++)
		trained = trained || rule->learned.data[i].slot.type.rank > 0;
	ir_module_free(module);
	return trained;
}

/* ---- which is better ---- */

static int compare(const ChooseLearned *x, const ChooseLearned *y) {
	if (x->lost != y->lost)
		return x->lost < y->lost ? -1 : 1;
	if (x->score < y->score || y->score < x->score)
		return x->score < y->score ? -1 : 1;
	return (x->combination > y->combination) - (x->combination < y->combination);
}

static int by_score(const void *a, const void *b) {
	const ChoosePupil *const *x = a, *const *y = b;
	return compare(&(*x)->shown, &(*y)->shown);
}

/* ---- what is told ---- */

static void tell(const ChooseTraining *t, uint32_t done, uint32_t total) {
	SearchProgress p = {.stage = t->rung, .done = done, .total = total, .best = (double)INFINITY, .formula = ""};
	Arena *arena = arena_new();
	p.distinct = t->out->space.distinct_count;
	p.seconds = rt_seconds() - t->started;
	if (t->best) {
		p.best = t->best->shown.score;
		p.formula = search_choose_text(t->rt->session, &t->out->space, t->best->shown.combination, arena);
	}
	if (t->options->progress)
		t->options->progress(t->options->user, &p);
	arena_free(arena);
}

/* After a round, which may have made one of them worse where there are no select problems. */
static void see_best(ChooseTraining *t, const ChoosePupil *tried) {
	const ChoosePupil *before = t->best;
	t->best = NULL;
	for (uint32_t i = 0; i < t->count; i++)
		if (isfinite(t->pupils[i].shown.score) && (!t->best || compare(&t->pupils[i].shown, &t->best->shown) < 0))
			t->best = &t->pupils[i];
	t->fresh = t->fresh || t->best != before || t->best == tried;
}

/* The best so far as it is saved; of one that was not gone on with here the disk has it. */
static bool show_best(ChooseTraining *t) {
	ChooseTrained *out = t->out;
	const ChoosePupil *best = t->best;
	out->trained = best->training ? train_so_far(best->training) : NULL;
	out->program = best->program;
	out->rule = best->program && !best->shown.learns ? search_pupil_text(t, best) : NULL;
	return best->shown.learns || !best->program || out->rule;
}

static bool tell_best(ChooseTraining *t) {
	if (!t->fresh || !t->options->learned || !search_choose_tells(&t->kept))
		return true;
	t->fresh = false;
	return show_best(t) && t->options->learned(t->options->user, t->out);
}

/* ---- rounds ---- */

static void put(ChooseTraining *t, ChoosePupil *pupil, bool first, int64_t evaluations) {
	Arena *scratch = arena_new();
	bool learns = pupil->shown.learns;
	double lost = (double)pupil->shown.lost;
	ChooseRow row = {.combination = pupil->shown.combination,
	                 .score = pupil->shown.score,
	                 .rate = (double)NAN,
	                 .numbers = &lost,
	                 .number_count = lost > 0,
	                 .source = first ? sources[learns] : NULL};
	ChooseEpoch epoch = {.epoch = {.stage = learns ? t->rung : RUNGS - 1, .evaluations = evaluations}, &row, 1};
	search_pupil_state(pupil, scratch, &epoch.epoch);
	search_choose_put(&t->kept, &epoch);
	pupil->epoch = t->kept.epoch;
	arena_free(scratch);
}

/* false with E0812. */
static bool read(ChooseTraining *t, ChoosePupil *pupil) {
	Arena *scratch = arena_new();
	SearchArchiveEpoch epoch;
	SearchArchiveScore score;
	bool known = search_choose_known(&t->kept, scratch, &epoch);
	bool ok = known && search_pupil_read(pupil, &epoch) && epoch.stage == (pupil->shown.learns ? t->rung : RUNGS - 1) &&
	          search_archive_find_score(t->kept.archive, (uint64_t)pupil->shown.combination, epoch.stage, &score);
	if (known && !ok)
		search_choose_say_changed(&t->kept);
	arena_free(scratch);
	return ok;
}

/* Some outer steps of one of them. false with diagnostics, or interrupted. */
static bool run_round(ChooseTraining *t, ChoosePupil *pupil, int steps) {
	bool first = pupil->epoch < 0 && !pupil->program;
	if (search_choose_is_there(&t->kept)) {
		if (!read(t, pupil))
			return false;
	} else {
		int64_t before = pupil->evaluations;
		if (rt_interrupted(t->rt) || !search_pupil_begin(t, pupil) || !search_pupil_go_on(t, pupil, steps))
			return false;
		put(t, pupil, first, pupil->evaluations - before);
	}
	see_best(t, pupil);
	t->kept.epoch++;
	return tell_best(t) && search_choose_open(&t->kept, t->best != NULL);
}

/* Up to so many outer steps; at least one round. */
static bool run_pupil(ChooseTraining *t, ChoosePupil *pupil, int steps) {
	int piece = (t->experiment->outer_steps + PIECES - 1) / PIECES;
	do {
		int left = steps - pupil->shown.steps;
		if (!run_round(t, pupil, left < 0 ? 0 : left < piece ? left : piece))
			return false;
	} while (!pupil->over && pupil->shown.steps < steps);
	return true;
}

/* ---- all of them ---- */

static void end(ChoosePupil *pupil) {
	if (pupil->training)
		train_free(train_end(pupil->training));
	pupil->training = NULL;
}

/* Those that go on stay in training; the others end. Pupils do not move, as their trainings know where they are. */
static uint32_t let_through(ChoosePupil **order, uint32_t count) {
	static const uint32_t part = 4;
	if (count)
		qsort(order, count, sizeof(ChoosePupil *), by_score);
	uint32_t kept = (count + part - 1) / part;
	for (uint32_t i = kept; i < count; i++)
		end(order[i]);
	return kept;
}

static bool run_rungs(ChooseTraining *t) {
	ChoosePupil **order = ARENA_ARRAY(t->arena, ChoosePupil *, t->count + 1);
	int whole = t->experiment->outer_steps;
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		ChoosePupil *pupil = &t->pupils[i];
		if (!run_pupil(t, pupil, (whole + rung_parts[0] - 1) / rung_parts[0]))
			return false;
		if (pupil->shown.learns)
			order[count++] = pupil;
		t->out->fixed += !pupil->shown.learns;
		tell(t, i + 1, t->count);
	}
	for (t->rung = 1; t->rung < RUNGS && count > 0; t->rung++) {
		count = let_through(order, count);
		t->out->evaluated[t->rung] = count;
		for (uint32_t i = 0; i < count; i++) {
			if (!run_pupil(t, order[i], whole / rung_parts[t->rung]))
				return false;
			tell(t, i + 1, count);
		}
	}
	return true;
}

static void list_best(ChooseTraining *t) {
	ChooseTrained *out = t->out;
	ChoosePupil **order = ARENA_ARRAY(t->arena, ChoosePupil *, t->count + 1);
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		out->evaluations += t->pupils[i].evaluations;
		if (isfinite(t->pupils[i].shown.score))
			order[count++] = &t->pupils[i];
	}
	if (count)
		qsort(order, count, sizeof *order, by_score);
	out->best = ARENA_ARRAY(t->arena, ChooseLearned, count + 1);
	for (uint32_t i = 0; i < count; i++)
		out->best[out->best_count++] = order[i]->shown;
}

/* The rule of the best, with what all of it took. */
static bool finish(ChooseTraining *t) {
	ChooseTrained *out = t->out;
	const AstDecl *rule = t->experiment->train.decl;
	if (!t->best) {
		diag_error(t->rt->session, 820, rule->name.span,
		           "none of the %u combinations of the choices of `%s` stays finite", (unsigned)t->count,
		           session_text(t->rt->session, rule->name.name));
		return false;
	}
	ChoosePupil *best = &t->pupils[t->best - t->pupils];
	if (!search_pupil_begin(t, best) || !show_best(t))
		return false;
	if (!best->shown.learns)
		return true;
	Trained *trained = train_end(best->training);
	best->training = NULL;
	out->trained = out->ended = trained;
	trained->evaluations = out->evaluations;
	trained->seconds = rt_seconds() - t->started;
	return learned_natural(t->rt, trained->tasks[0]->rule, trained->theta, trained->natural);
}

static bool make_pupils(ChooseTraining *t) {
	t->module = ir_module_new(t->rt->session);
	const FeRule *rule = rule_alone(t->rt, t->module, t->experiment);
	if (!rule ||
	    !search_choose_space_of(t->rt, rule, &t->experiment->search, t->experiment->seed, t->arena, &t->out->space))
		return false;
	const ChooseSpace *space = &t->out->space;
	if (space->distinct_count > CHOOSE_MOST_TRAINED) {
		Diag *diag = diag_error(t->rt->session, 338, rule->decl->name.span,
		                        "`%s` has more than %d combinations of choices, each of which would be trained",
		                        session_text(t->rt->session, rule->decl->name.name), CHOOSE_MOST_TRAINED);
		diag_help(t->rt->session, diag, "make some of them with --choose NAME=NUMBER");
		return false;
	}
	t->count = space->distinct_count;
	t->pupils = ARENA_ARRAY(t->arena, ChoosePupil, t->count + 1);
	for (uint32_t i = 0; i < t->count; i++)
		t->pupils[i] = (ChoosePupil){
			.shown = {.combination = space->distinct[i], .score = (double)INFINITY, .learns = true}, .epoch = -1};
	t->out->evaluated[0] = t->count;
	t->out->problems =
		(t->experiment->select_problems > 0 ? t->experiment->select_problems : t->experiment->train_problems) *
		(int64_t)t->experiment->on.count;
	return true;
}

static bool run(ChooseTraining *t) {
	if (!make_pupils(t))
		return false;
	search_choose_keep(&t->kept, t->rt, t->experiment, t->options, &t->out->space, t->experiment->outer_steps,
	                   t->arena);
	return search_choose_open(&t->kept, false) && run_rungs(t);
}

ChooseTrained *search_choose_train(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Arena *arena = arena_new();
	ChooseTrained *out = ARENA_NEW(arena, ChooseTrained);
	ChooseTraining *t = ARENA_NEW(arena, ChooseTraining);
	*out = (ChooseTrained){.arena = arena, .training = t};
	*t = (ChooseTraining){.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena};
	t->started = rt_seconds();
	uint32_t errors = rt->session->error_count;
	bool whole = run(t), ok = false;
	out->interrupted = !whole && rt_interrupted(rt) && rt->session->error_count == errors + t->kept.lost;
	list_best(t);
	if (whole)
		ok = finish(t);
	else if (out->interrupted && t->best)
		ok = show_best(t);
	out->archive_lost = t->kept.lost;
	search_archive_close(t->kept.archive);
	out->seconds = rt_seconds() - t->started;
	if (ok)
		return out;
	search_choose_train_free(out);
	return NULL;
}

void search_choose_train_free(ChooseTrained *result) {
	if (!result)
		return;
	ChooseTraining *t = result->training;
	for (uint32_t i = 0; i < t->count; i++)
		end(&t->pupils[i]);
	train_free(result->ended);
	if (t->module)
		ir_module_free(t->module);
	arena_free(result->arena);
}
