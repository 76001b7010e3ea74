/* The names of the language that need no declaration, as frontend/builtins.def lists them.
 *
 *     const Builtin *b = builtin_find("atan2");    b->kind == BUILTIN_IS_ELEMENTWISE, b->least == b->most == 2
 *
 * A row is told apart by its kind; what is made of a call of it is the elaborator's business (meaning/elab_call.c). */
#ifndef GRADUS_BUILTINS_H
#define GRADUS_BUILTINS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum BuiltinKind {
	BUILTIN_IS_CONSTANT,
	BUILTIN_IS_ELEMENTWISE,
	BUILTIN_IS_REDUCTION,
	BUILTIN_IS_FUNCTION,
	BUILTIN_IS_LATER, /* part of the language, but not of this version: known, but neither suggested nor callable */
} BuiltinKind;

/* Which arguments are values that the builder gets, and what they are asked for. */
typedef enum BuiltinReads { READS_VALUES, READS_AS_ASKED, READS_FIRST, READS_NOTHING } BuiltinReads;

/* The scalar type of the result, by that of the arguments: see builtins.def. */
typedef enum BuiltinGives { GIVES_REAL, GIVES_NUMBER, GIVES_SAME, GIVES_WHOLE, GIVES_TRUTH } BuiltinGives;

/* The reductions: becomes AST_REDUCE_SUM, AST_REDUCE_MEAN, ... */
typedef enum AstReduction {
#define REDUCTION(id, ...) AST_REDUCE_##id,
#include "frontend/builtins.def"
	AST_REDUCTION_COUNT
} AstReduction;

/* The rows by name: becomes BUILTIN_exp, BUILTIN_log, ... */
typedef enum BuiltinId {
#define CONSTANT(name, ...) BUILTIN_##name,
#define ELEMENTWISE(name, ...) BUILTIN_##name,
#define REDUCTION(id, name, ...) BUILTIN_##name,
#define FUNCTION(name, ...) BUILTIN_##name,
#define LATER(name, ...) BUILTIN_##name,
#include "frontend/builtins.def"
	BUILTIN_COUNT
} BuiltinId;

enum { BUILTIN_MANY = UINT16_MAX }; /* no limit of arguments */

typedef struct Builtin {
	const char *name;
	BuiltinId id;
	BuiltinKind kind;
	uint32_t least, most;  /* arguments of a call; 0 for constants and LATER */
	const char *arguments; /* as docs/language.md writes them: "a, low, high"; "" for constants and LATER */
	BuiltinReads reads;
	BuiltinGives gives;
	AstReduction reduction; /* REDUCTION */
	double constant[2];     /* CONSTANT: in f32 and f64 */
	int code;               /* LATER: of the error */
	const char *about;      /* one line; LATER: what is missing */
} Builtin;

/* All rows, in the order of BuiltinId. */
extern const Builtin builtins[BUILTIN_COUNT];

/* The row of a name; NULL if the language gives it no meaning. */
const Builtin *builtin_find(const char *name);
/* Is this word the name of a reduction (which are reserved)? If so, sets *op (op may be NULL). */
bool ast_reduction(const char *word, AstReduction *op);

#endif
