/* Successive halving against all combinations in all stages: the finalists and the winner are those that are found where nothing is dropped.
 * What a combination scores is held against other code elsewhere (test_choose_agree.c, command/test_choose.sh); here it is who goes on.
 * GRADUS_CHOOSE=1: the 4096 combinations of examples/choose_adam.grad, in minutes, with the figures. */
#include "rt_rules.h"
#include "runtime/search/choose.h"

#include <stdlib.h>

static const char small[] =
	"optimizer parts(lr = 0.1, decay = 0.9) {\n  state m = 0\n  state v = 0\n  let first = choose { 0.5, decay, 0.2 }\n"
	"  m <- first * m + (1 - first) * choose { g, g / rms(g), sign(g) }\n  v <- decay * v + (1 - decay) * g^2\n"
	"  let u = choose { g, m, sign(m), m / (sqrt(v) + 1e-8), g / (sqrt(v) + 1e-8), m + g }\n"
	"  let fall = choose { 1, 1 - (t - 1) / horizon, 1 / sqrt(t), 1 / t }\n"
	"  x <- x - lr * fall * (u + choose { 0, 0.001, 0.01 } * x)\n}\n"
	"experiment e {\n  train parts()\n  on robust_regression(n = 20)\n  problems 12 train, 8 select, 1 test\n"
	"  horizon 12\n}\n";

typedef struct Asked {
	const char *text, *experiment;
} Asked;

static Asked asked(Session *session) {
	const char *path = getenv("GRADUS_CHOOSE") ? GRADUS_SOURCE_DIR "/examples/choose_adam.grad" : NULL;
	char *text;
	size_t length;
	if (!path)
		return (Asked){small, "e"};
	cr_assert_null(file_read(session->arena, path, 1 << 20, false, &text, &length));
	return (Asked){text, "choose_adam"};
}

/* The best of the finalists on the select problems, in the lanes of the search. */
static int64_t best_on_select(Choosing *c, uint32_t finalists, double *score) {
	int64_t winner = -1;
	int count = c->experiment->select_problems * c->lab_count;
	double *scores = ARENA_ARRAY(c->arena, double, count + 1);
	*score = (double)INFINITY;
	for (uint32_t i = 0; i < finalists; i++) {
		double mean = 0;
		search_choose_round(c, &c->workers[0], &c->found[i]);
		search_choose_score_each(c, &c->workers[0], c->select, &c->found[i], scores);
		for (int k = 0; k < count; k++)
			mean += scores[k] / count;
		if (mean < *score) {
			*score = mean;
			winner = c->found[i].combination;
		}
	}
	return winner;
}

Test(choose_exhaustive, halving_ends_with_the_best, .timeout = 3600) {
	Bench b = {.session = session_new(), .arena = arena_new()};
	const RtOptions options = {.engine = RT_JIT, .real = IR_F32};
	SearchOptions quiet = {0};
	FeExperiment x = {0};
	Asked what = asked(b.session);
	b.program = fe_program_new(b.session);
	cr_assert(fe_add_source(b.program, source_add(b.session, "parts.grad", what.text, strlen(what.text))));
	b.rt = rt_new(b.session, b.program, &options);
	cr_assert(fe_experiment(b.program, fe_find(b.program, session_name(b.session, what.experiment)), &x));
	ChooseResult *found = search_choose_experiment(b.rt, &x, &quiet);
	if (!found)
		diag_print_all(b.session, stderr, false);
	cr_assert(found);
	cr_assert_lt(found->evaluated[1], found->evaluated[0], "nothing was dropped");

	Choosing *all = search_choosing_new(b.rt, &x, &quiet);
	cr_assert(search_choose_begin(all, &(ChooseRule){.call = &x.train}));
	search_choose_keep(&all->kept, b.rt, &x, &quiet, &all->out->space, 0, all->arena);
	for (int stage = 0; stage < SEARCH_STAGES; stage++)
		cr_assert(search_choose_try_all(all, stage, false));
	uint32_t finalists = search_choose_best(all->found, all->count, SEARCH_KEPT), met = 0;
	for (uint32_t i = 0; i < finalists; i++)
		for (uint32_t k = 0; k < found->best_count; k++)
			met += all->found[i].combination == found->best[k].combination;
	double best, first = all->found[0].score;
	int64_t winner = best_on_select(all, finalists, &best);
	fprintf(stderr,
	        "%u combinations, all through all stages: %u of the best %u are finalists, the winner is %s (%s); %.5g on "
	        "the last stage; %lld evaluations instead of %lld\n",
	        (unsigned)all->count, (unsigned)met, (unsigned)finalists,
	        winner == found->best[0].combination ? "the same" : "another one",
	        search_choose_text(b.session, &all->out->space, winner, b.arena), first,
	        (long long)search_choose_evaluations(all), (long long)found->evaluations);
	cr_expect_eq(winner, found->best[0].combination, "the winner is %s, %.6g on the select problems, not %s, %.6g",
	             search_choose_text(b.session, &all->out->space, winner, b.arena), best,
	             search_choose_text(b.session, &found->space, found->best[0].combination, b.arena),
	             found->best[0].score);
	cr_expect_geq(met, finalists - 1, "only %u of the best %u were kept", (unsigned)met, (unsigned)finalists);
	search_choose_free(all->out);
	search_choose_free(found);
	bench_free(&b);
}
