/* Guided policy search (Levine and Abbeel 2014; Li and Malik 2017): the rule is a policy that moves x; what it should do is shown to
 * it by controllers, one for each training problem, which know the problem's cost.
 *
 *     round 0      each controller repeats the best momentum of its problem; trajectories are drawn from it
 *     each round   the policy's moves along the trajectories become a linear policy for each step of each problem; the
 *                  controllers are improved, as far as trust in that policy goes; theta is fitted to their moves
 *
 * A round is as many outer steps as there are for each, and an outer step looks at one trajectory of every problem: what is
 * estimated is the gradient of the misfit. Every `inner` rounds new trajectories are drawn. Dynamics are known, x' = x + u, or, with
 * `components`, fitted for the state (x, gradient). With `multipliers` the rounds are those of Bregman ADMM. docs/policy_search.md has
 * the formulas. An item is a block of problems; what concerns all of them is summed on one thread. */
#include <math.h>
#include <string.h>

#include "runtime/meta/guide.h"
#include "runtime/meta/limits.h"

/* Runs a phase on all blocks. false with a diagnostic. */
static bool phase(MetaEstimator *e, RtWork *work) {
	rt_pool_run(e->rt->pool, e->item_count, work, e);
	return !meta_failed(e);
}

/* ---- rounds ---- */

/* The inverse covariance of the policy: the mean of the controllers' over steps and problems. */
static void average_precision(const MetaEstimator *e, const Guide *guide) {
	for (int k = 0; k < e->family_count; k++) {
		const GuideFamily *family = &guide->families[k];
		int n = family->n, problems = e->families[k].problems->count;
		memset(family->precision, 0, sizeof(double) * (size_t)(n * n));
		for (int i = 0; i < problems; i++)
			for (int t = 0; t < guide->steps; t++)
				for (int at = 0; at < n * n; at++)
					family->precision[at] += family->problems[i].controller.precision[t * n * n + at];
		for (int at = 0; at < n * n; at++)
			family->precision[at] /= (double)problems * guide->steps;
	}
}

/* Evaluations of one problem of a family: whole runs, and curvatures of one run. */
static int64_t spent(const MetaEstimator *e, const Guide *guide, int64_t runs, int64_t curvatures) {
	int64_t sum = 0;
	for (int k = 0; k < e->family_count; k++) {
		int64_t each = runs * (guide->steps + 1) + curvatures * guide->steps * guide->families[k].n;
		sum += each * e->families[k].problems->count;
	}
	return sum;
}

/* The rule along all trajectories: what it evaluates elsewhere counts, f and its gradient there are known. */
static bool follow(MetaEstimator *e, Guide *guide) {
	for (int k = 0; k < e->family_count; k++)
		guide->spent += (int64_t)guide->trajectories * guide->steps * e->families[k].task->elsewhere.most *
		                e->families[k].problems->count;
	return phase(e, meta_guide_follow);
}

static bool draw(MetaEstimator *e, Guide *guide, int64_t drawing) {
	guide->drawing = drawing;
	guide->spent += spent(e, guide, guide->trajectories + 1, 1);
	return phase(e, meta_guide_draw) && phase(e, meta_guide_expand);
}

/* Trajectories, controllers and targets of a round. */
static bool begin_round(MetaEstimator *e, Guide *guide, int64_t round) {
	bool first = guide->round < 0;
	guide->round = round;
	if (first) {
		guide->spent += spent(e, guide, GUIDE_MOMENTA, 0);
		if (!phase(e, meta_guide_begin))
			return false;
		average_precision(e, guide);
		return draw(e, guide, 0);
	}
	if (e->how.multipliers > 0 && !(follow(e, guide) && phase(e, meta_guide_settle)))
		return false;
	if (round / e->how.inner != guide->drawing && !draw(e, guide, round / e->how.inner))
		return false;
	if (!(follow(e, guide) && phase(e, meta_guide_improve)))
		return false;
	average_precision(e, guide);
	return true;
}

/* Mean score of the drawn trajectories that are finite. */
static double drawn_score(const MetaEstimator *e, const Guide *guide) {
	double sum = 0;
	int64_t count = 0;
	for (int k = 0; k < e->family_count; k++) {
		for (int i = 0; i < e->families[k].problems->count * guide->trajectories; i++) {
			double score = guide->families[k].problems[i / guide->trajectories].score[i % guide->trajectories];
			sum += isfinite(score) ? score : 0;
			count += isfinite(score);
		}
	}
	return count ? sum / (double)count : (double)NAN;
}

static bool policy_estimate(MetaEstimator *e, double *gradient, MetaStats *stats) {
	Guide *guide = e->own;
	int64_t rounds = (int64_t)e->how.outer * e->how.inner, steps = e->how.steps > 0 ? e->how.steps : 1;
	int64_t step = e->step < steps ? e->step : steps - 1;
	int64_t round = (int64_t)((double)step * (double)rounds / (double)steps);
	guide->spent = 0;
	for (int k = 0; k < e->family_count; k++)
		rt_write_reals(e->families[k].task->rule->real, e->families[k].mean, 1, e->theta, (size_t)e->count);
	if (round != guide->round && !begin_round(e, guide, round))
		return false;
	guide->trail = (int)(e->step % guide->trajectories);
	if (!meta_derivative_estimate(e, gradient, stats))
		return false;
	stats->evaluations = guide->spent;
	for (int k = 0; k < e->family_count; k++)
		stats->evaluations +=
			(int64_t)guide->steps * e->families[k].task->elsewhere.most * e->families[k].problems->count;
	stats->score = drawn_score(e, guide);
	return true;
}

/* ---- the fit ---- */

/* Misfits of one trajectory of each problem of a block, and their gradients. */
static int fit_block(const MetaEstimator *e, const Family *family, int block, const IrByRole *given,
                     EstimatorWorker *worker) {
	const Guide *guide = e->own;
	const GuideFamily *mine = &guide->families[family - e->families];
	GuideRoom *room = &guide->rooms[worker - e->workers];
	IrByRole along = *given, places;
	meta_guide_give_path(e, family, block, guide->trail, room, &along);
	meta_guide_put_targets(e, family, mine, block, room);
	ir_give(&along, IR_ROLE_BATCH, room->batch, GUIDE_BATCH);
	ir_by_role(&places);
	ir_give(&places, IR_ROLE_SCORE, &worker->score, 1);
	ir_give(&places, ir_role_tilde(IR_ROLE_THETA), &worker->gradient, 1);
	return meta_guide_call(family, TASK_FIT, &along, &places, room);
}

/* ---- making one ---- */

static int policy_uses(const MetaEstimate *how, Task *task, int problems, MetaUse uses[META_MOST_USES]) {
	task_choose_lanes(task, problems);
	const TaskPlan path = {.steps = how->horizon_high};
	uses[0] = (MetaUse){TASK_SETUP, {0}};
	uses[1] = (MetaUse){TASK_PLACE, {0}};
	uses[2] = (MetaUse){TASK_COST, {0}};
	uses[3] = (MetaUse){TASK_FOLLOW, path};
	uses[4] = (MetaUse){TASK_FIT, path};
	return 5;
}

static double policy_bytes(const MetaEstimator *e) {
	return meta_derivative_bytes(e) + meta_guide_bytes(e);
}

/* Rows of all steps are counted in int. */
static bool policy_fits(const MetaEstimator *e, const Task *task) {
	if (meta_guide_numbers(e, task) <= INT32_MAX)
		return true;
	diag_error(e->rt->session, 807, task->objective->decl->name.span,
	           "policy_search holds more than %d numbers for one problem", (int)INT32_MAX);
	return false;
}

static void policy_allocate(MetaEstimator *e) {
	e->how.horizon_low = e->how.horizon_high; /* controllers are for runs of one length */
	meta_derivative_allocate(e);
	e->own = meta_guide_new(e);
}

static void policy_visit(MetaEstimator *e, TrainVisit *visit, void *user) {
	meta_guide_visit(e, visit, user);
}

static bool policy_sound(const MetaEstimator *e) {
	const Guide *guide = e->own;
	int64_t outer = e->how.outer, rounds = outer * e->how.inner;
	return guide->round >= -1 && guide->round < rounds && guide->drawing >= -1 && guide->drawing < outer;
}

const EstimatorMethod meta_policy_search = {
	.uses = policy_uses,
	.fits = policy_fits,
	.bytes = policy_bytes,
	.allocate = policy_allocate,
	.estimate = policy_estimate,
	.visit = policy_visit,
	.is_sound = policy_sound,
	.stage = TASK_FIT,
	.block = fit_block,
};
