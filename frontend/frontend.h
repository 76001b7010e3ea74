/* frontend: from .grad text to tensor IR. What the rest of Gradus uses: load a program (names/program.h), check it, and
 * instantiate its objectives, rules and experiments as functions of the tensor IR. syntax/ast.h has the syntax tree. */
#ifndef GRADUS_FRONTEND_H
#define GRADUS_FRONTEND_H

#include "frontend/hole.h"
#include "frontend/learner.h"
#include "frontend/names/program.h"
#include "frontend/std/std.h"

/* ---- decl/check.c ---- */

/* Every declaration of the user's files instantiated with its defaults: all errors at once. */
bool fe_check(FeProgram *program);

/* ---- decl/place.c: for editors ---- */

/* What stands at a place of a source. */
typedef struct FePlace {
	Span span;        /* the name or expression that is there */
	Name name;        /* 0: an expression that is no name */
	const char *kind; /* "let", "index", "optimizer", "of the language"; NULL for what is no name */
	Span declared;    /* file 0: nowhere in a source */
	const char
		*type; /* "real[3, 2]", "int in 0..5", "real = 0.1", with the defaults of its declaration; of a function by its
	                      * calls, with " or " where they differ; NULL: not known */
	const char *comment; /* what is written above the declaration, or behind it; NULL or "": nothing */
} FePlace;

/* `offset`: in bytes, from 0. false: nothing has a meaning there. Adds no diagnostics. */
bool fe_at(FeProgram *program, uint32_t source, uint32_t offset, FePlace *out);

/* ---- decl/objective.c ---- */

/* How a flat vector holds a number v that has limits, as a number u without: v = u; low + (high - low) sigmoid(u); low + exp(u);
 * high - exp(u) */
typedef enum FeTransform { FE_PLAIN, FE_LOGIT, FE_LOG, FE_LOG_BELOW } FeTransform;

typedef struct FeLimits {
	FeTransform transform;
	double low, high;       /* themselves outside; may be infinite */
	double lowest, highest; /* the outermost numbers of this precision that lie inside */
	bool limited;           /* some are stated */
} FeLimits;

/* A named piece of a flat vector: a parameter in x, or a learned tensor in theta. */
typedef struct FeSlot {
	Name name;
	IrType type;    /* its own shape */
	int64_t offset; /* first element in the flat vector */
	int64_t count;
	Span span;
	FeLimits limits; /* of its elements */
} FeSlot;

/* An array of a file, shared by all problems. */
typedef struct FeData {
	Name name;
	IrType type;
	Span span;
	AstName declared;
	FeDataFound found;
	VEC(AstName) open;           /* sizes that the file decided ... */
	int64_t sizes[IR_USER_RANK]; /* ... and what they are */
} FeData;

/* What an evaluation draws, drawn beforehand. */
typedef struct FeBatch {
	VEC(FeSlot) slots; /* offsets unused */
	IrFunc *draw;      /* (data..., seed, instance, step: i64, fixed..., x: [N]) -> batch...; NULL: there are none */
} FeBatch;

typedef struct FeObjective {
	const AstDecl *decl;
	IrModule *module;
	IrScalar real; /* IR_F32 or IR_F64 */
	VEC(FeSlot)
	params; /* pieces of x, in declaration order, row-major; a head in front of an array gives several, W[0], W[1], ... */
	VEC(FeSlot) arrays; /* the same as they are declared: one for each `param` */
	int64_t size;       /* N: elements of x, which holds parameters with limits as FeLimits says */
	VEC(FeData) data;   /* parameters of all three functions, with the role of data */
	VEC(FeSlot)
	fixed; /* what setup makes and the others read: givens, and lets that depend only on givens (offsets unused) */
	VEC(Name) reports;
	int64_t residuals; /* how many numbers its `residuals` are; 0: it has none */
	bool random_start; /* the start depends on the instance */
	bool batches;      /* something is drawn at every step: value takes seed, instance and the number of the step */
	IrFunc *setup;     /* (data..., seed: i64, instance: i64) -> fixed... */
	IrFunc *start;     /* (data..., seed: i64, instance: i64, fixed...) -> x: [N] */
	IrFunc *validate;  /* as value, -> what is scored instead of f; NULL: f is */
	/* (data..., [seed, instance, step: i64,] fixed..., x: [N]) -> f, reports..., residuals: [residuals] if there are any */
	IrFunc *value;
	IrFunc *natural;               /* (x: [N]) -> [N]: the parameters as they are declared; NULL: x is that */
	FeBatch batch, validate_batch; /* of value and of validate; of fe_objective_apart only */
} FeObjective;

/* What a rule works on: the tensors of x by size, or one tensor of symbolic size. */
typedef struct FeTarget {
	const int64_t *sizes; /* elements per parameter tensor */
	uint32_t count;       /* 0: one tensor whose size is the symbol "n" */
	/* Their shapes, which rules that look at the axes of x are made for; NULL: they are vectors. */
	const IrType *types;
	uint32_t type_count;          /* `count`; a check without an objective may look at other shapes */
	const FeObjective *objective; /* whose they are; NULL: not known */
} FeTarget;

/* The tensors of an objective as what a rule works on, in `arena`. */
FeTarget fe_target(const FeObjective *objective, Arena *arena);
extern const FeTarget fe_usual_tensors; /* one number, a vector, a matrix, a tensor of three axes */
/* NULL with diagnostics. Real hyperparameters of an objective become constants. */
FeObjective *fe_objective(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real);
/* The same with batches drawn by functions of their own: value and validate have (data..., fixed..., batch..., x: [N]) instead, and
 * `batches` is false. What the caller gives for a batch may be any number of its type: indices are checked where they are used. */
FeObjective *fe_objective_apart(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real);
/* The same with x as it is declared: limits of parameters are noted, and not kept. */
FeObjective *fe_objective_declared(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real);
/* Is anything of it drawn? If not, all problems of the family are one. */
bool fe_draws(FeProgram *program, const FeCall *objective);
bool fe_validates(FeProgram *program,
                  const FeCall *objective); /* runs are judged by what it validates with, not by f */

/* ---- decl/rule.c ---- */

typedef struct FeHyper {
	Name name;
	double value; /* as instantiated */
	bool given;   /* by the call, not by default */
	bool has_range;
	double low, high; /* may be infinite */
} FeHyper;

typedef struct FeLearned {
	FeSlot slot;               /* in theta; its name, for what a rule that is applied learns: base.W1 */
	const AstDeclare *declare; /* where it stands in the tree; NULL: opened from outside */
	const AstDecl *decl;       /* the rule that declares it, or whose hyperparameter it is */
	Name within;               /* what that is called by the rule itself: base, base.inner; 0: it is the rule itself */
	bool from_hyper;           /* opened from outside (--learn adam.lr) */
	uint32_t like_x;           /* axes that are as long as x, as bits: those that say so, not those that happen to be */
	bool by_size;              /* its declaration mentions x: its shape may follow from size(x) */
} FeLearned;

/* choose { a, b, c } */
typedef struct FeChoice {
	const AstDecl *decl; /* the rule in whose text it stands: this one, or one that it applies */
	const AstExpr *expr;
	const char *name; /* of the `let` whose value it is; of others their number in that rule */
	uint32_t number;  /* among those of that rule */
	uint32_t count;   /* of alternatives */
} FeChoice;

typedef struct FeRule {
	const AstDecl *decl;
	IrModule *module;
	IrScalar real;
	VEC(FeHyper) hypers; /* the real ones, run-time arguments (not those opened as learned) */
	int rate; /* the first of them that is called like a rate and that the call does not give: what a search tries; -1: none */
	VEC(FeLearned) learned;
	int64_t learned_count; /* P */
	VEC(FeSlot)
	states; /* in declaration order (offsets unused); per-coordinate ones start with axis N, per-tensor ones with the number of tensors (if more than one) */
	VEC(bool) state_each;                              /* per state: has one entry per coordinate */
	bool reads_f, reads_g, reads_horizon, elementwise; /* elementwise: no coordinate sees another; f, g: read at all */
	bool
		by_shape; /* it looks at the axes of x: made for these shapes in this order, and states are those of all tensors of a shape */
	bool evaluates;     /* the step evaluates the objective at other places than x */
	bool derives;       /* ... and differentiates that, or reads residuals */
	bool draws;         /* the step draws random numbers, and so takes seed and instance */
	const FeHole *hole; /* of fe_rule_open only: the first expression that is open, from which the next ones hang */
	VEC(FeChoice)
	choices; /* that nobody has made: each is its first alternative; of fe_rule_choosing, the last of `hypers` pick (from 0) */
	uint32_t collectives; /* symbolic target only: the number of barriers */
	VEC(bool) largest; /* per collective: it is the largest share of all tensors (from -inf on), and else their sum */
	IrFunc *theta;     /* (seed: i64) -> theta: [P], the start of the learned numbers */
	IrFunc *natural;   /* (theta: [P]) -> [P]: the learned numbers as the rule uses them */
	IrFunc *init;      /* (x: [N], hypers..., theta: [P]) -> states... */
	/* (x: [N], g: [N], f, t: i64, horizon: i64, hypers..., [seed: i64, instance: i64,] theta: [P], states...) -> x: [N], states...
	 * theta is absent if P = 0, seed and instance if nothing is drawn; with a symbolic target that is not joint, the number of the first
	 * coordinate among all of x and that of the tensor follow them. With a symbolic target and collectives, the parameters end with one real scalar per collective
	 * (of all tensors) and the results with one per collective (this tensor's share); share k depends only on collectives before
	 * k, so a caller runs it in phases. With open expressions, the parameters also hold their values (IR_ROLE_HOLE), and the results what they may be
	 * made of (IR_ROLE_OPERAND, one hole's after the other's), which depends on earlier ones alone. */
	IrFunc *step;
} FeRule;

/* `open`: hyperparameters to be learned as well. NULL with diagnostics. */
FeRule *fe_rule(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                const Name *open, uint32_t open_count);

/* The same of a rule that has an open expression, which fe_rule reports (E0333). */
FeRule *fe_rule_open(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real);
/* The same with all alternatives of its choices, of which hyperparameters pick. */
FeRule *fe_rule_choosing(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target,
                         IrScalar real);
/* The same with hyperparameters opened as learned numbers, as fe_rule takes them. */
FeRule *fe_rule_fitted(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                       const Name *open, uint32_t open_count);
/* Where a `discover` stands in the declaration; NULL: nowhere. */
const AstExpr *fe_open_expression(const AstDecl *rule);
/* All of them, in the order of the text: how many there are, `most` of which are in `out`. */
uint32_t fe_open_expressions(const AstDecl *rule, const AstExpr **out, uint32_t most);

/* Whether its open expression can be searched for, as it is called; else reported (E0334, E0335, E0391). */
bool fe_is_searchable(Session *session, const FeRule *rule, Span call);
/* Is a hyperparameter of this name a rate: lr, rate, step_size, base.lr, ...? (hole.c) */
bool fe_is_rate(const char *hyper);

/* Whether the rule can move what is learned, of which it gets the gradient where it is and no more; reported otherwise. */
bool fe_updates(Session *session, const FeRule *rule, Span span);

/* Does it look at the axes of x? It then needs a target of known shapes. Adds no diagnostics. */
bool fe_is_by_shape(FeProgram *program, const FeCall *call);
/* Does its step draw random numbers? Adds no diagnostics. */
bool fe_rule_draws(FeProgram *program, const FeCall *call);
/* Does the declaration of what it learns mention x, as in `learn L : [size(x), size(x)] = 0`? It then needs a target of known size. */
bool fe_is_tied(FeProgram *program, const AstDecl *rule);
/* Does it need a target of known size, for that or, being joint, for how it looks at its coordinates (`x[0]`, an order of them)? *place: where
 * it does. Adds no diagnostics. */
bool fe_needs_size(FeProgram *program, const FeCall *call, Span *place);
/* Does its step read the residuals of the objective? Rules that it applies are not asked. */
bool fe_reads_residuals(FeProgram *program, const AstDecl *rule);

/* ---- decl/learner.c ---- */

/* What an open learner says; false with diagnostics. */
bool fe_learner(FeProgram *program, const AstDecl *decl, FeLearner *out);
/* The open learner that says where a parameter of this objective starts, and that parameter's statement; NULL: there is none. */
const AstDecl *fe_open_start(const FeProgram *program, const AstDecl *objective, const AstStmt **param);

/* ---- decl/choices.c ---- */

/* Has it, or a rule that it mentions, a choice? */
bool fe_has_choices(FeProgram *program, const FeCall *rule);
const char *fe_alternative(const Session *session, const FeChoice *choice, uint32_t number, Arena *arena);
/* picks, needed: by the choices of the rule. Which of them x depends on, once the others are made as they are: combinations that agree in
 * these are one rule. */
void fe_choices_needed(Session *session, const FeRule *rule, const int *picks, bool *needed);

/* ---- decl/experiment.c ---- */

/* scores.def */
#define FOLD(NAME, ...) FE_SCORE_##NAME,
#define MAP(NAME, ...)
typedef enum FeScoreFold {
#include "frontend/scores.def"
	FE_SCORE_FOLDS
} FeScoreFold;
#undef FOLD
#undef MAP
#define FOLD(NAME, ...)
#define MAP(NAME, ...) FE_SCORE_##NAME,
typedef enum FeScoreMap {
#include "frontend/scores.def"
	FE_SCORE_MAPS
} FeScoreMap;
#undef FOLD
#undef MAP

typedef struct FeScore {
	FeScoreFold fold;
	FeScoreMap map;
} FeScore;

typedef struct FeScoreFoldInfo {
	const char *name; /* "mean" */
	bool least, last, mean;
	const char *before, *between;
} FeScoreFoldInfo;

typedef struct FeScoreMapInfo {
	const char *text, *words; /* "log(f)", "log f" */
	bool logarithm, relative;
} FeScoreMapInfo;

extern const FeScoreFoldInfo fe_score_folds[FE_SCORE_FOLDS];
extern const FeScoreMapInfo fe_score_maps[FE_SCORE_MAPS];

/* estimators.def */
#define OPTION(NAME, ...) FE_OPTION_##NAME,
#define ESTIMATOR(NAME, ...)
typedef enum FeOption {
#include "frontend/estimators.def"
	FE_OPTIONS
} FeOption;
#undef OPTION
#undef ESTIMATOR
#define OPTION(NAME, ...)
#define ESTIMATOR(NAME, ...) FE_##NAME,
typedef enum FeEstimator {
#include "frontend/estimators.def"
	FE_ESTIMATORS
} FeEstimator;
#undef OPTION
#undef ESTIMATOR

typedef struct FeExperiment {
	const AstDecl *decl;
	FeCall train;
	const AstDecl *learner; /* trained instead of a rule, as an open learner; NULL: none */
	VEC(FeCall) on;
	int train_problems, select_problems, test_problems;
	int horizon_low, horizon_high; /* equal: fixed */
	int select_horizon;            /* steps of runs on select problems: horizon_high, unless it is said */
	FeScore score;
	FeEstimator estimator;
	int window; /* 0: whole */
	double sigma;
	int particles;              /* antithetic pairs */
	double options[FE_OPTIONS]; /* all of the estimator, these three as well */
	FeCall update;
	int outer_steps;
	double clip;    /* outer gradient norm; 0: none */
	bool fresh;     /* other training problems at every outer step */
	double average; /* what is scored and kept: so much of it is the average before, the rest theta; 0: theta itself */
	int patience;   /* training ends after so many scorings on the select problems without a better one; 0: never */
	FeSearch search;
	int keep; /* finalists of a search; 0: as many as it takes by itself */
	VEC(FeCall) against;
	VEC(Name) open; /* learn adam.lr: hyperparameters opened */
	uint64_t seed;
	int seeds; /* trainings: by seed, seed + 1, ..., of which the best on the select problems is kept */
} FeExperiment;

/* decl/estimators.c: the rows of estimators.def. */

/* Where an estimator can score a least f. */
typedef enum FeMinimum { FE_NEVER, FE_WHOLE_RUNS, FE_WINDOWS_TOO } FeMinimum;

/* A number with limits. */
typedef struct FeOptionInfo {
	const char *name;
	bool whole;
	double least, most;
	double otherwise; /* 0: the estimator's own (window), or there is none */
	const char *help; /* one line */
} FeOptionInfo;

typedef struct FeEstimatorInfo {
	const char *name;
	int window; /* where none is given; 0: the whole run */
	FeMinimum minimum;
	bool moves;       /* moves the learned numbers itself, and follows no gradient */
	const char *help; /* one line */
	int options[FE_OPTIONS +
	            1]; /* FeOption, in the order in which they may be given without names; FE_OPTIONS ends them */
} FeEstimatorInfo;

extern const FeOptionInfo fe_options[FE_OPTIONS];
extern const FeEstimatorInfo fe_estimators[FE_ESTIMATORS];
/* What it is without being given; 0: nothing. */
double fe_option_otherwise(FeEstimator estimator, FeOption option);
bool fe_has_option(FeEstimator estimator, FeOption option);
const char *fe_estimator_name(FeEstimator estimator); /* as it is written in an experiment */

/* false with diagnostics. One that trains a learner is read by the first alone (else E0346): `train` is that function, and no rule. */
bool fe_experiment_any(FeProgram *program, const AstDecl *decl, FeExperiment *out);
bool fe_experiment(FeProgram *program, const AstDecl *decl, FeExperiment *out);
/* What stands behind `search` in an experiment, from the command line. false with diagnostics */
bool fe_search_text(FeProgram *program, const char *text, FeSearch *out);

#endif
