/* Listings: programs of straight-line statements, which open learners are made of. What is drawn of them, what of one has an effect, how it is
 * run, and how it is written. Private to runtime/search. */
#ifndef GRADUS_SEARCH_LISTING_H
#define GRADUS_SEARCH_LISTING_H

#include "frontend/frontend.h"
#include "runtime/search/limits.h"

enum {
	SEARCH_NO_STATEMENT = 255,
	SEARCH_MOST_STATEMENTS = 48, /* of all sections, as the frontend has it */
	SEARCH_MOST_REGISTERS = 16   /* numbers and vectors of the memory */
};

/* out <- op(a, b): registers of the kinds that the row of statements.def says. */
typedef struct SearchStatement {
	uint8_t op, out, a, b;
	float constant;
} SearchStatement;

/* The statements of all sections, one after the other, as many of each as the learner says. */
typedef struct SearchListing {
	SearchStatement of[SEARCH_MOST_STATEMENTS];
} SearchListing;

int search_listing_size(const FeLearner *learner);                     /* statements of all sections */
int search_listing_first(const FeLearner *learner, FeSection section); /* where a section begins */

/* ---- listing_draw.c ---- */

/* Could it have been drawn, statements that were left out aside? */
bool search_listing_is_valid(const FeLearner *learner, const SearchListing *listing);

struct SearchDraws;
void search_listing_fresh(const FeLearner *learner, struct SearchDraws *draws, SearchListing *out);
/* One parameter of a statement anew, a statement, or a section. */
void search_listing_mutated(const FeLearner *learner, struct SearchDraws *draws, const SearchListing *parent,
                            SearchListing *out);
/* Each section of one of two parents. */
void search_listing_crossed(const FeLearner *learner, struct SearchDraws *draws, const SearchListing *parent,
                            const SearchListing *other, SearchListing *out);

/* ---- listing_live.c: statements that have an effect, where they have it ---- */

/* The pieces of a run. `predict` has another effect where something is learned afterwards than where its result is all there is. */
typedef enum SearchPiece { SEARCH_SETS_UP, SEARCH_TRAINS, SEARCH_PREDICTS, SEARCH_PIECES } SearchPiece;

/* A register: numbers come first. */
typedef uint32_t SearchRegisters; /* as bits */
static inline int search_register(const FeLearner *learner, FeMemory kind, int number) {
	return kind == FE_MEMORY_VECTOR ? learner->numbers + number : number;
}

typedef struct SearchLive {
	int count[SEARCH_PIECES];
	int learns; /* of those of SEARCH_TRAINS, the first that is of `learn` */
	uint8_t of[SEARCH_PIECES][SEARCH_MOST_STATEMENTS];
	SearchRegisters carried
		[SEARCH_PIECES]; /* whose values from before a piece, or from its last turn, are read in it, or behind it */
} SearchLive;

void search_listing_live(const FeLearner *learner, const SearchListing *listing, SearchLive *out);
/* Has this statement an effect anywhere? How many have? */
bool search_live_has(const SearchLive *live, int statement);
int search_live_statements(const SearchLive *live);

/* ---- listing_run.c: sixteen problems at a time ---- */

enum { SEARCH_LANES = 16 };
typedef float SearchLanes __attribute__((vector_size(SEARCH_LANES * sizeof(float))));

/* Examples of sixteen problems. */
typedef struct SearchLesson {
	int examples, predictions, features;
	const SearchLanes *X, *y, *unseen; /* [examples][features], [examples], [predictions][features] */
} SearchLesson;

size_t search_listing_memory(const FeLearner *learner, int features); /* of SearchLanes, for search_listing_run */
/* The predictions after so many of the examples, for so many of what is to be predicted: out[predictions]. */
void search_listing_run(const FeLearner *learner, const SearchListing *listing, const SearchLesson *lesson,
                        int examples, int predictions, SearchLanes *memory, SearchLanes *out);

/* ---- listing_text.c ---- */

/* As a function of the language, none of whose names is one of the program's. */
void search_listing_function(Session *session, const FeProgram *program, const FeLearner *learner,
                             const SearchListing *listing, Text *out);
/* On one line: "s2 = 0.3; s1 = dot(v0, v1); ...", sections apart by bars. */
const char *search_listing_line(const FeLearner *learner, const SearchListing *listing, Arena *arena);

#endif
