/* nest, for others: a function of the tensor IR as loop IR. */
#ifndef GRADUS_NEST_LOWER_H
#define GRADUS_NEST_LOWER_H

#include "jit/arith/arith.h"
#include "jit/jit.h"
#include "jit/loop/loop.h"

/* What jit_compile compiles: rewrites, expands mathematics, then lowers. */
LoopFunc *nest_function(IrModule *module, IrFunc *func, const JitOptions *options);
/* The same for C: rows of math.def stay operations, which become calls; whole powers are expanded. */
LoopFunc *nest_function_for_c(IrModule *module, IrFunc *func, const JitOptions *options);

#endif
