/* Tensors in files: what is written reads back to the bit, and no damaged file is believed. */
#include "tests/unit/tensor_file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *temporary_name(void) {
	char *name = strdup("/tmp/gradus-tensors-XXXXXX");
	int fd = mkstemp(name);
	cr_assert(fd >= 0);
	close(fd);
	return name;
}

Test(rt_safetensors, round_trip) {
	Arena *arena = arena_new();
	char *path = temporary_name();
	double wide[] = {0.1, -0.0, 1e-310, (double)INFINITY, -7, 3.141592653589793}, narrow[] = {0.5, -1.25}, one[] = {42};
	Safetensor items[] = {
		{.name = "W1", .scalar = IR_F64, .rank = 2, .dims = {2, 3}, .values = wide},
		{.name = "b\"\\\xc3\xa9", .scalar = IR_F32, .rank = 1, .dims = {2}, .values = narrow},
		{.name = "scalar", .scalar = IR_F64, .rank = 0, .values = one},
		{.name = "empty", .scalar = IR_F32, .rank = 2, .dims = {0, 4}, .values = one},
	};
	Safetensors written = {4, items}, read;
	char *bytes;
	size_t length;
	const char *error = safetensors_bytes(arena, &written, &bytes, &length);
	cr_assert(!error, "%s", error);
	cr_assert(!file_write(arena, path, bytes, length, false));
	error = tensor_file_read(arena, path, &read);
	cr_assert(!error, "%s", error);
	cr_assert(read.count == written.count);
	for (uint32_t k = 0; k < read.count; k++) {
		const Safetensor *from = &items[k], *to = NULL;
		for (uint32_t i = 0; i < read.count; i++)
			to = strcmp(read.items[i].name, from->name) == 0 ? &read.items[i] : to;
		cr_assert(to && to->scalar == from->scalar && to->rank == from->rank, "%s", from->name);
		for (int i = 0; i < from->rank; i++)
			cr_assert(to->dims[i] == from->dims[i]);
		cr_assert(memcmp(to->values, from->values, tensor_count(from) * sizeof(double)) == 0, "%s", from->name);
	}
	unlink(path);
	free(path);
	arena_free(arena);
}

/* A header and the number of data bytes behind it. */
typedef struct Damage {
	const char *header;
	size_t data;
	const char *says;
} Damage;

static const Damage damages[] = {
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL},
	{"{\"__metadata__\":{\"by\":\"x\"},\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8, NULL},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "outside|does not fit"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "after the last"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_"
     "offsets\":[4,12]}}",
     12, "overlap"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
     "offsets\":[12,16]}}",
     16, "hole"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "outside"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8, "outside"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "does not fit"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "does not fit"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "its shape asks"},
	{"{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, "BF16"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "lacks"},
	{"{\"a\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", 8, "does not fit"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "axes"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_"
     "offsets\":[0,8]}}",
     8, "not JSON"},
	{"{\"a\":3}", 0, "lacks"},
	{"[1, 2]", 0, "not JSON"},
	{"{\"a\":", 0, "not JSON"},
	{"", 0, "not JSON"},
};

static bool says_one_of(const char *error, const char *alternatives) {
	char copy[100];
	snprintf(copy, sizeof copy, "%s", alternatives);
	for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|"))
		if (strstr(error, word))
			return true;
	return false;
}

static const char *read_bytes(Arena *arena, const char *path, const char *bytes, size_t length) {
	Safetensors read;
	cr_assert(file_write(arena, path, bytes, length, true) == NULL);
	return tensor_file_read(arena, path, &read);
}

Test(rt_safetensors, damaged_files_are_refused) {
	Arena *arena = arena_new();
	char *path = temporary_name();
	char bytes[2048];
	for (size_t k = 0; k < sizeof damages / sizeof *damages; k++) {
		size_t length = strlen(damages[k].header);
		memset(bytes, 0, sizeof bytes);
		for (int i = 0; i < 8; i++)
			bytes[i] = (char)(length >> (8 * i));
		memcpy(bytes + 8, damages[k].header, length);
		const char *error = read_bytes(arena, path, bytes, 8 + length + damages[k].data);
		if (!damages[k].says) {
			cr_expect(!error, "%zu: %s", k, error);
			/* ... and no piece of a good file is good. */
			for (size_t cut = 0; cut < 8 + length + damages[k].data; cut++)
				cr_expect(read_bytes(arena, path, bytes, cut) != NULL, "%zu cut to %zu", k, cut);
		} else {
			cr_expect(error && says_one_of(error, damages[k].says), "%zu: %s", k, error ? error : "believed");
		}
	}
	memset(bytes, 0xff, sizeof bytes); /* a header of 2^64 - 1 bytes */
	cr_expect(read_bytes(arena, path, bytes, sizeof bytes) != NULL);
	unlink(path);
	Safetensors none;
	cr_expect(tensor_file_read(arena, path, &none) != NULL);
	cr_expect(tensor_file_read(arena, "/tmp", &none) != NULL);
	cr_expect(file_write(arena, "/tmp/no/such/folder/x", "", 0, true) != NULL);
	free(path);
	arena_free(arena);
}
