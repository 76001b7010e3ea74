/* Every objective and every rule of the library and of the examples, three ways: evaluator, machine code and emitted C.
 * Under --strict all three give the same bits; by default machine code and C stay within bounds that are stated here and in
 * docs/agreement.md. Objectives: data, start, value and gradient at several points. Rules: init and 24 steps, for one
 * tensor of any size, for one of a known size and for two. */
#include "drawn_key.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "jit_three_ways.h"
#include "linked.h"
#include "programs.h"

#include "autodiff/autodiff.h"

enum { MODES = 2, STRICT = 0, DEFAULT = 1 };
enum { POINTS = GRADUS_SANITIZED ? 2 : 4, STEPS = GRADUS_SANITIZED ? 4 : 24 };
enum { STRIDE = GRADUS_SANITIZED ? 4 : 1 }; /* through the declarations */

/* How far the default mode may be from strict code after one call, in units in the last place of the largest entry of a
 * result (reals; integers and booleans are equal). */
static const double objective_ulp = 64, rule_ulp = 16;
/* Where a fit starts well, its residuals are what is left of numbers a thousand times as large. */
static const double fit_ulp = 256;
/* A Hessian, or J'J, multiplies what its elements were rounded by: its condition is some hundreds where rules meet it here. */
static const double solved_ulp = 1024;
/* The inverse of a matrix multiplies rounding by its condition, which is some tens in the families that have one. */
static const double inverted_ulp = 256;
/* A slope along a random direction is the difference of two values over a small radius: they cancel. */
static const double difference_ulp = 1024;

typedef struct Way {
	JitTestRun run; /* the arguments of the next call and what the evaluator makes of them */
	const char *name;
	double bound;
	IrFunc *expanded;
	JitCode *machine[MODES], *plain; /* plain: strict and unfused */
	uint32_t c[MODES];
	double worst[2]; /* seen by default: machine code, C */
} Way;

typedef struct Lab {
	Session *session;
	JitEngine *engine;
	JitTestC c;
	VEC(Way *) ways;
} Lab;

static Lab lab_new(void) {
	Lab lab = {.session = session_new()};
	const char *error = NULL;
	lab.engine = jit_engine_new(lab.session, &error);
	cr_assert_not_null(lab.engine, "%s", error);
	jit_test_c_begin(&lab.c, lab.session->arena);
	return lab;
}

/* A function in all its forms; `n` is what every symbol stands for. */
static Way *lab_add(Lab *lab, IrModule *module, IrFunc *func, const char *name, double bound, int64_t n, int modes,
                    bool plain) {
	Way *way = ARENA_NEW(lab->session->arena, Way);
	func = ir_optimize(module, func, &(IrPipeline){.verify = true});
	*way = (Way){.run = {.module = module, .func = func}, .name = name, .bound = bound};
	for (uint32_t i = 0; i < func->symbols.count; i++)
		way->run.symbols[i] = n;
	cr_assert(func->params.count <= JIT_TEST_MAX && func->results.count <= JIT_TEST_MAX, "%s", name);
	way->expanded = ir_expand_math(module, func, false);
	for (int mode = 0; mode < modes; mode++) {
		way->machine[mode] = jit_compile(lab->engine, func, &(JitOptions){.strict = mode == STRICT});
		way->c[mode] = jit_test_c_add(&lab->c, &way->run, mode == STRICT);
	}
	if (plain)
		way->plain = jit_compile(lab->engine, func, &(JitOptions){.strict = true, .no_fusion = true});
	vec_push(lab->session->arena, &lab->ways, way);
	return way;
}

/* The largest distance of any result in units in the last place of its largest entry. */
static double distance(const JitTestRun *run, void *const *results) {
	double most = 0;
	for (uint32_t r = 0; r < run->func->results.count; r++) {
		const IrTensor *want = &run->want[r];
		double scale = 0, off = 0;
		if (run->func->results.data[r].role == IR_ROLE_SPENT)
			continue; /* a search may end a turn earlier, where that hangs by rounding */
		for (int64_t k = 0; k < ir_type_elements(want->type, NULL); k++) {
			double got = 0;
			bool same = jit_test_same(want, results[r], k, 0, &got);
			if (!want->reals) {
				cr_expect(same, "integers differ");
				continue;
			}
			scale = fmax(scale, fabs(want->reals[k]));
			if (!same && !(got == want->reals[k]))
				off = isfinite(got) && isfinite(want->reals[k]) ? fmax(off, fabs(got - want->reals[k]))
				                                                : (double)INFINITY;
		}
		int exponent;
		frexp(scale, &exponent);
		most = fmax(most, off / ldexp(want->type.scalar == IR_F32 ? 0x1p-24 : 0x1p-53, exponent));
	}
	return most;
}

static int call_machine(const Way *way, const JitCode *code, Arena *arena, void *const *params, void *const *results) {
	size_t bytes = jit_arena_bytes(code, way->run.symbols);
	void *scratch = jit_test_memory(arena, bytes);
	memset(scratch, 0xA5, bytes);
	return jit_call(code, params, results, scratch, way->run.symbols);
}

/* Calls all forms on way->run.args; way->run.want is the evaluator's answer afterwards, in `keep`. */
static void way_call(Lab *lab, Way *way, Arena *keep) {
	JitTestRun *run = &way->run;
	run->error = ir_evaluate(way->expanded, keep, run->args, run->want, NULL);
	cr_assert_null(run->error, "%s: %s", way->name, run->error);
	Arena *arena = arena_new();
	void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
	jit_test_pointers(run, arena, params, results);
	cr_assert(call_machine(way, way->machine[STRICT], arena, params, results) == 0);
	jit_test_compare(run, results, 0, "machine, strict", way->name);
	if (way->plain) {
		cr_assert(call_machine(way, way->plain, arena, params, results) == 0);
		jit_test_compare(run, results, 0, "machine, strict, not fused", way->name);
	}
	jit_test_c_run(&lab->c, way->c[STRICT], run, arena, 0, "C, strict", way->name);
	if (way->machine[DEFAULT]) {
		cr_assert(call_machine(way, way->machine[DEFAULT], arena, params, results) == 0);
		way->worst[0] = fmax(way->worst[0], distance(run, results));
		jit_test_c_call(&lab->c, way->c[DEFAULT], run, arena, params, results);
		way->worst[1] = fmax(way->worst[1], distance(run, results));
	}
	arena_free(arena);
}

static void lab_free(Lab *lab) {
	double worst = 0;
	const char *where = "";
	for (uint32_t i = 0; i < lab->ways.count; i++) {
		Way *way = lab->ways.data[i];
		double most = fmax(way->worst[0], way->worst[1]);
		cr_expect(most <= way->bound, "%s: by default %g ulp (machine) and %g ulp (C), not at most %g", way->name,
		          way->worst[0], way->worst[1], way->bound);
		if (getenv("GRADUS_TEST_SHOW"))
			fprintf(stderr, "%10.1f %10.1f  %s\n", way->worst[0], way->worst[1], way->name);
		where = most > worst ? way->name : where;
		worst = fmax(worst, most);
		for (int mode = 0; mode < MODES; mode++)
			jit_code_free(way->machine[mode]);
		jit_code_free(way->plain);
	}
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "worst: %g ulp, %s\n", worst, where);
	dlclose(lab->c.library);
	jit_engine_free(lab->engine);
	session_free(lab->session);
}

static void lab_compile(Lab *lab) {
	/* what the Makefile of an emitted folder says */
	jit_test_c_compile(&lab->c, GRADUS_TEST_CC,
	                   GRADUS_SANITIZED ? "-std=c99 -O0" : "-std=c99 -O1 -fno-tree-slp-vectorize");
}

static double random_real(uint64_t *state) {
	return (double)(int64_t)(jit_test_random(state) >> 11) * 0x1p-52 - 1;
}

static double rounded(IrScalar real, double value) {
	return real == IR_F32 ? (double)(float)value : value;
}

static IrTensor tensor_of_int(Arena *arena, int64_t value) {
	IrTensor tensor = ir_tensor_new(arena, ir_scalar_type(IR_I64), NULL);
	tensor.integers[0] = value;
	return tensor;
}

static IrTensor tensor_of_real(Arena *arena, IrScalar real, double value) {
	IrTensor tensor = ir_tensor_new(arena, ir_scalar_type(real), NULL);
	tensor.reals[0] = rounded(real, value);
	return tensor;
}

static const char *real_name(IrScalar real) {
	return ir_scalar_name(real);
}

/* ---- objectives ---- */

typedef struct Objective {
	FeObjective *objective;
	IrModule *module;
	Way *setup, *start, *value, *gradient;
} Objective;

static Objective add_objective(Lab *lab, const ProgramDecl *decl, IrScalar real) {
	Objective o = {.module = ir_module_new(lab->session)};
	Arena *arena = lab->session->arena;
	const char *name = arena_printf(arena, "%s, %s", decl->name, real_name(real));
	o.objective = fe_objective(decl->program, o.module, &decl->call, real);
	cr_assert_not_null(o.objective, "%s", name);
	IrFunc *value = drawn_by_key(lab->session, o.module, o.objective->value);
	bool *wrt = ARENA_ARRAY(arena, bool, value->params.count + 1);
	wrt[value->params.count - 1] = true;
	IrFunc *gradient = ad_gradient(o.module, value, "gradient", 0, wrt, true, true);
	bool all = program_is_typical(decl);
	int modes = all ? MODES : STRICT + 1;
	bool inverts = program_says(decl, "logdet(") || program_says(decl, "solve(") || program_says(decl, "inverse(");
	double bound = o.objective->residuals > 0 ? fit_ulp : inverts ? inverted_ulp : objective_ulp;
	o.setup = lab_add(lab, o.module, o.objective->setup, arena_printf(arena, "data of %s", name), objective_ulp, 0,
	                  modes, all);
	o.start = lab_add(lab, o.module, o.objective->start, arena_printf(arena, "start of %s", name), objective_ulp, 0,
	                  modes, all);
	o.value = lab_add(lab, o.module, value, arena_printf(arena, "value of %s", name), bound, 0, modes, all);
	o.gradient = lab_add(lab, o.module, gradient, arena_printf(arena, "gradient of %s", name), bound, 0, MODES, all);
	return o;
}

static void check_objective(Lab *lab, Objective *o) {
	uint64_t state = 1;
	for (int64_t point = 0; point < POINTS; point++) {
		Arena *arena = arena_new();
		uint32_t fixed = o->objective->fixed.count;
		o->setup->run.args[0] = o->start->run.args[0] = tensor_of_int(arena, 5);
		o->setup->run.args[1] = o->start->run.args[1] = tensor_of_int(arena, point);
		way_call(lab, o->setup, arena);
		memcpy(o->start->run.args + 2, o->setup->run.want, sizeof(IrTensor) * fixed);
		way_call(lab, o->start, arena);
		IrTensor x = o->start->run.want[0];
		for (int64_t k = 0; k < o->objective->size && point > 0; k++)
			x.reals[k] = rounded(x.type.scalar, x.reals[k] + 0.5 * random_real(&state));
		memcpy(o->value->run.args, o->setup->run.want, sizeof(IrTensor) * fixed);
		o->value->run.args[fixed] = x;
		memcpy(o->gradient->run.args, o->value->run.args, sizeof(IrTensor) * (fixed + 1));
		way_call(lab, o->value, arena);
		way_call(lab, o->gradient, arena);
		arena_free(arena);
	}
}

Test(agree_library, objectives, .timeout = 550) {
	Lab lab = lab_new();
	ProgramDecls all = programs_all(lab.session, AST_OBJECTIVE);
	cr_assert(all.count >= 19, "%u", all.count);
	VEC(Objective) objectives = {0};
	for (uint32_t i = 0; i < all.count; i += STRIDE) {
		for (int wide = 0; wide < 2; wide++) {
			if (!program_goes(&all.data[i], i / STRIDE, wide, 2))
				continue;
			Objective o = add_objective(&lab, &all.data[i], wide ? IR_F64 : IR_F32);
			vec_push(lab.session->arena, &objectives, o);
		}
	}
	lab_compile(&lab);
	for (uint32_t i = 0; i < objectives.count; i++) {
		check_objective(&lab, &objectives.data[i]);
		ir_module_free(objectives.data[i].module);
	}
	lab_free(&lab);
}

/* ---- rules ---- */

typedef struct Target {
	const char *name;
	int64_t sizes[4];
	uint32_t count;
	int64_t size; /* coordinates in all */
	const IrType *types;
} Target;

/* For rules that look at the axes of x, which are not of any size. */
static const IrType shapes[] = {
	{.rank = 2, .dims = {3, 2}}, {.rank = 1, .dims = {3}}, {.rank = 2, .dims = {3, 2}}, {.rank = 0}};

static const Target targets[] = {
	{"of any size", {0}, 0, 21, NULL},
	{"on one tensor", {7}, 1, 7, NULL},
	{"on two tensors", {3, 18}, 2, 21, NULL},
	{"on tensors of several ranks", {6, 3, 6, 1}, 4, 16, shapes},
};

typedef struct Rule {
	FeRule *rule;
	IrModule *module;
	const Target *target;
	Way *theta, *init, *step;
} Rule;

/* What rules look at that evaluate elsewhere, or read residuals: a valley. */
static FeObjective *valley_of(Lab *lab, IrModule *module, const ProgramDecl *decl, int64_t size, IrScalar real) {
	FeCall call;
	const char *text = arena_printf(lab->session->arena, "rosenbrock(n = %lld)", (long long)size);
	cr_assert(fe_call_text(decl->program, text, AST_OBJECTIVE, &call));
	FeObjective *valley = fe_objective(decl->program, module, &call, real);
	cr_assert(valley && valley->fixed.count == 0);
	return valley;
}

/* Whether what it learns depends on the size of x: there is none for any size. */
static bool is_tied(Lab *lab, const ProgramDecl *decl) {
	IrModule *module = ir_module_new(lab->session);
	FeTarget any = {0};
	DiagMark mark = diag_mark(lab->session);
	FeRule *rule = fe_rule(decl->program, module, &decl->call, &any, IR_F64, NULL, 0);
	Diags said = diag_take_back(lab->session, mark);
	ir_module_free(module);
	return !rule && said.count == 1 && said.data[0]->code == 265;
}

static Rule add_rule(Lab *lab, const ProgramDecl *decl, const Target *target, IrScalar real) {
	Rule r = {.module = ir_module_new(lab->session), .target = target};
	Arena *arena = lab->session->arena;
	const char *name = arena_printf(arena, "%s %s, %s", decl->name, target->name, real_name(real));
	FeTarget sizes = {
		.sizes = target->sizes, .count = target->count, .types = target->types, .type_count = target->count};
	FeObjective *valley = target->count > 0 ? valley_of(lab, r.module, decl, target->size, real) : NULL;
	sizes.objective = valley;
	r.rule = fe_rule(decl->program, r.module, &decl->call, &sizes, real, NULL, 0);
	cr_assert_not_null(r.rule, "%s", name);
	IrFunc *step = valley ? linked_step(r.module, r.rule, valley->value) : r.rule->step;
	step = drawn_by_key(lab->session, r.module, step);
	bool all = program_is_typical(decl);
	int modes = all ? MODES : STRICT + 1;
	if (r.rule->theta)
		r.theta =
			lab_add(lab, r.module, r.rule->theta, arena_printf(arena, "theta of %s", name), rule_ulp, 0, modes, all);
	r.init = lab_add(lab, r.module, r.rule->init, arena_printf(arena, "init of %s", name), rule_ulp, target->size,
	                 modes, all);
	bool solves = r.rule->derives && (program_says(decl, "solve(") || program_says(decl, "cholesky("));
	bool differs = r.rule->evaluates && r.rule->draws;
	double bound = solves ? solved_ulp : differs ? difference_ulp : rule_ulp;
	r.step = lab_add(lab, r.module, step, arena_printf(arena, "step of %s", name), bound, target->size, MODES, all);
	return r;
}

/* The gradient of a bent bowl, in double and then rounded: the same bits for everyone. */
static double bowl(const IrTensor *x, IrTensor *g) {
	double f = 1;
	for (int64_t i = 0; i < ir_type_elements(x->type, NULL); i++) {
		double a = 1 + (double)(i % 5), d = x->reals[i] - 0.3 * (double)(i % 7);
		f += a / 2 * d * d + 0.1 * cos(3 * x->reals[i]);
		g->reals[i] = rounded(x->type.scalar, i == 2 ? 0 : a * d - 0.3 * sin(3 * x->reals[i]));
	}
	return f;
}

static void check_rule(Lab *lab, Rule *r) {
	const FeRule *rule = r->rule;
	Arena *arena = arena_new();
	IrScalar real = rule->real;
	int64_t n = r->target->size;
	uint64_t state = 7;
	IrTensor extra[JIT_TEST_MAX];
	uint32_t extras = 0, states = rule->states.count;
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		extra[extras++] = tensor_of_real(arena, real, rule->hypers.data[i].value);
	if (r->theta) {
		r->theta->run.args[0] = tensor_of_int(arena, 11);
		way_call(lab, r->theta, arena);
		if (rule->learned_count > 0)
			extra[extras++] = r->theta->run.want[0];
	}
	IrTensor x = ir_tensor_new(arena, ir_tensor_type(real, 1, &n), NULL), g = ir_tensor_new(arena, x.type, NULL);
	for (int64_t i = 0; i < n; i++)
		x.reals[i] = i == 4 ? 0 : rounded(real, 2 * random_real(&state));
	r->init->run.args[0] = x;
	memcpy(r->init->run.args + 1, extra, sizeof(IrTensor) * extras);
	way_call(lab, r->init, arena);
	IrTensor *args = r->step->run.args;
	memcpy(args + 5 + extras, r->init->run.want, sizeof(IrTensor) * states);
	for (int t = 1; t <= STEPS; t++) {
		args[0] = x;
		double f = bowl(&x, &g);
		args[1] = g;
		args[2] = tensor_of_real(arena, real, f);
		args[3] = tensor_of_int(arena, t);
		args[4] = tensor_of_int(arena, STEPS);
		memcpy(args + 5, extra, sizeof(IrTensor) * extras);
		/* sums over all tensors: some numbers, as another tensor would add to them */
		for (uint32_t k = 0; k < rule->collectives; k++)
			args[5 + extras + states + k] = tensor_of_real(arena, real, 30 + 3 * random_real(&state));
		way_call(lab, r->step, arena);
		x = r->step->run.want[0];
		memcpy(args + 5 + extras, r->step->run.want + 1, sizeof(IrTensor) * states);
	}
	arena_free(arena);
}

/* Does its text ask for the objective elsewhere? Then it is for known tensors. */
static bool evaluates(const ProgramDecl *decl) {
	return program_says(decl, "value(") || program_says(decl, "gradient(") || program_says(decl, "grad(g") ||
	       program_says(decl, "residuals");
}

Test(agree_library, rules, .timeout = 550) {
	Lab lab = lab_new();
	ProgramDecls all = programs_all(lab.session, AST_OPTIMIZER);
	cr_assert(all.count >= 14, "%u", all.count);
	VEC(Rule) rules = {0};
	for (uint32_t i = 0; i < all.count; i += STRIDE) {
		bool by_shape = fe_is_by_shape(all.data[i].program, &all.data[i].call);
		for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
			if (by_shape ? targets[k].count == 0 : targets[k].types != NULL)
				continue;
			if (targets[k].count == 0 && (evaluates(&all.data[i]) || is_tied(&lab, &all.data[i])))
				continue;
			for (int wide = 0; wide < 2; wide++) {
				if (!program_goes(&all.data[i], i / STRIDE, 2 * (int)k + wide, 8))
					continue;
				Rule rule = add_rule(&lab, &all.data[i], &targets[k], wide ? IR_F64 : IR_F32);
				vec_push(lab.session->arena, &rules, rule);
			}
		}
	}
	lab_compile(&lab);
	for (uint32_t i = 0; i < rules.count; i++) {
		check_rule(&lab, &rules.data[i]);
		ir_module_free(rules.data[i].module);
	}
	lab_free(&lab);
}
