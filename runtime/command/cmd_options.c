/* The options of all verbs: one table, and the reading of the command line by it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/limits.h"
#include "runtime/command/command.h"
#include "runtime/command/limits.h"

typedef enum OptionKind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_WORDS, /* may be given again; lists with commas too */
	OPTION_COUNT, /* whole numbers, in the range that stands in `ranges` */
	OPTION_POSITIVE,
	OPTION_INSTANCE,
	OPTION_PROBLEMS,
	OPTION_THREADS,
	OPTION_BYTES,  /* 4GB, 512MB, 1GiB, 1000 */
	OPTION_CHOICE, /* one of the words of `value`, separated by | */
} OptionKind;

static const struct {
	int64_t least, most;
} ranges[] = {
	[OPTION_COUNT] = {0, INT64_MAX},
	[OPTION_POSITIVE] = {1, INT32_MAX},
	[OPTION_INSTANCE] = {0, 1000000000000000000}, /* so that those after it can be counted */
	[OPTION_PROBLEMS] = {1, FE_MOST_COUNT},       /* as in experiments (E0302) */
	[OPTION_THREADS] = {1, CMD_MOST_THREADS},
};

typedef struct Option {
	const char *name;
	char letter;
	OptionKind kind;
	size_t offset;
	const char *value;
	const char *help;
} Option;

typedef VEC(const Option *) Options;

#define AT(member) offsetof(CmdOptions, member)

static const Option options[] = {
	{"at", 0, OPTION_TEXT, AT(at), "V1,V2,...", "the point: parameters in declaration order, row-major"},
	{"instance", 0, OPTION_INSTANCE, AT(instance), "K", "which problem of the family (default 0)"},
	{"problems", 0, OPTION_PROBLEMS, AT(problems), "K", "how many problems, from --instance on (default 1)"},
	{"with", 0, OPTION_TEXT, AT(with), "RULE", "the rule, such as \"adam(lr = 0.1)\", or a run folder"},
	{"steps", 0, OPTION_POSITIVE, AT(steps), "N", "how many steps"},
	{"on", 0, OPTION_TEXT, AT(on), "OBJECTIVES", "the family of problems, or several, separated by commas"},
	{"against", 0, OPTION_WORDS, AT(against), "RULES", "rules to compare with, separated by commas"},
	{"file", 'f', OPTION_TEXT, AT(file), "FILE", "a file with the declarations that are named"},
	{"train", 0, OPTION_PROBLEMS, AT(train), "K", "problems to tune on"},
	{"test", 0, OPTION_PROBLEMS, AT(test), "K", "unseen problems to compare on"},
	{"long", 0, OPTION_FLAG, AT(longer), NULL, "runs of 2.5 and 25 times the steps as well"},
	{"curves", 0, OPTION_FLAG, AT(curves), NULL, "f of every test problem in the JSON as well"},
	{"set", 0, OPTION_WORDS, AT(set), "NAME=VALUE", "a hyperparameter of the objective; may be repeated"},
	{"learn", 0, OPTION_WORDS, AT(learn), "RULE.NAME", "learn this hyperparameter as well; may be repeated"},
	{"search", 0, OPTION_TEXT, AT(search), "HOW",
     "how an open expression is searched, as `search` says in an experiment"},
	{"propose", 0, OPTION_TEXT, AT(propose), "COMMAND",
     "a program that is asked for expressions, on its standard input and output"},
	{"into", 0, OPTION_TEXT, AT(into), "FILE", "a rule with an open expression, in which the formula is to stand"},
	{"proposals", 0, OPTION_POSITIVE, AT(proposals), "N", "how many expressions it may propose (default 256)"},
	{"patience", 0, OPTION_POSITIVE, AT(patience), "N", "seconds that an answer of it is waited for (default 60)"},
	{"samples", 0, OPTION_POSITIVE, AT(samples), "N", "independent samples of every estimator (default 20)"},
	{"out", 'o', OPTION_TEXT, AT(out), "PATH", "where to write; a device or a pipe is written to, never replaced"},
	{"svg", 0, OPTION_TEXT, AT(svg), "FILE", "draw as well, into a file that ends in .svg"},
	{"fill", 0, OPTION_TEXT, AT(fill), "EXPRESSION", "what stands for the open expression of the file"},
	{"choose", 0, OPTION_WORDS, AT(choose), "NAME=NUMBER",
     "which alternative of a choice, counted from 1; NAME is that of its `let`, or its number; may be repeated"},
	{"prefix", 0, OPTION_TEXT, AT(prefix), "NAME", "what every symbol of the C begins with"},
	{"force", 0, OPTION_FLAG, AT(force), NULL, "write into a folder that holds something else"},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "results as JSON"},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "results as comma-separated values"},
	{"tensorboard", 0, OPTION_FLAG, AT(events), NULL, "an event file of TensorBoard instead"},
	{"size", 0, OPTION_POSITIVE, AT(size), "N", "expressions of at most N nodes"},
	{"best", 0, OPTION_POSITIVE, AT(best), "N", "the N best of all that were scored, whatever their size"},
	{"seed", 0, OPTION_COUNT, AT(seed), "N", "of problems, starts and noise"},
	{"real", 0, OPTION_CHOICE, AT(precision), "f32|f64", "the same as --precision"},
	{"precision", 0, OPTION_CHOICE, AT(precision), "f32|f64", "what `real` is"},
	{"threads", 0, OPTION_THREADS, AT(threads), "N",
     "worker threads (default: as many as processors may be used); results do not depend on it"},
	{"memory", 0, OPTION_BYTES, AT(memory), "4GB", "refuse to plan more than this (default: what this machine has)"},
	{"data", 0, OPTION_TEXT, AT(data), "DIR", "where files of `data` are looked for first, then beside the program"},
	{"strict", 0, OPTION_FLAG, AT(strict), NULL, "one order of operations: equal bits everywhere, C included"},
	{"interpret", 0, OPTION_FLAG, AT(interpret), NULL, "evaluate without compiling: slow, and the bits of --strict"},
	{"verify", 0, OPTION_FLAG, AT(verify), NULL, "check the intermediate form after every pass"},
	{"time-passes", 0, OPTION_FLAG, AT(time_passes), NULL, "say how long every pass took"},
	{"dump-dir", 0, OPTION_TEXT, AT(dump_dir), "DIR", "write the intermediate form after every pass"},
	{"cache", 0, OPTION_CHOICE, AT(cache), "on|off",
     "keep machine code between runs, in $XDG_CACHE_HOME or ~/.cache (also off with GRADUS_CACHE=off)"},
	{"color", 0, OPTION_CHOICE, AT(color), "auto|always|never", "colours (also off with NO_COLOR)"},
	{"help", 'h', OPTION_FLAG, AT(help), NULL, "this text"},
};

enum { OPTION_COUNT_ALL = sizeof options / sizeof *options };

static const char always[] =
	"precision threads memory data strict interpret verify time-passes dump-dir cache color help";

static bool listed(const char *list, const char *name) {
	size_t length = strlen(name);
	for (const char *at = list; at && (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static const Option *option_find(const char *name, size_t length, char letter) {
	for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
		const Option *option = &options[i];
		if (letter ? option->letter == letter : strlen(option->name) == length && !strncmp(option->name, name, length))
			return option;
	}
	return NULL;
}

/* The name of an option (of `verb`, or of any if it is NULL) that is close to what was written, or NULL. */
static const char *option_nearest(Cmd *cmd, const CmdVerb *verb, const char *name, size_t length) {
	Name candidates[OPTION_COUNT_ALL];
	uint32_t count = 0;
	for (size_t i = 0; i < OPTION_COUNT_ALL; i++)
		if (!verb || listed(always, options[i].name) || listed(verb->options, options[i].name))
			candidates[count++] = session_name(cmd->session, options[i].name);
	Name nearest = name_nearest(cmd->session->names, name_intern(cmd->session->names, name, length), candidates, count);
	return nearest ? session_text(cmd->session, nearest) : NULL;
}

static bool read_whole(const char *text, int64_t least, int64_t most, int64_t *out) {
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	*out = value;
	return end != text && *end == '\0' && errno == 0 && value >= least && value <= most;
}

static bool read_bytes(const char *text, double *out) {
	static const struct {
		const char *unit;
		double bytes;
	} units[] = {
		{"", 1},     {"B", 1},   {"kB", 1e3},  {"KB", 1e3},   {"MB", 1e6},      {"M", 1e6},
		{"GB", 1e9}, {"G", 1e9}, {"TB", 1e12}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
	};
	char *end;
	double value = strtod(text, &end);
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!strcmp(end, units[i].unit)) {
			*out = value * units[i].bytes;
			return end != text && isfinite(value) && *out >= 1;
		}
	}
	return false;
}

static bool is_choice(const char *choices, const char *text) {
	size_t length = strlen(text);
	for (const char *at = choices; at; at = strchr(at, '|'), at = at ? at + 1 : NULL)
		if (!strncmp(at, text, length) && (at[length] == '|' || at[length] == '\0') && length)
			return true;
	return false;
}

static CmdExit option_set(Cmd *cmd, const Option *option, const char *value) {
	void *at = (char *)&cmd->options + option->offset;
	bool ok = true;
	switch (option->kind) {
	case OPTION_FLAG: *(bool *)at = true; return CMD_OK;
	case OPTION_TEXT:
		*(const char **)at = value;
		return value[0] ? CMD_OK : cmd_usage(cmd, "--%s needs a value: %s", option->name, option->value);
	case OPTION_WORDS:
		return cmd_split(cmd, value, at)
		           ? CMD_OK
		           : cmd_usage(cmd, "--%s needs a value at every comma: %s", option->name, option->value);
	case OPTION_COUNT:
	case OPTION_POSITIVE:
	case OPTION_INSTANCE:
	case OPTION_PROBLEMS:
	case OPTION_THREADS: ok = read_whole(value, ranges[option->kind].least, ranges[option->kind].most, at); break;
	case OPTION_BYTES: ok = read_bytes(value, at); break;
	case OPTION_CHOICE:
		ok = is_choice(option->value, value);
		*(const char **)at = value;
		break;
	}
	if (ok)
		return CMD_OK;
	const char *wanted = option->value;
	if (option->kind == OPTION_BYTES) {
		wanted = "a size such as 4GB or 512MB";
	} else if (option->kind == OPTION_COUNT) {
		wanted = "a whole number, 0 or more";
	} else if (option->kind != OPTION_CHOICE) {
		wanted = arena_printf(cmd->arena, "a whole number from %lld to %lld", (long long)ranges[option->kind].least,
		                      (long long)ranges[option->kind].most);
	}
	return cmd_usage(cmd, "--%s takes %s, not `%s`", option->name, wanted, value);
}

static CmdExit option_unknown(Cmd *cmd, const char *word, const char *name, size_t length) {
	int shown = (int)strcspn(word, "=");
	const char *nearest = length > 1 ? option_nearest(cmd, cmd->verb, name, length) : NULL;
	if (nearest)
		return cmd_usage(cmd, "no option `%.*s`; did you mean `--%s`?", shown, word, nearest);
	static const char *const hypers[] = {"lr", "learning-rate", "beta", "momentum", "beta1", "beta2"};
	for (size_t k = 0; k < sizeof hypers / sizeof *hypers; k++)
		if (strlen(hypers[k]) + 2 == (size_t)shown && !strncmp(word + 2, hypers[k], strlen(hypers[k])))
			return cmd_usage(
				cmd, "no option `%.*s`: what a rule takes stands in its parentheses, as in --with \"adam(lr = 0.1)\"",
				shown, word);
	return cmd_usage(cmd, "no option `%.*s`", shown, word);
}

/* An option that holds one value is given once, under whichever of its names. */
static CmdExit option_once(Cmd *cmd, const Option *option, const Options *given) {
	for (uint32_t i = 0; i < given->count; i++) {
		const Option *before = given->data[i];
		if (option->kind == OPTION_WORDS || before->offset != option->offset)
			continue;
		if (before == option)
			return cmd_usage(cmd, "--%s is given twice", option->name);
		return cmd_usage(cmd, "--%s and --%s are one option: give one of them", before->name, option->name);
	}
	return CMD_OK;
}

/* One word that begins with `-`, and the next if it takes a value; *used counts the words read. */
static CmdExit option_read(Cmd *cmd, const char *word, const char *next, int *used, Options *given) {
	bool is_long = word[1] == '-';
	const char *name = is_long ? word + 2 : word + 1;
	size_t length = is_long ? strcspn(name, "=") : 1;
	const Option *option = is_long ? option_find(name, length, 0) : option_find(NULL, 0, name[0]);
	*used = 1;
	if (!option)
		return option_unknown(cmd, word, name, length);
	CmdExit once = option_once(cmd, option, given);
	if (once != CMD_OK)
		return once;
	vec_push(cmd->arena, given, option);
	const char *value = name[length] == '\0' ? NULL : name + length + (is_long ? 1 : 0);
	if (option->kind == OPTION_FLAG)
		return value ? cmd_usage(cmd, "--%s takes no value", option->name) : option_set(cmd, option, NULL);
	if (!value) {
		if (!next)
			return cmd_usage(cmd, "--%s needs a value: %s", option->name, option->value);
		value = next;
		*used = 2;
	}
	return option_set(cmd, option, value);
}

/* What stands first and is no option is the verb. */
static CmdExit verb_read(Cmd *cmd, const char *word) {
	cmd->verb = cmd_verb_find(word);
	if (cmd->verb)
		return CMD_OK;
	if (cmd_is_file(word))
		return cmd_usage(cmd, "`%s` is a file, not a command; try `%s check %s`", word, cmd->typed, word);
	VEC(Name) names = {0};
	for (size_t i = 0; i < cmd_verb_count; i++)
		vec_push(cmd->arena, &names, session_name(cmd->session, cmd_verbs[i].name));
	Name nearest = name_nearest(cmd->session->names, session_name(cmd->session, word), names.data, names.count);
	if (nearest)
		return cmd_usage(cmd, "no command `%s`; did you mean `%s`?", word, session_text(cmd->session, nearest));
	return cmd_usage(cmd, "no command `%s`", word);
}

static CmdExit check_served(Cmd *cmd, const Option *option) {
	if (!cmd->verb || listed(always, option->name) || listed(cmd->verb->options, option->name))
		return CMD_OK;
	return cmd_usage(cmd, "this command has no option --%s", option->name);
}

CmdExit cmd_parse(Cmd *cmd, int count, char **words) {
	cmd->options = (CmdOptions){.steps = -1,
	                            .problems = -1,
	                            .instance = -1,
	                            .threads = -1,
	                            .train = -1,
	                            .test = -1,
	                            .size = -1,
	                            .proposals = -1,
	                            .patience = -1,
	                            .best = -1,
	                            .seed = -1};
	Options given = {0};
	bool plain = false; /* after `--` nothing is an option */
	for (int i = 0; i < count;) {
		const char *word = words[i];
		CmdExit code = CMD_OK;
		int used = 1;
		if (!plain && !cmd->verb && !strcmp(word, "--version")) {
			cmd->verb = cmd_verb_find("version");
		} else if (!plain && !strcmp(word, "--")) {
			plain = true;
		} else if (!plain && word[0] == '-' && word[1] != '\0') {
			code = option_read(cmd, word, i + 1 < count ? words[i + 1] : NULL, &used, &given);
		} else if (!cmd->verb) {
			code = verb_read(cmd, word);
		} else {
			vec_push(cmd->arena, &cmd->words, word);
			code = word[0] ? CMD_OK : cmd_usage(cmd, "an empty word names nothing");
		}
		if (code != CMD_OK)
			return code;
		i += used;
	}
	if (cmd->verb && !cmd->verb->run)
		return CMD_OK; /* the command itself says better what is wrong than its options would */
	for (uint32_t i = 0; i < given.count; i++) {
		CmdExit code = check_served(cmd, given.data[i]);
		if (code != CMD_OK)
			return code;
	}
	return CMD_OK;
}

/* Where an option means something of its own in a command. */
static const struct {
	const char *verb, *option, *help;
} own_help[] = {
	{"train", "steps", "how many outer steps (default: as the experiment says)"},
	{"train", "seed", "of starts, noise and horizons (default: as the experiment says, or 0)"},
	{"minimize", "steps", "how many steps (default 100)"},
	{"minimize", "seed", "of problems and starts (default 0)"},
	{"compare", "steps", "how many evaluations a run has (default: the horizon of the run folder, or 100)"},
	{"compare", "train", "problems to tune on (default: as the experiment of the run folder alone, or 90)"},
	{"compare", "test", "unseen problems to compare on (default: as that experiment, or 100)"},
	{"compare", "seed", "of problems and starts (default 0)"},
	{"emit", "on", "the one objective whose tensors, or whose derivatives, the rule is made for"},
	{"front", "on", "score what is listed on unseen problems of these families"},
	{"front", "choose", "list those in which this choice is so made"},
	{"front", "steps", "how many steps, with --on (default: the horizon of the run)"},
	{"front", "test", "unseen problems, with --on (default 100)"},
	{"front", "seed", "of these problems (default 0)"},
	{"eval", "seed", "of the problem and its start (default 0)"},
};

static const char *help_of(const CmdVerb *verb, const Option *option) {
	for (size_t i = 0; verb && i < sizeof own_help / sizeof *own_help; i++)
		if (!strcmp(own_help[i].verb, verb->name) && !strcmp(own_help[i].option, option->name))
			return own_help[i].help;
	return option->help;
}

static void help_option(const CmdVerb *verb, const Option *option, FILE *out) {
	char left[64];
	int length = snprintf(left, sizeof left, "%s%c%s--%s%s%s", option->letter ? "-" : "  ",
	                      option->letter ? option->letter : ' ', option->letter ? ", " : " ", option->name,
	                      option->value ? " " : "", option->value ? option->value : "");
	fprintf(out, "  %-*s  %s\n", length > 28 ? length : 28, left, help_of(verb, option));
}

void cmd_help_options(const CmdVerb *verb, FILE *out) {
	if (verb && verb->options[0]) {
		fprintf(out, "\nOptions:\n");
		for (size_t i = 0; i < OPTION_COUNT_ALL; i++)
			if (listed(verb->options, options[i].name) && !listed(always, options[i].name))
				help_option(verb, &options[i], out);
	}
	fprintf(out, "\nCommon options:\n");
	for (size_t i = 0; i < OPTION_COUNT_ALL; i++)
		if (listed(always, options[i].name))
			help_option(verb, &options[i], out);
}

bool cmd_split(Cmd *cmd, const char *list, CmdWords *out) {
	int depth = 0;
	const char *start = list;
	for (const char *at = list;; at++) {
		depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
		if (*at != '\0' && (*at != ',' || depth > 0))
			continue;
		const char *from = start + strspn(start, " \t");
		const char *to = at;
		while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		if (to <= from)
			return false;
		vec_push(cmd->arena, out, arena_printf(cmd->arena, "%.*s", (int)(to - from), from));
		if (*at == '\0')
			return true;
		start = at + 1;
	}
}
