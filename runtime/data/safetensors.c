/* Tensors in files: the safetensors format (8 bytes of header length, a JSON header, the data; little-endian). What is
 * read comes from anywhere, so every number in the header is checked before it is used. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/data/data.h"
#include "runtime/data/limits.h"
#include "runtime/data/safetensors.h"

/* ---- writing ---- */

static size_t tensor_elements(const Safetensor *tensor) {
	size_t count = 1;
	for (int i = 0; i < tensor->rank; i++)
		count *= (size_t)tensor->dims[i];
	return count;
}

/* The header of tensors whose data lie one behind the other: *end is where they end. */
static json_t *header_of(const Safetensors *tensors, size_t *end) {
	json_t *header = json_object();
	*end = 0;
	for (uint32_t k = 0; k < tensors->count; k++) {
		const Safetensor *tensor = &tensors->items[k];
		json_t *shape = json_array();
		for (int i = 0; i < tensor->rank; i++)
			json_array_append_new(shape, json_integer(tensor->dims[i]));
		json_t *offsets = json_array();
		json_array_append_new(offsets, json_integer((json_int_t)*end));
		*end += tensor_elements(tensor) * ir_scalar_bytes(tensor->scalar);
		json_array_append_new(offsets, json_integer((json_int_t)*end));
		json_t *entry = json_object();
		json_object_set_new(entry, "dtype", json_string(tensor->scalar == IR_F32 ? "F32" : "F64"));
		json_object_set_new(entry, "shape", shape);
		json_object_set_new(entry, "data_offsets", offsets);
		json_object_set_new(header, tensor->name, entry);
	}
	return header;
}

/* The lowest byte first. Returns where the next one goes. */
static char *put_number(char *to, uint64_t bits, size_t width) {
	for (size_t b = 0; b < width; b++)
		*to++ = (char)(unsigned char)(bits >> (8 * b));
	return to;
}

static char *put_elements(char *to, const Safetensor *tensor) {
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
		to = put_number(to, bits, width);
	}
	return to;
}

const char *safetensors_bytes(Arena *arena, const Safetensors *tensors, char **out, size_t *out_length) {
	size_t data;
	json_t *header = header_of(tensors, &data);
	char *text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	if (!text)
		return "a tensor's name is not UTF-8";
	size_t length = strlen(text), padded = (length + 7) & ~(size_t)7;
	char *bytes = arena_alloc(arena, 8 + padded + data);
	char *to = put_number(bytes, padded, 8);
	memcpy(to, text, length);
	memset(to + length, ' ', padded - length);
	free(text);
	to += padded;
	for (uint32_t k = 0; k < tensors->count; k++)
		to = put_elements(to, &tensors->items[k]);
	*out = bytes;
	*out_length = 8 + padded + data;
	return NULL;
}

/* ---- reading ---- */

/* Bytes of an element of a dtype; 0 for one that is not known. */
static size_t dtype_bytes(const char *type) {
	static const struct {
		const char *name;
		size_t bytes;
	} types[] = {{"F64", 8}, {"F32", 4}, {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"U16", 2}, {"I16", 2},
	             {"U32", 4}, {"I32", 4}, {"U64", 8},  {"I64", 8}, {"BF16", 2}, {"F16", 2}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, type) == 0)
			return types[i].bytes;
	return 0;
}

/* One entry of the header; NULL, or what is wrong with it. Sets where its data lies. */
static const char *read_entry(const char *name, const json_t *entry, size_t data_length, bool any, Arena *arena,
                              Safetensor *tensor, SafetensorExtent *extent) {
	const char *type = json_string_value(json_object_get(entry, "dtype"));
	const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
	if (!type || !json_is_array(shape) || json_array_size(offsets) != 2)
		return arena_printf(arena, "`%s` lacks dtype, shape or data_offsets", name);
	size_t width = dtype_bytes(type);
	if (!width || (!any && type[0] != 'F') || (!any && width == 2)) {
		return arena_printf(arena, "`%s` has type %s; %s can be read", name, type,
		                    any ? "numbers and BOOL" : "F32 and F64");
	}
	*tensor = (Safetensor){.name = arena_strdup(arena, name), .scalar = strcmp(type, "F32") == 0 ? IR_F32 : IR_F64};
	if (json_array_size(shape) > IR_USER_RANK)
		return arena_printf(arena, "`%s` has more than %d axes", name, IR_USER_RANK);
	tensor->rank = (int)json_array_size(shape);
	size_t count = 1;
	for (int i = 0; i < tensor->rank; i++) {
		const json_t *dim = json_array_get(shape, (size_t)i);
		json_int_t extent_of = json_integer_value(dim);
		if (!json_is_integer(dim) || extent_of < 0 || (extent_of > 0 && count > data_length / (size_t)extent_of))
			return arena_printf(arena, "`%s` has a shape that does not fit the file", name);
		tensor->dims[i] = extent_of;
		count *= (size_t)extent_of;
	}
	const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
	json_int_t from = json_integer_value(first), to = json_integer_value(second);
	if (!json_is_integer(first) || !json_is_integer(second) || from < 0 || to < from || (uint64_t)to > data_length)
		return arena_printf(arena, "`%s` lies outside the file", name);
	*extent = (SafetensorExtent){(size_t)from, (size_t)to, arena_strdup(arena, type)};
	if (extent->end - extent->start != count * width) {
		return arena_printf(arena, "`%s` has %zu bytes of data, its shape asks for %zu", name,
		                    extent->end - extent->start, count * width);
	}
	return NULL;
}

/* The numbers of a tensor from their bytes. */
static void decode(const unsigned char *data, IrScalar scalar, size_t count, double *values) {
	size_t width = ir_scalar_bytes(scalar);
	for (size_t i = 0; i < count; i++) {
		uint64_t bits = 0;
		for (size_t b = 0; b < width; b++)
			bits |= (uint64_t)*data++ << (8 * b);
		if (scalar == IR_F32) {
			uint32_t narrow = (uint32_t)bits;
			float value;
			memcpy(&value, &narrow, sizeof value);
			values[i] = (double)value;
		} else {
			memcpy(&values[i], &bits, sizeof bits);
		}
	}
}

static int by_start(const void *a, const void *b) {
	const SafetensorExtent *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* The pieces cover all of the data, and none lies over another. */
static const char *check_extents(Arena *arena, const SafetensorExtent *extents, uint32_t count, size_t data_length) {
	SafetensorExtent *sorted = arena_copy(arena, extents, sizeof *extents * count);
	qsort(sorted, count, sizeof *sorted, by_start);
	size_t at = 0;
	for (uint32_t k = 0; k < count; k++) {
		if (sorted[k].start != at)
			return sorted[k].start < at ? "two tensors overlap" : "there is a hole between two tensors";
		at = sorted[k].end;
	}
	return at == data_length ? NULL : "there are bytes after the last tensor";
}

static const char *read_header(Arena *arena, const char *text, size_t length, size_t data_length, bool any,
                               Safetensors *out, SafetensorExtent **extents) {
	json_error_t where;
	json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(header)) {
		json_decref(header);
		return "its header is not JSON";
	}
	size_t entries = json_object_size(header);
	out->items = ARENA_ARRAY(arena, Safetensor, entries + 1);
	*extents = ARENA_ARRAY(arena, SafetensorExtent, entries + 1);
	const char *name, *error = NULL;
	json_t *entry;
	json_object_foreach(header, name, entry) {
		if (strcmp(name, "__metadata__") == 0)
			continue;
		error = read_entry(name, entry, data_length, any, arena, &out->items[out->count], &(*extents)[out->count]);
		if (error)
			break;
		out->count++;
	}
	json_decref(header);
	return error ? error : check_extents(arena, *extents, out->count, data_length);
}

static uint64_t header_length(const unsigned char bytes[8]) {
	uint64_t length = 0;
	for (int i = 0; i < 8; i++)
		length |= (uint64_t)bytes[i] << (8 * i);
	return length;
}

static const char no_header[] = "no header fits in it";

const char *safetensors_header(Arena *arena, const char *bytes, size_t length, size_t file_length, Safetensors *out,
                               SafetensorExtent **extents) {
	*out = (Safetensors){0};
	uint64_t header = length < 8 ? SAFETENSORS_MOST_HEADER + 1 : header_length((const unsigned char *)bytes);
	if (header > SAFETENSORS_MOST_HEADER || header > length - 8 || header > file_length - 8)
		return no_header;
	size_t start = 8 + (size_t)header;
	const char *error = read_header(arena, bytes + 8, (size_t)header, file_length - start, true, out, extents);
	for (uint32_t k = 0; !error && k < out->count; k++) {
		(*extents)[k].start += start;
		(*extents)[k].end += start;
	}
	return error;
}

/* `length` bytes from `offset` on, or false. */
static bool read_at(int fd, void *bytes, size_t length, uint64_t offset) {
	for (size_t done = 0; done < length;) {
		ssize_t got = pread(fd, (char *)bytes + done, length - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static const char *check_shape(Arena *arena, const Safetensor *tensor, const IrType *shape) {
	bool same = tensor->rank == shape->rank;
	for (int i = 0; same && i < tensor->rank; i++)
		same = tensor->dims[i] == shape->dims[i];
	return same ? NULL
	            : arena_printf(arena, "it has the shape %s there, %s is asked for",
	                           data_shape(arena, tensor->rank, tensor->dims),
	                           data_shape(arena, shape->rank, shape->dims));
}

/* The same for an open file: the header, and then no more than the tensor that is asked for. */
static const char *read_one(Arena *arena, int fd, uint64_t length, const char *name, const IrType *shape, double *out) {
	static const char shorter[] = "the file became shorter while it was read";
	unsigned char first[8];
	if (length < 8)
		return no_header;
	if (!read_at(fd, first, sizeof first, 0))
		return shorter;
	uint64_t header = header_length(first);
	if (header > SAFETENSORS_MOST_HEADER || header > length - 8)
		return no_header;
	char *text = arena_alloc(arena, (size_t)header + 1);
	if (!read_at(fd, text, (size_t)header, 8))
		return shorter;
	Safetensors tensors = {0};
	SafetensorExtent *extents;
	const char *error =
		read_header(arena, text, (size_t)header, (size_t)(length - 8 - header), false, &tensors, &extents);
	uint32_t k = 0;
	while (!error && k < tensors.count && strcmp(tensors.items[k].name, name) != 0)
		k++;
	if (!error && k == tensors.count)
		error = "there is no tensor of that name";
	error = error ? error : check_shape(arena, &tensors.items[k], shape);
	if (error)
		return error;
	size_t bytes = extents[k].end - extents[k].start;
	unsigned char *data = arena_alloc(arena, bytes);
	if (!read_at(fd, data, bytes, 8 + header + extents[k].start))
		return shorter;
	decode(data, tensors.items[k].scalar, tensor_elements(&tensors.items[k]), out);
	return NULL;
}

const char *safetensors_one(Arena *arena, const char *path, const char *name, const IrType *shape, double *out) {
	uint64_t length;
	const char *error;
	int fd = file_open(arena, path, &length, &error);
	if (fd >= 0) {
		error = read_one(arena, fd, length, name, shape, out);
		close(fd);
	}
	return error;
}
