//===- Mutate.h - Inputs made of other inputs -------------------*- C++ -*-===//
#ifndef SCANC_TESTS_FUZZ_MUTATE_H
#define SCANC_TESTS_FUZZ_MUTATE_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace scanc::fuzz {

/// The tokens of libFuzzer's dictionaries: what stands between quotes in each line, with \xNN, \\ and \".
std::vector<std::string> readDictionary(const std::string &path);

/// An input of `corpus`, changed in one to eight places: bits, bytes, ranges cut out, repeated or taken from another
/// input, tokens of the dictionary, numbers at the ends of their types. At most `longest` bytes.
std::string mutate(const std::vector<std::string> &corpus, const std::vector<std::string> &dictionary,
                   std::size_t longest, std::mt19937_64 &random);

} // namespace scanc::fuzz

#endif // SCANC_TESTS_FUZZ_MUTATE_H
