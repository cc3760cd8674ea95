//===- Layer.h - Sizes of the layer, and the layer in f64 -------*- C++ -*-===//
#ifndef SCANC_EXAMPLES_GLA_LAYER_LAYER_H
#define SCANC_EXAMPLES_GLA_LAYER_LAYER_H

#include <cstdint>
#include <vector>

namespace example {

/// `G` heads of queries and results share each of `H` heads of keys, decays and values.
struct Layer {
  std::int64_t B, T, E, H, G, K, V, R;

  std::int64_t queries() const { return H * G * K; }
  std::int64_t keys() const { return H * K; }
  std::int64_t values() const { return H * V; }
  std::int64_t results() const { return H * G * V; }
  /// Columns of the projections, [q | k | v | z | r], and of those that are convolved.
  std::int64_t convolved() const { return queries() + keys() + values(); }
  std::int64_t projected() const { return convolved() + results() + R; }
};

/// All contiguous: x[B,T,E], W[E,projected], taps[4,convolved], Wg[R,keys], bias[keys], norm[V],
/// Wo[results,E].
struct LayerInputs {
  std::vector<double> x, W, taps, Wg, bias, norm, Wo;
};

/// out[B,T,E], step by step, written from the layer's formulas.
std::vector<double> evaluate(const Layer &layer, const LayerInputs &inputs);

} // namespace example

#endif // SCANC_EXAMPLES_GLA_LAYER_LAYER_H
