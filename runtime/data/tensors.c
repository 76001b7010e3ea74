/* safetensors: the tensors stay where they are. */
#include <string.h>

#include "runtime/data/data.h"
#include "runtime/data/safetensors.h"

static DataElement element_of(const char *dtype) {
	static const struct {
		const char *name;
		DataElement type;
	} types[] = {{"F32", DATA_F32}, {"BOOL", DATA_BOOL8}, {"U8", DATA_U8},   {"I8", DATA_I8},
	             {"U16", DATA_U16}, {"I16", DATA_I16},    {"U32", DATA_U32}, {"I32", DATA_I32},
	             {"U64", DATA_U64}, {"I64", DATA_I64},    {"F16", DATA_F16}, {"BF16", DATA_BF16}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, dtype) == 0)
			return types[i].type;
	return DATA_F64;
}

const char *data_read_tensors(DataInput *in) {
	Safetensors tensors;
	SafetensorExtent *extents;
	const char *why =
		safetensors_header(in->arena, (const char *)in->bytes, in->length, in->length, &tensors, &extents);
	if (why)
		return arena_printf(in->arena, "it is no safetensors file, or damaged: %s", why);
	for (uint32_t k = 0; k < tensors.count; k++) {
		DataArray array = {.name = tensors.items[k].name, .rank = tensors.items[k].rank};
		memcpy(array.dims, tensors.items[k].dims, sizeof *array.dims * (size_t)array.rank);
		DataElement type = element_of(extents[k].dtype);
		size_t count = (extents[k].end - extents[k].start) / data_element_bytes(type);
		why = data_place(in, &array, type, true, in->bytes + extents[k].start, count);
		if (why)
			return arena_printf(in->arena, "in %s, %s", data_quote(in->arena, array.name, strlen(array.name)), why);
		vec_push(in->arena, &in->out->arrays, array);
	}
	return NULL;
}
