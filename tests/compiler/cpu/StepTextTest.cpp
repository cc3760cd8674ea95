//===- StepTextTest.cpp - Hand-written step form, entered as text ---------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>

namespace scanc {
namespace {

CompileOptions fromStep() {
  CompileOptions options;
  options.from = Stage::scan;
  return options;
}

/// A matrix state whose next value varies over its rows alone, read again at both indices.
const char *broadcastNext = R"mlir(
func.func @k(%x: tensor<?x?xf64> {scan.name = "x", scan.dims = ["T", "I"]},
             %w: tensor<?xf64> {scan.name = "w", scan.dims = ["J"]})
    -> (tensor<?x?xf64> {scan.name = "o", scan.dims = ["T", "I"]}) {
  %o = scan.step ins(%x, %w : tensor<?x?xf64>, tensor<?xf64>) attributes {
      dims = [#scan.dim<time t in T : ?>, #scan.dim<index i in I : ?>, #scan.dim<index j in J : ?>],
      input_maps = [affine_map<(t, i, j) -> (t, i)>, affine_map<(t, i, j) -> (j)>],
      output_maps = [affine_map<(t, i, j) -> (t, i)>],
      states = [#scan.state<S : f64 [i, j]>], prevs = [#scan.prev<S [i, j]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<?x?xf64> {
  ^bb0(%x0: f64, %w0: f64, %s: f64):
    %p = arith.mulf %s, %w0 : f64
    %r = scan.reduce add over ["j"] %p : f64
    %next = arith.addf %r, %x0 : f64
    %o0 = arith.mulf %next, %x0 : f64
    scan.yield next(%next : f64) outs(%o0 : f64)
  }
  return %o : tensor<?x?xf64>
}
)mlir";

TEST(StepText, NextThatLacksAnIndexOfItsState) {
  std::int64_t T = 5, I = 3, J = 4;
  Evaluation run(broadcastNext, {{"T", T}, {"I", I}, {"J", J}}, Lie::contiguous, fromStep());
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> x = run["x"].values(), w = run["w"].values(), o = run["o"].values();
  double weight = 0;
  for (double value : w)
    weight += value;
  for (std::int64_t i = 0; i < I; ++i) {
    double s = 0;
    for (std::int64_t t = 0; t < T; ++t) {
      s = s * weight + x[t * I + i];
      EXPECT_NEAR(o[t * I + i], s * x[t * I + i], 1e-13) << t << " " << i;
    }
  }
}

/// A dense transition: the state is read under the name that is summed.
const char *dense = R"mlir(
func.func @k(%a: tensor<?x?x?xf64> {scan.name = "a", scan.dims = ["T", "N", "N"]},
             %b: tensor<?x?xf64> {scan.name = "b", scan.dims = ["T", "N"]})
    -> (tensor<?x?xf64> {scan.name = "h", scan.dims = ["T", "N"]}) {
  %h = scan.step ins(%a, %b : tensor<?x?x?xf64>, tensor<?x?xf64>) attributes {
      dims = [#scan.dim<time t in T : ?>, #scan.dim<index i in N : ?>, #scan.dim<index l in N : ?>],
      input_maps = [affine_map<(t, i, l) -> (t, i, l)>, affine_map<(t, i, l) -> (t, i)>],
      output_maps = [affine_map<(t, i, l) -> (t, i)>],
      states = [#scan.state<h : f64 [i]>], prevs = [#scan.prev<h [l]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<?x?xf64> {
  ^bb0(%a0: f64, %b0: f64, %s: f64):
    %p = arith.mulf %a0, %s : f64
    %r = scan.reduce add over ["l"] %p : f64
    %next = arith.addf %r, %b0 : f64
    scan.yield next(%next : f64) outs(%next : f64)
  }
  return %h : tensor<?x?xf64>
}
)mlir";

TEST(StepText, DenseTransitionReadsTheOldStateThroughout) {
  for (std::int64_t N : {0, 1, 2, 5}) {
    std::int64_t T = 7;
    Evaluation run(dense, {{"T", T}, {"N", N}}, Lie::contiguous, fromStep());
    auto done = run.launch();
    ASSERT_TRUE(done) << render(done.error());
    std::vector<double> a = run["a"].values(), b = run["b"].values(), got = run["h"].values();
    std::vector<double> h(N);
    for (std::int64_t t = 0; t < T; ++t) {
      std::vector<double> next(N);
      for (std::int64_t i = 0; i < N; ++i) {
        next[i] = b[t * N + i];
        for (std::int64_t l = 0; l < N; ++l)
          next[i] += a[(t * N + i) * N + l] * h[l];
        EXPECT_NEAR(got[t * N + i], next[i], 1e-12 * (1 + std::fabs(next[i])));
      }
      h = next;
    }
  }
}

/// logsumexp and the other reductions over several indices, some of them empty.
const char *reductions = R"mlir(
func.func @k(%x: tensor<?x?x?xf32> {scan.name = "x", scan.dims = ["T", "I", "J"]})
    -> (tensor<?xf32> {scan.name = "lse", scan.dims = ["T"]},
        tensor<?xf32> {scan.name = "mean", scan.dims = ["T"]},
        tensor<?xf32> {scan.name = "max", scan.dims = ["T"]},
        tensor<?xf32> {scan.name = "min", scan.dims = ["T"]}) {
  %r:4 = scan.step ins(%x : tensor<?x?x?xf32>) attributes {
      dims = [#scan.dim<time t in T : ?>, #scan.dim<index i in I : ?>, #scan.dim<index j in J : ?>],
      input_maps = [affine_map<(t, i, j) -> (t, i, j)>],
      output_maps = [affine_map<(t, i, j) -> (t)>, affine_map<(t, i, j) -> (t)>,
                     affine_map<(t, i, j) -> (t)>, affine_map<(t, i, j) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32> {
  ^bb0(%x0: f32, %s: f32):
    %a = scan.reduce logsumexp over ["i", "j"] %x0 : f32
    %b = scan.reduce mean over ["i", "j"] %x0 : f32
    %c = scan.reduce max over ["i", "j"] %x0 : f32
    %d = scan.reduce min over ["i", "j"] %x0 : f32
    scan.yield next(%s : f32) outs(%a, %b, %c, %d : f32, f32, f32, f32)
  }
  return %r#0, %r#1, %r#2, %r#3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
)mlir";

TEST(StepText, ReductionsOverSeveralIndices) {
  for (std::int64_t J : {0, 1, 5, 64})
    Evaluation(reductions, {{"T", 3}, {"I", 3}, {"J", J}}, Lie::contiguous, fromStep()).expectAgreement();
}

TEST(StepText, ReductionsOfInfinities) {
  double infinity = std::numeric_limits<double>::infinity();
  Evaluation run(reductions, {{"T", 2}, {"I", 1}, {"J", 3}}, Lie::contiguous, fromStep());
  run["x"].assign({-infinity, -infinity, -infinity, 2, infinity, 1});
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(run["lse"].values(), (std::vector<double>{-infinity, infinity}));
  EXPECT_EQ(run["max"].values(), (std::vector<double>{-infinity, infinity}));
}

} // namespace
} // namespace scanc
