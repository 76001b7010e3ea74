/* Roles of parameters and results: that transformations carry them along, and that calls by role put everything in its place. */
#include "autodiff/autodiff.h"
#include "ir/build.h"
#include "ir/pass/pass.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct Bench {
	Session *session;
	IrModule *module;
	IrFunc *func; /* (fixed, fixed, x: [3], t, theta) -> f, state */
} Bench;

static Bench bench(void) {
	Bench b = {.session = session_new()};
	b.module = ir_module_new(b.session);
	IrFunc *func = b.func = ir_func_new(b.module, "f");
	IrDim three = 3;
	IrType real = ir_scalar_type(IR_F64), vector = ir_tensor_type(IR_F64, 1, &three);
	IrValue a = ir_param_as(func, IR_ROLE_FIXED, "a", real), c = ir_param_as(func, IR_ROLE_FIXED, "c", real);
	IrValue x = ir_param_as(func, IR_ROLE_X, "x", vector),
			t = ir_param_as(func, IR_ROLE_T, "t", ir_scalar_type(IR_I64));
	IrValue theta = ir_param_as(func, IR_ROLE_THETA, "theta", real);
	IrBuilder builder = ir_builder(func);
	IrForBuilder f = ir_for_begin(&builder);
	uint32_t sum = ir_op2(&f, IR_mul, ir_read_scalar(&f, a), ir_read_scalar(&f, theta));
	sum = ir_op2(&f, IR_sub, sum, ir_read_scalar(&f, c));
	sum = ir_op2(&f, IR_mul, sum, ir_op1(&f, IR_to_f64, ir_read_scalar(&f, t)));
	IrValue out = ir_put(&f, IR_PUT_NONE, sum, real, NULL, 0, false);
	ir_for_end(&f);
	ir_result_as(func, IR_ROLE_F, "f", out);
	ir_result_as(func, IR_ROLE_STATE, "m", x);
	return b;
}

static void bench_free(Bench *b) {
	ir_module_free(b->module);
	session_free(b->session);
}

static void expect_roles(const IrFunc *func, const IrRole *params, uint32_t param_count, const IrRole *results,
                         uint32_t result_count, const char *what) {
	cr_assert(func->params.count == param_count && func->results.count == result_count, "%s: %u, %u", what,
	          func->params.count, func->results.count);
	for (uint32_t i = 0; i < param_count; i++)
		cr_expect(func->params.data[i].role == params[i], "%s: parameter %u is %s", what, i,
		          ir_role_name(func->params.data[i].role));
	for (uint32_t i = 0; i < result_count; i++)
		cr_expect(func->results.data[i].role == results[i], "%s: result %u is %s", what, i,
		          ir_role_name(func->results.data[i].role));
}

Test(ir_signature, transformations_carry_roles) {
	Bench b = bench();
	const IrRole own[] = {IR_ROLE_FIXED, IR_ROLE_FIXED, IR_ROLE_X, IR_ROLE_T, IR_ROLE_THETA};
	const IrRole results[] = {IR_ROLE_F, IR_ROLE_STATE};
	const IrRole theta_tilde = ir_role_tilde(IR_ROLE_THETA), f_tilde = ir_role_tilde(IR_ROLE_F),
				 state_tilde = ir_role_tilde(IR_ROLE_STATE);
	const IrPipeline pipeline = {0};
	expect_roles(ir_func_copy(b.module, b.func, "copy"), own, 5, results, 2, "copied");
	expect_roles(ir_optimize(b.module, ir_func_copy(b.module, b.func, "copy"), &pipeline), own, 5, results, 2,
	             "optimized");
	bool *varying = ir_lanes_by_role(b.session->arena, b.func, false);
	expect_roles(ad_batch(b.module, b.func, "batch", varying, NULL), own, 5, results, 2, "batched");
	bool *wrt = ir_choose_params(b.session->arena, b.func, IR_ROLE_THETA);
	const IrRole gradient[] = {IR_ROLE_F, IR_ROLE_STATE, theta_tilde};
	expect_roles(ad_gradient(b.module, b.func, "g", 0, wrt, true, true), own, 5, gradient, 3, "gradient");
	const IrRole seeded[] = {own[0], own[1], own[2], own[3], own[4], f_tilde, state_tilde};
	expect_roles(ad_reverse(b.module, b.func, "r", NULL, wrt, true), seeded, 7, gradient, 3, "reverse");
	const IrRole along[] = {own[0], own[1], own[2], own[3], own[4], theta_tilde};
	const IrRole tangents[] = {IR_ROLE_F, IR_ROLE_STATE, f_tilde, state_tilde};
	expect_roles(ad_forward(b.module, b.func, "j", wrt, true), along, 6, tangents, 4, "forward");
	bench_free(&b);
}

Test(ir_signature, ranges_and_lanes) {
	Bench b = bench();
	IrRange fixed = ir_params_of(b.func, IR_ROLE_FIXED);
	cr_expect(fixed.first == 0 && fixed.count == 2);
	cr_expect(ir_params_of(b.func, IR_ROLE_HYPER).count == 0);
	cr_expect(ir_param_at(b.func, IR_ROLE_THETA) == 4 && ir_result_at(b.func, IR_ROLE_STATE) == 1);
	const bool *problems = ir_lanes_by_role(b.session->arena, b.func, false);
	const bool *particles = ir_lanes_by_role(b.session->arena, b.func, true);
	const bool are_problems[] = {true, true, true, false, false}, are_particles[] = {true, true, true, true, true};
	cr_expect(!memcmp(problems, are_problems, sizeof are_problems));
	cr_expect(!memcmp(particles, are_particles, sizeof are_particles));
	bench_free(&b);
}

Test(ir_signature, arguments_come_in_order) {
	Bench b = bench();
	const int theta = 5, fixed[] = {1, 2, 99}, xs[] = {3}, ts[] = {4};
	IrByRole given;
	ir_by_role(&given);
	ir_give(&given, IR_ROLE_THETA, &theta, 1);
	ir_give(&given, IR_ROLE_T, ts, 1);
	ir_give(&given, IR_ROLE_X, xs, 1);
	ir_give(&given, IR_ROLE_FIXED, fixed, 3);
	int out[5] = {0};
	ir_arguments(b.func, &given, sizeof *out, out);
	for (int i = 0; i < 5; i++)
		cr_expect(out[i] == i + 1, "argument %d is %d", i, out[i]);
	const void *places[2];
	IrByRole where;
	ir_by_role(&where);
	ir_give_addresses(&where, IR_ROLE_F, &xs[0], sizeof xs, 1);
	ir_give_addresses(&where, IR_ROLE_STATE, &fixed[1], sizeof *fixed, 2);
	ir_places(b.func, &where, sizeof *places, places);
	cr_expect(places[0] == &xs[0] && places[1] == &fixed[1]);
	bench_free(&b);
}

/* Every role has a name of its own, with and without the tilde; a tilde of a tilde is no role. */
Test(ir_signature, names) {
	for (int a = 1; a < IR_ALL_ROLES; a++) {
		for (int c = a + 1; c < IR_ALL_ROLES; c++)
			cr_expect(a == IR_ROLES || c == IR_ROLES || strcmp(ir_role_name((IrRole)a), ir_role_name((IrRole)c)) != 0,
			          "%s twice", ir_role_name((IrRole)a));
		IrRole tilde = ir_role_tilde((IrRole)a);
		cr_expect(a < IR_ROLES ? (int)tilde == a + IR_ROLES : tilde == IR_ROLE_NONE);
	}
}
