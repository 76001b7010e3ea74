/* c_emit: loop IR as C99. Private to jit/c/. */
#ifndef GRADUS_C_EMIT_H
#define GRADUS_C_EMIT_H

#include "ir/math/math_read.h"
#include "jit/c/limits.h"
#include "jit/loop/loop.h"

/* Helpers that emitted code calls, as text: templates/prelude.c.in. */
typedef struct CTemplate {
	const char *name, *text;
	size_t length;
} CTemplate;

extern const CTemplate c_templates[];
extern const size_t c_template_count;

/* ---- expressions ---- */

/* How tightly an expression binds, and so what needs parentheses around it. */
typedef enum CBinds { C_TERNARY, C_BITS, C_COMPARES, C_ADDS, C_MULTIPLIES, C_UNARY, C_ATOM } CBinds;

/* A C expression for a value, and what must be known of it before it is written into another one. */
typedef struct CExpr {
	const char *text;
	CBinds binds;
	bool product;   /* of reals, at the top: a compiler could fuse it into a sum */
	bool plain;     /* no memory, no call, no arithmetic but signs and comparisons: may stand in an arm of ?: */
	uint64_t reads; /* formals it loads from, as bits (number modulo 64) */
	uint64_t mixes; /* variables of loops it reads, which the next turn overwrites, as bits (number modulo 64) */
} CExpr;

CExpr c_atom(const char *text);
/* `opcode` on operands whose first is of type `type`. */
CExpr c_op(const struct JitCFile *file, IrOpcode opcode, IrScalar type, const CExpr *args);
/* Whether `value`, made by `opcode`, may be written into its only user at operand `at`, instead of a statement of its own. No
 * sum ever gets a product into its expression: compilers may fuse within one, and then round once where we round twice. */
bool c_may_nest(IrOpcode user, int at, const CExpr *value);
CExpr c_literal(Arena *arena, IrScalar type, double real, int64_t integer);
const char *c_wrapped(Arena *arena, const CExpr *value,
                      CBinds least); /* in parentheses, if it binds less than `least` */
/* a combined with b, as reductions do. */
CExpr c_combine(const struct JitCFile *file, IrOpcode opcode, IrScalar type, CExpr a, CExpr b);
const char *c_scalar(IrScalar type);    /* in memory */
const char *c_temp_type(IrScalar type); /* in a variable: a truth value is an int while it is computed with */
const char *c_suffix(IrScalar type);    /* of helpers */

/* ---- c_file.c, c_math.c: what the functions of one file share ---- */

typedef struct CMath CMath; /* a printed entry of math.def */

struct JitCFile {
	Arena *arena;
	const char *prefix;
	IrMath *math;
	VEC(const CMath *) functions; /* in the order they must stand */
};

/* The name of the function for a row of math.def (or powi) with operands of these types; it is printed when first asked for. */
const char *c_math_function(JitCFile *file, IrOpcode opcode, const IrScalar *types, bool fused);
void c_math_print(const JitCFile *file, Text *out);

/* ---- c_locals.c: names inside one function ---- */

typedef struct CLocals {
	Arena *arena;
	const char *prefix;
	NameTable *names;
	NameMap taken;
	VEC(Name) scope; /* the names that are taken, in order: a block gives back its own */
	uint32_t unnamed;
} CLocals;

typedef struct CScope {
	uint32_t count, unnamed;
} CScope;

CLocals c_locals(Arena *arena, const char *prefix);
/* A legal name like `wanted` that nothing else visible has; `wanted` empty: t1, t2, ... */
const char *c_local(CLocals *locals, const char *wanted);
/* The names between these two are free afterwards. */
CScope c_scope_begin(const CLocals *locals);
void c_scope_end(CLocals *locals, CScope scope);

/* ---- kernels ---- */

/* What is known of a temp of the kernel that is printed. */
typedef struct CTemp {
	uint32_t uses;
	uint32_t block, region; /* that define it; regions count from 1 */
	uint32_t user_block,
		user_region;      /* of its last use; C_NO_REGION: a scalar statement; C_NOT_NESTED: what cannot hold it */
	uint32_t need;        /* of a vector: the first so many lanes are asked for */
	uint32_t terms;       /* of a sum of counters and extents, written out; 0: none */
	bool crosses;         /* a vector that lives beyond its region: an array */
	bool fixed;           /* `value` may be written wherever the temp is used */
	bool waiting;         /* `value` is written where the temp is used, once */
	LoopTemp variable;    /* whose variable holds it: carried values share one */
	const LoopStmt *user; /* of its last use; NULL: a loop that carries it */
	const char *wanted;   /* the name it should have, or NULL */
	const char *name;     /* of its variable */
	CExpr value;
} CTemp;

enum { C_NO_REGION = -1, C_NOT_NESTED = -2 };

typedef enum CPhase { C_COUNT, C_PRINT } CPhase;

typedef struct CEmit {
	JitCFile *file;
	Text *out;
	Arena *arena;
	const char *prefix;
	const char *name;
	const LoopFunc *func;
	bool fused;
	const JitCPart *parts;
	uint32_t part_count;
	/* of the kernel that is printed */
	const LoopKernel *kernel;
	CLocals locals;
	CPhase phase;
	int depth;
	uint32_t block, block_count, region_count;
	CTemp *temps;
	const char *const *formals; /* names */
	const char *const *symbols;
	const char *const *parts_of; /* per formal: which parameter with parts it stands for, or NULL */
	const char **part_names;     /* per part: in this kernel; NULL if it is not used */
	const bool *by_value;        /* formals of which only one element is read: passed as numbers */
	VEC(LoopTemp) waiting;
	VEC(const LoopStmt *) stmts; /* all, in order */
	bool *formal_used;
} CEmit;

/* Vector statements in a row: what one loop over lanes runs, and what it carries on at the end of a turn. */
typedef struct CRegion {
	VEC(const LoopStmt *) stmts;
	VEC(const LoopCarry *) yields;
	uint32_t number;
} CRegion;

/* c_expr.c */
bool c_is_vector(const CEmit *c, LoopTemp temp);
const char *c_type_of(const CEmit *c, LoopTemp temp);
void c_line(const CEmit *c); /* the tabs of a new line */
uint64_t c_bit(uint32_t number);
const char *c_variable(CEmit *c, LoopTemp temp); /* the name of its variable, given when first asked for */
CExpr c_value(CEmit *c, LoopTemp temp);          /* what is written where it is used */
void c_stop_waiting(CEmit *c, LoopTemp temp);
CExpr c_affine(CEmit *c, LoopAffine affine);
CExpr c_address(CEmit *c, const LoopAddress *address);
CExpr c_load(CEmit *c, const LoopStmt *stmt, uint32_t lanes); /* lanes: of the loop that it stands in */
CExpr c_operation(CEmit *c, const LoopStmt *stmt);
/* The part of a flat parameter in which an address begins; -1: none. Wherever it ends, part and rest make the same address. */
int64_t c_part_of(const CEmit *c, const LoopAddress *address);

/* c_region.c */
void c_print_simple(CEmit *c, const LoopStmt *stmt, uint32_t lanes);
void c_print_tree(CEmit *c, const LoopStmt *stmt);
void c_print_check(CEmit *c, const LoopStmt *stmt);
/* What waits and reads a formal of the set (or a variable of the set that the loop overwrites) is computed now. */
void c_settle(CEmit *c, uint64_t reads, uint64_t mixes, bool vectors);
/* The same for what `carry` goes on with, if it reads one of the variables (a set) that are overwritten with it. */
void c_settle_yield(CEmit *c, const LoopCarry *carry, uint64_t overwritten);
/* Ends a region: in the first walk its uses are noted, in the second it is printed. */
void c_flush(CEmit *c, CRegion *region);
bool c_touches(const CRegion *region, uint32_t buffer); /* stores to it */
/* A store that has to wait for stores of the region, all lanes of them: it writes what another lane wrote. */
bool c_overwrites(const CRegion *region, const LoopStmt *store);

/* c_look.c: the first walk over a kernel */
void c_look_op(CEmit *c, const LoopStmt *stmt, uint32_t region);
void c_look_use(CEmit *c, LoopTemp temp, uint32_t region, uint32_t times);
void c_look_carries(CEmit *c, const LoopStmt *stmt);
/* Whether an AFFINE is a sum of few counters and extents, which can be written out wherever it is used. */
bool c_is_short(CEmit *c, const LoopStmt *stmt);
/* How many lanes of every vector are asked for, from what the stores and reductions ask for. */
void c_look_needs(CEmit *c);
/* The lanes in which a statement runs. */
uint32_t c_lanes(const CEmit *c, const LoopStmt *stmt);
/* The formals that are passed as numbers, not as pointers. */
const bool *c_by_value(Arena *arena, const LoopKernel *kernel);

/* c_kernel.c */
typedef struct CKernelNames {
	const char *const *formals; /* names they should have */
	const char *const *of;      /* names of the parameters and results they always stand for, or NULL */
	const char *const *symbols;
} CKernelNames;
void c_print_kernel(CEmit *c, const LoopKernel *kernel, const CKernelNames *names);
const char *c_element(IrScalar type, IrStorage storage); /* in memory, stored so */
/* The symbols that a kernel mentions, as it is called: bits. */
uint64_t c_kernel_symbols(const LoopKernel *kernel);
void c_size(Text *out, LoopSize size, const char *const *symbols);

#endif
