/* A rule as text. */
#include "writer.h"

void rp_put_rule_expr(Writer *w, const RpExpr *e) {
	static const char *const collectives[] = {"all_sum", "all_mean", "all_max"};
	if (e->op == RP_SIZE_X) {
		fputs("size(x)", w->out);
		return;
	}
	bool indexed = w->indexed;
	w->indexed = false; /* of whole vectors */
	if (e->op == RP_COORDINATE) {
		fprintf(w->out, "%s[%d]", e->arg[0]->var->name, e->which);
		w->indexed = indexed;
		return;
	}
	fputs(e->op == RP_ACROSS ? collectives[e->which] : rp_reductions[e->which], w->out);
	fputs(e->op == RP_OVER && w->in_each ? "[each](" : "(", w->out);
	rp_put_expr(w, e->arg[0], WRITE_LOOSE);
	fputs(")", w->out);
	w->indexed = indexed;
}

/* m, or m[i] */
static void put_target(Writer *w, const RpVar *var, bool indexed) {
	w->indexed = indexed && var->like_x && !w->in_each;
	fprintf(w->out, "%s%s", var->name, w->indexed ? "[i]" : "");
}

static void put_block(Writer *w, const RpRule *rule, const RpBlock *block, int indent);

/* What is asked about is named first: what stands in a derivative is a function of x. */
static void put_look(Writer *w, const RpStmt *s, int indent) {
	static const char *const forms[RP_LOOKS] = {
		"value(%sp)",
		"gradient(%sp)",
		"jvp(gradient(x), x, %sp)",
		"grad(dot(gradient(x), %sp), x)",
		"dot(%sr, jvp(residuals, x, %sp))",
		"grad(dot(residuals, %sr), x)",
	};
	const char *v = s->var[0]->name;
	if (s->look >= RP_LOOK_RESIDUAL_SLOPE)
		fprintf(w->out, "let %sr = residuals\n%*s", v, indent, "");
	if (s->look != RP_LOOK_RESIDUAL_GRADIENT) {
		fprintf(w->out, "let %sp = ", v);
		rp_put_expr(w, s->value[0], WRITE_LOOSE);
		fprintf(w->out, "\n%*s", indent, "");
	}
	fprintf(w->out, "let %s = ", v);
	fprintf(w->out, forms[s->look], v, v);
}

/* As oracle_rule.c computes it. */
static void put_by_axes(Writer *w, const RpStmt *s, int indent) {
	int serial = s->to;
	fprintf(w->out, "let rate%d = 0.05 * (", serial);
	rp_put_expr(w, s->value[0], WRITE_LOOSE);
	fputs(")\n", w->out);
	if (s->look == 0) {
		fprintf(w->out, "%*sif rank(x) == 2 {\n", indent, "");
		fprintf(w->out, "%*s  let row[i] = mean[j](tanh(g[i, j]))\n", indent, "");
		fprintf(w->out, "%*s  each i, j {\n", indent, "");
		fprintf(w->out, "%*s    x <- x - rate%d * (tanh(g) + row[i]) / (1 + i + 0.5 * j)\n", indent, "", serial);
		fprintf(w->out, "%*s  }\n%*s} else {\n", indent, "", indent, "");
		fprintf(w->out, "%*s  x <- x - rate%d * tanh(g) / (1 + rank(x))\n%*s}", indent, "", serial, indent, "");
		return;
	}
	fprintf(w->out, "%*sif rank(x) >= 1 {\n", indent, "");
	fprintf(w->out, "%*s  let G = tanh(matrix(g))\n", indent, "");
	fprintf(w->out, "%*s  let R = G @ transpose(G)\n", indent, "");
	fprintf(w->out, "%*s  x <- x - rate%d / size(x, 0) * (R @ G)\n", indent, "", serial);
	fprintf(w->out, "%*s} else {\n%*s  x <- x - rate%d * tanh(g)\n%*s}", indent, "", indent, "", serial, indent, "");
}

static void put_body(Writer *w, const RpRule *rule, const RpBlock *block, int indent) {
	fputs(" {\n", w->out);
	put_block(w, rule, block, indent + 2);
	fprintf(w->out, "%*s}", indent, "");
}

static void put_block(Writer *w, const RpRule *rule, const RpBlock *block, int indent) {
	for (int i = 0; i < block->count; i++) {
		const RpStmt *s = block->data[i];
		fprintf(w->out, "%*s", indent, "");
		switch (s->kind) {
		case RP_DEFINE:
			fputs(s->var[0]->role == RP_VAR ? "var " : "let ", w->out);
			put_target(w, s->var[0], rule->indexed);
			fputs(" = ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			w->indexed = false;
			break;
		case RP_DRAW:
			fprintf(w->out, "let %s%s ~ ", s->var[0]->name, s->var[0]->like_x ? "" : " : real");
			rp_put_draw(w, s);
			break;
		case RP_ASSIGN:
			put_target(w, s->var[0], rule->indexed);
			fputs(" <- ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			w->indexed = false;
			break;
		case RP_LOOK: put_look(w, s, indent); break;
		case RP_BY_AXES: put_by_axes(w, s, indent); break;
		case RP_EACH:
			fputs("each", w->out);
			w->in_each = true;
			put_body(w, rule, &s->yes, indent);
			w->in_each = false;
			break;
		case RP_FOR:
			fprintf(w->out, "for %s in 0..%d", s->counter->name, s->to);
			put_body(w, rule, &s->yes, indent);
			break;
		case RP_WHILE:
			fputs("while ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			fprintf(w->out, " limit %d", s->to);
			put_body(w, rule, &s->yes, indent);
			break;
		case RP_WHEN:
			fputs("if ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			put_body(w, rule, &s->yes, indent);
			if (s->no.count) {
				fputs(" else", w->out);
				put_body(w, rule, &s->no, indent);
			}
			break;
		default: break;
		}
		fputs("\n", w->out);
	}
}

static void put_head(Writer *w, const RpRule *rule, const char *name) {
	const char *between = "";
	fprintf(w->out, "\n%soptimizer %s(", rule->joint ? "joint " : "", name);
	for (int i = 0; i < rule->hypers; i++) {
		fprintf(w->out, "%s%s = ", between, rule->hyper[i]->name);
		rp_put_number(w, rule->hyper_default[i]);
		if (rule->hyper_range[i])
			fputs(" in (0.01, 5)", w->out);
		between = ", ";
	}
	fprintf(w->out, "%s) {\n", !rule->by ? "" : rule->hypers ? ", by = tanh" : "by = tanh");
}

/* A rule that does no more than apply the one that was written: perhaps in a loop of one turn, in the branch that is taken on tensors of
 * any shape, or under a condition that always holds. */
static void put_around(Writer *w, const RpRule *rule) {
	int how = (int)(w->program->seed / 15 % 4);
	bool asks = rule->collects || rule->looks;
	bool allowed[] = {true, !(rule->axes && asks), !rule->differentiates && !(rule->loops && asks), !asks};
	const char *before[] = {"", "  for once in 0..1 {\n", "  if rank(x) >= 0 {\n", "  if t >= 1 {\n"};
	const char *behind[] = {"", "  }\n", "  } else {\n    x <- 0 * x\n  }\n", "  }\n"};
	how = allowed[how] ? how : 0;
	put_head(w, rule, "rule");
	fprintf(w->out, "%s  apply inside(", before[how]);
	for (int i = 0; i < rule->hypers; i++)
		fprintf(w->out, "%s%s = %s", i ? ", " : "", rule->hyper[i]->name, rule->hyper[i]->name);
	fprintf(w->out, ")\n%s}\n", behind[how]);
}

void rp_write_rule(const RpProgram *program, const RpRule *rule, FILE *out) {
	Writer w = {.out = out, .program = program, .calls = (unsigned)program->seed, .by = rule->by ? "by" : NULL};
	put_head(&w, rule, rule->applied ? "inside" : "rule");
	for (int i = 0; i < rule->learned_count; i++) {
		const RpLearned *l = &rule->learned[i];
		fprintf(out, "  learn %s", l->var->name);
		if (l->var->shape.rank) {
			fputs(" : [", out);
			rp_put_sizes(&w, &l->var->shape, ", ");
			fputs("] ~ normal(0, 0.4)\n", out);
			continue;
		}
		fputs(" = ", out);
		rp_put_number(&w, l->start);
		if (l->limits == RP_BETWEEN)
			fprintf(out, " in (%g, %g)", l->low, l->high);
		if (l->limits == RP_ABOVE)
			fprintf(out, " in (%g, inf)", l->low);
		fputs("\n", out);
	}
	for (int i = 0; i < rule->states; i++) {
		const RpVar *v = rule->state[i];
		fprintf(out, "  state %s", v->name);
		if (!v->like_x)
			fputs(v->kind == RP_INT ? " : int" : " : real", out);
		else if (v->shape.rank)
			fprintf(out, " : each [%d]", v->shape.dims[0]);
		fputs(" = ", out);
		rp_put_expr(&w, rule->state_start[i], WRITE_LOOSE);
		fputs("\n", out);
	}
	put_block(&w, rule, &rule->body, 2);
	fputs("}\n", out);
	if (rule->applied)
		put_around(&w, rule);
}

void rp_write_call(const RpRule *rule, FILE *out) {
	Writer w = {.out = out};
	const char *between = "";
	fputs("rule(", out);
	for (int i = 0; i < rule->hypers; i++) {
		if (!rule->hyper_given[i])
			continue;
		fprintf(out, "%s%s = ", between, rule->hyper[i]->name);
		rp_put_number(&w, rule->hyper_value[i]);
		between = ", ";
	}
	fputs(")", out);
}
