/* Inner runs as tensor IR. A turn of an unroll, in this order:
 *
 *     x, states <- step(x, g, f, t, horizon, hypers, theta, states)     t = t0 + turn + 1
 *     f, g      <- objective(fixed, x)                                  what the next turn starts from
 *     score     <- score (+) map(f)                                     f after step t
 *
 * `begin` evaluates at the start; a `segment` is a loop of turns between two states, so that runs of any length, windows
 * and particles are made of the same two functions. A whole gradient is a loop over windows in which the reverse of a
 * segment stands: the state goes on, its cotangent does not. Everything here is unbatched; need.c batches and compiles. */
#include <math.h>
#include <string.h>

#include "ir/core/walk.h"
#include "runtime/runtime.h"

/* The values that stand for one run inside a function under construction. */
typedef struct Frame {
	RtTask *task;
	IrFunc *func;
	IrBuilder b;
	Arena *arena;
	uint32_t fixed_count, hyper_count, state_count;
	bool has_g;
	IrValue *fixed, *hypers, *states;
	IrValue x, f, g, theta; /* g, theta: 0 if there is none */
	IrValue t0, turns, horizon, f0;
} Frame;

static Frame frame_new(RtTask *task, const char *name) {
	Frame w = {.task = task, .func = ir_func_new(task->module, name), .arena = task->module->arena};
	w.b = ir_builder(w.func);
	w.fixed_count = task->evaluate->params.count - 1;
	w.hyper_count = task->rule->hypers.count;
	w.state_count = task->rule->init->results.count;
	w.has_g = task->evaluate->results.count == 2;
	w.fixed = ARENA_ARRAY(w.arena, IrValue, w.fixed_count + 1);
	w.hypers = ARENA_ARRAY(w.arena, IrValue, w.hyper_count + 1);
	w.states = ARENA_ARRAY(w.arena, IrValue, w.state_count + 1);
	return w;
}

static IrType real_type(const Frame *w) {
	return ir_scalar_type(w->task->objective->real);
}

static IrType x_type(const Frame *w) {
	return ir_type(w->task->evaluate, w->task->evaluate->params.data[w->fixed_count].value);
}

static IrType state_type(const Frame *w, uint32_t i) {
	return ir_type(w->task->rule->init, w->task->rule->init->results.data[i].value);
}

static const char *state_name(const Frame *w, uint32_t i) {
	return session_text(w->task->rt->session, w->task->rule->init->results.data[i].name);
}

static void param_fixed(Frame *w) {
	const IrFunc *evaluate = w->task->evaluate;
	for (uint32_t i = 0; i < w->fixed_count; i++) {
		IrParam from = evaluate->params.data[i];
		w->fixed[i] = ir_param(w->func, session_text(w->task->rt->session, from.name), ir_type(evaluate, from.value));
	}
}

static void param_state(Frame *w) {
	w->x = ir_param(w->func, "x", x_type(w));
	w->f = ir_param(w->func, "f", real_type(w));
	w->g = w->has_g ? ir_param(w->func, "g", x_type(w)) : 0;
	for (uint32_t i = 0; i < w->state_count; i++) {
		w->states[i] = ir_param(w->func, state_name(w, i), state_type(w, i));
	}
}

static void param_rule(Frame *w) {
	const FeRule *rule = w->task->rule;
	for (uint32_t i = 0; i < w->hyper_count; i++) {
		w->hypers[i] = ir_param(w->func, session_text(w->task->rt->session, rule->hypers.data[i].name), real_type(w));
	}
	if (rule->learned_count > 0) {
		w->theta = ir_param(w->func, "theta", ir_tensor_type(rule->real, 1, &rule->learned_count));
	}
}

static void result_state(Frame *w) {
	ir_result(w->func, "x", w->x);
	ir_result(w->func, "f", w->f);
	if (w->has_g) {
		ir_result(w->func, "g", w->g);
	}
	for (uint32_t i = 0; i < w->state_count; i++) {
		ir_result(w->func, state_name(w, i), w->states[i]);
	}
}

/* ---- pieces of a turn ---- */

static void emit_evaluate(Frame *w) {
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, w->fixed_count + 1);
	memcpy(args, w->fixed, sizeof *args * w->fixed_count);
	args[w->fixed_count] = w->x;
	IrValue results[2] = {0, 0};
	ir_inline(&w->b, w->task->evaluate, args, results);
	w->f = results[0];
	w->g = w->has_g ? results[1] : 0;
}

static void emit_init(Frame *w) {
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, w->hyper_count + 2);
	uint32_t count = 0;
	args[count++] = w->x;
	for (uint32_t i = 0; i < w->hyper_count; i++) {
		args[count++] = w->hypers[i];
	}
	args[count] = w->theta;
	ir_inline(&w->b, w->task->rule->init, args, w->states);
}

static void emit_step(Frame *w, IrValue t) {
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, w->hyper_count + w->state_count + 6);
	IrValue *results = ARENA_ARRAY(w->arena, IrValue, w->state_count + 1);
	uint32_t count = 0;
	args[count++] = w->x;
	args[count++] = w->g ? w->g : ir_fill(&w->b, x_type(w), 0);
	args[count++] = w->f;
	args[count++] = t;
	args[count++] = w->horizon;
	for (uint32_t i = 0; i < w->hyper_count; i++) {
		args[count++] = w->hypers[i];
	}
	if (w->theta) {
		args[count++] = w->theta;
	}
	for (uint32_t i = 0; i < w->state_count; i++) {
		args[count++] = w->states[i];
	}
	ir_inline(&w->b, w->task->rule->step, args, results);
	w->x = results[0];
	memcpy(w->states, results + 1, sizeof *results * w->state_count);
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
	if (t0) {
		sum = ir_op2(&f, IR_add, ir_read_scalar(&f, t0), sum);
	}
	return put_scalar(&f, sum);
}

/* score (+) map(f); a final score counts the step that ends the run and nothing else. */
static IrValue emit_score(Frame *w, IrValue score, IrValue t) {
	RtScore how = w->task->score;
	IrScalar real = w->task->objective->real;
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t value = ir_read_scalar(&f, w->f);
	if (how.map == FE_SCORE_LOG_F) {
		value = ir_op1(&f, IR_log, value);
	} else if (how.map == FE_SCORE_RELATIVE) {
		value = ir_op2(&f, IR_div, value, ir_read_scalar(&f, w->f0));
	}
	uint32_t before = ir_read_scalar(&f, score);
	uint32_t after;
	if (how.fold == FE_SCORE_MIN) {
		after = ir_op2(&f, IR_min, before, value);
	} else if (how.fold == FE_SCORE_FINAL) {
		uint32_t last = ir_op2(&f, IR_eq, ir_read_scalar(&f, t), ir_read_scalar(&f, w->horizon));
		after = ir_op3(&f, IR_where, last, value, ir_real(&f, real, 0));
		after = ir_op2(&f, IR_add, before, after);
	} else {
		after = ir_op2(&f, IR_add, before, value);
	}
	return put_scalar(&f, after);
}

/* A mean is over the steps of the whole run. */
static IrValue emit_scale(Frame *w, IrValue score) {
	if (w->task->score.fold != FE_SCORE_MEAN) {
		return score;
	}
	IrForBuilder f = ir_for_begin(&w->b);
	IrOpcode to_real = w->task->objective->real == IR_F32 ? IR_to_f32 : IR_to_f64;
	uint32_t steps = ir_op1(&f, to_real, ir_read_scalar(&f, w->horizon));
	return put_scalar(&f, ir_op2(&f, IR_div, ir_read_scalar(&f, score), steps));
}

static IrValue emit_curve(Frame *w, IrValue curve, IrValue counter) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t at = ir_read_scalar(&f, counter);
	IrAt place = ir_at_node(w->task->module, at, 1);
	IrValue out = ir_put(&f, IR_PUT_NONE, ir_read_scalar(&f, w->f), ir_type(w->func, curve), &place, curve, false);
	ir_for_end(&f);
	return out;
}

static uint32_t state_values(const Frame *w, IrValue *values) {
	uint32_t count = 0;
	values[count++] = w->x;
	values[count++] = w->f;
	if (w->has_g) {
		values[count++] = w->g;
	}
	for (uint32_t i = 0; i < w->state_count; i++) {
		values[count++] = w->states[i];
	}
	return count;
}

static void set_state_values(Frame *w, const IrValue *values) {
	uint32_t count = 0;
	w->x = values[count++];
	w->f = values[count++];
	w->g = w->has_g ? values[count++] : 0;
	memcpy(w->states, values + count, sizeof *values * w->state_count);
}

/* The loop of a segment: from w's state to w's state; returns the score. curve: 0, or the table to fill (replaced). */
static IrValue emit_segment(Frame *w, int steps, IrValue trips, IrValue *curve) {
	IrValue *inner = ARENA_ARRAY(w->arena, IrValue, w->state_count + 5);
	IrValue zero = ir_fill(&w->b, real_type(w), rt_score_zero(w->task->score));
	uint32_t count = state_values(w, inner);
	IrBlock *outer = w->b.block;
	IrOp *loop = ir_loop_begin(&w->b, steps, trips);
	for (uint32_t i = 0; i < count; i++) {
		inner[i] = ir_loop_carry(&w->b, loop, inner[i]);
	}
	inner[count] = ir_loop_carry(&w->b, loop, zero);
	if (*curve) {
		inner[count + 1] = ir_loop_carry(&w->b, loop, *curve);
	}
	set_state_values(w, inner);
	IrValue t = emit_count(&w->b, w->t0, loop->loop.counter, 1);
	emit_step(w, t);
	emit_evaluate(w);
	inner[count] = emit_score(w, inner[count], t);
	if (*curve) {
		inner[count + 1] = emit_curve(w, inner[count + 1], loop->loop.counter);
	}
	state_values(w, inner);
	ir_loop_end(&w->b, loop, inner, outer);
	for (uint32_t i = 0; i < loop->loop.carries.count; i++) {
		inner[i] = loop->loop.carries.data[i].out;
	}
	set_state_values(w, inner);
	if (*curve) {
		*curve = inner[count + 1];
	}
	return emit_scale(w, inner[count]);
}

/* ---- functions ---- */

static IrFunc *optimized(RtTask *task, IrFunc *func) {
	const IrPipeline pipeline = task->rt->options.pipeline;
	return ir_optimize(task->module, func, &pipeline);
}

IrFunc *rt_build_begin(RtTask *task) {
	Frame w = frame_new(task, "begin");
	param_fixed(&w);
	w.x = ir_param(w.func, "x", x_type(&w));
	param_rule(&w);
	emit_evaluate(&w);
	emit_init(&w);
	ir_result(w.func, "f", w.f);
	if (w.has_g) {
		ir_result(w.func, "g", w.g);
	}
	for (uint32_t i = 0; i < w.state_count; i++) {
		ir_result(w.func, state_name(&w, i), w.states[i]);
	}
	return optimized(task, w.func);
}

/* `whole`: every segment has all its turns, so that no bound is read when it runs. */
static IrFunc *build_segment(RtTask *task, int steps, bool curve, bool whole) {
	Frame w = frame_new(task, "segment");
	IrType count_type = ir_scalar_type(IR_I64);
	param_fixed(&w);
	param_state(&w);
	w.t0 = ir_param(w.func, "t0", count_type);
	w.turns = ir_param(w.func, "turns", count_type);
	w.horizon = ir_param(w.func, "horizon", count_type);
	w.f0 = ir_param(w.func, "f0", real_type(&w));
	param_rule(&w);
	IrValue table = 0;
	if (curve) {
		IrDim length = steps;
		table = ir_fill(&w.b, ir_tensor_type(task->objective->real, 1, &length), 0);
	}
	IrValue score = emit_segment(&w, steps, whole ? 0 : w.turns, &table);
	ir_result(w.func, "score", score);
	result_state(&w);
	if (curve) {
		ir_result(w.func, "curve", table);
	}
	return optimized(task, w.func);
}

IrFunc *rt_build_segment(RtTask *task, int steps, bool curve) {
	return build_segment(task, steps, curve, false);
}

/* Do the first states depend on theta? Then the first window's gradient also flows through `init`. */
static bool init_reads_theta(const FeRule *rule) {
	const IrFunc *init = rule->init;
	if (rule->learned_count == 0 || init->results.count == 0) {
		return false;
	}
	IrValue theta = init->params.data[init->params.count - 1].value;
	for (uint32_t i = 0; i < init->results.count; i++) {
		if (init->results.data[i].value == theta) {
			return true;
		}
	}
	return ir_block_uses(&init->body, theta);
}

/* sum, or the one that stays where a minimum decides: new where the window's score is below the best before. */
static IrValue emit_gather(Frame *w, IrValue best, IrValue score, IrValue total, IrValue window) {
	if (w->task->score.fold != FE_SCORE_MIN) {
		return ir_add_values(&w->b, total, window);
	}
	IrType type = ir_type(w->func, total);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt at[IR_MAX_RANK];
	for (uint32_t i = 0; i < type.rank; i++) {
		at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[i]), 1);
	}
	uint32_t better = ir_op2(&f, IR_lt, ir_read_scalar(&f, score), ir_read_scalar(&f, best));
	uint32_t node = ir_op3(&f, IR_where, better, ir_read(&f, window, at, false), ir_read(&f, total, at, false));
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

static IrValue emit_min(Frame *w, IrValue a, IrValue b) {
	IrForBuilder f = ir_for_begin(&w->b);
	return put_scalar(&f, ir_op2(&f, IR_min, ir_read_scalar(&f, a), ir_read_scalar(&f, b)));
}

/* min(window, horizon - t0), and t0 = counter * window */
static void emit_window_place(Frame *w, IrValue counter, int window, bool partial) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t start = ir_op2(&f, IR_mul, ir_read_scalar(&f, counter), ir_int(&f, window));
	w->t0 = put_scalar(&f, start);
	f = ir_for_begin(&w->b);
	uint32_t turns = ir_int(&f, window);
	if (partial) {
		uint32_t left = ir_op2(&f, IR_sub, ir_read_scalar(&f, w->horizon), ir_read_scalar(&f, w->t0));
		turns = ir_op2(&f, IR_min, turns, left);
	}
	w->turns = put_scalar(&f, turns);
}

/* What is known of a function's parameters: the limits of the data that `setup` draws, which come first. */
static const double *data_limits(const Frame *w, const IrFunc *func) {
	const double *drawn = ad_result_limits(w->arena, w->task->objective->setup);
	double *limits = ARENA_ARRAY(w->arena, double, func->params.count + 1);
	for (uint32_t p = 0; p < func->params.count; p++)
		limits[p] = p < w->fixed_count ? drawn[p] : (double)INFINITY;
	return limits;
}

/* Calls the reverse of a segment; returns what it gives in values: score, state..., state~ (of states)..., theta~. */
static void emit_reverse(Frame *w, const IrFunc *reverse, IrValue seed, IrValue *values) {
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, reverse->params.count);
	uint32_t count = w->fixed_count;
	memcpy(args, w->fixed, sizeof *args * w->fixed_count);
	count += state_values(w, args + count);
	args[count++] = w->t0;
	args[count++] = w->turns;
	args[count++] = w->horizon;
	args[count++] = w->f0;
	for (uint32_t i = 0; i < w->hyper_count; i++) {
		args[count++] = w->hypers[i];
	}
	args[count++] = w->theta;
	args[count++] = seed;
	ir_inline(&w->b, reverse, args, values);
}

/* theta~ through init: (x, hypers..., theta, states~...) -> theta~ */
static IrValue emit_init_reverse(Frame *w, IrValue x0, const IrValue *state_cotangents) {
	const FeRule *rule = w->task->rule;
	uint32_t params = rule->init->params.count;
	bool *wrt = ARENA_ARRAY(w->arena, bool, params + 1);
	wrt[params - 1] = true;
	IrFunc *reverse = ad_reverse(w->task->module, rule->init, "init_reverse", NULL, wrt, false);
	IrValue *args = ARENA_ARRAY(w->arena, IrValue, reverse->params.count);
	uint32_t count = 0, next = 0;
	args[count++] = x0;
	for (uint32_t i = 0; i < w->hyper_count; i++) {
		args[count++] = w->hypers[i];
	}
	args[count++] = w->theta;
	for (uint32_t i = 0; i < w->state_count; i++) {
		if (ir_scalar_is_real(state_type(w, i).scalar)) {
			args[count++] = state_cotangents[next++];
		}
	}
	IrValue out;
	ir_inline(&w->b, reverse, args, &out);
	return out;
}

/* A state's cotangent of the first window, kept while the others go by. Where a minimum decides, a later window whose
 * score is below the best before leaves nothing of it. */
static IrValue emit_first(Frame *w, IrValue counter, IrValue best, IrValue score, IrValue kept, IrValue now) {
	IrType type = ir_type(w->func, kept);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt at[IR_MAX_RANK];
	for (uint32_t i = 0; i < type.rank; i++) {
		at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[i]), 1);
	}
	uint32_t before = ir_read(&f, kept, at, false);
	if (w->task->score.fold == FE_SCORE_MIN) {
		uint32_t better = ir_op2(&f, IR_lt, ir_read_scalar(&f, score), ir_read_scalar(&f, best));
		before = ir_op3(&f, IR_where, better, ir_real(&f, type.scalar, 0), before);
	}
	uint32_t first = ir_op2(&f, IR_eq, ir_read_scalar(&f, counter), ir_int(&f, 0));
	uint32_t node = ir_op3(&f, IR_where, first, ir_read(&f, now, at, false), before);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

IrFunc *rt_build_gradient(RtTask *task, int window, int steps, bool fixed) {
	if (window <= 0 || window > steps) {
		window = steps;
	}
	bool partial = !fixed || steps % window != 0;
	bool through_init = init_reads_theta(task->rule);
	IrFunc *segment = build_segment(task, window, false, !partial);

	Frame w = frame_new(task, "meta_gradient");
	bool *seeded = ARENA_ARRAY(w.arena, bool, segment->results.count + 1);
	bool *wrt = ARENA_ARRAY(w.arena, bool, segment->params.count + 1);
	seeded[0] = true;
	wrt[segment->params.count - 1] = true;
	uint32_t first_state = w.fixed_count + (w.has_g ? 3 : 2);
	uint32_t kept_count = 0;
	for (uint32_t i = 0; through_init && i < w.state_count; i++) {
		if (ir_scalar_is_real(state_type(&w, i).scalar)) {
			wrt[first_state + i] = true;
			kept_count++;
		}
	}
	IrFunc *reverse = optimized(
		task, ad_reverse_within(task->module, segment, "segment_reverse", seeded, wrt, true, data_limits(&w, segment)));

	param_fixed(&w);
	w.x = ir_param(w.func, "x", x_type(&w));
	w.horizon = ir_param(w.func, "horizon", ir_scalar_type(IR_I64));
	param_rule(&w);
	IrValue x0 = w.x;
	emit_evaluate(&w);
	emit_init(&w);
	w.f0 = w.f;

	int windows = (steps + window - 1) / window;
	IrValue trips = 0;
	if (!fixed) {
		IrForBuilder f = ir_for_begin(&w.b);
		uint32_t up = ir_op2(&f, IR_add, ir_read_scalar(&f, w.horizon), ir_int(&f, window - 1));
		trips = put_scalar(&f, ir_op2(&f, IR_idiv, up, ir_int(&f, window)));
	}
	IrValue seed = ir_fill(&w.b, real_type(&w), 1);
	/* carries: state..., score, theta~, first window's state~... */
	IrValue *inner = ARENA_ARRAY(w.arena, IrValue, w.state_count + kept_count + 6);
	IrValue *given = ARENA_ARRAY(w.arena, IrValue, reverse->results.count + 1);
	uint32_t states = state_values(&w, inner);
	inner[states] = ir_fill(&w.b, real_type(&w), rt_score_zero(task->score));
	inner[states + 1] = ir_fill(&w.b, ir_type(w.func, w.theta), 0);
	uint32_t carries = states + 2;
	for (uint32_t i = 0; kept_count > 0 && i < w.state_count; i++) {
		if (ir_scalar_is_real(state_type(&w, i).scalar)) {
			inner[carries++] = ir_fill(&w.b, state_type(&w, i), 0);
		}
	}
	IrBlock *outer = w.b.block;
	IrOp *loop = ir_loop_begin(&w.b, windows, trips);
	for (uint32_t i = 0; i < carries; i++) {
		inner[i] = ir_loop_carry(&w.b, loop, inner[i]);
	}
	set_state_values(&w, inner);
	emit_window_place(&w, loop->loop.counter, window, partial);
	emit_reverse(&w, reverse, seed, given);
	IrValue best = inner[states];
	memcpy(inner, given + 1, sizeof *given * states);
	inner[states] =
		task->score.fold == FE_SCORE_MIN ? emit_min(&w, best, given[0]) : ir_add_values(&w.b, best, given[0]);
	inner[states + 1] = emit_gather(&w, best, given[0], inner[states + 1], given[1 + states + kept_count]);
	for (uint32_t i = 0; i < kept_count; i++) {
		inner[states + 2 + i] =
			emit_first(&w, loop->loop.counter, best, given[0], inner[states + 2 + i], given[1 + states + i]);
	}
	ir_loop_end(&w.b, loop, inner, outer);
	IrValue theta_bar = loop->loop.carries.data[states + 1].out;
	if (kept_count > 0) {
		for (uint32_t i = 0; i < kept_count; i++) {
			inner[i] = loop->loop.carries.data[states + 2 + i].out;
		}
		theta_bar = ir_add_values(&w.b, theta_bar, emit_init_reverse(&w, x0, inner));
	}
	ir_result(w.func, "score", loop->loop.carries.data[states].out);
	ir_result(w.func, "theta~", theta_bar);
	return optimized(task, w.func);
}

/* The state at the start of a window, with no derivative from before; `init` belongs to the first window. */
static void emit_cut(Frame *w, IrValue counter, bool through_init) {
	IrValue *values = ARENA_ARRAY(w->arena, IrValue, w->state_count + 3);
	uint32_t count = state_values(w, values);
	for (uint32_t k = 0; k < count; k++) {
		IrType type = ir_type(w->func, values[k]);
		if (!ir_scalar_is_real(type.scalar)) {
			continue;
		}
		IrForBuilder f = ir_for_begin(&w->b);
		IrAt at[IR_MAX_RANK];
		for (uint32_t i = 0; i < type.rank; i++) {
			at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[i]), 1);
		}
		uint32_t value = ir_read(&f, values[k], at, false);
		uint32_t node = ir_op1(&f, IR_stop_gradient, value);
		if (through_init) {
			uint32_t first = ir_op2(&f, IR_eq, ir_read_scalar(&f, counter), ir_int(&f, 0));
			node = ir_op3(&f, IR_where, first, value, node);
		}
		values[k] = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
		ir_for_end(&f);
	}
	set_state_values(w, values);
}

/* A whole run as a loop over windows, which cuts derivatives between them. Returns the score. */
static IrValue emit_windows(Frame *w, int window, int steps) {
	IrValue *inner = ARENA_ARRAY(w->arena, IrValue, w->state_count + 4), none = 0;
	uint32_t states = state_values(w, inner);
	inner[states] = ir_fill(&w->b, real_type(w), rt_score_zero(w->task->score));
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t up = ir_op2(&f, IR_add, ir_read_scalar(&f, w->horizon), ir_int(&f, window - 1));
	IrValue trips = put_scalar(&f, ir_op2(&f, IR_idiv, up, ir_int(&f, window)));
	IrBlock *outer = w->b.block;
	IrOp *loop = ir_loop_begin(&w->b, (steps + window - 1) / window, trips);
	for (uint32_t i = 0; i <= states; i++) {
		inner[i] = ir_loop_carry(&w->b, loop, inner[i]);
	}
	set_state_values(w, inner);
	emit_window_place(w, loop->loop.counter, window, true);
	emit_cut(w, loop->loop.counter, init_reads_theta(w->task->rule));
	IrValue best = inner[states], score = emit_segment(w, window, w->turns, &none);
	state_values(w, inner);
	bool least = w->task->score.fold == FE_SCORE_MIN;
	inner[states] = least ? emit_min(w, best, score) : ir_add_values(&w->b, best, score);
	ir_loop_end(&w->b, loop, inner, outer);
	return loop->loop.carries.data[states].out;
}

IrFunc *rt_build_tangent(RtTask *task, int window, int steps) {
	Frame w = frame_new(task, "score");
	param_fixed(&w);
	w.x = ir_param(w.func, "x", x_type(&w));
	w.horizon = ir_param(w.func, "horizon", ir_scalar_type(IR_I64));
	param_rule(&w);
	emit_evaluate(&w);
	emit_init(&w);
	w.f0 = w.f;
	IrValue none = 0;
	bool whole = window <= 0 || window >= steps;
	ir_result(w.func, "score", whole ? emit_segment(&w, steps, w.horizon, &none) : emit_windows(&w, window, steps));
	IrFunc *func = optimized(task, w.func);
	bool *wrt = ARENA_ARRAY(w.arena, bool, func->params.count + 1);
	wrt[func->params.count - 1] = true;
	return optimized(task, ad_forward_within(task->module, func, "score_tangent", wrt, true, data_limits(&w, func)));
}
