/* The outer optimizer: a rule of the language that steps theta. Private to runtime/meta. */
#ifndef GRADUS_META_OUTER_H
#define GRADUS_META_OUTER_H

#include "runtime/meta/meta.h"

/* Compiled, with theta as its only tensor, always in f64. */
typedef struct Outer {
	IrModule *module;
	FeRule *rule;
	RtCode *step;
	void *x, *moved, *g; /* theta before and after a step, the gradient */
	void **states, **spare;
	uint32_t state_count;
	void **pointers, *arena;
	double *hypers, *learned;
	int64_t t, horizon;
	int64_t seed, instance; /* of what the rule draws */
	double f;
} Outer;

/* theta[count] is where it starts, for `steps` steps; seed: of what the rule draws. false with diagnostics; to be freed even then. */
bool meta_outer_start(Rt *rt, Outer *outer, const FeCall *call, int64_t count, const double *theta, int steps,
                      uint64_t seed, Arena *arena);
/* One step: theta[count] becomes the next one. score: what the rule reads as f. */
void meta_outer_step(Outer *outer, const double *gradient, double score, int64_t count, double *theta);
void meta_outer_visit(Outer *outer, TrainVisit *visit,
                      void *user); /* what it carries from step to step, besides theta */
void meta_outer_free(Outer *outer);

#endif
