/* What random programs are made of: every row of the language's tables of names, and every kind of expression and statement of the
 * parser, is written by the generator of tests/random, but for those that are named here with a reason. What is added to the
 * language fails this test until the generator knows it. */
#include "frontend/syntax/ast.h"
#include "tests/random/program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 900, LEAST = 2, EXPRESSIONS = AST_DISCOVER + 1, STATEMENTS = AST_RETURN + 1 };

/* What the tables do not tell apart. */
#define FORMS(ROW)                                                                                                     \
	ROW(limits_of_a_parameter)                                                                                         \
	ROW(limits_of_what_is_learned)                                                                                     \
	ROW(tensors_by_a_head)                                                                                             \
	ROW(a_head_of_what_is_drawn)                                                                                       \
	ROW(several_names)                                                                                                 \
	ROW(a_loop_by_a_step)                                                                                              \
	ROW(a_loop_backwards)                                                                                              \
	ROW(a_loop_between_numbers_that_vary)                                                                              \
	ROW(a_slice)                                                                                                       \
	ROW(a_slice_that_moves)                                                                                            \
	ROW(a_whole_axis)                                                                                                  \
	ROW(an_array_as_an_index)                                                                                          \
	ROW(an_indexed_expression)                                                                                         \
	ROW(a_condition_of_a_reduction)                                                                                    \
	ROW(a_reduction_over_coordinates)                                                                                  \
	ROW(a_scatter)                                                                                                     \
	ROW(coordinates_by_name)                                                                                           \
	ROW(a_rule_in_a_branch)                                                                                            \
	ROW(a_rule_in_a_loop)                                                                                              \
	ROW(a_joint_rule)                                                                                                  \
	ROW(a_function_as_an_argument)                                                                                     \
	ROW(an_objective_as_an_argument)                                                                                   \
	ROW(a_product_with_axes_in_front)

#define FORM_ENUM(name) FORM_##name,
typedef enum Form { FORMS(FORM_ENUM) FORM_COUNT } Form;
#define FORM_TEXT(name) #name,
static const char *const form_names[FORM_COUNT] = {FORMS(FORM_TEXT)};

typedef struct Reached {
	Session *session;
	int builtin[BUILTIN_COUNT], distribution[DISTRIBUTION_COUNT], op[AST_OP_COUNT];
	int expression[EXPRESSIONS], statement[STATEMENTS], form[FORM_COUNT];
	int blocks; /* around: branches and loops */
} Reached;

static const struct {
	int kind;
	const char *why;
} no_expressions[] =
	{
		{AST_BAD, "is no program"},
		{AST_TEXT, "names files: test_rt_data.c"},
		{AST_CHOOSE, "has no value before it is searched: test_search_several.c"},
		{AST_DISCOVER, "has no value before it is searched: test_search_agree.c"},
},
  no_statements[] = {
	  {AST_DATA, "needs files: test_rt_data.c, command/test_data.sh"},
	  {AST_VALIDATE, "is about data: test_rt_data.c"},
};

static void see_name(Reached *r, Name name) {
	const Builtin *b = builtin_find(session_text(r->session, name));
	if (b)
		r->builtin[b->id]++;
}

static bool see_expr(const AstExpr *x, void *context);

static void see_items(Reached *r, const AstExpr *x) {
	for (uint32_t i = 0; i < x->index.items.count; i++) {
		const AstItem *item = &x->index.items.data[i];
		bool moves = item->low && item->low->kind != AST_NUMBER;
		r->form[FORM_a_slice] += item->kind == AST_ITEM_SLICE;
		r->form[FORM_a_slice_that_moves] += item->kind == AST_ITEM_SLICE && moves;
		r->form[FORM_a_whole_axis] += item->kind == AST_ITEM_ALL;
		r->form[FORM_an_array_as_an_index] +=
			item->kind == AST_ITEM_EXPR && item->expr->kind == AST_CALL &&
			builtin_find(session_text(r->session, item->expr->call.callee.name)) == &builtins[BUILTIN_argsort];
	}
	r->form[FORM_an_indexed_expression] += x->index.base->kind != AST_NAME;
}

static bool see_expr(const AstExpr *x, void *context) {
	Reached *r = context;
	if (!x)
		return false;
	r->expression[x->kind]++;
	switch (x->kind) {
	case AST_NAME: see_name(r, x->name); break;
	case AST_UNARY: r->op[x->unary.op]++; break;
	case AST_BINARY: r->op[x->binary.op]++; break;
	case AST_COMPARE:
		for (uint32_t i = 0; i + 1 < x->compare.operands.count; i++)
			r->op[x->compare.ops[i]]++;
		break;
	case AST_CALL:
		see_name(r, x->call.callee.name);
		r->form[FORM_a_function_as_an_argument] +=
			strncmp(session_text(r->session, x->call.callee.name), "pass", 4) == 0;
		break;
	case AST_REDUCE:
		see_name(r, x->reduce.callee.name);
		r->form[FORM_a_reduction_over_coordinates] += x->reduce.each;
		for (uint32_t i = 0; i < x->reduce.items.count; i++)
			r->form[FORM_a_condition_of_a_reduction] += x->reduce.items.data[i].kind == AST_ITEM_CONDITION;
		break;
	case AST_INDEX: see_items(r, x); break;
	default: break;
	}
	return ast_any_part(x, see_expr, context);
}

static void see_declare(Reached *r, const AstStmt *s) {
	const AstDeclare *d = &s->declare;
	r->form[FORM_limits_of_a_parameter] += s->kind == AST_PARAM && d->limits.span.file != 0;
	r->form[FORM_limits_of_what_is_learned] += s->kind == AST_LEARN && d->limits.span.file != 0;
	r->form[FORM_tensors_by_a_head] += s->kind == AST_PARAM && d->has_head && d->type.dims.count > 0;
	r->form[FORM_a_head_of_what_is_drawn] += d->has_head && d->draw;
	r->form[FORM_several_names] += d->names.count > 1;
	if (!d->draw || d->draw->kind != AST_CALL)
		return;
	const Distribution *found = distribution_find(session_text(r->session, d->draw->call.callee.name));
	r->distribution[found->id]++;
	for (uint32_t i = 0; i < d->draw->call.args.count; i++)
		see_expr(d->draw->call.args.data[i].value, r);
}

static void see_block(Reached *r, const AstBlock *block);

static void see_loop(Reached *r, const AstStmt *s) {
	const AstExpr *step = s->loop.step;
	bool varies = (s->loop.range.low && s->loop.range.low->kind == AST_NAME) || s->loop.range.high->kind == AST_NAME;
	r->form[FORM_a_loop_by_a_step] += step && step->kind == AST_NUMBER;
	r->form[FORM_a_loop_backwards] += step && step->kind == AST_UNARY;
	r->form[FORM_a_loop_between_numbers_that_vary] += varies;
	see_block(r, &s->loop.body);
}

static void see_assignment(Reached *r, const AstStmt *s) {
	const AstExpr *to = s->assign.targets.data[0];
	for (uint32_t i = 0; to->kind == AST_INDEX && i < to->index.items.count; i++)
		r->form[FORM_a_scatter] +=
			to->index.items.data[i].kind == AST_ITEM_EXPR && to->index.items.data[i].expr->kind == AST_BINARY;
}

static void see_statement(Reached *r, const AstStmt *s) {
	r->statement[s->kind]++;
	switch (s->kind) {
	case AST_FOR: see_loop(r, s); break;
	case AST_WHILE: see_block(r, &s->repeat.body); break;
	case AST_WHEN:
		r->blocks++;
		see_block(r, &s->when.yes);
		see_block(r, &s->when.no);
		r->blocks--;
		break;
	case AST_EACH:
		r->form[FORM_coordinates_by_name] += s->each.names.count > 0;
		see_block(r, &s->each.body);
		break;
	case AST_ASSIGN: see_assignment(r, s); break;
	case AST_APPLY: r->form[FORM_a_rule_in_a_branch] += r->blocks > 0; break;
	default:
		if (s->kind <= AST_VAR)
			see_declare(r, s);
	}
}

static void see_block(Reached *r, const AstBlock *block) {
	for (uint32_t i = 0; i < block->count; i++)
		see_statement(r, block->data[i]);
}

static void see_decl(Reached *r, const AstDecl *d) {
	r->form[FORM_a_joint_rule] += d->kind == AST_OPTIMIZER && d->joint;
	for (uint32_t i = 0; i < d->params.count; i++) {
		const AstExpr *value = d->params.data[i].value;
		see_expr(value, r);
		r->form[FORM_an_objective_as_an_argument] += d->kind == AST_OBJECTIVE && value && value->kind == AST_CALL;
	}
	see_expr(d->value, r);
	for (uint32_t i = 0; i < d->body.count; i++) {
		ast_any_expr(d->body.data[i], see_expr, r);
		r->form[FORM_a_rule_in_a_loop] += d->body.data[i]->kind == AST_FOR && d->body.data[i]->loop.body.count == 1 &&
		                                  d->body.data[i]->loop.body.data[0]->kind == AST_APPLY;
	}
	see_block(r, &d->body);
}

static void count_products(void *context, RpExpr **place) {
	Reached *r = context;
	const RpExpr *e = *place;
	r->form[FORM_a_product_with_axes_in_front] +=
		e->op == RP_MATMUL && (e->arg[0]->shape.rank > 2 || e->arg[1]->shape.rank > 2);
}

static void see_program(Reached *r, uint64_t seed) {
	RpProgram *tree = rp_generate(seed);
	RpRule *rule = seed % 3 == 0 ? rp_generate_rule(tree, seed) : NULL;
	if (seed % 3 == 1)
		rp_add_derivative(tree, seed);
	rp_each_expr(tree, count_products, r);
	char *text = rp_text(tree, rule);
	r->session = session_new();
	const AstFile *file = ast_parse(r->session, source_add(r->session, "random.grad", text, strlen(text)));
	cr_assert_eq(r->session->error_count, 0, "seed %llu cannot be read:\n%s", (unsigned long long)seed, text);
	for (uint32_t i = 0; i < file->decls.count; i++)
		see_decl(r, file->decls.data[i]);
	session_free(r->session);
	free(text);
	rp_pool_free(tree->pool);
}

static void expect(int times, const char *what, const char *name, const char *why) {
	if (why)
		cr_expect_eq(times, 0, "%s `%s` is generated, though it %s", what, name, why);
	else
		cr_expect_geq(times, LEAST, "%s `%s` is generated %d times in %d programs", what, name, times, PROGRAMS);
}

Test(random_programs_reach, all_of_the_language) {
	static Reached reached;
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++)
		see_program(&reached, seed);
	for (int i = 0; i < BUILTIN_COUNT; i++)
		expect(reached.builtin[i], "the name", builtins[i].name,
		       builtins[i].kind == BUILTIN_IS_LATER ? "is not in this version" : NULL);
	for (int i = 0; i < DISTRIBUTION_COUNT; i++)
		expect(reached.distribution[i], "the distribution", distributions[i].name,
		       distributions[i].code ? "is not in this version" : NULL);
	for (int i = 0; i < AST_OP_COUNT; i++)
		expect(reached.op[i], "the operator", ast_op_text((AstOp)i), NULL);
	for (int i = 0; i < FORM_COUNT; i++)
		expect(reached.form[i], "the form", form_names[i], NULL);
	for (int i = 0; i < EXPRESSIONS; i++) {
		const char *why = NULL;
		char name[32];
		snprintf(name, sizeof name, "AstExprKind %d", i);
		for (size_t k = 0; k < sizeof no_expressions / sizeof *no_expressions; k++)
			why = no_expressions[k].kind == i ? no_expressions[k].why : why;
		expect(reached.expression[i], "the kind of expression", name, why);
	}
	for (int i = 0; i < STATEMENTS; i++) {
		const char *why = NULL;
		for (size_t k = 0; k < sizeof no_statements / sizeof *no_statements; k++)
			why = no_statements[k].kind == i ? no_statements[k].why : why;
		expect(reached.statement[i], "the statement", ast_stmt_word((AstStmtKind)i), why);
	}
}
