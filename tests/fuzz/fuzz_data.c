/* Any bytes, read as a file of data: refused with a message, or arrays all of whose elements are there and are numbers; and what is
 * described is what is read. The first byte chooses how they are read. */
#include "runtime/data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double sum;

static void look(const DataFile *file) {
	for (uint32_t k = 0; k < file->arrays.count; k++) {
		const DataArray *array = &file->arrays.data[k];
		size_t count = data_count(array);
		for (size_t i = 0; i < count; i++) {
			double value = data_element(array, i);
			if (isnan(value))
				abort();
			sum += value;
		}
		int64_t columns = array->column_words ? (array->rank > 1 ? array->dims[array->rank - 1] : 1) : 0;
		for (int64_t c = 0; c < columns; c++)
			for (uint32_t i = 0; i < array->column_words[c].count; i++)
				sum += (double)strlen(array->column_words[c].texts[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char *const names[] = {"", "x.csv", "x.tsv", "x.npy", "x.npz", "x.idx", "x.safetensors", "x.svm"};
	static const DataColumn columns[] = {{.low = 1, .high = 2}, {.name = "a"}};
	if (size == 0)
		return 0;
	Arena *arena = arena_new();
	uint8_t how = data[0];
	DataRequest request = {.limit = 1 << 24, .raw = (how & 0x38) == 0x38};
	request.column_count = (how & 0xC0) == 0x40 || (how & 0xC0) == 0x80;
	request.columns = &columns[(how & 0xC0) == 0x80];
	DataFile file, described;
	const char *why = data_parse(arena, names[how & 7], data + 1, size - 1, &request, &file);
	if (why && !*why)
		abort();
	request.describe = true;
	const char *other = data_parse(arena, names[how & 7], data + 1, size - 1, &request, &described);
	if (!why) {
		look(&file);
		if (other || (!described.unknown && described.arrays.count != file.arrays.count))
			abort();
		for (uint32_t k = 0; k < described.arrays.count; k++) {
			const DataArray *a = &file.arrays.data[k], *b = &described.arrays.data[k];
			if (a->rank != b->rank || memcmp(a->dims, b->dims, sizeof *a->dims * (size_t)a->rank) != 0 ||
			    a->storage != b->storage)
				abort();
		}
		data_close(&file);
	}
	if (!other)
		data_close(&described);
	arena_free(arena);
	return 0;
}
