/* Experiments: their clauses, checked. */
#include "frontend/decl/decl.h"
#include "frontend/limits.h"

#include <math.h>
#include <string.h>

typedef struct Reading {
	FeProgram *program;
	Session *session;
	bool ok;
} Reading;

bool experiment_number(FeProgram *program, const AstExpr *expr, double *out) {
	IrModule *module = ir_module_new(program->session);
	Elab e = elab_new(program, module, IR_F64, typing_new(module->arena));
	IrBuilder builder = ir_builder(ir_func_new(module, "number"));
	e.builder = &builder;
	resolve_expr(program, expr);
	bool ok = elab_number(&e, expr, "this", out);
	ir_module_free(module);
	return ok;
}

static void wrong(Reading *r, int code, Span span, const char *text) {
	diag_error(r->session, code, span, "%s", text);
	r->ok = false;
}

static bool number(Reading *r, const AstExpr *x, double *out) {
	if (x->kind == AST_BAD || !experiment_number(r->program, x, out)) {
		r->ok = false;
		return false;
	}
	return true;
}

static const char *text_of(Reading *r, double value) {
	return text_of_number(r->session->arena, value);
}

static int count(Reading *r, const AstExpr *x, int code, const char *what, int least) {
	double v;
	if (!x || !number(r, x, &v))
		return least;
	if (v >= least && v <= (double)FE_MOST_COUNT && v == floor(v))
		return (int)v;
	if (v > (double)FE_MOST_COUNT)
		diag_error(r->session, code, x->span, "%s is at most %d, not %s", what, FE_MOST_COUNT, text_of(r, v));
	else
		diag_error(r->session, code, x->span, "%s is a whole number of at least %d, not %s", what, least,
		           text_of(r, v));
	r->ok = false;
	return least;
}

/* ---- scores ---- */

static bool is_word(Reading *r, const AstExpr *x, const char *word) {
	return x->kind == AST_NAME && strcmp(session_text(r->session, x->name), word) == 0;
}

static bool is_map(Reading *r, const AstExpr *x, const FeScoreMapInfo *map) {
	if (map->logarithm)
		return x->kind == AST_CALL &&
		       builtin_find(session_text(r->session, x->call.callee.name)) == &builtins[BUILTIN_log] &&
		       x->call.args.count == 1 && is_word(r, x->call.args.data[0].value, "f");
	if (map->relative)
		return x->kind == AST_BINARY && x->binary.op == AST_DIV && is_word(r, x->binary.left, "f") &&
		       is_word(r, x->binary.right, "f0");
	return is_word(r, x, "f");
}

/* "mean, sum, final or min" */
static void put_choice(Text *out, const char *text, int i, int count, const char *quote) {
	text_printf(out, "%s%s%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", quote, text, quote);
}

static void no_score(Reading *r, const AstExpr *e) {
	Diag *diag = diag_error(r->session, 304, e->span, "this is not a score");
	Text text = text_new(r->session->arena);
	for (int i = 0; i < FE_SCORE_FOLDS; i++)
		put_choice(&text, fe_score_folds[i].name, i, FE_SCORE_FOLDS, "");
	text_printf(&text, " of ");
	for (int i = 0; i < FE_SCORE_MAPS; i++)
		put_choice(&text, fe_score_maps[i].text, i, FE_SCORE_MAPS, "`");
	diag_help(r->session, diag, "a score is %s", text_cstr(&text));
	r->ok = false;
}

static void score(Reading *r, const AstExperiment *x, FeExperiment *out) {
	if (x->score.span.file == 0 || x->score.items.count == 0 || x->score.items.data[0]->kind == AST_BAD)
		return;
	const AstExpr *e = x->score.items.data[0];
	bool called = e->kind == AST_CALL && e->call.args.count == 1;
	const char *name = called ? session_text(r->session, e->call.callee.name) : "";
	int fold = 0, map = 0;
	while (fold < FE_SCORE_FOLDS && strcmp(name, fe_score_folds[fold].name) != 0)
		fold++;
	while (called && map < FE_SCORE_MAPS && !is_map(r, e->call.args.data[0].value, &fe_score_maps[map]))
		map++;
	if (fold < FE_SCORE_FOLDS)
		out->score.fold = (FeScoreFold)fold;
	if (fold == FE_SCORE_FOLDS || map == FE_SCORE_MAPS)
		no_score(r, e);
	else
		out->score.map = (FeScoreMap)map;
}

/* ---- the other clauses ---- */

static void calls(Reading *r, const AstClause *clause, AstDeclKind kind, FeCall **data, uint32_t *used,
                  uint32_t *capacity) {
	for (uint32_t i = 0; i < clause->items.count; i++) {
		FeCall call;
		if (!fe_call(r->program, clause->items.data[i], kind, &call)) {
			r->ok = false;
			continue;
		}
		*data = vec_room(r->session->arena, *data, *used, capacity, sizeof **data);
		(*data)[(*used)++] = call;
	}
}

static bool has_param(const AstDecl *decl, Name name) {
	for (uint32_t i = 0; i < decl->params.count; i++)
		if (decl->params.data[i].name.name == name)
			return true;
	return false;
}

/* `learn base.lr`, of a rule that is a parameter of the one that is trained. */
static bool opened_within(Reading *r, const AstOpen *open, FeExperiment *out) {
	if (open->rule.name == out->train.decl->name.name || open->limits.span.file ||
	    !has_param(out->train.decl, open->rule.name))
		return false;
	Session *session = r->session;
	Name name = session_name(session, arena_printf(session->arena, "%s.%s", session_text(session, open->rule.name),
	                                               session_text(session, open->param.name)));
	bool twice = false;
	for (uint32_t k = 0; k < out->open.count; k++)
		twice = twice || out->open.data[k] == name;
	if (twice) {
		diag_error(session, 309, open->param.span, "`%s` is learned twice", session_text(session, name));
		r->ok = false;
	} else
		vec_push(session->arena, &out->open, name);
	return true;
}

static void opened(Reading *r, const AstExperiment *x, FeExperiment *out) {
	for (uint32_t i = 0; i < x->learn.count; i++) {
		const AstOpen *open = &x->learn.data[i];
		if (!out->train.decl)
			return;
		if (opened_within(r, open, out))
			continue;
		if (open->rule.name != out->train.decl->name.name) {
			diag_error(r->session, 309, open->rule.span, "what is trained is `%s`, not `%s`",
			           session_text(r->session, out->train.decl->name.name), session_text(r->session, open->rule.name));
			r->ok = false;
			continue;
		}
		if (!has_param(out->train.decl, open->param.name)) {
			diag_error(r->session, 309, open->param.span, "`%s` has no hyperparameter `%s`",
			           session_text(r->session, open->rule.name), session_text(r->session, open->param.name));
			r->ok = false;
			continue;
		}
		if (open->limits.span.file) {
			Diag *diag = diag_error(r->session, 398, open->limits.span,
			                        "limits here are part of the language, but not of this version");
			diag_help(r->session, diag, "the limits that the rule states for `%s` hold",
			          session_text(r->session, open->param.name));
			r->ok = false;
			continue;
		}
		bool twice = false;
		for (uint32_t k = 0; k < out->open.count; k++)
			twice = twice || out->open.data[k] == open->param.name;
		if (twice) {
			diag_error(r->session, 309, open->param.span, "`%s` is learned twice",
			           session_text(r->session, open->param.name));
			r->ok = false;
			continue;
		}
		vec_push(r->session->arena, &out->open, open->param.name);
	}
}

/* learns: what is trained is a learner, which makes no steps. */
static void missing_clauses(Reading *r, const AstDecl *decl, bool learns) {
	const AstExperiment *x = decl->experiment;
	const struct {
		Span span;
		const char *name;
	} clauses[] = {{x->train.span, "train"}, {x->on.span, "on"}, {x->horizon.span, "horizon"}};
	size_t count = sizeof clauses / sizeof *clauses - (learns ? 1 : 0);
	Text names = text_new(r->session->arena);
	for (size_t i = 0; i < count; i++)
		if (clauses[i].span.file == 0)
			text_printf(&names, "%s`%s`", names.length ? ", " : "", clauses[i].name);
	if (names.length == 0)
		return;
	Diag *diag = diag_error(r->session, 300, decl->name.span, "this experiment lacks %s", text_cstr(&names));
	diag_help(r->session, diag, "it trains a rule, on objectives, for a horizon of so many steps");
	r->ok = false;
}

/* Numbers of `learn`; more than are fitted where there are arrays. */
static int numbers_beside(const AstBlock *block) {
	int count = 0;
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_WHEN)
			count += numbers_beside(&s->when.yes) + numbers_beside(&s->when.no);
		else if (s->kind == AST_LEARN && (s->declare.has_head || s->declare.type.dims.count))
			count += HOLE_MOST_FITTED + 1;
		else
			count += s->kind == AST_LEARN;
	}
	return count;
}

/* Clauses of training say nothing to a search, unless finalists may be trained in the end; and those of a search nothing to training. */
static void warn_of_clauses(Reading *r, const AstExperiment *x, const FeExperiment *out) {
	const struct {
		Span span;
		const char *word;
		bool of_search;
	} clauses[] = {
		{x->estimate.span, "estimate", false}, {x->update.span, "update", false},     {x->clip.span, "clip", false},
		{x->average.span, "average", false},   {x->patience.span, "patience", false}, {x->seeds.span, "seeds", false},
		{x->problems.fresh, "fresh", false},   {x->search.span, "search", true},      {x->keep.span, "keep", true}};
	if (!out->train.decl || fe_has_choices(r->program, &out->train)) /* combinations may be trained as well */
		return;
	const char *rule = session_text(r->session, out->train.decl->name.name);
	bool searches = fe_open_expression(out->train.decl) != NULL;
	bool trains = searches && numbers_beside(&out->train.decl->body) > HOLE_MOST_FITTED;
	for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
		if (clauses[i].span.file && clauses[i].of_search != searches && !(trains && !clauses[i].of_search))
			diag_warning(r->session, 335, clauses[i].span,
			             searches ? "`%s` says nothing here: `%s` is searched for its open expression, not trained"
			                      : "`%s` says nothing here: `%s` has no open expression",
			             clauses[i].word, rule);
}

/* Rules that are run have no open expression; one that a call closes, by choosing a branch without it, is none. */
static void closed(Reading *r, const FeCall *call) {
	if (!call->decl || !fe_open_expression(call->decl))
		return;
	IrModule *module = ir_module_new(r->session);
	const FeRule *rule =
		rule_typed(r->program, module, call, &check_tensors, IR_F64, NULL, 0, typing_new(module->arena));
	r->ok = rule && rule_is_closed(r->session, rule) && r->ok;
	ir_module_free(module);
}

/* Rules that are searched have no hyperparameters opened. */
static void refuse_opened(Reading *r, const AstExperiment *x, const FeExperiment *out) {
	if (out->open.count && fe_open_expression(out->train.decl))
		wrong(r, 391, x->learn.data[0].rule.span,
		      "`learn` of a rule with an open expression is part of the language, but not of this version");
	else if (out->open.count && fe_has_choices(r->program, &out->train))
		wrong(r, 391, x->learn.data[0].rule.span,
		      "`learn` of a rule with choices is part of the language, but not of this version");
}

/* What the name behind `train` declares; NULL: nothing. */
static const AstDecl *named_by(const Reading *r, const AstExpr *x) {
	bool called = x->kind == AST_CALL;
	return called || x->kind == AST_NAME ? fe_find_in(r->program, x->span.file, called ? x->call.callee.name : x->name)
	                                     : NULL;
}

/* Was a use of this name told to be unknown before? A function that is misspelled where it is declared is unknown wherever it is used. */
static bool told_unknown(const Reading *r, Span name) {
	const char *text = source_excerpt(r->session, r->session->arena, name);
	for (uint32_t i = 0; i < r->session->diags.count; i++) {
		const Diag *diag = r->session->diags.data[i];
		if (diag->code == 200 &&
		    !strcmp(source_excerpt(r->session, r->session->arena, diag->labels.data[0].span), text))
			return true;
	}
	return false;
}

/* `train online`: an open learner, which takes no arguments here. NULL: something else. */
static const AstDecl *trained_learner(Reading *r, const AstExpr *x) {
	const AstDecl *decl = named_by(r, x);
	if (!fe_is_learner(decl))
		return NULL;
	if (x->kind == AST_CALL && x->call.args.count > 0)
		wrong(r, 346, x->call.args.data[0].value->span,
		      "what a learner is given is said where it starts a parameter, not here");
	return decl;
}

/* What an experiment that trains a learner has besides: all that is of runs of rules says nothing. */
static void see_learner(Reading *r, const AstExperiment *x, FeExperiment *out) {
	FeLearner learner;
	const struct {
		Span span;
		const char *word;
	} clauses[] = {{x->horizon.span, "horizon"},   {x->score.span, "score"},
	               {x->estimate.span, "estimate"}, {x->update.span, "update"},
	               {x->clip.span, "clip"},         {x->keep.span, "keep"},
	               {x->average.span, "average"},   {x->patience.span, "patience"},
	               {x->seeds.span, "seeds"},       {x->problems.fresh, "fresh"},
	               {x->against.span, "against"},   {x->learn.count ? x->learn.data[0].rule.span : (Span){0}, "learn"}};
	r->ok = fe_learner(r->program, out->learner, &learner) && r->ok;
	for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
		if (clauses[i].span.file)
			diag_warning(r->session, 335, clauses[i].span,
			             "`%s` says nothing here: `%s` is a learner, which makes no steps", clauses[i].word,
			             session_text(r->session, out->learner->name.name));
	if (out->search.kind == FE_SEARCH_ENUMERATE)
		wrong(r, 335, x->search.span, "there are too many programs of an open learner to enumerate them");
	if (out->search.random)
		wrong(r, 335, x->search.span,
		      "random programs beside evolution are not searched: `search random` draws them alone");
}

/* A goal and new beginnings are of learners. */
static void refuse_goal(Reading *r, const AstExperiment *x, const FeExperiment *out) {
	if (out->search.has_goal && x->until)
		wrong(r, 335, x->until->span, "`until` is of learners: the search for an expression ends with its candidates");
	if (out->search.restart > 0)
		wrong(r, 335, x->search.span, "`restart` is of learners: evolution of expressions goes on");
}

/* Does the estimator carry something from step to step that is of the problems it was made on? */
static bool keeps_problems(const FeExperiment *out) {
	switch (out->estimator) {
	case FE_PES:
	case FE_TRUNCATED_ES: return out->window > 0;
	case FE_POLICY_SEARCH:
	case FE_RANDOM_SEARCH:
	case FE_GRID_SEARCH: return true;
	default: return false;
	}
}

/* After `update` and what is trained. Searches have one. */
static void seeds(Reading *r, const AstExperiment *x, FeExperiment *out) {
	out->seeds = 1;
	if (!x->seeds.span.file || !x->seeds.items.count)
		return;
	int trainings = count(r, x->seeds.items.data[0], 347, "the number of trainings", 1);
	bool choices = out->train.decl && fe_has_choices(r->program, &out->train);
	if (choices)
		diag_warning(r->session, 335, x->seeds.span, "`seeds` says nothing here: choices are searched by one seed");
	else if (!out->learner && out->select_problems == 0)
		wrong(r, 347, x->seeds.span, "without select problems nothing tells which training is the best");
	else if (trainings > (int)FE_MOST_COUNT / out->outer_steps)
		wrong(r, 347, x->seeds.span, "so many trainings have too many outer steps together");
	else
		out->seeds = trainings;
}

/* How training goes on and what is kept of it, whatever estimates its gradient. */
static void read_training(Reading *r, const AstExperiment *x, FeExperiment *out) {
	double v;
	out->fresh = x->problems.fresh.file != 0;
	if (out->fresh && keeps_problems(out))
		wrong(r, 302, x->problems.fresh,
		      "what this estimator carries from step to step is of the same problems: no fresh ones");
	if (out->clip > 0 && fe_estimators[out->estimator].moves)
		diag_warning(r->session, 335, x->clip.span, "`clip` says nothing here: `%s` follows no gradient",
		             fe_estimator_name(out->estimator));
	if (x->average.span.file && x->average.items.count && number(r, x->average.items.data[0], &v)) {
		out->average = v;
		if (!(v > 0 && v < 1))
			wrong(r, 347, x->average.items.data[0]->span, "an average keeps a share between 0 and 1 of what it was");
	}
	if (x->patience.span.file && x->patience.items.count) {
		out->patience = count(r, x->patience.items.data[0], 347, "the number of scorings to wait for a better one", 1);
		if (out->select_problems == 0)
			wrong(r, 347, x->patience.span,
			      "without select problems nothing is scored, so there is nothing to wait for");
	}
}

/* After the counts of problems and what is trained. */
static void horizon(Reading *r, const AstExperiment *x, FeExperiment *out) {
	if (x->horizon.span.file && x->horizon.high) {
		out->horizon_high = count(r, x->horizon.high, 303, "the horizon", 1);
		out->horizon_low = x->horizon.low ? count(r, x->horizon.low, 303, "the horizon", 1) : out->horizon_high;
		if (out->horizon_low > out->horizon_high)
			wrong(r, 303, x->horizon.span, "this range of horizons is empty");
	}
	out->select_horizon = out->horizon_high;
	if (!x->select_horizon || x->select_horizon->kind == AST_BAD)
		return;
	int steps = count(r, x->select_horizon, 303, "the horizon of select problems", 1);
	bool searches = out->train.decl && (fe_open_expression(out->train.decl) || fe_has_choices(r->program, &out->train));
	if (searches)
		diag_warning(r->session, 335, x->select_horizon->span,
		             "the horizon of select problems says nothing here: finalists of a search run for the horizon");
	else if (!out->learner && out->select_problems == 0)
		wrong(r, 303, x->select_horizon->span, "without select problems no run of them has a horizon");
	else
		out->select_horizon = steps;
}

bool fe_experiment(FeProgram *program, const AstDecl *decl, FeExperiment *out) {
	if (!fe_experiment_any(program, decl, out))
		return false;
	if (!out->learner)
		return true;
	Diag *diag = diag_error(program->session, 346, decl->experiment->train.span,
	                        "this experiment trains a learner, `%s`, and there is no rule to look at",
	                        session_text(program->session, out->learner->name.name));
	diag_help(program->session, diag, "`gradus train` searches for it, `gradus show space` tells among what");
	return false;
}

bool fe_experiment_any(FeProgram *program, const AstDecl *decl, FeExperiment *out) {
	Session *session = program->session;
	Reading reading = {program, session, true}, *r = &reading;
	const AstExperiment *x = decl->experiment;
	*out = (FeExperiment){.decl = decl,
	                      .train_problems = 64,
	                      .test_problems = 64,
	                      .horizon_low = 40,
	                      .horizon_high = 40,
	                      .outer_steps = 1000};
	if (!x)
		return false;
	out->learner = x->train.items.count ? trained_learner(r, x->train.items.data[0]) : NULL;
	/* Under a name that nothing has, it may be a learner that was meant; a function that is wrong may be one that was meant to be open. */
	const AstDecl *named = x->train.items.count ? named_by(r, x->train.items.data[0]) : NULL;
	bool wrong_function = named && named->kind == AST_FN && !out->learner && !resolve_is_sound(program, named);
	bool learns = out->learner || (x->train.items.count && !named) || wrong_function;
	missing_clauses(r, decl, learns);
	bool told = wrong_function || (learns && !out->learner && told_unknown(r, x->train.items.data[0]->span));
	r->ok = r->ok && !told;
	if (x->train.items.count && !out->learner && !told &&
	    !fe_call(program, x->train.items.data[0], AST_OPTIMIZER, &out->train)) {
		out->train.decl = NULL;
		r->ok = false;
	}
	calls(r, &x->on, AST_OBJECTIVE, &out->on.data, &out->on.count, &out->on.capacity);
	calls(r, &x->against, AST_OPTIMIZER, &out->against.data, &out->against.count, &out->against.capacity);
	if (x->problems.span.file) {
		out->train_problems = count(r, x->problems.train, 302, "the number of training problems", 1);
		out->select_problems =
			x->problems.select ? count(r, x->problems.select, 302, "the number of selection problems", 0) : 0;
		out->test_problems = x->problems.test ? count(r, x->problems.test, 302, "the number of test problems", 0) : 0;
	}
	horizon(r, x, out);
	score(r, x, out);
	r->ok = experiment_estimate(program, x, out) && r->ok;
	if (x->update.span.file && x->update.rule) {
		if (!fe_call(program, x->update.rule, AST_OPTIMIZER, &out->update)) {
			out->update.decl = NULL;
			r->ok = false;
		}
		if (x->update.steps)
			out->outer_steps = count(r, x->update.steps, 306, "the number of outer steps", 1);
	} else if (!fe_call_text(program, "adam(lr = 3e-3)", AST_OPTIMIZER, &out->update))
		r->ok = false;
	double v;
	if (x->clip.span.file && x->clip.items.count && number(r, x->clip.items.data[0], &v)) {
		out->clip = v;
		if (!(v > 0) || isinf(v))
			wrong(r, 307, x->clip.items.data[0]->span, "the norm that gradients are clipped to is a positive number");
	}
	read_training(r, x, out);
	seeds(r, x, out);
	if (x->seed.span.file && x->seed.items.count)
		out->seed = (uint64_t)count(r, x->seed.items.data[0], 308, "a seed", 0);
	if (x->keep.span.file && x->keep.items.count)
		out->keep = count(r, x->keep.items.data[0], 335, "the number of finalists", 1);
	r->ok = experiment_search(program, x, &out->search) && r->ok;
	if (out->learner)
		see_learner(r, x, out);
	else if (!learns)
		refuse_goal(r, x, out);
	warn_of_clauses(r, x, out);
	if (x->augment.span.file)
		wrong(r, 398, x->augment.span, "`augment` is part of the language, but not of this version");
	opened(r, x, out);
	for (uint32_t i = 0; i < out->against.count; i++)
		closed(r, &out->against.data[i]);
	closed(r, &out->update);
	refuse_opened(r, x, out);
	if (out->learner)
		out->train = (FeCall){.decl = out->learner, .span = x->train.items.data[0]->span};
	return r->ok;
}
