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

/* The larger; NaN wins; of equals the first is kept. */
static inline float gradus_max_f32(float a, float b) {
	return b > a || b != b ? b : a;
}

static inline int64_t gradus_max_i64(int64_t a, int64_t b) {
	return b > a ? b : a;
}

/* running_sum.grad:4: let c = cumsum(x) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT work) {
	float work_i[16];
	for (int l = 0; l < 16; l++) {
		work_i[l] = 0.0f;
	}
	for (int64_t j = 0; j < 9; j++) {
		const float x_i = x[j];
		for (int l = 0; l < 9; l++) {
			const float t1 = work_i[l] + x_i;
			work_i[l] = ((-j + l * 1) >= 0) ? t1 : work_i[l];
		}
	}
	for (int l = 0; l < 9; l++) {
		work[l] = work_i[l];
	}
}

/* running_sum.grad:5: minimize max(c) + sum(c^2) */
static void gradus_gradient_k1(const float *gradus_RESTRICT work, float *gradus_RESTRICT work_2,
		int64_t *gradus_RESTRICT work_3) {
	float work_2_i = -INFINITY;
	int64_t work_3_i = -1;
	for (int64_t i = 0; i < 9; i++) {
		const float work_i = work[i];
		const int t1 = ((work_i > work_2_i) | ((work_i != work_i) & (work_2_i == work_2_i))) | (work_3_i < 0);
		work_2_i = gradus_max_f32(work_2_i, work_i);
		work_3_i = t1 ? i : work_3_i;
	}
	work_2[0] = work_2_i;
	work_3[0] = work_3_i;
}

/* running_sum.grad:5: minimize max(c) + sum(c^2) */
static void gradus_gradient_k2(const float *gradus_RESTRICT work, float *gradus_RESTRICT work_4) {
	float t1[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float work_i = l < 9 ? work[l] : 0.0f;
		const float t2 = fmaf(work_i, work_i, 0.0f);
		t1[l] = (l < 9) ? t2 : 0.0f;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float work_4_i = t1[0];
	work_4[0] = work_4_i;
}

/* running_sum.grad:5: minimize max(c) + sum(c^2) */
static void gradus_gradient_k3(float work_2, float work_4, float *gradus_RESTRICT f, const float *gradus_RESTRICT work,
		float *gradus_RESTRICT work_5, int64_t work_3) {
	f[0] = work_2 + work_4;
	const int64_t t1 = gradus_max_i64(work_3, 0);
	for (int l = 0; l < 9; l++) {
		const float work_i = work[l];
		work_5[l] = work_i + work_i;
	}
	work_5[t1] = work_5[t1] + 1.0f;
}

/* running_sum.grad:4: let c = cumsum(x) */
static void gradus_gradient_k4(const float *gradus_RESTRICT work_5, float *gradus_RESTRICT x_gradient) {
	float x_gradient_i[16];
	for (int l = 0; l < 16; l++) {
		x_gradient_i[l] = 0.0f;
	}
	for (int64_t i = 0; i < 9; i++) {
		const float work_5_i = work_5[i];
		for (int l = 0; l < 9; l++) {
			const float t1 = x_gradient_i[l] + work_5_i;
			x_gradient_i[l] = ((i + l * -1) >= 0) ? t1 : x_gradient_i[l];
		}
	}
	for (int l = 0; l < 9; l++) {
		x_gradient[l] = x_gradient_i[l];
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	float *const work_2 = (float *)(void *)((unsigned char *)arena + 64);
	int64_t *const work_3 = (int64_t *)(void *)((unsigned char *)arena + 128);
	float *const work_4 = (float *)(void *)((unsigned char *)arena + 192);
	float *const work_5 = (float *)(void *)((unsigned char *)arena + 256);
	gradus_gradient_k0(x, work);
	gradus_gradient_k1(work, work_2, work_3);
	gradus_gradient_k2(work, work_4);
	gradus_gradient_k3(*work_2, *work_4, f, work, work_5, *work_3);
	gradus_gradient_k4(work_5, x_gradient);
	return 0;
}

