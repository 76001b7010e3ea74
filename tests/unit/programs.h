/* Every objective and every rule there is: those of the library and those of the examples, found and not listed, so that
 * nobody has to remember to add one. */
#ifndef GRADUS_TESTS_PROGRAMS_H
#define GRADUS_TESTS_PROGRAMS_H

#include "frontend/frontend.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

typedef struct ProgramDecl {
	Session *session;
	FeProgram *program;
	const AstDecl *decl;
	FeCall call;      /* without arguments */
	const char *name; /* "examples/first.grad: damped" */
	const char *path; /* of the example's file; NULL: of the library */
} ProgramDecl;

typedef VEC(ProgramDecl) ProgramDecls;

/* The same text as of one that is there already: examples stand for themselves and repeat what they need. */
static inline bool program_known(const Session *session, const ProgramDecls *all, const AstDecl *decl) {
	for (uint32_t i = 0; i < all->count; i++) {
		Span a = all->data[i].decl->span, b = decl->span;
		if (a.end - a.start == b.end - b.start &&
		    memcmp(session->sources.data[a.file]->text + a.start, session->sources.data[b.file]->text + b.start,
		           a.end - a.start) == 0)
			return true;
	}
	return false;
}

/* Its files are no part of the project. */
static inline bool program_reads_files(const AstDecl *decl) {
	for (uint32_t i = 0; i < decl->body.count; i++)
		if (decl->body.data[i]->kind == AST_DATA)
			return true;
	return false;
}

static inline void programs_of(Session *session, FeProgram *program, const char *file, const char *path,
                               AstDeclKind kind, ProgramDecls *out) {
	if (session->error_count > 0) {
		diag_print_all(session, stderr, false);
		cr_assert_fail("%s has errors", file);
	}
	for (uint32_t i = 0; i < fe_decl_count(program); i++) {
		const AstDecl *decl = fe_decl(program, i);
		if (decl->kind != kind ||
		    (kind == AST_OPTIMIZER && fe_open_expression(decl))) /* no rule yet: test_search_agree.c */
			continue;
		const AstStmt *start;
		if (program_known(session, out, decl) || program_reads_files(decl))
			continue;
		if (kind == AST_OBJECTIVE && fe_open_start(program, decl, &start)) /* no start yet: test_search_listing.c */
			continue;
		ProgramDecl found = {
			.session = session, .program = program, .decl = decl, .call = {.decl = decl}, .path = path};
		found.name = arena_printf(session->arena, "%s: %s", file, session_text(session, decl->name.name));
		vec_push(session->arena, out, found);
	}
}

/* A program in another session that has the declaration. */
static inline FeProgram *program_again(Session *session, const ProgramDecl *decl) {
	FeProgram *program = fe_program_new(session);
	if (decl->path)
		fe_add_file(program, decl->path);
	return program;
}

/* A call of it in text, with small networks; away from where its derivatives jump. */
static inline const char *program_call(Session *session, const ProgramDecl *decl) {
	const char *name = strstr(decl->name, ": ") + 2;
	if (strcmp(name, "adafactor") == 0) /* the first u has exactly rms 1 */
		return "adafactor(limit = 0.9)";
	if (strcmp(name, "clip_by_value") ==
	    0) /* Adam hardly looks at the size of a gradient: derivatives by the limit would be rounding */
		return "clip_by_value(base = momentum)";
	static const char *const sizes[] = {"hidden", "cells", "bank"}; /* of networks */
	const char *call = NULL;
	for (uint32_t i = 0; i < decl->decl->params.count; i++) {
		const char *param = session_text(decl->session, decl->decl->params.data[i].name.name);
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
			if (strcmp(param, sizes[k]) == 0)
				call = arena_printf(session->arena, "%s%s%s = 2", call ? call : name, call ? ", " : "(", param);
	}
	return call ? arena_printf(session->arena, "%s)", call) : name;
}

/* Does its declaration say so? */
static inline bool program_says(const ProgramDecl *decl, const char *words) {
	Span span = decl->decl->span;
	const char *text = decl->session->sources.data[span.file]->text, *found = strstr(text + span.start, words);
	return found && found < text + span.end;
}

static inline int program_order(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All declarations of a kind, in the order of files and of lines. */
static inline ProgramDecls programs_all(Session *session, AstDeclKind kind) {
	ProgramDecls out = {0};
	for (size_t i = 0; i < fe_std_file_count; i++) { /* as a user's file: its own declarations, which fe_decl lists */
		const FeStdFile *file = &fe_std_files[i];
		FeProgram *program = fe_program_new(session);
		fe_add_source(program, source_add(session, file->name, file->text, file->length));
		programs_of(session, program, arena_printf(session->arena, "std/%s", file->name), NULL, kind, &out);
	}
	VEC(const char *) names = {0};
	DIR *folder = opendir(GRADUS_SOURCE_DIR "/examples");
	cr_assert_not_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		size_t length = strlen(entry->d_name);
		if (length > 5 && strcmp(entry->d_name + length - 5, ".grad") == 0)
			vec_push(session->arena, &names, arena_strdup(session->arena, entry->d_name));
	}
	closedir(folder);
	qsort(names.data, names.count, sizeof *names.data, program_order);
	for (uint32_t i = 0; i < names.count; i++) {
		FeProgram *program = fe_program_new(session);
		const char *path = arena_printf(session->arena, "%s/examples/%s", GRADUS_SOURCE_DIR, names.data[i]);
		fe_add_file(program, path);
		programs_of(session, program, path + strlen(GRADUS_SOURCE_DIR) + 1, path, kind, &out);
	}
	return out;
}

/* Most entries of the library go one of `ways` ways, by turns (compiling is what takes the time); those that all others are
 * built like, and the examples, go all of them. GRADUS_AGREE_ALL=1: everything does. */
static inline bool program_is_typical(const ProgramDecl *decl) {
	static const char *const always[] = {"gradient_descent", "momentum", "nesterov",  "adagrad",
	                                     "rmsprop",          "adam",     "adamw",     "lion",
	                                     "mlp_lopt",         "policy",   "lamb",      "lbfgs",
	                                     "lookahead",        "logistic", "small_net", "rosenbrock",
	                                     "quadratic",        "ackley",   "rastrigin", "robust_regression"};
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (strcmp(strstr(decl->name, ": ") + 2, always[i]) == 0)
			return true;
	return decl->path || getenv("GRADUS_AGREE_ALL");
}

static inline bool program_goes(const ProgramDecl *decl, uint32_t number, int way, int ways) {
	return program_is_typical(decl) || (int)(number % (uint32_t)ways) == way;
}

#endif
