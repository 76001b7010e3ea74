/* Calls of objectives and rules, as experiments and the command line write them: which declaration, and which argument is
 * whose. */
#include "frontend/names/names.h"

#include <string.h>

static const char *kind_word(AstDeclKind kind) {
	static const char *const words[] = {"an import",    "a constant",   "a function",
	                                    "an objective", "an optimizer", "an experiment"};
	return words[kind];
}

Name program_nearest_param(Session *session, const AstDecl *decl, Name wanted) {
	Arena *scratch = arena_new();
	uint32_t count = decl->params.count;
	Name *names = ARENA_ARRAY(scratch, Name, count);
	for (uint32_t i = 0; i < count; i++)
		names[i] = decl->params.data[i].name.name;
	Name nearest = name_nearest(session->names, wanted, names, count);
	arena_free(scratch);
	return nearest;
}

/* What a parameter that is not there may have been meant for; or which there are. */
static void help_param(Session *session, Diag *diag, const AstDecl *decl, Name wanted) {
	Name nearest = program_nearest_param(session, decl, wanted);
	const char *foreign = foreign_param(session_text(session, wanted));
	Text out = text_new(session->arena);
	for (uint32_t i = 0; i < decl->params.count && i < SHOWN_NAMES; i++) {
		if (!decl->params.data[i].name.name)
			continue;
		const char *name = session_text(session, decl->params.data[i].name.name);
		if (foreign && strcmp(foreign, name) == 0) {
			diag_help(session, diag, "it is called `%s` here", name);
			return;
		}
		text_printf(&out, "%s%s", out.length ? ", " : "", name);
	}
	if (nearest)
		diag_help(session, diag, "did you mean `%s`?", session_text(session, nearest));
	else if (out.length)
		diag_help(session, diag, "it takes %s%s", text_cstr(&out), decl->params.count > SHOWN_NAMES ? ", ..." : "");
}

uint32_t program_param_place(const AstDecl *decl, NameMap *places, Arena *arena, Name wanted) {
	if (!places->count)
		for (uint32_t i = decl->params.count; i-- > 0;)
			if (decl->params.data[i].name.name)
				*name_map_place(arena, places, decl->params.data[i].name.name) = (void *)(uintptr_t)(i + 1);
	uintptr_t place = (uintptr_t)name_map_get(places, wanted);
	return place ? (uint32_t)place - 1 : decl->params.count;
}

bool program_arguments(FeProgram *p, const FeCall *call, const AstExpr **out) {
	Session *session = p->session;
	const AstDecl *decl = call->decl;
	const char *name = session_text(session, decl->name.name);
	uint32_t params = decl->params.count, position = 0;
	NameMap places = {0};
	bool ok = true;
	for (uint32_t i = 0; i < params; i++)
		out[i] = NULL;
	for (uint32_t i = 0; i < call->names.count; i++) {
		Name wanted = call->names.data[i];
		Span span = call->values.data[i]->span;
		uint32_t at = params;
		if (wanted) {
			at = program_param_place(decl, &places, session->arena, wanted);
			if (at == params) {
				span = i < call->places.count ? call->places.data[i] : span;
				Diag *diag =
					diag_error(session, 216, span, "`%s` has no parameter `%s`", name, session_text(session, wanted));
				diag_label(session, diag, decl->name.span, "declared here");
				help_param(session, diag, decl, wanted);
				ok = false;
				continue;
			}
		} else
			at = position++;
		if (at >= params) {
			Diag *diag = diag_error(session, 215, span, "`%s` takes %u argument%s", name, (unsigned)params,
			                        params == 1 ? "" : "s");
			diag_label(session, diag, decl->name.span, "declared here");
			ok = false;
		} else if (out[at]) {
			bool told = false; /* twice by name: the parser has */
			for (uint32_t k = 0; k < i && wanted; k++)
				told = told || call->names.data[k] == wanted;
			if (!told)
				diag_error(session, 218, span, "`%s` is given twice",
				           session_text(session, decl->params.data[at].name.name));
			ok = false;
		} else
			out[at] = call->values.data[i];
	}
	return ok;
}

static bool read_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, bool in_body, FeCall *out) {
	Session *session = p->session;
	*out = (FeCall){.span = expr->span, .program = p};
	uint32_t errors = session->error_count;
	if (expr->kind == AST_CALL && !in_body)
		for (uint32_t i = 0; i < expr->call.args.count; i++)
			resolve_given(p, expr->call.args.data[i].value);
	if (session->error_count != errors)
		return false;
	if (expr->kind == AST_BAD)
		return false;
	if (expr->kind != AST_NAME && expr->kind != AST_CALL) {
		diag_error(session, 201, expr->span, "the name of %s was expected here", kind_word(kind));
		return false;
	}
	AstName name = expr->kind == AST_NAME ? (AstName){expr->name, expr->span, expr->id} : expr->call.callee;
	const AstDecl *other = NULL, *decl = program_find_kind(p, name.span.file, name.name, kind, &other);
	if (other) {
		program_say_ambiguous(p, name.span, decl, other);
		return false;
	}
	if (!decl || decl->kind != kind) {
		void **said = name_map_place(session->arena, &p->said_missing[kind], name.name);
		Diag *diag = *said;
		if (diag_say_again(session, diag)) /* one mistake, wherever the name stands */
			return false;
		if (decl) {
			diag = diag_error(session, 201, name.span, "`%s` is %s, but %s is needed here",
			                  session_text(session, name.name), kind_word(decl->kind), kind_word(kind));
			diag_label(session, diag, decl->name.span, "declared here");
		} else
			diag = diag_error(session, 201, name.span, "there is no %s `%s`", strchr(kind_word(kind), ' ') + 1,
			                  session_text(session, name.name));
		*said = diag;
		const char *candidates = fe_candidates(p, name.name, kind);
		if (candidates)
			diag_help(session, diag, "%s", candidates);
		return false;
	}
	out->decl = decl;
	if (expr->kind == AST_CALL) {
		for (uint32_t i = 0; i < expr->call.args.count; i++) {
			vec_push(session->arena, &out->names, expr->call.args.data[i].name.name);
			vec_push(session->arena, &out->places, expr->call.args.data[i].name.span);
			vec_push(session->arena, &out->values, (const AstExpr *)expr->call.args.data[i].value);
		}
	}
	const AstExpr **args = ARENA_ARRAY(session->arena, const AstExpr *, decl->params.count + 1);
	if (!program_arguments(p, out, args))
		return false;
	for (uint32_t i = 0; i < out->names.count; i++) /* those by position get their names, too */
		if (!out->names.data[i])
			out->names.data[i] = decl->params.data[i].name.name;
	return true;
}

bool fe_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, FeCall *out) {
	return read_call(p, expr, kind, false, out);
}

bool program_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, FeCall *out) {
	return read_call(p, expr, kind, true, out);
}

bool fe_call_text(FeProgram *p, const char *text, AstDeclKind kind, FeCall *out) {
	uint32_t errors = p->session->error_count;
	uint32_t source = source_add(p->session, "<command line>", text, strlen(text));
	AstExpr *expr = ast_parse_expression(p->session, source);
	return p->session->error_count == errors && fe_call(p, expr, kind, out);
}
