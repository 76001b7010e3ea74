/* Private to rule*.c: a rule while it is being lowered. */
#ifndef GRADUS_RULE_H
#define GRADUS_RULE_H

#include "frontend/meaning/elab.h"

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

struct RuleElab {
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
	bool in_step;
};

/* rule.c */
bool limits_of(RuleElab *r, const AstLimits *limits, double *low, double *high);
void bind_hypers(RuleElab *r, IrFunc *func);
void begin_function(RuleElab *r, IrBuilder *builder, const char *name, IrFunc **func);
void begin_tensors(RuleElab *r);
/* States of `decl` in the current scope, then those of the rules it applies. */
void init_states(RuleElab *r, const AstDecl *decl, const char *prefix);

/* rule_apply.c */
void init_applied(RuleElab *r, const AstStmt *s, const char *prefix);

/* rule_learned.c */
void build_theta(RuleElab *r);
void build_natural(RuleElab *r);
void bind_learned(RuleElab *r, IrFunc *func);

#endif
