/* Axes: which part of the numbers is shown, linearly or by orders of magnitude, and the round numbers beside it. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plot/plot.h"

double plot_x(const PlotCurve *curve, int k) {
	return curve->x ? curve->x[k] : curve->start + k;
}

typedef struct Extent {
	double low, high, least; /* least: above 0 */
} Extent;

static void extend(Extent *extent, double value) {
	if (isfinite(value)) {
		extent->low = fmin(extent->low, value);
		extent->high = fmax(extent->high, value);
		extent->least = value > 0 ? fmin(extent->least, value) : extent->least;
	}
}

/* The middle one of the curves' greatest sizes: what one diverging curve is far above. */
static double usual_size(const Plot *plot) {
	double *sizes = malloc(sizeof *sizes * (plot->curves.count + 1));
	uint32_t count = 0;
	for (uint32_t i = 0; sizes && i < plot->curves.count; i++) {
		const PlotCurve *curve = &plot->curves.data[i];
		double size = -1;
		for (int k = 0; k < curve->count; k++)
			size = isfinite(curve->y[k]) ? fmax(size, fabs(curve->y[k])) : size;
		if (size >= 0)
			sizes[count++] = size;
	}
	double middle = 0;
	if (count) {
		sort_reals(sizes, count);
		middle = sizes[count / 2];
	}
	free(sizes);
	return middle;
}

/* Beyond this, differences of numbers overflow; what lies farther out is drawn at the edge. */
static const double farthest = 1e307;

static double within(double value, double low, double high) {
	return fmin(fmax(value, low), high);
}

/* Nothing to tell apart in so short a range: what is drawn is one number. */
static bool is_point(double low, double high) {
	double size = fmax(fabs(low), fabs(high));
	return high - low <= 1e-12 * size || high - low < 1e-300;
}

static void ticks_linear(PlotAxis *axis, int about) {
	double rough = (axis->high - axis->low) / (about > 1 ? about : 1);
	double ten = pow(10, floor(log10(rough)));
	double step = rough / ten <= 1 ? ten : rough / ten <= 2 ? 2 * ten : rough / ten <= 5 ? 5 * ten : 10 * ten;
	axis->count = 0;
	double first = ceil(axis->low / step - 1e-9);
	while (axis->count < 16 && (first + axis->count) * step <= axis->high + 1e-9 * step) {
		axis->ticks[axis->count] = (first + axis->count) * step;
		axis->count++;
	}
}

static void ticks_log(PlotAxis *axis, int about) {
	int first = (int)ceil(log10(axis->low) - 1e-9), last = (int)floor(log10(axis->high) + 1e-9);
	static const double digits[] = {1, 2, 5};
	axis->count = 0;
	if (last - first < 2) {
		for (int decade = first - 1; decade <= last; decade++) {
			for (size_t i = 0; i < 3; i++) {
				double tick = digits[i] * pow(10, decade);
				if (tick >= axis->low * (1 - 1e-9) && tick <= axis->high && axis->count < 16)
					axis->ticks[axis->count++] = tick;
			}
		}
		return;
	}
	int stride = (last - first) / (about > 1 ? about : 1) + 1;
	for (int decade = first; decade <= last && axis->count < 16; decade += stride)
		axis->ticks[axis->count++] = pow(10, decade);
}

/* From low to high, both above 0, and a little more; subnormal numbers and the largest ones included. */
static void set_log(PlotAxis *axis, double low, double high, int about) {
	double from = log10(low), to = log10(high);
	to = to - from < 1e-9 ? from + 1 : to;
	double margin = 0.03 * (to - from);
	*axis = (PlotAxis){.log = true};
	axis->low = fmax(pow(10, from - margin), DBL_TRUE_MIN);
	axis->high = fmin(pow(10, to + margin), DBL_MAX);
	ticks_log(axis, about);
}

static void set_linear(PlotAxis *axis, double low, double high, int about) {
	*axis = (PlotAxis){.low = within(low, -farthest, farthest), .high = within(high, -farthest, farthest)};
	ticks_linear(axis, about);
}

void plot_axes(const Plot *plot, int x_ticks, int y_ticks, PlotAxis *x, PlotAxis *y) {
	Extent across = {INFINITY, -INFINITY, INFINITY}, up = {INFINITY, -INFINITY, INFINITY};
	for (uint32_t i = 0; i < plot->curves.count; i++) {
		const PlotCurve *curve = &plot->curves.data[i];
		for (int k = 0; k < curve->count; k++) {
			extend(&across, plot_x(curve, k));
			extend(&up, curve->y[k]);
			if (curve->low) {
				extend(&up, curve->low[k]);
				extend(&up, curve->high[k]);
			}
		}
	}
	if (!(across.low <= across.high))
		across = (Extent){0, 1, 1};
	if (!(up.low <= up.high))
		up = (Extent){0, 1, 1};
	double usual = usual_size(plot);
	if (plot->zero) {
		up.low = fmin(up.low, 0);
		up.high = fmax(up.high, 0);
	}
	bool is_log = !plot->zero && up.low > 0 && up.high / 30 > up.low;
	double most = usual * (is_log ? 100 : 5);
	double low = within(most > 0 ? fmax(up.low, -most) : up.low, -farthest, farthest);
	double high = within(most > 0 ? fmin(up.high, most) : up.high, -farthest, farthest);
	if (is_log) {
		set_log(y, low, high > low ? high : low * 10, y_ticks);
	} else {
		double margin = is_point(low, high) ? fmax(fabs(low), 1) * 0.1 : 0.04 * (high - low);
		set_linear(y, low == 0 && plot->zero ? 0 : low - margin, high + margin, y_ticks);
	}
	double from = within(across.low, -farthest / 2, farthest / 2),
		   to = within(across.high, -farthest / 2, farthest / 2);
	set_linear(x, from, is_point(from, to) ? from + fmax(1, 0.1 * fabs(from)) : to, x_ticks);
}

double plot_place(const PlotAxis *axis, double value) {
	if (isnan(value))
		return NAN;
	if (axis->log)
		return value > 0 ? (log(value) - log(axis->low)) / (log(axis->high) - log(axis->low)) : -INFINITY;
	return (value - axis->low) / (axis->high - axis->low);
}

int plot_cell(double place, int count) {
	return isnan(place) || count < 1 ? 0 : (int)lround(within(place, 0, 1) * (count - 1));
}

const char *plot_tick(Arena *arena, const PlotAxis *axis, double tick) {
	double size = fabs(tick);
	if (axis->log && (size >= 1e4 || size < 1e-3))
		return arena_printf(arena, "%.0e", tick);
	double step = axis->count > 1 ? axis->ticks[1] - axis->ticks[0] : size;
	if (!axis->log && size < 1e-12 * step)
		return "0";
	if (size >= 1e6 || size < 1e-4)
		return arena_printf(arena, "%.3g", tick);
	double finest = axis->log ? size : step;
	int places = finest < 1 ? (int)fmin(ceil(-log10(finest) - 1e-9), 15) : 0;
	return arena_printf(arena, "%.*f", places, tick);
}

const char *plot_label(Arena *arena, const char *text, int most) {
	Text plain = text_new(arena);
	text_plain(&plain, text ? text : "", text ? strlen(text) : 0, false);
	size_t length = 0;
	for (int shown = 0; shown < most && length < plain.length; shown++) {
		uint32_t c;
		length += text_decode(plain.data + length, plain.length - length, &c);
	}
	return arena_printf(arena, "%.*s", (int)length, text_cstr(&plain));
}
