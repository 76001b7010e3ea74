/* The rows of scores.def. */
#include "frontend/frontend.h"

const FeScoreFoldInfo fe_score_folds[FE_SCORE_FOLDS] = {
#define FOLD(NAME, ...) [FE_SCORE_##NAME] = {__VA_ARGS__},
#define MAP(NAME, ...)
#include "frontend/scores.def"
#undef FOLD
#undef MAP
};

const FeScoreMapInfo fe_score_maps[FE_SCORE_MAPS] = {
#define FOLD(NAME, ...)
#define MAP(NAME, ...) [FE_SCORE_##NAME] = {__VA_ARGS__},
#include "frontend/scores.def"
#undef FOLD
#undef MAP
};
