//===- KernelParts.cpp - What the threads that share a lane pass on -------===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

void KernelWriter::pass(Value value) {
  std::string base = "x";
  if (auto named = value.getLoc()->findInstanceOf<NameLoc>())
    base = named.getName().str();
  passed[value] = identifier(base + std::to_string(passed.size()));
}

/// Decides who computes what, and names what passes between threads.
void KernelWriter::shareValues() {
  shares.emplace(kernel);
  Block &body = kernel.getBody().front();
  SmallVector<BlockArgument> alike;
  for (auto [access, value] : llvm::zip(reads, body.getArguments()))
    if (access.isCommon())
      alike.push_back(value);
  common = plan::commonValues(body, alike);
  for (Value value : common) {
    auto converted = value.getDefiningOp<arith::ExtFOp>();
    auto read = dyn_cast<BlockArgument>(converted ? converted.getIn() : value);
    if (read)
      passed[value] = reads[read.getArgNumber()].getMember();
    else
      pass(value);
  }
  for (Value value : shares->getHanded())
    pass(value);
  for (Value value : shares->getKept())
    pass(value);
  for (plan::ReduceOp op : shares->getReadouts())
    pass(op.getResult());
}

std::string KernelWriter::pointGuard(Value value) const {
  if (!shares)
    return {};
  return shapeOf(value).empty() ? "at.part == 0"
                                : guardOfPoint("i", shapeOf(value).front(), policy.getStateThreads());
}

static std::string accumulatorOf(plan::ReduceOp op) {
  return spellAccumulator(op.getKind(), op.getType());
}

/// An element whose size is a multiple of the words that a shuffle moves.
static std::string inWords(Type type) {
  return (bytesOfElement(type) < 4 ? "alignas(4) " : "") + spellElement(type);
}

void KernelWriter::writePartTypes() {
  auto member = [&](const std::string &type, Value value) {
    writer.line(type + " " + passed.lookup(value) + ";");
  };
  writer.line("// What the owner of a step hands to the others of its lane.");
  writer.open("struct handed");
  for (Value value : shares->getHanded())
    member(inWords(value.getType()), value);
  writer.close("};");
  if (hasCommon()) {
    writer.line("// What all lanes of a warp read alike of a step, or compute from that alone.");
    writer.open("struct alignas(16) common");
    for (Value value : common)
      writer.line(formatv("{0} {1}[{2}];", spellElement(getElementTypeOrSelf(value.getType())),
                          passed.lookup(value), shapeHere(value).front())
                      .str());
    writer.close("};");
  }
  writer.line("// What the threads of a lane merge at a step; the rest is the same in all of them.");
  writer.open("struct readouts");
  for (plan::ReduceOp op : shares->getReadouts())
    member(accumulatorOf(op), op.getResult());
  for (Value value : shares->getKept())
    member(inWords(value.getType()), value);
  writer.open("__device__ __forceinline__ void merge(const readouts &other)");
  for (plan::ReduceOp op : shares->getReadouts())
    writer.line(formatv("{0}.merge(other.{0});", passed.lookup(op.getResult())).str());
  writer.close();
  writer.close("};");
}

void KernelWriter::writeGather() {
  writer.blank();
  writer.line("// Numbers of one of the steps that this thread reads for all lanes of its warp.");
  writer.open("__device__ __forceinline__ void gather(struct common &to, const tile &in, int v) const");
  Expressions expressions(writer, policy.getStateThreads(), [this](Value read, const Indices &indices) {
    return "in." + reads[cast<BlockArgument>(read).getArgNumber()].element(indices);
  });
  expressions.require(common);
  for (Value value : common)
    writeLoops(shapeHere(value), [&, value = value](const Indices &indices) {
      writer.line("to." + Twine(passed.lookup(value)) + "[" + indices.front() +
                  "] = " + expressions.at(value, indices) + ";");
    });
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  writer.close();
}

void KernelWriter::writePrepare() {
  writer.blank();
  writer.line("// What the owner of a step computes for all threads of its lane.");
  writer.open("__device__ __forceinline__ void prepare(handed &to, const lane &at, const tile &in, int l, int v) const");
  Expressions expressions(writer, policy.getStateThreads(),
                          [this](Value value, const Indices &indices) {
                            return leaf(value, indices);
                          });
  expressions.require(shares->getHanded());
  for (Value value : shares->getHanded())
    writer.line("to." + Twine(passed.lookup(value)) + " = " + expressions.at(value) + ";");
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  writer.close();
}

void KernelWriter::writeReadOut() {
  writer.blank();
  writer.line("// What every thread reads out of its points at a step, and writes of them.");
  writer.open("__device__ __forceinline__ void read_out(results &out, readouts &to, const lane &at, const tile &in, int l, int v, const states &now, const states &before) const");
  Expressions expressions = makeExpressions();
  SmallVector<Value> roots(shares->getKept());
  for (plan::ReduceOp op : shares->getReadouts())
    roots.push_back(op.getValue());
  expressions.require(roots);
  for (Value value : shares->getKept())
    writer.line("to." + Twine(passed.lookup(value)) + " = " + expressions.at(value) + ";");
  for (plan::ReduceOp op : shares->getReadouts())
    writeLoops(shapeHere(op.getValue()), [&, op = op](const Indices &indices) mutable {
      if (std::string guard = pointGuard(op.getValue()); !guard.empty())
        writer.line("if (" + guard + ")");
      writer.line("to." + Twine(passed.lookup(op.getResult())) + ".add(" +
                  expressions.at(op.getValue(), indices) + ");");
    });
  writeOutputs(expressions, /*perPoint=*/true);
  writer.close();
}

} // namespace scanc::emission
