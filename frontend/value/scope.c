/* The values of names. */
#include "frontend/value/value.h"

Binding *scope_add(Elab *e, const Symbol *symbol, Value *value) {
	if (symbol && value)
		value = value_declared(e, value, symbol);
	if (e->typing->wants_types && symbol)
		value_note_type(e, &e->typing->symbol_types, symbol->number, value, symbol);
	Binding *b = ARENA_NEW(e->arena, Binding);
	*b = (Binding){.symbol = symbol, .value = value, .indices_around = e->indices_around.count, .coord = e->coord};
	if (!symbol || symbol->name_taken)
		return b;
	vec_push(e->arena, &e->scope.bindings, b);
	void **place = name_map_place(e->arena, &e->scope.by_symbol, symbol->number);
	b->older = *place;
	*place = b;
	return b;
}

Binding *scope_add_name(Elab *e, AstName name, Value *value) {
	return scope_add(e, symbol_at(e->program, name.id), value);
}

Binding *scope_find(const Elab *e, const Symbol *symbol) {
	return symbol ? name_map_get(&e->scope.by_symbol, symbol->number) : NULL;
}

ScopeMark scope_mark(const Elab *e) {
	return (ScopeMark){e->scope.bindings.count, e->place};
}

ScopeMark scope_apart(Elab *e) {
	ScopeMark mark = scope_mark(e);
	e->place = ++e->places;
	return mark;
}

void scope_back(Elab *e, ScopeMark mark) {
	while (e->scope.bindings.count > mark.count) {
		Binding *b = e->scope.bindings.data[--e->scope.bindings.count];
		*name_map_place(e->arena, &e->scope.by_symbol, b->symbol->number) = b->older;
	}
	e->place = mark.place;
}
