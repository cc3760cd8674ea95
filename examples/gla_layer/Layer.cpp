//===- Layer.cpp - The layer in f64, step by step -------------------------===//
#include "examples/gla_layer/Layer.h"

#include <cmath>

namespace example {

namespace {

using Numbers = std::vector<double>;

double silu(double x) { return x / (1 + std::exp(-x)); }

/// row[from..] times a matrix of `columns` columns.
Numbers multiply(const double *row, std::size_t terms, const Numbers &matrix, std::size_t columns) {
  Numbers sums(columns, 0.0);
  for (std::size_t e = 0; e < terms; ++e)
    for (std::size_t j = 0; j < columns; ++j)
      sums[j] += row[e] * matrix[e * columns + j];
  return sums;
}

} // namespace

std::vector<double> evaluate(const Layer &layer, const LayerInputs &inputs) {
  constexpr std::size_t taps = 4;
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  const std::size_t T = size(layer.T), E = size(layer.E), H = size(layer.H), G = size(layer.G),
                    K = size(layer.K), V = size(layer.V), convolved = size(layer.convolved());
  Numbers all;
  for (std::size_t b = 0; b < size(layer.B); ++b) {
    Numbers window(taps * convolved, 0.0), states(H * K * V, 0.0); // steps before the first are 0
    for (std::size_t t = 0; t < T; ++t) {
      const Numbers p = multiply(&inputs.x[(b * T + t) * E], E, inputs.W, size(layer.projected()));
      window.insert(window.begin(), p.begin(), p.begin() + layer.convolved());
      window.resize(taps * convolved);
      Numbers c(convolved, 0.0);
      for (std::size_t tap = 0; tap < taps; ++tap)
        for (std::size_t j = 0; j < convolved; ++j)
          c[j] += inputs.taps[tap * convolved + j] * window[tap * convolved + j];
      for (double &number : c)
        number = silu(number);
      const double *q = c.data(), *k = q + layer.queries(), *v = k + layer.keys(),
                   *z = p.data() + layer.convolved();
      const Numbers gates = multiply(z + layer.results(), size(layer.R), inputs.Wg, H * K);
      Numbers y(size(layer.results()));
      for (std::size_t h = 0; h < H; ++h) {
        for (std::size_t i = 0; i < K; ++i) {
          const double decay =
              std::pow(1 / (1 + std::exp(-gates[h * K + i] - inputs.bias[h * K + i])), 1.0 / 16);
          for (std::size_t j = 0; j < V; ++j) {
            double &state = states[(h * K + i) * V + j];
            state = decay * state + k[h * K + i] * v[h * V + j];
          }
        }
        for (std::size_t head = h * G; head < (h + 1) * G; ++head) {
          Numbers o(V, 0.0);
          double squares = 0;
          for (std::size_t j = 0; j < V; ++j) {
            for (std::size_t i = 0; i < K; ++i)
              o[j] += q[head * K + i] * states[(h * K + i) * V + j] / std::sqrt(K);
            squares += o[j] * o[j];
          }
          for (std::size_t j = 0; j < V; ++j)
            y[head * V + j] = o[j] / std::sqrt(squares / static_cast<double>(V) + 1e-5) *
                              inputs.norm[j] * silu(z[head * V + j]);
        }
      }
      const Numbers out = multiply(y.data(), y.size(), inputs.Wo, E);
      all.insert(all.end(), out.begin(), out.end());
    }
  }
  return all;
}

} // namespace example
