//===- Smith.h - Random well-formed programs --------------------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_SMITH_H
#define SCANC_TESTS_SMITH_SMITH_H

#include <cstdint>
#include <map>
#include <string>

namespace scanc::smith {

struct RandomProgram {
  std::string text;
  std::map<std::string, std::int64_t> sizes; ///< of every name
};

/// The program of a seed: one to three states in a cascade with identity, scalar or diagonal
/// transitions that stay within 1, with or without a state index and its readout, windows,
/// time-invariant tensors, reverse, initial and final states, several results, every layout and
/// element type, every ninth in complex numbers, at sizes that leave ragged tiles.
RandomProgram generate(std::uint64_t seed);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_SMITH_H
