/* decl: declarations as a whole: objectives, rules, experiments; checking them; what is at a place.
 *
 * objective*.c and rule*.c make the functions of the IR that frontend.h describes, out of the values that meaning/ gives for
 * their statements. Each is typed first, and lowered if nothing was wrong. */
#ifndef GRADUS_DECL_H
#define GRADUS_DECL_H

#include "frontend/frontend.h"
#include "frontend/meaning/elab.h"

/* Typed only: their functions have no ops and cannot run; they live as long as the module. NULL with diagnostics. */
FeObjective *objective_typed(FeProgram *program, IrModule *module, const FeCall *call, IrScalar real, Typing *typing);
FeRule *rule_typed(FeProgram *program, IrModule *module, const FeCall *call, const FeTarget *target, IrScalar real,
                   const Name *open, uint32_t open_count, Typing *typing);

/* ---- rule_hole.c ---- */

/* Has it no open expression? Reported otherwise. */
bool rule_is_closed(Session *session, const FeRule *rule);

/* ---- experiment.c, experiment_search.c, experiment_estimate.c ---- */

/* A number of an experiment, which is a constant expression. false with a diagnostic. */
bool experiment_number(FeProgram *program, const AstExpr *expr, double *out);
/* How the experiment searches; what it does not say is as usual. false with diagnostics. */
bool experiment_search(FeProgram *program, const AstExperiment *x, FeSearch *out);
/* After the horizon and the score. false with diagnostics. */
bool experiment_estimate(FeProgram *program, const AstExperiment *x, FeExperiment *out);

/* ---- check.c ---- */

extern const FeTarget check_tensors; /* what a rule is checked on where no objective is known */

/* ---- hyper.c ---- */

/* The value of a hyperparameter of a call: of its argument or default `x`, which is known now. The bad value with a diagnostic, also
 * where `x` is NULL: neither was given. */
Value *hyper_constant(Elab *e, const FeCall *call, const AstParam *p, const AstExpr *x);

/* ---- limits.c: `in (0, 1)`, of what is learned or optimized ---- */

/* What is written; false: nothing, or it leaves no room, which was reported. */
bool limits_stated(Elab *e, const AstLimits *limits, double *low, double *high);
/* How a value inside of them is kept (limited: of these; otherwise as it is). false with a diagnostic: they cannot be kept in this
 * precision. */
bool limits_set(Elab *e, bool limited, double low, double high, Span span, FeLimits *out);
/* Is a known start, as it was written, inside of them? */
bool limits_have_inside(const AstExpr *start, double value, const AstLimits *limits, double low, double high);
/* Whether a declaration starts inside of its limits; false with a diagnostic. What is not known is left to the run. */
bool limits_hold_start(Elab *e, const AstDeclare *d, const FeLimits *limits, const Value *start);
/* From a value to the number that may be any, and back. What is not inside of its limits becomes NaN. */
Ex *limits_unconstrained(Elab *e, const FeLimits *l, Ex *v);
Ex *limits_natural(Elab *e, const FeLimits *l, Ex *free);

/* ---- unused.c ---- */

/* Warns of what an objective or a rule without errors declares and does not use. */
void check_unused(FeProgram *program, const AstDecl *decl);

/* ---- stages.c: when the statements of an objective are computed ---- */

typedef enum Stage { STAGE_CONST, STAGE_SETUP, STAGE_VALUE } Stage;

typedef struct StageName {
	const Symbol *symbol;
	Stage stage;
	bool needed;           /* made by setup, and read by value or start */
	bool wanted;           /* read by the function that stages_want was last asked about */
	VEC(uint32_t) used_by; /* statements that mention or define it */
} StageName;

typedef struct StageStmt {
	Stage stage;               /* of computations */
	bool again;                /* setup computes it, and so does value, for a derivative there */
	bool followed;             /* the names that it mentions are marked as wanted already */
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

bool stages_is_computation(const AstStmt *s);
void stages_find(Stages *s, const FeProgram *program, Arena *arena, const AstBlock *body);
/* Marks the names that `start` or `value` needs, through constant statements; adds to `needed`. */
void stages_want(Stages *s, bool start);
bool stages_moves(const Stages *s, uint32_t stmt);             /* what it says depends on a parameter */
bool stages_wanted(const Stages *s, uint32_t stmt);            /* defines something that is wanted */
StageName *stages_name(const Stages *s, const Symbol *symbol); /* NULL: not of the objective's body */

#endif
