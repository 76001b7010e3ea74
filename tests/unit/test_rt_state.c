/* What a training carries from step to step (train_visit) is all that it carries: put into a new training of the same experiment,
 * on another number of threads, it goes on to the same bits; and without any one kind of piece it does not. */
#include "runtime/meta/meta.h"

#include <criterion/criterion.h>
#include <string.h>

enum { BEFORE = 5, AFTER = 4 };

typedef struct Lab {
	Session *session;
	Rt *rt;
	FeExperiment experiment;
	TrainOptions options;
	Training *training;
} Lab;

/* Copies of pieces, in the order of the visit. */
typedef struct Copies {
	Arena *arena;
	VEC(TrainPiece) pieces;
	uint32_t at;
	const char *without; /* restoring leaves pieces of this name alone */
	uint32_t different;
} Copies;

static size_t piece_bytes(const TrainPiece *piece) {
	return piece->count * ir_scalar_bytes(piece->scalar);
}

static void copy_piece(void *user, const TrainPiece *piece) {
	Copies *copies = user;
	TrainPiece copy = *piece;
	copy.data = arena_copy(copies->arena, piece->data, piece_bytes(piece));
	vec_push(copies->arena, &copies->pieces, copy);
}

static const TrainPiece *next_piece(Copies *copies, const TrainPiece *piece) {
	cr_assert(copies->at < copies->pieces.count);
	const TrainPiece *copy = &copies->pieces.data[copies->at++];
	cr_assert_str_eq(copy->name, piece->name);
	cr_assert(copy->scalar == piece->scalar && copy->count == piece->count, "%s", piece->name);
	return copy;
}

static void restore_piece(void *user, const TrainPiece *piece) {
	Copies *copies = user;
	const TrainPiece *copy = next_piece(copies, piece);
	if (!copies->without || strcmp(copies->without, piece->name) != 0)
		memcpy(piece->data, copy->data, piece_bytes(piece));
}

static void compare_piece(void *user, const TrainPiece *piece) {
	Copies *copies = user;
	copies->different += memcmp(next_piece(copies, piece)->data, piece->data, piece_bytes(piece)) != 0;
}

static Copies copy_state(Training *training, Arena *arena) {
	Copies copies = {.arena = arena};
	train_visit(training, copy_piece, &copies);
	return copies;
}

static uint32_t different_pieces(Training *training, Copies *from) {
	from->at = from->different = 0;
	train_visit(training, compare_piece, from);
	cr_assert(from->at == from->pieces.count);
	return from->different;
}

static void begin(Lab *lab, const char *estimate, int train, int select, int threads) {
	lab->session = session_new();
	FeProgram *program = fe_program_new(lab->session);
	const char *text =
		arena_printf(lab->session->arena,
	                 "optimizer r() {\n  learn rate = 0.01 in (0, 1)\n  learn keep = 0.5 in (0, 1)\n  state m = 0\n"
	                 "  m <- keep * m + g\n  x <- x - rate * m\n}\n"
	                 "experiment e {\n  train r\n  on logistic\n  problems %d train, %d select\n  horizon 12\n"
	                 "  estimate %s\n  update adam(lr = 0.1) for %d steps\n}\n",
	                 train, select, estimate, BEFORE + AFTER);
	fe_add_source(program, source_add(lab->session, "test.grad", text, strlen(text)));
	RtOptions options = {.engine = RT_JIT, .real = IR_F64, .threads = threads};
	lab->rt = rt_new(lab->session, program, &options);
	bool well = fe_experiment(program, fe_find(program, session_name(lab->session, "e")), &lab->experiment);
	lab->options = (TrainOptions){.select_every = 2};
	lab->training = well ? train_new(lab->rt, &lab->experiment, &lab->options) : NULL;
	if (!lab->training)
		diag_print_all(lab->session, stderr, false);
	cr_assert(lab->training);
}

static void steps(Lab *lab, int count) {
	for (int i = 0; i < count; i++)
		cr_assert(train_goes_on(lab->training) && train_step(lab->training));
}

static void end(Lab *lab) {
	train_free(train_end(lab->training));
	rt_free(lab->rt);
	session_free(lab->session);
}

static void restore(Lab *lab, Copies *from, const char *without) {
	from->at = 0;
	from->without = without;
	train_visit(lab->training, restore_piece, from);
}

static void check(const char *estimate, int train, int select, const char *const *needed) {
	Arena *arena = arena_new();
	Lab lab;
	begin(&lab, estimate, train, select, 1);
	steps(&lab, BEFORE);
	Copies middle = copy_state(lab.training, arena);
	steps(&lab, AFTER);
	Copies last = copy_state(lab.training, arena);
	end(&lab);

	begin(&lab, estimate, train, select, 3);
	Copies start = copy_state(lab.training, arena);
	cr_assert(different_pieces(lab.training, &middle) > 0, "nothing has happened");
	restore(&lab, &middle, NULL);
	steps(&lab, AFTER);
	cr_assert(!train_goes_on(lab.training));
	cr_expect(different_pieces(lab.training, &last) == 0, "%s, %d problems", estimate, train);
	for (; *needed; needed++) {
		restore(&lab, &start, NULL);
		restore(&lab, &middle, *needed);
		steps(&lab, AFTER);
		cr_expect(different_pieces(lab.training, &last) > 0, "%s without %s", estimate, *needed);
	}
	end(&lab);
	arena_free(arena);
}

Test(rt_state, derivatives) {
	static const char *const needed[] = {"steps",        "last",         "outer.state", "outer.t",
	                                     "select_count", "select_steps", NULL};
	check("backprop(window = 4)", 20, 3, needed);
	check("forward", 3, 3, &needed[4]);
}

Test(rt_state, full_strategies) {
	static const char *const needed[] = {"steps", "last", "outer.state", "outer.t", NULL};
	check("es(sigma = 0.01, particles = 5)", 20, 0, needed);
}

Test(rt_state, persistent_strategies) {
	static const char *const needed[] = {
		"steps",          "last", "outer.state", "particle.t", "particle.sum", "particle.end", "particle.restarts",
		"particle.state", NULL};
	check("pes(sigma = 0.01, window = 5, particles = 6)", 20, 0, needed); /* lanes are problems */
	check("pes(sigma = 0.01, window = 5, particles = 6)", 2, 0, needed);  /* lanes are particles */
}

Test(rt_state, truncated_strategies) {
	static const char *const needed[] = {"steps", "last", "particle.t", "particle.state", NULL};
	check("truncated_es(sigma = 0.01, window = 5, particles = 6)", 20, 3, needed);
}

Test(rt_state, policy_search) {
	static const char *const needed[] = {"steps",         "last",           "outer.state", "search.round",
	                                     "search.policy", "search.problem", NULL};
	check("policy_search(trajectories = 2, outer = 2, inner = 2)", 20, 0, needed);
	check("policy_search(trajectories = 3, outer = 3, inner = 2, multipliers = 0.1)", 3, 3, needed);
	check("policy_search(trajectories = 3, outer = 3, inner = 2, components = 2)", 3, 3, needed);
}

Test(rt_state, populations) {
	static const char *const adapting[] = {"steps",    "last",        "cma.sigma",      "cma.generation", "cma.path",
	                                       "cma.step", "cma.lengths", "cma.covariance", "cma.basis",      NULL};
	static const char *const keeping[] = {"steps",       "search.asked", "search.origin",
	                                      "search.lost", "search.score", NULL};
	check("cma_es(spread = 0.5)", 20, 0, adapting);
	check("random_search(spread = 0.5, population = 4)", 3, 0, keeping);
	static const char *const going_on[] = {"steps", "search.asked", "search.origin", NULL};
	check("grid_search(points = 7, population = 6)", 20, 3, going_on);
}

/* Several trainings: in the middle of the second, and where it has just ended. */
Test(rt_state, seeds) {
	enum { EACH = BEFORE + AFTER };
	static const char *const needed[] = {"seed", "seed_begun", "estimator.seed", "last", NULL};
	static const char estimate[] = "pes(sigma = 0.01, window = 5, particles = 6)\n  seeds 3";
	static const int places[] = {EACH + BEFORE, 2 * EACH};
	for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
		Arena *arena = arena_new();
		Lab lab;
		begin(&lab, estimate, 20, 3, 1);
		steps(&lab, places[k]);
		Copies middle = copy_state(lab.training, arena);
		steps(&lab, 3 * EACH - places[k]);
		cr_assert(!train_goes_on(lab.training) && train_so_far(lab.training)->seed == 2);
		Copies last = copy_state(lab.training, arena);
		end(&lab);
		begin(&lab, estimate, 20, 3, 3);
		restore(&lab, &middle, NULL);
		cr_assert(train_is_sound(lab.training));
		steps(&lab, 3 * EACH - places[k]);
		cr_expect(different_pieces(lab.training, &last) == 0);
		end(&lab);
		for (const char *const *name = needed; k == 0 && *name; name++) {
			begin(&lab, estimate, 20, 3, 1);
			restore(&lab, &middle, *name);
			while (train_goes_on(lab.training))
				cr_assert(train_step(lab.training));
			cr_expect(different_pieces(lab.training, &last) > 0, "without %s", *name);
			end(&lab);
		}
		arena_free(arena);
	}
}
