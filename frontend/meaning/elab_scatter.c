/* Assignments at positions that are values: `s[target[e]] <- s[target[e]] + x[e]`.
 *
 * Several values of the indices may have one position. Where the right side is the element itself plus, minus or times something, or
 * the larger or smaller of the two, all of them count: what is added is put into the array as it was. Where it does not read the
 * array, the last of them counts, in the order of the indices: which one that is, is found first, so that every element is
 * computed from one place. Anything else means one thing if it is done one by one, and another if it is done at once, and is an error. */
#include "frontend/meaning/elements.h"

/* ---- whether positions repeat ---- */

static bool depends_on_found(const Elements *to, const Ex *x) {
	for (uint32_t i = 0; i < to->found.count; i++)
		if (ex_has(x, to->found.vars[i]))
			return true;
	return false;
}

static bool depends_on_kept(const Elements *to, const Ex *x) {
	for (int k = 0; k < to->rest.rank; k++)
		if (ex_has(x, to->kept[k]))
			return true;
	return false;
}

/* A slice starts at an index. */
static bool has_moving_slice(const Elements *to) {
	for (int k = 0; k < to->rest.rank; k++)
		if (depends_on_found(to, to->kept_low[k]))
			return true;
	return false;
}

/* Whether a position is a multiple of this index, but for what depends on no index: it tells the index's value. */
static bool tells(const Elements *to, const Ex *position, const Var *var) {
	const Affine a = proof_affine(position);
	bool found = false;
	for (uint32_t i = 0; i < a.count; i++) {
		const Ex *atom = a.terms[i].atom;
		if (atom->kind == EX_VAR && atom->var == var)
			found = true;
		else if (depends_on_found(to, atom) || depends_on_kept(to, atom))
			return false;
	}
	return found && !a.too_long;
}

static bool may_repeat(const Elements *to) {
	for (uint32_t i = 0; i < to->found.count; i++) {
		bool told = to->found.vars[i]->extent == 1;
		for (int k = 0; k < to->bound->value->rank && !told; k++)
			told = tells(to, to->at[k], to->found.vars[i]);
		if (!told)
			return true;
	}
	return false;
}

/* ---- the right side: the element itself, and the rest ---- */

static bool same_list(const Elab *e, const AstExprs *a, const AstExprs *b) {
	bool all = a->count == b->count;
	for (uint32_t i = 0; i < a->count && all; i++)
		all = elab_written_alike(e, a->data[i], b->data[i]);
	return all;
}

static bool same_items(const Elab *e, const AstItems *a, const AstItems *b) {
	bool all = a->count == b->count;
	for (uint32_t i = 0; i < a->count && all; i++) {
		const AstItem *p = &a->data[i], *q = &b->data[i];
		if (p->kind == AST_ITEM_INDEX && q->kind == AST_ITEM_EXPR) /* s[k in n] <- s[k] + ... */
			all = q->expr && q->expr->kind == AST_NAME &&
			      symbol_at(e->program, p->name.id) == symbol_at(e->program, q->expr->id);
		else
			all = p->kind == q->kind && elab_written_alike(e, p->expr, q->expr) &&
			      elab_written_alike(e, p->low, q->low) && elab_written_alike(e, p->high, q->high);
	}
	return all;
}

static bool same_call(const Elab *e, const AstExpr *a, const AstExpr *b) {
	bool all = symbol_at(e->program, a->id) == symbol_at(e->program, b->id) && a->call.args.count == b->call.args.count;
	for (uint32_t i = 0; i < a->call.args.count && all; i++)
		all = a->call.args.data[i].name.name == b->call.args.data[i].name.name &&
		      elab_written_alike(e, a->call.args.data[i].value, b->call.args.data[i].value);
	return all;
}

bool elab_written_alike(const Elab *e, const AstExpr *a, const AstExpr *b) {
	if (!a || !b || a->kind != b->kind)
		return a == b;
	switch (a->kind) {
	case AST_NUMBER:
		return a->number.whole == b->number.whole &&
		       (a->number.whole ? a->number.integer == b->number.integer : a->number.value == b->number.value);
	case AST_NAME: return symbol_at(e->program, a->id) && symbol_at(e->program, a->id) == symbol_at(e->program, b->id);
	case AST_UNARY: return a->unary.op == b->unary.op && elab_written_alike(e, a->unary.operand, b->unary.operand);
	case AST_BINARY:
		return a->binary.op == b->binary.op && elab_written_alike(e, a->binary.left, b->binary.left) &&
		       elab_written_alike(e, a->binary.right, b->binary.right);
	case AST_CALL: return same_call(e, a, b);
	case AST_INDEX:
		return elab_written_alike(e, a->index.base, b->index.base) && same_items(e, &a->index.items, &b->index.items);
	case AST_ARRAY: return same_list(e, &a->elements, &b->elements);
	default: return false;
	}
}

/* One operand of a sum, a product or a choice of the largest. */
typedef struct Part {
	const AstExpr *x;
	bool less; /* it is taken away */
} Part;

typedef struct Update {
	IrCombine combine; /* NONE: this is none */
	IrOpcode opcode;
	VEC(Part) parts; /* without the element itself */
	uint32_t selfs;  /* how often that stands there ... */
	bool taken_away; /* ... and whether it is taken away */
} Update;

static void add_part(const Elab *e, const Elements *to, Update *u, const AstExpr *x, bool less) {
	if (elab_written_alike(e, to->target, x)) {
		u->selfs++;
		u->taken_away = u->taken_away || less;
	} else
		vec_push(e->arena, &u->parts, ((Part){x, less}));
}

static void add_parts(const Elab *e, const Elements *to, Update *u, const AstExpr *x, bool less) {
	bool sum = x->kind == AST_BINARY && (x->binary.op == AST_ADD || x->binary.op == AST_SUB);
	bool product = x->kind == AST_BINARY && x->binary.op == AST_MUL;
	if (u->combine == IR_PUT_SUM ? !sum : !product) {
		add_part(e, to, u, x, less);
		return;
	}
	add_parts(e, to, u, x->binary.left, less);
	add_parts(e, to, u, x->binary.right, less != (x->binary.op == AST_SUB));
}

/* How the right side updates the element itself; combine NONE: it does not. */
static Update find_update(const Elab *e, const Elements *to, const AstExpr *x) {
	Update u = {.combine = IR_PUT_NONE};
	const Symbol *called = x->kind == AST_CALL ? symbol_at(e->program, x->id) : NULL;
	if (x->kind == AST_BINARY && (x->binary.op == AST_ADD || x->binary.op == AST_SUB)) {
		u.combine = IR_PUT_SUM;
		u.opcode = IR_add;
		add_parts(e, to, &u, x, false);
	} else if (x->kind == AST_BINARY && x->binary.op == AST_MUL) {
		u.combine = IR_PUT_PROD;
		u.opcode = IR_mul;
		add_parts(e, to, &u, x, false);
	} else if (called && called->builtin &&
	           (called->builtin->id == BUILTIN_max || called->builtin->id == BUILTIN_min)) {
		bool max = called->builtin->id == BUILTIN_max;
		u.combine = max ? IR_PUT_MAX : IR_PUT_MIN;
		u.opcode = max ? IR_max : IR_min;
		for (uint32_t i = 0; i < x->call.args.count; i++)
			add_part(e, to, &u, x->call.args.data[i].value, false);
	}
	if (u.selfs != 1 || u.taken_away || u.parts.count == 0)
		u.combine = IR_PUT_NONE;
	return u;
}

static Value *joined(Elab *e, IrOpcode opcode, Value *a, Value *b, Span span) {
	Value *args[2] = {a, b};
	Scalar s;
	if (value_is_bad(a) || value_is_bad(b))
		return value_bad(e);
	elab_unify(e, args, 2, &s);
	s = s == S_BOOL ? S_INT : s;
	return elab_apply(e, opcode, s, s, args, 2, span, NULL);
}

/* What is combined with the element. */
static Value *rest_of(Elab *e, const Update *u, Span span) {
	Value *v = NULL;
	for (uint32_t i = 0; i < u->parts.count; i++) {
		const Part *part = &u->parts.data[i];
		Value *one = elab_expr(e, part->x);
		if (!elab_need_array(e, one, part->x))
			one = value_bad(e);
		if (!v && part->less && !value_is_bad(one)) {
			Scalar s = one->scalar == S_BOOL ? S_INT : one->scalar;
			v = elab_apply(e, IR_neg, s, s, &one, 1, span, NULL);
		} else
			v = v ? joined(e, part->less ? IR_sub : u->opcode, v, one, span) : one;
	}
	return v;
}

/* ---- all count ---- */

static bool is_known_range(const Ex *x) {
	return !ex_is_wide(x) && x->low > -EX_MOST_ADDED && x->high < EX_MOST_ADDED;
}

/* The size in f64 of what whole numbers become, which tells whether the result is a number; 0: it is one in any case. */
static IrValue whole_size(Elab *e, const Elements *to, const Placing *p, IrCombine combine, Ex *body) {
	Value *old = to->bound->value;
	double points = 1;
	for (uint32_t i = 0; i < to->found.count; i++)
		points *= to->found.vars[i]->extent > 0 ? (double)to->found.vars[i]->extent : (double)EX_MOST_ELEMENTS;
	bool known = is_known_range(value_body(e, old)) && is_known_range(body);
	if (combine != IR_PUT_PROD && known && (combine != IR_PUT_SUM || ex_whole_sum_fits(body, points)))
		return 0;
	IrCombine sizes = combine == IR_PUT_SUM || combine == IR_PUT_PROD ? combine : IR_PUT_MAX;
	IrCombine measure = sizes == IR_PUT_PROD ? IR_PUT_PROD : IR_PUT_SUM;
	Value *size = value_array(e, S_REAL, old->rank, old->dims, to->span);
	Ex *at[IR_MAX_RANK];
	for (int i = 0; i < old->rank; i++)
		at[i] = ex_var(e, size->vars[i]);
	size->body = ex_whole_size(e, measure, value_at(e, old, at));
	IrValue into = emit_whole(e, size, p->outer, p->outer_count, 0, to->span);
	return elab_put_elements(e, to, p, sizes, ex_whole_size(e, measure, body), into);
}

static void combine_all(Elab *e, const Elements *to, const Update *u) {
	Binding *b = to->bound;
	Value *old = b->value, *rest = rest_of(e, u, to->span);
	Placing p;
	if (value_is_bad(rest))
		return;
	if (b->scalar == S_BOOL) {
		diag_error(e->session, 210, to->span, "numbers were expected, not truth values");
		return;
	}
	Ex *body = elab_element_body(e, to, rest);
	if (!body || !elab_place_elements(e, to, body, &p))
		return;
	body = ex_convert(e, body, value_ir_scalar(e, b->scalar));
	IrValue size = b->scalar == S_INT ? whole_size(e, to, &p, u->combine, body) : 0;
	IrValue into = emit_whole(e, old, p.outer, p.outer_count, 0, to->span);
	IrValue out = elab_put_elements(e, to, &p, u->combine, body, into);
	Value *made = value_from_whole(e, out, b->scalar, old->rank, old->dims, p.outer, p.outer_count);
	if (size) {
		Value *sizes = value_from_whole(e, size, S_REAL, old->rank, old->dims, p.outer, p.outer_count);
		Ex *at[IR_MAX_RANK];
		for (int i = 0; i < old->rank; i++)
			at[i] = ex_var(e, made->vars[i]);
		made->body = ex_whole_if_small(e, value_at(e, sizes, at), made->body);
		made = value_materialize(e, made, b->symbol->name, to->span);
	}
	b->value = made;
}

/* ---- the last one counts ---- */

/* The number of the indices' values in their order, from 0. */
static Ex *number_of(Elab *e, const Elements *to) {
	Ex *number = NULL;
	for (uint32_t i = 0; i < to->found.count; i++) {
		Ex *index = ex_var(e, to->found.vars[i]);
		int64_t extent = to->found.vars[i]->extent;
		Ex *size = extent == DIM_X ? ex_dim(e) : ex_int(e, extent);
		number = number ? ex_add_int(e, ex_op(e, IR_mul, number, size, NULL), index) : index;
	}
	return number;
}

/* The values of the indices, from their number. */
static void split_number(Elab *e, const Elements *to, Ex *number, Ex **out) {
	for (uint32_t i = to->found.count; i-- > 0;) {
		int64_t extent = to->found.vars[i]->extent;
		Ex *size = extent == DIM_X ? ex_dim(e) : ex_int(e, extent);
		out[i] = i ? ex_op(e, IR_imod, number, size, NULL) : number;
		number = i ? ex_op(e, IR_idiv, number, size, NULL) : number;
	}
}

/* What is put at the elements, computed: an array with the axes of the indices, then those of the rest. */
static Value *computed(Elab *e, const Elements *to, Ex *body) {
	Value *v = ARENA_NEW(e->arena, Value);
	v->kind = VALUE_ARRAY;
	v->scalar = to->bound->scalar;
	for (uint32_t i = 0; i < to->found.count; i++) {
		v->vars[v->rank] = to->found.vars[i];
		v->dims[v->rank++] = to->found.vars[i]->extent;
	}
	for (int i = 0; i < to->rest.rank; i++) {
		v->vars[v->rank] = to->kept[i];
		v->dims[v->rank++] = to->rest.dims[i];
	}
	v->body = ex_convert(e, body, value_ir_scalar(e, v->scalar));
	return value_materialize(e, v, 0, to->span);
}

/* Where in `computed` an element is from; `last`: the number of the indices there. */
static void source_of(Elab *e, const Elements *to, Value *made, Ex *last, Ex **at) {
	split_number(e, to, last, at);
	for (int k = 0; k < to->rest.rank; k++)
		at[to->found.count + (uint32_t)k] =
			ex_add_int(e, ex_var(e, made->vars[to->kept_axis[k]]), ex_op(e, IR_neg, to->kept_low[k], NULL, NULL));
}

static void last_counts(Elab *e, const Elements *to, Value *r) {
	Binding *b = to->bound;
	Value *old = b->value;
	Placing p;
	Ex *body = value_is_bad(r) ? NULL : elab_element_body(e, to, r);
	if (!body || !elab_place_elements(e, to, body, &p))
		return;
	if (to->found.count + (uint32_t)to->rest.rank > IR_USER_RANK) {
		diag_error(e->session, 208, to->span, "at most %d indices at once", IR_USER_RANK);
		return;
	}
	Value *none = value_array(e, S_INT, old->rank, old->dims, to->span);
	none->body = ex_int(e, -1);
	IrValue numbers = emit_whole(e, none, p.outer, p.outer_count, 0, to->span);
	numbers = elab_put_elements(e, to, &p, IR_PUT_MAX, number_of(e, to), numbers);
	Value *from = computed(e, to, body);
	Value *made = value_from_whole(e, numbers, S_INT, old->rank, old->dims, p.outer, p.outer_count);
	Ex *last = made->body, *source[2 * IR_MAX_RANK], *at[IR_MAX_RANK];
	source_of(e, to, made, last, source);
	for (int i = 0; i < old->rank; i++)
		at[i] = ex_var(e, made->vars[i]);
	Ex *put = ex_substitute(e, value_body(e, from), from->vars, source, (uint32_t)from->rank, true);
	Ex *reached = ex_op(e, IR_ge, last, ex_int(e, 0), NULL);
	made->body = ex_op(e, IR_where, reached, put, value_at(e, old, at));
	made->scalar = b->scalar;
	b->value = value_materialize(e, made, b->symbol->name, to->span);
}

/* ---- the assignment ---- */

typedef struct Reads {
	const Elab *e;
	const Symbol *symbol;
} Reads;

static bool reads_symbol(const AstExpr *x, void *context) {
	const Reads *reads = context;
	if (x && x->kind == AST_NAME && symbol_at(reads->e->program, x->id) == reads->symbol)
		return true;
	return ast_any_part(x, reads_symbol, context);
}

static void report_repeated(Elab *e, const Elements *to, const char *why, const char *help) {
	Diag *diag = diag_error(e->session, 254, to->span, "several values may be put at one element here%s", why);
	diag_help(e->session, diag, "%s", help);
}

void elab_scatter(Elab *e, const Elements *to, const AstExpr *x, Value *given) {
	bool repeats = may_repeat(to);
	Reads reads = {e, to->bound->symbol};
	Update u = repeats && !given ? find_update(e, to, x) : (Update){.combine = IR_PUT_NONE};
	if (u.combine != IR_PUT_NONE) {
		combine_all(e, to, &u);
		return;
	}
	Value *r = given ? given : elab_expr(e, x);
	if (!repeats) {
		if (!value_is_bad(r))
			elab_replace_elements(e, to, r);
	} else if (!given && reads_symbol(x, &reads))
		report_repeated(
			e, to, ", each computed from the array",
			"the element itself plus, minus or times something adds up, as do `max` and `min` of the two; if "
			"the last value is to count, compute all of them with `let` before");
	else if (has_moving_slice(to))
		report_repeated(e, to, ", in slices that start at an index",
		                "what adds up may be put there, as in `s[i] <- s[i] + ...`");
	else if (to->axis >= 0)
		report_repeated(e, to, ", in `each`", "what adds up may stand there: `h[k[i]] <- h[k[i]] + ...`");
	else
		last_counts(e, to, r);
}
