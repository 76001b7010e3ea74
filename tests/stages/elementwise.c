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
static void gradus_gradient_k0(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1, float *gradus_RESTRICT b2) {
	float t74[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t5 = b0[l];
		const float t6 = t5 * t5;
		const float t7 = -t6;
		const int t8 = 89.0f < t7;
		const float t9 = t8 ? 89.0f : t7;
		const int t10 = (-104.0f) > t9;
		const float t11 = t10 ? (-104.0f) : t9;
		const float t14 = fmaf(t11, 0.7213475f, 12582912.0f);
		const float t15 = t14 - 12582912.0f;
		const float t18 = fmaf(t15, (-1.3862915f), t11);
		const float t19 = fmaf(t15, (-2.8572135e-6f), t18);
		const float t20 = t19 * t19;
		const float t23 = fmaf(0.00019778447f, t19, 0.001411592f);
		const float t25 = fmaf(t23, t19, 0.008334902f);
		const float t27 = fmaf(t25, t19, 0.041660465f);
		const float t29 = fmaf(t27, t19, 0.16666634f);
		const float t31 = fmaf(t29, t19, 0.5000005f);
		const float t32 = fmaf(t20, t31, t19);
		const float t33 = 1.0f + t32;
		const int32_t t34 = gradus_bits_f32(t14);
		const int32_t t36 = gradus_shl_i32(t34, 23);
		const int32_t t38 = gradus_add_i32(t36, 1065353216);
		const float t39 = gradus_float_i32(t38);
		const float t40 = t33 * t39;
		const float t41 = t40 * t39;
		const float t42 = t41 + t5;
		const float t43 = 0.0f + t42;
		const int64_t t44 = 0 + l * 1;
		const int t46 = t44 < INT64_C(4);
		const float t47 = l < 4 ? b0[16 + l] : 0.0f;
		const float t48 = t47 * t47;
		const float t49 = -t48;
		const int t50 = 89.0f < t49;
		const float t51 = t50 ? 89.0f : t49;
		const int t52 = (-104.0f) > t51;
		const float t53 = t52 ? (-104.0f) : t51;
		const float t54 = fmaf(t53, 0.7213475f, 12582912.0f);
		const float t55 = t54 - 12582912.0f;
		const float t56 = fmaf(t55, (-1.3862915f), t53);
		const float t57 = fmaf(t55, (-2.8572135e-6f), t56);
		const float t58 = t57 * t57;
		const float t59 = fmaf(0.00019778447f, t57, 0.001411592f);
		const float t60 = fmaf(t59, t57, 0.008334902f);
		const float t61 = fmaf(t60, t57, 0.041660465f);
		const float t62 = fmaf(t61, t57, 0.16666634f);
		const float t63 = fmaf(t62, t57, 0.5000005f);
		const float t64 = fmaf(t58, t63, t57);
		const float t65 = 1.0f + t64;
		const int32_t t66 = gradus_bits_f32(t54);
		const int32_t t67 = gradus_shl_i32(t66, 23);
		const int32_t t68 = gradus_add_i32(t67, 1065353216);
		const float t69 = gradus_float_i32(t68);
		const float t70 = t65 * t69;
		const float t71 = t70 * t69;
		const float t72 = t71 + t47;
		const float t73 = t43 + t72;
		t74[l] = t46 ? t73 : t43;
	}
	float s75[16];
	for (int l = 0; l < 16; l++)
		s75[l] = t74[l];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			s75[l] = s75[l] + s75[l + h];
	const float t75 = s75[0];
	b1[0] = t75;
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t76 = b0[l];
		const float t77 = t76 * t76;
		const float t78 = -t77;
		const int t79 = 89.0f < t78;
		const float t80 = t79 ? 89.0f : t78;
		const int t81 = (-104.0f) > t80;
		const float t82 = t81 ? (-104.0f) : t80;
		const float t83 = fmaf(t82, 0.7213475f, 12582912.0f);
		const float t84 = t83 - 12582912.0f;
		const float t85 = fmaf(t84, (-1.3862915f), t82);
		const float t86 = fmaf(t84, (-2.8572135e-6f), t85);
		const float t87 = t86 * t86;
		const float t88 = fmaf(0.00019778447f, t86, 0.001411592f);
		const float t89 = fmaf(t88, t86, 0.008334902f);
		const float t90 = fmaf(t89, t86, 0.041660465f);
		const float t91 = fmaf(t90, t86, 0.16666634f);
		const float t92 = fmaf(t91, t86, 0.5000005f);
		const float t93 = fmaf(t87, t92, t86);
		const float t94 = 1.0f + t93;
		const int32_t t95 = gradus_bits_f32(t83);
		const int32_t t96 = gradus_shl_i32(t95, 23);
		const int32_t t97 = gradus_add_i32(t96, 1065353216);
		const float t98 = gradus_float_i32(t97);
		const float t99 = t94 * t98;
		const float t100 = t99 * t98;
		const float t101 = -t100;
		const float t102 = t101 * t76;
		const float t103 = 1.0f + t102;
		const float t104 = t103 + t102;
		b2[l] = t104;
		const float t105 = l < 4 ? b0[16 + l] : 0.0f;
		const float t106 = t105 * t105;
		const float t107 = -t106;
		const int t108 = 89.0f < t107;
		const float t109 = t108 ? 89.0f : t107;
		const int t110 = (-104.0f) > t109;
		const float t111 = t110 ? (-104.0f) : t109;
		const float t112 = fmaf(t111, 0.7213475f, 12582912.0f);
		const float t113 = t112 - 12582912.0f;
		const float t114 = fmaf(t113, (-1.3862915f), t111);
		const float t115 = fmaf(t113, (-2.8572135e-6f), t114);
		const float t116 = t115 * t115;
		const float t117 = fmaf(0.00019778447f, t115, 0.001411592f);
		const float t118 = fmaf(t117, t115, 0.008334902f);
		const float t119 = fmaf(t118, t115, 0.041660465f);
		const float t120 = fmaf(t119, t115, 0.16666634f);
		const float t121 = fmaf(t120, t115, 0.5000005f);
		const float t122 = fmaf(t116, t121, t115);
		const float t123 = 1.0f + t122;
		const int32_t t124 = gradus_bits_f32(t112);
		const int32_t t125 = gradus_shl_i32(t124, 23);
		const int32_t t126 = gradus_add_i32(t125, 1065353216);
		const float t127 = gradus_float_i32(t126);
		const float t128 = t123 * t127;
		const float t129 = t128 * t127;
		const float t130 = -t129;
		const float t131 = t130 * t105;
		const float t132 = 1.0f + t131;
		const float t133 = t132 + t131;
		if (l < 4) b2[16 + l] = t133;
	}
}

static int gradus_gradient(const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	gradus_gradient_k0(x, f, xu007e);
	return 0;
}

