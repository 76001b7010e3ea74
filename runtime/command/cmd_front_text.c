/* What `gradus front` lists, as a table, CSV and JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/cmd_front.h"

static const char *stage_of(const CmdFront *listing, int stage) {
	if (listing->trained)
		return stage >= 0 && stage < CHOOSE_RUNGS ? search_rung_words[stage] : "?";
	return stage >= 0 && stage <= SEARCH_STAGES ? search_stage_words[stage] : "?";
}

static const char *rate_text(Arena *arena, double rate) {
	return isnan(rate) ? "-" : cmd_number(arena, rate, 3);
}

static void interval_cell(CmdTable *table, double low, double high) {
	if (isnan(low))
		cmd_cell(table, "-");
	else
		cmd_cell(table, "[%s, %s]", cmd_number(table->arena, low, 4), cmd_number(table->arena, high, 4));
}

void cmd_front_table(const CmdFront *listing, Text *out) {
	Cmd *cmd = listing->cmd;
	Arena *arena = cmd->arena;
	bool on = listing->tried > 0, mixed = cmd->options.best > 0, sized = !listing->choices;
	bool known = listing->finished && !listing->trained;
	uint32_t columns = 4u + sized + mixed + known + 2u * listing->on.count;
	CmdTable table = {.arena = arena, .columns = columns, .left = 1u << (columns - 1) | (mixed ? 1u << 1 : 0u)};
	cmd_cell(&table, sized ? "size" : "");
	if (mixed)
		cmd_cell(&table, "stage");
	cmd_cell(&table, "score");
	if (known)
		cmd_cell(&table, "[95 %% interval]");
	for (uint32_t k = 0; k < listing->on.count; k++) {
		cmd_cell(&table, "on %s", listing->on.data[k]);
		cmd_cell(&table, "[95 %% interval]");
	}
	cmd_cell(&table, "rate");
	if (sized)
		cmd_cell(&table, "FLOPs");
	cmd_cell(&table, sized ? "expression" : "choices");
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		const CmdFrontRow *row = &listing->rows.data[i];
		if (sized)
			cmd_cell(&table, "%d%s", row->size, row->winner ? " *" : "");
		else
			cmd_cell(&table, "%u%s", (unsigned)i + 1, row->winner ? " *" : "");
		if (mixed)
			cmd_cell(&table, "%s", stage_of(listing, row->stage));
		cmd_cell(&table, row->lost > 0 ? "%s (%s lost)" : "%s", cmd_number(arena, row->score, 4),
		         cmd_number(arena, row->lost, 6));
		if (known)
			interval_cell(&table, row->low, row->high);
		for (uint32_t k = 0; k < listing->on.count; k++) {
			cmd_cell(&table, "%s", cmd_number(arena, row->on[k].mean, 4));
			interval_cell(&table, row->on[k].low, row->on[k].high);
		}
		cmd_cell(&table, "%s", rate_text(arena, row->rate));
		if (sized)
			cmd_cell(&table, "%d", row->cost);
		cmd_cell(&table, "%s%s", row->formula, strcmp(row->source, "propose") ? "" : "  (proposed)");
	}
	if (!mixed)
		text_printf(out, "scores of the stage \"%s\"%s\n", stage_of(listing, listing->stage),
		            listing->finished ? "" : ", of a search that has not come to its end");
	if (on)
		text_printf(out, "on %s: %d unseen problems of %d steps\n", cmd->options.on, listing->tried, listing->steps);
	cmd_table(&table, "  ", out);
}

/* "on_score", and of later objectives "on_score_2", ... */
static const char *on_key(Arena *arena, const char *what, uint32_t which) {
	return which ? arena_printf(arena, "on_%s_%u", what, which + 1) : arena_printf(arena, "on_%s", what);
}

/* A comma, and a text in quotes. */
static void put_quoted(const char *words, Text *out) {
	Text plain = text_new(out->arena);
	text_plain(&plain, words, strlen(words), false);
	text_printf(out, ",\"");
	for (const char *at = text_cstr(&plain); *at; at++)
		text_printf(out, *at == '"' ? "\"\"" : "%c", *at);
	text_char(out, '"');
}

/* One line for each, with a name for each column; texts in quotes. */
void cmd_front_csv(const CmdFront *listing, Text *out) {
	text_printf(out, listing->choices ? "stage,score,low,high," : "size,stage,score,low,high,");
	for (uint32_t k = 0; k < listing->on.count; k++)
		text_printf(out, "%s,%s,%s,", on_key(out->arena, "score", k), on_key(out->arena, "low", k),
		            on_key(out->arena, "high", k));
	text_printf(out, listing->choices ? "rate,constants,winner,source,choices\n"
	                                  : "rate,constants,flops,degree,winner,source,expression\n");
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		const CmdFrontRow *row = &listing->rows.data[i];
		if (!listing->choices)
			text_printf(out, "%d,", row->size);
		text_printf(out, "%d,%.17g,", row->stage, row->score);
		if (isnan(row->low)) /* empty: not known */
			text_printf(out, ",,");
		else
			text_printf(out, "%.17g,%.17g,", row->low, row->high);
		for (uint32_t k = 0; k < listing->on.count; k++)
			text_printf(out, "%.17g,%.17g,%.17g,", row->on[k].mean, row->on[k].low, row->on[k].high);
		if (isnan(row->rate))
			text_printf(out, ",\"%s\",", row->constants);
		else
			text_printf(out, "%.17g,\"%s\",", row->rate, row->constants);
		if (!listing->choices)
			text_printf(out, "%d,%g,", row->cost, row->degree);
		text_printf(out, "%d", row->winner);
		put_quoted(row->source, out);
		put_quoted(row->formula, out);
		text_char(out, '\n');
	}
}

void cmd_front_json(const CmdFront *listing, Text *out) {
	json_t *all = json_array();
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		const CmdFrontRow *row = &listing->rows.data[i];
		Text plain = text_new(out->arena);
		text_plain(&plain, row->formula, strlen(row->formula), false);
		json_t *one = json_object();
		json_object_set_new(one, listing->choices ? "choices" : "expression", json_string(text_cstr(&plain)));
		if (!listing->choices)
			json_object_set_new(one, "size", json_integer(row->size));
		json_object_set_new(one, "stage", json_integer(row->stage));
		json_object_set_new(one, "score", rt_json_real(row->score));
		if (!isnan(row->low)) {
			json_object_set_new(one, "low", rt_json_real(row->low));
			json_object_set_new(one, "high", rt_json_real(row->high));
		}
		json_object_set_new(one, "rate", isnan(row->rate) ? json_null() : rt_json_real(row->rate));
		json_object_set_new(one, "constants", json_string(row->constants));
		if (!listing->choices) {
			json_object_set_new(one, "flops", json_integer(row->cost));
			json_object_set_new(one, "degree", rt_json_real(row->degree));
		}
		Text source = text_new(out->arena);
		text_plain(&source, row->source, strlen(row->source), false);
		json_object_set_new(one, "source", json_string(text_cstr(&source)));
		json_object_set_new(one, "winner", json_boolean(row->winner));
		for (uint32_t k = 0; k < listing->on.count; k++) {
			json_object_set_new(one, on_key(out->arena, "score", k), rt_json_real(row->on[k].mean));
			json_object_set_new(one, on_key(out->arena, "low", k), rt_json_real(row->on[k].low));
			json_object_set_new(one, on_key(out->arena, "high", k), rt_json_real(row->on[k].high));
		}
		json_array_append_new(all, one);
	}
	char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	text_printf(out, "%s\n", text ? text : "[]");
	free(text);
	json_decref(all);
}
