/* The controllers and trajectories of policy search, and what is done with them block by block. Private to runtime/meta. */
#ifndef GRADUS_META_GUIDE_H
#define GRADUS_META_GUIDE_H

#include "runtime/meta/estimator.h"
#include "runtime/meta/lqg.h"

/* One training problem. With T steps, J trajectories, n coordinates, states of m numbers. */
typedef struct GuideProblem {
	double *numbers; /* all that follows, one after another */
	LqgController controller;
	double *pull, *weight;              /* multipliers [T, n]; weights of the divergence [T] */
	double *x, *f, *g, *score;          /* trajectories: [J, T + 1, n], [J, T + 1], [J, T + 1, n], [J] */
	double *center, *slope, *curve;     /* the cost around the mean path: [T, n], [T, n], [T, n, n] */
	double *from, *by, *drift, *spread; /* fitted dynamics; NULL: known */
	double *moves;                      /* of the policy along the trajectories, [J, T, n]; not carried on */
} GuideProblem;

typedef struct GuideFamily {
	int n, m;
	size_t numbers; /* of one problem */
	GuideProblem *problems;
	double *precision; /* of the policy: [n, n] */
} GuideFamily;

/* What is given to a fit besides the path: targets, weights, pulls. */
enum { GUIDE_BATCH = 3 };

/* Of one worker. Reals are of the precision of code, lanes innermost; of one step where nothing else is said. */
typedef struct GuideRoom {
	void *arena;
	void *x, *along, *f, *g, *valid, *f_along, *g_along;
	void *path_x, *path_f, *path_g, *moves; /* of all steps */
	void *batch[GUIDE_BATCH];
	double *numbers;         /* of one problem: as many as the largest of them has */
	double *here, *gradient; /* x and g of a step: [n, lanes] */
} GuideRoom;

typedef struct Guide {
	int steps, trajectories;
	GuideFamily *families;
	GuideRoom *rooms;
	int64_t round, drawing; /* under way; -1: none yet */
	int trail;              /* trajectory that the fit looks at */
	int64_t spent;          /* evaluations of this outer step, besides those of the fit */
} Guide;

enum { GUIDE_MOMENTA = 64 }; /* rates times decays of limits.h */

/* ---- guide.c: what there is, and calls of code ---- */

Guide *meta_guide_new(MetaEstimator *e);
double meta_guide_numbers(const MetaEstimator *e, const Task *task); /* that one problem has */
double meta_guide_bytes(const MetaEstimator *e);
void meta_guide_visit(MetaEstimator *e, TrainVisit *visit, void *user);
int meta_guide_call(const Family *family, TaskStage stage, const IrByRole *given, const IrByRole *places,
                    GuideRoom *room);
/* The problem in a lane of a block; lanes without one repeat the last. */
GuideProblem *meta_guide_problem(const MetaEstimator *e, const Family *family, int block, int lane);
/* The state of trajectory j before step t: m numbers. */
void meta_guide_state(const GuideFamily *family, const Guide *guide, const GuideProblem *problem, int j, int t,
                      double *state);
/* Trajectory j of each problem of a block, as the code of `follow` and `fit` wants it. */
void meta_guide_give_path(const MetaEstimator *e, const Family *family, int block, int j, GuideRoom *room,
                          IrByRole *given);
/* What the controllers would do there: room->batch. */
void meta_guide_put_targets(const MetaEstimator *e, const Family *family, const GuideFamily *mine, int block,
                            GuideRoom *room);

/* ---- guide_paths.c: paths of controllers; works of a pool ---- */

void meta_guide_begin(void *user, int item, int worker);  /* controllers from the best momentum */
void meta_guide_draw(void *user, int item, int worker);   /* trajectories */
void meta_guide_expand(void *user, int item, int worker); /* the cost around the mean path; fitted dynamics */

/* ---- guide_improve.c: the same of what follows from them ---- */

void meta_guide_follow(void *user, int item, int worker);  /* moves of the policy along the trajectories */
void meta_guide_settle(void *user, int item, int worker);  /* multipliers */
void meta_guide_improve(void *user, int item, int worker); /* controllers */

#endif
