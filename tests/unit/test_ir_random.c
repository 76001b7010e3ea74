/* Random functions: they verify, print and parse back to themselves, and copies and inlined calls compute the same. */
#include "ir/core/walk.h"
#include "ir/eval/eval.h"
#include "ir/text/text.h"
#include "ir_random.h"

#include <criterion/criterion.h>
#include <string.h>

#if GRADUS_SANITIZED
enum { ROUNDS = 200 };
#else
enum { ROUNDS = 1000 };
#endif

enum { MOST = 80 };

static const char *printed(const IrFunc *func, Arena *arena) {
	Text text = text_new(arena);
	ir_print(func, &text);
	return text_cstr(&text);
}

static bool same_tensor(const IrTensor *a, const IrTensor *b) {
	size_t count = (size_t)ir_type_elements(a->type, NULL);
	if (!ir_type_equal(a->type, b->type))
		return false;
	for (size_t i = 0; i < count; i++)
		if (a->integers ? a->integers[i] != b->integers[i]
		                : memcmp(&a->reals[i], &b->reals[i], 8) != 0 &&
		                      (a->reals[i] == a->reals[i] || b->reals[i] == b->reals[i]))
			return false;
	return true;
}

static IrFunc *inlined(IrModule *module, const IrFunc *func) {
	IrFunc *caller = ir_func_new(module, "caller");
	IrValue args[MOST], results[MOST];
	for (uint32_t i = 0; i < func->params.count; i++)
		args[i] = ir_param(caller, NULL, ir_type(func, func->params.data[i].value));
	IrBuilder b = ir_builder(caller);
	ir_inline(&b, func, args, results);
	for (uint32_t i = 0; i < func->results.count; i++)
		ir_result(caller, NULL, results[i]);
	return caller;
}

/* expected: NULL if evaluation ends with `error`. */
static void check_same(const IrFunc *func, const IrTensor *args, const IrTensor *expected, const char *error,
                       Arena *arena, const char *what) {
	IrTensor results[MOST];
	const char *wrong = ir_verify(func);
	cr_assert_null(wrong, "%s: %s", what, wrong);
	wrong = ir_evaluate(func, arena, args, results, NULL);
	cr_assert((wrong == NULL) == (error == NULL), "%s: %s", what, wrong ? wrong : error);
	for (uint32_t i = 0; !wrong && i < func->results.count; i++)
		cr_assert(same_tensor(&results[i], &expected[i]), "%s: result %u differs\n%s", what, (unsigned)i,
		          printed(func, arena));
}

Test(ir_random, round_trips) {
	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session), *other = ir_module_new(session);
		IrFunc *func = random_ir(module, seed, seed % 2 ? IR_F32 : IR_F64, seed % 3 == 0);
		const char *text = printed(func, session->arena), *wrong = ir_verify(func);
		cr_assert_null(wrong, "%s", wrong);
		cr_assert(ir_parse(other, source_add(session, "random.ir", text, strlen(text))), "%s\n%s",
		          session->diags.count ? session->diags.data[0]->message : "", text);
		cr_assert_str_eq(printed(other->funcs.data[0], session->arena), text);
		IrTensor args[8], expected[MOST];
		random_arguments(func, session->arena, seed, args);
		const char *error = ir_evaluate(func, session->arena, args, expected, NULL);
		cr_assert(error == NULL || seed % 10 == 9, "%s\n%s", error, text); /* then places are outside */
		check_same(other->funcs.data[0], args, expected, error, session->arena, "parsed");
		check_same(ir_func_copy(other, func, "copy"), args, expected, error, session->arena, "copied");
		check_same(inlined(module, func), args, expected, error, session->arena, "inlined");
		ir_module_free(other);
		ir_module_free(module);
		session_free(session);
	}
}

/* ---- what they are made of ---- */

typedef struct Reached {
	int kind[IR_KIND_COUNT], opcode[IR_OPCODE_COUNT], combine[IR_PUT_ARGMIN + 1], callee[IR_CALLEE_COUNT];
	int computed_turns, ends_by_a_condition, guarded_reads, guarded_puts, conditions, equalities, into, silent_indices;
} Reached;

/* What is not made, and why. */
static const char *why_no_opcode(IrOpcode opcode) {
	switch (opcode) {
	case IR_bits:
	case IR_float: return "the expansion of mathematics alone takes numbers apart: test_math_exact.c";
	case IR_to_int: return "rounding would decide: test_math_exact.c";
	default: return NULL;
	}
}

static const char *why_no_kind(IrOpKind kind) {
	switch (kind) {
	case IR_EVALUATE: return "no pass sees it before it is linked: test_calls.c, test_rt_evaluate.c";
	case IR_DEFERRED: return "no pass sees it before it is linked: test_rt_derivatives.c";
	default: return NULL;
	}
}

static bool mentions(IrAt at, uint32_t index) {
	bool found = false;
	for (uint32_t i = 0; i < at.term_count; i++)
		found = found || (!at.terms[i].is_node && at.terms[i].ref == index);
	return found;
}

/* An index that no read of the body and no condition mentions. */
static bool is_silent(const IrFor *f, uint32_t index) {
	bool mentioned = false;
	for (uint32_t c = 0; c < f->conds.count; c++)
		mentioned = mentioned || mentions(f->conds.data[c], index);
	for (uint32_t n = 0; n < f->nodes.count; n++)
		for (uint32_t k = 0; k < f->nodes.data[n].at_count; k++)
			mentioned = mentioned || mentions(f->nodes.data[n].at[k], index);
	return !mentioned;
}

static void reach_for(Reached *r, const IrFor *f) {
	for (uint32_t n = 0; n < f->nodes.count; n++) {
		const IrNode *node = &f->nodes.data[n];
		if (node->kind == IR_NODE_OP)
			r->opcode[node->opcode]++;
		r->guarded_reads += node->kind == IR_NODE_READ && node->guarded;
	}
	for (uint32_t p = 0; p < f->puts.count; p++) {
		r->combine[f->puts.data[p].combine]++;
		r->guarded_puts += f->puts.data[p].guarded;
		r->into += f->puts.data[p].into != 0;
	}
	r->conditions += (int)f->conds.count;
	r->equalities += f->conds.count > 1;
	for (uint32_t i = 0; i < f->indices.count; i++)
		r->silent_indices += is_silent(f, i);
}

static void reach_op(void *context, const IrBlock *block, IrOp *op) {
	Reached *r = context;
	(void)block;
	r->kind[op->kind]++;
	if (op->kind == IR_FOR)
		reach_for(r, &op->f);
	if (op->kind == IR_CALL)
		r->callee[op->call.callee]++;
	if (op->kind == IR_LOOP) {
		r->computed_turns += op->loop.trips != 0;
		r->ends_by_a_condition += op->loop.goes != 0;
	}
}

Test(ir_random, every_row_is_reached) {
	enum { FUNCTIONS = 1200, LEAST = 5 };
	static Reached r;
	for (uint64_t seed = 0; seed < FUNCTIONS; seed++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		ir_visit_ops(&random_ir(module, seed, seed % 2 ? IR_F32 : IR_F64, seed % 3 == 0)->body, reach_op, &r);
		ir_module_free(module);
		session_free(session);
	}
	for (int i = 0; i < IR_OPCODE_COUNT; i++)
		cr_expect((why_no_opcode((IrOpcode)i) != NULL) == (r.opcode[i] < LEAST), "%s: %d times", ir_op_info[i].name,
		          r.opcode[i]);
	for (int i = 0; i < IR_KIND_COUNT; i++)
		cr_expect((why_no_kind((IrOpKind)i) != NULL) == (r.kind[i] < LEAST), "kind %d: %d times", i, r.kind[i]);
	for (int i = 0; i <= IR_PUT_ARGMIN; i++)
		cr_expect_geq(r.combine[i], LEAST, "combination %d: %d times", i, r.combine[i]);
	for (int i = 0; i < IR_CALLEE_COUNT; i++)
		cr_expect_geq(r.callee[i], LEAST, "%s: %d times", ir_callee_info((IrCallee)i).name, r.callee[i]);
	const int forms[] = {r.computed_turns, r.ends_by_a_condition, r.guarded_reads, r.guarded_puts,
	                     r.conditions,     r.equalities,          r.into,          r.silent_indices};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		cr_expect_geq(forms[i], FUNCTIONS / 100, "form %zu: %d times", i, forms[i]);
}
