/* limits: how much of what it has a command shows, how often it says where it is, and what it takes where nothing is said. Chosen for
 * readers of a terminal, not measured. */
#ifndef GRADUS_COMMAND_LIMITS_H
#define GRADUS_COMMAND_LIMITS_H

enum {
	/* cmd_progress.c: columns of what is no terminal; cmd_std.c prints in as many */
	CMD_COLUMNS = 80,
	/* cmd_plot.c: columns and lines of a drawing in the terminal */
	CMD_PLOT_COLUMNS = 110,
	CMD_PLOT_LINES = 15,
	/* cmd_table.c: characters of a last column of text that are enough, and of a first column where columns find no room beside it */
	CMD_LEAST_TEXT = 24,
	CMD_MOST_FIRST = 32,
	/* entries that are listed: learned numbers (train), coordinates (minimize, eval), parameters and states (info) */
	CMD_SHOWN_LEARNED = 12,
	CMD_SHOWN_X = 8,
	/* Coordinates times steps that the evaluator goes through once more to say what made x NaN: about a second. */
	CMD_MOST_EXPLAINED = 100000,
	CMD_SHOWN_POINT = 40,
	CMD_SHOWN_SLOTS = 24,
	/* cmd_show_data.c: of an array, and words of a column */
	CMD_SHOWN_ROWS = 5,
	CMD_SHOWN_COLUMNS = 8,
	CMD_SHOWN_WORDS = 20,
	/* cmd_show_at.c: characters of what stands at a place */
	CMD_SHOWN_SOURCE = 60,
	/* minimize, compare: steps of a run, and test problems, where neither an option nor a run folder says; --help names it */
	CMD_STEPS = 100,
	CMD_TEST_PROBLEMS = 100,
	/* cmd_diagnose.c: samples of an estimator, and the window where the experiment has none */
	CMD_DIAGNOSE_SAMPLES = 20,
	CMD_DIAGNOSE_WINDOW = 10,
	/* cmd_info.c: the size for which a rule is shown that is tied to one; and the two at which the FLOPs of others are counted, whose
	 * difference is what a coordinate costs */
	CMD_TIED_SIZE = 64,
	CMD_FLOPS_SIZE = 1024,
	/* cmd_options.c: --threads; the last problem, so that those after it can be counted, is 10^18 */
	CMD_MOST_THREADS = 1024,
	/* cmd_data.c: bytes of a file of curves or of a comparison */
	CMD_MOST_FILE = 1000000000,
	/* cmd_signal.c: nanoseconds that a step may go on after Ctrl-C; it is called patience there */
	CMD_PATIENCE = 700000000
};

/* cmd_progress.c: seconds between two messages, on a terminal, where one replaces the other, and elsewhere; how long a compilation
 * takes, on a terminal, before it is said */
static const double cmd_said_live = 0.1, cmd_said_plain = 5, cmd_said_busy = 1;

/* cmd_train.c: seconds between two checkpoints at least, and how many times as long as one took */
static const double cmd_checkpoint_every = 0.25, cmd_checkpoint_rest = 200;

#endif
