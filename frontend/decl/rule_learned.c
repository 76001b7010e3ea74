/* What a rule leaves open: theta, from which it starts, and the numbers as the rule uses them.
 *
 * theta is one flat vector: the `learn`ed values in the order of declaration, row-major, then the opened hyperparameters. A
 * value with limits is trained as limits.c says. */
#include "frontend/decl/rule.h"

#include <math.h>
#include <string.h>

/* Puts a value of any shape into its place in a flat vector. */
static IrValue put_flat(Elab *e, Value *v, Ex *body, IrType type, IrValue into, int64_t offset, Span span) {
	Emit m = emit_begin(e, span);
	IrAt place = ir_at_const(0);
	for (int k = 0; k < v->rank; k++) {
		emit_var(e, &m, v->vars[k]);
		place = ir_at_add(e->module, ir_at_scale(e->module, place, emit_dim(e, v->dims[k])),
		                  ir_at_index(e->module, (uint32_t)k, 1));
	}
	place = ir_at_add(e->module, place, ir_at_const(offset));
	uint32_t node = emit_ex(e, &m, ex_convert(e, body, e->real));
	IrValue out = emit_put(e, &m, IR_PUT_NONE, node, type, &place, into, false);
	return out;
}

/* The numbers of a file, read once: typing needs to know that they are there and of this shape. NULL with *problem. */
static const double *read_weights(RuleElab *r, const AstStmt *s, const FeLearned *l, const char *path,
                                  const char **problem) {
	Typing *typing = r->e.typing;
	void **place = name_map_place(typing->arena, &typing->weights, s->declare.names.data[0].id);
	const TypedWeights *known = *place;
	if (known && ir_type_equal(known->type, l->slot.type))
		return known->data;
	double *data = ARENA_ARRAY(typing->arena, double, l->slot.count);
	const char *name = session_text(r->e.session, s->declare.names.data[0].name);
	const char *full = arena_printf(r->e.arena, "%s.%s", session_text(r->e.session, l->decl->name.name), name);
	FeLoader *load = r->program->loader;
	void *context = r->program->loader_context;
	if (!load || (!load(context, path, full, &l->slot.type, data, problem) &&
	              !load(context, path, name, &l->slot.type, data, problem)))
		return NULL;
	TypedWeights made = {l->slot.type, data};
	*place = arena_copy(typing->arena, &made, sizeof made);
	return data;
}

static Value *from_file(RuleElab *r, const AstStmt *s, const FeLearned *l, const int64_t *dims, int rank) {
	Elab *e = &r->e;
	const AstExpr *from = s->declare.from;
	const char *problem = "nothing reads weights here";
	if (from->kind == AST_BAD) /* reported when it was read */
		return value_bad(e);
	if (from->kind != AST_TEXT) {
		Diag *diag = diag_error(e->session, 101, from->span, "a file of weights is named by a text in quotes");
		const char *written = from->kind == AST_NAME ? source_excerpt(e->session, e->arena, from->span) : "FILE";
		diag_help(e->session, diag, "write `from \"%s\"`", written);
		return value_bad(e);
	}
	const char *path = program_beside(r->program, s->span.file, from->text, &problem);
	const double *data = path ? read_weights(r, s, l, path, &problem) : NULL;
	if (!data) {
		diag_error(e->session, 268, from->span, "cannot read `%s` from `%s`: %s",
		           session_text(e->session, l->slot.name), path ? path : from->text, problem);
		return value_bad(e);
	}
	IrValue table = emit_table(e, l->slot.type, data, NULL);
	return value_read(e, table, S_REAL, rank, dims);
}

static bool depends_on_size(Ex *x, uint64_t epoch) {
	if (x->kind == EX_DIM || (x->kind == EX_VAR && x->var->tensor))
		return true;
	if (x->epoch == epoch) /* this walk was here before */
		return false;
	x->epoch = epoch;
	for (uint32_t i = 0; x->kind == EX_READ && i < x->at_count; i++)
		if (depends_on_size(x->at[i], epoch))
			return true;
	for (int i = 0; x->kind == EX_OP && i < ir_op_info[x->opcode].arity; i++)
		if (depends_on_size(x->args[i], epoch))
			return true;
	return false;
}

static void see_x(const Symbol *symbol, Span span, void *context) {
	(void)span;
	bool *found = context;
	*found = *found || symbol->kind == SYMBOL_X;
}

static bool mentions_x(const FeProgram *program, const AstStmt *learn) {
	bool found = false;
	symbol_visit_stmt(program, learn, see_x, &found);
	return found;
}

/* What is written as a start, and its shape; of a file, which is read later, the shape alone. false with a diagnostic. */
static bool start_as_written(Elab *e, const AstStmt *s, DrawKey key, Name drawn_as, Value **start, int64_t *dims,
                             int *rank) {
	const AstDeclare *d = &s->declare;
	if (d->from)
		return !d->has_head && elab_dims(e, &d->type, dims, rank, 0);
	AstDeclare drawn = *d;
	drawn.drawn_as = drawn_as;
	Value *v = d->draw ? elab_draw(e, &drawn, key) : elab_headed(e, d, d->names.data[0].name);
	if (value_is_bad(v))
		return false;
	if (v->kind != VALUE_ARRAY || v->scalar == S_BOOL || (d->type.span.file && d->type.scalar != AST_REAL)) {
		diag_error(e->session, 249, s->span, "learned values are real numbers");
		return false;
	}
	*start = value_convert(e, v, S_REAL);
	memcpy(dims, (*start)->dims, sizeof(*start)->dims);
	*rank = (*start)->rank;
	return true;
}

/* The place of learned numbers in theta. false with a diagnostic: a rule for any size has no numbers per coordinate. */
static bool set_learned_type(RuleElab *r, const AstName *name, const int64_t *dims, int rank, FeLearned *l) {
	Elab *e = &r->e;
	IrDim extents[IR_MAX_RANK];
	for (int i = 0; i < rank; i++) {
		extents[i] = emit_dim(e, dims[i]);
		l->like_x |= dims[i] == DIM_X ? 1u << i : 0;
		if (dims[i] != DIM_X || (!r->symbolic && !e->tensor))
			continue;
		Diag *diag = diag_error(e->session, 265, name->span,
		                        "`%s` depends on `size(x)`, so this rule is tied to one size, and to one tensor",
		                        session_text(e->session, name->name));
		diag_help(e->session, diag, "make it a `joint optimizer`, and use it on one objective");
		return false;
	}
	l->slot.type = ir_tensor_type(e->real, rank, extents);
	l->slot.count = ir_type_elements(l->slot.type, NULL);
	return true;
}

static bool learned_start(RuleElab *r, const AstStmt *s, FeLearned *l, Value **start) {
	Elab *e = &r->e;
	const AstDeclare *d = &s->declare;
	double low = 0, high = 0;
	bool limited = limits_stated(e, &d->limits, &low, &high);
	if (!limits_set(e, limited, low, high, d->limits.span, &l->slot.limits))
		return false;
	int64_t dims[IR_MAX_RANK];
	int rank = 0;
	Value *v = NULL;
	if (!start_as_written(e, s, r->key, l->slot.name, &v, dims, &rank) ||
	    !set_learned_type(r, &d->names.data[0], dims, rank, l))
		return false;
	if (d->from) {
		v = from_file(r, s, l, dims, rank);
		if (value_is_bad(v))
			return false;
	}
	const char *name = session_text(e->session, d->names.data[0].name);
	if (depends_on_size(value_body(e, v), ++*e->epoch)) {
		diag_error(e->session, 265, s->span,
		           "where `%s` starts depends on `size(x)`, which this rule serves in any size", name);
		return false;
	}
	if (!limits_hold_start(e, d, &l->slot.limits, v))
		return false;
	*start = v;
	return true;
}

/* A hyperparameter that is opened to learning stays inside of the range that it states. Without one, a number that starts positive stays positive: rates,
 * scales and what keeps a division from 0 mean nothing below. */
static void open_transform(Elab *e, const Hyper *h, FeLearned *l) {
	bool positive = !h->has_range && h->value > 0;
	bool limited = h->has_range || positive;
	double low = positive ? 0 : h->low, high = positive ? INFINITY : h->high;
	if (!limits_set(e, limited, low, high, h->at, &l->slot.limits) || !h->has_range ||
	    limits_have_inside(h->from, h->value, h->limits, low, high))
		return;
	Diag *diag =
		diag_error(e->session, 262, h->at, "`%s` is to be learned and starts at %g, which is not inside its range",
	               session_text(e->session, h->name), h->value);
	diag_label(e->session, diag, h->limits->span, "%g to %g", low, high);
}

/* Where learned values start, only the size of x is known, none of its numbers. */
static void bind_x(RuleElab *r) {
	int64_t dim = DIM_X;
	Value *x = value_array(&r->e, S_REAL, 1, &dim, (Span){0});
	x->body = ex_real(&r->e, 0);
	scope_add(&r->e, r->names->rule[RULE_X], x);
}

static void add_learned(RuleElab *r, FeLearned l, Value *start) {
	FeRule *o = r->out;
	l.slot.offset = o->learned_count;
	o->learned_count += l.slot.count;
	vec_push(r->e.arena, &o->learned, l);
	vec_push(r->e.arena, &r->starts, start);
}

/* A name of the rule that is being applied: base.W1. */
static Name name_within(const RuleElab *r, Name name) {
	Session *session = r->e.session;
	return r->within ? session_name(session, arena_printf(r->e.arena, "%s.%s", session_text(session, r->within),
	                                                      session_text(session, name)))
	                 : name;
}

static const FeLearned *learned_already(const RuleElab *r, Name name) {
	for (uint32_t i = 0; i < r->out->learned.count; i++)
		if (r->out->learned.data[i].slot.name == name)
			return &r->out->learned.data[i];
	return NULL;
}

/* What a rule that is applied twice learns is learned once, so it has to be the same. */
static void learned_alike(RuleElab *r, const FeLearned *first, const FeLearned *l, Span span) {
	Session *session = r->e.session;
	if (first->slot.count == 0 || l->slot.count == 0 ||
	    (ir_type_equal(first->slot.type, l->slot.type) && first->decl == l->decl &&
	     first->slot.limits.low == l->slot.limits.low && first->slot.limits.high == l->slot.limits.high))
		return;
	const char *name = session_text(session, r->within);
	Diag *diag = diag_error(session, 299, span, "`%s` learns the same wherever it is applied, but here `%s` is another",
	                        name, session_text(session, l->slot.name));
	diag_label(session, diag, l->slot.span, "declared here");
	diag_help(session, diag, "for a second one with numbers of its own, let it be a parameter: `other = %s(...)`",
	          session_text(session, l->decl->name.name));
}

/* span: of the `apply` that leads there. */
static void learn(RuleElab *r, const AstDecl *decl, const AstStmt *s, Span span) {
	FeLearned l = {.declare = &s->declare,
	               .decl = decl,
	               .within = r->within,
	               .slot = {.name = name_within(r, s->declare.names.data[0].name),
	                        .span = s->declare.names.data[0].span,
	                        .offset = r->out->learned_count},
	               .by_size = mentions_x(r->program, s)};
	Value *v = NULL;
	learned_start(r, s, &l, &v);
	const FeLearned *first = r->within ? learned_already(r, l.slot.name) : NULL;
	if (first)
		learned_alike(r, first, &l, span);
	else
		add_learned(r, l, v);
}

void rule_learn_applied(RuleElab *r, const AstDecl *decl, Span span) {
	for (uint32_t i = 0; i < decl->body.count; i++)
		if (decl->body.data[i]->kind == AST_LEARN && decl->body.data[i]->declare.names.count)
			learn(r, decl, decl->body.data[i], span);
}

static void learn_opened(RuleElab *r) {
	Elab *e = &r->e;
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		Hyper *h = &r->hypers.data[i];
		if (!h->learned)
			continue;
		h->learned = (int)r->out->learned.count + 1;
		FeLearned l = {.slot = {.name = h->name, .span = h->span, .count = 1}, .decl = r->decl, .from_hyper = true};
		l.slot.type = ir_scalar_type(e->real);
		open_transform(e, h, &l);
		add_learned(r, l, value_real(e, h->value));
	}
}

void rule_build_theta(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	rule_begin_function(r, &builder, "theta", &o->theta);
	r->key = (DrawKey){
		.seed = ex_read(e, ir_param_as(o->theta, IR_ROLE_SEED, "seed", ir_scalar_type(IR_I64)), NULL, 0, false),
		.instance = ex_int(e, 0)};
	rule_begin_tensors(r);
	rule_bind_hypers(r, NULL);
	bind_x(r);
	r->starts.count = 0;
	for (uint32_t i = 0; i < r->decl->body.count; i++)
		if (r->decl->body.data[i]->kind == AST_LEARN && r->decl->body.data[i]->declare.names.count)
			learn(r, r->decl, r->decl->body.data[i], r->decl->name.span);
	learn_opened(r);
	r->learning = true;
	rule_init_states(r, r->decl, "");
	r->learning = false;
	if (o->learned_count == 0) {
		o->theta = NULL;
		return;
	}
	IrType type = ir_tensor_type(e->real, 1, &o->learned_count);
	IrValue theta = emit_fill(e, type, 0);
	for (uint32_t i = 0; i < r->starts.count; i++) {
		Value *start = r->starts.data[i];
		const FeLearned *l = &o->learned.data[i];
		if (start)
			theta = put_flat(e, start, limits_unconstrained(e, &l->slot.limits, value_body(e, start)), type, theta,
			                 l->slot.offset, l->slot.span);
	}
	ir_result_as(o->theta, IR_ROLE_THETA, "theta", theta);
}

/* A learned value as the rule uses it, from theta. */
static Value *learned_value(RuleElab *r, const FeLearned *l, IrValue theta) {
	Elab *e = &r->e;
	int64_t dims[IR_MAX_RANK] = {0};
	for (int i = 0; i < l->slot.type.rank; i++)
		dims[i] = l->like_x >> i & 1 ? DIM_X : l->slot.type.dims[i];
	Value *v = value_array(e, S_REAL, l->slot.type.rank, dims, l->slot.span);
	Ex *place = ex_add_int(e, value_place(e, v), ex_int(e, l->slot.offset));
	v->body = limits_natural(e, &l->slot.limits, ex_read(e, theta, &place, 1, false));
	return v;
}

void rule_build_natural(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	if (o->learned_count == 0)
		return;
	IrBuilder builder;
	rule_begin_function(r, &builder, "natural", &o->natural);
	IrType type = ir_tensor_type(e->real, 1, &o->learned_count);
	IrValue theta = ir_param_as(o->natural, IR_ROLE_THETA, "theta", type), out = theta;
	for (uint32_t i = 0; i < o->learned.count; i++) {
		const FeLearned *l = &o->learned.data[i];
		if (l->slot.limits.transform == FE_PLAIN || l->slot.count == 0)
			continue;
		Value *v = learned_value(r, l, theta);
		out = put_flat(e, v, v->body, type, out, l->slot.offset, l->slot.span);
	}
	ir_result_as(o->natural, IR_ROLE_NATURAL, "natural", out);
}

void rule_bind_learned(RuleElab *r, IrFunc *func) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrValue theta =
		o->learned_count ? ir_param_as(func, IR_ROLE_THETA, "theta", ir_tensor_type(e->real, 1, &o->learned_count)) : 0;
	r->learned.count = 0;
	for (uint32_t i = 0; i < o->learned.count; i++) {
		const FeLearned *l = &o->learned.data[i];
		Value *v = l->slot.count ? learned_value(r, l, theta) : value_bad(e);
		v = value_reusable(e, v, l->slot.name, l->slot.span);
		vec_push(e->arena, &r->learned, v);
		if (l->within)
			continue;
		const Symbol *symbol = l->declare ? symbol_at(r->program, l->declare->names.data[0].id) : NULL;
		for (uint32_t k = 0; l->from_hyper && k < r->hypers.count; k++) {
			if (r->hypers.data[k].name != l->slot.name)
				continue;
			v->hyper = (int)k + 1;
			r->hypers.data[k].bound = v;
			symbol = strchr(session_text(e->session, l->slot.name), '.') ? NULL : r->hypers.data[k].symbol;
		}
		if (symbol) /* those of a rule that is a parameter are bound where it is applied */
			scope_add(e, symbol, v);
	}
}

void rule_bind_applied(RuleElab *r, const AstDecl *decl) {
	for (uint32_t i = 0; i < r->learned.count; i++) {
		const FeLearned *l = &r->out->learned.data[i];
		if (l->within == r->within && l->decl == decl && l->declare)
			scope_add_name(&r->e, l->declare->names.data[0], r->learned.data[i]);
	}
}

static bool is_open(const RuleElab *r, Name name) {
	for (uint32_t i = 0; i < r->open_count; i++)
		if (r->open[i] == name)
			return true;
	return false;
}

Value *rule_opened(RuleElab *r, const AstDecl *decl, const AstParam *p, Value *v, Span span) {
	Elab *e = &r->e;
	Name name = name_within(r, p->name.name);
	for (uint32_t i = 0; i < r->hypers.count && r->call->exposes; i++)
		if (r->hypers.data[i].name == name)
			return r->hypers.data[i].bound;
	if (!is_open(r, name))
		return v;
	for (uint32_t i = 0; i < r->learned.count && !r->learning; i++)
		if (r->out->learned.data[i].slot.name == name)
			return r->learned.data[i];
	if (!r->learning || learned_already(r, name))
		return v;
	Hyper h = {.name = name, .at = span, .from = p->value, .limits = &p->limits};
	if (!v || !value_known_real(v, &h.value)) {
		diag_error(e->session, 309, span, "`%s` is no number that is known here, so it cannot be learned",
		           session_text(e->session, name));
		return v;
	}
	h.has_range = limits_stated(&r->e, &p->limits, &h.low, &h.high);
	FeLearned l = {.slot = {.name = name, .type = ir_scalar_type(e->real), .count = 1, .span = p->name.span},
	               .decl = decl,
	               .within = r->within,
	               .from_hyper = true};
	open_transform(e, &h, &l);
	add_learned(r, l, value_real(e, h.value));
	return v;
}

void rule_check_opened(const RuleElab *r) {
	Session *session = r->e.session;
	for (uint32_t i = 0; i < r->open_count; i++) {
		if (!strchr(session_text(session, r->open[i]), '.') || learned_already(r, r->open[i]))
			continue;
		Diag *diag =
			diag_error(session, 309, r->call->span, "`%s` has nothing that is called `%s` and could be learned",
		               session_text(session, r->decl->name.name), session_text(session, r->open[i]));
		diag_help(session, diag,
		          "hyperparameters of a rule that is a parameter are opened where `apply` does not give them");
	}
}

/* ---- what follows from the declarations alone ---- */

typedef struct Applied {
	const FeProgram *program;
	VEC(const AstDecl *) rules; /* that are applied */
} Applied;

static void see_applied(const Symbol *symbol, Span span, void *context) {
	Applied *a = context;
	(void)span;
	if (symbol->kind == SYMBOL_DECL && symbol->decl->kind == AST_OPTIMIZER)
		vec_push(a->program->session->arena, &a->rules, symbol->decl);
}

/* The rules that it may apply: those that it names, itself or as the default of a parameter. */
static Applied rules_named(FeProgram *program, const AstDecl *rule) {
	Applied a = {.program = program};
	resolve_decl(program, rule);
	for (uint32_t i = 0; i < rule->params.count; i++)
		symbol_visit_expr(program, rule->params.data[i].value, see_applied, &a);
	for (uint32_t i = 0; i < rule->body.count; i++)
		symbol_visit_stmt(program, rule->body.data[i], see_applied, &a);
	return a;
}

static bool is_tied(FeProgram *program, const AstDecl *rule, uint32_t depth) {
	Applied a = rules_named(program, rule);
	for (uint32_t i = 0; i < rule->body.count; i++)
		if (rule->body.data[i]->kind == AST_LEARN && mentions_x(program, rule->body.data[i]))
			return true;
	for (uint32_t i = 0; i < a.rules.count && depth < ELAB_MOST_CALLS; i++)
		if (a.rules.data[i] != rule && is_tied(program, a.rules.data[i], depth + 1))
			return true;
	return false;
}

bool fe_is_tied(FeProgram *program, const AstDecl *rule) {
	return is_tied(program, rule, 0);
}

static bool applies(const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_APPLY || s->kind == AST_LEARN ||
		    (s->kind == AST_WHEN && (applies(&s->when.yes) || applies(&s->when.no))) ||
		    (s->kind == AST_FOR && applies(&s->loop.body)) || (s->kind == AST_WHILE && applies(&s->repeat.body)))
			return true;
	}
	return false;
}

bool rule_may_learn(const RuleElab *r, const AstDecl *decl) {
	return r->open_count || applies(&decl->body) || rule_chooses(r, decl);
}
