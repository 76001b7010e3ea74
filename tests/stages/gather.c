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

/* Integers wrap. */
static inline int64_t gradus_add_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Integers wrap. */
static inline int64_t gradus_mul_i64(int64_t a, int64_t b) {
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* gather.grad:6: minimize mean[i in n]((e[k[i], 0] * e[k[i], 1] - y[i])^2) */
static int gradus_gradient_k0(const int64_t *gradus_RESTRICT k, const float *gradus_RESTRICT x,
		const float *gradus_RESTRICT y, float *gradus_RESTRICT work) {
	int64_t k_i[16];
	int64_t t1[16] = {0};
	gradus_LANES for (int l = 0; l < 16; l++) {
		k_i[l] = l < 12 ? k[l] : 0;
		t1[l] = gradus_mul_i64(k_i[l], 2);
	}
	for (int l = 0; l < 12; l++) {
		if (t1[l] < 0 || t1[l] >= 10)
			return 1;
	}
	float x_i[16];
	int64_t t2[16] = {0};
	gradus_LANES for (int l = 0; l < 16; l++) {
		x_i[l] = l < 12 ? x[k_i[l] * 2] : 0.0f;
	}
	for (int l = 0; l < 12; l++) {
		t2[l] = gradus_add_i64(gradus_mul_i64(k_i[l], 2), 1);
	}
	for (int l = 0; l < 12; l++) {
		if (t2[l] < 0 || t2[l] >= 10)
			return 2;
	}
	float t3[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t4 = fmaf(x_i[l], l < 12 ? x[1 + k_i[l] * 2] : 0.0f, -(l < 12 ? y[l] : 0.0f));
		const float t5 = fmaf(t4, t4, 0.0f);
		t3[l] = (l < 12) ? t5 : 0.0f;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t3[l] = t3[l] + t3[l + h];
	const float work_i = t3[0];
	work[0] = work_i;
	return 0;
}

/* gather.grad:6: minimize mean[i in n]((e[k[i], 0] * e[k[i], 1] - y[i])^2) */
static void gradus_gradient_k1(float work, float *gradus_RESTRICT f) {
	f[0] = work * 0.083333336f;
}

/* gather.grad:6: minimize mean[i in n]((e[k[i], 0] * e[k[i], 1] - y[i])^2) */
static int gradus_gradient_k2(float *gradus_RESTRICT x_gradient, const int64_t *gradus_RESTRICT k,
		const float *gradus_RESTRICT x, const float *gradus_RESTRICT y) {
	for (int64_t i = 0; i < 10; i++) {
		x_gradient[i] = 0.0f;
	}
	for (int64_t i = 0; i < 12; i++) {
		const int64_t t1 = k[i] * 2;
		if (t1 < 0 || t1 >= 10)
			return 3;
		if (t1 < 0 || t1 >= 10)
			return 4;
		const int64_t t2 = t1 + 1;
		if (t2 < 0 || t2 >= 10)
			return 5;
		const float x_i = x[t1 + 1];
		const float t3 = 0.083333336f * fmaf(x[t1], x_i, -y[i]);
		x_gradient[t1] = fmaf(t3 + t3, x_i, x_gradient[t1]);
	}
	return 0;
}

/* gather.grad:6: minimize mean[i in n]((e[k[i], 0] * e[k[i], 1] - y[i])^2) */
static int gradus_gradient_k3(const int64_t *gradus_RESTRICT k, float *gradus_RESTRICT x_gradient,
		const float *gradus_RESTRICT x, const float *gradus_RESTRICT y) {
	for (int64_t i = 0; i < 12; i++) {
		const int64_t t1 = k[i] * 2;
		const int64_t t2 = t1 + 1;
		if (t2 < 0 || t2 >= 10)
			return 6;
		if (t1 < 0 || t1 >= 10)
			return 7;
		const float x_i = x[t1];
		if (t2 < 0 || t2 >= 10)
			return 8;
		const float t3 = 0.083333336f * fmaf(x_i, x[t1 + 1], -y[i]);
		x_gradient[t1 + 1] = fmaf(t3 + t3, x_i, x_gradient[t1 + 1]);
	}
	return 0;
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const int64_t *k, const float *y, const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	int failed;
	failed = gradus_gradient_k0(k, x, y, work);
	if (failed)
		return failed;
	gradus_gradient_k1(*work, f);
	failed = gradus_gradient_k2(x_gradient, k, x, y);
	if (failed)
		return failed;
	failed = gradus_gradient_k3(k, x_gradient, x, y);
	if (failed)
		return failed;
	return 0;
}

