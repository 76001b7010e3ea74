/* How good estimators are at one point: bias, spread and cost of what they say there, theta held fixed. */
#include <math.h>
#include <string.h>

#include "runtime/meta/estimator.h"
#include "runtime/meta/limits.h"

/* ---- samples of one estimator ---- */

typedef struct Samples {
	double *mean;        /* [P] over batches */
	double error;        /* squared standard error of the mean, summed over numbers; 0 where nothing is drawn */
	double spread;       /* variance of one estimate, summed over numbers */
	double score;        /* mean over steps */
	int64_t evaluations; /* of all steps */
	int64_t pieces, nonfinite;
	double seconds; /* a step */
	int64_t steps;
	bool drawn;
} Samples;

/* Outer steps that see a run from its start to its end. */
static int steps_of_a_run(const MetaEstimator *e) {
	if (!e->method->carried || e->how.window <= 0 || e->how.window >= e->how.horizon_high)
		return 1;
	return (e->how.horizon_high + e->how.window - 1) / e->how.window;
}

static bool draws(const MetaEstimator *e) {
	return e->method->stage == 0 || e->how.fresh || e->how.horizon_low < e->how.horizon_high;
}

/* `batches` means over so many steps as a run has, so that those of particles that are carried on are as good as independent. What
 * comes before the first runs have ended is left out. false with a diagnostic, or interrupted. */
static bool sample(MetaEstimator *e, const double *theta, int64_t batches, Arena *arena, Samples *out) {
	size_t count = (size_t)e->count;
	int length = steps_of_a_run(e), before = length > 1 ? length : 0;
	out->drawn = draws(e);
	batches = out->drawn ? batches : 1;
	double *gradient = ARENA_ARRAY(arena, double, count), *batch = ARENA_ARRAY(arena, double, count);
	double *squares = ARENA_ARRAY(arena, double, count), all = 0, begun = 0;
	out->mean = ARENA_ARRAY(arena, double, count);
	memset(out->mean, 0, sizeof *gradient * count);
	memset(squares, 0, sizeof *gradient * count);
	for (int64_t step = 0; step < before + batches * length; step++) {
		MetaStats stats;
		if (step == before)
			begun = rt_seconds();
		if (rt_interrupted(e->rt) || !meta_estimate(e, theta, step, gradient, &stats))
			return false;
		if (step < before)
			continue;
		out->steps++;
		out->evaluations += stats.evaluations;
		out->pieces += stats.pieces;
		out->nonfinite += stats.nonfinite;
		out->score += stats.score;
		bool first = (step - before) % length == 0, last = (step - before) % length == length - 1;
		for (size_t p = 0; p < count; p++) {
			batch[p] = (first ? 0 : batch[p]) + gradient[p] / length;
			all += gradient[p] * gradient[p];
			out->mean[p] += last ? batch[p] / (double)batches : 0;
			squares[p] += last ? batch[p] * batch[p] / (double)batches : 0;
		}
	}
	out->seconds = (rt_seconds() - begun) / (double)out->steps;
	for (int again = 1; !out->drawn && again < META_TIMED; again++) { /* the first call is cold */
		MetaStats stats;
		begun = rt_seconds();
		if (rt_interrupted(e->rt) || !meta_estimate(e, theta, 0, batch, &stats))
			return false;
		out->seconds = fmin(out->seconds, rt_seconds() - begun);
	}
	out->score /= (double)out->steps;
	double own = 0, means = 0;
	for (size_t p = 0; p < count; p++) {
		own += out->mean[p] * out->mean[p];
		means += squares[p];
	}
	if (batches > 1) {
		out->error = fmax(0, means - own) / ((double)batches - 1);
		out->spread = fmax(0, all / (double)out->steps - own + out->error);
	}
	return true;
}

/* ---- against a reference ---- */

static double inner(const double *a, const double *b, int64_t count) {
	double sum = 0;
	for (int64_t p = 0; p < count; p++)
		sum += a[p] * b[p];
	return sum;
}

static void judge(const Samples *samples, const Samples *reference, int64_t count, MetaDiagnosis *out) {
	double norm = sqrt(inner(reference->mean, reference->mean, count)), off = 0;
	for (int64_t p = 0; p < count; p++)
		off += (samples->mean[p] - reference->mean[p]) * (samples->mean[p] - reference->mean[p]);
	double error = samples->error + reference->error;
	double bias = sqrt(fmax(0, off - error)), own = sqrt(inner(samples->mean, samples->mean, count));
	out->gradient = own;
	out->bias = norm > 0 ? bias / norm : (double)NAN;
	out->bias_error = norm > 0 ? sqrt(error) / norm : (double)NAN;
	/* the noise of the means makes them longer, and points nowhere */
	double length = (own * own - samples->error) * (norm * norm - reference->error);
	double cosine = inner(samples->mean, reference->mean, count) / sqrt(length);
	out->cosine = length > 0 ? fmax(-1, fmin(1, cosine)) : (double)NAN;
	out->deviation = sqrt(samples->spread);
	out->evaluations = (double)samples->evaluations / (double)samples->steps;
	out->seconds = samples->seconds;
	double needed = fmax(1, samples->spread / (norm * norm));
	out->cost = needed * out->evaluations;
	out->cost_seconds = needed * out->seconds;
	out->pieces = samples->pieces;
	out->nonfinite = samples->nonfinite;
	out->score = samples->score;
	out->measured = isfinite(own) && samples->nonfinite < samples->pieces;
}

/* ---- all of them ---- */

typedef struct Point {
	Rt *rt;
	const FeExperiment *experiment;
	Arena *arena;
	double *start; /* theta, once it is known */
	int64_t count;
} Point;

/* Makes tasks and an estimator of their own, as each compiles the same stages for another window. */
static bool sample_one(Point *point, const MetaEstimate *how, int64_t batches, Samples *out) {
	const FeExperiment *experiment = point->experiment;
	int families = (int)experiment->on.count, made = 0;
	Task **tasks = ARENA_ARRAY(point->arena, Task *, families + 1);
	int *problems = ARENA_ARRAY(point->arena, int, families + 1);
	for (; made < families; made++) {
		tasks[made] = task_new(point->rt, &experiment->on.data[made], &experiment->train, experiment->score,
		                       experiment->open.data, experiment->open.count);
		if (!tasks[made])
			break;
		problems[made] = experiment->train_problems > 0 ? experiment->train_problems : 1;
	}
	bool ok = made == families;
	MetaEstimator *e = ok ? meta_estimator_new(point->rt, tasks, families, problems, how, experiment->seed) : NULL;
	ok = ok && e != NULL;
	if (ok && !point->start) {
		point->count = e->count;
		point->start = ARENA_ARRAY(point->arena, double, e->count + 1);
		ok = learned_start(point->rt, tasks[0]->rule, experiment->seed, point->start);
	}
	ok = ok && sample(e, point->start, batches, point->arena, out);
	meta_estimator_free(e);
	for (int k = 0; k < made; k++)
		task_free(tasks[k]);
	return ok;
}

/* Whole back-propagation with no clip; where it gives nothing that is finite, many samples of es. */
static bool find_reference(Point *point, int batches, Samples *out, FeEstimator *kind) {
	MetaEstimate how = meta_estimate_of(point->experiment);
	how.kind = *kind = FE_BACKPROP;
	how.window = 0;
	how.order = 2;
	how.clip = 0;
	if (!sample_one(point, &how, batches, out))
		return false;
	if (out->nonfinite < out->pieces && isfinite(inner(out->mean, out->mean, point->count)))
		return true;
	*out = (Samples){0};
	how.kind = *kind = FE_ES;
	return sample_one(point, &how, (int64_t)batches * META_REFERENCE_SAMPLES, out);
}

bool meta_diagnose(Rt *rt, const FeExperiment *experiment, MetaDiagnosis *rows, int count, int batches,
                   MetaReference *reference, Arena *arena) {
	Point point = {.rt = rt, .experiment = experiment, .arena = arena};
	Samples exact = {0};
	if (!find_reference(&point, batches, &exact, &reference->kind))
		return false;
	reference->norm = sqrt(inner(exact.mean, exact.mean, point.count));
	reference->error = sqrt(exact.error);
	reference->numbers = point.count;
	reference->lost = exact.nonfinite >= exact.pieces;
	for (int k = 0; k < count; k++) {
		Samples samples = {0};
		if (!sample_one(&point, &rows[k].how, batches, &samples))
			return false;
		judge(&samples, &exact, point.count, &rows[k]);
	}
	return true;
}

int meta_diagnose_best(const MetaDiagnosis *rows, int count) {
	int best = -1;
	for (int k = 0; k < count; k++) {
		bool right = rows[k].measured && rows[k].cosine > meta_right_cosine && rows[k].bias < meta_right_bias;
		if (right && (best < 0 || rows[k].cost_seconds < rows[best].cost_seconds))
			best = k;
	}
	return best;
}
