/* The combinations of the choices of a rule. Where one choice makes another idle (of an alternative that is not taken, of a rule that is not
 * applied) combinations are one rule, and only the first of them is looked at. */
#include <stdlib.h>

#include "runtime/search/choose.h"

void choose_picks(const ChooseSpace *space, int64_t combination, int *picks) {
	for (uint32_t i = space->count; i-- > 0;) {
		picks[i] = (int)(combination % space->sizes[i]);
		combination /= space->sizes[i];
	}
}

static int64_t combination_of(const ChooseSpace *space, const int *picks) {
	int64_t combination = 0;
	for (uint32_t i = 0; i < space->count; i++)
		combination = combination * space->sizes[i] + picks[i];
	return combination;
}

int64_t choose_first_alike(Session *session, const ChooseSpace *space, int *picks, bool *needed) {
	fe_choices_needed(session, space->rule, picks, needed);
	for (uint32_t i = 0; i < space->count; i++)
		picks[i] = needed[i] ? picks[i] : 0;
	return combination_of(space, picks);
}

static void all_distinct(Session *session, Arena *arena, ChooseSpace *space, int *picks, bool *needed) {
	space->distinct = ARENA_ARRAY(arena, int64_t, space->combinations);
	for (int64_t i = 0; i < (int64_t)space->combinations; i++) {
		choose_picks(space, i, picks);
		if (choose_first_alike(session, space, picks, needed) == i)
			space->distinct[space->distinct_count++] = i;
	}
}

static int by_number(const void *a, const void *b) {
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* A sample without repetition. Draws that give nothing new are bounded. */
static void draw_distinct(Rt *rt, Arena *arena, uint64_t seed, ChooseSpace *space, int *picks, bool *needed) {
	static const int tries = 4;
	const uint64_t key[2] = {UINT64_C(0x63686f6f7365), seed}; /* "choose" */
	space->distinct = ARENA_ARRAY(arena, int64_t, CHOOSE_MOST_COMBINATIONS);
	uint64_t most = (uint64_t)tries * CHOOSE_MOST_COMBINATIONS;
	for (uint64_t n = 0; n < most && space->distinct_count < CHOOSE_MOST_COMBINATIONS; n++) {
		for (uint32_t i = 0; i < space->count; i++) {
			uint64_t bits[2];
			random_threefry(key, (const uint64_t[]){n, i}, bits);
			picks[i] = (int)(bits[0] % space->sizes[i]);
		}
		int64_t one = choose_first_alike(rt->session, space, picks, needed);
		bool new = true;
		for (uint32_t k = 0; k < space->distinct_count && new; k++)
			new = space->distinct[k] != one;
		if (new)
			space->distinct[space->distinct_count++] = one;
	}
	qsort(space->distinct, space->distinct_count, sizeof *space->distinct, by_number);
	space->sampled = true;
}

bool choose_space_of(Rt *rt, const FeRule *rule, uint64_t seed, Arena *arena, ChooseSpace *out) {
	static const double most = 1e18; /* combinations are numbers of 64 bits */
	*out = (ChooseSpace){.rule = rule, .count = rule->choices.count, .combinations = 1};
	out->sizes = ARENA_ARRAY(arena, uint32_t, out->count + 1);
	for (uint32_t i = 0; i < out->count; i++) {
		out->sizes[i] = rule->choices.data[i].count;
		out->combinations *= out->sizes[i];
	}
	if (out->combinations > most) {
		Diag *diag = diag_error(rt->session, 338, rule->decl->name.span,
		                        "`%s` has more than 1e18 combinations of its %u choices",
		                        session_text(rt->session, rule->decl->name.name), (unsigned)out->count);
		diag_help(rt->session, diag, "make some of them with --choose NAME=NUMBER");
		return false;
	}
	int *picks = ARENA_ARRAY(arena, int, out->count + 1);
	bool *needed = ARENA_ARRAY(arena, bool, out->count + 1);
	if (out->combinations <= CHOOSE_MOST_COUNTED)
		all_distinct(rt->session, arena, out, picks, needed);
	if (out->combinations > CHOOSE_MOST_COUNTED || out->distinct_count > CHOOSE_MOST_COMBINATIONS) {
		out->distinct_count = 0;
		draw_distinct(rt, arena, seed, out, picks, needed);
	}
	return true;
}

const char *choose_text(Session *session, const ChooseSpace *space, int64_t combination, Arena *arena) {
	Text text = text_new(arena);
	int *picks = ARENA_ARRAY(arena, int, space->count + 1);
	bool *needed = ARENA_ARRAY(arena, bool, space->count + 1);
	choose_picks(space, combination, picks);
	fe_choices_needed(session, space->rule, picks, needed);
	for (uint32_t i = 0; i < space->count; i++) {
		const FeChoice *choice = &space->rule->choices.data[i];
		if (needed[i])
			text_printf(&text, "%s%s=%d", text.length ? " " : "", choice->name, picks[i] + 1);
	}
	return text_cstr(&text);
}

FePick *choose_program_picks(Session *session, const ChooseSpace *space, int64_t combination) {
	int *picks = ARENA_ARRAY(session->arena, int, space->count + 1);
	FePick *out = ARENA_ARRAY(session->arena, FePick, space->count + 1);
	choose_picks(space, combination, picks);
	for (uint32_t i = 0; i < space->count; i++) {
		const FeChoice *choice = &space->rule->choices.data[i];
		out[i] = (FePick){.rule = session_text(session, choice->decl->name.name),
		                  .path = session->sources.data[choice->decl->name.span.file]->path,
		                  .choice = choice->name,
		                  .number = (uint32_t)picks[i]};
	}
	return out;
}
