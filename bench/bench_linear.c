/* Linear algebra against LAPACK (OpenBLAS, one thread) called by hand: factors and systems by themselves, and what people make of them: a
 * Gaussian process with its gradient, a Kalman filter, a Newton step. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>

#include "bench/bench.h"
#include "bench/setup_func.h"

typedef void Potrf(const char *part, const int *n, double *a, const int *lda, int *info);
typedef void Gesv(const int *n, const int *m, double *a, const int *lda, int *pivots, double *b, const int *ldb,
                  int *info);
typedef void Potri(const char *part, const int *n, double *a, const int *lda, int *info);
typedef void Potrs(const char *part, const int *n, const int *m, const double *a, const int *lda, double *b,
                   const int *ldb, int *info);
typedef void Gemm(const char *ta, const char *tb, const int *m, const int *n, const int *k, const double *alpha,
                  const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
                  const int *ldc);

static Potrf *potrf;
static Gesv *gesv;
static Potri *potri;
static Potrs *potrs;
static Gemm *gemm;

/* One case of one size: the arguments are a symmetric, positive definite matrix and vectors; what the peer needs lies in `work`. */
typedef struct Case {
	SetupFunc func;
	int n;
	double *a, *b, *out, *out_2, *work[4];
	int *pivots;
} Case;

static void ours(void *user) {
	Case *c = user;
	void *params[] = {c->a, c->b}, *results[] = {c->out, c->out_2};
	jit_call(c->func.code, params, results, c->func.arena, NULL);
}

static size_t square(const Case *c) {
	return (size_t)c->n * (size_t)c->n;
}

static void must(int info) {
	if (info != 0) {
		fprintf(stderr, "bench_linear: LAPACK gave %d\n", info);
		exit(1);
	}
}

static void peer_cholesky(void *user) {
	Case *c = user;
	int info;
	memcpy(c->work[0], c->a, sizeof(double) * square(c));
	potrf("U", &c->n, c->work[0], &c->n, &info);
	must(info);
}

static void peer_solve(void *user) {
	Case *c = user;
	int info, one = 1;
	memcpy(c->work[0], c->a, sizeof(double) * square(c));
	memcpy(c->work[1], c->b, sizeof(double) * (size_t)c->n);
	gesv(&c->n, &one, c->work[0], &c->n, c->pivots, c->work[1], &c->n, &info);
	must(info);
}

/* y' K^-1 y / 2 + log det K / 2 and its gradient by K: (K^-1 - a a') / 2 */
static void peer_process(void *user) {
	Case *c = user;
	int info, one = 1, n = c->n;
	double *k = c->work[0], *a = c->work[1], f = 0;
	memcpy(k, c->a, sizeof(double) * square(c));
	memcpy(a, c->b, sizeof(double) * (size_t)n);
	potrf("U", &n, k, &n, &info);
	must(info);
	potrs("U", &n, &one, k, &n, a, &n, &info);
	for (int i = 0; i < n; i++)
		f += c->b[i] * a[i] / 2 + log(k[i * n + i]);
	potri("U", &n, k, &n, &info);
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++) {
			double g = (k[i * n + j] - a[i] * a[j]) / 2;
			c->work[2][i * n + j] = c->work[2][j * n + i] = g;
		}
	c->work[3][0] = f;
}

enum { FILTER_STEPS = 8 };

/* P <- A P A' + Q; S = P + R; P <- P - P S^-1 P; Q = R = 1; the state moves likewise. */
static void peer_filter(void *user) {
	Case *c = user;
	int n = c->n, info;
	double *p = c->work[0], *t = c->work[1], *s = c->work[2], *x = c->work[3], one = 1, zero = 0, less = -1;
	memset(p, 0, sizeof(double) * square(c));
	for (int i = 0; i < n; i++)
		p[i * n + i] = 1;
	for (int step = 0; step < FILTER_STEPS; step++) {
		gemm("N", "N", &n, &n, &n, &one, c->a, &n, p, &n, &zero, t, &n);
		gemm("N", "T", &n, &n, &n, &one, t, &n, c->a, &n, &zero, p, &n);
		for (int i = 0; i < n; i++)
			p[i * n + i] += 1;
		memcpy(s, p, sizeof(double) * square(c));
		for (int i = 0; i < n; i++)
			s[i * n + i] += 1;
		memcpy(x, p, sizeof(double) * square(c));
		gesv(&n, &n, s, &n, c->pivots, x, &n, &info);
		must(info);
		memcpy(t, p, sizeof(double) * square(c));
		gemm("N", "N", &n, &n, &n, &less, t, &n, x, &n, &one, p, &n);
	}
}

typedef struct Kind {
	const char *name, *text;
	void (*peer)(void *user);
	int checked; /* which of the peer's work is our first result; -1: none */
} Kind;

/* $ is the size */
static const Kind kinds[] = {
	{"cholesky", "func @f(%A[$, $], %b[$]) -> ([$, $]) { %3[$, $] = call cholesky(%A) return %3 }", peer_cholesky, -1},
	{"Newton step: solve",
     "func @f(%A[$, $], %b[$, 1]) -> ([$, 1]) { %3[$, $], %4: int[$], %5[] = call lu(%A) %6[$, 1] = call lu_solve(%A, "
     "%3, %4, %b) return %6 }",
     peer_solve, 1},
	{"Gaussian process and gradient",
     "func @f(%K[$, $], %y[$, 1]) -> ([]) { %3[$, $] = call cholesky(%K) %4[$, 1] = call solve_lower(%3, %y) "
     "%5[] = for i:$ { add(mul(0.5, mul(%4[i, 0], %4[i, 0])), log(%3[i, i])) } sum -> [] return %5 }",
     peer_process, 3},
	{"Kalman filter, 8 steps",
     "func @f(%A[$, $], %b[$]) -> ([$, $]) { %3[$, $] = for i:$ j:$ { where(eq(idx(i), idx(j)), 1, 0) } -> [i, j] "
     "%20[$, $] = loop %t < 8 carry (%P[$, $] = %3) {"
     "%4[$, $] = for i:$ j:$ k:$ { mul(%A[i, k], %P[k, j]) } sum -> [i, j]"
     "%5[$, $] = for i:$ j:$ k:$ { mul(%4[i, k], %A[j, k]) } sum -> [i, j] into %3 "
     "%6[$, $] = for i:$ j:$ { add(%5[i, j], %3[i, j]) } -> [i, j]"
     "%7[$, $], %8: int[$], %9[] = call lu(%6) %10[$, $] = call lu_solve(%6, %7, %8, %5)"
     "%11[$, $] = for i:$ j:$ k:$ { mul(%5[i, k], %10[k, j]) } sum -> [i, j]"
     "%12[$, $] = for i:$ j:$ { sub(%5[i, j], %11[i, j]) } -> [i, j] yield %12 } return %20 }",
     peer_filter, 0},
};

static const char *sized(char *out, const char *text, int n) {
	char *to = out;
	for (const char *at = text; *at; at++)
		to += *at == '$' ? sprintf(to, "%d", n) : (*to = *at, 1);
	*to = 0;
	return out;
}

static void check(const Kind *kind, const Case *c) {
	double *want = kind->checked < 0 ? NULL : c->work[kind->checked];
	size_t count = kind->checked == 3 ? 1 : kind->checked == 1 ? (size_t)c->n : square(c);
	for (size_t i = 0; want && i < count; i++)
		if (!(fabs(c->out[i] - want[i]) <= 1e-8 * (1 + fabs(want[i])))) {
			fprintf(stderr, "bench_linear: %s %d: %.17g, LAPACK %.17g\n", kind->name, c->n, c->out[i], want[i]);
			exit(1);
		}
}

static void measure(const Kind *kind, int n, SetupHow how) {
	static char text[8000], what[100];
	Case c = {.n = n, .func = setup_func_how(sized(text, kind->text, n), how)};
	unsigned long long seed = 1;
	c.a = bench_memory(square(&c) * sizeof(double));
	c.b = bench_memory((size_t)n * sizeof(double));
	c.out = bench_memory(square(&c) * sizeof(double));
	c.out_2 = bench_memory(square(&c) * sizeof(double));
	for (int i = 0; i < 4; i++)
		c.work[i] = bench_memory(square(&c) * sizeof(double));
	c.pivots = bench_memory(sizeof(int) * (size_t)n);
	for (int i = 0; i < n; i++) {
		c.b[i] = bench_random(&seed) - 0.5;
		for (int j = 0; j <= i; j++)
			c.a[i * n + j] = c.a[j * n + i] = i == j ? 1.5 : (bench_random(&seed) - 0.5) / n;
	}
	ours(&c);
	kind->peer(&c);
	check(kind, &c);
	BenchRatio ratio = bench_ratio((BenchSide){ours, &c}, (BenchSide){kind->peer, &c}, (BenchHow){.rounds_least = 5});
	snprintf(what, sizeof what, "%s, n = %d%s", kind->name, n, how.no_lapack ? ", our loops" : "");
	bench_print(what, "LAPACK by hand, one thread", ratio);
	setup_func_free(&c.func);
	free(c.a);
	free(c.b);
	free(c.out);
	free(c.out_2);
	for (int i = 0; i < 4; i++)
		free(c.work[i]);
	free(c.pivots);
}

static bool find(void *library, const char *name, void *function) {
	void *found = dlsym(library, name);
	memcpy(function, &found, sizeof found);
	return found != NULL;
}

/* bench_linear [loops]: with `loops`, our loops at every size, by which thresholds are set. */
int main(int argc, char **argv) {
	void *library = dlopen(GRADUS_OPENBLAS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	void (*set_threads)(int) = NULL;
	if (!library || !find(library, "openblas_set_num_threads", &set_threads) || !find(library, "dpotrf_", &potrf) ||
	    !find(library, "dgesv_", &gesv) || !find(library, "dpotri_", &potri) || !find(library, "dpotrs_", &potrs) ||
	    !find(library, "dgemm_", &gemm)) {
		printf("linear algebra: not measured, OpenBLAS cannot be opened\n");
		return 0;
	}
	set_threads(1);
	bool loops = argc > 1 && strcmp(argv[1], "loops") == 0;
	static const int sizes[] = {10, 50, 200}, more[] = {4, 6, 8, 10, 12, 14, 16, 24, 32, 48, 64, 96, 112, 128, 200};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t i = 0; i < (loops ? sizeof more / sizeof *more : 3); i++)
			measure(&kinds[k], loops ? more[i] : sizes[i], (SetupHow){.no_lapack = loops, .gradient = k == 2});
	return 0;
}
