/* Positions and addresses. Sums are cut by the loop level of their terms, so that what does not change in an inner loop is
 * computed outside of it, once for all accesses that share it. */
#include "jit/nest/nest.h"

static bool place_valid(const Nest *n, LoopTemp temp) {
	NestPlace place = n->places.data[temp];
	return place.level <= n->depth && n->levels[place.level].id == place.id;
}

static LoopTemp partial(Nest *n, LoopAffine affine, uint32_t level) {
	for (uint32_t i = 0; i < n->partials.count; i++) {
		const NestPartial *known = &n->partials.data[i];
		if (loop_affine_equal(known->affine, affine) && place_valid(n, known->temp))
			return known->temp;
	}
	LoopTemp out = nest_new(n, IR_I64, false, level);
	nest_stmt(n, LOOP_AFFINE, out, level)->affine = affine;
	NestPartial made = {affine, out};
	vec_push(n->arena, &n->partials, made);
	return out;
}

/* One temp (or none) and an offset with the same value. */
static LoopAffine flatten(Nest *n, LoopAffine affine) {
	if (affine.count == 0 || (affine.count == 1 && affine.terms[0].temp != 0 && affine.terms[0].coef.factor == 1 &&
	                          affine.terms[0].coef.count == 0))
		return affine;
	LoopTemp sum = 0;
	uint32_t used = 0;
	for (uint32_t level = 0; used < affine.count; level++) {
		LoopAffine part = loop_affine(0);
		if (sum != 0)
			loop_affine_add(n->arena, &part, loop_size(1), sum);
		uint32_t before = used;
		for (uint32_t i = 0; i < affine.count; i++) {
			if (nest_level(n, affine.terms[i].temp) == level) {
				loop_affine_add(n->arena, &part, affine.terms[i].coef, affine.terms[i].temp);
				used++;
			}
		}
		if (used > before)
			sum = partial(n, part, level);
	}
	LoopAffine flat = loop_affine(affine.offset);
	loop_affine_add(n->arena, &flat, loop_size(1), sum);
	return flat;
}

/* A position times a size, taken apart: what all lanes share, what grows evenly with the lane, and other vectors. */
typedef struct Parts {
	LoopAffine scalar;
	int64_t stride;
	VEC(LoopTemp) vectors;
	VEC(LoopSize) scales;
} Parts;

static void add_vector(Nest *n, Parts *parts, LoopTemp vector, LoopSize scale) {
	vec_push(n->arena, &parts->vectors, vector);
	vec_push(n->arena, &parts->scales, scale);
}

LoopTemp nest_lane_numbers(Nest *n) {
	LoopTemp out = nest_new(n, IR_I64, true, 0);
	nest_stmt(n, LOOP_AFFINE, out, 0)->stride = 1;
	return out;
}

static void add_at(Nest *n, Parts *parts, IrAt at, LoopSize scale) {
	loop_affine_add(n->arena, &parts->scalar, loop_size_mul(scale, loop_size(at.offset)), 0);
	for (uint32_t i = 0; i < at.term_count; i++) {
		IrTerm term = at.terms[i];
		LoopSize size = loop_size_mul(scale, loop_size(term.coef));
		if (term.is_node) {
			LoopTemp temp = nest_node(n, term.ref);
			if (nest_is_vector(n, temp))
				add_vector(n, parts, temp, size);
			else
				loop_affine_add(n->arena, &parts->scalar, size, temp);
			continue;
		}
		const NestIndex *index = &n->op->index[term.ref];
		int64_t copy = index->base + (int64_t)n->op->at[term.ref] * (index->vector ? LOOP_LANES : 1);
		loop_affine_add(n->arena, &parts->scalar, loop_size_mul(size, loop_size(copy)), 0);
		if (index->var != 0)
			loop_affine_add(n->arena, &parts->scalar, size, index->var);
		if (index->vector && size.count == 0)
			parts->stride += size.factor;
		else if (index->vector)
			add_vector(n, parts, nest_lane_numbers(n), size);
	}
}

static LoopTemp size_temp(Nest *n, LoopSize size) {
	if (size.count == 0)
		return nest_const(n, IR_I64, 0, size.factor);
	LoopAffine affine = loop_affine(0);
	loop_affine_add(n->arena, &affine, size, 0);
	return partial(n, affine, 0);
}

/* All vectors as one: returns the sum of each times its scale. */
static LoopTemp sum_vectors(Nest *n, const Parts *parts) {
	LoopTemp sum = 0;
	for (uint32_t i = 0; i < parts->vectors.count; i++) {
		LoopTemp scaled = parts->vectors.data[i];
		if (parts->scales.data[i].factor != 1 || parts->scales.data[i].count > 0)
			scaled = nest_op(n, IR_mul, IR_I64, (LoopTemp[]){scaled, size_temp(n, parts->scales.data[i])}, 2);
		sum = sum == 0 ? scaled : nest_op(n, IR_add, IR_I64, (LoopTemp[]){sum, scaled}, 2);
	}
	return sum;
}

static LoopTemp affine_temp(Nest *n, LoopAffine affine, int64_t stride) {
	LoopAffine flat = flatten(n, affine);
	if (stride == 0 && flat.count == 0)
		return nest_const(n, IR_I64, 0, flat.offset);
	if (stride == 0 && flat.offset == 0)
		return flat.terms[0].temp;
	uint32_t level = flat.count > 0 ? nest_level(n, flat.terms[0].temp) : 0;
	if (stride == 0)
		return partial(n, flat, level);
	LoopTemp out = nest_new(n, IR_I64, true, level);
	LoopStmt *stmt = nest_stmt(n, LOOP_AFFINE, out, level);
	stmt->affine = flat;
	stmt->stride = stride;
	return out;
}

LoopTemp nest_position(Nest *n, IrAt at) {
	Parts parts = {0};
	add_at(n, &parts, at, loop_size(1));
	if (parts.vectors.count == 0)
		return affine_temp(n, parts.scalar, parts.stride);
	LoopTemp sum = sum_vectors(n, &parts);
	if (parts.stride == 0 && parts.scalar.count == 0 && parts.scalar.offset == 0)
		return sum;
	LoopTemp rest = affine_temp(n, parts.scalar, parts.stride);
	return nest_op(n, IR_add, IR_I64, (LoopTemp[]){sum, rest}, 2);
}

bool nest_scalar_affine(Nest *n, IrAt at, LoopAffine *affine) {
	Parts parts = {0};
	add_at(n, &parts, at, loop_size(1));
	*affine = flatten(n, parts.scalar);
	return parts.vectors.count == 0 && parts.stride == 0;
}

uint32_t nest_formal(Nest *n, uint32_t buffer) {
	for (uint32_t i = 0; i < n->actuals.count; i++)
		if (n->actuals.data[i] == buffer)
			return i;
	const LoopBuffer *actual = &n->in->func->buffers.data[buffer];
	LoopFormal formal = {actual->type, actual->storage, false};
	vec_push(n->arena, &n->kernel->formals, formal);
	vec_push(n->arena, &n->actuals, buffer);
	return n->actuals.count - 1;
}

LoopAddress nest_address(Nest *n, IrValue value, const IrAt *at, uint32_t *level) {
	IrType type = ir_type(n->ir, value);
	LoopSize strides[IR_MAX_RANK];
	loop_strides(type, strides);
	Parts parts = {0};
	for (uint32_t a = 0; a < type.rank; a++)
		add_at(n, &parts, at[a], strides[a]);
	LoopAddress address = {.buffer = nest_formal(n, n->in->buffer_of[value]), .stride = parts.stride};
	address.affine = flatten(n, parts.scalar);
	address.scale = loop_size(1);
	if (parts.vectors.count == 1) {
		address.index = parts.vectors.data[0];
		address.scale = parts.scales.data[0];
		if (address.scale.count > 0) {
			address.index = sum_vectors(n, &parts);
			address.scale = loop_size(1);
		}
	} else if (parts.vectors.count > 1) {
		address.index = sum_vectors(n, &parts);
	}
	uint32_t known = nest_level(n, address.index);
	for (uint32_t i = 0; i < address.affine.count; i++) {
		uint32_t term = nest_level(n, address.affine.terms[i].temp);
		known = term > known ? term : known;
	}
	*level = known > *level ? known : *level;
	return address;
}
