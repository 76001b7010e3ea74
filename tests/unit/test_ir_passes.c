/* Passes: on a table of programs every pass keeps the results, the verifier stays content, and the counted cost does not
 * rise; the programs that a pass exists for get as cheap as they should. */
#include "autodiff/autodiff.h"
#include "ir/build.h"
#include "ir/core/walk.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Program {
	const char *name;
	const char *text;
	double at_most; /* FLOPs after ir_optimize, as a share of those before */
} Program;

static const Program programs[] = {
	{"copies and constants",
     "func @f (%x[6]) -> ([6], [6]) {\n"
     "%a[6] = for i:6 { 1 } -> [i]\n"
     "%b[6] = for i:6 { mul(%a[i], %x[i]) } -> [i]\n"
     "%c[6] = for i:6 { %b[i] } -> [i]\n"
     "%d[6] = for i:6 { exp(%c[i]) } -> [i]\n"
     "%e[6] = for i:6 { exp(%x[i]) } -> [i]\n"
     "return %d, %e }\n",
     0.5},
	{"logistic gradient",
     "func @f (%X[6, 3], %w[3], %b[], %y[6], %l[]) -> ([3], []) {\n"
     "%s[6] = for i:6 j:3 { mul(%X[i, j], %w[j]) } sum -> [i]\n"
     "%z[6] = for i:6 { add(%s[i], %b[]) } -> [i]\n"
     "%g[6] = for i:6 { add(mul(neg(%l[]), %y[i]), mul(%l[], sigmoid(%z[i]))) } -> [i]\n"
     "%h[6] = for i:6 { %g[i] } -> [i]\n"
     "%v[3] = for i:6 j:3 { mul(%h[i], %X[i, j]) } sum -> [j]\n"
     "%c[] = for i:6 { %g[i] } sum -> []\n"
     "return %v, %c }\n",
     1.0},
	{"three factors",
     "func @f (%A[12, 12], %B[12, 12], %C[12, 12]) -> ([12, 12]) {\n"
     "%o[12, 12] = for i:12 j:12 k:12 l:12 { mul(mul(%A[i, j], %B[j, k]), %C[k, l]) } sum -> [i, l]\n"
     "return %o }\n",
     0.15},
	{"partial sums",
     "func @f (%Q[20, 3, 5], %l[3, 5, 5]) -> ([3, 5]) {\n"
     "%m[3, 5] = for i:20 c:3 r:5 s:5 if s < r { mul(%Q[i, c, r], %l[c, r, s]) } sum -> [c, s]\n"
     "return %m }\n",
     0.35},
	{"a sum that is passed on twice",
     "func @f (%x[2, 3], %z[4, 2], %y[2, 2], %d[2]) -> ([]) {\n"
     "%b[4, 2] = for i:4 j:2 { mul(mul(%z[i, j], %x[0, j]), %x[j, j]) } -> [i, j]\n"
     "%a[2, 2] = for i:2 j:2 { mul(%y[i, j], %d[j]) } -> [i, j]\n"
     "%e[4, 2] = for i:4 j:2 k:2 { %a[j, k] } sum -> [i, j] into %b\n"
     "%g[4, 2] = for i:4 j:2 { add(%e[i, j], add(%e[i, j], %d[j])) } -> [i, j]\n"
     "%s[] = for i:2 j:2 { add(mul(%g[j, -j+1], %x[i, j]), 0.75) } sum -> []\n"
     "return %s }\n",
     1.0},
	{"a sum that is passed on, and read otherwise as well",
     "func @f (%x[2, 5], %y[2], %w[2, 2], %e[1]) -> ([]) {\n"
     "%a[2] = for i:2 k:3 { mul(%x[i, -k+4], %y[1]) } sum -> [i]\n"
     "%b[2, 2] = for i:2 j:2 k:1 { mul(mul(%y[1], %y[i+j-1]?), %a[j]) } sum -> [i, j]\n"
     "%c[2, 2] = for i:2 j:2 { add(%b[i, j], mul(%b[i, j], 3)) } -> [i, j]\n"
     "%d[2, 1] = for i:2 j:1 k:3 { div(%x[-i+1, k], add(abs(%x[j, k+1]), 0.5)) } sum -> [i, j]\n"
     "%g[2, 2] = for i:2 j:2 k:1 { mul(mul(%e[k], %y[i]), %d[i, k]) } sum -> [i, j] into %c\n"
     "%h[2] = for i:2 j:2 k:1 { mul(%g[i, j], %x[k, i]?) } sum -> [j]\n"
     "%s[] = for i:2 { mul(mul(%x[0, i], %y[i]), %h[i]) } sum -> []\n"
     "return %s }\n",
     1.0},
	{"sums of sums through into",
     "func @f (%Q[20, 3, 5], %l[3, 5, 5], %d[20, 3, 5]) -> ([3, 5]) {\n"
     "%e[20, 3, 5] = for i:20 c:3 r:5 s:5 { mul(%Q[i, c, r], %l[c, r, s]) } sum -> [i, c, s]\n"
     "%g[20, 3, 5] = for i:20 c:3 s:5 { mul(%Q[i, c, s], %d[i, c, s]) } sum -> [i, c, s] into %e\n"
     "%m[3, 5] = for i:20 c:3 s:5 { neg(%g[i, c, s]) } sum -> [c, s]\n"
     "return %m }\n",
     0.5},
	{"hoisted differences",
     "func @f (%l[4, 6, 6], %x[9, 6], %u[4, 6]) -> ([9, 4, 6]) {\n"
     "%o[9, 4, 6] = for i:9 c:4 r:6 s:6 { mul(%l[c, r, s], exp(sub(%x[i, s], %u[c, s]))) } sum -> [i, c, r]\n"
     "return %o }\n",
     0.5},
	{"hoisted with its condition",
     "func @f (%s[6, 6], %v[6, 4]) -> ([6, 4]) {\n"
     "%o[6, 4] = for i:6 c:4 j:6 if j <= i { mul(exp(%s[i, j]), %v[j, c]) } sum -> [i, c]\n"
     "return %o }\n",
     0.6},
	{"factor out of a sum",
     "func @f (%q[4, 6], %Q[30, 4, 6], %e[30, 4, 6]) -> ([4, 6]) {\n"
     "%o[4, 6] = for i:30 c:4 r:6 { mul(exp(%q[c, r]), mul(%Q[i, c, r], %e[i, c, r])) } sum -> [c, r]\n"
     "return %o }\n",
     0.4},
	{"convolution adjoint",
     "func @f (%O[2, 7, 7], %K[3, 3], %A[2, 7, 7]) -> ([2, 7, 7]) {\n"
     "%o[2, 7, 7] = for b:2 y:7 x:7 p:3 q:3 { mul(%O[b, y, x], %K[p, q]) } sum -> [b, y+p-1, x+q-1]? into %A\n"
     "return %o }\n",
     1.0},
	{"strided pooling adjoint",
     "func @f (%O[4]) -> ([8]) {\n"
     "%o[8] = for y:4 p:2 { mul(%O[y], 0.5) } sum -> [2*y+p]\n"
     "return %o }\n",
     1.0},
	{"loop with an invariant and a stack",
     "func @f (%X[5, 3], %w[3]) -> ([3], [7, 3]) {\n"
     "%z[7, 3] = for t:7 j:3 { 0 } -> [t, j]\n"
     "%a[3], %b[7, 3] = loop %t < 7 carry (%v[3] = %w, %s[7, 3] = %z) {\n"
     "%s2[7, 3] = for j:3 { %v[j] } -> [%t[], j] into %s\n"
     "%n[] = for i:5 j:3 { mul(%X[i, j], %X[i, j]) } sum -> []\n"
     "%r[5] = for i:5 j:3 { mul(%X[i, j], %v[j]) } sum -> [i]\n"
     "%g[3] = for i:5 j:3 { mul(%r[i], %X[i, j]) } sum -> [j]\n"
     "%v2[3] = for j:3 { sub(%v[j], div(%g[j], %n[])) } -> [j]\n"
     "yield %v2, %s2 }\n"
     "return %a, %b }\n",
     0.85},
	{"an invariant of the inner of two loops",
     "func @f (%X[5, 3], %w[3]) -> ([3]) {\n"
     "%a[3] = loop %t < 3 carry (%v[3] = %w) {\n"
     "%b[3] = loop %u < 7 carry (%q[3] = %v) {\n"
     "%n[] = for i:5 j:3 { mul(%X[i, j], to_f64(%t[])) } sum -> []\n"
     "%q2[3] = for j:3 { mul(%q[j], %n[]) } -> [j]\n"
     "yield %q2 }\n"
     "yield %b }\n"
     "return %a }\n",
     0.4},
	{"shared sums over different indices",
     "func @f (%r[8], %X[8, 3]) -> ([8], [3], []) {\n"
     "%a[8], %b[3], %c[] = for i:8 j:3 { t0 = div(%r[i], add(1, mul(%r[i], %r[i]))); mul(t0, %X[i, j]), mul(t0, %X[i, "
     "j]), t0 } "
     "sum -> [i], sum -> [j], sum -> []\n"
     "return %a, %b, %c }\n",
     1.0},
	{"a stored value computed again",
     "func @f (%z[4, 6], %s[4, 6]) -> ([4, 6], [6], []) {\n"
     "%h[4, 6] = for c:4 i:6 { tanh(add(%z[c, i], 1)) } -> [c, i]\n"
     "%g[6] = for c:4 i:6 { t0 = tanh(add(%z[c, i], 1)); mul(%s[c, i], sub(1, mul(t0, t0))) } sum -> [i]\n"
     "%k[] = for c:4 i:6 k:5 { mul(tanh(add(%z[c, i], 1)), to_f64(idx(k))) } sum -> []\n"
     "return %h, %g, %k }\n",
     0.45},
	{"largest and its argument",
     "func @f (%z[5, 4]) -> ([5], [5]) {\n"
     "%m[5], %a: int[5] = for i:5 c:4 { mul(%z[i, c], 2) } max -> [i], argmax c -> [i]\n"
     "%p[5] = for i:5 { %z[i, %a[i]] } -> [i]\n"
     "return %m, %p }\n",
     1.0},
};

static IrTensor sample(Arena *arena, IrType type, uint32_t seed) {
	IrTensor tensor = ir_tensor_new(arena, type, NULL);
	int64_t count = ir_type_elements(type, NULL);
	for (int64_t i = 0; i < count; i++) {
		uint64_t key[2] = {seed, 1}, counter[2] = {(uint64_t)i, 0}, bits[2];
		random_threefry(key, counter, bits);
		tensor.reals[i] = (double)(bits[0] >> 11) * 0x1p-53 * 2 - 1;
	}
	return tensor;
}

static IrTensor *run(Arena *arena, const IrFunc *func) {
	IrTensor *args = ARENA_ARRAY(arena, IrTensor, func->params.count + 1);
	IrTensor *results = ARENA_ARRAY(arena, IrTensor, func->results.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++)
		args[i] = sample(arena, ir_type(func, func->params.data[i].value), i + 1);
	Span where;
	const char *wrong = ir_evaluate(func, arena, args, results, &where);
	cr_assert_null(wrong, "%s", wrong);
	return results;
}

static void compare(Arena *arena, const char *what, const IrFunc *before, const IrFunc *after) {
	const char *wrong = ir_verify(after);
	cr_assert_null(wrong, "%s: %s", what, wrong);
	IrTensor *a = run(arena, before), *b = run(arena, after);
	for (uint32_t r = 0; r < before->results.count; r++) {
		int64_t count = ir_type_elements(a[r].type, NULL);
		for (int64_t i = 0; i < count; i++)
			if (!(fabs(a[r].reals[i] - b[r].reals[i]) <= 1e-12 * (1 + fabs(a[r].reals[i]))))
				cr_assert_fail("%s: result %u element %lld: %.17g became %.17g", what, (unsigned)r, (long long)i,
				               a[r].reals[i], b[r].reals[i]);
	}
}

static IrFunc *parse(IrModule *module, const Program *program) {
	Session *session = module->session;
	uint32_t source = source_add(session, program->name, program->text, strlen(program->text));
	bool ok = ir_parse(module, source);
	if (!ok)
		diag_print_all(session, stderr, false);
	cr_assert(ok, "%s", program->name);
	return module->funcs.data[module->funcs.count - 1];
}

Test(passes, each_keeps_results) {
	for (size_t p = 0; p < sizeof programs / sizeof programs[0]; p++) {
		for (size_t k = 0; k < ir_pass_count; k++) {
			Session *session = session_new();
			IrModule *module = ir_module_new(session);
			IrFunc *before = parse(module, &programs[p]);
			IrFunc *after = ir_passes[k].run(module, before);
			char what[200];
			snprintf(what, sizeof what, "%s after %s", programs[p].name, ir_passes[k].name);
			compare(module->arena, what, before, after);
			const char *wrong = ir_passes[k].after ? ir_passes[k].after(before, after) : NULL;
			cr_assert_null(wrong, "%s: %s", what, wrong);
			if (strcmp(ir_passes[k].name, "expand_math") != 0)
				cr_assert(ir_cost(after, NULL).flops <= 1.3 * ir_cost(before, NULL).flops, "%s", what);
			ir_module_free(module);
			session_free(session);
		}
	}
}

/* ---- names ---- */

typedef struct LoopNames {
	const IrFunc *func;
	Text text;
} LoopNames;

static void list_names(void *context, const IrBlock *block, IrOp *op) {
	LoopNames *names = context;
	(void)block;
	for (IrDef def = ir_defs(op); op->kind == IR_LOOP && ir_next_def(&def);) {
		Name name = ir_info(names->func, def.value)->name;
		if (name)
			text_printf(&names->text, " %s", session_text(names->func->module->session, name));
	}
}

/* Of the counters and carries of all loops, in order. */
static const char *loop_names(const IrFunc *func) {
	LoopNames names = {.func = func, .text = text_new(func->module->arena)};
	ir_visit_ops(&func->body, list_names, &names);
	return text_cstr(&names.text);
}

static IrFunc *forward(IrModule *module, IrFunc *func) {
	bool *wrt = ARENA_ARRAY(module->arena, bool, func->params.count + 1);
	return ad_forward(module, func, "forward", wrt, true); /* of nothing: the function again */
}

static IrFunc *batch(IrModule *module, IrFunc *func) {
	bool *varying = ARENA_ARRAY(module->arena, bool, func->params.count + 1);
	varying[0] = true;
	return ad_batch(module, func, "batch", varying, NULL);
}

static IrFunc *gradient(IrModule *module, IrFunc *func) {
	bool *seeded = ARENA_ARRAY(module->arena, bool, func->results.count + 1);
	return ad_reverse(module, func, "reverse", seeded, NULL, true);
}

static IrFunc *inlined(IrModule *module, IrFunc *func) {
	IrFunc *out = ir_func_new(module, "inlined");
	IrBuilder b = ir_builder(out);
	IrValue args[8], results[8];
	for (uint32_t i = 0; i < func->params.count; i++)
		args[i] = ir_param(out, "p", ir_type(func, func->params.data[i].value));
	ir_inline(&b, func, args, results);
	for (uint32_t i = 0; i < func->results.count; i++)
		ir_result(out, "r", results[i]);
	return out;
}

static IrFunc *loops_again(IrModule *module, IrFunc *func, size_t way) {
	IrPassRun *const others[] = {forward, batch, gradient, inlined};
	if (way < ir_pass_count)
		return ir_passes[way].run(module, func);
	return way - ir_pass_count < sizeof others / sizeof *others ? others[way - ir_pass_count](module, func) : NULL;
}

Test(passes, loops_keep_their_names) {
	uint32_t loops = 0;
	for (size_t p = 0; p < sizeof programs / sizeof programs[0]; p++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		IrFunc *before = parse(module, &programs[p]), *after;
		const char *names = loop_names(before);
		loops += names[0] != '\0';
		for (size_t way = 0; (after = loops_again(module, before, way)) != NULL; way++)
			cr_expect_str_eq(loop_names(after), names, "%s, way %zu", programs[p].name, way);
		ir_module_free(module);
		session_free(session);
	}
	cr_expect(loops >= 2);
}

Test(passes, standard_sequence) {
	for (size_t p = 0; p < sizeof programs / sizeof programs[0]; p++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		IrFunc *before = parse(module, &programs[p]);
		IrFunc *after = ir_optimize(module, before, NULL);
		compare(module->arena, programs[p].name, before, after);
		double share = ir_cost(after, NULL).flops / ir_cost(before, NULL).flops;
		cr_assert(share <= programs[p].at_most, "%s: %.3f of the FLOPs are left, at most %.3f expected",
		          programs[p].name, share, programs[p].at_most);
		ir_module_free(module);
		session_free(session);
	}
}

/* ---- ir_cost: live points under conditions, against a count one by one ---- */

typedef struct Live {
	const char *conditions;
	bool (*is_live)(int64_t i, int64_t j, int64_t p);
} Live;

enum { LIVE_I = 23, LIVE_J = 9, LIVE_P = 4 };

static bool below(int64_t i, int64_t j, int64_t p) {
	return j <= i && p >= 0;
}
static bool strided(int64_t i, int64_t j, int64_t p) {
	return 3 * i - 7 >= 0 && 2 * j - 5 * p + 1 >= 0;
}
static bool tied(int64_t i, int64_t j, int64_t p) {
	return i + p - 5 >= 0 && 20 - i - 2 * j >= 0 && j - p >= 0;
}
static bool never(int64_t i, int64_t j, int64_t p) {
	return i - 40 >= 0 && j >= 0 && p >= 0;
}
static bool window(int64_t i, int64_t j, int64_t p) {
	return i - 3 * p >= 0 && 3 * p + 4 - i >= 0 && j >= 0;
}

static const Live lives[] = {
	{"j <= i", below},  {"7 <= 3*i, 5*p - 1 <= 2*j", strided}, {"5 <= i + p, i + 2*j <= 20, p <= j", tied},
	{"40 <= i", never}, {"3*p <= i, i < 3*p + 5", window},
};

Test(passes, live_points_are_counted) {
	for (size_t k = 0; k < sizeof lives / sizeof *lives; k++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		const char *text = arena_printf(module->arena,
		                                "func @f (%%x[]) -> ([]) {\n%%o[] = for i:%d j:%d p:%d if %s { %%x[] } sum -> "
		                                "[]\nreturn %%o }\n",
		                                LIVE_I, LIVE_J, LIVE_P, lives[k].conditions);
		IrFunc *func = parse(module, &(Program){.name = lives[k].conditions, .text = text});
		double live = 0;
		for (int64_t i = 0; i < LIVE_I; i++)
			for (int64_t j = 0; j < LIVE_J; j++)
				for (int64_t p = 0; p < LIVE_P; p++)
					live += lives[k].is_live(i, j, p);
		cr_expect_eq(ir_cost(func, NULL).flops, live, "%s: %g and %g", lives[k].conditions, ir_cost(func, NULL).flops,
		             live);
		ir_module_free(module);
		session_free(session);
	}
}

/* A pass that ends in a panic says which it was, and keeps what it was given. */
Test(passes, panic_keeps_the_function) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session), *again = ir_module_new(session);
	IrFunc *func = parse(module, &programs[0]);
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		IrScope outer, inner;
		ir_scope_enter(&outer, "outer", func);
		ir_scope_enter(&inner, "left", func);
		ir_scope_leave(&inner);
		base_panic("here", "something is wrong");
	}
	close(ends[1]);
	char said[4000] = "", text[8000] = "";
	for (ssize_t length = 0, more; (more = read(ends[0], said + length, sizeof said - 1 - (size_t)length)) > 0;)
		length += more;
	close(ends[0]);
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	cr_assert(strstr(said, "internal error in here: something is wrong") && strstr(said, "`outer` of @f"), "%s", said);
	cr_assert_null(strstr(said, "left"), "%s", said);
	const char *at = strstr(said, " is in ");
	cr_assert_not_null(at, "%s", said);
	char path[1000];
	cr_assert_eq(sscanf(at, " is in %999[^:]", path), 1);
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	size_t length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	unlink(path);
	cr_assert(ir_parse(again, source_add(session, path, text, length)), "%s", text);
	compare(module->arena, "saved", func, again->funcs.data[0]);
	ir_module_free(again);
	ir_module_free(module);
	session_free(session);
}
