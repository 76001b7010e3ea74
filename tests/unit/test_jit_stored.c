/* Arrays that lie in memory otherwise than as their scalar: every storage, read as every scalar that it may be, in every way in which
 * code reads (rows, columns, picks, windows with a border, one by one, with and without lanes), by the evaluator, machine code
 * and C. What has to come out is computed here, from the C types themselves. */
#include "ir/eval/eval.h"
#include "ir/text/text.h"
#include "jit_three_ways.h"

/* Each way to read %x[R, C] (R rows of C), with the numbers that are read as they are. */
static const char *const ways[] = {
	/* rows, and a sum over a column */
	"func @f(%%x: %s[%d, %d], %%p: int[%d]) -> (: %s[%d, %d]) { %%3: %s[%d, %d] = for i:%d j:%d { %%x[i, j] } -> [i, "
	"j] "
	"return %%3 }",
	/* transposed */
	"func @f(%%x: %s[%d, %d], %%p: int[%d]) -> (: %s[%d, %d]) { %%3: %s[%d, %d] = for i:%d j:%d { %%x[j, i] } -> [i, "
	"j] "
	"return %%3 }",
	/* picked rows */
	"func @f(%%x: %s[%d, %d], %%p: int[%d]) -> (: %s[%d, %d]) { %%3: %s[%d, %d] = for i:%d j:%d { %%x[%%p[i], j] } -> "
	"[i, j] return %%3 }",
	/* picked columns: every lane elsewhere */
	"func @f(%%x: %s[%d, %d], %%p: int[%d]) -> (: %s[%d, %d]) { %%3: %s[%d, %d] = for i:%d j:%d { %%x[i, %%p[j]] } -> "
	"[i, j] return %%3 }",
	/* a window with a border */
	"func @f(%%x: %s[%d, %d], %%p: int[%d]) -> (: %s[%d, %d]) { %%3: %s[%d, %d] = for i:%d j:%d { %%x[i-1, j+2]? } -> "
	"[i, j] return %%3 }",
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Where way `w` finds element (i, j) of its result; -1: nowhere. */
static int64_t place(int w, int64_t rows, int64_t columns, const int64_t *pick, int64_t i, int64_t j) {
	switch (w) {
	case 0: return i * columns + j;
	case 1: return j * columns + i;
	case 2: return pick[i] * columns + j;
	case 3: return i * columns + pick[j];
	default: return i < 1 || j + 2 >= columns || i - 1 >= rows ? -1 : (i - 1) * columns + j + 2;
	}
}

/* becomes: static double as_f32_from_U8(const void *p, int64_t at) { return (double)(float)((const uint8_t *)p)[at]; } ... */
#define STORAGE(id, word, width, ctype)                                                                                \
	static double as_f32_from_##id(const void *p, int64_t at) {                                                        \
		return (double)(float)((const ctype *)p)[at];                                                                  \
	}                                                                                                                  \
	static double as_f64_from_##id(const void *p, int64_t at) {                                                        \
		return (double)((const ctype *)p)[at];                                                                         \
	}                                                                                                                  \
	static int64_t as_int_from_##id(const void *p, int64_t at) {                                                       \
		return (int64_t)((const ctype *)p)[at];                                                                        \
	}
#include "ir/core/storage.def"
#undef STORAGE

typedef struct Reader {
	const char *name;
	double (*f32)(const void *, int64_t), (*f64)(const void *, int64_t);
	int64_t (*whole)(const void *, int64_t);
} Reader;

static const Reader readers[IR_STORAGE_COUNT] = {
	{NULL, NULL, NULL, NULL},
#define STORAGE(id, word, width, ctype) {word, as_f32_from_##id, as_f64_from_##id, as_int_from_##id},
#include "ir/core/storage.def"
#undef STORAGE
};

/* Bytes at random; reals between -2 and 2. */
static void *stored_bytes(Arena *arena, IrStorage storage, int64_t count, uint64_t seed) {
	size_t width = ir_storage_bytes(storage);
	char *bytes = arena_alloc(arena, (size_t)count * width + 64);
	for (int64_t i = 0; i < count; i++) {
		uint64_t word = jit_test_random(&seed);
		double real = (double)(int64_t)(word >> 12) * 0x1p-50 - 2;
		float narrow = (float)real;
		int64_t whole = (int64_t)(word >> 3); /* less than 2^61 */
		const void *from = storage == IR_STORED_F64   ? (void *)&real
		                   : storage == IR_STORED_F32 ? (void *)&narrow
		                   : storage == IR_STORED_I64 ? (void *)&whole
		                                              : (void *)&word;
		memcpy(bytes + (size_t)i * width, from, width);
	}
	return bytes;
}

typedef struct Case {
	JitTestRun run;
	char *text;
	uint32_t in_c[2];
	IrScalar scalar;
} Case;

static void make(Case *c, Arena *arena, IrModule *module, int way, IrStorage storage, IrScalar scalar, int rows,
                 int columns) {
	bool turned = way == 1;
	int out_rows = turned ? columns : rows, out_columns = turned ? rows : columns;
	const char *word = ir_scalar_name(scalar), *as = arena_printf(arena, "%s as %s", word, readers[storage].name);
	int picks = rows > columns ? rows : columns, least = rows < columns ? rows : columns;
	c->text = arena_printf(arena, ways[way], as, rows, columns, picks, word, out_rows, out_columns, word, out_rows,
	                       out_columns, out_rows, out_columns);
	c->run = (JitTestRun){.module = module, .func = jit_test_parse(module, c->text)};
	c->scalar = scalar;
	IrTensor *x = &c->run.args[0], *p = &c->run.args[1], *want = &c->run.want[0];
	*x = ir_tensor_new(arena, ir_type(c->run.func, c->run.func->params.data[0].value), NULL);
	x->stored = stored_bytes(arena, storage, rows * columns, (uint64_t)(way * 1000 + rows * 77 + columns));
	*p = ir_tensor_new(arena, ir_type(c->run.func, c->run.func->params.data[1].value), NULL);
	for (int i = 0; i < picks; i++)
		p->integers[i] = (i * 7 + 3) % least;
	*want = ir_tensor_new(arena, ir_type(c->run.func, c->run.func->results.data[0].value), NULL);
	for (int64_t i = 0; i < out_rows; i++) {
		for (int64_t j = 0; j < out_columns; j++) {
			int64_t at = place(way, rows, columns, p->integers, i, j), to = i * out_columns + j;
			const Reader *r = &readers[storage];
			if (want->reals)
				want->reals[to] = at < 0 ? 0 : scalar == IR_F32 ? r->f32(x->stored, at) : r->f64(x->stored, at);
			else
				want->integers[to] = at < 0              ? 0
				                     : scalar == IR_BOOL ? r->whole(x->stored, at) != 0
				                                         : r->whole(x->stored, at);
		}
	}
}

static void check_evaluator(const Case *c, Arena *arena) {
	IrTensor got[1];
	cr_assert_null(ir_evaluate(c->run.func, arena, c->run.args, got, NULL), "%s", c->text);
	int64_t count = ir_type_elements(got->type, NULL);
	for (int64_t i = 0; i < count; i++)
		cr_assert(got->reals ? got->reals[i] == c->run.want->reals[i] : got->integers[i] == c->run.want->integers[i],
		          "evaluator, [%lld]\n%s", (long long)i, c->text);
}

Test(jit_stored, every_storage_scalar_and_way) {
	static const int sizes[][2] = {{3, 3}, {4, 19}, {33, 16}, {17, 5}, {5, 70}};
	static const IrScalar scalars[] = {IR_BOOL, IR_I64, IR_F32, IR_F64};
	Session *session = session_new();
	Arena *arena = arena_new();
	IrModule *module = ir_module_new(session);
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	JitTestC c;
	jit_test_c_begin(&c, arena);
	VEC(Case *) cases = {0};
	for (int storage = 1; storage < IR_STORAGE_COUNT; storage++) {
		for (size_t k = 0; k < sizeof scalars / sizeof *scalars; k++) {
			if (ir_storage_is_real((IrStorage)storage) && !ir_scalar_is_real(scalars[k]))
				continue;
			for (int way = 0; way < WAYS; way++) {
				const int *size = sizes[(storage + (int)k + way) % (int)(sizeof sizes / sizeof *sizes)];
				Case *one = ARENA_NEW(arena, Case);
				make(one, arena, module, way, (IrStorage)storage, scalars[k], size[0], size[1]);
				check_evaluator(one, arena);
				for (int strict = 0; strict < 2; strict++) {
					JitOptions options = {.strict = strict};
					jit_test_machine(engine, &one->run, arena, &options, 0, one->text);
					one->in_c[strict] = jit_test_c_add(&c, &one->run, strict);
				}
				vec_push(arena, &cases, one);
			}
		}
	}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-O2");
	for (uint32_t i = 0; i < cases.count; i++)
		for (int strict = 0; strict < 2; strict++)
			jit_test_c_run(&c, cases.data[i]->in_c[strict], &cases.data[i]->run, arena, 0, "C", cases.data[i]->text);
	jit_engine_free(engine);
	ir_module_free(module);
	arena_free(arena);
	session_free(session);
}

/* Whole numbers of few bytes that become reals at once, where the int itself is wanted too, and where it is not. */
Test(jit_stored, to_real) {
	Session *session = session_new();
	Arena *arena = arena_new();
	IrModule *module = ir_module_new(session);
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	static const char *const texts[] = {
		"func @f(%%x: int as %s[9, 40], %%w: f32[40]) -> (: f32[9], : int[9]) {"
		"%%3: f32[9] = for i:9 k:40 { mul(to_f32(%%x[i, k]), %%w[k]) } sum -> [i]"
		"%%4: int[9] = for i:9 k:40 { %%x[i, k] } max -> [i] return %%3, %%4 }",
		"func @f(%%x: int as %s[9, 40], %%w: f32[40]) -> (: f64[9, 40]) {"
		"%%3: f64[9, 40] = for i:9 k:40 { mul(to_f64(%%x[i, k]), to_f64(imod(%%x[i, k], 5))) } -> [i, k] return %%3 }",
	};
	for (int storage = 1; storage <= IR_STORED_I64; storage++) {
		for (size_t t = 0; t < 2; t++) {
			char *text = arena_printf(arena, texts[t], readers[storage].name);
			JitTestRun run = {.module = module, .func = jit_test_parse(module, text)};
			run.args[0] = ir_tensor_new(arena, ir_type(run.func, run.func->params.data[0].value), NULL);
			run.args[0].stored = stored_bytes(arena, (IrStorage)storage, 360, 5);
			run.args[1] = ir_tensor_new(arena, ir_type(run.func, run.func->params.data[1].value), NULL);
			for (int i = 0; i < 40; i++)
				run.args[1].reals[i] = (i % 7) * 0.25;
			run.error = ir_evaluate(run.func, arena, run.args, run.want, NULL);
			JitOptions strict = {.strict = true}, plain = {0};
			jit_test_machine(engine, &run, arena, &strict, 0, text);
			jit_test_machine(engine, &run, arena, &plain, 400, text);
		}
	}
	jit_engine_free(engine);
	ir_module_free(module);
	arena_free(arena);
	session_free(session);
}

/* What the verifier has to refuse. */
Test(jit_stored, not_just_anywhere) {
	static const char *const wrong[] = {
		"func @f(%x: int as f32[3]) -> (: int[3]) { %2: int[3] = for i:3 { %x[i] } -> [i] return %2 }",
		"func @f(%x: int as u8[lanes]) -> (: int[]) { %2: int[] = for l:lanes { %x[l] } sum -> [] return %2 }",
		"func @f(%x: int as u8[3]) -> (: int as u8[3]) { return %x }",
		"func @f(%x: int[3]) -> (: int[3]) { %2: int as u8[3] = for i:3 { %x[i] } -> [i] return %2 }",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		bool well = ir_parse(module, source_add(session, "test.ir", wrong[i], strlen(wrong[i])));
		cr_expect(!well || ir_verify(module->funcs.data[module->funcs.count - 1]), "accepted: %s", wrong[i]);
		ir_module_free(module);
		session_free(session);
	}
}
