/* What cmd_front.c and cmd_front_text.c share. */
#ifndef GRADUS_CMD_FRONT_H
#define GRADUS_CMD_FRONT_H

#include "runtime/command/command.h"
#include "runtime/search/search.h"

enum { CMD_FRONT_MOST_ON = 8 };

/* An expression as it did in the last stage that it came to. */
typedef struct CmdFrontRow {
	const char *formula, *constants, *source;
	int size, cost, stage;
	double degree, score, rate;
	double low, high; /* of the score; NaN where the result does not say */
	bool winner;
	CompareInterval on[CMD_FRONT_MOST_ON]; /* on the problems of --on */
	const double *learned;                 /* numbers of `learn`; NULL: none were fitted */
	int learned_count;
	int64_t combination; /* of choices: its number; */
	double lost;         /* of one that is trained: problems on which it is not finite */
} CmdFrontRow;

typedef struct CmdFront {
	Cmd *cmd;
	const CmdRun *run;
	VEC(CmdFrontRow) rows;
	int stage;          /* the last one that any came to; -1: none */
	const char *winner; /* of the whole front, as a formula */
	bool finished;
	bool choices, trained; /* combinations are listed; which are trained */
	int tried, steps;      /* problems and steps of --on; 0: not asked for */
	CmdWords on;
} CmdFront;

void cmd_front_table(const CmdFront *listing, Text *out);
/* One line for each, with a name for each column; texts in quotes. */
void cmd_front_csv(const CmdFront *listing, Text *out);
void cmd_front_json(const CmdFront *listing, Text *out);

#endif
