/* inner: an objective and a rule together, and runs of the rule on problems of the objective.
 *
 * One way through: FeCall -> Task (objective + rule + code made when first needed) -> blocks of 16 problems, or of one
 * when there are few -> work items on a pool of threads -> results reduced on the calling thread in a fixed order. So every number is the same for
 * any number of threads. */
#ifndef GRADUS_INNER_H
#define GRADUS_INNER_H

#include "ir/build.h"
#include "runtime/engine/engine.h"

/* ---- a task: an objective and a rule together, and the code that running them needs ---- */

/* Variants of code: are the learned numbers the same in all 16 lanes (lanes are problems), or one set per lane (lanes
 * are particles)? */
typedef enum TaskTheta { TASK_SHARED, TASK_PER_LANE, TASK_THETAS } TaskTheta;

/* What is compiled of a task. The functions of IR stand in inner/frame.h. */
typedef enum TaskStage {
	TASK_SETUP,
	TASK_BEGIN,
	TASK_SEGMENT,
	TASK_GRADIENT,
	TASK_TANGENT,
	/* of policy search */
	TASK_PLACE,
	TASK_COST,
	TASK_FOLLOW,
	TASK_FIT,
	TASK_STAGES
} TaskStage;

/* What a stage's code is made for; fields that a stage does not look at stay 0. */
typedef struct TaskPlan {
	int window;        /* gradient, tangent: derivatives are cut after so many steps; 0: never */
	int steps;         /* segment, gradient, tangent: the most steps that it runs; follow, fit: all it runs */
	bool fixed;        /* gradient: the horizon is always `steps` */
	bool first_order;  /* gradient, tangent: the g that the rule reads is a constant */
	bool looks;        /* segment: what the evaluations of every turn gave */
	TaskTheta variant; /* begin, segment */
} TaskPlan;

typedef struct Task {
	Rt *rt;
	IrModule *module;
	FeObjective *objective;
	FeRule *rule; /* NULL: only values and gradients are asked for */
	FeScore score;
	int lanes;                /* problems in a block: IR_LANES, or 1 and code without a lane axis (task_choose_lanes) */
	IrFunc *value;            /* (fixed..., x) -> f */
	IrFunc *validate;         /* (fixed..., x) -> what is scored and shown instead of f; NULL: f is */
	IrFunc *evaluate;         /* (fixed..., x) -> f, g?: g only if the rule reads it, or there is no rule */
	IrFunc *step;             /* the rule's, linked: what it evaluates elsewhere than at x is in it */
	IrEvaluations elsewhere;  /* of a step, at other places than x */
	int64_t looks;            /* how many of these give their values to `looked`; 0: none */
	int watch;                /* evaluations of a run whose values are to be kept one by one; 0: none */
	bool hands_on;            /* the step gives f and g where it ends: the next one pays for no evaluation at x */
	const void **data;        /* arrays of files, one for all problems */
	uint32_t count[IR_ROLES]; /* how many values there are of each role */
	IrType *slots;            /* of the values that go on from step to step: x, f, g?, states... */
	uint32_t slot_count;
	RtCode *code[TASK_STAGES][TASK_THETAS];  /* for blocks; NULL until needed */
	TaskPlan plan[TASK_STAGES][TASK_THETAS]; /* what it is made for */
	int segment_steps;                       /* the longest piece that a segment runs in one call */
} Task;

/* ---- driver.c: the whole way from an objective and a rule to code ---- */

/* `rule` may be NULL. open: hyperparameters to be learned as well. NULL with diagnostics. */
Task *task_new(Rt *rt, const FeCall *objective, const FeCall *rule, FeScore score, const Name *open,
               uint32_t open_count);
/* The same of an objective alone whose x is as it is declared, limits or not. */
Task *task_declared(Rt *rt, const FeCall *objective, FeScore score);
/* From an objective and a rule (or NULL) that exist already in `module`; the task then owns the module. */
Task *task_of(Rt *rt, IrModule *module, FeObjective *objective, FeRule *rule, FeScore score);
void task_free(Task *task);
IrFunc *task_stage_built(Task *task, TaskStage stage, const TaskPlan *plan); /* for one problem, before any pass */
IrFunc *task_stage_batched(Task *task, TaskStage stage,
                           const TaskPlan *plan); /* for a block, as rt_compile is given it */
IrFunc *task_optimized(Task *task, IrFunc *func);
/* The code of a stage, if it is not there for this plan already; false with a diagnostic. */
bool task_need(Task *task, TaskStage stage, const TaskPlan *plan);
bool task_need_setup(Task *task);
bool task_need_forward(Task *task, int steps, TaskTheta variant); /* begin, and segments for runs of `steps` */
/* The plan of segments for runs of `steps`. The first caller decides how many steps a segment of this task has. */
TaskPlan task_segment_plan(Task *task, int steps, TaskTheta variant);
void task_drop_code(Task *task);
/* Runs are to keep what each of the first `evaluations` gave, where the rule evaluates elsewhere and f is what is scored. */
void task_watch(Task *task, int evaluations);

/* What a task has of a role, as parameters or results of one of its functions (frame.c). */
typedef struct TaskRole {
	IrRole role;
	const IrFunc *func; /* NULL: one scalar */
	IrRange range;
	bool results;
} TaskRole;

TaskRole task_role(const Task *task, IrRole role);
IrType task_role_type(const Task *task, const TaskRole *of, uint32_t i);
/* What goes on from step to step, in the order of RunState's slots. */
enum { TASK_STATE_ROLES = 4 };
extern const IrRole task_state_roles[TASK_STATE_ROLES];

/* ---- lanes.c ---- */

/* Chooses task->lanes for requests of `problems` problems; the cost rule stands there. It looks at the objective and the
 * count alone, never at the machine, so that numbers do not depend on threads. Before problems are made. */
void task_choose_lanes(Task *task, int problems);
/* The choice itself: IR_LANES or 1. Code for other blocks is dropped; problems made for them can no longer be used. */
void task_set_lanes(Task *task, int lanes);

/* ---- learned.c: the learned numbers of a rule (NULL: has none), theta: [P] ---- */

int64_t learned_count(const FeRule *rule); /* P; 0 for a rule without holes */
/* Room for them in `arena`; NULL with E0801 where memory is refused. */
double *learned_new(Rt *rt, const FeRule *rule, Arena *arena);
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
typedef enum ProblemSet { PROBLEMS_TRAIN = 0, PROBLEMS_SELECT = 1000000, PROBLEMS_TEST = 2000000 } ProblemSet;
int64_t problems_instance(ProblemSet set, int64_t number);

typedef struct ProblemBlock {
	int64_t seed, instance[IR_LANES];
	double weight[IR_LANES]; /* 0: a lane that only pads */
	void **fixed;            /* per fixed value, lanes innermost */
	void *x0;                /* [N] x lanes */
} ProblemBlock;

typedef struct Problems {
	int count; /* problems */
	int block_count;
	int lanes;   /* the task's when they were made */
	bool spread; /* every block is one problem, 16 times: lanes are particles */
	ProblemBlock *blocks;
	Arena *arena;
} Problems;

/* Instances first .. first + count - 1; `seed` is usually rt->options.seed. NULL with a diagnostic. */
Problems *problems_new(Task *task, uint64_t seed, int64_t first, int count, bool spread);
/* The first `count` of a set. */
Problems *problems_of(Task *task, uint64_t seed, ProblemSet set, int count, bool spread);
/* `count` of a set behind the first `skipped`. */
Problems *problems_after(Task *task, uint64_t seed, ProblemSet set, int64_t skipped, int count, bool spread);
void problems_free(Problems *problems);
double problems_bytes(const Task *task, int count, bool spread); /* planned, before they are made */
/* Gives the values of a block by role to a call: data, seed, instance, fixed, x. */
void problems_give(const Task *task, IrByRole *given, const ProblemBlock *block);

/* ---- score.c: the one definition of a score ----
 *
 * A run of T steps has f[0], where it starts, and f[t] after step t. A score folds map(f) over some of them:
 *
 *     SCORE_AFTER_STEPS  f[1] .. f[T]      training, and what it reports: what the rule did
 *     SCORE_EVALUATIONS  f[0] .. f[T - 1]  comparing and tuning: the T evaluations that a run of T steps has used
 *
 * final is f[T] in both. f0 of `f / f0` is f[0]. */
typedef enum ScoreSpan { SCORE_EVALUATIONS, SCORE_AFTER_STEPS } ScoreSpan;

double score_zero(FeScore score); /* what folding starts from: 0, or inf for min */
/* before[count] of runs that go on, and their next pieces (of a mean: shares of it). */
void score_join(FeScore score, double *before, const double *pieces, int count);
double score_of_run(FeScore score, ScoreSpan span, const double *f, int steps); /* f[0 .. steps] */
const char *score_text(Arena *arena, FeScore score); /* as an experiment writes it: mean(log(f)) */
/* In words, with the evaluations that are counted: "mean of log f over evaluations 1 to 40". */
const char *score_words(Arena *arena, FeScore score, const char *what, ScoreSpan span, int steps);
const char *score_judge(bool validates); /* what runs are judged by: "f", or "validate" */

/* A run has diverged if f was not finite at some step, or ended above its start. */
typedef enum RunEnd { RUN_ENDED_BELOW, RUN_ENDED_ABOVE, RUN_NOT_FINITE } RunEnd;
RunEnd run_end(const double *f, int steps); /* f[0..steps] */

/* ---- run.c: inner runs on the host's side ---- */

/* The state of a block's runs between two segments. */
typedef struct RunState {
	void **slots; /* x, f, g?, states... */
	void **spare; /* where the next segment writes; then the two change places */
	void *f0;
} RunState;

RunState run_state_new(const Task *task, Arena *arena);
void run_state_copy(const Task *task, RunState *to, const RunState *from);
/* The chosen ones of 16 lanes. */
void run_state_copy_lanes(const Task *task, RunState *to, const RunState *from, const bool *chosen);
size_t run_state_bytes(const Task *task);

typedef struct RunArgs {
	const double *hypers; /* one per hyperparameter, or NULL: as instantiated */
	const void *theta;    /* [P] or [P] x 16 in the task's precision; NULL if P = 0 */
	TaskTheta variant;
	const int64_t *t0, *horizon; /* TASK_PER_LANE: [16], where lanes differ; NULL: as the call says */
} RunArgs;

/* Both write into `state` and are safe on several threads at once (`arena` each its own). Non-zero: a gather failed. */
int run_begin(const Task *task, const ProblemBlock *block, const RunArgs *args, RunState *state, void *arena);
/* What there is of every turn of a run; NULL: not asked for. */
typedef struct RunTurns {
	double *curve;  /* [turn][lanes]: f */
	int64_t *spent; /* [turn][lanes]: evaluations elsewhere than at x, where the rule makes any */
	double *looked; /* [turn][task->looks][lanes]: the least value that so many of them gave; of a task that looks */
} RunTurns;

/* From step t0 (0 at the start) for `turns`; adds to score[lanes] (min: combines). of_turns: NULL or what to fill. */
int run_advance(const Task *task, const ProblemBlock *block, const RunArgs *args, RunState *state, int t0, int turns,
                int horizon, double *score, const RunTurns *of_turns, void *arena);
size_t run_arena_bytes(const Task *task, TaskTheta variant);
/* Gives hyperparameters (NULL: as instantiated) and learned numbers to a call. stored: 8 bytes for each of the former. */
void run_give_rule(const Task *task, IrByRole *given, const double *hypers, void *stored, const void *const *theta);

/* Runs of several arguments on several problems. */
typedef struct Runs {
	int steps, problems;
	double *f;     /* [problems][steps + 1]: at the start, then after each step; NaN and inf stay */
	double *x;     /* [problems][N] at the end; NULL unless asked for */
	double *score; /* [problems] */
	int64_t *
		spent; /* [problems][steps + 1]: evaluations of f, or f and g, that the rule has asked for after each step: one at x
	                        if it reads f or g and was not handed them on, and those elsewhere (under a condition: where it held) */
	int64_t evaluations; /* the last of these, of all problems */
	/* [problems][task->watch] of a task that watches, else NULL: the least value that the step in progress has looked at elsewhere
	 * when so many evaluations and one are spent; inf: none. */
	double *looked;
} Runs;

/* theta: [P] doubles or NULL. Everything is allocated in `arena`. false with a diagnostic. */
bool run_problems(Task *task, const Problems *problems, const double *hypers, const double *theta, int steps,
                  bool want_x, Arena *arena, Runs *out);
/* Evaluations that a step counts as, `done` steps being behind: those elsewhere, and one at x if the rule reads f or g and the step before
 * has not handed them on. */
int64_t run_step_spends(const Task *task, int done, int64_t elsewhere);

/* ---- observe.c ---- */

/* What chosen steps did. Rows of `size` coordinates, one for every problem, one block of them for every step. */
typedef struct RunObserved {
	const int *steps; /* given: which, from 1, ascending */
	int count;        /* given: how many */
	int problems;
	int64_t size;  /* coordinates of x */
	double *g;     /* [count][problems][size]: the gradient before the step; NULL for a rule that reads none */
	double *moved; /* likewise: x after it minus x before it */
	Arena *arena;
} RunObserved;

/* Runs of `horizon` steps, on the calling thread. theta: [P] doubles or NULL. Allocates in `arena`. false with a diagnostic. */
bool run_observe(Task *task, const Problems *problems, const double *theta, int horizon, Arena *arena,
                 RunObserved *out);

/* ---- value.c: `gradus eval` ---- */

typedef struct RunEval {
	int64_t size;
	double *x; /* where: as given, or the start of the instance */
	double value;
	bool validates;
	double valid;     /* what `validate` says, if it does */
	double *gradient; /* [size] */
	uint32_t report_count;
	const char **report_names;
	double *reports;
} RunEval;

/* x: [size] or NULL for the start of `instance`. Results live in the runtime's arena. */
bool run_eval(Rt *rt, const FeCall *objective, int64_t instance, const double *x, RunEval *out);

/* ---- minimize.c: `gradus minimize` ---- */

/* What the objective reports after a step. */
typedef struct RunLook {
	int step;
	double *reports; /* [problems][report_count] */
} RunLook;

typedef struct RunMinimize {
	Runs runs;        /* of the steps that were made: fewer than asked for where the run was interrupted */
	bool interrupted; /* between two steps, by options.interrupted */
	bool validates;   /* runs are judged by that instead of f */
	int64_t size;
	uint32_t report_count;
	const char **report_names;
	VEC(RunLook) looks; /* after the steps that run_looks_after says, and where the runs ended */
	double seconds;     /* running, without compiling */
	double compile_seconds;
	const char *holes; /* as learned_holes gives them, where theta is NULL */
	bool draws;        /* the problems, or what the rule does to them, depend on seed and instance */
	bool matrices;     /* the objective calls functions of matrices, which may have no answer */
} RunMinimize;

/* Told now and then, on the calling thread, that all problems have made `step` steps. runs.f and looks have what there is up to
 * there; rows are those of the whole run. */
typedef struct RunWatch {
	void (*went)(void *user, const RunMinimize *so_far, int step);
	void *user;
} RunWatch;

/* Are reports looked at after this step of a run? At the start, after the first step, and at every tenth of the run. */
bool run_looks_after(int step, int steps);
/* Runs `rule` with its hyperparameters as given on problems first .. first + count - 1. theta: see run_problems; NULL also
 * means "as they start" for a rule with holes. watch: may be NULL. Results live in the runtime's arena. */
bool run_minimize(Rt *rt, const FeCall *objective, const FeCall *rule, const double *theta, int64_t first, int count,
                  int steps, const RunWatch *watch, RunMinimize *out);

#endif
