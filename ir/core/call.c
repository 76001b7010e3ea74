/* Calls: what a row of calls.def says of the types of arguments and results. */
#include "ir/build.h"

#include <math.h>
#include <string.h>

typedef struct Row {
	const char *name, *args, *outs;
} Row;

static const Row rows[IR_CALLEE_COUNT] = {
#define CALLEE(name, args, outs, flops) [IR_CALL_##name] = {#name, args, outs},
#include "ir/core/calls.def"
#undef CALLEE
};

double ir_callee_flops(IrCallee callee, double n, double m) {
	const double counts[IR_CALLEE_COUNT] = {
#define CALLEE(name, args, outs, flops) [IR_CALL_##name] = (flops),
#include "ir/core/calls.def"
#undef CALLEE
	};
	(void)m;
	return counts[callee];
}

/* "nn nm'" as parts. */
static uint32_t read_parts(const char *text, IrCallPart *parts) {
	uint32_t count = 0;
	for (const char *at = text; *at; count++) {
		IrCallPart *part = &parts[count];
		*part = (IrCallPart){0};
		for (; *at && *at != ' '; at++)
			if (*at == '#')
				part->whole = true;
			else if (*at == '\'')
				part->no_slope = true;
			else if (*at != '.')
				part->axes[part->rank++] = *at;
		while (*at == ' ')
			at++;
	}
	return count;
}

IrCalleeInfo ir_callee_info(IrCallee callee) {
	IrCalleeInfo info = {.name = rows[callee].name};
	info.arg_count = read_parts(rows[callee].args, info.args);
	info.out_count = read_parts(rows[callee].outs, info.outs);
	return info;
}

bool ir_callee_find(const char *name, size_t length, IrCallee *callee) {
	for (uint32_t i = 0; i < IR_CALLEE_COUNT; i++)
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0) {
			*callee = (IrCallee)i;
			return true;
		}
	return false;
}

/* How many axes of a value stand in front of the matrices, lanes aside; negative: it has too few axes. */
static int outer_axes(IrType type, const IrCallPart *part) {
	return type.rank - type.lanes - part->rank;
}

IrCallSize ir_call_size(const IrFunc *func, const IrCall *call) {
	const IrCalleeInfo info = ir_callee_info(call->callee);
	IrCallSize size = {.m = 1};
	for (uint32_t i = 0; i < info.arg_count; i++) {
		const IrType type = ir_type(func, call->args[i]);
		size.outer = outer_axes(type, &info.args[i]);
		for (int k = 0; k < info.args[i].rank; k++)
			*(info.args[i].axes[k] == 'n' ? &size.n : &size.m) = type.dims[type.rank - info.args[i].rank + k];
	}
	return size;
}

/* What type an argument or result has. */
static IrType part_type(const IrCallPart *part, IrScalar real, const IrType *like, int outer, const IrCallSize *size,
                        bool lanes) {
	IrType type = {.scalar = part->whole ? IR_I64 : real, .lanes = lanes};
	if (lanes)
		type.dims[type.rank++] = IR_LANES;
	for (int i = 0; i < outer; i++)
		type.dims[type.rank++] = like->dims[like->lanes + i];
	for (int i = 0; i < part->rank; i++)
		type.dims[type.rank++] = part->axes[i] == 'n' ? size->n : size->m;
	return type;
}

const char *ir_check_call_types(const IrFunc *func, const IrCall *call) {
	const IrCalleeInfo info = ir_callee_info(call->callee);
	const IrType first = ir_type(func, call->args[0]);
	const int outer = outer_axes(first, &info.args[0]);
	bool lanes = false;
	bool wide = ir_scalar_is_real(first.scalar);
	for (uint32_t i = 0; i < info.arg_count; i++)
		wide = wide && outer_axes(ir_type(func, call->args[i]), &info.args[i]) >= 0;
	if (!wide)
		return arena_printf(func->module->arena, "`%s` is of matrices of reals", info.name);
	const IrCallSize size = ir_call_size(func, call);
	for (uint32_t i = 0; i < info.arg_count; i++) {
		const IrType type = ir_type(func, call->args[i]);
		lanes = lanes || type.lanes;
		if (outer_axes(type, &info.args[i]) != outer ||
		    !ir_type_equal(type, part_type(&info.args[i], first.scalar, &first, outer, &size, type.lanes)))
			return arena_printf(func->module->arena, "argument %u of `%s` does not fit the others", (unsigned)i + 1,
			                    info.name);
	}
	for (uint32_t i = 0; i < info.out_count; i++)
		if (!ir_type_equal(ir_type(func, call->outs[i]),
		                   part_type(&info.outs[i], first.scalar, &first, outer, &size, lanes)))
			return arena_printf(func->module->arena, "result %u of `%s` does not fit its arguments", (unsigned)i + 1,
			                    info.name);
	return NULL;
}

IrType ir_call_type(const IrFunc *func, const IrCall *call, uint32_t number) {
	const IrCalleeInfo info = ir_callee_info(call->callee);
	const IrType first = ir_type(func, call->args[0]);
	const IrCallSize size = ir_call_size(func, call);
	bool lanes = false;
	for (uint32_t i = 0; i < info.arg_count; i++)
		lanes = lanes || ir_type(func, call->args[i]).lanes;
	return part_type(&info.outs[number], first.scalar, &first, outer_axes(first, &info.args[0]), &size, lanes);
}

IrOp *ir_call(IrBuilder *b, IrCallee callee, const IrValue *args) {
	const IrCalleeInfo info = ir_callee_info(callee);
	IrOp *op = ARENA_NEW(b->func->module->arena, IrOp);
	const Name name = b->name;
	b->name = 0;
	op->kind = IR_CALL;
	op->span = b->span;
	op->call.callee = callee;
	for (uint32_t i = 0; i < info.arg_count; i++)
		op->call.args[i] = args[i];
	for (uint32_t i = 0; i < info.out_count; i++)
		op->call.outs[i] = ir_value_new(b->func, ir_call_type(b->func, &op->call, i), i == 0 ? name : 0, op);
	ir_append_checked(b, b->block, op, "ir_call");
	return op;
}
