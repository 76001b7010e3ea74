/* What is drawn: Threefry-2x64 of 20 rounds (Salmon et al. 2011), keyed by seed and XXH3 of the name, counting problem, and
 * step * 2^40 + element. In rules names begin with "step.", and with the name and the number of the
 * `apply` around; what a tensor draws for itself has 2^40 times its number added to the
 * hash, and the number of the turn of the loops around. How the numbers become those of a distribution, docs/language.md and the
 * papers say that are named here. */
#include "oracle.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <math.h>
#include <string.h>

static const uint64_t steps_apart = UINT64_C(1) << 40;

typedef struct Key {
	char name[60];
	uint64_t more; /* added to the hash of the name */
	uint64_t instance, step, element;
	bool rule;
	int elements; /* of what is drawn at once */
} Key;

static void threefry(const uint64_t key[2], const uint64_t counter[2], double out[2]) {
	const uint64_t k[3] = {key[0], key[1], key[0] ^ key[1] ^ UINT64_C(0x1BD11BDAA9FC1A22)};
	const int turns[2][4] = {{16, 42, 12, 31}, {16, 32, 24, 21}};
	uint64_t a = counter[0] + k[0], b = counter[1] + k[1];
	for (int group = 0; group < 5; group++) {
		for (int i = 0; i < 4; i++) {
			int by = turns[group % 2][i];
			a += b;
			b = (b << by | b >> (64 - by)) ^ a;
		}
		a += k[(group + 1) % 3];
		b += k[(group + 2) % 3] + (uint64_t)group + 1;
	}
	out[0] = (double)(a >> 11) * 0x1p-53;
	out[1] = (double)(b >> 11) * 0x1p-53;
}

/* Two numbers in [0, 1), of the name with a suffix. */
static void uniforms(const Key *k, const char *suffix, uint64_t number, double out[2]) {
	char name[80];
	snprintf(name, sizeof name, "%s%s", k->name, suffix);
	uint64_t key[2] = {0, XXH3_64bits(name, strlen(name)) + k->more};
	uint64_t counter[2] = {k->instance, number};
	threefry(key, counter, out);
}

static uint64_t number_of(const Key *k) {
	return k->step * steps_apart + k->element;
}

static double normal_of(const double u[2]) {
	return sqrt(-2 * log(1 - u[0])) * cos(2 * acos(-1) * u[1]);
}

/* ---- gamma numbers: Temme 1992, Asymptotic inversion of incomplete gamma functions ---- */

static double polynomial(double x, const double *coefficients, int count) {
	double sum = 0;
	while (count-- > 0)
		sum = sum * x + coefficients[count];
	return sum;
}

/* The logarithm of one, whose shape is raised by 8, which as many uniform numbers take back. */
static double log_gamma_number(const Key *k, double z, double shape, const char *which) {
	static const double e1[] = {-1. / 3,    1. / 36,        1. / 1620,         -7. / 6480,
	                            5. / 18144, -11. / 382725., -101. / 16329600.0};
	static const double e2[] = {-7. / 405,        -7. / 2592,     533. / 204120,
	                            -1579. / 2099520, 109. / 1749600, 10217. / 251942400};
	static const double e3[] = {449. / 102060, -63149. / 20995200, 29233. / 36741600, 346793. / 5290790400.0,
	                            -18442139. / 130947667200.0};
	static const double e4[] = {319. / 183708, -269383. / 4232632320.0, -449882243. / 982102968000.0};
	static const double log_lambda[] = {0,         1,          -1. / 6,           1. / 36,    -1. / 270,
	                                    1. / 4320, 1. / 17010, -139. / 5443200.0, 1. / 204120};
	double a = shape + 8, h = z / sqrt(a);
	double shift = polynomial(h, e4, 3) / a;
	shift = (polynomial(h, e3, 5) + shift) / a;
	shift = (polynomial(h, e2, 6) + shift) / a;
	shift = (polynomial(h, e1, 7) + shift) / a;
	double sum = log(a) + polynomial(h + shift, log_lambda, 9);
	for (int i = 0; i < 8; i++) {
		char suffix[20];
		double u[2];
		snprintf(suffix, sizeof suffix, ".%s%d", which, i + 1);
		uniforms(k, suffix, number_of(k), u);
		sum += log1p(-u[0]) / (shape + i);
	}
	return sum;
}

/* ---- orders: swap-or-not (Hoang, Morris, Rogaway 2012), 24 rounds ---- */

static uint64_t mixed(uint64_t z) {
	z *= UINT64_C(0x9e3779b97f4a7c15);
	return (z ^ z >> 32) * UINT64_C(0xd1b54a32d192ed03);
}

static double permuted(const Key *k, int n) {
	uint64_t before = !k->rule && k->step ? (k->step - 1) * (uint64_t)k->elements : 0;
	uint64_t entry = before + k->element, count = (uint64_t)n, place = entry % count, order;
	double u[2];
	uniforms(k, "", (k->rule ? k->step * steps_apart : 0) + entry / count, u);
	order = (uint64_t)(u[0] * 0x1p53);
	for (uint64_t round = 1; round <= 24; round++) {
		uint64_t word = mixed(order + round * UINT64_C(0xbf58476d1ce4e5b9));
		uint64_t point = (word >> 32) * count >> 32, other = (point + count - place) % count;
		if (mixed((place > other ? place : other) + word) >> 63)
			place = other;
	}
	return (double)place;
}

/* ---- all of them ---- */

static double category(const double *weights, int count, double u) {
	double total = 0, sum = 0;
	int drawn = 0;
	for (int i = 0; i < count; i++)
		total += weights[i];
	for (int i = 0; i + 1 < count; i++) {
		sum += weights[i];
		drawn += sum <= u * total;
	}
	return drawn;
}

/* ---- counts: from the most probable one to both sides in turn (Kemp 1986) ---- */

/* The probability of k; trials: 0 for poisson, whose rate is p. */
static double mass(double k, double trials, double p) {
	if (k < 0 || (trials > 0 && k > trials))
		return 0;
	double log_mass = trials > 0 ? lgamma(trials + 1) - lgamma(trials - k + 1) + k * log(p) + (trials - k) * log1p(-p)
	                             : k * log(p) - p;
	return exp(log_mass - lgamma(k + 1));
}

static double counted(double u, double trials, double p) {
	if (trials > 0 && p > 0.5)
		return trials - counted(u, trials, 1 - p);
	double mode = trials > 0 ? fmin(floor((trials + 1) * p), trials) : floor(p), rest = u - mass(mode, trials, p);
	if (rest < 0)
		return mode;
	for (int away = 1; away < 400; away++) {
		rest -= mass(mode + away, trials, p);
		if (rest < 0)
			return mode + away;
		rest -= mass(mode - away, trials, p);
		if (rest < 0)
			return mode - away;
	}
	return mode;
}

/* Of real draws, whose arguments a run may make impossible: then they are NaN. */
static bool possible(RpDistribution which, double a, double b) {
	switch (which) {
	case RP_normal: return b >= 0;
	case RP_uniform: return a < b;
	case RP_loguniform: return a > 0 && a < b;
	case RP_gamma:
	case RP_beta: return a > 0 && b > 0;
	case RP_exponential:
	case RP_student_t: return a > 0;
	default: return true;
	}
}

static double one_of(const Key *k, RpDistribution which, const double *a, int as, double b) {
	double u[2], z[2];
	if (!possible(which, *a, b))
		return (double)NAN;
	uniforms(k, "", number_of(k), u);
	switch (which) {
	case RP_normal: return *a + b * normal_of(u);
	case RP_uniform: return *a + u[0] * (b - *a);
	case RP_exponential: return -log1p(-u[0]) / *a;
	case RP_loguniform: return exp(log(*a) + u[0] * (log(b) - log(*a)));
	case RP_integer: return *a + floor(u[0] * (b - *a));
	case RP_bernoulli: return u[0] < *a;
	case RP_categorical: return category(a, as, u[0]);
	case RP_permutation: return permuted(k, (int)*a);
	case RP_poisson: return counted(u[0], 0, *a);
	case RP_binomial: return counted(u[0], *a, b);
	case RP_student_t: { /* Bailey 1994 */
		double w = -2 * log1p(-u[0]) / *a;
		return normal_of(u) * (w > 0 ? sqrt(expm1(w) / w) : 1);
	}
	case RP_gamma: return exp(log_gamma_number(k, normal_of(u), *a, "")) / b;
	case RP_beta:
		uniforms(k, ".other", number_of(k), z);
		return 1 / (1 + exp(log_gamma_number(k, normal_of(z), b, "other") - log_gamma_number(k, normal_of(u), *a, "")));
	case RP_DISTRIBUTION_COUNT: break;
	}
	return (double)NAN;
}

/* Real draws end in mathematics that is rounded one way by one evaluator and otherwise by another. */
static double with_noise(Oracle *o, double x) {
	return x == floor(x) ? x : oracle_noisy(o, x);
}

/* Element `at` of an argument, which is one number or has the shape of what is drawn. Without arguments: from 0 to 1, with rate 1. */
static double argument(const Oracle *o, const RpStmt *s, int which, const Value *v, int at) {
	if (which >= s->values)
		return s->draw == RP_uniform && which == 0 ? 0 : 1;
	return *oracle_at(o, v, v->shape.rank ? at : 0);
}

/* `count` elements from `first` on, for the values that the indices of the head have now. */
static void draw_some(Oracle *o, const RpStmt *s, Key *k, int first, int count, double *out) {
	Value v[2] = {0};
	for (int i = 0; i < s->values && i < 2; i++)
		v[i] = oracle_eval(o, s->value[i]);
	for (int i = 0; i < count; i++) {
		double a[RP_ARGS + 40] = {0}, b = argument(o, s, 1, &v[1], i);
		int as = 1;
		a[0] = argument(o, s, 0, &v[0], i);
		if (s->draw == RP_categorical) {
			as = v[0].shape.dims[v[0].shape.rank - 1];
			for (int n = 0; n < as; n++)
				a[n] = *oracle_at(o, &v[0], v[0].shape.rank > 1 ? i * as + n : n);
		}
		k->element = (uint64_t)(first + i);
		out[i] = with_noise(o, one_of(k, (RpDistribution)s->draw, a, as, b));
	}
}

Value oracle_given(Oracle *o, const RpStmt *s) {
	const RpVar *var = s->var[0];
	Value v = oracle_new(o, &var->shape);
	int count = rp_count(&var->shape), points = 1;
	Key k = {
		.instance = (uint64_t)o->noise.instance, .step = var->batch ? (uint64_t)o->noise.step : 0, .elements = count};
	double *numbers = rp_alloc(o->pool, sizeof *numbers * (size_t)count);
	snprintf(k.name, sizeof k.name, "%s", var->name);
	for (int i = 0; i < s->heads; i++) {
		points *= s->head[i]->high;
		o->frame[s->head[i]->slot] = oracle_number(o, 0);
	}
	for (int p = 0; p < points; p++) {
		oracle_set_indices(o, s->head, s->heads, p);
		draw_some(o, s, &k, p * (count / points), count / points, numbers + p * (count / points));
	}
	for (int i = 0; i < count; i++)
		*oracle_at(o, &v, i) = numbers[i];
	return v;
}

double oracle_drawn(Oracle *o, const RpStmt *s) {
	const RpVar *var = s->var[0];
	int before = 0;
	for (int i = 0; i < o->tensor; i++)
		before += o->sizes[i];
	Key k = {.instance = (uint64_t)o->noise.instance,
	         .step = (uint64_t)o->noise.step,
	         .rule = true,
	         .elements = 1,
	         .more = (uint64_t)(var->like_x ? 0 : o->tensor) * steps_apart + (uint64_t)o->turn};
	double out;
	snprintf(k.name, sizeof k.name, "step.%s%s", o->applied ? "inside1." : "", var->name);
	draw_some(o, s, &k, var->like_x ? before + o->coordinate : 0, 1, &out);
	return out;
}
