//===- Programs.h - Texts for the tests of the front end --------*- C++ -*-===//
#ifndef SCANC_TESTS_COMPILER_FRONTEND_PROGRAMS_H
#define SCANC_TESTS_COMPILER_FRONTEND_PROGRAMS_H

#include "compiler/frontend/Check.h"
#include "compiler/frontend/Parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace scanc::frontend {

struct Program {
  std::string name;
  std::string text;
};

void PrintTo(const Program &program, std::ostream *stream);
std::string nameOf(const testing::TestParamInfo<Program> &program);

/// Every file of tests/programs/, by name.
std::vector<Program> programs();
/// The text of tests/programs/NAME.scan.
std::string program(const std::string &name);
/// The text of docs/PATH.
std::string documentation(const std::string &path);

/// A file, what it was checked to, and every error of it.
struct Read {
  explicit Read(const std::string &text);
  std::string text;
  File file;
  std::vector<CheckedKernel> kernels; ///< empty when the text does not parse
  std::vector<Error> errors;
};

/// The errors as a person reads them, for messages of failed tests.
std::string renderAll(const std::vector<Error> &errors);

} // namespace scanc::frontend

#endif // SCANC_TESTS_COMPILER_FRONTEND_PROGRAMS_H
