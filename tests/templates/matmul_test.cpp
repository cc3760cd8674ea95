//===- matmul_test.cpp - Products on the tensor cores, against a loop ------===//
#include "scanc/Nvrtc.h"
#include "scanc/Tensor.h"
#include "templates/Templates.h"
#include "tests/templates/Fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

using namespace scanc;
using namespace scanc::templates;

namespace {

/// One way to bring a right operand to the tensor cores.
struct Case {
  const char *element; ///< of the operands
  Dtype dtype;         ///< as they lie in memory
  int rows, inner, columns;
  bool transposed; ///< the right operand lies in memory column by column
};

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.rows << 'x' << c.inner << 'x' << c.columns << ' ' << c.element
       << (c.transposed ? " transposed" : "");
}

/// A block of two warps writes both operands to shared memory and multiplies; each warp takes every
/// other row tile.
const char *const text = R"(
#include "scanc/thread/access.cuh"
#include "scanc/warp/matmul.cuh"
namespace scanc::device {
using element = ELEMENT;
struct arguments { const element *left; const element *right; float *sum; };
struct storage {
  alignas(128) element left[ROWS * INNER];
  alignas(128) element right[INNER * COLUMNS];
};
template <int columns>
static __device__ void put(element *to, const element *from, int count) {
  for (int i = thread_index(); i < count; i += 64)
    shared_store(to[warp::swizzled<element, columns>(i / columns, i % columns)],
                 element{thread::read(&from[i].bits)});
}
static __device__ void multiply(const arguments &args, storage &cells) {
  constexpr bool transposed = TRANSPOSED;
  constexpr int right_columns = transposed ? INNER : COLUMNS;
  put<INNER>(cells.left, args.left, ROWS * INNER);
  put<right_columns>(cells.right, args.right, INNER * COLUMNS);
  block_barrier();
  for (int row = warp_index() * 16; row < ROWS; row += 32) {
#pragma unroll
    for (int column = 0; column < COLUMNS; column += 16) {
      warp::sum_tile sum[2];
      clear(sum[0]);
      clear(sum[1]);
#pragma unroll
      for (int k = 0; k < INNER; k += warp::depth<element>) {
        const auto left = warp::load_left<INNER>(cells.left, row, k);
        warp::right_tile<element> right[2];
        if constexpr (transposed)
          warp::load_right_transposed<right_columns>(right, cells.right, column, k);
        else
          warp::load_right<right_columns>(right, cells.right, k, column);
        multiply_add(sum[0], left, right[0]);
        multiply_add(sum[1], left, right[1]);
      }
#pragma unroll
      for (int i = 0; i < 8; ++i)
        thread::write(args.sum + (row + warp::sum_row(i % 4)) * COLUMNS + column + i / 4 * 8 +
                          warp::sum_column(i % 4),
                      sum[i / 4].at[i % 4]);
    }
  }
}
}
extern "C" __global__ void __launch_bounds__(64)
multiply(const __grid_constant__ scanc::device::arguments args) {
  __shared__ scanc::device::storage cells;
  scanc::device::multiply(args, cells);
}
)";

std::string textOf(const Case &c) {
  std::string all = text;
  const auto replace = [&](const std::string &from, const std::string &to) {
    for (std::size_t at; (at = all.find(from)) != std::string::npos;)
      all.replace(at, from.size(), to);
  };
  replace("ELEMENT", c.element);
  replace("ROWS", std::to_string(c.rows));
  replace("INNER", std::to_string(c.inner));
  replace("COLUMNS", std::to_string(c.columns));
  replace("TRANSPOSED", c.transposed ? "true" : "false");
  return all;
}

Result<emulation::Statistics> launch(const std::string &text, Operand &left, Operand &right,
                                     Operand &sum, std::uint64_t seed) {
  auto module =
      emulation::EmulatedModule::build(text, std::vector<std::string>{library()}, "multiply");
  if (!module)
    return module.error();
  const auto word = [](Operand &operand) {
    return reinterpret_cast<std::uint64_t>(operand.getBytes().data());
  };
  return module->launch({.blocks = 1, .threads = 64},
                        std::vector{word(left), word(right), word(sum)},
                        {left.buffer(), right.buffer(), sum.buffer()}, {.seed = seed});
}

class Matmul : public testing::TestWithParam<Case> {};

TEST_P(Matmul, isTheProductElementByElement) {
  const Case &c = GetParam();
  Operand left("left", Operand::Role::input, c.dtype, {c.rows, c.inner});
  Operand right("right", Operand::Role::input, c.dtype,
                c.transposed ? std::vector<std::int64_t>{c.columns, c.inner}
                             : std::vector<std::int64_t>{c.inner, c.columns});
  Operand sum("sum", Operand::Role::output, Dtype::f32, {c.rows, c.columns});
  Numbers numbers(7);
  // Every number has few bits, so that products and sums are exact in any order.
  const auto draw = [&] { return std::round(numbers.uniform(-32, 32)) / 8; };
  for (int k = 0; k < c.inner; ++k) {
    for (int i = 0; i < c.rows; ++i)
      left.set({i, k}, draw());
    for (int j = 0; j < c.columns; ++j)
      c.transposed ? right.set({j, k}, draw()) : right.set({k, j}, draw());
  }
  const auto result = launch(textOf(c), left, right, sum, 3);
  ASSERT_TRUE(result) << result.error().message;
  for (int i = 0; i < c.rows; ++i)
    for (int j = 0; j < c.columns; ++j) {
      double expected = 0;
      for (int k = 0; k < c.inner; ++k)
        expected += left.at({i, k}) * (c.transposed ? right.at({j, k}) : right.at({k, j}));
      ASSERT_EQ(sum.at({i, j}), expected) << i << ' ' << j;
    }
}

TEST_P(Matmul, readsTheOperandsInWholeWords) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  Result<CompiledKernel> kernel = compileCuda({.text = textOf(GetParam()),
                                               .headers = templateHeaders(),
                                               .architecture = "sm_80",
                                               .extraOptions = {}});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->stats[0].stackBytes, 0) << kernel->log;
  EXPECT_EQ(kernel->log.find("warning"), std::string::npos) << kernel->log;
  EXPECT_NE(kernel->ptx.find("ldmatrix"), std::string::npos);
  EXPECT_NE(kernel->ptx.find("mma.sync"), std::string::npos);
}

const Case cases[] = {
    {"f16", Dtype::f16, 16, 16, 16, false},       {"f16", Dtype::f16, 32, 64, 32, false},
    {"bf16", Dtype::bf16, 48, 32, 16, false},     {"f16", Dtype::f16, 16, 128, 64, true},
    {"bf16", Dtype::bf16, 32, 16, 128, true},     {"warp::tf32", Dtype::f32, 32, 32, 16, false},
    {"warp::tf32", Dtype::f32, 16, 8, 64, false}, {"warp::tf32", Dtype::f32, 16, 16, 32, true}};
INSTANTIATE_TEST_SUITE_P(Shapes, Matmul, testing::ValuesIn(cases));

TEST(MatmulFaults, anOperandThatAnotherWarpStillWritesIsARace) {
  const Case c = cases[0];
  std::string text = textOf(c);
  const std::string barrier = "  block_barrier();\n";
  text.erase(text.find(barrier), barrier.size());
  Operand left("left", Operand::Role::input, c.dtype, {c.rows, c.inner});
  Operand right("right", Operand::Role::input, c.dtype, {c.inner, c.columns});
  Operand sum("sum", Operand::Role::output, Dtype::f32, {c.rows, c.columns});
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto result = launch(text, left, right, sum, seed);
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().code == "emulation.race" ||
                result.error().code == "emulation.unwritten")
        << result.error().message;
  }
}

} // namespace
