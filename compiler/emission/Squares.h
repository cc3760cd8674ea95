//===- Squares.h - A matrix state between memory and threads ----*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_SQUARES_H
#define SCANC_COMPILER_EMISSION_SQUARES_H

#include "compiler/emission/Accesses.h"

#include <functional>

namespace scanc::emission {

/// How the squares of kernel::outer_sequential move: `outer_square` rows and columns of the state, in vectors where those
/// of `access` run along one of these.
class Squares {
public:
  /// `rows` is the kernel's dim of rows; `access`, null where the state is not moved, has at most the columns behind it.
  Squares(CodeWriter &writer, const AccessText *access, std::string element, int64_t rows)
      : writer(writer), access(access), element(std::move(element)), rows(rows) {}

  using Convert = std::function<std::string(const std::string &)>;
  /// `initial`: by `loader` of vectors and `reader` of numbers, and zeros where nothing is.
  void writeFirst(const std::string &loader, const std::string &reader, const Convert &toState) const;
  /// `finish`.
  void writeLast(const Convert &toElement) const;

private:
  static constexpr int64_t side = 4;
  bool isInVectors() const { return access->getWidth() >= side; }
  bool isAlongRows() const { return access->getDimensions().back().kernelDim == rows; }
  std::string openLine() const;
  std::string openNumbers() const;
  std::string place(const std::string &i, const std::string &j) const;

  CodeWriter &writer;
  const AccessText *access;
  std::string element;
  int64_t rows;
};

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_SQUARES_H
