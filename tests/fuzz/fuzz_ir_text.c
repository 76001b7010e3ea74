/* Any bytes, read as the text of tensor IR: a diagnostic, or functions that verify, print, parse back to the same text, pass
 * through all passes and can be evaluated. */
#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "ir/text/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const double most_points = 100000, most_elements = 100000;
enum { MOST_PARAMS = 64 };

static const char *printed(const IrModule *module) {
	Text text = text_new(module->arena);
	for (uint32_t i = 0; i < module->funcs.count; i++)
		ir_print(module->funcs.data[i], &text);
	return text_cstr(&text);
}

/* Elements of everything that the function makes; too many count as infinitely many. */
static double elements(const IrFunc *func) {
	double all = 0;
	for (uint32_t v = 1; v < func->values.count; v++) {
		IrType type = *func->values.data[v].type;
		double count = type.lanes ? IR_LANES : 1;
		for (uint32_t i = 0; i < type.rank; i++)
			count *= (double)ir_dim_value(type.dims[i], NULL);
		all += count;
	}
	return all;
}

/* Points that the evaluator visits, those that fail conditions and turns of empty loops included. */
static double points(const IrBlock *block) {
	double all = 0;
	for (uint32_t i = 0; i < block->ops.count; i++) {
		const IrOp *op = block->ops.data[i];
		double count = 1;
		if (op->kind == IR_LOOP)
			count = (double)op->loop.limit * (1 + points(&op->loop.body));
		for (uint32_t k = 0; op->kind == IR_FOR && k < op->f.indices.count; k++)
			count *= (double)ir_dim_value(op->f.indices.data[k].extent, NULL);
		all += op->kind == IR_FOR ? count * (1 + op->f.nodes.count) : count;
	}
	return all;
}

static void evaluate(IrModule *module, IrFunc *func) {
	if (func->symbols.count || func->params.count > MOST_PARAMS || func->results.count > MOST_PARAMS ||
	    elements(func) > most_elements || points(&func->body) > most_points)
		return;
	IrTensor args[MOST_PARAMS], results[MOST_PARAMS];
	Span where;
	for (uint32_t i = 0; i < func->params.count; i++)
		args[i] = ir_tensor_new(module->arena, ir_type(func, func->params.data[i].value), NULL);
	ir_evaluate(func, module->arena, args, results, &where);
	IrFunc *best = ir_optimize(module, ir_func_copy(module, func, "copy"), &(IrPipeline){.verify = true});
	ir_evaluate(best, module->arena, args, results, &where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	bool read = ir_parse(module, source_add(session, "fuzz.ir", (const char *)data, size));
	if (read != (session->error_count == 0))
		abort();
	if (read) {
		const char *text = printed(module);
		IrModule *again = ir_module_new(session);
		if (!ir_parse(again, source_add(session, "again.ir", text, strlen(text))) || strcmp(text, printed(again)) != 0)
			abort();
		ir_module_free(again);
		uint32_t count = module->funcs.count;
		for (uint32_t i = 0; i < count; i++)
			if (ir_verify(module->funcs.data[i]) == NULL)
				evaluate(module, module->funcs.data[i]);
	}
	ir_module_free(module);
	session_free(session);
	return 0;
}
