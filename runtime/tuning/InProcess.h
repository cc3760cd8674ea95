//===- tuning/InProcess.h - Candidates in this process ----------*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_INPROCESS_H
#define SCANC_RUNTIME_TUNING_INPROCESS_H

#include "runtime/tuning/Evaluate.h"
#include "scanc/Compile.h"

#include <functional>

namespace scanc::tuning {

/// What an evaluation does at the moment, each with a time of its own that it may take.
enum class Phase : std::uint8_t {
  prepare, ///< a problem: inputs, and what results they should have
  compile, ///< a candidate
  check,   ///< its first launches
  measure, ///< launches of all that are right
};

struct InProcessOptions {
  /// Called as a phase begins, with the strategy that it is for (empty: several); may be empty.
  std::function<void(Phase, const std::string &strategy)> onPhase;
  /// What makes kernels of a text.
  std::function<Result<Kernel>(std::string_view, const CompileOptions &)> compile = scanc::compile;
};

std::unique_ptr<Evaluator> inProcess(InProcessOptions options);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_INPROCESS_H
