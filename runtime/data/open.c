/* From a path to arrays: what kind of file it is, by its ending and by its first bytes, and the reader for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/data/data.h"
#include "runtime/data/gzip.h"
#include "runtime/data/limits.h"

typedef enum Format { FORMAT_NPY, FORMAT_NPZ, FORMAT_IDX, FORMAT_TENSORS, FORMAT_TABLE, FORMAT_LIBSVM } Format;

static const char *const format_names[] = {"NPY", "NPZ", "IDX", "safetensors", "delimited text", "LIBSVM"};

/* ---- what it is ---- */

static bool ends_with(const char *name, size_t length, const char *ending) {
	size_t size = strlen(ending);
	return length >= size && memcmp(name + length - size, ending, size) == 0;
}

/* By the ending of a name, .gz left out. */
static bool format_named(const char *name, Format *format) {
	static const struct {
		const char *ending;
		Format format;
	} endings[] = {{".npy", FORMAT_NPY},   {".npz", FORMAT_NPZ},       {".safetensors", FORMAT_TENSORS},
	               {".csv", FORMAT_TABLE}, {".tsv", FORMAT_TABLE},     {".svm", FORMAT_LIBSVM},
	               {".idx", FORMAT_IDX},   {".libsvm", FORMAT_LIBSVM}, {"-ubyte", FORMAT_IDX}};
	size_t length = strlen(name);
	length -= ends_with(name, length, ".gz") ? 3 : 0;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (ends_with(name, length, endings[i].ending)) {
			*format = endings[i].format;
			return true;
		}
	}
	return false;
}

static Format format_of(const unsigned char *head, size_t length, size_t all) {
	if (length >= 6 && memcmp(head, "\x93NUMPY", 6) == 0)
		return FORMAT_NPY;
	if (length >= 4 && memcmp(head, "PK\3\4", 4) == 0)
		return FORMAT_NPZ;
	if (length >= 4 && head[0] == 0 && head[1] == 0)
		return FORMAT_IDX;
	if (length >= 9 && head[8] == '{' && !memchr(head, '\n', 8) && head[7] == 0 && all >= 10)
		return FORMAT_TENSORS;
	return data_is_libsvm((const char *)head, length) ? FORMAT_LIBSVM : FORMAT_TABLE;
}

static bool is_text(Format format) {
	return format == FORMAT_TABLE || format == FORMAT_LIBSVM;
}

static const char *read_as(DataInput *in, Format format) {
	if (in->partial && (is_text(format) || format == FORMAT_NPZ)) {
		in->out->unknown = true;
		return NULL;
	}
	switch (format) {
	case FORMAT_NPY: return data_read_npy(in, "");
	case FORMAT_NPZ: return data_read_npz(in);
	case FORMAT_IDX: return data_read_idx(in);
	case FORMAT_TENSORS: return data_read_tensors(in);
	case FORMAT_TABLE: return data_read_table(in);
	case FORMAT_LIBSVM: return data_read_libsvm(in);
	}
	return NULL;
}

static const char *read_raw(DataInput *in) {
	DataArray array = {.name = "", .rank = 1, .dims = {(int64_t)in->length}};
	const char *why = data_place(in, &array, DATA_U8, true, in->bytes, in->length);
	if (!why)
		vec_push(in->arena, &in->out->arrays, array);
	return why;
}

/* ---- gzip ---- */

static bool is_gzip(const unsigned char *bytes, size_t length) {
	return length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static const char *read_gzip(DataInput *in) {
	DataBlock head, all;
	bool whole;
	DataInput inner = *in;
	if (in->request->raw && in->request->describe) {
		in->out->unknown = true; /* how long it is, only unpacking tells */
		return NULL;
	}
	const char *why = data_gunzip(in, DATA_HEAD, DATA_HEAD, &head, &whole);
	if (why)
		return why;
	Format format = FORMAT_TABLE;
	if (in->request->raw || !format_named(in->path, &format))
		format = format_of(head.bytes, head.length, head.length);
	size_t wanted = format == FORMAT_IDX ? data_idx_length(head.bytes, head.length) : 0;
	size_t most = wanted ? wanted + 1 : SIZE_MAX;
	/* Shapes of what is not text stand in the first bytes. */
	bool heavy = in->length > DATA_DESCRIBED_PACKED;
	if (whole ||
	    (in->request->describe && !in->request->raw && (heavy || (!is_text(format) && format != FORMAT_NPZ)))) {
		all = head;
		inner.partial = !whole;
	} else {
		free(head.bytes);
		most = in->request->describe && most > DATA_DESCRIBED ? DATA_DESCRIBED : most;
		size_t expected = wanted && wanted < in->length * 1100 ? most : 0; /* gzip packs 1 : 1032 at best */
		why = data_gunzip(in, in->request->raw ? SIZE_MAX : most, expected, &all, &whole);
		if (why)
			return why;
		inner.partial = !whole && in->request->describe;
	}
	vec_push(in->arena, &in->out->blocks, all);
	inner.bytes = all.bytes;
	inner.length = all.length;
	inner.mapped = true;
	if (all.length == 0)
		return "it is empty";
	if (in->request->raw) {
		in->out->format = "bytes in gzip";
		return read_raw(&inner);
	}
	in->out->format = arena_printf(in->arena, "%s in gzip", format_names[format]);
	return read_as(&inner, format);
}

/* ---- files ---- */

static const char *read_bytes(DataInput *in) {
	if (in->length == 0)
		return "it is empty";
	if (is_gzip(in->bytes, in->length))
		return read_gzip(in);
	if (in->request->raw) {
		in->out->format = "bytes";
		return read_raw(in);
	}
	Format format;
	if (!format_named(in->path, &format))
		format = format_of(in->bytes, in->length < DATA_HEAD ? in->length : DATA_HEAD, in->length);
	in->out->format = format_names[format];
	in->partial = is_text(format) && in->request->describe && in->length > DATA_DESCRIBED;
	return read_as(in, format);
}

const char *data_parse(Arena *arena, const char *name, const void *bytes, size_t length, const DataRequest *request,
                       DataFile *out) {
	*out = (DataFile){.path = name, .format = ""};
	DataInput in = {
		.arena = arena, .request = request, .bytes = bytes, .length = length, .mapped = true, .path = name, .out = out};
	const char *why = read_bytes(&in);
	if (why)
		data_close(out);
	return why;
}

const char *data_open(Arena *arena, const char *path, const DataRequest *request, DataFile *out) {
	*out = (DataFile){.path = path, .format = ""};
	uint64_t length;
	const char *why;
	int fd = file_open(arena, path, &length, &why);
	if (fd < 0)
		return why;
	void *bytes = NULL;
	if (length > PTRDIFF_MAX)
		why = "it is larger than any memory";
	else if (length == 0)
		why = "it is empty";
	else if ((bytes = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
		why = arena_printf(arena, "it cannot be mapped: %s", strerror(errno));
	close(fd);
	if (why)
		return why;
	why = data_parse(arena, path, bytes, (size_t)length, request, out);
	if (why)
		munmap(bytes, (size_t)length);
	else
		vec_push(arena, &out->blocks, ((DataBlock){bytes, (size_t)length, true}));
	return why;
}

void data_close(DataFile *file) {
	for (uint32_t i = 0; i < file->blocks.count; i++) {
		DataBlock *block = &file->blocks.data[i];
		if (block->mapped)
			munmap(block->bytes, block->length);
		else
			free(block->bytes);
	}
	*file = (DataFile){.path = file->path, .format = ""};
}
