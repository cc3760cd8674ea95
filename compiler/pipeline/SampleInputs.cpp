//===- SampleInputs.cpp - Trace transitions back to the inputs they use ---===//
#include "scanc/SampleInputs.h"

#include "compiler/pipeline/Functions.h"
#include "compiler/pipeline/Session.h"
#include "dialects/plan/PlanOps.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace scanc::pipeline {

/// The size of a dimension, bound or in `sizes`.
static double sizeOf(scan::DimAttr dim, const std::map<std::string, std::int64_t> &sizes) {
  if (!ShapedType::isDynamic(dim.getSize()))
    return static_cast<double>(dim.getSize());
  return static_cast<double>(sizes.at(dim.getExtent().str()));
}

namespace {

/// Narrows the ranges of the inputs of one recurrence.
class Tracer {
public:
  Tracer(scan::AffineOp op, SampleInputs &samples) : op(op), samples(samples) {}

  void trace(scan::AdvanceOp advance);

private:
  void narrow(BlockArgument argument, double low, double high);
  /// Wants |value| <= `limit`.
  void wantWithin(Value value, double limit);
  void wantProduct(Value left, Value right, double limit);
  /// Wants |left + sign right| <= `limit`.
  void wantSum(Value left, Value right, int sign, double limit);
  /// Wants `value` between these, where it is an input as it is.
  void wantBetween(Value value, double low, double high);
  /// Wants `value` <= 0 for -1: it is the argument of an exponential; >= 0 for 1.
  void wantSign(Value value, int sign);
  /// Points of the dims called `indices`.
  double extentOf(ArrayAttr indices);
  /// Whether `argument` is an element of a vector that updates a state, such as a key.
  bool isOfUpdate(BlockArgument argument);

  scan::AffineOp op;
  SampleInputs &samples;
  bool updates = false; ///< what is traced is one of a pair of vectors, not a decay
};

} // namespace

void Tracer::narrow(BlockArgument argument, double low, double high) {
  auto tensor = dyn_cast<BlockArgument>(op.getInputs()[argument.getArgNumber()]);
  if (!tensor || isa<IntegerType>(argument.getType()))
    return; // made by an earlier recurrence, or a flag
  SampleInput &input = samples.inputs[tensor.getArgNumber()];
  double lowest = std::max(low, input.low), highest = std::min(high, input.high);
  if (lowest < highest) {
    low = lowest;
    high = highest;
  } else if ((input.low != -1 || input.high != 1) &&
             std::max(-low, high) > std::max(-input.low, input.high)) {
    return; // nothing suits both uses: the smaller magnitude keeps the state bounded
  }
  input.low = low;
  input.high = high;
}

static std::optional<double> constantOf(Value value) {
  if (auto negated = value.getDefiningOp<arith::NegFOp>()) {
    auto constant = constantOf(negated.getOperand());
    return constant ? std::optional(-*constant) : std::nullopt;
  }
  FloatAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  return constant.getValueAsDouble();
}

/// Whether `value` cannot be negative, by its own operator.
static bool isPositive(Value value) {
  Operation *source = value.getDefiningOp();
  if (auto activation = dyn_cast_or_null<scan::ActivationOp>(source))
    return activation.getKind() == scan::Activation::Sigmoid ||
           activation.getKind() == scan::Activation::Softplus ||
           activation.getKind() == scan::Activation::Relu;
  return isa_and_nonnull<math::ExpOp, math::AbsFOp, math::SqrtOp>(source);
}

void Tracer::wantWithin(Value value, double limit) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    // Of a plain factor the upper half only: the past must matter to the result. Vectors of one sign
    // would all be near one direction.
    bool plain = limit == 1 && isa<FloatType>(argument.getType()) && !isOfUpdate(argument);
    double low = plain ? 0.5 : -limit;
    // Real and imaginary part together.
    double scale = isa<ComplexType>(argument.getType()) ? std::sqrt(0.5) : 1;
    return narrow(argument, low * scale, limit * scale);
  }
  Operation *source = value.getDefiningOp();
  if (isa<arith::ExtFOp, arith::TruncFOp, arith::NegFOp, complex::CreateOp, complex::ConjOp,
          complex::NegOp>(source))
    return wantWithin(source->getOperand(0), limit);
  if (isa<arith::MulFOp, complex::MulOp>(source))
    return wantProduct(source->getOperand(0), source->getOperand(1), limit);
  if (isa<arith::AddFOp>(source))
    return wantSum(source->getOperand(0), source->getOperand(1), 1, limit);
  if (isa<arith::SubFOp>(source))
    return wantSum(source->getOperand(0), source->getOperand(1), -1, limit);
  if (isa<arith::DivFOp>(source)) {
    if (auto under = constantOf(source->getOperand(1)))
      return wantWithin(source->getOperand(0), limit * std::fabs(*under));
    wantWithin(source->getOperand(0), limit / 2);
    return wantBetween(source->getOperand(1), 0.5, 1);
  }
  if (isa<math::ExpOp, complex::ExpOp>(source))
    return wantSign(source->getOperand(0), -1);
  if (isa<math::SqrtOp>(source))
    return wantWithin(source->getOperand(0), limit * limit);
  if (isa<math::RsqrtOp>(source))
    return wantBetween(source->getOperand(0), 1 / (limit * limit), 4 / (limit * limit));
  if (isa<math::LogOp>(source))
    return wantBetween(source->getOperand(0), std::exp(-limit), 1);
  if (isa<math::AbsFOp, scan::ReindexOp>(source))
    return wantWithin(source->getOperand(0), limit);
  if (auto reduce = dyn_cast<scan::ReduceOp>(source))
    return wantWithin(reduce.getValue(), limit / extentOf(reduce.getOver()));
  if (isa<arith::MaximumFOp, arith::MinimumFOp>(source)) {
    wantWithin(source->getOperand(0), limit);
    return wantWithin(source->getOperand(1), limit);
  }
  if (auto select = dyn_cast<arith::SelectOp>(source)) {
    wantWithin(select.getTrueValue(), limit);
    return wantWithin(select.getFalseValue(), limit);
  }
  if (auto activation = dyn_cast<scan::ActivationOp>(source)) {
    if (activation.getKind() == scan::Activation::Softplus) // softplus(0.5) < 1
      return wantBetween(activation->getOperand(0), -1, 0.5);
    if (activation.getKind() != scan::Activation::Sigmoid)
      return wantWithin(activation->getOperand(0), limit);
  }
}

/// Whether |value| <= 1 whatever it is made of, so that no smaller limit can be had of it either.
static bool isWithinOne(Value value) {
  auto activation = value.getDefiningOp<scan::ActivationOp>();
  return activation && activation.getKind() == scan::Activation::Sigmoid;
}

void Tracer::wantProduct(Value left, Value right, double limit) {
  if (constantOf(left) || isWithinOne(left))
    std::swap(left, right);
  if (auto factor = constantOf(right))
    return wantWithin(left, limit / std::max(1.0, std::fabs(*factor)));
  wantWithin(left, limit);
  wantWithin(right, 1);
}

void Tracer::wantSum(Value left, Value right, int sign, double limit) {
  auto constant = constantOf(left), other = constantOf(right);
  if (!constant && !other) {
    wantWithin(left, limit / 2);
    return wantWithin(right, limit / 2);
  }
  // c + x or c - x: what is added points back to 0, up to half the way for a rate as in 1 - x.
  Value rest = constant ? right : left;
  double c = constant ? *constant : sign * *other, room = std::fabs(c);
  if (room < limit)
    return wantWithin(rest, limit - room);
  bool falls = (c > 0) == (!constant || sign > 0);
  double low = room - limit, high = room == limit ? room / 2 : room;
  falls ? wantBetween(rest, -high, -low) : wantBetween(rest, low, high);
}

void Tracer::wantBetween(Value value, double low, double high) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return narrow(argument, low, high);
  Operation *source = value.getDefiningOp();
  if (isa<arith::ExtFOp, arith::TruncFOp>(source))
    return wantBetween(source->getOperand(0), low, high);
  if (isa<arith::NegFOp>(source))
    return wantBetween(source->getOperand(0), -high, -low);
  if (isa<arith::MulFOp>(source)) {
    Value left = source->getOperand(0), right = source->getOperand(1);
    if (constantOf(left))
      std::swap(left, right);
    double factor = constantOf(right).value_or(1);
    if (!constantOf(right))
      wantBetween(right, 0.5, 1);
    if (factor != 0)
      wantBetween(left, (factor < 0 ? high : low) / factor, (factor < 0 ? low : high) / factor);
  }
}

void Tracer::wantSign(Value value, int sign) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return sign < 0 ? narrow(argument, -1, 0) : narrow(argument, 0, 1);
  Operation *source = value.getDefiningOp();
  if (isa<arith::ExtFOp, arith::TruncFOp, complex::ReOp, complex::CreateOp, complex::ConjOp>(source))
    return wantSign(source->getOperand(0), sign);
  if (isa<arith::NegFOp>(source))
    return wantSign(source->getOperand(0), -sign);
  if (isa<arith::AddFOp, arith::SubFOp>(source)) {
    wantSign(source->getOperand(0), sign);
    return wantSign(source->getOperand(1), isa<arith::SubFOp>(source) ? -sign : sign);
  }
  if (isa<arith::MulFOp>(source)) {
    Value left = source->getOperand(0), right = source->getOperand(1);
    if (constantOf(left) || isPositive(left))
      std::swap(left, right);
    if (auto factor = constantOf(right))
      return wantSign(left, *factor < 0 ? -sign : sign);
    if (isPositive(right))
      return wantSign(left, sign);
  }
}

double Tracer::extentOf(ArrayAttr indices) {
  double extent = 1;
  for (StringAttr name : indices.getAsRange<StringAttr>())
    if (int64_t at = op.findDim(name); at >= 0)
      extent *= std::max(1.0, sizeOf(op.getDim(at), samples.sizes));
  return extent;
}

bool Tracer::isOfUpdate(BlockArgument argument) {
  scan::RecurrenceInterface loop = op;
  if (!updates || argument.getArgNumber() >= loop.getInputs().size())
    return false;
  AffineMap map = loop.getInputMap(argument.getArgNumber());
  for (int64_t i = 0; i < loop.getNumDims(); ++i)
    if (loop.getDim(i).getKind() == scan::DimKind::Index && map.isFunctionOfDim(i))
      return true;
  return false;
}

void Tracer::trace(scan::AdvanceOp advance) {
  if (advance.getRing() != scan::Ring::Real)
    return; // a transition is added there, whatever its size
  double extent = extentOf(advance.getContract());
  switch (advance.getStructure()) {
  case scan::Structure::Identity:
    return;
  case scan::Structure::Scalar:
  case scan::Structure::Diagonal:
    return wantWithin(advance.getTransition()[0], 1);
  case scan::Structure::Dense:
    for (Value coefficient : advance.getTransition())
      wantWithin(coefficient, 1 / extent);
    return;
  case scan::Structure::DiagonalDense: // half of the whole for each of both
    wantWithin(advance.getTransition()[0], 0.5);
    return wantWithin(advance.getTransition()[1], 0.5 / extent);
  case scan::Structure::LowRank:
  case scan::Structure::DiagonalLowRank:
  case scan::Structure::Product:
    break;
  }
  // I - u v' with |v| <= 1 and u a multiple of v by at most 1: by less where nothing decays, as bounds on errors grow by it
  // with every step.
  bool hasDiagonal = advance.getStructure() != scan::Structure::LowRank;
  for (auto [i, factor] : llvm::enumerate(advance.getTransition())) {
    updates = !hasDiagonal || i > 0;
    wantWithin(factor, hasDiagonal ? (i == 0 ? 1 : 1 / std::sqrt(extent))
                                   : 1 / (i % 2 == 0 ? extent : std::sqrt(extent)));
  }
  updates = false;
}

/// A small size for a dimension: enough of time to cross several tiles, lanes that fill no warp.
static int64_t smallSize(scan::DimKind kind, bool firstLane) {
  switch (kind) {
  case scan::DimKind::Time:
    return 1000;
  case scan::DimKind::Lane:
    return firstLane ? 2 : 40;
  case scan::DimKind::Segment:
    return 5;
  case scan::DimKind::Index:
    return 16;
  }
  return 1;
}

/// Sizes for the names that `sizes` lacks: those that are bound, as that of time to 1 of a step, and small ones.
static void completeSizes(func::FuncOp function, std::map<std::string, std::int64_t> &sizes) {
  bool firstLane = true;
  function.walk([&](scan::RecurrenceInterface op) {
    for (int64_t i = 0; i < op.getNumDims(); ++i) {
      scan::DimAttr dim = op.getDim(i);
      if (!llvm::all_of(dim.getExtent().getValue(), llvm::isDigit))
        sizes.emplace(dim.getExtent().str(), ShapedType::isDynamic(dim.getSize())
                                                 ? smallSize(dim.getKind(), firstLane)
                                                 : dim.getSize());
      firstLane &= dim.getKind() != scan::DimKind::Lane;
    }
  });
}

/// The same for what the kernels of a plan walk.
static void completeSizes(ModuleOp plans, std::map<std::string, std::int64_t> &sizes) {
  bool firstLane = true;
  plans.walk([&](plan::KernelInterface kernel) {
    for (int64_t i = 0; i < kernel.getNumDims(); ++i) {
      plan::DimAttr dim = kernel.getDim(i);
      auto kind = dim.getRole() == plan::Role::Time   ? scan::DimKind::Time
                  : dim.getRole() == plan::Role::Lane ? scan::DimKind::Lane
                                                      : scan::DimKind::Index;
      bool isNumber = llvm::all_of(dim.getExtent().getValue(), llvm::isDigit);
      if (!isNumber)
        sizes.emplace(dim.getExtent().str(), ShapedType::isDynamic(dim.getSize())
                                                 ? smallSize(kind, firstLane)
                                                 : dim.getSize());
      firstLane &= kind != scan::DimKind::Lane;
    }
  });
}

/// Wants `value` > 0: a logarithm or root of it is taken.
static void wantPositive(Value value, scan::RecurrenceInterface op, SampleInputs &samples) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getArgNumber() >= op.getInputs().size() || isa<IntegerType>(argument.getType()))
      return; // a state, or a flag
    auto tensor = dyn_cast<BlockArgument>(op.getInputs()[argument.getArgNumber()]);
    if (!tensor)
      return;
    SampleInput &input = samples.inputs[tensor.getArgNumber()];
    input.high = input.high > 0 ? input.high : 1;
    input.low = std::max(input.low, input.high / 16);
    return;
  }
  Operation *source = value.getDefiningOp();
  if (isa<arith::ExtFOp, arith::TruncFOp, arith::AddFOp, arith::MulFOp>(source))
    for (Value operand : source->getOperands())
      wantPositive(operand, op, samples);
}

/// Where functions are defined, whatever the form of the recurrence.
static void narrowToDomains(scan::RecurrenceInterface op, SampleInputs &samples) {
  op.getBodyBlock().walk([&](Operation *inner) {
    if (isa<math::LogOp, math::SqrtOp, math::RsqrtOp, math::PowFOp>(inner))
      wantPositive(inner->getOperand(0), op, samples);
  });
}

/// Of a step that is not affine nothing is known but sizes: what is summed over an index, a row of
/// a matrix that meets the state perhaps, comes to at most 1.
static void narrowToSizes(scan::RecurrenceInterface op, SampleInputs &samples) {
  for (auto [i, value] : llvm::enumerate(op.getInputs())) {
    auto tensor = dyn_cast<BlockArgument>(value);
    if (!tensor || cast<ShapedType>(value.getType()).getElementType().isInteger(32))
      continue;
    double extent = 1;
    for (AffineExpr expr : op.getInputMap(i).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (scan::DimAttr attr = op.getDim(dim.getPosition());
            attr.getKind() == scan::DimKind::Index)
          extent = std::max(extent, sizeOf(attr, samples.sizes));
    SampleInput &input = samples.inputs[tensor.getArgNumber()];
    input.low = std::max(input.low, -1 / extent);
    input.high = std::min(input.high, 1 / extent);
  }
}

/// Every input between -1 and 1; flags are 0 or 1, and offsets go from 0 to the size of time.
static SampleInputs unnarrowed(func::FuncOp function,
                               const std::map<std::string, std::int64_t> &sizes) {
  SampleInputs samples;
  samples.sizes = sizes;
  completeSizes(function, samples.sizes);
  for (BlockArgument argument : function.getArguments()) {
    SampleInput input;
    input.name =
        function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), scan::nameAttr).str();
    if (cast<ShapedType>(argument.getType()).getElementType().isInteger(32))
      input.low = 0;
    samples.inputs.push_back(std::move(input));
  }
  function.walk([&](scan::RecurrenceInterface op) {
    auto offsets = op.getReset() ? dyn_cast<BlockArgument>(op.getReset()) : BlockArgument();
    for (int64_t i = 0; i < op.getNumDims(); ++i)
      if (op.getDim(i).getKind() == scan::DimKind::Lane)
        samples.lanes.push_back(op.getDim(i).getExtent().str());
    if (offsets) {
      SampleInput &input = samples.inputs[offsets.getArgNumber()];
      input.isOffsets = true;
      input.high = sizeOf(op.getDim(op.getTimeDim()), samples.sizes);
    }
  });
  return samples;
}

Result<SampleInputs> sampleInputs(std::string_view text, const CompileOptions &options) {
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  func::FuncOp function = (*session)->function();
  if (!function) {
    SampleInputs samples; // a plan says nothing of transitions
    samples.sizes = options.sizes;
    completeSizes((*session)->getModule(), samples.sizes);
    return samples;
  }
  SampleInputs samples = unnarrowed(function, options.sizes), ofStep = samples;
  function.walk([&](scan::RecurrenceInterface op) {
    narrowToSizes(op, ofStep);
    narrowToDomains(op, ofStep);
  });
  // The CPU and the reference run steps that are not affine.
  if (auto reached = (*session)->reach(Stage::affine); !reached)
    return ofStep;
  (*session)->function().walk([&](scan::AffineOp op) {
    Tracer tracer(op, samples);
    for (auto advance : op.getBody().getOps<scan::AdvanceOp>())
      tracer.trace(advance);
    narrowToDomains(op, samples);
  });
  return samples;
}

} // namespace scanc::pipeline
