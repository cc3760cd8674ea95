//===- Strategies.cpp - One recurrence for each strategy ------------------===//
#include "tests/grid/Strategies.h"

#include "tests/grid/Programs.h"

#include <cmath>

namespace scanc::testing_support {

namespace {

/// Packed sequences, whose decays are given by their logarithms.
const char *const packed = R"(
kernel packed(g, x: f32[T, D], h0: f32[S, D], cu: i32[S+1]) -> (y: f32[T, D], hT: f32[S, D]) {
  scan T as t over D reset at cu {
    init h = h0
    h[t] = exp(g[t]) * h[t-1] + x[t]
    y[t] = h[t]
    final h -> hT
  }
})";

/// Rows of columns that share a decay.
const char *const rows = R"(
kernel rows(a: f32[B, T, R], x: f32[B, T, R, V], h0: f32[B, R, V]) -> (y: f32[B, T, R, V], hT: f32[B, R, V]) {
  scan T as t over B {
    init h = h0
    h[t,i,j] = a[t,i] * h[t-1,i,j] + x[t,i,j]
    y[t,i,j] = h[t,i,j]
    final h -> hT
  }
})";

/// A matrix for each step.
std::string dense(const std::string &element) {
  return "kernel dense(A: " + element + "[B, T, N, N], x: " + element +
         R"([B, T, N], h0: f32[B, N]) -> (y: f32[B, T, N], hT: f32[B, N]) {
  scan T as t over B {
    init h = h0
    final h -> hT
    h[t,i] = A[t,i,l] * h[t-1,l] + x[t,i]
    y[t,i] = h[t,i]
  }
})";
}

/// One matrix for all steps of a sequence, which chunks multiply by a power of.
const char *const power = R"(
kernel power(W: f32[B, N, N], x: f32[B, T, N], h0: f32[B, N]) -> (h: f32[B, T, N], hT: f32[B, N]) {
  scan T as t over B {
    init h = h0
    final h -> hT
    h[t,i] = W[i,l] * h[t-1,l] + x[t,i]
  }
})";

/// A row of each step times weights that all steps have.
const char *const layer = R"(
kernel layer(x: f16[B, T, K], Wf, Wv: f16[K, D], s: f32[B, T, D], h0: f32[B, D]) -> (y: f16[B, T, D], hT: f32[B, D]) {
  scan T as t over B {
    init h = h0
    final h -> hT
    f[j]   = sigmoid(x[t,k] * Wf[k,j])
    h[t,j] = f[j] * h[t-1,j] + s[t,j] * (x[t,k] * Wv[k,j])
    y[t,j] = h[t,j]
  }
})";

/// One that columns share.
const char *const columns = R"(
kernel columns(A: f32[B, T, 16, 16], x: f32[B, T, 16, V], h0: f32[B, 16, V]) -> (h: f32[B, T, 16, V], hT: f32[B, 16, V]) {
  scan T as t over B {
    init h = h0
    final h -> hT
    h[t,i,j] = A[t,i,l] * h[t-1,l,j] + x[t,i,j]
  }
})";

/// Outer products, decayed as a whole.
const char *const outer = R"(
kernel outer(q, k: bf16[B, T, K], v: bf16[B, T, V], g: f32[B, T], S0: f32[B, K, V]) -> (o: bf16[B, T, V], ST: f32[B, K, V]) {
  scan T as t over B {
    init S = S0
    final S -> ST
    S[t,i,j] = exp(g[t]) * S[t-1,i,j] + k[t,i] * v[t,j]
    o[t,j] = q[t,i] * S[t,i,j]
  }
})";

/// The same, packed.
const char *const packedOuter = R"(
kernel outer(q, k: bf16[T, K], v: bf16[T, V], g: f32[T], S0: f32[S, K, V], cu: i32[S+1]) -> (o: bf16[T, V], ST: f32[S, K, V]) {
  scan T as t reset at cu {
    init S = S0
    final S -> ST
    S[t,i,j] = exp(g[t]) * S[t-1,i,j] + k[t,i] * v[t,j]
    o[t,j] = q[t,i] * S[t,i,j]
  }
})";

/// Outer products behind corrections of the state: one by the key, two of a step, one that reads it by another vector.
std::string corrected(const std::string &inputs, const std::string &step) {
  return "kernel corrected(q, k" + inputs + ": bf16[B, T, K], v: bf16[B, T, V], b: f32[B, T], S0: f32[B, K, V])"
         " -> (o: bf16[B, T, V], ST: f32[B, K, V]) {\n  scan T as t over B {\n    init S = S0\n    final S -> ST\n    " +
         step + "\n    o[t,j] = q[t,i] * S[t,i,j]\n  }\n}";
}

/// By `chunkwise`, of which a chunk has 64 steps.
Strategic inChunks(const std::string &name, const std::string &text, double ofMagnitude = 0) {
  return {.name = name,
          .text = text,
          .strategy = "chunkwise",
          .bound = {{"K", 16}, {"V", 16}},
          .sizes = {{"B", 2}, {"T", 70}, {"K", 16}, {"V", 16}},
          .tile = 64,
          .apart = {"B", "V"},
          .chunk = 64,
          .ofMagnitude = ofMagnitude};
}

std::vector<Strategic> all() {
  const std::string sequential = "sequential(steps=8, ring=3)",
                    blelloch = "blelloch(time_threads=32, steps=4)",
                    lookBack = "look_back(time_threads=32, steps=4, runs=1)";
  const auto linear = [](const char *type, Innermost innermost) {
    return linearScan(type, innermost, /*reverse=*/false);
  };
  const Sizes rowsOfV{{"B", 2}, {"T", 41}, {"R", 2}, {"V", 9}};
  const Sizes dense16{{"B", 2}, {"T", 27}, {"N", 16}};
  std::vector<Strategic> list{
      {.name = "cpu_lanes",
       .text = linear("f32", Innermost::lanes),
       .strategy = "cpu",
       .sizes = {{"B", 2}, {"D", 35}, {"T", 37}},
       .apart = {"B", "D"}},
      {.name = "cpu_time",
       .text = linear("bf16", Innermost::time),
       .strategy = "cpu",
       .sizes = {{"B", 2}, {"D", 9}, {"T", 37}},
       .apart = {"B", "D"}},
      {.name = "cpu_packed",
       .text = packed,
       .strategy = "cpu",
       .sizes = {{"D", 5}, {"T", 300}, {"S", 4}},
       .tile = 128,
       .apart = {"D"}},
      {.name = "sequential_lanes",
       .text = linear("f32", Innermost::lanes),
       .strategy = sequential,
       .sizes = {{"B", 2}, {"D", 35}, {"T", 37}},
       .tile = 8,
       .apart = {"B", "D"}},
      {.name = "sequential_time",
       .text = linear("bf16", Innermost::time),
       .strategy = sequential,
       .sizes = {{"B", 2}, {"D", 5}, {"T", 37}},
       .tile = 8,
       .apart = {"B", "D"}},
      {.name = "blelloch_lanes",
       .text = linear("f64", Innermost::lanes),
       .strategy = blelloch,
       .sizes = {{"B", 1}, {"D", 9}, {"T", 300}},
       .tile = 128,
       .apart = {"B", "D"}},
      {.name = "blelloch_time",
       .text = linear("f32", Innermost::time),
       .strategy = blelloch,
       .sizes = {{"B", 2}, {"D", 2}, {"T", 300}},
       .tile = 128,
       .apart = {"B", "D"}},
      {.name = "sequential_strips",
       .text = linear("bf16", Innermost::lanes),
       .strategy = sequential,
       .sizes = {{"B", 1}, {"D", 67}, {"T", 37}},
       .tile = 8,
       .apart = {"B", "D"}},
      {.name = "blelloch_strips",
       .text = linear("f16", Innermost::lanes),
       .strategy = "blelloch(time_threads=2, steps=8)",
       .sizes = {{"B", 1}, {"D", 67}, {"T", 37}},
       .tile = 16,
       .apart = {"B", "D"}},
      {.name = "look_back_lanes",
       .text = linear("f32", Innermost::lanes),
       .strategy = lookBack,
       .sizes = {{"B", 1}, {"D", 9}, {"T", 700}},
       .tile = 128,
       .apart = {"B", "D"}},
      {.name = "look_back_time",
       .text = linear("f16", Innermost::time),
       .strategy = lookBack,
       .sizes = {{"B", 2}, {"D", 2}, {"T", 700}},
       .tile = 128,
       .apart = {"B", "D"}},
  };
  for (const auto &[name, strategy, tile] : {std::tuple("packed_sequential", sequential, 8),
                                             std::tuple("packed_blelloch", blelloch, 128),
                                             std::tuple("packed_look_back", lookBack, 128)})
    list.push_back({.name = name,
                    .text = packed,
                    .strategy = strategy,
                    .sizes = {{"D", 5}, {"T", 300}, {"S", 4}},
                    .tile = tile,
                    .apart = {"D"}});
  list.insert(list.end(), {{.name = "matmul_scan",
                            .text = rows,
                            .strategy = "matmul_scan",
                            .bound = {{"R", 2}, {"V", 9}},
                            .sizes = rowsOfV,
                            .tile = 16,
                            .apart = {"B", "R"},
                            .chunk = 32},
                           {.name = "cyclic_reduction",
                            .text = dense("f16"),
                            .strategy = "cyclic_reduction(steps=4, runs=3)",
                            .bound = {{"N", 16}},
                            .sizes = dense16,
                            .tile = 4,
                            .apart = {"B"}},
                           {.name = "dense_blelloch",
                            .text = dense("bf16"),
                            .strategy = "blelloch(steps=4, runs=3)",
                            .bound = {{"N", 16}},
                            .sizes = dense16,
                            .tile = 4,
                            .apart = {"B"}},
                           {.name = "dense_sequential",
                            .text = dense("f32"),
                            .strategy = "sequential",
                            .bound = {{"N", 16}},
                            .sizes = dense16,
                            .apart = {"B"}},
                           {.name = "power_reduction",
                            .text = power,
                            .strategy = "cyclic_reduction(steps=4)",
                            .bound = {{"N", 16}},
                            .sizes = dense16,
                            .tile = 4,
                            .apart = {"B"}},
                           {.name = "projection",
                            .text = layer,
                            .strategy = "projection",
                            .sizes = {{"B", 2}, {"T", 37}, {"K", 24}, {"D", 9}},
                            .tile = 64,
                            .apart = {"B", "D"}},
                           {.name = "projected_scan",
                            .text = layer,
                            .strategy = "projected_scan",
                            .sizes = {{"B", 2}, {"T", 70}, {"K", 24}, {"D", 9}},
                            .tile = 64,
                            .apart = {"B", "D"}},
                           {.name = "dense_columns",
                            .text = columns,
                            .strategy = "sequential",
                            .bound = {{"V", 9}},
                            .sizes = {{"B", 2}, {"T", 11}, {"V", 9}},
                            .apart = {"B", "V"}},
                           {.name = "outer_sequential",
                            .text = outer,
                            .strategy = "sequential",
                            .bound = {{"K", 72}, {"V", 24}},
                            .sizes = {{"B", 2}, {"T", 5}, {"K", 72}, {"V", 24}},
                            .apart = {"B", "V"}},
                           inChunks("chunkwise", outer, 0x1p-7),
                           {.name = "packed_chunkwise",
                            .text = packedOuter,
                            .strategy = "chunkwise",
                            .bound = {{"K", 16}, {"V", 16}},
                            .sizes = {{"T", 90}, {"S", 3}, {"K", 16}, {"V", 16}},
                            .tile = 64,
                            .apart = {"V"},
                            .chunk = 64,
                            .ofMagnitude = 0x1p-7}});
  if (!isLongForm() && !isOnGpu())
    return list;
  const std::string past = "S[t-1,i,j] - b[t] * k[t,i] * (k[t,l] * S[t-1,l,j])";
  for (const auto &[name, text, spreads] :
       {std::tuple("delta_chunkwise", corrected("", "S[t,i,j] = " + past + " + b[t] * k[t,i] * v[t,j]"), false),
        std::tuple("twice_corrected_chunkwise",
                  corrected(", p", "P[i,j] = " + past +
                                       "\n    S[t,i,j] = P[i,j] - b[t] * p[t,i] * (p[t,l] * P[l,j]) + b[t] * p[t,i] * v[t,j]"), false),
        std::tuple("generalized_delta_chunkwise",
                  corrected(", a, p", "S[t,i,j] = exp(b[t]) * (S[t-1,i,j] + p[t,i] * (a[t,l] * S[t-1,l,j])) + k[t,i] * v[t,j]"), true)}) {
    list.push_back(inChunks(name, text));
    list.back().spreads = spreads;
  }
  return list;
}

} // namespace

Operands drawnFor(const Strategic &one, const Subject &subject, std::uint64_t seed) {
  Operands operands = subject.operands(one.sizes, seed);
  const std::vector<Parameter> &parameters = subject.signature();
  for (std::size_t p = 0; one.ofMagnitude > 0 && p < parameters.size(); ++p) {
    if (!subject.isInput(p) || !parameters[p].cuts.empty() || parameters[p].name == "g")
      continue;
    const Dtype dtype = parameters[p].dtype;
    for (std::int64_t i = 0; i < elementsOf(operands.tensors[p]); ++i) {
      char *at = operands.storage[p].data() + i * sizeOf(dtype);
      storeElement(at, dtype, std::fabs(loadElement(at, dtype)));
    }
  }
  return operands;
}

double boundOf(const Strategic &one, const Subject &subject, const ReferenceTensor &reference,
               std::size_t i) {
  return one.ofMagnitude > 0 ? one.ofMagnitude * std::fabs(reference.values[i])
                             : subject.factor() * reference.bounds[i];
}

std::string firstWrong(const Strategic &one, const Subject &subject, const Operands &operands) {
  subject.countCompared(operands);
  const auto expected = subject.reference(one.sizes, operands);
  std::size_t result = 0;
  for (std::size_t p = 0; p < operands.tensors.size(); ++p) {
    if (subject.isInput(p))
      continue;
    const ReferenceTensor &reference = expected[result++];
    const Dtype dtype = operands.tensors[p].dtype;
    for (std::size_t i = 0; i < reference.values.size(); ++i) {
      const double got = loadElement(operands.storage[p].data() + i * sizeOf(dtype), dtype);
      const double bound = boundOf(one, subject, reference, i);
      if (!(std::fabs(got - reference.values[i]) <= bound))
        return subject.signature()[p].name + "[" + std::to_string(i) + "] is " +
               std::to_string(got) + " where it should be " + std::to_string(reference.values[i]) +
               " within " + std::to_string(bound);
    }
  }
  return "";
}

const std::vector<Strategic> &strategics() {
  static const std::vector<Strategic> list = all();
  return list;
}

} // namespace scanc::testing_support
