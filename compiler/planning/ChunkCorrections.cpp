//===- ChunkCorrections.cpp - What corrects a state of outer products -----===//
//
// Several corrections of a step, S' = (1 - b2 k2 k2') (1 - b1 k1 k1') S, come as the sum that they are when they are
// multiplied out, S' = S - u1 (k1 . S) - b2 k2 (k2 . S) where u1 = b1 k1 - b2 k2 (k2 . b1 k1), and what the first adds comes with
// what the second takes of it. They are looked for from the last to the first: X = Y - b k (k . Y) + what is added with k.
//
//===----------------------------------------------------------------------===//
#include "compiler/planning/ChunkMatcher.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

/// Whether two values are one, where what varies over index `row` of the one varies over the rows in the other.
bool ChunkMatcher::isSame(Value one, Value other, int64_t row) const {
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
bool ChunkMatcher::takeOut(Product &from, const Product &what, int64_t row) const {
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

bool ChunkMatcher::isSameRow(const Product &one, Product other, int64_t row) const {
  return takeOut(other, one, row) && other.factors.empty() && other.divisors.empty();
}

/// What is subtracted of the state: u (v . S) of the state before it decays. Where both are multiples of the key there is no other
/// vector; beside decays of rows v is the key as it decays then.
ChunkMatcher::Reason ChunkMatcher::findCorrection() {
  OperandRange vectors = correctingVectors();
  if (vectors.empty())
    return std::nullopt;
  if (loop.findDim(cast<StringAttr>(form.advance.getRows()[0]).getValue()) != form.row)
    return formatv("a correction that sums over another index than {0}", nameOf(form.row)).str();
  int64_t summed = loop.findDim(cast<StringAttr>(form.advance.getContract()[0]).getValue());
  form.summed = summed;
  if (vectors.size() > 2)
    return findCorrections(vectors, summed);
  Product own, other, columns;
  form.strength.emplace();
  if (decaysAfter())
    if (Reason reason = split(form.decay, false, {form.row, own, columns, *form.strength}))
      return reason;
  if (Reason reason = split(vectors[0], false, {form.row, own, columns, *form.strength}))
    return reason;
  if (Reason reason = split(vectors[1], false, {summed, other, columns, *form.strength}))
    return reason;
  if (!columns.factors.empty() || !columns.divisors.empty())
    return formatv("a correction by vectors that vary over {0}", nameOf(form.column)).str();
  const bool isOfKey = isSameRow(own, form.key, form.row);
  if (isOfKey && readsByKey(form, other))
    return std::nullopt;
  return readApart(std::move(own), std::move(other), isOfKey);
}

/// Whether rows decay when they have been corrected.
bool ChunkMatcher::decaysAfter() {
  return form.decaysRows && form.advance.getStructure() == scan::Structure::Product;
}

/// Whether a step's reader is its key, and where rows decay before that as it decays then. Numbers of a decay leave its strength.
bool ChunkMatcher::readsByKey(CorrectedStep &step, const Product &reader) {
  Product decayed = step.key, strength = *step.strength, columns, numbers;
  if (form.decaysRows && (decaysAfter() || split(form.decay, false, {form.row, decayed, columns, numbers})))
    return false;
  if (!isSameRow(reader, decayed, form.summed) || !takeOut(strength, numbers, form.row))
    return false;
  step.strength = std::move(strength);
  return true;
}

/// A correction that reads the state by another vector than what it writes. Where that is not the key that is added, either, it
/// goes before what adds.
ChunkMatcher::Reason ChunkMatcher::readApart(Product own, Product other, bool isOfKey) {
  for (const Product *row : {&own, &other})
    if (Reason reason = checkRow(*row, "correction"))
      return reason;
  if (isOfKey) {
    form.reader = std::move(other);
    return std::nullopt;
  }
  if (form.readsBefore)
    return std::string("not yet supported: a result of the state at t-1 beside a correction by other vectors than multiples of the key "
                       "that is added");
  CorrectedStep before;
  before.key = std::move(own);
  before.strength = *form.strength;
  if (!readsByKey(before, other))
    before.reader = std::move(other);
  before.adds = false;
  form.earlier.push_back(std::move(before));
  form.strength = Product();
  form.corrects = false;
  return std::nullopt;
}

/// The u and v of all u (v . S) that are subtracted.
OperandRange ChunkMatcher::correctingVectors() {
  OperandRange vectors = form.advance.getTransition();
  switch (form.advance.getStructure()) {
  case scan::Structure::LowRank:
    return vectors;
  case scan::Structure::Product:
  case scan::Structure::DiagonalLowRank:
    return vectors.drop_front();
  default:
    return vectors.take_front(0);
  }
}

namespace {

struct Addend {
  Value value;
  bool negative;
  bool operator==(const Addend &) const = default;
};

/// What a value is the sum of.
void addendsOf(Value value, bool negative, SmallVectorImpl<Addend> &addends) {
  Operation *made = value.getDefiningOp();
  if (isa_and_present<arith::AddFOp, arith::SubFOp>(made)) {
    addendsOf(made->getOperand(0), negative, addends);
    addendsOf(made->getOperand(1), negative != isa<arith::SubFOp>(made), addends);
  } else if (isa_and_present<arith::NegFOp>(made)) {
    addendsOf(made->getOperand(0), !negative, addends);
  } else {
    addends.push_back({value, negative});
  }
}

} // namespace

/// What a value is the product of: numbers of a step stay whole, as `split` leaves them.
void ChunkMatcher::factorsOf(Value value, SmallVectorImpl<Value> &factors) const {
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (product && !sets.of(value).empty()) {
    factorsOf(product.getLhs(), factors);
    factorsOf(product.getRhs(), factors);
  } else {
    factors.push_back(value);
  }
}

/// The Y of which an addend is -b k (k . Y), where `step` has b and k; null where it is something else.
Value ChunkMatcher::correctedBy(const CorrectedStep &step, Value addend, bool negative, int64_t summed) {
  SmallVector<Value> outer, inner;
  factorsOf(addend, outer);
  auto sum = llvm::find_if(outer, [](Value factor) { return isa_and_present<scan::ReduceOp>(factor.getDefiningOp()); });
  if (sum == outer.end())
    return {};
  auto reduce = sum->getDefiningOp<scan::ReduceOp>();
  outer.erase(sum);
  factorsOf(reduce.getValue(), inner);
  auto isOfRows = [&](Value factor) {
    auto renamed = factor.getDefiningOp<scan::ReindexOp>();
    return renamed && renamed.getFrom().size() == 1 && nameOf(form.row) == cast<StringAttr>(renamed.getFrom()[0]).getValue() &&
           nameOf(summed) == cast<StringAttr>(renamed.getTo()[0]).getValue();
  };
  // Of the factors under the sum, k may be renamed, too.
  for (Value candidate : inner) {
    if (!isOfRows(candidate))
      continue;
    Product own, other, columns, scale;
    scale.negative = negative;
    Reason reason;
    for (Value factor : outer)
      reason = reason ? reason : split(factor, false, {form.row, own, columns, scale});
    for (Value factor : inner)
      if (factor != candidate)
        reason = reason ? reason : split(factor, false, {summed, other, columns, scale});
    bool isIt = !reason && reduce.getKind() == scan::Reduction::Add && columns.factors.empty() && columns.divisors.empty() &&
                isSameRow(own, step.key, form.row) && isSameRow(other, step.key, summed) &&
                isSameRow(scale, *step.strength, form.row) && scale.negative != step.strength->negative;
    if (isIt)
      return candidate.getDefiningOp<scan::ReindexOp>().getValue();
  }
  return {};
}

/// The Y of X = Y - b k (k . Y) + rest; null where there is none, and X is the rest.
Value ChunkMatcher::takeCorrection(const CorrectedStep &step, Value of, int64_t summed,
                                   SmallVectorImpl<std::pair<Value, bool>> &rest) {
  SmallVector<Addend> addends;
  addendsOf(of, false, addends);
  Value before;
  for (const Addend &addend : addends) {
    before = correctedBy(step, addend.value, addend.negative, summed);
    if (!before)
      continue;
    SmallVector<Addend> taken = {addend};
    addendsOf(before, false, taken);
    llvm::erase_if(addends, [&](const Addend &one) { return llvm::is_contained(taken, one); });
    break;
  }
  for (const Addend &addend : addends)
    rest.emplace_back(addend.value, addend.negative);
  return before;
}

ChunkMatcher::Reason ChunkMatcher::findCorrections(OperandRange vectors, int64_t summed) {
  if (form.readsBefore)
    return std::string("not yet supported: a result of the state at t-1 beside several corrections of a step");
  const std::string unlike = "several corrections of a step that are not made one after another, each by the key that it adds";
  std::vector<CorrectedStep> steps(vectors.size() / 2);
  using Rest = SmallVector<std::pair<Value, bool>>;
  for (size_t i = steps.size(); i-- > 0;) {
    Value own = vectors[2 * i];
    for (size_t later = steps.size(); later-- > i + 1;) {
      Rest rest;
      own = takeCorrection(steps[later], own, summed, rest);
      if (!own || !rest.empty())
        return unlike;
    }
    Product other, columns;
    steps[i].strength.emplace();
    if (Reason reason = split(own, false, {form.row, steps[i].key, columns, *steps[i].strength}))
      return reason;
    if (Reason reason = split(vectors[2 * i + 1], false, {summed, other, columns, *steps[i].strength}))
      return reason;
    if (!columns.factors.empty() || !columns.divisors.empty() || !readsByKey(steps[i], other))
      return unlike;
  }
  Value input = form.advance.getInput().front();
  for (size_t i = steps.size(); i-- > 0;) {
    Rest rest;
    if (input)
      input = takeCorrection(steps[i], input, summed, rest);
    if (rest.size() > 1)
      return std::string("several outer products that are added with one correction");
    steps[i].adds = !rest.empty();
    if (rest.empty())
      continue;
    Product key;
    steps[i].inputScale.negative = rest.front().second;
    if (Reason reason = split(rest.front().first, false, {form.row, key, steps[i].value, steps[i].inputScale}))
      return reason;
    if (!isSameRow(key, steps[i].key, form.row))
      return unlike;
  }
  for (const CorrectedStep &step : steps)
    for (const Product *product : {&step.key, &step.value})
      if (Reason reason = checkRow(*product, product == &step.key ? "key" : "value"))
        return reason;
  static_cast<CorrectedStep &>(form) = std::move(steps.back());
  steps.pop_back();
  form.earlier = std::move(steps);
  return std::nullopt;
}

} // namespace scanc::planning
