/* limits: how expressions are told apart, how many are looked at, and how a search narrows down.
 *
 * The sizes of the funnel and the probes are those of docs/discovery.md, which says what was measured. */
#ifndef GRADUS_SEARCH_LIMITS_H
#define GRADUS_SEARCH_LIMITS_H

enum {
	/* lab.c: open expressions of one rule, as the frontend has it */
	SEARCH_MOST_HOLES = 4,
	/* space.c: operands and the constant of one open expression */
	SEARCH_MOST_LEAVES = 16,
	/* enumerate.c: 64 situations tell 99.5 % of the expressions apart that 256 tell apart; where expressions look at all coordinates
	 * together (rms), each situation has so many */
	SEARCH_SITUATIONS = 64,
	SEARCH_COORDINATES = 4,
	/* Mantissa bits, the leading one aside, in which values have to agree to be the same. Rounding errors of expressions of this size stay below
	 * them; values that differ anywhere differ in more. */
	SEARCH_HASH_BITS = 15,
	/* Distinct expressions that are kept, at 32 bytes in the list (half of which may be empty) and 8 to 16 in the hash table each: 168 MB. A size
	 * that has more is not searched. */
	SEARCH_MOST_DISTINCT = 4000000,
	/* How many of them keep their probes, as operands of larger ones: 400 MB of f64 at 256 values. */
	SEARCH_MOST_PROBED = 200000,
	/* expressions between two looks at the clock and at Ctrl-C */
	SEARCH_BETWEEN_LOOKS = 4096,
	/* program.c: nodes of one expression, which the frontend's limit on size keeps within; of those of a rule together, and their constants */
	SEARCH_MOST_NODES = 16,
	SEARCH_MOST_SIZE = SEARCH_MOST_HOLES * SEARCH_MOST_NODES,
	SEARCH_MOST_CONSTANTS = 8,
	/* learned.c: numbers of `learn` beside it that are fitted with them (frontend/limits.h: HOLE_MOST_FITTED) */
	SEARCH_MOST_LEARNED = 10,
	/* trace.c: steps in which rules with several open expressions are told apart */
	SEARCH_TRACE_STEPS = 8,
	/* stages.c: how often a grid of rates goes on beside where it was, 4 decades each time */
	SEARCH_MOST_WIDENED = 4,
	/* mutate.c: how often a change that has no meaning is drawn again */
	SEARCH_ATTEMPTS = 32,
	/* seen.c: expressions whose scores are remembered, a power of two, at 13 bytes each: 218 MB. Beyond, the worst are forgotten, and scored again
	 * if they come again. */
	SEARCH_MOST_SEEN = 1 << 24,
	/* exam.c: examples and predictions after which two listings are the same */
	SEARCH_HASHED = 10,
	/* learner.c: programs scored, unless the experiment says; beginnings one after the other that find nothing new any more before they have
	 * scored their share, after which the space is taken to have no more programs */
	SEARCH_LEARNED = 1000000,
	SEARCH_IDLE_BEGINNINGS = 4,
	/* evolve.c: distinct expressions that are scored, unless the experiment says; of small ones that it begins with, at most; children of an
	 * island between two times that all tell each other what they know; rounds between two migrations; of each size, how many of the best
	 * go on; rounds without anything new after which there is nothing left */
	SEARCH_EVOLVED = 100000,
	SEARCH_STARTERS = 2000,
	SEARCH_CHILDREN = 100,
	SEARCH_ROUNDS = 10,
	SEARCH_HALL = 256,
	SEARCH_IDLE_ROUNDS = 200,
	/* propose.c: expressions of one request; how many are asked for, and how long an answer is waited for (seconds), unless the command line says */
	SEARCH_PER_REQUEST = 32,
	SEARCH_PROPOSALS = 256,
	SEARCH_PATIENCE = 60,
	/* proposer.c: bytes of a line, and of all that is read of an answer */
	SEARCH_LONGEST_LINE = 4096,
	SEARCH_LONGEST_ANSWER = 1 << 20,
	/* imitate.c: expressions that agree best with another rule's steps and come into the funnel; values of the steps that they are held against */
	SEARCH_TAUGHT = 4096,
	SEARCH_TAUGHT_VALUES = 4096,
	/* ablate.c: finalists that are shortened */
	SEARCH_ABLATED = 4,
	/* funnel.c: candidates of one round, at most: how many of each stage says search_stages */
	SEARCH_PER_ROUND = 1024,
	/* ... finalists, unless `keep` says */
	SEARCH_KEPT = 8,
	/* ... problems of the last stage, of those that the experiment trains on: of so many, the best of some forty is hardly ever a lucky one */
	SEARCH_LAST_PROBLEMS = 128,
	/* ... resamples of the intervals on select problems */
	SEARCH_RESAMPLES = 2000,
	/* choose_space.c: combinations that are looked at, drawn where there are more; and so many that those that are one rule are counted */
	CHOOSE_MOST_COMBINATIONS = 4096,
	CHOOSE_MOST_COUNTED = 65536,
	/* choose_climb.c: after which stage combinations of a sample are changed, one choice at a time; how many of the best, and how often */
	CHOOSE_CLIMBS = 2,
	CHOOSE_PARENTS = 4,
	CHOOSE_MOST_CLIMBS = 12,
	/* choose_lab.c: learned numbers that are fitted as constants of a combination, and hyperparameters of a known rule beside a search */
	CHOOSE_MOST_LEARNED = SEARCH_MOST_LEARNED,
	SEARCH_MOST_FITTED = SEARCH_MOST_LEARNED,
	/* choose_train.c: combinations that are trained, each with code of its own */
	CHOOSE_MOST_TRAINED = 256
};

/* Scores that are nearer than this (relative) are the same: the smaller expression wins. */
static const double search_tie = 1e-3;
/* evolve.c: children that are crossed from two parents; the others are one parent with a change. */
static const double search_crossings = 0.2;
/* ablate.c: how much worse (relative) a score may be without an operation. */
static const double search_ablated = 5e-3;
/* How far (relative) a score may move because rate and constants are written with fewer digits. */
static const double search_rounded = 1e-3;

/* stages.c: what a stage runs, and what it lets through. Rates stand in the lanes, so many to a decade; fits: how often 16 points around the
 * best so far are tried, constants and all. */
typedef struct SearchStage {
	int problems, steps; /* 0: SEARCH_LAST_PROBLEMS, the horizon */
	int hopeless;        /* steps after which a run is dropped that has not come down */
	double per_decade;   /* 0: the points are drawn around the best so far */
	int fits;
	double share;   /* that goes on */
	uint32_t least; /* but so many at least */
	/* Candidates that are handed out between two lines of progress, at the end of which they are in the archive; and those that a thread
	 * takes at a time. A round should take a second at most, and keep all threads busy. */
	uint32_t per_round, per_item;
} SearchStage;

static const SearchStage search_stages[] = {
	{1, 10, 2, 4, 0, 0.25, 0, SEARCH_PER_ROUND, 16},
	{4, 40, 0, 4, 0, 0.10, 120, 256, 4},
	{8, 0, 0, 0, 6, 0, 32, 64, 1},
	{0, 0, 0, 0, 4, 0, 8, 32, 1},
};

/* front.c: seconds at least between two times that the best so far is told. */
static const double search_told_every = 1;

/* Points around the best so far, in natural logarithms of rates, of constants, and in log-odds of shares: how far they are spread at first, and by
 * how much less each time. */
static const double search_rate_spread = 0.5, search_constant_spread = 0.7, search_share_spread = 1.2,
					search_narrower = 0.6;

/* A learned number without limits is spread by its own size, which counts as so much at least. */
static const double search_plain_least = 0.1;
/* Values of probes: what is not finite, 0 everywhere, or of a sum outside of these is no candidate. */
static const double search_least_sum = 1e-12, search_most_sum = 1e12;
/* What constants are while expressions are told apart: no power, root or ratio of small whole numbers; those after the first differ by the
 * golden section, the most irrational number. */
static const double search_probed_constant = 0.7391, search_probed_step = 0.6180339887498949;
/* What they are before they are fitted: of an operation that brings its own (lerp), and by themselves. */
static const double search_first_share = 0.1, search_first_constant = 1;

#endif
