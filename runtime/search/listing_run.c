/* Listings as a list of operations on registers, each of which holds a number, or a vector, of sixteen problems. What the rows of statements.def mean
 * stands here a second time, as fast as a loop over lanes is; what is found is held against the compiled text (learner.c). */
#include <math.h>
#include <string.h>

#include "runtime/search/listing.h"

/* The same function for processors with wider vectors; no product and sum is fused in any, so all give the same bits. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#define WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE_VECTORS
#endif

typedef struct Operation {
	uint8_t op;
	float constant;
	SearchLanes *out;
	const SearchLanes *a, *b; /* NULL: the features of this turn */
} Operation;

typedef struct Operations {
	int count;
	Operation of[SEARCH_MOST_STATEMENTS];
} Operations;

size_t search_listing_memory(const FeLearner *learner, int features) {
	return (size_t)learner->numbers + (size_t)learner->vectors * (size_t)features;
}

/* Where a register lies; NULL: it is the features. */
static SearchLanes *place(const FeLearner *learner, FeMemory kind, int number, int features, SearchLanes *memory) {
	if (kind != FE_MEMORY_VECTOR)
		return memory + number;
	return number == FE_LEARNER_FEATURES ? NULL : memory + learner->numbers + number * features;
}

static void prepare(const FeLearner *learner, const SearchListing *listing, const uint8_t *numbers, int count,
                    int features, SearchLanes *memory, Operations *out) {
	out->count = count;
	for (int i = 0; i < count; i++) {
		const SearchStatement *s = &listing->of[numbers[i]];
		const FeStatementInfo *info = &fe_statements[s->op];
		out->of[i] = (Operation){.op = s->op,
		                         .constant = s->constant,
		                         .out = place(learner, info->result, s->out, features, memory),
		                         .a = place(learner, info->a, s->a, features, memory),
		                         .b = place(learner, info->b, s->b, features, memory)};
	}
}

/* Lane by lane, as the language has it: the larger of two of which one is NaN is NaN. */
static inline void larger(SearchLanes *out, const SearchLanes *a, const SearchLanes *b) {
	for (int k = 0; k < SEARCH_LANES; k++)
		(*out)[k] = (*a)[k] > (*b)[k] || (*a)[k] != (*a)[k] ? (*a)[k] : (*b)[k];
}

static inline void magnitude(SearchLanes *out, const SearchLanes *a) {
	for (int k = 0; k < SEARCH_LANES; k++)
		(*out)[k] = __builtin_fabsf((*a)[k]);
}

static inline void root(SearchLanes *out, const SearchLanes *a) {
	for (int k = 0; k < SEARCH_LANES; k++)
		(*out)[k] = sqrtf(__builtin_fabsf((*a)[k]));
}

/* finite_ratio of the library. */
static inline void ratio(SearchLanes *out, const SearchLanes *a, const SearchLanes *b) {
	for (int k = 0; k < SEARCH_LANES; k++)
		(*out)[k] = (*a)[k] / ((*b)[k] + ((*b)[k] < 0 ? -1e-8f : 1e-8f));
}

static inline __attribute__((always_inline)) void execute(const Operations *operations, int features,
                                                          const SearchLanes *row) {
	for (const Operation *o = operations->of, *end = o + operations->count; o < end; o++) {
		SearchLanes *out = o->out;
		const SearchLanes *a = o->a ? o->a : row, *b = o->b ? o->b : row;
		switch ((FeStatement)o->op) {
		case FE_STATEMENT_CONST: *out = (SearchLanes){0} + o->constant; break;
		case FE_STATEMENT_DOT: {
			SearchLanes sum = a[0] * b[0];
			for (int j = 1; j < features; j++)
				sum += a[j] * b[j];
			*out = sum;
			break;
		}
		case FE_STATEMENT_SUB: *out = *a - *b; break;
		case FE_STATEMENT_MUL: *out = *a * *b; break;
		case FE_STATEMENT_ADD: *out = *a + *b; break;
		case FE_STATEMENT_OVER: ratio(out, a, b); break;
		case FE_STATEMENT_MAX: larger(out, a, b); break;
		case FE_STATEMENT_ABS: magnitude(out, a); break;
		case FE_STATEMENT_SQRT: root(out, a); break;
		case FE_STATEMENT_SCALE: {
			SearchLanes factor = *a;
			for (int j = 0; j < features; j++)
				out[j] = factor * b[j];
			break;
		}
		case FE_STATEMENT_VADD:
			for (int j = 0; j < features; j++)
				out[j] = a[j] + b[j];
			break;
		case FE_STATEMENT_VSUB:
			for (int j = 0; j < features; j++)
				out[j] = a[j] - b[j];
			break;
		case FE_STATEMENT_VMUL:
			for (int j = 0; j < features; j++)
				out[j] = a[j] * b[j];
			break;
		case FE_STATEMENTS: break;
		}
	}
}

/* The operations once, where the features are `row`. Few features have loops of known length. */
WIDE_VECTORS static void run(const Operations *operations, int features, const SearchLanes *row) {
	switch (features) {
	case 1: execute(operations, 1, row); break;
	case 2: execute(operations, 2, row); break;
	case 3: execute(operations, 3, row); break;
	case 4: execute(operations, 4, row); break;
	default: execute(operations, features, row); break;
	}
}

void search_listing_run(const FeLearner *learner, const SearchListing *listing, const SearchLesson *lesson,
                        int examples, int predictions, SearchLanes *memory, SearchLanes *out) {
	SearchLive live;
	Operations pieces[SEARCH_PIECES];
	int features = lesson->features;
	SearchLanes *label = place(learner, FE_MEMORY_NUMBER, FE_LEARNER_LABEL, features, memory);
	SearchLanes *prediction = place(learner, FE_MEMORY_NUMBER, FE_LEARNER_PREDICTION, features, memory);
	search_listing_live(learner, listing, &live);
	for (int piece = 0; piece < SEARCH_PIECES; piece++)
		prepare(learner, listing, live.of[piece], live.count[piece], features, memory, &pieces[piece]);
	memset(memory, 0, search_listing_memory(learner, features) * sizeof *memory);
	run(&pieces[SEARCH_SETS_UP], features, NULL);
	for (int i = 0; i < examples && pieces[SEARCH_TRAINS].count > 0; i++) {
		*label = lesson->y[i]; /* nothing reads it before `learn` */
		run(&pieces[SEARCH_TRAINS], features, lesson->X + (size_t)i * (size_t)features);
	}
	for (int i = 0; i < predictions; i++) {
		run(&pieces[SEARCH_PREDICTS], features, lesson->unseen + (size_t)i * (size_t)features);
		out[i] = *prediction;
	}
}
