//===- RefusalsTest.cpp - What the CPU backend does not run ---------------===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

Error errorOf(const std::string &text) {
  CompileOptions options;
  options.target = "cpu";
  auto kernel = compile(text, options);
  if (kernel) {
    ADD_FAILURE() << "expected a refusal of\n" << text;
    return {};
  }
  return kernel.error();
}

TEST(Refusals, ComplexNumbers) {
  Error error = errorOf("kernel k(x: c64[T, D]) -> (h: c64[T, D]) {\n"
                        "scan T as t over D { h[t] = h[t-1] + x[t] } }");
  EXPECT_EQ(error.code, "SC9001");
  EXPECT_EQ(error.message, "not yet supported: complex numbers on the CPU");
  EXPECT_GT(error.place.line, 0);
}

TEST(Refusals, AResultThatTheKernelDoesNotReturn) {
  CompileOptions options;
  options.target = "cpu";
  options.from = Stage::scan;
  auto kernel = compile(R"mlir(
#map = affine_map<(t) -> (t)>
func.func @k(%x: tensor<?xf32> {scan.name = "x", scan.dims = ["T"]})
    -> (tensor<?xf32> {scan.name = "y", scan.dims = ["T"]}) {
  %r:2 = scan.step ins(%x : tensor<?xf32>) attributes {dims = [#scan.dim<time t in T : ?>],
      input_maps = [#map], output_maps = [#map, #map], states = [], prevs = [],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<?xf32>, tensor<?xf32> {
  ^bb0(%a: f32):
    scan.yield outs(%a, %a : f32, f32)
  }
  return %r#0 : tensor<?xf32>
}
)mlir",
                        options);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC9001") << render(kernel.error());
}

TEST(Refusals, OperandsAreCheckedBeforeAnythingRuns) {
  Evaluation run(program("init_final"), {{"B", 2}, {"T", 3}, {"D", 5}});
  run["h0"].tensor.sizes[1] = 4;
  auto done = run.launch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "SC6004") << render(done.error());
  for (double value : run["hT"].values())
    EXPECT_LT(value, -1e-17); // as filled: 0xa5a5a5a5
}

} // namespace
} // namespace scanc
