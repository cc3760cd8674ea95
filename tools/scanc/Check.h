//===- Check.h - Results against the f64 reference --------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_CHECK_H
#define SCANC_TOOLS_SCANC_CHECK_H

#include "scanc/Compile.h"
#include "scanc/Npy.h"

namespace scanc::cli {

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

Comparison compare(const std::string &name, const NpyTensor &got, const ReferenceTensor &expected);

/// The error of a comparison that fails: SC8006, or SC8007 where the reference is not finite.
Result<void> verdict(const std::vector<Comparison> &comparisons);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_CHECK_H
