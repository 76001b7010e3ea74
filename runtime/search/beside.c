/* Learned numbers beside an open expression that are too many to be fitted as its constants are, or arrays: while expressions are looked at
 * they stay where they start, and in the end each finalist is a rule that is trained like any other. Its score is then that of the trained
 * rule, by compiled code, on the problems that finalists are chosen by. */
#include <math.h>
#include <string.h>

#include "runtime/search/stages.h"

/* A finalist in training. */
typedef struct Pupil {
	Search *search;
	SearchFound *found;
	uint32_t number; /* among the finalists */
	FeExperiment experiment;
} Pupil;

void search_see_beside(Search *s) {
	SearchResult *out = s->out;
	const FeRule *rule = out->labs[0]->task->rule;
	out->beside = out->labs[0]->learned ? 0 : learned_count(rule);
	out->trains = out->beside > 0;
	for (uint32_t i = 0; i < rule->learned.count; i++) /* of rules that it applies: their text is not written anew */
		out->trains = out->trains && !rule->learned.data[i].within && !rule->learned.data[i].from_hyper;
}

static void tell(void *user, const TrainProgress *p) {
	const Pupil *pupil = user;
	const Search *s = pupil->search;
	SearchProgress progress = {.stage = SEARCH_TRAINING,
	                           .done = pupil->number,
	                           .total = s->count,
	                           .step = p->step,
	                           .steps = p->steps,
	                           .distinct = s->out->candidates,
	                           .best = isfinite(p->best_score) ? p->best_score : p->last.score};
	Arena *arena = arena_new();
	FeLevel level;
	progress.formula = search_formula(s->out->table, pupil->found->expr, pupil->found->constants, arena, &level);
	progress.eta = p->eta + (p->seconds + p->eta) * (s->count - pupil->number - 1);
	if (s->options->progress)
		s->options->progress(s->options->user, &progress);
	arena_free(arena);
}

/* The finalist as a rule of a program of its own. false with diagnostics. */
static bool make_rule(Pupil *pupil) {
	const Search *s = pupil->search;
	Session *session = s->rt->session;
	Text text = text_new(session->arena);
	search_found_text(s->rt, s->out, pupil->found, &text);
	FeProgram *program = fe_program_new(session);
	store_use_weights(session, program);
	pupil->experiment = *s->experiment;
	return fe_add_source(program, source_add(session, "<found>", text_cstr(&text), text.length)) &&
	       fe_call_text(program, session_text(session, s->experiment->train.decl->name.name), AST_OPTIMIZER,
	                    &pupil->experiment.train);
}

/* The scores of the trained rule on each problem that finalists are chosen by, in found->select_scores. */
static bool score_trained(const Search *s, const Trained *trained, Problems *const *problems, SearchFound *found) {
	double *out = found->select_scores;
	for (int k = 0; k < trained->task_count; k++) {
		Task *task = trained->tasks[k];
		int count = problems[k]->count;
		Arena *scratch = arena_new();
		Runs runs;
		Problems *own =
			problems_of(task, s->rt->options.seed, s->select ? PROBLEMS_SELECT : PROBLEMS_TRAIN, count, false);
		bool ok =
			own && run_problems(task, own, NULL, trained->theta, s->experiment->horizon_high, false, scratch, &runs);
		for (int i = 0; ok && i < count; i++)
			*out++ = runs.score[i];
		arena_free(scratch);
		problems_free(own);
		if (!ok)
			return false;
	}
	return true;
}

static double mean_of(const double *values, int count) {
	double sum = 0;
	for (int i = 0; i < count; i++)
		sum += values[i];
	return sum / count;
}

static bool train_one(Pupil *pupil, Problems *const *problems, int count) {
	Search *s = pupil->search;
	SearchFound *found = pupil->found;
	TrainOptions options = {.progress = tell, .user = pupil};
	if (!make_rule(pupil))
		return false;
	Trained *trained = train_experiment(s->rt, &pupil->experiment, &options);
	if (!trained || trained->interrupted) {
		train_free(trained);
		return false;
	}
	found->untrained = mean_of(found->select_scores, count);
	found->trained = arena_copy(s->arena, trained->natural, sizeof *trained->natural * (size_t)trained->count);
	s->out->evaluations += trained->evaluations;
	bool ok = score_trained(s, trained, problems, found);
	found->flushed = mean_of(found->select_scores, count);
	train_free(trained);
	return ok;
}

bool search_train_beside(Search *s, Problems *const *problems) {
	int count = 0;
	for (int k = 0; k < s->out->lab_count; k++)
		count += problems[k]->count;
	for (uint32_t i = 0; i < s->count; i++) {
		Pupil pupil = {.search = s, .found = &s->found[i], .number = i};
		if (!train_one(&pupil, problems, count))
			return false;
	}
	return true;
}
