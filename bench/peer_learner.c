/* See peer_learner.h. */
#include "bench/peer_learner.h"

#include "bench/vector.h"

enum { D = LEARNER_PEER_FEATURES };

INLINE V dot(const V *a, const V *b) {
	V sum = a[0] * b[0];
	for (int j = 1; j < D; j++)
		sum += a[j] * b[j];
	return sum;
}

void peer_learner(const float *X, const float *y, const float *unseen, int examples, int predictions, float rate,
                  float *out) {
	const V *row = (const V *)X, *label = (const V *)y, *seen = (const V *)unseen;
	V w[D] = {v_splat(0), v_splat(0), v_splat(0), v_splat(0)};
	for (int i = 0; i < examples; i++, row += D) {
		V error = rate * (label[i] - dot(w, row));
		for (int j = 0; j < D; j++)
			w[j] += error * row[j];
	}
	for (int i = 0; i < predictions; i++, seen += D)
		((V *)out)[i] = dot(w, seen);
}
