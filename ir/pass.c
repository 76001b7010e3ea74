/* The pass manager: the table of passes, the standard sequence, and the driver that verifies, times and dumps. */
#include "ir/ir.h"

#include <string.h>
#include <time.h>

const IrPass ir_passes[] = {
	{"simplify", ir_pass_simplify, NULL, "keeps everything; leaves no dead operation"},
	{"inline", ir_pass_inline, NULL, "substitutes producers into their users; never repeats costly work"},
	{"hoist", ir_pass_hoist, NULL, "lowers the counted cost of bodies; changes rounding"},
	{"compose", ir_pass_compose, NULL, "merges sums of sums; lowers the counted cost; changes rounding"},
	{"gather", ir_pass_gather, NULL, "turns affine scatters into gathers; keeps values"},
	{"share", ir_pass_share, NULL, "merges operations over one domain that repeat each other; keeps every bit"},
	{"reuse", ir_pass_reuse, NULL, "reads what is stored already instead of computing it again; keeps every bit"},
	{"invariant", ir_pass_invariant, NULL, "moves operations out of loops; keeps values"},
	{"expand_math", ir_pass_expand_math, NULL, "leaves primitive scalar operations only; nothing may run after it"},
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
		for (size_t k = i + 1; pass->after && names[k]; k++)
			if (strcmp(names[k], pass->after) == 0)
				base_panic("ir_run_passes", "`%s` must come after `%s`", pass->name, pass->after);
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

IrFunc *ir_run_passes(IrModule *module, IrFunc *func, const char *const *names, const IrPipeline *options) {
	check_order(names);
	for (size_t i = 0; names[i]; i++) {
		const IrPass *pass = find_pass(names[i]);
		struct timespec start, end;
		timespec_get(&start, TIME_UTC);
		func = pass->run(module, func);
		timespec_get(&end, TIME_UTC);
		if (!options)
			continue;
		if (options->time)
			fprintf(options->time, "%-12s %8.3f ms  %s\n", pass->name,
			        (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) * 1e-6,
			        name_text(module->session->names, func->name));
		if (options->dump_dir)
			dump(module, func, options, i, pass->name);
		const char *wrong = options->verify ? ir_verify(func) : NULL;
		if (wrong)
			base_panic(pass->name, "%s: %s", name_text(module->session->names, func->name), wrong);
	}
	return func;
}

IrFunc *ir_optimize(IrModule *module, IrFunc *func, const IrPipeline *options) {
	static const char *const sequence[] = {"simplify",  "inline",   "simplify", "gather", "hoist",
	                                       "compose",   "hoist",    "simplify", "share",  "reuse",
	                                       "invariant", "simplify", NULL};
	return ir_run_passes(module, func, sequence, options);
}
