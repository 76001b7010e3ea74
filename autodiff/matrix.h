/* matrix: small ops over whole matrices, of which the derivatives of calls are made. All of one call are of the same problems:
 * lanes and the axes in front of its matrices are in front of theirs. */
#ifndef GRADUS_AD_MATRIX_H
#define GRADUS_AD_MATRIX_H

#include "ir/build.h"

typedef struct AdMatrices {
	IrBuilder *b;
	IrScalar real;
	bool lanes; /* of what the call gives; arguments may lack them */
	int outer;
	IrDim lead[IR_MAX_RANK]; /* the axes in front, lanes aside */
	IrDim n, m;
	const IrValue *args, *outs; /* of the call */
} AdMatrices;

/* A value, to be read as it is or transposed. */
typedef struct AdFactor {
	IrValue value;
	bool transposed;
} AdFactor;

/* An op over the elements (i, j) of matrices of rows x cols, one for each problem. */
typedef struct AdMatrixOp {
	const AdMatrices *a;
	IrForBuilder f;
	IrAt lead[IR_MAX_RANK]; /* positions of lanes and axes in front */
	int lead_count;
	uint32_t i, j; /* indices */
	IrDim rows, cols;
} AdMatrixOp;

AdMatrixOp ad_matrix_op(const AdMatrices *a, IrDim rows, IrDim cols);
/* The element at this row and column. */
uint32_t ad_matrix_read(AdMatrixOp *o, IrValue value, IrAt row, IrAt col);
uint32_t ad_matrix_element(AdMatrixOp *o, IrValue value, bool transposed); /* (i, j) or (j, i) */
/* below where i > j, on where i = j, above elsewhere */
uint32_t ad_matrix_where(AdMatrixOp *o, uint32_t below, uint32_t on, uint32_t above);
IrValue ad_matrix_end(AdMatrixOp *o, uint32_t node); /* puts the node at (i, j) */

/* X Y, rows x inner times inner x cols; with the opposite sign if `negative`. */
IrValue ad_matrix_product(const AdMatrices *a, AdFactor x, AdFactor y, IrDim rows, IrDim inner, IrDim cols,
                          bool negative);
IrValue ad_matrix_transpose(const AdMatrices *a, IrValue value, IrDim rows, IrDim cols); /* rows, cols: of the result */
IrValue ad_matrix_call(const AdMatrices *a, IrCallee callee, const IrValue *args);       /* its first result */
/* x - y, either of which may be 0 (absent), but not both */
IrValue ad_matrix_minus(const AdMatrices *a, IrValue x, IrValue y, IrDim rows, IrDim cols);

/* ---- call_rules.c: the derivatives of the rows of calls.def ----
 *
 * push gives the tangent of the first result from those of arguments, of which some are 0 (do not move); pull gives cotangents of
 * arguments (0: has none) from that of the first result. No other result has either. */
typedef IrValue AdPush(const AdMatrices *a, const IrValue *tangents);
typedef void AdPull(const AdMatrices *a, IrValue cotangent, IrValue *cotangents);

#define CALLEE(name, ...)                                                                                              \
	AdPush ad_push_##name;                                                                                             \
	AdPull ad_pull_##name;
#include "ir/core/calls.def"
#undef CALLEE

#endif
