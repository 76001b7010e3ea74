/* Matrix products of Gradus' own tiles against OpenBLAS on one thread (opened here only; Gradus itself does not call it). */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>

#include "bench/bench.h"
#include "bench/setup_func.h"

typedef void Sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                   const float *b, int ldb, float beta, float *c, int ldc);
typedef void SetThreads(int threads);

typedef struct Product {
	SetupFunc func;
	Sgemm *sgemm;
	int size;
	float *a, *b, *c, *d;
} Product;

static void ours(void *user) {
	Product *p = user;
	void *params[] = {p->a, p->b}, *results[] = {p->c};
	jit_call(p->func.code, params, results, p->func.arena, NULL);
}

static void peer(void *user) {
	Product *p = user;
	int n = p->size;
	p->sgemm(101, 111, 111, n, n, n, 1, p->a, n, p->b, n, 0, p->d, n); /* row-major, not transposed */
}

static void measure(Sgemm *sgemm, int size, bool show) {
	char text[256], what[64];
	snprintf(text, sizeof text,
	         "func @f(%%A: f32[%d, %d], %%B: f32[%d, %d]) -> (: f32[%d, %d]) { %%4: f32[%d, %d] = for i:%d j:%d k:%d "
	         "{ mul(%%A[i, k], %%B[k, j]) } sum -> [i, j] return %%4 }",
	         size, size, size, size, size, size, size, size, size, size, size);
	size_t count = (size_t)size * (size_t)size;
	Product p = {setup_func(text, show),
	             sgemm,
	             size,
	             bench_memory(count * sizeof(float)),
	             bench_memory(count * sizeof(float)),
	             bench_memory(count * sizeof(float)),
	             bench_memory(count * sizeof(float))};
	unsigned long long seed = 1;
	for (size_t i = 0; i < count; i++) {
		p.a[i] = (float)(bench_random(&seed) - 0.5);
		p.b[i] = (float)(bench_random(&seed) - 0.5);
	}
	ours(&p);
	peer(&p);
	for (size_t i = 0; i < count; i++) {
		if (!(fabsf(p.c[i] - p.d[i]) < 1e-3f)) {
			fprintf(stderr, "bench_matmul: %d: %g, OpenBLAS %g\n", size, (double)p.c[i], (double)p.d[i]);
			exit(1);
		}
	}
	BenchRatio ratio = bench_ratio((BenchSide){ours, &p}, (BenchSide){peer, &p}, (BenchHow){.rounds_least = 5});
	snprintf(what, sizeof what, "matrix product %d x %d x %d", size, size, size);
	bench_print(what, "OpenBLAS, one thread", ratio);
	setup_func_free(&p.func);
	free(p.a);
	free(p.b);
	free(p.c);
	free(p.d);
}

/* bench_matmul [SIZE]: with SIZE, only that, and what it is compiled to. */
int main(int argc, char **argv) {
	void *library = dlopen(GRADUS_OPENBLAS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	void *found = library ? dlsym(library, "cblas_sgemm") : NULL,
		 *threads = library ? dlsym(library, "openblas_set_num_threads") : NULL;
	if (!found || !threads) {
		printf("matrix products: not measured, OpenBLAS cannot be opened\n");
		return 0;
	}
	Sgemm *sgemm;
	SetThreads *set_threads;
	memcpy(&sgemm, &found, sizeof found);
	memcpy(&set_threads, &threads, sizeof threads);
	set_threads(1);
	static const int sizes[] = {64, 256, 1024};
	for (int i = 0; i < 3; i++)
		if (argc < 2 || atoi(argv[1]) == sizes[i])
			measure(sgemm, sizes[i], argc > 1);
	return 0;
}
