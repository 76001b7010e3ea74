/* Scores on the host's side: what unroll.c computes inside of a run, for curves that are there already. */
#include <ctype.h>
#include <math.h>

#include "runtime/inner/inner.h"

double score_zero(FeScore score) {
	return fe_score_folds[score.fold].least ? (double)INFINITY : 0;
}

/* NaN stays, on either side. */
void score_join(FeScore score, double *before, const double *pieces, int count) {
	bool least = fe_score_folds[score.fold].least;
	for (int i = 0; i < count && !least; i++)
		before[i] += pieces[i];
	for (int i = 0; i < count && least; i++)
		before[i] = before[i] <= pieces[i] || isnan(before[i]) ? before[i] : pieces[i];
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

const char *score_judge(bool validates) {
	return validates ? "validate" : "f";
}

/* What stands for f in the words of a score: "log f" of `validate` is "log validate", "f / f0" "validate / validate0". */
static const char *in_place_of_f(Arena *arena, const char *words, const char *what) {
	Text text = text_new(arena);
	for (const char *at = words; *at; at++) {
		bool inside = at > words && isalpha((unsigned char)at[-1]);
		if (*at == 'f' && !inside && !isalpha((unsigned char)at[1]))
			text_printf(&text, "%s", what);
		else
			text_char(&text, *at);
	}
	return text_cstr(&text);
}

const char *score_words(Arena *arena, FeScore score, const char *what, ScoreSpan span, int steps) {
	const FeScoreFoldInfo *fold = &fe_score_folds[score.fold];
	const char *map = in_place_of_f(arena, fe_score_maps[score.map].words, what);
	if (!fold->between)
		return arena_printf(arena, "%s%s after %d steps", fold->before, map, steps);
	return arena_printf(arena, "%s%s%s%s 1 to %d", fold->before, map, fold->between,
	                    span == SCORE_EVALUATIONS ? "evaluations" : "steps", steps);
}

RunEnd run_end(const double *f, int steps) {
	for (int t = 0; t <= steps; t++)
		if (!isfinite(f[t]))
			return RUN_NOT_FINITE;
	return f[steps] > f[0] ? RUN_ENDED_ABOVE : RUN_ENDED_BELOW;
}
