/* Threefry-2x64-20 against the known answers published with Random123 (file kat_vectors), and XXH3 against its
 * published value for the empty input. */
#include "base/base.h"

#include <criterion/criterion.h>
#include <math.h>

Test(threefry, known_answers) {
	static const struct {
		uint64_t counter[2], key[2], out[2];
	} known[] = {
		{{0, 0}, {0, 0}, {0xC2B6E3A8C2C69865, 0x6F81ED42F350084D}},
		{{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}, {0xE02CB7C4D95D277A, 0xD06633D0893B8B68}},
		{{0x243F6A8885A308D3, 0x13198A2E03707344},
	     {0xA4093822299F31D0, 0x082EFA98EC4E6C89},
	     {0x263C7D30BB0F0AF1, 0x56BE8361D3311526}},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint64_t out[2];
		random_threefry(known[i].key, known[i].counter, out);
		cr_assert_eq(out[0], known[i].out[0]);
		cr_assert_eq(out[1], known[i].out[1]);
	}
}

/* Mean and variance of uniform numbers on neighbouring counters: 1/2 and 1/12 within five standard errors. */
Test(threefry, neighbouring_counters_are_uniform) {
	const double count = 100000;
	double sum = 0, squares = 0;
	for (uint64_t i = 0; i < (uint64_t)count; i++) {
		uint64_t out[2];
		random_threefry((uint64_t[2]){1, 2}, (uint64_t[2]){i, 0}, out);
		double u = (double)(out[i % 2] >> 11) * 0x1p-53 - 0.5;
		sum += u;
		squares += u * u;
	}
	cr_assert_lt(fabs(sum / count), 5 * sqrt(1.0 / 12 / count));
	cr_assert_lt(fabs(squares / count - 1.0 / 12), 5 * sqrt(1.0 / 180 / count));
}

Test(hash, known_answer_and_spread) {
	cr_assert_eq(hash_bytes("", 0, 0), 0x2D06800538D394C2);
	cr_assert_neq(hash_bytes("a", 1, 0), hash_bytes("b", 1, 0));
	cr_assert_neq(hash_bytes("a", 1, 0), hash_bytes("a", 1, 1));
}
