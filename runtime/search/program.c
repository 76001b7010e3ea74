/* Expressions as programs: their operations in the order in which their text has them, hole after hole. */
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

int search_parts(const SearchTable *table, uint32_t expr, uint32_t parts[SEARCH_MOST_HOLES]) {
	int count = 0;
	for (uint32_t at = expr; count < SEARCH_MOST_HOLES; at = table->exprs[at].a) {
		bool tuple = table->exprs[at].op == SEARCH_TUPLE;
		parts[count++] = tuple ? table->exprs[at].b : at;
		if (!tuple)
			break;
	}
	for (int k = 0; k < count / 2; k++) { /* the last one came first */
		uint32_t part = parts[k];
		parts[k] = parts[count - 1 - k];
		parts[count - 1 - k] = part;
	}
	return count;
}

void search_program(const SearchTable *table, uint32_t expr, SearchProgram *out) {
	Lowering l = {table, out, SEARCH_FIRST_RESULT};
	uint32_t parts[SEARCH_MOST_HOLES];
	*out = (SearchProgram){0};
	out->holes = search_parts(table, expr, parts);
	for (int h = 0; h < out->holes; h++) {
		out->results[h] = lower(&l, parts[h]);
		out->ends[h] = out->count;
	}
}
