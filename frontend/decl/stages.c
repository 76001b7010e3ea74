/* Which statement of an objective belongs where: what depends on no draw (on data alone, too, which is the same for all problems
 * and so never part of one) is computed wherever it is needed, what depends on givens alone in setup, what depends on
 * parameters in value. Two walks over the graph of names and statements, each
 * linear: a stage only rises, and a statement is looked at again when that of one of its names did. */
#include "frontend/decl/decl.h"

bool stages_is_computation(const AstStmt *s) {
	return s->kind == AST_LET || s->kind == AST_VAR || s->kind == AST_ASSIGN || s->kind == AST_FOR ||
	       s->kind == AST_WHEN || s->kind == AST_WHILE;
}

static bool is_declaration(const AstStmt *s) {
	return s->kind == AST_GIVEN || s->kind == AST_DATA || s->kind == AST_BATCH || s->kind == AST_PARAM ||
	       s->kind == AST_LET || s->kind == AST_VAR;
}

static bool is_result(const AstStmt *s) {
	return s->kind == AST_MINIMIZE || s->kind == AST_RESIDUALS || s->kind == AST_REPORT || s->kind == AST_VALIDATE;
}

StageName *stages_name(const Stages *s, const Symbol *symbol) {
	return name_map_get(&s->by_symbol, symbol->number);
}

static void raise_name(Stages *s, StageName *name, Stage stage) {
	if (stage <= name->stage)
		return;
	name->stage = stage;
	vec_push(s->arena, &s->pending, name);
}

/* A variable that such a statement reads must have its value of that moment. */
static void raise_vars(Stages *s, StageStmt *stmt) {
	for (uint32_t i = 0; i < stmt->mentions.count; i++)
		if (stmt->mentions.data[i]->symbol->kind == SYMBOL_VAR)
			raise_name(s, stmt->mentions.data[i], STAGE_VALUE);
}

static void raise_stmt(Stages *s, StageStmt *stmt, Stage stage) {
	if (stage <= stmt->stage)
		return;
	stmt->stage = stage;
	for (uint32_t i = 0; i < stmt->defines.count; i++)
		raise_name(s, stmt->defines.data[i], stage);
	if (stage == STAGE_VALUE)
		raise_vars(s, stmt);
}

static StageName *name_of(Stages *s, const Symbol *symbol) {
	void **place = name_map_place(s->arena, &s->by_symbol, symbol->number);
	StageName *name = *place;
	if (!name) {
		*place = name = ARENA_NEW(s->arena, StageName);
		*name = (StageName){.symbol = symbol};
		vec_push(s->arena, &s->names, name);
	}
	return name;
}

static void declare(Stages *s, uint32_t at) {
	const AstStmt *stmt = s->body->data[at];
	Stage stage = stmt->kind == AST_PARAM || stmt->kind == AST_BATCH ? STAGE_VALUE
	              : stmt->kind == AST_GIVEN                          ? STAGE_SETUP
	                                                                 : STAGE_CONST;
	for (uint32_t i = 0; i < stmt->declare.names.count; i++) {
		const Symbol *symbol = symbol_at(s->program, stmt->declare.names.data[i].id);
		if (symbol)
			name_of(s, symbol)->stage = stage;
	}
}

typedef struct Linking {
	Stages *stages;
	uint32_t at;
} Linking;

static void link_symbol(const Symbol *symbol, Span span, void *context) {
	(void)span;
	Linking *l = context;
	StageName *name = stages_name(l->stages, symbol);
	if (!name)
		return;
	vec_push(l->stages->arena, &l->stages->stmts[l->at].mentions, name);
	vec_push(l->stages->arena, &name->used_by, l->at);
}

static void define(Stages *s, uint32_t at, const Symbol *symbol) {
	if (!symbol || !symbol_is_local(symbol))
		return;
	StageName *name = name_of(s, symbol); /* made here if nothing declares the name, as where `var` was forgotten */
	vec_push(s->arena, &s->stmts[at].defines, name);
	vec_push(s->arena, &name->used_by, at);
}

static void link_stmt(Stages *s, uint32_t at) {
	const AstStmt *stmt = s->body->data[at];
	Linking l = {s, at};
	symbol_visit_stmt(s->program, stmt, link_symbol, &l);
	Assigned assigned = symbol_assigned_by(s->program, s->arena, stmt);
	for (uint32_t i = 0; i < assigned.count; i++)
		define(s, at, assigned.data[i]);
	for (uint32_t i = 0; is_declaration(stmt) && i < stmt->declare.names.count; i++)
		define(s, at, symbol_at(s->program, stmt->declare.names.data[i].id));
}

/* ---- derivatives ----
 *
 *     given A : [n] ~ normal(0, 1)
 *     let q = A^2                                   fixed
 *     minimize dot(w, grad(sum(q * w), A))
 *
 * What is computed from A between it and a derivative by it is computed beside that, too. So it is where A is a constant, from which
 * and from givens something fixed is made. */

static void repeat_users(Stages *s, StageName *by);

static void repeat(Stages *s, StageStmt *stmt) {
	if (stmt->again || stmt->stage == STAGE_VALUE)
		return;
	stmt->again = true;
	for (uint32_t i = 0; i < stmt->defines.count; i++)
		repeat_users(s, stmt->defines.data[i]);
}

static void repeat_users(Stages *s, StageName *by) {
	for (uint32_t i = 0; i < by->used_by.count; i++) {
		StageStmt *stmt = &s->stmts[by->used_by.data[i]];
		if (stages_is_computation(s->body->data[by->used_by.data[i]]))
			repeat(s, stmt);
	}
}

/* What mentions the name, and is not what it stands for. */
static void repeat_from(Stages *s, const StageName *by) {
	for (uint32_t i = 0; i < by->used_by.count; i++) {
		StageStmt *stmt = &s->stmts[by->used_by.data[i]];
		bool defines = false;
		for (uint32_t k = 0; k < stmt->defines.count; k++)
			defines = defines || stmt->defines.data[k] == by;
		if (!defines && stages_is_computation(s->body->data[by->used_by.data[i]]))
			repeat(s, stmt);
	}
}

static bool see_derivative(const AstExpr *x, void *context) {
	Stages *s = context;
	const Symbol *by = x ? symbol_differentiated_by(s->program, x) : NULL;
	const StageName *name = by ? stages_name(s, by) : NULL;
	if (name && name->stage < STAGE_VALUE)
		repeat_from(s, name);
	return x && ast_any_part(x, see_derivative, s);
}

static void repeat_for_derivatives(Stages *s) {
	for (uint32_t i = 0; s->program->differentiates && i < s->body->count; i++) {
		const AstStmt *stmt = s->body->data[i];
		if (is_result(stmt) || (stages_is_computation(stmt) && s->stmts[i].stage == STAGE_VALUE))
			ast_any_expr(stmt, see_derivative, s);
	}
}

void stages_find(Stages *s, const FeProgram *program, Arena *arena, const AstBlock *body) {
	*s =
		(Stages){.program = program, .arena = arena, .body = body, .stmts = ARENA_ARRAY(arena, StageStmt, body->count)};
	for (uint32_t i = 0; i < body->count; i++)
		if (is_declaration(body->data[i]))
			declare(s, i);
	for (uint32_t i = 0; i < body->count; i++)
		link_stmt(s, i);
	for (uint32_t i = 0; i < s->names.count; i++)
		vec_push(arena, &s->pending, s->names.data[i]);
	for (uint32_t i = 0; i < body->count; i++)
		if (is_result(body->data[i]))
			raise_vars(s, &s->stmts[i]);
	while (s->pending.count) {
		const StageName *name = s->pending.data[--s->pending.count];
		for (uint32_t i = 0; i < name->used_by.count; i++)
			if (stages_is_computation(body->data[name->used_by.data[i]]))
				raise_stmt(s, &s->stmts[name->used_by.data[i]], name->stage);
	}
	repeat_for_derivatives(s);
}

static void want(Stages *s, StageName *name) {
	if (name->wanted)
		return;
	name->wanted = true;
	vec_push(s->arena, &s->pending, name);
}

static void want_in(const Symbol *symbol, Span span, void *context) {
	(void)span;
	Stages *s = context;
	StageName *name = stages_name(s, symbol);
	if (name)
		want(s, name);
}

static void want_mentions(Stages *s, uint32_t at) {
	if (s->stmts[at].followed)
		return;
	s->stmts[at].followed = true;
	for (uint32_t i = 0; i < s->stmts[at].mentions.count; i++)
		want(s, s->stmts[at].mentions.data[i]);
}

void stages_want(Stages *s, bool start) {
	for (uint32_t i = 0; i < s->names.count; i++)
		s->names.data[i]->wanted = false;
	for (uint32_t i = 0; i < s->body->count; i++) {
		const AstStmt *stmt = s->body->data[i];
		s->stmts[i].followed = false;
		bool ours = start
		                ? stmt->kind == AST_PARAM
		                : is_result(stmt) || stmt->kind == AST_BATCH ||
		                      (stages_is_computation(stmt) && (s->stmts[i].stage == STAGE_VALUE || s->stmts[i].again));
		if (ours)
			want_mentions(s, i);
		for (uint32_t k = 0; stmt->kind == AST_PARAM && k < stmt->declare.type.dims.count; k++)
			symbol_visit_expr(s->program, stmt->declare.type.dims.data[k], want_in,
			                  s); /* every function needs the shapes that they give */
	}
	while (s->pending.count) {
		const StageName *name = s->pending.data[--s->pending.count];
		for (uint32_t i = 0; i < name->used_by.count; i++) {
			uint32_t at = name->used_by.data[i];
			if (stages_is_computation(s->body->data[at]) && s->stmts[at].stage == STAGE_CONST && stages_wanted(s, at))
				want_mentions(s, at);
		}
	}
	for (uint32_t i = 0; i < s->names.count; i++) {
		StageName *name = s->names.data[i];
		name->needed = name->needed || (name->wanted && name->stage == STAGE_SETUP);
	}
}

bool stages_wanted(const Stages *s, uint32_t stmt) {
	for (uint32_t i = 0; i < s->stmts[stmt].defines.count; i++)
		if (s->stmts[stmt].defines.data[i]->wanted)
			return true;
	return false;
}

/* ---- what moves with the parameters ---- */

static bool defines(const StageStmt *stmt, const StageName *name) {
	for (uint32_t i = 0; i < stmt->defines.count; i++)
		if (stmt->defines.data[i] == name)
			return true;
	return false;
}

static bool moves(const Stages *s, uint32_t at, bool *seen) {
	seen[at] = true;
	for (uint32_t i = 0; i < s->stmts[at].mentions.count; i++) {
		const StageName *name = s->stmts[at].mentions.data[i];
		for (uint32_t k = 0; k < name->used_by.count; k++) {
			uint32_t other = name->used_by.data[k];
			if (seen[other] || !defines(&s->stmts[other], name))
				continue;
			if (s->body->data[other]->kind == AST_PARAM || moves(s, other, seen))
				return true;
		}
	}
	return false;
}

bool stages_moves(const Stages *s, uint32_t at) {
	return moves(s, at, ARENA_ARRAY(s->arena, bool, s->body->count + 1));
}
