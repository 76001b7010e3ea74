/* Subnormal numbers as 0 while a thread searches: runs that diverge downwards are full of them, and some processors take a hundred times as
 * long for each. */
#ifndef GRADUS_SEARCH_FLUSH_H
#define GRADUS_SEARCH_FLUSH_H

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* What search_flush_as_before is given when the thread has done. */
static inline unsigned search_flush_subnormals(void) {
#if defined(__SSE2__)
	unsigned before = _mm_getcsr();
	_mm_setcsr(before | 0x8040); /* results and operands */
	return before;
#else
	return 0;
#endif
}

static inline void search_flush_as_before(unsigned before) {
#if defined(__SSE2__)
	_mm_setcsr(before);
#else
	(void)before;
#endif
}

#endif
