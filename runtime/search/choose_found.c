/* A combination as a rule of the language, and its score as such: the program once more with the choices made, numbers in place of what was
 * learned; what is written is read and compiled like any rule. Nothing of the search has a part in these figures. */
#include <string.h>

#include "runtime/search/choose.h"

/* ---- the program with the choices made ---- */

/* The call of the experiment as text, with a rate. */
static const char *call_text(const Choosing *c, double rate) {
	const FeCall *call = &c->experiment->train;
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	Text text = text_new(c->arena);
	const char *written = source_excerpt(c->rt->session, c->arena, call->span);
	size_t length = strlen(written);
	int which = search_choose_lab_rule(c->labs[0])->rate;
	if (which < 0)
		return written;
	bool empty = call->names.count == 0;
	length = empty ? strcspn(written, "( \t\n") : length - 1;
	while (length > 0 && strchr(" \t\n,", written[length - 1]))
		length--;
	text_bytes(&text, written, length);
	text_printf(&text, "%s%s = ", empty ? "(" : ", ", session_text(c->rt->session, rule->hypers.data[which].name));
	text_real(&text, rate, c->rt->options.real == IR_F32);
	text_char(&text, ')');
	return text_cstr(&text);
}

/* The numbers that the search has fitted, for what is still learned. */
static double *natural_of(const Choosing *c, const ChooseFound *found, const FeRule *made) {
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	double *natural = ARENA_ARRAY(c->arena, double, made->learned_count + 1);
	for (uint32_t i = 0; i < made->learned.count; i++)
		for (uint32_t k = 0; k < rule->learned.count; k++)
			if (rule->learned.data[k].slot.name == made->learned.data[i].slot.name)
				natural[made->learned.data[i].slot.offset] = found->natural[rule->learned.data[k].slot.offset];
	return natural;
}

static void put_head(const Choosing *c, const ChooseFound *found, Text *out) {
	const ChooseSpace *space = &c->out->space;
	Session *session = c->rt->session;
	bool select = c->select != NULL;
	int problems = (select ? c->experiment->select_problems : c->experiment->train_problems) * c->lab_count;
	text_printf(out, "# found: %.4g [%.4g, %.4g] on %d problem%s that the search %s.\n", found->select.mean,
	            found->select.low, found->select.high, problems, problems == 1 ? "" : "s",
	            select ? "has not seen" : "was made on");
	text_printf(out, "# Chosen by the experiment `%s`, %s %u combinations that are not the same (of %.0f): %s\n",
	            session_text(session, c->experiment->decl->name.name), space->sampled ? "from a sample of" : "among",
	            (unsigned)space->distinct_count, space->combinations,
	            search_choose_text(session, space, found->combination, out->arena));
}

/* The rule with all that it needs. NULL with diagnostics. */
static const char *rule_text(const Choosing *c, const ChooseFound *found) {
	Rt view = *c->rt;
	const FeExperiment *x = c->experiment;
	FePick *picks = search_choose_program_picks(c->rt->session, &c->out->space, found->combination);
	view.program = fe_chosen(c->rt->program, picks, c->out->space.count);
	FeCall call;
	if (!fe_call_text(view.program, call_text(c, found->rate), AST_OPTIMIZER, &call))
		return NULL;
	IrModule *module = ir_module_new(c->rt->session);
	FeObjective *problem = fe_objective(c->rt->program, module, &x->on.data[0], c->rt->options.real);
	FeRule *rule = NULL;
	if (problem) {
		FeTarget target = fe_target(problem, module->arena);
		rule = fe_rule(view.program, module, &call, &target, c->rt->options.real, NULL, 0);
	}
	Text text = text_new(c->arena);
	Safetensors tensors;
	if (rule)
		store_rule_source(&view, &call, rule, natural_of(c, found, rule), "weights.safetensors", &text, &tensors);
	ir_module_free(module);
	return rule ? text_cstr(&text) : NULL;
}

/* ---- its score ---- */

/* The scores of a rule on the problems of one objective. */
static bool score_on(const Choosing *c, const FeCall *rule, uint32_t objective, int count, double *scores) {
	const FeExperiment *x = c->experiment;
	Rt *rt = c->rt;
	Task *task = task_new(rt, &x->on.data[objective], rule, x->score, NULL, 0);
	if (!task)
		return false;
	task_choose_lanes(task, count);
	Problems *problems =
		problems_of(task, rt->options.seed, c->select ? PROBLEMS_SELECT : PROBLEMS_TRAIN, count, false);
	Arena *scratch = arena_new();
	double *theta = learned_new(rt, task->rule, scratch);
	Runs runs;
	bool ok = problems && theta && learned_start(rt, task->rule, rt->options.seed, theta) &&
	          run_problems(task, problems, NULL, theta, x->horizon_high, false, scratch, &runs);
	for (int i = 0; ok && i < count; i++)
		scores[i] = runs.score[i];
	arena_free(scratch);
	problems_free(problems);
	task_free(task);
	return ok;
}

bool search_choose_write(const Choosing *c, ChooseFound *found) {
	const FeExperiment *x = c->experiment;
	Session *session = c->rt->session;
	int count = c->select ? x->select_problems : x->train_problems;
	const char *text = rule_text(c, found);
	if (!text)
		return false;
	FeProgram *program = fe_program_new(session);
	FeCall rule;
	if (!fe_add_source(program, source_add(session, "<chosen>", text, strlen(text))) ||
	    !fe_call_text(program, session_text(session, x->train.decl->name.name), AST_OPTIMIZER, &rule))
		return false;
	found->select_scores = ARENA_ARRAY(c->arena, double, count * c->lab_count + 1);
	for (uint32_t k = 0; k < x->on.count; k++)
		if (!score_on(c, &rule, k, count, found->select_scores + (size_t)k * (size_t)count))
			return false;
	found->select = compare_bootstrap(found->select_scores, count * c->lab_count, SEARCH_RESAMPLES, x->seed);
	Text out = text_new(c->arena);
	put_head(c, found, &out);
	text_printf(&out, "%s", text);
	found->rule = text_cstr(&out);
	return true;
}
