//===- Programs.h - The recurrences whose sizes are tried -------*- C++ -*-===//
#ifndef SCANC_TESTS_GRID_PROGRAMS_H
#define SCANC_TESTS_GRID_PROGRAMS_H

#include <string>

namespace scanc::testing_support {

/// What is innermost in memory.
enum class Innermost : bool { time, lanes };

/// `h = a h + x` in elements of `type`, states given and taken in the type that they are computed
/// in.
inline std::string linearScan(const std::string &type, Innermost innermost, bool reverse) {
  const std::string state = type == "f64" || type == "c64" ? type : "f32";
  const std::string dims = innermost == Innermost::time ? "[B, D, T]" : "[B, T, D]";
  return "kernel linear(a, x: " + type + dims + ", h0: " + state + "[B, D]) -> (y: " + type + dims +
         ", hT: " + state + "[B, D]) {\n  " + (reverse ? "reverse " : "") +
         R"(scan T as t over B, D {
    init h = h0
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
    final h -> hT
  }
})";
}

} // namespace scanc::testing_support

#endif // SCANC_TESTS_GRID_PROGRAMS_H
