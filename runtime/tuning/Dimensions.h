//===- tuning/Dimensions.h - The sizes that names stand for -----*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_DIMENSIONS_H
#define SCANC_RUNTIME_TUNING_DIMENSIONS_H

#include "scanc/Program.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanc::tuning {

/// A number of at least 0, and nothing else.
std::optional<std::int64_t> parseSize(std::string_view text);

/// The size of a dimension as it is declared: a number, a name, or a name plus a number; nothing
/// where the name has no size.
std::optional<std::int64_t> sizeOfDimension(const std::string &dim,
                                            const std::map<std::string, std::int64_t> &sizes);
/// The name in a declared dimension, empty for a number.
std::string nameInDimension(const std::string &dim);

/// The sizes of a tensor. Fails with SC8008 where a name has none, and where 64 bits do not count
/// its bytes.
Result<std::vector<std::int64_t>> sizesOf(const Parameter &parameter,
                                          const std::map<std::string, std::int64_t> &sizes);

/// Of all operands: what any kernel must move. Fails as `sizesOf` does.
Result<std::int64_t> compulsoryBytes(const std::vector<Parameter> &signature,
                                     const std::map<std::string, std::int64_t> &sizes);

/// Fails with SC8008 where `bytes`, those of `parameter` and of all before it, are more than this
/// machine has: Linux grants them, and ends the process when they are written.
Result<void> checkMemory(const Parameter &parameter, double bytes);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_DIMENSIONS_H
