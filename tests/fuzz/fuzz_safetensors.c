/* Any bytes, read as a file of tensors: refused with a message, or tensors whose numbers are all there; and those, written and
 * read again, are the same. */
#include "tests/unit/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Safetensor *find(const Safetensors *tensors, const char *name) {
	for (uint32_t i = 0; i < tensors->count; i++)
		if (!strcmp(tensors->items[i].name, name))
			return &tensors->items[i];
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	Arena *arena = arena_new();
	Safetensors tensors, again;
	char *bytes;
	size_t length;
	const char *error = tensor_bytes_read(arena, (const char *)data, size, &tensors);
	if (error && (!*error || tensors.count > 0))
		abort();
	if (!error && !safetensors_bytes(arena, &tensors, &bytes, &length)) {
		if (tensor_bytes_read(arena, bytes, length, &again) || again.count != tensors.count)
			abort();
		for (uint32_t i = 0; i < tensors.count; i++) {
			const Safetensor *one = &tensors.items[i], *other = find(&again, one->name);
			if (!other || tensor_count(other) != tensor_count(one))
				abort();
			for (size_t k = 0; k < tensor_count(one); k++)
				if (!(one->values[k] == other->values[k]) && one->values[k] == one->values[k])
					abort();
		}
	}
	arena_free(arena);
	return 0;
}
