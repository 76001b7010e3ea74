/* The table of symbols: what the piece of the tree of a number stands for. */
#include "frontend/names/resolver.h"

#include <string.h>

const char *const symbol_rule_names[RULE_NAME_COUNT] = {"x", "g", "f", "t", "horizon", "residuals"};

const char *symbol_word(const Symbol *symbol) {
	/* becomes "unknown", "declaration", ... */
#define SYMBOL_WORD(id, word) word,
	static const char *const words[] = {SYMBOL_KINDS(SYMBOL_WORD)};
#undef SYMBOL_WORD
	return words[symbol->kind];
}

bool symbol_is_local(const Symbol *symbol) {
	return symbol->kind > SYMBOL_BUILTIN;
}

bool symbol_may_change(const Symbol *symbol) {
	return symbol->kind == SYMBOL_VAR || symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_X;
}

/* ---- the table ---- */

Symbol *symbol_at(const FeProgram *p, uint32_t id) {
	return id < p->symbols.capacity ? p->symbols.at[id] : NULL;
}

void symbol_set(FeProgram *p, uint32_t id, Symbol *symbol) {
	Symbols *s = &p->symbols;
	if (!id)
		return;
	if (id >= s->capacity) {
		uint32_t capacity = p->session->expr_count + 1 > 2 * s->capacity ? p->session->expr_count + 1 : 2 * s->capacity;
		Symbol **at = ARENA_ARRAY(p->session->arena, Symbol *, capacity);
		if (s->capacity)
			memcpy(at, s->at, sizeof *at * s->capacity);
		s->at = at;
		s->capacity = capacity;
	}
	s->at[id] = symbol;
}

Symbol *symbol_new(FeProgram *p, Symbol like) {
	Symbol *symbol = ARENA_NEW(p->session->arena, Symbol);
	*symbol = like;
	symbol->number = ++p->symbols.count;
	return symbol;
}

Symbol *symbol_of_decl(FeProgram *p, const AstDecl *decl) {
	Symbol *symbol = symbol_at(p, decl->name.id);
	if (!symbol) {
		symbol = symbol_new(
			p, (Symbol){.kind = SYMBOL_DECL, .name = decl->name.name, .span = decl->name.span, .decl = decl});
		symbol_set(p, decl->name.id, symbol);
	}
	return symbol;
}

/* A word of the language: of builtins.def, or a distribution where one is called. NULL: none. */
Symbol *symbol_of_builtin(FeProgram *p, Name name, bool called) {
	void **place = name_map_place(p->session->arena, &p->symbols.builtin, name);
	const char *text = session_text(p->session, name);
	const Builtin *builtin = *place ? NULL : builtin_find(text);
	if (!*place && (builtin || (called && distribution_find(text))))
		*place = symbol_new(p, (Symbol){.kind = SYMBOL_BUILTIN, .name = name, .builtin = builtin});
	Symbol *symbol = *place;
	return symbol && (symbol->builtin || called) ? symbol : NULL;
}

bool symbol_is_later(const Symbol *builtin) {
	return builtin && builtin->builtin && builtin->builtin->kind == BUILTIN_IS_LATER;
}

void resolve_set_arguments(FeProgram *p, const AstExpr *call, const AstExpr **args) {
	*name_map_place(p->session->arena, &p->symbols.arguments, call->id) = (void *)(uintptr_t)args;
}

const AstExpr *const *resolve_arguments(const FeProgram *p, const AstExpr *call) {
	return name_map_get(&p->symbols.arguments, call->id);
}
