/* Counter-based random numbers: Threefry-2x64-20.
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (the Random123 library). */
#include "base/base.h"

static uint64_t rotate_left(uint64_t value, unsigned bits) {
	return value << bits | value >> (64 - bits);
}

void random_threefry(const uint64_t key[2], const uint64_t counter[2], uint64_t out[2]) {
	static const unsigned rotations[8] = {16, 42, 12, 31, 16, 32, 24, 21};
	const uint64_t keys[3] = {key[0], key[1], key[0] ^ key[1] ^ UINT64_C(0x1BD11BDAA9FC1A22)};
	uint64_t x = counter[0] + keys[0], y = counter[1] + keys[1];
	for (unsigned round = 0; round < 20; round++) {
		x += y;
		y = rotate_left(y, rotations[round % 8]) ^ x;
		if (round % 4 == 3) {
			unsigned injection = round / 4 + 1;
			x += keys[injection % 3];
			y += keys[(injection + 1) % 3] + injection;
		}
	}
	out[0] = x;
	out[1] = y;
}
