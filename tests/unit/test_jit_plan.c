/* What the lowering promises beyond results: memory that is planned and shared, loops that work in place, ops that become one
 * kernel, and the printed form. */
#include "jit_three_ways.h"

#include "jit/nest/lower.h"

#include <time.h>

static LoopFunc *lowered(Session *session, const char *text, bool no_fusion) {
	IrModule *module = ir_module_new(session);
	return nest_function(module, jit_test_parse(module, text), &(JitOptions){.no_fusion = no_fusion});
}

static uint32_t count_steps(const LoopSteps *steps, LoopStepKind kind) {
	uint32_t count = 0;
	for (uint32_t i = 0; i < steps->steps.count; i++)
		count += (steps->steps.data[i]->kind == kind) + count_steps(&steps->steps.data[i]->body, kind);
	return count;
}

typedef struct Expectation {
	const char *name, *text;
	uint32_t calls, copies; /* in the schedule, fused */
	int64_t bytes;          /* of the arena, fused */
	uint32_t plain_calls;   /* without fusion */
} Expectation;

static const Expectation expectations[] = {
	{.name = "a chain stays in temps",
     .text = "func @f(%x: f32[100]) -> (: f32[100]) { %2: f32[100] = for i:100 { mul(%x[i], 2) } -> [i]"
             "%3: f32[100] = for i:100 { tanh(%2[i]) } -> [i] %4: f32[100] = for i:100 { add(%3[i], %2[i]) } -> [i] "
             "return %4 }",
     .calls = 1,
     .plain_calls = 3},
	{.name = "a reversed read needs memory, and a loop of its own",
     .text = "func @f(%x: f32[64]) -> (: f32[64]) { %2: f32[64] = for i:64 { mul(%x[i], 2) } -> [i]"
             "%3: f32[64] = for i:64 { %2[63-i] } -> [i] return %3 }",
     .calls = 1,
     .bytes = 256,
     .plain_calls = 2},
	{.name = "results are computed where they go",
     .text = "func @f(%x: f32[64], %g: f32[64]) -> (: f32[64]) { %3: f32[64] = for i:64 { mul(%x[i], 2) } -> [i]"
             "%4: f32[64] = for i:64 { %g[i] } sum -> [i] into %3 return %4 }",
     .calls = 1,
     .plain_calls = 2},
	{.name = "a carry is worked on in place",
     .text = "func @f(%x: f32[64]) -> (: f32[64]) { %2: f32[64] = loop %t < 9 carry (%c: f32[64] = %x) {"
             "%3: f32[64] = for i:64 { mul(%c[i], 0.5) } -> [i] yield %3 } return %2 }",
     .calls = 1,
     .copies = 1,
     .bytes = 64,
     .plain_calls = 1},
	{.name = "carries that trade places need a third",
     .text =
         "func @f(%x: f32[16], %y: f32[16]) -> (: f32[16], : f32[16]) { %3: f32[16], %4: f32[16] = loop %t < 9 carry "
         "(%a: f32[16] = %x, %b: f32[16] = %y) { yield %b, %a } return %3, %4 }",
     .copies = 5,
     .bytes = 128},
	{.name = "buffers that do not meet share their place",
     .text =
         "func @f(%x: f32[64]) -> (: f32[]) { %2: f32[64] = for i:64 { %x[63-i] } -> [i] %3: f32[] = for i:64 { %2[i] "
         "} sum -> []"
         "%4: f32[64] = for i:64 { add(%x[i], %3[]) } -> [i] %5: f32[] = for i:64 { %4[63-i] } sum -> [] return %5 }",
     .calls = 4,
     .bytes = 320,
     .plain_calls = 4},
};

Test(jit_plan, schedules_and_memory_are_as_promised) {
	Session *session = session_new();
	for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
		const Expectation *e = &expectations[i];
		const LoopFunc *fused = lowered(session, e->text, false), *plain = lowered(session, e->text, true);
		cr_expect_eq(count_steps(&fused->body, LOOP_CALL), e->calls, "%s: %u calls", e->name,
		             count_steps(&fused->body, LOOP_CALL));
		cr_expect_eq(count_steps(&fused->body, LOOP_COPY), e->copies, "%s: %u copies", e->name,
		             count_steps(&fused->body, LOOP_COPY));
		cr_expect_eq(count_steps(&plain->body, LOOP_CALL), e->plain_calls, "%s: %u calls without fusion", e->name,
		             count_steps(&plain->body, LOOP_CALL));
		cr_expect_eq(loop_arena_bytes(fused, NULL), e->bytes, "%s: %lld bytes", e->name,
		             (long long)loop_arena_bytes(fused, NULL));
	}
	session_free(session);
}

/* Ops that differ only in the tensors they work on are compiled once. */
Test(jit_plan, equal_kernels_are_one) {
	Session *session = session_new();
	const LoopFunc *func =
		lowered(session,
	            "func @f(%x: f32[lanes, 4, 16], %w: f32[16, 16]) -> (: f32[lanes, 4, 16]) {"
	            "%3: f32[lanes, 4, 16] = for l:lanes i:4 h:16 k:16 { mul(%x[l, i, k], %w[h, k]) } sum -> [l, i, h]"
	            "%4: f32[lanes, 4, 16] = for l:lanes i:4 h:16 k:16 { mul(%3[l, i, k], %w[h, k]) } sum -> [l, i, h]"
	            "return %4 }",
	            false);
	cr_expect_eq(count_steps(&func->body, LOOP_CALL), 2u);
	cr_expect_eq(func->kernels.count, 1u);
	session_free(session);
}

/* Sizes are sums over the symbols; equal sizes that do not meet share a slot. */
static uint32_t count_ops(const LoopBlock *block, IrOpcode opcode, bool in_ifs) {
	uint32_t count = 0;
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		count += stmt->kind == LOOP_OP && stmt->opcode == opcode;
		if (stmt->kind != LOOP_IF || in_ifs)
			count += count_ops(&stmt->body, opcode, in_ifs);
	}
	return count;
}

/* Sums of products in which 0 wins are plain sums, and looked at once more only where one came out as NaN. */
Test(jit_plan, zeros_cost_a_matrix_product_nothing) {
	static const char *const texts[] = {
		"func @f(%A: f32[8, 16], %B: f32[16, 32]) -> (: f32[8, 32]) { %3: f32[8, 32] = for i:8 j:32 k:16 "
		"{ mulz(%A[i, k], %B[k, j]) } sum -> [i, j] return %3 }",
		"func @f(%s: f32[lanes, 4, 16], %h: f32[lanes, 4, 11], %w: f32[lanes, 200]) -> (: f32[lanes, 200]) { %3: "
		"f32[lanes, 200] = for l:lanes c:4 i:16 k:11 { mulz(%s[l, c, i], %h[l, c, k]) } sum -> [l, 11*i+k+5] into %w "
		"return %3 }",
		"func @f(%x: f32[1000], %y: f32[1000]) -> (: f32[]) { %3: f32[] = for i:1000 { mulz(%x[i], %y[i]) } sum -> [] "
		"return %3 }",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		Session *session = session_new();
		LoopFunc *func = lowered(session, texts[i], false);
		uint32_t fused = 0, wins = 0, all = 0;
		for (uint32_t k = 0; k < func->kernels.count; k++) {
			fused += count_ops(&func->kernels.data[k]->body, IR_fma, false);
			wins += count_ops(&func->kernels.data[k]->body, IR_and, false);
			all += count_ops(&func->kernels.data[k]->body, IR_and, true);
		}
		cr_expect(fused > 0 && wins == 0 && all > 0, "%u fma, %u masks outside of an if, %u in all\n%s", fused, wins,
		          all, texts[i]);
		session_free(session);
	}
}

Test(jit_plan, symbolic_memory) {
	Session *session = session_new();
	const LoopFunc *func = lowered(
		session,
		"func @f<n>(%x[n]) -> (: f64[n]) { %2[n] = for i:n j:n { mul(%x[i], %x[j]) } sum -> [i]"
		"%3[n] = for i:n j:n { mul(%2[i], %2[j]) } sum -> [i] %4[n] = for i:n j:n { mul(%3[i], %3[j]) } sum -> [i]"
		"%5[n] = for i:n j:n { mul(%4[i], %4[j]) } sum -> [i] return %5 }",
		false);
	cr_expect_eq(loop_arena_bytes(func, (int64_t[]){5}), 128);
	cr_expect_eq(loop_arena_bytes(func, (int64_t[]){1000}), 16000);
	session_free(session);
}

/* A stack of 200,000 rows in a loop: in time only if rows are written in place. */
Test(jit_plan, stacks_are_written_in_place, .timeout = 60) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	IrModule *module = ir_module_new(session);
	IrFunc *func = jit_test_parse(
		module,
		"func @f(%x[2]) -> (: f64[200000, 2], : f64[2]) { %2[200000, 2] = for i:200000 j:2 { 0 } -> [i, j]"
		"%3[200000, 2], %4[2] = loop %t < 200000 carry (%s[200000, 2] = %2, %v[2] = %x) {"
		"%5[200000, 2] = for j:2 { %v[j] } -> [%t[], j] into %s %6[2] = for j:2 { add(%v[j], 1) } -> [j] yield %5, %6 }"
		"return %3, %4 }");
	JitCode *code = jit_compile(engine, func, &(JitOptions){0});
	double x[2] = {0, 5}, last[2], *stack = jit_test_memory(session->arena, sizeof(double) * 400000);
	void *scratch = jit_test_memory(session->arena, jit_arena_bytes(code, NULL));
	clock_t start = clock();
	cr_assert_eq(jit_call(code, (void *[]){x}, (void *[]){stack, last}, scratch, NULL), 0);
	cr_expect((double)(clock() - start) / CLOCKS_PER_SEC < 5);
	cr_expect_eq(stack[399998], 199999.0);
	cr_expect_eq(last[1], 200005.0);
	jit_code_free(code);
	jit_engine_free(engine);
	session_free(session);
}

/* One thing of each kind in the printed form. */
Test(jit_plan, the_loop_form_prints) {
	static const char *const wanted[] = {"kernel 0 (", "x16 = load b", "for %",    "carry %",
	                                     "tree add",   "schedule",     "call 0 (", "fma %"};
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = jit_test_parse(
		module, "func @f(%x: f32[lanes, 9], %y: f32[lanes, 9]) -> (: f32[]) { %3: f32[] = for l:lanes i:9 "
				"{ mul(%x[l, i], %y[l, i]) } sum -> [] return %3 }");
	Text text = text_new(session->arena);
	jit_show_loops(module, func, &(JitOptions){0}, &text);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		cr_expect(strstr(text_cstr(&text), wanted[i]), "no `%s` in\n%s", wanted[i], text_cstr(&text));
	session_free(session);
}
