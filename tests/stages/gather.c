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
static int gradus_gradient_k0(const int64_t *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, float *gradus_RESTRICT b3) {
	int t4[16];
	int64_t t5[16];
	int64_t t7[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const int64_t t2 = 0 + l * 1;
		t4[l] = t2 < INT64_C(12);
		t5[l] = l < 12 ? b0[l] : INT64_C(0);
		t7[l] = gradus_mul_i64(t5[l], INT64_C(2));
	}
	for (int l = 0; l < 12; l++) {
		if (t7[l] < 0 || t7[l] >= 10)
			return 1;
	}
	float t8[16];
	int64_t t11[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		t8[l] = l < 12 ? b1[t5[l] * 2] : 0.0f;
		const int64_t t9 = gradus_mul_i64(t5[l], INT64_C(2));
		t11[l] = gradus_add_i64(t9, INT64_C(1));
	}
	for (int l = 0; l < 12; l++) {
		if (t11[l] < 0 || t11[l] >= 10)
			return 2;
	}
	float t17[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t12 = l < 12 ? b1[1 + t5[l] * 2] : 0.0f;
		const float t13 = l < 12 ? b2[l] : 0.0f;
		const float t14 = -t13;
		const float t15 = fmaf(t8[l], t12, t14);
		const float t16 = fmaf(t15, t15, 0.0f);
		t17[l] = t4[l] ? t16 : 0.0f;
	}
	float s18[16];
	for (int l = 0; l < 16; l++)
		s18[l] = t17[l];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			s18[l] = s18[l] + s18[l + h];
	const float t18 = s18[0];
	b3[0] = t18;
	return 0;
}

static void gradus_gradient_k1(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	const float t1 = b0[0];
	const float t3 = t1 * 0.083333336f;
	b1[0] = t3;
}

static int gradus_gradient_k2(float *gradus_RESTRICT b0, const int64_t *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, const float *gradus_RESTRICT b3) {
	for (int64_t t2 = gradus_idiv_i64(10, 16) * 16; t2 < 10; t2++) {
		b0[t2] = 0.0f;
	}
	for (int64_t t3 = 0; t3 < 12; t3++) {
		const int64_t t4 = b1[t3];
		const int64_t t5 = 2 * t4;
		if (t5 < 0 || t5 >= 10)
			return 3;
		const float t6 = b0[t5];
		if (t5 < 0 || t5 >= 10)
			return 4;
		const float t8 = b2[t5];
		const int64_t t9 = t5 + 1;
		if (t9 < 0 || t9 >= 10)
			return 5;
		const float t10 = b2[t5 + 1];
		const float t11 = b3[t3];
		const float t12 = -t11;
		const float t13 = fmaf(t8, t10, t12);
		const float t14 = 0.083333336f * t13;
		const float t15 = t14 + t14;
		const float t16 = fmaf(t15, t10, t6);
		b0[t5] = t16;
	}
	return 0;
}

static int gradus_gradient_k3(const int64_t *gradus_RESTRICT b0, float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, const float *gradus_RESTRICT b3) {
	for (int64_t t1 = 0; t1 < 12; t1++) {
		const int64_t t2 = b0[t1];
		const int64_t t3 = 2 * t2;
		const int64_t t4 = t3 + 1;
		if (t4 < 0 || t4 >= 10)
			return 6;
		const float t5 = b1[t3 + 1];
		if (t3 < 0 || t3 >= 10)
			return 7;
		const float t7 = b2[t3];
		if (t4 < 0 || t4 >= 10)
			return 8;
		const float t8 = b2[t3 + 1];
		const float t9 = b3[t1];
		const float t10 = -t9;
		const float t11 = fmaf(t7, t8, t10);
		const float t12 = 0.083333336f * t11;
		const float t13 = t12 + t12;
		const float t14 = fmaf(t13, t7, t5);
		b1[t3 + 1] = t14;
	}
	return 0;
}

static int gradus_gradient(const int64_t *k, const float *y, const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	float *const s5 = (float *)(void *)((unsigned char *)arena + 0);
	int failed;
	failed = gradus_gradient_k0(k, x, y, s5);
	if (failed)
		return failed;
	gradus_gradient_k1(s5, f);
	failed = gradus_gradient_k2(xu007e, k, x, y);
	if (failed)
		return failed;
	failed = gradus_gradient_k3(k, xu007e, x, y);
	if (failed)
		return failed;
	return 0;
}

