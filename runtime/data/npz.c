/* NPZ: a zip of NPY files, one per array, named as it. */
#include <string.h>

#include "runtime/data/data.h"
#include "runtime/data/limits.h"

#ifndef GRADUS_LIBZIP

const char *data_read_npz(DataInput *in) {
	(void)in;
	return "it is a zip (NPZ), and this Gradus was built without libzip (Debian: libzip-dev)";
}

#else

#include <zip.h>

/* The bytes of one file in the zip, as many as its table says: what is packed otherwise is no concern of ours. */
static const char *unpack(DataInput *in, zip_t *zip, zip_uint64_t index, zip_uint64_t size, unsigned char **bytes) {
	const char *why = NULL;
	*bytes = size > PTRDIFF_MAX ? NULL : data_memory(in, (size_t)size, &why);
	if (!*bytes)
		return why ? why : "it is larger than any memory";
	zip_file_t *file = zip_fopen_index(zip, index, 0);
	if (!file)
		return arena_printf(in->arena, "it cannot be unpacked: %s", zip_strerror(zip));
	zip_uint64_t got = 0;
	while (!why && got < size) {
		zip_int64_t now = zip_fread(file, *bytes + got, size - got);
		if (now <= 0)
			why = arena_printf(in->arena, "it cannot be unpacked: %s",
			                   now < 0 ? zip_file_strerror(file) : "it ends before its stated size");
		else
			got += (zip_uint64_t)now;
	}
	char more;
	zip_int64_t rest = why ? 0 : zip_fread(file, &more, 1);
	if (rest > 0)
		why = "there is more of it than its stated size";
	else if (rest < 0)
		why = arena_printf(in->arena, "it cannot be unpacked: %s", zip_file_strerror(file));
	zip_fclose(file);
	return why;
}

static const char *read_member(DataInput *in, zip_t *zip, zip_uint64_t index) {
	zip_stat_t info;
	zip_stat_init(&info);
	if (zip_stat_index(zip, index, 0, &info) != 0 || !(info.valid & ZIP_STAT_NAME) || !(info.valid & ZIP_STAT_SIZE))
		return arena_printf(in->arena, "file %llu of the zip has no name or size", (unsigned long long)index);
	size_t length = strlen(info.name);
	if (length < 4 || strcmp(info.name + length - 4, ".npy") != 0)
		return NULL;
	const char *name = arena_printf(in->arena, "%.*s", (int)(length - 4), info.name);
	zip_uint64_t size = info.size;
	DataInput inner = *in;
	/* To tell the shape, the header is enough. */
	inner.partial = in->request->describe && size > DATA_HEAD;
	unsigned char *bytes;
	const char *why;
	if (inner.partial) {
		unsigned char *head = arena_alloc(in->arena, DATA_HEAD);
		zip_file_t *file = zip_fopen_index(zip, index, 0);
		zip_int64_t got = file ? zip_fread(file, head, DATA_HEAD) : -1;
		if (file)
			zip_fclose(file);
		why = got < 0 ? "it cannot be unpacked" : NULL;
		bytes = head;
		size = got < 0 ? 0 : (zip_uint64_t)got;
	} else {
		why = unpack(in, zip, index, size, &bytes);
	}
	if (!why) {
		inner.bytes = bytes;
		inner.length = (size_t)size;
		inner.mapped = true;
		why = data_read_npy(&inner, name);
	}
	return why ? arena_printf(in->arena, "in %s, %s", data_quote(in->arena, info.name, length), why) : NULL;
}

const char *data_read_npz(DataInput *in) {
	zip_error_t error;
	zip_error_init(&error);
	zip_source_t *source = zip_source_buffer_create(in->bytes, in->length, 0, &error);
	zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
	if (!zip) {
		const char *why = arena_printf(in->arena, "its zip is damaged: %s", zip_error_strerror(&error));
		zip_source_free(source);
		zip_error_fini(&error);
		return why;
	}
	const char *why = NULL;
	zip_int64_t count = zip_get_num_entries(zip, 0);
	for (zip_int64_t i = 0; !why && i < count; i++)
		why = read_member(in, zip, (zip_uint64_t)i);
	zip_discard(zip);
	zip_error_fini(&error);
	return why;
}

#endif
