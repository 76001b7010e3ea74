/* One mistake, one message: in every program of the library and of the examples, one name at a time is misspelled. */
#include "files.h"
#include "lower_instances.h"

#include <ctype.h>
#include <glob.h>

/* Words with a meaning of their own: the program is another one without them. */
static bool is_word(const char *at, size_t length) {
	static const char *const words[] = {
		"and",    "or",        "not",    "if",        "then",     "else",      "true",       "false",    "for",
		"in",     "let",       "var",    "param",     "given",    "state",     "learn",      "minimize", "report",
		"apply",  "each",      "return", "optimizer", "joint",    "objective", "experiment", "fn",       "const",
		"import", "train",     "on",     "score",     "problems", "horizon",   "estimate",   "update",   "against",
		"clip",   "select",    "test",   "seed",      "steps",    "from",      "real",       "int",      "bool",
		"x",      "g",         "f",      "t",         "f0",       "sum",       "mean",       "max",      "min",
		"prod",   "logsumexp", "argmax", "argmin",    "any",      "all",       "data",       "batch",    "choose"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == length && memcmp(at, words[i], length) == 0)
			return true;
	return false;
}

/* `k` in `for k in 0..2`: in `S[k] <- S[k + 1]` it then means all of them, and every such line is a mistake of its own. */
static bool is_counter(const char *text, const char *at) {
	return at - text > 4 && strncmp(at - 4, "for ", 4) == 0;
}

/* `lr` in `optimizer rule(lr = 0.1)`: the calls that give it by name are mistakes of their own. */
static bool is_parameter(const char *text, const char *at, const char *end) {
	const char *before = at;
	while (before > text && (before[-1] == ' ' || before[-1] == '\n'))
		before--;
	return before > text && (before[-1] == '(' || before[-1] == ',') && strncmp(end, " = ", 3) == 0;
}

static uint32_t errors_of(const char *text, const char *path, const char *name) {
	Lower l = {.session = session_new()};
	l.program = fe_program_new(l.session);
	fe_add_source(l.program, source_add(l.session, path, text, strlen(text)));
	fe_check(l.program);
	uint32_t errors = l.session->error_count;
	if (errors > 1 && name) {
		fprintf(stderr, "%s misspelled:\n", name);
		diag_print_all(l.session, stderr, false);
	}
	session_free(l.session);
	return errors;
}

static int misspell_names(const char *path) {
	char *text = read_file(path, NULL), *wrong = malloc(strlen(text) + 8);
	int tried = 0;
	bool comment = false, quoted = false;
	for (const char *at = text; *at; at++) {
		comment = *at == '#' ? true : *at == '\n' ? false : comment;
		quoted = *at == '"' && !comment ? !quoted : quoted;
		bool starts = isalpha((unsigned char)*at) && (at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_'));
		if (comment || quoted || !starts)
			continue;
		const char *end = at;
		while (isalnum((unsigned char)*end) || *end == '_' || *end == '\'')
			end++;
		if (is_word(at, (size_t)(end - at)) || is_parameter(text, at, end) || is_counter(text, at) ||
		    (GRADUS_SANITIZED && (at - text) % 11))
			continue;
		char name[64];
		snprintf(name, sizeof name, "%.*s", (int)(end - at), at);
		sprintf(wrong, "%.*szzzq%s", (int)(at - text), text, end);
		cr_expect(errors_of(wrong, path, name) <= 1, "%s: `%s` at byte %ld", path, name, (long)(at - text));
		tried++;
	}
	free(text);
	free(wrong);
	return tried;
}

Test(lower_single, a_misspelled_name_is_one_error) {
	static const char *const patterns[] = {GRADUS_SOURCE_DIR "/frontend/std/*.grad",
	                                       GRADUS_SOURCE_DIR "/examples/*.grad"};
	int tried = 0;
	for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
		glob_t found;
		cr_assert(glob(patterns[p], 0, NULL, &found) == 0);
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *text = read_file(found.gl_pathv[i], NULL);
			bool whole =
				errors_of(text, found.gl_pathv[i], NULL) == 0; /* some read files that only the command reads */
			free(text);
			if (whole)
				tried += misspell_names(found.gl_pathv[i]);
		}
		globfree(&found);
	}
	cr_expect_gt(tried, GRADUS_SANITIZED ? 80 : 1000);
}

/* Other mistakes whose traces are met again further on. */
static const struct {
	const char *text;
	int code;
} cases[] = {
	{"objective o() {\n  param w : [3] = 1\n  let z[i] = sum[j](w[k])\n  minimize sum(z)\n}\n", 200},
	{"objective o(n = true) {\n  param w : [n] = 1\n  let z[i in n] = w[i]\n  minimize sum(z) + sum(zeros(n))\n}\n",
     211},
	{"experiment a {\n  train adam()\n  on nothing()\n  horizon 3\n}\n"
     "experiment b {\n  train adam()\n  on nothing()\n  horizon 3\n}\n",
     201},
	{"optimizer r(lr = nothing) {\n  x <- x - lr * g\n}\nexperiment a {\n  train r()\n  on bowl()\n  horizon 3\n  "
     "learn r.lr\n}\n",
     200},
	{"optimizer r(base = nothing) {\n  apply base(g = 2 * g)\n}\n", 200},
	{"objective o(n = 3) {\n  param w : [n] = 1\n  var s = 0\n  for k in 0.n { s <- s + w[k] }\n  minimize s\n}\n",
     135},
	{"const a = nothing + 1\nconst b = a + 1\nobjective o() {\n  param w : [3] = a\n  minimize sum(w) * b\n}\n", 200},
	{"const a = b\nconst b = c\nconst c = a\nobjective o() {\n  param w : [3] = a\n  minimize sum(w)\n}\n", 220},
	{"objective o() {\n  param w : [3] = 1\n  let z[a, b, c, d, e, f, g, h, i] = w[a] * w[i]\n  minimize sum(z)\n}\n",
     208},
	{"objective o() {\n  param w : [3] = 1\n  minimize sum[a, b, c, d, e, f, g, h, i](w[a] * w[i])\n}\n", 208},
	{"objective o() {\n  param w : [9] = 1\n  var s = 0\n  for k in 0..9 { s <- s + w[k + 1] }\n  minimize s\n}\n",
     209},
	{"objective o() {\n  param w : [9] = 1\n  var s = 0\n  for k in 0..9 { let a = zeros(k)\n s <- s + sum(a) }\n  "
     "minimize s\n}\n",
     213},
	{"optimizer r() {\n  state S : [2, 2, 2, 2, 2, 2, 2, 2] = 1\n  S <- S + mean(g)\n  x <- x - 0.1 * g * sum(S)\n}\n",
     208},
	{"optimizer r() {\n  learn W : [2, 2, 2, 2, 2, 2, 2, 2] = 1\n  each {\n    let a = mean[each](W * g)\n    x <- x - "
     "0.1 * sum(a)\n  }\n}\n",
     208},
};

Test(lower_single, what_an_error_spoils_is_not_reported_again) {
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lower l = lower_new(cases[i].text);
		fe_check(l.program);
		bool one = l.session->error_count == 1 && l.session->diags.data[0]->code == cases[i].code;
		if (!one)
			diag_print_all(l.session, stderr, false);
		cr_expect(one, "%zu", i);
		lower_free(&l);
	}
}
