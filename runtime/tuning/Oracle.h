//===- tuning/Oracle.h - What results should be, asked once -----*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_ORACLE_H
#define SCANC_RUNTIME_TUNING_ORACLE_H

#include "runtime/tuning/Comparison.h"

#include <span>

namespace scanc::tuning {

/// The reference's results of one problem: whole where that is cheap, else of a few lanes at both
/// ends, whole in time, since the reference walks number by number.
class Oracle {
public:
  /// `operands` lie on the host and outlive this; results among them are compared where they lie.
  /// `lanes` are the names that may be cut. `options` bind no size.
  static Result<Oracle> create(const std::string &text, const CompileOptions &options,
                               const std::vector<Parameter> &signature,
                               const std::vector<TensorRef> &operands,
                               const std::vector<std::string> &lanes);

  /// One for each result and stretch of lanes, by what `allowance` has beyond the bound of the reference.
  std::vector<Comparison> compareAll(Allowance allowance) const;

private:
  struct Stretch {
    std::vector<TensorRef> operands;
    std::vector<ReferenceTensor> expected; ///< of the results
  };
  std::vector<Parameter> signature;
  std::vector<Stretch> stretches;
};

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_ORACLE_H
