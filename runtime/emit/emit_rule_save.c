/* How an emitted rule keeps its state: little-endian bytes with a version, the model they belong to, and a checksum.
 *
 *     "gradusop"  format: u32  bytes of a real: u32  model: u64  steps: u64  tensors: u64  sizes: u64...
 *     hyperparameters  horizon: u64  states, tensor by tensor  FNV-1a of all before: u64 */
#include "runtime/emit/emit_rule.h"

static const char bytes_text[] =
	"/* ---- keeping the state: little-endian, whatever the machine ---- */\n\n"
	"enum { @_FORMAT = 1, @_FIXED = 8 + 4 + 4 + 8 + 8 + 8 };\n\n"
	"static unsigned char *@_put(unsigned char *to, uint64_t value, size_t bytes) {\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < bytes; i++)\n"
	"\t\tto[i] = (unsigned char)(value >> (8 * i) & 255);\n"
	"\treturn to + bytes;\n"
	"}\n\n"
	"static uint64_t @_get(const unsigned char **from, size_t bytes) {\n"
	"\tuint64_t value = 0;\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < bytes; i++)\n"
	"\t\tvalue |= (uint64_t)(*from)[i] << (8 * i);\n"
	"\t*from += bytes;\n"
	"\treturn value;\n"
	"}\n\n"
	"/* `count` numbers of `width` bytes each: 1, 4 or 8. */\n"
	"@_UNUSED static unsigned char *@_put_numbers(unsigned char *to, const void *from, size_t count, size_t width) {\n"
	"\tconst unsigned char *at = (const unsigned char *)from;\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < count; i++, at += width) {\n"
	"\t\tuint32_t narrow = at[0];\n"
	"\t\tuint64_t wide;\n"
	"\t\tif (width == sizeof narrow)\n"
	"\t\t\tmemcpy(&narrow, at, sizeof narrow);\n"
	"\t\twide = narrow;\n"
	"\t\tif (width == sizeof wide)\n"
	"\t\t\tmemcpy(&wide, at, sizeof wide);\n"
	"\t\tto = @_put(to, wide, width);\n"
	"\t}\n"
	"\treturn to;\n"
	"}\n\n"
	"@_UNUSED static void @_get_numbers(const unsigned char **from, void *to, size_t count, size_t width) {\n"
	"\tunsigned char *at = (unsigned char *)to;\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < count; i++, at += width) {\n"
	"\t\tconst uint64_t wide = @_get(from, width);\n"
	"\t\tconst uint32_t narrow = (uint32_t)(wide & 0xffffffffu);\n"
	"\t\tif (width == sizeof narrow)\n"
	"\t\t\tmemcpy(at, &narrow, sizeof narrow);\n"
	"\t\telse if (width == sizeof wide)\n"
	"\t\t\tmemcpy(at, &wide, sizeof wide);\n"
	"\t\telse\n"
	"\t\t\tat[0] = wide != 0; /* a truth value is 0 or 1 */\n"
	"\t}\n"
	"}\n\n"
	"static uint64_t @_checksum(const unsigned char *bytes, size_t count) {\n"
	"\tuint64_t sum = UINT64_C(0xcbf29ce484222325);\n"
	"\tsize_t i;\n"
	"\tfor (i = 0; i < count; i++)\n"
	"\t\tsum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);\n"
	"\treturn sum;\n"
	"}\n\n";

/* One line per hyperparameter and per state of a unit of n numbers. */
static void put_each(const RulePack *r, Text *out, const char *hyper, const char *horizon, bool states,
                     const char *state) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0; hyper && i < r->rule->hypers.count; i++) {
		pack_printf(pack, out, hyper, r->hypers[i]);
	}
	if (hyper && r->rule->reads_horizon) {
		pack_put(pack, out, horizon);
	}
	for (uint32_t i = 0; states && i < r->states.count; i++) {
		const PackState *s = &r->states.data[i];
		pack_printf(pack, out, state, rule_count(r, s->shape, "n"), s->type);
	}
}

void rule_save(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	unsigned hypers = (unsigned)r->rule->hypers.count;
	/* Not every rule has a state whose size needs n. */
	const char *units = r->joint
	                        ? "\tfor (i = 0; i < 1; i++) {\n\t\tconst size_t n = h->total;\n\t\t(void)n;\n"
	                        : "\tfor (i = 0; i < h->tensors; i++) {\n\t\tconst size_t n = sizes[i];\n\t\t(void)n;\n";
	pack_put(pack, out, bytes_text);
	pack_put(pack, out, "static size_t @_saved_bytes(const @_header *h) {\n");
	if (r->states.count > 0 && !r->joint) {
		pack_put(pack, out, "\tconst size_t *const sizes = @_sizes_of(h);\n");
	}
	pack_printf(pack, out, "\tsize_t bytes = @_FIXED + %u * sizeof(@_real) + %u + 8%s;\n\tbytes += h->tensors * 8;\n",
	            hypers, r->rule->reads_horizon ? 8u : 0u, r->states.count > 0 ? ", i" : "");
	if (r->states.count > 0) {
		text_printf(out, "%s", units);
		put_each(r, out, NULL, NULL, true, "\t\tbytes += %s * sizeof(%s);\n");
		text_printf(out, "\t}\n");
	}
	pack_put(pack, out,
	         "\treturn bytes;\n}\n\n"
	         "size_t @_save_size(const void *state) {\n"
	         "\tconst @_header *const h = @_look(state);\n"
	         "\treturn h ? @_saved_bytes(h) : 0;\n"
	         "}\n\n");

	pack_put(pack, out,
	         "int @_save(const void *state, void *saved, size_t bytes) {\n"
	         "\tstatic const unsigned char magic[8] = {'g', 'r', 'a', 'd', 'u', 's', 'o', 'p'};\n"
	         "\tconst @_header *const h = @_look(state);\n"
	         "\tconst size_t *sizes;\n"
	         "\tunsigned char *to = (unsigned char *)saved;\n"
	         "\tsize_t i;\n"
	         "\tif (!h || !saved)\n"
	         "\t\treturn h ? @_bad_argument : @_no_state;\n"
	         "\tif (bytes < @_saved_bytes(h))\n"
	         "\t\treturn @_too_small;\n"
	         "\tsizes = @_sizes_of(h);\n"
	         "\tmemcpy(to, magic, sizeof magic);\n"
	         "\tto = @_put(to + 8, @_FORMAT, 4);\n"
	         "\tto = @_put(to, sizeof(@_real), 4);\n"
	         "\tto = @_put(to, h->model, 8);\n"
	         "\tto = @_put(to, (uint64_t)h->t, 8);\n"
	         "\tto = @_put(to, h->tensors, 8);\n"
	         "\tfor (i = 0; i < h->tensors; i++)\n"
	         "\t\tto = @_put(to, sizes[i], 8);\n");
	put_each(r, out, "\tto = @_put_numbers(to, &h->hyper.%s, 1, sizeof(@_real));\n",
	         "\tto = @_put(to, (uint64_t)h->hyper.horizon, 8);\n", false, NULL);
	if (r->states.count > 0) {
		pack_put(pack, out, "\t{\n\tconst unsigned char *at = (const unsigned char *)h + @_states_at(h->tensors);\n");
		text_printf(out, "%s", units);
		for (uint32_t i = 0; i < r->states.count; i++) {
			const PackState *s = &r->states.data[i];
			const char *count = rule_count(r, s->shape, "n");
			pack_printf(pack, out,
			            "\t\tto = @_put_numbers(to, at, %s, sizeof(%s));\n\t\tat += @_round(%s * sizeof(%s));\n", count,
			            s->type, count, s->type);
		}
		text_printf(out, "\t}\n\t}\n");
	}
	pack_put(pack, out,
	         "\t@_put(to, @_checksum((const unsigned char *)saved, (size_t)(to - (unsigned char *)saved)), 8);\n"
	         "\treturn @_ok;\n"
	         "}\n\n"
	         "int @_load(void *state, size_t bytes, const size_t *sizes, size_t tensors, const void *saved, size_t "
	         "saved_bytes) {\n"
	         "\tconst unsigned char *from = (const unsigned char *)saved, *end;\n"
	         "\tuint64_t format, width, model, steps;\n"
	         "\t@_header *h;\n"
	         "\tsize_t i;\n"
	         "\tint error;\n"
	         "\tif (!state || !saved)\n"
	         "\t\treturn @_bad_argument;\n"
	         "\tif (bytes >= 63 + sizeof *h)\n"
	         "\t\tmemset((unsigned char *)state + @_shift(state), 0, sizeof *h);\n"
	         "\th = @_begin(state, bytes, sizes, tensors, &error);\n"
	         "\tif (!h)\n"
	         "\t\treturn error;\n"
	         "\tif (saved_bytes < @_FIXED + 8 || memcmp(from, \"gradusop\", 8) != 0)\n"
	         "\t\treturn @_bad_data;\n"
	         "\tend = from + saved_bytes - 8;\n"
	         "\tif (@_checksum(from, saved_bytes - 8) != @_get(&end, 8))\n"
	         "\t\treturn @_bad_data;\n"
	         "\tfrom += 8;\n"
	         "\tformat = @_get(&from, 4);\n"
	         "\twidth = @_get(&from, 4);\n"
	         "\tmodel = @_get(&from, 8);\n"
	         "\tsteps = @_get(&from, 8);\n"
	         "\tif (format != @_FORMAT || steps > (uint64_t)INT64_MAX / 2)\n"
	         "\t\treturn @_bad_data;\n"
	         "\tif (width != sizeof(@_real) || model != $_MODEL)\n"
	         "\t\treturn @_other_model;\n"
	         "\t/* The program knows its sizes; what the bytes say is only compared. */\n"
	         "\tif (@_get(&from, 8) != tensors)\n"
	         "\t\treturn @_other_sizes;\n"
	         "\tif (tensors > (saved_bytes - @_FIXED - 8) / 8)\n"
	         "\t\treturn @_bad_data;\n"
	         "\tfor (i = 0; i < tensors; i++)\n"
	         "\t\tif (@_get(&from, 8) != sizes[i])\n"
	         "\t\t\treturn @_other_sizes;\n"
	         "\tif (@_saved_bytes(h) != saved_bytes)\n"
	         "\t\treturn @_bad_data;\n"
	         "\th->t = (int64_t)steps;\n"
	         "\t@_hyper_default(&h->hyper);\n");
	put_each(r, out, "\t@_get_numbers(&from, &h->hyper.%s, 1, sizeof(@_real));\n",
	         "\th->hyper.horizon = (int64_t)@_get(&from, 8);\n", false, NULL);
	if (r->rule->reads_horizon) {
		pack_put(pack, out, "\tif (h->hyper.horizon < 1)\n\t\treturn @_bad_data;\n");
	}
	if (r->states.count > 0) {
		pack_put(pack, out, "\t{\n\tunsigned char *at = (unsigned char *)h + @_states_at(h->tensors);\n");
		text_printf(out, "%s", units);
		for (uint32_t i = 0; i < r->states.count; i++) {
			const PackState *s = &r->states.data[i];
			const char *count = rule_count(r, s->shape, "n");
			pack_printf(pack, out,
			            "\t\t@_get_numbers(&from, at, %s, sizeof(%s));\n\t\tat += @_round(%s * sizeof(%s));\n", count,
			            s->type, count, s->type);
		}
		text_printf(out, "\t}\n\t}\n");
	}
	pack_put(pack, out, "\th->magic = $_MAGIC;\n\treturn @_ok;\n}\n");
}
