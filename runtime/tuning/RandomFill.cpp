//===- RandomFill.cpp - Uniform elements, and offsets of segments ---------===//
#include "runtime/tuning/RandomFill.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>

namespace scanc::tuning {

std::int64_t elementsOf(std::span<const std::int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t(1), std::multiplies<>());
}

/// Uniform in [0, 1): the standard library's distributions differ between implementations.
static double uniform(std::mt19937_64 &random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

/// Ascending from `low` to `high`; of several segments, one is empty.
static void fillOffsets(const TensorRef &tensor, const SampleInput &range,
                        std::mt19937_64 &random) {
  std::vector<double> offsets(static_cast<std::size_t>(elementsOf(tensor.sizes)));
  for (double &offset : offsets)
    offset = std::floor(range.low + (range.high - range.low) * uniform(random));
  std::sort(offsets.begin(), offsets.end());
  if (!offsets.empty()) {
    offsets.front() = range.low;
    offsets.back() = offsets.size() > 1 ? range.high : range.low;
  }
  if (offsets.size() > 2) {
    std::size_t middle = offsets.size() / 2;
    offsets[middle] = offsets[middle - 1];
  }
  auto *data = static_cast<char *>(tensor.data);
  for (std::size_t i = 0; i < offsets.size(); ++i)
    storeElement(data + i * sizeOf(tensor.dtype), tensor.dtype, offsets[i]);
}

void fillRandom(const TensorRef &tensor, const SampleInput &range, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  if (range.isOffsets)
    return fillOffsets(tensor, range, random);
  auto *data = static_cast<char *>(tensor.data);
  Dtype dtype = numberType(tensor.dtype); // a complex element is two numbers
  std::int64_t size = sizeOf(dtype);
  std::int64_t count = elementsOf(tensor.sizes) * (sizeOf(tensor.dtype) / size);
  bool isInteger = dtype == Dtype::i32;
  auto draw = [&] {
    double width = range.high - range.low + (isInteger ? 1 : 0);
    double value = range.low + width * uniform(random);
    return isInteger ? std::min(std::floor(value), range.high) : value;
  };
  // A large tensor repeats a block whose length divides no tile.
  constexpr std::int64_t block = 4194301;
  for (std::int64_t i = 0; i < std::min(count, block); ++i)
    storeElement(data + i * size, dtype, draw());
  for (std::int64_t i = block; i < count; i += block)
    std::memcpy(data + i * size, data, static_cast<std::size_t>(std::min(block, count - i) * size));
}

} // namespace scanc::tuning
