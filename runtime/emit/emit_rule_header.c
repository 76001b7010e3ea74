/* The header of an emitted rule: what can be called, and how. */
#include <inttypes.h>
#include <math.h>

#include "runtime/emit/emit_rule.h"

static void put_hyper(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	const FeRule *rule = r->rule;
	pack_put(pack, out,
	         "/* What can be chosen when a run begins, or changed between steps. */\ntypedef struct @_hyper {\n");
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		Text number = text_new(pack->arena);
		text_real(&number, hyper->value, pack->real == IR_F32);
		pack_printf(pack, out, "\t@_real %s; /* by default %s", r->hypers[i], text_cstr(&number));
		if (hyper->has_range) {
			text_printf(out, "; usually in ");
			text_real(out, hyper->low, pack->real == IR_F32);
			text_printf(out, " .. ");
			text_real(out, hyper->high, pack->real == IR_F32);
		}
		text_printf(out, " */\n");
	}
	if (rule->reads_horizon) {
		const char *trained = rule_horizon_text(r);
		text_printf(out,
		            "\tint64_t horizon; /* the number of steps that the run will have, 1 or more; by default %" PRId64
		            "%s%s */\n",
		            r->horizon, trained ? ", as it was " : "", trained ? trained : "");
	}
	if (rule->hypers.count == 0 && !rule->reads_horizon) {
		text_printf(out, "\tint32_t nothing; /* this rule leaves no choice; 0 */\n");
	}
	pack_put(pack, out, "} @_hyper;\n\nvoid @_hyper_default(@_hyper *hyper);\n\n");
}

void rule_header(RulePack *r) {
	Pack *pack = r->pack;
	const FeRule *rule = r->rule;
	const char *name = session_text(pack->session, rule->decl->name.name);
	Text *out = pack_source(pack, "@.h", arena_printf(pack->arena, "the optimizer `%s`.", name));
	pack_put(pack, out,
	         "#ifndef @_H_INCLUDED\n"
	         "#define @_H_INCLUDED\n\n"
	         "#include <stddef.h>\n"
	         "#include <stdint.h>\n\n"
	         "#ifdef __cplusplus\n"
	         "extern \"C\" {\n"
	         "#endif\n\n");
	pack_printf(pack, out, "typedef %s @_real;\n\n", pack->real == IR_F32 ? "float" : "double");
	pack_put(
		pack, out,
		"/* What functions return. */\n"
		"enum {\n"
		"\t@_ok = 0,\n"
		"\t@_bad_argument, /* a NULL where there must be none, a range outside its tensor, sizes beyond all memory, a "
		"horizon below 1 */\n"
		"\t@_too_small,    /* fewer bytes than needed */\n"
		"\t@_no_state,     /* the memory holds no state of this rule, or it was moved */\n"
		"\t@_bad_data,     /* saved bytes are damaged, or not saved by this version */\n"
		"\t@_other_model,  /* saved bytes belong to another rule, or to one of another precision */\n"
		"\t@_bad_index,    /* the rule read outside of a tensor; parameters may be half updated */\n"
		"\t@_other_sizes   /* the state, or the rule, is for tensors of other sizes */\n"
		"};\n\n"
		"const char *@_strerror(int code);\n\n");
	put_hyper(r, out);
	pack_printf(pack, out, "/* %s. */\n", rule_sizes_text(r));
	pack_put(
		pack, out,
		"/* Bytes of memory that a run over `tensors` tensors of these sizes (in numbers) needs, for its state and for "
		"what\n"
		" * a step computes in between. 0 if no memory is large enough. */\n"
		"size_t @_state_size(const size_t *sizes, size_t tensors);\n\n"
		"/* Begins a run. state: `bytes` bytes, at any address; it stays there as long as the run lasts, and holds no\n"
		" * pointers. params: one per tensor, where the run starts; not changed. hyper: NULL for the defaults. */\n"
		"int @_init(void *state, size_t bytes, const size_t *sizes, size_t tensors, @_real *const *params, const "
		"@_hyper *hyper);\n\n");
	pack_put(pack, out, "/* One step: changes the parameters in place. ");
	pack_put(pack, out,
	         rule->reads_g ? "grads: the gradients at them, as large. "
	                       : "grads: may be NULL, this rule reads none.\n * ");
	pack_put(pack, out, rule->reads_f ? "loss: the value at them. */\n" : "loss: not read. */\n");
	pack_put(pack, out, "int @_step(void *state, @_real *const *params, const @_real *const *grads, @_real loss);\n\n");
	if (r->blocks) {
		pack_put(
			pack, out,
			"/* A part of a step: coordinates begin .. end - 1 of one tensor, whose first parameter and gradient are "
			"at param\n"
			" * and grad. Threads may do this at the same time on ranges that do not overlap, each with @_range_size() "
			"bytes\n"
			" * of scratch memory of its own. When the whole of every tensor is done, @_step_end ends the step. The\n"
			" * parameters are the same bits as after @_step. */\n"
			"size_t @_range_size(void);\n"
			"int @_step_range(void *state, size_t tensor, size_t begin, size_t end, @_real *param, const @_real *grad, "
			"@_real loss,\n"
			"                 void *scratch);\n"
			"int @_step_end(void *state);\n\n");
	}
	pack_put(
		pack, out,
		"int @_hyper_set(void *state, const @_hyper *hyper);\n"
		"int @_hyper_get(const void *state, @_hyper *hyper);\n"
		"/* Steps done so far; -1 if there is no state. */\n"
		"int64_t @_steps(const void *state);\n\n"
		"/* The state (not the parameters) as bytes that can be kept, and read on any machine. @_save_size gives "
		"0 if there\n"
		" * is no state. @_load begins a run as @_init does, where the bytes left off; the sizes have to be those that "
		"were saved.\n"
		" * After a failure the memory holds no state. */\n"
		"size_t @_save_size(const void *state);\n"
		"int @_save(const void *state, void *saved, size_t bytes);\n"
		"int @_load(void *state, size_t bytes, const size_t *sizes, size_t tensors, const void *saved, size_t "
		"saved_bytes);\n\n"
		"#ifdef __cplusplus\n"
		"}\n"
		"#endif\n\n"
		"#endif\n");
}
