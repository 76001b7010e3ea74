/* What the emitted functions of one file share: macros and helpers of templates/prelude.c.in, and functions of mathematics. Only what is
 * used is printed; what is used, the text itself says. */
#include "jit/c/c_emit.h"

#include <ctype.h>
#include <string.h>

JitCFile *jit_c_file_new(Arena *arena, const char *prefix) {
	JitCFile *file = ARENA_NEW(arena, JitCFile);
	file->arena = arena;
	file->prefix = prefix;
	file->math = ir_math_new(arena);
	return file;
}

/* A helper: a paragraph of the template, which defines one name. */
typedef struct Helper {
	const char *text, *name;
	size_t length, name_length;
	bool used;
} Helper;

typedef VEC(Helper) Helpers;

static bool in_name(char c) {
	return isalnum((unsigned char)c) || c == '_';
}

/* The next name that begins with `mark` and stands outside of comments, or NULL; *length without the mark. */
static const char *next_mention(const char *at, const char *mark, size_t *length) {
	size_t mark_length = strlen(mark);
	while (*at) {
		if (at[0] == '/' && at[1] == '*') {
			const char *end = strstr(at + 2, "*/");
			at = end ? end + 2 : at + strlen(at);
			continue;
		}
		if (!in_name(*at) && *at != '@') {
			at++;
			continue;
		}
		const char *begin = at++;
		while (in_name(*at))
			at++;
		size_t found = (size_t)(at - begin);
		if (found > mark_length && memcmp(begin, mark, mark_length) == 0) {
			*length = found - mark_length;
			return begin + mark_length;
		}
	}
	return NULL;
}

static Helpers read_helpers(Arena *arena) {
	Helpers helpers = {0};
	for (const char *at = c_templates[0].text; *at;) {
		const char *end = strstr(at, "\n\n");
		Helper helper = {.text = at, .length = end ? (size_t)(end - at) + 1 : strlen(at)};
		const char *text = arena_printf(arena, "%.*s", (int)helper.length, at);
		helper.name = next_mention(text, "@", &helper.name_length);
		if (!helper.name)
			base_panic("prelude.c.in", "a paragraph without a name: %.40s", at);
		vec_push(arena, &helpers, helper);
		at += helper.length + (end ? 1 : 0);
	}
	return helpers;
}

/* Marks the helpers that `text` mentions, and what these mention. */
static void mark(Arena *arena, Helpers *helpers, const char *text, const char *sign) {
	size_t length;
	for (const char *at = text; (at = next_mention(at, sign, &length)) != NULL; at += length) {
		for (uint32_t i = 0; i < helpers->count; i++) {
			Helper *helper = &helpers->data[i];
			if (helper->used || helper->name_length != length || memcmp(helper->name, at, length) != 0)
				continue;
			helper->used = true;
			mark(arena, helpers, arena_printf(arena, "%.*s", (int)helper->length, helper->text), "@");
		}
	}
}

void jit_c_prelude(const JitCFile *file, const char *body, Text *out) {
	Arena *arena = file->arena;
	const char *sign = arena_printf(arena, "%s_", file->prefix);
	Helpers helpers = read_helpers(arena);
	Text math = text_new(arena), text = text_new(arena);
	c_math_print(file, &math);
	mark(arena, &helpers, text_cstr(&math), sign);
	mark(arena, &helpers, body, sign);
	for (uint32_t i = 0; i < helpers.count; i++) {
		const Helper *helper = &helpers.data[i];
		for (size_t k = 0; helper->used && k < helper->length; k++)
			if (helper->text[k] == '@')
				text_printf(&text, "%s", sign);
			else
				text_char(&text, helper->text[k]);
		if (helper->used)
			text_char(&text, '\n');
	}
	text_printf(&text, "%s", text_cstr(&math));
	jit_c_wrap(out, text_cstr(&text));
}
