/* What is found out about an instantiation before any IR is made of it.
 *
 * A declaration with arguments is elaborated twice, by the same rules. The first time, typing, makes no IR: where a value would be
 * computed, a nameless one of its type takes its place. All mistakes are found then, and what takes trying is written down:
 * the ranges of indices, loops whose turns have to be written out, hyperparameters that have to be whole numbers. The second
 * time, lowering, reads that, tries nothing and finds no mistake. `check` types and lowers nothing.
 *
 * A function is written out at every call, and a loop perhaps at every turn, so one place of the text may have several
 * ranges. A Path tells them apart: the calls and turns that led there. */
#ifndef GRADUS_TYPING_H
#define GRADUS_TYPING_H

#include "frontend/meaning/resolve.h"

typedef enum LoopForm { LOOP_NOT_TYPED, LOOP_OF_IR, LOOP_WRITTEN_OUT } LoopForm;

typedef struct Path Path;
struct Path {
	NameMap inside; /* paths, by the numbers of calls, functions and turns */
	NameMap ranges; /* IndexRange, by the numbers of symbols */
	NameMap loops;  /* LoopForm, by the numbers of their counters' names */
};

typedef struct IndexRange {
	int64_t low, extent; /* extent: maybe DIM_X */
} IndexRange;

/* What a file gives for a learned value. */
typedef struct TypedWeights {
	IrType type;
	const double *data;
} TypedWeights;

typedef struct Typing {
	Arena *arena;
	Path root;
	NameMap whole;        /* hyperparameters that have to be whole numbers, by the numbers of their symbols */
	NameMap weights;      /* TypedWeights, by the numbers of the names that are learned */
	bool wants_types;     /* of all expressions, for people */
	NameMap types;        /* texts, by the numbers of expressions */
	NameMap symbol_types; /* likewise of symbols */
} Typing;

Typing *typing_new(Arena *arena); /* the notes; what typing computes lies elsewhere */
/* The path that leads on from here through the piece of the tree of this number, or a turn, from 1. */
Path *path_inside(Typing *t, Path *path, uint32_t number);
void typing_set_range(Typing *t, Path *path, const Symbol *index, IndexRange range);
IndexRange typing_range(const Path *path, const Symbol *index); /* panics if nothing was written down */
void typing_set_loop(Typing *t, Path *path, uint32_t counter, LoopForm form);
LoopForm typing_loop(const Path *path, uint32_t counter);
void typing_set_whole(Typing *t, const Symbol *hyper);
bool typing_is_whole(const Typing *t, const Symbol *hyper);

/* Types as texts; "a or b" where an expression has several, NULL where it has none. */
void typing_note(Typing *t, NameMap *types, uint32_t number, const char *text);
const char *typing_type(const Typing *t, uint32_t expression);
const char *typing_symbol_type(const Typing *t, const Symbol *symbol);

#endif
