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
