/* Delimited text as arrays of numbers, against reading the bytes of the file into memory: what a disk that is fast enough would
 * leave to do. Of numbers as people write them, of small whole numbers (images as CSV), and of all 17 digits. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "bench/bench.h"
#include "runtime/data/data.h"

enum { COLUMNS = 20, BYTES = 8 << 20 };

typedef struct Csv {
	const char *path;
	size_t length;
	double sum; /* of all numbers */
	char *buffer;
} Csv;

static void ours(void *user) {
	Csv *csv = user;
	Arena *arena = arena_new();
	DataRequest request = {0};
	DataFile file;
	const char *why = data_open(arena, csv->path, &request, &file);
	if (why) {
		fprintf(stderr, "bench_data: %s\n", why);
		exit(1);
	}
	data_close(&file);
	arena_free(arena);
}

static void peer(void *user) {
	Csv *csv = user;
	int fd = open(csv->path, O_RDONLY);
	size_t got = 0;
	ssize_t more;
	while ((more = read(fd, csv->buffer + got, csv->length - got)) > 0)
		got += (size_t)more;
	close(fd);
	if (got != csv->length)
		exit(1);
}

static double decimal(unsigned long long *seed) {
	return bench_random(seed) * 200 - 100;
}

static double byte(unsigned long long *seed) {
	return floor(bench_random(seed) * 256);
}

static Csv written(const char *path, const char *format, double (*number)(unsigned long long *seed)) {
	Csv csv = {.path = path, .buffer = bench_memory(BYTES + 4096)};
	FILE *out = fopen(path, "w");
	unsigned long long seed = 1;
	char text[64];
	while (out && csv.length < BYTES) {
		for (int k = 0; k < COLUMNS; k++) {
			int length = snprintf(text, sizeof text, format, number(&seed));
			text[length++] = k + 1 < COLUMNS ? ',' : '\n';
			csv.length += fwrite(text, 1, (size_t)length, out);
			text[length - 1] = '\0';
			csv.sum += strtod(text, NULL);
		}
	}
	if (!out || fclose(out) != 0) {
		fprintf(stderr, "bench_data: cannot write %s\n", path);
		exit(1);
	}
	return csv;
}

/* The numbers are those of the C library. */
static void check(const Csv *csv) {
	Arena *arena = arena_new();
	DataRequest request = {0};
	DataFile file;
	double sum = 0;
	if (!data_open(arena, csv->path, &request, &file)) {
		for (size_t i = 0; i < data_count(&file.arrays.data[0]); i++)
			sum += data_element(&file.arrays.data[0], i);
		data_close(&file);
	}
	arena_free(arena);
	if (sum != csv->sum) {
		fprintf(stderr, "bench_data: the numbers add up to %.17g, not %.17g\n", sum, csv->sum);
		exit(1);
	}
}

static void measure(const char *what, const char *format, double (*number)(unsigned long long *seed)) {
	char path[] = "/tmp/bench-data-XXXXXX";
	int fd = mkstemp(path);
	if (fd >= 0)
		close(fd);
	Csv csv = written(path, format, number);
	check(&csv);
	BenchRatio ratio = bench_ratio((BenchSide){ours, &csv}, (BenchSide){peer, &csv}, (BenchHow){.seconds = 2});
	bench_print(what, "read(2) of the file", ratio);
	printf("%46s %.0f MB/s\n", "", (double)csv.length / ratio.ours / 1e6);
	unlink(path);
	free(csv.buffer);
}

int main(void) {
	measure("CSV of decimals of 6 digits", "%.6g", decimal);
	measure("CSV of whole numbers up to 255", "%.0f", byte);
	measure("CSV of decimals of 17 digits", "%.17g", decimal);
	return 0;
}
