/* Forward mode: after every op, an op on the same domain that makes the tangents of its outputs.
 *
 *     y = for i:n { mul(x[i], sin(x[i])) } -> [i]
 *     y~ = for i:n { add(mul(x~[i], sin(x[i])), mul(x[i], mul(x~[i], cos(x[i])))) } -> [i]
 *
 * A value has a tangent exactly if it is active; loops carry the tangents of their carries. What does not move along the
 * given direction has a tangent of 0, be it a parameter or what a selection left; that stays 0 even where a function's
 * derivative is infinite. */
#include "autodiff/ad.h"

/* Tangents of a body's nodes; AD_NONE: zero. */
static uint32_t *body_tangents(AdEmit *e, const bool *wanted) {
	Ad *ad = e->ad;
	uint32_t *tangent = ARENA_ARRAY(ad->scratch, uint32_t, e->body.from->nodes.count + 1);
	const bool *active = ad_active_nodes(&ad->facts, e->body.from);
	AdWins wins = ad_wins(&ad->facts, e->body.from);
	for (uint32_t n = 0; n < e->body.from->nodes.count; n++) {
		const IrNode *node = &e->body.from->nodes.data[n];
		tangent[n] = AD_NONE;
		if (!active[n] || !wanted[n])
			continue;
		if (node->kind == IR_NODE_READ) {
			IrAt *at = ir_rewrite_positions(&e->body, node->at, node->at_count);
			bool guarded = node->guarded || (e->guard && node->at_count > 0);
			tangent[n] = ir_read(&e->f, ad->linear[node->value], at, guarded);
			continue;
		}
		if (node->opcode == IR_where) {
			uint32_t choice = ir_rewrite_node(&e->body, node->args[0]);
			uint32_t zero = ir_real(&e->f, node->type, 0);
			uint32_t yes = tangent[node->args[1]], no = tangent[node->args[2]];
			tangent[n] = ir_op3(&e->f, IR_where, choice, yes == AD_NONE ? zero : yes, no == AD_NONE ? zero : no);
			continue;
		}
		for (int i = 0; i < ir_op_info[node->opcode].arity; i++) {
			if (!ad_differentiable(node->opcode, i) || tangent[node->args[i]] == AD_NONE)
				continue;
			/* a finite value needs no care where the derivative is finite as well: in the rows that time goes into */
			bool zero_wins = !ir_op_is_steep(node->opcode, i) && ad_zero_wins(&wins, n, i);
			uint32_t part = ad_chain(e, n, i, tangent[node->args[i]], zero_wins);
			tangent[n] = ad_sum(e, tangent[n], part);
		}
	}
	return tangent;
}

/* Nodes whose tangents the chosen puts need. */
static bool *wanted_nodes(const Ad *ad, const IrFor *op, const bool *chosen) {
	return ad_path_nodes(&ad->facts, op, chosen, ad_active_nodes(&ad->facts, op));
}

static void name_tangent(Ad *ad, IrValue old) {
	Name name = ir_info(ad->from, old)->name;
	ad->b.name = name ? session_name(ad->module->session, ad_tilde(ad, name)) : 0;
}

/* All puts without saved arguments. A put into a base starts from the base's tangent. */
static void linear_tangents(Ad *ad, const IrOp *op, const bool *chosen) {
	IrValue *into = ARENA_ARRAY(ad->scratch, IrValue, op->f.puts.count + 1);
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (!chosen[p] || !put->into)
			continue;
		into[p] = ad->linear[put->into];
		if (!into[p] && put->combine == IR_PUT_NONE)
			into[p] = ad_zeros(ad, ir_type(ad->from, put->into));
	}
	AdEmit *e = ad_emit_same_domain(ad, op);
	const uint32_t *tangent = body_tangents(e, wanted_nodes(ad, &op->f, chosen));
	bool any = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (!chosen[p])
			continue;
		if (put->combine == IR_PUT_SUM && tangent[put->node] == AD_NONE) {
			ad->linear[put->out] = into[p];
			continue;
		}
		IrType type = ir_type(ad->from, put->out);
		uint32_t node = tangent[put->node] == AD_NONE ? ir_real(&e->f, type.scalar, 0) : tangent[put->node];
		IrAt *at = ir_rewrite_positions(&e->body, put->at, type.rank);
		IrCombine combine = put->combine == IR_PUT_SUM ? IR_PUT_SUM : IR_PUT_NONE;
		if (combine == IR_PUT_NONE && put->combine != IR_PUT_NONE)
			combine = IR_PUT_SUM; /* a maximum over no index need not reach every element */
		name_tangent(ad, put->out);
		ad->linear[put->out] = ir_put(&e->f, combine, node, type, at, into[p], put->guarded);
		any = true;
	}
	if (any)
		ir_for_end(&e->f);
}

/* A maximum's tangent is the tangent of the body where the maximum came from. */
static void extreme_tangent(Ad *ad, const IrOp *op, uint32_t p) {
	const IrPut *put = &op->f.puts.data[p];
	bool *chosen = ARENA_ARRAY(ad->scratch, bool, op->f.puts.count);
	chosen[p] = true;
	AdEmit *e = ad_emit_begin(ad, op);
	AdShrunk shrunk = ad_emit_shrunk(e, put);
	const uint32_t *tangent = body_tangents(e, wanted_nodes(ad, &op->f, chosen));
	IrType type = ir_type(ad->from, put->out);
	uint32_t zero = ir_real(&e->f, type.scalar, 0);
	uint32_t moved = tangent[put->node] == AD_NONE ? zero : tangent[put->node];
	if (shrunk.valid != AD_NONE)
		moved = ir_op3(&e->f, IR_where, shrunk.valid, moved, zero);
	name_tangent(ad, put->out);
	ad->linear[put->out] = ir_put(&e->f, IR_PUT_NONE, moved, type, shrunk.at, 0, false);
	ir_for_end(&e->f);
}

void ad_forward_for(Ad *ad, const IrOp *op) {
	AdEmit *e = ad_emit_same_domain(ad, op);
	ir_rewrite_puts(&ad->b, ad->from, &e->body, &ad->map, NULL);
	ad_save_arguments(e);
	ir_for_end(&e->f);
	bool *linear = ARENA_ARRAY(ad->scratch, bool, op->f.puts.count + 1);
	bool any = false;
	for (uint32_t p = 0; p < op->f.puts.count; p++) {
		const IrPut *put = &op->f.puts.data[p];
		if (!ad->facts.active[put->out])
			continue;
		if (ad_is_extreme(ad->from, &op->f, put))
			extreme_tangent(ad, op, p);
		else
			any = linear[p] = true;
	}
	if (any)
		linear_tangents(ad, op, linear);
}

/* Nothing of a table is active. */
void ad_forward_const(Ad *ad, const IrOp *op) {
	ir_copy_op(&ad->b, ad->from, op, &ad->map);
}

static void forward_block(Ad *ad, const IrBlock *block) {
	for (uint32_t o = 0; o < block->ops.count; o++) {
		ad->b.span = block->ops.data[o]->span;
		ad_rules[block->ops.data[o]->kind].forward(ad, block->ops.data[o]);
	}
}

static IrValue tangent_or_zeros(Ad *ad, IrValue old) {
	return ad->linear[old] ? ad->linear[old] : ad_zeros(ad, ir_type(ad->from, old));
}

/* Behind the carries, the tangents of those that are active, in order. */
void ad_forward_loop(Ad *ad, const IrOp *op) {
	const IrLoop *loop = &op->loop;
	uint32_t count = loop->carries.count, tangents = 0;
	IrValue *inits = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	IrValue *yields = ARENA_ARRAY(ad->scratch, IrValue, count + 1);
	for (uint32_t k = 0; k < count; k++)
		if (ad->facts.active[loop->carries.data[k].out])
			inits[k] = tangent_or_zeros(ad, loop->carries.data[k].init);
	IrLoopCopy copy = {.b = &ad->b, .from = ad->from, .loop = loop, .map = &ad->map};
	ir_loop_copy_begin(&copy);
	for (uint32_t k = 0; k < count; k++) {
		if (!inits[k])
			continue;
		name_tangent(ad, loop->carries.data[k].inner);
		ad->linear[loop->carries.data[k].inner] = ir_loop_copy_carry(&copy, inits[k]);
	}
	ad->b.name = 0;
	forward_block(ad, &loop->body);
	ad->b.span = op->span;
	for (uint32_t k = 0; k < count; k++)
		if (inits[k])
			yields[tangents++] = tangent_or_zeros(ad, loop->carries.data[k].yield);
	ir_loop_copy_end(&copy, yields);
	tangents = 0;
	for (uint32_t k = 0; k < count; k++)
		if (inits[k])
			ad->linear[loop->carries.data[k].out] = ir_loop_copy_out(&copy, tangents++);
}

IrFunc *ad_forward(IrModule *module, const IrFunc *func, const char *name, const bool *wrt, bool keep_results) {
	Ad ad = ad_begin(module, arena_new(), func, name, wrt, AD_NONE, NULL);
	for (uint32_t p = 0; p < func->params.count; p++) {
		const IrParam *param = &ad.from->params.data[p];
		if (ad.facts.active[param->value])
			ad.linear[param->value] = ir_param_as(ad.b.func, ir_role_tilde(param->role), ad_tilde(&ad, param->name),
			                                      ir_type(ad.from, param->value));
	}
	forward_block(&ad, &ad.from->body);
	for (uint32_t i = 0; keep_results && i < func->results.count; i++) {
		const IrResult *result = &ad.from->results.data[i];
		const char *text = result->name ? session_text(module->session, result->name) : NULL;
		ir_result_as(ad.b.func, result->role, text, ir_map_get(&ad.map, result->value));
	}
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &ad.from->results.data[i];
		if (!ir_scalar_is_real(ir_type(ad.from, result->value).scalar))
			continue;
		ad.b.span = (Span){0};
		ir_result_as(ad.b.func, ir_role_tilde(result->role), ad_tilde(&ad, result->name),
		             tangent_or_zeros(&ad, result->value));
	}
	return ad_end(&ad);
}
