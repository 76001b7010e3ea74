/* The files of an emitted rule: header, source, self-test, example, README. */
#include <inttypes.h>

#include "runtime/emit/emit_rule.h"

static const char *about(const RulePack *r, const char *format) {
	return arena_printf(r->pack->arena, format, session_text(r->pack->session, r->rule->decl->name.name));
}

void pack_rule_header(RulePack *r) {
	pack_fill(r->pack, pack_source(r->pack, "@.h", about(r, "the optimizer `%s`.")), "rule.h", r->scope);
}

/* ---- the source ---- */

/* The learned tensors, which lie one behind the other in theta. */
static const JitCPart *learned_parts(const RulePack *r) {
	JitCPart *parts = ARENA_ARRAY(r->pack->arena, JitCPart, r->rule->learned.count + 1);
	for (uint32_t i = 0; i < r->rule->learned.count; i++) {
		const FeSlot *slot = &r->rule->learned.data[i].slot;
		parts[i] = (JitCPart){"theta", session_text(r->pack->session, slot->name), slot->offset};
	}
	return parts;
}

/* The compiled function @_NAME, and @_NAME_arena(size): bytes of scratch for tensors of that size. */
static void put_function(const RulePack *r, IrFunc *func, const char *name, Text *out) {
	const Pack *pack = r->pack;
	JitCFunc how = {.name = name, .strict = true, .parts = learned_parts(r), .part_count = r->rule->learned.count};
	const char *bytes = "0";
	jit_emit_c(pack->functions, r->rule->module, func, &how, out, &bytes);
	PackScope *scope = pack_scope(pack, r->scope);
	bool sized = func->symbols.count > 0;
	pack_set(pack, scope, "function", name);
	pack_set(pack, scope, "bytes", bytes);
	pack_set(pack, scope, "symbol", sized ? session_text(pack->session, func->symbols.data[0]) : NULL);
	pack_fill(pack, out, "rule_arena.c", scope);
}

static void put_weights(RulePack *r, Text *out) {
	Pack *pack = r->pack;
	int64_t count = r->rule->learned_count;
	if (count == 0)
		return;
	if (!r->weights_apart) {
		text_printf(out, "/* The learned numbers. */\n");
		pack_table(pack, out, "static const @_real @_theta", pack->real, r->theta, NULL, count);
		text_char(out, '\n');
		return;
	}
	pack_printf(pack, out, "/* The learned numbers, in %s_weights.c. */\nextern const @_real @_theta[%" PRId64 "];\n\n",
	            pack->prefix, count);
	Text *unit = pack_source(pack, "@_weights.c", "the learned numbers of @.c."), body = text_new(pack->arena);
	pack_printf(pack, &body, "extern const @_real @_theta[%" PRId64 "];\n\n", count);
	pack_table(pack, &body, "const @_real @_theta", pack->real, r->theta, NULL, count);
	pack_fill(pack, unit, "rule_weights.c", r->scope);
	pack_tables(pack, unit, text_cstr(&body));
	vec_push(pack->arena, &pack->units, pack_name(pack, "@_weights.c"));
}

void pack_rule_source(RulePack *r) {
	Pack *pack = r->pack;
	Text *file = pack_source(pack, "@.c", about(r, "the optimizer `%s`; @.h says how it is used."));
	vec_push(pack->arena, &pack->units, pack_name(pack, "@.c"));
	Text body = text_new(pack->arena), *out = &body;
	put_weights(r, out);
	if (r->init)
		put_function(r, r->init, "init_call", out);
	for (uint32_t i = 0; i < r->rule->collectives; i++)
		put_function(r, r->shares[i], arena_printf(pack->arena, "share%u", (unsigned)i + 1), out);
	if (r->once)
		put_function(r, r->once, "once_call", out);
	if (r->evaluates)
		pack_fill(pack, out, "rule_evaluate.c", r->scope);
	put_function(r, r->move, "move_call", out);
	if (r->next)
		put_function(r, r->next, "next_call", out);
	pack_fill(pack, out, "rule_memory.c", r->scope);
	pack_fill(pack, out, "rule_step.c", r->scope);
	if (r->next)
		pack_fill(pack, out, "rule_next.c", r->scope);
	pack_fill(pack, out, "rule_save.c", r->scope);
	pack_begin(pack, file, text_cstr(out));
}

/* ---- what goes with it ---- */

/* What the self-test and the example of a rule for one objective begin with. */
static const char *problem_of(const RulePack *r) {
	Text out = text_new(r->pack->arena);
	pack_fill(r->pack, &out, "rule_on.c", r->scope);
	return text_cstr(&out);
}

void pack_rule_test(RulePack *r, const Golden *golden) {
	Pack *pack = r->pack;
	PackScope *scope = pack_scope(pack, r->scope);
	Text sizes = text_new(pack->arena), tables = text_new(pack->arena);
	for (uint32_t i = 0; i < r->tensor_count; i++)
		text_printf(&sizes, "%s%d", i > 0 ? ", " : "", (int)r->tensors[i]);
	pack_bits(pack, &tables, "first", pack->real, golden->first, golden->total);
	pack_bits(pack, &tables, "last", pack->real, golden->last, golden->total);
	pack_bits(pack, &tables, "losses", pack->real, golden->losses, GOLDEN_STEPS + 1);
	pack_number(pack, scope, "tensor_count", r->tensor_count);
	pack_number(pack, scope, "total", golden->total);
	pack_number(pack, scope, "golden_steps", GOLDEN_STEPS);
	pack_number(pack, scope, "asked", golden->asked);
	pack_number(pack, scope, "asked_on", golden->asked_on);
	if (r->on)
		pack_set(pack, scope, "problem", problem_of(r));
	pack_set(pack, scope, "tensor_sizes", text_cstr(&sizes));
	pack_set(pack, scope, "tables", text_cstr(&tables));
	Text *out = pack_source(pack, "@_test.c", "compares a run with the numbers that gradus computed, bit for bit.");
	pack_fill(pack, out, "rule_test.c", scope);
}

/* A rule that is tied to its size minimizes a bowl in so many numbers, and one for an objective that. */
void pack_rule_example(RulePack *r) {
	if (r->on) {
		PackScope *scope = pack_scope(r->pack, r->scope);
		pack_set(r->pack, scope, "problem", problem_of(r));
		Text *out = pack_source(r->pack, "example.c", "minimizes the objective that @ is for.");
		pack_fill(r->pack, out, "rule_example_on.c", scope);
		return;
	}
	bool tied = r->tied > 0;
	Text *out = pack_source(r->pack, "example.c", tied ? "minimizes a bowl with @." : "fits a line to points with @.");
	pack_fill(r->pack, out, tied ? "rule_example_tied.c" : "rule_example.c", r->scope);
}

void pack_rule_readme(RulePack *r) {
	Text *out = pack_file(r->pack, "README.md");
	pack_fill(r->pack, out, "rule_README.md", r->scope);
	pack_fill(r->pack, out, "readme_end.md", r->scope);
}
