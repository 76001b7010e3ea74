/* What is compiled for a rule with choices on an objective, and runs of combinations in it: begin and segment as training has them
 * (runtime/inner), with an axis of 16 lanes that are points on one problem. The hyperparameters that pick are the same in all of them. */
#include <math.h>
#include <string.h>

#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"
#include "runtime/inner/limits.h"
#include "runtime/search/choose.h"
#include "runtime/search/stages.h"

struct ChooseLab {
	Rt *rt;
	Task *task;
	double *theta; /* where learned numbers start */
	RtCode *begin, *segment;
	int segment_steps;
	size_t arena_bytes;
};

struct ChooseBench {
	void *arena;
	void **slots[2]; /* x, f, g?, states...: segments go from one side to the other */
	int side;
	void *f0, *score, *curve, *spent, *theta;
	char *hypers; /* HYPER_BYTES each */
	void **pointers;
	int64_t evaluations;
};

enum { HYPER_BYTES = IR_LANES * sizeof(double) };

/* ---- code ---- */

/* Lanes are points: what belongs to the problem is the same in all of them. */
static IrFunc *in_lanes(const ChooseLab *lab, IrFunc *func) {
	Task *task = lab->task;
	func = task_optimized(task, func);
	bool *varying = ARENA_ARRAY(task->module->arena, bool, func->params.count + 1);
	bool *all = ARENA_ARRAY(task->module->arena, bool, func->results.count + 1);
	bool first = ir_params_of(func, IR_ROLE_F0).count == 0; /* all lanes begin at one x */
	uint32_t picking = task->rule->hypers.count - task->rule->choices.count;
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrRole role = func->params.data[i].role;
		bool own =
			role == IR_ROLE_X || role == IR_ROLE_F || role == IR_ROLE_G || role == IR_ROLE_STATE || role == IR_ROLE_F0;
		uint32_t hyper = role == IR_ROLE_HYPER ? i - ir_params_of(func, role).first : 0;
		bool point = role == IR_ROLE_THETA ||
		             (role == IR_ROLE_HYPER && ((int)hyper == lab->task->rule->rate || hyper >= picking));
		varying[i] = point || (own && !first);
	}
	for (uint32_t i = 0; i < func->results.count; i++)
		all[i] = true;
	return ad_batch(task->module, func, session_text(task->rt->session, func->name), varying, all);
}

static RtCode *compiled(ChooseLab *lab, TaskStage stage, const TaskPlan *plan) {
	double started = rt_seconds();
	IrFunc *func = in_lanes(lab, task_stage_built(lab->task, stage, plan));
	lab->rt->compile_seconds += rt_seconds() - started;
	RtCode *code = rt_compile(lab->rt, lab->task->module, func);
	if (code && code->arena_bytes > lab->arena_bytes)
		lab->arena_bytes = code->arena_bytes;
	return code;
}

/* SearchLowers of a rule with all alternatives; how: a ChooseRule. */
static FeRule *choosing_rule(Rt *rt, IrModule *module, const FeTarget *target, const void *how) {
	const ChooseRule *rule = how;
	return fe_rule_fitted(rt->program, module, rule->call, target, rt->options.real, rule->open, rule->open_count);
}

ChooseLab *search_choose_lab_new(Rt *rt, const FeCall *objective, const ChooseRule *rule, FeScore score, int horizon) {
	Task *task = search_task(rt, objective, score, choosing_rule, rule);
	if (!task)
		return NULL;
	ChooseLab *lab = ARENA_NEW(rt->arena, ChooseLab);
	*lab = (ChooseLab){.rt = rt, .task = task};
	lab->theta = learned_new(rt, task->rule, rt->arena);
	bool ok = lab->theta && learned_start(rt, task->rule, rt->options.seed, lab->theta);
	lab->segment_steps = horizon < TASK_MAX_SEGMENT ? horizon : TASK_MAX_SEGMENT;
	TaskPlan plan = {.steps = lab->segment_steps};
	lab->begin = ok ? compiled(lab, TASK_BEGIN, &plan) : NULL;
	lab->segment = lab->begin ? compiled(lab, TASK_SEGMENT, &plan) : NULL;
	if (lab->segment)
		return lab;
	search_choose_lab_free(lab);
	return NULL;
}

void search_choose_lab_free(ChooseLab *lab) {
	if (!lab)
		return;
	rt_code_free(lab->begin);
	rt_code_free(lab->segment);
	task_free(lab->task);
}

const FeRule *search_choose_lab_rule(const ChooseLab *lab) {
	return lab->task->rule;
}

Task *search_choose_lab_task(const ChooseLab *lab) {
	return lab->task;
}

const double *search_choose_lab_theta(const ChooseLab *lab) {
	return lab->theta;
}

/* ---- memory ---- */

static size_t slot_bytes(const Task *task, uint32_t slot) {
	IrType type = task->slots[slot];
	return (size_t)ir_type_elements(type, NULL) * ir_scalar_bytes(type.scalar) * IR_LANES;
}

static size_t curve_bytes(const ChooseLab *lab) {
	return (size_t)lab->segment_steps * IR_LANES * sizeof(double);
}

double search_choose_bench_bytes(const ChooseLab *lab) {
	double bytes = (double)lab->arena_bytes + 3 * (double)curve_bytes(lab);
	for (uint32_t i = 0; i < lab->task->slot_count; i++)
		bytes += 2 * (double)(slot_bytes(lab->task, i) + 64);
	return bytes + (double)HYPER_BYTES * (lab->task->rule->hypers.count + (double)learned_count(lab->task->rule) + 8);
}

ChooseBench *search_choose_bench_new(const ChooseLab *lab, Arena *arena) {
	const Task *task = lab->task;
	const FeRule *rule = task->rule;
	ChooseBench *b = ARENA_NEW(arena, ChooseBench);
	b->arena = rt_aligned(arena, lab->arena_bytes);
	for (int side = 0; side < 2; side++) {
		b->slots[side] = ARENA_ARRAY(arena, void *, task->slot_count + 1);
		for (uint32_t i = 0; i < task->slot_count; i++)
			b->slots[side][i] = rt_aligned(arena, slot_bytes(task, i));
	}
	b->f0 = rt_aligned(arena, HYPER_BYTES);
	b->score = rt_aligned(arena, HYPER_BYTES);
	b->curve = rt_aligned(arena, curve_bytes(lab));
	b->spent = rt_aligned(arena, curve_bytes(lab));
	b->theta = rt_aligned(arena, HYPER_BYTES * (size_t)(learned_count(rule) + 1));
	b->hypers = rt_aligned(arena, HYPER_BYTES * ((size_t)rule->hypers.count + 1));
	const IrFunc *segment = lab->segment->func, *begin = lab->begin->func;
	size_t pointers = segment->params.count + segment->results.count + begin->params.count + begin->results.count;
	b->pointers = ARENA_ARRAY(arena, void *, pointers + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		for (size_t lane = 0; lane < IR_LANES; lane++)
			rt_write_reals(rule->real, b->hypers + HYPER_BYTES * i + lane * ir_scalar_bytes(rule->real), 1,
			               &rule->hypers.data[i].value, 1);
	return b;
}

int64_t search_choose_bench_evaluations(const ChooseBench *b) {
	return b->evaluations;
}

/* ---- runs ---- */

static void give_slots(const Task *task, IrByRole *given, void *const *slots) {
	for (int k = 0; k < TASK_STATE_ROLES; k++) {
		IrRole role = task_state_roles[k];
		if (task->count[role] > 0)
			ir_give(given, role, slots, task->count[role]);
		slots += task->count[role];
	}
}

static void give_rule(const ChooseLab *lab, ChooseBench *b, IrByRole *given, const ProblemBlock *problem) {
	ir_by_role(given);
	problems_give(lab->task, given, problem);
	ir_give_addresses(given, IR_ROLE_HYPER, b->hypers, HYPER_BYTES, lab->task->rule->hypers.count);
	ir_give(given, IR_ROLE_THETA, &b->theta, 1);
}

static void set_point(const ChooseLab *lab, ChooseBench *b, const int *picks, const ChoosePoints *points) {
	const FeRule *rule = lab->task->rule;
	uint32_t picking = rule->hypers.count - rule->choices.count;
	if (lab->task->rule->rate >= 0)
		rt_write_reals(rule->real, b->hypers + HYPER_BYTES * (size_t)lab->task->rule->rate, 1, points->rates, IR_LANES);
	for (uint32_t i = 0; i < rule->choices.count; i++) {
		double lanes[IR_LANES];
		for (int lane = 0; lane < IR_LANES; lane++)
			lanes[lane] = picks[i];
		rt_write_reals(rule->real, b->hypers + HYPER_BYTES * (picking + i), 1, lanes, IR_LANES);
	}
	for (int64_t k = 0; k < learned_count(rule); k++)
		rt_write_reals(rule->real, (char *)b->theta + (size_t)k * IR_LANES * ir_scalar_bytes(rule->real), 1,
		               points->theta[k], IR_LANES);
}

/* To where the problem starts, in all lanes. */
static bool begin(const ChooseLab *lab, ChooseBench *b, const ProblemBlock *problem) {
	const Task *task = lab->task;
	size_t bytes = ir_scalar_bytes(task->objective->real);
	IrByRole given, places;
	give_rule(lab, b, &given, problem);
	ir_by_role(&places);
	give_slots(task, &places, b->slots[0]);
	ir_give(&places, IR_ROLE_VALID, &b->f0, 1);
	b->side = 0;
	bool ok = rt_call_by_role(lab->begin, &given, &places, b->pointers, b->arena) == 0;
	for (int64_t i = 0; i < task->objective->size; i++)
		for (size_t lane = 0; lane < IR_LANES; lane++)
			memcpy((char *)b->slots[0][0] + ((size_t)i * IR_LANES + lane) * bytes,
			       (char *)problem->x0 + (size_t)i * bytes, bytes);
	if (!task->validate)
		memcpy(b->f0, b->slots[0][1], IR_LANES * bytes);
	b->evaluations += IR_LANES;
	return ok;
}

/* One at x in each turn, unless the step hands that on, and those elsewhere that the turns have counted. */
static void count_evaluations(const Task *task, ChooseBench *b, int64_t turns) {
	const int64_t *spent = b->spent;
	b->evaluations += task->hands_on ? 0 : turns * IR_LANES;
	for (int64_t i = 0; task->elsewhere.most > 0 && i < turns * IR_LANES; i++)
		b->evaluations += spent[i];
}

/* So many turns more from step t0 on: joins score, and sets f after each turn, in lanes. */
static bool advance(const ChooseLab *lab, ChooseBench *b, const ProblemBlock *problem, int64_t t0, int64_t turns,
                    int64_t horizon, double *score, double *f) {
	const Task *task = lab->task;
	IrScalar real = task->objective->real;
	IrByRole given, places;
	double piece[IR_LANES];
	give_rule(lab, b, &given, problem);
	ir_by_role(&places);
	give_slots(task, &given, b->slots[b->side]);
	ir_give_addresses(&given, IR_ROLE_T0, &t0, sizeof t0, 1);
	ir_give_addresses(&given, IR_ROLE_TURNS, &turns, sizeof turns, 1);
	ir_give_addresses(&given, IR_ROLE_HORIZON, &horizon, sizeof horizon, 1);
	ir_give(&given, IR_ROLE_F0, &b->f0, 1);
	b->side = 1 - b->side;
	give_slots(task, &places, b->slots[b->side]);
	ir_give(&places, IR_ROLE_SCORE, &b->score, 1);
	ir_give(&places, IR_ROLE_CURVE, &b->curve, 1);
	ir_give(&places, IR_ROLE_SPENT, &b->spent, 1);
	bool ok = rt_call_by_role(lab->segment, &given, &places, b->pointers, b->arena) == 0;
	rt_read_reals(real, b->score, 1, piece, IR_LANES);
	score_join(task->score, score, piece, IR_LANES);
	rt_read_reals(real, b->curve, 1, f, (size_t)turns * IR_LANES);
	count_evaluations(task, b, turns);
	return ok;
}

static bool any_below(const double *f, const double *f0) {
	bool below = false;
	for (int lane = 0; lane < IR_LANES; lane++)
		below = below || f[lane] < f0[lane];
	return below;
}

/* Of a run that is shorter than the horizon, which the code does not score. */
static void score_short(FeScore how, const double *f0, const double *f, int steps, double *score) {
	double one[TASK_MAX_SEGMENT + 1];
	for (int lane = 0; lane < IR_LANES; lane++) {
		one[0] = f0[lane];
		for (int t = 0; t < steps; t++)
			one[t + 1] = f[t * IR_LANES + lane];
		score[lane] = score_of_run(how, SCORE_AFTER_STEPS, one, steps);
	}
}

bool search_choose_run(const ChooseLab *lab, ChooseBench *b, const ProblemBlock *problem, ChooseRun *run,
                       const ChoosePoints *points, double score[IR_LANES]) {
	FeScore how = lab->task->score;
	double f0[IR_LANES], f[TASK_MAX_SEGMENT * IR_LANES];
	int kept = 0; /* of the last piece */
	for (int lane = 0; lane < IR_LANES; lane++)
		score[lane] = score_zero(how);
	set_point(lab, b, run->picks, points);
	bool ok = begin(lab, b, problem);
	rt_read_reals(lab->task->objective->real, b->f0, 1, f0, IR_LANES);
	for (int done = 0; done < run->steps;) {
		bool looks = done == 0 && run->hopeless > 0 && run->hopeless < run->steps;
		int left = looks ? run->hopeless : run->steps - done;
		int piece = left < lab->segment_steps ? left : lab->segment_steps;
		kept = done + piece <= TASK_MAX_SEGMENT ? done : 0;
		ok = advance(lab, b, problem, done, piece, run->horizon, score, f + (size_t)kept * IR_LANES) && ok;
		done += piece;
		kept += piece;
		const double *last = f + (size_t)(kept - 1) * IR_LANES;
		if (looks && !any_below(last, f0)) {
			run->beyond = search_grid_hopeless(points->rates, f0, last);
			return false;
		}
	}
	if (run->steps < run->horizon && run->steps <= TASK_MAX_SEGMENT)
		score_short(how, f0, f, run->steps, score);
	for (int lane = 0; lane < IR_LANES; lane++)
		if (!ok || !isfinite(f[(kept - 1) * IR_LANES + lane]) || isnan(score[lane]))
			score[lane] = (double)INFINITY;
	return true;
}

double search_choose_rate_of_size(const ChooseLab *lab, ChooseBench *b, const ProblemBlock *problem,
                                  const ChooseRun *run, const ChoosePoints *points) {
	const Task *task = lab->task;
	size_t size = (size_t)task->objective->size;
	ChoosePoints at_one = *points;
	double score[IR_LANES], f[IR_LANES], moved = 0, large = 0;
	for (int lane = 0; lane < IR_LANES; lane++) {
		at_one.rates[lane] = 1;
		score[lane] = score_zero(task->score);
	}
	set_point(lab, b, run->picks, &at_one);
	if (!begin(lab, b, problem) || !advance(lab, b, problem, 0, 1, run->horizon, score, f))
		return 0;
	for (size_t i = 0; i < size; i++) {
		double from, to;
		size_t bytes = ir_scalar_bytes(task->objective->real);
		rt_read_reals(task->objective->real, (const char *)problem->x0 + i * bytes, 1, &from, 1);
		rt_read_reals(task->objective->real, (const char *)b->slots[b->side][0] + i * IR_LANES * bytes, 1, &to, 1);
		moved += (to - from) * (to - from);
		large += from * from;
	}
	double rate = sqrt((large > 0 ? large : (double)size) / moved);
	return isfinite(rate) && rate > 0 ? rate : 0;
}
