/* No size is slow by surprise: what a kernel executes at size n, counted in the loop IR (statements with their turns, vectors and
 * scalars alike), is at most a little more than at the next multiple of 16, to which one could have padded. */
#include "jit_three_ways.h"

#include "jit/nest/lower.h"

typedef struct Shape {
	const char *name, *text; /* $ stands for the size, # for the size less 2 */
} Shape;

static const Shape shapes[] = {
	{"matrix product", "func @f(%A: f32[$, $], %B: f32[$, $]) -> (: f32[$, $]) { %4: f32[$, $] = for i:$ j:$ k:$ { "
                       "mul(%A[i, k], %B[k, j]) "
                       "} sum -> [i, j] return %4 }"},
	{"matrix product with the transposed", "func @f(%A: f64[$, $], %B: f64[$, $]) -> (: f64[$, $]) { %4: f64[$, $] = "
                                           "for i:$ j:$ k:$ { mul(%A[i, k], %B[j, k]) "
                                           "} sum -> [i, j] return %4 }"},
	{"matrix and vector",
     "func @f(%A: f32[$, $], %x: f32[$]) -> (: f32[$]) { %4: f32[$] = for i:$ k:$ { mul(%A[i, k], %x[k]) } sum -> [i] "
     "return %4 }"},
	{"transposed matrix and vector",
     "func @f(%A: f32[$, $], %x: f32[$]) -> (: f32[$]) { %4: f32[$] = for j:$ k:$ { mul(%A[k, j], %x[k]) } sum -> [j] "
     "return %4 }"},
	{"elementwise",
     "func @f(%A: f32[$, $], %x: f32[$]) -> (: f32[$, $]) { %4: f32[$, $] = for i:$ j:$ { tanh(mul(%A[i, j], %x[j])) } "
     "-> [i, j] return %4 }"},
	{"sum",
     "func @f(%A: f64[$, $], %x: f64[$]) -> (: f64[]) { %4: f64[] = for i:$ j:$ { mul(%A[i, j], %x[j]) } sum -> [] "
     "return %4 }"},
	{"largest of a row",
     "func @f(%A: f32[$, $], %x: f32[$]) -> (: f32[$]) { %4: f32[$] = for i:$ j:$ { %A[i, j] } max -> [i] return %4 }"},
	{"window",
     "func @f(%A: f32[$, $], %K: f32[3, 3]) -> (: f32[$, $]) { %4: f32[$, $] = for i:$ j:$ p:3 q:3 { mul(%A[i+p-1, "
     "j+q-1]?, %K[p, q]) } sum -> [i, j] return %4 }"},
	{"gather", "func @f(%A: f32[$, $], %k: int[$]) -> (: f32[$, $]) { %4: f32[$, $] = for i:$ j:$ { exp(%A[%k[i], j]) "
               "} -> [i, j] "
               "return %4 }"},
};

static double statements(const LoopKernel *kernel, const LoopBlock *block) {
	double count = 0;
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		double inside = statements(kernel, &stmt->body);
		if (stmt->kind == LOOP_FOR) {
			/* Without symbols and conditions both ends are numbers. */
			int64_t low = stmt->low.data[0].affine.offset, high = stmt->high.data[0].affine.offset;
			cr_assert(stmt->low.data[0].affine.count + stmt->high.data[0].affine.count == 0);
			inside *= (double)((high - low) / stmt->step);
		}
		/* A vector access whose lanes are apart is one access per lane. */
		bool apart = (stmt->kind == LOOP_LOAD || stmt->kind == LOOP_STORE) &&
		             ((stmt->address.stride != 0 && stmt->address.stride != 1) || stmt->address.index != 0);
		double lanes = stmt->lanes != 0 ? stmt->lanes : LOOP_LANES;
		double own = stmt->kind == LOOP_CONST || stmt->kind == LOOP_FOR ? 0
		             : apart                                            ? lanes
		             : stmt->kind == LOOP_TREE                          ? 8
		                                                                : 1;
		count += own + inside;
	}
	return count;
}

static double executed(const Shape *shape, int size) {
	Session *session = session_new();
	Text text = text_new(session->arena);
	for (const char *p = shape->text; *p; p++)
		if (*p == '$')
			text_printf(&text, "%d", size);
		else
			text_char(&text, *p);
	IrModule *module = ir_module_new(session);
	const LoopFunc *func = nest_function(module, jit_test_parse(module, text_cstr(&text)), &(JitOptions){0});
	double count = 0;
	for (uint32_t i = 0; i < func->body.steps.count; i++) {
		cr_assert_eq(func->body.steps.data[i]->kind, LOOP_CALL);
		const LoopKernel *kernel = func->kernels.data[func->body.steps.data[i]->kernel];
		count += statements(kernel, &kernel->body);
	}
	ir_module_free(module);
	session_free(session);
	return count;
}

Test(jit_sizes, none_executes_more_than_the_next_multiple_of_16) {
	static const int large[] = {97, 127, 251, 257};
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
		double padded = 0;
		int of = 0;
		for (int i = 1; i <= 70 + 4; i++) {
			int size = i <= 70 ? i : large[i - 71], neighbour = (size + 15) / 16 * 16;
			if (of != neighbour)
				padded = executed(&shapes[s], neighbour);
			of = neighbour;
			double count = executed(&shapes[s], size);
			cr_expect(count <= 1.3 * padded + 32, "%s: %g statements at %d, %g at %d", shapes[s].name, count, size,
			          padded, neighbour);
		}
	}
}
