//===- look_back_test.cpp - Tiles of time that wait for each other ---------===//
#include "tests/templates/Fixture.h"
#include "tests/templates/Sizes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

using namespace scanc;
using namespace scanc::templates;
using device::order;

namespace {

// Tiles of 32 and of 64 steps, so that spans of 256 tiles are cheap.
const Variant variants[] = {
    {"cascade", {order::lanes, 2, 32, 1, 1}, {}, {1, 16}},
    {"cascade_time", {order::time, 1, 32, 1, 1}, {}, {2, 16}},
    {"cascade", {order::lanes, 1, 32, 4, 1}, {}, {1, 16}},
};

/// The fixture cascade, on which every tile depends through both of its states.
struct Launch {
  static constexpr auto in = Operand::Role::input, out = Operand::Role::output;
  Variant variant;
  std::int64_t T, D;
  Operand g, x, rate, s0, c0, y, sT, cT;

  Launch(const Variant &v, std::int64_t T, std::int64_t D)
      : variant(v), T(T), D(D), g("g", in, Dtype::f32, sizes()), x("x", in, Dtype::f32, sizes()),
        rate("rate", in, Dtype::f32, {D}), s0("s0", in, Dtype::f32, {1, D}),
        c0("c0", in, Dtype::f32, {1, D}), y("y", out, Dtype::f32, sizes()),
        sT("sT", out, Dtype::f32, {1, D}), cT("cT", out, Dtype::f32, {1, D}) {
    Numbers numbers(T + D);
    for (std::int64_t d = 0; d < D; ++d) {
      rate.set({d}, numbers.uniform(0.9, 1));
      s0.set({0, d}, numbers.uniform(-2, 2));
      c0.set({0, d}, numbers.uniform(-2, 2));
      for (std::int64_t t = 0; t < T; ++t) {
        // Gains near 1, so that a tile's state still counts many tiles later.
        set(g, t, d, numbers.uniform(3, 9));
        set(x, t, d, numbers.uniform(-1, 1));
      }
    }
  }
  std::vector<std::int64_t> sizes() const {
    return variant.isTimeOrder() ? std::vector<std::int64_t>{1, D, T}
                                 : std::vector<std::int64_t>{1, T, D};
  }
  void set(Operand &to, std::int64_t t, std::int64_t d, double value) {
    variant.isTimeOrder() ? to.set({0, d, t}, value) : to.set({0, t, d}, value);
  }
  double get(const Operand &from, std::int64_t t, std::int64_t d) const {
    return variant.isTimeOrder() ? from.at({0, d, t}) : from.at({0, t, d});
  }
  Result<void> run(std::uint64_t seed, const std::string &templates = library()) {
    Operand *const all[] = {&g, &x, &rate, &s0, &c0, &y, &sT, &cT};
    return templates::run(variant, all, sizes(), D / variant.shape.lanes, seed, templates);
  }
  /// The first place where the outputs differ from the loop in f64, or nothing.
  std::string wrong() const {
    for (std::int64_t d = 0; d < D; ++d) {
      double s = s0.at({0, d}), c = c0.at({0, d}), sizeOfS = std::abs(s), sizeOfC = std::abs(c);
      for (std::int64_t t = T; t-- > 0;) {
        const double a = 1 / (1 + std::exp(-get(g, t, d))), sBefore = s, cBefore = c,
                     sizeBefore = sizeOfS;
        s = a * s + get(x, t, d);
        sizeOfS = a * sizeOfS + std::abs(get(x, t, d));
        c = rate.at({d}) * c + s * sBefore;
        const double bound = tolerance * (1 + sizeOfS + sizeOfC);
        sizeOfC = rate.at({d}) * sizeOfC + sizeOfS * sizeBefore;
        if (!(std::abs(get(y, t, d) - (cBefore + s)) <= bound))
          return "lane " + std::to_string(d) + ", step " + std::to_string(T - 1 - t);
      }
      if (!(std::abs(sT.at({0, d}) - s) <= tolerance * (1 + sizeOfS) &&
            std::abs(cT.at({0, d}) - c) <= tolerance * (1 + sizeOfC)))
        return "final states of lane " + std::to_string(d);
    }
    return "";
  }
};

class LookBack : public testing::TestWithParam<Variant> {};

TEST_P(LookBack, manyMoreTilesThanResidentBlocks) {
  for (std::int64_t tiles : {15, 16, 17, 255, 257, 530}) {
    SCOPED_TRACE(tiles);
    const std::int64_t T = tiles * (GetParam().isTimeOrder() ? 64 : 32) - 5;
    Launch launch(GetParam(), T, GetParam().shape.lanes);
    Result<void> result = launch.run(tiles);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(launch.wrong(), "");
  }
}

/// Whoever comes first, a tile composes the same maps in the same order.
TEST_P(LookBack, isBitwiseEqualUnderEverySeed) {
  const std::int64_t T = 40 * 64;
  Launch first(GetParam(), T, 3 * GetParam().shape.lanes);
  ASSERT_TRUE(first.run(0));
  EXPECT_EQ(first.wrong(), "");
  for (std::uint64_t seed = 1; seed < 8; ++seed) {
    Launch other(GetParam(), T, 3 * GetParam().shape.lanes);
    Result<void> result = other.run(seed);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(first.y.getBytes(), other.y.getBytes());
    EXPECT_EQ(first.sT.getBytes(), other.sT.getBytes());
    EXPECT_EQ(first.cT.getBytes(), other.cT.getBytes());
  }
}

/// A tile that maps every state to 0 has a map of zeros, which must not read as "not yet".
TEST_P(LookBack, tileOfZerosIsNotTakenForOneThatIsLate) {
  Launch launch(GetParam(), 20 * 64, 2 * GetParam().shape.lanes);
  for (std::int64_t d = 0; d < launch.D; ++d) {
    launch.rate.set({d}, 0);
    for (std::int64_t t = 0; t < launch.T; ++t) {
      launch.set(launch.g, t, d, t / 64 % 3 == 0 ? -400 : 5); // a gain of 0 in f32
      launch.set(launch.x, t, d, t / 64 % 5 == 0 ? 0 : 1);
    }
  }
  Result<void> result = launch.run(1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(launch.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Policies, LookBack, testing::ValuesIn(variants));

//===----------------------------------------------------------------------===//
// Planted faults: each must be found
//===----------------------------------------------------------------------===//

struct Fault {
  const char *name, *file, *from, *to;
};

const Fault faults[] = {
    {"tilesInTheOrderOfBlockNumbers", "kernel/look_back.cuh",
     "add_relaxed(reinterpret_cast<uint32_t *>(workspace), 1)",
     "static_cast<uint32_t>(block_index())"},
    {"readsATileThatIsNotThere", "grid/look_back.cuh",
     "while (ballot(before.missing != 0) != 0)\n      before.look();", "before.look();"},
    {"toldOfTheGroupBeforeItIsComplete", "grid/look_back.cuh",
     "      while (ballot(reads_tiles && before.missing != 0) != 0);", "      while (false);"},
    {"toldTheStateBeforeTheSpanAsThatAfter", "grid/look_back.cuh",
     "constant<Ring>(apply(own, state))", "constant<Ring>(state)"},
    {"composesBackwards", "grid/look_back.cuh", "whole = compose(seen[p], whole);",
     "whole = compose(whole, seen[p]);"},
    {"plainStoreInsteadOfAPacket", "grid/look_back.cuh", "store_relaxed(slot, affine<T, Ring>{",
     "publish_plainly(slot, affine<T, Ring>{"},
};

void PrintTo(const Fault &fault, std::ostream *out) { *out << fault.name; }

class BrokenLookBack : public testing::TestWithParam<Fault> {};

TEST_P(BrokenLookBack, isCaught) {
  namespace fs = std::filesystem;
  const Fault &fault = GetParam();
  const fs::path folder = fs::path(testing::TempDir()) / (std::string("scanc-") + fault.name);
  fs::copy(library(), folder,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  const fs::path path = folder / "scanc" / fault.file;
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t at = text.find(fault.from);
  ASSERT_NE(at, std::string::npos) << "the template has no '" << fault.from << "'";
  text.replace(at, std::string(fault.from).size(), fault.to);
  text = "#include \"scanc/core/affine.cuh\"\nnamespace scanc::device::grid {\n"
         "template <typename T> void publish_plainly(T *to, T value) {\n"
         "  store_global<1>(to, reinterpret_cast<const T(&)[1]>(value));\n}\n}\n" +
         text;
  std::ofstream(path) << text;

  bool caught = false;
  for (const Variant &variant : variants)
    for (std::uint64_t seed = 0; seed < 3 && !caught; ++seed) {
      Launch launch(variant, 300 * 64, variant.shape.lanes);
      for (std::int64_t t = 0; t < 640; ++t) {
        launch.set(launch.g, t, 0, -400);
        launch.set(launch.x, t, 0, 0);
      }
      const Result<void> result = launch.run(seed, folder.string());
      ASSERT_TRUE(result || result.error().code != "emulation.build") << result.error().message;
      caught = !result || launch.wrong() != "";
    }
  fs::remove_all(folder);
  EXPECT_TRUE(caught);
}

INSTANTIATE_TEST_SUITE_P(Faults, BrokenLookBack, testing::ValuesIn(faults),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
