/* Adam on a network of 784-32-10 (relu, cross entropy) by hand, on mini-batches of 64 images of one byte per pixel. */
#ifndef GRADUS_BENCH_PEER_BATCH_H
#define GRADUS_BENCH_PEER_BATCH_H

#include <stdint.h>

enum {
	BATCH_PIXELS = 784,
	BATCH_HIDDEN = 32,
	BATCH_CLASSES = 10,
	BATCH_SIZE = 64,
	BATCH_WEIGHTS = BATCH_PIXELS * BATCH_HIDDEN + BATCH_HIDDEN + BATCH_HIDDEN * BATCH_CLASSES + BATCH_CLASSES
};

typedef struct PeerBatch PeerBatch;

/* images: [count][784], labels: [count]; they stay the caller's. */
PeerBatch *peer_batch_new(const uint8_t *images, const uint8_t *labels);
void peer_batch_free(PeerBatch *peer);
/* From x0[BATCH_WEIGHTS] (W1, b1, W2, b2, row-major) through `steps` steps on picks[steps + 1][BATCH_SIZE]; f on the last batch. */
float peer_batch_run(PeerBatch *peer, const float *x0, const int64_t *picks, int steps, float lr);

#endif
