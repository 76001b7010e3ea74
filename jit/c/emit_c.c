/* A whole function as C99: tables, kernels, and one function that places the buffers and runs the schedule. The text depends
 * only on the input. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

typedef struct Names {
	const char **buffers;
	const char **symbols;
	VEC(const char *) taken;
} Names;

/* A name like `wanted` that nothing else in the function has. */
static const char *new_name(CEmit *c, Names *names, const char *wanted, const char *otherwise, uint32_t number) {
	if (!wanted[0])
		wanted = arena_printf(c->arena, "%s%u", otherwise, (unsigned)number);
	const char *name = jit_c_unique(c->arena, c->prefix, wanted, names->taken.data, names->taken.count);
	vec_push(c->arena, &names->taken, name);
	return name;
}

static void print_table(CEmit *c, const LoopBuffer *buffer, const char *name) {
	int64_t count = buffer->elements.factor;
	bool lanes = ir_type(c->func->ir, buffer->table->out).lanes;
	int64_t row = lanes ? count / LOOP_LANES : count;
	text_printf(c->out, "static const %s %s[%" PRId64 "] = {", c_scalar(buffer->type), name, count > 0 ? count : 1);
	for (int64_t at = 0; at < count; at++) {
		int64_t i = lanes ? at % LOOP_LANES * row + at / LOOP_LANES : at;
		text_printf(c->out, "%s", at % 8 == 0 ? "\n\t" : " ");
		c_literal(c->out, buffer->type, buffer->table->reals ? buffer->table->reals[i] : 0,
		          buffer->table->integers ? buffer->table->integers[i] : 0);
		text_printf(c->out, ",");
	}
	text_printf(c->out, "%s};\n\n", count > 0 ? "\n" : "0");
}

static void indent(CEmit *c, int depth) {
	for (int i = 0; i < depth; i++)
		text_char(c->out, '\t');
}

static void print_call(CEmit *c, const Names *names, const LoopStep *step, int depth) {
	const LoopKernel *kernel = c->func->kernels.data[step->kernel];
	indent(c, depth);
	if (kernel->can_fail)
		text_printf(c->out, "failed = ");
	text_printf(c->out, "%s_%s_k%u(", c->prefix, c->name, (unsigned)kernel->number);
	const char *comma = "";
	for (uint32_t i = 0; i < step->actuals.count; i++) {
		text_printf(c->out, "%s%s", comma, names->buffers[step->actuals.data[i]]);
		comma = ", ";
	}
	uint64_t symbols = c_kernel_symbols(kernel);
	for (uint32_t i = 0; i < c->func->ir->symbols.count; i++) {
		if (symbols >> i & 1) {
			text_printf(c->out, "%s%s", comma, names->symbols[i]);
			comma = ", ";
		}
	}
	text_printf(c->out, ");\n");
	if (!kernel->can_fail)
		return;
	indent(c, depth);
	text_printf(c->out, "if (failed)\n");
	indent(c, depth);
	text_printf(c->out, "\treturn failed;\n");
}

static void print_steps(CEmit *c, const Names *names, const LoopSteps *steps, int depth) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		if (step->kind == LOOP_CALL) {
			print_call(c, names, step, depth);
			continue;
		}
		indent(c, depth);
		if (step->kind == LOOP_COPY) {
			text_printf(c->out, "memcpy(%s, %s, (size_t)(", names->buffers[step->to], names->buffers[step->from]);
			c_size(c->out, c->func->buffers.data[step->to].elements, names->symbols);
			text_printf(c->out, ") * sizeof *%s);\n", names->buffers[step->to]);
			continue;
		}
		const char *counter = names->buffers[step->counter];
		const char *turn = arena_printf(c->arena, "%s_turn%d", c->prefix, depth);
		text_printf(c->out, "for (int64_t %s = 0; %s < ", turn, turn);
		if (step->trips == LOOP_NO_BUFFER)
			text_printf(c->out, "%" PRId64, step->limit);
		else
			text_printf(c->out, "%s_min_i64(%s[0], %" PRId64 ")", c->prefix, names->buffers[step->trips], step->limit);
		text_printf(c->out, "; %s++) {\n", turn);
		indent(c, depth + 1);
		text_printf(c->out, "%s[0] = %s;\n", counter, turn);
		print_steps(c, names, &step->body, depth + 1);
		indent(c, depth);
		text_printf(c->out, "}\n");
	}
}

/* The place of every symbolic slot, as an expression; the last entry is the size of the whole. */
static const char **slot_places(CEmit *c, const Names *names) {
	const char **places = ARENA_ARRAY(c->arena, const char *, c->func->slots.count + 1);
	Text sum = text_new(c->arena);
	text_printf(&sum, "%" PRId64, c->func->fixed_bytes);
	for (uint32_t i = 0; i <= c->func->slots.count; i++) {
		places[i] = arena_strdup(c->arena, text_cstr(&sum));
		if (i == c->func->slots.count)
			break;
		text_printf(&sum, " + (");
		c_size(&sum, c->func->slots.data[i].bytes, names->symbols);
		text_printf(&sum, " + 63) / 64 * 64");
	}
	return places;
}

static void mark_steps(const LoopSteps *steps, bool *used) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		for (uint32_t a = 0; a < step->actuals.count; a++)
			used[step->actuals.data[a]] = true;
		if (step->kind == LOOP_COPY)
			used[step->to] = used[step->from] = true;
		if (step->kind == LOOP_REPEAT) {
			used[step->counter] = true;
			if (step->trips != LOOP_NO_BUFFER)
				used[step->trips] = true;
			mark_steps(&step->body, used);
		}
	}
}

static void print_function(CEmit *c, const Names *names, const char *const *places) {
	const LoopFunc *func = c->func;
	bool *used = ARENA_ARRAY(c->arena, bool, func->buffers.count + 1);
	mark_steps(&func->body, used);
	text_printf(c->out, "static int %s_%s(", c->prefix, c->name);
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		if (buffer->kind == LOOP_PARAM || buffer->kind == LOOP_RESULT)
			text_printf(c->out, "%s%s *%s, ", buffer->kind == LOOP_PARAM ? "const " : "", c_element(buffer->type, buffer->storage),
			            names->buffers[i]);
	}
	text_printf(c->out, "void *arena");
	for (uint32_t i = 0; i < func->ir->symbols.count; i++)
		text_printf(c->out, ", ptrdiff_t %s", names->symbols[i]);
	text_printf(c->out, ") {\n");
	text_printf(c->out, "\t(void)arena;\n");
	for (uint32_t i = 0; i < func->ir->symbols.count; i++)
		text_printf(c->out, "\t(void)%s;\n", names->symbols[i]);
	bool can_fail = false;
	for (uint32_t i = 0; i < func->kernels.count; i++)
		can_fail = can_fail || func->kernels.data[i]->can_fail;
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		if (buffer->kind == LOOP_SCRATCH && used[i]) {
			const char *type = c_scalar(buffer->type);
			text_printf(c->out, "\t%s *const %s = (%s *)(void *)((unsigned char *)arena + ", type, names->buffers[i],
			            type);
			if (buffer->elements.count > 0)
				text_printf(c->out, "(%s)", places[buffer->slot]);
			else
				text_printf(c->out, "%" PRId64, buffer->offset);
			text_printf(c->out, ");\n");
		} else if ((buffer->kind == LOOP_PARAM || buffer->kind == LOOP_RESULT) && !used[i]) {
			text_printf(c->out, "\t(void)%s;\n", names->buffers[i]);
		}
	}
	if (can_fail)
		text_printf(c->out, "\tint failed;\n");
	print_steps(c, names, &func->body, 1);
	text_printf(c->out, "\treturn 0;\n}\n\n");
}

void jit_emit_c(IrModule *module, IrFunc *func, const JitCFunc *how, Text *out, const char **arena_bytes) {
	JitOptions options = {.strict = how->strict};
	const LoopFunc *loops = loop_from_func(module, func, &options);
	CEmit emit = {.out = out, .arena = loops->arena, .prefix = how->prefix, .name = how->name, .func = loops};
	CEmit *c = &emit;
	Names names = {.buffers = ARENA_ARRAY(c->arena, const char *, loops->buffers.count + 1),
	               .symbols = ARENA_ARRAY(c->arena, const char *, loops->ir->symbols.count + 1)};
	static const char *const own[] = {"arena", "failed", "memcpy"};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		vec_push(c->arena, &names.taken, own[i]);
	for (uint32_t i = 0; i < loops->ir->symbols.count; i++)
		names.symbols[i] = new_name(c, &names, session_text(module->session, loops->ir->symbols.data[i]), "n", i);
	bool *used = ARENA_ARRAY(c->arena, bool, loops->buffers.count + 1);
	mark_steps(&loops->body, used);
	for (uint32_t i = 0; i < loops->buffers.count; i++) {
		static const char *const kinds[] = {"p", "r", "s", "table"};
		const LoopBuffer *buffer = &loops->buffers.data[i];
		const char *name = buffer->name ? session_text(module->session, buffer->name) : "";
		if (buffer->kind == LOOP_TABLE) {
			names.buffers[i] = arena_printf(c->arena, "%s_%s_table%u", c->prefix, c->name, (unsigned)i);
			if (used[i])
				print_table(c, buffer, names.buffers[i]);
			continue;
		}
		names.buffers[i] = new_name(c, &names, name, kinds[buffer->kind], i);
	}
	for (uint32_t i = 0; i < loops->kernels.count; i++)
		c_print_kernel(c, loops->kernels.data[i]);
	const char **places = slot_places(c, &names);
	print_function(c, &names, places);
	if (arena_bytes)
		*arena_bytes = places[loops->slots.count];
}
