/* Any bytes, read as a file and as an expression: no crash, no leak, no endless loop, every place inside the source,
 * and the tree and the diagnostics can be printed. */
#include "frontend/syntax/ast.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const Session *session) {
	for (uint32_t k = 0; k < session->diags.count; k++) {
		const Diag *diag = session->diags.data[k];
		for (uint32_t i = 0; i < diag->labels.count; i++) {
			Span span = diag->labels.data[i].span;
			if (span.file == 0 || span.start > span.end || span.end > session->sources.data[span.file]->length)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static FILE *nowhere;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	if (nowhere == NULL)
		abort();
	Session *session = session_new();
	Text text = text_new(session->arena);
	const AstFile *file = ast_parse(session, source_add(session, "fuzz.grad", (const char *)data, size));
	ast_print(session, file, &text);
	const AstExpr *expr = ast_parse_expression(session, source_add(session, "argument", (const char *)data, size));
	ast_print_expr(session, expr, &text);
	check_places(session);
	diag_print_all(session, nowhere, true);
	diag_print_json(session, nowhere);
	session_free(session);
	return 0;
}
