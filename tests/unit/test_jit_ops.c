/* Every row of ops.def, of all operands that it takes: evaluator, machine code and emitted C give the same bits under --strict,
 * over zeros, infinities, NaN, denormals and numbers of every magnitude. */
#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "jit_three_ways.h"

enum { POINTS = 400, MOST_RUNS = 400 };

static double awkward(uint64_t word) {
	static const double all[] = {0,         -0.0,       INFINITY, -INFINITY, NAN,       1,     -1,
	                             0x1p-1074, -0x1p-1060, 0x1p-149, 1e-40,     0x1p-1022, 1e308, 0x1.fffffffffffffp1023,
	                             1e30,      88.7,       -104,     709.78,    -745.1,    5e7,   2,
	                             3,         -7,         0.5,      -0.5,      1e-20,     710.4, 1024,
	                             -1075,     0x1p60};
	return all[word % (sizeof all / sizeof *all)];
}

/* One number in three is awkward, one in three of any bits, the others moderate. */
static void fill(IrTensor *t, uint64_t *state) {
	for (int64_t i = 0; i < ir_type_elements(t->type, NULL); i++) {
		uint64_t word = jit_test_random(state), other = jit_test_random(state);
		double real, moderate = (double)(int64_t)word * 0x1p-61;
		float narrow;
		memcpy(&real, &word, sizeof real);
		memcpy(&narrow, &word, sizeof narrow);
		bool single = t->type.scalar == IR_F32;
		real = other % 3 == 0 ? awkward(word) : other % 3 == 1 ? moderate : single ? (double)narrow : real;
		if (t->reals)
			t->reals[i] = single ? (double)(float)real : real;
		else if (t->type.scalar == IR_BOOL)
			t->integers[i] = word % 2;
		else
			t->integers[i] = other % 2                  ? (int64_t)(word % 17) - 8
			                 : t->type.scalar == IR_I32 ? (int32_t)word
			                                            : (int64_t)word >> 2;
	}
}

/* y[n] = for i:n { opcode(%a[i], ...) } -> [i] */
static IrFunc *row_func(IrModule *module, IrOpcode opcode, const IrScalar *types) {
	IrFunc *func = ir_func_new(module, ir_op_info[opcode].name);
	IrBuilder b = ir_builder(func);
	IrValue params[IR_MAX_ARGS];
	uint32_t nodes[IR_MAX_ARGS] = {0};
	IrDim n = POINTS;
	for (int k = 0; k < ir_op_info[opcode].arity; k++)
		params[k] = ir_param(func, (char[]){(char)('a' + k), 0}, ir_tensor_type(types[k], 1, &n));
	IrForBuilder f = ir_for_begin(&b);
	IrAt at = ir_at_index(module, ir_for_index(&f, session_name(module->session, "i"), n), 1);
	for (int k = 0; k < ir_op_info[opcode].arity; k++)
		nodes[k] = ir_read(&f, params[k], &at, false);
	uint32_t node = ir_op(&f, opcode, nodes);
	IrValue out = ir_put(&f, IR_PUT_NONE, node, ir_tensor_type(ir_node_type(&f, node), 1, &n), &at, 0, false);
	ir_for_end(&f);
	ir_result(func, "y", out);
	return func;
}

/* The types of the operands, the next in order; false after the last. */
static bool next_types(IrScalar *types, int arity) {
	static const IrScalar order[] = {IR_BOOL, IR_I32, IR_I64, IR_F32, IR_F64};
	for (int k = 0; k < arity; k++) {
		int place = 0;
		while (order[place] != types[k])
			place++;
		if (place < 4) {
			types[k] = order[place + 1];
			return true;
		}
		types[k] = order[0];
	}
	return false;
}

Test(jit_ops, every_row_gives_the_same_bits_three_ways, .timeout = 500) {
	Session *session = session_new();
	Arena *arena = arena_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	IrModule *module = ir_module_new(session);
	JitTestRun *runs = ARENA_ARRAY(arena, JitTestRun, MOST_RUNS);
	JitTestC c;
	jit_test_c_begin(&c, arena);
	uint32_t count = 0;
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		IrScalar types[IR_MAX_ARGS] = {IR_BOOL, IR_BOOL, IR_BOOL, IR_BOOL}, result;
		uint64_t state = hash_bytes(info->name, strlen(info->name), 0);
		uint32_t before = count;
		do {
			if (!ir_op_type((IrOpcode)opcode, types, &result))
				continue;
			JitTestRun *run = &runs[count++];
			cr_assert(count < MOST_RUNS);
			run->module = module;
			run->func = row_func(module, (IrOpcode)opcode, types);
			for (int k = 0; k < info->arity; k++) {
				run->args[k] = ir_tensor_new(arena, ir_type(run->func, run->func->params.data[k].value), NULL);
				fill(&run->args[k], &state);
			}
			run->func = ir_expand_math(module, run->func, false);
			run->error = ir_evaluate(run->func, arena, run->args, run->want, NULL);
			cr_assert_null(run->error);
			const char *text = arena_printf(arena, "%s of %s", info->name, ir_scalar_name(types[0]));
			jit_test_machine(engine, run, arena, &(JitOptions){.strict = true}, 0, text);
			jit_test_c_add(&c, run, true);
		} while (next_types(types, info->arity));
		cr_expect(count > before, "%s takes nothing", info->name);
	}
	cr_expect(count > 2 * IR_OPCODE_COUNT, "only %u runs", (unsigned)count);
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O1 -fno-tree-slp-vectorize");
	for (uint32_t i = 0; i < count; i++)
		jit_test_c_run(&c, i, &runs[i], arena, 0, "C, strict", ir_op_info[0].name);
	jit_engine_free(engine);
	ir_module_free(module);
	arena_free(arena);
	session_free(session);
}
