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
/* Runs the function. args: one per parameter; results: filled, allocated in `arena`. Returns NULL, or a message (a
 * gather out of range, with the span in *where). */
const char *ir_evaluate(const IrFunc *func, Arena *arena, const IrTensor *args, IrTensor *results, Span *where);

#endif
