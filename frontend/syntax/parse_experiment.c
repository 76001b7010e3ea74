/* parse_experiment: the clauses of an experiment, one a line. */
#include <string.h>

#include "frontend/syntax/parser.h"

typedef enum ClauseKind {
	CLAUSE_TRAIN,
	CLAUSE_ON,
	CLAUSE_PROBLEMS,
	CLAUSE_HORIZON,
	CLAUSE_SCORE,
	CLAUSE_ESTIMATE,
	CLAUSE_UPDATE,
	CLAUSE_CLIP,
	CLAUSE_AUGMENT,
	CLAUSE_AGAINST,
	CLAUSE_SEED,
	CLAUSE_SEEDS,
	CLAUSE_SEARCH,
	CLAUSE_KEEP,
	CLAUSE_AVERAGE,
	CLAUSE_PATIENCE,
	CLAUSE_LEARN,
	CLAUSE_COUNT
} ClauseKind;

static const struct {
	const char *word, *takes;
} clauses[CLAUSE_COUNT] = {
	[CLAUSE_TRAIN] = {"train", "the rule to train, such as `mlp_lopt(hidden = 16)`"},
	[CLAUSE_ON] = {"on", "objectives, such as `logistic(), logistic(d = 10)`"},
	[CLAUSE_PROBLEMS] = {"problems", "counts, such as `90 train, 30 select, 100 test`"},
	[CLAUSE_HORIZON] = {"horizon", "a number of steps, or a range of them such as `20..200`"},
	[CLAUSE_SCORE] = {"score", "what is scored, such as `mean(f)`"},
	[CLAUSE_ESTIMATE] = {"estimate", "a gradient estimator, such as `backprop(window = 10)` or `pes(sigma = 0.01)`"},
	[CLAUSE_UPDATE] = {"update", "a rule and a number of steps, such as `adam(lr = 3e-3) for 1000 steps`"},
	[CLAUSE_CLIP] = {"clip", "a number"},
	[CLAUSE_AUGMENT] = {"augment", "a transformation, such as `scale(1e-3, 1e3)`"},
	[CLAUSE_AGAINST] = {"against", "rules to compare with, such as `momentum, adam`"},
	[CLAUSE_SEED] = {"seed", "a whole number"},
	[CLAUSE_SEEDS] = {"seeds", "how many trainings there are, such as `3`"},
	[CLAUSE_SEARCH] = {"search", "how an open expression is searched, such as `evolve() for 100000 candidates`"},
	[CLAUSE_KEEP] = {"keep", "how many finalists a search has"},
	[CLAUSE_AVERAGE] = {"average", "a number below 1, such as `0.99`"},
	[CLAUSE_PATIENCE] = {"patience", "a number of scorings on the select problems, such as `10`"},
	[CLAUSE_LEARN] = {"learn", "a hyperparameter to open, such as `adam.lr`"},
};

/* One expression, or a list of them. */
static void parse_items(Parser *p, ClauseKind kind, AstClause *clause, bool list) {
	vec_push(p->arena, &clause->items, parse_value(p, clauses[kind].takes));
	while (list && !p->panic && !parse_at_break(p) && parse_accept(p, TOKEN_COMMA))
		vec_push(p->arena, &clause->items, parse_expression(p));
}

static void parse_problems(Parser *p, AstExperiment *experiment) {
	do {
		Span here = parse_here(p);
		bool fresh = !parse_at_break(p) && parse_accept_word(p, "fresh");
		AstExpr *count = parse_value(p, clauses[CLAUSE_PROBLEMS].takes);
		if (p->panic)
			return;
		if (fresh && (parse_at_break(p) || !parse_at_word(p, "train"))) {
			Diag *diag = parse_complain(p, 139, here, "only problems to train on are fresh at every outer step");
			parse_help(p, diag, "write `problems fresh 64 train, 30 select`");
		} else if (fresh) {
			experiment->problems.fresh = here;
		}
		AstExpr **place = parse_at_word(p, "train")    ? &experiment->problems.train
		                  : parse_at_word(p, "select") ? &experiment->problems.select
		                  : parse_at_word(p, "test")   ? &experiment->problems.test
		                                               : NULL;
		if (place == NULL || parse_at_break(p)) {
			Diag *diag = parse_error(p, 139, parse_here(p),
			                         "expected `train`, `select` or `test` behind the count, found %s", parse_found(p));
			parse_help(p, diag, "write `problems 90 train, 30 select, 100 test`");
			return;
		}
		if (*place != NULL)
			parse_complain(p, 138, parse_here(p), "the count for %s is given twice", parse_found(p));
		*place = count;
		parse_advance(p);
	} while (parse_accept(p, TOKEN_COMMA));
}

/* `update adam 300 steps` */
static bool lacks_for(Parser *p, const AstExperiment *experiment) {
	if (parse_at_break(p) || !parse_at(p, TOKEN_NUMBER))
		return false;
	Diag *diag = parse_complain(p, 139, parse_here(p), "`for` is missing before the number of steps");
	parse_help(p, diag, "write `update %s for %s steps`", parse_slice(p, experiment->update.rule->span),
	           parse_slice(p, parse_here(p)));
	return true;
}

static void parse_update(Parser *p, AstExperiment *experiment) {
	experiment->update.rule = parse_value(p, clauses[CLAUSE_UPDATE].takes);
	if (p->panic)
		return;
	if (!parse_at_break(p) && parse_at(p, TOKEN_COMMA)) {
		Diag *diag = parse_complain(p, 139, parse_here(p), "the number of steps follows `for`, not a comma");
		parse_advance(p);
		const char *steps = parse_at(p, TOKEN_NUMBER) && !parse_at_break(p) ? parse_slice(p, parse_here(p)) : "1000";
		parse_help(p, diag, "write `update %s for %s steps`", parse_slice(p, experiment->update.rule->span), steps);
		if (parse_at_break(p))
			return;
		parse_accept_word(p, "for");
	} else if (!lacks_for(p, experiment) && (parse_at_break(p) || !parse_accept_word(p, "for"))) {
		if (parse_at_break(p)) {
			Diag *diag = parse_complain(p, 139, parse_here(p), "this does not say for how many steps");
			parse_help(p, diag, "write `update %s for 1000 steps`", parse_slice(p, experiment->update.rule->span));
		}
		return;
	}
	experiment->update.steps = parse_value(p, "a number of steps");
	if (!p->panic && (parse_at_break(p) || (!parse_accept_word(p, "steps") && !parse_accept_word(p, "step")))) {
		Diag *diag = parse_complain(p, 139, parse_here(p), "expected `steps`, found %s", parse_found(p));
		parse_help(p, diag, "write `for %s steps`", parse_slice(p, experiment->update.steps->span));
		if (!parse_at_break(p))
			p->panic = true;
	}
}

/* `50000 candidates` */
static void parse_candidates(Parser *p, AstExperiment *experiment) {
	experiment->candidates = parse_value(p, "a number of candidates");
	if (!p->panic && (parse_at_break(p) || !parse_accept_word(p, "candidates"))) {
		Diag *diag = parse_complain(p, 139, parse_here(p), "expected `candidates`, found %s", parse_found(p));
		parse_help(p, diag, "write `for %s candidates`", parse_slice(p, experiment->candidates->span));
		if (!parse_at_break(p))
			p->panic = true;
	}
}

/* `search evolve(islands = 4) for 50000 candidates until 0.001` */
static void parse_search(Parser *p, AstExperiment *experiment) {
	parse_items(p, CLAUSE_SEARCH, &experiment->search, false);
	if (!p->panic && !parse_at_break(p) && parse_accept_word(p, "for"))
		parse_candidates(p, experiment);
	if (!p->panic && !parse_at_break(p) && parse_accept_word(p, "until"))
		experiment->until = parse_value(p, "a score");
}

static void parse_learn(Parser *p, AstExperiment *experiment) {
	do {
		AstOpen open = {.rule = parse_name(p, clauses[CLAUSE_LEARN].takes)};
		if (!p->panic && (parse_at_break(p) || !parse_accept(p, TOKEN_DOT))) {
			Diag *diag =
				parse_error(p, 139, parse_here(p), "expected `.` and a hyperparameter, found %s", parse_found(p));
			const AstExprs *train = &experiment->train.items;
			const AstExpr *rule = train->count > 0 ? train->data[0] : NULL;
			const char *trained =
				rule && rule->kind == AST_CALL ? session_text(p->session, rule->call.callee.name) : "adam";
			const char *said = session_text(p->session, open.rule.name);
			bool is_rule = strcmp(said, trained) == 0;
			parse_help(p, diag, "write `learn %s.%s`", trained, is_rule ? "lr" : said);
		}
		if (!p->panic)
			open.param = parse_name(p, "a hyperparameter's name");
		if (!p->panic && !parse_at_break(p) && parse_accept_word(p, "in"))
			open.limits = parse_limits(p);
		if (!p->panic)
			vec_push(p->arena, &experiment->learn, open);
	} while (!p->panic && !parse_at_break(p) && parse_accept(p, TOKEN_COMMA));
}

static Span *clause_span(AstExperiment *experiment, ClauseKind kind) {
	switch (kind) {
	case CLAUSE_TRAIN: return &experiment->train.span;
	case CLAUSE_ON: return &experiment->on.span;
	case CLAUSE_PROBLEMS: return &experiment->problems.span;
	case CLAUSE_HORIZON: return &experiment->horizon.span;
	case CLAUSE_SCORE: return &experiment->score.span;
	case CLAUSE_ESTIMATE: return &experiment->estimate.span;
	case CLAUSE_UPDATE: return &experiment->update.span;
	case CLAUSE_CLIP: return &experiment->clip.span;
	case CLAUSE_AUGMENT: return &experiment->augment.span;
	case CLAUSE_AGAINST: return &experiment->against.span;
	case CLAUSE_SEED: return &experiment->seed.span;
	case CLAUSE_SEEDS: return &experiment->seeds.span;
	case CLAUSE_SEARCH: return &experiment->search.span;
	case CLAUSE_KEEP: return &experiment->keep.span;
	case CLAUSE_AVERAGE: return &experiment->average.span;
	case CLAUSE_PATIENCE: return &experiment->patience.span;
	case CLAUSE_LEARN:
	case CLAUSE_COUNT: break;
	}
	return NULL; /* may be repeated */
}

/* `20..80, 400 select` */
static void parse_select_horizon(Parser *p, AstExperiment *experiment) {
	experiment->select_horizon = parse_value(p, "a number of steps for select problems");
	if (p->panic || (!parse_at_break(p) && parse_accept_word(p, "select")))
		return;
	experiment->select_horizon = NULL; /* what was read may be the word itself */
	Diag *diag =
		parse_complain(p, 139, parse_here(p), "expected `select` behind the number of steps, found %s", parse_found(p));
	parse_help(p, diag, "write `horizon 20..80, 400 select`: runs on select problems have so many steps");
	if (!parse_at_break(p))
		p->panic = true;
}

static void parse_horizon_range(Parser *p, AstExperiment *experiment) {
	experiment->horizon = parse_range(p, false);
	const AstExpr *value = experiment->horizon.high;
	if (p->panic || experiment->horizon.low || !value || value->kind != AST_BINARY || value->binary.op != AST_SUB)
		return;
	Diag *diag = parse_complain(p, 139, value->binary.op_span, "a range of steps is not written with `-`");
	parse_help(p, diag, "write `horizon %s..%s`", parse_slice(p, value->binary.left->span),
	           parse_slice(p, value->binary.right->span));
	experiment->horizon.low = value->binary.left;
	experiment->horizon.high = value->binary.right;
}

static void parse_horizon(Parser *p, AstExperiment *experiment) {
	parse_horizon_range(p, experiment);
	if (!p->panic && !parse_at_break(p) && parse_accept(p, TOKEN_COMMA))
		parse_select_horizon(p, experiment);
}

static void parse_clause_body(Parser *p, AstExperiment *experiment, ClauseKind kind) {
	switch (kind) {
	case CLAUSE_TRAIN: parse_items(p, kind, &experiment->train, false); break;
	case CLAUSE_ON: parse_items(p, kind, &experiment->on, true); break;
	case CLAUSE_PROBLEMS: parse_problems(p, experiment); break;
	case CLAUSE_HORIZON:
		if (parse_at_break(p))
			parse_value(p, clauses[kind].takes);
		else
			parse_horizon(p, experiment);
		break;
	case CLAUSE_SCORE: parse_items(p, kind, &experiment->score, false); break;
	case CLAUSE_ESTIMATE: parse_items(p, kind, &experiment->estimate, false); break;
	case CLAUSE_UPDATE: parse_update(p, experiment); break;
	case CLAUSE_CLIP: parse_items(p, kind, &experiment->clip, false); break;
	case CLAUSE_AUGMENT: parse_items(p, kind, &experiment->augment, true); break;
	case CLAUSE_AGAINST: parse_items(p, kind, &experiment->against, true); break;
	case CLAUSE_SEED: parse_items(p, kind, &experiment->seed, false); break;
	case CLAUSE_SEEDS: parse_items(p, kind, &experiment->seeds, false); break;
	case CLAUSE_SEARCH: parse_search(p, experiment); break;
	case CLAUSE_KEEP: parse_items(p, kind, &experiment->keep, false); break;
	case CLAUSE_AVERAGE: parse_items(p, kind, &experiment->average, false); break;
	case CLAUSE_PATIENCE: parse_items(p, kind, &experiment->patience, false); break;
	case CLAUSE_LEARN: parse_learn(p, experiment); break;
	case CLAUSE_COUNT: break;
	}
}

/* What other tools call what an experiment says. */
static const char *foreign_clause(const char *word) {
	static const char inner[] =
		"`horizon 40` are the steps of an inner run, `update adam() for 1000 steps` those of training";
	static const char outer[] = "`update adam(lr = 3e-3) for 1000 steps` says how the holes are filled";
	static const char batches[] = "an objective draws its batches: `batch pick : int[32] ~ integer(0, n)`";
	static const char counts[] = "`problems 64 train, 32 select, 100 test` says how many there are of each";
	static const char scored[] =
		"`score mean(f)` says what is minimized; what an objective validates is scored in place of f";
	static const char shown[] = "an objective has `report accuracy = ...`, which `eval` and `minimize` show";
	static const char folder[] = "`gradus train FILE -o DIR` says where the result goes";
	static const struct {
		const char *word, *here;
	} known[] = {{"epochs", inner},
	             {"steps", inner},
	             {"iterations", inner},
	             {"max_iter", inner},
	             {"batch", batches},
	             {"batch_size", batches},
	             {"lr", outer},
	             {"learning_rate", outer},
	             {"optimizer", outer},
	             {"test", counts},
	             {"select", counts},
	             {"validation", counts},
	             {"loss", scored},
	             {"objective", "write `on` and then objectives"},
	             {"metric", shown},
	             {"metrics", shown},
	             {"report", shown},
	             {"save", folder},
	             {"output", folder},
	             {"out", folder},
	             {"let", "numbers are written where they are used, or declared by `const` above the experiment"}};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (strcmp(known[k].word, word) == 0)
			return known[k].here;
	return NULL;
}

static void unknown_clause(Parser *p) {
	const Token *token = parse_peek(p);
	Span here = parse_span(p, token);
	Diag *diag = parse_error(p, 137, here, "no clause of an experiment starts with `%s`", parse_slice(p, here));
	Name names[CLAUSE_COUNT];
	for (int k = 0; k < CLAUSE_COUNT; k++)
		names[k] = session_name(p->session, clauses[k].word);
	Name nearest = token->kind == TOKEN_NAME ? name_nearest(p->session->names, token->name, names, CLAUSE_COUNT) : 0;
	const char *foreign = foreign_clause(parse_slice(p, here));
	if (foreign)
		parse_help(p, diag, "%s", foreign);
	else if (nearest != 0)
		parse_help(p, diag, "did you mean `%s`?", session_text(p->session, nearest));
	else
		parse_help(p, diag,
		           "clauses are train, on, problems, horizon, score, estimate, update, clip, augment, against, "
		           "seed, seeds, search, keep, average, patience and learn, one a line");
}

static void parse_clause(Parser *p, AstExperiment *experiment) {
	Span start = parse_span(p, parse_peek(p));
	p->statement = p->at;
	int kind = 0;
	while (kind < CLAUSE_COUNT && !parse_at_word(p, clauses[kind].word))
		kind++;
	if (kind == CLAUSE_COUNT) {
		unknown_clause(p);
		parse_end_statement(p);
		return;
	}
	Span *place = clause_span(experiment, (ClauseKind)kind);
	parse_advance(p);
	bool again = place != NULL && place->file != 0;
	if (again) {
		Diag *diag = parse_complain(p, 138, start, "`%s` is given twice", clauses[kind].word);
		if (diag != NULL)
			diag_label(p->session, diag, *place, "first here");
		AstExperiment ignored = {0};
		parse_clause_body(p, &ignored, (ClauseKind)kind);
	} else {
		if (!p->panic && (parse_at(p, TOKEN_EQUALS) || parse_at(p, TOKEN_COLON)) && !parse_at_break(p)) {
			Diag *diag = parse_complain(p, 139, parse_here(p), "clauses are written without %s", parse_found(p));
			parse_help(p, diag, "write `%s` and then %s", clauses[kind].word, clauses[kind].takes);
			parse_advance(p);
		}
		parse_clause_body(p, experiment, (ClauseKind)kind);
		if (place != NULL)
			*place = parse_from(p, start);
	}
	parse_end_statement(p);
}

AstExperiment *parse_experiment(Parser *p) {
	AstExperiment *experiment = ARENA_NEW(p->arena, AstExperiment);
	uint32_t open = parse_open_block(p, "the experiment's name");
	if (open == 0)
		return experiment;
	while (p->at < p->tokens[open].partner) {
		uint32_t before = p->at;
		parse_clause(p, experiment);
		if (p->at == before)
			parse_advance(p);
	}
	if (p->at == p->tokens[open].partner)
		parse_advance(p);
	return experiment;
}
