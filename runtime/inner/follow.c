/* What policy search asks of an objective and of a rule, as tensor IR (docs/policy_search.md).
 *
 *     place    (problem, step?, x)     -> f, g, validate?           what a run sees at x
 *     cost     (problem, step?, x, x~) -> c, c's gradient, c~, and the Hessian times x~      c: f, or what validates instead
 *     follow   a rule along a path that others walked: (path of x, of f, of g; theta) -> its moves
 *     fit      how far its moves are from those that were wanted, and the gradient of that in theta
 *
 * Along a path every step sees the x, f and g of the path, and the states of the rule are those that it makes of them. */
#include "autodiff/autodiff.h"
#include "runtime/inner/frame.h"

/* ---- the objective ---- */

/* x, and the number of the step if it sees a batch. */
static Frame place_new(Task *task, const char *name) {
	Frame w = frame_new(task, name);
	frame_problem(&w);
	if (task->objective->batches)
		FRAME_PARAMS(&w, IR_ROLE_STEP);
	FRAME_PARAMS(&w, IR_ROLE_X);
	return w;
}

IrFunc *task_build_place(Task *task, const TaskPlan *plan) {
	(void)plan;
	Frame w = place_new(task, "place");
	const IrFunc *gradient = w.task->evaluate;
	if (ir_results_of(gradient, IR_ROLE_G).count == 0)
		gradient = task_build_gradient_of(task, task->value, "gradient");
	frame_call(&w, gradient);
	if (task->validate)
		frame_call(&w, task->validate);
	FRAME_RESULTS(&w, IR_ROLE_F, IR_ROLE_G, IR_ROLE_VALID);
	return w.func;
}

IrFunc *task_build_cost(Task *task, const TaskPlan *plan) {
	(void)plan;
	Arena *arena = task->module->arena;
	Frame w = place_new(task, "cost");
	frame_call(&w, task->validate ? task->validate : task->value);
	frame_set(&w, IR_ROLE_F, frame_get(&w, task->validate ? IR_ROLE_VALID : IR_ROLE_F));
	FRAME_RESULTS(&w, IR_ROLE_F);
	IrFunc *gradient = task_optimized(task, task_build_gradient_of(task, w.func, "cost_gradient"));
	return ad_forward(task->module, gradient, "curvature", ir_choose_params(arena, gradient, IR_ROLE_X), true);
}

/* ---- the rule, along a path ---- */

/* Element or row `counter` of something that has one for each step. */
static IrValue row_of(Frame *w, IrValue all, IrValue counter) {
	IrType type = ir_type(w->func, all);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt at[2];
	if (type.rank == 2)
		at[1] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[1]), 1);
	at[0] = ir_at_node(w->task->module, ir_read_scalar(&f, counter), 1);
	uint32_t node = ir_read(&f, all, at, false);
	IrValue out =
		ir_put(&f, IR_PUT_NONE, node, ir_tensor_type(type.scalar, type.rank - 1, type.dims + 1), at + 1, 0, false);
	ir_for_end(&f);
	return out;
}

/* A path, as parameters. */
typedef struct Path {
	IrValue x, f, g; /* [steps, size], [steps], and [steps, size] or 0: the rule does not read it */
	IrDim shape[2];
	IrType type; /* of what has a row for each step */
} Path;

static Path path_new(Frame *w, int steps) {
	IrScalar real = w->task->objective->real;
	Path path = {.shape = {steps, w->task->objective->size}};
	path.type = ir_tensor_type(real, 2, path.shape);
	path.x = ir_param_as(w->func, IR_ROLE_X, "path", path.type);
	path.f = ir_param_as(w->func, IR_ROLE_F, "path_f", ir_tensor_type(real, 1, path.shape));
	if (w->task->count[IR_ROLE_G] > 0)
		path.g = ir_param_as(w->func, IR_ROLE_G, "path_g", path.type);
	FRAME_PARAMS(w, IR_ROLE_HORIZON, IR_ROLE_HYPER, IR_ROLE_THETA);
	return path;
}

/* What the rule sees before step number `counter` + 1. */
static void see_path(Frame *w, const Path *path, IrValue counter) {
	frame_set(w, IR_ROLE_X, row_of(w, path->x, counter));
	frame_set(w, IR_ROLE_F, row_of(w, path->f, counter));
	if (path->g)
		frame_set(w, IR_ROLE_G, row_of(w, path->g, counter));
}

/* Steps are numbered from 1. */
static IrValue number_of(Frame *w, IrValue counter) {
	IrForBuilder f = ir_for_begin(&w->b);
	uint32_t next = ir_op2(&f, IR_add, ir_read_scalar(&f, counter), ir_int(&f, 1));
	IrValue out = ir_put(&f, IR_PUT_NONE, next, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

/* moves with row `counter` = to - from */
static IrValue put_move(Frame *w, IrValue moves, IrValue counter, IrValue from, IrValue to) {
	IrType type = ir_type(w->func, moves);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt at[2];
	at[1] = ir_at_index(w->task->module, ir_for_index(&f, 0, type.dims[1]), 1);
	uint32_t move = ir_op2(&f, IR_sub, ir_read(&f, to, at + 1, false), ir_read(&f, from, at + 1, false));
	at[0] = ir_at_node(w->task->module, ir_read_scalar(&f, counter), 1);
	IrValue out = ir_put(&f, IR_PUT_NONE, move, type, at, moves, false);
	ir_for_end(&f);
	return out;
}

/* The moves of the rule along the path: [steps, size]. */
static IrValue emit_moves(Frame *w, const Path *path, int steps) {
	see_path(w, path, frame_count(w, 0));
	frame_call(w, w->task->rule->init);
	uint32_t count = w->count[IR_ROLE_STATE];
	IrValue *carried = ARENA_ARRAY(w->arena, IrValue, count + 1);
	for (uint32_t i = 0; i < count; i++)
		carried[i] = w->of[IR_ROLE_STATE][i];
	IrBlock *outer = w->b.block;
	IrValue none = ir_fill(&w->b, path->type, 0);
	IrOp *loop = ir_loop_begin(&w->b, steps, 0);
	for (uint32_t i = 0; i < count; i++)
		carried[i] = ir_loop_carry(&w->b, loop, carried[i]);
	carried[count] = ir_loop_carry(&w->b, loop, none);
	w->of[IR_ROLE_STATE] = carried;
	see_path(w, path, loop->loop.counter);
	IrValue from = frame_get(w, IR_ROLE_X);
	frame_step(w, number_of(w, loop->loop.counter));
	IrValue *yields = ARENA_ARRAY(w->arena, IrValue, count + 1);
	for (uint32_t i = 0; i < count; i++)
		yields[i] = w->of[IR_ROLE_STATE][i];
	yields[count] = put_move(w, carried[count], loop->loop.counter, from, frame_get(w, IR_ROLE_X));
	ir_loop_end(&w->b, loop, yields, outer);
	return loop->loop.carries.data[count].out;
}

IrFunc *task_build_follow(Task *task, const TaskPlan *plan) {
	Frame w = frame_new(task, "follow");
	frame_problem(&w);
	Path path = path_new(&w, plan->steps);
	IrValue moves = emit_moves(&w, &path, plan->steps);
	ir_result_as(w.func, IR_ROLE_CURVE, "moves", moves);
	return w.func;
}

/* sum over steps of 1/2 (move - target)' weight (move - target) + pull' move */
static IrValue emit_misfit(Frame *w, const Path *path, IrValue moves, IrValue target, IrValue weight, IrValue pull) {
	IrScalar real = w->task->objective->real;
	IrType scalar = ir_scalar_type(real);
	IrForBuilder f = ir_for_begin(&w->b);
	IrAt at[3];
	for (uint32_t i = 0; i < 3; i++)
		at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, path->shape[i > 0]), 1);
	const IrAt other[] = {at[0], at[2]};
	uint32_t left = ir_op2(&f, IR_sub, ir_read(&f, moves, at, false), ir_read(&f, target, at, false));
	uint32_t right = ir_op2(&f, IR_sub, ir_read(&f, moves, other, false), ir_read(&f, target, other, false));
	uint32_t product = ir_op2(&f, IR_mul, left, ir_op2(&f, IR_mul, ir_read(&f, weight, at, false), right));
	uint32_t half = ir_op2(&f, IR_mul, ir_real(&f, real, 0.5), product);
	IrValue squares = ir_put(&f, IR_PUT_SUM, half, scalar, NULL, 0, false);
	ir_for_end(&f);
	f = ir_for_begin(&w->b);
	for (uint32_t i = 0; i < 2; i++)
		at[i] = ir_at_index(w->task->module, ir_for_index(&f, 0, path->shape[i]), 1);
	uint32_t pulled = ir_op2(&f, IR_mul, ir_read(&f, pull, at, false), ir_read(&f, moves, at, false));
	IrValue along = ir_put(&f, IR_PUT_SUM, pulled, scalar, NULL, 0, false);
	ir_for_end(&f);
	return ir_add_values(&w->b, squares, along);
}

IrFunc *task_build_fit(Task *task, const TaskPlan *plan) {
	Frame w = frame_new(task, "fit");
	frame_problem(&w);
	Path path = path_new(&w, plan->steps);
	/* What was drawn and improved, and is given: for every step. */
	const IrDim square[] = {path.shape[0], path.shape[1], path.shape[1]};
	IrValue target = ir_param_as(w.func, IR_ROLE_BATCH, "target", path.type);
	IrValue weight = ir_param_as(w.func, IR_ROLE_BATCH, "weight", ir_tensor_type(task->objective->real, 3, square));
	IrValue pull = ir_param_as(w.func, IR_ROLE_BATCH, "pull", path.type);
	IrValue moves = emit_moves(&w, &path, plan->steps);
	ir_result_as(w.func, IR_ROLE_SCORE, "misfit", emit_misfit(&w, &path, moves, target, weight, pull));
	IrFunc *func = task_optimized(task, w.func);
	bool *wrt = ir_choose_params(w.arena, func, IR_ROLE_THETA);
	return ad_gradient(task->module, func, "fit", ir_result_at(func, IR_ROLE_SCORE), wrt, true, false);
}
