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

TEST(Refusals, EightBitElements) {
  for (const char *type : {"f8e4m3", "f8e5m2"}) {
    Error error = errorOf("kernel k(x: " + std::string(type) +
                          "[T, D]) -> (h: f32[T, D]) {\n"
                          "scan T as t over D { h[t] = h[t-1] + x[t] } }");
    EXPECT_EQ(error.code, "SC9001");
    EXPECT_EQ(error.message, "not yet supported: 8-bit elements on the CPU");
  }
}

TEST(Refusals, EightBitState) {
  Error error = errorOf("kernel k(x: f32[T, D]) -> (y: f32[T, D]) {\n"
                        "scan T as t over D { state h: f8e5m2\nh[t] = h[t-1] + x[t]\ny[t] = h[t] } }");
  EXPECT_EQ(error.code, "SC9001") << render(error);
}

TEST(Refusals, SeveralScans) {
  Error error = errorOf("kernel k(x: f32[T, D]) -> (y, z: f32[T, D]) {\n"
                        "scan T as t over D { y[t] = y[t-1] + x[t] }\n"
                        "scan T as t over D { z[t] = z[t-1] + x[t] } }");
  EXPECT_EQ(error.code, "SC9001") << render(error);
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
