/* gradus show space, of a rule with choices: which there are, how many combinations, and how a search goes about them. */
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

static bool has_choices(Cmd *cmd, const AstDecl *decl, FeCall *call) {
	return decl->kind == AST_OPTIMIZER && !fe_open_expression(decl) &&
	       fe_call_text(cmd->program, session_text(cmd->session, decl->name.name), AST_OPTIMIZER, call) &&
	       fe_has_choices(cmd->program, call);
}

/* The rule that is named, or the last one with choices, which may apply the others; *open: a rule has an open expression. */
static bool find_rule(Cmd *cmd, FeCall *out, bool *open) {
	const char *word = cmd->words.count ? cmd->words.data[0] : NULL;
	bool found = false;
	for (uint32_t i = 0; i < fe_decl_count(cmd->program); i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		FeCall call;
		*open = *open || (decl->kind == AST_OPTIMIZER && fe_open_expression(decl));
		if (word && strcmp(word, session_text(cmd->session, decl->name.name)) != 0)
			continue;
		if (!has_choices(cmd, decl, &call))
			continue;
		*out = call;
		found = true;
	}
	return found && (word || !*open);
}

static void put_choices(Cmd *cmd, const FeRule *rule, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 3, .left = 7};
	cmd_cell(&table, "choice");
	cmd_cell(&table, "of");
	cmd_cell(&table, "alternatives");
	for (uint32_t i = 0; i < rule->choices.count; i++) {
		const FeChoice *choice = &rule->choices.data[i];
		Text all = text_new(cmd->arena);
		for (uint32_t k = 0; k < choice->count; k++)
			text_printf(&all, "%s%u: %s", k ? "   " : "", (unsigned)k + 1,
			            fe_alternative(cmd->session, choice, k, cmd->arena));
		cmd_cell(&table, "%s", choice->name);
		cmd_cell(&table, "%s", session_text(cmd->session, choice->decl->name.name));
		cmd_cell(&table, "%s", text_cstr(&all));
	}
	cmd_table(&table, "  ", out);
}

static void put_stages(Cmd *cmd, const ChooseSpace *space, const FeRule *rule, Text *out) {
	uint32_t count = space->distinct_count;
	text_printf(out, "the search runs %s%s, each at 16 rates at a time:\n", space->sampled ? "a sample of " : "all ",
	            cmd_count(cmd->arena, count));
	for (int stage = 0; stage < SEARCH_STAGES; stage++) {
		const SearchStage *how = &search_stages[stage];
		int problems = how->problems ? how->problems : SEARCH_LAST_PROBLEMS;
		text_printf(out, "  on %d problem%s", problems, problems == 1 ? "" : "s");
		if (how->steps)
			text_printf(out, " for %d steps", how->steps);
		else
			text_printf(out, " for the whole horizon");
		if (how->fits)
			text_printf(out, ", fitting rates%s in %d rounds", rule->learned_count ? " and learned numbers" : "",
			            how->fits);
		count = search_choose_goes_on(count, stage, SEARCH_KEPT);
		text_printf(out, "; the best %s go on\n", cmd_count(cmd->arena, count));
	}
	text_printf(out, "  and scores those, written as rules, on the select problems of the experiment\n");
}

bool cmd_show_choices(Cmd *cmd, CmdExit *code) {
	FeCall call;
	bool open = false;
	if (!find_rule(cmd, &call, &open))
		return false;
	IrModule *module = ir_module_new(cmd->session);
	static const int64_t some_size = 7; /* nothing of the space depends on it */
	FeTarget target = {.sizes = &some_size, .count = 1};
	FeRule *rule = fe_rule_choosing(cmd->program, module, &call, &target, IR_F64);
	ChooseSpace space;
	cmd_runtime(cmd, IR_F64);
	if (!rule || !search_choose_space_of(cmd->rt, rule, &(FeSearch){0}, 0, cmd->arena, &space)) {
		ir_module_free(module);
		*code = cmd_failed(cmd);
		return true;
	}
	Text out = text_new(cmd->arena);
	text_printf(&out, "%s: %u choice%s, %s combinations, %s%s of them not the same rule\n",
	            session_text(cmd->session, call.decl->name.name), (unsigned)space.count, space.count == 1 ? "" : "s",
	            cmd_count(cmd->arena, (int64_t)space.combinations), space.sampled ? "at least " : "",
	            cmd_count(cmd->arena, space.distinct_count));
	put_choices(cmd, rule, &out);
	text_printf(&out, "--choose NAME=NUMBER makes one of them\n");
	put_stages(cmd, &space, rule, &out);
	ir_module_free(module);
	*code = cmd_print(cmd, &out);
	return true;
}
