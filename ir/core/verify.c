/* The rules of the tensor IR. ir_check_op has those of one op by itself, for builder and verifier alike; ir_verify adds what
 * needs the whole function: that values are defined once, and before they are used. */
#include "ir/core/walk.h"

/* A message in the module's arena, as the result of the rule that is broken. */
#define WRONG(...) return arena_printf(func->module->arena, __VA_ARGS__)

static const char *check_dim(const IrFunc *func, IrDim dim) {
	if (dim < 0 && (uint64_t)(-1 - dim) >= func->symbols.count)
		WRONG("extent %lld is no symbol of the function", (long long)dim);
	return NULL;
}

static const char *check_type(const IrFunc *func, IrType type) {
	const char *wrong = NULL;
	if (type.rank > IR_MAX_RANK)
		WRONG("rank %d, at most %d", type.rank, IR_MAX_RANK);
	if (type.lanes && (type.rank == 0 || type.dims[0] != IR_LANES))
		WRONG("a type with lanes has axis 0 of extent %d", IR_LANES);
	for (int i = 0; i < type.rank && !wrong; i++)
		wrong = check_dim(func, type.dims[i]);
	return wrong;
}

/* A value that an op reads: it exists. */
static const char *check_value(const IrFunc *func, IrValue value) {
	if (value == 0 || value >= func->values.count)
		WRONG("value %%%u does not exist", (unsigned)value);
	return NULL;
}

static const char *check_defined(const IrFunc *func, IrValue value, const IrOp *op) {
	const char *wrong = check_value(func, value);
	if (wrong)
		return wrong;
	if (ir_info(func, value)->def != op)
		WRONG("%%%u is not known as defined by this op", (unsigned)value);
	return check_type(func, ir_type(func, value));
}

/* Terms are sorted, unique, non-zero; nodes come before `node_limit` and are integers. */
static const char *check_at(const IrFunc *func, const IrFor *f, const IrAt *at, uint32_t node_limit) {
	for (uint32_t i = 0; i < at->term_count; i++) {
		const IrTerm *term = &at->terms[i], *before = i ? &at->terms[i - 1] : NULL;
		if (term->coef == 0)
			WRONG("a position has a term with coefficient 0");
		if (before &&
		    (before->is_node > term->is_node || (before->is_node == term->is_node && before->ref >= term->ref)))
			WRONG("the terms of a position are not sorted");
		if (!term->is_node && term->ref >= f->indices.count)
			WRONG("a position mentions index %u of %u", (unsigned)term->ref, (unsigned)f->indices.count);
		if (term->is_node && term->ref >= node_limit)
			WRONG("a position mentions node %u, which does not come before it", (unsigned)term->ref);
		if (term->is_node && f->nodes.data[term->ref].type != IR_I64)
			WRONG("a position mentions a node that is no integer");
	}
	return NULL;
}

/* Positions with gather atoms are checked when the code runs where they cannot be proved; all others are proved. */
static bool has_atoms(const IrFor *f, IrAt at) {
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].is_node && f->nodes.data[at.terms[i].ref].kind != IR_NODE_DIM)
			return true;
	return false;
}

/* The positions of a read or of a put that is not guarded. */
static const char *check_access(const IrFunc *func, const IrFor *f, IrType type, const IrAt *at, bool guarded,
                                uint32_t node_limit) {
	for (int axis = 0; axis < type.rank; axis++) {
		const char *wrong = check_at(func, f, &at[axis], node_limit);
		if (wrong)
			return wrong;
		if (type.lanes && axis == 0) {
			if (ir_at_plain_index(at[0]) != 0 || !f->indices.data[0].lane)
				WRONG("the lane axis of a value is read or put at something else than the lane index");
			continue;
		}
		if (!guarded && !ir_in_bounds(func, f, at[axis], type.dims[axis]) && !has_atoms(f, at[axis]))
			WRONG("a position on axis %d is not proved to be inside, and not guarded", axis);
	}
	return NULL;
}

static const char *check_constant_node(const IrFunc *func, const IrNode *node) {
	bool fits = true;
	if (node->type == IR_F32)
		fits = node->real != node->real || (double)(float)node->real == node->real;
	else if (node->type == IR_I32)
		fits = node->integer == (int32_t)node->integer;
	else if (node->type == IR_BOOL)
		fits = node->integer == 0 || node->integer == 1;
	if (!fits)
		WRONG("a constant is not a value of its type");
	return NULL;
}

static const char *check_op_node(const IrFunc *func, const IrFor *f, uint32_t number) {
	const IrNode *node = &f->nodes.data[number];
	if ((unsigned)node->opcode >= IR_OPCODE_COUNT)
		WRONG("operation %d does not exist", (int)node->opcode);
	const IrOpInfo *info = &ir_op_info[node->opcode];
	IrScalar types[IR_MAX_ARGS] = {0}, result;
	for (int i = 0; i < info->arity; i++) {
		if (node->args[i] >= number)
			WRONG("an operand of `%s` does not come before it", info->name);
		types[i] = f->nodes.data[node->args[i]].type;
	}
	if (!ir_op_type(node->opcode, types, &result) || result != node->type)
		WRONG("the operands of `%s` or its result have types that do not fit", info->name);
	return NULL;
}

static const char *check_node(const IrFunc *func, const IrFor *f, const IrOp *op, uint32_t number) {
	const IrNode *node = &f->nodes.data[number];
	const char *wrong;
	switch (node->kind) {
	case IR_NODE_CONST: return check_constant_node(func, node);
	case IR_NODE_DIM:
		if (node->dim >= 0 || node->type != IR_I64)
			WRONG("an extent in a body is a symbol, as an integer");
		return check_dim(func, node->dim);
	case IR_NODE_INDEX:
		if (node->at_count != 1 || node->type != IR_I64)
			WRONG("an index value is one position, as an integer");
		return check_at(func, f, node->at, number);
	case IR_NODE_OP: return check_op_node(func, f, number);
	case IR_NODE_READ: break;
	}
	wrong = check_value(func, node->value);
	if (wrong)
		return wrong;
	IrType type = ir_type(func, node->value);
	if (node->at_count != type.rank)
		WRONG("%%%u has rank %d and is read with %u positions", (unsigned)node->value, type.rank,
		      (unsigned)node->at_count);
	if (node->type != type.scalar)
		WRONG("%%%u is read as another type", (unsigned)node->value);
	if (ir_info(func, node->value)->def == op)
		WRONG("the op reads %%%u, which it makes itself", (unsigned)node->value);
	return check_access(func, f, type, node->at, node->guarded, number);
}

static const char *check_arg_put(const IrFunc *func, const IrFor *f, const IrPut *put) {
	IrType type = ir_type(func, put->out);
	if (put->arg_of >= f->puts.count || put->arg_index >= f->indices.count)
		WRONG("an argument of a put or an index that does not exist");
	const IrPut *of = &f->puts.data[put->arg_of];
	if (of->combine != (put->combine == IR_PUT_ARGMAX ? IR_PUT_MAX : IR_PUT_MIN))
		WRONG("an argument belongs to a put of the same kind");
	if (of->into || put->into)
		WRONG("an argument and the put it belongs to start from nothing");
	IrType expected = ir_type(func, of->out);
	expected.scalar = IR_I64;
	if (!ir_type_equal(type, expected))
		WRONG("an argument has the dimensions of the put it belongs to, as integers");
	if (of->guarded != put->guarded)
		WRONG("an argument is guarded as the put it belongs to is");
	for (int axis = 0; axis < type.rank; axis++)
		if (!ir_at_equal(put->at[axis], of->at[axis]))
			WRONG("an argument has the positions of the put it belongs to");
	return NULL;
}

static const char *check_put(const IrFunc *func, const IrFor *f, const IrOp *op, const IrPut *put) {
	const char *wrong = check_defined(func, put->out, op);
	if (wrong)
		return wrong;
	IrType type = ir_type(func, put->out);
	if (type.storage)
		WRONG("only parameters may be stored otherwise than as their scalar");
	wrong = check_access(func, f, type, put->at, put->guarded, f->nodes.count);
	if (wrong)
		return wrong;
	if (put->combine == IR_PUT_ARGMAX || put->combine == IR_PUT_ARGMIN)
		return check_arg_put(func, f, put);
	if (put->node >= f->nodes.count)
		WRONG("node %u is put, of %u", (unsigned)put->node, (unsigned)f->nodes.count);
	if (f->nodes.data[put->node].type != type.scalar)
		WRONG("%%%u is %s, but %s is put", (unsigned)put->out, ir_scalar_name(type.scalar),
		      ir_scalar_name(f->nodes.data[put->node].type));
	if (put->into) {
		wrong = check_value(func, put->into);
		if (wrong)
			return wrong;
		if (!ir_type_equal(ir_type(func, put->into), type))
			WRONG("%%%u starts from %%%u, which has another type", (unsigned)put->out, (unsigned)put->into);
		if (ir_info(func, put->into)->def == op)
			WRONG("a put starts from what its own op makes");
	}
	if (put->combine != IR_PUT_NONE && type.scalar == IR_BOOL)
		WRONG("booleans cannot be combined");
	if (put->combine == IR_PUT_NONE && put->into && !ir_put_apart(func, f, put))
		WRONG("%%%u may be put to the same element twice", (unsigned)put->out);
	if (put->combine == IR_PUT_NONE && !put->into && !ir_put_covers(func, f, put))
		WRONG("%%%u is not proved to be put to every element exactly once", (unsigned)put->out);
	return NULL;
}

static const char *check_for(const IrFunc *func, const IrOp *op) {
	const IrFor *f = &op->f;
	const char *wrong = NULL;
	if (f->indices.count > IR_MAX_INDICES)
		WRONG("%u indices, at most %d", (unsigned)f->indices.count, IR_MAX_INDICES);
	if (f->puts.count == 0)
		WRONG("nothing is put");
	for (uint32_t i = 0; i < f->indices.count && !wrong; i++) {
		const IrIndex *index = &f->indices.data[i];
		wrong = check_dim(func, index->extent);
		if (index->lane && (i != 0 || index->extent != IR_LANES))
			WRONG("the lane index is the first and has extent %d", IR_LANES);
	}
	for (uint32_t i = 0; i < f->nodes.count && !wrong; i++)
		wrong = check_node(func, f, op, i);
	for (uint32_t i = 0; i < f->conds.count && !wrong; i++) {
		const IrAt *cond = &f->conds.data[i];
		wrong = check_at(func, f, cond, f->nodes.count);
		for (uint32_t k = 0; k < cond->term_count && !wrong; k++)
			if (cond->terms[k].is_node && ir_node_indices(f, cond->terms[k].ref))
				WRONG("a gather atom of a condition varies with an index");
	}
	for (uint32_t i = 0; i < f->puts.count && !wrong; i++)
		wrong = check_put(func, f, op, &f->puts.data[i]);
	return wrong;
}

static const char *check_const(const IrFunc *func, const IrOp *op) {
	const IrConst *table = &op->constant;
	const char *wrong = check_defined(func, table->out, op);
	if (wrong)
		return wrong;
	IrType type = ir_type(func, table->out);
	for (int i = 0; i < type.rank; i++)
		if (type.dims[i] < 0)
			WRONG("the extents of a table are numbers");
	if (ir_scalar_is_real(type.scalar) ? !table->reals : !table->integers)
		WRONG("a table has no data of its type");
	return NULL;
}

static const char *check_loop(const IrFunc *func, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	const char *wrong = check_defined(func, loop->counter, op);
	IrType count = ir_scalar_type(IR_I64);
	if (!wrong && loop->trips)
		wrong = check_value(func, loop->trips);
	if (wrong)
		return wrong;
	if (loop->limit < 0)
		WRONG("a loop of %lld turns", (long long)loop->limit);
	if (!ir_type_equal(ir_type(func, loop->counter), count) ||
	    (loop->trips && !ir_type_equal(ir_type(func, loop->trips), count)))
		WRONG("counter and trips of a loop are integers of rank 0");
	bool ends = loop->goes == 0;
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		const IrCarry *carry = &loop->carries.data[i];
		ends = ends || carry->inner == loop->goes;
		wrong = check_value(func, carry->init);
		if (!wrong)
			wrong = check_value(func, carry->yield);
		if (!wrong)
			wrong = check_defined(func, carry->inner, op);
		if (!wrong)
			wrong = check_defined(func, carry->out, op);
		if (wrong)
			return wrong;
		IrType type = ir_type(func, carry->inner);
		if (!ir_type_equal(type, ir_type(func, carry->init)) || !ir_type_equal(type, ir_type(func, carry->yield)) ||
		    !ir_type_equal(type, ir_type(func, carry->out)))
			WRONG("%%%u is carried, but starts, goes on or ends with another type", (unsigned)carry->inner);
	}
	if (!ends)
		WRONG("%%%u, while which a loop goes on, is not carried by it", (unsigned)loop->goes);
	if (loop->goes) {
		IrType type = ir_type(func, loop->goes);
		if (type.scalar != IR_BOOL || type.rank != (type.lanes ? 1 : 0))
			WRONG("%%%u, while which a loop goes on, is not one truth value", (unsigned)loop->goes);
	}
	return NULL;
}

static const char *check_evaluate(const IrFunc *func, const IrOp *op) {
	const IrEvaluate *evaluate = &op->evaluate;
	const char *wrong = check_value(func, evaluate->at);
	if (!wrong && evaluate->when)
		wrong = check_value(func, evaluate->when);
	if (!wrong)
		wrong = check_defined(func, evaluate->f, op);
	if (!wrong)
		wrong = check_defined(func, evaluate->g, op);
	if (wrong)
		return wrong;
	IrType at = ir_type(func, evaluate->at);
	if (at.rank != 1 || at.lanes || at.storage || !ir_scalar_is_real(at.scalar))
		WRONG("an objective is evaluated at one flat vector of reals");
	if (evaluate->when && !ir_type_equal(ir_type(func, evaluate->when), ir_scalar_type(IR_BOOL)))
		WRONG("whether an evaluation counts is one truth value");
	if (!ir_type_equal(ir_type(func, evaluate->f), ir_scalar_type(at.scalar)) ||
	    !ir_type_equal(ir_type(func, evaluate->g), at))
		WRONG("an evaluation gives a number and a gradient of the type of the place");
	return NULL;
}

static const char *check_deferred(const IrFunc *func, const IrOp *op) {
	const IrDeferred *deferred = &op->deferred;
	const char *wrong = check_defined(func, deferred->out, op);
	for (uint32_t i = 0; i < deferred->args.count && !wrong; i++)
		wrong = check_value(func, deferred->args.data[i]);
	if (!wrong && deferred->when)
		wrong = check_value(func, deferred->when);
	if (wrong)
		return wrong;
	uint32_t wanted = deferred->of ? deferred->of->params.count + 1 : 1;
	if (deferred->args.count != wanted || (deferred->of == NULL) != (deferred->what == IR_DEFERRED_RESIDUALS))
		WRONG("%u arguments of what is put off, not %u", (unsigned)deferred->args.count, (unsigned)wanted);
	IrType type = ir_type(func, deferred->out);
	if (type.lanes || !ir_scalar_is_real(type.scalar) || (!deferred->of && type.rank != 1))
		WRONG("residuals are a vector of reals, and derivatives are reals");
	return NULL;
}

static const char *(*const check_kind[IR_KIND_COUNT])(const IrFunc *func, const IrOp *op) = {
#define KIND(NAME, name) [IR_##NAME] = check_##name,
#include "ir/core/kinds.def"
#undef KIND
};

const char *ir_check_op(const IrFunc *func, const IrOp *op) {
	if ((unsigned)op->kind >= IR_KIND_COUNT)
		WRONG("an op of kind %d", (int)op->kind);
	return check_kind[op->kind](func, op);
}

/* ---- whole functions ---- */

typedef enum Visibility { UNSEEN, VISIBLE, GONE } Visibility;

typedef struct Verifier {
	const IrFunc *func;
	uint8_t *seen; /* per value: Visibility */
	VEC(IrValue) defined;
	Arena *scratch;
} Verifier;

static const char *define(Verifier *v, IrValue value) {
	const IrFunc *func = v->func;
	if (v->seen[value] != UNSEEN)
		WRONG("%%%u is defined twice", (unsigned)value);
	v->seen[value] = VISIBLE;
	vec_push(v->scratch, &v->defined, value);
	return NULL;
}

static const char *use(const Verifier *v, IrValue value) {
	const IrFunc *func = v->func;
	if (value >= func->values.count || v->seen[value] != VISIBLE)
		WRONG("%%%u is used where it is not defined", (unsigned)value);
	return NULL;
}

static const char *verify_block(Verifier *v, const IrBlock *block);

static const char *use_all(const Verifier *v, const IrOp *op, int block) {
	const char *wrong = NULL;
	for (IrUse one = ir_uses(op); !wrong && ir_next_use(&one);)
		wrong = one.block == block ? use(v, one.value) : NULL;
	return wrong;
}

static const char *define_all(Verifier *v, const IrOp *op, int block) {
	const char *wrong = NULL;
	for (IrDef one = ir_defs(op); !wrong && ir_next_def(&one);)
		wrong = one.block == block ? define(v, one.value) : NULL;
	return wrong;
}

/* A block of an op: what is defined in it is gone after it. */
static const char *verify_inside(Verifier *v, const IrOp *op, int number, const IrBlock *block) {
	uint32_t before = v->defined.count;
	const char *wrong = define_all(v, op, number);
	if (!wrong)
		wrong = verify_block(v, block);
	if (!wrong)
		wrong = use_all(v, op, number);
	while (v->defined.count > before)
		v->seen[v->defined.data[--v->defined.count]] = GONE;
	return wrong;
}

static const char *verify_op(Verifier *v, const IrOp *op) {
	const char *wrong = ir_check_op(v->func, op);
	if (!wrong)
		wrong = use_all(v, op, -1);
	const IrBlock *block;
	for (int k = 0; !wrong && (block = ir_block_of(op, k)) != NULL; k++)
		wrong = verify_inside(v, op, k, block);
	return wrong ? wrong : define_all(v, op, -1);
}

static const char *verify_block(Verifier *v, const IrBlock *block) {
	const IrFunc *func = v->func;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const char *wrong = verify_op(v, block->ops.data[i]);
		if (!wrong)
			continue;
		if (ir_block_of(block->ops.data[i], 0))
			return wrong; /* it has named the op inside, or is about the op as a whole */
		Text text = text_new(func->module->arena);
		ir_print_op(func, block->ops.data[i], &text);
		WRONG("%s\n%s", wrong, text_cstr(&text));
	}
	return NULL;
}

/* Whole numbers can be stored for any scalar, reals for reals; lanes have storage of their own. */
static const char *check_storage(const IrFunc *func, IrType type) {
	if (type.storage &&
	    (type.lanes || (ir_storage_is_real(type.storage) && !ir_scalar_is_real(type.scalar)) || type.scalar == IR_I32))
		WRONG("a parameter of %s cannot be stored as %s", ir_scalar_name(type.scalar), ir_storage_name(type.storage));
	return NULL;
}

static const char *verify_whole(Verifier *v) {
	const IrFunc *func = v->func;
	const char *wrong = NULL;
	for (uint32_t i = 0; i < func->params.count && !wrong; i++) {
		wrong = check_defined(func, func->params.data[i].value, NULL);
		if (!wrong)
			wrong = check_storage(func, ir_type(func, func->params.data[i].value));
		if (!wrong)
			wrong = define(v, func->params.data[i].value);
	}
	if (!wrong)
		wrong = verify_block(v, &func->body);
	for (uint32_t i = 0; i < func->results.count && !wrong; i++) {
		wrong = use(v, func->results.data[i].value);
		if (!wrong && ir_type(func, func->results.data[i].value).storage)
			WRONG("a result is a parameter that is stored as %s",
			      ir_storage_name(ir_type(func, func->results.data[i].value).storage));
	}
	return wrong;
}

const char *ir_verify(const IrFunc *func) {
	Verifier v = {.func = func, .scratch = arena_new()};
	v.seen = ARENA_ARRAY(v.scratch, uint8_t, func->values.count + 1);
	const char *wrong = verify_whole(&v);
	arena_free(v.scratch);
	if (wrong)
		WRONG("@%s: %s", session_text(func->module->session, func->name), wrong);
	return NULL;
}
