/* Open expressions: the table of operations, and what the options and operands of a `discover` say. */
#include "frontend/decl/hole_read.h"

#include <string.h>

const FeOperatorInfo fe_operators[FE_OPERATORS] = {
#define OPERATOR(ID, word, arity, from, degree, commutes, not_negative, level, text, plain_level, plainly, body)       \
	[FE_OPERATOR_##ID] = {word,                                                                                        \
	                      arity,                                                                                       \
	                      FE_OPERATORS_##from,                                                                         \
	                      FE_DEGREE_##degree,                                                                          \
	                      commutes,                                                                                    \
	                      FE_SIGN_##not_negative,                                                                      \
	                      FE_LEVEL_##level,                                                                            \
	                      text,                                                                                        \
	                      FE_LEVEL_##plain_level,                                                                      \
	                      plainly,                                                                                     \
	                      body},
#include "frontend/operators.def"
#undef OPERATOR
};

bool fe_operator_has_constant(FeOperator op) {
	return strstr(fe_operators[op].text, "{c") != NULL;
}

bool fe_is_rate(const char *hyper) {
	const char *dot = strrchr(hyper, '.');
	hyper = dot ? dot + 1 : hyper;
	static const char *const begins[] = {"lr", "rate", "learning_rate", "step", "alpha", "eta"};
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncmp(hyper, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

typedef struct Open {
	const AstExpr **found;
	uint32_t count, most;
} Open;

static bool find_open(const AstExpr *x, void *context) {
	Open *open = context;
	if (!x || x->kind != AST_DISCOVER)
		return x && ast_any_part(x, find_open, context);
	if (open->count < open->most)
		open->found[open->count] = x;
	open->count++;
	return false;
}

uint32_t fe_open_expressions(const AstDecl *rule, const AstExpr **out, uint32_t most) {
	Open open = {out, 0, most};
	for (uint32_t i = 0; i < rule->body.count; i++)
		ast_any_expr(rule->body.data[i], find_open, &open);
	return open.count;
}

const AstExpr *fe_open_expression(const AstDecl *rule) {
	const AstExpr *first = NULL;
	return fe_open_expressions(rule, &first, 1) ? first : NULL;
}

static uint32_t operators_of(FeOperatorSet set) {
	uint32_t bits = 0;
	for (int op = 0; op < FE_OPERATORS; op++)
		bits |= fe_operators[op].from <= set ? 1u << op : 0;
	return bits;
}

/* ---- options ---- */

static bool wrong_operators(Elab *e, Span span, const char *word, int length) {
	Diag *diag = diag_error(e->session, 332, span, "`%.*s` is no operation of open expressions", length, word);
	Text all = text_new(e->session->arena);
	for (int op = 0; op < FE_OPERATORS; op++)
		text_printf(&all, "%s%s", op ? " " : "", fe_operators[op].word);
	diag_help(e->session, diag, "`ops` is default, wide, or a text of some of these: \"%s\"", text_cstr(&all));
	return false;
}

/* ops = default, ops = wide, ops = "+ - sqrt" */
static bool read_operators(Elab *e, const AstExpr *x, FeHole *hole) {
	const char *name = x->kind == AST_NAME ? session_text(e->session, x->name) : "";
	hole->operators = 0;
	if (strcmp(name, "default") == 0)
		hole->operators = operators_of(FE_OPERATORS_DEFAULT);
	if (strcmp(name, "wide") == 0)
		hole->operators = operators_of(FE_OPERATORS_WIDE);
	for (const char *at = x->kind == AST_TEXT ? x->text : ""; *at;) {
		size_t blanks = strspn(at, " ,"), length = strcspn(at + blanks, " ,");
		at += blanks;
		int op = 0;
		while (op < FE_OPERATORS &&
		       (strlen(fe_operators[op].word) != length || strncmp(fe_operators[op].word, at, length) != 0))
			op++;
		if (length && op == FE_OPERATORS)
			return wrong_operators(e, x->span, at, (int)length);
		hole->operators |= length ? 1u << op : 0;
		at += length;
	}
	if (hole->operators)
		return true;
	const char *written = source_excerpt(e->session, e->session->arena, x->span);
	return wrong_operators(e, x->span, written, (int)strlen(written));
}

static bool read_count(Elab *e, const AstArg *arg, int least, int most, int *out) {
	const char *name = session_text(e->session, arg->name.name);
	int64_t value;
	if (!elab_static_int(e, arg->value, arena_printf(e->arena, "`%s`", name), &value))
		return false;
	*out = (int)(value < least ? least : value > most ? most : value);
	if (*out == value)
		return true;
	diag_error(e->session, 332, arg->value->span, "`%s` is a whole number from %d to %d, not %lld", name, least, most,
	           (long long)value);
	return false;
}

static bool read_truth(Elab *e, const AstArg *arg, bool *out) {
	*out = arg->value->kind == AST_BOOL && arg->value->truth;
	if (arg->value->kind == AST_BOOL)
		return true;
	diag_error(e->session, 332, arg->value->span, "`%s` is true or false", session_text(e->session, arg->name.name));
	return false;
}

static const char *const option_names[] = {"size", "ops", "constants", "homogeneous"};
enum { OPTION_SIZE, OPTION_OPS, OPTION_CONSTANTS, OPTION_HOMOGENEOUS, OPTIONS };

static bool unknown_option(Elab *e, const AstArg *arg) {
	Name names[OPTIONS];
	for (int k = 0; k < OPTIONS; k++)
		names[k] = session_name(e->session, option_names[k]);
	Diag *diag = diag_error(e->session, 332, arg->name.span, "`discover` has no option `%s`",
	                        session_text(e->session, arg->name.name));
	Name nearest = name_nearest(e->session->names, arg->name.name, names, OPTIONS);
	if (nearest)
		diag_help(e->session, diag, "did you mean `%s`?", session_text(e->session, nearest));
	else
		diag_help(e->session, diag, "its options are size, ops, constants and homogeneous");
	return false;
}

static bool read_option(Elab *e, const AstArg *arg, FeHole *hole) {
	int which = 0;
	while (which < OPTIONS && strcmp(option_names[which], session_text(e->session, arg->name.name)) != 0)
		which++;
	switch (which) {
	case OPTION_SIZE: return read_count(e, arg, 1, HOLE_MOST_SIZE, &hole->size);
	case OPTION_OPS: return read_operators(e, arg->value, hole);
	case OPTION_CONSTANTS: return read_count(e, arg, 0, HOLE_MOST_CONSTANTS, &hole->constants);
	case OPTION_HOMOGENEOUS: return read_truth(e, arg, &hole->homogeneous);
	default: return unknown_option(e, arg);
	}
}

/* ---- operands ---- */

/* How tightly what was written binds. */
static FeLevel level_of(const AstExpr *x) {
	switch (x->kind) {
	case AST_NUMBER:
	case AST_NAME:
	case AST_CALL:
	case AST_REDUCE:
	case AST_INDEX: return FE_LEVEL_ATOM;
	case AST_UNARY: return x->unary.op == AST_NEG ? FE_LEVEL_SIGN : FE_LEVEL_LOOSE;
	case AST_BINARY:
		switch (x->binary.op) {
		case AST_ADD:
		case AST_SUB: return FE_LEVEL_SUM;
		case AST_POW: return FE_LEVEL_POWER;
		case AST_AND:
		case AST_OR: return FE_LEVEL_LOOSE;
		default: return FE_LEVEL_PRODUCT;
		}
	default: return FE_LEVEL_LOOSE;
	}
}

/* Is all of a text in one pair of parentheses? They are part of an expression that was written so. */
static bool in_parentheses(const char *text) {
	int depth = 0;
	for (const char *at = text; *at; at++) {
		depth += (*at == '(') - (*at == ')');
		if (depth == 0)
			return *text == '(' && !at[1];
	}
	return false;
}

/* What was written, on one line: without comments, line ends as blanks. */
static const char *one_line(const Elab *e, Span span) {
	const char *at = source_excerpt(e->session, e->arena, span);
	Text text = text_new(e->arena);
	for (bool blank = false; *at; at++) {
		if (*at == '#')
			at += strcspn(at, "\n") - (strchr(at, '\n') ? 0 : 1);
		bool space = *at == '\n' || *at == '\r' || *at == '\t' || *at == ' ' || *at == '#';
		if (!space && blank)
			text_char(&text, ' ');
		if (!space)
			text_char(&text, *at);
		blank = space;
	}
	return text_cstr(&text);
}

typedef struct Mentions {
	const Symbol *const *names; /* of the rule */
	bool time, else_;
} Mentions;

static void see(const Symbol *symbol, Span span, void *context) {
	Mentions *m = context;
	(void)span;
	bool time = symbol == m->names[RULE_T] || symbol == m->names[RULE_HORIZON];
	bool number = symbol->kind == SYMBOL_HYPER || symbol->kind == SYMBOL_BUILTIN || symbol->kind == SYMBOL_DECL;
	m->time = m->time || time;
	m->else_ = m->else_ || (!time && !number);
}

Value *hole_read_operand(RuleElab *r, const AstExpr *x, FeOperand *out) {
	Elab *e = &r->e;
	Value *v = elab_expr(e, x);
	if (value_is_bad(v))
		return NULL;
	bool number = v->kind == VALUE_ARRAY && v->scalar != S_BOOL;
	bool like_x =
		number && (e->coord ? v->rank == 0 && elab_differs(e, value_body(e, v)) : v->rank == 1 && v->dims[0] == DIM_X);
	if (!number || (v->rank > 0 && !like_x)) {
		Diag *diag = diag_error(e->session, 331, x->span, "an operand of `discover` is a number or like x, not %s",
		                        value_type_text(e, v));
		if (number)
			diag_help(e->session, diag, "reduce it to a number, as with `sum` or `rms`");
		return NULL;
	}
	Mentions mentions = {.names = (const Symbol *const *)r->names->rule};
	symbol_visit_expr(r->program, x, see, &mentions);
	*out = (FeOperand){.expr = x,
	                   .text = one_line(e, x->span),
	                   .level = level_of(x),
	                   .like_x = like_x,
	                   .schedule = mentions.time && !mentions.else_,
	                   .positive = x->kind == AST_NAME && symbol_at(r->program, x->id) == r->names->rule[RULE_F]};
	if (in_parentheses(out->text))
		out->level = FE_LEVEL_ATOM;
	out->known = value_known_real(v, &out->value);
	return value_convert(e, v, S_REAL);
}

bool hole_read_options(RuleElab *r, const AstExpr *x, FeHole *hole) {
	bool ok = true;
	*hole = (FeHole){.span = x->span,
	                 .size = HOLE_USUAL_SIZE,
	                 .constants = HOLE_USUAL_CONSTANTS,
	                 .homogeneous = true,
	                 .operators = operators_of(FE_OPERATORS_DEFAULT)};
	for (uint32_t i = 0; i < x->call.args.count; i++)
		if (x->call.args.data[i].name.name)
			ok = read_option(&r->e, &x->call.args.data[i], hole) && ok;
	return ok;
}
