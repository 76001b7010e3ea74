/* Runs that diverge downwards are full of subnormal numbers, which some processors take a hundred times as long for: they are 0 while a thread
 * searches. */
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "runtime/search/stages.h"

unsigned search_flush_subnormals(void) {
#if defined(__SSE2__)
	unsigned before = _mm_getcsr();
	_mm_setcsr(before | 0x8040); /* results and operands */
	return before;
#else
	return 0;
#endif
}

void search_flush_as_before(unsigned before) {
#if defined(__SSE2__)
	_mm_setcsr(before);
#else
	(void)before;
#endif
}
