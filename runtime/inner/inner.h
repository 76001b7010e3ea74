/* inner: an objective and a rule together, and runs of the rule on problems of the objective.
 *
 * One way through: FeCall -> RtTask (objective + rule + code made when first needed) -> blocks of 16 problems, or of one
 * when there are few -> work items on a pool of threads -> results reduced on the calling thread in a fixed order. So every number is the same for
 * any number of threads. */
#ifndef GRADUS_INNER_H
#define GRADUS_INNER_H

#include "runtime/engine/engine.h"

/* ---- task.c: an objective and a rule together, and the code that running them needs ---- */

typedef FeScore RtScore;

/* Variants of code: are the learned numbers the same in all 16 lanes (lanes are problems), or one set per lane (lanes
 * are particles)? */
typedef enum RtTheta { RT_SHARED, RT_PER_LANE, RT_THETAS } RtTheta;

/* What is compiled of a task. The functions of IR stand in inner/frame.h. */
typedef enum RtStage { RT_SETUP, RT_BEGIN, RT_SEGMENT, RT_GRADIENT, RT_TANGENT, RT_STAGES } RtStage;

/* What a stage's code is made for; fields that a stage does not look at stay 0. */
typedef struct RtPlan {
	int window;      /* gradient, tangent: derivatives are cut after so many steps; 0: never */
	int steps;       /* segment, gradient, tangent: the most steps that it runs */
	bool fixed;      /* gradient: the horizon is always `steps` */
	RtTheta variant; /* begin, segment */
} RtPlan;

typedef struct RtTask {
	Rt *rt;
	IrModule *module;
	FeObjective *objective;
	FeRule *rule; /* NULL: only values and gradients are asked for */
	RtScore score;
	int lanes;                /* problems in a block: IR_LANES, or 1 and code without a lane axis (rt_task_plan) */
	IrFunc *value;            /* (fixed..., x) -> f */
	IrFunc *validate;         /* (fixed..., x) -> what is scored and shown instead of f; NULL: f is */
	IrFunc *evaluate;         /* (fixed..., x) -> f, g?: g only if the rule reads it, or there is no rule */
	const void **data;        /* arrays of files, one for all problems */
	uint32_t count[IR_ROLES]; /* how many values there are of each role */
	IrType *slots;            /* of the values that go on from step to step: x, f, g?, states... */
	uint32_t slot_count;
	RtCode *code[RT_STAGES][RT_THETAS]; /* for blocks; NULL until needed */
	RtPlan plan[RT_STAGES][RT_THETAS];  /* what it is made for */
	int segment_steps;                  /* the longest piece that a segment runs in one call */
} RtTask;

/* ---- driver.c: the whole way from an objective and a rule to code ---- */

/* `rule` may be NULL. open: hyperparameters to be learned as well. NULL with diagnostics. */
RtTask *rt_task_new(Rt *rt, const FeCall *objective, const FeCall *rule, RtScore score, const Name *open,
                    uint32_t open_count);
/* From an objective and a rule (or NULL) that exist already in `module`; the task then owns the module. */
RtTask *rt_task_of(Rt *rt, IrModule *module, FeObjective *objective, FeRule *rule, RtScore score);
void rt_task_free(RtTask *task);
const char *rt_stage_name(RtStage stage);
IrFunc *rt_stage_built(RtTask *task, RtStage stage, const RtPlan *plan);   /* for one problem, before any pass */
IrFunc *rt_stage_batched(RtTask *task, RtStage stage, const RtPlan *plan); /* for a block, as rt_compile is given it */
IrFunc *rt_optimized(RtTask *task, IrFunc *func);
/* The code of a stage, if it is not there for this plan already; false with a diagnostic. */
bool rt_need(RtTask *task, RtStage stage, const RtPlan *plan);
bool rt_need_setup(RtTask *task);
bool rt_need_forward(RtTask *task, int steps, RtTheta variant); /* begin, and segments for runs of `steps` */
/* Of the segments of runs of `steps`: the first to ask for some decides for the task. */
RtPlan rt_segment_plan(RtTask *task, int steps, RtTheta variant);
bool rt_need_gradient(RtTask *task, int window, int steps, bool fixed);
bool rt_need_tangent(RtTask *task, int window, int steps);
void rt_drop_code(RtTask *task);

/* What a task has of a role, as parameters or results of one of its functions (frame.c). */
typedef struct RtRole {
	IrRole role;
	const IrFunc *func; /* NULL: one scalar */
	IrRange range;
	bool results;
} RtRole;

RtRole rt_role(const RtTask *task, IrRole role);
const char *rt_role_name(const RtTask *task, const RtRole *of, uint32_t i);
IrType rt_role_type(const RtTask *task, const RtRole *of, uint32_t i);
/* What goes on from step to step, in the order of RtState's slots. */
enum { RT_STATE_ROLES = 4 };
extern const IrRole rt_state_roles[RT_STATE_ROLES];

/* ---- lanes.c ---- */

/* Chooses task->lanes for requests of `problems` problems; the cost rule stands there. It looks at the objective and the
 * count alone, never at the machine, so that numbers do not depend on threads. Before problems are made. */
void rt_task_plan(RtTask *task, int problems);
/* The choice itself: IR_LANES or 1. Code for other blocks is dropped; problems made for them can no longer be used. */
void rt_task_lanes(RtTask *task, int lanes);

/* ---- learned.c: the learned numbers of a rule (NULL: has none), theta: [P] ---- */

int64_t learned_count(const FeRule *rule); /* P; 0 for a rule without holes */
/* Where they start, files of `learn ... from` included. false with a diagnostic, E0262 if one of them is not inside of its
 * limits or not finite. */
bool learned_start(Rt *rt, const FeRule *rule, uint64_t seed, double *theta);
/* As the rule uses them (inside their limits): natural[P]. */
bool learned_natural(Rt *rt, const FeRule *rule, const double *theta, double *natural);
/* Those that no file gives, with what they start from: "rate = 0.1, W : [4, 8] ~ normal(0, 1)"; at most 8 names.
 * theta: as it starts. NULL if there are none. */
const char *learned_holes(Rt *rt, const FeRule *rule, const double *theta, Arena *arena);

/* ---- problems.c: instances, in blocks of task->lanes ---- */

/* The sets of problems, by their first instance. They have no instance in common, however large they are: the first
 * million of each is numbered on from there, later ones share the numbers from 3,000,000 on, every third each. */
typedef enum RtSet { RT_TRAIN = 0, RT_SELECT = 1000000, RT_TEST = 2000000 } RtSet;
int64_t rt_instance(RtSet set, int number);

typedef struct RtBlock {
	int64_t seed, instance[IR_LANES];
	double weight[IR_LANES]; /* 0: a lane that only pads */
	void **fixed;            /* per fixed value, lanes innermost */
	void *x0;                /* [N] x lanes */
} RtBlock;

typedef struct RtProblems {
	int count; /* problems */
	int block_count;
	int lanes;   /* the task's when they were made */
	bool spread; /* every block is one problem, 16 times: lanes are particles */
	RtBlock *blocks;
	Arena *arena;
} RtProblems;

/* Instances first .. first + count - 1; `seed` is usually rt->options.seed. NULL with a diagnostic. */
RtProblems *rt_problems_new(RtTask *task, uint64_t seed, int64_t first, int count, bool spread);
/* The first `count` of a set. */
RtProblems *rt_problems_of(RtTask *task, uint64_t seed, RtSet set, int count, bool spread);
void rt_problems_free(RtProblems *problems);
double rt_problems_bytes(const RtTask *task, int count, bool spread); /* planned, before they are made */
/* Gives the values of a block by role to a call: data, seed, instance, fixed, x. */
void rt_give_block(const RtTask *task, IrByRole *given, const RtBlock *block);

/* ---- score.c: the one definition of a score ----
 *
 * A run of T steps has f[0], where it starts, and f[t] after step t. A score folds map(f) over some of them:
 *
 *     RT_AFTER_STEPS  f[1] .. f[T]      training, and what it reports: what the rule did
 *     RT_EVALUATIONS  f[0] .. f[T - 1]  comparing and tuning: the T evaluations that a run of T steps has used
 *
 * final is f[T] in both. f0 of `f / f0` is f[0]. */
typedef enum RtSpan { RT_EVALUATIONS, RT_AFTER_STEPS } RtSpan;

double rt_score_zero(RtScore score); /* what folding starts from: 0, or inf for min */
/* before[count] of runs that go on, and their next pieces (of a mean: shares of it). */
void rt_score_join(RtScore score, double *before, const double *pieces, int count);
double rt_score(RtScore score, RtSpan span, const double *f, int steps); /* f[0 .. steps] */
const char *rt_score_text(Arena *arena, RtScore score);                  /* as an experiment writes it: mean(log(f)) */
/* In words, with the evaluations that are counted: "mean of log f over evaluations 1 to 40". */
const char *rt_score_words(Arena *arena, RtScore score, RtSpan span, int steps);

/* A run has diverged if f was not finite at some step, or ended above its start. */
typedef enum RtEnd { RT_ENDED_BELOW, RT_ENDED_ABOVE, RT_NOT_FINITE } RtEnd;
RtEnd rt_run_end(const double *f, int steps); /* f[0..steps] */

/* ---- run.c: inner runs on the host's side ---- */

/* The state of a block's runs between two segments. */
typedef struct RtState {
	void **slots; /* x, f, g?, states... */
	void **spare; /* where the next segment writes; then the two change places */
	void *f0;
} RtState;

RtState rt_state_new(const RtTask *task, Arena *arena);
void rt_state_copy(const RtTask *task, RtState *to, const RtState *from);
/* The chosen ones of 16 lanes. */
void rt_state_copy_lanes(const RtTask *task, RtState *to, const RtState *from, const bool *chosen);
size_t rt_state_bytes(const RtTask *task);

typedef struct RtArgs {
	const double *hypers; /* one per hyperparameter, or NULL: as instantiated */
	const void *theta;    /* [P] or [P] x 16 in the task's precision; NULL if P = 0 */
	RtTheta variant;
	const int64_t *t0, *horizon; /* RT_PER_LANE: [16], where lanes differ; NULL: as the call says */
} RtArgs;

/* Both write into `state` and are safe on several threads at once (`arena` each its own). Non-zero: a gather failed. */
int rt_begin(const RtTask *task, const RtBlock *block, const RtArgs *args, RtState *state, void *arena);
/* From step t0 (0 at the start) for `turns`; adds to score[lanes] (min: combines) and fills
 * curve[turn * lanes + lane] if not NULL. */
int rt_advance(const RtTask *task, const RtBlock *block, const RtArgs *args, RtState *state, int t0, int turns,
               int horizon, double *score, double *curve, void *arena);
size_t rt_forward_arena(const RtTask *task, RtTheta variant);
/* Gives hyperparameters (NULL: as instantiated) and learned numbers to a call. stored: 8 bytes for each of the former. */
void rt_give_rule(const RtTask *task, IrByRole *given, const double *hypers, void *stored, const void *const *theta);

/* Runs of several arguments on several problems. */
typedef struct RtRuns {
	int steps, problems;
	double *f;           /* [problems][steps + 1]: at the start, then after each step; NaN and inf stay */
	double *x;           /* [problems][N] at the end; NULL unless asked for */
	double *score;       /* [problems] */
	int64_t evaluations; /* of f or of f and g, in all: `steps` per problem if the rule reads f or g, else 0 */
} RtRuns;

/* theta: [P] doubles or NULL. Everything is allocated in `arena`. false with a diagnostic. */
bool rt_run(RtTask *task, const RtProblems *problems, const double *hypers, const double *theta, int steps, bool want_x,
            Arena *arena, RtRuns *out);
/* What rt_run will take, in bytes. */
double rt_run_bytes(const RtTask *task, int problems, int steps);

/* ---- value.c: `gradus eval` and `gradus minimize` ---- */

typedef struct RtEval {
	int64_t size;
	double *x; /* where: as given, or the start of the instance */
	double value;
	bool validates;
	double valid;     /* what `validate` says, if it does */
	double *gradient; /* [size] */
	uint32_t report_count;
	const char **report_names;
	double *reports;
} RtEval;

/* x: [size] or NULL for the start of `instance`. Results live in the runtime's arena. */
bool rt_eval(Rt *rt, const FeCall *objective, int64_t instance, const double *x, RtEval *out);

typedef struct RtMinimize {
	RtRuns runs;
	bool validates; /* runs are judged by that instead of f */
	int64_t size;
	double seconds; /* running, without compiling */
	double compile_seconds;
	const char *holes; /* as rt_holes gives them, where theta is NULL */
} RtMinimize;

/* Runs `rule` with its hyperparameters as given on problems first .. first + count - 1. theta: see rt_run; NULL also
 * means "as they start" for a rule with holes. */
bool rt_minimize(Rt *rt, const FeCall *objective, const FeCall *rule, const double *theta, int64_t first, int count,
                 int steps, RtMinimize *out);

#endif
