/* Programs, and what the words of the command line mean in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ir/pass/pass.h"
#include "runtime/command/command.h"

/* A message may quote files and arguments: only what is plain reaches the terminal. */
static void put_message(Cmd *cmd, const char *format, va_list args) BASE_PRINTF(2, 0);

static void put_message(Cmd *cmd, const char *format, va_list args) {
	const char *bytes = arena_vprintf(cmd->arena, format, args);
	Text plain = text_new(cmd->arena);
	text_plain(&plain, bytes, strlen(bytes), true);
	fputs(text_cstr(&plain), stderr);
}

CmdExit cmd_usage(Cmd *cmd, const char *format, ...) {
	const char *verb = cmd->verb ? cmd->verb->name : "";
	const char *gap = cmd->verb ? " " : "";
	va_list args;
	cmd_progress_end(cmd);
	fprintf(stderr, "gradus%s%s: ", gap, verb);
	va_start(args, format);
	put_message(cmd, format, args);
	va_end(args);
	fprintf(stderr, "\nSee: %s%s%s --help\n", cmd->typed, gap, verb);
	return CMD_USAGE;
}

CmdExit cmd_fail(Cmd *cmd, CmdExit code, const char *format, ...) {
	va_list args;
	cmd_progress_end(cmd);
	fprintf(stderr, "gradus: ");
	va_start(args, format);
	put_message(cmd, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

void cmd_say(Cmd *cmd, const char *format, ...) {
	va_list args;
	cmd_progress_end(cmd);
	va_start(args, format);
	put_message(cmd, format, args);
	va_end(args);
	fputc('\n', stderr);
}

CmdExit cmd_failed(const Cmd *cmd) {
	for (uint32_t i = 0; i < cmd->session->diags.count; i++) {
		const Diag *diag = cmd->session->diags.data[i];
		if (diag->severity != DIAG_ERROR)
			continue;
		switch (diag->code) {
		case 803:
		case 810:
		case 811:
		case 814: return CMD_IO;
		case 268:
		case 808:
		case 809:
		case 812: return CMD_CHECKPOINT;
		default: break;
		}
	}
	return CMD_FINDINGS;
}

bool cmd_is_file(const char *word) {
	struct stat info;
	size_t length = strlen(word);
	if (!strcmp(word, "-") || (length > 5 && !strcmp(word + length - 5, ".grad")))
		return true;
	return stat(word, &info) == 0 && !S_ISDIR(info.st_mode);
}

bool cmd_is_folder(const char *word) {
	struct stat info;
	return stat(word, &info) == 0 && S_ISDIR(info.st_mode);
}

bool cmd_is_run(const Cmd *cmd, const char *word) {
	struct stat info;
	if (!cmd_is_folder(word))
		return strchr(word, '/') && !strchr(word, '('); /* no rule is called like that: a folder that is not there */
	return stat(arena_printf(cmd->arena, "%s/run.json", word), &info) == 0 ||
	       !fe_find(cmd->program, name_intern(cmd->session->names, word, strlen(word)));
}

static CmdExit load_stdin(Cmd *cmd) {
	Text text = text_new(cmd->arena);
	char piece[4096];
	size_t got;
	while (text.length <= SOURCE_LIMIT && (got = fread(piece, 1, sizeof piece, stdin)) > 0)
		text_bytes(&text, piece, got);
	if (ferror(stdin) || text.length > SOURCE_LIMIT) {
		const char *why = ferror(stdin) ? strerror(errno) : "it is larger than 16 MB";
		return cmd_fail(cmd, CMD_IO, "cannot read the standard input: %s", why);
	}
	fe_add_source(cmd->program, source_add(cmd->session, "<stdin>", text_cstr(&text), text.length));
	return CMD_OK;
}

FeProgram *cmd_program_new(Cmd *cmd) {
	FeProgram *program = fe_program_new(cmd->session);
	if (!cmd->data) {
		bool describe = !strcmp(cmd->verb->name, "check");
		cmd->data = data_store_new(cmd->arena, cmd->options.data, cmd_memory(cmd), describe);
	}
	store_use_weights(cmd->session, program);
	data_store_use(cmd->data, program);
	return program;
}

CmdExit cmd_load(Cmd *cmd, const char *const *files, uint32_t count) {
	if (!cmd->program) {
		cmd->program = cmd_program_new(cmd);
		CmdExit code = cmd_use_choices(cmd);
		if (code != CMD_OK)
			return code;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!strcmp(files[i], "-")) {
			CmdExit code = load_stdin(cmd);
			if (code != CMD_OK)
				return code;
			continue;
		}
		if (cmd->options.fill) {
			CmdExit code = cmd_add_filled(cmd, files[i]);
			if (code != CMD_OK)
				return code;
			continue;
		}
		const char *why = fe_add_named(cmd->program, files[i]);
		if (why)
			return cmd_fail(cmd, CMD_IO, "cannot read %s: %s", files[i], why);
	}
	return CMD_OK;
}

/* A file by its spelling: `adam` beside a file of that name (compiled C, say) still means the rule. */
static bool spelled_as_file(const char *word) {
	return cmd_is_file(word) && (strchr("-", *word) || strpbrk(word, "./"));
}

CmdExit cmd_load_words(Cmd *cmd) {
	CmdWords files = {0}, others = {0}, rest = {0};
	if (cmd->options.file)
		vec_push(cmd->arena, &files, cmd->options.file);
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		const char *word = cmd->words.data[i];
		if (spelled_as_file(word))
			vec_push(cmd->arena, &files, word);
	}
	CmdExit code = cmd_load(cmd, files.data, files.count);
	if (code != CMD_OK)
		return code;
	for (uint32_t i = 0; i < cmd->words.count; i++) {
		const char *word = cmd->words.data[i];
		if (spelled_as_file(word))
			continue;
		if (cmd_is_file(word) && !fe_find(cmd->program, session_name(cmd->session, word)))
			vec_push(cmd->arena, &others, word);
		else
			vec_push(cmd->arena, &rest, word);
	}
	cmd->words = rest;
	if (cmd->options.fill && files.count + others.count == 0)
		return cmd_usage(cmd, "--fill is for a file with one open expression, and no file is given");
	code = cmd_load(cmd, others.data, others.count);
	if (code == CMD_OK && cmd->session->error_count)
		return CMD_FINDINGS;
	return code == CMD_OK ? cmd_check_choices(cmd) : code;
}

void cmd_shift(Cmd *cmd) {
	cmd->words.data++;
	cmd->words.count--;
	cmd->words.capacity--;
}

const AstDecl *cmd_only(Cmd *cmd, AstDeclKind kind, const char *what, const char *verb_form) {
	const AstDecl *found = NULL;
	Text names = text_new(cmd->arena);
	int count = 0;
	for (uint32_t i = 0; i < fe_decl_count(cmd->program); i++) {
		const AstDecl *decl = fe_decl(cmd->program, i);
		if (decl->kind == kind) {
			found = decl;
			text_printf(&names, "%s%s", count++ ? ", " : "", session_text(cmd->session, decl->name.name));
		}
	}
	if (count == 1)
		return found;
	if (count == 0)
		cmd_usage(cmd, "which %s? Name one: %s", what, verb_form);
	else
		cmd_usage(cmd, "which %s? There are %d: %s", what, count, text_cstr(&names));
	return NULL;
}

/* name(args) with the pairs of --set filled in. */
static const char *with_settings(Cmd *cmd, const char *text) {
	if (cmd->options.set.count == 0)
		return text;
	Text out = text_new(cmd->arena);
	size_t length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == ')'))
		length--;
	bool open = memchr(text, '(', length) != NULL;
	bool empty = !open || text[length - 1] == '(';
	text_bytes(&out, text, length);
	text_printf(&out, "%s", open ? "" : "(");
	for (uint32_t i = 0; i < cmd->options.set.count; i++) {
		const char *pair = cmd->options.set.data[i];
		const char *equals = strchr(pair, '=');
		text_printf(&out, "%s%.*s = %s", i || !empty ? ", " : "", (int)(equals - pair), pair, equals + 1);
	}
	text_char(&out, ')');
	return text_cstr(&out);
}

/* What is no name of a declaration, but easily written in its place: a file, or an argument without its rule. CMD_OK: neither. */
static CmdExit check_word(Cmd *cmd, const char *text) {
	size_t length = strcspn(text, "( ");
	if (length > 5 && memcmp(text + length - 5, ".grad", 5) == 0)
		return cmd_usage(cmd, "`%.*s` is a file: give it with --file, and here a name that is declared in it",
		                 (int)length, text);
	size_t name = strcspn(text, "=");
	if (text[name] == '=' && !memchr(text, '(', name))
		return cmd_usage(cmd,
		                 "`%s` is an argument: those of a rule stand in its parentheses, --with \"adam(%s)\", those of "
		                 "the objective behind --set",
		                 text, text);
	return CMD_OK;
}

CmdExit cmd_objective(Cmd *cmd, const char *text, FeCall *out) {
	for (uint32_t i = 0; i < cmd->options.set.count; i++) {
		const char *equals = strchr(cmd->options.set.data[i], '=');
		if (!equals || equals == cmd->options.set.data[i] || equals[1] == '\0')
			return cmd_usage(cmd, "--set takes NAME=VALUE, not `%s`", cmd->options.set.data[i]);
	}
	if (!text) {
		const AstDecl *decl = cmd_only(cmd, AST_OBJECTIVE, "objective", "a name such as rosenbrock");
		if (!decl)
			return CMD_USAGE;
		text = session_text(cmd->session, decl->name.name);
	}
	CmdExit code = check_word(cmd, text);
	if (code != CMD_OK)
		return code;
	return fe_call_text(cmd->program, with_settings(cmd, text), AST_OBJECTIVE, out) ? CMD_OK : CMD_USAGE;
}

CmdExit cmd_one_objective(Cmd *cmd, FeCall *out) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	if (cmd->words.count > 1)
		return cmd_usage(cmd, "one objective at a time, not `%s` too", cmd->words.data[1]);
	return cmd_objective(cmd, cmd->words.count ? cmd->words.data[0] : NULL, out);
}

CmdExit cmd_rule(Cmd *cmd, const char *text, FeCall *out, StoreInfo *info) {
	StoreInfo own = {0};
	CmdExit code = check_word(cmd, text);
	if (code != CMD_OK)
		return code;
	if (!cmd_is_run(cmd, text))
		return fe_call_text(cmd->program, text, AST_OPTIMIZER, out) ? CMD_OK : CMD_USAGE;
	if (!store_folder_read(cmd->rt, text, &own))
		return CMD_CHECKPOINT;
	if (info)
		*info = own;
	if (!own.finished)
		cmd_say(cmd, "%s was not finished; this is its best rule so far", text);
	/* A program of its own: rules of several runs, and the rule they were made from, may share their names. */
	FeProgram *program = cmd_program_new(cmd);
	store_confine(cmd->session, program, text);
	if (!fe_add_file(program, own.rule_path))
		return CMD_CHECKPOINT;
	const AstDecl *decl = fe_find(program, session_name(cmd->session, own.rule_name));
	if (!decl || decl->kind != AST_OPTIMIZER)
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s has no optimizer `%s`", own.rule_path, own.rule_name);
	return fe_call_text(program, own.rule_name, AST_OPTIMIZER, out) ? CMD_OK : CMD_CHECKPOINT;
}

void cmd_put_holes(const char *rule, const char *done, const char *holes) {
	if (holes) {
		fprintf(stderr, "`%s` has holes, and no run fills them; they are %s as they are written: %s\n", rule, done,
		        holes);
	}
}

static IrScalar precision_of(const Cmd *cmd, IrScalar otherwise) {
	const char *given = cmd->options.precision;
	return !given ? otherwise : !strcmp(given, "f64") ? IR_F64 : IR_F32;
}

IrPipeline cmd_pipeline(const Cmd *cmd) {
	return (IrPipeline){.verify = cmd->options.verify,
	                    .time = cmd->options.time_passes ? stderr : NULL,
	                    .dump_dir = cmd->options.dump_dir};
}

/* What the machine has, in bytes; 0 (no limit) if it does not say. */
static double machine_memory(void) {
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (double)pages * (double)page : 0;
}

size_t cmd_memory(const Cmd *cmd) {
	return (size_t)(cmd->options.memory > 0 ? cmd->options.memory : machine_memory());
}

/* The folder that keeps machine code between runs; NULL where none shall, and where there is no place for it. */
static const char *cache_folder(const Cmd *cmd) {
	const char *wanted = cmd->options.cache ? cmd->options.cache : getenv("GRADUS_CACHE");
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (wanted && !strcmp(wanted, "off"))
		return NULL;
	if (cache && cache[0] == '/') /* the standard says that other paths do not count */
		return arena_printf(cmd->arena, "%s/gradus", cache);
	return home && home[0] == '/' ? arena_printf(cmd->arena, "%s/.cache/gradus", home) : NULL;
}

void cmd_runtime(Cmd *cmd, IrScalar real) {
	if (cmd->rt)
		return;
	const CmdOptions *given = &cmd->options;
	RtOptions options = {
		.engine = given->interpret ? RT_EVALUATOR : RT_JIT,
		.real = precision_of(cmd, real),
		.strict = given->strict,
		.pipeline = cmd_pipeline(cmd),
		.cache = cache_folder(cmd),
		.threads = given->threads > 0 ? (int)given->threads : 0,
		.memory = cmd_memory(cmd),
		.seed = given->seed >= 0 ? (uint64_t)given->seed : 0,
		.ranks = cmd->ranks,
		.interrupted = cmd->interrupted,
		.busy = cmd_busy,
		.busy_user = cmd,
	};
	cmd->rt = rt_new(cmd->session, cmd->program, &options);
}
