//===- TensorTest.cpp - Conversions of the narrow element types -----------===//
#include "scanc/Tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace scanc {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::uint32_t encode(Dtype dtype, double value) {
  std::uint32_t bits = 0;
  storeElement(&bits, dtype, value);
  return bits;
}

double decode(Dtype dtype, std::uint32_t bits) { return loadElement(&bits, dtype); }

struct Narrow {
  Dtype dtype;
  int bits;
};
constexpr Narrow narrowTypes[] = {
    {Dtype::f16, 16}, {Dtype::bf16, 16}, {Dtype::f8e4m3, 8}, {Dtype::f8e5m2, 8}};

TEST(Tensor, every_pattern_survives_a_round_trip) {
  for (auto [dtype, bits] : narrowTypes)
    for (std::uint32_t pattern = 0; pattern < 1u << bits; ++pattern) {
      double value = decode(dtype, pattern);
      if (std::isnan(value)) {
        std::uint32_t again = encode(dtype, value);
        EXPECT_TRUE(std::isnan(decode(dtype, again)));
        EXPECT_EQ(again >> (bits - 1), pattern >> (bits - 1)); // the sign stays
      } else {
        ASSERT_EQ(encode(dtype, value), pattern) << spelling(dtype);
      }
    }
}

TEST(Tensor, rounds_to_the_nearest_and_ties_to_even) {
  // Between each finite number and the next: the midpoint goes to the even pattern, and the
  // slightest push decides otherwise.
  for (auto [dtype, bits] : narrowTypes)
    for (std::uint32_t pattern = 0; pattern + 1 < 1u << (bits - 1); ++pattern) {
      double low = decode(dtype, pattern), high = decode(dtype, pattern + 1);
      if (!std::isfinite(low) || !std::isfinite(high))
        continue;
      double middle = (low + high) / 2; // exact: both have at most 11 bits
      std::uint32_t even = pattern % 2 == 0 ? pattern : pattern + 1;
      ASSERT_EQ(encode(dtype, middle), even) << spelling(dtype) << " " << middle;
      ASSERT_EQ(encode(dtype, std::nextafter(middle, 0)), pattern);
      ASSERT_EQ(encode(dtype, std::nextafter(middle, infinity)), pattern + 1);
      ASSERT_EQ(encode(dtype, -middle), even | 1u << (bits - 1));
    }
}

TEST(Tensor, f16_known_values) {
  EXPECT_EQ(encode(Dtype::f16, 1.0), 0x3C00u);
  EXPECT_EQ(encode(Dtype::f16, 65504.0), 0x7BFFu);
  EXPECT_EQ(encode(Dtype::f16, 65519.99), 0x7BFFu);
  EXPECT_EQ(encode(Dtype::f16, 65520.0), 0x7C00u);
  EXPECT_EQ(encode(Dtype::f16, std::ldexp(1.0, -24)), 1u);
  EXPECT_EQ(encode(Dtype::f16, std::ldexp(1.0, -25)), 0u);
  EXPECT_EQ(encode(Dtype::f16, -0.0), 0x8000u);
  EXPECT_EQ(encode(Dtype::f16, nan) & 0x7FFF, 0x7E00u);
}

TEST(Tensor, bf16_known_values) {
  EXPECT_EQ(encode(Dtype::bf16, 1.0), 0x3F80u);
  EXPECT_EQ(encode(Dtype::bf16, std::numeric_limits<double>::max()), 0x7F80u);
  EXPECT_EQ(encode(Dtype::bf16, -infinity), 0xFF80u);
  EXPECT_EQ(encode(Dtype::bf16, std::ldexp(1.0, -133)), 1u); // the least subnormal
}

TEST(Tensor, rounds_once_not_through_f32) {
  // 1 + 2^-8 + 2^-40 lies just above a tie of bf16; f32 would lose the last bit and round to even.
  double value = 1 + std::ldexp(1.0, -8) + std::ldexp(1.0, -40);
  EXPECT_EQ(encode(Dtype::bf16, value), 0x3F81u);
}

TEST(Tensor, f8e4m3_has_no_infinity) {
  EXPECT_EQ(encode(Dtype::f8e4m3, 448.0), 0x7Eu);
  EXPECT_EQ(encode(Dtype::f8e4m3, 464.0), 0x7Eu); // the tie goes to even
  EXPECT_EQ(encode(Dtype::f8e4m3, 465.0), 0x7Fu);
  EXPECT_EQ(encode(Dtype::f8e4m3, -infinity), 0xFFu);
  EXPECT_TRUE(std::isnan(decode(Dtype::f8e4m3, 0x7F)));
  EXPECT_EQ(decode(Dtype::f8e4m3, 0x7E), 448.0);
}

TEST(Tensor, f8e5m2_has_an_infinity) {
  EXPECT_EQ(encode(Dtype::f8e5m2, 57344.0), 0x7Bu);
  EXPECT_EQ(encode(Dtype::f8e5m2, 61440.0), 0x7Cu);
  EXPECT_EQ(decode(Dtype::f8e5m2, 0x7C), infinity);
  EXPECT_TRUE(std::isnan(decode(Dtype::f8e5m2, 0x7D)));
}

TEST(Tensor, i32_saturates_and_rounds) {
  EXPECT_EQ(static_cast<std::int32_t>(encode(Dtype::i32, 2.5)), 2);
  EXPECT_EQ(static_cast<std::int32_t>(encode(Dtype::i32, 1e300)), 2147483647);
  EXPECT_EQ(static_cast<std::int32_t>(encode(Dtype::i32, -1e300)), -2147483647 - 1);
  EXPECT_EQ(encode(Dtype::i32, nan), 0u);
}

TEST(Tensor, wide_types) {
  double wide = 0.1;
  storeElement(&wide, Dtype::f64, 0.3);
  EXPECT_EQ(loadElement(&wide, Dtype::f64), 0.3);
  float parts[2] = {};
  storeElement(&parts[1], Dtype::c64, 0.3); // one part at a time
  EXPECT_EQ(parts[0], 0.0f);
  EXPECT_EQ(loadElement(&parts[1], Dtype::c64), static_cast<double>(0.3f));
}

TEST(Tensor, unaligned_elements) {
  char bytes[16] = {};
  storeElement(bytes + 1, Dtype::f64, 1.5);
  EXPECT_EQ(loadElement(bytes + 1, Dtype::f64), 1.5);
}

TEST(Tensor, spellings) {
  for (Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::f8e4m3, Dtype::f8e5m2,
                      Dtype::c64, Dtype::i32})
    EXPECT_EQ(dtypeFromSpelling(spelling(dtype)), dtype);
  EXPECT_EQ(dtypeFromSpelling("f31"), std::nullopt);
  EXPECT_EQ(sizeOf(Dtype::c64), 8);
  EXPECT_EQ(sizeOf(Dtype::bf16), 2);
}

TEST(Tensor, contiguous_strides) {
  EXPECT_EQ(contiguousStrides({2, 3, 4}), (std::vector<std::int64_t>{12, 4, 1}));
  EXPECT_EQ(contiguousStrides({}), std::vector<std::int64_t>{});
  // No element, so nothing is too large; the strides must not wrap either.
  std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_EQ(contiguousStrides({0, huge, huge})[0], std::numeric_limits<std::int64_t>::max());
}

} // namespace
} // namespace scanc
