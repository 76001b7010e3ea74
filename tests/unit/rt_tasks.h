/* What the tests of the runtime share: objectives and rules from IR text (so that they depend on nothing above the IR),
 * and a runtime to run them on. */
#ifndef GRADUS_TESTS_RT_TASKS_H
#define GRADUS_TESTS_RT_TASKS_H

#include "ir/text/text.h"
#include "runtime/inner/inner.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* (seed, instance) -> fixed...; (seed, instance, fixed...) -> x; (fixed..., x) -> f */
typedef struct ObjectiveText {
	const char *setup, *start, *value;
	int64_t size;
} ObjectiveText;

/* (x, hypers..., theta) -> states...; (x, g, f, t, horizon, hypers..., theta, states...) -> x, states... */
typedef struct RuleText {
	const char *init, *step;
	int64_t learned;
	bool reads_g;
	uint32_t hyper_count;
	double hypers[4];
} RuleText;

static const ObjectiveText rt_first_coordinate = {
	"func @setup(%seed: int[], %instance: int[]) -> () {\n  return\n}\n",
	"func @start(%seed: int[], %instance: int[]) -> (: f64[23]) {\n  %1[23] = for i:23 { 1 } -> [i]\n  return %1\n}\n",
	"func @value(%x[23]) -> (: f64[]) {\n  %1[] = for { t0 = sub(%x[0], 1); mul(0.5, mul(t0, t0)) } -> []\n  return "
	"%1\n}\n",
	23};

/* x <- A x + (theta, ..., theta, -theta, ...), A = 1/2 I + 1/2 superdiagonal, 10 positive signs */
static const RuleText rt_linear_system = {
	"func @init(%x[23], %theta[1]) -> () {\n  return\n}\n",
	"func @step(%x[23], %g[23], %f[], %t: int[], %horizon: int[], %theta[1]) -> (: f64[23]) {\n"
	"  %1[23] = for i:23 { t0 = mul(0.5, add(%x[i], %x[i+1]?)); "
	"add(t0, where(lt(idx(i), 10), %theta[0], neg(%theta[0]))) } -> [i]\n"
	"  return %1\n}\n",
	1,
	false,
	0,
	{0}};

static const ObjectiveText rt_toy = {
	"func @setup(%seed: int[], %instance: int[]) -> () {\n  return\n}\n",
	"func @start(%seed: int[], %instance: int[]) -> (: f64[2]) {\n  %1[2] = for i:2 { 1 } -> [i]\n  return %1\n}\n",
	"func @value(%x[2]) -> (: f64[]) {\n"
	"  %1[] = for { a = mul(%x[0], %x[0]); s = sin(%x[1]); "
	"add(add(sub(sqrt(add(a, 5)), sqrt(5 f64)), mul(mul(s, s), exp(mul(-5, a)))), mul(0.25, abs(sub(%x[1], 100)))) } "
	"-> []\n"
	"  return %1\n}\n",
	2};

/* The rate goes in a line from e^theta0 to e^theta1. */
static const RuleText rt_linear_rate = {
	"func @init(%x[2], %theta[2]) -> () {\n  return\n}\n",
	"func @step(%x[2], %g[2], %f[], %t: int[], %horizon: int[], %theta[2]) -> (: f64[2]) {\n"
	"  %1[] = for { s = div(to_f64(sub(%t[], 1)), to_f64(%horizon[])); "
	"add(mul(sub(1, s), exp(%theta[0])), mul(s, exp(%theta[1]))) } -> []\n"
	"  %2[2] = for i:2 { sub(%x[i], mul(%1[], %g[i])) } -> [i]\n"
	"  return %2\n}\n",
	2,
	true,
	0,
	{0}};

/* ... and its logarithm in a line from theta0 to theta1. */
static const RuleText rt_geometric_rate = {
	"func @init(%x[2], %theta[2]) -> () {\n  return\n}\n",
	"func @step(%x[2], %g[2], %f[], %t: int[], %horizon: int[], %theta[2]) -> (: f64[2]) {\n"
	"  %1[] = for { s = div(to_f64(sub(%t[], 1)), to_f64(%horizon[])); "
	"exp(add(mul(sub(1, s), %theta[0]), mul(s, %theta[1]))) } -> []\n"
	"  %2[2] = for i:2 { sub(%x[i], mul(%1[], %g[i])) } -> [i]\n"
	"  return %2\n}\n",
	2,
	true,
	0,
	{0}};

/* A random bowl with a bent bottom; its own matrix and centre for every instance. */
static const ObjectiveText rt_bowl = {
	"func @setup(%seed: int[], %instance: int[]) -> (A[3, 3], c[3]) {\n"
	"  %1 A[3, 3] = for i:3 j:3 { random_normal(%seed[], 1 int, %instance[], idx(3*i+j)) } -> [i, j]\n"
	"  %2 c[3] = for i:3 { random_normal(%seed[], 2 int, %instance[], idx(i)) } -> [i]\n"
	"  return %1, %2\n}\n",
	"func @start(%seed: int[], %instance: int[], %A[3, 3], %c[3]) -> (: f64[3]) {\n"
	"  %1[3] = for i:3 { add(%c[i], random_normal(%seed[], 3 int, %instance[], idx(i))) } -> [i]\n  return %1\n}\n",
	"func @value(%A[3, 3], %c[3], %x[3]) -> (: f64[]) {\n"
	"  %1[3] = for i:3 j:3 { mul(%A[i, j], sub(%x[j], %c[j])) } sum -> [i]\n"
	"  %2[] = for i:3 { add(mul(0.1, mul(%1[i], %1[i])), softplus(%1[i])) } sum -> []\n"
	"  return %2\n}\n",
	3};

/* Momentum with learned rate and decay, whose state starts from what is learned: theta = rate, decay, start, bend. */
static const RuleText rt_momentum = {
	"func @init(%x[3], %lr[], %theta[4]) -> (m[3], n: int[]) {\n"
	"  %1 m[3] = for i:3 { mul(%theta[2], %x[i]) } -> [i]\n"
	"  %2 n: int[] = for { 0 int } -> []\n"
	"  return %1, %2\n}\n",
	"func @step(%x[3], %g[3], %f[], %t: int[], %horizon: int[], %lr[], %theta[4], %m[3], %n: int[]) "
	"-> (: f64[3], : f64[3], : int[]) {\n"
	"  %1[3] = for i:3 { add(mul(sigmoid(%theta[1]), %m[i]), %g[i]) } -> [i]\n"
	"  %2[3] = for i:3 { r = mul(%lr[], exp(mul(%theta[0], div(to_f64(%t[]), to_f64(%horizon[]))))); "
	"sub(%x[i], mul(r, add(%1[i], mul(%theta[3], tanh(%f[]))))) } -> [i]\n"
	"  %3: int[] = for { add(%n[], 1) } -> []\n"
	"  return %2, %1, %3\n}\n",
	4,
	true,
	1,
	{0.1}};

typedef struct RtBench {
	Session *session;
	Rt *rt;
	Arena *arena;
} RtBench;

static inline RtBench rt_bench(RtEngine engine, int threads) {
	RtBench b = {.session = session_new(), .arena = arena_new()};
	RtOptions options = {.engine = engine, .real = IR_F64, .pipeline = {.verify = true}, .threads = threads, .seed = 7};
	b.rt = rt_new(b.session, NULL, &options);
	return b;
}

static inline void rt_bench_check(const RtBench *b) {
	if (b->session->error_count > 0) {
		diag_print_all(b->session, stderr, false);
		cr_assert(false, "diagnostics");
	}
}

static inline void rt_bench_free(RtBench *b) {
	rt_bench_check(b);
	rt_free(b->rt);
	arena_free(b->arena);
	session_free(b->session);
}

static inline IrFunc *rt_bench_func(RtBench *b, IrModule *module, const char *text) {
	uint32_t source = source_add(b->session, "test.ir", text, strlen(text));
	if (!ir_parse(module, source)) {
		diag_print_all(b->session, stderr, false);
		cr_assert(false, "does not parse:\n%s", text);
	}
	IrFunc *func = module->funcs.data[module->funcs.count - 1];
	const char *wrong = ir_verify(func);
	cr_assert(!wrong, "%s\n%s", wrong ? wrong : "", text);
	return func;
}

/* The role that a name says; parameters and results of other names have the next of `others`, which ends with IR_ROLE_NONE and
 * whose last role stands for all that follow. */
static inline IrRole rt_bench_role(const RtBench *b, Name name, const IrRole **others) {
	const char *text = name ? session_text(b->session, name) : "";
	for (int role = 1; role < IR_ROLES; role++)
		if (strcmp(text, ir_role_name((IrRole)role)) == 0)
			return (IrRole)role;
	IrRole role = **others;
	*others += (*others)[1] != IR_ROLE_NONE;
	return role;
}

/* A function from text, which has no roles, with the roles of what the frontend makes. */
static inline IrFunc *rt_bench_with_roles(RtBench *b, IrModule *module, const char *text, const IrRole *params,
                                          const IrRole *results) {
	IrFunc *func = rt_bench_func(b, module, text);
	for (uint32_t i = 0; i < func->params.count; i++)
		func->params.data[i].role = rt_bench_role(b, func->params.data[i].name, &params);
	for (uint32_t i = 0; i < func->results.count; i++)
		func->results.data[i].role = rt_bench_role(b, 0, &results);
	return func;
}

#define RT_BENCH_ROLES(...) ((const IrRole[]){__VA_ARGS__, IR_ROLE_NONE})

static inline Task *rt_bench_task(RtBench *b, const ObjectiveText *problem, const RuleText *rule, FeScore score) {
	IrModule *module = ir_module_new(b->session);
	AstDecl *decl = ARENA_NEW(b->arena, AstDecl);
	decl->name.name = session_name(b->session, "test");
	FeObjective *objective = ARENA_NEW(b->arena, FeObjective);
	*objective =
		(FeObjective){.decl = decl, .module = module, .real = IR_F64, .size = problem->size, .random_start = true};
	const IrRole *fixed = RT_BENCH_ROLES(IR_ROLE_FIXED);
	objective->setup = rt_bench_with_roles(b, module, problem->setup, fixed, fixed);
	objective->start = rt_bench_with_roles(b, module, problem->start, fixed, RT_BENCH_ROLES(IR_ROLE_X));
	objective->value = rt_bench_with_roles(b, module, problem->value, fixed, RT_BENCH_ROLES(IR_ROLE_F));
	FeRule *method = ARENA_NEW(b->arena, FeRule);
	*method = (FeRule){.decl = decl, .module = module, .real = IR_F64, .learned_count = rule->learned, .reads_f = true};
	method->reads_g = rule->reads_g;
	const IrRole one[] = {IR_ROLE_HYPER, IR_ROLE_STATE, IR_ROLE_NONE}, *own = rule->hyper_count > 0 ? one : one + 1;
	cr_assert(rule->hyper_count <= 1);
	method->init = rt_bench_with_roles(b, module, rule->init, own, RT_BENCH_ROLES(IR_ROLE_STATE));
	method->step = rt_bench_with_roles(b, module, rule->step, own, RT_BENCH_ROLES(IR_ROLE_X, IR_ROLE_STATE));
	for (uint32_t i = 0; i < rule->hyper_count; i++) {
		FeHyper hyper = {.name = session_name(b->session, "lr"), .value = rule->hypers[i]};
		vec_push(b->arena, &method->hypers, hyper);
	}
	return task_of(b->rt, module, objective, method, score);
}

/* Largest difference relative to the largest entry. */
static inline double rt_bench_distance(const double *a, const double *b, int64_t count) {
	double scale = 1e-300, most = 0;
	for (int64_t i = 0; i < count; i++) {
		scale = fmax(scale, fmax(fabs(a[i]), fabs(b[i])));
		most = fmax(most, fabs(a[i] - b[i]));
	}
	return most / scale;
}

#endif
