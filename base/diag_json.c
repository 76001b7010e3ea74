/* Diagnostics for tools: one JSON array, one object per diagnostic. */
#include "base/base.h"

#include <string.h>

static void member_text(Text *text, const char *key, const char *value) {
	text_printf(text, "\"%s\": ", key);
	text_json(text, value, strlen(value));
}

static void label_json(const Session *session, Text *text, const DiagLabel *label) {
	Span last = {label->span.file, label->span.end, label->span.end};
	uint32_t line, column, end_line, end_column;
	source_position(session, label->span, &line, &column);
	source_position(session, last, &end_line, &end_column);
	text_char(text, '{');
	member_text(text, "file", session->sources.data[label->span.file]->path);
	text_printf(text, ", \"line\": %u, \"column\": %u, \"end_line\": %u, \"end_column\": %u", (unsigned)line,
	            (unsigned)column, (unsigned)end_line, (unsigned)end_column);
	text_printf(text, ", \"start\": %u, \"end\": %u, ", (unsigned)label->span.start, (unsigned)label->span.end);
	member_text(text, "text", label->text);
	text_char(text, '}');
}

static void diag_json(const Session *session, Text *text, const Diag *diag) {
	bool is_error = diag->severity == DIAG_ERROR;
	text_printf(text, "{\"severity\": \"%s\", \"code\": \"%c%04d\", ", is_error ? "error" : "warning",
	            is_error ? 'E' : 'W', diag->code);
	member_text(text, "message", diag->message);
	text_printf(text, ", \"labels\": [");
	bool first = true;
	for (uint32_t i = 0; i < diag->labels.count; i++) {
		if (!diag->labels.data[i].span.file)
			continue;
		text_printf(text, "%s", first ? "" : ", ");
		first = false;
		label_json(session, text, &diag->labels.data[i]);
	}
	text_printf(text, "], \"notes\": [");
	for (uint32_t i = 0; i < diag->notes.count; i++) {
		text_printf(text, "%s", i ? ", " : "");
		text_json(text, diag->notes.data[i], strlen(diag->notes.data[i]));
	}
	text_printf(text, "], ");
	if (diag->help)
		member_text(text, "help", diag->help);
	else
		text_printf(text, "\"help\": null");
	text_char(text, '}');
}

void diag_print_json(const Session *session, FILE *out) {
	Arena *scratch = arena_new();
	Text text = text_new(scratch);
	Diag **sorted = diag_sorted(session, scratch);
	text_char(&text, '[');
	for (uint32_t i = 0; i < session->diags.count; i++) {
		text_printf(&text, "%s", i ? ",\n " : "");
		diag_json(session, &text, sorted[i]);
	}
	text_printf(&text, "]\n");
	fwrite(text.data, 1, text.length, out);
	arena_free(scratch);
}
