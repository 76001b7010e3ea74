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
		case RP_ASSIGN:
			put_target(w, s->var[0], rule->indexed);
			fputs(" <- ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			w->indexed = false;
			break;
		case RP_EACH:
			fputs("each {\n", w->out);
			w->in_each = true;
			put_block(w, rule, &s->yes, indent + 2);
			w->in_each = false;
			fprintf(w->out, "%*s}", indent, "");
			break;
		case RP_WHEN:
			fputs("if ", w->out);
			rp_put_expr(w, s->value[0], WRITE_LOOSE);
			fputs(" {\n", w->out);
			put_block(w, rule, &s->yes, indent + 2);
			fprintf(w->out, "%*s}", indent, "");
			if (s->no.count) {
				fputs(" else {\n", w->out);
				put_block(w, rule, &s->no, indent + 2);
				fprintf(w->out, "%*s}", indent, "");
			}
			break;
		default: break;
		}
		fputs("\n", w->out);
	}
}

static void put_head(Writer *w, const RpRule *rule, const char *name) {
	fprintf(w->out, "\n%soptimizer %s(", rule->joint ? "joint " : "", name);
	for (int i = 0; i < rule->hypers; i++) {
		fprintf(w->out, "%s%s = ", i ? ", " : "", rule->hyper[i]->name);
		rp_put_number(w, rule->hyper_default[i]);
		if (rule->hyper_range[i])
			fputs(" in (0.01, 5)", w->out);
	}
	fputs(") {\n", w->out);
}

/* A rule that does no more than apply the one that was written, perhaps in a loop of one turn. */
static void put_around(Writer *w, const RpRule *rule) {
	bool loop = w->program->seed / 15 % 2;
	put_head(w, rule, "rule");
	fputs(loop ? "  for once in 0..1 {\n" : "", w->out);
	fputs("  apply inside(", w->out);
	for (int i = 0; i < rule->hypers; i++)
		fprintf(w->out, "%s%s = %s", i ? ", " : "", rule->hyper[i]->name, rule->hyper[i]->name);
	fputs(loop ? ")\n  }\n}\n" : ")\n}\n", w->out);
}

void rp_write_rule(const RpProgram *program, const RpRule *rule, FILE *out) {
	Writer w = {.out = out, .program = program, .calls = (unsigned)program->seed};
	bool applied = program->seed / 5 % 3 == 1;
	put_head(&w, rule, applied ? "inside" : "rule");
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
			fputs(" : real", out);
		else if (v->shape.rank)
			fprintf(out, " : each [%d]", v->shape.dims[0]);
		fputs(" = ", out);
		rp_put_expr(&w, rule->state_start[i], WRITE_LOOSE);
		fputs("\n", out);
	}
	put_block(&w, rule, &rule->body, 2);
	fputs("}\n", out);
	if (applied)
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
