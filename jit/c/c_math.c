/* Mathematics as C functions: one per entry of math.def, with its names, made of the same operations in the same order as in
 * machine code.
 *
 *     MATH(sigmoid, F64, any, (a), ...)     becomes     adam_INLINE double adam_sigmoid_f64(double a) { ... }
 *
 * An entry with several results gives them through pointers. */
#include "jit/c/c_emit.h"

#include <inttypes.h>
#include <string.h>

struct CMath {
	const char *name; /* with the prefix */
	IrScalar results[IR_MATH_MAX_RESULTS];
	uint32_t result_count;
	const char *text;
};

/* One function under construction: what is known per slot. */
typedef struct Printer {
	JitCFile *file;
	const IrMathProgram *program;
	bool fused;
	CLocals locals;
	Text text;
	IrScalar *types;
	uint32_t *uses;
	const IrMathStep **made_by;
	const char **goes_on; /* the variable that a sum of products is built up in */
	CExpr *values;
} Printer;

static const CMath *find(const JitCFile *file, const char *name) {
	for (uint32_t i = 0; i < file->functions.count; i++)
		if (strcmp(file->functions.data[i]->name, name) == 0)
			return file->functions.data[i];
	return NULL;
}

static const CMath *function_of(JitCFile *file, uint32_t first, const IrScalar *types, uint32_t count, bool fused);

static void line(Printer *p, const char *format, const char *type, const char *name, const char *value) {
	text_char(&p->text, '\t');
	text_printf(&p->text, format, type, name, value);
}

/* ---- what uses what ---- */

static void count(Printer *p) {
	const IrMathProgram *program = p->program;
	for (uint32_t i = 0; i < program->steps.count; i++) {
		const IrMathStep *step = &program->steps.data[i];
		p->made_by[step->result] = step;
		for (uint32_t k = 0; k < step->arg_count; k++)
			p->uses[step->args[k]]++;
	}
	for (uint32_t i = 0; i < program->result_count; i++)
		p->uses[program->results[i]] += program->result_count > 1 ? 2 : 1;
}

/* mad(mad(a, x, b), x, c): the inner one has no name and no other use, so both can be one variable, assigned twice. */
static bool continues(const Printer *p, const IrMathStep *step) {
	const IrMathStep *inner = step->kind == IR_MATH_MAD ? p->made_by[step->args[0]] : NULL;
	return inner && inner->kind == IR_MATH_MAD && p->uses[inner->result] == 1 && !p->program->names[inner->result];
}

static const char *variable(Printer *p, uint32_t slot) {
	const char *name = p->goes_on[slot];
	return name ? name : c_local(&p->locals, p->program->names[slot]);
}

/* ---- steps ---- */

static void type_step(Printer *p, const IrMathStep *step, const CMath *callee) {
	IrScalar types[IR_MAX_ARGS] = {0}, real = p->program->type;
	for (uint32_t i = 0; i < step->arg_count && i < IR_MAX_ARGS; i++)
		types[i] = p->types[step->args[i]];
	switch (step->kind) {
	case IR_MATH_REAL: p->types[step->result] = real; break;
	case IR_MATH_INTEGER: p->types[step->result] = real == IR_F32 ? IR_I32 : IR_I64; break;
	case IR_MATH_MAD: p->types[step->result] = types[0]; break;
	case IR_MATH_OP:
		if (!ir_op_type(step->opcode, types, &p->types[step->result]))
			base_panic("c_math", "%s: `%s` does not fit", p->program->name, ir_op_info[step->opcode].name);
		break;
	case IR_MATH_CALL:
		for (uint32_t i = 0; i < step->result_count; i++)
			p->types[step->result + i] = callee->results[i];
		break;
	}
}

static CExpr call_expression(Printer *p, const IrMathStep *step, const char *function) {
	CExpr value = {.binds = C_ATOM};
	Text text = text_new(p->file->arena);
	text_printf(&text, "%s(", function);
	for (uint32_t i = 0; i < step->arg_count; i++)
		text_printf(&text, "%s%s", i > 0 ? ", " : "", p->values[step->args[i]].text);
	for (uint32_t i = 0; step->result_count > 1 && i < step->result_count; i++) {
		const char *name = c_local(&p->locals, p->program->names[step->result + i]);
		IrScalar type = p->types[step->result + i];
		bool same = i > 0 && type == p->types[step->result + i - 1];
		text_printf(&p->text, "%s%s %s", i == 0 ? "\t" : same ? "," : ";\n\t", same ? "" : c_temp_type(type), name);
		p->values[step->result + i] = c_atom(name);
		text_printf(&text, ", &%s", name);
	}
	text_printf(&p->text, "%s", step->result_count > 1 ? ";\n" : "");
	text_char(&text, ')');
	value.text = text_cstr(&text);
	return value;
}

static CExpr step_expression(Printer *p, const IrMathStep *step, const CMath *callee) {
	Arena *arena = p->file->arena;
	IrScalar type = p->types[step->result];
	if (step->kind == IR_MATH_REAL || step->kind == IR_MATH_INTEGER)
		return c_literal(arena, type, type == IR_F32 ? (double)(float)step->real : step->real, step->integer);
	if (step->kind == IR_MATH_CALL)
		return call_expression(p, step, callee->name);
	if (step->kind == IR_MATH_MAD && !p->fused)
		return call_expression(p, step, arena_printf(arena, "%s_mad_%s", p->file->prefix, c_suffix(type)));
	CExpr args[IR_MAX_ARGS] = {0};
	for (uint32_t i = 0; i < step->arg_count; i++)
		args[i] = p->values[step->args[i]];
	return c_op(p->file, step->kind == IR_MATH_MAD ? IR_fma : step->opcode, p->types[step->args[0]], args);
}

/* The step that uses a slot of one use; NULL: it is a result. */
static const IrMathStep *user_of(const Printer *p, uint32_t slot, int *at) {
	for (uint32_t i = 0; i < p->program->steps.count; i++) {
		const IrMathStep *step = &p->program->steps.data[i];
		for (uint32_t k = 0; k < step->arg_count; k++) {
			*at = (int)k;
			if (step->args[k] == slot)
				return step;
		}
	}
	return NULL;
}

/* Names of math.def get a statement of their own; a piece without a name stands where it is used, where that is safe. */
static bool nests(const Printer *p, const IrMathStep *step, const CExpr *value) {
	if (step->kind == IR_MATH_REAL || step->kind == IR_MATH_INTEGER)
		return true;
	if (p->uses[step->result] != 1 || p->program->names[step->result] || p->goes_on[step->result])
		return false;
	int at;
	const IrMathStep *user = user_of(p, step->result, &at);
	if (!user)
		return true;
	if (strlen(value->text) > C_NESTED_MATH)
		return false;
	if (user->kind == IR_MATH_MAD)
		return true;
	return user->kind == IR_MATH_CALL || c_may_nest(user->opcode, at, value);
}

static void print_step(Printer *p, const IrMathStep *step) {
	const CMath *callee = NULL;
	if (step->kind == IR_MATH_CALL) {
		IrScalar types[IR_MATH_MAX_OPERANDS];
		for (uint32_t i = 0; i < step->arg_count; i++)
			types[i] = p->types[step->args[i]];
		callee = function_of(p->file, step->callee, types, step->arg_count, p->fused);
	}
	type_step(p, step, callee);
	CExpr value = step_expression(p, step, callee);
	if (step->result_count > 1) {
		line(p, "%s%s%s;\n", value.text, "", "");
		return;
	}
	if (nests(p, step, &value)) {
		p->values[step->result] = value;
		return;
	}
	const char *type = c_temp_type(p->types[step->result]);
	if (continues(p, step)) {
		const char *name = p->goes_on[step->result];
		line(p, "%s%s = %s;\n", "", name, value.text);
		p->values[step->result] = c_atom(name);
		return;
	}
	bool built_up = p->goes_on[step->result] != NULL;
	const char *name = variable(p, step->result);
	line(p, built_up ? "%s %s = %s;\n" : "const %s %s = %s;\n", type, name, value.text);
	p->values[step->result] = c_atom(name);
}

/* From the last step of every chain back: all steps of one have its name. */
static void name_chains(Printer *p) {
	const IrMathProgram *program = p->program;
	for (uint32_t i = program->steps.count; i-- > 0;) {
		const IrMathStep *step = &program->steps.data[i];
		if (!continues(p, step))
			continue;
		if (!p->goes_on[step->result])
			p->goes_on[step->result] =
				c_local(&p->locals, program->names[step->result] ? program->names[step->result] : "sum");
		p->goes_on[step->args[0]] = p->goes_on[step->result];
	}
}

static void print_head(Printer *p, CMath *made, Text *out) {
	const IrMathProgram *program = p->program;
	bool several = program->result_count > 1;
	text_printf(out, "%s_INLINE %s %s(", p->file->prefix, several ? "void" : c_temp_type(made->results[0]), made->name);
	for (uint32_t i = 0; i < program->param_count; i++)
		text_printf(out, "%s%s %s", i > 0 ? ", " : "", c_temp_type(p->types[i]), p->values[i].text);
	for (uint32_t i = 0; several && i < program->result_count; i++)
		text_printf(out, ", %s *result_%u", c_temp_type(made->results[i]), (unsigned)i + 1);
	text_printf(out, ") {\n");
}

static void print_results(Printer *p, CMath *made) {
	const IrMathProgram *program = p->program;
	made->result_count = program->result_count;
	for (uint32_t i = 0; i < program->result_count; i++) {
		uint32_t slot = program->results[i];
		made->results[i] = p->types[slot];
		if (program->result_count == 1)
			line(p, "return %s;\n%s%s", p->values[slot].text, "", "");
		else
			line(p, "*result_%s = %s;\n%s", arena_printf(p->file->arena, "%u", (unsigned)i + 1), p->values[slot].text,
			     "");
	}
}

static const CMath *print_entry(JitCFile *file, const IrMathProgram *program, const IrScalar *types, bool fused,
                                const char *name) {
	Arena *arena = file->arena;
	Printer printer = {.file = file, .program = program, .fused = fused, .locals = c_locals(arena, file->prefix)};
	Printer *p = &printer;
	p->text = text_new(arena);
	p->types = ARENA_ARRAY(arena, IrScalar, program->slot_count);
	p->uses = ARENA_ARRAY(arena, uint32_t, program->slot_count);
	p->made_by = ARENA_ARRAY(arena, const IrMathStep *, program->slot_count);
	p->goes_on = ARENA_ARRAY(arena, const char *, program->slot_count);
	p->values = ARENA_ARRAY(arena, CExpr, program->slot_count);
	for (uint32_t i = 0; i < program->param_count; i++) {
		p->types[i] = types[i];
		p->values[i] = c_atom(c_local(&p->locals, program->names[i]));
	}
	count(p);
	name_chains(p);
	for (uint32_t i = 0; i < program->steps.count; i++)
		print_step(p, &program->steps.data[i]);
	CMath *made = ARENA_NEW(arena, CMath);
	made->name = name;
	print_results(p, made);
	Text text = text_new(arena);
	print_head(p, made, &text);
	text_printf(&text, "%s}\n", text_cstr(&p->text));
	made->text = text_cstr(&text);
	vec_push(arena, &file->functions, made);
	return made;
}

static const CMath *function_of(JitCFile *file, uint32_t first, const IrScalar *types, uint32_t count_, bool fused) {
	uint32_t entry = ir_math_choose(first, types, count_, fused);
	const IrMathProgram *program = ir_math_program(file->math, entry);
	const char *name = arena_printf(file->arena, "%s_%s_%s%s", file->prefix, program->name, c_suffix(program->type),
	                                fused ? "_fma" : "");
	const CMath *known = find(file, name);
	return known ? known : print_entry(file, program, types, fused, name);
}

/* a^k for a k that is known when it runs only: a power of reals. */
static const CMath *powi(JitCFile *file, IrScalar type, bool fused) {
	const char *name = arena_printf(file->arena, "%s_powi_%s%s", file->prefix, c_suffix(type), fused ? "_fma" : "");
	const CMath *known = find(file, name);
	if (known)
		return known;
	uint32_t first = ir_math_find(type == IR_F32 ? "pow_short" : "pow");
	const CMath *power = function_of(file, first, (IrScalar[]){IR_F64, IR_F64}, 2, fused);
	CMath *made = ARENA_NEW(file->arena, CMath);
	*made = (CMath){.name = name, .results = {type}, .result_count = 1};
	made->text = arena_printf(file->arena, "%s_INLINE %s %s(%s a, int64_t k) {\n\treturn %s%s(%sa, (double)k);\n}\n",
	                          file->prefix, c_scalar(type), name, c_scalar(type), type == IR_F32 ? "(float)" : "",
	                          power->name, type == IR_F32 ? "(double)" : "");
	vec_push(file->arena, &file->functions, made);
	return made;
}

const char *c_math_function(JitCFile *file, IrOpcode opcode, const IrScalar *types, bool fused) {
	bool random = ir_op_info[opcode].typing == IR_T_RANDOM; /* the same numbers in every mode */
	if (opcode == IR_powi)
		return powi(file, types[0], fused)->name;
	uint32_t first = ir_math_find(ir_op_info[opcode].name);
	return function_of(file, first, types, (uint32_t)ir_op_info[opcode].arity, fused && !random)->name;
}

void c_math_print(const JitCFile *file, Text *out) {
	if (file->functions.count == 0)
		return;
	text_printf(
		out, "/* Mathematics by gradus's own definitions, not the C library's: the same bits on every machine. */\n\n");
	for (uint32_t i = 0; i < file->functions.count; i++)
		text_printf(out, "%s\n", file->functions.data[i]->text);
}
