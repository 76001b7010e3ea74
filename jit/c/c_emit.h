/* c_emit: loop IR as C99. Private to jit/. */
#ifndef GRADUS_C_EMIT_H
#define GRADUS_C_EMIT_H

#include "jit/loop/loop.h"

typedef struct CEmit {
	Text *out;
	Arena *arena;
	const char *prefix;
	const char *name;
	const LoopFunc *func;
	const LoopKernel *kernel;
	int depth;
	/* per temp of the kernel */
	uint32_t *uses;
	uint32_t *region;         /* that defines it; 0: none */
	bool *crosses;            /* a vector that lives beyond its region: an array */
	LoopTemp *variable;       /* whose variable holds it: carried values share one */
	const LoopStmt **literal; /* the CONST that defines it */
	uint32_t region_count;
	bool dry; /* regions are only numbered */
	bool *formal_used;
	bool *symbol_used;
} CEmit;

/* c_kernel.c */
void c_print_kernel(CEmit *c, const LoopKernel *kernel);
const char *c_scalar(IrScalar type); /* in memory */
const char *c_element(IrScalar type, IrStorage storage); /* in memory, stored so */
/* The symbols that a kernel mentions, as it is called: bits. */
uint64_t c_kernel_symbols(const LoopKernel *kernel);
void c_size(Text *out, LoopSize size, const char *const *symbols);

/* c_op.c */
void c_print_op(const CEmit *c, const LoopStmt *stmt, const char *const *args);
void c_print_combine(Text *out, const char *prefix, IrOpcode opcode, IrScalar type, const char *a, const char *b);
void c_literal(Text *out, IrScalar type, double real, int64_t integer);

#endif
