/* Choices that are made from outside, before a program means anything: a file that has them is read with its alternatives in place, so that
 * all behind this sees a program like any. */
#include "frontend/names/names.h"
#include "frontend/syntax/choose.h"

#include <string.h>

void fe_choose(FeProgram *p, FePick *picks, uint32_t count) {
	p->picks = picks;
	p->pick_count = count;
}

static void note_choices(FeProgram *p, const AstDecl *rule, const AstChoices *choices) {
	Arena *arena = p->session->arena;
	for (uint32_t i = 0; i < choices->count; i++) {
		const AstExpr *x = choices->data[i].expr;
		Text text = text_new(arena);
		for (uint32_t k = 0; k < x->elements.count; k++)
			text_printf(&text, "%s%u: %s", k ? ", " : "", (unsigned)k + 1, ast_alternative(p->session, x, k, arena));
		FeChoiceSeen seen = {.rule = session_text(p->session, rule->name.name),
		                     .name = arena_strdup(arena, choices->data[i].name),
		                     .alternatives = text_cstr(&text),
		                     .count = x->elements.count};
		vec_push(arena, &p->choices, seen);
	}
}

/* The alternative that was picked for a choice; AST_LEFT_OPEN: none. */
static int picked(FeProgram *p, const AstDecl *rule, const AstChoice *choice) {
	int out = AST_LEFT_OPEN;
	for (uint32_t i = 0; i < p->pick_count; i++) {
		FePick *pick = &p->picks[i];
		bool here = !pick->rule || strcmp(pick->rule, session_text(p->session, rule->name.name)) == 0;
		bool file = !pick->path || strcmp(pick->path, p->session->sources.data[rule->span.file]->path) == 0;
		if (!here || !file || strcmp(pick->choice, choice->name) != 0)
			continue;
		pick->met = true;
		if (pick->number < choice->expr->elements.count)
			out = (int)pick->number;
		else
			pick->beyond = choice->expr->elements.count;
	}
	return out;
}

static void cut_rule(FeProgram *p, const AstDecl *rule, AstCuts *cuts) {
	AstChoices choices = ast_choices(p->session, rule, cuts->arena);
	int *picks = ARENA_ARRAY(cuts->arena, int, choices.count + 1);
	bool any = false;
	note_choices(p, rule, &choices);
	for (uint32_t i = 0; i < choices.count; i++) {
		picks[i] = picked(p, rule, &choices.data[i]);
		any = any || picks[i] >= 0;
	}
	if (any)
		ast_cut_choices(p->session, rule, &choices, picks, cuts);
}

uint32_t program_chosen(FeProgram *p, uint32_t source) {
	if (p->pick_count == 0)
		return source;
	Session *session = p->session;
	DiagMark mark = diag_mark(session); /* what is wrong is said when the file is read as it will be */
	uint32_t errors = session->error_count;
	const AstFile *file = ast_parse(session, source);
	bool sound = session->error_count == errors;
	diag_take_back(session, mark);
	AstCuts cuts = {.arena = arena_new()};
	for (uint32_t i = 0; sound && i < file->decls.count; i++)
		if (file->decls.data[i]->kind == AST_OPTIMIZER)
			cut_rule(p, file->decls.data[i], &cuts);
	if (cuts.list.count > 0) {
		Text text = text_new(cuts.arena);
		Source *written = session->sources.data[source];
		ast_put_cut(session, source, &cuts, &text);
		source = source_add(session, written->path, text_cstr(&text), text.length);
		session->sources.data[source]->kept = cuts.kept;
		session->sources.data[source]->derived = p->origin != NULL;
		if (!p->origin) /* as it was written, it is no source of this program */
			written->path = "<before choices>";
	}
	arena_free(cuts.arena);
	return source;
}

const FeChoiceSeen *fe_choices_seen(const FeProgram *p, uint32_t *count) {
	*count = p->choices.count;
	return p->choices.data;
}

/* The text of a file as another program read it; 0: that has not read it. */
uint32_t program_read_before(FeProgram *p, FileId id) {
	const FeProgram *from = p->origin;
	for (uint32_t i = 0; from && id.number && i < from->read.count; i++)
		if (from->read.data[i].device == id.device && from->read.data[i].number == id.number)
			return from->read.data[i].source;
	return 0;
}

FeProgram *fe_chosen(FeProgram *from, FePick *picks, uint32_t count) {
	FeProgram *p = fe_program_new(from->session);
	p->origin = from;
	p->loader = from->loader;
	p->loader_context = from->loader_context;
	p->data = from->data;
	p->data_context = from->data_context;
	p->finder = from->finder;
	p->finder_context = from->finder_context;
	fe_choose(p, picks, count);
	for (uint32_t i = 0; i < from->files.count; i++) {
		uint32_t source = from->files.data[i]->source;
		if (program_names(from, source)->named)
			program_add_again(p, source);
	}
	return p;
}
