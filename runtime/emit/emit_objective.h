/* emit_objective: an objective on its way to C. Private to runtime/emit/emit_objective*.c. */
#ifndef GRADUS_EMIT_OBJECTIVE_H
#define GRADUS_EMIT_OBJECTIVE_H

#include "ir/eval/eval.h"
#include "runtime/emit/emit_pack.h"

/* What an evaluation draws at every step, and what it is by the evaluator at steps 1, 2, ... */
typedef struct BatchPack {
	const FeBatch *batch; /* no slots: nothing is drawn */
	IrFunc *draw;         /* (data..., seed, instance, step, fixed..., x) -> batch...; x is not read */
	const char **fields;
	IrTensor *drawn; /* of the point that is evaluated */
	uint64_t *sums;  /* [points]: over the bits of all that was drawn */
} BatchPack;

/* A function of which so much is computed for the self-test that it is compiled; see GOLDEN_COMPILED. */
typedef struct ExactCode {
	const IrFunc *func;
	RtCode *code;
} ExactCode;

typedef struct ObjectivePack {
	Pack *pack;
	const FeObjective *objective;
	IrFunc *value;       /* (data..., fixed..., batch..., x) -> f */
	IrFunc *gradient;    /* (data..., fixed..., batch..., x) -> f, g */
	IrFunc *validate;    /* (data..., fixed..., batch..., x) -> what is scored instead of f; or NULL */
	const char **files;  /* C names of the data of files ... */
	const char **sizes;  /* ... and of how many elements they have */
	const char **fields; /* of the fixed values */
	const char **slots;  /* and of the parameters */
	BatchPack batch, validate_batch;
	VEC(ExactCode) exact;
	int points;        /* 1 to GOLDEN_POINTS: what follows has as many */
	IrTensor *data;    /* as the files have them */
	IrTensor *fixed;   /* of problem 0 */
	IrTensor start;    /* of problem 0 */
	double *values;    /* [points]: at the start and around it, computed with the gradient ... */
	double *alone;     /* ... and without, which may round otherwise */
	double *valid;     /* what validates */
	double *gradients; /* [points][N] */
	PackScope *scope;  /* for templates */
	bool has_instance; /* something is given, or the start is drawn */
} ObjectivePack;

/* Header, source, and the data of problem 0, when all else is filled. */
void pack_objective_files(ObjectivePack *o);
/* What lies in memory as elements of a file, or as the type says. */
const char *pack_element(const Pack *pack, IrType type);
/* Fills what is known of problem 0, by the evaluator. false with a diagnostic. */
bool pack_objective_golden(ObjectivePack *o);
/* emit_objective_data.c: what is called how; false with a diagnostic. Then templates may ask for it. */
bool pack_objective_names(ObjectivePack *o);
void pack_objective_data(ObjectivePack *o);
/* @_data.bin: a number that says how long it is, and the arrays of files, each at a multiple of 64 bytes. */
void pack_objective_bytes(ObjectivePack *o);
void pack_objective_instance(ObjectivePack *o);
void pack_objective_test(ObjectivePack *o);
void pack_objective_example(ObjectivePack *o);

#endif
