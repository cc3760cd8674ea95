//===- ChunkKernel.cpp - Kernels that sum up outer products ---------------===//
#include "compiler/emission/ChunkKernel.h"

#include "compiler/emission/LaunchOrder.h"
#include "compiler/emission/Names.h"
#include "compiler/emission/Squares.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

namespace {

/// What `values` are made of, themselves among it.
llvm::SetVector<Value> madeOf(ArrayRef<Value> values) {
  llvm::SetVector<Value> open(values.begin(), values.end());
  for (size_t i = 0; i < open.size(); ++i)
    if (Operation *made = open[i].getDefiningOp())
      open.insert_range(made->getOperands());
  return open;
}

/// Whether a sum or the like goes into `value`.
bool hasReduction(Value value) {
  return llvm::any_of(madeOf(value), [](Value made) { return isa_and_present<plan::ReduceOp>(made.getDefiningOp()); });
}

} // namespace

void ChunkKernelWriter::writeRecurrence() {
  writeShape();
  writer.blank();
  writeGeometry("lanes");
  if (isLaunchedBefore(variant, "first_spans"))
    writer.line("__device__ __forceinline__ long long walking() const { return args.walking; }");
  writeEnter();
  auto behind = [](OperandRange earlier, Value last) {
    SmallVector<Value> all(earlier);
    all.push_back(last);
    return all;
  };
  SmallVector<Value> queries(partsOfStep());
  queries.back() = recall.getQuery();
  if (readsOnce())
    queries.front() = recall.getReaders().front();
  writeFetch({"query", "i", "rows", pieceSize}, queries);
  writeFetch({"key", "i", "rows", pieceSize}, behind(recall.getEarlierKeys(), recall.getKey()));
  writeFetch({"value", "j", "columns", pieceSize}, behind(recall.getEarlierValues(), recall.getValue()));
  if (SmallVector<Value> readers(recall.getReaders()); !readers.empty() && !readsOnce())
    writeFetch({"reader", "i", "rows", pieceSize}, readers);
  if (recall.getRowDecays())
    writeDecays();
  if (recall.getBonus())
    writeBonus();
  writeMaps();
  writeNumbers();
  writeResults();
  if (walksSteps())
    return writeSquares();
  writeFirstState();
  writeLastState();
}

bool ChunkKernelWriter::readsOnce() const {
  return !walksSteps() && recall.getRowDecays() && recall.getReaders().size() == 2 && recall.getReaders().back() == recall.getQuery() &&
         matchPattern(recall.getStrength(), m_AnyZeroFloat());
}

void ChunkKernelWriter::writeShape() {
  constexpr int64_t groupThreads = 128, warp = 32;
  bool splits = isLaunchedBefore(variant, "chunk_states"), isFirstApart = isLaunchedBefore(variant, "first_spans");
  bool readsBack = llvm::any_of(reads, [](const AccessText &read) { return read.getDelay() > 0; });
  stepType = readsBack ? "block::window_step" : "long long";
  const int64_t groups = policy.getThreads() / groupThreads;
  const int64_t readers = !walksSteps() && policy.getRuns() > 1 ? groups - groups / policy.getRuns() : 0;
  writer.line(walksSteps()
                  ? formatv("static constexpr outer_policy shape{{.warps = {0}, .row_threads = {1}, .blocks = {2}};",
                            policy.getThreads() / warp, policy.getRuns(), policy.getBlocks())
                        .str()
                  : formatv("static constexpr chunk_policy shape{{.warpgroups = {0}, .ring = {1}, .blocks = {2}{3}{4}{5}{6}};",
                            groups - readers, policy.getRing(), policy.getBlocks(),
                            splits ? ", .splits = true" : "",
                            readers > 0 ? formatv(", .readers = {0}", readers).str() : "",
                            readsBack ? ", .windows = true" : "", isFirstApart ? ", .apart = true" : "")
                        .str());
  writer.line(formatv("static constexpr int rows = {0}, columns = {1}; // of the state",
                      recall.getKey().getType().getNumElements(),
                      recall.getValue().getType().getNumElements())
                  .str());
  if (readsOnce())
    writer.line("static constexpr bool reads_once = true; // each place of a step reads the state by its query");
  if (recall.getReadsBefore())
    writer.line("static constexpr bool reads_before = true; // results read the state as a step finds it");
  writer.line("using element = " + Twine(spellElement(kernel.getElement())) + "; // of factors in shared memory");
  writeOffset();
  writer.blank();
  writer.line("// Where a lane begins.");
  writeLane();
  writer.line("// What lies together of a row in shared memory.");
  writer.open("struct alignas(16) piece");
  writer.line(formatv("element of[{0}];", pieceSize).str());
  writer.close("};");
  writer.blank();
  writer.line("const arguments &args;");
}

/// Accumulates the numbers of a row in `name`, a piece at a time: element by element, its loads are as many. `isShared`: by
/// `lanes`, of which this is number `among`.
void ChunkKernelWriter::writeSum(plan::ReduceOp sum, StringRef name, bool isShared) {
  int64_t size = shapeOf(sum.getValue()).front();
  writer.line(formatv("thread::{0}<{1}> {2};", plan::stringifyReduction(sum.getKind()),
                      spellElement(getElementTypeOrSelf(sum.getType())), name)
                  .str());
  writer.line("#pragma unroll"); // all loads are asked for before the first is waited for
  if (isShared) {
    writer.open(formatv("for (int first = 0; first < {0}; first += lanes * {1})", size, pieceSize).str());
    writer.line(formatv("const int i = first + among * {0};", pieceSize).str());
    writer.line(formatv("if (lanes > 1 && i >= {0})", size).str());
    writer.line("  continue;");
  } else {
    writer.open(formatv("for (int i = 0; i < {0}; i += {1})", size, pieceSize).str());
  }
  Expressions expressions = makeExpressions("i", pieceSize);
  loadRows(sum.getValue(), expressions, "i", pieceSize);
  writer.openLoop("k", std::to_string(pieceSize));
  if (size % pieceSize != 0)
    writer.line(formatv("if (i + k < {0})", size).str());
  writer.line(name + ".add(" + expressions.at(sum.getValue(), {"(i + k)"}) + ");");
  writer.close();
  writer.close();
  if (isShared)
    writer.line(formatv("{0} = warp::merged<lanes>({0});", name).str());
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

/// What is read for a whole step, and the numbers that are computed of it. A sum over a row is made where
/// the row is read.
void ChunkKernelWriter::writeNumbers() {
  // Of each part of a step; null: what stands behind. The first alone decays.
  struct Function {
    StringRef name;
    SmallVector<Value> values;
    StringRef otherwise;
  };
  SmallVector<Function> functions = {{"log_decay", {recall.getLogDecay()}, "0.0f"},
                                     {"factor", {recall.getFactor()}, "1.0f"},
                                     {"query_scale", {recall.getQueryScale()}, ""},
                                     {"input_scale", {}, "1.0f"},
                                     {"strength", {}, ""}};
  llvm::append_range(functions[3].values, recall.getEarlierScales());
  functions[3].values.push_back(recall.getInputScale());
  llvm::append_range(functions[4].values, recall.getEarlierStrengths());
  functions[4].values.push_back(recall.getStrength());
  const int64_t parts = partsOfStep();
  for (Function &decay : MutableArrayRef(functions).take_front(2))
    if (parts > 1 && decay.values.front())
      decay.values.resize(parts);
  llvm::erase_if(functions, [](const Function &of) { return llvm::none_of(of.values, [](Value value) { return value; }); });
  llvm::SetVector<Value> open;
  for (const Function &function : functions)
    for (Value value : function.values)
      if (value)
        open.insert(value);
  llvm::MapVector<Value, std::string> read;
  SmallVector<Value> sums;
  for (size_t i = 0; i < open.size(); ++i) {
    auto input = dyn_cast<BlockArgument>(open[i]);
    Operation *made = open[i].getDefiningOp();
    if (input) {
      read[input] = reads[input.getArgNumber()].getMember();
    } else if (isa<plan::ReduceOp>(made)) {
      sums.push_back(open[i]);
      read[open[i]] = formatv("x{0}_", sums.size()); // as no identifier ends
    } else {
      open.insert_range(made->getOperands());
    }
  }
  writer.blank();
  writer.line("// What a whole step reads.");
  writer.open("struct numbers");
  for (const auto &[value, member] : read)
    writer.line(spellElement(value.getType()) + " " + member + ";");
  if (parts > 1)
    writer.line("int part_;"); // as no identifier ends
  writer.close("};");
  auto isOfARow = [](Value sum) { // not of sums, or over several indices
    auto reduce = sum.getDefiningOp<plan::ReduceOp>();
    return shapeOf(reduce.getValue()).size() == 1 && !hasReduction(reduce.getValue());
  };
  // Rows that a lane reads alone are as many lines of memory for a warp; a walk has no other threads for them.
  const bool isShared = !walksSteps() && recall.getStrength() && llvm::any_of(sums, isOfARow);
  if (isShared) {
    writer.line("// By `lanes` beside each other, of which this is number `among`: each reads a part of its rows.");
    writer.line("static constexpr bool shares_rows = true;");
    writer.line("template <int lanes = 1>");
  }
  writer.open("__device__ __forceinline__ numbers read(const lane &at, " + stepParameter() +
              (isShared ? ", int among = 0) const" : ") const"));
  writeStep();
  Expressions summed = makeExpressions("i", pieceSize);
  SmallVector<Value> whole;
  for (Value sum : sums) {
    auto reduce = sum.getDefiningOp<plan::ReduceOp>();
    if (!isOfARow(sum)) {
      whole.push_back(sum);
      continue;
    }
    std::string name = "of_" + read.lookup(sum);
    writeSum(reduce, name, isShared);
    summed.define(sum, name);
  }
  summed.require(whole);
  writer.line("numbers of;");
  for (const auto &[value, member] : read)
    writer.line("of." + member + " = " + summed.at(value) + ";");
  if (parts > 1)
    writer.line("of.part_ = part;");
  writer.line("return of;");
  writer.close();
  for (const Function &function : functions) {
    writer.open("__device__ __forceinline__ float " + function.name + "(const numbers &of) const");
    for (auto [part, value] : llvm::enumerate(function.values)) {
      bool isOne = function.values.size() > 1; // of several
      if (isOne)
        writer.open(formatv("if (of.part_ == {0})", part).str());
      Expressions expressions(writer, policy.getStateThreads(), [&](Value leaf, const Indices &) {
        return "of." + read.lookup(leaf);
      });
      expressions.leaveReductions();
      if (value)
        expressions.require(value);
      writer.line("return " + (value ? expressions.at(value) : function.otherwise.str()) + ";");
      if (isOne)
        writer.close();
      if (!unspelled)
        unspelled = expressions.getUnspelled();
    }
    if (function.values.size() > 1)
      writer.line("return 0.0f;"); // there is no other part
    writer.close();
  }
  if (!unspelled)
    unspelled = summed.getUnspelled();
}

/// Nothing is read out of the others.
void ChunkKernelWriter::enterLastPart(StringRef elsewhere) {
  writeStep();
  if (partsOfStep() == 1)
    return;
  writer.line(formatv("if (part != {0})", partsOfStep() - 1).str());
  writer.line("  " + elsewhere);
}

/// Sums over the columns of a row, of what the state is read out to.
SmallVector<plan::ReduceOp> ChunkKernelWriter::totalsOf(ArrayRef<Value> results) const {
  SmallVector<plan::ReduceOp> totals;
  for (Value made : madeOf(results))
    if (auto reduce = made.getDefiningOp<plan::ReduceOp>(); reduce && madeOf(reduce.getValue()).contains(recall.getSums()))
      totals.push_back(reduce);
  return totals;
}

/// Adds what eight columns have to each of them.
void ChunkKernelWriter::writeTotals(ArrayRef<plan::ReduceOp> totals) {
  writer.blank();
  writer.line("// Sums over all columns of a row that results are made of, of the columns from `j` on.");
  writer.line(formatv("static constexpr int reductions = {0};", totals.size()).str());
  writer.open(formatv("__device__ __forceinline__ void reduce(const lane &at, {1}, int j, const float (&sums)[{0}], "
                      "const beside &in, thread::sum<float> (&totals)[{2}]) const",
                      pieceSize, stepParameter(), totals.size())
                  .str());
  enterLastPart("return;");
  SmallVector<Value> values;
  for (plan::ReduceOp total : totals)
    values.push_back(total.getValue());
  Expressions expressions = makeExpressions("j", pieceSize);
  expressions.require(sourcesOf(values, pieceSize).numbers.getArrayRef());
  writer.openLoop("k", std::to_string(pieceSize));
  if (columns() % pieceSize != 0)
    writer.open("if (j + k < columns)");
  for (auto [number, value] : llvm::enumerate(values))
    writer.line(formatv("totals[{0}].add({1});", number, expressions.at(value, {"(j + k)"})).str());
  if (columns() % pieceSize != 0)
    writer.close();
  writer.close();
  writer.close();
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

void ChunkKernelWriter::writeResults() {
  writer.blank();
  SmallVector<Value> results(kernel.getBody().front().getTerminator()->getOperands());
  SmallVector<plan::ReduceOp> totals = totalsOf(results);
  SmallVector<Value> read = results;
  for (plan::ReduceOp total : totals)
    read.push_back(total.getValue());
  Sources sources = sourcesOf(read, pieceSize);
  writer.line("// Rows that results are computed from beside their sums, of columns from `j` on.");
  writer.open("struct beside");
  writeRowMembers(sources.rows, pieceSize);
  writer.close("};");
  writer.open("__device__ __forceinline__ beside read_beside(const lane &at, " + stepParameter() + ", int j) const");
  writer.line("beside in;");
  if (!sources.rows.empty())
    enterLastPart("return in;");
  writeRowLoads(sources.rows, "j", pieceSize);
  writer.line("return in;");
  writer.close();
  if (!totals.empty())
    writeTotals(totals);
  writer.blank();
  writer.line("// What is written of a step, from its sums of columns from `j` on.");
  writer.open(formatv("__device__ __forceinline__ void write(const lane &at, {1}, int j, "
                      "const float (&sums)[{0}], const beside &in{2}) const",
                      pieceSize, stepParameter(),
                      totals.empty() ? "" : formatv(", const thread::sum<float> (&totals)[{0}]", totals.size()).str())
                  .str());
  enterLastPart("return;");
  Expressions expressions = makeExpressions("j", pieceSize);
  for (auto [number, total] : llvm::enumerate(totals))
    expressions.define(total.getResult(), formatv("totals[{0}]", number).str());
  expressions.require(sourcesOf(results, pieceSize).numbers.getArrayRef());
  if (llvm::any_of(writes, [&](const AccessText &access) { return isWhole(access, pieceSize); })) {
    writer.open("struct");
    for (auto [access, result] : llvm::zip(writes, results))
      if (isWhole(access, pieceSize))
        writer.line(formatv("{0} {1}[{2}];", spellElement(getElementTypeOrSelf(result.getType())),
                            access.getMember(), pieceSize)
                        .str());
    writer.close("} out;");
  }
  for (auto [access, result] : llvm::zip(writes, results)) {
    std::string value = expressions.at(result, {"(j + k)"});
    bool whole = isWhole(access, pieceSize);
    std::string name = "out." + access.getMember();
    writer.openLoop("k", std::to_string(pieceSize));
    if (!whole)
      writer.line("if (j + k < columns)");
    writer.line(whole ? formatv("{0}[k] = {1};", name, value).str()
                      : formatv("  thread::write({0}, {1});", place(access, {"(j + k)"}), value).str());
    writer.close();
    for (int64_t at = 0, width = std::min(access.getWidth(), pieceSize); whole && at < pieceSize; at += width)
      writer.line(formatv("thread::store<{0}>({1}{2}, &{3}[{4}]);", width, place(access, {"j"}),
                          at > 0 ? " + " + std::to_string(at) : "", name, at)
                      .str());
  }
  writer.close();
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  if (totals.empty() && !walksSteps()) {
    writeRoundedSums(results);
    writeSomeResults(results);
  }
}

/// Where the one result is what is recalled, rounded to 16 bits, and pieces of it are vectors in memory.
void ChunkKernelWriter::writeRoundedSums(ArrayRef<Value> results) {
  auto rounded = results.front().getDefiningOp<arith::TruncFOp>();
  if (results.size() > 1 || !rounded || rounded.getIn() != recall.getResult() || !isWhole(writes.front(), pieceSize) ||
      writes.front().getWidth() < pieceSize)
    return;
  const std::string result = spellElement(getElementTypeOrSelf(rounded.getType()));
  writer.blank();
  writer.line("// Results are their sums, rounded: those of columns from `j` on.");
  writer.line("using result = " + result + ";");
  writer.open(formatv("__device__ __forceinline__ void write_rounded(const lane &at, {0}, int j, const row<result, {1}> &sums) const",
                      stepParameter(), pieceSize)
                  .str());
  enterLastPart("return;");
  writer.line(formatv("store_global<{0}>(reinterpret_cast<uint32_t *>({1}), sums.pairs);", pieceSize / 2,
                      place(writes.front(), {"j"}))
                  .str());
  writer.close();
}

void ChunkKernelWriter::writeSomeResults(ArrayRef<Value> results) {
  writer.blank();
  writer.line("// The same, of columns whose bits `among` has alone.");
  writer.open(formatv("__device__ __forceinline__ void rewrite(const lane &at, {1}, int j, const float (&sums)[{0}], "
                      "const beside &in, unsigned among) const",
                      pieceSize, stepParameter())
                  .str());
  enterLastPart("return;");
  Expressions expressions = makeExpressions("j", pieceSize);
  expressions.require(sourcesOf(results, pieceSize).numbers.getArrayRef());
  writer.openLoop("k", std::to_string(pieceSize));
  writer.open("if ((among >> k & 1) != 0)");
  for (auto [access, result] : llvm::zip(writes, results))
    writer.line(formatv("thread::write({0}, {1});", place(access, {"(j + k)"}), expressions.at(result, {"(j + k)"})).str());
  writer.close();
  writer.close();
  writer.close();
}

Indices ChunkKernelWriter::stateIndices(const AccessText &access) const {
  llvm::SetVector<int64_t> dims;
  for (const AccessText::Dimension &dim : access.getDimensions())
    dims.insert(dim.kernelDim);
  plan::KernelInterface of = kernel;
  int64_t row = std::max(of.getTimeDim(), of.getSegmentDim()) + 1;
  Indices indices;
  if (dims.contains(row))
    indices.push_back("i");
  if (dims.contains(row + 1))
    indices.push_back("j");
  return indices;
}

void ChunkKernelWriter::writeFirstState() {
  writer.blank();
  writer.open(formatv("__device__ __forceinline__ float initial(const lane &at, int i, int j{0}) const", ofSegment()).str());
  if (kernel.getInits().empty()) {
    writer.line("return 0.0f;");
  } else {
    auto access = cast<plan::AccessAttr>(kernel.getInits()[0]);
    writer.line("return " +
                Twine(converted(readOfInit(0, place(inits[0], stateIndices(inits[0]))),
                                KernelWriter::elementOf(access.getParameter()),
                                kernel.getState(0).getElementType())) +
                ";");
  }
  writer.close();
}

void ChunkKernelWriter::writeLastState() {
  if (kernel.getReset() && kernel.getFinals().empty())
    return;
  writer.blank();
  writer.open(formatv("__device__ __forceinline__ void finish(const lane &at, int i, int j, float last{0}) const",
                      ofSegment())
                  .str());
  if (!kernel.getFinals().empty()) {
    auto access = cast<plan::AccessAttr>(kernel.getFinals()[0]);
    writer.line("thread::write(" + Twine(place(finals[0], stateIndices(finals[0]))) + ", " +
                converted("last", kernel.getState(0).getElementType(),
                          KernelWriter::elementOf(access.getParameter())) +
                ");");
  }
  writer.close();
}

void ChunkKernelWriter::writeSquares() {
  Type state = kernel.getState(0).getElementType();
  auto elementAt = [&](ArrayAttr accesses) {
    return accesses.empty() ? state
                            : KernelWriter::elementOf(cast<plan::AccessAttr>(accesses[0]).getParameter());
  };
  Type first = elementAt(kernel.getInits()), last = elementAt(kernel.getFinals());
  int64_t rows = plan::KernelInterface(kernel).getTimeDim() + 1;
  bool isUpdated = !inits.empty() && updatesInit(0);
  Squares(writer, inits.empty() ? nullptr : &inits[0], spellElement(first), rows)
      .writeFirst(isUpdated ? "load_owned" : "load_global", isUpdated ? "thread::read_owned" : "thread::read",
                  [&](const std::string &of) { return converted(of, first, state); });
  Squares(writer, finals.empty() ? nullptr : &finals[0], spellElement(last), rows)
      .writeLast([&](const std::string &of) { return converted(of, state, last); });
}

std::unique_ptr<KernelWriter> createChunkKernelWriter(plan::KernelInterface kernel,
                                                      plan::VariantAttr variant) {
  return std::make_unique<ChunkKernelWriter>(kernel, variant);
}

} // namespace scanc::emission
