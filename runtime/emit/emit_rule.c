/* A rule as C: instantiated for one tensor of any size, cut into the phases that its collectives ask for, then written. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "ir/core/walk.h"
#include "ir/pass/pass.h"
#include "runtime/emit/emit_rule.h"
#include "runtime/inner/inner.h"

/* ---- functions ---- */

/* What is wanted of a step's results, besides shares. What a step for one objective hands on (ir_hand_on), its caller has no use for. */
static bool is_wanted(const RulePack *r, IrRole role) {
	return role != IR_ROLE_SPENT && role != IR_ROLE_LOOKED && !(r->on && (role == IR_ROLE_F || role == IR_ROLE_G));
}

/* `step` with the sums from `known` on taken as 0; keeps its x and states, or of its shares the one after the sums known. */
static IrFunc *part_of_step(const RulePack *r, const IrFunc *step, const char *name, uint32_t known, bool share) {
	const FeRule *rule = r->rule;
	Session *session = r->pack->session;
	Arena *arena = rule->module->arena;
	IrFunc *func = ir_func_new(rule->module, name);
	for (uint32_t i = 0; i < step->symbols.count; i++)
		ir_symbol(func, session_text(session, step->symbols.data[i]));
	IrBuilder b = ir_builder(func);
	IrValue *args = ARENA_ARRAY(arena, IrValue, step->params.count + 1);
	IrValue *results = ARENA_ARRAY(arena, IrValue, step->results.count + 1);
	uint32_t sums = 0;
	for (uint32_t i = 0; i < step->params.count; i++) {
		const IrParam *param = &step->params.data[i];
		IrType type = ir_type(step, param->value);
		bool given = param->role != IR_ROLE_SUM || sums++ < known;
		args[i] =
			given ? ir_param_as(func, param->role, session_text(session, param->name), type) : ir_fill(&b, type, 0);
	}
	ir_inline(&b, step, args, results);
	uint32_t shares = 0;
	for (uint32_t i = 0; i < step->results.count; i++) {
		const IrResult *result = &step->results.data[i];
		bool wanted = result->role == IR_ROLE_SHARE ? shares++ == known && share : !share && is_wanted(r, result->role);
		if (wanted)
			ir_result_as(func, result->role, session_text(session, result->name), results[i]);
	}
	const IrPipeline pipeline = r->pack->rt->options.pipeline;
	return ir_optimize(rule->module, func, &pipeline);
}

static void find_extent(void *context, const IrBlock *block, IrOp *op) {
	bool *found = context;
	const IrFor *f = ir_as_for(op);
	(void)block;
	for (uint32_t k = 0; f && k < f->nodes.count; k++)
		*found = *found || (f->nodes.data[k].kind == IR_NODE_DIM && f->nodes.data[k].dim < 0);
}

/* Whether a block reads the number of coordinates. */
static bool reads_extent(const IrBlock *block) {
	bool found = false;
	ir_visit_ops(block, find_extent, &found);
	return found;
}

bool pack_rule_is_fixed(IrType shape) {
	for (int i = 0; i < shape.rank; i++)
		if (shape.dims[i] < 0)
			return false;
	return true;
}

const char *pack_rule_count(const RulePack *r, IrType shape, const char *n) {
	int64_t factor = 1;
	Text out = text_new(r->pack->arena);
	for (int i = 0; i < shape.rank; i++)
		if (shape.dims[i] < 0)
			text_printf(&out, "%s%s", out.length > 0 ? " * " : "", n);
		else
			factor *= shape.dims[i];
	if (factor != 1 || out.length == 0)
		text_printf(&out, "%s%" PRId64, out.length > 0 ? " * " : "", factor);
	return text_cstr(&out);
}

/* One entry per coordinate, coordinates outermost: a range of coordinates is a range of memory. */
static bool is_sliceable(IrType shape) {
	IrType rest = shape;
	if (shape.rank == 0 || shape.dims[0] >= 0)
		return false;
	rest.dims[0] = 1;
	return pack_rule_is_fixed(rest);
}

/* The tensors of the self-test: every kind of size, an empty one where it adds nothing but the case, or what a rule that is tied to
 * its size takes. */
static void choose_tensors(RulePack *r) {
	static const size_t any[] = {17, 1, 40, 3, 16};
	size_t *own = ARENA_ARRAY(r->pack->arena, size_t, 3);
	r->tensors = own;
	r->tensor_count = 1;
	own[0] = (size_t)r->tied;
	if (r->by_shape) {
		size_t *sizes = ARENA_ARRAY(r->pack->arena, size_t, r->target.count);
		for (uint32_t i = 0; i < r->target.count; i++)
			sizes[i] = (size_t)r->target.sizes[i];
		r->tensors = sizes;
		r->tensor_count = r->target.count;
	} else if (r->tied == 0) {
		r->tensors = any;
		r->tensor_count = sizeof any / sizeof *any;
	} else if (r->joint) {
		own[0] = (size_t)(r->tied - r->tied / 2);
		own[2] = (size_t)(r->tied / 2);
		r->tensor_count = 3;
	}
}

/* Beside them stands the key of what is drawn. */
static void name_hypers(RulePack *r) {
	static const char *const key[] = {"seed", "instance"};
	uint32_t keys = r->rule->draws ? sizeof key / sizeof *key : 0, count = r->rule->hypers.count;
	const char **names = ARENA_ARRAY(r->pack->arena, const char *, keys + count + 1);
	for (uint32_t i = 0; i < keys; i++)
		names[i] = key[i];
	r->hypers = names + keys;
	for (uint32_t i = 0; i < count; i++)
		r->hypers[i] = pack_unique(r->pack, r->rule->hypers.data[i].name, names, keys + i);
}

/* The step that hands on what it has found where it ends; NULL: it never does. */
static IrFunc *step_that_hands_on(const RulePack *r) {
	const FeRule *rule = r->rule;
	if (!r->evaluates || r->on)
		return NULL;
	IrFunc *plain = ir_pass_simplify(rule->module, rule->step);
	IrFunc *handing = ir_hand_on(rule->module, plain, rule->reads_g);
	return handing == plain ? NULL : part_of_step(r, handing, "next", rule->collectives, false);
}

static void prepare(RulePack *r) {
	const FeRule *rule = r->rule;
	Pack *pack = r->pack;
	Arena *arena = pack->arena;
	const IrPipeline pipeline = pack->rt->options.pipeline;
	uint32_t state_count = rule->states.count;
	if (rule->init->results.count > 0)
		r->init = ir_optimize(rule->module, rule->init, &pipeline);
	r->step = part_of_step(r, rule->step, "step", rule->collectives, false);
	r->evaluates = ir_evaluations(r->step).most > 0;
	r->next = step_that_hands_on(r);
	r->shares = ARENA_ARRAY(arena, IrFunc *, rule->collectives + 1);
	for (uint32_t i = 0; i < rule->collectives; i++)
		r->shares[i] = part_of_step(r, rule->step, arena_printf(arena, "share%u", (unsigned)i + 1), i, true);
	r->blocks =
		rule->elementwise && rule->collectives == 0 && !r->joint && r->tied == 0 && !reads_extent(&r->step->body);
	for (uint32_t i = 0; i < state_count; i++) {
		IrRange states = ir_results_of(r->step, IR_ROLE_STATE);
		IrType shape = ir_type(r->step, r->step->results.data[states.first + i].value);
		PackState state = {session_text(pack->session, rule->states.data[i].name), pack_type(pack, shape.scalar), shape,
		                   NULL, NULL};
		vec_push(arena, &r->states, state);
		r->blocks = r->blocks && is_sliceable(shape);
	}
	pack_rule_once(r);
	choose_tensors(r);
	name_hypers(r);
	VEC(const IrFunc *) funcs = {0};
	vec_push(arena, &funcs, r->init);
	vec_push(arena, &funcs, r->step);
	for (uint32_t i = 0; i < rule->collectives; i++)
		vec_push(arena, &funcs, r->shares[i]);
	r->model = pack_hash(pack, funcs.data, funcs.count, r->theta, rule->learned_count);
}

/* ---- what goes with the code ---- */

/* The shortest decimal that is the same number in the rule's precision. */
static json_t *json_number(const RulePack *r, double value) {
	Text text = text_new(r->pack->arena);
	text_real(&text, value, r->pack->real == IR_F32);
	return isfinite(value) ? json_real(strtod(text_cstr(&text), NULL)) : json_string(text_cstr(&text));
}

static json_t *shapes_json(const RulePack *r) {
	json_t *shapes = json_array();
	for (uint32_t i = 0; i < r->target.count; i++) {
		json_t *dims = json_array();
		for (int k = 0; k < r->target.types[i].rank; k++)
			json_array_append_new(dims, json_integer((json_int_t)r->target.types[i].dims[k]));
		json_array_append_new(shapes, dims);
	}
	return shapes;
}

static json_t *manifest(const RulePack *r) {
	const FeRule *rule = r->rule;
	Session *session = r->pack->session;
	json_t *hypers = json_array(), *states = json_array(), *learned = json_array();
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		json_t *entry = json_pack("{s:s,s:s,s:o}", "name", session_text(session, hyper->name), "field", r->hypers[i],
		                          "default", json_number(r, hyper->value));
		if (hyper->has_range) {
			json_object_set_new(entry, "low", json_number(r, hyper->low));
			json_object_set_new(entry, "high", json_number(r, hyper->high));
		}
		json_array_append_new(hypers, entry);
	}
	for (uint32_t i = 0; i < r->states.count; i++) {
		const PackState *state = &r->states.data[i];
		json_array_append_new(states,
		                      json_pack("{s:s,s:s,s:s}", "name", state->name, "shape", pack_dims(r->pack, state->shape),
		                                "type", ir_scalar_name(state->shape.scalar)));
	}
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeSlot *slot = &rule->learned.data[i].slot;
		json_array_append_new(learned, json_pack("{s:s,s:s}", "name", session_text(session, slot->name), "shape",
		                                         pack_dims(r->pack, slot->type)));
	}
	json_t *root = json_object();
	json_object_set_new(root, "gradus", json_string(RT_VERSION));
	json_object_set_new(root, "kind", json_string("rule"));
	json_object_set_new(root, "name", json_string(session_text(session, rule->decl->name.name)));
	json_object_set_new(root, "prefix", json_string(r->pack->prefix));
	json_object_set_new(root, "real", json_string(ir_scalar_name(r->pack->real)));
	json_object_set_new(root, "model", json_sprintf("%016llx", (unsigned long long)r->model));
	json_object_set_new(root, "sees",
	                    json_string(r->by_shape ? "tensors of these shapes, in this order"
	                                : r->joint  ? "all parameters as one vector"
	                                            : "one tensor at a time"));
	if (r->by_shape)
		json_object_set_new(root, "tensors", shapes_json(r));
	if (r->on)
		json_object_set_new(root, "on", json_string(session_text(session, r->on->objective->decl->name.name)));
	if (r->tied > 0)
		json_object_set_new(root, "coordinates", json_integer((json_int_t)r->tied));
	json_object_set_new(root, "step_range", json_boolean(r->blocks));
	json_object_set_new(root, "evaluates_elsewhere", json_boolean(r->evaluates));
	json_object_set_new(root, "hands_on", json_boolean(r->next != NULL));
	json_object_set_new(root, "draws", json_boolean(rule->draws));
	if (rule->reads_horizon)
		json_object_set_new(root, "horizon", json_integer((json_int_t)r->horizon));
	if (r->pack->options->horizon_high > 0) {
		json_object_set_new(root, "trained_horizon",
		                    json_pack("[i,i]", r->pack->options->horizon_low, r->pack->options->horizon_high));
	}
	json_object_set_new(root, "hyperparameters", hypers);
	json_object_set_new(root, "states", states);
	json_object_set_new(root, "learned", learned);
	return root;
}

/* The size that a rule is C for, which some need to know; 0: any. false with a diagnostic. */
static bool find_size(Rt *rt, const FeCall *call, const PackOptions *options, int64_t *size) {
	Span place;
	bool learns = fe_is_tied(call->program ? call->program : rt->program, call->decl);
	*size = 0;
	if (!learns && (pack_derives(rt, call) || !fe_needs_size(rt->program, call, &place)))
		return true;
	*size = options->size;
	if (options->size > 0)
		return true;
	Diag *diag =
		diag_error(rt->session, 265, learns ? call->decl->name.span : place,
	               learns ? "what `%s` learns depends on `size(x)`, so it is C for one size only, and none is known"
	                      : "`%s` has to know here how many coordinates x has, so it is C for one size only, and none "
	                        "is known",
	               session_text(rt->session, call->decl->name.name));
	diag_help(rt->session, diag, "emit the folder of a run, or say --on OBJECTIVE");
	return false;
}

static bool knows_shapes(Rt *rt, const FeCall *call, const PackOptions *options) {
	if (options->target.count > 0)
		return true;
	Diag *diag = diag_error(
		rt->session, 396, call->decl->name.span,
		"`%s` depends on the shapes of its tensors, so it is C for tensors of known shapes, and none are known",
		session_text(rt->session, call->decl->name.name));
	diag_help(rt->session, diag, "say --on OBJECTIVE");
	return false;
}

/* The rule for all tensors of an objective together. */
static FeRule *rule_on_target(Rt *rt, IrModule *module, const FeCall *call, RulePack *r) {
	r->joint = r->by_shape = true;
	r->tied = 0;
	for (uint32_t i = 0; i < r->target.count; i++)
		r->tied += r->target.sizes[i];
	return fe_rule(rt->program, module, call, &r->target, r->pack->options->real, NULL, 0);
}

/* A rule that sees one tensor at a time would have to stop in the middle of each until all are at their places, so it is one for
 * all of them, if they are known. */
static FeRule *rule_on_all(Rt *rt, IrModule *module, const FeCall *call, RulePack *r) {
	if (r->target.count > 0)
		return rule_on_target(rt, module, call, r);
	const char *name = session_text(rt->session, call->decl->name.name);
	Diag *diag = diag_error(
		rt->session, 816, call->decl->name.span,
		"`%s` evaluates the objective at other places than x, so it is C for known tensors, and none are known", name);
	diag_help(rt->session, diag, "say --on OBJECTIVE, or declare it as `joint optimizer %s`", name);
	return NULL;
}

/* The rule for what it is emitted for. NULL with diagnostics. */
static FeRule *made_rule(Rt *rt, IrModule *module, const FeCall *call, RulePack *r) {
	FeProgram *program = call->program ? call->program : rt->program;
	if (pack_derives(rt, call))
		return pack_rule_on(rt, module, call, r);
	bool by_shape = !call->decl->joint && fe_is_by_shape(program, call);
	if (by_shape)
		return knows_shapes(rt, call, r->pack->options) ? rule_on_target(rt, module, call, r) : NULL;
	FeTarget target = {.sizes = &r->tied, .count = r->tied > 0 ? 1 : 0};
	FeRule *rule = fe_rule(rt->program, module, call, &target, r->pack->real, NULL, 0);
	return rule && rule->evaluates && !r->joint ? rule_on_all(rt, module, call, r) : rule;
}

static void put_files(RulePack *r, const Golden *golden) {
	pack_rule_scope(r);
	pack_rule_header(r);
	pack_rule_source(r);
	pack_rule_beside(r);
	pack_rule_test(r, golden);
	pack_rule_example(r);
	pack_makefile(r->pack);
	pack_rule_readme(r);
}

bool pack_rule(Rt *rt, const FeCall *call, const PackOptions *options, PackEmitted *emitted) {
	const char *name = session_text(rt->session, call->decl->name.name);
	Pack *pack = pack_new(rt, options, arena_printf(rt->arena, "the rule `%s`", name));
	int64_t size;
	if (!pack || !find_size(rt, call, options, &size))
		return false;
	IrModule *module = ir_module_new(rt->session);
	RulePack pack_of_rule = {.pack = pack, .joint = call->decl->joint, .target = options->target, .tied = size};
	RulePack *r = &pack_of_rule;
	r->horizon = options->horizon_high > 0 ? options->horizon_high : PACK_HORIZON;
	FeRule *rule = made_rule(rt, module, call, r);
	r->rule = rule;
	*emitted = (PackEmitted){0};
	bool ok = rule && (!r->on || (pack_objective_names(r->on) && pack_objective_golden(r->on)));
	if (ok && rule->learned_count > 0) {
		r->theta = learned_new(rt, rule, rt->arena);
		r->weights_apart = rule->learned_count > PACK_INLINE;
		ok = r->theta && learned_start(rt, rule, rt->options.seed, r->theta);
		emitted->holes = ok ? learned_holes(rt, rule, r->theta, rt->arena) : NULL;
	} else if (ok) {
		emitted->holes = learned_holes(rt, rule, NULL, rt->arena);
	}
	Golden golden;
	if (ok) {
		emitted->reads_horizon = rule->reads_horizon;
		prepare(r);
		ok = pack_rule_golden(r, &golden);
	}
	if (ok) {
		put_files(r, &golden);
		ok = pack_write(pack, manifest(r));
	}
	ir_module_free(module);
	return ok;
}
