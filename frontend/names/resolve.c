/* Finding what names stand for: the walk over a declaration with its scopes. See names.h; what is said of names is in
 * resolve_report.c. */
#include "frontend/names/resolver.h"

#include <string.h>

/* ---- scopes ---- */

static void enter(Resolver *r, Symbol *symbol) {
	void **place = name_map_place(r->scratch, &r->newest, symbol->name);
	vec_push(r->scratch, &r->scope, ((Scoped){symbol, *place}));
	*place = symbol;
}

static void leave(Resolver *r, uint32_t count) {
	while (r->scope.count > count) {
		Scoped s = r->scope.data[--r->scope.count];
		*name_map_place(r->scratch, &r->newest, s.symbol->name) = s.hidden;
	}
}

static Symbol *make(Resolver *r, SymbolKind kind, AstName name, const AstStmt *stmt) {
	Symbol *symbol = symbol_new(r->program, (Symbol){.kind = kind,
	                                                 .name = name.name,
	                                                 .span = name.span,
	                                                 .decl = r->decl,
	                                                 .stmt = stmt,
	                                                 .direct = r->blocks == r->each});
	symbol_set(r->program, name.id, symbol);
	return symbol;
}

/* A name that may not be there already. */
static void declare(Resolver *r, SymbolKind kind, AstName name, const AstStmt *stmt) {
	if (!name.name)
		return;
	Symbol *symbol = make(r, kind, name, stmt);
	const Symbol *other = resolve_local(r, name.name);
	if (!other) {
		enter(r, symbol);
		return;
	}
	symbol->name_taken = true;
	resolve_report_taken(r, symbol, other);
}

/* An index is declared by standing there. It may not have the name of a value. */
static void declare_index(Resolver *r, AstName name, const AstStmt *stmt) {
	if (!name.name)
		return;
	Symbol *symbol = make(r, SYMBOL_INDEX, name, stmt);
	const Symbol *other = resolve_local(r, name.name);
	if (other) {
		symbol->name_taken = symbol->no_value = true;
		resolve_report_index(r, symbol, other);
	}
	enter(r, symbol);
}

/* ---- expressions ---- */

static bool in_expr(const AstExpr *x, void *context);

static void set_used(Resolver *r, uint32_t id, Symbol *symbol) {
	symbol_set(r->program, id, symbol ? symbol : r->unknown_symbol);
}

static void in_args(Resolver *r, const AstArgs *args) {
	for (uint32_t i = 0; i < args->count; i++)
		in_expr(args->data[i].value, r);
}

/* What is given for a parameter of a declaration: a value, the name of a function, an objective. */
static void in_given(Resolver *r, const AstExpr *x) {
	Symbol *symbol = resolve_function_named(r, x), *local = x && x->kind == AST_NAME ? resolve_local(r, x->name) : NULL;
	bool objective = !symbol && (symbol = resolve_objective_named(r, x)) != NULL;
	symbol = resolve_is_parameter(r, local) ? local : symbol; /* handed on, whatever it holds */
	if (!symbol) {
		Name around = r->given;
		r->given = !x ? 0 : x->kind == AST_NAME ? x->name : x->kind == AST_CALL ? x->call.callee.name : 0;
		in_expr(x, r);
		r->given = around;
		return;
	}
	symbol_set(r->program, x->id, symbol);
	for (uint32_t i = 0; objective && x->kind == AST_CALL && i < x->call.args.count; i++)
		in_given(r, x->call.args.data[i].value);
}

static void in_all_given(Resolver *r, const AstArgs *args) {
	for (uint32_t i = 0; i < args->count; i++)
		in_given(r, args->data[i].value);
}

static void in_call(Resolver *r, const AstExpr *x) {
	Symbol *symbol = resolve_called(r, x);
	if (symbol && symbol->kind != SYMBOL_BUILTIN)
		in_all_given(r, &x->call.args);
	else
		in_args(r, &x->call.args);
	if (symbol && symbol->builtin && !resolve_takes_arguments(r, symbol->builtin, x))
		symbol = NULL;
	else if (symbol && symbol->builtin)
		resolve_mark_derivative(r, symbol->builtin, x);
	else if (symbol && symbol->kind == SYMBOL_DECL && symbol->decl->kind == AST_FN) {
		const AstExpr **args = resolve_match_arguments(r, symbol->decl, x);
		if (args)
			resolve_set_arguments(r->program, x, args);
		else
			symbol = NULL;
	}
	set_used(r, x->id, symbol);
}

/* The range of an index is looked up before the index is entered: it cannot mention itself. */
static void in_ranges(Resolver *r, const AstItems *items) {
	for (uint32_t i = 0; i < items->count; i++) {
		if (items->data[i].kind != AST_ITEM_INDEX)
			continue;
		in_expr(items->data[i].low, r);
		in_expr(items->data[i].high, r);
	}
}

static void declare_indices(Resolver *r, const AstItems *items, const AstStmt *stmt) {
	for (uint32_t i = 0; i < items->count; i++)
		if (items->data[i].kind == AST_ITEM_INDEX)
			declare_index(r, items->data[i].name, stmt);
}

static void in_reduce(Resolver *r, const AstExpr *x) {
	uint32_t scope = r->scope.count;
	in_ranges(r, &x->reduce.items);
	declare_indices(r, &x->reduce.items, NULL);
	for (uint32_t i = 0; i < x->reduce.items.count; i++)
		in_expr(x->reduce.items.data[i].expr, r);
	in_expr(x->reduce.body, r);
	leave(r, scope);
}

static void in_positions(Resolver *r, const AstItems *items) {
	bool saved = r->in_position;
	for (uint32_t i = 0; i < items->count; i++) {
		r->in_position = true;
		in_expr(items->data[i].expr, r);
		r->in_position = saved;
		in_expr(items->data[i].low, r);
		in_expr(items->data[i].high, r);
	}
}

/* discover(..., ops = wide): a word that nothing declares. */
static bool names_operations(const Resolver *r, const AstArg *arg) {
	return arg->name.name && strcmp(session_text(r->program->session, arg->name.name), "ops") == 0;
}

static bool in_expr(const AstExpr *x, void *context) {
	Resolver *r = context;
	if (!x)
		return false;
	r->program->session->elaborated++;
	switch (x->kind) {
	case AST_NAME: set_used(r, x->id, resolve_named(r, x)); break;
	case AST_CALL: in_call(r, x); break;
	case AST_REDUCE: in_reduce(r, x); break;
	case AST_INDEX:
		in_expr(x->index.base, r);
		in_positions(r, &x->index.items);
		break;
	case AST_DISCOVER:
		for (uint32_t i = 0; i < x->call.args.count; i++)
			if (!names_operations(r, &x->call.args.data[i]))
				in_expr(x->call.args.data[i].value, r);
		break;
	case AST_CHOOSE:
		for (uint32_t i = 0; i < x->elements.count; i++)
			in_expr(x->elements.data[i], r);
		break;
	default: ast_any_part(x, in_expr, r); break;
	}
	return false;
}

static void in_exprs(Resolver *r, const AstExprs *exprs) {
	for (uint32_t i = 0; i < exprs->count; i++)
		in_expr(exprs->data[i], r);
}

/* ---- statements ---- */

static void in_stmt(Resolver *r, const AstStmt *s);

static void in_block(Resolver *r, const AstBlock *block) {
	uint32_t scope = r->scope.count;
	for (uint32_t i = 0; i < block->count; i++)
		in_stmt(r, block->data[i]);
	leave(r, scope);
}

static bool in_rule(const Resolver *r) {
	return r->decl && r->decl->kind == AST_OPTIMIZER;
}

static bool is_hoisted(const Resolver *r, const AstStmt *s) {
	return (s->kind == AST_LEARN || s->kind == AST_STATE) && !r->blocks && in_rule(r);
}

/* Dimensions of data may be names that nothing declares: sizes that the file decides. */
static bool declare_extent(const AstExpr *x, void *context) {
	Resolver *r = context;
	if (!x)
		return false;
	if (x->kind == AST_NAME && !resolve_local(r, x->name) && !program_find(r->program, x->span.file, x->name, NULL))
		enter(r, make(r, SYMBOL_EXTENT, (AstName){x->name, x->span, x->id}, NULL));
	return false;
}

static void in_columns(Resolver *r, const AstItems *columns) {
	for (uint32_t i = 0; i < columns->count; i++) {
		in_expr(columns->data[i].expr, r);
		in_expr(columns->data[i].low, r);
		in_expr(columns->data[i].high, r);
	}
}

static void in_declare(Resolver *r, const AstStmt *s) {
	static const SymbolKind kinds[] = {
		[AST_GIVEN] = SYMBOL_GIVEN,   [AST_DATA] = SYMBOL_DATA,   [AST_BATCH] = SYMBOL_BATCH,
		[AST_LEARN] = SYMBOL_LEARNED, [AST_PARAM] = SYMBOL_PARAM, [AST_STATE] = SYMBOL_STATE,
		[AST_LET] = SYMBOL_LET,       [AST_VAR] = SYMBOL_VAR};
	const AstDeclare *d = &s->declare;
	bool file = s->kind == AST_DATA;
	for (uint32_t i = 0; file && i < d->type.dims.count; i++)
		declare_extent(d->type.dims.data[i], r);
	in_exprs(r, &d->type.dims);
	in_expr(d->limits.low, r);
	in_expr(d->limits.high, r);
	if (file) {
		in_expr(d->from, r);
		in_columns(r, &d->columns);
	}
	uint32_t scope = r->scope.count; /* the extents of data stay */
	in_ranges(r, &d->head);
	declare_indices(r, &d->head, s);
	in_expr(d->value, r);
	if (d->draw && d->draw->kind == AST_CALL)
		in_args(r, &d->draw->call.args);
	leave(r, scope);
	if (is_hoisted(r, s))
		return;
	for (uint32_t i = 0; i < d->names.count; i++) {
		declare(r, kinds[s->kind], d->names.data[i], s);
		/* reported when it was read */
		bool misplaced =
			r->blocks ? s->kind <= AST_LEARN : (s->kind == AST_LEARN || s->kind == AST_STATE) && !in_rule(r);
		if (misplaced && symbol_at(r->program, d->names.data[i].id))
			symbol_at(r->program, d->names.data[i].id)->no_value = true;
	}
}

/* In `h[k, j] <- e` names that nothing declares are indices that run over their axes. */
static bool is_fresh(const Resolver *r, const AstItem *item) {
	if (item->kind != AST_ITEM_EXPR || !item->expr || item->expr->kind != AST_NAME)
		return false;
	const AstDecl *decl = program_find(r->program, item->span.file, item->expr->name, NULL);
	return !resolve_local(r, item->expr->name) && !(decl && decl->kind == AST_CONST);
}

static void in_target(Resolver *r, const AstExpr *target, const AstExpr *value, const AstStmt *s) {
	const AstExpr *base = target->kind == AST_INDEX ? target->index.base : target;
	if (base->kind == AST_NAME) {
		Symbol *symbol = resolve_local(r, base->name);
		if (!symbol && s->assign.equals) {
			symbol = make(r, SYMBOL_LET, (AstName){base->name, base->span, base->id}, s);
			symbol->no_value = true;
			enter(r, symbol);
		} else if (!symbol) {
			resolve_report_unknown_target(r, base);
			symbol = r->unknown_symbol;
		} else if (!symbol_may_change(symbol) && !symbol->no_value)
			resolve_report_assigned(r, symbol, base->span);
		symbol_set(r->program, base->id, symbol);
	}
	if (target->kind != AST_INDEX)
		return;
	in_ranges(r, &target->index.items);
	for (uint32_t i = 0; i < target->index.items.count; i++) {
		const AstItem *item = &target->index.items.data[i];
		if (item->kind == AST_ITEM_INDEX)
			declare_index(r, item->name, s);
		else if (is_fresh(r, item))
			declare_index(r, (AstName){item->expr->name, item->expr->span, item->expr->id}, s);
		else {
			const AstExpr *positions[] = {item->expr, item->low, item->high};
			for (int p = 0; p < 3; p++) {
				AstNames inside = resolve_indices_of_position(r, positions[p], value);
				for (uint32_t k = 0; k < inside.count; k++)
					declare_index(r, inside.data[k], s);
			}
			in_expr(item->expr, r);
			in_expr(item->low, r);
			in_expr(item->high, r);
		}
	}
}

static void in_assign(Resolver *r, const AstStmt *s) {
	uint32_t scope = r->scope.count;
	const Scoped *first = NULL;
	bool several = s->assign.targets.count > 1; /* their values know no index of a target */
	if (several)
		in_expr(s->assign.value, r);
	for (uint32_t i = 0; i < s->assign.targets.count; i++)
		in_target(r, s->assign.targets.data[i], several ? NULL : s->assign.value, s);
	if (!several)
		in_expr(s->assign.value, r);
	/* Names that were meant to be defined stay known behind the statement; its indices do not. */
	for (uint32_t i = scope; i < r->scope.count && !first; i++)
		first = r->scope.data[i].symbol->kind == SYMBOL_INDEX ? &r->scope.data[i] : NULL;
	if (first)
		leave(r, (uint32_t)(first - r->scope.data));
}

static void in_apply(Resolver *r, const AstExpr *x) {
	for (uint32_t i = 0; x->kind == AST_CHOOSE && i < x->elements.count; i++)
		in_apply(r, x->elements.data[i]);
	if (x->kind != AST_CALL)
		return;
	Symbol *symbol = resolve_local(r, x->call.callee.name);
	const AstDecl *decl = symbol ? NULL : resolve_declared(r, x->call.callee.name, x->call.callee.span);
	if (decl && decl->kind == AST_OPTIMIZER)
		symbol = resolve_mentioned(r, decl);
	symbol_set(r->program, x->id, symbol);
	in_all_given(r, &x->call.args);
}

static void in_loop(Resolver *r, const AstStmt *s) {
	uint32_t scope = r->scope.count;
	in_expr(s->loop.range.low, r);
	in_expr(s->loop.range.high, r);
	in_expr(s->loop.step, r);
	resolve_check_turns(r, s);
	declare(r, SYMBOL_COUNTER, s->loop.name, s);
	in_block(r, &s->loop.body);
	leave(r, scope);
}

static void in_each(Resolver *r, const AstStmt *s) {
	uint32_t scope = r->scope.count;
	for (uint32_t i = 0; i < s->each.names.count; i++)
		declare_index(r, s->each.names.data[i], s);
	r->each++;
	in_block(r, &s->each.body);
	r->each--;
	leave(r, scope);
}

static void in_stmt(Resolver *r, const AstStmt *s) {
	bool block = s->kind == AST_FOR || s->kind == AST_WHILE || s->kind == AST_WHEN || s->kind == AST_EACH;
	r->blocks += block;
	switch (s->kind) {
	case AST_REPORT: in_expr(s->report.value, r); break;
	case AST_MINIMIZE: in_expr(s->minimize, r); break;
	case AST_RESIDUALS: in_expr(s->residuals, r); break;
	case AST_VALIDATE:
		in_expr(s->validate.value, r);
		for (uint32_t i = 0; i < s->validate.with.count; i++)
			in_expr(s->validate.with.data[i].value, r);
		break;
	case AST_ASSIGN: in_assign(r, s); break;
	case AST_FOR: in_loop(r, s); break;
	case AST_WHILE:
		in_expr(s->repeat.condition, r);
		in_expr(s->repeat.limit, r);
		resolve_check_turns(r, s);
		in_block(r, &s->repeat.body);
		break;
	case AST_WHEN:
		in_expr(s->when.condition, r);
		in_block(r, &s->when.yes);
		in_block(r, &s->when.no);
		break;
	case AST_EACH: in_each(r, s); break;
	case AST_APPLY: in_apply(r, s->apply); break;
	case AST_RETURN: in_exprs(r, &s->results); break;
	default: in_declare(r, s); break;
	}
	r->blocks -= block;
}

/* ---- declarations ---- */

/* What a rule is given, then what it learns and keeps: known in all of its body. */
static void enter_rule(Resolver *r) {
	for (int k = 0; k < RULE_NAME_COUNT; k++) {
		Name name = session_name(r->program->session, symbol_rule_names[k]);
		SymbolKind kind = k == RULE_X ? SYMBOL_X : SYMBOL_STEP;
		r->out->rule[k] = symbol_new(r->program, (Symbol){.kind = kind, .name = name, .decl = r->decl});
		if (k != RULE_RESIDUALS)
			enter(r, r->out->rule[k]);
	}
	static const AstStmtKind hoisted[] = {AST_LEARN, AST_STATE};
	for (int h = 0; h < 2; h++)
		for (uint32_t i = 0; i < r->decl->body.count; i++) {
			const AstStmt *s = r->decl->body.data[i];
			for (uint32_t k = 0; s->kind == hoisted[h] && k < s->declare.names.count; k++)
				declare(r, h ? SYMBOL_STATE : SYMBOL_LEARNED, s->declare.names.data[k], s);
		}
}

static bool is_rule_name(const char *name) {
	for (int k = 0; k < RULE_RESIDUALS; k++)
		if (strcmp(name, symbol_rule_names[k]) == 0)
			return true;
	return false;
}

static void in_params(Resolver *r) {
	const AstDecl *decl = r->decl;
	SymbolKind kind = decl->kind == AST_FN ? SYMBOL_ARGUMENT : SYMBOL_HYPER;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		in_given(r, param->value);
		in_expr(param->limits.low, r);
		in_expr(param->limits.high, r);
		if (!param->name.name)
			continue;
		Symbol *symbol = make(r, kind, param->name, NULL);
		bool of_rule = decl->kind == AST_OPTIMIZER && is_rule_name(session_text(r->program->session, symbol->name));
		symbol->name_taken = of_rule || resolve_local(r, symbol->name); /* named twice: reported when it was read */
		if (of_rule)
			resolve_report_taken(r, symbol, NULL);
		if (!symbol->name_taken)
			enter(r, symbol);
	}
}

static void in_decl(Resolver *r) {
	const AstDecl *decl = r->decl;
	in_params(r);
	if (decl->kind == AST_OPTIMIZER)
		enter_rule(r);
	in_exprs(r, &decl->type.dims);
	if (decl->kind == AST_CONST || decl->kind == AST_FN)
		in_expr(decl->value, r);
	in_block(r, &decl->body);
	if (decl->kind == AST_FN)
		resolve_check_returns(r, decl);
}

static Resolver resolver_new(FeProgram *p, Decls *pending, Arena *scratch) {
	Resolver r = {.program = p, .pending = pending, .scratch = scratch};
	r.unknown_symbol = symbol_new(p, (Symbol){.kind = SYMBOL_UNKNOWN, .no_value = true});
	return r;
}

static Resolved *resolved(const FeProgram *p, const AstDecl *decl) {
	return name_map_get(&p->symbols.resolved, decl->name.id);
}

static void resolve_one(FeProgram *p, const AstDecl *decl, Decls *pending, Arena *scratch) {
	Resolver r = resolver_new(p, pending, scratch);
	r.decl = decl;
	r.out = ARENA_NEW(p->session->arena, Resolved);
	r.out->decl = decl;
	*name_map_place(p->session->arena, &p->symbols.resolved, decl->name.id) = r.out;
	symbol_of_decl(p, decl);
	uint32_t errors = p->session->error_count;
	in_decl(&r);
	r.out->wrong = p->session->error_count > errors;
}

static void resolve_pending(FeProgram *p, Decls *pending, Arena *scratch) {
	while (pending->count) {
		const AstDecl *decl = pending->data[--pending->count];
		if (!resolved(p, decl))
			resolve_one(p, decl, pending, scratch);
	}
}

const Resolved *resolve_decl(FeProgram *p, const AstDecl *decl) {
	const Resolved *known = resolved(p, decl);
	if (known)
		return known;
	Arena *scratch = arena_new();
	Decls pending = {0};
	resolve_one(p, decl, &pending, scratch);
	resolve_pending(p, &pending, scratch);
	arena_free(scratch);
	return resolved(p, decl);
}

void resolve_set_decl(FeProgram *p, Resolved made) {
	symbol_of_decl(p, made.decl);
	*name_map_place(p->session->arena, &p->symbols.resolved, made.decl->name.id) =
		arena_copy(p->session->arena, &made, sizeof made);
}

typedef VEC(Resolved *) Visited;

static bool is_sound(FeProgram *p, const AstDecl *decl, Visited *visited, Arena *scratch) {
	resolve_decl(p, decl);
	Resolved *names = name_map_get(&p->symbols.resolved, decl->name.id);
	if (names->soundness != SOUNDNESS_UNKNOWN) /* in a circle: the others tell */
		return names->soundness != UNSOUND;
	names->soundness = SOUND;
	vec_push(scratch, visited, names);
	bool sound = !names->wrong;
	for (uint32_t i = 0; i < names->mentions.count && sound; i++)
		sound = is_sound(p, names->mentions.data[i], visited, scratch);
	if (!sound)
		names->soundness = UNSOUND;
	return sound;
}

/* What is found is kept, so that a program is walked once for all that ask. Where something is wrong, what was left before that was
 * found may be in a circle with it, and stays unknown. */
bool resolve_is_sound(FeProgram *p, const AstDecl *decl) {
	Arena *scratch = arena_new();
	Visited visited = {0};
	bool sound = is_sound(p, decl, &visited, scratch);
	for (uint32_t i = 0; i < visited.count && !sound; i++)
		if (visited.data[i]->soundness == SOUND)
			visited.data[i]->soundness = SOUNDNESS_UNKNOWN;
	arena_free(scratch);
	return sound;
}

static void resolve_loose(FeProgram *p, const AstExpr *x, bool given) {
	if (!x || !x->id || name_map_get(&p->symbols.loose, x->id))
		return;
	Arena *scratch = arena_new();
	Decls pending = {0};
	Resolver r = resolver_new(p, &pending, scratch);
	*name_map_place(p->session->arena, &p->symbols.loose, x->id) = (void *)(uintptr_t)x;
	if (given)
		in_given(&r, x);
	else
		in_expr(x, &r);
	resolve_pending(p, &pending, scratch);
	arena_free(scratch);
}

void resolve_expr(FeProgram *p, const AstExpr *x) {
	resolve_loose(p, x, false);
}

void resolve_given(FeProgram *p, const AstExpr *x) {
	if (x && x->id)
		*name_map_place(p->session->arena, &p->symbols.given, x->id) = (void *)(uintptr_t)x;
	resolve_loose(p, x, true);
}

void resolve_given_still(FeProgram *p, const AstExpr *x) {
	if (x && x->id && name_map_get(&p->symbols.given, x->id))
		resolve_loose(p, x, true);
}

void resolve_again(FeProgram *p) {
	Symbols old = p->symbols;
	p->symbols = (Symbols){.count = old.count, .given = old.given};
}
