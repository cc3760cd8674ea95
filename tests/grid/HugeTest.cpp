//===- HugeTest.cpp - Offsets that 32 bits do not hold --------------------===//
//
// Views whose rows lie so far apart that a product of 32 bits ends between them, and
// more lanes than 2^31, of which the first blocks run and the last. Memory is mapped,
// not filled: pages that nobody touches cost nothing.
//
//===----------------------------------------------------------------------===//
#include "scanc/Device.h"
#include "scanc/Kernel.h"
#include "scanc/LaunchPlan.h"
#include "tests/emulation/Program.h"
#include "tests/grid/Programs.h"
#include "tests/grid/Strategies.h"

#include <gtest/gtest.h>

#include <bit>
#include <sys/mman.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

constexpr std::int64_t power31 = std::int64_t{1} << 31;

class HugeViews : public testing::TestWithParam<Strategic> {
protected:
  /// A gap for each operand with which its highest element is about `span` elements from its
  /// lowest; the offsets of segments, which are a row, stay together.
  std::vector<Placement> spanning(std::int64_t span) const {
    std::vector<Placement> places;
    for (const TensorRef &tensor : operands.tensors) {
      const std::int64_t row = tensor.sizes.back(), rows = elementsOf(tensor) / row;
      places.push_back({.gap = rows > 1 ? (span - row) / (rows - 1) - row : 0});
    }
    return places;
  }

  const Strategic &one = GetParam();
  const Subject subject{one.text, one.strategy, one.bound};
  const Operands operands = drawnFor(one, subject, 9);
};

/// Just within 2^31 elements, whose bytes are beyond it, just beyond, and beyond 2^32.
TEST_P(HugeViews, rowsFarApartAreRight) {
  for (std::int64_t span : {power31 - 1, power31 + (1 << 20), 2 * power31 + (1 << 20)}) {
    Operands placed = drawnFor(one, subject, 9);
    ASSERT_EQ(subject.launch(placed, spanning(span), 1), "") << span << " elements";
    ASSERT_EQ(firstWrong(one, subject, placed), "") << span << " elements";
  }
}

INSTANTIATE_TEST_SUITE_P(Strategies, HugeViews, testing::ValuesIn(strategics()),
                         [](const auto &info) { return info.param.name; });

/// Zeros that take no memory until they are touched.
class Sparse {
public:
  explicit Sparse(std::int64_t count)
      : bytes(count * sizeof(float)),
        data(static_cast<float *>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {}
  Sparse(const Sparse &) = delete;
  Sparse &operator=(const Sparse &) = delete;
  ~Sparse() { munmap(data, bytes); }
  float &operator[](std::int64_t i) const { return data[i]; }
  TensorRef tensor(std::vector<std::int64_t> sizes) const {
    return {data, Dtype::f32, std::move(sizes), {}};
  }

private:
  std::int64_t bytes;
  float *data;
};

/// More lanes than 2^31, two steps each, in numbers that are exact: lanes of the first block and of
/// the last.
void expectFirstAndLastLanesRight(const std::string &strategy) {
  constexpr std::int64_t D = power31 + 37, T = 2, looked = 32;
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  const Program program =
      orExit(compileProgram(linearScan("f32", Innermost::lanes, false), options));
  const Sparse a(T * D), x(T * D), h0(D), y(T * D), hT(D);
  const std::vector<TensorRef> tensors{a.tensor({1, T, D}), x.tensor({1, T, D}), h0.tensor({1, D}),
                                       y.tensor({1, T, D}), hT.tensor({1, D})};
  const auto forEachLane = [&](auto visit) {
    for (std::int64_t i = 0; i < looked; ++i)
      for (std::int64_t lane : {i, D - looked + i})
        visit(lane, static_cast<float>(lane % 1021));
  };
  forEachLane([&](std::int64_t lane, float number) {
    h0[lane] = number;
    for (std::int64_t t = 0; t < T; ++t) {
      a[t * D + lane] = 2;
      x[t * D + lane] = number + t;
    }
  });
  LaunchTarget host;
  host.device = DeviceKind::cpu;
  const auto plan = planLaunch(program, tensors, host);
  ASSERT_TRUE(plan) << render(plan.error());
  std::vector<std::uint32_t> blocks; // that have these lanes
  const auto count = static_cast<std::uint32_t>(plan->kernels[0].grid[0]);
  for (std::uint32_t i = 0; i < 8; ++i)
    blocks.insert(blocks.end(), {i, count - 1 - i});
  const auto done = emulation::runProgram(program, tensors, {.blocks = blocks});
  ASSERT_TRUE(done) << render(done.error());
  forEachLane([&](std::int64_t lane, float number) {
    const float first = 3 * number, second = 2 * first + number + 1;
    ASSERT_EQ(y[lane], first) << "lane " << lane;
    ASSERT_EQ(y[D + lane], second) << "lane " << lane;
    ASSERT_EQ(hT[lane], second) << "lane " << lane;
  });
}

TEST(Huge, moreLanesThan31BitsAreWalked) { expectFirstAndLastLanesRight("sequential"); }
TEST(Huge, moreLanesThan31BitsAreScanned) { expectFirstAndLastLanesRight("blelloch"); }

/// On the CPU all of them: one number that every step reads, and a sum that f64 holds exactly.
TEST(Huge, moreStepsThan31BitsAreCountedOnTheCpu) {
  if (!isLongForm())
    GTEST_SKIP() << "of the long form";
  const Subject sums("kernel sums(x: f64[T], h0: f64) -> (hT: f64) {\n"
                     "  scan T as t { init h = h0\n h[t] = h[t-1] + x[t]\n final h -> hT }\n}\n",
                     "cpu");
  double x = 1, h0 = 0, hT = 0;
  const std::vector<TensorRef> tensors{
      {&x, Dtype::f64, {power31 + 5}, {0}}, {&h0, Dtype::f64, {}, {}}, {&hT, Dtype::f64, {}, {}}};
  const auto done = sums.launch(tensors, 0);
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(hT, static_cast<double>(power31 + 5));
}

/// Launches y of x on a GPU: `sizes` of bf16 each, x as `input` says, y expected as `wanted` says, bit by bit.
void expectEveryElementOnAGpu(const std::string &text, const std::string &strategy,
                              const std::vector<std::int64_t> &sizes, const auto &input,
                              const auto &wanted) {
  if (!isOnGpu())
    GTEST_SKIP() << "8 GiB of a GPU";
  std::int64_t count = 1;
  for (std::int64_t size : sizes)
    count *= size;
  const auto bits = [](float number) { // a number that bf16 holds
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16);
  };
  std::vector<std::uint16_t> image(count);
  for (std::int64_t i = 0; i < count; ++i)
    image[i] = bits(input(i));
  DeviceMemory x = orExit(DeviceMemory::allocate(0, 2 * count));
  DeviceMemory y = orExit(DeviceMemory::allocate(0, 2 * count));
  ASSERT_TRUE(x.copyFrom(image.data()));
  ASSERT_TRUE(y.fill(0xff));
  CompileOptions options;
  options.target = "native";
  options.strategy = strategy;
  const Kernel kernel = orExit(loadCuda(orExit(compileProgram(text, options))));
  const std::vector<TensorRef> there{{x.data(), Dtype::bf16, sizes, {}, DeviceKind::cuda},
                                     {y.data(), Dtype::bf16, sizes, {}, DeviceKind::cuda}};
  const auto launched = kernel.launch(there);
  ASSERT_TRUE(launched) << render(launched.error());
  ASSERT_TRUE(y.copyTo(image.data()));
  for (std::int64_t i = 0; i < count; ++i)
    if (image[i] != bits(wanted(i)))
      FAIL() << "element " << i << ": bits " << image[i] << " in place of " << bits(wanted(i));
}

/// Steps in which the largest number so far is one of the last 2^24: what was read elsewhere would be smaller.
void expectLargestSoFar(const std::string &strategy) {
  const auto part = [](std::int64_t t) { return static_cast<float>(t >> 24); };
  expectEveryElementOnAGpu("kernel largest(x: bf16[T]) -> (y: bf16[T]) {\n"
                           "  scan T as t { h[t] = max(h[t-1], x[t])\n y[t] = h[t] }\n}\n",
                           strategy, {power31 + 5}, part, part);
}

TEST(Huge, moreStepsThan31BitsAreScannedOnAGpu) { expectLargestSoFar("look_back"); }

/// Two steps of 2^30 lanes and some, odd ones, in halves that are exact.
void expectHalvedLanes(const std::string &strategy) {
  constexpr std::int64_t D = power31 / 2 + 37;
  const auto input = [](std::int64_t i) { return static_cast<float>(i % 61); };
  expectEveryElementOnAGpu("kernel halved(x: bf16[T, D]) -> (y: bf16[T, D]) {\n"
                           "  scan T as t over D { h[t] = 0.5 * h[t-1] + x[t]\n y[t] = h[t] }\n}\n",
                           strategy, {2, D}, input, [&](std::int64_t i) {
                             return input(i) + (i < D ? 0.0f : 0.5f * input(i - D));
                           });
}

TEST(Huge, moreElementsThan31BitsAreWalkedOnAGpu) { expectHalvedLanes("sequential"); }
TEST(Huge, moreElementsThan31BitsAreScannedOnAGpu) { expectHalvedLanes("blelloch"); }

} // namespace
