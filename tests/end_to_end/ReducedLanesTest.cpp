//===- ReducedLanesTest.cpp - Readouts that neighbouring threads reduce ---===//
//
// Sizes that fill no warp, a warp, several; both memory orders; several rounds, types and states.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// What is wrong with `text` in the emulation, or empty.
std::string wrong(const std::string &text, const std::string &strategy,
                  const std::map<std::string, std::int64_t> &sizes) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  options.sizes = sizes;
  auto program = compileProgram(text, options);
  if (!program)
    return render(program.error());
  auto operands = makeOperands(text, options, program->parameters, sizes.at("T"));
  if (!operands)
    return render(operands.error());
  emulation::Options emulated;
  emulated.seed = sizes.at("T") + 1;
  if (auto done = emulation::runProgram(*program, operands->tensors, emulated); !done)
    return render(done.error());
  return firstMismatch(text, options, program->parameters, *operands);
}

/// A kernel over heads of which `step` is the text; what it reads and writes is [`dims`].
std::string heads(const std::string &element, const std::string &dims, const std::string &step) {
  std::string tensor = element + "[" + dims + "]";
  return "kernel k(a, x: " + tensor + ") -> (y: " + tensor + ") {\n  scan T as t over B, H {\n" + step +
         "  }\n}\n";
}

const char *const norm = "    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n"
                         "    y[t,d] = h[t,d] * rsqrt(mean[d](h[t,d] * h[t,d]) + 1e-6)\n";

using Case = std::tuple<std::string, std::int64_t, std::int64_t>; // strategy, D, T
class ReducedLanes : public testing::TestWithParam<Case> {};

TEST_P(ReducedLanes, agreeWithTheReference) {
  auto [strategy, size, steps] = GetParam();
  for (const char *element : {"bf16", "f32"}) {
    SCOPED_TRACE(element);
    EXPECT_EQ(wrong(heads(element, "B, T, H, D", norm), strategy,
                    {{"B", 1}, {"H", 3}, {"D", size}, {"T", steps}}),
              "");
  }
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const char *strategy : {"sequential", "blelloch"})
    for (std::int64_t size : {17, 32, 64, 100, 127, 128, 192, 384})
      for (std::int64_t steps : {0, 1, 37, 130})
        if (steps <= 37 || size == 64 || size == 100)
          list.emplace_back(strategy, size, steps);
  for (std::int64_t size : {1000, 2048})
    list.emplace_back("sequential", size, 11);
  list.emplace_back("blelloch", 1024, 35);
  // More rows than one for a block, one lane for each thread, steps alone.
  list.emplace_back("sequential(lane_threads=128)", 48, 37);
  list.emplace_back("sequential(lanes=1, steps=1)", 96, 7);
  list.emplace_back("sequential(lanes=8, steps=16)", 64, 37);
  list.emplace_back("blelloch(lane_threads=64, time_threads=4)", 48, 70);
  list.emplace_back("blelloch(lanes=8, steps=2, time_threads=16, lane_threads=4)", 32, 70);
  list.emplace_back("blelloch(lanes=1, steps=16, ring=0)", 128, 70);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReducedLanes, testing::ValuesIn(cases()));

TEST(ReducedLanesOf, everyKindOfStep) {
  struct Step {
    const char *name, *element, *dims, *text;
    bool acrossTime = true; ///< whether blelloch takes it
  };
  const Step steps[] = {
      {"time innermost", "f32", "B, H, D, T", norm, false},
      {"heads innermost", "f32", "B, T, D, H", norm},
      {"softmax in two rounds", "f32", "B, T, H, D",
       "    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n    e[d] = exp(h[t,d] - max[d](h[t,d]))\n"
       "    y[t,d] = e[d] / sum[d](e[d])\n"},
      {"smallest, logsumexp and a sum of inputs in one round", "f64", "B, T, H, D",
       "    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n"
       "    y[t,d] = h[t,d] - min[d](h[t,d]) * logsumexp[d](h[t,d]) + sum[d](x[t,d] * x[t-1,d])\n"},
      {"states before the step, of a cascade", "f32", "B, T, H, D",
       "    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n    g[t,d] = 0.5 * g[t-1,d] + h[t,d]\n"
       "    y[t,d] = g[t,d] / (1 + mean[d](h[t-1,d] * g[t-1,d] * h[t-1,d] * g[t-1,d]))\n"},
      {"a state rounded at every step", "bf16", "B, T, H, D",
       "    state h: bf16\n    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n    y[t,d] = h[t,d] + max[d](h[t,d])\n",
       false},
      {"complex means", "c64", "B, T, H, D",
       "    h[t,d] = a[t,d] * h[t-1,d] + x[t,d]\n    y[t,d] = h[t,d] - mean[d](h[t,d])\n"},
  };
  for (const Step &step : steps)
    for (const char *strategy : {"sequential", "blelloch"})
      for (std::int64_t size : {24, 160}) {
        if (!step.acrossTime && strategy == std::string("blelloch"))
          continue;
        SCOPED_TRACE(step.name + std::string(" by ") + strategy + " of " + std::to_string(size));
        EXPECT_EQ(wrong(heads(step.element, step.dims, step.text), strategy,
                        {{"B", 2}, {"H", 2}, {"D", size}, {"T", 37}}),
                  "");
      }
}

TEST(ReducedLanesOf, reverseAndPackedSequences) {
  for (const char *strategy : {"sequential", "blelloch"}) {
    EXPECT_EQ(wrong("kernel k(a, x: f32[T, H, D]) -> (y: f32[T, H, D]) {\n  reverse scan T as t over H {\n" +
                        std::string(norm) + "  }\n}\n",
                    strategy, {{"H", 3}, {"D", 64}, {"T", 75}}),
              "");
    EXPECT_EQ(wrong("kernel k(a, x: f32[T, H, D], h0: f32[S, H, D], cu: i32[S+1]) -> (y: f32[T, H, D], hT: "
                    "f32[S, H, D]) {\n  scan T as t over H reset at cu {\n    init h = h0\n" +
                        std::string(norm) + "    final h -> hT\n  }\n}\n",
                    strategy, {{"H", 3}, {"D", 72}, {"T", 75}, {"S", 4}}),
              "");
  }
}

/// Several warps hold the dimension: without the barrier between them their readouts race.
TEST(ReducedLanesOf, aBarrierThatIsTakenOut) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "sequential";
  options.sizes = {{"B", 1}, {"H", 1}, {"D", 128}, {"T", 37}};
  std::string text = heads("f32", "B, T, H, D", norm);
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  std::string &header = program->headers["scanc/block/reduce_lanes.cuh"];
  std::size_t at = header.find("block_barrier();");
  ASSERT_NE(at, std::string::npos);
  header.erase(at, std::string("block_barrier();").size());
  auto operands = makeOperands(text, options, program->parameters, 1);
  ASSERT_TRUE(operands) << render(operands.error());
  auto done = emulation::runProgram(*program, operands->tensors, {});
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().code == "emulation.race" || done.error().code == "emulation.unwritten")
      << render(done.error());
}

/// The last lane alone, no other.
TEST(ReducedLanesOf, oneSequence) {
  for (const char *strategy : {"sequential", "blelloch"})
    EXPECT_EQ(wrong("kernel k(a, x: bf16[T, D]) -> (y: bf16[T, D]) {\n  scan T as t {\n" + std::string(norm) +
                        "  }\n}\n",
                    strategy, {{"D", 80}, {"T", 75}}),
              "");
}

/// Where nothing but registers is reduced and there is no state, nobody finished a step.
TEST(WithoutStates, blellochWroteNothing) {
  const char *const text = R"(
kernel k(r: f32[B, T, K]) -> (q: bf16[B, T, K]) {
  scan T as t over B {
    u[i] = exp(r[t,i])
    q[t,i] = u[i] * rsqrt(sum[l](u[l] * u[l]) + 1e-6)
  }
})";
  EXPECT_EQ(wrong(text, "blelloch", {{"B", 3}, {"T", 11}, {"K", 24}}), "");
}

} // namespace
