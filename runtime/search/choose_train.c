/* Choices beside more learned numbers than can be fitted one by one: every combination is a rule of its own, which is trained by its
 * meta-gradient. Successive halving: all of them for a sixteenth of the outer steps, the best quarter for a quarter, the best of these to the
 * end. Trainings go on where they stopped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/choose.h"

/* A combination in training. */
typedef struct Pupil {
	ChooseLearned shown;
	FeProgram *program;
	FeExperiment experiment;
	TrainOptions options;
	Training *training; /* NULL: over */
	Trained *trained;
} Pupil;

struct ChooseTraining {
	Rt *rt;
	const FeExperiment *experiment;
	const SearchOptions *options;
	ChooseTrained *out;
	IrModule *module; /* of the rule with all alternatives */
	Pupil *pupils;
	uint32_t count;
	double started;
	int rung;
	Arena *arena;
};

enum { RUNGS = 3 };
static const int rung_parts[RUNGS] = {16, 4, 1}; /* of the outer steps */

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

/* ---- one combination ---- */

static void see_progress(void *user, const TrainProgress *p) {
	Pupil *pupil = user;
	pupil->shown.steps = p->step;
	pupil->shown.score = p->best_step > 0 || isfinite(p->best_score) ? p->best_score : p->last.score;
}

/* false with diagnostics. One in which nothing is learned has no training. */
static bool begin(ChooseTraining *t, Pupil *pupil) {
	Session *session = t->rt->session;
	FePick *picks = search_choose_program_picks(session, &t->out->space, pupil->shown.combination);
	const char *call = source_excerpt(session, t->arena, t->experiment->train.span);
	pupil->program = fe_chosen(t->rt->program, picks, t->out->space.count);
	pupil->experiment = *t->experiment;
	pupil->options = (TrainOptions){.progress = see_progress, .user = pupil};
	pupil->shown.score = (double)INFINITY;
	if (!fe_call_text(pupil->program, call, AST_OPTIMIZER, &pupil->experiment.train))
		return false;
	IrModule *module = ir_module_new(session);
	FeObjective *problem = fe_objective(t->rt->program, module, &t->experiment->on.data[0], t->rt->options.real);
	FeTarget target = problem ? fe_target(problem, module->arena) : (FeTarget){0};
	FeRule *rule =
		problem ? fe_rule(pupil->program, module, &pupil->experiment.train, &target, t->rt->options.real, NULL, 0)
				: NULL;
	bool learns = rule && rule->learned_count > 0;
	ir_module_free(module);
	if (!rule || !learns) {
		t->out->idle += rule != NULL;
		return rule != NULL;
	}
	pupil->training = train_new(t->rt, &pupil->experiment, &pupil->options);
	return pupil->training != NULL;
}

static void end(Pupil *pupil) {
	if (pupil->training)
		pupil->trained = train_end(pupil->training);
	pupil->training = NULL;
}

static bool go_on(ChooseTraining *t, Pupil *pupil, int steps) {
	while (pupil->training && pupil->shown.steps < steps && train_goes_on(pupil->training) && !rt_interrupted(t->rt))
		if (!train_step(pupil->training))
			return false;
	return true;
}

/* ---- all of them ---- */

static void tell(const ChooseTraining *t, uint32_t done) {
	SearchProgress p = {.stage = t->rung, .done = done, .total = t->count, .best = (double)INFINITY};
	const Pupil *best = &t->pupils[0];
	Arena *arena = arena_new();
	for (uint32_t i = 0; i < t->count; i++)
		best = t->pupils[i].shown.score < best->shown.score ? &t->pupils[i] : best;
	p.best = best->shown.score;
	p.distinct = t->out->space.distinct_count;
	p.seconds = rt_seconds() - t->started;
	p.formula = search_choose_text(t->rt->session, &t->out->space, best->shown.combination, arena);
	if (t->options->progress)
		t->options->progress(t->options->user, &p);
	arena_free(arena);
}

static int by_score(const void *a, const void *b) {
	const Pupil *const *x = a, *const *y = b;
	const ChooseLearned *left = &(*x)->shown, *right = &(*y)->shown;
	if (left->score < right->score || right->score < left->score)
		return left->score < right->score ? -1 : 1;
	return (left->combination > right->combination) - (left->combination < right->combination);
}

/* Those that go on stay in training; the others end. Pupils do not move, as their trainings know where they are. */
static uint32_t let_through(Pupil **order, uint32_t count) {
	static const uint32_t part = 4;
	qsort(order, count, sizeof *order, by_score);
	uint32_t kept = (count + part - 1) / part;
	for (uint32_t i = kept; i < count; i++)
		end(order[i]);
	return kept;
}

static bool run_rungs(ChooseTraining *t) {
	Pupil **order = ARENA_ARRAY(t->arena, Pupil *, t->count + 1);
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->count && !rt_interrupted(t->rt); i++) {
		if (!begin(t, &t->pupils[i]))
			return false;
		if (t->pupils[i].training)
			order[count++] = &t->pupils[i];
		if (!go_on(t, &t->pupils[i], (t->experiment->outer_steps + rung_parts[0] - 1) / rung_parts[0]))
			return false;
		tell(t, i + 1);
	}
	for (t->rung = 1; t->rung < RUNGS && count > 0 && !rt_interrupted(t->rt); t->rung++) {
		count = let_through(order, count);
		t->out->evaluated[t->rung] = count;
		for (uint32_t i = 0; i < count; i++) {
			if (!go_on(t, order[i], t->experiment->outer_steps / rung_parts[t->rung]))
				return false;
			tell(t, i + 1);
		}
	}
	return true;
}

static bool finish(ChooseTraining *t) {
	ChooseTrained *out = t->out;
	Pupil **order = ARENA_ARRAY(t->arena, Pupil *, t->count + 1);
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		end(&t->pupils[i]);
		if (t->pupils[i].trained)
			order[count++] = &t->pupils[i];
	}
	qsort(order, count, sizeof *order, by_score);
	out->best = ARENA_ARRAY(t->arena, ChooseLearned, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		out->best[out->best_count++] = order[i]->shown;
		out->evaluations += order[i]->trained->evaluations;
	}
	if (count == 0)
		return false;
	out->trained = order[0]->trained;
	out->program = order[0]->program;
	return learned_natural(t->rt, out->trained->tasks[0]->rule, out->trained->theta, out->trained->natural);
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
	t->pupils = ARENA_ARRAY(t->arena, Pupil, t->count + 1);
	for (uint32_t i = 0; i < t->count; i++)
		t->pupils[i].shown.combination = space->distinct[i];
	t->out->evaluated[0] = t->count;
	return true;
}

ChooseTrained *search_choose_train(Rt *rt, const FeExperiment *experiment, const SearchOptions *options) {
	Arena *arena = arena_new();
	ChooseTrained *out = ARENA_NEW(arena, ChooseTrained);
	ChooseTraining *t = ARENA_NEW(arena, ChooseTraining);
	*out = (ChooseTrained){.arena = arena, .training = t};
	*t = (ChooseTraining){.rt = rt, .experiment = experiment, .options = options, .out = out, .arena = arena};
	t->started = rt_seconds();
	bool ok = make_pupils(t) && run_rungs(t);
	ok = finish(t) && ok;
	out->interrupted = rt_interrupted(rt);
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
		train_free(t->pupils[i].trained);
	if (t->module)
		ir_module_free(t->module);
	arena_free(result->arena);
}
