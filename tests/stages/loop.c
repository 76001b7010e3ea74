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
	const int64_t t58 = b1[0];
	const int64_t t59 = 4 * t58;
	for (int64_t t1 = 0; t1 < 4; t1++) {
		const float t2 = b0[t1];
		const int64_t t5 = t4 + t1;
		b2[t5] = t2;
		const float t7 = b3[t1];
		const float t8 = b0[t1];
		const float t9 = t7 * t8;
		const float t10 = fabsf(t9);
		const int t11 = 52.5f < t10;
		const float t12 = t11 ? 52.5f : t10;
		const float t15 = fmaf(t12, (-2.88539f), 12582912.0f);
		const int32_t t16 = gradus_bits_f32(t15);
		const int32_t t18 = gradus_shl_i32(t16, 23);
		const int32_t t20 = gradus_add_i32(t18, 1602224128);
		const float t21 = gradus_float_i32(t20);
		const float t23 = t21 * 5.421011e-20f;
		const float t24 = t15 - 12582912.0f;
		const float t27 = t12 + t12;
		const float t28 = fmaf(t24, 0.69314575f, t27);
		const float t29 = fmaf(t24, 1.4286068e-6f, t28);
		const float t30 = t29 * t29;
		const float t33 = fmaf((-0.001386398f), t29, 0.008367052f);
		const float t35 = fmaf(t33, t29, (-0.041667514f));
		const float t37 = fmaf(t35, t29, 0.16666539f);
		const float t39 = fmaf(t37, t29, (-0.49999997f));
		const float t40 = fmaf(t30, t39, t29);
		const float t42 = 1.0f - t23;
		const float t43 = fmaf(t23, t40, t42);
		const float t44 = -t23;
		const float t45 = 1.0f + t23;
		const float t46 = fmaf(t44, t40, t45);
		const float t47 = t43 / t46;
		const int32_t t48 = gradus_bits_f32(t47);
		const int32_t t49 = gradus_bits_f32(t9);
		const int32_t t51 = t49 & INT32_MIN;
		const int32_t t52 = t48 | t51;
		const float t53 = gradus_float_i32(t52);
		const float t54 = fmaf(t44, t40, t23);
		const float t55 = 1.0f + t47;
		const float t56 = t55 * t55;
		const float t57 = t54 * t56;
		b0[t1] = t53;
		const int64_t t60 = t59 + t1;
		b4[t60] = t57;
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
	const int64_t t12 = b2[0];
	const int64_t t13 = -4 * t12;
	for (int64_t t1 = 0; t1 < 4; t1++) {
		const float t2 = b0[t1];
		const float t3 = b1[t1];
		const int64_t t6 = t5 + t1;
		const float t7 = b3[t6 + 44];
		const float t8 = t3 * t7;
		const float t9 = b4[t6 + 44];
		const float t10 = fmaf(t8, t9, t2);
		b0[t1] = t10;
		const float t11 = b1[t1];
		const int64_t t14 = t13 + t1;
		const float t15 = b3[t14 + 44];
		const float t16 = t11 * t15;
		const float t17 = b5[t1];
		const float t18 = t16 * t17;
		b6[t1] = t18;
	}
}

static int gradus_gradient(const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	float *const h = (float *)(void *)((unsigned char *)arena + 576);
	float *const s4 = (float *)(void *)((unsigned char *)arena + 0);
	float *const h_2 = (float *)(void *)((unsigned char *)arena + 640);
	float *const s6 = (float *)(void *)((unsigned char *)arena + 192);
	float *const s7 = (float *)(void *)((unsigned char *)arena + 384);
	int64_t *const s8 = (int64_t *)(void *)((unsigned char *)arena + 704);
	float *const hu007e = (float *)(void *)((unsigned char *)arena + 0);
	int64_t *const s11 = (int64_t *)(void *)((unsigned char *)arena + 64);
	float *const hu007e_2 = (float *)(void *)((unsigned char *)arena + 128);
	gradus_gradient_k0(h, s4);
	memcpy(h_2, h, (size_t)(4) * sizeof *h_2);
	memcpy(s6, s4, (size_t)(48) * sizeof *s6);
	memcpy(s7, s4, (size_t)(48) * sizeof *s7);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < 12; gradus_turn1++) {
		s8[0] = gradus_turn1;
		gradus_gradient_k1(h_2, s8, s6, x, s7);
	}
	gradus_gradient_k2(h_2, f, xu007e);
	memcpy(hu007e, h, (size_t)(4) * sizeof *hu007e);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < 12; gradus_turn1++) {
		s11[0] = gradus_turn1;
		gradus_gradient_k3(xu007e, hu007e, s11, s7, s6, x, hu007e_2);
		memcpy(hu007e, hu007e_2, (size_t)(4) * sizeof *hu007e);
	}
	return 0;
}

