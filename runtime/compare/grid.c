/* Tuning: every rule gets the same kind of grid on the same training problems, and a best point at the end of a grid
 * makes the grid longer, until the range that the rule states ends. All points run through one compiled function. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/compare/compare.h"
#include "runtime/compare/limits.h"

/* 1, 2.15, 4.64 times powers of ten: three per decade; index 0 is 1. */
static double log_point(int index, int per_decade) {
	static const double thirds[] = {1, 2.15, 4.64};
	int decade = (int)floor((double)index / per_decade);
	int third = (index - decade * per_decade) * (3 / per_decade);
	char text[40];
	snprintf(text, sizeof text, "%.2fe%d", thirds[third], decade);
	return strtod(text, NULL);
}

/* One grid under way. */
typedef struct Grid {
	uint32_t hyper;
	int per_decade;              /* 0: the list of decays */
	int first, last;             /* points first .. last of the scale */
	int lowest, highest;         /* how far the range allows */
	int tried_first, tried_last; /* points of earlier rounds; empty at the start */
	int best;
} Grid;

static double grid_value(const Grid *grid, int index) {
	return grid->per_decade > 0 ? log_point(index, grid->per_decade) : tune_decays[index];
}

static bool name_starts(const char *name, const char *const *starts) {
	for (; *starts; starts++)
		if (strncmp(name, *starts, strlen(*starts)) == 0)
			return true;
	return false;
}

/* base.lr is called like lr. */
static const char *last_name(const char *name) {
	const char *dot = strrchr(name, '.');
	return dot ? dot + 1 : name;
}

/* Chooses the grid of a hyperparameter; false if it stays as it is. */
static bool grid_for(const Rt *rt, const FeHyper *hyper, Grid *grid) {
	static const char *const decays[] = {"beta", "momentum", "rho", NULL};
	const char *name = last_name(session_text(rt->session, hyper->name));
	bool is_rate = fe_is_rate(name);
	bool is_decay = hyper->has_range ? hyper->low == 0 && hyper->high == 1 && !is_rate : name_starts(name, decays);
	if (hyper->given || (!hyper->has_range && !is_decay && !is_rate))
		return false;
	if (is_decay) {
		*grid = (Grid){.first = TUNE_DECAY_FIRST, .last = TUNE_DECAY_LAST, .lowest = 0, .highest = TUNE_DECAYS - 1};
		while (hyper->has_range && grid->lowest < TUNE_DECAYS && tune_decays[grid->lowest] <= hyper->low)
			grid->lowest++;
		while (hyper->has_range && grid->highest >= 0 && tune_decays[grid->highest] >= hyper->high)
			grid->highest--;
	} else {
		*grid = (Grid){.per_decade = is_rate ? TUNE_RATES_PER_DECADE : TUNE_OTHERS_PER_DECADE};
		grid->lowest = TUNE_LOWEST_DECADE * grid->per_decade;
		grid->highest = TUNE_HIGHEST_DECADE * grid->per_decade;
		while (hyper->has_range && grid->lowest < grid->highest && grid_value(grid, grid->lowest) < hyper->low)
			grid->lowest++;
		while (hyper->has_range && grid->highest > grid->lowest && grid_value(grid, grid->highest) > hyper->high)
			grid->highest--;
		/* A stated range is gone through whole; without one, 1e-4 .. 10 is where to begin. */
		grid->first = hyper->has_range && hyper->low > 0 ? grid->lowest : TUNE_FIRST_DECADE * grid->per_decade;
		grid->last = hyper->has_range && isfinite(hyper->high) ? grid->highest : TUNE_LAST_DECADE * grid->per_decade;
	}
	grid->first = grid->first < grid->lowest ? grid->lowest : grid->first;
	grid->last = grid->last > grid->highest ? grid->highest : grid->last;
	grid->tried_first = 1;
	grid->tried_last = 0;
	return grid->first < grid->last;
}

typedef struct Tuning {
	Task *task;
	const Problems *problems;
	const double *theta;
	int steps;
	FeScore score;
	Grid *grids;
	uint32_t grid_count;
	double *hypers; /* of the point under way */
	int *at;
	Arena *scratch;
	Tuned *out;
	double started;
} Tuning;

static double product_size(const Grid *grids, uint32_t count) {
	double size = 1;
	for (uint32_t a = 0; a < count; a++)
		size *= grids[a].last - grids[a].first + 1;
	return size;
}

/* Which point of the grids as they are now, and how long the rest of them takes. */
static void tell_point(const Tuning *t) {
	const Rt *rt = t->task->rt;
	if (!rt->options.busy)
		return;
	double all = product_size(t->grids, t->grid_count), done = t->out->points;
	double left = done > 0 ? (rt_seconds() - t->started) / done * (all - done) : 0;
	rt->options.busy(rt->options.busy_user,
	                 arena_printf(t->scratch, "tuning %s: grid point %.0f of %.0f%s",
	                              session_text(rt->session, t->task->rule->decl->name.name), done + 1, all,
	                              done > 0 ? arena_printf(t->scratch, ", %.0f s left", left) : ""));
}

static bool try_point(Tuning *t) {
	if (rt_interrupted(t->task->rt))
		return false;
	for (uint32_t a = 0; a < t->grid_count; a++)
		t->hypers[t->grids[a].hyper] = grid_value(&t->grids[a], t->at[a]);
	ArenaMark mark = arena_mark(t->scratch);
	tell_point(t);
	Runs runs;
	if (!compare_run(t->task, t->problems, t->hypers, t->theta, t->steps, t->scratch, &runs))
		return false;
	double sum = 0;
	for (int i = 0; i < runs.problems; i++) {
		const double *f = runs.f + (size_t)i * ((size_t)t->steps + 1);
		double value = score_of_run(t->score, SCORE_EVALUATIONS, f, t->steps);
		bool finite = isfinite(value) && isfinite(f[t->steps]);
		t->out->nonfinite += !finite;
		sum = finite ? sum + value : (double)INFINITY;
	}
	arena_release(t->scratch, mark);
	t->out->points++;
	t->out->evaluations += runs.evaluations;
	double score = sum / runs.problems;
	if (score < t->out->score) {
		t->out->score = score;
		memcpy(t->out->hypers, t->hypers, sizeof *t->hypers * t->task->rule->hypers.count);
		for (uint32_t a = 0; a < t->grid_count; a++)
			t->grids[a].best = t->at[a];
	}
	return true;
}

/* All points of the product that no earlier round tried. */
static bool try_product(Tuning *t, uint32_t axis, bool fresh) {
	if (axis == t->grid_count)
		return !fresh || try_point(t);
	const Grid *grid = &t->grids[axis];
	for (int i = grid->first; i <= grid->last; i++) {
		t->at[axis] = i;
		bool is_new = i < grid->tried_first || i > grid->tried_last;
		if (!try_product(t, axis + 1, fresh || is_new))
			return false;
	}
	return true;
}

/* Makes grids longer where their best point is at an end; false if none could be. */
static bool widen(Tuning *t) {
	bool any = false;
	for (uint32_t a = 0; a < t->grid_count; a++) {
		Grid *grid = &t->grids[a];
		int by = grid->per_decade == 3 ? 3 : 2;
		grid->tried_first = grid->first;
		grid->tried_last = grid->last;
		if (grid->best == grid->last && grid->last < grid->highest)
			grid->last = grid->last + by > grid->highest ? grid->highest : grid->last + by;
		else if (grid->best == grid->first && grid->first > grid->lowest)
			grid->first = grid->first - by < grid->lowest ? grid->lowest : grid->first - by;
		else
			continue;
		t->out->widened++;
		any = true;
	}
	return any;
}

bool compare_tune(Task *task, const Problems *problems, const double *theta, int steps, FeScore score, Arena *arena,
                  Tuned *out) {
	const FeRule *rule = task->rule;
	Arena *scratch = arena_new();
	*out = (Tuned){.score = (double)INFINITY, .hypers = ARENA_ARRAY(arena, double, rule->hypers.count + 1)};
	Tuning t = {task,
	            problems,
	            theta,
	            steps,
	            score,
	            ARENA_ARRAY(scratch, Grid, rule->hypers.count + 1),
	            0,
	            ARENA_ARRAY(scratch, double, rule->hypers.count + 1),
	            ARENA_ARRAY(scratch, int, rule->hypers.count + 1),
	            scratch,
	            out,
	            rt_seconds()};
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		t.hypers[i] = out->hypers[i] = rule->hypers.data[i].value;
		if (grid_for(task->rt, &rule->hypers.data[i], &t.grids[t.grid_count]))
			t.grids[t.grid_count++].hyper = i;
	}
	while (t.grid_count > 1 && product_size(t.grids, t.grid_count) > (int)TUNE_MOST_POINTS)
		t.grid_count--; /* the last hyperparameter keeps its default, and the result does not list it among those tuned */
	task_watch(task, steps);
	bool ok = task_need_forward(task, steps, TASK_SHARED) && try_product(&t, 0, t.grid_count == 0);
	for (int round = 0; ok && round < TUNE_MOST_ROUNDS && isfinite(out->score) && widen(&t); round++)
		ok = !rt_interrupted(task->rt) && try_product(&t, 0, false);
	for (uint32_t a = 0; a < t.grid_count; a++) {
		const Grid *grid = &t.grids[a];
		TunedAxis axis = {.name = rule->hypers.data[grid->hyper].name, .decay = grid->per_decade == 0};
		axis.edge = grid->best == grid->first || grid->best == grid->last;
		for (int i = grid->first; i <= grid->last; i++)
			vec_push(arena, &axis.values, grid_value(grid, i));
		vec_push(arena, &out->axes, axis);
	}
	arena_free(scratch);
	return ok;
}
