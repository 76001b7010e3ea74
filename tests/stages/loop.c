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
static void gradus_gradient_k0(float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	for (int64_t t1 = 0; t1 < 4; t1++) {
		b0[t1] = 1.0f;
	}
	for (int64_t t3 = 0; t3 < 12; t3++) {
		const int64_t t5 = 4 * t3;
		b1[t5] = 0.0f;
		b1[t5 + 1] = 0.0f;
		b1[t5 + 2] = 0.0f;
		b1[t5 + 3] = 0.0f;
	}
}

static void gradus_gradient_k1(float *gradus_RESTRICT b0, const int64_t *gradus_RESTRICT b1, float *gradus_RESTRICT b2, const float *gradus_RESTRICT b3, float *gradus_RESTRICT b4) {
	const int64_t t3 = b1[0];
	const int64_t t4 = 4 * t3;
	const int64_t t52 = b1[0];
	const int64_t t53 = 4 * t52;
	for (int64_t t1 = 0; t1 < 4; t1++) {
		const float t2 = b0[t1];
		const int64_t t5 = t4 + t1;
		b2[t5] = t2;
		const float t7 = b3[t1];
		const float t8 = b0[t1];
		const float t9 = t7 * t8;
		const float t10 = fabsf(t9);
		const int t11 = 10.0f < t10;
		const float t12 = t11 ? 10.0f : t10;
		const float t15 = fmaf(t12, (-2.88539f), 12582912.0f);
		const int32_t t16 = gradus_bits_f32(t15);
		const int32_t t18 = gradus_shl_i32(t16, 23);
		const int32_t t20 = gradus_add_i32(t18, 1065353216);
		const float t21 = gradus_float_i32(t20);
		const float t22 = t15 - 12582912.0f;
		const float t25 = t12 + t12;
		const float t26 = fmaf(t22, 0.69314575f, t25);
		const float t27 = fmaf(t22, 1.4286068e-6f, t26);
		const float t28 = t27 * t27;
		const float t31 = fmaf((-0.001386398f), t27, 0.008367052f);
		const float t33 = fmaf(t31, t27, (-0.041667514f));
		const float t35 = fmaf(t33, t27, 0.16666539f);
		const float t37 = fmaf(t35, t27, (-0.49999997f));
		const float t38 = fmaf(t28, t37, t27);
		const float t40 = 1.0f - t21;
		const float t41 = fmaf(t21, t38, t40);
		const float t42 = -t21;
		const float t43 = 1.0f + t21;
		const float t44 = fmaf(t42, t38, t43);
		const float t45 = t41 / t44;
		const int32_t t46 = gradus_bits_f32(t45);
		const int32_t t47 = gradus_bits_f32(t9);
		const int32_t t49 = t47 & INT32_MIN;
		const int32_t t50 = t46 | t49;
		const float t51 = gradus_float_i32(t50);
		b0[t1] = t51;
		const int64_t t54 = t53 + t1;
		b4[t54] = t51;
	}
}

static void gradus_gradient_k2(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1, float *gradus_RESTRICT b2) {
	const float t1 = b0[0];
	const float t2 = b0[1];
	const float t3 = t1 + t2;
	const float t4 = b0[2];
	const float t5 = t3 + t4;
	const float t6 = b0[3];
	const float t7 = t5 + t6;
	b1[0] = t7;
	for (int64_t t8 = 0; t8 < 4; t8++) {
		b2[t8] = 0.0f;
	}
}

static void gradus_gradient_k3(float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const int64_t *gradus_RESTRICT b2, const float *gradus_RESTRICT b3, const float *gradus_RESTRICT b4, const float *gradus_RESTRICT b5, float *gradus_RESTRICT b6) {
	const int64_t t4 = b2[0];
	const int64_t t5 = -4 * t4;
	const int64_t t15 = b2[0];
	const int64_t t16 = -4 * t15;
	for (int64_t t1 = 0; t1 < 4; t1++) {
		const float t2 = b0[t1];
		const float t3 = b1[t1];
		const int64_t t6 = t5 + t1;
		const float t7 = b3[t6 + 44];
		const float t8 = -t7;
		const float t10 = fmaf(t8, t7, 1.0f);
		const float t11 = t3 * t10;
		const float t12 = b4[t6 + 44];
		const float t13 = fmaf(t11, t12, t2);
		b0[t1] = t13;
		const float t14 = b1[t1];
		const int64_t t17 = t16 + t1;
		const float t18 = b3[t17 + 44];
		const float t19 = -t18;
		const float t20 = fmaf(t19, t18, 1.0f);
		const float t21 = t14 * t20;
		const float t22 = b5[t1];
		const float t23 = t21 * t22;
		b6[t1] = t23;
	}
}

static int gradus_gradient(const float *x, float *f, float *x_, void *arena) {
	(void)arena;
	float *const h = (float *)(void *)((unsigned char *)arena + 576);
	float *const s4 = (float *)(void *)((unsigned char *)arena + 0);
	float *const h_2 = (float *)(void *)((unsigned char *)arena + 640);
	float *const s6 = (float *)(void *)((unsigned char *)arena + 192);
	float *const s7 = (float *)(void *)((unsigned char *)arena + 384);
	int64_t *const s8 = (int64_t *)(void *)((unsigned char *)arena + 704);
	float *const h_ = (float *)(void *)((unsigned char *)arena + 0);
	int64_t *const s10 = (int64_t *)(void *)((unsigned char *)arena + 64);
	float *const h__2 = (float *)(void *)((unsigned char *)arena + 128);
	gradus_gradient_k0(h, s4);
	memcpy(h_2, h, (size_t)(4) * sizeof *h_2);
	memcpy(s6, s4, (size_t)(48) * sizeof *s6);
	memcpy(s7, s4, (size_t)(48) * sizeof *s7);
	for (int64_t turn_s8 = 0; turn_s8 < 12; turn_s8++) {
		s8[0] = turn_s8;
		gradus_gradient_k1(h_2, s8, s6, x, s7);
	}
	gradus_gradient_k2(h_2, f, x_);
	memcpy(h_, h, (size_t)(4) * sizeof *h_);
	for (int64_t turn_s10 = 0; turn_s10 < 12; turn_s10++) {
		s10[0] = turn_s10;
		gradus_gradient_k3(x_, h_, s10, s7, s6, x, h__2);
		memcpy(h_, h__2, (size_t)(4) * sizeof *h_);
	}
	return 0;
}

