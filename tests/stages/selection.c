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

/* a * b, but 0 if either factor is 0, even if the other is infinite or NaN. */
static inline float gradus_mulz_f32(float a, float b) {
	return a == 0 || b == 0 ? 0.0f : a * b;
}

/* Integers wrap. */
static inline int32_t gradus_add_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Integers wrap. */
static inline int32_t gradus_sub_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline int32_t gradus_shr_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a >> (b & 31));
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

gradus_INLINE void gradus_log_split_f32_fma(float x, float bias, float *result_1, float *result_2) {
	const int32_t u = gradus_add_i32(gradus_bits_f32(x), gradus_sub_i32(0x3f800000, 0x3f3504f3));
	const float t1 = gradus_float_i32(gradus_shr_i32(u, 23) | 0x4b000000) - bias;
	const float t2 = gradus_float_i32(gradus_add_i32(u & 0x7fffff, 0x3f3504f3)) - 1.0f;
	*result_1 = t1;
	*result_2 = t2;
}

gradus_INLINE float gradus_log_finish_f32_fma(float k, float f) {
	const float s = f * f;
	float p = fmaf(0.06684232f, f, -0.116575316f);
	p = fmaf(p, f, 0.119065955f);
	p = fmaf(p, f, -0.12409513f);
	p = fmaf(p, f, 0.14217414f);
	p = fmaf(p, f, -0.16667731f);
	p = fmaf(p, f, 0.20002231f);
	p = fmaf(p, f, -0.25000015f);
	p = fmaf(p, f, 0.3333331f);
	const float low = fmaf(k, 1.4286068e-6f, s * f * p);
	return fmaf(k, 0.69314575f, f + fmaf(s, -0.5f, low));
}

gradus_INLINE float gradus_log_f32_fma(float a) {
	const int tiny = a < 1.1754944e-38f;
	const float t1 = a * 16777216.0f;
	float k, f;
	gradus_log_split_f32_fma(tiny ? t1 : a, tiny ? 8388759.0f : 8388735.0f, &k, &f);
	const float t2 = gradus_log_finish_f32_fma(k, f);
	const float r = (a < INFINITY) ? t2 : a;
	return (a > 0.0f) ? r : ((a == 0.0f) ? -INFINITY : NAN);
}

/* selection.grad:4: minimize sum[i](if x[i] > 0 then log(x[i]) else x[i]^2) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT f) {
	float t1[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float x_i = l < 10 ? x[l] : 0.0f;
		const float t2 = gradus_log_f32_fma(x_i);
		const float t3 = x_i * x_i;
		const float t4 = 0.0f + ((x_i > 0.0f) ? t2 : t3);
		t1[l] = (l < 10) ? t4 : 0.0f;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float f_i = t1[0];
	f[0] = f_i;
}

/* selection.grad:4: minimize sum[i](if x[i] > 0 then log(x[i]) else x[i]^2) */
static void gradus_gradient_k1(const float *gradus_RESTRICT x, float *gradus_RESTRICT x_gradient) {
	for (int l = 0; l < 10; l++) {
		const float x_i = x[l];
		const int t1 = x_i > 0.0f;
		const float t2 = gradus_mulz_f32(t1 ? 0.0f : 1.0f, x_i);
		x_gradient[l] = t2 + t2 + gradus_mulz_f32(t1 ? 1.0f : 0.0f, 1.0f / x_i);
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	(void)arena;
	gradus_gradient_k0(x, f);
	gradus_gradient_k1(x, x_gradient);
	return 0;
}

