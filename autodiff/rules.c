/* The table of differentiation: a row for each kind of op. */
#include "autodiff/ad.h"

const AdRules ad_rules[IR_KIND_COUNT] = {
#define KIND(NAME, name)                                                                                               \
	[IR_##NAME] = {ad_active_##name, ad_need_##name, ad_primal_##name, ad_forward_##name,                              \
	               ad_reverse_##name}, /* becomes: a row of functions */
#include "ir/core/kinds.def"
#undef KIND
};
