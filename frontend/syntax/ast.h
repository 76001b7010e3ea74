/* The syntax tree of a .grad file: what was written, with the place of every piece, and nothing decided about
 * meaning. The tree lives in the session's arena. Words that only some contexts understand (`each`, `in`, `limit`)
 * have become structure here; names are interned but not resolved.
 *
 * A file with errors still gives a tree: what could not be read is AST_BAD (expressions) or left out (statements),
 * so that everything else can be checked in the same run. AST_BAD was reported, and is not complained about again. */
#ifndef GRADUS_AST_H
#define GRADUS_AST_H

#include "base/base.h"
#include "frontend/syntax/builtins.h"

typedef struct AstExpr AstExpr;
typedef struct AstStmt AstStmt;
typedef VEC(AstExpr *) AstExprs;
typedef VEC(AstStmt *) AstBlock;

/* A name with its place. `name` is 0 where a name was left out by mistake. */
typedef struct AstName {
	Name name;
	Span span;
	uint32_t id; /* as of expressions, which are numbered along; 0: not of the text, or not read as a name of its own */
} AstName;

typedef VEC(AstName) AstNames;

/* ---- expressions ---- */

/* Each row: identifier, spelling. Arithmetic first, then logic, then comparisons, then the two prefixes. */
#define AST_OPS(ROW)                                                                                                   \
	ROW(ADD, "+")                                                                                                      \
	ROW(SUB, "-")                                                                                                      \
	ROW(MUL, "*")                                                                                                      \
	ROW(DIV, "/")                                                                                                      \
	ROW(FLOORDIV, "//")                                                                                                \
	ROW(MOD, "%")                                                                                                      \
	ROW(POW, "^")                                                                                                      \
	ROW(MATMUL, "@")                                                                                                   \
	ROW(AND, "and")                                                                                                    \
	ROW(OR, "or")                                                                                                      \
	ROW(LT, "<")                                                                                                       \
	ROW(LE, "<=")                                                                                                      \
	ROW(GT, ">")                                                                                                       \
	ROW(GE, ">=")                                                                                                      \
	ROW(EQ, "==")                                                                                                      \
	ROW(NE, "!=")                                                                                                      \
	ROW(NEG, "-")                                                                                                      \
	ROW(NOT, "not")

/* becomes AST_ADD, AST_SUB, ... */
#define AST_OP_ENUM(id, text) AST_##id,
typedef enum AstOp { AST_OPS(AST_OP_ENUM) AST_OP_COUNT } AstOp;
#undef AST_OP_ENUM

typedef enum AstExprKind {
	AST_BAD,      /* could not be read; already reported */
	AST_NUMBER,   /* 3, 1e-3 */
	AST_BOOL,     /* true, false */
	AST_TEXT,     /* "x.npy" (only file names and the like) */
	AST_NAME,     /* w */
	AST_UNARY,    /* -a, not a */
	AST_BINARY,   /* a + b, a and b: every operator that is not a comparison */
	AST_COMPARE,  /* a < b, a < b <= c */
	AST_IF,       /* if c then a else b */
	AST_CALL,     /* f(a, k = b); where(c, a, b), sum(A), max(a, b), grad(E, v), value(y) are plain calls too */
	AST_REDUCE,   /* sum[i in n, j, i < j](e), mean[each](e) */
	AST_INDEX,    /* e[i, 0, a..b, :] */
	AST_ARRAY,    /* [a, b, c] */
	AST_CHOOSE,   /* choose { a, b, c } */
	AST_DISCOVER, /* discover(a, b, size = 8) */
} AstExprKind;

/* One argument of a call; `name.name` is 0 for a positional one. Positional ones stand before the named ones. */
typedef struct AstArg {
	AstName name;
	AstExpr *value;
} AstArg;

typedef VEC(AstArg) AstArgs;

/* What stands between the brackets of an index, of a reduction, or of an index head. */
typedef enum AstItemKind {
	AST_ITEM_EXPR,      /* A[i + 1]: `expr`; a lone name too, fresh or not */
	AST_ITEM_SLICE,     /* A[a..b]: `low` and `high` */
	AST_ITEM_ALL,       /* A[:] */
	AST_ITEM_INDEX,     /* sum[i], sum[i in n], let z[i in 1..n], h[k, j in n] <- e: `name`, perhaps a range */
	AST_ITEM_CONDITION, /* sum[s, s <= t]: `expr` */
	AST_ITEM_EACH,      /* mean[each] */
} AstItemKind;

typedef struct AstItem {
	AstItemKind kind;
	Span span;
	AstName name;  /* INDEX */
	AstExpr *expr; /* EXPR, CONDITION */
	AstExpr *low;  /* SLICE; INDEX: NULL unless written `i in low..high` */
	AstExpr *high; /* SLICE; INDEX: NULL when no range is stated; `i in n` has high = n and low = NULL */
} AstItem;

typedef VEC(AstItem) AstItems;

struct AstExpr {
	AstExprKind kind;
	uint32_t id;    /* unique in the session; 0: not of the text */
	uint32_t depth; /* height of the tree below, from 1; bounded, so walking it recursively is safe */
	Span span;
	union {
		struct {
			double value;     /* rounded to f64; round `text` again for f32 (literals round once) */
			const char *text; /* as written */
			bool whole;       /* written with digits alone, and fits `integer` */
			int64_t integer;
		} number;
		bool truth;       /* BOOL */
		const char *text; /* TEXT, without its quotes */
		Name name;        /* NAME */
		struct {
			AstOp op; /* NEG, NOT */
			AstExpr *operand;
		} unary;
		struct {
			AstOp op;
			Span op_span;
			AstExpr *left, *right;
		} binary;
		struct {
			AstExprs operands; /* at least two */
			AstOp *ops;        /* operands.count - 1: ops[k] stands between operands k and k + 1 */
			Span *op_spans;
		} compare;
		struct {
			AstExpr *condition, *yes, *no;
		} choice; /* IF */
		struct {
			AstName callee; /* "discover" for DISCOVER */
			AstArgs args;
		} call; /* CALL, DISCOVER */
		struct {
			AstReduction op;
			AstName callee; /* the word that names the reduction */
			AstItems items; /* INDEX and CONDITION in the order written; never empty unless `each` */
			bool each;      /* reaches over the tensor's coordinates: mean[each](e); EACH is not among the items */
			AstExpr *body;
		} reduce;
		struct {
			AstExpr *base;
			AstItems items; /* EXPR, SLICE, ALL; INDEX only in the target of an assignment */
		} index;
		AstExprs elements; /* ARRAY, CHOOSE: the alternatives */
	};
};

/* ---- types ---- */

typedef enum AstScalar { AST_REAL, AST_INT, AST_BOOLEAN } AstScalar;

/* real, int[n], [n, d], each [k] */
typedef struct AstType {
	Span span; /* span.file == 0: no type was written */
	AstScalar scalar;
	bool each;     /* one such value per coordinate */
	AstExprs dims; /* empty: a scalar */
} AstType;

/* A pair of limits in parentheses, `in (a, b)`; span.file == 0: none was written. */
typedef struct AstLimits {
	Span span;
	AstExpr *low, *high;
} AstLimits;

/* low..high; `low` is NULL where only one number was written. span.file == 0: absent. */
typedef struct AstRange {
	Span span;
	AstExpr *low, *high;
	bool no_range; /* one value was written instead, which was reported; it is taken for the end */
} AstRange;

/* ---- statements ---- */

typedef enum AstStmtKind {
	/* AstDeclare */
	AST_GIVEN, /* given X[i in n] : [n] ~ normal(0, 1) */
	AST_DATA,  /* data images : int[n, 784] from "a.gz" columns 1..3 */
	AST_BATCH, /* batch pick : int[batch] ~ integer(0, n) */
	AST_PARAM, /* param w[l in layers] : [d] ~ normal(0, 1), param b : real = 0 */
	AST_LEARN, /* learn decay = 0.9 in (0, 1) */
	AST_STATE, /* state m = 0, state h : each [20] = 0 */
	AST_LET,   /* let z[i] = e, let h, c = f(x), let e ~ normal(0, 1) */
	AST_VAR,   /* var total = 0 */
	/* the others, each with its own member below */
	AST_REPORT,    /* report error = e */
	AST_MINIMIZE,  /* minimize e */
	AST_RESIDUALS, /* residuals e */
	AST_VALIDATE,  /* validate e with images = test_images */
	AST_ASSIGN,    /* x <- e; h[k, j] <- e; h, c <- f(x) */
	AST_FOR,       /* for k in a..b { } */
	AST_WHILE,     /* while c limit n { } */
	AST_WHEN,      /* if c { } else { } */
	AST_EACH,      /* each { }, each i, j { } */
	AST_APPLY,     /* apply adam(lr = 0.1, g = clipped) */
	AST_RETURN,    /* return a, b */
} AstStmtKind;

typedef struct AstDeclare {
	AstNames names; /* one, except for `let h, c = f(x)` */
	AstItems head;  /* INDEX items of `z[i in n, j]`; has_head tells `z[]` and `z` apart from an array */
	bool has_head;
	AstType type;
	AstExpr *value;   /* after `=`; NULL if none. AST_BAD if the declaration could not be read, whatever its kind */
	AstExpr *draw;    /* after `~`: an AST_CALL (or AST_BAD); NULL if none */
	Name drawn_as;    /* the name that its random numbers are those of; 0: its own */
	AstLimits limits; /* param, learn */
	AstExpr *from;    /* data: an AST_TEXT or an AST_NAME */
	Span source;      /* from `=`, `~` or `from` to the end of what it starts from; file 0: absent */
	bool bytes;       /* data: from "a.txt" bytes */
	AstItems columns; /* data: EXPR (a number, an AST_TEXT) and SLICE items */
} AstDeclare;

struct AstStmt {
	AstStmtKind kind;
	Span span;
	Span keyword; /* the word that opens the statement; for ASSIGN the arrow */
	union {
		AstDeclare declare;
		struct {
			AstName name;
			AstExpr *value;
		} report;
		AstExpr *minimize;
		AstExpr *residuals;
		struct {
			AstExpr *value;
			AstArgs with; /* all named */
		} validate;
		struct {
			AstExprs targets; /* each an AST_NAME, or an AST_INDEX on an AST_NAME (or AST_BAD) */
			AstExpr *value;
			bool equals; /* written with `=`, which was reported: perhaps a definition without its word */
		} assign;
		struct {
			AstName name;
			AstRange range;
			AstExpr *step; /* `by e`; NULL: 1 */
			AstBlock body;
		} loop; /* FOR */
		struct {
			AstExpr *condition, *limit;
			AstBlock body;
		} repeat; /* WHILE */
		struct {
			AstExpr *condition;
			AstBlock yes, no;
			bool has_else; /* `else if` is an AST_WHEN alone in `no` */
		} when;
		struct {
			AstNames names;
			AstBlock body;
		} each;
		AstExpr *apply; /* an AST_CALL (or AST_BAD) */
		AstExprs results;
	};
};

/* ---- declarations ---- */

typedef struct AstParam {
	AstName name;
	AstExpr *value; /* the default; NULL if none */
	AstLimits limits;
} AstParam;

typedef VEC(AstParam) AstParams;

/* A clause of an experiment; span.file == 0: it was not written. */
typedef struct AstClause {
	Span span;
	AstExprs items; /* exactly one where the clause takes one */
} AstClause;

/* learn adam.lr in (1e-5, 1): a hyperparameter opened from outside. */
typedef struct AstOpen {
	AstName rule, param;
	AstLimits limits;
} AstOpen;

typedef struct AstExperiment {
	AstClause train;     /* one rule, as a name or a call */
	AstClause on;        /* objectives */
	AstClause score;     /* one expression of f */
	AstClause estimate;  /* one call */
	AstClause clip;      /* one number */
	AstClause augment;   /* calls */
	AstClause against;   /* rules */
	AstClause seed;      /* one number */
	AstClause seeds;     /* one number */
	AstClause search;    /* one word or call: how open expressions are searched */
	AstExpr *candidates; /* search ... for N candidates; NULL: that was left out */
	AstExpr *until;      /* search ... until E; NULL: that was left out */
	AstClause keep;      /* one number */
	AstClause average;   /* one number */
	AstClause patience;  /* one number */
	struct {
		Span span;
		Span fresh;                     /* of the word, where it stands before the count for train */
		AstExpr *train, *select, *test; /* NULL where not given */
	} problems;
	AstRange horizon;        /* low is NULL for a fixed one */
	AstExpr *select_horizon; /* horizon 40, 1000 select; NULL: that was left out */
	struct {
		Span span;
		AstExpr *rule;
		AstExpr *steps; /* NULL: `for n steps` was left out */
	} update;
	VEC(AstOpen) learn;
} AstExperiment;

typedef enum AstDeclKind {
	AST_IMPORT,
	AST_CONST,
	AST_FN,
	AST_OBJECTIVE,
	AST_OPTIMIZER,
	AST_EXPERIMENT,
} AstDeclKind;

typedef struct AstDecl {
	AstDeclKind kind;
	Span span;
	Span keyword;
	AstName name;      /* not for IMPORT */
	AstParams params;  /* FN, OBJECTIVE, OPTIMIZER */
	bool joint;        /* OPTIMIZER */
	uint32_t head_end; /* FN, OBJECTIVE, OPTIMIZER: where the parameters end, in bytes */
	bool unread;       /* something of it could not be read: what seems to be missing may have been there */
	bool head_unread;  /* so it is with its parameters */
	AstType type;      /* CONST */
	AstExpr *value;    /* CONST; FN written as `= expression`; IMPORT: an AST_TEXT */
	AstBlock body;     /* OBJECTIVE, OPTIMIZER; FN written with a block (value is NULL then) */
	AstExperiment *experiment;
} AstDecl;

typedef VEC(Span) AstComments; /* each from its `#` to the end of its line */

typedef struct AstFile {
	uint32_t source;
	VEC(AstDecl *) decls; /* in the order written */
	AstComments comments; /* likewise */
} AstFile;

/* ---- parser.c ---- */

/* Reads a whole source. Never NULL: what is wrong is in the session's diagnostics (codes E01xx). */
AstFile *ast_parse(Session *session, uint32_t source);
/* Reads a source that is one expression, such as `adam(lr = 0.1)` from the command line. Never NULL. */
AstExpr *ast_parse_expression(Session *session, uint32_t source);

/* ---- comment.c ---- */

/* The comments that tell of what is declared here, as one span: those on the lines directly above, or else the one behind it
 * on its line. file 0: none. */
Span ast_comment(const Session *session, const AstFile *file, Span declared);
/* The words of comments, without `#` and line breaks, in `arena`. */
const char *ast_comment_text(const Session *session, Span comments, Arena *arena);

/* ---- walk.c: its parts ---- */

typedef bool AstVisit(const AstExpr *x, void *context); /* x may be NULL */
/* Visits the direct parts of an expression until one visit says true. */
bool ast_any_part(const AstExpr *x, AstVisit *visit, void *context);
/* Visits the expressions of a statement, also of those inside of it, until one visit says true. */
bool ast_any_expr(const AstStmt *s, AstVisit *visit, void *context);

/* ---- bind.c: parentheses ---- */

/* How tightly an expression binds, the loosest first. */
typedef enum AstBind {
	AST_BIND_IF,
	AST_BIND_OR,
	AST_BIND_AND,
	AST_BIND_NOT,
	AST_BIND_COMPARE,
	AST_BIND_SUM,
	AST_BIND_PRODUCT,
	AST_BIND_NEG,
	AST_BIND_POWER,
	AST_BIND_ATOM
} AstBind;

AstBind ast_bind_of(const Session *session, const AstExpr *x);
/* What binds at least as tightly as this may stand in the place of a part of the rule, an operand or an alternative, without parentheses. */
AstBind ast_bind_needed(const AstDecl *rule, const AstExpr *part);
bool ast_returns(const AstBlock *block); /* has a `return`, under whatever condition */

/* ---- print.c: the tree as text, for tests and for people who look at it ---- */

void ast_print(const Session *session, const AstFile *file, Text *out);
void ast_print_expr(const Session *session, const AstExpr *expr, Text *out);
const char *ast_op_text(AstOp op);
const char *ast_stmt_word(AstStmtKind kind); /* "given", "minimize", ...; "<-" for ASSIGN */

#endif
