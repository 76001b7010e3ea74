/* command: the `gradus` program. main.c finds the verb, cmd_verbs.c describes them all, every cmd_VERB.c runs one.
 *
 * Results go to standard output, everything said along the way to standard error. A verb returns its exit code; what is
 * wrong with the user's program is in the session's diagnostics, which main prints at the end. */
#ifndef GRADUS_COMMAND_H
#define GRADUS_COMMAND_H

#include "ir/pass/pass.h"
#include "runtime/data/data_store.h"
#include "runtime/plot/plot.h"
#include "runtime/store/store.h"

typedef enum CmdExit {
	CMD_OK = 0,
	CMD_FINDINGS = 1,   /* errors in a program, a failed check */
	CMD_USAGE = 2,      /* the command line is wrong */
	CMD_DIVERGED = 3,   /* numbers became infinite or NaN */
	CMD_IO = 4,         /* a file cannot be read or written, or there is no memory left (BASE_NO_MEMORY) */
	CMD_CHECKPOINT = 5, /* a run folder is unreadable, damaged, or leads out of itself */
	CMD_BUG = 70,       /* ours; a report is saved */
	CMD_INTERRUPTED = 130,
} CmdExit;

typedef VEC(const char *) CmdWords;

/* What the options of all verbs set. Texts are NULL, numbers -1 where the option is not given. */
typedef struct CmdOptions {
	bool help, json, csv, events, force, strict, verify, time_passes, interpret, longer, curves;
	const char *data, *at, *with, *out, *svg, *on, *file, *prefix, *precision, *dump_dir, *color, *fill, *search;
	const char *propose; /* who proposes expressions */
	const char *into;    /* where a formula is to stand */
	const char *cache;   /* of machine code */
	int64_t steps, problems, instance, threads, train, test, size, best;
	int64_t proposals, patience, samples;
	int64_t seed;  /* -1: as the program says, or 0 */
	double memory; /* bytes */
	CmdWords set, learn, against, choose;
} CmdOptions;

typedef struct Cmd Cmd;

typedef struct CmdVerb {
	const char *name;
	CmdExit (*run)(Cmd *cmd); /* NULL: a word that this version knows but does not serve */
	const char *summary;
	const char *usage;   /* what follows "gradus ", one form per line */
	const char *text;    /* what it does, in full lines */
	const char *options; /* long names, separated by blanks; those of `always` in cmd_options.c are understood anyway */
	const char *examples; /* one per line */
} CmdVerb;

struct Cmd {
	Session *session;
	Arena *arena; /* the session's */
	FeProgram *program;
	DataStore *data; /* of all programs; made with the first */
	Rt *rt;
	const CmdVerb *verb;
	CmdOptions options;
	CmdWords words; /* what stood after the verb and is no option */
	FePick *picks;  /* of --choose, as many; what became of them */
	const char *command_line;
	const char *typed;         /* the name it was started by: hints that can be typed again begin with it */
	bool color_out, color_err; /* colours may be used on standard output, standard error */
	bool live;                 /* standard error is a terminal that can redraw a line */
	double said;               /* when the last line of progress was written */
	double started;            /* when the command was */
	bool line_open;            /* a line of progress is on the screen */
	const volatile sig_atomic_t *interrupted; /* set where a verb minds Ctrl-C */
	RtRanks *ranks;                           /* the processes of an mpirun that this one works with; NULL: it is by itself */
	const char *own_folder;                   /* where a rank that is not the first keeps what the first one writes */
	bool told;                                /* the diagnostics were printed already */
};

/* ---- cmd_ranks.c: under mpirun ---- */

/* Before the verb. *leaves: there is nothing to do for this process. CMD_OK, or a code after a message. */
CmdExit cmd_ranks_begin(Cmd *cmd, bool *leaves);
CmdExit cmd_ranks_refuse(Cmd *cmd); /* CMD_USAGE after a message where there are several: this runs in one process */
void cmd_ranks_end(Cmd *cmd, CmdExit code);

/* ---- cmd_verbs.c ---- */

extern const CmdVerb cmd_verbs[];
extern const size_t cmd_verb_count;
const CmdVerb *cmd_verb_find(const char *name);
void cmd_help(const Cmd *cmd, FILE *out); /* all verbs */
void cmd_help_verb(const CmdVerb *verb, FILE *out);

/* ---- cmd_options.c ---- */

/* Reads everything after the program's name; sets cmd->verb, options and words. CMD_OK, or CMD_USAGE after a message. */
CmdExit cmd_parse(Cmd *cmd, int count, char **words);
/* The lines of help for the options that `verb` understands. */
void cmd_help_options(const CmdVerb *verb, FILE *out);
/* "adam, momentum(lr = 0.1, beta = 0.9)" at the commas outside brackets; pieces are trimmed. false if one of
 * them is empty. */
bool cmd_split(Cmd *cmd, const char *list, CmdWords *out);

/* ---- cmd_program.c: programs, and what the words of the command line mean in them ---- */

/* gradus VERB: message (and a second line that says where help is); returns CMD_USAGE. */
CmdExit cmd_usage(Cmd *cmd, const char *format, ...) BASE_PRINTF(2, 3);
/* gradus: message; returns `code`. */
CmdExit cmd_fail(Cmd *cmd, CmdExit code, const char *format, ...) BASE_PRINTF(3, 4);
/* A line on standard error, of which only what is plain reaches the terminal. */
void cmd_say(Cmd *cmd, const char *format, ...) BASE_PRINTF(2, 3);
/* The code for a failure that left diagnostics: by what they are about. */
CmdExit cmd_failed(const Cmd *cmd);

bool cmd_is_file(const char *word);   /* names a .grad file, or any file that exists */
bool cmd_is_folder(const char *word); /* a folder that exists */
/* A folder that stands for a run; one without a run that has the name of a declaration (`emit c adam -o adam`) does not. */
bool cmd_is_run(const Cmd *cmd, const char *word);
/* The program: the library and the given files. CMD_OK, or a code after a message or with diagnostics. */
CmdExit cmd_load(Cmd *cmd, const char *const *files, uint32_t count);
/* Takes the files among cmd->words out and loads them (and --file). */
CmdExit cmd_load_words(Cmd *cmd);
void cmd_shift(Cmd *cmd); /* drops the first of cmd->words */
/* The objective that `text` names (NULL: the only one of the loaded files), with --set filled in. */
CmdExit cmd_objective(Cmd *cmd, const char *text, FeCall *out);
/* Loads what the words name, which is one objective at most, and gives it (as cmd_objective). */
CmdExit cmd_one_objective(Cmd *cmd, FeCall *out);
/* The rule that `text` names; a run folder stands for its trained rule (info may be NULL). After cmd_runtime. */
CmdExit cmd_rule(Cmd *cmd, const char *text, FeCall *out, StoreInfo *info);
/* On standard error, where there are any: a rule that was not trained is used all the same, as it starts. done: "emitted" */
void cmd_put_holes(const char *rule, const char *done, const char *holes);
/* The only declaration of a kind in the loaded files; NULL after a message. what: "objective". */
const AstDecl *cmd_only(Cmd *cmd, AstDeclKind kind, const char *what, const char *verb_form);
/* Starts cmd->rt as the options say; `real` where --precision is not given. */
void cmd_runtime(Cmd *cmd, IrScalar real);
/* An empty program (with the library) that reads weights and data as the options say. */
FeProgram *cmd_program_new(Cmd *cmd);
size_t cmd_memory(const Cmd *cmd); /* --memory, or what this machine has */
/* How passes are run, as --verify, --time-passes and --dump-dir say. */
IrPipeline cmd_pipeline(const Cmd *cmd);

/* ---- cmd_train.c ---- */

/* The experiment that the words name, of the files among them, with --steps and --seed; form: what to write where it is not said
 * which. CMD_OK, or a code after a message or with diagnostics. */
CmdExit cmd_find_experiment(Cmd *cmd, const char *form, FeExperiment *out);

/* ---- cmd_run.c ---- */

/* What a run folder was made from. */
typedef struct CmdRun {
	const char *dir;
	StoreRecord record;
	FeProgram *program; /* of the sources that it keeps */
	FeExperiment experiment;
} CmdRun;

/* CMD_OK, or a code after a message or with diagnostics. */
CmdExit cmd_run_open(Cmd *cmd, const char *dir, CmdRun *out);
CmdExit cmd_run_has_rule(Cmd *cmd, const CmdRun *run); /* what a search has found may be a learner instead */

/* ---- cmd_fill.c ---- */

/* Adds a file with --fill in the place of its open expression. CMD_OK, or a code after a message; diagnostics as ever. */
CmdExit cmd_add_filled(Cmd *cmd, const char *path);

/* ---- cmd_chosen.c ---- */

/* Makes the choices that --choose says in all files that are loaded from now on; and when they are loaded, whether there were such
 * choices. CMD_OK, or CMD_USAGE after a message. */
CmdExit cmd_use_choices(Cmd *cmd);
CmdExit cmd_check_choices(Cmd *cmd);

/* ---- cmd_output.c: what the options name to be written, before anything is run ---- */

/* Every file and folder that is to be written: not a program, not what the command reads, not a run's own file, no two of them
 * one, and with the right to write it. CMD_OK, or a code after a message. */
CmdExit cmd_check_outputs(Cmd *cmd);
/* The same for one file and what has been read by now: imported programs, weights and data as well. */
CmdExit cmd_check_output(Cmd *cmd, const char *path);

/* ---- cmd_signal.c ---- */

/* From the start: when the program fails by its own fault (an overflowing stack is one), writes what is needed to see it
 * again, and exits with 70. Ctrl-C says what was saved and exits with 130. A file over its limit is an error like a full disk. */
void cmd_catch_signals(const Cmd *cmd);
/* For a verb that looks at the flag between its steps: the first Ctrl-C, SIGTERM or SIGHUP sets it, and ends the program only if
 * that has not been met in .7 s. A second one ends it at once. */
const volatile sig_atomic_t *cmd_catch_interrupts(void);
void cmd_interrupt_met(void); /* the flag was seen, or no one looks at it any more: no hurry now */
/* What the program says when it ends by an interrupt; at first "nothing was saved". `what` must live on. */
void cmd_interrupt_says(const char *what);

/* ---- cmd_text.c: numbers and words for people and for programs ---- */

const char *cmd_number(Arena *arena, double value, int digits); /* 0.0632, 1.3e-07, "inf", "nan" */
const char *cmd_real(Arena *arena, double value,
                     IrScalar real);                /* as few digits as tell it from the others of its precision */
const char *cmd_count(Arena *arena, int64_t value); /* 1 234 567 */
const char *cmd_time(Arena *arena, double seconds); /* 85 ms, 4.1 s, 2 min 05 s */
const char *cmd_dims(const Session *session, Arena *arena, IrType type, const IrFunc *func); /* [4, n], "real" */
void cmd_json_real(Text *text, double value); /* 17 digits; the texts "nan", "inf", "-inf" where JSON has no number */
void cmd_json_reals(Text *text, const double *values, int64_t count);
void cmd_json_text(Text *text, const char *string);
/* Writes all of a text to standard output; CMD_IO after a message if it does not take it. */
CmdExit cmd_print(Cmd *cmd, const Text *text);
CmdExit cmd_write_file(Cmd *cmd, const char *path, const Text *text); /* the same for a file; says "wrote PATH" */
const char *cmd_call_text(const Cmd *cmd, const FeCall *call);        /* adam(lr = 0.1) */

/* ---- cmd_progress.c ---- */

/* A line of progress: redrawn on a terminal; elsewhere a plain line every few seconds, and the last one. */
void cmd_progress(Cmd *cmd, bool last, const char *format, ...) BASE_PRINTF(3, 4);
/* RtOptions.busy: a line of progress where there has been none for a while. user: the Cmd. */
void cmd_busy(void *user, const char *doing);
void cmd_progress_end(Cmd *cmd); /* so that what is printed next starts on its own line */
int cmd_width(int fd);           /* columns of the terminal; 80 where there is none */

/* ---- cmd_table.c ---- */

/* Columns of text; every row is `columns` cells. Cells may hold any UTF-8; the first column is flush left. */
typedef struct CmdTable {
	Arena *arena;
	uint32_t columns;
	CmdWords cells;
	uint32_t left; /* bit k: column k is flush left */
} CmdTable;

void cmd_cell(CmdTable *table, const char *format, ...) BASE_PRINTF(2, 3);
/* Lines of the terminal's width. Columns for which there is no room stand below the others, with the first one again; long
 * names in the first column are cut in the middle, and what is longer than a line goes on in the next. */
void cmd_table(const CmdTable *table, const char *indent, Text *out);
/* A text behind `start` characters of a line, folded at spaces into lines of the terminal's width that begin with `indent`
 * spaces; ends the last one. */
void cmd_wrap(const char *text, uint32_t start, uint32_t indent, Text *out);

/* ---- cmd_data.c: the pictures of a run folder and of a comparison. CMD_OK, or a code after a message ---- */

typedef VEC(Plot) Plots;

/* The course of a training, and with `norms` that of its meta-gradient. */
CmdExit cmd_plots_of_training(Cmd *cmd, const char *dir, bool norms, Plots *out);
/* The course, and the comparison if there is one. */
CmdExit cmd_plots_of_run(Cmd *cmd, const char *dir, Plots *out);
/* `json`: what compare_json writes; path: where it came from, for messages. */
CmdExit cmd_plots_of_comparison(Cmd *cmd, const char *json, size_t length, const char *path, Plots *out);
/* In the terminal, and as SVG into a file where one is named. */
CmdExit cmd_show_plots(Cmd *cmd, const Plots *plots, const char *svg);
/* A file of a run folder that lies in it; NULL where there is none, and with *why if it cannot be read. */
char *cmd_read_in_run(Cmd *cmd, const char *dir, const char *path, size_t *length, const char **why);
/* The whole of a file in the session's arena; NULL and *why if it cannot be read. `streams`: a pipe will do. */
char *cmd_read_file(Cmd *cmd, const char *path, bool streams, size_t *length, const char **why);

/* ---- the verbs, one file each ---- */

CmdExit cmd_diagnose(Cmd *cmd);
CmdExit cmd_check(Cmd *cmd);
CmdExit cmd_info(Cmd *cmd);
CmdExit cmd_eval(Cmd *cmd);
CmdExit cmd_minimize(Cmd *cmd);
CmdExit cmd_train(Cmd *cmd);
/* The same once it is known what to train, into --out; record: of the run there that goes on, or NULL. */
CmdExit cmd_train_experiment(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record);
CmdExit cmd_resume(Cmd *cmd);
/* Where the rule of the experiment has an open expression; --out is known to be possible. */
CmdExit cmd_search(Cmd *cmd, const FeExperiment *experiment);
/* cmd_learner.c: train, where it is a learner that is open; and such a search that did not come to its end. */
CmdExit cmd_learner(Cmd *cmd, FeExperiment *experiment);
CmdExit cmd_learner_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record);
/* The same where it has choices. */
CmdExit cmd_choose(Cmd *cmd, const FeExperiment *experiment);
CmdExit cmd_choose_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record);
struct SearchProgress;
struct SearchResult;
struct SearchTeacher;
/* As cmd_search, among the expressions that go best where another rule went. */
CmdExit cmd_search_taught(Cmd *cmd, const FeExperiment *experiment, const struct SearchTeacher *teacher);
struct json_t;
/* cmd_search_course.c: how its candidates came to be, where not all were made: while they evolve, afterwards, and as JSON. */
void cmd_put_evolving(Cmd *cmd, const struct SearchProgress *progress);
void cmd_put_course(Cmd *cmd, const struct SearchResult *result, Text *out);
void cmd_course_json(const struct SearchResult *result, struct json_t *search);
/* cmd_search_propose.c: --propose, --proposals and --patience, for a rule with an open expression or another; and the same as above of what
 * another program has proposed. CMD_OK, or CMD_USAGE after a message. */
CmdExit cmd_use_proposer(Cmd *cmd, bool searches, FeSearch *search);
void cmd_put_proposing(Cmd *cmd, const struct SearchProgress *progress);
/* ... and of where another rule went */
void cmd_put_taught(Cmd *cmd, const struct SearchResult *result, Text *out);
void cmd_taught_json(Cmd *cmd, const struct SearchResult *result, struct json_t *search);
void cmd_put_proposed(Cmd *cmd, const struct SearchResult *result, Text *out);
void cmd_proposed_json(const struct SearchResult *result, struct json_t *search);
/* As cmd_search, of a search in --out that did not come to its end. */
CmdExit cmd_search_again(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record);
CmdExit cmd_resume(Cmd *cmd);
CmdExit cmd_front(Cmd *cmd);
CmdExit cmd_distill(Cmd *cmd);
/* What was distilled, and into which folder. */
typedef struct CmdDistilled {
	const char *run, *dir;
	const char *label; /* of the trained rule */
	int64_t learned;   /* its numbers */
	const FeExperiment *experiment;
} CmdDistilled;

/* cmd_distill_last.c: prints how both do on test problems, and draws it. */
CmdExit cmd_distill_last_word(Cmd *cmd, const CmdDistilled *distilled);
/* cmd_train.c: " --data DIR" as commands on this run need it, or "" where they do not. */
const char *cmd_data_option(Cmd *cmd, const FeExperiment *experiment);
CmdExit cmd_compare(Cmd *cmd);
/* The same of the run folder that is the only word, as its experiment asks, without a word on standard output. */
CmdExit cmd_compare_quietly(Cmd *cmd);
CmdExit cmd_report(Cmd *cmd);
CmdExit cmd_metrics(Cmd *cmd);
CmdExit cmd_plot(Cmd *cmd);
CmdExit cmd_emit(Cmd *cmd);
CmdExit cmd_show(Cmd *cmd);
CmdExit cmd_show_data(Cmd *cmd);  /* show data FILE: the words after `data` */
CmdExit cmd_show_std(Cmd *cmd);   /* its words: names of the library, or none */
CmdExit cmd_show_space(Cmd *cmd); /* its words: FILE [RULE] */
/* The same where the rule has choices; false: none has. */
bool cmd_show_choices(Cmd *cmd, CmdExit *code);
/* ... or is a learner; false: none is. */
bool cmd_show_learner(Cmd *cmd, CmdExit *code);
CmdExit cmd_show_estimators(Cmd *cmd); /* its words: NAMEs */
CmdExit cmd_show_at(Cmd *cmd); /* its words: FILE:LINE:COLUMN */

#endif
