/* Lines of at most C_WIDTH columns: C text that was written without a thought of its width is broken at blanks, where the
 * fewest parentheses are open. Comments behind code that is too long stand before it. Of empty lines in a row one stays. */
#include "jit/c/c_emit.h"

#include <string.h>

typedef struct Line {
	const char *text;
	size_t length;
	size_t indent; /* tabs */
} Line;

static size_t width(const char *text, size_t length) {
	size_t columns = 0;
	for (size_t i = 0; i < length; i++)
		columns += text[i] == '\t' ? C_TAB : ((unsigned char)text[i] & 0xC0) != 0x80;
	return columns;
}

static void put_line(Text *out, size_t tabs, const char *begin, const char *text, size_t length) {
	for (size_t i = 0; i < tabs; i++)
		text_char(out, '\t');
	text_printf(out, "%s%.*s\n", begin, (int)length, text);
}

/* Behind a comma or an operator: nothing that belongs together is torn apart there. */
static bool is_gap(const char *text, size_t at) {
	if (at < 2 || text[at + 1] == '{')
		return false;
	return strchr(",;=?:", text[at - 1]) || (strchr("+-*/<>&|^", text[at - 1]) && strchr(" <>&|", text[at - 2]));
}

/* Where to break code: at the gap at which the fewest parentheses are open, the last of these. Prose: at the last blank. 0: nowhere. */
static size_t break_at(const char *text, size_t length, size_t columns, bool prose) {
	size_t best = 0, column = 0;
	int depth = 0, best_depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < length && column <= columns; i++) {
		char at = text[i];
		if (at == '"' && !prose && (i == 0 || text[i - 1] != '\\'))
			quoted = !quoted;
		depth += quoted ? 0 : (at == '(' || at == '[') - (at == ')' || at == ']');
		if (at == ' ' && !quoted && (prose ? i > 3 : is_gap(text, i)) && (prose || best == 0 || depth <= best_depth)) {
			best = i;
			best_depth = depth;
		}
		column += ((unsigned char)at & 0xC0) != 0x80;
	}
	return best;
}

static void wrap_code(Text *out, size_t tabs, const char *text, size_t length) {
	size_t more = tabs;
	while (width(text, length) + more * C_TAB > C_WIDTH) {
		size_t at = break_at(text, length, C_WIDTH - more * C_TAB, false);
		if (at == 0)
			break;
		put_line(out, more, "", text, at);
		text += at + 1;
		length -= at + 1;
		more = tabs + 2;
	}
	put_line(out, more, "", text, length);
}

/* Does the sentence of a comment, of which this is the end of a line, go on in the line at `next`? */
static bool goes_on(const char *text, size_t length, size_t tabs, const char *next) {
	for (size_t i = 0; i < tabs; i++)
		if (*next++ != '\t')
			return false;
	if (strncmp(next, " * ", 3) != 0)
		return false;
	size_t word = strcspn(next + 3, " \n");
	bool item = word > 0 && next[3 + word - 1] == ':'; /* a place in a program, or an argument that is told about */
	bool ended = length == 0 || strchr(".:;/", text[length - 1]);
	return !item && !ended && ((next[3] >= 'a' && next[3] <= 'z') || next[3] == '`');
}

/* A line within a comment, or one that is a comment by itself; goes on with " * ". */
static void wrap_comment(Text *out, size_t tabs, const char *text, size_t length) {
	const char *begin = "";
	while (width(text, length) + strlen(begin) + tabs * C_TAB > C_WIDTH) {
		size_t at = break_at(text, length, C_WIDTH - strlen(begin) - tabs * C_TAB, true);
		if (at == 0)
			break;
		put_line(out, tabs, begin, text, at);
		text += at + 1;
		length -= at + 1;
		begin = " * ";
	}
	put_line(out, tabs, begin, text, length);
}

/* A comment at the end of a line of code, or NULL. */
static const char *comment_behind(const char *text, size_t length) {
	if (length < 4 || memcmp(text + length - 2, "*/", 2) != 0)
		return NULL;
	for (const char *at = text + length - 3; at > text; at--)
		if (at[0] == '/' && at[1] == '*')
			return at;
	return NULL;
}

static void wrap_line(Text *out, const char *text, size_t length) {
	if (width(text, length) <= C_WIDTH || text[0] == '#') {
		put_line(out, 0, "", text, length);
		return;
	}
	size_t tabs = 0;
	while (text[tabs] == '\t')
		tabs++;
	text += tabs;
	length -= tabs;
	if (memcmp(text, "/*", 2) == 0 || memcmp(text, " *", 2) == 0) {
		wrap_comment(out, tabs, text, length);
		return;
	}
	const char *comment = comment_behind(text, length);
	if (comment) {
		wrap_comment(out, tabs, comment, (size_t)(text + length - comment));
		length = (size_t)(comment - text);
		while (length > 0 && text[length - 1] == ' ')
			length--;
	}
	wrap_code(out, tabs, text, length);
}

static size_t line_length(const char *text) {
	return strcspn(text, "\n");
}

/* A line that is too long. The lines in which the sentence of a comment goes on become a part of it: how many bytes of `text` all are. */
static size_t join_comment(Text *joined, const char *text) {
	size_t length = line_length(text), tabs = strspn(text, "\t"), taken = length;
	text_printf(joined, "%.*s", (int)length, text);
	bool comment = strncmp(text + tabs, "/*", 2) == 0 || strncmp(text + tabs, " *", 2) == 0;
	while (comment && text[taken] == '\n' && goes_on(text_cstr(joined), joined->length, tabs, text + taken + 1)) {
		const char *next = text + taken + 1;
		size_t more = line_length(next);
		text_printf(joined, " %.*s", (int)(more - tabs - 3), next + tabs + 3);
		taken += more + 1;
	}
	return taken;
}

void jit_c_wrap(Text *out, const char *text) {
	bool empty = false;
	while (*text) {
		size_t length = line_length(text), taken = length;
		if (width(text, length) > C_WIDTH) {
			Text line = text_new(out->arena);
			taken = join_comment(&line, text);
			wrap_line(out, text_cstr(&line), line.length);
		} else if (length > 0 || !empty)
			wrap_line(out, text, length);
		empty = length == 0;
		text += taken + (text[taken] == '\n');
	}
}
