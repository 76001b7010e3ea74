/* plot: curves as text for a terminal, and as SVG. */
#ifndef GRADUS_PLOT_H
#define GRADUS_PLOT_H

#include "base/base.h"

enum { PLOT_COLORS = 8 }; /* of curves, before they repeat */

typedef struct PlotCurve {
	const char *label;
	int count;
	const double *x; /* NULL: start, start + 1, ... */
	double start;
	const double *y;
	const double *low, *high; /* a band, or NULL */
	bool dots;                /* points instead of a line */
	bool faint;               /* in the background */
} PlotCurve;

typedef struct Plot {
	const char *title, *subtitle, *x_label, *y_label;
	VEC(PlotCurve) curves;
	bool zero; /* a line at y = 0 */
} Plot;

/* Where a value is drawn, 0 (left, bottom) to 1, and the numbers beside an axis. */
typedef struct PlotAxis {
	bool log;
	double low, high;
	int count;
	double ticks[16];
} PlotAxis;

/* y is drawn in log when everything is above 0 and spans more than a factor of 30. Outliers far above the starting values do not
 * stretch it. ticks: about how many. */
void plot_axes(const Plot *plot, int x_ticks, int y_ticks, PlotAxis *x, PlotAxis *y);
double plot_place(const PlotAxis *axis, double value); /* NaN stays; what is outside may be infinite */
/* The cell of `count` in which a place lies, 0 for the first; what is outside sticks to the edge. */
int plot_cell(double place, int count);
/* A name or a title as it may be drawn, at most so many characters. NULL is "". */
const char *plot_label(Arena *arena, const char *text, int most);
const char *plot_tick(Arena *arena, const PlotAxis *axis, double tick);
double plot_x(const PlotCurve *curve, int k);

void plot_terminal(const Plot *plot, int width, int height, bool color, Text *out);
/* One drawing, the plots below one another. first: the number of the first one in its document, 0 if that is this drawing alone. */
void plot_svg(const Plot *plots, int count, int first, Text *out);

#endif
