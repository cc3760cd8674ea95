//===- Comparison.cpp - Errors of results, measured in their bounds -------===//
#include "runtime/tuning/Comparison.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace scanc::tuning {

/// The coordinates of element `at` in row-major order: "[0, 3]".
static std::string coordinates(const std::vector<std::int64_t> &sizes, std::int64_t at) {
  std::string text;
  for (std::size_t i = sizes.size(); i-- > 0; at /= sizes[i])
    text = fmt::format("{}{}{}", at % sizes[i], text.empty() ? "" : ", ", text);
  return "[" + text + "]";
}

/// The largest finite number there is, by its size.
static double largestOf(const std::vector<double> &values) {
  double largest = 0;
  for (double value : values)
    if (std::isfinite(value))
      largest = std::max(largest, std::fabs(value));
  return largest;
}

Comparison compare(const std::string &name, const TensorRef &got, const ReferenceTensor &expected,
                   Allowance allowance) {
  Comparison result;
  result.name = name;
  const Dtype dtype = numberType(got.dtype); // a complex element is two numbers
  const std::int64_t part = sizeOf(dtype), parts = sizeOf(got.dtype) / part;
  const std::vector<std::int64_t> strides =
      got.strides.empty() ? contiguousStrides(got.sizes) : got.strides;
  std::vector<std::int64_t> point(got.sizes.size(), 0);
  std::int64_t offset = 0; // of the element at `point`
  double sumOfErrors = 0, sumOfValues = 0;
  const double least = allowance.ofLargest > 0 ? allowance.ofLargest * largestOf(expected.values) : 0;
  result.elements = static_cast<std::int64_t>(expected.values.size());
  for (std::int64_t i = 0; i < result.elements; ++i) {
    auto at = static_cast<std::size_t>(i);
    if (i > 0 && i % parts == 0)
      for (std::size_t d = point.size(); d-- > 0;) {
        offset += strides[d];
        if (++point[d] < got.sizes[d])
          break;
        offset -= point[d] * strides[d];
        point[d] = 0;
      }
    const char *element = static_cast<const char *>(got.data) + offset * sizeOf(got.dtype);
    double value = loadElement(element + i % parts * part, dtype);
    double wanted = expected.values[at], bound = allowance.factor * expected.bounds[at] + least;
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
                      coordinates(expected.sizes, i / parts), wanted, bound, value);
  }
  if (sumOfErrors > 0)
    result.relativeL2 =
        std::isfinite(sumOfErrors) ? std::sqrt(sumOfErrors / sumOfValues) : HUGE_VAL;
  return result;
}

/// Whether factors, scores and states of chunks are rounded to 16 bits, in a program of any strategy.
static bool roundsProducts(const Program &program) {
  return program.promises.errorBound.find(" of the largest product") != std::string::npos;
}

Allowance statedAllowance(const Program &program) {
  const std::string &bound = program.promises.errorBound;
  // Low parts are rounded to 2^-23 of a factor each and their product is left out: 8 roundings of
  // f32.
  if (program.strategy == "matmul_scan")
    return {.factor = 8};
  // Factors and scores of bf16 or f16: 2^-8 or 2^-11 of the largest product, not 2^-24. Those of f16 that their weights leave
  // below 2^-14 are multiples of 2^-24, off by 2^-25 of what they are multiplied with, whose products with factors of a half
  // and more are among the result's largest numbers.
  constexpr Allowance ofF16{0x1p13, 0x1p-24}, ofBf16{0x1p16};
  // Rows of bf16 or f16 in place of f32.
  if (bound.find(" of the rows of products, and") != std::string::npos)
    return bound.starts_with("2^-12") ? ofF16 : ofBf16;
  if (roundsProducts(program))
    return bound.starts_with("2^-11") ? ofF16 : ofBf16;
  // Rows and projections that a pin rounds: 2^-8 or 2^-11 of them where the bound has a rounding of f32.
  if (program.strategy == "projection" || program.strategy == "projected_scan")
    return {.factor = bound.starts_with("2^-11") ? 0x1p13 : bound.starts_with("2^-8") ? 0x1p16 : 1};
  // Matrices kept in two terms of f16 or bf16: 2^-17 of their largest number at each step, not
  // 2^-24.
  bool keepsProducts = bound.find("of the largest number of a product") != std::string::npos;
  return {.factor = keepsProducts ? 128.0 : 1.0};
}

double statedNorm(const Program &program) {
  if (!roundsProducts(program))
    return std::numeric_limits<double>::infinity();
  // Each factor, score and result is rounded to 2^-9 or 2^-12 of itself: eight of them at their worst.
  const std::string &bound = program.promises.errorBound;
  const bool isF16 = bound.starts_with("2^-11");
  const double rounding = isF16 ? 0x1p-12 : 0x1p-9;
  double norm = 8 * rounding;
  // A correction takes back what steps of its chunk have added. With keys that are alike and values
  // that are not, a state of strength b has the variance b / (2 - b) and a step's term twice b squared
  // by (2 - b): 32 terms, as many as a chunk has added in the mean, have together 64 b times the
  // state's. Four roundings of a term (of what is solved for, the inverse, a score, what is added),
  // each independent of the others, come to sqrt(4 * 64).
  if (bound.find("a correction takes back") != std::string::npos)
    norm = 16 * rounding;
  // A result of bf16 is rounded to 2^-8 of itself at its worst, which is more than what its factors of f16 come to.
  const bool hasCoarse = std::any_of(program.parameters.begin(), program.parameters.end(), [](const Parameter &parameter) {
    return parameter.role == Parameter::Role::output && parameter.dtype == Dtype::bf16;
  });
  return isF16 && hasCoarse ? norm + 0x1p-8 : norm;
}

Result<void> verdict(const std::vector<Comparison> &comparisons, double norm) {
  for (const Comparison &each : comparisons) {
    if (!each.checkable)
      return makeError(
          "SC8007", ErrorKind::mismatch,
          fmt::format("the reference of '{}' is not finite, or beyond the range of the types: "
                      "nothing can be checked",
                      each.name),
          "choose inputs at which the recurrence stays bounded, with --random or --in");
    if (each.wrong > 0)
      return makeError("SC8006", ErrorKind::mismatch,
                       fmt::format("{}; {} of {} elements are beyond their bound", each.firstWrong,
                                   each.wrong, each.elements),
                       "please report it, with the program, its sizes and --seed");
    if (each.relativeL2 > norm)
      return makeError("SC8006", ErrorKind::mismatch,
                       fmt::format("{}: expected a relative L2 error of at most {:.2g}, got {:.2g}", each.name,
                                   norm, each.relativeL2),
                       "please report it, with the program, its sizes and --seed");
  }
  return {};
}

} // namespace scanc::tuning
