/* The rows of estimators.def as tables: what reads experiments, helps and documents looks here. */
#include "frontend/decl/decl.h"

const FeOptionInfo fe_options[FE_OPTIONS] = {
#define OPTION(NAME, ...) [FE_OPTION_##NAME] = {__VA_ARGS__},
#define ESTIMATOR(...)
#include "frontend/estimators.def"
#undef OPTION
#undef ESTIMATOR
};

/* becomes: WINDOW = FE_OPTION_WINDOW, ... */
#define OPTION(NAME, ...) NAME = FE_OPTION_##NAME,
#define ESTIMATOR(...)
enum {
#include "frontend/estimators.def"
};
#undef OPTION
#undef ESTIMATOR

enum { NEVER = FE_NEVER, WHOLE = FE_WHOLE_RUNS, WINDOWS = FE_WINDOWS_TOO };

const FeEstimatorInfo fe_estimators[FE_ESTIMATORS] = {
#define OPTION(...)
#define ESTIMATOR(NAME, name, window, minimum, method, moves, help, ...)                                               \
	[FE_##NAME] = {name, window, (FeMinimum)(minimum), moves, help, {__VA_ARGS__, FE_OPTIONS}},
#include "frontend/estimators.def"
#undef OPTION
#undef ESTIMATOR
};

bool fe_has_option(FeEstimator estimator, FeOption option) {
	const int *options = fe_estimators[estimator].options;
	while (*options != FE_OPTIONS && *options != (int)option)
		options++;
	return *options != FE_OPTIONS;
}

double fe_option_otherwise(FeEstimator estimator, FeOption option) {
	return option == FE_OPTION_WINDOW ? fe_estimators[estimator].window : fe_options[option].otherwise;
}

const char *fe_estimator_name(FeEstimator estimator) {
	if ((unsigned)estimator >= FE_ESTIMATORS)
		base_panic("fe_estimator_name", "estimator %d", (int)estimator);
	return fe_estimators[estimator].name;
}
