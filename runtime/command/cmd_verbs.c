/* What `gradus` can do: every verb with its help. */
#include <string.h>

#include "frontend/syntax/builtins.h"
#include "runtime/command/command.h"

static const char later[] = "this version does not have this command yet; `gradus help` lists what it has.";

static CmdExit run_version(Cmd *cmd), run_help(Cmd *cmd);

const CmdVerb cmd_verbs[] = {
	{"check", cmd_check, "find all errors of programs", "check FILE... [--json]",
     "Reads the files, each by itself, and everything in them with its defaults, and reports all errors at once. `-` "
     "is\n"
     "the standard input. The exit code is 1 if there are errors.\n",
     "json",
     "gradus check examples/robust.grad\n"
     "cat mine.grad | gradus check - --json\n"},
	{"info", cmd_info, "shapes, sizes, costs and memory of what is in a program",
     "info FILE [NAME] [--json]\ninfo NAME",
     "Objectives: parameters, data, floating-point operations and bytes of the value and of the gradient.\n"
     "Rules: hyperparameters, learned numbers, state and operations per coordinate. Experiments: planned memory.\n"
     "Without NAME: everything in the file. NAME alone is from the library.\n",
     "file set fill choose json",
     "gradus info examples/robust.grad\n"
     "gradus info adam\n"},
	{"eval", cmd_eval, "value and gradient of an objective at a point", "eval FILE [NAME] [--at V1,V2,...]\neval NAME",
     "Prints the value, the gradient and the reports of one problem, in f64 unless --precision says otherwise. The "
     "point\n"
     "lists the parameters in declaration order, row-major; without --at it is where the problem starts.\n"
     "The exit code is 3 if the value or its gradient is infinite or NaN.\n",
     "at instance file set seed json",
     "gradus eval rosenbrock --at -1.2,1\n"
     "gradus eval mine.grad --instance 3 --json\n"},
	{"minimize", cmd_minimize, "run a rule on problems of a family",
     "minimize FILE [NAME] --with RULE [--steps N]\nminimize NAME --with RULE",
     "Runs one optimizer and shows the objective along the run, and what it reports, in f64 unless --precision says\n"
     "otherwise. The rule may be a folder that `gradus train` made. A run that takes a while says where it is; Ctrl-C "
     "ends\n"
     "it and shows what it has reached. The exit code is 3 if a run became infinite or NaN.\n",
     "with steps instance problems file set fill choose seed svg json",
     "gradus minimize rosenbrock --with \"adam(lr = 0.1)\" --steps 200\n"
     "gradus minimize mine.grad --with momentum --problems 16 --json\n"},
	{"train", cmd_train, "fill the holes of a rule by meta-training", "train FILE [EXPERIMENT] -o DIR",
     "Trains as the experiment says and writes a run folder: the trained rule as source, its weights, the course of\n"
     "training. The best rule on the select problems is kept. While training goes on, rule.grad is the best so far, "
     "at\n"
     "most seconds old: whatever ends the command leaves it. The first Ctrl-C saves what was found since, if that is\n"
     "done within a second; the second leaves at once; both with 130. The folder must not exist; room for the result "
     "is\n"
     "taken before training begins. --seed is of starts, noise and horizons that are drawn; problems stay the same. A "
     "run\n"
     "that ends early goes on with `gradus resume`. For more steps, train again with more, or from a file with the "
     "numbers "
     "of\n"
     "its rule.grad as starts.\n"
     "A rule with an open expression, `discover(...)`, is searched for it instead: rule.grad is then the best rule so\n"
     "far, front.grad the best of every size, front.svg their picture in the end, archive.sqlite all that was scored; "
     "`gradus resume` goes on with it. "
     "--search HOW\n"
     "says how: auto, enumerate, random, or \"evolve(islands = 4)\", perhaps with \"for 50000 candidates\"; --seed is "
     "then\n"
     "that of evolution. A rule with choices, `choose { a, b }`, is searched among them: rule.grad is the best\n"
     "combination, as a rule without choices. --choose makes some of them beforehand. An open learner, `train NAME`\n"
     "of an `fn` that is `discover(...)`, is searched for its program: rule.grad has it as a function.\n"
     "--propose COMMAND runs a program that is asked for expressions, too, one JSON line at a time "
     "(docs/discovery.md).\n",
     "out steps seed learn choose search propose proposals patience file",
     "gradus train examples/robust.grad -o runs/robust\n"
     "gradus train examples/robust.grad -o runs/short --steps 50 --seed 3\n"
     "gradus train tune.grad -o runs/adam --learn adam.lr\n"},
	{"diagnose", cmd_diagnose, "how good each way to estimate a meta-gradient is, and which to use",
     "diagnose FILE [NAME] [--samples N] [--json] [--svg FILE]\ndiagnose DIR [--samples N] [--json] [--svg FILE]",
     "Measures the estimators of the experiment's meta-gradient where its rule starts, or where a run has come to: "
     "bias\n"
     "against back-propagation through whole runs (where that is not finite, against many samples of es), standard\n"
     "deviation, cosine, and what it costs until noise is no larger than the gradient. Particles, sigma and window "
     "are\n"
     "those of the experiment, where it has them. Names the one to use: the cheapest by time of those that point the\n"
     "right way (cosine 0.9 and more, bias below half of the gradient). --svg draws error against evaluations.\n",
     "samples json svg file seed",
     "gradus diagnose examples/robust.grad\n"
     "gradus diagnose runs/robust --samples 50 --svg noise.svg\n"},
	{"resume", cmd_resume, "go on with a training or a search that was ended early",
     "resume DIR [--data DIR] [--propose COMMAND]",
     "Goes on in the run folder as if nothing had happened: after Ctrl-C, a kill or a full disk. A training goes on "
     "from its\n"
     "last checkpoint, of which there are up to four a second (without one, it begins again), and ends with the same "
     "rule and\n"
     "course, to the last bit; a search from its archive: what was scored is not scored again, but for the round that "
     "was\n"
     "under way. Sources, precision, seed, --strict and --interpret are those of the run; --threads and --memory may "
     "be\n"
     "others. Data is read from --data DIR, as by compare, and has to be what it was. The exit code is 5 if "
     "checkpoints are\n"
     "damaged or of another run; of two, the older one is used if the other is damaged. A search with --propose needs "
     "it\n"
     "again if it was ended while it asked.\n",
     "propose patience", "gradus resume runs/robust\n"},
	{"front", cmd_front, "what a search has found, and how it scores elsewhere",
     "front DIR [--size N] [--choose NAME=NUMBER] [--best N] [--on OBJECTIVES] [--json | --csv]",
     "Lists the best expression of each size that beats all smaller ones, with the score of the last stage that it "
     "came\n"
     "to: the select problems, where the search came to its end; of a search that goes on, or was killed, what its "
     "archive\n"
     "holds. Of choices, the combinations that came furthest, the best first; --choose lists those that have this "
     "alternative.\n"
     "--best lists the best of all that are in the archive instead. --on runs them all as compiled rules, with\n"
     "the rate and constants that they were found with, on unseen problems of these families, and scores them as the "
     "search\n"
     "did (`compare` counts evaluations, the start among them); intervals are 95 % bootstrap intervals over "
     "problems.\n",
     "size choose best on set steps test seed json csv",
     "gradus front runs/found\n"
     "gradus front runs/found --best 20 --csv\n"
     "gradus front runs/found --on logistic --steps 100\n"},
	{"distill", cmd_distill, "a formula in the place of a trained rule",
     "distill RUN [-o DIR] [--into FILE | --size N]",
     "Searches for a formula that does what the trained rule of a run does. Where that rule went on training problems "
     "says\n"
     "which expressions are looked at, the 4096 that explain most of its steps; what they are worth is said by runs "
     "of\n"
     "their own, as in any search. The formula stands in a rule with one state, a running mean of g / rms(g), of at "
     "most\n"
     "--size nodes (7); --into FILE gives another rule with an open expression. The folder DIR (RUN-distilled) is that "
     "of\n"
     "a search, with front.svg, a picture of the front. In the end the formula, the trained rule and the tuned rules "
     "of\n"
     "`against` run on test problems, and the share of the trained rule's lead that the formula keeps is said.\n",
     "out into size data",
     "gradus distill runs/robust\n"
     "gradus distill runs/robust --into mine.grad -o runs/formula\n"},
	{"compare", cmd_compare, "an honest comparison on unseen problems",
     "compare RULE|DIR... --on OBJECTIVE [--against RULES]\ncompare DIR",
     "Tunes every rule on training problems, all over the same kind of grid, then runs all on unseen test problems "
     "and\n"
     "counts every evaluation. Rules and objectives are from the library, from --file, or from the sources of run "
     "folders.\n"
     "A run folder alone is compared as its experiment says, and keeps the result as comparison.json; on other "
     "problems it\n"
     "gives the number of steps and the score. Any other comparison with one run folder in it becomes\n"
     "comparison-OBJECTIVE.json there, with a number rather than in the place of another one.\n"
     "A rule around another one, `cosine(base = adam)`, is tuned with the hyperparameters of that, too. Intervals are "
     "95 %\n"
     "bootstrap intervals over problems; differences from the first rule have a chance by random signs, adjusted for "
     "the "
     "number\n"
     "of rules (Holm). With --long, a run of 25 times the steps shows what becomes of each rule.\n",
     "on against steps train test long curves file set fill choose seed svg out json",
     "gradus compare adam momentum --on robust_regression --steps 40 --train 90 --test 100\n"
     "gradus compare runs/robust\n"
     "gradus compare runs/robust --against \"robbins_monro(base = adam),cosine(base = momentum),lbfgs_wolfe\" --long\n"
     "gradus compare runs/robust --on logistic --against adam,momentum --svg curves.svg\n"},
	{"plot", cmd_plot, "draw a training run or a comparison", "plot DIR|comparison.json [--svg FILE]",
     "A run folder gives the curves of its training, and of its comparison if there is one. Draws in the terminal, "
     "and\n"
     "with --svg (or -o) into a file.\n",
     "svg out",
     "gradus plot runs/robust\n"
     "gradus plot runs/robust/comparison.json --svg curves.svg\n"},
	{"report", cmd_report, "a run as one page of HTML", "report DIR [-o FILE]",
     "Writes DIR/report.html, or FILE: one page that needs nothing else. It has the rule, the comparison with bands, "
     "margins\n"
     "and profiles (made first where there is none), how the rule steps by the gradient it is given, what it loses "
     "without\n"
     "parts of what it has learned, the course of training, what it cost, sources and versions. Of a search it has "
     "the front.\n",
     "out",
     "gradus report runs/robust\n"
     "gradus report runs/robust -o robust.html\n"},
	{"metrics", cmd_metrics, "the figures of a training, for other programs", "metrics DIR [--tensorboard] [-o FILE]",
     "Prints the figures of every outer step as CSV, or writes them into FILE: score, norm of the meta-gradient, what "
     "was lost,\n"
     "scores on select problems, seconds since the start. With --tensorboard FILE is an event file of TensorBoard, "
     "whose name\n"
     "has to contain `tfevents` for it to be found.\n",
     "tensorboard out",
     "gradus metrics runs/robust -o robust.csv\n"
     "gradus metrics runs/robust --tensorboard -o logs/robust.tfevents\n"},
	{"emit", cmd_emit, "C to ship", "emit c RULE|OBJECTIVE|DIR -o OUT [--prefix NAME] [--real f32|f64] [--force]",
     "Writes C99 without dependencies: header, source, self-test, example and Makefile. A rule gives init and step\n"
     "functions, an objective its value and gradient, a run folder its trained rule, whose horizon is then the "
     "default.\n"
     "`real` is f32 unless --real says otherwise. A rule that learns numbers for every coordinate is emitted for the\n"
     "size of its run, or of --on. A folder that holds an emission of the same name is written anew; one that holds\n"
     "something else only with --force, and no file is replaced that was not emitted. What is emitted belongs to "
     "you.\n",
     "out prefix real on file set fill choose force",
     "gradus emit c adam -o out\n"
     "gradus emit c runs/robust -o out --prefix myopt\n"
     "gradus emit c rosenbrock -o out --real f64\n"},
	{"show", cmd_show, "what the compiler makes of a program",
     "show STAGE FILE [NAME]\nshow STAGE NAME\nshow std [NAME]\nshow functions [NAME]\nshow estimators [NAME]\nshow at "
     "FILE:LINE:COLUMN\nshow "
     "data FILE [COLUMNS | bytes]\nshow space FILE [RULE]",
     "Stages: ast (the syntax tree), ir (the tensor form), grad (with the gradient), opt (simplified), loops (what is\n"
     "compiled), llvm, asm, c. Of an objective that is its value and gradient, of a rule its step; of an experiment,\n"
     "if it is named, all that training compiles. `show std` lists the library, `show std NAME` prints the source of\n"
     "one of its names; `show functions` lists the functions, constants and distributions of the language.\n"
     "`show estimators` lists what an experiment may say behind `estimate`; of NAME, its options with their limits.\n"
     "`show at` tells what a name or an expression at a place is: where it is declared, its type and shape with the\n"
     "defaults, its comment.\n"
     "`show data` tells what a file of data holds: shape, type, range, the first rows, and what it takes in memory. "
     "The\n"
     "format is known by its contents: NPY, NPZ, IDX, safetensors, LIBSVM, CSV and other delimited text; gzip of them "
     "too.\n"
     "COLUMNS of text: numbers from 0 (3, or 1..31) or names.\n"
     "`show space` tells of an open expression what it may be made of, how many expressions there are of each size, "
     "and how\n"
     "`train` goes about them; of choices, which there are, how many combinations, and how they are searched.\n",
     "file set fill choose",
     "gradus show std adam\n"
     "gradus show opt rosenbrock\n"
     "gradus show asm examples/robust.grad\n"
     "gradus show opt examples/robust.grad learn_robust\n"
     "gradus show data iris.csv 0..4\n"},
	{"version", run_version, "which version this is", "version", "Prints the version.\n", "", "gradus version\n"},
	{"help", run_help, "how a command is used", "help [COMMAND]", "Explains a command, or lists them all.\n", "",
     "gradus help train\n"},
	{"new", NULL, NULL, NULL, later, "", NULL},
	{"explain", NULL, NULL, NULL, later, "", NULL},
	{"fmt", NULL, NULL, NULL, later, "", NULL},
	{"diagnose", NULL, NULL, NULL, later, "", NULL},
	{"lsp", NULL, NULL, NULL, later, "", NULL},
};
const size_t cmd_verb_count = sizeof cmd_verbs / sizeof *cmd_verbs;

const CmdVerb *cmd_verb_find(const char *name) {
	for (size_t i = 0; i < cmd_verb_count; i++)
		if (!strcmp(cmd_verbs[i].name, name))
			return &cmd_verbs[i];
	return NULL;
}

void cmd_help(const Cmd *cmd, FILE *out) {
	fprintf(out, "Gradus: write objectives and update rules as papers do; differentiate, train and compile them.\n\n"
	             "usage: gradus COMMAND [options]\n\n");
	for (size_t i = 0; i < cmd_verb_count; i++)
		if (cmd_verbs[i].run)
			fprintf(out, "  %-10s %s\n", cmd_verbs[i].name, cmd_verbs[i].summary);
	fprintf(out,
	        "\nFirst steps:\n"
	        "  %s minimize rosenbrock --with \"adam(lr = 0.1)\" --steps 200\n"
	        "  %s show std adam\n"
	        "  %s train examples/robust.grad -o runs/robust\n"
	        "The examples lie in the source, and in share/gradus/examples of what is installed.\n\n"
	        "%s help COMMAND says more. Exit codes: 0 done, 1 errors in a program, 2 wrong command line,\n"
	        "3 not finite (eval, minimize, train), 4 a file cannot be read or written or memory is out, 5 unreadable "
	        "run folder, 70 our bug,\n"
	        "130 interrupted.\n",
	        cmd->typed, cmd->typed, cmd->typed, cmd->typed);
}

/* Every line of `lines` behind `prefix`. */
static void put_lines(FILE *out, const char *prefix, const char *lines) {
	while (lines && *lines) {
		size_t length = strcspn(lines, "\n");
		fprintf(out, "%s%.*s\n", prefix, (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}

void cmd_help_verb(const CmdVerb *verb, FILE *out) {
	fprintf(out, "gradus %s: %s\n\n", verb->name, verb->summary);
	put_lines(out, "usage: gradus ", verb->usage);
	fputc('\n', out);
	put_lines(out, "", verb->text);
	cmd_help_options(verb, out);
	fprintf(out, "\nExamples:\n");
	put_lines(out, "  ", verb->examples);
}

static CmdExit run_version(Cmd *cmd) {
	if (cmd->words.count > 0)
		return cmd_usage(cmd, "nothing is understood after it, not `%s`", cmd->words.data[0]);
	printf("gradus " RT_VERSION "\n");
	return CMD_OK;
}

/* No command: where else the word is explained. */
static CmdExit help_name(Cmd *cmd, const char *word) {
	cmd->program = cmd->program ? cmd->program : cmd_program_new(cmd);
	Name name = session_name(cmd->session, word);
	for (int i = 0; i < FE_ESTIMATORS; i++) {
		if (!strcmp(fe_estimator_name((FeEstimator)i), word)) {
			return cmd_usage(cmd, "`%s` is no command but a way to learn numbers: %s show estimators %s", word,
			                 cmd->typed, word);
		}
	}
	if (fe_find(cmd->program, name))
		return cmd_usage(cmd, "`%s` is no command but of the library: %s show std %s", word, cmd->typed, word);
	if (builtin_find(word)) {
		return cmd_usage(cmd, "`%s` is no command but part of the language: %s show functions %s", word, cmd->typed,
		                 word);
	}
	return cmd_usage(cmd, "no command `%s`", word);
}

static CmdExit run_help(Cmd *cmd) {
	if (cmd->words.count == 0) {
		cmd_help(cmd, stdout);
		return CMD_OK;
	}
	if (cmd->words.count > 1)
		return cmd_usage(cmd, "one command at a time, not `%s` too", cmd->words.data[1]);
	const CmdVerb *verb = cmd_verb_find(cmd->words.data[0]);
	if (!verb)
		return help_name(cmd, cmd->words.data[0]);
	if (!verb->run)
		return cmd_fail(cmd, CMD_USAGE, "%s: %s", verb->name, verb->text);
	cmd_help_verb(verb, stdout);
	return CMD_OK;
}
