/* Typing makes no IR, and finds what lowering then has: shapes, states, whole hyperparameters. */
#include "frontend/decl/decl.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

/* Loops stand in a block while they are typed, and tables whose numbers are known; nothing is computed in them. */
static bool computes(const IrBlock *block) {
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		if (op->kind == IR_FOR || (op->kind == IR_LOOP && computes(&op->loop.body)))
			return true;
	}
	return false;
}

static bool any_computes(const IrModule *module) {
	for (uint32_t i = 0; i < module->funcs.count; i++)
		if (computes(&module->funcs.data[i]->body))
			return true;
	return false;
}

static bool same_slots(const FeSlot *a, uint32_t a_count, const FeSlot *b, uint32_t b_count) {
	bool same = a_count == b_count;
	for (uint32_t i = 0; i < a_count && same; i++)
		same = a[i].name == b[i].name && ir_type_equal(a[i].type, b[i].type) && a[i].offset == b[i].offset &&
		       a[i].count == b[i].count;
	return same;
}

/* How long derivatives become is seen when they are made. */
static bool too_long(const Session *session) {
	return session->diags.count > 0 && session->diags.data[session->diags.count - 1]->code == 140;
}

static void objective(FeProgram *program, const AstDecl *decl, int *count) {
	const AstStmt *start;
	if (fe_open_start(program, decl, &start)) /* a start that is open has a type, and no code */
		return;
	const char *name = session_text(program->session, decl->name.name);
	IrModule *scratch = ir_module_new(program->session), *module = ir_module_new(program->session);
	FeCall call = {.decl = decl, .span = decl->name.span};
	const FeObjective *typed = objective_typed(program, scratch, &call, IR_F64, typing_new(scratch->arena));
	const FeObjective *lowered = fe_objective(program, module, &call, IR_F64);
	cr_expect(typed ? lowered || too_long(program->session) : !lowered, "%s", name);
	cr_expect_not(any_computes(scratch), "%s: typing computes", name);
	if (typed && lowered) {
		++*count;
		cr_expect(any_computes(module), "%s: nothing was lowered", name);
		cr_expect(same_slots(typed->params.data, typed->params.count, lowered->params.data, lowered->params.count),
		          "%s", name);
		cr_expect(same_slots(typed->fixed.data, typed->fixed.count, lowered->fixed.data, lowered->fixed.count), "%s",
		          name);
		cr_expect_eq(typed->random_start, lowered->random_start, "%s", name);
	}
	ir_module_free(scratch);
	ir_module_free(module);
}

static void rule(FeProgram *program, const AstDecl *decl, int *count) {
	static const int64_t sizes[] = {5, 2};
	const char *name = session_text(program->session, decl->name.name);
	IrModule *scratch = ir_module_new(program->session), *module = ir_module_new(program->session);
	FeCall call = {.decl = decl, .span = decl->name.span};
	FeTarget target = {.sizes = sizes, .count = decl->joint ? 1 : 2};
	const FeRule *typed = rule_typed(program, scratch, &call, &target, IR_F32, NULL, 0, typing_new(scratch->arena));
	const FeRule *lowered = fe_rule_open(program, module, &call, &target, IR_F32); /* with an open expression or not */
	cr_expect(typed ? lowered || too_long(program->session) : !lowered, "%s", name);
	cr_expect_not(any_computes(scratch), "%s: typing computes", name);
	if (typed && lowered) {
		++*count;
		cr_expect(same_slots(typed->states.data, typed->states.count, lowered->states.data, lowered->states.count),
		          "%s", name);
		cr_expect_eq(typed->hypers.count, lowered->hypers.count, "%s", name);
		cr_expect_eq(typed->learned_count, lowered->learned_count, "%s", name);
		cr_expect_eq(typed->elementwise, lowered->elementwise, "%s", name);
		cr_expect_eq(typed->reads_f, lowered->reads_f, "%s", name);
		cr_expect_eq(typed->reads_horizon, lowered->reads_horizon, "%s", name);
	}
	ir_module_free(scratch);
	ir_module_free(module);
}

static int all_of(FeProgram *program, bool library) {
	int count = 0;
	uint32_t decls = library ? program->library->names.count : program->user.count;
	for (uint32_t i = 0; i < decls; i++) {
		const AstDecl *decl = library ? fe_find(program, program->library->names.data[i]) : program->user.data[i];
		if (!decl->name.name) /* it could not be read */
			continue;
		if (decl->kind == AST_OBJECTIVE)
			objective(program, decl, &count);
		else if (decl->kind == AST_OPTIMIZER)
			rule(program, decl, &count);
	}
	return count;
}

/* Files with mistakes, too: then neither gives anything. */
static int files_of(const char *pattern) {
	glob_t files;
	int count = 0;
	cr_assert_eq(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		fe_add_file(program, files.gl_pathv[i]);
		count += all_of(program, false);
		session_free(session);
	}
	globfree(&files);
	return count;
}

Test(typing, library, .timeout = 60) {
	Session *session = session_new();
	cr_expect_gt(all_of(fe_program_new(session), true), 150);
	session_free(session);
}

Test(typing, programs, .timeout = 200) {
	cr_expect_gt(files_of(GRADUS_SOURCE_DIR "/examples/*.grad"), 10);
	cr_expect_gt(files_of(GRADUS_SOURCE_DIR "/tests/cases/*.grad"), 50);
	cr_expect_eq(files_of(GRADUS_SOURCE_DIR "/tests/errors/parse_*.grad"), 0);
}

/* A body, and how many loops of the IR its value has. */
typedef struct Form {
	const char *body;
	int loops;
} Form;

/* What was found by trying is not tried again: the loop that needs its counter is written out, the other is one of the IR. */
Test(typing, loops, .timeout = 60) {
	static const Form forms[] = {
		{"var s = 0\n  for k in 0..9 { s <- s + w[0] * k }\n  minimize s", 1},
		{"var s = 0\n  for k in 0..9 { s <- s + sum(zeros(k + 1)) + w[0] }\n  minimize s", 0},
		{"var s = 0\n  for k in 0..9 { for i in 0..6 { s <- s + sum(ones(k + 1)) * w[0] } }\n  minimize s", 9},
		{"var s = 0\n  for k in 0..3 { s <- s + w[0] }\n  minimize s", 0},
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		Session *session = session_new();
		FeProgram *program = fe_program_new(session);
		const char *text =
			arena_printf(session->arena, "objective o() {\n  param w : [2] = 1\n  %s\n}\n", forms[i].body);
		cr_assert(fe_add_source(program, source_add(session, "o.grad", text, strlen(text))));
		IrModule *module = ir_module_new(session);
		FeCall call = {.decl = fe_decl(program, 0)};
		const FeObjective *o = fe_objective(program, module, &call, IR_F64);
		cr_assert_not_null(o, "%s", forms[i].body);
		int loops = 0;
		for (uint32_t k = 0; k < o->value->body.ops.count; k++)
			loops += o->value->body.ops.data[k]->kind == IR_LOOP;
		cr_expect_eq(loops, forms[i].loops, "%d loops:\n%s", loops, forms[i].body);
		cr_expect_eq(session->diags.count, 0u, "%s", forms[i].body);
		ir_module_free(module);
		session_free(session);
	}
}
