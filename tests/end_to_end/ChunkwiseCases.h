//===- ChunkwiseCases.h - Chunkwise programs against the oracle -*- C++ -*-===//
//
// Factors of products are rounded to 16 bits, which the reference's bounds do not count: a number is
// right within 2^-7 (2^-10 of f16) of the sum of the magnitudes of its terms, which the reference gives where all
// factors are positive, and all numbers together within a relative L2 norm of 4e-3. Terms of a corrected state
// cancel, and what is normed is as large where they do: there all numbers together are right within 2^-7 (2^-10), and each within sixteen times their norm's share.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_END_TO_END_CHUNKWISECASES_H
#define SCANC_TESTS_END_TO_END_CHUNKWISECASES_H

#include "tests/end_to_end/Emulated.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace scanc::testing_support {

using Sizes = std::map<std::string, std::int64_t>;

/// An element of an operand that is not what was drawn. Results that the reference has finite are right, the others not
/// finite.
struct Poison {
  std::string parameter;
  std::int64_t element; ///< of the packed tensor
  double value;
};

/// What a test asks for beside the text and its sizes.
struct How {
  std::string variants = "";          ///< those alone whose names begin so
  std::string strategy = "chunkwise"; ///< with fields of its policy
  std::int64_t gap = 0;               ///< elements between rows of every tensor, and before the first
  std::set<std::string> signedInputs = {"g", "dt", "A", "bias", "log_gamma"}; ///< that enter decays and scales
  std::vector<std::int32_t> offsets = {}; ///< of segments, in place of what is drawn
  double boundOfAll = 0;                  ///< of the relative L2 norm, where it is above 0
  bool normed = false;                    ///< results are divided by a norm of theirs, however their terms cancel
  std::vector<Poison> poisons = {};
  bool turns = false; ///< a launch that runs beside the one before it goes before that one
};

/// The program with f16 where it has bf16.
std::string withF16(std::string text);

/// Runs the emitted kernel on random operands, and compares.
void expectNear(const std::string &text, const Sizes &sizes, const How &how = {});

} // namespace scanc::testing_support

#endif // SCANC_TESTS_END_TO_END_CHUNKWISECASES_H
