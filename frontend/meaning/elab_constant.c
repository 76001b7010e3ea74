/* Constants of a program. Each is computed once, after those that it mentions: a walk with a stack of its own sees to the
 * order, so that a long row of constants, each made of the next, is no deep recursion. */
#include "frontend/meaning/elab.h"

/* A constant in the function that is being built. */
typedef struct MadeConst {
	bool visited;         /* by the walk */
	Value *value;         /* NULL: not made */
	const IrBlock *block; /* where it was computed; NULL: nothing had to be */
} MadeConst;

static MadeConst *made_const(Elab *e, const AstDecl *decl) {
	void **place = name_map_place(e->arena, &e->constants, decl->name.id);
	if (!*place)
		*place = ARENA_NEW(e->arena, MadeConst);
	return *place;
}

static NameMap *numbers(const Elab *e) {
	return &e->program->numbers[e->real == IR_F64];
}

static NameMap *wrong(const Elab *e) {
	return &e->program->said_wrong[e->real == IR_F64];
}

/* A stack whose array is not computed yet can be used anywhere, as the array is computed where it is needed. */
static Value *uncomputed(Elab *e, const MadeConst *made) {
	Value *v = ARENA_NEW(e->arena, Value);
	*v = *made->value;
	if (v->parts.count)
		v->body = NULL;
	return v;
}

/* Keeps what was said of a constant since the mark, to say it again wherever the constant is used: the first use may have been
 * a trial, whose messages are taken back. */
static void keep_wrong(Elab *e, const AstDecl *decl, DiagMark mark) {
	Arena *arena = e->session->arena;
	Diags *said = ARENA_NEW(arena, Diags);
	for (uint32_t i = mark.count; i < e->session->diags.count; i++)
		vec_push(arena, said, e->session->diags.data[i]);
	void **place = name_map_place(arena, wrong(e), decl->name.id);
	*place = *place ? *place : said;
}

static void keep(Elab *e, const AstDecl *decl, Value *v) {
	MadeConst *made = made_const(e, decl);
	made->value = v;
	made->block = v->kind == VALUE_ARRAY && !value_known_throughout(v) ? e->builder->block : NULL;
	if (v->kind != VALUE_ARRAY || !value_known(v))
		return;
	Value *number = ARENA_NEW(e->session->arena, Value);
	Ex *body = ARENA_NEW(e->session->arena, Ex);
	*number = *v;
	*body = *v->body;
	number->body = body;
	*name_map_place(e->session->arena, numbers(e), decl->name.id) = number;
}

/* The value of a constant that was made before and can be used at this place; NULL: there is none. */
static Value *known_const(Elab *e, const AstDecl *decl) {
	const Diags *said = name_map_get(wrong(e), decl->name.id);
	if (said) {
		diag_say(e->session, said);
		return value_bad(e);
	}
	Value *number = name_map_get(numbers(e), decl->name.id);
	if (number)
		return value_scalar(e, number->scalar, arena_copy(e->arena, number->body, sizeof *number->body));
	const MadeConst *made = name_map_get(&e->constants, decl->name.id);
	if (!made || !made->value || (made->block && made->block != e->builder->block))
		return NULL;
	return made->value->kind == VALUE_ARRAY && !made->block ? uncomputed(e, made) : made->value;
}

static void by_itself(Elab *e, const AstDecl *decl) {
	DiagMark mark = diag_mark(e->session);
	diag_error(e->session, 220, decl->name.span, "constant `%s` is defined by itself",
	           session_text(e->session, decl->name.name));
	keep_wrong(e, decl, mark);
}

static Value *make(Elab *e, const AstDecl *decl) {
	if (!decl->value)
		return value_bad(e);
	for (const Calls *c = e->calls; c; c = c->outer) {
		if (c->decl != decl)
			continue;
		by_itself(e, decl);
		return value_bad(e);
	}
	DiagMark mark = diag_mark(e->session);
	if (!elab_enter_call(e, decl->name.span)) {
		elab_leave_call(e);
		keep_wrong(e, decl, mark);
		return value_bad(e);
	}
	Calls calls = {.decl = decl, .outer = e->calls};
	bool dimension = e->in_dimension, want = e->want_int;
	uint32_t facts = e->facts.count;
	Var *coord = e->coord;
	Path *path = e->path;
	e->path = &e->typing->root;
	ScopeMark scope = scope_apart(e);
	e->in_dimension = e->want_int = false;
	e->calls = &calls;
	e->coord = NULL;
	AstDeclare d = {.type = decl->type, .value = decl->value};
	Value *v = elab_headed(e, &d, decl->name.name);
	e->calls = calls.outer;
	scope_back(e, scope);
	e->coord = coord;
	e->path = path;
	e->facts.count = facts;
	e->in_dimension = dimension;
	e->want_int = want;
	elab_leave_call(e);
	if (value_is_bad(v))
		keep_wrong(e, decl, mark);
	else
		keep(e, decl, v);
	return v;
}

/* ---- the order ---- */

typedef struct Step {
	const AstDecl *decl; /* a constant or a function */
	VEC(const AstDecl *) mentions;
	uint32_t next;
} Step;

typedef struct Walk {
	Elab *e;
	VEC(Step *) stack;
	NameMap on_stack; /* steps by the numbers of names */
} Walk;

static void enter(Walk *w, const AstDecl *decl) {
	Step *step = ARENA_NEW(w->e->arena, Step);
	step->decl = decl;
	made_const(w->e, decl)->visited = true;
	const Resolved *names = resolve_decl(w->e->program, decl);
	for (uint32_t i = 0; i < names->mentions.count; i++)
		if (names->mentions.data[i]->kind != AST_OPTIMIZER)
			vec_push(w->e->arena, &step->mentions, names->mentions.data[i]);
	vec_push(w->e->arena, &w->stack, step);
	*name_map_place(w->e->arena, &w->on_stack, decl->name.id) = step;
}

static bool chooses(const AstExpr *x, void *context) {
	return x && (x->kind == AST_IF || ast_any_part(x, chooses, context));
}

/* Defined by itself for certain: through constants alone, whatever is chosen. */
static bool is_circle(const Walk *w, const Step *from) {
	uint32_t i = w->stack.count;
	do {
		const AstDecl *decl = w->stack.data[--i]->decl;
		if (decl->kind != AST_CONST || chooses(decl->value, NULL))
			return false;
	} while (w->stack.data[i] != from);
	return true;
}

static void make_in_order(Elab *e, const AstDecl *decl) {
	Walk w = {.e = e};
	enter(&w, decl);
	while (w.stack.count) {
		Step *step = w.stack.data[w.stack.count - 1];
		if (step->next < step->mentions.count) {
			const AstDecl *next = step->mentions.data[step->next++];
			const Step *circle = name_map_get(&w.on_stack, next->name.id);
			if (circle && is_circle(&w, circle) && !known_const(e, next))
				by_itself(e, next);
			else if (!circle && !made_const(e, next)->visited && !(next->kind == AST_CONST && known_const(e, next)))
				enter(&w, next);
			continue;
		}
		w.stack.count--;
		*name_map_place(e->arena, &w.on_stack, step->decl->name.id) = NULL;
		if (step->decl->kind == AST_CONST && !known_const(e, step->decl))
			make(e, step->decl);
	}
}

Value *elab_constant(Elab *e, const AstDecl *decl) {
	Value *v = known_const(e, decl);
	if (v)
		return v;
	if (!made_const(e, decl)->visited) {
		make_in_order(e, decl);
		v = known_const(e, decl);
	}
	return v ? v : make(e, decl);
}

Value *elab_type_constant(FeProgram *program, IrModule *module, const AstDecl *decl, Typing *typing) {
	Elab e = elab_new(program, module, IR_F64, typing);
	IrBuilder builder = ir_builder(ir_func_new(module, "const"));
	e.builder = &builder;
	resolve_decl(program, decl);
	return elab_constant(&e, decl);
}
