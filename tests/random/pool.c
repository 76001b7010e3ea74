/* Memory in chunks, and a generator of random numbers (splitmix64). */
#include "program.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 20, MOST = 4096 };

/* A mark counts bytes: chunk number times CHUNK plus the place in it. Nothing is larger than a chunk. */
struct RpPool {
	char *chunks[MOST];
	size_t used;
};

RpPool *rp_pool_new(void) {
	RpPool *pool = calloc(1, sizeof *pool);
	if (!pool)
		abort();
	return pool;
}

void rp_pool_free(RpPool *pool) {
	for (int i = 0; i < MOST && pool->chunks[i]; i++)
		free(pool->chunks[i]);
	free(pool);
}

void *rp_alloc(RpPool *pool, size_t bytes) {
	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > CHUNK)
		abort();
	if (pool->used % CHUNK + bytes > CHUNK)
		pool->used = (pool->used / CHUNK + 1) * CHUNK;
	size_t chunk = pool->used / CHUNK;
	if (chunk >= MOST)
		abort();
	if (!pool->chunks[chunk])
		pool->chunks[chunk] = malloc(CHUNK);
	if (!pool->chunks[chunk])
		abort();
	char *out = pool->chunks[chunk] + pool->used % CHUNK;
	pool->used += bytes;
	memset(out, 0, bytes);
	return out;
}

size_t rp_mark(const RpPool *pool) {
	return pool->used;
}

void rp_release(RpPool *pool, size_t mark) {
	pool->used = mark;
}

uint64_t rp_random(uint64_t *state) {
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}
