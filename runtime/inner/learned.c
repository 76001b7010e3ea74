/* The learned numbers of a rule: where they start, what the rule uses them as, and which of them no file gives. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/inner/inner.h"
#include "runtime/inner/limits.h"

int64_t learned_count(const FeRule *rule) {
	return rule ? rule->learned_count : 0;
}

/* A start that is drawn or read from a file may lie outside of its limits, which no check of the text could tell. */
static bool starts_inside(Rt *rt, const FeRule *rule, const double *theta) {
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		const FeSlot *slot = &learned->slot;
		int64_t k = 0;
		while (k < slot->count && isfinite(theta[slot->offset + k]))
			k++;
		if (k == slot->count)
			continue;
		const char *element = slot->count > 1 ? arena_printf(rt->session->arena, "element %lld of ", (long long)k) : "";
		const char *limits = slot->limits.transform == FE_PLAIN ? "" : ", or not inside of its limits";
		diag_error(rt->session, 262, slot->span, "%s`%s` starts at a number that is not finite%s", element,
		           session_text(rt->session, slot->name), limits);
		return false;
	}
	return true;
}

double *learned_new(Rt *rt, const FeRule *rule, Arena *arena) {
	size_t count = (size_t)learned_count(rule);
	double bytes = count > 0 ? rt_evaluation_bytes(rule->theta, 0) : 0;
	return rt_memory_allows(rt, bytes, "what is learned") ? ARENA_ARRAY(arena, double, count + 1) : NULL;
}

bool learned_start(Rt *rt, const FeRule *rule, uint64_t seed, double *theta) {
	if (learned_count(rule) == 0)
		return true;
	IrByRole given;
	ir_by_role(&given);
	ir_give_addresses(&given, IR_ROLE_SEED, &seed, sizeof seed, 1);
	return rt_evaluate_once(rt, rule->theta, &given, &theta) && starts_inside(rt, rule, theta);
}

bool learned_natural(Rt *rt, const FeRule *rule, const double *theta, double *natural) {
	if (learned_count(rule) == 0)
		return true;
	IrByRole given;
	ir_by_role(&given);
	ir_give(&given, IR_ROLE_THETA, &theta, 1);
	return rt_evaluate_once(rt, rule->natural, &given, &natural);
}

/* ": [4, 8] ~ normal(0, 1)" */
static void hole_shape(const FeLearned *learned, const Session *session, Text *out) {
	const FeSlot *slot = &learned->slot;
	text_printf(out, " : [");
	for (int i = 0; i < slot->type.rank; i++)
		text_printf(out, slot->type.dims[i] < 0 ? "%sn" : "%s%lld", i ? ", " : "", (long long)slot->type.dims[i]);
	text_char(out, ']');
	const AstDeclare *learn = learned->declare;
	if (!learn || !learn->source.file || learn->source.end - learn->source.start > LEARNED_SHOWN_START)
		return;
	const char *start = source_excerpt(session, out->arena, learn->source);
	if (!strchr(start, '\n'))
		text_printf(out, " %s", start);
}

/* A number that went through its limits and back, which may cost its last digits: without those, as it was written. */
static void text_start(Text *out, double value, bool is_f32) {
	char digits[40];
	snprintf(digits, sizeof digits, "%.*g", is_f32 ? 6 : 14, value);
	text_real(out, strtod(digits, NULL), is_f32);
}

/* Choices that nobody has made, with the alternative that stands for them; how many. */
static uint32_t open_choices(const Session *session, const FeRule *rule, Text *out) {
	for (uint32_t i = 0; i < rule->choices.count && i < LEARNED_SHOWN; i++) {
		const FeChoice *choice = &rule->choices.data[i];
		bool named = choice->name[0] > '9';
		text_printf(out, "%s%s%s = %s (1 of %u)", out->length > 0 ? ", " : "", named ? "" : "choice ", choice->name,
		            fe_alternative(session, choice, 0, out->arena), (unsigned)choice->count);
	}
	if (rule->choices.count > LEARNED_SHOWN)
		text_printf(out, " and %u more choices", (unsigned)(rule->choices.count - LEARNED_SHOWN));
	return rule->choices.count;
}

const char *learned_holes(Rt *rt, const FeRule *rule, const double *theta, Arena *arena) {
	const Session *session = rt->session;
	Text out = text_new(arena);
	double *natural = ARENA_ARRAY(arena, double, learned_count(rule) + 1);
	uint32_t holes = 0;
	if (learned_count(rule) > 0 && !learned_natural(rt, rule, theta, natural))
		return NULL;
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		const FeSlot *slot = &learned->slot;
		bool filled = learned->declare && learned->declare->from;
		if (filled || holes++ >= LEARNED_SHOWN)
			continue;
		text_printf(&out, "%s%s", out.length > 0 ? ", " : "", session_text(session, slot->name));
		if (slot->type.rank == 0) {
			text_printf(&out, " = ");
			text_start(&out, natural[slot->offset], rule->real == IR_F32);
		} else {
			hole_shape(learned, session, &out);
		}
	}
	if (holes > LEARNED_SHOWN)
		text_printf(&out, " and %u more", (unsigned)(holes - LEARNED_SHOWN));
	holes += open_choices(session, rule, &out);
	return holes > 0 ? text_cstr(&out) : NULL;
}
