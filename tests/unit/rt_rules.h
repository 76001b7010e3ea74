/* Rules given as text, as tasks on an objective of that text: what the tests of evaluations and derivatives in rules share. */
#ifndef GRADUS_TESTS_RT_RULES_H
#define GRADUS_TESTS_RT_RULES_H

#include "runtime/compare/compare.h"
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct Bench {
	Session *session;
	FeProgram *program;
	Rt *rt;
	Arena *arena;
} Bench;

static inline Bench bench(const char *text, const RtOptions *options) {
	Bench b = {.session = session_new(), .arena = arena_new()};
	b.program = fe_program_new(b.session);
	cr_assert(fe_add_source(b.program, source_add(b.session, "rules.grad", text, strlen(text))));
	b.rt = rt_new(b.session, b.program, options);
	return b;
}

static inline void bench_free(Bench *b) {
	rt_free(b->rt);
	arena_free(b->arena);
	session_free(b->session);
}

static inline Task *new_task(Bench *b, const char *objective, const char *rule) {
	FeCall calls[2];
	FeScore score = {FE_SCORE_MEAN, FE_SCORE_F};
	bool known = fe_call_text(b->program, objective, AST_OBJECTIVE, &calls[0]) &&
	             fe_call_text(b->program, rule, AST_OPTIMIZER, &calls[1]);
	Task *task = known ? task_new(b->rt, &calls[0], &calls[1], score, NULL, 0) : NULL;
	diag_print_all(b->session, stderr, false);
	cr_assert(task);
	return task;
}

static inline double distance(const double *a, const double *b, int count) {
	double most = 0;
	for (int i = 0; i < count; i++)
		most = fmax(most, fabs(a[i] - b[i]) / (1e-12 + fabs(b[i])));
	return most;
}

#endif
