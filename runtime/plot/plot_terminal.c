/* Plots in the terminal. A character of Braille has 2 x 4 dots, so a plot of 60 x 15 characters has 120 x 60. Every curve
 * is named at its right end, so that it can be told apart without colours too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plot/plot.h"

typedef struct Canvas {
	int columns, rows;
	uint8_t *dots;  /* per character; bits as in Unicode */
	uint8_t *color; /* 1 + number of the curve that touched it last */
} Canvas;

enum { NAME_LENGTH = 24 }; /* characters of a curve's name that are shown */

static const int colors[PLOT_COLORS] = {33, 208, 36, 175, 220, 117, 250, 244};

static void dot(Canvas *canvas, int x, int y, uint8_t color) {
	static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	if (x < 0 || y < 0 || x >= 2 * canvas->columns || y >= 4 * canvas->rows)
		return;
	int cell = y / 4 * canvas->columns + x / 2;
	canvas->dots[cell] |= bits[y % 4][x % 2];
	canvas->color[cell] = color;
}

static void line(Canvas *canvas, double x0, double y0, double x1, double y1, uint8_t color) {
	int steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0))); /* places on the canvas: small numbers */
	for (int k = 0; k <= steps; k++) {
		double part = steps > 0 ? (double)k / steps : 0;
		dot(canvas, (int)lround(x0 + part * (x1 - x0)), (int)lround(y0 + part * (y1 - y0)), color);
	}
}

/* Dots from the top left; what lies outside sticks to the edge. */
static bool dot_place(const Canvas *canvas, const PlotAxis *x, const PlotAxis *y, double at, double value, double *px,
                      double *py) {
	double across = plot_place(x, at), up = plot_place(y, value);
	if (isnan(across) || isnan(up))
		return false;
	*px = fmin(fmax(across, 0), 1) * (2 * canvas->columns - 1);
	*py = (1 - fmin(fmax(up, 0), 1)) * (4 * canvas->rows - 1);
	return true;
}

static void draw_curve(Canvas *canvas, const PlotCurve *curve, const PlotAxis *x, const PlotAxis *y, uint8_t color) {
	double px = 0, py = 0;
	bool before = false;
	for (int k = 0; k < curve->count; k++) {
		double nx, ny;
		if (!dot_place(canvas, x, y, plot_x(curve, k), curve->y[k], &nx, &ny)) {
			before = false;
			continue;
		}
		if (before && !curve->dots)
			line(canvas, px, py, nx, ny, color);
		else
			dot(canvas, (int)lround(nx), (int)lround(ny), color);
		px = nx;
		py = ny;
		before = true;
	}
}

/* A curve's name, and the row in which its curve ends, counted from the top. */
typedef struct NamePlace {
	int curve, wanted;
	double end;
} NamePlace;

/* What ends higher stands higher; of equal ends the first curve. */
static int by_end(const void *a, const void *b) {
	const NamePlace *p = a, *q = b;
	return p->end != q->end ? (p->end < q->end) - (p->end > q->end) : p->curve - q->curve;
}

/* Rows for names in the order of their curves' ends, a row each, as near to the ends as that allows: where names would
 * share rows, the group of them stands around the middle of what they want. */
static void place_names(const NamePlace *names, int count, int rows, int *taken, Arena *arena) {
	typedef struct Group {
		int first, count;
		double sum; /* of wanted rows, each less the names of the group before it */
	} Group;
	Group *groups = ARENA_ARRAY(arena, Group, count + 1);
	int last = -1;
	for (int i = 0; i < count; i++) {
		groups[++last] = (Group){i, 1, names[i].wanted - i};
		while (last > 0 && groups[last - 1].sum / groups[last - 1].count > groups[last].sum / groups[last].count) {
			groups[last - 1].sum += groups[last].sum;
			groups[last - 1].count += groups[last].count;
			last--;
		}
	}
	for (int k = 0; k <= last; k++) {
		int shift = (int)lround(groups[k].sum / groups[k].count);
		shift = shift > rows - count ? rows - count : shift < 0 ? 0 : shift;
		for (int i = groups[k].first; i < groups[k].first + groups[k].count; i++)
			taken[shift + i] = names[i].curve;
	}
}

/* taken[row]: the curve whose name stands there, or -1. Where there are more curves than rows, the first have names. */
static void name_rows(const Canvas *canvas, const Plot *plot, const PlotAxis *y, int *taken, Arena *arena) {
	NamePlace *names = ARENA_ARRAY(arena, NamePlace, canvas->rows);
	int count = 0;
	for (int row = 0; row < canvas->rows; row++)
		taken[row] = -1;
	for (uint32_t i = 0; i < plot->curves.count && count < canvas->rows; i++) {
		const PlotCurve *curve = &plot->curves.data[i];
		int k = curve->count;
		while (k > 0 && isnan(plot_place(y, curve->y[k - 1])))
			k--;
		if (k > 0) {
			double end = plot_place(y, curve->y[k - 1]);
			names[count++] = (NamePlace){(int)i, plot_cell(1 - end, canvas->rows), end};
		}
	}
	qsort(names, (size_t)count, sizeof *names, by_end);
	place_names(names, count, canvas->rows, taken, arena);
}

static void put_colored(Text *out, bool color, int number, const char *bytes) {
	if (color && number > 0)
		text_printf(out, "\033[38;5;%dm%s\033[0m", colors[(number - 1) % PLOT_COLORS], bytes);
	else
		text_printf(out, "%s", bytes);
}

static void put_row(const Canvas *canvas, int row, bool color, Text *out) {
	for (int column = 0; column < canvas->columns;) {
		int cell = row * canvas->columns + column, number = canvas->color[cell];
		char bytes[4 * 256 + 1];
		size_t length = 0;
		int run = 0;
		while (column < canvas->columns && run < 256 && canvas->color[row * canvas->columns + column] == number) {
			uint8_t dots = canvas->dots[row * canvas->columns + column];
			bytes[length++] = (char)(dots ? 0xE2 : ' ');
			if (dots) {
				bytes[length++] = (char)(0xA0 | dots >> 6);
				bytes[length++] = (char)(0x80 | (dots & 0x3F));
			}
			column++;
			run++;
		}
		bytes[length] = '\0';
		put_colored(out, color, number, bytes);
	}
}

static int tick_row(const Canvas *canvas, const PlotAxis *y, double tick) {
	return plot_cell(1 - plot_place(y, tick), canvas->rows);
}

static void put_x_axis(const Canvas *canvas, const PlotAxis *x, int margin, const char *label, Arena *arena,
                       Text *out) {
	text_printf(out, "%*s └", margin, "");
	char *marks = ARENA_ARRAY(arena, char, canvas->columns + 16);
	char *numbers = ARENA_ARRAY(arena, char, canvas->columns + 32);
	memset(numbers, ' ', (size_t)canvas->columns + 16);
	for (int i = 0; i < x->count; i++) {
		int column = plot_cell(plot_place(x, x->ticks[i]), canvas->columns);
		marks[column] = 1;
		const char *text = plot_tick(arena, x, x->ticks[i]);
		int from = column - (int)strlen(text) / 2;
		from = from < 0 ? 0 : from;
		bool free = true;
		for (int k = from > 0 ? from - 1 : 0; k <= from + (int)strlen(text); k++)
			free = free && numbers[k] == ' ';
		for (int k = 0; free && text[k]; k++)
			numbers[from + k] = text[k];
	}
	for (int i = 0; i < canvas->columns; i++)
		text_printf(out, "%s", marks[i] ? "┴" : "─");
	int end = canvas->columns + 15;
	while (end > 0 && numbers[end - 1] == ' ')
		end--;
	text_printf(out, "\n%*s  %.*s  %s\n", margin, "", end, numbers, label);
}

/* Columns for the numbers of the y axis, and for names behind the curves. */
static void measure(const Plot *plot, const PlotAxis *y, int *margin, int *names, Arena *arena) {
	*margin = *names = 0;
	for (int i = 0; i < y->count; i++) {
		int length = (int)strlen(plot_tick(arena, y, y->ticks[i]));
		*margin = length > *margin ? length : *margin;
	}
	for (uint32_t i = 0; i < plot->curves.count; i++) {
		int length = (int)strlen(plot_label(arena, plot->curves.data[i].label, NAME_LENGTH));
		*names = length > *names ? length : *names;
	}
	int below = (int)strlen(plot_label(arena, plot->x_label, NAME_LENGTH)) + 3; /* what stands behind the last number */
	*names = below > *names ? below : *names;
	*names = *names > NAME_LENGTH ? NAME_LENGTH : *names;
}

static void draw_curves(Canvas *canvas, const Plot *plot, const PlotAxis *x, const PlotAxis *y) {
	if (plot->zero) {
		int zero = plot_cell(1 - plot_place(y, 0), 4 * canvas->rows);
		for (int k = 0; k < 2 * canvas->columns; k += 4)
			dot(canvas, k, zero, 0);
	}
	for (uint32_t i = plot->curves.count; i-- > 0;) /* the first one lies on top */
		draw_curve(canvas, &plot->curves.data[i], x, y, (uint8_t)(1 + i % 250));
}

void plot_terminal(const Plot *plot, int width, int height, bool color, Text *out) {
	Arena *arena = arena_new();
	PlotAxis x, y;
	plot_axes(plot, width / 10, height / 3, &x, &y);
	int margin, names;
	measure(plot, &y, &margin, &names, arena);
	int columns = width - margin - names - 4;
	Canvas canvas = {.columns = columns < 20 ? 20 : columns, .rows = height < 4 ? 4 : height};
	size_t cells = (size_t)canvas.columns * (size_t)canvas.rows;
	canvas.dots = ARENA_ARRAY(arena, uint8_t, cells);
	canvas.color = ARENA_ARRAY(arena, uint8_t, cells);
	draw_curves(&canvas, plot, &x, &y);
	int *taken = ARENA_ARRAY(arena, int, canvas.rows);
	name_rows(&canvas, plot, &y, taken, arena);
	if (plot->title)
		text_printf(out, "%*s  %s\n", margin, "", plot_label(arena, plot->title, width > 40 ? width - margin - 2 : 20));
	if (plot->y_label) {
		text_printf(out, "%*s  %s%s\n", margin, "", plot_label(arena, plot->y_label, canvas.columns),
		            y.log ? " (log)" : "");
	}
	for (int row = 0; row < canvas.rows; row++) {
		const char *number = "";
		for (int i = 0; i < y.count; i++)
			number = tick_row(&canvas, &y, y.ticks[i]) == row ? plot_tick(arena, &y, y.ticks[i]) : number;
		text_printf(out, "%*s %s", margin, number, *number ? "┤" : "│");
		put_row(&canvas, row, color, out);
		if (taken[row] >= 0) {
			const char *label = plot_label(arena, plot->curves.data[taken[row]].label, NAME_LENGTH);
			text_char(out, ' ');
			put_colored(out, color, taken[row] + 1, label);
		}
		text_char(out, '\n');
	}
	put_x_axis(&canvas, &x, margin, plot_label(arena, plot->x_label, canvas.columns), arena, out);
	arena_free(arena);
}
