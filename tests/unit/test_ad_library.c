/* The library and the examples: gradients of every objective, and meta-gradients of whole unrolls of every rule (inner
 * gradients included), against differences and forward mode; what the gradients cost. */
#include "ad_differences.h"
#include "frontend/frontend.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "linked.h"
#include "programs.h"

#include <float.h>

static FeObjective *objective_of(Bench *b, FeProgram *program, const char *text) {
	FeCall call = {0};
	FeObjective *objective =
		fe_call_text(program, text, AST_OBJECTIVE, &call) ? fe_objective(program, b->module, &call, IR_F64) : NULL;
	if (!objective)
		diag_print_all(b->session, stderr, false);
	cr_assert(objective != NULL, "%s", text);
	return objective;
}

/* fixed..., x of instance 1 */
static IrTensor *problem(Bench *b, const FeObjective *objective) {
	IrTensor *args = ARENA_ARRAY(b->arena, IrTensor, objective->fixed.count + 3);
	IrTensor *key = ARENA_ARRAY(b->arena, IrTensor, objective->fixed.count + 2);
	for (int i = 0; i < 2; i++) {
		key[i] = ir_tensor_new(b->arena, ir_scalar_type(IR_I64), NULL);
		key[i].integers[0] = 7 + i;
	}
	IrTensor *fixed = bench_run(b, objective->setup, key);
	memcpy(args, fixed, sizeof(IrTensor) * objective->fixed.count);
	memcpy(key + 2, fixed, sizeof(IrTensor) * objective->fixed.count);
	args[objective->fixed.count] = bench_run(b, objective->start, key)[0];
	return args;
}

/* Only f of x counts: the value as a function with one result. */
static IrFunc *value_of(Bench *b, const FeObjective *objective) {
	const IrFunc *value = objective->value;
	IrFunc *func = ir_func_new(b->module, "f");
	IrBuilder builder = ir_builder(func);
	IrValue *args = ARENA_ARRAY(b->arena, IrValue, value->params.count + 1);
	IrValue *results = ARENA_ARRAY(b->arena, IrValue, value->results.count + 1);
	for (uint32_t p = 0; p < value->params.count; p++)
		args[p] = ir_param(func, session_text(b->session, value->params.data[p].name),
		                   ir_type(value, value->params.data[p].value));
	ir_inline(&builder, value, args, results);
	ir_result(func, "f", results[0]);
	return ir_optimize(b->module, func, &(IrPipeline){.verify = true});
}

static bool *last_only(Bench *b, const IrFunc *func) {
	bool *wrt = ARENA_ARRAY(b->arena, bool, func->params.count + 1);
	wrt[func->params.count - 1] = true;
	return wrt;
}

/* The largest step of a difference about a number: small ones, such as 1e-8 in a denominator, mean something at their own
 * scale; what is smaller than all rounding cannot be moved visibly: 0. */
static double first_step(double centre) {
	double size = fabs(centre);
	return size == 0 || size >= 1e-2 ? 1e-3 : size > 1e-20 ? 0.1 * size : 0;
}

/* d result 0 / d parameter p against differences in a few coordinates, where they are comparable, and against forward mode. */
static void check_parameter(Bench *b, const IrFunc *func, const IrTensor *args, uint32_t p, double tolerance,
                            bool comparable) {
	bool *wrt = ARENA_ARRAY(b->arena, bool, func->params.count + 1);
	wrt[p] = true;
	IrFunc *gradient = ad_gradient(b->module, func, "gradient", 0, wrt, true, false);
	IrFunc *forward = ad_forward(b->module, func, "forward", wrt, false);
	bench_verify(b, gradient);
	bench_verify(b, forward);
	IrTensor *g = bench_run(b, gradient, args);
	int64_t count = ir_type_elements(args[p].type, NULL);
	for (int64_t k = 0; k < count && k < 12; k++) {
		int64_t i = count <= 12 ? k : k * (count - 1) / 11;
		IrTensor *moved = ARENA_ARRAY(b->arena, IrTensor, func->params.count + 2);
		memcpy(moved, args, sizeof(IrTensor) * func->params.count);
		moved[func->params.count] = ir_tensor_new(b->arena, args[p].type, NULL);
		moved[func->params.count].reals[i] = 1;
		double tangent = bench_run(b, forward, moved)[0].reals[0];
		moved[p].reals = arena_copy(b->arena, args[p].reals, sizeof(double) * (size_t)count);
		double difference = 0, centre = args[p].reals[i], first = first_step(centre);
		bool close = !comparable || first == 0;
		for (double h = first; h > 1e-4 * first && !close; h /= 10) { /* no corner of a relu is nearer */
			double f[4], rounding = 0;
			for (int s = 0; s < 4; s++) {
				moved[p].reals[i] = centre + h * (s < 2 ? s - 2 : s - 1);
				f[s] = bench_run(b, func, moved)[0].reals[0];
				rounding = fmax(rounding, DBL_EPSILON * fabs(f[s]) / h);
			}
			difference = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
			close = bench_close(g[1].reals[i], difference, tolerance) || fabs(g[1].reals[i] - difference) <= rounding;
		}
		cr_expect(close, "%s: %lld: reverse %.12g, difference %.12g", b->name, (long long)i, g[1].reals[i], difference);
		cr_expect(bench_close(g[1].reals[i], tangent, 1e-9), "%s: %lld: reverse %.15g, forward %.15g", b->name,
		          (long long)i, g[1].reals[i], tangent);
	}
}

static void check_objective(const ProgramDecl *decl) {
	Bench b = bench_new(decl->name);
	FeProgram *program = program_again(b.session, decl);
	FeObjective *objective = objective_of(&b, program, program_call(b.session, decl));
	IrFunc *func = value_of(&b, objective);
	IrTensor *args = problem(&b, objective);
	uint32_t x = func->params.count - 1;
	for (int64_t k = 0; k < objective->size; k++)
		args[x].reals[k] += 0.1 * bench_uniform(&b, -1, 1);
	check_parameter(&b, func, args, x, 1e-6, true);
	IrFunc *gradient = ad_gradient(b.module, func, "gradient", 0, last_only(&b, func), true, false);
	IrFunc *best = ir_optimize(b.module, gradient, &(IrPipeline){.verify = true});
	bench_compare(&b, "raw and optimized", &bench_run(&b, gradient, args)[1], &bench_run(&b, best, args)[1], 1e-12);
	double plain = ir_cost(func, NULL).flops, raw = ir_cost(gradient, NULL).flops, clean = ir_cost(best, NULL).flops;
	cr_expect(clean <= 4 * plain, "%s: value %g, gradient raw %g, optimized %g FLOPs", b.name, plain, raw, clean);
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "%6.2f gradient of %s\n", clean / plain, b.name);
	bench_free(&b);
}

Test(ad_library, objectives, .timeout = 300) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OBJECTIVE);
	cr_assert(all.count >= 19, "%u", all.count);
	for (uint32_t i = 0; i < all.count; i++)
		check_objective(&all.data[i]);
	session_free(session);
}

/* The sum of f over three steps, as a function of everything the rule and the problem read. */
static IrFunc *unroll(Bench *b, const FeObjective *objective, const FeRule *rule, const IrFunc *value) {
	IrFunc *gradient = ad_gradient(b->module, value, "gradient", 0, last_only(b, value), true, false);
	gradient = ir_optimize(b->module, gradient, &(IrPipeline){.verify = true});
	IrFunc *func = ir_func_new(b->module, "unroll");
	IrBuilder builder = ir_builder(func);
	uint32_t fixed = objective->fixed.count, states = rule->init->results.count, hypers = rule->hypers.count;
	IrValue *given = ARENA_ARRAY(b->arena, IrValue, fixed + 1), *extra = ARENA_ARRAY(b->arena, IrValue, hypers + 1);
	for (uint32_t i = 0; i < fixed; i++)
		given[i] = ir_param(func, NULL, ir_type(value, value->params.data[i].value));
	IrValue x = ir_param(func, "x", ir_type(value, value->params.data[fixed].value));
	for (uint32_t i = 0; i < hypers; i++)
		extra[i] = ir_param(func, NULL, ir_scalar_type(IR_F64));
	uint32_t extras = hypers;
	if (rule->learned_count > 0)
		extra[extras++] = ir_param(func, "theta", ir_tensor_type(IR_F64, 1, &rule->learned_count));
	IrValue *args = ARENA_ARRAY(b->arena, IrValue, 2 * fixed + extras + states + 6);
	IrValue *state = ARENA_ARRAY(b->arena, IrValue, states + 4), results[2];
	args[0] = x;
	memcpy(args + 1, extra, sizeof(IrValue) * extras);
	ir_inline(&builder, rule->init, args, state + 1);
	IrValue total = ir_fill(&builder, ir_scalar_type(IR_F64), 0),
			horizon = ir_fill(&builder, ir_scalar_type(IR_I64), 3);
	state[0] = x;
	IrBlock *outer = builder.block;
	IrOp *loop = ir_loop_begin(&builder, 3, 0);
	for (uint32_t i = 0; i <= states; i++)
		state[i] = ir_loop_carry(&builder, loop, state[i]);
	total = ir_loop_carry(&builder, loop, total);
	IrForBuilder f = ir_for_begin(&builder);
	uint32_t turn = ir_op2(&f, IR_add, ir_read_scalar(&f, loop->loop.counter), ir_int(&f, 1));
	IrValue t = ir_put(&f, IR_PUT_NONE, turn, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	given[fixed] = state[0];
	ir_inline(&builder, gradient, given, results);
	uint32_t count = 0;
	args[count++] = state[0];
	args[count++] = results[1];
	args[count++] = results[0];
	args[count++] = t;
	args[count++] = horizon;
	memcpy(args + count, extra, sizeof(IrValue) * extras);
	memcpy(args + count + extras, state + 1, sizeof(IrValue) * states);
	memcpy(args + count + extras + states, given, sizeof(IrValue) * fixed);
	ir_inline(&builder, linked_step(b->module, rule, rule->derives ? objective->value : value), args, state);
	given[fixed] = state[0];
	ir_inline(&builder, value, given, results);
	state[states + 1] = ir_add_values(&builder, total, results[0]);
	ir_loop_end(&builder, loop, state, outer);
	ir_result(func, "score", loop->loop.carries.data[states + 1].out);
	return func;
}

/* FLOPs of a meta-gradient over those of the unroll, which has gradients in it already. */
static const double meta_limit = 4;

/* `stop_gradient` gives other derivatives than differences do, but where a step of Newton's follows. */
static bool stops_gradients(const ProgramDecl *decl) {
	return program_says(decl, "stop_gradient") && !program_says(decl, "cubic_newton");
}

static void check_rule(const ProgramDecl *decl, const char *objective_text, double limit) {
	Bench b = bench_new(decl->name);
	FeProgram *program = program_again(b.session, decl);
	FeObjective *objective = objective_of(&b, program, objective_text);
	FeTarget target = fe_target(objective, b.arena);
	FeCall call = {0};
	FeRule *rule = fe_call_text(program, program_call(b.session, decl), AST_OPTIMIZER, &call)
	                   ? fe_rule(program, b.module, &call, &target, IR_F64, NULL, 0)
	                   : NULL;
	if (!rule)
		diag_print_all(b.session, stderr, false);
	cr_assert(rule != NULL);
	IrFunc *value = value_of(&b, objective);
	IrFunc *raw = unroll(&b, objective, rule, value);
	bench_verify(&b, raw);
	IrFunc *func = ir_optimize(b.module, raw, &(IrPipeline){.verify = true});
	IrTensor *args = ARENA_ARRAY(b.arena, IrTensor, func->params.count + 1);
	uint32_t count = objective->fixed.count + 1;
	memcpy(args, problem(&b, objective), sizeof(IrTensor) * count);
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		args[count] = ir_tensor_new(b.arena, ir_scalar_type(IR_F64), NULL);
		args[count++].reals[0] = rule->hypers.data[i].value;
	}
	if (rule->learned_count > 0) {
		IrTensor seed = ir_tensor_new(b.arena, ir_scalar_type(IR_I64), NULL);
		args[count++] = bench_run(&b, rule->theta, &seed)[0];
	}
	for (uint32_t p = objective->fixed.count; p < count; p++)
		check_parameter(&b, func, args, p, 1e-6, !stops_gradients(decl));
	IrFunc *meta = ad_gradient(b.module, func, "meta", 0, last_only(&b, func), true, false);
	IrFunc *best = ir_optimize(b.module, meta, &(IrPipeline){.verify = true});
	bench_compare(&b, "raw and optimized", &bench_run(&b, meta, args)[1], &bench_run(&b, best, args)[1], 1e-9);
	double plain = ir_cost(func, NULL).flops, full = ir_cost(best, NULL).flops;
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "%6.2f meta-gradient of %s on %s\n", full / plain, b.name, objective_text);
	cr_expect(full <= limit * plain, "%s: unroll %g, meta-gradient raw %g, optimized %g FLOPs", b.name, plain,
	          ir_cost(meta, NULL).flops, full);
	bench_free(&b);
}

Test(ad_library, meta_gradients_of_rules, .timeout = 400) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	cr_assert(all.count >= 14, "%u", all.count);
	for (uint32_t i = 0; i < all.count; i++)
		check_rule(&all.data[i], "quadratic(n = 3)", meta_limit);
	session_free(session);
}

/* Rules that look at the axes of x, on matrices. */
Test(ad_library, meta_gradients_by_axes, .timeout = 200) {
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	uint32_t count = 0;
	for (uint32_t i = 0; i < all.count; i++) {
		if (!fe_is_by_shape(all.data[i].program, &all.data[i].call))
			continue;
		check_rule(&all.data[i], "deep_linear(d = 6, layers = 2)", meta_limit);
		count++;
	}
	cr_expect(count >= 5, "%u", count);
	session_free(session);
}

Test(ad_library, meta_gradients_on_families, .timeout = 200) {
	static const char *const families[] = {"robust_regression(n = 20)", "logistic(n = 20)", "small_net(n = 20)"};
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	for (uint32_t i = 0; i < all.count; i++) {
		if (strstr(all.data[i].name, ": policy") == NULL)
			continue;
		for (size_t k = 0; k < sizeof families / sizeof *families; k++)
			check_rule(&all.data[i], families[k], meta_limit);
	}
	session_free(session);
}
