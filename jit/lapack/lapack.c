/* Rows of calls.def by LAPACK: lapack.h. Matrices here are row-major, and LAPACK reads columns: what it sees is the transposed matrix, of which
 * the upper triangle is our lower one. What has no answer becomes NaN throughout. */
#include "jit/lapack/lapack.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The functions of one precision; scalars go by address, so both have one type. */
typedef void Potrf(const char *part, const int *n, void *a, const int *lda, int *info);
typedef void Getrf(const int *rows, const int *cols, void *a, const int *lda, int *pivots, int *info);
typedef void Trsm(const char *side, const char *part, const char *transposed, const char *unit, const int *rows,
                  const int *cols, const void *alpha, const void *a, const int *lda, void *b, const int *ldb);
typedef void Trsv(const char *part, const char *transposed, const char *unit, const int *n, const void *a,
                  const int *lda, void *x, const int *step);

typedef void Gemm(const char *ta, const char *tb, const int *rows, const int *cols, const int *inner, const void *alpha,
                  const void *a, const int *lda, const void *b, const int *ldb, const void *beta, void *c,
                  const int *ldc);

typedef struct Precision {
	size_t bytes;
	const void *one, *minus_one;
	void (*pull_block)(int64_t n, int64_t count, const void *l, void *x, void *both); /* lapack_real.def */
	Gemm *gemm;
	Potrf *potrf;
	Getrf *getrf;
	Trsm *trsm;
	Trsv *trsv;
} Precision;

#define REAL float
#define NAMED(name) name##_single
#include "jit/lapack/lapack_real.def"
#undef REAL
#undef NAMED
#define REAL double
#define NAMED(name) name##_twice
#include "jit/lapack/lapack_real.def"
#undef REAL
#undef NAMED

struct Lapack {
	Precision single, twice;
};

static bool resolve(void *library, const char *name, void *function) {
	void *found = dlsym(library, name);
	memcpy(function, &found, sizeof found);
	return found != NULL;
}

const Lapack *lapack_open(Arena *arena) {
	static const double one = 1, minus_one = -1;
	static const float one_single = 1, minus_one_single = -1;
	static const char *const places[] = {GRADUS_OPENBLAS_LIBRARY, "libopenblas.so.0", "libopenblas.so"};
	void (*set_threads)(int) = NULL;
	void *library = NULL;
	for (size_t i = 0; i < sizeof places / sizeof *places && !library; i++)
		library = places[i][0] ? dlopen(places[i], RTLD_NOW | RTLD_LOCAL) : NULL;
	if (!library)
		return NULL;
	Lapack *lapack = ARENA_NEW(arena, Lapack);
	lapack->single = (Precision){.bytes = sizeof(float), .one = &one_single, .minus_one = &minus_one_single};
	lapack->twice = (Precision){.bytes = sizeof(double), .one = &one, .minus_one = &minus_one};
	lapack->single.pull_block = pull_block_single;
	lapack->twice.pull_block = pull_block_twice;
	bool all = resolve(library, "openblas_set_num_threads", &set_threads);
	all =
		resolve(library, "spotrf_", &lapack->single.potrf) && resolve(library, "dpotrf_", &lapack->twice.potrf) && all;
	all =
		resolve(library, "sgetrf_", &lapack->single.getrf) && resolve(library, "dgetrf_", &lapack->twice.getrf) && all;
	all = resolve(library, "strsm_", &lapack->single.trsm) && resolve(library, "dtrsm_", &lapack->twice.trsm) && all;
	all = resolve(library, "sgemm_", &lapack->single.gemm) && resolve(library, "dgemm_", &lapack->twice.gemm) && all;
	all = resolve(library, "strsv_", &lapack->single.trsv) && resolve(library, "dtrsv_", &lapack->twice.trsv) && all;
	if (!all)
		return NULL;
	set_threads(1); /* threads are ours: blocks of problems */
	return lapack;
}

/* ---- matrices as bytes ---- */

typedef struct Call {
	const Precision *p;
	int64_t n, m;
} Call;

static void fill_nan(const Call *c, void *a, int64_t count) {
	memset(a, 0xFF, (size_t)count * c->p->bytes);
}

static bool is_zero(const Call *c, const void *a, int64_t at) {
	double value = c->p->bytes == sizeof(double) ? ((const double *)a)[at] : (double)((const float *)a)[at];
	return value == 0;
}

static bool has_zero_pivot(const Call *c, const void *a) {
	for (int64_t i = 0; i < c->n; i++)
		if (is_zero(c, a, i * (c->n + 1)))
			return true;
	return false;
}

/* to = from', in tiles that fit into the cache; from and to may be the same if they are square. */
static void transpose(const Call *c, void *to, const void *from) {
	enum { TILE = 16 };
	int64_t n = c->n;
	for (int64_t i0 = 0; i0 < n; i0 += TILE)
		for (int64_t j0 = 0; j0 <= i0; j0 += TILE)
			for (int64_t i = i0; i < n && i < i0 + TILE; i++)
				for (int64_t j = j0; j <= i && j < j0 + TILE; j++)
					if (c->p->bytes == sizeof(double)) {
						double below = ((const double *)from)[i * n + j], above = ((const double *)from)[j * n + i];
						((double *)to)[i * n + j] = above;
						((double *)to)[j * n + i] = below;
					} else {
						float below = ((const float *)from)[i * n + j], above = ((const float *)from)[j * n + i];
						((float *)to)[i * n + j] = above;
						((float *)to)[j * n + i] = below;
					}
}

/* X with op(T) X = B in place, T a triangle of our matrix: part, transposed and unit as LAPACK sees it for one right-hand side. */
static void triangle(const Call *c, const void *matrix, const char *part, const char *transposed, const char *unit,
                     void *x) {
	const int n = (int)c->n, m = (int)c->m, step = 1;
	if (m == 1)
		c->p->trsv(part, transposed, unit, &n, matrix, &n, x, &step);
	else /* the rows of X are its columns there, so the matrix stands on the other side */
		c->p->trsm("R", part, transposed[0] == 'N' ? "T" : "N", unit, &m, &n, c->p->one, matrix, &n, x, &m);
}

/* ---- the rows ---- */

static void cholesky(const Call *c, char *const *at) {
	size_t bytes = c->p->bytes, row = (size_t)c->n * bytes;
	const int n = (int)c->n;
	int info = 0;
	for (size_t i = 0; i < (size_t)c->n; i++) {
		memcpy(at[1] + i * row, at[0] + i * row, (i + 1) * bytes);
		memset(at[1] + i * row + (i + 1) * bytes, 0, row - (i + 1) * bytes);
	}
	c->p->potrf("U", &n, at[1], &n, &info);
	for (int64_t i = 0; i < c->n && info != 0; i++)
		fill_nan(c, at[1] + (size_t)i * row, i + 1);
}

/* C -= A B, rows x inner times inner x cols, parts of square matrices; with A' for A, of inner x rows, if `turned`. */
static void subtract(const Call *c, int64_t rows, int64_t inner, int64_t cols, const char *a, bool turned,
                     const char *b, char *to) {
	const int i = (int)rows, j = (int)cols, k = (int)inner, n = (int)c->n;
	if (rows > 0 && cols > 0 && inner > 0)
		c->p->gemm("N", turned ? "T" : "N", &j, &i, &k, c->p->minus_one, b, &n, a, &n, c->p->one, to, &n);
}

/* From the last block of columns on (Murray 2016, arXiv:1602.07527): rows and columns are before the block, in it, or behind it. */
static void cholesky_pull(const Call *c, char *const *at) {
	enum { BLOCK = 32 };
	const size_t bytes = c->p->bytes, row = (size_t)c->n * bytes;
	const int n = (int)c->n;
	char *l = at[0], *x = at[2], *both = memory_new(bytes * BLOCK * BLOCK);
	for (size_t i = 0; i < (size_t)n; i++) {
		memcpy(x + i * row, at[1] + i * row, (i + 1) * bytes);
		memset(x + i * row + (i + 1) * bytes, 0, row - (i + 1) * bytes);
	}
	for (int64_t end = n; end > 0;) {
		const int64_t begin = end > BLOCK ? end - BLOCK : 0, behind = n - end;
		const int count = (int)(end - begin), rest = (int)behind;
		const size_t in = (size_t)begin * row, low = (size_t)end * row, right = (size_t)begin * bytes;
		if (rest > 0)
			c->p->trsm("L", "U", "N", "N", &count, &rest, c->p->one, l + in + right, &n, x + low + right, &n);
		subtract(c, behind, count, begin, x + low + right, false, l + in, x + low);
		subtract(c, count, behind, count, x + low + right, true, l + low + right, x + in + right);
		c->p->pull_block(n, count, l + in + right, x + in + right, both);
		subtract(c, count, behind, begin, x + low + right, true, l + low, x + in);
		const int cols = (int)begin;
		if (begin > 0)
			c->p->gemm("N", "N", &cols, &count, &count, c->p->minus_one, l + in, &n, both, &count, c->p->one, x + in,
			           &n);
		end = begin;
	}
	free(both);
}

static void lu(const Call *c, char *const *at) {
	const int n = (int)c->n;
	int info = 0, *pivots = memory_new(sizeof(int) * (size_t)(n + 1));
	int64_t *order = (void *)at[2];
	bool odd = false;
	transpose(c, at[1], at[0]);
	c->p->getrf(&n, &n, at[1], &n, pivots, &info);
	transpose(c, at[1], at[1]);
	for (int64_t i = 0; i < n; i++)
		order[i] = i;
	for (int64_t i = 0; i < n; i++) {
		int64_t other = pivots[i] - 1, was = order[i];
		order[i] = order[other];
		order[other] = was;
		odd = odd != (other != i);
	}
	if (c->p->bytes == sizeof(double))
		*(double *)(void *)at[3] = odd ? -1 : 1;
	else
		*(float *)(void *)at[3] = odd ? -1 : 1;
	free(pivots);
}

static void solve_by(const Call *c, char *const *at, const char *transposed) {
	memcpy(at[2], at[1], (size_t)(c->n * c->m) * c->p->bytes);
	triangle(c, at[0], "U", transposed, "N", at[2]);
	if (has_zero_pivot(c, at[0]))
		fill_nan(c, at[2], c->n * c->m);
}

static void solve_lower(const Call *c, char *const *at) {
	solve_by(c, at, "T");
}

static void solve_lower_transposed(const Call *c, char *const *at) {
	solve_by(c, at, "N");
}

static void lu_solve(const Call *c, char *const *at) {
	const int64_t *order = (const void *)at[2];
	size_t row = (size_t)c->m * c->p->bytes;
	for (int64_t i = 0; i < c->n; i++)
		memcpy(at[4] + (size_t)i * row, at[3] + (size_t)order[i] * row, row);
	triangle(c, at[1], "U", "T", "U", at[4]);
	triangle(c, at[1], "L", "T", "N", at[4]);
	if (has_zero_pivot(c, at[1]))
		fill_nan(c, at[4], c->n * c->m);
}

static void lu_solve_transposed(const Call *c, char *const *at) {
	const int64_t *order = (const void *)at[2];
	size_t row = (size_t)c->m * c->p->bytes, all = (size_t)c->n * row;
	char *y = memory_new(all + 1);
	memcpy(y, at[3], all);
	triangle(c, at[1], "L", "N", "N", y);
	triangle(c, at[1], "U", "N", "U", y);
	for (int64_t i = 0; i < c->n; i++)
		memcpy(at[4] + (size_t)order[i] * row, y + (size_t)i * row, row);
	if (has_zero_pivot(c, at[1]))
		fill_nan(c, at[4], c->n * c->m);
	free(y);
}

/* No matter of LAPACK, but of the same kind: a function of this process that is faster than loops. */
static void order(const Call *c, char *const *at) {
	lapack_order(c->p->bytes == sizeof(double), c->n, at[0], (int64_t *)(void *)at[1]);
}

/* ---- one function for each row and precision ---- */

static void run(const Precision *p, IrCallee callee, void (*function)(const Call *c, char *const *at),
                void *const *buffers, int64_t n, int64_t m, int64_t problems) {
	const IrCalleeInfo info = ir_callee_info(callee);
	const Call c = {p, n, m};
	char *at[LAPACK_BUFFERS];
	size_t steps[LAPACK_BUFFERS];
	for (uint32_t i = 0; i < info.arg_count + info.out_count; i++) {
		const IrCallPart *part = i < info.arg_count ? &info.args[i] : &info.outs[i - info.arg_count];
		at[i] = buffers[i];
		steps[i] = part->whole ? sizeof(int64_t) : p->bytes;
		for (int k = 0; k < part->rank; k++)
			steps[i] *= (size_t)(part->axes[k] == 'n' ? n : m);
	}
	for (int64_t problem = 0; problem < problems; problem++) {
		function(&c, at);
		for (uint32_t i = 0; i < info.arg_count + info.out_count; i++)
			at[i] += steps[i];
	}
}

/* becomes: run_cholesky_single, run_cholesky_twice, ... */
#define RUN(name, precision)                                                                                           \
	static void run_##name##_##precision(const Lapack *lapack, void *b0, void *b1, void *b2, void *b3, void *b4,       \
	                                     int64_t n, int64_t m, int64_t problems) {                                     \
		run(&lapack->precision, IR_CALL_##name, name, (void *[]){b0, b1, b2, b3, b4}, n, m, problems);                 \
	}
#define CALLEE(name, args, outs, flops) RUN(name, single) RUN(name, twice)
#include "ir/core/calls.def"
#undef CALLEE

static LapackRun *const runs[IR_CALLEE_COUNT][2] = {
#define CALLEE(name, args, outs, flops) [IR_CALL_##name] = {run_##name##_single, run_##name##_twice},
#include "ir/core/calls.def"
#undef CALLEE
};

/* From which size on LAPACK is faster than our loops (bench/run.sh linear; `bench_linear loops` has them at every size). */
static bool is_faster(IrCallee callee, int64_t n, int64_t m) {
	switch (callee) {
	case IR_CALL_cholesky:
	case IR_CALL_cholesky_pull: return n >= 100;
	case IR_CALL_lu: return n >= 40;
	case IR_CALL_order: return n >= 48;
	default: return m == 1 ? n >= 40 : n >= 300;
	}
}

LapackRun *lapack_for(IrCallee callee, IrScalar real, int64_t n, int64_t m) {
	enum { LARGEST = 30000 }; /* extents and their products are `int` there */
	bool too_large = callee != IR_CALL_order && (n > LARGEST || m > LARGEST);
	if (too_large || m < 1 || !is_faster(callee, n, m))
		return NULL;
	return runs[callee][real == IR_F64];
}
