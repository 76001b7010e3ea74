/* nest, for others: a function of the tensor IR as loop IR. */
#ifndef GRADUS_NEST_LOWER_H
#define GRADUS_NEST_LOWER_H

#include "jit/arith/arith.h"
#include "jit/jit.h"
#include "jit/loop/loop.h"

/* What jit_compile compiles: rewrites, expands mathematics, then nest_lower. */
LoopFunc *nest_function(IrModule *module, IrFunc *func, const JitOptions *options);
/* The same for C: rows of math.def stay operations, which become calls; whole powers are expanded. */
LoopFunc *nest_function_for_c(IrModule *module, IrFunc *func, const JitOptions *options);
/* `func` has only primitive ops, unless it is for C. products: NULL if nothing may be fused. */
LoopFunc *nest_lower(IrModule *module, IrFunc *func, const JitOptions *options, const ArithProducts *products);

#endif
