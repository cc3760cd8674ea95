//===- Strategies.h - One recurrence for each strategy ----------*- C++ -*-===//
#ifndef SCANC_TESTS_GRID_STRATEGIES_H
#define SCANC_TESTS_GRID_STRATEGIES_H

#include "tests/grid/Subject.h"

#include <ostream>

namespace scanc::testing_support {

/// A program by a strategy whose tiles are small, at a size that leaves the last of several ragged.
struct Strategic {
  std::string name;
  std::string text;
  std::string strategy;
  Sizes bound; ///< known to the compiler
  Sizes sizes; ///< of every name
  std::int64_t tile = 1;
  /// Names of dimensions of which a number at one point never depends on one at another.
  std::vector<std::string> apart;
  /// Steps that are computed in another order where one of them is no number: right, but other
  /// bits.
  /// Chunks begin with segments.
  std::int64_t chunk = 1;
  /// What is not finite makes more of its own step and chunk infinite or no numbers than depends on it.
  bool spreads = false;
  /// Its factors are rounded to 16 bits, which the reference's bounds do not count: magnitudes of
  /// terms times this, where no term is negative; 0: as the reference says.
  double ofMagnitude = 0;
};

/// Random operands for `one`, of which no term is negative where bounds count on it.
Operands drawnFor(const Strategic &one, const Subject &subject, std::uint64_t seed);

/// How far element `i` of a result may be from the reference.
double boundOf(const Strategic &one, const Subject &subject, const ReferenceTensor &reference,
               std::size_t i);

/// The first result among `operands` that is farther, or empty.
std::string firstWrong(const Strategic &one, const Subject &subject, const Operands &operands);

/// All of them.
const std::vector<Strategic> &strategics();

inline std::ostream &operator<<(std::ostream &out, const Strategic &one) { return out << one.name; }

} // namespace scanc::testing_support

#endif // SCANC_TESTS_GRID_STRATEGIES_H
