/* A rule that differentiates its objective beyond the gradient, or reads residuals, cannot ask a caller for what it needs: it is C for
 * one objective, which is compiled into its step. The objective itself is emitted beside the rule, as PREFIX_objective, with the
 * structure of its data, which the step takes, and its value and gradient. */
#include <inttypes.h>

#include "frontend/limits.h"
#include "runtime/emit/emit_rule.h"
#include "runtime/inner/inner.h"

bool pack_derives(Rt *rt, const FeCall *call) {
	FeProgram *program = call->program ? call->program : rt->program;
	if (fe_is_by_shape(program, call))
		return false; /* nothing is differentiated there */
	DiagMark mark = diag_mark(rt->session);
	IrModule *module = ir_module_new(rt->session);
	FeTarget some = {.sizes = fe_checked_sizes, .count = 1};
	const FeRule *rule = fe_rule(rt->program, module, call, &some, rt->options.real, NULL, 0);
	/* A rule whose states are as long as the residuals of its objective fits no number that is made up. */
	bool derives = rule ? rule->derives : fe_reads_residuals(program, call->decl);
	ir_module_free(module);
	diag_take_back(rt->session, mark); /* who makes the rule for good says what is wrong with it */
	return derives;
}

static void refuse(Rt *rt, const FeCall *call, const char *why, const char *help) {
	Diag *diag = diag_error(rt->session, 816, call->decl->name.span,
	                        "`%s` differentiates the objective beyond its gradient, or reads residuals, %s",
	                        session_text(rt->session, call->decl->name.name), why);
	diag_help(rt->session, diag, "%s", help);
}

/* Its value and gradient, with names of its own. NULL with a diagnostic. */
static ObjectivePack *pack_beside(Rt *rt, const RulePack *r, FeObjective *objective, const Task *task) {
	PackOptions *options = ARENA_NEW(rt->arena, PackOptions);
	*options = *r->pack->options;
	options->prefix = arena_printf(rt->arena, "%s_objective", r->pack->prefix);
	const char *what =
		arena_printf(rt->arena, "the objective `%s`", session_text(rt->session, objective->decl->name.name));
	ObjectivePack *on = ARENA_NEW(rt->arena, ObjectivePack);
	*on = (ObjectivePack){
		.pack = pack_new(rt, options, what), .objective = objective, .value = task->value, .gradient = task->evaluate};
	return on->pack ? on : NULL;
}

FeRule *pack_rule_on(Rt *rt, IrModule *module, const FeCall *call, RulePack *r) {
	if (!r->pack->options->on) {
		refuse(rt, call, "so it is C for one objective, and none is known", "say --on OBJECTIVE");
		return NULL;
	}
	FeObjective *objective = fe_objective_apart(rt->program, module, r->pack->options->on, r->pack->real);
	if (!objective)
		return NULL;
	objective->validate = NULL;
	r->target = fe_target(objective, rt->arena);
	r->tied = objective->size;
	r->by_shape = !call->decl->joint;
	r->joint = true;
	FeRule *rule = fe_rule(rt->program, module, call, &r->target, r->pack->real, NULL, 0);
	if (!rule)
		return NULL;
	const FeScore score = {FE_SCORE_MEAN, FE_SCORE_F};
	r->on = pack_beside(rt, r, objective, task_of(rt, module, objective, NULL, score));
	if (!r->on)
		return NULL;
	rule->step = task_of(rt, module, objective, rule, score)->step;
	return rule;
}

/* Its files go with those of the rule. */
void pack_rule_beside(RulePack *r) {
	ObjectivePack *on = r->on;
	if (!on)
		return;
	Pack *pack = r->pack;
	pack_objective_files(on);
	for (uint32_t i = 0; i < on->pack->files.count; i++)
		vec_push(pack->arena, &pack->files, on->pack->files.data[i]);
	for (uint32_t i = 0; i < on->pack->units.count; i++)
		vec_push(pack->arena, &pack->units, on->pack->units.data[i]);
}

static const char *member(const Pack *pack, const char *of, const FeSlot *slot, const char *field) {
	return arena_printf(pack->arena, "%s%s->%s", slot->type.rank == 0 ? "&" : "", of, field);
}

void pack_rule_give_data(const RulePack *r, IrByRole *given) {
	const ObjectivePack *on = r->on;
	if (!on)
		return;
	uint32_t files = on->objective->data.count, fixed = on->objective->fixed.count;
	uint32_t drawn = on->objective->batch.slots.count;
	const char **names = ARENA_ARRAY(r->pack->arena, const char *, files + fixed + drawn + 1);
	for (uint32_t i = 0; i < files; i++)
		names[i] = arena_printf(r->pack->arena, "data->%s", on->files[i]);
	for (uint32_t i = 0; i < fixed; i++)
		names[files + i] = member(r->pack, "data", &on->objective->fixed.data[i], on->fields[i]);
	for (uint32_t i = 0; i < drawn; i++)
		names[files + fixed + i] = member(r->pack, "batch", &on->objective->batch.slots.data[i], on->batch.fields[i]);
	ir_give(given, IR_ROLE_DATA, names, files);
	ir_give(given, IR_ROLE_FIXED, names + files, fixed);
	ir_give(given, IR_ROLE_BATCH, names + files + fixed, drawn);
}

void pack_rule_add_on(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	const ObjectivePack *on = r->on;
	bool files = on && on->objective->data.count > 0, given = on && on->objective->fixed.count > 0;
	bool batch = on && on->objective->batch.slots.count > 0;
	pack_flag(pack, scope, "on", on != NULL);
	pack_flag(pack, scope, "on_files", files);
	pack_flag(pack, scope, "on_instance", on && on->has_instance);
	pack_flag(pack, scope, "on_header", files || (on && on->has_instance));
	pack_flag(pack, scope, "on_given", given && !files);
	pack_flag(pack, scope, "on_nothing", on && !files && !given);
	pack_set(pack, scope, "on_name", on ? session_text(pack->session, on->objective->decl->name.name) : NULL);
	pack_flag(pack, scope, "on_batch", batch);
	pack_set(pack, scope, "seed", arena_printf(pack->arena, "%" PRIu64, pack->rt->options.seed));
	pack_set(pack, scope, "data_param",
	         arena_printf(pack->arena, "%s%s", files || given ? pack_name(pack, "const @_objective_data *data, ") : "",
	                      batch ? pack_name(pack, "const @_objective_batch *batch, ") : ""));
	pack_set(pack, scope, "data_arg",
	         arena_printf(pack->arena, "%s%s", files || given ? "data, " : "", batch ? "batch, " : ""));
	pack_set(pack, scope, "data_step",
	         !on ? ""
	             : pack_name(pack, batch ? ", const @_objective_data *data, const @_objective_batch *batch"
	                                     : ", const @_objective_data *data"));
	pack_set(pack, scope, "batch_value", batch ? "&batch, " : "");
}
