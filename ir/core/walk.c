/* What ops use and define, and their blocks: the rules of a kind on which everything stands that has to be right for ops
 * of any kind. Walks keep their place in the caller's struct: nothing is allocated. */
#include "ir/core/walk.h"
#include "ir/build.h"

/* The rules. next_use_ gives use number `next`, in the order of the walk, and moves on; false: there is none. */
#define KIND(NAME, name)                                                                                               \
	static bool next_use_##name(IrUse *use);                                                                           \
	static bool next_def_##name(IrDef *def);                                                                           \
	static IrBlock *block_of_##name(IrOp *op, int number);                                                             \
	static bool block_runs_##name(const IrOp *op, int number);
#include "ir/core/kinds.def"
#undef KIND

typedef struct KindRules {
	bool (*next_use)(IrUse *use);
	bool (*next_def)(IrDef *def);
	IrBlock *(*block_of)(IrOp *op, int number);
	bool (*block_runs)(const IrOp *op, int number);
} KindRules;

static const KindRules rules[IR_KIND_COUNT] = {
#define KIND(NAME, name) [IR_##NAME] = {next_use_##name, next_def_##name, block_of_##name, block_runs_##name},
#include "ir/core/kinds.def"
#undef KIND
};

IrUse ir_uses(const IrOp *op) {
	return (IrUse){.op = op};
}

bool ir_next_use(IrUse *use) {
	return rules[use->op->kind].next_use(use);
}

IrDef ir_defs(const IrOp *op) {
	return (IrDef){.op = op};
}

bool ir_next_def(IrDef *def) {
	return rules[def->op->kind].next_def(def);
}

IrBlock *ir_block_of(const IrOp *op, int number) {
	return rules[op->kind].block_of((IrOp *)op, number);
}

bool ir_block_runs(const IrOp *op, int number) {
	return rules[op->kind].block_runs(op, number);
}

static bool use_is(IrUse *use, IrUseKind kind, uint32_t number, IrValue value) {
	use->kind = kind;
	use->number = number;
	use->value = value;
	use->block = kind == IR_USE_YIELD ? 0 : -1;
	return true;
}

static bool def_is(IrDef *def, IrDefKind kind, uint32_t number, IrValue value) {
	def->kind = kind;
	def->number = number;
	def->value = value;
	def->block = kind == IR_DEF_COUNTER || kind == IR_DEF_INNER ? 0 : -1;
	return true;
}

/* ---- FOR: nodes, then puts ---- */

static bool next_use_for(IrUse *use) {
	const IrFor *f = &use->op->f;
	while (use->next < f->nodes.count) {
		uint32_t number = use->next++;
		if (f->nodes.data[number].kind == IR_NODE_READ)
			return use_is(use, IR_USE_READ, number, f->nodes.data[number].value);
	}
	while (use->next < f->nodes.count + f->puts.count) {
		uint32_t number = use->next++ - f->nodes.count;
		if (f->puts.data[number].into)
			return use_is(use, IR_USE_INTO, number, f->puts.data[number].into);
	}
	return false;
}

static bool next_def_for(IrDef *def) {
	const IrFor *f = &def->op->f;
	uint32_t number = def->next;
	if (number == f->puts.count)
		return false;
	def->next++;
	return def_is(def, IR_DEF_PUT, number, f->puts.data[number].out);
}

static IrBlock *block_of_for(IrOp *op, int number) {
	(void)op;
	(void)number;
	return NULL;
}

static bool block_runs_for(const IrOp *op, int number) {
	(void)op;
	(void)number;
	return false;
}

/* ---- CONST ---- */

static bool next_use_const(IrUse *use) {
	(void)use;
	return false;
}

static bool next_def_const(IrDef *def) {
	return def->next++ == 0 && def_is(def, IR_DEF_TABLE, 0, def->op->constant.out);
}

static IrBlock *block_of_const(IrOp *op, int number) {
	(void)op;
	(void)number;
	return NULL;
}

static bool block_runs_const(const IrOp *op, int number) {
	(void)op;
	(void)number;
	return false;
}

/* ---- LOOP: the number of turns, what carries start from, what they become; the counter, carries inside, carries after ---- */

static bool next_use_loop(IrUse *use) {
	const IrLoop *loop = &use->op->loop;
	uint32_t count = loop->carries.count;
	if (use->next == 0) {
		use->next++;
		if (loop->trips)
			return use_is(use, IR_USE_TRIPS, 0, loop->trips);
	}
	uint32_t number = use->next - 1;
	if (number == 2 * count)
		return false;
	use->next++;
	if (number < count)
		return use_is(use, IR_USE_INIT, number, loop->carries.data[number].init);
	return use_is(use, IR_USE_YIELD, number - count, loop->carries.data[number - count].yield);
}

static bool next_def_loop(IrDef *def) {
	const IrLoop *loop = &def->op->loop;
	uint32_t count = loop->carries.count;
	if (def->next++ == 0)
		return def_is(def, IR_DEF_COUNTER, 0, loop->counter);
	uint32_t number = def->next - 2;
	if (number < count)
		return def_is(def, IR_DEF_INNER, number, loop->carries.data[number].inner);
	if (number < 2 * count)
		return def_is(def, IR_DEF_OUT, number - count, loop->carries.data[number - count].out);
	def->next--;
	return false;
}

static IrBlock *block_of_loop(IrOp *op, int number) {
	return number == 0 ? &op->loop.body : NULL;
}

static bool block_runs_loop(const IrOp *op, int number) {
	return number == 0 && op->loop.limit > 0 && !op->loop.trips;
}

/* ---- EVALUATE: the place, when it counts; f and g there ---- */

static bool next_use_evaluate(IrUse *use) {
	const IrEvaluate *evaluate = &use->op->evaluate;
	uint32_t number = use->next++;
	if (number == 0)
		return use_is(use, IR_USE_PLACE, 0, evaluate->at);
	return number == 1 && evaluate->when && use_is(use, IR_USE_WHEN, 0, evaluate->when);
}

static bool next_def_evaluate(IrDef *def) {
	const IrEvaluate *evaluate = &def->op->evaluate;
	uint32_t number = def->next++;
	return number < 2 && def_is(def, IR_DEF_EVALUATED, number, number == 0 ? evaluate->f : evaluate->g);
}

static IrBlock *block_of_evaluate(IrOp *op, int number) {
	(void)op;
	(void)number;
	return NULL;
}

static bool block_runs_evaluate(const IrOp *op, int number) {
	(void)op;
	(void)number;
	return false;
}

/* ---- CALL: arguments; results ---- */

static bool next_use_call(IrUse *use) {
	const IrCall *call = &use->op->call;
	uint32_t number = use->next++;
	return number < IR_MAX_ARGS && call->args[number] && use_is(use, IR_USE_ARG, number, call->args[number]);
}

static bool next_def_call(IrDef *def) {
	const IrCall *call = &def->op->call;
	uint32_t number = def->next++;
	return number < IR_CALL_RESULTS && call->outs[number] && def_is(def, IR_DEF_RESULT, number, call->outs[number]);
}

static IrBlock *block_of_call(IrOp *op, int number) {
	(void)op;
	(void)number;
	return NULL;
}

static bool block_runs_call(const IrOp *op, int number) {
	(void)op;
	(void)number;
	return false;
}

/* ---- DEFERRED: the arguments, when it counts; what it is ---- */

static bool next_use_deferred(IrUse *use) {
	const IrDeferred *deferred = &use->op->deferred;
	uint32_t number = use->next++;
	if (number < deferred->args.count)
		return use_is(use, IR_USE_ARG, number, deferred->args.data[number]);
	return number == deferred->args.count && deferred->when && use_is(use, IR_USE_WHEN, 0, deferred->when);
}

static bool next_def_deferred(IrDef *def) {
	return def->next++ == 0 && def_is(def, IR_DEF_DEFERRED, 0, def->op->deferred.out);
}

static IrBlock *block_of_deferred(IrOp *op, int number) {
	(void)op;
	(void)number;
	return NULL;
}

static bool block_runs_deferred(const IrOp *op, int number) {
	(void)op;
	(void)number;
	return false;
}

/* ---- questions that any kind answers by its rules ---- */

IrDef ir_def_of(const IrFunc *func, IrValue value) {
	const IrOp *op = ir_info(func, value)->def;
	if (!op)
		return (IrDef){.value = value, .kind = IR_DEF_PARAM, .block = -1};
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.value == value)
			return def;
	base_panic("ir_def_of", "%%%u is not defined by its op", (unsigned)value);
}

const IrPut *ir_put_of(const IrFunc *func, IrValue value, const IrFor **f) {
	const IrFor *body = ir_as_for(ir_info(func, value)->def);
	for (uint32_t p = 0; body && p < body->puts.count; p++) {
		if (body->puts.data[p].out != value)
			continue;
		if (f)
			*f = body;
		return &body->puts.data[p];
	}
	return NULL;
}

const IrConst *ir_table_of(const IrFunc *func, IrValue value) {
	const IrOp *op = ir_info(func, value)->def;
	return op && op->kind == IR_CONST ? &op->constant : NULL;
}

IrFor *ir_as_for(const IrOp *op) {
	return op && op->kind == IR_FOR ? &((IrOp *)op)->f : NULL;
}

bool ir_op_uses(const IrOp *op, IrValue value) {
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		if (use.value == value)
			return true;
	const IrBlock *block;
	for (int k = 0; (block = ir_block_of(op, k)) != NULL; k++)
		if (ir_block_uses(block, value))
			return true;
	return false;
}

bool ir_block_uses(const IrBlock *block, IrValue value) {
	for (uint32_t i = 0; i < block->ops.count; i++)
		if (ir_op_uses(block->ops.data[i], value))
			return true;
	return false;
}

static void visit_op(IrOp *op, const IrBlock *around, IrVisit *visit, void *context) {
	visit(context, around, op);
	const IrBlock *block;
	for (int k = 0; (block = ir_block_of(op, k)) != NULL; k++)
		ir_visit_ops(block, visit, context);
}

void ir_visit_ops(const IrBlock *block, IrVisit *visit, void *context) {
	for (uint32_t i = 0; i < block->ops.count; i++)
		visit_op(block->ops.data[i], block, visit, context);
}

void ir_visit_op(IrOp *op, IrVisit *visit, void *context) {
	visit_op(op, NULL, visit, context);
}

/* ---- inside of bodies ---- */

IrOperand ir_operands(const IrNode *node) {
	IrOperand part = {.args = node->args, .at = node->at, .at_count = node->at_count};
	part.arg_count = node->kind == IR_NODE_OP ? (uint32_t)ir_op_info[node->opcode].arity : 0;
	return part;
}

IrOperand ir_put_operands(const IrPut *put, uint32_t rank) {
	return (IrOperand){.args = &put->node, .arg_count = !ir_put_is_arg(put), .at = put->at, .at_count = rank};
}

IrOperand ir_at_operands(const IrAt *at, uint32_t count) {
	return (IrOperand){.at = at, .at_count = count};
}

bool ir_next_operand(IrOperand *part) {
	if (part->next < part->arg_count) {
		part->argument = (int)part->next;
		part->node = part->args[part->next++];
		return true;
	}
	part->argument = -1;
	while (part->next - part->arg_count < part->at_count) {
		const IrAt *at = &part->at[part->next - part->arg_count];
		while (part->term < at->term_count) {
			IrTerm term = at->terms[part->term++];
			if (!term.is_node)
				continue;
			part->node = term.ref;
			return true;
		}
		part->term = 0;
		part->next++;
	}
	return false;
}

uint32_t ir_at_index_set(IrAt at, const uint32_t *sets) {
	uint32_t set = 0;
	for (uint32_t i = 0; i < at.term_count; i++)
		set |= at.terms[i].is_node ? sets[at.terms[i].ref] : UINT32_C(1) << at.terms[i].ref;
	return set;
}

void ir_node_index_sets(const IrFor *f, uint32_t count, uint32_t *sets) {
	for (uint32_t n = 0; n < count; n++) {
		const IrNode *node = &f->nodes.data[n];
		sets[n] = 0;
		for (uint32_t k = 0; k < node->at_count; k++)
			sets[n] |= ir_at_index_set(node->at[k], sets);
		for (int i = 0; node->kind == IR_NODE_OP && i < ir_op_info[node->opcode].arity; i++)
			sets[n] |= sets[node->args[i]];
	}
}
