/* Reading .grad text: precedence and line rules as printed trees, wrong programs as codes and places (exactly those,
 * so that one mistake costs one message), programs of the library and the examples without any message. */
#include "frontend/syntax/ast.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* ---- expressions ---- */

static const struct {
	const char *text, *tree;
} expressions[] = {
	{"1 + 2 * 3", "(+ 1 (* 2 3))"},
	{"1 - 2 - 3", "(- (- 1 2) 3)"},
	{"-x^2", "(- (^ x 2))"},
	{"2^3^4", "(^ 2 (^ 3 4))"},
	{"x^-2", "(^ x (- 2))"},
	{"-2^-x^3", "(- (^ 2 (- (^ x 3))))"},
	{"-a * b", "(* (- a) b)"},
	{"a * -b", "(* a (- b))"},
	{"a - -b", "(- a (- b))"},
	{"a / b * c // d % e", "(% (// (* (/ a b) c) d) e)"},
	{"a @ b + c @ d", "(+ (@ a b) (@ c d))"},
	{"A @ B @ x", "(@ (@ A B) x)"},
	{"a < b <= c", "(compare a < b <= c)"},
	{"(a < b) == (c > d)", "(compare (compare a < b) == (compare c > d))"},
	{"a < -b", "(compare a < (- b))"},
	{"not a and b or c", "(or (and (not a) b) c)"},
	{"not a == b", "(not (compare a == b))"},
	{"not not a", "(not (not a))"},
	{"a or b and c", "(or a (and b c))"},
	{"if a then b else c + 1", "(if a b (+ c 1))"},
	{"if a then b else if c then d else e", "(if a b (if c d e))"},
	{"2 * (if a then b else c)", "(* 2 (if a b c))"},
	{"if if a then b else c then d else e", "(if (if a b c) d e)"},
	{"A[i, 0, 1..n - 1, :]", "(at A [i, 0, 1..(- n 1), :])"},
	{"W[2 * n..3 * n]", "(at W [(* 2 n)..(* 3 n)])"},
	{"W[0..3]", "(at W [0..3])"},
	{"unit(u[b, t, :])[m]", "(at (call unit (at u [b, t, :])) [m])"},
	{"X[pick[i], j]", "(at X [(at pick [i]), j])"},
	{"(scale @ h)[0]", "(at (@ scale h) [0])"},
	{"x'[t']", "(at x' [t'])"},
	{"\xce\xb1 * \xce\xb2_1", "(* \xce\xb1 \xce\xb2_1)"},
	{"[a, [b, c]]", "(array a (array b c))"},
	{"f()", "(call f)"},
	{"f(a, k = b == c)", "(call f a k=(compare b == c))"},
	{"sum(A)", "(call sum A)"},
	{"max(a, b)", "(call max a b)"},
	{"sum[i](x[i])^2", "(^ (sum [i] (at x [i])) 2)"},
	{"sum[i in n, j in 1..m, i < j, a == b](e)",
     "(sum [i in n, j in 1..m, if (compare i < j), if (compare a == b)] e)"},
	{"sum[p, 0 <= y + p - 1 < 28](e)", "(sum [p, if (compare 0 <= (- (+ y p) 1) < 28)] e)"},
	{"mean[each](u^2)", "(mean each [] (^ u 2))"},
	{"choose { a, b +\n c }", "(choose a (+ b c))"},
	{"discover(g, m, size = 8)", "(discover g m size=8)"},
	{"choose + discover", "(+ choose discover)"},
	{"batch * each + limit", "(+ (* batch each) limit)"},
	{"true and false", "(and true false)"},
	{"1e-3 + 2.5E+4 + 10", "(+ (+ 1e-3 2.5E+4) 10)"},
	{"(a\n + b\n)\n * c", "(* (+ a b) c)"},
};

Test(parse, expressions) {
	for (size_t k = 0; k < sizeof expressions / sizeof *expressions; k++) {
		Session *session = session_new();
		const char *text = expressions[k].text;
		const AstExpr *expr = ast_parse_expression(session, source_add(session, "e", text, strlen(text)));
		Text tree = text_new(session->arena);
		ast_print_expr(session, expr, &tree);
		cr_expect_eq(session->error_count, 0, "`%s`: %s", text,
		             session->error_count > 0 ? session->diags.data[0]->message : "");
		cr_expect_str_eq(text_cstr(&tree), expressions[k].tree, "`%s` is read as %s", text, text_cstr(&tree));
		session_free(session);
	}
}

Test(parse, numbers_keep_what_was_written) {
	static const struct {
		const char *text;
		double value;
		bool whole;
		int64_t integer;
	} rows[] = {{"3", 3, true, 3},
	            {"3.0", 3, false, 0},
	            {"1e3", 1000, false, 0},
	            {"0.1", 0.1, false, 0},
	            {"9223372036854775807", 9223372036854775807.0, true, INT64_MAX},
	            {"9223372036854775808", 9223372036854775808.0, false, 0},
	            {"007", 7, true, 7}};
	Session *session = session_new();
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		const AstExpr *expr =
			ast_parse_expression(session, source_add(session, "n", rows[k].text, strlen(rows[k].text)));
		cr_assert_eq(expr->kind, AST_NUMBER);
		cr_expect(expr->number.value == rows[k].value && expr->number.whole == rows[k].whole, "%s", rows[k].text);
		cr_expect(!rows[k].whole || expr->number.integer == rows[k].integer, "%s", rows[k].text);
		cr_expect_str_eq(expr->number.text, rows[k].text);
	}
	cr_expect_eq(session->error_count, 0);
	session_free(session);
}

/* ---- statements and lines ---- */

static const struct {
	const char *text, *tree;
} programs[] = {
	/* where a line goes on */
	{"fn f(a) =\n  a +\n  1\n", "(fn f (a) (+ a 1))\n"},
	{"fn f(a) = a\n  + 1\n", "(fn f (a) (+ a 1))\n"},
	{"fn f(a) = a\n\n  # about the rest\n  and b\n", "(fn f (a) (and a b))\n"},
	{"fn f(a) = if a then\n  1\n  else\n  2\n", "(fn f (a) (if a 1 2))\n"},
	{"fn f(a,\n  b = 1) = a", "(fn f (a) (b 1) a)\n"},
	{"fn f(a) {\n  let b = a\n  (b)[0] <- 1\n}", "(fn f (a)\n  (let b = a)\n  (<- (at b [0]) = 1))\n"},
	{"fn f(a) {\n  var b = a\n  b\n  [0] <- 1\n}", NULL},
	{"fn f(a) {\n  var b = g(a\n  , 2)\n  return b,\n    a }",
     "(fn f (a)\n  (var b = (call g a 2))\n  (return b a))\n"},
	{"fn f(a) {\r\n  return a\r\n}\r\n", "(fn f (a)\n  (return a))\n"},
	{"\xef\xbb\xbf"
     "const a = 1",
     "(const a 1)\n"},
	/* declarations and statements */
	{"import \"other.grad\"\nconst a = 2\nconst b : [n] = 3",
     "(import \"other.grad\")\n(const a 2)\n(const b : real[n] 3)\n"},
	{"fn f() {\n let h, c = g()\n h, c[i] <- g()\n}",
     "(fn f\n  (let h, c = (call g))\n  (<- h (at c [i]) = (call g)))\n"},
	{"fn f() {\n for k in 0..n { a <- k }\n while not a limit 5 { }\n}",
     "(fn f\n  (for k in 0..n\n    (<- a = k))\n  (while (not a) limit 5))\n"},
	{"fn f() {\n if a { b <- 1 }\n else if c { }\n else { d <- 2 }\n}",
     "(fn f\n  (if a\n    (<- b = 1)\n   else\n    (if c\n     else\n      (<- d = 2))))\n"},
	{"objective o(n = 2 in (1, inf)) {\n given X[i in n, j in 1..d] : int ~ normal(m[i], 1)\n param b = 0\n"
     " report r = b\n validate b with a = c, d = e\n minimize b\n}",
     "(objective o (n 2 in (1, inf))\n  (given X [i in n, j in 1..d] : int ~ (call normal (at m [i]) 1))\n"
     "  (param b = 0)\n  (report r = b)\n  (validate b a=c d=e)\n  (minimize b))\n"},
	{"objective o() {\n data t : int[n] from \"a.txt\" bytes\n data u : [n, 30] from path columns 1..31, \"y\"\n}",
     "(objective o\n  (data t : int[n] from \"a.txt\" bytes)\n"
     "  (data u : real[n, 30] from path columns [1..31, \"y\"]))\n"},
	{"joint optimizer r() {\n state h : each [20] = 0\n learn d = 0.9 in (0, 1)\n each i, j { x <- g }\n"
     " apply adam(g = g)\n let e ~ normal(0, 1)\n}",
     "(joint optimizer r\n  (state h : each real[20] = 0)\n  (learn d = 0.9 in (0, 1))\n  (each i, j\n    (<- x = g))\n"
     "  (apply (call adam g=g))\n  (let e ~ (call normal 0 1)))\n"},
	{"fn f() {\n u[b, t, m in w] <- 1\n}", "(fn f\n  (<- (at u [b, t, m in w]) = 1))\n"},
	/* words are contextual */
	{"optimizer r(batch = 1, step = 2) {\n state data = 0\n data <- batch\n state <- 2\n let let = 1\n}",
     "(optimizer r (batch 1) (step 2)\n  (state data = 0)\n  (<- data = batch)\n  (<- state = 2)\n  (let let = 1))\n"},
	{"fn f(each) {\n each[0] <- for\n return param + given\n}",
     "(fn f (each)\n  (<- (at each [0]) = for)\n  (return (+ param given)))\n"},
	{"experiment e {\n train a()\n horizon 20..200\n update adam() for 10 steps\n learn adam.lr in (1e-5, 1), b.c\n"
     " problems 5 test,\n 1 train\n}",
     "(experiment e\n  (train (call a))\n  (problems train 1)\n  (problems test 5)\n  (horizon 20..200)\n"
     "  (update (call adam) steps 10)\n  (learn adam.lr in (1e-5, 1))\n  (learn b.c))\n"},
};

static Session *read_program(const char *text, char **tree) {
	Session *session = session_new();
	const AstFile *file = ast_parse(session, source_add(session, "p", text, strlen(text)));
	Text out = text_new(session->arena);
	ast_print(session, file, &out);
	*tree = arena_strdup(session->arena, text_cstr(&out));
	return session;
}

Test(parse, statements_and_lines) {
	for (size_t k = 0; k < sizeof programs / sizeof *programs; k++) {
		char *tree;
		Session *session = read_program(programs[k].text, &tree);
		if (programs[k].tree == NULL) {
			cr_expect_gt(session->error_count, 0, "`%s`", programs[k].text);
		} else {
			cr_expect_eq(session->error_count, 0, "`%s`: %s", programs[k].text,
			             session->error_count > 0 ? session->diags.data[0]->message : "");
			cr_expect_str_eq(tree, programs[k].tree, "`%s` is read as\n%s", programs[k].text, tree);
		}
		session_free(session);
	}
}

/* ---- what is wrong, and where ---- */

/* Wrong pieces, each put into a body; `expected` lists all codes with line:column inside the piece. */
static const struct {
	const char *text, *expected;
} wrong_in_rule[] = {
	{"m = 1", "115@1:3"},
	{"m += 1", "107@1:3"},
	{"m := 1", "107@1:3"},
	{"let m <- 1", "115@1:7"},
	{"let m\n= 3", "101@2:1"},
	{"x\n<- 3", "101@2:1"},
	{"let m", "120@1:6"},
	{"let m =\nx <- g", "110@1:8"},
	{"x <- x -\nlet a = 1", "110@1:9"},
	{"x <- x - ", "110@1:9"},
	{"x <- if a<-b then 1 else 2", "114@1:10"},
	{"x <- if a = b then 1 else 2", "116@1:11"},
	{"x <- if a then b", "126@1:17"},
	{"x <- if a\nthen b else c", "126@2:1"},
	{"x <- if a { b } else { c }", "126@1:11"},
	{"if a then x <- 1", "127@1:6"},
	{"if a then x <- 1\nelse x <- 2", "127@1:6"},
	{"if a\n{\n  x <- 1\n}", "125@2:1"},
	{"if a = 1 { x <- 2 }", "116@1:6"},
	{"if a:\n  x <- 2", "101@1:5"},
	{"else { }", "101@1:1"},
	{"x <- (1 + 2", "108@1:6"},
	{"x <- f(1, [2, 3)", "108@1:11"},
	{"x <- (1 + 2\nm <- 3", "108@1:6"},
	{"x <- 1 + 2)", "109@1:11"},
	{"x <- a[1]]", "109@1:10"},
	{"x <- f(a b)", "101@1:10"},
	{"x <- f(a,, b)", "110@1:10"},
	{"x <- f(a, b,)", "110@1:12"},
	{"x <- f(, a)", "110@1:8"},
	{"x <- f(a * , b + , c)", "110@1:12 110@1:18"},
	{"x <- 1. + .5 + 2x", "103@1:6 103@1:11 103@1:16"},
	{"x <- 0x1f + 1e + 1_000 + 1.e5 + 1.2.3 + 3f", "103@1:6 103@1:13 103@1:18 103@1:26 103@1:33 103@1:41"},
	{"x <- 1e999", "104@1:6"},
	{"x <- a ** b && !c || d", "107@1:8 107@1:13 107@1:16 107@1:19"},
	{"x <- 1; m <- 2", "107@1:7"},
	{"x <- 1;", "107@1:7"},
	{"x <- a ? b : c", "102@1:8"},
	{"x <- a $ b", "102@1:8"},
	{"x <- a \xe2\x89\xa4 b \xc3\x97 c", "107@1:8 107@1:12"},
	{"let e\xcc\x81 = 1", "102@1:6"},
	{"x <- a\xff", "106@1:7"},
	{"x <- 2 // a comment", "113@1:13"},
	{"/* a comment */\nx <- 1", "107@1:1"},
	{"x <- +a", "110@1:6"},
	{"x <- a * not b", "110@1:10"},
	{"x <- g[0:3]", "129@1:9"},
	{"x <- g[..3]", "128@1:8"},
	{"x <- g[1..]", "128@1:9"},
	{"x <- g[]", "142@1:7"},
	{"x <- 0..3", "128@1:7"},
	{"x <- []", "142@1:6"},
	{"x <- ()", "142@1:6"},
	{"x <- (a, b)", "101@1:8"},
	{"x <- [i for i in n]", "101@1:9"},
	{"x <- sum[i]", "141@1:6"},
	{"x <- summ[i](g[i])", "132@1:6"},
	{"x <- 2(a + b)", "132@1:6"},
	{"x <- sum[i](g[i], i < 3)", "101@1:17"},
	{"x <- g[i in n]", "130@1:8"},
	{"let z[0] = 1", "130@1:7"},
	{"let z[i + 1] = 1", "130@1:7"},
	{"x <- f(a = 1, 2)", "133@1:15"},
	{"x <- f(a = 1, a = 2)", "134@1:15"},
	{"x <- g.T", "135@1:6"},
	{"x <- np.exp(g) + math.sqrt(g)", "135@1:6 135@1:18"},
	{"x <- lambda a: a", "110@1:6"},
	{"x <- 'a'", "102@1:6"},
	{"x <- \"a", "105@1:6"},
	{"g", "117@1:1"},
	{"norm(g)", "117@1:1"},
	{"x - g", "117@1:1"},
	{"x + 1 <- 2", "118@1:1"},
	{"f(x) <- 2", "118@1:1"},
	{"a[0][1] <- 2", "118@1:1"},
	{"x <- y <- 2", "114@1:8"},
	{"let sum = 1", "112@1:5"},
	{"let then = 1", "112@1:5"},
	{"let 2a = 1", "103@1:5"},
	{"let = 1", "115@1:5"},
	{"state m", "120@1:8"},
	{"state m ~ normal(0, 1)", "121@1:11"},
	{"state m : float = 0", "131@1:11"},
	{"state m, v = 0", "101@1:8"},
	{"learn W : [2, 2]", "120@1:17"},
	{"learn W : [2, 2] normal(0, 1)", "119@1:18"},
	{"learn W = [2, 2] ~ normal(0, 1)", "121@1:18"},
	{"learn W ~ normal", "101@1:11"},
	{"learn W ~ 3", "101@1:11"},
	{"learn b = 1 in 0, 1", "143@1:16"},
	{"learn b = 1 in (0)", "143@1:18"},
	{"state m : [ ] = 0", "142@1:11"},
	{"m : [3] = 0", "101@1:1"},
	{"e ~ normal(0, 1)", "101@1:1"},
	{"float y = 2", "101@1:1"},
	{"stat y = 2", "101@1:1"},
	{"param w = 0", "123@1:1"},
	{"minimize x", "123@1:1"},
	{"return x", "123@1:1"},
	{"for k in 0..3 {\n  learn a = 1\n}", "124@2:3"},
	{"for k in 0..3 {\n  state a = 1\n}", "124@2:3"},
	{"for k in range(3) { }", "128@1:10"},
	{"for k in 3 { }", "128@1:10"},
	{"for k = 0..3 { }", "101@1:7"},
	{"for (k in 0..3) { x <- 1 }", "101@1:5"},
	{"for k in 0.. { x <- = }", "110@1:14 110@1:21"},
	{"while a { x <- 1 }", "136@1:1"},
	{"apply adam", "101@1:7"},
	{"apply 3", "101@1:7"},
	{"x <- apply adam()", "113@1:12"},
	{"if a { } elif b { }", "101@1:10"},
	{"x <- 1 }", "109@2:1"},
	{"for k in 0..3 {\n  x <- 1\nm <- 2", "108@1:15"},
	{"for k in 0..3 {\n    x <- 1\n    }\n    }\n", "109@3:5"},
	{"x <- g @ W @", "110@1:13"},
	{"x <- [1, 2\n  3]", "101@2:3"},
};

static const struct {
	const char *text, *expected;
} wrong_programs[] = {
	{"fn f(x)", "101@1:8"},
	{"fn f(x)\nfn g(x) = x", "101@1:8"},
	{"fn f(x):\n  return x\n", "101@1:8"},
	{"fn f x = x", "101@1:6"},
	{"fn f(x : real) = x", "121@1:8"},
	{"fn f(x, x) = x", "134@1:9"},
	{"fn f(max) = 1", "112@1:6"},
	{"fn (x) = x", "111@1:4"},
	{"fn f(x) = x x", "113@1:13"},
	{"def f(x) = x\nconst a = 1 +", "122@1:1 110@2:14"},
	{"let a = 3", "122@1:1"},
	{"objectiv a() { minimize 1 }\nconst b = 2 2", "122@1:1 113@2:13"},
	{"const a", "120@1:8"},
	{"const a = (1\nconst b = 2", "108@1:11"},
	{"import other", "101@1:8"},
	{"joint rule() { }", "101@1:7"},
	{"optimizer a { }", "101@1:13"},
	{"optimizer a(lr = 1 {\n  x <- 1\n}", "108@1:12"},
	{"optimizer a(lr = 1e-3 in 0, 1) { }", "143@1:26"},
	{"optimizer a() {\n  x <- 1\n\nfn f(x) = x", "108@1:15"},
	{"objective a() {\n  given c : [3]\n}", "119@2:16"},
	{"objective a() {\n  given c : [3] = 2\n}", "119@2:19"},
	{"objective a() {\n  given c : [3] = normal(0, 1)\n}", "119@2:19"},
	{"objective a() {\n  data c : [3]\n}", "121@2:15"},
	{"objective a() {\n  data c : [3] from\n}", "101@2:20"},
	{"objective a() {\n  let c from \"a\"\n}", "121@2:14"},
	{"objective a() {\n  learn c = 1\n}", "123@2:3"},
	{"objective a() {\n  param w : [3]\n  minimize sum(w\n}", "120@2:16 108@3:15"},
	{"objective a() {\n  minimize\n}", "110@2:11"},
	{"objective a() {\n  return 1\n}", "123@2:3"},
	{"objective a() {\n  const y = 2\n}", "101@2:3"},
	{"objective a() {\n  fn f(a) {\n    x\n  }\n  minimize 1 1\n}", "123@2:3 113@5:14"},
	{"fn f() {\n  param w = 0\n}", "123@2:3"},
	{"fn f() {\n  3\n}", "117@2:3"},
	{"experiment e {\n  trian a\n  horizon 40 50\n}", "137@2:3 113@3:14"},
	{"experiment e {\n  seed 1\n  seed 2\n}", "138@3:3"},
	{"experiment e {\n  score = mean(f)\n  seed\n}", "139@2:9 110@3:7"},
	{"experiment e {\n  problems 90\n}", "139@2:14"},
	{"experiment e {\n  problems 3 test, 4 test\n}", "138@2:22"},
	{"experiment e {\n  update adam()\n}", "139@2:16"},
	{"experiment e {\n  update adam() for 10\n}", "139@2:23"},
	{"experiment e {\n  learn adam\n}", "139@2:13"},
	{"experiment e()\n{\n}", "101@1:13"},
	{"}\nconst a = 1", "109@1:1"},
	{"optimizer a(lr = 1 { x <- 1 }", "108@1:12"},
	{"optimizer a(lr = sqrt(2 { x <- 1 }", "108@1:12 108@1:22"},
	{"objective a( { minimize 1 }", "108@1:12"},
	{"joint optimizer a(lr = 1 { x <- 1 }\nfn f(b { return b }", "108@1:18 108@2:5"},
	{"objective a(b = {1, 2}) { minimize 1 }", "110@1:17"},
	{"\xff\xfe"
     "fn f(x)",
     "106@1:1"}, /* the marks of UTF-16: nothing else is said of such a file */
	{"\xfe\xff"
     "fn f(x)",
     "106@1:1"},
};

static int by_place(const void *a, const void *b) {
	const Diag *p = *(Diag *const *)a, *q = *(Diag *const *)b;
	uint32_t first = p->labels.data[0].span.start, second = q->labels.data[0].span.start;
	return first != second ? (first > second) - (first < second) : p->code - q->code;
}

/* "110@1:8 113@2:1", with line 1 the one that stands behind `lines_before` others */
static const char *list_errors(Session *session, uint32_t lines_before) {
	Text out = text_new(session->arena);
	if (session->diags.count > 0)
		qsort(session->diags.data, session->diags.count, sizeof(Diag *), by_place);
	for (uint32_t k = 0; k < session->diags.count; k++) {
		uint32_t line, column;
		source_position(session, session->diags.data[k]->labels.data[0].span, &line, &column);
		text_printf(&out, "%s%d@%u:%u", k > 0 ? " " : "", session->diags.data[k]->code, line - lines_before, column);
	}
	return text_cstr(&out);
}

Test(parse, mistakes_in_rules) {
	for (size_t k = 0; k < sizeof wrong_in_rule / sizeof *wrong_in_rule; k++) {
		char text[512], *tree;
		snprintf(text, sizeof text, "optimizer r() {\n%s\n}\n", wrong_in_rule[k].text);
		Session *session = read_program(text, &tree);
		const char *found = list_errors(session, 1);
		cr_expect_str_eq(found, wrong_in_rule[k].expected, "`%s`: expected %s, found %s", wrong_in_rule[k].text,
		                 wrong_in_rule[k].expected, found);
		session_free(session);
	}
}

Test(parse, mistakes_in_files) {
	for (size_t k = 0; k < sizeof wrong_programs / sizeof *wrong_programs; k++) {
		char *tree;
		Session *session = read_program(wrong_programs[k].text, &tree);
		const char *found = list_errors(session, 0);
		cr_expect_str_eq(found, wrong_programs[k].expected, "`%s`: expected %s, found %s", wrong_programs[k].text,
		                 wrong_programs[k].expected, found);
		session_free(session);
	}
}

/* A mistake must not hide what stands around it. */
Test(parse, statements_around_mistakes_are_kept) {
	static const struct {
		const char *text, *tree;
	} rows[] = {
		{"fn f(x) {\n  let a = 1 +\n  let b = 2\n  return b\n}",
	     "(fn f (x)\n  (let a = <bad>)\n  (let b = 2)\n  (return b))\n"},
		{"fn f(x) {\n  let a = g(1, 2\n  return a\n}", "(fn f (x)\n  (let a = (call g 1 2))\n  (return a))\n"},
		{"fn f(x) {\n  for k in 0.. { x <- 1 }\n  return x\n}", NULL},
		{"const a = )\nconst b = 2", "(const a <bad>)\n(const b 2)\n"},
		{"fn f(x) {\n  for k in 0..3 {\n    x <- 1\n  return x\n}\nfn g(x) = x",
	     "(fn f (x)\n  (for k in 0..3\n    (<- x = 1))\n  (return x))\n(fn g (x) x)\n"},
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		char *tree;
		Session *session = read_program(rows[k].text, &tree);
		cr_expect_eq(session->error_count, 1, "`%s`: %u errors", rows[k].text, session->error_count);
		cr_expect(rows[k].tree == NULL || strcmp(tree, rows[k].tree) == 0, "`%s` is read as\n%s", rows[k].text, tree);
		session_free(session);
	}
}

/* ---- sizes ---- */

/* `before` n times, `middle`, `after` n times */
static char *repeated(const char *before, const char *middle, const char *after, size_t n) {
	size_t length = (strlen(before) + strlen(after)) * n + strlen(middle) + 1;
	char *text = malloc(length), *end = text;
	cr_assert(text != NULL);
	for (size_t k = 0; k < n; k++)
		end = stpcpy(end, before);
	end = stpcpy(end, middle);
	for (size_t k = 0; k < n; k++)
		end = stpcpy(end, after);
	return text;
}

Test(parse, depth_is_bounded_and_reported_once) {
	static const struct {
		const char *before, *middle, *after;
	} rows[] = {{"(", "1", ")"},     {"[", "1", "]"},         {"-", "1", ""},        {"not ", "a", ""},
	            {"f(", "1", ")"},    {"a[", "1", "]"},        {"2^", "1", ""},       {"if a then ", "b", " else c"},
	            {"1 + ", "1", ""},   {"", "a", "[0]"},        {"sum[i](", "1", ")"}, {"if a then b else ", "c", ""},
	            {"a and ", "b", ""}, {"choose { ", "1", " }"}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		for (size_t n = 100; n <= 100000; n *= 1000) {
			char *text = repeated(rows[k].before, rows[k].middle, rows[k].after, n);
			Session *session = session_new();
			ast_parse_expression(session, source_add(session, "deep", text, strlen(text)));
			if (n > 100) {
				cr_expect_eq(session->error_count, 1, "%s: %u errors", rows[k].before, session->error_count);
				cr_expect_eq(session->diags.data[0]->code, 140, "%s: %d", rows[k].before, session->diags.data[0]->code);
			} else {
				cr_expect_eq(session->error_count, 0, "%s", rows[k].before);
			}
			session_free(session);
			free(text);
		}
	}
}

Test(parse, blocks_are_bounded) {
	char *text = repeated("if a { ", "x <- 1", " }", 10000);
	char *program = malloc(strlen(text) + 64);
	cr_assert(program != NULL);
	sprintf(program, "optimizer r() {\n%s\n}\n", text);
	char *tree;
	Session *session = read_program(program, &tree);
	cr_expect_str_eq(list_errors(session, 0), "140@2:1397");
	session_free(session);
	free(program);
	free(text);
}

/* ---- whole programs ---- */

static void expect_clean(const char *path) {
	Session *session = session_new();
	const char *why;
	uint32_t source = source_load(session, path, false, &why);
	cr_assert(source != 0, "%s cannot be read: %s", path, why);
	ast_parse(session, source);
	if (session->diags.count > 0)
		diag_print_all(session, stderr, false);
	cr_expect_eq(session->diags.count, 0, "%s", path);
	session_free(session);
}

Test(parse, shipped_programs_are_clean) {
	static const char *const folders[] = {"frontend/std", "examples", "tests/parse"};
	for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
		char folder[512], path[1024];
		snprintf(folder, sizeof folder, "%s/%s", GRADUS_SOURCE_DIR, folders[k]);
		DIR *dir = opendir(folder);
		if (dir == NULL)
			continue;
		for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
			const char *end = strrchr(entry->d_name, '.');
			if (end == NULL || strcmp(end, ".grad") != 0)
				continue;
			snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
			expect_clean(path);
		}
		closedir(dir);
	}
}
