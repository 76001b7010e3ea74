/* Random well-shaped functions of the tensor IR, as text: every kind of access, combination, condition, type and loop, over
 * extents that are and are not multiples of the lanes. The same number gives the same function. */
#ifndef GRADUS_TESTS_JIT_RANDOM_H
#define GRADUS_TESTS_JIT_RANDOM_H

#include "base/base.h"

#include <stdbool.h>
#include <string.h>

enum { RANDOM_VALUES = 64, RANDOM_RANK = 3 };

typedef struct RandomValue {
	char name[16];
	int scalar; /* 0 f32, 1 f64, 2 int, 3 bool */
	bool lanes;
	int rank;
	int dims[RANDOM_RANK];
	bool visible;
} RandomValue;

typedef struct RandomProgram {
	Text *out;
	uint64_t state;
	RandomValue values[RANDOM_VALUES];
	int count;
	int number; /* of the next value */
	int extents[4];
	/* of the op being made */
	int index_count;
	int index_extent[6];
	bool index_lane; /* index 0 */
	bool conditional;
	int carries, carry_base;
	bool tame; /* continuous: nothing where a difference in the last place decides */
} RandomProgram;

static inline uint32_t random_below(RandomProgram *r, uint32_t limit) {
	uint64_t out[2];
	random_threefry((uint64_t[]){99, 3}, (uint64_t[]){r->state++, 1}, out);
	return (uint32_t)(out[0] % limit);
}

static inline bool random_chance(RandomProgram *r, uint32_t percent) {
	return random_below(r, 100) < percent;
}

static inline const char *random_type_name(int scalar) {
	static const char *const names[] = {"f32", "f64", "int", "bool"};
	return names[scalar];
}

static inline void random_type(RandomProgram *r, const RandomValue *v) {
	text_printf(r->out, ": %s[", random_type_name(v->scalar));
	const char *comma = "";
	if (v->lanes) {
		text_printf(r->out, "lanes");
		comma = ", ";
	}
	for (int i = 0; i < v->rank; i++) {
		text_printf(r->out, "%s%d", comma, v->dims[i]);
		comma = ", ";
	}
	text_printf(r->out, "]");
}

static inline const char *random_index(const RandomProgram *r, int i) {
	static const char *const names[] = {"i", "j", "k", "m", "n", "o"};
	return r->index_lane && i == 0 ? "l" : names[i];
}

/* A position along an axis; returns whether it may lie outside. */
static inline bool random_position(RandomProgram *r, int extent) {
	int choices[6], count = 0;
	for (int i = r->index_lane ? 1 : 0; i < r->index_count; i++)
		if (r->index_extent[i] == extent)
			choices[count++] = i;
	if (count > 0 && random_chance(r, 75)) {
		const char *index = random_index(r, choices[random_below(r, (uint32_t)count)]);
		switch (random_below(r, 10)) {
		case 0: text_printf(r->out, "%d-%s", extent - 1, index); return false;
		case 1: text_printf(r->out, "%s+%d", index, 1 + (int)random_below(r, 2)); return true;
		case 2: text_printf(r->out, "%s-1", index); return true;
		default: text_printf(r->out, "%s", index); return false;
		}
	}
	if (r->index_count > (r->index_lane ? 1 : 0) && random_chance(r, 40)) {
		int i = (int)random_below(r, (uint32_t)r->index_count);
		if (!(r->index_lane && i == 0)) {
			text_printf(r->out, "%s", random_index(r, i));
			return r->index_extent[i] > extent;
		}
	}
	/* a gather through an integer of rank 1 or 0 */
	for (int tries = 0; tries < 4; tries++) {
		const RandomValue *v = &r->values[random_below(r, (uint32_t)r->count)];
		if (!v->visible || v->scalar != 2 || v->lanes || v->rank > 1)
			continue;
		int at = -1;
		for (int i = r->index_lane ? 1 : 0; i < r->index_count && v->rank == 1; i++)
			if (r->index_extent[i] == v->dims[0])
				at = i;
		if (v->rank == 1 && at < 0)
			continue;
		text_printf(r->out, "imod(%%%s[%s], %d)", v->name, v->rank == 1 ? random_index(r, at) : "", extent);
		return false;
	}
	text_printf(r->out, "%d", (int)random_below(r, (uint32_t)extent));
	return false;
}

static inline void random_expression(RandomProgram *r, int scalar, int depth);

static inline bool random_read(RandomProgram *r, int scalar) {
	for (int tries = 0; tries < 12; tries++) {
		const RandomValue *v = &r->values[random_below(r, (uint32_t)r->count)];
		if (!v->visible || v->scalar != scalar || (v->lanes && !r->index_lane))
			continue;
		text_printf(r->out, "%%%s[", v->name);
		const char *comma = "";
		bool guarded = false;
		if (v->lanes) {
			text_printf(r->out, "l");
			comma = ", ";
		}
		for (int i = 0; i < v->rank; i++) {
			text_printf(r->out, "%s", comma);
			guarded = random_position(r, v->dims[i]) || guarded;
			comma = ", ";
		}
		text_printf(r->out, "]%s", guarded ? "?" : "");
		return true;
	}
	return false;
}

static inline void random_leaf(RandomProgram *r, int scalar) {
	if (random_chance(r, 85) && random_read(r, scalar))
		return;
	static const char *const reals[] = {"0.5", "-1.25", "2", "0.1", "-0", "3"};
	if (scalar == 3)
		text_printf(r->out, "%s", random_chance(r, 50) ? "true" : "false");
	else if (scalar == 2 && r->index_count > 0 && random_chance(r, 60))
		text_printf(r->out, "idx(%s)", random_index(r, (int)random_below(r, (uint32_t)r->index_count)));
	else if (scalar == 2)
		text_printf(r->out, "%d int", (int)random_below(r, 5) - 1);
	else
		text_printf(r->out, "%s %s", reals[random_below(r, 6)], random_type_name(scalar));
}

static inline void random_call(RandomProgram *r, const char *name, int scalar, int arity, int depth) {
	text_printf(r->out, "%s(", name);
	for (int i = 0; i < arity; i++) {
		if (i > 0)
			text_printf(r->out, ", ");
		random_expression(r, scalar, depth - 1);
	}
	text_printf(r->out, ")");
}

static inline void random_expression(RandomProgram *r, int scalar, int depth) {
	static const char *const binary[] = {"add", "sub", "mul", "min", "max", "add", "mul", "mulz"};
	static const char *const unary[] = {"neg", "abs", "floor", "tanh", "sigmoid", "sign", "exp", "sin"};
	static const char *const whole[] = {"add", "sub", "mul", "min", "max", "idiv", "imod", "add"};
	static const char *const tame[] = {"neg", "abs", "neg", "tanh", "sigmoid", "abs", "exp", "sin"};
	static const char *const compare[] = {"lt", "le", "gt", "ge", "eq", "ne"};
	if (depth <= 0) {
		random_leaf(r, scalar);
		return;
	}
	uint32_t choice = random_below(r, 12);
	if (choice == 0) {
		random_leaf(r, scalar);
	} else if (choice == 1 && scalar != 3) {
		text_printf(r->out, "where(");
		random_expression(r, 3, depth - 1);
		text_printf(r->out, ", ");
		random_expression(r, scalar, depth - 1);
		text_printf(r->out, ", ");
		random_expression(r, scalar, depth - 1);
		text_printf(r->out, ")");
	} else if (scalar == 3) {
		if (choice < 8)
			random_call(r, compare[random_below(r, 6)], r->tame ? 2 : (int)random_below(r, 3), 2, depth);
		else if (choice < 10)
			random_call(r, choice == 8 ? "and" : "or", 3, 2, depth);
		else
			random_call(r, "not", 3, 1, depth);
	} else if (scalar == 2) {
		if (choice < 10 || r->tame)
			random_call(r, whole[random_below(r, 8)], 2, 2, depth);
		else
			random_call(r, "to_int", (int)random_below(r, 2), 1, depth);
	} else if (choice < 8) {
		random_call(r, binary[random_below(r, 8)], scalar, 2, depth);
	} else if (choice < 10) {
		random_call(r, (r->tame ? tame : unary)[random_below(r, 8)], scalar, 1, depth);
	} else {
		int from = (int)random_below(r, 3);
		if (from == scalar)
			random_call(r, r->tame ? "softplus" : "sqrt", scalar, 1, depth);
		else
			random_call(r, scalar == 0 ? "to_f32" : "to_f64", from, 1, depth);
	}
}

static inline RandomValue *random_new(RandomProgram *r, int scalar, bool lanes, int rank, const int *dims) {
	RandomValue *v = &r->values[r->count++];
	*v = (RandomValue){.scalar = scalar, .lanes = lanes, .rank = rank, .visible = true};
	snprintf(v->name, sizeof v->name, "%d", r->number++);
	for (int i = 0; i < rank; i++)
		v->dims[i] = dims[i];
	return v;
}

static inline int random_extent(RandomProgram *r) {
	return r->extents[random_below(r, 4)];
}

static inline void random_positions(RandomProgram *r, const RandomValue *out, const int *index_of, bool shifted) {
	text_printf(r->out, "-> [");
	const char *comma = "";
	if (out->lanes) {
		text_printf(r->out, "l");
		comma = ", ";
	}
	for (int i = 0; i < out->rank; i++) {
		text_printf(r->out, "%s%s%s", comma, random_index(r, index_of[i]), shifted && i == 0 ? "-1" : "");
		comma = ", ";
	}
	text_printf(r->out, "]%s", shifted && out->rank > 0 ? "?" : "");
}

/* One FOR with one or two outputs. */
static inline void random_for(RandomProgram *r, const char *indent, const RandomValue *like) {
	static const char *const combines[] = {"", "sum ", "sum ", "sum ", "max ", "min ", "prod "};
	r->index_lane = random_chance(r, 45);
	r->index_count = r->index_lane ? 1 : 0;
	int out_rank = (int)random_below(r, 3), dims[RANDOM_RANK], index_of[RANDOM_RANK];
	bool reversed = random_chance(r, 25);
	for (int i = 0; i < out_rank; i++) {
		dims[i] = random_extent(r);
		r->index_extent[r->index_count++] = dims[i];
	}
	for (int i = 0; i < out_rank; i++)
		index_of[i] = (reversed ? out_rank - 1 - i : i) + (r->index_lane ? 1 : 0);
	if (reversed)
		for (int i = 0; i < out_rank; i++)
			dims[i] = r->index_extent[index_of[i]];
	uint32_t combine = random_below(r, 7);
	int reduced = combine == 0 ? 0 : (int)random_below(r, 3);
	for (int i = 0; i < reduced; i++)
		r->index_extent[r->index_count++] = random_extent(r);
	bool lanes = r->index_lane && (combine == 0 || random_chance(r, 75));
	int scalar = random_chance(r, 45) ? 0 : random_chance(r, 50) ? 1 : random_chance(r, 75) ? 2 : 3;
	if (like && like->rank < RANDOM_RANK) { /* shaped like a value there is: something to carry, or to go into */
		r->index_count = (r->index_lane = like->lanes) ? 1 : 0;
		out_rank = like->rank;
		scalar = like->scalar;
		combine = reversed = 0;
		for (int i = 0; i < out_rank; i++) {
			dims[i] = r->index_extent[r->index_count++] = like->dims[i];
			index_of[i] = i + (r->index_lane ? 1 : 0);
		}
		lanes = like->lanes;
	}
	if (scalar == 3 && combine > 0)
		scalar = 2;
	if (scalar == 2 && combine == 6)
		combine = 1;
	bool argument =
		(combine == 4 || combine == 5) && r->index_count > 0 && random_chance(r, 60) && !(r->tame && scalar < 2);
	RandomValue *into = NULL;
	for (int tries = 0; tries < 6 && !argument && random_chance(r, like ? 90 : 50); tries++) {
		RandomValue *v = &r->values[random_below(r, (uint32_t)r->count)];
		bool fits = v->visible && v->scalar == scalar && v->lanes == lanes && v->rank == out_rank;
		for (int i = 0; fits && i < out_rank; i++)
			fits = v->dims[i] == dims[i];
		into = fits ? v : into;
	}
	bool shifted = out_rank > 0 && (combine > 0 || into) && random_chance(r, 15);
	RandomValue made = {.scalar = scalar, .lanes = lanes, .rank = out_rank};
	for (int i = 0; i < out_rank; i++)
		made.dims[i] = dims[i];
	text_printf(r->out, "%s%%%d ", indent, r->number);
	random_type(r, &made);
	if (argument) {
		RandomValue second = made;
		second.scalar = 2;
		text_printf(r->out, ", %%%d ", r->number + 1);
		random_type(r, &second);
	}
	text_printf(r->out, " = for");
	for (int i = 0; i < r->index_count; i++)
		if (r->index_lane && i == 0)
			text_printf(r->out, " l:lanes");
		else
			text_printf(r->out, " %s:%d", random_index(r, i), r->index_extent[i]);
	int first = r->index_lane ? 1 : 0;
	if ((combine > 0 || into) && r->index_count > first && random_chance(r, 25)) {
		const char *a = random_index(r, first + (int)random_below(r, (uint32_t)(r->index_count - first)));
		const char *b = random_index(r, first + (int)random_below(r, (uint32_t)(r->index_count - first)));
		if (a != b && random_chance(r, 60))
			text_printf(r->out, " if %d*%s <= %s+%d", 1 + (int)random_below(r, 2), a, b, (int)random_below(r, 3));
		else
			text_printf(r->out, " if %d <= %s", (int)random_below(r, 4), a);
	}
	text_printf(r->out, " { ");
	bool product = scalar < 2 && combine > 0 && combine < 4 && random_chance(r, 50);
	if (product)
		random_call(r, "mul", scalar, 2, 1 + (int)random_below(r, 2));
	else
		random_expression(r, scalar, (int)random_below(r, 4));
	text_printf(r->out, " } %s", combines[combine]);
	random_positions(r, &made, index_of, shifted);
	if (into)
		text_printf(r->out, " into %%%s", into->name);
	if (argument) {
		text_printf(r->out, ", %s %s ", combine == 4 ? "argmax" : "argmin",
		            random_index(r, (int)random_below(r, (uint32_t)r->index_count)));
		random_positions(r, &made, index_of, shifted);
	}
	text_printf(r->out, "\n");
	random_new(r, scalar, lanes, out_rank, dims);
	if (argument)
		random_new(r, 2, lanes, out_rank, dims);
}

/* A loop that carries one to three of the values, each replaced by one of its type if the body makes one. */
static inline void random_loop(RandomProgram *r, const char *indent) {
	int carried[3], count = 0, outs = r->number;
	for (int tries = 0; tries < 8 && count < 1 + (int)random_below(r, 3); tries++) {
		int v = (int)random_below(r, (uint32_t)r->count);
		if (r->values[v].visible)
			carried[count++] = v;
	}
	if (count == 0)
		return;
	text_printf(r->out, "%s", indent);
	for (int i = 0; i < count; i++) {
		text_printf(r->out, "%s%%%d ", i > 0 ? ", " : "", r->number++);
		random_type(r, &r->values[carried[i]]);
	}
	int inside = r->count;
	text_printf(r->out, " = loop %%t%d < %d carry (", outs, 1 + (int)random_below(r, 4));
	for (int i = 0; i < count; i++) {
		RandomValue v = r->values[carried[i]];
		text_printf(r->out, "%s%%c%d_%d ", i > 0 ? ", " : "", outs, i);
		random_type(r, &v);
		text_printf(r->out, " = %%%s", v.name);
		snprintf(v.name, sizeof v.name, "c%d_%d", outs, i);
		r->values[r->count++] = v;
	}
	text_printf(r->out, ") {\n");
	int made = r->count;
	RandomValue *counter = random_new(r, 2, false, 0, NULL);
	r->number--;
	snprintf(counter->name, sizeof counter->name, "t%d", outs);
	for (int i = 0; i < 2 + (int)random_below(r, 2); i++)
		random_for(r, "    ", random_chance(r, 60) ? &r->values[inside + (int)random_below(r, (uint32_t)count)] : NULL);
	text_printf(r->out, "    yield ");
	for (int i = 0; i < count; i++) {
		const RandomValue *old = &r->values[inside + i], *chosen = old;
		for (int v = made; v < r->count; v++) {
			const RandomValue *new = &r->values[v];
			bool fits = new->scalar == old->scalar &&new->lanes == old->lanes &&new->rank == old->rank;
			for (int d = 0; fits && d < old->rank; d++)
				fits = new->dims[d] == old->dims[d];
			if (fits && random_chance(r, 70))
				chosen = new;
		}
		text_printf(r->out, "%s%%%s", i > 0 ? ", " : "", chosen->name);
	}
	text_printf(r->out, "\n%s}\n", indent);
	for (int v = inside; v < r->count; v++)
		r->values[v].visible = false;
	for (int i = 0; i < count; i++) {
		RandomValue v = r->values[carried[i]];
		snprintf(v.name, sizeof v.name, "%d", outs + i);
		r->values[r->count++] = v;
	}
}

/* Writes function `number` to `out`. `tame`: without what a difference in the last place decides (comparisons of reals, floor,
 * sign, arguments of real maxima) and without sqrt, whose slope has no bound. */
static inline void random_program(uint64_t number, bool tame, Text *out) {
	static const int extents[] = {2, 3, 4, 5, 7, 16, 17, 33, 48, 1};
	RandomProgram program = {.out = out, .state = number << 32, .tame = tame};
	RandomProgram *r = &program;
	for (int i = 0; i < 4; i++)
		r->extents[i] = extents[random_below(r, i < 2 ? 5 : 10)];
	text_printf(out, "func @f%d(", (int)number);
	int params = 4 + (int)random_below(r, 3);
	for (int i = 0; i < params; i++) {
		int dims[RANDOM_RANK], rank = i < 2 ? 1 : (int)random_below(r, 4);
		for (int d = 0; d < rank; d++)
			dims[d] = random_extent(r);
		int scalar = i == 0                 ? 2
		             : i == 1               ? 0
		             : random_chance(r, 50) ? 0
		             : random_chance(r, 50) ? 1
		                                    : (int)random_below(r, 4);
		RandomValue *v = random_new(r, scalar, i > 1 && random_chance(r, 40), rank, dims);
		snprintf(v->name, sizeof v->name, "p%d", i);
		text_printf(out, "%s%%%s", i > 0 ? ", " : "", v->name);
		random_type(r, v);
	}
	r->number = 20;
	Text *whole = out;
	Text body = text_new(out->arena);
	r->out = &body;
	int ops = 2 + (int)random_below(r, 5);
	for (int i = 0; i < ops && r->count < 40; i++)
		if (random_chance(r, 20))
			random_loop(r, "  ");
		else
			random_for(r, "  ", random_chance(r, 25) ? &r->values[random_below(r, (uint32_t)r->count)] : NULL);
	r->out = whole;
	text_printf(out, ") -> (");
	int results = 0;
	for (int v = params; v < r->count; v++) {
		if (!r->values[v].visible)
			continue;
		text_printf(out, "%s", results++ > 0 ? ", " : "");
		random_type(r, &r->values[v]);
	}
	text_printf(out, ") {\n%s  return ", text_cstr(&body));
	results = 0;
	for (int v = params; v < r->count; v++)
		if (r->values[v].visible)
			text_printf(out, "%s%%%s", results++ > 0 ? ", " : "", r->values[v].name);
	text_printf(out, "\n}\n");
}

#endif
