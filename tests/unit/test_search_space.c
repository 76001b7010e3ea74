/* What the frontend finds out about an open expression: operands with their types, degrees and texts, for every kind of expression; options. */
#include "frontend/frontend.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct Operand {
	const char *text;    /* as written */
	bool like_x;         /* else a number */
	int halves;          /* degree; UNKNOWN: it does not follow */
	FeLevel level;       /* of what is printed */
	const char *printed; /* NULL: as written */
} Operand;

enum { UNKNOWN = 99 };

static const Operand operands[] = {
	{"g", true, 2, FE_LEVEL_ATOM, NULL},
	{"x", true, 0, FE_LEVEL_ATOM, NULL},
	{"f", false, 2, FE_LEVEL_ATOM, NULL},
	{"t", false, 0, FE_LEVEL_ATOM, NULL},
	{"horizon", false, 0, FE_LEVEL_ATOM, NULL},
	{"m", true, 2, FE_LEVEL_ATOM, NULL},
	{"v", true, 4, FE_LEVEL_ATOM, NULL},
	{"s", true, 0, FE_LEVEL_ATOM, NULL},
	{"twice", true, 2, FE_LEVEL_ATOM, NULL},
	{"total", false, 4, FE_LEVEL_ATOM, NULL},
	{"-g", true, 2, FE_LEVEL_SIGN, NULL},
	{"g + m", true, 2, FE_LEVEL_SUM, NULL},
	{"g - x", true, UNKNOWN, FE_LEVEL_SUM, NULL},
	{"g * m", true, 4, FE_LEVEL_PRODUCT, NULL},
	{"m / v", true, -2, FE_LEVEL_PRODUCT, NULL},
	{"g^3", true, 6, FE_LEVEL_POWER, NULL},
	{"2 * g", true, 2, FE_LEVEL_PRODUCT, NULL},
	{"lr * g", true, 2, FE_LEVEL_PRODUCT, NULL},
	{"m / (sqrt(v) + 1e-8)", true, 0, FE_LEVEL_PRODUCT, NULL},
	{"m / (1 - decay^t)", true, 2, FE_LEVEL_PRODUCT, NULL},
	{"sqrt(abs(g))", true, 1, FE_LEVEL_ATOM, NULL},
	{"sqrt(sqrt(abs(g)))", true, UNKNOWN, FE_LEVEL_ATOM, NULL},
	{"sign(g)", true, 0, FE_LEVEL_ATOM, NULL},
	{"tanh(s)", true, 0, FE_LEVEL_ATOM, NULL},
	{"tanh(g)", true, UNKNOWN, FE_LEVEL_ATOM, NULL},
	{"norm(g)", false, 2, FE_LEVEL_ATOM, NULL},
	{"dot(g, m)", false, 4, FE_LEVEL_ATOM, NULL},
	{"sum(g^2)", false, 4, FE_LEVEL_ATOM, NULL},
	{"mean(x)", false, 0, FE_LEVEL_ATOM, NULL},
	{"max(g, m)", true, 2, FE_LEVEL_ATOM, NULL},
	{"max(g, x)", true, UNKNOWN, FE_LEVEL_ATOM, NULL},
	{"clip(g, -1, 1)", true, 2, FE_LEVEL_ATOM, NULL},
	{"where(g > 0, g, m)", true, 2, FE_LEVEL_ATOM, NULL},
	{"(if f > 1 then f else 2)", false, 2, FE_LEVEL_ATOM, NULL},
	{"(g + m)", true, 2, FE_LEVEL_ATOM, NULL},
	{"(g + m) * (g - m)", true, 4, FE_LEVEL_PRODUCT, NULL},
	{"like(f, x)", true, 2, FE_LEVEL_ATOM, NULL},
	{"half(g)", true, UNKNOWN, FE_LEVEL_ATOM, NULL},
	{"g[0]", false, 2, FE_LEVEL_ATOM, NULL},
	{"1 - (t -\n    1) / # how far\n    horizon", false, 0, FE_LEVEL_SUM, "1 - (t - 1) / horizon"},
	{"3", false, 0, FE_LEVEL_ATOM, NULL},
};

static const FeHole *hole_of(Session *session, const char *arguments) {
	const char *text = arena_printf(session->arena,
	                                "fn half(a) = a / 2\n"
	                                "joint optimizer r(lr = 0.1, decay = 0.9) {\n"
	                                "  state m = 0\n  state v = 0\n  state total : real = 0\n"
	                                "  let s = g / rms(g)\n  var twice = 0 * x\n"
	                                "  m <- decay * m + (1 - decay) * g\n  v <- 0.9 * v + 0.1 * g^2\n"
	                                "  total <- total + dot(g, g)\n  twice <- twice + 2 * m\n"
	                                "  x <- x - lr * discover(%s)\n}\n",
	                                arguments);
	FeProgram *program = fe_program_new(session);
	FeCall call;
	cr_assert(fe_add_source(program, source_add(session, "r.grad", text, strlen(text))), "%s", arguments);
	cr_assert(fe_call_text(program, "r", AST_OPTIMIZER, &call));
	static const int64_t size = 5;
	FeTarget target = {.sizes = &size, .count = 1};
	FeRule *rule = fe_rule_open(program, ir_module_new(session), &call, &target, IR_F64);
	if (!rule)
		diag_print_all(session, stderr, false);
	cr_assert(rule && rule->hole, "%s", arguments);
	return rule->hole;
}

Test(search_space, operands) {
	for (size_t i = 0; i < sizeof operands / sizeof *operands; i++) {
		const Operand *wanted = &operands[i];
		Session *session = session_new();
		const FeHole *hole = hole_of(session, arena_printf(session->arena, "%s, g", wanted->text));
		const FeOperand *found = &hole->operands.data[0];
		const char *printed = wanted->printed ? wanted->printed : wanted->text;
		cr_expect_eq(found->like_x, wanted->like_x, "%s", wanted->text);
		cr_expect_eq(found->degree_known, wanted->halves != UNKNOWN, "%s", wanted->text);
		cr_expect_eq(found->degree, wanted->halves == UNKNOWN ? 0 : wanted->halves, "%s: %d halves", wanted->text,
		             found->degree);
		cr_expect_eq(found->level, wanted->level, "%s: level %d", wanted->text, (int)found->level);
		cr_expect_str_eq(found->text, printed);
		cr_expect_eq(found->known, strcmp(wanted->text, "3") == 0, "%s", wanted->text);
		cr_expect_eq(found->positive, strcmp(wanted->text, "f") == 0, "%s", wanted->text);
		bool schedule = strstr(wanted->text, "horizon") || strcmp(wanted->text, "t") == 0;
		cr_expect_eq(found->schedule, schedule, "%s", wanted->text);
		session_free(session);
	}
}

Test(search_space, options) {
	Session *session = session_new();
	const FeHole *usual = hole_of(session, "f, t");
	cr_expect(!usual->like_x && usual->size == 7 && usual->constants == 1 && usual->homogeneous);
	cr_expect_eq(usual->operators >> FE_OPERATOR_LERP & 1, 1);
	cr_expect_eq(usual->operators >> FE_OPERATOR_TANH & 1, 0);
	const FeHole *own =
		hole_of(session, "f, g, size = 2 + 1, constants = 0, homogeneous = false, ops = \"+ sqrt, div\"");
	cr_expect(own->like_x && own->size == 3 && own->constants == 0 && !own->homogeneous);
	cr_expect_eq(own->operators, 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_SQRT | 1u << FE_OPERATOR_DIV);
	const FeHole *wide = hole_of(session, "g, ops = wide");
	for (int op = 0; op < FE_OPERATORS; op++)
		cr_expect_eq(wide->operators >> op & 1, fe_operators[op].from <= FE_OPERATORS_WIDE, "%s",
		             fe_operators[op].word);
	session_free(session);
}
