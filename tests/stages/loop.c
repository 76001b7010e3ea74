#if defined(__cplusplus) && defined(__GNUC__)
#define gradus_RESTRICT __restrict__
#elif defined(__cplusplus)
#define gradus_RESTRICT
#else
#define gradus_RESTRICT restrict
#endif

/* Clang would unroll the lanes first, and then make vectors of the loop around them by gathering. */
#if defined(__clang__)
#define gradus_LANES _Pragma("clang loop unroll(disable)")
#else
#define gradus_LANES
#endif

/* Functions that loops call have to be inlined, or these loops are not made vector code. */
#if defined(__GNUC__)
#define gradus_INLINE static inline __attribute__((always_inline))
#else
#define gradus_INLINE static inline
#endif

/* Integers wrap. */
static inline int32_t gradus_add_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t gradus_shl_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a << (b & 31));
}

/* The bits of a number. */
static inline int32_t gradus_bits_f32(float a) {
	int32_t b;
	memcpy(&b, &a, sizeof b);
	return b;
}

/* The number that has these bits. */
static inline float gradus_float_i32(int32_t a) {
	float b;
	memcpy(&b, &a, sizeof b);
	return b;
}

/* Mathematics by gradus's own definitions, not the C library's: the same bits on every machine. */

gradus_INLINE float gradus_at_most_f32_fma(float x, float limit) {
	return (limit < x) ? limit : x;
}

gradus_INLINE void gradus_tanh_parts_f32_fma(float a, float *result_1, float *result_2) {
	const float x = gradus_at_most_f32_fma(fabsf(a), 52.5f);
	const float t = fmaf(x, -2.88539f, 12582912.0f);
	const float k = t - 12582912.0f;
	const float r = fmaf(k, 1.4286068e-6f, fmaf(k, 0.69314575f, x + x));
	float q = fmaf(-0.001386398f, r, 0.008367052f);
	q = fmaf(q, r, -0.041667514f);
	q = fmaf(q, r, 0.16666539f);
	q = fmaf(q, r, -0.49999997f);
	const int32_t t1 = gradus_add_i32(gradus_shl_i32(gradus_bits_f32(t), 23), 0x5f800000);
	const float t2 = gradus_float_i32(t1) * 5.421011e-20f;
	const float t3 = fmaf(r * r, q, r);
	*result_1 = t2;
	*result_2 = t3;
}

gradus_INLINE float gradus_tanh_size_f32_fma(float s, float p) {
	return fmaf(s, p, 1.0f - s) / fmaf(-s, p, 1.0f + s);
}

gradus_INLINE float gradus_with_sign_f32_fma(float r, float x) {
	return gradus_float_i32(gradus_bits_f32(r) | (gradus_bits_f32(x) & INT32_MIN));
}

gradus_INLINE float gradus_tanh_f32_fma(float a) {
	float s, p;
	gradus_tanh_parts_f32_fma(a, &s, &p);
	return gradus_with_sign_f32_fma(gradus_tanh_size_f32_fma(s, p), a);
}

gradus_INLINE float gradus_tanh_slope_f32_fma(float a) {
	float s, p;
	gradus_tanh_parts_f32_fma(a, &s, &p);
	const float w = 1.0f + gradus_tanh_size_f32_fma(s, p);
	return fmaf(-s, p, s) * (w * w);
}

/* loop.grad:5: for k in 0..steps { */
static void gradus_gradient_k0(float *gradus_RESTRICT h_2, float *gradus_RESTRICT work) {
	for (int64_t i = 0; i < 4; i++) {
		h_2[i] = 1.0f;
	}
	for (int64_t j = 0; j + 16 <= 48; j += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			work[j + l] = 0.0f;
		}
	}
}

/* loop.grad:5: for k in 0..steps {
 * loop.grad:6: h <- tanh(w * h) */
static void gradus_gradient_k1(float *gradus_RESTRICT h_3, int64_t k, float *gradus_RESTRICT work_2,
		const float *gradus_RESTRICT x, float *gradus_RESTRICT work_3) {
	const int64_t t1 = k * 4;
	const int64_t t2 = k * 4;
	for (int64_t i = 0; i < 4; i++) {
		work_2[t1 + i] = h_3[i];
		const float t3 = x[i] * h_3[i];
		h_3[i] = gradus_tanh_f32_fma(t3);
		work_3[t2 + i] = gradus_tanh_slope_f32_fma(t3);
	}
}

/* loop.grad:5: for k in 0..steps {
 * loop.grad:8: minimize sum(h) */
static void gradus_gradient_k2(const float *gradus_RESTRICT h_3, float *gradus_RESTRICT f,
		float *gradus_RESTRICT x_gradient) {
	f[0] = h_3[0] + h_3[1] + h_3[2] + h_3[3];
	for (int64_t i = 0; i < 4; i++) {
		x_gradient[i] = 0.0f;
	}
}

/* loop.grad:6: h <- tanh(w * h) */
static void gradus_gradient_k3(float *gradus_RESTRICT x_gradient, const float *gradus_RESTRICT h_gradient,
		int64_t work_5, const float *gradus_RESTRICT work_3, const float *gradus_RESTRICT work_2,
		const float *gradus_RESTRICT x, float *gradus_RESTRICT h_gradient_2) {
	const int64_t t1 = -work_5 * 4;
	const int64_t t2 = -work_5 * 4;
	for (int64_t i = 0; i < 4; i++) {
		const int64_t t3 = t1 + i;
		x_gradient[i] = fmaf(h_gradient[i] * work_3[t3 + 44], work_2[t3 + 44], x_gradient[i]);
		h_gradient_2[i] = h_gradient[i] * work_3[t2 + i + 44] * x[i];
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	float *const h_2 = (float *)(void *)((unsigned char *)arena + 576);
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	float *const h_3 = (float *)(void *)((unsigned char *)arena + 640);
	float *const work_2 = (float *)(void *)((unsigned char *)arena + 192);
	float *const work_3 = (float *)(void *)((unsigned char *)arena + 384);
	int64_t *const k = (int64_t *)(void *)((unsigned char *)arena + 704);
	float *const h_gradient = (float *)(void *)((unsigned char *)arena + 0);
	int64_t *const work_5 = (int64_t *)(void *)((unsigned char *)arena + 64);
	float *const h_gradient_2 = (float *)(void *)((unsigned char *)arena + 128);
	gradus_gradient_k0(h_2, work);
	memcpy(h_3, h_2, (size_t)4 * sizeof *h_3);
	memcpy(work_2, work, (size_t)48 * sizeof *work_2);
	memcpy(work_3, work, (size_t)48 * sizeof *work_3);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < 12; gradus_turn1++) {
		k[0] = gradus_turn1;
		gradus_gradient_k1(h_3, *k, work_2, x, work_3);
	}
	gradus_gradient_k2(h_3, f, x_gradient);
	memcpy(h_gradient, h_2, (size_t)4 * sizeof *h_gradient);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < 12; gradus_turn1++) {
		work_5[0] = gradus_turn1;
		gradus_gradient_k3(x_gradient, h_gradient, *work_5, work_3, work_2, x, h_gradient_2);
		memcpy(h_gradient, h_gradient_2, (size_t)4 * sizeof *h_gradient);
	}
	return 0;
}

