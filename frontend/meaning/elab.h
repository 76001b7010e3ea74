/* meaning: the elaborator, from the syntax tree to values.
 *
 *     tree ── elab_*.c ──▶ values ── value/emit.c ──▶ ops of the tensor IR
 *
 * A recursion over expressions, index notation, reductions, calls, shapes and statements. Each function takes a piece of the
 * tree and gives its value, or the bad value with a diagnostic. Typing and lowering (names.h) are the same walk: `e->lowering`
 * tells whether ops are made. What depends on the declaration that a body stands in is done in decl/; a
 * rule is asked through ElabRule. */
#ifndef GRADUS_ELAB_H
#define GRADUS_ELAB_H

#include "frontend/value/value.h"

typedef VEC(Binding *) Bindings;

/* What the elaborator asks of the rule whose body it is in. */
typedef struct ElabRule {
	struct RuleElab *self;
	bool in_step; /* the step is being built */
	/* A hyperparameter where a whole number has to stand, which it then is in all of the rule. */
	Value *(*whole_hyper)(struct RuleElab *self, Value *v, Span span);
	/* One value per tensor, combined over all of them: all_sum, all_mean, all_max. */
	Value *(*over_tensors)(struct RuleElab *self, const Builtin *b, Value *v, Span span);
	/* The objective at another place than x: value, gradient. */
	Value *(*evaluate)(struct RuleElab *self, const Builtin *b, Value *y, Span span);
	/* Something that evaluates the objective is differentiated here: false, and reported, if it may not be. *when: what it counts
	 * under, or 0. */
	bool (*derives)(struct RuleElab *self, const Builtin *b, IrValue *when, Span span);
	/* Whether x is a variable of its own, in what is differentiated by it. */
	void (*vary)(struct RuleElab *self, const Symbol *x, const AstExpr *of, bool varies);
	void (*apply)(struct RuleElab *self, const AstStmt *s);
	/* What an `apply` changes: x, and the states of the rule that is applied. */
	void (*applied)(struct RuleElab *self, const AstStmt *s, Bindings *out);
	/* A `state` in a block. */
	void (*state)(struct RuleElab *self, const AstStmt *s);
	/* `let e ~ normal(0, 1)`. */
	void (*draw)(struct RuleElab *self, const AstStmt *s);
	/* An open expression. */
	Value *(*discover)(struct RuleElab *self, const AstExpr *x);
	/* One of several alternatives. */
	Value *(*choose)(struct RuleElab *self, const AstExpr *x);
	/* Something depends on the axes of x, which are not known. */
	void (*ask_axes)(struct RuleElab *self, Span span);
} ElabRule;

typedef struct Calls {
	const AstDecl *decl;
	const struct Calls *outer;
	Value *const *args; /* of a function: the values of its parameters; NULL: of something else */
} Calls;

/* ---- elab.c: the start, expressions, and how much of them ---- */

/* For typing; the caller sets e->lowering to lower what was typed with the same notes. */
Elab elab_new(FeProgram *program, IrModule *module, IrScalar real, Typing *typing);
Value *elab_expr(Elab *e, const AstExpr *x);                     /* x may be NULL: left out, and reported */
Value *elab_scalar(Elab *e, const AstExpr *x, const char *what); /* one number */
void elab_copy_begin(Elab *e, Span span);                        /* something is written out once more */
void elab_copy_end(Elab *e);
void elab_report_copies(Elab *e, Span span);
bool elab_enter_call(Elab *e,
                     Span span); /* one more function or constant deep; false, and reported, if that is too deep */
void elab_leave_call(Elab *e);

/* ---- elab_name.c, elab_constant.c ---- */

Value *elab_name(Elab *e, const AstExpr *x);
/* What a constant of the program stands for. Computed when it is first used, after those that it mentions. */
Value *elab_constant(Elab *e, const AstDecl *decl);
Value *elab_type_constant(FeProgram *program, IrModule *module, const AstDecl *decl, Typing *typing);

/* ---- elab_operator.c ---- */

Value *elab_unary(Elab *e, const AstExpr *x);
Value *elab_binary(Elab *e, const AstExpr *x);
Value *elab_compare(Elab *e, const AstExpr *x);
/* An operation element by element: copies of the operands become `to`, the result is `result`. x: what is written, for messages; NULL. */
Value *elab_apply(Elab *e, IrOpcode opcode, Scalar to, Scalar result, Value *const *given, uint32_t count, Span span,
                  const AstExpr *x);
bool elab_unify(Elab *e, Value **values, uint32_t count, Scalar *scalar); /* the common scalar type */
Value *elab_broadcast(Elab *e, Value *v, const Value *shape);             /* a scalar as an array of this shape */
/* Truth values, arrays: what else it is, is reported. */
Value *elab_need_bool(Elab *e, Value *v, const AstExpr *x);
bool elab_need_array(Elab *e, Value *v, const AstExpr *x);

/* ---- elab_condition.c ---- */

Value *elab_if(Elab *e, const AstExpr *x);
Value *elab_select(Elab *e, Value *cond, Value *yes, Value *no, const AstExpr *x);
/* A condition, one truth value. `what`: for messages. Bad with a diagnostic. */
Value *elab_truth(Elab *e, const AstExpr *condition, const char *what);
/* One of two blocks, by the condition of an `if`; `no` may be NULL. */
void elab_when(Elab *e, const AstStmt *s, const AstExpr *condition, const AstBlock *yes, const AstBlock *no);
/* The same by a truth value. said: what it stands for, as it was written, which is a fact in the blocks. */
void elab_branches(Elab *e, Value *cond, Ex *said, Span cond_span, Span span, const AstBlock *yes, const AstBlock *no);
/* The bindings around a block that it assigns; added to `out` once. */
void elab_assigned_outside(Elab *e, const AstBlock *block, Bindings *out);
/* A block of which is not known, for an error or for want of arguments, whether it is done: what it assigns is not known behind it. */
void elab_skip(Elab *e, const AstBlock *block);
typedef void Arm(Elab *e, const void *context);
/* Runs both arms (`no` may be NULL); what they assign, `changed`, is chosen by a truth value. `span`: of the statement. */
typedef struct Choice {
	Value *cond;
	Ex *said; /* the condition as it was written */
	Span cond_span, span;
	const Bindings *changed;
	Arm *yes, *no;
	const void *yes_context, *no_context;
} Choice;
void elab_choose(Elab *e, const Choice *c);

/* ---- elab_known.c: numbers that have to be known when a program is instantiated ---- */

/* Whole numbers: dimensions, ranges, counts. `what`: for messages. */
bool elab_static_int(Elab *e, const AstExpr *x, const char *what, int64_t *out);
/* The same, or a whole number that lies between known limits. NULL with a diagnostic. */
Ex *elab_bounded_int(Elab *e, const AstExpr *x, const char *what);
/* The bounds of a slice; or, where no more is known than its length, *from is where it starts, and *low is 0. false with diagnostics. */
bool elab_slice(Elab *e, const AstItem *item, int64_t *low, int64_t *high, Ex **from);
/* The length of a slice whose end is its start, written again, and something more: k of `e..e + k`. NULL: it is none. */
const AstExpr *elab_slice_length(const Elab *e, const AstItem *item);
/* Whether two expressions are written alike, with the same names: they have one value. Reductions are not looked into. (elab_scatter.c) */
bool elab_written_alike(const Elab *e, const AstExpr *a, const AstExpr *b);
/* Real numbers of the stated shape, of which nothing else is known: they stand for a value that is in error, so that what is done with
 * it is checked. BAD where no such shape is stated, and in lowering. */
Value *elab_by_type(Elab *e, const AstType *type);
bool elab_dimension(Elab *e, const AstExpr *x, int64_t *out);         /* may give DIM_X */
bool elab_dimension_or_none(Elab *e, const AstExpr *x, int64_t *out); /* also 0, or less */
bool elab_number(Elab *e, const AstExpr *x, const char *what, double *out);
/* Notes of an error that it says no more than that something is not known, as the counter of a loop may not be: if its turns
 * are written out, there may be nothing wrong. */
void elab_note_not_known(Elab *e, const Diag *diag);
bool elab_says_not_known(const Elab *e, const Diag *diag);
/* Not more elements than can be counted (E0213). */
bool elab_fits(Elab *e, Span span, const int64_t *dims, int rank);
bool elab_dims(Elab *e, const AstType *type, int64_t *dims, int *rank, int from);

/* ---- elab_index.c ---- */

Value *elab_index(Elab *e, const AstExpr *x);
/* Proves 0 <= at < extent, or reports. Sets *guard if only conditions prove it, *open if only the run can tell. */
bool elab_in_bounds(Elab *e, Ex *at, int64_t extent, Span span, bool *guard, bool *open);

/* ---- elab_range.c: over what fresh indices run ---- */

typedef struct Indices {
	bool may_be_empty,
		empty; /* asked for: a stated range may hold nothing; found: one does, and its variable has one value */
	uint32_t count;
	Var *vars[IR_MAX_INDICES];
	int64_t low[IR_MAX_INDICES];
} Indices;

/* Makes variables for fresh index names, binds them, and finds their ranges from the items or the bodies; lowering reads what
 * typing found. `from_zero`: arrays are being defined, whose indices start at 0. Pushes the variables on e->indices_around and the names
 * on the scope; the caller restores both. extents: of axes that give a name its range (may be NULL; 0: not given). */
bool elab_bind_indices(Elab *e, const AstItem *const *items, uint32_t count, const AstExpr *const *bodies,
                       uint32_t body_count, bool from_zero, const int64_t *extents, Indices *out);
/* The indices of a definition's head. */
bool elab_bind_head(Elab *e, const AstItems *head, const AstExpr *body, Indices *out);
/* What was made of it while ranges were looked for, here; NULL: nothing that holds here. */
Value *elab_tried_value(const Elab *e, const AstExpr *x);

/* ---- elab_reduce.c ---- */

Value *elab_reduce(Elab *e, const AstExpr *x);
Value *elab_reduce_all(Elab *e, AstReduction op, Value *v, Span span);
Value *elab_reduce_sum(Elab *e, Value *v, Span span);
/* The argument of a function of vectors; NULL with a diagnostic: it is none. */
Value *elab_vector(Elab *e, const Builtin *b, Value *v, const AstExpr *x);

/* ---- elab_call.c, elab_shape.c ---- */

Value *elab_call(Elab *e, const AstExpr *x);
/* elab_learner.c: a call of an open learner, given the values of its arguments. */
Value *elab_call_learner(Elab *e, const AstDecl *fn, Value *const *args, const AstExpr *const *given, const AstExpr *x);
/* Types the body of a function that nothing calls: what depends neither on its arguments nor on what other functions give. */
void elab_type_function(FeProgram *program, IrModule *module, const AstDecl *fn, Typing *typing);
/* What a call of a row of builtins.def is. `args`: the values of its arguments, as far as the row's `reads` says. */
typedef Value *BuildCall(Elab *e, const Builtin *b, Value **args, const AstExpr *x);
/* becomes: BuildCall elab_call_clip; BuildCall elab_call_where; ... */
#define FUNCTION(name, ...) BuildCall elab_call_##name;
#include "frontend/builtins.def"
Value *elab_reshape(Elab *e, Value *v, int rank, const int64_t *dims, Span span);
Value *elab_matrix_product(Elab *e, Value *a, Value *b, const AstExpr *x);
Value *elab_make_stack(Elab *e, Value **parts, uint32_t count, const AstExpr *x);

/* ---- elab_axes.c: x by its axes ---- */

/* Is this x, or what is shaped like it (further axes may follow)? */
bool elab_is_like_x(const Value *v);
/* Are the axes of x known? If not, the rule is asked for them, and whatever needs them is the bad value in the meantime. */
bool elab_knows_axes(Elab *e, Span span);
/* What is like x, with the axes of x in the place of its flat one; anything else as it is. One axis stays what it is. */
Value *elab_unfolded(Elab *e, Value *v);
/* The same for shapes alone: the rank. */
int elab_unfolded_dims(const Elab *e, int64_t *dims, int rank);
/* Unfolded, for what goes along axes; the bad value where they are not known. */
Value *elab_by_axes(Elab *e, Value *v, Span span);
/* The same with the only axis of a vector written out, too. */
Value *elab_along_axes(Elab *e, Value *v, Span span);
/* Is this a call of shape(a)? Then the extents of a; what is like x stays so. false with a diagnostic. */
bool elab_is_shape(const Elab *e, const AstExpr *x);
bool elab_shape_of(Elab *e, const AstExpr *x, int64_t *dims, int *rank);
/* A hyperparameter that is compared with a size or rank of x is a whole number, so that the condition is known. */
void elab_known_sizes(Elab *e, Value **compared, Span span);
/* Elementwise operands of different shapes: where some are like x and another has its shape written out, or that of matrix(x),
 * the former become like the latter. true: something changed. */
bool elab_meet(Elab *e, Value **values, uint32_t count);
/* `v` in a shape that is like x, if it has that shape written out, or that of matrix(x); NULL: it has another. */
Value *elab_folded(Elab *e, Value *v, const Value *like, Span span);
/* The same for what elab_unfolded gave of something like `like`, whose further axes may go over coordinates as well. */
Value *elab_folded_again(Elab *e, Value *v, const Value *like, Span span);

/* ---- elab_each.c: one coordinate ---- */

void elab_each(Elab *e, const AstStmt *s);
Ex *elab_coordinate(Elab *e);                            /* its number in x */
bool elab_differs(const Elab *e, const Ex *x);           /* between coordinates */
uint32_t elab_coordinate_vars(const Elab *e, Var **out); /* what it follows from */
/* In an `each`, whatever is shaped like x is the number at the coordinate. */
Value *elab_at_coordinate(Elab *e, Value *v); /* elab_name.c */
/* What `v` is at the coordinate, for all of them: an array like `like`. */
Value *elab_for_all(Elab *e, Value *v, const Value *like, Span span);

/* ---- elab_stmt.c, elab_loop.c, elab_assign.c ---- */

void elab_stmt(Elab *e, const AstStmt *s);
void elab_block(Elab *e, const AstBlock *block);
void elab_scoped_block(Elab *e, const AstBlock *block);      /* its names end with it */
Value *elab_headed(Elab *e, const AstDeclare *d, Name name); /* the value of a let or var, head and type obeyed */
void elab_loop(Elab *e, const AstStmt *s);
/* Something has to be known when the program is instantiated, and `x` is not: notes which counters around decide it; false: none. */
bool elab_needs_known(Elab *e, Ex *x);
void elab_assign(Elab *e, const AstStmt *s);
/* One value for the tensor would follow what differs between coordinates: true, and reported. */
bool elab_varies_inside(Elab *e, const Binding *b, const Ex *body, Span span);

/* ---- elab_draw.c, elab_draw_shape.c, elab_draw_arguments.c ---- */

/* Where random numbers come from: the seed, the problem. */
typedef struct DrawKey {
	Ex *seed, *instance;
	Ex *step; /* of what is drawn at every step; else NULL */
	/* Of rules, where what states no shape is like x: */
	const char *within; /* what is put in front of the name; NULL: this is no rule's */
	Ex *first, *tensor; /* the number of x's first coordinate among all, and of its tensor */
	Ex *turn;           /* of the loops around */
} DrawKey;
/* `given X[i in n] : [d] ~ normal(m[i], 1)`: the drawn array. BAD with a diagnostic. */
Value *elab_draw(Elab *e, const AstDeclare *d, DrawKey key);

typedef enum DrawCheck { DRAW_IMPOSSIBLE /* and reported */, DRAW_POSSIBLE, DRAW_UNKNOWN } DrawCheck;
/* For each element of what is drawn, one number each; what is not given is NULL. */
typedef struct DrawArguments {
	Value *values[2];
	Var *category; /* of a vector of weights: which of them the first argument is */
	DrawCheck check;
} DrawArguments;
/* The array that is drawn, without a body, and its arguments. NULL with diagnostics. */
Value *elab_draw_shape(Elab *e, const AstDeclare *d, const Distribution *dist, const DrawKey *key, DrawArguments *args);
/* The number of an element among those that are drawn at once. What is drawn for each coordinate belongs to x as a whole: key->tensor
 * becomes 0. */
Ex *elab_draw_number(Elab *e, const Value *v, DrawKey *key);
/* Arguments of a draw, for all values of its indices, of which weights vary with the last. */
DrawCheck elab_draw_check(Elab *e, const Distribution *d, const AstExpr *draw, Value **args, const Indices *indices);
/* Whether the arguments are possible; those that the distribution does not have are NULL. */
Ex *elab_draw_condition(Elab *e, const Distribution *d, Ex *a, Ex *b);
/* What is drawn where they are not: NaN or no number, marked by the place of the draw (ir/core/marks.h). */
Ex *elab_draw_none(Elab *e, const Distribution *d, Span draw, bool whole);

#endif
