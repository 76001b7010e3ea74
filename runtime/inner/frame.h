/* Functions under construction whose values are called by their roles, so that nobody counts parameters. Private to
 * runtime/inner. */
#ifndef GRADUS_INNER_FRAME_H
#define GRADUS_INNER_FRAME_H

#include "runtime/inner/inner.h"

/* The values that stand for one run inside a function, by role. */
typedef struct RtFrame {
	RtTask *task;
	IrFunc *func;
	IrBuilder b;
	Arena *arena;
	IrValue *of[IR_ALL_ROLES];
	uint32_t count[IR_ALL_ROLES];
} RtFrame;

RtFrame rt_frame_new(RtTask *task, const char *name);
IrValue rt_frame_get(const RtFrame *w, IrRole role);       /* the first value of a role; 0 if there is none */
void rt_frame_set(RtFrame *w, IrRole role, IrValue value); /* makes this the only value of its role */
void rt_frame_call(RtFrame *w,
                   const IrFunc *callee); /* on the values of their roles; what it gives takes their place */
void rt_frame_params(RtFrame *w, const IrRole *roles,
                     size_t count); /* parameters: all that the task has of these roles */
/* Parameters: what a problem is to those who evaluate it. Data, the key of its batches if it has any, what is fixed. */
void rt_frame_problem(RtFrame *w);
IrValue rt_frame_count(RtFrame *w, int64_t number);                   /* a whole number */
void rt_frame_results(RtFrame *w, const IrRole *roles, size_t count); /* results: all values of these roles */

/* In this order: RT_PARAMS(&w, IR_ROLE_FIXED, IR_ROLE_X). */
#define RT_ROLES(...) (const IrRole[]){__VA_ARGS__}, sizeof((const IrRole[]){__VA_ARGS__}) / sizeof(IrRole)
#define RT_PARAMS(w, ...) rt_frame_params(w, RT_ROLES(__VA_ARGS__))
#define RT_RESULTS(w, ...) rt_frame_results(w, RT_ROLES(__VA_ARGS__))

/* What is built for driver.c: of what is there before passes, batching and code. plan: see RtPlan. */
IrFunc *rt_build_setup(RtTask *task, const RtPlan *plan); /* (seed, instance) -> fixed..., x */
IrFunc *rt_build_begin(RtTask *task, const RtPlan *plan); /* (fixed..., x, hypers..., theta?) -> f, g?, states... */
/* At most plan->steps turns: (fixed..., x, f, g?, states..., t0, turns, horizon, f0, hypers..., theta?)
 * -> score, x, f, g?, states..., curve[steps] */
IrFunc *rt_build_segment(RtTask *task, const RtPlan *plan);
/* A whole unroll in windows: (fixed..., x, horizon, hypers..., theta) -> score, theta~. */
IrFunc *rt_build_gradient(RtTask *task, const RtPlan *plan);
/* The same forwards: (fixed..., x, horizon, hypers..., theta, theta~) -> score, score~. */
IrFunc *rt_build_tangent(RtTask *task, const RtPlan *plan);

/* objective.c */
IrFunc *rt_build_validate(RtTask *task); /* NULL where f is what is scored */
IrFunc *rt_build_value(RtTask *task);    /* (fixed..., x) -> f: the objective without its reports */
/* The gradient of f in x beside all that a function of x gives: value and gradient are made by this alone. */
IrFunc *rt_build_gradient_of(RtTask *task, const IrFunc *value, const char *name);
IrFunc *rt_build_instance_start(RtTask *task); /* (seed, instance) -> x */
IrFunc *rt_build_instance_value(RtTask *task); /* (seed, instance, x) -> f, reports..., g */

#endif
