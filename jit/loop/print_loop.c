/* The text form of the loop IR: for people, and for finding kernels that are the same. */
#include "jit/loop/loop.h"

#include <inttypes.h>

static const char *const scalar_names[] = {"bool", "i32", "i64", "f32", "f64"};

static void print_size(LoopSize size, Text *out) {
	bool bare = size.factor == 1 && size.count > 0;
	if (!bare)
		text_printf(out, "%" PRId64, size.factor);
	for (uint32_t i = 0; i < size.count; i++)
		text_printf(out, "%s$%u", i > 0 || !bare ? "*" : "", (unsigned)size.symbols[i]);
}

static void print_affine(LoopAffine affine, Text *out) {
	bool first = true;
	for (uint32_t i = 0; i < affine.count; i++) {
		const LoopTerm *term = &affine.terms[i];
		text_printf(out, "%s", first ? "" : " + ");
		first = false;
		if (term->temp == 0) {
			print_size(term->coef, out);
			continue;
		}
		if (term->coef.factor != 1 || term->coef.count > 0) {
			print_size(term->coef, out);
			text_char(out, '*');
		}
		text_printf(out, "%%%u", term->temp);
	}
	if (first)
		text_printf(out, "%" PRId64, affine.offset);
	else if (affine.offset != 0)
		text_printf(out, " + %" PRId64, affine.offset);
}

static void print_bound(const LoopBound *bound, Text *out) {
	bool plain = bound->div == 1 && bound->mul == 1;
	if (plain) {
		print_affine(bound->affine, out);
		return;
	}
	text_printf(out, "floor((");
	print_affine(bound->affine, out);
	text_printf(out, ") / %" PRId64 ") * %" PRId64, bound->div, bound->mul);
}

static void print_bounds(const char *name, const LoopBound *bounds, uint32_t count, Text *out) {
	if (count == 1) {
		print_bound(&bounds[0], out);
		return;
	}
	text_printf(out, "%s(", name);
	for (uint32_t i = 0; i < count; i++) {
		text_printf(out, "%s", i > 0 ? ", " : "");
		print_bound(&bounds[i], out);
	}
	text_char(out, ')');
}

static void print_address(const LoopStmt *stmt, Text *out) {
	const LoopAddress *address = &stmt->address;
	text_printf(out, "b%u[", address->buffer);
	print_affine(address->affine, out);
	if (address->stride == 1)
		text_printf(out, " + lane");
	else if (address->stride != 0)
		text_printf(out, " + %" PRId64 "*lane", address->stride);
	if (address->index != 0) {
		text_printf(out, " + ");
		print_size(address->scale, out);
		text_printf(out, "*%%%u", address->index);
	}
	text_char(out, ']');
	if (stmt->lanes != 0)
		text_printf(out, " of %u lanes", stmt->lanes);
}

static void indent(int depth, Text *out) {
	for (int i = 0; i < depth; i++)
		text_printf(out, "  ");
}

static void print_block(const LoopKernel *kernel, const LoopBlock *block, int depth, Text *out);

static void print_out(const LoopKernel *kernel, LoopTemp temp, Text *out) {
	const LoopTempInfo *info = &kernel->temps.data[temp];
	text_printf(out, "%%%u : %s%s = ", temp, scalar_names[info->type], info->vector ? "x16" : "");
}

static void print_nested(const LoopKernel *kernel, const LoopStmt *stmt, int depth, Text *out) {
	if (stmt->kind == LOOP_FOR) {
		text_printf(out, "for %%%u in ", stmt->out);
		print_bounds("max", stmt->low.data, stmt->low.count, out);
		text_printf(out, " .. ");
		print_bounds("min", stmt->high.data, stmt->high.count, out);
		if (stmt->step != 1)
			text_printf(out, " step %" PRId64, stmt->step);
	} else {
		text_printf(out, "if ");
		for (uint32_t i = 0; i < stmt->conds.count; i++) {
			text_printf(out, "%s", i > 0 ? ", " : "");
			print_affine(stmt->conds.data[i], out);
			text_printf(out, " >= 0");
		}
	}
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		text_printf(out, "%s%%%u = %%%u", i == 0 ? " carry " : ", ", carry->inner, carry->init);
	}
	text_char(out, '\n');
	print_block(kernel, &stmt->body, depth + 1, out);
	for (uint32_t i = 0; i < stmt->carries.count; i++) {
		const LoopCarry *carry = &stmt->carries.data[i];
		indent(depth, out);
		text_printf(out, "%%%u = left by %%%u = %%%u\n", carry->out, carry->inner, carry->yield);
	}
}

static void print_stmt(const LoopKernel *kernel, const LoopStmt *stmt, int depth, Text *out) {
	indent(depth, out);
	switch (stmt->kind) {
	case LOOP_CONST:
		print_out(kernel, stmt->out, out);
		if (ir_scalar_is_real(kernel->temps.data[stmt->out].type))
			text_printf(out, "%a", stmt->real);
		else
			text_printf(out, "%" PRId64, stmt->integer);
		break;
	case LOOP_OP:
		print_out(kernel, stmt->out, out);
		text_printf(out, "%s ", ir_op_info[stmt->opcode].name);
		for (int i = 0; i < ir_op_info[stmt->opcode].arity; i++)
			text_printf(out, "%s%%%u", i > 0 ? ", " : "", stmt->args[i]);
		break;
	case LOOP_AFFINE:
		print_out(kernel, stmt->out, out);
		print_affine(stmt->affine, out);
		if (kernel->temps.data[stmt->out].vector)
			text_printf(out, " + %" PRId64 "*lane", stmt->stride);
		break;
	case LOOP_SYMBOL:
		print_out(kernel, stmt->out, out);
		text_printf(out, "$%u", stmt->symbol);
		break;
	case LOOP_LOAD:
		print_out(kernel, stmt->out, out);
		text_printf(out, "load ");
		print_address(stmt, out);
		if (stmt->mask != 0)
			text_printf(out, " where %%%u", stmt->mask);
		break;
	case LOOP_STORE:
		text_printf(out, "store ");
		print_address(stmt, out);
		text_printf(out, " = %%%u", stmt->value);
		break;
	case LOOP_TREE:
		print_out(kernel, stmt->out, out);
		text_printf(out, "tree %s %%%u", ir_op_info[stmt->opcode].name, stmt->value);
		break;
	case LOOP_CHECK:
		text_printf(out, "check 0 <= %%%u < ", stmt->value);
		print_affine(stmt->affine, out);
		if (stmt->lanes != 0)
			text_printf(out, " of %u lanes", stmt->lanes);
		text_printf(out, " else %" PRId64, stmt->integer);
		break;
	case LOOP_FOR:
	case LOOP_IF: print_nested(kernel, stmt, depth, out); return;
	}
	text_char(out, '\n');
}

static void print_block(const LoopKernel *kernel, const LoopBlock *block, int depth, Text *out) {
	for (uint32_t i = 0; i < block->stmts.count; i++)
		print_stmt(kernel, block->stmts.data[i], depth, out);
}

void loop_print_kernel(const LoopKernel *kernel, bool with_number, Text *out) {
	if (with_number)
		text_printf(out, "kernel %u (", kernel->number);
	else
		text_printf(out, "kernel (");
	for (uint32_t i = 0; i < kernel->formals.count; i++) {
		const LoopFormal *formal = &kernel->formals.data[i];
		text_printf(out, "%sb%u : %s%s%s%s", i > 0 ? ", " : "", i, scalar_names[formal->type],
		            formal->storage ? " as " : "", formal->storage ? ir_storage_name(formal->storage) : "",
		            formal->written ? "" : " const");
	}
	text_printf(out, ")\n");
	if (kernel->foreign)
		text_printf(out, "  %s(%" PRId64 ", %" PRId64 ", %" PRId64 ")\n", kernel->foreign->name,
		            kernel->foreign->numbers[0], kernel->foreign->numbers[1], kernel->foreign->numbers[2]);
	print_block(kernel, &kernel->body, 1, out);
}

static void print_buffer_name(const LoopFunc *func, uint32_t index, Text *out) {
	const LoopBuffer *buffer = &func->buffers.data[index];
	static const char kinds[] = {'p', 'r', 's', 't'};
	text_printf(out, "%c%u", kinds[buffer->kind], index);
	if (buffer->name != 0)
		text_printf(out, ".%s", session_text(func->session, buffer->name));
}

/* evaluate s1 if s2 -> s3, s4: the value, the gradient; - is one that nobody reads */
static void print_evaluation(const LoopFunc *func, const LoopStep *step, Text *out) {
	const uint32_t gives[] = {step->evaluate.f, step->evaluate.g};
	text_printf(out, "evaluate ");
	print_buffer_name(func, step->evaluate.at, out);
	if (step->evaluate.when != LOOP_NO_BUFFER) {
		text_printf(out, " if ");
		print_buffer_name(func, step->evaluate.when, out);
	}
	for (int k = 0; k < 2; k++) {
		text_printf(out, k ? ", " : " -> ");
		if (gives[k] == LOOP_NO_BUFFER)
			text_char(out, '-');
		else
			print_buffer_name(func, gives[k], out);
	}
	text_char(out, '\n');
}

static void print_steps(const LoopFunc *func, const LoopSteps *steps, int depth, Text *out) {
	for (uint32_t i = 0; i < steps->steps.count; i++) {
		const LoopStep *step = steps->steps.data[i];
		indent(depth, out);
		switch (step->kind) {
		case LOOP_CALL:
			text_printf(out, "call %u (", func->kernels.data[step->kernel]->number);
			for (uint32_t a = 0; a < step->actuals.count; a++) {
				text_printf(out, "%s", a > 0 ? ", " : "");
				print_buffer_name(func, step->actuals.data[a], out);
			}
			text_printf(out, ")\n");
			break;
		case LOOP_COPY:
			text_printf(out, "copy ");
			print_buffer_name(func, step->to, out);
			text_printf(out, " = ");
			print_buffer_name(func, step->from, out);
			text_char(out, '\n');
			break;
		case LOOP_REPEAT:
			text_printf(out, "repeat ");
			print_buffer_name(func, step->counter, out);
			text_printf(out, " < %" PRId64, step->limit);
			if (step->trips != LOOP_NO_BUFFER) {
				text_printf(out, ", ");
				print_buffer_name(func, step->trips, out);
			}
			if (step->goes != LOOP_NO_BUFFER) {
				text_printf(out, " while ");
				print_buffer_name(func, step->goes, out);
			}
			text_char(out, '\n');
			print_steps(func, &step->body, depth + 1, out);
			break;
		case LOOP_EVALUATE: print_evaluation(func, step, out); break;
		}
	}
}

void loop_print(const LoopFunc *func, Text *out) {
	for (uint32_t i = 0; i < func->buffers.count; i++) {
		const LoopBuffer *buffer = &func->buffers.data[i];
		print_buffer_name(func, i, out);
		text_printf(out, " : %s[", scalar_names[buffer->type]);
		print_size(buffer->elements, out);
		text_printf(out, "]");
		if (buffer->kind == LOOP_SCRATCH && buffer->elements.count == 0)
			text_printf(out, " at %" PRId64, buffer->offset);
		else if (buffer->kind == LOOP_SCRATCH)
			text_printf(out, " at slot %u", buffer->slot);
		text_char(out, '\n');
	}
	for (uint32_t i = 0; i < func->kernels.count; i++)
		loop_print_kernel(func->kernels.data[i], true, out);
	text_printf(out, "schedule\n");
	print_steps(func, &func->body, 1, out);
}
