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

/* nested_sums.grad:5: let row[i] = sum[j](w[i, j]^2 - b)
 * nested_sums.grad:6: minimize mean(row) + sum[i, j](w[i, j] * row[i]) */
static void gradus_gradient_k0(const float *gradus_RESTRICT x, float *gradus_RESTRICT work,
		float *gradus_RESTRICT work_3, float *gradus_RESTRICT f, float *gradus_RESTRICT work_6,
		float *gradus_RESTRICT x_gradient, float *gradus_RESTRICT work_7) {
	const float t1 = -x[18];
	float work_i[16] = {0};
	for (int l = 0; l < 6; l++) {
		const float x_i = x[l * 3];
		const float x_i_2 = x[1 + l * 3];
		const float x_i_3 = x[2 + l * 3];
		work_i[l] = fmaf(x_i, x_i, t1) + fmaf(x_i_2, x_i_2, t1) + fmaf(x_i_3, x_i_3, t1);
		work[l] = work_i[l];
	}
	float work_3_i[16] = {0};
	for (int l = 0; l < 6; l++) {
		work_3_i[l] = x[l * 3] + x[1 + l * 3] + x[2 + l * 3];
		work_3[l] = work_3_i[l];
	}
	const float t2 = fmaf(work[2], work_3[2], fmaf(work[1], work_3[1], work[0] * work_3[0]));
	const float t3 = fmaf(work[5], work_3[5], fmaf(work[4], work_3[4], fmaf(work[3], work_3[3], t2)));
	f[0] = fmaf(work[0] + work[1] + work[2] + work[3] + work[4] + work[5], 0.16666667f, t3);
	for (int l = 0; l < 6; l++) {
		work_6[l] = work_i[l];
	}
	for (int64_t i = 0; i + 16 <= 19; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			x_gradient[i + l] = 0.0f;
		}
	}
	for (int64_t i = 16; i < 19; i++) {
		x_gradient[i] = 0.0f;
	}
	for (int64_t i = 0; i < 6; i++) {
		const float work_6_i = work_6[i];
		x_gradient[i * 3] = work_6_i;
		x_gradient[i * 3 + 1] = work_6_i;
		x_gradient[i * 3 + 2] = work_6_i;
	}
	for (int l = 0; l < 6; l++) {
		work_7[l] = work_3_i[l] + 0.16666667f;
	}
	for (int64_t i = 0; i < 6; i++) {
		const float work_7_i = work_7[i];
		const float t4 = work_7_i * x[i * 3];
		const float t5 = work_7_i * x[i * 3 + 1];
		const float t6 = work_7_i * x[i * 3 + 2];
		const float x_gradient_i = x_gradient[i * 3 + 1] + (t5 + t5);
		const float x_gradient_i_2 = x_gradient[i * 3 + 2] + (t6 + t6);
		x_gradient[i * 3] = x_gradient[i * 3] + (t4 + t4);
		x_gradient[i * 3 + 1] = x_gradient_i;
		x_gradient[i * 3 + 2] = x_gradient_i_2;
	}
	const float t4 = 3.0f * (work_7[0] + work_7[1] + work_7[2] + work_7[3] + work_7[4] + work_7[5]);
	x_gradient[18] = x_gradient[18] + (-t4);
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_gradient(const float *x, float *f, float *x_gradient, void *arena) {
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	float *const work_3 = (float *)(void *)((unsigned char *)arena + 64);
	float *const work_6 = (float *)(void *)((unsigned char *)arena + 128);
	float *const work_7 = (float *)(void *)((unsigned char *)arena + 192);
	gradus_gradient_k0(x, work, work_3, f, work_6, x_gradient, work_7);
	return 0;
}

