/* emit: rules and objectives as C99 to ship. What is written where stands in the README that is written beside it. */
#ifndef GRADUS_EMIT_H
#define GRADUS_EMIT_H

#include "runtime/emit/limits.h"
#include "runtime/engine/engine.h"

typedef struct PackOptions {
	const char *out_dir; /* made if it is not there */
	const char *prefix;  /* of every symbol and file name */
	IrScalar real;       /* IR_F32 or IR_F64 */
	bool force;          /* into a folder that holds something else, over emitted files that were changed */
	/* What a trained rule was made for; zeros where nothing says. */
	int horizon_low, horizon_high;
	int64_t size;     /* coordinates, for a rule that is tied to their number */
	FeTarget target;  /* the tensors of an objective, for a rule that looks at axes; count 0: not known */
	const FeCall *on; /* that objective, for a rule that differentiates it; NULL: not known */
} PackOptions;

/* The prefix that goes with the name of a rule or an objective. */
const char *pack_prefix(Arena *arena, const char *name, bool objective);
/* What a user should be told about an emitted rule. */
typedef struct PackEmitted {
	const char *holes; /* as learned_holes gives them */
	bool reads_horizon;
} PackEmitted;

/* Both write a folder: header, source, self-test with golden vectors, example, Makefile, README, manifest.json. The same
 * input gives the same bytes. false with diagnostics. */
bool pack_rule(Rt *rt, const FeCall *rule, const PackOptions *options, PackEmitted *emitted);
bool pack_objective(Rt *rt, const FeCall *objective, const PackOptions *options);

/* Does the rule need its objective in its own code, as it differentiates it beyond the gradient or reads residuals? No diagnostics. */
bool pack_derives(Rt *rt, const FeCall *rule);

#endif
