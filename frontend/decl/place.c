/* What is at a place of a source: the name or expression there, what it stands for, its type. For editors, and for
 * `gradus show at`. */
#include "frontend/decl/decl.h"

#include <string.h>

/* The narrowest piece of the tree that holds the place. */
typedef struct Find {
	FeProgram *program;
	uint32_t offset;
	Span span;        /* file 0: nothing so far */
	Name name;        /* 0: an expression without one */
	uint32_t id;      /* of the piece */
	bool use;         /* an expression; otherwise a name that is declared */
	const char *what; /* a word of the language that has no symbol, such as a distribution; NULL */
	const char *about;
} Find;

static bool holds(const Find *f, Span span) {
	return span.file && span.start <= f->offset && f->offset < span.end;
}

static bool narrower(const Find *f, Span span) {
	return holds(f, span) && (!f->span.file || span.end - span.start <= f->span.end - f->span.start);
}

static void take(Find *f, Span span, Name name, uint32_t id, bool use) {
	if (!narrower(f, span))
		return;
	f->span = span;
	f->name = name;
	f->id = id;
	f->use = use;
	f->what = f->about = NULL;
}

static void take_declared(Find *f, AstName name) {
	take(f, name.span, name.name, name.id, false);
}

static void take_word(Find *f, AstName name, const char *what, const char *about) {
	if (!narrower(f, name.span))
		return;
	take(f, name.span, name.name, 0, true);
	f->what = what;
	f->about = about;
}

static const char *text_of(const Find *f, Name name) {
	return session_text(f->program->session, name);
}

/* ---- expressions ---- */

static bool in_expr(const AstExpr *x, void *context);

static void in_items(Find *f, const AstItems *items) {
	for (uint32_t i = 0; i < items->count; i++)
		take_declared(f, items->data[i].name);
}

/* In `f(k = 2)` the name is that of a parameter. */
static void in_call(Find *f, const AstExpr *x) {
	const Symbol *symbol = symbol_at(f->program, x->id);
	const AstDecl *decl = symbol && symbol->kind == SYMBOL_DECL ? symbol->decl : NULL;
	take(f, x->call.callee.span, x->call.callee.name, x->id, true);
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		AstName name = x->call.args.data[i].name;
		for (uint32_t k = 0; decl && k < decl->params.count; k++)
			if (name.name && decl->params.data[k].name.name == name.name)
				take(f, name.span, name.name, decl->params.data[k].name.id, false);
	}
}

static bool in_expr(const AstExpr *x, void *context) {
	Find *f = context;
	if (!x || !holds(f, x->span))
		return false;
	take(f, x->span, x->kind == AST_NAME ? x->name : 0, x->id, true);
	if (x->kind == AST_CALL)
		in_call(f, x);
	if (x->kind == AST_REDUCE) {
		const Builtin *b = builtin_find(text_of(f, x->reduce.callee.name));
		in_items(f, &x->reduce.items);
		take_word(f, x->reduce.callee, "reduction", b ? b->about : NULL);
	}
	ast_any_part(x, in_expr, f);
	return false;
}

/* ---- statements ---- */

static void in_block(Find *f, const AstBlock *block);

static void in_declare(Find *f, const AstDeclare *d) {
	for (uint32_t i = 0; i < d->names.count; i++)
		take_declared(f, d->names.data[i]);
	in_items(f, &d->head);
	if (!d->draw || d->draw->kind != AST_CALL || !holds(f, d->draw->span))
		return;
	const Distribution *distribution = distribution_find(text_of(f, d->draw->call.callee.name));
	take_word(f, d->draw->call.callee, "distribution", distribution ? distribution->about : NULL);
}

static void in_stmt(Find *f, const AstStmt *s) {
	if (!holds(f, s->span))
		return;
	ast_any_expr(s, in_expr, f);
	switch (s->kind) {
	case AST_ASSIGN:
		for (uint32_t i = 0; i < s->assign.targets.count; i++)
			if (s->assign.targets.data[i]->kind == AST_INDEX)
				in_items(f, &s->assign.targets.data[i]->index.items);
		break;
	case AST_FOR:
		take_declared(f, s->loop.name);
		in_block(f, &s->loop.body);
		break;
	case AST_WHILE: in_block(f, &s->repeat.body); break;
	case AST_WHEN:
		in_block(f, &s->when.yes);
		in_block(f, &s->when.no);
		break;
	case AST_EACH: in_block(f, &s->each.body); break;
	default:
		if (s->kind <= AST_VAR)
			in_declare(f, &s->declare);
	}
}

static void in_block(Find *f, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		in_stmt(f, block->data[i]);
}

/* The rules and objectives that a clause names. */
static void in_clause(Find *f, const AstExprs *items) {
	for (uint32_t i = 0; i < items->count; i++) {
		const AstExpr *x = items->data[i];
		AstName name = {x->name, x->span, x->id};
		if (x->kind == AST_CALL)
			name = x->call.callee;
		const AstDecl *decl =
			x->kind == AST_NAME || x->kind == AST_CALL ? fe_find_in(f->program, name.span.file, name.name) : NULL;
		if (decl && decl->name.id && resolve_decl(f->program, decl))
			take(f, name.span, name.name, decl->name.id, false);
	}
}

static void in_experiment(Find *f, const AstExperiment *x) {
	const AstClause *const clauses[] = {&x->train, &x->on, &x->against};
	for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
		in_clause(f, &clauses[i]->items);
	AstExpr *update = x->update.rule;
	if (update)
		in_clause(f, &(AstExprs){.data = &update, .count = 1});
}

static void in_decl(Find *f, const AstDecl *decl) {
	take_declared(f, decl->name);
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		take_declared(f, param->name);
		in_expr(param->value, f);
		in_expr(param->limits.low, f);
		in_expr(param->limits.high, f);
	}
	for (uint32_t i = 0; i < decl->type.dims.count; i++)
		in_expr(decl->type.dims.data[i], f);
	if (decl->kind != AST_IMPORT)
		in_expr(decl->value, f);
	in_block(f, &decl->body);
	if (decl->experiment)
		in_experiment(f, decl->experiment);
}

/* ---- types ---- */

/* With its defaults, on the sizes of fe_check. */
static void note_types(FeProgram *p, const AstDecl *decl, Typing *typing) {
	IrModule *module = ir_module_new(p->session);
	FeCall call = {.decl = decl, .span = decl->name.span};
	FeTarget target = check_tensors;
	if (decl->joint)
		target.count = target.type_count = 1;
	if (decl->kind == AST_OBJECTIVE)
		objective_typed(p, module, &call, IR_F64, typing);
	else if (decl->kind == AST_OPTIMIZER)
		rule_typed(p, module, &call, &target, IR_F64, NULL, 0, typing);
	else if (decl->kind == AST_CONST)
		elab_type_constant(p, module, decl, typing);
	ir_module_free(module);
}

/* A function has the types of its calls, from wherever. */
static void note_all_types(FeProgram *p, const AstDecl *decl, Typing *typing) {
	if (decl->kind != AST_FN) {
		note_types(p, decl, typing);
		return;
	}
	for (uint32_t i = 0; i < p->user.count; i++)
		note_types(p, p->user.data[i], typing);
}

/* ---- the answer ---- */

static const AstFile *file_of(const FeProgram *p, uint32_t source) {
	for (uint32_t i = 0; i < p->files.count; i++)
		if (p->files.data[i]->source == source)
			return p->files.data[i];
	for (uint32_t i = 0; i < p->library->files.count; i++)
		if (p->library->files.data[i]->source == source)
			return p->library->files.data[i];
	return NULL;
}

static const char *decl_word(const AstDecl *decl) {
	static const char *const words[] = {"import", "constant", "function", "objective", "optimizer", "experiment"};
	return decl->joint ? "joint optimizer" : words[decl->kind];
}

static void describe(FeProgram *p, const Symbol *symbol, FePlace *out) {
	const AstFile *file = symbol->span.file ? file_of(p, symbol->span.file) : NULL;
	out->kind = symbol->kind == SYMBOL_DECL ? decl_word(symbol->decl) : symbol_word(symbol);
	out->declared = symbol->span;
	/* A comment above a line tells of what the line declares, not of its parts. */
	bool part = symbol->kind == SYMBOL_INDEX || symbol->kind == SYMBOL_COUNTER || symbol->kind == SYMBOL_HYPER ||
	            symbol->kind == SYMBOL_ARGUMENT;
	if (symbol->builtin)
		out->comment = symbol->builtin->about;
	else if (file && !part)
		out->comment = ast_comment_text(p->session, ast_comment(p->session, file, symbol->span), p->session->arena);
}

bool fe_at(FeProgram *p, uint32_t source, uint32_t offset, FePlace *out) {
	const AstFile *file = file_of(p, source);
	const AstDecl *decl = NULL;
	Find f = {.program = p, .offset = offset};
	*out = (FePlace){0};
	for (uint32_t i = 0; file && i < file->decls.count; i++)
		if (holds(&f, file->decls.data[i]->span))
			decl = file->decls.data[i];
	if (!decl || !decl->name.id)
		return false;
	DiagMark mark = diag_mark(p->session); /* mistakes are not asked for, and taken back below */
	resolve_decl(p, decl);
	in_decl(&f, decl);
	Arena *notes = arena_new();
	Typing *typing = typing_new(notes);
	typing->wants_types = true;
	if (f.span.file)
		note_all_types(p, decl, typing);
	const Symbol *symbol = symbol_at(p, f.id);
	const char *type = f.use ? typing_type(typing, f.id) : NULL;
	if (!type && symbol)
		type = typing_symbol_type(typing, symbol);
	out->span = f.span;
	out->name = f.name;
	out->type = type ? arena_strdup(p->session->arena, type) : NULL;
	out->kind = f.what;
	out->comment = f.about;
	if (symbol && f.name)
		describe(p, symbol, out);
	arena_free(notes);
	Diags said = diag_take_back(p->session, mark);
	if (said.count)
		resolve_again(p); /* so that a check reports what was taken back */
	return f.span.file != 0;
}
