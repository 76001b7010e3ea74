/* Files, imports, the built-in library. */
#include "frontend/names/names.h"

#include <sys/stat.h>

FeProgram *fe_program_new(Session *session) {
	FeProgram *p = ARENA_NEW(session->arena, FeProgram);
	p->session = session;
	p->library = program_library(session);
	return p;
}

const char *program_beside(FeProgram *p, uint32_t source, const char *path, const char **problem) {
	const char *here = p->session->sources.data[source]->path;
	path = file_beside(p->session->arena, here, path);
	return p->finder ? p->finder(p->finder_context, here, path, problem) : path;
}

/* Was this file read, under whatever name? Its source; 0: no, but from now on it counts as read, as the last of p->read. */
static uint32_t already_read(FeProgram *p, const char *path) {
	struct stat info;
	FileId id = {0};
	if (stat(path, &info) == 0)
		id = (FileId){(uint64_t)info.st_dev, (uint64_t)info.st_ino, 0};
	for (uint32_t i = 0; i < p->read.count && id.number; i++)
		if (p->read.data[i].device == id.device && p->read.data[i].number == id.number)
			return p->read.data[i].source;
	vec_push(p->session->arena, &p->read, id);
	return 0;
}

/* Reads a file that was not read: its source; 0 with *why. */
static uint32_t read_once(FeProgram *p, const char *path, bool streams, const char **why) {
	uint32_t at = p->read.count - 1, source = program_read_before(p, p->read.data[at]);
	*why = NULL;
	if (!source)
		source = source_load(p->session, path, streams, why);
	source = source ? program_chosen(p, source) : 0;
	p->read.data[at].source = source;
	if (!source)
		p->read.count--;
	return source;
}

/* ---- a file and what it imports ----
 *
 * What a file imports comes before it, in the order of the text. The walk has a stack of its own: files may import one
 * another in a chain of any length. */

typedef struct OpenFile {
	const AstFile *file;
	uint32_t source, next; /* the declaration to look at */
	uint32_t errors;       /* before it was read */
} OpenFile;

typedef VEC(OpenFile) OpenFiles;

static void open_source(FeProgram *p, OpenFiles *open, uint32_t source) {
	uint32_t errors = p->session->error_count;
	AstFile *file = ast_parse(p->session, source);
	vec_push(p->session->arena, &p->files, file);
	vec_push(p->session->arena, open, ((OpenFile){file, source, 0, errors}));
}

static void open_import(FeProgram *p, OpenFiles *open, uint32_t source, const AstExpr *import) {
	const char *problem = NULL, *path = program_beside(p, source, import->text, &problem);
	if (path) {
		uint32_t known = already_read(p, path), read = known ? known : read_once(p, path, false, &problem);
		if (read)
			vec_push(p->session->arena, &program_names(p, source)->imports, program_names(p, read));
		if (read && !known)
			open_source(p, open, read);
		if (read)
			return;
	}
	diag_error(p->session, 320, import->span, "cannot read `%s`: %s", path ? path : import->text, problem);
	p->broken = true;
}

static bool add_source(FeProgram *p, uint32_t source) {
	uint32_t errors = p->session->error_count;
	OpenFiles open = {0};
	program_names(p, source)->named = true;
	open_source(p, &open, source);
	while (open.count) {
		OpenFile *top = &open.data[open.count - 1];
		if (top->next < top->file->decls.count) {
			const AstDecl *decl = top->file->decls.data[top->next++];
			if (decl->kind == AST_IMPORT && decl->value && decl->value->kind == AST_TEXT)
				open_import(p, &open, top->source, decl->value);
			continue;
		}
		program_declare(p, top->file);
		p->broken = p->broken || p->session->error_count > top->errors;
		open.count--;
	}
	return p->session->error_count == errors;
}

bool fe_add_source(FeProgram *p, uint32_t source) {
	return add_source(p, program_chosen(p, source));
}

void program_add_again(FeProgram *p, uint32_t source) {
	const Source *text = p->session->sources.data[source];
	uint32_t known = already_read(p, text->path);
	if (known) {
		program_names(p, known)->named = true;
		return;
	}
	uint32_t at = p->read.count - 1;
	uint32_t chosen = program_chosen(p, source);
	p->read.data[at].source = chosen;
	add_source(p, chosen);
}

/* NULL, or why the file cannot be read. What is wrong in it is in the session's diagnostics. */
static const char *read_file(FeProgram *p, const char *path, bool streams) {
	uint32_t known = already_read(p, path);
	if (known) {
		program_names(p, known)->named = true;
		return NULL;
	}
	const char *why;
	uint32_t source = read_once(p, path, streams, &why);
	if (source)
		add_source(p, source);
	return why;
}

bool fe_add_file(FeProgram *program, const char *path) {
	uint32_t errors = program->session->error_count;
	const char *why = read_file(program, path, false);
	if (why) {
		diag_error(program->session, 320, (Span){0}, "cannot read `%s`: %s", path, why);
		program->broken = true;
	}
	return program->session->error_count == errors;
}

const char *fe_add_named(FeProgram *program, const char *path) {
	return read_file(program, path, true);
}

void fe_set_finder(FeProgram *program, FeFinder *finder, void *context) {
	program->finder = finder;
	program->finder_context = context;
}

void fe_set_data(FeProgram *program, FeDataReader *reader, void *context) {
	program->data = reader;
	program->data_context = context;
}

void fe_set_loader(FeProgram *program, FeLoader *loader, void *context) {
	program->loader = loader;
	program->loader_context = context;
}
