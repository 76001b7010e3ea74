/* Open learners: the table of statements, and what `fn f(X, y, unseen) = discover(...)` says. */
#include <ctype.h>
#include <string.h>

#include "frontend/decl/decl.h"
#include "frontend/limits.h"

#define DEFAULT false
#define WIDE true
#define NOTHING FE_MEMORY_NOTHING
#define NUMBER FE_MEMORY_NUMBER
#define VECTOR FE_MEMORY_VECTOR
/* becomes: [FE_STATEMENT_DOT] = {"dot", false, FE_MEMORY_NUMBER, FE_MEMORY_VECTOR, FE_MEMORY_VECTOR, "dot({a}, {b})"}, ... */
#define STATEMENT(ID, word, from, result, a, b, text) [FE_STATEMENT_##ID] = {word, from, result, a, b, text},
const FeStatementInfo fe_statements[FE_STATEMENTS] = {
#include "frontend/statements.def"
};
#undef STATEMENT

const char *const fe_sections[FE_SECTIONS] = {[FE_SETUP] = "setup", [FE_PREDICT] = "predict", [FE_LEARN] = "learn"};

/* ---- options ---- */

static const struct {
	const char *name;
	int least, most;
	size_t offset; /* in FeLearner */
} numbers[] = {{"setup", 0, LEARNER_MOST_STATEMENTS, offsetof(FeLearner, statements[FE_SETUP])},
               {"predict", 1, LEARNER_MOST_STATEMENTS, offsetof(FeLearner, statements[FE_PREDICT])},
               {"learn", 1, LEARNER_MOST_STATEMENTS, offsetof(FeLearner, statements[FE_LEARN])},
               {"numbers", 2, LEARNER_MOST_MEMORY, offsetof(FeLearner, numbers)},
               {"vectors", 2, LEARNER_MOST_MEMORY, offsetof(FeLearner, vectors)}};
enum { NUMBERS = sizeof numbers / sizeof *numbers, OPTION_OPS = NUMBERS, OPTIONS };

static bool wrong_statement(Session *session, Span span, const char *word, int length) {
	Diag *diag = diag_error(session, 332, span, "`%.*s` is no statement of open learners", length, word);
	Text all = text_new(session->arena);
	for (int op = 0; op < FE_STATEMENTS; op++)
		text_printf(&all, "%s%s", op ? " " : "", fe_statements[op].word);
	diag_help(session, diag, "`ops` is default, wide, or a text of some of these: \"%s\"", text_cstr(&all));
	return false;
}

static int find_statement(const char *word, size_t length) {
	int op = 0;
	while (op < FE_STATEMENTS &&
	       (strlen(fe_statements[op].word) != length || strncmp(fe_statements[op].word, word, length) != 0))
		op++;
	return op;
}

/* ops = default, ops = wide, ops = "const dot s-s" */
static bool read_statements(Session *session, const AstExpr *x, FeLearner *out) {
	const char *name = x->kind == AST_NAME ? session_text(session, x->name) : "";
	bool all = strcmp(name, "wide") == 0, some = strcmp(name, "default") == 0;
	out->kinds = 0;
	for (int op = 0; op < FE_STATEMENTS; op++)
		out->kinds |= all || (some && !fe_statements[op].wide) ? 1u << op : 0;
	for (const char *at = x->kind == AST_TEXT ? x->text : ""; *at;) {
		size_t blanks = strspn(at, " ,"), length = strcspn(at + blanks, " ,");
		at += blanks;
		int op = find_statement(at, length);
		if (length && op == FE_STATEMENTS)
			return wrong_statement(session, x->span, at, (int)length);
		out->kinds |= length ? 1u << op : 0;
		at += length;
	}
	if (out->kinds)
		return true;
	const char *written = source_excerpt(session, session->arena, x->span);
	return wrong_statement(session, x->span, written, (int)strlen(written));
}

static bool read_number(FeProgram *program, const AstExpr *x, int which, FeLearner *out) {
	double value;
	int least = numbers[which].least, most = numbers[which].most;
	if (x->kind == AST_BAD || !experiment_number(program, x, &value))
		return false;
	if (value >= least && value <= most && value == (double)(int)value) {
		*(int *)((char *)out + numbers[which].offset) = (int)value;
		return true;
	}
	diag_error(program->session, 332, x->span, "`%s` is a whole number from %d to %d, not %s", numbers[which].name,
	           least, most, text_of_number(program->session->arena, value));
	return false;
}

static bool unknown_option(Session *session, const AstArg *arg) {
	Name names[OPTIONS];
	Text all = text_new(session->arena);
	for (int k = 0; k < OPTIONS; k++) {
		const char *name = k < NUMBERS ? numbers[k].name : "ops";
		names[k] = session_name(session, name);
		text_printf(&all, "%s%s", k == 0 ? "" : k + 1 < OPTIONS ? ", " : " and ", name);
	}
	Diag *diag = diag_error(session, 332, arg->name.span, "an open learner has no option `%s`",
	                        session_text(session, arg->name.name));
	Name nearest = name_nearest(session->names, arg->name.name, names, OPTIONS);
	if (nearest)
		diag_help(session, diag, "did you mean `%s`?", session_text(session, nearest));
	else
		diag_help(session, diag, "its options are %s", text_cstr(&all));
	return false;
}

static bool read_option(FeProgram *program, const AstArg *arg, uint32_t *given, FeLearner *out) {
	Session *session = program->session;
	if (!arg->name.name) {
		Diag *diag = diag_error(session, 345, arg->value->span, "an open learner has no operands");
		diag_help(session, diag, "its statements work on its memory, and on the examples that it is called with");
		return false;
	}
	const char *name = session_text(session, arg->name.name);
	int which = 0;
	while (which < NUMBERS && strcmp(numbers[which].name, name) != 0)
		which++;
	if (which == NUMBERS && strcmp(name, "ops") != 0)
		return unknown_option(session, arg);
	if (*given >> which & 1) {
		diag_error(session, 218, arg->name.span, "`%s` is given twice", name);
		return false;
	}
	*given |= 1u << which;
	return which == OPTION_OPS ? read_statements(session, arg->value, out)
	                           : read_number(program, arg->value, which, out);
}

/* Can anything be assigned to s1, the prediction, that depends on the features? */
static bool can_predict(const FeLearner *learner) {
	for (int op = 0; op < FE_STATEMENTS; op++) {
		const FeStatementInfo *info = &fe_statements[op];
		if (learner->kinds >> op & 1 && info->result == FE_MEMORY_NUMBER && info->a == FE_MEMORY_VECTOR)
			return true;
	}
	return false;
}

/* ---- names ---- */

/* A program that is found calls this function: is it another one where the learner stands? false with E0345. */
static bool means_the_function(FeProgram *program, const AstDecl *decl, const char *word) {
	Session *session = program->session;
	Name name = session_name(session, word);
	const AstDecl *found = fe_find_in(program, decl->name.span.file, name);
	Span at = {0};
	if (found && !program_is_library(session, found))
		at = found->name.span;
	for (uint32_t i = 0; i < decl->params.count; i++)
		if (decl->params.data[i].name.name == name)
			at = decl->params.data[i].name.span;
	if (decl->name.name == name)
		at = decl->name.span;
	if (at.end == at.start)
		return true;
	Diag *diag =
		diag_error(session, 345, at, "the programs of `%s` call the function `%s`, which is something else here",
	               session_text(session, decl->name.name), word);
	diag_help(session, diag, "give it another name");
	return false;
}

/* Functions that are called in this text: words in front of a parenthesis. */
static bool mean_the_functions(FeProgram *program, const AstDecl *decl, const char *text) {
	bool ok = true;
	for (const char *at = text; *at;) {
		size_t length = 0;
		while (isalnum((unsigned char)at[length]) || at[length] == '_')
			length++;
		if (length > 0 && at[length] == '(')
			ok =
				means_the_function(program, decl, arena_printf(program->session->arena, "%.*s", (int)length, at)) && ok;
		at += length > 0 ? length : 1;
	}
	return ok;
}

static bool keeps_names(FeProgram *program, const FeLearner *learner) {
	bool ok = means_the_function(program, learner->decl, "size"); /* of the loops */
	for (int op = 0; op < FE_STATEMENTS && ok; op++)              /* one is said, as several statements call the same */
		ok = !(learner->kinds >> op & 1) || mean_the_functions(program, learner->decl, fe_statements[op].text);
	return ok;
}

bool fe_learner(FeProgram *program, const AstDecl *decl, FeLearner *out) {
	Session *session = program->session;
	const AstExpr *x = decl->value;
	*out = (FeLearner){.decl = decl, .statements = {10, 2, 8}, .numbers = 4, .vectors = 3};
	for (int op = 0; op < FE_STATEMENTS; op++)
		out->kinds |= fe_statements[op].wide ? 0 : 1u << op;
	bool ok = true;
	uint32_t given = 0;
	if (decl->params.count != 3) {
		Diag *diag = diag_error(session, 345, decl->name.span, "an open learner has three parameters, not %u",
		                        decl->params.count);
		diag_help(
			session, diag,
			"the features of the examples, a row each; their labels; and the features of what is to be predicted: "
			"`fn %s(X, y, unseen) = discover(...)`",
			session_text(session, decl->name.name));
		ok = false;
	}
	for (uint32_t i = 0; i < x->call.args.count; i++)
		ok = read_option(program, &x->call.args.data[i], &given, out) && ok;
	if (ok && !can_predict(out)) {
		diag_error(session, 345, x->span,
		           "no prediction can be made of the features by these statements: `dot` is not among them");
		ok = false;
	}
	return ok && keeps_names(program, out);
}

const AstDecl *fe_open_start(const FeProgram *program, const AstDecl *objective, const AstStmt **param) {
	for (uint32_t i = 0; i < objective->body.count; i++) {
		const AstStmt *s = objective->body.data[i];
		const AstExpr *x = s->kind == AST_PARAM ? s->declare.value : NULL;
		const AstDecl *learner =
			x && x->kind == AST_CALL ? fe_find_in(program, x->span.file, x->call.callee.name) : NULL;
		if (!fe_is_learner(learner))
			continue;
		*param = s;
		return learner;
	}
	return NULL;
}
