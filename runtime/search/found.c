/* What was found, as rules of the language, and its scores by the code that such rules are compiled to. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/stages.h"

/* ---- where the hole stands ---- */

/* What binds at least as tightly as a formula has to. */
static const FeLevel levels[] = {
	[AST_BIND_IF] = FE_LEVEL_LOOSE,        [AST_BIND_OR] = FE_LEVEL_SUM,      [AST_BIND_AND] = FE_LEVEL_SUM,
	[AST_BIND_NOT] = FE_LEVEL_SUM,         [AST_BIND_COMPARE] = FE_LEVEL_SUM, [AST_BIND_SUM] = FE_LEVEL_SUM,
	[AST_BIND_PRODUCT] = FE_LEVEL_PRODUCT, [AST_BIND_NEG] = FE_LEVEL_SIGN,    [AST_BIND_POWER] = FE_LEVEL_POWER,
	[AST_BIND_ATOM] = FE_LEVEL_ATOM};

static FeLevel needed_at(const AstDecl *rule, const FeHole *hole) {
	const AstExpr *open[SEARCH_MOST_HOLES] = {0};
	uint32_t count = fe_open_expressions(rule, open, SEARCH_MOST_HOLES);
	for (uint32_t i = 0; i < count && i < SEARCH_MOST_HOLES; i++)
		if (open[i]->span.start == hole->span.start)
			return levels[ast_bind_needed(rule, open[i])];
	return FE_LEVEL_LOOSE;
}

/* A formula as it stands in the place of the hole, in parentheses where it needs them. */
static const char *fill_text(const AstDecl *rule, const FeHole *hole, const char *formula, FeLevel level,
                             Arena *arena) {
	return level >= needed_at(rule, hole) ? formula : arena_printf(arena, "(%s)", formula);
}

/* ---- rules ---- */

/* The call of the experiment with a rate. */
static void call_with_rate(Rt *rt, const FeCall *call, Name name, double rate, FeCall *out) {
	Session *session = rt->session;
	Text text = text_new(session->arena);
	text_real(&text, rate, rt->options.real == IR_F32);
	const AstExpr *value = ast_parse_expression(session, source_add(session, "<found>", text_cstr(&text), text.length));
	*out = *call;
	out->names.data = NULL;
	out->values.data = NULL;
	out->names.count = out->names.capacity = out->values.count = out->values.capacity = 0;
	for (uint32_t i = 0; i < call->names.count; i++) {
		vec_push(session->arena, &out->names, call->names.data[i]);
		vec_push(session->arena, &out->values, call->values.data[i]);
	}
	vec_push(session->arena, &out->names, name);
	vec_push(session->arena, &out->values, value);
}

/* "128 problems that the search has not seen" */
static void put_problems(const SearchResult *result, Text *out) {
	const FeExperiment *x = result->experiment;
	bool ended = result->stage == SEARCH_STAGES, select = ended && result->select_problems > 0;
	int labs = result->lab_count;
	int problems = select  ? result->select_problems
	               : ended ? result->train_problems * labs
	                       : labs * search_problems_of(x, result->stage, labs);
	text_printf(out, "%d problem%s", problems, problems == 1 ? "" : "s");
	if (ended) {
		text_printf(out, " that the search %s", select ? "has not seen" : "was made on");
	} else {
		int steps = search_stages[result->stage].steps;
		text_printf(out, " of %d steps", steps && steps < x->horizon_high ? steps : x->horizon_high);
	}
}

static void put_comment(const SearchResult *result, const SearchFound *found, Text *out) {
	const SearchExpr *x = &result->table->exprs[found->expr];
	if (result->stage == SEARCH_STAGES)
		text_printf(out, "# found: %.4g [%.4g, %.4g] on ", found->select.mean, found->select.low, found->select.high);
	else
		text_printf(out, "# best so far: %.4g on ", found->score);
	put_problems(result, out);
	const SearchBaseline *known = result->stage == SEARCH_STAGES ? search_best_baseline(result) : NULL;
	if (known)
		text_printf(out, "; %s, fitted alike: %.4g", known->label, known->select.mean);
	text_printf(out, ". Size %d, %d constant%s, degree %g%s.\n", x->size, x->constants, x->constants == 1 ? "" : "s",
	            (double)x->degree / (double)FE_DEGREE_ONE, found->proposed ? ", proposed by another program" : "");
	if (found->trained)
		text_printf(out, "# %lld number%s beside the expression trained; before: %.4g.\n", (long long)result->beside,
		            result->beside == 1 ? "" : "s", found->untrained);
}

/* How tightly one of several formulas binds, which stand side by side as text (search_formula): as an atom, or not at all. */
static FeLevel level_of(const char *formula) {
	int depth = 0;
	if (*formula == '-')
		return FE_LEVEL_LOOSE;
	for (const char *at = formula; *at; at++) {
		depth += (*at == '(') - (*at == ')');
		if (depth == 0 && (*at == ' ' || *at == '^'))
			return FE_LEVEL_LOOSE;
	}
	return FE_LEVEL_ATOM;
}

void search_filled_rule(Rt *rt, const FeCall *call, const FeRule *rule, const SearchFill *fill, Text *out) {
	FeCall rated;
	call_with_rate(rt, call, rule->hole->rate, fill->rate, &rated);
	Span spans[SEARCH_MOST_HOLES];
	const char *formulas[SEARCH_MOST_HOLES], *at = fill->formula;
	StoreFill text = {.holes = spans,
	                  .formulas = formulas,
	                  .name = fill->name,
	                  .alone = fill->alone,
	                  .learned = fill->learned,
	                  .weights = fill->weights,
	                  .tensors = fill->tensors};
	for (const FeHole *hole = rule->hole; hole; hole = hole->next, text.count++) {
		size_t length = strcspn(at, "|");
		bool last = !hole->next;
		const char *own = last ? at : arena_printf(out->arena, "%.*s", (int)length - 1, at);
		spans[text.count] = hole->span;
		formulas[text.count] =
			fill_text(rule->decl, hole, own, rule->hole->next ? level_of(own) : fill->level, out->arena);
		at += last || !at[length] ? 0 : length + 2;
	}
	store_filled_source(rt, &rated, rule, &text, out);
}

/* The text of what was found, and the arrays that it reads from a file of this name. */
static void filled(Rt *rt, const SearchResult *result, const SearchFound *found, SearchFill *fill, Text *out) {
	fill->rate = found->rate;
	fill->learned = found->trained ? found->trained : result->labs[0]->learned ? found->learned : NULL;
	fill->formula = search_formula(result->table, found->expr, found->constants, out->arena, &fill->level);
	search_filled_rule(rt, &result->experiment->train, result->labs[0]->task->rule, fill, out);
}

void search_found_text(Rt *rt, const SearchResult *result, const SearchFound *found, Text *out) {
	SearchFill fill = {.weights = ""};
	filled(rt, result, found, &fill, out);
}

/* Number `number` of the front, with its arrays in the file that `fill` names. false with a diagnostic. */
static bool rule_text(Rt *rt, const SearchResult *result, uint32_t number, SearchFill *fill, Text *out,
                      StoreAllWeights *weights) {
	Session *session = rt->session;
	Safetensors tensors = {0};
	StoreWeights file = {.name = fill->weights};
	char *bytes;
	put_comment(result, &result->front[number], out);
	fill->tensors = &tensors;
	filled(rt, result, &result->front[number], fill, out);
	if (tensors.count == 0)
		return true;
	const char *error = safetensors_bytes(session->arena, &tensors, &bytes, &file.length);
	if (error)
		diag_error(session, 811, (Span){0}, "%s: %s", file.name, error);
	file.bytes = bytes;
	if (!error)
		vec_push(session->arena, weights, file);
	return !error;
}

static const char *front_name(const Rt *rt, const SearchResult *result, uint32_t number, Arena *arena) {
	const char *name = session_text(rt->session, result->experiment->train.decl->name.name);
	return arena_printf(arena, "%s_%d", name, result->table->exprs[result->front[number].expr].size);
}

static void put_head(const Rt *rt, const SearchResult *result, const char *what, Text *out) {
	const char *experiment = session_text(rt->session, result->experiment->decl->name.name);
	text_printf(out, "# %s by the experiment `%s`, among %lld expressions that are not the same (%lld were made)", what,
	            experiment, (long long)result->candidates, (long long)result->generated);
	if (result->stage == SEARCH_STAGES)
		text_printf(out, "; %u finalist%s.\n", result->finalists, result->finalists == 1 ? "" : "s");
	else
		text_printf(out, ", in a search that has not ended.\n");
}

bool search_rule_file(Rt *rt, const SearchResult *result, Text *out, StoreAllWeights *weights) {
	SearchFill fill = {.weights = "weights.safetensors"};
	put_head(rt, result, "Found", out);
	return rule_text(rt, result, result->winner, &fill, out, weights);
}

bool search_front_file(Rt *rt, const SearchResult *result, Text *out, StoreAllWeights *weights) {
	bool ok = true;
	put_head(rt, result, "The best of every size that beats all smaller ones, found", out);
	for (uint32_t i = 0; i < result->front_count && ok; i++) {
		int size = result->table->exprs[result->front[i].expr].size;
		SearchFill fill = {.name = front_name(rt, result, i, out->arena),
		                   .alone = i > 0,
		                   .weights = arena_printf(rt->session->arena, "weights-%d.safetensors", size)};
		text_char(out, '\n');
		ok = rule_text(rt, result, i, &fill, out, weights);
	}
	return ok;
}

/* ---- by compiled code ---- */

bool search_compiled_scores(Rt *rt, const SearchScored *what, double *scores) {
	Task *task = task_new(rt, what->objective, what->rule, what->score, NULL, 0);
	if (!task)
		return false;
	task_choose_lanes(task, what->count);
	Problems *problems = problems_of(task, what->seed, what->set, what->count, false);
	Arena *scratch = arena_new();
	double *theta = learned_new(rt, task->rule, scratch);
	Runs runs;
	bool ok = problems && theta && learned_start(rt, task->rule, what->seed, theta) &&
	          run_problems(task, problems, NULL, theta, what->steps, false, scratch, &runs);
	for (int i = 0; ok && i < what->count; i++)
		scores[i] = runs.score[i];
	if (ok && what->evaluations) /* the score has f where the last step led */
		*what->evaluations += runs.evaluations + (task->hands_on ? 0 : runs.problems);
	arena_free(scratch);
	problems_free(problems);
	task_free(task);
	return ok;
}

/* The mean score of a rule on the problems that the front was scored on. */
static bool compiled_mean(Rt *rt, const SearchResult *result, const FeCall *rule, int count, double *mean) {
	const FeExperiment *x = result->experiment;
	double *scores = ARENA_ARRAY(rt->session->arena, double, count);
	*mean = 0;
	for (uint32_t k = 0; k < x->on.count; k++) {
		SearchScored what = {.objective = &x->on.data[k],
		                     .rule = rule,
		                     .score = x->score,
		                     .set = result->select_problems > 0 ? PROBLEMS_SELECT : PROBLEMS_TRAIN,
		                     .count = count,
		                     .steps = x->horizon_high,
		                     .seed = rt->options.seed};
		if (rt_interrupted(rt) || !search_compiled_scores(rt, &what, scores))
			return false;
		for (int i = 0; i < count; i++)
			*mean += scores[i] / count / x->on.count;
	}
	return true;
}

bool search_confirm(Rt *rt, const SearchResult *result, FeProgram *program, SearchConfirmed *progress, void *user,
                    double *means) {
	Text text = text_new(rt->session->arena);
	StoreAllWeights weights = {0};
	if (!search_front_file(rt, result, &text, &weights) ||
	    !fe_add_source(program, source_add(rt->session, "<front>", text_cstr(&text), text.length)))
		return false;
	const FeExperiment *x = result->experiment;
	int count = result->select_problems > 0 ? x->select_problems : x->train_problems;
	for (uint32_t i = 0; i < result->front_count; i++) {
		FeCall rule;
		if (progress)
			progress(user, i, result->front_count);
		if (!fe_call_text(program, front_name(rt, result, i, rt->session->arena), AST_OPTIMIZER, &rule) ||
		    !compiled_mean(rt, result, &rule, count, &means[i]))
			return false;
	}
	return true;
}
