/* compose: sums of sums become one sum where splitting that one again is cheaper than the two were.
 *
 *     %e[i,c,s] = for i c r s { mul(%Q[i,c,r], %l[c,r,s]) } sum -> [i,c,s];  %m = for i c s { %e[i,c,s] } sum -> [c,s]
 *     becomes  %m = for i c s r { mul(%Q[i,c,r], %l[c,r,s]) } sum -> [c,s], split by hoist's `partial`
 *
 * A sum that was accumulated from several contributions (`into`) is read as several sums into one another. Only a value
 * that is read once is composed. Requires a verified function; changes rounding. */
#include "ir/pass/hoist.h"
#include "ir/pass/pass.h"

typedef struct Compose {
	const IrFunc *func; /* old */
	const uint32_t *uses;
	IrBuilder b; /* new */
	IrMap map;
	Arena *scratch;
	VEC(uint32_t) new_uses;    /* by new value */
	VEC(const IrBlock *) home; /* by new value: the block of the operation that makes it */
} Compose;

/* One contribution to a value: the sum of a term of an operation's body. */
typedef struct Link {
	const IrFor *f;
	const IrPut *put;
	uint32_t node;
	bool negative;
} Link;

typedef struct Chain {
	Link links[PASS_COMPOSE_LINKS];
	uint32_t count;
} Chain;

static bool used_once(const Compose *c, IrValue value) {
	return value < c->new_uses.count && c->new_uses.data[value] == 1;
}

/* The put that makes the value, if it is a sum (or a plain elementwise put) over all of its axes; else NULL. */
static const IrPut *link_of(const Compose *c, IrValue value, const IrFor **f) {
	if (!used_once(c, value) || c->home.data[value] != c->b.block)
		return NULL;
	const IrPut *put = ir_put_of(c->b.func, value, f);
	if (!put)
		return NULL;
	bool sum = put->combine == IR_PUT_SUM || (put->combine == IR_PUT_NONE && !put->into && (*f)->conds.count == 0);
	IrFor unconditional = **f;
	unconditional.conds.count = 0;
	return sum && pass_put_is_projection(c->b.func, &unconditional, put) && !ir_for_is_empty(*f) ? put : NULL;
}

static void add_ways(double *ways, IrOperand parts, double count) {
	while (ir_next_operand(&parts))
		ways[parts.node] += count;
}

/* Per node, in how many ways it goes into the body. What is read in one way only is not needed any more when that is replaced. */
static double *count_ways(Arena *scratch, const IrFunc *func, const IrFor *user) {
	double *ways = ARENA_ARRAY(scratch, double, user->nodes.count + 1);
	for (uint32_t p = 0; p < user->puts.count; p++) {
		const IrPut *put = &user->puts.data[p];
		add_ways(ways, ir_put_operands(put, ir_type(func, put->out).rank), 1);
	}
	add_ways(ways, ir_at_operands(user->conds.data, user->conds.count), 1);
	for (uint32_t n = user->nodes.count; n-- > 0;)
		add_ways(ways, ir_operands(&user->nodes.data[n]), ways[n]);
	return ways;
}

static bool add_value(const Compose *c, IrValue value, bool negative, Chain *chain);

/* The element of another value at the same place, where nothing is reduced: its contributions are ours. What the body needs in another way,
 * too, would have to be made all the same. */
static bool is_passed_on(const Compose *c, const IrFor *f, const IrPut *put, uint32_t number) {
	const IrFor *made;
	const IrNode *node = &f->nodes.data[number];
	if (node->kind != IR_NODE_READ || node->guarded || !pass_put_is_permutation(c->b.func, f, put))
		return false;
	if (!ir_type_equal(ir_type(c->b.func, node->value), ir_type(c->b.func, put->out)))
		return false;
	for (uint32_t k = 0; k < node->at_count; k++)
		if (!ir_at_equal(node->at[k], put->at[k]))
			return false;
	return link_of(c, node->value, &made) != NULL && count_ways(c->scratch, c->b.func, f)[number] == 1;
}

/* The terms of a node. `follow`: those of a value that is passed on as it is are its own contributions, in operations of their
 * own; without it, every term belongs to `f`. */
static bool add_term(const Compose *c, const IrFor *f, const IrPut *put, uint32_t number, bool negative, bool follow,
                     Chain *chain) {
	const IrNode *node = &f->nodes.data[number];
	bool is_op = node->kind == IR_NODE_OP;
	if (is_op && (node->opcode == IR_add || node->opcode == IR_sub))
		return add_term(c, f, put, node->args[0], negative, follow, chain) &&
		       add_term(c, f, put, node->args[1], negative != (node->opcode == IR_sub), follow, chain);
	if (is_op && node->opcode == IR_neg)
		return add_term(c, f, put, node->args[0], !negative, follow, chain);
	if (follow && is_passed_on(c, f, put, number))
		return add_value(c, node->value, negative, chain);
	if (chain->count == PASS_COMPOSE_LINKS)
		return false;
	chain->links[chain->count++] = (Link){f, put, number, negative};
	return true;
}

static bool add_value(const Compose *c, IrValue value, bool negative, Chain *chain) {
	const IrFor *f;
	const IrPut *put = link_of(c, value, &f);
	if (!put || !add_term(c, f, put, put->node, negative, true, chain))
		return false;
	return put->into == 0 || add_value(c, put->into, negative, chain);
}

/* The contributions that make a value, last first. */
static bool chain_of(const Compose *c, IrValue value, Chain *chain) {
	chain->count = 0;
	return add_value(c, value, false, chain);
}

static uint32_t reduced_count(const IrFunc *func, Link link) {
	return link.f->indices.count - ir_type(func, link.put->out).rank;
}

/* The read can be replaced by the body of a contribution: nothing that is checked when the code runs is lost, lanes stay lanes,
 * and conditions get no gathered position, which may differ from point to point. */
static bool may_merge(const Compose *c, const IrFor *user, const IrNode *read, Link link) {
	const IrFunc *func = c->b.func;
	if (pass_positions_may_fail(func, user, ir_type(func, read->value), read->at, false))
		return false;
	uint32_t gathered = 0, bound = 0;
	for (uint32_t k = 0; k < read->at_count; k++) {
		uint32_t index = UINT32_C(1) << ir_at_plain_index(link.put->at[k]);
		bound |= index;
		for (uint32_t i = 0; i < read->at[k].term_count; i++)
			gathered |= read->at[k].terms[i].is_node ? index : 0;
	}
	if (link.f->indices.count > 0 && link.f->indices.data[0].lane && !(bound & 1))
		return false;
	for (uint32_t i = 0; i < link.f->conds.count; i++)
		for (uint32_t k = 0; k < link.f->conds.data[i].term_count; k++) {
			IrTerm term = link.f->conds.data[i].terms[k];
			if (!term.is_node && (gathered >> term.ref & 1))
				return false;
		}
	return true;
}

/* The user's sum with the read (a factor of its product) replaced by the body of one contribution; NULL if that cannot be
 * proved to be in order. */
static IrOp *merge(Compose *c, const IrFor *user, const Product *product, uint32_t read, Link term, IrValue into) {
	const IrFor *link = term.f;
	IrModule *module = c->b.func->module;
	IrForBuilder f = ir_for_begin(&c->b);
	IrRewrite outer = ir_rewrite_same_domain(c->scratch, &f, user, NULL);
	const IrNode *node = &user->nodes.data[product->factors[read].node];
	const IrPut *from = term.put;
	IrAt *index_at = ARENA_ARRAY(c->scratch, IrAt, link->indices.count + 1);
	bool *bound = ARENA_ARRAY(c->scratch, bool, link->indices.count + 1);
	for (uint32_t k = 0; k < node->at_count; k++) {
		int index = ir_at_plain_index(from->at[k]);
		index_at[index] = ir_rewrite_at(&outer, node->at[k]);
		bound[index] = true;
	}
	for (uint32_t i = 0; i < link->indices.count; i++)
		if (!bound[i])
			index_at[i] =
				ir_at_index(module, ir_for_index(&f, link->indices.data[i].name, link->indices.data[i].extent), 1);
	IrRewrite inner = ir_rewrite_begin(c->scratch, &f, link, NULL, index_at);
	ir_rewrite_conds(&inner);
	uint32_t body = ir_rewrite_node(&inner, term.node);
	for (uint32_t k = 0; k < product->count; k++) {
		if (k == read)
			continue;
		uint32_t factor = ir_rewrite_node(&outer, product->factors[k].node);
		body = ir_op2(&f, product->factors[k].inverse ? IR_div : IR_mul, body, factor);
	}
	if (product->negative != term.negative)
		body = ir_op1(&f, IR_neg, body);
	const IrPut *put = &user->puts.data[0];
	IrType type = ir_type(c->b.func, put->out);
	IrAt *at = ir_rewrite_positions(&outer, put->at, type.rank);
	c->b.name = ir_info(c->b.func, put->out)->name;
	ir_put(&f, IR_PUT_SUM, body, type, at, into, put->guarded);
	c->b.name = 0;
	return ir_for_try_end(&f) ? f.op : NULL;
}

/* Of the FORs of the block from this one on. */
static double block_flops(const Compose *c, uint32_t from) {
	double flops = 0;
	for (uint32_t i = from; i < c->b.block->ops.count; i++)
		flops += pass_for_flops(c->b.func, &c->b.block->ops.data[i]->f);
	return flops;
}

/* A term of the user's sum, and the factor of it that is a sum itself. */
typedef struct Term {
	Product product;
	bool composes;
	uint32_t read; /* which factor */
	Chain chain;
} Term;

static bool find_composable(const Compose *c, const IrFor *user, const double *ways, Term *term) {
	for (uint32_t k = 0; k < term->product.count; k++) {
		const IrNode *node = &user->nodes.data[term->product.factors[k].node];
		if (node->kind != IR_NODE_READ || node->guarded || term->product.factors[k].inverse)
			continue;
		term->read = k;
		if (ways[term->product.factors[k].node] != 1 || !chain_of(c, node->value, &term->chain))
			continue;
		uint32_t reduced = 0;
		bool may = true;
		for (uint32_t i = 0; i < term->chain.count && may; i++) {
			if (reduced_count(c->b.func, term->chain.links[i]) > reduced)
				reduced = reduced_count(c->b.func, term->chain.links[i]);
			may = may_merge(c, user, node, term->chain.links[i]);
		}
		if (may && user->indices.count + reduced <= IR_MAX_INDICES)
			return true;
	}
	return false;
}

/* Whether an earlier link is of the same operation: of several terms, or of a value that is passed on twice. */
static bool is_repeated(const Chain *chain, uint32_t link) {
	for (uint32_t i = 0; i < link; i++)
		if (chain->links[i].f == chain->links[link].f)
			return true;
	return false;
}

/* What goes if nothing reads the links any more; an operation that makes other values, too, stays. */
static double chain_flops(const Compose *c, const Chain *chain) {
	double flops = 0;
	for (uint32_t i = 0; i < chain->count; i++)
		if (chain->links[i].f->puts.count == 1 && !is_repeated(chain, i))
			flops += pass_for_flops(c->b.func, chain->links[i].f);
	return flops;
}

/* The sum of one term of the user by itself. */
static IrOp *alone(Compose *c, const IrFor *user, Link term, IrValue into) {
	IrForBuilder f = ir_for_begin(&c->b);
	IrRewrite rewrite = ir_rewrite_same_domain(c->scratch, &f, user, NULL);
	const IrPut *put = &user->puts.data[0];
	IrType type = ir_type(c->b.func, put->out);
	uint32_t node = ir_rewrite_node(&rewrite, term.node);
	if (term.negative)
		node = ir_op1(&f, IR_neg, node);
	ir_put(&f, IR_PUT_SUM, node, type, ir_rewrite_positions(&rewrite, put->at, type.rank), into, put->guarded);
	return ir_for_try_end(&f) ? f.op : NULL;
}

/* Places the operation that was just appended; *value: what it makes. false: there is none. */
static bool place_link(Compose *c, IrOp *op, IrValue *value) {
	if (!op)
		return false;
	c->b.block->ops.count--;
	pass_hoist_place(&c->b, c->scratch, op, value);
	return true;
}

/* The sums of all terms of the user, one into the other. */
static bool place_terms(Compose *c, const IrFor *user, const Chain *terms, const Term *parts, IrValue *value) {
	for (uint32_t i = 0; i < terms->count; i++) {
		const Term *part = &parts[i];
		if (!part->composes && !place_link(c, alone(c, user, terms->links[i], *value), value))
			return false;
		for (uint32_t k = part->composes ? part->chain.count : 0; k-- > 0;)
			if (!place_link(c, merge(c, user, &part->product, part->read, part->chain.links[k], *value), value))
				return false;
	}
	return true;
}

/* On success the block ends with the composed sums and *out is their value. */
static bool try_compose(Compose *c, const IrFor *user, IrValue *out) {
	if (user->puts.count != 1 || user->puts.data[0].combine != IR_PUT_SUM || ir_for_is_empty(user))
		return false;
	if (!ir_scalar_is_real(ir_type(c->b.func, user->puts.data[0].out).scalar))
		return false;
	Chain terms = {.count = 0};
	if (!add_term(c, user, user->puts.data, user->puts.data[0].node, false, false, &terms))
		return false;
	Term *parts = ARENA_ARRAY(c->scratch, Term, terms.count);
	const double *ways = count_ways(c->scratch, c->b.func, user);
	double before = pass_for_flops(c->b.func, user);
	bool any = false;
	for (uint32_t i = 0; i < terms.count; i++) {
		if (!pass_collect_factors(user, terms.links[i].node, false, &parts[i].product))
			return false;
		parts[i].product.negative ^= terms.links[i].negative;
		parts[i].composes = find_composable(c, user, ways, &parts[i]);
		before += parts[i].composes ? chain_flops(c, &parts[i].chain) : 0;
		any |= parts[i].composes;
	}
	if (!any)
		return false;
	uint32_t start = c->b.block->ops.count;
	IrValue value = user->puts.data[0].into;
	if (place_terms(c, user, &terms, parts, &value) && block_flops(c, start) < pass_compose_least * before) {
		*out = value;
		return true;
	}
	c->b.block->ops.count = start;
	return false;
}

static void note_uses(Compose *c, IrValue from, IrValue to) {
	while (c->new_uses.count <= to) {
		vec_push(c->scratch, &c->new_uses, 0);
		vec_push(c->scratch, &c->home, NULL);
	}
	c->new_uses.data[to] = c->uses[from];
	c->home.data[to] = c->b.block;
}

static void compose_for(void *context, const IrOp *op) {
	Compose *c = context;
	IrOp *copy = ir_copy_op(&c->b, c->func, op, &c->map);
	IrValue out;
	c->b.block->ops.count--;
	if (try_compose(c, &copy->f, &out))
		ir_map_set(&c->map, op->f.puts.data[0].out, out);
	else
		vec_push(c->b.func->module->arena, &c->b.block->ops, copy);
	for (uint32_t p = 0; p < op->f.puts.count; p++)
		note_uses(c, op->f.puts.data[p].out, ir_map_get(&c->map, op->f.puts.data[p].out));
}

static IrCopyRule *const rules[IR_KIND_COUNT] = {[IR_FOR] = compose_for};

IrFunc *ir_pass_compose(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Compose c = {
		.func = func, .scratch = scratch, .map = ir_map_new(scratch, func), .uses = pass_use_counts(scratch, func)};
	IrCopier copier = {.from = func, .b = &c.b, .map = &c.map, .rules = rules, .context = &c};
	IrFunc *out = ir_copier_run(&copier, module);
	arena_free(scratch);
	return out;
}
