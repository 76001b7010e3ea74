/* Vector mathematics: compiled kernels over 4096 elements against scalar calls of libm. Times are of one element. */
#include <stdio.h>

#include "bench/bench.h"
#include "bench/peer_math.h"
#include "bench/setup_func.h"

enum { COUNT = 4096 };

typedef struct Case {
	const char *op;
	double low, high; /* arguments */
	PeerMath32 *peer32;
	PeerMath64 *peer64;
} Case;

static const Case cases[] = {{"exp", -10, 10, peer_exp32, peer_exp64},
                             {"log", 1e-3, 1e3, peer_log32, peer_log64},
                             {"tanh", -4, 4, peer_tanh32, peer_tanh64},
                             {"sigmoid", -10, 10, peer_sigmoid32, peer_sigmoid64}};

typedef struct Math {
	const Case *c;
	SetupFunc func;
	void *x, *y;
} Math;

static void ours(void *user) {
	Math *math = user;
	void *params[] = {math->x}, *results[] = {math->y};
	jit_call(math->func.code, params, results, math->func.arena, NULL);
}

static void peer32(void *user) {
	Math *math = user;
	math->c->peer32(math->x, math->y, COUNT);
}

static void peer64(void *user) {
	Math *math = user;
	math->c->peer64(math->x, math->y, COUNT);
}

static void measure(const Case *c, bool wide, bool show) {
	char text[256], what[64];
	const char *type = wide ? "f64" : "f32";
	snprintf(text, sizeof text,
	         "func @f(%%x: %s[%d]) -> (: %s[%d]) { %%2: %s[%d] = for i:%d { %s(%%x[i]) } -> [i] return %%2 }", type,
	         COUNT, type, COUNT, type, COUNT, COUNT, c->op);
	Math math = {c, setup_func(text, show), bench_memory(COUNT * sizeof(double)), bench_memory(COUNT * sizeof(double))};
	unsigned long long seed = 1;
	for (int i = 0; i < COUNT; i++) {
		double x = c->low + (c->high - c->low) * bench_random(&seed);
		if (wide)
			((double *)math.x)[i] = x;
		else
			((float *)math.x)[i] = (float)x;
	}
	BenchRatio ratio =
		bench_ratio((BenchSide){ours, &math}, (BenchSide){wide ? peer64 : peer32, &math}, (BenchHow){.seconds = 0.3});
	ratio.ours /= (double)COUNT;
	ratio.peer /= (double)COUNT;
	snprintf(what, sizeof what, "%s %s, an element", c->op, type);
	bench_print(what, "libm, scalar calls", ratio);
	setup_func_free(&math.func);
	free(math.x);
	free(math.y);
}

/* bench_math [OP]: with OP, only that, and what it is compiled to. */
int main(int argc, char **argv) {
	for (int wide = 0; wide < 2; wide++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			if (argc < 2 || !strcmp(argv[1], cases[i].op))
				measure(&cases[i], wide, argc > 1);
	}
	return 0;
}
