//===- PartsAlongTimeTest.cpp - States in parts, vectors along time -------===//
//
// Kernels are compiled once, with open sizes; rows lie apart, so that those of any
// length begin at an aligned address. The emulation checks races and bounds.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const char *const selective = R"(
kernel selective(x, dt, z: bf16[B, D, T], A: f32[D, N], Bm, Cm: bf16[B, N, T], skip: f32[D]) -> (y: bf16[B, D, T]) {
  scan T as t over B, D {
    d      = softplus(dt[t])
    h[t,n] = exp(d * A[n]) * h[t-1,n] + d * x[t] * Bm[t,n]
    y[t]   = (Cm[t,n] * h[t,n] + skip * x[t]) * silu(z[t])
  }
})";
// Backwards, with a window, an operand of another order, results of each point and states at both ends.
const char *const memories = R"(
kernel memories(a, b: f32[B, N, T], c: f32[B, T, N], x, g: f32[B, D, T], h0: f32[B, D, N])
    -> (y: f32[B, D, T], w: f32[B, D, N, T], hT: f32[B, D, N]) {
  reverse scan T as t over B, D {
    init h = h0
    h[t,n] = sigmoid(a[t,n]) * h[t-1,n] + b[t,n] * (x[t] + g[t-1])
    y[t]   = c[t,n] * h[t,n] + mean[n](h[t,n]) + g[t]
    w[t,n] = 2 * h[t,n]
    final h -> hT
  }
})";

/// The elements of `tensor`, whose rows lie `pitch` apart, and the tensor that they are in; NaN between the
/// rows and where there is nothing to copy.
struct Apart {
  Apart(const TensorRef &tensor, std::int64_t pitch) : row(tensor.sizes.back() * sizeOf(tensor.dtype)) {
    apart = tensor;
    rows = 1;
    for (std::int64_t size : tensor.sizes)
      rows *= size;
    rows = row == 0 ? 0 : rows / tensor.sizes.back();
    std::vector<std::int64_t> sizes = tensor.sizes;
    sizes.back() = pitch;
    apart.strides = contiguousStrides(sizes);
    step = pitch * sizeOf(tensor.dtype);
    bytes.assign(rows * step + 32, static_cast<char>(0xff));
    apart.data = reinterpret_cast<char *>(
        (reinterpret_cast<std::uintptr_t>(bytes.data()) + 31) / 32 * 32);
    for (std::int64_t i = 0; i < rows; ++i)
      std::memcpy(static_cast<char *>(apart.data) + i * step,
                  static_cast<char *>(tensor.data) + i * row, row);
  }
  void copyBack(const TensorRef &tensor) const {
    for (std::int64_t i = 0; i < rows; ++i)
      std::memcpy(static_cast<char *>(tensor.data) + i * row,
                  static_cast<char *>(apart.data) + i * step, row);
  }

  std::int64_t row, rows, step;
  std::vector<char> bytes;
  TensorRef apart;
};

struct Launch {
  std::string variant, wrong;
};

/// Runs `program` on random operands; rows along time begin at multiples of `alignment` elements.
Launch launch(const char *text, const Program &program, const CompileOptions &sizes,
              std::int64_t alignment) {
  std::int64_t T = sizes.sizes.at("T"), pitch = (T + alignment - 1) / alignment * alignment;
  auto operands = makeOperands(text, sizes, program.parameters, T);
  if (!operands)
    return {"", render(operands.error())};
  std::vector<Apart> copies;
  std::vector<TensorRef> tensors;
  for (std::size_t i = 0; i < program.parameters.size(); ++i) {
    std::int64_t last = operands->tensors[i].sizes.back();
    copies.emplace_back(operands->tensors[i], program.parameters[i].dims.back() == "T" ? pitch : last);
    tensors.push_back(copies.back().apart);
  }
  auto variant = runChosen(program, tensors, T);
  if (!variant)
    return {"", render(variant.error())};
  for (std::size_t i = 0; i < copies.size(); ++i)
    copies[i].copyBack(operands->tensors[i]);
  return {*variant, firstMismatch(text, sizes, program.parameters, *operands)};
}

class PartsAlongTime : public testing::TestWithParam<std::tuple<const char *, std::string>> {};

TEST_P(PartsAlongTime, owners_have_adjacent_steps) {
  auto [text, policy] = GetParam();
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "sequential" + policy;
  // Rows of lanes that fill warps: what their lanes read alike is read once.
  options.sizes = {{"N", 8}, {"D", 64}};
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  for (std::int64_t T : {0, 1, 16, 37, 42, 64})
    for (std::int64_t alignment : {1, 16}) {
      SCOPED_TRACE("T = " + std::to_string(T) + ", rows at multiples of " + std::to_string(alignment));
      CompileOptions sizes = options;
      sizes.sizes.insert({{"B", 1}, {"T", T}});
      Launch done = launch(text, *program, sizes, alignment);
      EXPECT_EQ(done.wrong, "");
      bool wide = text == selective ? alignment == 16 || T % 16 == 0 : T % 16 == 0;
      if (T > 0) {
        EXPECT_EQ(done.variant, wide ? "wide_i32" : "any_i32");
      }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, PartsAlongTime,
    testing::Combine(testing::Values(selective, memories),
                     testing::Values("", "(state_threads=2, steps=8)", "(state_threads=4)",
                                     "(state_threads=4, lanes=1, ring=2)", "(state_threads=8, lanes=1, steps=16)")),
    [](const testing::TestParamInfo<PartsAlongTime::ParamType> &info) {
      std::string name = (std::get<0>(info.param) == selective ? "selective_" : "memories_") +
                         std::get<1>(info.param);
      std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

/// Every input has the index that is summed over and is of one lane: no thread has anything to tell another.
TEST(PartsAlongTimeText, threadsThatTellEachOtherNothingAreRight) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "sequential(state_threads=4, lanes=1, ring=2)";
  options.sizes = {{"B", 1}, {"D", 6}, {"N", 8}, {"T", 24}};
  for (const char *variants : {"wide", "any"})
    expectRight("kernel own(a, b, c: f32[B, D, N, T], h0: f32[B, D, N]) -> (y: f32[B, D, T]) {\n"
                " scan T as t over B, D { init h = h0\n h[t,n] = sigmoid(a[t,n]) * h[t-1,n] + b[t,n]\n"
                " y[t] = c[t,n] * h[t,n] } }",
                options, {.variants = variants});
}

/// Two elements of 16 bits that share a register are waited for as soon as they are asked for.
TEST(PartsAlongTimeText, elementsThatAreLoadedOneByOneAreNotPacked) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "sequential";
  options.sizes = {{"B", 8}, {"D", 2048}, {"T", 4096}, {"N", 16}};
  auto program = compileProgram(selective, options);
  ASSERT_TRUE(program) << render(program.error());
  for (const KernelVariant &variant : std::get<KernelStep>(program->entries[0].steps[0]).variants) {
    bool alone = variant.source.find("loose<bf16, 8> x[1];") != std::string::npos;
    EXPECT_EQ(alone, variant.name.starts_with("any")) << variant.source;
  }
}

TEST(MachineCode, partsAlongTimeSpillNothing) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CompileOptions options;
    options.target = architecture;
    options.strategy = "sequential";
    options.sizes = {{"B", 8}, {"D", 2048}, {"T", 4096}, {"N", 16}};
    auto program = compileProgram(selective, options);
    ASSERT_TRUE(program) << render(program.error());
    expectInRegisters(*program, architecture);
  }
}

} // namespace
