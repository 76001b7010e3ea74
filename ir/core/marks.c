/* Marks: marks.h. A NaN has the place in its highest bits, which are left when it is rounded to f32. */
#include "ir/core/marks.h"

#include <string.h>

enum { REAL_SHIFT = 29, MOST_PLACES = 1 << 20 }; /* further ones are not told apart: 0 */
static const uint64_t quiet = UINT64_C(0x7ffc000000000000), whole_base = UINT64_C(1) << 63;

static uint64_t kept(uint32_t place) {
	return place < MOST_PLACES ? place : 0;
}

double ir_mark_real(uint32_t place) {
	uint64_t bits = quiet | kept(place) << REAL_SHIFT;
	double mark;
	memcpy(&mark, &bits, sizeof mark);
	return mark;
}

int64_t ir_mark_whole(uint32_t place) {
	return INT64_MIN + (int64_t)kept(place);
}

bool ir_mark_of(const IrNode *constant, uint32_t *place) {
	uint64_t bits;
	if (constant->kind != IR_NODE_CONST)
		return false;
	if (ir_scalar_is_real(constant->type)) {
		memcpy(&bits, &constant->real, sizeof bits);
		*place = (uint32_t)((bits & ~quiet) >> REAL_SHIFT);
		return (bits & quiet) == quiet && bits >> 63 == 0 && *place > 0;
	}
	bits = (uint64_t)constant->integer - whole_base;
	*place = (uint32_t)bits;
	return constant->type == IR_I64 && bits > 0 && bits < MOST_PLACES;
}
