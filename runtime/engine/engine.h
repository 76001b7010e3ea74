/* engine: one runtime, its threads, and functions of the IR made into code that can be called. What an objective or a rule is, it does not know.
 *
 * Memory of the machine's side: values lie as jit.h says (a lane axis innermost; without one, plainly). What the user did
 * wrong is a diagnostic of the session (codes E08xx) and a false or NULL; nothing in runtime/ prints but runtime/command. */
#ifndef GRADUS_ENGINE_H
#define GRADUS_ENGINE_H

#include <signal.h>

#include "base/base.h"
#include "frontend/frontend.h"
#include "ir/ir.h"
#include "ir/pass/pass.h"
#include "jit/jit.h"

#define RT_VERSION "0.1.0" /* as in CMakeLists.txt */

/* ---- ranks.c: the processes of one mpirun ----
 *
 * Every rank runs the whole program. Items of rt_pool_spread are shared out among them, and what came of each is given to all, so that
 * all have the same in memory from then on; the first one alone prints and writes. A rank that ends early ends all. */

typedef struct RtRanks RtRanks;

int rt_ranks_launched(void); /* how many processes mpirun has started together; 1: it has not */
int rt_ranks_place(void);    /* which of them this is */
int rt_ranks_beside(void);   /* how many of them are on this machine */
/* Another rank has ended with this code, and this one is about to: what is left to say and to tidy up. */
typedef void RtRankLost(void *user, int rank, int code);
/* With the others of rt_ranks_launched. NULL and a message in *why (both in `arena`) if that cannot be. */
RtRanks *rt_ranks_join(Arena *arena, RtRankLost *lost, void *user, const char **why);
/* At the end of this process, which ends with this code: so do all others. */
void rt_ranks_leave(RtRanks *ranks, int code);
/* Of NULL: 1 and 0. */
int rt_ranks_count(const RtRanks *ranks);
int rt_ranks_number(const RtRanks *ranks);
/* All wait until all are here, and know whether one of them was interrupted. Nothing without ranks. */
void rt_ranks_wait(RtRanks *ranks);

/* ---- rt.c: one runtime ---- */

typedef enum RtEngine { RT_JIT, RT_EVALUATOR } RtEngine;

typedef struct RtOptions {
	RtEngine engine;                          /* the evaluator is the oracle: slow, same interface */
	IrScalar real;                            /* IR_F32 or IR_F64 */
	bool strict;                              /* see JitOptions */
	IrPipeline pipeline;                      /* how passes are run: verified, timed, dumped */
	const char *cache;                        /* folder that keeps machine code between processes, or NULL */
	int threads;                              /* 0: rt_processors */
	size_t memory;                            /* bytes that one run may plan; 0: no limit */
	uint64_t seed;                            /* of problems, starts and noise */
	RtRanks *ranks;                           /* that this process works with; NULL: it is by itself */
	const volatile sig_atomic_t *interrupted; /* set from a signal handler to stop between two steps; may be NULL */
	/* What takes a while is beginning or going on, in words; called on the thread that uses the Rt. May be NULL. */
	void (*busy)(void *user, const char *doing);
	void *busy_user;
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
	bool
		explains; /* the evaluator says of the first call with a failure where that is (rt_say_failure), and ends this */
} Rt;

/* Never NULL. The program and session must outlive it. */
Rt *rt_new(Session *session, FeProgram *program, const RtOptions *options);
void rt_free(Rt *rt);
/* With ranks: as of the last time that they gave results to one another, so that all stop at one place. */
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

/* What came of an item, piece by piece: tell(to, data, bytes). Pieces may depend on those before. */
typedef void RtTell(void *to, void *data, size_t bytes);
typedef void RtResult(void *user, int item, RtTell *tell, void *to);

/* The same shared out among the ranks, where there are any: of n ranks each runs every n-th item, and has then the results of all, which
 * `result` shows: all that `work` leaves behind of an item. Sums over items are the caller's, in the order of items, so that they are the
 * same for any number of ranks. */
void rt_pool_spread(RtPool *pool, int count, RtWork *work, RtResult *result, void *user);
void rt_pool_join(RtPool *pool, RtRanks *ranks);
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
/* Warns of what makes results of such a call NaN, if that is a draw with impossible arguments (W0819) or a matrix (W0818). By the
 * evaluator. */
void rt_say_failure(const RtCode *code, void *const *params);
/* Reports E0802 of such a call: which index left its range, by the evaluator; at `otherwise` where that is in no source. */
void rt_say_outside(const RtCode *code, void *const *params, Span otherwise);
/* Calls with what is given for the parameters' roles, and puts results into the places of theirs. pointers: room for as many as
 * there are of both. */
int rt_call_by_role(const RtCode *code, const IrByRole *given, const IrByRole *places, void **pointers, void *arena);
/* What the evaluator needs for `func`, about: arguments, results, and its largest values. Symbols are `size`. */
double rt_evaluation_bytes(const IrFunc *func, int64_t size);
/* Once, by the evaluator, or by strict machine code of the same bits where there is much of it. given: addresses, of reals as
 * double[elements], of an integer as int64_t; results: likewise, all of them as double. false with E0801 where memory is
 * refused. */
bool rt_evaluate_once(Rt *rt, const IrFunc *func, const IrByRole *given, double **results);
/* Elements of type `scalar`, `stride` elements apart, to and from double. */
void rt_write_reals(IrScalar scalar, void *to, size_t stride, const double *from, size_t count);
void rt_read_reals(IrScalar scalar, const void *from, size_t stride, double *to, size_t count);
void *rt_aligned(Arena *arena, size_t bytes); /* zeroed, aligned to 64 */

/* ---- json.c: numbers in files ---- */

struct json_t;                                     /* of jansson */
struct json_t *rt_json_real(double value);         /* the caller's */
double rt_json_number(const struct json_t *value); /* NaN for what is no number */

#endif
