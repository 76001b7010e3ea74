/* What is said when a pass ends in a panic: which pass, on which function, and where the text of the function it was given is
 * kept, so that the fault can be shown again. */
#include "ir/ir.h"

#include <stdio.h>

/* A BasePanicNote. The printer may panic, too: then there is no file, and no second note. */
static void note(void *context) {
	const IrScope *scope = context;
	IrModule *module = scope->func->module;
	fprintf(stderr, "gradus: this was `%s` of @%s\n", scope->pass, session_text(module->session, scope->func->name));
	Text text = text_new(module->arena);
	text_printf(&text, "# %s\n", scope->pass);
	ir_print(scope->func, &text);
	base_panic_keep(module->arena, text_cstr(&text));
}

void ir_scope_enter(IrScope *scope, const char *pass, const IrFunc *func) {
	*scope = (IrScope){.pass = pass, .func = func};
	base_panic_enter(&scope->panic, note, scope);
}

void ir_scope_leave(IrScope *scope) {
	base_panic_leave(&scope->panic);
}
