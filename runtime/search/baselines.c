/* The known rules that an experiment goes against, beside what it finds. Each is fitted as a candidate is: rates by the same grids, its other
 * hyperparameters as constants, in the same stages on the same problems. So none of both has been looked for with more effort. */
#include <math.h>
#include <string.h>

#include "runtime/search/choose.h"
#include "runtime/search/stages.h"

/* Hyperparameters that the call leaves open and whose range the rule states: what tuning tries, but for the rate. *alike: its steps are as a
 * candidate's, of one evaluation each, and it has no numbers that have to be trained. */
static uint32_t open_numbers(Rt *rt, const FeExperiment *x, const FeCall *call, Name *open, bool *alike) {
	IrModule *module = ir_module_new(rt->session);
	FeObjective *problem = fe_objective(rt->program, module, &x->on.data[0], rt->options.real);
	FeTarget target = problem ? fe_target(problem, module->arena) : (FeTarget){0};
	FeRule *rule = problem ? fe_rule(rt->program, module, call, &target, rt->options.real, NULL, 0) : NULL;
	uint32_t count = 0;
	*alike = rule && rule->learned_count == 0 && !rule->evaluates && !rule->derives;
	for (uint32_t i = 0; rule && i < rule->hypers.count; i++) {
		const FeHyper *hyper = &rule->hypers.data[i];
		bool asked = !hyper->given && hyper->has_range && (int)i != rule->rate;
		if (asked && count < SEARCH_MOST_FITTED)
			open[count++] = hyper->name;
	}
	ir_module_free(module);
	return count;
}

/* Through all stages, by itself. */
static void through_stages(Choosing *c) {
	unsigned before = search_flush_subnormals();
	for (int stage = 0; stage < SEARCH_STAGES && !rt_interrupted(c->rt); stage++)
		search_choose_try(c, &c->workers[0], stage, &c->found[0]);
	search_choose_round(c, &c->workers[0], &c->found[0]);
	search_flush_as_before(before);
}

static void take(const Choosing *c, SearchBaseline *out, Arena *arena) {
	const FeRule *rule = search_choose_lab_rule(c->labs[0]);
	Problems *const *problems = c->select ? c->select : c->train;
	int count = 0;
	for (int k = 0; k < c->lab_count; k++)
		count += problems[k]->count;
	double *scores = ARENA_ARRAY(c->arena, double, count + 1);
	search_choose_score_each(c, &c->workers[0], problems, &c->found[0], scores);
	out->fitted = true;
	out->select = compare_bootstrap(scores, count, SEARCH_RESAMPLES, 0);
	out->rate = rule->rate >= 0 ? c->found[0].rate : (double)NAN;
	out->constant_count = (uint32_t)c->learned;
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeSlot *slot = &rule->learned.data[i].slot;
		out->names[slot->offset] = arena_strdup(arena, session_text(c->rt->session, slot->name));
		out->constants[slot->offset] = c->found[0].natural[slot->offset];
	}
}

static void fit(Rt *rt, SearchResult *result, const FeCall *written, SearchBaseline *out) {
	Session *session = rt->session;
	Name open[SEARCH_MOST_FITTED];
	FeCall call = *written;
	FeExperiment experiment = *result->experiment;
	SearchOptions quiet = {0};
	call.exposes = true;
	experiment.train = call;
	experiment.search = (FeSearch){0};
	*out = (SearchBaseline){.label = source_excerpt(session, result->arena, written->span)};
	uint32_t errors = session->error_count;
	DiagMark mark = diag_mark(session); /* what cannot be run in lanes is left to `compare` */
	bool alike;
	ChooseRule rule = {&call, open, open_numbers(rt, result->experiment, &call, open, &alike)};
	Choosing *c = search_choosing_new(rt, &experiment, &quiet);
	bool ok = alike && search_choose_begin(c, &rule) && c->out->space.combinations == 1;
	if (ok) {
		through_stages(c);
		take(c, out, result->arena);
	}
	result->evaluations += ok ? search_choose_evaluations(c) : 0;
	if (session->error_count > errors)
		diag_take_back(session, mark);
	search_choose_free(c->out);
}

bool search_baselines(Rt *rt, SearchResult *result, SearchConfirmed *progress, void *user) {
	const FeExperiment *x = result->experiment;
	result->baselines = ARENA_ARRAY(result->arena, SearchBaseline, x->against.count + 1);
	for (uint32_t i = 0; i < x->against.count && !rt_interrupted(rt); i++) {
		if (progress)
			progress(user, i, x->against.count);
		fit(rt, result, &x->against.data[i], &result->baselines[result->baseline_count++]);
	}
	return !rt_interrupted(rt);
}

const SearchBaseline *search_best_baseline(const SearchResult *result) {
	const SearchBaseline *best = NULL;
	for (uint32_t i = 0; i < result->baseline_count; i++) {
		const SearchBaseline *one = &result->baselines[i];
		if (one->fitted && isfinite(one->select.mean) && (!best || one->select.mean < best->select.mean))
			best = one;
	}
	return best;
}
