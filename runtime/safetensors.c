/* Tensors in files: the safetensors format (8 bytes of header length, a JSON header, the data; little-endian). What is
 * read comes from anywhere, so every number in the header is checked before it is used. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/runtime.h"

enum { MAX_HEADER = 16 << 20 };

/* ---- writing ---- */

const char *rt_write_file(Arena *arena, const char *path, const char *bytes, size_t length) {
	const char *temporary = arena_printf(arena, "%s.tmp%ld", path, (long)getpid());
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0) {
		return arena_printf(arena, "cannot write %s: %s", path, strerror(errno));
	}
	size_t done = 0;
	while (done < length) {
		ssize_t wrote = write(fd, bytes + done, length - done);
		if (wrote < 0 && errno == EINTR) {
			continue;
		}
		if (wrote <= 0) {
			break;
		}
		done += (size_t)wrote;
	}
	bool ok = done == length && fsync(fd) == 0;
	int error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(temporary, path) != 0) {
		ok = false;
		error = errno;
	}
	if (!ok) {
		unlink(temporary);
		return arena_printf(arena, "cannot write %s: %s", path, strerror(error));
	}
	return NULL;
}

static size_t tensor_elements(const RtTensor *tensor) {
	size_t count = 1;
	for (int i = 0; i < tensor->rank; i++) {
		count *= (size_t)tensor->dims[i];
	}
	return count;
}

const char *rt_safetensors_write(Arena *arena, const char *path, const RtTensors *tensors) {
	json_t *header = json_object();
	size_t offset = 0;
	for (uint32_t k = 0; k < tensors->count; k++) {
		const RtTensor *tensor = &tensors->items[k];
		json_t *shape = json_array();
		for (int i = 0; i < tensor->rank; i++) {
			json_array_append_new(shape, json_integer(tensor->dims[i]));
		}
		size_t end = offset + tensor_elements(tensor) * ir_scalar_bytes(tensor->scalar);
		json_t *offsets = json_array();
		json_array_append_new(offsets, json_integer((json_int_t)offset));
		json_array_append_new(offsets, json_integer((json_int_t)end));
		json_t *entry = json_object();
		json_object_set_new(entry, "dtype", json_string(tensor->scalar == IR_F32 ? "F32" : "F64"));
		json_object_set_new(entry, "shape", shape);
		json_object_set_new(entry, "data_offsets", offsets);
		json_object_set_new(header, tensor->name, entry);
		offset = end;
	}
	char *text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	if (!text) {
		return "a tensor's name is not UTF-8";
	}
	size_t length = strlen(text), padded = (length + 7) & ~(size_t)7;
	char *bytes = arena_alloc(arena, 8 + padded + offset);
	for (int i = 0; i < 8; i++) {
		bytes[i] = (char)(unsigned char)((uint64_t)padded >> (8 * i));
	}
	memcpy(bytes + 8, text, length);
	memset(bytes + 8 + length, ' ', padded - length);
	free(text);
	char *data = bytes + 8 + padded;
	for (uint32_t k = 0; k < tensors->count; k++) {
		const RtTensor *tensor = &tensors->items[k];
		size_t count = tensor_elements(tensor), width = ir_scalar_bytes(tensor->scalar);
		for (size_t i = 0; i < count; i++) {
			uint64_t bits;
			if (tensor->scalar == IR_F32) {
				float value = (float)tensor->values[i];
				uint32_t narrow;
				memcpy(&narrow, &value, sizeof narrow);
				bits = narrow;
			} else {
				memcpy(&bits, &tensor->values[i], sizeof bits);
			}
			for (size_t b = 0; b < width; b++) {
				*data++ = (char)(unsigned char)(bits >> (8 * b));
			}
		}
	}
	return rt_write_file(arena, path, bytes, 8 + padded + offset);
}

/* ---- reading ---- */

static const char *read_all(Arena *arena, const char *path, unsigned char **bytes, size_t *length) {
	FILE *file = fopen(path, "rb");
	struct stat info;
	if (!file || fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
		const char *why = file && errno == 0 ? "not a file" : strerror(errno);
		if (file) {
			fclose(file);
		}
		return arena_printf(arena, "cannot read %s: %s", path, why);
	}
	*length = (size_t)info.st_size;
	*bytes = arena_alloc(arena, *length + 1);
	size_t got = fread(*bytes, 1, *length, file);
	fclose(file);
	return got == *length ? NULL : arena_printf(arena, "cannot read %s: it became shorter", path);
}

/* One entry of the header; NULL, or what is wrong with it. Sets where its data lies. */
static const char *read_entry(const char *name, const json_t *entry, size_t data_length, Arena *arena, RtTensor *tensor,
                              size_t *start, size_t *end) {
	const char *type = json_string_value(json_object_get(entry, "dtype"));
	const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
	if (!type || !json_is_array(shape) || json_array_size(offsets) != 2) {
		return arena_printf(arena, "`%s` lacks dtype, shape or data_offsets", name);
	}
	if (strcmp(type, "F32") != 0 && strcmp(type, "F64") != 0) {
		return arena_printf(arena, "`%s` has type %s; F32 and F64 can be read", name, type);
	}
	*tensor = (RtTensor){.name = arena_strdup(arena, name), .scalar = type[1] == '3' ? IR_F32 : IR_F64};
	if (json_array_size(shape) > IR_MAX_RANK) {
		return arena_printf(arena, "`%s` has more than %d axes", name, IR_MAX_RANK);
	}
	tensor->rank = (int)json_array_size(shape);
	size_t count = 1;
	for (int i = 0; i < tensor->rank; i++) {
		const json_t *dim = json_array_get(shape, (size_t)i);
		json_int_t extent = json_integer_value(dim);
		if (!json_is_integer(dim) || extent < 0 || (extent > 0 && count > data_length / (size_t)extent)) {
			return arena_printf(arena, "`%s` has a shape that does not fit the file", name);
		}
		tensor->dims[i] = extent;
		count *= (size_t)extent;
	}
	const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
	json_int_t from = json_integer_value(first), to = json_integer_value(second);
	if (!json_is_integer(first) || !json_is_integer(second) || from < 0 || to < from || (uint64_t)to > data_length) {
		return arena_printf(arena, "`%s` lies outside the file", name);
	}
	*start = (size_t)from;
	*end = (size_t)to;
	if (*end - *start != count * ir_scalar_bytes(tensor->scalar)) {
		return arena_printf(arena, "`%s` has %zu bytes of data, its shape asks for %zu", name, *end - *start,
		                    count * ir_scalar_bytes(tensor->scalar));
	}
	return NULL;
}

static void decode(Arena *arena, const unsigned char *data, RtTensor *tensor) {
	size_t count = tensor_elements(tensor), width = ir_scalar_bytes(tensor->scalar);
	tensor->values = ARENA_ARRAY(arena, double, count + 1);
	for (size_t i = 0; i < count; i++) {
		uint64_t bits = 0;
		for (size_t b = 0; b < width; b++) {
			bits |= (uint64_t)*data++ << (8 * b);
		}
		if (tensor->scalar == IR_F32) {
			uint32_t narrow = (uint32_t)bits;
			float value;
			memcpy(&value, &narrow, sizeof value);
			tensor->values[i] = (double)value;
		} else {
			memcpy(&tensor->values[i], &bits, sizeof bits);
		}
	}
}

typedef struct Extent {
	size_t start, end;
} Extent;

static int by_start(const void *a, const void *b) {
	const Extent *x = a, *y = b;
	if (x->start != y->start) {
		return x->start < y->start ? -1 : 1;
	}
	return (x->end > y->end) - (x->end < y->end);
}

static const char *read_header(Arena *arena, json_t *header, const unsigned char *data, size_t data_length,
                               RtTensors *out) {
	size_t entries = json_object_size(header);
	out->items = ARENA_ARRAY(arena, RtTensor, entries + 1);
	Extent *extents = ARENA_ARRAY(arena, Extent, entries + 1);
	const char *name;
	json_t *entry;
	json_object_foreach(header, name, entry) {
		if (strcmp(name, "__metadata__") == 0) {
			continue;
		}
		RtTensor *tensor = &out->items[out->count];
		Extent *extent = &extents[out->count];
		const char *error = read_entry(name, entry, data_length, arena, tensor, &extent->start, &extent->end);
		if (error) {
			return error;
		}
		decode(arena, data + extent->start, tensor);
		out->count++;
	}
	qsort(extents, out->count, sizeof *extents, by_start);
	size_t at = 0;
	for (uint32_t k = 0; k < out->count; k++) {
		if (extents[k].start != at) {
			return extents[k].start < at ? "two tensors overlap" : "there is a hole between two tensors";
		}
		at = extents[k].end;
	}
	return at == data_length ? NULL : "there are bytes after the last tensor";
}

const char *rt_safetensors_read(Arena *arena, const char *path, RtTensors *out) {
	*out = (RtTensors){0};
	unsigned char *bytes = NULL;
	size_t length = 0;
	errno = 0;
	const char *error = read_all(arena, path, &bytes, &length);
	if (error) {
		return error;
	}
	uint64_t header_length = 0;
	for (size_t i = 0; i < 8 && i < length; i++) {
		header_length |= (uint64_t)bytes[i] << (8 * i);
	}
	if (length < 8 || header_length > MAX_HEADER || header_length > length - 8) {
		return arena_printf(arena, "%s is not a safetensors file: no header fits in it", path);
	}
	json_error_t where;
	json_t *header = json_loadb((const char *)bytes + 8, (size_t)header_length, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(header)) {
		json_decref(header);
		return arena_printf(arena, "%s is not a safetensors file: its header is not JSON", path);
	}
	error = read_header(arena, header, bytes + 8 + header_length, length - 8 - (size_t)header_length, out);
	json_decref(header);
	if (error) {
		*out = (RtTensors){0};
		return arena_printf(arena, "%s is damaged: %s", path, error);
	}
	return NULL;
}
