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
	const char *name = session_text(r->e.session, l->slot.name);
	if (!r->program->loader ||
	    !r->program->loader(r->program->loader_context, path, name, &l->slot.type, data, problem))
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
static bool start_as_written(Elab *e, const AstStmt *s, DrawKey key, Value **start, int64_t *dims, int *rank) {
	const AstDeclare *d = &s->declare;
	if (d->from)
		return !d->has_head && elab_dims(e, &d->type, dims, rank, 0);
	Value *v = d->draw ? elab_draw(e, d, key) : elab_headed(e, d, d->names.data[0].name);
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

static bool learned_start(RuleElab *r, const AstStmt *s, DrawKey key, FeLearned *l, Value **start) {
	Elab *e = &r->e;
	const AstDeclare *d = &s->declare;
	double low = 0, high = 0;
	bool limited = limits_stated(e, &d->limits, &low, &high);
	if (!limits_set(e, limited, low, high, d->limits.span, &l->slot.limits))
		return false;
	int64_t dims[IR_MAX_RANK];
	int rank = 0;
	Value *v = NULL;
	if (!start_as_written(e, s, key, &v, dims, &rank) || !set_learned_type(r, &d->names.data[0], dims, rank, l))
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

void rule_build_theta(RuleElab *r) {
	Elab *e = &r->e;
	FeRule *o = r->out;
	IrBuilder builder;
	rule_begin_function(r, &builder, "theta", &o->theta);
	DrawKey key = {.seed =
	                   ex_read(e, ir_param_as(o->theta, IR_ROLE_SEED, "seed", ir_scalar_type(IR_I64)), NULL, 0, false),
	               .instance = ex_int(e, 0)};
	rule_begin_tensors(r);
	rule_bind_hypers(r, NULL);
	bind_x(r);
	VEC(Value *) starts = {0};
	for (uint32_t i = 0; i < r->decl->body.count; i++) {
		const AstStmt *s = r->decl->body.data[i];
		if (s->kind != AST_LEARN || s->declare.names.count == 0)
			continue;
		FeLearned l = {.declare = &s->declare,
		               .slot = {.name = s->declare.names.data[0].name,
		                        .span = s->declare.names.data[0].span,
		                        .offset = o->learned_count},
		               .by_size = mentions_x(r->program, s)};
		Value *v = NULL;
		learned_start(r, s, key, &l, &v);
		o->learned_count += l.slot.count;
		vec_push(e->arena, &o->learned, l);
		vec_push(e->arena, &starts, v);
	}
	for (uint32_t i = 0; i < r->hypers.count; i++) {
		Hyper *h = &r->hypers.data[i];
		if (!h->learned)
			continue;
		h->learned = (int)o->learned.count + 1;
		FeLearned l = {.slot = {.name = h->name, .span = h->span, .offset = o->learned_count, .count = 1},
		               .from_hyper = true};
		l.slot.type = ir_scalar_type(e->real);
		open_transform(e, h, &l);
		o->learned_count++;
		vec_push(e->arena, &o->learned, l);
		vec_push(e->arena, &starts, value_real(e, h->value));
	}
	if (o->learned_count == 0) {
		o->theta = NULL;
		return;
	}
	IrType type = ir_tensor_type(e->real, 1, &o->learned_count);
	IrValue theta = emit_fill(e, type, 0);
	for (uint32_t i = 0; i < starts.count; i++)
		if (starts.data[i])
			theta = put_flat(e, starts.data[i],
			                 limits_unconstrained(e, &o->learned.data[i].slot.limits, value_body(e, starts.data[i])),
			                 type, theta, o->learned.data[i].slot.offset, o->learned.data[i].slot.span);
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
	for (uint32_t i = 0; i < o->learned.count; i++) {
		const FeLearned *l = &o->learned.data[i];
		Value *v = l->slot.count ? learned_value(r, l, theta) : value_bad(e);
		v = value_reusable(e, v, l->slot.name, l->slot.span);
		const Symbol *symbol = l->declare ? symbol_at(r->program, l->declare->names.data[0].id) : NULL;
		for (uint32_t k = 0; l->from_hyper && k < r->hypers.count; k++) {
			if (r->hypers.data[k].name != l->slot.name)
				continue;
			v->hyper = (int)k + 1;
			symbol = r->hypers.data[k].symbol;
		}
		scope_add(e, symbol, v);
	}
}

/* ---- what follows from the declarations alone ---- */

bool fe_is_tied(FeProgram *program, const AstDecl *rule) {
	resolve_decl(program, rule);
	for (uint32_t i = 0; i < rule->body.count; i++)
		if (rule->body.data[i]->kind == AST_LEARN && mentions_x(program, rule->body.data[i]))
			return true;
	return false;
}
