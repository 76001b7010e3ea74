/* Tensors of a file as a program reads them: the header, and then each tensor by its name. */
#ifndef GRADUS_TESTS_TENSOR_FILE_H
#define GRADUS_TESTS_TENSOR_FILE_H

#include "runtime/data/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline size_t tensor_count(const Safetensor *tensor) {
	size_t count = 1;
	for (int i = 0; i < tensor->rank; i++)
		count *= (size_t)tensor->dims[i];
	return count;
}

/* NULL, or what is wrong; then there are no tensors. */
static inline const char *tensor_file_read(Arena *arena, const char *path, Safetensors *out) {
	*out = (Safetensors){0};
	char *bytes;
	size_t length;
	SafetensorExtent *extents;
	const char *error = file_read(arena, path, SIZE_MAX, false, &bytes, &length);
	if (!error)
		error = safetensors_header(arena, bytes, length, length, out, &extents);
	for (uint32_t k = 0; !error && k < out->count; k++) {
		Safetensor *tensor = &out->items[k];
		IrType shape = ir_tensor_type(IR_F64, tensor->rank, tensor->dims);
		tensor->values = ARENA_ARRAY(arena, double, tensor_count(tensor) + 1);
		error = safetensors_one(arena, path, tensor->name, &shape, tensor->values);
	}
	if (error)
		*out = (Safetensors){0};
	return error;
}

/* The same for bytes, which a file without a name holds meanwhile. */
static inline const char *tensor_bytes_read(Arena *arena, const char *bytes, size_t length, Safetensors *out) {
	char name[] = "/tmp/gradus-tensors-XXXXXX";
	int fd = mkstemp(name);
	if (fd < 0 || unlink(name) != 0 || write(fd, bytes, length) != (ssize_t)length)
		abort();
	const char *error = tensor_file_read(arena, arena_printf(arena, "/dev/fd/%d", fd), out);
	close(fd);
	return error;
}

#endif
