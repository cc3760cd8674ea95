//===- Progress.cpp - How far a long command is ---------------------------===//
#include "tools/scanc/Progress.h"

#include "tools/scanc/Numbers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace scanc::cli {

std::string progressLine(const std::string &what, std::int64_t done, std::int64_t total, double elapsed,
                         double best) {
  constexpr std::int64_t width = 20;
  std::int64_t filled = total > 0 ? std::min(done, total) * width / total : 0;
  std::string line = fmt::format("[{:#<{}}{:.<{}}] {}/{} {}", "", filled, "", width - filled, done, total, what);
  if (done == 0 || elapsed <= 0)
    return line;
  double rate = static_cast<double>(done) / elapsed;
  line += fmt::format("  {:.1f}/s", rate);
  if (best > 0)
    line += fmt::format("  best {}", secondsText(best));
  return line + fmt::format("  {} s left", static_cast<std::int64_t>(
                                               static_cast<double>(std::max<std::int64_t>(0, total - done)) / rate + 0.5));
}

Progress::Progress() : isTerminal(isatty(STDERR_FILENO) != 0) {}

void Progress::begin(std::string name, std::int64_t count) {
  what = std::move(name);
  total = count;
  done = 0;
  best = 0;
  start = std::chrono::steady_clock::now();
  draw();
}

void Progress::step(double seconds) {
  ++done;
  best = seconds;
  draw();
}

void Progress::draw() {
  if (!isTerminal)
    return;
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::string line = progressLine(what, done, total, elapsed.count(), best);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  isDrawn = true;
}

void Progress::clear() {
  if (!isDrawn)
    return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  isDrawn = false;
}

} // namespace scanc::cli
