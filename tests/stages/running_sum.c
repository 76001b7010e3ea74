#if defined(__GNUC__)
#define gradus_UNUSED __attribute__((unused))
#else
#define gradus_UNUSED
#endif
#if defined(__cplusplus)
#if defined(__GNUC__)
#define gradus_RESTRICT __restrict__
#else
#define gradus_RESTRICT
#endif
#else
#define gradus_RESTRICT restrict
#endif
/* Clang would unroll the lanes first, and then make vectors of the loop around them by gathering. */
#if defined(__clang__)
#define gradus_LANES _Pragma("clang loop unroll(disable)")
#else
#define gradus_LANES
#endif

/* NaN wins; of equals the first is kept. */
gradus_UNUSED static inline float gradus_min_f32(float a, float b) {
	return b < a || b != b ? b : a;
}
gradus_UNUSED static inline float gradus_max_f32(float a, float b) {
	return b > a || b != b ? b : a;
}
gradus_UNUSED static inline double gradus_min_f64(double a, double b) {
	return b < a || b != b ? b : a;
}
gradus_UNUSED static inline double gradus_max_f64(double a, double b) {
	return b > a || b != b ? b : a;
}
gradus_UNUSED static inline int64_t gradus_min_i64(int64_t a, int64_t b) {
	return b < a ? b : a;
}
gradus_UNUSED static inline int64_t gradus_max_i64(int64_t a, int64_t b) {
	return b > a ? b : a;
}
gradus_UNUSED static inline int32_t gradus_min_i32(int32_t a, int32_t b) {
	return b < a ? b : a;
}
gradus_UNUSED static inline int32_t gradus_max_i32(int32_t a, int32_t b) {
	return b > a ? b : a;
}
gradus_UNUSED static inline int gradus_min_bool(int a, int b) {
	return a & b;
}
gradus_UNUSED static inline int gradus_max_bool(int a, int b) {
	return a | b;
}
gradus_UNUSED static inline float gradus_sign_f32(float a) {
	return a > 0 ? 1.0f : a < 0 ? -1.0f : a;
}
gradus_UNUSED static inline double gradus_sign_f64(double a) {
	return a > 0 ? 1.0 : a < 0 ? -1.0 : a;
}
/* 0 if either factor is 0, whatever the other is. */
gradus_UNUSED static inline float gradus_mulz_f32(float a, float b) {
	return a == 0 || b == 0 ? 0.0f : a * b;
}
gradus_UNUSED static inline double gradus_mulz_f64(double a, double b) {
	return a == 0 || b == 0 ? 0.0 : a * b;
}
/* Integers wrap. */
gradus_UNUSED static inline int64_t gradus_add_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a + (uint64_t)b);
}
gradus_UNUSED static inline int64_t gradus_sub_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a - (uint64_t)b);
}
gradus_UNUSED static inline int64_t gradus_mul_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a * (uint64_t)b);
}
gradus_UNUSED static inline int64_t gradus_neg_i64(int64_t a) {
	return (int64_t)(0 - (uint64_t)a);
}
gradus_UNUSED static inline int64_t gradus_abs_i64(int64_t a) {
	return a < 0 ? gradus_neg_i64(a) : a;
}
gradus_UNUSED static inline int64_t gradus_sign_i64(int64_t a) {
	return (a > 0) - (a < 0);
}
gradus_UNUSED static inline int32_t gradus_add_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a + (uint32_t)b);
}
gradus_UNUSED static inline int32_t gradus_sub_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a - (uint32_t)b);
}
gradus_UNUSED static inline int32_t gradus_mul_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a * (uint32_t)b);
}
gradus_UNUSED static inline int32_t gradus_neg_i32(int32_t a) {
	return (int32_t)(0 - (uint32_t)a);
}
gradus_UNUSED static inline int32_t gradus_abs_i32(int32_t a) {
	return a < 0 ? gradus_neg_i32(a) : a;
}
gradus_UNUSED static inline int32_t gradus_sign_i32(int32_t a) {
	return (a > 0) - (a < 0);
}
/* Rounds down; by 0 it gives 0. */
gradus_UNUSED static inline int64_t gradus_idiv_i64(int64_t a, int64_t b) {
	if (b == 0)
		return 0;
	if (b == -1)
		return gradus_neg_i64(a);
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
gradus_UNUSED static inline int64_t gradus_imod_i64(int64_t a, int64_t b) {
	const int64_t rest = b == 0 || b == -1 ? 0 : a % b;
	return rest != 0 && (a < 0) != (b < 0) ? rest + b : rest;
}
gradus_UNUSED static inline int32_t gradus_idiv_i32(int32_t a, int32_t b) {
	return (int32_t)gradus_idiv_i64(a, b);
}
gradus_UNUSED static inline int32_t gradus_imod_i32(int32_t a, int32_t b) {
	return (int32_t)gradus_imod_i64(a, b);
}
gradus_UNUSED static inline int64_t gradus_shl_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a << (b & 63));
}
gradus_UNUSED static inline int64_t gradus_shr_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a >> (b & 63));
}
gradus_UNUSED static inline int32_t gradus_shl_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a << (b & 31));
}
gradus_UNUSED static inline int32_t gradus_shr_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a >> (b & 31));
}
/* Towards zero; NaN gives 0, what is out of range the nearest integer. */
gradus_UNUSED static inline int64_t gradus_to_int_f64(double a) {
	if (a != a)
		return 0;
	if (a >= 9223372036854775808.0)
		return INT64_MAX;
	return a < -9223372036854775808.0 ? INT64_MIN : (int64_t)a;
}
gradus_UNUSED static inline int64_t gradus_to_int_f32(float a) {
	return gradus_to_int_f64((double)a);
}
gradus_UNUSED static inline int32_t gradus_bits_f32(float a) {
	int32_t b;
	memcpy(&b, &a, sizeof b);
	return b;
}
gradus_UNUSED static inline int64_t gradus_bits_f64(double a) {
	int64_t b;
	memcpy(&b, &a, sizeof b);
	return b;
}
gradus_UNUSED static inline float gradus_float_i32(int32_t a) {
	float b;
	memcpy(&b, &a, sizeof b);
	return b;
}
gradus_UNUSED static inline double gradus_float_i64(int64_t a) {
	double b;
	memcpy(&b, &a, sizeof b);
	return b;
}
static void gradus_gradient_k0(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	for (int64_t t1 = 0; t1 < 9; t1++) {
		float t4 = 0.0f;
		const int64_t e3 = gradus_min_i64(9, t1 + 1);
		for (int64_t t3 = 0; t3 + 1 <= e3; t3 += 1) {
			const float t5 = b0[t3];
			const float t6 = t4 + t5;
			t4 = t6;
		}
		b1[t1] = t4;
	}
}

static void gradus_gradient_k1(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1, int64_t *gradus_RESTRICT b2) {
	float t4 = (-INFINITY);
	int64_t t5 = (INT64_C(-1));
	for (int64_t t3 = 0; t3 < 9; t3++) {
		const float t6 = b0[t3];
		const int t7 = t6 > t4;
		const int t8 = t6 != t6;
		const int t9 = t4 == t4;
		const int t10 = t8 & t9;
		const int t11 = t7 | t10;
		const int t13 = t5 < INT64_C(0);
		const int t14 = t11 | t13;
		const int64_t t15 = t14 ? t3 : t5;
		const float t16 = gradus_max_f32(t4, t6);
		t4 = t16;
		t5 = t15;
	}
	b1[0] = t4;
	b2[0] = t5;
}

static void gradus_gradient_k2(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	float t3 = 0.0f;
	for (int64_t t2 = 0; t2 < 9; t2++) {
		const float t4 = b0[t2];
		const float t5 = fmaf(t4, t4, t3);
		t3 = t5;
	}
	b1[0] = t3;
}

static void gradus_gradient_k3(const float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, float *gradus_RESTRICT b2, const float *gradus_RESTRICT b3, float *gradus_RESTRICT b4, const int64_t *gradus_RESTRICT b5) {
	const float t1 = b0[0];
	const float t2 = b1[0];
	const float t3 = t1 + t2;
	b2[0] = t3;
	const int64_t t6 = b5[0];
	const int64_t t8 = gradus_max_i64(t6, INT64_C(0));
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t4 = l < 9 ? b3[l] : 0.0f;
		const float t5 = t4 + t4;
		if (l < 9) b4[l] = t5;
	}
	const float t9 = b4[t8];
	const float t11 = t9 + 1.0f;
	b4[t8] = t11;
}

static void gradus_gradient_k4(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	for (int64_t t1 = 0; t1 < 9; t1++) {
		const int64_t t2 = -1 * t1;
		float t5 = 0.0f;
		const int64_t e4 = 9;
		for (int64_t t4 = gradus_max_i64(0, -1 * t2); t4 + 1 <= e4; t4 += 1) {
			const float t6 = b0[t4];
			const float t7 = t5 + t6;
			t5 = t7;
		}
		b1[t1] = t5;
	}
}

static int gradus_gradient(const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	float *const s3 = (float *)(void *)((unsigned char *)arena + 0);
	float *const s4 = (float *)(void *)((unsigned char *)arena + 64);
	int64_t *const s5 = (int64_t *)(void *)((unsigned char *)arena + 128);
	float *const s6 = (float *)(void *)((unsigned char *)arena + 192);
	float *const s7 = (float *)(void *)((unsigned char *)arena + 256);
	gradus_gradient_k0(x, s3);
	gradus_gradient_k1(s3, s4, s5);
	gradus_gradient_k2(s3, s6);
	gradus_gradient_k3(s4, s6, f, s3, s7, s5);
	gradus_gradient_k4(s7, xu007e);
	return 0;
}

