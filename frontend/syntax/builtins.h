/* The names of the language that need no declaration, as frontend/builtins.def and frontend/distributions.def list them.
 *
 *     const Builtin *b = builtin_find("atan2");    b->kind == BUILTIN_IS_ELEMENTWISE, b->least == b->most == 2
 *
 * A row is told apart by its kind; what a call of it means, meaning/elab_call.c says. */
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
#define STATISTIC(id, ...) AST_REDUCE_##id,
#include "frontend/builtins.def"
	AST_REDUCTION_COUNT
} AstReduction;

/* The rows by name: becomes BUILTIN_exp, BUILTIN_log, ... */
typedef enum BuiltinId {
#define CONSTANT(name, ...) BUILTIN_##name,
#define ELEMENTWISE(name, ...) BUILTIN_##name,
#define REDUCTION(id, name, ...) BUILTIN_##name,
#define STATISTIC(id, name, ...) BUILTIN_##name,
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
	AstReduction reduction; /* REDUCTION, STATISTIC */
	bool reserved;          /* REDUCTION: it is no name of anything else */
	double constant[2];     /* CONSTANT: in f32 and f64 */
	int code;               /* LATER: of the error */
	const char *about;      /* one line; LATER: what is missing */
} Builtin;

/* All rows, in the order of BuiltinId. */
extern const Builtin builtins[BUILTIN_COUNT];

/* The row of a name; NULL if the language gives it no meaning. */
const Builtin *builtin_find(const char *name);
/* Is this word the name of a reduction? If so, sets *op. */
bool ast_reduction(const char *word, AstReduction *op);
/* Is it one that is reserved? Nothing else may then have it as its name. */
bool ast_reduction_is_reserved(const char *word);

/* ---- distributions ---- */

typedef enum DistributionId {
#define DISTRIBUTION(name, ...) DISTRIBUTION_##name,
#define LATER(name, ...) DISTRIBUTION_##name,
#include "frontend/distributions.def"
	DISTRIBUTION_COUNT
} DistributionId;

/* What an argument has to be: becomes LIMITS_NUMBER, ... and what these are. */
typedef enum DrawLimitsId {
#define LIMITS(id, ...) LIMITS_##id,
#include "frontend/distributions.def"
} DrawLimitsId;

typedef struct DrawLimits {
	double low, high;
	bool low_allowed, high_allowed;
	const char *about; /* "a positive finite number" */
} DrawLimits;

extern const DrawLimits distribution_limits[];

typedef struct Distribution {
	const char *name;
	DistributionId id;
	uint32_t count; /* of arguments */
	bool optional;  /* none will do */
	BuiltinGives draws;
	DrawLimitsId limits[2]; /* of each argument */
	double spread;          /* the second is larger than the first, by no more than this; 0: they are independent */
	const char *together;   /* the same in words */
	const char *arguments, *about;
	int code; /* of the error if this version lacks it; otherwise 0 */
} Distribution;

/* All rows, in the order of DistributionId. */
extern const Distribution distributions[DISTRIBUTION_COUNT];

/* The row of a name; NULL if there is none. */
const Distribution *distribution_find(const char *name);

#endif
