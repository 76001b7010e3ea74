/* search: expressions for the open place of a rule.
 *
 * One way through: FeHole -> SearchSpace (leaves and operations) -> SearchTable (every expression up to a size, those that are equal
 * once) -> SearchLab (the rule before and after the hole, as machine code; an expression as a short list of operations between)
 * -> scores -> what is left, written as a rule of the language.
 *
 * Whatever is drawn has a key, so that a search gives the same on any number of threads. */
#ifndef GRADUS_SEARCH_H
#define GRADUS_SEARCH_H

#include "runtime/compare/compare.h"
#include "runtime/search/archive.h"
#include "runtime/search/limits.h"
#include "runtime/store/store.h"

/* ---- space.c: what expressions are made of ---- */

typedef struct SearchLeaf {
	const char *text; /* NULL: a constant that is to be found */
	FeLevel level;
	bool like_x, known, schedule, positive;
	double value; /* known */
	int degree;
} SearchLeaf;

typedef struct SearchSpace {
	SearchLeaf leaves[SEARCH_MOST_HOLES *
	                  SEARCH_MOST_LEAVES]; /* those of a rule's second hole begin at SEARCH_MOST_LEAVES, ... */
	uint32_t leaf_count;                   /* of one hole */
	uint32_t operators;                    /* as bits */
	int size, constants;
	bool like_x;      /* candidates are like x; else numbers */
	bool homogeneous; /* sums are of equal degrees */
	bool bound;       /* the degree of an expression is that of the state which it becomes: */
	int degree;
	bool merge;  /* positive multiples are one expression: a rate stands in front of it */
	bool single; /* constants are written as numbers of f32 */
} SearchSpace;

/* Of a hole of this rule. together: all coordinates are of one tensor, so that an operation may look at all of them. */
void search_space_of(const FeRule *rule, const FeHole *hole, bool together, SearchSpace *out);
/* What the expressions of all holes of a rule are written with. */
void search_space_join(const SearchSpace *spaces, int holes, SearchSpace *out);

/* ---- enumerate.c: all of them, by size ---- */

typedef struct SearchTable SearchTable;
/* Are there more of this size than an enumeration looks at? By how many pairs of operands there are, and how many of the pairs of the sizes before
 * were different; all smaller sizes are in the table. */
bool search_is_too_many(const SearchTable *table, int size); /* space.c */

/* What is no operation: a leaf; and the expressions of several holes, b being that of the last one, and a that of the one before, or those of all
 * before. */
enum { SEARCH_LEAF = 255, SEARCH_TUPLE = 254 };

typedef struct SearchExpr {
	uint32_t a, b;  /* operands, by number; of a leaf, a is which */
	int16_t degree; /* in FE_DEGREE_ONE */
	uint16_t cost;  /* of one coordinate, by ops.def */
	uint8_t op;     /* FeOperator, SEARCH_LEAF or SEARCH_TUPLE */
	uint8_t size;   /* nodes, of all holes together */
	uint8_t constants;
	bool like_x : 1, fixed : 1, not_negative : 1; /* fixed: of known numbers and constants alone */
} SearchExpr;

struct SearchTable {
	const SearchSpace *space;
	Arena *arena;
	SearchExpr *exprs; /* those of one size together, the smaller first; later ones are made of earlier ones */
	uint64_t *hashes;  /* of their values: what is the same has the same */
	uint32_t count, capacity;
	uint32_t first[SEARCH_MOST_NODES + 2];    /* where each size begins; first[size + 1]: where it ends */
	int64_t generated[SEARCH_MOST_NODES + 1]; /* expressions looked at, by size */
	int size;                                 /* up to which all of them are here */
	bool stopped;                             /* by its caller, or by SEARCH_MOST_DISTINCT at the next size */
};

/* Is it something that may stand in the hole: as the hole, like x or a number? */
bool search_is_candidate(const SearchTable *table, uint32_t expr);
/* Called now and then; false: enough. */
typedef bool SearchGoesOn(void *user, const SearchTable *so_far, int size);
SearchTable *search_table_new(const SearchSpace *space); /* without expressions */
/* Puts nodes of an expression with this hash behind those that are there; they are of no size's range. */
void search_table_add(SearchTable *table, const SearchExpr *exprs, uint32_t count, uint64_t hash);
SearchTable *search_enumerate(const SearchSpace *space, SearchGoesOn *goes_on, void *user);
void search_table_free(SearchTable *table);

/* ---- meaning.c: what operations are, by ops.def ---- */

/* One operation of a body: on earlier results, or on operands (0 .. 2). */
typedef struct SearchStep {
	IrOpcode opcode; /* IR_OPCODE_COUNT: a number */
	int args[IR_MAX_ARGS];
	double number;
} SearchStep;

enum { SEARCH_MOST_STEPS = 12 };

typedef struct SearchMeaning {
	SearchStep steps[SEARCH_MOST_STEPS]; /* results 3, 4, ...; the last one is the result */
	int count, cost;
} SearchMeaning;

typedef struct SearchMeanings {
	SearchMeaning of[FE_OPERATORS];
} SearchMeanings;

void search_meanings(Session *session, SearchMeanings *out);
/* out[n] of operands of n values each, in f64; every `coordinates` of them are the tensor that rms looks at. */
void search_apply(const SearchMeanings *meanings, FeOperator op, const double *const operands[3], int n,
                  int coordinates, double *out);

/* ---- combine.c: what may be made of what ---- */

/* A leaf as an expression. */
SearchExpr search_leaf(const SearchSpace *space, uint32_t leaf);
/* An operation on x and, if it takes two, y: all but `a` and `b`, which are the caller's. false: there is no such expression in this
 * space. */
bool search_combine(const SearchSpace *space, const SearchMeanings *meanings, FeOperator op, const SearchExpr *x,
                    const SearchExpr *y, SearchExpr *out);

/* Is it something that may stand in the hole: like x or a number, no constant, of the state's degree? */
bool search_may_stand(const SearchSpace *space, const SearchExpr *x);

/* ---- formula.c: as text of the language ---- */

/* That of several holes: side by side, `m + g | sign(m)`. constants: as many as it has, in the order of its text; NULL: they are written {1}, {2}. *level: how tightly the text binds. */
const char *search_formula(const SearchTable *table, uint32_t expr, const double *constants, Arena *arena,
                           FeLevel *level);

/* ---- program.c: an expression as a list of operations on registers ---- */

/* Registers: the leaves of every hole, then the constants, then what operations give. */
enum {
	SEARCH_CONSTANT_REGISTER = SEARCH_MOST_HOLES * SEARCH_MOST_LEAVES,
	SEARCH_FIRST_RESULT = SEARCH_CONSTANT_REGISTER + SEARCH_MOST_CONSTANTS
};

typedef struct SearchProgram {
	int count, constants, holes;
	int ends[SEARCH_MOST_HOLES];    /* where the operations of each hole end */
	int results[SEARCH_MOST_HOLES]; /* registers */
	struct SearchOperation {
		uint8_t op, args[3], out; /* a, b, and the constant of its own; 0 where there is none */
	} operations[SEARCH_MOST_SIZE];
	bool is_share[SEARCH_MOST_CONSTANTS]; /* a constant between 0 and 1; else one above 0 */
} SearchProgram;

void search_program(const SearchTable *table, uint32_t expr, SearchProgram *out);
/* The expressions of a candidate, one of each hole: how many. */
int search_parts(const SearchTable *table, uint32_t expr, uint32_t parts[SEARCH_MOST_HOLES]);

/* ---- lab.c: a rule with a hole on problems of one objective ----
 *
 * What is before the hole, after it, and the objective with its gradient are one compiled function, which goes from hole to hole; an
 * expression is run between, an operation at a time, each a compiled function of its own. The 16 lanes of a call are 16 rates on one problem. */

typedef struct SearchLab SearchLab;

/* `rule`: a call of a rule with a hole, whose rates the lanes are. NULL with diagnostics. */
SearchLab *search_lab_new(Rt *rt, const FeCall *objective, const FeCall *rule, FeScore score);
void search_lab_free(SearchLab *lab);
const FeHole *search_lab_hole(const SearchLab *lab); /* the first */
Task *search_lab_task(const SearchLab *lab);
double search_lab_rate(const SearchLab *lab,
                       double rate); /* the nearest one in the range that the rule states for it */
/* Compiles the operations of a program, if they are not there already: before it is run, on one thread. false with a diagnostic. */
bool search_lab_need(SearchLab *lab, const SearchProgram *program);
/* The same for all that may be made of its holes' operations. */
bool search_lab_need_all(SearchLab *lab);

/* What one thread runs on. */
typedef struct SearchBench SearchBench;
SearchBench *search_bench_new(const SearchLab *lab, Arena *arena);
double search_bench_bytes(const SearchLab *lab);            /* that it will take, about */
int64_t search_bench_evaluations(const SearchBench *bench); /* of the objective, all lanes counted */

/* Sixteen points to try at once: a rate and constants for each lane. */
typedef struct SearchPoints {
	double rates[IR_LANES], constants[SEARCH_MOST_CONSTANTS][IR_LANES];
	double learned[SEARCH_MOST_LEARNED]
				  [IR_LANES]; /* numbers of `learn`, as the rule uses them; unused where they are not fitted */
} SearchPoints;

/* How a run ended, of its best lane. */
typedef enum SearchEnd {
	SEARCH_CAME_DOWN,    /* with a score */
	SEARCH_NOT_DOWN,     /* hopeless: dropped */
	SEARCH_NOT_FINITE,   /* the objective became infinite or NaN */
	SEARCH_GOES_NOWHERE, /* the first step is 0, or not finite */
	SEARCH_BAD_START,    /* the objective is not finite where the problem starts */
	SEARCH_ENDS
} SearchEnd;

typedef struct SearchRun {
	const SearchProgram *program;
	int steps, horizon;
	int hopeless;  /* after so many steps a run ends in which no lane is below where it began; 0: never */
	bool relative; /* rates are relative to the one whose first step is as large as x is; the run makes them absolute */
	SearchEnd *end; /* how it ended; may be NULL */
	int beyond;     /* set where it is hopeless: rates at which it may not be (search_grid_hopeless) */
} SearchRun;

/* The scores of all lanes on one problem, in `score`; not finite where a lane is lost. false: hopeless, or it goes nowhere, and
 * no score is finite. */
bool search_run(const SearchLab *lab, SearchBench *bench, const ProblemBlock *problem, SearchRun *run,
                SearchPoints *points, double score[IR_LANES]);

/* ---- funnel.c, stages.c: from all expressions to a few ---- */

typedef struct SearchFound {
	uint32_t expr;  /* in the table */
	bool shortened; /* by ablation */
	bool proposed;  /* by another program */
	double score;   /* of the last stage that it came through; lower is better */
	double rate, constants[SEARCH_MOST_CONSTANTS];
	double learned[SEARCH_MOST_LEARNED]; /* numbers of `learn`, as the rule uses them, where they are fitted */
	const double *trained;               /* the same of all there are, where finalists are trained; NULL: not yet */
	double untrained;                    /* its score before */
	SearchEnd end;                       /* of its last run */
	CompareInterval select;              /* its score on the select problems (without any: on those of training) */
	double *select_scores;               /* per problem */
	double flushed; /* their mean where subnormal numbers are 0, as they are while the funnel runs */
} SearchFound;

enum {
	SEARCH_STAGES = 4,
	SEARCH_SELECTING = SEARCH_STAGES + 1,
	SEARCH_EVOLVING = SEARCH_STAGES + 2,
	SEARCH_PROPOSING = SEARCH_STAGES + 3,
	SEARCH_TRAINING = SEARCH_STAGES + 4
};
extern const char
	*const search_stage_words[SEARCH_STAGES + 1]; /* stages.c: what people call them, and the last word on them */
/* front.c: is it worse than the best, by more than what counts as equal? */
bool search_is_worse(double score, double best);

typedef struct SearchProgress {
	int stage; /* -1: expressions are being made; then 0 .. SEARCH_STAGES - 1, and SEARCH_SELECTING; SEARCH_EVOLVING; SEARCH_PROPOSING; SEARCH_TRAINING; of choices SEARCH_STAGES: rules are written */
	bool random;                 /* ... or drawing */
	int64_t known;               /* children whose score was there already */
	int step, steps;             /* of the finalist that is in training */
	int size;                    /* of the expressions that are being made */
	int64_t generated, distinct; /* expressions so far */
	int64_t done, total;         /* of this stage */
	double per_second, seconds, eta;
	double best; /* score, within the stage; not finite: none yet */
	const char *formula;
} SearchProgress;

typedef struct SearchResult SearchResult;
struct ChooseResult;
struct ChooseTrained;

/* All but `user` may be NULL. */
typedef struct SearchOptions {
	void (*progress)(void *user, const SearchProgress *progress);
	/* The best so far: when there is a first, and then whenever it is another one, at most once in a second. `so_far` is what the result
	 * would be if the search ended now. false: the search ends, and a diagnostic says why. */
	bool (*best)(void *user, const SearchResult *so_far);
	/* Where scores are kept: asked for once, after `best` was first told. NULL: the search ends, and a diagnostic says why. */
	SearchArchive *(*archive)(void *user, const SearchArchiveRun *run);
	const char *
		propose; /* a command of the shell that is asked for expressions, where the experiment says how many; NULL: none is known */
	const struct SearchTeacher
		*teacher; /* of all expressions, those are looked at that go best where it went; NULL: all are */
	int patience; /* seconds until an answer has to be there; 0: SEARCH_PATIENCE */
	bool resumes; /* the archive is asked for at once, and what is in it is not scored again */
	/* The same as `best`, of choices, and of choices that are trained. */
	bool (*chosen)(void *user, const struct ChooseResult *so_far);
	bool (*learned)(void *user, const struct ChooseTrained *so_far);
	void *user;
} SearchOptions;

/* ---- imitate.c: where another rule went, and how well expressions go there ---- */

typedef struct SearchTeacher {
	int problems, steps; /* the first training problems of the first family */
	int64_t size;        /* of x */
	const double *x;     /* [problems][steps + 1][size] */
} SearchTeacher;

typedef struct SearchTaught {
	uint32_t closest;     /* the first expression that none agrees better than, but for rounding */
	uint32_t asked, kept; /* candidates, and those that came into the funnel */
	const float
		*agreement; /* by expression: the share of its steps' squares that a multiple of the expression explains */
} SearchTaught;

/* ---- evolve.c: what evolution, or random search, has met ---- */

/* When the best became better. */
typedef struct SearchImprovement {
	int64_t scored;
	float score;
} SearchImprovement;

typedef struct SearchEvolved {
	const struct SearchIndividual
		*best; /* different ones, the best SEARCH_HALL of each size, the better first (evolve.h) */
	uint32_t count;
	int64_t generated, known, scored; /* children; those whose score was there already; those that were scored */
	int64_t distinct, dropped;        /* different ones among those that were scored; forgotten ones */
	int64_t rounds;
	bool exhausted;                   /* nothing new was found any more */
	float best_score;                 /* INFINITY: nothing has one */
	const struct SearchTuple *so_far; /* the best; NULL: none yet */
	VEC(SearchImprovement) course;
} SearchEvolved;

/* After how many scored ones the best was at least as good as this; 0: never. */
int64_t search_evolved_reached(const SearchEvolved *evolved, float score);

/* ---- propose.c: what another program has proposed ---- */

typedef struct SearchProposed {
	int64_t rounds;
	int64_t proposed, unread, known,
		added;        /* lines; those that are no candidates; those that were there already; new ones */
	int64_t left_out; /* lines beyond what was asked for, in this process */
	const char *unread_text, *unread_why; /* of the first one that is no candidate; unread_text NULL: too long */
	const char *ended;                    /* why it was asked no more; NULL: it has given as many as were asked for */
} SearchProposed;

struct SearchResult {
	const FeExperiment *experiment;
	SearchSpace space, spaces[SEARCH_MOST_HOLES]; /* of all holes, and of each */
	int holes;
	SearchTable *table;
	SearchLab **labs;
	int lab_count;
	int stage; /* whose scores these are; SEARCH_STAGES: those of the select problems, as of a search that came to its end */
	SearchFound *front; /* the best of each size that beats all smaller ones, the smallest first */
	uint32_t front_count, winner;
	int64_t generated, candidates; /* expressions looked at; those that are not the same, and may stand in the hole */
	int64_t evaluated[SEARCH_STAGES]; /* how many came into each stage */
	uint32_t finalists;
	int64_t beside;                      /* numbers of `learn` that are not fitted as constants are */
	bool trains;                         /* finalists are trained in them; else they stay where they start */
	int train_problems, select_problems; /* on which finalists were fitted, and one was chosen */
	int64_t evaluations;                 /* of an objective, as those of training count */
	bool interrupted;                    /* what is here is the best so far */
	FeSearchKind kind;                   /* how the candidates came to be: not AUTO */
	const SearchEvolved *evolved;        /* by evolution, or random search; NULL: all were made */
	const SearchTaught *taught;          /* NULL: by nobody */
	const SearchProposed *proposed;      /* NULL: nobody was asked */
	const SearchEvolved *control;        /* random search beside evolution; NULL: none */
	struct SearchBaseline *baselines;    /* of search_baselines */
	uint32_t baseline_count;
	bool behind;       /* it was interrupted before it came to where it had been: what is on the disk is better */
	bool archive_lost; /* the disk did not take all of the archive, which a diagnostic says */
	double seconds, compile_seconds;
	Arena *arena;
};

/* NULL with diagnostics, or without where it was interrupted before anything was found. */
SearchResult *search_experiment(Rt *rt, const FeExperiment *experiment, const SearchOptions *options);
void search_free(SearchResult *result);

/* ---- baselines.c: what is known already, beside it ---- */

/* A rule of `against`, with its rate and its other numbers fitted as a candidate's are: in the same stages, on the same problems. */
typedef struct SearchBaseline {
	const char *label; /* as the experiment calls it */
	bool fitted;       /* false: it learns numbers, or its steps take more than one evaluation */
	double rate;       /* NaN: it has none */
	uint32_t constant_count;
	const char *names[SEARCH_MOST_FITTED]; /* of the other numbers */
	double constants[SEARCH_MOST_FITTED];
	CompareInterval select; /* on the problems that the front is scored on */
} SearchBaseline;

/* Of all rules of `against`. `progress` may be NULL. false: interrupted. */
typedef void SearchConfirmed(void *user, uint32_t done, uint32_t total);
bool search_baselines(Rt *rt, SearchResult *result, SearchConfirmed *progress, void *user);
/* The best of them; NULL: there is none. */
const SearchBaseline *search_best_baseline(const SearchResult *result);

/* ---- found.c: as rules of the language ---- */

/* rule.grad: the winner; and front.grad. `weights` receives the files of arrays that they read, where finalists are trained. false with a diagnostic. */
bool search_rule_file(Rt *rt, const SearchResult *result, Text *out, StoreAllWeights *weights);
bool search_front_file(Rt *rt, const SearchResult *result, Text *out, StoreAllWeights *weights);
/* A rule with a formula in the place of its open expression (of several: as search_formula writes them), and its rate, as text. */
typedef struct SearchFill {
	const char *formula, *name; /* name: NULL: its own */
	FeLevel level;              /* of the formula */
	double rate;
	const double *learned; /* numbers of `learn`, as the rule uses them; NULL: they stay as they are written */
	const char *weights;   /* the file of those that are arrays ... */
	Safetensors *tensors;  /* ... which receives them; NULL: there are none */
	bool alone;            /* without the declarations that it mentions */
} SearchFill;

void search_filled_rule(Rt *rt, const FeCall *call, const FeRule *rule, const SearchFill *fill, Text *out);

/* The scores of a rule as it is compiled like any other, on each of so many problems. false with diagnostics, or interrupted. */
typedef struct SearchScored {
	const FeCall *objective, *rule;
	FeScore score;
	ProblemSet set;
	int count, steps;
	uint64_t seed;        /* of the problems */
	int64_t *evaluations; /* those of the objective are added to it; may be NULL */
} SearchScored;

bool search_compiled_scores(Rt *rt, const SearchScored *what, double *scores);
/* The front written, read (into `program`, which is empty) and compiled like any rules: means[front_count] of their scores, on the problems
 * that `select` is of. false with diagnostics, or interrupted. `progress` may be NULL. */
bool search_confirm(Rt *rt, const SearchResult *result, FeProgram *program, SearchConfirmed *progress, void *user,
                    double *means);

/* ---- choose*.c: the choices of a rule ---- */

typedef struct ChooseSpace {
	const FeRule *rule;     /* of whose choices it is */
	uint32_t count;         /* choices */
	uint32_t *sizes;        /* alternatives of each */
	uint32_t **first_alike; /* [choice][alternative]: the first that is written as this one */
	double combinations;
	int64_t *distinct; /* combinations to look at, ascending: of those that are one rule, the first */
	uint32_t distinct_count;
	bool sampled; /* they are drawn: there are more */
} ChooseSpace;

/* how: what the experiment says of its search; seed: of what is drawn, where not all are looked at. false with a diagnostic: that is no way
 * to go about them, or there are too many. */
bool search_choose_space_of(Rt *rt, const FeRule *rule, const FeSearch *how, uint64_t seed, Arena *arena,
                            ChooseSpace *out);
/* "u=2 form=1", as --choose takes it: what is picked of the choices that matter. */
const char *search_choose_text(Session *session, const ChooseSpace *space, int64_t combination, Arena *arena);

typedef struct ChooseFound {
	int64_t combination;
	double score; /* of the last stage that it came through; lower is better */
	double rate;  /* where the rule has one */
	double theta[CHOOSE_MOST_LEARNED], natural[CHOOSE_MOST_LEARNED]; /* learned numbers as trained, and as written */
	CompareInterval
		select;   /* of the rule as it is written, on the select problems (without any: on those of training) */
	double lanes; /* the same mean by the search */
	double *select_scores; /* per problem */
	const char *rule;      /* as a rule of the language, with all that it needs */
} ChooseFound;

typedef struct ChooseResult {
	const FeExperiment *experiment;
	ChooseSpace space;
	const Task *task;  /* on the first objective */
	int stage;         /* whose scores these are; SEARCH_STAGES: those of a search that came to its end */
	ChooseFound *best; /* finalists, the best first; of a search that was interrupted, the best so far */
	uint32_t best_count;
	int64_t evaluated[SEARCH_STAGES]; /* how many came into each stage */
	int64_t climbed;                  /* those that were made of the best of a sample */
	int train_problems, select_problems;
	int64_t evaluations;
	bool interrupted;  /* what is here is the best so far */
	bool behind;       /* it was interrupted before it came to where it had been: what is on the disk is better */
	bool archive_lost; /* the disk did not take all of the archive, which a diagnostic says */
	double seconds, compile_seconds;
	struct Choosing *choosing; /* what has to be freed */
	Arena *arena;
} ChooseResult;

/* How many of so many combinations go on from a stage; keep: from the last one. */
uint32_t search_choose_goes_on(uint32_t count, int stage, uint32_t keep);
/* The best combinations of the choices of the rule that an experiment trains. NULL with diagnostics, or without where it was interrupted before
 * anything was found. */
ChooseResult *search_choose_experiment(Rt *rt, const FeExperiment *experiment, const SearchOptions *options);
void search_choose_free(ChooseResult *result);
/* A combination with its rate and learned numbers as a rule, with all that it needs, in `arena`. NULL with diagnostics. */
const char *search_choose_as_rule(Rt *rt, const FeExperiment *experiment, const ChooseSpace *space,
                                  const ChooseFound *found, Arena *arena);
/* rule.grad: the best, with how it was found. false with diagnostics. */
bool search_choose_rule_file(const ChooseResult *result, Text *out);

/* ---- choose_train.c: beside more learned numbers than are fitted one by one ---- */

typedef struct ChooseLearned {
	int64_t combination;
	double
		score; /* mean over those select problems (without any: those of training) on which it stays finite; so of its best numbers */
	int64_t lost; /* problems on which it does not: fewer are better, whatever the score */
	int steps;    /* outer steps that it was trained for; 0 where nothing is learned: it was scored as it is written */
	bool learns;
} ChooseLearned;

typedef struct ChooseTrained {
	ChooseSpace space;
	ChooseLearned *best; /* all that have a score, the best first */
	uint32_t best_count;
	uint32_t fixed;       /* combinations in which nothing is learned */
	int64_t evaluated[3]; /* how many were trained for a sixteenth of the outer steps, a quarter, all */
	int64_t problems;     /* that scores are of */
	const Trained
		*trained;       /* the best; NULL: nothing of it is learned, or what is on the disk is the best so far ... */
	const char *rule;   /* ... and this is its text; NULL: it is learned */
	FeProgram *program; /* of the best: with its choices made */
	int64_t evaluations;
	bool interrupted;  /* what is here is the best so far */
	bool archive_lost; /* the disk did not take all of the archive, which a diagnostic says */
	double seconds;
	struct ChooseTraining *training; /* what has to be freed */
	Trained *ended;                  /* likewise */
	Arena *arena;
} ChooseTrained;

enum { CHOOSE_RUNGS = 3 };
extern const char
	*const search_rung_words[CHOOSE_RUNGS]; /* how far combinations are trained, in the order of the stages */

bool search_choose_trains(const char *source); /* Is it that of an expression of such a search? */
/* Are there so many learned numbers beside the choices, or arrays of them, that combinations are trained? */
bool search_choose_is_trained(Rt *rt, const FeExperiment *experiment);
/* NULL with diagnostics, or without where it was interrupted before anything was found. */
ChooseTrained *search_choose_train(Rt *rt, const FeExperiment *experiment, const SearchOptions *options);
void search_choose_train_free(ChooseTrained *result);

#endif
