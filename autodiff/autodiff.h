/* autodiff: derivatives and batching of tensor IR, IR to IR and nothing else. Every transformation takes a function and
 * makes a new one made of the same ops, so all of them can be repeated and mixed: the gradient of an unroll that
 * contains gradients, batched, is three calls. */
#ifndef GRADUS_AUTODIFF_H
#define GRADUS_AUTODIFF_H

#include "ir/ir.h"

/* ---- reverse.c (and one file per structure: bodies, reductions, loops) ---- */

/* The vector-Jacobian product of `func`.
 *
 * The new function's parameters: those of `func`, then one cotangent per result i with seeded[i] (same type as the
 * result; named after it with a trailing '~'). Its results: those of `func` (only if keep_results), then one cotangent
 * per parameter p with wrt[p] (same type as the parameter).
 *
 * `seeded` and `wrt` may be NULL for "every result of a real type" and "every parameter of a real type". A parameter that
 * no seeded result depends on gets zeros. Loops save their carries (those that the adjoint reads) and recompute bodies. */
IrFunc *ad_reverse(IrModule *module, const IrFunc *func, const char *name, const bool *seeded, const bool *wrt,
                   bool keep_results);

/* The same for a function some of whose parameters are known to be bounded: limits[p] is not below any absolute value that
 * parameter p holds, and INFINITY where none is known or it may hold NaN; zero need not win over such parameters.
 * NULL: none is known. */
IrFunc *ad_reverse_within(IrModule *module, const IrFunc *func, const char *name, const bool *seeded, const bool *wrt,
                          bool keep_results, const double *limits);

/* ---- finite.c ---- */

/* Such limits of the results of `func`, whatever its parameters hold. */
double *ad_result_limits(Arena *arena, const IrFunc *func);

/* The gradient of result `result` (a real scalar) with respect to parameters wrt: ad_reverse with seed 1. Results: the
 * value of that result first if keep_value (and then all other results of `func` in order if keep_others), then the
 * gradients. */
IrFunc *ad_gradient(IrModule *module, const IrFunc *func, const char *name, uint32_t result, const bool *wrt,
                    bool keep_value, bool keep_others);

/* ---- forward.c ---- */

/* The Jacobian-vector product: parameters of `func`, then one tangent per parameter with wrt[p]; results: those of `func`
 * (if keep_results), then one tangent per real result. */
IrFunc *ad_forward(IrModule *module, const IrFunc *func, const char *name, const bool *wrt, bool keep_results);

/* ---- first.c ---- */

/* The derivative of all real results by the first parameter: (parameters, cotangents of the results) -> its cotangent, or
 * (parameters, its tangent) -> tangents of the results. */
IrFunc *ad_by_first(IrModule *module, const IrFunc *func, bool reverse);

/* ---- batch.c ---- */

/* Runs IR_LANES copies at once: parameters with varying[p] gain a leading lane axis (type.lanes), and so does every
 * result that depends on one; results listed in force_varying (may be NULL) are broadcast if they do not. Values that do not
 * vary are computed once. Varying loop carries are found as a fixpoint. The input must have no lanes yet. */
IrFunc *ad_batch(IrModule *module, const IrFunc *func, const char *name, const bool *varying,
                 const bool *force_varying);

#endif
