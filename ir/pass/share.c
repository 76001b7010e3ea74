/* share: operations over the same domain that compute the same costly pieces become one operation with several puts.
 *
 *     %3 = for i:n { tanh(%a[i]) } -> [i];  ...  %5 = for i:n { mul(tanh(%a[i]), %b[i]) } sum -> []
 *     becomes  %3, %5 = for i:n { t0 = tanh(%a[i]); t0, mul(t0, %b[i]) } -> [i], sum -> []
 *
 * The later operation moves up to the earlier one, so it must need nothing made in between, and nothing in between may
 * read what it overwrites. Requires a verified function; keeps every bit. */
#include "ir/pass/limits.h"
#include "ir/pass/pass.h"
#include "ir/pass/rewrite.h"

/* One operation of a block, looked at. */
typedef struct Item {
	const IrOp *op;
	uint64_t *hashes; /* per node: of its whole tree */
	double *costs;    /* per node: of itself */
	int leader;       /* the operation it goes to; itself if it stays */
	VEC(int) members; /* of a leader, in order */
	uint32_t nodes;   /* of a leader with its members */
	uint32_t puts;    /* likewise */
} Item;

typedef struct Share {
	const IrFunc *func;
	IrBuilder b;
	IrMap map;
	IrCopier copier;
	Arena *scratch;
	int *position; /* per old value: where in the block at hand it is made; -1: before */
} Share;

static void look(Share *s, Item *item) {
	const IrFor *f = &item->op->f;
	item->hashes = pass_tree_hashes(s->scratch, f, NULL);
	item->costs = ARENA_ARRAY(s->scratch, double, f->nodes.count + 1);
	item->nodes = f->nodes.count;
	item->puts = f->puts.count;
	for (uint32_t n = 0; n < f->nodes.count; n++)
		if (f->nodes.data[n].kind == IR_NODE_OP)
			item->costs[n] = ir_op_info[f->nodes.data[n].opcode].cost;
}

static bool same_domain(const IrFor *a, const IrFor *b) {
	if (a->indices.count != b->indices.count || a->conds.count != b->conds.count)
		return false;
	for (uint32_t i = 0; i < a->indices.count; i++)
		if (a->indices.data[i].extent != b->indices.data[i].extent ||
		    a->indices.data[i].lane != b->indices.data[i].lane)
			return false;
	for (uint32_t i = 0; i < a->conds.count; i++) {
		for (uint32_t k = 0; k < a->conds.data[i].term_count; k++)
			if (a->conds.data[i].terms[k].is_node)
				return false;
		if (!ir_at_equal(a->conds.data[i], b->conds.data[i]))
			return false;
	}
	return true;
}

/* What computing `b` beside `a` saves per point, as a share of b's own cost. */
static double shared_part(const Item *a, const Item *b) {
	double shared = 0, own = 0;
	for (uint32_t n = 0; n < b->op->f.nodes.count; n++) {
		if (b->costs[n] == 0)
			continue;
		own += b->costs[n];
		for (uint32_t k = 0; k < a->op->f.nodes.count; k++) {
			if (a->hashes[k] == b->hashes[n]) {
				shared += b->costs[n];
				break;
			}
		}
	}
	return shared >= pass_share_flops && own > 0 ? shared / own : 0;
}

/* `b`, at place `from`, may stand at place `to`. */
static bool may_move(const Share *s, const Item *items, int from, int to) {
	const IrFor *f = &items[from].op->f;
	for (uint32_t n = 0; n < f->nodes.count; n++)
		if (f->nodes.data[n].kind == IR_NODE_READ && s->position[f->nodes.data[n].value] >= to)
			return false;
	for (uint32_t p = 0; p < f->puts.count; p++) {
		IrValue into = f->puts.data[p].into;
		if (!into)
			continue;
		if (s->position[into] >= to)
			return false;
		for (int k = to; k < from; k++)
			if (ir_op_uses(items[k].op, into))
				return false;
	}
	return true;
}

static void set_positions(const Share *s, const IrOp *op, int place) {
	for (IrDef def = ir_defs(op); ir_next_def(&def);)
		if (def.block < 0)
			s->position[def.value] = place;
}

static void find_leader(Share *s, Item *items, int place) {
	Item *item = &items[place];
	double best = pass_share_part;
	for (int k = place - 1; k >= 0 && k >= place - PASS_SHARE_WINDOW; k--) {
		Item *other = &items[k];
		if (!ir_as_for(other->op) || other->leader != k || other->nodes + item->nodes > PASS_SHARE_NODES)
			continue;
		if (other->puts + item->puts > PASS_SHARE_PUTS)
			continue;
		if (!same_domain(&other->op->f, &item->op->f))
			continue;
		double part = shared_part(other, item);
		for (uint32_t m = 0; m < other->members.count; m++) {
			double with = shared_part(&items[other->members.data[m]], item);
			part = with > part ? with : part;
		}
		if (part > best && may_move(s, items, place, k)) {
			best = part;
			item->leader = k;
		}
	}
	if (item->leader != place) {
		Item *leader = &items[item->leader];
		vec_push(s->scratch, &leader->members, place);
		leader->nodes += item->nodes;
		leader->puts += item->puts;
	}
}

static void emit_group(Share *s, const Item *items, const Item *leader) {
	IrForBuilder f = ir_for_begin(&s->b);
	IrRewrite rewrite = ir_rewrite_same_domain(s->scratch, &f, &leader->op->f, &s->map);
	ir_rewrite_puts(&s->b, s->func, &rewrite, &s->map, NULL);
	for (uint32_t m = 0; m < leader->members.count; m++) {
		const IrFor *from = &items[leader->members.data[m]].op->f;
		IrRewrite other = ir_rewrite_begin(s->scratch, &f, from, &s->map, rewrite.index_at);
		ir_rewrite_puts(&s->b, s->func, &other, &s->map, NULL);
	}
	ir_for_end(&f);
}

static void share_block(void *context, const IrBlock *block) {
	Share *s = context;
	Item *items = ARENA_ARRAY(s->scratch, Item, block->ops.count + 1);
	for (uint32_t i = 0; i < block->ops.count; i++) {
		items[i] = (Item){.op = block->ops.data[i], .leader = (int)i};
		if (ir_as_for(items[i].op)) {
			look(s, &items[i]);
			find_leader(s, items, (int)i);
		}
		set_positions(s, items[i].op, items[i].leader);
	}
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = items[i].op;
		s->b.span = op->span;
		if (items[i].leader != (int)i)
			continue;
		if (items[i].members.count > 0)
			emit_group(s, items, &items[i]);
		else
			ir_copy_as_it_is(&s->copier, op);
	}
	/* what was made here is made before whatever the block around makes next */
	for (uint32_t i = 0; i < block->ops.count; i++)
		set_positions(s, items[i].op, -1);
}

IrFunc *ir_pass_share(IrModule *module, IrFunc *func) {
	Arena *scratch = arena_new();
	Share s = {.func = func, .scratch = scratch, .map = ir_map_new(scratch, func)};
	s.position = ARENA_ARRAY(scratch, int, func->values.count + 1);
	for (uint32_t i = 0; i <= func->values.count; i++)
		s.position[i] = -1;
	s.copier = (IrCopier){.from = func, .b = &s.b, .map = &s.map, .block = share_block, .context = &s};
	IrFunc *out = ir_copier_run(&s.copier, module);
	arena_free(scratch);
	return out;
}
