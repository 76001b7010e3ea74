/* The library's rules over 100 steps, against their published updates computed independently here; on one tensor, on two,
 * and on one of symbolic size. */
#include "ir/eval/eval.h"
#include "ir/pass/pass.h"
#include "jit_three_ways.h"
#include "lower_instances.h"

enum { N = 7, STEPS = 100 };

static const int64_t one_tensor[] = {N}, two_tensors[] = {3, 4};

/* A gradient to follow: that of a bent quadratic, with a component that is exactly 0 now and then. */
static double objective(const double *x, double *g) {
	double f = 1;
	for (int i = 0; i < N; i++) {
		double a = 1 + i, d = x[i] - 0.3 * i;
		f += a / 2 * d * d + 0.1 * cos(3 * x[i]);
		g[i] = a * d - 0.3 * sin(3 * x[i]);
	}
	return f;
}

typedef struct State {
	double x[N], m[N], v[N];
} State;

typedef void Update(State *s, const double *g, int t);

static void gradient_descent(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++)
		s->x[i] -= 0.05 * g[i];
}

static void momentum(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++) {
		s->m[i] = 0.8 * s->m[i] + g[i];
		s->x[i] -= 0.02 * s->m[i];
	}
}

static void nesterov(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++) {
		s->m[i] = 0.8 * s->m[i] + g[i];
		s->x[i] -= 0.02 * (g[i] + 0.8 * s->m[i]);
	}
}

static void adagrad(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++) {
		s->v[i] += g[i] * g[i];
		s->x[i] -= 0.1 * g[i] / (sqrt(s->v[i]) + 1e-10);
	}
}

static void rmsprop(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++) {
		s->v[i] = 0.9 * s->v[i] + 0.1 * g[i] * g[i];
		s->x[i] -= 0.01 * g[i] / (sqrt(s->v[i]) + 1e-8);
	}
}

static void adam_with_decay(State *s, const double *g, int t, double decay) {
	for (int i = 0; i < N; i++) {
		s->m[i] = 0.9 * s->m[i] + 0.1 * g[i];
		s->v[i] = 0.999 * s->v[i] + 0.001 * g[i] * g[i];
		double m = s->m[i] / (1 - pow(0.9, t)), v = s->v[i] / (1 - pow(0.999, t));
		s->x[i] -= 0.05 * (m / (sqrt(v) + 1e-8) + decay * s->x[i]);
	}
}

static void adam(State *s, const double *g, int t) {
	adam_with_decay(s, g, t, 0);
}

static void adamw(State *s, const double *g, int t) {
	adam_with_decay(s, g, t, 0.02);
}

static void lion(State *s, const double *g, int t) {
	(void)t;
	for (int i = 0; i < N; i++) {
		double u = 0.9 * s->m[i] + 0.1 * g[i];
		s->x[i] -= 0.01 * ((u > 0) - (u < 0) + 0.1 * s->x[i]);
		s->m[i] = 0.99 * s->m[i] + 0.01 * g[i];
	}
}

static const struct {
	const char *call;
	Update *update;
} rules[] = {
	{"gradient_descent(lr = 0.05)", gradient_descent}, {"momentum(lr = 0.02, beta = 0.8)", momentum},
	{"nesterov(lr = 0.02, beta = 0.8)", nesterov},     {"adagrad(lr = 0.1)", adagrad},
	{"rmsprop(lr = 0.01, beta = 0.9)", rmsprop},       {"adam(lr = 0.05)", adam},
	{"adamw(lr = 0.05, decay = 0.02)", adamw},         {"lion(lr = 0.01, decay = 0.1)", lion},
};

/* A rule being run by the evaluator. */
typedef struct Run {
	Lower *l;
	const FeRule *rule;
	IrTensor theta, states[32], x;
	const int64_t *sizes; /* symbolic rules: one run of the step per tensor */
} Run;

static uint32_t hypers(Run *run, IrTensor *args, uint32_t count) {
	for (uint32_t i = 0; i < run->rule->hypers.count; i++)
		args[count++] = lower_real(run->l, run->rule->hypers.data[i].value);
	if (run->rule->learned_count)
		args[count++] = run->theta;
	return count;
}

static Run start(Lower *l, const FeRule *rule, const double *x) {
	Run run = {.l = l, .rule = rule, .x = lower_vector(l, x, N)};
	if (rule->theta) {
		IrTensor seed = lower_int(l, 5);
		lower_run(l, rule->theta, &seed, &run.theta);
	}
	IrTensor args[64] = {run.x};
	hypers(&run, args, 1);
	lower_run(l, rule->init, args, run.states);
	return run;
}

static void step(Run *run, const double *g, double f, int t, int horizon) {
	Lower *l = run->l;
	IrTensor args[64] = {run->x, lower_vector(l, g, N), lower_real(l, f), lower_int(l, t), lower_int(l, horizon)},
			 results[64];
	uint32_t count = hypers(run, args, 5);
	for (uint32_t i = 0; i < run->rule->states.count; i++)
		args[count++] = run->states[i];
	lower_run(l, run->rule->step, args, results);
	run->x = results[0];
	for (uint32_t i = 0; i < run->rule->states.count; i++)
		run->states[i] = results[1 + i];
}

static void starting_point(double *x) {
	for (int i = 0; i < N; i++)
		x[i] = i == 2 ? 0 : sin(5.0 * i + 1);
}

static void check_updates(const int64_t *sizes, uint32_t count) {
	Lower l = lower_new(NULL);
	for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
		const FeRule *rule = lower_rule(&l, rules[k].call, sizes, count);
		State s = {0};
		double g[N];
		starting_point(s.x);
		Run run = start(&l, rule, s.x);
		cr_expect(rule->elementwise && rule->reads_g && !rule->reads_f, "%s", rules[k].call);
		for (int t = 1; t <= STEPS; t++) {
			double f = objective(s.x, g);
			rules[k].update(&s, g, t);
			step(&run, g, f, t, STEPS);
			for (int i = 0; i < N; i++)
				lower_close(run.x.reals[i], s.x[i], 1e-12, rules[k].call);
		}
	}
	lower_free(&l);
}

Test(lower_rules, published_updates_on_one_tensor) {
	check_updates(one_tensor, 1);
}

Test(lower_rules, published_updates_on_two_tensors) {
	check_updates(two_tensors, 2);
}

Test(lower_rules, published_updates_on_any_size) {
	check_updates(NULL, 0);
}

/* ---- the same by machine code ---- */

typedef struct Machine {
	IrFunc *func;
	JitCode *code;
} Machine;

static Machine machine_new(Lower *l, JitEngine *engine, IrFunc *func, bool strict) {
	func = ir_optimize(l->module, func, &(IrPipeline){.verify = true});
	return (Machine){func, jit_compile(engine, func, &(JitOptions){.strict = strict})};
}

/* As lower_run; every symbol is N. Results are reals. */
static void machine_run(Lower *l, const Machine *m, const IrTensor *args, IrTensor *results) {
	int64_t symbols[] = {N, N};
	void *in[32], *out[32];
	Arena *arena = l->module->arena;
	for (uint32_t i = 0; i < m->func->params.count; i++)
		in[i] = jit_test_pack(arena, &args[i]);
	for (uint32_t i = 0; i < m->func->results.count; i++) {
		results[i] = ir_tensor_new(arena, ir_type(m->func, m->func->results.data[i].value), symbols);
		out[i] = results[i].reals;
	}
	void *scratch = jit_test_memory(arena, jit_arena_bytes(m->code, symbols));
	cr_assert(jit_call(m->code, in, out, scratch, symbols) == 0);
}

Test(lower_rules, published_updates_by_machine_code, .timeout = 100) {
	Lower l = lower_new(NULL);
	const char *error = NULL;
	JitEngine *engine = jit_engine_new(l.session, &error);
	cr_assert(engine != NULL, "%s", error);
	for (size_t k = 0; k < 6 * (sizeof rules / sizeof *rules); k++) {
		static const struct {
			const int64_t *sizes;
			uint32_t count;
		} targets[] = {{one_tensor, 1}, {two_tensors, 2}, {NULL, 0}};
		const char *call = rules[k / 6].call;
		const FeRule *rule = lower_rule(&l, call, targets[k % 3].sizes, targets[k % 3].count);
		Machine init = machine_new(&l, engine, rule->init, k / 3 % 2),
				update = machine_new(&l, engine, rule->step, k / 3 % 2);
		State s = {0};
		double g[N];
		starting_point(s.x);
		Run run = {.l = &l, .rule = rule};
		IrTensor args[32], results[32] = {lower_vector(&l, s.x, N)};
		args[0] = results[0];
		hypers(&run, args, 1);
		machine_run(&l, &init, args, results + 1);
		for (int t = 1; t <= STEPS; t++) {
			double f = objective(s.x, g);
			rules[k / 6].update(&s, g, t);
			args[0] = results[0];
			args[1] = lower_vector(&l, g, N);
			args[2] = lower_real(&l, f);
			args[3] = lower_int(&l, t);
			args[4] = lower_int(&l, STEPS);
			uint32_t count = hypers(&run, args, 5);
			memcpy(args + count, results + 1, sizeof(IrTensor) * rule->states.count);
			machine_run(&l, &update, args, results);
			for (int i = 0; i < N; i++)
				lower_close(results[0].reals[i], s.x[i], 1e-12, call);
		}
		jit_code_free(init.code);
		jit_code_free(update.code);
	}
	jit_engine_free(engine);
	lower_free(&l);
}

/* ---- the learned rules ---- */

static double dot_row(const double *row, const double *v, int n) {
	double sum = 0;
	for (int k = 0; k < n; k++)
		sum += row[k] * v[k];
	return sum;
}

typedef struct Policy {
	double m[3][N], v[N], last[N], f_old;
} Policy;

static void policy(Policy *p, const double *theta, double *x, const double *g, double f, int t) {
	static const double decay[3] = {0.5, 0.9, 0.97};
	const double *W1 = theta, *b1 = W1 + 176, *W2 = b1 + 16, *b2 = W2 + 256, *W3 = b2 + 16, *b3 = W3 + 32;
	double change = t == 1 ? 0 : fmax(-2, fmin(2, (f - p->f_old) / (p->f_old + 1e-3)));
	double squares = 0;
	for (int i = 0; i < N; i++)
		squares += g[i] * g[i];
	double rms = sqrt(squares / (double)N) + 1e-8;
	for (int i = 0; i < N; i++) {
		p->v[i] = 0.95 * p->v[i] + 0.05 * g[i] * g[i];
		double s = sqrt(p->v[i] / (1 - pow(0.95, t))) + 1e-8, u[11], h1[16], h2[16];
		u[0] = g[i] / rms;
		u[1] = g[i] / s;
		for (int k = 0; k < 3; k++) {
			p->m[k][i] = decay[k] * p->m[k][i] + (1 - decay[k]) * g[i];
			u[2 + k] = p->m[k][i] / (1 - pow(decay[k], t)) / s;
		}
		u[5] = log(s) / 5;
		u[6] = log(rms) / 5;
		u[7] = log(f + 1e-3);
		u[8] = change;
		u[9] = 3 * p->last[i];
		u[10] = 2.0 * t / (t + 10.0) - 1;
		for (int h = 0; h < 16; h++)
			h1[h] = tanh(dot_row(W1 + 11 * h, u, 11) + b1[h]);
		for (int h = 0; h < 16; h++)
			h2[h] = tanh(dot_row(W2 + 16 * h, h1, 16) + b2[h]);
		double d = dot_row(W3, h2, 16) + b3[0], a = dot_row(W3 + 16, h2, 16) + b3[1];
		p->last[i] = 0.3 * d * exp(a);
		x[i] += p->last[i];
	}
	p->f_old = f;
}

static void check_policy(const int64_t *sizes, uint32_t count) {
	Lower l = lower_new(NULL);
	const FeRule *rule = lower_rule(&l, "policy()", sizes, count);
	cr_assert_eq(rule->learned_count, 498);
	cr_expect(rule->reads_f && rule->reads_g && !rule->reads_horizon && !rule->elementwise);
	double x[N], g[N];
	starting_point(x);
	Run run = start(&l, rule, x);
	/* the starting law: fan-in scaling of hidden weights, small outputs, zero biases */
	double sum = 0;
	for (int i = 0; i < 176; i++)
		sum += run.theta.reals[i] * run.theta.reals[i];
	cr_expect(fabs(sum / 176 - 1.0 / 11) < 0.03, "%g", sum / 176);
	for (int i = 176; i < 192; i++)
		cr_expect_eq(run.theta.reals[i], 0);
	for (int i = 464; i < 496; i++)
		run.theta.reals[i] *= 10; /* steps that are large enough to be seen */
	Policy p = {0};
	for (int t = 1; t <= STEPS; t++) {
		double f = objective(x, g);
		policy(&p, run.theta.reals, x, g, f, t);
		step(&run, g, f, t, STEPS);
		for (int i = 0; i < N; i++)
			lower_close(run.x.reals[i], x[i], 1e-11, "policy");
	}
	lower_free(&l);
}

Test(lower_rules, policy) {
	check_policy(one_tensor, 1);
	check_policy(two_tensors, 2);
	check_policy(NULL, 0);
}

static void mlp_lopt(const double *theta, double *m, double *x, const double *g, int t, const int64_t *sizes,
                     int tensors) {
	static const double decay[] = {0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};
	static const double tau[] = {1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000};
	const double *W1 = theta, *b1 = W1 + 608, *W2 = b1 + 32, *b2 = W2 + 1024, *W3 = b2 + 32, *b3 = W3 + 64;
	int first = 0;
	for (int tensor = 0; tensor < tensors; first += (int)sizes[tensor++]) {
		int size = (int)sizes[tensor];
		double mean[8] = {0}, u[N][8];
		for (int i = 0; i < size; i++) {
			int c = first + i;
			u[i][0] = g[c];
			u[i][1] = x[c];
			for (int k = 0; k < 6; k++)
				u[i][2 + k] = m[6 * c + k] = decay[k] * m[6 * c + k] + (1 - decay[k]) * g[c];
			for (int k = 0; k < 8; k++)
				mean[k] += u[i][k] * u[i][k] / size;
		}
		for (int i = 0; i < size; i++) {
			double in[19], h1[32], h2[32];
			for (int k = 0; k < 8; k++)
				in[k] = u[i][k] / sqrt(1e-5 + mean[k]);
			for (int k = 0; k < 11; k++)
				in[8 + k] = tanh(t / tau[k] - 1);
			for (int h = 0; h < 32; h++)
				h1[h] = fmax(0, dot_row(W1 + 19 * h, in, 19) + b1[h]);
			for (int h = 0; h < 32; h++)
				h2[h] = fmax(0, dot_row(W2 + 32 * h, h1, 32) + b2[h]);
			x[first + i] -= 1e-3 * (dot_row(W3, h2, 32) + b3[0]) * exp(1e-3 * (dot_row(W3 + 32, h2, 32) + b3[1]));
		}
	}
}

Test(lower_rules, mlp_lopt) {
	for (int tensors = 1; tensors <= 2; tensors++) {
		const int64_t *sizes = tensors == 1 ? one_tensor : two_tensors;
		Lower l = lower_new(NULL);
		const FeRule *rule = lower_rule(&l, "mlp_lopt()", sizes, (uint32_t)tensors);
		cr_assert_eq(rule->learned_count, 1762);
		double x[N], g[N], m[6 * N] = {0};
		starting_point(x);
		Run run = start(&l, rule, x);
		for (int t = 1; t <= STEPS; t++) {
			objective(x, g);
			mlp_lopt(run.theta.reals, m, x, g, t, sizes, tensors);
			step(&run, g, 0, t, STEPS);
			for (int i = 0; i < N; i++)
				lower_close(run.x.reals[i], x[i], 1e-12, "mlp_lopt");
		}
		lower_free(&l);
	}
}

/* ---- what rules can say ---- */

typedef struct Said {
	const char *text; /* a rule `r`, whose x after two steps on g = 1, 2, 3, ... from x = 0, 0, ... is expected */
	double expected[N];
} Said;

static const Said said[] = {
	/* per tensor: sizes 3 and 4 */
	{"optimizer r() {\n x <- x + sum(g)\n}", {12, 12, 12, 44, 44, 44, 44}},
	{"optimizer r() {\n x <- x + size(x)\n}", {6, 6, 6, 8, 8, 8, 8}},
	{"optimizer r() {\n state k : real = size(x)\n k <- k + 1\n x <- x + k\n}", {9, 9, 9, 11, 11, 11, 11}},
	{"optimizer r() {\n x <- x + all_sum(sum(g))\n}", {56, 56, 56, 56, 56, 56, 56}},
	{"optimizer r() {\n x <- x + all_mean(mean(g)) + all_max(max(g))\n}", {21.5, 21.5, 21.5, 21.5, 21.5, 21.5, 21.5}},
	{"optimizer r() {\n each {\n let m = mean[each](g)\n x <- x + (if g > m then m else -m)\n }\n}",
     {-4, -4, 4, -11, -11, 11, 11}},
	{"optimizer r() {\n state h : each [2] = [0, 1]\n each {\n h[0] <- h[0] + g\n h <- concat(h[1..2], h[0..1])\n x <- "
     "x + h[0]\n }\n}",
     {2, 3, 4, 5, 6, 7, 8}},
	{"optimizer r() {\n var s = 0\n for k in 0..10 {\n s <- s + k * mean(g)\n }\n x <- x + s\n}",
     {180, 180, 180, 495, 495, 495, 495}},
	{"optimizer r() {\n var s = g\n for k in 0..6 {\n if k % 2 == 0 { s <- s + k } else { s <- s - 1 }\n }\n x <- x + "
     "s\n}",
     {8, 10, 12, 14, 16, 18, 20}},
	{"optimizer r() {\n state S : [3, size(x)] = 0\n S[(t - 1) % 3, i] <- g[i]\n x <- x + S[0, :] - S[1, :]\n}",
     {1, 2, 3, 4, 5, 6, 7}},
	{"optimizer r() {\n if t == 1 { x <- x + g } else { x <- x + sum(g) }\n}", {7, 8, 9, 26, 27, 28, 29}},
	{"optimizer r() {\n each {\n var y = 0\n for k in 0..6 { y <- y + g }\n x <- x + y\n }\n}",
     {12, 24, 36, 48, 60, 72, 84}},
	{"optimizer r() {\n state m = 0\n each {\n for k in 0..6 {\n m <- m + g\n x <- x + m\n }\n }\n}",
     {78, 156, 234, 312, 390, 468, 546}},
	{"optimizer r() {\n each {\n if g > 3 { x <- x + 1 } else { x <- x - g }\n }\n}", {-2, -4, -6, 2, 2, 2, 2}},
	{"optimizer r() {\n state h : each [2] = 0\n each {\n if g > 3 { h[1] <- g } else {\n h[0] <- 1\n }\n x <- x + "
     "h[0] - h[1]\n }\n}",
     {2, 2, 2, -8, -10, -12, -14}},
	{"fn h(v, n) {\n var y = 1\n for j in 0..n { y <- y * v }\n return y\n}\noptimizer r() {\n each { x <- x + h(g, 6) "
     "/ h(g, 5) }\n}",
     {2, 4, 6, 8, 10, 12, 14}},
	{"optimizer r() {\n each {\n let c = concat([g, 1], [x])\n let W = [[1, 0, 0], [0, 1, 1]]\n let o = W @ c\n x <- "
     "o[0] + o[1]\n }\n}",
     {4, 6, 8, 10, 12, 14, 16}},
	{"optimizer r() {\n let u = g - mean(g)\n let s = sum(u^2)\n each { x <- x + s * (u > 0) }\n}",
     {0, 0, 4, 0, 0, 10, 10}},
	{"optimizer r() {\n state S : [3, size(x)] = 1\n each {\n x <- x + sum[k](S[k]) * g\n }\n S <- 2 * S\n}",
     {9, 18, 27, 36, 45, 54, 63}},
	{"optimizer r(k = 2, a = 3) {\n let y[j in k] = a * j\n x <- x + sum(y) + k\n}", {10, 10, 10, 10, 10, 10, 10}},
	/* joint: one vector */
	{"joint optimizer r() {\n x <- x + sum(g)\n}", {56, 56, 56, 56, 56, 56, 56}},
	{"joint optimizer r() {\n x[i] <- x[i] + sum[j in size(x), j <= i](g[j])\n}", {2, 6, 12, 20, 30, 42, 56}},
	{"joint optimizer r(k = 2) {\n let u = concat(g[k..7], g[0..k])\n x[i] <- x[i] + u[i]\n}",
     {6, 8, 10, 12, 14, 2, 4}},
	{"joint optimizer r(H = 2) {\n state past : [H, size(x)] = 0\n past <- concat([g], past[0..H - 1, :])\n"
     " let u = reshape(past, H * size(x))\n x <- x + u[0] + u[size(x)]\n}",
     {3, 3, 3, 3, 3, 3, 3}},
};

Test(lower_rules, what_rules_can_say) {
	for (size_t k = 0; k < sizeof said / sizeof *said; k++) {
		Lower l = lower_new(said[k].text);
		const FeRule *rule = lower_rule(&l, "r()", two_tensors, 2);
		double x[N] = {0}, g[N] = {1, 2, 3, 4, 5, 6, 7};
		Run run = start(&l, rule, x);
		step(&run, g, 1, 1, 2);
		step(&run, g, 1, 2, 2);
		for (int i = 0; i < N; i++)
			cr_expect(fabs(run.x.reals[i] - said[k].expected[i]) < 1e-12, "%s\n[%d]: found %g, expected %g",
			          said[k].text, i, run.x.reals[i], said[k].expected[i]);
		lower_free(&l);
	}
}

static const char *const holes =
	"optimizer r(lr = 0.1 in (1e-3, 1), k = 3) {\n"
	"  learn a = 0.9 in (0, 1)\n  learn b = 5 in (2, inf)\n  learn c = -1.5\n  learn W : [2, k] ~ normal(0, 1)\n"
	"  x <- x - lr * (a + 10 * b + 100 * c + W[1, 2]) * g\n}";

Test(lower_rules, learned_numbers_and_opened_hyperparameters) {
	Lower l = lower_new(holes);
	FeCall call;
	FeTarget target = {.sizes = one_tensor, .count = 1};
	cr_assert(fe_call_text(l.program, "r()", AST_OPTIMIZER, &call));
	Name lr = session_name(l.session, "lr");
	const FeRule *rule = fe_rule(l.program, l.module, &call, &target, IR_F64, &lr, 1);
	lower_no_errors(&l);
	cr_assert_eq(rule->learned.count, 5);
	cr_assert_eq(rule->learned_count, 3 + 6 + 1);
	cr_assert_eq(rule->hypers.count, 0);
	cr_expect(rule->learned.data[4].from_hyper && rule->learned.data[4].slot.limits.transform == FE_LOGIT);
	double x[N] = {0}, g[N] = {1, 1, 1, 1, 1, 1, 1};
	Run run = start(&l, rule, x);
	lower_close(run.theta.reals[0], log(0.9 / 0.1), 1e-14, "logit");
	lower_close(run.theta.reals[1], log(3), 1e-14, "log");
	cr_expect_eq(run.theta.reals[2], -1.5);
	IrTensor natural;
	lower_run(&l, rule->natural, &run.theta, &natural);
	static const double expected[] = {0.9, 5, -1.5};
	for (int i = 0; i < 3; i++)
		lower_close(natural.reals[i], expected[i], 1e-14, "natural");
	lower_close(natural.reals[9], 0.1, 1e-14, "natural lr");
	step(&run, g, 1, 1, 1);
	lower_close(run.x.reals[3], -0.1 * (0.9 + 50 - 150 + natural.reals[3 + 5]), 1e-13, "x");
	lower_free(&l);
}

/* A symbolic target: the sums over all tensors come from outside, between two phases. */
Test(lower_rules, collectives_of_any_size) {
	Lower l = lower_new("optimizer r() {\n let n = sqrt(all_sum(sum(g^2)))\n x <- x - g / n + all_mean(mean(g))\n}");
	const FeRule *rule = lower_rule(&l, "r", NULL, 0);
	cr_assert_eq(rule->collectives, 3);
	double x[N] = {0}, g[N] = {1, 2, 3, 4, 5, 6, 7};
	IrTensor args[16] = {lower_vector(&l, x, N), lower_vector(&l, g, N), lower_real(&l, 0), lower_int(&l, 1),
	                     lower_int(&l, 1)},
			 results[8];
	for (int i = 0; i < 3; i++)
		args[5 + i] = lower_real(&l, i == 0 ? 4 : i == 1 ? 10 : 2);
	lower_run(&l, rule->step, args, results);
	lower_close(results[1].reals[0], 140, 1e-15, "share 1");
	lower_close(results[2].reals[0], 4, 1e-15, "share 2");
	lower_close(results[3].reals[0], 1, 1e-15, "share 3");
	for (int i = 0; i < N; i++)
		lower_close(results[0].reals[i], -g[i] / 2 + 5, 1e-15, "x");
	lower_free(&l);
}

static bool load(void *context, const char *path, const char *tensor, const IrType *shape, double *out,
                 const char **problem) {
	*problem = "no such tensor";
	if (strcmp(tensor, "W") != 0)
		return false;
	cr_expect_str_eq(path, "weights.safetensors");
	for (int64_t i = 0; i < ir_type_elements(*shape, NULL); i++)
		out[i] = *(double *)context + (double)i;
	return true;
}

Test(lower_rules, weights_from_a_file) {
	double base = 10;
	Lower l = lower_new("optimizer r() {\n learn W : [2, 2] from \"weights.safetensors\"\n x <- x + W[1, 0]\n}");
	fe_set_loader(l.program, load, &base);
	const FeRule *rule = lower_rule(&l, "r", one_tensor, 1);
	double x[N] = {0}, g[N] = {0};
	Run run = start(&l, rule, x);
	step(&run, g, 0, 1, 1);
	cr_expect_eq(run.x.reals[0], 12);
	lower_free(&l);
}

/* Every rule of the library, for every kind of target, in both precisions. */
Test(lower_rules, library_everywhere) {
	static const char *const names[] = {"gradient_descent", "momentum", "nesterov", "adagrad",
	                                    "rmsprop",          "adam",     "adamw",    "lion",
	                                    "mlp_lopt",         "policy"};
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		for (uint32_t count = 0; count <= 2; count++) {
			for (int single = 0; single < 2; single++) {
				Lower l = lower_new(NULL);
				FeCall call;
				FeTarget target = {.sizes = count == 1 ? one_tensor : two_tensors, .count = count};
				cr_assert(fe_call_text(l.program, names[k], AST_OPTIMIZER, &call));
				const FeRule *r = fe_rule(l.program, l.module, &call, &target, single ? IR_F32 : IR_F64, NULL, 0);
				lower_no_errors(&l);
				lower_verified(r->theta);
				lower_verified(r->natural);
				lower_verified(r->init);
				lower_verified(r->step);
				lower_free(&l);
			}
		}
	}
}

static const char *const composed =
	"optimizer clipped(base = adam, limit_norm = 1) {\n"
	"  let n = sqrt(all_sum(sum(g^2)))\n  apply base(g = g * min(1, limit_norm / n))\n}\n"
	"optimizer twice(rate = 0.1) {\n  state total = 0\n  apply momentum(lr = rate / t, beta = 0.8)\n"
	"  total <- total + x\n  apply clipped(base = momentum(lr = 0.02))\n}\n";

/* Rules inside rules: states of their own, arguments that speak of the step, x as the one before left it. */
Test(lower_rules, rules_apply_rules) {
	Lower l = lower_new(composed);
	const FeRule *rule = lower_rule(&l, "twice(rate = 0.05)", two_tensors, 2);
	cr_assert_eq(rule->states.count, 3);
	cr_expect(rule->reads_g && !rule->reads_f);
	double x[N], g[N], m1[N] = {0}, m2[N] = {0};
	starting_point(x);
	Run run = start(&l, rule, x);
	for (int t = 1; t <= STEPS; t++) {
		double f = objective(x, g), norm = 0;
		for (int i = 0; i < N; i++)
			norm += g[i] * g[i];
		double scale = fmin(1, 1 / sqrt(norm));
		for (int i = 0; i < N; i++) {
			m1[i] = 0.8 * m1[i] + g[i];
			x[i] -= 0.05 / t * m1[i];
			m2[i] = 0.9 * m2[i] + scale * g[i];
			x[i] -= 0.02 * m2[i];
		}
		step(&run, g, f, t, STEPS);
		for (int i = 0; i < N; i++)
			lower_close(run.x.reals[i], x[i], 1e-12, "twice");
	}
	lower_free(&l);
}
