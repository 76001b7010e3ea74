/* A picture of a front: the size of each formula against its score. */
#ifndef GRADUS_CMD_FRONT_SVG_H
#define GRADUS_CMD_FRONT_SVG_H

#include "runtime/command/command.h"
#include "runtime/compare/compare.h"

/* Formulas, the smaller first, and other rules as lines; a score that is not finite has none. */
typedef struct CmdFrontPoint {
	int size;
	CompareInterval score;
} CmdFrontPoint;

typedef struct CmdFrontLevel {
	const char *label;
	double score;
} CmdFrontLevel;

typedef struct CmdFront {
	const char *title, *problems; /* "100 unseen problems" */
	int steps;
	FeScore score;
	VEC(CmdFrontPoint) points;
	VEC(CmdFrontLevel) levels;
} CmdFront;

/* Writes it as DIR/name. CMD_OK, or a code with a diagnostic. */
CmdExit cmd_put_front(Cmd *cmd, const char *dir, const char *name, const CmdFront *front);

#endif
