/* limits: how deep and how long programs may be, how far the frontend reckons, and how much it shows.
 *
 * Measured (a release build, one core of a server): 1300 expressions inside of each other take less than 512 kB of stack, so
 * ELAB_MOST_NESTING stays within the 8 MB that systems give, sanitizers included; a loop whose turns come to ELAB_MOST_COPIES
 * expressions is checked within a second. The others are chosen, not measured: numbers that programs do not reach, or
 * that are enough for a reader. */
#ifndef GRADUS_FRONTEND_LIMITS_H
#define GRADUS_FRONTEND_LIMITS_H

#include <stdint.h>

/* ---- how much of a source is read ---- */
enum {
	/* lexer.c: errors of a source: more help no one, and files that are no programs have thousands */
	PARSE_MAX_ERRORS = 200,
	/* parser.c, E0140: brackets, prefixes and blocks inside of each other, which is recursion */
	PARSE_MAX_NESTING = 200,
	/* parse_expr.c, E0140: depth of an expression's tree, which a sum of so many terms has without brackets */
	PARSE_MAX_DEPTH = 500
};

/* ---- how much a message shows ---- */
enum {
	/* call.c, declarations.c: names that are listed as what could have been meant */
	SHOWN_NAMES = 8,
	/* resolve_report.c, elab_name.c: places of one name that are marked */
	SHOWN_PLACES = 4,
	/* resolve_report.c: unknown names that get a suggestion, for which all names are compared */
	SHOWN_SUGGESTIONS = 100,
	/* resolve_report.c: characters of a value that is quoted in advice */
	SHOWN_VALUE = 40,
	/* typing.c: characters of the types that a function's argument has in its calls */
	SHOWN_TYPES = 100
};

/* ---- how large open expressions may be ---- */
enum {
	/* hole.c, E0332: nodes of an expression, beyond which it says little to who reads it; what is searched where nothing is said; constants */
	HOLE_MOST_SIZE = 16,
	HOLE_USUAL_SIZE = 7,
	HOLE_MOST_CONSTANTS = 4,
	HOLE_USUAL_CONSTANTS = 1,
	/* rule_hole.c, E0331: operands */
	HOLE_MOST_OPERANDS = 12,
	/* ... open expressions of a rule, E0330 */
	HOLE_MOST = 4,
	/* numbers of `learn` beside open expressions or choices that are fitted as constants of each candidate; where there are more, or arrays of
	 * them, candidates are trained */
	HOLE_MOST_FITTED = 10,
	/* learner.c, E0332: statements of each section of an open learner; numbers of its memory, and vectors */
	LEARNER_MOST_STATEMENTS = 16,
	LEARNER_MOST_MEMORY = 8
};

/* ---- how far objectives are made of objectives ---- */
enum {
	/* compose.c, E0140: how deep */
	COMPOSE_MOST_DEPTH = 20
};

/* ---- how far whole numbers are followed ---- */

/* Beyond these, nothing is known of an integer. The sum and the difference of two still fit into 64 bits. */
#define EX_FAR (INT64_C(1) << 61)
/* whole.c: a number below this in magnitude is added to one that was read without a check: the sum fits into 64 bits, and of what is no
 * number it makes none */
#define EX_MOST_ADDED (INT64_C(1) << 40)
/* E0213: elements of an array, along an axis or in all; steps of a run. What is drawn of one name in one step has numbers below
 * this, so that those of the next step begin at it. As a double the number is exact. */
#define EX_MOST_ELEMENTS (INT64_C(1) << 40)

enum {
	/* range_uses.c: factors of indices; a position by such a factor stays below EX_FAR */
	ELAB_MOST_FACTOR = 1 << 20,
	/* elab_known.c: how far the ends of a loop that are not known may lie from 0 */
	ELAB_MOST_BOUND = INT32_MAX,
	/* experiment.c: counts of an experiment, which are int */
	FE_MOST_COUNT = 1000000000
};

/* rule_hyper.c: whole numbers below this are exact as doubles, their neighbours included */
static const double fe_most_whole = 9e15;

/* ---- how much is made of an expression ---- */
enum {
	/* ex.c: counts of nodes stay at this; value.h: walks that look at every use of a node by itself give up beyond the other */
	EX_HUGE = 1 << 20,
	EX_LARGE = 256,
	/* emit.c: nodes of an expression that is rather computed at every use than stored, if it is whole numbers and reads */
	VALUE_MOST_CHEAP = 64,
	/* emit.c: depth from which on a value is stored, as passes walk expressions by recursion */
	VALUE_MOST_DEPTH = 1000,
	/* elab_shape.c: parts of stacks that are joined to one stack, each an expression of its own */
	ELAB_MOST_PARTS = 256
};

/* ---- how long a proof is looked for ---- */
enum {
	/* proof.c: the innermost conditions that are looked at; those tried alone, and with each of the others. What they do not prove
	 * is reported, so nothing wrong passes. */
	PROOF_FACTS = 1024,
	PROOF_FACTS_ALONE = 256,
	PROOF_FACTS_IN_PAIRS = 32,
	/* proof.c: conditions `a != b` of which it is tried whether they make another sharper */
	PROOF_FACTS_SHARPENED = 8,
	/* elab_draw_arguments.c: points at which arguments of a draw are computed beforehand; the run looks at the rest */
	ELAB_MOST_POINTS = 4096,
	/* elab_draw_counts.c: categories whose sums of weights are each computed from the first weight on; more take a loop */
	ELAB_FEW_WEIGHTS = 16
};

/* ---- what is written out ---- */
enum {
	/* elab.c, E0140: expressions that are elaborated again because a function is called or a turn written out; expressions
	 * inside of each other, functions and constants included; functions and constants inside of each other */
	ELAB_MOST_COPIES = 200000,
	ELAB_MOST_NESTING = 1500,
	ELAB_MOST_CALLS = 200,
	/* elab_derivative.c, E0140: scalar operations that one derivative is of, as they are written out when it is made */
	ELAB_MOST_DERIVED = 100000,
	/* elab_loop.c: loops of so few turns are written out, so that positions stay plain numbers; turns of nested loops
	 * multiplied that are */
	ELAB_FEW_TURNS = 4,
	ELAB_FEW_NESTED_TURNS = 16
};

/* ---- what stands for sizes that are not known ---- */

/* check.c: a rule is typed on two tensors; a joint one on two sizes, prime and far apart; and what has hyperparameters without a
 * default with two numbers */
static const int64_t fe_checked_tensors[2] = {7, 3}, fe_checked_sizes[2] = {7, 1009};
static const char *const fe_checked_numbers[2] = {"3", "7"};

enum {
	/* data.c: sizes that a file would give without the file: not small, and different for different names: from the first (rows)
	 * or the second (other axes) on, and less than the third above */
	DATA_ASSUMED_ROWS = 1000,
	DATA_ASSUMED_COLUMNS = 100,
	DATA_ASSUMED_SPREAD = 97
};

/* rule_learned.c: how far out theta may start: beyond, a sigmoid has long been 0 or 1 */
static const double fe_most_theta = 1e4;

#endif
