/* What typing knows of what depends on what (frontend/meaning/elab_derivative.c): whether a derivative is 0 everywhere (W0292), and
 * whether a loop has to be written out for one. Walked over all functions of the language, and over the ways to write what is
 * differentiated by x in a rule. */
#include "frontend/frontend.h"
#include "frontend/syntax/builtins.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ZERO_DERIVATIVE = 292 };

typedef struct Checked {
	uint32_t errors, zeros;
} Checked;

static Checked check(const char *text) {
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
	fe_check(program);
	Checked c = {.errors = session->error_count};
	for (uint32_t i = 0; i < session->diags.count; i++)
		c.zeros += session->diags.data[i]->code == ZERO_DERIVATIVE;
	session_free(session);
	return c;
}

/* ---- functions ---- */

/* All of them computed from x. */
static const char *const arguments[] = {"s", "R", "M", "Q"};
enum { ARGUMENTS = sizeof arguments / sizeof *arguments, MOST = 3 };

static const char of_function[] =
	"objective o() {\n  param x : [3] = 1\n  let s = x[0]\n  let R = 2 * x\n  let M = [R, R]\n"
	"  let Q = [R, R, R]\n  let r = %s(%s)\n  minimize sum(%s(r, x)) + sum(x)\n}\n"
	"objective in_turns() {\n  param x : [3] = 1\n  var h = x\n  for k in 0..6 {\n"
	"    let s = h[0]\n    let R = 2 * h\n    let M = [R, R]\n    let Q = [R, R, R]\n"
	"    let r = %s(%s)\n    h <- h + sum(%s(r, x))\n  }\n  minimize sum(h)\n}\n";

/* What these give is made of no number of their arguments. */
static bool is_constant(const Builtin *b) {
	static const char *const names[] = {"zeros", "ones", "eye", "iota", "size", "rank", "shape"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(b->name, names[i]) == 0)
			return true;
	return false;
}

/* By another thing that is computed from x, which is 0 for good reason. */
static bool is_derivative(const Builtin *b) {
	return b->id == BUILTIN_grad || b->id == BUILTIN_jacobian || b->id == BUILTIN_jvp;
}

static int walk_calls(const Builtin *b) {
	int found = 0, most = b->most < MOST ? (int)b->most : MOST;
	for (int count = (int)b->least; count <= most; count++) {
		int combinations = 1;
		for (int i = 0; i < count; i++)
			combinations *= ARGUMENTS;
		for (int k = 0; k < combinations; k++) {
			char call[100] = "", text[2000];
			for (int i = 0, rest = k; i < count; i++, rest /= ARGUMENTS)
				snprintf(call + strlen(call), sizeof call - strlen(call), "%s%s", i ? ", " : "",
				         arguments[rest % ARGUMENTS]);
			/* NOLINTNEXTLINE: a constant */
			snprintf(text, sizeof text, of_function, b->name, call, "jacobian", b->name, call, "jacobian");
			Checked c = check(text);
			if (c.errors)
				continue;
			found++;
			cr_expect_eq(c.zeros, 0, "%s(%s) depends on x", b->name, call);
		}
	}
	return found;
}

/* Of a function that gives real numbers, a derivative is not said to be 0, and in a loop it goes through the turns before. */
Test(dependence, goes_through_every_function) {
	int walked = 0;
	for (int i = 0; i < BUILTIN_COUNT; i++) {
		const Builtin *b = &builtins[i];
		bool called = b->kind == BUILTIN_IS_ELEMENTWISE || b->kind == BUILTIN_IS_FUNCTION ||
		              (b->kind == BUILTIN_IS_REDUCTION && b->gives != GIVES_TRUTH && b->gives != GIVES_WHOLE);
		if (called && !is_constant(b) && !is_derivative(b))
			walked += walk_calls(b) > 0;
	}
	cr_expect(walked > 50, "only %d functions are called", walked);
}

/* ---- what is differentiated by x in a rule ---- */

static const char *const of_x[] = {
	"value(x)",
	"gradient(x)[0]",
	"gradient(x)[i]",
	"(gradient(x) + x)[i]",
	"2 * gradient(x + 0.1 * g)[i]",
	"value(x) * x[i]",
	"x[i]",
	"dot(gradient(x), g)",
	"sum[k](gradient(x)[k] * g[i])",
	"residuals[0]",
	"dot(residuals, residuals) * x[i]",
	"logdet(eye(2) * value(x))",
	"solve(2 * eye(size(x)), gradient(x))[i]",
	"sum[k](grad(dot(gradient(x), g), x)[k])",
	"grad(dot(gradient(x), g), x)[i]",
	"jvp(gradient(x), x, g)[i]",
};
static const char *const held[] = {"g[i]", "g[0]", "dot(g, m)", "m[i]", "y[i]", "d[i]"};

static const char of_rule[] = "joint optimizer r() {\n  state m = 0\n  let y = 2 * x\n  let d = gradient(x)\n"
							  "  let u[i] = %s * g[i]\n  m <- y + d\n  x <- x - u - m\n}\n";

static void check_rule(const char *of, uint32_t zeros) {
	static const char *const forms[] = {"grad(%s, x)[i]", "jvp(%s, x, g)"};
	for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
		char derivative[300], text[1000];
		/* NOLINTBEGIN: constants */
		snprintf(derivative, sizeof derivative, forms[k], of);
		snprintf(text, sizeof text, of_rule, derivative);
		/* NOLINTEND */
		Checked c = check(text);
		cr_expect(c.errors == 0 && c.zeros == zeros, "%s: %u errors, %u zeros, not %u", derivative, c.errors, c.zeros,
		          zeros);
	}
}

Test(dependence, of_what_is_evaluated_at_x) {
	for (size_t i = 0; i < sizeof of_x / sizeof *of_x; i++)
		check_rule(of_x[i], 0);
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		check_rule(held[i], 1);
}
