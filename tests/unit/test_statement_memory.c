/* Memory per statement, counted: what the arenas of every stage hold for 1,000 statements, less what they hold for 200. */
#include "autodiff/autodiff.h"
#include "ir/pass/pass.h"
#include "jit/nest/lower.h"
#include "tests/unit/lower_instances.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FEW = 200, MANY = 1000 };

typedef struct Kind {
	const char *name, *before, *statement, *after; /* %d: the number of the statement; %p: of the one before */
	double lowered, derived, compiled, peak;       /* kB that a statement may take */
	const char *declared, *read; /* for every statement as well, first of all and last of all; or NULL */
} Kind;

/* Limits are about 1.3 times what was counted; the goal is 50 kB for all stages of a statement together. */
static const Kind kinds[] = {
	{"plain", "  let a0 = w[0]\n", "  let a%d = a%p * w[1] + w[2]\n", "", 10, 4.5, 9, 29, NULL, NULL},
	{"sin", "  let a0 = w[0]\n", "  let a%d = sin(a%p) + w[1]\n", "", 8.5, 3, 22, 39, NULL, NULL},
	{"assigned", "  var a0 = w[0]\n", "  a0 <- a0 * w[1] + w[2]\n", "", 10, 4.5, 9, 29, NULL, NULL},
	{"carried", "  var a0 = w[0]\n  for t in 0..30 {\n", "    a0 <- sin(a0) * w[1] + w[2]\n", "  }\n", 10.5, 7, 38, 58,
     NULL, NULL},
	{"carries", "  let s0 = 0\n  for t in 0..30 {\n", "    a%d <- a%d * w[1] + w[2]\n", "  }\n", 21, 9, 14, 64,
     "  var a%d = w[0]\n", "  let s%d = s%p + a%d\n"},
	{"if", "  var a0 = w[0]\n", "  if a0 > 0.5 {\n    a0 <- a0 * w[1]\n  } else {\n    a0 <- a0 + w[2]\n  }\n", "", 20,
     9, 16, 57, NULL, NULL},
};

typedef struct Bytes {
	double lowered, derived, compiled, peak;
} Bytes;

/* A form for the statements 1, ..., count: %d is its number, and %p that of the one before. */
static void repeat(Text *text, const char *form, int count) {
	for (int i = 1; form && i <= count; i++) {
		for (const char *at = form; *at; at++) {
			if (at[0] == '%') {
				text_printf(text, "%d", at[1] == 'd' ? i : i - 1);
				at++;
			} else {
				text_char(text, *at);
			}
		}
	}
}

static const char *program(Arena *arena, const Kind *kind, int count) {
	Text text = text_new(arena);
	text_printf(&text, "objective o() {\n  param w : [3] = 0.3\n");
	repeat(&text, kind->declared, count);
	text_printf(&text, "%s", kind->before);
	repeat(&text, kind->statement, count);
	text_printf(&text, "%s", kind->after);
	repeat(&text, kind->read, count);
	bool numbered = strchr(kind->statement, '%') != NULL;
	text_printf(&text, "  minimize %s%d\n}\n", kind->read ? "s" : "a", numbered ? count : 0);
	return text_cstr(&text);
}

static Bytes bytes_of(const Kind *kind, int count) {
	Arena *arena = arena_new();
	Lower l = lower_new(program(arena, kind, count));
	FeObjective *o = lower_objective(&l, "o()");
	Bytes bytes = {.lowered = (double)(arena_bytes(l.session->arena) + arena_bytes(l.module->arena))};
	IrModule *derived = ir_module_new(l.session);
	bool *wrt = ir_choose_params(arena, o->value, IR_ROLE_X);
	IrFunc *gradient = ad_gradient(derived, o->value, "gradient", 0, wrt, true, false);
	gradient = ir_optimize(derived, gradient, NULL);
	bytes.derived = (double)arena_bytes(derived->arena);
	IrModule *compiled = ir_module_new(l.session);
	nest_function(compiled, gradient, &(JitOptions){0});
	bytes.compiled = (double)arena_bytes(compiled->arena);
	ir_module_free(compiled);
	ir_module_free(derived);
	lower_free(&l);
	arena_free(arena);
	return bytes;
}

/* In a process of its own, which tells how much memory it had when it had most: with what is gone at the end of a stage. */
static Bytes bytes_apart(const Kind *kind, int count) {
	Bytes bytes = {0};
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct rusage usage;
		bytes = bytes_of(kind, count);
		getrusage(RUSAGE_SELF, &usage);
		bytes.peak = 1024 * (double)usage.ru_maxrss;
		_exit(write(ends[1], &bytes, sizeof bytes) != sizeof bytes);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	cr_assert_eq(read(ends[0], &bytes, sizeof bytes), (ssize_t)sizeof bytes);
	close(ends[0]);
	close(ends[1]);
	return bytes;
}

static void check(const char *kind, const char *stage, double few, double many, double limit) {
	double each = (many - few) / (MANY - FEW) / 1000;
	fprintf(stderr, "%-9s %-9s %6.2f kB per statement\n", kind, stage, each);
	cr_expect(each <= limit, "%s, %s: %g kB per statement, of at most %g", kind, stage, each, limit);
	cr_expect(each >= 0.01 * limit, "%s, %s: %g kB per statement: counted at all?", kind, stage, each);
}

Test(statement_memory, stays_small, .timeout = 300) {
#ifdef BASE_SANITIZED
	cr_skip_test("arenas keep gaps here");
#endif
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const Kind *kind = &kinds[i];
		Bytes few = bytes_apart(kind, FEW), many = bytes_apart(kind, MANY);
		check(kind->name, "lowered", few.lowered, many.lowered, kind->lowered);
		check(kind->name, "derived", few.derived, many.derived, kind->derived);
		check(kind->name, "compiled", few.compiled, many.compiled, kind->compiled);
		check(kind->name, "peak", few.peak, many.peak, kind->peak);
	}
}
