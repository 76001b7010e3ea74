/* Where buffers lie. Buffers whose size is a number share one part of the arena by lifetime: the largest first, each at
 * the lowest place that is free while it lives. Buffers of symbolic size follow in slots, which are shared only by
 * buffers of equal size. */
#include "jit/loop/loop.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static int64_t aligned(int64_t bytes) {
	return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static LoopSize buffer_bytes(const LoopBuffer *buffer) {
	return loop_size_mul(buffer->elements, loop_size((int64_t)ir_scalar_bytes(buffer->type)));
}

typedef struct Item {
	LoopBuffer *buffer;
	int64_t bytes;
	uint32_t number;
} Item;

static int by_size(const void *a, const void *b) {
	const Item *x = a, *y = b;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

static bool together(const LoopBuffer *a, const LoopBuffer *b) {
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap among those that live at the same time. placed: in the order of their places. */
static int64_t lowest_place(const Item *item, const Item *placed, uint32_t count) {
	int64_t place = 0;
	for (uint32_t i = 0; i < count && placed[i].buffer->offset < place + item->bytes; i++) {
		int64_t end = placed[i].buffer->offset + placed[i].bytes;
		if (end > place && together(item->buffer, placed[i].buffer))
			place = end;
	}
	return place;
}

/* Puts an item that has its place behind all that do not lie higher. */
static void insert(Item *placed, uint32_t count, Item item) {
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (placed[middle].buffer->offset <= item.buffer->offset)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(placed + low + 1, placed + low, sizeof *placed * (count - low));
	placed[low] = item;
}

static void place_in_slot(LoopFunc *func, LoopBuffer *buffer) {
	LoopSize bytes = buffer_bytes(buffer);
	for (uint32_t i = 0; i < func->slots.count; i++) {
		LoopSlot *slot = &func->slots.data[i];
		if (loop_size_equal(slot->bytes, bytes) && slot->last < buffer->first) {
			slot->last = buffer->last;
			buffer->slot = i;
			return;
		}
	}
	buffer->slot = func->slots.count;
	LoopSlot slot = {bytes, buffer->last};
	vec_push(func->arena, &func->slots, slot);
}

void loop_mark_buffers(const LoopSteps *steps, bool *used) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		for (uint32_t a = 0; a < step->actuals.count; a++)
			used[step->actuals.data[a]] = true;
		if (step->kind == LOOP_COPY)
			used[step->to] = used[step->from] = true;
		if (step->kind == LOOP_REPEAT)
			used[step->counter] = true;
		if (step->kind == LOOP_REPEAT && step->trips != LOOP_NO_BUFFER)
			used[step->trips] = true;
		if (step->kind == LOOP_REPEAT && step->goes != LOOP_NO_BUFFER)
			used[step->goes] = true;
		const uint32_t evaluation[] = {step->evaluate.at, step->evaluate.when, step->evaluate.f, step->evaluate.g};
		for (int k = 0; step->kind == LOOP_EVALUATE && k < 4; k++)
			if (evaluation[k] != LOOP_NO_BUFFER)
				used[evaluation[k]] = true;
		loop_mark_buffers(&step->body, used);
	}
}

void loop_plan_buffers(LoopFunc *func) {
	Item *items = ARENA_ARRAY(func->arena, Item, func->buffers.count + 1);
	Item *placed = ARENA_ARRAY(func->arena, Item, func->buffers.count + 1);
	bool *used = ARENA_ARRAY(func->arena, bool, func->buffers.count + 1);
	loop_mark_buffers(&func->body, used);
	uint32_t count = 0;
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		LoopBuffer *buffer = &func->buffers.data[i];
		/* What fusion keeps in temps needs no place. */
		if (buffer->kind != LOOP_SCRATCH || !used[i])
			continue;
		if (buffer->elements.count > 0)
			place_in_slot(func, buffer);
		else
			items[count++] = (Item){buffer, aligned(buffer_bytes(buffer).factor), i};
	}
	qsort(items, count, sizeof *items, by_size);
	func->fixed_bytes = 0;
	for (uint32_t i = 0; i < count; i++) {
		items[i].buffer->offset = lowest_place(&items[i], placed, i);
		insert(placed, i, items[i]);
		int64_t end = items[i].buffer->offset + items[i].bytes;
		func->fixed_bytes = end > func->fixed_bytes ? end : func->fixed_bytes;
	}
}

int64_t loop_arena_bytes(const LoopFunc *func, const int64_t *symbols) {
	int64_t bytes = func->fixed_bytes;
	for (uint32_t i = 0; i < func->slots.count; i++)
		bytes += aligned(loop_size_value(func->slots.data[i].bytes, symbols));
	return bytes;
}
