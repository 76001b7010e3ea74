/* What a rule does with the numbers that it has learned: its steps by the gradients that it was given, and what it loses without
 * parts of them. */
#include <math.h>
#include <stdlib.h>

#include "runtime/report/limits.h"
#include "runtime/report/report.h"

/* ---- response ---- */

/* A coordinate at one step: the gradient that the rule was given, and how far it went. */
typedef struct Pair {
	double g, moved;
} Pair;

static int by_gradient(const void *a, const void *b) {
	const Pair *x = a, *y = b;
	return (x->g > y->g) - (x->g < y->g);
}

static int by_step(const void *a, const void *b) {
	const Pair *x = a, *y = b;
	return (x->moved > y->moved) - (x->moved < y->moved);
}

/* All pairs of one time that are finite, in units of their own root mean squares. */
typedef struct Response {
	Pair *pairs;
	int count;
	double g, moved; /* root mean squares */
	double cosine;   /* between the step and down the slope, over all coordinates */
} Response;

/* Evenly from all of a row of observations, where there are more than are looked at. */
static Response response_of(const RunObserved *seen, int row, Arena *arena) {
	int64_t all = (int64_t)seen->problems * seen->size, stride = all / REPORT_PAIRS + 1;
	Response out = {.pairs = ARENA_ARRAY(arena, Pair, all / stride + 2)};
	double product = 0;
	for (int64_t k = 0; k < all; k += stride) {
		double g = seen->g[(int64_t)row * all + k], moved = seen->moved[(int64_t)row * all + k];
		if (!isfinite(g) || !isfinite(moved))
			continue;
		out.pairs[out.count++] = (Pair){g, moved};
		out.g = hypot(out.g, g);
		out.moved = hypot(out.moved, moved);
	}
	for (int k = 0; k < out.count && out.g > 0 && out.moved > 0; k++)
		product -= out.pairs[k].g / out.g * (out.pairs[k].moved / out.moved);
	out.cosine = product;
	out.g /= sqrt(out.count ? out.count : 1);
	out.moved /= sqrt(out.count ? out.count : 1);
	return out;
}

/* Groups of like gradients, and the middle half of the steps in each. */
static PlotCurve curve_of(Arena *arena, const Response *response, const char *label) {
	Pair *pairs = response->pairs;
	int count = response->count, bins = count < REPORT_BINS ? count : REPORT_BINS;
	double *x = ARENA_ARRAY(arena, double, bins + 1), *y = ARENA_ARRAY(arena, double, bins + 1),
		   *low = ARENA_ARRAY(arena, double, bins + 1), *high = ARENA_ARRAY(arena, double, bins + 1);
	qsort(pairs, (size_t)count, sizeof *pairs, by_gradient);
	for (int b = 0; b < bins; b++) {
		int from = (int)((int64_t)count * b / bins), own = (int)((int64_t)count * (b + 1) / bins) - from;
		x[b] = pairs[from + own / 2].g / response->g;
		qsort(pairs + from, (size_t)own, sizeof *pairs, by_step);
		low[b] = pairs[from + (own - 1) / 4].moved / response->moved;
		y[b] = pairs[from + (own - 1) / 2].moved / response->moved;
		high[b] = pairs[from + 3 * (own - 1) / 4].moved / response->moved;
	}
	return (PlotCurve){.label = label, .count = bins, .x = x, .y = y, .low = low, .high = high};
}

/* The steps that are looked at: the first, the last, and some between. Returns how many. */
static int times_of(int horizon, int steps[REPORT_TIMES]) {
	int count = 0;
	for (int k = 0; k < REPORT_TIMES; k++) {
		int step = k == 0 ? 1 : (int)((int64_t)horizon * k / (REPORT_TIMES - 1));
		if (step >= 1 && (count == 0 || step > steps[count - 1]))
			steps[count++] = step;
	}
	return count;
}

bool report_response(ReportPage *page, Task *task, const Problems *problems, const double *theta, int horizon) {
	int steps[REPORT_TIMES];
	RunObserved seen = {.steps = steps, .count = times_of(horizon, steps)};
	if (!run_observe(task, problems, theta, horizon, page->arena, &seen))
		return false;
	if (!seen.g) {
		report_paragraph(page, "The rule reads no gradient.");
		return true;
	}
	Plot plot = {.title = "Response: step against gradient",
	             .subtitle =
	                 "both in units of their root mean square at that time; lines: median, bands: the middle half",
	             .x_label = "gradient of a coordinate",
	             .y_label = "step of it",
	             .zero = true};
	ReportTable table = {.arena = page->arena, .columns = 4};
	static const char *const heads[] = {"step", "gradient, root mean square", "step, root mean square", "cosine"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		report_cell(&table, "%s", heads[i]);
	for (int row = 0; row < seen.count; row++) {
		Response response = response_of(&seen, row, page->arena);
		report_cell(&table, "%d of %d", steps[row], horizon);
		report_cell(&table, "%.3g", response.g);
		report_cell(&table, "%.3g", response.moved);
		report_cell(&table, "%.3f", response.cosine);
		if (response.g > 0 && response.moved > 0) {
			PlotCurve curve =
				curve_of(page->arena, &response, arena_printf(page->arena, "step %d of %d", steps[row], horizon));
			vec_push(page->arena, &plot.curves, curve);
		}
	}
	if (plot.curves.count > 0)
		report_picture(
			page, &plot,
			arena_printf(
				page->arena,
				"How far a coordinate goes by the gradient that it is given, on %d problems at some "
				"times of a run of %d steps. Gradient descent is a falling line, descent by signs a step down.",
				problems->count, horizon));
	report_table(page,
	             "How long gradients and steps are, and the cosine of the angle between the step and down the slope",
	             &table);
	return true;
}

/* ---- ablation ---- */

typedef struct Ablation {
	const char *what;
	double score;
	int lost; /* runs that were not finite */
} Ablation;

typedef struct Ablating {
	Task *task;
	const Problems *problems;
	int horizon;
	double *theta; /* of which parts are taken out and put back */
	int64_t count;
	Arena *arena;
	VEC(Ablation) done;
} Ablating;

/* The mean score of runs with theta as it is now, over those that are finite. */
static bool measure(Ablating *a, const char *what) {
	Arena *scratch = arena_new();
	Runs runs;
	bool ok = run_problems(a->task, a->problems, NULL, a->theta, a->horizon, false, scratch, &runs);
	Ablation one = {.what = what};
	double sum = 0;
	for (int i = 0; ok && i < runs.problems; i++)
		if (isfinite(runs.score[i]))
			sum += runs.score[i];
		else
			one.lost++;
	if (ok) {
		one.score = one.lost < runs.problems ? sum / (runs.problems - one.lost) : (double)INFINITY;
		vec_push(a->arena, &a->done, one);
	}
	arena_free(scratch);
	return ok;
}

/* The score with 0 in the places first, first + stride, ... : `blocks` stretches of `length` numbers. */
static bool without(Ablating *a, const char *what, int64_t first, int64_t length, int64_t stride, int64_t blocks) {
	double *kept = ARENA_ARRAY(a->arena, double, length *blocks + 1);
	for (int64_t b = 0; b < blocks; b++) {
		for (int64_t k = 0; k < length; k++) {
			kept[b * length + k] = a->theta[first + b * stride + k];
			a->theta[first + b * stride + k] = 0;
		}
	}
	bool ok = measure(a, what);
	for (int64_t b = 0; b < blocks; b++)
		for (int64_t k = 0; k < length; k++)
			a->theta[first + b * stride + k] = kept[b * length + k];
	return ok;
}

/* W[:, 3] */
static const char *slice_name(Arena *arena, const char *name, int rank, int axis, int64_t at) {
	Text text = text_new(arena);
	text_printf(&text, "%s[", name);
	for (int i = 0; i < rank; i++) {
		text_printf(&text, "%s", i ? ", " : "");
		if (i == axis)
			text_printf(&text, "%lld", (long long)at);
		else
			text_char(&text, ':');
	}
	text_char(&text, ']');
	return text_cstr(&text);
}

/* One learned array: all of it, and every slice of its axes. */
static bool take_apart(Ablating *a, const FeSlot *slot) {
	const char *name = session_text(a->task->rt->session, slot->name);
	if (!without(a, name, slot->offset, slot->count, 0, 1))
		return false;
	int64_t inner = slot->count;
	for (int axis = 0; axis < slot->type.rank; axis++) {
		int64_t extent = slot->type.dims[axis], outer;
		if (extent < 1 || slot->count % extent)
			return true;
		inner /= extent;
		outer = slot->count / (inner * extent);
		for (int64_t k = 0; k < extent && extent > 1 && extent <= REPORT_SLICES; k++) {
			if (a->done.count >= REPORT_ABLATIONS)
				return true;
			if (!without(a, slice_name(a->arena, name, slot->type.rank, axis, k), slot->offset + k * inner, inner,
			             inner * extent, outer)) {
				return false;
			}
		}
	}
	return true;
}

static int worst_first(const void *a, const void *b) {
	const Ablation *x = a, *y = b;
	if (x->lost != y->lost)
		return x->lost > y->lost ? -1 : 1;
	return (x->score < y->score) - (x->score > y->score);
}

static void put_ablations(ReportPage *page, Ablating *a) {
	Ablation whole = a->done.data[0], *rows = a->done.data + 1;
	uint32_t count = a->done.count - 1, shown = count < REPORT_ABLATED_ROWS ? count : REPORT_ABLATED_ROWS;
	qsort(rows, count, sizeof *rows, worst_first);
	ReportTable table = {.arena = page->arena, .columns = 4};
	static const char *const names[] = {"set to 0", "score", "worse by", "runs that are not finite"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		report_cell(&table, "%s", names[i]);
	for (uint32_t i = 0; i < shown; i++) {
		report_cell(&table, "%s", rows[i].what);
		report_cell(&table, "%.4g", rows[i].score);
		report_cell(&table, "%+.3g %%", 100 * (rows[i].score - whole.score) / fabs(whole.score));
		report_cell(&table, "%d", rows[i].lost);
	}
	const char *words =
		score_words(page->arena, a->task->score, score_judge(a->task->validate != NULL), SCORE_AFTER_STEPS, a->horizon);
	report_paragraph(
		page,
		"How much do parts of what was learned matter? On %d problems the score is %.4g (%s). With one part "
		"set to 0, the others as they are, it becomes: (the %u that matter most, of %u)",
		a->problems->count, whole.score, words, shown, count);
	report_table(page, "Parts of what was learned, by what the score loses without them", &table);
}

bool report_ablation(ReportPage *page, Task *task, const Problems *problems, const double *theta, int horizon) {
	Ablating a = {.task = task, .problems = problems, .horizon = horizon, .arena = page->arena};
	a.count = learned_count(task->rule);
	a.theta = ARENA_ARRAY(page->arena, double, a.count + 1);
	for (int64_t k = 0; k < a.count; k++)
		a.theta[k] = theta[k];
	bool ok = measure(&a, "");
	for (uint32_t i = 0; ok && i < task->rule->learned.count; i++) {
		const FeSlot *slot = &task->rule->learned.data[i].slot;
		if (slot->type.rank > 0 && slot->limits.transform == FE_PLAIN && a.done.count < REPORT_ABLATIONS)
			ok = take_apart(&a, slot);
	}
	if (ok && a.done.count > 1)
		put_ablations(page, &a);
	return ok;
}
