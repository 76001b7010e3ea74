/* An objective as C: its value and its gradient as functions of the data and a point. */
#include <inttypes.h>
#include <jansson.h>

#include "runtime/emit/emit_objective.h"

static void prepare(ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	Pack *pack = o->pack;
	o->fields = ARENA_ARRAY(pack->arena, const char *, objective->fixed.count + 1);
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		o->fields[i] = pack_unique(pack, objective->fixed.data[i].name, o->fields, i);
	}
	o->slots = ARENA_ARRAY(pack->arena, const char *, objective->params.count + 1);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const char *slot = session_text(pack->session, objective->params.data[i].name);
		o->slots[i] = jit_c_unique(pack->arena, NULL, slot, o->slots, i); /* PREFIX_at_NAME needs no more */
	}
	o->has_instance = objective->fixed.count > 0 || objective->random_start;
}

/* ---- the header ---- */

static void put_data(const ObjectivePack *o, Text *out) {
	const Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	pack_put(pack, out,
	         "/* What is given. Arrays are dense, row-major, and stay the caller's. */\ntypedef struct @_data {\n");
	for (uint32_t i = 0; i < objective->fixed.count; i++) {
		IrType type = objective->fixed.data[i].type;
		const char *name = pack_type(pack, type.scalar);
		if (type.rank == 0) {
			text_printf(out, "\t%s %s;\n", name, o->fields[i]);
		} else {
			text_printf(out, "\tconst %s *%s; /* %s */\n", name, o->fields[i], pack_dims(pack, type));
		}
	}
	if (objective->fixed.count == 0) {
		text_printf(out, "\tint32_t nothing; /* this objective needs no data: NULL will do */\n");
	}
	pack_put(pack, out, "} @_data;\n\n");
}

static void header(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	const char *name = session_text(pack->session, objective->decl->name.name);
	Text *out =
		pack_source(pack, "@.h", arena_printf(pack->arena, "the objective `%s`: its value and its gradient.", name));
	pack_put(pack, out,
	         "#ifndef @_H_INCLUDED\n"
	         "#define @_H_INCLUDED\n\n"
	         "#include <stddef.h>\n"
	         "#include <stdint.h>\n\n"
	         "#ifdef __cplusplus\n"
	         "extern \"C\" {\n"
	         "#endif\n\n");
	pack_printf(pack, out, "typedef %s @_real;\n\n", pack->real == IR_F32 ? "float" : "double");
	pack_printf(pack, out,
	            "/* A point has @_N numbers, row-major; where its pieces begin. */\nenum {\n\t@_N = %" PRId64,
	            objective->size);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		pack_printf(pack, out, ",\n\t@_at_%s = %" PRId64 " /* %s */", o->slots[i], slot->offset,
		            pack_dims(pack, slot->type));
	}
	text_printf(out, "\n};\n\n");
	put_data(o, out);
	pack_put(pack, out,
	         "/* Bytes of memory that the functions need for what they compute in between, at any address. Threads "
	         "need some each. */\n"
	         "size_t @_work_size(void);\n\n"
	         "/* The value at x. NaN if the data hold an index that is out of range. */\n"
	         "@_real @_value(const @_data *data, const @_real *x, void *work);\n\n"
	         "/* The same, and the gradient, which must not overlap x. */\n"
	         "@_real @_value_gradient(const @_data *data, const @_real *x, void *work, @_real *gradient);\n\n");
	if (!objective->random_start) {
		pack_put(pack, out, "/* Where minimizing starts. */\nvoid @_start(@_real *x);\n\n");
	}
	pack_put(pack, out,
	         "#ifdef __cplusplus\n"
	         "}\n"
	         "#endif\n\n"
	         "#endif\n");
}

/* ---- the source ---- */

static const char *put_function(const ObjectivePack *o, IrFunc *func, const char *name, Text *out) {
	JitCFunc how = {.prefix = o->pack->prefix, .name = name, .strict = true};
	const char *bytes = "0";
	text_char(out, '\n');
	jit_emit_c(o->objective->module, func, &how, out, &bytes);
	return bytes;
}

static void put_arguments(const ObjectivePack *o, const IrFunc *func, Text *out) {
	const char *x = "x", *value = "&value", *gradient = "gradient";
	uint32_t count = o->objective->fixed.count;
	const char **fixed = ARENA_ARRAY(o->pack->arena, const char *, count + 1);
	for (uint32_t i = 0; i < count; i++) {
		const char *address = o->objective->fixed.data[i].type.rank == 0 ? "&" : "";
		fixed[i] = arena_printf(o->pack->arena, "%sdata->%s", address, o->fields[i]);
	}
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	ir_give(&given, IR_ROLE_FIXED, fixed, count);
	ir_give(&given, IR_ROLE_X, &x, 1);
	ir_give(&places, IR_ROLE_F, &value, 1);
	ir_give(&places, IR_ROLE_G, &gradient, 1);
	pack_arguments(o->pack, out, func, &given, &places);
}

static void source(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	const char *name = session_text(pack->session, objective->decl->name.name);
	Text *out =
		pack_source(pack, "@.c", arena_printf(pack->arena, "the objective `%s`; @.h says how it is used.", name));
	vec_push(pack->arena, &pack->units, pack_name(pack, "@.c"));
	pack_put(pack, out, "#include \"@.h\"\n\n#include <math.h>\n#include <string.h>\n");
	pack_guard(pack, out);
	text_char(out, '\n');
	jit_c_prelude(out, pack->prefix);
	const char *value_bytes = put_function(o, o->value, "value_call", out);
	const char *gradient_bytes = put_function(o, o->gradient, "gradient_call", out);
	pack_printf(pack, out,
	            "\nsize_t @_work_size(void) {\n"
	            "\tconst size_t value = %s, gradient = %s;\n"
	            "\treturn 63 + (value > gradient ? value : gradient);\n"
	            "}\n\n"
	            "static void *@_aligned(void *memory) {\n"
	            "\treturn (unsigned char *)memory + ((64 - (size_t)((uintptr_t)memory & 63)) & 63);\n"
	            "}\n\n"
	            "@_real @_value(const @_data *data, const @_real *x, void *work) {\n"
	            "\t@_real value;\n"
	            "\t(void)data;\n"
	            "\treturn @_value_call(",
	            value_bytes, gradient_bytes);
	put_arguments(o, o->value, out);
	pack_put(pack, out,
	         "@_aligned(work)) ? (@_real)NAN : value;\n"
	         "}\n\n"
	         "@_real @_value_gradient(const @_data *data, const @_real *x, void *work, @_real *gradient) {\n"
	         "\t@_real value;\n"
	         "\tsize_t i;\n"
	         "\t(void)data;\n"
	         "\tif (!@_gradient_call(");
	put_arguments(o, o->gradient, out);
	pack_put(pack, out,
	         "@_aligned(work)))\n"
	         "\t\treturn value;\n"
	         "\tfor (i = 0; i < @_N; i++)\n"
	         "\t\tgradient[i] = (@_real)NAN;\n"
	         "\treturn (@_real)NAN;\n"
	         "}\n");
	if (objective->random_start) {
		return;
	}
	pack_number_macro(pack, out);
	text_char(out, '\n');
	pack_table(pack, out, "static const @_real @_start_table", pack->real, o->start.reals, NULL, objective->size);
	pack_put(pack, out, "\nvoid @_start(@_real *x) {\n\tmemcpy(x, @_start_table, sizeof *x * @_N);\n}\n");
}

/* ---- what goes with the code ---- */

static json_t *slots_json(const ObjectivePack *o, const FeSlot *slots, const char **names, uint32_t count,
                          bool offsets) {
	json_t *list = json_array();
	for (uint32_t i = 0; i < count; i++) {
		json_t *entry =
			json_pack("{s:s,s:s,s:s,s:s}", "name", session_text(o->pack->session, slots[i].name), "c", names[i],
		              "shape", pack_dims(o->pack, slots[i].type), "type", ir_scalar_name(slots[i].type.scalar));
		if (offsets) {
			json_object_set_new(entry, "offset", json_integer((json_int_t)slots[i].offset));
		}
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *manifest(const ObjectivePack *o) {
	const FeObjective *objective = o->objective;
	const IrFunc *funcs[] = {o->value, o->gradient};
	json_t *root = json_object();
	json_object_set_new(root, "gradus", json_string(RT_VERSION));
	json_object_set_new(root, "kind", json_string("objective"));
	json_object_set_new(root, "name", json_string(session_text(o->pack->session, objective->decl->name.name)));
	json_object_set_new(root, "prefix", json_string(o->pack->prefix));
	json_object_set_new(root, "real", json_string(ir_scalar_name(o->pack->real)));
	json_object_set_new(root, "model",
	                    json_sprintf("%016llx", (unsigned long long)pack_hash(o->pack, funcs, 2, NULL, 0)));
	json_object_set_new(root, "size", json_integer((json_int_t)objective->size));
	json_object_set_new(root, "parameters",
	                    slots_json(o, objective->params.data, o->slots, objective->params.count, true));
	json_object_set_new(root, "data", slots_json(o, objective->fixed.data, o->fields, objective->fixed.count, false));
	json_object_set_new(root, "start", json_boolean(!objective->random_start));
	return root;
}

static void readme(ObjectivePack *o) {
	Pack *pack = o->pack;
	const FeObjective *objective = o->objective;
	const char *name = session_text(pack->session, objective->decl->name.name);
	Text *out = pack_file(pack, "README.md");
	pack_printf(pack, out, "# The objective `%s` in C\n\nWritten by gradus %s from %s.\n\n", name, RT_VERSION,
	            pack->what);
	pack_put(pack, out,
	         "```c\n"
	         "#include \"@.h\"\n\n"
	         "void *work = malloc(@_work_size());\n"
	         "@_real x[@_N], gradient[@_N];\n"
	         "@_real value = @_value_gradient(&data, x, work, gradient);\n"
	         "```\n\n");
	pack_printf(pack, out,
	            "`@_real` is %s. A point `x` has %" PRId64
	            " numbers:\n\n| parameter | shape | begins at |\n|---|---|---|\n",
	            pack->real == IR_F32 ? "float" : "double", objective->size);
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		pack_printf(pack, out, "| `%s` | %s | `x[%" PRId64 "]` |\n", session_text(pack->session, slot->name),
		            pack_dims(pack, slot->type), slot->offset);
	}
	if (objective->fixed.count > 0) {
		pack_put(pack, out,
		         "\n`@_data` holds what is given and what the program makes of it before there are parameters:\n\n"
		         "| field | shape | type |\n|---|---|---|\n");
		for (uint32_t i = 0; i < objective->fixed.count; i++) {
			const FeSlot *slot = &objective->fixed.data[i];
			text_printf(out, "| `%s` | %s | `%s` |\n", o->fields[i], pack_dims(pack, slot->type),
			            pack_type(pack, slot->type.scalar));
		}
	} else {
		pack_put(pack, out, "\nThere are no data: `data` may be NULL.\n");
	}
	if (o->has_instance) {
		pack_put(pack, out, "\n`@_instance.h` has problem 0 of the family, for the self-test and the example.\n");
	}
	text_char(out, '\n');
	pack_readme_end(pack, out);
}

bool rt_emit_objective(Rt *rt, const FeCall *call, const RtEmitOptions *options) {
	const char *name = session_text(rt->session, call->decl->name.name);
	Pack *pack = pack_new(rt, options, arena_printf(rt->arena, "the objective `%s`", name));
	if (!pack) {
		return false;
	}
	IrModule *module = ir_module_new(rt->session);
	FeObjective *objective = fe_objective(rt->program, module, call, options->real);
	if (!objective) {
		ir_module_free(module);
		return false;
	}
	/* Without a rule, its value and gradient are what runs go by. */
	RtTask *task = rt_task_of(rt, module, objective, NULL, (RtScore){FE_SCORE_MEAN, FE_SCORE_F});
	ObjectivePack pack_of_objective = {
		.pack = pack, .objective = objective, .value = task->value, .gradient = task->evaluate};
	ObjectivePack *o = &pack_of_objective;
	prepare(o);
	bool ok = objective_golden(o);
	if (ok) {
		header(o);
		source(o);
		objective_instance(o);
		objective_test(o);
		objective_example(o);
		pack_makefile(pack);
		readme(o);
		ok = pack_write(pack, manifest(o));
	}
	rt_task_free(task);
	return ok;
}
