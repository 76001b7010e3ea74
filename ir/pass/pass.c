/* The pass manager: the table of passes, the standard sequence, and the driver that verifies, times and dumps. */
#include "ir/pass/pass.h"
#include "ir/build.h"
#include "ir/core/walk.h"
#include "ir/pass/after.h"
#include "ir/pass/limits.h"

#ifdef NDEBUG
enum { VERIFY_EACH = 0 };
#else
enum { VERIFY_EACH = 1 };
#endif

#include <string.h>
#include <time.h>

const IrPass ir_passes[] = {
	{"simplify", ir_pass_simplify, NULL, "keeps values up to the sign of zeros", pass_after_simplify},
	{"inline", ir_pass_inline, NULL, "keeps every bit; never repeats costly work", pass_after_no_costlier},
	{"gather", ir_pass_gather, "inline", "keeps values up to the order of sums, and so rounding",
     pass_after_no_costlier},
	{"hoist", ir_pass_hoist, "gather", "costs no more; changes rounding and what is not finite",
     pass_after_no_costlier},
	{"compose", ir_pass_compose, "gather", "costs no more; changes rounding and what is not finite",
     pass_after_no_costlier},
	{"scatter", ir_pass_scatter, "compose", "keeps values up to the order of sums, and so rounding", NULL},
	{"share", ir_pass_share, "compose", "keeps every bit", pass_after_no_costlier},
	{"reuse", ir_pass_reuse, "share", "keeps every bit", pass_after_no_costlier},
	{"invariant", ir_pass_invariant, "reuse", "keeps every bit", pass_after_invariant},
	{"expand_math", ir_pass_expand_math, NULL,
     "changes the last places of mathematical functions; nothing may run after it", pass_after_expand_math},
};
const size_t ir_pass_count = sizeof ir_passes / sizeof ir_passes[0];

static const IrPass *find_pass(const char *name) {
	for (size_t i = 0; i < ir_pass_count; i++)
		if (strcmp(ir_passes[i].name, name) == 0)
			return &ir_passes[i];
	base_panic("ir_run_passes", "there is no pass `%s`", name);
}

static void check_order(const char *const *names) {
	for (size_t i = 0; names[i]; i++) {
		const IrPass *pass = find_pass(names[i]);
		for (size_t k = i + 1; pass->follows && names[k]; k++)
			if (strcmp(names[k], pass->follows) == 0)
				base_panic("ir_run_passes", "`%s` must come after `%s`", pass->name, pass->follows);
		if (pass->run == ir_pass_expand_math && names[i + 1])
			base_panic("ir_run_passes", "`%s` must be the last pass", pass->name);
	}
}

static void dump(IrModule *module, const IrFunc *func, const IrPipeline *options, size_t number, const char *pass) {
	char *path = arena_printf(module->arena, "%s/%s-%02zu-%s.ir", options->dump_dir,
	                          name_text(module->session->names, func->name), number, pass);
	Text text = text_new(module->arena);
	ir_print(func, &text);
	const char *error = file_write(module->arena, path, text_cstr(&text), text.length, false);
	if (error)
		diag_warning(module->session, 811, (Span){0}, "%s", error);
}

/* Panics if a pass has not made what it should. */
static void check(const IrPass *pass, const IrFunc *before, const IrFunc *func, bool promises) {
	const char *wrong = ir_verify(func);
	if (!wrong && promises && pass->after)
		wrong = pass->after(before, func);
	if (wrong)
		base_panic(pass->name, "%s: %s", session_text(func->module->session, func->name), wrong);
}

static void count_nodes(void *count, const IrBlock *block, IrOp *op) {
	const IrFor *f = ir_as_for(op);
	(void)block;
	if (f)
		*(uint32_t *)count += f->nodes.count;
}

static bool is_large(const IrFunc *func) {
	uint32_t count = func->values.count;
	ir_visit_ops(&func->body, count_nodes, &count);
	return count >= PASS_LARGE_FUNCTION;
}

/* A pass leaves behind what it replaces. Small functions leave it to their module; a large one has its passes in modules
 * of their own, from which the result is copied, so that only two of its forms are in memory at a time. `*owner`: the module
 * made here for the result; NULL if the pass changed nothing. */
static IrFunc *run_apart(const IrPass *pass, IrFunc *func, IrModule **owner) {
	Session *session = func->module->session;
	IrModule *own = ir_module_new(session);
	IrFunc *made = pass->run(own, func), *kept = func;
	if (made != func) {
		*owner = ir_module_new(session);
		kept = ir_func_copy(*owner, made, session_text(session, made->name));
	}
	ir_module_free(own);
	return kept;
}

IrFunc *ir_run_passes(IrModule *module, IrFunc *func, const char *const *names, const IrPipeline *options) {
	check_order(names);
	IrModule *owner = NULL;
	for (size_t i = 0; names[i]; i++) {
		const IrPass *pass = find_pass(names[i]);
		struct timespec start, end;
		IrFunc *before = func;
		IrScope scope;
		ir_scope_enter(&scope, pass->name, before);
		timespec_get(&start, TIME_UTC);
		IrModule *made_in = NULL;
		func = owner || is_large(before) ? run_apart(pass, before, &made_in) : pass->run(module, before);
		timespec_get(&end, TIME_UTC);
		if (options && options->dump_dir)
			dump(module, func, options, i, pass->name);
		bool each = VERIFY_EACH || (options && options->verify);
		if (each || !names[i + 1])
			check(pass, before, func, each);
		ir_scope_leave(&scope);
		if (made_in) {
			ir_module_free(owner);
			owner = made_in;
		}
		if (options && options->time)
			fprintf(options->time, "%-12s %8.3f ms  %s\n", pass->name,
			        (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) * 1e-6,
			        name_text(module->session->names, func->name));
	}
	if (!owner)
		return func;
	func = ir_func_copy(module, func, name_text(module->session->names, func->name));
	ir_module_free(owner);
	return func;
}

IrFunc *ir_optimize(IrModule *module, IrFunc *func, const IrPipeline *options) {
	static const char *const sequence[] = {"simplify", "inline",    "simplify", "gather",  "hoist",
	                                       "compose",  "hoist",     "simplify", "scatter", "share",
	                                       "reuse",    "invariant", "simplify", NULL};
	return ir_run_passes(module, func, sequence, options);
}
