/* Sixteen floats at once, as the peers that are written by hand use them: gcc's and clang's vector extension. Mathematics to about
 * 1e-7 of the largest value, which is less than Gradus promises: a peer may be a little cheaper, never dearer. */
#ifndef GRADUS_BENCH_VECTOR_H
#define GRADUS_BENCH_VECTOR_H

#include <math.h>
#include <stdint.h>

typedef float V __attribute__((vector_size(64)));
typedef int32_t VI __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))

INLINE V v_splat(float x) {
	return (V){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

/* Where the mask is all ones a, else b. */
INLINE V v_select(VI mask, V a, V b) {
	return (V)(((VI)a & mask) | ((VI)b & ~mask));
}

INLINE V v_min(V a, V b) {
	return v_select(a < b, a, b);
}

INLINE V v_max(V a, V b) {
	return v_select(a > b, a, b);
}

INLINE V v_sqrt(V a) {
	V out;
	for (int lane = 0; lane < 16; lane++)
		out[lane] = sqrtf(a[lane]);
	return out;
}

INLINE V v_exp(V x) {
	x = v_max(v_min(x, v_splat(88.0f)), v_splat(-87.0f));
	/* Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits. */
	V shifted = x * 1.44269504f + 12582912.0f;
	V n = shifted - 12582912.0f;
	V r = x - n * 0.693145752f;
	r = r - n * 1.42860677e-6f;
	V p = r * (1.0f / 720) + 1.0f / 120;
	p = p * r + 1.0f / 24;
	p = p * r + 1.0f / 6;
	p = p * r + 0.5f;
	p = p * r + 1.0f;
	p = p * r + 1.0f;
	return (V)((VI)p + ((VI)shifted << 23));
}

/* Of normal positive numbers. */
INLINE V v_log(V x) {
	VI bits = (VI)x - 0x3f3504f3; /* sqrt(1/2) */
	VI exponent = bits >> 23;
	V m = (V)((bits & 0x7fffff) + 0x3f3504f3);
	V s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
	V p = s2 * (2.0f / 9) + 2.0f / 7;
	p = p * s2 + 2.0f / 5;
	p = p * s2 + 2.0f / 3;
	p = p * s2 + 2.0f;
	return __builtin_convertvector(exponent, V) * 0.693147181f + p * s;
}

INLINE V v_tanh(V x) {
	return 1.0f - 2.0f / (v_exp(x + x) + 1.0f);
}

#endif
