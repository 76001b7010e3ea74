/* gradus front: what a search has found, from the archive of its run folder, and how it scores on other problems. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/cmd_front.h"
#include "runtime/command/limits.h"

/* ---- what is listed ---- */

static const char *constants_text(Arena *arena, const SearchArchiveScore *score, bool single) {
	Text out = text_new(arena);
	for (int k = 0; k < score->constant_count; k++) {
		text_printf(&out, k ? " " : "");
		text_real(&out, score->constants[k], single);
	}
	return text_cstr(&out);
}

/* What stands behind the constants of the expression. */
static void read_learned(const SearchArchiveExpr *expr, const SearchArchiveScore *score, Arena *arena,
                         CmdFrontRow *out) {
	int own = 0;
	for (const char *at = expr->text; *at; at++)
		own += *at == '{';
	out->learned_count = own < score->constant_count ? score->constant_count - own : 0;
	if (out->learned_count > 0)
		out->learned = arena_copy(arena, score->constants + own, sizeof *score->constants * (size_t)out->learned_count);
}

/* In a folder from elsewhere there may be any number of them: are they those of this rule? */
static const double *learned_for(const CmdFrontRow *row, const FeRule *rule) {
	bool numbers = row->learned_count > 0 && row->learned_count == learned_count(rule);
	for (uint32_t i = 0; i < rule->learned.count; i++)
		numbers = numbers && rule->learned.data[i].slot.type.rank == 0;
	return numbers ? row->learned : NULL;
}

/* Is a choice, "u=2", what --choose asks for? That may name its rule, "parts.u=2", where the choice itself need not. */
static bool is_meant(const char *choice, size_t length, const char *asked) {
	const char *dot = strrchr(asked, '.');
	if (dot && !memchr(choice, '.', length))
		asked = dot + 1;
	return strlen(asked) == length && !strncmp(choice, asked, length);
}

/* Does a combination, "u=2 form=1", have all that --choose asks for? */
static bool is_chosen(const CmdWords *asked, const char *text) {
	for (uint32_t i = 0; i < asked->count; i++) {
		bool has = false;
		for (const char *at = text; *at && !has;) {
			size_t length = strcspn(at, " ");
			has = is_meant(at, length, asked->data[i]);
			at += length;
			at += strspn(at, " ");
		}
		if (!has)
			return false;
	}
	return true;
}

static bool see(void *user, const SearchArchiveRow *row) {
	CmdFront *listing = user;
	Arena *arena = listing->cmd->arena;
	const CmdOptions *given = &listing->cmd->options;
	bool single = !strcmp(listing->run->record.precision, "f32");
	bool front = !listing->winner;
	listing->trained = listing->choices && search_choose_trains(row->expr.source);
	if (listing->stage < 0)
		listing->stage = row->score.stage;
	if (front && row->score.stage != listing->stage)
		return false; /* the front is of those that came furthest, which come first */
	if (!isfinite(row->score.value))
		return true;
	if (!front && given->size > 0 && row->expr.size > given->size)
		return true;
	if (!front && !is_chosen(&given->choose, row->expr.text))
		return true;
	CmdFrontRow one = {.formula = search_archive_formula(&row->expr, &row->score, single, arena),
	                   .constants = constants_text(arena, &row->score, single),
	                   .source = arena_strdup(arena, row->expr.source),
	                   .size = row->expr.size,
	                   .cost = row->expr.cost,
	                   .stage = row->score.stage,
	                   .degree = row->expr.degree,
	                   .score = row->score.value,
	                   .rate = row->score.rate,
	                   .low = (double)NAN,
	                   .high = (double)NAN};
	one.winner = !front && one.stage == listing->stage && !strcmp(one.formula, listing->winner);
	if (listing->choices)
		one.combination = (int64_t)row->expr.hash;
	if (listing->trained)
		one.lost = row->score.constant_count > 0 ? row->score.constants[0] : 0;
	else
		read_learned(&row->expr, &row->score, arena, &one);
	vec_push(arena, &listing->rows, one);
	return front || listing->rows.count < (uint64_t)given->best;
}

static int by_size(const void *a, const void *b) {
	const CmdFrontRow *x = a, *y = b;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->score < y->score ? -1 : x->score > y->score;
}

/* Of each size the best, if it beats all smaller ones; the winner is the last of them, or a smaller one that is as good. */
static void keep_front(CmdFront *listing) {
	uint32_t kept = 0;
	CmdFrontRow *rows = listing->rows.data;
	double best = (double)INFINITY;
	if (listing->rows.count)
		qsort(rows, listing->rows.count, sizeof *rows, by_size);
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		if (!(rows[i].score < best))
			continue;
		best = rows[i].score;
		rows[kept++] = rows[i];
	}
	/* Of one size, the first beat the smaller ones and is the best of its size, as they are in order. */
	listing->rows.count = kept;
	uint32_t winner = 0;
	while (winner + 1 < kept && search_is_worse(rows[winner].score, best))
		winner++;
	if (!kept)
		return;
	rows[winner].winner = true;
	listing->winner = rows[winner].formula;
}

static int by_score(const void *a, const void *b) {
	const CmdFrontRow *x = a, *y = b;
	if (x->lost < y->lost || y->lost < x->lost)
		return x->lost < y->lost ? -1 : 1;
	if (x->score < y->score || y->score < x->score)
		return x->score < y->score ? -1 : 1;
	return (x->combination > y->combination) - (x->combination < y->combination);
}

/* Combinations have no size: all that came furthest are listed, the best first. */
static void keep_finalists(CmdFront *listing) {
	if (!listing->rows.count)
		return;
	qsort(listing->rows.data, listing->rows.count, sizeof(CmdFrontRow), by_score);
	listing->rows.data[0].winner = true;
	listing->winner = listing->rows.data[0].formula;
}

static void keep_chosen(CmdFront *listing) {
	uint32_t kept = 0;
	for (uint32_t i = 0; i < listing->rows.count; i++)
		if (is_chosen(&listing->cmd->options.choose, listing->rows.data[i].formula))
			listing->rows.data[kept++] = listing->rows.data[i];
	listing->rows.count = kept;
}

/* Of the front, those of no more than so many nodes. */
static void keep_small(CmdFront *listing, int size) {
	uint32_t kept = 0;
	for (uint32_t i = 0; i < listing->rows.count; i++)
		if (listing->rows.data[i].size <= size)
			listing->rows.data[kept++] = listing->rows.data[i];
	listing->rows.count = kept;
}

static CmdExit read_archive(CmdFront *listing) {
	Cmd *cmd = listing->cmd;
	const char *dir = listing->run->dir, *path = arena_printf(cmd->arena, "%s/archive.sqlite", dir);
	const char *leads = store_outside(cmd->arena, dir, path);
	if (leads)
		return cmd_fail(cmd, CMD_CHECKPOINT, "cannot read %s: %s", path, leads);
	if (!cmd_is_file(path))
		return cmd_fail(cmd, CMD_CHECKPOINT, "%s has no archive.sqlite: it is no search, or was killed before it began",
		                dir);
	SearchArchive *archive = search_archive_read(cmd->session, path, NULL);
	if (!archive)
		return cmd_failed(cmd);
	/* The front first, as whatever is listed says which one won. */
	bool ok = search_archive_each(archive, SEARCH_ARCHIVE_BEST, see, listing);
	if (listing->choices)
		keep_finalists(listing);
	else
		keep_front(listing);
	if (ok && listing->winner && cmd->options.best >= 0) {
		listing->rows.count = 0;
		ok = search_archive_each(archive, SEARCH_ARCHIVE_BEST, see, listing);
	}
	search_archive_close(archive);
	if (!ok)
		return cmd_failed(cmd);
	if (listing->stage < 0)
		return cmd_fail(cmd, CMD_FINDINGS,
		                "nothing in %s has come through the first look yet; the best so far is its rule.grad", dir);
	if (cmd->options.best < 0 && cmd->options.size > 0)
		keep_small(listing, (int)cmd->options.size);
	if (cmd->options.best < 0)
		keep_chosen(listing);
	if (cmd->options.choose.count && !listing->rows.count)
		return cmd_fail(cmd, CMD_FINDINGS, "no combination %s in %s has all of --choose",
		                cmd->options.best < 0 ? "that came furthest" : "with a score", dir);
	return CMD_OK;
}

/* Intervals of the front, which the result has of a search that came to its end. */
static void read_intervals(CmdFront *listing) {
	Cmd *cmd = listing->cmd;
	const char *dir = listing->run->dir, *why;
	size_t length;
	char *text = cmd_read_in_run(cmd, dir, arena_printf(cmd->arena, "%s/result.json", dir), &length, &why);
	json_error_t where;
	json_t *root = text ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &where) : NULL, *one;
	const json_t *front = json_object_get(json_object_get(root, "search"), listing->choices ? "best" : "front");
	size_t i;
	json_array_foreach(front, i, one) {
		const char *formula = json_string_value(json_object_get(one, listing->choices ? "choices" : "expression"));
		for (uint32_t k = 0; formula && k < listing->rows.count; k++) {
			CmdFrontRow *row = &listing->rows.data[k];
			if (listing->trained || row->stage != SEARCH_STAGES || strcmp(row->formula, formula) != 0)
				continue;
			row->low = rt_json_number(json_object_get(one, "low"));
			row->high = rt_json_number(json_object_get(one, "high"));
		}
	}
	json_decref(root);
}

/* ---- on other problems ---- */

/* The rule of the run with its hole, as it is typed for this objective. NULL with diagnostics. */
static const FeRule *open_rule(Cmd *cmd, IrModule *module, const FeCall *call, const FeCall *on) {
	const FeObjective *objective = fe_objective(cmd->program, module, on, cmd->rt->options.real);
	if (!objective)
		return NULL;
	FeTarget target = fe_target(objective, module->arena);
	const FeRule *rule = fe_rule_open(cmd->program, module, call, &target, cmd->rt->options.real);
	return rule && fe_is_searchable(cmd->session, rule, call->span) ? rule : NULL;
}

/* In a folder from elsewhere a text may be anything: is it an expression for each open place, between bars? false with diagnostics. */
static bool are_expressions(Cmd *cmd, const FeRule *rule, const char *formula) {
	static const char bar[] = " | ";
	Session *session = cmd->session;
	uint32_t errors = session->error_count;
	const FeHole *hole = rule->hole;
	for (const char *at = formula; at && hole; hole = hole->next) {
		const char *end = hole->next ? strstr(at, bar) : NULL;
		size_t length = end ? (size_t)(end - at) : strlen(at);
		ast_parse_expression(session, source_add(session, "archive.sqlite", at, length));
		at = end ? end + strlen(bar) : NULL;
	}
	if (hole && session->error_count == errors)
		diag_error(session, 812, (Span){0}, "`%s` in the archive has too few expressions for this rule", formula);
	return session->error_count == errors;
}

/* All listed ones as rules found_0, found_1, ... false with diagnostics. */
static bool put_rules(CmdFront *listing, const FeRule *rule, Text *out) {
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		const CmdFrontRow *row = &listing->rows.data[i];
		if (!are_expressions(listing->cmd, rule, row->formula))
			return false;
		SearchFill fill = {.formula = row->formula,
		                   .name = arena_printf(out->arena, "found_%u", i),
		                   .level = FE_LEVEL_LOOSE,
		                   .rate = row->rate,
		                   .learned = learned_for(row, rule),
		                   .alone = i > 0};
		search_filled_rule(listing->cmd->rt, &listing->run->experiment.train, rule, &fill, out);
	}
	return true;
}

/* All listed combinations, each as a program of its own: rules that they apply have the same names in all of them. false with diagnostics. */
static bool choice_rules(CmdFront *listing, const FeCall *on, FeCall *rules) {
	Cmd *cmd = listing->cmd;
	const FeExperiment *run = &listing->run->experiment;
	FeExperiment x = *run;
	IrModule *module = ir_module_new(cmd->session);
	const FeObjective *objective = fe_objective(cmd->program, module, on, cmd->rt->options.real);
	FeTarget target = objective ? fe_target(objective, module->arena) : (FeTarget){0};
	const FeRule *rule =
		objective ? fe_rule_choosing(cmd->program, module, &x.train, &target, cmd->rt->options.real) : NULL;
	FeSearch all = {0};
	ChooseSpace space;
	bool ok = rule && search_choose_space_of(cmd->rt, rule, &all, x.seed, cmd->arena, &space);
	x.on.data = (FeCall *)on;
	x.on.count = 1;
	for (uint32_t i = 0; ok && i < listing->rows.count; i++) {
		const CmdFrontRow *row = &listing->rows.data[i];
		ChooseFound found = {.combination = row->combination, .rate = row->rate};
		bool sound = row->combination >= 0 && (double)row->combination < space.combinations &&
		             row->learned_count == learned_count(rule) && row->learned_count <= CHOOSE_MOST_LEARNED;
		if (!sound)
			diag_error(cmd->session, 812, (Span){0}, "`%s` in the archive is no combination of this rule",
			           row->formula);
		for (int k = 0; sound && k < row->learned_count; k++)
			found.natural[k] = row->learned[k];
		const char *text = sound ? search_choose_as_rule(cmd->rt, &x, &space, &found, cmd->arena) : NULL;
		FeProgram *program = text ? cmd_program_new(cmd) : NULL;
		ok = text && fe_add_source(program, source_add(cmd->session, "<front>", text, strlen(text))) &&
		     fe_call_text(program, session_text(cmd->session, x.train.decl->name.name), AST_OPTIMIZER, &rules[i]);
	}
	ir_module_free(module);
	return ok;
}

/* All listed expressions, in a program of their own. false with diagnostics. */
static bool expression_rules(CmdFront *listing, const FeCall *on, FeCall *rules) {
	Cmd *cmd = listing->cmd;
	IrModule *module = ir_module_new(cmd->session);
	const FeRule *rule = open_rule(cmd, module, &listing->run->experiment.train, on);
	Text text = text_new(cmd->arena);
	bool ok = rule && put_rules(listing, rule, &text);
	ir_module_free(module);
	FeProgram *program = ok ? cmd_program_new(cmd) : NULL;
	ok = ok && fe_add_source(program, source_add(cmd->session, "<front>", text_cstr(&text), text.length));
	for (uint32_t i = 0; ok && i < listing->rows.count; i++)
		ok = fe_call_text(program, arena_printf(cmd->arena, "found_%u", i), AST_OPTIMIZER, &rules[i]);
	return ok;
}

/* The listed rules on objective number `which` of --on. */
static CmdExit score_on(CmdFront *listing, uint32_t which) {
	Cmd *cmd = listing->cmd;
	const FeExperiment *x = &listing->run->experiment;
	FeCall objective;
	CmdExit code = cmd_objective(cmd, listing->on.data[which], &objective);
	if (code != CMD_OK)
		return code;
	FeCall *rules = ARENA_ARRAY(cmd->arena, FeCall, listing->rows.count + 1);
	if (!(listing->choices ? choice_rules : expression_rules)(listing, &objective, rules))
		return cmd_failed(cmd);
	listing->tried = cmd->options.test > 0 ? (int)cmd->options.test : CMD_TEST_PROBLEMS;
	listing->steps = cmd->options.steps > 0 ? (int)cmd->options.steps : x->horizon_high;
	double *scores = ARENA_ARRAY(cmd->arena, double, listing->tried);
	for (uint32_t i = 0; i < listing->rows.count; i++) {
		cmd_progress(cmd, false, "scoring %u of %u on %s", i + 1, listing->rows.count, listing->on.data[which]);
		SearchScored what = {.objective = &objective,
		                     .rule = &rules[i],
		                     .score = x->score,
		                     .set = PROBLEMS_TEST,
		                     .count = listing->tried,
		                     .steps = listing->steps,
		                     .seed = cmd->rt->options.seed};
		if (!search_compiled_scores(cmd->rt, &what, scores))
			return cmd_failed(cmd);
		listing->rows.data[i].on[which] = compare_bootstrap(scores, listing->tried, SEARCH_RESAMPLES, 0);
	}
	cmd_progress_end(cmd);
	return CMD_OK;
}

/* What is listed, and whether it can be listed so. */
static CmdExit see_kind(CmdFront *listing) {
	Cmd *cmd = listing->cmd;
	const CmdRun *run = listing->run;
	listing->choices = !run->experiment.learner && fe_has_choices(run->program, &run->experiment.train);
	if (!listing->choices)
		return cmd->options.choose.count ? cmd_usage(cmd, "--choose is of choices, and %s has none", run->dir) : CMD_OK;
	if (cmd->options.size > 0)
		return cmd_usage(cmd, "--size is of expressions, and %s has combinations of choices", run->dir);
	return CMD_OK;
}

CmdExit cmd_front(Cmd *cmd) {
	CmdRun run;
	const CmdOptions *given = &cmd->options;
	if (cmd->words.count != 1)
		return cmd_usage(cmd, cmd->words.count ? "one run folder at a time"
		                                       : "of which run? Name a folder that `train` made");
	if (given->json && given->csv)
		return cmd_usage(cmd, "--json or --csv, not both");
	if (!given->on && (given->steps > 0 || given->test > 0 || given->seed >= 0 || given->set.count))
		return cmd_usage(cmd, "--steps, --test, --seed and --set are of the problems of --on OBJECTIVE");
	CmdExit code = cmd_run_open(cmd, cmd->words.data[0], &run);
	if (code == CMD_OK && given->on)
		code = cmd_run_has_rule(cmd, &run);
	if (code != CMD_OK)
		return code;
	CmdFront listing = {.cmd = cmd, .run = &run, .stage = -1};
	code = see_kind(&listing);
	if (code != CMD_OK)
		return code;
	if (!store_finished(cmd->session, run.dir, &listing.finished))
		return cmd_failed(cmd);
	code = read_archive(&listing);
	if (code == CMD_OK && listing.trained && given->on)
		return cmd_usage(cmd,
		                 "the archive has no numbers of those that were trained: `%s compare %s` has the best of them",
		                 cmd->typed, run.dir);
	if (code == CMD_OK && listing.finished)
		read_intervals(&listing);
	if (code == CMD_OK && given->on) {
		cmd->program = run.program;
		cmd->options.precision = given->precision ? given->precision : run.record.precision;
		cmd_runtime(cmd, IR_F32);
		if (!cmd_split(cmd, given->on, &listing.on))
			return cmd_usage(cmd, "--on needs a family at every comma");
		if (listing.on.count > CMD_FRONT_MOST_ON)
			return cmd_usage(cmd, "--on takes %d objectives at most", CMD_FRONT_MOST_ON);
		for (uint32_t k = 0; k < listing.on.count && code == CMD_OK; k++)
			code = score_on(&listing, k);
	}
	if (code != CMD_OK)
		return code;
	Text out = text_new(cmd->arena);
	if (given->json)
		cmd_front_json(&listing, &out);
	else if (given->csv)
		cmd_front_csv(&listing, &out);
	else
		cmd_front_table(&listing, &out);
	return cmd_print(cmd, &out);
}
