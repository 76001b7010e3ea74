/* gradus show space: what an open expression may be made of, how many expressions there are, and how a search goes about them. */
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/search/search.h"

/* The rule that is named, or the only one with a hole. NULL after a message. */
static const AstDecl *open_rule(Cmd *cmd) {
	const AstDecl *found = NULL;
	const char *word = cmd->words.count ? cmd->words.data[0] : NULL;
	int open = 0;
	for (uint32_t i = 0; i < fe_decl_count(cmd->program); i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		if (decl->kind != AST_OPTIMIZER || !fe_open_expression(decl))
			continue;
		open++;
		if (!word || !strcmp(word, session_text(cmd->session, decl->name.name)))
			found = decl;
	}
	if (open > 1 && !word)
		cmd_usage(cmd, "which rule? %d of them have an open expression", open);
	else if (!found)
		cmd_usage(cmd, "no rule%s%s%s has an open expression or a choice: a `discover(...)` or a `choose { ... }`",
		          word ? " `" : "", word ? word : "", word ? "`" : "");
	return open > 1 && !word ? NULL : found;
}

static void put_operands(Cmd *cmd, const FeHole *hole, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 3, .left = 3};
	cmd_cell(&table, "operand");
	cmd_cell(&table, "type");
	cmd_cell(&table, "degree");
	for (uint32_t i = 0; i < hole->operands.count; i++) {
		const FeOperand *operand = &hole->operands.data[i];
		cmd_cell(&table, "%s", operand->text);
		cmd_cell(&table, "%s", operand->like_x ? "like x" : "a number");
		if (operand->degree_known)
			cmd_cell(&table, "%g", (double)operand->degree / (double)FE_DEGREE_ONE);
		else
			cmd_cell(&table, "not known, taken as 0");
	}
	cmd_table(&table, "  ", out);
	text_printf(out, "operations:");
	for (int op = 0; op < FE_OPERATORS; op++)
		if (hole->operators >> op & 1)
			text_printf(out, " %s", fe_operators[op].word);
	text_printf(out, "\n%d open number%s at most; sums %s\n", hole->constants, hole->constants == 1 ? "" : "s",
	            hole->homogeneous ? "of equal degrees only (homogeneous = true)" : "of any degrees");
}

static void put_counts(Cmd *cmd, const SearchTable *table, Text *out) {
	CmdTable counts = {.arena = cmd->arena, .columns = 4};
	static const char *const heads[] = {"size", "made", "distinct", "possible"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		cmd_cell(&counts, "%s", heads[i]);
	int64_t made = 0, possible = 0;
	for (int size = 1; size <= table->size; size++) {
		made += table->generated[size];
		for (uint32_t i = table->first[size]; i < table->first[size + 1]; i++)
			possible += search_is_candidate(table, i);
		cmd_cell(&counts, "%d", size);
		cmd_cell(&counts, "%s", cmd_count(cmd->arena, made));
		cmd_cell(&counts, "%s", cmd_count(cmd->arena, table->first[size + 1]));
		cmd_cell(&counts, "%s", cmd_count(cmd->arena, possible));
	}
	text_printf(out, "expressions up to each size (distinct: not the same numbers%s):\n",
	            table->space->merge ? ", positive factors aside" : "");
	cmd_table(&counts, "  ", out);
	if (table->stopped)
		text_printf(out, "of size %d there are too many to look at them all: `search auto` evolves\n", table->size + 1);
}

static void put_stages(Cmd *cmd, Text *out) {
	text_printf(
		out,
		"the search runs all that are possible, or those that evolution meets, each at 16 rates at a time, on problems "
		"that the experiment trains on:\n");
	for (int stage = 0; stage < SEARCH_STAGES; stage++) {
		const SearchStage *how = &search_stages[stage];
		int problems = how->problems ? how->problems : SEARCH_LAST_PROBLEMS;
		text_printf(out, "  on %s%d problem%s", how->problems == 1 ? "" : "at most ", problems,
		            problems == 1 ? "" : "s");
		if (how->steps)
			text_printf(out, " for %d steps", how->steps);
		else
			text_printf(out, " for the whole horizon");
		if (how->fits)
			text_printf(out, ", fitting rates and constants in %d rounds", how->fits);
		if (how->share > 0)
			text_printf(out, "; the best %g %% go on", 100 * how->share);
		if (how->least)
			text_printf(out, "%s%u at least", how->share > 0 ? ", " : "; the best ", how->least);
		text_printf(out, "\n");
	}
	text_printf(out, "  and scores those on the select problems of the experiment\n");
	(void)cmd;
}

static bool making_goes_on(void *user, const SearchTable *so_far, int size) {
	Cmd *cmd = user;
	cmd_progress(cmd, false, "making expressions of size %d: %s distinct", size, cmd_count(cmd->arena, so_far->count));
	return !search_is_too_many(so_far, size);
}

static void put_hole(Cmd *cmd, const char *rule_name, const FeRule *rule, const FeHole *hole, Text *out) {
	SearchSpace space;
	search_space_of(rule, hole, true, &space);
	text_printf(out, "%s: an expression %s, of at most %d node%s", rule_name,
	            space.like_x ? "like x" : "that is a number", space.size, space.size == 1 ? "" : "s");
	if (space.bound)
		text_printf(out, ", of degree %g, as it becomes a state", (double)space.degree / (double)FE_DEGREE_ONE);
	text_printf(out, "\n");
	put_operands(cmd, hole, out);
	SearchTable *table = search_enumerate(&space, making_goes_on, cmd);
	cmd_progress_end(cmd);
	put_counts(cmd, table, out);
	search_table_free(table);
}

CmdExit cmd_show_space(Cmd *cmd) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	if (cmd->words.count > 1)
		return cmd_usage(cmd, "one rule at a time, not `%s` too", cmd->words.data[1]);
	if (cmd_show_choices(cmd, &code) || cmd_show_learner(cmd, &code))
		return code;
	const AstDecl *decl = open_rule(cmd);
	FeCall call;
	if (!decl || !fe_call_text(cmd->program, session_text(cmd->session, decl->name.name), AST_OPTIMIZER, &call))
		return CMD_USAGE;
	IrModule *module = ir_module_new(cmd->session);
	static const int64_t some_size = 7; /* nothing of the space depends on it */
	FeTarget target = {.sizes = &some_size, .count = 1};
	FeRule *rule = fe_rule_open(cmd->program, module, &call, &target, IR_F64);
	if (!rule || !fe_is_searchable(cmd->session, rule, call.span))
		return cmd_failed(cmd);
	Text out = text_new(cmd->arena);
	const char *name = session_text(cmd->session, decl->name.name);
	if (rule->hole->next)
		text_printf(&out, "%s has several open expressions, which are searched together, by evolution\n\n", name);
	for (const FeHole *hole = rule->hole; hole; hole = hole->next)
		put_hole(cmd, name, rule, hole, &out);
	put_stages(cmd, &out);
	ir_module_free(module);
	return cmd_print(cmd, &out);
}
