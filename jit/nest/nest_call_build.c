/* The words of which kernels of calls are made: nest_call.h. */
#include "jit/nest/nest_call.h"

static LoopTemp new_temp(NestCall *c, IrScalar type, bool vector) {
	return loop_temp(c->arena, c->kernel, type, vector);
}

static bool is_vector(const NestCall *c, LoopTemp temp) {
	return c->kernel->temps.data[temp].vector;
}

/* ---- numbers ---- */

LoopTemp nest_call_real(NestCall *c, double value) {
	LoopTemp out = new_temp(c, c->real, false);
	loop_stmt(c->arena, c->block, LOOP_CONST, out)->real = value;
	return out;
}

LoopTemp nest_call_op(NestCall *c, IrOpcode opcode, LoopTemp x, LoopTemp y, LoopTemp z) {
	LoopTemp args[IR_MAX_ARGS] = {x, y, z};
	IrScalar types[IR_MAX_ARGS] = {0}, result = IR_BOOL;
	bool vector = false;
	for (int i = 0; i < ir_op_info[opcode].arity; i++) {
		types[i] = c->kernel->temps.data[args[i]].type;
		vector = vector || is_vector(c, args[i]);
	}
	if (!ir_op_type(opcode, types, &result))
		base_panic("nest_call_op", "`%s` of other types", ir_op_info[opcode].name);
	LoopTemp out = new_temp(c, result, vector);
	LoopStmt *stmt = loop_stmt(c->arena, c->block, LOOP_OP, out);
	stmt->opcode = opcode;
	for (int i = 0; i < IR_MAX_ARGS; i++)
		stmt->args[i] = args[i];
	return out;
}

LoopTemp nest_call_minus(NestCall *c, LoopTemp s, LoopTemp x, LoopTemp y) {
	if (c->fuse)
		return nest_call_op(c, IR_fma, nest_call_op(c, IR_neg, x, 0, 0), y, s);
	return nest_call_op(c, IR_sub, s, nest_call_op(c, IR_mul, x, y, 0), 0);
}

LoopTemp nest_call_integer(NestCall *c, LoopAffine value) {
	LoopTemp out = new_temp(c, IR_I64, false);
	loop_stmt(c->arena, c->block, LOOP_AFFINE, out)->affine = value;
	return out;
}

LoopAffine nest_call_size(NestCall *c, LoopSize size, int64_t more) {
	LoopAffine affine = loop_affine(more);
	loop_affine_add(c->arena, &affine, size, 0);
	return affine;
}

LoopAffine nest_call_var(NestCall *c, LoopTemp var, int64_t more) {
	LoopAffine affine = loop_affine(more);
	loop_affine_add(c->arena, &affine, loop_size(1), var);
	return affine;
}

LoopAffine nest_call_mirror(NestCall *c, LoopTemp var) {
	LoopAffine affine = nest_call_size(c, c->n, -1);
	loop_affine_add(c->arena, &affine, loop_size(-1), var);
	return nest_call_var(c, nest_call_integer(c, affine), 0);
}

LoopTemp nest_call_lanes(NestCall *c, LoopAffine first) {
	LoopTemp out = new_temp(c, IR_I64, true);
	LoopStmt *stmt = loop_stmt(c->arena, c->block, LOOP_AFFINE, out);
	stmt->affine = first;
	stmt->stride = 1;
	return out;
}

/* ---- loops ---- */

static NestTurn begin(NestCall *c, LoopBound low, LoopBound high, int64_t step) {
	NestTurn turn = {.outside = c->block, .var = new_temp(c, IR_I64, false)};
	turn.stmt = loop_stmt(c->arena, c->block, LOOP_FOR, turn.var);
	vec_push(c->arena, &turn.stmt->low, low);
	vec_push(c->arena, &turn.stmt->high, high);
	turn.stmt->step = step;
	c->block = &turn.stmt->body;
	return turn;
}

static LoopBound bound(LoopAffine affine, int64_t unit) {
	return (LoopBound){affine, unit, unit};
}

NestTurn nest_call_for(NestCall *c, LoopAffine low, LoopAffine high) {
	return begin(c, bound(low, 1), bound(high, 1), 1);
}

LoopTemp nest_call_carry(NestCall *c, const NestTurn *turn, LoopTemp init) {
	const LoopTempInfo info = c->kernel->temps.data[init];
	bool vector = info.vector || c->lanes;
	LoopCarry carry = {.init = init, .inner = new_temp(c, info.type, vector), .out = new_temp(c, info.type, vector)};
	vec_push(c->arena, &turn->stmt->carries, carry);
	return carry.inner;
}

LoopTemp nest_call_yield(NestCall *c, const NestTurn *turn, uint32_t number, LoopTemp value) {
	LoopCarry *carry = &turn->stmt->carries.data[number];
	if (is_vector(c, value) && !is_vector(c, carry->inner))
		c->kernel->temps.data[carry->inner].vector = c->kernel->temps.data[carry->out].vector = true;
	carry->yield = value;
	return carry->out;
}

void nest_call_end(NestCall *c, const NestTurn *turn) {
	c->block = turn->outside;
}

enum { LEAST_TAIL = 4 }; /* fewer columns behind whole vectors go one by one */

void nest_call_columns(NestCall *c, LoopAffine low, LoopSize count, int64_t least, NestColumnsBody *body,
                       void *context) {
	bool fixed = count.count == 0;
	int64_t tail = fixed ? count.factor % LOOP_LANES : 0, whole = count.factor - tail;
	LoopAffine end = nest_call_size(c, count, 0);
	NestTurn turn;
	if (!c->lanes && (!fixed || whole > 0)) {
		turn = begin(c, bound(low, LOOP_LANES), bound(end, LOOP_LANES), LOOP_LANES);
		body(c, (NestColumns){.at = nest_call_var(c, turn.var, 0), .vector = true}, context);
		nest_call_end(c, &turn);
	}
	if (fixed && !c->lanes && tail >= (whole > 0 ? LEAST_TAIL : least)) {
		body(c, (NestColumns){.at = loop_affine(whole), .vector = true, .tail = (uint32_t)tail}, context);
		return;
	}
	if (fixed && !c->lanes && tail == 0)
		return;
	turn = begin(c, bound(low, 1), bound(end, 1), 1);
	if (!c->lanes)
		vec_push(c->arena, &turn.stmt->low, bound(end, LOOP_LANES));
	body(c, nest_call_one(nest_call_var(c, turn.var, 0)), context);
	nest_call_end(c, &turn);
}

void nest_call_columns_below(NestCall *c, LoopAffine end, NestColumnsBody *body, void *context) {
	NestTurn turn;
	if (!c->lanes) {
		turn = begin(c, bound(loop_affine(0), 1), bound(end, LOOP_LANES), LOOP_LANES);
		body(c, (NestColumns){.at = nest_call_var(c, turn.var, 0), .vector = true}, context);
		nest_call_end(c, &turn);
	}
	turn = begin(c, c->lanes ? bound(loop_affine(0), 1) : bound(end, LOOP_LANES), bound(end, 1), 1);
	body(c, nest_call_one(nest_call_var(c, turn.var, 0)), context);
	nest_call_end(c, &turn);
}

/* ---- memory ---- */

NestRow nest_call_row(LoopAffine at) {
	return (NestRow){.at = at};
}

NestColumns nest_call_one(LoopAffine at) {
	return (NestColumns){.at = at};
}

static void add_scaled(NestCall *c, LoopAffine *sum, LoopAffine part, LoopSize by) {
	loop_affine_add(c->arena, sum, loop_size_mul(loop_size(part.offset), by), 0);
	for (uint32_t i = 0; i < part.count; i++)
		loop_affine_add(c->arena, sum, loop_size_mul(part.terms[i].coef, by), part.terms[i].temp);
}

uint32_t nest_call_touch(NestCall *c, NestArray *array) {
	if (array->formal == LOOP_NO_BUFFER) {
		array->formal = c->touched.count;
		vec_push(c->arena, &c->touched, array);
		vec_push(c->arena, &c->kernel->formals, ((LoopFormal){.type = array->type}));
	}
	return array->formal;
}

static LoopAddress address(NestCall *c, NestArray *array, NestRow row, NestColumns columns) {
	LoopSize unit = loop_size(array->lanes ? LOOP_LANES : 1);
	LoopSize cols = loop_size_mul(unit, array->cols);
	LoopAddress to = {.buffer = nest_call_touch(c, array), .affine = loop_affine(0)};
	if (c->problem)
		loop_affine_add(c->arena, &to.affine, loop_size_mul(unit, array->elements), c->problem);
	add_scaled(c, &to.affine, row.at, cols);
	add_scaled(c, &to.affine, columns.at, unit);
	to.stride = array->lanes || columns.vector ? 1 : 0;
	if (row.by_lane) {
		to.index = row.by_lane;
		to.scale = cols;
		to.stride = array->lanes ? 1 : 0;
	}
	return to;
}

LoopTemp nest_call_load(NestCall *c, NestArray *array, NestRow row, NestColumns columns) {
	LoopAddress from = address(c, array, row, columns);
	LoopTemp out = new_temp(c, array->type, from.stride != 0 || from.index != 0);
	LoopStmt *stmt = loop_stmt(c->arena, c->block, LOOP_LOAD, out);
	stmt->address = from;
	stmt->lanes = columns.tail;
	return out;
}

void nest_call_store(NestCall *c, NestArray *array, NestRow row, NestColumns columns, LoopTemp value) {
	LoopAddress to = address(c, array, row, columns);
	LoopStmt *stmt = loop_stmt(c->arena, c->block, LOOP_STORE, 0);
	stmt->address = to;
	stmt->lanes = columns.tail;
	stmt->value = value;
}

NestRow nest_call_through(NestCall *c, NestArray *p, LoopAffine i) {
	LoopTemp first = nest_call_integer(c, loop_affine(0)), last = nest_call_integer(c, nest_call_size(c, c->n, -1));
	LoopTemp row = nest_call_load(c, p, nest_call_row(i), nest_call_one(loop_affine(0)));
	row = nest_call_op(c, IR_max, nest_call_op(c, IR_min, row, last, 0), first, 0);
	if (is_vector(c, row))
		return (NestRow){.at = loop_affine(0), .by_lane = row};
	return nest_call_row(nest_call_var(c, row, 0));
}
