/* The processes of one mpirun, and their meetings. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/limits.h"
#include "runtime/engine/ranks.h"

/* A number that mpirun has put into the environment; `otherwise` where there is none. */
static int launched_with(const char *name, int least, int otherwise) {
	const char *text = getenv(name);
	char *end = NULL;
	long value = text ? strtol(text, &end, 10) : -1;
	return text && end != text && *end == '\0' && value >= least && value <= INT_MAX ? (int)value : otherwise;
}

int rt_ranks_launched(void) {
	return launched_with("OMPI_COMM_WORLD_SIZE", 1, 1);
}

int rt_ranks_place(void) {
	return launched_with("OMPI_COMM_WORLD_RANK", 0, 0);
}

int rt_ranks_beside(void) {
	return launched_with("OMPI_COMM_WORLD_LOCAL_SIZE", 1, 1);
}

typedef enum Meeting { GATHERS = 1, WAITS, ENDS } Meeting;

/* What a rank says to all at the beginning of a meeting. */
typedef struct Note {
	int64_t kind, number; /* which meeting it is */
	uint64_t what;        /* what it is about */
	int64_t bytes;
	int64_t stops; /* it was interrupted */
	int64_t code;  /* of one that ends */
} Note;

struct RtRanks {
	RtWire *wire;
	Note *notes;
	int64_t meetings;
	const volatile sig_atomic_t *interrupted;
	bool working, stopped;
	RtRankLost *lost;
	void *user;
	int *sizes, *places; /* of one window */
	size_t *ends;
	char *everything, *window;
	size_t room, window_room; /* bytes there */
};

RtRanks *rt_ranks_join(Arena *arena, RtRankLost *lost, void *user, const char **why) {
	RtRanks *ranks = ARENA_NEW(arena, RtRanks);
	*ranks = (RtRanks){.wire = rt_wire_open(arena, why), .lost = lost, .user = user};
	if (!ranks->wire)
		return NULL;
	ranks->notes = ARENA_ARRAY(arena, Note, ranks->wire->count);
	ranks->sizes = ARENA_ARRAY(arena, int, ranks->wire->count);
	ranks->places = ARENA_ARRAY(arena, int, ranks->wire->count);
	ranks->ends = ARENA_ARRAY(arena, size_t, ranks->wire->count);
	return ranks;
}

int rt_ranks_count(const RtRanks *ranks) {
	return ranks ? ranks->wire->count : 1;
}

int rt_ranks_number(const RtRanks *ranks) {
	return ranks ? ranks->wire->number : 0;
}

void rt_ranks_mind(RtRanks *ranks, const volatile sig_atomic_t *interrupted) {
	ranks->interrupted = interrupted;
}

static bool interrupted_here(const RtRanks *ranks) {
	return ranks->interrupted && *ranks->interrupted;
}

void rt_ranks_working(RtRanks *ranks, bool working) {
	ranks->working = working;
}

bool rt_ranks_stopped(const RtRanks *ranks) {
	return ranks->stopped || (ranks->working && interrupted_here(ranks));
}

/* ---- meetings ---- */

/* Another rank has ended, so this one does. Whoever asked to know hears of it first: mpirun kills what is left once one has gone. */
static void end_with(RtRanks *ranks, int which) {
	int code = (int)ranks->notes[which].code;
	ranks->lost(ranks->user, which, code);
	ranks->wire->end(ranks->wire);
	_exit(code != 0 ? code : EXIT_FAILURE);
}

/* All say where they are. Does not come back where another rank has ended. */
static void meet(RtRanks *ranks, Note mine) {
	const RtWire *wire = ranks->wire;
	mine.number = ranks->meetings++;
	mine.stops = interrupted_here(ranks);
	wire->all(wire, &mine, (int)sizeof mine, ranks->notes);
	for (int k = 0; k < wire->count && mine.kind != ENDS; k++) {
		const Note *note = &ranks->notes[k];
		if (note->kind == ENDS)
			end_with(ranks, k);
		ranks->stopped = ranks->stopped || note->stops;
		if (note->kind != mine.kind || note->number != mine.number || note->what != mine.what)
			base_panic(__func__, "ranks %d and %d have come to different places of the program", wire->number, k);
	}
}

static char *room_for(char *have, size_t *room, size_t bytes) {
	if (bytes <= *room)
		return have;
	free(have);
	*room = bytes + bytes / 2;
	return memory_new(*room);
}

/* A window of what all have: at most so many bytes of each, from byte `from` on. */
static void gather_window(RtRanks *ranks, const char *mine, size_t from, size_t most) {
	const RtWire *wire = ranks->wire;
	size_t total = 0;
	for (int k = 0; k < wire->count; k++) {
		size_t bytes = (size_t)ranks->notes[k].bytes, left = bytes > from ? bytes - from : 0;
		ranks->sizes[k] = (int)(left < most ? left : most);
		ranks->places[k] = (int)total;
		total += (size_t)ranks->sizes[k];
	}
	ranks->window = room_for(ranks->window, &ranks->window_room, total + 1);
	wire->all_of(wire, ranks->sizes[wire->number] > 0 ? mine + from : mine, ranks->window, ranks->sizes, ranks->places);
	for (int k = 0; k < wire->count; k++) {
		size_t begin = k ? ranks->ends[k - 1] : 0;
		if (ranks->sizes[k] > 0)
			memcpy(ranks->everything + begin + from, ranks->window + ranks->places[k], (size_t)ranks->sizes[k]);
	}
}

const char *rt_ranks_gather(RtRanks *ranks, uint64_t what, const Text *mine, const size_t **ends) {
	meet(ranks, (Note){.kind = GATHERS, .what = what, .bytes = (int64_t)mine->length});
	int count = ranks->wire->count;
	size_t total = 0, longest = 0, most = RANKS_MOST_AT_ONCE / (size_t)count;
	for (int k = 0; k < count; k++) {
		size_t bytes = (size_t)ranks->notes[k].bytes;
		total += bytes;
		longest = bytes > longest ? bytes : longest;
		ranks->ends[k] = total;
	}
	ranks->everything = room_for(ranks->everything, &ranks->room, total + 1);
	for (size_t from = 0; from < longest; from += most)
		gather_window(ranks, mine->data, from, most);
	*ends = ranks->ends;
	return ranks->everything;
}

void rt_ranks_wait(RtRanks *ranks) {
	if (ranks)
		meet(ranks, (Note){.kind = WAITS});
}

void rt_ranks_leave(RtRanks *ranks, int code) {
	meet(ranks, (Note){.kind = ENDS, .code = code});
	ranks->wire->end(ranks->wire);
	free(ranks->everything);
	free(ranks->window);
}
