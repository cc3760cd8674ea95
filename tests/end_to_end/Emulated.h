//===- Emulated.h - A program in the emulation against the oracle -*- C++ -*-===//
#ifndef SCANC_TESTS_END_TO_END_EMULATED_H
#define SCANC_TESTS_END_TO_END_EMULATED_H

#include "scanc/Compile.h"

#include <cstdint>
#include <string>
#include <vector>

namespace scanc::testing_support {

/// What a test asks for beside the text and the compile options.
struct Emulated {
  std::uint64_t seed = 3;    ///< of the operands, and of the order of threads
  std::string variants = ""; ///< run those alone whose names begin so
  std::string kernel = "";   ///< the template that the first kernel has to include
  double factor = 1;         ///< of the reference's bound
};

/// The text of a program of tests/programs.
std::string programText(const std::string &name);

/// Compiles `text`, runs it in the emulation and expects what the reference computes.
void expectRight(const std::string &text, const CompileOptions &options, const Emulated &how = {});

/// Runs `program` in the emulation on `operands`, and says which variant a launch takes.
Result<std::string> runChosen(const Program &program, const std::vector<TensorRef> &operands,
                              std::uint64_t seed);

} // namespace scanc::testing_support

#endif // SCANC_TESTS_END_TO_END_EMULATED_H
