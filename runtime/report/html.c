/* What pages are made of. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/report/report.h"

/* Ink on paper, or light on dark where the reader's system is dark; pictures are turned over then, and keep their hues. Printed, all
 * that is folded stays folded, and no section begins at the foot of a page. */
static const char style[] =
	":root{color-scheme:light dark;--ink:#1c1c1c;--paper:#ffffff;--soft:#595959;--line:#d5d5d5}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--soft:#a8a8a8;--line:#3a3a3a}"
	"svg{filter:invert(.91) hue-rotate(180deg)}}\n"
	"@media print{:root{--ink:#000;--paper:#fff;--soft:#333}svg{filter:none}h2,table,figure{break-inside:avoid}}\n"
	"body{font:16px/1.5 system-ui,Helvetica,Arial,sans-serif;color:var(--ink);background:var(--paper);max-width:54rem;"
	"margin:2rem auto;padding:0 1rem}\n"
	"h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid var(--line)}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;display:block;overflow-x:auto}\n"
	"caption,figcaption{text-align:left;color:var(--soft);font-size:.9rem;padding:.3rem 0}\n"
	"th,td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line);text-align:right}\n"
	"th:first-child,td:first-child{text-align:left}\n"
	"figure{margin:1rem 0}svg{max-width:100%;height:auto}\n"
	"pre{overflow-x:auto;font-size:.85rem;border:1px solid var(--line);padding:.7rem}\n"
	"summary{cursor:pointer}\n";

/* Escaped for a page; what a page may not hold is shown as it is in a listing of bytes. */
static void put(Text *out, const char *text) {
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		switch (*at) {
		case '<': text_printf(out, "&lt;"); break;
		case '>': text_printf(out, "&gt;"); break;
		case '&': text_printf(out, "&amp;"); break;
		case '"': text_printf(out, "&quot;"); break;
		default:
			if (*at < ' ' && *at != '\n' && *at != '\t')
				text_printf(out, "\\x%02x", *at);
			else
				text_char(out, (char)*at);
		}
	}
}

ReportPage report_page(Arena *arena, const char *title) {
	ReportPage page = {.arena = arena, .text = text_new(arena)};
	Text *out = &page.text;
	text_printf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	put(out, title);
	text_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
	put(out, title);
	text_printf(out, "</h1>\n");
	return page;
}

void report_end(ReportPage *page) {
	text_printf(&page->text, "</main>\n</body>\n</html>\n");
}

void report_section(ReportPage *page, const char *title) {
	text_printf(&page->text, "<h2>");
	put(&page->text, title);
	text_printf(&page->text, "</h2>\n");
}

static const char *formatted(Arena *arena, const char *format, va_list args) BASE_PRINTF(2, 0);
static const char *formatted(Arena *arena, const char *format, va_list args) {
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *text = ARENA_ARRAY(arena, char, length + 1);
	vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

void report_paragraph(ReportPage *page, const char *format, ...) {
	va_list args;
	va_start(args, format);
	text_printf(&page->text, "<p>");
	put(&page->text, formatted(page->arena, format, args));
	text_printf(&page->text, "</p>\n");
	va_end(args);
}

void report_listing(ReportPage *page, const char *summary, const char *text) {
	Text *out = &page->text;
	if (summary) {
		text_printf(out, "<details><summary>");
		put(out, summary);
		text_printf(out, "</summary>\n");
	}
	text_printf(out, "<pre><code>");
	put(out, text);
	text_printf(out, "</code></pre>\n%s", summary ? "</details>\n" : "");
}

void report_picture(ReportPage *page, const Plot *plot, const char *caption) {
	text_printf(&page->text, "<figure>\n");
	plot_svg(plot, 1, page->pictures++, &page->text);
	text_printf(&page->text, "<figcaption>");
	put(&page->text, caption);
	text_printf(&page->text, "</figcaption>\n</figure>\n");
}

void report_cell(ReportTable *table, const char *format, ...) {
	va_list args;
	va_start(args, format);
	vec_push(table->arena, &table->cells, formatted(table->arena, format, args));
	va_end(args);
}

void report_table(ReportPage *page, const char *caption, const ReportTable *table) {
	Text *out = &page->text;
	text_printf(out, "<table>\n<caption>");
	put(out, caption);
	text_printf(out, "</caption>\n");
	for (uint32_t i = 0; i < table->cells.count; i++) {
		bool head = i < table->columns, names = i % table->columns == 0;
		const char *tag = head || names ? "th" : "td", *scope = head ? " scope=\"col\"" : names ? " scope=\"row\"" : "";
		text_printf(out, "%s<%s%s>", names ? "<tr>" : "", tag, scope);
		put(out, table->cells.data[i]);
		text_printf(out, "</%s>%s", tag, (i + 1) % table->columns == 0 ? "</tr>\n" : "");
	}
	text_printf(out, "</table>\n");
}
