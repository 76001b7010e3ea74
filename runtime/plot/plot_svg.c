/* Plots as SVG: light ground, colours that stay apart for colour-blind eyes (Okabe and Ito, with grey for their yellow),
 * quantile bands, a legend in the order of the curves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plot/plot.h"

static const char *const palette[PLOT_COLORS] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#333333", "#8C8C8C"};
/* Curves differ in their dashes as well: for those who print in grey, or see no colours. */
enum { DASHES = 4 };
static const char *const dashes[DASHES] = {"", " stroke-dasharray=\"7 3\"", " stroke-dasharray=\"2 3\"",
                                           " stroke-dasharray=\"9 3 2 3\""};

/* Where colours begin again, dashes go one further: no two of PLOT_COLORS * DASHES curves look alike. */
static const char *dash_of(uint32_t curve) {
	return dashes[(curve + curve / PLOT_COLORS) % DASHES];
}

enum { WIDTH = 820, HEIGHT = 440, LEFT = 74, TOP = 58, RIGHT = 196, BOTTOM = 54 };
enum { INNER_WIDTH = WIDTH - LEFT - RIGHT, INNER_HEIGHT = HEIGHT - TOP - BOTTOM };

/* Names come from files: what may not stand in XML is not in a label. */
static void put_escaped(Text *out, const char *label) {
	for (const char *text = plot_label(out->arena, label, 1000); *text; text++) {
		switch (*text) {
		case '<': text_printf(out, "&lt;"); break;
		case '>': text_printf(out, "&gt;"); break;
		case '&': text_printf(out, "&amp;"); break;
		case '"': text_printf(out, "&quot;"); break;
		default: text_char(out, *text);
		}
	}
}

static void put_text(Text *out, double x, double y, const char *style, const char *text) {
	if (text) {
		text_printf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
		put_escaped(out, text);
		text_printf(out, "</text>\n");
	}
}

/* A little outside is cut away by the clip path; far outside would only make large numbers. */
static double px(const PlotAxis *axis, double value) {
	double place = fmin(fmax(plot_place(axis, value), -0.5), 1.5);
	return (double)LEFT + place * (double)INNER_WIDTH;
}

static double py(const PlotAxis *axis, double value) {
	double place = fmin(fmax(plot_place(axis, value), -0.5), 1.5);
	return (double)TOP + (1 - place) * (double)INNER_HEIGHT;
}

static void put_axes(const Plot *plot, const PlotAxis *x, const PlotAxis *y, Arena *arena, Text *out) {
	double right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
	text_printf(out, "<g stroke=\"#e4e4e4\" stroke-width=\"1\">\n");
	for (int i = 0; i < y->count; i++) {
		double at = py(y, y->ticks[i]);
		text_printf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", LEFT, at, right, at);
	}
	for (int i = 0; i < x->count; i++) {
		double at = px(x, x->ticks[i]);
		text_printf(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", at, TOP, at, bottom);
	}
	text_printf(out, "</g>\n");
	for (int i = 0; i < y->count; i++)
		put_text(out, LEFT - 8, py(y, y->ticks[i]) + 4, "text-anchor=\"end\"", plot_tick(arena, y, y->ticks[i]));
	for (int i = 0; i < x->count; i++)
		put_text(out, px(x, x->ticks[i]), bottom + 18, "text-anchor=\"middle\"", plot_tick(arena, x, x->ticks[i]));
	text_printf(out, "<path d=\"M%d %d V%.1f H%.1f\" fill=\"none\" stroke=\"#555\" stroke-width=\"1\"/>\n", LEFT, TOP,
	            bottom, right);
	if (plot->zero) {
		double zero = py(y, 0);
		text_printf(out,
		            "<line x1=\"%d\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#555\" stroke-dasharray=\"4 3\"/>\n",
		            LEFT, zero, right, zero);
	}
	put_text(out, (double)LEFT + 0.5 * (double)INNER_WIDTH, HEIGHT - 14, "text-anchor=\"middle\"", plot->x_label);
	if (plot->y_label) {
		text_printf(out, "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">",
		            (double)TOP + 0.5 * (double)INNER_HEIGHT);
		put_escaped(out, plot->y_label);
		text_printf(out, "%s</text>\n", y->log ? " (log)" : "");
	}
}

static void put_band(const PlotCurve *curve, const PlotAxis *x, const PlotAxis *y, const char *color, Text *out) {
	for (int k = 0; k < curve->count;) {
		int end = k;
		while (end < curve->count && isfinite(curve->low[end]) && isfinite(curve->high[end]) &&
		       isfinite(plot_x(curve, end))) {
			end++;
		}
		if (end > k) {
			text_printf(out, "<path d=\"");
			for (int i = k; i < end; i++)
				text_printf(out, "%s%.1f %.1f", i == k ? "M" : " L", px(x, plot_x(curve, i)), py(y, curve->high[i]));
			for (int i = end; i-- > k;)
				text_printf(out, " L%.1f %.1f", px(x, plot_x(curve, i)), py(y, curve->low[i]));
			text_printf(out, "Z\" fill=\"%s\" fill-opacity=\"0.12\" stroke=\"none\"/>\n", color);
		}
		k = end + 1;
	}
}

static void put_line(const PlotCurve *curve, const PlotAxis *x, const PlotAxis *y, const char *color, const char *dash,
                     Text *out) {
	if (curve->dots) {
		for (int k = 0; k < curve->count; k++) {
			if (isfinite(curve->y[k]) && isfinite(plot_x(curve, k))) {
				text_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px(x, plot_x(curve, k)),
				            py(y, curve->y[k]), color);
			}
		}
		return;
	}
	text_printf(out, "<path d=\"");
	bool before = false;
	for (int k = 0; k < curve->count; k++) {
		bool shown = !isnan(plot_place(y, curve->y[k])) && isfinite(plot_x(curve, k));
		if (shown)
			text_printf(out, "%s%.1f %.1f", before ? " L" : " M", px(x, plot_x(curve, k)), py(y, curve->y[k]));
		before = shown;
	}
	text_printf(
		out, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-opacity=\"%s\" stroke-linejoin=\"round\"%s/>\n",
		color, curve->faint ? "1" : "2", curve->faint ? "0.4" : "1", dash);
}

static void put_legend(const Plot *plot, Text *out) {
	for (uint32_t i = 0; i < plot->curves.count; i++) {
		const PlotCurve *curve = &plot->curves.data[i];
		double at = TOP + 10 + 20.0 * i;
		const char *color = palette[i % PLOT_COLORS], *dash = dash_of(i);
		if (curve->dots) {
			text_printf(out, "<circle cx=\"%d\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", WIDTH - RIGHT + 28, at, color);
		} else {
			text_printf(out,
			            "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%d\"%s/>\n",
			            WIDTH - RIGHT + 16, at, WIDTH - RIGHT + 40, at, color, curve->faint ? 1 : 2, dash);
		}
		put_text(out, WIDTH - RIGHT + 47, at + 4, "", curve->label);
	}
}

/* number: of the plot in its document. */
static void put_plot(const Plot *plot, int number, double shift, Text *out) {
	Arena *arena = arena_new();
	PlotAxis x, y;
	plot_axes(plot, 8, 6, &x, &y);
	text_printf(out, "<g transform=\"translate(0 %.0f)\">\n", shift);
	put_text(out, LEFT, 24, "font-size=\"16\" font-weight=\"bold\"", plot->title);
	put_text(out, LEFT, 43, "fill=\"#666\"", plot->subtitle);
	put_axes(plot, &x, &y, arena, out);
	text_printf(out, "<clipPath id=\"inside%d\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>\n",
	            number, LEFT, TOP - 2, INNER_WIDTH + 4, INNER_HEIGHT + 4);
	text_printf(out, "<g clip-path=\"url(#inside%d)\">\n", number);
	for (uint32_t i = plot->curves.count; i-- > 0;)
		if (plot->curves.data[i].low)
			put_band(&plot->curves.data[i], &x, &y, palette[i % PLOT_COLORS], out);
	for (uint32_t i = plot->curves.count; i-- > 0;)
		put_line(&plot->curves.data[i], &x, &y, palette[i % PLOT_COLORS], dash_of(i), out);
	text_printf(out, "</g>\n");
	put_legend(plot, out);
	text_printf(out, "</g>\n");
	arena_free(arena);
}

void plot_svg(const Plot *plots, int count, int first, Text *out) {
	text_printf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"font-family=\"system-ui, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		WIDTH, HEIGHT * count, WIDTH, HEIGHT * count);
	text_printf(out, "<title>");
	for (int i = 0; i < count; i++) {
		text_printf(out, "%s", i ? "; " : "");
		put_escaped(out, plots[i].title);
	}
	text_printf(out, "</title>\n");
	for (int i = 0; i < count; i++)
		put_plot(&plots[i], first + i, (double)HEIGHT * i, out);
	text_printf(out, "</svg>\n");
}
