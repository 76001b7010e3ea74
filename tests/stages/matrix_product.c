#if defined(__cplusplus) && defined(__GNUC__)
#define gradus_RESTRICT __restrict__
#elif defined(__cplusplus)
#define gradus_RESTRICT
#else
#define gradus_RESTRICT restrict
#endif

/* Clang would unroll the lanes first, and then make vectors of the loop around them by gathering. */
#if defined(__clang__)
#define gradus_LANES _Pragma("clang loop unroll(disable)")
#else
#define gradus_LANES
#endif

/* Functions that loops call have to be inlined, or these loops are not made vector code. */
#if defined(__GNUC__)
#define gradus_INLINE static inline __attribute__((always_inline))
#else
#define gradus_INLINE static inline
#endif

/* Integers wrap. */
static inline int32_t gradus_add_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t gradus_shl_i32(int32_t a, int32_t b) {
	return (int32_t)((uint32_t)a << (b & 31));
}

/* The bits of a number. */
static inline int32_t gradus_bits_f32(float a) {
	int32_t b;
	memcpy(&b, &a, sizeof b);
	return b;
}

/* The number that has these bits. */
static inline float gradus_float_i32(int32_t a) {
	float b;
	memcpy(&b, &a, sizeof b);
	return b;
}

/* Mathematics by gradus's own definitions, not the C library's: the same bits on every machine. */

gradus_INLINE float gradus_at_most_f32_fma(float x, float limit) {
	return (limit < x) ? limit : x;
}

gradus_INLINE void gradus_tanh_parts_f32_fma(float a, float *result_1, float *result_2) {
	const float x = gradus_at_most_f32_fma(fabsf(a), 52.5f);
	const float t = fmaf(x, -2.88539f, 12582912.0f);
	const float k = t - 12582912.0f;
	const float r = fmaf(k, 1.4286068e-6f, fmaf(k, 0.69314575f, x + x));
	float q = fmaf(-0.001386398f, r, 0.008367052f);
	q = fmaf(q, r, -0.041667514f);
	q = fmaf(q, r, 0.16666539f);
	q = fmaf(q, r, -0.49999997f);
	const int32_t t1 = gradus_add_i32(gradus_shl_i32(gradus_bits_f32(t), 23), 0x5f800000);
	const float t2 = gradus_float_i32(t1) * 5.421011e-20f;
	const float t3 = fmaf(r * r, q, r);
	*result_1 = t2;
	*result_2 = t3;
}

gradus_INLINE float gradus_tanh_size_f32_fma(float s, float p) {
	return fmaf(s, p, 1.0f - s) / fmaf(-s, p, 1.0f + s);
}

gradus_INLINE float gradus_with_sign_f32_fma(float r, float x) {
	return gradus_float_i32(gradus_bits_f32(r) | (gradus_bits_f32(x) & INT32_MIN));
}

gradus_INLINE float gradus_tanh_f32_fma(float a) {
	float s, p;
	gradus_tanh_parts_f32_fma(a, &s, &p);
	return gradus_with_sign_f32_fma(gradus_tanh_size_f32_fma(s, p), a);
}

gradus_INLINE float gradus_tanh_slope_f32_fma(float a) {
	float s, p;
	gradus_tanh_parts_f32_fma(a, &s, &p);
	const float w = 1.0f + gradus_tanh_size_f32_fma(s, p);
	return fmaf(-s, p, s) * (w * w);
}

/* matrix_product.grad:6: let z[i, k] = tanh(sum[j](W[k, j] * X[i, j]))
 * matrix_product.grad:7: minimize mean[i](sum[k](v[k] * z[i, k])^2) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, const float *gradus_RESTRICT X,
		float *gradus_RESTRICT work, float *gradus_RESTRICT work_2) {
	const float X_i = X[0];
	const float X_i_2 = X[1];
	const float X_i_3 = X[2];
	const float X_i_4 = X[3];
	const float X_i_5 = X[4];
	const float X_i_6 = X[5];
	const float X_i_7 = X[6];
	const float X_i_8 = X[7];
	const float X_i_9 = X[8];
	const float X_i_10 = X[9];
	const float X_i_11 = X[10];
	const float X_i_12 = X[11];
	const float X_i_13 = X[12];
	const float X_i_14 = X[13];
	const float X_i_15 = X[14];
	const float X_i_16 = X[15];
	const float X_i_17 = X[16];
	const float X_i_18 = X[17];
	const float X_i_19 = X[18];
	const float X_i_20 = X[19];
	const float X_i_21 = X[20];
	const float X_i_22 = X[21];
	const float X_i_23 = X[22];
	const float X_i_24 = X[23];
	const float X_i_25 = X[24];
	const float X_i_26 = X[25];
	const float X_i_27 = X[26];
	const float X_i_28 = X[27];
	const float X_i_29 = X[28];
	const float X_i_30 = X[29];
	const float X_i_31 = X[30];
	const float X_i_32 = X[31];
	float work_i[16] = {0};
	float work_i_2[16] = {0};
	float work_i_3[16] = {0};
	float work_i_4[16] = {0};
	float work_i_5[16] = {0};
	float work_i_6[16] = {0};
	float work_i_7[16] = {0};
	for (int l = 0; l < 5; l++) {
		const float x_i = x[l * 4];
		const float x_i_2 = x[1 + l * 4];
		const float x_i_3 = x[2 + l * 4];
		const float x_i_4 = x[3 + l * 4];
		work_i[l] = fmaf(x_i_4, X_i_8, fmaf(x_i_3, X_i_7, fmaf(x_i_2, X_i_6, x_i * X_i_5)));
		work_i_2[l] = fmaf(x_i_4, X_i_12, fmaf(x_i_3, X_i_11, fmaf(x_i_2, X_i_10, x_i * X_i_9)));
		work_i_3[l] = fmaf(x_i_4, X_i_16, fmaf(x_i_3, X_i_15, fmaf(x_i_2, X_i_14, x_i * X_i_13)));
		work_i_4[l] = fmaf(x_i_4, X_i_20, fmaf(x_i_3, X_i_19, fmaf(x_i_2, X_i_18, x_i * X_i_17)));
		work_i_5[l] = fmaf(x_i_4, X_i_24, fmaf(x_i_3, X_i_23, fmaf(x_i_2, X_i_22, x_i * X_i_21)));
		work_i_6[l] = fmaf(x_i_4, X_i_28, fmaf(x_i_3, X_i_27, fmaf(x_i_2, X_i_26, x_i * X_i_25)));
		work_i_7[l] = fmaf(x_i_4, X_i_32, fmaf(x_i_3, X_i_31, fmaf(x_i_2, X_i_30, x_i * X_i_29)));
		work[l] = fmaf(x_i_4, X_i_4, fmaf(x_i_3, X_i_3, fmaf(x_i_2, X_i_2, x_i * X_i)));
	}
	for (int l = 0; l < 5; l++) {
		work[5 + l] = work_i[l];
	}
	for (int l = 0; l < 5; l++) {
		work[10 + l] = work_i_2[l];
	}
	for (int l = 0; l < 5; l++) {
		work[15 + l] = work_i_3[l];
	}
	for (int l = 0; l < 5; l++) {
		work[20 + l] = work_i_4[l];
	}
	for (int l = 0; l < 5; l++) {
		work[25 + l] = work_i_5[l];
	}
	for (int l = 0; l < 5; l++) {
		work[30 + l] = work_i_6[l];
	}
	const float x_i = x[20];
	for (int l = 0; l < 5; l++) {
		work[35 + l] = work_i_7[l];
	}
	const float x_i_2 = x[21];
	const float x_i_3 = x[22];
	const float x_i_4 = x[23];
	const float x_i_5 = x[24];
	for (int l = 0; l < 8; l++) {
		const float z = gradus_tanh_f32_fma(work[l * 5]);
		const float z_2 = gradus_tanh_f32_fma(work[1 + l * 5]);
		const float z_3 = gradus_tanh_f32_fma(work[2 + l * 5]);
		const float z_4 = gradus_tanh_f32_fma(work[3 + l * 5]);
		const float z_5 = gradus_tanh_f32_fma(work[4 + l * 5]);
		work_2[l] = fmaf(x_i_5, z_5, fmaf(x_i_4, z_4, fmaf(x_i_3, z_3, fmaf(x_i_2, z_2, x_i * z))));
	}
}

/* matrix_product.grad:7: minimize mean[i](sum[k](v[k] * z[i, k])^2) */
static void gradus_gradient_k1(const float *gradus_RESTRICT work_2, float *gradus_RESTRICT work_3) {
	float t1[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float work_2_i = l < 8 ? work_2[l] : 0.0f;
		const float t2 = fmaf(work_2_i, work_2_i, 0.0f);
		t1[l] = (l < 8) ? t2 : 0.0f;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float work_3_i = t1[0];
	work_3[0] = work_3_i;
}

/* matrix_product.grad:7: minimize mean[i](sum[k](v[k] * z[i, k])^2) */
static void gradus_gradient_k2(float work_3, float *gradus_RESTRICT f, const float *gradus_RESTRICT work_2,
		float *gradus_RESTRICT work_4) {
	f[0] = work_3 * 0.125f;
	for (int l = 0; l < 8; l++) {
		const float t1 = 0.125f * work_2[l];
		work_4[l] = t1 + t1;
	}
}

/* matrix_product.grad:6: let z[i, k] = tanh(sum[j](W[k, j] * X[i, j]))
 * matrix_product.grad:7: minimize mean[i](sum[k](v[k] * z[i, k])^2) */
static void gradus_gradient_k3(float *gradus_RESTRICT x_gradient, const float *gradus_RESTRICT work_4,
		const float *gradus_RESTRICT work) {
	for (int64_t i = 0; i + 16 <= 25; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			x_gradient[i + l] = 0.0f;
		}
	}
	for (int64_t i = 16; i < 25; i++) {
		x_gradient[i] = 0.0f;
	}
	const float work_4_i = work_4[0];
	const float work_4_i_2 = work_4[1];
	const float work_4_i_3 = work_4[2];
	const float work_4_i_4 = work_4[3];
	const float work_4_i_5 = work_4[4];
	const float work_4_i_6 = work_4[5];
	const float work_4_i_7 = work_4[6];
	const float work_4_i_8 = work_4[7];
	for (int l = 0; l < 5; l++) {
		const float z = gradus_tanh_f32_fma(work[l]);
		const float z_2 = gradus_tanh_f32_fma(work[5 + l]);
		const float z_3 = gradus_tanh_f32_fma(work[10 + l]);
		const float z_4 = gradus_tanh_f32_fma(work[15 + l]);
		const float t1 = fmaf(work_4_i_4, z_4, fmaf(work_4_i_3, z_3, fmaf(work_4_i_2, z_2, work_4_i * z)));
		const float z_5 = gradus_tanh_f32_fma(work[20 + l]);
		const float z_6 = gradus_tanh_f32_fma(work[25 + l]);
		const float z_7 = gradus_tanh_f32_fma(work[30 + l]);
		const float t2 = fmaf(work_4_i_7, z_7, fmaf(work_4_i_6, z_6, fmaf(work_4_i_5, z_5, t1)));
		const float z_8 = gradus_tanh_f32_fma(work[35 + l]);
		x_gradient[20 + l] = fmaf(work_4_i_8, z_8, t2);
	}
}

/* matrix_product.grad:7: minimize mean[i](sum[k](v[k] * z[i, k])^2) */
static void gradus_gradient_k4(const float *gradus_RESTRICT work_4, const float *gradus_RESTRICT x,
		const float *gradus_RESTRICT work, float *gradus_RESTRICT work_5) {
	float x_i[16] = {0};
	for (int l = 0; l < 5; l++) {
		x_i[l] = x[20 + l];
	}
	for (int64_t i = 0; i < 8; i++) {
		const float work_4_i = work_4[i];
		for (int l = 0; l < 5; l++) {
			work_5[i * 5 + l] = work_4_i * x_i[l] * gradus_tanh_slope_f32_fma(work[i * 5 + l]);
		}
	}
}

/* matrix_product.grad:6: let z[i, k] = tanh(sum[j](W[k, j] * X[i, j])) */
static void gradus_gradient_k5(const float *gradus_RESTRICT work_5, const float *gradus_RESTRICT X,
		float *gradus_RESTRICT x_gradient) {
	float t1[16];
	float t2[16];
	float t3[16];
	float t4[16];
	float t5[16];
	float t6[16];
	float t7[16];
	float t8[16];
	float t9[16];
	float t10[16];
	float t11[16];
	float t12[16];
	float t13[16];
	float t14[16];
	float t15[16];
	float t16[16];
	float t17[16];
	float t18[16];
	float t19[16];
	float t20[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float work_5_i = l < 8 ? work_5[l * 5] : 0.0f;
		const float X_i = l < 8 ? X[l * 4] : 0.0f;
		const float t21 = fmaf(work_5_i, X_i, 0.0f);
		t1[l] = (l < 8) ? t21 : 0.0f;
		const float X_i_2 = l < 8 ? X[1 + l * 4] : 0.0f;
		const float t22 = fmaf(work_5_i, X_i_2, 0.0f);
		t2[l] = (l < 8) ? t22 : 0.0f;
		const float X_i_3 = l < 8 ? X[2 + l * 4] : 0.0f;
		const float t23 = fmaf(work_5_i, X_i_3, 0.0f);
		t3[l] = (l < 8) ? t23 : 0.0f;
		const float X_i_4 = l < 8 ? X[3 + l * 4] : 0.0f;
		const float t24 = fmaf(work_5_i, X_i_4, 0.0f);
		t4[l] = (l < 8) ? t24 : 0.0f;
		const float work_5_i_2 = l < 8 ? work_5[1 + l * 5] : 0.0f;
		const float t25 = fmaf(work_5_i_2, X_i, 0.0f);
		t5[l] = (l < 8) ? t25 : 0.0f;
		const float t26 = fmaf(work_5_i_2, X_i_2, 0.0f);
		t6[l] = (l < 8) ? t26 : 0.0f;
		const float t27 = fmaf(work_5_i_2, X_i_3, 0.0f);
		t7[l] = (l < 8) ? t27 : 0.0f;
		const float t28 = fmaf(work_5_i_2, X_i_4, 0.0f);
		t8[l] = (l < 8) ? t28 : 0.0f;
		const float work_5_i_3 = l < 8 ? work_5[2 + l * 5] : 0.0f;
		const float t29 = fmaf(work_5_i_3, X_i, 0.0f);
		t9[l] = (l < 8) ? t29 : 0.0f;
		const float t30 = fmaf(work_5_i_3, X_i_2, 0.0f);
		t10[l] = (l < 8) ? t30 : 0.0f;
		const float t31 = fmaf(work_5_i_3, X_i_3, 0.0f);
		t11[l] = (l < 8) ? t31 : 0.0f;
		const float t32 = fmaf(work_5_i_3, X_i_4, 0.0f);
		t12[l] = (l < 8) ? t32 : 0.0f;
		const float work_5_i_4 = l < 8 ? work_5[3 + l * 5] : 0.0f;
		const float t33 = fmaf(work_5_i_4, X_i, 0.0f);
		t13[l] = (l < 8) ? t33 : 0.0f;
		const float t34 = fmaf(work_5_i_4, X_i_2, 0.0f);
		t14[l] = (l < 8) ? t34 : 0.0f;
		const float t35 = fmaf(work_5_i_4, X_i_3, 0.0f);
		t15[l] = (l < 8) ? t35 : 0.0f;
		const float t36 = fmaf(work_5_i_4, X_i_4, 0.0f);
		t16[l] = (l < 8) ? t36 : 0.0f;
		const float work_5_i_5 = l < 8 ? work_5[4 + l * 5] : 0.0f;
		const float t37 = fmaf(work_5_i_5, X_i, 0.0f);
		t17[l] = (l < 8) ? t37 : 0.0f;
		const float t38 = fmaf(work_5_i_5, X_i_2, 0.0f);
		t18[l] = (l < 8) ? t38 : 0.0f;
		const float t39 = fmaf(work_5_i_5, X_i_3, 0.0f);
		t19[l] = (l < 8) ? t39 : 0.0f;
		const float t40 = fmaf(work_5_i_5, X_i_4, 0.0f);
		t20[l] = (l < 8) ? t40 : 0.0f;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float t21 = t1[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t2[l] = t2[l] + t2[l + h];
	const float t22 = t2[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t3[l] = t3[l] + t3[l + h];
	const float t23 = t3[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t4[l] = t4[l] + t4[l + h];
	const float t24 = t4[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t5[l] = t5[l] + t5[l + h];
	const float t25 = t5[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t6[l] = t6[l] + t6[l + h];
	const float t26 = t6[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t7[l] = t7[l] + t7[l + h];
	const float t27 = t7[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t8[l] = t8[l] + t8[l + h];
	const float t28 = t8[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t9[l] = t9[l] + t9[l + h];
	const float t29 = t9[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t10[l] = t10[l] + t10[l + h];
	const float t30 = t10[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t11[l] = t11[l] + t11[l + h];
	const float t31 = t11[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t12[l] = t12[l] + t12[l + h];
	const float t32 = t12[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t13[l] = t13[l] + t13[l + h];
	const float t33 = t13[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t14[l] = t14[l] + t14[l + h];
	const float t34 = t14[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t15[l] = t15[l] + t15[l + h];
	const float t35 = t15[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t16[l] = t16[l] + t16[l + h];
	const float t36 = t16[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t17[l] = t17[l] + t17[l + h];
	const float t37 = t17[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t18[l] = t18[l] + t18[l + h];
	const float t38 = t18[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t19[l] = t19[l] + t19[l + h];
	const float t39 = t19[0];
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t20[l] = t20[l] + t20[l + h];
	const float t40 = t20[0];
	const float x_gradient_i = x_gradient[1] + t22;
	const float x_gradient_i_2 = x_gradient[2] + t23;
	const float x_gradient_i_3 = x_gradient[3] + t24;
	const float x_gradient_i_4 = x_gradient[4] + t25;
	const float x_gradient_i_5 = x_gradient[5] + t26;
	const float x_gradient_i_6 = x_gradient[6] + t27;
	const float x_gradient_i_7 = x_gradient[7] + t28;
	const float x_gradient_i_8 = x_gradient[8] + t29;
	const float x_gradient_i_9 = x_gradient[9] + t30;
	const float x_gradient_i_10 = x_gradient[10] + t31;
	const float x_gradient_i_11 = x_gradient[11] + t32;
	const float x_gradient_i_12 = x_gradient[12] + t33;
	const float x_gradient_i_13 = x_gradient[13] + t34;
	const float x_gradient_i_14 = x_gradient[14] + t35;
	const float x_gradient_i_15 = x_gradient[15] + t36;
	const float x_gradient_i_16 = x_gradient[16] + t37;
	const float x_gradient_i_17 = x_gradient[17] + t38;
	const float x_gradient_i_18 = x_gradient[18] + t39;
	const float x_gradient_i_19 = x_gradient[19] + t40;
	x_gradient[0] = x_gradient[0] + t21;
	x_gradient[1] = x_gradient_i;
	x_gradient[2] = x_gradient_i_2;
	x_gradient[3] = x_gradient_i_3;
	x_gradient[4] = x_gradient_i_4;
	x_gradient[5] = x_gradient_i_5;
	x_gradient[6] = x_gradient_i_6;
	x_gradient[7] = x_gradient_i_7;
	x_gradient[8] = x_gradient_i_8;
	x_gradient[9] = x_gradient_i_9;
	x_gradient[10] = x_gradient_i_10;
	x_gradient[11] = x_gradient_i_11;
	x_gradient[12] = x_gradient_i_12;
	x_gradient[13] = x_gradient_i_13;
	x_gradient[14] = x_gradient_i_14;
	x_gradient[15] = x_gradient_i_15;
	x_gradient[16] = x_gradient_i_16;
	x_gradient[17] = x_gradient_i_17;
	x_gradient[18] = x_gradient_i_18;
	x_gradient[19] = x_gradient_i_19;
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *X, const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	float *const work_2 = (float *)(void *)((unsigned char *)arena + 192);
	float *const work_3 = (float *)(void *)((unsigned char *)arena + 256);
	float *const work_4 = (float *)(void *)((unsigned char *)arena + 384);
	float *const work_5 = (float *)(void *)((unsigned char *)arena + 192);
	gradus_gradient_k0(x, X, work, work_2);
	gradus_gradient_k1(work_2, work_3);
	gradus_gradient_k2(*work_3, f, work_2, work_4);
	gradus_gradient_k3(x_gradient, work_4, work);
	gradus_gradient_k4(work_4, x, work, work_5);
	gradus_gradient_k5(work_5, X, x_gradient);
	return 0;
}

