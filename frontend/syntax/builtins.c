/* The tables of the language's names, expanded from builtins.def and distributions.def. */
#include "frontend/syntax/builtins.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MANY BUILTIN_MANY

const Builtin builtins[BUILTIN_COUNT] = {
#define CONSTANT(row, f32, f64, text)                                                                                  \
	[BUILTIN_##row] = {.name = #row,                                                                                   \
	                   .id = BUILTIN_##row,                                                                            \
	                   .kind = BUILTIN_IS_CONSTANT,                                                                    \
	                   .arguments = "",                                                                                \
	                   .constant = {f32, f64},                                                                         \
	                   .about = text},
#define ELEMENTWISE(row, count, list, type, text)                                                                      \
	[BUILTIN_##row] = {.name = #row,                                                                                   \
	                   .id = BUILTIN_##row,                                                                            \
	                   .kind = BUILTIN_IS_ELEMENTWISE,                                                                 \
	                   .least = count,                                                                                 \
	                   .most = count,                                                                                  \
	                   .arguments = list,                                                                              \
	                   .gives = GIVES_##type,                                                                          \
	                   .about = text},
#define REDUCTION(which, row, limit, type, text)                                                                       \
	[BUILTIN_##row] = {.name = #row,                                                                                   \
	                   .id = BUILTIN_##row,                                                                            \
	                   .kind = BUILTIN_IS_REDUCTION,                                                                   \
	                   .least = 1,                                                                                     \
	                   .most = limit,                                                                                  \
	                   .arguments = limit == 1 ? "A" : "a, b, ...",                                                    \
	                   .reads = limit == 1 ? READS_VALUES : READS_AS_ASKED,                                            \
	                   .gives = GIVES_##type,                                                                          \
	                   .reduction = AST_REDUCE_##which,                                                                \
	                   .reserved = true,                                                                               \
	                   .about = text},
#define STATISTIC(which, row, type, text)                                                                              \
	[BUILTIN_##row] = {.name = #row,                                                                                   \
	                   .id = BUILTIN_##row,                                                                            \
	                   .kind = BUILTIN_IS_REDUCTION,                                                                   \
	                   .least = 1,                                                                                     \
	                   .most = 1,                                                                                      \
	                   .arguments = "A",                                                                               \
	                   .reads = READS_VALUES,                                                                          \
	                   .gives = GIVES_##type,                                                                          \
	                   .reduction = AST_REDUCE_##which,                                                                \
	                   .about = text},
#define FUNCTION(row, low, high, list, how, type, text)                                                                \
	[BUILTIN_##row] = {.name = #row,                                                                                   \
	                   .id = BUILTIN_##row,                                                                            \
	                   .kind = BUILTIN_IS_FUNCTION,                                                                    \
	                   .least = low,                                                                                   \
	                   .most = high,                                                                                   \
	                   .arguments = list,                                                                              \
	                   .reads = READS_##how,                                                                           \
	                   .gives = GIVES_##type,                                                                          \
	                   .about = text},
#define LATER(row, number, text)                                                                                       \
	[BUILTIN_##row] = {                                                                                                \
		.name = #row, .id = BUILTIN_##row, .kind = BUILTIN_IS_LATER, .arguments = "", .code = number, .about = text},
#include "frontend/builtins.def"
};

const Builtin *builtin_find(const char *name) {
	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

bool ast_reduction(const char *word, AstReduction *op) {
	const Builtin *b = builtin_find(word);
	if (b == NULL || b->kind != BUILTIN_IS_REDUCTION)
		return false;
	*op = b->reduction;
	return true;
}

bool ast_reduction_is_reserved(const char *word) {
	const Builtin *b = builtin_find(word);
	return b != NULL && b->kind == BUILTIN_IS_REDUCTION && b->reserved;
}

const DrawLimits distribution_limits[] = {
#define LIMITS(id, least, least_allowed, most, most_allowed, text)                                                     \
	[LIMITS_##id] = {least, most, least_allowed, most_allowed, text},
#include "frontend/distributions.def"
};

const Distribution distributions[DISTRIBUTION_COUNT] = {
#define DISTRIBUTION(row, number_of, may_lack, type, random, first, second, largest, both, list, text)                 \
	[DISTRIBUTION_##row] = {.name = #row,                                                                              \
	                        .id = DISTRIBUTION_##row,                                                                  \
	                        .count = number_of,                                                                        \
	                        .optional = may_lack,                                                                      \
	                        .draws = GIVES_##type,                                                                     \
	                        .limits = {LIMITS_##first, LIMITS_##second},                                               \
	                        .spread = largest,                                                                         \
	                        .together = both,                                                                          \
	                        .arguments = list,                                                                         \
	                        .about = text},
#define LATER(row, number, text)                                                                                       \
	[DISTRIBUTION_##row] = {.name = #row, .id = DISTRIBUTION_##row, .arguments = "", .code = number, .about = text},
#include "frontend/distributions.def"
};

const Distribution *distribution_find(const char *name) {
	for (int i = 0; i < DISTRIBUTION_COUNT; i++)
		if (strcmp(distributions[i].name, name) == 0)
			return &distributions[i];
	return NULL;
}
