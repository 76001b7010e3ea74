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
static void gradus_rule_step_step_k0(const float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, float *gradus_RESTRICT b3, const float *gradus_RESTRICT b4, const float *gradus_RESTRICT b5, float *gradus_RESTRICT b6, ptrdiff_t n0) {
	const float t2 = b0[0];
	const float t3 = 1.0f - t2;
	const float t5 = b0[0];
	const float t11 = b5[0];
	for (int64_t t4 = 0; t4 + 16 <= (int64_t)n0; t4 += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float t6 = b1[t4 + l];
			const float t7 = b2[t4 + l];
			const float t8 = t3 * t7;
			const float t9 = fmaf(t5, t6, t8);
			b3[t4 + l] = t9;
			const float t10 = b4[t4 + l];
			const float t12 = t11 * t9;
			const float t13 = fabsf(t9);
			const float t15 = t13 + 1e-8f;
			const float t16 = t12 / t15;
			const float t17 = t10 - t16;
			b6[t4 + l] = t17;
		}
	}
	for (int64_t t18 = gradus_idiv_i64((int64_t)n0, 16) * 16; t18 < (int64_t)n0; t18++) {
		const float t19 = b1[t18];
		const float t20 = b2[t18];
		const float t21 = t3 * t20;
		const float t22 = fmaf(t5, t19, t21);
		b3[t18] = t22;
		const float t23 = b4[t18];
		const float t24 = t11 * t22;
		const float t25 = fabsf(t22);
		const float t26 = t25 + 1e-8f;
		const float t27 = t24 / t26;
		const float t28 = t23 - t27;
		b6[t18] = t28;
	}
}

static int gradus_rule_step_step(const float *x, const float *g, const float *f, const int64_t *t, const int64_t *horizon, const float *lr, const float *beta, const float *m, float *x_2, float *m_2, void *arena, ptrdiff_t n) {
	(void)arena;
	(void)n;
	(void)f;
	(void)t;
	(void)horizon;
	gradus_rule_step_step_k0(beta, m, g, m_2, x, lr, x_2, n);
	return 0;
}

