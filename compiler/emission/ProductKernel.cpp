//===- ProductKernel.cpp - Products of matrices with epilogues as CUDA C++ ---===//
#include "compiler/emission/ArgumentText.h"
#include "compiler/emission/EntryText.h"
#include "compiler/emission/KernelText.h"
#include "compiler/emission/LaunchOrder.h"
#include "compiler/emission/Names.h"
#include "compiler/emission/ProductArguments.h"
#include "compiler/emission/ProductEpilogue.h"
#include "dialects/plan/Tiling.h"
#include "scanc/LaunchPlan.h"
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
        tiling(product.getTiling()), name(identifier(op.getName())), epilogue(op, writer) {}
  FailureOr<std::string> write();

private:
  void writePolicy();
  void writeSizes();
  void writeFactors();
  void writeOrigins();
  void writeFetches();
  void writeTargets();
  std::string width(int64_t group) const;
  std::string gap(plan::ColumnsAttr group, plan::AccessAttr access) const;
  bool hasGaps() const;
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
  int64_t groups() const { return op.getGroups().size(); }

  mutable plan::ProjectionOp op; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  plan::ProductAttr product;
  plan::TilingAttr tiling;
  std::string name;
  CodeWriter writer;
  ProductEpilogue epilogue;
};

} // namespace

/// The stride of `access` along `dim`.
std::string ProductWriter::stride(plan::AccessAttr access, int64_t dim) const {
  unsigned i = 0;
  while (access.getMap().getResult(i) != getAffineDimExpr(dim, op.getContext()))
    ++i;
  return formatv("{0}.stride[{1}]", tensor(access), i);
}

/// From row to row, of one matrix or of all as one.
std::string ProductWriter::rowStride(plan::AccessAttr access) const {
  int64_t time = op.getTimeDim();
  if (time == 0 || !isTimeFirst(op))
    return stride(access, time);
  return formatv("(is_one() ? {0} : {1})", stride(access, time - 1), stride(access, time));
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
  if (op.getElement().isF32())
    line(formatv("static constexpr bool split = {0}; // whether a factor is the sum of two of tf32, or one", op.getPrecision() == "tf32x3")
             .str());
  line("static constexpr int factors = " + Twine(groups()) + ";");
  line(formatv("static constexpr bool across = {0}, copies = {1};", product.getAcross(), product.getCopies()).str());
  writer.blank();
  line("const arguments &args;");
  writer.blank();
}

void ProductWriter::writeSizes() {
  int64_t time = op.getTimeDim();
  std::string matrices, steps = spellSize(op.getDim(time));
  for (int64_t i = 0; i < time; ++i)
    matrices += (i > 0 ? " * " : "") + spellSize(op.getDim(i));
  line("__device__ __forceinline__ bool is_one() const { return args.is_one != 0; }");
  line("__device__ __forceinline__ long long matrices() const { return " +
       (time == 0 ? "1" : "is_one() ? 1 : " + matrices) + "; }");
  line("__device__ __forceinline__ int rows() const { return static_cast<int>(" +
       (time == 0 ? steps : formatv("is_one() ? {0} * {1} : {1}", matrices, steps).str()) + "); }");
  line("__device__ __forceinline__ int depth() const { return static_cast<int>(" +
       spellSize(op.getDim(op.getSummedDim())) + "); }");
  function("int width(int factor) const");
  writer.open("switch (factor)");
  for (int64_t i = 0; i < groups(); ++i)
    line(formatv("{0}: return static_cast<int>({1});",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"),
                 width(i))
             .str());
  writer.close();
  writer.close();
  writer.blank();
}

/// The columns of group `group`.
std::string ProductWriter::width(int64_t group) const {
  plan::ColumnsAttr columns = op.getGroup(group);
  std::optional<int64_t> head = plan::headOf(op, columns);
  return (head ? spellSize(op.getDim(*head)) + " * " : "") + spellSize(op.getDim(columns.getDim()));
}

/// What lies between the heads of `access`, in elements, beside their columns.
std::string ProductWriter::gap(plan::ColumnsAttr group, plan::AccessAttr access) const {
  return formatv("{0} - {1} * {2}", stride(access, *plan::headOf(op, group)), spellSize(op.getDim(group.getDim())),
                 stride(access, group.getDim()));
}

/// Whether weights may have something between their heads: copies want none.
bool ProductWriter::hasGaps() const {
  return !product.getCopies() &&
         llvm::any_of(op.getGroups().getAsRange<plan::ColumnsAttr>(), [&](plan::ColumnsAttr group) { return plan::headOf(op, group); });
}

/// The factors as they lie in memory, and as copies of whole matrices find them.
void ProductWriter::writeFactors() {
  int64_t summed = op.getSummedDim();
  line("// Strides in elements, from term to term and from column to column.");
  writer.open("struct weights");
  line("const element *data;");
  line("long long term, column;");
  if (hasGaps()) {
    line("int head; // columns of one");
    line("long long gap; // between heads");
  }
  writer.close("};");
  function("weights factor(int number) const");
  writer.open("switch (number)");
  for (int64_t i = 0; i < groups(); ++i) {
    plan::ColumnsAttr group = op.getGroup(i);
    std::string heads;
    if (hasGaps())
      heads = plan::headOf(op, group) ? formatv(", {0}, {1}", spellSize(op.getDim(group.getDim())), gap(group, group.getWeights())).str()
                              : ", 1, 0";
    line(formatv("{0}: return {{{1}.data, {2}, {3}{4}};",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"),
                 tensor(group.getWeights()), stride(group.getWeights(), summed),
                 stride(group.getWeights(), group.getDim()), heads)
             .str());
  }
  writer.close();
  writer.close();
  if (tiling.getTensors())
    line("__device__ __forceinline__ const given_map *maps() const { return args.maps; }");
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

/// Where a row and its column lie, from which copies are counted.
void ProductWriter::writeOrigins() {
  function("block::projected_factor<element> left(long long matrix) const");
  writeLanes(writer, op);
  line("const long long row = 0;");
  line(formatv("return {{{0}.data + ({1}), {2}, {3}};", tensor(op.getRow()), rowOffset(op.getRow()),
               rowStride(op.getRow()), stride(op.getRow(), op.getSummedDim()))
           .str());
  writer.close();
  function("block::projected_factor<element> right(int number) const");
  line("const weights of = factor(number);");
  line("return {of.data, of.column, of.term};");
  writer.close();
  writer.blank();
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
  line("const element *const row = of.data + (at < exist ? at : 0) * (across ? of.term : of.column)" +
       Twine(hasGaps() ? " + (across ? from : at < exist ? at : 0) / of.head * of.gap;" : ";"));
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
    std::string head = plan::headOf(op, group) && !program.isOwn(result.getParameter())
                           ? formatv(" + at / {0} * ({1})", spellSize(op.getDim(group.getDim())), gap(group, result)).str()
                           : "";
    line(formatv("{0}: return thread::target_at({1}.data + ({2}{7}), {3}, {4}, at, width({5}), {6});",
                 i + 1 < groups() ? "case " + std::to_string(i) : std::string("default"), tensor(result),
                 rowOffset(result), rowStride(result), stride(result, group.getDim()), i, epilogue.kindOf(i), head)
             .str());
  }
  writer.close();
  writer.close();
  writer.blank();
}

void ProductWriter::writeEntry() {
  closeProgram(writer, name, "threads()", tiling.getThreads());
  writeEntryPoint(writer,
                  {.name = entryName(op.getName()),
                   .bounds = formatv("{0}, 1", tiling.getThreads()),
                   .awaits = awaitsLaunchBefore(op),
                   .kernel = "projection",
                   .program = name,
                   .sharedBytes = product.getSharedBytes(),
                   .operands = formatv("program::{0}{{args}", name)});
}

FailureOr<std::string> ProductWriter::write() {
  writeHead(writer, op, op.getName(), product.getName(), {"projection"});
  SmallVector<std::string> beside = {"long long is_one; // whether the rows of all matrices are those of one"};
  size_t words = productWords(op).size();
  if (size_t maps = productMaps(op, product).size()) {
    beside.push_back(formatv("given_map maps[{0}]; // of panels, of slices, of the left factor", maps));
    words = llvm::alignTo(words, PlannedKernel::mapAlignment) + PlannedKernel::mapWords * maps;
  }
  auto writes = [&](StringAttr tensor) {
    return llvm::any_of(op.getGroups().getAsRange<plan::ColumnsAttr>(), [&](plan::ColumnsAttr group) {
      return group.getResult().getParameter() == tensor;
    });
  };
  writeArguments(writer, program, writes, beside, words);
  writer.open("struct " + Twine(name));
  writePolicy();
  writeSizes();
  writeFactors();
  if (product.getCopies())
    writeOrigins();
  else
    writeFetches();
  writeTargets();
  epilogue.write();
  writeEntry();
  if (Operation *unspelled = epilogue.getUnspelled())
    return unspelled->emitError("[SC4001] no spelling in CUDA C++ for ") << unspelled->getName();
  return writer.take();
}

FailureOr<std::string> writeProduct(plan::ProjectionOp op, plan::ProductAttr product) {
  return ProductWriter(op, product).write();
}

} // namespace scanc::emission
