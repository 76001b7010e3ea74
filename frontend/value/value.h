/* value: what names and expressions are worth while a program is elaborated, and how that becomes ops of the tensor IR.
 *
 * A value is an array written as a function of index variables: a rank, extents, one variable per axis, and a scalar
 * expression (Ex) in which these variables, and those of the index notation around it, may occur. Elementwise operators
 * combine expressions, reading an element substitutes for variables, and nothing is computed until emit.c turns an
 * expression into the body of a FOR op: at `let`, at reductions, and where a value is needed as a whole.
 *
 * Everything lies in the arena of the module that is being made. Errors are reported once, where they are found; what they
 * spoil is the bad value, of which nobody complains again. */
#ifndef GRADUS_VALUE_H
#define GRADUS_VALUE_H

#include "frontend/limits.h"
#include "frontend/names/names.h"
#include "ir/build.h"

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
	Diag *outside;            /* the message that says that a read is outside; NULL: none */
} Var;

/* The extent that is not just a number: the coordinates of x. */
#define DIM_X INT64_MIN

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
	uint32_t depth;    /* walks are recursive: see value_limit_depth() */
	Ex *same;          /* another that ex_same found to be the same; NULL: none */
	uint64_t epoch;    /* which walk (emission, substitution) saw this last, and what it made of it: */
	uint32_t node;
	Ex *image;
};

typedef VEC(Ex *) Exs;

/* ---- values: value.c ---- */

typedef enum Scalar { S_LITERAL /* a whole number that is int or real as needed */, S_INT, S_REAL, S_BOOL } Scalar;

typedef enum ValueKind { VALUE_BAD, VALUE_ARRAY, VALUE_TEXT, VALUE_SEVERAL, VALUE_CALL, VALUE_FUNCTION } ValueKind;

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
	const FeCall *call;     /* a rule as an argument */
	const Symbol *function; /* a function as an argument */
};

/* ---- the values of names: scope.c ---- */

typedef struct Binding {
	const Symbol *symbol; /* in no table: of a state of a rule that is applied, between its steps */
	Value *value;         /* where the function now being built can read it; NULL: not at this stage */
	Scalar scalar;        /* VAR, STATE: what it was declared as */
	bool used;
	uint32_t indices_around; /* how many index variables were around when it was made: it depends on no others */
	Var *coord;              /* the `each` it was made in */
	uint64_t epoch;          /* of the last search that met it */
	struct Binding *older;   /* of the same symbol: a body is written out inside of itself by mistake only */
} Binding;

/* What symbols stand for at this place: all bindings, innermost last, and the one of every symbol. */
typedef struct Scope {
	VEC(Binding *) bindings;
	NameMap by_symbol; /* by their numbers */
} Scope;

/* A scope to go back to. */
typedef struct ScopeMark {
	uint32_t count;
	uint64_t place;
} ScopeMark;

/* ---- what is known of whole numbers: proof.c ---- */

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

/* ---- one elaboration ----
 *
 * What is carried along while a declaration is typed or lowered. This room reads the first part; the second is the
 * elaborator's alone (elab.h). */

/* A loop of the tensor IR around the current place. */
typedef struct OpenLoop {
	const IrOp *op;
	bool needed; /* something had to be known that its counter decides */
} OpenLoop;

/* A turn of a loop around the current place, be the loop one of the IR or written out. */
typedef struct OpenTurn {
	Ex *counter; /* from 0 */
	int64_t most;
} OpenTurn;

typedef struct Elab {
	bool lowering; /* IR is made; otherwise this is typing */
	Typing *typing;
	FeProgram *program;
	Session *session;
	IrModule *module;
	Arena *arena;
	IrBuilder *builder;
	IrScalar real;
	Scope scope;
	VEC(Var *) indices_around; /* variables of the index notation around the current place; outermost first */
	VEC(Fact) facts;           /* what the conditions around this place say */
	uint32_t fact_count;       /* made so far */
	VEC(OpenLoop) loops;
	NameMap evaluated; /* typing: values that the objective of a rule has to be known for */
	NameMap sources;   /* typing, inside of loops: Exs, what a value would have been computed from */
	uint64_t *epoch;   /* of walks over expressions */
	uint32_t *next_var;
	uint64_t place; /* changes with every statement and call: as long as it does not, names mean the same */
	uint64_t places;
	bool too_many_axes;   /* a value had more indices around it than it can have axes */
	Diag *said_many_axes; /* what was said of it, once for all places */

	/* in rules */
	IrDim n;                /* coordinates of x in the function being built; -1: not known */
	int64_t tensors;        /* S: parameter tensors */
	Var *tensor;            /* the variable over tensors, if S > 1 */
	Var *coord;             /* of the `each` around: which coordinate it is about */
	Var *each[IR_MAX_RANK]; /* of `each i, j`: the indices that the coordinate follows from, instead */
	uint32_t each_count;
	const struct Calls *each_calls; /* of the rule that this `each` stands in */
	IrValue segments;               /* [N]: coordinate -> tensor, if S > 1 */
	IrValue sizes;                  /* [S] */
	bool coupled;                   /* what a coordinate gets depends on other coordinates */
	/* The axes of x, which lies flat: x_rank of them; -1: they are not known here. */
	int x_rank;
	int64_t x_dims[IR_MAX_RANK];
	bool by_shape; /* the rule is made for one shape of x after the other, and this is one of them */
	Var *lane; /* over tensors of one shape, where a rule is made for one shape after the other; NULL: there is one */

	/* ---- the elaborator's ---- */
	const struct ElabRule *rule; /* whose body this is; NULL: no rule's */
	Path *path;                  /* calls and turns that led here */
	uint32_t arms;               /* branches around this place whose conditions are not known */
	uint32_t sized_arms;         /* those of them whose conditions mention the size of x */
	Exs holds;                   /* the conditions of `if`s and `while`s around, as they are computed */
	VEC(OpenTurn) turns;         /* of the loops around, outermost first */
	bool in_dimension;           /* a dimension is being read, where `/` has to give a whole number */
	bool want_int;               /* a whole number is asked for, so that powers of whole numbers stay whole */
	NameMap constants;           /* MadeConst, by the numbers of the names of constants */
	NameMap tried;               /* Tried, by the numbers of expressions */
	const struct Calls *calls;   /* functions, constants and rules around us, innermost first */
	Value *returned;             /* of the function being written out */
	bool may_have_returned;      /* or it has, in a branch of which is not known whether it is taken */
	bool alone;                  /* a function by itself: its arguments, and what is around its calls, are not known */
	/* One budget for what is written out more than once: bodies of functions, turns of loops. */
	uint32_t copying;   /* how many copies this place is inside of */
	Span copied;        /* the outermost of them */
	uint32_t copies;    /* expressions elaborated as part of a copy */
	uint32_t written;   /* turns of the loops around that are written out, multiplied */
	uint32_t attempts;  /* loops that are being written out because they need their counter */
	bool out_of_budget; /* the budget is used up; reported */
	uint32_t nesting, call_depth;
	Diag *said_deep;        /* what was said of too deep an expression, once for all places */
	NameMap said_not_whole; /* the same of hyperparameters that have to be whole numbers */
	NameMap said_later;     /* the same of symbols that have no value at this stage */
} Elab;

/* ---- ex.c: making expressions ---- */

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
bool ex_is_const(const Ex *x);
bool ex_has(const Ex *x, const Var *var);
bool ex_same(const Ex *a, const Ex *b);
/* Puts to[i] for from[i]. If `guard`, reads that depend on one of them become guarded. */
Ex *ex_substitute(Elab *e, Ex *x, Var *const *from, Ex *const *to, uint32_t count, bool guard);
Var *ex_var_new(Elab *e, Name name, int64_t extent, Span span);
const VarSet *ex_vars_union(Elab *e, const VarSet *a, const VarSet *b);

/* ---- whole.c: arithmetic on whole numbers; what leaves their range, or is divided by 0, becomes no number ---- */

bool ex_whole_is_number(int64_t a); /* of less than 2^61 in magnitude */
bool ex_is_wide(const Ex *x);       /* an integer that may be no number */
Ex *ex_is_number(Elab *e, Ex *x);   /* a condition */
bool ex_whole_has(IrOpcode opcode); /* is it arithmetic that whole numbers have? Then ex_whole makes it */
bool ex_whole_fits(IrOpcode opcode, int64_t a, int64_t b);
bool ex_power_of_numbers(int64_t base, int64_t exponent, int64_t *power); /* false: it is none, or no number */
Ex *ex_whole(Elab *e, IrOpcode opcode, Ex *a, Ex *b);
Ex *ex_whole_power(Elab *e, Ex *base, Ex *exponent);
/* Sums and products over a range of at most `count` points. */
bool ex_whole_sum_fits(const Ex *term, double count);
Ex *ex_whole_size(Elab *e, IrCombine combine, Ex *term);
Ex *ex_whole_if_small(Elab *e, Ex *size, Ex *reduced);

/* ---- line.c: between two real numbers, which may be infinite or far apart; t from 0 to 1, all of one type ---- */

Ex *ex_blend(Elab *e, Ex *a, Ex *b, Ex *t); /* (1 - t) a + t b */
/* `near`, which is a + t (b - a) by whatever roundings, if b - a is a number; otherwise the blend. */
Ex *ex_on_line(Elab *e, Ex *a, Ex *b, Ex *t, Ex *near);

/* ---- proof.c: what is known of integers ---- */

Affine proof_affine(const Ex *x);
bool proof_at_least_zero(const Elab *e, const Ex *x);           /* from the ranges of its variables and the facts */
void proof_range(const Affine *a, int64_t *low, int64_t *high); /* INT64_MIN / MAX: unknown */
bool proof_is_pure(const Affine *a);                            /* index variables and loop counters only */
/* If the truth of `cond` is that integer expressions are >= 0, appends them. False if it is more than that. */
bool proof_forms(Elab *e, Ex *cond, bool truth, Exs *forms);
/* Adds what the truth of `cond` says to the facts; the caller sets their count back. */
void proof_assume(Elab *e, const Ex *cond, bool truth);
/* The same where the condition is wrong, which was reported: what it was to prove counts as proved. */
void proof_assume_spoiled(Elab *e);
bool proof_never_here(
	const Elab *e); /* the conditions around contradict each other, or one is not known for a mistake */

/* ---- value.c ---- */

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
int value_x_axis(const Value *v); /* the axis over the coordinates of x, or -1 */
IrScalar value_ir_scalar(const Elab *e, Scalar s);
const char *value_dims_text(Elab *e, const int64_t *dims, int rank); /* "[n, 3]", "a scalar" */
const char *value_type_text(Elab *e, const Value *v);
void value_help_rule(Elab *e, Diag *diag, const Value *v); /* where a rule stands for a number */
/* For people. `symbol`: what it is the value of, which may change; NULL: of nothing. */
void value_note_type(Elab *e, NameMap *types, uint32_t number, const Value *v, const Symbol *symbol);

/* ---- own.c: an array of the IR that nothing else stands for, if something is differentiated by the symbol; otherwise `v` ---- */

Value *value_declared(Elab *e, Value *v, const Symbol *symbol);   /* where it is declared */
Value *value_of_its_own(Elab *e, Value *v, const Symbol *symbol); /* a new one; whole numbers and truth values stay */

/* ---- scope.c ---- */

/* A symbol whose name is taken is not bound; the binding is returned all the same. */
Binding *scope_add(Elab *e, const Symbol *symbol, Value *value);
Binding *scope_add_name(Elab *e, AstName name, Value *value); /* where it is declared */
Binding *scope_find(const Elab *e, const Symbol *symbol);     /* NULL: it has no value here */
ScopeMark scope_mark(const Elab *e);
ScopeMark scope_apart(Elab *e); /* names mean something else from here on */
void scope_back(Elab *e, ScopeMark mark);

/* ---- emit.c: from expressions to ops; while typing, to values without ops that have the same types ---- */

typedef struct Emit {
	IrForBuilder f; /* lowering */
	Exs read;       /* typing: what would have been emitted */
	Var *vars[IR_MAX_INDICES];
	uint32_t count;
	uint64_t epoch;
	Var *coord; /* the coordinate variable among vars, if any */
} Emit;

IrDim emit_dim(const Elab *e, int64_t dim); /* as an extent of the IR */
Emit emit_begin(Elab *e, Span span);
void emit_var(Elab *e, Emit *m, Var *var);
uint32_t emit_ex(Elab *e, Emit *m, Ex *x);
IrAt emit_at(Elab *e, Emit *m, Ex *x);
/* The place of an element of an array among all of them, row-major: of the expression ... */
Ex *value_place(Elab *e, const Value *v);
/* ... and of an op that is being made, which gets the array's variables. */
IrAt emit_place(Elab *e, Emit *m, const Value *v);
/* The end of an op: puts a node at these positions. */
IrValue emit_put(Elab *e, Emit *m, IrCombine combine, uint32_t node, IrType type, const IrAt *at, IrValue into,
                 bool guarded);
/* A constant table; while typing the numbers are not looked at. */
IrValue emit_table(Elab *e, IrType type, const double *reals, const int64_t *integers);
IrValue emit_fill(Elab *e, IrType type, double number);
/* The objective at a flat vector, and its gradient there; when: what it counts under, or 0. */
void emit_evaluate(Elab *e, IrValue at, IrValue when, IrValue *f, IrValue *g);
/* A call of a row of calls.def: all its results. */
void emit_call(Elab *e, IrCallee callee, const IrValue *args, IrValue *results, Span span);
/* The `count` residuals of the objective at a flat vector. */
IrValue emit_residuals(Elab *e, IrValue at, int64_t count);
/* Typing: a value that would be computed from these. */
IrValue emit_not_made(Elab *e, IrType type, const Exs *read);
/* The variables that a FOR over `v` needs besides its own: free ones, by id. */
uint32_t emit_outer_vars(Elab *e, const Ex *body, Var *const *own, uint32_t own_count, int axes, Var **out);
/* Reduces `body` (scalar; other axes are those of `shape`, whose vars stay) over `over`, on points where all of
 * conds are >= 0. ARGMAX, ARGMIN: over one variable. */
Value *emit_reduce(Elab *e, IrCombine combine, Value *shape, Ex *body, Var *const *over, uint32_t over_count,
                   Ex *const *conds, uint32_t cond_count, Span span);
/* A value as an array of the IR, with the given variables as leading axes, whether it depends on them or not; and back. */
IrValue emit_whole(Elab *e, Value *v, Var *const *leading, uint32_t leading_count, Name name, Span span);
Value *value_from_whole(Elab *e, IrValue value, Scalar scalar, int rank, const int64_t *dims, Var *const *leading,
                        uint32_t leading_count);
/* Computes the value: its body becomes a read. `name` is for people. */
Value *value_materialize(Elab *e, Value *v, Name name, Span span);
/* The same unless the body is so cheap that computing it again costs nothing. */
Value *value_reusable(Elab *e, Value *v, Name name, Span span);
/* Walks over expressions are recursive, so a very deep one is stored as a value, which is then read. */
Value *value_limit_depth(Elab *e, Value *v, Span span);

#endif
