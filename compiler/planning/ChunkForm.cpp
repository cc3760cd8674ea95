//===- ChunkForm.cpp - Outer products summed up and read out --------------===//
#include "compiler/planning/ChunkForm.h"

#include "compiler/planning/Logarithm.h"
#include "compiler/planning/Pins.h"
#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// One attempt. Each step of it gives a reason where it fails.
class Matcher {
public:
  Matcher(scan::AffineOp op, bool inF32) : op(op), loop(this->op), sets(loop), inF32(inF32) {}

  using Reason = std::optional<std::string>;
  Reason run();

  ChunkForm form;

private:
  Reason findState();
  Reason findReadout();
  Reason findDecay();
  Reason findDecayOfRows();
  Reason splitInput();
  Reason findCorrection();
  Reason splitQuery();
  Reason checkEpilogue();
  Reason chooseElement();

  /// Where the factors of a value go: those that vary over `row`, over columns, over neither.
  struct Parts {
    int64_t row;
    Product &rows, &columns, &scale;
  };
  Reason split(Value value, bool divides, const Parts &parts);
  bool takeOut(Product &from, const Product &what, int64_t row) const;
  bool isSameRow(const Product &one, Product other, int64_t row) const;
  bool isSame(Value one, Value other, int64_t row) const;
  Reason checkRow(const Product &product, StringRef what);
  SmallVector<BlockArgument> rowsIn(const Product &product) const;
  std::string nameOf(BlockArgument input) const;
  bool variesOver(Value value, int64_t dim) const {
    return llvm::is_contained(sets.of(value), dim);
  }
  StringRef nameOf(int64_t dim) { return loop.getDim(dim).getName().getValue(); }

  scan::AffineOp op;
  scan::RecurrenceInterface loop;
  scan::IndexSets sets;
  const bool inF32;
};

} // namespace

Matcher::Reason Matcher::run() {
  for (auto step : {&Matcher::findState, &Matcher::findReadout, &Matcher::findDecay,
                    &Matcher::splitInput, &Matcher::findCorrection, &Matcher::splitQuery, &Matcher::checkEpilogue,
                    &Matcher::chooseElement})
    if (Reason reason = (this->*step)())
      return reason;
  return std::nullopt;
}

Matcher::Reason Matcher::findState() {
  if (loop.getNumStates() != 1)
    return formatv("{0} states, one of two indices is wanted", loop.getNumStates()).str();
  form.advance = *op.getBody().getOps<scan::AdvanceOp>().begin();
  scan::StateAttr state = loop.getState(0);
  if (state.getIndices().size() != 2)
    return std::string("a state without two indices: there are no outer products");
  if (form.advance.getRing() != scan::Ring::Real)
    return formatv("the {0} semiring", scan::stringifyRing(form.advance.getRing())).str();
  if (!state.getElementType().isF32())
    return std::string("a state of another type than f32");
  for (int64_t i = 0; inF32 && i < static_cast<int64_t>(loop.getInputs().size()); ++i)
    for (AffineExpr place : loop.getInputMap(i).getResults())
      if (!isa<AffineDimExpr>(place))
        return std::string("a window");
  return std::nullopt;
}

/// The one sum over an index of the state at t.
Matcher::Reason Matcher::findReadout() {
  Value now = form.advance.getNow();
  if (!form.advance.getBefore().use_empty())
    return std::string("a result of the state at t-1");
  llvm::SetVector<Value> open;
  open.insert(now);
  for (size_t i = 0; i < open.size(); ++i)
    for (Operation *user : open[i].getUsers()) {
      if (isa<scan::YieldOp>(user))
        return std::string("a result of the state itself at every step");
      auto reduce = dyn_cast<scan::ReduceOp>(user);
      if (reduce && form.readout && reduce != form.readout)
        return std::string("two sums that read the state");
      if (reduce)
        form.readout = reduce;
      else
        open.insert(user->getResult(0));
    }
  if (!form.readout)
    return std::string("nothing is read out of the state");
  if (form.readout.getKind() != scan::Reduction::Add)
    return formatv("a {0} over the state in place of a sum",
                   scan::stringifyReduction(form.readout.getKind()))
        .str();
  scan::IndexSet state = sets.of(now);
  SmallVector<StringAttr> names(form.readout.getOver().getAsRange<StringAttr>());
  scan::IndexSet over = scan::positionsOf(loop, names);
  if (over.size() != 1 || !llvm::is_contained(state, over[0]))
    return std::string("a readout that sums over another thing than one index of the state");
  form.row = over[0];
  form.column = state[0] == form.row ? state[1] : state[0];
  return std::nullopt;
}

Matcher::Reason Matcher::findDecay() {
  switch (form.advance.getStructure()) {
  case scan::Structure::Identity:
  case scan::Structure::LowRank:
    return std::nullopt;
  case scan::Structure::Scalar:
  case scan::Structure::Product:
    form.decay = form.advance.getTransition().front();
    break;
  case scan::Structure::Diagonal:
    form.decay = form.advance.getTransition().front();
    return findDecayOfRows();
  case scan::Structure::DiagonalLowRank:
    form.decay = form.advance.getTransition().front();
    if (sets.of(form.decay).empty())
      return std::string("a correction that does not decay with the state, where decay * (S - correction) is wanted");
    return findDecayOfRows();
  default:
    return std::string("a transition that is more than a decay");
  }
  if (scan::IndexSet of = sets.of(form.decay); !of.empty())
    return formatv("a correction of the state before it decays by a number for each point of {0}, where "
                   "S - correction of the decayed S is wanted",
                   nameOf(of.front()))
        .str();
  if (inF32 || hasLogarithm(form.decay))
    return std::nullopt;
  std::string which;
  if (auto input = dyn_cast<BlockArgument>(form.decay))
    which = ": " + nameOf(input);
  return "a decay that may be negative or 0" + which +
         ", where one of exp, sigmoid, positive numbers and their products is wanted";
}

Matcher::Reason Matcher::findDecayOfRows() {
  if (variesOver(form.decay, form.column))
    return formatv("not yet supported: a decay of its own for each point of {0}", nameOf(form.column)).str();
  form.decaysRows = true;
  Product whole;
  whole.factors.push_back(form.decay);
  if (Reason reason = checkRow(whole, "decay"))
    return reason;
  // Where it is made of one row elementwise, that row is what is brought.
  llvm::SetVector<Value> open;
  open.insert(form.decay);
  bool isOfOne = true;
  for (size_t i = 0; i < open.size(); ++i) {
    Operation *made = open[i].getDefiningOp();
    if (made) {
      isOfOne &= !isa<scan::ReduceOp, scan::ReindexOp>(made);
      open.insert_range(made->getOperands());
      continue;
    }
    isOfOne &= !form.decayInput && isa<Float32Type, Float16Type, BFloat16Type>(open[i].getType());
    form.decayInput = cast<BlockArgument>(open[i]);
  }
  if (!isOfOne)
    form.decayInput = {};
  return std::nullopt;
}

std::string Matcher::nameOf(BlockArgument input) const {
  auto function = scan::AffineOp(op)->getParentOfType<func::FuncOp>();
  auto tensor = dyn_cast<BlockArgument>(scan::AffineOp(op).getInputs()[input.getArgNumber()]);
  auto name = tensor ? function.getArgAttrOfType<StringAttr>(tensor.getArgNumber(), scan::nameAttr)
                     : StringAttr();
  return name ? name.str() : std::string();
}

Matcher::Reason Matcher::split(Value value, bool divides, const Parts &parts) {
  if (value == form.advance.getNow())
    return divides ? Reason("a result that the state divides") : Reason();
  bool ofState = sets.dependsOnState(value);
  bool ofRows = variesOver(value, parts.row), ofColumns = variesOver(value, form.column);
  for (int64_t dim : sets.of(value))
    if (dim != parts.row && dim != form.column)
      return formatv("a factor with an index that the state has not ({0})", nameOf(dim)).str();
  Operation *made = value.getDefiningOp();
  if (ofState)
    form.terms.insert(made);
  // A scalar stays whole; a factor that is one row of a tensor is copied as it lies.
  bool isScalar = !ofState && !ofRows && !ofColumns;
  if (auto product = dyn_cast_or_null<arith::MulFOp>(made); product && !isScalar) {
    if (Reason reason = split(product.getLhs(), divides, parts))
      return reason;
    return split(product.getRhs(), divides, parts);
  }
  if (auto quotient = dyn_cast_or_null<arith::DivFOp>(made); quotient && !isScalar) {
    if (Reason reason = split(quotient.getLhs(), divides, parts))
      return reason;
    return split(quotient.getRhs(), !divides, parts);
  }
  if (auto negated = dyn_cast_or_null<arith::NegFOp>(made); negated && !isScalar) {
    parts.scale.negative = !parts.scale.negative;
    return split(negated.getOperand(), divides, parts);
  }
  // A local that is read under the name of another index.
  if (auto renamed = dyn_cast_or_null<scan::ReindexOp>(made); renamed && ofRows && !ofColumns)
    return split(renamed.getValue(), divides,
                 {sets.of(renamed.getValue()).front(), parts.rows, parts.columns, parts.scale});
  if (ofState)
    return std::string("a sum over something else than a product with the state");
  if (ofRows && ofColumns)
    return formatv("what is added to the state is no product of factors of {0} and of {1} "
                   "({2} varies over both)",
                   nameOf(parts.row), nameOf(form.column),
                   isa<BlockArgument>(value) ? nameOf(cast<BlockArgument>(value))
                                             : std::string("a sum or a function"))
        .str();
  Product &part = ofRows ? parts.rows : ofColumns ? parts.columns : parts.scale;
  (divides ? part.divisors : part.factors).push_back(value);
  return std::nullopt;
}

Matcher::Reason Matcher::splitInput() {
  Value input = form.advance.getInput().front();
  if (Reason reason = split(input, false, {form.row, form.key, form.value, form.inputScale}))
    return reason;
  if (Reason reason = checkRow(form.key, "key"))
    return reason;
  return checkRow(form.value, "value");
}

/// Whether two values are one, where what varies over index `row` of the one varies over the rows in the other.
bool Matcher::isSame(Value one, Value other, int64_t row) const {
  if (one == other)
    return true;
  auto tensor = dyn_cast<BlockArgument>(one), otherTensor = dyn_cast<BlockArgument>(other);
  if (tensor && otherTensor) {
    MLIRContext *context = one.getContext();
    auto inputs = scan::RecurrenceInterface(loop).getInputs();
    auto rowsOf = [&](BlockArgument input) {
      AffineMap map = scan::RecurrenceInterface(loop).getInputMap(input.getArgNumber());
      return map.replace(getAffineDimExpr(row, context), getAffineDimExpr(form.row, context),
                         map.getNumDims(), 0);
    };
    return inputs[tensor.getArgNumber()] == inputs[otherTensor.getArgNumber()] &&
           rowsOf(tensor) == rowsOf(otherTensor);
  }
  Operation *made = one.getDefiningOp(), *otherMade = other.getDefiningOp();
  if (!made || !otherMade || made->getName() != otherMade->getName() ||
      isa<scan::ReduceOp, scan::ReindexOp, scan::AdvanceOp>(made) ||
      made->getAttrDictionary() != otherMade->getAttrDictionary())
    return false;
  return llvm::equal(made->getOperands(), otherMade->getOperands(),
                     [&](Value a, Value b) { return isSame(a, b, row); });
}

/// Leaves what `from` has beside `what`, or says that it has not all of that.
bool Matcher::takeOut(Product &from, const Product &what, int64_t row) const {
  auto takeList = [&](SmallVectorImpl<Value> &left, ArrayRef<Value> list) {
    return llvm::all_of(list, [&](Value value) {
      auto found = llvm::find_if(left, [&](Value candidate) { return isSame(value, candidate, row); });
      if (found == left.end())
        return false;
      left.erase(found);
      return true;
    });
  };
  from.negative ^= what.negative;
  return takeList(from.factors, what.factors) && takeList(from.divisors, what.divisors);
}

bool Matcher::isSameRow(const Product &one, Product other, int64_t row) const {
  return takeOut(other, one, row) && other.factors.empty() && other.divisors.empty();
}

/// What is subtracted of the state: u (v . S), where both are multiples of the key, before it decays. Where rows decay by
/// numbers of their own it has decayed before, which is in v.
Matcher::Reason Matcher::findCorrection() {
  OperandRange vectors = form.advance.getTransition();
  switch (form.advance.getStructure()) {
  case scan::Structure::LowRank:
    break;
  case scan::Structure::Product:
  case scan::Structure::DiagonalLowRank:
    vectors = vectors.drop_front();
    break;
  default:
    return std::nullopt;
  }
  if (vectors.size() != 2)
    return formatv("{0} corrections of a step, of which it knows one", vectors.size() / 2).str();
  if (loop.findDim(cast<StringAttr>(form.advance.getRows()[0]).getValue()) != form.row)
    return formatv("a correction that sums over another index than {0}", nameOf(form.row)).str();
  int64_t summed = loop.findDim(cast<StringAttr>(form.advance.getContract()[0]).getValue());
  Product own, other, columns, decayed = form.key, numberOfDecays;
  if (form.decaysRows)
    if (Reason reason = split(form.decay, false, {form.row, decayed, columns, numberOfDecays}))
      return reason;
  form.strength.emplace();
  if (Reason reason = split(vectors[0], false, {form.row, own, columns, *form.strength}))
    return reason;
  if (Reason reason = split(vectors[1], false, {summed, other, columns, *form.strength}))
    return reason;
  bool isOfKey = columns.factors.empty() && columns.divisors.empty() &&
                 isSameRow(own, form.key, form.row);
  if (isOfKey && form.decaysRows && !isSameRow(other, decayed, summed))
    return std::string("a correction of something else than what the key reads of the decayed state");
  if (!isOfKey || !isSameRow(other, decayed, summed) || !takeOut(*form.strength, numberOfDecays, form.row))
    return std::string("a correction by other vectors than multiples of the key that is added");
  return std::nullopt;
}

Matcher::Reason Matcher::splitQuery() {
  Value sum = form.readout.getValue();
  if (!sets.dependsOnState(sum))
    return std::string("nothing is read out of the state");
  if (Reason reason = split(sum, false, {form.row, form.query, form.sumScale, form.queryScale}))
    return reason;
  // Beside the one product there is no other use of the state.
  SmallVector<Value> values = {form.advance.getNow()};
  for (Operation *term : form.terms)
    values.push_back(term->getResult(0));
  for (Value value : values)
    for (Operation *user : value.getUsers())
      if (user != form.readout && !form.terms.contains(user))
        return std::string("two sums that read the state");
  return checkRow(form.query, "query");
}

/// A sum of its own for each number of a row would be computed wherever the number is.
Matcher::Reason Matcher::checkRow(const Product &product, StringRef what) {
  llvm::SetVector<Value> open(product.factors.begin(), product.factors.end());
  open.insert_range(product.divisors);
  for (size_t i = 0; i < open.size(); ++i) {
    Operation *made = open[i].getDefiningOp();
    if (!made || made == form.readout)
      continue;
    if (isa<scan::ReduceOp>(made) && !sets.of(open[i]).empty())
      return formatv("a sum for each number of the {0}", what).str();
    open.insert_range(made->getOperands());
  }
  return std::nullopt;
}

/// What is made of the readout is made point by point.
Matcher::Reason Matcher::checkEpilogue() {
  for (Operation &inner : op.getBody().front()) {
    if (&inner == form.readout || &inner == form.advance || form.terms.contains(&inner))
      continue;
    auto ofState = [&](Value value) { return sets.dependsOnState(value); };
    if (auto yield = dyn_cast<scan::YieldOp>(inner)) {
      for (auto [i, out] : llvm::enumerate(yield.getOuts())) {
        AffineMap map = loop.getOutputMap(i);
        if (!ofState(out) || !map.isFunctionOfDim(form.column) || map.isFunctionOfDim(form.row))
          return formatv("a result that is not one number for each point of {0}, made of the readout",
                         nameOf(form.column))
              .str();
        Product whole;
        whole.factors.push_back(out);
        if (Reason reason = checkRow(whole, "result"))
          return reason;
      }
      continue;
    }
    if (!llvm::any_of(inner.getOperands(), ofState))
      continue;
    if (isa<scan::ReduceOp, scan::ReindexOp>(inner))
      return formatv("a reduction, or another index, of what is read out over {0}", nameOf(form.column))
          .str();
    for (int64_t dim : sets.of(inner.getResult(0)))
      if (dim != form.column)
        return formatv("a result with an index that the readout has not ({0})", nameOf(dim)).str();
  }
  return std::nullopt;
}

/// The tensors whose rows are factors.
SmallVector<BlockArgument> Matcher::rowsIn(const Product &product) const {
  llvm::SetVector<Value> open(product.factors.begin(), product.factors.end());
  open.insert_range(product.divisors);
  SmallVector<BlockArgument> rows;
  for (size_t i = 0; i < open.size(); ++i) {
    if (auto input = dyn_cast<BlockArgument>(open[i])) {
      if (!sets.of(input).empty())
        rows.push_back(input);
    } else {
      open.insert_range(open[i].getDefiningOp()->getOperands());
    }
  }
  return rows;
}

/// Products are of 16 bits: those of the tensors, or those that are asked for.
Matcher::Reason Matcher::chooseElement() {
  Builder builder(op.getContext());
  if (inF32) {
    form.element = builder.getF32Type();
    return std::nullopt;
  }
  StringRef precision = pinnedValue(op, "precision");
  if (precision == "f16" || precision == "bf16") {
    form.element = precision == "f16" ? Type(builder.getF16Type()) : Type(builder.getBF16Type());
    return std::nullopt;
  }
  bool isHalf = true;
  for (const Product *product : {&form.key, &form.value, &form.query})
    for (BlockArgument row : rowsIn(*product)) {
      Type type = row.getType();
      if (!type.isF16() && !type.isBF16())
        return formatv("products of bf16, which would round the {0} of {1} (@precision(bf16) asks for that)",
                       type, nameOf(row))
            .str();
      isHalf &= type.isF16();
    }
  form.element = isHalf ? Type(builder.getF16Type()) : Type(builder.getBF16Type());
  return std::nullopt;
}

std::optional<std::string> declinesColumns(scan::AffineOp op, const ChunkForm &form) {
  scan::DimAttr columns = scan::RecurrenceInterface(op).getDim(form.column);
  if (!ShapedType::isDynamic(columns.getSize()) && columns.getSize() != 0)
    return std::nullopt;
  return formatv("columns of state (index {0}) whose number is 0 or not known at compile time (bind it: "
                 "--shape {1}=…)",
                 columns.getName().getValue(), columns.getExtent().getValue())
      .str();
}

std::optional<ChunkForm> matchChunkForm(scan::AffineOp op, std::string &reason, bool inF32) {
  Matcher matcher(op, inF32);
  if (auto found = matcher.run()) {
    reason = std::move(*found);
    return std::nullopt;
  }
  return std::move(matcher.form);
}

} // namespace scanc::planning
