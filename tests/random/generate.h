/* What the files of the generator share. */
#ifndef GRADUS_TESTS_RANDOM_GENERATE_H
#define GRADUS_TESTS_RANDOM_GENERATE_H

#include "program.h"

enum { SCOPE = 200, GUARDS = 6, EXTENTS = 6 };

/* Inside of here, 0 <= at < extent holds. */
typedef struct Guard {
	RpExpr *at;
	int extent;
} Guard;

typedef struct Gen {
	RpPool *pool;
	RpProgram *program;
	uint64_t state;
	RpVar *scope[SCOPE];
	int count; /* of names in scope */
	Guard guard[GUARDS];
	int guards;
	int points; /* how often what is made now is computed: the ranges around it, multiplied */
	int budget; /* expressions that may still be made in this statement */
	int serial;
	int extent[EXTENTS]; /* the sizes that this program likes */
	bool in_fn;
	bool no_params; /* only what does not depend on parameters may be mentioned */
} Gen;

/* generate.c */
int gen_below(Gen *g, int n);
bool gen_chance(Gen *g, int percent);
int gen_between(Gen *g, int low, int high); /* both included */
int gen_extent(Gen *g);
RpVar *gen_var(Gen *g, RpRole role, RpKind kind, const RpShape *shape);
void gen_show(Gen *g, RpVar *var); /* puts it into scope */
/* A name in scope of this kind and rank (-1: of any but 0); NULL if there is none. */
RpVar *gen_pick(Gen *g, RpKind kind, int rank);

/* generate_scalar.c */
RpExpr *gen_real(Gen *g, int depth);
RpExpr *gen_int(Gen *g, int depth); /* has a small range */
RpExpr *gen_truth(Gen *g, int depth);
RpExpr *gen_position(Gen *g, int extent);
RpExpr *gen_moving(Gen *g, int extent); /* of indices and counters alone */
RpExpr *gen_read(Gen *g, RpVar *var);   /* one element */
/* Scaled or bent until its magnitude is below the limit. */
RpExpr *gen_bounded(Gen *g, RpExpr *e, double low, double high);

/* The same as a real number in the eyes of the language, which names need that are assigned real numbers later. */
RpExpr *gen_surely_real(Gen *g, RpExpr *e);

/* generate_reduce.c */
RpExpr *gen_reduce(Gen *g, RpKind kind, const RpShape *shape, int depth); /* NULL if it would cost too much */
/* Which ranges can be left out, by the rules of docs/language.md: `definition`: a head, whose indices start at 0. */
void gen_ranges(Gen *g, RpVar *const *index, bool *stated, int count, RpExpr *const *bodies, int body_count,
                bool definition);

/* generate_array.c */
RpExpr *gen_array(Gen *g, const RpShape *shape, int depth);
RpVar *gen_pick_shaped(Gen *g, const RpShape *shape);

/* generate_word.c: calls of rp_words; NULL if none is fitting here */
RpExpr *gen_word(Gen *g, const RpShape *shape, int depth);
RpExpr *gen_whole_word(Gen *g); /* size, rank, shape(a)[k], argsort(a)[k] */
RpExpr *gen_argsort(Gen *g, RpExpr *vector);
RpExpr *gen_word_call(Gen *g, RpWord word, RpKind kind, RpExpr *a, RpExpr *b, const RpShape *shape, double size);

/* generate_input.c; false: there is no room for a parameter of this size */
void gen_given(Gen *g, RpBlock *block);
bool gen_param(Gen *g, RpBlock *block);

/* generate_draw.c: what stands behind `~`, of real or whole numbers or truth values as var says; sets how large they are */
void gen_draw(Gen *g, RpStmt *s, RpVar *var);

/* generate_stmt.c */
void gen_functions(Gen *g);
void gen_objective(Gen *g);
/* A statement at the end of the block. */
RpStmt *gen_add(Gen *g, RpBlock *block, RpStmtKind kind, RpVar *var, RpExpr *value);
RpShape gen_shape(Gen *g, int least_rank);
/* let z[i in n, j] = e; the axes behind the indices are the value's own. */
RpStmt *gen_headed(Gen *g, RpBlock *block, RpVar *var, int heads);
RpExpr *gen_call(Gen *g, const RpShape *shape, int depth); /* NULL if no function gives this */

#endif
