//===- Body.cpp - Index sets become vectors over register dimensions ------===//
#include "compiler/planning/Body.h"

#include "compiler/planning/ChunkForm.h"
#include "compiler/planning/Logarithm.h"
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Pins.h"
#include "dialects/plan/Shares.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::planning {

namespace {

/// Whether every result is rounded to 16 bits or fewer, which hides what the device's own exponential
/// leaves out, and nobody asked for more: who pins 16 bits has asked for less.
static bool mayApproximate(scan::RecurrenceInterface loop) {
  StringRef pin = pinnedValue(loop, "precision");
  if (!pin.empty() && pin != "f16" && pin != "bf16")
    return false;
  bool narrow = loop.getNumOutputs() > 0;
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    narrow &= bytesOf(cast<RankedTensorType>(loop->getResult(i).getType()).getElementType()) <= 2;
  return narrow;
}

/// One region being lowered. A value over index set I is a vector whose dimensions are the
/// register dims of I in the kernel's order.
class BodyLowering {
public:
  /// `whole` is what `mapping` is a part of, or the same.
  BodyLowering(const Mapping &mapping, scan::AffineOp whole, Region &region, bool splitsMatrix,
               const ChunkForm *chunks)
      : mapping(mapping), loop(mapping.op), sets(mapping.sets), builder(mapping.op.getContext()),
        block(&region.emplaceBlock()), splitsMatrix(splitsMatrix), chunks(chunks),
        approximate(mayApproximate(whole)) {}

  void run();

private:
  using Dims = scan::IndexSet;

  Dims registersOf(Value value) const { return registersIn(sets.of(value)); }
  Dims registersIn(ArrayRef<int64_t> dims) const;
  Type shaped(Type element, ArrayRef<int64_t> dims) const;
  Value broadcast(Value lowered, ArrayRef<int64_t> from, ArrayRef<int64_t> to, Location loc);
  Value operand(Value value, ArrayRef<int64_t> onto, Location loc) {
    return broadcast(lowered.lookup(value), registersOf(value), onto, loc);
  }

  void lower(Operation &op);
  void lowerElementwise(Operation &op);
  bool lowerPower(Operation &op);
  bool lowerScaling(Operation &op);
  bool lowerPartOfSum(Operation &op);
  Value divided(Value sum, int64_t points, Location loc);
  void lowerReduce(scan::ReduceOp op);
  Value reduced(scan::ReduceOp op, Value value, Type element);
  void lowerReindex(scan::ReindexOp op);
  void lowerAdvance(scan::AdvanceOp op);
  void lowerMatrix(scan::AdvanceOp op);
  Value constantOf(double number, ArrayRef<int64_t> dims, Location loc);
  Value productOf(const Product &product, ArrayRef<int64_t> dims, Location loc);
  void lowerRecall();
  void finishAdvance(scan::AdvanceOp op, bool matrix, Value gain, Value scale, Value diagonal);
  void lowerYield(scan::YieldOp op);

  const Mapping &mapping;
  scan::RecurrenceInterface loop;
  const scan::IndexSets &sets;
  OpBuilder builder;
  Block *block;
  bool splitsMatrix;
  const ChunkForm *chunks; ///< null: states are advanced step by step
  IRMapping lowered;
  bool approximate; ///< whether exponentials may be the device's own
};

BodyLowering::Dims BodyLowering::registersIn(ArrayRef<int64_t> dims) const {
  Dims result;
  for (int64_t i : mapping.registers) // already in the kernel's order
    if (llvm::is_contained(dims, i))
      result.push_back(i);
  return result;
}

Type BodyLowering::shaped(Type element, ArrayRef<int64_t> dims) const {
  if (dims.empty())
    return element;
  SmallVector<int64_t> shape;
  for (int64_t i : dims)
    shape.push_back(scan::RecurrenceInterface(loop).getDim(i).getSize());
  return VectorType::get(shape, element);
}

Value BodyLowering::broadcast(Value value, ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                              Location loc) {
  if (from == to)
    return value;
  SmallVector<int64_t> onto;
  for (int64_t i : from)
    onto.push_back(llvm::find(to, i) - to.begin());
  Type type = shaped(getElementTypeOrSelf(value.getType()), to);
  return plan::BroadcastOp::create(builder, loc, type, value, onto);
}

void BodyLowering::run() {
  Block &from = loop.getBodyBlock();
  for (BlockArgument arg : from.getArguments())
    lowered.map(arg, block->addArgument(shaped(arg.getType(), registersOf(arg)), arg.getLoc()));
  builder.setInsertionPointToEnd(block);
  for (Operation &op : from)
    if (!chunks)
      lower(op);
    else if (&op == chunks->readout)
      lowerRecall();
    else if (&op != chunks->advance && !chunks->terms.contains(&op))
      lower(op);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void BodyLowering::lower(Operation &op) {
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](scan::ReduceOp op) { lowerReduce(op); })
      .Case([&](scan::ReindexOp op) { lowerReindex(op); })
      .Case([&](scan::AdvanceOp op) { lowerAdvance(op); })
      .Case([&](scan::YieldOp op) { lowerYield(op); })
      .Default([&](Operation *op) { lowerElementwise(*op); });
}

static plan::Activation activationOf(scan::Activation kind) {
  return *plan::symbolizeActivation(scan::stringifyActivation(kind));
}

/// e^(pq) as 2^(p (q log2 e)), where the device's own exponential is one of base 2: the factor that has
/// the fewest values takes the logarithm, before all one that does not vary with time.
bool BodyLowering::lowerPower(Operation &op) {
  auto exp = dyn_cast<math::ExpOp>(op);
  auto product = exp ? exp.getOperand().getDefiningOp<arith::MulFOp>() : arith::MulFOp();
  if (!product || !approximate || !exp.getType().isF32())
    return false;
  auto values = [&](Value value) {
    return std::pair(sets.variesWithTime(value), registersOf(value).size());
  };
  Value few = product.getLhs(), other = product.getRhs();
  if (values(other) < values(few))
    std::swap(few, other);
  Location loc = op.getLoc();
  Dims dims = registersOf(few), all = registersOf(exp.getResult());
  Type type = shaped(few.getType(), dims);
  TypedAttr log2e = builder.getF32FloatAttr(1.4426950408889634f);
  if (auto shape = dyn_cast<VectorType>(type))
    log2e = DenseElementsAttr::get(shape, log2e);
  Value factor = arith::MulFOp::create(builder, loc, lowered.lookup(few),
                                       arith::ConstantOp::create(builder, loc, log2e));
  Value exponent = arith::MulFOp::create(builder, loc, operand(other, all, loc),
                                         broadcast(factor, dims, all, loc));
  lowered.map(exp.getResult(),
              math::Exp2Op::create(builder, loc, exponent, arith::FastMathFlags::afn).getResult());
  return true;
}

static std::optional<plan::ComplexFunction> complexFunctionOf(Operation &op) {
  using Result = std::optional<plan::ComplexFunction>;
  using plan::ComplexFunction;
  return llvm::TypeSwitch<Operation *, Result>(&op)
      .Case([](complex::AddOp) { return ComplexFunction::Add; })
      .Case([](complex::SubOp) { return ComplexFunction::Subtract; })
      .Case([](complex::MulOp) { return ComplexFunction::Multiply; })
      .Case([](complex::DivOp) { return ComplexFunction::Divide; })
      .Case([](complex::NegOp) { return ComplexFunction::Negate; })
      .Case([](complex::ConjOp) { return ComplexFunction::Conj; })
      .Case([](complex::ExpOp) { return ComplexFunction::Exp; })
      .Case([](complex::AbsOp) { return ComplexFunction::Abs; })
      .Case([](complex::ReOp) { return ComplexFunction::Real; })
      .Case([](complex::ImOp) { return ComplexFunction::Imag; })
      .Case([](complex::CreateOp) { return ComplexFunction::Create; })
      .Default([](Operation *) { return Result(); });
}

/// The part x of the complex number x + 0i, if that is how `value` is made.
static Value realPartOf(Value value) {
  auto made = value.getDefiningOp<complex::CreateOp>();
  return made && matchPattern(made.getImaginary(), m_AnyZeroFloat()) ? made.getReal() : Value();
}

/// A product or quotient with a real number takes two operations, not six or a division by a magnitude.
bool BodyLowering::lowerScaling(Operation &op) {
  bool product = isa<complex::MulOp>(op);
  if (!product && !isa<complex::DivOp>(op))
    return false;
  Value number = op.getOperand(0), scale = realPartOf(op.getOperand(1));
  if (product && !scale) {
    number = op.getOperand(1);
    scale = realPartOf(op.getOperand(0));
  }
  if (!scale)
    return false;
  Value result = op.getResult(0);
  Dims dims = registersOf(result);
  Location loc = op.getLoc();
  Value operands[] = {operand(number, dims, loc), operand(scale, dims, loc)};
  auto function = product ? plan::ComplexFunction::Multiply : plan::ComplexFunction::Divide;
  lowered.map(result, plan::ComplexOp::create(builder, loc, shaped(result.getType(), dims), function,
                                              operands)
                          .getResult());
  return true;
}

/// The part of a sum as the sum of parts, where nothing else is asked of the sum: the other parts need
/// not be computed.
bool BodyLowering::lowerPartOfSum(Operation &op) {
  if (!isa<complex::ReOp, complex::ImOp>(op))
    return false;
  auto sum = op.getOperand(0).getDefiningOp<scan::ReduceOp>();
  if (!sum || !llvm::all_of(sum.getResult().getUsers(), [](Operation *user) {
        return isa<complex::ReOp, complex::ImOp>(user);
      }))
    return false;
  Value points = lowered.lookup(sum.getValue());
  auto shape = dyn_cast<VectorType>(points.getType());
  Type part = op.getResult(0).getType();
  auto function = isa<complex::ReOp>(op) ? plan::ComplexFunction::Real : plan::ComplexFunction::Imag;
  Value parts = plan::ComplexOp::create(builder, op.getLoc(),
                                        shape ? Type(VectorType::get(shape.getShape(), part)) : part, function, points);
  lowered.map(op.getResult(0), reduced(sum, parts, part));
  return true;
}

void BodyLowering::lowerElementwise(Operation &op) {
  if (lowerPower(op) || lowerScaling(op) || lowerPartOfSum(op))
    return;
  Value result = op.getResult(0);
  Dims dims = registersOf(result);
  SmallVector<Value> operands;
  for (Value value : op.getOperands())
    operands.push_back(operand(value, dims, op.getLoc()));
  Type type = shaped(result.getType(), dims);
  if (auto activation = dyn_cast<scan::ActivationOp>(op)) {
    lowered.map(result, plan::ActivationOp::create(builder, op.getLoc(), type,
                                                   activationOf(activation.getKind()),
                                                   operands.front(), approximate)
                            .getResult());
    return;
  }
  if (isa<scan::LogAddExpOp>(op)) {
    lowered.map(result,
                plan::LogAddExpOp::create(builder, op.getLoc(), type, operands[0], operands[1])
                    .getResult());
    return;
  }
  if (auto function = complexFunctionOf(op)) {
    lowered.map(result,
                plan::ComplexOp::create(builder, op.getLoc(), type, *function, operands).getResult());
    return;
  }
  OperationState state(op.getLoc(), op.getName(), operands, type, op.getAttrs());
  state.propertiesAttr = op.getPropertiesAsAttribute();
  Operation *made = builder.create(state);
  if (auto exp = dyn_cast<math::ExpOp>(made); exp && approximate)
    exp.setFastmath(arith::FastMathFlags::afn);
  lowered.map(result, made->getResult(0));
}

static plan::Reduction reductionOf(scan::Reduction kind) {
  switch (kind) {
  case scan::Reduction::Add:
  case scan::Reduction::Mean:
    return plan::Reduction::Sum;
  case scan::Reduction::Max:
    return plan::Reduction::Maximum;
  case scan::Reduction::Min:
    return plan::Reduction::Minimum;
  case scan::Reduction::LogSumExp:
    return plan::Reduction::LogSumExp;
  }
  llvm_unreachable("every reduction is listed");
}

/// `sum` over `points` points, divided by their number.
Value BodyLowering::divided(Value sum, int64_t points, Location loc) {
  Type type = sum.getType(), part = getElementTypeOrSelf(type);
  auto isComplex = dyn_cast<ComplexType>(part);
  if (isComplex)
    part = isComplex.getElementType();
  TypedAttr number = builder.getFloatAttr(part, static_cast<double>(points));
  if (auto shape = dyn_cast<VectorType>(type))
    number = DenseElementsAttr::get(shape.clone(part), number);
  Value count = arith::ConstantOp::create(builder, loc, number);
  if (!isComplex)
    return arith::DivFOp::create(builder, loc, sum, count);
  return plan::ComplexOp::create(builder, loc, type, plan::ComplexFunction::Divide,
                                 ValueRange{sum, count});
}

/// `op` over `value` in place of its operand, of `element` each: over register dimensions, or over the
/// last lane dimension. A mean is a sum, divided by the number of its points.
Value BodyLowering::reduced(scan::ReduceOp op, Value value, Type element) {
  Location loc = op.getLoc();
  SmallVector<StringAttr> names(op.getOver().getAsRange<StringAttr>());
  Dims summed = scan::positionsOf(loop, names);
  Value whole;
  if (llvm::is_contained(summed, mapping.reduced)) {
    whole = plan::ReduceLanesOp::create(builder, loc, value.getType(), reductionOf(op.getKind()), value);
  } else {
    // Over an index that the value lacks it counts once for each point.
    Dims own = registersOf(op.getValue()), from = registersIn(scan::unite(own, summed));
    SmallVector<int64_t> over;
    for (int64_t i : summed)
      over.push_back(llvm::find(from, i) - from.begin());
    llvm::sort(over);
    whole = plan::ReduceOp::create(builder, loc, shaped(element, registersOf(op.getResult())),
                                   reductionOf(op.getKind()), over,
                                   broadcast(value, own, from, loc))
                .getResult();
  }
  if (op.getKind() != scan::Reduction::Mean)
    return whole;
  int64_t points = 1;
  for (int64_t i : summed)
    points *= loop.getDim(i).getSize();
  return divided(whole, points, loc);
}

void BodyLowering::lowerReduce(scan::ReduceOp op) {
  lowered.map(op.getResult(), reduced(op, lowered.lookup(op.getValue()), op.getType()));
}

void BodyLowering::lowerReindex(scan::ReindexOp op) {
  // The same numbers: only the order of the dimensions can differ under the new names.
  Dims from = registersOf(op.getValue()), to = registersOf(op.getResult());
  for (auto [oldName, newName] :
       llvm::zip(op.getFrom().getAsRange<StringAttr>(), op.getTo().getAsRange<StringAttr>()))
    for (int64_t &i : from)
      if (loop.getDim(i).getName() == oldName) {
        i = loop.findDim(newName.getValue());
        break;
      }
  lowered.map(op.getResult(), broadcast(lowered.lookup(op.getValue()), from, to, op.getLoc()));
}

static plan::Ring ringOf(scan::Ring ring) {
  return *plan::symbolizeRing(scan::stringifyRing(ring));
}

void BodyLowering::lowerAdvance(scan::AdvanceOp op) {
  if (!op.getContract().empty())
    return lowerMatrix(op);
  Value gain;
  if (!op.getTransition().empty())
    gain = operand(op.getTransition().front(), registersOf(op.getNow()), op.getLoc());
  finishAdvance(op, /*matrix=*/false, gain, Value(), Value());
}

void BodyLowering::lowerMatrix(scan::AdvanceOp op) {
  Location loc = op.getLoc();
  Dims dims = registersOf(op.getNow());
  Dims all = scan::positionsOf(
      loop, {cast<StringAttr>(op.getRows()[0]), cast<StringAttr>(op.getContract()[0])});
  Value matrix = op.getTransition().back(), scale, diagonal;
  if (splitsMatrix) {
    SplitMatrix parts(op);
    matrix = parts.rest;
    for (Value factor : parts.scale) {
      Value next = operand(factor, dims, loc);
      scale = !scale                               ? next
              : op.getRing() == scan::Ring::Real ? arith::MulFOp::create(builder, loc, scale, next).getResult()
                                                 : arith::AddFOp::create(builder, loc, scale, next).getResult();
    }
  }
  if (op.getTransition().size() > 1)
    diagonal = operand(op.getTransition().front(), dims, loc);
  finishAdvance(op, /*matrix=*/true, operand(matrix, all, loc), scale, diagonal);
}

void BodyLowering::finishAdvance(scan::AdvanceOp op, bool matrix, Value gain, Value scale,
                                 Value diagonal) {
  Dims dims = registersOf(op.getNow());
  Value bias = operand(op.getInput().front(), dims, op.getLoc());
  Type type = shaped(op.getNow().getType(), dims);
  auto advance = plan::AdvanceOp::create(builder, op.getLoc(), type, type,
                                         cast<StringAttr>(op.getStates()[0]), ringOf(op.getRing()),
                                         matrix, gain, scale, diagonal, bias);
  lowered.map(op.getNow(), advance.getNow());
  lowered.map(op.getBefore(), advance.getBefore());
}

Value BodyLowering::constantOf(double number, ArrayRef<int64_t> dims, Location loc) {
  TypedAttr attr = builder.getF32FloatAttr(number);
  if (auto shape = dyn_cast<VectorType>(shaped(builder.getF32Type(), dims)))
    attr = DenseElementsAttr::get(shape, cast<Attribute>(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

/// Over `dims`; null where it is 1 and has none. A row that a local has under another index is the same.
Value BodyLowering::productOf(const Product &product, ArrayRef<int64_t> dims, Location loc) {
  auto factorOf = [&](Value factor) {
    Dims own = registersOf(factor);
    return own.size() == 1 && dims.size() == 1 ? lowered.lookup(factor) : operand(factor, dims, loc);
  };
  auto constant = [&](double number) { return constantOf(number, dims, loc); };
  Value all = product.negative ? constant(-1) : Value();
  for (Value factor : product.factors) {
    Value next = factorOf(factor);
    all = all ? arith::MulFOp::create(builder, loc, all, next).getResult() : next;
  }
  if (!all && (!dims.empty() || !product.divisors.empty()))
    all = constant(1);
  for (Value divisor : product.divisors)
    all = arith::DivFOp::create(builder, loc, all, factorOf(divisor));
  return all;
}

/// What is read out of a state that decays and takes in an outer product.
void BodyLowering::lowerRecall() {
  scan::ReduceOp readout = chunks->readout;
  scan::AdvanceOp advance = chunks->advance;
  Location loc = readout.getLoc();
  Dims rows = {chunks->row}, columns = {chunks->column};
  Value decay, factor, rowDecays, decayInput;
  if (chunks->decaysRows)
    rowDecays = operand(chunks->decay, rows, advance.getLoc());
  else if (chunks->decay && chunks->element.isF32())
    factor = operand(chunks->decay, {}, advance.getLoc());
  else if (chunks->decay)
    decay = logarithmOf(chunks->decay, builder, [&](Value value) { return lowered.lookup(value); });
  if (chunks->decayInput)
    decayInput = lowered.lookup(chunks->decayInput);
  Value key = productOf(chunks->key, rows, advance.getLoc());
  Value value = chunks->adds ? productOf(chunks->value, columns, advance.getLoc()) : constantOf(0, columns, loc);
  Value query = productOf(chunks->query, rows, loc);
  Value bonus = chunks->bonus ? productOf(*chunks->bonus, rows, loc) : Value();
  Value strength = !chunks->strength  ? Value()
                   : chunks->corrects ? productOf(*chunks->strength, {}, loc)
                                      : constantOf(0, {}, loc);
  if (chunks->strength && !strength)
    strength = constantOf(1, {}, loc);
  SmallVector<Value> earlierKeys, earlierScales, earlierStrengths, earlierValues, readers;
  auto numberOf = [&](const Product &product) {
    Value number = productOf(product, {}, loc);
    return number ? number : constantOf(1, {}, loc);
  };
  for (const CorrectedStep &step : chunks->earlier) {
    earlierKeys.push_back(productOf(step.key, rows, loc));
    earlierScales.push_back(numberOf(step.inputScale));
    earlierStrengths.push_back(numberOf(*step.strength));
    earlierValues.push_back(step.adds ? productOf(step.value, columns, loc) : constantOf(0, columns, loc));
  }
  auto read = [&](const CorrectedStep &step, Value key) {
    if (chunks->readsApart())
      readers.push_back(step.reader ? productOf(*step.reader, chunks->summed, loc) : key);
  };
  for (auto [step, of] : llvm::zip(chunks->earlier, earlierKeys))
    read(step, of);
  read(*chunks, chunks->readsInPlaces() ? query : key); // which corrects by 0 then
  Value sums = plan::RecallOp::create(builder, loc, shaped(readout.getType(), columns),
                                      cast<StringAttr>(advance.getStates()[0]), chunks->readsBefore, decay, factor,
                                      rowDecays, decayInput, query, bonus,
                                      productOf(chunks->queryScale, {}, loc), key, value,
                                      productOf(chunks->inputScale, {}, loc), strength, earlierKeys,
                                      earlierScales, earlierStrengths, earlierValues, readers);
  const Product &scale = chunks->sumScale;
  if (!scale.factors.empty() || !scale.divisors.empty())
    sums = arith::MulFOp::create(builder, loc, sums, productOf(scale, columns, loc));
  lowered.map(readout.getResult(), sums);
}

void BodyLowering::lowerYield(scan::YieldOp op) {
  SmallVector<Value> values;
  for (auto [i, value] : llvm::enumerate(op.getOuts())) {
    // A write stores every register dimension of its map, so the value varies over all of them.
    scan::IndexSet written;
    for (AffineExpr expr : loop.getOutputMap(i).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        written.push_back(dim.getPosition());
    values.push_back(operand(value, registersIn(written), op.getLoc()));
  }
  plan::YieldOp::create(builder, op.getLoc(), values);
}

} // namespace

void lowerBody(const Mapping &mapping, Region &region, bool splitsMatrix, const ChunkForm *chunks) {
  BodyLowering(mapping, mapping.op, region, splitsMatrix, chunks).run();
}

void lowerPart(const Mapping &part, scan::AffineOp whole, Region &region) {
  BodyLowering(part, whole, region, /*splitsMatrix=*/false, /*chunks=*/nullptr).run();
}

} // namespace scanc::planning
