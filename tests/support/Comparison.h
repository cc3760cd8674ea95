//===- Comparison.h - Random operands, and results against the oracle -*- C++ -*-===//
#ifndef SCANC_TESTS_SUPPORT_COMPARISON_H
#define SCANC_TESTS_SUPPORT_COMPARISON_H

#include "scanc/Compile.h"

#include <functional>
#include <string>
#include <vector>

namespace scanc::testing_support {

/// Contiguous host tensors of a signature: inputs drawn from `seed` within the ranges at which the
/// recurrence is tame, results NaN in every byte.
struct Operands {
  std::vector<std::vector<char>> storage;
  std::vector<TensorRef> tensors;
};
Result<Operands> makeOperands(const std::string &text, const CompileOptions &options,
                              const std::vector<Parameter> &signature, std::uint64_t seed);

/// The same numbers with `gap` elements before every row and before the first, NaN in every byte.
Operands withGaps(const std::vector<TensorRef> &tensors, std::int64_t gap);

/// The address of element `i`, in row-major order, of a tensor of any strides.
char *elementOf(const TensorRef &tensor, std::int64_t i);

void forEachElement(const TensorRef &tensor, const std::function<void(char *)> &visit);

/// What is wrong with the results among `operands`, or empty: the first element that is outside the
/// reference's bound times `factor`, or a reference that is not finite.
std::string firstMismatch(const std::string &text, const CompileOptions &options,
                          const std::vector<Parameter> &signature, const Operands &operands,
                          double factor = 1);

/// For products of tf32x3: the low parts are rounded to 2^-23 of a factor each, their product of 2^-22 is
/// left out, 8 roundings of f32 together, where the reference counts one.
inline constexpr double splitProducts = 8;

/// For chunks under one matrix: a chunk's end is off by what the bound has for its steps, the power by as much
/// as log2 of them add to one product, and the states by what a step adds for each chunk: twice the bound of
/// the walk in the order of time.
inline constexpr double twoWalks = 2;

/// For products of matrices that are kept in two terms of f16 or bf16: 2^-17 of their largest number at
/// each step, where the reference counts 2^-24 of each.
inline constexpr double keptProducts = 128;

} // namespace scanc::testing_support

#endif // SCANC_TESTS_SUPPORT_COMPARISON_H
