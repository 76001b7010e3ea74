/* Inner runs as tensor IR. A turn of an unroll, in this order:
 *
 *     x, states <- step(x, g, f, t, horizon, hypers, theta, states)     t = t0 + turn + 1
 *     f, g      <- objective(fixed, x)                                  what the next turn starts from: on its batch, t + 1;
 *                                                                       nothing, if the step has handed them on
 *     score     <- score (+) map(f)                                     f after step t, or what validates instead
 *
 * `begin` evaluates at the start; a `segment` is a loop of turns between two states, so that runs of any length, windows
 * and particles are made of the same two functions. A whole gradient is a loop over windows in which the reverse of a
 * segment stands: the state goes on, its cotangent does not. Everything here is unbatched and as it is built: driver.c runs the
 * passes, batches and compiles. */
#include <math.h>

#include "autodiff/autodiff.h"
#include "ir/core/walk.h"
#include "runtime/inner/frame.h"

static IrType real_type(const Frame *w) {
	return ir_scalar_type(w->task->objective->real);
}

/* ---- pieces of a turn ---- */

/* step: what the evaluation is for, whose batch it sees; 0 where nothing is drawn. known: f and g are there. */
static void emit_evaluate(Frame *w, IrValue step, bool known) {
	if (step)
		frame_set(w, IR_ROLE_STEP, step);
	if (!known)
		frame_call(w, w->task->evaluate);
	if (w->task->validate)
		frame_call(w, w->task->validate);
}

/* What runs are judged by: f, or what the objective validates with. */
static IrValue scored(const Frame *w) {
	return frame_get(w, w->task->validate ? IR_ROLE_VALID : IR_ROLE_F);
}

/* x, f, g and the states at the start of a run, which is at x. */
static void emit_begin(Frame *w) {
	emit_evaluate(w, w->task->objective->batches ? frame_count(w, 1) : 0, false);
	frame_call(w, w->task->rule->init);
	frame_set(w, IR_ROLE_F0, scored(w));
}

void frame_step(Frame *w, IrValue t) {
	bool has_g = w->count[IR_ROLE_G] > 0;
	if (!has_g) /* the step has the parameter and does not read it */
		frame_set(w, IR_ROLE_G, ir_fill(&w->b, ir_param_type(w->task->evaluate, IR_ROLE_X), 0));
	frame_set(w, IR_ROLE_T, t);
	if (w->task->objective->batches && w->task->rule->evaluates)
		frame_set(w, IR_ROLE_STEP, t); /* what the step evaluates sees the batch of f and g */
	frame_call(w, w->task->step);
	w->count[IR_ROLE_G] = has_g;
}

/* A scalar op over values of rank 0: begins with the nodes read, ends with one put. */
static IrValue put_scalar(IrForBuilder *f, uint32_t node) {
	IrValue out = ir_put(f, IR_PUT_NONE, node, ir_scalar_type(ir_node_type(f, node)), NULL, 0, false);
	ir_for_end(f);
	return out;
}

/* t0 + counter + offset */
static IrValue emit_count(IrBuilder *b, IrValue t0, IrValue counter, int64_t offset) {
	IrForBuilder f = ir_for_begin(b);
	uint32_t sum = ir_op2(&f, IR_add, ir_read_scalar(&f, counter), ir_int(&f, offset));
	if (t0)
		sum = ir_op2(&f, IR_add, ir_read_scalar(&f, t0), sum);
	return put_scalar(&f, sum);
}

/* score (+) map(f); a final score counts the step that ends the run and nothing else. */
static IrValue emit_score(Frame *w, IrValue score, IrValue t) {
	const FeScoreFoldInfo *fold = &fe_score_folds[w->task->score.fold];
	const FeScoreMapInfo *map = &fe_score_maps[w->task->score.map];
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t value = ir_read_scalar(&f, scored(w));
	if (map->logarithm)
		value = ir_op1(&f, IR_log, value);
	if (map->relative)
		value = ir_op2(&f, IR_div, value, ir_read_scalar(&f, frame_get(w, IR_ROLE_F0)));
	uint32_t before = ir_read_scalar(&f, score);
	if (fold->last) {
		uint32_t last = ir_op2(&f, IR_eq, ir_read_scalar(&f, t), ir_read_scalar(&f, frame_get(w, IR_ROLE_HORIZON)));
		value = ir_op3(&f, IR_where, last, value, ir_real(&f, w->task->objective->real, 0));
	}
	return put_scalar(&f, ir_op2(&f, fold->least ? IR_min : IR_add, before, value));
}

/* A mean is over the steps of the whole run. */
static IrValue emit_scale(Frame *w, IrValue score) {
	if (!fe_score_folds[w->task->score.fold].mean)
		return score;
	IrForBuilder f = ir_for_begin(&w->b);
	IrOpcode to_real = w->task->objective->real == IR_F32 ? IR_to_f32 : IR_to_f64;
	uint32_t steps = ir_op1(&f, to_real, ir_read_scalar(&f, frame_get(w, IR_ROLE_HORIZON)));
	return put_scalar(&f, ir_op2(&f, IR_div, ir_read_scalar(&f, score), steps));
}

/* What segments tell of every turn. */
static const IrRole turn_roles[] = {IR_ROLE_CURVE, IR_ROLE_SPENT, IR_ROLE_LOOKED};
enum { TURN_ROLES = sizeof turn_roles / sizeof *turn_roles };

/* `all`, one for each turn, with what this turn has. */
static IrValue emit_turn(Frame *w, IrValue all, IrValue counter, IrValue own) {
	IrModule *module = w->task->module;
	IrType type = ir_type(w->func, all);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt place[2] = {{0}};
	if (type.rank == 2)
		place[1] = ir_at_index(module, ir_for_index(&f, 0, type.dims[1]), 1);
	place[0] = ir_at_node(module, ir_read_scalar(&f, counter), 1);
	uint32_t value = type.rank == 2 ? ir_read(&f, own, &place[1], false) : ir_read_scalar(&f, own);
	IrValue out = ir_put(&f, IR_PUT_NONE, value, type, place, all, false);
	ir_for_end(&f);
	return out;
}

static uint32_t state_values(const Frame *w, IrValue *values) {
	uint32_t count = 0;
	for (int k = 0; k < TASK_STATE_ROLES; k++) {
		IrRole role = task_state_roles[k];
		for (uint32_t i = 0; i < w->count[role]; i++)
			values[count++] = w->of[role][i];
	}
	return count;
}

static uint32_t state_count(const Frame *w) {
	uint32_t count = 0;
	for (int k = 0; k < TASK_STATE_ROLES; k++)
		count += w->count[task_state_roles[k]];
	return count;
}

static void set_state_values(Frame *w, const IrValue *values) {
	for (int k = 0; k < TASK_STATE_ROLES; k++) {
		IrRole role = task_state_roles[k];
		IrValue *own = ARENA_ARRAY(w->arena, IrValue, w->count[role] + 1);
		for (uint32_t i = 0; i < w->count[role]; i++)
			own[i] = *values++;
		w->of[role] = own;
	}
}

/* An operation over all elements of a type, and where each stands. */
static IrForBuilder each_element(Frame *w, IrType type, IrAt *at) {
	IrForBuilder f = ir_for_begin(&w->b);
	for (uint32_t i = 0; i < type.rank; i++)
		at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[i]), 1);
	return f;
}

/* A value without a derivative; where `counter` is given and 0, with it. */
static IrValue emit_stopped(Frame *w, IrValue from, IrValue counter) {
	IrAt at[IR_MAX_RANK];
	IrType type = ir_type(w->func, from);
	IrForBuilder f = each_element(w, type, at);
	uint32_t value = ir_read(&f, from, at, false);
	uint32_t node = ir_op1(&f, IR_stop_gradient, value);
	if (counter) {
		uint32_t first = ir_op2(&f, IR_eq, ir_read_scalar(&f, counter), ir_int(&f, 0));
		node = ir_op3(&f, IR_where, first, value, node);
	}
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

/* The loop of a segment: from w's state to w's state; sets the score. What there is of the roles of turns takes what every turn has.
 * trips: 0: all. */
static void emit_segment(Frame *w, int steps, IrValue trips) {
	bool kept[TURN_ROLES];
	uint32_t count = state_count(w), at = count;
	IrValue *inner = ARENA_ARRAY(w->arena, IrValue, count + 1 + TURN_ROLES);
	IrValue zero = ir_fill(&w->b, real_type(w), score_zero(w->task->score));
	state_values(w, inner);
	IrBlock *outer = w->b.block;
	IrOp *loop = ir_loop_begin(&w->b, steps, trips);
	for (uint32_t i = 0; i < count; i++)
		inner[i] = ir_loop_carry(&w->b, loop, inner[i]);
	inner[count] = ir_loop_carry(&w->b, loop, zero);
	for (int k = 0; k < TURN_ROLES; k++) {
		kept[k] = w->count[turn_roles[k]] > 0;
		if (kept[k])
			inner[++at] = ir_loop_carry(&w->b, loop, frame_get(w, turn_roles[k]));
	}
	set_state_values(w, inner);
	IrValue t = emit_count(&w->b, frame_get(w, IR_ROLE_T0), loop->loop.counter, 1);
	if (w->first_order && w->count[IR_ROLE_G] > 0)
		frame_set(w, IR_ROLE_G, emit_stopped(w, frame_get(w, IR_ROLE_G), 0));
	frame_step(w, t);
	bool batches = w->task->objective->batches;
	IrValue next = batches ? emit_count(&w->b, frame_get(w, IR_ROLE_T0), loop->loop.counter, 2) : 0;
	emit_evaluate(w, next, w->task->hands_on);
	inner[count] = emit_score(w, inner[count], t);
	frame_set(w, IR_ROLE_CURVE, scored(w));
	at = count;
	for (int k = 0; k < TURN_ROLES; k++) {
		if (kept[k]) {
			at++;
			inner[at] = emit_turn(w, inner[at], loop->loop.counter, frame_get(w, turn_roles[k]));
		}
		w->count[turn_roles[k]] = 0; /* of the last turn: none of this function's */
	}
	state_values(w, inner);
	ir_loop_end(&w->b, loop, inner, outer);
	for (uint32_t i = 0; i < loop->loop.carries.count; i++)
		inner[i] = loop->loop.carries.data[i].out;
	set_state_values(w, inner);
	at = count;
	for (int k = 0; k < TURN_ROLES; k++)
		if (kept[k])
			frame_set(w, turn_roles[k], inner[++at]);
	frame_set(w, IR_ROLE_SCORE, emit_scale(w, inner[count]));
}

/* ---- functions ---- */

IrFunc *task_build_begin(Task *task, const TaskPlan *plan) {
	(void)plan;
	Frame w = frame_new(task, "begin");
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_HYPER, IR_ROLE_THETA);
	emit_begin(&w);
	FRAME_RESULTS(&w, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_VALID);
	return w.func;
}

/* `whole`: every segment has all its turns, so that no bound is read when it runs. */
static IrFunc *build_segment(Task *task, const TaskPlan *plan, bool curve, bool whole) {
	int steps = plan->steps;
	Frame w = frame_new(task, "segment");
	w.first_order = plan->first_order;
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_T0, IR_ROLE_TURNS, IR_ROLE_HORIZON,
	             IR_ROLE_F0, IR_ROLE_HYPER, IR_ROLE_THETA);
	if (curve) {
		IrDim length = steps;
		frame_set(&w, IR_ROLE_CURVE, ir_fill(&w.b, ir_tensor_type(task->objective->real, 1, &length), 0));
		if (task->elsewhere.most > 0)
			frame_set(&w, IR_ROLE_SPENT, ir_fill(&w.b, ir_tensor_type(IR_I64, 1, &length), 0));
	}
	if (plan->looks) {
		const IrDim extents[] = {steps, task->looks};
		frame_set(&w, IR_ROLE_LOOKED, ir_fill(&w.b, ir_tensor_type(task->objective->real, 2, extents), 0));
	}
	emit_segment(&w, steps, whole ? 0 : frame_get(&w, IR_ROLE_TURNS));
	FRAME_RESULTS(&w, IR_ROLE_SCORE, IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_CURVE, IR_ROLE_SPENT,
	              IR_ROLE_LOOKED);
	return w.func;
}

IrFunc *task_build_segment(Task *task, const TaskPlan *plan) {
	return build_segment(task, plan, true, false);
}

/* Do the first states depend on theta? Then the first window's gradient also flows through `init`. */
static bool init_reads_theta(const FeRule *rule) {
	const IrFunc *init = rule->init;
	if (rule->learned_count == 0 || init->results.count == 0)
		return false;
	IrValue theta = init->params.data[ir_param_at(init, IR_ROLE_THETA)].value;
	for (uint32_t i = 0; i < init->results.count; i++)
		if (init->results.data[i].value == theta)
			return true;
	return ir_block_uses(&init->body, theta);
}

static bool least(const Frame *w) {
	return fe_score_folds[w->task->score.fold].least;
}

/* Of a value that every window has: the sum over windows. Where the score is a minimum, that of the window which has the least
 * score: the new one, if its score is below the best before. */
static IrValue emit_gather(Frame *w, IrValue best, IrValue score, IrValue total, IrValue window) {
	if (!least(w))
		return ir_add_values(&w->b, total, window);
	IrType type = ir_type(w->func, total);
	IrAt at[IR_MAX_RANK];
	IrForBuilder f = each_element(w, type, at);
	uint32_t better = ir_op2(&f, IR_lt, ir_read_scalar(&f, score), ir_read_scalar(&f, best));
	uint32_t node = ir_op3(&f, IR_where, better, ir_read(&f, window, at, false), ir_read(&f, total, at, false));
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

/* The score of what came before and a window. */
static IrValue emit_join(Frame *w, IrValue before, IrValue window) {
	if (!least(w))
		return ir_add_values(&w->b, before, window);
	IrForBuilder f = ir_for_begin(&w->b);
	return put_scalar(&f, ir_op2(&f, IR_min, ir_read_scalar(&f, before), ir_read_scalar(&f, window)));
}

/* min(window, horizon - t0), and t0 = counter * window */
static void emit_window_place(Frame *w, IrValue counter, int window, bool partial) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t start = ir_op2(&f, IR_mul, ir_read_scalar(&f, counter), ir_int(&f, window));
	frame_set(w, IR_ROLE_T0, put_scalar(&f, start));
	f = ir_for_begin(&w->b);
	uint32_t turns = ir_int(&f, window);
	if (partial) {
		uint32_t left = ir_op2(&f, IR_sub, ir_read_scalar(&f, frame_get(w, IR_ROLE_HORIZON)),
		                       ir_read_scalar(&f, frame_get(w, IR_ROLE_T0)));
		turns = ir_op2(&f, IR_min, turns, left);
	}
	frame_set(w, IR_ROLE_TURNS, put_scalar(&f, turns));
}

/* How many windows a run of this horizon has. */
static IrValue emit_window_count(Frame *w, int window) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t up = ir_op2(&f, IR_add, ir_read_scalar(&f, frame_get(w, IR_ROLE_HORIZON)), ir_int(&f, window - 1));
	return put_scalar(&f, ir_op2(&f, IR_idiv, up, ir_int(&f, window)));
}

/* theta~ through init, at x0, from the cotangents of the first states. */
static IrValue emit_init_reverse(Frame *w, IrValue x0, IrValue *state_cotangents, uint32_t count) {
	const FeRule *rule = w->task->rule;
	bool *wrt = ir_choose_params(w->arena, rule->init, IR_ROLE_THETA);
	IrFunc *reverse = ad_reverse(w->task->module, rule->init, "init_reverse", NULL, wrt, false);
	frame_set(w, IR_ROLE_X, x0);
	w->of[ir_role_tilde(IR_ROLE_STATE)] = state_cotangents;
	w->count[ir_role_tilde(IR_ROLE_STATE)] = count;
	frame_call(w, reverse);
	return frame_get(w, ir_role_tilde(IR_ROLE_THETA));
}

/* A state's cotangent of the first window, kept while the others go by. Where a minimum decides, a later window whose
 * score is below the best before leaves nothing of it. */
static IrValue emit_first(Frame *w, IrValue counter, IrValue best, IrValue score, IrValue kept, IrValue now) {
	IrType type = ir_type(w->func, kept);
	IrAt at[IR_MAX_RANK];
	IrForBuilder f = each_element(w, type, at);
	uint32_t before = ir_read(&f, kept, at, false);
	if (least(w)) {
		uint32_t better = ir_op2(&f, IR_lt, ir_read_scalar(&f, score), ir_read_scalar(&f, best));
		before = ir_op3(&f, IR_where, better, ir_real(&f, type.scalar, 0), before);
	}
	uint32_t first = ir_op2(&f, IR_eq, ir_read_scalar(&f, counter), ir_int(&f, 0));
	uint32_t node = ir_op3(&f, IR_where, first, ir_read(&f, now, at, false), before);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

/* What is known of a segment's parameters: the limits of the data that `setup` draws. */
static const double *segment_limits(const Task *task, const IrFunc *segment) {
	Arena *arena = task->module->arena;
	const double *drawn = ad_result_limits(arena, task->objective->setup);
	IrRange from = ir_results_of(task->objective->setup, IR_ROLE_FIXED), to = ir_params_of(segment, IR_ROLE_FIXED);
	double *limits = ARENA_ARRAY(arena, double, segment->params.count + 1);
	for (uint32_t p = 0; p < segment->params.count; p++) {
		bool fixed = segment->params.data[p].role == IR_ROLE_FIXED;
		limits[p] = fixed ? drawn[from.first + p - to.first] : (double)INFINITY;
	}
	return limits;
}

/* The reverse of a segment: its cotangents of theta and, through `init`, of the states that are real. */
static IrFunc *segment_reverse(Task *task, int window, bool whole, bool first_order, bool through_init) {
	IrFunc *segment = task_optimized(
		task, build_segment(task, &(TaskPlan){.steps = window, .first_order = first_order}, false, whole));
	Arena *arena = task->module->arena;
	bool *wrt = ir_choose_params(arena, segment, IR_ROLE_THETA);
	for (uint32_t i = 0; through_init && i < segment->params.count; i++) {
		const IrParam *p = &segment->params.data[i];
		wrt[i] = wrt[i] || (p->role == IR_ROLE_STATE && ir_scalar_is_real(ir_type(segment, p->value).scalar));
	}
	bool *seeded = ir_choose_results(arena, segment, IR_ROLE_SCORE);
	const double *limits = segment_limits(task, segment);
	return task_optimized(task, ad_reverse_within(task->module, segment, "segment_reverse", seeded, wrt, true, limits));
}

IrFunc *task_build_gradient(Task *task, const TaskPlan *plan) {
	const IrRole theta_bar = ir_role_tilde(IR_ROLE_THETA), state_bar = ir_role_tilde(IR_ROLE_STATE);
	int steps = plan->steps, window = plan->window <= 0 || plan->window > steps ? steps : plan->window;
	bool partial = !plan->fixed || steps % window != 0;
	bool through_init = init_reads_theta(task->rule);
	IrFunc *reverse = segment_reverse(task, window, !partial, plan->first_order, through_init);
	Frame w = frame_new(task, "meta_gradient");
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_HORIZON, IR_ROLE_HYPER, IR_ROLE_THETA);
	IrValue x0 = frame_get(&w, IR_ROLE_X);
	emit_begin(&w);
	IrValue trips = plan->fixed ? 0 : emit_window_count(&w, window);
	frame_set(&w, ir_role_tilde(IR_ROLE_SCORE), ir_fill(&w.b, real_type(&w), 1));
	/* carries: state..., score, theta~, first window's state~... */
	uint32_t states = state_count(&w), kept = ir_results_of(reverse, state_bar).count, carries = states + 2 + kept;
	IrValue *inner = ARENA_ARRAY(w.arena, IrValue, carries + 1);
	IrValue *score = &inner[states], *bar = &inner[states + 1], *first = &inner[states + 2];
	state_values(&w, inner);
	*score = ir_fill(&w.b, real_type(&w), score_zero(task->score));
	*bar = ir_fill(&w.b, ir_type(w.func, frame_get(&w, IR_ROLE_THETA)), 0);
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t at = ir_results_of(reverse, state_bar).first + i;
		first[i] = ir_fill(&w.b, ir_type(reverse, reverse->results.data[at].value), 0);
	}
	IrBlock *outer = w.b.block;
	IrOp *loop = ir_loop_begin(&w.b, (steps + window - 1) / window, trips);
	for (uint32_t i = 0; i < carries; i++)
		inner[i] = ir_loop_carry(&w.b, loop, inner[i]);
	set_state_values(&w, inner);
	emit_window_place(&w, loop->loop.counter, window, partial);
	frame_call(&w, reverse);
	state_values(&w, inner);
	IrValue best = *score, now = frame_get(&w, IR_ROLE_SCORE);
	*score = emit_join(&w, best, now);
	*bar = emit_gather(&w, best, now, *bar, frame_get(&w, theta_bar));
	for (uint32_t i = 0; i < kept; i++)
		first[i] = emit_first(&w, loop->loop.counter, best, now, first[i], w.of[state_bar][i]);
	ir_loop_end(&w.b, loop, inner, outer);
	for (uint32_t i = 0; i < carries; i++)
		inner[i] = loop->loop.carries.data[i].out;
	if (kept > 0)
		*bar = ir_add_values(&w.b, *bar, emit_init_reverse(&w, x0, first, kept));
	ir_result_as(w.func, IR_ROLE_SCORE, "score", *score);
	ir_result_as(w.func, theta_bar, ir_role_name(theta_bar), *bar);
	return w.func;
}

/* The state at the start of a window, with no derivative from before; `init` belongs to the first window. */
static void emit_cut(Frame *w, IrValue counter, bool through_init) {
	IrValue *values = ARENA_ARRAY(w->arena, IrValue, state_count(w) + 1);
	uint32_t count = state_values(w, values);
	for (uint32_t k = 0; k < count; k++)
		if (ir_scalar_is_real(ir_type(w->func, values[k]).scalar))
			values[k] = emit_stopped(w, values[k], through_init ? counter : 0);
	set_state_values(w, values);
}

/* A whole run as a loop over windows, which cuts derivatives between them; sets the score. */
static void emit_windows(Frame *w, int window, int steps) {
	uint32_t states = state_count(w);
	IrValue *inner = ARENA_ARRAY(w->arena, IrValue, states + 1);
	state_values(w, inner);
	inner[states] = ir_fill(&w->b, real_type(w), score_zero(w->task->score));
	IrValue trips = emit_window_count(w, window);
	IrBlock *outer = w->b.block;
	IrOp *loop = ir_loop_begin(&w->b, (steps + window - 1) / window, trips);
	for (uint32_t i = 0; i <= states; i++)
		inner[i] = ir_loop_carry(&w->b, loop, inner[i]);
	set_state_values(w, inner);
	emit_window_place(w, loop->loop.counter, window, true);
	emit_cut(w, loop->loop.counter, init_reads_theta(w->task->rule));
	emit_segment(w, window, frame_get(w, IR_ROLE_TURNS));
	state_values(w, inner);
	inner[states] = emit_join(w, inner[states], frame_get(w, IR_ROLE_SCORE));
	ir_loop_end(&w->b, loop, inner, outer);
	frame_set(w, IR_ROLE_SCORE, loop->loop.carries.data[states].out);
}

IrFunc *task_build_tangent(Task *task, const TaskPlan *plan) {
	Frame w = frame_new(task, "score");
	w.first_order = plan->first_order;
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_HORIZON, IR_ROLE_HYPER, IR_ROLE_THETA);
	emit_begin(&w);
	if (plan->window <= 0 || plan->window >= plan->steps)
		emit_segment(&w, plan->steps, frame_get(&w, IR_ROLE_HORIZON));
	else
		emit_windows(&w, plan->window, plan->steps);
	FRAME_RESULTS(&w, IR_ROLE_SCORE);
	IrFunc *func = task_optimized(task, w.func);
	bool *wrt = ir_choose_params(w.arena, func, IR_ROLE_THETA);
	return ad_forward(task->module, func, "score_tangent", wrt, true);
}
