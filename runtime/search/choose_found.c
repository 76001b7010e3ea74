/* A combination as a rule of the language, and its score as such: the program once more with the choices made, numbers in place of what was
 * learned; what is written is read and compiled like any rule. Nothing of the search has a part in these figures. */
#include <string.h>

#include "runtime/search/choose.h"

/* ---- the program with the choices made ---- */

/* The call of the experiment as text, with a rate. */
static const char *call_text(Rt *rt, const FeCall *call, const FeRule *rule, double rate, Arena *arena) {
	Text text = text_new(arena);
	const char *written = source_excerpt(rt->session, arena, call->span);
	size_t length = strlen(written);
	if (rule->rate < 0)
		return written;
	bool empty = call->names.count == 0;
	length = empty ? strcspn(written, "( \t\n") : length - 1;
	while (length > 0 && strchr(" \t\n,", written[length - 1]))
		length--;
	text_bytes(&text, written, length);
	text_printf(&text, "%s%s = ", empty ? "(" : ", ", session_text(rt->session, rule->hypers.data[rule->rate].name));
	text_real(&text, rate, rt->options.real == IR_F32);
	text_char(&text, ')');
	return text_cstr(&text);
}

/* The numbers that were fitted, for what is still learned. */
static double *natural_of(const FeRule *rule, const double *fitted, const FeRule *made, Arena *arena) {
	double *natural = ARENA_ARRAY(arena, double, made->learned_count + 1);
	for (uint32_t i = 0; i < made->learned.count; i++)
		for (uint32_t k = 0; k < rule->learned.count; k++)
			if (rule->learned.data[k].slot.name == made->learned.data[i].slot.name)
				natural[made->learned.data[i].slot.offset] = fitted[rule->learned.data[k].slot.offset];
	return natural;
}

const char *search_choose_as_rule(Rt *rt, const FeExperiment *x, const ChooseSpace *space, const ChooseFound *found,
                                  Arena *arena) {
	Rt view = *rt;
	FePick *picks = search_choose_program_picks(rt->session, space, found->combination);
	view.program = fe_chosen(rt->program, picks, space->count);
	FeCall call;
	if (!fe_call_text(view.program, call_text(rt, &x->train, space->rule, found->rate, arena), AST_OPTIMIZER, &call))
		return NULL;
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective(rt->program, module, &x->on.data[0], rt->options.real);
	FeRule *rule = NULL;
	if (problem) {
		FeTarget target = fe_target(problem, module->arena);
		rule = fe_rule(view.program, module, &call, &target, rt->options.real, NULL, 0);
	}
	Text text = text_new(arena);
	Safetensors tensors;
	if (rule)
		store_rule_source(&view, &call, rule, natural_of(space->rule, found->natural, rule, arena),
		                  "weights.safetensors", &text, &tensors);
	ir_module_free(module);
	return rule ? text_cstr(&text) : NULL;
}

/* The last word on it, or what is known so far: the problems that its score is of. */
static void put_score(const Choosing *c, const ChooseFound *found, Text *out) {
	const FeExperiment *x = c->experiment;
	bool ended = c->out->stage == SEARCH_STAGES, select = ended && c->select != NULL;
	int each = select  ? x->select_problems
	           : ended ? x->train_problems
	                   : search_problems_of(x, c->out->stage, c->lab_count);
	int problems = each * c->lab_count;
	if (ended)
		text_printf(out, "# found: %.4g [%.4g, %.4g] on %d problem%s that the search %s.\n", found->select.mean,
		            found->select.low, found->select.high, problems, problems == 1 ? "" : "s",
		            select ? "has not seen" : "was made on");
	else
		text_printf(out, "# best so far: %.4g on %d problem%s, in a search that has not ended.\n", found->score,
		            problems, problems == 1 ? "" : "s");
}

static void put_head(const Choosing *c, const ChooseFound *found, Text *out) {
	const ChooseSpace *space = &c->out->space;
	Session *session = c->rt->session;
	put_score(c, found, out);
	text_printf(out, "# Chosen by the experiment `%s`, %s %u combinations that are not the same (of %.0f): %s\n",
	            session_text(session, c->experiment->decl->name.name), space->sampled ? "from a sample of" : "among",
	            (unsigned)space->distinct_count, space->combinations,
	            search_choose_text(session, space, found->combination, out->arena));
}

/* ---- its score ---- */

bool search_choose_rule_file(const ChooseResult *result, Text *out) {
	const Choosing *c = result->choosing;
	const char *text = search_choose_as_rule(c->rt, c->experiment, &result->space, &result->best[0], out->arena);
	if (!text)
		return false;
	put_head(c, &result->best[0], out);
	text_printf(out, "%s", text);
	return true;
}

bool search_choose_write(const Choosing *c, ChooseFound *found) {
	const FeExperiment *x = c->experiment;
	Session *session = c->rt->session;
	int count = c->select ? x->select_problems : x->train_problems;
	const char *text = search_choose_as_rule(c->rt, x, &c->out->space, found, c->arena);
	if (!text)
		return false;
	FeProgram *program = fe_program_new(session);
	FeCall rule;
	if (!fe_add_source(program, source_add(session, "<chosen>", text, strlen(text))) ||
	    !fe_call_text(program, session_text(session, x->train.decl->name.name), AST_OPTIMIZER, &rule))
		return false;
	found->select_scores = ARENA_ARRAY(c->arena, double, count * c->lab_count + 1);
	for (uint32_t k = 0; k < x->on.count; k++) {
		SearchScored what = {.objective = &x->on.data[k],
		                     .rule = &rule,
		                     .score = x->score,
		                     .set = c->select ? PROBLEMS_SELECT : PROBLEMS_TRAIN,
		                     .count = count,
		                     .steps = x->horizon_high,
		                     .seed = c->rt->options.seed};
		if (!search_compiled_scores(c->rt, &what, found->select_scores + (size_t)k * (size_t)count))
			return false;
	}
	found->select = compare_bootstrap(found->select_scores, count * c->lab_count, SEARCH_RESAMPLES, x->seed);
	found->rule = text;
	return true;
}
