/* Small ops over whole matrices: matrix.h. */
#include "autodiff/matrix.h"

AdMatrixOp ad_matrix_op(const AdMatrices *a, IrDim rows, IrDim cols) {
	AdMatrixOp o = {.a = a, .f = ir_for_begin(a->b), .rows = rows, .cols = cols};
	IrModule *module = a->b->func->module;
	if (a->lanes)
		o.lead[o.lead_count++] = ir_at_index(module, ir_for_lane(&o.f), 1);
	for (int k = 0; k < a->outer; k++)
		o.lead[o.lead_count++] = ir_at_index(module, ir_for_index(&o.f, 0, a->lead[k]), 1);
	o.i = ir_for_index(&o.f, session_name(module->session, "i"), rows);
	o.j = ir_for_index(&o.f, session_name(module->session, "j"), cols);
	return o;
}

/* The positions in front, as far as the value has these axes. */
static uint32_t lead_of(const AdMatrixOp *o, IrValue value, IrAt *at) {
	uint32_t count = 0;
	bool lacks = o->a->lanes && !ir_type(o->a->b->func, value).lanes;
	for (int k = lacks; k < o->lead_count; k++)
		at[count++] = o->lead[k];
	return count;
}

uint32_t ad_matrix_read(AdMatrixOp *o, IrValue value, IrAt row, IrAt col) {
	IrAt at[IR_MAX_RANK];
	uint32_t count = lead_of(o, value, at);
	at[count] = row;
	at[count + 1] = col;
	return ir_read(&o->f, value, at, false);
}

uint32_t ad_matrix_element(AdMatrixOp *o, IrValue value, bool transposed) {
	IrModule *module = o->a->b->func->module;
	IrAt i = ir_at_index(module, o->i, 1), j = ir_at_index(module, o->j, 1);
	return transposed ? ad_matrix_read(o, value, j, i) : ad_matrix_read(o, value, i, j);
}

uint32_t ad_matrix_where(AdMatrixOp *o, uint32_t below, uint32_t on, uint32_t above) {
	IrModule *module = o->a->b->func->module;
	uint32_t i = ir_index_value(&o->f, ir_at_index(module, o->i, 1));
	uint32_t j = ir_index_value(&o->f, ir_at_index(module, o->j, 1));
	uint32_t rest = ir_op3(&o->f, IR_where, ir_op2(&o->f, IR_eq, i, j), on, above);
	return ir_op3(&o->f, IR_where, ir_op2(&o->f, IR_gt, i, j), below, rest);
}

static IrType type_of(const AdMatrixOp *o) {
	const AdMatrices *a = o->a;
	IrType type = {.scalar = a->real, .lanes = a->lanes};
	if (a->lanes)
		type.dims[type.rank++] = IR_LANES;
	for (int k = 0; k < a->outer; k++)
		type.dims[type.rank++] = a->lead[k];
	type.dims[type.rank++] = o->rows;
	type.dims[type.rank++] = o->cols;
	return type;
}

static IrValue put(AdMatrixOp *o, IrCombine combine, uint32_t node) {
	IrModule *module = o->a->b->func->module;
	IrAt at[IR_MAX_RANK];
	for (int k = 0; k < o->lead_count; k++)
		at[k] = o->lead[k];
	at[o->lead_count] = ir_at_index(module, o->i, 1);
	at[o->lead_count + 1] = ir_at_index(module, o->j, 1);
	IrValue out = ir_put(&o->f, combine, node, type_of(o), at, 0, false);
	ir_for_end(&o->f);
	return out;
}

IrValue ad_matrix_end(AdMatrixOp *o, uint32_t node) {
	return put(o, IR_PUT_NONE, node);
}

IrValue ad_matrix_product(const AdMatrices *a, AdFactor x, AdFactor y, IrDim rows, IrDim inner, IrDim cols,
                          bool negative) {
	AdMatrixOp o = ad_matrix_op(a, rows, cols);
	IrModule *module = a->b->func->module;
	IrAt k = ir_at_index(module, ir_for_index(&o.f, session_name(module->session, "k"), inner), 1);
	IrAt i = ir_at_index(module, o.i, 1), j = ir_at_index(module, o.j, 1);
	uint32_t left = x.transposed ? ad_matrix_read(&o, x.value, k, i) : ad_matrix_read(&o, x.value, i, k);
	uint32_t right = y.transposed ? ad_matrix_read(&o, y.value, j, k) : ad_matrix_read(&o, y.value, k, j);
	uint32_t term = ir_op2(&o.f, IR_mul, left, right);
	return put(&o, IR_PUT_SUM, negative ? ir_op1(&o.f, IR_neg, term) : term);
}

IrValue ad_matrix_transpose(const AdMatrices *a, IrValue value, IrDim rows, IrDim cols) {
	AdMatrixOp o = ad_matrix_op(a, rows, cols);
	return ad_matrix_end(&o, ad_matrix_element(&o, value, true));
}

IrValue ad_matrix_call(const AdMatrices *a, IrCallee callee, const IrValue *args) {
	return ir_call(a->b, callee, args)->call.outs[0];
}

IrValue ad_matrix_minus(const AdMatrices *a, IrValue x, IrValue y, IrDim rows, IrDim cols) {
	if (!y)
		return x;
	AdMatrixOp o = ad_matrix_op(a, rows, cols);
	uint32_t second = ad_matrix_element(&o, y, false);
	if (!x)
		return ad_matrix_end(&o, ir_op1(&o.f, IR_neg, second));
	uint32_t first = ad_matrix_element(&o, x, false);
	return ad_matrix_end(&o, ir_op2(&o.f, IR_sub, first, second));
}
