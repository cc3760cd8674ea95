//===- MatrixKernel.cpp - Kernels whose step multiplies by a matrix -------===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
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
  void writeGain();
  void writeFetch();
  void writeFetchInputs();
  void writeInput();
  void writeFetchInput();
  bool addsNothing() const;
  std::string inputType() const;
  void writeStore();
  void writeReadOut();
  void writeLastState();
  std::string print(Value value, const Indices &indices, Expressions::Leaf leaf);
  std::string printReadOut(Value value, const Indices &indices);
  std::string printSum(plan::ReduceOp op, const Indices &indices);
  std::string printInput(unsigned read, const Indices &indices) const;
  bool isOfOneRow(Value result) const;
  bool copiesMatrix() const;
  /// Whether the lanes of a block have the same matrix: kernel/dense_columns.cuh.
  bool sharesMatrix() const { return kernel.getSharedDims() > 0; }
  std::string place(unsigned read, const Indices &indices) const {
    return reads[read].data() + " + (" + reads[read].stepOffset(indices) + ")";
  }
  SmallVector<int64_t> orderOf(unsigned read) const;
  SmallVector<int64_t> shapeInMemory(unsigned read) const;
  int64_t pointsOf(unsigned read) const;
  int64_t bytesOf(unsigned read) const;

  mutable plan::AdvanceOp advance;
  SmallVector<unsigned> inputs; ///< reads that come to shared memory: all but the matrix is computed from them
  SmallVector<std::pair<const AccessText *, Value>> ofRow, ofState; ///< what is written, by what it is made of
  SmallVector<std::string> sumIndices; ///< of the sums that are being printed
  std::string number; ///< what states are computed in
  unsigned sums = 0;  ///< in `read_out`, so far
  int64_t size;
};

MatrixKernelWriter::MatrixKernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant)
    : KernelWriter(kernel, variant), advance(advances.front()), size(stateSize(0)) {
  number = spellElement(getElementTypeOrSelf(advance.getBias().getType()));
  llvm::SetVector<Value> terms, results;
  for (Value term : {advance.getScale(), advance.getDiagonal(), advance.getBias()})
    if (term)
      terms.insert(term);
  auto yield = cast<plan::YieldOp>(this->kernel.getBody().front().getTerminator());
  for (auto [access, value] : llvm::zip(writes, yield.getValues())) {
    bool single = isOfOneRow(value);
    (single ? ofRow : ofState).push_back({&access, value});
    if (!single)
      results.insert(value);
  }
  // What does not vary with time is read out from where it lies.
  for (auto *open : {&terms, &results})
    for (size_t i = 0; i < open->size(); ++i) {
      Value value = (*open)[i];
      if (auto read = dyn_cast<BlockArgument>(value)) {
        if (open == &terms || reads[read.getArgNumber()].variesWithTime())
          inputs.push_back(read.getArgNumber());
      } else if (value != advance.getNow()) {
        open->insert_range(value.getDefiningOp()->getOperands());
      }
    }
  llvm::sort(inputs);
  inputs.erase(llvm::unique(inputs), inputs.end());
}

/// Whether `result` has a number for each row, made of that of the state alone.
bool MatrixKernelWriter::isOfOneRow(Value result) const {
  if (shapeOf(result).size() != 1)
    return false;
  llvm::SetVector<Value> open;
  open.insert(result);
  for (size_t i = 0; i < open.size(); ++i) {
    if (open[i] == advance.getNow())
      continue;
    if (isa<BlockArgument>(open[i]) || isa<plan::ReduceOp>(open[i].getDefiningOp()))
      return false;
    open.insert_range(open[i].getDefiningOp()->getOperands());
  }
  return true;
}

std::string MatrixKernelWriter::print(Value value, const Indices &indices, Expressions::Leaf leaf) {
  Expressions expressions(writer, policy.getStateThreads(), std::move(leaf));
  expressions.leaveReductions();
  std::string code = expressions.at(value, indices);
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  return code;
}

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

void MatrixKernelWriter::writeRecurrence() {
  writeShape();
  writer.blank();
  writeGeometry("lanes");
  writeEnter();
  writeFirstState();
  if (kernel.getResident())
    writeGain();
  else
    writeFetch();
  if (!sharesMatrix())
    writeFetchInputs();
  writeInput();
  if (kernel.getStaged())
    writeFetchInput();
  writeStore();
  if (!ofState.empty())
    writeReadOut();
  writeLastState();
}

void MatrixKernelWriter::writeShape() {
  // A block that shares its lane with others has a chunk of the steps.
  std::string shared;
  if (!kernel.getScratch().empty())
    shared = formatv(", .chunk = {0}, .group = {1}, .terms = {2}, .told = {3}{4}",
                     policy.getSteps(), policy.getRuns(), kernel.getTerms(), kernel.getTold(),
                     kernel.getPrefixes() ? ", .prefixes = true" : "");
  if (sharesMatrix())
    writer.line(formatv("static constexpr columns_policy shape{{.columns = {0}, .parts = {1}, .steps = {2}, "
                        ".ring = {3}, .blocks = {4}{5}{6}};",
                        policy.getLaneThreads(), kernel.getParts(), policy.getSteps(),
                        policy.getRing(), policy.getBlocks(), kernel.getStaged() ? ", .staged = true" : "",
                        kernel.getTensorCores() ? ", .products = true" : "")
                    .str());
  else
    writer.line(
      formatv("static constexpr dense_policy shape{{.threads = {0}, .parts = {1}, .rows = {2}, "
              ".ring = {3}, .blocks = {4}{5}};",
              policy.getThreads(), kernel.getParts(), kernel.getRows(), policy.getRing(),
              policy.getBlocks(), shared)
          .str());
  if (advance.getRing() != plan::Ring::Real)
    writer.line("using semiring = " + Twine(spellRing(advance.getRing())) + ";");
  writer.line(formatv("static constexpr int size = {0}; // rows of a matrix", size).str());
  writer.line("using element = " + Twine(spellElement(kernel.getElement())) +
              (kernel.getResident() ? "; // of the matrix" : "; // of a matrix in shared memory"));
  if (!kernel.getResident())
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
  writer.open("__device__ __forceinline__ " + Twine(number) +
              " initial(const lane &at, int i) const");
  if (kernel.getInits().empty()) {
    writer.line("return " + Twine(spellZero(advance.getRing())) + ";");
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

void MatrixKernelWriter::writeStore() {
  writer.blank();
  writer.open("__device__ __forceinline__ void store(const lane &at, long long step, int i, " +
              Twine(number) + " now) const");
  for (auto [access, value] : ofRow) {
    std::string written =
        print(value, {"i"}, [](Value, const Indices &) { return std::string("now"); });
    writer.line("thread::write(" + Twine(access->data()) + " + (" + access->stepOffset({"i"}) +
                "), " + written + ");");
  }
  writer.close();
}

/// A warp takes the points of a result in turn where they are sums, and a thread where they are not.
void MatrixKernelWriter::writeReadOut() {
  writer.blank();
  writer.line("// What is written of a step whose state `now` is in shared memory.");
  writer.open("__device__ __forceinline__ void read_out(const inputs &from, const lane &at, long long "
              "step, const " +
              Twine(number) + " *now) const");
  for (auto [access, value] : ofState) {
    ArrayRef<int64_t> shape = shapeOf(value);
    std::string points = std::to_string(llvm::product_of(shape));
    Indices indices;
    int64_t below = llvm::product_of(shape);
    for (int64_t extent : shape) {
      below /= extent;
      indices.push_back(shape.size() == 1 ? "p" : formatv("(p / {0} % {1})", below, extent).str());
    }
    llvm::SetVector<Value> open;
    open.insert(value);
    bool isSum = false;
    for (size_t i = 0; i < open.size(); ++i)
      if (Operation *op = open[i].getDefiningOp(); op && op != advance) {
        isSum |= isa<plan::ReduceOp>(op);
        open.insert_range(op->getOperands());
      }
    if (isSum)
      writer.open("for (int p = warp_index(); p < " + Twine(points) + "; p += shape.threads / 32)");
    else
      writer.open("for (int p = thread_index(); p < " + Twine(points) + "; p += shape.threads)");
    std::string written = printReadOut(value, indices);
    if (isSum)
      writer.line("if (lane_index() == 0)");
    writer.line(Twine(isSum ? "  " : "") + "thread::write(" + access->data() + " + (" +
                access->stepOffset(indices) + "), " + written + ");");
    writer.close();
  }
  writer.close();
}

std::string MatrixKernelWriter::printReadOut(Value value, const Indices &indices) {
  return print(value, indices, [&](Value leaf, const Indices &indices) {
    if (auto reduce = leaf.getDefiningOp<plan::ReduceOp>())
      return printSum(reduce, indices);
    auto read = dyn_cast<BlockArgument>(leaf);
    if (!read)
      return "shared_load(now[" + indices.front() + "])";
    unsigned at = read.getArgNumber();
    return llvm::is_contained(inputs, at) ? printInput(at, indices)
                                          : "thread::read(" + place(at, indices) + ")";
  });
}

/// Writes the sum of a warp, and gives its name. What it sums is uniform but for its own indices: a sum
/// within it stands before it.
std::string MatrixKernelWriter::printSum(plan::ReduceOp op, const Indices &indices) {
  if (llvm::any_of(indices, [&](const std::string &index) {
        return llvm::any_of(sumIndices, [&](const std::string &own) {
          return StringRef(index).contains(own);
        });
      }))
    unspelled = op;
  ArrayRef<int64_t> shape = shapeOf(op.getValue());
  std::string name = "x" + std::to_string(sums++), own = "k" + name;
  Indices all(shape.size());
  int64_t count = 1;
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 1, kept = indices.size(); dim >= 0; --dim) {
    if (!llvm::is_contained(op.getOver(), dim)) {
      all[dim] = indices[--kept];
      continue;
    }
    all[dim] = op.getOver().size() == 1 ? own : formatv("({0} / {1} % {2})", own, count, shape[dim]).str();
    count *= shape[dim];
  }
  sumIndices.push_back(own);
  std::string term = printReadOut(op.getValue(), all);
  sumIndices.pop_back();
  writer.line(formatv("const auto {0} = warp::reduced<{1}, {2}>([&](int {3}) {{ return {4}; });", name,
                      spellAccumulator(op.getKind(), getElementTypeOrSelf(op.getType())), count, own,
                      term)
                  .str());
  return name;
}

void MatrixKernelWriter::writeLastState() {
  writer.blank();
  writer.open("__device__ __forceinline__ void finish(const lane &at, int i, " + Twine(number) +
              " now) const");
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
