/* A comparison in words and columns: what was measured, who is where, how sure that is, and what it cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/cmd_compare.h"
#include "runtime/command/command.h"
#include "runtime/compare/limits.h"

/* Row numbers: the subject first, then by mean. */
static void sort_rows(const Comparison *c, uint32_t *rows) {
	for (uint32_t i = 0; i < c->count; i++) {
		rows[i] = i;
		for (uint32_t k = i; k > 0; k--) {
			double mean = c->rules[rows[k]].score.mean, before = c->rules[rows[k - 1]].score.mean;
			bool first = (int)rows[k] == c->subject, keep = (int)rows[k - 1] == c->subject;
			if (keep || (!first && !(mean < before || isnan(before))))
				break;
			uint32_t moved = rows[k];
			rows[k] = rows[k - 1];
			rows[k - 1] = moved;
		}
	}
}

/* How many of the diverged runs became infinite or NaN, and how many ended above their start. */
static void put_diverged(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	Text kinds = text_new(cmd->arena);
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		if (rule->ended_above + rule->not_finite > 0) {
			text_printf(&kinds, "    ");
			cmd_wrap(arena_printf(cmd->arena, "%s: %d ended above the start, %d not finite", rule->label,
			                      rule->ended_above, rule->not_finite),
			         4, 6, &kinds);
		}
	}
	if (kinds.length > 0) {
		text_printf(out, "\n  diverged: %s was not finite at some step, or ended above its start\n%s",
		            score_judge(c->validates), text_cstr(&kinds));
	}
}

/* A mean with its interval; of one problem the number alone: an interval needs several. */
static const char *interval_text(Cmd *cmd, const Comparison *c, const CompareInterval *value) {
	const char *mean = cmd_number(cmd->arena, value->mean, 3);
	if (c->test_problems < 2)
		return mean;
	return arena_printf(cmd->arena, "%s [%s, %s]", mean, cmd_number(cmd->arena, value->low, 3),
	                    cmd_number(cmd->arena, value->high, 3));
}

const char *cmd_comparison_cell(Cmd *cmd, const Comparison *c, uint32_t k) {
	const Compared *rule = &c->rules[k];
	const char *score = interval_text(cmd, c, &rule->score);
	int diverged = rule->ended_above + rule->not_finite;
	return diverged ? arena_printf(cmd->arena, "%s, %d/%d", score, diverged, c->test_problems) : score;
}

static void put_scores(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	Arena *arena = cmd->arena;
	bool several = c->test_problems > 1;
	CmdTable table = {.arena = arena, .columns = (several ? 6u : 3u) + (c->margin ? 1u : 0u)};
	cmd_cell(&table, "rule");
	cmd_cell(&table, "%s", several ? "mean" : "score");
	if (several) {
		cmd_cell(&table, "[95 %% interval]");
		cmd_cell(&table, "median");
		cmd_cell(&table, "10 %%..90 %%");
	}
	cmd_cell(&table, "diverged");
	if (c->margin) {
		const char *subject = c->rules[c->subject].label;
		cmd_cell(&table, "behind %s", strlen(subject) > 24 ? "the first" : subject);
	}
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		cmd_cell(&table, "%s", rule->label);
		cmd_cell(&table, "%s", cmd_number(arena, rule->score.mean, 4));
		if (several) {
			cmd_cell(&table, "[%s, %s]", cmd_number(arena, rule->score.low, 4), cmd_number(arena, rule->score.high, 4));
			cmd_cell(&table, "%s", cmd_number(arena, rule->median, 4));
			cmd_cell(&table, "%s..%s", cmd_number(arena, rule->q10, 3), cmd_number(arena, rule->q90, 3));
		}
		cmd_cell(&table, "%d/%d", rule->ended_above + rule->not_finite, c->test_problems);
		if (c->margin)
			cmd_cell(&table, "%s", (int)rows[i] == c->subject ? "" : interval_text(cmd, c, &c->lead[rows[i]]));
	}
	cmd_table(&table, "  ", out);
	put_diverged(cmd, c, rows, out);
}

static void put_costs(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	Arena *arena = cmd->arena;
	CmdTable table = {.arena = arena, .columns = 5, .left = 2};
	cmd_cell(&table, "rule");
	cmd_cell(&table, "as it ran");
	cmd_cell(&table, "grid points");
	cmd_cell(&table, "tuning");
	cmd_cell(&table, "meta-training");
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		cmd_cell(&table, "%s", rule->label);
		cmd_cell(&table, "%s", rule->call);
		cmd_cell(&table, "%d", rule->tuned.points);
		cmd_cell(&table, "%s", cmd_count(arena, rule->tuned.evaluations));
		bool known = rule->training_evaluations >= 0;
		cmd_cell(&table, "%s", known ? cmd_count(arena, rule->training_evaluations) : "not known");
	}
	cmd_table(&table, "  ", out);
}

static void put_grids(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		for (uint32_t a = 0; a < rule->tuned.axes.count; a++) {
			const TunedAxis *axis = &rule->tuned.axes.data[a];
			const char *name = session_text(cmd->session, axis->name);
			Text line = text_new(cmd->arena);
			text_printf(&line, "%s.%s: ", rule->label, name);
			if (axis->decay || axis->values.count <= 6) {
				for (uint32_t k = 0; k < axis->values.count; k++)
					text_printf(&line, "%s%.4g", k ? ", " : "", axis->values.data[k]);
			} else {
				double low = axis->values.data[0], high = axis->values.data[axis->values.count - 1];
				text_printf(&line, "%u from %.3g to %.3g, %.3g per decade", axis->values.count, low, high,
				            (axis->values.count - 1) / log10(high / low));
			}
			text_printf(&line, "%s", axis->edge ? " (the best is at the end of the allowed range)" : "");
			text_printf(out, "  ");
			cmd_wrap(text_cstr(&line), 2, 4, out);
		}
		if (rule->tuned.widened) {
			text_printf(out, "  ");
			cmd_wrap(arena_printf(cmd->arena, "%s: widened %d time%s, because the best was at an end", rule->label,
			                      rule->tuned.widened, rule->tuned.widened == 1 ? "" : "s"),
			         2, 4, out);
		}
	}
}

/* At some steps: the margin of victory and how often it is positive. */
static void put_margins(Cmd *cmd, const Comparison *c, Text *out) {
	static const int wanted[] = {1, 2, 5, 10, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000};
	bool several = c->test_problems > 1;
	CmdTable table = {.arena = cmd->arena, .columns = several ? 3 : 2};
	cmd_cell(&table, "step");
	cmd_cell(&table, "margin%s", several ? " [95 % interval]" : "");
	if (several)
		cmd_cell(&table, "ahead of all");
	int last = 0;
	for (size_t i = 0; i <= sizeof wanted / sizeof *wanted; i++) {
		int t = i < sizeof wanted / sizeof *wanted && wanted[i] < c->steps ? wanted[i] : c->steps;
		if (t == last)
			break;
		last = t;
		cmd_cell(&table, "%d", t);
		cmd_cell(&table, "%s", interval_text(cmd, c, &c->margin[t]));
		if (several)
			cmd_cell(&table, "%.0f %%", 100 * c->win_share[t]);
	}
	cmd_table(&table, "  ", out);
}

/* How many problems each rule solves, of how many it is the quickest to, and its score if it kept the best f that it met. */
static void put_solved(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	Arena *arena = cmd->arena;
	CmdTable table = {.arena = arena, .columns = 2 + COMPARE_TOLERANCES};
	cmd_cell(&table, "rule");
	for (int level = 0; level < COMPARE_TOLERANCES; level++)
		cmd_cell(&table, "within %g", compare_tolerances[level]);
	cmd_cell(&table, "best so far");
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		cmd_cell(&table, "%s", rule->label);
		for (int level = 0; level < COMPARE_TOLERANCES; level++)
			cmd_cell(&table, "%.0f %% (%.0f %%)", 100 * compare_data_profile(c, rule, level, c->steps),
			         100 * rule->performance[level][0]);
		cmd_cell(&table, "%s", cmd_number(arena, rule->best.mean, 4));
	}
	text_printf(out, "\nProblems solved (and first of all rules), and the score of the best f so far\n");
	cmd_table(&table, "  ", out);
}

/* How likely the differences from the subject are by chance. */
static void put_chances(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	Text line = text_new(cmd->arena);
	for (uint32_t i = 0; i < c->count; i++) {
		if ((int)rows[i] == c->subject)
			continue;
		double value = c->chance_holm[rows[i]];
		const char *chance = isnan(value)    ? "not known"
		                     : value < 0.001 ? "below 0.001"
		                                     : cmd_number(cmd->arena, value, 2);
		text_printf(&line, "%s%s %s", line.length ? ", " : "", c->rules[rows[i]].label, chance);
	}
	text_char(out, '\n');
	cmd_wrap(arena_printf(cmd->arena, "Chance of such a difference from %s (random signs, adjusted by Holm): %s",
	                      c->rules[c->subject].label, text_cstr(&line)),
	         0, 2, out);
}

/* What becomes of the rules in longer runs. */
static void put_longer(Cmd *cmd, const Comparison *c, const uint32_t *rows, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 1 + COMPARE_HORIZONS};
	cmd_cell(&table, "rule");
	for (int k = 0; k < COMPARE_HORIZONS; k++)
		cmd_cell(&table, "%d", c->count ? c->rules[0].longer[k].steps : 0);
	for (uint32_t i = 0; i < c->count; i++) {
		const Compared *rule = &c->rules[rows[i]];
		cmd_cell(&table, "%s", rule->label);
		for (int k = 0; k < COMPARE_HORIZONS; k++) {
			const CompareLong *longer = &rule->longer[k];
			cmd_cell(&table, "%s (%d, %d)", cmd_number(cmd->arena, longer->end_mean.mean, 4), longer->ended_above,
			         longer->not_finite);
		}
	}
	text_printf(out, "\nMean %s at the end of runs of so many (runs that ended above the start, and not finite)\n",
	            score_judge(c->validates));
	cmd_table(&table, "  ", out);
}

void cmd_comparison_table(Cmd *cmd, const Comparison *c, Text *out) {
	const char *judge = score_judge(c->validates);
	uint32_t *rows = ARENA_ARRAY(cmd->arena, uint32_t, c->count + 1);
	sort_rows(c, rows);
	const char *unit = "steps"; /* of rules that all take one evaluation a step */
	for (uint32_t i = 0; i < c->count; i++)
		unit = c->rules[i].rule->evaluates ? "evaluations" : unit;
	if (c->one_problem) {
		text_printf(out, "%s: %d %s on one problem: nothing is drawn\n", c->objective, c->steps, unit);
		text_printf(out, "every rule is tuned on that problem itself\n");
	} else {
		text_printf(out, "%s: %d %s on %d unseen problem%s; tuned on %d other%s\n", c->objective, c->steps, unit,
		            c->test_problems, c->test_problems == 1 ? "" : "s", c->train_problems,
		            c->train_problems == 1 ? "" : "s");
	}
	text_printf(out, "%s; lower is better\n\n", score_words(cmd->arena, c->score, judge, SCORE_EVALUATIONS, c->steps));
	put_scores(cmd, c, rows, out);
	if (c->chance && c->test_problems > 1)
		put_chances(cmd, c, rows, out);
	if (c->count > 1)
		put_solved(cmd, c, rows, out);
	if (c->longer)
		put_longer(cmd, c, rows, out);
	int64_t each = c->count ? c->rules[0].test_evaluations : 0;
	for (uint32_t i = 0; i < c->count; i++)
		each = c->rules[i].test_evaluations == each ? each : -1;
	text_printf(out, "\nEvaluations of the objective (value, or value and gradient, of one problem)\n");
	put_costs(cmd, c, rows, out);
	if (each > 0) {
		text_printf(out, "  and %s in the test, each\n", cmd_count(cmd->arena, each));
	} else {
		for (uint32_t i = 0; i < c->count; i++) {
			text_printf(out, "  %s: %s in the test\n", c->rules[rows[i]].label,
			            cmd_count(cmd->arena, c->rules[rows[i]].test_evaluations));
		}
	}
	text_printf(out, "\nGrids\n");
	put_grids(cmd, c, rows, out);
	if (c->margin) {
		text_char(out, '\n');
		cmd_wrap(arena_printf(cmd->arena, "Margin of victory of %s: least %s of the others minus its own%s",
		                      c->rules[c->subject].label, judge,
		                      c->score.map == FE_SCORE_F
		                          ? ""
		                          : arena_printf(cmd->arena, " (%s itself, not what is scored)", judge)),
		         0, 2, out);
		put_margins(cmd, c, out);
	}
}
