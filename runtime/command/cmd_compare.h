/* What cmd_compare.c and cmd_compare_table.c share. */
#ifndef GRADUS_CMD_COMPARE_H
#define GRADUS_CMD_COMPARE_H

#include "runtime/command/command.h"
#include "runtime/compare/compare.h"

void cmd_comparison_table(Cmd *cmd, const Comparison *comparison, Text *out);
/* A rule's score and what diverged, in few words. */
const char *cmd_comparison_cell(Cmd *cmd, const Comparison *comparison, uint32_t rule);

#endif
