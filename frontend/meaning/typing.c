/* The notes that typing leaves for lowering: see typing.h. */
#include "frontend/meaning/typing.h"

Typing *typing_new(Arena *arena) {
	Typing *t = ARENA_NEW(arena, Typing);
	t->arena = arena;
	return t;
}

Path *path_inside(Typing *t, Path *path, uint32_t number) {
	if (!number) /* not of the text: nothing is told apart by it */
		return path;
	void **place = name_map_place(t->arena, &path->inside, number);
	if (!*place)
		*place = ARENA_NEW(t->arena, Path);
	return *place;
}

void typing_set_range(Typing *t, Path *path, const Symbol *index, IndexRange range) {
	void **place = name_map_place(t->arena, &path->ranges, index->number);
	*place = arena_copy(t->arena, &range, sizeof range);
}

IndexRange typing_range(const Path *path, const Symbol *index) {
	const IndexRange *range = index ? name_map_get(&path->ranges, index->number) : NULL;
	if (!range)
		base_panic("typing_range", "an index was lowered that was not typed");
	return *range;
}

void typing_set_loop(Typing *t, Path *path, uint32_t counter, LoopForm form) {
	if (counter)
		*name_map_place(t->arena, &path->loops, counter) = (void *)(uintptr_t)form;
}

LoopForm typing_loop(const Path *path, uint32_t counter) {
	return (LoopForm)(uintptr_t)name_map_get(&path->loops, counter);
}

void typing_set_whole(Typing *t, const Symbol *hyper) {
	if (hyper)
		*name_map_place(t->arena, &t->whole, hyper->number) = t;
}

bool typing_is_whole(const Typing *t, const Symbol *hyper) {
	return hyper && name_map_get(&t->whole, hyper->number);
}
