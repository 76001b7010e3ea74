/* Expressions that another program proposes. Private to runtime/search. */
#ifndef GRADUS_SEARCH_PROPOSE_H
#define GRADUS_SEARCH_PROPOSE_H

#include "runtime/search/tree.h"

/* ---- proposer.c: the other program ----
 *
 * It reads a request, one line, from its standard input and writes an answer to its standard output: lines, and an empty one. Whatever it does
 * instead - ends, sleeps, writes without end, never reads - an answer is there after `patience` seconds at the latest. */

typedef struct SearchProposer SearchProposer;

/* Starts a command of the shell. NULL and *why if that cannot be. */
SearchProposer *search_proposer_start(const char *command, const char **why);
/* Ends it, with all that it has started. NULL is fine. */
void search_proposer_end(SearchProposer *proposer);

typedef struct SearchAsked {
	const char *request;                  /* one line, without its end */
	int most;                             /* lines that are read; more are left out */
	double patience;                      /* seconds */
	const volatile sig_atomic_t *stopped; /* looked at meanwhile; NULL: nobody is */
} SearchAsked;

typedef struct SearchAnswer {
	const char **lines; /* without blanks around them; NULL: one that is longer than SEARCH_LONGEST_LINE */
	int count, left_out;
	const char *ended; /* why there will be no other answer; NULL: there may be */
} SearchAnswer;

extern const char search_proposer_done[]; /* `ended` of one that has ended by itself, without an error */
/* false: stopped. What is in `out` lives in `arena`. */
bool search_proposer_ask(SearchProposer *proposer, const SearchAsked *asked, Arena *arena, SearchAnswer *out);

/* ---- read.c: a text of the language as expressions of a search ---- */

typedef struct SearchReader SearchReader;

/* Texts and names are the session's. */
SearchReader *search_reader_new(Session *session, const SearchGrammar *grammar, Arena *arena);
/* The expressions of all holes, between bars. false and *why: what of it is no expression of these spaces. A number is an open constant, whatever it
 * is, unless it is an operand. */
bool search_read(SearchReader *reader, const char *text, SearchTuple *out, const char **why);

/* ---- propose.c: rounds of proposals, before a stage lets its candidates through ---- */

struct Search;
/* They become candidates of the stage, scored as the others were. false with a diagnostic, or interrupted. */
bool search_propose(struct Search *search);

#endif
