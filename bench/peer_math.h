/* Scalar calls of the C library's mathematics, one per element, and nothing else. */
#ifndef GRADUS_BENCH_PEER_MATH_H
#define GRADUS_BENCH_PEER_MATH_H

typedef void PeerMath32(const float *x, float *y, int n);
typedef void PeerMath64(const double *x, double *y, int n);

PeerMath32 peer_exp32, peer_log32, peer_tanh32, peer_sigmoid32;
PeerMath64 peer_exp64, peer_log64, peer_tanh64, peer_sigmoid64;

#endif
