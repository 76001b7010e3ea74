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

gradus_INLINE float gradus_at_least_f32_fma(float x, float limit) {
	return (limit > x) ? limit : x;
}

gradus_INLINE float gradus_exp_f32_fma(float a) {
	const float x = gradus_at_least_f32_fma(gradus_at_most_f32_fma(a, 89.0f), -104.0f);
	const float t = fmaf(x, 0.7213475f, 12582912.0f);
	const float k = t - 12582912.0f;
	const float r = fmaf(k, -2.8572135e-6f, fmaf(k, -1.3862915f, x));
	const int32_t t1 = gradus_add_i32(gradus_shl_i32(gradus_bits_f32(t), 23), 0x3f800000);
	const float s = gradus_float_i32(t1);
	float q = fmaf(0.00019778447f, r, 0.001411592f);
	q = fmaf(q, r, 0.008334902f);
	q = fmaf(q, r, 0.041660465f);
	q = fmaf(q, r, 0.16666634f);
	q = fmaf(q, r, 0.5000005f);
	return (1.0f + fmaf(r * r, q, r)) * s * s;
}

/* elementwise.grad:4: minimize sum[i](exp(-x[i]^2) + x[i]) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT f,
		float *gradus_RESTRICT x_gradient) {
	float t1[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float x_i = x[l];
		const float t2 = x_i * x_i;
		const float t3 = 0.0f + (gradus_exp_f32_fma(-t2) + x_i);
		const float x_i_2 = l < 4 ? x[16 + l] : 0.0f;
		const float t4 = x_i_2 * x_i_2;
		const float t5 = t3 + (gradus_exp_f32_fma(-t4) + x_i_2);
		t1[l] = (l < 4) ? t5 : t3;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float f_i = t1[0];
	f[0] = f_i;
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float x_i = x[l];
		const float t2 = x_i * x_i;
		const float t3 = -gradus_exp_f32_fma(-t2) * x_i;
		x_gradient[l] = 1.0f + t3 + t3;
	}
	for (int l = 0; l < 4; l++) {
		const float x_i = x[16 + l];
		const float t2 = x_i * x_i;
		const float t3 = -gradus_exp_f32_fma(-t2) * x_i;
		x_gradient[16 + l] = 1.0f + t3 + t3;
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	(void)arena;
	gradus_gradient_k0(x, f, x_gradient);
	return 0;
}

