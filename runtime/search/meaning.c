/* What the operations of expressions are: bodies of operators.def as steps of ops.def, and the same on columns of numbers in f64, which is how
 * expressions are told apart. Machine code of the same bodies is made in kernel.c. */
#include <math.h>

#include "runtime/search/search.h"

enum { OPERANDS = 3 };

static int operand_of(const IrFunc *func, IrValue value) {
	for (int k = 0; k < OPERANDS; k++)
		if (func->params.data[k].value == value)
			return k;
	base_panic("search_meanings", "a body reads what is no operand");
}

/* A body as the nodes of an op of the IR, in the order in which they are computed. */
static void read_body(const IrFunc *func, const IrFor *f, SearchMeaning *out) {
	int *at = ARENA_ARRAY(func->module->arena, int, f->nodes.count);
	for (uint32_t i = 0; i < f->nodes.count; i++) {
		const IrNode *node = &f->nodes.data[i];
		if (node->kind == IR_NODE_READ) {
			at[i] = operand_of(func, node->value);
			continue;
		}
		if (out->count == (int)SEARCH_MOST_STEPS)
			base_panic("search_meanings", "a body of more than %d steps", (int)SEARCH_MOST_STEPS);
		SearchStep *step = &out->steps[out->count];
		at[i] = OPERANDS + out->count++;
		*step = (SearchStep){.opcode = IR_OPCODE_COUNT, .number = node->real};
		if (node->kind != IR_NODE_OP)
			continue;
		step->opcode = node->opcode;
		out->cost += ir_op_info[node->opcode].cost;
		for (int k = 0; k < ir_op_info[node->opcode].arity; k++)
			step->args[k] = at[node->args[k]];
	}
}

void search_meanings(Session *session, SearchMeanings *out) {
	static const char *const names[OPERANDS] = {"a", "b", "c"};
	static const int rms_cost = 4; /* a square, a sum, and the same for the largest */
	IrModule *module = ir_module_new(session);
	*out = (SearchMeanings){0};
	for (int op = 0; op < FE_OPERATORS; op++) {
		SearchMeaning *meaning = &out->of[op];
		meaning->cost = rms_cost;
		if (!fe_operators[op].body)
			continue;
		meaning->cost = 0;
		IrFunc *func = ir_func_new(module, "body");
		IrBuilder b = ir_builder(func);
		IrValue params[OPERANDS];
		uint32_t nodes[OPERANDS];
		for (int k = 0; k < OPERANDS; k++)
			params[k] = ir_param_as(func, IR_ROLE_NONE, names[k], ir_scalar_type(IR_F64));
		IrForBuilder f = ir_for_begin(&b);
		for (int k = 0; k < OPERANDS; k++)
			nodes[k] = ir_read_scalar(&f, params[k]);
		uint32_t node = ir_expression(&f, fe_operators[op].body, IR_F64, names, nodes, OPERANDS);
		ir_put(&f, IR_PUT_NONE, node, ir_scalar_type(IR_F64), NULL, 0, false);
		ir_for_end(&f);
		read_body(func, &func->body.ops.data[0]->f, meaning);
	}
	ir_module_free(module);
}

/* ---- on columns of numbers ---- */

typedef void Column(int n, const double *const *args, double *out);

/* becomes: static void column_add(...) { for (i) { double a = ..., b = ...; out[i] = (double)(a + b); } } ... */
#define OP(name, arity, typing, primitive, meaning, ...)                                                               \
	static void column_##name(int n, const double *const *args, double *restrict out) {                                \
		for (int i = 0; i < n; i++) {                                                                                  \
			double a = args[0][i], b = arity > 1 ? args[1][i] : 0, c = arity > 2 ? args[2][i] : 0,                     \
				   d = arity > 3 ? args[3][i] : 0;                                                                     \
			(void)a, (void)b, (void)c, (void)d;                                                                        \
			out[i] = (double)(meaning);                                                                                \
		}                                                                                                              \
	}
#include "ir/core/ops.def"
#undef OP

/* becomes: [IR_add] = column_add, ... */
#define OP(name, ...) [IR_##name] = column_##name,
static Column *const columns[IR_OPCODE_COUNT] = {
#include "ir/core/ops.def"
};
#undef OP

enum { MOST_COLUMN = SEARCH_SITUATIONS * SEARCH_COORDINATES };

/* sqrt(mean(a^2)) of every tensor, for all of its coordinates. */
static void apply_rms(const double *a, int n, int coordinates, double *out) {
	for (int first = 0; first < n; first += coordinates) {
		double sum = 0;
		for (int i = first; i < first + coordinates; i++)
			sum += a[i] * a[i];
		for (int i = first; i < first + coordinates; i++)
			out[i] = sqrt(sum / coordinates);
	}
}

/* At most MOST_COLUMN of the numbers. */
static void apply_body(const SearchMeaning *meaning, const double *const operands[3], int n, double *out) {
	double results[SEARCH_MOST_STEPS][MOST_COLUMN];
	for (int s = 0; s < meaning->count; s++) {
		const SearchStep *step = &meaning->steps[s];
		double *to = s + 1 == meaning->count ? out : results[s];
		if (step->opcode == IR_OPCODE_COUNT) {
			for (int i = 0; i < n; i++)
				to[i] = step->number;
			continue;
		}
		const double *args[IR_MAX_ARGS] = {0};
		for (int k = 0; k < ir_op_info[step->opcode].arity; k++)
			args[k] = step->args[k] < OPERANDS ? operands[step->args[k]] : results[step->args[k] - OPERANDS];
		columns[step->opcode](n, args, to);
	}
}

void search_apply(const SearchMeanings *meanings, FeOperator op, const double *const operands[3], int n,
                  int coordinates, double *out) {
	const SearchMeaning *meaning = &meanings->of[op];
	if (!fe_operators[op].body) {
		apply_rms(operands[0], n, coordinates, out);
		return;
	}
	for (int first = 0; first < n; first += MOST_COLUMN) {
		const double *pieces[3];
		for (int k = 0; k < 3; k++)
			pieces[k] = operands[k] ? operands[k] + first : NULL;
		apply_body(meaning, pieces, n - first < MOST_COLUMN ? n - first : MOST_COLUMN, out + first);
	}
}
