/* What a program of a learner costs, on one core: gradient descent as a listing against the same loop by hand; and how many programs a second
 * evolution makes on the example's linear regression, at random and evolved. */
#include <stdio.h>

#include "bench/bench.h"
#include "bench/peer_learner.h"
#include "bench/setup.h"
#include "runtime/search/learner.h"
#include "runtime/search/listing.h"

static const char text[] =
	"fn online(X, y, unseen) = discover(setup = 10, predict = 2, learn = 8, numbers = 4, vectors = 3)\n"
	"objective linear_regression(n = 100, d = 4) {\n"
	"  given w : [d] ~ normal(0, 1)\n"
	"  given X : [n, d] ~ normal(0, 1)\n"
	"  given unseen : [n, d] ~ normal(0, 1)\n"
	"  param predicted = online(X, X @ w, unseen)\n"
	"  minimize 2 / pi * atan(sqrt(mean((predicted - unseen @ w)^2)))\n"
	"}\n"
	"experiment evolved {\n"
	"  train    online\n"
	"  on       linear_regression()\n"
	"  problems 10 train, 16 select\n"
	"  search   evolve(population = 300, tournament = 10, islands = 1) for 60000 candidates\n"
	"}\n"
	"experiment drawn {\n"
	"  train    online\n"
	"  on       linear_regression()\n"
	"  problems 10 train, 16 select\n"
	"  search   random for 60000 candidates\n"
	"}\n";

enum { ROWS = 100, D = LEARNER_PEER_FEATURES };

/* w <- w + 0.18 (y - w . x) x, statements without an effect around it as evolution leaves them. */
static const SearchStatement descent[] = {
	{.op = FE_STATEMENT_CONST, .out = 2, .constant = 0.18f}, {.op = FE_STATEMENT_CONST, .out = 3, .constant = 0.5f},
	{.op = FE_STATEMENT_DOT, .out = 1, .a = 0, .b = 1},      {.op = FE_STATEMENT_SUB, .out = 3, .a = 0, .b = 1},
	{.op = FE_STATEMENT_MUL, .out = 3, .a = 2, .b = 3},      {.op = FE_STATEMENT_SCALE, .out = 2, .a = 3, .b = 0},
	{.op = FE_STATEMENT_VADD, .out = 1, .a = 1, .b = 2},     {.op = FE_STATEMENT_MUL, .out = 3, .a = 3, .b = 3},
};

typedef struct Fixed {
	FeLearner learner;
	SearchListing listing;
	SearchLesson lesson;
	SearchLanes *X, *y, *unseen, *memory, *out;
} Fixed;

static void by_listing(void *user) {
	Fixed *f = user;
	search_listing_run(&f->learner, &f->listing, &f->lesson, ROWS, ROWS, f->memory, f->out);
}

static void by_hand(void *user) {
	Fixed *f = user;
	peer_learner((const float *)f->X, (const float *)f->y, (const float *)f->unseen, ROWS, ROWS, 0.18f,
	             (float *)f->out);
}

static SearchLanes *draw(unsigned long long *state, int count) {
	SearchLanes *out = bench_memory((size_t)count * sizeof *out);
	for (int i = 0; i < count; i++)
		for (int lane = 0; lane < SEARCH_LANES; lane++)
			out[i][lane] = 2 * (float)bench_random(state) - 1;
	return out;
}

static void against_hand(void) {
	unsigned long long state = 1;
	Fixed f = {.learner = {.statements = {2, 1, 5}, .numbers = 4, .vectors = 3}};
	memcpy(f.listing.of, descent, sizeof descent);
	f.X = draw(&state, ROWS * D);
	f.y = draw(&state, ROWS);
	f.unseen = draw(&state, ROWS * D);
	f.memory = bench_memory(search_listing_memory(&f.learner, D) * sizeof *f.memory);
	f.out = bench_memory(ROWS * sizeof *f.out);
	f.lesson =
		(SearchLesson){.examples = ROWS, .predictions = ROWS, .features = D, .X = f.X, .y = f.y, .unseen = f.unseen};
	bench_print("gradient descent, 100 examples and 100 predictions of 16 problems", "by hand",
	            bench_ratio((BenchSide){by_listing, &f}, (BenchSide){by_hand, &f}, (BenchHow){0}));
	free(f.X);
	free(f.y);
	free(f.unseen);
	free(f.memory);
	free(f.out);
}

static FeProgram *empty_program(void *user) {
	return fe_program_new(((Setup *)user)->session);
}

static void rate(const char *name) {
	Setup setup = setup_new(text, 1, IR_F32);
	FeExperiment experiment;
	const AstDecl *decl = fe_find(setup.program, session_name(setup.session, name));
	setup_must(&setup, decl && fe_experiment_any(setup.program, decl, &experiment));
	SearchLearnerOptions options = {.programs = {empty_program, &setup}};
	double started = bench_now(false);
	SearchLearned *found = search_learner(setup.rt, &experiment, &options);
	double took = bench_now(false) - started;
	setup_must(&setup, found != NULL);
	printf("%-8s %lld programs, %lld of them scored, on one core: %.0f programs/s (bar 200000 for evolution)\n", name,
	       (long long)found->generated, (long long)found->scored, (double)found->generated / took);
	search_learner_free(found);
	setup_free(&setup);
}

int main(void) {
	against_hand();
	rate("evolved");
	rate("drawn");
	return 0;
}
