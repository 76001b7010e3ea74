/* Memory that is released as a whole: a list of growing blocks, newest first.
 *
 * Blocks come zeroed from calloc, and each remembers how far it was ever handed out (`dirty`), so that only memory
 * which is used again after arena_release has to be cleared. Under AddressSanitizer everything not handed out is
 * poisoned and allocations are kept apart by a gap, so reading past one is reported. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#ifdef BASE_SANITIZED
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(data, bytes) ASAN_POISON_MEMORY_REGION((data), (bytes))
#define UNPOISON(data, bytes) ASAN_UNPOISON_MEMORY_REGION((data), (bytes))
#else
enum { GAP = 0 };
#define POISON(data, bytes) ((void)(data), (void)(bytes))
#define UNPOISON(data, bytes) ((void)(data), (void)(bytes))
#endif

enum { ALIGN = 16 };

typedef struct Block {
	struct Block *older;
	size_t size, used, dirty;
} Block;

struct Arena {
	Block *newest;
	Block *spare; /* the largest block given back by arena_release, or NULL: marks in a loop do not call the system */
	size_t next_size;
};

static size_t round_up(size_t bytes) {
	return (bytes + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

static char *block_data(Block *block) {
	return (char *)block + round_up(sizeof(Block));
}

void *memory_new(size_t bytes) {
	void *memory = calloc(1, bytes ? bytes : 1);
	if (!memory)
		base_no_memory(bytes);
	return memory;
}

static void block_free(Block *block) {
	if (block)
		UNPOISON(block_data(block), block->size);
	free(block);
}

static void block_add(Arena *arena, size_t at_least) {
	if (arena->spare && arena->spare->size >= at_least) {
		arena->spare->older = arena->newest;
		arena->newest = arena->spare;
		arena->spare = NULL;
		return;
	}
	size_t size = arena->next_size > at_least ? arena->next_size : at_least;
	if (arena->next_size < ARENA_LARGEST_STEP)
		arena->next_size *= 2;
	Block *block = memory_new(round_up(sizeof(Block)) + size);
	block->older = arena->newest;
	block->size = size;
	arena->newest = block;
	POISON(block_data(block), size);
}

Arena *arena_new(void) {
	Arena *arena = memory_new(sizeof(Arena));
	arena->next_size = ARENA_FIRST_BLOCK;
	return arena;
}

void arena_free(Arena *arena) {
	if (!arena)
		return;
	arena_release(arena, (ArenaMark){0});
	block_free(arena->spare);
	free(arena);
}

void *arena_alloc(Arena *arena, size_t bytes) {
	if (bytes > PTRDIFF_MAX - 64)
		base_no_memory(bytes);
	size_t size = round_up(bytes ? bytes : 1) + GAP;
	if (!arena->newest || arena->newest->size - arena->newest->used < size)
		block_add(arena, size);
	Block *block = arena->newest;
	char *memory = block_data(block) + block->used;
	UNPOISON(memory, bytes);
	if (block->used < block->dirty) {
		size_t used_before = block->dirty - block->used;
		memset(memory, 0, used_before < bytes ? used_before : bytes);
	}
	block->used += size;
	if (block->dirty < block->used)
		block->dirty = block->used;
	return memory;
}

void *arena_copy(Arena *arena, const void *from, size_t bytes) {
	void *copy = arena_alloc(arena, bytes);
	if (bytes)
		memcpy(copy, from, bytes);
	return copy;
}

char *arena_vprintf(Arena *arena, const char *format, va_list args) {
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		base_panic("arena_printf", "format `%s` cannot be printed", format);
	char *text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

char *arena_printf(Arena *arena, const char *format, ...) {
	va_list args;
	va_start(args, format);
	char *text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

char *arena_strdup(Arena *arena, const char *text) {
	return arena_copy(arena, text, strlen(text) + 1);
}

size_t arena_bytes(const Arena *arena) {
	size_t bytes = 0;
	for (const Block *block = arena->newest; block; block = block->older)
		bytes += block->used;
	return bytes;
}

ArenaMark arena_mark(const Arena *arena) {
	return (ArenaMark){arena->newest, arena->newest ? arena->newest->used : 0};
}

void arena_release(Arena *arena, ArenaMark mark) {
	while (arena->newest && arena->newest != mark.block) {
		Block *block = arena->newest;
		arena->newest = block->older;
		if (arena->spare && arena->spare->size >= block->size) {
			block_free(block);
			continue;
		}
		block_free(arena->spare);
		arena->spare = block;
		POISON(block_data(block), block->used);
		block->used = 0;
	}
	if (!arena->newest)
		return;
	POISON(block_data(arena->newest) + mark.used, arena->newest->used - mark.used);
	arena->newest->used = mark.used;
}
