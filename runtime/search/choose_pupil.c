/* A combination of choices as a rule of its own, whose learned numbers are trained. Where it learns nothing, it is scored as it is written. */
#include <math.h>
#include <string.h>

#include "runtime/search/choose.h"

/* ---- the beginning ---- */

/* What is kept of it between two rounds; behind it stand the pieces of its training. */
typedef struct State {
	double score;
	int64_t combination, lost, steps, evaluations;
	int64_t learns, over;
} State;

typedef struct Walk {
	Text *text;           /* pieces are written to it, or */
	const char *at, *end; /* read from here */
	bool ok;
} Walk;

static void write_piece(void *user, const TrainPiece *piece) {
	Walk *walk = user;
	text_bytes(walk->text, piece->data, piece->count * ir_scalar_bytes(piece->scalar));
}

static void read_piece(void *user, const TrainPiece *piece) {
	Walk *walk = user;
	size_t bytes = piece->count * ir_scalar_bytes(piece->scalar);
	walk->ok = walk->ok && bytes <= (size_t)(walk->end - walk->at);
	if (!walk->ok)
		return;
	memcpy(piece->data, walk->at, bytes);
	walk->at += bytes;
}

/* TrainOptions.restore */
static bool restore(void *user, Training *training, bool *restored) {
	const ChoosePupil *pupil = user;
	*restored = pupil->restores != NULL;
	if (!*restored)
		return true;
	const char *bytes = pupil->restores;
	Walk walk = {.at = bytes + sizeof(State), .end = bytes + pupil->restores_bytes, .ok = true};
	train_visit(training, read_piece, &walk);
	return walk.ok && walk.at == walk.end && train_is_sound(training) &&
	       train_so_far(training)->steps == pupil->shown.steps;
}

/* To where it was, where no archive has that. */
static bool catch_up(const ChooseTraining *t, ChoosePupil *pupil) {
	while (train_so_far(pupil->training)->steps < pupil->shown.steps)
		if (rt_interrupted(t->rt) || !train_step(pupil->training))
			return false;
	return true;
}

static bool make_training(ChooseTraining *t, ChoosePupil *pupil) {
	SearchArchiveEpoch epoch = {0};
	Arena *scratch = arena_new();
	bool restores = t->kept.archive && !t->kept.lost && pupil->epoch >= 0;
	bool ok = !restores || search_archive_find_epoch(t->kept.archive, pupil->epoch, scratch, &epoch);
	pupil->restores = epoch.state;
	pupil->restores_bytes = epoch.state_bytes;
	pupil->options = (TrainOptions){.restore = restore, .user = pupil};
	uint32_t errors = t->rt->session->error_count;
	pupil->training = ok ? train_new(t->rt, &pupil->experiment, &pupil->options) : NULL;
	pupil->restores = NULL;
	arena_free(scratch);
	if (!pupil->training && restores && t->rt->session->error_count == errors)
		search_choose_say_changed(&t->kept);
	return pupil->training && catch_up(t, pupil);
}

bool search_pupil_begin(ChooseTraining *t, ChoosePupil *pupil) {
	Session *session = t->rt->session;
	if (pupil->program && (pupil->training || !pupil->shown.learns))
		return true;
	FePick *picks = search_choose_program_picks(session, &t->out->space, pupil->shown.combination);
	const char *call = source_excerpt(session, t->arena, t->experiment->train.span);
	pupil->program = fe_chosen(t->rt->program, picks, t->out->space.count);
	pupil->experiment = *t->experiment;
	if (!fe_call_text(pupil->program, call, AST_OPTIMIZER, &pupil->experiment.train))
		return false;
	IrModule *module = ir_module_new(session);
	FeObjective *problem = fe_objective(t->rt->program, module, &t->experiment->on.data[0], t->rt->options.real);
	FeTarget target = problem ? fe_target(problem, module->arena) : (FeTarget){0};
	FeRule *rule =
		problem ? fe_rule(pupil->program, module, &pupil->experiment.train, &target, t->rt->options.real, NULL, 0)
				: NULL;
	bool ok = rule != NULL;
	pupil->shown.learns = rule && rule->learned_count > 0;
	ir_module_free(module);
	return ok && (!pupil->shown.learns || make_training(t, pupil));
}

/* ---- its score ---- */

/* Mean over those that are finite; how many are not. */
static void mean_of(const double *scores, int count, ChooseLearned *out) {
	double sum = 0;
	int finite = 0;
	for (int i = 0; i < count; i++) {
		finite += isfinite(scores[i]);
		sum += isfinite(scores[i]) ? scores[i] : 0;
	}
	out->score = finite > 0 ? sum / finite : (double)INFINITY;
	out->lost = count - finite;
}

/* The problems that it is scored on, of each objective. */
static int problems_each(const FeExperiment *x) {
	return x->select_problems > 0 ? x->select_problems : x->train_problems;
}

static bool score_as_written(const ChooseTraining *t, ChoosePupil *pupil) {
	const FeExperiment *x = &pupil->experiment;
	int each = problems_each(x);
	Arena *scratch = arena_new();
	double *scores = ARENA_ARRAY(scratch, double, (size_t)each * x->on.count + 1);
	bool ok = true;
	for (uint32_t k = 0; k < x->on.count && ok; k++) {
		SearchScored what = {.objective = &x->on.data[k],
		                     .rule = &x->train,
		                     .score = x->score,
		                     .set = x->select_problems > 0 ? PROBLEMS_SELECT : PROBLEMS_TRAIN,
		                     .count = each,
		                     .steps = x->horizon_high,
		                     .seed = t->rt->options.seed,
		                     .evaluations = &pupil->evaluations};
		ok = search_compiled_scores(t->rt, &what, scores + (size_t)each * k);
	}
	if (ok)
		mean_of(scores, each * (int)x->on.count, &pupil->shown);
	arena_free(scratch);
	return ok;
}

/* What it was trained to, on the problems of training: there are no others. */
static bool score_on_training(const ChooseTraining *t, ChoosePupil *pupil) {
	const Trained *so_far = train_so_far(pupil->training);
	const FeExperiment *x = &pupil->experiment;
	int each = problems_each(x);
	Arena *scratch = arena_new();
	double *scores = ARENA_ARRAY(scratch, double, (size_t)each *(size_t)so_far->task_count + 1);
	bool ok = true;
	for (int k = 0; k < so_far->task_count && ok; k++) {
		Task *task = so_far->tasks[k];
		Problems *problems = problems_of(task, t->rt->options.seed, PROBLEMS_TRAIN, each, false);
		Runs runs;
		ok = problems && task_need_forward(task, x->horizon_high, TASK_SHARED) &&
		     run_problems(task, problems, NULL, so_far->theta, x->horizon_high, false, scratch, &runs);
		if (ok) {
			memcpy(scores + (size_t)each * (size_t)k, runs.score, sizeof *scores * (size_t)each);
			pupil->evaluations += runs.evaluations + (task->hands_on ? 0 : runs.problems);
		}
		problems_free(problems);
	}
	if (ok)
		mean_of(scores, each * so_far->task_count, &pupil->shown);
	arena_free(scratch);
	return ok;
}

/* ---- rounds ---- */

bool search_pupil_go_on(const ChooseTraining *t, ChoosePupil *pupil, int steps) {
	if (!pupil->shown.learns) {
		pupil->over = true;
		return score_as_written(t, pupil) && !rt_interrupted(t->rt);
	}
	const Trained *so_far = train_so_far(pupil->training);
	int64_t before = so_far->steps > 0 ? so_far->evaluations : 0; /* its start is scored when it begins */
	for (int i = 0; i < steps && train_goes_on(pupil->training); i++)
		if (rt_interrupted(t->rt) || !train_step(pupil->training))
			return false;
	pupil->evaluations += so_far->evaluations - before;
	pupil->shown.steps = so_far->steps;
	pupil->over = !train_goes_on(pupil->training);
	if (so_far->select_count == 0)
		return score_on_training(t, pupil);
	pupil->shown.score = so_far->best_score;
	pupil->shown.lost = so_far->best_lost;
	return true;
}

void search_pupil_state(const ChoosePupil *pupil, Arena *arena, SearchArchiveEpoch *out) {
	Text text = text_new(arena);
	State state = {.score = pupil->shown.score,
	               .combination = pupil->shown.combination,
	               .lost = pupil->shown.lost,
	               .steps = pupil->shown.steps,
	               .evaluations = pupil->evaluations,
	               .learns = pupil->shown.learns,
	               .over = pupil->over};
	text_bytes(&text, (const char *)&state, sizeof state);
	if (pupil->training)
		train_visit(pupil->training, write_piece, &(Walk){.text = &text});
	out->state = text_cstr(&text);
	out->state_bytes = text.length;
}

bool search_pupil_read(ChoosePupil *pupil, const SearchArchiveEpoch *epoch) {
	State state;
	if (epoch->state_bytes < sizeof state)
		return false;
	memcpy(&state, epoch->state, sizeof state);
	if (state.combination != pupil->shown.combination || state.steps < pupil->shown.steps || state.steps > INT32_MAX)
		return false;
	pupil->shown.score = state.score;
	pupil->shown.lost = state.lost;
	pupil->shown.steps = (int)state.steps;
	pupil->shown.learns = state.learns != 0;
	pupil->evaluations = state.evaluations;
	pupil->over = state.over != 0;
	pupil->epoch = epoch->n;
	return true;
}

const char *search_pupil_text(const ChooseTraining *t, const ChoosePupil *pupil) {
	const FeExperiment *x = &pupil->experiment;
	Session *session = t->rt->session;
	Rt view = *t->rt;
	view.program = pupil->program;
	IrModule *module = ir_module_new(session);
	FeObjective *problem = fe_objective(t->rt->program, module, &x->on.data[0], t->rt->options.real);
	FeTarget target = problem ? fe_target(problem, module->arena) : (FeTarget){0};
	FeRule *rule = problem ? fe_rule(pupil->program, module, &x->train, &target, t->rt->options.real, NULL, 0) : NULL;
	Text text = text_new(t->arena);
	Safetensors tensors;
	text_printf(&text, "# Chosen by the experiment `%s`: %s, in which nothing is learned.\n",
	            session_text(session, x->decl->name.name),
	            search_choose_text(session, &t->out->space, pupil->shown.combination, text.arena));
	if (rule)
		store_rule_source(&view, &x->train, rule, ARENA_ARRAY(t->arena, double, 1), "weights.safetensors", &text,
		                  &tensors);
	ir_module_free(module);
	return rule ? text_cstr(&text) : NULL;
}
