/* Scores on the host's side: what unroll.c computes inside of a run, for curves that are there already. */
#include <math.h>

#include "runtime/inner/inner.h"

double score_zero(FeScore score) {
	return fe_score_folds[score.fold].least ? (double)INFINITY : 0;
}

/* NaN stays, on either side. */
void score_join(FeScore score, double *before, const double *pieces, int count) {
	bool least = fe_score_folds[score.fold].least;
	for (int i = 0; i < count && !least; i++) {
		before[i] += pieces[i];
	}
	for (int i = 0; i < count && least; i++) {
		before[i] = before[i] <= pieces[i] || isnan(before[i]) ? before[i] : pieces[i];
	}
}

double score_of_run(FeScore score, ScoreSpan span, const double *f, int steps) {
	const FeScoreFoldInfo *fold = &fe_score_folds[score.fold];
	const FeScoreMapInfo *map = &fe_score_maps[score.map];
	int first = fold->last ? steps : span == SCORE_AFTER_STEPS, end = fold->last ? steps + 1 : first + steps;
	double result = score_zero(score);
	for (int t = first; t < end; t++) {
		double value = f[t];
		value = map->logarithm ? log(value) : map->relative ? value / f[0] : value;
		score_join(score, &result, &value, 1);
	}
	return fold->mean && steps > 0 ? result / steps : result;
}

const char *score_text(Arena *arena, FeScore score) {
	return arena_printf(arena, "%s(%s)", fe_score_folds[score.fold].name, fe_score_maps[score.map].text);
}

const char *score_words(Arena *arena, FeScore score, ScoreSpan span, int steps) {
	const FeScoreFoldInfo *fold = &fe_score_folds[score.fold];
	const char *map = fe_score_maps[score.map].words;
	if (!fold->between) {
		return arena_printf(arena, "%s%s after %d steps", fold->before, map, steps);
	}
	return arena_printf(arena, "%s%s%s%s 1 to %d", fold->before, map, fold->between,
	                    span == SCORE_EVALUATIONS ? "evaluations" : "steps", steps);
}

RunEnd run_end(const double *f, int steps) {
	for (int t = 0; t <= steps; t++) {
		if (!isfinite(f[t])) {
			return RUN_NOT_FINITE;
		}
	}
	return f[steps] > f[0] ? RUN_ENDED_ABOVE : RUN_ENDED_BELOW;
}
