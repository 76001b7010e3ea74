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
	for (int64_t k = 0; k < 5; k++) {
		const float x_i = x[k * 4];
		const float x_i_2 = x[k * 4 + 1];
		const float x_i_3 = x[k * 4 + 2];
		const float x_i_4 = x[k * 4 + 3];
		work[k] = fmaf(x_i_4, X_i_4, fmaf(x_i_3, X_i_3, fmaf(x_i_2, X_i_2, x_i * X_i)));
		work[k + 5] = fmaf(x_i_4, X_i_8, fmaf(x_i_3, X_i_7, fmaf(x_i_2, X_i_6, x_i * X_i_5)));
		work[k + 10] = fmaf(x_i_4, X_i_12, fmaf(x_i_3, X_i_11, fmaf(x_i_2, X_i_10, x_i * X_i_9)));
		work[k + 15] = fmaf(x_i_4, X_i_16, fmaf(x_i_3, X_i_15, fmaf(x_i_2, X_i_14, x_i * X_i_13)));
		work[k + 20] = fmaf(x_i_4, X_i_20, fmaf(x_i_3, X_i_19, fmaf(x_i_2, X_i_18, x_i * X_i_17)));
		work[k + 25] = fmaf(x_i_4, X_i_24, fmaf(x_i_3, X_i_23, fmaf(x_i_2, X_i_22, x_i * X_i_21)));
		work[k + 30] = fmaf(x_i_4, X_i_28, fmaf(x_i_3, X_i_27, fmaf(x_i_2, X_i_26, x_i * X_i_25)));
		work[k + 35] = fmaf(x_i_4, X_i_32, fmaf(x_i_3, X_i_31, fmaf(x_i_2, X_i_30, x_i * X_i_29)));
	}
	const float x_i = x[20];
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
	const float work_2_i = work_2[0];
	const float work_2_i_2 = work_2[1];
	const float work_2_i_3 = work_2[2];
	const float t1 = fmaf(work_2_i_3, work_2_i_3, fmaf(work_2_i_2, work_2_i_2, work_2_i * work_2_i));
	const float work_2_i_4 = work_2[3];
	const float work_2_i_5 = work_2[4];
	const float work_2_i_6 = work_2[5];
	const float t2 = fmaf(work_2_i_6, work_2_i_6, fmaf(work_2_i_5, work_2_i_5, fmaf(work_2_i_4, work_2_i_4, t1)));
	const float work_2_i_7 = work_2[6];
	const float work_2_i_8 = work_2[7];
	work_3[0] = fmaf(work_2_i_8, work_2_i_8, fmaf(work_2_i_7, work_2_i_7, t2));
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
static void gradus_gradient_k5(float *gradus_RESTRICT x_gradient, const float *gradus_RESTRICT work_5,
		const float *gradus_RESTRICT X) {
	const float work_5_i = work_5[0];
	const float work_5_i_2 = work_5[5];
	const float work_5_i_3 = work_5[10];
	const float work_5_i_4 = work_5[15];
	const float work_5_i_5 = work_5[20];
	const float work_5_i_6 = work_5[25];
	const float work_5_i_7 = work_5[30];
	const float work_5_i_8 = work_5[35];
	const float work_5_i_9 = work_5[1];
	const float work_5_i_10 = work_5[6];
	const float work_5_i_11 = work_5[11];
	const float work_5_i_12 = work_5[16];
	const float work_5_i_13 = work_5[21];
	const float work_5_i_14 = work_5[26];
	const float work_5_i_15 = work_5[31];
	const float work_5_i_16 = work_5[36];
	const float work_5_i_17 = work_5[2];
	const float work_5_i_18 = work_5[7];
	const float work_5_i_19 = work_5[12];
	const float work_5_i_20 = work_5[17];
	const float work_5_i_21 = work_5[22];
	const float work_5_i_22 = work_5[27];
	const float work_5_i_23 = work_5[32];
	const float work_5_i_24 = work_5[37];
	const float work_5_i_25 = work_5[3];
	const float work_5_i_26 = work_5[8];
	const float work_5_i_27 = work_5[13];
	const float work_5_i_28 = work_5[18];
	const float work_5_i_29 = work_5[23];
	const float work_5_i_30 = work_5[28];
	const float work_5_i_31 = work_5[33];
	const float work_5_i_32 = work_5[38];
	const float work_5_i_33 = work_5[4];
	const float work_5_i_34 = work_5[9];
	const float work_5_i_35 = work_5[14];
	const float work_5_i_36 = work_5[19];
	const float work_5_i_37 = work_5[24];
	const float work_5_i_38 = work_5[29];
	const float work_5_i_39 = work_5[34];
	const float work_5_i_40 = work_5[39];
	for (int64_t j = 0; j < 4; j++) {
		const float X_i = X[j];
		const float X_i_2 = X[j + 4];
		const float X_i_3 = X[j + 8];
		const float t1 = fmaf(work_5_i_3, X_i_3, fmaf(work_5_i_2, X_i_2, fmaf(work_5_i, X_i, x_gradient[j])));
		const float X_i_4 = X[j + 12];
		const float X_i_5 = X[j + 16];
		const float X_i_6 = X[j + 20];
		const float t2 = fmaf(work_5_i_6, X_i_6, fmaf(work_5_i_5, X_i_5, fmaf(work_5_i_4, X_i_4, t1)));
		const float X_i_7 = X[j + 24];
		const float X_i_8 = X[j + 28];
		const float t3 = fmaf(work_5_i_11, X_i_3, fmaf(work_5_i_10, X_i_2, fmaf(work_5_i_9, X_i, x_gradient[j + 4])));
		const float t4 = fmaf(work_5_i_14, X_i_6, fmaf(work_5_i_13, X_i_5, fmaf(work_5_i_12, X_i_4, t3)));
		const float t5 = fmaf(work_5_i_19, X_i_3, fmaf(work_5_i_18, X_i_2, fmaf(work_5_i_17, X_i, x_gradient[j + 8])));
		const float t6 = fmaf(work_5_i_22, X_i_6, fmaf(work_5_i_21, X_i_5, fmaf(work_5_i_20, X_i_4, t5)));
		const float t7 = fmaf(work_5_i_27, X_i_3, fmaf(work_5_i_26, X_i_2, fmaf(work_5_i_25, X_i, x_gradient[j + 12])));
		const float t8 = fmaf(work_5_i_30, X_i_6, fmaf(work_5_i_29, X_i_5, fmaf(work_5_i_28, X_i_4, t7)));
		const float t9 = fmaf(work_5_i_35, X_i_3, fmaf(work_5_i_34, X_i_2, fmaf(work_5_i_33, X_i, x_gradient[j + 16])));
		const float t10 = fmaf(work_5_i_38, X_i_6, fmaf(work_5_i_37, X_i_5, fmaf(work_5_i_36, X_i_4, t9)));
		x_gradient[j] = fmaf(work_5_i_8, X_i_8, fmaf(work_5_i_7, X_i_7, t2));
		x_gradient[j + 4] = fmaf(work_5_i_16, X_i_8, fmaf(work_5_i_15, X_i_7, t4));
		x_gradient[j + 8] = fmaf(work_5_i_24, X_i_8, fmaf(work_5_i_23, X_i_7, t6));
		x_gradient[j + 12] = fmaf(work_5_i_32, X_i_8, fmaf(work_5_i_31, X_i_7, t8));
		x_gradient[j + 16] = fmaf(work_5_i_40, X_i_8, fmaf(work_5_i_39, X_i_7, t10));
	}
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
	gradus_gradient_k5(x_gradient, work_5, X);
	return 0;
}

