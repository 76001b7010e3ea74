/* Mixtures of Gaussians by expectation maximization, and linear-Gaussian dynamics with such a mixture as their prior, as in guided
 * policy search (Levine and Abbeel 2014): what a step's few samples leave open, the samples of all steps say. */
#include "runtime/meta/mixture.h"

#include <math.h>
#include <string.h>

#include "runtime/meta/dense.h"
#include "runtime/meta/limits.h"

static const double log_two_pi = 1.8378770664093454835606594728112;

/* log N(point; component k) */
static double log_density(const Mixture *x, int k, const double *point, double *work) {
	const double *lower = x->lower + k * x->d * x->d;
	for (int i = 0; i < x->d; i++)
		work[i] = point[i] - x->mean[k * x->d + i];
	meta_solve_lower(x->d, lower, work, 1);
	double sum = x->d * log_two_pi + meta_log_determinant(x->d, lower);
	for (int i = 0; i < x->d; i++)
		sum += work[i] * work[i];
	return -0.5 * sum;
}

/* Of which component a point is, as logarithms of shares; gives the logarithm of its density. */
static double log_shares(const Mixture *x, const double *point, double *shares, double *work) {
	double largest = -(double)INFINITY, sum = 0;
	for (int k = 0; k < x->components; k++) {
		shares[k] = x->mass[k] + log_density(x, k, point, work);
		largest = fmax(largest, shares[k]);
	}
	for (int k = 0; k < x->components; k++)
		sum += exp(shares[k] - largest);
	double all = largest + log(sum);
	for (int k = 0; k < x->components; k++)
		shares[k] -= all;
	return all;
}

/* Components from shares[count, components] (as they are, no logarithms). regular: added to the diagonal of covariances. */
static bool maximize(Mixture *x, int count, const double *points, const double *shares, double regular, double *work) {
	int d = x->d;
	for (int k = 0; k < x->components; k++) {
		double *mean = x->mean + k * d, *covariance = x->covariance + k * d * d, total = 0;
		memset(mean, 0, sizeof *mean * (size_t)d);
		memset(covariance, 0, sizeof *mean * (size_t)(d * d));
		for (int i = 0; i < count; i++)
			total += shares[i * x->components + k];
		double least = 1e-12; /* a component that nothing belongs to stays a component */
		x->mass[k] = log(fmax(total, least) / count);
		for (int i = 0; i < count; i++)
			for (int j = 0; j < d; j++)
				mean[j] += shares[i * x->components + k] / fmax(total, least) * points[i * d + j];
		for (int i = 0; i < count; i++) {
			double share = shares[i * x->components + k] / fmax(total, least);
			for (int j = 0; j < d; j++)
				work[j] = points[i * d + j] - mean[j];
			meta_product(DENSE_TURNED, d, 1, d, share, work, work, covariance);
		}
		for (int j = 0; j < d; j++)
			covariance[j * d + j] += regular;
		memcpy(x->lower + k * d * d, covariance, sizeof *mean * (size_t)(d * d));
		if (!meta_cholesky(d, x->lower + k * d * d))
			return false;
	}
	return true;
}

/* A millionth of what the points vary on average. */
static double regularity(int count, int d, const double *points) {
	double sum = 0;
	for (int j = 0; j < d; j++) {
		double mean = 0, square = 0;
		for (int i = 0; i < count; i++)
			mean += points[i * d + j] / count;
		for (int i = 0; i < count; i++)
			square += (points[i * d + j] - mean) * (points[i * d + j] - mean) / count;
		sum += square / d;
	}
	return 1e-6 * sum + 1e-12;
}

bool meta_mixture_fit(int count, int d, const double *points, int components, Mixture *out, Arena *arena) {
	int most = count / (d + 1);
	components = most < 1 ? 1 : components < most ? components : most;
	*out = (Mixture){.components = components, .d = d};
	out->mass = ARENA_ARRAY(arena, double, components);
	out->mean = ARENA_ARRAY(arena, double, (size_t)components *(size_t)d);
	out->covariance = ARENA_ARRAY(arena, double, (size_t)components *(size_t)d *(size_t)d);
	out->lower = ARENA_ARRAY(arena, double, (size_t)components *(size_t)d *(size_t)d);
	double *shares = ARENA_ARRAY(arena, double, (size_t)count *(size_t)components + 1);
	double *work = ARENA_ARRAY(arena, double, d), regular = regularity(count, d, points);
	for (int i = 0; i < count; i++)
		shares[(size_t)i * (size_t)components + (size_t)((int64_t)i * components / count)] = 1;
	double before = -1e300;
	for (int turn = 0; turn < META_MIXTURE_TURNS; turn++) {
		if (count == 0 || !isfinite(regular) || !maximize(out, count, points, shares, regular, work))
			return false;
		double likelihood = 0;
		for (int i = 0; i < count; i++) {
			double *mine = shares + i * components;
			likelihood += log_shares(out, points + i * d, mine, work) / count;
			for (int k = 0; k < components; k++)
				mine[k] = exp(mine[k]);
		}
		if (!(likelihood > before + 1e-6 * fabs(before))) /* also where it cannot be had */
			break;
		before = likelihood;
	}
	return before > -1e300;
}

/* What the mixture says of these samples: the mean of all of it, each component by its share of the samples, and how it varies. */
static void moments(const Mixture *x, int count, const double *samples, double *mean, double *covariance,
                    Arena *scratch) {
	int d = x->d;
	double *shares = ARENA_ARRAY(scratch, double, x->components), *work = ARENA_ARRAY(scratch, double, d);
	double *share = ARENA_ARRAY(scratch, double, x->components);
	for (int i = 0; i < count; i++) {
		log_shares(x, samples + i * d, shares, work);
		for (int k = 0; k < x->components; k++)
			share[k] += exp(shares[k]) / count;
	}
	for (int k = 0; k < x->components; k++)
		for (int j = 0; j < d; j++)
			mean[j] += share[k] * x->mean[k * d + j];
	for (int k = 0; k < x->components; k++) {
		for (int j = 0; j < d; j++)
			work[j] = x->mean[k * d + j] - mean[j];
		meta_product(DENSE_TURNED, d, 1, d, share[k], work, work, covariance);
		for (int j = 0; j < d * d; j++)
			covariance[j] += share[k] * x->covariance[k * d * d + j];
	}
}

/* The Gaussian of samples and prior: its mean, which is that of the samples, and its covariance. */
static void posterior(const Mixture *prior, int prior_count, int count, const double *samples, double *mean,
                      double *covariance, Arena *scratch) {
	int d = prior->d;
	double *prior_mean = ARENA_ARRAY(scratch, double, d), *work = ARENA_ARRAY(scratch, double, d);
	moments(prior, count, samples, prior_mean, covariance, scratch);
	double degrees = fmax(0, (double)(prior_count - 2 - d) / prior_count);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < d; j++)
			mean[j] += samples[i * d + j] / count;
	for (int i = 0; i < count; i++) {
		for (int j = 0; j < d; j++)
			work[j] = samples[i * d + j] - mean[j];
		meta_product(DENSE_TURNED, d, 1, d, 1, work, work, covariance);
	}
	for (int j = 0; j < d; j++)
		work[j] = mean[j] - prior_mean[j];
	meta_product(DENSE_TURNED, d, 1, d, count / (count + 1.0), work, work, covariance);
	double trace = 0;
	for (int j = 0; j < d * d; j++)
		covariance[j] /= count + degrees;
	for (int j = 0; j < d; j++)
		trace += covariance[j * d + j] / d;
	for (int j = 0; j < d; j++)
		covariance[j * d + j] += 1e-6 * trace;
}

bool meta_dynamics_fit(const Mixture *prior, int prior_count, int count, int m, int n, const double *samples,
                       double *from, double *by, double *drift, double *spread, Arena *scratch) {
	ArenaMark mark = arena_mark(scratch);
	int d = prior->d, k = m + n;
	double *mean = ARENA_ARRAY(scratch, double, d), *covariance = ARENA_ARRAY(scratch, double, d *d);
	double *inner = ARENA_ARRAY(scratch, double, k *k), *cross = ARENA_ARRAY(scratch, double, k *m);
	posterior(prior, prior_count, count, samples, mean, covariance, scratch);
	for (int i = 0; i < k; i++) {
		for (int j = 0; j < k; j++)
			inner[i * k + j] = covariance[i * d + j];
		for (int j = 0; j < m; j++)
			cross[i * m + j] = covariance[i * d + k + j];
	}
	for (int i = 0; i < m; i++)
		for (int j = 0; j < m; j++)
			spread[i * m + j] = covariance[(k + i) * d + k + j];
	bool ok = count > 0 && meta_cholesky(k, inner);
	if (ok) { /* spread - cross' inner^-1 cross: what (s, u) do not tell */
		meta_solve_lower(k, inner, cross, m);
		meta_product(DENSE_TURNED, m, k, m, -1, cross, cross, spread);
		meta_symmetric(m, spread);
		meta_solve_upper(k, inner, cross, m);
		for (int i = 0; i < m; i++) {
			drift[i] = mean[k + i];
			for (int j = 0; j < k; j++) {
				double value = cross[j * m + i];
				*(j < m ? &from[i * m + j] : &by[i * n + j - m]) = value;
				drift[i] -= value * mean[j];
			}
		}
	}
	arena_release(scratch, mark);
	return ok;
}
