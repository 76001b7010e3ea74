/* Derivatives in programs while they are typed, when there are no operations yet: what would be computed from what (Elab.sources) says
 * whether there is a derivative at all, and whether a loop has to be written out for it. */
#include "frontend/meaning/derive.h"

enum {
	PER_VALUE = 8
}; /* expressions that a derivative counts as, for every value that it goes through, in what is written out */

typedef struct Walk {
	Derive *d;
	Arena *scratch;
	bool *seen; /* values */
	VEC(IrValue) pending;
	uint32_t met;
	uint64_t epoch;
	bool depends, evaluates;
	const IrOp *open; /* a loop around whose earlier turns the end may depend on */
} Walk;

static void reach(Walk *w, IrValue value) {
	if (value < w->d->start || w->seen[value])
		return;
	w->seen[value] = true;
	w->met++;
	vec_push(w->scratch, &w->pending, value);
}

static void reach_reads(Walk *w, Ex *x) {
	if (x->epoch == w->epoch)
		return;
	x->epoch = w->epoch;
	if (x->kind == EX_READ)
		reach(w, x->value);
	for (uint32_t i = 0; x->kind == EX_READ && i < x->at_count; i++)
		reach_reads(w, x->at[i]);
	for (int i = 0; x->kind == EX_OP && i < ir_op_info[x->opcode].arity; i++)
		reach_reads(w, x->args[i]);
}

static OpenLoop *open_loop(const Elab *e, const IrOp *op) {
	for (uint32_t i = 0; i < e->loops.count; i++)
		if (e->loops.data[i].op == op)
			return &e->loops.data[i];
	return NULL;
}

/* From what a loop carries: to what it starts from and becomes. Of one that is not complete, nothing is known yet. */
static void reach_carry(Walk *w, const IrOp *op, IrValue value) {
	if (open_loop(w->d->e, op)) {
		w->open = op;
		return;
	}
	for (uint32_t i = 0; i < op->loop.carries.count; i++) {
		const IrCarry *c = &op->loop.carries.data[i];
		if (c->inner != value && c->out != value)
			continue;
		reach(w, c->init);
		reach(w, c->yield);
	}
}

static Walk dependence(Derive *d) {
	Elab *e = d->e;
	const IrFunc *func = e->builder->func;
	Walk w = {.d = d, .scratch = arena_new(), .epoch = ++*e->epoch};
	w.seen = ARENA_ARRAY(w.scratch, bool, func->values.count);
	reach(&w, d->end);
	while (w.pending.count) {
		IrValue value = w.pending.data[--w.pending.count];
		if (value == d->start) {
			w.depends = true;
			continue;
		}
		w.evaluates = w.evaluates || name_map_get(&e->evaluated, value);
		const Exs *sources = name_map_get(&e->sources, value);
		for (uint32_t i = 0; sources && i < sources->count; i++)
			reach_reads(&w, sources->data[i]);
		IrDef def = ir_def_of(func, value);
		if (def.kind == IR_DEF_INNER || def.kind == IR_DEF_OUT)
			reach_carry(&w, def.op, value);
	}
	arena_free(w.scratch);
	return w;
}

void elab_derivative_open(Derive *d) {
	Elab *e = d->e;
	const AstExpr *by = d->x->call.args.data[1].value;
	Diag *diag =
		diag_error(e->session, 291, d->x->span,
	               "this may depend on `%s` through earlier turns of the loop, which is not differentiated within it",
	               session_text(e->session, by->name));
	diag_help(e->session, diag, "differentiate after the loop, or by a value that is made in the same turn");
	elab_note_not_known(e, diag);
}

static void warn_zero(Derive *d) {
	Elab *e = d->e;
	const AstExpr *by = d->x->call.args.data[1].value;
	Diag *diag =
		diag_warning(e->session, 292, d->x->span, "this does not depend on `%s`, so its derivative is 0 everywhere",
	                 session_text(e->session, by->name));
	const Symbol *symbol = symbol_differentiated_by(e->program, d->x);
	if (symbol->kind == SYMBOL_X)
		diag_help(e->session, diag,
		          "f, g and what was computed before are held: write `value(x)`, `gradient(x)` and the like here");
	else
		diag_help(e->session, diag,
		          "only what is computed from `%s` itself depends on it, not what `%s` was computed from",
		          session_text(e->session, by->name), session_text(e->session, by->name));
}

bool elab_derivative_typed(Derive *d) {
	Walk w = dependence(d);
	if (w.open) {
		for (uint32_t i = 0; i < d->e->loops.count; i++)
			if (d->e->loops.data[i].op->loop.counter > d->start)
				d->e->loops.data[i].needed = true;
		elab_derivative_open(d);
		return false;
	}
	if (!w.depends)
		warn_zero(d);
	d->evaluates = w.depends && w.evaluates;
	if (d->e->copying) /* a derivative repeats all that it is of, and more than once */
		d->e->copies += PER_VALUE * w.met;
	return true;
}
