/* Programs with mistakes, through `check`, `eval` and `minimize`, each in a process of its own: no crash, no report of a
 * sanitizer, no exit code but the documented ones, nothing over 10 s.
 *
 * Without more, the mutants are the same as long as the programs are; scripts/campaign.sh begins at another number every time.
 * GRADUS_MUTANTS=100000 makes more of them, GRADUS_MUTANTS_FROM=n begins elsewhere, GRADUS_MUTANTS_CORPUS=dir:dir adds folders of
 * programs to what is changed, GRADUS_MUTANTS_SAVE=dir keeps what fails, made smaller. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "runtime/command/command.h"
#include "tests/random/mutant.h"
#include "tests/random/program.h"

#include "files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MUTANTS = GRADUS_SANITIZED ? 60 : 300, SECONDS = 10, WORDS = 20, SHRINK = 300 };

/* A sanitizer's report has to look different from `check` that found mistakes. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void) {
	return "exitcode=99:detect_leaks=0";
}
const char *__ubsan_default_options(void) {
	return "exitcode=99:print_stacktrace=1";
}

typedef struct Corpus {
	char *text[2000];
	MutantText tokens[2000];
	int count;
} Corpus;

/* ---- what is changed ---- */

static void take(Corpus *corpus, char *text) {
	if (corpus->count == 2000)
		return;
	corpus->text[corpus->count] = text;
	corpus->tokens[corpus->count++] = mutant_read(text);
}

static void take_file(Corpus *corpus, const char *path) {
	enum { MOST = 20000 };
	FILE *file = fopen(path, "r");
	if (!file)
		return;
	char *text = calloc(1, MOST + 1);
	cr_assert_not_null(text);
	size_t length = fread(text, 1, MOST, file);
	fclose(file);
	if (length < MOST && memchr(text, 0, length) == NULL)
		take(corpus, text);
	else
		free(text);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void take_folder(Corpus *corpus, const char *folder) {
	struct dirent **found = NULL;
	int count = scandir(folder, &found, NULL, by_name);
	for (int i = 0; i < count; i++) {
		char path[4096];
		size_t length = strlen(found[i]->d_name);
		snprintf(path, sizeof path, "%s/%s", folder, found[i]->d_name);
		if (length > 5 && strcmp(found[i]->d_name + length - 5, ".grad") == 0)
			take_file(corpus, path);
		free(found[i]);
	}
	free(found);
}

static Corpus *corpus_new(void) {
	static const char *const folders[] = {"frontend/std",
	                                      "examples",
	                                      "tests/parse",
	                                      "tests/errors",
	                                      "tests/cases",
	                                      "tests/stages",
	                                      "tests/fuzz/found/fuzz_check"};
	Corpus *corpus = calloc(1, sizeof *corpus);
	cr_assert_not_null(corpus);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", GRADUS_SOURCE_DIR, folders[i]);
		int before = corpus->count;
		take_folder(corpus, path);
		cr_assert_gt(corpus->count, before, "no programs in %s", path);
	}
	const char *more = getenv("GRADUS_MUTANTS_CORPUS");
	for (char *rest = more ? strdup(more) : NULL, *one; rest && (one = strsep(&rest, ":")) != NULL;)
		take_folder(corpus, one);
	for (uint64_t seed = 1; seed <= 60; seed++) { /* and programs that nobody wrote */
		RpProgram *program = rp_generate(seed);
		take(corpus, rp_text(program, seed % 2 ? rp_generate_rule(program, seed) : NULL));
		rp_pool_free(program->pool);
	}
	return corpus;
}

/* ---- one command ---- */

/* As main does. */
static int run_command(int count, char **words) {
	Session *session = session_new();
	Cmd cmd = {.session = session, .arena = session->arena, .command_line = "mutant", .typed = "gradus"};
	cmd_catch_signals(&cmd);
	CmdExit code = cmd_parse(&cmd, count, words);
	if (code == CMD_OK)
		code = cmd.verb->run(&cmd);
	fflush(stdout);
	if (session->diags.count && !cmd.told)
		diag_print_all(session, stderr, false);
	if (code == CMD_OK && session->error_count)
		code = cmd_failed(&cmd);
	return (int)code;
}

typedef enum Verb { CHECK, EVAL, MINIMIZE, VERBS } Verb;
static const char *const verb_names[VERBS] = {"check", "eval", "minimize"};

/* The last word after `keyword` at the start of a line: what is declared in the text. */
static bool declared(const char *text, const char *keyword, char *name, size_t size) {
	const char *at = text;
	while ((at = strstr(at, keyword)) != NULL) {
		at += strlen(keyword);
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (length == 0 || length >= size)
			continue;
		memcpy(name, at, length);
		name[length] = '\0';
		return true;
	}
	return false;
}

/* The wait status of the verb on a text; 0 where the text declares nothing for it. */
static int run_apart(const char *folder, const char *text, Verb verb, bool loud) {
	char path[4200], objective[80], rule[80];
	snprintf(path, sizeof path, "%s/mutant.grad", folder);
	bool has_objective = declared(text, "objective ", objective, sizeof objective);
	bool has_rule = declared(text, "optimizer ", rule, sizeof rule);
	if ((verb != CHECK && !has_objective && !has_rule) || (verb == EVAL && !has_objective))
		return 0;
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
	char *check[] = {"check", path}, *eval[] = {"eval", path, objective, "--memory", "1GB", "--threads", "1"};
	char *minimize[] = {"minimize",
	                    path,
	                    has_objective ? objective : "booth",
	                    "--with",
	                    has_rule ? rule : "adam",
	                    "--steps",
	                    "3",
	                    "--memory",
	                    "1GB",
	                    "--threads",
	                    "1"};
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		if (chdir(folder) != 0 || !freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout) ||
		    (!loud && !freopen("/dev/null", "w", stderr)))
			_exit(98);
		struct rlimit core = {0};
		setrlimit(RLIMIT_CORE, &core);
		signal(SIGPROF, SIG_DFL);
		signal(SIGALRM, SIG_DFL);
		/* seconds of this process, whatever else the machine is doing; and an end to waiting */
		setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SECONDS}, NULL);
		alarm(30 * SECONDS);
		_exit(verb == CHECK ? run_command(2, check) : verb == EVAL ? run_command(7, eval) : run_command(11, minimize));
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return status;
}

static bool documented(int status) {
	return WIFEXITED(status) && (WEXITSTATUS(status) <= CMD_CHECKPOINT);
}

typedef struct Failure {
	const char *folder;
	Verb verb;
	int status;
} Failure;

static bool fails_alike(void *context, const char *text) {
	const Failure *f = context;
	return run_apart(f->folder, text, f->verb, false) == f->status;
}

static void show(const Failure *f, long number, const char *text) {
	bool slow = WIFSIGNALED(f->status) && (WTERMSIG(f->status) == SIGPROF || WTERMSIG(f->status) == SIGALRM);
	char *small = mutant_shrink(text, fails_alike, (void *)(uintptr_t)f, slow ? 20 : SHRINK);
	fprintf(stderr, "---- mutant %ld, gradus %s: %s %d\n%s\n", number, verb_names[f->verb],
	        slow                     ? "over 10 s, signal"
	        : WIFSIGNALED(f->status) ? "signal"
	                                 : "exit",
	        WIFSIGNALED(f->status) ? WTERMSIG(f->status) : WEXITSTATUS(f->status), small);
	const char *save = getenv("GRADUS_MUTANTS_SAVE");
	if (save) {
		char path[4200];
		snprintf(path, sizeof path, "%s/mutant-%ld-%s.grad", save, number, verb_names[f->verb]);
		FILE *file = fopen(path, "w");
		if (file) {
			fputs(small, file);
			fclose(file);
		}
	}
	if (!slow)
		run_apart(f->folder, small, f->verb, true);
	free(small);
}

Test(mutants, are_refused_or_run, .timeout = 100000) {
	char folder[] = "/tmp/gradus-mutants-XXXXXX", file[64];
	cr_assert_not_null(mkdtemp(folder));
	Corpus *corpus = corpus_new();
	/* The library of the compiler is loaded once, not by every child. */
	Session *session = session_new();
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert_not_null(engine, "%s", error);
	long from = from_environment("GRADUS_MUTANTS_FROM", 1), count = from_environment("GRADUS_MUTANTS", MUTANTS);
	int codes[256] = {0}, shown = 0;
	for (long number = from; number < from + count; number++) {
		uint64_t state = (uint64_t)number * UINT64_C(0xD1342543DE82EF95);
		int which = (int)(rp_random(&state) % (uint64_t)corpus->count);
		int other = (int)(rp_random(&state) % (uint64_t)corpus->count);
		char *text = mutant_make(&corpus->tokens[which], &corpus->tokens[other], &state);
		for (Verb verb = CHECK; verb < VERBS; verb++) {
			Failure f = {folder, verb, run_apart(folder, text, verb, false)};
			codes[WIFEXITED(f.status) ? WEXITSTATUS(f.status) : 128 + WTERMSIG(f.status)]++;
			if (documented(f.status))
				continue;
			cr_expect(false, "mutant %ld: gradus %s ends with %s %d", number, verb_names[verb],
			          WIFSIGNALED(f.status) ? "signal" : "exit code",
			          WIFSIGNALED(f.status) ? WTERMSIG(f.status) : WEXITSTATUS(f.status));
			if (shown++ < from_environment("GRADUS_MUTANTS_SHOW", 5))
				show(&f, number, text);
			break;
		}
		free(text);
	}
	fprintf(stderr, "mutants %ld to %ld:", from, from + count - 1);
	for (int i = 0; i < 256; i++)
		if (codes[i])
			fprintf(stderr, "  exit %d: %d", i, codes[i]);
	fprintf(stderr, "\n");
	/* Mistakes that always or never matter would show nothing. */
	if (count >= 100)
		cr_expect(codes[0] >= count / 20 && codes[1] >= count / 20, "of %ld mutants %d run and %d are refused", count,
		          codes[0], codes[1]);
	jit_engine_free(engine);
	session_free(session);
	for (int i = 0; i < corpus->count; i++) {
		mutant_free(&corpus->tokens[i]);
		free(corpus->text[i]);
	}
	free(corpus);
	snprintf(file, sizeof file, "rm -rf %s", folder);
	cr_assert_eq(system(file), 0);
}
