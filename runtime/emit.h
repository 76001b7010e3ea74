/* emit: rules and objectives as C99 to ship. What is written where stands in the README that is written beside it. */
#ifndef GRADUS_EMIT_H
#define GRADUS_EMIT_H

#include "runtime/runtime.h"

typedef struct RtEmitOptions {
	const char *out_dir; /* made if it is not there */
	const char *prefix;  /* of every symbol and file name */
	IrScalar real;       /* IR_F32 or IR_F64 */
} RtEmitOptions;

/* Both write a folder: header, source, self-test with golden vectors, example, Makefile, README, manifest.json. The same
 * input gives the same bytes. false with diagnostics. */
bool rt_emit_rule(Rt *rt, const FeCall *rule, const RtEmitOptions *options);
bool rt_emit_objective(Rt *rt, const FeCall *objective, const RtEmitOptions *options);

#endif
