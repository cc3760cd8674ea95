//===- Trial.h - Operands of a program, run after run -----------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_TRIAL_H
#define SCANC_TESTS_SMITH_TRIAL_H

#include "runtime/tuning/Comparison.h"
#include "tests/smith/Smith.h"

#include "scanc/Compile.h"

namespace scanc::smith {

/// How `program` is compiled for `target`; with every size where `all`.
CompileOptions optionsOf(const RandomProgram &program, const std::string &target, bool all = false);

/// Random inputs in tensors with gaps, as the program says, and what the reference makes of them.
class Trial {
public:
  static Result<Trial> create(const RandomProgram &program);

  const std::vector<TensorRef> &tensors() const { return views; }
  /// Inputs as they were drawn, and results, and all that is between rows, NaN in every byte.
  void restore();
  /// What is wrong with the results of a kernel that states `allowance` for each number, and
  /// `norm` for all of them together; or a byte that was written and is no result. Empty where all is right.
  std::string verdict(tuning::Allowance allowance, double norm);
  /// Whether the reference is a number, with a bound, everywhere. What has none is not compared.
  bool isBounded() const { return bounded; }

private:
  void coverResults(std::vector<std::vector<char>> &image) const;

  std::vector<Parameter> parameters;
  std::vector<std::vector<char>> storage, drawn;
  std::vector<std::size_t> places; ///< the storage of each tensor
  std::vector<TensorRef> views;
  std::vector<ReferenceTensor> expected;
  bool bounded = true, isNumber = true;
};

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_TRIAL_H
