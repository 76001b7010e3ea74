/* Where things stand: which reads are inside, over what an index runs, what a report sees, and declarations that lack
 * something. Values are known in closed form. */
#include "ir/eval/eval.h"
#include "lower_instances.h"

#include <stdio.h>

/* The value of objective `o` at its start; NAN: the text has errors, which the session keeps. */
static double value_of(Lower *l, const char *text) {
	*l = lower_new(text);
	FeCall call;
	bool ok = fe_call_text(l->program, "o", AST_OBJECTIVE, &call);
	FeObjective *o = ok ? fe_objective(l->program, l->module, &call, IR_F64) : NULL;
	if (!o)
		return NAN;
	lower_verified(o->value);
	IrTensor args[64];
	lower_problem(l, o, 0, 0, args);
	return lower_value(l, o, args);
}

static double value_alone(const char *text) {
	Lower l;
	double value = value_of(&l, text);
	lower_no_errors(&l);
	lower_free(&l);
	return value;
}

/* ---- reads outside: one message, and what it advises works ---- */

enum { N = 6 }; /* elements of x, which are 1, 2, 4, ... */

static const char *const forms[] = {
	"minimize sum[i%s](%s)",
	"let z[i%s] = %s\n  minimize sum(z)",
	"var z : [6] = 0\n  z[i%s] <- %s\n  minimize sum(z)",
};
enum { DEFINITION = 1, FORMS = sizeof forms / sizeof *forms };

/* The three reads of a program: x[i], x[factor i + a] and x[i + b]. */
typedef struct Reads {
	int factor, a, b;
} Reads;

/* range: what stands behind the index; shift: what is written for i is `i + shift`. */
static const char *program(Arena *arena, const char *form, Reads r, const char *range, int shift) {
	const char *i = shift ? arena_printf(arena, "i + %d", shift) : "i";
	const char *reads = arena_printf(arena, "x[%s] + x[%d * (%s) + %d] + x[%s + %d]", i, r.factor, i, r.a, i, r.b);
	Text text = text_new(arena);
	text_printf(&text, "objective o() {\n  param x : [6] = [1, 2, 4, 8, 16, 32]\n  ");
	for (const char *at = form; *at; at++) {
		if (at[0] == '%' && at[1] == 's') {
			text_printf(&text, "%s", at == strstr(form, "%s") ? range : reads);
			at++;
		} else {
			text_printf(&text, "%c", *at);
		}
	}
	text_printf(&text, "\n}\n");
	return text_cstr(&text);
}

/* The sum over all i for which the three are inside; their number. */
static int inside(Reads r, double *sum) {
	int count = 0;
	*sum = 0;
	for (int i = 0; i < N; i++) {
		int a = r.factor * i + r.a, b = i + r.b;
		if (a < 0 || a >= N || b < 0 || b >= N)
			continue;
		*sum += (1 << i) + (1 << a) + (1 << b);
		count++;
	}
	return count;
}

static void check_reads(int form, Reads r) {
	double sum;
	int count = inside(r, &sum);
	Arena *arena = arena_new();
	const char *text = program(arena, forms[form], r, "", 0);
	Lower l;
	double value = value_of(&l, text);
	if (count == N) {
		cr_expect_eq(value, sum, "%s", text);
		goto end;
	}
	cr_assert_eq(l.session->diags.count, 1, "%u messages for\n%s", (unsigned)l.session->diags.count, text);
	const Diag *diag = l.session->diags.data[0];
	cr_expect_eq(diag->code, 209);
	cr_assert_not_null(diag->help, "%s", text);
	const char *advice = strstr(diag->help, "`i in ");
	cr_expect_eq(advice != NULL, count > 0, "`%s` for\n%s", diag->help, text);
	if (advice && count > 0) {
		int length = (int)strcspn(advice + 2, "`"), shift = 0;
		const char *more = strstr(diag->help, "write `i + ");
		if (more)
			sscanf(more, "write `i + %d`", &shift);
		cr_expect_eq(more != NULL && shift > 0, more != NULL);
		const char *mended = program(arena, forms[form], r, arena_printf(arena, "%.*s", length, advice + 2), shift);
		cr_expect_eq(value_alone(mended), sum, "%s", mended);
	}
end:
	lower_free(&l);
	arena_free(arena);
}

Test(lower_order, advice_about_reads_outside_works) {
	for (int form = 0; form < FORMS; form++)
		for (int factor = 1; factor <= 2; factor++)
			for (int a = -3; a <= 7; a++)
				for (int b = -3; b <= 3; b++)
					check_reads(form, (Reads){factor, a, b});
}

/* ---- what is never read may lie outside ---- */

static const char *const never[] = {
	"sum[i in 6, 0 <= i - 9 < 6](x[i - 9])",
	"sum[i in 6, i < i](x[i + 3])",
	"sum[i in 6, i > 2, i < 1](x[i + 100])",
	"sum[i in 6, i > 2 and i < 1](x[100 - i])",
	"sum[i in 6, false](x[i + 9])",
	"sum[i in 6, not true](x[i + 9])",
	"sum[i in 6, i != i](x[i + 9])",
	"sum[i in 6, 3 < 2](log(x[i + 9] - 500))",
	"sum[i in 6, j in 6, i < j, j < i](x[i + j])",
	"sum[i in 6](if i > 7 then x[i + 9] else 0)",
	"sum[i in 6](if i > 7 and x[0] > 0 then x[i + 9] else 0)",
	"sum[i in 6](if i < 3 then (if i > 4 then x[i + 77] else 0) else 0)",
	"sum[i in 6](sum[j in -2..-1, i > 8](x[i + 9] * j))",
};

Test(lower_order, what_is_never_read_may_lie_outside) {
	for (size_t k = 0; k < sizeof never / sizeof *never; k++) {
		char text[400];
		snprintf(text, sizeof text, "objective o() {\n  param x : [6] = 1\n  minimize sum(x) + %s\n}\n", never[k]);
		cr_expect_eq(value_alone(text), 6, "%s", never[k]);
	}
}

/* ---- ranges do not depend on accidents ---- */

/* `k + i` is no plain use, whether k is 0 alone or not. */
Test(lower_order, an_index_of_extent_1_is_like_any_other) {
	for (int m = 1; m <= 7; m++) {
		char text[400];
		snprintf(text, sizeof text,
		         "objective o() {\n  param a : [%d] = 1\n  param b : [3] = 1\n"
		         "  let z[k in %d] = sum[i](a[k + i] * b[i])\n  minimize sum(z)\n}\n",
		         m + 4, m);
		cr_expect_eq(value_alone(text), 3 * m, "%s", text);
	}
}

/* The largest range that stays inside is that of a turn, however many turns there are: 10 numbers for x[i + k], whatever k. */
Test(lower_order, every_turn_has_its_own_range) {
	for (int turns = 1; turns <= 9; turns++) {
		char text[400];
		snprintf(text, sizeof text,
		         "objective o() {\n  param x : [10] = 1\n  var s = 0\n  for k in 0..%d {\n"
		         "    let z[i] = x[i + k]\n    s <- s + sum[i](x[i + k]^2) + 100 * sum(z)\n  }\n  minimize s\n}\n",
		         turns);
		double expected = 0;
		for (int k = 0; k < turns; k++)
			expected += 10 + 100 * (10 - k);
		cr_expect_eq(value_alone(text), expected, "%d turns", turns);
	}
}

/* ---- reports ---- */

Test(lower_order, a_report_sees_what_was_assigned_before_it) {
	Lower l = lower_new("objective o() {\n  given a : [3] ~ normal(0, 1)\n  param x : [3] = 1\n  var k = 1\n"
	                    "  report first = k\n  k <- 2\n  report second = k\n  var v = sum(x)\n  report third = v\n"
	                    "  v <- v + 10 * k\n  report fourth = v\n  minimize v\n  v <- 100\n  k <- 7\n"
	                    "  report fifth = v + k + 0 * sum(a)\n}\n");
	FeObjective *o = lower_objective(&l, "o");
	static const double expected[] = {23, 1, 2, 3, 23, 107};
	IrTensor args[64], results[16];
	lower_problem(&l, o, 0, 0, args);
	lower_run(&l, o->value, args, results);
	cr_assert_eq(o->value->results.count, 6);
	for (int i = 0; i < 6; i++)
		cr_expect_eq(results[i].reals[0], expected[i], "result %d is %g", i, results[i].reals[0]);
	lower_free(&l);
	l = lower_new("objective o() {\n  param x : [3] = 1\n  report early = b\n  let b = sum(x)\n  minimize b\n}\n");
	cr_expect(!fe_check(l.program));
	cr_expect_eq(l.session->diags.data[0]->code, 200);
	lower_free(&l);
}

/* ---- declarations that lack something, or have too much of it ---- */

static const char *const words[] = {"given", "data", "batch", "param", "learn", "state", "let", "var"};
static const char *const sources[] = {"",
                                      " : [2]",
                                      " : [2] =",
                                      "[i]",
                                      "[i in 2]",
                                      " = 1",
                                      " = [1, 2]",
                                      " ~ normal(0, 1)",
                                      " : [2] ~ normal(0, 1)",
                                      " ~",
                                      " from \"a\"",
                                      " : [2] from \"a\"",
                                      " <- 1",
                                      " = 1 in (0, 2)",
                                      " in (0, 2)",
                                      " : each [2] = 0",
                                      ", w = 1"};
static const char *const uses[] = {"",
                                   "v <- 1",
                                   "v[i] <- 2",
                                   "v[0] <- 2",
                                   "x <- v",
                                   "let u = v + 1",
                                   "if x > 0 { v <- 2 }",
                                   "for k in 0..3 { v <- k }",
                                   "each { v <- 1 }"};
static const char *const places[] = {"optimizer o() {\n  %s\n  %s\n  x <- x - g\n}\n",
                                     "joint optimizer o() {\n  %s\n  %s\n  x <- x - g\n}\n",
                                     "optimizer o() {\n  each {\n  %s\n  %s\n  x <- x - g\n}\n}\n",
                                     "objective o() {\n  param x : [2] = 1\n  %s\n  %s\n  minimize sum(x)\n}\n",
                                     ("fn f(x) {\n  %s\n  %s\n  return x\n}\nobjective o() {\n  param x : [2] = 1\n"
                                      "  minimize sum(f(x))\n}\n")};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Any of these is right or told. */
Test(lower_order, declarations_that_lack_something_are_told) {
	for (size_t n = 0; n < COUNT(words) * COUNT(sources) * COUNT(uses) * COUNT(places); n += GRADUS_SANITIZED ? 7 : 1) {
		char line[100], text[500];
		size_t rest = n;
		const char *word = words[rest % COUNT(words)], *source = sources[(rest /= COUNT(words)) % COUNT(sources)];
		const char *use = uses[(rest /= COUNT(sources)) % COUNT(uses)], *place = places[rest / COUNT(uses)];
		snprintf(line, sizeof line, "%s v%s", word, source);
		const char *gap = strstr(place, "%s"), *second = strstr(gap + 2, "%s");
		snprintf(text, sizeof text, "%.*s%s%.*s%s%s", (int)(gap - place), place, line, (int)(second - gap - 2), gap + 2,
		         use, second + 2);
		Lower l = lower_new(text);
		bool good = fe_check(l.program);
		cr_assert_eq(good, l.session->error_count == 0, "%s", text);
		cr_expect(!strcmp(source, "") ? !good : true, "taken without a value:\n%s", text);
		lower_free(&l);
	}
}
