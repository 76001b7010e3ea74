/* The learned fit as C on 10,000 problems that nobody has seen: how many does it solve in 10 evaluations? Solved: the sum of squares is at
 * most the least one plus 1e-5 of what it was above that at the start. The least one is found here by Gauss and Newton's steps, written
 * out for the two parameters. run.sh fitting emits secant.h, compiles this with it, and runs it. */
#include "secant.h"

#include <math.h>
#include <stdio.h>

enum { PROBLEMS = 10000, EVALUATIONS = 10, POINTS = 14, NEWTON_STEPS = 30 };

static const double pressure[POINTS] = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                                        378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};

/* Between 0 and 1, by the multiplier of Knuth. */
static double uniform(void) {
	static uint64_t state = 20240229;
	state = state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) {
	double radius = sqrt(-2 * log(uniform()));
	return radius * cos(6.283185307179586 * uniform());
}

/* As `adsorption` of fitting.grad draws it. */
static void draw(double *y) {
	double size = 100 * pow(5, uniform()), slope = 2.5e-4 * pow(4, uniform());
	for (int i = 0; i < POINTS; i++)
		y[i] = size * (1 - exp(-slope * pressure[i])) + 0.1 * normal();
}

/* The sum of squares at p; its Gauss-Newton step, if there is room for it. */
static double squares(const double *y, const double *p, double *step) {
	double f = 0, a = 0, b = 0, c = 0, u = 0, v = 0;
	for (int i = 0; i < POINTS; i++) {
		double k = 5.5e-4 * exp(p[1]) * pressure[i], size = 240 * exp(p[0]);
		double r = size * (1 - exp(-k)) - y[i], d0 = size * (1 - exp(-k)), d1 = size * k * exp(-k);
		f += r * r;
		a += d0 * d0;
		b += d0 * d1;
		c += d1 * d1;
		u += d0 * r;
		v += d1 * r;
	}
	if (step) {
		double det = a * c - b * b;
		step[0] = -(c * u - b * v) / det;
		step[1] = -(a * v - b * u) / det;
	}
	return f;
}

/* Steps are halved while they climb. */
static double least(const double *y) {
	double p[2] = {0, 0}, step[2];
	double f = squares(y, p, step);
	for (int t = 0; t < NEWTON_STEPS; t++) {
		for (int halving = 0; halving < 40; halving++) {
			double q[2] = {p[0] + step[0], p[1] + step[1]};
			if (squares(y, q, NULL) <= f) {
				p[0] = q[0];
				p[1] = q[1];
				break;
			}
			step[0] /= 2;
			step[1] /= 2;
		}
		f = squares(y, p, step);
	}
	return f;
}

/* The least f that the learned rule meets. Its first step costs 3 evaluations, the value and two columns of the Jacobian, all others one. */
static double learned(const double *y) {
	static double memory[1024];
	double x[2] = {0, 0}, gradient[2] = {0, 0};
	double *params[1] = {x};
	const double *grads[1] = {gradient};
	const size_t sizes[1] = {2};
	const secant_objective_data data = {y};
	secant_hyper hyper;
	secant_hyper_default(&hyper);
	if (secant_state_size(sizes, 1) > sizeof memory ||
	    secant_init(memory, sizeof memory, sizes, 1, params, &hyper) != secant_ok)
		return INFINITY;
	double best = squares(y, x, NULL);
	for (int spent = 3; spent < EVALUATIONS; spent++) {
		if (secant_step(memory, params, grads, squares(y, x, NULL), &data) != secant_ok)
			return INFINITY;
		double f = squares(y, x, NULL);
		best = f < best ? f : best;
	}
	return best;
}

int main(void) {
	int solved = 0;
	for (int k = 0; k < PROBLEMS; k++) {
		const double start[2] = {0, 0};
		double y[POINTS];
		draw(y);
		double lowest = least(y), f = learned(y);
		solved += f <= lowest + 1e-5 * (squares(y, start, NULL) - lowest);
	}
	printf("as C: %d of %d problems solved in %d evaluations\n", solved, PROBLEMS, EVALUATIONS);
	return 0;
}
