/* Random functions: they verify, print and parse back to themselves, and copies and inlined calls compute the same. */
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
