/* Expressions as programs: their operations in the order in which their text has them. */
#include "runtime/search/search.h"

typedef struct Lowering {
	const SearchTable *table;
	SearchProgram *out;
	int next;
} Lowering;

static int new_constant(Lowering *l, bool is_share) {
	SearchProgram *p = l->out;
	p->is_share[p->constants] = is_share;
	return SEARCH_CONSTANT_REGISTER + p->constants++;
}

static int lower(Lowering *l, uint32_t number) {
	const SearchExpr *x = &l->table->exprs[number];
	if (x->op == SEARCH_LEAF)
		return l->table->space->leaves[x->a].text ? (int)x->a : new_constant(l, false);
	struct SearchOperation operation = {.op = x->op};
	operation.args[0] = (uint8_t)lower(l, x->a);
	if (fe_operator_has_constant((FeOperator)x->op))
		operation.args[2] = (uint8_t)new_constant(l, true);
	if (fe_operators[x->op].arity > 1)
		operation.args[1] = (uint8_t)lower(l, x->b);
	operation.out = (uint8_t)l->next++;
	l->out->operations[l->out->count++] = operation;
	return operation.out;
}

void search_program(const SearchTable *table, uint32_t expr, SearchProgram *out) {
	Lowering l = {table, out, SEARCH_FIRST_RESULT};
	*out = (SearchProgram){0};
	out->result = lower(&l, expr);
}
