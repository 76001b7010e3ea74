/* A whole function as C99: tables, kernels, and one function that places the buffers and runs the schedule. The text depends
 * only on the input. */
#include "jit/c/c_emit.h"
#include "jit/nest/lower.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Names {
	const char **buffers;
	const char **symbols;
	CLocals taken;
} Names;

static void print_table(CEmit *c, const LoopBuffer *buffer, const char *name) {
	int64_t count = buffer->elements.factor;
	bool lanes = ir_type(c->func->ir, buffer->table->out).lanes;
	int64_t row = lanes ? count / LOOP_LANES : count;
	text_printf(c->out, "static const %s %s[%" PRId64 "] = {", c_scalar(buffer->type), name, count > 0 ? count : 1);
	for (int64_t at = 0; at < count; at++) {
		int64_t i = lanes ? at % LOOP_LANES * row + at / LOOP_LANES : at;
		text_printf(c->out, "%s", at % 8 == 0 ? "\n\t" : " ");
		CExpr number = c_literal(c->arena, buffer->type, buffer->table->reals ? buffer->table->reals[i] : 0,
		                         buffer->table->integers ? buffer->table->integers[i] : 0);
		text_printf(c->out, "%s,", number.text);
	}
	text_printf(c->out, "%s};\n\n", count > 0 ? "\n" : "0");
}

static void indent(CEmit *c, int depth) {
	for (int i = 0; i < depth; i++)
		text_char(c->out, '\t');
}

static void print_call(CEmit *c, const Names *names, const LoopStep *step, int depth) {
	const LoopKernel *kernel = c->func->kernels.data[step->kernel];
	const bool *by_value = c_by_value(c->arena, kernel);
	indent(c, depth);
	if (kernel->can_fail)
		text_printf(c->out, "failed = ");
	text_printf(c->out, "%s_%s_k%u(", c->prefix, c->name, (unsigned)kernel->number);
	const char *comma = "";
	for (uint32_t i = 0; i < step->actuals.count; i++) {
		text_printf(c->out, "%s%s%s", comma, by_value[i] ? "*" : "", names->buffers[step->actuals.data[i]]);
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

static const char *bytes_of(CEmit *c, const Names *names, uint32_t buffer) {
	LoopSize size = c->func->buffers.data[buffer].elements;
	bool single = size.count == 0 || (size.count == 1 && size.factor == 1);
	Text text = text_new(c->arena);
	text_printf(&text, "(size_t)%s", single ? "" : "(");
	c_size(&text, size, (const char *const *)names->symbols);
	text_printf(&text, "%s * sizeof *%s", single ? "" : ")", names->buffers[buffer]);
	return text_cstr(&text);
}

/* Asks for the objective, or leaves 0 where the condition does not hold. */
static void print_evaluation(CEmit *c, const Names *names, const LoopStep *step, int depth) {
	uint32_t f = step->evaluate.f, g = step->evaluate.g;
	bool conditional = step->evaluate.when != LOOP_NO_BUFFER;
	if (conditional && f != LOOP_NO_BUFFER) {
		indent(c, depth);
		text_printf(c->out, "%s[0] = 0;\n", names->buffers[f]);
	}
	if (conditional && g != LOOP_NO_BUFFER) {
		indent(c, depth);
		text_printf(c->out, "memset(%s, 0, %s);\n", names->buffers[g], bytes_of(c, names, g));
	}
	indent(c, depth);
	if (conditional) {
		text_printf(c->out, "if (%s[0])\n", names->buffers[step->evaluate.when]);
		indent(c, depth + 1);
	}
	if (f != LOOP_NO_BUFFER)
		text_printf(c->out, "%s[0] = ", names->buffers[f]);
	text_printf(c->out, "%s_evaluate(elsewhere, %s, %s);\n", c->prefix, names->buffers[step->evaluate.at],
	            g == LOOP_NO_BUFFER ? "NULL" : names->buffers[g]);
}

static void print_steps(CEmit *c, const Names *names, const LoopSteps *steps, int depth) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		if (step->kind == LOOP_CALL) {
			print_call(c, names, step, depth);
			continue;
		}
		if (step->kind == LOOP_EVALUATE) {
			print_evaluation(c, names, step, depth);
			continue;
		}
		indent(c, depth);
		if (step->kind == LOOP_COPY) {
			text_printf(c->out, "memcpy(%s, %s, %s);\n", names->buffers[step->to], names->buffers[step->from],
			            bytes_of(c, names, step->to));
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
		if (step->goes != LOOP_NO_BUFFER && loop_size_equal(c->func->buffers.data[step->goes].elements, loop_size(1))) {
			indent(c, depth + 1);
			text_printf(c->out, "if (!%s[0])\n", names->buffers[step->goes]);
			indent(c, depth + 2);
			text_printf(c->out, "break;\n");
		}
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
		c_size(&sum, c->func->slots.data[i].bytes, (const char *const *)names->symbols);
		text_printf(&sum, " + 63) / 64 * 64");
	}
	return places;
}

static uint64_t size_symbols(LoopSize size) {
	uint64_t seen = 0;
	for (uint32_t i = 0; i < size.count; i++)
		seen |= UINT64_C(1) << size.symbols[i];
	return seen;
}

/* The symbols that steps mention: in calls, in copies. */
static uint64_t step_symbols(const CEmit *c, const LoopSteps *steps) {
	uint64_t seen = 0;
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		if (step->kind == LOOP_CALL)
			seen |= c_kernel_symbols(c->func->kernels.data[step->kernel]);
		else if (step->kind == LOOP_COPY)
			seen |= size_symbols(c->func->buffers.data[step->to].elements);
		else if (step->kind == LOOP_EVALUATE && step->evaluate.when != LOOP_NO_BUFFER &&
		         step->evaluate.g != LOOP_NO_BUFFER)
			seen |= size_symbols(c->func->buffers.data[step->evaluate.g].elements);
		seen |= step_symbols(c, &step->body);
	}
	return seen;
}

/* Variables for where the symbolic slots begin, each from the one before. */
static const char **print_slots(CEmit *c, const Names *names, const bool *used) {
	const LoopFunc *func = c->func;
	const char **places = ARENA_ARRAY(c->arena, const char *, func->slots.count + 1);
	uint32_t count = 0;
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		bool in_slot = buffer->kind == LOOP_SCRATCH && used[i] && buffer->elements.count > 0;
		count = in_slot && buffer->slot >= count ? buffer->slot + 1 : count;
	}
	CLocals locals = names->taken;
	for (uint32_t i = 0; i < count; i++) {
		places[i] = c_local(&locals, "place");
		text_printf(c->out, "\tconst ptrdiff_t %s = ", places[i]);
		if (i == 0)
			text_printf(c->out, "%" PRId64, func->fixed_bytes);
		else
			text_printf(c->out, "%s + (", places[i - 1]);
		if (i > 0) {
			c_size(c->out, func->slots.data[i - 1].bytes, (const char *const *)names->symbols);
			text_printf(c->out, " + 63) / 64 * 64");
		}
		text_printf(c->out, ";\n");
	}
	return places;
}

/* "(void)a, (void)b;" for what no kernel takes. */
static void print_unused(CEmit *c, const Names *names, const bool *used, bool arena_used) {
	const char *before = "\t";
	if (!arena_used) {
		text_printf(c->out, "%s(void)arena", before);
		before = ", ";
	}
	for (uint32_t i = 0; i < c->func->buffers.count; i++) {
		LoopBufferKind kind = c->func->buffers.data[i].kind;
		if ((kind != LOOP_PARAM && kind != LOOP_RESULT) || used[i])
			continue;
		text_printf(c->out, "%s(void)%s", before, names->buffers[i]);
		before = ", ";
	}
	uint64_t symbols = step_symbols(c, &c->func->body);
	for (uint32_t i = 0; i < c->func->slots.count; i++)
		symbols |= arena_used ? size_symbols(c->func->slots.data[i].bytes) : 0;
	for (uint32_t i = 0; i < c->func->ir->symbols.count; i++) {
		if (symbols >> i & 1)
			continue;
		text_printf(c->out, "%s(void)%s", before, names->symbols[i]);
		before = ", ";
	}
	text_printf(c->out, "%s", before[0] == ',' ? ";\n" : "");
}

static bool evaluates(const LoopSteps *steps) {
	for (uint32_t i = 0; i < steps->steps.count; i++)
		if (steps->steps.data[i]->kind == LOOP_EVALUATE || evaluates(&steps->steps.data[i]->body))
			return true;
	return false;
}

static void print_head(CEmit *c, const Names *names) {
	const LoopFunc *func = c->func;
	text_printf(c->out, "static int %s_%s(", c->prefix, c->name);
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		if (buffer->kind == LOOP_PARAM || buffer->kind == LOOP_RESULT)
			text_printf(c->out, "%s%s *%s, ", buffer->kind == LOOP_PARAM ? "const " : "",
			            c_element(buffer->type, buffer->storage), names->buffers[i]);
	}
	text_printf(c->out, "void *arena");
	if (evaluates(&func->body))
		text_printf(c->out, ", const %s_elsewhere *elsewhere", c->prefix);
	for (uint32_t i = 0; i < func->ir->symbols.count; i++)
		text_printf(c->out, ", ptrdiff_t %s", names->symbols[i]);
	text_printf(c->out, ") {\n");
}

static void print_function(CEmit *c, const Names *names) {
	const LoopFunc *func = c->func;
	bool *used = ARENA_ARRAY(c->arena, bool, func->buffers.count + 1);
	loop_mark_buffers(&func->body, used);
	bool can_fail = false, arena_used = false;
	for (uint32_t i = 0; i < func->kernels.count; i++)
		can_fail = can_fail || func->kernels.data[i]->can_fail;
	for (uint32_t i = 0; i < func->buffers.count; i++)
		arena_used = arena_used || (func->buffers.data[i].kind == LOOP_SCRATCH && used[i]);
	text_printf(c->out, "/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the "
	                    "check that failed. */\n");
	print_head(c, names);
	print_unused(c, names, used, arena_used);
	const char **print_place = print_slots(c, names, used);
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		if (buffer->kind != LOOP_SCRATCH || !used[i])
			continue;
		const char *type = c_scalar(buffer->type);
		text_printf(c->out, "\t%s *const %s = (%s *)(void *)((unsigned char *)arena + ", type, names->buffers[i], type);
		if (buffer->elements.count > 0)
			text_printf(c->out, "%s", print_place[buffer->slot]);
		else
			text_printf(c->out, "%" PRId64, buffer->offset);
		text_printf(c->out, ");\n");
	}
	if (can_fail)
		text_printf(c->out, "\tint failed;\n");
	print_steps(c, names, &func->body, 1);
	text_printf(c->out, "\treturn 0;\n}\n\n");
}

/* ---- names ---- */

static Names name_all(CEmit *c) {
	const LoopFunc *func = c->func;
	Names names = {.buffers = ARENA_ARRAY(c->arena, const char *, func->buffers.count + 1),
	               .symbols = ARENA_ARRAY(c->arena, const char *, func->ir->symbols.count + 1),
	               .taken = c_locals(c->arena, c->prefix)};
	for (uint32_t i = 0; i < func->ir->symbols.count; i++)
		names.symbols[i] = c_local(&names.taken, session_text(func->session, func->ir->symbols.data[i]));
	NameMap params = {0};
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		const char *name = buffer->name ? session_text(func->session, buffer->name) : "work";
		if (buffer->kind == LOOP_TABLE) {
			names.buffers[i] = arena_printf(c->arena, "%s_%s_table%u", c->prefix, c->name, (unsigned)i);
			continue;
		}
		if (buffer->kind == LOOP_PARAM && buffer->name)
			*name_map_place(c->arena, &params, buffer->name) = c;
		/* What replaces a parameter: the next m. */
		if (buffer->kind == LOOP_RESULT && buffer->name && name_map_get(&params, buffer->name))
			name = arena_printf(c->arena, "new_%s", name);
		names.buffers[i] = c_local(&names.taken, name);
	}
	return names;
}

/* Of one kernel: what its formals should be called, and which parameter or result each always stands for. */
typedef struct Formals {
	const char **names, **of;
} Formals;

/* What the formals of a kernel should be called: like the buffers they stand for, if every call says the same. */
static void note_call(const CEmit *c, const Names *names, const LoopStep *step, Formals *wanted) {
	const char **formals = wanted[step->kernel].names, **of = wanted[step->kernel].of;
	for (uint32_t i = 0; i < step->actuals.count; i++) {
		bool table = c->func->buffers.data[step->actuals.data[i]].kind == LOOP_TABLE;
		const char *name = table ? "table" : names->buffers[step->actuals.data[i]];
		const LoopBuffer *buffer = &c->func->buffers.data[step->actuals.data[i]];
		const char *whole = buffer->kind == LOOP_PARAM || buffer->kind == LOOP_RESULT
		                        ? session_text(c->func->session, buffer->name)
		                        : NULL;
		if (!formals[i]) {
			formals[i] = name;
			of[i] = whole;
		} else if (strcmp(formals[i], name) != 0) {
			formals[i] = c->func->kernels.data[step->kernel]->formals.data[i].written ? "out" : "in";
			of[i] = NULL;
		}
	}
}

static void note_calls(const CEmit *c, const Names *names, const LoopSteps *steps, Formals *wanted) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		if (step->kind == LOOP_CALL)
			note_call(c, names, step, wanted);
		note_calls(c, names, &step->body, wanted);
	}
}

/* ---- where kernels come from ---- */

static int by_place(const void *a, const void *b) {
	const Span *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* A line of the program as it may stand in a comment: one that begins or ends a comment itself would not do. */
static void put_source_line(Text *out, const Source *source, uint32_t line) {
	uint32_t start = source->line_starts[line - 1];
	uint32_t end = line < source->line_count ? source->line_starts[line] : source->length;
	const char *text = source->text;
	while (start < end && (text[start] == ' ' || text[start] == '\t'))
		start++;
	while (end > start && strchr(" \t\r\n", text[end - 1]))
		end--;
	Text plain = text_new(out->arena);
	text_plain(&plain, text + start, end - start, false);
	for (const char *at = text_cstr(&plain); *at; at++) {
		text_char(out, *at);
		if ((at[0] == '/' && at[1] == '*') || (at[0] == '*' && at[1] == '/') || (at[0] == '?' && at[1] == '?'))
			text_char(out, ' ');
	}
}

/* The lines that a kernel computes, above it. */
static void print_sources(CEmit *c, const LoopKernel *kernel, const char *const *formals) {
	Span *places = arena_copy(c->arena, kernel->sources.data, sizeof(Span) * kernel->sources.count);
	qsort(places, kernel->sources.count, sizeof *places, by_place);
	uint32_t last_file = 0, last_line = 0, count = 0;
	for (uint32_t i = 0; i < kernel->sources.count; i++) {
		const Source *source = c->func->session->sources.data[places[i].file];
		uint32_t line, column;
		source_position(c->func->session, places[i], &line, &column);
		if ((places[i].file == last_file && line == last_line) || line == 0)
			continue;
		last_file = places[i].file;
		last_line = line;
		if (count++ == C_SOURCE_LINES)
			text_printf(c->out, "\n * and more");
		if (count > C_SOURCE_LINES)
			continue;
		const char *slash = strrchr(source->path, '/'), *name = slash ? slash + 1 : source->path;
		text_printf(c->out, count == 1 ? "/* " : "\n * ");
		text_plain(c->out, name, strlen(name), false);
		text_printf(c->out, ":%u: ", (unsigned)line);
		put_source_line(c->out, source, line);
	}
	if (count > 0) {
		text_printf(c->out, " */\n");
		return;
	}
	text_printf(c->out, "/* Not written in the program:");
	for (uint32_t i = 0; i < kernel->formals.count; i++)
		if (kernel->formals.data[i].written)
			text_printf(c->out, " %s", formals[i] ? formals[i] : "out");
	text_printf(c->out, ". */\n");
}

/* ---- functions ---- */

static void print_kernels(CEmit *c, const Names *names) {
	const LoopFunc *func = c->func;
	Formals *wanted = ARENA_ARRAY(c->arena, Formals, func->kernels.count + 1);
	for (uint32_t i = 0; i < func->kernels.count; i++) {
		uint32_t count = func->kernels.data[i]->formals.count + 1;
		wanted[i] = (Formals){ARENA_ARRAY(c->arena, const char *, count), ARENA_ARRAY(c->arena, const char *, count)};
	}
	note_calls(c, names, &func->body, wanted);
	for (uint32_t i = 0; i < func->kernels.count; i++) {
		const LoopKernel *kernel = func->kernels.data[i];
		CKernelNames kernel_names = {.formals = (const char *const *)wanted[i].names,
		                             .of = (const char *const *)wanted[i].of,
		                             .symbols = (const char *const *)names->symbols};
		print_sources(c, kernel, kernel_names.formals);
		c_print_kernel(c, kernel, &kernel_names);
		text_char(c->out, '\n');
	}
}

void jit_emit_c(JitCFile *file, IrModule *module, IrFunc *func, const JitCFunc *how, Text *out,
                const char **arena_bytes) {
	JitOptions options = {.strict = how->strict, .one_block = true};
	const LoopFunc *loops = nest_function_for_c(module, func, &options);
	Text text = text_new(loops->arena);
	CEmit emit = {.file = file, .out = &text, .arena = loops->arena, .prefix = file->prefix, .name = how->name};
	CEmit *c = &emit;
	c->func = loops;
	c->fused = !how->strict;
	c->parts = how->parts;
	c->part_count = how->part_count;
	Names names = name_all(c);
	bool *used = ARENA_ARRAY(c->arena, bool, loops->buffers.count + 1);
	loop_mark_buffers(&loops->body, used);
	for (uint32_t i = 0; i < loops->buffers.count; i++)
		if (loops->buffers.data[i].kind == LOOP_TABLE && used[i])
			print_table(c, &loops->buffers.data[i], names.buffers[i]);
	print_kernels(c, &names);
	const char **places = slot_places(c, &names);
	print_function(c, &names);
	jit_c_wrap(out, text_cstr(&text));
	if (arena_bytes)
		*arena_bytes = places[loops->slots.count];
}
