//===- Tensor.cpp - Element types and their conversions -------------------===//
//
// The narrow types are converted straight from f64: going through f32 would
// round twice. Every conversion rounds to nearest even, keeps subnormals, and
// sends a NaN to a quiet NaN of the same sign. A value beyond the largest
// finite one becomes an infinity; f8e4m3 has none, so there it becomes a NaN.
//
//===----------------------------------------------------------------------===//
#include "scanc/Tensor.h"

#include "runtime/Strides.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace scanc {
namespace {

struct DtypeFacts {
  std::string_view spelling;
  std::int64_t bytes;
};
/// In the order of the enumeration.
constexpr std::array<DtypeFacts, 8> dtypes{{{"f64", 8},
                                            {"f32", 4},
                                            {"f16", 2},
                                            {"bf16", 2},
                                            {"f8e4m3", 1},
                                            {"f8e5m2", 1},
                                            {"c64", 8},
                                            {"i32", 4}}};

/// A binary format of at most 16 bits: sign, exponent, fraction.
struct NarrowFormat {
  int exponentBits;
  int fractionBits;
  bool hasInfinity; ///< false: the top exponent holds numbers too, and one NaN of all ones

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  std::uint32_t topExponent() const { return (1u << exponentBits) - 1; }
  std::uint32_t signBit() const { return 1u << (exponentBits + fractionBits); }
  std::uint32_t infinity() const { return topExponent() << fractionBits; }
  std::uint32_t quietNan() const {
    return hasInfinity ? infinity() | 1u << (fractionBits - 1) : signBit() - 1;
  }
  /// The first magnitude that is no finite number.
  std::uint32_t firstNotFinite() const { return hasInfinity ? infinity() : quietNan(); }
};

constexpr NarrowFormat f16Format{5, 10, true};
constexpr NarrowFormat bf16Format{8, 7, true};
constexpr NarrowFormat f8e4m3Format{4, 3, false};
constexpr NarrowFormat f8e5m2Format{5, 2, true};

double decode(std::uint32_t bits, const NarrowFormat &format) {
  double sign = bits & format.signBit() ? -1.0 : 1.0;
  std::uint32_t magnitude = bits & (format.signBit() - 1);
  if (magnitude > format.firstNotFinite() ||
      (!format.hasInfinity && magnitude == format.quietNan()))
    return std::copysign(std::numeric_limits<double>::quiet_NaN(), sign);
  if (format.hasInfinity && magnitude == format.infinity())
    return sign * std::numeric_limits<double>::infinity();
  std::uint32_t exponent = magnitude >> format.fractionBits;
  std::uint32_t fraction = magnitude & ((1u << format.fractionBits) - 1);
  if (exponent == 0) // subnormal: no hidden bit, exponent as of 1
    return sign * std::ldexp(fraction, 1 - format.bias() - format.fractionBits);
  return sign * std::ldexp(fraction | 1u << format.fractionBits,
                           static_cast<int>(exponent) - format.bias() - format.fractionBits);
}

std::uint32_t encode(double value, const NarrowFormat &format) {
  std::uint32_t sign = std::signbit(value) ? format.signBit() : 0;
  if (std::isnan(value))
    return sign | format.quietNan();
  double magnitude = std::fabs(value);
  if (magnitude == 0)
    return sign;
  if (std::isinf(value))
    return sign | format.firstNotFinite();
  int exponent = std::max(std::ilogb(magnitude), 1 - format.bias());
  // In units of the last place of `exponent`; exact, since only the exponent changes. At most
  // 2^(fractionBits+1), so nearbyint rounds it to nearest even without loss.
  double units = std::nearbyint(std::ldexp(magnitude, format.fractionBits - exponent));
  // Adding, not or-ing: a carry out of the fraction moves to the next exponent by itself, and a
  // subnormal (no hidden bit) lands in exponent 0.
  std::int64_t bits =
      (static_cast<std::int64_t>(exponent + format.bias() - 1) << format.fractionBits) +
      static_cast<std::int64_t>(units);
  if (bits >= format.firstNotFinite())
    return sign | format.firstNotFinite();
  return sign | static_cast<std::uint32_t>(bits);
}

template <typename T>
T read(const void *address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

template <typename T>
void write(void *address, T value) {
  std::memcpy(address, &value, sizeof value);
}

std::int32_t toInt32(double value) {
  constexpr auto least = std::numeric_limits<std::int32_t>::min();
  constexpr auto largest = std::numeric_limits<std::int32_t>::max();
  if (std::isnan(value))
    return 0;
  double rounded = std::nearbyint(value);
  if (rounded <= least)
    return least;
  return rounded >= largest ? largest : static_cast<std::int32_t>(rounded);
}

} // namespace

std::string_view spelling(Dtype dtype) { return dtypes[static_cast<std::size_t>(dtype)].spelling; }

std::optional<Dtype> dtypeFromSpelling(std::string_view text) {
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (dtypes[i].spelling == text)
      return static_cast<Dtype>(i);
  return std::nullopt;
}

std::int64_t sizeOf(Dtype dtype) { return dtypes[static_cast<std::size_t>(dtype)].bytes; }

std::vector<std::int64_t> contiguousStrides(const std::vector<std::int64_t> &sizes) {
  std::vector<std::int64_t> strides;
  rt::setContiguousStrides(sizes, strides);
  return strides;
}

void rt::setContiguousStrides(const std::vector<std::int64_t> &sizes,
                              std::vector<std::int64_t> &strides) {
  strides.resize(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    // Only a tensor without elements can get here with a product beyond 64 bits: the launch
    // refuses the others. Saturate, so that nothing wraps.
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(sizes[i], 1), &stride))
      stride = std::numeric_limits<std::int64_t>::max();
  }
}

double loadElement(const void *address, Dtype dtype) {
  switch (dtype) {
  case Dtype::f64:
    return read<double>(address);
  case Dtype::f32:
  case Dtype::c64:
    return read<float>(address);
  case Dtype::f16:
    return decode(read<std::uint16_t>(address), f16Format);
  case Dtype::bf16:
    return decode(read<std::uint16_t>(address), bf16Format);
  case Dtype::f8e4m3:
    return decode(read<std::uint8_t>(address), f8e4m3Format);
  case Dtype::f8e5m2:
    return decode(read<std::uint8_t>(address), f8e5m2Format);
  case Dtype::i32:
    return read<std::int32_t>(address);
  }
  return 0;
}

void storeElement(void *address, Dtype dtype, double value) {
  switch (dtype) {
  case Dtype::f64:
    return write(address, value);
  case Dtype::f32:
  case Dtype::c64:
    return write(address, static_cast<float>(value));
  case Dtype::f16:
    return write(address, static_cast<std::uint16_t>(encode(value, f16Format)));
  case Dtype::bf16:
    return write(address, static_cast<std::uint16_t>(encode(value, bf16Format)));
  case Dtype::f8e4m3:
    return write(address, static_cast<std::uint8_t>(encode(value, f8e4m3Format)));
  case Dtype::f8e5m2:
    return write(address, static_cast<std::uint8_t>(encode(value, f8e5m2Format)));
  case Dtype::i32:
    return write(address, toInt32(value));
  }
}

} // namespace scanc
