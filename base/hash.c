/* Hashing of bytes: XXH3, 64 bits (Collet; xxhash.com). Inlined from the header, so nothing is linked. */
#include "base/base.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed) {
	return XXH3_64bits_withSeed(bytes, length, seed);
}
