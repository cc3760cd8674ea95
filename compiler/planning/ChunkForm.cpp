//===- ChunkForm.cpp - Outer products summed up and read out --------------===//
#include "compiler/planning/ChunkMatcher.h"

#include "compiler/planning/Logarithm.h"
#include "compiler/planning/Pins.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

ChunkMatcher::Reason ChunkMatcher::run() {
  for (auto step : {&ChunkMatcher::findState, &ChunkMatcher::findReadout, &ChunkMatcher::findDecay,
                    &ChunkMatcher::splitInput, &ChunkMatcher::findCorrection, &ChunkMatcher::splitQuery,
                    &ChunkMatcher::chooseElement})
    if (Reason reason = (this->*step)())
      return reason;
  if (!form.earlier.empty()) // which do not decay: what decays is computed where it is brought
    form.decayInput = {};
  return epilogue == ChunkEpilogue::Any ? std::nullopt : checkEpilogue();
}

ChunkMatcher::Reason ChunkMatcher::findState() {
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

/// The one sum over an index of the state, at t or at t-1.
ChunkMatcher::Reason ChunkMatcher::findReadout() {
  form.readsBefore = !form.advance.getBefore().use_empty();
  if (form.readsBefore && !form.advance.getNow().use_empty())
    return std::string("results of the state at t and of that at t-1");
  llvm::SetVector<Value> open;
  open.insert(readState());
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
  scan::IndexSet state = sets.of(readState());
  SmallVector<StringAttr> names(form.readout.getOver().getAsRange<StringAttr>());
  scan::IndexSet over = scan::positionsOf(loop, names);
  if (over.size() != 1 || !llvm::is_contained(state, over[0]))
    return std::string("a readout that sums over another thing than one index of the state");
  form.row = over[0];
  form.column = state[0] == form.row ? state[1] : state[0];
  return std::nullopt;
}

ChunkMatcher::Reason ChunkMatcher::findDecay() {
  switch (form.advance.getStructure()) {
  case scan::Structure::Identity:
  case scan::Structure::LowRank:
    return std::nullopt;
  case scan::Structure::Scalar:
    form.decay = form.advance.getTransition().front();
    break;
  case scan::Structure::Product:
    form.decay = form.advance.getTransition().front();
    if (!sets.of(form.decay).empty())
      return findDecayOfRows();
    break;
  case scan::Structure::Diagonal:
  case scan::Structure::DiagonalLowRank:
    form.decay = form.advance.getTransition().front();
    return findDecayOfRows();
  default:
    return std::string("a transition that is more than a decay");
  }
  if (inF32 || hasLogarithm(form.decay))
    return std::nullopt;
  std::string which;
  if (auto input = dyn_cast<BlockArgument>(form.decay))
    which = ": " + nameOf(input);
  return "a decay that may be negative or 0" + which +
         ", where one of exp, sigmoid, positive numbers and their products is wanted";
}

ChunkMatcher::Reason ChunkMatcher::findDecayOfRows() {
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
    isOfOne &= !form.decayInput && isa<Float32Type, Float16Type, BFloat16Type>(open[i].getType()) && variesOver(open[i], form.row);
    form.decayInput = cast<BlockArgument>(open[i]);
  }
  if (!isOfOne)
    form.decayInput = {};
  return std::nullopt;
}

std::string ChunkMatcher::nameOf(BlockArgument input) const {
  auto function = scan::AffineOp(op)->getParentOfType<func::FuncOp>();
  auto tensor = dyn_cast<BlockArgument>(scan::AffineOp(op).getInputs()[input.getArgNumber()]);
  auto name = tensor ? function.getArgAttrOfType<StringAttr>(tensor.getArgNumber(), scan::nameAttr)
                     : StringAttr();
  return name ? name.str() : std::string();
}

ChunkMatcher::Reason ChunkMatcher::split(Value value, bool divides, const Parts &parts) {
  if (value == readState())
    return divides ? Reason("a result that the state divides") : Reason();
  bool ofState = sets.dependsOnState(value);
  bool ofRows = variesOver(value, parts.row), ofColumns = variesOver(value, form.column);
  for (int64_t dim : sets.of(value))
    if (dim != parts.row && dim != form.column)
      return formatv("a factor with an index that the state has not ({0})", nameOf(dim)).str();
  Operation *made = value.getDefiningOp();
  APFloat number(0.0);
  if (ofState)
    form.terms.insert(made);
  if (matchPattern(value, m_ConstantFloat(&number)) && number.isExactlyValue(-1)) {
    parts.scale.negative = !parts.scale.negative;
    return std::nullopt;
  }
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
  if (auto sum = dyn_cast_or_null<arith::AddFOp>(made); sum && ofState && form.readsBefore && !divides && !added) {
    bool isFirst = sets.dependsOnState(sum.getLhs());
    added = isFirst ? sum.getRhs() : sum.getLhs();
    if (!sets.dependsOnState(added))
      return split(isFirst ? sum.getLhs() : sum.getRhs(), divides, parts);
  }
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

ChunkMatcher::Reason ChunkMatcher::splitInput() {
  if (correctingVectors().size() > 2)
    return std::nullopt; // with the corrections
  Value input = form.advance.getInput().front();
  if (Reason reason = split(input, false, {form.row, form.key, form.value, form.inputScale}))
    return reason;
  if (Reason reason = checkRow(form.key, "key"))
    return reason;
  return checkRow(form.value, "value");
}

ChunkMatcher::Reason ChunkMatcher::splitQuery() {
  Value sum = form.readout.getValue();
  if (!sets.dependsOnState(sum))
    return std::string("nothing is read out of the state");
  if (Reason reason = split(sum, false, {form.row, form.query, form.sumScale, form.queryScale}))
    return reason;
  // Beside the one product there is no other use of the state.
  SmallVector<Value> values = {readState()};
  for (Operation *term : form.terms)
    values.push_back(term->getResult(0));
  for (Value value : values)
    for (Operation *user : value.getUsers())
      if (user != form.readout && !form.terms.contains(user))
        return std::string("two sums that read the state");
  if (added)
    if (Reason reason = findBonus())
      return reason;
  return checkRow(form.query, "query");
}

/// What is read beside the state of the step before: what the step adds, each row by a number that all steps have.
ChunkMatcher::Reason ChunkMatcher::findBonus() {
  if (!form.decaysRows || form.strength)
    return std::string("not yet supported: a sum over the state at t-1 and what the step adds, but where rows decay by numbers of their "
                       "own and nothing is corrected (elsewhere: the sum over what the step adds by itself)");
  Product rows, columns, scale;
  if (Reason reason = split(added, false, {form.row, rows, columns, scale}))
    return reason;
  bool isOfStep = takeOut(rows, form.key, form.row) && takeOut(scale, form.inputScale, form.row) &&
                  isSameRow(columns, form.value, form.column);
  if (!isOfStep)
    return std::string("a sum over the state at t-1 and something else than rows of what the step adds");
  rows.factors.append(scale.factors);
  rows.divisors.append(scale.divisors);
  rows.negative ^= scale.negative;
  llvm::SetVector<Value> open(rows.factors.begin(), rows.factors.end());
  open.insert_range(rows.divisors);
  for (size_t i = 0; i < open.size(); ++i) {
    auto input = dyn_cast<BlockArgument>(open[i]);
    if (input && loop.getInputMap(input.getArgNumber()).isFunctionOfDim(loop.getTimeDim()))
      return formatv("not yet supported: what the step adds, read by numbers that vary with time ({0}; elsewhere: the sum over what the "
                     "step adds by itself)",
                     nameOf(input))
          .str();
    if (!input)
      open.insert_range(open[i].getDefiningOp()->getOperands());
  }
  form.bonus = std::move(rows);
  return checkRow(*form.bonus, "bonus");
}

/// A sum of its own for each number of a row would be computed wherever the number is.
ChunkMatcher::Reason ChunkMatcher::checkRow(const Product &product, StringRef what) {
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

/// Whether `inner` is one of two sums at most over the columns of what is read out, of which none waits for the other.
bool ChunkMatcher::isTotal(Operation &inner) const {
  constexpr int64_t most = 2;
  auto reduce = dyn_cast<scan::ReduceOp>(inner);
  if (epilogue != ChunkEpilogue::Reduced || !reduce || reduce.getOver().size() != 1 || form.reductions == most ||
      !reduce.getType().isF32() || sets.of(reduce.getValue()) != scan::IndexSet{form.column} ||
      (reduce.getKind() != scan::Reduction::Add && reduce.getKind() != scan::Reduction::Mean))
    return false;
  llvm::SetVector<Value> open;
  open.insert(reduce.getValue());
  for (size_t i = 0; i < open.size(); ++i)
    if (Operation *made = open[i].getDefiningOp(); made && made != form.readout) {
      if (isa<scan::ReduceOp, scan::ReindexOp>(made) && sets.dependsOnState(open[i]))
        return false;
      open.insert_range(made->getOperands());
    }
  return true;
}

/// What is made of the readout is made point by point.
ChunkMatcher::Reason ChunkMatcher::checkEpilogue() {
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
    if (isTotal(inner)) {
      ++form.reductions;
      continue;
    }
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
SmallVector<BlockArgument> ChunkMatcher::rowsIn(const Product &product) const {
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

/// What is rounded with the key, or what reads, that it decays with is not seen.
Product ChunkMatcher::withoutDecay(const Product &product) {
  Product decay, columns, scale, left = product;
  if (!form.decaysRows || split(form.decay, false, {form.row, decay, columns, scale}))
    return product;
  for (int64_t row : {form.row, form.summed})
    if (Product of = product; row >= 0 && takeOut(of, decay, row))
      left = of;
  return left;
}

/// Products are of 16 bits: those of the tensors, or those that are asked for.
ChunkMatcher::Reason ChunkMatcher::chooseElement() {
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
  SmallVector<const Product *> products = {&form.key, &form.value, &form.query};
  for (const CorrectedStep &step : form.earlier)
    products.append({&step.key, &step.value});
  if (form.reader)
    products.push_back(&*form.reader);
  for (const CorrectedStep &step : form.earlier)
    if (step.reader)
      products.push_back(&*step.reader);
  for (const Product *product : products)
    for (BlockArgument row : rowsIn(withoutDecay(*product))) {
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

std::optional<ChunkForm> matchChunkForm(scan::AffineOp op, std::string &reason, bool inF32, ChunkEpilogue epilogue) {
  ChunkMatcher matcher(op, inF32, epilogue);
  if (auto found = matcher.run()) {
    reason = std::move(*found);
    return std::nullopt;
  }
  return std::move(matcher.form);
}

} // namespace scanc::planning
