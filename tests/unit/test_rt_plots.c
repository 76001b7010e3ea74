/* Axes and drawings of whatever numbers come: every kind of series, alone and together. Under sanitizers this finds casts of numbers
 * that no integer holds; everywhere, ticks outside of their axis and drawings that are no XML. */
#include "runtime/plot/plot.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 24 };

/* One kind of series: its k-th of `count` values. */
typedef double Series(int k, int count);

static double constant_zero(int k, int count) {
	return 0.0 * (k + count);
}
static double constant_negative(int k, int count) {
	return -7.25 + 0.0 * (k + count);
}
static double constant_huge(int k, int count) {
	return DBL_MAX * (k + count > 0);
}
static double constant_subnormal(int k, int count) {
	return DBL_TRUE_MIN * (k + count > 0);
}
static double decaying_to_subnormal(int k, int count) {
	return pow(10, -323.0 * k / count);
}
static double only_subnormal(int k, int count) {
	return DBL_TRUE_MIN * (1 + 100.0 * k / count);
}
static double whole_range(int k, int count) {
	return k == 0 ? DBL_TRUE_MIN : k == 1 ? DBL_MAX : pow(10, 300 - 600.0 * k / count);
}
static double both_ends(int k, int count) {
	return (k % 2 ? 1 : -1) * DBL_MAX / (count - k);
}
static double last_bits(int k, int count) {
	return 1 + DBL_EPSILON * (k % 2) * count;
}
static double last_bits_far_out(int k, int count) {
	return 1e300 * (1 + DBL_EPSILON * (k % 2) * count);
}
static double all_nan(int k, int count) {
	return (double)NAN * (k + count);
}
static double all_infinite(int k, int count) {
	return (double)INFINITY * (k % 2 || !count ? 1 : -1);
}
static double ends_infinite(int k, int count) {
	return k < count / 2 ? exp(3.0 * k) : (double)INFINITY;
}
static double with_holes(int k, int count) {
	return k % 3 == 0 ? (double)NAN : (double)k / count;
}
static double crossing_zero(int k, int count) {
	return 1e-9 * (k - count / 2);
}
static double ordinary(int k, int count) {
	return exp(-(double)k / count) + 0.1;
}

static Series *const series[] = {
	constant_zero,  constant_negative, constant_huge, constant_subnormal, decaying_to_subnormal,
	only_subnormal, whole_range,       both_ends,     last_bits,          last_bits_far_out,
	all_nan,        all_infinite,      ends_infinite, with_holes,         crossing_zero,
	ordinary,
};
enum { KINDS = sizeof series / sizeof *series };

static const int counts[] = {0, 1, 2, 3, LENGTH};

static void check_axis(const PlotAxis *axis) {
	cr_assert(isfinite(axis->low) && isfinite(axis->high) && axis->low < axis->high, "%g..%g", axis->low, axis->high);
	cr_assert(!axis->log || axis->low > 0);
	cr_assert(axis->count >= 0 && axis->count <= 16);
	for (int i = 0; i < axis->count; i++) {
		double place = plot_place(axis, axis->ticks[i]);
		cr_assert(place >= -1e-6 && place <= 1 + 1e-6, "tick %g at %g of %g..%g", axis->ticks[i], place, axis->low,
		          axis->high);
		cr_assert(i == 0 || axis->ticks[i] > axis->ticks[i - 1], "tick %g after %g", axis->ticks[i],
		          axis->ticks[i - 1]);
	}
}

/* Elements closed in order, attributes quoted, no stray `<` or `&`, nothing that XML 1.0 forbids, and no `nan` for a place. */
static void check_xml(const char *text, size_t length) {
	const char *open[64];
	size_t depth = 0;
	for (size_t i = 0; i < length;) {
		uint32_t c;
		size_t size = text_decode(text + i, length - i, &c);
		cr_assert(c >= 0x20 || c == '\n' || c == '\t', "control character %x", (unsigned)c);
		cr_assert(c < 0xFFFE || c > 0xFFFF);
		if (c == '&')
			cr_assert(strncmp(text + i, "&lt;", 4) == 0 || strncmp(text + i, "&gt;", 4) == 0 ||
			          strncmp(text + i, "&amp;", 5) == 0 || strncmp(text + i, "&quot;", 6) == 0);
		if (c != '<') {
			i += size;
			continue;
		}
		const char *name = text + i + 1, *end = memchr(name, '>', length - i - 1);
		cr_assert(end != NULL);
		bool closes = *name == '/', empty = end[-1] == '/';
		name += closes;
		if (closes) {
			size_t width = strcspn(open[--depth], " >/");
			cr_assert(strncmp(name, open[depth], width) == 0 && name[width] == '>', "%.20s closes %.20s", name,
			          open[depth]);
		} else if (!empty) {
			cr_assert(depth < 64);
			open[depth++] = name;
		}
		size_t quotes = 0;
		for (const char *at = name; at < end; at++)
			quotes += *at == '"';
		cr_assert(quotes % 2 == 0);
		i = (size_t)(end - text) + 1;
	}
	cr_assert_eq(depth, 0);
	cr_assert(!strstr(text, "nan") && !strstr(text, "inf,") && !strstr(text, "\"inf"), "a place that is no number");
}

typedef struct Case {
	Series *y[2];
	int count[2];
	bool own_x, band, dots, zero;
} Case;

static void draw(const Case *c) {
	Arena *arena = arena_new();
	static double x[2][LENGTH], y[2][LENGTH], low[2][LENGTH];
	Plot plot = {.title = "t", .x_label = "step", .y_label = "f", .zero = c->zero};
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < c->count[i]; k++) {
			y[i][k] = c->y[i](k, c->count[i]);
			x[i][k] = c->y[1 - i](k, c->count[i]);
			low[i][k] = y[i][k] - fabs(y[i][k]) / 2;
		}
		PlotCurve curve = {.label = "curve", .count = c->count[i], .y = y[i], .dots = c->dots};
		curve.x = c->own_x ? x[i] : NULL;
		curve.low = c->band ? low[i] : NULL;
		curve.high = c->band ? y[i] : NULL;
		vec_push(arena, &plot.curves, curve);
	}
	PlotAxis across, up;
	plot_axes(&plot, 8, 6, &across, &up);
	check_axis(&across);
	check_axis(&up);
	Text out = text_new(arena), drawing = text_new(arena);
	plot_terminal(&plot, 60, 12, true, &out);
	plot_svg(&plot, 1, 0, &drawing);
	check_xml(text_cstr(&drawing), drawing.length);
	arena_free(arena);
}

Test(rt_plots, every_kind_of_series) {
	int drawn = 0;
	for (int first = 0; first < KINDS; first++)
		for (int second = 0; second < KINDS; second++)
			for (int flags = 0; flags < 16; flags++)
				for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
					Case c = {{series[first], series[second]},
					          {counts[n], LENGTH},
					          flags & 1,
					          flags & 2,
					          flags & 4,
					          flags & 8};
					draw(&c);
					drawn++;
				}
	cr_assert_eq(drawn, KINDS * KINDS * 16 * 5);
}

Test(rt_plots, nothing_to_draw) {
	Arena *arena = arena_new();
	Plot plot = {.title = "nothing"};
	Text out = text_new(arena), drawing = text_new(arena);
	plot_terminal(&plot, 10, 1, false, &out);
	plot_svg(&plot, 1, 0, &drawing);
	check_xml(text_cstr(&drawing), drawing.length);
	arena_free(arena);
}

Test(rt_plots, names_from_files) {
	static const char *const names[] = {
		"plain",
		"<b>&\"'",
		"\x1b[31mred\a\b",
		"\xff\xc3",
		"\u202Eright\u2066to left",
		"\xEF\xBF\xBE\xC2\x85\u2028",
		"a\nb\tc",
		"\xF3\xA0\x81\xA1",
		"a name of more characters than are shown beside a curve, \u03b1\u03b2\u03b3\u03b4\u03b5\u03b6\u03b7",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		Arena *arena = arena_new();
		double y[] = {1, 2, 3};
		Plot plot = {.title = names[i], .subtitle = names[i], .x_label = names[i], .y_label = names[i]};
		PlotCurve curve = {.label = names[i], .count = 3, .y = y};
		vec_push(arena, &plot.curves, curve);
		Text out = text_new(arena), drawing = text_new(arena);
		plot_terminal(&plot, 60, 12, false, &out);
		plot_svg(&plot, 1, 0, &drawing);
		check_xml(text_cstr(&drawing), drawing.length);
		for (size_t at = 0; at < out.length;) {
			uint32_t c;
			at += text_decode(out.data + at, out.length - at, &c);
			cr_assert(c == '\n' || text_is_plain(c), "%zu: U+%04X in the terminal", i, (unsigned)c);
		}
		arena_free(arena);
	}
}

/* The names beside the curves, from top to bottom, stand in the order of the curves' ends, each once. */
static void check_names(const double *ends, int count, int rows) {
	Arena *arena = arena_new();
	Plot plot = {.title = "t", .x_label = "step", .y_label = "f"};
	for (int i = 0; i < count; i++) {
		double *y = ARENA_ARRAY(arena, double, 2);
		y[0] = i + 1;
		y[1] = ends[i];
		PlotCurve curve = {.label = arena_printf(arena, "<%d>", i), .count = 2, .y = y};
		vec_push(arena, &plot.curves, curve);
	}
	Text out = text_new(arena);
	plot_terminal(&plot, 60, rows, false, &out);
	int named = 0, last = -1;
	for (const char *at = text_cstr(&out); (at = strchr(at, '<')); at++) {
		int curve = atoi(at + 1);
		cr_assert(curve >= 0 && curve < count && curve != last);
		cr_assert(last < 0 || ends[last] > ends[curve] || (ends[last] == ends[curve] && last < curve),
		          "%d curves in %d rows: %d (%g) stands above %d (%g)", count, rows, last, ends[last], curve,
		          ends[curve]);
		last = curve;
		named++;
	}
	cr_assert_eq(named, count < rows ? count : rows, "%d names of %d curves in %d rows", named, count, rows);
	arena_free(arena);
}

Test(rt_plots, names_in_the_order_of_ends) {
	double ends[24];
	uint64_t bits = 1;
	for (int turn = 0; turn < 2000; turn++)
		for (int count = 1; count <= 24; count += 1 + turn % 5) {
			double crowd = turn % 4 == 0 ? 1 : turn % 4 == 1 ? 1e-3 : turn % 4 == 2 ? 1e-9 : 0;
			for (int i = 0; i < count; i++) {
				bits = bits * 6364136223846793005u + 1442695040888963407u;
				double unit = (double)(bits >> 40) / (1 << 24);
				ends[i] = turn % 3 == 0 ? 1 + crowd * unit : turn % 3 == 1 ? 8 + crowd * unit : 0.5 + 30 * unit * crowd;
			}
			check_names(ends, count, 4 + turn % 12);
		}
}

/* What a line of the legend looks like: from its colour to the end of its dashes. */
static const char *look_of(Arena *arena, const char **at) {
	const char *line = strstr(*at, "<line x1=\"640\""), *look = line ? strstr(line, "stroke=") : NULL;
	const char *end = look ? strstr(look, "/>") : NULL;
	*at = end;
	return end ? arena_printf(arena, "%.*s", (int)(end - look), look) : NULL;
}

Test(rt_plots, curves_look_different) {
	enum { CURVES = 32 };
	Arena *arena = arena_new();
	double x[2] = {0, 1}, y[2] = {1, 2};
	Plot plot = {.title = "many", .subtitle = "", .x_label = "x", .y_label = "y"};
	for (int i = 0; i < CURVES; i++) {
		PlotCurve curve = {.label = arena_printf(arena, "curve %d", i), .count = 2, .x = x, .y = y};
		vec_push(arena, &plot.curves, curve);
	}
	Text drawing = text_new(arena);
	plot_svg(&plot, 1, 0, &drawing);
	const char *looks[CURVES], *at = text_cstr(&drawing);
	for (int i = 0; i < CURVES; i++) {
		looks[i] = look_of(arena, &at);
		cr_assert(looks[i], "only %d curves in the legend", i);
		for (int k = 0; k < i; k++)
			cr_expect(strcmp(looks[i], looks[k]) != 0, "curves %d and %d look alike: %s", k, i, looks[i]);
	}
	arena_free(arena);
}
