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
	float t3 = 0.0f;
	for (int64_t t2 = 0; t2 < 20; t2++) {
		const float t7 = b0[t2];
		const float t8 = t7 * t7;
		const float t9 = -t8;
		const int t10 = 89.0f < t9;
		const float t11 = t10 ? 89.0f : t9;
		const int t12 = (-104.0f) > t11;
		const float t13 = t12 ? (-104.0f) : t11;
		const float t16 = fmaf(t13, 0.7213475f, 12582912.0f);
		const float t17 = t16 - 12582912.0f;
		const float t20 = fmaf(t17, (-1.3862915f), t13);
		const float t21 = fmaf(t17, (-2.8572135e-6f), t20);
		const float t22 = t21 * t21;
		const float t25 = fmaf(0.00019778447f, t21, 0.001411592f);
		const float t27 = fmaf(t25, t21, 0.008334902f);
		const float t29 = fmaf(t27, t21, 0.041660465f);
		const float t31 = fmaf(t29, t21, 0.16666634f);
		const float t33 = fmaf(t31, t21, 0.5000005f);
		const float t34 = fmaf(t22, t33, t21);
		const float t35 = 1.0f + t34;
		const int32_t t36 = gradus_bits_f32(t16);
		const int32_t t38 = gradus_shl_i32(t36, 23);
		const int32_t t40 = gradus_add_i32(t38, 1065353216);
		const float t41 = gradus_float_i32(t40);
		const float t42 = t35 * t41;
		const float t43 = t42 * t41;
		const float t44 = t43 + t7;
		const float t45 = t3 + t44;
		t3 = t45;
	}
	b1[0] = t3;
	for (int64_t t47 = 0; t47 + 16 <= 20; t47 += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float t48 = b0[t47 + l];
			const float t49 = t48 * t48;
			const float t50 = -t49;
			const int t51 = 89.0f < t50;
			const float t52 = t51 ? 89.0f : t50;
			const int t53 = (-104.0f) > t52;
			const float t54 = t53 ? (-104.0f) : t52;
			const float t55 = fmaf(t54, 0.7213475f, 12582912.0f);
			const float t56 = t55 - 12582912.0f;
			const float t57 = fmaf(t56, (-1.3862915f), t54);
			const float t58 = fmaf(t56, (-2.8572135e-6f), t57);
			const float t59 = t58 * t58;
			const float t60 = fmaf(0.00019778447f, t58, 0.001411592f);
			const float t61 = fmaf(t60, t58, 0.008334902f);
			const float t62 = fmaf(t61, t58, 0.041660465f);
			const float t63 = fmaf(t62, t58, 0.16666634f);
			const float t64 = fmaf(t63, t58, 0.5000005f);
			const float t65 = fmaf(t59, t64, t58);
			const float t66 = 1.0f + t65;
			const int32_t t67 = gradus_bits_f32(t55);
			const int32_t t68 = gradus_shl_i32(t67, 23);
			const int32_t t69 = gradus_add_i32(t68, 1065353216);
			const float t70 = gradus_float_i32(t69);
			const float t71 = t66 * t70;
			const float t72 = t71 * t70;
			const float t73 = -t72;
			const float t74 = t73 * t48;
			const float t75 = 1.0f + t74;
			const float t76 = t75 + t74;
			b2[t47 + l] = t76;
		}
	}
	for (int64_t t77 = 16; t77 < 20; t77++) {
		const float t78 = b0[t77];
		const float t79 = t78 * t78;
		const float t80 = -t79;
		const int t81 = 89.0f < t80;
		const float t82 = t81 ? 89.0f : t80;
		const int t83 = (-104.0f) > t82;
		const float t84 = t83 ? (-104.0f) : t82;
		const float t85 = fmaf(t84, 0.7213475f, 12582912.0f);
		const float t86 = t85 - 12582912.0f;
		const float t87 = fmaf(t86, (-1.3862915f), t84);
		const float t88 = fmaf(t86, (-2.8572135e-6f), t87);
		const float t89 = t88 * t88;
		const float t90 = fmaf(0.00019778447f, t88, 0.001411592f);
		const float t91 = fmaf(t90, t88, 0.008334902f);
		const float t92 = fmaf(t91, t88, 0.041660465f);
		const float t93 = fmaf(t92, t88, 0.16666634f);
		const float t94 = fmaf(t93, t88, 0.5000005f);
		const float t95 = fmaf(t89, t94, t88);
		const float t96 = 1.0f + t95;
		const int32_t t97 = gradus_bits_f32(t85);
		const int32_t t98 = gradus_shl_i32(t97, 23);
		const int32_t t99 = gradus_add_i32(t98, 1065353216);
		const float t100 = gradus_float_i32(t99);
		const float t101 = t96 * t100;
		const float t102 = t101 * t100;
		const float t103 = -t102;
		const float t104 = t103 * t78;
		const float t105 = 1.0f + t104;
		const float t106 = t105 + t104;
		b2[t77] = t106;
	}
}

static int gradus_gradient(const float *x, float *f, float *x_, void *arena) {
	(void)arena;
	gradus_gradient_k0(x, f, x_);
	return 0;
}

