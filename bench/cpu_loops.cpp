//===- cpu_loops.cpp - Compiled with -O3 -march=native --------------------===//
#include "cpu_loops.h"

#include <cmath>
#include <vector>

namespace scanc::bench {

static float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }

void gatedLanesInnermost(const float *__restrict f, const float *__restrict x,
                         const float *__restrict z, float *__restrict y, std::int64_t B,
                         std::int64_t T, std::int64_t D) {
  std::vector<float> states(D);
  float *__restrict h = states.data();
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t d = 0; d < D; ++d)
      h[d] = 0;
    for (std::int64_t t = 0; t < T; ++t)
      for (std::int64_t d = 0, i = (b * T + t) * D; d < D; ++d, ++i) {
        float s = sigmoid(f[i]);
        h[d] = s * h[d] + (1 - s) * x[i];
        y[i] = h[d] * (z[i] * sigmoid(z[i]));
      }
  }
}

void gatedTimeInnermost(const float *__restrict f, const float *__restrict x,
                        const float *__restrict z, float *__restrict y, std::int64_t B,
                        std::int64_t T, std::int64_t D) {
  for (std::int64_t row = 0; row < B * D; ++row) {
    float h = 0;
    for (std::int64_t t = 0, i = row * T; t < T; ++t, ++i) {
      float s = sigmoid(f[i]);
      h = s * h + (1 - s) * x[i];
      y[i] = h * (z[i] * sigmoid(z[i]));
    }
  }
}

void linearLanesInnermost(const float *__restrict a, const float *__restrict b,
                          float *__restrict h, std::int64_t B, std::int64_t T, std::int64_t D) {
  std::vector<float> states(D);
  float *__restrict s = states.data();
  for (std::int64_t k = 0; k < B; ++k) {
    for (std::int64_t d = 0; d < D; ++d)
      s[d] = 0;
    for (std::int64_t t = 0; t < T; ++t)
      for (std::int64_t d = 0, i = (k * T + t) * D; d < D; ++d, ++i)
        h[i] = s[d] = a[i] * s[d] + b[i];
  }
}

void linearTimeInnermost(const float *__restrict a, const float *__restrict b, float *__restrict h,
                         std::int64_t B, std::int64_t T, std::int64_t D) {
  for (std::int64_t row = 0; row < B * D; ++row) {
    float s = 0;
    for (std::int64_t t = 0, i = row * T; t < T; ++t, ++i)
      h[i] = s = a[i] * s + b[i];
  }
}

} // namespace scanc::bench
