/* Sorting as loop IR: Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M), which takes any number of
 * elements and compares the same places whatever stands there, so that 16 problems go side by side. What moves is p, the numbers
 * of the elements; no two elements are equal, as of equal ones the one with the smaller number is less. */
#include "jit/nest/nest_call.h"

enum { MOST_BITS = 40 }; /* of a size that is not known when code is made */

/* An element of the order as it stands: its number, and what it is. */
typedef struct Element {
	LoopTemp number, value;
} Element;

static Element element_at(NestCall *c, LoopAffine place) {
	const NestColumns only = nest_call_one(loop_affine(0));
	Element e = {.number = nest_call_load(c, &c->outs[0], nest_call_row(place), only)};
	NestRow row = c->kernel->temps.data[e.number].vector ? (NestRow){.at = loop_affine(0), .by_lane = e.number}
	                                                     : nest_call_row(nest_call_var(c, e.number, 0));
	e.value = nest_call_load(c, &c->args[0], row, only);
	return e;
}

/* b stands before a: it is less, or a is NaN and b is not, or they are equal, or both NaN, and b has the smaller number. */
static LoopTemp is_wrong(NestCall *c, Element a, Element b) {
	LoopTemp a_lost = nest_call_op(c, IR_ne, a.value, a.value, 0), b_lost = nest_call_op(c, IR_ne, b.value, b.value, 0);
	LoopTemp b_kept = nest_call_op(c, IR_not, b_lost, 0, 0);
	LoopTemp less = nest_call_op(c, IR_or, nest_call_op(c, IR_lt, b.value, a.value, 0),
	                             nest_call_op(c, IR_and, a_lost, b_kept, 0), 0);
	LoopTemp alike = nest_call_op(c, IR_or, nest_call_op(c, IR_eq, a.value, b.value, 0),
	                              nest_call_op(c, IR_and, a_lost, b_lost, 0), 0);
	return nest_call_op(c, IR_or, less,
	                    nest_call_op(c, IR_and, alike, nest_call_op(c, IR_lt, b.number, a.number, 0), 0), 0);
}

static void exchange(NestCall *c, LoopAffine one, LoopAffine other) {
	const NestColumns only = nest_call_one(loop_affine(0));
	Element a = element_at(c, one), b = element_at(c, other);
	LoopTemp wrong = is_wrong(c, a, b);
	nest_call_store(c, &c->outs[0], nest_call_row(one), only, nest_call_op(c, IR_where, wrong, b.number, a.number));
	nest_call_store(c, &c->outs[0], nest_call_row(other), only, nest_call_op(c, IR_where, wrong, a.number, b.number));
}

/* The whole number that an operation gives. */
static LoopTemp whole(NestCall *c, IrOpcode opcode, LoopTemp a, LoopTemp b) {
	return nest_call_op(c, opcode, a, b, 0);
}

static LoopTemp constant(NestCall *c, int64_t number) {
	return nest_call_integer(c, loop_affine(number));
}

/* a + b, of a number that is there already. */
static LoopAffine sum(NestCall *c, LoopTemp a, LoopTemp b) {
	LoopAffine both = nest_call_var(c, a, 0);
	loop_affine_add(c->arena, &both, loop_size(1), b);
	return both;
}

/* Compares i with i + d for all i below n - d that have, of the bits that p = 2^bit and those above make, p where r is p and none where
 * it is 0: runs of p numbers, every other one. */
static void merge(NestCall *c, LoopTemp bit, LoopTemp p, LoopTemp d, LoopTemp r) {
	LoopTemp n = nest_call_integer(c, nest_call_size(c, c->n, 0)), end = whole(c, IR_sub, n, d);
	LoopTemp width = whole(c, IR_add, bit, constant(c, 1)), twice = whole(c, IR_shl, constant(c, 1), width);
	LoopTemp span = whole(c, IR_max, whole(c, IR_sub, end, r), constant(c, 0));
	LoopTemp more = whole(c, IR_sub, whole(c, IR_add, span, twice), constant(c, 1));
	LoopTemp runs = whole(c, IR_shr, more, width);
	NestTurn run = nest_call_for(c, loop_affine(0), nest_call_var(c, runs, 0));
	LoopTemp first = whole(c, IR_add, whole(c, IR_shl, run.var, width), r);
	LoopTemp last = whole(c, IR_min, whole(c, IR_add, first, p), end);
	NestTurn turn = nest_call_for(c, nest_call_var(c, first, 0), nest_call_var(c, last, 0));
	exchange(c, nest_call_var(c, turn.var, 0), sum(c, turn.var, d));
	nest_call_end(c, &turn);
	nest_call_end(c, &run);
}

void nest_call_order(NestCall *c) {
	NestArray *p = &c->outs[0];
	LoopAffine none = loop_affine(0);
	NestTurn places = nest_call_for(c, none, nest_call_size(c, c->n, 0));
	LoopAffine i = nest_call_var(c, places.var, 0);
	nest_call_store(c, p, nest_call_row(i), nest_call_one(none), nest_call_integer(c, i));
	nest_call_end(c, &places);
	int64_t bits = 0;
	while (bits < MOST_BITS && (c->n.count || (INT64_C(1) << bits) < c->n.factor))
		bits++;
	if (bits == 0)
		return;
	NestTurn stage = nest_call_for(c, none, loop_affine(bits)); /* p = 2^(bits - 1), ..., 2, 1 */
	LoopTemp top = constant(c, bits), one = constant(c, 1), zero = constant(c, 0);
	LoopTemp bit = whole(c, IR_sub, whole(c, IR_sub, top, one), stage.var), run = whole(c, IR_shl, one, bit);
	NestTurn turn =
		nest_call_for(c, none, nest_call_var(c, stage.var, 1)); /* q: first p, then 2^(bits - 1), ..., 2 p */
	LoopTemp is_first = whole(c, IR_eq, turn.var, zero);
	LoopTemp q = whole(c, IR_shl, one, whole(c, IR_sub, top, turn.var));
	LoopTemp d = nest_call_op(c, IR_where, is_first, run, whole(c, IR_sub, q, run));
	LoopTemp r = nest_call_op(c, IR_where, is_first, zero, run);
	merge(c, bit, run, d, r);
	nest_call_end(c, &turn);
	nest_call_end(c, &stage);
}
