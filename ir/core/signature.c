/* Parameters and results by role: which there are, which differ between lanes, and the one place that puts the arguments of a
 * call into the order that the callee wants. */
#include "ir/ir.h"

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

void ir_give(IrByRole *given, IrRole role, const void *items, uint32_t count) {
	given->of[role] = (struct IrItems){items, count, 0};
}

void ir_give_addresses(IrByRole *given, IrRole role, const void *first, size_t stride, uint32_t count) {
	given->of[role] = (struct IrItems){first, count, stride};
}

/* One after another of its role: `taken` counts. */
static void put_item(const IrFunc *func, const IrByRole *given, IrRole role, uint32_t *taken, size_t size, char *out) {
	const struct IrItems *from = &given->of[role];
	if (taken[role] >= from->count)
		base_panic("signature", "a call of @%s gives %u of `%s`, which are too few",
		           session_text(func->module->session, func->name), (unsigned)from->count, ir_role_name(role));
	uint32_t i = taken[role]++;
	if (from->stride == 0) {
		memcpy(out, (const char *)from->items + size * i, size);
		return;
	}
	const char *address = (const char *)from->items + from->stride * i;
	memcpy(out, &address, sizeof address);
}

void ir_arguments(const IrFunc *func, const IrByRole *given, size_t size, void *out) {
	uint32_t taken[IR_ALL_ROLES] = {0};
	for (uint32_t i = 0; i < func->params.count; i++)
		put_item(func, given, func->params.data[i].role, taken, size, (char *)out + size * i);
}

void ir_places(const IrFunc *func, const IrByRole *given, size_t size, void *out) {
	uint32_t taken[IR_ALL_ROLES] = {0};
	for (uint32_t i = 0; i < func->results.count; i++)
		put_item(func, given, func->results.data[i].role, taken, size, (char *)out + size * i);
}
