//===- search/Recorded.h - Evaluations of an earlier sweep ----------------===//
#ifndef SCANC_RUNTIME_SEARCH_RECORDED_H
#define SCANC_RUNTIME_SEARCH_RECORDED_H

#include "runtime/search/Space.h"
#include "runtime/tuning/Evaluate.h"
#include "runtime/wisdom/Record.h"

namespace scanc::search {

/// What a record says of its candidate.
tuning::Evaluation evaluationOf(const rt::Record &record);

/// The records of one problem: its kernel, sizes, target and device.
struct RecordedProblem {
  rt::Record like; ///< the first of them
  std::vector<rt::Record> records; ///< the latest of each candidate

  Space space() const;
  double best() const; ///< seconds of the fastest that is right; infinite where none is
  /// Of a candidate that was not recorded: infinite.
  double secondsOf(const std::string &strategy) const;
};

/// The evaluations among `records` by problem, in the order in which they begin.
std::vector<RecordedProblem> problemsOf(const std::vector<rt::Record> &records);

/// Answers with what was recorded, at once; a candidate that was not is refused.
class RecordedEvaluator final : public tuning::Evaluator {
public:
  explicit RecordedEvaluator(const RecordedProblem &problem) : problem(problem) {}

  tuning::Evaluation evaluate(const tuning::Problem &, const std::string &strategy,
                              double limitSeconds) override;
  std::vector<tuning::Evaluation>
  compare(const tuning::Problem &, std::span<const std::string> strategies, int rounds) override;

private:
  const RecordedProblem &problem;
};

} // namespace scanc::search

#endif // SCANC_RUNTIME_SEARCH_RECORDED_H
