//===- MatrixInputs.cpp - What a step reads beside and of its matrix -------===//
#include "compiler/emission/MatrixKernel.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

/// Which dimensions of its value the register dimensions of a read are, as they lie in memory.
SmallVector<int64_t> MatrixKernelWriter::orderOf(unsigned read) const {
  SmallVector<int64_t> inMemory, sorted;
  for (const AccessText::Dimension &dim : reads[read].getDimensions())
    if (dim.axis == AccessText::Axis::index && !llvm::is_contained(inMemory, dim.kernelDim))
      inMemory.push_back(dim.kernelDim);
  sorted = inMemory;
  llvm::sort(sorted);
  for (int64_t &dim : inMemory)
    dim = llvm::find(sorted, dim) - sorted.begin();
  return inMemory;
}

SmallVector<int64_t> MatrixKernelWriter::shapeInMemory(unsigned read) const {
  ArrayRef<int64_t> shape = shapeOf(plan::KernelInterface(kernel).getBody().getArgument(read));
  SmallVector<int64_t> sizes;
  for (int64_t dim : orderOf(read))
    sizes.push_back(shape[dim]);
  return sizes;
}

/// Numbers of a read for one step.
int64_t MatrixKernelWriter::pointsOf(unsigned read) const {
  return llvm::product_of(shapeInMemory(read));
}

int64_t MatrixKernelWriter::bytesOf(unsigned read) const {
  Type type = plan::KernelInterface(kernel).getBody().getArgument(read).getType();
  return bytesOfElement(getElementTypeOrSelf(type));
}

void MatrixKernelWriter::writeInputs() {
  int64_t copies = 0;
  writer.line("// What a step reads beside its matrix.");
  writer.open("struct inputs");
  for (unsigned read : inputs) {
    Type type = getElementTypeOrSelf(kernel.getBody().getArgument(read).getType());
    writer.line(formatv("alignas(16) {0} {1}[{2}];", spellElement(type), reads[read].getMember(),
                        pointsOf(read))
                    .str());
    copies = std::max(copies, pointsOf(read) / reads[read].getWidth());
  }
  writer.close("};");
  writer.line(formatv("static constexpr int input_copies = {0};", copies).str());
}

/// What is read of memory where the matrix is no more than that, widened.
static Value matrixOf(Value gain) {
  auto widened = gain.getDefiningOp<arith::ExtFOp>();
  return widened ? widened.getIn() : gain;
}

/// Whether the matrix lies in memory as it does in shared memory, 16 bytes of a row at a time.
bool MatrixKernelWriter::copiesMatrix() const {
  auto read = dyn_cast<BlockArgument>(matrixOf(advance.getGain()));
  if (!read)
    return false;
  const AccessText &access = reads[read.getArgNumber()];
  // The columns are the last register dimension of the access, and last in memory.
  int64_t column = 0;
  for (const AccessText::Dimension &dim : access.getDimensions())
    column = std::max(column, dim.kernelDim);
  return access.getDimensions().back().kernelDim == column &&
         access.getWidth() * bytesOf(read.getArgNumber()) == 16;
}

/// What every thread reads of its rows, once.
void MatrixKernelWriter::writeGain() {
  writer.blank();
  writer.open("__device__ __forceinline__ " + Twine(number) +
              " gain(const lane &at, int row, int column) const");
  writer.line("return " +
              Twine(print(advance.getGain(), {"row", "column"},
                          [&](Value value, const Indices &indices) {
                            unsigned read = cast<BlockArgument>(value).getArgNumber();
                            return "thread::read(" + place(read, indices) + ")";
                          })) +
              ";");
  writer.close();
}

/// For whoever copies a whole matrix: chunks of time, whose products wait for nothing else.
void MatrixKernelWriter::writeRowAt() {
  auto matrix = cast<BlockArgument>(matrixOf(advance.getGain()));
  writer.blank();
  writer.line("// Where row `row` of the matrix begins.");
  writer.open("__device__ __forceinline__ const element *row_at(const lane &at, long long step, int "
              "row) const");
  writer.line("return " + Twine(place(matrix.getArgNumber(), {"row", "0"})) + ";");
  writer.close();
}

void MatrixKernelWriter::writeFetch() {
  if (copiesMatrix() && !kernel.getScratch().empty())
    writeRowAt();
  writer.blank();
  writer.line("// 16 bytes of row `row` of the matrix, from `column` on.");
  writer.open("__device__ __forceinline__ void fetch(element *to, const lane &at, long long step, "
              "int row, int column) const");
  if (copiesMatrix()) {
    auto matrix = cast<BlockArgument>(matrixOf(advance.getGain()));
    writer.line("start_copy<16>(to, " +
                Twine(place(matrix.getArgNumber(), {"row", "column"})) + ");");
  } else {
    std::string number =
        print(advance.getGain(), {"row", "(column + k)"}, [&](Value value, const Indices &indices) {
          unsigned read = cast<BlockArgument>(value).getArgNumber();
          return "thread::read(" + place(read, indices) + ")";
        });
    writer.openLoop("k", "static_cast<int>(16 / sizeof(element))");
    writer.line("shared_store(to[k], column + k < size ? narrow<element>(" + Twine(number) +
                ") : element{});");
    writer.close();
  }
  writer.close();
}

void MatrixKernelWriter::writeFetchInputs() {
  writer.blank();
  writer.open("__device__ __forceinline__ void fetch_inputs(inputs &to, const lane &at, long long "
              "step, int i) const");
  for (unsigned read : inputs) {
    const AccessText &access = reads[read];
    int64_t width = access.getWidth(), bytes = width * bytesOf(read);
    std::string first = width == 1 ? "i" : formatv("(i * {0})", width).str();
    SmallVector<int64_t> order = orderOf(read), sizes = shapeInMemory(read);
    Indices indices(std::max<size_t>(1, order.size()), first);
    for (int64_t k = static_cast<int64_t>(order.size()) - 1, below = 1; order.size() > 1 && k >= 0; --k) {
      indices[order[k]] = formatv("({0} / {1} % {2})", first, below, sizes[k]).str();
      below *= sizes[k];
    }
    std::string from = access.data() + " + (" + access.stepOffset(indices) + ")";
    std::string cell = formatv("to.{0}[{1}]", access.getMember(), first).str();
    writer.line(formatv("if (i < {0})", pointsOf(read) / width).str());
    if (bytes >= 4)
      writer.line(formatv("  start_copy<{0}>(&{1}, {2});", bytes, cell, from).str());
    else
      writer.line(formatv("  shared_store({0}, thread::read({1}));", cell, from).str());
  }
  writer.close();
}

/// Whether the bias is the zero of its ring.
bool MatrixKernelWriter::addsNothing() const {
  FloatAttr bias;
  if (!matchPattern(advance.getBias(), m_Constant(&bias))) {
    DenseFPElementsAttr all;
    if (!matchPattern(advance.getBias(), m_Constant(&all)) || !all.isSplat())
      return false;
    bias = all.getSplatValue<FloatAttr>();
  }
  APFloat value = bias.getValue();
  plan::Ring ring = advance.getRing();
  return ring == plan::Ring::Real ? value.isZero()
                                  : value.isInfinity() && value.isNegative() == (ring != plan::Ring::MinPlus);
}

/// A bias alone is a number.
std::string MatrixKernelWriter::inputType() const {
  if (!advance.getScale() && !advance.getDiagonal())
    return number;
  auto spelled = [](bool isThere) { return isThere ? "true" : "false"; };
  return formatv("block::row_terms<{0}, {1}, {2}, {3}>", number, spelled(!!advance.getScale()),
                 spelled(!!advance.getDiagonal()), spelled(!addsNothing()))
      .str();
}

void MatrixKernelWriter::writeInput() {
  writer.blank();
  writer.open("__device__ __forceinline__ " + Twine(inputType()) + " input(" +
              Twine(sharesMatrix() ? "" : "const inputs &from, ") +
              "const lane &at, long long step, int i) const");
  auto printed = [&](Value term) {
    return print(term, {"i"}, [&](Value value, const Indices &indices) {
      unsigned read = cast<BlockArgument>(value).getArgNumber();
      return sharesMatrix() ? "thread::read(" + place(read, indices) + ")"
                            : printInput(read, indices);
    });
  };
  std::string terms;
  if (advance.getScale())
    terms += ".scale = " + printed(advance.getScale()) + ", ";
  if (advance.getDiagonal())
    terms += ".diagonal = " + printed(advance.getDiagonal()) + ", ";
  std::string bias = printed(advance.getBias());
  writer.line("return " + (terms.empty() ? bias : "{" + terms + ".bias = " + bias + "}") + ";");
  writer.close();
}

/// The same as a copy to a cell.
void MatrixKernelWriter::writeFetchInput() {
  writer.blank();
  writer.open("__device__ __forceinline__ void fetch_input(float *to, const lane &at, long long step, int i) const");
  writer.line("start_copy<4>(to, " +
              Twine(place(cast<BlockArgument>(advance.getBias()).getArgNumber(), {"i"})) + ");");
  writer.close();
}

/// A number of a read in shared memory.
std::string MatrixKernelWriter::printInput(unsigned read, const Indices &indices) const {
  Indices inMemory;
  for (int64_t dim : orderOf(read))
    inMemory.push_back(indices[dim]);
  return formatv("shared_load(from.{0}[{1}])", reads[read].getMember(),
                 flatIndex(shapeInMemory(read), inMemory))
      .str();
}

} // namespace scanc::emission
