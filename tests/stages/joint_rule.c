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

/* joint_rule.grad:4: s <- 0.9 * s + g */
static void gradus_joint_rule_step_k0(const float *gradus_RESTRICT s, const float *gradus_RESTRICT g,
		float *gradus_RESTRICT new_s, int64_t n) {
	for (int64_t i = 0; i + 16 <= n; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			new_s[i + l] = fmaf(0.9f, s[i + l], g[i + l]);
		}
	}
	for (int64_t i = n / 16 * 16; i < n; i++) {
		new_s[i] = fmaf(0.9f, s[i], g[i]);
	}
}

/* joint_rule.grad:5: x <- x - lr * s / (1 + sqrt(sum(s^2))) */
static void gradus_joint_rule_step_k1(const float *gradus_RESTRICT new_s, float *gradus_RESTRICT work, int64_t n) {
	float t1[16];
	for (int l = 0; l < 16; l++) {
		t1[l] = 0.0f;
	}
	for (int64_t i = 0; i + 16 <= n; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float new_s_i = new_s[i + l];
			t1[l] = fmaf(new_s_i, new_s_i, t1[l]);
		}
	}
	for (int h = 8; h > 0; h /= 2)
		for (int l = 0; l < h; l++)
			t1[l] = t1[l] + t1[l + h];
	const float t2 = t1[0];
	float work_i = t2;
	for (int64_t i = n / 16 * 16; i < n; i++) {
		const float new_s_i = new_s[i];
		work_i = fmaf(new_s_i, new_s_i, work_i);
	}
	work[0] = work_i;
}

/* joint_rule.grad:5: x <- x - lr * s / (1 + sqrt(sum(s^2))) */
static void gradus_joint_rule_step_k2(float work, float lr, const float *gradus_RESTRICT new_s,
		const float *gradus_RESTRICT x, float *gradus_RESTRICT new_x, int64_t n) {
	const float t1 = 1.0f / (1.0f + sqrtf(work));
	for (int64_t i = 0; i + 16 <= n; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float t2 = lr * new_s[i + l];
			new_x[i + l] = fmaf(-t2, t1, x[i + l]);
		}
	}
	for (int64_t i = n / 16 * 16; i < n; i++) {
		const float t2 = lr * new_s[i];
		new_x[i] = fmaf(-t2, t1, x[i]);
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_joint_rule_step(const float *x, const float *g, const float *f, const int64_t *t,
		const int64_t *horizon, const float *lr, const float *s, float *new_x, float *new_s, void *arena, ptrdiff_t n) {
	(void)f, (void)t, (void)horizon;
	float *const work = (float *)(void *)((unsigned char *)arena + 0);
	gradus_joint_rule_step_k0(s, g, new_s, n);
	gradus_joint_rule_step_k1(new_s, work, n);
	gradus_joint_rule_step_k2(*work, *lr, new_s, x, new_x, n);
	return 0;
}

