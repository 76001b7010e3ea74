/* The choices of a rule for those who search among them: what alternatives are called, and which combinations are one. */
#include "frontend/decl/decl.h"
#include "frontend/syntax/choose.h"

bool fe_has_choices(FeProgram *program, const FeCall *rule) {
	program = rule->program ? rule->program : program;
	Arena *scratch = arena_new();
	uint32_t count = fe_decl_count(program);
	bool *needed = ARENA_ARRAY(scratch, bool, count + 1);
	fe_needed(program, rule, needed);
	bool found = ast_choices(program->session, rule->decl, scratch).count > 0;
	for (uint32_t i = 0; i < count; i++)
		found = found || (needed[i] && ast_choices(program->session, fe_decl(program, i), scratch).count > 0);
	arena_free(scratch);
	return found;
}

const char *fe_alternative(const Session *session, const FeChoice *choice, uint32_t number, Arena *arena) {
	return ast_alternative(session, choice->expr, number, arena);
}

/* Those of one rule, whose choices stand together. */
typedef struct Part {
	const AstDecl *decl;
	uint32_t first;
	AstChoices choices;
} Part;

static Part part_at(Session *session, const FeRule *rule, uint32_t first, Arena *arena) {
	const AstDecl *decl = rule->choices.data[first].decl;
	return (Part){decl, first, ast_choices(session, decl, arena)};
}

/* Is the rule of a part applied, whatever is chosen, or as things are chosen? Known where the main rule alone applies it, by its
 * name; else it is. */
static bool is_applied(Session *session, const Part *main, const Part *part, const FeRule *rule, const int *picks) {
	if (part->decl == rule->decl || main->decl != rule->decl)
		return true;
	Arena *scratch = arena_new();
	bool elsewhere = !ast_choices_mention(session, main->decl, &main->choices, NULL, part->decl->name.name);
	for (uint32_t i = 0; i < rule->choices.count && !elsewhere; i += part_at(session, rule, i, scratch).choices.count) {
		Part other = part_at(session, rule, i, scratch);
		elsewhere = other.decl != main->decl && other.decl != part->decl &&
		            ast_choices_mention(session, other.decl, &other.choices, NULL, part->decl->name.name);
	}
	arena_free(scratch);
	return elsewhere ||
	       ast_choices_mention(session, main->decl, &main->choices, picks + main->first, part->decl->name.name);
}

void fe_choices_needed(Session *session, const FeRule *rule, const int *picks, bool *needed) {
	Arena *scratch = arena_new();
	if (rule->choices.count > 0) {
		Part main = part_at(session, rule, 0, scratch);
		for (uint32_t i = 0; i < rule->choices.count;) {
			Part part = part_at(session, rule, i, scratch);
			bool applied = is_applied(session, &main, &part, rule, picks);
			ast_choices_needed(session, part.decl, &part.choices, picks + i, needed + i);
			for (uint32_t k = 0; k < part.choices.count; k++)
				needed[i + k] = needed[i + k] && applied;
			i += part.choices.count;
		}
	}
	arena_free(scratch);
}
