/* gradus eval: value and gradient of one problem at a point. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

/* Numbers separated by a comma, by blanks, or by both. */
static CmdExit read_point(Cmd *cmd, const char *text, double **values, int64_t *count) {
	static const char blanks[] = " \t\n";
	VEC(double) point = {0};
	for (const char *at = text + strspn(text, blanks);;) {
		char *end;
		double value = strtod(at, &end);
		if (end == at || !strchr(", \t\n", *end)) {
			return cmd_usage(cmd, "--at takes numbers separated by commas; `%.*s` is none", (int)strcspn(at, ", \t\n"),
			                 at);
		}
		vec_push(cmd->arena, &point, value);
		at = end + strspn(end, blanks);
		if (*at == '\0')
			break;
		at += *at == ',';
		at += strspn(at, blanks);
	}
	*values = point.data;
	*count = point.count;
	return CMD_OK;
}

/* Parameters in declaration order, so that the numbers can be told apart. */
static void put_params(Cmd *cmd, const FeObjective *objective, const RunEval *eval, Text *out) {
	CmdTable table = {.arena = cmd->arena, .columns = 3};
	cmd_cell(&table, "parameter");
	cmd_cell(&table, "x");
	cmd_cell(&table, "gradient");
	int64_t row = 0;
	for (uint32_t i = 0; i < objective->params.count; i++) {
		const FeSlot *slot = &objective->params.data[i];
		for (int64_t e = 0; e < slot->count && row < CMD_SHOWN_POINT; e++, row++) {
			Text name = text_new(cmd->arena);
			text_printf(&name, "%s", session_text(cmd->session, slot->name));
			int64_t rest = e, stride = slot->count;
			for (uint8_t axis = 0; axis < slot->type.rank; axis++) {
				stride /= slot->type.dims[axis] ? slot->type.dims[axis] : 1;
				text_printf(&name, "%s%lld%s", axis ? ", " : "[", (long long)(rest / stride),
				            axis + 1 == slot->type.rank ? "]" : "");
				rest %= stride;
			}
			cmd_cell(&table, "%s", text_cstr(&name));
			cmd_cell(&table, "%s", cmd_real(cmd->arena, eval->x[slot->offset + e], objective->real));
			cmd_cell(&table, "%s", cmd_real(cmd->arena, eval->gradient[slot->offset + e], objective->real));
		}
	}
	cmd_table(&table, "  ", out);
	if (eval->size > CMD_SHOWN_POINT)
		text_printf(out, "  ... %s more; --json has them all\n", cmd_count(cmd->arena, eval->size - CMD_SHOWN_POINT));
}

static void put_json(const char *call, int64_t instance, const RunEval *eval, Text *out) {
	text_printf(out, "{\"objective\": ");
	cmd_json_text(out, call);
	text_printf(out, ", \"instance\": %lld, \"x\": ", (long long)instance);
	cmd_json_reals(out, eval->x, eval->size);
	text_printf(out, ", \"value\": ");
	cmd_json_real(out, eval->value);
	if (eval->validates) {
		text_printf(out, ", \"validate\": ");
		cmd_json_real(out, eval->valid);
	}
	text_printf(out, ", \"gradient\": ");
	cmd_json_reals(out, eval->gradient, eval->size);
	text_printf(out, ", \"reports\": {");
	for (uint32_t i = 0; i < eval->report_count; i++) {
		text_printf(out, "%s", i ? ", " : "");
		cmd_json_text(out, eval->report_names[i]);
		text_printf(out, ": ");
		cmd_json_real(out, eval->reports[i]);
	}
	text_printf(out, "}}\n");
}

static void put_text(Cmd *cmd, const char *call, const FeObjective *objective, const RunEval *eval, Text *out) {
	text_printf(out, "%s = %s\n", call, cmd_real(cmd->arena, eval->value, objective->real));
	put_params(cmd, objective, eval, out);
	if (eval->validates)
		text_printf(out, "validate = %s\n", cmd_real(cmd->arena, eval->valid, objective->real));
	for (uint32_t i = 0; i < eval->report_count; i++)
		text_printf(out, "%s = %s\n", eval->report_names[i], cmd_real(cmd->arena, eval->reports[i], objective->real));
}

static bool is_finite(const RunEval *eval) {
	bool finite = isfinite(eval->value) && (!eval->validates || isfinite(eval->valid));
	for (int64_t i = 0; i < eval->size; i++)
		finite = finite && isfinite(eval->gradient[i]);
	return finite;
}

/* Where to evaluate: *point is NULL without --at. */
static CmdExit eval_made(Cmd *cmd, const FeCall *call, const FeObjective *made, const double *point, int64_t count) {
	if (cmd->options.at && count != made->size) {
		return cmd_usage(cmd, "--at has %s numbers; the parameters of %s are %s", cmd_count(cmd->arena, count),
		                 session_text(cmd->session, call->decl->name.name), cmd_count(cmd->arena, made->size));
	}
	RunEval eval;
	int64_t instance = cmd->options.instance < 0 ? 0 : cmd->options.instance;
	if (!run_eval(cmd->rt, call, instance, cmd->options.at ? point : NULL, &eval))
		return cmd_failed(cmd);
	Text out = text_new(cmd->arena);
	const char *text = cmd_call_text(cmd, call);
	if (cmd->options.json)
		put_json(text, instance, &eval, &out);
	else
		put_text(cmd, text, made, &eval, &out);
	CmdExit code = cmd_print(cmd, &out);
	return code == CMD_OK && !is_finite(&eval) ? CMD_DIVERGED : code;
}

CmdExit cmd_eval(Cmd *cmd) {
	FeCall objective = {0};
	double *point = NULL;
	int64_t count = 0;
	CmdExit code = cmd_one_objective(cmd, &objective);
	if (code == CMD_OK && cmd->options.at)
		code = read_point(cmd, cmd->options.at, &point, &count);
	if (code != CMD_OK)
		return code;
	cmd_runtime(cmd, IR_F64);
	IrModule *module = ir_module_new(cmd->session);
	FeObjective *made = fe_objective(cmd->program, module, &objective, cmd->rt->options.real);
	code = made ? eval_made(cmd, &objective, made, point, count) : cmd_failed(cmd);
	ir_module_free(module);
	return code;
}
