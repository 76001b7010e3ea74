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

static inline int64_t gradus_max_i64(int64_t a, int64_t b) {
	return b > a ? b : a;
}

/* window.grad:6: let c[i in n] = sum[p in 3, i + p >= 1, i + p <= n](f[p] * u[i + p - 1]) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT work) {
	for (int64_t i = 0; i < 20; i++) {
		float work_i = 0.0f;
		const int64_t p_end = gradus_min_i64(3, 21 - i);
		for (int64_t p = gradus_max_i64(0, 1 - i); p < p_end; p++) {
			work_i = fmaf(x[p], x[i + p + 2], work_i);
		}
		work[i] = work_i;
	}
}

/* window.grad:7: minimize sum[i]((c[i] - s[i])^2) */
static void gradus_gradient_k1(const float *gradus_RESTRICT work, const float *gradus_RESTRICT s,
		float *gradus_RESTRICT f) {
	float t1[16];
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t2 = work[l] - s[l];
		const float t3 = fmaf(t2, t2, 0.0f);
		const float t4 = (l < 4 ? work[16 + l] : 0.0f) - (l < 4 ? s[16 + l] : 0.0f);
		const float t5 = fmaf(t4, t4, t3);
		t1[l] = (l < 4) ? t5 : t3;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float f_i = t1[0];
	f[0] = f_i;
}

/* window.grad:7: minimize sum[i]((c[i] - s[i])^2) */
static void gradus_gradient_k2(const float *gradus_RESTRICT work, const float *gradus_RESTRICT s,
		float *gradus_RESTRICT work_2) {
	gradus_LANES for (int l = 0; l < 16; l++) {
		const float t1 = work[l] - s[l];
		work_2[l] = t1 + t1;
	}
	for (int l = 0; l < 4; l++) {
		const float t1 = work[16 + l] - s[16 + l];
		work_2[16 + l] = t1 + t1;
	}
}

/* window.grad:6: let c[i in n] = sum[p in 3, i + p >= 1, i + p <= n](f[p] * u[i + p - 1]) */
static void gradus_gradient_k3(float *gradus_RESTRICT x_gradient, const float *gradus_RESTRICT work_2,
		const float *gradus_RESTRICT x) {
	for (int64_t i = 0; i + 16 <= 23; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			x_gradient[i + l] = 0.0f;
		}
	}
	for (int64_t i = 16; i < 23; i++) {
		x_gradient[i] = 0.0f;
	}
	for (int64_t p = 0; p < 3; p++) {
		float x_gradient_i = 0.0f;
		const int64_t i_end = gradus_min_i64(20, 21 - p);
		for (int64_t i = gradus_max_i64(0, 1 - p); i < i_end; i++) {
			x_gradient_i = fmaf(work_2[i], x[p + i + 2], x_gradient_i);
		}
		x_gradient[p] = x_gradient_i;
	}
}

/* window.grad:6: let c[i in n] = sum[p in 3, i + p >= 1, i + p <= n](f[p] * u[i + p - 1]) */
static void gradus_gradient_k4(float *gradus_RESTRICT x_gradient, const float *gradus_RESTRICT work_2,
		const float *gradus_RESTRICT x) {
	for (int64_t i = 0; i < 23; i++) {
		const float x_gradient_i = x_gradient[i];
		float x_gradient_i_2 = x_gradient_i;
		if (i >= 3 && i <= 22) {
			float t1 = x_gradient_i_2;
			const int64_t p_end = gradus_min_i64(3, i - 1);
			for (int64_t p = gradus_max_i64(0, i - 21); p < p_end; p++) {
				t1 = fmaf(work_2[i - p - 2], x[p], t1);
			}
			x_gradient_i_2 = t1;
		}
		x_gradient[i] = x_gradient_i_2;
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *s, const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	float *const work_2 = (float *)(void *)((unsigned char *)arena + 128);
	gradus_gradient_k0(x, work);
	gradus_gradient_k1(work, s, f);
	gradus_gradient_k2(work, s, work_2);
	gradus_gradient_k3(x_gradient, work_2, x);
	gradus_gradient_k4(x_gradient, work_2, x);
	return 0;
}

