/* What both searches do with the sixteen points of a call: draws around the best so far, and numbers with few digits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/search/stages.h"

double search_normal(int round, int lane, int dimension) {
	static const double turn = 6.283185307179586;
	const uint64_t key[2] = {UINT64_C(0x6c616e6573), (uint64_t)dimension}; /* "lanes" */
	uint64_t bits[2];
	random_threefry(key, (const uint64_t[]){(uint64_t)round, (uint64_t)lane}, bits);
	double u = ((double)(bits[0] >> 11) + 1) / 9007199254740992.0, v = (double)(bits[1] >> 11) / 9007199254740992.0;
	return sqrt(-2 * log(u)) * cos(turn * v);
}

static const int digits[] = {0, 3, 4, 5, 6}; /* of a lane each; the others are like the first */
static const int tried = sizeof digits / sizeof *digits;

int search_digits_of(int lane) {
	return lane < tried ? digits[lane] : 0;
}

double search_rounded_to(double value, int kept) {
	char text[40];
	if (kept == 0)
		return (double)(float)value;
	snprintf(text, sizeof text, "%.*g", kept, value);
	return strtod(text, NULL);
}

int search_fewest_digits(const double *mean) {
	int chosen = 0;
	for (int lane = tried - 1; lane > 0; lane--)
		if (fabs(mean[lane] - mean[0]) <= search_rounded * fabs(mean[0]))
			chosen = lane;
	return chosen;
}
