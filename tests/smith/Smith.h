//===- Smith.h - Random well-formed programs --------------------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_SMITH_H
#define SCANC_TESTS_SMITH_SMITH_H

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace scanc::smith {

/// A program and how it is tried.
struct RandomProgram {
  std::string text;
  std::map<std::string, std::int64_t> sizes; ///< of every name
  std::set<std::string> open; ///< names whose sizes the compiler is not told
  std::int64_t gap = 0;       ///< elements between the rows of every tensor, and before its first
  bool step = false;          ///< one step, whose states are updated in place
  std::uint64_t seed = 0;     ///< of operands, policies, variants and the order of threads
};

/// The program of a seed, at sizes that leave ragged tiles, in every layout and element type: for five seeds of
/// ten elementwise transitions, for one rows times weights before such a transition, for two dense ones, for two matrices
/// of state that take in outer products.
RandomProgram generate(std::uint64_t seed);

/// A file that says how it is tried: "# smith: B=2 T=17 open=T gap=3 step seed=5", then the text.
std::string toFile(const RandomProgram &program);
/// Its sizes and the rest stay as they are where the file has no such line.
RandomProgram fromFile(const std::string &file);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_SMITH_H
