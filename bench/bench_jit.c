/* How fast the code is that the JIT makes, and how fast it is made: the pieces of a per-coordinate network (16 problems in lanes, 4
 * coordinates, 11 inputs, 16 hidden units) forward and backward, against what the machine allows (docs/architecture.md).
 * Prints one line per piece: GFLOP/s, time per call, time to compile. */
#include "ir/ir.h"
#include "ir/text/text.h"
#include "jit/jit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Piece {
	const char *name;
	double flops;
	const char *text;
} Piece;

static const Piece pieces[] = {
	{"layer 11 -> 16", 2.0 * 16 * 4 * 16 * 11,
     "func @f(%x: f32[lanes, 4, 11], %w: f32[500]) -> (: f32[lanes, 4, 16]) { %3: f32[lanes, 4, 16] = for l:lanes i:4 "
     "h:16 k:11 "
     "{ mul(%x[l, i, k], %w[11*h+k]) } sum -> [l, i, h] return %3 }"},
	{"layer 16 -> 16", 2.0 * 16 * 4 * 16 * 16,
     "func @f(%x: f32[lanes, 4, 16], %w: f32[500]) -> (: f32[lanes, 4, 16]) { %3: f32[lanes, 4, 16] = for l:lanes i:4 "
     "h:16 k:16 "
     "{ mul(%x[l, i, k], %w[16*h+k+100]) } sum -> [l, i, h] return %3 }"},
	{"layer 16 -> 2", 2.0 * 16 * 4 * 2 * 16,
     "func @f(%x: f32[lanes, 4, 16], %w: f32[500]) -> (: f32[lanes, 4, 2]) { %3: f32[lanes, 4, 2] = for l:lanes i:4 "
     "h:2 k:16 "
     "{ mul(%x[l, i, k], %w[16*h+k+100]) } sum -> [l, i, h] return %3 }"},
	{"tanh of 64 x 16", 10.0 * 16 * 4 * 16,
     "func @f(%x: f32[lanes, 4, 16], %b: f32[16]) -> (: f32[lanes, 4, 16]) { %3: f32[lanes, 4, 16] = for l:lanes i:4 "
     "h:16 "
     "{ tanh(add(%x[l, i, h], %b[h])) } -> [l, i, h] return %3 }"},
	{"input adjoint 16 -> 16", 2.0 * 16 * 4 * 16 * 16,
     "func @f(%d: f32[lanes, 4, 16], %w: f32[500]) -> (: f32[lanes, 4, 16]) { %3: f32[lanes, 4, 16] = for l:lanes i:4 "
     "h:16 k:16 "
     "{ mul(%d[l, i, h], %w[16*h+k+100]) } sum -> [l, i, k] return %3 }"},
	{"weight adjoint 16 x 11", 2.0 * 16 * 4 * 16 * 11,
     "func @f(%x: f32[lanes, 4, 11], %d: f32[lanes, 4, 16], %g: f32[500]) -> (: f32[500]) { %4: f32[500] = for l:lanes "
     "i:4 h:16 k:11 "
     "{ mul(%x[l, i, k], %d[l, i, h]) } sum -> [11*h+k] into %g return %4 }"},
	{"weight adjoint 16 x 16", 2.0 * 16 * 4 * 16 * 16,
     "func @f(%x: f32[lanes, 4, 16], %d: f32[lanes, 4, 16], %g: f32[500]) -> (: f32[500]) { %4: f32[500] = for l:lanes "
     "i:4 h:16 k:16 "
     "{ mul(%x[l, i, k], %d[l, i, h]) } sum -> [16*h+k+100] into %g return %4 }"},
	{"residuals of 100 points", 2.0 * 16 * 100 * 3,
     "func @f(%X: f32[lanes, 100, 3], %w: f32[lanes, 4], %y: f32[lanes, 100]) -> (: f32[lanes, 100]) { %4: f32[lanes, "
     "100] = "
     "for l:lanes n:100 d:3 { mul(%X[l, n, d], %w[l, d]) } sum -> [l, n] return %4 }"},
	{"their adjoint", 2.0 * 16 * 100 * 3,
     "func @f(%X: f32[lanes, 100, 3], %r: f32[lanes, 100]) -> (: f32[lanes, 3]) { %4: f32[lanes, 3] = "
     "for l:lanes n:100 d:3 { mul(%X[l, n, d], %r[l, n]) } sum -> [l, d] return %4 }"},
	{"matrix product 64^3", 2.0 * 64 * 64 * 64,
     "func @f(%A: f32[64, 64], %B: f32[64, 64]) -> (: f32[64, 64]) { %4: f32[64, 64] = "
     "for i:64 j:64 k:64 { mul(%A[i, k], %B[k, j]) } sum -> [i, j] return %4 }"},
	{"dot of 4096", 2.0 * 4096,
     "func @f(%A: f32[4096], %B: f32[4096]) -> (: f32[]) { %4: f32[] = for i:4096 { mul(%A[i], %B[i]) } sum -> [] "
     "return %4 }"},
	{"Adam over 4096", 14.0 * 4096,
     "func @f(%x: f32[4096], %m: f32[4096], %v: f32[4096], %g: f32[4096]) -> (: f32[4096], : f32[4096], : f32[4096]) {"
     "%5: f32[4096], %6: f32[4096], %7: f32[4096] = for i:4096 { m = add(mul(0.9, %m[i]), mul(0.1, %g[i])); "
     "v = add(mul(0.999, %v[i]), mul(0.001, mul(%g[i], %g[i]))); m, v, sub(%x[i], div(mul(0.01, m), add(sqrt(v), "
     "0.00000001))) } "
     "-> [i], -> [i], -> [i] return %5, %6, %7 }"},
};

static double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *memory(Arena *arena, IrFunc *func, IrValue value) {
	size_t bytes = (size_t)ir_type_elements(ir_type(func, value), NULL) * ir_scalar_bytes(ir_type(func, value).scalar);
	char *data = arena_alloc(arena, bytes + 64);
	data += (64 - (uintptr_t)data % 64) % 64;
	float *numbers = (float *)(void *)data;
	for (size_t i = 0; i < bytes / sizeof *numbers; i++)
		numbers[i] = 0.001f * (float)(i % 97);
	return data;
}

static void measure(JitEngine *engine, Session *session, const Piece *piece, const char *show) {
	IrModule *module = ir_module_new(session);
	if (!ir_parse(module, source_add(session, piece->name, piece->text, strlen(piece->text)))) {
		diag_print_all(session, stderr, false);
		exit(1);
	}
	IrFunc *func = module->funcs.data[0];
	JitOptions options = {.explain = show ? stdout : NULL};
	double start = now();
	JitCode *code = jit_compile(engine, func, &options);
	double compile = now() - start;
	void *params[8], *results[8];
	for (uint32_t i = 0; i < func->params.count; i++)
		params[i] = memory(session->arena, func, func->params.data[i].value);
	for (uint32_t i = 0; i < func->results.count; i++)
		results[i] = memory(session->arena, func, func->results.data[i].value);
	void *scratch = arena_alloc(session->arena, jit_arena_bytes(code, NULL) + 64);
	double best = 1;
	for (int round = 0; round < 20; round++) {
		int calls = (int)(2e6 / piece->flops) + 1;
		start = now();
		for (int i = 0; i < calls; i++)
			jit_call(code, params, results, scratch, NULL);
		double each = (now() - start) / calls;
		best = each < best ? each : best;
	}
	printf("%-26s %7.1f GFLOP/s %9.2f us  compiled in %6.2f ms\n", piece->name, 1e-9 * piece->flops / best, 1e6 * best,
	       1e3 * compile);
	if (show && strstr(piece->name, show)) {
		Text text = text_new(session->arena);
		jit_show_loops(module, func, &options, &text);
		jit_show_asm(engine, module, func, &options, &text);
		printf("%s\n", text_cstr(&text));
	}
	jit_code_free(code);
	ir_module_free(module);
}

/* bench_jit [TEXT]: with TEXT, decisions are explained, and loop IR and assembly of the pieces named like it are shown. */
int main(int argc, char **argv) {
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	if (!engine) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		measure(engine, session, &pieces[i], argc > 1 ? argv[1] : NULL);
	jit_engine_free(engine);
	session_free(session);
	return 0;
}
