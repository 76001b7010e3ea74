/* Mathematics in emitted C: every row that math.def defines, in either precision and either mode, as one function of C, against the
 * evaluator on what expand_math makes of the row, bit for bit. C is printed from the text of math.def, and does not go through
 * expand_math. Arguments are of all sizes, with the awkward ones among them; 197 of them: whole blocks of lanes, and a rest. */
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "jit_three_ways.h"

enum { COUNT = 197, MOST_ROWS = 512 };

typedef struct Row {
	JitTestRun run;
	const char *text;
	uint32_t number; /* in the C */
} Row;

typedef struct Suite {
	Session *session;
	Arena *arena;
	Row rows[MOST_ROWS];
	uint32_t count;
	uint64_t random;
	bool fused;
} Suite;

/* Zeros, infinities and NaN, what is next to them and to 1, and numbers of every exponent and both signs. */
static double argument(Suite *suite, int64_t k) {
	static const double awkward[] = {
		0,      -0.0,  INFINITY, -INFINITY,     NAN,          1,        -1,      0.5,      2,
		-2,     3,     0x1p-149, -0x1p-149,     0x1p-1074,    0x1p-126, 0x1p127, 0x1p1023, 89.0,
		-104.0, 710.0, -746.0,   0x1.fffffep-1, 0x1.000002p0, 1e-8,     40.0,    -40.0};
	enum { AWKWARD = sizeof awkward / sizeof *awkward };
	uint64_t word = jit_test_random(&suite->random);
	if (k < AWKWARD)
		return awkward[(size_t)(k * 7 + (int64_t)(word % 3)) % AWKWARD];
	double size = 1 + (double)(word >> 12) * 0x1p-52;
	int exponent = k % 2 ? (int)(word % 9) - 4 : (int)(word % 260) - 130;
	return ldexp(word >> 11 & 1 ? -size : size, exponent);
}

static void fill(Suite *suite, IrTensor *tensor) {
	for (int64_t k = 0; k < COUNT; k++) {
		double value = argument(suite, k);
		if (tensor->reals)
			tensor->reals[k] = tensor->type.scalar == IR_F32 ? (double)(float)value : value;
		else
			tensor->integers[k] = (int64_t)(jit_test_random(&suite->random) % 41) - 20;
	}
}

static void add_row(Suite *suite, IrOpcode opcode, const IrScalar *types, IrScalar result) {
	const IrOpInfo *info = &ir_op_info[opcode];
	cr_assert(suite->count < MOST_ROWS);
	Row *row = &suite->rows[suite->count++];
	Text text = text_new(suite->arena), args = text_new(suite->arena), params = text_new(suite->arena);
	for (int i = 0; i < info->arity; i++) {
		text_printf(&params, "%s%%a%d: %s[%d]", i > 0 ? ", " : "", i, ir_scalar_name(types[i]), COUNT);
		text_printf(&args, "%s%%a%d[i]", i > 0 ? ", " : "", i);
	}
	text_printf(&text, "func @%s_%s(%s) -> (y: %s[%d]) {\n", info->name, ir_scalar_name(types[0]), text_cstr(&params),
	            ir_scalar_name(result), COUNT);
	text_printf(&text, "  %%y: %s[%d] = for i:%d { %s(%s) } -> [i]\n  return %%y\n}\n", ir_scalar_name(result), COUNT,
	            COUNT, info->name, text_cstr(&args));
	row->text = text_cstr(&text);
	row->run.module = ir_module_new(suite->session);
	row->run.func = jit_test_parse(row->run.module, row->text);
	for (int i = 0; i < info->arity; i++) {
		row->run.args[i] =
			ir_tensor_new(suite->arena, ir_type(row->run.func, row->run.func->params.data[i].value), NULL);
		fill(suite, &row->run.args[i]);
	}
	IrFunc *defined = ir_expand_math(row->run.module, row->run.func, suite->fused);
	row->run.error = ir_evaluate(defined, suite->arena, row->run.args, row->run.want, NULL);
	cr_assert_null(row->run.error);
}

/* All rows with an entry in math.def, with every kind of operands that they take. */
static void add_rows(Suite *suite) {
	for (int opcode = 0; opcode < IR_OPCODE_COUNT; opcode++) {
		const IrOpInfo *info = &ir_op_info[opcode];
		static const IrScalar firsts[] = {IR_F32, IR_F64, IR_I64}, others[] = {IR_F32, IR_F64, IR_I64};
		uint32_t before = suite->count;
		for (size_t a = 0; !info->primitive && a < 3; a++) {
			for (size_t b = 0; b < 3; b++) {
				IrScalar types[IR_MAX_ARGS] = {firsts[a], others[b], others[b], others[b]}, result;
				bool same = info->arity > 1 || b == 0;
				if (same && ir_op_type((IrOpcode)opcode, types, &result))
					add_row(suite, (IrOpcode)opcode, types, result);
			}
		}
		cr_expect(info->primitive || suite->count > before, "%s takes nothing", info->name);
	}
	cr_assert_gt(suite->count, 60);
}

static void check(bool fused, const char *compiler, const char *flags) {
	Suite *suite = calloc(1, sizeof *suite);
	suite->session = session_new();
	suite->arena = arena_new();
	suite->fused = fused;
	add_rows(suite);
	JitTestC c;
	jit_test_c_begin(&c, suite->arena);
	for (uint32_t i = 0; i < suite->count; i++)
		suite->rows[i].number = jit_test_c_add(&c, &suite->rows[i].run, !fused);
	jit_test_c_compile(&c, compiler, flags);
	for (uint32_t i = 0; i < suite->count; i++) {
		const Row *row = &suite->rows[i];
		jit_test_c_run(&c, row->number, &row->run, suite->arena, 0, compiler, row->text);
		ir_module_free(row->run.module);
	}
	dlclose(c.library);
	arena_free(suite->arena);
	session_free(suite->session);
	free(suite);
}

Test(emit_math, strict, .timeout = 600) {
	check(false, GRADUS_TEST_CC, "-std=c99 -O2 -fno-tree-slp-vectorize");
	if (system("command -v clang-19 >/dev/null") == 0)
		check(false, "clang-19", "-std=c99 -O2");
}

Test(emit_math, by_default, .timeout = 600) {
	check(true, GRADUS_TEST_CC, "-std=c99 -O2 -fno-tree-slp-vectorize");
}
