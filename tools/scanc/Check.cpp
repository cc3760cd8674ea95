//===- Check.cpp - Errors of results, measured in their bounds ------------===//
#include "tools/scanc/Check.h"

#include "tools/scanc/Report.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace scanc::cli {

/// The coordinates of element `at` in row-major order: "[0, 3]".
static std::string coordinates(const std::vector<std::int64_t> &sizes, std::int64_t at) {
  std::string text;
  for (std::size_t i = sizes.size(); i-- > 0; at /= sizes[i])
    text = fmt::format("{}{}{}", at % sizes[i], text.empty() ? "" : ", ", text);
  return "[" + text + "]";
}

Comparison compare(const std::string &name, const NpyTensor &got, const ReferenceTensor &expected) {
  Comparison result;
  result.name = name;
  bool isComplex = got.dtype == Dtype::c64;
  Dtype dtype = isComplex ? Dtype::f32 : got.dtype;
  const auto *data = reinterpret_cast<const char *>(got.words.data());
  double sumOfErrors = 0, sumOfValues = 0;
  result.elements = static_cast<std::int64_t>(expected.values.size());
  for (std::int64_t i = 0; i < result.elements; ++i) {
    auto at = static_cast<std::size_t>(i);
    double value = loadElement(data + i * sizeOf(dtype), dtype);
    double wanted = expected.values[at], bound = expected.bounds[at];
    // An infinity with a finite bound is a semiring's zero; one that overflowed has none.
    result.checkable &= !std::isnan(wanted) && std::isfinite(bound);
    double error = value == wanted ? 0 : std::fabs(value - wanted);
    if (std::isnan(error))
      error = std::numeric_limits<double>::infinity();
    double ratio = error == 0 ? 0 : error / bound;
    result.maxError = std::max(result.maxError, error);
    result.maxErrorOverBound = std::max(result.maxErrorOverBound, ratio);
    sumOfErrors += error * error;
    if (std::isfinite(wanted))
      sumOfValues += wanted * wanted;
    if (error <= bound)
      continue;
    if (result.wrong++ == 0)
      result.firstWrong =
          fmt::format("{}{}: expected {:.9g} within {:.2g}, got {:.9g}", name,
                      coordinates(expected.sizes, isComplex ? i / 2 : i), wanted, bound, value);
  }
  if (sumOfErrors > 0)
    result.relativeL2 = std::isfinite(sumOfErrors) ? std::sqrt(sumOfErrors / sumOfValues) : HUGE_VAL;
  return result;
}

Result<void> verdict(const std::vector<Comparison> &comparisons) {
  for (const Comparison &each : comparisons) {
    if (!each.checkable)
      return makeError("SC8007", ErrorKind::mismatch,
                       fmt::format("the reference of '{}' is not finite, or beyond the range of the types: "
                                   "nothing can be checked",
                                   each.name),
                       "choose inputs at which the recurrence stays bounded, with --random or --in");
    if (each.wrong > 0)
      return makeError("SC8006", ErrorKind::mismatch,
                       fmt::format("{}; {} of {} elements are beyond their bound", each.firstWrong,
                                   each.wrong, each.elements),
                       "please report it, with the program, its sizes and --seed");
  }
  return {};
}

} // namespace scanc::cli
