/* Every row of frontend/builtins.def: documented, and callable exactly as it says. Each is called with all combinations of
 * arguments, fitting or not: what comes is a diagnostic, or a result of the stated scalar type. */
#include "frontend/frontend.h"
#include "ir/eval/eval.h"
#include "ir/ir.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- documentation ---- */

static char *read_page(void) {
	FILE *file = fopen(GRADUS_SOURCE_DIR "/docs/language.md", "rb");
	cr_assert_not_null(file);
	char *text = calloc(1, 1 << 18);
	cr_assert_not_null(text);
	cr_assert(fread(text, 1, (1 << 18) - 1, file) < (1 << 18) - 1);
	fclose(file);
	return text;
}

static bool is_word_char(char c) {
	return isalnum((unsigned char)c) || c == '_';
}

/* As a word of a piece of code: `exp log sqrt`, `sum(A)`. */
static bool has_word(const char *text, const char *word) {
	size_t length = strlen(word);
	bool code = false;
	for (const char *at = text; *at; at++)
		if (*at == '`')
			code = !code;
		else if (code && strncmp(at, word, length) == 0 && !is_word_char(at[-1]) && !is_word_char(at[length]))
			return true;
	return false;
}

Test(builtins, every_name_is_documented) {
	char *page = read_page();
	for (int i = 0; i < BUILTIN_COUNT; i++) {
		const Builtin *b = &builtins[i];
		char call[200];
		snprintf(call, sizeof call, "%s(%s)", b->name, b->arguments);
		bool one = b->least == 1 && b->most == 1;
		cr_expect(has_word(page, b->name), "docs/language.md does not name `%s`", b->name);
		cr_expect(one || b->most == 0 || strstr(page, call), "docs/language.md does not have `%s`", call);
		cr_expect(b->about[0] && strlen(b->about) < 80, "`%s` is described in one line", b->name);
		cr_expect_eq(builtin_find(b->name), b, "`%s` stands once", b->name);
	}
	free(page);
}

/* Whatever stands in the tables of the section on expressions as a call, or in a list of bare names, is a row. */
Test(builtins, every_documented_name_is_a_row) {
	char *page = read_page(), *end;
	char *at = strstr(page, "\n## Expressions");
	cr_assert_not_null(at);
	end = strstr(at, "\n### ");
	cr_assert_not_null(end);
	*end = 0;
	int found = 0;
	for (char *line = strtok(at, "\n"); line; line = strtok(NULL, "\n")) {
		if (line[0] != '|')
			continue;
		char *column = strchr(line + 1, '|');
		bool names_second = column && !memchr(line, '`', (size_t)(column - line));
		bool code = false;
		for (char *c = names_second ? column : line; *c && (names_second || c < column); c++) {
			code = *c == '`' ? !code : code;
			size_t length = 0;
			while (is_word_char(c[length]))
				length++;
			if (code && length > 1 && !is_word_char(c[-1]) && isalpha((unsigned char)*c) &&
			    (names_second ? c[-1] != '(' && c[-2] != ',' : c[length] == '(')) {
				char word[64];
				snprintf(word, sizeof word, "%.*s", (int)length, c);
				cr_expect(builtin_find(word), "docs/language.md names `%s`, which is nothing", word);
				found++;
			}
		}
	}
	cr_expect(found > 40, "only %d names are read", found);
	free(page);
}

Test(builtins, elementwise_rows_have_the_operands_of_their_operation) {
	for (int i = 0; i < BUILTIN_COUNT; i++) {
		const Builtin *b = &builtins[i];
		IrOpcode opcode;
		bool operation = b->kind == BUILTIN_IS_ELEMENTWISE || (b->kind == BUILTIN_IS_REDUCTION && b->most > 1);
		if (!operation)
			continue;
		cr_assert(ir_opcode_find(b->name, strlen(b->name), &opcode), "%s", b->name);
		cr_expect_eq(ir_op_info[opcode].arity, b->kind == BUILTIN_IS_REDUCTION ? 2 : (int)b->least, "%s", b->name);
	}
}

/* ---- calls ---- */

static const char *const values[] = {"s", "k", "c", "R", "K", "C", "M", "3", "Q"};
enum { VALUES = sizeof values / sizeof *values, MOST_TRIED = 4, WIDE = 3 };

/* Functions that combine parameter tensors, or evaluate the objective, stand in a rule, everything else in an objective, too; what asks
 * a base in one that is made of it. In front stand functions that call what they are given. */
static const char passes[] = "fn pass1(f, a) = f(a)\nfn pass2(f, a, b) = f(a, b)\nfn pass3(f, a, b, c) = f(a, b, c)\n"
							 "fn pass4(f, a, b, c, d) = f(a, b, c, d)\n";
static const char of_base[] = "objective o%d(s = bowl) {\n"
							  "  given k : int ~ integer(0, 9)\n"
							  "  given c : bool ~ bernoulli(0.5)\n  given R : [3] ~ normal(0, 1)\n"
							  "  given K : int[3] ~ integer(0, 9)\n  given C : bool[3] ~ bernoulli(0.5)\n"
							  "  given M : [2, 3] ~ normal(0, 1)\n  given Q : [3, 3] ~ normal(0, 1)\n  param x : [3] = 1\n"
							  "  let r = %s(%s)\n  minimize (if r then 1 else 0) * sum(x)\n}\n";
static const char objective[] =
	"objective o%d() {\n"
	"  given s : real ~ normal(0, 1)\n  given k : int ~ integer(0, 9)\n"
	"  given c : bool ~ bernoulli(0.5)\n  given R : [3] ~ normal(0, 1)\n"
	"  given K : int[3] ~ integer(0, 9)\n  given C : bool[3] ~ bernoulli(0.5)\n"
	"  given M : [2, 3] ~ normal(0, 1)\n  given Q : [3, 3] ~ normal(0, 1)\n  param x : [3] = 1\n"
	"  let r = %s(%s)\n  minimize (if r then 1 else 0) * sum(x)\n}\n";
static const char rule[] =
	"optimizer o%d() {\n"
	"  let s = sum(g)\n  let k = t\n  let c = f > 1\n  let R = [f, f + 1, f + 2]\n"
	"  let K = [t, t + 1, t + 2]\n  let C = [f > 1, f > 2, f > 3]\n  let M = [R, R]\n  let Q = [R, R, R]\n"
	"  let r = %s(%s)\n  x <- x - (if r then 1 else 0) * g\n}\n";

static void list_arguments(int combination, int count, const char *name, char *out, size_t size) {
	out[0] = 0;
	for (int i = 0; i < count; i++, combination /= VALUES)
		snprintf(out + strlen(out), size - strlen(out), "%s%s%s", i ? ", " : "", i == 0 ? name : "",
		         values[combination % VALUES]);
}

/* The message that the type of r gives as a condition, "found real[3]"; NULL without errors, "" with others. Whether the
 * number of arguments was complained of is *counted, whether of a name *named. */
static const char *type_found(Session *session, bool *counted, bool *named) {
	const char *type = session->error_count ? "" : NULL;
	*counted = *named = false;
	for (uint32_t i = 0; i < session->diags.count; i++) {
		const Diag *diag = session->diags.data[i];
		const char *found = strstr(diag->message, "a condition was expected, found ");
		if (diag->code == 210 && found && diag->labels.data[0].span.end - diag->labels.data[0].span.start == 1)
			type = found + strlen("a condition was expected, found ");
		*counted = *counted || diag->code == 215;
		*named = *named || diag->code == 216;
	}
	return type;
}

/* The scalar type that the row states for arguments that are all of one: "" if any will do. */
static const char *stated(const Builtin *b, int combination, int count) {
	bool whole = true, truth = true;
	for (int i = 0; i < count; i++, combination /= VALUES) {
		char v = values[combination % VALUES][0];
		whole = whole && (v == 'k' || v == 'K');
		truth = truth && (v == 'c' || v == 'C');
	}
	switch (b->gives) {
	case GIVES_REAL: return "real";
	case GIVES_WHOLE: return b->id == BUILTIN_size ? "" : "int"; /* sizes are known numbers, of either type */
	case GIVES_TRUTH: return "bool";
	case GIVES_NUMBER: return whole || truth ? "int" : "";
	case GIVES_SAME: return whole ? "int" : truth ? "bool" : "";
	}
	return "";
}

static int succeeded;

static const char *type_of_call(Session *session, const Builtin *b, const char *call, const char *arguments,
                                bool *counted, bool *named) {
	bool in_rule = strncmp(b->name, "all_", 4) == 0 || b->id == BUILTIN_value || b->id == BUILTIN_gradient;
	FeProgram *program = fe_program_new(session);
	char text[2400];
	int length = snprintf(text, sizeof text, "%s", passes);
	/* NOLINTNEXTLINE: all are constants */
	snprintf(text + length, sizeof text - (size_t)length,
	         in_rule                    ? rule
	         : b->id == BUILTIN_start ? of_base
	                                    : objective,
	         1, call, arguments);
	fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
	fe_check(program);
	return type_found(session, counted, named);
}

/* The name of a function may be given for a parameter; what is called by that is the same function. */
static void check_passed(const Builtin *b, int count, const char *arguments, const char *type) {
	bool by_name = b->id == BUILTIN_grad || b->id == BUILTIN_jacobian || b->id == BUILTIN_jvp || b->id == BUILTIN_start;
	if (by_name || count < 1 || count > MOST_TRIED)
		return;
	char call[20], given[240];
	snprintf(call, sizeof call, "pass%d", count);
	snprintf(given, sizeof given, "%s, %s", b->name, arguments);
	Session *session = session_new();
	bool counted, named;
	const char *passed = type_of_call(session, b, call, given, &counted, &named);
	cr_expect(passed ? type && strcmp(passed, type) == 0 : !type, "%s(%s) is %s, and %s where %s is a parameter", b->name,
	          arguments, type ? type : "bool", passed ? passed : "bool", b->name);
	session_free(session);
}

static void check_call(const Builtin *b, int combination, int count, const char *named_first) {
	char arguments[200];
	list_arguments(combination, count, named_first, arguments, sizeof arguments);
	Session *session = session_new();
	bool counted, named;
	const char *type = type_of_call(session, b, b->name, arguments, &counted, &named);
	const char *wanted = stated(b, combination, count);
	bool fits = count >= (int)b->least && count <= (int)b->most;
	cr_expect_eq(counted, !fits, "%s(%s): %d arguments", b->name, arguments, count);
	cr_expect_eq(named, named_first[0] != 0, "%s(%s): names are refused", b->name, arguments);
	if (fits && !named_first[0] && (!type || type[0])) {
		succeeded++;
		bool is = type ? strncmp(type, wanted, strlen(wanted)) == 0 : wanted[0] == 0 || strcmp(wanted, "bool") == 0;
		cr_expect(is, "%s(%s) is %s, not %s", b->name, arguments, type ? type : "bool", wanted);
		if (succeeded % 5 == 1)
			check_passed(b, count, arguments, type);
	}
	session_free(session);
}

static int power(int base, int exponent) {
	return exponent ? base * power(base, exponent - 1) : 1;
}

static void check_builtin(const Builtin *b) {
	int most = b->most + 1 < MOST_TRIED ? (int)b->most + 1 : MOST_TRIED;
	succeeded = 0;
	for (int count = 0; count <= most; count++) {
		bool fits = count >= (int)b->least && count <= (int)b->most;
		int combinations = power(VALUES, count);
		/* All that fit, if there are few; a sample of the others. */
		int step = !fits ? combinations / 3 + 1 : count > 2 ? 7 : 1;
		for (int k = 0; k < combinations; k += step)
			check_call(b, k, count, "");
	}
	check_call(b, 3, (int)b->least, "a = ");
	cr_expect(succeeded > 0, "no call of `%s` is right", b->name);
}

Test(builtins, calls_are_right_or_diagnosed) {
	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (builtins[i].most > 0)
			check_builtin(&builtins[i]);
}

Test(builtins, what_later_versions_have_says_so) {
	for (int i = 0; i < BUILTIN_COUNT; i++) {
		if (builtins[i].kind != BUILTIN_IS_LATER)
			continue;
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		char text[300];
		snprintf(text, sizeof text, "objective o() {\n  param x : [3] = 1\n  minimize sum(%s(x))\n}\n",
		         builtins[i].name);
		fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
		fe_check(program);
		cr_expect(session->error_count == 1 && session->diags.data[0]->code == builtins[i].code, "%s",
		          builtins[i].name);
		session_free(session);
	}
}

/* A name of the language that is no reserved word may be declared, and then means what was declared. */
Test(builtins, declarations_hide_what_is_not_reserved) {
	for (int i = 0; i < BUILTIN_COUNT; i++) {
		const Builtin *b = &builtins[i];
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		char text[400];
		bool constant = b->kind == BUILTIN_IS_CONSTANT;
		snprintf(text, sizeof text,
		         constant ? "const %s = 5\nobjective o() {\n  param x : real = 1\n  minimize x * %s\n}\n"
		                  : "fn %s(q) = 5 * q\nobjective o() {\n  param x : real = 1\n  minimize %s(x)\n}\n",
		         b->name, b->name);
		fe_add_source(program, source_add(session, "test.grad", text, strlen(text)));
		bool reserved = b->kind == BUILTIN_IS_REDUCTION && b->reserved, fine = fe_check(program);
		cr_expect_eq(fine, !reserved, "%s", b->name);
		if (fine) {
			FeCall call;
			cr_assert(fe_call_text(program, "o()", AST_OBJECTIVE, &call));
			IrModule *module = ir_module_new(session);
			FeObjective *o = fe_objective(program, module, &call, IR_F64);
			cr_assert_not_null(o);
			Arena *arena = arena_new();
			IrTensor *args = ARENA_ARRAY(arena, IrTensor, o->value->params.count + 1);
			for (uint32_t k = 0; k < o->value->params.count; k++) {
				args[k] = ir_tensor_new(arena, ir_type(o->value, o->value->params.data[k].value), NULL);
				args[k].reals[0] = 1;
			}
			IrTensor *out = ARENA_ARRAY(arena, IrTensor, o->value->results.count);
			Span where;
			cr_assert_null(ir_evaluate(o->value, arena, args, out, &where));
			cr_expect_eq(out[0].reals[0], 5, "%s: %g", b->name, out[0].reals[0]);
			arena_free(arena);
			ir_module_free(module);
		}
		session_free(session);
	}
}
