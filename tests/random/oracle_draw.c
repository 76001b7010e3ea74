/* What is drawn at every step: Threefry-2x64 of 20 rounds (Salmon et al. 2011), keyed by seed and XXH3 of the name, counting problem, and
 * step * 2^40 + element. In rules names begin with "step.", and what a tensor draws for itself has 2^40 times its number added to the hash. */
#include "oracle.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <math.h>
#include <string.h>

static const uint64_t steps_apart = UINT64_C(1) << 40;

static void threefry(const uint64_t key[2], const uint64_t counter[2], double out[2]) {
	const uint64_t k[3] = {key[0], key[1], key[0] ^ key[1] ^ UINT64_C(0x1BD11BDAA9FC1A22)};
	const int turns[2][4] = {{16, 42, 12, 31}, {16, 32, 24, 21}};
	uint64_t a = counter[0] + k[0], b = counter[1] + k[1];
	for (int group = 0; group < 5; group++) {
		for (int i = 0; i < 4; i++) {
			int by = turns[group % 2][i];
			a += b;
			b = (b << by | b >> (64 - by)) ^ a;
		}
		a += k[(group + 1) % 3];
		b += k[(group + 2) % 3] + (uint64_t)group + 1;
	}
	out[0] = (double)(a >> 11) * 0x1p-53;
	out[1] = (double)(b >> 11) * 0x1p-53;
}

static void uniforms(const Oracle *o, const char *name, int tensor, int element, double out[2]) {
	uint64_t key[2] = {0, XXH3_64bits(name, strlen(name)) + (uint64_t)tensor * steps_apart};
	uint64_t counter[2] = {(uint64_t)o->noise.instance, (uint64_t)o->noise.step * steps_apart + (uint64_t)element};
	threefry(key, counter, out);
}

static double normal(const double u[2]) {
	return sqrt(-2 * log(1 - u[0])) * cos(2 * acos(-1) * u[1]);
}

void oracle_batch(const Oracle *o, const RpStmt *s, double *out) {
	const RpVar *var = s->var[0];
	for (int i = 0; i < rp_count(&var->shape); i++) {
		double u[2];
		uniforms(o, var->name, 0, i, u);
		out[i] = var->kind == RP_BOOL         ? u[0] < 0.5
		         : var->kind == RP_INT        ? floor(u[0] * var->high)
		         : strstr(s->draw, "uniform") ? 2 * u[0] - 1
		                                      : normal(u);
	}
}

Value oracle_drawn(Oracle *o, const RpStmt *s) {
	const RpVar *var = s->var[0];
	char name[40];
	double u[2];
	int before = 0;
	for (int i = 0; i < o->tensor; i++)
		before += o->sizes[i];
	snprintf(name, sizeof name, "step.%s", var->name);
	uniforms(o, name, var->like_x ? 0 : o->tensor, var->like_x ? before + o->coordinate : 0, u);
	Value a = oracle_eval(o, s->value[0]), b = s->values > 1 ? oracle_eval(o, s->value[1]) : a;
	double x = oracle_scalar(&a), y = oracle_scalar(&b);
	double drawn = strcmp(s->draw, "normal") == 0    ? x + y * normal(u)
	               : strcmp(s->draw, "uniform") == 0 ? x + u[0] * (y - x)
	                                                 : -log1p(-u[0]) / x;
	return oracle_number(o, oracle_noisy(o, drawn));
}
