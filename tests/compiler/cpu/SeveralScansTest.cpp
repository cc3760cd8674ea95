//===- SeveralScansTest.cpp - Kernels that hold more than one scan --------===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

TEST(SeveralScans, OverOneDimensionInBothOrders) {
  for (std::int64_t D : {1, 16, 35})
    Evaluation("kernel k(a, x: f32[T, D]) -> (y, z: f32[T, D]) {\n"
               "scan T as t over D { y[t] = a[t] * y[t-1] + x[t] }\n"
               "reverse scan T as t over D { z[t] = a[t] * z[t-1] + x[t] } }",
               {{"T", 21}, {"D", D}})
        .expectAgreement();
}

TEST(SeveralScans, OverDimensionsOfTheirOwn) {
  Evaluation("kernel k(x: f32[T, D], u: f64[S, E, N], h0: f64[E]) -> (y: f32[T, D], z: f64[S, E], "
             "hT: f64[E]) {\n"
             "scan T as t over D { y[t] = 0.5 * y[t-1] + x[t] }\n"
             "scan S as s over E { init h = h0\nh[s] = 0.5 * h[s-1] + u[s,n]\nz[s] = h[s]\n"
             "final h -> hT } }",
             {{"T", 21}, {"D", 35}, {"S", 8}, {"E", 18}, {"N", 3}})
      .expectAgreement();
}

/// The language keeps scans apart; step form may give one the results of another.
TEST(SeveralScans, OneAfterAnother) {
  CompileOptions options;
  options.from = Stage::scan;
  Evaluation run(R"mlir(
#map = affine_map<(d, t) -> (t, d)>
func.func @k(%x: tensor<?x?xf64> {scan.name = "x", scan.dims = ["T", "D"]})
    -> (tensor<?x?xf64> {scan.name = "z", scan.dims = ["T", "D"]},
        tensor<?x?xf64> {scan.name = "y", scan.dims = ["T", "D"]}) {
  %y = scan.step ins(%x : tensor<?x?xf64>) attributes {
      dims = [#scan.dim<lane D in D : ?>, #scan.dim<time t in T : ?>],
      input_maps = [#map], output_maps = [#map], states = [#scan.state<h : f64 []>],
      prevs = [#scan.prev<h []>], init_states = array<i64>, init_maps = [],
      final_states = array<i64>, final_maps = []} -> tensor<?x?xf64> {
  ^bb0(%x0: f64, %s: f64):
    %next = arith.addf %s, %x0 : f64
    scan.yield next(%next : f64) outs(%next : f64)
  }
  %z = scan.step ins(%y : tensor<?x?xf64>) attributes {
      dims = [#scan.dim<lane D in D : ?>, #scan.dim<time t in T : ?>],
      input_maps = [#map], output_maps = [#map], states = [#scan.state<h : f64 []>],
      prevs = [#scan.prev<h []>], init_states = array<i64>, init_maps = [],
      final_states = array<i64>, final_maps = [], reverse} -> tensor<?x?xf64> {
  ^bb0(%y0: f64, %s: f64):
    %next = arith.addf %s, %y0 : f64
    scan.yield next(%next : f64) outs(%next : f64)
  }
  return %z, %y : tensor<?x?xf64>, tensor<?x?xf64>
}
)mlir",
                 {{"T", 3}, {"D", 2}}, Lie::contiguous, options);
  run["x"].assign({1, 10, 2, 20, 3, 30});
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(run["y"].values(), (std::vector<double>{1, 10, 3, 30, 6, 60}));
  EXPECT_EQ(run["z"].values(), (std::vector<double>{10, 100, 9, 90, 6, 60}));
}

} // namespace
} // namespace scanc
