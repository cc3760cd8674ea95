//===- tuning/Evaluate.h - Is a candidate right, and how fast ---*- C++ -*-===//
//
// What a search and `scanc bench` ask: a problem, a strategy with its policy
// pinned, and the answer, correct first and timed afterwards. Every candidate
// meets the same inputs in buffers of its evaluator's own, whose results are
// poisoned with NaN before a run and whose surroundings are looked at after it.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_TUNING_EVALUATE_H
#define SCANC_RUNTIME_TUNING_EVALUATE_H

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanc::tuning {

/// A program at sizes: what candidates are compared on.
struct Problem {
  std::string text, filename = "<text>";
  std::string kernel;                        ///< which of the text; may be empty when it has one
  std::map<std::string, std::int64_t> sizes; ///< candidates are specialised for these
  std::string target = "native";             ///< as in `CompileOptions`
  /// Of random inputs, by name; others are drawn where the recurrence is tame (`sampleInputs`).
  std::map<std::string, std::pair<double, double>> ranges;
  std::uint64_t seed = 0;

  bool operator==(const Problem &) const = default;
};

enum class Outcome : std::uint8_t {
  ok,          ///< right, and timed
  wrong,       ///< a result beyond its bound, or an input that changed
  outOfBounds, ///< wrote beside a tensor
  timedOut,    ///< compiled or ran for longer than it may
  crashed,     ///< ended the process that ran it, or failed on the device
  refused,     ///< declined by its strategy, or it could not be compiled or loaded
};

/// "ok", "wrong", "out of bounds", "timed out", "crashed", "refused".
std::string_view spelling(Outcome outcome);

struct Evaluation {
  Outcome outcome = Outcome::refused;
  std::string strategy;          ///< as asked for: "blelloch(ring=3, lanes=4)"
  std::string chosen;            ///< what the kernel has: of "auto", the planner's choice
  double seconds = 0;            ///< of a launch: the median of `samples`
  double noise = 0;              ///< of `samples`: interquartile range over median
  double compileSeconds = 0;     ///< from the text to a loaded kernel; a cache may have helped
  double errorOverBound = 0;     ///< the worst of the elements that were checked
  std::vector<double> samples;   ///< seconds of a launch, in the order measured; only where `ok`
  std::string detail;            ///< why it is not `ok`, for people
};

/// Not to be called from several threads at once: candidates would disturb each other's times.
class Evaluator {
public:
  virtual ~Evaluator() = default;

  /// A launch that takes longer than `limitSeconds` is `timedOut`; 0: as long as it likes.
  virtual Evaluation evaluate(const Problem &problem, const std::string &strategy,
                              double limitSeconds) = 0;

  /// One evaluation for each strategy, timed in turns: sample i of one was measured right before or
  /// after sample i of the others, so that what disturbs the machine disturbs them all.
  virtual std::vector<Evaluation> compare(const Problem &problem,
                                          std::span<const std::string> strategies, int rounds) = 0;
};

/// Runs candidates in this process: one that crashes or hangs takes it along.
std::unique_ptr<Evaluator> inProcess();

struct ChildOptions {
  std::string program;                ///< empty: the one that runs
  std::vector<std::string> arguments; ///< that make it a child: scanc's hidden sub-command if empty
  double compileSeconds = 60;         ///< for a candidate: to compile and to load
  double runSeconds = 30;             ///< for all its launches
  double prepareSeconds = 300; ///< for a problem: its inputs, and what results they should have
};

/// Runs candidates in a child process, which keeps a problem from one call to the next. A candidate
/// that ends or hangs the child costs that candidate alone: the next call starts another child.
std::unique_ptr<Evaluator> inChildProcess(ChildOptions options = {});

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_EVALUATE_H
