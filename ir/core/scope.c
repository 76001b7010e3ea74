/* What is said when a pass ends in a panic: which pass, on which function, and where the text of the function it was given is
 * kept, so that the fault can be shown again. */
#include "ir/ir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A BasePanicNote. The printer may panic, too: then there is no file, and no second note. */
static void note(void *context) {
	const IrScope *scope = context;
	IrModule *module = scope->func->module;
	const char *folder = getenv("TMPDIR");
	fprintf(stderr, "gradus: this was `%s` of @%s\n", scope->pass, session_text(module->session, scope->func->name));
	char *path = arena_printf(module->arena, "%s/gradus-XXXXXX", folder && folder[0] ? folder : "/tmp");
	Text text = text_new(module->arena);
	ir_print(scope->func, &text);
	int descriptor = mkstemp(path);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
	if (!file)
		return;
	fprintf(file, "# %s\n%s", scope->pass, text_cstr(&text));
	if (fclose(file) == 0)
		fprintf(stderr, "gradus: what it was given is in %s: please send it with what you did\n", path);
}

void ir_scope_enter(IrScope *scope, const char *pass, const IrFunc *func) {
	*scope = (IrScope){.pass = pass, .func = func};
	base_panic_enter(&scope->panic, note, scope);
}

void ir_scope_leave(IrScope *scope) {
	base_panic_leave(&scope->panic);
}
