/* A step that ends where it has evaluated hands that evaluation on: f and g there are those that the next step begins with.
 *
 *     %5 y = for i:n { ... }                     becomes the same with two results more:
 *     %6 f, %7 g = evaluate %5
 *     %8 x = for i:n { where(%c[], %5[i], %x[i]) }   %9 f = for { where(%c[], %6[], %f[]) };  %10 g = ...
 *     return x: %8                               return x: %8, f: %9, g: %10
 *
 * A place is the same only if it is the same value, a choice between such places, the same expression, or carried by a loop from turn to
 * turn: then f and g are chosen and carried beside it. Where that is so under conditions alone, the step evaluates where it ends if they
 * do not hold. Where the rule asks for the value alone, it is evaluated with the gradient, if that is handed on, but for those in a loop. */
#include "ir/core/copy.h"
#include "ir/core/limits.h"

#include <math.h>

typedef enum Certainty { NEVER, SOMETIMES, ALWAYS } Certainty;

typedef enum PlanKind {
	PLAN_NONE,      /* nothing is known there */
	PLAN_GIVEN,     /* where the step starts */
	PLAN_EVALUATED, /* by an op */
	PLAN_CARRIED,   /* beside a carry */
	PLAN_CHOSEN     /* by a condition between two others */
} PlanKind;

/* How f and g at a value are come by. */
typedef struct Plan {
	PlanKind kind;
	Certainty certainty;
	const IrOp *op;     /* EVALUATED */
	IrValue value;      /* CARRIED: what the loop carries, inside or after it ... */
	uint32_t carried;   /* ... as this number in HandOn.carried */
	const IrFor *f;     /* CHOSEN: in this body ... */
	uint32_t condition; /* ... by this node */
	const struct Plan *yes, *no;
} Plan;

/* Where something is to be known: in a block, before its op number `before`. */
typedef struct Place {
	const IrBlock *block;
	uint32_t before;
	const struct Place *around; /* the place of the op whose block this is */
} Place;

/* A carried vector, and what is known at it. */
typedef struct Carried {
	const IrLoop *loop;
	uint32_t number;
	Certainty certainty;
	bool ever;             /* something is known at it in some run */
	Place outside, inside; /* where it starts, and where a turn ends */
} Carried;

/* f and g in the new function; known: a truth value, 0: always. */
typedef struct Pair {
	IrValue f, g, known;
} Pair;

typedef struct HandOn {
	const IrFunc *func;
	bool gradient;
	IrValue x, f, g; /* parameters; f 0: not given */
	VEC(Carried) carried;
	uint32_t visits; /* what a search may still look at */
	const Place *place;
	Pair *pairs; /* per old value: of carries, inside and after their loop */
	IrMap map;
	IrBuilder b;
	IrCopier copier;
	Arena *scratch;
} HandOn;

/* Conditions that hold, innermost first. */
typedef struct Holds {
	const IrFor *f;
	uint32_t node;
	const struct Holds *more;
} Holds;

static const Plan nothing = {.kind = PLAN_NONE, .certainty = NEVER};

/* ---- what holds ---- */

static bool value_implies(const HandOn *h, IrValue value, IrValue when, int depth);

/* That the node is true means that `when` is. */
static bool node_implies(const HandOn *h, const IrFor *f, uint32_t number, IrValue when, int depth) {
	const IrNode *node = &f->nodes.data[number];
	if (node->kind == IR_NODE_READ)
		return node->at_count == 0 && value_implies(h, node->value, when, depth);
	return node->kind == IR_NODE_OP && node->opcode == IR_and &&
	       (node_implies(h, f, node->args[0], when, depth) || node_implies(h, f, node->args[1], when, depth));
}

static bool value_implies(const HandOn *h, IrValue value, IrValue when, int depth) {
	const IrFor *f;
	const IrPut *put = ir_put_of(h->func, value, &f);
	if (value == when)
		return true;
	return depth > 0 && put && put->combine == IR_PUT_NONE && !put->into && f->indices.count == 0 &&
	       node_implies(h, f, put->node, when, depth - 1);
}

static bool holds(const HandOn *h, const Holds *known, IrValue when) {
	for (; known; known = known->more)
		if (node_implies(h, known->f, known->node, when, IR_PROOF_DEPTH))
			return true;
	return when == 0;
}

/* ---- the same place ---- */

static bool has_nodes(IrAt at) {
	bool any = false;
	for (uint32_t t = 0; t < at.term_count; t++)
		any = any || at.terms[t].is_node;
	return any;
}

/* Two nodes are the same, position for position. The index of the one stands for that of the other: both bodies are over all of x. */
static bool nodes_equal(const IrFor *a, uint32_t an, const IrFor *b, uint32_t bn, uint32_t *visits) {
	const IrNode *x = &a->nodes.data[an], *y = &b->nodes.data[bn];
	if (*visits == 0 || x->kind != y->kind || x->type != y->type || x->at_count != y->at_count)
		return false;
	(*visits)--;
	for (uint32_t k = 0; k < x->at_count; k++)
		if (has_nodes(x->at[k]) || !ir_at_equal(x->at[k], y->at[k]))
			return false;
	switch (x->kind) {
	case IR_NODE_CONST: return x->integer == y->integer; /* all bits: reals and integers share their place */
	case IR_NODE_DIM: return x->dim == y->dim;
	case IR_NODE_INDEX: return true;
	case IR_NODE_READ: return x->value == y->value && x->guarded == y->guarded;
	case IR_NODE_OP: break;
	}
	bool equal = x->opcode == y->opcode;
	for (int k = 0; equal && k < ir_op_info[x->opcode].arity; k++)
		equal = nodes_equal(a, x->args[k], b, y->args[k], visits);
	return equal;
}

/* An element of the value for every element of x, each by itself: the body, or NULL. */
static const IrPut *each_element(const HandOn *h, IrValue value, const IrFor **f) {
	const IrPut *put = ir_put_of(h->func, value, f);
	bool plain = put && put->combine == IR_PUT_NONE && !put->into && !put->guarded && (*f)->puts.count == 1 &&
	             (*f)->indices.count == 1 && (*f)->conds.count == 0 && ir_info(h->func, value)->type->rank == 1;
	return plain && ir_at_plain_index(put->at[0]) == 0 ? put : NULL;
}

static bool reads_whole(const IrNode *node) {
	return node->kind == IR_NODE_READ && !node->guarded && node->at_count == 1 && ir_at_plain_index(node->at[0]) == 0;
}

/* The node is an element of what is evaluated by an op. */
static bool is_place(HandOn *h, const IrFor *f, uint32_t node, const IrOp *op) {
	const IrFor *other;
	const IrPut *put = each_element(h, op->evaluate.at, &other);
	return put && nodes_equal(f, node, other, put->node, &h->visits);
}

static bool is_used(const IrFunc *func, IrValue value) {
	bool used = ir_block_uses(&func->body, value);
	for (uint32_t i = 0; i < func->results.count; i++)
		used = used || func->results.data[i].value == value;
	return used;
}

/* The op that evaluates a value (f NULL), or what a node is an element of; that which counts always, if there is one. */
static const Plan *find_evaluation(HandOn *h, IrValue value, const IrFor *f, uint32_t node, const Holds *known) {
	Plan *found = NULL;
	for (const Place *place = h->place; place; place = place->around) {
		for (uint32_t i = 0; i < place->before; i++) {
			const IrOp *op = place->block->ops.data[i];
			if (op->kind != IR_EVALUATE || (found && !holds(h, known, op->evaluate.when)))
				continue;
			if (h->gradient && place->around && !is_used(h->func, op->evaluate.g))
				continue; /* a search by values, of which one is wanted with its gradient */
			if (f ? !is_place(h, f, node, op) : op->evaluate.at != value)
				continue;
			found = found ? found : ARENA_NEW(h->scratch, Plan);
			*found = (Plan){.kind = PLAN_EVALUATED, .op = op, .certainty = SOMETIMES};
			if (holds(h, known, op->evaluate.when)) {
				found->certainty = ALWAYS;
				return found;
			}
		}
	}
	return found ? found : &nothing;
}

/* ---- plans ---- */

static const Plan *find_plan(HandOn *h, IrValue value, const Holds *known);

static const Plan *find_choice(HandOn *h, const IrFor *f, uint32_t number, const Holds *known);

/* What is known where an element of a vector is made by this node. */
static const Plan *find_element(HandOn *h, const IrFor *f, uint32_t number, const Holds *known) {
	const IrNode *node = &f->nodes.data[number];
	if (h->visits == 0)
		return &nothing;
	h->visits--;
	if (reads_whole(node))
		return find_plan(h, node->value, known);
	if (node->kind == IR_NODE_OP && node->opcode == IR_where) {
		uint32_t *sets = ARENA_ARRAY(h->scratch, uint32_t, f->nodes.count);
		ir_node_index_sets(f, f->nodes.count, sets);
		if (sets[node->args[0]] == 0)
			return find_choice(h, f, number, known);
	}
	return find_evaluation(h, 0, f, number, known);
}

static const Plan *find_choice(HandOn *h, const IrFor *f, uint32_t number, const Holds *known) {
	const IrNode *node = &f->nodes.data[number];
	Holds yes = {f, node->args[0], known};
	const Plan *a = find_element(h, f, node->args[1], &yes), *b = find_element(h, f, node->args[2], known);
	if (a->certainty == NEVER && b->certainty == NEVER)
		return &nothing;
	Plan *plan = ARENA_NEW(h->scratch, Plan);
	*plan = (Plan){.kind = PLAN_CHOSEN, .certainty = SOMETIMES, .f = f, .condition = node->args[0], .yes = a, .no = b};
	if (a->certainty == ALWAYS && b->certainty == ALWAYS)
		plan->certainty = ALWAYS;
	return plan;
}

static Carried *carried_by(HandOn *h, const IrLoop *loop, uint32_t number) {
	for (uint32_t i = 0; i < h->carried.count; i++)
		if (h->carried.data[i].loop == loop && h->carried.data[i].number == number)
			return &h->carried.data[i];
	return NULL;
}

/* Where the ops of a loop's body stand; NULL: the loop is not around or before the place. */
static const Place *place_of(HandOn *h, const IrLoop *loop, const Place *place) {
	for (; place; place = place->around) {
		for (uint32_t i = 0; i < place->block->ops.count; i++) {
			const IrOp *op = place->block->ops.data[i];
			if (op->kind != IR_LOOP || &op->loop != loop)
				continue;
			Place *found = ARENA_NEW(h->scratch, Place);
			*found = (Place){place->block, i, place->around};
			return found;
		}
	}
	return NULL;
}

/* What is carried is at first taken to be known always; settle() takes back what does not hold. */
static const Plan *find_carried(HandOn *h, const IrLoop *loop, uint32_t number, IrValue value) {
	Carried *carried = carried_by(h, loop, number);
	if (!carried) {
		const Place *outside = place_of(h, loop, h->place);
		if (!outside)
			return &nothing;
		vec_push(h->scratch, &h->carried, ((Carried){.loop = loop, .number = number, .certainty = ALWAYS}));
		carried = &h->carried.data[h->carried.count - 1];
		carried->outside = *outside;
		carried->inside = (Place){&loop->body, loop->body.ops.count, outside};
	}
	if (carried->certainty == NEVER)
		return &nothing;
	Plan *plan = ARENA_NEW(h->scratch, Plan);
	*plan = (Plan){.kind = PLAN_CARRIED, .certainty = carried->certainty, .value = value};
	plan->carried = (uint32_t)(carried - h->carried.data);
	return plan;
}

static const Plan *find_plan(HandOn *h, IrValue value, const Holds *known) {
	if (value == h->x && h->f) {
		static const Plan given = {.kind = PLAN_GIVEN, .certainty = ALWAYS};
		return &given;
	}
	IrDef def = ir_def_of(h->func, value);
	const IrFor *f;
	const IrPut *put = each_element(h, value, &f);
	const Plan *plan = &nothing;
	if (def.kind == IR_DEF_INNER || def.kind == IR_DEF_OUT)
		plan = find_carried(h, &def.op->loop, def.number, value);
	else if (put)
		plan = find_element(h, f, put->node, known);
	if (plan->certainty == ALWAYS)
		return plan;
	const Plan *evaluated = find_evaluation(h, value, NULL, 0, known);
	return evaluated->certainty > plan->certainty || plan->certainty == NEVER ? evaluated : plan;
}

/* At a place of its own. */
static const Plan *find_at(HandOn *h, const Place *place, IrValue value) {
	const Place *before = h->place;
	h->place = place;
	h->visits = IR_HAND_ON_VISITS;
	const Plan *plan = find_plan(h, value, NULL);
	h->place = before;
	return plan;
}

static bool is_ever_known(const HandOn *h, const Plan *plan) {
	switch (plan->kind) {
	case PLAN_NONE: return false;
	case PLAN_GIVEN:
	case PLAN_EVALUATED: return true;
	case PLAN_CARRIED: return h->carried.data[plan->carried].ever;
	case PLAN_CHOSEN: return is_ever_known(h, plan->yes) || is_ever_known(h, plan->no);
	}
	return false;
}

/* What is known of carries only because it was known of them before is known of none. */
static bool drop_rootless(HandOn *h) {
	bool changed = true, dropped = false;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < h->carried.count; i++) {
			Carried one = h->carried.data[i];
			const IrCarry *carry = &one.loop->carries.data[one.number];
			bool ever = one.ever || is_ever_known(h, find_at(h, &one.outside, carry->init)) ||
			            is_ever_known(h, find_at(h, &one.inside, carry->yield));
			changed = changed || ever != one.ever;
			h->carried.data[i].ever = ever;
		}
	}
	for (uint32_t i = 0; i < h->carried.count; i++) {
		Carried *one = &h->carried.data[i];
		dropped = dropped || (!one->ever && one->certainty != NEVER);
		one->certainty = one->ever ? one->certainty : NEVER;
	}
	return dropped;
}

/* Until nothing changes: what a loop carries is known as surely as what it starts from and what every turn leaves. Certainties only
 * fall, so this ends; by induction over turns what is left is true. */
static void settle(HandOn *h) {
	bool changed = true;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < h->carried.count; i++) {
			Carried one = h->carried.data[i]; /* the array may grow */
			const IrCarry *carry = &one.loop->carries.data[one.number];
			Certainty start = find_at(h, &one.outside, carry->init)->certainty;
			Certainty turn = find_at(h, &one.inside, carry->yield)->certainty;
			Certainty both = turn == NEVER ? NEVER : start == ALWAYS && turn == ALWAYS ? ALWAYS : SOMETIMES;
			changed = changed || both < one.certainty;
			if (both < one.certainty)
				h->carried.data[i].certainty = both;
		}
	}
}

/* ---- the function with more results ---- */

static IrValue put_scalar(IrForBuilder *f, uint32_t node) {
	IrValue out = ir_put(f, IR_PUT_NONE, node, ir_scalar_type(ir_node_type(f, node)), NULL, 0, false);
	ir_for_end(f);
	return out;
}

static IrValue truth(HandOn *h, bool value) {
	IrForBuilder f = ir_for_begin(&h->b);
	return put_scalar(&f, ir_bool(&f, value));
}

/* The body that chooses by a condition begins. */
static uint32_t begin_choice(HandOn *h, const Plan *plan, IrForBuilder *f) {
	*f = ir_for_begin(&h->b);
	IrRewrite rewrite = ir_rewrite_begin(h->scratch, f, plan->f, &h->map, NULL);
	return ir_rewrite_node(&rewrite, plan->condition);
}

static uint32_t known_node(IrForBuilder *f, const Plan *plan, Pair pair) {
	return plan->certainty == NEVER ? ir_bool(f, false) : pair.known ? ir_read_scalar(f, pair.known) : ir_bool(f, true);
}

static Pair emit_plan(HandOn *h, const Plan *plan);

static Pair emit_choice(HandOn *h, const Plan *plan) {
	Pair yes = emit_plan(h, plan->yes), no = emit_plan(h, plan->no), out = {0};
	IrForBuilder f;
	uint32_t condition;
	if (plan->certainty == SOMETIMES) {
		condition = begin_choice(h, plan, &f);
		uint32_t a = known_node(&f, plan->yes, yes), b = known_node(&f, plan->no, no);
		out.known = put_scalar(&f, ir_op3(&f, IR_where, condition, a, b));
	}
	if (plan->yes->certainty == NEVER || plan->no->certainty == NEVER) {
		Pair one = plan->yes->certainty == NEVER ? no : yes;
		return (Pair){one.f, one.g, out.known};
	}
	condition = begin_choice(h, plan, &f);
	uint32_t a = ir_read_scalar(&f, yes.f), b = ir_read_scalar(&f, no.f);
	out.f = put_scalar(&f, ir_op3(&f, IR_where, condition, a, b));
	if (!h->gradient)
		return out;
	IrType type = ir_type(h->b.func, yes.g);
	condition = begin_choice(h, plan, &f);
	IrAt at = ir_at_index(h->b.func->module, ir_for_index(&f, 0, type.dims[0]), 1);
	a = ir_read(&f, yes.g, &at, false);
	b = ir_read(&f, no.g, &at, false);
	out.g = ir_put(&f, IR_PUT_NONE, ir_op3(&f, IR_where, condition, a, b), type, &at, 0, false);
	ir_for_end(&f);
	return out;
}

/* What the plan says, where the builder is; all 0 where nothing is known. */
static Pair emit_plan(HandOn *h, const Plan *plan) {
	Pair out = {0};
	switch (plan->kind) {
	case PLAN_NONE: break;
	case PLAN_CARRIED: return h->pairs[plan->value];
	case PLAN_CHOSEN: return emit_choice(h, plan);
	case PLAN_GIVEN:
		out.f = ir_map_get(&h->map, h->f);
		out.g = h->gradient ? ir_map_get(&h->map, h->g) : 0;
		break;
	case PLAN_EVALUATED:
		out.f = ir_map_get(&h->map, plan->op->evaluate.f);
		out.g = h->gradient ? ir_map_get(&h->map, plan->op->evaluate.g) : 0;
		out.known = plan->certainty == ALWAYS ? 0 : ir_map_get(&h->map, plan->op->evaluate.when);
		break;
	}
	return out;
}

/* What a loop carries beside one of its carries, at a place. */
static Pair emit_carried(HandOn *h, const Carried *carried, const Place *place, IrValue value) {
	const Plan *plan = find_at(h, place, value);
	Pair out = emit_plan(h, plan);
	if (plan->certainty == NEVER) {
		const IrFunc *func = h->func;
		out.f = ir_fill(&h->b, ir_param_type(func, IR_ROLE_F), 0);
		out.g = h->gradient ? ir_fill(&h->b, ir_type(h->b.func, ir_map_get(&h->map, h->x)), 0) : 0;
	}
	if (carried->certainty == SOMETIMES && !out.known)
		out.known = truth(h, plan->certainty != NEVER);
	return out;
}

/* The parts of a pair one behind the other; how many. */
static uint32_t parts_of(Pair pair, IrValue *parts) {
	uint32_t count = 0;
	parts[count++] = pair.f;
	if (pair.g)
		parts[count++] = pair.g;
	if (pair.known)
		parts[count++] = pair.known;
	return count;
}

static Pair pair_like(Pair like, const IrValue *parts) {
	Pair out = {.f = *parts++};
	out.g = like.g ? *parts++ : 0;
	out.known = like.known ? *parts++ : 0;
	return out;
}

static void copy_loop(void *context, const IrOp *op) {
	HandOn *h = context;
	const IrLoop *loop = &op->loop;
	VEC(const Carried *) here = {0};
	for (uint32_t i = 0; i < h->carried.count; i++)
		if (h->carried.data[i].loop == loop && h->carried.data[i].certainty != NEVER)
			vec_push(h->scratch, &here, &h->carried.data[i]);
	IrValue *parts = ARENA_ARRAY(h->scratch, IrValue, 3 * here.count + 1);
	uint32_t count = 0, next = 0;
	for (uint32_t i = 0; i < here.count; i++) {
		const Carried *one = here.data[i];
		const IrCarry *carry = &loop->carries.data[one->number];
		Pair pair = emit_carried(h, one, &one->outside, carry->init);
		h->pairs[carry->inner] = h->pairs[carry->out] = pair;
		count += parts_of(pair, parts + count);
	}
	IrLoopCopy copy = {.b = &h->b, .from = h->func, .loop = loop, .map = &h->map};
	ir_loop_copy_begin(&copy);
	for (uint32_t i = 0; i < count; i++)
		parts[i] = ir_loop_copy_carry(&copy, parts[i]);
	for (uint32_t i = 0; i < here.count; i++) {
		Pair *inner = &h->pairs[loop->carries.data[here.data[i]->number].inner];
		*inner = pair_like(*inner, parts + next);
		next += parts_of(*inner, (IrValue[3]){0});
	}
	ir_copy_ops(&h->copier, &loop->body);
	count = 0;
	for (uint32_t i = 0; i < here.count; i++) {
		const Carried *one = here.data[i];
		count += parts_of(emit_carried(h, one, &one->inside, loop->carries.data[one->number].yield), parts + count);
	}
	ir_loop_copy_end(&copy, parts);
	next = 0;
	for (uint32_t i = 0; i < here.count; i++) {
		Pair *out = &h->pairs[loop->carries.data[here.data[i]->number].out];
		for (uint32_t k = parts_of(*out, parts); k > 0; k--)
			parts[k - 1] = ir_loop_copy_out(&copy, next + k - 1);
		next += parts_of(*out, (IrValue[3]){0});
		*out = pair_like(*out, parts);
	}
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_LOOP] = copy_loop};

/* `then` where the carry of the loop is true, otherwise `before`; of the type of both. */
static IrValue choose(HandOn *h, IrValue goes, IrValue then, IrValue before) {
	IrType type = ir_type(h->b.func, before);
	IrForBuilder f = ir_for_begin(&h->b);
	IrAt at = {0};
	if (type.rank == 1)
		at = ir_at_index(h->b.func->module, ir_for_index(&f, 0, type.dims[0]), 1);
	uint32_t condition = ir_read_scalar(&f, goes), a = ir_read(&f, then, &at, false),
			 b = ir_read(&f, before, &at, false);
	IrValue out = ir_put(&f, IR_PUT_NONE, ir_op3(&f, IR_where, condition, a, b), type, &at, 0, false);
	ir_for_end(&f);
	return out;
}

/* Evaluates at x what is not known: a loop of one turn, which is not run where it is. */
static Pair evaluate_unknown(HandOn *h, IrValue x, Pair pair) {
	IrForBuilder f = ir_for_begin(&h->b);
	IrValue unknown = put_scalar(&f, ir_op1(&f, IR_not, ir_read_scalar(&f, pair.known)));
	IrBlock *outer = h->b.block;
	IrOp *loop = ir_loop_begin(&h->b, 1, 0);
	IrValue goes = loop->loop.goes = ir_loop_carry(&h->b, loop, unknown);
	IrValue f_before = ir_loop_carry(&h->b, loop, pair.f), g_before = pair.g ? ir_loop_carry(&h->b, loop, pair.g) : 0;
	const IrEvaluate *there = &ir_evaluation(&h->b, x, goes)->evaluate;
	IrValue yields[3];
	yields[0] = truth(h, false);
	yields[1] = choose(h, goes, there->f, f_before);
	yields[2] = pair.g ? choose(h, goes, there->g, g_before) : 0;
	ir_loop_end(&h->b, loop, yields, outer);
	const IrCarry *carries = loop->loop.carries.data;
	return (Pair){carries[1].out, pair.g ? carries[2].out : 0, 0};
}

static IrFunc *with_pair(HandOn *h, IrModule *module, const Place *end, IrValue x) {
	h->map = ir_map_new(h->scratch, h->func);
	h->copier = (IrCopier){.from = h->func, .b = &h->b, .map = &h->map, .rules = rules, .context = h};
	h->pairs = ARENA_ARRAY(h->scratch, Pair, h->func->values.count);
	IrFunc *out = ir_pass_begin(module, h->func, &h->map, &h->b);
	ir_copy_ops(&h->copier, &h->func->body);
	Pair pair = emit_plan(h, find_at(h, end, x));
	if (pair.known)
		pair = evaluate_unknown(h, ir_map_get(&h->map, x), pair);
	ir_pass_end(h->func, &h->map, out);
	ir_result_as(out, IR_ROLE_F, ir_role_name(IR_ROLE_F), pair.f);
	if (pair.g)
		ir_result_as(out, IR_ROLE_G, ir_role_name(IR_ROLE_G), pair.g);
	return out;
}

static IrValue param_of(const IrFunc *func, IrRole role) {
	return func->params.data[ir_param_at(func, role)].value;
}

IrFunc *ir_hand_on(IrModule *module, IrFunc *func, bool gradient) {
	Arena *scratch = arena_new();
	HandOn h = {.func = func, .gradient = gradient, .scratch = scratch, .x = param_of(func, IR_ROLE_X)};
	IrValue f = param_of(func, IR_ROLE_F), g = param_of(func, IR_ROLE_G);
	if (is_used(func, f) || is_used(func, g)) {
		h.f = f;
		h.g = g;
	}
	IrValue x = func->results.data[ir_result_at(func, IR_ROLE_X)].value;
	const Place end = {&func->body, func->body.ops.count, NULL};
	find_at(&h, &end, x);
	settle(&h);
	if (drop_rootless(&h))
		settle(&h);
	Certainty certainty = find_at(&h, &end, x)->certainty;
	IrFunc *out = certainty == ALWAYS || (certainty == SOMETIMES && h.f) ? with_pair(&h, module, &end, x) : func;
	arena_free(scratch);
	return out;
}
