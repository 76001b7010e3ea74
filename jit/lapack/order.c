/* The order of numbers, by merging runs: what calls.def calls `order`. There is one answer, so it is the one of the loops. */
#include "jit/lapack/lapack.h"

#include <math.h>
#include <stdlib.h>

typedef struct Keyed {
	double key;
	int64_t number;
} Keyed;

/* Of elements that stood in this order: whether the second has to stand before the first. */
static bool is_wrong(const Keyed *first, const Keyed *second) {
	return second->key < first->key || (isnan(first->key) && !isnan(second->key));
}

/* Runs of a few elements, each in order. */
static void sort_runs(Keyed *keys, int64_t n, int64_t width) {
	for (int64_t begin = 0; begin < n; begin += width) {
		int64_t end = begin + width < n ? begin + width : n;
		for (int64_t i = begin + 1; i < end; i++) {
			Keyed moved = keys[i];
			int64_t to = i;
			for (; to > begin && is_wrong(&keys[to - 1], &moved); to--)
				keys[to] = keys[to - 1];
			keys[to] = moved;
		}
	}
}

static void merge(const Keyed *from, Keyed *to, int64_t begin, int64_t middle, int64_t end) {
	int64_t i = begin, k = middle;
	for (int64_t at = begin; at < end; at++) {
		bool second = k < end && (i == middle || is_wrong(&from[i], &from[k]));
		to[at] = second ? from[k++] : from[i++];
	}
}

void lapack_order(bool twice, int64_t n, const void *a, int64_t *p) {
	enum { RUN = 12 };
	Keyed *keys = memory_new((size_t)(2 * n + 1) * sizeof *keys), *other = keys + n;
	for (int64_t i = 0; i < n; i++)
		keys[i] = (Keyed){twice ? ((const double *)a)[i] : (double)((const float *)a)[i], i};
	Keyed *from = keys, *to = other;
	sort_runs(from, n, RUN);
	for (int64_t width = RUN; width < n; width *= 2) {
		for (int64_t begin = 0; begin < n; begin += 2 * width) {
			int64_t middle = begin + width < n ? begin + width : n;
			int64_t end = middle + width < n ? middle + width : n;
			merge(from, to, begin, middle, end);
		}
		Keyed *was = from;
		from = to;
		to = was;
	}
	for (int64_t i = 0; i < n; i++)
		p[i] = from[i].number;
	free(keys);
}
