/* Sizes that are no multiple of the lanes: time per floating-point operation against the next multiple of 16 above. A property
 * of the compiler, not of lucky sizes: every ratio should stay near 1. */
#include <stdio.h>

#include "bench/bench.h"
#include "bench/setup_func.h"

typedef struct Shape {
	const char *what;
	double degree;    /* operations grow with this power of the size */
	const char *text; /* of one function of A[n, n], x[n] with result %4; n stands for the size */
} Shape;

static const Shape shapes[] = {
	{"matrix product, f32", 3,
     "func @f(%A: f32[n, n], %x: f32[n]) -> (: f32[n, n]) { %4: f32[n, n] = for i:n j:n k:n "
     "{ mul(%A[i, k], %A[k, j]) } sum -> [i, j] return %4 }"},
	{"matrix product, f64", 3,
     "func @f(%A: f64[n, n], %x: f64[n]) -> (: f64[n, n]) { %4: f64[n, n] = for i:n j:n k:n "
     "{ mul(%A[i, k], %A[k, j]) } sum -> [i, j] return %4 }"},
	{"A^T x, f32", 2,
     "func @f(%A: f32[n, n], %x: f32[n]) -> (: f32[n]) { %4: f32[n] = for j:n k:n { mul(%A[k, j], %x[k]) } sum -> [j] "
     "return %4 }"},
	{"A x, f32", 2,
     "func @f(%A: f32[n, n], %x: f32[n]) -> (: f32[n]) { %4: f32[n] = for i:n k:n { mul(%A[i, k], %x[k]) } sum -> [i] "
     "return %4 }"},
	{"tanh of every element, f32", 2,
     "func @f(%A: f32[n, n], %x: f32[n]) -> (: f32[n, n]) { %4: f32[n, n] = for i:n j:n { tanh(%A[i, j]) } -> [i, j] "
     "return %4 }"},
	{"sum of squares, f32", 2,
     "func @f(%A: f32[n, n], %x: f32[n]) -> (: f32[]) { %4: f32[] = for i:n j:n { mul(%A[i, j], %A[i, j]) } sum -> [] "
     "return %4 }"},
};

typedef struct Case {
	SetupFunc func;
	float *a, *x, *out;
} Case;

static void run(void *user) {
	Case *c = user;
	void *params[] = {c->a, c->x}, *results[] = {c->out};
	jit_call(c->func.code, params, results, c->func.arena, NULL);
}

static Case make(const Shape *shape, int size, bool show) {
	char text[1024];
	size_t used = 0;
	for (const char *p = shape->text; *p; p++) {
		bool is_size = *p == 'n' && (p[-1] == '[' || p[-1] == ':' || (p[-1] == ' ' && p[-2] == ','));
		used += (size_t)snprintf(text + used, sizeof text - used, is_size ? "%d" : "%c", is_size ? size : *p);
	}
	size_t count = (size_t)size * (size_t)size;
	Case c = {setup_func(text, show), bench_memory(8 * count), bench_memory(8 * (size_t)size), bench_memory(8 * count)};
	unsigned long long seed = 1;
	bool wide = strstr(text, "f64") != NULL;
	for (size_t i = 0; i < count; i++)
		if (wide)
			((double *)(void *)c.a)[i] = bench_random(&seed) - 0.5;
		else
			c.a[i] = (float)(bench_random(&seed) - 0.5);
	return c;
}

static void discard(Case *c) {
	setup_func_free(&c->func);
	free(c->a);
	free(c->x);
	free(c->out);
}

static void measure(const Shape *shape, int size, bool show) {
	int neighbour = (size + 15) / 16 * 16;
	Case odd = make(shape, size, show), even = make(shape, neighbour, false);
	run(&odd);
	run(&even);
	BenchRatio ratio =
		bench_ratio((BenchSide){run, &odd}, (BenchSide){run, &even}, (BenchHow){.seconds = 0.2, .slice = 5e-4});
	double work = 1;
	for (int d = 0; d < (int)shape->degree; d++)
		work *= (double)size / neighbour;
	ratio.median /= work;
	ratio.low /= work;
	ratio.high /= work;
	char what[80], against[80];
	snprintf(what, sizeof what, "%s, n = %d", shape->what, size);
	snprintf(against, sizeof against, "per operation, n = %d", neighbour);
	bench_print(what, against, ratio);
	discard(&odd);
	discard(&even);
}

/* bench_sizes [SHAPE SIZE]: with both (SHAPE counts from 0), only that, and what it is compiled to. */
int main(int argc, char **argv) {
	static const int sizes[] = {7, 14, 17, 30, 31, 33, 61, 127, 251, 257};
	for (int s = 0; s < (int)(sizeof shapes / sizeof *shapes); s++) {
		if (argc > 2) {
			if (s == atoi(argv[1]))
				measure(&shapes[s], atoi(argv[2]), true);
			continue;
		}
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			measure(&shapes[s], sizes[i], false);
	}
	return 0;
}
