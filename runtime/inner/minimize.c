/* One rule on a few problems, seen along the way. All problems go on together, a piece of steps at a time, so that what the
 * objective reports can be looked at between two pieces, and the runs end at the same step when they are interrupted. Pieces change
 * no number: a run is the same in one piece or in many. */
#include <string.h>

#include "ir/core/walk.h"
#include "runtime/inner/frame.h"
#include "runtime/inner/limits.h"

static const FeScore plain_score = {FE_SCORE_MEAN, FE_SCORE_F};

/* What one thread needs. */
typedef struct Worker {
	void *arena, *report_arena;
	double *curve; /* of one piece: [steps][lanes] */
	int64_t *spent;
	void *x; /* of one problem, in the precision of the run */
	void **pointers;
} Worker;

typedef struct Going {
	Task *task;
	const Problems *problems;
	RunArgs args;
	RunMinimize *out;
	RunState *states; /* per block */
	Worker *workers;
	RtCode *reports; /* NULL: nothing is reported */
	double *looked;  /* where a look puts its figures: [problems][reports] */
	int *errors;     /* per item of the last round */
	int done, piece; /* steps that are behind, and those of this round */
} Going;

/* ---- what is reported ---- */

static void look_at_problem(void *user, int item, int worker) {
	Going *g = user;
	const Task *task = g->task;
	Worker *mine = &g->workers[worker];
	int block = item / task->lanes, lane = item % task->lanes;
	const ProblemBlock *problem = &g->problems->blocks[block];
	size_t width = ir_scalar_bytes(task->objective->real), size = (size_t)task->objective->size;
	const char *x = g->states[block].slots[0];
	for (size_t i = 0; i < size; i++)
		memcpy((char *)mine->x + i * width, x + (i * (size_t)task->lanes + (size_t)lane) * width, width);
	int64_t step = g->done + 1;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	ir_give(&given, IR_ROLE_DATA, task->data, task->count[IR_ROLE_DATA]);
	ir_give_addresses(&given, IR_ROLE_SEED, &problem->seed, sizeof problem->seed, 1);
	ir_give_addresses(&given, IR_ROLE_INSTANCE, &problem->instance[lane], sizeof problem->instance[lane], 1);
	ir_give_addresses(&given, IR_ROLE_STEP, &step, sizeof step, 1);
	ir_give_addresses(&given, IR_ROLE_X, mine->x, width, 1);
	uint32_t count = g->out->report_count;
	double stored[RUN_MOST_REPORTS]; /* every number has room for a double */
	ir_give_addresses(&places, IR_ROLE_REPORT, stored, sizeof *stored, count);
	g->errors[item] = rt_call_by_role(g->reports, &given, &places, mine->pointers, mine->report_arena);
	for (uint32_t i = 0; i < count; i++) {
		IrScalar scalar = ir_type(g->reports->func, g->reports->func->results.data[i].value).scalar;
		rt_read_reals(scalar, &stored[i], 1, &g->looked[(size_t)item * count + i], 1);
	}
}

static bool any_error(const int *errors, int count) {
	for (int i = 0; i < count; i++)
		if (errors[i])
			return true;
	return false;
}

/* Evaluates the reports of all problems after g->done steps. */
static bool look(Going *g) {
	RunMinimize *out = g->out;
	Rt *rt = g->task->rt;
	if (!g->reports || (out->looks.count > 0 && out->looks.data[out->looks.count - 1].step == g->done))
		return true;
	g->looked = ARENA_ARRAY(rt->arena, double, (size_t)g->problems->count * out->report_count + 1);
	rt_pool_run(rt->pool, g->problems->count, look_at_problem, g);
	if (any_error(g->errors, g->problems->count)) {
		diag_error(rt->session, 802, g->task->objective->decl->name.span, "an index left its range in a report");
		return false;
	}
	RunLook seen = {g->done, g->looked};
	vec_push(rt->arena, &out->looks, seen);
	return true;
}

/* Code for the reports, and their names. */
static bool need_reports(Going *g) {
	Task *task = g->task;
	Rt *rt = task->rt;
	uint32_t count = task->objective->reports.count;
	if (count == 0)
		return true;
	if (count > RUN_MOST_REPORTS) {
		diag_error(rt->session, 807, task->objective->decl->name.span, "more than %d figures are reported",
		           RUN_MOST_REPORTS);
		return false;
	}
	g->out->report_count = count;
	g->out->report_names = ARENA_ARRAY(rt->arena, const char *, count);
	for (uint32_t i = 0; i < count; i++)
		g->out->report_names[i] = arena_strdup(rt->arena, session_text(rt->session, task->objective->reports.data[i]));
	g->reports = rt_compile(rt, task->module, task_optimized(task, task_build_instance_reports(task)));
	return g->reports != NULL;
}

/* ---- steps ---- */

static void begin_block(void *user, int item, int worker) {
	Going *g = user;
	const ProblemBlock *block = &g->problems->blocks[item];
	const Task *task = g->task;
	Runs *runs = &g->out->runs;
	double f0[IR_LANES];
	g->errors[item] = run_begin(task, block, &g->args, &g->states[item], g->workers[worker].arena);
	rt_read_reals(task->objective->real, g->states[item].f0, 1, f0, (size_t)task->lanes);
	for (int lane = 0; lane < task->lanes && item * task->lanes + lane < runs->problems; lane++)
		runs->f[(size_t)(item * task->lanes + lane) * ((size_t)runs->steps + 1)] = f0[lane];
}

static void advance_block(void *user, int item, int worker) {
	Going *g = user;
	const Task *task = g->task;
	Worker *mine = &g->workers[worker];
	Runs *runs = &g->out->runs;
	double score[IR_LANES];
	for (int lane = 0; lane < task->lanes; lane++)
		score[lane] = score_zero(task->score);
	g->errors[item] = run_advance(task, &g->problems->blocks[item], &g->args, &g->states[item], g->done, g->piece,
	                              runs->steps, score, &(RunTurns){mine->curve, mine->spent, NULL}, mine->arena);
	for (int lane = 0; lane < task->lanes && item * task->lanes + lane < runs->problems; lane++) {
		size_t row = (size_t)(item * task->lanes + lane) * ((size_t)runs->steps + 1) + (size_t)g->done;
		for (int t = 0; t < g->piece; t++) {
			size_t at = (size_t)t * (size_t)task->lanes + (size_t)lane;
			int64_t elsewhere = task->elsewhere.most > 0 ? mine->spent[at] : 0;
			runs->f[row + (size_t)t + 1] = mine->curve[at];
			runs->spent[row + (size_t)t + 1] =
				runs->spent[row + (size_t)t] + run_step_spends(task, g->done + t, elsewhere);
		}
	}
}

static bool run_round(Going *g, RtWork *work) {
	Rt *rt = g->task->rt;
	rt_pool_run(rt->pool, g->problems->block_count, work, g);
	if (!any_error(g->errors, g->problems->block_count))
		return true;
	diag_error(rt->session, 802, g->task->objective->decl->name.span, "an index left its range during a run");
	return false;
}

bool run_looks_after(int step, int steps) {
	int64_t tenths = 10;
	return step <= 1 || step == steps || step * tenths / steps > (step - 1) * tenths / steps;
}

/* How many steps the next round has: to the next look at most, and few enough that an interrupt need not wait. */
static int next_piece(const Going *g, int piece, double took) {
	if (took < run_short_piece && piece < TASK_MAX_SEGMENT)
		piece *= 2;
	else if (took > 4 * run_short_piece && piece > 1)
		piece /= 2;
	int to_look = 1;
	while (to_look < piece && !run_looks_after(g->done + to_look, g->out->runs.steps))
		to_look++;
	return to_look;
}

static bool go(Going *g, const RunWatch *watch) {
	Rt *rt = g->task->rt;
	RunMinimize *out = g->out;
	int length = 1;
	double took = 1, looking = 0;
	if (!run_round(g, begin_block) || !look(g))
		return false;
	while (g->done < out->runs.steps && !out->interrupted) {
		double begun = rt_seconds();
		g->piece = next_piece(g, length, took);
		if (!run_round(g, advance_block))
			return false;
		g->done += g->piece;
		took = rt_seconds() - begun;
		length = g->piece < length && took < run_short_piece ? length : g->piece;
		out->interrupted = g->done < out->runs.steps && rt_interrupted(rt);
		begun = rt_seconds();
		bool wanted = out->interrupted ? looking < run_short_look : run_looks_after(g->done, out->runs.steps);
		if (wanted && !look(g))
			return false;
		looking = wanted ? rt_seconds() - begun : looking;
		if (watch)
			watch->went(watch->user, out, g->done);
	}
	return true;
}

/* ---- before and after ---- */

static double bytes_of(const Going *g) {
	const Task *task = g->task;
	double problems = g->problems->count, steps = g->out->runs.steps, x = 8.0 * (double)task->objective->size;
	double each = (double)run_arena_bytes(task, TASK_SHARED) + (g->reports ? (double)g->reports->arena_bytes + x : 0) +
	              16.0 * task->lanes * (double)TASK_MAX_SEGMENT;
	return each * rt_pool_threads(task->rt->pool) + (double)run_state_bytes(task) * g->problems->block_count +
	       problems * (16 * (steps + 1) + x);
}

static void make_room(Going *g, Arena *scratch) {
	const Task *task = g->task;
	Arena *kept = task->rt->arena;
	Runs *runs = &g->out->runs;
	size_t count = (size_t)runs->problems, row = (size_t)runs->steps + 1, piece = (size_t)TASK_MAX_SEGMENT * IR_LANES;
	runs->f = ARENA_ARRAY(kept, double, count *row);
	runs->spent = ARENA_ARRAY(kept, int64_t, count *row);
	runs->x = ARENA_ARRAY(kept, double, count *(size_t)task->objective->size + 1);
	g->errors = ARENA_ARRAY(scratch, int, count + 1); /* problems, of which there are more than blocks */
	g->states = ARENA_ARRAY(scratch, RunState, g->problems->block_count + 1);
	for (int k = 0; k < g->problems->block_count; k++)
		g->states[k] = run_state_new(task, scratch);
	int threads = rt_pool_threads(task->rt->pool);
	g->workers = ARENA_ARRAY(scratch, Worker, threads);
	for (int i = 0; i < threads; i++) {
		Worker *w = &g->workers[i];
		w->arena = rt_aligned(scratch, run_arena_bytes(task, TASK_SHARED));
		w->curve = ARENA_ARRAY(scratch, double, piece);
		w->spent = ARENA_ARRAY(scratch, int64_t, piece);
		if (g->reports) {
			const IrFunc *func = g->reports->func;
			w->report_arena = rt_aligned(scratch, g->reports->arena_bytes);
			w->x = rt_aligned(scratch, 8 * (size_t)task->objective->size);
			w->pointers = ARENA_ARRAY(scratch, void *, func->params.count + func->results.count + 1);
		}
	}
}

/* Where the runs are, and rows of only as many steps as were made. */
static void keep(Going *g) {
	const Task *task = g->task;
	Runs *runs = &g->out->runs;
	size_t row = (size_t)runs->steps + 1, made = (size_t)g->done + 1, size = (size_t)task->objective->size;
	for (size_t k = 0; k < (size_t)runs->problems; k++) {
		size_t block = k / (size_t)task->lanes, lane = k % (size_t)task->lanes;
		const char *x = (const char *)g->states[block].slots[0] + lane * ir_scalar_bytes(task->objective->real);
		rt_read_reals(task->objective->real, x, (size_t)task->lanes, runs->x + k * size, size);
		memmove(runs->f + k * made, runs->f + k * row, made * sizeof *runs->f);
		memmove(runs->spent + k * made, runs->spent + k * row, made * sizeof *runs->spent);
		runs->evaluations += runs->spent[k * made + made - 1];
	}
	runs->steps = g->done;
}

/* Where runs end, as the parameters are declared: rules work on what has no limits. */
static bool as_declared(const Task *task, Runs *runs) {
	const FeObjective *objective = task->objective;
	bool ok = true;
	for (int k = 0; k < runs->problems && objective->natural && ok; k++) {
		double *x = runs->x + (int64_t)k * objective->size;
		IrByRole given;
		ir_by_role(&given);
		ir_give(&given, IR_ROLE_X, &x, 1);
		ok = rt_evaluate_once(task->rt, objective->natural, &given, &x);
	}
	return ok;
}

static bool run_all(Going *g, const double *theta, const RunWatch *watch) {
	Task *task = g->task;
	if (!need_reports(g) || !rt_memory_allows(task->rt, bytes_of(g), "a run"))
		return false;
	Arena *scratch = arena_new();
	make_room(g, scratch);
	int64_t learned = learned_count(task->rule);
	if (learned > 0) {
		void *stored = rt_aligned(scratch, (size_t)learned * 8);
		rt_write_reals(task->rule->real, stored, 1, theta, (size_t)learned);
		g->args.theta = stored;
	}
	double started = rt_seconds();
	bool ok = go(g, watch);
	if (ok)
		keep(g);
	g->out->seconds = rt_seconds() - started;
	arena_free(scratch);
	return ok;
}

static void see_call(void *context, const IrBlock *block, IrOp *op) {
	bool *calls = context;
	(void)block;
	*calls = *calls || op->kind == IR_CALL;
}

bool run_minimize(Rt *rt, const FeCall *objective, const FeCall *rule, const double *theta, int64_t first, int count,
                  int steps, const RunWatch *watch, RunMinimize *out) {
	*out = (RunMinimize){.runs = {.steps = steps, .problems = count}};
	double compiled = rt->compile_seconds;
	Task *task = task_new(rt, objective, rule, plain_score, NULL, 0);
	if (!task)
		return false;
	double *start = learned_new(rt, task->rule, rt->arena);
	bool ok = theta || (start && learned_start(task->rt, task->rule, rt->options.seed, start));
	out->holes = ok && !theta ? learned_holes(task->rt, task->rule, start, rt->arena) : NULL;
	out->size = task->objective->size;
	out->validates = task->validate != NULL;
	out->draws = fe_draws(rt->program, objective) || task->rule->draws;
	ir_visit_ops(&task->objective->value->body, see_call, &out->matrices);
	Problems *problems = NULL;
	task_choose_lanes(task, count);
	if (ok && rt_memory_allows(rt, problems_bytes(task, count, false), "the data of these problems"))
		problems = problems_new(task, rt->options.seed, first, count, false);
	Going going = {.task = task, .problems = problems, .args = {.variant = TASK_SHARED}, .out = out};
	ok = ok && problems && task_need_forward(task, steps, TASK_SHARED);
	ok = ok && run_all(&going, theta ? theta : start, watch) && as_declared(task, &out->runs);
	out->compile_seconds = rt->compile_seconds - compiled;
	rt_code_free(going.reports);
	problems_free(problems);
	task_free(task);
	return ok;
}
