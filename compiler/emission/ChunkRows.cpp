//===- ChunkRows.cpp - Rows of a chunk's factors on their way to products -===//
#include "compiler/emission/ChunkKernel.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

Expressions ChunkKernelWriter::makeExpressions(StringRef index, int64_t count) {
  std::string inPiece = formatv("({0} + k)", index).str();
  return Expressions(writer, policy.getStateThreads(), [=, this](Value value, const Indices &indices) {
    if (value == recall.getSums())
      return std::string("sums[k]");
    unsigned read = cast<BlockArgument>(value).getArgNumber();
    const AccessText &access = reads[read];
    if (indices.size() == 1 && indices.front() == inPiece && isWhole(access, count))
      return "in." + access.getMember() + "[k]";
    std::string element = "thread::read(" + place(access, indices) + ")";
    if (access.getDelay() == 0)
      return element;
    return formatv("({0} ? {1} : {2}{{})", reaches(access), element, spellElement(elementOf(read))).str();
  });
}

ChunkKernelWriter::Sources ChunkKernelWriter::sourcesOf(ArrayRef<Value> values,
                                                       int64_t count) const {
  Sources sources;
  llvm::SetVector<Value> open(values.begin(), values.end());
  for (size_t i = 0; i < open.size(); ++i) {
    Value value = open[i];
    auto read = dyn_cast<BlockArgument>(value);
    if (read && !shapeOf(value).empty() && isWhole(reads[read.getArgNumber()], count))
      sources.rows.push_back(read.getArgNumber());
    if (read || value == recall.getSums())
      continue;
    if (shapeOf(value).empty())
      sources.numbers.insert(value);
    else
      open.insert_range(value.getDefiningOp()->getOperands());
  }
  llvm::sort(sources.rows);
  return sources;
}

void ChunkKernelWriter::writeRowMembers(ArrayRef<unsigned> rows, int64_t count) {
  for (unsigned read : rows)
    writer.line(formatv("row<{0}, {1}> {2};", spellElement(elementOf(read)), count,
                        reads[read].getMember())
                    .str());
}

void ChunkKernelWriter::writeRowLoads(ArrayRef<unsigned> rows, StringRef index, int64_t count) {
  for (unsigned read : rows) {
    const AccessText &access = reads[read];
    const int64_t width = std::min(access.getWidth(), count);
    if (access.getDelay() > 0) {
      writer.line(formatv("thread::clear<{0}>(in.{1}, 0);", count, access.getMember()).str());
      writer.open("if (" + reaches(access) + ")");
    }
    for (int64_t at = 0; at < count; at += width)
      writer.line(formatv("thread::load<{0}>(in.{1}, {2}, {3}{4});", width, access.getMember(), at,
                          place(access, {index.str()}), at > 0 ? " + " + std::to_string(at) : "")
                      .str());
    if (access.getDelay() > 0)
      writer.close();
  }
}

/// Names the numbers that `values` need, and loads the pieces at `index` of the rows that they are made of.
void ChunkKernelWriter::loadRows(ArrayRef<Value> values, Expressions &expressions, StringRef index,
                                 int64_t count) {
  Sources sources = sourcesOf(values, count);
  expressions.require(sources.numbers.getArrayRef());
  if (sources.rows.empty())
    return;
  writer.open("struct");
  writeRowMembers(sources.rows, count);
  writer.close("} in;");
  writeRowLoads(sources.rows, index, count);
}

/// Whether pieces of `row` lie in memory as they do in shared memory, as elements of `of`.
bool ChunkKernelWriter::isCopied(Value row, const Fetched &of) const {
  if (auto widened = row.getDefiningOp<arith::ExtFOp>())
    row = widened.getIn();
  auto read = dyn_cast<BlockArgument>(row);
  if (!read || getElementTypeOrSelf(row.getType()) != stored(of.element))
    return false;
  const AccessText &access = reads[read.getArgNumber()];
  return isWhole(access, of.count) && access.getDelay() == 0;
}

/// Where a step of time has several places in chunks: the step, and which of them.
void ChunkKernelWriter::writeStep() {
  int64_t parts = partsOfStep();
  if (parts == 1)
    return;
  writer.line(formatv("const int part = static_cast<int>(place % {0});", parts).str());
  writer.line(stepType == "long long" ? formatv("const long long step = place / {0};", parts).str()
                                      : formatv("const {0} step{{place / {1}, place.before / {1}};", stepType, parts).str());
}

/// `rows`: of each part of a step; null where there is none.
void ChunkKernelWriter::writeFetch(const Fetched &of, ArrayRef<Value> rows) {
  writer.blank();
  writer.line(formatv("// {0} elements of the {1} from `{2}` on; 0 beyond its end, and where it does not exist.",
                      of.count, of.what, of.index)
                  .str());
  writer.open(formatv("__device__ __forceinline__ void fetch_{0}({1} *to, const lane &at, {3}, "
                      "int {2}, bool exists) const",
                      of.what, of.element, of.index, stepParameter())
                  .str());
  writeStep();
  if (rows.size() == 1) {
    writeFetched(of, rows.front());
  } else {
    for (auto [part, row] : llvm::enumerate(rows)) {
      writer.open(formatv("if (part == {0})", part).str());
      if (row)
        writeFetched(of, row);
      else
        writeConstant(of);
      writer.close();
    }
  }
  writer.close();
}

/// Zeros, or ones.
void ChunkKernelWriter::writeConstant(const Fetched &of) {
  SmallVector<StringRef> numbers(of.isOne ? of.count : 0, "1.0f");
  std::string all = numbers.empty() ? "" : "{" + llvm::join(numbers, ", ") + "}";
  writer.line(formatv("shared_store(*reinterpret_cast<{0} *>(to), {0}{{{1}});", of.piece, all).str());
}

void ChunkKernelWriter::writeFetched(const Fetched &of, Value row) {
  std::string there = formatv("exists && {0} < {1}", of.index, of.size).str();
  if (isCopied(row, of)) {
    auto widened = row.getDefiningOp<arith::ExtFOp>();
    auto from = cast<BlockArgument>(widened ? widened.getIn() : row);
    writer.line(formatv("start_copy<16>(to, {0}, {1} ? 16 : 0);",
                        place(reads[from.getArgNumber()], {of.index.str()}), there)
                    .str());
    return;
  }
  writer.line(of.piece + " all{};");
  writer.open("if (" + Twine(there) + ")");
  Expressions expressions = makeExpressions(of.index, of.count);
  loadRows(row, expressions, of.index, of.count);
  std::string inPiece = formatv("({0} + k)", of.index).str();
  writer.openLoop("k", std::to_string(of.count));
  if (shapeOf(row).front() % of.count != 0)
    writer.line(formatv("if ({0} + k < {1})", of.index, of.size).str());
  std::string element = expressions.at(row, {inPiece});
  if (!isa<BlockArgument>(row) || getElementTypeOrSelf(row.getType()) != stored(of.element))
    element = formatv("narrow<{0}>({1})", of.element, element);
  writer.line("all.of[k] = " + Twine(element) + ";");
  writer.close();
  writer.close();
  writer.line("shared_store(*reinterpret_cast<" + of.piece + " *>(to), all);");
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

/// What decays of rows are in shared memory: what they are made of, or themselves.
Type ChunkKernelWriter::decayElement() const {
  Value input = recall.getDecayInput();
  return getElementTypeOrSelf(input ? input.getType() : recall.getRowDecays().getType());
}

void ChunkKernelWriter::writeDecays() {
  Value input = recall.getDecayInput(), decays = recall.getRowDecays();
  int64_t count = 128 / decayElement().getIntOrFloatBitWidth();
  SmallVector<Value> ofParts(partsOfStep()); // the first alone decays
  ofParts.front() = input ? input : decays;
  writer.blank();
  writer.line("// What decays of rows are computed from.");
  writer.line("using decay_element = " + Twine(spellElement(decayElement())) + ";");
  writer.open("struct alignas(16) decay_piece");
  writer.line(formatv("decay_element of[{0}];", count).str());
  writer.close("};");
  writeFetch({"decay", "i", "rows", count, "decay_element", "decay_piece", /*isOne=*/true}, ofParts);
  writer.open("__device__ __forceinline__ float decay(decay_element of) const");
  Expressions expressions(writer, policy.getStateThreads(),
                          [](Value, const Indices &) { return std::string("of"); });
  writer.line("return " + (input ? expressions.at(decays, {"0"}) : std::string("of")) + ";");
  writer.close();
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

/// What each row of what the step adds counts in its own sums.
void ChunkKernelWriter::writeBonus() {
  writer.blank();
  writer.line("// What row `i` of what a step adds counts in its own sums.");
  writer.open("__device__ __forceinline__ float bonus(const lane &at, int i) const");
  Expressions expressions = makeExpressions("i", 1);
  expressions.require(sourcesOf({recall.getBonus()}, pieceSize).numbers.getArrayRef());
  writer.line("return " + Twine(expressions.at(recall.getBonus(), {"i"})) + ";");
  writer.close();
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

} // namespace scanc::emission
