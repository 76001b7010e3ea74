/* The open expressions of a rule. In the step each is a parameter (IR_ROLE_HOLE), and what it may be made of are results (IR_ROLE_OPERAND),
 * which depend on the parameters of earlier ones alone: so the step can be cut into pieces, from hole to hole. */
#include "frontend/decl/hole_read.h"

#include <string.h>

static bool is_it(const AstExpr *x, void *hole) {
	return x && (x == hole || ast_any_part(x, is_it, hole));
}

/* Does it stand in a loop of this block, whether that is written out or not? */
static bool in_loop(const AstBlock *block, AstExpr *hole) {
	for (uint32_t i = 0; i < block->count; i++) {
		AstStmt *s = block->data[i];
		bool loops = s->kind == AST_FOR || s->kind == AST_WHILE;
		if ((loops && ast_any_expr(s, is_it, hole)) || (s->kind == AST_EACH && in_loop(&s->each.body, hole)) ||
		    (s->kind == AST_WHEN && (in_loop(&s->when.yes, hole) || in_loop(&s->when.no, hole))))
			return true;
	}
	return false;
}

static const Value like_x = {.kind = VALUE_ARRAY, .rank = 1, .dims = {DIM_X}};

static uint32_t holes_so_far(const RuleElab *r) {
	uint32_t count = 0;
	for (const FeHole *hole = r->out->hole; hole; hole = hole->next)
		count++;
	return count;
}

/* Where it may stand: it is computed once in a step. false with a diagnostic. */
static bool may_stand(RuleElab *r, const AstExpr *x) {
	Elab *e = &r->e;
	bool loops = in_loop(&r->decl->body, (AstExpr *)(uintptr_t)x);
	uint32_t own = (e->tensor ? 1u : 0u) + (e->lane ? 1u : 0u);
	if (e->coord) /* `each` */
		own += e->each_count ? e->each_count : 1;
	const char *later = !r->asked.in_step || loops ? NULL
	                    : e->by_shape              ? "in a rule that looks at the axes of x"
	                    : e->calls->decl != r->decl && e->calls->decl->kind == AST_OPTIMIZER
	                        ? "in a rule that another one applies"
	                        : NULL;
	if (later) {
		diag_error(e->session, 391, x->span, "`discover` %s is part of the language, but not of this version", later);
		return false;
	}
	if (r->asked.in_step && holes_so_far(r) == HOLE_MOST) {
		diag_error(e->session, 330, x->span, "a rule has at most %d open expressions", (int)HOLE_MOST);
		return false;
	}
	bool once = !r->in_hole && !loops && !e->copying && !e->loops.count && !e->arms && e->indices_around.count == own &&
	            !e->calls->outer;
	if (r->asked.in_step && once)
		return true;
	Diag *diag = diag_error(e->session, 330, x->span, "`discover` cannot stand here");
	diag_help(e->session, diag,
	          "it stands in the step of an optimizer, outside of loops, of functions, of indices, of "
	          "conditions that are not known, and of another `discover`: give it a name there with `let`");
	return false;
}

/* An operand as a result of the step: of one tensor as it is, of several with an entry per coordinate (or, where the hole is a number, per
 * tensor). */
static void add_operand(RuleElab *r, const FeHole *hole, Value *v, Span span) {
	Elab *e = &r->e;
	bool by_tensor = e->tensor && !hole->like_x;
	if (e->tensor && hole->like_x)
		v = elab_broadcast(e, v, &like_x);
	IrValue whole = emit_whole(e, v, &e->tensor, by_tensor ? 1 : 0, session_name(e->session, "operand"), span);
	ir_result_as(r->out->step, IR_ROLE_OPERAND, "operand", whole);
}

/* What the hole stands for, as a parameter of the step. */
static Value *hole_value(RuleElab *r, const FeHole *hole) {
	Elab *e = &r->e;
	const IrDim tensors = e->tensors;
	if (hole->like_x)
		return elab_at_coordinate(e, rule_like_x(r, ir_param_as(r->out->step, IR_ROLE_HOLE, "hole", rule_x_type(r))));
	IrType type = e->tensor ? ir_tensor_type(e->real, 1, &tensors) : ir_scalar_type(e->real);
	IrValue param = ir_param_as(r->out->step, IR_ROLE_HOLE, "hole", type);
	return value_from_whole(e, param, S_REAL, 0, NULL, &e->tensor, e->tensor ? 1 : 0);
}

static bool read_operands(RuleElab *r, const AstExpr *x, FeHole *hole, Value **values) {
	Elab *e = &r->e;
	bool ok = true, open = false;
	for (uint32_t i = 0; i < x->call.args.count; i++) {
		const AstArg *arg = &x->call.args.data[i];
		if (arg->name.name)
			continue;
		FeOperand operand;
		Value *v = hole_read_operand(r, arg->value, &operand);
		ok = ok && v;
		if (!v)
			continue;
		if (hole->operands.count == HOLE_MOST_OPERANDS) {
			diag_error(e->session, 331, arg->value->span, "`discover` takes at most %d operands",
			           (int)HOLE_MOST_OPERANDS);
			return false;
		}
		open = open || !operand.known;
		hole->like_x = hole->like_x || operand.like_x;
		if (e->coord && operand.like_x) /* of all coordinates */
			v = elab_for_all(e, v, &like_x, arg->value->span);
		values[hole->operands.count] = value_reusable(e, v, 0, arg->value->span);
		vec_push(e->arena, &hole->operands, operand);
	}
	if (ok && !open) {
		Diag *diag = diag_error(e->session, 331, x->span, "`discover` has nothing to make an expression of");
		diag_help(e->session, diag, "name what it may use, as in `discover(g, m, f, size = 5)`");
	}
	return ok && open;
}

/* ---- names: what is found is written with words of the language, which have to mean that in the rule ---- */

static bool declares(const AstBlock *block, Name name);

static bool declares_inside(const AstStmt *s, Name name) {
	switch (s->kind) {
	case AST_FOR: return s->loop.name.name == name || declares(&s->loop.body, name);
	case AST_WHILE: return declares(&s->repeat.body, name);
	case AST_WHEN: return declares(&s->when.yes, name) || declares(&s->when.no, name);
	case AST_EACH: return declares(&s->each.body, name);
	default: return false;
	}
}

static bool declares(const AstBlock *block, Name name) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		for (uint32_t k = 0; s->kind <= AST_VAR && k < s->declare.names.count; k++)
			if (s->declare.names.data[k].name == name)
				return true;
		if (declares_inside(s, name))
			return true;
	}
	return false;
}

/* Whether the rule, or the files of the program, have a meaning of their own for a word of the language. */
static bool is_taken(const RuleElab *r, Name name) {
	for (uint32_t i = 0; i < r->decl->params.count; i++)
		if (r->decl->params.data[i].name.name == name)
			return true;
	const AstDecl *other, *decl = program_find(r->program, r->decl->span.file, name, &other);
	return declares(&r->decl->body, name) || (decl && !program_is_library(r->e.session, decl));
}

/* Reports the words of an operation that would not mean it. `1e-8` has no word. */
static bool means_itself(RuleElab *r, const char *text, Span span) {
	Session *session = r->e.session;
	bool ok = true;
	for (const char *at = text ? text : ""; *at;) {
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		bool word = length > 1 && strchr("{0123456789", at == text ? ' ' : at[-1]) == NULL;
		Name name = word ? session_name(session, arena_printf(r->e.arena, "%.*s", (int)length, at)) : 0;
		if (word && is_taken(r, name)) {
			const char *said = session_text(session, name);
			Diag *diag = diag_error(session, 332, span,
			                        "`%s` is a name of this program, so what is found could not use it", said);
			diag_help(session, diag, "call that otherwise, or list other operations: `ops = \"+ - *\"`");
			ok = false;
		}
		at += length ? length : 1;
	}
	return ok;
}

static bool operators_mean_themselves(RuleElab *r, const FeHole *hole) {
	bool ok = true;
	for (int op = 0; op < FE_OPERATORS && ok; op++) {
		if (!(hole->operators >> op & 1))
			continue;
		ok =
			means_itself(r, fe_operators[op].text, hole->span) && means_itself(r, fe_operators[op].plainly, hole->span);
	}
	return ok;
}

Value *rule_discover(RuleElab *r, const AstExpr *x) {
	Elab *e = &r->e;
	if (!may_stand(r, x))
		return value_bad(e);
	FeHole *hole = ARENA_NEW(e->arena, FeHole);
	Value *values[HOLE_MOST_OPERANDS];
	r->in_hole = true;
	bool ok = hole_read_options(r, x, hole);
	if (e->coord) /* nothing there looks at all coordinates */
		hole->operators &= ~(1u << FE_OPERATOR_RMS);
	ok = operators_mean_themselves(r, hole) && ok;
	ok = read_operands(r, x, hole, values) && ok;
	r->in_hole = false;
	if (!ok)
		return value_bad(e);
	if (r->last_hole)
		r->last_hole->next = hole;
	else
		r->out->hole = hole;
	r->last_hole = hole;
	hole_find_degrees(r, x, hole);
	hole_find_rate(r, hole);
	for (uint32_t i = 0; i < hole->operands.count; i++)
		add_operand(r, hole, values[i], hole->operands.data[i].expr->span);
	e->coupled = true;
	return hole_value(r, hole);
}

bool rule_is_closed(Session *session, const FeRule *rule) {
	if (!rule->hole)
		return true;
	const char *name = session_text(session, rule->decl->name.name);
	Diag *diag = diag_error(session, 333, rule->hole->span, "`%s` has an open expression, so it is no rule yet", name);
	diag_help(session, diag,
	          "an experiment that says `train %s` searches for one (gradus train), and --fill EXPRESSION puts one in",
	          name);
	return false;
}

bool fe_is_searchable(Session *session, const FeRule *rule, Span call) {
	const FeHole *hole = rule->hole;
	const char *name = session_text(session, rule->decl->name.name);
	Diag *diag;
	if (!hole) {
		diag = diag_error(session, 335, call, "as it is called here, `%s` has no open expression", name);
		diag_help(session, diag, "its arguments choose a branch without `discover`");
	} else if (rule->evaluates) {
		diag_error(session, 391, hole->span,
		           "`discover` in a rule that evaluates the objective elsewhere is part of the language, but not of "
		           "this version");
	} else if (!hole->rate && hole->fixed_rate) {
		const char *rate = session_text(session, hole->fixed_rate);
		diag = diag_error(session, 334, call, "`%s` is fixed here, and every expression needs a rate of its own", rate);
		diag_help(session, diag, "leave `%s` out: the search finds one for each", rate);
	} else if (!hole->rate) {
		diag = diag_error(session, 334, rule->decl->name.span,
		                  "`%s` has no rate, and every expression needs one of its own", name);
		diag_help(
			session, diag,
			"a rate is a real hyperparameter that is called like one (lr, rate, step, alpha, eta, learning_rate), in "
			"front of the open expression: `x <- x - lr * discover(...)`");
	} else {
		bool in_front = false;
		for (const FeHole *each = hole; each; each = each->next)
			in_front = in_front || each->rate_in_front;
		if (!in_front) {
			diag = diag_warning(session, 334, hole->span,
			                    "`%s` is not a factor in front of this alone, so multiples of an expression are "
			                    "searched as if they were different",
			                    session_text(session, hole->rate));
			diag_help(session, diag, "give what else it is in front of a hyperparameter of its own");
		}
		return true;
	}
	return false;
}
