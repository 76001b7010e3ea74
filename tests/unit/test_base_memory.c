/* Arenas, growable arrays, text and interned names. */
#include "base/base.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool all_are(const unsigned char *bytes, size_t count, unsigned char wanted) {
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != wanted)
			return false;
	return true;
}

Test(arena, memory_is_aligned_zeroed_and_apart) {
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 1 << 14, (1 << 14) + 1, 1 << 20, 3};
	enum { COUNT = sizeof sizes / sizeof *sizes };
	Arena *arena = arena_new();
	unsigned char *blocks[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		blocks[i] = arena_alloc(arena, sizes[i]);
		cr_assert_eq((uintptr_t)blocks[i] % 16, 0);
		cr_assert(all_are(blocks[i], sizes[i], 0));
		memset(blocks[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++)
		cr_assert(all_are(blocks[i], sizes[i], (unsigned char)(i + 1)));
	arena_free(arena);
}

Test(arena, release_gives_back_zeroed_memory) {
	static const size_t sizes[] = {10, 5000, 1 << 16, 24, 1 << 22};
	Arena *arena = arena_new();
	ArenaMark empty = arena_mark(arena);
	char *kept = arena_strdup(arena, "kept");
	for (int round = 0; round < 3; round++) {
		ArenaMark mark = arena_mark(arena);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			unsigned char *memory = arena_alloc(arena, sizes[i]);
			cr_assert(all_are(memory, sizes[i], 0));
			memset(memory, 0xAB, sizes[i]);
		}
		arena_release(arena, mark);
		cr_assert_str_eq(kept, "kept");
	}
	arena_release(arena, empty);
	cr_assert_str_eq(arena_printf(arena, "%d-%s", 12, "x"), "12-x");
	arena_free(arena);
}

Test(vec, grows_and_keeps) {
	Arena *arena = arena_new();
	VEC(uint32_t) numbers = {0};
	VEC(char *) texts = {0};
	for (uint32_t i = 0; i < 10000; i++) {
		vec_push(arena, &numbers, i * i);
		vec_push(arena, &texts, arena_printf(arena, "%u", (unsigned)i));
	}
	cr_assert_eq(numbers.count, 10000);
	for (uint32_t i = 0; i < 10000; i++) {
		cr_assert_eq(numbers.data[i], i * i);
		cr_assert_eq((uint32_t)strtoul(texts.data[i], NULL, 10), i);
	}
	arena_free(arena);
}

Test(text, appends) {
	Arena *arena = arena_new();
	Text text = text_new(arena);
	cr_assert_str_eq(text_cstr(&text), "");
	for (int i = 0; i < 100; i++) {
		text_char(&text, 'a');
		text_printf(&text, "%s", "");
		text_printf(&text, "%d", i % 10);
		text_bytes(&text, ";;;", 1);
	}
	cr_assert_eq(text.length, 300);
	cr_assert_eq(strlen(text_cstr(&text)), 300);
	cr_assert_str_eq(text_cstr(&text) + 294, "a8;a9;");
	arena_free(arena);
}

static const char *real_text(Arena *arena, double value, bool is_f32) {
	Text text = text_new(arena);
	text_real(&text, value, is_f32);
	return text_cstr(&text);
}

Test(text, reals_look_as_expected) {
	static const struct {
		double value;
		bool is_f32;
		const char *text;
	} cases[] = {
		{0, false, "0"},
		{-0.0, false, "-0"},
		{1, false, "1"},
		{-1.5, false, "-1.5"},
		{100, false, "100"},
		{0.1, false, "0.1"},
		{0.1F, true, "0.1"},
		{0.1F, false, "0.10000000149011612"},
		{1.0 / 3, false, "0.3333333333333333"},
		{1.0 / 3, true, "0.33333334"},
		{1e-5, false, "0.00001"},
		{1e-6, false, "1e-6"},
		{1.25e-7, false, "1.25e-7"},
		{1e15, false, "1000000000000000"},
		{1e16, false, "1e16"},
		{1.7976931348623157e308, false, "1.7976931348623157e308"},
		{5e-324, false, "5e-324"},
		{2.2250738585072014e-308, false, "2.2250738585072014e-308"},
		{16777216, true, "16777216"},
		{1e-45F, true, "1e-45"},
		{INFINITY, false, "inf"},
		{-INFINITY, true, "-inf"},
		{NAN, false, "nan"},
	};
	Arena *arena = arena_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert_str_eq(real_text(arena, cases[i].value, cases[i].is_f32), cases[i].text);
	arena_free(arena);
}

/* Random bit patterns: every exponent occurs, subnormals too. */
Test(text, reals_read_back) {
	Arena *arena = arena_new();
	for (uint64_t i = 0; i < 20000; i++) {
		ArenaMark mark = arena_mark(arena);
		uint64_t bits[2];
		random_threefry((uint64_t[2]){7, 0}, (uint64_t[2]){i, 0}, bits);
		double wide;
		float narrow;
		uint32_t low = (uint32_t)bits[1];
		memcpy(&wide, &bits[0], sizeof wide);
		memcpy(&narrow, &low, sizeof narrow);
		if (isfinite(wide)) {
			const char *text = real_text(arena, wide, false);
			double back = strtod(text, NULL);
			cr_assert_eq(memcmp(&back, &wide, sizeof back), 0, "%s", text);
		}
		if (isfinite(narrow)) {
			const char *text = real_text(arena, (double)narrow, true);
			float back = strtof(text, NULL);
			cr_assert_eq(memcmp(&back, &narrow, sizeof back), 0, "%s", text);
		}
		arena_release(arena, mark);
	}
	arena_free(arena);
}

Test(text, utf8_goes_both_ways) {
	Arena *arena = arena_new();
	for (uint32_t c = 1; c <= 0x10FFFF; c = c < 0x3000 ? c + 1 : c + 97) {
		if (c >= 0xD800 && c < 0xE000)
			continue;
		ArenaMark mark = arena_mark(arena);
		Text text = text_new(arena);
		text_encode(&text, c);
		uint32_t back = 0;
		cr_assert_eq(text_decode(text.data, text.length, &back), text.length);
		cr_assert_eq(back, c);
		if (text.length > 1) {
			cr_assert_eq(text_decode(text.data, text.length - 1, &back), 1);
			cr_assert_eq(back, 0xFFFD);
		}
		arena_release(arena, mark);
	}
	static const char *const broken[] = {"\x80",         "\xC0\x80",         "\xE0\x80\x80",
	                                     "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		uint32_t c = 0;
		cr_assert_eq(text_decode(broken[i], strlen(broken[i]), &c), 1);
		cr_assert_eq(c, 0xFFFD);
	}
	arena_free(arena);
}

Test(text, json_strings) {
	Arena *arena = arena_new();
	Text text = text_new(arena);
	const char *bytes = "a\"b\\\n\t\x01\xC3\xA9\xFF";
	text_json(&text, bytes, strlen(bytes));
	cr_assert_str_eq(text_cstr(&text), "\"a\\\"b\\\\\\n\\t\\u0001\xC3\xA9\xEF\xBF\xBD\"");
	arena_free(arena);
}

Test(names, equal_texts_are_equal_names) {
	enum { COUNT = 5000 };
	Session *session = session_new();
	Name names[COUNT];
	char text[32];
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "name%u", i * 7919);
		names[i] = session_name(session, text);
		cr_assert_neq(names[i], 0);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "name%u", i * 7919);
		cr_assert_eq(session_name(session, text), names[i]);
		cr_assert_str_eq(session_text(session, names[i]), text);
		cr_assert(i == 0 || names[i] != names[i - 1]);
	}
	cr_assert_eq(name_intern(session->names, "namesake", 4), session_name(session, "name"));
	session_free(session);
}

Test(names, nearest) {
	static const struct {
		const char *wanted, *candidates[4], *nearest;
	} cases[] = {
		{"moemntum", {"momentum", "nesterov", "adam"}, "momentum"},
		{"features", {"feature", "labels", "feathers"}, "feature"},
		{"lr", {"lr2", "beta", "eps"}, "lr2"},
		{"adma", {"adamw", "adam", "lion"}, "adam"},
		{"learning_rate", {"learn_rate", "learningrate", "rate"}, "learningrate"},
		{"xyz", {"abc", "x", "xyzzy"}, NULL},
		{"gradient", {"gradient", "gradients"}, "gradients"},
		{"w", {"W", "V"}, "W"},
		{"quux", {0}, NULL},
	};
	Session *session = session_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Name candidates[4];
		uint32_t count = 0;
		for (; count < 4 && cases[i].candidates[count]; count++)
			candidates[count] = session_name(session, cases[i].candidates[count]);
		Name found = name_nearest(session->names, session_name(session, cases[i].wanted), candidates, count);
		cr_assert_eq(found, cases[i].nearest ? session_name(session, cases[i].nearest) : 0, "%s", cases[i].wanted);
	}
	session_free(session);
}
