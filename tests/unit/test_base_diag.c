/* Sources, places in them, and what diagnostics look like. */
#include "base/base.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Session *session;

static void open_session(void) {
	session = session_new();
}

static void close_session(void) {
	session_free(session);
}

TestSuite(source, .init = open_session, .fini = close_session);
TestSuite(diag, .init = open_session, .fini = close_session);

static uint32_t add(const char *path, const char *text) {
	return source_add(session, path, text, strlen(text));
}

/* The first place where `needle` stands in a source. */
static Span place(uint32_t file, const char *needle) {
	const char *text = session->sources.data[file]->text;
	const char *found = strstr(text, needle);
	cr_assert(found != NULL, "no `%s`", needle);
	uint32_t start = (uint32_t)(found - text);
	return (Span){file, start, start + (uint32_t)strlen(needle)};
}

typedef void (*PrintFunction)(const Session *session, FILE *out);

static void print_plain(const Session *printed, FILE *out) {
	diag_print_all(printed, out, false);
}

static void print_colored(const Session *printed, FILE *out) {
	diag_print_all(printed, out, true);
}

static void expect(PrintFunction print, const char *wanted) {
	char *data = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&data, &length);
	print(session, out);
	fclose(out);
	cr_assert(strcmp(data, wanted) == 0, "got\n%s\nwanted\n%s", data, wanted);
	free(data);
}

Test(source, positions) {
	uint32_t file = add("a", "ab\n\tc\xC3\xA9"
	                         "d\r\n\nlast");
	static const struct {
		uint32_t byte, line, column;
	} cases[] = {
		{0, 1, 1}, {2, 1, 3},  {3, 2, 1},  {4, 2, 2},  {5, 2, 3},   {7, 2, 4},
		{9, 2, 6}, {10, 3, 1}, {11, 4, 1}, {15, 4, 5}, {999, 4, 5},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t line, column;
		source_position(session, (Span){file, cases[i].byte, cases[i].byte}, &line, &column);
		cr_assert_eq(line, cases[i].line, "byte %u: line %u", (unsigned)cases[i].byte, (unsigned)line);
		cr_assert_eq(column, cases[i].column, "byte %u: column %u", (unsigned)cases[i].byte, (unsigned)column);
	}
	uint32_t line = 9, column = 9;
	source_position(session, (Span){0}, &line, &column);
	cr_assert(line == 0 && column == 0);
}

Test(source, join) {
	Span a = {1, 4, 6}, b = {1, 9, 12}, nowhere = {0}, other = {2, 0, 3};
	Span joined = span_join(a, b);
	cr_assert(joined.file == 1 && joined.start == 4 && joined.end == 12);
	cr_assert_eq(span_join(a, nowhere).start, 4);
	cr_assert_eq(span_join(nowhere, b).start, 9);
	cr_assert_eq(span_join(a, other).file, 1);
}

Test(source, load) {
	const char *why = NULL;
	cr_assert_eq(source_load(session, GRADUS_SOURCE_DIR "/no/such/file.grad", false, &why), 0);
	cr_assert_str_eq(why, strerror(ENOENT));
	cr_assert_eq(source_load(session, GRADUS_SOURCE_DIR, true, &why), 0);
	cr_assert_str_eq(why, "it is a folder");
	uint32_t file = source_load(session, GRADUS_SOURCE_DIR "/LICENSE", false, &why);
	cr_assert_neq(file, 0);
	cr_assert_eq(why, NULL);
	cr_assert(strstr(session->sources.data[file]->text, "Apache License") != NULL);
	cr_assert_eq(session->diags.count, 0);
}

Test(source, what_is_no_source) {
	char folder[] = "/tmp/gradus-source-XXXXXX", path[64];
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/pipe", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	const char *why = NULL;
	cr_assert_eq(source_load(session, path, false, &why), 0); /* and does not wait for a writer */
	cr_assert_str_eq(why, "it is not a regular file");
	unlink(path);
	cr_assert_eq(source_load(session, "/dev/null", false, &why), 0);
	cr_assert_str_eq(why, "it is not a regular file");
	for (int over = 0; over < 2; over++) {
		snprintf(path, sizeof path, "%s/large", folder);
		int fd = creat(path, 0600);
		cr_assert(fd >= 0);
		close(fd);
		cr_assert_eq(truncate(path, SOURCE_LIMIT + over), 0);
		uint32_t file = source_load(session, path, false, &why);
		cr_assert_eq(file == 0, over == 1);
		if (over)
			cr_assert_str_eq(why, "it is larger than 16 MB");
	}
	unlink(path);
	rmdir(folder);
}

/* All code points: what may be shown is shown as it is, everything else as U+FFFD; and JSON says each of them exactly. */
Test(source, plain_text_of_every_code_point) {
	for (uint32_t c = 1; c <= 0x10FFFF; c++) {
		if (c >= 0xD800 && c < 0xE000)
			continue;
		ArenaMark mark = arena_mark(session->arena);
		Text bytes = text_new(session->arena), plain = text_new(session->arena), json = text_new(session->arena);
		text_encode(&bytes, c);
		text_plain(&plain, bytes.data, bytes.length, false);
		text_json(&json, bytes.data, bytes.length);
		bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
		bool turns =
			c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
		bool no_xml = c == 0xFFFE || c == 0xFFFF;
		if (c == '\n' || c == '\t')
			cr_assert_str_eq(text_cstr(&plain), " ");
		else if (control || turns || no_xml)
			cr_assert_str_eq(text_cstr(&plain), "\uFFFD", "U+%04X", (unsigned)c);
		else if (strcmp(text_cstr(&plain), "\uFFFD") != 0)
			cr_assert_str_eq(text_cstr(&plain), text_cstr(&bytes), "U+%04X", (unsigned)c);
		if (c >= 0xA0 && c < 0x600)
			cr_assert_str_eq(text_cstr(&plain), text_cstr(&bytes), "U+%04X", (unsigned)c);
		char wanted[24];
		if (c > 0xFFFF)
			snprintf(wanted, sizeof wanted, "\"\\u%04x\\u%04x\"", (unsigned)(0xD800 + ((c - 0x10000) >> 10)),
			         (unsigned)(0xDC00 + ((c - 0x10000) & 0x3FF)));
		else
			snprintf(wanted, sizeof wanted, "\"\\u%04x\"", (unsigned)c);
		bool escaped = strchr(json.data, '\\') && c != '\n' && c != '\t' && c != '"' && c != '\\';
		if (escaped)
			cr_assert_str_eq(json.data, wanted);
		cr_assert(escaped || !(control || turns) || c == '\n' || c == '\t', "U+%04X", (unsigned)c);
		arena_release(session->arena, mark);
	}
}

Test(diag, as_in_the_documentation) {
	uint32_t file = add("mlp.grad", "\n\n\n\n\n\n\n\n\n\n\n\n\n  let h = W * features\n");
	Span w = place(file, "W");
	Diag *diag = diag_error(session, 207, w, "shapes of `%s` differ", "*");
	diag->labels.data[0].text = "[8, 4]";
	diag_label(session, diag, place(file, "features"), "[%d, n]", 6);
	diag_note(session, diag, "W has 4 columns because `inputs = 4` (mlp.grad:3)");
	diag_help(session, diag, "for a matrix product write `W @ features`");
	cr_assert_eq(session->error_count, 1);
	expect(print_plain, "error[E0207]: shapes of `*` differ\n"
	                    "  ┌ mlp.grad:14:11\n"
	                    "14│   let h = W * features\n"
	                    "  │           ^   -------- [6, n]\n"
	                    "  │           [8, 4]\n"
	                    "  = W has 4 columns because `inputs = 4` (mlp.grad:3)\n"
	                    "  help: for a matrix product write `W @ features`\n");
}

Test(diag, tabs_and_wide_characters) {
	uint32_t file = add("a.grad", "\tα = β\t+ 漢字 + x \r\n");
	Diag *diag = diag_warning(session, 12, place(file, "漢字"), "strange");
	diag_label(session, diag, place(file, "x"), "this");
	diag_label(session, diag, place(file, "β"), "that");
	diag_label(session, diag, place(file, "\t+"), "tab");
	expect(print_plain, "warning[W0012]: strange\n"
	                    " ┌ a.grad:1:10\n"
	                    "1│     α = β   + 漢字 + x\n"
	                    " │         ----- ^^^^   - this\n"
	                    " │         │tab\n"
	                    " │         that\n");
}

Test(diag, many_labels_on_one_line) {
	uint32_t file = add("a.grad", "f(a + b, c)");
	Diag *diag = diag_error(session, 1, place(file, "f(a + b, c)"), "no");
	diag->labels.data[0].text = "whole";
	diag_label(session, diag, place(file, "a"), "first");
	diag_label(session, diag, place(file, "b"), "second");
	diag_label(session, diag, place(file, "c"), "third");
	expect(print_plain, "error[E0001]: no\n"
	                    " ┌ a.grad:1:1\n"
	                    "1│ f(a + b, c)\n"
	                    " │ ^^-^^^-^^-^ whole\n"
	                    " │   │   │  third\n"
	                    " │   │   second\n"
	                    " │   first\n");
}

Test(diag, several_lines_and_files) {
	uint32_t other = add("lib.grad", "fn f(a) = a\n");
	uint32_t file = add("a.grad", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten f\n");
	Diag *diag = diag_error(session, 33, place(file, "ve"), "called wrongly\ntwice");
	diag_label(session, diag, place(other, "f(a)"), "declared here");
	diag_label(session, diag, place(file, "five"), "%s", "");
	diag_label(session, diag, place(file, "one"), "one");
	diag_label(session, diag, place(file, "three"), "three");
	diag_note(session, diag, "first\nsecond line");
	expect(print_plain, "error[E0033]: called wrongly\n"
	                    "  twice\n"
	                    " ┌ a.grad:5:3\n"
	                    "1│ one\n"
	                    " │ --- one\n"
	                    "2│ two\n"
	                    "3│ three\n"
	                    " │ ----- three\n"
	                    "4│ four\n"
	                    "5│ five\n"
	                    " │ --^^\n"
	                    " ┌ lib.grad:1:4\n"
	                    "1│ fn f(a) = a\n"
	                    " │    ---- declared here\n"
	                    " = first\n"
	                    "   second line\n");
}

Test(diag, place_over_several_lines) {
	uint32_t file = add("a.grad", "let x =\n  a +\n  b +\n  c end\n\n\n\n\n\n\nz\n");
	Diag *diag = diag_error(session, 5, place(file, "x =\n  a +\n  b +\n  c"), "too long");
	diag->labels.data[0].text = "all of this";
	diag_label(session, diag, place(file, "z"), "not this");
	expect(print_plain, "error[E0005]: too long\n"
	                    "  ┌ a.grad:1:5\n"
	                    " 1│ let x =\n"
	                    "  │     ^^^\n"
	                    "  ⋮\n"
	                    " 4│   c end\n"
	                    "  │   ^ all of this\n"
	                    "  ⋮\n"
	                    "11│ z\n"
	                    "  │ - not this\n");
}

Test(diag, empty_places_and_ends) {
	uint32_t file = add("a.grad", "let x = \n\ny");
	uint32_t empty = add("empty.grad", "");
	uint32_t ended = add("ended.grad", "z\n");
	diag_error(session, 1, (Span){file, 8, 8}, "a")->labels.data[0].text = "value expected";
	diag_error(session, 2, (Span){file, 8, 9}, "line break");
	diag_error(session, 3, (Span){file, 11, 11}, "end");
	diag_error(session, 4, (Span){file, 4000, 17}, "far out");
	diag_error(session, 5, (Span){empty, 0, 0}, "empty");
	diag_error(session, 6, (Span){ended, 2, 2}, "ended");
	diag_error(session, 7, (Span){0}, "nowhere");
	expect(print_plain, "error[E0007]: nowhere\n"
	                    "\n"
	                    "error[E0001]: a\n"
	                    " ┌ a.grad:1:9\n"
	                    "1│ let x =\n"
	                    " │         ^ value expected\n"
	                    "\n"
	                    "error[E0002]: line break\n"
	                    " ┌ a.grad:1:9\n"
	                    "1│ let x =\n"
	                    " │         ^\n"
	                    "\n"
	                    "error[E0003]: end\n"
	                    " ┌ a.grad:3:2\n"
	                    "3│ y\n"
	                    " │  ^\n"
	                    "\n"
	                    "error[E0004]: far out\n"
	                    " ┌ a.grad:3:2\n"
	                    "3│ y\n"
	                    " │  ^\n"
	                    "\n"
	                    "error[E0005]: empty\n"
	                    " ┌ empty.grad:1:1\n"
	                    "1│\n"
	                    " │ ^\n"
	                    "\n"
	                    "error[E0006]: ended\n"
	                    " ┌ ended.grad:2:1\n"
	                    "2│\n"
	                    " │ ^\n");
}

Test(diag, kept_once_and_sorted) {
	uint32_t file = add("a.grad", "a b c");
	diag_error(session, 2, place(file, "c"), "late");
	diag_error(session, 1, place(file, "a"), "early");
	Diag *again = diag_error(session, 2, place(file, "c"), "late again");
	diag_note(session, again, "can be added to");
	diag_warning(session, 2, place(file, "c"), "not the error");
	diag_error(session, 3, (Span){0}, "one");
	diag_error(session, 3, (Span){0}, "two");
	diag_error(session, 3, (Span){0}, "two");
	cr_assert_eq(session->error_count, 4);
	cr_assert_eq(session->diags.count, 5);
	static const char *const order[] = {"one", "two", "early", "late", "not the error"};
	Diag **sorted = diag_sorted(session, session->arena);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_str_eq(sorted[i]->message, order[i]);
}

/* Whether two diagnostics say the same is told by what fills them in, not by how that is printed. */
Test(diag, the_same_is_told_by_content) {
	uint32_t file = add("a.grad", "a b c");
	Span a = place(file, "a"), b = place(file, "b");
	const struct {
		const Diag *left, *right;
		bool same;
	} cases[] = {
		{diag_error(session, 1, a, "%s of %d", "one", 2), diag_error(session, 1, a, "%s of %d", "one", 2), true},
		{diag_error(session, 1, a, "%s of %d", "one", 2), diag_error(session, 1, a, "%s of %d", "one", 3), false},
		{diag_error(session, 1, a, "%s of %d", "one", 2), diag_error(session, 1, a, "%s of %d", "two", 2), false},
		{diag_error(session, 1, a, "%s of %d", "one", 2), diag_error(session, 1, a, "one of %d", 2), false},
		{diag_error(session, 1, a, "x"), diag_error(session, 2, a, "x"), false},
		{diag_error(session, 1, a, "x"), diag_error(session, 1, b, "x"), false},
		{diag_error(session, 1, a, "%g", 1.0), diag_error(session, 1, a, "%g", 1.00000001), false},
		{diag_error(session, 1, a, "%lld %u", 1LL << 40, 1U), diag_error(session, 1, a, "%lld %u", 1LL << 41, 1U),
	     false},
		{diag_error(session, 1, a, "%.*s|", 1, "xy"), diag_error(session, 1, a, "%.*s|", 1, "xz"), true},
		{diag_error(session, 1, a, "%.*s|", 2, "xy"), diag_error(session, 1, a, "%.*s|", 2, "xz"), false},
		{diag_error(session, 1, a, "%5.3g%%%c %zu", 1.0, 'c', (size_t)3),
	     diag_error(session, 1, a, "%5.3g%%%c %zu", 1.0, 'c', (size_t)4), false},
		{diag_error(session, 1, a, "%5.3g%%%c %zu", 1.0, 'c', (size_t)4),
	     diag_error(session, 1, a, "%5.3g%%%c %zu", 1.0, 'c', (size_t)4), true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert_eq(diag_is_same(cases[i].left, cases[i].right), cases[i].same, "pair %zu", i);
}

/* What a file contains never reaches the terminal as a command. */
Test(diag, control_characters_are_shown_as_such) {
	uint32_t file = add("a.grad", "x \x1b[31m \xFF y");
	diag_error(session, 1, place(file, "\x1b"), "unexpected \x1b");
	diag_error(session, 2, place(file, "y"), "y");
	expect(print_plain, "error[E0001]: unexpected \xEF\xBF\xBD\n"
	                    " ┌ a.grad:1:3\n"
	                    "1│ x \xEF\xBF\xBD[31m \xEF\xBF\xBD y\n"
	                    " │   ^\n"
	                    "\n"
	                    "error[E0002]: y\n"
	                    " ┌ a.grad:1:11\n"
	                    "1│ x \xEF\xBF\xBD[31m \xEF\xBF\xBD y\n"
	                    " │           ^\n");
}

Test(diag, color) {
	uint32_t file = add("a.grad", "x");
	Diag *diag = diag_error(session, 1, place(file, "x"), "m");
	diag_help(session, diag, "h");
	expect(print_colored, "\033[1;31merror[E0001]\033[0m: \033[1mm\033[0m\n"
	                      "\033[34m ┌ \033[0ma.grad:1:1\n"
	                      "\033[34m1│\033[0m x\n"
	                      "\033[34m │ \033[0m\033[1;31m^\033[0m\n"
	                      " \033[32mhelp:\033[0m h\n");
}

Test(diag, json) {
	expect(diag_print_json, "[]\n");
	uint32_t file = add("a.grad", "é\n\"x\"");
	Diag *diag = diag_error(session, 207, place(file, "\"x\""), "say \"%s\"", "x");
	diag_note(session, diag, "n");
	diag_warning(session, 3, (Span){0}, "w");
	expect(diag_print_json,
	       "[{\"severity\": \"warning\", \"code\": \"W0003\", \"message\": \"w\", \"labels\": [], \"notes\": [], "
	       "\"help\": null},\n"
	       " {\"severity\": \"error\", \"code\": \"E0207\", \"message\": \"say \\\"x\\\"\", \"labels\": [{\"file\": "
	       "\"a.grad\", \"line\": 2, \"column\": 1, \"end_line\": 2, \"end_column\": 4, \"start\": 3, \"end\": 6, "
	       "\"text\": \"\"}], \"notes\": [\"n\"], \"help\": null}]\n");
}

/* Work, counted rather than timed: to keep many complaints, and to find the places of many on one line, takes work in proportion to
 * how many there are. */
static void complain_often(uint32_t file, uint32_t count, uint32_t apart) {
	for (int again = 0; again < 2; again++)
		for (uint32_t i = 0; i < count; i++) {
			Diag *diag = diag_error(session, 200, (Span){file, i * apart, i * apart + 1}, "unknown name");
			diag_label(session, diag, (Span){file, 0, 1}, "as here");
		}
}

Test(diag, work_grows_with_the_number) {
	enum { MANY = 20000, APART = 6 };
	for (int lines = 0; lines < 2; lines++) {
		Session *own = session = session_new();
		char *text = malloc(MANY * APART + 1);
		for (uint32_t i = 0; i < MANY * APART; i++)
			text[i] = i % APART == APART - 1 ? (lines ? '\n' : ' ') : i % APART == 2 ? '\t' : 'x';
		text[MANY * APART] = '\0';
		uint32_t file = add("many", text);
		complain_often(file, MANY, APART);
		cr_assert_eq(session->diags.count, MANY);
		cr_assert_eq(session->error_count, MANY);
		cr_assert_eq(session->complaints, 2 * MANY);
		cr_assert(session->compared < 20 * MANY, "%llu slots were looked into", (unsigned long long)session->compared);
		PrintFunction prints[] = {print_plain, diag_print_json};
		for (int k = 0; k < 2; k++) {
			uint64_t before = session->sources.data[file]->walked;
			char *data = NULL;
			size_t length = 0;
			FILE *out = open_memstream(&data, &length);
			prints[k](session, out);
			fclose(out);
			free(data);
			uint64_t walked = session->sources.data[file]->walked - before;
			cr_assert(walked < (uint64_t)MANY * 1000, "%llu bytes were walked", (unsigned long long)walked);
		}
		free(text);
		session_free(own);
		session = session_new();
	}
}

/* Complaints that are taken back and said again, in any order, are kept once all the same. */
Test(diag, taken_back_and_said_again) {
	uint32_t file = add("x", "0123456789");
	uint64_t state[2] = {1, 2};
	bool kept[500] = {false};
	for (uint64_t turn = 0; turn < 4000; turn++) {
		uint64_t counter[2] = {turn, 0}, random[2];
		random_threefry(state, counter, random);
		DiagMark mark = diag_mark(session);
		bool before[500];
		memcpy(before, kept, sizeof kept);
		for (uint64_t i = 0; i < random[0] % 9; i++) {
			uint32_t which = (uint32_t)((random[1] >> (7 * i)) % 500);
			diag_error(session, (int)which, (Span){file, which % 7, which % 7 + 1}, "%u", (unsigned)which);
			kept[which] = true;
		}
		if (random[0] >> 60 < 12) {
			Diags taken = diag_take_back(session, mark);
			memcpy(kept, before, sizeof kept);
			if (random[0] >> 60 < 6) {
				diag_say(session, &taken);
				for (uint32_t i = 0; i < taken.count; i++)
					kept[taken.data[i]->code] = true;
			}
		}
		uint32_t wanted = 0;
		for (int i = 0; i < 500; i++)
			wanted += kept[i];
		cr_assert_eq(session->diags.count, wanted, "turn %llu", (unsigned long long)turn);
	}
}

/* Columns far into a long line are those that a walk from its start finds, for every place and every kind of character. */
Test(source, places_on_long_lines) {
	static const char *const pieces[] = {"a",    "\t", "\xC3\xA9", "\xE4\xB8\xAD", "e\xCC\x81", "\xF0\x9F\x98\x80",
	                                     "\xFF", " "};
	Text text = text_new(session->arena);
	text_printf(&text, "short\n");
	for (uint64_t i = 0; i < 4000; i++) {
		uint64_t key[2] = {3, 4}, counter[2] = {i, 0}, random[2];
		random_threefry(key, counter, random);
		text_printf(&text, "%s", pieces[random[0] % 8]);
	}
	text_printf(&text, "\nafter\n");
	uint32_t file = add("long", text_cstr(&text));
	const Source *source = session->sources.data[file];
	uint32_t characters = 0, columns = 0;
	for (uint32_t at = source->line_starts[1]; at < source->line_starts[2] - 1;) {
		uint32_t line, column, c;
		source_position(session, (Span){file, at, at}, &line, &column);
		cr_assert(line == 2 && column == characters + 1, "byte %u: %u:%u", (unsigned)at, (unsigned)line,
		          (unsigned)column);
		SourceStop stop = source_stop(session, file, 1, at, UINT32_MAX);
		while (stop.at < at)
			source_step(session, file, &stop);
		cr_assert(stop.at == at && stop.columns == columns, "byte %u: column %u", (unsigned)at, (unsigned)stop.columns);
		at += text_decode_plain(source->text + at, source->length - at, &c);
		characters++;
		columns += c == '\t' ? SOURCE_TAB_STOP - columns % SOURCE_TAB_STOP : text_width(c);
	}
	cr_assert(source->walked < (uint64_t)source->length * 200);
}
