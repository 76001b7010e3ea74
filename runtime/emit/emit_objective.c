/* An objective as C: its value and its gradient as functions of the data and a point. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "runtime/emit/emit_objective.h"
#include "runtime/inner/inner.h"

/* ---- what the templates ask for ---- */

/* How a parameter with limits follows from the numbers u of a point; "" without limits. */
static const char *held_as(const Pack *pack, const FeLimits *l) {
	switch (l->transform) {
	case FE_LOGIT: return arena_printf(pack->arena, ", as %.17g + %.17g / (1 + exp(-x))", l->low, l->high - l->low);
	case FE_LOG: return arena_printf(pack->arena, ", as %.17g + exp(x)", l->low);
	case FE_LOG_BELOW: return arena_printf(pack->arena, ", as %.17g - exp(x)", l->high);
	default: return "";
	}
}

static void add_slots(const ObjectivePack *o, PackScope *scope) {
	const Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		PackScope *item = pack_item(pack, scope, "params");
		pack_set(pack, item, "slot", o->slots[i]);
		pack_set(pack, item, "name", session_text(pack->session, slot->name));
		pack_set(pack, item, "dims", pack_dims(pack, slot->type));
		pack_set(pack, item, "held", held_as(pack, &slot->limits));
		pack_number(pack, item, "offset", slot->offset);
	}
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		IrType type = objective->fixed.data[i].type;
		PackScope *item = pack_item(pack, scope, "fixed");
		pack_set(pack, item, "field", o->fields[i]);
		pack_set(pack, item, "type", pack_type(pack, type.scalar));
		pack_set(pack, item, "dims", pack_dims(pack, type));
		pack_flag(pack, item, "scalar", type.rank == 0);
	}
}

static void make_scope(ObjectivePack *o) {
	const Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	PackScope *scope = o->scope = pack_scope(pack, pack->scope);
	pack_set(pack, scope, "name", session_text(pack->session, objective->decl->name.name));
	pack_set(pack, scope, "real", pack->real == IR_F32 ? "float" : "double");
	pack_set(pack, scope, "bits", pack->real == IR_F32 ? "uint32_t" : "uint64_t");
	pack_number(pack, scope, "size", objective->size);
	pack_flag(pack, scope, "has_data", objective->fixed.count + objective->data.count > 0);
	pack_flag(pack, scope, "has_instance", o->has_instance);
	pack_flag(pack, scope, "random_start", objective->random_start);
	pack_flag(pack, scope, "has_limits", objective->natural != NULL);
	add_slots(o, scope);
	pack_objective_data(o);
}

/* ---- files ---- */

static const char *about(const ObjectivePack *o, const char *format) {
	return arena_printf(o->pack->arena, format, session_text(o->pack->session, o->objective->decl->name.name));
}

static void header(ObjectivePack *o) {
	Text *out = pack_source(o->pack, "@.h", about(o, "the objective `%s`: its value and its gradient."));
	pack_fill(o->pack, out, "objective.h", o->scope);
}

/* The parameters, which lie one behind the other in x, and the gradients with respect to them. */
static const JitCPart *param_parts(const ObjectivePack *o, uint32_t *count) {
	const FeObjective *objective = o->objective;
	Arena *arena = o->pack->arena;
	JitCPart *parts = ARENA_ARRAY(arena, JitCPart, 2 * objective->arrays.count + 1);
	uint32_t made = 0;
	for (uint32_t i = 0; i < objective->arrays.count; i++) {
		const FeSlot *slot = &objective->arrays.data[i];
		const char *name = session_text(o->pack->session, slot->name);
		if (objective->arrays.count == 1 && strcmp(name, "x") == 0)
			break; /* all of x is x */
		parts[made++] = (JitCPart){"x", name, slot->offset};
		parts[made++] = (JitCPart){"x~", arena_printf(arena, "%s~", name), slot->offset};
	}
	*count = made;
	return parts;
}

static const char *put_function(const ObjectivePack *o, IrFunc *func, const char *name, Text *out) {
	JitCFunc how = {.name = name, .strict = true};
	how.parts = param_parts(o, &how.part_count);
	const char *bytes = "0";
	jit_emit_c(o->pack->functions, o->objective->module, func, &how, out, &bytes);
	return bytes;
}

static void source(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	Text *file = pack_source(pack, "@.c", about(o, "the objective `%s`; @.h says how it is used."));
	vec_push(pack->arena, &pack->units, pack_name(pack, "@.c"));
	Text body = text_new(pack->arena), start = text_new(pack->arena);
	PackScope *scope = pack_scope(pack, o->scope);
	const struct {
		IrFunc *func; /* NULL: there is none */
		const char *name;
	} functions[] = {
		{o->value, "value_call"},
		{o->gradient, "gradient_call"},
		{o->validate, "validate_call"},
		{o->batch.draw, "draw_call"},
		{o->validate_batch.draw, "validate_draw_call"},
	};
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		IrFunc *func = functions[i].func;
		const char *bytes = func ? put_function(o, func, functions[i].name, &body) : NULL;
		if (i == 0)
			pack_set(pack, scope, "value_bytes", bytes);
		else if (bytes && strcmp(bytes, "0") != 0)
			pack_set(pack, pack_item(pack, scope, "work"), "bytes", bytes);
	}
	if (!objective->random_start) {
		pack_table(pack, &start, "static const @_real @_start_table", pack->real, o->start.reals, NULL,
		           objective->size);
	}
	pack_set(pack, scope, "start_table", text_cstr(&start));
	pack_fill(pack, &body, "objective.c", scope);
	pack_begin(pack, file, text_cstr(&body));
}

/* ---- what goes with the code ---- */

static json_t *slots_json(const ObjectivePack *o, const FeSlot *slots, const char **names, uint32_t count,
                          bool offsets) {
	json_t *list = json_array();
	for (uint32_t i = 0; i < count; i++) {
		json_t *entry =
			json_pack("{s:s,s:s,s:s,s:s}", "name", session_text(o->pack->session, slots[i].name), "c", names[i],
		              "shape", pack_dims(o->pack, slots[i].type), "type", ir_scalar_name(slots[i].type.scalar));
		if (offsets)
			json_object_set_new(entry, "offset", json_integer((json_int_t)slots[i].offset));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *files_json(const ObjectivePack *o) {
	json_t *list = json_array();
	for (uint32_t i = 0; i < o->objective->data.count; i++) {
		const FeData *data = &o->objective->data.data[i];
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "name", session_text(o->pack->session, data->name),
		                                      "c", o->files[i], "shape", pack_dims(o->pack, data->type), "type",
		                                      pack_element(o->pack, data->type)));
	}
	return list;
}

static json_t *batch_json(const ObjectivePack *o, const BatchPack *b) {
	FeBatch batch = *b->batch;
	return slots_json(o, batch.slots.data, b->fields, batch.slots.count, false);
}

static json_t *manifest(const ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	const IrFunc *funcs[] = {o->value, o->gradient, o->validate, o->batch.draw, o->validate_batch.draw};
	json_t *root = json_object();
	json_object_set_new(root, "gradus", json_string(RT_VERSION));
	json_object_set_new(root, "kind", json_string("objective"));
	json_object_set_new(root, "name", json_string(session_text(o->pack->session, objective->decl->name.name)));
	json_object_set_new(root, "prefix", json_string(o->pack->prefix));
	json_object_set_new(root, "real", json_string(ir_scalar_name(o->pack->real)));
	json_object_set_new(
		root, "model",
		json_sprintf("%016llx", (unsigned long long)pack_hash(o->pack, funcs, sizeof funcs / sizeof *funcs, NULL, 0)));
	json_object_set_new(root, "size", json_integer((json_int_t)objective->size));
	json_object_set_new(root, "parameters",
	                    slots_json(o, objective->params.data, o->slots, objective->params.count, true));
	json_object_set_new(root, "data", slots_json(o, objective->fixed.data, o->fields, objective->fixed.count, false));
	json_object_set_new(root, "files_of_data", files_json(o));
	json_object_set_new(root, "batch", batch_json(o, &o->batch));
	json_object_set_new(root, "start", json_boolean(!objective->random_start));
	return root;
}

static void readme(ObjectivePack *o) {
	Text *out = pack_file(o->pack, "README.md");
	pack_fill(o->pack, out, "objective_README.md", o->scope);
	pack_fill(o->pack, out, "readme_end.md", o->scope);
}

void pack_objective_files(ObjectivePack *o) {
	make_scope(o);
	header(o);
	source(o);
	pack_objective_instance(o);
	pack_objective_bytes(o);
}

bool pack_objective(Rt *rt, const FeCall *call, const PackOptions *options) {
	const char *name = session_text(rt->session, call->decl->name.name);
	Pack *pack = pack_new(rt, options, arena_printf(rt->arena, "the objective `%s`", name));
	if (!pack)
		return false;
	IrModule *module = ir_module_new(rt->session);
	FeObjective *objective = fe_objective_apart(rt->program, module, call, options->real);
	if (!objective) {
		ir_module_free(module);
		return false;
	}
	IrFunc *validate = objective->validate;
	objective->validate = NULL; /* its batch may have other sizes: no function of a task takes both */
	/* Without a rule, its value and gradient are what runs go by. */
	Task *task = task_of(rt, module, objective, NULL, (FeScore){FE_SCORE_MEAN, FE_SCORE_F});
	ObjectivePack pack_of_objective = {
		.pack = pack, .objective = objective, .value = task->value, .gradient = task->evaluate};
	ObjectivePack *o = &pack_of_objective;
	o->validate = validate ? task_optimized(task, validate) : NULL;
	bool ok = pack_objective_names(o) && pack_objective_golden(o);
	if (ok) {
		pack_objective_files(o);
		pack_objective_test(o);
		pack_objective_example(o);
		pack_makefile(pack);
		readme(o);
		ok = pack_write(pack, manifest(o));
	}
	task_free(task);
	return ok;
}
