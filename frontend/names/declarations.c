/* The declarations of a program, by their names. */
#include "frontend/names/names.h"

#include <string.h>

/* The first declaration of this name, after this one was entered. */
static const AstDecl *enter_name(Arena *arena, NameMap *map, const AstDecl *decl) {
	void **place = name_map_place(arena, map, decl->name.name);
	if (!*place)
		*place = (void *)(uintptr_t)decl;
	return *place;
}

void program_declare(FeProgram *p, const AstFile *file) {
	Arena *arena = p->session->arena;
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind == AST_IMPORT)
			continue;
		vec_push(arena, &p->user, decl);
		resolve_again(p);
		if (!decl->name.name)
			continue;
		enter_name(arena, &p->by_kind[decl->kind], decl);
		const AstDecl *first = enter_name(arena, &p->by_name, decl);
		if (first == decl)
			continue;
		Diag *diag = diag_error(p->session, 322, decl->name.span, "`%s` is declared twice",
		                        session_text(p->session, decl->name.name));
		diag_label(p->session, diag, first->name.span, "first here");
	}
}

const AstDecl *fe_find(const FeProgram *p, Name name) {
	const AstDecl *decl = name_map_get(&p->by_name, name);
	return decl ? decl : program_find_library(p->session, p->library, name);
}

/* An experiment may be called like the family it is about: then the kind that is asked for decides. */
const AstDecl *program_find_kind(const FeProgram *p, Name name, AstDeclKind kind) {
	const AstDecl *decl = name_map_get(&p->by_kind[kind], name);
	if (decl)
		return decl;
	decl = program_find_library(p->session, p->library, name);
	return decl && decl->kind == kind ? decl : fe_find(p, name);
}

uint32_t fe_decl_count(const FeProgram *program) {
	return program->user.count;
}

const AstDecl *fe_decl(const FeProgram *program, uint32_t index) {
	return program->user.data[index];
}

/* Names of declarations of a kind, those of the user first; none twice. */
static uint32_t names_of_kind(const FeProgram *p, AstDeclKind kind, Name *names) {
	uint32_t count = 0, users = p->user.count;
	for (uint32_t i = 0; i < users + p->library->names.count; i++) {
		bool user = i < users;
		Name name = user ? p->user.data[i]->name.name : p->library->names.data[i - users];
		AstDeclKind its = user ? p->user.data[i]->kind : p->library->entries.data[i - users].kind;
		bool there = its != kind || !name;
		for (uint32_t k = 0; k < count && !there; k++)
			there = names[k] == name;
		if (!there)
			names[count++] = name;
	}
	return count;
}

const char *fe_candidates(const FeProgram *p, Name wanted, AstDeclKind kind) {
	Session *session = p->session;
	Arena *scratch = arena_new();
	Name *names = ARENA_ARRAY(scratch, Name, p->user.count + p->library->names.count + 1);
	uint32_t count = names_of_kind(p, kind, names);
	Name nearest = name_nearest(session->names, wanted, names, count);
	const char *foreign = kind == AST_OPTIMIZER ? foreign_rule(session_text(session, wanted)) : NULL;
	Text out = text_new(scratch);
	if (foreign)
		text_printf(&out, "it is called `%s` here", foreign);
	else if (nearest)
		text_printf(&out, "did you mean `%s`?", session_text(session, nearest));
	if (count > 0 && !foreign) {
		names_by_distance(session->names, wanted, names, count);
		uint32_t shown = 0, others = count - (nearest != 0);
		const char *verb = others == 1 ? "is" : "are";
		if (others)
			text_printf(&out, nearest ? " There %s also " : "there %s ", verb);
		for (uint32_t i = 0; i < count && shown < SHOWN_NAMES; i++)
			if (names[i] != nearest)
				text_printf(&out, "%s%s", shown++ ? ", " : "", session_text(session, names[i]));
		text_printf(&out, "%s", others > SHOWN_NAMES ? ", ..." : "");
	}
	const char *text = out.length > 0 ? arena_printf(session->arena, "%s", text_cstr(&out)) : NULL;
	arena_free(scratch);
	return text;
}
