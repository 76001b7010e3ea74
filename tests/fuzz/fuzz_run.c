/* A run folder, one file of which is any bytes (the first says which): what reads it ends with a message or with what it was
 * to give, and nothing outside the folder is read. */
#include "runtime/command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name, *text;
} files[] = {
	{"run.json",
     "{\"experiment\": \"e\", \"rule\": \"net\", \"precision\": \"f32\", \"sources\": [{\"path\": \"/a/small.grad\", "
     "\"copy\": \"small.grad\"}], \"weights\": [{\"path\": \"w\", \"copy\": \"weights.safetensors\"}]}"},
	{"result.json", "{\"rule\": \"net\", \"evaluations\": 12, \"seconds\": 0.5}"},
	{"rule.grad", "optimizer net() {\n  learn W : [2] from \"weights.safetensors\"\n  x <- x - W[0] * g\n}\n"},
	{"small.grad",
     "import \"rule.grad\"\nexperiment e {\n  train net()\n  on bowl()\n  horizon 5\n  update adam() for 3 steps\n}\n"},
	{"metrics.jsonl", "{\"step\":1,\"score\":2.5,\"select\":3}\n{\"step\":2,\"score\":\"nan\"}\n"},
	{"comparison.json",
     "{\"objective\": \"bowl\", \"test_problems\": 3, \"subject\": \"net\", \"rules\": [{\"label\": \"net\", "
     "\"score\": "
     "{\"mean\": 1}, \"mean_curve\": [3, 2, 1], \"low_curve\": [2, 1, 0], \"high_curve\": [4, 3, 2]}], "
     "\"margin_of_victory\": [{\"mean\": 1, \"low\": 0, \"high\": 2}]}"},
	{"weights.safetensors",
     "\x40\0\0\0\0\0\0\0{\"W\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}          \0\0\0\0\0\0\0\0"},
};
enum { FILES = sizeof files / sizeof *files, WEIGHTS_LENGTH = 8 + 64 + 8 };

static char folder[] = "/tmp/gradus-fuzz-XXXXXX";

static void put(size_t i, const void *bytes, size_t length) {
	Arena *arena = arena_new();
	if (file_write(arena, arena_printf(arena, "%s/%s", folder, files[i].name), bytes, length, false))
		abort();
	arena_free(arena);
}

static void put_good(size_t i) {
	bool weights = !strcmp(files[i].name, "weights.safetensors");
	put(i, files[i].text, weights ? (size_t)WEIGHTS_LENGTH : strlen(files[i].text));
}

static void remove_folder(void) {
	char path[100];
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
		unlink(path);
	}
	rmdir(folder);
}

/* As `minimize --with DIR` and `compare DIR` read it. */
static void read_rule(Session *session) {
	Rt rt = {.session = session};
	StoreInfo info;
	if (!store_folder_read(&rt, folder, &info)) {
		if (!session->error_count)
			abort();
		return;
	}
	FeProgram *program = fe_program_new(session);
	store_use_weights(session, program);
	store_confine(session, program, folder);
	if (fe_add_file(program, info.rule_path))
		fe_check(program);
}

static void read_sources(Session *session) {
	StoreRecord record;
	if (!store_record(session, folder, &record)) {
		if (!session->error_count)
			abort();
		return;
	}
	FeProgram *program = fe_program_new(session);
	store_use_weights(session, program);
	store_confine(session, program, folder);
	for (uint32_t i = 0; i < record.sources.count; i++)
		fe_add_file(program, record.sources.data[i]);
}

static void draw(Session *session) {
	Cmd cmd = {.session = session, .arena = session->arena};
	Plots plots = {0};
	if (cmd_plots_of_run(&cmd, folder, &plots) == CMD_OK) {
		Text out = text_new(cmd.arena), drawing = text_new(cmd.arena);
		for (uint32_t i = 0; i < plots.count; i++)
			plot_terminal(&plots.data[i], 80, 15, true, &out);
		plot_svg(plots.data, (int)plots.count, 0, &drawing);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static bool made;
	if (!made) {
		made = true;
		if (!mkdtemp(folder))
			abort();
		atexit(remove_folder);
		for (size_t i = 0; i < FILES; i++)
			put_good(i);
	}
	if (size == 0)
		return 0;
	size_t which = data[0] % FILES;
	put(which, data + 1, size - 1);
	void (*const readers[])(Session *) = {read_rule, read_sources, draw};
	bool drawn = !strcmp(files[which].name, "metrics.jsonl") || !strcmp(files[which].name, "comparison.json");
	for (size_t i = drawn ? 2 : 0; i < (drawn ? 3 : 2); i++) {
		Session *session = session_new();
		readers[i](session);
		session_free(session);
	}
	put_good(which);
	return 0;
}
