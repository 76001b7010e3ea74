/* runtime: what is done with programs. Problems and their data, inner runs and meta-gradients as compiled functions,
 * training, tuning and comparing, run folders; the command and C packaging stand on top.
 *
 * One way through: FeCall -> RtTask (objective + rule + code made when first needed) -> blocks of 16 problems, or of one
 * when there are few -> work items on a pool of threads -> results reduced on the calling thread in a fixed order. So every number is the same for
 * any number of threads.
 *
 * Memory of the machine's side: values lie as jit.h says (a lane axis innermost; without one, plainly). What the user did
 * wrong is a diagnostic of the session (codes E08xx) and a false or NULL; nothing here prints but through callbacks. */
#ifndef GRADUS_RUNTIME_H
#define GRADUS_RUNTIME_H

#include <signal.h>

#include "autodiff/autodiff.h"
#include "base/base.h"
#include "frontend/frontend.h"
#include "ir/ir.h"
#include "jit/jit.h"

#define RT_VERSION "0.1.0" /* as in CMakeLists.txt */

/* ---- rt.c: one runtime ---- */

typedef enum RtEngine { RT_JIT, RT_EVALUATOR } RtEngine;

typedef struct RtOptions {
	RtEngine engine;                          /* the evaluator is the oracle: slow, same interface */
	IrScalar real;                            /* IR_F32 or IR_F64 */
	bool strict;                              /* see JitOptions */
	IrPipeline pipeline;                      /* how passes are run: verified, timed, dumped */
	int threads;                              /* 0: rt_processors */
	size_t memory;                            /* bytes that one run may plan; 0: no limit */
	uint64_t seed;                            /* of problems, starts and noise */
	const volatile sig_atomic_t *interrupted; /* set from a signal handler to stop between two steps; may be NULL */
} RtOptions;

typedef struct RtPool RtPool;

typedef struct Rt {
	Session *session;
	FeProgram *program;
	RtOptions options;
	Arena *arena;
	RtPool *pool;
	JitEngine *engine;      /* made at the first compilation */
	VEC(const char *) data; /* files that objectives of tasks took data from, each once */
	double compile_seconds; /* spent so far in optimizing, differentiating and compiling */
	bool failed_engine;     /* reported once */
} Rt;

/* Never NULL. The program and session must outlive it. */
Rt *rt_new(Session *session, FeProgram *program, const RtOptions *options);
void rt_free(Rt *rt);
bool rt_interrupted(const Rt *rt);
double rt_seconds(void); /* a monotonic clock */
/* Reports E0801 and returns false when `bytes` is above the limit. `what` completes "... needs 3.2 GB". */
bool rt_memory_allows(Rt *rt, double bytes, const char *what);

/* ---- threads.c: a pool; items are handed out one by one, results belong to items, never to threads ---- */

typedef void RtWork(void *user, int item, int worker);

RtPool *rt_pool_new(int threads); /* 0: one per processor that this process may use */
void rt_pool_free(RtPool *pool);
int rt_pool_threads(const RtPool *pool);
/* Runs work(user, 0 .. count - 1, worker) and returns when all are done; worker < rt_pool_threads. */
void rt_pool_run(RtPool *pool, int count, RtWork *work, void *user);
/* The calling thread's handlers that ask for it run on `memory`, RT_SIGNAL_STACK bytes, so that they can say that the stack
 * is full. Threads of a pool have their own. */
enum { RT_SIGNAL_STACK = 65536 };
void rt_signal_stack(void *memory);

/* ---- processors.c ---- */

/* How many processors this process may use at once: by its affinity, and by the quota of its control group. At least 1. */
int rt_processors(void);

/* ---- code.c: a function that can be called, by whichever engine ---- */

typedef struct RtCode {
	Rt *rt;
	IrFunc *func;
	JitCode *jit;        /* NULL: evaluated */
	size_t arena_bytes;  /* scratch per call */
	size_t *param_bytes; /* per parameter */
	size_t *result_bytes;
	IrPlace *param_order, *result_order;
} RtCode;

/* ir_optimize and then code; NULL with a diagnostic only if the engine cannot be had. `func` has no symbols. */
RtCode *rt_compile(Rt *rt, IrModule *module, IrFunc *func);
void rt_code_free(RtCode *code);
/* Memory as jit.h says; `arena`: arena_bytes, aligned to 64. 0, or 1 + number of the gather that left its range. */
int rt_call(const RtCode *code, void *const *params, void *const *results, void *arena);
/* Calls with what is given for the parameters' roles, and puts results into the places of theirs. pointers: room for as many as
 * there are of both. */
int rt_call_by_role(const RtCode *code, const IrByRole *given, const IrByRole *places, void **pointers, void *arena);
/* The same by the evaluator, once, for what is not worth compiling. given: addresses, of reals as double[elements], of an integer
 * as int64_t; results: likewise, all of them as double. */
bool rt_evaluate_once(Rt *rt, const IrFunc *func, const IrByRole *given, double **results);
/* Elements of type `scalar`, `stride` elements apart, to and from double. */
void rt_store(IrScalar scalar, void *to, size_t stride, const double *from, size_t count);
void rt_load(IrScalar scalar, const void *from, size_t stride, double *to, size_t count);
void *rt_aligned(Arena *arena, size_t bytes); /* zeroed, aligned to 64 */

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

/* ---- task.c ---- */

void rt_task_free(RtTask *task);
/* Chooses task->lanes for requests of `problems` problems; the cost rule stands there. It looks at the objective and the
 * count alone, never at the machine, so that numbers do not depend on threads. Before problems are made. */
void rt_task_plan(RtTask *task, int problems);
/* The choice itself: IR_LANES or 1. Code for other blocks is dropped; problems made for them can no longer be used. */
void rt_task_lanes(RtTask *task, int lanes);
int64_t rt_learned_count(const RtTask *task); /* P; 0 for a rule without holes */
/* Where the learned numbers start, [P], files of `learn ... from` included. false with a diagnostic, E0262 if one of them
 * is not inside of its limits or not finite. */
bool rt_theta_start(RtTask *task, uint64_t seed, double *theta);
bool rt_rule_theta(Rt *rt, const FeRule *rule, uint64_t seed, double *theta); /* the same for a rule by itself */
/* The learned numbers as the rule uses them (inside their limits). */
bool rt_theta_natural(RtTask *task, const double *theta, double *natural);

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

/* ---- estimators.c: the meta-gradient (reference: docs, "Estimators") ---- */

typedef struct RtEstimate {
	FeEstimator kind;
	int window; /* 0: whole */
	double sigma;
	int particles; /* antithetic pairs */
	int horizon_low, horizon_high;
	bool stagger; /* pes, truncated_es: particles start at different ages */
	double clip;  /* backprop, forward: a problem's gradient is cut to this norm before the mean is taken; 0: never */
} RtEstimate;

/* What an outer step cost and lost. */
typedef struct RtStats {
	double score;        /* mean over what was finite (pes, truncated_es: of the window, scaled to a whole run) */
	int64_t pieces;      /* gradients or pairs of runs asked for */
	int64_t nonfinite;   /* of those, dropped because something was not finite */
	int64_t clipped;     /* of those, cut to the length that one problem may have */
	int64_t evaluations; /* inner evaluations of an objective, counted once per value or value and gradient */
} RtStats;

typedef struct RtEstimator RtEstimator;

/* As an experiment says, with what it leaves open. */
RtEstimate rt_estimate_of(const FeExperiment *experiment);

/* Code that an estimate runs. */
typedef struct RtUse {
	RtStage stage;
	RtPlan plan;
} RtUse;

enum { RT_MOST_USES = 5 };

/* Chooses the blocks of a task for so many training problems, and says which code an estimate will run. Returns how many. */
int rt_estimate_uses(const RtEstimate *how, RtTask *task, int problems, RtUse uses[RT_MOST_USES]);

/* Over all the tasks' training problems: problems[k] belong to tasks[k], equally many learned numbers in each. Compiles,
 * plans memory (E0801 if over the limit) and allocates. NULL with a diagnostic. */
RtEstimator *rt_estimator_new(Rt *rt, RtTask **tasks, int task_count, const int *problem_counts, const RtEstimate *how,
                              uint64_t seed);
void rt_estimator_free(RtEstimator *estimator);
/* The estimate at theta, outer step `step` = 0, 1, ...; pes and truncated_es carry their particles from call to call.
 * gradient: [P]. false with a diagnostic (a gather that left its range). */
bool rt_estimate(RtEstimator *estimator, const double *theta, int64_t step, double *gradient, RtStats *stats);
double rt_estimator_bytes(const RtEstimator *estimator); /* as planned */
/* The norm of values[count] is the result times *unit, which is 1 unless their squares leave the range of f64. */
double rt_norm(const double *values, int64_t count, double *unit);
/* Standard normal noise, the same for every kind of estimate: (seed, step, particle) -> out[count]. */
void rt_noise(uint64_t seed, int64_t step, int64_t particle, double *out, int64_t count);

/* ---- train.c ---- */

typedef struct RtProgress {
	int step, steps; /* outer steps done, of */
	RtStats last;
	double gradient_norm; /* before clipping */
	bool selected;        /* this step was scored on the select problems: */
	double select_score;
	int64_t select_nonfinite;
	double best_score; /* best select score so far (inf before the first) */
	int best_step;
	int64_t nonfinite, pieces, evaluations; /* so far */
	double seconds, eta;                    /* since the first step, to go */
} RtProgress;

typedef void RtProgressCall(void *user, const RtProgress *progress);

typedef struct RtTrained RtTrained;

typedef struct RtTrainOptions {
	RtProgressCall *progress; /* after every outer step; may be NULL */
	/* When so_far->theta is the best so far: before the first step, and whenever it changes. false ends the training, with a
	 * diagnostic of the callee's. May be NULL. */
	bool (*best)(void *user, const RtTrained *so_far);
	void *user;
	int select_every;    /* outer steps between scorings on select problems; 0: about 50 scorings in all */
	const double *theta; /* where to start; NULL: as the rule says */
} RtTrainOptions;

struct RtTrained {
	const FeExperiment *experiment;
	RtTask **tasks; /* one per objective; the first one's rule speaks for all */
	int task_count;
	int64_t count; /* P */
	double *theta; /* the best on the select problems; without any, the last */
	double *last;
	double *natural; /* theta as the rule uses it */
	int steps;       /* done */
	int best_step;
	double best_score;             /* on the select problems; NaN without any */
	double start_score;            /* the same at the start */
	int64_t start_lost, best_lost; /* runs on select problems that were not finite, and are not in these scores */
	VEC(int) select_steps;
	VEC(double) select_scores;
	int64_t pieces, nonfinite, evaluations; /* training's own; evaluations include those on select problems */
	double seconds, compile_seconds, memory_bytes;
	bool interrupted;
	bool diverged; /* theta became non-finite: training stopped there */
	Arena *arena;
};

/* What training compiles of a task: for the estimator, and to score on select problems. Returns how many. */
int rt_train_uses(const FeExperiment *experiment, RtTask *task, RtUse uses[RT_MOST_USES]);
/* NULL with diagnostics. The result holds its own memory. */
RtTrained *rt_train(Rt *rt, const FeExperiment *experiment, const RtTrainOptions *options);
void rt_trained_free(RtTrained *trained);

/* ---- grid.c: tuning on training problems, the same grids for every rule ---- */

typedef struct RtAxis {
	Name name;
	bool decay;         /* 0.5, 0.8, 0.9, 0.95, 0.99, longer when the best is at an end; else a logarithmic grid */
	bool edge;          /* the best is at the end of the allowed range */
	VEC(double) values; /* ascending, as they were tried */
} RtAxis;

typedef struct RtTuned {
	VEC(RtAxis) axes;    /* hyperparameters that were tuned */
	double *hypers;      /* the best, one per hyperparameter of the rule */
	double score;        /* of the best, on the training problems */
	int points;          /* grid points tried */
	int widened;         /* times a grid was made longer */
	int64_t evaluations; /* of the objective, in all */
	int64_t nonfinite;   /* runs that were not finite (their points are out) */
} RtTuned;

/* Learning rates: 3 per decade over the stated range (1e-4 .. 10 and widening without one); decays: a list, widening; other
 * ranges: 1 per decade. What the call gives is left alone. The criterion is RtCompareOptions.score. */
bool rt_tune(RtTask *task, const RtProblems *problems, const double *theta, int steps, RtScore score, Arena *arena,
             RtTuned *out);

/* ---- compare.c ---- */

/* A run has diverged if f was not finite at some step, or ended above its start. */
typedef enum RtEnd { RT_ENDED_BELOW, RT_ENDED_ABOVE, RT_NOT_FINITE } RtEnd;
RtEnd rt_run_end(const double *f, int steps); /* f[0..steps] */

typedef struct RtContender {
	const char *label;
	FeCall rule;
	const double *theta;          /* [P] or NULL: as it starts */
	int64_t training_evaluations; /* what meta-training cost; -1: not known */
	bool tune;                    /* hyperparameters that the call does not give are tuned */
} RtContender;

typedef struct RtCompareOptions {
	int steps;
	int train_problems, test_problems;
	RtScore score;
	int subject;   /* whose margin of victory is computed; -1: none */
	int resamples; /* bootstrap; 0: 2000 */
	void (*progress)(void *user, const char *label, int done, int total);
	void *user;
} RtCompareOptions;

typedef struct RtInterval {
	double mean, low, high; /* 95 % bootstrap over test problems */
} RtInterval;

typedef struct RtCompared {
	const char *label;
	const char *call; /* adam(lr = 0.1, ...) as tuned */
	RtTuned tuned;
	const FeRule *rule;
	int64_t training_evaluations, test_evaluations;
	RtInterval score; /* of the criterion over test problems; not finite if a run is not */
	double median, q10, q25, q75, q90;
	int ended_above, not_finite;              /* test problems by how they end (rt_run_end); both have diverged */
	double *per_problem;                      /* [test_problems] */
	double *mean, *median_curve, *low, *high; /* [steps + 1]: mean, median, 25 % and 75 % quantiles of finite f */
	double *f;                                /* [test_problems][steps + 1] */
	const char *holes;                        /* as rt_holes gives them, for a contender without theta */
	double seconds;
} RtCompared;

typedef struct RtComparison {
	Session *session;
	RtTask **tasks; /* own the rules that are pointed to below */
	const char *objective;
	int steps, train_problems, test_problems;
	bool one_problem; /* nothing of the objective is drawn: it was run once, whatever counts were asked for */
	RtScore score;
	uint32_t count;
	RtCompared *rules;
	int subject;
	RtInterval *margin; /* [steps + 1]: mean over problems of (least f of the others) - (the subject's f) */
	RtInterval *lead;   /* [count]: mean over problems of that rule's criterion - the subject's (paired) */
	double *win_share;  /* [steps + 1]: share of problems where the subject is below all others */
	Arena *arena;
} RtComparison;

/* NULL with diagnostics. */
RtComparison *rt_compare(Rt *rt, const FeCall *objective, const RtContender *contenders, uint32_t count,
                         const RtCompareOptions *options);
void rt_comparison_free(RtComparison *comparison);
/* The whole result as one JSON object; returns false if writing failed. */
bool rt_comparison_json(const RtComparison *comparison, FILE *out);
/* 95 % percentile interval of the mean of values[count] (all finite), `resamples` times, by Threefry from `seed`. */
RtInterval rt_bootstrap(const double *values, int count, int resamples, uint64_t seed);
double rt_quantile(const double *sorted, int count, double q); /* linear between order statistics */

/* ---- safetensors.c ---- */

typedef struct RtTensor {
	const char *name;
	IrScalar scalar; /* F32 or F64 */
	int rank;
	int64_t dims[IR_MAX_RANK];
	double *values;
} RtTensor;

typedef struct RtTensors {
	uint32_t count;
	RtTensor *items;
} RtTensors;

/* All give NULL, or what went wrong (in `arena`). */
const char *rt_safetensors_write(Arena *arena, const char *path, const RtTensors *tensors);
const char *rt_safetensors_bytes(Arena *arena, const RtTensors *tensors, char **bytes, size_t *length);
/* Refuses: headers over 16 MB or not JSON, unknown types, sizes that do not fit, overlaps, holes, bytes missing or left over. */
const char *rt_safetensors_read(Arena *arena, const char *path, RtTensors *out);
const char *rt_safetensors_parse(Arena *arena, const char *bytes, size_t length, RtTensors *out);
/* Where a tensor's bytes lie, and its type as written: "U8". */
typedef struct RtExtent {
	size_t start, end;
	const char *dtype;
} RtExtent;

/* The tensors of a file of `file_length` bytes that begins with these, of any type of numbers, without their values; extents count from the start of the file. */
const char *rt_safetensors_header(Arena *arena, const char *bytes, size_t length, size_t file_length, RtTensors *out,
                                  RtExtent **extents);
/* One tensor, which must have this shape: out[its elements]. Reads the header and those bytes, however large the file is. */
const char *rt_safetensors_one(Arena *arena, const char *path, const char *name, const IrType *shape, double *out);

/* ---- runfolder.c ---- */

typedef struct RtRunFolder RtRunFolder;

/* Could DIR be made now? false with E0810 if it exists, E0811 if it cannot be. Leaves nothing behind. */
bool rt_run_folder_possible(Rt *rt, const char *dir);
/* Makes DIR with run.json (versions, flags, hashes, seed, CPU) and copies of the sources. NULL with a diagnostic, and then
 * nothing is left of it. */
RtRunFolder *rt_run_folder_new(Rt *rt, const char *dir, const FeExperiment *experiment, const char *command_line);
/* One line of metrics.jsonl, on the disk within a second. false, with a diagnostic, when the disk took no more; from then
 * on the file stays as it is, and training can go on. */
bool rt_run_folder_metric(RtRunFolder *folder, const RtProgress *progress);
/* rule.grad from trained->theta while training goes on, so that a kill leaves it. `first`: takes room on the disk for what
 * is to come, before anything is learned; failing then is a diagnostic. Else false is not the end: the next may fit. */
bool rt_run_folder_best(RtRunFolder *folder, const RtTrained *trained, bool first);
/* rule.grad, weights.safetensors, result.json, all of them replaced as wholes. false with a diagnostic; the rule may be saved
 * even then, and the run counts as one that was not finished. */
bool rt_run_folder_result(RtRunFolder *folder, const RtTrained *trained, bool *rule_saved);
/* The trained rule as text with all its numbers, for when it cannot be saved. */
void rt_run_folder_print(RtRunFolder *folder, const RtTrained *trained, Text *out);
void rt_run_folder_close(RtRunFolder *folder);
void rt_run_folder_discard(RtRunFolder *folder); /* closes and removes it: nothing was trained */
/* mkdir, with the folders that lead there. false with errno set, EEXIST if dir exists. */
bool rt_make_folder(Arena *arena, const char *dir);
bool rt_make_folder_from(Arena *arena, const char *dir, const char **topmost); /* *topmost: the first that was made */
/* file_write, lasting: what every output of a command goes through. NULL, or what went wrong. */
const char *rt_write_file(Arena *arena, const char *path, const char *bytes, size_t length);

/* ---- runread.c: run folders may come from anywhere: nothing in one is believed, and nothing outside it is read for it ---- */

/* NULL if the file lies in the folder, links followed; else what is wrong. A file that is not there is left to the reader. */
const char *rt_run_outside(Arena *arena, const char *dir, const char *path);

/* What a run folder's result says, for `compare` and `emit`. */
typedef struct RtRunInfo {
	const char *rule_path; /* DIR/rule.grad */
	const char *rule_name;
	bool finished;                 /* else it was killed, and this is its best rule so far */
	int64_t training_evaluations;  /* -1: not known */
	double training_seconds;       /* NaN: not known */
	int horizon_low, horizon_high; /* that it was trained for; zeros if the folder does not say */
	int64_t coordinates;           /* of the (first) objective that it was trained on; 0 likewise */
} RtRunInfo;

bool rt_run_folder_read(Rt *rt, const char *dir, RtRunInfo *out); /* false with a diagnostic */

/* What run.json says. */
typedef struct RtRunRecord {
	const char *experiment;
	const char *rule;
	const char *precision;         /* "f32", "f64" */
	VEC(const char *) sources;     /* paths of the copies, in DIR */
	int horizon_low, horizon_high; /* zeros if it does not say */
} RtRunRecord;

bool rt_run_record(Session *session, const char *dir, RtRunRecord *out); /* false with a diagnostic */
/* Files that sources in DIR import or read weights from are looked up in DIR, and refused where they lie outside. */
void rt_run_confine(Session *session, FeProgram *program, const char *dir);

/* ---- rulefile.c: a trained rule as source that can be read, edited and used ---- */

/* The text of the rule with its learned scalars' values in place and its learned tensors read from `weights` (a relative
 * name); *tensors receives those tensors. theta: [P]; natural: as rt_theta_natural gives. */
void rt_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                    Text *out, RtTensors *tensors);
/* The learned numbers that no file gives, with what they start from: "rate = 0.1, W : [4, 8] ~ normal(0, 1)"; at most 8 names.
 * theta: [P], as it starts. NULL if there are none. */
const char *rt_holes(RtTask *task, const double *theta, Arena *arena);
/* What was written at a place. */
const char *rt_written(const Session *session, Arena *arena, Span span);
/* Lets `learn W : [...] from "weights.safetensors"` read such files. */
void rt_use_weights(Session *session, FeProgram *program);

#endif
