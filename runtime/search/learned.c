/* Numbers of `learn` that a search fits as constants of a candidate: as the rule uses them (natural), and as they are trained, without limits. */
#include <math.h>

#include "runtime/search/stages.h"

double search_learned_natural(const FeLimits *limits, double trained) {
	switch (limits->transform) {
	case FE_LOGIT: return limits->low + (limits->high - limits->low) / (1 + exp(-trained));
	case FE_LOG: return limits->low + exp(trained);
	case FE_LOG_BELOW: return limits->high - exp(trained);
	default: return trained;
	}
}

double search_learned_trained(const FeLimits *limits, double natural) {
	switch (limits->transform) {
	case FE_LOGIT: return log((natural - limits->low) / (limits->high - natural));
	case FE_LOG: return log(natural - limits->low);
	case FE_LOG_BELOW: return log(limits->high - natural);
	default: return natural;
	}
}

double search_learned_spread(const FeLimits *limits, double trained) {
	switch (limits->transform) {
	case FE_LOGIT: return search_share_spread;
	case FE_PLAIN: return search_constant_spread * fmax(fabs(trained), search_plain_least);
	default: return search_constant_spread;
	}
}

double search_learned_rounded(const FeLimits *limits, double natural, int digits) {
	double out = search_rounded_to(natural, digits);
	return isfinite(search_learned_trained(limits, out)) ? out : natural;
}

void search_lab_see_learned(SearchLab *lab) {
	const FeRule *rule = lab->task->rule;
	int64_t count = learned_count(rule);
	bool numbers = count > 0 && count <= SEARCH_MOST_LEARNED;
	for (uint32_t i = 0; i < rule->learned.count && numbers; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		numbers = learned->slot.type.rank == 0 && !learned->within && !learned->from_hyper;
		if (numbers)
			lab->limits[learned->slot.offset] = &learned->slot.limits;
	}
	lab->learned = numbers ? (int)count : 0;
}
