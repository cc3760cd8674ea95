//===- StridesTest.cpp - Operands that lie unlike each other --------------===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

TEST(Strides, RepeatedInputs) {
  for (const char *name : {"gated_scan", "init_final", "selective_scan", "gla", "reverse"})
    Evaluation(program(name), {{"B", 3}, {"T", 6}, {"D", 18}, {"H", 2}, {"K", 3}, {"V", 4}, {"N", 3}},
        Lie::repeated)
        .expectAgreement();
}

TEST(Strides, TimeInnermost) {
  for (std::int64_t D : {1, 15, 16, 17, 33, 65})
    Evaluation(program("gated_scan_time"), {{"B", 2}, {"T", 37}, {"D", D}}).expectAgreement();
}

TEST(Strides, LanesApartInOneOperandOnly) {
  Evaluation padded(program("init_final"), {{"B", 2}, {"T", 9}, {"D", 35}}, Lie::padded);
  Evaluation plain(program("init_final"), {{"B", 2}, {"T", 9}, {"D", 35}});
  for (const char *name : {"a", "x", "h0"})
    padded[name].assign(plain[name].values());
  std::vector<TensorRef> mixed = plain.tensors();
  mixed[1] = padded["x"].tensor;
  CompileOptions options;
  options.target = "cpu";
  auto kernel = compile(program("init_final"), options);
  ASSERT_TRUE(kernel) << render(kernel.error());
  auto done = kernel->launch(mixed);
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> y = plain["y"].values(), hT = plain["hT"].values();
  plain.expectAgreement();
  EXPECT_EQ(y, plain["y"].values());
  EXPECT_EQ(hT, plain["hT"].values());
}

/// The stride of a dimension with one element says nothing.
TEST(Strides, AnyStrideOfASingleElement) {
  Evaluation run(program("init_final"), {{"B", 1}, {"T", 5}, {"D", 1}});
  for (const char *name : {"a", "x", "h0", "y", "hT"}) {
    TensorRef &tensor = run[name].tensor;
    for (std::size_t i = 0; i < tensor.sizes.size(); ++i)
      if (tensor.sizes[i] == 1)
        tensor.strides[i] = 1 << 30;
  }
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> a = run["a"].values(), x = run["x"].values(), y = run["y"].values();
  double h = run["h0"].values()[0];
  for (std::size_t t = 0; t < y.size(); ++t) {
    h = a[t] * h + x[t];
    EXPECT_NEAR(y[t], h, 1e-6);
  }
  EXPECT_NEAR(run["hT"].values()[0], h, 1e-6);
}

} // namespace
} // namespace scanc
