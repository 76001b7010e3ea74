/* The builder: folding that is exact and nothing more, hash-consing, positions, the derivative column, whole tensors,
 * calls with symbols; and what is proved about positions. */
#include "ir/build.h"
#include "ir/eval/eval.h"
#include "ir/text/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

typedef struct Bench {
	Session *session;
	IrModule *module;
	IrFunc *func;
	IrBuilder b;
	IrForBuilder f;
	uint32_t nodes[6]; /* x, y: reals; i, j: integers; p, q: booleans */
} Bench;

static const char *const bench_names[] = {"x", "y", "i", "j", "p", "q"};

static Bench bench(IrScalar real) {
	static const IrScalar kinds[] = {IR_F64, IR_F64, IR_I64, IR_I64, IR_BOOL, IR_BOOL};
	Bench t = {.session = session_new()};
	t.module = ir_module_new(t.session);
	t.func = ir_func_new(t.module, "f");
	t.b = ir_builder(t.func);
	IrValue values[6];
	for (int k = 0; k < 6; k++)
		values[k] = ir_param(t.func, bench_names[k], ir_scalar_type(k < 2 ? real : kinds[k]));
	t.f = ir_for_begin(&t.b);
	t.f.builder = NULL; /* set by the user of the bench: it moves */
	for (int k = 0; k < 6; k++)
		t.nodes[k] = values[k];
	return t;
}

static void start(Bench *t) {
	t->f.builder = &t->b;
	for (int k = 0; k < 6; k++)
		t->nodes[k] = ir_read_scalar(&t->f, t->nodes[k]);
}

static void finish(Bench *t) {
	ir_module_free(t->module);
	session_free(t->session);
}

/* What an expression over the bench's nodes is built as, as text. */
static const char *built(Bench *t, const char *text, IrScalar real) {
	uint32_t node = ir_expression(&t->f, text, real, bench_names, t->nodes, 6);
	IrScalar scalar = ir_node_type(&t->f, node);
	ir_put(&t->f, IR_PUT_NONE, node, ir_scalar_type(scalar), NULL, 0, false);
	ir_for_end(&t->f);
	Text out = text_new(t->session->arena);
	ir_print_op(t->func, t->f.op, &out);
	char *line = arena_strdup(t->session->arena, text_cstr(&out));
	char *from = strstr(line, "{ ") + 2;
	*strstr(from, " }") = '\0';
	return from;
}

static const char *const folds[][2] = {
	/* constants, exactly */
	{"add(0.1, 0.2)", "0.30000000000000004"},
	{"div(1, 3)", "0.3333333333333333"},
	{"sqrt(2)", "1.4142135623730951"},
	{"lt(1, 2)", "true"},
	{"where(true, x, y)", "%x[]"},
	{"div(1, 0)", "inf"},
	{"exp(1)", "exp(1 f64)"}, /* not a primitive: it means something only once it is expanded */
	/* neutral elements */
	{"mul(x, 1)", "%x[]"},
	{"mul(1, x)", "%x[]"},
	{"mul(x, -1)", "neg(%x[])"},
	{"div(x, 1)", "%x[]"},
	{"sub(x, 0)", "%x[]"},
	{"add(x, -0.0)", "%x[]"},
	{"fma(x, 1, y)", "add(%x[], %y[])"},
	{"neg(neg(x))", "%x[]"},
	{"min(x, x)", "%x[]"},
	{"where(p, x, x)", "%x[]"},
	{"mulz(x, 0)", "0"},
	{"powi(x, 0)", "1"},
	{"powi(x, 1)", "%x[]"},
	{"powi(x, 2)", "mul(%x[], %x[])"},
	{"powi(x, -1)", "div(1, %x[])"},
	{"and(p, true)", "%p[]"},
	{"or(p, true)", "true"},
	{"and(p, p)", "%p[]"},
	{"not(not(p))", "%p[]"},
	{"add(i, 0)", "%i[]"},
	{"mul(i, 0)", "0"},
	{"sub(i, i)", "0"},
	{"eq(i, i)", "true"},
	{"lt(i, i)", "false"},
	{"to_f64(x)", "%x[]"},
	/* what must stay */
	{"add(x, 0)", "add(%x[], 0)"}, /* -0.0 + 0.0 is 0.0 */
	{"sub(x, -0.0)", "sub(%x[], -0)"},
	{"mul(x, 0)", "mul(%x[], 0)"}, /* NaN, infinity, signs */
	{"sub(x, x)", "sub(%x[], %x[])"},
	{"div(x, x)", "div(%x[], %x[])"},
	{"eq(x, x)", "eq(%x[], %x[])"},
	{"mulz(x, 1)", "mulz(%x[], 1)"}, /* -0.0 becomes 0.0 */
	/* numbers beside integers are integers */
	{"where(eq(i, 0), 0, mul(real(i), powi(x, sub(i, 1))))",
     "where(eq(%i[], 0), 0, mul(to_f64(%i[]), powi(%x[], sub(%i[], 1))))"},
	/* the same node again, also with operands swapped */
	{"mul(add(x, y), add(y, x))", "t0 = add(%x[], %y[]); mul(t0, t0)"},
};

Test(ir_build, folds_exactly) {
	for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
		Bench t = bench(IR_F64);
		start(&t);
		cr_expect_str_eq(built(&t, folds[i][0], IR_F64), folds[i][1]);
		finish(&t);
	}
}

Test(ir_build, f32_constants_are_rounded) {
	Bench t = bench(IR_F32);
	start(&t);
	uint32_t tenth = ir_real(&t.f, IR_F32, 0.1), sum = ir_expression(&t.f, "add(0.1, 0.2)", IR_F32, NULL, NULL, 0);
	cr_expect_eq(t.f.op->f.nodes.data[tenth].real, (double)0.1f);
	cr_expect_eq(t.f.op->f.nodes.data[sum].real, (double)(0.1f + 0.2f));
	cr_expect_eq(ir_real(&t.f, IR_F32, (double)0.1f), tenth);
	cr_expect_neq(ir_real(&t.f, IR_F32, 0.0), ir_real(&t.f, IR_F32, -0.0));
	finish(&t);
}

/* Every derivative of every row, and theirs, is a well-formed expression of the right type, for f32 and f64. */
Test(ir_build, derivative_column_is_well_formed) {
	static const char *const names[] = {"a", "b", "c", "d", "r"};
	for (int real = IR_F32; real <= IR_F64; real++)
		for (int i = 0; i < IR_OPCODE_COUNT; i++)
			for (int k = 0; k < ir_op_info[i].arity && k < 3; k++) {
				const IrOpInfo *info = &ir_op_info[i];
				if (!info->derivative[k] || info->typing == IR_T_TO_F32 || info->typing == IR_T_TO_F64)
					continue;
				Bench t = bench((IrScalar)real);
				start(&t);
				uint32_t nodes[5] = {t.nodes[0], t.nodes[1], t.nodes[0], t.nodes[1], 0};
				if (info->typing == IR_T_POWI)
					nodes[1] = t.nodes[2];
				if (info->typing == IR_T_WHERE) {
					nodes[0] = t.nodes[4];
					nodes[2] = t.nodes[1];
				}
				nodes[4] = ir_op(&t.f, (IrOpcode)i, nodes);
				uint32_t node = ir_expression(&t.f, info->derivative[k], (IrScalar)real, names, nodes, 5);
				cr_expect_eq(ir_node_type(&t.f, node), (IrScalar)real, "%s, operand %d", info->name, k);
				finish(&t);
			}
}

Test(ir_build, hash_consing_stays_exact_and_fast, .timeout = 20) {
	Bench t = bench(IR_F64);
	start(&t);
	uint32_t chain = t.nodes[0];
	for (int i = 0; i < 50000; i++)
		chain = ir_op2(&t.f, IR_add, chain, ir_op2(&t.f, IR_mul, t.nodes[1], ir_real(&t.f, IR_F64, i + 0.5)));
	uint32_t count = t.f.op->f.nodes.count;
	cr_expect_eq(count, 6 + 3 * 50000);
	uint32_t again = t.nodes[0];
	for (int i = 0; i < 50000; i++)
		again = ir_op2(&t.f, IR_add, again, ir_op2(&t.f, IR_mul, t.nodes[1], ir_real(&t.f, IR_F64, i + 0.5)));
	cr_expect_eq(again, chain);
	cr_expect_eq(t.f.op->f.nodes.count, count);
	finish(&t);
}

Test(ir_build, positions) {
	Bench t = bench(IR_F64);
	start(&t);
	IrModule *m = t.module;
	IrAt i = ir_at_index(m, 0, 1), j = ir_at_index(m, 1, 1);
	IrAt sum = ir_at_add(m, ir_at_add(m, j, ir_at_const(3)), ir_at_scale(m, i, 2));
	cr_expect(sum.offset == 3 && sum.term_count == 2 && sum.terms[0].ref == 0 && sum.terms[0].coef == 2);
	cr_expect(ir_at_equal(ir_at_add(m, sum, ir_at_scale(m, sum, -1)), ir_at_const(0)));
	cr_expect(ir_at_equal(ir_at_scale(m, sum, 0), ir_at_const(0)));
	cr_expect_eq(ir_at_plain_index(j), 1);
	cr_expect_eq(ir_at_plain_index(sum), -1);
	cr_expect_eq(ir_at_plain_index(ir_at_const(0)), -1);
	/* integer nodes that are affine come apart inside positions */
	IrValue x = ir_param(t.func, "X", ir_tensor_type(IR_F64, 1, (IrDim[]){100}));
	ir_for_index(&t.f, 0, 4);
	ir_for_index(&t.f, 0, 4);
	uint32_t node = ir_op2(&t.f, IR_add, t.nodes[2], ir_op2(&t.f, IR_mul, ir_int(&t.f, 5), ir_index_value(&t.f, j)));
	IrAt at = ir_at_node(m, node, 2);
	uint32_t read = ir_read(&t.f, x, &at, false);
	IrAt expected = ir_at_add(m, ir_at_index(m, 1, 10), ir_at_node(m, t.nodes[2], 2));
	cr_expect(ir_at_equal(t.f.op->f.nodes.data[read].at[0], expected));
	finish(&t);
}

static IrFunc *parsed(IrModule *module, const char *text) {
	Session *session = module->session;
	bool well = ir_parse(module, source_add(session, "test.ir", text, strlen(text)));
	cr_assert(well, "%s\n%s", session->diags.count ? session->diags.data[0]->message : "", text);
	return module->funcs.data[module->funcs.count - 1];
}

/* A position of the first read (`at`, a condition or an index value in the body) and whether it is proved inside. */
typedef struct Proof {
	const char *indices, *at;
	const char *extent;
	bool inside;
} Proof;

static const Proof proofs[] = {
	{"i:4", "i", "4", true},
	{"i:4", "i", "3", false},
	{"i:4", "i+1", "5", true},
	{"i:4", "i-1", "5", false},
	{"i:4", "3-i", "4", true},
	{"i:4 j:3", "3*i+j", "12", true},
	{"i:4 j:4", "3*i+j", "12", false},
	{"i:n", "i", "n", true},
	{"i:n", "i", "m", false},
	{"i:n", "dim(n)-i-1", "n", true},
	{"i:n", "dim(n)-i", "n", false},
	{"i:n", "0", "n", true},  /* where there is a point, n is at least 1 */
	{"i:4", "0", "n", false}, /* here n may be 0 */
	{"r:4 s:4 if s < r", "r-s-1", "3", true},
	{"r:4 s:4 if s < r", "r-1", "3", true},
	{"r:4 s:4 if s < r", "s", "3", true},
	{"r:4 s:4 if s <= r", "s", "3", false},
	{"r:n s:n if s < r", "r-1", "n", true},
	{"y:5 p:3 if 1 <= y+p, y+p < 6", "y+p-1", "5", true},
	{"y:9 q:4 if 2*q <= y, y < 2*q+3", "y-2*q", "3", true},
	{"i:4 if i < %k[]", "%k[]-i-1", "4", false},
	{"i:4 if i < %k[], %k[] <= 4", "%k[]-i-1", "4", true},
	{"i:4", "imod(%k[], 4)", "4", true},
	{"i:4", "imod(%k[], 5)", "4", false},
	{"i:4", "min(max(%k[], 0), 3)", "4", true},
	{"i:4", "%tab[i]", "4", true},
	{"i:4", "%tab[i]+i", "7", true},
	{"i:4", "%tab[i]", "3", false},
	{"i:4", "%k[]", "4", false},
	{"i:4 j:0", "i", "1", true}, /* no point at all */
};

Test(ir_build, proofs_about_positions) {
	for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
		Session *session = session_new();
		IrModule *module = ir_module_new(session);
		char *text = arena_printf(
			session->arena,
			"func @f<n, m>(%%k: int[], %%X[%s]) -> (: f64[]) { %%tab: int[4] = const [3, 0, 1, 3] %%3[] = for %s { "
			"%%X[%s] } sum -> [] return %%3 }",
			proofs[i].extent, proofs[i].indices, proofs[i].at);
		IrFunc *func = parsed(module, text);
		const IrFor *f = &func->body.ops.data[1]->f;
		const IrNode *read = &f->nodes.data[f->puts.data[0].node];
		bool inside = ir_in_bounds(func, f, read->at[0], ir_type(func, read->value).dims[0]);
		cr_expect_eq(inside, proofs[i].inside, "%s: %s inside %s", proofs[i].indices, proofs[i].at, proofs[i].extent);
		ir_module_free(module);
		session_free(session);
	}
}

/* The counter of a loop has a known range; with it reads of stacks are proved. */
Test(ir_build, loop_counters_have_ranges) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = parsed(module, "func @f(%x[], %stack[10]) -> (: f64[]) { %3[] = loop %t < 10 carry (%a[] = %x) {"
	                              "%5[] = for { mul(%a[], %stack[9-%t[]]) } -> [] yield %5 } return %3 }");
	const IrFor *f = &func->body.ops.data[0]->loop.body.ops.data[0]->f;
	for (uint32_t i = 0; i < f->nodes.count; i++)
		if (f->nodes.data[i].kind == IR_NODE_READ && f->nodes.data[i].at_count == 1) {
			cr_expect(ir_in_bounds(func, f, f->nodes.data[i].at[0], 10));
			cr_expect(!ir_in_bounds(func, f, f->nodes.data[i].at[0], 9));
		}
	ir_module_free(module);
	session_free(session);
}

/* A call binds the callee's symbols through the arguments, to numbers or to symbols of the caller. */
Test(ir_build, calls_bind_symbols) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *callee =
		parsed(module, "func @mean<n, m>(%x[n, m]) -> (: f64[n]) { %2[n] = for i:n j:m { %x[i, j] } sum -> [i]"
	                   "%3[n] = for i:n { div(%2[i], to_f64(dim(m))) } -> [i] return %3 }");
	IrFunc *caller = ir_func_new(module, "caller");
	IrDim k = ir_symbol(caller, "k");
	IrValue x = ir_param(caller, "x", ir_tensor_type(IR_F64, 2, (IrDim[]){k, 4})), mean;
	IrBuilder b = ir_builder(caller);
	ir_inline(&b, callee, &x, &mean);
	ir_result(caller, "mean", mean);
	Text text = text_new(session->arena);
	ir_print(caller, &text);
	cr_expect_str_eq(text_cstr(&text), "func @caller<k>(%x[k, 4]) -> (mean[k]) {\n"
	                                   "  %2[k] = for i:k j:4 { %x[i, j] } sum -> [i]\n"
	                                   "  %3[k] = for i:k { div(%2[i], to_f64(4 int)) } -> [i]\n"
	                                   "  return %3\n"
	                                   "}\n");
	cr_expect_null(ir_verify(caller));
	ir_module_free(module);
	session_free(session);
}

Test(ir_build, whole_tensors) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *func = ir_func_new(module, "f");
	IrBuilder b = ir_builder(func);
	IrType type = ir_tensor_type(IR_F64, 2, (IrDim[]){2, 3});
	double numbers[6] = {1, 2, 3, 4, 5, 6};
	IrValue table = ir_table(&b, type, numbers, NULL);
	IrValue sum = ir_add_values(&b, table, ir_fill(&b, type, 0.5));
	ir_result(func, NULL, sum);
	ir_result(func, NULL, ir_broadcast_lanes(&b, sum));
	cr_assert_null(ir_verify(func));
	IrTensor results[2];
	cr_assert_null(ir_evaluate(func, session->arena, NULL, results, NULL));
	for (int i = 0; i < 96; i++)
		cr_expect_eq(results[1].reals[i], numbers[i % 6] + 0.5);
	cr_expect(results[1].type.lanes && results[1].type.rank == 3);
	ir_module_free(module);
	session_free(session);
}
