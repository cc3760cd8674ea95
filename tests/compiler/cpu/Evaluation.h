//===- Evaluation.h - Kernels on the CPU with made-up operands --*- C++ -*-===//
#ifndef SCANC_TESTS_COMPILER_CPU_EVALUATION_H
#define SCANC_TESTS_COMPILER_CPU_EVALUATION_H

#include "scanc/Compile.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace scanc {

using Sizes = std::map<std::string, std::int64_t>;

/// How an operand lies in its memory.
enum class Lie {
  contiguous,
  padded,     ///< unused elements between rows and between elements
  transposed, ///< first dimension fastest
  backwards,  ///< negative strides
  repeated,   ///< inputs: stride 0 in the first dimension; results: contiguous
};

/// A tensor with memory of its own; what lies between its elements must not change.
class Operand {
public:
  Operand(Parameter parameter, const Sizes &sizes, Lie lie);

  /// Calls with the address of each element, in row-major order.
  void forEach(const std::function<void(void *)> &visit);
  void fill(std::uint32_t seed, double low, double high);
  void assign(const std::vector<double> &values);
  /// Row-major; c64 gives two numbers an element.
  std::vector<double> values();
  bool gapsAreUntouched();

  Parameter parameter;
  TensorRef tensor;

private:
  std::vector<std::uint64_t> storage;
};

/// Operands of a kernel in the order of its signature: inputs with random numbers between -1 and 1,
/// offsets of packed sequences at random, empty ones included.
class Evaluation {
public:
  Evaluation(std::string text, Sizes sizes, Lie lie = Lie::contiguous, CompileOptions options = {});

  Operand &operator[](const std::string &name);
  std::vector<TensorRef> tensors() const;
  Result<void> launch();
  /// Launches and compares every result with the interpreter's, within its bounds.
  void expectAgreement();

private:
  std::string text;
  CompileOptions options;
  std::vector<Operand> operands;
  std::optional<Error> failure; ///< of reading the text: what a launch returns
};

/// Every file of tests/programs/: name and text.
std::vector<std::pair<std::string, std::string>> programs();
std::string program(const std::string &name);

} // namespace scanc

#endif // SCANC_TESTS_COMPILER_CPU_EVALUATION_H
