/* The text form, written. parse.c reads it back.
 *
 *     func @NAME ["<" symbol,* ">"] "(" def,* ")" "->" "(" [name] type,* ")" "{" op* "return" %v,* "}"
 *     def  = %v [name] type            type = [":" scalar] "[" extent,* "]"        scalar f64 if not written
 *     op   = def,* "=" "for" (index ":" extent)* ["if" cond,*] "{" [name "=" expr ";"]* expr,* "}" put,* ["@" line ":" column]
 *          | def "=" "const" "[" number,* "]"
 *          | [def,* "="] "loop" %v "<" number ["trips" %v] "carry" "(" def "=" %v,* ")" ["while" %v] "{" op* "yield" %v,* "}"
 *          | def,* "=" "call" callee "(" %v,* ")"
 *     put  = ["sum" | "max" | "min" | "prod"] "->" "[" at,* "]" ["?"] ["into" %v]
 *          | ("argmax" | "argmin") index ["of" put number] "->" "[" at,* "]" ["?"]
 *     expr = number [scalar] | name | "true" | "false" | %v "[" at,* "]" ["?"] | "idx" "(" at ")" | "dim" "(" symbol ")" | op "(" expr,* ")"
 *     at   = sum of [integer "*"] (index | expr), and integers
 *
 * The extent `lanes` is the lane axis. A number's type is that of a sibling operand, or of what is put; where neither
 * says, its scalar is written behind it. %v is a number, or for parameters, counters and carried values a name. */
#include "ir/build.h"
#include "ir/core/walk.h"

#include <ctype.h>
#include <string.h>

typedef struct Printer {
	const IrFunc *func;
	const Session *session;
	Text *out;
	Arena *scratch;
	bool *by_name; /* per value: printed as %name */
} Printer;

/* What is needed inside one FOR. */
typedef struct Body {
	Printer *p;
	const IrFor *f;
	const char *index_names[IR_MAX_INDICES];
	uint32_t *uses;
	uint32_t *bound; /* per node: 1 + number of its binding once that is printed */
	uint32_t bound_count;
} Body;

/* ---- names ---- */

static bool is_identifier(const char *text) {
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_~'.", *text))
			return false;
	return true;
}

static void mark_name(Printer *p, IrValue value, uint32_t *owner) {
	Name name = p->func->values.data[value].name;
	if (!name || !is_identifier(session_text(p->session, name)))
		return;
	if (owner[name]) {
		p->by_name[owner[name]] = false;
		return;
	}
	owner[name] = value;
	p->by_name[value] = true;
}

static void mark_block(Printer *p, const IrBlock *block, uint32_t *owner) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		for (IrDef def = ir_defs(op); ir_next_def(&def);)
			if (def.block >= 0)
				mark_name(p, def.value, owner);
		const IrBlock *inside;
		for (int k = 0; (inside = ir_block_of(op, k)) != NULL; k++)
			mark_block(p, inside, owner);
	}
}

/* Parameters, and what ops define inside of their blocks (counters, carried values), print by name where that name is theirs alone. */
static Printer printer(const IrFunc *func, Text *out) {
	Printer p = {.func = func, .session = func->module->session, .out = out, .scratch = arena_new()};
	Name most = 0;
	p.by_name = ARENA_ARRAY(p.scratch, bool, func->values.count);
	for (uint32_t i = 0; i < func->values.count; i++)
		most = func->values.data[i].name > most ? func->values.data[i].name : most;
	uint32_t *owner = ARENA_ARRAY(p.scratch, uint32_t, most + 1);
	for (uint32_t i = 0; i < func->params.count; i++)
		mark_name(&p, func->params.data[i].value, owner);
	mark_block(&p, &func->body, owner);
	return p;
}

static void print_value(const Printer *p, IrValue value) {
	if (value < p->func->values.count && p->by_name[value])
		text_printf(p->out, "%%%s", session_text(p->session, p->func->values.data[value].name));
	else
		text_printf(p->out, "%%%u", (unsigned)value);
}

static void print_dim(const Printer *p, IrDim dim) {
	if (dim >= 0)
		text_printf(p->out, "%lld", (long long)dim);
	else if ((uint64_t)(-1 - dim) < p->func->symbols.count)
		text_printf(p->out, "%s", session_text(p->session, p->func->symbols.data[-1 - dim]));
	else
		text_printf(p->out, "?%lld", (long long)dim);
}

static void print_type(const Printer *p, IrType type, bool colon_always) {
	if (type.scalar != IR_F64 || type.storage || colon_always)
		text_printf(p->out, ": %s", ir_scalar_name(type.scalar));
	if (type.storage)
		text_printf(p->out, " as %s", ir_storage_name(type.storage));
	text_char(p->out, '[');
	for (int i = 0; i < type.rank; i++) {
		text_printf(p->out, "%s", i ? ", " : "");
		if (i == 0 && type.lanes)
			text_printf(p->out, "lanes");
		else
			print_dim(p, type.dims[i]);
	}
	text_char(p->out, ']');
}

static void print_def(const Printer *p, IrValue value) {
	print_value(p, value);
	if (value >= p->func->values.count)
		return;
	const IrValueInfo *info = &p->func->values.data[value];
	const char *name = info->name && !p->by_name[value] ? session_text(p->session, info->name) : "";
	if (is_identifier(name))
		text_printf(p->out, " %s", name);
	print_type(p, *info->type, false);
}

/* ---- bodies ---- */

static void print_node(Body *b, uint32_t number, IrScalar expected, bool is_expected);

static void print_term(Body *b, IrTerm term, bool first) {
	Text *out = b->p->out;
	uint64_t size = term.coef < 0 ? 0 - (uint64_t)term.coef : (uint64_t)term.coef;
	text_printf(out, "%s", term.coef < 0 ? "-" : first ? "" : "+");
	if (size != 1)
		text_printf(out, "%llu*", (unsigned long long)size);
	if (term.is_node)
		print_node(b, term.ref, IR_I64, true);
	else
		text_printf(out, "%s", term.ref < b->f->indices.count ? b->index_names[term.ref] : "?");
}

/* Positive terms first, so that differences read as such. */
static void print_at(Body *b, IrAt at) {
	bool first = true;
	for (int sign = 1; sign >= -1; sign -= 2) {
		for (uint32_t i = 0; i < at.term_count; i++) {
			if ((at.terms[i].coef < 0) != (sign < 0))
				continue;
			print_term(b, at.terms[i], first);
			first = false;
		}
	}
	if (first || at.offset != 0)
		text_printf(b->p->out, first || at.offset < 0 ? "%lld" : "+%lld", (long long)at.offset);
}

static void print_ats(Body *b, const IrAt *at, uint32_t count) {
	text_char(b->p->out, '[');
	for (uint32_t i = 0; i < count; i++) {
		text_printf(b->p->out, "%s", i ? ", " : "");
		print_at(b, at[i]);
	}
	text_char(b->p->out, ']');
}

static void print_constant(const Body *b, const IrNode *node, bool typed) {
	Text *out = b->p->out;
	if (node->type == IR_BOOL)
		text_printf(out, node->integer ? "true" : "false");
	else if (ir_scalar_is_real(node->type))
		text_real(out, node->real, node->type == IR_F32);
	else
		text_printf(out, "%lld", (long long)node->integer);
	if (typed && node->type != IR_BOOL)
		text_printf(out, " %s", ir_scalar_name(node->type));
}

/* Whether a constant operand's type is said by the operation or by an operand beside it. */
static bool type_is_said(const Body *b, const IrNode *op, int which) {
	const IrOpInfo *info = &ir_op_info[op->opcode];
	if (info->typing == IR_T_RANDOM || (info->typing == IR_T_POWI && which == 1))
		return true;
	if (info->typing == IR_T_POWI)
		return false;
	for (int i = info->typing == IR_T_WHERE ? 1 : 0; i < info->arity; i++)
		if (i != which && b->f->nodes.data[op->args[i]].kind != IR_NODE_CONST)
			return true;
	return false;
}

static void print_operation(Body *b, const IrNode *node) {
	const IrOpInfo *info = &ir_op_info[node->opcode];
	text_printf(b->p->out, "%s(", info->name);
	for (int i = 0; i < info->arity; i++) {
		text_printf(b->p->out, "%s", i ? ", " : "");
		IrScalar type = node->args[i] < b->f->nodes.count ? b->f->nodes.data[node->args[i]].type : IR_BOOL;
		print_node(b, node->args[i], type, type_is_said(b, node, i));
	}
	text_char(b->p->out, ')');
}

/* `is_expected`: the place says that the type is `expected`. */
static void print_node(Body *b, uint32_t number, IrScalar expected, bool is_expected) {
	if (number >= b->f->nodes.count) {
		text_printf(b->p->out, "?%u", (unsigned)number);
		return;
	}
	const IrNode *node = &b->f->nodes.data[number];
	if (b->bound[number]) {
		text_printf(b->p->out, "t%u", (unsigned)b->bound[number] - 1);
		return;
	}
	switch (node->kind) {
	case IR_NODE_CONST: print_constant(b, node, !is_expected || node->type != expected); break;
	case IR_NODE_READ:
		print_value(b->p, node->value);
		print_ats(b, node->at, node->at_count);
		text_printf(b->p->out, "%s", node->guarded ? "?" : "");
		break;
	case IR_NODE_INDEX:
		text_printf(b->p->out, "idx(");
		print_at(b, node->at[0]);
		text_char(b->p->out, ')');
		break;
	case IR_NODE_DIM:
		text_printf(b->p->out, "dim(");
		print_dim(b->p, node->dim);
		text_char(b->p->out, ')');
		break;
	case IR_NODE_OP: print_operation(b, node); break;
	}
}

static void count_at(const Body *b, const IrAt *at) {
	for (uint32_t i = 0; i < at->term_count; i++)
		if (at->terms[i].is_node && at->terms[i].ref < b->f->nodes.count)
			b->uses[at->terms[i].ref]++;
}

static uint32_t rank_of(const Body *b, IrValue value) {
	return value < b->p->func->values.count ? b->p->func->values.data[value].type->rank : 0;
}

/* Counts uses by what is used itself. Nodes come before what uses them, so one walk backwards does. */
static void count_uses(const Body *b) {
	const IrFor *f = b->f;
	for (uint32_t i = 0; i < f->conds.count; i++)
		count_at(b, &f->conds.data[i]);
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		if (ir_put_is_arg(put))
			continue;
		if (put->node < f->nodes.count)
			b->uses[put->node]++;
		for (uint32_t k = 0; k < rank_of(b, put->out); k++)
			count_at(b, &put->at[k]);
	}
	for (uint32_t i = f->nodes.count; i-- > 0;) {
		const IrNode *node = &f->nodes.data[i];
		if (!b->uses[i])
			continue;
		for (int k = 0; node->kind == IR_NODE_OP && k < ir_op_info[node->opcode].arity; k++)
			if (node->args[k] < i)
				b->uses[node->args[k]]++;
		for (uint32_t k = 0; k < node->at_count; k++)
			count_at(b, &node->at[k]);
	}
}

static bool name_taken(const Body *b, const char *name, uint32_t before) {
	for (uint32_t i = 0; i < before; i++)
		if (strcmp(b->index_names[i], name) == 0)
			return true;
	return false;
}

/* Names of bindings, t0 and so on, and words of the grammar are no names of indices. */
static bool is_reserved(const char *name) {
	if (name[0] == 't' && isdigit((unsigned char)name[1]))
		return true;
	static const char *const words[] = {"if", "true", "false", "idx", "dim", "nan", "inf", "lanes"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	IrOpcode opcode;
	return ir_opcode_find(name, strlen(name), &opcode);
}

static void name_indices(Body *b) {
	for (uint32_t i = 0; i < b->f->indices.count && i < IR_MAX_INDICES; i++) {
		Name name = b->f->indices.data[i].name;
		const char *base = name ? session_text(b->p->session, name) : "i";
		if (!is_identifier(base) || is_reserved(base))
			base = "i";
		b->index_names[i] = base;
		for (uint32_t k = 1; name_taken(b, b->index_names[i], i); k++)
			b->index_names[i] = arena_printf(b->p->scratch, "%s_%u", base, (unsigned)k);
	}
}

static Body body_of(Printer *p, const IrFor *f) {
	Body b = {.p = p, .f = f};
	b.uses = ARENA_ARRAY(p->scratch, uint32_t, f->nodes.count);
	b.bound = ARENA_ARRAY(p->scratch, uint32_t, f->nodes.count);
	name_indices(&b);
	count_uses(&b);
	return b;
}

/* at >= 0, as `negative terms < positive terms` or `<=`. */
static void print_cond(Body *b, IrAt at) {
	IrTerm *terms = ARENA_ARRAY(b->p->scratch, IrTerm, at.term_count);
	IrAt left = {.terms = terms}, right = {.terms = terms};
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].coef < 0)
			terms[left.term_count++] = (IrTerm){-at.terms[i].coef, at.terms[i].ref, at.terms[i].is_node};
	right.terms = terms + left.term_count;
	for (uint32_t i = 0; i < at.term_count; i++)
		if (at.terms[i].coef > 0)
			right.terms[right.term_count++] = at.terms[i];
	bool strict = at.offset < 0;
	if (strict)
		left.offset = -at.offset - 1;
	else
		right.offset = at.offset;
	print_at(b, left);
	text_printf(b->p->out, strict ? " < " : " <= ");
	print_at(b, right);
}

static void print_put(Body *b, uint32_t number) {
	static const char *const words[] = {"", "sum ", "max ", "min ", "prod ", "argmax ", "argmin "};
	Text *out = b->p->out;
	const IrPut *put = &b->f->puts.data[number];
	text_printf(out, "%s%s", number ? ", " : " ", words[put->combine]);
	if (ir_put_is_arg(put)) {
		text_printf(out, "%s ", put->arg_index < b->f->indices.count ? b->index_names[put->arg_index] : "?");
		IrCombine kind = put->combine == IR_PUT_ARGMAX ? IR_PUT_MAX : IR_PUT_MIN;
		uint32_t nearest = number;
		while (nearest > 0 && b->f->puts.data[nearest].combine != kind)
			nearest--;
		if (nearest != put->arg_of)
			text_printf(out, "of %u ", (unsigned)put->arg_of);
	}
	text_printf(out, "-> ");
	print_ats(b, put->at, rank_of(b, put->out));
	text_printf(out, "%s", put->guarded ? "?" : "");
	if (put->into) {
		text_printf(out, " into ");
		print_value(b->p, put->into);
	}
}

/* ---- one rule for each kind of op: what stands behind its definitions ---- */

#define KIND(NAME, name) static void print_##name(Printer *p, const IrOp *op, int depth);
#include "ir/core/kinds.def"
#undef KIND

static void (*const print_kind[IR_KIND_COUNT])(Printer *p, const IrOp *op, int depth) = {
#define KIND(NAME, name) [IR_##NAME] = print_##name,
#include "ir/core/kinds.def"
#undef KIND
};

static void print_for(Printer *p, const IrOp *op, int depth) {
	const IrFor *f = &op->f;
	Body b = body_of(p, f);
	(void)depth;
	text_printf(p->out, "for");
	for (uint32_t i = 0; i < f->indices.count; i++) {
		text_printf(p->out, " %s:", b.index_names[i]);
		if (f->indices.data[i].lane)
			text_printf(p->out, "lanes");
		else
			print_dim(p, f->indices.data[i].extent);
	}
	for (uint32_t i = 0; i < f->conds.count; i++) {
		text_printf(p->out, "%s", i ? ", " : " if ");
		print_cond(&b, f->conds.data[i]);
	}
	text_printf(p->out, " {");
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		if (f->nodes.data[i].kind != IR_NODE_OP || b.uses[i] < 2)
			continue;
		text_printf(p->out, " t%u = ", (unsigned)b.bound_count);
		print_node(&b, i, IR_BOOL, false);
		text_char(p->out, ';');
		b.bound[i] = ++b.bound_count;
	}
	bool first = true;
	for (uint32_t i = 0; i < f->puts.count; i++) {
		const IrPut *put = &f->puts.data[i];
		if (ir_put_is_arg(put))
			continue;
		text_printf(p->out, "%s", first ? " " : ", ");
		bool known = put->out < p->func->values.count;
		print_node(&b, put->node, known ? p->func->values.data[put->out].type->scalar : IR_BOOL, known);
		first = false;
	}
	text_printf(p->out, " }");
	for (uint32_t i = 0; i < f->puts.count; i++)
		print_put(&b, i);
}

/* ---- ops and functions ---- */

static void print_defs(const Printer *p, const IrOp *op) {
	const char *before = "";
	for (IrDef def = ir_defs(op); ir_next_def(&def);) {
		if (def.block >= 0)
			continue;
		text_printf(p->out, "%s", before);
		print_def(p, def.value);
		before = ", ";
	}
	if (*before)
		text_printf(p->out, " = ");
}

static void print_const(Printer *p, const IrOp *op, int depth) {
	const IrConst *table = &op->constant;
	IrType type = *p->func->values.data[table->out].type;
	int64_t count = ir_type_elements(type, NULL);
	(void)depth;
	text_printf(p->out, "const [");
	for (int64_t i = 0; i < count; i++) {
		text_printf(p->out, "%s", i ? ", " : "");
		if (ir_scalar_is_real(type.scalar))
			text_real(p->out, table->reals[i], type.scalar == IR_F32);
		else
			text_printf(p->out, "%lld", (long long)table->integers[i]);
	}
	text_char(p->out, ']');
}

static void print_evaluate(Printer *p, const IrOp *op, int depth) {
	(void)depth;
	text_printf(p->out, "evaluate ");
	print_value(p, op->evaluate.at);
	if (op->evaluate.when) {
		text_printf(p->out, " if ");
		print_value(p, op->evaluate.when);
	}
}

static void print_call(Printer *p, const IrOp *op, int depth) {
	(void)depth;
	text_printf(p->out, "call %s(", ir_callee_info(op->call.callee).name);
	for (IrUse use = ir_uses(op); ir_next_use(&use);) {
		text_printf(p->out, "%s", use.number ? ", " : "");
		print_value(p, use.value);
	}
	text_printf(p->out, ")");
}

/* For people: what it is of is a function of its own, which no text has. */
static void print_deferred(Printer *p, const IrOp *op, int depth) {
	static const char *const words[] = {
		[IR_DEFERRED_RESIDUALS] = "residuals", [IR_DEFERRED_REVERSE] = "reverse", [IR_DEFERRED_FORWARD] = "forward"};
	(void)depth;
	text_printf(p->out, "deferred %s", words[op->deferred.what]);
	for (uint32_t i = 0; i < op->deferred.args.count; i++) {
		text_printf(p->out, "%s", i ? ", " : " ");
		print_value(p, op->deferred.args.data[i]);
	}
	if (op->deferred.when) {
		text_printf(p->out, " if ");
		print_value(p, op->deferred.when);
	}
}

static void print_span(const Printer *p, Span span) {
	if (!span.file)
		return;
	uint32_t line, column;
	source_position(p->session, span, &line, &column);
	text_printf(p->out, "  @%u:%u", (unsigned)line, (unsigned)column);
}

static void print_op(Printer *p, const IrOp *op, int depth);

static void print_indent(const Printer *p, int depth) {
	for (int i = 0; i < depth; i++)
		text_printf(p->out, "  ");
}

static void print_loop(Printer *p, const IrOp *op, int depth) {
	const IrLoop *loop = &op->loop;
	text_printf(p->out, "loop ");
	print_value(p, loop->counter);
	text_printf(p->out, " < %lld", (long long)loop->limit);
	if (loop->trips) {
		text_printf(p->out, " trips ");
		print_value(p, loop->trips);
	}
	text_printf(p->out, " carry (");
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		text_printf(p->out, "%s", i ? ", " : "");
		print_def(p, loop->carries.data[i].inner);
		text_printf(p->out, " = ");
		print_value(p, loop->carries.data[i].init);
	}
	text_char(p->out, ')');
	if (loop->goes) {
		text_printf(p->out, " while ");
		print_value(p, loop->goes);
	}
	text_printf(p->out, " {\n");
	for (uint32_t i = 0; i < loop->body.ops.count; i++)
		print_op(p, loop->body.ops.data[i], depth + 1);
	print_indent(p, depth + 1);
	text_printf(p->out, "yield");
	for (uint32_t i = 0; i < loop->carries.count; i++) {
		text_printf(p->out, "%s", i ? ", " : " ");
		print_value(p, loop->carries.data[i].yield);
	}
	text_char(p->out, '\n');
	print_indent(p, depth);
	text_char(p->out, '}');
}

static void print_op(Printer *p, const IrOp *op, int depth) {
	print_indent(p, depth);
	print_defs(p, op);
	print_kind[op->kind](p, op, depth);
	print_span(p, op->span);
	text_char(p->out, '\n');
}

void ir_print_op(const IrFunc *func, const IrOp *op, Text *out) {
	Printer p = printer(func, out);
	print_op(&p, op, 0);
	arena_free(p.scratch);
}

void ir_print(const IrFunc *func, Text *out) {
	Printer p = printer(func, out);
	text_printf(out, "func @%s", session_text(p.session, func->name));
	for (uint32_t i = 0; i < func->symbols.count; i++)
		text_printf(out, "%s%s%s", i ? ", " : "<", session_text(p.session, func->symbols.data[i]),
		            i + 1 == func->symbols.count ? ">" : "");
	text_char(out, '(');
	for (uint32_t i = 0; i < func->params.count; i++) {
		text_printf(out, "%s", i ? ", " : "");
		print_def(&p, func->params.data[i].value);
	}
	text_printf(out, ") -> (");
	for (uint32_t i = 0; i < func->results.count; i++) {
		const IrResult *result = &func->results.data[i];
		const char *name = result->name ? session_text(p.session, result->name) : "";
		text_printf(out, "%s%s", i ? ", " : "", is_identifier(name) ? name : "");
		print_type(&p, ir_type(func, result->value), !is_identifier(name));
	}
	text_printf(out, ") {\n");
	for (uint32_t i = 0; i < func->body.ops.count; i++)
		print_op(&p, func->body.ops.data[i], 1);
	text_printf(out, "  return");
	for (uint32_t i = 0; i < func->results.count; i++) {
		text_printf(out, "%s", i ? ", " : " ");
		print_value(&p, func->results.data[i].value);
	}
	text_printf(out, "\n}\n");
	arena_free(p.scratch);
}
