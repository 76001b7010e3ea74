/* Private to the meaning half of this folder: from the syntax tree to tensor IR, per instantiation, typed and then lowered
 * (typing.h).
 *
 *     tree ── elab_*.c ──▶ values ── emit.c ──▶ ops of the tensor IR
 *
 * A value is an array written as a function of index variables: a rank, extents, one variable per axis, and a scalar
 * expression (Ex) in which these variables, and those of the index notation around it, may occur. Elementwise operators
 * combine expressions, reading an element substitutes for variables, and nothing is computed until emit.c turns an
 * expression into the body of a FOR op: at `let`, at reductions, and where a value is needed as a whole.
 *
 * Errors are reported once, where they are found; what they spoil is the value BAD, about which everyone stays silent. */
#ifndef GRADUS_ELAB_H
#define GRADUS_ELAB_H

#include "frontend/meaning/typing.h"

/* ---- scalar expressions: ex.c ---- */

typedef struct Var {
	Name name;
	uint32_t id;    /* order of creation: the order of axes */
	int64_t extent; /* or DIM_X */
	bool coord;     /* runs over the coordinates of x */
	bool tensor;    /* runs over the parameter tensors */
	Span span;
	/* Of an index, for the one message about reads outside: */
	int64_t from;             /* its value where the variable is 0 */
	bool from_zero;           /* the index of an array, which starts at 0 */
	int64_t fit_low, fit_end; /* values for which all reads so far are inside, as [fit_low, fit_end) */
	Diag *outside;            /* what was said; NULL: nothing */
} Var;

/* The extent that is not just a number: the coordinates of x. */
#define DIM_X INT64_MIN

/* Walks that look at every use of a node by itself give up on expressions of more nodes than EX_LARGE. */
enum { EX_HUGE = 1 << 20, EX_LARGE = 256 };

typedef enum ExKind { EX_CONST, EX_VAR, EX_DIM, EX_READ, EX_OP } ExKind;

typedef struct VarSet {
	uint32_t count;
	Var *vars[]; /* by id */
} VarSet;

typedef struct Ex Ex;
struct Ex {
	ExKind kind;
	IrScalar type; /* IR_BOOL, IR_I64, IR_F32 or IR_F64 */
	IrOpcode opcode;
	Ex *args[IR_MAX_ARGS];
	double real;     /* CONST, reals: in double, rounded when emitted */
	int64_t integer; /* CONST, the rest */
	Var *var;
	IrValue value; /* READ */
	bool guarded;
	uint32_t at_count;
	Ex **at;
	const VarSet *free;
	int64_t low, high; /* integers and booleans: what is known of the range */
	uint32_t size;     /* nodes, one that is used twice counted twice, up to EX_HUGE */
	uint32_t depth;    /* walks are recursive: see shallow() */
	Ex *same;          /* another that ex_same found to be the same; NULL: none */
	uint64_t epoch;    /* memory of the last walk: emission or substitution */
	uint32_t node;
	Ex *image;
};

/* ---- values: value.c ---- */

typedef enum Scalar { S_LITERAL /* a whole number that is int or real as needed */, S_INT, S_REAL, S_BOOL } Scalar;

typedef enum ValueKind { VALUE_BAD, VALUE_ARRAY, VALUE_TEXT, VALUE_SEVERAL, VALUE_CALL } ValueKind;

typedef struct Value Value;
struct Value {
	ValueKind kind;
	Scalar scalar;
	int rank;
	int64_t dims[IR_MAX_RANK];
	Var *vars[IR_MAX_RANK];
	Ex *body;           /* NULL: see parts */
	VEC(Value *) parts; /* SEVERAL: the results; ARRAY: the elements of a stack along axis 0 */
	bool is_size_x;     /* the number size(x), which as a dimension stays "like x" */
	int hyper;          /* 1 + number of the rule's hyperparameter this is; 0: none */
	Value *as_int;      /* a hyperparameter, where it has to be a whole number */
	const char *text;
	const FeCall *call; /* a rule as an argument */
};

/* ---- the values of names: value.c ---- */

typedef struct Binding {
	const Symbol *symbol; /* NULL: a state of a rule that is applied, between its steps */
	Value *value;         /* where the function now being built can read it; NULL: not at this stage */
	Scalar scalar;        /* VAR, STATE: what it was declared as */
	bool used;
	uint32_t active;       /* how many index variables were around when it was made: it depends on no others */
	Var *coord;            /* the `each` it was made in */
	uint64_t epoch;        /* of the last search that met it */
	struct Binding *older; /* of the same symbol: a body is written out inside of itself by mistake only */
} Binding;

/* What the symbols of resolve.h stand for at this place: all bindings, innermost last, and the one of every symbol. */
typedef struct Scope {
	VEC(Binding *) bindings;
	NameMap by_symbol; /* by their numbers */
} Scope;

/* A scope to go back to. */
typedef struct ScopeMark {
	uint32_t count;
	uint64_t place;
} ScopeMark;

/* ---- the elaborator ---- */

/* A sum of whole numbers, each an index variable, a loop's counter, or anything that is not affine. */
typedef struct Affine {
	int64_t offset;
	uint32_t count;
	struct AffineTerm {
		const Ex *atom;
		int64_t coef;
	} terms[IR_MAX_INDICES];
	uint64_t atoms; /* a bit for each, by their hashes: two forms without a common bit share none */
	bool too_long;  /* nothing is known of it */
} Affine;

/* What a condition says where it holds. */
typedef struct Fact {
	Affine form;
	bool not_zero; /* the form is not 0; otherwise it is at least 0 */
	bool never;    /* this and the facts before it cannot all hold, so what stands here is never done */
	uint32_t next; /* not_zero: 1 + the fact that it led to (if that is still there) */
	uint32_t number;
} Fact;

typedef struct RuleElab RuleElab; /* rule.c */

/* An expression that was elaborated while a range was looked for: what it is, and where that holds. */
typedef struct Tried {
	Value *value; /* NULL: it has errors there */
	uint64_t place;
	const IrBlock *block;
	uint32_t active, last_var, last_fact, cond_if;
	bool want_int, in_dimension;
	const Var *coord;
	int rank; /* at any place of this number; -1: no array */
	int64_t dims[IR_MAX_RANK];
} Tried;

/* A loop of the tensor IR around the current place. */
typedef struct OpenLoop {
	const IrOp *op;
	bool needed; /* something had to be known that its counter decides */
} OpenLoop;

typedef struct Calls {
	const AstDecl *decl;
	const struct Calls *outer;
} Calls;

typedef struct Elab {
	bool lowering; /* IR is made; otherwise this is typing (typing.h) */
	Typing *typing;
	Path *path;      /* calls and turns that led here */
	NameMap sources; /* typing: Exs, what a value would have been computed from */
	FeProgram *program;
	Session *session;
	IrModule *module;
	Arena *arena;
	IrBuilder *builder;
	IrScalar real;
	Scope scope;
	VEC(Var *) active;   /* variables of the index notation around the current place; outermost first */
	VEC(Fact) facts;     /* what the conditions around this place say */
	uint32_t fact_count; /* made so far */
	uint32_t cond_if;    /* how many arms of conditions that are not known surround us */
	bool in_dimension;   /* `/` must come out whole */
	bool want_int;       /* whole powers stay integers */
	uint64_t *epoch;     /* of walks over expressions */
	uint64_t place;      /* a number for each statement and call: names mean the same as long as it stays */
	uint64_t places;
	NameMap constants; /* MadeConst, by name */
	NameMap tried;     /* Tried, by the numbers of expressions */
	VEC(OpenLoop) loops;
	/* One budget for what is written out more than once: bodies of functions, turns of loops. */
	uint32_t copying;  /* inside of so many copies */
	Span copied;       /* the outermost of them */
	uint32_t copies;   /* expressions elaborated as part of a copy */
	uint32_t written;  /* turns of the loops around that are written out, multiplied */
	uint32_t attempts; /* loops that are being written out because they need their counter */
	bool stopped;      /* the budget is used up; reported */
	uint32_t nesting, call_depth;
	Diag *deep, *many_axes; /* what was said of it, once for all places */
	NameMap not_whole;      /* the same of hyperparameters that have to be whole numbers */
	NameMap later;          /* the same of symbols that have no value at this stage */
	uint32_t *next_var;
	const Calls *calls;
	Value *returned; /* of the function being inlined */
	bool too_deep;   /* a value had more indices around it than it can have axes */
	bool in_fn;

	/* rules */
	RuleElab *rule;   /* NULL outside */
	IrDim n;          /* coordinates of x in the function being built */
	int64_t tensors;  /* S */
	Var *tensor;      /* the variable over tensors, if S > 1 */
	Var *coord;       /* the coordinate that the surrounding `each` speaks of */
	IrValue segments; /* [N]: coordinate -> tensor, if S > 1 */
	IrValue sizes;    /* [S] */
	bool coupled;     /* some coordinate saw another */
} Elab;

/* ex.c */
Ex *ex_real(Elab *e, double value);
Ex *ex_int(Elab *e, int64_t value);
Ex *ex_bool(Elab *e, bool value);
Ex *ex_var(Elab *e, Var *var);
Ex *ex_dim(Elab *e); /* the number of coordinates, as an integer */
Ex *ex_read(Elab *e, IrValue value, Ex *const *at, uint32_t count, bool guarded);
Ex *ex_op(Elab *e, IrOpcode opcode, Ex *a, Ex *b, Ex *c);
Ex *ex_ops(Elab *e, IrOpcode opcode, Ex *const *args); /* as many as the opcode takes */
Ex *ex_add_int(Elab *e, Ex *a, Ex *b);
Ex *ex_convert(Elab *e, Ex *x, IrScalar type);
/* A comparison as it stands, though what is known of ranges may decide it. */
Ex *ex_plain(Elab *e, IrOpcode opcode, Ex *a, Ex *b);
/* Beyond these, nothing is known of an integer. Small enough that sums do not overflow. */
#define EX_FAR (INT64_C(1) << 61)
extern const int64_t ex_most_elements; /* along an axis, and steps of a run */
bool ex_is_const(const Ex *x);
bool ex_has(const Ex *x, const Var *var);
bool ex_same(const Ex *a, const Ex *b);
/* Puts to[i] for from[i]. If `guard`, reads that depend on one of them become guarded. */
Ex *ex_substitute(Elab *e, Ex *x, Var *const *from, Ex *const *to, uint32_t count, bool guard);
Var *var_new(Elab *e, Name name, int64_t extent, Span span);
const VarSet *vars_union(Elab *e, const VarSet *a, const VarSet *b);

/* whole.c: arithmetic on whole numbers; what leaves their range, or is divided by 0, becomes no number */
bool ex_is_wide(const Ex *x);     /* an integer that may be no number */
Ex *ex_is_number(Elab *e, Ex *x); /* a condition */
bool whole_is_number(int64_t a);  /* of less than 2^61 in magnitude */
bool whole_fits(IrOpcode opcode, int64_t a, int64_t b);
bool whole_power(int64_t base, int64_t exponent, int64_t *power); /* false: it is none, or no number */
Ex *ex_whole(Elab *e, IrOpcode opcode, Ex *a, Ex *b);
Ex *ex_whole_power(Elab *e, Ex *base, Ex *exponent);
bool whole_sum_fits(const Ex *term, double count);
Ex *whole_size(Elab *e, IrCombine combine, Ex *term);
Ex *whole_if_small(Elab *e, Ex *size, Ex *reduced);

/* proof.c: what is known of integers */
Affine affine_of(const Ex *x);
bool prove_at_least_zero(const Elab *e, const Ex *x);            /* from the ranges of its variables and the facts */
void affine_range(const Affine *a, int64_t *low, int64_t *high); /* INT64_MIN / MAX: unknown */
bool affine_is_pure(const Affine *a);                            /* index variables and loop counters only */
typedef VEC(Ex *) Exs;
/* If the truth of `cond` is that integer expressions are >= 0, appends them. False if it is more than that. */
bool cond_forms(Elab *e, Ex *cond, bool truth, Exs *forms);
/* Adds what the truth of `cond` says to the facts; the caller sets their count back. */
void assume(Elab *e, const Ex *cond, bool truth);
/* The same where the condition is wrong, which was reported: what it was to prove counts as proved. */
void assume_spoiled(Elab *e);

/* value.c */
Value *value_bad(Elab *e);
Value *value_scalar(Elab *e, Scalar scalar, Ex *body);
Value *value_real(Elab *e, double value);
Value *value_int(Elab *e, int64_t value);
Value *value_array(Elab *e, Scalar scalar, int rank, const int64_t *dims, Span span);    /* vars made, body to be set */
Value *value_read(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims); /* reads it whole */
bool value_is_bad(const Value *v);
Ex *value_body(Elab *e, Value *v);              /* the body; makes that of a stack */
Ex *value_at(Elab *e, Value *v, Ex *const *at); /* the element at these positions, one per axis */
Ex *value_ex(Elab *e, Value *v, IrScalar type); /* body converted */
Value *value_convert(Elab *e, Value *v, Scalar scalar);
bool value_known(const Value *v);            /* a scalar constant */
bool value_known_throughout(const Value *v); /* a known number, or a stack of such */
bool value_known_int(const Value *v, int64_t *out);
bool value_known_real(const Value *v, double *out);
bool value_same_shape(const Value *a, const Value *b);
IrScalar ir_scalar_of(const Elab *e, Scalar s);
const char *dims_text(Elab *e, const int64_t *dims, int rank); /* "[n, 3]", "a scalar" */
const char *type_text(Elab *e, const Value *v);
/* For people. `symbol`: what it is the value of, which may change; NULL: of nothing. */
void note_type(Elab *e, NameMap *types, uint32_t number, const Value *v, const Symbol *symbol);
/* What is `taken` is not bound; the binding is returned all the same. */
Binding *scope_add(Elab *e, const Symbol *symbol, Value *value);
Binding *scope_add_name(Elab *e, AstName name, Value *value); /* where it is declared */
Binding *scope_find(const Elab *e, const Symbol *symbol);     /* NULL: it has no value here */
ScopeMark scope_mark(const Elab *e);
ScopeMark scope_apart(Elab *e); /* names mean something else from here on */
void scope_back(Elab *e, ScopeMark mark);

/* emit.c: from expressions to ops */
typedef struct Emit {
	IrForBuilder f; /* lowering */
	Exs read;       /* typing: what would have been emitted */
	Var *vars[IR_MAX_INDICES];
	uint32_t count;
	uint64_t epoch;
	Var *coord; /* the coordinate variable among vars, if any */
} Emit;

IrDim dim_ir(const Elab *e, int64_t dim);
Emit emit_begin(Elab *e, Span span);
void emit_var(Elab *e, Emit *m, Var *var);
uint32_t emit_ex(Elab *e, Emit *m, Ex *x);
IrAt emit_at(Elab *e, Emit *m, Ex *x);
/* The end of an op: puts a node at these positions. While typing there is no op, but a value of this type. */
IrValue emit_put(Elab *e, Emit *m, IrCombine combine, uint32_t node, IrType type, const IrAt *at, IrValue into,
                 bool guarded);
IrValue emit_put_arg(Elab *e, Emit *m, IrCombine combine, uint32_t node, IrType type, const IrAt *at, uint32_t index);
/* A constant table; while typing the numbers are not looked at. */
IrValue emit_table(Elab *e, IrType type, const double *reals, const int64_t *integers);
IrValue emit_fill(Elab *e, IrType type, double number);
/* The variables that a FOR over `v` needs besides its own: free ones, by id. */
uint32_t outer_vars(Elab *e, const Ex *body, Var *const *own, uint32_t own_count, int axes, Var **out);
/* Computes the value: its body becomes a read. `name` is for people. */
Value *materialize(Elab *e, Value *v, Name name, Span span);
/* The same unless the body is so cheap that computing it again costs nothing. */
Value *settle(Elab *e, Value *v, Name name, Span span);
/* Walks over expressions are recursive: what is very deep is computed, and read from there on. */
Value *shallow(Elab *e, Value *v, Span span);
/* Reduces `body` (scalar; other axes are those of `shape`, whose vars stay) over `over`, on points where all of
 * conds are >= 0. ARGMAX, ARGMIN: over one variable. */
Value *reduce(Elab *e, IrCombine combine, Value *shape, Ex *body, Var *const *over, uint32_t over_count,
              Ex *const *conds, uint32_t cond_count, Span span);
/* A whole value, with the given variables as leading axes, whether it depends on them or not. */
IrValue whole(Elab *e, Value *v, Var *const *leading, uint32_t leading_count, Name name, Span span);
Value *value_from_whole(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims, Var *const *leading,
                        uint32_t leading_count);

/* elab_expr.c */
enum { MOST_COPIES = 200000, MOST_NESTING = 1500, MOST_CALLS = 200 };
/* Says a diagnostic again that may have been taken back; false if there is none. */
bool again(Elab *e, Diag *diag);
void copy_begin(Elab *e, Span span);
void copy_end(Elab *e);
void report_copies(Elab *e, Span span);
bool call_begin(Elab *e, Span span); /* one more function or constant deep; false, and reported, if that is too deep */
void call_end(Elab *e);
Value *elab(Elab *e, const AstExpr *x);
Value *elab_scalar(Elab *e, const AstExpr *x, const char *what);
Value *elab_apply(Elab *e, IrOpcode opcode, Scalar to, Scalar result, Value **args, uint32_t count, Span span,
                  const AstExpr *x);
Value *elab_binary_values(Elab *e, AstOp op, Span op_span, Value *a, Value *b, const AstExpr *left,
                          const AstExpr *right);
Value *elab_select(Elab *e, Value *cond, Value *yes, Value *no, const AstExpr *x);
bool elab_unify(Elab *e, Value **values, uint32_t count, Scalar *scalar); /* the common scalar type */
Value *elab_broadcast(Elab *e, Value *v, const Value *shape);             /* a scalar as an array of this shape */
/* Whole numbers known now: dimensions, ranges, counts. */
bool elab_static_int(Elab *e, const AstExpr *x, const char *what, int64_t *out);
/* The same, or a whole number that lies between known limits. NULL with a diagnostic. */
Ex *elab_bounded_int(Elab *e, const AstExpr *x, const char *what);
bool elab_dimension(Elab *e, const AstExpr *x, int64_t *out); /* may give DIM_X */
bool elab_number(Elab *e, const AstExpr *x, const char *what, double *out);
/* Not more elements than can be counted (E0213). */
bool elab_fits(Elab *e, Span span, const int64_t *dims, int rank);
bool elab_dims(Elab *e, const AstType *type, int64_t *dims, int *rank, int from);

/* elab_index.c */
Value *elab_index(Elab *e, const AstExpr *x);
Value *element(Elab *e, Value *base, const AstItems *items, const AstExpr *x);
/* Makes variables for fresh index names, binds them, and finds their ranges from the items or the body. */
typedef struct Indices {
	uint32_t count;
	Var *vars[IR_MAX_INDICES];
	int64_t low[IR_MAX_INDICES];
} Indices;
/* What was made of it while ranges were looked for, here; NULL: nothing that holds here (ranges.c). */
Value *tried_value(const Elab *e, const AstExpr *x);
/* The indices of a definition's head. */
bool bind_head(Elab *e, const AstItems *head, const AstExpr *body, Indices *out);
/* `from_zero`: arrays are being defined, whose indices start at 0. Pushes the variables on e->active and the names on the
 * scope; the caller restores both. extents: of axes that give a name its range (may be NULL; 0: not given). */
bool bind_indices(Elab *e, const AstItem *const *items, uint32_t count, const AstExpr *const *bodies,
                  uint32_t body_count, bool from_zero, const int64_t *extents, Indices *out);
/* Proves 0 <= at < extent, or reports. Sets *guard if only conditions prove it, *open if only the run can tell. */
bool position_in_bounds(Elab *e, Ex *at, int64_t extent, Span span, bool *guard, bool *open);

/* elab_reduce.c */
Value *elab_reduce(Elab *e, const AstExpr *x);
Value *reduce_all(Elab *e, AstReduction op, Value *v, Span span);
Value *reduce_sum(Elab *e, Value *v, Span span);

/* elab_call.c, elab_shape.c */
Value *elab_call(Elab *e, const AstExpr *x);
/* What a call of a row of builtins.def is. `args`: the values of its arguments, as far as the row's `reads` says. */
typedef Value *BuildCall(Elab *e, const Builtin *b, Value **args, const AstExpr *x);
/* becomes: BuildCall elab_call_clip; BuildCall elab_call_where; ... */
#define FUNCTION(name, ...) BuildCall elab_call_##name;
#include "frontend/builtins.def"
Value *matrix_product(Elab *e, Value *a, Value *b, const AstExpr *x);
Value *make_stack(Elab *e, Value **parts, uint32_t count, const AstExpr *x);

/* uses.c */
/* What stands on the left of an arrow, once each, in the order of the text. */
typedef VEC(const Symbol *) Assigned;
Assigned stmt_assigned(const FeProgram *program, Arena *arena, const AstStmt *s);
Assigned block_assigned(const FeProgram *program, Arena *arena, const AstBlock *block);

/* elab_stmt.c */
typedef VEC(Binding *) Bindings;
/* The bindings around a block that it assigns; added to `out` once. */
void assigned_outside(Elab *e, const AstBlock *block, Bindings *out);
typedef void Arm(Elab *e, const void *context);
/* Runs both arms (`no` may be NULL); what they assign, `changed`, is chosen by a truth value. `span`: of the statement. */
typedef struct Choice {
	Value *cond;
	Span cond_span, span;
	const Bindings *changed;
	Arm *yes, *no;
	const void *yes_context, *no_context;
} Choice;
void choose(Elab *e, const Choice *c);
void elab_block(Elab *e, const AstBlock *block);
void elab_stmt(Elab *e, const AstStmt *s);
Value *elab_headed(Elab *e, const AstDeclare *d, Name name); /* the value of a let or var, head and type obeyed */

/* elab_loop.c */
void elab_loop(Elab *e, const AstStmt *s);
/* Something has to be known when the program is instantiated, and `x` is not: notes which counters around decide it; false: none. */
bool needs_known(Elab *e, Ex *x);

/* elab_assign.c */
void elab_assign(Elab *e, const AstStmt *s);
int x_axis(const Value *v); /* the axis over the coordinates of x, or -1 */

/* stages.c: when the statements of an objective are computed */

typedef enum Stage { STAGE_CONST, STAGE_SETUP, STAGE_VALUE } Stage;

typedef struct StageName {
	const Symbol *symbol;
	Stage stage;
	bool needed;           /* by value or start, made by setup */
	bool wanted;           /* by the function that was asked about last */
	VEC(uint32_t) used_by; /* statements that mention or define it */
} StageName;

typedef struct StageStmt {
	Stage stage;               /* of computations */
	bool followed;             /* what it mentions is wanted already */
	VEC(StageName *) mentions; /* of names that are known there */
	VEC(StageName *) defines;
} StageStmt;

typedef struct Stages {
	const FeProgram *program;
	Arena *arena;
	const AstBlock *body;
	StageStmt *stmts;         /* one per statement of the body */
	VEC(StageName *) names;   /* in the order of their declarations */
	NameMap by_symbol;        /* by their numbers */
	VEC(StageName *) pending; /* whose statements have to be looked at again */
} Stages;

bool is_computation(const AstStmt *s);
void stages_find(Stages *s, const FeProgram *program, Arena *arena, const AstBlock *body);
/* Marks the names that `start` or `value` needs, through constant statements; adds to `needed`. */
void stages_want(Stages *s, bool start);
bool stages_wanted(const Stages *s, uint32_t stmt);            /* defines something that is wanted */
StageName *stages_name(const Stages *s, const Symbol *symbol); /* NULL: not of the objective's body */

/* draw.c */
/* Where random numbers come from: the seed, the problem. */
typedef struct DrawKey {
	Ex *seed, *instance;
	Ex *step; /* of what is drawn at every step; else NULL */
} DrawKey;
/* `given X[i in n] : [d] ~ normal(m[i], 1)`: the drawn array. BAD with a diagnostic. */
Value *elab_draw(Elab *e, const AstDeclare *d, DrawKey key);

/* draw_arguments.c */
typedef enum DrawCheck { DRAW_IMPOSSIBLE /* and reported */, DRAW_POSSIBLE, DRAW_UNKNOWN } DrawCheck;
/* Arguments of a draw, for all values of its indices. */
DrawCheck draw_check(Elab *e, const Distribution *d, const AstExpr *draw, Value **args, const Indices *indices);
/* Whether the arguments are possible; those that the distribution does not have are NULL. */
Ex *draw_condition(Elab *e, const Distribution *d, Ex *a, Ex *b);

/* unused.c: warns of what an objective or a rule without errors declares and does not use */
void check_unused(FeProgram *program, const AstDecl *decl);

/* library.c: its names are known from the start; what stands behind them is read when it is asked for. */
typedef struct Library {
	FeStdEntries entries;
	VEC(Name) names;            /* of the entries */
	NameMap by_name;            /* the number of an entry + 1 */
	NameMap read;               /* the declarations that were read */
	VEC(const AstFile *) files; /* the same, each a file of its own */
} Library;

Library *library_new(Session *session);
const AstDecl *library_find(Session *session, Library *library, Name name); /* NULL: none of this name */
bool library_has(const Session *session, const AstDecl *decl);

/* program.c */
typedef struct FileId { /* of a file, under all its names */
	uint64_t device, number;
} FileId;

struct FeProgram {
	Session *session;
	VEC(AstFile *) files;
	VEC(const AstDecl *) user;
	Library *library;
	NameMap by_name;                     /* the first of each name of the user's */
	NameMap by_kind[AST_EXPERIMENT + 1]; /* the same of one kind */
	NameMap numbers[2];                  /* constants that are one number (f32, f64) */
	NameMap wrong[2];                    /* the Diags of constants that cannot be made */
	NameMap missing[AST_EXPERIMENT + 1]; /* what was said of names that no declaration of a kind has */
	bool broken;                         /* something did not read */
	Symbols symbols;                     /* what names stand for (resolve.c) */
	FeLoader *loader;
	void *loader_context;
	FeDataReader *data;
	void *data_context;
	FeFinder *finder;
	void *finder_context;
	VEC(FileId) read; /* the files that were read, however they were named */
};

/* A path that a source gives, from the folder of that source, and as the program's finder has it; NULL with *problem. */
const char *fe_source_beside(FeProgram *program, uint32_t source, const char *path, const char **problem);

/* For typing; the caller sets e->lowering to lower what was typed with the same notes. */
Elab elab_new(FeProgram *program, IrModule *module, IrScalar real, Typing *typing);
/* foreign.c: what is written here for a word of another language; NULL for any other word. A help for a value or a
 * function, the name of a rule of the library, the name that a hyperparameter mostly has here. */
const char *foreign_value(const char *word);
const char *foreign_rule(const char *word);
const char *foreign_param(const char *word);
/* The number of a parameter, params.count if there is none of this name. `places`: of this declaration, zeroed at first. */
uint32_t param_place(const AstDecl *decl, NameMap *places, Arena *arena, Name wanted);
Name nearest_param(Session *session, const AstDecl *decl, Name wanted);
/* The rule that an expression of a body calls. */
bool call_in_body(FeProgram *program, const AstExpr *expr, AstDeclKind kind, FeCall *out);
/* The arguments of a call in the order of the parameters; NULL: by default. */
bool call_arguments(FeProgram *program, const FeCall *call, const AstExpr **out);

/* data.c */
/* What the data statement `s` declares, with its sizes. from: the text that names the file. false with diagnostics. */
bool data_declare(Elab *e, const AstStmt *s, const AstExpr *from, FeData *out);
/* Adds the parameter of a function that stands for it. */
IrValue data_param(Elab *e, const FeData *data);
/* Its name and those of the sizes that it opened, from here on. param: as data_param made it. */
void data_bind(Elab *e, const FeData *data, IrValue param);

/* objective.c, rule.c: without functions that could run; the module only holds them. NULL with diagnostics. */
FeObjective *type_objective(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real, Typing *typing);
FeRule *type_rule(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                  const Name *open, uint32_t open_count, Typing *typing);

/* constant.c */
Value *type_constant(FeProgram *program, IrModule *module, const AstDecl *decl, Typing *typing);
/* What a constant of the program stands for. Computed when it is first used, after those that it mentions. */
Value *elab_const(Elab *e, const AstDecl *decl);

/* rule.c */
/* A hyperparameter where a whole number has to stand, which it then is in all of the rule. */
Value *hyper_as_int(Elab *e, Value *v, Span span);
void rule_apply(Elab *e, const AstStmt *s);

#endif
