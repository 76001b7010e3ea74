/* Functions under construction whose values are called by their roles, so that nobody counts parameters. Private to
 * runtime/inner. */
#ifndef GRADUS_INNER_FRAME_H
#define GRADUS_INNER_FRAME_H

#include "runtime/inner/inner.h"

/* The values that stand for one run inside a function, by role. */
typedef struct Frame {
	Task *task;
	IrFunc *func;
	IrBuilder b;
	Arena *arena;
	IrValue *of[IR_ALL_ROLES];
	uint32_t count[IR_ALL_ROLES];
	bool first_order; /* derivatives do not go through the g that the rule reads */
} Frame;

Frame frame_new(Task *task, const char *name);
IrValue frame_get(const Frame *w, IrRole role);       /* the first value of a role; 0 if there is none */
void frame_set(Frame *w, IrRole role, IrValue value); /* makes this the only value of its role */
void frame_call(Frame *w, const IrFunc *callee); /* on the values of their roles; what it gives takes their place */
void frame_params(Frame *w, const IrRole *roles, size_t count); /* parameters: all that the task has of these roles */
/* Parameters: what a problem is to those who evaluate it. Data, the key of its batches if it has any, what is fixed. */
void frame_problem(Frame *w);
IrValue frame_count(Frame *w, int64_t number);                   /* a whole number */
void frame_results(Frame *w, const IrRole *roles, size_t count); /* results: all values of these roles */
/* unroll.c: step number t of the rule, from what there is of x, f, g and states, to x and states. */
void frame_step(Frame *w, IrValue t);

/* In this order: FRAME_PARAMS(&w, IR_ROLE_FIXED, IR_ROLE_X). */
#define FRAME_ROLES(...) (const IrRole[]){__VA_ARGS__}, sizeof((const IrRole[]){__VA_ARGS__}) / sizeof(IrRole)
#define FRAME_PARAMS(w, ...) frame_params(w, FRAME_ROLES(__VA_ARGS__))
#define FRAME_RESULTS(w, ...) frame_results(w, FRAME_ROLES(__VA_ARGS__))

/* What is built for driver.c: of what is there before passes, batching and code. plan: see TaskPlan. */
IrFunc *task_build_setup(Task *task, const TaskPlan *plan); /* (seed, instance) -> fixed..., x */
IrFunc *task_build_begin(Task *task, const TaskPlan *plan); /* (fixed..., x, hypers..., theta?) -> f, g?, states... */
/* At most plan->steps turns: (fixed..., x, f, g?, states..., t0, turns, horizon, f0, hypers..., theta?)
 * -> score, x, f, g?, states..., curve[steps] */
IrFunc *task_build_segment(Task *task, const TaskPlan *plan);
/* A whole unroll in windows: (fixed..., x, horizon, hypers..., theta) -> score, theta~. */
IrFunc *task_build_gradient(Task *task, const TaskPlan *plan);
/* The same forwards: (fixed..., x, horizon, hypers..., theta, theta~) -> score, score~. */
IrFunc *task_build_tangent(Task *task, const TaskPlan *plan);
/* follow.c, where what each takes and gives stands */
IrFunc *task_build_place(Task *task, const TaskPlan *plan);
IrFunc *task_build_cost(Task *task, const TaskPlan *plan);
IrFunc *task_build_follow(Task *task, const TaskPlan *plan);
IrFunc *task_build_fit(Task *task, const TaskPlan *plan);

/* objective.c */
IrFunc *task_build_validate(Task *task);  /* NULL where f is what is scored */
IrFunc *task_build_value(Task *task);     /* (fixed..., x) -> f: the objective without its reports */
IrFunc *task_build_responses(Task *task); /* ... -> f, residuals, if it has any */
/* The gradient of f in x beside all that a function of x gives: value and gradient are made by this alone. */
IrFunc *task_build_gradient_of(Task *task, const IrFunc *value, const char *name);
IrFunc *task_build_instance_start(Task *task);   /* (seed, instance) -> x */
IrFunc *task_build_instance_value(Task *task);   /* (seed, instance, x) -> f, reports..., g */
IrFunc *task_build_instance_reports(Task *task); /* (seed, instance, step?, x) -> reports... */

#endif
