/* replay DIR: what fuzzing found, given to its target (a fuzz_*.c that this is linked with) without libFuzzer. No input may take
 * over 10 s of this process, or let it grow over 1 GB; all else is for the target and the sanitizers to say. */
#include "base/base.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECONDS = 10, MOST_KB = 1 << 20, MOST_BYTES = 1 << 20 };

static int replay(Arena *arena, const char *path) {
	char *bytes;
	size_t length;
	const char *error = file_read(arena, path, MOST_BYTES, false, &bytes, &length);
	if (error) {
		fprintf(stderr, "%s: %s\n", path, error);
		return 1;
	}
	/* What is told when it crashes. */
	fprintf(stderr, "%s\n", path);
	/* A copy of its own, so that reading past its end is seen. */
	uint8_t *data = memory_new(length);
	memcpy(data, bytes, length);
	struct rlimit time;
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	getrlimit(RLIMIT_CPU, &time);
	time.rlim_cur = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + SECONDS + 1;
	setrlimit(RLIMIT_CPU, &time);
	LLVMFuzzerTestOneInput(data, length);
	free(data);
	getrusage(RUSAGE_SELF, &used);
	if (used.ru_maxrss <= MOST_KB)
		return 0;
	fprintf(stderr, "%s: takes %ld MB\n", path, used.ru_maxrss / 1024);
	return 1;
}

int main(int count, char **words) {
	DIR *folder = count == 2 ? opendir(words[1]) : NULL;
	if (!folder) {
		fprintf(stderr, "replay: a folder of inputs is needed\n");
		return 2;
	}
	Arena *arena = arena_new();
	int inputs = 0, bad = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		bad += replay(arena, arena_printf(arena, "%s/%s", words[1], entry->d_name));
		inputs++;
	}
	closedir(folder);
	arena_free(arena);
	if (!inputs)
		fprintf(stderr, "replay: nothing is in %s\n", words[1]);
	return bad || !inputs;
}
