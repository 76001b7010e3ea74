/* Random programs of the language, and what they compute.
 *
 * This folder shares nothing with Gradus: no header, no library. It makes a tree of its own (generate*.c), prints it as a .grad
 * file (write.c), and computes value and gradient by plain loops over that tree in double precision, with dual numbers
 * (oracle*.c, scalar.c). What Gradus makes of the text is held against that by tests/unit/test_random_programs.c. */
#ifndef GRADUS_TESTS_RANDOM_PROGRAM_H
#define GRADUS_TESTS_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RP_RANK = 6, RP_ARGS = 8, RP_INDICES = 4, RP_CONDS = 3, RP_RESULTS = 3, RP_COORDINATES = 40, RP_HYPERS = 3 };

/* ---- pool.c: memory that is freed at once, and random numbers ---- */

typedef struct RpPool RpPool;

RpPool *rp_pool_new(void);
void rp_pool_free(RpPool *pool);
void *rp_alloc(RpPool *pool, size_t bytes); /* zeroed */
/* Everything allocated after the mark goes back. */
size_t rp_mark(const RpPool *pool);
void rp_release(RpPool *pool, size_t mark);
uint64_t rp_random(uint64_t *state);

#define RP_NEW(pool, Type) ((Type *)rp_alloc(pool, sizeof(Type)))

/* ---- the tree ---- */

typedef enum RpKind { RP_REAL, RP_INT, RP_BOOL } RpKind;

typedef struct RpShape {
	int rank;
	int dims[RP_RANK];
} RpShape;

typedef enum RpRole {
	RP_CONST,
	RP_GIVEN,
	RP_PARAM,
	RP_LET,
	RP_VAR,
	RP_INDEX,   /* of a reduction, a definition or an assignment: a number in [low, high) */
	RP_COUNTER, /* of a loop, likewise */
	RP_ARGUMENT,
} RpRole;

typedef struct RpVar {
	char name[12];
	RpRole role;
	RpKind kind;
	RpShape shape;
	int low, high;  /* whole numbers lie in [low, high) */
	double size;    /* about the largest magnitude of an element */
	int slot;       /* where the oracle keeps its value */
	bool inferred;  /* INDEX: no range is written, and it follows from affine uses alone */
	bool literal;   /* CONST: written as a whole number, which it is where it has to be: `c * i` is whole */
	bool of_params; /* may depend on parameters */
	bool like_x;    /* in a rule: one such value per coordinate; shape is that of one */
} RpVar;

typedef struct RpExpr RpExpr;
typedef struct RpFn RpFn;

typedef enum RpItemKind { RP_AT, RP_SLICE, RP_ALL } RpItemKind;

typedef struct RpItem { /* between the brackets of A[...] */
	RpItemKind kind;
	RpExpr *at;
	int low, high;
} RpItem;

typedef enum RpOp {
	RP_NUMBER,   /* number; of kind BOOL: true or false */
	RP_NAME,     /* var */
	RP_FUNCTION, /* which: a row of rp_functions; args: 1 to 3 */
	RP_ADD,
	RP_SUB,
	RP_MUL,
	RP_DIV,
	RP_FLOORDIV,
	RP_MOD,
	RP_POWI, /* arg ^ whole number */
	RP_POW,  /* arg ^ real number */
	RP_NEG,
	RP_MIN,
	RP_MAX,
	RP_AND,
	RP_OR,
	RP_NOT,
	RP_COMPARE, /* which: of rp_comparisons; with three args a chain of `<` and `<=` */
	RP_WHERE,
	RP_IF,
	RP_READ,       /* arg 0 [items] */
	RP_REDUCE,     /* which: of rp_reductions; indices, conditions; arg 0 is the body */
	RP_REDUCE_ALL, /* of arg 0 */
	RP_MATMUL,
	RP_TRANSPOSE,
	RP_RESHAPE, /* to shape */
	RP_FLIP,
	RP_CUMSUM,
	RP_CONCAT,
	RP_STACK, /* [a, b] */
	RP_DOT,
	RP_NORM,
	RP_RMS,
	RP_FILL, /* which: 0 zeros, 1 ones, 2 eye, 3 iota */
	RP_SIZE,
	RP_CALL, /* fn(args); which: the result that is meant */
	/* in rules only */
	RP_OVER,       /* which: a reduction of arg 0 over the coordinates of the tensor */
	RP_ACROSS,     /* which: 0 all_sum, 1 all_mean, 2 all_max, of one number per tensor */
	RP_SIZE_X,     /* size(x) */
	RP_COORDINATE, /* which: of arg 0, which is like x; in joint rules */
} RpOp;

typedef enum RpReduction {
	RP_SUM,
	RP_MEAN,
	RP_MAXIMUM,
	RP_MINIMUM,
	RP_PROD,
	RP_LOGSUMEXP,
	RP_ARGMAX,
	RP_ARGMIN,
	RP_ANY,
	RP_EVERY,
	RP_VARIANCE,
	RP_REDUCTIONS
} RpReduction;

struct RpExpr {
	RpOp op;
	int which;
	RpKind kind;
	RpShape shape;
	int low, high; /* whole numbers: the values lie in [low, high) */
	double size;
	double number;
	RpVar *var;
	RpFn *fn;
	RpExpr *arg[RP_ARGS];
	int args;
	RpItem item[RP_RANK];
	int items;
	RpVar *index[RP_INDICES];
	bool stated[RP_INDICES];
	int indices;
	RpExpr *cond[RP_CONDS];
	int conds;
};

typedef struct RpStmt RpStmt;

typedef struct RpBlock {
	RpStmt *data[24];
	int count;
} RpBlock;

typedef enum RpStmtKind {
	RP_DEFINE, /* const, let, var, param, as the role of var[0] says; several vars take the results of a call */
	RP_DRAW,   /* given v ~ D(...) */
	RP_ASSIGN, /* var[0][items] <- value, or by an update; fresh indices in head */
	RP_FOR,
	RP_WHILE, /* yes as long as value[0] holds, `to` times at most */
	RP_WHEN,
	RP_REPORT,
	RP_MINIMIZE,
	RP_RETURN,
	RP_EACH, /* in a rule */
} RpStmtKind;

struct RpStmt {
	RpStmtKind kind;
	RpVar *var[RP_RESULTS];
	int vars;
	RpVar *head[RP_RANK]; /* let z[i in n] = value; ASSIGN: the fresh indices */
	bool stated[RP_RANK];
	int heads;
	bool typed; /* let z : [n] = value */
	RpItem item[RP_RANK];
	int items;
	RpExpr *value[RP_RESULTS];
	int values;
	char draw[40]; /* the distribution as text */
	RpVar *counter;
	int from, to; /* FOR; to: WHILE */
	int step;     /* FOR: 0 stands for 1 */
	char update;  /* ASSIGN: + - < >: the element itself plus, minus, smaller or larger; 0: none of these */
	RpBlock yes, no;
};

struct RpFn {
	char name[12];
	RpVar *param[3];
	int params;
	RpBlock body; /* ends with RETURN */
};

typedef struct RpProgram {
	RpPool *pool;
	uint64_t seed;
	int slots;
	RpFn *fn[4];
	int fns;
	RpBlock consts;
	int dims[3]; /* the parameters n0, n1, n2 of the objective */
	RpBlock body;
	int coordinates; /* elements of all parameters */
	int reports;
	RpVar *by; /* what is minimized is differentiated by this, and that is reported; NULL: it is not */
	int by_at[RP_RANK];
	bool twice; /* the other way round: the derivative is minimized */
} RpProgram;

/* An optimizer. Its learned numbers are one vector, in the order of `learned`. */
typedef enum RpLimits { RP_FREE, RP_BETWEEN, RP_ABOVE } RpLimits;

typedef struct RpLearned {
	RpVar *var;
	RpLimits limits;
	double low, high, start; /* numbers; arrays start at random */
} RpLearned;

typedef struct RpRule {
	RpPool *pool;
	int slots;
	RpVar *x, *g, *f, *t, *horizon;
	bool joint;   /* all parameters are one vector */
	bool indexed; /* ... and written coordinate by coordinate: x[i] <- x[i] - g[i] */
	RpVar *hyper
		[RP_HYPERS]; /* real numbers with defaults; those that are given are given another value by whoever runs it */
	double hyper_default[RP_HYPERS], hyper_value[RP_HYPERS];
	bool hyper_given[RP_HYPERS], hyper_range[RP_HYPERS]; /* a sensible range is stated */
	int hypers;
	RpLearned learned[6];
	int learned_count, theta_size;
	RpVar *state[5];
	RpExpr *state_start[5];
	int states;
	RpBlock body;
} RpRule;

/* ---- the names of rows ---- */

extern const char *const rp_comparisons[6]; /* < <= > >= == != */
extern const char *const rp_reductions[RP_REDUCTIONS];

/* ---- tree.c ---- */

int rp_count(const RpShape *shape);
bool rp_same_shape(const RpShape *a, const RpShape *b);
RpExpr *rp_expr(RpPool *pool, RpOp op, RpKind kind);
RpExpr *rp_number(RpPool *pool, double number);
RpExpr *rp_whole(RpPool *pool, int number);
RpExpr *rp_name(RpPool *pool, RpVar *var);
RpExpr *rp_binary(RpPool *pool, RpOp op, RpKind kind, RpExpr *a, RpExpr *b);
typedef enum RpType { RP_TYPE_REAL, RP_TYPE_INT, RP_TYPE_LITERAL, RP_TYPE_BOOL } RpType;
/* The type that the language gives to what a number stands for here: `2 * i` is whole where kind says real number. */
RpType rp_type(const RpExpr *e);
/* Is var mentioned below? */
bool rp_mentions(const RpExpr *e, const RpVar *var);
/* Calls visit on every place that holds an expression, outer ones first; visit may replace what is there. */
typedef void RpVisit(void *context, RpExpr **place);
void rp_each_expr(RpProgram *program, RpVisit *visit, void *context);
void rp_each_of_block(RpBlock *block, RpVisit *visit, void *context);
void rp_each_below(RpExpr **place, RpVisit *visit, void *context);

/* ---- scalar.c ---- */

typedef struct RpFunction {
	const char *name;
	int args;
	/* The value, and the slope in every argument. Sets *decided where the function is not smooth: which side was taken. */
	double (*value)(const double *a, double *slope, int *decided);
	double low, high; /* the arguments that a program gives it */
	double size;      /* of the value, then */
} RpFunction;

extern const RpFunction rp_functions[];
extern const int rp_function_count;

/* ---- generate.c ---- */

RpProgram *rp_generate(uint64_t seed);

/* A rule whose steps are small, made in the pool of `program`, which loses its stop_gradients. */
RpRule *rp_generate_rule(RpProgram *program, uint64_t seed);

/* ---- derivative.c ---- */

void rp_add_derivative(RpProgram *program, uint64_t seed);

/* ---- write.c, write_rule.c ---- */

void rp_write(const RpProgram *program, FILE *out);
void rp_write_rule(const RpProgram *program, const RpRule *rule, FILE *out);
char *rp_text(const RpProgram *program, const RpRule *rule); /* rule: may be NULL; the caller frees the text */
/* The rule with the hyperparameters that it is given: `rule(h1 = 0.5)`. */
void rp_write_call(const RpRule *rule, FILE *out);

/* ---- oracle.c ---- */

typedef struct RpAnswer {
	double value;
	double gradient[RP_COORDINATES];
	double report[8];
	double start[RP_COORDINATES]; /* NaN where it is drawn */
	int along;                    /* of the reports, the derivative that is inside of the program */
	uint64_t decisions;           /* a hash of all choices that the values made */
	bool unclear;                 /* one of them was made by NaN, or among nothing: the language does not say how */
} RpAnswer;

/* Data that is drawn comes from outside: fills out with the elements of the given named so. */
typedef void RpGiven(void *context, const RpVar *given, double *out);

/* Errors put into the results of all operations, of this relative size: they show how sensitive the answer is, and whether a
 * choice hangs by a hair. alike: equal results get equal errors, so that what is equal by construction stays so. */
typedef struct RpNoise {
	double size;
	uint64_t seed;
	bool alike;
	bool single; /* results are rounded to f32, so more of them have an error */
} RpNoise;

void rp_evaluate(const RpProgram *program, const double *x, RpGiven *given, void *context, RpNoise noise,
                 RpAnswer *out);

/* ---- oracle_rule.c ---- */

typedef struct RpRun {
	double f[17]; /* at the start, then after every step */
	double x[RP_COORDINATES];
	uint64_t decisions;
	bool unclear;
} RpRun;

/* `steps` (at most 16) of the rule from x, with learned numbers from theta as training holds them. */
void rp_simulate(const RpProgram *program, const RpRule *rule, const double *x, const double *theta, int steps,
                 RpGiven *given, void *context, RpNoise noise, RpRun *out);
double rp_natural(const RpLearned *learned, double theta); /* inside its limits */

/* ---- shrink.c ---- */

/* Makes the program (and the rule, if there is one) smaller as long as it still fails. fails: says so of the program as it is
 * now; at most `tries` calls. */
typedef bool RpFails(void *context, RpProgram *program, RpRule *rule);
void rp_shrink(RpProgram *program, RpRule *rule, RpFails *fails, void *context, int tries);

#endif
