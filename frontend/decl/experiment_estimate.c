/* The `estimate` clause of an experiment: a row of estimators.def with its options. */
#include <math.h>
#include <string.h>

#include "frontend/decl/decl.h"

typedef struct Reading {
	FeProgram *program;
	Session *session;
	bool ok;
} Reading;

/* What was given for an option. */
typedef struct Option {
	double value;
	Span given; /* where, if it was */
} Option;

static uint32_t option_count(size_t which) {
	uint32_t count = 0;
	while (fe_estimators[which].options[count] != FE_OPTIONS)
		count++;
	return count;
}

static void read_option(Reading *r, const AstArg *arg, const FeOptionInfo *info, Option *option) {
	Span place = arg->name.name ? arg->name.span : arg->value->span;
	if (option->given.file) {
		Diag *diag = diag_error(r->session, 218, place, "`%s` is given twice", info->name);
		diag_label(r->session, diag, option->given, "first here");
		r->ok = false;
		return;
	}
	option->given = place;
	double v;
	if (arg->value->kind == AST_BAD || !experiment_number(r->program, arg->value, &v)) {
		r->ok = false;
		return;
	}
	const char *whole = info->whole ? "whole " : "";
	if (!(v > 0) || isinf(v) || (info->whole && v != floor(v)))
		diag_error(r->session, 305, arg->value->span, "`%s` is a positive %snumber, not %s", info->name, whole,
		           text_of_number(r->session->arena, v));
	else if (v < info->least || v > info->most)
		diag_error(r->session, 305, arg->value->span, "`%s` is a %snumber from %s to %s, not %s", info->name, whole,
		           text_of_number(r->session->arena, info->least), text_of_number(r->session->arena, info->most),
		           text_of_number(r->session->arena, v));
	else if (info == &fe_options[FE_OPTION_POPULATION] && fmod(v, 2) != 0)
		diag_error(r->session, 305, arg->value->span, "`%s` is an even number, not %s", info->name,
		           text_of_number(r->session->arena, v));
	else {
		option->value = v;
		return;
	}
	r->ok = false;
}

/* Reads the arguments of estimator `which` into its options. */
static void options(Reading *r, const AstExpr *call, size_t which, Option *values) {
	uint32_t count = option_count(which);
	for (uint32_t i = 0; call->kind == AST_CALL && i < call->call.args.count; i++) {
		const AstArg *arg = &call->call.args.data[i];
		Name names[FE_OPTIONS];
		uint32_t at = count;
		for (uint32_t k = 0; k < count; k++) {
			names[k] = session_name(r->session, fe_options[fe_estimators[which].options[k]].name);
			if (arg->name.name ? names[k] == arg->name.name : k == i)
				at = k;
		}
		if (at < count) {
			int option = fe_estimators[which].options[at];
			read_option(r, arg, &fe_options[option], &values[option]);
			continue;
		}
		Diag *diag = diag_error(r->session, 305, arg->name.name ? arg->name.span : arg->value->span,
		                        "`%s` has no such option", fe_estimators[which].name);
		Name nearest = arg->name.name ? name_nearest(r->session->names, arg->name.name, names, count) : 0;
		Text all = text_new(r->session->arena);
		for (uint32_t k = 0; k < count; k++)
			text_printf(&all, "%s`%s`", k ? ", " : "", session_text(r->session, names[k]));
		if (nearest && count == 1)
			diag_help(r->session, diag, "did you mean `%s`?", session_text(r->session, nearest));
		else if (nearest)
			diag_help(r->session, diag, "did you mean `%s`? Its options are %s", session_text(r->session, nearest),
			          text_cstr(&all));
		else
			diag_help(r->session, diag, "its options are %s", text_cstr(&all));
		r->ok = false;
	}
}

/* "backprop, es and pes" */
static const char *estimator_list(Reading *r) {
	Text text = text_new(r->session->arena);
	for (int i = 0; i < FE_ESTIMATORS; i++)
		text_printf(&text, "%s%s", i == 0 ? "" : i + 1 < FE_ESTIMATORS ? ", " : " and ", fe_estimators[i].name);
	return text_cstr(&text);
}

static void no_estimator(Reading *r, const AstExpr *e, Name name) {
	Name candidates[FE_ESTIMATORS];
	for (size_t i = 0; i < FE_ESTIMATORS; i++)
		candidates[i] = session_name(r->session, fe_estimators[i].name);
	r->ok = false;
	Diag *diag = diag_error(r->session, 305, e->span, "this is not a way to estimate gradients");
	Name nearest = name ? name_nearest(r->session->names, name, candidates, FE_ESTIMATORS) : 0;
	if (nearest)
		diag_help(r->session, diag, "did you mean `%s`?", session_text(r->session, nearest));
	else
		diag_help(r->session, diag, "there are %s", estimator_list(r));
}

/* A least f is no sum over steps, so what works by windows of particles or by the costs of steps cannot score it. */
static void check_minimum(Reading *r, const AstExpr *e, size_t which, const FeExperiment *out) {
	FeMinimum can = fe_estimators[which].minimum;
	if (!fe_score_folds[out->score.fold].least || can == FE_WINDOWS_TOO || (can == FE_WHOLE_RUNS && out->window == 0))
		return;
	Diag *diag = diag_error(r->session, 806, e->span, "a least f cannot be estimated %s",
	                        can == FE_WHOLE_RUNS ? "from windows of particles"
	                                             : "by controllers, which follow the costs of single steps");
	diag_help(r->session, diag, "score mean(f) or final(f), or estimate es() or backprop(%s)",
	          can == FE_WHOLE_RUNS ? arena_printf(r->session->arena, "window = %d", out->window) : "");
	r->ok = false;
}

bool experiment_estimate(FeProgram *program, const AstExperiment *x, FeExperiment *out) {
	Reading reading = {program, program->session, true}, *r = &reading;
	const AstExpr *e = x->estimate.span.file && x->estimate.items.count ? x->estimate.items.data[0] : NULL;
	Name name = !e ? 0 : e->kind == AST_CALL ? e->call.callee.name : e->kind == AST_NAME ? e->name : 0;
	size_t which = 0;
	while (name && which < FE_ESTIMATORS && strcmp(fe_estimators[which].name, session_text(r->session, name)) != 0)
		which++;
	Option values[FE_OPTIONS];
	for (int i = 0; i < FE_OPTIONS; i++)
		values[i] = (Option){.value = fe_options[i].otherwise};
	if (e && e->kind != AST_BAD && (!name || which == FE_ESTIMATORS))
		no_estimator(r, e, name);
	else if (e && e->kind != AST_BAD)
		options(r, e, which, values);
	which = which < FE_ESTIMATORS ? which : 0;
	out->estimator = (FeEstimator)which;
	out->sigma = values[FE_OPTION_SIGMA].value;
	out->particles = (int)values[FE_OPTION_PARTICLES].value;
	out->window =
		values[FE_OPTION_WINDOW].value > 0 ? (int)values[FE_OPTION_WINDOW].value : fe_estimators[which].window;
	if (out->window >= out->horizon_high)
		out->window = 0;
	for (int i = 0; i < FE_OPTIONS; i++)
		out->options[i] = values[i].value;
	check_minimum(r, e, which, out);
	return r->ok;
}
