/* From names to pointers: an open-addressing table, at most half full. */
#include "base/base.h"

static uint32_t slot_of(const NameMap *map, Name name) {
	uint32_t mask = map->slots - 1, at = (name * UINT32_C(2654435761)) & mask;
	while (map->keys[at] && map->keys[at] != name)
		at = (at + 1) & mask;
	return at;
}

static void grow(Arena *arena, NameMap *map) {
	NameMap larger = {.count = map->count, .slots = map->slots ? map->slots * 2 : 16};
	larger.keys = ARENA_ARRAY(arena, Name, larger.slots);
	larger.values = ARENA_ARRAY(arena, void *, larger.slots);
	for (uint32_t i = 0; i < map->slots; i++) {
		if (!map->keys[i])
			continue;
		uint32_t at = slot_of(&larger, map->keys[i]);
		larger.keys[at] = map->keys[i];
		larger.values[at] = map->values[i];
	}
	*map = larger;
}

void **name_map_place(Arena *arena, NameMap *map, Name name) {
	if (!name)
		base_panic("name_map_place", "no name");
	if (2 * map->count >= map->slots)
		grow(arena, map);
	uint32_t at = slot_of(map, name);
	map->count += map->keys[at] == 0;
	map->keys[at] = name;
	return &map->values[at];
}

void *name_map_get(const NameMap *map, Name name) {
	return map->slots && name ? map->values[slot_of(map, name)] : NULL;
}
