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

FileNames *program_names(FeProgram *p, uint32_t source) {
	void **place = name_map_place(p->session->arena, &p->names_of, source);
	if (*place)
		return *place;
	FileNames *names = *place = ARENA_NEW(p->session->arena, FileNames);
	vec_push(p->session->arena, &p->names, names);
	return names;
}

/* One that another file declares that the user named as well. */
static const AstDecl *named_beside(const FeProgram *p, const FileNames *names, Name name) {
	for (uint32_t i = 0; i < p->names.count; i++) {
		const FileNames *other = p->names.data[i];
		const AstDecl *decl = other != names && other->named ? name_map_get(&other->by_name, name) : NULL;
		if (decl && names->named)
			return decl;
	}
	return NULL;
}

void program_declare(FeProgram *p, const AstFile *file) {
	Arena *arena = p->session->arena;
	FileNames *names = program_names(p, file->source);
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind == AST_IMPORT)
			continue;
		vec_push(arena, &p->user, decl);
		resolve_again(p);
		if (!decl->name.name)
			continue;
		if (enter_name(arena, &p->by_name, decl) != decl)
			*name_map_place(arena, &p->several, decl->name.name) = p;
		enter_name(arena, &names->by_kind[decl->kind], decl);
		const AstDecl *first = enter_name(arena, &names->by_name, decl);
		if (first == decl)
			first = named_beside(p, names, decl->name.name);
		if (!first)
			continue;
		Diag *diag = diag_error(p->session, 322, decl->name.span, "`%s` is declared twice",
		                        session_text(p->session, decl->name.name));
		diag_label(p->session, diag, first->name.span, "first here");
	}
}

/* ---- what a name means ---- */

enum { ANY_KIND = -1 };

typedef struct Search {
	FeProgram *program;
	Name name;
	int kind; /* AstDeclKind or ANY_KIND */
	const AstDecl *found, *other;
} Search;

static void look_in(Search *s, FileNames *names) {
	if (names->epoch == s->program->searches)
		return;
	names->epoch = s->program->searches;
	const AstDecl *decl = name_map_get(s->kind == ANY_KIND ? &names->by_name : &names->by_kind[s->kind], s->name);
	if (decl && s->found)
		s->other = decl;
	else if (decl)
		s->found = decl;
	vec_push(s->program->session->arena, &s->program->near, names);
}

static void look_in_all(Search *s, bool named) {
	for (uint32_t i = 0; i < s->program->names.count; i++)
		if (s->program->names.data[i]->named || !named)
			look_in(s, s->program->names.data[i]);
}

/* File after file, from near to far. */
static void look_around(Search *s) {
	FeProgram *p = s->program;
	while (!s->found && p->near.count) {
		p->far.count = 0;
		for (uint32_t i = 0; i < p->near.count; i++)
			vec_push(p->session->arena, &p->far, p->near.data[i]);
		p->near.count = 0;
		for (uint32_t i = 0; i < p->far.count; i++)
			for (uint32_t k = 0; k < p->far.data[i]->imports.count; k++)
				look_in(s, p->far.data[i]->imports.data[k]);
	}
}

static const AstDecl *find_user(const FeProgram *p, uint32_t source, Name name, int kind, const AstDecl **other) {
	const AstDecl *only = name_map_get(&p->by_name, name);
	if (!only || !name_map_get(&p->several, name))
		return only && (kind == ANY_KIND || kind == (int)only->kind) ? only : NULL;
	Search s = {.program = (FeProgram *)(uintptr_t)p, .name = name, .kind = kind};
	FileNames *own = name_map_get(&p->names_of, source);
	s.program->searches++;
	s.program->near.count = 0;
	if (own)
		look_in(&s, own);
	else
		look_in_all(&s, true);
	look_around(&s);
	if (!s.found)
		look_in_all(&s, false);
	if (other)
		*other = s.other;
	return s.found;
}

const AstDecl *program_find(const FeProgram *p, uint32_t source, Name name, const AstDecl **other) {
	const AstDecl *decl = find_user(p, source, name, ANY_KIND, other);
	return decl ? decl : program_find_library(p->session, p->library, name);
}

/* An experiment may be called like the family it is about: then the kind that is asked for decides. */
const AstDecl *program_find_kind(const FeProgram *p, uint32_t source, Name name, AstDeclKind kind,
                                 const AstDecl **other) {
	const AstDecl *decl = find_user(p, source, name, (int)kind, other);
	if (decl)
		return decl;
	decl = program_find_library(p->session, p->library, name);
	return decl && decl->kind == kind ? decl : program_find(p, source, name, other);
}

void program_say_ambiguous(FeProgram *p, Span span, const AstDecl *first, const AstDecl *other) {
	const char *name = session_text(p->session, first->name.name);
	Diag *diag = diag_error(p->session, 323, span, "`%s` is declared by two files that are imported", name);
	diag_label(p->session, diag, first->name.span, "here");
	diag_label(p->session, diag, other->name.span, "and here");
	diag_help(p->session, diag, "import the one that is meant alone, or rename one of them");
}

const AstDecl *fe_find_in(const FeProgram *p, uint32_t source, Name name) {
	return program_find(p, source, name, NULL);
}

const AstDecl *fe_find(const FeProgram *p, Name name) {
	return program_find(p, 0, name, NULL);
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

bool fe_is_learner(const AstDecl *decl) {
	return decl && decl->kind == AST_FN && decl->value && decl->value->kind == AST_DISCOVER;
}
