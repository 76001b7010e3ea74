/* Linking: a function that evaluates an objective gets the objective that it is to work on, and counts how often. */
#include "ir/core/copy.h"

typedef struct Linker {
	IrCopier copier;
	const IrFunc *objective;
	IrValue *args; /* of the objective, in its order; that of role X is set for every evaluation */
	uint32_t place, f, g;
	IrValue spent; /* so far; of a loop that evaluates, it is carried */
	Arena *scratch;
} Linker;

/* spent + 1, or spent where the evaluation does not count */
static IrValue count_one(Linker *l, IrValue when) {
	IrForBuilder f = ir_for_begin(l->copier.b);
	uint32_t before = ir_read_scalar(&f, l->spent), after = ir_op2(&f, IR_add, before, ir_int(&f, 1));
	if (when)
		after = ir_op3(&f, IR_where, ir_read_scalar(&f, when), after, before);
	IrValue out = ir_put(&f, IR_PUT_NONE, after, ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	return out;
}

static void link_evaluate(void *context, const IrOp *op) {
	Linker *l = context;
	const IrFunc *objective = l->objective;
	const IrMap *map = l->copier.map;
	IrValue *results = ARENA_ARRAY(l->scratch, IrValue, objective->results.count);
	l->args[l->place] = ir_map_get(map, op->evaluate.at);
	ir_inline(l->copier.b, objective, l->args, results);
	ir_map_set(l->copier.map, op->evaluate.f, results[l->f]);
	ir_map_set(l->copier.map, op->evaluate.g, results[l->g]);
	l->spent = count_one(l, op->evaluate.when ? ir_map_get(map, op->evaluate.when) : 0);
}

static bool evaluates(const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrBlock *inside;
		if (block->ops.data[i]->kind == IR_EVALUATE)
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
	if (!evaluates(&op->loop.body)) {
		ir_copy_as_it_is(&l->copier, op);
		return;
	}
	IrLoopCopy copy = {.b = l->copier.b, .from = l->copier.from, .loop = &op->loop, .map = l->copier.map};
	ir_loop_copy_begin(&copy);
	if (always_counts(&op->loop.body))
		copy.made->loop.goes = 0; /* a turn that changes nothing else still counts */
	l->spent = ir_loop_copy_carry(&copy, l->spent);
	ir_copy_ops(&l->copier, &op->loop.body);
	ir_loop_copy_end(&copy, &l->spent);
	l->spent = ir_loop_copy_out(&copy, 0);
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_EVALUATE] = link_evaluate, [IR_LOOP] = link_loop};

IrFunc *ir_link(IrModule *module, const IrFunc *func, const IrFunc *objective) {
	Arena *scratch = arena_new();
	IrMap map = ir_map_new(scratch, func);
	IrBuilder b;
	Linker l = {.objective = objective,
	            .args = ARENA_ARRAY(scratch, IrValue, objective->params.count),
	            .place = ir_param_at(objective, IR_ROLE_X),
	            .f = ir_result_at(objective, IR_ROLE_F),
	            .g = ir_result_at(objective, IR_ROLE_G),
	            .scratch = scratch};
	l.copier = (IrCopier){.from = func, .b = &b, .map = &map, .rules = rules, .context = &l};
	IrFunc *out = ir_pass_begin(module, func, &map, &b);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		IrParam param = objective->params.data[i];
		if (i != l.place)
			l.args[i] =
				ir_param_as(out, param.role, ir_name_text(objective, param.name), ir_type(objective, param.value));
	}
	IrForBuilder f = ir_for_begin(&b);
	l.spent = ir_put(&f, IR_PUT_NONE, ir_int(&f, 0), ir_scalar_type(IR_I64), NULL, 0, false);
	ir_for_end(&f);
	ir_copy_ops(&l.copier, &func->body);
	ir_pass_end(func, &map, out);
	ir_result_as(out, IR_ROLE_SPENT, "spent", l.spent);
	arena_free(scratch);
	return out;
}

static IrEvaluations count_evaluations(const IrBlock *block) {
	IrEvaluations all = {0, 0};
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		const IrBlock *inside;
		all.most += op->kind == IR_EVALUATE;
		all.least += op->kind == IR_EVALUATE && !op->evaluate.when;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++) {
			IrEvaluations each = count_evaluations(inside);
			int64_t turns = op->kind == IR_LOOP ? op->loop.limit : 1;
			all.most += turns * each.most;
			all.least += ir_block_runs(op, k) ? turns * each.least : 0;
		}
	}
	return all;
}

IrEvaluations ir_evaluations(const IrFunc *func) {
	return count_evaluations(&func->body);
}
