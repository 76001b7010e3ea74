/* safetensors: files of named tensors. */
#ifndef GRADUS_DATA_SAFETENSORS_H
#define GRADUS_DATA_SAFETENSORS_H

#include "base/base.h"
#include "ir/ir.h"

typedef struct Safetensor {
	const char *name;
	IrScalar scalar; /* F32 or F64 */
	int rank;
	int64_t dims[IR_MAX_RANK];
	double *values;
} Safetensor;

typedef struct Safetensors {
	uint32_t count;
	Safetensor *items;
} Safetensors;

/* All give NULL, or what went wrong (in `arena`). */
const char *safetensors_bytes(Arena *arena, const Safetensors *tensors, char **bytes, size_t *length);
/* Where a tensor's bytes lie, and its type as written: "U8". */
typedef struct SafetensorExtent {
	size_t start, end;
	const char *dtype;
} SafetensorExtent;

/* The tensors of a file of `file_length` bytes that begins with these, of any type of numbers, without their values; extents count from the start of the file. Refuses:
 * headers over 16 MB or not JSON, unknown types, sizes that do not fit, overlaps, holes, bytes missing or left over. */
const char *safetensors_header(Arena *arena, const char *bytes, size_t length, size_t file_length, Safetensors *out,
                               SafetensorExtent **extents);
/* One tensor, which must have this shape: out[its elements]. Reads the header and those bytes, however large the file is. */
const char *safetensors_one(Arena *arena, const char *path, const char *name, const IrType *shape, double *out);

#endif
