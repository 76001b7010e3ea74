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

static inline int64_t gradus_min_i64(int64_t a, int64_t b) {
	return b < a ? b : a;
}

/* a * b, but 0 if either factor is 0, even if the other is infinite or NaN. */
static inline float gradus_mulz_f32(float a, float b) {
	return a == 0 || b == 0 ? 0.0f : a * b;
}

/* Integers wrap. */
static inline int64_t gradus_add_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* while.grad:4: let wanted = sum(a^2)
 * while.grad:6: while abs(y * y - wanted) > 1e-6 * wanted limit 50 { */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT work, float *gradus_RESTRICT y,
		uint8_t *gradus_RESTRICT goes, float *gradus_RESTRICT work_2, uint8_t *gradus_RESTRICT work_3,
		int64_t *gradus_RESTRICT work_4) {
	const float x_i = x[0];
	const float x_i_2 = x[1];
	const float x_i_3 = x[2];
	work[0] = fmaf(x_i_3, x_i_3, fmaf(x_i_2, x_i_2, x_i * x_i));
	y[0] = 1.0f;
	goes[0] = (uint8_t)(1);
	for (int64_t i = 0; i + 16 <= 50; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			work_2[i + l] = 0.0f;
			work_3[i + l] = (uint8_t)(0);
		}
	}
	for (int l = 0; l < 2; l++) {
		work_2[48 + l] = 0.0f;
		work_3[48 + l] = (uint8_t)(0);
	}
	work_4[0] = 0;
}

/* while.grad:6: while abs(y * y - wanted) > 1e-6 * wanted limit 50 {
 * while.grad:7: y <- (y + wanted / y) / 2 */
static void gradus_gradient_k1(float *gradus_RESTRICT f, int64_t work_5, float *gradus_RESTRICT work_2,
		uint8_t *gradus_RESTRICT goes, uint8_t *gradus_RESTRICT work_3, float work, int64_t *gradus_RESTRICT work_4) {
	work_2[work_5] = f[0];
	work_3[work_5] = (uint8_t)(goes[0]);
	const int goes_i = goes[0];
	const float f_i = f[0];
	const int t1 = fabsf(fmaf(f_i, f_i, -work)) > (1e-6f * work);
	const int goes_i_2 = goes_i & t1;
	goes[0] = (uint8_t)(goes_i_2);
	const float f_i_2 = f[0];
	const float y = (f_i_2 + work / f_i_2) * 0.5f;
	f[0] = goes_i_2 ? y : f_i_2;
	work_4[0] = gradus_add_i64(work_5, 1);
}

/* while.grad:6: while abs(y * y - wanted) > 1e-6 * wanted limit 50 { */
static void gradus_gradient_k2(float *gradus_RESTRICT work_6) {
	work_6[0] = 0.0f;
}

/* while.grad:6: while abs(y * y - wanted) > 1e-6 * wanted limit 50 { */
static int gradus_gradient_k3(int64_t work_4, int64_t work_8, const float *gradus_RESTRICT work_2,
		const uint8_t *gradus_RESTRICT work_3, float work, float work_7, float *gradus_RESTRICT y_gradient,
		float *gradus_RESTRICT work_6) {
	const int64_t t1 = work_4 - work_8;
	const int64_t t2 = t1 - 1;
	if (t2 < 0 || t2 >= 50)
		return 1;
	const float work_2_i = work_2[t1 - 1];
	const int64_t t3 = work_4 - work_8;
	const int64_t t4 = t3 - 1;
	if (t4 < 0 || t4 >= 50)
		return 2;
	const int work_3_i = work_3[t3 - 1];
	const int t5 = fabsf(fmaf(work_2_i, work_2_i, -work)) > (1e-6f * work);
	const int goes = work_3_i & t5;
	const float t6 = (goes ? work_7 : 0.0f) * 0.5f;
	y_gradient[0] = (goes ? 0.0f : work_7) + t6 - gradus_mulz_f32(t6, work / work_2_i / work_2_i);
	const float work_6_i = work_6[0];
	const int64_t t7 = work_4 - work_8;
	const int64_t t8 = t7 - 1;
	if (t8 < 0 || t8 >= 50)
		return 3;
	const int work_3_i_2 = work_3[t7 - 1];
	const int t9 = fabsf(fmaf(work_2_i, work_2_i, -work)) > (1e-6f * work);
	const int goes_2 = work_3_i_2 & t9;
	const float t10 = (goes_2 ? work_7 : 0.0f) * 0.5f;
	const float t11 = 1.0f / work_2_i;
	const float t12 = fmaf(t10, t11, work_6_i);
	work_6[0] = ((t10 != 0.0f) & (t11 != 0.0f)) ? t12 : work_6_i;
	return 0;
}

/* while.grad:4: let wanted = sum(a^2) */
static void gradus_gradient_k4(float work_6, const float *gradus_RESTRICT x, float *gradus_RESTRICT x_gradient) {
	for (int64_t i = 0; i < 3; i++) {
		const float t1 = gradus_mulz_f32(work_6, x[i]);
		x_gradient[i] = t1 + t1;
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 256);
	float *const y = (float *)(void *)((unsigned char *)arena + 320);
	uint8_t *const goes = (uint8_t *)(void *)((unsigned char *)arena + 384);
	float *const work_2 = (float *)(void *)((unsigned char *)arena + 0);
	uint8_t *const work_3 = (uint8_t *)(void *)((unsigned char *)arena + 448);
	int64_t *const work_4 = (int64_t *)(void *)((unsigned char *)arena + 512);
	int64_t *const work_5 = (int64_t *)(void *)((unsigned char *)arena + 576);
	float *const work_6 = (float *)(void *)((unsigned char *)arena + 384);
	float *const work_7 = (float *)(void *)((unsigned char *)arena + 576);
	int64_t *const work_8 = (int64_t *)(void *)((unsigned char *)arena + 640);
	float *const y_gradient = (float *)(void *)((unsigned char *)arena + 320);
	int failed;
	gradus_gradient_k0(x, work, y, goes, work_2, work_3, work_4);
	memcpy(f, y, (size_t)1 * sizeof *f);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < 50; gradus_turn1++) {
		if (!goes[0])
			break;
		work_5[0] = gradus_turn1;
		gradus_gradient_k1(f, *work_5, work_2, goes, work_3, *work, work_4);
	}
	gradus_gradient_k2(work_6);
	memcpy(work_7, y, (size_t)1 * sizeof *work_7);
	for (int64_t gradus_turn1 = 0; gradus_turn1 < gradus_min_i64(work_4[0], 50); gradus_turn1++) {
		work_8[0] = gradus_turn1;
		failed = gradus_gradient_k3(*work_4, *work_8, work_2, work_3, *work, *work_7, y_gradient, work_6);
		if (failed)
			return failed;
		memcpy(work_7, y_gradient, (size_t)1 * sizeof *work_7);
	}
	gradus_gradient_k4(*work_6, x, x_gradient);
	return 0;
}

