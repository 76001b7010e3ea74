/* Growable arrays in an arena: the storage doubles, and what it leaves behind goes when the arena goes. */
#include "base/base.h"

#include <inttypes.h>
#include <string.h>

void *vec_room(Arena *arena, void *data, uint32_t count, uint32_t *capacity, size_t size) {
	if (count < *capacity)
		return data;
	if (count >= UINT32_MAX / 2)
		base_panic("vec_room", "an array of more than %" PRIu32 " elements", count);
	uint32_t few = size < 32 ? 8 : 2;
	uint32_t wanted = 2 * count < few ? few : count * 2;
	void *moved = arena_alloc(arena, (size_t)wanted * size);
	if (count)
		memcpy(moved, data, (size_t)count * size);
	*capacity = wanted;
	return moved;
}
