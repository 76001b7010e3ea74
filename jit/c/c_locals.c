/* Names inside one emitted function: those of the program, made legal (c_names.c) and unlike one another. */
#include "jit/c/c_emit.h"

#include <ctype.h>
#include <string.h>

/* What emitted functions call and declare by themselves. */
static const char *const own[] = {"l",      "h",    "arena", "elsewhere", "failed", "memcpy",
                                  "memset", "fabs", "fabsf", "floor",     "floorf", "sqrt",
                                  "sqrtf",  "fma",  "fmaf",  "fmod",      "fmodf"};

CLocals c_locals(Arena *arena, const char *prefix) {
	CLocals locals = {.arena = arena, .prefix = prefix, .names = names_new(arena)};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		*name_map_place(arena, &locals.taken, name_intern(locals.names, own[i], strlen(own[i]))) = locals.names;
	return locals;
}

/* t7 and the like are for values without a name. */
static bool looks_unnamed(const char *name) {
	if (name[0] != 't' || !name[1])
		return false;
	for (name++; *name; name++)
		if (!isdigit((unsigned char)*name))
			return false;
	return true;
}

static bool take(CLocals *locals, const char *name) {
	Name key = name_intern(locals->names, name, strlen(name));
	if (name_map_get(&locals->taken, key))
		return false;
	*name_map_place(locals->arena, &locals->taken, key) = locals->names;
	vec_push(locals->arena, &locals->scope, key);
	return true;
}

const char *c_local(CLocals *locals, const char *wanted) {
	if (!wanted || !wanted[0])
		return arena_printf(locals->arena, "t%u", (unsigned)++locals->unnamed);
	const char *name = jit_c_name(locals->arena, locals->prefix, wanted);
	if (looks_unnamed(name))
		name = arena_printf(locals->arena, "%s_", name);
	if (take(locals, name))
		return name;
	/* x_2, x_3, ...: the last number is kept under a name that no program has. */
	const char *last = arena_printf(locals->arena, "%s#", name);
	Name key = name_intern(locals->names, last, strlen(last));
	uintptr_t number = (uintptr_t)name_map_get(&locals->taken, key);
	const char *found = NULL;
	size_t length = strlen(name);
	do {
		number = number < 2 ? 2 : number + 1;
		found = arena_printf(locals->arena, "%s%s%u", name, name[length - 1] == '_' ? "" : "_", (unsigned)number);
	} while (!take(locals, found));
	*name_map_place(locals->arena, &locals->taken, key) = (void *)number;
	vec_push(locals->arena, &locals->scope, key);
	return found;
}

CScope c_scope_begin(const CLocals *locals) {
	return (CScope){locals->scope.count, locals->unnamed};
}

void c_scope_end(CLocals *locals, CScope scope) {
	for (uint32_t i = scope.count; i < locals->scope.count; i++)
		*name_map_place(locals->arena, &locals->taken, locals->scope.data[i]) = NULL;
	locals->scope.count = scope.count;
	locals->unnamed = scope.unnamed;
}
