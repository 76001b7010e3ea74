/* What walk.h says of ops, held against their text: an op uses and defines exactly the values that its printed form mentions. */
#include "ir/core/walk.h"
#include "ir/text/text.h"
#include "ir_random.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#if GRADUS_SANITIZED
enum { ROUNDS = 100 };
#else
enum { ROUNDS = 500 };
#endif

/* How often `%number` stands in a text, per value. No value has a name here. */
static void count_mentions(const char *text, uint32_t *mentions, uint32_t count) {
	for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%')) {
		unsigned long value = strtoul(at + 1, NULL, 10);
		cr_assert(value > 0 && value < count, "%s", text);
		mentions[value]++;
	}
}

static void count_walked(void *context, const IrBlock *block, IrOp *op) {
	uint32_t *walked = context;
	(void)block;
	for (IrUse use = ir_uses(op); ir_next_use(&use);)
		walked[use.value]++;
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		walked[def.value]++;
}

static void check_op(const IrFunc *func, IrOp *op, Arena *arena) {
	Text text = text_new(arena);
	ir_print_op(func, op, &text);
	uint32_t count = func->values.count;
	uint32_t *mentions = ARENA_ARRAY(arena, uint32_t, count), *walked = ARENA_ARRAY(arena, uint32_t, count);
	count_mentions(text_cstr(&text), mentions, count);
	ir_visit_op(op, count_walked, walked);
	for (IrValue value = 1; value < count; value++)
		cr_assert((mentions[value] > 0) == (walked[value] > 0), "%%%u: %u mentions, %u walked over, in\n%s",
		          (unsigned)value, (unsigned)mentions[value], (unsigned)walked[value], text_cstr(&text));
}

/* What is said of one value agrees with what is said of its op. */
static void check_value(const IrFunc *func, IrValue value) {
	IrDef def = ir_def_of(func, value);
	const IrFor *f = NULL;
	const IrPut *put = ir_put_of(func, value, &f);
	const IrConst *table = ir_table_of(func, value);
	cr_assert(def.op == ir_info(func, value)->def && def.value == value);
	cr_assert((put != NULL) == (def.kind == IR_DEF_PUT) && (table != NULL) == (def.kind == IR_DEF_TABLE));
	cr_assert(!put || (put->out == value && f == ir_as_for(def.op) && put == &f->puts.data[def.number]));
	cr_assert(!table || table->out == value);
}

Test(ir_walk, says_what_is_printed) {
	uint32_t blocks = 0;
	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		Session *session = session_new();
		Arena *arena = arena_new();
		IrModule *module = ir_module_new(session);
		IrFunc *func = random_ir(module, seed, IR_F64, seed % 3 == 0);
		for (IrValue value = 1; value < func->values.count; value++) {
			func->values.data[value].name = 0;
			check_value(func, value);
		}
		for (uint32_t i = 0; i < func->body.ops.count; i++) {
			check_op(func, func->body.ops.data[i], arena);
			blocks += ir_block_of(func->body.ops.data[i], 0) != NULL;
		}
		ir_module_free(module);
		session_free(session);
		arena_free(arena);
	}
	cr_expect(blocks > ROUNDS / 20, "only %u ops with a block", (unsigned)blocks);
}

/* One of each kind: uses in their order, with what each is for. */
Test(ir_walk, kinds_of_uses_and_definitions) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	static const char text[] = "func @f(%1 n: int[], %2 x[4], %3 b[4]) -> (y[4]) {\n"
							   "  %4: int[4] = const [0, 1, 2, 3]\n"
							   "  %5[4] = loop %6 < 9 trips %1 carry (%7[4] = %2) {\n"
							   "    %8[4] = for i:4 { %7[%4[i]] } sum -> [i] into %3\n"
							   "    yield %8\n  }\n  return %5\n}\n";
	cr_assert(ir_parse(module, source_add(session, "t.ir", text, sizeof text - 1)));
	const IrFunc *func = module->funcs.data[0];
	static const struct {
		IrValue value;
		IrUseKind kind;
		int block;
	} of_loop[] = {{1, IR_USE_TRIPS, -1}, {2, IR_USE_INIT, -1}, {8, IR_USE_YIELD, 0}},
	  of_for[] = {{4, IR_USE_READ, -1}, {7, IR_USE_READ, -1}, {3, IR_USE_INTO, -1}};
	static const IrDefKind kinds[] = {[1] = IR_DEF_PARAM, [2] = IR_DEF_PARAM,   [3] = IR_DEF_PARAM, [4] = IR_DEF_TABLE,
	                                  [5] = IR_DEF_OUT,   [6] = IR_DEF_COUNTER, [7] = IR_DEF_INNER, [8] = IR_DEF_PUT};
	uint32_t seen = 0;
	for (IrUse use = ir_uses(func->body.ops.data[1]); ir_next_use(&use); seen++)
		cr_assert(seen < 3 && use.value == of_loop[seen].value && use.kind == of_loop[seen].kind &&
		          use.block == of_loop[seen].block);
	cr_assert(seen == 3);
	const IrOp *inside = ir_block_of(func->body.ops.data[1], 0)->ops.data[0];
	seen = 0;
	for (IrUse use = ir_uses(inside); ir_next_use(&use); seen++)
		cr_assert(seen < 3 && use.value == of_for[seen].value && use.kind == of_for[seen].kind &&
		          use.block == of_for[seen].block);
	cr_assert(seen == 3);
	for (IrValue value = 1; value < func->values.count; value++)
		cr_expect(ir_def_of(func, value).kind == kinds[value], "%%%u", (unsigned)value);
	cr_assert(ir_block_of(inside, 0) == NULL && ir_block_of(func->body.ops.data[1], 1) == NULL);
	cr_assert(ir_op_uses(func->body.ops.data[1], 7) && !ir_op_uses(inside, 2) && ir_block_uses(&func->body, 4));
	ir_module_free(module);
	session_free(session);
}
