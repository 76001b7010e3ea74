/* A run is a folder: run.json (how it was made), sources/ (what was trained), metrics.jsonl (one line per outer step, the
 * same bytes for the same run), timing.jsonl (outside that promise), and at the end rule.grad, weights.safetensors and
 * result.json. Whole files appear under their name only when they are complete. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/runtime.h"

struct RtRunFolder {
	Rt *rt;
	Arena *arena;
	const char *dir;
	FILE *metrics, *timing;
	VEC(const char *) copies; /* of sources */
};

static void set_number(json_t *object, const char *key, double value) {
	if (isfinite(value)) {
		json_object_set_new(object, key, json_real(value));
	} else {
		json_object_set_new(object, key, json_string(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"));
	}
}

static const char *in_folder(const RtRunFolder *folder, const char *name) {
	return arena_printf(folder->arena, "%s/%s", folder->dir, name);
}

static bool complain(const RtRunFolder *folder, const char *error) {
	if (error) {
		diag_error(folder->rt->session, 811, (Span){0}, "%s", error);
	}
	return !error;
}

static bool write_json(const RtRunFolder *folder, const char *name, json_t *root) {
	char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	json_decref(root);
	if (!text) {
		return complain(folder, "a text is not UTF-8 and cannot be written as JSON");
	}
	const char *line = arena_printf(folder->arena, "%s\n", text);
	free(text);
	return complain(folder, rt_write_file(folder->arena, in_folder(folder, name), line, strlen(line)));
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
	if (file) {
		fclose(file);
	}
	return found;
}

/* Copies every source of the user; fills `list` with names and hashes. */
static bool copy_sources(RtRunFolder *folder, json_t *list) {
	const Session *session = folder->rt->session;
	if (mkdir(in_folder(folder, "sources"), 0777) != 0) {
		return complain(folder,
		                arena_printf(folder->arena, "cannot make %s/sources: %s", folder->dir, strerror(errno)));
	}
	for (uint32_t i = 1; i < session->sources.count; i++) {
		const Source *source = session->sources.data[i];
		if (source->path[0] == '<') {
			continue; /* the library, and texts from the command line */
		}
		const char *slash = strrchr(source->path, '/');
		const char *name = arena_printf(folder->arena, "sources/%s", slash ? slash + 1 : source->path);
		struct stat info;
		if (stat(in_folder(folder, name), &info) == 0) {
			name = arena_printf(folder->arena, "sources/%u-%s", (unsigned)i, slash ? slash + 1 : source->path);
		}
		if (!complain(folder, rt_write_file(folder->arena, in_folder(folder, name), source->text, source->length))) {
			return false;
		}
		vec_push(folder->arena, &folder->copies, in_folder(folder, name));
		json_t *entry = json_object();
		json_object_set_new(entry, "path", json_string(source->path));
		json_object_set_new(entry, "copy", json_string(name));
		unsigned long long hash = (unsigned long long)hash_bytes(source->text, source->length, 0);
		json_object_set_new(entry, "xxh3", json_sprintf("%016llx", hash));
		json_array_append_new(list, entry);
	}
	return true;
}

static bool write_run(RtRunFolder *folder, const FeExperiment *experiment, const char *command_line) {
	static const char *const estimators[] = {"backprop", "es", "pes", "forward", "truncated_es"};
	const Rt *rt = folder->rt;
	json_t *sources = json_array();
	if (!copy_sources(folder, sources)) {
		json_decref(sources);
		return false;
	}
	json_t *root = json_object();
	json_object_set_new(root, "gradus", json_string(RT_VERSION));
	json_object_set_new(root, "format", json_integer(1));
	json_object_set_new(root, "command", json_string(command_line));
	json_object_set_new(root, "experiment", json_string(session_text(rt->session, experiment->decl->name.name)));
	json_object_set_new(root, "rule", json_string(session_text(rt->session, experiment->train.decl->name.name)));
	json_object_set_new(root, "estimate", json_string(estimators[experiment->estimator]));
	json_object_set_new(root, "window", json_integer(experiment->window));
	json_object_set_new(root, "outer_steps", json_integer(experiment->outer_steps));
	json_object_set_new(root, "experiment_seed", json_integer((json_int_t)experiment->seed));
	json_object_set_new(root, "problem_seed", json_integer((json_int_t)rt->options.seed));
	json_object_set_new(root, "precision", json_string(rt->options.real == IR_F32 ? "f32" : "f64"));
	json_object_set_new(root, "strict", json_boolean(rt->options.strict));
	json_object_set_new(root, "engine", json_string(rt->options.engine == RT_JIT ? "jit" : "evaluator"));
	json_object_set_new(root, "threads", json_integer(rt_pool_threads(rt->pool)));
	json_object_set_new(root, "processor", json_string(processor(folder->arena)));
	json_object_set_new(root, "sources", sources);
	return write_json(folder, "run.json", root);
}

static FILE *open_lines(const RtRunFolder *folder, const char *name) {
	FILE *file = fopen(in_folder(folder, name), "w");
	if (!file) {
		complain(folder, arena_printf(folder->arena, "cannot write %s/%s: %s", folder->dir, name, strerror(errno)));
	}
	return file;
}

RtRunFolder *rt_run_folder_new(Rt *rt, const char *dir, const FeExperiment *experiment, const char *command_line) {
	if (!rt_make_folder(rt->arena, dir)) {
		if (errno == EEXIST) {
			Diag *diag = diag_error(rt->session, 810, (Span){0}, "%s exists; a run is never overwritten", dir);
			diag_help(rt->session, diag, "name another folder with -o, or remove this one");
		} else {
			diag_error(rt->session, 811, (Span){0}, "cannot make %s: %s", dir, strerror(errno));
		}
		return NULL;
	}
	Arena *arena = arena_new();
	RtRunFolder *folder = ARENA_NEW(arena, RtRunFolder);
	*folder = (RtRunFolder){.rt = rt, .arena = arena, .dir = arena_strdup(arena, dir)};
	bool ok = write_run(folder, experiment, command_line);
	folder->metrics = ok ? open_lines(folder, "metrics.jsonl") : NULL;
	folder->timing = ok ? open_lines(folder, "timing.jsonl") : NULL;
	if (!folder->metrics || !folder->timing) {
		rt_run_folder_close(folder);
		return NULL;
	}
	return folder;
}

static bool put_line(FILE *file, json_t *object, bool flush) {
	bool ok = json_dumpf(object, file, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0 && fputc('\n', file) != EOF;
	json_decref(object);
	return ok && (!flush || fflush(file) == 0);
}

bool rt_run_folder_metric(RtRunFolder *folder, const RtProgress *progress) {
	json_t *line = json_object();
	json_object_set_new(line, "step", json_integer(progress->step));
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
	bool flush = progress->selected || progress->step == progress->steps;
	bool ok = put_line(folder->metrics, line, flush);
	ok = put_line(folder->timing, timing, flush) && ok;
	return ok || complain(folder, arena_printf(folder->arena, "cannot write %s/metrics.jsonl: %s", folder->dir,
	                                           strerror(errno)));
}

const char *rt_run_folder_rule(const RtRunFolder *folder) {
	return in_folder(folder, "rule.grad");
}

bool rt_run_folder_result(RtRunFolder *folder, const RtTrained *trained) {
	Rt *rt = folder->rt;
	const FeRule *rule = trained->tasks[0]->rule;
	const char *name = session_text(rt->session, rule->decl->name.name);
	Text source = text_new(folder->arena);
	RtTensors tensors = {0};
	const char *experiment = session_text(rt->session, trained->experiment->decl->name.name);
	text_printf(&source, "# `%s` as trained by the experiment `%s`: ", name, experiment);
	if (isfinite(trained->best_score)) {
		text_printf(&source, "the best of %d outer steps is step %d.\n", trained->steps, trained->best_step);
	} else {
		text_printf(&source, "after %d outer steps.\n", trained->best_step);
	}
	rt_rule_source(rt, &trained->experiment->train, rule, trained->natural, "weights.safetensors", &source, &tensors);
	const char *error = NULL;
	if (tensors.count > 0) {
		error = rt_safetensors_write(folder->arena, in_folder(folder, "weights.safetensors"), &tensors);
	}
	if (!error) {
		error = rt_write_file(folder->arena, rt_run_folder_rule(folder), text_cstr(&source), source.length);
	}
	if (!complain(folder, error)) {
		return false;
	}
	json_t *root = json_object();
	json_object_set_new(root, "rule", json_string(name));
	json_object_set_new(root, "learned_numbers", json_integer(trained->count));
	json_object_set_new(root, "horizon",
	                    json_pack("[i,i]", trained->experiment->horizon_low, trained->experiment->horizon_high));
	json_object_set_new(root, "coordinates", json_integer((json_int_t)trained->tasks[0]->objective->size));
	json_object_set_new(root, "steps", json_integer(trained->steps));
	json_object_set_new(root, "best_step", json_integer(trained->best_step));
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
	return write_json(folder, "result.json", root);
}

void rt_run_folder_close(RtRunFolder *folder) {
	if (!folder) {
		return;
	}
	if (folder->metrics) {
		fclose(folder->metrics);
	}
	if (folder->timing) {
		fclose(folder->timing);
	}
	arena_free(folder->arena);
}

void rt_run_folder_discard(RtRunFolder *folder) {
	static const char *const files[] = {"run.json", "metrics.jsonl", "timing.jsonl"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		unlink(in_folder(folder, files[i]));
	}
	for (uint32_t i = 0; i < folder->copies.count; i++) {
		unlink(folder->copies.data[i]);
	}
	rmdir(in_folder(folder, "sources"));
	rmdir(folder->dir);
	rt_run_folder_close(folder);
}

bool rt_run_folder_read(Rt *rt, const char *dir, RtRunInfo *out) {
	const char *path = arena_printf(rt->arena, "%s/result.json", dir);
	json_error_t where;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	const char *rule = json_string_value(json_object_get(root, "rule"));
	if (!rule) {
		Diag *diag = diag_error(rt->session, 812, (Span){0}, "%s is not the folder of a finished run", dir);
		diag_note(rt->session, diag, root ? "%s lacks the name of a rule" : "%s cannot be read", path);
		json_decref(root);
		return false;
	}
	*out = (RtRunInfo){.rule_path = arena_printf(rt->arena, "%s/rule.grad", dir),
	                   .rule_name = arena_strdup(rt->arena, rule)};
	out->training_evaluations = json_integer_value(json_object_get(root, "evaluations"));
	out->training_seconds = json_number_value(json_object_get(root, "seconds"));
	const json_t *horizon = json_object_get(root, "horizon");
	int64_t low = json_integer_value(json_array_get(horizon, 0)), high = json_integer_value(json_array_get(horizon, 1));
	if (low >= 1 && low <= high && high <= INT32_MAX) {
		out->horizon_low = (int)low;
		out->horizon_high = (int)high;
	}
	int64_t coordinates = json_integer_value(json_object_get(root, "coordinates"));
	out->coordinates = coordinates > 0 ? coordinates : 0;
	json_decref(root);
	return true;
}
