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
} Hyper;

/* What x, f and g stood for before x was a variable of its own. */
typedef struct Varied {
	uint32_t depth;
	Binding *bound[3];
	Value *value[3];
	bool used[3];
} Varied;

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
	uint32_t functions;   /* begun */
	VEC(IrValue) shares;  /* of the collectives, in step */
	VEC(Value *) states;  /* what they start from */
	uint32_t own_states;  /* the others are those of applied rules */
	VEC(Binding *) bound; /* the states, in step */
	uint32_t next_state;  /* of the rule that is applied next */
	uint32_t applied;     /* so many, in init */
	IrValue x, f, g;      /* of step: where it starts, and what it is given there */
	Value *residuals;     /* there; NULL: not asked for */
	Varied varied;
	ElabRule asked; /* what the elaborator asks of it */
} RuleElab;

/* rule.c: the frame of a function */
void rule_begin_function(RuleElab *r, IrBuilder *builder, const char *name, IrFunc **func);
/* The tables of which coordinate belongs to which tensor. */
void rule_begin_tensors(RuleElab *r);
Value *rule_like_x(RuleElab *r, IrValue value);
IrType rule_x_type(RuleElab *r);

/* rule_hyper.c */
bool rule_read_hypers(RuleElab *r);                                                /* false with diagnostics */
bool rule_limits(RuleElab *r, const AstLimits *limits, double *low, double *high); /* false: none, or reported */
void rule_bind_hypers(RuleElab *r, IrFunc *func);
Value *rule_whole_hyper(RuleElab *r, Value *v, Span span);

/* rule_learned.c */
void rule_build_theta(RuleElab *r);
void rule_build_natural(RuleElab *r);
void rule_bind_learned(RuleElab *r, IrFunc *func);

/* rule_state.c */
void rule_build_init(RuleElab *r);
/* States of `decl` in the current scope, then those of the rules it applies. */
void rule_init_states(RuleElab *r, const AstDecl *decl, const char *prefix);

/* rule_step.c */
void rule_build_step(RuleElab *r);
Value *rule_over_tensors(RuleElab *r, const Builtin *b, Value *v, Span span);

/* rule_evaluate.c */
Value *rule_evaluate(RuleElab *r, const Builtin *b, Value *y, Span span);
bool rule_derives(RuleElab *r, const Builtin *b, IrValue *when, Span span);
void rule_evaluate_start(RuleElab *r);
void rule_vary(RuleElab *r, const Symbol *x, const AstExpr *of, bool varies);
Value *rule_residuals(RuleElab *r, Span span); /* there */

/* rule_apply.c */
void rule_init_applied(RuleElab *r, const AstStmt *s, const char *prefix);
void rule_apply(RuleElab *r, const AstStmt *s);

#endif
