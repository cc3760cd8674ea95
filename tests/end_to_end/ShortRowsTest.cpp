//===- ShortRowsTest.cpp - Rows of known length that one tile holds --------===//
//
// A block has several of them, of which the last one has fewer; nothing is ordered
// ahead, and few registers are asked for.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"
#include "tests/support/Placement.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const char *const words = R"(
kernel words(a, x: f32[B, D, T], h0: f32[B, D]) -> (y: f32[B, D, T], hT: f32[B, D]) {
  scan T as t over B, D {
    init h = h0
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
    final h -> hT
  }
})";
const char *const halves = R"(
kernel halves(a, x: bf16[B, D, T]) -> (y: bf16[B, D, T]) {
  reverse scan T as t over B, D {
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
  }
})";
const char *const largest = R"(
kernel largest(a, x: f32[B, D, T]) -> (y: f32[B, D, T]) {
  scan T as t over B, D {
    h[t] = max(h[t-1] + a[t], x[t])
    y[t] = h[t]
  }
})";

/// 9 rows: no number of rows of a block divides them.
CompileOptions rowsOf(std::int64_t T) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "blelloch";
  options.sizes = {{"B", 3}, {"D", 3}, {"T", T}};
  return options;
}

/// What is wrong with `text` at rows of T steps that begin `shift` elements past an aligned address, or
/// empty.
std::string wrong(const char *text, std::int64_t T, std::int64_t shift) {
  CompileOptions options = rowsOf(T);
  auto program = compileProgram(text, options);
  if (!program)
    return render(program.error());
  auto operands = makeOperands(text, options, program->parameters, T);
  if (!operands)
    return render(operands.error());
  std::vector<Placed> copies;
  std::vector<TensorRef> tensors;
  for (const TensorRef &tensor : operands->tensors) {
    copies.emplace_back(tensor, Placement{.shift = shift});
    tensors.push_back(copies.back().tensor());
  }
  if (auto variant = runChosen(*program, tensors, T + shift); !variant)
    return render(variant.error());
  for (std::size_t i = 0; i < copies.size(); ++i)
    if (std::string changed = copies[i].collect(operands->tensors[i]); !changed.empty())
      return program->parameters[i].name + ": " + changed;
  return firstMismatch(text, options, program->parameters, *operands);
}

TEST(ShortRows, rows_of_words) {
  for (std::int64_t T : {0, 1, 30, 63, 64, 65, 128, 255, 256, 512, 1024})
    EXPECT_EQ(wrong(words, T, 0), "") << "T = " << T;
}

TEST(ShortRows, reversed_rows_of_halves) {
  for (std::int64_t T : {3, 64, 100, 128, 256, 1000})
    EXPECT_EQ(wrong(halves, T, 0), "") << "T = " << T;
}

TEST(ShortRows, rows_that_begin_beside_an_aligned_address) {
  for (std::int64_t T : {64, 1024}) {
    EXPECT_EQ(wrong(words, T, 1), "") << "T = " << T;
    EXPECT_EQ(wrong(halves, T, 3), "") << "T = " << T;
  }
}

/// As many blocks are asked for as these registers allow.
TEST(ShortRows, registers_that_many_blocks_leave_do_not_spill) {
  for (const char *text : {words, halves, largest}) {
    auto program = compileProgram(text, rowsOf(1024));
    ASSERT_TRUE(program) << render(program.error());
    expectInRegisters(*program, "sm_90a");
  }
}

} // namespace
