/* Elements that lie in memory otherwise than as their scalar. */
#include "ir/ir.h"

static IrNumber from_whole(int64_t whole, IrScalar scalar) {
	switch (scalar) {
	case IR_F32: return (IrNumber){.real = (double)(float)whole};
	case IR_F64: return (IrNumber){.real = (double)whole};
	case IR_BOOL: return (IrNumber){.integer = whole != 0};
	default: return (IrNumber){.integer = whole};
	}
}

static IrNumber from_real(double real, IrScalar scalar) {
	return (IrNumber){.real = scalar == IR_F32 ? (double)(float)real : real};
}

IrNumber ir_stored(IrStorage storage, IrScalar scalar, const void *elements, int64_t at) {
	switch (storage) {
	case IR_STORED_F32: return from_real((double)((const float *)elements)[at], scalar);
	case IR_STORED_F64: return from_real(((const double *)elements)[at], scalar);
	case IR_STORED_U8: return from_whole(((const uint8_t *)elements)[at], scalar);
	case IR_STORED_I8: return from_whole(((const int8_t *)elements)[at], scalar);
	case IR_STORED_U16: return from_whole(((const uint16_t *)elements)[at], scalar);
	case IR_STORED_I16: return from_whole(((const int16_t *)elements)[at], scalar);
	case IR_STORED_U32: return from_whole(((const uint32_t *)elements)[at], scalar);
	case IR_STORED_I32: return from_whole(((const int32_t *)elements)[at], scalar);
	case IR_STORED_I64: return from_whole(((const int64_t *)elements)[at], scalar);
	case IR_STORED_PLAIN:
	case IR_STORAGE_COUNT: break;
	}
	base_panic("ir_stored", "storage %d", (int)storage);
}
