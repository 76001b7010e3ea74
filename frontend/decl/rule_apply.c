/* `apply adam(lr = 0.1, g = clipped)`: a rule inside a rule, inlined, with states of its own.
 *
 * Its hyperparameters are expressions of the rule around it. Where the states start (in init) those that speak of the step
 * are not known, and only an initial value that needs one is an error. */
#include "frontend/decl/rule.h"

#include <string.h>

typedef struct Applied {
	const AstDecl *decl; /* NULL: reported */
	ScopeMark outer;     /* the scope around */
	Name within, place;  /* of the rule around, if that is one that is applied */
	uint32_t loops, written, arms, sized_arms;
	Calls calls;
	/* By RuleName, in the rule that is applied and in the one around; seen: NULL where an argument replaces it. */
	Binding *seen[RULE_NAME_COUNT], *outer_seen[RULE_NAME_COUNT];
} Applied;

typedef struct Later {
	Elab *e;
	bool later;
} Later;

/* What the step alone has, of what is called. */
static bool is_of_step(const Builtin *b) {
	return b->id == BUILTIN_value || b->id == BUILTIN_gradient || b->id == BUILTIN_all_sum ||
	       b->id == BUILTIN_all_mean || b->id == BUILTIN_all_max;
}

static void see_later(const Symbol *symbol, Span span, void *context) {
	(void)span;
	Later *l = context;
	l->later = l->later || (!l->e->rule->in_step && symbol->builtin && is_of_step(symbol->builtin));
	const Binding *b = scope_find(l->e, symbol);
	l->later = l->later || (symbol_is_local(symbol) && symbol->kind != SYMBOL_INDEX && !(b && b->value));
}

bool rule_known_later(Elab *e, const AstExpr *x) {
	Later l = {e, false};
	symbol_visit_expr(e->program, x, see_later, &l);
	return l.later;
}

static bool not_here(Elab *e, Span span, const char *text) {
	diag_error(e->session, 397, span, "%s", text);
	return false;
}

/* Which rule is meant: one of the program, or one that came as an argument. */
static const AstDecl *applied_rule(RuleElab *r, const AstExpr *x, const FeCall **base) {
	Elab *e = &r->e;
	if (x->kind != AST_CALL)
		return NULL;
	*base = NULL;
	const Symbol *symbol = symbol_at(e->program, x->id);
	const Binding *b = scope_find(e, symbol);
	if (b && b->value && value_is_bad(b->value))
		return NULL;
	if (b && b->value && b->value->kind == VALUE_CALL && b->value->call->decl->kind == AST_OPTIMIZER) {
		*base = b->value->call;
		return (*base)->decl;
	}
	if (b && b->value) {
		diag_error(e->session, 201, x->call.callee.span, "an optimizer is applied, but `%s` is %s",
		           session_text(e->session, x->call.callee.name), value_type_text(e, b->value));
		return NULL;
	}
	if (symbol && symbol->kind == SYMBOL_DECL)
		return symbol->decl;
	FeCall call; /* for its message */
	AstExpr name = {.kind = AST_NAME, .span = x->call.callee.span, .name = x->call.callee.name};
	fe_call(e->program, &name, AST_OPTIMIZER, &call);
	return NULL;
}

/* Which of the names that a step is given this is; 0: none. */
static int step_name(const char *name) {
	for (int k = RULE_G; k < RULE_RESIDUALS; k++)
		if (strcmp(name, symbol_rule_names[k]) == 0)
			return k;
	return 0;
}

static bool allowed(RuleElab *r, const AstDecl *decl, const AstStmt *s) {
	Elab *e = &r->e;
	for (const Calls *c = e->calls; c; c = c->outer) {
		if (c->decl != decl)
			continue;
		diag_error(e->session, 220, s->apply->span, "`%s` applies itself", session_text(e->session, decl->name.name));
		return false;
	}
	if (decl->joint && !r->decl->joint && e->tensor)
		return not_here(e, s->apply->span, "a joint optimizer cannot be applied to one tensor of many");
	if (decl->joint && e->coord)
		return not_here(e, s->apply->span, "a joint optimizer cannot be applied to one coordinate, as `each` does");
	return true;
}

/* The value of an argument or default; NULL where it is known later, as what is evaluated at x is. What is wrong with it, the step says. */
static Value *argument(RuleElab *r, const AstExpr *x, Name name) {
	Elab *e = &r->e;
	if (!r->asked.in_step && rule_known_later(e, x))
		return NULL;
	DiagMark mark = diag_mark(e->session);
	Value *v = elab_expr(e, x);
	if (!r->asked.in_step && value_is_bad(v)) {
		diag_take_back(e->session, mark);
		return NULL;
	}
	return r->asked.in_step ? value_reusable(e, v, name, x->span) : v;
}

/* What a rule that is applied is given. */
typedef struct Given {
	Value **values;               /* by parameter; NULL: not given, or known later */
	bool *given;                  /* likewise */
	bool *applied;                /* likewise: by `apply` itself */
	Value *step[RULE_NAME_COUNT]; /* x, g, ... as its step sees them */
	bool replaced[RULE_NAME_COUNT];
} Given;

/* The arguments of the call that a rule came with: adam(lr = 0.1), as an argument of the rule around. */
static void give_base(Elab *e, const FeCall *base, uint32_t params, Given *g) {
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, params + 1);
	program_arguments(e->program, base, args);
	ScopeMark scope = scope_apart(e);
	for (uint32_t i = 0; i < params; i++) {
		g->given[i] = args[i] != NULL;
		if (args[i])
			g->values[i] = elab_expr(e, args[i]);
	}
	scope_back(e, scope);
}

/* Those of `apply` itself, among them what the step is given: `g = clipped`. false with a diagnostic. */
static bool give_applied(RuleElab *r, const AstDecl *decl, const AstStmt *s, Given *g) {
	Elab *e = &r->e;
	FeCall call = {.decl = decl, .span = s->apply->span, .program = e->program};
	for (uint32_t i = 0; i < s->apply->call.args.count; i++) {
		const AstArg *arg = &s->apply->call.args.data[i];
		int k = arg->name.name ? step_name(session_text(e->session, arg->name.name)) : 0;
		if (k) {
			g->step[k] = argument(r, arg->value, arg->name.name);
			g->replaced[k] = true;
			continue;
		}
		vec_push(e->arena, &call.names, arg->name.name);
		vec_push(e->arena, &call.places, arg->name.span);
		vec_push(e->arena, &call.values, (const AstExpr *)arg->value);
	}
	const AstExpr **args = ARENA_ARRAY(e->arena, const AstExpr *, decl->params.count + 1);
	if (!program_arguments(e->program, &call, args))
		return false;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		if (!args[i])
			continue;
		g->given[i] = g->applied[i] = true;
		g->values[i] = argument(r, args[i], decl->params.data[i].name.name);
	}
	return true;
}

static void bind_given(RuleElab *r, const AstDecl *decl, const AstStmt *s, Given *g) {
	Elab *e = &r->e;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *p = &decl->params.data[i];
		if (!g->given[i] && !p->value)
			diag_error(e->session, 217, s->apply->span, "`%s` needs a value for `%s`",
			           session_text(e->session, decl->name.name), session_text(e->session, p->name.name));
		else if (!g->given[i])
			g->values[i] = argument(r, p->value, p->name.name);
		if (!g->applied[i])
			g->values[i] = rule_opened(r, decl, p, g->values[i], s->apply->span);
		scope_add_name(e, p->name, g->given[i] || p->value ? g->values[i] : value_bad(e));
	}
}

/* What a rule that is applied is called: by its name, behind that of the rule that applies it, if that is applied itself. */
static Name called_within(const RuleElab *r, Name name) {
	Session *session = r->e.session;
	return r->within ? session_name(session, arena_printf(r->e.arena, "%s.%s", session_text(session, r->within),
	                                                      session_text(session, name)))
	                 : name;
}

/* One `apply` has one place, however often its turn comes. */
static Name place_within(const RuleElab *r, const AstStmt *s) {
	Session *session = r->e.session;
	const char *around = r->place ? session_text(session, r->place) : "";
	return session_name(session, arena_printf(r->e.arena, "%s/%u", around, (unsigned)s->apply->id));
}

static const RuleApplied *applied_at(const RuleElab *r, Name place) {
	for (uint32_t i = 0; i < r->places.count; i++)
		if (r->places.data[i].place == place)
			return &r->places.data[i];
	return NULL;
}

static void leave(RuleElab *r, const Applied *a) {
	r->within = a->within;
	r->place = a->place;
	r->loops = a->loops;
	r->written = a->written;
	r->arms = a->arms;
	r->sized_arms = a->sized_arms;
	scope_back(&r->e, a->outer);
}

/* Enters the scope of the rule that is applied: its hyperparameters, and x, g, ... as its step sees them. */
static Applied enter(RuleElab *r, const AstStmt *s) {
	Elab *e = &r->e;
	Applied a = {.outer = scope_mark(e),
	             .within = r->within,
	             .place = r->place,
	             .loops = r->loops,
	             .written = r->written,
	             .arms = r->arms,
	             .sized_arms = r->sized_arms};
	const FeCall *base;
	const AstDecl *decl = applied_rule(r, s->apply, &base);
	if (!decl || (r->learning && !rule_may_learn(r, decl)) || !allowed(r, decl, s))
		return a;
	Given given = {.values = ARENA_ARRAY(e->arena, Value *, decl->params.count + 1),
	               .given = ARENA_ARRAY(e->arena, bool, decl->params.count + 1),
	               .applied = ARENA_ARRAY(e->arena, bool, decl->params.count + 1)};
	const Resolved *outer = resolve_decl(e->program, e->calls->decl), *inner = resolve_decl(e->program, decl);
	for (int k = 0; k < RULE_NAME_COUNT; k++) {
		a.outer_seen[k] = scope_find(e, outer->rule[k]);
		given.step[k] = a.outer_seen[k] ? a.outer_seen[k]->value : NULL;
	}
	if (base)
		give_base(e, base, decl->params.count, &given);
	if (!give_applied(r, decl, s, &given))
		return a;
	if (inner->reads_residuals && r->asked.in_step)
		given.step[RULE_RESIDUALS] = rule_residuals(r, s->apply->span);
	a.calls = (Calls){.decl = decl, .outer = e->calls};
	scope_apart(e);
	r->within = called_within(r, s->apply->call.callee.name);
	r->place = place_within(r, s);
	r->loops = e->loops.count;
	r->written = e->written;
	r->arms = e->arms;
	r->sized_arms = e->sized_arms;
	bind_given(r, decl, s, &given);
	rule_bind_applied(r, decl);
	for (int k = 0; k < RULE_NAME_COUNT; k++) {
		Binding *b = scope_add(e, inner->rule[k], given.step[k]);
		a.seen[k] = given.replaced[k] ? NULL : b;
	}
	a.seen[RULE_X]->scalar = S_REAL;
	a.seen[RULE_X]->indices_around = a.outer_seen[RULE_X]->indices_around;
	a.seen[RULE_X]->coord = a.outer_seen[RULE_X]->coord;
	a.decl = decl;
	return a;
}

void rule_init_applied(RuleElab *r, const AstStmt *s, const char *prefix) {
	Elab *e = &r->e;
	if (s->apply->kind == AST_CHOOSE) {
		rule_init_chosen(r, s, prefix);
		return;
	}
	Applied a = enter(r, s);
	if (a.decl) {
		const Calls *calls = e->calls;
		Path *path = e->path;
		e->calls = &a.calls;
		e->path = typing_inside(e->typing, path, s->apply->id);
		const char *name = session_text(e->session, a.decl->name.name);
		uint32_t first = r->out->states.count;
		if (r->learning) {
			rule_collect_choices(r, a.decl);
			rule_learn_applied(r, a.decl, s->apply->span);
		}
		const char *appliers = r->appliers;
		unsigned number = ++r->applied;
		r->appliers = arena_printf(e->arena, "%s%s%u.", appliers, name, number);
		DiagMark mark = diag_mark(e->session);
		rule_init_states(r, a.decl, arena_printf(e->arena, "%s%s%u_", prefix, name, number));
		program_say_use(e->session, mark, s->apply->span);
		RuleApplied at = {r->place, first, r->out->states.count - first, r->appliers};
		vec_push(e->arena, &r->places, at);
		r->appliers = appliers;
		e->calls = calls;
		e->path = path;
	}
	leave(r, &a);
}

static void keep_state(const Elab *e, const AstStmt *state, Binding *kept) {
	const Binding *b = scope_find(e, symbol_at(e->program, state->declare.names.data[0].id));
	if (b)
		kept->value = b->value;
}

void rule_applied(RuleElab *r, const AstStmt *s, Bindings *out) {
	Elab *e = &r->e;
	if (s->apply->kind == AST_CHOOSE) {
		rule_chosen_changes(r, s, out);
		return;
	}
	const RuleApplied *at = s->apply->kind == AST_CALL ? applied_at(r, place_within(r, s)) : NULL;
	Binding *x = scope_find(e, resolve_decl(e->program, e->calls->decl)->rule[RULE_X]);
	if (x)
		vec_push(e->arena, out, x);
	for (uint32_t i = 0; at && i < at->count && at->first + i < r->bound.count; i++)
		vec_push(e->arena, out, r->bound.data[at->first + i]);
}

/* The states of the rule that is applied, by its names; how many stand directly in it. */
static uint32_t bind_applied(RuleElab *r, const AstDecl *decl, const RuleApplied *at) {
	Elab *e = &r->e;
	uint32_t count = 0;
	for (uint32_t i = 0; i < decl->body.count; i++) {
		const AstStmt *state = decl->body.data[i];
		if (state->kind != AST_STATE || state->declare.names.count == 0 || count >= at->count)
			continue;
		const Binding *kept = r->bound.data[at->first + count++];
		Binding *b = scope_add_name(e, state->declare.names.data[0], kept->value);
		b->scalar = kept->scalar;
		b->indices_around = kept->indices_around;
		b->coord = NULL;
	}
	return count;
}

/* What they are behind the step; those in blocks had bindings of their own in it. */
static void keep_states(RuleElab *r, const AstDecl *decl, const RuleApplied *at, Binding *const *bound) {
	for (uint32_t i = 0, k = 0; i < decl->body.count && k < at->count; i++) {
		const AstStmt *state = decl->body.data[i];
		if (state->kind == AST_STATE && state->declare.names.count)
			keep_state(&r->e, state, bound[k++]);
	}
	for (uint32_t k = 0; k < at->count; k++) {
		Binding **now = &r->bound.data[at->first + k];
		if (*now != bound[k])
			bound[k]->value = (*now)->value;
		*now = bound[k];
	}
}

/* The statements of the rule that is applied. In `each` they speak of one coordinate, which not all can: that is one mistake, of `apply`. */
static void run_statements(RuleElab *r, const AstDecl *decl, const AstStmt *s) {
	Elab *e = &r->e;
	DiagMark mark = diag_mark(e->session);
	for (uint32_t i = 0; i < decl->body.count; i++) {
		const AstStmt *stmt = decl->body.data[i];
		if (stmt->kind != AST_LEARN && stmt->kind != AST_STATE)
			elab_stmt(e, stmt);
	}
	program_say_use(e->session, mark, s->apply->span);
	if (!e->coord || e->session->error_count == mark.errors)
		return;
	const Diag *first = diag_take_back(e->session, mark).data[0];
	const char *name = session_text(e->session, decl->name.name);
	Diag *diag =
		diag_error(e->session, 397, s->apply->span, "`%s` cannot be applied to one coordinate, as `each` does", name);
	diag_label(e->session, diag, first->labels.data[0].span, "%s", first->message);
	diag_help(e->session, diag,
	          "apply it outside of `each`: what it is given may differ between coordinates there, too");
}

static void apply_step(RuleElab *r, Applied *a, const AstStmt *s, const RuleApplied *at) {
	Elab *e = &r->e;
	const Calls *calls = e->calls;
	Path *path = e->path;
	e->calls = &a->calls;
	e->path = typing_inside(e->typing, path, s->apply->id);
	Binding **bound = ARENA_ARRAY(e->arena, Binding *, at->count + 1);
	for (uint32_t k = 0; k < at->count; k++)
		bound[k] = r->bound.data[at->first + k];
	const char *appliers = r->appliers;
	r->next_state = at->first + bind_applied(r, a->decl, at);
	r->appliers = at->appliers;
	run_statements(r, a->decl, s);
	r->appliers = appliers;
	r->next_state = at->first + at->count;
	keep_states(r, a->decl, at, bound);
	a->outer_seen[RULE_X]->value = a->seen[RULE_X]->value;
	for (int k = RULE_G; k < RULE_NAME_COUNT; k++)
		if (a->seen[k] && a->outer_seen[k] && a->seen[k]->used)
			a->outer_seen[k]->used = true;
	e->calls = calls;
	e->path = path;
}

void rule_apply(RuleElab *r, const AstStmt *s) {
	Elab *e = &r->e;
	if (s->apply->kind == AST_CHOOSE) {
		rule_apply_chosen(r, s);
		return;
	}
	if (s->apply->kind != AST_CALL || (e->sized_arms > r->sized_arms && rule_may_know_more(r)))
		return;
	Applied a = enter(r, s);
	const RuleApplied *at = a.decl ? applied_at(r, r->place) : NULL;
	if (at && at->first + at->count <= r->bound.count)
		apply_step(r, &a, s, at);
	leave(r, &a);
}
