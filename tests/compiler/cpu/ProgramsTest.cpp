//===- ProgramsTest.cpp - Every shared program against the interpreter ----===//
#include "tests/compiler/cpu/Evaluation.h"

namespace scanc {
namespace {

using Named = std::pair<std::string, std::string>;
class Programs : public testing::TestWithParam<std::tuple<Named, Lie>> {};

/// Sizes that leave a rest in vectors and in blocks of lanes. Every name that a program may use.
Sizes sizes() {
  return {{"B", 2}, {"T", 9},  {"D", 19}, {"H", 3}, {"K", 5}, {"V", 6}, {"N", 4},
          {"E", 7}, {"G", 11}, {"S", 4},  {"U", 3}, {"O", 5}, {"L", 6}, {"P", 3}};
}

TEST_P(Programs, AgreeWithTheInterpreter) {
  const auto &[named, lie] = GetParam();
  Evaluation(named.second, sizes(), lie).expectAgreement();
}

std::string nameOf(const testing::TestParamInfo<std::tuple<Named, Lie>> &info) {
  static const char *lies[] = {"contiguous", "padded", "transposed", "backwards", "repeated"};
  return std::get<0>(info.param).first + "_" + lies[static_cast<int>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(All, Programs,
                         testing::Combine(testing::ValuesIn(programs()),
                                          testing::Values(Lie::contiguous, Lie::padded,
                                                          Lie::transposed, Lie::backwards)),
                         nameOf);

} // namespace
} // namespace scanc
