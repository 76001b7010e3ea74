/* A comparison as one JSON object. */
#include <jansson.h>

#include "runtime/compare/compare.h"
#include "runtime/compare/limits.h"

static json_t *numbers(const double *values, int count) {
	json_t *array = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(array, rt_json_real(values[i]));
	return array;
}

static json_t *interval(CompareInterval value) {
	json_t *object = json_object();
	json_object_set_new(object, "mean", rt_json_real(value.mean));
	json_object_set_new(object, "low", rt_json_real(value.low));
	json_object_set_new(object, "high", rt_json_real(value.high));
	return object;
}

/* Where problems are solved, as one entry for each tolerance. */
static json_t *profiles(const Comparison *comparison, const Compared *rule) {
	json_t *list = json_array();
	for (int level = 0; level < COMPARE_TOLERANCES; level++) {
		json_t *entry = json_object(), *solved = json_array(), *data = json_array();
		for (int i = 0; i < comparison->test_problems; i++) {
			int after = rule->solved[level][i];
			json_array_append_new(solved, after ? json_integer(after) : json_null());
		}
		for (int t = 1; t <= comparison->steps; t++)
			json_array_append_new(data, rt_json_real(compare_data_profile(comparison, rule, level, t)));
		json_object_set_new(entry, "tolerance", rt_json_real(compare_tolerances[level]));
		json_object_set_new(entry, "solved_after", solved);
		json_object_set_new(entry, "data_profile", data);
		json_object_set_new(entry, "ratios", numbers(compare_ratios, COMPARE_RATIOS));
		json_object_set_new(entry, "performance_profile", numbers(rule->performance[level], COMPARE_RATIOS));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *horizons(const Comparison *comparison, const Compared *rule) {
	json_t *list = json_array();
	for (int k = 0; k < COMPARE_HORIZONS; k++) {
		const CompareLong *longer = &rule->longer[k];
		json_t *entry = json_object();
		json_object_set_new(entry, "factor", rt_json_real(compare_horizons[k]));
		json_object_set_new(entry, "steps", json_integer(longer->steps));
		json_object_set_new(entry, "end", interval(longer->end_mean));
		json_object_set_new(entry, "per_problem", numbers(longer->end, comparison->test_problems));
		json_object_set_new(entry, "ended_above_start", json_integer(longer->ended_above));
		json_object_set_new(entry, "not_finite", json_integer(longer->not_finite));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *curves_of(const Comparison *comparison, const Compared *rule) {
	int stride = comparison->steps + 1;
	json_t *list = json_array();
	for (int i = 0; i < comparison->test_problems; i++)
		json_array_append_new(list, numbers(rule->f + (size_t)i * (size_t)stride, stride));
	return list;
}

static json_t *tuning(const Comparison *comparison, const Compared *rule) {
	const Session *session = comparison->session;
	json_t *object = json_object();
	json_t *axes = json_array();
	for (uint32_t a = 0; a < rule->tuned.axes.count; a++) {
		const TunedAxis *axis = &rule->tuned.axes.data[a];
		json_t *entry = json_object();
		json_object_set_new(entry, "name", json_string(session_text(session, axis->name)));
		json_object_set_new(entry, "values", numbers(axis->values.data, (int)axis->values.count));
		json_object_set_new(entry, "best_at_end_of_range", json_boolean(axis->edge));
		json_array_append_new(axes, entry);
	}
	json_object_set_new(object, "grid", axes);
	json_object_set_new(object, "points", json_integer(rule->tuned.points));
	json_object_set_new(object, "widened", json_integer(rule->tuned.widened));
	json_object_set_new(object, "evaluations", json_integer(rule->tuned.evaluations));
	json_object_set_new(object, "nonfinite_runs", json_integer(rule->tuned.nonfinite));
	json_object_set_new(object, "score", rt_json_real(rule->tuned.score));
	json_t *hypers = json_object();
	for (uint32_t i = 0; i < rule->rule->hypers.count; i++) {
		json_object_set_new(hypers, session_text(session, rule->rule->hypers.data[i].name),
		                    rt_json_real(rule->tuned.hypers[i]));
	}
	json_object_set_new(object, "hyperparameters", hypers);
	return object;
}

static json_t *rule_object(const Comparison *comparison, const Compared *rule) {
	int stride = comparison->steps + 1;
	json_t *object = json_object();
	json_object_set_new(object, "label", json_string(rule->label));
	json_object_set_new(object, "call", json_string(rule->call));
	json_object_set_new(object, "score", interval(rule->score));
	json_object_set_new(object, "median", rt_json_real(rule->median));
	json_t *quantiles = json_object();
	json_object_set_new(quantiles, "0.1", rt_json_real(rule->q10));
	json_object_set_new(quantiles, "0.25", rt_json_real(rule->q25));
	json_object_set_new(quantiles, "0.75", rt_json_real(rule->q75));
	json_object_set_new(quantiles, "0.9", rt_json_real(rule->q90));
	json_object_set_new(object, "quantiles", quantiles);
	int diverged = rule->ended_above + rule->not_finite;
	json_object_set_new(object, "diverged", json_integer(diverged));
	json_object_set_new(object, "diverged_share", rt_json_real((double)diverged / comparison->test_problems));
	json_object_set_new(object, "ended_above_start", json_integer(rule->ended_above));
	json_object_set_new(object, "not_finite", json_integer(rule->not_finite));
	json_object_set_new(object, "per_problem", numbers(rule->per_problem, comparison->test_problems));
	json_object_set_new(object, "mean_curve", numbers(rule->mean, stride));
	json_object_set_new(object, "median_curve", numbers(rule->median_curve, stride));
	json_object_set_new(object, "low_curve", numbers(rule->low, stride));
	json_object_set_new(object, "high_curve", numbers(rule->high, stride));
	json_t *evaluations = json_object();
	bool known = rule->training_evaluations >= 0;
	json_object_set_new(evaluations, "training", known ? json_integer(rule->training_evaluations) : json_null());
	json_object_set_new(evaluations, "tuning", json_integer(rule->tuned.evaluations));
	json_object_set_new(evaluations, "test", json_integer(rule->test_evaluations));
	json_object_set_new(object, "evaluations", evaluations);
	json_object_set_new(object, "tuning", tuning(comparison, rule));
	json_object_set_new(object, "best_so_far", interval(rule->best));
	json_object_set_new(object, "profiles", profiles(comparison, rule));
	if (comparison->longer)
		json_object_set_new(object, "horizons", horizons(comparison, rule));
	json_object_set_new(object, "seconds", rt_json_real(rule->seconds));
	return object;
}

bool compare_json(const Comparison *comparison, bool curves, FILE *out) {
	json_t *root = json_object();
	json_object_set_new(root, "objective", json_string(comparison->objective));
	json_object_set_new(root, "steps", json_integer(comparison->steps));
	json_object_set_new(root, "train_problems", json_integer(comparison->train_problems));
	json_object_set_new(root, "test_problems", json_integer(comparison->test_problems));
	json_object_set_new(root, "one_problem", json_boolean(comparison->one_problem));
	json_object_set_new(root, "score", json_string(score_text(comparison->arena, comparison->score)));
	json_object_set_new(root, "judged_by", json_string(score_judge(comparison->validates)));
	json_t *rules = json_array();
	for (uint32_t k = 0; k < comparison->count; k++) {
		json_t *rule = rule_object(comparison, &comparison->rules[k]);
		if (comparison->lead) {
			json_object_set_new(rule, "behind_subject", interval(comparison->lead[k]));
			json_object_set_new(rule, "chance", rt_json_real(comparison->chance[k]));
			json_object_set_new(rule, "chance_holm", rt_json_real(comparison->chance_holm[k]));
		}
		if (curves)
			json_object_set_new(rule, "curves", curves_of(comparison, &comparison->rules[k]));
		json_array_append_new(rules, rule);
	}
	json_object_set_new(root, "rules", rules);
	if (comparison->margin) {
		json_object_set_new(root, "subject", json_string(comparison->rules[comparison->subject].label));
		json_t *margins = json_array();
		for (int t = 0; t <= comparison->steps; t++)
			json_array_append_new(margins, interval(comparison->margin[t]));
		json_object_set_new(root, "margin_of_victory", margins);
		json_object_set_new(root, "win_share", numbers(comparison->win_share, comparison->steps + 1));
	}
	bool ok = json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) == 0 && fputc('\n', out) != EOF;
	json_decref(root);
	return ok;
}
