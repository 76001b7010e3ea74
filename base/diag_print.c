/* Diagnostics for people: the message, the lines of source it is about with marks under the places, notes and help.
 *
 *     error[E0207]: shapes of `*` differ
 *       ┌ mlp.grad:14:11
 *     14│   let h = W * features
 *       │           ^   -------- [6, n]
 *       │           [8, 4]
 *       = W has 4 columns because `inputs = 4` (mlp.grad:3)
 *       help: for a matrix product write `W @ features`
 *
 * Columns here are columns of the terminal, from 0: a tab goes to the next multiple of SOURCE_TAB_STOP, East Asian wide
 * characters take two, combining ones none. */
#include "base/base.h"

#include <string.h>

typedef enum { PLAIN, BOLD, GUTTER, MAIN_ERROR, MAIN_WARNING, SECOND, HELP } Style;

/* The part of a label that lies on one line. */
typedef struct Piece {
	uint32_t line; /* from 0 */
	uint32_t from, to;
	bool is_main;
	const char *text; /* "" when there is nothing to say here */
} Piece;

typedef VEC(Piece) Pieces;

typedef struct Printer {
	const Session *session;
	Arena *scratch;
	Text out;
	bool color;
	Style main_style;
	uint32_t gutter; /* digits of the largest line number of the diagnostic */
} Printer;

static void style_on(Printer *p, Style style) {
	static const char *const codes[] = {"", "1", "34", "1;31", "1;33", "36", "32"};
	if (p->color && style != PLAIN)
		text_printf(&p->out, "\033[%sm", codes[style]);
}

static void style_off(Printer *p, Style style) {
	if (p->color && style != PLAIN)
		text_printf(&p->out, "\033[0m");
}

static void spaces(Printer *p, uint32_t count) {
	while (count-- > 0)
		text_char(&p->out, ' ');
}

/* Text that may quote the user's bytes: only what is plain reaches the terminal. A line break starts a new line
 * indented by `indent`, or is a blank where that is 0. */
static void put_text(Printer *p, const char *bytes, Style style, uint32_t indent) {
	style_on(p, style);
	for (size_t i = 0, length = strlen(bytes); i < length;) {
		uint32_t c;
		i += text_decode_plain(bytes + i, length - i, &c);
		bool next = c == '\n' && indent > 0;
		text_encode(&p->out, c == '\t' || (c == '\n' && !next) ? ' ' : c);
		spaces(p, next ? indent : 0);
	}
	style_off(p, style);
}

/* The bytes of a line without its end. */
static void line_bounds(const Source *source, uint32_t line, uint32_t *start, uint32_t *end) {
	*start = source->line_starts[line];
	*end = line + 1 < source->line_count ? source->line_starts[line + 1] - 1 : source->length;
	if (*end > *start && source->text[*end - 1] == '\r')
		--*end;
}

/* The column of the byte `stop` of a line. */
static uint32_t column_at(const Session *session, uint32_t file, uint32_t line, uint32_t stop) {
	uint32_t start, end;
	line_bounds(session->sources.data[file], line, &start, &end);
	if (end > stop)
		end = stop;
	SourceStop place = source_stop(session, file, line, end, UINT32_MAX);
	while (place.at < end)
		source_step(session, file, &place);
	return place.columns;
}

static uint32_t line_of(const Session *session, uint32_t file, uint32_t place) {
	uint32_t line, column;
	source_position(session, (Span){file, place, place}, &line, &column);
	return line - 1;
}

/* Column of the first character of a line that is not blank. */
static uint32_t indentation(const Session *session, uint32_t file, uint32_t line) {
	const Source *source = session->sources.data[file];
	uint32_t start, end;
	line_bounds(source, line, &start, &end);
	while (start < end && (source->text[start] == ' ' || source->text[start] == '\t'))
		start++;
	return column_at(session, file, line, start);
}

static void piece_add(Printer *p, Pieces *pieces, Piece piece) {
	if (piece.to <= piece.from)
		piece.to = piece.from + 1;
	uint32_t at = pieces->count;
	vec_push(p->scratch, pieces, piece);
	for (; at > 0 && pieces->data[at - 1].line > piece.line; at--)
		pieces->data[at] = pieces->data[at - 1];
	pieces->data[at] = piece;
}

/* A label over several lines is marked on its first and on its last one; its text stands at the last. */
static void add_label(Printer *p, Pieces *pieces, const DiagLabel *label, bool is_main) {
	uint32_t file = label->span.file;
	const Source *source = p->session->sources.data[file];
	uint32_t start = label->span.start < source->length ? label->span.start : source->length;
	uint32_t end = label->span.end < source->length ? label->span.end : source->length;
	if (end < start)
		end = start;
	uint32_t first = line_of(p->session, file, start);
	uint32_t last = end > start ? line_of(p->session, file, end - 1) : first;
	uint32_t from = column_at(p->session, file, first, start);
	uint32_t to = column_at(p->session, file, last, end);
	if (first == last) {
		piece_add(p, pieces, (Piece){first, from, to, is_main, label->text});
		return;
	}
	piece_add(p, pieces, (Piece){first, from, column_at(p->session, file, first, UINT32_MAX), is_main, ""});
	piece_add(p, pieces, (Piece){last, indentation(p->session, file, last), to, is_main, label->text});
}

/* What stands left of a line; `number` counts from 1, 0 leaves the place blank. */
static void put_gutter(Printer *p, uint32_t number, const char *rule) {
	style_on(p, GUTTER);
	if (number)
		text_printf(&p->out, "%*u", (int)p->gutter, (unsigned)number);
	else
		spaces(p, p->gutter);
	text_printf(&p->out, "%s", rule);
	style_off(p, GUTTER);
}

/* Of a long line (a table of data) only the columns around its first main place are shown. */
typedef struct Window {
	uint32_t from, to;
} Window;

static Window window_of(const Session *session, uint32_t file, const Piece *pieces, uint32_t count) {
	if (count == 0 || column_at(session, file, pieces[0].line, UINT32_MAX) <= DIAG_LONG_LINE)
		return (Window){0, UINT32_MAX};
	const Piece *at = &pieces[0];
	for (uint32_t i = count; i-- > 0;)
		at = pieces[i].is_main ? &pieces[i] : at;
	uint32_t from = at->from > DIAG_SHOWN_BEFORE ? at->from - DIAG_SHOWN_BEFORE : 0;
	return (Window){from, from + DIAG_SHOWN_COLUMNS};
}

/* The columns of `window` of a line up to byte `end`; a tab is blanks. */
static void put_window(Printer *p, uint32_t file, uint32_t line, uint32_t end, Window window) {
	SourceStop place = source_stop(p->session, file, line, end, window.from);
	while (place.at < end && place.columns < window.to) {
		uint32_t column = place.columns, c = source_step(p->session, file, &place);
		uint32_t count = c == '\t' ? place.columns - column : 1;
		for (uint32_t i = 0; i < count; i++, column++) {
			bool edge = (column == window.from && window.from > 0) || column + 1 == window.to;
			if (column < window.from || column >= window.to)
				continue;
			text_encode(&p->out, edge ? 0x2026 : c == '\t' ? ' ' : c);
		}
	}
}

static void put_source_line(Printer *p, uint32_t file, uint32_t line, Window window) {
	const Source *source = p->session->sources.data[file];
	uint32_t start, end;
	line_bounds(source, line, &start, &end);
	while (end > start && (source->text[end - 1] == ' ' || source->text[end - 1] == '\t'))
		end--;
	put_gutter(p, line + 1, "│");
	if (end > start) {
		text_char(&p->out, ' ');
		put_window(p, file, line, end, window);
	}
	text_char(&p->out, '\n');
}

/* Places as columns of the window; what lies outside is marked at its edge. */
static void into_window(Piece *pieces, uint32_t count, Window window) {
	for (uint32_t i = 0; i < count && window.to != UINT32_MAX; i++) {
		Piece *piece = &pieces[i];
		uint32_t from = piece->from < window.from ? window.from : piece->from;
		uint32_t to = piece->to > window.to ? window.to : piece->to;
		if (from >= window.to)
			from = window.to - 1;
		if (to <= from)
			to = from + 1;
		piece->from = from - window.from;
		piece->to = to - window.from;
	}
}

static Style style_of(const Printer *p, const Piece *piece) {
	return piece->is_main ? p->main_style : SECOND;
}

/* The marks themselves; where places overlap the shorter one is seen, and of equals the main one. */
static void put_marks(Printer *p, const Piece *pieces, uint32_t count, uint32_t width) {
	for (uint32_t column = 0; column < width; column++) {
		const Piece *seen = NULL;
		for (uint32_t i = 0; i < count; i++) {
			const Piece *piece = &pieces[i];
			if (column < piece->from || column >= piece->to)
				continue;
			uint32_t length = piece->to - piece->from, other = seen ? seen->to - seen->from : UINT32_MAX;
			if (length < other || (length == other && piece->is_main))
				seen = piece;
		}
		if (!seen) {
			text_char(&p->out, ' ');
			continue;
		}
		style_on(p, style_of(p, seen));
		text_char(&p->out, seen->is_main ? '^' : '-');
		style_off(p, style_of(p, seen));
	}
}

/* Marks and texts under one line: the text of the place that ends last stands beside it, the others below theirs, from
 * right to left, with a rule down to those still to come. */
static void put_line_marks(Printer *p, Piece *pieces, uint32_t count) {
	uint32_t width = 0;
	for (uint32_t i = 0; i < count; i++)
		width = pieces[i].to > width ? pieces[i].to : width;
	put_gutter(p, 0, "│ ");
	put_marks(p, pieces, count, width);
	Piece *beside = NULL;
	for (uint32_t i = 0; i < count; i++)
		if (pieces[i].text[0] && pieces[i].to == width && (!beside || pieces[i].from > beside->from))
			beside = &pieces[i];
	if (beside) {
		text_char(&p->out, ' ');
		put_text(p, beside->text, style_of(p, beside), 0);
		beside->text = "";
	}
	text_char(&p->out, '\n');
	for (;;) {
		const Piece *next = NULL;
		for (uint32_t i = 0; i < count; i++)
			if (pieces[i].text[0] && (!next || pieces[i].from > next->from))
				next = &pieces[i];
		if (!next)
			return;
		put_gutter(p, 0, "│ ");
		for (uint32_t column = 0; column < next->from; column++) {
			const Piece *pending = NULL;
			for (uint32_t i = 0; i < count && !pending; i++)
				if (pieces[i].text[0] && pieces[i].from == column)
					pending = &pieces[i];
			if (!pending) {
				text_char(&p->out, ' ');
				continue;
			}
			style_on(p, style_of(p, pending));
			text_printf(&p->out, "│");
			style_off(p, style_of(p, pending));
		}
		put_text(p, next->text, style_of(p, next), 0);
		text_char(&p->out, '\n');
		pieces[next - pieces].text = "";
	}
}

static void put_file(Printer *p, uint32_t file, Span first_place, Pieces *pieces) {
	const Source *source = p->session->sources.data[file];
	uint32_t line, column;
	source_position(p->session, first_place, &line, &column);
	put_gutter(p, 0, "┌ ");
	put_text(p, source->path, PLAIN, 0);
	text_printf(&p->out, ":%u:%u\n", (unsigned)line, (unsigned)column);
	for (uint32_t i = 0; i < pieces->count;) {
		Piece *piece = &pieces->data[i];
		uint32_t count = 1;
		while (i + count < pieces->count && piece[count].line == piece->line)
			count++;
		uint32_t gap = i ? piece->line - piece[-1].line : 1;
		if (gap == 2)
			put_source_line(p, file, piece->line - 1,
			                window_of(p->session, file, &(Piece){.line = piece->line - 1}, 1));
		if (gap > 2) {
			put_gutter(p, 0, "⋮");
			text_char(&p->out, '\n');
		}
		Window window = window_of(p->session, file, piece, count);
		put_source_line(p, file, piece->line, window);
		into_window(piece, count, window);
		put_line_marks(p, piece, count);
		i += count;
	}
}

static bool file_is_first_at(const Diag *diag, uint32_t label) {
	for (uint32_t i = 0; i < label; i++)
		if (diag->labels.data[i].span.file == diag->labels.data[label].span.file)
			return false;
	return diag->labels.data[label].span.file != 0;
}

static uint32_t gutter_width(const Session *session, const Diag *diag) {
	uint32_t largest = 0, digits = 1;
	for (uint32_t i = 0; i < diag->labels.count; i++) {
		Span span = diag->labels.data[i].span;
		uint32_t last =
			span.file ? line_of(session, span.file, span.end > span.start ? span.end - 1 : span.start) + 1 : 0;
		largest = last > largest ? last : largest;
	}
	while (largest >= 10) {
		largest /= 10;
		digits++;
	}
	return digits;
}

static void put_diag(Printer *p, const Diag *diag) {
	bool is_error = diag->severity == DIAG_ERROR;
	p->main_style = is_error ? MAIN_ERROR : MAIN_WARNING;
	p->gutter = gutter_width(p->session, diag);
	style_on(p, p->main_style);
	text_printf(&p->out, "%s[%c%04d]", is_error ? "error" : "warning", is_error ? 'E' : 'W', diag->code);
	style_off(p, p->main_style);
	text_printf(&p->out, ": ");
	put_text(p, diag->message, BOLD, 2);
	text_char(&p->out, '\n');
	for (uint32_t i = 0; i < diag->labels.count; i++) {
		if (!file_is_first_at(diag, i))
			continue;
		Pieces pieces = {0};
		for (uint32_t k = i; k < diag->labels.count; k++)
			if (diag->labels.data[k].span.file == diag->labels.data[i].span.file)
				add_label(p, &pieces, &diag->labels.data[k], k == 0);
		put_file(p, diag->labels.data[i].span.file, diag->labels.data[i].span, &pieces);
	}
	for (uint32_t i = 0; i < diag->notes.count; i++) {
		put_gutter(p, 0, "= ");
		put_text(p, diag->notes.data[i], PLAIN, p->gutter + 2);
		text_char(&p->out, '\n');
	}
	if (diag->help) {
		spaces(p, p->gutter);
		put_text(p, "help:", HELP, 0);
		text_char(&p->out, ' ');
		put_text(p, diag->help, PLAIN, p->gutter + 6);
		text_char(&p->out, '\n');
	}
}

void diag_print_all(const Session *session, FILE *out, bool color) {
	Arena *scratch = arena_new();
	Diag **sorted = diag_sorted(session, scratch);
	for (uint32_t i = 0; i < session->diags.count; i++) {
		ArenaMark mark = arena_mark(scratch);
		Printer printer = {.session = session, .scratch = scratch, .out = text_new(scratch), .color = color};
		if (i)
			text_char(&printer.out, '\n');
		put_diag(&printer, sorted[i]);
		fwrite(printer.out.data, 1, printer.out.length, out);
		arena_release(scratch, mark);
	}
	arena_free(scratch);
}
