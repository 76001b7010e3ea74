/* Interned names: equal texts get equal numbers, so names compare as integers. An open-addressing table of numbers,
 * at most half full, over a list of texts. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

struct NameTable {
	Arena *arena;
	VEC(const char *) texts;
	VEC(uint32_t) lengths;
	Name *slots;
	uint32_t slot_count; /* a power of two */
};

static uint32_t *slot_of(const NameTable *table, const char *text, size_t length) {
	uint32_t mask = table->slot_count - 1;
	uint32_t at = (uint32_t)hash_bytes(text, length, 0) & mask;
	while (table->slots[at]) {
		Name name = table->slots[at];
		if (table->lengths.data[name] == length && memcmp(table->texts.data[name], text, length) == 0)
			break;
		at = (at + 1) & mask;
	}
	return &table->slots[at];
}

static void table_resize(NameTable *table, uint32_t slot_count) {
	table->slots = ARENA_ARRAY(table->arena, Name, slot_count);
	table->slot_count = slot_count;
	for (Name name = 1; name < table->texts.count; name++)
		*slot_of(table, table->texts.data[name], table->lengths.data[name]) = name;
}

NameTable *names_new(Arena *arena) {
	NameTable *table = ARENA_NEW(arena, NameTable);
	table->arena = arena;
	vec_push(arena, &table->texts, "");
	vec_push(arena, &table->lengths, 0);
	table_resize(table, 256);
	return table;
}

Name name_intern(NameTable *table, const char *text, size_t length) {
	if (length > UINT32_MAX)
		base_panic("name_intern", "a name of %zu bytes", length);
	Name *slot = slot_of(table, text, length);
	if (*slot)
		return *slot;
	char *copy = arena_alloc(table->arena, length + 1);
	if (length)
		memcpy(copy, text, length);
	Name name = table->texts.count;
	vec_push(table->arena, &table->texts, copy);
	vec_push(table->arena, &table->lengths, (uint32_t)length);
	*slot = name;
	if (table->texts.count > table->slot_count / 2)
		table_resize(table, table->slot_count * 2);
	return name;
}

const char *name_text(const NameTable *table, Name name) {
	if (name >= table->texts.count)
		base_panic("name_text", "name %u of %u", (unsigned)name, (unsigned)table->texts.count);
	return table->texts.data[name];
}

static uint32_t least(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

/* Optimal string alignment distance of bytes: insert, delete, replace and swap of neighbours cost 1 each. */
static uint32_t edit_distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length) {
	uint32_t rows[3][NAMES_COMPARED + 1];
	uint32_t *before = rows[0], *last = rows[1], *row = rows[2];
	for (uint32_t j = 0; j <= b_length; j++)
		last[j] = before[j] = j;
	for (uint32_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (uint32_t j = 1; j <= b_length; j++) {
			uint32_t cost = a[i - 1] != b[j - 1];
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		uint32_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

Name name_nearest(const NameTable *table, Name wanted, const Name *candidates, uint32_t count) {
	const char *text = name_text(table, wanted);
	uint32_t length = table->lengths.data[wanted];
	uint32_t limit = length < 6 ? 1 : length / 3;
	if (length == 0 || length > NAMES_COMPARED)
		return 0;
	Name best = 0;
	for (uint32_t i = 0; i < count; i++) {
		const char *other = name_text(table, candidates[i]);
		uint32_t other_length = table->lengths.data[candidates[i]];
		if (candidates[i] == wanted || other_length == 0 || other_length > NAMES_COMPARED)
			continue;
		uint32_t distance = edit_distance(text, length, other, other_length);
		if (distance < limit || (distance == limit && !best)) {
			best = candidates[i];
			limit = distance;
		}
	}
	return best;
}

void names_by_distance(const NameTable *table, Name wanted, Name *candidates, uint32_t count) {
	const char *text = name_text(table, wanted);
	uint32_t length = least(table->lengths.data[wanted], NAMES_COMPARED);
	uint32_t *distance = calloc((size_t)count + 1, sizeof *distance);
	if (!distance)
		return;
	for (uint32_t i = 0; i < count; i++) {
		Name name = candidates[i];
		uint32_t own =
			edit_distance(text, length, name_text(table, name), least(table->lengths.data[name], NAMES_COMPARED));
		uint32_t k = i;
		for (; k > 0 && distance[k - 1] > own; k--) {
			distance[k] = distance[k - 1];
			candidates[k] = candidates[k - 1];
		}
		distance[k] = own;
		candidates[k] = name;
	}
	free(distance);
}
