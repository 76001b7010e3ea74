/* Where what is not finite comes from: calls that give NaN of numbers, draws with arguments that cannot be, and singular matrices
 * without which all would be finite. */
#include "ir/core/marks.h"
#include "ir/eval/plan.h"

#include <math.h>

/* A condition does not hold, and a mark takes the place of a number. */
void eval_watch_choice(EvalWatch *watch, const IrFor *f, const IrNode *where, bool holds) {
	uint32_t place;
	if (!watch->place && ir_mark_of(&f->nodes.data[where->args[holds ? 1 : 2]], &place))
		watch->place = place;
}

static bool all_finite(const IrNumber *numbers, int64_t count) {
	for (int64_t k = 0; k < count; k++)
		if (!isfinite(numbers[k].real))
			return false;
	return true;
}

static bool any_nan(const IrNumber *numbers, int64_t count) {
	for (int64_t k = 0; k < count; k++)
		if (isnan(numbers[k].real))
			return true;
	return false;
}

/* Puts 1 for pivots that are 0; whether there were any. */
static bool mend_pivots(const EvalCall *call) {
	bool any = false;
	for (int64_t i = 0; i < call->n; i++) {
		double *pivot = &call->outs[0][i * call->n + i].real;
		any = any || *pivot == 0;
		*pivot = *pivot == 0 ? 1 : *pivot;
	}
	return any;
}

void eval_watch_call(EvalWatch *watch, const IrOp *op, const EvalCall *call, const int64_t *arg_counts, int64_t count) {
	const IrCalleeInfo info = ir_callee_info(op->call.callee);
	if (watch->call && !watch->mends)
		return;
	for (uint32_t i = 0; i < info.arg_count; i++)
		if (!all_finite(call->args[i], arg_counts[i]))
			return;
	bool fails = watch->mends ? op->call.callee == IR_CALL_lu && mend_pivots(call) : any_nan(call->outs[0], count);
	if (fails && !watch->call)
		watch->call = op;
}
