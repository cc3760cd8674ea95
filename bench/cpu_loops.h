//===- cpu_loops.h - The loops that a user would write ----------*- C++ -*-===//
#ifndef SCANC_BENCH_CPU_LOOPS_H
#define SCANC_BENCH_CPU_LOOPS_H

#include <cstdint>

namespace scanc::bench {

/// Over contiguous [B, T, D], lanes innermost, or [B, D, T], time innermost.
/// `gated`: y = h silu(z), h[t] = s h[t-1] + (1 - s) x, s = sigmoid(f).
void gatedLanesInnermost(const float *f, const float *x, const float *z, float *y, std::int64_t B,
                         std::int64_t T, std::int64_t D);
void gatedTimeInnermost(const float *f, const float *x, const float *z, float *y, std::int64_t B,
                        std::int64_t T, std::int64_t D);
/// `linear`: h[t] = a h[t-1] + b.
void linearLanesInnermost(const float *a, const float *b, float *h, std::int64_t B, std::int64_t T,
                          std::int64_t D);
void linearTimeInnermost(const float *a, const float *b, float *h, std::int64_t B, std::int64_t T,
                         std::int64_t D);

} // namespace scanc::bench

#endif // SCANC_BENCH_CPU_LOOPS_H
