/* The combinations of the choices of a rule. Where one choice makes another idle (of an alternative that is not taken, of a rule that is not
 * applied) combinations are one rule, and only the first of them is looked at. */
#include <stdlib.h>
#include <string.h>

#include "runtime/search/choose.h"

void search_choose_picks(const ChooseSpace *space, int64_t combination, int *picks) {
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

int64_t search_choose_first_alike(Session *session, const ChooseSpace *space, int *picks, bool *needed) {
	for (uint32_t i = 0; i < space->count; i++)
		picks[i] = (int)space->first_alike[i][picks[i]];
	fe_choices_needed(session, space->rule, picks, needed);
	for (uint32_t i = 0; i < space->count; i++)
		picks[i] = needed[i] ? picks[i] : 0;
	return combination_of(space, picks);
}

/* The first alternatives that are written as these are: `choose { g, m, g }` has two. */
static uint32_t *first_alike(const Session *session, const FeChoice *choice, Arena *arena) {
	uint32_t *first = ARENA_ARRAY(arena, uint32_t, choice->count + 1);
	for (uint32_t k = 0; k < choice->count; k++) {
		const char *text = fe_alternative(session, choice, k, arena);
		first[k] = 0;
		while (strcmp(fe_alternative(session, choice, first[k], arena), text) != 0)
			first[k]++;
	}
	return first;
}

static void all_distinct(Session *session, Arena *arena, ChooseSpace *space, int *picks, bool *needed) {
	space->distinct = ARENA_ARRAY(arena, int64_t, space->combinations);
	for (int64_t i = 0; i < (int64_t)space->combinations; i++) {
		search_choose_picks(space, i, picks);
		if (search_choose_first_alike(session, space, picks, needed) == i)
			space->distinct[space->distinct_count++] = i;
	}
}

static int by_number(const void *a, const void *b) {
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* A sample without repetition. Draws that give nothing new are bounded. */
static void draw_distinct(Rt *rt, Arena *arena, uint32_t wanted, uint64_t seed, ChooseSpace *space, int *picks,
                          bool *needed) {
	static const int tries = 4;
	const uint64_t key[2] = {UINT64_C(0x63686f6f7365), seed}; /* "choose" */
	space->distinct = ARENA_ARRAY(arena, int64_t, wanted + 1);
	space->distinct_count = 0;
	uint64_t most = (uint64_t)tries * CHOOSE_MOST_COMBINATIONS;
	for (uint64_t n = 0; n < most && space->distinct_count < wanted; n++) {
		for (uint32_t i = 0; i < space->count; i++) {
			uint64_t bits[2];
			random_threefry(key, (const uint64_t[]){n, i}, bits);
			picks[i] = (int)(bits[0] % space->sizes[i]);
		}
		int64_t one = search_choose_first_alike(rt->session, space, picks, needed);
		bool new = true;
		for (uint32_t k = 0; k < space->distinct_count && new; k++)
			new = space->distinct[k] != one;
		if (new)
			space->distinct[space->distinct_count++] = one;
	}
	qsort(space->distinct, space->distinct_count, sizeof *space->distinct, by_number);
	space->sampled = true;
}

static bool too_many(Rt *rt, const FeRule *rule, const char *what) {
	Diag *diag = diag_error(rt->session, 338, rule->decl->name.span, "`%s` has %s combinations of its %u choices%s",
	                        session_text(rt->session, rule->decl->name.name), what, (unsigned)rule->choices.count,
	                        what[0] == 'm' ? "" : ", which is more than are all looked at");
	diag_help(rt->session, diag, "make some of them with --choose NAME=NUMBER%s",
	          what[0] == 'm' ? "" : ", or say `search auto`, which draws a sample");
	return false;
}

/* What the experiment asks for, of what there is. false with a diagnostic. */
static bool can_search(Rt *rt, const FeRule *rule, const FeSearch *how) {
	Span at = rule->decl->name.span;
	if (how->kind == FE_SEARCH_EVOLVE)
		diag_error(rt->session, 391, at, "evolution among choices is part of the language, but not of this version");
	else if (how->candidates > CHOOSE_MOST_COMBINATIONS)
		diag_error(rt->session, 338, at, "a search among choices looks at %d combinations at most, not at %lld",
		           CHOOSE_MOST_COMBINATIONS, (long long)how->candidates);
	return how->kind != FE_SEARCH_EVOLVE && how->candidates <= CHOOSE_MOST_COMBINATIONS;
}

bool search_choose_space_of(Rt *rt, const FeRule *rule, const FeSearch *how, uint64_t seed, Arena *arena,
                            ChooseSpace *out) {
	static const double countable = 1e18; /* combinations are numbers of 64 bits */
	uint32_t most = how->candidates > 0 ? (uint32_t)how->candidates : CHOOSE_MOST_COMBINATIONS;
	*out = (ChooseSpace){.rule = rule, .count = rule->choices.count, .combinations = 1};
	out->sizes = ARENA_ARRAY(arena, uint32_t, out->count + 1);
	out->first_alike = ARENA_ARRAY(arena, uint32_t *, out->count + 1);
	for (uint32_t i = 0; i < out->count; i++) {
		out->first_alike[i] = first_alike(rt->session, &rule->choices.data[i], arena);
		out->sizes[i] = rule->choices.data[i].count;
		out->combinations *= out->sizes[i];
	}
	if (!can_search(rt, rule, how))
		return false;
	if (out->combinations > countable)
		return too_many(rt, rule, "more than 1e18");
	int *picks = ARENA_ARRAY(arena, int, out->count + 1);
	bool *needed = ARENA_ARRAY(arena, bool, out->count + 1);
	if (out->combinations <= (double)CHOOSE_MOST_COUNTED)
		all_distinct(rt->session, arena, out, picks, needed);
	bool all = out->combinations <= (double)CHOOSE_MOST_COUNTED && out->distinct_count <= most;
	if (!all && how->kind == FE_SEARCH_ENUMERATE)
		return too_many(rt, rule, arena_printf(arena, "%.0f", out->combinations));
	if (!all)
		draw_distinct(rt, arena, most, seed, out, picks, needed);
	return true;
}

static bool is_number(const char *name) {
	return *name >= '0' && *name <= '9';
}

/* Could it be one of another rule? Of choices without a name all rules may have the same numbers. */
static bool needs_rule(const FeRule *rule, const FeChoice *choice) {
	for (uint32_t i = 0; i < rule->choices.count; i++) {
		const FeChoice *other = &rule->choices.data[i];
		if (other->decl != choice->decl && (is_number(choice->name) || !strcmp(other->name, choice->name)))
			return true;
	}
	return false;
}

const char *search_choose_text(Session *session, const ChooseSpace *space, int64_t combination, Arena *arena) {
	Text text = text_new(arena);
	int *picks = ARENA_ARRAY(arena, int, space->count + 1);
	bool *needed = ARENA_ARRAY(arena, bool, space->count + 1);
	search_choose_picks(space, combination, picks);
	fe_choices_needed(session, space->rule, picks, needed);
	for (uint32_t i = 0; i < space->count; i++) {
		const FeChoice *choice = &space->rule->choices.data[i];
		if (!needed[i])
			continue;
		const char *of = needs_rule(space->rule, choice) ? session_text(session, choice->decl->name.name) : "";
		text_printf(&text, "%s%s%s%s=%d", text.length ? " " : "", of, *of ? "." : "", choice->name, picks[i] + 1);
	}
	return text_cstr(&text);
}

FePick *search_choose_program_picks(Session *session, const ChooseSpace *space, int64_t combination) {
	int *picks = ARENA_ARRAY(session->arena, int, space->count + 1);
	FePick *out = ARENA_ARRAY(session->arena, FePick, space->count + 1);
	search_choose_picks(space, combination, picks);
	for (uint32_t i = 0; i < space->count; i++) {
		const FeChoice *choice = &space->rule->choices.data[i];
		out[i] = (FePick){.rule = session_text(session, choice->decl->name.name),
		                  .path = session->sources.data[choice->decl->name.span.file]->path,
		                  .choice = choice->name,
		                  .number = (uint32_t)picks[i]};
	}
	return out;
}
