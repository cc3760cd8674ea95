//===- OddSizesTest.cpp - Sizes and addresses that no vector divides ------===//
//
// Kernels are compiled once, with open sizes; the launch chooses the variant. The
// emulation reports a read or write outside of an operand.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const char *const gatedTime = R"(
kernel gated(f, x: bf16[B, D, T], h0: f32[B, D]) -> (y: bf16[B, D, T], hT: f32[B, D]) {
  scan T as t over B, D {
    init h = h0
    a    = sigmoid(f[t])
    h[t] = a * h[t-1] + (1 - a) * x[t]
    y[t] = h[t]
    final h -> hT
  }
})";
const char *const reverseTime = R"(
kernel returns(r, gamma: f32[B, T], g0: f32[B]) -> (g: f32[B, T], gT: f32[B]) {
  reverse scan T as t over B {
    init h = g0
    h[t] = gamma[t] * h[t-1] + r[t]
    g[t] = h[t]
    final h -> gT
  }
})";
// A window, an operand of another order and elements of two sizes beside those along time.
const char *const mixedTime = R"(
kernel mixed(a: bf16[B, T], x: f32[B, T], w: f32[T, B]) -> (y: bf16[B, T]) {
  scan T as t over B {
    h[t] = a[t] * h[t-1] + x[t] + 0.5 * x[t-1] + w[t]
    y[t] = h[t]
  }
})";

// Elements of eight bytes.
const char *const complexTime = R"(
kernel turns(a, x: c64[B, T], h0: c64[B]) -> (y: c64[B, T], hT: c64[B]) {
  scan T as t over B {
    init h = h0
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
    final h -> hT
  }
})";

struct Launch {
  std::string variant, wrong;
};

/// Runs `program` on random operands, operand i shifted by `shifts[i % count]` elements from an
/// address that is aligned to a vector of the largest elements, 32 bytes.
Launch launch(const char *text, const Program &program, const CompileOptions &sizes,
              const std::vector<std::int64_t> &shifts) {
  auto operands = makeOperands(text, sizes, program.parameters, sizes.sizes.at("T"));
  if (!operands)
    return {"", render(operands.error())};
  for (std::size_t i = 0; i < operands->tensors.size(); ++i) {
    TensorRef &tensor = operands->tensors[i];
    std::vector<char> &bytes = operands->storage[i];
    std::int64_t by = shifts[i % shifts.size()] * sizeOf(tensor.dtype);
    std::vector<char> moved(bytes.size() + 64, static_cast<char>(0xff));
    auto *aligned =
        reinterpret_cast<char *>((reinterpret_cast<std::uintptr_t>(moved.data()) + 31) / 32 * 32);
    std::memcpy(aligned + by, bytes.data(), bytes.size() - 16);
    bytes = std::move(moved);
    tensor.data = aligned + by;
  }
  auto variant = runChosen(program, operands->tensors, sizes.sizes.at("T"));
  if (!variant)
    return {"", render(variant.error())};
  return {*variant, firstMismatch(text, sizes, program.parameters, *operands)};
}

Program compiled(const char *text, const std::string &strategy) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  auto program = compileProgram(text, options);
  EXPECT_TRUE(program) << render(program.error());
  return program ? *program : Program();
}

CompileOptions sizesOf(std::int64_t T) {
  CompileOptions options;
  options.sizes = {{"B", 2}, {"D", 3}, {"T", T}};
  return options;
}

class OddTime : public testing::TestWithParam<std::tuple<const char *, std::string>> {};

TEST_P(OddTime, rows_begin_at_any_element) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  for (std::int64_t T : {0, 1, 2, 3, 5, 7, 8, 9, 15, 17, 255, 257, 1025})
    for (std::int64_t shift : {0, 1, 3}) {
      SCOPED_TRACE("T = " + std::to_string(T) + ", shift " + std::to_string(shift));
      Launch done = launch(text, program, sizesOf(T), {shift});
      EXPECT_EQ(done.wrong, "");
      if (T % 2 == 1 && T > 1) {
        EXPECT_EQ(done.variant, "shifted_i32");
      }
    }
}

TEST_P(OddTime, rows_that_differ_in_phase_are_read_one_by_one) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  Launch done = launch(text, program, sizesOf(37), {0, 1});
  EXPECT_EQ(done.wrong, "");
  EXPECT_EQ(done.variant, "any_i32");
}

// Small tiles, so that a lane has a first, some whole and a last one.
INSTANTIATE_TEST_SUITE_P(Programs, OddTime,
                         testing::Combine(testing::Values(gatedTime, reverseTime, mixedTime,
                                                          complexTime),
                                          testing::Values("sequential", "blelloch(time_threads=32)",
                                                          "look_back(time_threads=32, runs=1)",
                                                          "look_back(time_threads=64, runs=2)")),
                         [](const testing::TestParamInfo<OddTime::ParamType> &info) {
                           const char *text = std::get<0>(info.param);
                           const std::string &strategy = std::get<1>(info.param);
                           return (text == gatedTime     ? "gated_"
                                   : text == reverseTime ? "reverse_"
                                   : text == mixedTime   ? "mixed_"
                                                         : "complex_") +
                                  strategy.substr(0, strategy.find('(')) +
                                  (strategy.find("runs=2") == strategy.npos ? "" : "_runs");
                         });

} // namespace
