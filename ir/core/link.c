/* Linking: a function that evaluates an objective gets the objective that it is to work on, and counts how often. */
#include <math.h>

#include "ir/core/copy.h"

typedef struct Linker {
	IrCopier copier;
	const IrFunc *objective;
	IrValue *args; /* of the objective, in its order; that of role X is set for every evaluation */
	uint32_t place, f, g;
	IrDifferentiate *differentiate;
	const IrBlock *block; /* that is copied */
	IrValue spent;        /* so far; of a loop that evaluates, it is carried, and so is `looked` */
	IrValue looked;       /* see ir_link; 0: not asked for */
	Arena *scratch;
} Linker;

/* spent + evaluations, or spent where they do not count */
static IrValue count_some(Linker *l, int64_t evaluations, IrValue when) {
	if (evaluations == 0)
		return l->spent;
	IrForBuilder f = ir_for_begin(l->copier.b);
	uint32_t before = ir_read_scalar(&f, l->spent), after = ir_op2(&f, IR_add, before, ir_int(&f, evaluations));
	if (when)
		after = ir_op3(&f, IR_where, ir_read_scalar(&f, ir_map_get(l->copier.map, when)), after, before);
	IrValue out = ir_put(&f, IR_PUT_NONE, after, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

/* The value that the next evaluation gives, for it and those that follow. */
static void look_at(Linker *l, IrValue value, IrValue when) {
	IrModule *module = l->copier.b->func->module;
	IrType type = ir_type(l->copier.b->func, l->looked);
	IrForBuilder f = ir_for_begin(l->copier.b);
	IrAt at = ir_at_index(module, ir_for_index(&f, 0, type.dims[0]), 1);
	uint32_t number = ir_index_value(&f, at), now = ir_read_scalar(&f, value),
			 before = ir_read(&f, l->looked, &at, false);
	uint32_t least = ir_op3(&f, IR_where, ir_op2(&f, IR_lt, now, before), now, before);
	uint32_t earlier = ir_op2(&f, IR_lt, number, ir_read_scalar(&f, l->spent));
	uint32_t after = ir_op3(&f, IR_where, earlier, before, least);
	if (when)
		after = ir_op3(&f, IR_where, ir_read_scalar(&f, ir_map_get(l->copier.map, when)), after, before);
	l->looked = ir_put(&f, IR_PUT_NONE, after, type, &at, 0, false);
	ir_for_end(&f);
}

/* The objective at a place; its results, in its order. */
static const IrValue *objective_at(Linker *l, IrValue at) {
	IrValue *results = ARENA_ARRAY(l->scratch, IrValue, l->objective->results.count);
	l->args[l->place] = ir_map_get(l->copier.map, at);
	ir_inline(l->copier.b, l->objective, l->args, results);
	return results;
}

/* ---- how much it counts ----
 *
 * An evaluation counts once, but for that at the place where the step starts if the step reads the value or gradient that it is given
 * there.
 * A derivative of something counts as what it goes through once more, and twice where that is a gradient: so much is it work. */

static bool reads_param(const IrFunc *func, IrRole role) {
	IrRange range = ir_params_of(func, role);
	return range.count == 1 && ir_block_uses(&func->body, func->params.data[range.first].value);
}

/* There, and counted already. */
static bool is_at_start(const IrFunc *func, IrValue at) {
	IrRange place = ir_params_of(func, IR_ROLE_X);
	return place.count == 1 && func->params.data[place.first].value == at &&
	       (reads_param(func, IR_ROLE_F) || reads_param(func, IR_ROLE_G));
}

static int64_t through(const IrBlock *block) {
	int64_t count = 0;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		if (op->kind == IR_EVALUATE)
			count += ir_block_uses(block, op->evaluate.g) ? 2 : 1;
		if (op->kind == IR_DEFERRED)
			count += op->deferred.of ? 2 * through(&op->deferred.of->body) : 1;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			count += (op->kind == IR_LOOP ? op->loop.limit : 1) * through(inside);
	}
	return count;
}

/* How many evaluations the op itself counts as. */
static int64_t evaluations_of(const IrFunc *func, const IrOp *op) {
	IrValue at = op->kind == IR_EVALUATE                       ? op->evaluate.at
	             : op->kind == IR_DEFERRED && !op->deferred.of ? op->deferred.args.data[0]
	                                                           : 0;
	if (at)
		return !is_at_start(func, at);
	return op->kind == IR_DEFERRED ? through(&op->deferred.of->body) : 0;
}

/* ---- ops ---- */

static void link_evaluate(void *context, const IrOp *op) {
	Linker *l = context;
	const IrValue *results = objective_at(l, op->evaluate.at);
	ir_map_set(l->copier.map, op->evaluate.f, results[l->f]);
	ir_map_set(l->copier.map, op->evaluate.g, results[l->g]);
	int64_t evaluations = evaluations_of(l->copier.from, op);
	if (l->looked && evaluations > 0 && ir_block_uses(l->block, op->evaluate.f))
		look_at(l, results[l->f], op->evaluate.when);
	l->spent = count_some(l, evaluations, op->evaluate.when);
}

/* Of the function with the objective in it, whose other parameters are behind its own. */
static IrValue derivative(Linker *l, const IrDeferred *deferred) {
	IrModule *module = l->copier.b->func->module;
	uint32_t funcs = module->funcs.count, own = deferred->args.count - 1, count = own;
	const IrFunc *linked = ir_link(module, deferred->of, l->objective, l->differentiate, 0);
	const IrFunc *made = l->differentiate(module, linked, deferred->what == IR_DEFERRED_REVERSE);
	IrValue *args = ARENA_ARRAY(l->scratch, IrValue, own + l->objective->params.count + 1), result;
	for (uint32_t i = 0; i < own; i++)
		args[i] = ir_map_get(l->copier.map, deferred->args.data[i]);
	for (uint32_t i = 0; i < l->objective->params.count; i++)
		if (i != l->place)
			args[count++] = l->args[i];
	args[count] = ir_map_get(l->copier.map, deferred->args.data[own]);
	ir_inline(l->copier.b, made, args, &result);
	module->funcs.count = funcs;
	return result;
}

static void link_deferred(void *context, const IrOp *op) {
	Linker *l = context;
	const IrDeferred *deferred = &op->deferred;
	IrValue out = deferred->of ? derivative(l, deferred)
	                           : objective_at(l, deferred->args.data[0])[ir_result_at(l->objective, IR_ROLE_RESIDUALS)];
	ir_map_set(l->copier.map, deferred->out, out);
	l->spent = count_some(l, evaluations_of(l->copier.from, op), deferred->when);
}

static bool evaluates(const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrBlock *inside;
		if (block->ops.data[i]->kind == IR_EVALUATE || block->ops.data[i]->kind == IR_DEFERRED)
			return true;
		for (int k = 0; (inside = ir_block_of(block->ops.data[i], k)) != NULL; k++)
			if (evaluates(inside))
				return true;
	}
	return false;
}

/* Is there an evaluation that counts whatever holds? */
static bool always_counts(const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		if (op->kind == IR_EVALUATE && !op->evaluate.when)
			return true;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			if (always_counts(inside))
				return true;
	}
	return false;
}

static void link_loop(void *context, const IrOp *op) {
	Linker *l = context;
	const IrBlock *around = l->block;
	if (!evaluates(&op->loop.body)) {
		ir_copy_as_it_is(&l->copier, op);
		return;
	}
	IrLoopCopy copy = {.b = l->copier.b, .from = l->copier.from, .loop = &op->loop, .map = l->copier.map};
	ir_loop_copy_begin(&copy);
	if (always_counts(&op->loop.body))
		copy.made->loop.goes = 0; /* a turn that changes nothing else still counts */
	l->spent = ir_loop_copy_carry(&copy, l->spent);
	l->looked = l->looked ? ir_loop_copy_carry(&copy, l->looked) : 0;
	l->block = &op->loop.body;
	ir_copy_ops(&l->copier, &op->loop.body);
	l->block = around;
	ir_loop_copy_end(&copy, (const IrValue[]){l->spent, l->looked});
	l->spent = ir_loop_copy_out(&copy, 0);
	l->looked = l->looked ? ir_loop_copy_out(&copy, 1) : 0;
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {
	[IR_EVALUATE] = link_evaluate, [IR_LOOP] = link_loop, [IR_DEFERRED] = link_deferred};

/* The key of what is drawn, which a step may have for itself. */
static bool shares_key(const IrFunc *func, IrRole role) {
	return (role == IR_ROLE_SEED || role == IR_ROLE_INSTANCE) && ir_params_of(func, role).count == 1;
}

IrFunc *ir_link(IrModule *module, const IrFunc *func, const IrFunc *objective, IrDifferentiate *differentiate,
                int64_t looks) {
	Arena *scratch = arena_new();
	IrMap map = ir_map_new(scratch, func);
	IrBuilder b;
	Linker l = {.objective = objective,
	            .args = ARENA_ARRAY(scratch, IrValue, objective->params.count),
	            .place = ir_param_at(objective, IR_ROLE_X),
	            .f = ir_result_at(objective, IR_ROLE_F),
	            .g = ir_result_at(objective, IR_ROLE_G),
	            .differentiate = differentiate,
	            .block = &func->body,
	            .scratch = scratch};
	l.copier = (IrCopier){.from = func, .b = &b, .map = &map, .rules = rules, .context = &l};
	IrFunc *out = ir_pass_begin(module, func, &map, &b);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		IrParam param = objective->params.data[i];
		if (shares_key(func, param.role))
			l.args[i] = ir_map_get(&map, func->params.data[ir_param_at(func, param.role)].value);
		else if (i != l.place)
			l.args[i] =
				ir_param_as(out, param.role, ir_name_text(objective, param.name), ir_type(objective, param.value));
	}
	IrForBuilder f = ir_for_begin(&b);
	l.spent = ir_put(&f, IR_PUT_NONE, ir_int(&f, 0), ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	IrDim length = looks;
	if (looks > 0) {
		IrScalar real = ir_type(objective, objective->results.data[l.f].value).scalar;
		l.looked = ir_fill(&b, ir_tensor_type(real, 1, &length), (double)INFINITY);
	}
	ir_copy_ops(&l.copier, &func->body);
	ir_pass_end(func, &map, out);
	ir_result_as(out, IR_ROLE_SPENT, "spent", l.spent);
	if (looks > 0)
		ir_result_as(out, IR_ROLE_LOOKED, "looked", l.looked);
	arena_free(scratch);
	return out;
}

static IrEvaluations count_evaluations(const IrFunc *func, const IrBlock *block) {
	IrEvaluations all = {0, 0};
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		int64_t own = evaluations_of(func, op);
		IrValue when = op->kind == IR_EVALUATE ? op->evaluate.when : op->kind == IR_DEFERRED ? op->deferred.when : 0;
		all.most += own;
		all.least += when ? 0 : own;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++) {
			IrEvaluations each = count_evaluations(func, inside);
			int64_t turns = op->kind == IR_LOOP ? op->loop.limit : 1;
			all.most += turns * each.most;
			all.least += ir_block_runs(op, k) ? turns * each.least : 0;
		}
	}
	return all;
}

IrEvaluations ir_evaluations(const IrFunc *func) {
	return count_evaluations(func, &func->body);
}
