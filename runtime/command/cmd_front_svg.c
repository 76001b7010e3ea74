/* A picture of a front: the size of each formula against its score, and what other rules score as lines. */
#include <math.h>

#include "runtime/command/cmd_front_svg.h"

static void add_level(Arena *arena, Plot *plot, const CmdFrontLevel *level, int largest) {
	if (!isfinite(level->score))
		return;
	double *x = ARENA_ARRAY(arena, double, 2), *y = ARENA_ARRAY(arena, double, 2);
	x[0] = 0;
	x[1] = largest + 1;
	y[0] = y[1] = level->score;
	PlotCurve curve = {.label = level->label, .count = 2, .x = x, .y = y};
	vec_push(arena, &plot->curves, curve);
}

static void add_points(Arena *arena, Plot *plot, const CmdFront *front) {
	uint32_t count = front->points.count;
	double *numbers[4]; /* sizes, scores, and their intervals */
	for (int k = 0; k < 4; k++)
		numbers[k] = ARENA_ARRAY(arena, double, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		const CmdFrontPoint *point = &front->points.data[i];
		numbers[0][i] = point->size;
		numbers[1][i] = point->score.mean;
		numbers[2][i] = point->score.low;
		numbers[3][i] = point->score.high;
	}
	PlotCurve curve = {.label = "formulas", .count = (int)count, .x = numbers[0], .y = numbers[1]};
	curve.low = numbers[2];
	curve.high = numbers[3];
	vec_push(arena, &plot->curves, curve);
}

CmdExit cmd_put_front(Cmd *cmd, const char *dir, const char *name, const CmdFront *front) {
	Arena *arena = cmd->arena;
	Text svg = text_new(arena);
	int largest = front->points.count ? front->points.data[front->points.count - 1].size : 0;
	Plot plot = {.title = front->title,
	             .subtitle = arena_printf(arena, "%s, %d steps; band: 95 %% interval; lower is better", front->problems,
	                                      front->steps),
	             .x_label = "nodes of the formula",
	             .y_label = score_text(arena, front->score)};
	add_points(arena, &plot, front);
	for (uint32_t i = 0; i < front->levels.count; i++)
		add_level(arena, &plot, &front->levels.data[i], largest);
	plot_svg(&plot, 1, 0, &svg);
	return store_put(cmd->session, dir, name, svg.data, svg.length, false) == FILE_PUT ? CMD_OK : cmd_failed(cmd);
}
