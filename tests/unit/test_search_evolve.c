/* Evolution as an algorithm: what it draws is always of the space, the same on any number of threads, remembers within its bound, and is better
 * than drawing. What expressions are worth comes from a table of a space in which every expression was scored: so the best are known. */
#include "rt_rules.h"
#include "runtime/search/evolve.h"

#include <stdlib.h>
#include <string.h>

enum { SITUATIONS = SEARCH_SITUATIONS * SEARCH_COORDINATES, MOST_THREADS = 3 };

static SearchLeaf leaf(const char *text, int degree) {
	return (SearchLeaf){.text = text, .level = FE_LEVEL_ATOM, .like_x = true, .degree = degree * FE_DEGREE_ONE};
}

static SearchSpace small_space(int size, uint32_t operators, bool homogeneous, int constants) {
	SearchSpace space = {.leaf_count = 4,
	                     .size = size,
	                     .like_x = true,
	                     .merge = true,
	                     .homogeneous = homogeneous,
	                     .constants = constants,
	                     .operators = operators};
	space.leaves[0] = leaf("g", 1);
	space.leaves[1] = leaf("m", 1);
	space.leaves[2] = leaf("v", 2);
	space.leaves[3] = (SearchLeaf){.text = "f", .level = FE_LEVEL_ATOM, .degree = FE_DEGREE_ONE, .positive = true};
	if (constants)
		space.leaves[space.leaf_count++] = (SearchLeaf){.level = FE_LEVEL_ATOM};
	return space;
}

/* ---- what is drawn ---- */

/* Nodes of a tree, counted by another way than the product's: by a walk with a stack of what is still missing. */
static int count_nodes(const SearchTree *tree, int at) {
	int arity = tree->codes[at] < SEARCH_OPERATION ? 0 : fe_operators[tree->codes[at] - SEARCH_OPERATION].arity;
	int count = 1;
	for (int k = 0; k < arity; k++)
		count += count_nodes(tree, at + count);
	return count;
}

static void expect_valid(const SearchGrammar *grammar, const SearchTuple *tuple, const char *what) {
	const SearchSpace *space = grammar->spaces[0];
	const SearchTree *tree = &tuple->trees[0];
	SearchExpr nodes[SEARCH_MOST_NODES];
	cr_assert(tree->count >= 1 && tree->count <= space->size, "%s: %d nodes", what, tree->count);
	cr_assert_eq(count_nodes(tree, 0), tree->count, "%s", what);
	cr_assert(search_tree_nodes(space, grammar->meanings, tree, nodes), "%s", what);
	cr_expect_eq(nodes[0].size, tree->count);
	cr_expect(nodes[0].constants <= space->constants && nodes[0].like_x && !nodes[0].fixed, "%s", what);
	for (int i = 0; i < tree->count; i++) {
		uint8_t code = tree->codes[i];
		bool leaf_is_there = code < SEARCH_OPERATION && code < space->leaf_count;
		uint32_t bit = code < SEARCH_OPERATION ? 0 : 1u << (code - SEARCH_OPERATION);
		cr_expect(leaf_is_there || (space->operators & bit), "%s: code %d", what, code);
	}
}

/* Every size, all operations and few, homogeneous and not, with constants and without. */
Test(search_evolve, draws_are_of_the_space) {
	static const uint32_t sets[] = {(1u << FE_OPERATORS) - 1, 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_MUL,
	                                1u << FE_OPERATOR_SIGN};
	SearchMeanings meanings;
	Session *session = session_new();
	search_meanings(session, &meanings);
	for (int number = 0; number < SEARCH_MOST_NODES * 3 * 2 * 3; number++) {
		int size = 1 + number % SEARCH_MOST_NODES, rest = number / SEARCH_MOST_NODES, drawn = 0;
		SearchSpace space = small_space(size, sets[rest % 3], rest / 3 % 2, rest / 6);
		SearchGrammar grammar = {.spaces = {&space}, .holes = 1, .meanings = &meanings};
		SearchTuple tuples[3] = {0};
		SearchDraws start = search_draws(7, 1, 2, (uint64_t)number);
		cr_assert(search_fresh(&grammar, &start, &tuples[0]) && search_fresh(&grammar, &start, &tuples[1]));
		for (uint64_t k = 0; k < 200; k++) {
			SearchDraws draws = search_draws(k, 3, (uint64_t)number, k);
			bool crossed = k % 3 == 0;
			if (crossed ? !search_crossed(&grammar, &draws, &tuples[0], &tuples[1], &tuples[2])
			            : !search_mutated(&grammar, &draws, &tuples[0], &tuples[2]))
				continue;
			drawn++;
			expect_valid(&grammar, &tuples[2], crossed ? "crossed" : "mutated");
			tuples[k % 2] = tuples[2];
		}
		cr_expect(drawn > 100 || size == 1, "size %d, set %d: %d of 200", size, rest % 3, drawn);
	}
	session_free(session);
}

/* An expression of a table, as a tree and back, is the same one, and has the values that told it apart. */
Test(search_evolve, trees_are_expressions) {
	SearchSpace space = small_space(5, (1u << FE_OPERATORS) - 1, true, 2);
	Arena *arena = arena_new();
	SearchProbes *probes = search_probes_new(&space, arena);
	SearchTable *table = search_enumerate(&space, NULL, NULL);
	SearchExpr nodes[SEARCH_MOST_NODES];
	SearchTable one = {.space = &space, .exprs = nodes};
	double values[2][SITUATIONS];
	for (uint32_t i = 0; i < table->count; i++) {
		SearchTree tree;
		FeLevel level;
		if (!search_is_candidate(table, i))
			continue;
		search_tree_of(table, i, &tree);
		cr_assert(search_tree_nodes(&space, &probes->meanings, &tree, nodes));
		const SearchExpr *x = &table->exprs[i], *y = &nodes[0];
		cr_expect(x->size == y->size && x->cost == y->cost && x->degree == y->degree && x->constants == y->constants);
		cr_expect_str_eq(search_formula(&one, 0, NULL, arena, &level), search_formula(table, i, NULL, arena, &level));
		search_values_apart(probes, table, x, values[0]);
		search_values_apart(probes, &one, y, values[1]);
		cr_expect(memcmp(values[0], values[1], sizeof(double) * (size_t)probes->rows) == 0);
	}
	search_table_free(table);
	arena_free(arena);
}

/* ---- what is remembered ---- */

static uint64_t mixed(uint64_t i) {
	uint64_t bits[2];
	random_threefry((const uint64_t[]){1, 2}, (const uint64_t[]){i, 3}, bits);
	return bits[0];
}

/* Swaps the operands of commutative operations, as the draws say. */
static int swapped(const SearchTree *from, int at, SearchDraws *draws, SearchTree *out) {
	uint8_t code = from->codes[at];
	const FeOperatorInfo *op = code < SEARCH_OPERATION ? NULL : &fe_operators[code - SEARCH_OPERATION];
	int second = op ? search_tree_end(from, at + 1) : at + 1;
	out->codes[out->count++] = code;
	if (!op)
		return at + 1;
	if (op->arity == 1)
		return swapped(from, at + 1, draws, out);
	bool swap = op->commutes && search_draw_below(draws, 2);
	swapped(from, swap ? second : at + 1, draws, out);
	swapped(from, swap ? at + 1 : second, draws, out);
	return search_tree_end(from, second);
}

/* Expressions that differ in the order of operands alone are one tree, with constants in one order. */
Test(search_evolve, operands_have_one_order) {
	SearchMeanings meanings;
	Session *session = session_new();
	search_meanings(session, &meanings);
	int differed = 0;
	for (uint64_t number = 0; number < 2000; number++) {
		SearchSpace space = small_space(1 + (int)(number % SEARCH_MOST_NODES), (1u << FE_OPERATORS) - 1, number % 2, 3);
		SearchGrammar grammar = {.spaces = {&space}, .holes = 1, .meanings = &meanings};
		SearchDraws draws = search_draws(number, 1, 2, 3);
		SearchTuple tuple;
		if (!search_fresh(&grammar, &draws, &tuple)) /* of few operations at one degree there may be none */
			continue;
		SearchTree one = tuple.trees[0], other = {0};
		swapped(&one, 0, &draws, &other);
		cr_assert_eq(other.count, one.count);
		differed += memcmp(one.codes, other.codes, one.count) != 0;
		search_tree_order(&one);
		search_tree_order(&other);
		cr_expect(!memcmp(one.codes, other.codes, one.count), "number %d", (int)number);
		SearchTuple ordered = {.trees = {one}};
		expect_valid(&grammar, &ordered, "ordered");
	}
	cr_expect(differed > 200, "%d", differed);
	session_free(session);
}

Test(search_evolve, memory_is_bounded) {
	enum { PLACES = 1 << 10, PUT = 200000 };
	SearchSeen *seen = search_seen_new(PLACES);
	float score;
	int size, there = 0;
	for (uint64_t i = 1; i <= PUT; i++) {
		uint64_t hash = mixed(i);
		search_seen_put(seen, hash, (float)(i % 1000), 3);
		cr_assert(search_seen_find(seen, hash, &score, &size) && score == (float)(i % 1000) && size == 3);
	}
	for (uint64_t i = 1; i <= PUT; i++)
		there += search_seen_find(seen, mixed(i), &score, &size);
	cr_expect_eq(there, PLACES, "%d are remembered", there);
	cr_expect_eq(search_seen_dropped(seen), PUT - PLACES);
	/* the best are among them */
	int best = 0;
	for (uint64_t i = 1000; i <= PUT; i += 1000)
		best += search_seen_find(seen, mixed(i), &score, &size);
	cr_expect(best >= 199 * PUT / 200000, "%d of the best 200", best);
	search_seen_free(seen);
}

Test(search_evolve, memory_before_the_bound) {
	SearchSeen *seen = search_seen_new(1 << 16);
	float score;
	int size;
	for (uint64_t i = 1; i <= 10000; i++)
		search_seen_put(seen, i * i * UINT64_C(0xbf58476d1ce4e5b9) + i, (float)i, (int)(i % 16));
	for (uint64_t i = 1; i <= 10000; i++)
		cr_expect(search_seen_find(seen, i * i * UINT64_C(0xbf58476d1ce4e5b9) + i, &score, &size) &&
		          score == (float)i && size == (int)(i % 16));
	cr_expect_eq(search_seen_dropped(seen), 0);
	cr_expect(!search_seen_find(seen, 12345, &score, &size));
	search_seen_put(seen, UINT64_C(0xbf58476d1ce4e5b9) + 1, 1, 0); /* a smaller one of the same */
	cr_expect(search_seen_find(seen, UINT64_C(0xbf58476d1ce4e5b9) + 1, &score, &size) && size == 0);
	search_seen_free(seen);
}

/* ---- a table of scores ---- */

/* Every expression of a space with its score, found by its hash. What is asked for counts once. */
typedef struct Scored {
	SearchSpace space;
	SearchTable *table;
	SearchProbes *probes[MOST_THREADS];
	uint64_t *hashes; /* sorted ... */
	float *scores;    /* ... and the scores beside them */
	bool *asked;
	uint32_t count;
	float tenth;                  /* the score of the tenth best */
	int64_t evaluations, reached; /* different ones asked for; when one of the best ten was first among them */
	int64_t met, missing;         /* expressions that were drawn, and those of them that are not in the table */
	Arena *arena;
} Scored;

typedef struct Entry {
	uint64_t hash;
	float score;
} Entry;

static uint64_t hash_in(const Scored *s, int worker, const SearchTable *table, const SearchExpr *x) {
	double values[SITUATIONS];
	search_values_apart(s->probes[worker], table, x, values);
	return search_hash(s->probes[worker], values);
}

static int by_hash(const void *a, const void *b) {
	const Entry *x = a, *y = b;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static int by_score(const void *a, const void *b) {
	float x = *(const float *)a, y = *(const float *)b;
	return x < y ? -1 : x > y;
}

/* scores[i]: of expression i of the table, INFINITY of constants. */
static void keep_scores(Scored *s, const float *scores) {
	Entry *entries = ARENA_ARRAY(s->arena, Entry, s->table->count);
	for (uint32_t i = 0; i < s->table->count; i++)
		entries[s->count++] = (Entry){hash_in(s, 0, s->table, &s->table->exprs[i]), scores[i]};
	qsort(entries, s->count, sizeof *entries, by_hash);
	s->hashes = ARENA_ARRAY(s->arena, uint64_t, s->count);
	s->scores = ARENA_ARRAY(s->arena, float, s->count);
	s->asked = ARENA_ARRAY(s->arena, bool, s->count);
	float *sorted = ARENA_ARRAY(s->arena, float, s->count);
	for (uint32_t i = 0; i < s->count; i++) {
		s->hashes[i] = entries[i].hash;
		s->scores[i] = sorted[i] = entries[i].score;
	}
	qsort(sorted, s->count, sizeof *sorted, by_score);
	s->tenth = sorted[9];
}

static uint32_t find(const Scored *s, uint64_t hash) {
	uint32_t low = 0, high = s->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->hashes[low] == hash ? low : s->count;
}

static uint64_t hash_of(void *user, int worker, const SearchTuple *tuple) {
	Scored *s = user;
	SearchExpr nodes[SEARCH_MOST_NODES];
	SearchTable one = {.space = &s->space, .exprs = nodes};
	cr_assert(search_tree_nodes(&s->space, &s->probes[worker]->meanings, &tuple->trees[0], nodes));
	uint64_t hash = hash_in(s, worker, &one, &nodes[0]);
	bool there = find(s, hash) < s->count;
	if (worker == 0 && hash) {
		s->met++;
		s->missing += !there; /* cut apart by rounding */
	}
	return there ? hash : 0;
}

static float look_up(const Scored *s, int worker, const SearchTuple *tuple, uint32_t *at) {
	SearchExpr nodes[SEARCH_MOST_NODES];
	SearchTable one = {.space = &s->space, .exprs = nodes};
	search_tree_nodes(&s->space, &s->probes[worker]->meanings, &tuple->trees[0], nodes);
	*at = find(s, hash_in(s, worker, &one, &nodes[0]));
	return s->scores[*at];
}

/* On one thread. */
static float count_score(void *user, int worker, const SearchTuple *tuple) {
	Scored *s = user;
	uint32_t at;
	float score = look_up(s, worker, tuple, &at);
	s->evaluations += !s->asked[at];
	s->asked[at] = true;
	if (score <= s->tenth && s->reached == 0)
		s->reached = s->evaluations;
	return score;
}

static float any_score(void *user, int worker, const SearchTuple *tuple) {
	uint32_t at;
	return look_up(user, worker, tuple, &at);
}

static bool until_reached(void *user, const SearchEvolved *so_far) {
	(void)so_far;
	return ((const Scored *)user)->reached == 0;
}

static Scored *scored_new(SearchSpace space) {
	Arena *arena = arena_new();
	Scored *s = ARENA_NEW(arena, Scored);
	*s = (Scored){.space = space, .arena = arena};
	for (int k = 0; k < MOST_THREADS; k++)
		s->probes[k] = search_probes_new(&s->space, arena);
	s->table = search_enumerate(&s->space, NULL, NULL);
	return s;
}

static void scored_free(Scored *s) {
	search_table_free(s->table);
	arena_free(s->arena);
}

static SearchEvolution evolution_of(Scored *s, FeSearchKind kind, uint64_t seed) {
	return (SearchEvolution){
		.grammar = {.spaces = {&s->space}, .holes = 1, .meanings = &s->probes[0]->meanings},
		.how = {.kind = kind, .candidates = s->count, .population = 100, .tournament = 3, .islands = 1},
		.seed = seed,
		.most_seen = 1 << 16,
		.hash = hash_of,
		.score = any_score,
		.user = s};
}

/* ---- the same on any number of threads ---- */

Test(search_evolve, threads) {
	SearchSpace space =
		small_space(5, 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_MUL | 1u << FE_OPERATOR_OVER, false, 0);
	Scored *s = scored_new(space);
	float *scores = ARENA_ARRAY(s->arena, float, s->table->count);
	for (uint32_t i = 0; i < s->table->count; i++)
		scores[i] = (float)((i * UINT32_C(2654435761)) >> 8);
	keep_scores(s, scores);
	SearchEvolved *first = NULL;
	for (int threads = 1; threads <= MOST_THREADS; threads++) {
		RtPool *pool = rt_pool_new(threads);
		SearchEvolution e = evolution_of(s, FE_SEARCH_EVOLVE, 5);
		e.how.islands = 5;
		e.how.population = 20;
		e.how.candidates = s->count / 2;
		SearchEvolved *evolved = search_evolve(&e, pool, s->arena);
		rt_pool_free(pool);
		first = first ? first : evolved;
		cr_expect(evolved->scored >= e.how.candidates && evolved->scored < e.how.candidates + e.how.islands + 100);
		cr_expect(evolved->distinct <= evolved->scored && evolved->distinct == evolved->count);
		cr_expect(evolved->generated == first->generated && evolved->known == first->known &&
		          evolved->scored == first->scored && evolved->count == first->count);
		for (uint32_t i = 0; i < evolved->count; i++)
			cr_expect(evolved->best[i].hash == first->best[i].hash &&
			          memcmp(&evolved->best[i].tuple, &first->best[i].tuple, sizeof(SearchTuple)) == 0);
		for (uint32_t i = 1; i < evolved->count; i++)
			cr_expect(evolved->best[i].score >= evolved->best[i - 1].score);
	}
	scored_free(s);
}

/* A space that is seen through ends, and everything in it has been met. */
Test(search_evolve, ends_when_nothing_is_new) {
	SearchSpace space =
		small_space(3, 1u << FE_OPERATOR_ADD | 1u << FE_OPERATOR_MUL | 1u << FE_OPERATOR_SIGN, false, 0);
	Scored *s = scored_new(space);
	float *scores = ARENA_ARRAY(s->arena, float, s->table->count);
	for (uint32_t i = 0; i < s->table->count; i++)
		scores[i] = (float)i;
	int64_t candidates = 0;
	for (uint32_t i = 0; i < s->table->count; i++)
		candidates += search_is_candidate(s->table, i);
	keep_scores(s, scores);
	RtPool *pool = rt_pool_new(1);
	static const FeSearchKind kinds[] = {FE_SEARCH_EVOLVE, FE_SEARCH_RANDOM};
	for (int k = 0; k < 2; k++) {
		SearchEvolution e = evolution_of(s, kinds[k], 1);
		e.how.candidates = 1000000;
		SearchEvolved *evolved = search_evolve(&e, pool, s->arena);
		cr_expect(evolved->exhausted);
		cr_expect_eq(evolved->distinct, candidates, "%lld of %lld", (long long)evolved->distinct,
		             (long long)candidates);
	}
	rt_pool_free(pool);
	scored_free(s);
}

/* ---- what evolution is worth, on some 20,000 rules that were all scored ----
 *
 * The rules are those of the counts (docs/discovery.md): g, m, v, 1 and six operations up to size 7, on the quadratic. GRADUS_SEARCH_TABLE=1 takes
 * many seeds instead of few. */

static const char open_rule[] =
	"optimizer open(lr = 1.0) {\n  state m = 0\n  state v = 0\n  m <- 0.9 * m + 0.1 * g\n  v <- 0.99 * v + 0.01 * g^2\n"
	"  x <- x - lr * discover(g, m, v, 1, size = 7, constants = 0, homogeneous = false, ops = \"+ - * / sign "
	"sqrt\")\n}\n";

/* The best of 16 rates on some problems, by the lab. */
static float lab_score(SearchLab *lab, SearchBench *on, const Problems *problems, const SearchProgram *program) {
	enum { STEPS = 20 };
	SearchPoints points = {0};
	SearchRun run = {.program = program, .steps = STEPS, .horizon = STEPS, .relative = true};
	double mean[IR_LANES] = {0}, best = (double)INFINITY;
	for (int lane = 0; lane < IR_LANES; lane++)
		points.rates[lane] = pow(10, lane / 4.0 - 3);
	for (int i = 0; i < problems->count; i++) {
		double score[IR_LANES];
		if (!search_run(lab, on, &problems->blocks[i], &run, &points, score))
			return INFINITY;
		run.relative = false;
		for (int lane = 0; lane < IR_LANES; lane++)
			mean[lane] += score[lane];
	}
	for (int lane = 0; lane < IR_LANES; lane++)
		best = mean[lane] < best ? mean[lane] : best;
	return (float)(best / problems->count);
}

static Scored *score_all(Bench *b) {
	FeCall objective, rule;
	cr_assert(fe_call_text(b->program, "quadratic(n = 10)", AST_OBJECTIVE, &objective));
	cr_assert(fe_call_text(b->program, "open", AST_OPTIMIZER, &rule));
	SearchLab *lab = search_lab_new(b->rt, &objective, &rule, (FeScore){FE_SCORE_MEAN, FE_SCORE_F});
	cr_assert(lab);
	SearchSpace space;
	search_space_of(search_lab_task(lab)->rule, search_lab_hole(lab), false, &space);
	Scored *s = scored_new(space);
	Problems *problems =
		problems_of(search_lab_task(lab), search_lab_task(lab)->rt->options.seed, PROBLEMS_TRAIN, 4, false);
	cr_assert(search_lab_need_all(lab));
	SearchBench *on = search_bench_new(lab, b->arena);
	float *scores = ARENA_ARRAY(s->arena, float, s->table->count);
	for (uint32_t i = 0; i < s->table->count; i++) {
		SearchProgram program;
		search_program(s->table, i, &program);
		scores[i] = search_is_candidate(s->table, i) ? lab_score(lab, on, problems, &program) : INFINITY;
	}
	keep_scores(s, scores);
	problems_free(problems);
	search_lab_free(lab);
	return s;
}

static int by_count(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Different evaluations until one of the best ten is met: the median over seeds. */
static double median_to_the_best(Scored *s, FeSearchKind kind, int seeds, RtPool *pool) {
	int64_t *counts = ARENA_ARRAY(s->arena, int64_t, seeds);
	for (int seed = 0; seed < seeds; seed++) {
		memset(s->asked, 0, s->count);
		s->evaluations = s->reached = 0;
		SearchEvolution e = evolution_of(s, kind, (uint64_t)seed);
		e.score = count_score;
		e.goes_on = until_reached;
		search_evolve(&e, pool, s->arena);
		counts[seed] = s->reached ? s->reached : s->count;
	}
	qsort(counts, (size_t)seeds, sizeof *counts, by_count);
	fprintf(stderr, "%s: median %lld, 90 %% %lld of %u\n", kind == FE_SEARCH_RANDOM ? "random" : "evolution",
	        (long long)counts[seeds / 2], (long long)counts[seeds * 9 / 10], s->count);
	return (double)counts[seeds / 2];
}

Test(search_evolve, tabular) {
	const RtOptions options = {.engine = RT_JIT, .real = IR_F32, .threads = 1, .seed = 3};
	Bench b = bench(open_rule, &options);
	Scored *s = score_all(&b);
	RtPool *pool = rt_pool_new(1);
	int seeds = getenv("GRADUS_SEARCH_TABLE") ? 200 : 30;
	cr_expect(s->count > 15000 && s->count < 25000, "%u rules", s->count);
	double random = median_to_the_best(s, FE_SEARCH_RANDOM, seeds, pool);
	double evolution = median_to_the_best(s, FE_SEARCH_EVOLVE, seeds, pool);
	cr_expect(s->met > 1000 && (double)s->missing < 0.005 * (double)s->met,
	          "the enumeration lacks %lld of %lld that were met", (long long)s->missing, (long long)s->met);
	cr_expect(random >= 1.5 * evolution, "random %g, evolution %g", random, evolution);
	rt_pool_free(pool);
	scored_free(s);
	bench_free(&b);
}
