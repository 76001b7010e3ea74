/* Private to the reading half of this folder: tokens, the parser's state, and what its files offer one another.
 *
 * source ── lexer.c ──▶ tokens ── brackets.c ──▶ balanced tokens ── parse_*.c ──▶ tree (ast.h)
 *
 * Because brackets.c repairs and reports every unbalanced bracket first, the parser can rely on each opener having
 * its partner, and leaves a broken list or block by jumping there. */
#ifndef GRADUS_PARSER_H
#define GRADUS_PARSER_H

#include "frontend/limits.h"
#include "frontend/syntax/ast.h"

/* ---- tokens ---- */

/* Words that may never be names have rows of their own; all other words are NAME, and contexts compare their text. */
#define TOKENS(ROW)                                                                                                    \
	ROW(END, "the end of the file")                                                                                    \
	ROW(NAME, "a name")                                                                                                \
	ROW(NUMBER, "a number")                                                                                            \
	ROW(TEXT, "a text")                                                                                                \
	ROW(LPAREN, "(")                                                                                                   \
	ROW(RPAREN, ")")                                                                                                   \
	ROW(LBRACKET, "[")                                                                                                 \
	ROW(RBRACKET, "]")                                                                                                 \
	ROW(LBRACE, "{")                                                                                                   \
	ROW(RBRACE, "}")                                                                                                   \
	ROW(COMMA, ",")                                                                                                    \
	ROW(COLON, ":")                                                                                                    \
	ROW(DOT, ".")                                                                                                      \
	ROW(DOTDOT, "..")                                                                                                  \
	ROW(TILDE, "~")                                                                                                    \
	ROW(EQUALS, "=")                                                                                                   \
	ROW(ARROW, "<-")                                                                                                   \
	ROW(OP_EQUALS, "+=")                                                                                               \
	ROW(PLUS, "+")                                                                                                     \
	ROW(MINUS, "-")                                                                                                    \
	ROW(STAR, "*")                                                                                                     \
	ROW(SLASH, "/")                                                                                                    \
	ROW(SLASHSLASH, "//")                                                                                              \
	ROW(PERCENT, "%")                                                                                                  \
	ROW(CARET, "^")                                                                                                    \
	ROW(AT, "@")                                                                                                       \
	ROW(LT, "<")                                                                                                       \
	ROW(LE, "<=")                                                                                                      \
	ROW(GT, ">")                                                                                                       \
	ROW(GE, ">=")                                                                                                      \
	ROW(EQ, "==")                                                                                                      \
	ROW(NE, "!=")                                                                                                      \
	ROW(AND, "and")                                                                                                    \
	ROW(OR, "or")                                                                                                      \
	ROW(NOT, "not")                                                                                                    \
	ROW(IF, "if")                                                                                                      \
	ROW(THEN, "then")                                                                                                  \
	ROW(ELSE, "else")                                                                                                  \
	ROW(TRUE, "true")                                                                                                  \
	ROW(FALSE, "false")

/* becomes TOKEN_END, TOKEN_NAME, ... */
#define TOKEN_ENUM(id, text) TOKEN_##id,
typedef enum TokenKind { TOKENS(TOKEN_ENUM) TOKEN_COUNT } TokenKind;
#undef TOKEN_ENUM

typedef struct Token {
	TokenKind kind;
	uint32_t start, end; /* bytes in the source */
	Name name;           /* NAME and the reserved words */
	uint32_t comments;   /* how many comments stand before it in the file */
	uint32_t partner;    /* brackets: index of the other one, set by brackets.c */
	bool line_start;     /* the first of its line */
	bool after_error;    /* something was dropped just before: whatever is wrong here has been reported */
	bool invented;       /* a closing bracket that brackets.c put in; empty, and already reported */
} Token;

typedef VEC(Token) Tokens;

/* Reads a source into tokens, ending with END, and comments. Reports E0102 to E0107; what it repairs reads on as meant. */
void lex_source(Session *session, uint32_t source, Tokens *tokens, AstComments *comments);
/* Makes all brackets pair up, inventing closing ones and dropping stray ones, and reports each (E0108, E0109). */
void lex_balance(Session *session, uint32_t source, Tokens *tokens);
/* One more error of a source? Not beyond PARSE_MAX_ERRORS. */
bool lex_may_report(const Session *session, uint32_t errors_before);
bool lex_is_word(const Source *source, const Token *token, const char *word);
/* A word that opens a statement or a clause when a name or number follows: let, minimize, horizon, ... */
bool lex_is_statement_word(const Source *source, const Token *token);
/* Does this token open a top-level declaration? */
bool lex_opens_declaration(const Source *source, const Token *tokens, uint32_t at);

/* ---- the parser ---- */

typedef enum BodyKind { BODY_FN, BODY_OBJECTIVE, BODY_OPTIMIZER } BodyKind;

typedef struct Parser {
	Session *session;
	Arena *arena;
	const Source *source;
	uint32_t file;
	const Token *tokens; /* balanced */
	AstComments comments;
	uint32_t count, at;
	uint32_t brackets;      /* inside `( [` and `choose {`, where line ends mean nothing, this is > 0 */
	uint32_t nesting;       /* of the recursion, bounded */
	uint32_t errors_before; /* of the session, when this source was begun */
	uint32_t failed_at;     /* 1 + the token at which something was missing last, which was reported; 0: none */
	bool panic; /* something was reported, and until a place is reached from where to go on, nothing else is */
	BodyKind body;
	uint32_t statement; /* the token that the current statement starts with */
	uint32_t blocks;    /* loops, branches and `each` around the current statement */
	uint32_t loops;     /* loops alone */
} Parser;

/* parser.c: looking and moving */
const Token *parse_peek(const Parser *p);
const Token *parse_ahead(const Parser *p, uint32_t by);
void parse_advance(Parser *p);
bool parse_accept(Parser *p, TokenKind kind);
bool parse_at(const Parser *p, TokenKind kind);
bool parse_at_word(const Parser *p, const char *word);
bool parse_accept_word(Parser *p, const char *word);
/* At a line end that means something, or at the end of the block or file. */
bool parse_at_break(const Parser *p);
Span parse_span(const Parser *p, const Token *token);
Span parse_here(const Parser *p);     /* the current token; after a break, the place where the line ended */
Span parse_previous(const Parser *p); /* the last token read */
Span parse_from(const Parser *p, Span start);
/* "`x`", "the number `3`", "the end of the line", for messages */
const char *parse_found(const Parser *p);
const char *parse_slice(const Parser *p, Span span); /* the source text there */

/* parser.c: complaining. Both are silent (and give NULL) in a panic; parse_error starts one. */
Diag *parse_error(Parser *p, int code, Span span, const char *format, ...) BASE_PRINTF(4, 5);
Diag *parse_complain(Parser *p, int code, Span span, const char *format, ...) BASE_PRINTF(4, 5);
void parse_help(Parser *p, Diag *diag, const char *format, ...) BASE_PRINTF(3, 4);
/* Expects the partner of the bracket at index `open` and goes behind it in any case; the panic ends there. */
void parse_close(Parser *p, uint32_t open, const char *expected);
/* Goes over the current token, and over everything in brackets if it opens some. */
void parse_skip(Parser *p);
/* After an element of a list: goes to the next comma or the bracket's partner if there was a panic. True if a comma
 * was taken and another element may follow. */
bool parse_next_element(Parser *p, uint32_t open);
/* Complains if the current token, which continues the line above, is the first of its line. */
void parse_refuse_line_start(Parser *p);
/* Ends a statement: complains about what is left of it, and goes to the next one. */
void parse_end_statement(Parser *p);
bool parse_enter(Parser *p); /* one level deeper; reports and gives false when too deep. Pair with parse_leave */
void parse_leave(Parser *p);
/* A name, not a reserved word; `what` names it in messages ("an index name"). */
AstName parse_name(Parser *p, const char *what);
AstName parse_new_name(Parser *p, const char *what); /* one that is being declared: not that of a reduction */

/* parse_expr.c */
AstExpr *parse_expression(Parser *p);
AstExpr *parse_value(Parser *p, const char *what); /* an expression that has to start on this line */
AstExpr *parse_new_expr(Parser *p, AstExprKind kind, Span span, uint32_t depth); /* on top of trees `depth` high */
AstExpr *parse_bad(Parser *p, Span span);
uint32_t parse_deeper(uint32_t depth, const AstExpr *expr); /* the larger of depth and the height of expr (or NULL) */

/* parse_primary.c */
AstExpr *parse_postfix(Parser *p);                /* a primary with its calls and indices: a target of `<-` */
AstExpr *parse_call(Parser *p, const char *what); /* name(args); a lone name is complained about */
AstExpr *parse_primary(Parser *p);

/* parse_foreign.c: what other languages have, at the `(` or `.` behind a value; reported, and read over */
AstExpr *parse_call_of_value(Parser *p, AstExpr *callee);
AstExpr *parse_member(Parser *p, AstExpr *owner);
const char *parse_foreign_statement(
	const char *word); /* what to write in its place; NULL: no statement of other languages */
/* A block that has no brace but stands further right, with or without a `:` before it: reported, goes to its first token and gives the
 * index of the one behind it. 0: there is none. */
uint32_t parse_indented(Parser *p, const char *after);

/* parse_items.c: each from behind the bracket at index `open` to behind its partner */
void parse_arguments(Parser *p, uint32_t open, AstArgs *args);
AstItems parse_index_items(Parser *p, uint32_t open); /* A[i, a..b, :] */
AstItems parse_head_items(Parser *p, uint32_t open);  /* let z[i in n, j] */
AstRange parse_range(Parser *p, bool needs_low);      /* a..b, or b alone unless needs_low */
bool parse_at_index_name(const Parser *p);            /* a name and then `,`, `]` or `in` */
AstItem parse_index_name(Parser *p);                  /* `i` or `i in range`, once that is known to stand here */

/* parse_stmt.c */
/* The `{` of a block: goes behind it and gives its index; 0, leaving a panic, if there is none. */
uint32_t parse_open_block(Parser *p, const char *after);
/* `{ statements }`; `after` says behind what, for messages. Leaves a panic if there is no block. */
AstBlock parse_block(Parser *p, const char *after);

/* parse_declare.c */
void parse_declare(Parser *p, AstStmt *stmt); /* behind the keyword; stmt->kind is set */
AstLimits parse_limits(Parser *p);            /* after `in`: (low, high) */
AstType parse_type(Parser *p);                /* after `:` */

/* parse_experiment.c */
AstExperiment *parse_experiment(Parser *p);

#endif
