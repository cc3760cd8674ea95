//===- tuning/Comparison.h - Results against the f64 reference --*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_COMPARISON_H
#define SCANC_RUNTIME_TUNING_COMPARISON_H

#include "scanc/Compile.h"

namespace scanc::tuning {

/// How far one result is from the reference.
struct Comparison {
  std::string name;
  double maxError = 0;
  double maxErrorOverBound = 0; ///< at most 1 in a correct result
  double relativeL2 = 0;        ///< ‖got - reference‖ / ‖reference‖
  std::int64_t elements = 0, wrong = 0;
  std::string firstWrong; ///< "y[0, 3]: expected 1.5 within 2e-3, got nan"
  bool checkable = true; ///< the reference is a number and has a bound, everywhere
};

/// How far a number of a result may be off.
struct Allowance {
  double factor = 1;    ///< times the bound of the reference
  double ofLargest = 0; ///< and so much of the largest number of the result
};

/// `got` is on the host, of any strides; its sizes are those of `expected`.
Comparison compare(const std::string &name, const TensorRef &got, const ReferenceTensor &expected,
                   Allowance allowance = {});

/// What a strategy states beyond the reference's bound, which counts one rounding for each
/// operation: products of split or kept factors have more.
Allowance statedAllowance(const Program &program);

/// The relative L2 error that a strategy states for all numbers of a result together, infinite where it states none. Where
/// factors of products are rounded, `statedAllowance` allows each number what the largest of them may need.
double statedNorm(const Program &program);

/// The error of a comparison that fails, or is farther off than `norm` as a whole: SC8006, or SC8007 where the reference
/// is not finite.
Result<void> verdict(const std::vector<Comparison> &comparisons, double norm);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_COMPARISON_H
