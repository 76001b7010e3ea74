/* gzip: one or more packed pieces, one behind the other. */
#include <string.h>

#include "runtime/data/gzip.h"
#include "runtime/data/limits.h"

#ifndef GRADUS_ZLIB

const char *data_gunzip(DataInput *in, size_t most, size_t expected, DataBlock *out, bool *whole) {
	(void)in, (void)most, (void)expected, (void)out, (void)whole;
	return "it is packed by gzip, and this Gradus was built without zlib (Debian: zlib1g-dev)";
}

#else

#include <stdlib.h>
#include <zlib.h>

static const char *grow(DataInput *in, DataBlock *block, size_t most) {
	size_t limit = in->request->limit, length = block->length < DATA_FIRST_ROOM ? DATA_FIRST_ROOM : block->length * 2;
	length = length > most ? most : length;
	if (limit && length > limit)
		length = block->length < limit ? limit : 0;
	void *larger = length ? realloc(block->bytes, length) : NULL;
	if (!larger)
		return length
		           ? "there is no memory for what gzip packs"
		           : arena_printf(in->arena, "gzip packs more than %.3g MB, which is the limit", (double)limit / 1e6);
	block->bytes = larger;
	block->length = length;
	return NULL;
}

/* The next piece of the input for zlib, which counts in 32 bits. */
static void feed(z_stream *z, const DataInput *in, size_t *fed) {
	size_t left = in->length - *fed, now = left > 1 << 30 ? 1 << 30 : left;
	z->next_in = (z_const Bytef *)(uintptr_t)(in->bytes + *fed);
	z->avail_in = (uInt)now;
	*fed += now;
}

static const char *inflate_all(DataInput *in, z_stream *z, size_t most, DataBlock *block, size_t *used, bool *whole) {
	size_t fed = 0;
	bool ended = false;
	for (;;) {
		if (z->avail_in == 0 && fed < in->length)
			feed(z, in, &fed);
		size_t at = fed - z->avail_in;
		if (ended) {
			if (z->avail_in == 0)
				return NULL;
			if (z->next_in[0] != 0x1f)
				return arena_printf(in->arena, "byte %zu: something stands behind what gzip packed", at);
			inflateReset(z);
			ended = false;
		}
		if (*used == most) {
			*whole = false;
			return NULL;
		}
		const char *why = *used == block->length ? grow(in, block, most) : NULL;
		if (why)
			return why;
		size_t room = block->length - *used, now = room > 1 << 30 ? 1 << 30 : room;
		z->next_out = (Bytef *)block->bytes + *used;
		z->avail_out = (uInt)now;
		int code = inflate(z, Z_NO_FLUSH);
		*used += now - z->avail_out;
		at = fed - z->avail_in;
		if (code == Z_STREAM_END)
			ended = true;
		else if (code == Z_BUF_ERROR && z->avail_in == 0 && fed == in->length)
			return arena_printf(in->arena, "byte %zu: what gzip packed is cut off", at);
		else if (code != Z_OK && code != Z_BUF_ERROR)
			return arena_printf(in->arena, "before byte %zu: what gzip packed is damaged%s%s", at, z->msg ? ": " : "",
			                    z->msg ? z->msg : "");
	}
}

const char *data_gunzip(DataInput *in, size_t most, size_t expected, DataBlock *out, bool *whole) {
	z_stream z = {0};
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return "there is no memory to unpack it";
	DataBlock block = {0};
	size_t used = 0;
	*whole = true;
	const char *why = NULL;
	size_t limit = in->request->limit;
	if (expected && (!limit || expected <= limit)) {
		block.bytes = malloc(expected);
		block.length = block.bytes ? expected : 0;
	}
	why = inflate_all(in, &z, most, &block, &used, whole);
	inflateEnd(&z);
	if (why) {
		free(block.bytes);
		return why;
	}
	*out = (DataBlock){block.bytes, used, false};
	return NULL;
}

#endif
