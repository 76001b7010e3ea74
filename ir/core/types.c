/* Scalar and tensor types, dimensions, modules. */
#include "ir/ir.h"

IrModule *ir_module_new(Session *session) {
	Arena *arena = arena_new();
	IrModule *module = ARENA_NEW(arena, IrModule);
	module->session = session;
	module->arena = arena;
	return module;
}

void ir_module_free(IrModule *module) {
	if (!module)
		return;
	ir_workrooms_free(module);
	arena_free(module->arena); /* the module itself lives in there */
}

bool ir_scalar_is_real(IrScalar scalar) {
	return scalar == IR_F32 || scalar == IR_F64;
}

bool ir_scalar_is_int(IrScalar scalar) {
	return scalar == IR_I32 || scalar == IR_I64;
}

size_t ir_scalar_bytes(IrScalar scalar) {
	switch (scalar) {
	case IR_BOOL: return 1;
	case IR_I32:
	case IR_F32: return 4;
	case IR_I64:
	case IR_F64: return 8;
	}
	base_panic("ir_scalar_bytes", "scalar type %d", (int)scalar);
}

const char *ir_scalar_name(IrScalar scalar) {
	static const char *const names[] = {"bool", "i32", "int", "f32", "f64"};
	return names[scalar];
}

typedef struct StorageInfo {
	const char *name;
	size_t bytes;
} StorageInfo;

static const StorageInfo storages[IR_STORAGE_COUNT] = {
	[IR_STORED_PLAIN] = {"plain", 0},
#define STORAGE(id, word, width, ctype) [IR_STORED_##id] = {word, width}, /* becomes: [IR_STORED_U8] = {"u8", 1}, */
#include "ir/core/storage.def"
#undef STORAGE
};

size_t ir_storage_bytes(IrStorage storage) {
	return storages[storage].bytes;
}

const char *ir_storage_name(IrStorage storage) {
	return storages[storage].name;
}

size_t ir_element_bytes(IrType type) {
	return type.storage ? storages[type.storage].bytes : ir_scalar_bytes(type.scalar);
}

void ir_storage_range(IrStorage storage, int64_t *low, int64_t *high) {
	static const bool is_unsigned[] = {
#define STORAGE(id, word, width, ctype)                                                                                \
	[IR_STORED_##id] = (ctype)(-1) > 0, /* becomes: [IR_STORED_U8] = (uint8_t)(-1) > 0, */
#include "ir/core/storage.def"
#undef STORAGE
	};
	size_t bits = 8 * storages[storage].bytes - !is_unsigned[storage];
	*high = (int64_t)(UINT64_MAX >> (64 - bits));
	*low = is_unsigned[storage] ? 0 : -*high - 1;
}

bool ir_storage_is_real(IrStorage storage) {
	return storage == IR_STORED_F32 || storage == IR_STORED_F64;
}

IrType ir_scalar_type(IrScalar scalar) {
	return (IrType){.scalar = scalar};
}

IrType ir_tensor_type(IrScalar scalar, int rank, const IrDim *dims) {
	if (rank < 0 || rank > IR_MAX_RANK)
		base_panic("ir_tensor_type", "rank %d, at most %d", rank, IR_MAX_RANK);
	IrType type = {.scalar = scalar, .rank = (uint8_t)rank};
	for (int i = 0; i < rank; i++)
		type.dims[i] = dims[i];
	return type;
}

bool ir_type_equal(IrType a, IrType b) {
	if (a.scalar != b.scalar || a.storage != b.storage || a.rank != b.rank || a.lanes != b.lanes)
		return false;
	for (int i = 0; i < a.rank; i++)
		if (a.dims[i] != b.dims[i])
			return false;
	return true;
}

int64_t ir_dim_value(IrDim dim, const int64_t *symbols) {
	if (dim >= 0)
		return dim;
	if (!symbols)
		base_panic("ir_dim_value", "symbol %lld without values of symbols", (long long)(-1 - dim));
	return symbols[-1 - dim];
}

int64_t ir_type_elements(IrType type, const int64_t *symbols) {
	int64_t elements = 1;
	for (int i = 0; i < type.rank; i++)
		elements *= ir_dim_value(type.dims[i], symbols);
	return elements;
}

const IrValueInfo *ir_info(const IrFunc *func, IrValue value) {
	if (value == 0 || value >= func->values.count)
		base_panic("ir_info", "value %%%u of %u in @%s", (unsigned)value, (unsigned)func->values.count,
		           session_text(func->module->session, func->name));
	return &func->values.data[value];
}

IrType ir_type(const IrFunc *func, IrValue value) {
	return *ir_info(func, value)->type;
}

const IrType *ir_shared_type(IrModule *module, IrType type) {
	uint64_t hash = (uint64_t)type.scalar * 4 + (uint64_t)type.storage * 64 + type.lanes;
	for (uint32_t i = 0; i < type.rank; i++)
		hash = (hash ^ (uint64_t)type.dims[i]) * UINT64_C(0x9E3779B97F4A7C15);
	const IrType **place = &module->types[(hash ^ hash >> 32) % IR_TYPES_AT_HAND];
	if (!*place || !ir_type_equal(**place, type))
		*place = arena_copy(module->arena, &type, sizeof type);
	return *place;
}

double ir_points(const IrFor *op, uint32_t set, double symbol) {
	double points = 1;
	for (uint32_t i = 0; i < op->indices.count; i++)
		if (set >> i & 1)
			points *= op->indices.data[i].extent < 0 ? symbol : (double)op->indices.data[i].extent;
	return points;
}
