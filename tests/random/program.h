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

enum {
	RP_RANK = 6,
	RP_ARGS = 8,
	RP_INDICES = 4,
	RP_CONDS = 3,
	RP_RESULTS = 3,
	RP_COORDINATES = 40,
	RP_RESIDUALS = 12,
	RP_HYPERS = 3
};

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

/* Between which numbers a parameter, or what is learned, is kept. */
typedef enum RpLimits { RP_FREE, RP_BETWEEN, RP_ABOVE, RP_BELOW } RpLimits;

typedef struct RpVar {
	char name[12];
	RpRole role;
	RpKind kind;
	RpShape shape;
	int low, high;      /* whole numbers lie in [low, high) */
	double size;        /* about the largest magnitude of an element */
	int slot;           /* where the oracle keeps its value */
	bool inferred;      /* INDEX: no range is written, and it follows from affine uses alone */
	bool literal;       /* CONST: written as a whole number, which it is where it has to be: `c * i` is whole */
	bool of_params;     /* may depend on parameters */
	bool batch;         /* GIVEN: drawn at every step */
	RpLimits limits;    /* PARAM: what optimizers see is a number without limits */
	double least, most; /* ... then */
	int apart;          /* PARAM: so many axes in front count tensors, which rules treat apart */
	bool like_x;        /* in a rule: one such value per coordinate; shape is that of one */
} RpVar;

typedef struct RpExpr RpExpr;
typedef struct RpFn RpFn;

typedef enum RpItemKind {
	RP_AT,
	RP_SLICE, /* low..high; with `at`, the same number of elements from there on */
	RP_ALL,
	RP_GATHER, /* at: an array of whole numbers, whose axes take the place of this one */
} RpItemKind;

typedef struct RpItem { /* between the brackets of A[...] */
	RpItemKind kind;
	RpExpr *at;
	int low, high;
} RpItem;

typedef enum RpOp {
	RP_NUMBER,   /* number; of kind BOOL: true or false */
	RP_CONSTANT, /* which: of rp_constants */
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
	RP_RESHAPE, /* to shape; with arg 1, which is a name, to the shape of that */
	RP_FLIP,
	RP_CUMSUM,
	RP_CONCAT,
	RP_STACK, /* [a, b] */
	RP_DOT,
	RP_NORM,
	RP_RMS,
	RP_FILL, /* which: 0 zeros, 1 ones, 2 eye, 3 iota */
	RP_WORD, /* which: of rp_words */
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
	RP_STD,
	RP_MEDIAN,
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
	RP_DRAW,   /* given v ~ D(values), which may vary with the head; in a rule let v ~ D(values) */
	RP_ASSIGN, /* var[0][items] <- value, or by an update; fresh indices in head */
	RP_FOR,
	RP_WHILE, /* yes as long as value[0] holds, `to` times at most */
	RP_WHEN,
	RP_REPORT,
	RP_RESIDUALS_ARE, /* residuals value */
	RP_MINIMIZE,
	RP_RETURN,
	/* in rules */
	RP_EACH,
	RP_LOOK,    /* let v = value(y), and what else asks the objective: look says what */
	RP_BY_AXES, /* x moves by what its axes say, at the rate value[0] */
} RpStmtKind;

typedef enum RpLook {
	RP_LOOK_VALUE,             /* value(y) */
	RP_LOOK_GRADIENT,          /* gradient(y) */
	RP_LOOK_TANGENT,           /* jvp(gradient(x), x, y) */
	RP_LOOK_HESSIAN,           /* grad(dot(gradient(x), y), x) */
	RP_LOOK_RESIDUAL_SLOPE,    /* dot(residuals, jvp(residuals, x, y)) */
	RP_LOOK_RESIDUAL_GRADIENT, /* grad(dot(residuals, r), x), r being the residuals, held */
	RP_LOOKS
} RpLook;

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
	int draw; /* DRAW: of rp_distributions */
	RpVar *counter;
	int from, to; /* FOR without values; to: WHILE. With values, these are the two bounds */
	int step;     /* FOR: 0 stands for 1 */
	int look;
	char update; /* ASSIGN: + - < >: the element itself plus, minus, smaller or larger; 0: none of these */
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
	int by_word;   /* 0: by grad, 1: by jacobian, 2: by jvp */
	int residuals; /* how many there are */
	bool flat;     /* written as one that is evaluated at one vector, which is all parameters, without limits */
	bool twice;    /* the other way round: the derivative is minimized */
} RpProgram;

/* An optimizer. Its learned numbers are one vector, in the order of `learned`. */
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
	RpVar *local[2]; /* what `var` defines first of all */
	int locals;
	bool applied;                                      /* by another one, which does nothing else */
	bool axes, differentiates, collects, looks, loops; /* has such things */
	bool by;                                           /* a hyperparameter is a function: tanh */
	RpBlock body;
} RpRule;

/* ---- the names of rows ---- */

extern const char *const rp_comparisons[6]; /* < <= > >= == != */
extern const char *const rp_reductions[RP_REDUCTIONS];
extern const char *const rp_constants[3]; /* pi epsilon inf */

/* The functions of whole arrays that RP_WORD stands for, each made by generate_word.c and computed by oracle_word.c. */
#define RP_WORDS(ROW)                                                                                                  \
	ROW(isnan)                                                                                                         \
	ROW(isfinite)                                                                                                      \
	ROW(size)                                                                                                          \
	ROW(rank)                                                                                                          \
	ROW(shape)                                                                                                         \
	ROW(like)                                                                                                          \
	ROW(linspace)                                                                                                      \
	ROW(cumprod)                                                                                                       \
	ROW(softmax)                                                                                                       \
	ROW(log_softmax)                                                                                                   \
	ROW(sort)                                                                                                          \
	ROW(argsort)                                                                                                       \
	ROW(quantile)                                                                                                      \
	ROW(matrix)                                                                                                        \
	ROW(outer)                                                                                                         \
	ROW(diag)                                                                                                          \
	ROW(trace)                                                                                                         \
	ROW(cholesky)                                                                                                      \
	ROW(triangular_solve)                                                                                              \
	ROW(triangular_solve_transposed)                                                                                   \
	ROW(solve)                                                                                                         \
	ROW(inverse)                                                                                                       \
	ROW(det)                                                                                                           \
	ROW(logdet)

#define RP_WORD_ENUM(name) RP_WORD_##name,
typedef enum RpWord { RP_WORDS(RP_WORD_ENUM) RP_WORD_COUNT } RpWord;
#undef RP_WORD_ENUM

extern const char *const rp_words[RP_WORD_COUNT];

#define RP_DISTRIBUTIONS(ROW)                                                                                          \
	ROW(normal)                                                                                                        \
	ROW(uniform)                                                                                                       \
	ROW(exponential)                                                                                                   \
	ROW(loguniform)                                                                                                    \
	ROW(integer)                                                                                                       \
	ROW(bernoulli)                                                                                                     \
	ROW(gamma)                                                                                                         \
	ROW(beta)                                                                                                          \
	ROW(student_t)                                                                                                     \
	ROW(categorical)                                                                                                   \
	ROW(permutation)                                                                                                   \
	ROW(poisson)                                                                                                       \
	ROW(binomial)

#define RP_DISTRIBUTION_ENUM(name) RP_##name,
typedef enum RpDistribution { RP_DISTRIBUTIONS(RP_DISTRIBUTION_ENUM) RP_DISTRIBUTION_COUNT } RpDistribution;
#undef RP_DISTRIBUTION_ENUM

extern const char *const rp_distributions[RP_DISTRIBUTION_COUNT];

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
/* Differences see what stop_gradient hides: another function stands for it then. */
void rp_remove_stops(RpProgram *program);
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
	char jump; /* where it is decided: '0' at 0, 'w' at whole numbers, 'h' between them, 'c' at the limits of clip */
	const char *body; /* NULL: the language has it; otherwise a function of that name is declared, which is this */
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
/* Whether the objective is written as one that is made of another. */
bool rp_is_composed(const RpProgram *program);
/* The rule with the hyperparameters that it is given: `rule(h1 = 0.5)`. */
void rp_write_call(const RpRule *rule, FILE *out);

/* ---- oracle.c ---- */

typedef struct RpAnswer {
	double value;
	double gradient[RP_COORDINATES];
	double report[8];
	double start[RP_COORDINATES]; /* as optimizers see it */
	double declared[RP_COORDINATES],
		slope[RP_COORDINATES]; /* x as the parameters are declared, and how fast that moves with x */
	double residual[RP_RESIDUALS][1 + RP_COORDINATES]; /* each with its derivatives */
	int along;          /* of the reports, the derivative that is inside of the program */
	uint64_t decisions; /* a hash of all choices that the values made */
	bool unclear;       /* one of them was made by NaN, or among nothing: the language does not say how */
} RpAnswer;

/* How far from the other side every choice was, in their order: zero if a hair decides. What noise moves by a good part of that can
 * come out either way, though no sample of the noise may show it. */
typedef struct RpMargins {
	double *data;
	int count, room, at;
	bool compares; /* against what was recorded */
} RpMargins;

/* Errors put into the results of all operations, of this relative size: they show how sensitive the answer is, and whether a
 * choice hangs by a hair. alike: equal results get equal errors, so that what is equal by construction stays so. */
typedef struct RpNoise {
	double size;
	uint64_t seed;
	bool alike;
	bool single;        /* results are rounded to f32, so more of them have an error */
	int instance, step; /* of what is drawn: the problem, and the number of the step, from 1 */
	RpMargins *margins; /* NULL: nobody asks */
} RpNoise;

void rp_evaluate(const RpProgram *program, const double *x, RpNoise noise, RpAnswer *out);

/* ---- oracle_rule.c ---- */

typedef struct RpRun {
	double f[17]; /* at the start, then after every step */
	double x[RP_COORDINATES];
	uint64_t decisions;
	bool unclear;
} RpRun;

/* `steps` (at most 16) of the rule from x, with learned numbers from theta as training holds them. */
void rp_simulate(const RpProgram *program, const RpRule *rule, const double *x, const double *theta, int steps,
                 RpNoise noise, RpRun *out);
double rp_natural(const RpLearned *learned, double theta); /* inside its limits */

/* ---- shrink.c ---- */

/* Makes the program (and the rule, if there is one) smaller as long as it still fails. fails: says so of the program as it is
 * now; at most `tries` calls. */
typedef bool RpFails(void *context, RpProgram *program, RpRule *rule);
void rp_shrink(RpProgram *program, RpRule *rule, RpFails *fails, void *context, int tries);

#endif
