//===- SmithTest.cpp - What tries random programs, tried ------------------===//
#include "tests/smith/Isolated.h"
#include "tests/smith/Reduce.h"
#include "tests/smith/Trial.h"

#include "scanc/Device.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace scanc;
using namespace scanc::smith;

namespace {

RandomProgram gatedScan() {
  return {.text = "kernel gated(f, x, z: f32[B, T, D]) -> (y: f32[B, T, D]) {\n  scan T as t over B, D {\n"
                  "    a = sigmoid(f[t])\n    h[t] = a * h[t-1] + (1 - a) * tanh(x[t])\n    y[t] = h[t] * silu(z[t])\n  }\n}\n",
          .sizes = {{"B", 2}, {"T", 17}, {"D", 5}},
          .open = {"T"},
          .gap = 3,
          .seed = 5};
}

TEST(Smith, aFileSaysHowItsProgramIsTried) {
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    RandomProgram program = generate(seed), again = fromFile(toFile(program));
    EXPECT_EQ(again.text, program.text);
    EXPECT_EQ(again.sizes, program.sizes);
    EXPECT_EQ(again.open, program.open);
    EXPECT_EQ(std::tie(again.gap, again.step, again.seed), std::tie(program.gap, program.step, program.seed));
  }
}

/// Runs the kernel of the CPU on a trial of the gated scan.
Trial ran() {
  auto trial = Trial::create(gatedScan());
  EXPECT_TRUE(trial) << render(trial.error());
  auto kernel = compile(gatedScan().text, optionsOf(gatedScan(), "cpu"));
  EXPECT_TRUE(kernel) << render(kernel.error());
  auto done = kernel->launch(trial->tensors());
  EXPECT_TRUE(done) << render(done.error());
  EXPECT_EQ(trial->verdict({1}, HUGE_VAL), "");
  return std::move(*trial);
}

TEST(Smith, aWrongNumberIsSeen) {
  Trial trial = ran();
  auto *last = static_cast<float *>(trial.tensors()[3].data);
  *last += 1e-3f;
  EXPECT_NE(trial.verdict({1}, HUGE_VAL).find("y[0, 0, 0]"), std::string::npos) << trial.verdict({1}, HUGE_VAL);
  EXPECT_EQ(trial.verdict({1e6}, HUGE_VAL), "");
  EXPECT_NE(trial.verdict({1e6}, 1e-6).find("relative L2"), std::string::npos);
}

TEST(Smith, aByteBetweenRowsIsSeen) {
  Trial trial = ran();
  auto *first = static_cast<float *>(trial.tensors()[3].data);
  first[5] = 0; // rows have five elements, and three after them are nobody's
  EXPECT_NE(trial.verdict({1}, HUGE_VAL).find("is no result"), std::string::npos);
  Trial other = ran();
  *static_cast<float *>(other.tensors()[0].data) = 0; // an input
  EXPECT_NE(other.verdict({1}, HUGE_VAL).find("is no result"), std::string::npos);
}

TEST(Smith, aTextThatIsNoProgramIsAFinding) {
  RandomProgram program = gatedScan();
  program.text.replace(program.text.find("tanh"), 4, "tank");
  Tally tally;
  auto finding = checkInChild(program, {.emulation = Effort::Emulation::none}, tally, 60);
  ASSERT_TRUE(finding);
  EXPECT_TRUE(finding->how.starts_with("reference: SC1")) << finding->how;
}

TEST(Smith, whatComesAfterAFindingIsTriedToo) {
  std::vector<RandomProgram> programs(4, gatedScan());
  programs[1].text = "no program";
  Tally tally;
  std::vector<std::size_t> found;
  checkInChildren(programs, {.emulation = Effort::Emulation::none}, tally, 60,
                  [&](std::size_t i, const Finding &) { found.push_back(i); });
  EXPECT_EQ(found, std::vector<std::size_t>{1});
  EXPECT_EQ(tally["programs"], 3);
}

TEST(Smith, whatTakesTooLongIsAFinding) {
  RandomProgram program = gatedScan();
  program.sizes["T"] = 1 << 21; // the reference alone takes many seconds
  Tally tally;
  auto finding = checkInChild(program, {.emulation = Effort::Emulation::none}, tally, 1);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->how, "time");
}

TEST(Smith, noGpuIsAFinding) {
  if (nativeTarget() != "cpu")
    GTEST_SKIP() << "there is one";
  Tally tally;
  auto finding = checkInChild(gatedScan(), {.gpu = true}, tally, 60);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->how, "no GPU");
}

TEST(Smith, whatShowsAFaultIsReduced) {
  const auto shows = [](const RandomProgram &program) {
    return program.text.find("tanh") != std::string::npos && program.sizes.at("T") >= 3;
  };
  RandomProgram small = reduce(gatedScan(), shows, 400);
  EXPECT_TRUE(shows(small));
  EXPECT_EQ(small.sizes.at("T"), 3);
  EXPECT_EQ(small.gap, 0);
  EXPECT_TRUE(small.open.empty());
  EXPECT_EQ(small.text.find("silu"), std::string::npos) << small.text;
  EXPECT_EQ(small.text.find("sigmoid"), std::string::npos) << small.text;
  EXPECT_EQ(small.text.find("h[t"), std::string::npos) << small.text;
}

} // namespace
