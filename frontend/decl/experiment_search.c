/* The clause `search` of an experiment: how an open expression is searched, and for how many candidates. */
#include "frontend/decl/decl.h"

#include <math.h>
#include <string.h>

typedef struct Reading {
	FeProgram *program;
	Session *session;
	bool ok;
} Reading;

static const char *const words[] = {[FE_SEARCH_AUTO] = "auto",
                                    [FE_SEARCH_ENUMERATE] = "enumerate",
                                    [FE_SEARCH_EVOLVE] = "evolve",
                                    [FE_SEARCH_RANDOM] = "random"};
enum { WORDS = sizeof words / sizeof *words };

/* What evolve(...) may be given. */
static const struct {
	const char *name;
	int least, most;
	size_t offset; /* in FeSearch */
} numbers[] = {{"population", 2, 10000, offsetof(FeSearch, population)},
               {"tournament", 1, 1000, offsetof(FeSearch, tournament)},
               {"islands", 1, 64, offsetof(FeSearch, islands)},
               {"restart", 0, 1000000000, offsetof(FeSearch, restart)}};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static Diag *wrong(Reading *r, Span span, const char *text) {
	r->ok = false;
	return diag_error(r->session, 335, span, "%s", text);
}

static double whole(Reading *r, const AstExpr *x, const char *what, double least, double most) {
	double value = 0;
	if (x->kind == AST_BAD || !experiment_number(r->program, x, &value)) {
		r->ok = false;
		return least;
	}
	if (value >= least && value <= most && value == floor(value))
		return value;
	Arena *arena = r->session->arena;
	diag_error(r->session, 335, x->span, "%s is a whole number from %s to %s, not %s", what,
	           text_of_number(arena, least), text_of_number(arena, most), text_of_number(arena, value));
	r->ok = false;
	return least;
}

static void read_option(Reading *r, const AstArg *arg, uint32_t place, uint32_t *given, FeSearch *out) {
	Session *session = r->session;
	const char *name = arg->name.name    ? session_text(session, arg->name.name)
	                   : place < NUMBERS ? numbers[place].name
	                                     : "";
	Span span = arg->name.name ? arg->name.span : arg->value->span;
	uint32_t which = 0;
	while (which < NUMBERS && strcmp(numbers[which].name, name) != 0)
		which++;
	bool random = which == NUMBERS && strcmp(name, "random") == 0;
	if (which == NUMBERS && !random) {
		Diag *diag = wrong(r, span, arg->name.name ? "`evolve` has no such option" : "`evolve` has no more options");
		diag_help(session, diag, "its options are population, tournament, islands, random and, of learners, restart");
		return;
	}
	if (*given >> which & 1)
		diag_error(session, 218, span, "`%s` is given twice", name);
	r->ok = r->ok && !(*given >> which & 1);
	*given |= 1u << which;
	if (!random) {
		const char *what = arena_printf(session->arena, "`%s`", name);
		*(int *)((char *)out + numbers[which].offset) =
			(int)whole(r, arg->value, what, numbers[which].least, numbers[which].most);
	} else if (arg->value->kind == AST_BOOL) {
		out->random = arg->value->truth;
	} else {
		wrong(r, arg->value->span, "`random` is true or false");
	}
}

static void read_how(Reading *r, const AstExpr *how, FeSearch *out) {
	Session *session = r->session;
	bool called = how->kind == AST_CALL;
	const char *word = called                  ? session_text(session, how->call.callee.name)
	                   : how->kind == AST_NAME ? session_text(session, how->name)
	                                           : "";
	int kind = 0;
	while (kind < WORDS && strcmp(words[kind], word) != 0)
		kind++;
	if (kind == WORDS) {
		Diag *diag = wrong(r, how->span, "an open expression is not searched like this");
		diag_help(session, diag,
		          "write `search auto`, `enumerate`, `evolve(population = 100, tournament = 3, islands = 8)` or "
		          "`random`, and perhaps `for 100000 candidates`");
		return;
	}
	out->kind = (FeSearchKind)kind;
	uint32_t given = 0;
	if (called && kind != FE_SEARCH_EVOLVE && how->call.args.count)
		wrong(r, how->call.args.data[0].value->span, "only `evolve` has options");
	else if (called)
		for (uint32_t i = 0; i < how->call.args.count; i++)
			read_option(r, &how->call.args.data[i], i, &given, out);
}

bool experiment_search(FeProgram *program, const AstExperiment *x, FeSearch *out) {
	static const double most = 1e12; /* candidates */
	Reading reading = {program, program->session, true}, *r = &reading;
	*out = (FeSearch){.population = 100, .tournament = 3, .islands = 8};
	if (!x->search.span.file || x->search.items.count == 0 || x->search.items.data[0]->kind == AST_BAD)
		return true;
	read_how(r, x->search.items.data[0], out);
	out->has_goal = x->until && x->until->kind != AST_BAD;
	if (out->has_goal)
		r->ok = experiment_number(program, x->until, &out->goal) && r->ok;
	if (!x->candidates)
		return r->ok;
	out->candidates = (int64_t)whole(r, x->candidates, "the number of candidates", 1, most);
	if (r->ok && out->kind == FE_SEARCH_ENUMERATE)
		wrong(r, x->candidates->span, "`enumerate` looks at all candidates there are");
	return r->ok;
}

bool fe_search_text(FeProgram *program, const char *text, FeSearch *out) {
	Session *session = program->session;
	uint32_t errors = session->error_count;
	const char *clause = arena_printf(session->arena, "experiment command_line {\n  search %s\n}\n", text);
	const AstFile *file = ast_parse(session, source_add(session, "<command line>", clause, strlen(clause)));
	if (session->error_count != errors)
		return false;
	const AstDecl *decl = file->decls.count == 1 ? file->decls.data[0] : NULL;
	if (!decl || decl->kind != AST_EXPERIMENT || strchr(text, '\n')) {
		Span all = decl ? decl->span : (Span){0};
		diag_error(session, 335, all, "this is not one clause `search`");
		return false;
	}
	bool ok = experiment_search(program, decl->experiment, out);
	out->text = text;
	return ok;
}
