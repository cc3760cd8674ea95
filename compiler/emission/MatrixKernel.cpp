//===- MatrixKernel.cpp - Kernels whose step multiplies by a matrix -------===//
#include "compiler/emission/MatrixKernel.h"

#include "compiler/emission/Names.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

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

void MatrixKernelWriter::writeFirstState() {
  writer.blank();
  writer.open("__device__ __forceinline__ " + Twine(number) +
              " initial(const lane &at, int i) const");
  if (kernel.getInits().empty()) {
    writer.line("return " + Twine(spellZero(advance.getRing())) + ";");
  } else {
    auto access = cast<plan::AccessAttr>(kernel.getInits()[0]);
    std::string value =
        readOfInit(0, inits[0].data() + " + (" + inits[0].stepOffset({"i"}) + ")");
    writer.line("return " +
                Twine(converted(value, elementOf(access.getParameter()),
                                kernel.getState(0).getElementType())) +
                ";");
  }
  writer.close();
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

std::unique_ptr<KernelWriter> createMatrixKernelWriter(plan::KernelInterface kernel,
                                                       plan::VariantAttr variant) {
  return std::make_unique<MatrixKernelWriter>(kernel, variant);
}

} // namespace scanc::emission
