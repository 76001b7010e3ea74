/* The evaluator over the points of one FOR: plain nested loops. What depends only on outer indices is computed when those
 * move, so that sums of factors do not cost their whole body at each point. A read outside its range counts only
 * if a live point needs it: outer levels note it, the point reports it. */
#include "ir/build.h"
#include "ir/eval/plan.h"

enum { NOTHING_OUTSIDE = IR_MAX_INDICES + 1 };

typedef struct Run {
	const ForPlan *plan;
	const IrFor *f;
	Cell *const *cells, *const *outs;
	const int64_t *symbols;
	IrNumber *value;
	int64_t index[IR_MAX_INDICES];
	uint32_t outside; /* the outermost level on which a read left its range */
	int64_t *left;    /* that position, and the extent of its axis */
	bool *changed;    /* per put: this point became the largest or smallest */
	EvalWatch *watch; /* or NULL */
	const char *error;
} Run;

/* ---- preparation ---- */

static uint32_t at_level(IrAt at, const uint32_t *levels) {
	uint32_t level = 0;
	for (uint32_t i = 0; i < at.term_count; i++) {
		uint32_t own = at.terms[i].is_node ? levels[at.terms[i].ref] : at.terms[i].ref + 1;
		level = own > level ? own : level;
	}
	return level;
}

static uint32_t node_level(const IrNode *node, const uint32_t *levels) {
	uint32_t level = 0;
	for (int k = 0; node->kind == IR_NODE_OP && k < ir_op_info[node->opcode].arity; k++)
		level = levels[node->args[k]] > level ? levels[node->args[k]] : level;
	for (uint32_t k = 0; k < node->at_count; k++) {
		uint32_t own = at_level(node->at[k], levels);
		level = own > level ? own : level;
	}
	return level;
}

/* Sorts numbers 0 to count - 1 by level, keeping their order; start receives where levels begin. */
static void sort_by_level(const uint32_t *levels, uint32_t count, uint32_t *sorted, uint32_t *start) {
	uint32_t filled = 0;
	for (uint32_t level = 0; level <= IR_MAX_INDICES; level++) {
		start[level] = filled;
		for (uint32_t i = 0; i < count; i++)
			if (levels[i] == level)
				sorted[filled++] = i;
	}
	start[IR_MAX_INDICES + 1] = filled;
}

void eval_plan_for(Arena *scratch, const IrFor *f, const int64_t *symbols, ForPlan *plan) {
	plan->f = f;
	uint32_t *levels = ARENA_ARRAY(scratch, uint32_t, f->nodes.count + 1);
	for (uint32_t i = 0; i < f->nodes.count; i++)
		levels[i] = node_level(&f->nodes.data[i], levels);
	plan->nodes = ARENA_ARRAY(scratch, uint32_t, f->nodes.count + 1);
	sort_by_level(levels, f->nodes.count, plan->nodes, plan->node_start);
	uint32_t *cond_levels = ARENA_ARRAY(scratch, uint32_t, f->conds.count + 1);
	for (uint32_t i = 0; i < f->conds.count; i++)
		cond_levels[i] = at_level(f->conds.data[i], levels);
	plan->conds = ARENA_ARRAY(scratch, uint32_t, f->conds.count + 1);
	sort_by_level(cond_levels, f->conds.count, plan->conds, plan->cond_start);
	for (uint32_t i = 0; i < f->indices.count; i++)
		plan->extent[i] = ir_dim_value(f->indices.data[i].extent, symbols);
	plan->arg_put = ARENA_ARRAY(scratch, int, f->puts.count + 1);
	for (uint32_t i = 0; i < f->puts.count; i++)
		plan->arg_put[i] = -1;
	for (uint32_t i = 0; i < f->puts.count; i++)
		if (f->puts.data[i].combine == IR_PUT_ARGMAX || f->puts.data[i].combine == IR_PUT_ARGMIN)
			plan->arg_put[f->puts.data[i].arg_of] = (int)i;
	plan->value = ARENA_ARRAY(scratch, IrNumber, f->nodes.count + 1);
}

/* ---- nodes ---- */

static int64_t position(const Run *r, const IrAt *at) {
	int64_t sum = at->offset;
	for (uint32_t i = 0; i < at->term_count; i++) {
		const IrTerm *term = &at->terms[i];
		sum += term->coef * (term->is_node ? r->value[term->ref].integer : r->index[term->ref]);
	}
	return sum;
}

/* The element at the positions, or -1 if one of them is outside. */
static int64_t element(const Run *r, const IrType *type, const IrAt *at) {
	int64_t flat = 0;
	for (int axis = 0; axis < type->rank; axis++) {
		int64_t along = position(r, &at[axis]);
		if (along < 0 || along >= type->dims[axis]) {
			r->left[0] = along;
			r->left[1] = type->dims[axis];
			return -1;
		}
		flat = flat * type->dims[axis] + along;
	}
	return flat;
}

static IrNumber read(Run *r, const IrNode *node, uint32_t level) {
	const Cell *cell = r->cells[node->value];
	int64_t flat = element(r, &cell->type, node->at);
	if (flat >= 0)
		return cell->stored ? ir_stored(cell->type.storage, cell->type.scalar, cell->stored, flat) : cell->data[flat];
	if (!node->guarded && level < r->outside)
		r->outside = level;
	IrNumber zero;
	if (ir_scalar_is_real(node->type))
		zero.real = 0;
	else
		zero.integer = 0;
	return zero;
}

static IrNumber apply(const Run *r, const IrNode *node) {
	IrScalar types[IR_MAX_ARGS];
	IrNumber args[IR_MAX_ARGS];
	for (int i = 0; i < ir_op_info[node->opcode].arity; i++) {
		types[i] = r->f->nodes.data[node->args[i]].type;
		args[i] = r->value[node->args[i]];
	}
	if (r->watch && node->opcode == IR_where)
		eval_watch_choice(r->watch, r->f, node, args[0].integer);
	return ir_eval_scalar(node->opcode, types, args);
}

static void compute(Run *r, uint32_t number, uint32_t level) {
	const IrNode *node = &r->f->nodes.data[number];
	IrNumber *value = &r->value[number];
	switch (node->kind) {
	case IR_NODE_CONST:
		if (ir_scalar_is_real(node->type))
			value->real = node->real;
		else
			value->integer = node->integer;
		break;
	case IR_NODE_READ: *value = read(r, node, level); break;
	case IR_NODE_INDEX: value->integer = position(r, node->at); break;
	case IR_NODE_DIM: value->integer = ir_dim_value(node->dim, r->symbols); break;
	case IR_NODE_OP: *value = apply(r, node); break;
	}
}

/* ---- puts ---- */

static void put_arithmetic(Cell *cell, int64_t flat, IrOpcode opcode, IrNumber value) {
	IrScalar types[2] = {cell->type.scalar, cell->type.scalar};
	IrNumber args[2] = {cell->data[flat], value};
	cell->data[flat] = ir_eval_scalar(opcode, types, args);
}

/* Whether value takes the place of what is there: NaN wins, the first of ties stays. */
static bool takes_over(const Cell *cell, int64_t flat, IrNumber value, bool is_max) {
	IrNumber old = cell->data[flat];
	if (!ir_scalar_is_real(cell->type.scalar))
		return is_max ? value.integer > old.integer : value.integer < old.integer;
	if (old.real != old.real)
		return false;
	return value.real != value.real || (is_max ? value.real > old.real : value.real < old.real);
}

static void put_extreme(Run *r, uint32_t number, int64_t flat, IrNumber value) {
	Cell *cell = r->outs[number];
	int arg = r->plan->arg_put[number];
	bool first = arg >= 0 && r->outs[arg]->data[flat].integer < 0;
	r->changed[number] = first || takes_over(cell, flat, value, r->f->puts.data[number].combine == IR_PUT_MAX);
	if (r->changed[number])
		cell->data[flat] = value;
}

static void put_value(Run *r, uint32_t number) {
	const IrPut *put = &r->f->puts.data[number];
	Cell *cell = r->outs[number];
	int64_t flat = element(r, &cell->type, put->at);
	if (flat < 0) {
		if (!put->guarded)
			r->error = "a put left the range of its output";
		return;
	}
	IrNumber value = ir_put_is_arg(put) ? (IrNumber){.integer = r->index[put->arg_index]} : r->value[put->node];
	switch (put->combine) {
	case IR_PUT_NONE: cell->data[flat] = value; break;
	case IR_PUT_SUM: put_arithmetic(cell, flat, IR_add, value); break;
	case IR_PUT_PROD: put_arithmetic(cell, flat, IR_mul, value); break;
	case IR_PUT_MAX:
	case IR_PUT_MIN: put_extreme(r, number, flat, value); break;
	case IR_PUT_ARGMAX:
	case IR_PUT_ARGMIN:
		if (r->changed[put->arg_of])
			cell->data[flat] = value;
		break;
	}
}

/* Arguments come last: they ask whether this point became the extreme. */
static void put_all(Run *r) {
	if (r->outside != NOTHING_OUTSIDE) {
		r->error = "a read left the range of its tensor";
		return;
	}
	for (int arguments = 0; arguments < 2; arguments++)
		for (uint32_t i = 0; i < r->f->puts.count; i++)
			if (ir_put_is_arg(&r->f->puts.data[i]) == (arguments == 1))
				put_value(r, i);
}

/* ---- points ---- */

static bool conditions_hold(const Run *r, uint32_t level) {
	for (uint32_t i = r->plan->cond_start[level]; i < r->plan->cond_start[level + 1]; i++)
		if (position(r, &r->f->conds.data[r->plan->conds[i]]) < 0)
			return false;
	return true;
}

static void run_level(Run *r, uint32_t level) {
	if (r->outside >= level)
		r->outside = NOTHING_OUTSIDE;
	/* atoms of conditions are on level 0, so only there must nodes come first */
	if (level > 0 && !conditions_hold(r, level))
		return;
	for (uint32_t i = r->plan->node_start[level]; i < r->plan->node_start[level + 1]; i++)
		compute(r, r->plan->nodes[i], level);
	if (level == 0 && !conditions_hold(r, level))
		return;
	if (level == r->f->indices.count) {
		put_all(r);
		return;
	}
	int64_t extent = r->plan->extent[level];
	for (int64_t i = 0; i < extent && !r->error; i++) {
		r->index[level] = i;
		run_level(r, level + 1);
	}
}

const char *eval_run_for(const ForPlan *plan, Cell *const *cells, Cell *const *outs, const int64_t *symbols,
                         int64_t outside[2], EvalWatch *watch) {
	bool few[8] = {0};
	Arena *scratch = plan->f->puts.count > 8 ? arena_new() : NULL;
	Run run = {.plan = plan, .f = plan->f, .cells = cells, .outs = outs, .symbols = symbols, .value = plan->value};
	run.changed = scratch ? ARENA_ARRAY(scratch, bool, plan->f->puts.count) : few;
	run.outside = NOTHING_OUTSIDE;
	run.left = outside;
	run.watch = watch;
	run_level(&run, 0);
	arena_free(scratch);
	return run.error;
}
