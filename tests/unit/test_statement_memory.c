/* Memory per statement, counted: what the arenas of every stage hold for 1,000 statements, less what they hold for 200. */
#include "autodiff/autodiff.h"
#include "ir/pass/pass.h"
#include "jit/nest/lower.h"
#include "tests/unit/lower_instances.h"

enum { FEW = 200, MANY = 1000 };

typedef struct Kind {
	const char *name, *before, *statement,
		*after;                        /* one %d: the number of the statement; two: that and the one before */
	double lowered, derived, compiled; /* kB that a statement may take */
} Kind;

/* Limits are about 1.3 times what was counted; the goal is 50 kB for all stages of a statement together. */
static const Kind kinds[] = {
	{"plain", "  let a0 = w[0]\n", "  let a%d = a%d * w[1] + w[2]\n", "", 10, 4.5, 9},
	{"sin", "  let a0 = w[0]\n", "  let a%d = sin(a%d) + w[1]\n", "", 8.5, 3, 22},
	{"assigned", "  var a0 = w[0]\n", "  a0 <- a0 * w[1] + w[2]\n", "", 10, 4.5, 9},
	{"carried", "  var a0 = w[0]\n  for t in 0..30 {\n", "    a0 <- sin(a0) * w[1] + w[2]\n", "  }\n", 10.5, 7, 38},
	{"if", "  var a0 = w[0]\n", "  if a0 > 0.5 {\n    a0 <- a0 * w[1]\n  } else {\n    a0 <- a0 + w[2]\n  }\n", "", 20,
     9, 16},
};

typedef struct Bytes {
	double lowered, derived, compiled;
} Bytes;

static const char *program(Arena *arena, const Kind *kind, int count) {
	Text text = text_new(arena);
	text_printf(&text, "objective o() {\n  param w : [3] = 0.3\n%s", kind->before);
	bool numbered = strchr(kind->statement, '%') != NULL;
	for (int i = 1; i <= count; i++) {
		const char *form = kind->statement;
		for (int number = i; *form; form++) {
			if (form[0] == '%' && form[1] == 'd') {
				text_printf(&text, "%d", number--);
				form++;
			} else {
				text_char(&text, *form);
			}
		}
	}
	text_printf(&text, "%s  minimize a%d\n}\n", kind->after, numbered ? count : 0);
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
		Bytes few = bytes_of(kind, FEW), many = bytes_of(kind, MANY);
		check(kind->name, "lowered", few.lowered, many.lowered, kind->lowered);
		check(kind->name, "derived", few.derived, many.derived, kind->derived);
		check(kind->name, "compiled", few.compiled, many.compiled, kind->compiled);
	}
}
