/* A run of a rule with holes, cut at the holes:
 *
 *     begin     f, g at x; states; what the first step puts before its first hole
 *     between   operands of the next hole, the values of those before it being given   t
 *     turn      x, states <- the step behind its last hole                             t
 *               f, g      <- objective(fixed, x)
 *               operands  <- the next step before its first hole                       t + 1
 *
 * The step of an open rule is one function (rule_hole.c); with some of its results alone it is a piece. */
#include "autodiff/autodiff.h"
#include "runtime/search/lab.h"

/* The step with the operands of one hole as results, or (hole < 0) with all but operands. */
static IrFunc *piece_of_step(const SearchLab *lab, const char *name, int hole) {
	IrFunc *piece = ir_func_copy(lab->task->module, lab->task->rule->step, name);
	uint32_t kept = 0, operand = 0;
	for (uint32_t i = 0; i < piece->results.count; i++) {
		bool is_operand = piece->results.data[i].role == IR_ROLE_OPERAND;
		bool own =
			is_operand && hole >= 0 && operand >= lab->first_operand[hole] && operand < lab->first_operand[hole + 1];
		operand += is_operand;
		if (own || (!is_operand && hole < 0))
			piece->results.data[kept++] = piece->results.data[i];
	}
	piece->results.count = kept;
	return piece;
}

static void set_count(Frame *w, IrRole role, IrValue base, int64_t offset) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t node = ir_int(&f, offset);
	if (base)
		node = ir_op2(&f, IR_add, ir_read_scalar(&f, base), node);
	frame_set(w, role, ir_put(&f, IR_PUT_NONE, node, ir_scalar_type(IR_I64), NULL, 0, false));
	ir_for_end(&f);
}

/* f, g and what is scored, at x, for the step after `t` (0: the first). */
static void evaluate(Frame *w, IrValue t) {
	if (w->task->objective->batches)
		set_count(w, IR_ROLE_STEP, t, 1);
	frame_call(w, w->task->evaluate);
	if (w->task->validate)
		frame_call(w, w->task->validate);
}

static void call_side(Frame *w, const IrFunc *side) {
	bool has_g = w->count[IR_ROLE_G] > 0;
	if (!has_g) /* the step has the parameter and does not read it */
		frame_set(w, IR_ROLE_G, ir_fill(&w->b, ir_param_type(w->task->evaluate, IR_ROLE_X), 0));
	frame_call(w, side);
	w->count[IR_ROLE_G] = has_g;
}

/* What the step of turn `base` + 1 puts before its first hole; the values of holes have no part in it. */
static void call_before(Frame *w, SearchLab *lab, IrValue base) {
	set_count(w, IR_ROLE_T, base, 1);
	const IrFunc *step = lab->task->rule->step;
	IrRange holes = ir_params_of(step, IR_ROLE_HOLE);
	w->of[IR_ROLE_HOLE] = ARENA_ARRAY(w->arena, IrValue, holes.count);
	w->count[IR_ROLE_HOLE] = holes.count;
	for (uint32_t i = 0; i < holes.count; i++)
		w->of[IR_ROLE_HOLE][i] = ir_fill(&w->b, ir_type(step, step->params.data[holes.first + i].value), 0);
	call_side(w, piece_of_step(lab, "before", 0));
}

/* Lanes are rates and learned numbers: what belongs to the problem is the same in all of them. */
static IrFunc *in_lanes(SearchLab *lab, IrFunc *func) {
	Task *task = lab->task;
	func = task_optimized(task, func);
	bool *varying = ARENA_ARRAY(task->module->arena, bool, func->params.count + 1);
	bool *all = ARENA_ARRAY(task->module->arena, bool, func->results.count + 1);
	bool first = ir_params_of(func, IR_ROLE_HOLE).count == 0; /* all lanes begin at one x */
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrRole role = func->params.data[i].role;
		bool rate = role == IR_ROLE_HYPER && i == ir_params_of(func, role).first + (uint32_t)lab->rate;
		bool own = role == IR_ROLE_X || role == IR_ROLE_F || role == IR_ROLE_G || role == IR_ROLE_STATE ||
		           role == IR_ROLE_HOLE;
		bool fitted = role == IR_ROLE_THETA && lab->learned > 0;
		varying[i] = rate || fitted || (own && !first);
	}
	for (uint32_t i = 0; i < func->results.count; i++)
		all[i] = true;
	return ad_batch(task->module, func, session_text(task->rt->session, func->name), varying, all);
}

IrFunc *search_build_begin(SearchLab *lab) {
	Frame w = frame_new(lab->task, "search_begin");
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_HORIZON, IR_ROLE_HYPER, IR_ROLE_THETA);
	evaluate(&w, 0);
	frame_call(&w, lab->task->rule->init);
	call_before(&w, lab, 0);
	FRAME_RESULTS(&w, IR_ROLE_X, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_OPERAND);
	return in_lanes(lab, w.func);
}

static Frame step_frame(SearchLab *lab, const char *name) {
	Frame w = frame_new(lab->task, name);
	frame_problem(&w);
	FRAME_PARAMS(&w, IR_ROLE_X, IR_ROLE_F, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_T, IR_ROLE_HORIZON, IR_ROLE_HYPER,
	             IR_ROLE_THETA, IR_ROLE_HOLE);
	return w;
}

IrFunc *search_build_between(SearchLab *lab, int hole) {
	Frame w = step_frame(lab, "search_between");
	call_side(&w, piece_of_step(lab, "between", hole));
	FRAME_RESULTS(&w, IR_ROLE_OPERAND);
	return in_lanes(lab, w.func);
}

IrFunc *search_build_turn(SearchLab *lab) {
	Frame w = step_frame(lab, "search_turn");
	call_side(&w, piece_of_step(lab, "after", -1));
	IrValue t = frame_get(&w, IR_ROLE_T);
	evaluate(&w, t);
	call_before(&w, lab, t);
	FRAME_RESULTS(&w, IR_ROLE_X, IR_ROLE_F, IR_ROLE_VALID, IR_ROLE_G, IR_ROLE_STATE, IR_ROLE_OPERAND);
	return in_lanes(lab, w.func);
}

IrFunc *search_build_move(SearchLab *lab) {
	Frame w = step_frame(lab, "search_move");
	call_side(&w, piece_of_step(lab, "after", -1));
	FRAME_RESULTS(&w, IR_ROLE_X);
	return in_lanes(lab, w.func);
}
