/* The last word on a distillation: the formula, all others of its front and the trained rule run on test problems against the tuned rules of the
 * experiment, and are drawn. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command/cmd_front_svg.h"
#include "runtime/compare/compare.h"
#include "runtime/search/search.h"

/* Who runs: the formula, the trained rule, the pool, and the rules of the front. */
typedef struct Field {
	Cmd *cmd;
	const CmdDistilled *d;
	VEC(Contender) contenders;
	uint32_t first_of_front;
	VEC(int) sizes; /* of the front */
} Field;

static void on_compared(void *user, const char *label, int done, int total) {
	cmd_progress(user, false, "on test problems, %d of %d: %s", done + 1, total, label);
}

static double lead_share(const double *formula, const double *network, const double *pool, const int *drawn,
                         int count) {
	double lead = 0, kept = 0;
	for (int i = 0; i < count; i++) {
		int k = drawn ? drawn[i] : i;
		lead += pool[k] - network[k];
		kept += pool[k] - formula[k];
	}
	return kept / lead;
}

static int by_size(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The share of the network's lead over the pool that the formula keeps, with a 95 % bootstrap interval over problems. */
static CompareInterval share_of(const double *formula, const double *network, const double *pool, int count) {
	Arena *scratch = arena_new();
	double *shares = ARENA_ARRAY(scratch, double, SEARCH_RESAMPLES);
	int *drawn = ARENA_ARRAY(scratch, int, count);
	for (uint64_t k = 0; k < SEARCH_RESAMPLES; k++) {
		for (int i = 0; i < count; i++) {
			uint64_t bits[2];
			random_threefry((const uint64_t[]){UINT64_C(0x64697374696c6c), k}, /* "distill" */
			                (const uint64_t[]){(uint64_t)i, 0}, bits);
			drawn[i] = (int)((bits[0] >> 32) * (uint64_t)count >> 32);
		}
		shares[k] = lead_share(formula, network, pool, drawn, count);
	}
	qsort(shares, SEARCH_RESAMPLES, sizeof *shares, by_size);
	CompareInterval out = {.mean = lead_share(formula, network, pool, NULL, count),
	                       .low = compare_quantile(shares, SEARCH_RESAMPLES, 0.025),
	                       .high = compare_quantile(shares, SEARCH_RESAMPLES, 0.975)};
	arena_free(scratch);
	return out;
}

static void put_share(Cmd *cmd, const Comparison *c, uint32_t best, Text *out) {
	const Compared *formula = &c->rules[0], *network = &c->rules[1], *pool = &c->rules[best];
	if (!isfinite(formula->score.mean) || !isfinite(network->score.mean) || !isfinite(pool->score.mean)) {
		text_printf(out, "not all of these stay finite, so no share of a lead can be said\n");
		return;
	}
	if (!(network->score.mean < pool->score.mean)) {
		text_printf(out, "%s does not lead over tuned %s here, so there is no share of a lead\n", network->label,
		            pool->label);
		return;
	}
	CompareInterval share = share_of(formula->per_problem, network->per_problem, pool->per_problem, c->test_problems);
	text_printf(out, "the formula keeps %s %% [%s, %s] of the lead of %s over tuned %s\n",
	            cmd_number(cmd->arena, 100 * share.mean, 3), cmd_number(cmd->arena, 100 * share.low, 3),
	            cmd_number(cmd->arena, 100 * share.high, 3), network->label, pool->label);
}

/* Of the tuned rules; 0: none stays finite. */
static uint32_t best_of_pool(const Field *field, const Comparison *c) {
	uint32_t best = 0;
	for (uint32_t k = 2; k < field->first_of_front; k++)
		if (isfinite(c->rules[k].score.mean) && (best == 0 || c->rules[k].score.mean < c->rules[best].score.mean))
			best = k;
	return best;
}

static void put_comparison(const Field *field, const Comparison *c, uint32_t best, Text *out) {
	Cmd *cmd = field->cmd;
	CmdTable table = {.arena = cmd->arena, .columns = 4};
	text_printf(out, "\n%d unseen problem%s of %s, %d steps: %s\n", c->test_problems, c->test_problems == 1 ? "" : "s",
	            c->objective, c->steps,
	            score_words(cmd->arena, c->score, score_judge(c->validates), SCORE_EVALUATIONS, c->steps));
	cmd_cell(&table, " ");
	cmd_cell(&table, "score");
	cmd_cell(&table, "[95 %% interval]");
	cmd_cell(&table, "learned numbers");
	for (uint32_t k = 0; k < (best ? 3u : 2u); k++) {
		const Compared *rule = &c->rules[k < 2 ? k : best];
		cmd_cell(&table, k == 0 ? "%s, the formula" : k == 2 ? "%s, tuned" : "%s", rule->label);
		cmd_cell(&table, "%s", cmd_number(cmd->arena, rule->score.mean, 4));
		cmd_cell(&table, "[%s, %s]", cmd_number(cmd->arena, rule->score.low, 4),
		         cmd_number(cmd->arena, rule->score.high, 4));
		cmd_cell(&table, "%s", k == 1 ? cmd_count(cmd->arena, field->d->learned) : "-");
	}
	cmd_table(&table, "  ", out);
	if (best)
		put_share(cmd, c, best, out);
}

/* ---- the picture ---- */

/* All formulas of the front, and the trained rule and the pool as lines. */
static CmdExit draw(const Field *field, const Comparison *c, uint32_t best, uint32_t family) {
	Cmd *cmd = field->cmd;
	Arena *arena = cmd->arena;
	CmdFront front = {.title = arena_printf(arena, "%s: formulas for what %s does", c->objective, field->d->label),
	                  .problems = arena_printf(arena, "%d unseen problems", c->test_problems),
	                  .steps = c->steps,
	                  .score = c->score};
	for (uint32_t i = 0; i < field->sizes.count; i++) {
		CmdFrontPoint point = {field->sizes.data[i], c->rules[field->first_of_front + i].score};
		vec_push(arena, &front.points, point);
	}
	CmdFrontLevel network = {arena_printf(arena, "%s, %s number%s", field->d->label,
	                                      cmd_count(arena, field->d->learned), field->d->learned == 1 ? "" : "s"),
	                         c->rules[1].score.mean};
	vec_push(arena, &front.levels, network);
	if (best) {
		CmdFrontLevel pool = {arena_printf(arena, "%s, tuned", c->rules[best].label), c->rules[best].score.mean};
		vec_push(arena, &front.levels, pool);
	}
	const char *name = family ? arena_printf(arena, "front-%s.svg", c->objective) : "front.svg";
	CmdExit code = cmd_put_front(cmd, field->d->dir, name, &front);
	if (code == CMD_OK)
		cmd_say(cmd, "wrote %s/%s", field->d->dir, name);
	return code;
}

/* ---- who runs ---- */

static void add(Field *field, const char *label, const FeCall *rule, bool tune) {
	Contender one = {.label = label, .rule = *rule, .tune = tune};
	vec_push(field->cmd->arena, &field->contenders, one);
}

/* The size in the name of a rule of front.grad, open_step_5; 0: it is another declaration. */
static int size_in_name(const char *name, const char *rule) {
	size_t length = strlen(rule);
	if (strncmp(name, rule, length) != 0 || name[length] != '_' || !isdigit((unsigned char)name[length + 1]))
		return 0;
	char *end;
	long size = strtol(name + length + 1, &end, 10);
	return *end || size > SEARCH_MOST_SIZE ? 0 : (int)size;
}

static CmdExit add_rules_of_front(Field *field) {
	Cmd *cmd = field->cmd;
	const char *dir = field->d->dir, *rule = session_text(cmd->session, field->d->experiment->train.decl->name.name);
	FeProgram *program = cmd_program_new(cmd);
	store_confine(cmd->session, program, dir);
	if (!fe_add_file(program, arena_printf(cmd->arena, "%s/front.grad", dir)))
		return CMD_CHECKPOINT;
	field->first_of_front = field->contenders.count;
	for (uint32_t i = 0; i < fe_decl_count(program); i++) {
		const AstDecl *decl = fe_decl(program, i);
		const char *name = session_text(cmd->session, decl->name.name);
		int size = decl->kind == AST_OPTIMIZER ? size_in_name(name, rule) : 0;
		FeCall call = {0};
		if (!size)
			continue;
		if (!fe_call_text(program, name, AST_OPTIMIZER, &call))
			return cmd_failed(cmd);
		add(field, name, &call, false);
		vec_push(cmd->arena, &field->sizes, size);
	}
	return CMD_OK;
}

static CmdExit add_all(Field *field) {
	Cmd *cmd = field->cmd;
	const FeExperiment *x = field->d->experiment;
	FeCall formula = {0}, network = {0};
	StoreInfo info;
	CmdExit code = cmd_rule(cmd, field->d->dir, &formula, &info);
	if (code == CMD_OK)
		code = cmd_rule(cmd, field->d->run, &network, &info);
	if (code != CMD_OK)
		return code;
	add(field, session_text(cmd->session, formula.decl->name.name), &formula, false);
	add(field, field->d->label, &network, false);
	for (uint32_t i = 0; i < x->against.count; i++)
		add(field, session_text(cmd->session, x->against.data[i].decl->name.name), &x->against.data[i], true);
	return add_rules_of_front(field);
}

static CmdExit compare_on(const Field *field, uint32_t family) {
	Cmd *cmd = field->cmd;
	const FeExperiment *x = field->d->experiment;
	CompareOptions options = {.steps = x->horizon_high,
	                          .train_problems = x->train_problems,
	                          .test_problems = x->test_problems,
	                          .score = x->score,
	                          .subject = 0,
	                          .progress = on_compared,
	                          .user = cmd};
	Comparison *c =
		compare_rules(cmd->rt, &x->on.data[family], field->contenders.data, field->contenders.count, &options);
	cmd_progress_end(cmd);
	if (!c)
		return rt_interrupted(cmd->rt) ? CMD_INTERRUPTED : cmd_failed(cmd);
	Text out = text_new(cmd->arena);
	uint32_t best = best_of_pool(field, c);
	put_comparison(field, c, best, &out);
	CmdExit code = cmd_print(cmd, &out);
	if (code == CMD_OK)
		code = draw(field, c, best, family);
	compare_free(c);
	return code;
}

CmdExit cmd_distill_last_word(Cmd *cmd, const CmdDistilled *d) {
	const FeExperiment *x = d->experiment;
	Field field = {.cmd = cmd, .d = d};
	if (x->test_problems < 1)
		return CMD_OK;
	CmdExit code = add_all(&field);
	for (uint32_t k = 0; k < x->on.count && code == CMD_OK; k++)
		code = compare_on(&field, k);
	return code;
}
