/* names: the files of a program, what is declared in them, what every name stands for, and what is noted of each place.
 *
 *     tree ── resolve.c ──▶ symbols, by the numbers of expressions and names
 *
 * A symbol is what a name can stand for: something that is declared at one place of a program, or a word of the language.
 * Pieces of the tree are numbered (AstExpr.id, AstName.id; no number is used twice in a session), and a table of the program
 * holds the symbol of each number: of a name that is declared, of a name that is used, of a call the symbol of what is
 * called. All that follows reads the table; no name is looked up by its spelling again.
 *
 * A name is known from its declaration on, to the end of its block; `learn` and `state` in the whole rule. Names are not
 * hidden: one that is there already is reported where it is declared again. Declarations are resolved when they are first
 * needed, with all that they mention.
 *
 * Programs, symbols and what is said of them live as long as the session; typing's notes as long as the arena that they are
 * given. What is wrong is in the session's diagnostics, once. */
#ifndef GRADUS_NAMES_H
#define GRADUS_NAMES_H

#include "frontend/limits.h"
#include "frontend/names/program.h"
#include "frontend/std/std.h"

/* ---- symbols ---- */

/* becomes SYMBOL_UNKNOWN, SYMBOL_DECL, ... */
#define SYMBOL_ENUM(id, word) SYMBOL_##id,
#define SYMBOL_KINDS(ROW)                                                                                              \
	ROW(UNKNOWN, "unknown")         /* nothing declares it, or it cannot stand here: reported */                       \
	ROW(DECL, "declaration")        /* a constant, function, objective, optimizer or experiment */                     \
	ROW(BUILTIN, "of the language") /* sin, pi, normal */                                                              \
	ROW(ARGUMENT, "parameter")      /* of a function */                                                                \
	ROW(HYPER, "hyperparameter")    /* of an objective or a rule */                                                    \
	ROW(GIVEN, "given")                                                                                                \
	ROW(DATA, "data")                                                                                                  \
	ROW(BATCH, "batch")                                                                                                \
	ROW(EXTENT, "extent") /* a dimension of data that its file will tell */                                            \
	ROW(PARAM, "param")                                                                                                \
	ROW(LEARNED, "learn")                                                                                              \
	ROW(STATE, "state")                                                                                                \
	ROW(LET, "let")                                                                                                    \
	ROW(VAR, "var")                                                                                                    \
	ROW(INDEX, "index")                                                                                                \
	ROW(COUNTER, "loop counter")                                                                                       \
	ROW(X, "what the rule moves")                                                                                      \
	ROW(STEP, "what a step is given") /* g, f, t, horizon */

typedef enum SymbolKind { SYMBOL_KINDS(SYMBOL_ENUM) SYMBOL_KIND_COUNT } SymbolKind;
#undef SYMBOL_ENUM

typedef struct Symbol {
	SymbolKind kind;
	Name name;
	uint32_t number;        /* from 1, unique in the session */
	Span span;              /* where it is declared; file 0: nowhere */
	const AstDecl *decl;    /* DECL: itself; NULL: of the language; otherwise the declaration that it is in */
	const AstStmt *stmt;    /* that declares it; NULL: none */
	const Builtin *builtin; /* BUILTIN: its row; NULL: a distribution */
	bool direct;            /* stands directly in its declaration, or in an `each` there */
	bool name_taken;        /* another symbol has its name, which was reported: nothing stands for this one */
	bool differentiates;    /* something is differentiated by it: grad(E, v) */
	bool is_value;          /* ARGUMENT, HYPER: it is used as a value somewhere ... */
	const AstExpr *call;    /* ... it is called there; NULL: nowhere */
	bool no_value;          /* nothing is known of its value, which was reported: uses of it are not complained about */
} Symbol;

/* What a rule is given, in the order in which a step takes it. */
typedef enum RuleName {
	RULE_X,
	RULE_G,
	RULE_F,
	RULE_T,
	RULE_HORIZON,
	RULE_RESIDUALS, /* of an objective that says what they are; what a rule declares may have this name */
	RULE_NAME_COUNT
} RuleName;
extern const char *const symbol_rule_names[RULE_NAME_COUNT];

typedef enum Soundness { SOUNDNESS_UNKNOWN, SOUND, UNSOUND } Soundness;

/* A declaration whose names are known. */
typedef struct Resolved {
	const AstDecl *decl;
	Symbol *rule[RULE_NAME_COUNT]; /* OPTIMIZER */
	VEC(const AstDecl *) mentions; /* constants, functions and rules that it mentions, as often as it does */
	bool reads_residuals;          /* OPTIMIZER */
	bool wrong;                    /* errors were found in it */
	Soundness soundness;           /* of it and all that it mentions: resolve_is_sound */
} Resolved;

/* Of a program. */
typedef struct Symbols {
	Symbol **at; /* by the numbers of pieces of the tree */
	uint32_t capacity;
	NameMap builtin;   /* words of the language */
	NameMap resolved;  /* Resolved, by the numbers of the names of declarations */
	NameMap arguments; /* of calls of functions, by their numbers: const AstExpr *[params], NULL for a default */
	NameMap loose;     /* expressions outside of declarations that were resolved */
	NameMap given;     /* those of them that are given for parameters; kept when all else is resolved again */
	uint32_t count;
} Symbols;

/* ---- program.c, declarations.c: files, and declarations by name ---- */

typedef struct FileId { /* of a file, under all its names */
	uint64_t device, number;
	uint32_t source;
} FileId;

/* What a file declares, and which files it imports. */
typedef struct FileNames {
	bool named;                          /* by the user, and not only by an import */
	VEC(struct FileNames *) imports;     /* in the order of the text */
	NameMap by_name;                     /* the first of each name */
	NameMap by_kind[AST_EXPERIMENT + 1]; /* the same of one kind */
	uint64_t epoch;                      /* of the last search that met it */
} FileNames;

typedef struct Library {
	FeStdEntries entries;
	VEC(Name) names;            /* of the entries */
	NameMap by_name;            /* the number of an entry + 1 */
	NameMap read;               /* the declarations of entries that were read */
	VEC(const AstFile *) files; /* the same, each a file of its own */
} Library;

struct FeProgram {
	Session *session;
	VEC(AstFile *) files;
	VEC(const AstDecl *) user;
	Library *library;
	VEC(FileNames *) names;     /* of the user's files ... */
	NameMap names_of;           /* ... by their sources */
	NameMap by_name;            /* the first declaration of each name of the user's ... */
	NameMap several;            /* ... and names that have several */
	VEC(FileNames *) near, far; /* of a search for what a name means */
	uint64_t searches;
	NameMap numbers[2];    /* values of constants that are one number, in f32 and f64, by the numbers of their names */
	NameMap said_wrong[2]; /* the Diags of constants that cannot be made, likewise */
	NameMap said_missing[AST_EXPERIMENT + 1]; /* what was said of names that no declaration of a kind has */
	VEC(const Diag *) not_known;              /* errors that say no more than that a number is not known at a place */
	bool differentiates;                      /* `grad` or its like stands somewhere in it */
	NameMap written_out;                      /* functions that some call was typed of, by the numbers of their names */
	NameMap recursions;                       /* what was said of functions that call themselves, likewise */
	bool broken;                              /* something did not read */
	Symbols symbols;                          /* what names stand for */
	FeLoader *loader;
	void *loader_context;
	FeDataReader *data;
	void *data_context;
	FeFinder *finder;
	void *finder_context;
	VEC(FileId) read; /* the files that were read, however they were named */
	FePick *picks;    /* choices that are made from outside */
	uint32_t pick_count;
	VEC(FeChoiceSeen) choices; /* of the rules of its files, where picks are asked for */
	struct FeProgram *origin;  /* the program that this one is a copy of, with choices made; NULL: none */
};

/* chosen.c: a source with the choices made that the program has picks for; `source` itself where there are none. */
uint32_t program_chosen(FeProgram *program, uint32_t source);
/* What the program that this one is a copy of has read; 0: nothing. */
uint32_t program_read_before(FeProgram *program, FileId id);
/* program.c: a file that another program was given by name. */
void program_add_again(FeProgram *program, uint32_t source);

/* A path that a source gives, from the folder of that source, and as the program's finder has it; NULL with *problem. */
const char *program_beside(FeProgram *program, uint32_t source, const char *path, const char **problem);
/* The names of a file, entered if they are not there yet. */
FileNames *program_names(FeProgram *program, uint32_t source);
/* Enters the declarations of a file; a name that is declared twice is reported. */
void program_declare(FeProgram *program, const AstFile *file);
/* What a name means where `source` says it: what that file declares; otherwise what the files declare that it imports, otherwise what
 * those declare that these import, and so on; otherwise what is declared in another file of the program; otherwise what the library has.
 * What no file of the program says, the command line for one, begins at the files that the user named. NULL: nothing. *other: another
 * one that is as near; NULL if there is none. */
const AstDecl *program_find(const FeProgram *program, uint32_t source, Name name, const AstDecl **other);
/* The declaration of this name and kind; of another kind if there is none; NULL if nothing has the name. */
const AstDecl *program_find_kind(const FeProgram *program, uint32_t source, Name name, AstDeclKind kind,
                                 const AstDecl **other);
/* Reports a name that means two things. */
void program_say_ambiguous(FeProgram *program, Span span, const AstDecl *first, const AstDecl *other);

/* ---- library.c ---- */

Library *program_library(Session *session);
/* Reads the entry, if nobody has named it before; NULL: there is none. */
const AstDecl *program_find_library(Session *session, Library *library, Name name);
bool program_is_library(const Session *session, const AstDecl *decl);
/* What was said since `mark` of the text of the library alone is due to how it is used, at `use`: a label says so. One argument is wrong
 * at many places: of mistakes of one kind the first is enough. */
void program_say_use(Session *session, DiagMark mark, Span use);

/* ---- call.c: calls of declarations ---- */

/* The number of a parameter, params.count if there is none of this name. `places`: of this declaration, zeroed at first. */
uint32_t program_param_place(const AstDecl *decl, NameMap *places, Arena *arena, Name wanted);
/* The parameter whose name is spelled most alike; 0: none is. */
Name program_nearest_param(Session *session, const AstDecl *decl, Name wanted);
/* As fe_call, for an expression of a body, whose names are resolved with it. */
bool program_call(FeProgram *program, const AstExpr *expr, AstDeclKind kind, FeCall *out);
/* The arguments of a call in the order of the parameters, params.count of them; NULL: by default. false with diagnostics. */
bool program_arguments(FeProgram *program, const FeCall *call, const AstExpr **out);

/* ---- resolve.c: what names stand for ---- */

/* Finds the names of a declaration and of all that it mentions, once. */
const Resolved *resolve_decl(FeProgram *program, const AstDecl *decl);
/* Resolves it; false if there are errors in it or in what it mentions. */
bool resolve_is_sound(FeProgram *program, const AstDecl *decl);
/* An expression outside of all bodies: of an experiment or the command line. */
void resolve_expr(FeProgram *program, const AstExpr *x);
/* The same for what is given for a parameter, which may be the name of a function. */
void resolve_given(FeProgram *program, const AstExpr *x);
/* Resolves what resolve_given has once met, if that was forgotten since; nothing else. */
void resolve_given_still(FeProgram *program, const AstExpr *x);
/* Files were added: what a name stands for may have changed. */
void resolve_again(FeProgram *program);
/* The arguments of a call of a function in the order of its parameters; NULL: they do not fit, which was reported. */
const AstExpr *const *resolve_arguments(const FeProgram *program, const AstExpr *call);
void resolve_set_arguments(FeProgram *program, const AstExpr *call, const AstExpr **args);
/* What is written out of others, with all symbols set: `mentions` are those of the declarations that it is made of. */
void resolve_set_decl(FeProgram *program, Resolved resolved);
/* The same where what is called is known by its value only: a function that a parameter holds. */
const AstExpr *const *resolve_arguments_of(FeProgram *program, const AstDecl *fn, const AstExpr *call);
/* As many arguments as a word of the language takes, none of them by name: false with a diagnostic. */
bool resolve_fits(FeProgram *program, const Builtin *b, const AstExpr *call);

/* ---- symbols.c, uses.c: the table, and who mentions and assigns what ---- */

/* What the piece of the tree of this number stands for; NULL: nothing, or it was not resolved. */
Symbol *symbol_at(const FeProgram *program, uint32_t id);
void symbol_set(FeProgram *program, uint32_t id, Symbol *symbol); /* id 0: of no piece of the tree, does nothing */
Symbol *symbol_new(FeProgram *program, Symbol like);              /* a copy with a number of its own */
/* A word of the language: of builtins.def, or a distribution where one is called. NULL: none. */
Symbol *symbol_of_builtin(FeProgram *program, Name name, bool called);
const char *symbol_word(const Symbol *symbol); /* of its kind: "let", "loop counter" */
bool symbol_is_local(const Symbol *symbol);    /* is declared inside of a body, and so has its value there */
bool symbol_may_change(const Symbol *symbol);  /* can be assigned */
/* Every name that is used, and every call, at any depth: what it stands for. Not what is declared, nor called by `~`. */
typedef void SymbolSeen(const Symbol *symbol, Span span, void *context);
void symbol_visit_expr(const FeProgram *program, const AstExpr *x, SymbolSeen *visit, void *context);
void symbol_visit_stmt(const FeProgram *program, const AstStmt *s, SymbolSeen *visit, void *context);
/* What a call of `grad` or its like is by; NULL: this is none. */
const Symbol *symbol_differentiated_by(const FeProgram *program, const AstExpr *x);
/* What stands on the left of an arrow, once each, in the order of the text. */
typedef VEC(const Symbol *) Assigned;
Assigned symbol_assigned_by(const FeProgram *program, Arena *arena, const AstStmt *s);
Assigned symbol_assigned_in(const FeProgram *program, Arena *arena, const AstBlock *block);

/* ---- foreign.c: words of other languages ---- */

/* What is written here for such a word; NULL for any other word. A help for a value or a function, the name of a rule of the
 * library, the name that a hyperparameter mostly has here. */
const char *foreign_value(const char *word);
const char *foreign_rule(const char *word);
const char *foreign_distribution(const char *word);
const char *foreign_param(const char *word);

/* ---- typing.c: what is found out about an instantiation before any IR is made of it ----
 *
 * A declaration with arguments is elaborated twice, by the same rules. The first time, typing, makes no IR: where a value would be
 * computed, a nameless one of its type takes its place. All mistakes are found then, and what takes trying is written down:
 * the ranges of indices, loops whose turns have to be written out, hyperparameters that have to be whole numbers. The second
 * time, lowering, reads that, tries nothing and finds no mistake. `check` types and lowers nothing.
 *
 * A function is written out at every call, and a loop perhaps at every turn, so one place of the text may have several
 * ranges. A Path tells them apart: the calls and turns that led there. */

typedef enum LoopForm { LOOP_NOT_TYPED, LOOP_OF_IR, LOOP_WRITTEN_OUT } LoopForm;

typedef struct Path Path;
struct Path {
	NameMap inside; /* paths, by the numbers of calls, functions and turns */
	NameMap ranges; /* IndexRange, by the numbers of symbols */
	NameMap loops;  /* LoopForm, by the numbers of their counters' names */
};

typedef struct IndexRange {
	int64_t low, extent; /* extent: maybe DIM_X (value.h) */
} IndexRange;

/* What a file gives for a learned value. */
typedef struct TypedWeights {
	IrType type;
	const double *data;
} TypedWeights;

typedef struct Typing {
	Arena *arena;
	Path root;
	NameMap whole;           /* hyperparameters that have to be whole numbers, by the numbers of their symbols */
	const AstDecl *by_shape; /* the rule, if it is made for one shape of x after the other */
	const AstDecl *draws;    /* the rule, if its step draws random numbers */
	NameMap weights;         /* TypedWeights, by the numbers of the names that are learned */
	bool wants_types;        /* of all expressions, for people */
	NameMap types;           /* texts, by the numbers of expressions */
	NameMap symbol_types;    /* likewise of symbols */
} Typing;

Typing *typing_new(Arena *arena); /* the notes; what typing computes lies elsewhere */
/* The path that leads on from here through the piece of the tree of this number, or a turn, from 1. */
Path *typing_inside(Typing *t, Path *path, uint32_t number);
void typing_set_range(Typing *t, Path *path, const Symbol *index, IndexRange range);
IndexRange typing_range(const Path *path, const Symbol *index); /* panics if nothing was written down */
void typing_set_loop(Typing *t, Path *path, uint32_t counter, LoopForm form);
LoopForm typing_loop(const Path *path, uint32_t counter);
void typing_set_by_shape(Typing *t, const AstDecl *rule);
bool typing_is_by_shape(const Typing *t, const AstDecl *rule);
void typing_set_draws(Typing *t, const AstDecl *rule);
bool typing_draws(const Typing *t, const AstDecl *rule);
void typing_set_whole(Typing *t, const Symbol *hyper);
bool typing_is_whole(const Typing *t, const Symbol *hyper);
/* Types as texts; "a or b" where an expression has several, NULL where it has none. */
void typing_note(Typing *t, NameMap *types, uint32_t number, const char *text);
const char *typing_type(const Typing *t, uint32_t expression);
const char *typing_symbol_type(const Typing *t, const Symbol *symbol);

#endif
