/* Copies of pieces of the tree, with symbols of their own for what is declared in them. */
#include "frontend/decl/compose.h"

static Arena *arena_of(const Copy *c) {
	return c->program->session->arena;
}

/* ---- names ---- */

void objective_copy_as(Copy *c, const Symbol *from, Symbol *to) {
	*name_map_place(arena_of(c), &c->symbols, from->number) = to;
	vec_push(arena_of(c), &c->declared, ((CopiedSymbol){from, to}));
}

static Symbol *new_symbol(Copy *c, const Symbol *from) {
	Name name = (Name)(uintptr_t)name_map_get(&c->names, from->name);
	Symbol *to = symbol_new(c->program, *from);
	to->name = name ? name : from->name;
	objective_copy_as(c, from, to);
	return to;
}

/* What stands for a symbol in the copy. Indices and the sizes of data are declared where they are used first; other names that are not
 * declared in what is copied stay what they are. */
static Symbol *copied_symbol(Copy *c, Symbol *from) {
	Symbol *to = from ? name_map_get(&c->symbols, from->number) : NULL;
	if (to || !from)
		return to;
	return from->kind == SYMBOL_INDEX || from->kind == SYMBOL_EXTENT ? new_symbol(c, from) : from;
}

AstName objective_copy_name(Copy *c, AstName name) {
	Symbol *from = symbol_at(c->program, name.id);
	if (!from)
		return name;
	Symbol *to = name_map_get(&c->symbols, from->number);
	if (!to)
		to = new_symbol(c, from);
	name.id = ++c->program->session->expr_count;
	name.name = to->name;
	symbol_set(c->program, name.id, to);
	return name;
}

/* ---- expressions ---- */

static AstExprs copy_exprs(Copy *c, const AstExprs *from) {
	AstExprs to = {0};
	for (uint32_t i = 0; i < from->count; i++)
		vec_push(arena_of(c), &to, objective_copy_expr(c, from->data[i]));
	return to;
}

static AstItems copy_items(Copy *c, const AstItems *from) {
	AstItems to = {0};
	for (uint32_t i = 0; i < from->count; i++) {
		AstItem item = from->data[i];
		item.low = objective_copy_expr(c, item.low);
		item.high = objective_copy_expr(c, item.high);
		vec_push(arena_of(c), &to, item);
	}
	for (uint32_t i = 0; i < to.count; i++) {
		to.data[i].name = objective_copy_name(c, to.data[i].name);
		to.data[i].expr = objective_copy_expr(c, to.data[i].expr);
	}
	return to;
}

static AstArgs copy_args(Copy *c, const AstArgs *from) {
	AstArgs to = {0};
	for (uint32_t i = 0; i < from->count; i++)
		vec_push(arena_of(c), &to, ((AstArg){from->data[i].name, objective_copy_expr(c, from->data[i].value)}));
	return to;
}

/* Which argument is whose, as it was found for the original. */
static void match_alike(Copy *c, const AstExpr *from, const AstExpr *to) {
	const AstExpr *const *known = resolve_arguments(c->program, from);
	const Symbol *symbol = symbol_at(c->program, from->id);
	if (!known || !symbol || symbol->kind != SYMBOL_DECL)
		return;
	uint32_t params = symbol->decl->params.count;
	const AstExpr **args = ARENA_ARRAY(arena_of(c), const AstExpr *, params + 1);
	for (uint32_t k = 0; k < params; k++)
		for (uint32_t i = 0; i < from->call.args.count; i++)
			if (known[k] && known[k] == from->call.args.data[i].value)
				args[k] = to->call.args.data[i].value;
	resolve_set_arguments(c->program, to, args);
}

static void copy_parts(Copy *c, const AstExpr *x, AstExpr *y) {
	switch (x->kind) {
	case AST_UNARY: y->unary.operand = objective_copy_expr(c, x->unary.operand); break;
	case AST_BINARY:
		y->binary.left = objective_copy_expr(c, x->binary.left);
		y->binary.right = objective_copy_expr(c, x->binary.right);
		break;
	case AST_COMPARE: y->compare.operands = copy_exprs(c, &x->compare.operands); break;
	case AST_IF:
		y->choice.condition = objective_copy_expr(c, x->choice.condition);
		y->choice.yes = objective_copy_expr(c, x->choice.yes);
		y->choice.no = objective_copy_expr(c, x->choice.no);
		break;
	case AST_CALL:
	case AST_DISCOVER: y->call.args = copy_args(c, &x->call.args); break;
	case AST_REDUCE:
		y->reduce.items = copy_items(c, &x->reduce.items);
		y->reduce.body = objective_copy_expr(c, x->reduce.body);
		break;
	case AST_INDEX:
		y->index.base = objective_copy_expr(c, x->index.base);
		y->index.items = copy_items(c, &x->index.items);
		break;
	case AST_ARRAY:
	case AST_CHOOSE: y->elements = copy_exprs(c, &x->elements); break;
	default: break;
	}
}

AstExpr *objective_copy_expr(Copy *c, const AstExpr *x) {
	if (!x)
		return NULL;
	++*c->count;
	AstExpr *y = c->instead ? c->instead(c, x) : NULL;
	if (y)
		return y;
	y = arena_copy(arena_of(c), x, sizeof *x);
	if (x->id)
		y->id = ++c->program->session->expr_count;
	copy_parts(c, x, y);
	Symbol *symbol = copied_symbol(c, symbol_at(c->program, x->id));
	symbol_set(c->program, y->id, symbol);
	if (x->kind == AST_NAME && symbol && symbol_is_local(symbol))
		y->name = symbol->name;
	if (x->kind == AST_CALL)
		match_alike(c, x, y);
	return y;
}

/* ---- statements ---- */

AstLimits objective_copy_limits(Copy *c, AstLimits limits) {
	limits.low = objective_copy_expr(c, limits.low);
	limits.high = objective_copy_expr(c, limits.high);
	return limits;
}

static AstRange copy_range(Copy *c, AstRange range) {
	range.low = objective_copy_expr(c, range.low);
	range.high = objective_copy_expr(c, range.high);
	return range;
}

static AstBlock copy_block(Copy *c, const AstBlock *from) {
	AstBlock to = {0}, *outer = c->before;
	c->depth++;
	for (uint32_t i = 0; i < from->count; i++) {
		AstBlock before = {0};
		c->before = &before;
		AstStmt *s = objective_copy_stmt(c, from->data[i]);
		for (uint32_t k = 0; k < before.count; k++)
			vec_push(arena_of(c), &to, before.data[k]);
		vec_push(arena_of(c), &to, s);
	}
	c->depth--;
	c->before = outer;
	return to;
}

static AstDeclare copy_declare(Copy *c, AstDeclare d) {
	d.type.dims = copy_exprs(c, &d.type.dims);
	d.limits = objective_copy_limits(c, d.limits);
	d.from = objective_copy_expr(c, d.from);
	d.columns = copy_items(c, &d.columns);
	d.head = copy_items(c, &d.head);
	d.value = objective_copy_expr(c, d.value);
	d.draw = objective_copy_expr(c, d.draw);
	AstNames names = {0};
	for (uint32_t i = 0; i < d.names.count; i++) {
		vec_push(arena_of(c), &names, objective_copy_name(c, d.names.data[i]));
		if (d.draw && !d.drawn_as && names.data[i].name != d.names.data[i].name)
			d.drawn_as = d.names.data[i].name;
	}
	d.names = names;
	return d;
}

/* Data that is replaced is named, and not used. */
static AstArgs copy_replaced(Copy *c, const AstArgs *from) {
	AstArgs to = copy_args(c, from);
	for (uint32_t i = 0; i < to.count; i++) {
		Name name = (Name)(uintptr_t)name_map_get(&c->names, to.data[i].name.name);
		to.data[i].name.name = name ? name : to.data[i].name.name;
	}
	return to;
}

static void copy_assign(Copy *c, AstStmt *t) {
	t->assign.targets = copy_exprs(c, &t->assign.targets); /* first, as they may declare indices */
	t->assign.value = objective_copy_expr(c, t->assign.value);
}

AstStmt *objective_copy_stmt(Copy *c, const AstStmt *s) {
	AstStmt *t = arena_copy(arena_of(c), s, sizeof *s);
	bool again = c->again;
	switch (s->kind) {
	case AST_REPORT: t->report.value = objective_copy_expr(c, s->report.value); break;
	case AST_MINIMIZE: t->minimize = objective_copy_expr(c, s->minimize); break;
	case AST_RESIDUALS: t->residuals = objective_copy_expr(c, s->residuals); break;
	case AST_VALIDATE:
		t->validate.value = objective_copy_expr(c, s->validate.value);
		t->validate.with = copy_replaced(c, &s->validate.with);
		break;
	case AST_ASSIGN: copy_assign(c, t); break;
	case AST_FOR:
		t->loop.range = copy_range(c, s->loop.range);
		t->loop.step = objective_copy_expr(c, s->loop.step);
		t->loop.name = objective_copy_name(c, s->loop.name);
		t->loop.body = copy_block(c, &s->loop.body);
		break;
	case AST_WHILE:
		c->again = true;
		t->repeat.condition = objective_copy_expr(c, s->repeat.condition);
		c->again = again;
		t->repeat.limit = objective_copy_expr(c, s->repeat.limit);
		t->repeat.body = copy_block(c, &s->repeat.body);
		break;
	case AST_WHEN:
		t->when.condition = objective_copy_expr(c, s->when.condition);
		t->when.yes = copy_block(c, &s->when.yes);
		t->when.no = copy_block(c, &s->when.no);
		break;
	case AST_RETURN: t->results = copy_exprs(c, &s->results); break;
	case AST_EACH:
	case AST_APPLY: break; /* of rules */
	default: t->declare = copy_declare(c, s->declare); break;
	}
	return t;
}
