/* Loops. A loop becomes one of the tensor IR, whose body is made once, or its turns are written out one by one: where they
 * are few, or where the body needs to know its counter, as in `zeros(k + 1)`.
 *
 *     for i in j + 1..n { body }      where j is the counter of a loop around: as many turns as there can be at most,
 *     becomes                         the body under a condition
 *     for k in 0..most { if k < n - (j + 1) { body with i = j + 1 + k } }
 */
#include "frontend/meaning/elab.h"
#include "ir/core/walk.h"

enum { CODE_THROUGH_TURNS = 291 };

typedef struct Turns {
	const AstStmt *s;
	uint32_t number; /* of the loop, for what typing notes of it */
	const AstBlock *body;
	Ex *low;       /* where the counter starts */
	int64_t step;  /* from turn to turn */
	Ex *high;      /* where it ends, itself excluded */
	Ex *count;     /* how many turns there are; NULL: as many as it takes from low to high, ... */
	int64_t most;  /* ... and at most so many */
	Binding *goes; /* of a `while`: whether its condition has held so far */
} Turns;

static Binding *binding_of_goes(Elab *e, const AstStmt *s) {
	Symbol *symbol = ARENA_NEW(e->arena, Symbol);
	*symbol = (Symbol){.kind = SYMBOL_VAR, .name = session_name(e->session, "goes"), .span = s->repeat.condition->span};
	Binding *goes = ARENA_NEW(e->arena, Binding);
	*goes = (Binding){.symbol = symbol,
	                  .value = value_scalar(e, S_BOOL, ex_bool(e, true)),
	                  .scalar = S_BOOL,
	                  .indices_around = e->indices_around.count,
	                  .coord = e->coord};
	return goes;
}

static bool find_limit(Elab *e, const AstStmt *s, Turns *turns) {
	int64_t limit;
	if (!s->repeat.limit || !elab_static_int(e, s->repeat.limit, "the limit of `while`", &limit))
		return false;
	*turns = (Turns){.s = s,
	                 .number = s->repeat.condition->id,
	                 .body = &s->repeat.body,
	                 .low = ex_int(e, 0),
	                 .step = 1,
	                 .count = ex_int(e, limit),
	                 .most = limit,
	                 .goes = binding_of_goes(e, s)};
	return true;
}

/* What stands behind `by`; false with a diagnostic. */
static bool find_step(Elab *e, const AstStmt *s, int64_t *step) {
	if (!s->loop.step)
		return true;
	if (!elab_static_int(e, s->loop.step, "a step", step))
		return false;
	bool fine = *step != 0 && *step < EX_MOST_ADDED && *step > -EX_MOST_ADDED;
	if (!fine)
		diag_error(e->session, 255, s->loop.step->span, "a loop cannot go by %lld", (long long)*step);
	return fine;
}

static bool find_turns(Elab *e, const AstStmt *s, Turns *turns) {
	if (s->kind == AST_WHILE)
		return find_limit(e, s, turns);
	Ex *low = s->loop.range.low ? elab_bounded_int(e, s->loop.range.low, "the start of a loop") : ex_int(e, 0);
	DiagMark mark = diag_mark(e->session);
	Ex *high = low && s->loop.range.high ? elab_bounded_int(e, s->loop.range.high, "the end of a loop") : NULL;
	if (!high && s->loop.range.no_range) /* that it is none was reported */
		diag_take_back(e->session, mark);
	int64_t step = 1;
	if (!high || !find_step(e, s, &step))
		return false;
	Ex *length = step > 0 ? ex_op(e, IR_sub, high, low, NULL) : ex_op(e, IR_sub, low, high, NULL);
	Affine a = proof_affine(length);
	int64_t least, most, size = step > 0 ? step : -step;
	proof_range(&a, &least, &most);
	if (most > length->high)
		most = length->high;
	bool known = least == most;
	most = most <= 0 ? 0 : (most - 1) / size + 1;
	*turns = (Turns){.s = s,
	                 .number = s->loop.name.id,
	                 .body = &s->loop.body,
	                 .low = low,
	                 .step = step,
	                 .high = high,
	                 .count = known       ? ex_int(e, most)
	                          : size == 1 ? length
	                                      : NULL,
	                 .most = most};
	return true;
}

/* ---- one turn ---- */

typedef struct Turn {
	const Turns *turns;
	Ex *counter; /* from 0 */
	Path *path;
} Turn;

/* What the counter is in the turn of this number. */
static Ex *counter_at(Elab *e, const Turns *turns, Ex *number) {
	if (turns->step != 1)
		number = ex_op(e, IR_mul, number, ex_int(e, turns->step), NULL);
	return ex_add_int(e, number, turns->low);
}

/* Whether there is a turn of this number. */
static Ex *is_turn(Elab *e, const Turns *turns, Ex *number) {
	if (turns->count)
		return ex_op(e, IR_lt, number, turns->count, NULL);
	Ex *counter = counter_at(e, turns, number);
	return turns->step > 0 ? ex_op(e, IR_lt, counter, turns->high, NULL) : ex_op(e, IR_lt, turns->high, counter, NULL);
}

/* goes = goes and c; if goes { body }. What c evaluates counts as long as the loop goes on. */
static void run_while(Elab *e, const AstStmt *s, Binding *goes) {
	if (value_known(goes->value) && !goes->value->body->integer)
		return;
	uint32_t holds = e->holds.count;
	if (!value_known(goes->value))
		vec_push(e->arena, &e->holds, goes->value->body);
	Value *args[2] = {goes->value, elab_truth(e, s->repeat.condition, "the condition of `while`")};
	e->holds.count = holds;
	Value *both = args[1];
	if (!value_is_bad(both))
		both = elab_apply(e, IR_and, S_BOOL, S_BOOL, args, 2, s->repeat.condition->span, NULL);
	Ex *said = value_is_bad(both) ? NULL : both->body;
	if (!value_is_bad(both))
		both = goes->value = value_reusable(e, both, goes->symbol->name, s->repeat.condition->span);
	elab_branches(e, both, said, s->repeat.condition->span, s->span, &s->repeat.body, NULL);
}

static void run_body(Elab *e, const void *context) {
	const Turn *turn = context;
	const AstStmt *s = turn->turns->s;
	ScopeMark scope = scope_mark(e);
	Path *path = e->path;
	e->path = turn->path;
	if (s->kind == AST_WHILE) {
		run_while(e, s, turn->turns->goes);
	} else {
		scope_add_name(e, s->loop.name, value_scalar(e, S_INT, counter_at(e, turn->turns, turn->counter)));
		elab_block(e, &s->loop.body);
	}
	e->path = path;
	scope_back(e, scope);
}

static void one_turn(Elab *e, const Turns *turns, Ex *counter, const Bindings *changed) {
	Path *loop = typing_inside(e->typing, e->path, turns->number);
	Turn turn = {turns, counter,
	             ex_is_const(counter) ? typing_inside(e->typing, loop, (uint32_t)counter->integer + 1) : loop};
	Ex *runs = is_turn(e, turns, counter);
	vec_push(e->arena, &e->turns, ((OpenTurn){counter, turns->most}));
	if (ex_is_const(runs) && runs->integer)
		run_body(e, &turn);
	else if (!ex_is_const(runs))
		elab_choose(e, &(Choice){.cond = value_scalar(e, S_BOOL, runs),
		                         .said = runs,
		                         .cond_span = turns->s->loop.range.span,
		                         .span = turns->s->span,
		                         .changed = changed,
		                         .yes = run_body,
		                         .yes_context = &turn});
	e->turns.count--;
}

/* ---- written out ---- */

/* Stops at the first turn with an error: the others would say the same. again: the body was elaborated before, so that the first
 * turn, too, is a copy of it. */
static void write_out(Elab *e, const Turns *turns, const Bindings *changed, bool again) {
	uint32_t errors = e->session->error_count, written = e->written;
	const Value *returned = e->returned;
	uint32_t most = (uint32_t)(turns->most < ELAB_FEW_NESTED_TURNS ? turns->most : ELAB_FEW_NESTED_TURNS);
	e->written = written == 0 ? most : written > ELAB_FEW_NESTED_TURNS ? written : written * most;
	for (int64_t i = 0; i < turns->most && errors == e->session->error_count && !e->out_of_budget; i++) {
		if (i || again)
			elab_copy_begin(e, turns->s->span);
		one_turn(e, turns, ex_int(e, i), changed);
		if (i || again)
			elab_copy_end(e);
		if (e->returned != returned)
			break;
	}
	e->written = written;
}

/* ---- as a loop of the tensor IR ---- */

/* False if the body needs to know its counter, with the errors that say so. */
static bool run_loop(Elab *e, const Turns *turns, const Bindings *changed) {
	const AstStmt *s = turns->s;
	uint32_t count = changed->count, errors = e->session->error_count;
	Value **before = ARENA_ARRAY(e->arena, Value *, count);
	IrValue *inits = ARENA_ARRAY(e->arena, IrValue, count), *yields = ARENA_ARRAY(e->arena, IrValue, count);
	Var *const *around = e->indices_around.data;
	for (uint32_t i = 0; i < count; i++) {
		Binding *b = changed->data[i];
		before[i] = b->value;
		inits[i] =
			emit_whole(e, value_convert(e, b->value, b->scalar), around, b->indices_around, b->symbol->name, s->span);
	}
	IrBlock *outer = e->builder->block;
	Value *returned = e->returned;
	e->builder->span = s->span;
	e->builder->name = s->kind == AST_FOR ? s->loop.name.name : 0;
	IrOp *op = ir_loop_begin(e->builder, turns->most, 0);
	for (uint32_t i = 0; i < count; i++) {
		Binding *b = changed->data[i];
		e->builder->name = b->symbol->name;
		yields[i] = ir_loop_carry(e->builder, op, inits[i]);
		e->builder->name = 0;
		if (b == turns->goes && ir_type(e->builder->func, yields[i]).rank == 0)
			op->loop.goes = yields[i];
		b->value =
			value_from_whole(e, yields[i], b->scalar, before[i]->rank, before[i]->dims, around, b->indices_around);
	}
	e->builder->name = 0;
	vec_push(e->arena, &e->loops, ((OpenLoop){.op = op}));
	Ex *counter = ex_read(e, op->loop.counter, NULL, 0, false);
	counter->low = 0;
	counter->high = turns->most - 1;
	one_turn(e, turns, counter, changed);
	bool returns = e->returned != returned;
	bool needed = e->loops.data[--e->loops.count].needed || returns;
	e->returned = returned;
	for (uint32_t i = 0; i < count; i++) {
		Binding *b = changed->data[i];
		if (!value_is_bad(b->value))
			yields[i] = emit_whole(e, b->value, e->indices_around.data, b->indices_around, b->symbol->name, s->span);
	}
	ir_loop_end(e->builder, op, yields, outer);
	if (returns || (needed && e->session->error_count > errors)) {
		for (uint32_t i = 0; i < count; i++)
			changed->data[i]->value = before[i];
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		Binding *b = changed->data[i];
		b->value = value_from_whole(e, op->loop.carries.data[i].out, b->scalar, before[i]->rank, before[i]->dims,
		                            e->indices_around.data, b->indices_around);
	}
	return true;
}

/* All that the errors say is that something is not known. Then those that remain when it is known say more. */
static bool only_not_known(const Elab *e, const Diags *diags) {
	for (uint32_t i = 0; i < diags->count; i++)
		if (!elab_says_not_known(e, diags->data[i]))
			return false;
	return true;
}

static bool has_derivative(const Diags *diags) {
	for (uint32_t i = 0; i < diags->count; i++)
		if (diags->data[i]->code == CODE_THROUGH_TURNS)
			return true;
	return false;
}

/* What does not work as a loop may work when all is known. If not, the errors are mostly those of the loop. */
static void write_out_instead(Elab *e, const Turns *turns, const Bindings *changed, DiagMark mark) {
	Diags as_loop = diag_take_back(e->session, mark);
	Value **before = ARENA_ARRAY(e->arena, Value *, changed->count), *returned = e->returned;
	for (uint32_t i = 0; i < changed->count; i++)
		before[i] = changed->data[i]->value;
	e->attempts++;
	write_out(e, turns, changed, true);
	e->attempts--;
	bool failed = e->out_of_budget || e->session->error_count > mark.errors;
	if (!failed)
		return;
	if (!only_not_known(e, &as_loop)) {
		diag_take_back(e->session, mark);
		diag_say(e->session, &as_loop);
	} else if (e->out_of_budget) {
		diag_take_back(e->session, mark);
		if (has_derivative(&as_loop))
			diag_say(e->session, &as_loop);
		else
			elab_report_copies(e, turns->s->span);
	}
	e->returned = returned;
	for (uint32_t i = 0; i < changed->count; i++)
		changed->data[i]->value = before[i];
}

/* Types a loop, and so finds out whether its turns have to be written out. */
static LoopForm loop_form(Elab *e, const Turns *turns, const Bindings *changed) {
	uint32_t written = e->written ? e->written : 1;
	if (turns->most <= ELAB_FEW_TURNS && written * turns->most <= ELAB_FEW_NESTED_TURNS) {
		write_out(e, turns, changed, false);
		return LOOP_WRITTEN_OUT;
	}
	DiagMark mark = diag_mark(e->session);
	if (run_loop(e, turns, changed))
		return LOOP_OF_IR;
	write_out_instead(e, turns, changed, mark);
	return LOOP_WRITTEN_OUT;
}

void elab_loop(Elab *e, const AstStmt *s) {
	Turns turns;
	if (!find_turns(e, s, &turns)) {
		elab_skip(e, s->kind == AST_WHILE ? &s->repeat.body : &s->loop.body);
		return;
	}
	if (turns.most <= 0)
		return;
	Bindings changed = {0};
	elab_assigned_outside(e, turns.body, &changed);
	if (turns.goes)
		vec_push(e->arena, &changed, turns.goes);
	if (!e->lowering)
		typing_set_loop(e->typing, e->path, turns.number, loop_form(e, &turns, &changed));
	else if (typing_loop(e->path, turns.number) == LOOP_OF_IR)
		run_loop(e, &turns, &changed);
	else
		write_out(e, &turns, &changed, false);
}

/* ---- whose counter has to be known ---- */

typedef struct Search {
	Elab *e;
	bool *seen; /* values */
	VEC(IrValue) pending;
	uint64_t epoch; /* of the expressions that were looked at */
} Search;

static void reach(Search *s, IrValue value) {
	if (s->seen[value])
		return;
	s->seen[value] = true;
	vec_push(s->e->arena, &s->pending, value);
}

static void reach_reads(Search *s, Ex *x) {
	if (x->epoch == s->epoch)
		return;
	x->epoch = s->epoch;
	if (x->kind == EX_READ)
		reach(s, x->value);
	for (uint32_t i = 0; x->kind == EX_READ && i < x->at_count; i++)
		reach_reads(s, x->at[i]);
	for (int i = 0; x->kind == EX_OP && i < ir_op_info[x->opcode].arity; i++)
		reach_reads(s, x->args[i]);
}

/* A counter, or what a loop carries from turn to turn. */
static bool mark_loop(Search *s, const IrOp *op, IrValue value) {
	bool found = false;
	for (uint32_t i = 0; i < s->e->loops.count; i++) {
		if (s->e->loops.data[i].op != op)
			continue;
		s->e->loops.data[i].needed = true;
		found = true;
	}
	for (uint32_t i = 0; i < op->loop.carries.count; i++)
		if (op->loop.carries.data[i].inner == value)
			reach(s, op->loop.carries.data[i].init);
	return found;
}

bool elab_needs_known(Elab *e, Ex *x) {
	bool found = false;
	if (!e->loops.count || !x)
		return false;
	const IrFunc *func = e->builder->func;
	Search s = {.e = e, .seen = ARENA_ARRAY(e->arena, bool, func->values.count), .epoch = ++*e->epoch};
	reach_reads(&s, x);
	while (s.pending.count) {
		IrValue value = s.pending.data[--s.pending.count];
		IrDef def = ir_def_of(func, value);
		const Exs *sources = name_map_get(&e->sources, value);
		for (uint32_t i = 0; sources && i < sources->count; i++)
			reach_reads(&s, sources->data[i]);
		if (def.kind == IR_DEF_COUNTER || def.kind == IR_DEF_INNER || def.kind == IR_DEF_OUT)
			found = mark_loop(&s, def.op, value) || found;
	}
	return found;
}
