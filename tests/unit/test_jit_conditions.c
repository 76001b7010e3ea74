/* Sums under conditions, as of triangles and bands, in lanes: machine code and C have the bits of the evaluator, whatever stands where the
 * conditions do not hold, at any size; and no lane is read by itself. What is put to places of a table is summed up before. */
#include "jit_shapes.h"
#include "jit_three_ways.h"

#include "ir/pass/pass.h"
#include "jit/nest/lower.h"

#define TRIANGLE "%A: R[$, $], %x: R[$], %n: int[]) -> (: R[$, $]) { %4: R[$, $] = for i:$ r:$ s:$ if "
#define PRODUCT " { mul(%A[i, s], %A[s, r]) } sum -> [i, r] return %4 }"

/* `bound`: statements of the innermost loop for each product of whole vectors, at most; 0: these run one by one. */
typedef struct Case {
	const char *name;
	double bound;
	const char *text; /* as of a Shape */
} Case;

static const Case cases[] = {
	{"below the diagonal", 4, "func @f(" TRIANGLE "s < r" PRODUCT},
	{"with the diagonal", 4, "func @f(" TRIANGLE "s <= r" PRODUCT},
	{"above the diagonal", 4, "func @f(" TRIANGLE "r < s" PRODUCT},
	{"above the other diagonal", 4, "func @f(" TRIANGLE "r+s < $" PRODUCT},
	{"steeper", 4, "func @f(" TRIANGLE "s < 3*r-2" PRODUCT},
	{"less steep", 4, "func @f(" TRIANGLE "2*s < r+5" PRODUCT},
	{"a band", 4, "func @f(" TRIANGLE "r < s+3, s < r+3" PRODUCT},
	{"never at once", 4, "func @f(" TRIANGLE "r < s, s < r" PRODUCT},
	{"a number of the program", 4, "func @f(" TRIANGLE "s < r+%n[]" PRODUCT},
	{"of the columns alone", 6.5, "func @f(" TRIANGLE "r < 5" PRODUCT},
	{"of all three", 9, "func @f(" TRIANGLE "s+i < r" PRODUCT},
	{"largest", 4.5, "func @f(" TRIANGLE "s < r { mul(%A[i, s], %A[s, r]) } max -> [i, r] return %4 }"},
	{"product", 4, "func @f(" TRIANGLE "s < r { mul(%A[i, s], %A[s, r]) } prod -> [i, r] return %4 }"},
	{"from a start", 4, "func @f(" TRIANGLE "s < r { mul(%A[i, s], %A[s, r]) } sum -> [i, r] into %A return %4 }"},
	{"0 wins", 8, "func @f(" TRIANGLE "s < r { mulz(%A[i, s], %A[s, r]) } sum -> [i, r] return %4 }"},
	{"inside by the condition alone", 6,
     "func @f(" TRIANGLE "s <= r { mul(%A[i, s], %x[r-s]) } sum -> [i, r] return %4 }"},
	{"the same for all lanes", 9, "func @f(" TRIANGLE "s+i <= r { mul(%x[s+i], %A[s, r]) } sum -> [i, r] return %4 }"},
	{"inside by a band alone", 0,
     "func @f(" TRIANGLE "s <= r, r < s+3 { mul(%A[i, s], %x[r-s]) } sum -> [i, r] return %4 }"},
	{"packed", 12, "func @f(" TRIANGLE "s < r { mul(%A[i, s], %x[r+2*s-1]?) } sum -> [i, r] return %4 }"},
	{"not proved to be inside", 0,
     "func @f(" TRIANGLE "s <= r { mul(%A[i, s], %x[r-s+%n[]]) } sum -> [i, r] return %4 }"},
};
enum { CASES = sizeof cases / sizeof *cases };

static const char *text_of(Arena *arena, const Case *c, bool wide, int size) {
	Shape shape = {.text = c->text};
	return shape_text(arena, &shape, wide, size);
}

static const int sizes[] = {1, 2, 5, 8, 15, 16, 17, 31, 33};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void compare_machine(JitEngine *engine, Session *session, const Case *c, bool wide, int size) {
	IrModule *module = ir_module_new(session);
	Arena *arena = arena_new();
	const char *text = text_of(arena, c, wide, size);
	for (int awkward = 0; awkward < 2; awkward++) {
		JitTestRun run = {.module = module, .awkward = awkward};
		run.func = jit_test_parse(module, text);
		jit_test_prepare(&run, arena, (uint64_t)size);
		jit_test_machine(engine, &run, arena, &(JitOptions){.strict = true}, 0, text);
		if (!awkward && strcmp(c->name, "product") != 0)
			jit_test_machine(engine, &run, arena, &(JitOptions){0}, 16 + size, text);
	}
	arena_free(arena);
	ir_module_free(module);
}

Test(jit_conditions, machine_code, .timeout = 600) {
	const char *error = NULL;
	Session *session = session_new();
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	for (int s = 0; s < CASES; s++)
		for (int i = 0; i < SIZES; i++)
			for (int wide = 0; wide < 2; wide++)
				compare_machine(engine, session, &cases[s], wide, sizes[i]);
	jit_engine_free(engine);
	session_free(session);
}

Test(jit_conditions, c, .timeout = 600) {
	static const int some[] = {5, 17};
	Session *session = session_new();
	JitTestC c;
	jit_test_c_begin(&c, session->arena);
	JitTestRun runs[CASES * 4];
	const char *texts[CASES * 4];
	uint32_t count = 0;
	for (int s = 0; s < CASES; s++)
		for (int i = 0; i < 2; i++)
			for (int wide = 0; wide < 2; wide++, count++) {
				runs[count] = (JitTestRun){.module = ir_module_new(session), .awkward = i};
				texts[count] = text_of(session->arena, &cases[s], wide, some[i]);
				runs[count].func = jit_test_parse(runs[count].module, texts[count]);
				jit_test_prepare(&runs[count], session->arena, (uint64_t)some[i]);
				jit_test_c_add(&c, &runs[count], true);
			}
	jit_test_c_compile(&c, GRADUS_TEST_CC, "-std=c99 -O1 -fno-tree-slp-vectorize");
	for (uint32_t i = 0; i < count; i++) {
		jit_test_c_run(&c, i, &runs[i], session->arena, 0, "C", texts[i]);
		ir_module_free(runs[i].module);
	}
	session_free(session);
}

/* ---- counting ---- */

typedef struct Innermost {
	double statements, products; /* those of vectors; of the loop with most of them for each product */
} Innermost;

static void look(const LoopKernel *kernel, const LoopBlock *block, bool in_loop, Innermost *worst) {
	double statements = 0, products = 0;
	bool has_loop = false;
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		has_loop = has_loop || stmt->kind == LOOP_FOR;
		look(kernel, &stmt->body, stmt->kind == LOOP_FOR, worst);
		bool vector = stmt->out != 0 && kernel->temps.data[stmt->out].vector;
		bool apart = stmt->kind == LOOP_LOAD && vector && (stmt->address.index != 0 || stmt->address.stride > 1);
		statements += stmt->kind == LOOP_CONST ? 0 : apart ? 2 * (double)LOOP_LANES : 1;
		products += stmt->kind == LOOP_OP && vector && (stmt->opcode == IR_fma || stmt->opcode == IR_mul);
	}
	if (in_loop && !has_loop && products > 0 && statements / products > worst->statements / fmax(worst->products, 1e-9))
		*worst = (Innermost){statements, products};
}

Test(jit_conditions, lanes_are_read_together) {
	for (int s = 0; s < CASES; s++)
		for (int size = 16; size <= 64; size += 16) {
			Session *session = session_new();
			IrModule *module = ir_module_new(session);
			IrFunc *ir = jit_test_parse(module, text_of(session->arena, &cases[s], false, size));
			const LoopFunc *func = nest_function(module, ir, &(JitOptions){.strict = false});
			Innermost worst = {0};
			for (uint32_t i = 0; i < func->kernels.count; i++)
				look(func->kernels.data[i], &func->kernels.data[i]->body, false, &worst);
			double each = worst.products > 0 ? worst.statements / worst.products : 0;
			if (getenv("GRADUS_TEST_SHOW"))
				printf("%-40s %3d: %g statements for a product\n", cases[s].name, size, each);
			if (cases[s].bound > 0)
				cr_expect(each > 0 && each <= cases[s].bound, "%s, %d: %g statements for a product, not at most %g",
				          cases[s].name, size, each, cases[s].bound);
			ir_module_free(module);
			session_free(session);
		}
}

/* ---- sums that are put to places of a table ---- */

typedef struct Placed {
	const char *name;
	bool splits; /* into a sum and what puts it to its places */
	bool box;    /* the sum has no conditions */
	const char *text;
} Placed;

#define TABLE "%p: int[6] = const [0, 1, 3, 6, 3, 0]\n"

static const Placed placed[] = {
	{"a table", true, false,
     "func @f(%A: f64[9, 6], %x: f64[7]) -> (: f64[7]) {\n" TABLE
     "%4[7] = for i:9 s:6 { mul(%A[i, s], %A[i, s]) } sum -> "
     "[%p[s]]\nreturn %4 }"},
	{"a triangle", true, true,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:9 r:6 s:6 if s < r { mul(%A[i, r], %A[i, "
     "s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"a triangle from a start", true, true,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:9 r:6 s:6 if s < r { mul(%A[i, r], %A[i, "
     "s]) } sum -> [%p[s]+r] into %x\nreturn %4 }"},
	{"a diagonal, of which the square is much more", true, false,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:9 r:6 s:6 if s <= r, r <= s { mul(%A[i, "
     "r], %A[i, s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"read inside by the condition alone", true, false,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:9 r:6 s:6 if s <= r { mul(%A[i, r-s], "
     "%A[i, s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"guarded", true, true,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[8]) {\n" TABLE
     "%4[8] = for i:9 r:6 s:6 if s < r { mul(%A[i, r], %A[i, "
     "s]) } sum -> [%p[s]+r-2]?\nreturn %4 }"},
	{"in lanes", true, true,
     "func @f(%A: f64[lanes, 9, 6], %x: f64[12]) -> (: f64[lanes, 12]) {\n" TABLE
     "%4[lanes, 12] = for l:lanes i:9 r:6 s:6 if s < "
     "r { mul(%A[l, i, r], %A[l, i, s]) } sum -> [l, %p[s]+r]\nreturn %4 }"},
	{"summed over the lanes", true, true,
     "func @f(%A: f64[lanes, 9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for l:lanes i:9 r:6 s:6 if s < r { "
     "mul(%A[l, i, r], %A[l, i, s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"a condition of what is summed over", false, false,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:9 r:6 s:6 if s < i { mul(%A[i, r], %A[i, "
     "s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"few points for a place", false, false,
     "func @f(%A: f64[9, 6], %x: f64[12]) -> (: f64[12]) {\n" TABLE
     "%4[12] = for i:7 r:6 s:6 if s < r { mul(%A[i, r], %A[i, "
     "s]) } sum -> [%p[s]+r]\nreturn %4 }"},
	{"places that are told apart", false, false,
     "func @f(%A: f64[9, 6], %x: f64[36]) -> (: f64[36]) {\n%4[36] = for i:9 r:6 s:6 { mul(%A[i, r], %A[i, s]) } sum "
     "-> "
     "[6*r+s]\nreturn %4 }"},
	{"the largest", false, false,
     "func @f(%A: f64[9, 6], %x: f64[7]) -> (: f64[7]) {\n" TABLE
     "%4[7] = for i:9 s:6 { %A[i, s] } max -> [%p[s]]\nreturn "
     "%4 }"},
};

Test(jit_conditions, what_is_put_to_a_table_is_summed_up_before) {
	for (size_t k = 0; k < sizeof placed / sizeof *placed; k++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		JitTestRun run = {.module = module};
		run.func = jit_test_parse(module, placed[k].text);
		jit_test_prepare(&run, session->arena, k);
		cr_assert_null(run.error, "%s: %s", placed[k].name, run.error);
		static const char *const names[] = {"scatter", NULL};
		uint32_t before = run.func->body.ops.count;
		IrFunc *after = ir_run_passes(module, run.func, names, &(IrPipeline){.verify = true});
		cr_expect_eq(after->body.ops.count, before + placed[k].splits, "%s", placed[k].name);
		const IrFor *sum = &after->body.ops.data[before - 1]->f;
		cr_expect(!placed[k].splits || (sum->conds.count == 0) == (placed[k].box || !strstr(placed[k].text, " if ")),
		          "%s", placed[k].name);
		IrTensor *results = ARENA_ARRAY(session->arena, IrTensor, after->results.count);
		cr_assert_null(ir_evaluate(after, session->arena, run.args, results, NULL));
		for (int64_t i = 0; i < ir_type_elements(results[0].type, NULL); i++)
			cr_expect(results[0].reals[i] == run.want[0].reals[i] ||
			              fabs(results[0].reals[i] - run.want[0].reals[i]) < 1e-13,
			          "%s [%d]", placed[k].name, (int)i);
		ir_module_free(module);
		session_free(session);
	}
}
