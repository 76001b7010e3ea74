/* Size: a program may have thousands of everything, with right values and in linear effort, and what is nested too deep or
 * would be written out too often is refused in time. Effort is counted, not timed: expressions that were given a meaning, and
 * values and nodes of the tensor IR. */
#include "ir/core/walk.h"
#include "ir/eval/eval.h"
#include "lower_instances.h"

enum { MANY = 5000, TENTH = MANY / 10 };

/* ---- programs of any size ---- */

typedef void Write(Text *out, int n);

static void lets(Text *out, int n) { /* value: n - 1 + w */
	text_printf(out, "objective o() {\n  param w : [1] = 1\n  let a0 = w[0]\n");
	for (int i = 1; i < n; i++)
		text_printf(out, "  let a%d = a%d + 1\n", i, i - 1);
	text_printf(out, "  minimize a%d\n}\n", n - 1);
}

static void sum_of_variables(Text *out, int n) {
	text_printf(out, "  var s = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  s <- s + v%d\n", i);
	text_printf(out, "  minimize s\n}\n");
}

static void variables(Text *out, int n) {
	text_printf(out, "objective o() {\n  param w : [1] = 2\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  var v%d = 0\n", i);
}

static void variables_of_a_loop(Text *out, int n) { /* 20 each */
	variables(out, n);
	text_printf(out, "  for k in 0..10 {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "    v%d <- v%d + w[0]\n", i, i);
	text_printf(out, "  }\n");
	sum_of_variables(out, n);
}

static void variables_of_a_branch(Text *out, int n) { /* 2 each */
	variables(out, n);
	for (int arm = 0; arm < 2; arm++) {
		text_printf(out, arm ? "  } else {\n" : "  if w[0] > 0 {\n");
		for (int i = 0; i < n; i++)
			text_printf(out, "    v%d <- %d * w[0]\n", i, arm ? 100 : 1);
	}
	text_printf(out, "  }\n");
	sum_of_variables(out, n);
}

static void variables_of_a_call(Text *out, int n) { /* 2 each */
	text_printf(out, "fn f(w) {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  var v%d = 0\n  v%d <- w\n", i, i);
	text_printf(out, "  var s = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  s <- s + v%d\n", i);
	text_printf(out, "  return s\n}\nobjective o() {\n  param w : [1] = 2\n  minimize f(w[0])\n}\n");
}

static void parameters(Text *out, int n) { /* 1 each */
	text_printf(out, "objective o() {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  param v%d : real = 1\n", i);
	sum_of_variables(out, n);
}

static void givens(Text *out, int n) { /* 3 each */
	text_printf(out, "objective o() {\n  param w : [1] = 1\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  given v%d : int ~ integer(3, 4)\n", i);
	sum_of_variables(out, n);
}

static void stages_backwards(Text *out, int n) { /* each variable is needed because of the next: 0 */
	text_printf(out, "objective o() {\n  param w : [1] = 1\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  var v%d = 0\n", i);
	for (int i = 1; i < n; i++)
		text_printf(out, "  v%d <- v%d * w[0]\n", i, i - 1);
	text_printf(out, "  minimize v%d\n}\n", n - 1);
}

static void indices(Text *out, int n) { /* the largest of 6 + i */
	text_printf(out, "objective o() {\n  param x : [3] = [1, 2, 3]\n  minimize max(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%ssum[i%d](x[i%d]) + %d", i ? ",\n    " : "", i, i, i);
	text_printf(out, ")\n}\n");
}

static void indices_inside_an_index(Text *out, int n) { /* twice the largest of 6 + i */
	text_printf(out, "objective o() {\n  param x : [3] = [1, 2, 3]\n  let y[k in 2] = max(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%ssum[i%d](x[i%d]) + %d", i ? ",\n    " : "", i, i, i);
	text_printf(out, ")\n  minimize sum(y)\n}\n");
}

static void conditions(Text *out, int n) { /* all odd ones */
	text_printf(out, "objective o() {\n  param x : [%d] = 1\n  minimize sum[i", 2 * n);
	for (int i = 0; i < n; i++)
		text_printf(out, ", i != %d", 2 * i);
	text_printf(out, "](x[i])\n}\n");
}

static void arguments(Text *out, int n) {
	text_printf(out, "objective o() {\n  param x : [1] = 1\n  minimize max(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%s%d * x[0]", i ? ", " : "", i);
	text_printf(out, ")\n}\n");
}

static void arguments_of_a_function(Text *out, int n) { /* n - 1 */
	text_printf(out, "fn f(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%sa%d = 0", i ? ", " : "", i);
	text_printf(out, ") = a0 + a%d\nobjective o() {\n  param x : [1] = 1\n  minimize f(", n - 1);
	for (int i = 0; i < n; i++)
		text_printf(out, "%sa%d = %d * x[0]", i ? ", " : "", i, i);
	text_printf(out, ")\n}\n");
}

static void elements(Text *out, int n) {
	text_printf(out, "objective o() {\n  param x : [1] = 1\n  let a = [");
	for (int i = 0; i < n; i++)
		text_printf(out, "%s%d * x[0]", i ? ", " : "", i);
	text_printf(out, "]\n  minimize sum(a) / %d\n}\n", n);
}

static void joined(Text *out, int n) {
	text_printf(out, "objective o() {\n  param x : [2] = 1\n  minimize mean(concat(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%s%d * x", i ? ", " : "", i);
	text_printf(out, "))\n}\n");
}

static void functions(Text *out, int n) { /* adds 0, 1, ... */
	for (int i = 0; i < n; i++)
		text_printf(out, "fn f%d(x) = x + %d\n", i, i % 2);
	text_printf(out, "objective o() {\n  param x : [1] = 0\n  var s = x[0]\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  s <- f%d(s)\n", i);
	text_printf(out, "  minimize s\n}\n");
}

static void constants_backwards(Text *out, int n) {
	for (int i = 0; i + 1 < n; i++)
		text_printf(out, "const c%d = c%d + 1\n", i, i + 1);
	text_printf(out, "const c%d = 1\nobjective o() {\n  param x : [1] = 1\n  minimize x[0] * c0\n}\n", n - 1);
}

static void constants_forwards(Text *out, int n) {
	text_printf(out, "const c0 = 1\n");
	for (int i = 1; i < n; i++)
		text_printf(out, "const c%d = c%d + 1\n", i, i - 1);
	text_printf(out, "objective o() {\n  param x : [1] = 1\n  minimize x[0] * c%d\n}\n", n - 1);
}

static void constants_through_functions(Text *out, int n) {
	for (int i = 0; i + 1 < n; i++)
		text_printf(out, "const c%d = f%d(1)\nfn f%d(x) = x + c%d\n", i, i, i, i + 1);
	text_printf(out, "const c%d = 1\nobjective o() {\n  param x : [1] = 1\n  minimize x[0] * c0\n}\n", n - 1);
}

static void constants_used_twice(Text *out, int n) { /* 2^n uses of the last: inf, and no more work than n */
	for (int i = 0; i + 1 < n; i++)
		text_printf(out, "const c%d = (c%d + c%d) / 2\n", i, i + 1, i + 1);
	text_printf(out, "const c%d = 3\nobjective o() {\n  param x : [1] = 1\n  minimize x[0] * c0\n}\n", n - 1);
}

static void whole_numbers_used_twice(Text *out, int n) { /* always 1 */
	text_printf(out, "objective o() {\n  param x : [3] = 1\n  given k0 : int ~ integer(1, 2)\n");
	for (int i = 1; i < n; i++)
		text_printf(out, "  let k%d = k%d + k%d - k%d\n", i, i - 1, i - 1, i - 1);
	text_printf(out, "  minimize x[0] * k%d\n}\n", n - 1);
}

/* Sums that may leave the range of an int name each operand several times: what is proved of one, and that it is the same as
 * another, must not take each use by itself. */
enum { TERMS = 50 };
static void whole_sums_as_positions(Text *out, int n) { /* 3 each */
	text_printf(out, "objective o() {\n  param x : [3] = 1\n  let p : int = where(x[0] > 0, 0, 2^60)\n  var s = 0\n");
	for (int i = 0; i < n / TERMS; i++) {
		static const char *const around[] = {"  s <- s + sum[i in 3](if ", "i >= 0 and ", "i < 3 then x[",
		                                     "i] else 0)\n"};
		for (int part = 0; part < 4; part++) {
			text_printf(out, "%s", around[part]);
			for (int k = 0; part < 3 && k < TERMS; k++)
				text_printf(out, "p + ");
		}
	}
	text_printf(out, "  minimize s\n}\n");
}

static void reports(Text *out, int n) {
	text_printf(out, "objective o() {\n  param w : [3] = 1\n  minimize sum(w)\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  report r%d = w[0] * %d\n", i, i);
	text_printf(out, "}\n");
}

static double same(int n) {
	return n;
}
static double last(int n) {
	return n - 1;
}
static double twenty(int n) {
	return 20.0 * n;
}
static double two(int n) {
	return 2.0 * n;
}
static double three_each(int n) {
	return 3.0 * n;
}
static double three_each_sum(int n) {
	return n / TERMS * 3.0;
}
static double half(int n) {
	return n / 2;
}
static double middle(int n) {
	return (n - 1) / 2.0;
}
static double middle_and_half(int n) {
	return 0.5 * n;
} /* 0.5 times the last state and the gradient */
static double six_more(int n) {
	return 6 + n - 1;
}
static double twelve_more(int n) {
	return 2 * (6 + n - 1);
}
static double is_zero(int n) {
	(void)n;
	return 0;
}
static double is_one(int n) {
	(void)n;
	return 1;
}
static double is_three(int n) {
	(void)n;
	return 3;
}

static const struct {
	const char *name;
	Write *write;
	double (*value)(int n);
} kinds[] = {
	{"lets", lets, same},
	{"variables of a loop", variables_of_a_loop, twenty},
	{"variables of a branch", variables_of_a_branch, two},
	{"variables of a call", variables_of_a_call, two},
	{"parameters", parameters, same},
	{"givens", givens, three_each},
	{"stages backwards", stages_backwards, is_zero},
	{"indices", indices, six_more},
	{"indices inside an index", indices_inside_an_index, twelve_more},
	{"conditions", conditions, same},
	{"arguments", arguments, last},
	{"arguments of a function", arguments_of_a_function, last},
	{"elements", elements, middle},
	{"joined arrays", joined, middle},
	{"functions", functions, half},
	{"constants backwards", constants_backwards, same},
	{"constants forwards", constants_forwards, same},
	{"constants through functions", constants_through_functions, same},
	{"constants used twice", constants_used_twice, is_three},
	{"whole numbers used twice", whole_numbers_used_twice, is_one},
	{"whole sums as positions", whole_sums_as_positions, three_each_sum},
	{"reports", reports, is_three},
};

static Lower program_of(Write *write, int n) {
	Arena *arena = arena_new();
	Text text = text_new(arena);
	write(&text, n);
	Lower l = lower_new(text_cstr(&text));
	arena_free(arena);
	return l;
}

static double nodes_of(const IrBlock *block) {
	double count = 0;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrFor *f = ir_as_for(op);
		const IrBlock *inside = ir_block_of(op, 0);
		count += 1 + (f ? f->nodes.count : 0) + (inside ? nodes_of(inside) : 0);
	}
	return count;
}

static double value_of(Lower *l, const FeObjective *o) {
	uint32_t fixed = o->fixed.count;
	IrTensor *values = ARENA_ARRAY(l->module->arena, IrTensor, fixed + 1);
	IrTensor *args = ARENA_ARRAY(l->module->arena, IrTensor, fixed + 2);
	IrTensor *results = ARENA_ARRAY(l->module->arena, IrTensor, o->reports.count + 1);
	args[0] = lower_int(l, 1);
	args[1] = lower_int(l, 0);
	lower_run(l, o->setup, args, values);
	memcpy(args + 2, values, sizeof *values * fixed);
	lower_run(l, o->start, args, values + fixed);
	lower_run(l, o->value, values, results);
	return results[0].reals[0];
}

typedef struct Effort {
	double elaborated, nodes;
} Effort;

static Effort effort(Write *write, int n, double (*value)(int n), const char *name) {
	Lower l = program_of(write, n);
	cr_assert(fe_check(l.program), "%s", name);
	FeObjective *o = lower_objective(&l, "o()");
	lower_close(value_of(&l, o), value(n), 1e-12, name);
	Effort e = {.elaborated = (double)l.session->elaborated};
	e.nodes = nodes_of(&o->setup->body) + nodes_of(&o->start->body) + nodes_of(&o->value->body);
	lower_free(&l);
	return e;
}

Test(lower_limits, thousands_of_everything) {
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		Effort few = effort(kinds[i].write, TENTH, kinds[i].value, kinds[i].name);
		Effort many = effort(kinds[i].write, MANY, kinds[i].value, kinds[i].name);
		cr_expect(many.elaborated <= 10.5 * few.elaborated + 100, "%s: %g and %g expressions", kinds[i].name,
		          few.elaborated, many.elaborated);
		cr_expect(many.nodes <= 10.5 * few.nodes + 100, "%s: %g and %g nodes", kinds[i].name, few.nodes, many.nodes);
	}
}

/* ---- rules ---- */

static void states(Text *out, int n) {
	text_printf(out, "optimizer r(lr = 0.5) {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  state m%d = %d\n", i, i);
	for (int i = 0; i < n; i++)
		text_printf(out, "  m%d <- m%d + g\n", i, i);
	text_printf(out, "  x <- x - lr * m%d\n}\n", n - 1);
}

static void hyperparameters(Text *out, int n) {
	text_printf(out, "optimizer r(");
	for (int i = 0; i < n; i++)
		text_printf(out, "%sh%d = 1", i ? ", " : "", i);
	text_printf(out, ") {\n  var s = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  s <- s + h%d\n", i);
	text_printf(out, "  x <- x - s / %d * g\n}\n", n);
}

static void learned_numbers(Text *out, int n) {
	text_printf(out, "optimizer r() {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  learn h%d = 1\n", i);
	text_printf(out, "  var s = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  s <- s + h%d\n", i);
	text_printf(out, "  x <- x - s / %d * g\n}\n", n);
}

static void applied_rules(Text *out, int n) {
	text_printf(out, "optimizer inner(a = 1) {\n  state m = 0\n  m <- m + g\n  x <- x - a * m\n}\noptimizer r() {\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  apply inner(a = 1 / %d)\n", n);
	text_printf(out, "}\n");
}

static const struct {
	const char *name;
	Write *write;
	double (*moved)(int n); /* by how much one step from x = 0 with g = 1 goes down */
} rules[] = {
	{"states", states, middle_and_half},
	{"hyperparameters", hyperparameters, is_one},
	{"learned numbers", learned_numbers, is_one},
	{"applied rules", applied_rules, is_one},
};

static Effort rule_effort(Write *write, int n, double (*moved)(int n), const char *name) {
	static const int64_t size = 2;
	Lower l = program_of(write, n);
	cr_assert(fe_check(l.program), "%s", name);
	FeRule *r = lower_rule(&l, "r()", &size, 1);
	uint32_t count = r->hypers.count, states = r->states.count, k = 0;
	IrTensor *args = ARENA_ARRAY(l.module->arena, IrTensor, count + states + 6);
	IrTensor *results = ARENA_ARRAY(l.module->arena, IrTensor, states + 1);
	static const double zeros[2] = {0, 0}, ones[2] = {1, 1};
	IrTensor theta = {0};
	if (r->theta)
		lower_run(&l, r->theta, (IrTensor[]){lower_int(&l, 1)}, &theta);
	args[k++] = lower_vector(&l, zeros, 2);
	for (uint32_t i = 0; i < count; i++)
		args[k++] = lower_real(&l, r->hypers.data[i].value);
	args[k++] = theta;
	lower_run(&l, r->init, args, results);
	IrTensor *starts = ARENA_ARRAY(l.module->arena, IrTensor, states);
	memcpy(starts, results, sizeof *starts * states);
	k = 0;
	args[k++] = lower_vector(&l, zeros, 2);
	args[k++] = lower_vector(&l, ones, 2);
	args[k++] = lower_real(&l, 0);
	args[k++] = lower_int(&l, 1);
	args[k++] = lower_int(&l, 1);
	for (uint32_t i = 0; i < count; i++)
		args[k++] = lower_real(&l, r->hypers.data[i].value);
	if (r->theta)
		args[k++] = theta;
	memcpy(args + k, starts, sizeof *starts * states);
	lower_run(&l, r->step, args, results);
	lower_close(-results[0].reals[1], moved(n), 1e-12, name);
	Effort e = {(double)l.session->elaborated, nodes_of(&r->init->body) + nodes_of(&r->step->body)};
	lower_free(&l);
	return e;
}

Test(lower_limits, thousands_in_a_rule) {
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		Effort few = rule_effort(rules[i].write, TENTH, rules[i].moved, rules[i].name);
		Effort many = rule_effort(rules[i].write, MANY, rules[i].moved, rules[i].name);
		cr_expect(many.elaborated <= 10.5 * few.elaborated + 100, "%s: %g and %g expressions", rules[i].name,
		          few.elaborated, many.elaborated);
		cr_expect(many.nodes <= 10.5 * few.nodes + 100, "%s: %g and %g nodes", rules[i].name, few.nodes, many.nodes);
	}
}

/* ---- declarations ---- */

static void objectives(Text *out, int n) {
	for (int i = 0; i < n; i++)
		text_printf(out, "objective o%d() {\n  param x : [2] = %d\n  minimize sum(x)\n}\n", i, i);
}

static void experiments(Text *out, int n) {
	for (int i = 0; i < n; i++)
		text_printf(out, "experiment e%d {\n  train adam(lr = %d)\n  on bowl(n = 2)\n  horizon 5\n}\n", i, i + 1);
}

static void rules_compared(Text *out, int n) {
	text_printf(out, "experiment e {\n  train adam()\n  on bowl(n = 2)\n  horizon 5\n  against ");
	for (int i = 0; i < n; i++)
		text_printf(out, "%sgradient_descent(lr = %d)", i ? ", " : "", i + 1);
	text_printf(out, "\n}\n");
}

Test(lower_limits, thousands_of_declarations) {
	static Write *const writes[] = {objectives, experiments, rules_compared};
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
		double work[2];
		for (int many = 0; many < 2; many++) {
			Lower l = program_of(writes[i], many ? MANY : TENTH);
			cr_expect(fe_check(l.program));
			work[many] = (double)l.session->elaborated;
			lower_free(&l);
		}
		cr_expect(work[1] <= 10.5 * work[0] + 100, "%zu: %g and %g", i, work[0], work[1]);
	}
	Lower l = program_of(objectives, MANY);
	lower_close(value_of(&l, lower_objective(&l, "o4999()")), 2 * 4999, 0, "the last of many objectives");
	lower_free(&l);
	l = program_of(rules_compared, MANY);
	FeExperiment e;
	cr_assert(fe_experiment(l.program, fe_find(l.program, session_name(l.session, "e")), &e));
	cr_expect_eq(e.against.count, (uint32_t)MANY);
	lower_free(&l);
}

/* ---- nests ---- */

static void nested_sums(Text *out, int n) {
	text_printf(out, "objective o(n = 3) {\n  given A : [n, n] ~ normal(0, 1)\n  param w : [n] = 1\n  minimize sum(");
	for (int i = 0; i < n; i++)
		text_printf(out, "(sum[j%d]((A @ (", i);
	text_printf(out, "w");
	for (int i = n; i-- > 0;)
		text_printf(out, "))[j%d]) * w)", i);
	text_printf(out, ")\n}\n");
}

static void nested_sums_under_conditions(Text *out, int n) {
	text_printf(out, "objective o(n = 3) {\n  given A : [n, n] ~ normal(0, 1)\n  param w : [n] = 1\n  minimize sum(");
	for (int i = 0; i < n; i++)
		text_printf(out, "(sum[j%d](if j%d > 0 then (A @ (", i, i);
	text_printf(out, "w");
	for (int i = n; i-- > 0;)
		text_printf(out, "))[j%d] else 0) * w)", i);
	text_printf(out, ")\n}\n");
}

static void nested_loops(Text *out, int n) {
	text_printf(out, "objective o() {\n  param w : [4] = 1\n  var a = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  for k%d in 0..4 {\n", i);
	text_printf(out, "a <- sin(a) + w[0]\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "  }\n");
	text_printf(out, "  minimize a\n}\n");
}

/* Twice the depth is at most `factor` times the work. */
static void nest_is_cheap(Write *write, int depth, double factor) {
	double work[2];
	for (int twice = 0; twice < 2; twice++) {
		Lower l = program_of(write, depth << twice);
		const FeObjective *o = lower_objective(&l, "o()");
		work[twice] = (double)l.session->elaborated + nodes_of(&o->value->body);
		lower_free(&l);
	}
	cr_expect(work[1] <= factor * work[0], "%g and %g", work[0], work[1]);
}

Test(lower_limits, nests_are_not_doubled_at_every_level) {
	nest_is_cheap(nested_sums, 10, 2.2);
	nest_is_cheap(nested_sums_under_conditions, 10, 5);
	nest_is_cheap(nested_loops, 8, 2.2);
}

/* ---- what is too much ---- */

static int code_of(Write *write, int n, uint32_t *errors) {
	Lower l = program_of(write, n);
	fe_check(l.program);
	*errors = l.session->error_count;
	int code = *errors ? l.session->diags.data[0]->code : 0;
	cr_expect(l.session->elaborated < 2000000);
	lower_free(&l);
	return code;
}

static void around(Text *out, const char *before, const char *inside, const char *after, int n) {
	text_printf(out, "objective o() {\n  param x : [1] = 1\n  minimize ");
	for (int i = 0; i < n; i++)
		text_printf(out, "%s", before);
	text_printf(out, "%s", inside);
	for (int i = 0; i < n; i++)
		text_printf(out, "%s", after);
	text_printf(out, "\n}\n");
}

static void parentheses(Text *out, int n) {
	around(out, "(", "x[0]", ")", n);
}
static void minuses(Text *out, int n) {
	around(out, "-", "x[0]", "", n);
}
static void choices(Text *out, int n) {
	around(out, "if x[0] > 0 then 1 else ", "x[0]", "", n);
}
static void terms(Text *out, int n) {
	around(out, "x[0] + ", "1", "", n);
}
static void powers(Text *out, int n) {
	around(out, "2^", "x[0]", "", n);
}
static void calls(Text *out, int n) {
	around(out, "sin(", "x[0]", ")", n);
}
static void comparisons(Text *out, int n) {
	around(out, "not ", "true", "", n);
}

static void doubling_functions(Text *out, int n) {
	text_printf(out, "fn f0(x) = sin(x)\n");
	for (int i = 1; i <= n; i++)
		text_printf(out, "fn f%d(x) = f%d(x) + f%d(x)\n", i, i - 1, i - 1);
	text_printf(out, "objective o() {\n  param x : real = 1\n  minimize f%d(x)\n}\n", n);
}

static void chain_of_functions(Text *out, int n) {
	text_printf(out, "fn f0(x) = sin(x)\n");
	for (int i = 1; i <= n; i++)
		text_printf(out, "fn f%d(x) = f%d(x) + 1\n", i, i - 1);
	text_printf(out, "objective o() {\n  param x : real = 1\n  minimize f%d(x)\n}\n", n);
}

static void circle_of_constants(Text *out, int n) {
	for (int i = 0; i < n; i++)
		text_printf(out, "const c%d = c%d + 1\n", i, (i + 1) % n);
}

static void circle_of_chosen_constants(Text *out, int n) {
	for (int i = 0; i < n; i++)
		text_printf(out, "const c%d = if true then c%d + 1 else 0\n", i, (i + 1) % n);
}

static void loops_in_loops(Text *out, int n) {
	text_printf(out, "objective o() {\n  param w : [4] = 1\n  var a = 0\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "for k%d in 0..2 {\n", i);
	text_printf(out, "a <- a + w[0]\n");
	for (int i = 0; i < n; i++)
		text_printf(out, "}\n");
	text_printf(out, "  minimize a\n}\n");
}

Test(lower_limits, too_much_is_one_error) {
	static const struct {
		Write *write;
		int n, code;
	} cases[] = {
		{parentheses, 100000, 140},
		{minuses, 100000, 140},
		{choices, 100000, 140},
		{terms, 100000, 140},
		{powers, 100000, 140},
		{calls, 100000, 140},
		{comparisons, 100000, 140},
		{doubling_functions, 26, 140},
		{doubling_functions, 150, 140},
		{chain_of_functions, 10000, 140},
		{circle_of_constants, 2, 220},
		{circle_of_constants, 10000, 220},
		{circle_of_chosen_constants, 10000, 140},
		{loops_in_loops, 5000, 140},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t errors;
		int code = code_of(cases[i].write, cases[i].n, &errors);
		cr_expect(code == cases[i].code && errors == 1, "%zu: %u errors, the first E0%d", i, (unsigned)errors, code);
	}
}

/* What is just not too deep works: the deepest walks of the compiler end in time. */
Test(lower_limits, just_not_too_much) {
	static const struct {
		Write *write;
		int n;
	} cases[] = {{parentheses, 190},
	             {minuses, 190},
	             {choices, 60},
	             {terms, 490},
	             {calls, 90},
	             {doubling_functions, 14},
	             {chain_of_functions, 190},
	             {loops_in_loops, 50}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t errors;
		code_of(cases[i].write, cases[i].n, &errors);
		cr_expect(errors == 0, "%zu", i);
	}
}
