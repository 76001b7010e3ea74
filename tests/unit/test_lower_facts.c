/* What conditions prove, and loops of any size. Both are walked over and compared with plain loops of the test. */
#include "ir/eval/eval.h"
#include "lower_instances.h"

/* ---- conditions on one index, of which some are `and`s, `or`s and `not`s of comparisons ---- */

enum { EXTENT = 8, MOST = 4 };

typedef enum Kind { COMPARE, NOT, AND, OR, CHAIN } Kind;

typedef struct Cond {
	Kind kind;
	int op, constant, low; /* COMPARE: i op constant; CHAIN: low <= i < constant */
	struct Cond *a, *b;
} Cond;

static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};

static uint64_t next(uint64_t *state) {
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static Cond *random_cond(Arena *arena, uint64_t *state, int depth) {
	Cond *c = ARENA_NEW(arena, Cond);
	uint64_t kind = next(state) % 8;
	c->op = (int)(next(state) % 6);
	c->constant = (int)(next(state) % (EXTENT + 1));
	c->low = (int)(next(state) % 3);
	if (depth == 0 || kind < 2)
		return c;
	c->kind = kind == 2 ? NOT : kind == 3 ? CHAIN : kind < 6 ? AND : OR;
	if (c->kind == CHAIN)
		return c;
	c->a = random_cond(arena, state, depth - 1);
	c->b = random_cond(arena, state, depth - 1);
	return c;
}

static bool holds(const Cond *c, int i) {
	switch (c->kind) {
	case COMPARE: {
		bool values[] = {i == c->constant, i != c->constant, i<c->constant, i <= c->constant, i> c->constant,
		                 i >= c->constant};
		return values[c->op];
	}
	case NOT: return !holds(c->a, i);
	case AND: return holds(c->a, i) && holds(c->b, i);
	case OR: return holds(c->a, i) || holds(c->b, i);
	case CHAIN: return c->low <= i && i < c->constant;
	}
	return false;
}

static void write_cond(Text *out, const Cond *c) {
	switch (c->kind) {
	case COMPARE: text_printf(out, "i %s %d", ops[c->op], c->constant); break;
	case CHAIN: text_printf(out, "%d <= i < %d", c->low, c->constant); break;
	default:
		text_printf(out, c->kind == NOT ? "not (" : "(");
		write_cond(out, c->a);
		text_printf(out, ")");
		if (c->kind == NOT)
			break;
		text_printf(out, c->kind == AND ? " and (" : " or (");
		write_cond(out, c->b);
		text_printf(out, ")");
	}
}

/* Where it is true, it says several comparisons, all of which hold: then what they imply has to be found. */
static bool is_conjunction(const Cond *c, bool truth) {
	switch (c->kind) {
	case COMPARE: return true;
	case CHAIN: return truth;
	case NOT: return is_conjunction(c->a, !truth);
	case AND: return truth && is_conjunction(c->a, true) && is_conjunction(c->b, true);
	case OR: return !truth && is_conjunction(c->a, false) && is_conjunction(c->b, false);
	}
	return false;
}

typedef enum Form { IF, FILTER, BRANCH, FORMS } Form;

/* The sum of x[i + shift] + 1 over the i from 0 to EXTENT - 1 at which the condition is `truth`, written in one of three ways. */
static void write_program(Text *out, const Cond *c, bool truth, int shift, Form form) {
	text_printf(out, "objective o() {\n  param x : [%d] = [1, 2, 3, 4, 5, 6, 7, 8]\n  var s = 0\n", EXTENT);
	const char *open = truth ? "(" : "not (";
	if (form == IF) {
		text_printf(out, "  s <- sum[i in %d](if ", EXTENT);
		write_cond(out, c);
		text_printf(out, truth ? " then x[i + %d - 4] + 1 else 0)\n" : " then 0 else x[i + %d - 4] + 1)\n", shift + 4);
	} else if (form == FILTER) {
		text_printf(out, "  s <- sum[i in %d, %s", EXTENT, open);
		write_cond(out, c);
		text_printf(out, ")](x[i + %d - 4] + 1)\n", shift + 4);
	} else {
		text_printf(out, "  for i in 0..%d {\n    if %s", EXTENT, open);
		write_cond(out, c);
		text_printf(out, ") { s <- s + x[i + %d - 4] + 1 }\n  }\n", shift + 4);
	}
	text_printf(out, "  minimize s + 0 * x[0]\n}\n");
}

static void try_condition(const Cond *c, bool truth, int shift, Form form, Arena *arena, int *accepted) {
	double expected = 0;
	bool inside = true, ever = false;
	for (int i = 0; i < EXTENT; i++) {
		if (holds(c, i) != truth)
			continue;
		ever = true;
		inside = inside && i + shift >= 0 && i + shift < EXTENT;
		expected += i + shift + 2;
	}
	if (!ever)
		return; /* what never happens need not be proved */
	Text text = text_new(arena);
	write_program(&text, c, truth, shift, form);
	Lower l = lower_new(text_cstr(&text));
	FeCall call;
	bool read = fe_call_text(l.program, "o()", AST_OBJECTIVE, &call);
	FeObjective *o = read ? fe_objective(l.program, l.module, &call, IR_F64) : NULL;
	bool demanded = inside && is_conjunction(c, truth);
	cr_expect(o || l.session->error_count);
	cr_expect(!(o && !inside), "accepted, but outside:\n%s", text_cstr(&text));
	cr_expect(!(demanded && !o), "inside, but refused:\n%s", text_cstr(&text));
	*accepted += o != NULL;
	if (o && inside) {
		IrTensor values[2];
		lower_problem(&l, o, 1, 0, values);
		lower_close(lower_value(&l, o, values), expected, 0, text_cstr(&text));
	}
	lower_free(&l);
}

Test(lower_facts, what_is_accepted_is_inside_and_what_comparisons_imply_is_accepted) {
	uint64_t state = 20240613;
	int accepted = 0;
	for (int trial = 0; trial < (GRADUS_SANITIZED ? 300 : 3000); trial++) {
		Arena *arena = arena_new();
		const Cond *c = random_cond(arena, &state, (int)(next(&state) % MOST));
		int shift = (int)(next(&state) % 7) - 3;
		try_condition(c, next(&state) % 2, shift, (Form)(trial % FORMS), arena, &accepted);
		arena_free(arena);
	}
	cr_expect_gt(accepted, GRADUS_SANITIZED ? 60 : 600);
}

/* ---- loops ---- */

typedef double Formula(int n);

static double below(int n) { /* sum over j of the i from j + 1 to n - 1, of (i + 1) (j + 2) */
	double s = 0;
	for (int j = 0; j < n; j++)
		for (int i = j + 1; i < n; i++)
			s += (i + 1) * (j + 2);
	return s;
}

static double triples(int n) {
	double s = 0;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			for (int k = j; k < n; k++)
				s += i + 10 * j + 100 * k;
	return s;
}

static double halves(int n) {
	double s = 0;
	for (int j = 0; j < n; j++)
		for (int i = j / 2; i < (j < 3 ? j : 3); i++)
			s += (i + 1) * j;
	return s;
}

static double threes(int n) {
	double s = 0;
	for (int j = 0; j + 2 < n; j++)
		for (int i = j; i < j + 3; i++)
			s += (i + 1) * (j + 1);
	return s;
}

static double prefixes(int n) {
	return n * (n + 1) * (n + 2) / 6.0;
}
static double pairs(int n) {
	return n < 2 ? 0 : n * n - 1;
}
static double before_two(int n) {
	return n <= 2 ? 0 : 3;
}
static double third(int n) {
	return n <= 2 ? -1 : 3;
}
static double squares(int n) {
	return (n - 1.0) * n * (2 * n - 1) / 6;
} /* k times x[k - 1] = k */
static double neighbours(int n) {
	return n * (n - 1) / 2.0;
}

static const struct {
	const char *name, *functions, *body; /* x = [1, 2, ..., n] */
	Formula *formula;
} loops[] = {
	{"from the counter on", "", "for j in 0..n { for i in j + 1..n { s <- s + x[i] * (j + 2) } }", below},
	{"three deep", "", "for i in 0..n { for j in i + 1..n { for k in j..n { s <- s + i + 10 * j + 100 * k } } }",
     triples},
	{"halves and least", "", "for j in 0..n { for i in j // 2..min(j, 3) { s <- s + x[i] * j } }", halves},
	{"always three", "", "for j in 0..n - 2 { for i in j..j + 3 { s <- s + x[i] * x[j] } }", threes},
	{"an extent", "", "for k in 0..n { s <- s + sum[i in k + 1](x[i]) }", prefixes},
	{"an extent twice removed", "",
     "for k in 0..n { let m = k + 1\n let l = m\n s <- s + sum(ones(l)) * 0 + sum[i in l](x[i]) }", prefixes},
	{"slices", "", "for k in 0..n - 1 { s <- s + sum(x[k..k + 2]) }", pairs},
	{"a known branch", "", "for k in 0..n { if k == 2 { let a = zeros(k)\n s <- s + x[k] + sum(a) } }", before_two},
	{"return", "fn first(x) {\n  for k in 0..size(x) { return x[k] }\n  return 0\n}\n",
     "s <- s + first(x) * n * (n - 1) / 2", neighbours},
	{"return under a condition", "fn third(x) {\n  for k in 0..size(x) { if k == 2 { return x[k] } }\n  return -1\n}\n",
     "s <- third(x)", third},
	{"what was before", "", "for k in 0..n { if k > 0 { s <- s + x[k - 1] * k } }", squares},
	{"neighbours", "", "for k in 0..n { if k != 0 { s <- s + x[k] - x[k - 1] + k - 1 } }", neighbours},
};

Test(lower_facts, loops_of_any_size_are_one_language) {
	for (size_t c = 0; c < sizeof loops / sizeof *loops; c++) {
		for (int n = 1; n <= 20; n++) {
			if (strstr(loops[c].body, "n - 2 {") && n < 3)
				continue;
			Arena *arena = arena_new();
			const char *text = arena_printf(
				arena,
				"%sobjective o(n = %d) {\n  param x[i in n] = i + 1\n  var s = 0\n  %s\n  minimize s + 0 * x[0]\n}\n",
				loops[c].functions, n, loops[c].body);
			Lower l = lower_new(text);
			FeObjective *o = lower_objective(&l, "o()");
			IrTensor values[2];
			lower_problem(&l, o, 1, 0, values);
			const char *what = arena_printf(arena, "%s, n = %d", loops[c].name, n);
			lower_close(lower_value(&l, o, values), loops[c].formula(n), 1e-14, what);
			lower_free(&l);
			arena_free(arena);
		}
	}
}
