/* Parameters and results by role: which there are, which differ between lanes, and the one place that puts the arguments of a
 * call into the order that the callee wants. */
#include "ir/ir.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef enum Whose { ALL, PARTICLE, EACH } Whose;

static const struct {
	const char *text;
	Whose whose;
} roles[IR_ROLES] = {
	[IR_ROLE_NONE] = {"(no role)", EACH},
#define ROLE(NAME, text, whose) [IR_ROLE_##NAME] = {text, whose},
#include "ir/core/roles.def"
#undef ROLE
};

static const char *const tildes[IR_ROLES] = {
	[IR_ROLE_NONE] = "(no role)~",
#define ROLE(NAME, text, whose) [IR_ROLE_##NAME] = text "~",
#include "ir/core/roles.def"
#undef ROLE
};

const char *ir_role_name(IrRole role) {
	return role < IR_ROLES ? roles[role].text : tildes[role - IR_ROLES];
}

IrRole ir_role_tilde(IrRole role) {
	return role == IR_ROLE_NONE || role >= IR_ROLES ? IR_ROLE_NONE : (IrRole)(role + IR_ROLES);
}

IrRange ir_params_of(const IrFunc *func, IrRole role) {
	IrRange range = {0, 0};
	for (uint32_t i = 0; i < func->params.count; i++)
		if (func->params.data[i].role == role && range.count++ == 0)
			range.first = i;
	return range;
}

IrRange ir_results_of(const IrFunc *func, IrRole role) {
	IrRange range = {0, 0};
	for (uint32_t i = 0; i < func->results.count; i++)
		if (func->results.data[i].role == role && range.count++ == 0)
			range.first = i;
	return range;
}

static uint32_t only(const IrFunc *func, IrRange range, IrRole role, const char *what) {
	if (range.count != 1)
		base_panic("signature", "@%s has %u %s with the role `%s`, not one",
		           session_text(func->module->session, func->name), (unsigned)range.count, what, ir_role_name(role));
	return range.first;
}

uint32_t ir_param_at(const IrFunc *func, IrRole role) {
	return only(func, ir_params_of(func, role), role, "parameters");
}

uint32_t ir_result_at(const IrFunc *func, IrRole role) {
	return only(func, ir_results_of(func, role), role, "results");
}

IrType ir_param_type(const IrFunc *func, IrRole role) {
	return ir_type(func, func->params.data[ir_param_at(func, role)].value);
}

bool *ir_choose_params(Arena *arena, const IrFunc *func, IrRole role) {
	bool *chosen = ARENA_ARRAY(arena, bool, func->params.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++)
		chosen[i] = func->params.data[i].role == role;
	return chosen;
}

bool *ir_choose_results(Arena *arena, const IrFunc *func, IrRole role) {
	bool *chosen = ARENA_ARRAY(arena, bool, func->results.count + 1);
	for (uint32_t i = 0; i < func->results.count; i++)
		chosen[i] = func->results.data[i].role == role;
	return chosen;
}

bool *ir_lanes_by_role(Arena *arena, const IrFunc *func, bool lanes_are_particles) {
	bool *lanes = ARENA_ARRAY(arena, bool, func->params.count + 1);
	for (uint32_t i = 0; i < func->params.count; i++) {
		IrRole role = func->params.data[i].role;
		Whose whose = roles[role < IR_ROLES ? role : role - IR_ROLES].whose;
		lanes[i] = whose == EACH || (whose == PARTICLE && lanes_are_particles);
	}
	return lanes;
}

static void no_items(const IrFunc *func, IrRole role, const char *wrong) {
	base_panic("signature", "@%s and `%s`: %s", session_text(func->module->session, func->name), ir_role_name(role),
	           wrong);
}

/* The next in an order, which must be of the role before or of one that was not there yet. */
static IrPlace next_place(const IrFunc *func, const IrPlace *before, IrRole role, IrRoleSet *seen) {
	if (before && before->role == role)
		return (IrPlace){role, before->at + 1};
	if (ir_role_in(seen, role))
		no_items(func, role, "what has one role does not stand together");
	ir_role_add(seen, role);
	return (IrPlace){role, 0};
}

void ir_param_order(const IrFunc *func, IrPlace *order) {
	IrRoleSet seen = {{0}};
	for (uint32_t i = 0; i < func->params.count; i++)
		order[i] = next_place(func, i ? &order[i - 1] : NULL, func->params.data[i].role, &seen);
}

void ir_result_order(const IrFunc *func, IrPlace *order) {
	IrRoleSet seen = {{0}};
	for (uint32_t i = 0; i < func->results.count; i++)
		order[i] = next_place(func, i ? &order[i - 1] : NULL, func->results.data[i].role, &seen);
}

static const struct IrItems *items_of(const IrFunc *func, const IrByRole *given, IrPlace place) {
	const struct IrItems *from = &given->of[place.role];
	if (!ir_role_in(&given->roles, place.role) || place.at >= from->count)
		no_items(func, place.role, "a call gives too few");
	return from;
}

/* What is given, in such an order: out[count] of `size` bytes each. */
static void take(const IrFunc *func, const IrPlace *order, uint32_t count, const IrByRole *given, size_t size,
                 void *out) {
	for (uint32_t i = 0; i < count; i++) {
		const struct IrItems *from = items_of(func, given, order[i]);
		const char *address = (const char *)from->items + (from->stride ? from->stride : size) * order[i].at;
		if (from->stride)
			memcpy((char *)out + size * i, &address, sizeof address);
		else
			memcpy((char *)out + size * i, address, size);
	}
}

void ir_take_addresses(const IrFunc *func, const IrPlace *order, uint32_t count, const IrByRole *given, void **out) {
	for (uint32_t i = 0; i < count; i++) {
		const struct IrItems *from = items_of(func, given, order[i]);
		const char *address = (const char *)from->items + (size_t)from->stride * order[i].at;
		if (from->stride)
			memcpy(&out[i], &address, sizeof address);
		else
			out[i] = ((void *const *)from->items)[order[i].at];
	}
}

void ir_arguments(const IrFunc *func, const IrByRole *given, size_t size, void *out) {
	IrPlace *order = memory_new(sizeof *order * (func->params.count + 1));
	ir_param_order(func, order);
	take(func, order, func->params.count, given, size, out);
	free(order);
}

void ir_places(const IrFunc *func, const IrByRole *given, size_t size, void *out) {
	IrPlace *order = memory_new(sizeof *order * (func->results.count + 1));
	ir_result_order(func, order);
	take(func, order, func->results.count, given, size, out);
	free(order);
}
