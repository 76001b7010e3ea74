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
static void gradus_gradient_k0(const float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, float *gradus_RESTRICT b2, float *gradus_RESTRICT b3, float *gradus_RESTRICT b4) {
	const float t4 = b1[0];
	const float t7 = b1[1];
	const float t10 = b1[2];
	const float t13 = b1[3];
	const float t15 = b1[4];
	const float t17 = b1[5];
	const float t19 = b1[6];
	const float t21 = b1[7];
	const float t23 = b1[8];
	const float t25 = b1[9];
	const float t27 = b1[10];
	const float t29 = b1[11];
	const float t31 = b1[12];
	const float t33 = b1[13];
	const float t35 = b1[14];
	const float t37 = b1[15];
	const float t39 = b1[16];
	const float t41 = b1[17];
	const float t43 = b1[18];
	const float t45 = b1[19];
	const float t47 = b1[20];
	const float t49 = b1[21];
	const float t51 = b1[22];
	const float t53 = b1[23];
	const float t55 = b1[24];
	const float t57 = b1[25];
	const float t59 = b1[26];
	const float t61 = b1[27];
	const float t63 = b1[28];
	const float t65 = b1[29];
	const float t67 = b1[30];
	const float t69 = b1[31];
	for (int64_t t1 = 0; t1 < 5; t1++) {
		const int64_t t2 = 4 * t1;
		const float t3 = b0[t2];
		const float t5 = t3 * t4;
		const float t6 = b0[t2 + 1];
		const float t8 = fmaf(t6, t7, t5);
		const float t9 = b0[t2 + 2];
		const float t11 = fmaf(t9, t10, t8);
		const float t12 = b0[t2 + 3];
		const float t14 = fmaf(t12, t13, t11);
		const float t16 = t3 * t15;
		const float t18 = fmaf(t6, t17, t16);
		const float t20 = fmaf(t9, t19, t18);
		const float t22 = fmaf(t12, t21, t20);
		const float t24 = t3 * t23;
		const float t26 = fmaf(t6, t25, t24);
		const float t28 = fmaf(t9, t27, t26);
		const float t30 = fmaf(t12, t29, t28);
		const float t32 = t3 * t31;
		const float t34 = fmaf(t6, t33, t32);
		const float t36 = fmaf(t9, t35, t34);
		const float t38 = fmaf(t12, t37, t36);
		const float t40 = t3 * t39;
		const float t42 = fmaf(t6, t41, t40);
		const float t44 = fmaf(t9, t43, t42);
		const float t46 = fmaf(t12, t45, t44);
		const float t48 = t3 * t47;
		const float t50 = fmaf(t6, t49, t48);
		const float t52 = fmaf(t9, t51, t50);
		const float t54 = fmaf(t12, t53, t52);
		const float t56 = t3 * t55;
		const float t58 = fmaf(t6, t57, t56);
		const float t60 = fmaf(t9, t59, t58);
		const float t62 = fmaf(t12, t61, t60);
		const float t64 = t3 * t63;
		const float t66 = fmaf(t6, t65, t64);
		const float t68 = fmaf(t9, t67, t66);
		const float t70 = fmaf(t12, t69, t68);
		b2[t1] = t14;
		b2[t1 + 5] = t22;
		b2[t1 + 10] = t30;
		b2[t1 + 15] = t38;
		b2[t1 + 20] = t46;
		b2[t1 + 25] = t54;
		b2[t1 + 30] = t62;
		b2[t1 + 35] = t70;
	}
	const float t119 = b0[20];
	const float t122 = b0[21];
	const float t125 = b0[22];
	const float t128 = b0[23];
	const float t131 = b0[24];
	for (int64_t t71 = 0; t71 < 8; t71++) {
		const int64_t t73 = 5 * t71;
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float t74 = l < 5 ? b2[t73 + l] : 0.0f;
			const float t75 = fabsf(t74);
			const int t76 = 52.5f < t75;
			const float t77 = t76 ? 52.5f : t75;
			const float t80 = fmaf(t77, (-2.88539f), 12582912.0f);
			const int32_t t81 = gradus_bits_f32(t80);
			const int32_t t83 = gradus_shl_i32(t81, 23);
			const int32_t t85 = gradus_add_i32(t83, 1602224128);
			const float t86 = gradus_float_i32(t85);
			const float t88 = t86 * 5.421011e-20f;
			const float t89 = t80 - 12582912.0f;
			const float t92 = t77 + t77;
			const float t93 = fmaf(t89, 0.69314575f, t92);
			const float t94 = fmaf(t89, 1.4286068e-6f, t93);
			const float t95 = t94 * t94;
			const float t98 = fmaf((-0.001386398f), t94, 0.008367052f);
			const float t100 = fmaf(t98, t94, (-0.041667514f));
			const float t102 = fmaf(t100, t94, 0.16666539f);
			const float t104 = fmaf(t102, t94, (-0.49999997f));
			const float t105 = fmaf(t95, t104, t94);
			const float t107 = 1.0f - t88;
			const float t108 = fmaf(t88, t105, t107);
			const float t109 = -t88;
			const float t110 = 1.0f + t88;
			const float t111 = fmaf(t109, t105, t110);
			const float t112 = t108 / t111;
			const int32_t t113 = gradus_bits_f32(t112);
			const int32_t t114 = gradus_bits_f32(t74);
			const int32_t t116 = t114 & INT32_MIN;
			const int32_t t117 = t113 | t116;
			const float t118 = gradus_float_i32(t117);
			if (l < 5) b3[t73 + l] = t118;
		}
		const float t120 = b3[t73];
		const float t121 = t119 * t120;
		const float t123 = b3[t73 + 1];
		const float t124 = fmaf(t122, t123, t121);
		const float t126 = b3[t73 + 2];
		const float t127 = fmaf(t125, t126, t124);
		const float t129 = b3[t73 + 3];
		const float t130 = fmaf(t128, t129, t127);
		const float t132 = b3[t73 + 4];
		const float t133 = fmaf(t131, t132, t130);
		b4[t71] = t133;
	}
}

static void gradus_gradient_k1(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1) {
	const float t1 = b0[0];
	const float t2 = t1 * t1;
	const float t3 = b0[1];
	const float t4 = fmaf(t3, t3, t2);
	const float t5 = b0[2];
	const float t6 = fmaf(t5, t5, t4);
	const float t7 = b0[3];
	const float t8 = fmaf(t7, t7, t6);
	const float t9 = b0[4];
	const float t10 = fmaf(t9, t9, t8);
	const float t11 = b0[5];
	const float t12 = fmaf(t11, t11, t10);
	const float t13 = b0[6];
	const float t14 = fmaf(t13, t13, t12);
	const float t15 = b0[7];
	const float t16 = fmaf(t15, t15, t14);
	b1[0] = t16;
}

static void gradus_gradient_k2(const float *gradus_RESTRICT b0, float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, float *gradus_RESTRICT b3) {
	const float t1 = b0[0];
	const float t3 = t1 * 0.125f;
	b1[0] = t3;
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t4 = l < 8 ? b2[l] : 0.0f;
		const float t5 = 0.125f * t4;
		const float t6 = t5 + t5;
		if (l < 8) b3[l] = t6;
	}
}

static void gradus_gradient_k3(float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2) {
	for (int64_t t2 = 0; t2 + 16 <= 25; t2 += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			b0[t2 + l] = 0.0f;
		}
	}
	for (int64_t t3 = gradus_idiv_i64(25, 16) * 16; t3 < 25; t3++) {
		b0[t3] = 0.0f;
	}
	const float t4 = b1[0];
	const float t7 = b1[1];
	const float t10 = b1[2];
	const float t13 = b1[3];
	const float t16 = b1[4];
	const float t19 = b1[5];
	const float t22 = b1[6];
	const float t25 = b1[7];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t5 = l < 5 ? b2[l] : 0.0f;
		const float t6 = t4 * t5;
		const float t8 = l < 5 ? b2[5 + l] : 0.0f;
		const float t9 = fmaf(t7, t8, t6);
		const float t11 = l < 5 ? b2[10 + l] : 0.0f;
		const float t12 = fmaf(t10, t11, t9);
		const float t14 = l < 5 ? b2[15 + l] : 0.0f;
		const float t15 = fmaf(t13, t14, t12);
		const float t17 = l < 5 ? b2[20 + l] : 0.0f;
		const float t18 = fmaf(t16, t17, t15);
		const float t20 = l < 5 ? b2[25 + l] : 0.0f;
		const float t21 = fmaf(t19, t20, t18);
		const float t23 = l < 5 ? b2[30 + l] : 0.0f;
		const float t24 = fmaf(t22, t23, t21);
		const float t26 = l < 5 ? b2[35 + l] : 0.0f;
		const float t27 = fmaf(t25, t26, t24);
		if (l < 5) b0[20 + l] = t27;
	}
}

static void gradus_gradient_k4(const float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2, float *gradus_RESTRICT b3) {
	float t3[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		t3[l] = l < 5 ? b1[20 + l] : 0.0f;
	}
	for (int64_t t1 = 0; t1 < 8; t1++) {
		const float t2 = b0[t1];
		const int64_t t6 = 5 * t1;
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float t4 = t2 * t3[l];
			const float t7 = l < 5 ? b2[t6 + l] : 0.0f;
			const float t8 = fabsf(t7);
			const int t9 = 52.5f < t8;
			const float t10 = t9 ? 52.5f : t8;
			const float t13 = fmaf(t10, (-2.88539f), 12582912.0f);
			const int32_t t14 = gradus_bits_f32(t13);
			const int32_t t16 = gradus_shl_i32(t14, 23);
			const int32_t t18 = gradus_add_i32(t16, 1602224128);
			const float t19 = gradus_float_i32(t18);
			const float t21 = t19 * 5.421011e-20f;
			const float t22 = -t21;
			const float t23 = t13 - 12582912.0f;
			const float t26 = t10 + t10;
			const float t27 = fmaf(t23, 0.69314575f, t26);
			const float t28 = fmaf(t23, 1.4286068e-6f, t27);
			const float t29 = t28 * t28;
			const float t32 = fmaf((-0.001386398f), t28, 0.008367052f);
			const float t34 = fmaf(t32, t28, (-0.041667514f));
			const float t36 = fmaf(t34, t28, 0.16666539f);
			const float t38 = fmaf(t36, t28, (-0.49999997f));
			const float t39 = fmaf(t29, t38, t28);
			const float t40 = fmaf(t22, t39, t21);
			const float t42 = 1.0f - t21;
			const float t43 = fmaf(t21, t39, t42);
			const float t44 = 1.0f + t21;
			const float t45 = fmaf(t22, t39, t44);
			const float t46 = t43 / t45;
			const float t47 = 1.0f + t46;
			const float t48 = t47 * t47;
			const float t49 = t40 * t48;
			const float t50 = t4 * t49;
			if (l < 5) b3[t6 + l] = t50;
		}
	}
}

static void gradus_gradient_k5(float *gradus_RESTRICT b0, const float *gradus_RESTRICT b1, const float *gradus_RESTRICT b2) {
	const float t7 = b1[0];
	const float t10 = b1[5];
	const float t13 = b1[10];
	const float t16 = b1[15];
	const float t19 = b1[20];
	const float t22 = b1[25];
	const float t25 = b1[30];
	const float t28 = b1[35];
	const float t31 = b1[1];
	const float t33 = b1[6];
	const float t35 = b1[11];
	const float t37 = b1[16];
	const float t39 = b1[21];
	const float t41 = b1[26];
	const float t43 = b1[31];
	const float t45 = b1[36];
	const float t47 = b1[2];
	const float t49 = b1[7];
	const float t51 = b1[12];
	const float t53 = b1[17];
	const float t55 = b1[22];
	const float t57 = b1[27];
	const float t59 = b1[32];
	const float t61 = b1[37];
	const float t63 = b1[3];
	const float t65 = b1[8];
	const float t67 = b1[13];
	const float t69 = b1[18];
	const float t71 = b1[23];
	const float t73 = b1[28];
	const float t75 = b1[33];
	const float t77 = b1[38];
	const float t79 = b1[4];
	const float t81 = b1[9];
	const float t83 = b1[14];
	const float t85 = b1[19];
	const float t87 = b1[24];
	const float t89 = b1[29];
	const float t91 = b1[34];
	const float t93 = b1[39];
	for (int64_t t1 = 0; t1 < 4; t1++) {
		const float t2 = b0[t1];
		const float t3 = b0[t1 + 4];
		const float t4 = b0[t1 + 8];
		const float t5 = b0[t1 + 12];
		const float t6 = b0[t1 + 16];
		const float t8 = b2[t1];
		const float t9 = fmaf(t7, t8, t2);
		const float t11 = b2[t1 + 4];
		const float t12 = fmaf(t10, t11, t9);
		const float t14 = b2[t1 + 8];
		const float t15 = fmaf(t13, t14, t12);
		const float t17 = b2[t1 + 12];
		const float t18 = fmaf(t16, t17, t15);
		const float t20 = b2[t1 + 16];
		const float t21 = fmaf(t19, t20, t18);
		const float t23 = b2[t1 + 20];
		const float t24 = fmaf(t22, t23, t21);
		const float t26 = b2[t1 + 24];
		const float t27 = fmaf(t25, t26, t24);
		const float t29 = b2[t1 + 28];
		const float t30 = fmaf(t28, t29, t27);
		const float t32 = fmaf(t31, t8, t3);
		const float t34 = fmaf(t33, t11, t32);
		const float t36 = fmaf(t35, t14, t34);
		const float t38 = fmaf(t37, t17, t36);
		const float t40 = fmaf(t39, t20, t38);
		const float t42 = fmaf(t41, t23, t40);
		const float t44 = fmaf(t43, t26, t42);
		const float t46 = fmaf(t45, t29, t44);
		const float t48 = fmaf(t47, t8, t4);
		const float t50 = fmaf(t49, t11, t48);
		const float t52 = fmaf(t51, t14, t50);
		const float t54 = fmaf(t53, t17, t52);
		const float t56 = fmaf(t55, t20, t54);
		const float t58 = fmaf(t57, t23, t56);
		const float t60 = fmaf(t59, t26, t58);
		const float t62 = fmaf(t61, t29, t60);
		const float t64 = fmaf(t63, t8, t5);
		const float t66 = fmaf(t65, t11, t64);
		const float t68 = fmaf(t67, t14, t66);
		const float t70 = fmaf(t69, t17, t68);
		const float t72 = fmaf(t71, t20, t70);
		const float t74 = fmaf(t73, t23, t72);
		const float t76 = fmaf(t75, t26, t74);
		const float t78 = fmaf(t77, t29, t76);
		const float t80 = fmaf(t79, t8, t6);
		const float t82 = fmaf(t81, t11, t80);
		const float t84 = fmaf(t83, t14, t82);
		const float t86 = fmaf(t85, t17, t84);
		const float t88 = fmaf(t87, t20, t86);
		const float t90 = fmaf(t89, t23, t88);
		const float t92 = fmaf(t91, t26, t90);
		const float t94 = fmaf(t93, t29, t92);
		b0[t1] = t30;
		b0[t1 + 4] = t46;
		b0[t1 + 8] = t62;
		b0[t1 + 12] = t78;
		b0[t1 + 16] = t94;
	}
}

static int gradus_gradient(const float *X, const float *x, float *f, float *xu007e, void *arena) {
	(void)arena;
	float *const s4 = (float *)(void *)((unsigned char *)arena + 0);
	float *const z = (float *)(void *)((unsigned char *)arena + 192);
	float *const s6 = (float *)(void *)((unsigned char *)arena + 384);
	float *const s7 = (float *)(void *)((unsigned char *)arena + 448);
	float *const s8 = (float *)(void *)((unsigned char *)arena + 512);
	float *const s9 = (float *)(void *)((unsigned char *)arena + 192);
	gradus_gradient_k0(x, X, s4, z, s6);
	gradus_gradient_k1(s6, s7);
	gradus_gradient_k2(s7, f, s6, s8);
	gradus_gradient_k3(xu007e, s8, z);
	gradus_gradient_k4(s8, x, s4, s9);
	gradus_gradient_k5(xu007e, s9, X);
	return 0;
}

