/* Beyond what can be looked at, a sample finds good alternatives rather than the best combination of them: from the best few of it, combinations
 * that differ in one choice are tried, until none of these is better. Rates and learned numbers go on from the parent. */
#include <string.h>

#include "runtime/search/choose.h"

typedef struct Climb {
	Choosing *choosing;
	Arena *arena;
	VEC(int64_t) seen;
	VEC(ChooseFound) fresh;
	int *picks;
	bool *needed;
} Climb;

static bool is_new(Climb *climb, int64_t combination) {
	for (uint32_t i = 0; i < climb->seen.count; i++)
		if (climb->seen.data[i] == combination)
			return false;
	vec_push(climb->arena, &climb->seen, combination);
	return true;
}

static void add_beside(Climb *climb, const ChooseFound *parent) {
	const ChooseSpace *space = &climb->choosing->out->space;
	Session *session = climb->choosing->rt->session;
	for (uint32_t i = 0; i < space->count; i++) {
		for (uint32_t k = 0; k < space->sizes[i]; k++) {
			ChooseFound one = *parent;
			search_choose_picks(space, parent->combination, climb->picks);
			climb->picks[i] = (int)k;
			one.combination = search_choose_first_alike(session, space, climb->picks, climb->needed);
			if (is_new(climb, one.combination))
				vec_push(climb->arena, &climb->fresh, one);
		}
	}
}

/* The better ones of those that there were and of those that were tried; false: the best few are what they were. */
static bool join(Climb *climb, ChooseFound *before, uint32_t count) {
	Choosing *c = climb->choosing;
	uint32_t all = count + climb->fresh.count, parents = count < CHOOSE_PARENTS ? count : CHOOSE_PARENTS;
	ChooseFound *both = ARENA_ARRAY(c->arena, ChooseFound, all + 1);
	memcpy(both, before, count * sizeof *both);
	memcpy(both + count, climb->fresh.data, climb->fresh.count * sizeof *both);
	c->found = both;
	c->count = search_choose_best(both, all, count);
	bool better = false;
	for (uint32_t i = 0; i < parents; i++)
		better = better || both[i].combination != before[i].combination;
	return better;
}

bool search_choose_climb(Choosing *c) {
	Climb climb = {.choosing = c, .arena = arena_new()};
	bool ok = true;
	climb.picks = ARENA_ARRAY(climb.arena, int, c->out->space.count + 1);
	climb.needed = ARENA_ARRAY(climb.arena, bool, c->out->space.count + 1);
	for (uint32_t i = 0; i < c->out->evaluated[CHOOSE_CLIMBS]; i++) /* those that were dropped as well */
		is_new(&climb, c->found[i].combination);
	for (int round = 0; round < CHOOSE_MOST_CLIMBS && ok; round++) {
		ChooseFound *before = c->found;
		uint32_t count = c->count;
		climb.fresh.count = 0;
		for (uint32_t i = 0; i < count && i < CHOOSE_PARENTS; i++)
			add_beside(&climb, &before[i]);
		c->found = climb.fresh.data;
		c->count = climb.fresh.count;
		c->out->climbed += c->count;
		ok = search_choose_try_all(c, CHOOSE_CLIMBS, true);
		if (ok && !join(&climb, before, count))
			break;
	}
	arena_free(climb.arena);
	return ok;
}
