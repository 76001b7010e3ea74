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
	float t3 = 0.0f;
	for (int64_t t2 = 0; t2 < 10; t2++) {
		const float t4 = b0[t2];
		const int t5 = t4 > 0.0f;
		const int t7 = t4 < INFINITY;
		const int t9 = t4 < 1.1754944e-38f;
		const float t11 = t4 * 16777216.0f;
		const float t12 = t9 ? t11 : t4;
		const int32_t t13 = gradus_bits_f32(t12);
		const int32_t t15 = gradus_add_i32(t13, 4913933);
		const int32_t t17 = gradus_shr_i32(t15, 23);
		const int32_t t19 = t17 | 1258291200;
		const float t20 = gradus_float_i32(t19);
		const float t23 = t9 ? 8388759.0f : 8388735.0f;
		const float t24 = t20 - t23;
		const int32_t t27 = t15 & 8388607;
		const int32_t t29 = gradus_add_i32(t27, 1060439283);
		const float t30 = gradus_float_i32(t29);
		const float t32 = t30 - 1.0f;
		const float t33 = t32 * t32;
		const float t36 = t33 * t32;
		const float t39 = fmaf(0.06684232f, t32, (-0.116575316f));
		const float t41 = fmaf(t39, t32, 0.119065955f);
		const float t43 = fmaf(t41, t32, (-0.12409513f));
		const float t45 = fmaf(t43, t32, 0.14217414f);
		const float t47 = fmaf(t45, t32, (-0.16667731f));
		const float t49 = fmaf(t47, t32, 0.20002231f);
		const float t51 = fmaf(t49, t32, (-0.25000015f));
		const float t53 = fmaf(t51, t32, 0.3333331f);
		const float t54 = t36 * t53;
		const float t55 = fmaf(t24, 1.4286068e-6f, t54);
		const float t56 = fmaf(t33, (-0.5f), t55);
		const float t57 = t32 + t56;
		const float t58 = fmaf(t24, 0.69314575f, t57);
		const float t59 = t7 ? t58 : t4;
		const int t60 = t4 == 0.0f;
		const float t63 = t60 ? (-INFINITY) : NAN;
		const float t64 = t5 ? t59 : t63;
		const float t65 = t4 * t4;
		const float t66 = t5 ? t64 : t65;
		const float t67 = t3 + t66;
		t3 = t67;
	}
	b1[0] = t3;
}

static void gradus_gradient_k1(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t1 = l < 10 ? b0[l] : 0.0f;
		const int t3 = t1 > 0.0f;
		const float t5 = t3 ? 0.0f : 1.0f;
		const float t6 = gradus_mulz_f32(t5, t1);
		const float t7 = t6 + t6;
		const float t8 = t3 ? 1.0f : 0.0f;
		const float t9 = 1.0f / t1;
		const float t10 = gradus_mulz_f32(t8, t9);
		const float t11 = t7 + t10;
		if (l < 10) b1[l] = t11;
	}
}

static int gradus_gradient(const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	gradus_gradient_k0(x, f);
	gradus_gradient_k1(x, xu007e);
	return 0;
}

