/* Private to rule*.c: a rule while it is being lowered. */
#ifndef GRADUS_RULE_H
#define GRADUS_RULE_H

#include "frontend/decl/decl.h"

typedef struct Hyper {
	Name name;
	const Symbol *symbol;
	Span span;
	double value;
	bool given, known, has_range;
	double low, high;
	bool as_int;
	Span at;                 /* of its value */
	const AstExpr *from;     /* what its value was made of; NULL if it has none */
	const AstLimits *limits; /* its range as written */
	int learned;             /* 1 + number among the learned values, if opened */
	Value *constant;
	Value *bound; /* in the function being built; NULL: it is learned */
} Hyper;

/* What x, f and g stood for before x was a variable of its own. */
typedef struct Varied {
	uint32_t depth;
	Binding *bound[3];
	Value *value[3];
	bool used[3];
} Varied;

/* A value that is combined over all tensors, or the place of an evaluation, which is made of those of all tensors. */
typedef struct RuleShare {
	bool evaluation;
	IrCombine combine;
	bool mean;
	IrType type;
	Span span;
} RuleShare;

/* A statement that draws, and the rules that it is applied by. */
typedef struct Drawn {
	const AstStmt *statement;
	const char *appliers;
} Drawn;

/* The tensors of one shape. */
typedef struct RuleShape {
	IrType type;          /* of each */
	int64_t n;            /* coordinates of each */
	uint32_t count;       /* tensors */
	VEC(int64_t) places;  /* where in x they begin */
	VEC(int64_t) numbers; /* which of the tensors of x they are */
	IrFunc *init, *step;  /* for these: x, g: [count, n], or [n] of a single one; so are states */
	uint32_t first_state, states;
	VEC(RuleShare) shared;
} RuleShape;

/* An `apply`, and where the states are that it leads to. */
typedef struct RuleApplied {
	Name place;
	uint32_t first, count;
	const char *appliers; /* in front of the names of what it draws */
} RuleApplied;

typedef struct RuleElab {
	Elab e;
	FeProgram *program;
	const FeCall *call;
	const AstDecl *decl;
	const Resolved *names;
	const FeTarget *target;
	FeRule *out;
	VEC(Hyper) hypers;
	const Name *open;
	uint32_t open_count;
	bool more_ints;
	bool symbolic;
	uint32_t functions;             /* begun */
	VEC(IrValue) shares;            /* what the step combines over tensors (all_sum, ...): each tensor's part */
	VEC(Value *) states;            /* what they start from */
	uint32_t own_states;            /* how many of them are the rule's own; those of applied rules follow */
	VEC(Binding *) bound;           /* the states, in step */
	uint32_t next_state;            /* the first state of the rule that is applied next, or of a block */
	VEC(const AstStmt *) in_blocks; /* by state: where it is declared, in a block; NULL: directly in a rule */
	/* A rule that looks at the axes of x is made for one shape after the other (rule_axes.c). */
	bool more_axes, by_shape; /* it turned out that it does; it is known that it does */
	Diag *said_axes;          /* what was said of axes that are not known */
	const RuleShape *shape;   /* which of them the function being built is for */
	VEC(RuleShare) shared;    /* by_shape: its collectives, in step */
	uint32_t applied;         /* rules that init has applied so far */
	Name place;               /* of the `apply` that leads here, by the numbers of those around; 0: none */
	VEC(RuleApplied) places;  /* every `apply` that init has come to */
	uint32_t loops, written, arms, sized_arms; /* around the `apply` that leads here */
	Name within;          /* the rule that is being applied, as the rules around call it: base.inner; 0: none */
	bool learning;        /* theta is being built */
	DrawKey key;          /* what is learned is drawn with it */
	VEC(Value *) starts;  /* of what is learned: where it starts; NULL after an error */
	VEC(Value *) learned; /* the same in init and step, as the rule uses it */
	IrValue x, f, g;      /* of step: where it starts, and what it is given there */
	Value *residuals;     /* there; NULL: not asked for */
	Varied varied;
	/* What is drawn (rule_draw.c): */
	bool draws;           /* something is, as it turned out */
	DrawKey step_key;     /* of the step */
	const char *appliers; /* the rules that are being applied, in front of the names of what they draw */
	VEC(Drawn) drawn;     /* by the step so far */
	FeHole *last_hole;    /* that the step has come to */
	bool in_hole;         /* operands are being read */
	bool searching;       /* all alternatives of its choices are made */
	VEC(Value *) choices; /* which alternative each is, in the function being built; none while theta is */
	ElabRule asked;       /* what the elaborator asks of it */
} RuleElab;

/* rule.c: the frame of a function */
void rule_begin_function(RuleElab *r, IrBuilder *builder, const char *name, IrFunc **func);
/* The tables of which coordinate belongs to which tensor. */
void rule_begin_tensors(RuleElab *r);
Value *rule_like_x(RuleElab *r, IrValue value);
IrType rule_x_type(RuleElab *r);

/* rule_hyper.c */
bool rule_read_hypers(RuleElab *r);        /* false with diagnostics */
bool rule_is_argument(const Hyper *hyper); /* of its functions at run time: real, known, and not learned */
const Hyper *rule_rate(
	const RuleElab *r); /* the first argument that is called like a rate and not given by the call; NULL */
void rule_bind_hypers(RuleElab *r, IrFunc *func);
Value *rule_whole_hyper(RuleElab *r, Value *v, Span span);

/* rule_learned.c */
void rule_build_theta(RuleElab *r);
void rule_build_natural(RuleElab *r);
void rule_bind_learned(RuleElab *r, IrFunc *func);
/* What a rule that is applied learns: where it starts, while theta is built; its names, in init and step. */
void rule_learn_applied(RuleElab *r, const AstDecl *decl, Span span);
void rule_bind_applied(RuleElab *r, const AstDecl *decl);
/* A hyperparameter of a rule that is a parameter, opened from outside as base.lr, or exposed: its value instead of `v`, which it starts
 * from. */
Value *rule_opened(RuleElab *r, const AstDecl *decl, const AstParam *p, Value *v, Span span);
/* Everything that was to be opened of rules that are parameters was found, or is reported. */
void rule_check_opened(const RuleElab *r);
/* Does it learn, or apply other rules, which may learn? */
bool rule_may_learn(const RuleElab *r, const AstDecl *decl);

/* rule_state.c */
void rule_build_init(RuleElab *r);
/* States of `decl` in the current scope, then those of the rules it applies. */
void rule_init_states(RuleElab *r, const AstDecl *decl, const char *prefix);
/* A state in a block, where the step comes to it. */
void rule_meet_state(RuleElab *r, const AstStmt *s);

/* rule_step.c */
void rule_build_step(RuleElab *r);
Value *rule_over_tensors(RuleElab *r, const Builtin *b, Value *v, Span span);

/* rule_axes.c */
void rule_ask_axes(RuleElab *r, Span span);
/* What stands under a condition may do so once the axes of x are known. true: they are asked for. */
bool rule_may_know_more(RuleElab *r);
/* init and step of a rule that is made by shapes. */
void rule_build_by_shape(RuleElab *r);
/* A value of each tensor of this shape, combined over all tensors. */
Value *rule_over_shapes(RuleElab *r, IrCombine combine, bool mean, Value *v, Span span);
/* The same of an evaluation: `at` and g are those of the tensors of this shape. false with a diagnostic. */
bool rule_share_place(RuleElab *r, IrValue at, Span span, IrValue *f, IrValue *g);
/* What differs between tensors has this axis in front: the variables that emit_whole and value_from_whole are given. */
Var *const *rule_leading(RuleElab *r, uint32_t *count);

/* rule_evaluate.c */
Value *rule_evaluate(RuleElab *r, const Builtin *b, Value *y, Span span);
bool rule_derives(RuleElab *r, const Builtin *b, IrValue *when, Span span);
void rule_evaluate_start(RuleElab *r);
void rule_vary(RuleElab *r, const Symbol *x, const AstExpr *of, bool varies);
Value *rule_residuals(RuleElab *r, Span span); /* there */

/* rule_draw.c */
void rule_begin_draws(RuleElab *r, Ex *step);
void rule_draw(RuleElab *r, const AstStmt *s);

/* rule_hole.c */
Value *rule_discover(RuleElab *r, const AstExpr *x);

/* rule_choose.c */
bool rule_chooses(const RuleElab *r, const AstDecl *decl);
/* Notes the choices of a rule, or of one that it applies, once; before functions are begun. */
void rule_collect_choices(RuleElab *r, const AstDecl *decl);
/* What picks, behind the hyperparameters; `func` NULL: nothing is picked there. */
void rule_bind_choices(RuleElab *r, IrFunc *func);
/* The same among the hyperparameters of the rule, where all alternatives are made. */
void rule_finish_choices(RuleElab *r);
Value *rule_choose(RuleElab *r, const AstExpr *x);
/* apply choose { a, b }: as rule_init_applied, rule_apply and rule_applied */
void rule_init_chosen(RuleElab *r, const AstStmt *s, const char *prefix);
void rule_apply_chosen(RuleElab *r, const AstStmt *s);
void rule_chosen_changes(RuleElab *r, const AstStmt *s, Bindings *out);

/* rule_apply.c */
bool rule_known_later(Elab *e, const AstExpr *x); /* it mentions what has no value in the function being built */
void rule_init_applied(RuleElab *r, const AstStmt *s, const char *prefix);
void rule_apply(RuleElab *r, const AstStmt *s);
void rule_applied(RuleElab *r, const AstStmt *s, Bindings *out);

#endif
