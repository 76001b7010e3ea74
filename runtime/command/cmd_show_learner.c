/* gradus show space, of an open learner: what its program may be made of, how many there are, and how a search goes about them. */
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/learner.h"

static void put_statements(Cmd *cmd, const FeLearner *learner, Text *out) {
	static const char *const kinds[] = {
		[FE_MEMORY_NOTHING] = "", [FE_MEMORY_NUMBER] = "number", [FE_MEMORY_VECTOR] = "vector"};
	CmdTable table = {.arena = cmd->arena, .columns = 3, .left = 7};
	cmd_cell(&table, "statement");
	cmd_cell(&table, "assigns");
	cmd_cell(&table, "of");
	for (int op = 0; op < FE_STATEMENTS; op++) {
		const FeStatementInfo *info = &fe_statements[op];
		if (!(learner->kinds >> op & 1))
			continue;
		cmd_cell(&table, "%s", info->word);
		cmd_cell(&table, "a %s", kinds[info->result]);
		cmd_cell(&table, "%s%s%s", info->a == FE_MEMORY_NOTHING ? "a constant" : kinds[info->a],
		         info->b == FE_MEMORY_NOTHING ? "" : ", ", kinds[info->b]);
	}
	cmd_table(&table, "  ", out);
}

/* The learner that is named, or the only one. */
static const AstDecl *find_learner(Cmd *cmd) {
	const char *word = cmd->words.count ? cmd->words.data[0] : NULL;
	const AstDecl *found = NULL;
	for (uint32_t i = 0; i < fe_decl_count(cmd->program); i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		bool named = word && strcmp(word, session_text(cmd->session, decl->name.name)) == 0;
		if (!word && decl->kind == AST_OPTIMIZER && fe_open_expression(decl))
			return NULL; /* of which there is more to show */
		if (fe_is_learner(decl) && (named || !word))
			found = decl;
	}
	return found;
}

bool cmd_show_learner(Cmd *cmd, CmdExit *code) {
	const AstDecl *decl = find_learner(cmd);
	FeLearner learner;
	if (!decl)
		return false;
	if (!fe_learner(cmd->program, decl, &learner)) {
		*code = cmd_failed(cmd);
		return true;
	}
	Text out = text_new(cmd->arena);
	text_printf(&out, "%s: a learner, of", session_text(cmd->session, decl->name.name));
	for (int s = 0; s < FE_SECTIONS; s++)
		text_printf(&out, "%s %d statement%s in %s", s ? "," : "", learner.statements[s],
		            learner.statements[s] == 1 ? "" : "s", fe_sections[s]);
	text_printf(
		&out,
		"\nits memory: numbers s0 to s%d, vectors v0 to v%d; s0 is the label, s1 the prediction, v0 the features\n",
		learner.numbers - 1, learner.vectors - 1);
	put_statements(cmd, &learner, &out);
	text_printf(&out, "some 10^%.0f programs, constants aside, most statements of which have no effect\n",
	            floor(search_listing_digits(&learner)));
	text_printf(&out,
	            "the search evolves them, or draws them at random: each is told apart by its predictions after %d "
	            "examples, and scored by the\n"
	            "objective on the problems that the experiment trains on\n",
	            SEARCH_HASHED);
	*code = cmd_print(cmd, &out);
	return true;
}
