/* Writing out an objective that is made of others: see compose.h.
 *
 * Of a base, what belongs to a problem (given, data, batch, and what is computed from no parameter) stands once, in front. Where the
 * family says `base`, what is evaluated follows there, with parameters that are the family's own. Where it says `base(y)`, it stands
 * before the statement that says it, and what was a parameter is a part of y:
 *
 *     minimize log(base(2 * z))     ──▶     let place : [2] = 2 * z
 *                                           let x = place[0..2]
 *                                           let base = sum[i in 1](...)
 *                                           minimize log(base)                                                                     */
#include "frontend/decl/compose.h"

#include <string.h>

typedef struct Compose {
	FeProgram *program;
	Arena *arena;
	IrModule *module; /* bases are typed in it, for their sizes */
	Span span;        /* of the call that is written out */
	NameMap given;    /* what objectives that are parameters are, as expressions, by the numbers of their symbols */
	uint32_t depth, count;
	bool ok;
} Compose;

typedef struct Base {
	const Symbol *symbol; /* the parameter that it is */
	Name name;
	const AstExpr *given;
	const AstDecl *decl; /* written out, every parameter with a value */
	uint32_t params;     /* of the family, the last of the base's own among them */
	bool value, start, size;
	uint32_t calls; /* base(y) */
	Stages stages;
	Copy shared;              /* what stands in front */
	Symbol **starts;          /* by statement: what its parameter starts from */
	Symbol *as_value;         /* what `base` is */
	const FeObjective *typed; /* NULL: not yet */
} Base;

typedef struct Family {
	Compose *c;
	const AstDecl *decl;
	AstDecl *out;
	Copy copy;
	VEC(Base *) bases;
	NameMap by_symbol;      /* Base, by the numbers of the parameters' symbols */
	NameMap taken, reports; /* names of what is declared, and of reports */
	NameMap drawn;          /* those that random numbers are keyed by */
	bool validates;
} Family;

static Session *session_of(const Family *f) {
	return f->c->program->session;
}

static AstDecl *write_out(Compose *c, const AstDecl *decl, const AstExpr *const *args);

/* ---- which parameters are objectives ---- */

const AstDecl *objective_given(const FeProgram *program, const AstExpr *x) {
	const Symbol *symbol = x && (x->kind == AST_NAME || x->kind == AST_CALL) ? symbol_at(program, x->id) : NULL;
	return symbol && symbol->kind == SYMBOL_DECL && symbol->decl->kind == AST_OBJECTIVE ? symbol->decl : NULL;
}

/* An objective that is handed on, `base = base`, is what the parameter around is. */
static const AstExpr *handed_on(const Compose *c, const AstExpr *x) {
	const Symbol *symbol = x && x->kind == AST_NAME ? symbol_at(c->program, x->id) : NULL;
	const AstExpr *given = symbol ? name_map_get(&c->given, symbol->number) : NULL;
	return given ? given : x;
}

static void hand_on(Family *f, const Base *b) {
	*name_map_place(f->c->arena, &f->c->given, b->symbol->number) = (void *)(uintptr_t)b->given;
}

static AstDecl *base_written_out(Compose *c, const AstExpr *x) {
	FeCall call;
	if (!program_call(c->program, x, AST_OBJECTIVE, &call))
		return NULL;
	const AstExpr **args = ARENA_ARRAY(c->arena, const AstExpr *, call.decl->params.count + 1);
	return program_arguments(c->program, &call, args) ? write_out(c, call.decl, args) : NULL;
}

static bool fits_default(Family *f, const AstParam *p, const AstExpr *x, bool objective) {
	const FeProgram *program = f->c->program;
	bool expected = objective_given(program, handed_on(f->c, p->value)) != NULL;
	if (!p->value || expected == objective)
		return true;
	Diag *diag = diag_error(session_of(f), 201, x->span, "`%s` of `%s` is %s, and this is %s",
	                        session_text(session_of(f), p->name.name), session_text(session_of(f), f->decl->name.name),
	                        expected ? "an objective" : "no objective", expected ? "none" : "one");
	diag_label(session_of(f), diag, p->value->span, "by default it is this");
	return false;
}

static bool add_base(Family *f, const AstParam *p, const AstExpr *x) {
	Base *b = ARENA_NEW(f->c->arena, Base);
	b->symbol = symbol_at(f->c->program, p->name.id);
	b->name = p->name.name;
	b->given = x;
	b->decl = base_written_out(f->c, x);
	if (!b->decl || !b->symbol)
		return false;
	for (uint32_t i = 0; i < b->decl->params.count; i++)
		vec_push(f->c->arena, &f->out->params, b->decl->params.data[i]);
	b->params = f->out->params.count;
	stages_find(&b->stages, f->c->program, f->c->arena, &b->decl->body);
	b->starts = ARENA_ARRAY(f->c->arena, Symbol *, b->decl->body.count + 1);
	vec_push(f->c->arena, &f->bases, b);
	*name_map_place(f->c->arena, &f->by_symbol, b->symbol->number) = b;
	for (uint32_t i = 0; i < f->bases.count; i++) /* the base may be made of a family of the same name */
		hand_on(f, f->bases.data[i]);
	return true;
}

static bool add_params(Family *f, const AstExpr *const *args) {
	for (uint32_t i = 0; i < f->decl->params.count; i++) {
		const AstParam *p = &f->decl->params.data[i];
		const AstExpr *x = handed_on(f->c, args[i] ? args[i] : objective_copy_expr(&f->copy, p->value));
		bool objective = objective_given(f->c->program, x) != NULL;
		if (x && !fits_default(f, p, x, objective))
			return false;
		if (objective) {
			if (!add_base(f, p, x))
				return false;
			continue;
		}
		AstParam own = *p;
		own.name = objective_copy_name(&f->copy, p->name);
		own.value = (AstExpr *)(uintptr_t)x;
		own.limits = objective_copy_limits(&f->copy, p->limits);
		vec_push(f->c->arena, &f->out->params, own);
	}
	return true;
}

/* ---- what the family says of its bases ---- */

static Base *base_of(const Family *f, const AstExpr *x) {
	const Symbol *symbol = x ? symbol_at(f->c->program, x->id) : NULL;
	return symbol ? name_map_get(&f->by_symbol, symbol->number) : NULL;
}

/* start(base), size(base) */
static Base *base_asked(const Family *f, const AstExpr *x, BuiltinId *asked) {
	const Symbol *symbol = x->kind == AST_CALL ? symbol_at(f->c->program, x->id) : NULL;
	if (!symbol || !symbol->builtin || x->call.args.count != 1)
		return NULL;
	const AstExpr *of = x->call.args.data[0].value;
	*asked = symbol->builtin->id;
	bool asks = *asked == BUILTIN_start || *asked == BUILTIN_size;
	return asks && of && of->kind == AST_NAME ? base_of(f, of) : NULL;
}

static bool see_uses(const AstExpr *x, void *context) {
	Family *f = context;
	BuiltinId asked;
	if (!x)
		return false;
	Base *b = base_asked(f, x, &asked);
	if (b) {
		b->start = b->start || asked == BUILTIN_start;
		b->size = b->size || asked == BUILTIN_size;
		return false;
	}
	b = x->kind == AST_NAME || x->kind == AST_CALL ? base_of(f, x) : NULL;
	if (b && x->kind == AST_NAME)
		b->value = true;
	else if (b)
		b->calls++;
	return ast_any_part(x, see_uses, f);
}

/* ---- names ---- */

/* A name that nothing of the family has yet: as it is, or with something in front. */
static Name free_name(Family *f, NameMap *taken, Name wanted, Name front) {
	Session *s = session_of(f);
	const char *text = session_text(s, wanted);
	Name name = wanted;
	for (unsigned number = 1; name_map_get(taken, name); number++) {
		const char *in_front = arena_printf(f->c->arena, "%s_%s", session_text(s, front), text);
		name = session_name(s, number == 1 ? in_front : arena_printf(f->c->arena, "%s_%u", in_front, number));
	}
	*name_map_place(f->c->arena, taken, name) = f;
	return name;
}

static void rename_declared(Family *f, const Base *b, Copy *copy, Name name) {
	Name other = free_name(f, &f->taken, name, b->name);
	if (other != name)
		*name_map_place(f->c->arena, &copy->names, name) = (void *)(uintptr_t)other;
}

/* What `copy` declares gets names that nothing else has: of what stands in front, or of what is evaluated. */
static void rename_all(Family *f, const Base *b, Copy *copy, bool front) {
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		bool evaluated = s->kind == AST_PARAM || (s->kind >= AST_LET && b->stages.stmts[i].stage == STAGE_VALUE);
		if (s->kind > AST_VAR || (evaluated ? front && !b->value : !front))
			continue;
		for (uint32_t k = 0; k < s->declare.names.count; k++)
			rename_declared(f, b, copy, s->declare.names.data[k].name);
		for (uint32_t k = 0; s->kind == AST_DATA && k < s->declare.type.dims.count; k++) {
			const AstExpr *dim = s->declare.type.dims.data[k];
			const Symbol *symbol = dim->kind == AST_NAME ? symbol_at(f->c->program, dim->id) : NULL;
			if (symbol && symbol->kind == SYMBOL_EXTENT && !name_map_get(&copy->names, dim->name))
				rename_declared(f, b, copy, dim->name);
		}
	}
}

/* Random numbers are those of a name: what the base draws by itself it draws in the family, too, and the family something else. */
static void key_draw(Family *f, AstDeclare *d, Name front) {
	Session *s = session_of(f);
	if (!d->draw || d->names.count == 0)
		return;
	Name key = d->drawn_as ? d->drawn_as : d->names.data[0].name;
	if (name_map_get(&f->drawn, key))
		key = session_name(s, arena_printf(f->c->arena, "%s.%s", session_text(s, front), session_text(s, key)));
	while (name_map_get(&f->drawn, key))
		key = session_name(s, arena_printf(f->c->arena, "%s'", session_text(s, key)));
	*name_map_place(f->c->arena, &f->drawn, key) = f;
	d->drawn_as = key;
}

/* ---- a base ---- */

static void put(Family *f, AstBlock *block, AstStmt *s) {
	vec_push(f->c->arena, block, s);
}

static const FeObjective *base_typed(Family *f, Base *b) {
	if (b->typed || !f->c->ok)
		return b->typed;
	AstDecl *alone = arena_copy(f->c->arena, b->decl, sizeof *b->decl);
	alone->params = f->out->params;
	alone->params.count = b->params;
	b->typed = objective_typed_alone(f->c->program, f->c->module, alone);
	f->c->ok = b->typed != NULL;
	return b->typed;
}

/* The array that the parameter at a statement is. */
static const FeSlot *array_of(const Base *b, uint32_t at) {
	uint32_t number = 0;
	for (uint32_t i = 0; i < at; i++)
		number += b->decl->body.data[i]->kind == AST_PARAM && b->decl->body.data[i]->declare.names.count;
	return &b->typed->arrays.data[number];
}

/* What a parameter starts from, by itself. The same numbers as those of the parameter are drawn for it. */
static void put_start(Family *f, Base *b, uint32_t at) {
	Copy copy = {.program = f->c->program, .count = &f->c->count};
	for (uint32_t i = 0; i < b->shared.declared.count; i++)
		if (b->shared.declared.data[i].from->kind != SYMBOL_INDEX)
			objective_copy_as(&copy, b->shared.declared.data[i].from, b->shared.declared.data[i].to);
	const AstStmt *s = b->decl->body.data[at];
	Symbol *param = symbol_at(f->c->program, s->declare.names.data[0].id);
	Session *session = session_of(f);
	const char *text = arena_printf(f->c->arena, "%s_start", session_text(session, s->declare.names.data[0].name));
	Name name = free_name(f, &f->taken, session_name(session, text), b->name);
	SymbolKind kind = s->declare.draw ? SYMBOL_GIVEN : SYMBOL_LET;
	AstName declared = objective_make_declared(f->c->program, kind, name, s->span, &b->starts[at]);
	objective_copy_as(&copy, param, b->starts[at]);
	AstStmt *t = objective_copy_stmt(&copy, s);
	t->kind = s->declare.draw ? AST_GIVEN : AST_LET;
	t->declare.names.data[0] = declared;
	t->declare.limits = (AstLimits){0};
	key_draw(f, &t->declare, b->name);
	put(f, &f->out->body, t);
}

static AstStmt *value_let(Family *f, Copy *copy, const AstStmt *minimize, Name name, Symbol **symbol) {
	AstExpr *value = objective_copy_expr(copy, minimize->minimize);
	AstName declared = objective_make_declared(f->c->program, SYMBOL_LET, name, minimize->minimize->span, symbol);
	return objective_make_let(declared, value, minimize->span, f->c->arena);
}

/* Reports and what validates come along where the base is evaluated once. */
static void put_result(Family *f, const Base *b, Copy *copy, const AstStmt *s, AstBlock *block) {
	if (s->kind == AST_RESIDUALS || (s->kind == AST_VALIDATE && (f->validates || f->bases.count > 1)))
		return;
	AstStmt *t = objective_copy_stmt(copy, s);
	if (s->kind == AST_REPORT)
		t->report.name.name = free_name(f, &f->reports, s->report.name.name, b->name);
	put(f, block, t);
}

static bool is_evaluated(const Base *b, uint32_t at) {
	return stages_is_computation(b->decl->body.data[at]) && b->stages.stmts[at].stage == STAGE_VALUE;
}

static void put_in_front(Family *f, Base *b) {
	Copy *copy = &b->shared;
	*copy = (Copy){.program = f->c->program, .count = &f->c->count, .before = &f->out->body};
	rename_all(f, b, copy, true);
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		bool result = s->kind >= AST_REPORT && s->kind <= AST_VALIDATE;
		if (s->kind == AST_PARAM && s->declare.names.count && b->start)
			put_start(f, b, i);
		if (((result || s->kind == AST_PARAM || is_evaluated(b, i)) && !b->value))
			continue;
		if (s->kind == AST_MINIMIZE) {
			put(f, &f->out->body, value_let(f, copy, s, b->name, &b->as_value));
		} else if (result) {
			put_result(f, b, copy, s, &f->out->body);
		} else {
			AstStmt *t = objective_copy_stmt(copy, s);
			if (t->kind <= AST_VAR && !(t->kind == AST_PARAM && b->start))
				key_draw(f, &t->declare, b->name);
			else if (t->kind == AST_PARAM && t->declare.draw)
				t->declare.drawn_as = f->out->body.data[f->out->body.count - 1]->declare.drawn_as;
			put(f, &f->out->body, t);
		}
	}
}

/* ---- start(base), size(base) ---- */

static AstExpr *flat_start(Family *f, const Base *b, uint32_t at, Span span) {
	const FeSlot *array = array_of(b, at);
	AstExpr *whole = objective_make_name(f->c->program, b->starts[at], span);
	if (array->type.rank == 0)
		return objective_make_array(f->c->program, whole, span);
	AstExpr *args[2] = {whole, objective_make_number(f->c->program, array->count, span)};
	return array->type.rank == 1 ? whole
	                             : objective_make_call(f->c->program, &builtins[BUILTIN_reshape], args, 2, span);
}

static AstExpr *start_of(Family *f, Base *b, Span span) {
	VEC(AstExpr *) parts = {0};
	if (!base_typed(f, b))
		return objective_make_number(f->c->program, 0, span);
	for (uint32_t i = 0; i < b->decl->body.count; i++)
		if (b->starts[i])
			vec_push(f->c->arena, &parts, flat_start(f, b, i, span));
	if (parts.count == 1)
		return parts.data[0];
	return objective_make_call(f->c->program, &builtins[BUILTIN_concat], parts.data, parts.count, span);
}

static AstExpr *size_of(Family *f, Base *b, Span span) {
	const FeObjective *typed = base_typed(f, b);
	return objective_make_number(f->c->program, typed ? typed->size : 1, span);
}

/* ---- base(y) ---- */

typedef struct IndexUses {
	const FeProgram *program;
	Arena *arena;
	NameMap own; /* indices of reductions in it */
	Name found;
} IndexUses;

static bool see_index(const AstExpr *x, void *context) {
	IndexUses *u = context;
	if (!x)
		return false;
	for (uint32_t i = 0; x->kind == AST_REDUCE && i < x->reduce.items.count; i++) {
		const Symbol *symbol = symbol_at(u->program, x->reduce.items.data[i].name.id);
		if (symbol)
			*name_map_place(u->arena, &u->own, symbol->number) = u;
	}
	const Symbol *symbol = x->kind == AST_NAME ? symbol_at(u->program, x->id) : NULL;
	if (symbol && symbol->kind == SYMBOL_INDEX && !name_map_get(&u->own, symbol->number))
		u->found = symbol->name;
	return ast_any_part(x, see_index, u);
}

static bool may_stand(Family *f, const Base *b, const AstExpr *x) {
	Session *s = session_of(f);
	const char *name = session_text(s, b->name);
	if (x->call.args.count != 1 || x->call.args.data[0].name.name) {
		Diag *diag = diag_error(s, 215, x->span, "`%s` is an objective: it is evaluated at one vector", name);
		diag_help(s, diag, "write `%s(y)`, where y has size(%s) numbers", name, name);
		return false;
	}
	IndexUses uses = {.program = f->c->program, .arena = f->c->arena};
	see_index(x->call.args.data[0].value, &uses);
	if (!f->copy.before) {
		diag_error(s, 298, x->span, "`%s` is evaluated in statements, but not in the default of a parameter", name);
	} else if (f->copy.again) {
		Diag *diag =
			diag_error(s, 298, x->span, "`%s` is evaluated in statements, but not in the condition of a `while`", name);
		diag_help(s, diag, "give the value a name with `var`, and assign it in the body as well");
	} else if (uses.found) {
		Diag *diag = diag_error(s, 298, x->span, "`%s` is evaluated at one vector, but here at one for every `%s`",
		                        name, session_text(s, uses.found));
		diag_help(s, diag, "evaluate it in a `for` loop");
	} else
		return true;
	return false;
}

static AstExpr *part_of(Family *f, const FeSlot *array, const Symbol *place, Span span) {
	FeProgram *p = f->c->program;
	AstExpr *at = objective_make_name(p, place, span);
	if (array->type.rank == 0)
		return objective_make_element(p, at, array->offset, span);
	AstExpr *args[IR_MAX_RANK + 1] = {objective_make_slice(p, at, array->offset, array->offset + array->count, span)};
	for (int k = 0; k < array->type.rank; k++)
		args[k + 1] = objective_make_number(p, array->type.dims[k], span);
	return array->type.rank == 1
	           ? args[0]
	           : objective_make_call(p, &builtins[BUILTIN_reshape], args, (uint32_t)array->type.rank + 1, span);
}

static Symbol *put_place(Family *f, Base *b, const AstExpr *y) {
	FeProgram *p = f->c->program;
	Session *s = session_of(f);
	Symbol *place;
	AstExpr *value = objective_copy_expr(&f->copy, y);
	Name name = session_name(s, arena_printf(f->c->arena, "place of %s", session_text(s, b->name)));
	AstName declared = objective_make_declared(p, SYMBOL_LET, name, y->span, &place);
	AstStmt *let = objective_make_let(declared, value, y->span, f->c->arena);
	let->declare.type = (AstType){.span = y->span, .scalar = AST_REAL};
	vec_push(f->c->arena, &let->declare.type.dims, objective_make_number(p, b->typed->size, y->span));
	put(f, f->copy.before, let);
	return place;
}

/* Symbols that mean the same wherever the base is evaluated. */
static bool is_shared(const Base *b, const Symbol *symbol) {
	const StageName *known = stages_name(&b->stages, symbol);
	return symbol->kind == SYMBOL_GIVEN || symbol->kind == SYMBOL_DATA || symbol->kind == SYMBOL_BATCH ||
	       symbol->kind == SYMBOL_EXTENT || (known && known->stage < STAGE_VALUE);
}

static AstExpr *evaluated_at(Family *f, Base *b, const AstExpr *x) {
	Symbol *value = NULL;
	if (!may_stand(f, b, x)) { /* its value is not known; what else is wrong is to be found */
		Symbol unknown = {.kind = SYMBOL_UNKNOWN, .name = b->name, .span = x->span, .no_value = true};
		return objective_make_name(f->c->program, symbol_new(f->c->program, unknown), x->span);
	}
	if (!base_typed(f, b)) {
		f->c->ok = false;
		return objective_make_number(f->c->program, 0, x->span);
	}
	Symbol *place = put_place(f, b, x->call.args.data[0].value);
	Copy copy = {.program = f->c->program, .count = &f->c->count, .before = f->copy.before};
	for (uint32_t i = 0; i < b->shared.declared.count; i++)
		if (is_shared(b, b->shared.declared.data[i].from))
			objective_copy_as(&copy, b->shared.declared.data[i].from, b->shared.declared.data[i].to);
	rename_all(f, b, &copy, false);
	bool alone = b->calls == 1 && !b->value && f->copy.depth == 0;
	Name f_at = session_name(session_of(f), "value");
	for (uint32_t i = 0; i < b->decl->body.count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		if (s->kind == AST_PARAM && s->declare.names.count) {
			AstName name = objective_copy_name(&copy, s->declare.names.data[0]);
			symbol_at(f->c->program, name.id)->kind = SYMBOL_LET;
			AstExpr *part = part_of(f, array_of(b, i), place, x->span);
			put(f, copy.before, objective_make_let(name, part, s->span, f->c->arena));
		} else if (is_evaluated(b, i))
			put(f, copy.before, objective_copy_stmt(&copy, s));
		else if (s->kind == AST_MINIMIZE)
			put(f, copy.before, value_let(f, &copy, s, free_name(f, &f->taken, f_at, b->name), &value));
		else if ((s->kind == AST_REPORT || s->kind == AST_VALIDATE) && alone)
			put_result(f, b, &copy, s, copy.before);
	}
	return objective_make_name(f->c->program, value, x->span);
}

static AstExpr *instead(Copy *copy, const AstExpr *x) {
	Family *f = copy->context;
	BuiltinId asked;
	Base *b = base_asked(f, x, &asked);
	if (b)
		return asked == BUILTIN_size ? size_of(f, b, x->span) : start_of(f, b, x->span);
	b = x->kind == AST_CALL ? base_of(f, x) : NULL;
	return b ? evaluated_at(f, b, x) : NULL;
}

/* ---- the family ---- */

static void add_body(Family *f) {
	for (uint32_t i = 0; i < f->bases.count; i++) {
		Base *b = f->bases.data[i];
		if (b->value || b->start || b->calls)
			put_in_front(f, b);
		if (b->as_value)
			objective_copy_as(&f->copy, b->symbol, b->as_value);
	}
	f->copy.before = &f->out->body;
	for (uint32_t i = 0; i < f->decl->body.count && f->c->ok; i++) {
		AstStmt *s = objective_copy_stmt(&f->copy, f->decl->body.data[i]);
		if (s->kind <= AST_VAR)
			key_draw(f, &s->declare, f->decl->name.name);
		put(f, &f->out->body, s);
	}
}

/* The family's own names stay what they are. */
static void look_at_body(Family *f) {
	for (uint32_t i = 0; i < f->bases.count; i++)
		*name_map_place(f->c->arena, &f->taken, f->bases.data[i]->name) = f;
	for (uint32_t i = 0; i < f->decl->body.count; i++) {
		const AstStmt *s = f->decl->body.data[i];
		f->validates = f->validates || s->kind == AST_VALIDATE;
		for (uint32_t k = 0; s->kind <= AST_VAR && k < s->declare.names.count; k++)
			*name_map_place(f->c->arena, &f->taken, s->declare.names.data[k].name) = f;
		if (s->kind == AST_REPORT)
			*name_map_place(f->c->arena, &f->reports, s->report.name.name) = f;
		ast_any_expr(s, see_uses, f);
	}
}

/* An objective that is made of itself, be it through others, is so by a default. */
static void help_with_depth(const Compose *c, Diag *diag, const AstDecl *decl) {
	Session *session = c->program->session;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		const AstDecl *made_of = objective_given(c->program, p->value);
		if (!made_of)
			continue;
		const char *name = session_text(session, p->name.name);
		diag_label(session, diag, p->value->span, "what `%s` is made of by default",
		           session_text(session, decl->name.name));
		diag_help(session, diag,
		          made_of == decl ? "`%s` cannot be the objective itself: name another one, as in `%s = rosenbrock`"
		                          : "if `%s` comes back to this objective, name another one, as in `%s = rosenbrock`",
		          name, name);
		return;
	}
}

static bool may_go_on(Compose *c, const AstDecl *decl) {
	if (c->depth < COMPOSE_MOST_DEPTH && c->count < ELAB_MOST_COPIES)
		return true;
	if (c->depth < COMPOSE_MOST_DEPTH)
		diag_error(c->program->session, 140, c->span, "written out, this takes more than %d expressions",
		           (int)ELAB_MOST_COPIES);
	else
		help_with_depth(c,
		                diag_error(c->program->session, 140, c->span,
		                           "objectives are made of one another more than %d deep here",
		                           (int)COMPOSE_MOST_DEPTH),
		                decl);
	return false;
}

static AstDecl *write_out(Compose *c, const AstDecl *decl, const AstExpr *const *args) {
	if (!may_go_on(c, decl))
		return NULL;
	Family f = {.c = c, .decl = decl, .out = arena_copy(c->arena, decl, sizeof *decl)};
	f.copy = (Copy){.program = c->program, .instead = instead, .context = &f, .count = &c->count};
	f.out->name.id = ++c->program->session->expr_count;
	f.out->params = (AstParams){0};
	f.out->body = (AstBlock){0};
	c->depth++;
	if (!add_params(&f, args))
		c->ok = false;
	if (c->ok) {
		look_at_body(&f);
		add_body(&f);
	}
	c->depth--;
	const Resolved *from = resolve_decl(c->program, decl);
	Resolved made = {.decl = f.out, .mentions = from->mentions, .wrong = from->wrong};
	resolve_set_decl(c->program, made);
	return c->ok ? f.out : NULL;
}

const FeCall *objective_written_out(FeProgram *program, const FeCall *call, FeCall *out) {
	const AstDecl *decl = call->decl;
	bool made_of_others = false;
	resolve_decl(program, decl);
	for (uint32_t i = 0; i < call->values.count; i++)
		made_of_others = made_of_others || objective_given(program, call->values.data[i]);
	for (uint32_t i = 0; i < decl->params.count; i++)
		made_of_others = made_of_others || objective_given(program, decl->params.data[i].value);
	if (!made_of_others)
		return call;
	const AstExpr **args = ARENA_ARRAY(program->session->arena, const AstExpr *, decl->params.count + 1);
	if (!program_arguments(program, call, args))
		return NULL;
	Compose c = {.program = program,
	             .arena = program->session->arena,
	             .module = ir_module_new(program->session),
	             .span = call->span,
	             .ok = true};
	const AstDecl *made = write_out(&c, decl, args);
	ir_module_free(c.module);
	*out = (FeCall){.decl = made, .span = call->span, .program = call->program};
	return made ? out : NULL;
}
