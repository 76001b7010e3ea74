/* Small constructors of the loop IR: sizes, affine forms, temps, statements, and the derived facts of a kernel. */
#include "jit/loop/loop.h"

#include <string.h>

LoopSize loop_size(int64_t factor) {
	LoopSize size = {0};
	size.factor = factor;
	return size;
}

LoopSize loop_size_mul(LoopSize a, LoopSize b) {
	LoopSize product = loop_size(ir_wrap_mul(a.factor, b.factor));
	if (product.factor == 0)
		return product;
	if (a.count + b.count > IR_MAX_RANK)
		base_panic("loop_size_mul", "a size is a product of more than %d symbols", IR_MAX_RANK);
	uint32_t i = 0, j = 0;
	while (i < a.count || j < b.count) {
		bool from_a = j == b.count || (i < a.count && a.symbols[i] <= b.symbols[j]);
		product.symbols[product.count++] = from_a ? a.symbols[i++] : b.symbols[j++];
	}
	return product;
}

LoopSize loop_size_dim(IrDim dim) {
	if (dim >= 0)
		return loop_size(dim);
	LoopSize size = loop_size(1);
	size.count = 1;
	size.symbols[0] = (uint8_t)(-1 - dim);
	return size;
}

bool loop_size_equal(LoopSize a, LoopSize b) {
	return a.factor == b.factor && a.count == b.count && memcmp(a.symbols, b.symbols, a.count) == 0;
}

int64_t loop_size_value(LoopSize size, const int64_t *symbols) {
	int64_t value = size.factor;
	for (uint32_t i = 0; i < size.count; i++)
		value *= symbols[size.symbols[i]];
	return value;
}

LoopSize loop_elements(IrType type) {
	LoopSize elements = loop_size(1);
	for (uint32_t i = 0; i < type.rank; i++)
		elements = loop_size_mul(elements, loop_size_dim(type.dims[i]));
	return elements;
}

void loop_strides(IrType type, LoopSize strides[IR_MAX_RANK]) {
	LoopSize stride = loop_size(type.lanes ? LOOP_LANES : 1);
	uint32_t first = type.lanes ? 1 : 0;
	for (uint32_t i = type.rank; i-- > first;) {
		strides[i] = stride;
		stride = loop_size_mul(stride, loop_size_dim(type.dims[i]));
	}
	if (type.lanes)
		strides[0] = loop_size(1);
}

LoopAffine loop_affine(int64_t offset) {
	LoopAffine affine = {0};
	affine.offset = offset;
	return affine;
}

static bool same_symbols(LoopSize a, LoopSize b) {
	return a.count == b.count && memcmp(a.symbols, b.symbols, a.count) == 0;
}

void loop_affine_add(Arena *arena, LoopAffine *affine, LoopSize coef, LoopTemp temp) {
	if (coef.factor == 0)
		return;
	if (temp == 0 && coef.count == 0) {
		affine->offset += coef.factor;
		return;
	}
	/* Terms are shared between copies of an affine form, so a changed list is a new list. */
	LoopTerm *terms = ARENA_ARRAY(arena, LoopTerm, affine->count + 1);
	uint32_t count = 0;
	bool merged = false;
	for (uint32_t i = 0; i < affine->count; i++) {
		LoopTerm term = affine->terms[i];
		if (!merged && term.temp == temp && same_symbols(term.coef, coef)) {
			term.coef.factor += coef.factor;
			merged = true;
			if (term.coef.factor == 0)
				continue;
		}
		terms[count++] = term;
	}
	if (!merged)
		terms[count++] = (LoopTerm){coef, temp};
	affine->terms = terms;
	affine->count = count;
}

bool loop_affine_equal(LoopAffine a, LoopAffine b) {
	if (a.offset != b.offset || a.count != b.count)
		return false;
	for (uint32_t i = 0; i < a.count; i++)
		if (a.terms[i].temp != b.terms[i].temp || !loop_size_equal(a.terms[i].coef, b.terms[i].coef))
			return false;
	return true;
}

uint32_t loop_node_weight(const IrNode *node) {
	bool calls = node->kind == IR_NODE_OP && !ir_op_info[node->opcode].primitive;
	return calls ? 1 + (uint32_t)ir_op_info[node->opcode].cost : 1;
}

LoopTemp loop_temp(Arena *arena, LoopKernel *kernel, IrScalar type, bool vector) {
	LoopTempInfo info = {.type = type, .vector = vector};
	if (kernel->temps.count == 0)
		vec_push(arena, &kernel->temps, (LoopTempInfo){0});
	vec_push(arena, &kernel->temps, info);
	return kernel->temps.count - 1;
}

LoopStmt *loop_stmt(Arena *arena, LoopBlock *block, LoopKind kind, LoopTemp out) {
	LoopStmt *stmt = ARENA_NEW(arena, LoopStmt);
	stmt->kind = kind;
	stmt->out = out;
	vec_push(arena, &block->stmts, stmt);
	return stmt;
}

static void need_vector(LoopKernel *kernel, LoopTemp temp) {
	if (temp != 0 && !kernel->temps.data[temp].vector)
		kernel->temps.data[temp].splat = true;
}

static void derive(LoopKernel *kernel, const LoopBlock *block) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		switch (stmt->kind) {
		case LOOP_OP:
			if (kernel->temps.data[stmt->out].vector)
				for (int a = 0; a < IR_MAX_ARGS; a++)
					need_vector(kernel, stmt->args[a]);
			break;
		case LOOP_LOAD:
			if (kernel->temps.data[stmt->out].vector)
				need_vector(kernel, stmt->mask);
			break;
		case LOOP_STORE:
			kernel->formals.data[stmt->address.buffer].written = true;
			if (stmt->address.stride != 0 || stmt->address.index != 0)
				need_vector(kernel, stmt->value);
			break;
		case LOOP_CHECK: kernel->can_fail = true; break;
		case LOOP_FOR:
		case LOOP_IF:
			for (uint32_t c = 0; c < stmt->carries.count; c++) {
				const LoopCarry *carry = &stmt->carries.data[c];
				if (kernel->temps.data[carry->inner].vector) {
					need_vector(kernel, carry->init);
					need_vector(kernel, carry->yield);
				}
			}
			derive(kernel, &stmt->body);
			break;
		default: break;
		}
	}
}

/* ---- what nothing uses ---- */

static void add_use(uint32_t *uses, LoopTemp temp, int by) {
	uses[temp] = (uint32_t)((int)uses[temp] + by);
}

static void add_affine_uses(uint32_t *uses, LoopAffine affine, int by) {
	for (uint32_t i = 0; i < affine.count; i++)
		add_use(uses, affine.terms[i].temp, by);
}

/* The operands of one statement, its body not included. */
static void add_uses(uint32_t *uses, const LoopStmt *stmt, int by) {
	for (int i = 0; i < IR_MAX_ARGS; i++)
		add_use(uses, stmt->args[i], by);
	add_use(uses, stmt->value, by);
	add_use(uses, stmt->mask, by);
	add_use(uses, stmt->address.index, by);
	add_affine_uses(uses, stmt->address.affine, by);
	add_affine_uses(uses, stmt->affine, by);
	for (uint32_t i = 0; i < stmt->low.count; i++)
		add_affine_uses(uses, stmt->low.data[i].affine, by);
	for (uint32_t i = 0; i < stmt->high.count; i++)
		add_affine_uses(uses, stmt->high.data[i].affine, by);
	for (uint32_t i = 0; i < stmt->conds.count; i++)
		add_affine_uses(uses, stmt->conds.data[i], by);
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		add_use(uses, stmt->carries.data[i].init, by);
		add_use(uses, stmt->carries.data[i].yield, by);
	}
}

static void count_uses(uint32_t *uses, const LoopBlock *block) {
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		add_uses(uses, block->stmts.data[i], 1);
		count_uses(uses, &block->stmts.data[i]->body);
	}
}

static void add_all_uses(uint32_t *uses, const LoopStmt *stmt, int by) {
	add_uses(uses, stmt, by);
	for (uint32_t i = 0; i < stmt->body.stmts.count; i++)
		add_all_uses(uses, stmt->body.stmts.data[i], by);
}

/* Stores or may fail. */
static bool has_effect(const LoopStmt *stmt) {
	bool effect = stmt->kind == LOOP_STORE || stmt->kind == LOOP_CHECK;
	for (uint32_t i = 0; !effect && i < stmt->body.stmts.count; i++)
		effect = has_effect(stmt->body.stmts.data[i]);
	return effect;
}

static bool is_used(const uint32_t *uses, const LoopStmt *stmt) {
	bool used = stmt->kind != LOOP_FOR && uses[stmt->out] > 0;
	for (uint32_t c = 0; c < stmt->carries.count; c++)
		used = used || uses[stmt->carries.data[c].out] > 0;
	return used;
}

/* Of a conditional: what it leaves in temps that nobody reads. */
static void drop_carries(uint32_t *uses, LoopStmt *stmt) {
	uint32_t kept = 0;
	for (uint32_t c = 0; c < stmt->carries.count; c++) {
		LoopCarry carry = stmt->carries.data[c];
		if (uses[carry.out] > 0 || uses[carry.inner] > 0) {
			stmt->carries.data[kept++] = carry;
			continue;
		}
		add_use(uses, carry.init, -1);
		add_use(uses, carry.yield, -1);
	}
	stmt->carries.count = kept;
}

/* Backwards, so that what only dead statements use is seen to be dead. */
static void remove_dead(uint32_t *uses, LoopBlock *block) {
	for (uint32_t i = block->stmts.count; i-- > 0;) {
		LoopStmt *stmt = block->stmts.data[i];
		if (stmt->kind == LOOP_IF)
			drop_carries(uses, stmt);
		remove_dead(uses, &stmt->body);
		if (has_effect(stmt) || is_used(uses, stmt))
			continue;
		add_all_uses(uses, stmt, -1);
		block->stmts.data[i] = NULL;
	}
	uint32_t kept = 0;
	for (uint32_t i = 0; i < block->stmts.count; i++)
		if (block->stmts.data[i])
			block->stmts.data[kept++] = block->stmts.data[i];
	block->stmts.count = kept;
}

void loop_remove_dead(Arena *arena, LoopKernel *kernel) {
	uint32_t *uses = ARENA_ARRAY(arena, uint32_t, kernel->temps.count + 1);
	count_uses(uses, &kernel->body);
	remove_dead(uses, &kernel->body);
}

void loop_finish_kernel(Arena *arena, LoopKernel *kernel) {
	if (kernel->temps.count == 0)
		vec_push(arena, &kernel->temps, (LoopTempInfo){0});
	derive(kernel, &kernel->body);
	Text text = text_new(arena);
	loop_print_kernel(kernel, false, &text);
	kernel->text = text_cstr(&text);
	kernel->hash = hash_bytes(kernel->text, text.length, 0);
}

/* ---- copies ---- */

/* Of a growable array; its elements are as they were. */
#define COPY(arena, vec)                                                                                               \
	((vec)->data = (vec)->count ? arena_copy((arena), (vec)->data, sizeof *(vec)->data * (vec)->count) : NULL,         \
	 (vec)->capacity = (vec)->count)

static void copy_affine(Arena *arena, LoopAffine *affine) {
	if (affine->count)
		affine->terms = arena_copy(arena, affine->terms, sizeof(LoopTerm) * affine->count);
}

static void copy_block(Arena *arena, LoopBlock *block) {
	COPY(arena, &block->stmts);
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		LoopStmt *stmt = arena_copy(arena, block->stmts.data[i], sizeof(LoopStmt));
		block->stmts.data[i] = stmt;
		copy_affine(arena, &stmt->address.affine);
		copy_affine(arena, &stmt->affine);
		COPY(arena, &stmt->low);
		for (uint32_t k = 0; k < stmt->low.count; k++)
			copy_affine(arena, &stmt->low.data[k].affine);
		COPY(arena, &stmt->high);
		for (uint32_t k = 0; k < stmt->high.count; k++)
			copy_affine(arena, &stmt->high.data[k].affine);
		COPY(arena, &stmt->conds);
		for (uint32_t k = 0; k < stmt->conds.count; k++)
			copy_affine(arena, &stmt->conds.data[k]);
		COPY(arena, &stmt->carries);
		copy_block(arena, &stmt->body);
	}
}

LoopKernel *loop_copy_kernel(Arena *arena, const LoopKernel *kernel) {
	LoopKernel *copy = arena_copy(arena, kernel, sizeof *kernel);
	COPY(arena, &copy->formals);
	COPY(arena, &copy->temps);
	COPY(arena, &copy->sources);
	copy->text = arena_strdup(arena, kernel->text);
	if (kernel->foreign)
		copy->foreign = arena_copy(arena, kernel->foreign, sizeof *kernel->foreign);
	copy_block(arena, &copy->body);
	return copy;
}
