/* gradus info: what is in a program, and what it costs. */
#include <math.h>
#include <string.h>

#include "frontend/limits.h"
#include "ir/pass/pass.h"
#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/meta/meta.h"

typedef struct Info {
	Cmd *cmd;
	Text *out;
	bool json;
	int shown;
} Info;

static const char *name_of(const Info *info, Name name) {
	return session_text(info->cmd->session, name);
}

/* "  label          text" */
static void line(Info *info, const char *label, const char *format, ...) BASE_PRINTF(3, 4);
static void line(Info *info, const char *label, const char *format, ...) {
	Text text = text_new(info->cmd->arena);
	va_list args;
	va_start(args, format);
	const char *bytes = arena_vprintf(info->cmd->arena, format, args);
	va_end(args);
	text_printf(&text, "  %-16s ", label);
	cmd_wrap(bytes, 19, 19, &text);
	text_bytes(info->out, text_cstr(&text), text.length);
}

static const char *count_of(const Info *info, double value) {
	return cmd_count(info->cmd->arena, llround(value));
}

/* "w [3], b real" */
static const char *slots_text(const Info *info, const FeSlot *slots, uint32_t count, const IrFunc *func) {
	Text text = text_new(info->cmd->arena);
	for (uint32_t i = 0; i < count && i < CMD_SHOWN_SLOTS; i++) {
		text_printf(&text, "%s%s %s", i ? ", " : "", name_of(info, slots[i].name),
		            cmd_dims(info->cmd->session, info->cmd->arena, slots[i].type, func));
		if (slots[i].limits.limited)
			text_printf(&text, " in (%g, %g)", slots[i].limits.low, slots[i].limits.high);
	}
	text_printf(&text, "%s", count > CMD_SHOWN_SLOTS ? ", ..." : count == 0 ? "none" : "");
	return text_cstr(&text);
}

static void slots_json(Info *info, const char *key, const FeSlot *slots, uint32_t count, const IrFunc *func) {
	text_printf(info->out, ", \"%s\": [", key);
	for (uint32_t i = 0; i < count; i++) {
		text_printf(info->out, "%s{\"name\": ", i ? ", " : "");
		cmd_json_text(info->out, name_of(info, slots[i].name));
		text_printf(info->out, ", \"shape\": [");
		for (uint8_t axis = 0; axis < slots[i].type.rank; axis++) {
			IrDim dim = slots[i].type.dims[axis];
			if (dim >= 0) {
				text_printf(info->out, "%s%lld", axis ? ", " : "", (long long)dim);
			} else {
				text_printf(info->out, "%s\"%s\"", axis ? ", " : "",
				            func ? name_of(info, func->symbols.data[-1 - dim]) : "n");
			}
		}
		text_printf(info->out, "]}");
	}
	text_char(info->out, ']');
}

static void number_json(Info *info, const char *key, double value) {
	text_printf(info->out, ", \"%s\": ", key);
	cmd_json_real(info->out, value);
}

static void head(Info *info, const char *kind, const AstDecl *decl) {
	if (info->json) {
		text_printf(info->out, "%s{\"kind\": \"%s\", \"name\": ", info->shown++ ? ",\n " : "", kind);
		cmd_json_text(info->out, name_of(info, decl->name.name));
	} else {
		text_printf(info->out, "%s%s %s\n", info->shown++ ? "\n" : "", kind, name_of(info, decl->name.name));
	}
}

/* ---- objectives ---- */

typedef struct ObjectiveCost {
	IrCost value, gradient;
	double arena;
} ObjectiveCost;

static bool objective_cost(Info *info, Task *task, ObjectiveCost *cost) {
	cost->value = ir_cost(task->value, NULL);
	cost->gradient = ir_cost(task->evaluate, NULL);
	RtCode *code = rt_compile(info->cmd->rt, task->module, task->evaluate);
	cost->arena = code ? (double)code->arena_bytes : 0;
	rt_code_free(code);
	return code != NULL;
}

static double fixed_bytes(const FeObjective *objective) {
	double bytes = 0;
	for (uint32_t i = 0; i < objective->setup->results.count; i++) {
		IrType type = ir_type(objective->setup, objective->setup->results.data[i].value);
		bytes += (double)ir_type_elements(type, NULL) * (double)ir_scalar_bytes(type.scalar);
	}
	return bytes;
}

/* An objective of which nothing is known but that a learner is to be searched for it. */
static bool info_unstarted(Info *info, const FeCall *call, const AstDecl *learner) {
	const char *name = session_text(info->cmd->session, learner->name.name);
	head(info, "objective", call->decl);
	if (info->json)
		text_printf(info->out, ", \"open\": true}");
	else
		line(info, "starts", "where `%s` says, a learner that is open: `train` searches for it", name);
	return true;
}

static bool info_objective(Info *info, const FeCall *call) {
	Cmd *cmd = info->cmd;
	const AstStmt *param;
	const AstDecl *learner = fe_open_start(cmd->program, call->decl, &param);
	if (learner)
		return info_unstarted(info, call, learner);
	Task *task = task_new(cmd->rt, call, NULL, (FeScore){FE_SCORE_MEAN, FE_SCORE_F}, NULL, 0);
	ObjectiveCost cost;
	if (!task || !objective_cost(info, task, &cost)) {
		task_free(task);
		return false;
	}
	const FeObjective *objective = task->objective;
	double flops_ratio = cost.gradient.flops / fmax(cost.value.flops, 1);
	double bytes_ratio = cost.gradient.bytes / fmax(cost.value.bytes, 1);
	head(info, "objective", call->decl);
	if (info->json) {
		number_json(info, "size", (double)objective->size);
		slots_json(info, "parameters", objective->params.data, objective->params.count, NULL);
		slots_json(info, "fixed", objective->fixed.data, objective->fixed.count, NULL);
		number_json(info, "fixed_bytes", fixed_bytes(objective));
		text_printf(info->out, ", \"random_start\": %s", objective->random_start ? "true" : "false");
		number_json(info, "value_flops", cost.value.flops);
		number_json(info, "value_bytes", cost.value.bytes);
		number_json(info, "gradient_flops", cost.gradient.flops);
		number_json(info, "gradient_bytes", cost.gradient.bytes);
		number_json(info, "flops_ratio", flops_ratio);
		number_json(info, "bytes_ratio", bytes_ratio);
		number_json(info, "arena_bytes", cost.arena);
		text_printf(info->out, "}");
	} else {
		line(info, "parameters", "%s: %s number%s",
		     slots_text(info, objective->params.data, objective->params.count, NULL),
		     cmd_count(cmd->arena, objective->size), objective->size == 1 ? "" : "s");
		for (uint32_t i = 0; i < objective->data.count; i++) {
			const FeData *data = &objective->data.data[i];
			double bytes = (double)ir_type_elements(data->type, NULL) * (double)ir_element_bytes(data->type);
			line(info, i ? "" : "files", "%s %s%s%s: %s, for all problems", name_of(info, data->name),
			     cmd_dims(cmd->session, cmd->arena, data->type, NULL), data->type.storage ? " as " : "",
			     data->type.storage ? ir_storage_name(data->type.storage) : "", text_of_bytes(cmd->arena, bytes));
		}
		line(info, "data, fixed", "%s: %s", slots_text(info, objective->fixed.data, objective->fixed.count, NULL),
		     text_of_bytes(cmd->arena, fixed_bytes(objective)));
		line(info, "start", "%s", objective->random_start ? "drawn for every problem" : "the same for every problem");
		line(info, "value", "%s FLOPs, %s moved", count_of(info, cost.value.flops),
		     text_of_bytes(cmd->arena, cost.value.bytes));
		line(info, "value, gradient", "%s FLOPs (%.2f times), %s moved (%.2f times)",
		     count_of(info, cost.gradient.flops), flops_ratio, text_of_bytes(cmd->arena, cost.gradient.bytes),
		     bytes_ratio);
		line(info, "scratch memory", "%s", text_of_bytes(cmd->arena, cost.arena));
		for (uint32_t i = 0; i < objective->reports.count; i++)
			line(info, i ? "" : "reports", "%s", name_of(info, objective->reports.data[i]));
	}
	task_free(task);
	return true;
}

/* ---- rules ---- */

/* For any size; or, if the rule is tied to a size, for one. */
static FeRule *any_rule(Info *info, IrModule *module, const FeCall *call, bool *tied) {
	Session *session = info->cmd->session;
	DiagMark mark = diag_mark(session);
	FeTarget target = {.count = 0};
	FeRule *rule = fe_rule(info->cmd->program, module, call, &target, info->cmd->rt->options.real, NULL, 0);
	*tied = rule == NULL;
	if (rule)
		return rule;
	diag_take_back(session, mark);
	static const int64_t size = CMD_TIED_SIZE;
	static const IrType matrix = {.rank = 2, .dims = {8, 8}}; /* of so many numbers */
	FeTarget one = {.sizes = &size, .count = 1, .types = &matrix, .type_count = 1};
	return fe_rule(info->cmd->program, module, call, &one, info->cmd->rt->options.real, NULL, 0);
}

static double step_flops(Info *info, const FeRule *rule, int64_t n) {
	const IrPipeline pipeline = cmd_pipeline(info->cmd);
	IrFunc *step = ir_optimize(rule->module, rule->step, &pipeline);
	int64_t *symbols = ARENA_ARRAY(info->cmd->arena, int64_t, step->symbols.count + 1);
	for (uint32_t i = 0; i < step->symbols.count; i++)
		symbols[i] = n;
	return ir_cost(step, symbols).flops;
}

/* Bytes of state: per coordinate, and besides. */
static void state_bytes(const FeRule *rule, double *each, double *besides) {
	int64_t one[IR_USER_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
	*each = *besides = 0;
	for (uint32_t i = 0; i < rule->states.count; i++) {
		IrType type = rule->states.data[i].type;
		if (rule->state_each.data[i] && type.rank > 0 && type.dims[0] >= 0)
			type.dims[0] = 1;
		double bytes = (double)ir_type_elements(type, one) * (double)ir_scalar_bytes(type.scalar);
		*(rule->state_each.data[i] ? each : besides) += bytes;
	}
}

static void hypers_text(Info *info, const FeRule *rule) {
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		Text text = text_new(info->cmd->arena);
		text_printf(&text, "%s = ", name_of(info, hyper->name));
		text_real(&text, hyper->value, rule->real == IR_F32);
		if (hyper->has_range) {
			text_printf(&text, " in (");
			text_real(&text, hyper->low, rule->real == IR_F32);
			text_printf(&text, ", ");
			text_real(&text, hyper->high, rule->real == IR_F32);
			text_printf(&text, ")");
		}
		line(info, i ? "" : "hyperparameters", "%s", text_cstr(&text));
	}
	if (rule->hypers.count == 0)
		line(info, "hyperparameters", "none");
}

static void hypers_json(Info *info, const FeRule *rule) {
	text_printf(info->out, ", \"hyperparameters\": [");
	for (uint32_t i = 0; i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		text_printf(info->out, "%s{\"name\": ", i ? ", " : "");
		cmd_json_text(info->out, name_of(info, hyper->name));
		number_json(info, "value", hyper->value);
		if (hyper->has_range) {
			number_json(info, "low", hyper->low);
			number_json(info, "high", hyper->high);
		}
		text_char(info->out, '}');
	}
	text_char(info->out, ']');
}

static FeSlot *learned_slots(Info *info, const FeRule *rule) {
	FeSlot *slots = ARENA_ARRAY(info->cmd->arena, FeSlot, rule->learned.count + 1);
	for (uint32_t i = 0; i < rule->learned.count; i++)
		slots[i] = rule->learned.data[i].slot;
	return slots;
}

/* What has an open expression is no rule yet. */
static bool info_open(Info *info, const AstDecl *decl) {
	const AstExpr *open[HOLE_MOST];
	uint32_t count = fe_open_expressions(decl, open, HOLE_MOST);
	const char *holes[HOLE_MOST];
	for (uint32_t i = 0; i < count && i < HOLE_MOST; i++)
		holes[i] = source_excerpt(info->cmd->session, info->cmd->arena, open[i]->span);
	head(info, decl->joint ? "joint optimizer" : "optimizer", decl);
	if (info->json) {
		text_printf(info->out, ", \"open_expression\": ");
		cmd_json_text(info->out, holes[0]);
		for (uint32_t i = 1; i < count && i < HOLE_MOST; i++) {
			text_printf(info->out, "%s", i == 1 ? ", \"more_open_expressions\": [" : ", ");
			cmd_json_text(info->out, holes[i]);
		}
		text_printf(info->out, count > 1 ? "]}" : "}");
		return true;
	}
	for (uint32_t i = 0; i < count && i < HOLE_MOST; i++)
		line(info, i == 0 ? "open expression" : "", "%s", holes[i]);
	line(info, "", "`gradus show space` tells what it may be, `gradus train` searches for it");
	return true;
}

/* How many evaluations a step makes at most; *hands_on: the next step may be given one of them. */
static int64_t evaluations(IrModule *module, const FeRule *rule, bool *hands_on) {
	IrFunc *step = ir_pass_simplify(module, rule->step);
	*hands_on = rule->evaluates && ir_hand_on(module, step, rule->reads_g) != step;
	return ir_evaluations(step).most;
}

static void line_of_evaluations(Info *info, int64_t most, bool hands_on) {
	if (most == 0) {
		line(info, "evaluates", "at no other place, by these hyperparameters");
		return;
	}
	line(info, "evaluates", "at up to %s other place%s a step%s", cmd_count(info->cmd->arena, most),
	     most == 1 ? "" : "s",
	     hands_on ? "; where it ends at one of them, the next step does not evaluate there again" : "");
}

static bool info_rule(Info *info, const FeCall *call) {
	Cmd *cmd = info->cmd;
	if (fe_open_expression(call->decl))
		return info_open(info, call->decl);
	IrModule *module = ir_module_new(cmd->session);
	bool tied;
	FeRule *rule = any_rule(info, module, call, &tied);
	if (!rule) {
		ir_module_free(module);
		return false;
	}
	double each, besides;
	bool hands_on;
	int64_t elsewhere = evaluations(module, rule, &hands_on);
	state_bytes(rule, &each, &besides);
	double flops = tied ? step_flops(info, rule, 0) / (double)CMD_TIED_SIZE
	                    : (step_flops(info, rule, 2 * CMD_FLOPS_SIZE) - step_flops(info, rule, CMD_FLOPS_SIZE)) /
	                          (double)CMD_FLOPS_SIZE;
	head(info, call->decl->joint ? "joint optimizer" : "optimizer", call->decl);
	if (info->json) {
		hypers_json(info, rule);
		slots_json(info, "learned", learned_slots(info, rule), rule->learned.count, rule->theta);
		number_json(info, "learned_numbers", (double)rule->learned_count);
		slots_json(info, "states", rule->states.data, rule->states.count, rule->step);
		number_json(info, "state_bytes_per_coordinate", each);
		number_json(info, "state_bytes_besides", besides);
		number_json(info, "flops_per_coordinate_and_step", flops);
		text_printf(info->out,
		            ", \"reads_f\": %s, \"reads_g\": %s, \"elementwise\": %s, \"any_size\": %s, "
		            "\"draws\": %s, \"evaluations_elsewhere\": %lld, \"hands_on\": %s}",
		            rule->reads_f ? "true" : "false", rule->reads_g ? "true" : "false",
		            rule->elementwise ? "true" : "false", tied ? "false" : "true", rule->draws ? "true" : "false",
		            (long long)elsewhere, hands_on ? "true" : "false");
	} else {
		hypers_text(info, rule);
		line(info, "learned", "%s: %s number%s",
		     slots_text(info, learned_slots(info, rule), rule->learned.count, rule->theta),
		     cmd_count(cmd->arena, rule->learned_count), rule->learned_count == 1 ? "" : "s");
		line(info, "state", "%s: %s per coordinate, %s besides",
		     slots_text(info, rule->states.data, rule->states.count, rule->step), text_of_bytes(cmd->arena, each),
		     text_of_bytes(cmd->arena, besides));
		line(info, "step", "%.4g FLOPs per coordinate%s", flops,
		     tied ? arena_printf(cmd->arena,
		                         rule->by_shape ? " (looks at the axes of x; for %d in a square)"
		                                        : " (tied to the size of x; for %d)",
		                         CMD_TIED_SIZE)
		          : "");
		line(info, "reads", "%s%s%s", rule->reads_f ? "f" : "", rule->reads_f && rule->reads_g ? ", " : "",
		     rule->reads_g   ? "g"
		     : rule->reads_f ? ""
		                     : "neither f nor g");
		if (rule->evaluates)
			line_of_evaluations(info, elsewhere, hands_on);
		if (rule->draws)
			line(info, "draws", "random numbers at every step");
		line(info, "coordinates", "%s", rule->elementwise ? "each by itself" : "see one another");
	}
	ir_module_free(module);
	return true;
}

/* ---- experiments ---- */

static bool plan_memory(Info *info, const FeExperiment *experiment, double *bytes, int64_t *learned) {
	Cmd *cmd = info->cmd;
	uint32_t count = experiment->on.count;
	Task **tasks = ARENA_ARRAY(cmd->arena, Task *, count + 1);
	int *problems = ARENA_ARRAY(cmd->arena, int, count + 1);
	bool ok = true;
	for (uint32_t k = 0; k < count && ok; k++) {
		problems[k] = experiment->train_problems;
		tasks[k] = task_new(cmd->rt, &experiment->on.data[k], &experiment->train, experiment->score,
		                    experiment->open.data, experiment->open.count);
		ok = tasks[k] != NULL;
	}
	MetaEstimate how = meta_estimate_of(experiment);
	MetaEstimator *estimator =
		ok ? meta_estimator_new(cmd->rt, tasks, (int)count, problems, &how, experiment->seed) : NULL;
	if (estimator) {
		*bytes = meta_estimator_bytes(estimator);
		*learned = learned_count(tasks[0]->rule);
		meta_estimator_free(estimator);
	}
	for (uint32_t k = 0; k < count; k++)
		task_free(tasks[k]);
	return estimator != NULL;
}

static bool info_experiment(Info *info, const AstDecl *decl) {
	Cmd *cmd = info->cmd;
	FeExperiment experiment = {0};
	double bytes = 0;
	int64_t learned = 0;
	if (!fe_experiment_any(cmd->program, decl, &experiment))
		return false;
	bool open = fe_open_expression(experiment.train.decl) != NULL;
	bool searches = open || experiment.learner || fe_has_choices(cmd->program, &experiment.train);
	if (!searches && !plan_memory(info, &experiment, &bytes, &learned))
		return false;
	const char *rule = cmd_call_text(cmd, &experiment.train), *update = cmd_call_text(cmd, &experiment.update);
	Text on = text_new(cmd->arena);
	for (uint32_t k = 0; k < experiment.on.count; k++)
		text_printf(&on, "%s%s", k ? ", " : "", cmd_call_text(cmd, &experiment.on.data[k]));
	head(info, "experiment", decl);
	if (info->json) {
		text_printf(info->out, ", \"%s\": ", searches ? "search" : "train");
		cmd_json_text(info->out, rule);
		text_printf(info->out, ", \"on\": ");
		cmd_json_text(info->out, text_cstr(&on));
		number_json(info, "train_problems", experiment.train_problems);
		number_json(info, "select_problems", experiment.select_problems);
		number_json(info, "test_problems", experiment.test_problems);
		if (!experiment.learner) { /* which makes no steps */
			number_json(info, "horizon_low", experiment.horizon_low);
			number_json(info, "horizon_high", experiment.horizon_high);
			number_json(info, "select_horizon", experiment.select_horizon);
		}
		if (!searches) {
			text_printf(info->out, ", \"estimate\": \"%s\", \"update\": ", fe_estimator_name(experiment.estimator));
			cmd_json_text(info->out, update);
			number_json(info, "window", experiment.window);
			number_json(info, "outer_steps", experiment.outer_steps);
			number_json(info, "seeds", experiment.seeds);
			number_json(info, "learned_numbers", (double)learned);
			number_json(info, "memory_bytes", bytes);
		}
		text_char(info->out, '}');
		return true;
	}
	if (searches)
		line(info, "searches",
		     open                 ? "%s, for its open expression"
		     : experiment.learner ? "%s, a learner, for its program"
		                          : "%s, among its choices",
		     rule);
	else
		line(info, "trains", "%s, %s learned number%s", rule, cmd_count(cmd->arena, learned), learned == 1 ? "" : "s");
	line(info, "on", "%s", text_cstr(&on));
	line(info, "problems", "%d train, %d select, %d test", experiment.train_problems, experiment.select_problems,
	     experiment.test_problems);
	if (experiment.learner)
		return true;
	line(info, "horizon", experiment.horizon_low == experiment.horizon_high ? "%d steps" : "%d to %d steps",
	     experiment.horizon_low, experiment.horizon_high);
	if (experiment.select_horizon != experiment.horizon_high)
		line(info, "select horizon", "%d steps", experiment.select_horizon);
	if (searches)
		return true;
	line(info, "estimate", experiment.window ? "%s, windows of %d" : "%s", fe_estimator_name(experiment.estimator),
	     experiment.window);
	line(info, "update", "%s for %d steps", update, experiment.outer_steps);
	if (experiment.seeds > 1)
		line(info, "seeds", "%d trainings", experiment.seeds);
	line(info, "memory planned", "%s with %d threads", text_of_bytes(cmd->arena, bytes),
	     rt_pool_threads(cmd->rt->pool));
	return true;
}

static bool info_decl(Info *info, const AstDecl *decl) {
	FeCall call = {.decl = decl, .span = decl->name.span};
	switch (decl->kind) {
	case AST_OBJECTIVE: return info_objective(info, &call);
	case AST_OPTIMIZER: return info_rule(info, &call);
	case AST_EXPERIMENT: return info_experiment(info, decl);
	default: return true;
	}
}

/* A name of the file or of the library, perhaps with arguments. */
static CmdExit info_word(Info *info, const char *word) {
	Cmd *cmd = info->cmd;
	size_t length = strcspn(word, "(");
	const AstDecl *decl = fe_find(cmd->program, name_intern(cmd->session->names, word, length));
	FeCall call = {0};
	bool ok = true;
	if (decl && decl->kind == AST_EXPERIMENT) {
		ok = info_experiment(info, decl);
	} else if (cmd_is_run(cmd, word) || (decl && decl->kind == AST_OPTIMIZER)) {
		CmdExit code = cmd_rule(cmd, word, &call, NULL);
		if (code != CMD_OK)
			return code;
		ok = info_rule(info, &call);
	} else {
		CmdExit code = cmd_objective(cmd, word, &call);
		if (code != CMD_OK)
			return code;
		ok = info_objective(info, &call);
	}
	return ok ? CMD_OK : cmd_failed(cmd);
}

CmdExit cmd_info(Cmd *cmd) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	if (cmd->words.count == 0 && fe_decl_count(cmd->program) == 0)
		return cmd_usage(cmd, "on what? Name a file, or something of the library such as adam");
	cmd_runtime(cmd, IR_F32);
	Text out = text_new(cmd->arena);
	Info info = {.cmd = cmd, .out = &out, .json = cmd->options.json};
	text_printf(&out, "%s", info.json ? "[" : "");
	bool ok = true;
	for (uint32_t i = 0; cmd->words.count == 0 && i < fe_decl_count(cmd->program); i++)
		ok = info_decl(&info, fe_decl(cmd->program, i)) && ok;
	for (uint32_t i = 0; i < cmd->words.count && code == CMD_OK; i++)
		code = info_word(&info, cmd->words.data[i]);
	text_printf(&out, "%s", info.json ? "]\n" : "");
	CmdExit printed = cmd_print(cmd, &out);
	code = code == CMD_OK && !ok ? cmd_failed(cmd) : code;
	return code == CMD_OK ? printed : code;
}
