/* objective: an objective under construction. Private to frontend/decl/objective*.c. */
#ifndef GRADUS_DECL_OBJECTIVE_H
#define GRADUS_DECL_OBJECTIVE_H

#include "frontend/decl/decl.h"

typedef struct ObjectiveBuilding {
	Elab e;
	FeObjective *out;
	const AstDecl *decl;
	ScopeMark hypers;
	Stages stages;
	bool reported, ok;
	bool unknown; /* the statement uses a name that nothing declares */
	uint32_t functions; /* begun */
	VEC(const Symbol *) fixed_symbols, param_symbols;
	VEC(Value *) fixed;      /* their values in setup, for shapes and ranges */
	const AstExpr **args;    /* what the call gives, or NULL, per hyperparameter */
	IrValue *data;           /* per statement: its array in the function being built; 0: none */
	uint32_t *data_of;       /* per statement: 1 + its place in out->data; 0: none */
	const AstStmt *validate; /* the statement, or NULL ... */
	bool substitute;         /* ... and whether its substitutions hold in the function being built */
	bool declared;           /* x holds the parameters as they are declared, limits or not */
	bool drawing;            /* that function draws what another one has as parameters ... */
	FeBatch *batch;          /* ... which are these; NULL: evaluations draw for themselves */
	IrValue *batch_values;   /* the parameters, per slot */
} ObjectiveBuilding;

/* ---- data.c ---- */

/* What the data statement `s` declares, with its sizes. from: the text that names the file. false with diagnostics. */
bool objective_declare_data(Elab *e, const AstStmt *s, const AstExpr *from, FeData *out, FeDataWanted *wanted);
/* Data that takes the place of other data gets the numbers of its words; what was wanted is wanted again. */
bool objective_number_alike(Elab *e, const AstExpr *from, FeDataWanted *wanted, const FeData *like, FeData *data);
/* Adds the parameter of a function that stands for it. */
IrValue objective_data_param(Elab *e, const FeData *data);
/* Its name and those of the sizes that it opened, from here on. param: as objective_data_param made it. */
void objective_bind_data(Elab *e, const FeData *data, IrValue param);

/* Does a value stand for it? Not if something else has the name, which was reported. */
bool objective_name_free(Elab *e, AstName name);

/* ---- objective_params.c ---- */

/* The limits of a parameter, which its start keeps; false with a diagnostic. */
bool objective_param_limits(ObjectiveBuilding *b, const AstDeclare *d, const Value *start, FeLimits *out);
/* The parameters that an array is: itself, or of `param W[l in n] : [d, d]` one for every value of its indices. */
void objective_add_params(ObjectiveBuilding *b, const AstDeclare *d, FeSlot array);
/* The parameters one after the other in one vector, each row-major. `starts`: one per parameter, NULL after an error. */
IrValue objective_flat_start(ObjectiveBuilding *b, Value *const *starts);
/* Gives a parameter its value in the function being built, whose x (0: none) this is. */
void objective_bind_param(ObjectiveBuilding *b, IrValue x, const FeSlot *slot, const Symbol *symbol);
/* From x to the parameters as they are declared, if there is a difference. */
void objective_build_natural(ObjectiveBuilding *b);

/* ---- objective_data.c ---- */

/* Reads what data statements declare, each seeing the sizes of those before it. */
void objective_find_data(ObjectiveBuilding *b);
/* Parameters of the function being built, one for each array. */
void objective_add_data(ObjectiveBuilding *b);
/* The names of a data statement, from there on; nothing for any other statement. */
void objective_meet_data(ObjectiveBuilding *b, uint32_t at);
/* May the data of `validate ... with` take the place of others? false with diagnostics. */
bool objective_substitutes(ObjectiveBuilding *b);

#endif
