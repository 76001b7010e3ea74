/* report: the parts of the page that tells of a run. html.c has what pages are made of, compared.c tells of a comparison, learned.c
 * looks at what a rule does with the numbers that it has learned; events.c writes figures for TensorBoard. */
#ifndef GRADUS_REPORT_H
#define GRADUS_REPORT_H

#include "runtime/inner/inner.h"
#include "runtime/plot/plot.h"

struct json_t;

/* ---- html.c ----
 *
 * One page without scripts that loads nothing: styles and pictures are in it. What comes from files is escaped. */

/* A page under construction. */
typedef struct ReportPage {
	Arena *arena;
	Text text;
	int pictures; /* so far: what a picture names inside of itself is named by its number */
} ReportPage;

ReportPage report_page(Arena *arena, const char *title);
void report_end(ReportPage *page);
void report_section(ReportPage *page, const char *title); /* ends the one before */
void report_paragraph(ReportPage *page, const char *format, ...) BASE_PRINTF(2, 3);
void report_listing(ReportPage *page, const char *summary, const char *text); /* folded, where there is a summary */
/* caption: what is seen, for those who cannot see it as well. */
void report_picture(ReportPage *page, const Plot *plot, const char *caption);

/* Rows of `columns` cells; the first row is the head, and cells but those of the first column are numbers. */
typedef struct ReportTable {
	Arena *arena;
	uint32_t columns;
	VEC(const char *) cells;
} ReportTable;

void report_cell(ReportTable *table, const char *format, ...) BASE_PRINTF(2, 3);
void report_table(ReportPage *page, const char *caption, const ReportTable *table);

/* ---- compared.c: of what compare_json writes ---- */

void report_scores(ReportPage *page, const struct json_t *comparison);
void report_horizons(ReportPage *page, const struct json_t *comparison); /* nothing, where it has none */
void report_profiles(ReportPage *page, const struct json_t *comparison); /* shares solved, as a picture */
void report_costs(ReportPage *page, const struct json_t *comparison);    /* evaluations and seconds */
/* Its rules as pictures have them: the subject first, then the best. [size of `rules`] */
const struct json_t **report_rules(Arena *arena, const struct json_t *comparison);

/* ---- learned.c ---- */

/* How long and where to the steps are, by the gradient, at some times of runs of `horizon` steps on these problems. theta: [P] or
 * NULL. false with diagnostics. */
bool report_response(ReportPage *page, Task *task, const Problems *problems, const double *theta, int horizon);
/* What becomes of the score without parts of what was learned. Nothing for a rule without learned arrays. false with diagnostics. */
bool report_ablation(ReportPage *page, Task *task, const Problems *problems, const double *theta, int horizon);

/* ---- events.c: figures of a run as an event file of TensorBoard, in memory ---- */

void report_events_begin(Text *out, double time); /* time: seconds since 1970 */
/* One figure; what no float holds is inf or 0 there. */
void report_event(Text *out, double time, int64_t step, const char *tag, double value);

#endif
