/* Which statements have an effect: backwards from the prediction, around the loops until nothing more is found. Most statements of a listing have none;
 * they cost nothing then, and what is written does not have them. */
#include <string.h>

#include "runtime/search/listing.h"

typedef struct Body {
	const FeLearner *learner;
	const SearchListing *listing;
	bool live[SEARCH_MOST_STATEMENTS];
} Body;

static SearchRegisters bit(const FeLearner *learner, FeMemory kind, int number) {
	return 1u << search_register(learner, kind, number);
}

/* What comes from outside at every turn: the label, the features. */
static SearchRegisters given(const FeLearner *learner) {
	return bit(learner, FE_MEMORY_NUMBER, FE_LEARNER_LABEL) | bit(learner, FE_MEMORY_VECTOR, FE_LEARNER_FEATURES);
}

/* Before the section, by what is read behind it; what of it is live is marked. */
static SearchRegisters before(Body *body, FeSection section, SearchRegisters read) {
	const FeLearner *learner = body->learner;
	int first = search_listing_first(learner, section);
	for (int i = first + learner->statements[section] - 1; i >= first; i--) {
		const SearchStatement *s = &body->listing->of[i];
		if (s->op == SEARCH_NO_STATEMENT)
			continue;
		const FeStatementInfo *info = &fe_statements[s->op];
		SearchRegisters out = bit(learner, info->result, s->out);
		if (!(read & out))
			continue;
		body->live[i] = true;
		read &= ~out;
		read |= info->a != FE_MEMORY_NOTHING ? bit(learner, info->a, s->a) : 0;
		read |= info->b != FE_MEMORY_NOTHING ? bit(learner, info->b, s->b) : 0;
	}
	return read & ~given(learner);
}

static void take(const Body *body, FeSection section, SearchPiece piece, SearchLive *out) {
	int first = search_listing_first(body->learner, section);
	for (int i = first; i < first + body->learner->statements[section]; i++)
		if (body->live[i])
			out->of[piece][out->count[piece]++] = (uint8_t)i;
}

void search_listing_live(const FeLearner *learner, const SearchListing *listing, SearchLive *out) {
	Body body = {.learner = learner, .listing = listing};
	SearchRegisters result = bit(learner, FE_MEMORY_NUMBER, FE_LEARNER_PREDICTION), after, carried = 0;
	*out = (SearchLive){.learns = 0};
	do {
		after = carried;
		carried |= before(&body, FE_PREDICT, result | after);
	} while (carried != after);
	out->carried[SEARCH_PREDICTS] = carried;
	take(&body, FE_PREDICT, SEARCH_PREDICTS, out);
	memset(body.live, 0, sizeof body.live);
	SearchRegisters behind = carried, around = 0;
	do {
		after = around;
		SearchRegisters learned = before(&body, FE_LEARN, behind | around);
		around |= before(&body, FE_PREDICT, learned);
	} while (around != after);
	out->carried[SEARCH_TRAINS] = around | behind;
	take(&body, FE_PREDICT, SEARCH_TRAINS, out);
	out->learns = out->count[SEARCH_TRAINS];
	take(&body, FE_LEARN, SEARCH_TRAINS, out);
	out->carried[SEARCH_SETS_UP] = before(&body, FE_SETUP, around | behind);
	take(&body, FE_SETUP, SEARCH_SETS_UP, out);
}

bool search_live_has(const SearchLive *live, int statement) {
	for (int piece = 0; piece < SEARCH_PIECES; piece++)
		for (int i = 0; i < live->count[piece]; i++)
			if (live->of[piece][i] == statement)
				return true;
	return false;
}

int search_live_statements(const SearchLive *live) {
	int count = 0;
	for (int i = 0; i < SEARCH_MOST_STATEMENTS; i++)
		count += search_live_has(live, i);
	return count;
}
