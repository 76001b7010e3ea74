/* The C that `gradus emit c adam` writes against one fused loop, Adam over 10 million floats. Built by run.sh with several
 * compilers and flags; argument: what they are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "adam.h"
#include "bench/bench.h"
#include "bench/peer_adam.h"

enum { COUNT = 10 * 1000 * 1000 };

typedef struct Adam {
	float *params, *grads, *m, *v, *x;
	void *state;
	int t;
} Adam;

static void *large(size_t bytes) {
	void *memory = NULL;
	if (posix_memalign(&memory, 1 << 21, bytes) != 0)
		exit(1);
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

static void ours(void *user) {
	Adam *adam = user;
	const float *grads = adam->grads;
	if (adam_step(adam->state, &adam->params, &grads, 0) != adam_ok)
		exit(1);
}

static void peer(void *user) {
	Adam *adam = user;
	adam->t++;
	peer_adam(adam->x, adam->grads, adam->m, adam->v, COUNT, adam->t);
}

int main(int argc, char **argv) {
	const size_t count = COUNT;
	size_t bytes = adam_state_size(&count, 1);
	Adam adam = {
		large(4 * count), large(4 * count), large(4 * count), large(4 * count), large(4 * count), large(bytes), 0};
	unsigned long long seed = 1;
	for (size_t i = 0; i < count; i++) {
		adam.params[i] = adam.x[i] = (float)bench_random(&seed);
		adam.grads[i] = (float)bench_random(&seed) - 0.5f;
		adam.m[i] = adam.v[i] = 0;
	}
	if (adam_init(adam.state, bytes, &count, 1, &adam.params, NULL) != adam_ok)
		return 1;
	ours(&adam);
	peer(&adam);
	for (size_t i = 0; i < count; i++) {
		if (!(fabsf(adam.params[i] - adam.x[i]) < 1e-6f)) {
			fprintf(stderr, "driver_adam: %g, by hand %g\n", (double)adam.params[i], (double)adam.x[i]);
			return 1;
		}
	}
	char what[96];
	snprintf(what, sizeof what, "emitted Adam, %s", argc > 1 ? argv[1] : "");
	BenchRatio ratio =
		bench_ratio((BenchSide){ours, &adam}, (BenchSide){peer, &adam}, (BenchHow){.seconds = 1, .slice = 1e-3});
	bench_print(what, argc > 2 ? argv[2] : "fused loop", ratio);
	free(adam.params);
	free(adam.grads);
	free(adam.m);
	free(adam.v);
	free(adam.x);
	free(adam.state);
	return 0;
}
