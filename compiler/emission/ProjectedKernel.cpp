//===- ProjectedKernel.cpp - A layer in one kernel as CUDA C++ ------------===//
#include "compiler/emission/ProjectedKernel.h"

#include "compiler/emission/ArgumentText.h"
#include "compiler/emission/EntryText.h"
#include "compiler/emission/Expressions.h"
#include "compiler/emission/KernelText.h"
#include "compiler/emission/LaunchOrder.h"
#include "compiler/emission/Names.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

namespace {

/// The text of one way to run a layer: see "What it prints for `projected_scan`" in templates/README.md.
class ProjectedWriter {
public:
  ProjectedWriter(plan::ProjectedScanOp op, plan::ProductAttr product)
      : op(op), program(op->getParentOfType<plan::ProgramOp>()), product(product),
        tiling(product.getTiling()), name(identifier(op.getName())) {}
  FailureOr<std::string> write();

private:
  void writeShape();
  void writeFactors();
  void writeMap();
  void writeResults();
  void writePlaces();
  void writeBehind();
  void writeStates();
  void writeEntry();

  void line(const Twine &text) { writer.line(text); }
  void function(const Twine &head) { writer.open("__device__ __forceinline__ " + head); }
  void number(const Twine &head, const Twine &value) {
    line("__device__ __forceinline__ " + head + " const { return " + value + "; }");
  }
  Type typeOf(plan::AccessAttr access) const {
    return program.findTensor(access.getParameter()).getElementType();
  }
  static std::string tensor(plan::AccessAttr access) {
    return "args." + identifier(access.getParameter().getValue());
  }
  std::string stride(plan::AccessAttr access, int64_t dim) const;
  std::string spelled(int64_t dim) const;
  std::string offset(plan::AccessAttr access, std::optional<int64_t> without = std::nullopt) const;
  void writeLanes(ArrayRef<plan::AccessAttr> accesses);
  void writePlace(ArrayRef<Value> values);
  Expressions makeExpressions();
  plan::AccessAttr getWrite(int64_t i) const { return cast<plan::AccessAttr>(op.getWrites()[i]); }
  int64_t outputs() const { return op.getWrites().size(); }

  mutable plan::ProjectedScanOp op; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  plan::ProductAttr product;
  plan::TilingAttr tiling;
  std::string name;
  CodeWriter writer;
  Operation *unspelled = nullptr;
};

} // namespace

/// The stride of `access` along `dim`.
std::string ProjectedWriter::stride(plan::AccessAttr access, int64_t dim) const {
  unsigned i = 0;
  while (access.getMap().getResult(i) != getAffineDimExpr(dim, op.getContext()))
    ++i;
  return formatv("{0}.stride[{1}]", tensor(access), i);
}

/// What stands for the place along `dim`: lanes have been told apart.
std::string ProjectedWriter::spelled(int64_t dim) const {
  if (dim < op.getTimeDim())
    return "at_" + op.getDim(dim).getName().str();
  return dim == op.getTimeDim() ? "at(step)" : "lane";
}

/// Elements from the first of a tensor on, all along its dims but for `without`.
std::string ProjectedWriter::offset(plan::AccessAttr access, std::optional<int64_t> without) const {
  std::string sum;
  for (AffineExpr expr : access.getMap().getResults())
    if (int64_t dim = cast<AffineDimExpr>(expr).getPosition(); dim != without)
      sum += (sum.empty() ? "" : " + ") + spelled(dim) + " * " + stride(access, dim);
  return sum.empty() ? "0" : sum;
}

/// Tells the lanes apart of which a matrix is one, the last one adjacent, where one of `accesses` has them.
void ProjectedWriter::writeLanes(ArrayRef<plan::AccessAttr> accesses) {
  auto has = [&](int64_t dim) {
    return llvm::any_of(accesses, [&](plan::AccessAttr access) { return access.getMap().isFunctionOfDim(dim); });
  };
  std::string rest = "matrix";
  for (int64_t i = op.getTimeDim(); i-- > 0;) {
    if (has(i))
      line("const long long " + spelled(i) + " = " + rest + (i == 0 ? "" : " % " + spellSize(op.getDim(i))) + ";");
    rest = (i + 1 == op.getTimeDim() ? rest : "(" + rest + ")") + " / " + spellSize(op.getDim(i));
  }
}

void ProjectedWriter::writeShape() {
  std::string behind = op.getBehind() ? formatv(", .behind = {0}", op.getColumnsBehind()).str() : "";
  line(formatv("static constexpr projected_policy shape{{.warpgroups = {0}, .ring = {1}{2}};",
               tiling.getWarpgroups(), tiling.getRing(), behind)
           .str());
  line("using element = " + spellElement(op.getElement()) + "; // of factors");
  line(formatv("static constexpr int factors = {0}, outputs = {1};", op.getFactors(), outputs()).str());
  line(formatv("static constexpr bool across = {0}, copies = {1};", product.getAcross(), product.getCopies()).str());
  writer.blank();
  line("const arguments &args;");
  writer.blank();
  std::string matrices;
  for (int64_t i = 0; i < op.getTimeDim(); ++i)
    matrices += (i > 0 ? " * " : "") + spellSize(op.getDim(i));
  auto sized = [&](StringRef of, int64_t dim) {
    number("int " + of + "()", "static_cast<int>(" + spellSize(op.getDim(dim)) + ")");
  };
  number("long long matrices()", matrices.empty() ? "1" : matrices);
  sized("steps", op.getTimeDim());
  sized("depth", op.getSummedDim());
  sized("lanes", op.getColumnDim());
  line("// Where a visited step lies.");
  number("long long at(int step)", op.getReverse() ? "steps() - 1 - step" : "step");
  writer.blank();
}

void ProjectedWriter::writeFactors() {
  int64_t summed = op.getSummedDim(), column = op.getColumnDim(), time = op.getTimeDim();
  plan::AccessAttr row = op.getRow();
  line("// How the factors lie: steps as they are visited, and lanes of the weights.");
  function("block::projected_factor<element> left(long long matrix) const");
  writeLanes(row);
  line("const int step = 0;");
  line("return {" + tensor(row) + ".data + (" + offset(row, summed) + "), " + (op.getReverse() ? "-" : "") +
       stride(row, time) + ", " + stride(row, summed) + "};");
  writer.close();
  function("block::projected_factor<element> right(int factor) const");
  writer.open("switch (factor)");
  for (int64_t i = 0; i < op.getFactors(); ++i) {
    plan::AccessAttr weight = op.getWeight(i);
    std::string label = i + 1 < op.getFactors() ? "case " + std::to_string(i) : "default";
    line(label + ": return {" + tensor(weight) + ".data, " + stride(weight, column) + ", " +
         stride(weight, summed) + "};");
  }
  writer.close();
  writer.close();
  writer.blank();
}

/// Names what the places of those elements are made of that `values` need.
void ProjectedWriter::writePlace(ArrayRef<Value> values) {
  llvm::SetVector<Value> open(values.begin(), values.end());
  SmallVector<plan::AccessAttr> accesses;
  for (size_t i = 0; i < open.size(); ++i) {
    if (Operation *made = open[i].getDefiningOp()) {
      if (!isa<plan::AdvanceOp>(made))
        open.insert_range(made->getOperands());
    } else if (int64_t number = cast<BlockArgument>(open[i]).getArgNumber(); number >= op.getFactors()) {
      accesses.push_back(cast<plan::AccessAttr>(op.getReads()[number - op.getFactors()]));
    }
  }
  auto has = [&](int64_t dim) {
    return llvm::any_of(accesses, [&](plan::AccessAttr access) { return access.getMap().isFunctionOfDim(dim); });
  };
  if (llvm::any_of(llvm::seq<int64_t>(0, op.getTimeDim()), has))
    line("const long long matrix = where.matrix;");
  writeLanes(accesses);
  if (has(op.getTimeDim()))
    line("const int step = where.step;");
  if (has(op.getColumnDim()))
    line("const int lane = where.lane;");
}

Expressions ProjectedWriter::makeExpressions() {
  return Expressions(writer, 1, [this](Value value, const Indices &) -> std::string {
    if (auto advance = value.getDefiningOp<plan::AdvanceOp>())
      return value == advance.getNow() ? "now" : "before";
    int64_t number = cast<BlockArgument>(value).getArgNumber();
    if (number < op.getFactors())
      return formatv("sums[{0}]", number);
    auto read = cast<plan::AccessAttr>(op.getReads()[number - op.getFactors()]);
    return formatv("thread::read({0}.data + ({1}))", tensor(read), offset(read));
  });
}

void ProjectedWriter::writeMap() {
  plan::AdvanceOp advance = op.getAdvance();
  line("// The map of a lane and step, of its sums.");
  function("affine<float> map(const float (&sums)[factors], const block::lane_step &where) const");
  SmallVector<Value> roots = {advance.getBias()};
  if (advance.getGain())
    roots.push_back(advance.getGain());
  writePlace(roots);
  Expressions expressions = makeExpressions();
  expressions.require(roots);
  line("return {" + (advance.getGain() ? expressions.at(advance.getGain()) : std::string("1.0f")) + ", " +
       expressions.at(advance.getBias()) + "};");
  unspelled = expressions.getUnspelled();
  writer.close();
}

void ProjectedWriter::writeResults() {
  line("// What is written of it, of its states at t and t-1.");
  line("template <int output>");
  function("auto result(const float (&sums)[factors], const block::lane_step &where, float now, float before) const");
  auto yield = cast<plan::YieldOp>(op.getBody().front().getTerminator());
  for (auto [i, value] : llvm::enumerate(yield.getValues())) {
    writer.open(formatv("if constexpr (output == {0})", i).str());
    writePlace(value);
    Expressions expressions = makeExpressions();
    expressions.require(value);
    line("return " + expressions.at(value) + ";");
    if (!unspelled)
      unspelled = expressions.getUnspelled();
    writer.close();
  }
  writer.close();
}

/// Where the results of a step lie.
void ProjectedWriter::writePlaces() {
  line("template <int output>");
  function("auto *row_of(long long matrix, int step) const");
  for (int64_t i = 0; i < outputs(); ++i) {
    writer.open(formatv("if constexpr (output == {0})", i).str());
    writeLanes(getWrite(i));
    line("return " + tensor(getWrite(i)) + ".data + (" + offset(getWrite(i), op.getColumnDim()) + ");");
    writer.close();
  }
  writer.close();
  line("template <int output>");
  function("long long stride() const");
  for (int64_t i = 0; i < outputs(); ++i)
    line(formatv("if constexpr (output == {0}) return {1};", i, stride(getWrite(i), op.getColumnDim())).str());
  writer.close();
  writer.blank();
}

/// A product of what result number `outputs` is: its weights, what is made of a sum, and where that lies.
void ProjectedWriter::writeBehind() {
  plan::ColumnsAttr behind = *op.getBehind();
  plan::AccessAttr weight = behind.getWeights(), result = behind.getResult();
  bool across = weight.getMap().getResults().back() == getAffineDimExpr(behind.getDim(), op.getContext());
  line("// The product of what result number `outputs` is: columns of its weights are adjacent in memory, else lanes.");
  line(formatv("static constexpr bool behind_across = {0};", across).str());
  number("block::projected_factor<element> behind_weight()",
         "{" + tensor(weight) + ".data, " + stride(weight, behind.getDim()) + ", " +
             stride(weight, op.getColumnDim()) + "}");
  Value made = op.getEpilogue()[0].front().getTerminator()->getOperand(0);
  function("auto make_behind(float sum, int lane) const"); // of the product: a column
  Expressions expressions(writer, 1, [&](Value value, const Indices &) -> std::string {
    int64_t number = cast<BlockArgument>(value).getArgNumber();
    if (number == 0)
      return "sum";
    auto read = cast<plan::AccessAttr>(behind.getReads()[number - 1]);
    return formatv("thread::read({0}.data + ({1}))", tensor(read), offset(read));
  });
  expressions.require(made);
  line("return " + expressions.at(made) + ";");
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  writer.close();
  function("auto *behind_row(long long matrix, int step) const");
  writeLanes(result);
  line("return " + tensor(result) + ".data + (" + offset(result, behind.getDim()) + ");");
  writer.close();
  number("long long behind_stride()", stride(result, behind.getDim()));
  writer.blank();
}

void ProjectedWriter::writeStates() {
  Type number = op.getAdvance().getNow().getType();
  function("float initial(long long matrix, int lane) const");
  if (std::optional<plan::AccessAttr> init = op.getInit()) {
    writeLanes(*init);
    std::string read = "thread::read(" + tensor(*init) + ".data + (" + offset(*init) + "))";
    line("return " + converted(read, typeOf(*init), number) + ";");
  } else {
    line("return 0.0f;");
  }
  writer.close();
  function("void finish(long long matrix, int lane, float state) const");
  if (std::optional<plan::AccessAttr> final = op.getFinal()) {
    writeLanes(*final);
    line("thread::write(" + tensor(*final) + ".data + (" + offset(*final) + "), " +
         converted("state", number, typeOf(*final)) + ");");
  }
  writer.close();
}

void ProjectedWriter::writeEntry() {
  closeProgram(writer, name, "threads()", tiling.getThreads());
  writeEntryPoint(writer,
                  {.name = entryName(op.getName()),
                   .bounds = formatv("{0}, 1", tiling.getThreads()),
                   .awaits = awaitsLaunchBefore(op),
                   .kernel = "projected_scan",
                   .program = name,
                   .sharedBytes = product.getSharedBytes(),
                   .operands = formatv("program::{0}{{args}, args.workspace", name)});
}

FailureOr<std::string> ProjectedWriter::write() {
  writeHead(writer, op, op.getName(), product.getName(), {"projected_scan"});
  std::string buffer = op.getName().str();
  writeArguments(writer, program, [](StringAttr) { return false; },
                 std::string("unsigned char *workspace; // zero when the kernel begins, and when it ends"),
                 argumentWords(program, buffer).size());
  writer.open("struct " + Twine(name));
  writeShape();
  writeFactors();
  writeMap();
  writeResults();
  writePlaces();
  if (op.getBehind())
    writeBehind();
  writeStates();
  writeEntry();
  if (unspelled)
    return unspelled->emitError("[SC4001] no spelling in CUDA C++ for ") << unspelled->getName();
  return writer.take();
}

FailureOr<std::string> writeProjectedScan(plan::ProjectedScanOp op, plan::ProductAttr product) {
  return ProjectedWriter(op, product).write();
}

} // namespace scanc::emission
