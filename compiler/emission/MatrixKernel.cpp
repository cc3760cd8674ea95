//===- MatrixKernel.cpp - Kernels whose step multiplies by a matrix -------===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

namespace {

/// See "What the emitter prints where a step has a matrix" in templates/README.md. Values are
/// written out where they are used: an array for one of n x n numbers would fill the registers.
class MatrixKernelWriter final : public KernelWriter {
public:
  MatrixKernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant);

protected:
  void writeRecurrence() override;
  bool isHeld(const AccessText &) const override { return false; }
  StringRef threads() const override { return sharesMatrix() ? "threads()" : "threads"; }

private:
  void writeShape();
  void writeInputs();
  void writeFirstState();
  void writeFetch();
  void writeFetchInputs();
  void writeInput();
  void writeStore();
  void writeLastState();
  std::string print(Value value, const Indices &indices, Expressions::Leaf leaf);
  bool copiesMatrix() const;
  /// Whether the lanes of a block have the same matrix: kernel/dense_columns.cuh.
  bool sharesMatrix() const { return kernel.getSharedDims() > 0; }
  std::string place(unsigned read, const Indices &indices) const {
    return reads[read].data() + " + (" + reads[read].stepOffset(indices) + ")";
  }
  int64_t pointsOf(unsigned read) const;
  int64_t bytesOf(unsigned read) const;

  mutable plan::AdvanceOp advance;
  SmallVector<unsigned> inputs; ///< reads that the bias is computed from
  int64_t size;
};

MatrixKernelWriter::MatrixKernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant)
    : KernelWriter(kernel, variant), advance(advances.front()), size(stateSize(0)) {
  llvm::SetVector<Value> open;
  open.insert(advance.getBias());
  for (size_t i = 0; i < open.size(); ++i) {
    if (auto read = dyn_cast<BlockArgument>(open[i]))
      inputs.push_back(read.getArgNumber());
    else
      open.insert_range(open[i].getDefiningOp()->getOperands());
  }
}

std::string MatrixKernelWriter::print(Value value, const Indices &indices, Expressions::Leaf leaf) {
  Expressions expressions(writer, policy.getStateThreads(), std::move(leaf));
  std::string code = expressions.at(value, indices);
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  return code;
}

/// Numbers of a read for one step.
int64_t MatrixKernelWriter::pointsOf(unsigned read) const {
  return shapeOf(plan::KernelInterface(kernel).getBody().getArgument(read)).empty() ? 1 : size;
}

int64_t MatrixKernelWriter::bytesOf(unsigned read) const {
  Type type = plan::KernelInterface(kernel).getBody().getArgument(read).getType();
  return bytesOfElement(getElementTypeOrSelf(type));
}

void MatrixKernelWriter::writeRecurrence() {
  writeShape();
  writer.blank();
  writeGeometry("lanes");
  writeEnter();
  writeFirstState();
  writeFetch();
  if (!sharesMatrix())
    writeFetchInputs();
  writeInput();
  writeStore();
  writeLastState();
}

void MatrixKernelWriter::writeShape() {
  // A block that shares its lane with others has a chunk of the steps.
  std::string shared;
  if (!kernel.getScratch().empty())
    shared = formatv(", .chunk = {0}, .group = {1}, .terms = {2}", policy.getSteps(),
                     policy.getRuns(), kernel.getTerms());
  if (sharesMatrix())
    writer.line(formatv("static constexpr columns_policy shape{{.columns = {0}, .parts = {1}, .steps = {2}, "
                        ".ring = {3}, .blocks = {4}};",
                        policy.getLaneThreads(), kernel.getParts(), policy.getSteps(),
                        policy.getRing(), policy.getBlocks())
                    .str());
  else
    writer.line(
      formatv("static constexpr dense_policy shape{{.threads = {0}, .parts = {1}, .rows = {2}, "
              ".ring = {3}, .blocks = {4}{5}};",
              policy.getThreads(), kernel.getParts(), kernel.getRows(), policy.getRing(),
              policy.getBlocks(), shared)
          .str());
  writer.line(formatv("static constexpr int size = {0}; // rows of a matrix", size).str());
  writer.line("using element = " + Twine(spellElement(kernel.getElement())) +
              "; // of a matrix in shared memory");
  writer.line(formatv("static constexpr bool copies = {0}; // 16 bytes of a row at a time",
                      copiesMatrix() ? "true" : "false")
                  .str());
  writeOffset();
  writer.blank();
  writer.line("// Where a lane begins.");
  writeLane();
  if (!sharesMatrix())
    writeInputs();
  writer.blank();
  writer.line("const arguments &args;");
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

void MatrixKernelWriter::writeFirstState() {
  writer.blank();
  writer.open("__device__ __forceinline__ float initial(const lane &at, int i) const");
  if (kernel.getInits().empty()) {
    writer.line("return 0.0f;");
  } else {
    auto access = cast<plan::AccessAttr>(kernel.getInits()[0]);
    std::string value =
        "thread::read(" + inits[0].data() + " + (" + inits[0].stepOffset({"i"}) + "))";
    writer.line("return " +
                Twine(converted(value, elementOf(access.getParameter()),
                                kernel.getState(0).getElementType())) +
                ";");
  }
  writer.close();
}

/// Whether the matrix lies in memory as it does in shared memory, 16 bytes of a row at a time.
bool MatrixKernelWriter::copiesMatrix() const {
  Value value = advance.getGain();
  if (auto widened = value.getDefiningOp<arith::ExtFOp>())
    value = widened.getIn();
  auto read = dyn_cast<BlockArgument>(value);
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

void MatrixKernelWriter::writeFetch() {
  writer.blank();
  writer.line("// 16 bytes of row `row` of the matrix, from `column` on.");
  writer.open("__device__ __forceinline__ void fetch(element *to, const lane &at, long long step, "
              "int row, int column) const");
  if (copiesMatrix()) {
    Value value = advance.getGain();
    if (auto widened = value.getDefiningOp<arith::ExtFOp>())
      value = widened.getIn();
    writer.line("start_copy<16>(to, " +
                Twine(place(cast<BlockArgument>(value).getArgNumber(), {"row", "column"})) + ");");
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
    std::string from = access.data() + " + (" + access.stepOffset({first}) + ")";
    std::string cell = formatv("to.{0}[{1}]", access.getMember(), first).str();
    writer.line(formatv("if (i < {0})", pointsOf(read) / width).str());
    if (bytes >= 4)
      writer.line(formatv("  start_copy<{0}>(&{1}, {2});", bytes, cell, from).str());
    else
      writer.line(formatv("  shared_store({0}, thread::read({1}));", cell, from).str());
  }
  writer.close();
}

void MatrixKernelWriter::writeInput() {
  writer.blank();
  writer.open("__device__ __forceinline__ float input(" +
              Twine(sharesMatrix() ? "" : "const inputs &from, ") +
              "const lane &at, long long step, int i) const");
  std::string number = print(advance.getBias(), {"i"}, [&](Value value, const Indices &indices) {
    unsigned read = cast<BlockArgument>(value).getArgNumber();
    if (sharesMatrix())
      return "thread::read(" + place(read, indices) + ")";
    return formatv("shared_load(from.{0}[{1}])", reads[read].getMember(),
                   indices.empty() ? "0" : indices.front())
        .str();
  });
  writer.line("return " + Twine(number) + ";");
  writer.close();
}

void MatrixKernelWriter::writeStore() {
  writer.blank();
  writer.open("__device__ __forceinline__ void store(const lane &at, long long step, int i, float "
              "now) const");
  auto yield = cast<plan::YieldOp>(kernel.getBody().front().getTerminator());
  for (auto [access, value] : llvm::zip(writes, yield.getValues())) {
    std::string number =
        print(value, {"i"}, [](Value, const Indices &) { return std::string("now"); });
    writer.line("thread::write(" + Twine(access.data()) + " + (" + access.stepOffset({"i"}) +
                "), " + number + ");");
  }
  writer.close();
}

void MatrixKernelWriter::writeLastState() {
  writer.blank();
  writer.open("__device__ __forceinline__ void finish(const lane &at, int i, float now) const");
  if (!kernel.getFinals().empty()) {
    auto access = cast<plan::AccessAttr>(kernel.getFinals()[0]);
    writer.line(
        "thread::write(" + Twine(finals[0].data()) + " + (" + finals[0].stepOffset({"i"}) + "), " +
        converted("now", kernel.getState(0).getElementType(), elementOf(access.getParameter())) +
        ");");
  }
  writer.close();
}

} // namespace

std::unique_ptr<KernelWriter> createMatrixKernelWriter(plan::KernelInterface kernel,
                                                       plan::VariantAttr variant) {
  return std::make_unique<MatrixKernelWriter>(kernel, variant);
}

} // namespace scanc::emission
