//===- WindowsTest.cpp - Rows that several reads of a step have, in the emulation ---===//
//
// The taps of a convolution read rows that their neighbours have read: a tile brings them once. Without a state blocks share
// out time. Against the oracle.
//
//===----------------------------------------------------------------------===//
#include "tests/end_to_end/Emulated.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

std::string convolution(const std::string &value, const std::string &direction = "scan") {
  return "kernel k(x: bf16[B, T, D], w: f32[D]) -> (y: f32[B, T, D]) { " + direction + " T as t over B, D { y[t] = " + value + " } }";
}

CompileOptions options(const std::string &strategy, std::int64_t steps, std::int64_t lanes = 24) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  options.sizes = {{"B", 2}, {"T", steps}, {"D", lanes}};
  return options;
}

std::string cudaText(const std::string &text, const CompileOptions &options) {
  auto program = compileProgram(text, options);
  EXPECT_TRUE(program) << render(program.error());
  return program ? std::get<KernelStep>(program->entries.front().steps.front()).variants.front().source : std::string();
}

const std::string fourTaps = "silu(x[t] + w * x[t-1] + 0.5 * x[t-2] - x[t-3])";

TEST(Windows, tapsOfAConvolutionBringTheirRowsOnce) {
  for (const char *strategy : {"sequential", "blelloch", "look_back"})
    for (std::int64_t steps : {1, 3, 70, 700}) {
      SCOPED_TRACE(strategy + std::to_string(steps));
      expectRight(convolution(fourTaps), options(strategy, steps));
    }
  EXPECT_NE(cudaText(convolution(fourTaps), options("blelloch", 700)).find("in.x[v + 3]"), std::string::npos);
  EXPECT_EQ(cudaText(convolution(fourTaps), options("blelloch", 700)).find("x_1"), std::string::npos);
}

TEST(Windows, tapsWalkedFromTheEndAreRight) {
  expectRight(convolution(fourTaps, "reverse scan"), options("blelloch", 130));
  expectRight(convolution(fourTaps, "reverse scan"), options("sequential", 33));
}

/// No tap reads the step itself, some are so far apart that no tile has both.
TEST(Windows, tapsThatAreApartBringTheirOwnRows) {
  const std::string apart = "x[t-1] + w * x[t-2] - x[t-6] + 2 * x[t-7]";
  const CompileOptions wanted = options("blelloch(steps=2)", 130);
  expectRight(convolution(apart), wanted);
  const std::string text = cudaText(convolution(apart), wanted);
  EXPECT_NE(text.find("in.x[v + 1]"), std::string::npos);
  EXPECT_NE(text.find("in.x_2[v + 1]"), std::string::npos);
}

TEST(Windows, tapsBesideAStateAreRight) {
  const std::string text = "kernel k(x: bf16[B, T, D], a: f32[B, T, D]) -> (y: f32[B, T, D]) { scan T as t over B, D { "
                           "u = x[t] + 0.5 * x[t-1] - x[t-2]  h[t] = sigmoid(a[t]) * h[t-1] + u * a[t-1]  y[t] = h[t] + x[t-3] } }";
  for (const char *strategy : {"sequential", "blelloch", "look_back"})
    for (std::int64_t steps : {2, 130})
      expectRight(text, options(strategy, steps));
}

/// A norm of what is convolved: all lanes of a row are in a block, whose tile is the last of those that blocks share out, too.
TEST(Windows, normsOfConvolvedRowsAreRight) {
  const std::string text = "kernel k(x: bf16[B, T, D, K]) -> (y: f32[B, T, D, K]) { scan T as t over B, D { "
                           "u[i] = silu(x[t,i] + 0.5 * x[t-1,i])  y[t,i] = u[i] * rsqrt(sum[i](u[i] * u[i]) + 0.001) } }";
  for (std::int64_t steps : {5, 600}) {
    CompileOptions wanted = options("blelloch", steps, 3);
    wanted.sizes["K"] = 64;
    expectRight(text, wanted);
  }
}

/// Time along memory, and segments whose first steps see zeros: each read has its own rows there.
TEST(Windows, rowsThatAreNotSharedAreRight) {
  const std::string along = "kernel k(x: bf16[B, D, T]) -> (y: f32[B, D, T]) { scan T as t over B, D { y[t] = x[t] + x[t-1] - 2 * x[t-3] } }";
  for (std::int64_t steps : {7, 4100})
    expectRight(along, options("blelloch", steps, 3));
  const std::string packed = "kernel k(x: bf16[T, D], cu: i32[S+1]) -> (y: f32[T, D]) { scan T as t over D reset at cu { "
                             "y[t] = x[t] + x[t-1] - 2 * x[t-3] } }";
  CompileOptions wanted = options("blelloch", 130);
  wanted.sizes = {{"T", 130}, {"D", 8}, {"S", 5}};
  expectRight(packed, wanted);
}

} // namespace
