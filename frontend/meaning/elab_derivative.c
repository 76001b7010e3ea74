/* Derivatives inside of programs: grad(E, v), jacobian(r, v), jvp(r, v, u).
 *
 * What has been emitted between the value that the name v stands for and that of E is a piece of the function that is being made
 * (ir_slice). It becomes a function of its own, which is differentiated, and the derivative is written out in place:
 *
 *     %4 u[n] = for i:n { ... %p[i] ... }       %6 s[] = for i:n { %u[i] } sum
 *     grad(sum(u), p)                           reverse mode of @slice(p, others) -> s, inlined: ops like all others,
 *                                               which may lie between another v and another E
 *
 * The index notation around a call makes one derivative for each value of its indices. As everything there is about one such value
 * at a time, an index that v has, too, needs no care: E at i depends on v at i alone. Of indices that only E has (as in
 * `let H[i] = grad(y[i], x)`), and of the axes of r, loops take one after the other. */
#include "autodiff/autodiff.h"
#include "frontend/meaning/derive.h"

/* ---- what is wrong ---- */

static Value *wrong(Derive *d, int at, const char *what) {
	Elab *e = d->e;
	const AstExpr *arg = d->x->call.args.data[at].value;
	Value *v = at == 0 ? d->of : d->by;
	Diag *diag = diag_error(e->session, 290, arg->span, "%s, not %s", what, value_type_text(e, v));
	if (at == 0 && d->b->id == BUILTIN_grad && v->rank)
		diag_help(e->session, diag, "`jacobian` has the gradients of all elements");
	return value_bad(e);
}

/* The gradient of a gradient, of which there is but one meaning: the Hessian. */
static bool is_gradient(const Derive *d) {
	const AstExpr *x = d->x->call.args.data[0].value;
	const Symbol *symbol = x->kind == AST_NAME || x->kind == AST_CALL ? symbol_at(d->e->program, x->id) : NULL;
	bool given =
		symbol && symbol->kind == SYMBOL_STEP && symbol->name == session_name(d->e->session, symbol_rule_names[RULE_G]);
	return given || (symbol && symbol->builtin &&
	                 (symbol->builtin->id == BUILTIN_gradient || symbol->builtin->id == BUILTIN_grad));
}

/* The arguments are of the kinds that a derivative is of; reported otherwise. */
static bool is_possible(Derive *d) {
	Elab *e = d->e;
	const Symbol *by = symbol_differentiated_by(e->program, d->x);
	if (!by || !by->differentiates) /* reported when names were looked up */
		return false;
	if (e->coord) {
		Diag *diag = diag_error(e->session, 290, d->x->span,
		                        "`%s` is of all coordinates: it may not stand inside `each`", d->b->name);
		diag_help(e->session, diag,
		          "differentiate before the `each`; what is shaped like x is read there at the coordinate");
		return false;
	}
	if (d->by->scalar != S_REAL) {
		wrong(d, 1, "derivatives are by real numbers");
		return false;
	}
	if (d->of->scalar == S_BOOL) {
		wrong(d, 0, "derivatives are of real numbers");
		return false;
	}
	if (d->b->id == BUILTIN_grad && d->of->rank && !is_gradient(d)) {
		wrong(d, 0, "`grad` is of one real number");
		return false;
	}
	return true;
}

/* ---- the beginning ---- */

static bool evaluates(const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		if (op->kind == IR_EVALUATE || op->kind == IR_DEFERRED)
			return true;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			if (evaluates(inside))
				return true;
	}
	return false;
}

static uint64_t operations(const IrBlock *block) {
	uint64_t count = 0;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		count += op->kind == IR_FOR ? op->f.nodes.count : 1;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			count += operations(inside);
	}
	return count;
}

/* Derivatives of derivatives grow with every order; reported where they come to more than anybody would see compiled. */
static bool is_written_out_in_time(Derive *d) {
	Elab *e = d->e;
	if (!d->slice.func || operations(&d->slice.func->body) <= ELAB_MOST_DERIVED)
		return true;
	Diag *diag =
		diag_error(e->session, 140, d->x->span, "written out, this is a derivative of more than %d scalar operations",
	               (int)ELAB_MOST_DERIVED);
	diag_help(e->session, diag,
	          "a derivative is about three times as long as what it is of, and so on for every order");
	return false;
}

static bool slice(Derive *d) {
	Elab *e = d->e;
	uint32_t count = e->loops.count + 1;
	const IrBlock **blocks = ARENA_ARRAY(e->arena, const IrBlock *, count);
	const IrOp **loops = ARENA_ARRAY(e->arena, const IrOp *, count);
	blocks[0] = &e->builder->func->body;
	for (uint32_t i = 1; i < count; i++) {
		loops[i] = e->loops.data[i - 1].op;
		blocks[i] = &loops[i]->loop.body;
	}
	d->slice = ir_slice(e->arena, e->builder->func, &(IrPlaceInside){blocks, loops, count}, d->start, d->end);
	if (d->slice.open)
		elab_derivative_open(d);
	d->evaluates = d->slice.func && evaluates(&d->slice.func->body);
	return !d->slice.open && is_written_out_in_time(d);
}

static bool is_free_in(const Ex *body, const Var *var) {
	return ex_has(body, var);
}

/* Both arguments as arrays of the IR. What is one value per tensor is summed over the tensors, as all of them move at once. */
static bool begin(Derive *d) {
	Elab *e = d->e;
	if (!is_possible(d))
		return false;
	d->of = value_materialize(e, value_convert(e, d->of, S_REAL), 0, d->x->span);
	if (value_body(e, d->by)->kind != EX_READ)
		base_panic("elab_derivative", "`%s` has no value of its own",
		           session_text(e->session, d->x->call.args.data[1].value->name));
	d->end = d->of->body->value;
	d->start = d->by->body->value;
	const VarSet *free = d->of->body->free;
	for (uint32_t i = 0; free && i < free->count; i++) {
		Var *var = free->vars[i];
		bool own = false;
		for (int k = 0; k < d->of->rank; k++)
			own = own || d->of->vars[k] == var;
		if (!own && !var->tensor && !is_free_in(d->by->body, var))
			d->rows[d->row_count++] = var;
	}
	bool ok = e->lowering ? slice(d) : elab_derivative_typed(d);
	return ok && (!d->evaluates || e->rule->derives(e->rule->self, d->b, &d->when, d->x->span));
}

/* What a derivative is computed from, for those who look through values that typing does not make. */
static IrValue not_made(Derive *d, IrType type, const Value *more) {
	Exs read = {0};
	vec_push(d->e->arena, &read, d->of->body);
	vec_push(d->e->arena, &read, d->by->body);
	if (more)
		vec_push(d->e->arena, &read, more->body);
	IrValue value = emit_not_made(d->e, type, &read);
	if (d->evaluates)
		*name_map_place(d->e->arena, &d->e->evaluated, value) = d->e;
	return value;
}

/* ---- making it ---- */

/* A derivative of the slice, written out here; `seed`: its last argument. derivative: as a function; NULL: it is put off. */
static IrValue written_out(Derive *d, const IrFunc *derivative, bool reverse, IrValue seed) {
	Elab *e = d->e;
	uint32_t count = d->slice.args.values.count;
	IrValue *args = ARENA_ARRAY(e->arena, IrValue, count + 1), result;
	for (uint32_t i = 0; i < count; i++)
		args[i] = d->slice.args.values.data[i];
	args[count] = seed;
	if (derivative) {
		ir_inline(e->builder, derivative, args, &result);
		return result;
	}
	IrDeferred deferred = {
		.what = reverse ? IR_DEFERRED_REVERSE : IR_DEFERRED_FORWARD, .of = d->slice.func, .when = d->when};
	deferred.args.data = args;
	deferred.args.count = count + 1;
	return ir_deferred(e->builder, &deferred, ir_type(e->builder->func, reverse ? d->start : d->end));
}

static const IrFunc *differentiated(Derive *d, bool reverse) {
	return d->evaluates ? NULL : ad_by_first(d->e->module, d->slice.func, reverse);
}

/* The functions that were made on the way are of no use to anyone else. */
static void forget(Derive *d, uint32_t funcs) {
	d->e->module->funcs.count = funcs;
}

/* 1 where the axes have the values of the counters, 0 elsewhere. axes: which of the type's, one for each counter. */
static IrValue one_hot(Derive *d, IrType type, const uint32_t *axes, const IrValue *counters, uint32_t count) {
	Elab *e = d->e;
	IrForBuilder f = ir_for_begin(e->builder);
	IrAt at[IR_MAX_RANK];
	for (uint32_t k = 0; k < type.rank; k++)
		at[k] = ir_at_index(e->module, ir_for_index(&f, 0, type.dims[k]), 1);
	uint32_t node = ir_real(&f, type.scalar, 1), zero = ir_real(&f, type.scalar, 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t here = ir_op2(&f, IR_eq, ir_index_value(&f, at[axes[i]]), ir_read_scalar(&f, counters[i]));
		node = ir_op3(&f, IR_where, here, node, zero);
	}
	IrValue out = ir_put(&f, IR_PUT_NONE, node, type, at, 0, false);
	ir_for_end(&f);
	return out;
}

/* Loops over some axes of what a derivative starts from, and where they are among the axes of the result. */
typedef struct Sweep {
	const IrFunc *derivative;
	IrType seed, part;          /* what it starts from, and what one derivative is */
	uint32_t axes[IR_MAX_RANK]; /* of the seed, which the loops are over ... */
	uint32_t count;
	bool first; /* ... and which are the first axes of the result; otherwise the last */
	IrType result;
	IrValue counters[IR_MAX_RANK];
} Sweep;

/* One derivative, put into the result so far. */
static IrValue put_part(Derive *d, const Sweep *s, IrValue into) {
	Elab *e = d->e;
	IrValue part = written_out(d, s->derivative, s->first, one_hot(d, s->seed, s->axes, s->counters, s->count));
	IrForBuilder f = ir_for_begin(e->builder);
	IrAt at[IR_MAX_RANK], from[IR_MAX_RANK];
	uint32_t own = s->first ? s->count : 0, looped = s->first ? 0 : s->part.rank;
	for (uint32_t k = 0; k < s->part.rank; k++)
		at[own + k] = from[k] = ir_at_index(e->module, ir_for_index(&f, 0, s->part.dims[k]), 1);
	uint32_t node = ir_read(&f, part, from, false);
	for (uint32_t i = 0; i < s->count; i++)
		at[looped + i] = ir_at_node(e->module, ir_read_scalar(&f, s->counters[i]), 1);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, s->result, at, into, false);
	ir_for_end(&f);
	return out;
}

static IrValue sweep_from(Derive *d, Sweep *s, uint32_t depth, IrValue into) {
	IrBuilder *b = d->e->builder;
	if (depth == s->count)
		return put_part(d, s, into);
	IrBlock *outer = b->block;
	IrOp *loop = ir_loop_begin(b, s->seed.dims[s->axes[depth]], 0);
	s->counters[depth] = loop->loop.counter;
	IrValue inner = ir_loop_carry(b, loop, into);
	IrValue yield = sweep_from(d, s, depth + 1, inner);
	ir_loop_end(b, loop, &yield, outer);
	return loop->loop.carries.data[0].out;
}

static IrValue sweep(Derive *d, Sweep *s) {
	uint32_t funcs = d->e->module->funcs.count - 1; /* with the slice */
	s->derivative = differentiated(d, s->first);
	IrValue out = s->count ? sweep_from(d, s, 0, ir_fill(d->e->builder, s->result, 0))
	                       : written_out(d, s->derivative, s->first, ir_fill(d->e->builder, s->seed, 1));
	forget(d, funcs);
	return out;
}

/* Which axis of the array that a value reads a variable runs over; -1: none. */
static int axis_of(const Value *v, const Var *var) {
	for (uint32_t i = 0; i < v->body->at_count; i++)
		if (v->body->at[i]->kind == EX_VAR && v->body->at[i]->var == var)
			return (int)i;
	return -1;
}

static IrType joined(IrType first, const IrDim *dims, uint32_t count, bool before) {
	IrType type = first;
	for (uint32_t i = 0; i < first.rank + count; i++) {
		uint32_t own = before ? i - count : i;
		type.dims[i] = own < first.rank ? first.dims[own] : dims[before ? i : i - first.rank];
	}
	type.rank = (uint8_t)(first.rank + count);
	return type;
}

static bool fits(Derive *d, uint32_t axes, double elements) {
	Elab *e = d->e;
	if (axes > IR_USER_RANK)
		diag_error(e->session, 208, d->x->span, "an array has at most %d axes, and this derivative has %u",
		           IR_USER_RANK, (unsigned)axes);
	else if (elements > 0x1p40)
		diag_error(e->session, 213, d->x->span, "a derivative of %.3g elements", elements);
	return axes <= IR_USER_RANK && elements <= 0x1p40;
}

/* The extents of loops over the rows, and over the axes of r from `from` on; false, and reported, where one is not known. */
static bool add_axis(Derive *d, Var *var, IrDim *dims, Ex **at, uint32_t *count) {
	Elab *e = d->e;
	dims[*count] = emit_dim(e, var->extent);
	at[(*count)++] = ex_var(e, var);
	if (dims[*count - 1] >= 0)
		return true;
	Diag *diag = diag_error(e->session, 265, d->x->span,
	                        "how many derivatives these are depends on `size(x)`, "
	                        "which this rule serves in any size");
	diag_help(e->session, diag, "a run on an objective knows it: `minimize`, `train` and `compare`");
	return false;
}

/* ---- grad and jacobian ---- */

static double elements_of(IrType type) {
	double elements = 1;
	for (int i = 0; i < type.rank; i++)
		elements *= type.dims[i] < 0 ? 1 : (double)type.dims[i];
	return elements;
}

/* The axes of `by` as the last ones of a value, and the positions at which a derivative by it is read. Their variables are new: those
 * of `by` may be among the others already, in a derivative of a derivative. */
static void add_by(Derive *d, Value *v, Ex **at) {
	Elab *e = d->e;
	const Value *like = value_array(e, S_REAL, d->by->rank, d->by->dims, d->x->span);
	uint32_t leading = d->by->body->at_count - (uint32_t)like->rank;
	for (uint32_t i = 0; i < leading; i++)
		at[i] = d->by->body->at[i];
	for (int k = 0; k < like->rank; k++) {
		v->dims[v->rank] = like->dims[k];
		v->vars[v->rank++] = like->vars[k];
		at[leading + (uint32_t)k] = ex_var(e, like->vars[k]);
	}
}

/* By reverse mode: a gradient for every value of the rows and of the axes of `of`. */
static Value *by_rows(Derive *d) {
	Elab *e = d->e;
	Sweep s = {.first = true, .seed = ir_type(e->builder->func, d->end), .part = ir_type(e->builder->func, d->start)};
	IrDim dims[2 * IR_MAX_RANK];
	Ex *at[2 * IR_MAX_RANK];
	Value *v = value_array(e, S_REAL, 0, NULL, d->x->span);
	Value *of_like = value_array(e, S_REAL, d->of->rank, d->of->dims, d->x->span);
	for (uint32_t i = 0; i < d->row_count; i++) {
		int axis = axis_of(d->of, d->rows[i]);
		if (axis < 0 || !add_axis(d, d->rows[i], dims, at, &s.count))
			return value_bad(e);
		s.axes[s.count - 1] = (uint32_t)axis;
	}
	uint32_t total = s.count + (uint32_t)d->of->rank + s.part.rank;
	if (!fits(d, total, elements_of(s.part) * elements_of(s.seed)))
		return value_bad(e);
	for (int k = 0; k < d->of->rank; k++) {
		v->dims[v->rank] = d->of->dims[k];
		v->vars[v->rank++] = of_like->vars[k];
		if (!add_axis(d, of_like->vars[k], dims, at, &s.count))
			return value_bad(e);
		s.axes[s.count - 1] = d->of->body->at_count - (uint32_t)(d->of->rank - k);
	}
	s.result = joined(s.part, dims, s.count, true);
	add_by(d, v, at + s.count);
	IrValue made = !e->lowering     ? not_made(d, s.result, NULL)
	               : !d->slice.func ? ir_fill(e->builder, s.result, 0)
	                                : sweep(d, &s);
	v->body = ex_read(e, made, at, s.count + d->by->body->at_count, false);
	return v;
}

Value *elab_call_grad(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Derive d = {.e = e, .b = b, .x = x, .of = args[0], .by = args[1]};
	if (d.of->rank && is_gradient(&d))
		return elab_call_jacobian(e, b, args, x);
	return begin(&d) ? by_rows(&d) : value_bad(e);
}

/* By forward mode: a derivative of all of `of` for every element of `by`. */
static Value *by_columns(Derive *d) {
	Elab *e = d->e;
	Sweep s = {.seed = ir_type(e->builder->func, d->start), .part = ir_type(e->builder->func, d->end)};
	IrDim dims[IR_MAX_RANK];
	Ex *at[2 * IR_MAX_RANK];
	Value *v = value_array(e, S_REAL, 0, NULL, d->x->span);
	uint32_t before = d->of->body->at_count, rank = (uint32_t)d->by->rank;
	if (!fits(d, before + rank, elements_of(s.part) * elements_of(s.seed)))
		return value_bad(e);
	for (int k = 0; k < d->of->rank; k++) {
		v->dims[v->rank] = d->of->dims[k];
		v->vars[v->rank++] = d->of->vars[k];
	}
	const Value *by_like = value_array(e, S_REAL, d->by->rank, d->by->dims, d->x->span);
	for (uint32_t k = 0; k < rank; k++) {
		v->dims[v->rank] = d->by->dims[k];
		v->vars[v->rank++] = by_like->vars[k];
		if (!add_axis(d, by_like->vars[k], dims, at + before, &s.count))
			return value_bad(e);
		s.axes[k] = d->by->body->at_count - (rank - k);
	}
	s.result = joined(s.part, dims, s.count, false);
	for (uint32_t i = 0; i < before; i++)
		at[i] = d->of->body->at[i];
	v->body = ex_read(e, sweep(d, &s), at, before + rank, false);
	return v;
}

static double own_elements(const Elab *e, const Value *v) {
	double elements = 1;
	for (int k = 0; k < v->rank; k++)
		elements *= (double)emit_dim(e, v->dims[k]);
	return elements;
}

Value *elab_call_jacobian(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Derive d = {.e = e, .b = b, .x = x, .of = args[0], .by = args[1]};
	bool one_vector = e->x_rank == 1 && !e->by_shape; /* a joint rule, which is so on any objective */
	if (!one_vector && (value_x_axis(d.of) >= 0 || value_x_axis(d.by) >= 0)) {
		Diag *diag = diag_error(e->session, 265, x->span,
		                        "`%s` by or of what is shaped like x, of which there may be several", b->name);
		diag_help(e->session, diag, "a `joint optimizer` sees all parameters as one vector");
		return value_bad(e);
	}
	if (!begin(&d))
		return value_bad(e);
	double rows = own_elements(e, d.of);
	for (uint32_t i = 0; i < d.row_count; i++)
		rows *= (double)emit_dim(e, d.rows[i]->extent);
	return e->lowering && d.slice.func && own_elements(e, d.by) <= rows ? by_columns(&d) : by_rows(&d);
}

/* ---- jvp ---- */

/* A direction of the shape of `by`, as an array like the one that `by` reads: axes in front are those of indices around, or have one
 * element, as where a program has one number for a parameter. */
static IrValue direction(Derive *d, Value *along) {
	Elab *e = d->e;
	Ex *body = value_body(e, along);
	Emit m = emit_begin(e, d->x->span);
	IrAt at[IR_MAX_RANK];
	uint32_t count = d->by->body->at_count, leading = count - (uint32_t)d->by->rank;
	for (uint32_t i = 0; i < count; i++) {
		const Ex *read = d->by->body->at[i];
		Var *var = i >= leading ? along->vars[i - leading] : read->kind == EX_VAR ? read->var : NULL;
		at[i] = var ? ir_at_index(e->module, m.count, 1) : ir_at_const(0);
		if (var)
			emit_var(e, &m, var);
	}
	uint32_t node = emit_ex(e, &m, body);
	return emit_put(e, &m, IR_PUT_NONE, node, ir_type(e->builder->func, d->start), at, 0, false);
}

Value *elab_call_jvp(Elab *e, const Builtin *b, Value **args, const AstExpr *x) {
	Derive d = {.e = e, .b = b, .x = x, .of = args[0], .by = args[1]};
	Value *along = args[2];
	Span span = x->call.args.data[2].value->span;
	if (along->scalar == S_BOOL || (along->rank && !value_same_shape(along, d.by))) {
		Diag *diag = diag_error(e->session, 290, span, "a direction has the shape of `%s`, %s, and this is %s",
		                        session_text(e->session, x->call.args.data[1].value->name),
		                        value_dims_text(e, d.by->dims, d.by->rank), value_type_text(e, along));
		diag_help(e->session, diag, "one number stands for all elements");
		return value_bad(e);
	}
	if (!begin(&d))
		return value_bad(e);
	along = elab_broadcast(e, value_convert(e, along, S_REAL), d.by);
	const VarSet *free = value_body(e, along)->free;
	for (uint32_t i = 0; free && i < free->count; i++) {
		Var *var = free->vars[i];
		bool own = false;
		for (int k = 0; k < along->rank; k++)
			own = own || along->vars[k] == var;
		if (own || var->tensor || ex_has(d.by->body, var))
			continue;
		Diag *diag =
			diag_error(e->session, 290, span, "the direction varies with `%s`, and `%s` does not",
		               session_text(e->session, var->name), session_text(e->session, x->call.args.data[1].value->name));
		diag_help(e->session, diag,
		          "`jacobian` has the derivatives along all axes; a `for` loop takes one direction after the other");
		return value_bad(e);
	}
	Value *v = ARENA_NEW(e->arena, Value);
	*v = *d.of;
	IrType type = ir_type(e->builder->func, d.end);
	IrValue made;
	if (!e->lowering)
		made = not_made(&d, type, along);
	else if (!d.slice.func)
		made = ir_fill(e->builder, type, 0);
	else {
		uint32_t funcs = e->module->funcs.count - 1;
		const IrFunc *forward = differentiated(&d, false);
		made = written_out(&d, forward, false, direction(&d, along));
		forget(&d, funcs);
	}
	v->body = ex_read(e, made, d.of->body->at, d.of->body->at_count, false);
	return v;
}
