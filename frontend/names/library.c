/* The built-in library in a program: its names are known from the start; what stands behind them is read when it is asked for. */
#include "frontend/names/names.h"

#include <string.h>

Library *program_library(Session *session) {
	Library *library = ARENA_NEW(session->arena, Library);
	library->entries = fe_std_entries(session->arena);
	for (uint32_t i = 0; i < library->entries.count; i++) {
		FeStdEntry *entry = &library->entries.data[i];
		vec_push(session->arena, &library->names, session_name(session, entry->name));
		*name_map_place(session->arena, &library->by_name, library->names.data[i]) = (void *)(uintptr_t)(i + 1);
	}
	return library;
}

const AstDecl *program_find_library(Session *session, Library *library, Name name) {
	uintptr_t place = (uintptr_t)name_map_get(&library->by_name, name);
	if (!place)
		return NULL;
	const AstDecl **read = (const AstDecl **)name_map_place(session->arena, &library->read, name);
	if (!*read) {
		const FeStdEntry *entry = &library->entries.data[place - 1];
		const char *path = arena_printf(session->arena, "<std>/%s.grad", entry->name);
		AstFile *file = ast_parse(session, source_add(session, path, entry->text, entry->length));
		vec_push(session->arena, &library->files, file);
		*read = file->decls.count ? file->decls.data[0] : NULL;
	}
	return *read;
}

static bool in_library(const Session *session, Span span) {
	return span.file && strncmp(session->sources.data[span.file]->path, "<std>/", 6) == 0;
}

bool program_is_library(const Session *session, const AstDecl *decl) {
	return in_library(session, decl->span);
}

static bool is_of_library(const Session *session, const Diag *diag) {
	bool inside = diag->labels.count > 0;
	for (uint32_t k = 0; k < diag->labels.count; k++)
		inside = inside && in_library(session, diag->labels.data[k].span);
	return inside;
}

void program_say_use(Session *session, DiagMark mark, Span use) {
	if (!use.file || in_library(session, use) || session->diags.count == mark.count)
		return;
	Diags said = diag_take_back(session, mark), kept = {0};
	for (uint32_t i = 0; i < said.count; i++) {
		Diag *diag = said.data[i];
		bool told = false;
		if (is_of_library(session, diag)) {
			for (uint32_t k = 0; k < kept.count; k++)
				told = told ||
				       (kept.data[k]->code == diag->code && in_library(session, kept.data[k]->labels.data[0].span));
			diag_label(session, diag, use, "used here");
		}
		if (!told)
			vec_push(session->arena, &kept, diag);
	}
	diag_say(session, &kept);
}
