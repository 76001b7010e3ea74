/* The source of an emitted rule: the compiled functions, and around them the caller's memory and tensors. */
#include <inttypes.h>

#include "runtime/emit/emit_rule.h"

/* ---- compiled functions and their scratch ---- */

/* `static size_t @_NAME_arena(size_t)`: bytes of scratch for tensors of that size. */
static void put_function(const RulePack *r, IrFunc *func, const char *name, Text *out) {
	const Pack *pack = r->pack;
	JitCFunc how = {.prefix = pack->prefix, .name = name, .strict = true};
	const char *bytes = "0";
	text_char(out, '\n');
	jit_emit_c(r->rule->module, func, &how, out, &bytes);
	const char *symbol = func->symbols.count > 0 ? session_text(pack->session, func->symbols.data[0]) : "n";
	pack_printf(pack, out,
	            "static size_t @_%s_arena(size_t size) {\n"
	            "\tconst ptrdiff_t %s = (ptrdiff_t)size;\n"
	            "\t(void)%s;\n"
	            "\treturn size > PTRDIFF_MAX / 256 ? SIZE_MAX : (size_t)(%s);\n"
	            "}\n",
	            name, symbol, symbol, bytes);
}

static void put_weights(RulePack *r, Text *out) {
	Pack *pack = r->pack;
	if (r->rule->learned_count == 0) {
		return;
	}
	if (!r->weights_apart) {
		pack_number_macro(pack, out);
		text_printf(out, "\n/* The learned numbers. */\n");
		pack_table(pack, out, "static const @_real @_theta", pack->real, r->theta, NULL, r->rule->learned_count);
		return;
	}
	pack_printf(pack, out, "\n/* The learned numbers, in %s_weights.c. */\nextern const @_real @_theta[%" PRId64 "];\n",
	            pack->prefix, r->rule->learned_count);
	Text *unit = pack_source(pack, "@_weights.c", "the learned numbers of @.c.");
	pack_put(pack, unit, "#include <math.h>\n\n#include \"@.h\"\n");
	pack_number_macro(pack, unit);
	pack_printf(pack, unit, "\nextern const @_real @_theta[%" PRId64 "];\n\n", r->rule->learned_count);
	pack_table(pack, unit, "const @_real @_theta", pack->real, r->theta, NULL, r->rule->learned_count);
	vec_push(pack->arena, &pack->units, pack_name(pack, "@_weights.c"));
}

/* ---- one tensor ---- */

/* "s0", "s1", ...: one expression per item. */
static const char **numbered(const RulePack *r, const char *before, const char *after, uint32_t count) {
	const char **names = ARENA_ARRAY(r->pack->arena, const char *, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		names[i] = arena_printf(r->pack->arena, "%s%u%s", before, (unsigned)i, after);
	}
	return names;
}

/* The states that a function takes: all of them, from coordinate `at` on where it is worked through in blocks; of `once` those
 * that no coordinate has of its own. */
static const char **state_arguments(const RulePack *r, const IrFunc *func, uint32_t *count) {
	Arena *arena = r->pack->arena;
	const char **names = ARENA_ARRAY(arena, const char *, r->states.count + 1);
	*count = 0;
	for (uint32_t i = 0; i < r->states.count; i++) {
		IrType shape = r->states.data[i].shape;
		bool piece = r->blocks && func == r->move;
		if (func != r->once || rule_is_fixed(shape)) {
			names[(*count)++] = piece ? arena_printf(arena, "s%u + %s", (unsigned)i, rule_count(r, shape, "at"))
			                          : arena_printf(arena, "s%u", (unsigned)i);
		}
	}
	return names;
}

void rule_arguments(const RulePack *r, const IrFunc *func, Text *out) {
	Arena *arena = r->pack->arena;
	const FeRule *rule = r->rule;
	bool piece = r->blocks && func == r->move;
	const char *x = piece ? "x + at" : "x", *g = piece ? "g + at" : "g", *f = "&loss", *t = "&t";
	const char *horizon = "&horizon", *theta = pack_name(r->pack, "@_theta"), *new_x = "new_x", *share = "share";
	const char **hypers = ARENA_ARRAY(arena, const char *, rule->hypers.count + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		hypers[i] = arena_printf(arena, "&h->hyper.%s", r->hypers[i]);
	}
	uint32_t states, alike = r->once ? r->once->results.count : 0;
	const char **shared = numbered(r, "c", "", alike), **own = state_arguments(r, func, &states);
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	ir_give(&given, IR_ROLE_X, &x, 1);
	ir_give(&given, IR_ROLE_G, &g, 1);
	ir_give(&given, IR_ROLE_F, &f, 1);
	ir_give(&given, IR_ROLE_T, &t, 1);
	ir_give(&given, IR_ROLE_HORIZON, &horizon, 1);
	ir_give(&given, IR_ROLE_HYPER, hypers, rule->hypers.count);
	ir_give(&given, IR_ROLE_THETA, &theta, 1);
	ir_give(&given, IR_ROLE_STATE, own, states);
	ir_give(&given, IR_ROLE_SUM, numbered(r, "&sums[", "]", rule->collectives), rule->collectives);
	ir_give(&given, IR_ROLE_ALIKE, shared, alike);
	ir_give(&places, IR_ROLE_X, &new_x, 1);
	ir_give(&places, IR_ROLE_STATE, func == r->init ? own : numbered(r, "new_s", "", states), states);
	ir_give(&places, IR_ROLE_SHARE, &share, 1);
	ir_give(&places, IR_ROLE_ALIKE, shared, alike);
	pack_arguments(r->pack, out, func, &given, &places);
}

/* `TYPE *const s0 = ...` for all states, from `memory` on, which moves. */
static void put_places(const RulePack *r, Text *out, const char *name, const char *memory, const char *n) {
	for (uint32_t i = 0; i < r->states.count; i++) {
		const PackState *state = &r->states.data[i];
		text_printf(out, "\t%s *const %s%u = (%s *)(void *)%s; /* %s */\n", state->type, name, (unsigned)i, state->type,
		            memory, state->name);
		if (i + 1 < r->states.count || name[0] == 'n') {
			text_printf(out, "\t%s += %s;\n", memory, rule_bytes_of(r, state, n));
		}
	}
}

static void put_init_unit(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	if (!r->init) {
		return;
	}
	pack_put(pack, out,
	         "/* The states of n numbers that start at x. */\n"
	         "static int @_init_unit(const @_header *h, unsigned char *states, size_t n, const @_real *x, void "
	         "*scratch) {\n");
	/* C99 lets declarations and statements mix, and so does C++. */
	put_places(r, out, "s", "states", "n");
	pack_put(pack, out, "\t(void)h;\n\t(void)n;\n\treturn @_init_call(");
	rule_arguments(r, r->init, out);
	pack_printf(pack, out, "scratch%s) ? @_bad_index : @_ok;\n}\n\n", rule_size_argument(r->init, "n"));
}

/* What one tensor adds to a sum or a largest value that others wait for. */
static void put_share(const RulePack *r, uint32_t k, Text *out) {
	const Pack *pack = r->pack;
	pack_printf(pack, out,
	            "/* What n numbers contribute to sum (or largest value) %u, those before it being known. */\n"
	            "static int @_share%u_unit(const @_header *h, unsigned char *states, size_t n, const @_real *x, const "
	            "@_real *g,\n"
	            "                          @_real loss, const @_real *sums, @_real *share, void *scratch) {\n"
	            "\tconst int64_t t = h->t + 1, horizon = %s;\n",
	            (unsigned)k + 1, (unsigned)k + 1, r->rule->reads_horizon ? "h->hyper.horizon" : "1");
	put_places(r, out, "s", "states", "n");
	if (r->states.count == 0) {
		text_printf(out, "\t(void)states;\n");
	}
	pack_printf(pack, out, "\t(void)sums;\n\treturn @_share%u(", (unsigned)k + 1);
	rule_arguments(r, r->shares[k], out);
	pack_printf(pack, out, "scratch%s) ? @_bad_index : @_ok;\n}\n\n", rule_size_argument(r->shares[k], "n"));
}

static void put_unit(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	bool sums = r->rule->collectives > 0;
	if (r->blocks) {
		pack_put(pack, out,
		         "/* Coordinates begin .. end - 1 of n: new values are made in scratch, piece by piece, and then "
		         "replace the old. */\n"
		         "static int @_move(const @_header *h, unsigned char *states, size_t n, size_t begin, size_t end, "
		         "@_real *x,\n"
		         "                  const @_real *g, @_real loss, unsigned char *scratch) {\n"
		         "\tsize_t at;\n");
	} else {
		pack_printf(pack, out,
		            "/* n numbers: new values are made in scratch, and then replace the old. */\n"
		            "static int @_move(const @_header *h, unsigned char *states, size_t n, @_real *x, const @_real *g, "
		            "@_real loss,\n"
		            "                  %sunsigned char *scratch) {\n",
		            sums ? pack_name(pack, "const @_real *sums, ") : "");
	}
	pack_printf(pack, out, "\tconst int64_t t = h->t + 1, horizon = %s;\n",
	            r->rule->reads_horizon ? "h->hyper.horizon" : "1");
	if (r->blocks) {
		pack_put(pack, out, "\tconst size_t most = n < $_BLOCK ? n : $_BLOCK;\n");
	}
	const char *made = r->blocks ? "most" : "n";
	put_places(r, out, "s", "states", "n");
	pack_printf(
		pack, out,
		"\t@_real *const new_x = (@_real *)(void *)scratch;\n\tscratch += @_round(@_times(%s, sizeof(@_real)));\n",
		made);
	put_places(r, out, "new_s", "scratch", made);
	if (r->states.count == 0) {
		text_printf(out, "\t(void)states;\n");
	}
	rule_once_call(r, out);
	const char *tabs = "\t", *offset = "";
	if (r->blocks) {
		pack_put(pack, out,
		         "\tfor (at = begin; at < end; at += $_BLOCK) {\n"
		         "\t\tconst size_t m = end - at < $_BLOCK ? end - at : $_BLOCK;\n");
		tabs = "\t\t";
		offset = " + at";
	}
	pack_printf(pack, out, "%sif (@_move_call(", tabs);
	rule_arguments(r, r->move, out);
	const char *count = r->blocks ? "m" : "n";
	pack_printf(pack, out, "scratch%s))\n%s\treturn @_bad_index;\n", rule_size_argument(r->move, count), tabs);
	text_printf(out, "%smemcpy(x%s, new_x, %s * sizeof *x);\n", tabs, offset, count);
	for (uint32_t i = 0; i < r->states.count; i++) {
		IrType shape = r->states.data[i].shape;
		text_printf(out, "%smemcpy(s%u", tabs, (unsigned)i);
		if (r->blocks) {
			text_printf(out, " + %s", rule_count(r, shape, "at"));
		}
		text_printf(out, ", new_s%u, %s * sizeof *s%u);\n", (unsigned)i, rule_count(r, shape, count), (unsigned)i);
	}
	pack_put(pack, out, r->blocks ? "\t}\n\treturn @_ok;\n}\n\n" : "\treturn @_ok;\n}\n\n");
}

/* ---- all tensors ---- */

static void put_init(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	pack_put(pack, out,
	         "/* Fills the header for a run over these tensors; NULL with *error. */\n"
	         "static @_header *@_begin(void *state, size_t bytes, const size_t *sizes, size_t tensors, int *error) {\n"
	         "\tconst size_t need = @_state_size(sizes, tensors);\n"
	         "\t@_header *h;\n"
	         "\tunsigned char *states;\n"
	         "\tsize_t i;\n"
	         "\t*error = !state || need == 0 ? @_bad_argument : bytes < need ? @_too_small : @_ok;\n"
	         "\tif (*error)\n"
	         "\t\treturn NULL;\n"
	         "\th = (@_header *)(void *)((unsigned char *)state + @_shift(state));\n"
	         "\tmemset(h, 0, @_round(sizeof *h));\n");
	if (r->tied > 0 && !r->joint) {
		pack_printf(pack, out,
		            "\tfor (i = 0; i < tensors; i++)\n"
		            "\t\tif (sizes[i] != $_TIED)\n"
		            "\t\t\t*error = @_other_sizes;\n");
	}
	pack_put(pack, out,
	         "\th->model = $_MODEL;\n"
	         "\th->tensors = tensors;\n"
	         "\tfor (i = 0; i < tensors; i++) {\n"
	         "\t\t@_sizes(h)[i] = sizes[i];\n"
	         "\t\th->total += sizes[i];\n"
	         "\t}\n");
	if (r->tied > 0 && r->joint) {
		pack_put(pack, out, "\tif (h->total != $_TIED)\n\t\t*error = @_other_sizes;\n");
	}
	pack_put(pack, out,
	         "\tstates = (unsigned char *)h + @_states_at(tensors);\n"
	         "\tmemset(states, 0, @_states_bytes(h));\n"
	         "\treturn *error ? NULL : h;\n"
	         "}\n\n");
	if (r->joint) {
		pack_put(pack, out,
		         "/* Between tensors and one vector. */\n"
		         "static void @_gather(@_header *h, @_real *vector, const @_real *const *tensors) {\n"
		         "\tsize_t i;\n"
		         "\tfor (i = 0; i < h->tensors; vector += @_sizes(h)[i++])\n"
		         "\t\tif (@_sizes(h)[i] > 0)\n"
		         "\t\t\tmemcpy(vector, tensors[i], @_sizes(h)[i] * sizeof *vector);\n"
		         "}\n\n"
		         "static void @_gather_params(@_header *h, @_real *vector, @_real *const *tensors) {\n"
		         "\tsize_t i;\n"
		         "\tfor (i = 0; i < h->tensors; vector += @_sizes(h)[i++])\n"
		         "\t\tif (@_sizes(h)[i] > 0)\n"
		         "\t\t\tmemcpy(vector, tensors[i], @_sizes(h)[i] * sizeof *vector);\n"
		         "}\n\n"
		         "static void @_scatter(@_header *h, const @_real *vector, @_real *const *tensors) {\n"
		         "\tsize_t i;\n"
		         "\tfor (i = 0; i < h->tensors; vector += @_sizes(h)[i++])\n"
		         "\t\tif (@_sizes(h)[i] > 0)\n"
		         "\t\t\tmemcpy(tensors[i], vector, @_sizes(h)[i] * sizeof *vector);\n"
		         "}\n\n");
	}
	pack_put(pack, out,
	         "int @_init(void *state, size_t bytes, const size_t *sizes, size_t tensors, @_real *const *params, const "
	         "@_hyper *hyper) {\n"
	         "\tint error;\n"
	         "\tsize_t i;\n"
	         "\t@_header *h = @_begin(state, bytes, sizes, tensors, &error);\n"
	         "\tif (!h)\n"
	         "\t\treturn error;\n"
	         "\tfor (i = 0; i < tensors; i++)\n"
	         "\t\tif (!params || (sizes[i] > 0 && !params[i]))\n"
	         "\t\t\treturn @_bad_argument;\n"
	         "\tif (hyper)\n"
	         "\t\th->hyper = *hyper;\n"
	         "\telse\n"
	         "\t\t@_hyper_default(&h->hyper);\n");
	if (r->rule->reads_horizon) {
		pack_put(pack, out, "\tif (h->hyper.horizon < 1)\n\t\treturn @_bad_argument;\n");
	}
	if (r->init && r->joint) {
		pack_put(pack, out,
		         "\tif (h->total > 0) {\n"
		         "\t\tunsigned char *const states = (unsigned char *)h + @_states_at(tensors);\n"
		         "\t\tunsigned char *const flat = states + @_unit_bytes(h->total);\n"
		         "\t\t@_real *const x = (@_real *)(void *)flat;\n"
		         "\t\t@_gather_params(h, x, params);\n"
		         "\t\terror = @_init_unit(h, states, h->total, x, flat + 2 * @_round(h->total * sizeof *x));\n"
		         "\t\tif (error)\n"
		         "\t\t\treturn error;\n"
		         "\t}\n");
	} else if (r->init) {
		pack_put(
			pack, out,
			"\t{\n"
			"\t\tunsigned char *at = (unsigned char *)h + @_states_at(tensors), *scratch = at + @_states_bytes(h);\n"
			"\t\tfor (i = 0; i < tensors; at += @_unit_bytes(sizes[i++])) {\n"
			"\t\t\terror = sizes[i] > 0 ? @_init_unit(h, at, sizes[i], params[i], scratch) : @_ok;\n"
			"\t\t\tif (error)\n"
			"\t\t\t\treturn error;\n"
			"\t\t}\n"
			"\t}\n");
	}
	pack_put(pack, out, "\th->magic = $_MAGIC;\n\treturn @_ok;\n}\n\n");
}

static const char joint_step_text[] =
	"\tif (h->total > 0) {\n"
	"\t\tunsigned char *const states = (unsigned char *)h + @_states_at(h->tensors);\n"
	"\t\tunsigned char *const flat = states + @_unit_bytes(h->total);\n"
	"\t\tconst size_t bytes = @_round(h->total * sizeof(@_real));\n"
	"\t\t@_real *const x = (@_real *)(void *)flat, *const g = (@_real *)(void *)(flat + bytes);\n"
	"\t\tint error;\n"
	"\t\t@_gather_params(h, x, params);\n"
	"\t\tif (grads)\n"
	"\t\t\t@_gather(h, g, grads);\n"
	"\t\terror = @_move(h, states, h->total, x, grads ? g : x, loss, flat + 2 * bytes);\n"
	"\t\tif (error)\n"
	"\t\t\treturn error;\n"
	"\t\t@_scatter(h, x, params);\n"
	"\t}\n";

static void put_loop(const RulePack *r, Text *out, const char *call) {
	pack_printf(r->pack, out,
	            "\tat = first;\n"
	            "\tfor (i = 0; i < h->tensors; at += @_unit_bytes(sizes[i++])) {\n"
	            "\t\tconst @_real *const g = grads ? grads[i] : params[i];\n"
	            "\t\tif (sizes[i] == 0)\n"
	            "\t\t\tcontinue;\n"
	            "\t\terror = %s;\n"
	            "\t\tif (error)\n"
	            "\t\t\treturn error;\n",
	            pack_name(r->pack, call));
}

static void put_step(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	pack_put(pack, out,
	         "int @_step(void *state, @_real *const *params, const @_real *const *grads, @_real loss) {\n"
	         "\t@_header *const h = @_open(state);\n"
	         "\tsize_t i;\n");
	if (!r->joint) {
		pack_put(pack, out, "\tunsigned char *first, *at, *scratch;\n\tconst size_t *sizes;\n\tint error;\n");
		if (r->rule->collectives > 0) {
			pack_printf(pack, out, "\t@_real sums[%u], share;\n", (unsigned)r->rule->collectives);
		}
	}
	pack_put(pack, out,
	         "\tif (!h)\n\t\treturn @_no_state;\n"
	         "\tfor (i = 0; i < h->tensors; i++)\n"
	         "\t\tif (@_sizes(h)[i] > 0 && (!params || !params[i] || ");
	pack_put(pack, out, r->rule->reads_g ? "!grads || !grads[i]))\n" : "(grads && !grads[i])))\n");
	pack_put(pack, out, "\t\t\treturn @_bad_argument;\n");
	if (r->joint) {
		pack_put(pack, out, joint_step_text);
	} else {
		pack_put(pack, out,
		         "\tsizes = @_sizes(h);\n"
		         "\tfirst = (unsigned char *)h + @_states_at(h->tensors);\n"
		         "\tscratch = first + @_states_bytes(h);\n");
		for (uint32_t k = 0; k < r->rule->collectives; k++) {
			unsigned number = (unsigned)k;
			bool largest = r->rule->largest.data[k];
			pack_printf(pack, out, "\tsums[%u] = %s;\n", number, largest ? "-INFINITY" : "0");
			put_loop(r, out,
			         arena_printf(pack->arena,
			                      "@_share%u_unit(h, at, sizes[i], params[i], g, loss, sums, &share, scratch)",
			                      number + 1));
			if (largest) {
				pack_printf(pack, out, "\t\tif (share > sums[%u] || share != share)\n\t\t\tsums[%u] = share;\n\t}\n",
				            number, number);
			} else {
				pack_printf(pack, out, "\t\tsums[%u] += share;\n\t}\n", number);
			}
		}
		put_loop(r, out,
		         r->blocks                  ? "@_move(h, at, sizes[i], 0, sizes[i], params[i], g, loss, scratch)"
		         : r->rule->collectives > 0 ? "@_move(h, at, sizes[i], params[i], g, loss, sums, scratch)"
		                                    : "@_move(h, at, sizes[i], params[i], g, loss, scratch)");
		text_printf(out, "\t}\n");
	}
	pack_put(pack, out, "\th->t++;\n\treturn @_ok;\n}\n\n");
	if (!r->blocks) {
		return;
	}
	pack_put(pack, out,
	         "size_t @_range_size(void) {\n"
	         "\treturn @_scratch_bytes($_BLOCK) + 63;\n"
	         "}\n\n"
	         "int @_step_range(void *state, size_t tensor, size_t begin, size_t end, @_real *param, const @_real "
	         "*grad, @_real loss,\n"
	         "                 void *scratch) {\n"
	         "\t@_header *const h = @_open(state);\n"
	         "\tunsigned char *at;\n"
	         "\tconst size_t *sizes;\n"
	         "\tsize_t i;\n"
	         "\tif (!h)\n"
	         "\t\treturn @_no_state;\n"
	         "\tsizes = @_sizes(h);\n"
	         "\tif (tensor >= h->tensors || begin > end || end > sizes[tensor] || !scratch)\n"
	         "\t\treturn @_bad_argument;\n"
	         "\tif (begin == end)\n"
	         "\t\treturn @_ok;\n");
	pack_put(pack, out,
	         r->rule->reads_g ? "\tif (!param || !grad)\n\t\treturn @_bad_argument;\n"
	                          : "\tif (!param)\n\t\treturn @_bad_argument;\n");
	pack_put(pack, out,
	         "\tat = (unsigned char *)h + @_states_at(h->tensors);\n"
	         "\tfor (i = 0; i < tensor; i++)\n"
	         "\t\tat += @_unit_bytes(sizes[i]);\n"
	         "\treturn @_move(h, at, sizes[tensor], begin, end, param, grad ? grad : param, loss,\n"
	         "\t              (unsigned char *)scratch + @_shift(scratch));\n"
	         "}\n\n"
	         "int @_step_end(void *state) {\n"
	         "\t@_header *const h = @_open(state);\n"
	         "\tif (!h)\n"
	         "\t\treturn @_no_state;\n"
	         "\th->t++;\n"
	         "\treturn @_ok;\n"
	         "}\n\n");
}

/* What the rule computes may rely on there being a step. */
static void put_horizon_check(const RulePack *r, Text *out, const char *hyper) {
	if (r->rule->reads_horizon) {
		pack_printf(r->pack, out, "\tif (%s->horizon < 1)\n\t\treturn @_bad_argument;\n", hyper);
	}
}

static void put_small(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	const FeRule *rule = r->rule;
	pack_put(pack, out,
	         "const char *@_strerror(int code) {\n"
	         "\tswitch (code) {\n"
	         "\tcase @_ok: return \"in order\";\n"
	         "\tcase @_bad_argument: return \"an argument is NULL or out of range\";\n"
	         "\tcase @_too_small: return \"too little memory was given\";\n"
	         "\tcase @_no_state: return \"the memory holds no state of this rule, or it was moved\";\n"
	         "\tcase @_bad_data: return \"the saved state is damaged, or of another version\";\n"
	         "\tcase @_other_model: return \"the saved state belongs to another rule or precision\";\n"
	         "\tcase @_bad_index: return \"the rule read outside of a tensor\";\n"
	         "\tcase @_other_sizes: return \"the state or the rule is for tensors of other sizes\";\n"
	         "\tdefault: return \"unknown code\";\n"
	         "\t}\n"
	         "}\n\n"
	         "void @_hyper_default(@_hyper *hyper) {\n");
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		text_printf(out, "\thyper->%s = %s;\n", r->hypers[i], pack_real(pack, rule->hypers.data[i].value));
	}
	if (rule->reads_horizon) {
		text_printf(out, "\thyper->horizon = %" PRId64 ";\n", r->horizon);
	} else if (rule->hypers.count == 0) {
		text_printf(out, "\thyper->nothing = 0;\n");
	}
	pack_put(pack, out,
	         "}\n\n"
	         "int @_hyper_set(void *state, const @_hyper *hyper) {\n"
	         "\t@_header *const h = @_open(state);\n"
	         "\tif (!h || !hyper)\n"
	         "\t\treturn h ? @_bad_argument : @_no_state;\n");
	put_horizon_check(r, out, "hyper");
	pack_put(pack, out,
	         "\th->hyper = *hyper;\n"
	         "\treturn @_ok;\n"
	         "}\n\n"
	         "int @_hyper_get(const void *state, @_hyper *hyper) {\n"
	         "\tconst @_header *const h = @_look(state);\n"
	         "\tif (!h || !hyper)\n"
	         "\t\treturn h ? @_bad_argument : @_no_state;\n"
	         "\t*hyper = h->hyper;\n"
	         "\treturn @_ok;\n"
	         "}\n\n"
	         "int64_t @_steps(const void *state) {\n"
	         "\tconst @_header *const h = @_look(state);\n"
	         "\treturn h ? h->t : -1;\n"
	         "}\n\n");
}

void rule_source(RulePack *r) {
	Pack *pack = r->pack;
	const char *name = session_text(pack->session, r->rule->decl->name.name);
	Text *out =
		pack_source(pack, "@.c", arena_printf(pack->arena, "the optimizer `%s`; @.h says how it is used.", name));
	vec_push(pack->arena, &pack->units, pack_name(pack, "@.c"));
	pack_put(pack, out, "#include \"@.h\"\n\n#include <math.h>\n#include <string.h>\n");
	pack_guard(pack, out);
	text_char(out, '\n');
	jit_c_prelude(out, pack->prefix);
	put_weights(r, out);
	if (r->init) {
		put_function(r, r->init, "init_call", out);
	}
	for (uint32_t i = 0; i < r->rule->collectives; i++) {
		put_function(r, r->shares[i], arena_printf(pack->arena, "share%u", (unsigned)i + 1), out);
	}
	if (r->once) {
		put_function(r, r->once, "once_call", out);
	}
	put_function(r, r->move, "move_call", out);
	pack_printf(pack, out, "\n#define $_MODEL UINT64_C(0x%016" PRIx64 ") /* which rule a state belongs to */\n",
	            r->model);
	if (r->tied > 0) {
		pack_printf(pack, out, "#define $_TIED ((size_t)%" PRId64 ") /* numbers that the rule works on */\n", r->tied);
	}
	if (r->blocks) {
		pack_put(pack, out, "#define $_BLOCK ((size_t)512) /* coordinates that are moved at a time */\n");
	}
	rule_memory(r, out);
	put_small(r, out);
	put_init_unit(r, out);
	for (uint32_t i = 0; i < r->rule->collectives; i++) {
		put_share(r, i, out);
	}
	put_unit(r, out);
	put_init(r, out);
	put_step(r, out);
	rule_save(r, out);
}
