/* eval: plain loops over the tensor IR, the oracle of everything else. */
#ifndef GRADUS_IR_EVAL_H
#define GRADUS_IR_EVAL_H

#include "ir/ir.h"

/* A tensor in memory: dense, row-major in the order of dims (a lane axis is the OUTERMOST here), reals as double (values of
 * F32 are rounded to f32), the rest as int64. */
typedef struct IrTensor {
	IrType type; /* all dims are numbers */
	double *reals;
	int64_t *integers;
	const void *stored; /* the elements of an argument whose storage is not plain; the other two are NULL */
} IrTensor;

IrTensor ir_tensor_new(Arena *arena, IrType type, const int64_t *symbols);

/* The objective of a function that was not linked to one: writes its value at `at`, a vector, to *f, and its gradient into g, as
 * long. Values are rounded as the type of `at` asks. */
typedef void IrObjective(void *context, const IrTensor *at, double *f, IrTensor *g);

/* Of arguments with which a read leaves its range: which one. false: none does. */
typedef struct IrOutside {
	Span where;
	int64_t position, extent; /* of the axis */
	uint32_t place; /* of session_place: a draw with arguments that cannot be, which gave no number; 0: none did */
} IrOutside;
bool ir_find_outside(const IrFunc *func, Arena *arena, const IrTensor *args, IrOutside *out);
/* Runs the function. args: one per parameter; results: filled, allocated in `arena`. Returns NULL, or a message (a
 * gather out of range, with the span in *where). */
const char *ir_evaluate(const IrFunc *func, Arena *arena, const IrTensor *args, IrTensor *results, Span *where);
/* The same of a function that evaluates `objective`. Where an evaluation's condition does not hold, f and g are 0 and nobody is
 * asked. */
const char *ir_evaluate_with(const IrFunc *func, Arena *arena, const IrTensor *args, IrTensor *results, Span *where,
                             IrObjective *objective, void *context);
/* Why results are not finite. */
typedef struct IrFailure {
	uint32_t place; /* of session_place: the first draw with arguments that cannot be; 0: none is known */
	const IrOp *
		call; /* the first call (calls.def) that gives NaN of finite numbers, or else an lu without whose pivots of 0 all would be
	                     finite; NULL: none */
} IrFailure;
IrFailure ir_find_failure(const IrFunc *func, Arena *arena, const IrTensor *args);

#endif
