//===- Progress.h - How far a long command is -------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_PROGRESS_H
#define SCANC_TOOLS_SCANC_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace scanc::cli {

/// A line on stderr that is written over and over; nothing where that is no terminal.
class Progress {
public:
  Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  ~Progress() { clear(); }

  /// A part of `total` evaluations begins; `what` names it.
  void begin(std::string what, std::int64_t total);
  /// One more is done; the best so far takes `seconds`, 0 if there is none.
  void step(double seconds);
  /// Takes the line away, so that others can be written.
  void clear();

private:
  void draw();

  bool isTerminal;
  bool isDrawn = false;
  std::string what;
  std::int64_t done = 0, total = 0;
  double best = 0;
  std::chrono::steady_clock::time_point start;
};

/// The line itself: done of total, evaluations a second, the best so far, time left.
std::string progressLine(const std::string &what, std::int64_t done, std::int64_t total, double elapsed,
                         double best);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_PROGRESS_H
