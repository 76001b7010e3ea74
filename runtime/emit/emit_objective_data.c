/* Data of files and batches in emitted objectives: members of structures that the caller fills.
 *
 *     data image : int[n, 784] from "images.gz"        const uint8_t *image; size_t image_size;     in @_data
 *     batch pick : int[64] ~ integer(0, n)             int64_t pick[64];                            in @_batch
 *
 * Data keep the type in which their file has them. What is drawn may come from anywhere, or from @_draw. */
#include <inttypes.h>
#include <string.h>

#include "ir/core/walk.h"
#include "ir/pass/pass.h"
#include "runtime/emit/emit_objective.h"

const char *pack_element(const Pack *pack, IrType type) {
	static const char *const names[IR_STORAGE_COUNT] = {
		NULL,
#define STORAGE(id, word, width, ctype) [IR_STORED_##id] = #ctype, /* becomes: [IR_STORED_U8] = "uint8_t", */
#include "ir/core/storage.def"
#undef STORAGE
	};
	return type.storage ? names[type.storage] : pack_type(pack, type.scalar);
}

static size_t element_bytes(IrType type) {
	return type.storage ? ir_storage_bytes(type.storage) : ir_scalar_bytes(type.scalar);
}

/* ---- names ---- */

static void name_slots(const Pack *pack, const FeBatch *batch, const char ***fields) {
	*fields = ARENA_ARRAY(pack->arena, const char *, batch->slots.count + 1);
	for (uint32_t i = 0; i < batch->slots.count; i++)
		(*fields)[i] = pack_unique(pack, batch->slots.data[i].name, *fields, i);
}

/* Members of one structure have names unlike each other: first as the program has them, then those that are made. */
static void name_data(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	Arena *arena = o->pack->arena;
	uint32_t files = objective->data.count, fixed = objective->fixed.count, used = 0;
	const char **all = ARENA_ARRAY(arena, const char *, 2 * files + fixed + 1);
	for (uint32_t i = 0; i < files; i++, used++)
		all[used] = pack_unique(o->pack, objective->data.data[i].name, all, used);
	for (uint32_t i = 0; i < fixed; i++, used++)
		all[used] = pack_unique(o->pack, objective->fixed.data[i].name, all, used);
	for (uint32_t i = 0; i < files; i++, used++) {
		const char *size = arena_printf(arena, "%s_size", all[i]);
		all[used] = jit_c_unique(arena, o->pack->prefix, size, all, used);
	}
	o->files = all;
	o->fields = all + files;
	o->sizes = all + files + fixed;
}

/* Batches are drawn before there is a point. */
static bool ready(ObjectivePack *o, BatchPack *b, const FeBatch *batch) {
	Pack *pack = o->pack;
	b->batch = batch;
	name_slots(pack, batch, &b->fields);
	if (!batch->draw)
		return true;
	const IrPipeline pipeline = pack->rt->options.pipeline;
	b->draw = ir_optimize(o->objective->module, batch->draw, &pipeline);
	if (!ir_block_uses(&b->draw->body, b->draw->params.data[ir_param_at(b->draw, IR_ROLE_X)].value))
		return true;
	Diag *diag = diag_error(
		pack->session, 815, o->objective->decl->name.span,
		"`%s` draws a batch that depends on parameters; in C a batch is the caller's, and would not move with them",
		session_text(pack->session, o->objective->decl->name.name));
	diag_help(pack->session, diag, "draw from a fixed distribution, and shift and scale what was drawn in a `let`");
	return false;
}

/* W[0, 1] as W_0_1 */
static const char *slot_name(const Pack *pack, const FeSlot *slot) {
	Text out = text_new(pack->arena);
	for (const char *c = session_text(pack->session, slot->name); *c; c++)
		if (*c == '[' || *c == ',')
			text_char(&out, '_');
		else if (*c != ']' && *c != ' ')
			text_char(&out, *c);
	return text_cstr(&out);
}

bool pack_objective_names(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	name_data(o);
	o->slots = ARENA_ARRAY(o->pack->arena, const char *, objective->params.count + 1);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const char *slot = slot_name(o->pack, &objective->params.data[i]);
		o->slots[i] = jit_c_unique(o->pack->arena, NULL, slot, o->slots, i); /* PREFIX_at_NAME needs no more */
	}
	o->has_instance = objective->fixed.count > 0 || objective->random_start;
	return ready(o, &o->batch, &objective->batch) && ready(o, &o->validate_batch, &objective->validate_batch);
}

/* ---- what the templates ask for ---- */

/* Members of a structure as arguments of a compiled function. */
static void put_fields(Text *out, const char *from, const FeSlot *slots, const char **fields, uint32_t count) {
	for (uint32_t i = 0; i < count; i++)
		text_printf(out, "%s%s->%s, ", slots[i].type.rank == 0 ? "&" : "", from, fields[i]);
}

static const char *data_args(const ObjectivePack *o) {
	Text out = text_new(o->pack->arena);
	for (uint32_t i = 0; i < o->objective->data.count; i++)
		text_printf(&out, "data->%s, ", o->files[i]);
	return text_cstr(&out);
}

static const char *fixed_args(const ObjectivePack *o) {
	Text out = text_new(o->pack->arena);
	put_fields(&out, "data", o->objective->fixed.data, o->fields, o->objective->fixed.count);
	return text_cstr(&out);
}

static const char *batch_args(const ObjectivePack *o, const BatchPack *b) {
	Text out = text_new(o->pack->arena);
	put_fields(&out, "batch", b->batch->slots.data, b->fields, b->batch->slots.count);
	return text_cstr(&out);
}

static void add_batch(const ObjectivePack *o, PackScope *scope, const char *list, const BatchPack *b) {
	for (uint32_t i = 0; i < b->batch->slots.count; i++) {
		const FeSlot *slot = &b->batch->slots.data[i];
		PackScope *item = pack_item(o->pack, scope, list);
		pack_set(o->pack, item, "field", b->fields[i]);
		pack_set(o->pack, item, "type", pack_type(o->pack, slot->type.scalar));
		pack_set(o->pack, item, "dims", pack_dims(o->pack, slot->type));
		pack_number(o->pack, item, "count", slot->count);
		pack_flag(o->pack, item, "scalar", slot->type.rank == 0);
		pack_set(o->pack, item, "ref", slot->type.rank == 0 ? "&" : "");
		pack_flag(o->pack, item, "is_real", ir_scalar_is_real(slot->type.scalar));
	}
}

static size_t round_up(size_t bytes) {
	return (bytes + 63) / 64 * 64;
}

static void add_files(const ObjectivePack *o, PackScope *scope) {
	const Pack *pack = o->pack;
	size_t at = 64;
	for (uint32_t i = 0; i < o->objective->data.count; i++) {
		IrType type = o->objective->data.data[i].type;
		int64_t count = ir_type_elements(type, NULL);
		PackScope *item = pack_item(pack, scope, "files");
		pack_set(pack, item, "field", o->files[i]);
		pack_set(pack, item, "size_field", o->sizes[i]);
		pack_set(pack, item, "type", pack_element(pack, type));
		pack_set(pack, item, "dims", pack_dims(pack, type));
		pack_number(pack, item, "count", count);
		pack_number(pack, item, "at", (int64_t)at);
		at += round_up((size_t)count * element_bytes(type));
	}
	pack_number(pack, scope, "data_bytes", (int64_t)at);
}

void pack_objective_data(ObjectivePack *o) {
	const Pack *pack = o->pack;
	PackScope *scope = o->scope;
	bool files = o->objective->data.count > 0, batch = o->batch.batch->slots.count > 0;
	add_files(o, scope);
	pack_flag(pack, scope, "has_files", files);
	pack_flag(pack, scope, "has_header", files || o->has_instance);
	pack_flag(pack, scope, "has_fixed", o->objective->fixed.count > 0);
	pack_set(pack, scope, "seed", arena_printf(pack->arena, "%" PRIu64, pack->rt->options.seed));
	pack_flag(pack, scope, "has_batch", batch);
	pack_flag(pack, scope, "has_validate", o->validate != NULL);
	add_batch(o, scope, "batches", &o->batch);
	add_batch(o, scope, "validate_batches", &o->validate_batch);
	const char *data = data_args(o), *fixed = fixed_args(o);
	pack_set(pack, scope, "value_args", arena_printf(pack->arena, "%s%s%sx, ", data, fixed, batch_args(o, &o->batch)));
	pack_set(pack, scope, "validate_args",
	         arena_printf(pack->arena, "%s%s%sx, ", data, fixed, batch_args(o, &o->validate_batch)));
	pack_set(pack, scope, "draw_args",
	         arena_printf(pack->arena, "%s&seed, &problem, &step, %sno_point, ", data, fixed));
	pack_set(pack, scope, "drawn", batch_args(o, &o->batch));
	pack_set(pack, scope, "validate_drawn", batch_args(o, &o->validate_batch));
	pack_set(pack, scope, "batch_param", batch ? pack_name(pack, "const @_batch *batch, ") : "");
	pack_set(pack, scope, "validate_batch_param", batch ? pack_name(pack, "const @_validate_batch *batch, ") : "");
	pack_set(pack, scope, "batch_arg", batch ? "&batch, " : "");
	pack_set(pack, scope, "validate_batch_arg", batch ? "&validate_batch, " : "");
	pack_set(pack, scope, "batch_name", batch ? "batch, " : "");
	pack_set(pack, scope, "refuses",
	         pack_name(pack, files && batch ? "@_check(data) != @_ok || !batch"
	                         : files        ? "@_check(data) != @_ok"
	                         : batch        ? "!batch"
	                                        : ""));
	pack_set(pack, scope, "with_its_batch",
	         batch ? pack_name(pack, ", with draws of its own (`@_validate_batch`, `@_validate_draw`)") : "");
}

/* ---- the file ---- */

void pack_objective_bytes(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	if (objective->data.count == 0)
		return;
	uint64_t length = 64;
	for (uint32_t i = 0; i < objective->data.count; i++) {
		IrType type = objective->data.data[i].type;
		length += round_up((size_t)ir_type_elements(type, NULL) * element_bytes(type));
	}
	static const char zeros[64];
	Text *out = pack_file(o->pack, "@_data.bin");
	text_bytes(out, (const char *)&length, sizeof length);
	text_bytes(out, zeros, 64 - sizeof length);
	for (uint32_t i = 0; i < objective->data.count; i++) {
		const FeData *data = &objective->data.data[i];
		size_t bytes = (size_t)ir_type_elements(data->type, NULL) * element_bytes(data->type);
		text_bytes(out, data->found.elements, bytes);
		text_bytes(out, zeros, round_up(bytes) - bytes);
	}
}
