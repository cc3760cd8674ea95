//===- whole_matrices_test.cpp - Matrices that come in one copy each -------===//
#include "tests/emulation/Emulation.h"
#include "tests/templates/Library.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::emulation;

namespace {

constexpr int size = 72, rowLength = 80, steps = 5;

/// A warp orders the matrices of five steps through three slots, the last one first, and writes out a column
/// of numbers of each.
const std::string text = R"(
#include "scanc/block/whole_matrices.cuh"
#include "scanc/thread/access.cuh"
using namespace scanc::device;
struct arguments { const f16 *first; f16 *out; matrix_map *map; long long step, row; };
struct run {
  static constexpr dense_policy shape{.threads = 256, .parts = 2, .rows = 1, .ring = 3, .chunk = 24, .group = 1};
  static constexpr int size = 72;
  using element = f16;
  static constexpr bool copies = true;
  struct lane {};
  const arguments &args;
  __device__ long long steps() const { return 5; }
  __device__ const f16 *row_at(const lane &, long long step, int row) const {
    return args.first + step * args.step + row * args.row;
  }
};
struct cells {
  alignas(1024) f16 panels[3][128 * 128];
  block::whole_matrices<run>::storage_type whole;
};
extern "C" __global__ void __launch_bounds__(32) test_kernel(const __grid_constant__ arguments args) {
  cells &own = block_storage<cells>();
  const run matrices{args};
  block::whole_matrices<run> whole(matrices, run::lane{}, own, args.map);
  if (!whole.come())
    return;
  block_barrier();
  for (int i = 0; i < 3; ++i)
    whole.order(4 - i, own.panels[i], i);
  for (int i = 0; i < 5; ++i) {
    whole.await(i % 3);
    const f16 number[1] = {shared_load(
        own.panels[i % 3][block::panel_place<run, 128>(4 * thread_index(), 7 * thread_index() % 128)])};
    store_global<1>(args.out + 32 * i + thread_index(), number);
    block_barrier();
    if (i < 2)
      whole.order(1 - i, own.panels[i], i);
  }
}
)";

void expectMatrices(std::int64_t step, std::int64_t row) {
  std::vector<std::uint16_t> in(steps * size * rowLength + rowLength), out(32 * steps, 1);
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<std::uint16_t>(i * 2654435761u >> 8);
  alignas(128) static unsigned char map[128];
  const auto bufferOf = [](const char *name, void *data, std::size_t bytes) {
    return Buffer{.name = name, .data = data, .bytes = static_cast<std::int64_t>(bytes), .granule = 2};
  };
  Buffer input = bufferOf("in", in.data(), 2 * in.size());
  input.writable = false;
  const std::int64_t first = (step < 0 ? -step * (steps - 1) : 0) + (row < 0 ? -row * (size - 1) : 0);
  const auto word = [](const void *address) { return reinterpret_cast<std::uint64_t>(address); };
  auto module = EmulatedModule::build(text, std::vector<std::string>{templates::library()}, "test_kernel");
  ASSERT_TRUE(module) << module.error().message;
  auto result = module->launch({.threads = 32, .sharedBytes = 100 << 10},
                               std::vector<std::uint64_t>{word(in.data() + first), word(out.data()), word(map),
                                                          static_cast<std::uint64_t>(step),
                                                          static_cast<std::uint64_t>(row)},
                               {input, bufferOf("out", out.data(), 2 * out.size()),
                                bufferOf("map", map, sizeof map)},
                               {.seed = 1});
  ASSERT_TRUE(result) << result.error().message;
  for (int i = 0; i < steps; ++i)
    for (int k = 0; k < 32; ++k) {
      const int r = 4 * k, c = 7 * k % 128;
      const std::uint16_t there = row < 0 ? 1 // such rows do not come so
                                  : r < size && c < size
                                      ? in[first + (steps - 1 - i) * step + r * row + c]
                                      : 0;
      EXPECT_EQ(out[32 * i + k], there) << "step " << steps - 1 - i << ", row " << r << ", column " << c;
    }
}

TEST(WholeMatrices, comeForwards) { expectMatrices(size * rowLength, rowLength); }
TEST(WholeMatrices, comeBackwards) { expectMatrices(-size * rowLength, rowLength); }
TEST(WholeMatrices, comeWhereAllStepsHaveOne) { expectMatrices(0, rowLength); }
TEST(WholeMatrices, doNotComeWhereRowsLieBackwards) { expectMatrices(size * rowLength, -rowLength); }

} // namespace
