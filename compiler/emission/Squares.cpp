//===- Squares.cpp - A matrix state between memory and threads ------------===//
#include "compiler/emission/Squares.h"

#include "llvm/Support/FormatVariadic.h"

using llvm::formatv;

namespace scanc::emission {

/// The address of a number; an access that lacks an index has the same for all of its points.
std::string Squares::place(const std::string &i, const std::string &j) const {
  Indices indices;
  for (int64_t dim : {rows, rows + 1})
    if (llvm::any_of(access->getDimensions(),
                     [&](const AccessText::Dimension &has) { return has.kernelDim == dim; }))
      indices.push_back(dim == rows ? i : j);
  return access->data() + " + (" + access->stepOffset(indices) + ")";
}

/// Opens a loop over the lines of a square that a vector has each, of those that are there: where one begins.
std::string Squares::openLine() const {
  bool alongRows = isAlongRows();
  writer.openLoop(alongRows ? "y" : "x", std::to_string(side));
  writer.open(alongRows ? "if (i < rows && j + y < columns)" : "if (i + x < rows && j < columns)");
  return alongRows ? place("i", "(j + y)") : place("(i + x)", "j");
}

/// Opens loops over the numbers of a square that are there: where one is.
std::string Squares::openNumbers() const {
  writer.openLoop("x", std::to_string(side));
  writer.openLoop("y", std::to_string(side));
  writer.line("if (i + x < rows && j + y < columns)");
  return place("(i + x)", "(j + y)");
}

void Squares::writeFirst(const std::string &loader, const std::string &reader, const Convert &toState) const {
  writer.blank();
  writer.line("// Rows from `i` and columns from `j` on, 0 beyond the last.");
  writer.open(formatv("__device__ __forceinline__ void initial(float (&to)[{0}][{0}], const lane &at, int i, int j) const",
                      side)
                  .str());
  writer.openLoop("x", std::to_string(side));
  writer.openLoop("y", std::to_string(side));
  writer.line("to[x][y] = 0.0f;");
  writer.close();
  writer.close();
  if (access && isInVectors()) {
    std::string from = openLine();
    writer.line(formatv("{0} of[{1}];", element, side).str());
    writer.line(formatv("{0}<{1}>(of, {2});", loader, side, from).str());
    writer.openLoop(isAlongRows() ? "x" : "y", std::to_string(side));
    writer.line("to[x][y] = " + toState(isAlongRows() ? "of[x]" : "of[y]") + ";");
    writer.close();
    writer.close();
    writer.close();
  } else if (access) {
    std::string from = openNumbers();
    writer.line("  to[x][y] = " + toState(reader + "(" + from + ")") + ";");
    writer.close();
    writer.close();
  }
  writer.close();
}

void Squares::writeLast(const Convert &toElement) const {
  writer.blank();
  writer.open(formatv("__device__ __forceinline__ void finish(const lane &at, int i, int j, const float (&last)[{0}][{0}]) const",
                      side)
                  .str());
  if (access && isInVectors()) {
    std::string to = openLine();
    writer.line(formatv("{0} of[{1}];", element, side).str());
    writer.openLoop(isAlongRows() ? "x" : "y", std::to_string(side));
    writer.line((isAlongRows() ? "of[x] = " : "of[y] = ") + toElement("last[x][y]") + ";");
    writer.close();
    writer.line(formatv("thread::store<{0}>({1}, of);", side, to).str());
    writer.close();
    writer.close();
  } else if (access) {
    std::string to = openNumbers();
    writer.line("  thread::write(" + to + ", " + toElement("last[x][y]") + ");");
    writer.close();
    writer.close();
  }
  writer.close();
}

} // namespace scanc::emission
