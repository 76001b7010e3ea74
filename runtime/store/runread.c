/* Reading run folders, and putting files into those that are there. They are sent around, so nothing in one is believed: every text is checked before it is used, and
 * files are read only where they really lie inside the folder, whatever `..`, absolute paths and symbolic links say. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* realpath */
#endif
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/syntax/choose.h"
#include "runtime/store/limits.h"
#include "runtime/store/runfolder.h"

const char *store_outside(Arena *arena, const char *dir, const char *path) {
	char real_dir[PATH_MAX], real[PATH_MAX];
	if (!realpath(dir, real_dir))
		return strerror(errno);
	if (!realpath(path, real))
		return errno == ENOENT ? NULL : strerror(errno);
	size_t length = strlen(real_dir);
	bool inside = strncmp(real, real_dir, length) == 0 && (real[length] == '/' || !strcmp(real_dir, "/"));
	return inside ? NULL : arena_printf(arena, "it leads out of the run folder %s", dir);
}

static bool refuse(Session *session, const char *dir, const char *what, const char *why) {
	Diag *diag = diag_error(session, 812, (Span){0}, "%s cannot be used as a run folder", dir);
	diag_note(session, diag, "%s: %s", what, why);
	return false;
}

bool store_may_put(Session *session, const char *dir, const char *name) {
	const char *why = file_unsafe(arena_printf(session->arena, "%s/%s", dir, name));
	return !why || refuse(session, dir, name, why);
}

FilePut store_put(Session *session, const char *dir, const char *name, const char *bytes, size_t length,
                  bool only_new) {
	const char *why, *path = arena_printf(session->arena, "%s/%s", dir, name);
	FilePut put = file_put_in(session->arena, path, bytes, length, only_new, &why);
	if (put == FILE_UNSAFE)
		refuse(session, dir, name, why);
	else if (put == FILE_NOT_PUT)
		diag_error(session, 811, (Span){0}, "%s", why);
	return put;
}

/* DIR/name as a JSON object, and the hash of its bytes (may be NULL); NULL with *why. */
static json_t *read_object(Arena *arena, const char *dir, const char *name, const char **why, uint64_t *hash) {
	const char *path = arena_printf(arena, "%s/%s", dir, name);
	char *bytes = NULL;
	size_t length = 0;
	*why = store_outside(arena, dir, path);
	*why = *why ? *why : file_read(arena, path, STORE_MOST_JSON, false, &bytes, &length);
	if (*why)
		return NULL;
	if (hash)
		*hash = hash_bytes(bytes, length, 0);
	json_error_t where;
	json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root)) {
		*why = root ? "it is no JSON object" : arena_printf(arena, "line %d: %s", where.line, where.text);
		json_decref(root);
		return NULL;
	}
	return root;
}

/* A text of an object, copied; NULL if there is none, or it is not a single line. */
static const char *line_of(Arena *arena, const json_t *object, const char *key) {
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	if (!text || !*text || strlen(text) != json_string_length(value))
		return NULL;
	for (size_t i = 0, length = strlen(text); i < length;) {
		uint32_t c;
		i += text_decode(text + i, length - i, &c);
		if (!text_is_plain(c))
			return NULL;
	}
	return arena_strdup(arena, text);
}

/* A copy that is not the file that was trained with may be used, but not unsaid. */
static void check_hash(Session *session, const char *dir, const json_t *entry) {
	const char *copy = line_of(session->arena, entry, "copy"),
			   *hash = json_string_value(json_object_get(entry, "xxh3"));
	const char *path = copy && hash ? arena_printf(session->arena, "%s/%s", dir, copy) : NULL;
	if (!path || store_outside(session->arena, dir, path))
		return; /* refused elsewhere, if it is needed */
	Arena *arena = arena_new();
	char *bytes;
	size_t length;
	if (!file_read(arena, path, STORE_MOST_WEIGHTS, false, &bytes, &length) &&
	    strcmp(arena_printf(arena, "%016llx", (unsigned long long)hash_bytes(bytes, length, 0)), hash) != 0) {
		Diag *diag = diag_warning(session, 817, (Span){0}, "%s is not the file that was trained with", path);
		diag_note(session, diag, "run.json has the hash %s of it", hash);
	}
	arena_free(arena);
}

static void check_hashes(Session *session, const char *dir, const json_t *root) {
	static const char *const lists[] = {"sources", "weights"};
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		const json_t *list = json_object_get(root, lists[k]);
		for (size_t i = 0; i < json_array_size(list); i++)
			check_hash(session, dir, json_array_get(list, i));
	}
}

/* Paths of the copies in run.json's list; false with *why. */
static bool read_copies(Arena *arena, const char *dir, const json_t *list, StoreRecord *out, const char **why) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *copy = line_of(arena, json_array_get(list, i), "copy");
		if (!copy) {
			*why = "one of its sources has no copy";
			return false;
		}
		const char *path = arena_printf(arena, "%s/%s", dir, copy);
		const char *leads = store_outside(arena, dir, path);
		if (leads) {
			*why = arena_printf(arena, "%s: %s", copy, leads);
			return false;
		}
		vec_push(arena, &out->sources, path);
	}
	*why = out->sources.count ? NULL : "it lists no sources";
	return out->sources.count > 0;
}

/* [low, high] of the steps that were trained for; zeros if they are not there or make no sense. */
static void read_horizon(const json_t *root, int *low, int *high) {
	const json_t *horizon = json_object_get(root, "horizon");
	int64_t from = json_integer_value(json_array_get(horizon, 0)), to = json_integer_value(json_array_get(horizon, 1));
	bool sound = from >= 1 && from <= to && to <= INT32_MAX;
	*low = sound ? (int)from : 0;
	*high = sound ? (int)to : 0;
}

/* Texts of a list, or of one key of its objects. */
static void read_texts(Arena *arena, const json_t *list, const char *key, StoreTexts *out) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		json_t *holder = key ? NULL : json_pack("{s:O}", "text", entry);
		const char *text = line_of(arena, key ? entry : holder, key ? key : "text");
		vec_push(arena, out, text ? text : "");
		json_decref(holder);
	}
}

/* Under which conditions it was run. */
static void read_conditions(Arena *arena, const json_t *root, StoreRecord *out) {
	int64_t steps = json_integer_value(json_object_get(root, "outer_steps"));
	out->outer_steps = steps >= 1 && steps <= INT32_MAX ? (int)steps : 0;
	out->experiment_seed = json_integer_value(json_object_get(root, "experiment_seed"));
	out->problem_seed = json_integer_value(json_object_get(root, "problem_seed"));
	out->distilled = json_is_true(json_object_get(root, "distilled"));
	out->proposals = json_integer_value(json_object_get(root, "propose"));
	const char *search = json_string_value(json_object_get(root, "search"));
	out->search = search ? arena_strdup(arena, search) : NULL;
	out->strict = json_is_true(json_object_get(root, "strict"));
	const char *engine = line_of(arena, root, "engine");
	out->evaluator = engine && !strcmp(engine, "evaluator");
	read_texts(arena, json_object_get(root, "learn"), NULL, &out->learn);
	read_texts(arena, json_object_get(root, "data"), "xxh3", &out->data);
}

bool store_record(Session *session, const char *dir, StoreRecord *out) {
	Arena *arena = session->arena;
	const char *why;
	*out = (StoreRecord){0};
	json_t *root = read_object(arena, dir, "run.json", &why, &out->run);
	if (!root)
		return refuse(session, dir, "run.json", why);
	out->experiment = line_of(arena, root, "experiment");
	out->rule = line_of(arena, root, "rule");
	out->precision = line_of(arena, root, "precision");
	read_horizon(root, &out->horizon_low, &out->horizon_high);
	read_conditions(arena, root, out);
	bool known = out->precision && (!strcmp(out->precision, "f32") || !strcmp(out->precision, "f64"));
	bool ok = read_copies(arena, dir, json_object_get(root, "sources"), out, &why);
	if (ok && (!out->experiment || !out->rule || !known)) {
		why = "it lacks an experiment, a rule or a precision";
		ok = false;
	}
	if (ok)
		check_hashes(session, dir, root);
	json_decref(root);
	return ok || refuse(session, dir, "run.json", why);
}

/* A cost in result.json: a number that is there and makes sense. */
static bool is_cost(const json_t *value) {
	return json_is_number(value) && json_number_value(value) >= 0;
}

bool store_folder_read(Rt *rt, const char *dir, StoreInfo *out) {
	Session *session = rt->session;
	Arena *arena = session->arena;
	const char *why, *leads;
	*out = (StoreInfo){.rule_path = arena_printf(arena, "%s/rule.grad", dir), .training_evaluations = -1};
	out->training_seconds = (double)NAN;
	uint64_t length;
	json_t *root = read_object(arena, dir, "result.json", &why, NULL);
	if (root) {
		const json_t *evaluations = json_object_get(root, "evaluations"), *seconds = json_object_get(root, "seconds");
		out->rule_name = line_of(arena, root, "rule");
		bool sound = out->rule_name && json_is_integer(evaluations) && is_cost(evaluations) && is_cost(seconds);
		out->training_evaluations = json_integer_value(evaluations);
		out->training_seconds = json_number_value(seconds);
		read_horizon(root, &out->horizon_low, &out->horizon_high);
		int64_t coordinates = json_integer_value(json_object_get(root, "coordinates"));
		out->coordinates = coordinates > 0 ? coordinates : 0;
		out->finished = true;
		json_decref(root);
		if (!sound)
			return refuse(session, dir, "result.json", "it lacks the name of a rule, or what training cost");
	} else if (strcmp(why, strerror(ENOENT)) != 0) {
		return refuse(session, dir, "result.json", why);
	} else {
		StoreRecord record; /* it was killed: rule.grad is the best so far */
		if (!store_record(session, dir, &record))
			return false;
		out->rule_name = record.rule;
		out->horizon_low = record.horizon_low;
		out->horizon_high = record.horizon_high;
	}
	leads = store_outside(arena, dir, out->rule_path);
	int fd = leads ? -1 : file_open(arena, out->rule_path, &length, &leads);
	if (fd < 0)
		return refuse(session, dir, "rule.grad", leads);
	close(fd);
	return true;
}

bool store_finished(Session *session, const char *dir, bool *finished) {
	const char *why;
	json_t *root = read_object(session->arena, dir, "result.json", &why, NULL);
	*finished = root && !json_is_true(json_object_get(root, "interrupted"));
	json_decref(root);
	struct stat info; /* a checkpoint stays where something could not be written */
	for (int i = 0; i < 2; i++)
		*finished =
			*finished && lstat(arena_printf(session->arena, "%s/%s", dir, store_checkpoint_names[i]), &info) != 0;
	return root || strcmp(why, strerror(ENOENT)) == 0 || refuse(session, dir, "result.json", why);
}

/* ---- imports of a run's sources ---- */

typedef struct Confined {
	Arena *arena;
	const char *dir;
	VEC(const char *) paths, copies; /* sources and weights as they were named when the run was made, and now */
} Confined;

static const char *find(void *context, const char *by, const char *path, const char **problem) {
	const Confined *confined = context;
	size_t length = strlen(confined->dir);
	if (strncmp(by, confined->dir, length) != 0 || by[length] != '/')
		return path; /* a file of the user's */
	for (uint32_t i = 0; path[0] == '/' && i < confined->paths.count; i++) {
		if (!strcmp(confined->paths.data[i], path)) {
			path = confined->copies.data[i];
			break;
		}
	}
	*problem = store_outside(confined->arena, confined->dir, path);
	if (*problem || strncmp(path, confined->dir, length) != 0)
		return *problem ? NULL : path;
	/* `sub/../x.grad` where nothing that lies in sub was needed: the copy has no such folder. */
	return arena_printf(confined->arena, "%s%s", confined->dir, store_normal_path(confined->arena, path + length));
}

void store_confine(Session *session, FeProgram *program, const char *dir) {
	Arena *arena = session->arena;
	Confined *confined = ARENA_NEW(arena, Confined);
	confined->arena = arena;
	confined->dir = dir;
	const char *why;
	json_t *root = read_object(arena, dir, "run.json", &why, NULL);
	static const char *const lists[] = {"sources", "weights"};
	for (size_t k = 0; k < 2; k++) {
		const json_t *list = json_object_get(root, lists[k]);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *path = line_of(arena, json_array_get(list, i), "path");
			const char *copy = line_of(arena, json_array_get(list, i), "copy");
			if (path && copy && path[0] == '/') {
				vec_push(arena, &confined->paths, path);
				vec_push(arena, &confined->copies, (const char *)arena_printf(arena, "%s/%s", dir, copy));
			}
		}
	}
	json_decref(root);
	fe_set_finder(program, find, confined);
}

/* ---- choices of a run's sources ---- */

static bool is_word(const char *text) {
	size_t length = text ? strlen(text) : 0;
	for (size_t i = 0; i < length; i++)
		if (!(text[i] == '_' || (text[i] >= '0' && text[i] <= '9') || ((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z')))
			return false;
	return length > 0;
}

static const AstKept *kept_of(Session *session, const char *rule, const json_t *names, const AstKept *next) {
	Arena *arena = session->arena;
	AstKept *kept = ARENA_NEW(arena, AstKept);
	*kept = (AstKept){.rule = session_name(session, rule), .next = next};
	kept->names = ARENA_ARRAY(arena, const char *, json_array_size(names) + 1);
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (!is_word(name))
			return next;
		kept->names[kept->count++] = arena_strdup(arena, name);
	}
	return kept;
}

void store_name_choices(Session *session, const char *dir) {
	Arena *arena = session->arena;
	const char *why, *rule;
	json_t *root = read_object(arena, dir, "run.json", &why, NULL), *names;
	const json_t *list = json_object_get(root, "sources");
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *choices = json_object_get(json_array_get(list, i), "choices");
		const char *copy = line_of(arena, json_array_get(list, i), "copy");
		const char *path = copy ? arena_printf(arena, "%s/%s", dir, copy) : "";
		for (uint32_t k = 1; choices && k < session->sources.count; k++) {
			Source *source = session->sources.data[k];
			if (strcmp(source->path, path) != 0)
				continue;
			json_object_foreach(choices, rule, names) source->kept = kept_of(session, rule, names, source->kept);
		}
	}
	json_decref(root);
}
