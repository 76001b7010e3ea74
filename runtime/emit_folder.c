/* The folder of an emission: its manifest, what may be overwritten, and the writing. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/emit_pack.h"

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
	if (!begins_with(at, length, pack->prefix) && !begins_with(at, length, pack->capitals)) {
		return NULL;
	}
	const char *word = arena_printf(pack->arena, "%.*s", (int)length, at);
	return jit_c_is_library(word) ? word : NULL;
}

/* The first such name outside of comments: `mtx_init`, for the prefix `mtx`; NULL if there is none. */
static const char *clash(const Pack *pack) {
	const char *found = NULL;
	for (uint32_t i = 0; i < pack->files.count && !found; i++) {
		const PackFile *file = pack->files.data[i];
		const char *dot = strrchr(file->name, '.'), *at = text_cstr(&file->text);
		bool source = dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0);
		while (source && *at && !found) {
			const char *comment = strncmp(at, "/*", 2) == 0 ? strstr(at, "*/") : NULL;
			size_t length = comment ? (size_t)(comment - at) : 0;
			while (!comment && is_word(at[length])) {
				length++;
			}
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
		if (!itself && (!found || strcmp(entry->d_name, found) < 0)) {
			found = arena_strdup(pack->arena, entry->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

static unsigned long long hash_of_file(const char *path, bool *readable) {
	FILE *file = fopen(path, "rb");
	Arena *arena = arena_new();
	Text text = text_new(arena);
	char piece[4096];
	size_t got;
	while (file && (got = fread(piece, 1, sizeof piece, file)) > 0) {
		text_bytes(&text, piece, got);
	}
	*readable = file && !ferror(file);
	if (file) {
		fclose(file);
	}
	unsigned long long hash = (unsigned long long)hash_bytes(text_cstr(&text), text.length, 0);
	arena_free(arena);
	return hash;
}

/* Why the file `name` may not be replaced; NULL if it may. manifest: of the emission that is there, or NULL. */
static const char *in_the_way(const Pack *pack, const json_t *manifest, const char *name) {
	struct stat info;
	const char *path = inside(pack, name);
	if (lstat(path, &info) != 0) {
		return NULL;
	}
	if (!S_ISREG(info.st_mode)) {
		return "is no regular file";
	}
	if (manifest && strcmp(name, "manifest.json") == 0) {
		return NULL;
	}
	const json_t *entry = json_object_get(json_object_get(manifest, "files"), name);
	const char *hash = json_string_value(json_object_get(entry, "xxh3"));
	if (!hash) {
		return "was not written by an emission";
	}
	if (pack->options->force) {
		return NULL;
	}
	bool readable;
	const char *now = arena_printf(pack->arena, "%016llx", hash_of_file(path, &readable));
	return !readable ? "cannot be read" : strcmp(now, hash) == 0 ? NULL : "was changed since it was emitted";
}

/* May this emission go into the folder? One like it (kind, name and prefix) is replaced where it is as it was written. false with
 * a diagnostic. */
static bool may_write(const Pack *pack, const json_t *own) {
	const char *dir = pack->options->out_dir, *there = first_entry(pack);
	if (!there) {
		return true;
	}
	json_t *manifest = json_load_file(inside(pack, "manifest.json"), JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(manifest) || !json_string_value(json_object_get(manifest, "gradus"))) {
		json_decref(manifest);
		manifest = NULL;
	}
	bool alike = manifest && same_text(manifest, "kind", own) && same_text(manifest, "name", own) &&
	             same_text(manifest, "prefix", own);
	bool ok = alike || pack->options->force;
	if (!ok) {
		Diag *diag = diag_error(pack->session, 814, (Span){0}, "%s holds something else", dir);
		diag_note(pack->session, diag, manifest ? "another emission is there" : "`%s` is there", there);
		diag_help(pack->session, diag, "name another folder with -o, or put it beside what is there with --force");
	}
	for (uint32_t i = 0; ok && i < pack->files.count; i++) {
		const char *name = pack->files.data[i]->name, *why = in_the_way(pack, manifest, name);
		if (why) {
			Diag *diag = diag_error(pack->session, 814, (Span){0}, "%s %s", inside(pack, name), why);
			bool ours = strstr(why, "changed") != NULL;
			diag_help(pack->session, diag,
			          ours ? "move it out of the way, name another folder with -o, or lose the changes with --force"
			               : "move it out of the way, or name another folder with -o");
			ok = false;
		}
	}
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
	Text *out = pack_file(pack, "manifest.json");
	char *json = json_dumps(manifest,
	                        JSON_INDENT(2) | (pack->real == IR_F32 ? JSON_REAL_PRECISION(9) : JSON_REAL_PRECISION(17)));
	text_printf(out, "%s\n", json ? json : "{}");
	free(json);
}

bool pack_write(Pack *pack, void *own) {
	const char *taken = clash(pack), *dir = pack->options->out_dir;
	if (taken) {
		pack_refuse_prefix(pack->session, pack->prefix,
		                   arena_printf(pack->arena, "the standard library has a `%s`", taken));
		json_decref(own);
		return false;
	}
	put_manifest(pack, own);
	bool ok = rt_make_folder(pack->arena, dir);
	if (!ok && errno != EEXIST) {
		json_decref(own);
		return cannot_write(pack, arena_printf(pack->arena, "cannot make %s: %s", dir, strerror(errno)));
	}
	ok = ok || may_write(pack, own);
	json_decref(own);
	for (uint32_t i = 0; ok && i < pack->files.count; i++) {
		const PackFile *file = pack->files.data[i];
		const char *problem =
			rt_write_file(pack->arena, inside(pack, file->name), text_cstr(&file->text), file->text.length);
		ok = !problem || cannot_write(pack, problem);
	}
	return ok;
}
