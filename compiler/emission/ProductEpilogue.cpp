//===- ProductEpilogue.cpp - Epilogues of products of matrices as CUDA C++ ---===//
#include "compiler/emission/ProductEpilogue.h"

#include "compiler/emission/Names.h"
#include "dialects/plan/Tiling.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

ProductEpilogue::ProductEpilogue(plan::ProjectionOp op, CodeWriter &writer)
    : op(op), program(op->getParentOfType<plan::ProgramOp>()), writer(writer) {}

/// Whether sums of both groups become the same, of nothing else.
bool ProductEpilogue::isSame(int64_t one, int64_t other) const {
  plan::ColumnsAttr a = op.getGroup(one), b = op.getGroup(other);
  auto columnsOf = [&](int64_t group) { // what the text knows of them
    plan::ColumnsAttr columns = op.getGroup(group);
    bool hasHead = plan::headOf(op, columns).has_value();
    bool knows = hasHead || plan::panelsReduced(op, group);
    return knows ? std::pair(hasHead, op.getDim(columns.getDim()).getSize()) : std::pair(false, int64_t(0));
  };
  return a.getReads() == b.getReads() && columnsOf(one) == columnsOf(other) &&
         OperationEquivalence::isRegionEquivalentTo(&op.getEpilogues()[one], &op.getEpilogues()[other],
                                                    OperationEquivalence::IgnoreLocations);
}

int64_t ProductEpilogue::kindOf(int64_t group) const {
  int64_t kind = 0;
  while (!isSame(kind, group))
    ++kind;
  return kind;
}

/// The place along `dim` of column `columns[e]`.
std::string ProductEpilogue::columnAt(plan::ColumnsAttr columns, int64_t dim) const {
  std::optional<int64_t> head = plan::headOf(op, columns);
  if (!head)
    return "columns[e]";
  int64_t size = op.getDim(columns.getDim()).getSize();
  return formatv(dim == *head ? "(columns[e] / {0})" : "(columns[e] % {0})", size);
}

Expressions::Leaf ProductEpilogue::leavesOf(int64_t group) const {
  plan::ColumnsAttr columns = op.getGroup(group);
  return [this, columns](Value value, const Indices &) -> std::string {
    unsigned number = cast<BlockArgument>(value).getArgNumber();
    if (number == 0)
      return "sums[e]";
    auto read = cast<plan::AccessAttr>(columns.getReads()[number - 1]);
    std::string tensor = "args." + identifier(read.getParameter().getValue()), place;
    for (auto [i, expr] : llvm::enumerate(read.getMap().getResults()))
      place += formatv(" + {0} * {1}.stride[{2}]", columnAt(columns, cast<AffineDimExpr>(expr).getPosition()), tensor, i);
    return formatv("thread::read({0}.data{1})", tensor, place);
  };
}

/// `before`, `value` and `after` of both sums.
void ProductEpilogue::writePair(int64_t group, Value value, const Defined &defined, StringRef before,
                                StringRef after) {
  writer.openLoop("e", "2");
  Expressions expressions(writer, 1, leavesOf(group));
  for (auto &[known, name] : defined)
    expressions.define(known, name);
  expressions.require(value);
  writer.line(before + expressions.at(value) + after);
  writer.close();
  if (Operation *op = expressions.getUnspelled())
    unspelled = op;
}

/// Whether `value` is made of `of`, or is it.
static bool isMadeOf(Value value, Value of) {
  Operation *made = value.getDefiningOp();
  return value == of ||
         (made && llvm::any_of(made->getOperands(), [&](Value operand) { return isMadeOf(operand, of); }));
}

/// Both of an activation that has one reciprocal for them, where it goes into `wanted` and is not defined.
void ProductEpilogue::writeActivations(int64_t group, Defined &defined, Value wanted) {
  Block &block = op.getEpilogues()[group].front();
  int64_t pairs = 0;
  for (auto activation : block.getOps<plan::ActivationOp>()) {
    bool isDefined = llvm::any_of(defined, [&](auto &known) { return isMadeOf(known.first, activation.getResult()); });
    if (activation.getKind() != plan::Activation::Silu || !activation.getType().isF32() || isDefined ||
        !isMadeOf(wanted, activation.getResult()))
      continue;
    std::string name = "both_" + std::to_string(pairs++);
    writer.line("float " + name + "[2];");
    writePair(group, activation.getValue(), defined, name + "[e] = ", ";");
    writer.line(formatv("thread::silu_both{0}({1});", activation.getApproximate() ? "<approximate>" : "", name).str());
    defined.push_back({activation.getResult(), name + "[e]"});
  }
}

/// What becomes of two sums, where `defined` is known.
void ProductEpilogue::writeBody(int64_t group, Defined defined) {
  Block &block = op.getEpilogues()[group].front();
  writeActivations(group, defined, block.getTerminator()->getOperand(0));
  std::string element = spellElement(program.findTensor(op.getGroup(group).getResult().getParameter()).getElementType());
  writer.line("array<" + element + ", 2> made;");
  writePair(group, block.getTerminator()->getOperand(0), defined, "made[e] = ", ";");
  writer.line("return made;");
}

/// Of columns that exist.
void ProductEpilogue::writeFunction(int64_t group) {
  std::string element = spellElement(program.findTensor(op.getGroup(group).getResult().getParameter()).getElementType());
  function(formatv("array<{0}, 2> make_{1}(const float (&sums)[2], const int (&columns)[2]) const", element, group));
  writeBody(group, {});
  writer.close();
}

static std::string nameOf(int64_t round, size_t number) { return formatv("round_{0}_of.of_{1}", round, number); }

void ProductEpilogue::writeRound(int64_t round, plan::Round &ops) {
  writer.open("struct round_" + Twine(round));
  for (auto [i, reduce] : llvm::enumerate(ops))
    writer.line(formatv("{0} of_{1};", spellAccumulator(reduce.getKind(), reduce.getType()), i).str());
  function(formatv("void merge(const round_{0} &other)", round));
  for (size_t i = 0; i < ops.size(); ++i)
    writer.line(formatv("of_{0}.merge(other.of_{0});", i).str());
  writer.close();
  writer.close("};");
}

/// The last value that all of a region is made of besides what it reads: of each number computed once.
static Value stemOf(Block &block) {
  Value stem = block.getArgument(0);
  while (stem.hasOneUse()) {
    Operation *user = *stem.user_begin();
    if (user->getNumResults() != 1 || isa<plan::ReduceLanesOp>(user) || !user->getResult(0).getType().isF32())
      break;
    stem = user->getResult(0);
  }
  return stem;
}

/// Both sums become `stem`, from which on the rest is made.
void ProductEpilogue::writePrepare(int64_t group, Value stem) {
  function("void prepare(float (&sums)[2], const int (&columns)[2]) const");
  if (!isa<BlockArgument>(stem)) {
    Defined defined;
    writeActivations(group, defined, stem);
    writePair(group, stem, defined, "sums[e] = ", ";");
  }
  writer.close();
}

/// The same where something is reduced over the columns of a head, `panels` panels or a part of one, round after round.
void ProductEpilogue::writeHeads(int64_t group, int64_t panels) {
  plan::ColumnsAttr columns = op.getGroup(group);
  SmallVector<plan::Round> rounds = plan::roundsOf(op.getEpilogues()[group].front());
  std::string element = spellElement(program.findTensor(columns.getResult().getParameter()).getElementType());
  writer.line(formatv("// Of the columns of a head, {0} round{1} of reductions and then what is made of sums.", rounds.size(),
                      rounds.size() > 1 ? "s" : "")
                  .str());
  writer.open("struct heads_" + Twine(group));
  writer.line(formatv("static constexpr int columns = {0}, rounds = {1};",
                      plan::headOf(op, columns) ? op.getDim(columns.getDim()).getSize() : 64 * panels, rounds.size())
                  .str());
  for (auto [i, round] : llvm::enumerate(rounds))
    writeRound(i, round);
  writer.open("struct readouts");
  for (size_t i = 0; i < rounds.size(); ++i)
    writer.line(formatv("round_{0} round_{0}_of;", i).str());
  writer.close("};");
  writer.line("const arguments &args;");
  writer.line("template <int round>");
  function("static auto &round_of(readouts &of)");
  for (size_t i = 0; i < rounds.size(); ++i)
    writer.line(formatv("if constexpr (round == {0}) return of.round_{0}_of;", i).str());
  writer.close();
  Value stem = stemOf(op.getEpilogues()[group].front());
  writer.line("// What all is made of that becomes of two sums, in their place.");
  writePrepare(group, stem);
  writer.line("// What two of these add to the readouts in round `round`.");
  writer.line("template <int round>");
  function("void read_out(readouts &to, const float (&sums)[2], const int (&columns)[2], const bool (&exist)[2]) const");
  Defined defined = {{stem, "sums[e]"}};
  for (auto [i, round] : llvm::enumerate(rounds)) {
    writer.open(formatv("if constexpr (round == {0})", i).str());
    for (auto [j, reduce] : llvm::enumerate(round))
      writePair(group, reduce.getValue(), defined, "if (exist[e]) to." + nameOf(i, j) + ".add(", ");");
    writer.close();
    for (auto [j, reduce] : llvm::enumerate(round))
      defined.push_back({reduce.getResult(), "to." + nameOf(i, j) + ".value()"});
  }
  writer.close();
  for (auto &[value, name] : llvm::drop_begin(defined))
    name = "read" + name.substr(2);
  function(formatv("array<{0}, 2> make(const float (&sums)[2], const int (&columns)[2], const readouts &read) const", element));
  writeBody(group, defined);
  writer.close();
  writer.close("};");
}

void ProductEpilogue::write() {
  SmallVector<std::pair<int64_t, bool>> kinds; // and whether they have heads
  for (int64_t i = 0; i < static_cast<int64_t>(op.getGroups().size()); ++i) {
    if (kindOf(i) != i)
      continue;
    std::optional<int64_t> panels = plan::panelsReduced(op, i);
    if (panels)
      writeHeads(i, *panels);
    else
      writeFunction(i);
    kinds.push_back({i, panels.has_value()});
  }
  writer.line("// Hands `then` what is made of two sums that are beside each other.");
  writer.line("template <typename F>");
  function("void finish(int kind, F then) const");
  for (auto [kind, hasHeads] : kinds) {
    if (kinds.size() > 1)
      writer.line(kind == kinds.back().first ? std::string("else")
                                             : formatv("{0}if (kind == {1})", kind > 0 ? "else " : "", kind).str());
    StringRef indent = kinds.size() > 1 ? "  " : "";
    writer.line(hasHeads ? formatv("{0}then(heads_{1}{{args});", indent, kind).str()
                         : formatv("{0}then([&](const float (&sums)[2], const int (&columns)[2]) {{ return make_{1}(sums, "
                                   "columns); });",
                                   indent, kind)
                               .str());
  }
  writer.close();
}

} // namespace scanc::emission
