/* Derivatives by the first parameter alone, as those who write derivatives into programs need them. */
#include "autodiff/autodiff.h"

IrFunc *ad_by_first(IrModule *module, const IrFunc *func, bool reverse) {
	Arena *scratch = arena_new();
	bool *wrt = ARENA_ARRAY(scratch, bool, func->params.count);
	const char *name = session_text(module->session, func->name);
	wrt[0] = true;
	IrFunc *out =
		reverse ? ad_reverse(module, func, name, NULL, wrt, false) : ad_forward(module, func, name, wrt, false);
	arena_free(scratch);
	return out;
}
