/* Of a comparison: who scored how, on longer runs as well, how many problems are solved after how many evaluations, and what it cost. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/report/report.h"

static const char *word_of(const json_t *object, const char *key) {
	const char *word = json_string_value(json_object_get(object, key));
	return word ? word : "?";
}

static double number_of(const json_t *object, const char *key) {
	return rt_json_number(json_object_get(object, key));
}

/* 0.4144 [0.3739, 0.4544] */
static void cell_of_interval(ReportTable *table, const json_t *interval) {
	double mean = number_of(interval, "mean");
	if (isfinite(mean))
		report_cell(table, "%.4g [%.4g, %.4g]", mean, number_of(interval, "low"), number_of(interval, "high"));
	else
		report_cell(table, "not finite");
}

static void cell_of_count(ReportTable *table, const json_t *count) {
	if (json_is_integer(count))
		report_cell(table, "%lld", (long long)json_integer_value(count));
	else
		report_cell(table, "not known");
}

static double score_of(const json_t *rule) {
	double mean = number_of(json_object_get(rule, "score"), "mean");
	return isnan(mean) ? (double)INFINITY : mean;
}

/* Does a come before b: the subject first, then the lower score? */
static bool before(const json_t *a, const json_t *b, const char *subject) {
	bool first = subject && !strcmp(word_of(a, "label"), subject),
		 second = subject && !strcmp(word_of(b, "label"), subject);
	return first != second ? first : score_of(a) < score_of(b);
}

const json_t **report_rules(Arena *arena, const json_t *comparison) {
	const json_t *list = json_object_get(comparison, "rules");
	const char *subject = json_string_value(json_object_get(comparison, "subject"));
	size_t count = json_array_size(list);
	const json_t **rules = ARENA_ARRAY(arena, const json_t *, count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t at = i;
		const json_t *rule = json_array_get(list, i);
		for (; at > 0 && before(rule, rules[at - 1], subject); at--)
			rules[at] = rules[at - 1];
		rules[at] = rule;
	}
	return rules;
}

static size_t rule_count(const json_t *comparison) {
	return json_array_size(json_object_get(comparison, "rules"));
}

static void heads(ReportTable *table, const char *const *names, size_t count) {
	table->columns = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		report_cell(table, "%s", names[i]);
}

#define HEADS(table, ...)                                                                                              \
	heads(table, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

void report_scores(ReportPage *page, const json_t *comparison) {
	const json_t **rules = report_rules(page->arena, comparison);
	const char *subject = json_string_value(json_object_get(comparison, "subject"));
	ReportTable table = {.arena = page->arena};
	HEADS(&table, "rule", "mean [95 % interval]", "median", "best f so far", "behind the first", "chance, adjusted",
	      "ended above its start", "not finite");
	for (size_t i = 0; i < rule_count(comparison); i++) {
		const json_t *rule = rules[i], *behind = json_object_get(rule, "behind_subject");
		double chance = number_of(rule, "chance_holm");
		bool own = subject && !strcmp(word_of(rule, "label"), subject);
		report_cell(&table, "%s", word_of(rule, "call"));
		cell_of_interval(&table, json_object_get(rule, "score"));
		report_cell(&table, "%.4g", number_of(rule, "median"));
		cell_of_interval(&table, json_object_get(rule, "best_so_far"));
		if (behind && !own)
			cell_of_interval(&table, behind);
		else
			report_cell(&table, "%s", "");
		if (isfinite(chance))
			report_cell(&table, "%.2g", chance);
		else
			report_cell(&table, "%s", "");
		cell_of_count(&table, json_object_get(rule, "ended_above_start"));
		cell_of_count(&table, json_object_get(rule, "not_finite"));
	}
	report_paragraph(
		page,
		"%s: %lld steps on %lld problems that nobody has seen; every rule but the trained one was tuned on %lld "
		"others. Scored by %s%s; lower is better. Differences are paired, by problem; the chance of one as large "
		"is by "
		"random signs, adjusted for the number of rules (Holm).",
		word_of(comparison, "objective"), (long long)json_integer_value(json_object_get(comparison, "steps")),
		(long long)json_integer_value(json_object_get(comparison, "test_problems")),
		(long long)json_integer_value(json_object_get(comparison, "train_problems")), word_of(comparison, "score"),
		strcmp(word_of(comparison, "judged_by"), "f") ? " of validate" : "");
	report_table(page, "Scores", &table);
}

void report_horizons(ReportPage *page, const json_t *comparison) {
	const json_t **rules = report_rules(page->arena, comparison);
	const json_t *horizons = rule_count(comparison) ? json_object_get(rules[0], "horizons") : NULL;
	size_t lengths = json_array_size(horizons);
	if (lengths == 0)
		return;
	ReportTable table = {.arena = page->arena, .columns = (uint32_t)(1 + lengths)};
	report_cell(&table, "rule");
	for (size_t k = 0; k < lengths; k++)
		report_cell(&table, "%lld steps",
		            (long long)json_integer_value(json_object_get(json_array_get(horizons, k), "steps")));
	for (size_t i = 0; i < rule_count(comparison); i++) {
		report_cell(&table, "%s", word_of(rules[i], "label"));
		for (size_t k = 0; k < lengths; k++) {
			const json_t *one = json_array_get(json_object_get(rules[i], "horizons"), k);
			long long above = (long long)json_integer_value(json_object_get(one, "ended_above_start"));
			long long lost = (long long)json_integer_value(json_object_get(one, "not_finite"));
			report_cell(&table, "%.4g (%lld above, %lld not finite)", number_of(json_object_get(one, "end"), "mean"),
			            above, lost);
		}
	}
	report_table(page, "f at the end of longer runs, and how many problems ended above their start", &table);
}

void report_profiles(ReportPage *page, const json_t *comparison) {
	const json_t **rules = report_rules(page->arena, comparison);
	size_t levels = rule_count(comparison) ? json_array_size(json_object_get(rules[0], "profiles")) : 0;
	for (size_t level = 0; level < levels; level++) {
		double tolerance = number_of(json_array_get(json_object_get(rules[0], "profiles"), level), "tolerance");
		Plot plot = {.title = arena_printf(page->arena, "Solved to %g of the way", tolerance),
		             .subtitle = "share of problems on which f has come so near to the least that any rule reached",
		             .x_label = "evaluations",
		             .y_label = "share solved"};
		for (size_t i = 0; i < rule_count(comparison); i++) {
			const json_t *shares =
				json_object_get(json_array_get(json_object_get(rules[i], "profiles"), level), "data_profile");
			PlotCurve curve = {.label = arena_strdup(page->arena, word_of(rules[i], "label")),
			                   .count = (int)json_array_size(shares),
			                   .start = 1};
			double *y = ARENA_ARRAY(page->arena, double, curve.count + 1);
			for (int t = 0; t < curve.count; t++)
				y[t] = rt_json_number(json_array_get(shares, (size_t)t));
			curve.y = y;
			vec_push(page->arena, &plot.curves, curve);
		}
		report_picture(
			page, &plot,
			arena_printf(
				page->arena,
				"Data profile (More and Wild): the share of problems solved after so many evaluations. Solved: f "
				"exceeds the least f of all rules by at most %g of what it did at the start.",
				tolerance));
	}
}

void report_costs(ReportPage *page, const json_t *comparison) {
	const json_t **rules = report_rules(page->arena, comparison);
	ReportTable table = {.arena = page->arena};
	HEADS(&table, "rule", "training", "tuning", "test", "seconds of test");
	for (size_t i = 0; i < rule_count(comparison); i++) {
		const json_t *evaluations = json_object_get(rules[i], "evaluations");
		report_cell(&table, "%s", word_of(rules[i], "label"));
		cell_of_count(&table, json_object_get(evaluations, "training"));
		cell_of_count(&table, json_object_get(evaluations, "tuning"));
		cell_of_count(&table, json_object_get(evaluations, "test"));
		report_cell(&table, "%.3g", number_of(rules[i], "seconds"));
	}
	report_table(page, "Evaluations of objectives, each with its gradient where a rule reads it", &table);
}
