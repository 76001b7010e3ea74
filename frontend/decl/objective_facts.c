/* What of a family follows from its statements alone. */
#include "frontend/decl/compose.h"

/* The statements of what a call instantiates; of a call with errors, those of its declaration. */
static const AstBlock *statements(FeProgram *program, const FeCall *call) {
	FeCall written_out;
	const FeCall *made = objective_written_out(call->program ? call->program : program, call, &written_out);
	return made ? &made->decl->body : &call->decl->body;
}

bool fe_draws(FeProgram *program, const FeCall *objective) {
	const AstBlock *body = statements(program, objective);
	for (uint32_t i = 0; i < body->count; i++)
		if (body->data[i]->kind <= AST_VAR && body->data[i]->declare.draw)
			return true;
	return false;
}

bool fe_validates(FeProgram *program, const FeCall *objective) {
	const AstBlock *body = statements(program, objective);
	for (uint32_t i = 0; i < body->count; i++)
		if (body->data[i]->kind == AST_VALIDATE)
			return true;
	return false;
}
