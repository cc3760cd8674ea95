//===- search/CompileAhead.h - Candidates compiled before their turn ------===//
#ifndef SCANC_RUNTIME_SEARCH_COMPILEAHEAD_H
#define SCANC_RUNTIME_SEARCH_COMPILEAHEAD_H

#include "runtime/tuning/Evaluate.h"

#include <condition_variable>
#include <mutex>
#include <set>
#include <span>
#include <thread>

namespace scanc::search {

/// Threads that put the kernels of candidates into the cache on disk, so that who measures them
/// only loads: of each candidate the variant that the tensors of the problem take. Touches no
/// device. What fails, fails again where it is measured.
class CompileAhead {
public:
  CompileAhead(const tuning::Problem &problem, int threads);
  CompileAhead(const CompileAhead &) = delete;
  CompileAhead &operator=(const CompileAhead &) = delete;
  /// Leaves what has not begun.
  ~CompileAhead();

  /// These are wanted, the first soonest; others that were wanted before no more.
  void want(std::span<const std::string> strategies);

private:
  void work();
  void compile(const std::string &strategy);

  tuning::Problem problem;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> wanted; ///< the last is the next
  std::set<std::string> begun;
  bool isOver = false;
  std::vector<std::thread> threads;
};

} // namespace scanc::search

#endif // SCANC_RUNTIME_SEARCH_COMPILEAHEAD_H
