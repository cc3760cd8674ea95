//===- Dimensions.cpp - The sizes that names stand for --------------------===//
#include "runtime/tuning/Dimensions.h"

#include "runtime/tuning/RandomFill.h"

#include <charconv>
#include <fmt/format.h>
#include <unistd.h>

namespace scanc::tuning {

std::optional<std::int64_t> parseSize(std::string_view text) {
  std::int64_t size = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failed != std::errc() || end != text.data() + text.size() || size < 0)
    return std::nullopt;
  return size;
}

std::string nameInDimension(const std::string &dim) {
  std::string name = dim.substr(0, dim.find('+'));
  return parseSize(name) ? "" : name;
}

std::optional<std::int64_t> sizeOfDimension(const std::string &dim,
                                            const std::map<std::string, std::int64_t> &sizes) {
  std::string name = nameInDimension(dim);
  if (name.empty())
    return parseSize(dim);
  auto found = sizes.find(name);
  if (found == sizes.end())
    return std::nullopt;
  std::size_t plus = dim.find('+');
  return found->second + (plus == std::string::npos ? 0 : *parseSize(dim.substr(plus + 1)));
}

static Error tooLarge(const Parameter &parameter) {
  return makeError("SC8008", ErrorKind::usage,
                   fmt::format("'{}' is too large for the memory of this machine", parameter.name),
                   "give smaller sizes by --shape");
}

Result<std::vector<std::int64_t>> sizesOf(const Parameter &parameter,
                                          const std::map<std::string, std::int64_t> &sizes) {
  std::vector<std::int64_t> result;
  std::int64_t bytes = sizeOf(parameter.dtype);
  for (const std::string &dim : parameter.dims) {
    std::optional<std::int64_t> size = sizeOfDimension(dim, sizes);
    if (!size)
      return makeError("SC8008", ErrorKind::usage,
                       fmt::format("the size '{}' of '{}' is not known", dim, parameter.name),
                       fmt::format("give it, as in --shape {}=64", nameInDimension(dim)));
    if (__builtin_mul_overflow(bytes, *size, &bytes))
      return tooLarge(parameter);
    result.push_back(*size);
  }
  return result;
}

Result<std::int64_t> compulsoryBytes(const std::vector<Parameter> &signature,
                                     const std::map<std::string, std::int64_t> &sizes) {
  std::int64_t sum = 0;
  for (const Parameter &parameter : signature) {
    Result<std::vector<std::int64_t>> known = sizesOf(parameter, sizes);
    if (!known)
      return known.error();
    if (__builtin_add_overflow(sum, elementsOf(*known) * sizeOf(parameter.dtype), &sum))
      return tooLarge(parameter);
  }
  return sum;
}

Result<void> checkMemory(const Parameter &parameter, double bytes) {
  double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes > memory)
    return tooLarge(parameter);
  return {};
}

} // namespace scanc::tuning
