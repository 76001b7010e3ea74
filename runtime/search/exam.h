/* Exams: the problems of one objective on which learners are judged. Private to runtime/search.
 *
 * An objective with an open learner is made into two programs (exam_text.c). In one, what the learner is called with are
 * parameters in the place of the one that it starts, and the objective goes no further: where its problems start is what a learner sees. In the other one a function that predicts 0 is
 * in the learner's place: its value at a learner's predictions is what they are worth. */
#ifndef GRADUS_SEARCH_EXAM_H
#define GRADUS_SEARCH_EXAM_H

#include "runtime/inner/frame.h"
#include "runtime/search/learner.h"
#include "runtime/search/listing.h"

/* ---- exam_text.c ---- */

/* All that these calls of objectives need, the learner aside, and they themselves. */
void search_exam_objectives(Rt *rt, const FeLearner *learner, const FeCall *calls, uint32_t count, Text *out);
/* What one call needs, and the objective whose parameters are the arguments of the learner: under names of the parameter and one of these endings. */
extern const char *const search_exam_endings[3];
void search_exam_examples(Rt *rt, const FeLearner *learner, const FeCall *call, Text *out);
/* What a call of the learner gives for its parameter `which`; NULL: nothing. */
const AstExpr *search_exam_argument(const FeLearner *learner, const AstExpr *call, uint32_t which);

/* ---- exam.c ---- */

typedef struct SearchExam SearchExam;

/* `programs` gives empty programs that read files as the user's does. NULL with diagnostics. */
SearchExam *search_exam_new(Rt *rt, const FeLearner *learner, const FeCall *call, const SearchPrograms *programs);
void search_exam_free(SearchExam *exam);

/* Problems, sixteen to a lesson. */
typedef struct SearchPapers {
	int count, blocks;
	SearchLesson *lessons;
	Problems *problems; /* of which predictions are the parameter */
	Arena *arena;
} SearchPapers;

/* Problems first .. first + count - 1 of a set. NULL with a diagnostic. */
SearchPapers *search_papers_new(const SearchExam *exam, ProblemSet set, int first, int count);
void search_papers_free(SearchPapers *papers);

/* What one thread writes on. */
typedef struct SearchDesk {
	SearchLanes *memory, *predictions;
	void *x, *scratch;
	void **pointers;
} SearchDesk;

void search_desk_new(const SearchExam *exam, Arena *arena, SearchDesk *out);
/* f of each problem of a block, at the predictions of the listing. */
void search_exam_values(const SearchExam *exam, const SearchPapers *papers, int block, const SearchListing *listing,
                        SearchDesk *desk, double values[SEARCH_LANES]);
/* The same for the first few examples and predictions of the first block, as what is the same for learners that are; 0: they are not finite. */
uint64_t search_exam_hash(const SearchExam *exam, const SearchPapers *papers, const SearchListing *listing,
                          SearchDesk *desk, uint64_t seed);
/* The objective that `call` is of in the user's program, as a program has it that is made of that one; its problems in blocks of sixteen. The program is
 * empty before. NULL with diagnostics. */
Task *search_exam_task(Rt *rt, const FeCall *call, FeProgram *program, const Text *text);
/* f of each problem where it starts. false with diagnostics. */
bool search_exam_started(Task *task, ProblemSet set, int count, double *values);

#endif
