/* Every rule of the library against numpy: 25 steps on two objectives of vectors, and those of rules that look at the axes of x on one
 * of tensors, of rules that read residuals on one that has them, end where tests/library/rules.py, written from the
 * published algorithms, says (tests/library/rules.table). */
#include "ir/eval/eval.h"
#include "linked.h"
#include "lower_instances.h"
#include "programs.h"

static const double tolerance = 1e-10;
enum { STEPS = 25, COORDINATES = 50, SHOWN = 4, TENSORS = 6 };

/* The same as in rules.py. */
static const char objectives[] =
	"objective bent() {\n"
	"  param w : [3] = [1, -2, 0.5]\n"
	"  param b : [2] = [0.3, -0.7]\n"
	"  let x = concat(w, b)\n"
	"  let a = [1, 2, 0.5, 1.5, 3]\n"
	"  let c = [0.2, -0.4, 1, 0.6, -0.1]\n"
	"  minimize sum(a * (x - c)^2) / 2 + 0.1 * sum(cos(3 * x)) + 0.05 * dot([1, 2, -1, 1, -1], x)^2 + 1\n"
	"}\n"
	"objective valley() {\n"
	"  param x : [4] = [-0.5, 0.8, 1.2, -0.3]\n"
	"  let u = 1 + sum[i in 3](2 * (x[i + 1] - x[i]^2)^2 + (1 - x[i])^2)\n"
	"  minimize log(u) + 0.05 * sum(x^2)\n"
	"}\n"
	"objective fitted() {\n"
	"  param b : [2] = [1, 0.5]\n"
	"  param c : [2] = [0.6, 2]\n"
	"  let y = [1.2, 0.9, 0.5, 0.45, 0.2, -0.1, -0.35]\n"
	"  let p[i in 7] = 0.3 * (i + 1)\n"
	"  let r[i] = b[0] * exp(-b[1] * p[i]) + c[0] * sin(c[1] * p[i]) - y[i]\n"
	"  minimize sum(r^2) / 2\n"
	"  residuals r\n"
	"}\n"
	"objective tensors() {\n"
	"  param W[i in 4, j in 3] = sin(3 * i + j + 1)\n"
	"  param b[i in 3] = sin(13 + i)\n"
	"  param K[i in 2, j in 3, k in 2] = sin(16 + 6 * i + 2 * j + k)\n"
	"  param V[i in 4, j in 3] = sin(28 + 3 * i + j)\n"
	"  param s : real = sin(40)\n"
	"  param U[i in 2, j in 5] = sin(41 + 5 * i + j)\n"
	"  let x = concat(reshape(W, 12), b, reshape(K, 12), reshape(V, 12), [s], reshape(U, 10))\n"
	"  let a[i in 50] = 0.5 + i * 7 % 5 / 2\n"
	"  let c[i in 50] = i * 3 % 7 / 5 - 0.5\n"
	"  let k[i in 50] = real(i % 3) - 1\n"
	"  minimize sum(a * (x - c)^2) / 2 + 0.1 * sum(cos(3 * x)) + 0.05 * dot(k, x)^2 + 1\n"
	"}\n";

/* In plain C, with its gradient: rules are run on numbers that do not come from our differentiation. */
static double bent(const double *x, double *g) {
	static const double a[] = {1, 2, 0.5, 1.5, 3}, c[] = {0.2, -0.4, 1, 0.6, -0.1}, k[] = {1, 2, -1, 1, -1};
	double f = 1, q = 0;
	for (int i = 0; i < 5; i++)
		q += k[i] * x[i];
	for (int i = 0; i < 5; i++) {
		f += a[i] * (x[i] - c[i]) * (x[i] - c[i]) / 2 + 0.1 * cos(3 * x[i]);
		g[i] = a[i] * (x[i] - c[i]) - 0.3 * sin(3 * x[i]) + 0.1 * q * k[i];
	}
	return f + 0.05 * q * q;
}

static double valley(const double *x, double *g) {
	double u = 1, squares = 0;
	for (int i = 0; i < 4; i++) {
		g[i] = 0;
		squares += x[i] * x[i];
	}
	for (int i = 0; i < 3; i++) {
		double r = x[i + 1] - x[i] * x[i];
		u += 2 * r * r + (1 - x[i]) * (1 - x[i]);
		g[i + 1] += 4 * r;
		g[i] += -8 * r * x[i] - 2 * (1 - x[i]);
	}
	for (int i = 0; i < 4; i++)
		g[i] = g[i] / u + 0.1 * x[i];
	return log(u) + 0.05 * squares;
}

static double fitted(const double *x, double *g) {
	static const double y[] = {1.2, 0.9, 0.5, 0.45, 0.2, -0.1, -0.35};
	double f = 0;
	memset(g, 0, 4 * sizeof *g);
	for (int i = 0; i < 7; i++) {
		double p = 0.3 * (i + 1), e = exp(-x[1] * p), r = x[0] * e + x[2] * sin(x[3] * p) - y[i];
		double slope[] = {e, -x[0] * p * e, sin(x[3] * p), x[2] * p * cos(x[3] * p)};
		f += r * r / 2;
		for (int k = 0; k < 4; k++)
			g[k] += r * slope[k];
	}
	return f;
}

static double tensors(const double *x, double *g) {
	double f = 1, q = 0;
	for (int i = 0; i < COORDINATES; i++)
		q += (i % 3 - 1) * x[i];
	for (int i = 0; i < COORDINATES; i++) {
		double a = 0.5 + i * 7 % 5 / 2.0, off = x[i] - (i * 3 % 7 / 5.0 - 0.5);
		f += a * off * off / 2 + 0.1 * cos(3 * x[i]);
		g[i] = a * off - 0.3 * sin(3 * x[i]) + 0.1 * q * (i % 3 - 1);
	}
	return f + 0.05 * q * q;
}

static const IrType shapes[TENSORS] = {{.scalar = IR_F64, .rank = 2, .dims = {4, 3}},
                                       {.scalar = IR_F64, .rank = 1, .dims = {3}},
                                       {.scalar = IR_F64, .rank = 3, .dims = {2, 3, 2}},
                                       {.scalar = IR_F64, .rank = 2, .dims = {4, 3}},
                                       {.scalar = IR_F64, .rank = 0},
                                       {.scalar = IR_F64, .rank = 2, .dims = {2, 5}}};

static const struct {
	const char *name;
	double (*function)(const double *x, double *g);
	double start[5]; /* of tensors: sin(1), sin(2), ... */
	int64_t sizes[TENSORS];
	uint32_t tensors;
	int64_t size;
	const IrType *shapes;
} problems[] = {
	{"bent", bent, {1, -2, 0.5, 0.3, -0.7}, {3, 2}, 2, 5, NULL},
	{"valley", valley, {-0.5, 0.8, 1.2, -0.3}, {4}, 1, 4, NULL},
	{"tensors", tensors, {0}, {12, 3, 12, 12, 1, 10}, TENSORS, COORDINATES, shapes},
	{"fitted", fitted, {1, 0.5, 0.6, 2}, {2, 2}, 2, 4, NULL},
};
enum { PROBLEMS = sizeof problems / sizeof *problems, OF_VECTORS = 2, OF_TENSORS = 3, OF_RESIDUALS = 3 };

static void start_of(int problem, double *x) {
	for (int64_t i = 0; i < problems[problem].size; i++)
		x[i] = problems[problem].shapes ? sin((double)i + 1) : problems[problem].start[i];
}

static const int shown[SHOWN] = {1, 2, 5, 25};

/* The arguments of init and step behind x: hyperparameters and learned numbers. */
static uint32_t rule_extras(Lower *l, const FeRule *rule, IrTensor *extra) {
	uint32_t count = 0;
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		extra[count++] = lower_real(l, rule->hypers.data[i].value);
	if (rule->learned_count > 0) {
		extra[count] = lower_vector(l, ARENA_ARRAY(l->module->arena, double, rule->learned_count), rule->learned_count);
		for (int64_t k = 0; k < rule->learned_count; k++)
			extra[count].reals[k] = 0.3 * sin(1.7 * (double)k + 0.4);
		count++;
	}
	return count;
}

static void look(void *context, const IrTensor *at, double *f, IrTensor *g) {
	const int *problem = context;
	*f = problems[*problem].function(at->reals, g->reals);
}

/* Makes any rule that does not learn one for shapes. */
static const char by_shape_too[] = "optimizer by_shape(base = adam) {\n"
								   "  if rank(x) >= 0 {\n"
								   "    apply base()\n"
								   "  } else {\n"
								   "    x <- x - g @ g\n"
								   "  }\n"
								   "}\n";

/* What a rule is like, as far as it matters which objectives it goes on. */
typedef struct Kind {
	bool by_shape, by_residuals;
} Kind;

/* Runs a rule and compares x after some steps with `numbers`, a text. What differentiates the objective gets that of the language. */
static Kind check_run(const char *call, int problem, int last, const char *numbers) {
	Lower l = lower_new(by_shape_too);
	lower_more(&l, GRADUS_SOURCE_DIR "/tests/library/axes.grad");
	fe_add_source(l.program, source_add(l.session, "objectives.grad", objectives, strlen(objectives)));
	uint32_t count = problems[problem].tensors;
	FeTarget target = {
		.sizes = problems[problem].sizes, .count = count, .types = problems[problem].shapes, .type_count = count};
	const FeObjective *objective = NULL;
	if (problem == OF_RESIDUALS)
		target.objective = objective = lower_objective(&l, problems[problem].name);
	const FeRule *rule = lower_rule_on(&l, call, &target);
	if (rule->derives && !objective)
		objective = lower_objective(&l, problems[problem].name);
	const IrFunc *step_of_rule = rule->derives ? linked_step(l.module, rule, objective->value) : rule->step;
	int64_t n = problems[problem].size;
	IrTensor extra[32], args[80], results[80];
	uint32_t extras = rule_extras(&l, rule, extra), states = rule->states.count;
	double start[COORDINATES];
	start_of(problem, start);
	IrTensor x = lower_vector(&l, start, n);
	args[0] = x;
	memcpy(args + 1, extra, sizeof(IrTensor) * extras);
	lower_run(&l, rule->init, args, results + 1);
	results[0] = x;
	double worst = 0;
	for (int t = 1, at = 0; t <= last; t++) {
		double g[COORDINATES], f = problems[problem].function(results[0].reals, g);
		args[0] = results[0];
		args[1] = lower_vector(&l, g, n);
		args[2] = lower_real(&l, f);
		args[3] = lower_int(&l, t);
		args[4] = lower_int(&l, STEPS);
		memcpy(args + 5, extra, sizeof(IrTensor) * extras);
		memcpy(args + 5 + extras, results + 1, sizeof(IrTensor) * states);
		lower_run_with(&l, step_of_rule, args, results, look, &problem);
		if (t != shown[at] && t != last)
			continue;
		at++;
		for (int64_t i = 0; i < n; i++) {
			char *end;
			double expected = strtod(numbers, &end), off = fabs(results[0].reals[i] - expected);
			cr_assert(end > numbers, "%s: too few numbers", call);
			numbers = end;
			worst = fmax(worst, off / fmax(1, fabs(expected)));
			cr_expect(off <= tolerance * fmax(1, fabs(expected)), "%s on %s: x[%d] after %d steps is %.17g, not %.17g",
			          call, problems[problem].name, (int)i, t, results[0].reals[i], expected);
		}
	}
	if (getenv("GRADUS_TEST_SHOW"))
		fprintf(stderr, "%8.1e %s on %s\n", worst, call, problems[problem].name);
	Kind kind = {.by_shape = rule->by_shape, .by_residuals = problem == OF_RESIDUALS};
	lower_free(&l);
	return kind;
}

static int applied; /* rules that were made by shapes, too */

static bool can_be_applied(const char *call) {
	Lower l = lower_new(NULL);
	lower_more(&l, GRADUS_SOURCE_DIR "/tests/library/axes.grad");
	FeCall found;
	bool ok = fe_call_text(l.program, call, AST_OPTIMIZER, &found) && !found.decl->joint;
	for (uint32_t i = 0; ok && i < found.decl->body.count; i++)
		ok = found.decl->body.data[i]->kind != AST_LEARN;
	lower_free(&l);
	return ok;
}

typedef struct Seen {
	char name[64];
	Kind kind;
	bool on[PROBLEMS];
} Seen;

/* On all objectives that are for rules of its kind? */
static bool is_complete(const Seen *seen) {
	if (seen->kind.by_residuals)
		return seen->on[OF_RESIDUALS];
	bool there = true;
	for (int k = 0; k < (seen->kind.by_shape ? OF_TENSORS : OF_VECTORS); k++)
		there = there && seen->on[k];
	return there;
}

static void check_line(char *line, Seen *seen, int *count) {
	char *objective = strstr(line, " | "), *numbers = objective ? strstr(objective + 3, " | ") : NULL;
	cr_assert(numbers != NULL, "%s", line);
	*objective = *numbers = '\0';
	char *at_step = strstr(objective + 3, " @");
	int problem = 0, last = at_step ? atoi(at_step + 2) : STEPS;
	if (at_step)
		*at_step = '\0';
	while (problem < PROBLEMS && strcmp(problems[problem].name, objective + 3) != 0)
		problem++;
	cr_assert(problem < PROBLEMS, "%s", objective + 3);
	Kind kind = check_run(line, problem, last, numbers + 3);
	if (!kind.by_shape && can_be_applied(line)) {
		char around[400];
		snprintf(around, sizeof around, "by_shape(base = %.300s)", line);
		cr_expect(check_run(around, problem, last, numbers + 3).by_shape, "%s is not made by shapes", around);
		applied++;
	}
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(line, "("), line);
	int at = 0;
	while (at < *count && strcmp(seen[at].name, name) != 0)
		at++;
	if (at == *count) {
		cr_assert(*count < 400);
		seen[(*count)++] = (Seen){0};
		memcpy(seen[at].name, name, sizeof name);
	}
	seen[at].on[problem] = true;
	seen[at].kind = kind;
}

Test(std_rules, steps_are_those_of_numpy, .timeout = 300) {
	FILE *file = fopen(GRADUS_SOURCE_DIR "/tests/library/rules.table", "r");
	cr_assert_not_null(file);
	static Seen seen[400];
	static char line[20000];
	int count = 0;
	while (fgets(line, sizeof line, file))
		check_line(line, seen, &count);
	fclose(file);
	cr_expect(applied >= 80, "%d", applied);
	Session *session = session_new();
	ProgramDecls all = programs_all(session, AST_OPTIMIZER);
	for (uint32_t i = 0; i < all.count; i++) {
		const char *name = strstr(all.data[i].name, ": ") + 2;
		int at = 0;
		while (at < count && strcmp(seen[at].name, name) != 0)
			at++;
		bool there = at < count && is_complete(&seen[at]);
		cr_expect(all.data[i].path || there, "%s is not in tests/library/rules.table with all objectives", name);
	}
	session_free(session);
}

/* The objectives of the table, as they are above and as the language has them. */
Test(std_rules, objectives_are_the_same) {
	Lower l = lower_new(objectives);
	for (int k = 0; k < PROBLEMS; k++) {
		FeObjective *o = lower_objective(&l, problems[k].name);
		IrTensor values[8];
		double g[COORDINATES];
		lower_problem(&l, o, 0, 0, values);
		double start[COORDINATES];
		start_of(k, start);
		lower_close(lower_value(&l, o, values), problems[k].function(start, g), 1e-14, problems[k].name);
	}
	lower_free(&l);
}
