/* math_read: the definitions of math.def, read when first needed: put into bodies, and as lists of steps for those who print
 * them as functions. For ir/, and for the C back end. */
#ifndef GRADUS_IR_MATH_READ_H
#define GRADUS_IR_MATH_READ_H

#include "ir/build.h"

typedef struct IrMath IrMath;

/* Definitions are read lazily and kept for as long as `arena`; one IrMath serves one run of the pass. */
IrMath *ir_math_new(Arena *arena);
/* Adds the nodes that compute the row `opcode` (not primitive, not powi) on `args` to the body that is being built;
 * `fused`: mad may become fma, and entries marked `fused` are chosen. Panics where math.def has no fitting entry. */
uint32_t ir_math_row(IrMath *math, IrForBuilder *f, IrOpcode opcode, const uint32_t *args, bool fused);
/* The same for any entry of one result, by name: helpers, too. */
uint32_t ir_math_entry(IrMath *math, IrForBuilder *f, const char *name, const uint32_t *args, int count, bool fused);

/* ---- entries as lists of steps ---- */

enum { IR_MATH_MAX_OPERANDS = 8, IR_MATH_MAX_RESULTS = 4 };

typedef enum IrMathStepKind { IR_MATH_REAL, IR_MATH_INTEGER, IR_MATH_OP, IR_MATH_MAD, IR_MATH_CALL } IrMathStepKind;

/* Operands are slots of earlier steps (parameters are the first slots); results go to the slots from `result` on. */
typedef struct IrMathStep {
	IrMathStepKind kind;
	IrOpcode opcode;
	uint32_t callee; /* CALL: the first entry of that name */
	uint32_t args[IR_MATH_MAX_OPERANDS];
	uint32_t arg_count;
	uint32_t result, result_count;
	double real;
	int64_t integer;
} IrMathStep;

typedef struct IrMathProgram {
	const char *name;
	IrScalar type; /* of real numbers; whole ones are as wide */
	bool paired;   /* there is one entry with fma and one without */
	VEC(IrMathStep) steps;
	const char **names; /* per slot: as in math.def, or NULL */
	uint32_t param_count, slot_count;
	uint32_t results[IR_MATH_MAX_RESULTS];
	uint32_t result_count;
} IrMathProgram;

/* The first entry of a name; panics if there is none. */
uint32_t ir_math_find(const char *name);
/* Of the entries named like `first` the one for operands of these types; panics if there is none. */
uint32_t ir_math_choose(uint32_t first, const IrScalar *types, uint32_t count, bool fused);
/* Lives as long as `math`. */
const IrMathProgram *ir_math_program(IrMath *math, uint32_t entry);

#endif
