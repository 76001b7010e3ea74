/* Listings: what is drawn of them can be run, what is run in lanes is what statements mean one by one, and what is written as a function of the
 * language is that as well. */
#include "rt_rules.h"
#include "runtime/search/exam.h"
#include "runtime/search/tree.h"

#include <stdlib.h>

/* ---- what statements mean ----
 *
 * One problem, all statements, in the order in which the language reference has them: nothing is left out, as nothing is known to be idle. */

enum { MOST_FEATURES = 5, MOST_ROWS = 7 };

typedef struct Machine {
	float s[8], v[8][MOST_FEATURES];
	int features;
} Machine;

static void execute(Machine *m, const SearchStatement *s) {
	const char *word = fe_statements[s->op].word;
	float a = m->s[s->a & 7], b = m->s[s->b & 7];
	const float *u = m->v[s->a & 7], *w = m->v[s->b & 7];
	float sum = 0, out[MOST_FEATURES] = {0};
	for (int j = 0; j < m->features; j++) {
		sum = j ? sum + u[j] * w[j] : u[0] * w[0];
		out[j] = !strcmp(word, "s*v")   ? a * w[j]
		         : !strcmp(word, "v+v") ? u[j] + w[j]
		         : !strcmp(word, "v-v") ? u[j] - w[j]
		                                : u[j] * w[j];
	}
	float number = !strcmp(word, "const")  ? s->constant
	               : !strcmp(word, "dot")  ? sum
	               : !strcmp(word, "s-s")  ? a - b
	               : !strcmp(word, "s*s")  ? a * b
	               : !strcmp(word, "s+s")  ? a + b
	               : !strcmp(word, "s/s")  ? a / (b + (b < 0 ? -1e-8f : 1e-8f))
	               : !strcmp(word, "max")  ? fmaxf(a, b)
	               : !strcmp(word, "abs")  ? fabsf(a)
	               : !strcmp(word, "sqrt") ? sqrtf(fabsf(a))
	                                       : (float)NAN;
	if (fe_statements[s->op].result == FE_MEMORY_VECTOR)
		memcpy(m->v[s->out], out, sizeof out);
	else
		m->s[s->out] = number;
}

static void section(Machine *m, const FeLearner *learner, const SearchListing *listing, int which) {
	int first = 0;
	for (int k = 0; k < which; k++)
		first += learner->statements[k];
	for (int i = 0; i < learner->statements[which]; i++)
		execute(m, &listing->of[first + i]);
}

static void learn_and_predict(const FeLearner *learner, const SearchListing *listing, const SearchLesson *lesson,
                              int examples, int lane, float *out) {
	Machine m = {.features = lesson->features};
	section(&m, learner, listing, FE_SETUP);
	for (int i = 0; i < examples; i++) {
		for (int j = 0; j < m.features; j++)
			m.v[0][j] = lesson->X[i * m.features + j][lane];
		section(&m, learner, listing, FE_PREDICT);
		m.s[0] = lesson->y[i][lane];
		section(&m, learner, listing, FE_LEARN);
	}
	for (int i = 0; i < lesson->predictions; i++) {
		for (int j = 0; j < m.features; j++)
			m.v[0][j] = lesson->unseen[i * m.features + j][lane];
		section(&m, learner, listing, FE_PREDICT);
		out[i] = m.s[1];
	}
}

/* ---- learners and lessons ---- */

static const FeLearner learners[] = {
	{.statements = {10, 2, 8}, .numbers = 4, .vectors = 3, .kinds = 0x3f},
	{.statements = {3, 4, 5}, .numbers = 3, .vectors = 4, .kinds = (1u << FE_STATEMENTS) - 1},
	{.statements = {16, 16, 16}, .numbers = 8, .vectors = 8, .kinds = (1u << FE_STATEMENTS) - 1},
	{.statements = {0, 1, 1}, .numbers = 2, .vectors = 2, .kinds = (1u << FE_STATEMENTS) - 1},
	{.statements = {0, 3, 6}, .numbers = 2, .vectors = 2, .kinds = 0x3f},
};
enum { LEARNERS = sizeof learners / sizeof *learners };

static SearchLanes *draw_lanes(SearchDraws *draws, int count, Arena *arena) {
	SearchLanes *out = rt_aligned(arena, (size_t)(count + 1) * sizeof(SearchLanes));
	for (int i = 0; i < count; i++)
		for (int lane = 0; lane < SEARCH_LANES; lane++)
			out[i][lane] = (float)(4 * search_draw_unit(draws) - 2);
	return out;
}

static SearchLesson draw_lesson(SearchDraws *draws, int features, int rows, Arena *arena) {
	return (SearchLesson){.examples = rows,
	                      .predictions = rows,
	                      .features = features,
	                      .X = draw_lanes(draws, rows * features, arena),
	                      .y = draw_lanes(draws, rows, arena),
	                      .unseen = draw_lanes(draws, rows * features, arena)};
}

/* Fresh ones, and what becomes of them: the listing of number `number`. */
static void some_listing(const FeLearner *learner, SearchDraws *draws, int number, SearchListing *out) {
	SearchListing other, child;
	search_listing_fresh(learner, draws, out);
	search_listing_fresh(learner, draws, &other);
	if (number % 3 == 1)
		search_listing_mutated(learner, draws, out, &child);
	if (number % 3 == 2)
		search_listing_crossed(learner, draws, out, &other, &child);
	if (number % 3)
		*out = child;
}

static bool same_bits(float a, float b) {
	return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)) || (a == 0 && b == 0);
}

Test(search_listing, lanes_do_what_statements_mean) {
	enum { MANY = GRADUS_SANITIZED ? 200 : 3000 };
	Arena *arena = arena_new();
	int differ_from_0 = 0, compared = 0;
	for (int number = 0; number < MANY; number++) {
		const FeLearner *learner = &learners[number % LEARNERS];
		SearchDraws draws = search_draws(7, 0, 0, (uint64_t)number);
		ArenaMark mark = arena_mark(arena);
		int features = 1 + number % MOST_FEATURES, rows = 1 + number % MOST_ROWS, examples = number % (rows + 1);
		SearchLesson lesson = draw_lesson(&draws, features, rows, arena);
		SearchListing listing = {0};
		some_listing(learner, &draws, number, &listing);
		SearchLanes *memory = rt_aligned(arena, search_listing_memory(learner, features) * sizeof(SearchLanes));
		SearchLanes *out = rt_aligned(arena, (size_t)rows * sizeof(SearchLanes));
		search_listing_run(learner, &listing, &lesson, examples, rows, memory, out);
		for (int lane = 0; lane < SEARCH_LANES; lane += 5) {
			float expected[MOST_ROWS];
			learn_and_predict(learner, &listing, &lesson, examples, lane, expected);
			for (int i = 0; i < rows; i++) {
				cr_assert(same_bits(out[i][lane], expected[i]), "listing %d, lane %d, prediction %d: %g, not %g",
				          number, lane, i, (double)out[i][lane], (double)expected[i]);
				differ_from_0 += expected[i] != 0;
				compared++;
			}
		}
		arena_release(arena, mark);
	}
	cr_expect(differ_from_0 > compared / 10, "%d of %d predictions are not 0", differ_from_0, compared);
	arena_free(arena);
}

/* What is read has a value, and what comes from outside is not assigned. */
static void expect_valid(const FeLearner *learner, const SearchListing *listing) {
	int at = 0;
	for (int section_ = 0; section_ < FE_SECTIONS; section_++) {
		for (int i = 0; i < learner->statements[section_]; i++, at++) {
			const SearchStatement *s = &listing->of[at];
			cr_assert(s->op < FE_STATEMENTS && learner->kinds >> s->op & 1);
			const FeStatementInfo *info = &fe_statements[s->op];
			const FeMemory kinds[] = {info->result, info->a, info->b};
			const int numbers[] = {s->out, s->a, s->b};
			for (int k = 0; k < 3; k++) {
				bool vector = kinds[k] == FE_MEMORY_VECTOR;
				bool outside = numbers[k] == 0 && kinds[k] != FE_MEMORY_NOTHING;
				bool there = vector ? section_ != FE_SETUP : section_ == FE_LEARN;
				cr_expect(numbers[k] < (vector ? learner->vectors : learner->numbers));
				cr_expect(!outside || (k > 0 && there), "section %d, part %d", section_, k);
			}
			cr_expect(isfinite(s->constant));
		}
	}
}

Test(search_listing, draws_can_be_run) {
	bool met[FE_STATEMENTS] = {0};
	for (int number = 0; number < 3000; number++) {
		const FeLearner *learner = &learners[number % LEARNERS];
		SearchDraws draws = search_draws(3, 1, 0, (uint64_t)number);
		SearchListing listing;
		some_listing(learner, &draws, number, &listing);
		expect_valid(learner, &listing);
		for (int i = 0; i < search_listing_size(learner); i++)
			met[listing.of[i].op] = true;
	}
	for (int op = 0; op < FE_STATEMENTS; op++)
		cr_expect(met[op], "%s was never drawn", fe_statements[op].word);
}

/* A change changes one parameter, one statement or one section, and each of these happens. */
Test(search_listing, changes_are_small) {
	const FeLearner *learner = &learners[0];
	int one = 0, several = 0;
	for (int number = 0; number < 1000; number++) {
		SearchDraws draws = search_draws(5, 0, 0, (uint64_t)number);
		SearchListing parent, child;
		search_listing_fresh(learner, &draws, &parent);
		search_listing_mutated(learner, &draws, &parent, &child);
		int changed = 0, sections = 0, at = 0;
		for (int k = 0; k < FE_SECTIONS; k++) {
			int before = changed;
			for (int i = 0; i < learner->statements[k]; i++, at++)
				changed += memcmp(&parent.of[at], &child.of[at], sizeof *parent.of) != 0;
			sections += changed > before;
		}
		cr_expect(sections <= 1);
		one += changed == 1;
		several += changed > 1;
	}
	cr_expect(one > 300 && several > 150, "%d changes of one statement, %d of several", one, several);
}

/* ---- as functions ---- */

static const char program[] = "fn online(X, s1, unseen) = discover(setup = 3, predict = 3, learn = 5, numbers = 4, "
							  "vectors = 3, ops = wide)\n"
							  "fn scale(a) = 3 * a\n"
							  "objective line(n = 9, m = 5, d = 3) {\n"
							  "  given w : [d] ~ normal(0, 1)\n"
							  "  given X : [n, d] ~ normal(0, 1)\n"
							  "  param other : [2] = 1\n"
							  "  given unseen : [m, d] ~ normal(0, 1)\n"
							  "  param predicted = online(X, s1 = X @ w, unseen = unseen)\n"
							  "  let r = predicted - unseen @ w\n"
							  "  minimize scale(mean(abs(r))) + sum(other)\n"
							  "}\n"
							  "experiment e {\n"
							  "  train online\n"
							  "  on line(), line(d = 2)\n"
							  "  problems 3 train, 5 select, 0 test\n"
							  "  search evolve(population = 8, islands = 1) for 1 candidates\n"
							  "}\n";

static FeProgram *empty(void *user) {
	return fe_program_new(((Bench *)user)->session);
}

/* The mean of f on the select problems, by lanes. */
static double by_lanes(SearchExam *const *exams, SearchPapers *const *papers, const SearchListing *listing,
                       SearchDesk *desks) {
	double sum = 0, values[SEARCH_LANES];
	for (int k = 0; k < 2; k++) {
		search_exam_values(exams[k], papers[k], 0, listing, &desks[k], values);
		for (int i = 0; i < papers[k]->count; i++)
			sum += values[i] / papers[k]->count / 2;
	}
	return sum;
}

static void functions_agree(IrScalar real) {
	enum { MANY = GRADUS_SANITIZED ? 6 : 30 };
	RtOptions options = {.real = real, .threads = 1, .strict = true};
	Bench b = bench(program, &options);
	FeExperiment x;
	SearchPrograms programs = {empty, &b};
	cr_assert(fe_experiment_any(b.program, fe_find(b.program, session_name(b.session, "e")), &x));
	SearchLearned result = {.experiment = &x, .arena = b.arena};
	cr_assert(fe_learner(b.program, x.learner, &result.learner));
	SearchExam *exams[2];
	SearchPapers *papers[2];
	SearchDesk desks[2];
	for (int k = 0; k < 2; k++) {
		exams[k] = search_exam_new(b.rt, &result.learner, &x.on.data[k], &programs);
		diag_print_all(b.session, stderr, false);
		cr_assert(exams[k]);
		papers[k] = search_papers_new(exams[k], PROBLEMS_SELECT, 0, x.select_problems);
		search_desk_new(exams[k], b.arena, &desks[k]);
	}
	int compared = 0;
	for (int number = 0; compared < MANY; number++) {
		SearchDraws draws = search_draws(11, 0, 0, (uint64_t)number);
		SearchListing listing = {0};
		SearchLive live;
		some_listing(&result.learner, &draws, number, &listing);
		search_listing_live(&result.learner, &listing, &live);
		double expected = by_lanes(exams, papers, &listing, desks), mean;
		if (!isfinite(expected) || search_live_statements(&live) < 1 + number % 7)
			continue;
		result.best = &listing;
		bool ok = search_learner_confirm(b.rt, &result, &programs, &mean);
		if (!ok) {
			Text text = text_new(b.arena);
			search_learner_file(b.rt, &result, &text);
			diag_print_all(b.session, stderr, false);
			cr_assert(ok, "%s", text_cstr(&text));
		}
		double most = real == IR_F32 ? 1e-6 : 1e-3; /* lanes are f32 */
		cr_expect(fabs(mean - expected) <= most * fabs(expected), "%s: %.9g, not %.9g",
		          search_learner_line(&result, b.arena), mean, expected);
		compared++;
	}
	for (int k = 0; k < 2; k++) {
		search_papers_free(papers[k]);
		search_exam_free(exams[k]);
	}
	bench_free(&b);
}

Test(search_listing, functions_agree_in_f32) {
	functions_agree(IR_F32);
}

Test(search_listing, functions_agree_in_f64) {
	functions_agree(IR_F64);
}
