/* A run is a folder: run.json (how it was made), sources/ (what was trained), metrics.jsonl (one line per outer step, the
 * same bytes for the same run), timing.jsonl (outside that promise), rule.grad with its weights, and at the end
 * result.json. Whole files appear under their name only when they are complete.
 *
 * While training goes on, rule.grad is the best rule so far, so that it outlives a kill. Its weights lie in weights-a.safetensors
 * or weights-b.safetensors, whichever rule.grad does not name at that moment: the two change together, by one rename. The
 * last one reads weights.safetensors. Room on the disk for a rule is held from the start, and given up when a rule does not fit:
 * what is learned is worth more than the lines about it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* realpath */
#endif
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/syntax/choose.h"
#include "runtime/store/limits.h"
#include "runtime/store/runfolder.h"

const char *const store_checkpoint_names[2] = {"checkpoint-a", "checkpoint-b"};
static const char *const draft_names[] = {"weights-a.safetensors", "weights-b.safetensors"};

static void set_number(json_t *object, const char *key, double value) {
	json_object_set_new(object, key, rt_json_real(value));
}

/* A string of JSON has to be UTF-8, and a path may be anything. */
static json_t *json_plain(const StoreFolder *folder, const char *bytes) {
	Text text = text_new(folder->arena);
	text_plain(&text, bytes, strlen(bytes), true);
	return json_string(text_cstr(&text));
}

const char *store_in_folder(const StoreFolder *folder, const char *name) {
	return arena_printf(folder->arena, "%s/%s", folder->dir, name);
}

static bool complain(const StoreFolder *folder, const char *error) {
	if (error)
		diag_error(folder->rt->session, 811, (Span){0}, "%s", error);
	return !error;
}

static const char *put_file(StoreFolder *folder, const char *name, const char *bytes, size_t length, bool lasting);

static bool write_json(StoreFolder *folder, const char *name, json_t *root, uint64_t *hash) {
	char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	json_decref(root);
	if (!text)
		return complain(folder, "a text is not UTF-8 and cannot be written as JSON");
	const char *line = arena_printf(folder->arena, "%s\n", text);
	free(text);
	if (hash)
		*hash = hash_bytes(line, strlen(line), 0);
	return complain(folder, put_file(folder, name, line, strlen(line), true));
}

/* "model name" of the first processor; "unknown" where the system does not tell. */
static const char *processor(Arena *arena) {
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[512];
	const char *found = "unknown";
	while (file && fgets(line, sizeof line, file)) {
		char *colon = strchr(line, ':');
		if (colon && strncmp(line, "model name", 10) == 0) {
			line[strcspn(line, "\n")] = 0;
			found = arena_strdup(arena, colon[1] == ' ' ? colon + 2 : colon + 1);
			break;
		}
	}
	if (file)
		fclose(file);
	return found;
}

/* Where choices were made, what the others of a source are called: by their places in the text that was written. NULL: none were. */
static json_t *kept_json(const Session *session, const char *path) {
	json_t *all = NULL;
	for (uint32_t i = 1; i < session->sources.count; i++) {
		const Source *source = session->sources.data[i];
		if (source->derived || strcmp(source->path, path) != 0)
			continue;
		for (const AstKept *kept = source->kept; kept; kept = kept->next) {
			json_t *names = json_array();
			for (uint32_t k = 0; k < kept->count; k++)
				json_array_append_new(names, json_string(kept->names[k]));
			all = all ? all : json_object();
			json_object_set_new(all, session_text(session, kept->rule), names);
		}
	}
	return all;
}

/* Copies the sources; fills the lists with names and hashes. */
static bool copy_sources(StoreFolder *folder, json_t *sources, json_t *weights) {
	if (!store_files(folder->arena, folder->rt, &folder->files) ||
	    !complain(folder, store_files_write(folder->arena, folder->dir, &folder->files))) {
		return false;
	}
	for (uint32_t i = 0; i < folder->files.count; i++) {
		const StoreFile *file = &folder->files.data[i];
		json_t *entry = json_object();
		json_object_set_new(entry, "path", json_plain(folder, file->path));
		json_object_set_new(entry, "copy", json_plain(folder, file->copy));
		unsigned long long hash = (unsigned long long)hash_bytes(file->bytes, file->length, 0);
		json_object_set_new(entry, "xxh3", json_sprintf("%016llx", hash));
		json_t *kept = file->source ? kept_json(folder->rt->session, file->path) : NULL;
		if (kept)
			json_object_set_new(entry, "choices", kept);
		json_array_append_new(file->source ? sources : weights, entry);
	}
	return true;
}

bool store_hash_file(Arena *arena, const char *path, uint64_t *length, uint64_t *hash) {
	const char *why;
	int fd = file_open(arena, path, length, &why);
	if (fd < 0)
		return false;
	void *bytes = *length ? mmap(NULL, (size_t)*length, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	*hash = hash_bytes(bytes ? bytes : "", (size_t)*length, 0);
	if (bytes)
		munmap(bytes, (size_t)*length);
	return true;
}

/* Path, size and hash of the files of data, which stay where they are. */
static json_t *data_json(StoreFolder *folder) {
	json_t *list = json_array();
	for (uint32_t i = 0; i < folder->rt->data.count; i++) {
		const char *path = folder->rt->data.data[i];
		char *full = realpath(path, NULL);
		uint64_t length, hash;
		json_t *entry = json_object();
		json_object_set_new(entry, "path", json_plain(folder, full ? full : path));
		if (store_hash_file(folder->arena, path, &length, &hash)) {
			json_object_set_new(entry, "bytes", json_integer((json_int_t)length));
			json_object_set_new(entry, "xxh3", json_sprintf("%016llx", (unsigned long long)hash));
		}
		json_array_append_new(list, entry);
		free(full);
	}
	return list;
}

bool store_same_data(Rt *rt, const char *dir, const StoreRecord *record) {
	bool same = rt->data.count == record->data.count;
	for (uint32_t i = 0; i < rt->data.count && same; i++) {
		uint64_t length, hash;
		same = store_hash_file(rt->arena, rt->data.data[i], &length, &hash) &&
		       !strcmp(record->data.data[i], arena_printf(rt->arena, "%016llx", (unsigned long long)hash));
		if (same)
			continue;
		Diag *diag = diag_error(rt->session, 808, (Span){0}, "%s cannot be resumed", dir);
		diag_note(rt->session, diag, "%s is not the file that was trained with", rt->data.data[i]);
		return false;
	}
	if (!same)
		diag_error(rt->session, 808, (Span){0}, "%s cannot be resumed: it was trained with other files of data", dir);
	return same;
}

/* Hyperparameters that are learned as well, by the experiment's word or the command line's. */
static json_t *opened_json(const Rt *rt, const FeExperiment *experiment) {
	json_t *list = json_array();
	for (uint32_t i = 0; i < experiment->open.count; i++)
		json_array_append_new(list, json_string(session_text(rt->session, experiment->open.data[i])));
	return list;
}

static bool write_run(StoreFolder *folder, const FeExperiment *experiment, const char *command_line) {
	const Rt *rt = folder->rt;
	json_t *sources = json_array(), *weights = json_array();
	if (!copy_sources(folder, sources, weights)) {
		json_decref(sources);
		json_decref(weights);
		return false;
	}
	json_t *root = json_object();
	json_object_set_new(root, "gradus", json_string(RT_VERSION));
	json_object_set_new(root, "format", json_integer(1));
	json_object_set_new(root, "command", json_plain(folder, command_line));
	json_object_set_new(root, "experiment", json_string(session_text(rt->session, experiment->decl->name.name)));
	json_object_set_new(root, "rule", json_string(session_text(rt->session, experiment->train.decl->name.name)));
	json_object_set_new(root, "estimate", json_string(fe_estimator_name(experiment->estimator)));
	json_object_set_new(root, "window", json_integer(experiment->window));
	json_object_set_new(root, "horizon", json_pack("[i,i]", experiment->horizon_low, experiment->horizon_high));
	json_object_set_new(root, "score", json_string(score_text(folder->arena, experiment->score)));
	json_object_set_new(root, "judged_by",
	                    json_string(score_judge(fe_validates(rt->program, &experiment->on.data[0]))));
	json_object_set_new(root, "learn", opened_json(rt, experiment));
	json_object_set_new(root, "outer_steps", json_integer(experiment->outer_steps));
	json_object_set_new(root, "experiment_seed", json_integer((json_int_t)experiment->seed));
	json_object_set_new(root, "problem_seed", json_integer((json_int_t)rt->options.seed));
	if (experiment->search.proposals > 0)
		json_object_set_new(root, "propose", json_integer((json_int_t)experiment->search.proposals));
	if (experiment->search.taught)
		json_object_set_new(root, "distilled", json_true());
	if (experiment->search.text)
		json_object_set_new(root, "search", json_plain(folder, experiment->search.text));
	json_object_set_new(root, "precision", json_string(rt->options.real == IR_F32 ? "f32" : "f64"));
	json_object_set_new(root, "strict", json_boolean(rt->options.strict));
	json_object_set_new(root, "engine", json_string(rt->options.engine == RT_JIT ? "jit" : "evaluator"));
	json_object_set_new(root, "threads", json_integer(rt_pool_threads(rt->pool)));
	json_object_set_new(root, "processor", json_plain(folder, processor(folder->arena)));
	json_object_set_new(root, "sources", sources);
	json_object_set_new(root, "weights", weights);
	json_object_set_new(root, "data", data_json(folder));
	return write_json(folder, "run.json", root, &folder->run);
}

bool store_folder_metric(StoreFolder *folder, const TrainProgress *progress) {
	json_t *line = json_object();
	json_object_set_new(line, "step", json_integer(progress->step));
	if (progress->seeds > 1)
		json_object_set_new(line, "seed", json_integer(progress->seed));
	set_number(line, "score", progress->last.score);
	set_number(line, "gradient_norm", progress->gradient_norm);
	json_object_set_new(line, "pieces", json_integer(progress->last.pieces));
	json_object_set_new(line, "nonfinite", json_integer(progress->last.nonfinite));
	if (progress->selected) {
		set_number(line, "select", progress->select_score);
		json_object_set_new(line, "select_nonfinite", json_integer(progress->select_nonfinite));
	}
	json_t *timing = json_object();
	json_object_set_new(timing, "step", json_integer(progress->step));
	set_number(timing, "seconds", progress->seconds);
	store_lines_add(&folder->metrics, line);
	store_lines_add(&folder->timing, timing);
	double now = rt_seconds();
	if (!progress->selected && progress->step != progress->steps && now - folder->flushed < store_metric_every)
		return true;
	folder->flushed = now;
	bool ok = store_lines_flush(&folder->metrics);
	ok = store_lines_flush(&folder->timing) && ok;
	return ok || complain(folder, arena_printf(folder->arena, "%s/metrics.jsonl ends before the training does: %s",
	                                           folder->dir, strerror(errno)));
}

/* ---- the folder ---- */

static void refuse_existing(Rt *rt, const char *dir) {
	Diag *diag = diag_error(rt->session, 810, (Span){0}, "%s exists; a run is never overwritten", dir);
	diag_help(rt->session, diag, "name another folder with -o, or remove this one");
}

bool store_folder_possible(Rt *rt, const char *dir) {
	struct stat info;
	if (lstat(dir, &info) == 0) {
		refuse_existing(rt, dir);
		return false;
	}
	/* The deepest folder on the way that exists must let us make another in it. */
	int error = errno;
	const char *above = dir;
	for (size_t length = strlen(dir); error == ENOENT && length > 0;) {
		while (length > 0 && dir[length - 1] == '/')
			length--;
		while (length > 0 && dir[length - 1] != '/')
			length--;
		above = length ? arena_printf(rt->arena, "%.*s", (int)length, dir) : ".";
		error = stat(above, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
	}
	if (!error && faccessat(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS) != 0)
		error = errno;
	if (error)
		diag_error(rt->session, 811, (Span){0}, "cannot make %s: %s", dir, strerror(error));
	return !error;
}

/* false: another process writes into it. The lock ends with the process, however that ends; where a file system has no locks, there is none. */
static bool folder_begin(StoreFolder *folder, Rt *rt, Arena *arena, const char *dir) {
	*folder = (StoreFolder){
		.rt = rt, .arena = arena, .dir = arena_strdup(arena, dir), .reserve = -1, .draft = -1, .checkpoint = -1};
	folder->metrics.fd = folder->timing.fd = -1;
	folder->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder->lock < 0 || flock(folder->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static void refuse_shared(Rt *rt, const char *dir) {
	Diag *diag = diag_error(rt->session, 812, (Span){0}, "%s cannot be used as a run folder", dir);
	diag_note(rt->session, diag, "another process writes it");
}

StoreFolder *store_folder_again(Rt *rt, const char *dir, uint64_t run) {
	Arena *arena = arena_new();
	StoreFolder *folder = ARENA_NEW(arena, StoreFolder);
	if (!folder_begin(folder, rt, arena, dir)) {
		refuse_shared(rt, dir);
		store_folder_close(folder);
		return NULL;
	}
	folder->topmost = folder->dir;
	folder->run = run;
	char *bytes;
	size_t length;
	const char *rule = store_in_folder(folder, "rule.grad");
	if (!store_outside(arena, dir, rule) && !file_read(arena, rule, STORE_MOST_WEIGHTS, false, &bytes, &length))
		folder->draft = strstr(bytes, draft_names[0]) ? 0 : strstr(bytes, draft_names[1]) ? 1 : -1;
	return folder;
}

StoreFolder *store_folder_new(Rt *rt, const char *dir, const FeExperiment *experiment, const char *command_line) {
	const char *topmost;
	if (!folder_make_from(rt->arena, dir, &topmost)) {
		if (errno == EEXIST)
			refuse_existing(rt, dir);
		else
			diag_error(rt->session, 811, (Span){0}, "cannot make %s: %s", dir, strerror(errno));
		return NULL;
	}
	Arena *arena = arena_new();
	StoreFolder *folder = ARENA_NEW(arena, StoreFolder);
	if (!folder_begin(folder, rt, arena, dir)) { /* between making and locking it */
		refuse_shared(rt, dir);
		store_folder_close(folder);
		return NULL;
	}
	folder->topmost = arena_strdup(arena, topmost);
	if (!write_run(folder, experiment, command_line) || !store_lines_open(folder, &folder->metrics, "metrics.jsonl") ||
	    !store_lines_open(folder, &folder->timing, "timing.jsonl")) {
		store_folder_discard(folder);
		return NULL;
	}
	return folder;
}

void store_folder_close(StoreFolder *folder) {
	if (!folder)
		return;
	store_lines_close(&folder->metrics);
	store_lines_close(&folder->timing);
	if (folder->reserve >= 0)
		close(folder->reserve);
	if (folder->lock >= 0)
		close(folder->lock);
	arena_free(folder->arena);
}

static const char *const own_files[] = {"run.json",
                                        "metrics.jsonl",
                                        "timing.jsonl",
                                        "weights-a.safetensors",
                                        "weights-b.safetensors",
                                        "rule.grad",
                                        "result.json",
                                        "weights.safetensors",
                                        "front.grad",
                                        "front.svg",
                                        "checkpoint-a",
                                        "checkpoint-b",
                                        "archive.sqlite",
                                        "archive.sqlite-wal",
                                        "archive.sqlite-shm",
                                        "archive.sqlite-journal"};

bool store_is_own(const char *name) {
	for (size_t i = 0; i < sizeof own_files / sizeof *own_files; i++)
		if (!strcmp(name, own_files[i]))
			return true;
	return !strncmp(name, "sources/", strlen("sources/")) || !strncmp(name, "weights-", strlen("weights-"));
}

void store_folder_discard(StoreFolder *folder) {
	for (size_t i = 0; i < sizeof own_files / sizeof *own_files; i++)
		unlink(store_in_folder(folder, own_files[i]));
	store_files_remove(folder->arena, folder->dir, &folder->files);
	rmdir(folder->dir);
	char *path = arena_strdup(folder->arena, folder->dir);
	for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) >= strlen(folder->topmost);
	     slash = strrchr(path, '/')) {
		*slash = '\0';
		rmdir(path); /* those on the way that were made for it; refused where something else is in one */
	}
	store_folder_close(folder);
}

/* ---- the rule ---- */

/* rule.grad and its weights as bytes. */
typedef struct RuleText {
	Text source;
	char *weights;
	size_t weights_length; /* 0: no tensors */
} RuleText;

static const char *rule_text(const StoreFolder *folder, Arena *arena, const Trained *trained, const double *natural,
                             const char *weights, RuleText *out) {
	Rt *rt = folder->rt;
	const FeRule *rule = trained->tasks[0]->rule;
	Safetensors tensors = {0};
	*out = (RuleText){.source = text_new(arena)};
	text_printf(&out->source,
	            "# `%s` as trained by the experiment `%s`: ", session_text(rt->session, rule->decl->name.name),
	            session_text(rt->session, trained->experiment->decl->name.name));
	if (isfinite(trained->best_score))
		text_printf(&out->source, "the best of %d outer steps is step %d.\n", trained->steps, trained->best_step);
	else
		text_printf(&out->source, "after %d outer steps.\n", trained->best_step);
	store_rule_source(rt, &trained->experiment->train, rule, natural, weights, &out->source, &tensors);
	return tensors.count > 0 ? safetensors_bytes(arena, &tensors, &out->weights, &out->weights_length) : NULL;
}

/* Writes a file of the result; where the disk is full, in the room that was kept for it. */
static const char *put_file(StoreFolder *folder, const char *name, const char *bytes, size_t length, bool lasting) {
	const char *path = store_in_folder(folder, name);
	const char *error = file_write(folder->arena, path, bytes, length, lasting);
	if (error && folder->reserve >= 0) {
		close(folder->reserve);
		folder->reserve = -1;
		error = file_write(folder->arena, path, bytes, length, lasting);
	}
	return error;
}

static const char *put_rule(StoreFolder *folder, const RuleText *rule, const char *weights, bool lasting) {
	const char *error = NULL;
	if (rule->weights_length > 0)
		error = put_file(folder, weights, rule->weights, rule->weights_length, lasting);
	return error ? error : put_file(folder, "rule.grad", text_cstr(&rule->source), rule->source.length, lasting);
}

bool store_folder_best(StoreFolder *folder, const Trained *trained, bool first) {
	Arena *arena = arena_new();
	double *natural = ARENA_ARRAY(arena, double, trained->count + 1);
	int draft = folder->draft == 0;
	RuleText rule;
	bool ok = learned_natural(trained->tasks[0]->rt, trained->tasks[0]->rule, trained->theta, natural);
	ok = ok && complain(folder, rule_text(folder, arena, trained, natural, draft_names[draft], &rule));
	if (ok && first) {
		folder->reserve_bytes = rule.source.length + rule.weights_length + STORE_FOR_RESULT;
		folder->reserve = file_reserve(folder->dir, folder->reserve_bytes);
		ok = folder->reserve >= 0 || errno == EINVAL || errno == EOPNOTSUPP ||
		     complain(folder,
		              arena_printf(folder->arena, "no room for the result in %s: %s", folder->dir, strerror(errno)));
	}
	if (ok) {
		ArenaMark mark = arena_mark(folder->arena);
		const char *error = put_rule(folder, &rule, draft_names[draft], false);
		if (!error) {
			folder->draft = draft;
			arena_release(folder->arena, mark);
		} else if (first) {
			ok = complain(folder, error);
		} else {
			ok = false;
		}
	}
	if (folder->reserve < 0 && folder->reserve_bytes > 0)
		folder->reserve = file_reserve(folder->dir, folder->reserve_bytes);
	arena_free(arena);
	return ok;
}

static bool write_result(StoreFolder *folder, const Trained *trained) {
	json_t *root = json_object();
	json_object_set_new(root, "rule",
	                    json_string(session_text(folder->rt->session, trained->tasks[0]->rule->decl->name.name)));
	json_object_set_new(root, "learned_numbers", json_integer(trained->count));
	json_object_set_new(root, "horizon",
	                    json_pack("[i,i]", trained->experiment->horizon_low, trained->experiment->horizon_high));
	json_object_set_new(root, "coordinates", json_integer((json_int_t)trained->tasks[0]->objective->size));
	json_object_set_new(root, "steps", json_integer(trained->steps));
	json_object_set_new(root, "best_step", json_integer(trained->best_step));
	if (trained->experiment->seeds > 1)
		json_object_set_new(root, "best_seed",
		                    json_integer((json_int_t)trained->experiment->seed + trained->best_seed));
	set_number(root, "best_select_score", trained->best_score);
	set_number(root, "start_select_score", trained->start_score);
	json_object_set_new(root, "pieces", json_integer(trained->pieces));
	json_object_set_new(root, "nonfinite", json_integer(trained->nonfinite));
	json_object_set_new(root, "evaluations", json_integer(trained->evaluations));
	json_object_set_new(root, "interrupted", json_boolean(trained->interrupted));
	json_object_set_new(root, "diverged", json_boolean(trained->diverged));
	set_number(root, "memory_bytes", trained->memory_bytes);
	set_number(root, "seconds", trained->seconds);
	set_number(root, "compile_seconds", trained->compile_seconds);
	return write_json(folder, "result.json", root, NULL);
}

bool store_folder_result(StoreFolder *folder, const Trained *trained, bool *rule_saved) {
	static const char weights[] = "weights.safetensors";
	RuleText rule;
	const char *error = rule_text(folder, folder->arena, trained, trained->natural, weights, &rule);
	*rule_saved = complain(folder, error ? error : put_rule(folder, &rule, weights, true));
	if (!*rule_saved)
		return false;
	for (int i = 0; i < 2; i++)
		unlink(store_in_folder(folder, draft_names[i]));
	folder->draft = -1;
	return write_result(folder, trained);
}

static const char *put_found(StoreFolder *folder, const StoreFound *found, bool lasting) {
	const char *error = NULL;
	for (uint32_t i = 0; found->weights && i < found->weights->count && !error; i++) {
		const StoreWeights *one = &found->weights->data[i];
		error = put_file(folder, one->name, one->bytes, one->length, lasting);
	}
	if (!error && found->front)
		error = put_file(folder, "front.grad", found->front, strlen(found->front), lasting);
	return error ? error : put_file(folder, "rule.grad", found->rule, strlen(found->rule), lasting);
}

bool store_folder_so_far(StoreFolder *folder, const StoreFound *found, bool first) {
	if (folder->reserve_bytes == 0) {
		size_t front = found->front ? strlen(found->front) : 0;
		folder->reserve_bytes = 2 * (strlen(found->rule) + front) + STORE_FOR_RESULT;
		folder->reserve = file_reserve(folder->dir, folder->reserve_bytes);
	}
	ArenaMark mark = arena_mark(folder->arena);
	const char *error = put_found(folder, found, false);
	if (error)
		return first ? complain(folder, error) : false;
	arena_release(folder->arena, mark);
	if (folder->reserve < 0)
		folder->reserve = file_reserve(folder->dir, folder->reserve_bytes);
	return true;
}

bool store_folder_found(StoreFolder *folder, const StoreFound *found, bool *rule_saved) {
	*rule_saved = complain(folder, put_found(folder, found, true));
	json_t *root = json_object();
	json_object_set_new(root, "rule", json_string(found->rule_name));
	json_object_set_new(root, "horizon", json_pack("[i,i]", found->horizon_low, found->horizon_high));
	json_object_set_new(root, "coordinates", json_integer((json_int_t)found->coordinates));
	json_object_set_new(root, "evaluations", json_integer((json_int_t)found->evaluations));
	set_number(root, "seconds", found->seconds);
	set_number(root, "compile_seconds", found->compile_seconds);
	json_object_set_new(root, "search", found->search);
	if (*rule_saved)
		return write_json(folder, "result.json", root, NULL);
	json_decref(root);
	return false;
}

void store_folder_print(StoreFolder *folder, const Trained *trained, Text *out) {
	RuleText rule;
	if (rule_text(folder, folder->arena, trained, trained->natural, "weights.safetensors", &rule))
		return;
	text_bytes(out, text_cstr(&rule.source), rule.source.length);
	const FeRule *learned = trained->tasks[0]->rule;
	for (uint32_t i = 0; i < learned->learned.count; i++) {
		const FeSlot *slot = &learned->learned.data[i].slot;
		if (slot->type.rank == 0)
			continue;
		text_printf(out, "# %s, row by row:", session_text(folder->rt->session, slot->name));
		for (int64_t k = 0; k < slot->count; k++) {
			text_printf(out, k % 8 == 0 ? "\n#  " : " ");
			text_real(out, trained->natural[slot->offset + k], learned->real == IR_F32);
		}
		text_char(out, '\n');
	}
}
