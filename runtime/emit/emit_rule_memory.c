/* The memory of an emitted rule: where the header, the states and what is computed in between lie, and how large they are. */
#include <inttypes.h>

#include "runtime/emit/emit_rule.h"

static const char memory_text[] =
	"\n/* ---- memory: a header, the sizes, the state of every tensor, scratch; each at a multiple of 64 bytes ---- "
	"*/\n\n"
	"typedef struct @_header {\n"
	"\tuint64_t magic, model;\n"
	"\tint64_t t; /* steps done */\n"
	"\tsize_t tensors;\n"
	"\tsize_t total; /* numbers in all */\n"
	"\t@_hyper hyper;\n"
	"} @_header;\n\n"
	"#define $_MAGIC UINT64_C(0x4752414455534f50)\n\n"
	"/* Sums and products of sizes; SIZE_MAX stands for all that is too large. */\n"
	"static size_t @_plus(size_t a, size_t b) {\n"
	"\treturn a > SIZE_MAX - b ? SIZE_MAX : a + b;\n"
	"}\n\n"
	"static size_t @_times(size_t a, size_t b) {\n"
	"\treturn b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;\n"
	"}\n\n"
	"static size_t @_round(size_t bytes) {\n"
	"\treturn bytes > SIZE_MAX - 63 ? SIZE_MAX : (bytes + 63) / 64 * 64;\n"
	"}\n\n"
	"static size_t @_shift(const void *memory) {\n"
	"\treturn (64 - (size_t)((uintptr_t)memory & 63)) & 63;\n"
	"}\n\n"
	"static @_header *@_open(void *state) {\n"
	"\t@_header *header;\n"
	"\tif (!state)\n"
	"\t\treturn NULL;\n"
	"\theader = (@_header *)(void *)((unsigned char *)state + @_shift(state));\n"
	"\treturn header->magic == $_MAGIC && header->model == $_MODEL ? header : NULL;\n"
	"}\n\n"
	"static const @_header *@_look(const void *state) {\n"
	"\tconst @_header *header;\n"
	"\tif (!state)\n"
	"\t\treturn NULL;\n"
	"\theader = (const @_header *)(const void *)((const unsigned char *)state + @_shift(state));\n"
	"\treturn header->magic == $_MAGIC && header->model == $_MODEL ? header : NULL;\n"
	"}\n\n"
	"static size_t *@_sizes(@_header *header) {\n"
	"\treturn (size_t *)(void *)((unsigned char *)header + @_round(sizeof *header));\n"
	"}\n\n"
	"static const size_t *@_sizes_of(const @_header *header) {\n"
	"\treturn (const size_t *)(const void *)((const unsigned char *)header + @_round(sizeof *header));\n"
	"}\n\n"
	"/* Where the states begin, from the header. */\n"
	"static size_t @_states_at(size_t tensors) {\n"
	"\treturn @_plus(@_round(sizeof(@_header)), @_round(@_times(tensors, sizeof(size_t))));\n"
	"}\n\n";

/* Bytes of a value over n coordinates, as an expression that cannot overflow. */
const char *rule_bytes_of(const RulePack *r, const PackState *state, const char *n) {
	Text out = text_new(r->pack->arena);
	int64_t factor = 1;
	int opened = 0;
	for (int i = 0; i < state->shape.rank; i++) {
		factor *= state->shape.dims[i] >= 0 ? state->shape.dims[i] : 1;
		opened += state->shape.dims[i] < 0;
	}
	text_printf(&out, "@_round(");
	for (int i = 0; i < opened; i++) {
		text_printf(&out, "@_times(");
	}
	if (factor != 1) {
		text_printf(&out, "%" PRId64 " * ", factor);
	}
	text_printf(&out, "sizeof(%s)", state->type);
	for (int i = 0; i < opened; i++) {
		text_printf(&out, ", %s)", n);
	}
	text_printf(&out, ")");
	return pack_name(r->pack, text_cstr(&out));
}

void rule_memory(const RulePack *r, Text *out) {
	const Pack *pack = r->pack;
	pack_put(pack, out, memory_text);
	pack_put(pack, out,
	         r->joint ? "/* The states of n numbers. */\n" : "/* The states of one tensor of n numbers. */\n");
	pack_put(pack, out, "static size_t @_unit_bytes(size_t n) {\n\tsize_t bytes = 0;\n\t(void)n;\n");
	for (uint32_t i = 0; i < r->states.count; i++) {
		const PackState *state = &r->states.data[i];
		pack_printf(pack, out, "\tbytes = @_plus(bytes, %s); /* %s : %s */\n", rule_bytes_of(r, state, "n"),
		            state->name, pack_dims(pack, state->shape));
	}
	pack_put(pack, out, "\treturn bytes;\n}\n\n");
	pack_put(pack, out,
	         r->joint ? "/* Those of all tensors. */\n"
	                    "static size_t @_states_bytes(const @_header *h) {\n"
	                    "\treturn @_unit_bytes(h->total);\n"
	                    "}\n\n"
	                  : "/* Those of all tensors. */\n"
	                    "static size_t @_states_bytes(const @_header *h) {\n"
	                    "\tsize_t bytes = 0, i;\n"
	                    "\tfor (i = 0; i < h->tensors; i++)\n"
	                    "\t\tbytes += @_unit_bytes(@_sizes_of(h)[i]);\n"
	                    "\treturn bytes;\n"
	                    "}\n\n");
	pack_put(pack, out,
	         "/* What a step of n numbers makes before it replaces the old, and what it computes in between. */\n"
	         "static size_t @_scratch_bytes(size_t n) {\n");
	if (r->blocks) {
		pack_put(pack, out, "\tconst size_t m = n < $_BLOCK ? n : $_BLOCK;\n");
	} else {
		pack_put(pack, out, "\tconst size_t m = n;\n");
	}
	pack_put(pack, out, "\tsize_t bytes = @_round(@_times(m, sizeof(@_real))), arena = @_move_call_arena(m);\n");
	for (uint32_t i = 0; i < r->states.count; i++) {
		pack_printf(pack, out, "\tbytes = @_plus(bytes, %s);\n", rule_bytes_of(r, &r->states.data[i], "m"));
	}
	if (r->once) {
		pack_put(pack, out, "\tif (@_once_call_arena(m) > arena)\n\t\tarena = @_once_call_arena(m);\n");
	}
	if (r->init) {
		pack_put(pack, out, "\tif (@_init_call_arena(n) > arena)\n\t\tarena = @_init_call_arena(n);\n");
	}
	for (uint32_t i = 0; i < r->rule->collectives; i++) {
		pack_printf(pack, out, "\tif (@_share%u_arena(n) > arena)\n\t\tarena = @_share%u_arena(n);\n", (unsigned)i + 1,
		            (unsigned)i + 1);
	}
	pack_put(pack, out, "\treturn @_plus(bytes, @_round(arena));\n}\n\n");
	pack_put(pack, out,
	         "size_t @_state_size(const size_t *sizes, size_t tensors) {\n"
	         "\tsize_t bytes = @_plus(@_states_at(tensors), 63), i;\n");
	pack_put(pack, out, r->joint ? "\tsize_t total = 0;\n" : "\tsize_t largest = 0;\n");
	pack_put(pack, out, "\tif (!sizes && tensors > 0)\n\t\treturn 0;\n");
	if (r->joint) {
		pack_put(pack, out,
		         "\tfor (i = 0; i < tensors; i++)\n"
		         "\t\ttotal = @_plus(total, sizes[i]);\n"
		         "\tbytes = @_plus(bytes, @_plus(@_unit_bytes(total), @_scratch_bytes(total)));\n"
		         "\t/* parameters and gradients as one vector each */\n"
		         "\tbytes = @_plus(bytes, @_times(2, @_round(@_times(total, sizeof(@_real)))));\n");
	} else {
		pack_put(pack, out,
		         "\tfor (i = 0; i < tensors; i++) {\n"
		         "\t\tbytes = @_plus(bytes, @_unit_bytes(sizes[i]));\n"
		         "\t\tlargest = sizes[i] > largest ? sizes[i] : largest;\n"
		         "\t}\n"
		         "\tbytes = @_plus(bytes, @_scratch_bytes(largest));\n");
	}
	pack_put(pack, out, "\treturn bytes == SIZE_MAX ? 0 : bytes;\n}\n\n");
}
