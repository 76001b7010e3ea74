/* The sources of a run: copied with their folders, so that imports among them work in the copy as they did where they were
 * written. `sources/` stands for the deepest folder that all of them lie in. Files that `learn ... from` names are
 * copied with them; a program from the standard input is stdin.grad in the folder where the command ran. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store/limits.h"
#include "runtime/store/runfolder.h"

const char *store_normal_path(Arena *arena, const char *path) {
	Text out = text_new(arena);
	for (const char *at = path; *at;) {
		size_t length = strcspn(at, "/");
		if (length == 2 && at[0] == '.' && at[1] == '.') {
			while (out.length > 0 && out.data[--out.length] != '/') {
			}
		} else if (length > 0 && !(length == 1 && at[0] == '.')) {
			text_char(&out, '/');
			text_bytes(&out, at, length);
		}
		at += length + (at[length] == '/');
	}
	if (out.length == 0)
		return "/";
	out.data[out.length] = '\0';
	return out.data;
}

static const char *absolute(Arena *arena, const char *path) {
	char here[PATH_MAX];
	if (path[0] == '/' || !getcwd(here, sizeof here))
		return store_normal_path(arena, path);
	return store_normal_path(arena, arena_printf(arena, "%s/%s", here, path));
}

static size_t folder_length(const char *path) {
	return (size_t)(strrchr(path, '/') - path) + 1;
}

/* Length of the longest common folder of all files, with the slash. */
static size_t common_folder(const StoreFiles *files) {
	size_t length = files->count ? folder_length(files->data[0].place) : 0;
	for (uint32_t i = 1; i < files->count; i++) {
		const char *first = files->data[0].place, *other = files->data[i].place;
		size_t limit = folder_length(other), same = 0;
		while (same < length && same < limit && first[same] == other[same])
			same++;
		while (same > 0 && first[same - 1] != '/')
			same--;
		length = same;
	}
	return length;
}

static const StoreFile *find_place(const StoreFiles *files, const char *place) {
	for (uint32_t i = 0; i < files->count; i++)
		if (!strcmp(files->data[i].place, place))
			return &files->data[i];
	return NULL;
}

static void add_file(Arena *arena, StoreFiles *files, const char *path, const char *place, const char *bytes,
                     size_t length, bool source) {
	const StoreFile *same = find_place(files, place);
	if (same && same->length == length && memcmp(same->bytes, bytes, length) == 0)
		return; /* one file by two names */
	StoreFile file = {.path = path, .place = place, .bytes = bytes, .length = length, .source = source};
	vec_push(arena, files, file);
}

static bool too_large(Arena *arena, const char *path) {
	uint64_t length;
	const char *why;
	int fd = file_open(arena, path, &length, &why);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && length > STORE_MOST_WEIGHTS;
}

/* Weights that the statements of a rule read. What cannot be read was not needed, or training would not have begun. false, with
 * a diagnostic, where one is too large. */
static bool add_weights(Arena *arena, Session *session, StoreFiles *files, const AstBlock *body) {
	for (uint32_t i = 0; i < body->count; i++) {
		const AstStmt *stmt = body->data[i];
		if (stmt->kind == AST_WHEN && (!add_weights(arena, session, files, &stmt->when.yes) ||
		                               !add_weights(arena, session, files, &stmt->when.no))) {
			return false;
		}
		if (stmt->kind != AST_LEARN || !stmt->declare.from || stmt->declare.from->kind != AST_TEXT)
			continue;
		const char *here = session->sources.data[stmt->span.file]->path;
		const char *path = file_beside(arena, here, stmt->declare.from->text);
		char *bytes;
		size_t length;
		if (too_large(arena, path)) {
			Diag *diag = diag_error(session, 811, stmt->span, "cannot copy %s into the run: it is larger than %d MB",
			                        path, STORE_MOST_WEIGHTS / 1000000);
			diag_help(session, diag, "put the tensors that are read into a file of their own");
			return false;
		}
		if (!file_read(arena, path, STORE_MOST_WEIGHTS, false, &bytes, &length))
			add_file(arena, files, path, absolute(arena, path), bytes, length, false);
	}
	return true;
}

bool store_files(Arena *arena, const Rt *rt, StoreFiles *files) {
	Session *session = rt->session;
	const Source *piped = NULL;
	for (uint32_t i = 1; i < session->sources.count; i++) {
		const Source *source = session->sources.data[i];
		if (source->derived)
			continue;
		if (!strcmp(source->path, "<stdin>"))
			piped = source;
		else if (source->path[0] != '<') /* else the library, or a text from the command line */
			add_file(arena, files, source->path, absolute(arena, source->path), source->text, source->length, true);
	}
	const char *name = "stdin.grad";
	for (int number = 2; piped && find_place(files, absolute(arena, name)); number++)
		name = arena_printf(arena, "stdin-%d.grad", number);
	if (piped)
		add_file(arena, files, piped->path, absolute(arena, name), piped->text, piped->length, true);
	for (uint32_t i = 0; i < fe_decl_count(rt->program); i++) {
		const AstDecl *decl = fe_decl(rt->program, i);
		if (decl->kind == AST_OPTIMIZER && !add_weights(arena, session, files, &decl->body)) {
			files->count = 0;
			return false;
		}
	}
	size_t common = common_folder(files);
	for (uint32_t i = 0; i < files->count; i++)
		files->data[i].copy = arena_printf(arena, "sources/%s", files->data[i].place + common);
	return true;
}

const char *store_files_write(Arena *arena, const char *dir, const StoreFiles *files) {
	for (uint32_t i = 0; i < files->count; i++) {
		const StoreFile *file = &files->data[i];
		const char *path = arena_printf(arena, "%s/%s", dir, file->copy);
		if (find_place(files, file->place) != file)
			return arena_printf(arena, "two sources are called %s once `..` is resolved", file->place);
		const char *folder = arena_printf(arena, "%.*s", (int)folder_length(path) - 1, path);
		if (!folder_make(arena, folder) && errno != EEXIST)
			return arena_printf(arena, "cannot make %s: %s", folder, strerror(errno));
		const char *error = file_write(arena, path, file->bytes, file->length, true);
		if (error)
			return error;
	}
	return NULL;
}

/* Removes what store_files_write made, as far as it came. */
void store_files_remove(Arena *arena, const char *dir, const StoreFiles *files) {
	for (uint32_t i = 0; i < files->count; i++) {
		char *path = arena_printf(arena, "%s/%s", dir, files->data[i].copy);
		unlink(path);
		for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) > strlen(dir);
		     slash = strrchr(path, '/')) {
			*slash = '\0';
			rmdir(path); /* refused while something is in it */
		}
	}
	rmdir(arena_printf(arena, "%s/sources", dir));
}
