/* safetensors: files of named tensors, read and written whole or in part. */
#ifndef GRADUS_DATA_SAFETENSORS_H
#define GRADUS_DATA_SAFETENSORS_H

#include "base/base.h"
#include "ir/ir.h"

typedef struct RtTensor {
	const char *name;
	IrScalar scalar; /* F32 or F64 */
	int rank;
	int64_t dims[IR_MAX_RANK];
	double *values;
} RtTensor;

typedef struct RtTensors {
	uint32_t count;
	RtTensor *items;
} RtTensors;

/* All give NULL, or what went wrong (in `arena`). */
const char *rt_safetensors_write(Arena *arena, const char *path, const RtTensors *tensors);
const char *rt_safetensors_bytes(Arena *arena, const RtTensors *tensors, char **bytes, size_t *length);
/* Refuses: headers over 16 MB or not JSON, unknown types, sizes that do not fit, overlaps, holes, bytes missing or left over. */
const char *rt_safetensors_read(Arena *arena, const char *path, RtTensors *out);
const char *rt_safetensors_parse(Arena *arena, const char *bytes, size_t length, RtTensors *out);
/* Where a tensor's bytes lie, and its type as written: "U8". */
typedef struct RtExtent {
	size_t start, end;
	const char *dtype;
} RtExtent;

/* The tensors of a file of `file_length` bytes that begins with these, of any type of numbers, without their values; extents count from the start of the file. */
const char *rt_safetensors_header(Arena *arena, const char *bytes, size_t length, size_t file_length, RtTensors *out,
                                  RtExtent **extents);
/* One tensor, which must have this shape: out[its elements]. Reads the header and those bytes, however large the file is. */
const char *rt_safetensors_one(Arena *arena, const char *path, const char *name, const IrType *shape, double *out);

#endif
