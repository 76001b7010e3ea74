/* IDX, the format of MNIST: two zero bytes, the type, the number of axes, their sizes (big-endian, 32 bits), the elements
 * (big-endian). */
#include "runtime/data/data.h"

static bool element_of(unsigned char code, DataElement *type) {
	static const struct {
		unsigned char code;
		DataElement type;
	} codes[] = {{0x08, DATA_U8},  {0x09, DATA_I8},  {0x0B, DATA_I16},
	             {0x0C, DATA_I32}, {0x0D, DATA_F32}, {0x0E, DATA_F64}};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (codes[i].code == code) {
			*type = codes[i].type;
			return true;
		}
	}
	return false;
}

static int64_t size_at(const unsigned char *bytes) {
	return (int64_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	                 (uint32_t)bytes[3]);
}

/* The header; NULL, or what is wrong with it. */
static const char *read_header(Arena *arena, const unsigned char *bytes, size_t length, DataArray *array,
                               DataElement *type, size_t *count) {
	if (length < 4 || bytes[0] || bytes[1])
		return "byte 0: it does not begin as IDX does (two zero bytes, a type, the number of axes)";
	if (!element_of(bytes[2], type))
		return arena_printf(arena, "byte 2: the type 0x%02X is none of IDX (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)",
		                    bytes[2]);
	array->rank = bytes[3];
	if (array->rank < 1 || array->rank > IR_USER_RANK)
		return arena_printf(arena, "byte 3: it has %d axes; 1 to %d can be read", array->rank, IR_USER_RANK);
	if (length < 4 + 4 * (size_t)array->rank)
		return arena_printf(arena, "byte %zu: it ends within its %d sizes", length, array->rank);
	for (int i = 0; i < array->rank; i++)
		array->dims[i] = size_at(bytes + 4 + 4 * i);
	if (!data_elements(array->rank, array->dims, data_element_bytes(*type), count))
		return arena_printf(arena, "byte 4: its shape %s is larger than any memory",
		                    data_shape(arena, array->rank, array->dims));
	return NULL;
}

size_t data_idx_length(const unsigned char *bytes, size_t length) {
	Arena *arena = arena_new();
	DataArray array = {0};
	DataElement type;
	size_t count;
	const char *why = read_header(arena, bytes, length, &array, &type, &count);
	size_t head = 4 + 4 * (size_t)array.rank;
	size_t all = why || count > (size_t)PTRDIFF_MAX / 16 ? 0 : head + count * data_element_bytes(type);
	arena_free(arena);
	return all;
}

const char *data_read_idx(DataInput *in) {
	DataArray array = {.name = ""};
	DataElement type;
	size_t count;
	const char *why = read_header(in->arena, in->bytes, in->length, &array, &type, &count);
	if (why)
		return why;
	size_t head = 4 + 4 * (size_t)array.rank, wanted = count * data_element_bytes(type), there = in->length - head;
	if (!in->partial && wanted != there)
		return arena_printf(in->arena, "its shape %s takes %zu bytes from byte %zu on, but there are %zu%s (%s)",
		                    data_shape(in->arena, array.rank, array.dims), wanted, head, there,
		                    there > wanted ? " or more" : "",
		                    there < wanted ? "it was cut off" : "something stands behind the array");
	why = data_place(in, &array, type, false, in->bytes + head, count);
	if (!why)
		vec_push(in->arena, &in->out->arrays, array);
	return why;
}
