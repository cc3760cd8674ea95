//===- tuning/Workbench.h - One problem, laid out for candidates -*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_WORKBENCH_H
#define SCANC_RUNTIME_TUNING_WORKBENCH_H

#include "runtime/tuning/Evaluate.h"
#include "runtime/tuning/GuardedBuffer.h"
#include "runtime/tuning/Oracle.h"
#include "scanc/SampleInputs.h"

namespace scanc::tuning {

/// Whether a candidate was right; `detail` says what was not.
struct Judgement {
  Outcome outcome = Outcome::ok;
  double errorOverBound = 0; ///< the worst, in bounds of the reference
  std::string detail;
};

/// What became of a candidate that failed: the device's fault is a crash, all else is refused.
Judgement judge(const Error &error);

/// How candidates for `problem` are compiled, but for the strategy.
CompileOptions compileOptions(const Problem &problem);

/// The operands of one problem, random inputs and guarded results, where its kernels run, with what
/// the results should be. For one candidate after the other.
class Workbench {
public:
  /// Offsets of segments, by parameter, that are not drawn.
  using Offsets = std::map<std::string, std::vector<std::int32_t>>;

  static Result<Workbench> create(const Problem &problem, const Offsets &offsets = {});

  /// "cpu", or the architecture of the device.
  const std::string &target() const { return resolvedTarget; }
  bool onCpu() const { return resolvedTarget == "cpu"; }
  const std::map<std::string, std::int64_t> &sizes() const { return allSizes; }
  /// Where kernels find the operands.
  std::vector<TensorRef> views() const;
  /// The inputs as they were made, and the results as `check` found them, on the host.
  const std::vector<TensorRef> &hostViews() const { return images; }
  const std::vector<Parameter> &signature() const { return parameters; }

  /// Launches once into poisoned results: are they right, is all else as it was?
  Judgement check(const Kernel &kernel);
  /// After more launches: is all but the results as it was? Puts it right if not.
  Judgement inspect();

private:
  Result<void> fill(const Problem &problem, const SampleInputs &samples, const Offsets &offsets);
  Result<void> run(const Kernel &kernel);
  Result<Judgement> findDamage() const;

  std::string resolvedTarget;
  std::map<std::string, std::int64_t> allSizes;
  std::vector<Parameter> parameters;
  std::vector<GuardedBuffer> buffers;  ///< in the order of the signature
  std::vector<TensorRef> images;       ///< of `buffers`, on the host
  std::optional<Oracle> oracle;
};

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_WORKBENCH_H
