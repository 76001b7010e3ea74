/* The documentation is true: every block of code in the pages below that opens with ```grad is a file without errors and
 * warnings, or, if it opens with ```grad error=E0207, gives exactly that error; ```grad errors gives several. ```grad file=PATH is that
 * file, word for word, and ```grad part=PATH stands in it. */
#include "frontend/frontend.h"

#include "files.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const pages[] = {"docs/language.md", "docs/data.md", "docs/guide.md", "README.md"};

/* Of a file of the repository; good until the next call. */
static const char *path_of(const char *name) {
	static char path[1200];
	snprintf(path, sizeof path, "%s/%s", GRADUS_SOURCE_DIR, name);
	return path;
}

/* Stands for the reader of weights: any tensor of any file, all zeros. */
static bool no_weights(void *context, const char *path, const char *tensor, const IrType *shape, double *out,
                       const char **problem) {
	(void)context, (void)path, (void)tensor, (void)problem;
	int64_t count = ir_type_elements(*shape, NULL);
	for (int64_t i = 0; i < count; i++)
		out[i] = 0;
	return true;
}

static void check_block(const char *page, int line, const char *info, const char *code, size_t length) {
	bool whole = strncmp(info, " file=", 6) == 0;
	if (whole || strncmp(info, " part=", 6) == 0) {
		char name[200];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(info + 6, " \n"), info + 6);
		char *text = read_file(path_of(name), NULL);
		cr_assert(text != NULL, "%s:%d: %s cannot be read", page, line, name);
		char *block = strndup(code, length);
		const char *found = strstr(text, block);
		cr_expect(found != NULL && (!whole || strlen(text) == length), "%s:%d: the block is not %s", page, line, name);
		free(block);
		free(text);
	}
	bool several = strncmp(info, " errors", 7) == 0;
	int wanted = 0;
	if (strncmp(info, " error=E", 8) == 0)
		wanted = atoi(info + 8);
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_set_loader(program, no_weights, NULL);
	fe_add_source(program, source_add(session, page, code, length));
	fe_check(program);
	if (several)
		cr_expect(session->error_count > 1, "%s:%d: %u errors", page, line, (unsigned)session->error_count);
	if (wanted == 0 && !several && session->diags.count > 0) {
		diag_print_all(session, stderr, false);
		cr_expect_fail("%s:%d: the block has errors or warnings", page, line);
	}
	if (wanted != 0) {
		cr_expect(session->error_count == 1, "%s:%d: %u errors instead of one", page, line,
		          (unsigned)session->error_count);
		for (uint32_t i = 0; i < session->diags.count; i++)
			cr_expect(session->diags.data[i]->code == wanted, "%s:%d: E%04d instead of E%04d", page, line,
			          session->diags.data[i]->code, wanted);
	}
	session_free(session);
}

static int check_page(const char *page) {
	char *text = read_file(path_of(page), NULL);
	cr_assert(text != NULL, "%s cannot be read", page);
	static const char fence[] = "```";
	int line = 1, blocks = 0;
	for (const char *at = text; *at;) {
		const char *next = at + strcspn(at, "\n");
		next += *next == '\n';
		if (strncmp(at, fence, 3) != 0) {
			line++;
			at = next;
			continue;
		}
		const char *end = strstr(next - 1, "\n```");
		cr_assert(end != NULL, "%s:%d: a block without an end", page, line);
		if (strncmp(at + 3, "grad", 4) == 0 && (at[7] == ' ' || at[7] == '\n')) {
			check_block(page, line + 1, at + 7, next, (size_t)(end + 1 - next));
			blocks++;
		}
		for (const char *c = at; c < end + 1; c++)
			line += *c == '\n';
		at = end + 1 + strcspn(end + 1, "\n");
		at += *at == '\n';
		line++;
	}
	free(text);
	return blocks;
}

Test(docs, blocks) {
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		int blocks = check_page(pages[i]);
		cr_expect(blocks > 0, "%s: no code", pages[i]);
	}
}

static void expect_said(const char *page, const char *text, const char *where) {
	cr_expect(strstr(text, where), "%s does not say %s", page, where);
}

/* Does a row of the table of estimators that is about this one say so? One that has its options "as `pes`" says all. */
static bool row_says(const char *text, const char *name, const char *what) {
	char begin[100], line[1000];
	snprintf(begin, sizeof begin, "| `%s(", name);
	for (const char *row = strstr(text, begin); row; row = strstr(row + 1, begin)) {
		snprintf(line, sizeof line, "%.*s", (int)strcspn(row, "\n"), row);
		if (strstr(line, what) || strstr(line, "as `pes`"))
			return true;
	}
	return false;
}

/* What experiments may say is said: every score, every estimator with its options, and the defaults of these. */
Test(docs, scores_and_estimators) {
	char *text = read_file(path_of("docs/language.md"), NULL), said[100];
	cr_assert(text);
#define FOLD(NAME, name, ...) expect_said("docs/language.md", text, "`" name "`");
#define MAP(NAME, as_written, ...) expect_said("docs/language.md", text, "`" as_written "`");
#include "frontend/scores.def"
#undef FOLD
#undef MAP
	for (int k = 0; k < FE_ESTIMATORS; k++) {
		for (const int *option = fe_estimators[k].options; *option != FE_OPTIONS; option++) {
			double value = fe_option_otherwise((FeEstimator)k, (FeOption)*option);
			snprintf(said, sizeof said, value > 0 ? "`%s` %g" : "`%s`", fe_options[*option].name, value);
			cr_expect(row_says(text, fe_estimators[k].name, said), "no row of `%s` says %s", fe_estimators[k].name,
			          said);
		}
	}
	free(text);
}
