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

/* rule_step.grad:4: m <- beta * m + (1 - beta) * g
 * rule_step.grad:5: x <- x - lr * m / (abs(m) + 1e-8) */
static void gradus_rule_step_step_k0(float beta, const float *gradus_RESTRICT m, const float *gradus_RESTRICT g,
		float *gradus_RESTRICT new_m, const float *gradus_RESTRICT x, float lr, float *gradus_RESTRICT new_x,
		int64_t n) {
	const float t1 = 1.0f - beta;
	for (int64_t i = 0; i + 16 <= n; i += 16) {
		gradus_LANES for (int l = 0; l < 16; l++) {
			const float new_m_i = fmaf(beta, m[i + l], t1 * g[i + l]);
			new_m[i + l] = new_m_i;
			new_x[i + l] = x[i + l] - lr * new_m_i / (fabsf(new_m_i) + 1e-8f);
		}
	}
	for (int64_t i = n / 16 * 16; i < n; i++) {
		const float new_m_i = fmaf(beta, m[i], t1 * g[i]);
		new_m[i] = new_m_i;
		new_x[i] = x[i] - lr * new_m_i / (fabsf(new_m_i) + 1e-8f);
	}
}

/* All of it, kernel by kernel. arena: what is computed in between. 0, or the number of the check that failed. */
static int gradus_rule_step_step(const float *x, const float *g, const float *f, const int64_t *t,
		const int64_t *horizon, const float *lr, const float *beta, const float *m, float *new_x, float *new_m,
		void *arena, ptrdiff_t n) {
	(void)arena, (void)f, (void)t, (void)horizon;
	gradus_rule_step_step_k0(*beta, m, g, new_m, x, *lr, new_x, n);
	return 0;
}

