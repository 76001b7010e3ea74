/* The evaluator: blocks, loops and memory. Values are shared by counting holders; a value is let go at its last use, and a
 * put `into` a base that nobody else holds goes on in the base's memory, so that stacks and accumulators in loops cost
 * what is written to them, not their size. */
#include "ir/eval/eval.h"
#include "ir/core/walk.h"
#include "ir/eval/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct BlockPlan BlockPlan;

/* An op, prepared. */
typedef struct OpPlan {
	const IrOp *op;
	VEC(IrValue) dying; /* values of this op's block that nothing uses afterwards */
	bool *moved;        /* per put or carry: its starting value is given away, since it dies here unread */
	ForPlan f;          /* FOR */
	Cell **outs;        /* FOR: per put; LOOP: per carry, the current values */
	Cell **next;        /* LOOP: per carry, the values of the next turn */
	BlockPlan *body;    /* LOOP */
	Cell *table;        /* CONST, made when first needed */
} OpPlan;

struct BlockPlan {
	VEC(OpPlan *) ops;
	VEC(IrValue) defined;
};

typedef struct Evaluator {
	const IrFunc *func;
	Arena *scratch;
	int64_t *symbols;
	Cell **cells; /* per value; NULL: not there */
	Cell all;     /* head of the list of cells */
	/* planning, per value: the loops around its definition; the op of its block that uses it last; the loop of its block
	 * whose body uses it last; whether it outlives its block (results, yields) */
	int *depth;
	OpPlan **last_use, **inside_use;
	bool *kept;
	VEC(OpPlan *) path;     /* the op being planned on each depth */
	int now;                /* the depth being planned */
	IrObjective *objective; /* NULL: not known */
	void *context;          /* of the objective */
	EvalWatch *watch;       /* or NULL */
	const char *error;
	Span where;
	int64_t outside[2]; /* where a read left its range: the position, and the extent of the axis */
} Evaluator;

/* ---- cells ---- */

static IrType concrete(const Evaluator *e, IrType type) {
	for (int i = 0; i < type.rank; i++)
		type.dims[i] = ir_dim_value(type.dims[i], e->symbols);
	return type;
}

static Cell *cell_new(Evaluator *e, IrType type, IrNumber *borrowed) {
	Cell *cell = memory_new(sizeof(Cell));
	int64_t count = ir_type_elements(type, NULL);
	IrNumber *data = borrowed ? borrowed : malloc(sizeof(IrNumber) * (size_t)(count ? count : 1));
	if (!data)
		base_no_memory(sizeof(IrNumber) * (size_t)count);
	*cell = (Cell){.before = &e->all, .after = e->all.after, .holders = 1, .type = type, .count = count, .data = data};
	cell->borrowed = borrowed != NULL;
	e->all.after->before = cell;
	e->all.after = cell;
	return cell;
}

static Cell *hold(Cell *cell) {
	cell->holders++;
	return cell;
}

static void let_go(Cell *cell) {
	if (!cell || --cell->holders > 0)
		return;
	cell->before->after = cell->after;
	cell->after->before = cell->before;
	if (!cell->borrowed)
		free(cell->data);
	free(cell);
}

static void drop_value(Evaluator *e, IrValue value) {
	let_go(e->cells[value]);
	e->cells[value] = NULL;
}

/* The cell itself if nobody else holds it, else a copy in its place. */
static Cell *own(Evaluator *e, Cell *cell) {
	if (cell->holders == 1 && !cell->borrowed)
		return cell;
	Cell *copy = cell_new(e, cell->type, NULL);
	for (int64_t i = 0; i < cell->count; i++)
		copy->data[i] = cell->data[i];
	let_go(cell);
	return copy;
}

/* ---- planning ---- */

static void plan_use(Evaluator *e, IrValue value) {
	int home = e->depth[value];
	e->last_use[value] = e->path.data[home];
	if (home < e->now)
		e->inside_use[value] = e->path.data[home];
}

static void plan_define(Evaluator *e, BlockPlan *block, IrValue value, OpPlan *by) {
	e->depth[value] = e->now;
	e->last_use[value] = by;
	vec_push(e->scratch, &block->defined, value);
}

static void plan_block(Evaluator *e, const IrBlock *block, BlockPlan *plan);

/* The rules of a kind: plan_ notes lifetimes and makes room; settle_, when those of its block are known, decides what may go on
 * in the memory of something that dies; run_ runs, and gives false for an error. */
#define KIND(NAME, name)                                                                                               \
	static void plan_##name(Evaluator *e, BlockPlan *block, OpPlan *plan);                                             \
	static void settle_##name(const Evaluator *e, OpPlan *plan);                                                       \
	static bool run_##name(Evaluator *e, OpPlan *plan);
#include "ir/core/kinds.def"
#undef KIND

typedef struct EvalRules {
	void (*plan)(Evaluator *e, BlockPlan *block, OpPlan *plan);
	void (*settle)(const Evaluator *e, OpPlan *plan);
	bool (*run)(Evaluator *e, OpPlan *plan);
} EvalRules;

static const EvalRules rules[IR_KIND_COUNT] = {
#define KIND(NAME, name) [IR_##NAME] = {plan_##name, settle_##name, run_##name},
#include "ir/core/kinds.def"
#undef KIND
};

/* What an op uses from before it, or inside its block; what it defines in `block`. */
static void plan_uses(Evaluator *e, const IrOp *op) {
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		if (use.block < 0)
			plan_use(e, use.value);
}

static void plan_defs(Evaluator *e, BlockPlan *block, const IrOp *op, int number, OpPlan *by) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block == number)
			plan_define(e, block, def.value, by);
}

static void plan_for(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	const IrFor *f = &plan->op->f;
	eval_plan_for(e->scratch, f, e->symbols, &plan->f);
	plan->moved = ARENA_ARRAY(e->scratch, bool, f->puts.count);
	plan->outs = ARENA_ARRAY(e->scratch, Cell *, f->puts.count);
	plan_uses(e, plan->op);
	plan_defs(e, block, plan->op, -1, plan);
}

static void plan_const(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	plan_defs(e, block, plan->op, -1, plan);
}

static void plan_loop(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	const IrLoop *loop = &plan->op->loop;
	uint32_t count = loop->carries.count;
	plan->moved = ARENA_ARRAY(e->scratch, bool, count);
	plan->outs = ARENA_ARRAY(e->scratch, Cell *, count);
	plan->next = ARENA_ARRAY(e->scratch, Cell *, count);
	plan_uses(e, plan->op);
	plan->body = ARENA_NEW(e->scratch, BlockPlan);
	e->now++;
	plan_defs(e, plan->body, plan->op, 0, NULL);
	for (uint32_t i = 0; i < count; i++)
		e->kept[loop->carries.data[i].yield] = true;
	plan_block(e, &loop->body, plan->body);
	for (uint32_t i = 0; i < count; i++) /* one of this block is kept already; one from outside is used by the loop */
		if (e->depth[loop->carries.data[i].yield] < e->now)
			plan_use(e, loop->carries.data[i].yield);
	e->now--;
	plan_defs(e, block, plan->op, -1, plan);
}

static void plan_evaluate(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	plan_uses(e, plan->op);
	plan_defs(e, block, plan->op, -1, plan);
}

static void plan_call(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	plan_uses(e, plan->op);
	plan_defs(e, block, plan->op, -1, plan);
}

static void plan_deferred(Evaluator *e, BlockPlan *block, OpPlan *plan) {
	plan_uses(e, plan->op);
	plan_defs(e, block, plan->op, -1, plan);
}

static bool dies_here(const Evaluator *e, IrValue value, const OpPlan *plan) {
	return e->depth[value] == e->now && e->last_use[value] == plan && !e->kept[value];
}

static bool only_base(const Evaluator *e, const IrFor *f, uint32_t put, const OpPlan *plan) {
	IrValue base = f->puts.data[put].into;
	if (!base || !dies_here(e, base, plan))
		return false;
	for (IrUse use = ir_uses(plan->op); ir_next_use(&use);)
		if (use.value == base && (use.kind != IR_USE_INTO || use.number != put))
			return false;
	return true;
}

static void settle_for(const Evaluator *e, OpPlan *plan) {
	for (uint32_t k = 0; k < plan->op->f.puts.count; k++)
		plan->moved[k] = only_base(e, &plan->op->f, k, plan);
}

static void settle_const(const Evaluator *e, OpPlan *plan) {
	(void)e;
	(void)plan;
}

static void settle_loop(const Evaluator *e, OpPlan *plan) {
	for (uint32_t k = 0; k < plan->op->loop.carries.count; k++) {
		IrValue init = plan->op->loop.carries.data[k].init;
		plan->moved[k] = dies_here(e, init, plan) && e->inside_use[init] != plan;
	}
}

static void settle_evaluate(const Evaluator *e, OpPlan *plan) {
	(void)e;
	(void)plan;
}

static void settle_call(const Evaluator *e, OpPlan *plan) {
	(void)e;
	(void)plan;
}

static void settle_deferred(const Evaluator *e, OpPlan *plan) {
	(void)e;
	(void)plan;
}

static void plan_block(Evaluator *e, const IrBlock *block, BlockPlan *plan) {
	if (e->path.count <= (uint32_t)e->now)
		vec_push(e->scratch, &e->path, NULL);
	for (uint32_t i = 0; i < block->ops.count; i++) {
		OpPlan *op = ARENA_NEW(e->scratch, OpPlan);
		op->op = block->ops.data[i];
		vec_push(e->scratch, &plan->ops, op);
		e->path.data[e->now] = op;
		rules[op->op->kind].plan(e, plan, op);
	}
	for (uint32_t i = 0; i < plan->defined.count; i++) {
		IrValue value = plan->defined.data[i];
		if (e->last_use[value] && !e->kept[value])
			vec_push(e->scratch, &e->last_use[value]->dying, value);
	}
	for (uint32_t i = 0; i < plan->ops.count; i++)
		rules[plan->ops.data[i]->op->kind].settle(e, plan->ops.data[i]);
}

/* ---- running ---- */

static bool run_block(Evaluator *e, const BlockPlan *plan);

static IrNumber neutral(IrCombine combine, IrScalar scalar) {
	bool real = ir_scalar_is_real(scalar);
	int64_t largest = scalar == IR_I32 ? INT32_MAX : INT64_MAX;
	switch (combine) {
	case IR_PUT_NONE:
	case IR_PUT_SUM: break;
	case IR_PUT_PROD: return real ? (IrNumber){.real = 1} : (IrNumber){.integer = 1};
	case IR_PUT_MAX: return real ? (IrNumber){.real = -INFINITY} : (IrNumber){.integer = -largest - 1};
	case IR_PUT_MIN: return real ? (IrNumber){.real = INFINITY} : (IrNumber){.integer = largest};
	case IR_PUT_ARGMAX:
	case IR_PUT_ARGMIN: return (IrNumber){.integer = -1};
	}
	return real ? (IrNumber){.real = 0} : (IrNumber){.integer = 0};
}

static Cell *starting_cell(Evaluator *e, const IrPut *put, bool moved) {
	if (put->into) {
		Cell *base = e->cells[put->into];
		if (moved)
			e->cells[put->into] = NULL;
		else
			hold(base);
		return own(e, base);
	}
	Cell *cell = cell_new(e, concrete(e, ir_type(e->func, put->out)), NULL);
	IrNumber start = neutral(put->combine, cell->type.scalar);
	for (int64_t i = 0; i < cell->count; i++)
		cell->data[i] = start;
	return cell;
}

static bool run_for(Evaluator *e, OpPlan *plan) {
	const IrFor *f = &plan->op->f;
	for (uint32_t i = 0; i < f->puts.count; i++)
		plan->outs[i] = starting_cell(e, &f->puts.data[i], plan->moved[i]);
	const char *error = eval_run_for(&plan->f, e->cells, plan->outs, e->symbols, e->outside, e->watch);
	for (uint32_t i = 0; i < f->puts.count; i++)
		e->cells[f->puts.data[i].out] = plan->outs[i];
	if (!error)
		return true;
	e->error = error;
	e->where = plan->op->span;
	return false;
}

static bool run_const(Evaluator *e, OpPlan *plan) {
	const IrConst *table = &plan->op->constant;
	if (!plan->table) {
		IrType type = ir_type(e->func, table->out);
		plan->table = cell_new(e, type, NULL);
		for (int64_t i = 0; i < plan->table->count; i++)
			if (ir_scalar_is_real(type.scalar))
				plan->table->data[i].real = table->reals[i];
			else
				plan->table->data[i].integer = table->integers[i];
	}
	e->cells[table->out] = hold(plan->table);
	return true;
}

static Cell *zeros(Evaluator *e, IrValue value) {
	Cell *cell = cell_new(e, concrete(e, ir_type(e->func, value)), NULL);
	memset(cell->data, 0, sizeof *cell->data * (size_t)cell->count);
	e->cells[value] = cell;
	return cell;
}

static IrTensor borrow(const Cell *cell) {
	return (IrTensor){.type = cell->type, .reals = (double *)(void *)cell->data};
}

static bool run_evaluate(Evaluator *e, OpPlan *plan) {
	const IrOp *op = plan->op;
	Cell *f = zeros(e, op->evaluate.f), *g = zeros(e, op->evaluate.g);
	if (!e->objective) {
		e->error = "the objective of this rule is not known here";
		e->where = op->span;
		return false;
	}
	if (op->evaluate.when && !e->cells[op->evaluate.when]->data[0].integer)
		return true;
	IrTensor at = borrow(e->cells[op->evaluate.at]), gradient = borrow(g);
	e->objective(e->context, &at, &f->data[0].real, &gradient);
	return true;
}

static bool run_deferred(Evaluator *e, OpPlan *plan) {
	e->error = "the objective of this rule is not known here";
	e->where = plan->op->span;
	return false;
}

static bool any_holds(const Cell *truths) {
	for (int64_t i = 0; i < truths->count; i++)
		if (truths->data[i].integer)
			return true;
	return false;
}

/* The numbers of problem `which`, counted over lanes and the axes in front; an argument without lanes has them for all. */
static IrNumber *numbers_of(const Cell *cell, int64_t which, int64_t per_lane, int64_t count) {
	return cell->data + (cell->type.lanes ? which : which % per_lane) * count;
}

static bool run_call(Evaluator *e, OpPlan *plan) {
	const IrCall *call = &plan->op->call;
	const IrCalleeInfo info = ir_callee_info(call->callee);
	const IrCallSize size = ir_call_size(e->func, call);
	EvalCall one = {.type = ir_type(e->func, call->outs[0]).scalar,
	                .n = ir_dim_value(size.n, e->symbols),
	                .m = ir_dim_value(size.m, e->symbols)};
	for (uint32_t i = 0; i < info.out_count; i++)
		e->cells[call->outs[i]] = cell_new(e, concrete(e, ir_type(e->func, call->outs[i])), NULL);
	const IrType type = e->cells[call->outs[0]]->type;
	int64_t per_lane = 1, problems = type.lanes ? IR_LANES : 1;
	for (int i = 0; i < size.outer; i++)
		per_lane *= type.dims[type.lanes + i];
	problems *= per_lane;
	for (int64_t which = 0; which < problems; which++) {
		int64_t counts[IR_MAX_ARGS];
		for (uint32_t i = 0; i < info.arg_count; i++) {
			const Cell *cell = e->cells[call->args[i]];
			int64_t count = cell->count / (cell->type.lanes ? problems : per_lane);
			one.args[i] = numbers_of(cell, which, per_lane, count);
			counts[i] = info.args[i].whole ? 0 : count;
		}
		for (uint32_t i = 0; i < info.out_count; i++) {
			const Cell *cell = e->cells[call->outs[i]];
			one.outs[i] = numbers_of(cell, which, per_lane, cell->count / problems);
		}
		eval_call(call->callee, &one);
		if (e->watch)
			eval_watch_call(e->watch, plan->op, &one, counts, e->cells[call->outs[0]]->count / problems);
	}
	return true;
}

static bool run_loop(Evaluator *e, OpPlan *plan) {
	const IrLoop *loop = &plan->op->loop;
	uint32_t count = loop->carries.count;
	int64_t turns = loop->limit;
	if (loop->trips) {
		int64_t asked = e->cells[loop->trips]->data[0].integer;
		turns = asked < 0 ? 0 : asked < turns ? asked : turns;
	}
	for (uint32_t i = 0; i < count; i++)
		plan->outs[i] = hold(e->cells[loop->carries.data[i].init]);
	for (uint32_t i = 0; i < count; i++)
		if (plan->moved[i])
			drop_value(e, loop->carries.data[i].init);
	for (int64_t t = 0; t < turns; t++) {
		e->cells[loop->counter] = cell_new(e, ir_scalar_type(IR_I64), NULL);
		e->cells[loop->counter]->data[0].integer = t;
		for (uint32_t i = 0; i < count; i++)
			e->cells[loop->carries.data[i].inner] = plan->outs[i];
		if (loop->goes && !any_holds(e->cells[loop->goes]))
			break;
		if (!run_block(e, plan->body))
			return false;
		for (uint32_t i = 0; i < count; i++)
			plan->next[i] = hold(e->cells[loop->carries.data[i].yield]);
		for (uint32_t i = 0; i < plan->body->defined.count; i++)
			drop_value(e, plan->body->defined.data[i]);
		for (uint32_t i = 0; i < count; i++)
			plan->outs[i] = plan->next[i];
	}
	for (uint32_t i = 0; i < count; i++)
		e->cells[loop->carries.data[i].out] = plan->outs[i];
	return true;
}

static bool run_block(Evaluator *e, const BlockPlan *plan) {
	for (uint32_t i = 0; i < plan->ops.count; i++) {
		OpPlan *op = plan->ops.data[i];
		if (!rules[op->op->kind].run(e, op))
			return false;
		for (uint32_t k = 0; k < op->dying.count; k++)
			drop_value(e, op->dying.data[k]);
	}
	return true;
}

/* ---- arguments and results ---- */

IrTensor ir_tensor_new(Arena *arena, IrType type, const int64_t *symbols) {
	IrTensor tensor = {.type = type};
	for (int i = 0; i < type.rank; i++)
		tensor.type.dims[i] = ir_dim_value(type.dims[i], symbols);
	size_t count = (size_t)ir_type_elements(tensor.type, NULL);
	if (type.storage)
		return tensor; /* the caller has the elements */
	if (ir_scalar_is_real(type.scalar))
		tensor.reals = ARENA_ARRAY(arena, double, count);
	else
		tensor.integers = ARENA_ARRAY(arena, int64_t, count);
	return tensor;
}

/* Takes the arguments, and the values of symbols from their types. */
static bool take_arguments(Evaluator *e, const IrTensor *args) {
	const IrFunc *func = e->func;
	for (uint32_t i = 0; i < func->symbols.count; i++)
		e->symbols[i] = -1;
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrType formal = ir_type(func, func->params.data[i].value), actual = args[i].type;
		bool fits = formal.scalar == actual.scalar && formal.storage == actual.storage && formal.rank == actual.rank &&
		            formal.lanes == actual.lanes;
		for (int axis = 0; fits && axis < formal.rank; axis++) {
			int64_t *symbol = formal.dims[axis] < 0 ? &e->symbols[-1 - formal.dims[axis]] : NULL;
			if (symbol && *symbol < 0)
				*symbol = actual.dims[axis];
			fits = (symbol ? *symbol : formal.dims[axis]) == actual.dims[axis];
		}
		if (!fits)
			return false;
		IrNumber *data = ir_scalar_is_real(actual.scalar) ? (void *)args[i].reals : (void *)args[i].integers;
		static IrNumber none;
		Cell *cell = cell_new(e, actual, args[i].stored ? &none : data);
		cell->stored = args[i].stored;
		e->cells[func->params.data[i].value] = cell;
	}
	return true;
}

static void give_result(const Evaluator *e, Arena *arena, IrValue value, IrTensor *result) {
	const Cell *cell = e->cells[value];
	*result = ir_tensor_new(arena, cell->type, NULL);
	for (int64_t i = 0; i < cell->count; i++)
		if (result->reals)
			result->reals[i] = cell->data[i].real;
		else if (result->integers)
			result->integers[i] = cell->data[i].integer;
}

static void evaluate(Evaluator *e, Arena *arena, const IrTensor *args, IrTensor *results) {
	const IrFunc *func = e->func;
	BlockPlan plan = {0};
	if (!take_arguments(e, args)) {
		e->error = "an argument has another shape than its parameter";
		return;
	}
	for (uint32_t i = 0; i < func->params.count; i++)
		plan_define(e, &plan, func->params.data[i].value, NULL);
	for (uint32_t i = 0; i < func->results.count; i++)
		e->kept[func->results.data[i].value] = true;
	plan_block(e, &func->body, &plan);
	if (run_block(e, &plan))
		for (uint32_t i = 0; i < func->results.count; i++)
			give_result(e, arena, func->results.data[i].value, &results[i]);
}

const char *ir_evaluate(const IrFunc *func, Arena *arena, const IrTensor *args, IrTensor *results, Span *where) {
	return ir_evaluate_with(func, arena, args, results, where, NULL, NULL);
}

/* Evaluates and lets go of everything but the scratch arena. */
static void run_evaluator(Evaluator *e, Arena *arena, const IrTensor *args, IrTensor *results) {
	uint32_t values = e->func->values.count;
	e->scratch = arena_new();
	e->all.before = e->all.after = &e->all;
	e->symbols = ARENA_ARRAY(e->scratch, int64_t, e->func->symbols.count);
	e->cells = ARENA_ARRAY(e->scratch, Cell *, values);
	e->depth = ARENA_ARRAY(e->scratch, int, values);
	e->last_use = ARENA_ARRAY(e->scratch, OpPlan *, values);
	e->inside_use = ARENA_ARRAY(e->scratch, OpPlan *, values);
	e->kept = ARENA_ARRAY(e->scratch, bool, values);
	evaluate(e, arena, args, results);
	for (Cell *cell = e->all.after, *after; cell != &e->all; cell = after) {
		after = cell->after;
		if (!cell->borrowed)
			free(cell->data);
		free(cell);
	}
}

/* Runs to note what `watch` looks for; false if it ends early. Whether all real results are finite: *finite. */
static bool run_watched(const IrFunc *func, Arena *arena, const IrTensor *args, EvalWatch *watch, bool *finite) {
	Evaluator e = {.func = func, .watch = watch};
	IrTensor *results = ARENA_ARRAY(arena, IrTensor, func->results.count + 1);
	run_evaluator(&e, arena, args, results);
	arena_free(e.scratch);
	*finite = true;
	for (uint32_t i = 0; !e.error && i < func->results.count; i++)
		for (int64_t k = 0; results[i].reals && k < ir_type_elements(results[i].type, NULL); k++)
			*finite = *finite && isfinite(results[i].reals[k]);
	return !e.error;
}

IrFailure ir_find_failure(const IrFunc *func, Arena *arena, const IrTensor *args) {
	EvalWatch first = {0}, mended = {.mends = true};
	bool finite;
	bool ended = run_watched(func, arena, args, &first, &finite);
	if (!ended || first.place || first.call)
		return (IrFailure){.call = first.call, .place = first.place};
	ended = run_watched(func, arena, args, &mended, &finite);
	return (IrFailure){.call = ended && finite ? mended.call : NULL};
}

bool ir_find_outside(const IrFunc *func, Arena *arena, const IrTensor *args, IrOutside *out) {
	EvalWatch watch = {0};
	Evaluator e = {.func = func, .watch = &watch};
	run_evaluator(&e, arena, args, ARENA_ARRAY(arena, IrTensor, func->results.count + 1));
	*out = (IrOutside){e.where, e.outside[0], e.outside[1], watch.place};
	bool found = e.error && e.outside[1] > 0;
	arena_free(e.scratch);
	return found;
}

const char *ir_evaluate_with(const IrFunc *func, Arena *arena, const IrTensor *args, IrTensor *results, Span *where,
                             IrObjective *objective, void *context) {
	Evaluator e = {.func = func, .objective = objective, .context = context};
	run_evaluator(&e, arena, args, results);
	if (where)
		*where = e.where;
	const char *error = e.error;
	arena_free(e.scratch);
	return error;
}
