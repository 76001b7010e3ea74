/* What the tests of the back ends share: running one function through the evaluator, machine code and compiled C, on the same
 * random arguments, and comparing. */
#ifndef GRADUS_TESTS_JIT_THREE_WAYS_H
#define GRADUS_TESTS_JIT_THREE_WAYS_H

#include "ir/eval/eval.h"
#include "ir/ir.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"
#include "jit/jit.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JIT_TEST_MAX = 48 };

/* A tensor as compiled code sees it: dense, lanes innermost. */
static inline void *jit_test_memory(Arena *arena, size_t bytes) {
	char *data = arena_alloc(arena, bytes + 128);
	return data + (64 - (uintptr_t)data % 64) % 64;
}

static inline size_t jit_test_place(IrType type, int64_t i) {
	int64_t row = ir_type_elements(type, NULL) / IR_LANES;
	return (size_t)(type.lanes ? i % row * IR_LANES + i / row : i);
}

static inline void *jit_test_pack(Arena *arena, const IrTensor *tensor) {
	int64_t count = ir_type_elements(tensor->type, NULL);
	size_t bytes = ir_element_bytes(tensor->type);
	char *data = jit_test_memory(arena, (size_t)count * bytes);
	if (tensor->stored)
		return memcpy(data, tensor->stored, (size_t)count * bytes);
	for (int64_t i = 0; i < count; i++) {
		char *to = data + jit_test_place(tensor->type, i) * bytes;
		switch (tensor->type.scalar) {
		case IR_F32: memcpy(to, &(float){(float)tensor->reals[i]}, bytes); break;
		case IR_F64: memcpy(to, &tensor->reals[i], bytes); break;
		case IR_I32: memcpy(to, &(int32_t){(int32_t)tensor->integers[i]}, bytes); break;
		case IR_I64: memcpy(to, &tensor->integers[i], bytes); break;
		case IR_BOOL: *to = tensor->integers[i] != 0; break;
		}
	}
	return data;
}

/* The number at i as what compares: bits of reals, with every NaN the same. */
static inline bool jit_test_same(const IrTensor *tensor, const char *data, int64_t i, double tolerance, double *got) {
	const char *from = data + jit_test_place(tensor->type, i) * ir_scalar_bytes(tensor->type.scalar);
	double real = 0, want;
	int64_t integer = 0;
	float narrow;
	int32_t small;
	switch (tensor->type.scalar) {
	case IR_F32:
		memcpy(&narrow, from, sizeof narrow);
		real = (double)narrow;
		break;
	case IR_F64: memcpy(&real, from, sizeof real); break;
	case IR_I32:
		memcpy(&small, from, sizeof small);
		integer = small;
		break;
	case IR_I64: memcpy(&integer, from, sizeof integer); break;
	case IR_BOOL: integer = *from; break;
	}
	if (!tensor->reals) {
		*got = (double)integer;
		return integer == tensor->integers[i];
	}
	*got = real;
	want = tensor->reals[i];
	if (want != want || real != real)
		return want != want && real != real;
	if (tolerance == 0)
		return memcmp(&want, &real, sizeof want) == 0;
	if (want == real)
		return true;
	double unit = tensor->type.scalar == IR_F32 ? 0x1p-23 : 0x1p-52;
	return fabs(want - real) <= tolerance * unit * (1 + fabs(want));
}

typedef struct JitTestRun {
	IrModule *module;
	IrFunc *func;
	int64_t symbols[JIT_TEST_MAX];
	IrTensor args[JIT_TEST_MAX];
	IrTensor want[JIT_TEST_MAX];
	const char *error; /* of the evaluator */
	bool awkward;      /* one real argument in four is a zero of either sign, infinite or NaN */
} JitTestRun;

static inline IrFunc *jit_test_parse(IrModule *module, const char *text) {
	Session *session = module->session;
	bool well = ir_parse(module, source_add(session, "test.ir", text, strlen(text)));
	cr_assert(well, "%s\n%s", session->diags.count ? session->diags.data[0]->message : "", text);
	IrFunc *func = module->funcs.data[module->funcs.count - 1];
	const char *wrong = ir_verify(func);
	cr_assert_null(wrong, "%s\n%s", wrong, text);
	return func;
}

static inline uint64_t jit_test_random(uint64_t *state) {
	uint64_t out[2];
	random_threefry((uint64_t[]){17, 4}, (uint64_t[]){(*state)++, 0}, out);
	return out[0];
}

/* Arguments: reals between -2 and 2 (some zeros), integers in 0 .. 2, then the evaluator's answer. */
static inline void jit_test_prepare(JitTestRun *run, Arena *arena, uint64_t seed) {
	IrFunc *func = run->func;
	cr_assert(func->params.count <= JIT_TEST_MAX && func->results.count <= JIT_TEST_MAX);
	for (uint32_t i = 0; i < func->params.count; i++) {
		run->args[i] = ir_tensor_new(arena, ir_type(func, func->params.data[i].value), run->symbols);
		for (int64_t k = 0; k < ir_type_elements(run->args[i].type, NULL); k++) {
			uint64_t word = jit_test_random(&seed);
			static const double awkward[] = {0, -0.0, 0, -0.0, 0, INFINITY, -INFINITY, NAN};
			double value = word % 16 == 0 ? 0 : (double)(int64_t)(word >> 12) * 0x1p-50 - 2;
			if (run->awkward && word % 4 == 0)
				value = awkward[word / 4 % 8];
			if (run->args[i].type.scalar == IR_F32)
				value = (double)(float)value;
			if (run->args[i].reals)
				run->args[i].reals[k] = value;
			else
				run->args[i].integers[k] = (int64_t)(word % (run->args[i].type.scalar == IR_BOOL ? 2 : 3));
		}
	}
	run->error = ir_evaluate(ir_expand_math(run->module, func, false), arena, run->args, run->want, NULL);
}

static inline void jit_test_compare(const JitTestRun *run, void *const *results, double tolerance, const char *way,
                                    const char *text) {
	for (uint32_t i = 0; i < run->func->results.count; i++) {
		const IrTensor *want = &run->want[i];
		for (int64_t k = 0; k < ir_type_elements(want->type, NULL); k++) {
			double got = 0;
			if (jit_test_same(want, results[i], k, tolerance, &got))
				continue;
			cr_expect(false, "%s: result %u [%lld] is %.17g (%a), not %.17g (%a)\n%s", way, i, (long long)k, got, got,
			          want->reals ? want->reals[k] : (double)want->integers[k], want->reals ? want->reals[k] : 0.0,
			          text);
			return;
		}
	}
}

static inline void jit_test_pointers(const JitTestRun *run, Arena *arena, void **params, void **results) {
	for (uint32_t i = 0; i < run->func->params.count; i++)
		params[i] = jit_test_pack(arena, &run->args[i]);
	for (uint32_t i = 0; i < run->func->results.count; i++) {
		IrTensor shape = ir_tensor_new(arena, ir_type(run->func, run->func->results.data[i].value), run->symbols);
		size_t bytes = (size_t)ir_type_elements(shape.type, NULL) * ir_scalar_bytes(shape.type.scalar);
		results[i] = jit_test_memory(arena, bytes);
		memset(results[i], 0xA5, bytes); /* nothing may rely on zeroed results */
	}
}

/* Machine code, compared with what jit_test_prepare found. */
static inline void jit_test_machine(JitEngine *engine, const JitTestRun *run, Arena *arena, const JitOptions *options,
                                    double tolerance, const char *text) {
	JitCode *code = jit_compile(engine, run->func, options);
	void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
	jit_test_pointers(run, arena, params, results);
	size_t bytes = jit_arena_bytes(code, run->symbols);
	void *scratch = jit_test_memory(arena, bytes);
	memset(scratch, 0xA5, bytes);
	for (int again = 0; again < 2; again++) {
		int failed = jit_call(code, params, results, scratch, run->symbols);
		cr_expect((failed != 0) == (run->error != NULL), "machine code returned %d, the evaluator said %s\n%s", failed,
		          run->error ? run->error : "nothing", text);
		if (failed == 0 && !run->error)
			jit_test_compare(run, results, tolerance, options->strict ? "machine, strict" : "machine", text);
	}
	jit_code_free(code);
}

/* ---- emitted C: many functions in one file, compiled once ---- */

typedef struct JitTestC {
	Arena *arena;
	JitCFile *file;
	Text text;
	uint32_t count;
	char directory[64];
	void *library;
} JitTestC;

static inline const char *jit_test_c_type(IrType type) {
	static const char *const names[] = {"uint8_t", "int32_t", "int64_t", "float", "double"};
	static const char *const stored[] = {NULL,       "uint8_t", "int8_t",  "uint16_t", "int16_t",
	                                     "uint32_t", "int32_t", "int64_t", "float",    "double"};
	return type.storage ? stored[type.storage] : names[type.scalar];
}

static inline void jit_test_c_begin(JitTestC *c, Arena *arena) {
	*c = (JitTestC){.arena = arena, .file = jit_c_file_new(arena, "t"), .text = text_new(arena)};
}

/* Returns the number of the function in the file. */
static inline uint32_t jit_test_c_add(JitTestC *c, const JitTestRun *run, bool strict) {
	IrFunc *func = run->func;
	uint32_t number = c->count++;
	const char *bytes = NULL;
	JitCFunc how = {.name = arena_printf(c->arena, "f%u", number), .strict = strict};
	jit_emit_c(c->file, run->module, func, &how, &c->text, &bytes);
	text_printf(&c->text, "int run%u(void *const *p, void *const *r, void *a, const int64_t *s);\n", number);
	text_printf(
		&c->text,
		"int run%u(void *const *p, void *const *r, void *a, const int64_t *s) {\n\t(void)p;\n\t(void)r;\n\t(void)s;\n",
		number);
	text_printf(&c->text, "\treturn t_f%u(", number);
	for (uint32_t i = 0; i < func->params.count; i++)
		text_printf(&c->text, "(const %s *)p[%u], ", jit_test_c_type(ir_type(func, func->params.data[i].value)), i);
	for (uint32_t i = 0; i < func->results.count; i++)
		text_printf(&c->text, "(%s *)r[%u], ", jit_test_c_type(ir_type(func, func->results.data[i].value)), i);
	text_printf(&c->text, "a");
	for (uint32_t i = 0; i < func->symbols.count; i++)
		text_printf(&c->text, ", (ptrdiff_t)s[%u]", i);
	text_printf(&c->text,
	            ");\n}\n\nint64_t bytes%u(const int64_t *s);\nint64_t bytes%u(const int64_t *s) {\n\t(void)s;\n",
	            number, number);
	for (uint32_t i = 0; i < func->symbols.count; i++) {
		const char *name = session_text(run->module->session, func->symbols.data[i]);
		text_printf(&c->text, "\tconst ptrdiff_t %s = (ptrdiff_t)s[%u];\n\t(void)%s;\n", name, i, name);
	}
	text_printf(&c->text, "\treturn (int64_t)(%s);\n}\n\n", bytes);
	return number;
}

/* Compiles what was added with warnings as errors; `flags` come last. */
static inline void jit_test_c_compile(JitTestC *c, const char *compiler, const char *flags) {
	snprintf(c->directory, sizeof c->directory, "/tmp/gradus-test-XXXXXX");
	cr_assert_not_null(mkdtemp(c->directory));
	const char *source = arena_printf(c->arena, "%s/code.c", c->directory);
	FILE *file = fopen(source, "w");
	cr_assert_not_null(file);
	Text prelude = text_new(c->arena);
	jit_c_prelude(c->file, text_cstr(&c->text), &prelude);
	fputs("#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n\n", file);
	fputs(text_cstr(&prelude), file);
	fputs(text_cstr(&c->text), file);
	fclose(file);
	const char *object = arena_printf(c->arena, "%s/code.so", c->directory);
	const char *command = arena_printf(
		c->arena,
		"%s -pedantic-errors -Wall -Wextra -Wconversion -Werror -ffp-contract=off %s -fPIC -shared -o %s %s -lm",
		compiler, flags, object, source);
	cr_assert_eq(system(command), 0, "%s", command);
	c->library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	cr_assert_not_null(c->library, "%s", dlerror());
	unlink(source);
	unlink(object);
	rmdir(c->directory);
}

/* Calls it; what it returned. */
static inline int jit_test_c_call(const JitTestC *c, uint32_t number, const JitTestRun *run, Arena *arena,
                                  void *const *params, void *const *results) {
	int (*call)(void *const *, void *const *, void *, const int64_t *);
	int64_t (*size)(const int64_t *);
	void *found = dlsym(c->library, arena_printf(arena, "run%u", number));
	memcpy(&call, &found, sizeof call);
	found = dlsym(c->library, arena_printf(arena, "bytes%u", number));
	memcpy(&size, &found, sizeof size);
	size_t bytes = (size_t)size(run->symbols);
	void *scratch = jit_test_memory(arena, bytes);
	memset(scratch, 0xA5, bytes);
	return call(params, results, scratch, run->symbols);
}

static inline void jit_test_c_run(const JitTestC *c, uint32_t number, const JitTestRun *run, Arena *arena,
                                  double tolerance, const char *way, const char *text) {
	void *params[JIT_TEST_MAX], *results[JIT_TEST_MAX];
	jit_test_pointers(run, arena, params, results);
	int failed = jit_test_c_call(c, number, run, arena, params, results);
	cr_expect((failed != 0) == (run->error != NULL), "%s returned %d, the evaluator said %s\n%s", way, failed,
	          run->error ? run->error : "nothing", text);
	if (failed == 0 && !run->error)
		jit_test_compare(run, results, tolerance, way, text);
}

#endif
