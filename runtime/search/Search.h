//===- search/Search.h - Which candidates to measure, and the best --------===//
//
// Deterministic: the same times and options give the same candidates in the same
// order, and the same pick.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_SEARCH_SEARCH_H
#define SCANC_RUNTIME_SEARCH_SEARCH_H

#include "runtime/search/Space.h"
#include "runtime/tuning/Evaluate.h"

#include <functional>

namespace scanc::search {

/// How much is measured: nothing; all of a small space, else a tenth of it where times and the
/// cost model say that it is best; everything.
enum class Effort : std::uint8_t { none, quick, full };

struct SearchOptions {
  Effort effort = Effort::quick;
  std::uint64_t seed = 0; ///< draws the few points that are measured for being unlike the others
  double budgetSeconds = 0;     ///< no evaluation begins later; 0: no limit
  std::int64_t evaluations = 0; ///< at most; 0: by the effort
  std::int64_t finalists = 10;  ///< timed in turns at the end
  int rounds = 15;              ///< of these
  /// Evaluations of an earlier run, which are not made again.
  std::vector<tuning::Evaluation> known;
  /// Called with every evaluation that was made.
  std::function<void(const tuning::Evaluation &)> onEvaluation;
  /// Candidates that may be next, so that they can be compiled meanwhile.
  std::function<void(std::span<const std::string>)> onAhead;
  std::function<bool()> isStopped; ///< asked before each evaluation
};

struct SearchResult {
  tuning::Evaluation best;     ///< outcome other than `ok` where nothing was measured right
  tuning::Evaluation untuned;  ///< the pick of the cost model, timed in turns with `best`
  std::int64_t measured = 0;   ///< evaluations that were made
  bool isStopped = false;      ///< by `isStopped`: `best` is of what was known then
};

/// Times the pick of the cost model, then others, and the best of them in turns with it.
SearchResult findBest(tuning::Evaluator &evaluator, const tuning::Problem &problem,
                      const Space &space, const SearchOptions &options);

/// How many evaluations that takes at most, those that are known included; not counting the last,
/// in turns.
std::size_t evaluationsOf(const Space &space, const SearchOptions &options);

/// Points up to which `quick` measures all of a space.
inline constexpr std::size_t smallSpace = 64;

} // namespace scanc::search

#endif // SCANC_RUNTIME_SEARCH_SEARCH_H
