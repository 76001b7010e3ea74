/* One runtime: options, threads and the compiler behind everything that is run. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/engine/ranks.h"

Rt *rt_new(Session *session, FeProgram *program, const RtOptions *options) {
	Arena *arena = arena_new();
	Rt *rt = ARENA_NEW(arena, Rt);
	rt->session = session;
	rt->program = program;
	rt->options = *options;
	rt->arena = arena;
	rt->pool = rt_pool_new(options->threads);
	rt_pool_join(rt->pool, options->ranks);
	if (options->ranks)
		rt_ranks_mind(options->ranks, options->interrupted);
	return rt;
}

void rt_free(Rt *rt) {
	if (!rt)
		return;
	rt_pool_free(rt->pool);
	if (rt->engine)
		jit_engine_free(rt->engine);
	arena_free(rt->arena);
}

bool rt_interrupted(const Rt *rt) {
	if (rt->options.ranks)
		return rt_ranks_stopped(rt->options.ranks);
	return rt->options.interrupted && *rt->options.interrupted;
}

double rt_seconds(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool rt_memory_allows(Rt *rt, double bytes, const char *what) {
	if (rt->options.memory == 0 || bytes <= (double)rt->options.memory)
		return true;
	Arena *arena = rt->session->arena;
	Diag *diag = diag_error(rt->session, 801, (Span){0}, "%s needs %s of memory; the limit is %s", what,
	                        text_of_bytes(arena, bytes), text_of_bytes(arena, (double)rt->options.memory));
	diag_help(rt->session, diag, "give more with --memory, or use fewer problems, shorter windows or fewer threads");
	return false;
}
