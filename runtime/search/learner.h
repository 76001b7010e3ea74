/* learner: a search for the program of an open learner (listing.h), by evolution or at random.
 *
 * Every beginning is an evolution of its own, on problems of its own, which ends after `restart` programs have been scored; the best of each is judged
 * on the select problems, and the first that comes below the goal there ends the search. */
#ifndef GRADUS_SEARCH_LEARNER_H
#define GRADUS_SEARCH_LEARNER_H

#include "runtime/search/search.h"

/* An empty program that reads files as the user's own does. */
typedef struct SearchPrograms {
	FeProgram *(*empty)(void *user);
	void *user;
} SearchPrograms;

typedef struct SearchLearnedProgress {
	int beginning; /* 0, 1, ... */
	int64_t generated, known, scored, total;
	double per_second, seconds; /* programs made in a second */
	double best,
		select; /* on the problems of this beginning; the best so far on the select problems. Not finite: none yet */
} SearchLearnedProgress;

typedef struct SearchLearned SearchLearned;

typedef struct SearchLearnerOptions {
	SearchPrograms programs;
	void (*progress)(void *user, const SearchLearnedProgress *progress);
	/* Whenever there is a better one. false: the search ends, and a diagnostic says why. */
	bool (*best)(void *user, const SearchLearned *so_far);
	/* Where the best of each beginning is kept: asked for once, after `best` was first told, or at once where the search goes on. NULL: the search
	 * ends, and a diagnostic says why. */
	SearchArchive *(*archive)(void *user, const SearchArchiveRun *run);
	bool resumes;
	void *user;
} SearchLearnerOptions;

struct SearchLearned {
	const FeExperiment *experiment;
	FeLearner learner;
	const struct SearchListing *best; /* shortened, its constants rounded; NULL: nothing was found */
	int statements;                   /* that have an effect */
	double train,
		select; /* its score, on the problems of its beginning and on those by which beginnings are compared */
	CompareInterval interval; /* of the latter, over problems */
	CompareInterval test;     /* on the test problems, which are looked at once; test_problems of each objective */
	int test_problems;        /* 0: not looked at yet, or none */
	bool solved;              /* it is below the goal */
	int beginnings;
	int64_t generated, known, scored; /* programs made; that were the same as one that was scored; scored */
	int64_t evaluations;              /* of an objective */
	double seconds, compile_seconds;
	bool interrupted,
		archive_lost; /* before its end: the disk did not take all of the archive, which a diagnostic says */
	bool exhausted;   /* nothing new was to be found any more */
	FeSearchKind kind;
	Arena *arena;
	struct Learning *learning; /* what has to be freed */
};

/* NULL with diagnostics, or without where it was interrupted before anything was found. */
SearchLearned *search_learner(Rt *rt, const FeExperiment *experiment, const SearchLearnerOptions *options);
void search_learner_free(SearchLearned *result);
/* The problems of each objective by which the best of all beginnings are compared: for selecting, or, without any, the first of those for training. */
int search_learner_problems(const FeExperiment *experiment);
/* A file of its own: the learner as a function, and the objectives that it starts. */
void search_learner_file(Rt *rt, const SearchLearned *result, Text *out);
/* The same compiled: the mean of f where the problems start that `select` is of, and `test`. false with diagnostics. */
bool search_learner_confirm(Rt *rt, SearchLearned *result, const SearchPrograms *programs, double *mean);
/* The logarithm to base 10 of how many programs there are, constants aside. (listing_draw.c) */
double search_listing_digits(const FeLearner *learner);
/* On one line. */
const char *search_learner_line(const SearchLearned *result, Arena *arena);

#endif
