//===- ProductKernel.cpp - Products of matrices with epilogues as CUDA C++ ---===//
#include "compiler/emission/ArgumentText.h"
#include "compiler/emission/EntryText.h"
#include "compiler/emission/Expressions.h"
#include "compiler/emission/KernelText.h"
#include "compiler/emission/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

namespace {

/// The text of one way to run a product. Its parts are written in the order in which they are read.
class ProductWriter {
public:
  ProductWriter(plan::ProjectionOp op, plan::ProductAttr product)
      : op(op), program(op->getParentOfType<plan::ProgramOp>()), product(product),
        tiling(product.getTiling()), name(identifier(op.getName())) {}
  FailureOr<std::string> write();

private:
  void writePolicy();
  void writeSizes();
  void writeFactors();
  void writeFetches();
  void writeTargets();
  bool isSame(int64_t one, int64_t other) const;
  int64_t kindOf(int64_t group) const;
  void writeEpilogue(int64_t group);
  void writeResults();
  void writeEntry();

  void line(const Twine &text) { writer.line(text); }
  void function(const Twine &head) { writer.open("__device__ __forceinline__ " + head); }
  std::string elementOf(plan::AccessAttr access) const {
    return spellElement(program.findTensor(access.getParameter()).getElementType());
  }
  static std::string tensor(plan::AccessAttr access) {
    return "args." + identifier(access.getParameter().getValue());
  }
  std::string stride(plan::AccessAttr access, int64_t dim) const;
  std::string rowOffset(plan::AccessAttr access) const;
  std::string rowStride(plan::AccessAttr access) const;
  std::string followEachOther(plan::AccessAttr access) const;
  int64_t groups() const { return op.getGroups().size(); }
  bool hasWorkspace() const { return !op.getWorkspace().empty(); }

  mutable plan::ProjectionOp op; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  plan::ProductAttr product;
  plan::TilingAttr tiling;
  std::string name;
  CodeWriter writer;
  Operation *unspelled = nullptr;
};

} // namespace

/// The stride of `access` along `dim`.
std::string ProductWriter::stride(plan::AccessAttr access, int64_t dim) const {
  unsigned i = 0;
  while (access.getMap().getResult(i) != getAffineDimExpr(dim, op.getContext()))
    ++i;
  return formatv("{0}.stride[{1}]", tensor(access), i);
}

/// Whether steps are farther apart than lanes, as the rows are declared.
static bool isTimeFirst(plan::ProjectionOp op) {
  return op.getRow().getMap().getResult(0) == getAffineDimExpr(op.getTimeDim(), op.getContext());
}

/// From row to row, of one matrix or of all as one.
std::string ProductWriter::rowStride(plan::AccessAttr access) const {
  int64_t time = op.getTimeDim();
  if (time == 0 || !isTimeFirst(op))
    return stride(access, time);
  return formatv("(is_one ? {0} : {1})", stride(access, time - 1), stride(access, time));
}

/// That the rows of all matrices are as far apart as those of one.
std::string ProductWriter::followEachOther(plan::AccessAttr access) const {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, op.getTimeDim()));
  order.insert(isTimeFirst(op) ? order.begin() : order.end(), op.getTimeDim());
  std::string text;
  for (size_t i = 0; i + 1 < order.size(); ++i)
    text += formatv(" && {0} == {1} * {2}", stride(access, order[i]), spellSize(op.getDim(order[i + 1])),
                    stride(access, order[i + 1]));
  return text;
}

/// Where row `row` of matrix `matrix` begins; lanes have been told apart as `at_…`.
std::string ProductWriter::rowOffset(plan::AccessAttr access) const {
  std::string offset = "row * " + rowStride(access);
  for (int64_t i = 0; i < op.getTimeDim(); ++i)
    offset += formatv(" + at_{0} * {1}", op.getDim(i).getName().getValue(), stride(access, i));
  return offset;
}

void ProductWriter::writePolicy() {
  line(formatv("static constexpr product_policy shape{{.warpgroups = {0}, .columns = {1}, .ring = {2}, .tall = {3}, "
               ".tensors = {4}};",
               tiling.getWarpgroups(), tiling.getColumns(), tiling.getRing(), tiling.getTall(),
               tiling.getTensors())
           .str());
  line("using element = " + spellElement(op.getElement()) + ";");
  line("static constexpr int factors = " + Twine(groups()) + ";");
  line(formatv("static constexpr bool across = {0}, copies = {1};", product.getAcross(), product.getCopies()).str());
  writer.blank();
  line("const arguments &args;");
  line("const bool is_one; // whether the rows of all matrices are those of one");
  writer.blank();
}

void ProductWriter::writeSizes() {
  int64_t time = op.getTimeDim();
  std::string matrices, steps = spellSize(op.getDim(time));
  for (int64_t i = 0; i < time; ++i)
    matrices += (i > 0 ? " * " : "") + spellSize(op.getDim(i));
  function("static bool are_one(const arguments &args)");
  if (time == 0) {
    line("return false;");
  } else {
    std::string same = followEachOther(op.getRow());
    for (int64_t i = 0; i < groups(); ++i)
      same += followEachOther(op.getGroup(i).getResult());
    line(formatv("return {0} * {1} < {2}{3};", matrices, steps, int64_t(1) << 30, same).str());
  }
  writer.close();
  line("__device__ __forceinline__ long long matrices() const { return " +
       (time == 0 ? "1" : "is_one ? 1 : " + matrices) + "; }");
  line("__device__ __forceinline__ int rows() const { return static_cast<int>(" +
       (time == 0 ? steps : formatv("is_one ? {0} * {1} : {1}", matrices, steps).str()) + "); }");
  line("__device__ __forceinline__ int depth() const { return static_cast<int>(" +
       spellSize(op.getDim(op.getSummedDim())) + "); }");
  function("int width(int factor) const");
  writer.open("switch (factor)");
  for (int64_t i = 0; i < groups(); ++i)
    line(formatv("{0}: return static_cast<int>({1});",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"),
                 spellSize(op.getDim(op.getGroup(i).getDim())))
             .str());
  writer.close();
  writer.close();
  writer.blank();
}

/// The factors as they lie in memory, and as copies of whole matrices find them.
void ProductWriter::writeFactors() {
  int64_t summed = op.getSummedDim(), time = op.getTimeDim();
  line("// Strides in elements, from term to term and from column to column.");
  writer.open("struct weights");
  line("const element *data;");
  line("long long term, column;");
  writer.close("};");
  function("weights factor(int number) const");
  writer.open("switch (number)");
  for (int64_t i = 0; i < groups(); ++i) {
    plan::ColumnsAttr group = op.getGroup(i);
    line(formatv("{0}: return {{{1}.data, {2}, {3}};",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"),
                 tensor(group.getWeights()), stride(group.getWeights(), summed),
                 stride(group.getWeights(), group.getDim()))
             .str());
  }
  writer.close();
  writer.close();
  if (tiling.getTensors()) {
    plan::AccessAttr row = op.getRow();
    function("matrix_run left() const");
    line(formatv("return {{{0}.data, rows(), depth(), static_cast<int>(matrices()), 2 * {1}, {2}};", tensor(row),
                 rowStride(row), time > 0 ? "2 * " + stride(row, time - 1) : std::string("16"))
             .str());
    writer.close();
    function("matrix_run right(int number) const");
    line("const weights from = factor(number);");
    line("return {from.data, across ? depth() : width(number), across ? width(number) : depth(), 1, 2 * (across ? "
         "from.term : from.column), 16};");
    writer.close();
  }
  writer.blank();
}

/// Lanes of a matrix, the last one adjacent.
static void writeLanes(CodeWriter &writer, plan::ProjectionOp op) {
  int64_t time = op.getTimeDim();
  if (time == 0)
    return;
  writer.line("long long rest = matrix;");
  for (int64_t i = time; i-- > 0;) {
    std::string at = "const long long at_" + op.getDim(i).getName().str();
    if (i == 0) {
      writer.line(at + " = rest;");
      break;
    }
    writer.line(at + " = rest % " + spellSize(op.getDim(i)) + ";");
    writer.line("rest /= " + spellSize(op.getDim(i)) + ";");
  }
}

void ProductWriter::writeFetches() {
  function("void fetch_left(element *to, long long matrix, int at, int term) const");
  writeLanes(writer, op);
  line("const long long row = at < rows() ? at : 0;");
  line(formatv("thread::fetch_piece<copies>(to, {0}.data + ({1}), {2}, term, at < rows() ? depth() : 0);",
               tensor(op.getRow()), rowOffset(op.getRow()), stride(op.getRow(), op.getSummedDim()))
           .str());
  writer.close();
  function("void fetch_right(element *to, int number, int at, int from) const");
  line("const weights of = factor(number);");
  line("const int exist = across ? depth() : width(number), lie = across ? width(number) : depth();");
  line("const element *const row = of.data + (at < exist ? at : 0) * (across ? of.term : of.column);");
  line("thread::fetch_piece<copies>(to, row, across ? of.column : of.term, from, at < exist ? lie : 0);");
  writer.close();
  writer.blank();
}

void ProductWriter::writeTargets() {
  line("// Where the columns of a factor go, from column `at` on.");
  function("thread::column_target target(long long matrix, int factor, int at) const");
  writeLanes(writer, op);
  line("const long long row = 0;");
  writer.open("switch (factor)");
  for (int64_t i = 0; i < groups(); ++i) {
    plan::ColumnsAttr group = op.getGroup(i);
    plan::AccessAttr result = group.getResult();
    line(formatv("{0}: return thread::target_at({1}.data + ({2}), {3}, {4}, at, width({5}), {6});",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"), tensor(result),
                 rowOffset(result), rowStride(result), stride(result, group.getDim()), i, kindOf(i))
             .str());
  }
  writer.close();
  writer.close();
  writer.blank();
}

/// Whether sums of both groups become the same, of nothing else.
bool ProductWriter::isSame(int64_t one, int64_t other) const {
  plan::ColumnsAttr a = op.getGroup(one), b = op.getGroup(other);
  return a.getReads() == b.getReads() &&
         OperationEquivalence::isRegionEquivalentTo(&op.getEpilogues()[one], &op.getEpilogues()[other],
                                                    OperationEquivalence::IgnoreLocations);
}

/// What becomes of two sums of group `group`, for columns of it that exist.
void ProductWriter::writeEpilogue(int64_t group) {
  plan::ColumnsAttr columns = op.getGroup(group);
  Block &block = op.getEpilogues()[group].front();
  std::string element = elementOf(columns.getResult());
  function(formatv("array<{0}, 2> make_{1}(const float (&sums)[2], const int (&columns)[2]) const", element, group));
  auto leaf = [&](Value value, const Indices &) -> std::string {
    unsigned number = cast<BlockArgument>(value).getArgNumber();
    if (number == 0)
      return "sums[e]";
    auto read = cast<plan::AccessAttr>(columns.getReads()[number - 1]);
    bool isNumber = read.getMap().getNumResults() == 0;
    return formatv("thread::read({0}.data{1})", tensor(read),
                   isNumber ? "" : " + columns[e] * " + stride(read, columns.getDim()));
  };
  // Both of an activation that has one reciprocal for them stand before what is made of these.
  SmallVector<std::pair<Value, std::string>> pairs;
  auto writeBoth = [&](Value value, const Twine &target) {
    writer.openLoop("e", "2");
    Expressions expressions(writer, 1, leaf);
    for (auto &[pair, name] : pairs)
      expressions.define(pair, name + "[e]");
    expressions.require(value);
    line(target + "[e] = " + expressions.at(value) + ";");
    writer.close();
    if (Operation *op = expressions.getUnspelled())
      unspelled = op;
  };
  for (auto activation : block.getOps<plan::ActivationOp>()) {
    if (activation.getKind() != plan::Activation::Silu || !activation.getType().isF32())
      continue;
    std::string name = "both_" + std::to_string(pairs.size());
    line("float " + name + "[2];");
    writeBoth(activation.getValue(), name);
    line(formatv("thread::silu_both{0}({1});", activation.getApproximate() ? "<approximate>" : "", name).str());
    pairs.push_back({activation.getResult(), name});
  }
  line("array<" + element + ", 2> made;");
  writeBoth(block.getTerminator()->getOperand(0), "made");
  line("return made;");
  writer.close();
}

/// The first group of whose sums the same is made.
int64_t ProductWriter::kindOf(int64_t group) const {
  int64_t kind = 0;
  while (!isSame(kind, group))
    ++kind;
  return kind;
}

void ProductWriter::writeResults() {
  SmallVector<int64_t> kinds;
  for (int64_t i = 0; i < groups(); ++i)
    if (kindOf(i) == i) {
      writeEpilogue(i);
      kinds.push_back(i);
    }
  line("// Hands `then` what is made of two sums that are beside each other.");
  line("template <typename F>");
  function("void finish(int kind, F then) const");
  for (int64_t kind : kinds) {
    if (kinds.size() > 1)
      line(kind == kinds.back() ? std::string("else") : formatv("{0}if (kind == {1})", kind > 0 ? "else " : "", kind).str());
    line(formatv("{0}then([&](const float (&sums)[2], const int (&columns)[2]) {{ return make_{1}(sums, columns); });",
                 kinds.size() > 1 ? "  " : "", kind)
             .str());
  }
  writer.close();
}

void ProductWriter::writeEntry() {
  closeProgram(writer, name, "threads()", tiling.getThreads());
  writeEntryPoint(writer,
                  {.name = entryName(op.getName()),
                   .bounds = formatv("{0}, 1", tiling.getThreads()),
                   .order = orderOf(op, 0, 1),
                   .kernel = "projection",
                   .program = name,
                   .sharedBytes = product.getSharedBytes(),
                   .operands = formatv("program::{0}{{args, program::{0}::are_one(args)}, {1}", name,
                                       hasWorkspace() ? "args.workspace" : "nullptr")});
}

FailureOr<std::string> ProductWriter::write() {
  writeHead(writer, op, op.getName(), product.getName(), {"projection"});
  SmallVector<StringRef> buffers;
  SmallVector<std::string> names;
  if (hasWorkspace()) {
    buffers.push_back("workspace; // as somebody left it");
    names.push_back(op.getName().str());
  }
  writeArguments(writer, program, /*writesOwn=*/true, buffers, argumentWords(program, names).size());
  writer.open("struct " + Twine(name));
  writePolicy();
  writeSizes();
  writeFactors();
  writeFetches();
  writeTargets();
  writeResults();
  writeEntry();
  if (unspelled)
    return unspelled->emitError("[SC4001] no spelling in CUDA C++ for ") << unspelled->getName();
  return writer.take();
}

FailureOr<std::string> writeProduct(plan::ProjectionOp op, plan::ProductAttr product) {
  return ProductWriter(op, product).write();
}

} // namespace scanc::emission
