/* What policy search holds for each training problem, and how code gets and gives it. */
#include "runtime/meta/guide.h"

#include <string.h>

#include "runtime/meta/limits.h"

/* ---- memory ---- */

/* Pieces of one array; without one (NULL), only their count. */
typedef struct Cut {
	double *from;
	size_t used;
} Cut;

static double *cut(Cut *c, int rows, int columns, int depth) {
	double *out = c->from ? c->from + c->used : NULL;
	c->used += (size_t)rows * (size_t)columns * (size_t)depth;
	return out;
}

/* What is carried from step to step; gives how many numbers it is. */
static size_t cut_problem(int steps, int trajectories, int n, int m, double *numbers, GuideProblem *out) {
	Cut c = {numbers, 0};
	out->numbers = numbers;
	out->controller.gain = cut(&c, steps, n, m);
	out->controller.offset = cut(&c, steps, n, 1);
	out->controller.precision = cut(&c, steps, n, n);
	out->pull = cut(&c, steps, n, 1);
	out->weight = cut(&c, steps, 1, 1);
	out->x = cut(&c, trajectories, steps + 1, n);
	out->f = cut(&c, trajectories, steps + 1, 1);
	out->g = cut(&c, trajectories, steps + 1, n);
	out->score = cut(&c, trajectories, 1, 1);
	out->center = cut(&c, steps, n, 1);
	out->slope = cut(&c, steps, n, 1);
	out->curve = cut(&c, steps, n, n);
	if (m > n) {
		out->from = cut(&c, steps, m, m);
		out->by = cut(&c, steps, m, n);
		out->drift = cut(&c, steps, m, 1);
		out->spread = cut(&c, steps, m, m);
	}
	return c.used;
}

/* Coordinates of a state, for so many of x. */
static int64_t state_size(const MetaEstimator *e, int64_t n) {
	return e->how.components > 0 ? 2 * n : n;
}

double meta_guide_numbers(const MetaEstimator *e, const Task *task) {
	double n = (double)task->objective->size, m = (double)state_size(e, task->objective->size);
	double steps = e->how.horizon_high, trajectories = e->how.trajectories;
	double moves = trajectories * (steps + 1) * n;
	double fitted = m > n ? steps * m * (2 * m + n + 1) : 0;
	return steps * n * (m + 2 * n + 4) + steps + 3 * moves + trajectories * (steps + 2) + fitted;
}

/* Reals of a lane in a worker's rooms: as many as the largest family takes. */
static size_t room_reals(const MetaEstimator *e) {
	size_t most = 0;
	for (int k = 0; k < e->family_count; k++) {
		size_t n = (size_t)e->families[k].task->objective->size, steps = (size_t)e->how.horizon_high + 1;
		most = steps * n * (n + 1) > most ? steps * n * (n + 1) : most;
	}
	return most;
}

enum { ROOMS = 17 }; /* of a worker, about */

double meta_guide_bytes(const MetaEstimator *e) {
	double bytes = 0;
	for (int k = 0; k < e->family_count; k++) {
		double each = 8 * meta_guide_numbers(e, e->families[k].task) + (double)sizeof(GuideProblem);
		bytes += each * e->families[k].problems->count;
	}
	/* Samples of one problem, and their shares in a mixture. */
	double samples = 8.0 * e->how.trajectories * e->how.horizon_high;
	for (int k = 0; k < e->family_count && e->how.components > 0; k++) {
		double each = 5.0 * (double)e->families[k].task->objective->size + e->how.components;
		bytes += rt_pool_threads(e->rt->pool) * samples * each;
	}
	return bytes + rt_pool_threads(e->rt->pool) * 8.0 * (int)IR_LANES * (int)ROOMS * (double)room_reals(e);
}

static void family_new(MetaEstimator *e, const Family *family, GuideFamily *out) {
	int problems = family->problems->count, steps = e->how.horizon_high;
	out->n = (int)family->task->objective->size;
	out->m = (int)state_size(e, out->n);
	GuideProblem unused = {0};
	out->numbers = cut_problem(steps, e->how.trajectories, out->n, out->m, NULL, &unused);
	size_t moves = (size_t)e->how.trajectories * (size_t)steps * (size_t)out->n;
	out->precision = ARENA_ARRAY(e->arena, double, (size_t)out->n *(size_t)out->n + 1);
	out->problems = ARENA_ARRAY(e->arena, GuideProblem, problems);
	for (int i = 0; i < problems; i++) {
		GuideProblem *problem = &out->problems[i];
		cut_problem(steps, e->how.trajectories, out->n, out->m, ARENA_ARRAY(e->arena, double, out->numbers + 1),
		            problem);
		problem->moves = ARENA_ARRAY(e->arena, double, moves + 1);
	}
}

static size_t largest_arena(const MetaEstimator *e) {
	static const TaskStage stages[] = {TASK_PLACE, TASK_COST, TASK_FOLLOW, TASK_FIT};
	size_t most = 0;
	for (int k = 0; k < e->family_count; k++) {
		for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
			size_t need = e->families[k].task->code[stages[i]][TASK_SHARED]->arena_bytes;
			most = need > most ? need : most;
		}
	}
	return most;
}

static void room_new(MetaEstimator *e, GuideRoom *room) {
	size_t reals = room_reals(e), bytes = 8 * IR_LANES * (reals + 1);
	room->arena = rt_aligned(e->arena, largest_arena(e));
	void **const all[] = {&room->x,       &room->along,  &room->f,      &room->g,      &room->valid, &room->f_along,
	                      &room->g_along, &room->path_x, &room->path_f, &room->path_g, &room->moves};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		*all[i] = rt_aligned(e->arena, bytes);
	for (int i = 0; i < GUIDE_BATCH; i++)
		room->batch[i] = rt_aligned(e->arena, bytes);
	room->numbers = ARENA_ARRAY(e->arena, double, reals + 1);
	room->here = ARENA_ARRAY(e->arena, double, IR_LANES *reals + 1);
	room->gradient = ARENA_ARRAY(e->arena, double, IR_LANES *reals + 1);
}

Guide *meta_guide_new(MetaEstimator *e) {
	Guide *guide = ARENA_NEW(e->arena, Guide);
	*guide = (Guide){.steps = e->how.horizon_high, .trajectories = e->how.trajectories, .round = -1, .drawing = -1};
	guide->families = ARENA_ARRAY(e->arena, GuideFamily, e->family_count);
	for (int k = 0; k < e->family_count; k++)
		family_new(e, &e->families[k], &guide->families[k]);
	int threads = rt_pool_threads(e->rt->pool);
	guide->rooms = ARENA_ARRAY(e->arena, GuideRoom, threads);
	for (int i = 0; i < threads; i++)
		room_new(e, &guide->rooms[i]);
	return guide;
}

void meta_guide_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	Guide *guide = e->own;
	visit(user, &(TrainPiece){"search.round", IR_I64, &guide->round, 1});
	visit(user, &(TrainPiece){"search.drawing", IR_I64, &guide->drawing, 1});
	for (int k = 0; k < e->family_count; k++) {
		const GuideFamily *family = &guide->families[k];
		visit(user, &(TrainPiece){"search.policy", IR_F64, family->precision, (size_t)(family->n * family->n)});
		for (int i = 0; i < e->families[k].problems->count; i++)
			visit(user, &(TrainPiece){"search.problem", IR_F64, family->problems[i].numbers, family->numbers});
	}
}

/* ---- calls ---- */

int meta_guide_call(const Family *family, TaskStage stage, const IrByRole *given, const IrByRole *places,
                    GuideRoom *room) {
	void *pointers[META_MOST_POINTERS];
	return rt_call_by_role(family->task->code[stage][TASK_SHARED], given, places, pointers, room->arena);
}

GuideProblem *meta_guide_problem(const MetaEstimator *e, const Family *family, int block, int lane) {
	const Guide *guide = e->own;
	int number = block * family->problems->lanes + lane, count = family->problems->count;
	return &guide->families[family - e->families].problems[number < count ? number : count - 1];
}

void meta_guide_state(const GuideFamily *family, const Guide *guide, const GuideProblem *problem, int j, int t,
                      double *state) {
	size_t n = (size_t)family->n, at = ((size_t)j * (size_t)(guide->steps + 1) + (size_t)t) * n;
	memcpy(state, problem->x + at, sizeof *state * n);
	if (family->m > family->n)
		memcpy(state + n, problem->g + at, sizeof *state * n);
}

/* from[count] of a lane. */
static void put_lane(const Family *family, void *to, int lane, const double *from, size_t count) {
	IrScalar real = family->task->rule->real;
	rt_write_reals(real, (char *)to + (size_t)lane * ir_scalar_bytes(real), (size_t)family->task->lanes, from, count);
}

void meta_guide_give_path(const MetaEstimator *e, const Family *family, int block, int j, GuideRoom *room,
                          IrByRole *given) {
	const Guide *guide = e->own;
	size_t n = (size_t)guide->families[family - e->families].n, steps = (size_t)guide->steps;
	for (int lane = 0; lane < family->task->lanes; lane++) {
		const GuideProblem *problem = meta_guide_problem(e, family, block, lane);
		size_t row = (size_t)j * (steps + 1);
		put_lane(family, room->path_x, lane, problem->x + row * n, steps * n);
		put_lane(family, room->path_f, lane, problem->f + row, steps);
		put_lane(family, room->path_g, lane, problem->g + row * n, steps * n);
	}
	ir_give(given, IR_ROLE_X, &room->path_x, 1);
	ir_give(given, IR_ROLE_F, &room->path_f, 1);
	ir_give(given, IR_ROLE_G, &room->path_g, 1);
}

void meta_guide_put_targets(const MetaEstimator *e, const Family *family, const GuideFamily *mine, int block,
                            GuideRoom *room) {
	const Guide *guide = e->own;
	int n = mine->n, m = mine->m, steps = guide->steps;
	double *state = room->gradient; /* nothing else is in it here */
	for (int lane = 0; lane < family->task->lanes; lane++) {
		const GuideProblem *problem = meta_guide_problem(e, family, block, lane);
		for (int t = 0; t < steps; t++) {
			meta_guide_state(mine, guide, problem, guide->trail, t, state);
			for (int i = 0; i < n; i++) {
				double move = problem->controller.offset[t * n + i];
				for (int k = 0; k < m; k++)
					move += problem->controller.gain[(t * n + i) * m + k] * state[k];
				room->numbers[t * n + i] = move;
			}
		}
		put_lane(family, room->batch[0], lane, room->numbers, (size_t)(steps * n));
		put_lane(family, room->batch[1], lane, problem->controller.precision, (size_t)(steps * n * n));
		for (int i = 0; i < steps * n; i++)
			room->numbers[i] = problem->pull[i] / problem->weight[i / n];
		put_lane(family, room->batch[2], lane, room->numbers, (size_t)(steps * n));
	}
}
