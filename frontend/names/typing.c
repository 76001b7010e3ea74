/* The notes that typing leaves for lowering: see names.h. */
#include "frontend/names/names.h"

#include <string.h>

Typing *typing_new(Arena *arena) {
	Typing *t = ARENA_NEW(arena, Typing);
	t->arena = arena;
	return t;
}

Path *typing_inside(Typing *t, Path *path, uint32_t number) {
	if (!number) /* made by the elaborator: nothing of the source has this number */
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

void typing_set_by_shape(Typing *t, const AstDecl *rule) {
	t->by_shape = rule;
}

bool typing_is_by_shape(const Typing *t, const AstDecl *rule) {
	return t->by_shape == rule;
}

void typing_set_draws(Typing *t, const AstDecl *rule) {
	t->draws = rule;
}

bool typing_draws(const Typing *t, const AstDecl *rule) {
	return t->draws == rule;
}

void typing_set_whole(Typing *t, const Symbol *hyper) {
	if (hyper)
		*name_map_place(t->arena, &t->whole, hyper->number) = t;
}

bool typing_is_whole(const Typing *t, const Symbol *hyper) {
	return hyper && name_map_get(&t->whole, hyper->number);
}

/* Whether `joined` ("int or real") has this text among its parts, or the text with more behind it ("int in 0..5"). */
static bool among(const char *joined, const char *text) {
	size_t length = strlen(text);
	for (const char *at = joined; (at = strstr(at, text)) != NULL; at += length)
		if ((at == joined || strncmp(at - 4, " or ", 4) == 0) && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

void typing_note(Typing *t, NameMap *types, uint32_t number, const char *text) {
	if (!number)
		return;
	void **place = name_map_place(t->arena, types, number);
	if (!*place || among(text, *place))
		*place = arena_strdup(t->arena, text);
	else if (!among(*place, text) && strlen(*place) < SHOWN_TYPES)
		*place = arena_printf(t->arena, "%s or %s", (const char *)*place, text);
}

const char *typing_type(const Typing *t, uint32_t expression) {
	return name_map_get(&t->types, expression);
}

const char *typing_symbol_type(const Typing *t, const Symbol *symbol) {
	return name_map_get(&t->symbol_types, symbol->number);
}
