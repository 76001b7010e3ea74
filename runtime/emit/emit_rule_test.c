/* The self-test and the example of an emitted rule. */
#include <inttypes.h>

#include "runtime/emit/emit_rule.h"

static const char test_text[] =
	"/* Coordinate k of tensor i: a multiple of 1/16 from -2 to 2. */\n"
	"static @_real number(size_t i, size_t k, size_t by_k, size_t by_i) {\n"
	"\treturn (@_real)((k * by_k + i * by_i + 3) % 64) / 16 - 2;\n"
	"}\n\n"
	"typedef struct Problem {\n"
	"\tunsigned char *memory; /* of the state */\n"
	"\tvoid *state;\n"
	"\tsize_t bytes;\n"
	"\t@_real x[TOTAL], g[TOTAL];\n"
	"\t@_real *params[TENSORS];\n"
	"\tconst @_real *grads[TENSORS];\n"
	"} Problem;\n\n"
	"/* The loss, a quadratic in each coordinate, and its gradients. One operation per statement: no compiler fuses "
	"them. */\n"
	"static @_real evaluate(Problem *p) {\n"
	"\t@_real loss = 0;\n"
	"\tsize_t i, k, at = 0;\n"
	"\tfor (i = 0; i < TENSORS; i++) {\n"
	"\t\tfor (k = 0; k < sizes[i]; k++, at++) {\n"
	"\t\t\tconst @_real scale = (@_real)(1 + k % 4) / 4;\n"
	"\t\t\tconst @_real d = p->x[at] - number(i, k, 23, 5);\n"
	"\t\t\tconst @_real g = scale * d;\n"
	"\t\t\tconst @_real product = d * g;\n"
	"\t\t\tloss = loss + product;\n"
	"\t\t\tp->g[at] = g;\n"
	"\t\t}\n"
	"\t}\n"
	"\treturn loss;\n"
	"}\n\n"
	"static void fail(const char *what) {\n"
	"\tprintf(\"FAIL: @: %s\\n\", what);\n"
	"\texit(1);\n"
	"}\n\n"
	"static void check(int code, const char *what) {\n"
	"\tif (code != @_ok) {\n"
	"\t\tprintf(\"%s: %s\\n\", what, @_strerror(code));\n"
	"\t\tfail(what);\n"
	"\t}\n"
	"}\n\n"
	"/* The same bits; any NaN is like any other. */\n"
	"static void compare(const @_real *found, const @_bits *wanted, size_t count, const char *what) {\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < count; i++) {\n"
	"\t\t@_bits bits;\n"
	"\t\t@_real number_wanted;\n"
	"\t\tmemcpy(&bits, &found[i], sizeof bits);\n"
	"\t\tmemcpy(&number_wanted, &wanted[i], sizeof bits);\n"
	"\t\tif (bits != wanted[i] && !(found[i] != found[i] && number_wanted != number_wanted)) {\n"
	"\t\t\tprintf(\"%s: number %lu is %.17g, not %.17g\\n\", what, (unsigned long)i, (double)found[i], "
	"(double)number_wanted);\n"
	"\t\t\tfail(what);\n"
	"\t\t}\n"
	"\t}\n"
	"}\n\n"
	"/* `offset`: how far the memory is from being aligned. */\n"
	"static void begin(Problem *p, size_t offset) {\n"
	"\tsize_t i, k, at = 0;\n"
	"\t@_hyper hyper;\n"
	"\t@_hyper_default(&hyper);\n"
	"@HORIZON"
	"\tfor (i = 0; i < TENSORS; i++) {\n"
	"\t\tp->params[i] = p->x + at;\n"
	"\t\tp->grads[i] = p->g + at;\n"
	"\t\tfor (k = 0; k < sizes[i]; k++, at++)\n"
	"\t\t\tp->x[at] = number(i, k, 37, 11);\n"
	"\t}\n"
	"\tp->bytes = @_state_size(sizes, TENSORS);\n"
	"\tp->memory = (unsigned char *)malloc(p->bytes + offset);\n"
	"\tif (p->bytes == 0 || !p->memory)\n"
	"\t\tfail(\"memory\");\n"
	"\tp->state = p->memory + offset;\n"
	"\tmemset(p->state, 0xa5, p->bytes);\n"
	"\tif (@_step(p->state, p->params, p->grads, 0) != @_no_state)\n"
	"\t\tfail(\"a step without a state\");\n"
	"\tif (@_init(p->state, p->bytes - 1, sizes, TENSORS, p->params, &hyper) != @_too_small)\n"
	"\t\tfail(\"too little memory\");\n"
	"\tcheck(@_init(p->state, p->bytes, sizes, TENSORS, p->params, &hyper), \"init\");\n"
	"}\n\n";

static const char move_text[] =
	"/* Saves, loads elsewhere, and goes on from there. */\n"
	"static void move_state(Problem *p) {\n"
	"\tconst size_t bytes = @_save_size(p->state);\n"
	"\tunsigned char *saved = (unsigned char *)malloc(bytes), *memory = (unsigned char *)malloc(p->bytes + 24);\n"
	"\tvoid *state = memory ? memory + 24 : NULL;\n"
	"\tsize_t i;\n"
	"\tif (!saved || !memory)\n"
	"\t\tfail(\"memory\");\n"
	"\tcheck(@_save(p->state, saved, bytes), \"save\");\n"
	"\tfor (i = 0; i < bytes; i += 1 + bytes / 50) {\n"
	"\t\tsaved[i] ^= 4;\n"
	"\t\tif (@_load(state, p->bytes, sizes, TENSORS, saved, bytes) == @_ok || @_steps(state) != -1)\n"
	"\t\t\tfail(\"a damaged state was loaded\");\n"
	"\t\tsaved[i] ^= 4;\n"
	"\t}\n"
	"\tif (@_load(state, p->bytes, sizes, TENSORS, saved, bytes - 1) != @_bad_data ||\n"
	"\t    @_load(state, p->bytes - 1, sizes, TENSORS, saved, bytes) != @_too_small ||\n"
	"\t    @_load(state, p->bytes, sizes, TENSORS - 1, saved, bytes) != @_other_sizes)\n"
	"\t\tfail(\"a state that does not fit was loaded\");\n"
	"\tcheck(@_load(state, p->bytes, sizes, TENSORS, saved, bytes), \"load\");\n"
	"\tfree(saved);\n"
	"\tfree(p->memory);\n"
	"\tp->memory = memory;\n"
	"\tp->state = state;\n"
	"}\n\n"
	"static void run(size_t offset, int keep_at) {\n"
	"\tstatic Problem problem;\n"
	"\tProblem *p = &problem;\n"
	"\tint step;\n"
	"\t@_real loss;\n"
	"\tbegin(p, offset);\n"
	"\tfor (step = 0; step < STEPS; step++) {\n"
	"\t\tloss = evaluate(p);\n"
	"\t\tcompare(&loss, losses + step, 1, \"loss\");\n"
	"\t\tcheck(@_step(p->state, p->params, p->grads, loss), \"step\");\n"
	"\t\tif (step == 0)\n"
	"\t\t\tcompare(p->x, first, TOTAL, \"parameters after the first step\");\n"
	"\t\tif (step == keep_at)\n"
	"\t\t\tmove_state(p);\n"
	"\t}\n"
	"\tcompare(p->x, last, TOTAL, \"parameters after the last step\");\n"
	"\tloss = evaluate(p);\n"
	"\tcompare(&loss, losses + STEPS, 1, \"loss at the end\");\n"
	"\tif (@_steps(p->state) != STEPS)\n"
	"\t\tfail(\"the number of steps\");\n"
	"\tfree(p->memory);\n"
	"}\n\n";

static const char ranges_text[] =
	"/* The same run by ranges, in another order. */\n"
	"static void run_ranges(void) {\n"
	"\tstatic Problem problem;\n"
	"\tProblem *p = &problem;\n"
	"\tvoid *scratch = malloc(@_range_size());\n"
	"\tint step;\n"
	"\tif (!scratch)\n"
	"\t\tfail(\"memory\");\n"
	"\tbegin(p, 0);\n"
	"\tfor (step = 0; step < STEPS; step++) {\n"
	"\t\tconst @_real loss = evaluate(p);\n"
	"\t\tsize_t i;\n"
	"\t\tfor (i = TENSORS; i-- > 0;) {\n"
	"\t\t\tconst size_t middle = sizes[i] / 3;\n"
	"\t\t\tcheck(@_step_range(p->state, i, middle, sizes[i], p->params[i], p->grads[i], loss, scratch), \"range\");\n"
	"\t\t\tcheck(@_step_range(p->state, i, 0, middle, p->params[i], p->grads[i], loss, scratch), \"range\");\n"
	"\t\t}\n"
	"\t\tcheck(@_step_end(p->state), \"end\");\n"
	"\t}\n"
	"\tcompare(p->x, last, TOTAL, \"parameters after steps by ranges\");\n"
	"\tfree(scratch);\n"
	"\tfree(p->memory);\n"
	"}\n\n";

/* As pack_put, with the line of @HORIZON. */
static void put_test(const RulePack *r, Text *out) {
	const char *mark = "@HORIZON", *at = test_text;
	while (at[0] != 0 && !(at[0] == '@' && at[1] == 'H')) {
		at++;
	}
	pack_put(r->pack, out, arena_printf(r->pack->arena, "%.*s", (int)(at - test_text), test_text));
	text_printf(out, "%s", r->rule->reads_horizon ? "\thyper.horizon = STEPS;\n" : "");
	while (*mark && *mark == *at) {
		mark++;
		at++;
	}
	pack_put(r->pack, out, at);
}

void rule_test(RulePack *r, const Golden *golden) {
	Pack *pack = r->pack;
	Text *out = pack_source(pack, "@_test.c", "compares a run with the numbers that gradus computed, bit for bit.");
	pack_put(pack, out, "#include \"@.h\"\n\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n");
	pack_printf(pack, out, "typedef %s @_bits;\n\nenum { TENSORS = %d, TOTAL = %" PRId64 ", STEPS = %d };\n\n",
	            pack->real == IR_F32 ? "uint32_t" : "uint64_t", (int)r->tensor_count, golden->total, GOLDEN_STEPS);
	text_printf(out, "static const size_t sizes[TENSORS] = {");
	for (uint32_t i = 0; i < r->tensor_count; i++) {
		text_printf(out, "%s%d", i > 0 ? ", " : "", (int)r->tensors[i]);
	}
	text_printf(out, "};\n\n/* The parameters after the first and the last step, and the losses before every step and "
	                 "at the end. */\n");
	pack_bits(pack, out, "first", pack->real, golden->first, golden->total);
	pack_bits(pack, out, "last", pack->real, golden->last, golden->total);
	pack_bits(pack, out, "losses", pack->real, golden->losses, GOLDEN_STEPS + 1);
	text_char(out, '\n');
	put_test(r, out);
	pack_put(pack, out, move_text);
	if (r->blocks) {
		pack_put(pack, out, ranges_text);
	}
	pack_put(pack, out,
	         "int main(void) {\n"
	         "\trun(0, -1);\n"
	         "\trun(8, STEPS / 2);\n");
	if (r->blocks) {
		pack_put(pack, out, "\trun_ranges();\n");
	}
	pack_put(pack, out, "\tprintf(\"PASS: @\\n\");\n\treturn 0;\n}\n");
}

/* The steps, and what is printed on the way; `value`: the arguments of value_and_gradient. */
static void put_run(const RulePack *r, Text *out, const char *tensors, const char *value) {
	const Pack *pack = r->pack;
	pack_put(pack, out,
	         arena_printf(pack->arena,
	                      "\tif (!state)\n"
	                      "\t\treturn 1;\n"
	                      "\terror = @_init(state, bytes, sizes, %s, params, &hyper);\n"
	                      "\tfor (step = 0; step < STEPS && error == @_ok; step++) {\n"
	                      "\t\tconst @_real value = value_and_gradient(%s);\n"
	                      "\t\tif (step %% 20 == 0)\n"
	                      "\t\t\tprintf(\"%%4d  %%.6f\\n\", step, (double)value);\n"
	                      "\t\terror = @_step(state, params, grads, value);\n"
	                      "\t}\n"
	                      "\tif (error != @_ok) {\n"
	                      "\t\tfprintf(stderr, \"@: %%s\\n\", @_strerror(error));\n"
	                      "\t\tfree(state);\n"
	                      "\t\treturn 1;\n"
	                      "\t}\n"
	                      "\tprintf(\"%%4d  %%.6f\\n\", step, (double)value_and_gradient(%s));\n",
	                      tensors, value, value));
}

/* A rule that is tied to its size: a bowl in so many numbers. */
static void tied_example(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	pack_printf(pack, out,
	            "#include \"@.h\"\n\n"
	            "#include <stdio.h>\n"
	            "#include <stdlib.h>\n\n"
	            "enum { N = %" PRId64 ", STEPS = 200 };\n\n"
	            "/* (x[k] - 1)^2, weighted from 1 / N to 1. */\n",
	            r->tied);
	pack_put(pack, out,
	         "static @_real value_and_gradient(const @_real *x, @_real *gradient) {\n"
	         "\t@_real sum = 0;\n"
	         "\tint k;\n"
	         "\tfor (k = 0; k < N; k++) {\n"
	         "\t\tgradient[k] = (x[k] - 1) * 2 * (@_real)(k + 1) / N;\n"
	         "\t\tsum += (x[k] - 1) * gradient[k] / 2;\n"
	         "\t}\n"
	         "\treturn sum;\n"
	         "}\n\n"
	         "int main(void) {\n"
	         "\tstatic @_real x[N], gradient[N];\n"
	         "\t@_real *params[1];\n"
	         "\tconst @_real *grads[1];\n"
	         "\tconst size_t sizes[1] = {N};\n"
	         "\tconst size_t bytes = @_state_size(sizes, 1);\n"
	         "\tvoid *state = malloc(bytes);\n"
	         "\tint step, error;\n"
	         "\t@_hyper hyper;\n"
	         "\t@_hyper_default(&hyper);\n");
	if (r->rule->reads_horizon) {
		text_printf(out, "\thyper.horizon = STEPS;\n");
	}
	pack_put(pack, out, "\tparams[0] = x;\n\tgrads[0] = gradient;\n");
	put_run(r, out, "1", "x, gradient");
	text_printf(out, "\tfree(state);\n\treturn 0;\n}\n");
}

void rule_example(RulePack *r) {
	Pack *pack = r->pack;
	if (r->tied > 0) {
		tied_example(r, pack_source(pack, "example.c", "minimizes a bowl with @."));
		return;
	}
	Text *out = pack_source(pack, "example.c", "fits a line to points with @.");
	pack_put(
		pack, out,
		"#include \"@.h\"\n\n"
		"#include <stdio.h>\n"
		"#include <stdlib.h>\n\n"
		"enum { POINTS = 8, STEPS = 200 };\n\n"
		"static const @_real at[POINTS][2] = {{0, 1}, {1, 0}, {1, 1}, {2, 1}, {1, 2}, {-1, 1}, {0, -2}, {-2, -1}};\n"
		"static const @_real seen[POINTS] = {2, 0, 3, 4, 5, 1, -4, -5};\n\n"
		"/* Two tensors: a slope for each direction, and the height at the origin. */\n"
		"static @_real value_and_gradient(const @_real *slope, const @_real *height, @_real *slope_grad, @_real "
		"*height_grad) {\n"
		"\t@_real sum = 0;\n"
		"\tint i;\n"
		"\tslope_grad[0] = slope_grad[1] = height_grad[0] = 0;\n"
		"\tfor (i = 0; i < POINTS; i++) {\n"
		"\t\tconst @_real error = slope[0] * at[i][0] + slope[1] * at[i][1] + height[0] - seen[i];\n"
		"\t\tsum += error * error / (@_real)POINTS;\n"
		"\t\tslope_grad[0] += 2 * error * at[i][0] / (@_real)POINTS;\n"
		"\t\tslope_grad[1] += 2 * error * at[i][1] / (@_real)POINTS;\n"
		"\t\theight_grad[0] += 2 * error / (@_real)POINTS;\n"
		"\t}\n"
		"\treturn sum;\n"
		"}\n\n"
		"int main(void) {\n"
		"\t@_real slope[2] = {0, 0}, height[1] = {0}, slope_grad[2], height_grad[1];\n"
		"\t@_real *params[2];\n"
		"\tconst @_real *grads[2];\n"
		"\tconst size_t sizes[2] = {2, 1};\n"
		"\tconst size_t bytes = @_state_size(sizes, 2);\n"
		"\tvoid *state = malloc(bytes);\n"
		"\tint step, error;\n"
		"\t@_hyper hyper;\n"
		"\t@_hyper_default(&hyper);\n");
	if (r->rule->reads_horizon) {
		text_printf(out, "\thyper.horizon = STEPS;\n");
	}
	pack_put(pack, out,
	         "\tparams[0] = slope;\n"
	         "\tparams[1] = height;\n"
	         "\tgrads[0] = slope_grad;\n"
	         "\tgrads[1] = height_grad;\n");
	put_run(r, out, "2", "slope, height, slope_grad, height_grad");
	pack_put(pack, out,
	         "\tprintf(\"%.4f x + %.4f y + %.4f\\n\", (double)slope[0], (double)slope[1], (double)height[0]);\n"
	         "\tfree(state);\n"
	         "\treturn 0;\n"
	         "}\n");
}
