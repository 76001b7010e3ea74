/* No size is slow by surprise. What a kernel executes is counted in the loop IR, in registers of 16 f32 (of numbers of 8 bytes, 16
 * lanes are two), and compared with the sizes around: by the work that there is, where the axis that runs in lanes counts as
 * whole blocks of 16. Waiting counts, too: while a sum waits for its last addition, LATENCY instructions could have been done.
 *
 * GRADUS_TEST_SHOW=1 prints the worst size of each shape, and counts by work of some. */
#include "jit_shapes.h"
#include "jit_three_ways.h"

#include "jit/nest/lower.h"

enum { LATENCY = 8, ENTRY = 40, MOST_SIZE = 70 };

/* ---- counting ---- */

typedef struct Counter {
	const LoopKernel *kernel;
	const uint8_t *needs;
	double *chain; /* per temp: operations, one after the other, from what the loop carries; -1: none */
} Counter;

static double registers(const Counter *c, LoopTemp temp) {
	const LoopTempInfo *info = &c->kernel->temps.data[temp];
	bool half = c->needs[temp] <= LOOP_LANES / 2;
	return info->vector && ir_scalar_bytes(info->type) == 8 && !half ? 2 : 1;
}

/* A vector access whose lanes are apart is one access per lane, and puts them together; where they are few elements apart, as many
 * registers are read as there are elements in between, and each is permuted. */
static double access_count(const Counter *c, const LoopStmt *stmt) {
	LoopTemp temp = stmt->kind == LOOP_LOAD ? stmt->out : stmt->value;
	int64_t stride = stmt->address.stride < 0 ? -stmt->address.stride : stmt->address.stride;
	if (stmt->address.index == 0 && stride <= 1)
		return stride == 0 && stmt->kind == LOOP_STORE ? 1 : registers(c, temp);
	bool near = stmt->address.index == 0 && stmt->mask == 0 && stmt->address.stride > 0 && stmt->kind == LOOP_LOAD &&
	            stride * (int64_t)ir_scalar_bytes(c->kernel->temps.data[temp].type) <= LOOP_NEAR_BYTES;
	if (near)
		return 2 * (double)stride * registers(c, temp);
	return 2 * (double)(stmt->lanes != 0 ? stmt->lanes : LOOP_LANES);
}

static double own_count(const Counter *c, const LoopStmt *stmt) {
	switch (stmt->kind) {
	case LOOP_CONST:
	case LOOP_FOR:
	case LOOP_IF: return 0;
	case LOOP_LOAD:
	case LOOP_STORE: return access_count(c, stmt);
	case LOOP_TREE: return 0; /* see spent */
	default: return registers(c, stmt->out != 0 ? stmt->out : stmt->value);
	}
}

/* Sums over lanes, one after the other, are done together: of two, each step is one addition and the shuffles that bring together what it
 * adds up. */
static double trees_count(uint32_t run) {
	double count = run;
	for (int step = 0, left = (int)run; step < 4; step++) {
		left = (left + 1) / 2;
		count += 3 * left;
	}
	return count;
}

/* Notes how far behind the beginning of a turn a value is known. */
static void follow(Counter *c, const LoopStmt *stmt) {
	for (int i = 0; stmt->kind == LOOP_OP && i < ir_op_info[stmt->opcode].arity; i++)
		if (c->chain[stmt->args[i]] >= 0 && c->chain[stmt->out] < c->chain[stmt->args[i]] + 1)
			c->chain[stmt->out] = c->chain[stmt->args[i]] + 1;
}

static double spent(Counter *c, const LoopBlock *block);

static double spent_in_loop(Counter *c, const LoopStmt *stmt) {
	for (uint32_t i = 0; i < c->kernel->temps.count; i++)
		c->chain[i] = -1;
	for (uint32_t i = 0; i < stmt->carries.count; i++)
		c->chain[stmt->carries.data[i].inner] = 0;
	double turn = spent(c, &stmt->body), longest = 0;
	for (uint32_t i = 0; i < stmt->carries.count; i++)
		longest = fmax(longest, c->chain[stmt->carries.data[i].yield]);
	/* Without symbols and conditions both ends are numbers. */
	int64_t low = stmt->low.data[0].affine.offset, high = stmt->high.data[0].affine.offset;
	cr_assert(stmt->low.data[0].affine.count + stmt->high.data[0].affine.count == 0);
	for (uint32_t i = 0; i < c->kernel->temps.count; i++)
		c->chain[i] = -1; /* whoever uses what the loop leaves waits for the loop */
	return fmax(turn, (double)LATENCY * longest) * (double)((high - low) / stmt->step);
}

static double spent(Counter *c, const LoopBlock *block) {
	double count = 0;
	uint32_t trees = 0;
	for (uint32_t i = 0; i < block->stmts.count; i++) {
		const LoopStmt *stmt = block->stmts.data[i];
		follow(c, stmt);
		count += own_count(c, stmt);
		trees = stmt->kind == LOOP_TREE ? trees + 1 : 0;
		count += trees > 0 ? trees_count(trees) - (trees > 1 ? trees_count(trees - 1) : 0) : 0;
		if (stmt->kind == LOOP_FOR)
			count += spent_in_loop(c, stmt);
		else
			count += spent(c, &stmt->body);
	}
	return count;
}

static double executed(const Shape *shape, bool wide, bool strict, int size) {
	Session *session = session_new();
	IrModule *module = ir_module_new(session);
	IrFunc *ir = jit_test_parse(module, shape_text(session->arena, shape, wide, size));
	const LoopFunc *func = nest_function(module, ir, &(JitOptions){.strict = strict});
	double count = 0;
	for (uint32_t i = 0; i < func->body.steps.count; i++) {
		cr_assert_eq(func->body.steps.data[i]->kind, LOOP_CALL);
		const LoopKernel *kernel = func->kernels.data[func->body.steps.data[i]->kernel];
		Counter counter = {kernel, loop_needs(session->arena, kernel),
		                   ARENA_ARRAY(session->arena, double, kernel->temps.count)};
		count += spent(&counter, &kernel->body);
	}
	ir_module_free(module);
	session_free(session);
	return count;
}

/* ---- comparing ---- */

static double whole_blocks(double points) {
	return ceil(points / (double)LOOP_LANES) * (double)LOOP_LANES;
}

static double work(const Shape *shape, int size) {
	double rows = pow(size, shape->rows);
	return shape->flat ? whole_blocks(rows * size * shape->flat) : rows * whole_blocks(size);
}

static void show(const Shape *shape, int wide, bool strict, const double *by_work, double worst, int at) {
	if (!getenv("GRADUS_TEST_SHOW"))
		return;
	printf("%-30s %s %-7s worst %5.2f at %3d;", shape->name, wide ? "f64" : "f32", strict ? "strict" : "", worst, at);
	static const int some[] = {3, 4, 5, 8, 11, 13, 16, 17, 31, 32, 33, 63, 64, 65};
	for (size_t i = 0; i < sizeof some / sizeof *some; i++)
		printf(" %d:%.3f", some[i], by_work[some[i]]);
	printf("\n");
	fflush(stdout);
}

static double worst_of(const Shape *shape, int wide, bool strict) {
	double by_work[MOST_SIZE + 1], worst = 0;
	int at = 0;
	for (int size = 1; size <= MOST_SIZE; size++)
		by_work[size] = executed(shape, wide, strict, size) / work(shape, size);
	for (int size = 1; size <= MOST_SIZE; size++) {
		double best = by_work[size];
		for (int around = size > 16 + 5 ? size - 16 : 5; around <= size + 16 && around <= MOST_SIZE; around++)
			best = fmin(best, by_work[around]);
		double ratio = (by_work[size] - (double)ENTRY / work(shape, size)) / best;
		if (ratio > worst) {
			worst = ratio;
			at = size;
		}
	}
	static const int large[] = {97, 127, 251, 257, 300};
	for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
		int size = large[i], whole = (size + 15) / 16 * 16;
		double ratio = executed(shape, wide, strict, size) / work(shape, size) /
		               (executed(shape, wide, strict, whole) / work(shape, whole));
		if (ratio > worst) {
			worst = ratio;
			at = size;
		}
	}
	show(shape, wide, strict, by_work, worst, at);
	return worst;
}

Test(jit_sizes, none_executes_much_more_than_the_sizes_around, .timeout = 300) {
	for (size_t s = 0; s < SHAPE_COUNT; s++)
		for (int strict = 0; strict < 2; strict++)
			for (int wide = 0; wide < 2; wide++) {
				double worst = worst_of(&shapes[s], wide, strict), bound = shapes[s].bound[strict][wide];
				cr_expect(worst <= bound, "%s, %s%s: %g times the best size around, at most %g", shapes[s].name,
				          wide ? "f64" : "f32", strict ? ", strict" : "", worst, bound);
			}
}
