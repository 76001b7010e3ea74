/* What bench_learner measures against: one learner, by hand. */
#ifndef GRADUS_PEER_LEARNER_H
#define GRADUS_PEER_LEARNER_H

enum { LEARNER_PEER_FEATURES = 4 };

/* Gradient descent on a linear function, example by example, then predictions; sixteen problems, which lie innermost:
 * X[examples][4][16], y[examples][16], unseen[predictions][4][16], out[predictions][16]. */
void peer_learner(const float *X, const float *y, const float *unseen, int examples, int predictions, float rate,
                  float *out);

#endif
