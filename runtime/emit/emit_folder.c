/* The folder of an emission: its manifest, what may be overwritten, and the writing. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/emit/emit_pack.h"

/* ---- names that the C library has ---- */

static bool is_word(char c) {
	return isalnum((unsigned char)c) || c == '_';
}

static bool begins_with(const char *word, size_t length, const char *prefix) {
	size_t count = strlen(prefix);
	return length > count && memcmp(word, prefix, count) == 0 && word[count] == '_';
}

/* The name at `at`, if a header of the standard library has it and it begins with the prefix. */
static const char *taken_name(const Pack *pack, const char *at, size_t length) {
	if (!begins_with(at, length, pack->prefix) && !begins_with(at, length, pack->capitals))
		return NULL;
	const char *word = arena_printf(pack->arena, "%.*s", (int)length, at);
	return jit_c_is_library(word) ? word : NULL;
}

static bool is_c(const char *name) {
	const char *dot = strrchr(name, '.');
	return dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0);
}

/* The first such name outside of comments: `mtx_init`, for the prefix `mtx`; NULL if there is none. */
static const char *clash(const Pack *pack) {
	const char *found = NULL;
	for (uint32_t i = 0; i < pack->files.count && !found; i++) {
		const PackFile *file = pack->files.data[i];
		const char *at = text_cstr(&file->text);
		bool source = is_c(file->name);
		while (source && *at && !found) {
			const char *comment = strncmp(at, "/*", 2) == 0 ? strstr(at, "*/") : NULL;
			size_t length = comment ? (size_t)(comment - at) : 0;
			while (!comment && is_word(at[length]))
				length++;
			found = comment ? NULL : taken_name(pack, at, length);
			at += length > 0 ? length : 1;
		}
	}
	return found;
}

/* ---- what is in the folder already ---- */

static bool cannot_write(const Pack *pack, const char *problem) {
	diag_error(pack->session, 811, (Span){0}, "%s", problem);
	return false;
}

static const char manifest_name[] = "manifest.json";

static const char *inside(const Pack *pack, const char *name) {
	return arena_printf(pack->arena, "%s/%s", pack->options->out_dir, name);
}

static bool same_text(const json_t *manifest, const char *key, const json_t *own) {
	const char *theirs = json_string_value(json_object_get(manifest, key));
	const char *ours = json_string_value(json_object_get(own, key));
	return theirs && ours && strcmp(theirs, ours) == 0;
}

/* The name of something in the folder; NULL if it is empty. */
static const char *first_entry(const Pack *pack) {
	DIR *dir = opendir(pack->options->out_dir);
	const char *found = NULL;
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		bool itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (!itself && (!found || strcmp(entry->d_name, found) < 0))
			found = arena_strdup(pack->arena, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Is what `path` leads to a regular file with the bytes that the entry of a manifest tells? */
static bool as_emitted(const char *path, const json_t *entry) {
	const char *hash = json_string_value(json_object_get(entry, "xxh3"));
	json_int_t count = json_integer_value(json_object_get(entry, "bytes"));
	Arena *arena = arena_new();
	char *bytes;
	size_t length;
	bool same = hash && count >= 0 && !file_read(arena, path, (size_t)count, false, &bytes, &length) &&
	            strcmp(arena_printf(arena, "%016llx", (unsigned long long)hash_bytes(bytes, length, 0)), hash) == 0;
	arena_free(arena);
	return same;
}

typedef enum Standing {
	FREE_PLACE,   /* nothing is there */
	OURS,         /* as it was emitted, or a link to a file that is */
	CHANGED,      /* emitted, and changed since */
	FOREIGN_LINK, /* a link in the place of an emitted file, to something else or to nothing */
	FOREIGN,      /* no emission wrote a file of this name */
	NO_FILE,      /* a folder, a pipe, a device */
} Standing;

/* Does the file hold what it would hold after this emission? Nothing is lost by it then, whoever wrote it. */
static bool as_now(const Pack *pack, const PackFile *file) {
	Arena *arena = arena_new();
	char *bytes;
	size_t length;
	bool same = !file_read(arena, inside(pack, file->name), file->text.length, false, &bytes, &length) &&
	            length == file->text.length && memcmp(bytes, text_cstr(&file->text), length) == 0;
	arena_free(arena);
	return same;
}

/* Does it say of itself, as all that is emitted does, that it was? For where no manifest can say it. */
static bool has_notice(const Pack *pack, const char *name) {
	Arena *arena = arena_new();
	char *bytes;
	size_t length;
	bool found = !file_read(arena, inside(pack, name), PACK_MOST_FILE, false, &bytes, &length);
	if (found) {
		bytes[length < PACK_NOTICE_WITHIN ? length : PACK_NOTICE_WITHIN] = '\0';
		found = strstr(bytes, "Written by gradus ") != NULL;
	}
	arena_free(arena);
	return found;
}

/* manifest: of the emission that is there, or NULL. alike: it is of what is emitted now. */
static Standing standing_of(const Pack *pack, const json_t *manifest, bool alike, const PackFile *file) {
	struct stat info;
	const char *name = file->name, *path = inside(pack, name);
	if (lstat(path, &info) != 0)
		return FREE_PLACE;
	if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
		return NO_FILE;
	if (manifest && strcmp(name, manifest_name) == 0)
		return alike || S_ISREG(info.st_mode) ? OURS : FOREIGN_LINK;
	if (!manifest && S_ISREG(info.st_mode) && as_now(pack, file))
		return OURS;
	const json_t *entry = json_object_get(json_object_get(manifest, "files"), name);
	if (!json_is_string(json_object_get(entry, "xxh3")))
		return !manifest && S_ISREG(info.st_mode) && has_notice(pack, name) ? CHANGED : FOREIGN;
	return as_emitted(path, entry) ? OURS : S_ISLNK(info.st_mode) ? FOREIGN_LINK : CHANGED;
}

static bool refuse_file(const Pack *pack, const char *name, Standing standing) {
	static const struct {
		const char *why, *help;
	} words[] = {
		[CHANGED] = {"was changed since it was emitted",
	                 "move it out of the way, name another folder with -o, or lose the changes with --force"},
		[FOREIGN_LINK] =
			{"is a link to something that was not emitted",
	         "move it out of the way, name another folder with -o, or have a file in its place with --force"},
		[FOREIGN] = {"was not written by an emission", "move it out of the way, or name another folder with -o"},
		[NO_FILE] = {"is no regular file", "move it out of the way, or name another folder with -o"},
	};
	Diag *diag = diag_error(pack->session, 814, (Span){0}, "%s %s", inside(pack, name), words[standing].why);
	diag_help(pack->session, diag, "%s", words[standing].help);
	return false;
}

/* The manifest of the emission that is in the folder; NULL if there is none. */
static json_t *read_manifest(const Pack *pack) {
	char *bytes;
	size_t length;
	if (file_read(pack->arena, inside(pack, manifest_name), PACK_MOST_FILE, false, &bytes, &length))
		return NULL;
	json_t *manifest = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(manifest) && json_is_string(json_object_get(manifest, "gradus")))
		return manifest;
	json_decref(manifest);
	return NULL;
}

/* May each of the files be written? With --force, links that lead elsewhere are taken away, once it is known that all may: what
 * they lead to stays as it is. */
static bool clear_files(const Pack *pack, const json_t *manifest, bool alike) {
	for (int taking = 0; taking < 2; taking++) {
		for (uint32_t i = 0; i < pack->files.count; i++) {
			const char *name = pack->files.data[i]->name;
			Standing standing = standing_of(pack, manifest, alike, pack->files.data[i]);
			bool lifted = pack->options->force && (standing == CHANGED || standing == FOREIGN_LINK);
			if (standing > OURS && !lifted)
				return refuse_file(pack, name, standing);
			if (taking && standing == FOREIGN_LINK && unlink(inside(pack, name)) != 0) {
				return cannot_write(
					pack, arena_printf(pack->arena, "cannot write %s: %s", inside(pack, name), strerror(errno)));
			}
		}
	}
	return true;
}

/* Is there nothing in the folder but a part of this very emission, which was broken off? */
static bool is_part(const Pack *pack) {
	DIR *dir = opendir(pack->options->out_dir);
	bool part = dir != NULL;
	for (struct dirent *entry; part && (entry = readdir(dir)) != NULL;) {
		bool known = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		for (uint32_t i = 0; i < pack->files.count && !known; i++) {
			const PackFile *file = pack->files.data[i];
			known = strcmp(file->name, entry->d_name) == 0 && standing_of(pack, NULL, false, file) == OURS;
		}
		part = known;
	}
	if (dir)
		closedir(dir);
	return part;
}

/* May this emission go into the folder? One like it (kind, name and prefix) is replaced where it is as it was written. false with
 * a diagnostic. */
static bool may_write(const Pack *pack, const json_t *own) {
	const char *dir = pack->options->out_dir, *there = first_entry(pack);
	if (!there)
		return true;
	json_t *manifest = read_manifest(pack);
	bool alike = manifest && same_text(manifest, "kind", own) && same_text(manifest, "name", own) &&
	             same_text(manifest, "prefix", own);
	bool ok = alike || pack->options->force || (!manifest && is_part(pack));
	if (!ok) {
		Diag *diag = diag_error(pack->session, 814, (Span){0}, "%s holds something else", dir);
		diag_note(pack->session, diag, manifest ? "another emission is there" : "`%s` is there", there);
		diag_help(pack->session, diag, "name another folder with -o, or put it beside what is there with --force");
	}
	ok = ok && clear_files(pack, manifest, alike);
	json_decref(manifest);
	return ok;
}

/* ---- writing ---- */

static void put_manifest(Pack *pack, json_t *manifest) {
	json_t *files = json_object();
	for (uint32_t i = 0; i < pack->files.count; i++) {
		const PackFile *file = pack->files.data[i];
		unsigned long long hash = (unsigned long long)hash_bytes(text_cstr(&file->text), file->text.length, 0);
		json_t *entry =
			json_pack("{s:I,s:o}", "bytes", (json_int_t)file->text.length, "xxh3", json_sprintf("%016llx", hash));
		json_object_set_new(files, file->name, entry);
	}
	json_object_set_new(manifest, "files", files);
	Text *out = pack_file(pack, manifest_name);
	char *json = json_dumps(manifest,
	                        JSON_INDENT(2) | (pack->real == IR_F32 ? JSON_REAL_PRECISION(9) : JSON_REAL_PRECISION(17)));
	text_printf(out, "%s\n", json ? json : "{}");
	free(json);
}

static void wrap_lines(Pack *pack) {
	for (uint32_t i = 0; i < pack->files.count; i++) {
		PackFile *file = pack->files.data[i];
		if (!is_c(file->name))
			continue;
		Text wrapped = text_new(pack->arena);
		jit_c_wrap(&wrapped, text_cstr(&file->text));
		file->text = wrapped;
	}
}

bool pack_write(Pack *pack, void *own) {
	wrap_lines(pack);
	const char *taken = clash(pack), *dir = pack->options->out_dir;
	if (taken) {
		pack_refuse_prefix(pack->session, pack->prefix,
		                   arena_printf(pack->arena, "the standard library has a `%s`", taken));
		json_decref(own);
		return false;
	}
	put_manifest(pack, own);
	bool ok = folder_make(pack->arena, dir);
	if (!ok && errno != EEXIST) {
		json_decref(own);
		return cannot_write(pack, arena_printf(pack->arena, "cannot make %s: %s", dir, strerror(errno)));
	}
	ok = ok || may_write(pack, own);
	json_decref(own);
	/* The manifest, which is the last of them, goes first: what is broken off is known as an emission, and can be made anew. */
	for (uint32_t k = 0; ok && k < pack->files.count; k++) {
		const PackFile *file = pack->files.data[(k + pack->files.count - 1) % pack->files.count];
		const char *problem =
			file_write(pack->arena, inside(pack, file->name), text_cstr(&file->text), file->text.length, true);
		ok = !problem || cannot_write(pack, problem);
	}
	return ok;
}
