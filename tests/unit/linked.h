/* Rules that evaluate the objective elsewhere, linked to one by tests that work without the runtime. */
#ifndef GRADUS_TESTS_LINKED_H
#define GRADUS_TESTS_LINKED_H

#include "autodiff/autodiff.h"
#include "frontend/frontend.h"
#include "ir/build.h"

/* The step with the objective in the place of what it asks for, whose other parameters (all but x, the last one) then follow those of
 * the step. value: (fixed..., x) -> f, and residuals if the rule reads them. */
static inline IrFunc *linked_step(IrModule *module, const FeRule *rule, const IrFunc *value) {
	if (!rule->evaluates)
		return rule->step;
	uint32_t last = value->params.count - 1;
	bool *wrt = ARENA_ARRAY(module->arena, bool, last + 1);
	wrt[last] = true;
	IrFunc *gradient = ad_gradient(module, value, "gradient", 0, wrt, true, true);
	gradient->params.data[last].role = IR_ROLE_X;
	gradient->results.data[0].role = IR_ROLE_F;
	gradient->results.data[gradient->results.count - 1].role = IR_ROLE_G;
	return ir_link(module, rule->step, gradient, ad_by_first, 0);
}

#endif
