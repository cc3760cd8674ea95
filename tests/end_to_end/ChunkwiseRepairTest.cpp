//===- ChunkwiseRepairTest.cpp - Results before a value that is not finite ---===//
//
// A chunk multiplies values of later steps by scores of 0, so that one that is not finite would reach results before it.
//
//===----------------------------------------------------------------------===//
#include "tests/end_to_end/ChunkwiseCases.h"

#include <gtest/gtest.h>

#include <limits>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

/// Of one sequence with one head, rows of `width` numbers: at step `t` number `j`.
Poison at(const std::string &parameter, std::int64_t width, std::int64_t t, std::int64_t j, double value) {
  return {parameter, t * width + j, value};
}

/// In the first chunk, in the second, in both of one column, and at the first step of a chunk, which none is before.
std::vector<Poison> values(std::int64_t width) {
  return {at("v", width, 40, 1, nan), at("v", width, 100, 3, -inf), at("v", width, 9, 4, inf), at("v", width, 90, 4, nan),
          at("v", width, 64, 7, nan)};
}

Sizes oneSequence(std::int64_t steps, std::int64_t rows, std::int64_t columns) {
  return {{"B", 1}, {"T", steps}, {"H", 1}, {"K", rows}, {"V", columns}};
}

TEST(ChunkwiseRepair, aValueReachedEarlierResults) {
  for (const char *name : {"simple_gla", "gla", "gated_delta", "kda"}) {
    SCOPED_TRACE(name);
    expectNear(programText(name), oneSequence(130, 16, 24), {.variants = "wide_i32", .poisons = values(24)});
  }
}

/// Groups that carry columns of a state, beside those that read it out.
TEST(ChunkwiseRepair, aValueReachedEarlierResultsOfReaders) {
  for (const char *name : {"retnet", "gated_delta"}) {
    SCOPED_TRACE(name);
    expectNear(programText(name), oneSequence(110, 72, 72), {.variants = "wide_i32", .poisons = values(72)});
  }
}

/// The inputs of all steps of a chunk go through one inverse.
TEST(ChunkwiseRepair, aKeyReachedEarlierResultsOfACorrection) {
  for (const char *name : {"gated_delta", "kda"}) {
    SCOPED_TRACE(name);
    expectNear(programText(name), oneSequence(110, 16, 24), {.variants = "wide_i32", .poisons = {at("k", 16, 100, 5, nan)}});
  }
}

/// Which with a correction may be the first one, that a launch of its own walks.
TEST(ChunkwiseRepair, aValueReachedEarlierResultsOfItsSpan) {
  for (const auto &[name, steps] : {std::pair("simple_gla", 1030), std::pair("gated_delta", 1600)}) {
    SCOPED_TRACE(name);
    expectNear(programText(name), oneSequence(steps, 16, 16),
               {.variants = "wide_i32", .poisons = {at("v", 16, 800, 2, nan), at("v", 16, 1029, 5, inf), at("v", 16, 100, 7, nan)}});
  }
}

/// Of segments that are not the last of a block, and with states given and taken.
TEST(ChunkwiseRepair, aValueReachedEarlierResultsOfItsSegment) {
  const std::string text = R"(kernel packed(q, k: bf16[T, H, K], v: bf16[T, H, V], g: f32[T, H], M0: f32[S, H, K, V], cu: i32[S+1])
      -> (o: bf16[T, H, V], MT: f32[S, H, K, V]) {
    scan T as t over H reset at cu {
      init M = M0
      final M -> MT
      M[t,i,j] = exp(g[t]) * M[t-1,i,j] + k[t,i] * v[t,j]
      o[t,j]   = q[t,i] * M[t,i,j]
    }
  })";
  expectNear(text, {{"T", 160}, {"H", 1}, {"K", 16}, {"V", 16}},
             {.variants = "wide_i32",
              .offsets = {0, 30, 30, 130, 160},
              .poisons = {at("v", 16, 20, 1, nan), at("v", 16, 120, 3, inf), at("v", 16, 150, 5, nan), at("M0", 256, 3, 9, nan)}});
}

/// A norm of a row reads all columns.
TEST(ChunkwiseRepair, aValueReachedEarlierNorms) {
  expectNear(R"(kernel k(q, k: bf16[B, T, H, K], v, z: bf16[B, T, H, V], g: f32[B, T, H]) -> (o: bf16[B, T, H, V]) {
    scan T as t over B, H {
      S[t,i,j] = exp(g[t]) * S[t-1,i,j] + k[t,i] * v[t,j]
      r[j]     = q[t,i] * S[t,i,j]
      o[t,j]   = r[j] * rsqrt(mean[j](r[j] * r[j]) + 0.001) * sigmoid(z[t,j])
    }
  })",
             oneSequence(110, 16, 72), {.variants = "wide_i32", .normed = true, .poisons = {at("v", 72, 100, 70, nan)}});
}

/// A step with several places in a chunk.
TEST(ChunkwiseRepair, aValueReachedEarlierResultsOfSeveralCorrections) {
  expectNear(programText("delta_product"), {{"B", 1}, {"T", 60}, {"H", 1}, {"K", 16}, {"V", 24}},
             {.variants = "wide_i32", .poisons = {at("v1", 24, 50, 2, nan)}});
}

} // namespace
