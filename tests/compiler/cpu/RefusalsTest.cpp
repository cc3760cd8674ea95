//===- RefusalsTest.cpp - What the CPU backend does not run ---------------===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

/// Compiles hand-written step form of one input and one result.
void expectRefusal(const std::string &result, const std::string &step, const std::string &what) {
  CompileOptions options;
  options.target = "cpu";
  options.from = Stage::scan;
  auto kernel = compile("#map = affine_map<(t) -> (t)>\n#end = affine_map<(t) -> ()>\n"
                        "func.func @k(%x: tensor<?xf32> {scan.name = \"x\", scan.dims = [\"T\"]})\n"
                        "    -> (" +
                            result + ") {\n" + step + "\n}\n",
                        options);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC9001") << render(kernel.error());
  EXPECT_EQ(kernel.error().message, "not yet supported: " + what + " on the CPU");
  EXPECT_GT(kernel.error().place.line, 0);
}

TEST(Refusals, AResultThatTheKernelDoesNotReturn) {
  expectRefusal(R"(tensor<?xf32> {scan.name = "y", scan.dims = ["T"]})", R"mlir(
  %r:2 = scan.step ins(%x : tensor<?xf32>) attributes {dims = [#scan.dim<time t in T : ?>],
      input_maps = [#map], output_maps = [#map, #map], states = [], prevs = [],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<?xf32>, tensor<?xf32> {
  ^bb0(%a: f32):
    scan.yield outs(%a, %a : f32, f32)
  }
  return %r#0 : tensor<?xf32>)mlir",
                "a scan's result that is not the kernel's");
}

TEST(Refusals, AComplexEndOfARealState) {
  expectRefusal(R"(tensor<complex<f32>> {scan.name = "hT", scan.dims = []})", R"mlir(
  %h = scan.step ins(%x : tensor<?xf32>) attributes {dims = [#scan.dim<time t in T : ?>],
      input_maps = [#map], output_maps = [], states = [#scan.state<h : f32 []>],
      prevs = [#scan.prev<h []>], init_states = array<i64>, init_maps = [],
      final_states = array<i64: 0>, final_maps = [#end]} -> tensor<complex<f32>> {
  ^bb0(%a: f32, %s: f32):
    %next = arith.addf %a, %s : f32
    scan.yield next(%next : f32)
  }
  return %h : tensor<complex<f32>>)mlir",
                "a real end of a complex state, or the reverse");
}

/// The code of compiling for the CPU.
std::string codeOf(const std::string &text, CompileOptions options) {
  options.target = "cpu";
  auto kernel = compile(text, options);
  return kernel ? "none" : kernel.error().code;
}

TEST(Refusals, AffineFormOnTheCpuComputesNothing) {
  std::string text = program("gated_scan");
  CompileOptions options;
  auto affine = emit(text, Stage::affine, options);
  ASSERT_TRUE(affine) << render(affine.error());
  options.from = Stage::affine;
  EXPECT_EQ(codeOf(*affine, options), "SC1025");
}

TEST(Refusals, AStrategyOnTheCpuIsReplacedInSilence) {
  std::string text = "kernel k(x: f32[T]) -> (h: f32[T]) {\n  scan T as t { h[t] = h[t-1] + x[t] }\n}\n";
  for (const char *strategy : {"blelloch", "look_back", "nonsense"}) {
    CompileOptions options;
    options.strategy = strategy;
    EXPECT_EQ(codeOf(text, options), "SC3002") << strategy;
    EXPECT_EQ(codeOf("@strategy(blelloch) " + text, options), "SC3002");
  }
  for (const char *strategy : {"", "auto", "sequential"}) {
    CompileOptions options;
    options.strategy = strategy;
    EXPECT_EQ(codeOf(text, options), "none") << strategy;
    EXPECT_EQ(codeOf("@strategy(sequential) " + text, options), "none");
  }
}

TEST(Refusals, APinOnTheCpuIsDroppedInSilence) {
  std::string text = "kernel k(x: f32[T]) -> (h: f32[T]) {\n  scan T as t { h[t] = h[t-1] + x[t] }\n}\n";
  for (const char *pin : {"@accumulate(f64)", "@precision(tf32)", "@chunk(64)", "@radix(16)"})
    EXPECT_EQ(codeOf(pin + (" " + text), {}), "SC3004") << pin;
  for (const char *pin : {"@accumulate(f32)", "@precision(ieee)", "@deterministic"})
    EXPECT_EQ(codeOf(pin + (" " + text), {}), "none") << pin;
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
