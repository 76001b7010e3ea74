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
static void gradus_gradient_k0(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1, float *gradus_RESTRICT b2, float *gradus_RESTRICT b3, float *gradus_RESTRICT b4, float *gradus_RESTRICT b5) {
	const float t4 = b0[18];
	const float t5 = -t4;
	for (int64_t t1 = 0; t1 < 6; t1++) {
		const int64_t t2 = 3 * t1;
		const float t3 = b0[t2];
		const float t6 = fmaf(t3, t3, t5);
		const float t7 = b0[t2 + 1];
		const float t8 = fmaf(t7, t7, t5);
		const float t9 = t6 + t8;
		const float t10 = b0[t2 + 2];
		const float t11 = fmaf(t10, t10, t5);
		const float t12 = t9 + t11;
		b1[t1] = t12;
	}
	const float t13 = b1[0];
	const float t14 = b1[1];
	const float t15 = t13 + t14;
	const float t16 = b1[2];
	const float t17 = t15 + t16;
	const float t18 = b1[3];
	const float t19 = t17 + t18;
	const float t20 = b1[4];
	const float t21 = t19 + t20;
	const float t22 = b1[5];
	const float t23 = t21 + t22;
	for (int64_t t24 = 0; t24 < 6; t24++) {
		const int64_t t25 = 3 * t24;
		const float t26 = b0[t25];
		const float t27 = b0[t25 + 1];
		const float t28 = t26 + t27;
		const float t29 = b0[t25 + 2];
		const float t30 = t28 + t29;
		b2[t24] = t30;
	}
	const float t31 = b1[0];
	const float t32 = b2[0];
	const float t33 = t31 * t32;
	const float t34 = b1[1];
	const float t35 = b2[1];
	const float t36 = fmaf(t34, t35, t33);
	const float t37 = b1[2];
	const float t38 = b2[2];
	const float t39 = fmaf(t37, t38, t36);
	const float t40 = b1[3];
	const float t41 = b2[3];
	const float t42 = fmaf(t40, t41, t39);
	const float t43 = b1[4];
	const float t44 = b2[4];
	const float t45 = fmaf(t43, t44, t42);
	const float t46 = b1[5];
	const float t47 = b2[5];
	const float t48 = fmaf(t46, t47, t45);
	const float t50 = fmaf(t23, 0.16666667f, t48);
	b3[0] = t50;
	for (int64_t t52 = 0; t52 + 16 <= 19; t52 += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			b4[t52 + l] = 0.0f;
		}
	}
	for (int64_t t53 = gradus_idiv_i64(19, 16) * 16; t53 < 19; t53++) {
		b4[t53] = 0.0f;
	}
	for (int64_t t54 = 0; t54 < 6; t54++) {
		const float t55 = b1[t54];
		const int64_t t56 = 3 * t54;
		b4[t56] = t55;
		b4[t56 + 1] = t55;
		b4[t56 + 2] = t55;
	}
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t57 = l < 6 ? b2[l] : 0.0f;
		const float t58 = t57 + 0.16666667f;
		if (l < 6) b5[l] = t58;
	}
	for (int64_t t59 = 0; t59 < 6; t59++) {
		const int64_t t60 = 3 * t59;
		const float t61 = b4[t60];
		const float t62 = b4[t60 + 1];
		const float t63 = b4[t60 + 2];
		const float t64 = b5[t59];
		const float t65 = b0[t60];
		const float t66 = t64 * t65;
		const float t67 = t66 + t66;
		const float t68 = t61 + t67;
		const float t69 = b0[t60 + 1];
		const float t70 = t64 * t69;
		const float t71 = t70 + t70;
		const float t72 = t62 + t71;
		const float t73 = b0[t60 + 2];
		const float t74 = t64 * t73;
		const float t75 = t74 + t74;
		const float t76 = t63 + t75;
		b4[t60] = t68;
		b4[t60 + 1] = t72;
		b4[t60 + 2] = t76;
	}
	const float t77 = b5[0];
	const float t78 = b5[1];
	const float t79 = t77 + t78;
	const float t80 = b5[2];
	const float t81 = t79 + t80;
	const float t82 = b5[3];
	const float t83 = t81 + t82;
	const float t84 = b5[4];
	const float t85 = t83 + t84;
	const float t86 = b5[5];
	const float t87 = t85 + t86;
	const float t88 = b4[18];
	const float t90 = 3.0f * t87;
	const float t91 = -t90;
	const float t92 = t88 + t91;
	b4[18] = t92;
}

static int gradus_gradient(const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	float *const s3 = (float *)(void *)((unsigned char *)arena + 0);
	float *const s5 = (float *)(void *)((unsigned char *)arena + 64);
	float *const s7 = (float *)(void *)((unsigned char *)arena + 128);
	gradus_gradient_k0(x, s3, s5, f, xu007e, s7);
	return 0;
}

