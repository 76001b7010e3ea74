/* Distribution functions that tests of draws share, from series and continued fractions. */
#ifndef DRAW_LAWS_H
#define DRAW_LAWS_H

#include <math.h>

/* Of a gamma number of shape a, at x (Abramowitz and Stegun 6.5.29, 6.5.31). */
static inline double gamma_below(double a, double x) {
	if (x <= 0)
		return 0;
	double log_front = a * log(x) - x - lgamma(a);
	if (x < a + 1) {
		double term = 1 / a, sum = term;
		for (int n = 1; n < 100000 && term > sum * 1e-17; n++)
			sum += term *= x / (a + n);
		return sum * exp(log_front);
	}
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
	for (int i = 1; i < 100000; i++) {
		double an = -i * (i - a);
		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		h *= c * d;
		if (fabs(c * d - 1) < 1e-16)
			break;
	}
	return 1 - exp(log_front) * h;
}

/* Of a beta number, at x (Abramowitz and Stegun 26.5.8). */
static inline double beta_below(double a, double b, double x) {
	if (x <= 0 || x >= 1)
		return x >= 1;
	if (x > (a + 1) / (a + b + 2))
		return 1 - beta_below(b, a, 1 - x);
	double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
	for (int m = 1; m < 100000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / (1 + even * d);
		c = 1 + even / c;
		h *= c * d;
		d = 1 / (1 + odd * d);
		c = 1 + odd / c;
		h *= c * d;
		if (fabs(c * d - 1) < 1e-16)
			break;
	}
	return h * exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a;
}

#endif
