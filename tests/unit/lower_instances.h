/* What the tests of lowering share: programs from text, functions run by the evaluator, fresh tensors. */
#ifndef LOWER_INSTANCES_H
#define LOWER_INSTANCES_H

#include "frontend/frontend.h"
#include "ir/eval/eval.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Lower {
	Session *session;
	FeProgram *program;
	IrModule *module;
} Lower;

static inline Lower lower_new(const char *text) {
	Lower l = {.session = session_new()};
	l.program = fe_program_new(l.session);
	if (text)
		fe_add_source(l.program, source_add(l.session, "test.grad", text, strlen(text)));
	l.module = ir_module_new(l.session);
	return l;
}

static inline void lower_free(Lower *l) {
	ir_module_free(l->module);
	session_free(l->session);
}

static inline void lower_no_errors(const Lower *l) {
	if (l->session->error_count == 0)
		return;
	diag_print_all(l->session, stderr, false);
	cr_assert_fail("the program has errors");
}

static inline void lower_verified(const IrFunc *func) {
	const char *wrong = func ? ir_verify(func) : NULL;
	cr_assert(wrong == NULL, "%s", wrong);
}

static inline FeObjective *lower_objective(Lower *l, const char *call_text) {
	FeCall call;
	bool ok = fe_call_text(l->program, call_text, AST_OBJECTIVE, &call);
	FeObjective *o = ok ? fe_objective(l->program, l->module, &call, IR_F64) : NULL;
	lower_no_errors(l);
	cr_assert(o != NULL);
	lower_verified(o->setup);
	lower_verified(o->start);
	lower_verified(o->value);
	return o;
}

static inline FeRule *lower_rule_on(Lower *l, const char *call_text, const FeTarget *target) {
	FeCall call;
	bool ok = fe_call_text(l->program, call_text, AST_OPTIMIZER, &call);
	FeRule *r = ok ? fe_rule(l->program, l->module, &call, target, IR_F64, NULL, 0) : NULL;
	lower_no_errors(l);
	cr_assert(r != NULL);
	lower_verified(r->theta);
	lower_verified(r->natural);
	lower_verified(r->init);
	lower_verified(r->step);
	return r;
}

/* The declarations of a file, too. */
static inline void lower_more(Lower *l, const char *path) {
	cr_assert(fe_add_file(l->program, path), "%s", path);
}

/* For vectors. */
static inline FeRule *lower_rule(Lower *l, const char *call_text, const int64_t *sizes, uint32_t count) {
	return lower_rule_on(l, call_text, &(FeTarget){.sizes = sizes, .count = count});
}

static inline IrTensor lower_int(Lower *l, int64_t value) {
	IrTensor t = ir_tensor_new(l->module->arena, ir_scalar_type(IR_I64), NULL);
	t.integers[0] = value;
	return t;
}

static inline IrTensor lower_real(Lower *l, double value) {
	IrTensor t = ir_tensor_new(l->module->arena, ir_scalar_type(IR_F64), NULL);
	t.reals[0] = value;
	return t;
}

static inline IrTensor lower_vector(Lower *l, const double *values, int64_t count) {
	IrTensor t = ir_tensor_new(l->module->arena, ir_tensor_type(IR_F64, 1, &count), NULL);
	memcpy(t.reals, values, sizeof *values * (size_t)count);
	return t;
}

/* objective: what a rule asks for that evaluates elsewhere, or NULL. */
static inline void lower_run_with(Lower *l, const IrFunc *func, const IrTensor *args, IrTensor *results,
                                  IrObjective *objective, void *context) {
	Span where;
	const char *wrong = ir_evaluate_with(func, l->module->arena, args, results, &where, objective, context);
	cr_assert(wrong == NULL, "%s", wrong);
}

static inline void lower_run(Lower *l, const IrFunc *func, const IrTensor *args, IrTensor *results) {
	lower_run_with(l, func, args, results, NULL, NULL);
}

/* One problem of a family: what setup makes, then the starting point behind it. */
static inline void lower_problem(Lower *l, const FeObjective *o, int64_t seed, int64_t instance,
                                 IrTensor *fixed_and_x) {
	IrTensor args[64] = {lower_int(l, seed), lower_int(l, instance)};
	lower_run(l, o->setup, args, fixed_and_x);
	for (uint32_t i = 0; i < o->fixed.count; i++)
		args[2 + i] = fixed_and_x[i];
	lower_run(l, o->start, args, &fixed_and_x[o->fixed.count]);
}

static inline double lower_value(Lower *l, const FeObjective *o, const IrTensor *fixed_and_x) {
	IrTensor results[16];
	lower_run(l, o->value, fixed_and_x, results);
	return results[0].reals[0];
}

static inline double lower_value_at(Lower *l, const FeObjective *o, IrTensor *fixed_and_x, const double *x) {
	fixed_and_x[o->fixed.count] = lower_vector(l, x, o->size);
	return lower_value(l, o, fixed_and_x);
}

static inline const IrTensor *lower_fixed(const Lower *l, const FeObjective *o, const IrTensor *fixed,
                                          const char *name) {
	for (uint32_t i = 0; i < o->fixed.count; i++)
		if (strcmp(session_text(l->session, o->fixed.data[i].name), name) == 0)
			return &fixed[i];
	cr_assert_fail("setup makes no `%s`", name);
	return NULL;
}

static inline void lower_close(double found, double expected, double tolerance, const char *what) {
	cr_expect(fabs(found - expected) <= tolerance * (1 + fabs(expected)), "%s: found %.17g, expected %.17g", what,
	          found, expected);
}

#endif
