/* Any bytes, read as a program and checked: all declarations are instantiated, and what is wrong is told. */
#include "frontend/frontend.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static FILE *nowhere;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	if (nowhere == NULL)
		abort();
	Session *session = session_new();
	FeProgram *program = fe_program_new(session);
	fe_add_source(program, source_add(session, "fuzz.grad", (const char *)data, size));
	bool good = fe_check(program);
	if (good != (session->error_count == 0))
		abort();
	diag_print_all(session, nowhere, false);
	diag_print_json(session, nowhere);
	session_free(session);
	return 0;
}
