/* The tree as a .grad file. */
#include "writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How tight an operator binds: see docs/language.md. */
enum { LOOSE = WRITE_LOOSE, OR, AND, NOT, COMPARE, SUM, PRODUCT, MINUS, POWER, ATOM };

static int tightness(const RpExpr *e) {
	switch (e->op) {
	case RP_OR: return OR;
	case RP_AND: return AND;
	case RP_NOT: return NOT;
	case RP_COMPARE: return COMPARE;
	case RP_ADD:
	case RP_SUB: return SUM;
	case RP_MUL:
	case RP_DIV:
	case RP_FLOORDIV:
	case RP_MOD:
	case RP_MATMUL: return PRODUCT;
	case RP_NEG: return MINUS;
	case RP_POWI:
	case RP_POW: return POWER;
	case RP_IF: return LOOSE;
	case RP_NUMBER: return e->kind != RP_BOOL && e->number < 0 ? MINUS : ATOM;
	default: return ATOM;
	}
}

void rp_put_number(Writer *w, double number) {
	char text[40];
	if (number == floor(number) && fabs(number) < 1e15) {
		fprintf(w->out, "%.0f", number);
		return;
	}
	snprintf(text, sizeof text, "%.17g", number);
	for (int digits = 1; digits < 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	fputs(text, w->out);
}

static void put_size(Writer *w, int extent) {
	for (int i = 0; w->in_objective && i < 3; i++) {
		if (w->program->dims[i] == extent && w->turn++ % 2) {
			fprintf(w->out, "n%d", i);
			return;
		}
	}
	fprintf(w->out, "%d", extent);
}

void rp_put_sizes(Writer *w, const RpShape *shape, const char *between) {
	for (int i = 0; i < shape->rank; i++) {
		fputs(i ? between : "", w->out);
		put_size(w, shape->dims[i]);
	}
}

static void put_args(Writer *w, const char *name, const RpExpr *e) {
	fprintf(w->out, "%s(", name);
	for (int i = 0; i < e->args; i++) {
		fputs(i ? ", " : "", w->out);
		rp_put_expr(w, e->arg[i], LOOSE);
	}
	fputs(")", w->out);
}

/* A call, which sometimes hands the function to another one that calls it. */
static void put_call(Writer *w, const char *name, const RpExpr *e) {
	if (w->by && strcmp(name, "tanh") == 0 && w->turn++ % 2)
		name = w->by;
	if (w->calls++ % 4 || e->args < 1 || e->args > 3) {
		put_args(w, name, e);
		return;
	}
	fprintf(w->out, "pass%d(%s", e->args, name);
	for (int i = 0; i < e->args; i++) {
		fputs(", ", w->out);
		rp_put_expr(w, e->arg[i], LOOSE);
	}
	fputs(")", w->out);
}

static void put_index(Writer *w, const RpVar *index, bool stated) {
	fputs(index->name, w->out);
	if (!stated)
		return;
	fputs(" in ", w->out);
	if (index->low != 0 || w->turn++ % 7 == 0)
		fprintf(w->out, "%d..%d", index->low, index->high);
	else
		put_size(w, index->high);
}

/* i..i + 2 */
static void put_moving(Writer *w, const RpItem *item) {
	rp_put_expr(w, item->at, SUM);
	fputs("..", w->out);
	rp_put_expr(w, item->at, SUM);
	fprintf(w->out, " + %d", item->high - item->low);
}

static void put_items(Writer *w, const RpItem *item, int items) {
	fputs("[", w->out);
	for (int i = 0; i < items; i++) {
		fputs(i ? ", " : "", w->out);
		if (item[i].kind == RP_AT)
			rp_put_expr(w, item[i].at, LOOSE);
		else if (item[i].kind == RP_GATHER)
			rp_put_expr(w, item[i].at, LOOSE);
		else if (item[i].kind == RP_SLICE && item[i].at)
			put_moving(w, &item[i]);
		else if (item[i].kind == RP_SLICE)
			fprintf(w->out, "%d..%d", item[i].low, item[i].high);
		else
			fputs(":", w->out);
	}
	fputs("]", w->out);
}

static void put_reduce(Writer *w, const RpExpr *e) {
	fprintf(w->out, "%s[", rp_reductions[e->which]);
	for (int i = 0; i < e->indices; i++) {
		fputs(i ? ", " : "", w->out);
		put_index(w, e->index[i], e->stated[i]);
	}
	for (int i = 0; i < e->conds; i++) {
		fputs(", ", w->out);
		rp_put_expr(w, e->cond[i], LOOSE);
	}
	fputs("](", w->out);
	rp_put_expr(w, e->arg[0], LOOSE);
	fputs(")", w->out);
}

static void put_binary(Writer *w, const RpExpr *e, const char *op, int own, int left, int right) {
	(void)own;
	rp_put_expr(w, e->arg[0], left);
	fprintf(w->out, " %s ", op);
	rp_put_expr(w, e->arg[1], right);
}

static void put_word(Writer *w, const RpExpr *e) {
	if (e->which != RP_WORD_linspace) {
		put_args(w, rp_words[e->which], e);
		return;
	}
	fputs("linspace(", w->out);
	rp_put_expr(w, e->arg[0], LOOSE);
	fputs(", ", w->out);
	rp_put_expr(w, e->arg[1], LOOSE);
	fprintf(w->out, ", %d)", e->shape.dims[0]);
}

static void put_plain(Writer *w, const RpExpr *e) {
	static const char *const fills[] = {"zeros", "ones", "eye", "iota"};
	switch (e->op) {
	case RP_NUMBER:
		if (e->kind == RP_BOOL)
			fputs(e->number != 0 ? "true" : "false", w->out);
		else
			rp_put_number(w, e->number);
		return;
	case RP_CONSTANT: fputs(rp_constants[e->which], w->out); return;
	case RP_NAME: fprintf(w->out, "%s%s", e->var->name, w->indexed && e->var->like_x ? "[i]" : ""); return;
	case RP_FUNCTION: put_call(w, rp_functions[e->which].name, e); return;
	case RP_ADD: put_binary(w, e, "+", SUM, SUM, PRODUCT); return;
	case RP_SUB: put_binary(w, e, "-", SUM, SUM, PRODUCT); return;
	case RP_MUL: put_binary(w, e, "*", PRODUCT, PRODUCT, MINUS); return;
	case RP_DIV: put_binary(w, e, "/", PRODUCT, PRODUCT, MINUS); return;
	case RP_FLOORDIV: put_binary(w, e, "//", PRODUCT, PRODUCT, MINUS); return;
	case RP_MOD: put_binary(w, e, "%", PRODUCT, PRODUCT, MINUS); return;
	case RP_MATMUL: put_binary(w, e, "@", PRODUCT, PRODUCT, MINUS); return;
	case RP_POW: put_binary(w, e, "^", POWER, ATOM, MINUS); return;
	case RP_POWI:
		rp_put_expr(w, e->arg[0], ATOM);
		fprintf(w->out, e->which < 0 ? "^(%d)" : "^%d", e->which);
		return;
	case RP_NEG:
		fputs("-", w->out);
		rp_put_expr(w, e->arg[0], POWER);
		return;
	case RP_MIN: put_args(w, "min", e); return;
	case RP_MAX: put_args(w, "max", e); return;
	case RP_AND: put_binary(w, e, "and", AND, AND, NOT); return;
	case RP_OR: put_binary(w, e, "or", OR, OR, AND); return;
	case RP_NOT:
		fputs("not ", w->out);
		rp_put_expr(w, e->arg[0], NOT);
		return;
	case RP_COMPARE:
		put_binary(w, e, rp_comparisons[e->which % 6], COMPARE, SUM, SUM);
		if (e->args == 3) {
			fprintf(w->out, " %s ", rp_comparisons[e->which / 6]);
			rp_put_expr(w, e->arg[2], SUM);
		}
		return;
	case RP_WHERE: put_args(w, "where", e); return;
	case RP_IF:
		fputs("if ", w->out);
		rp_put_expr(w, e->arg[0], OR);
		fputs(" then ", w->out);
		rp_put_expr(w, e->arg[1], OR);
		fputs(" else ", w->out);
		rp_put_expr(w, e->arg[2], LOOSE);
		return;
	case RP_READ:
		rp_put_expr(w, e->arg[0], ATOM);
		put_items(w, e->item, e->items);
		return;
	case RP_REDUCE: put_reduce(w, e); return;
	case RP_REDUCE_ALL: put_args(w, rp_reductions[e->which], e); return;
	case RP_TRANSPOSE: put_args(w, "transpose", e); return;
	case RP_FLIP: put_args(w, "flip", e); return;
	case RP_CUMSUM: put_args(w, "cumsum", e); return;
	case RP_CONCAT: put_args(w, "concat", e); return;
	case RP_DOT: put_args(w, "dot", e); return;
	case RP_NORM: put_call(w, "norm", e); return;
	case RP_RMS: put_call(w, "rms", e); return;
	case RP_CALL: put_call(w, e->fn->name, e); return;
	case RP_RESHAPE:
		fputs("reshape(", w->out);
		rp_put_expr(w, e->arg[0], LOOSE);
		fputs(", ", w->out);
		if (e->args == 2)
			fprintf(w->out, "shape(%s)", e->arg[1]->op == RP_NAME ? e->arg[1]->var->name : "?");
		else
			rp_put_sizes(w, &e->shape, ", ");
		fputs(")", w->out);
		return;
	case RP_STACK: {
		bool by_name = w->in_objective && w->turn++ % 3 == 0;
		fputs(by_name ? "stack(" : "[", w->out);
		for (int i = 0; i < e->args; i++) {
			fputs(i ? ", " : "", w->out);
			rp_put_expr(w, e->arg[i], LOOSE);
		}
		fputs(by_name ? ")" : "]", w->out);
		return;
	}
	case RP_FILL:
		fprintf(w->out, "%s(", fills[e->which]);
		if (e->which == 2)
			put_size(w, e->shape.dims[0]);
		else
			rp_put_sizes(w, &e->shape, ", ");
		fputs(")", w->out);
		return;
	case RP_WORD: put_word(w, e); return;
	case RP_OVER:
	case RP_ACROSS:
	case RP_COORDINATE:
	case RP_SIZE_X: rp_put_rule_expr(w, e); return;
	}
}

void rp_put_expr(Writer *w, const RpExpr *e, int needed) {
	bool brackets = tightness(e) < needed;
	fputs(brackets ? "(" : "", w->out);
	put_plain(w, e);
	fputs(brackets ? ")" : "", w->out);
}

/* ---- statements ---- */

static void put_block(Writer *w, const RpBlock *block, int indent);

/* Behind `heads` indices. */
static void put_type(Writer *w, const RpVar *var, int heads) {
	static const char *const kinds[] = {"real", "int", "bool"};
	RpShape rest = {.rank = var->shape.rank - heads};
	for (int i = 0; i < rest.rank; i++)
		rest.dims[i] = var->shape.dims[heads + i];
	fprintf(w->out, " : %s", var->kind == RP_REAL && rest.rank ? "" : kinds[var->kind]);
	if (rest.rank) {
		fputs("[", w->out);
		rp_put_sizes(w, &rest, ", ");
		fputs("]", w->out);
	}
}

static void put_limits(Writer *w, const RpVar *var) {
	if (var->limits == RP_FREE)
		return;
	fputs(" in (", w->out);
	if (var->limits == RP_BELOW)
		fputs("-inf", w->out);
	else
		rp_put_number(w, var->least);
	fputs(", ", w->out);
	if (var->limits == RP_ABOVE)
		fputs("inf", w->out);
	else
		rp_put_number(w, var->most);
	fputs(")", w->out);
}

void rp_put_draw(Writer *w, const RpStmt *s) {
	fprintf(w->out, "%s(", rp_distributions[s->draw]);
	for (int i = 0; i < s->values; i++) {
		fputs(i ? ", " : "", w->out);
		rp_put_expr(w, s->value[i], LOOSE);
	}
	fputs(")", w->out);
}

static void put_define(Writer *w, const RpStmt *s) {
	static const char *const words[] = {"const", "given", "param", "let", "var"};
	fprintf(w->out, "%s ", s->var[0]->batch ? "batch" : words[s->var[0]->role]);
	for (int i = 0; i < s->vars; i++)
		fprintf(w->out, "%s%s", i ? ", " : "", s->var[i]->name);
	if (s->heads) {
		fputs("[", w->out);
		for (int i = 0; i < s->heads; i++) {
			fputs(i ? ", " : "", w->out);
			put_index(w, s->head[i], s->stated[i]);
		}
		fputs("]", w->out);
	}
	bool whole = s->var[0]->role == RP_CONST && s->var[0]->kind == RP_INT;
	if (s->typed || s->kind == RP_DRAW || whole)
		put_type(w, s->var[0], s->heads);
	if (s->kind == RP_DRAW) {
		fputs(" ~ ", w->out);
		rp_put_draw(w, s);
	} else {
		fputs(" = ", w->out);
		rp_put_expr(w, s->value[0], LOOSE);
	}
	if (s->var[0]->role == RP_PARAM)
		put_limits(w, s->var[0]);
}

/* Along the element of v that derivative.c says: hot is 1 there. */
static void put_along(Writer *w, const RpVar *v) {
	const RpProgram *p = w->program;
	if (v->shape.rank) {
		fputs("let hot[", w->out);
		for (int k = 0; k < v->shape.rank; k++)
			fprintf(w->out, "%sq%d in %d", k ? ", " : "", k, v->shape.dims[k]);
		fputs("] = if ", w->out);
		for (int k = 0; k < v->shape.rank; k++)
			fprintf(w->out, "%sq%d == %d", k ? " and " : "", k, p->by_at[k]);
		fputs(" then 1.0 else 0.0\n  ", w->out);
	}
	fprintf(w->out, "let slope_of_it = jvp(whole_of_it, %s, %s)\n", v->name, v->shape.rank ? "hot" : "1");
}

/* What derivative.c says. */
static void put_derivative(Writer *w, const RpExpr *e, int report) {
	const RpProgram *p = w->program;
	const char *v = p->by->name;
	fputs("let whole_of_it = ", w->out);
	rp_put_expr(w, e, LOOSE);
	fputs("\n  ", w->out);
	if (p->by_word == 2)
		put_along(w, p->by);
	else
		fprintf(w->out,
		        p->by_word == 1 ? "let slope_of_it = jacobian([2 * whole_of_it, whole_of_it], %s)[1]\n"
		                        : "let slope_of_it = grad(whole_of_it, %s)\n",
		        v);
	for (int first = 1; first >= 0; first--) {
		if (first)
			fputs("  minimize ", w->out);
		else
			fprintf(w->out, "\n  report r%d = ", report);
		if (p->twice != (first == 1)) {
			fputs("whole_of_it", w->out);
			continue;
		}
		fputs("slope_of_it", w->out);
		for (int k = 0; k < p->by->shape.rank && p->by_word != 2; k++)
			fprintf(w->out, "%s%d%s", k ? ", " : "[", p->by_at[k], k + 1 == p->by->shape.rank ? "]" : "");
	}
}

/* The element itself plus, minus, or the larger or smaller of it and the value. */
static void put_update(Writer *w, const RpStmt *s) {
	bool extreme = s->update == '<' || s->update == '>';
	if (extreme)
		fputs(s->update == '<' ? "min(" : "max(", w->out);
	fputs(s->var[0]->name, w->out);
	put_items(w, s->item, s->items);
	fprintf(w->out, extreme ? ", " : " %c (", s->update);
	rp_put_expr(w, s->value[0], LOOSE);
	fputs(")", w->out);
}

static void put_stmt(Writer *w, const RpStmt *s, int indent, int *reports) {
	fprintf(w->out, "%*s", indent, "");
	switch (s->kind) {
	case RP_DEFINE:
	case RP_DRAW: put_define(w, s); break;
	case RP_ASSIGN:
		fputs(s->var[0]->name, w->out);
		if (s->items)
			put_items(w, s->item, s->items);
		fputs(" <- ", w->out);
		if (s->update)
			put_update(w, s);
		else
			rp_put_expr(w, s->value[0], LOOSE);
		break;
	case RP_FOR:
		fprintf(w->out, "for %s in ", s->counter->name);
		if (s->values == 2) {
			rp_put_expr(w, s->value[0], SUM);
			fputs("..", w->out);
			rp_put_expr(w, s->value[1], SUM);
		} else {
			fprintf(w->out, "%d..%d", s->from, s->to);
		}
		if (s->step)
			fprintf(w->out, " by %d", s->step);
		fputs(" {\n", w->out);
		put_block(w, &s->yes, indent + 2);
		fprintf(w->out, "%*s}", indent, "");
		break;
	case RP_WHILE:
		fputs("while ", w->out);
		rp_put_expr(w, s->value[0], OR);
		fprintf(w->out, " limit %d {\n", s->to);
		put_block(w, &s->yes, indent + 2);
		fprintf(w->out, "%*s}", indent, "");
		break;
	case RP_WHEN:
		fputs("if ", w->out);
		rp_put_expr(w, s->value[0], OR);
		fputs(" {\n", w->out);
		put_block(w, &s->yes, indent + 2);
		fprintf(w->out, "%*s}", indent, "");
		if (s->no.count) {
			fputs(" else {\n", w->out);
			put_block(w, &s->no, indent + 2);
			fprintf(w->out, "%*s}", indent, "");
		}
		break;
	case RP_REPORT:
		fprintf(w->out, "report r%d = ", (*reports)++);
		rp_put_expr(w, s->value[0], LOOSE);
		break;
	case RP_RESIDUALS_ARE:
		fputs("residuals ", w->out);
		rp_put_expr(w, s->value[0], LOOSE);
		break;
	case RP_MINIMIZE:
		if (w->program->by) {
			put_derivative(w, s->value[0], (*reports)++);
			break;
		}
		fputs("minimize ", w->out);
		rp_put_expr(w, s->value[0], LOOSE);
		break;
	case RP_EACH: /* in rules only: write_rule.c */
	case RP_LOOK:
	case RP_BY_AXES: break;
	case RP_RETURN:
		fputs("return ", w->out);
		for (int i = 0; i < s->values; i++) {
			fputs(i ? ", " : "", w->out);
			rp_put_expr(w, s->value[i], LOOSE);
		}
		break;
	}
	fputs("\n", w->out);
}

static void put_block(Writer *w, const RpBlock *block, int indent) {
	int reports = 0;
	for (int i = 0; i < block->count; i++)
		put_stmt(w, block->data[i], indent, &reports);
}

static void put_fn(Writer *w, const RpFn *fn) {
	fprintf(w->out, "fn %s(", fn->name);
	for (int i = 0; i < fn->params; i++)
		fprintf(w->out, "%s%s", i ? ", " : "", fn->param[i]->name);
	const RpStmt *last = fn->body.data[fn->body.count - 1];
	if (fn->body.count == 1 && last->values == 1) {
		fputs(") = ", w->out);
		rp_put_expr(w, last->value[0], LOOSE);
		fputs("\n\n", w->out);
		return;
	}
	fputs(") {\n", w->out);
	put_block(w, &fn->body, 2);
	fputs("}\n\n", w->out);
}

static void put_head(Writer *w, const char *name, const char *more) {
	const int *dims = w->program->dims;
	fprintf(w->out, "objective %s(n0 = %d, n1 = %d, n2 = %d%s) {\n", name, dims[0], dims[1], dims[2], more);
}

bool rp_is_composed(const RpProgram *program) {
	unsigned how = (unsigned)(program->seed / 3 % 4);
	return how == 1 || how == 2;
}

/* The objective as it is, made of itself, or evaluated at its parameters as one vector. */
static void put_objective(Writer *w) {
	static const char base[] = ", base = itself(n0 = n0, n1 = n1, n2 = n2)";
	bool composed = rp_is_composed(w->program);
	put_head(w, composed ? "itself" : "random", w->by ? ", act = tanh" : "");
	put_block(w, &w->program->body, 2);
	fputs("}\n", w->out);
	w->by = NULL;
	if (!composed)
		return;
	put_head(w, "random", base);
	fputs(w->program->flat ? "  param flat = start(base)\n  minimize base(flat)\n}\n" : "  minimize base\n}\n", w->out);
}

static void put_own_functions(FILE *out) {
	for (int i = 0; i < rp_function_count; i++) {
		const RpFunction *f = &rp_functions[i];
		if (f->body)
			fprintf(out, "fn %s(a%s) = %s\n", f->name, f->args > 1 ? ", b" : "", f->body);
	}
	fputs("\n", out);
}

static void put_program(const RpProgram *program, FILE *out) {
	Writer w = {.out = out, .program = program, .turn = (unsigned)program->seed, .calls = (unsigned)program->seed};
	fputs("fn pass1(f, a) = f(a)\nfn pass2(f, a, b) = f(a, b)\nfn pass3(f, a, b, c) = f(a, b, c)\n\n", out);
	put_own_functions(out);
	put_block(&w, &program->consts, 0);
	for (int i = 0; i < program->fns; i++)
		put_fn(&w, program->fn[i]);
	w.in_objective = true;
	w.by = program->seed % 5 < 2 ? "act" : NULL;
	put_objective(&w);
}

void rp_write(const RpProgram *program, FILE *out) {
	put_program(program, out);
}

char *rp_text(const RpProgram *program, const RpRule *rule) {
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		abort();
	put_program(program, out);
	if (rule)
		rp_write_rule(program, rule, out);
	fclose(out);
	return text;
}
