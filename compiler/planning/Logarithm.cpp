//===- Logarithm.cpp - Products become sums, exponentials go away ---------===//
#include "compiler/planning/Logarithm.h"

#include "dialects/plan/PlanOps.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace scanc::planning {

namespace {

/// One walk over the factors of a value: it asks alone, or builds too.
class LogarithmBuilder {
public:
  LogarithmBuilder() = default;
  LogarithmBuilder(OpBuilder &builder, llvm::function_ref<Value(Value)> lowered)
      : builder(&builder), lowered(lowered) {}

  /// Nothing where `value` may be 0 or negative. The logarithm is null where none is built.
  std::optional<Value> of(Value value);

private:
  using Result = std::optional<Value>;

  template <typename Op, typename... Args>
  Value make(Value value, Args... args) {
    return builder ? Op::create(*builder, value.getLoc(), args...).getResult() : Value();
  }
  Value operand(Value value) { return builder ? lowered(value) : Value(); }
  Value constant(Value value, double number) {
    return builder ? arith::ConstantOp::create(*builder, value.getLoc(),
                                               builder->getFloatAttr(value.getType(), number))
                   : Value();
  }
  /// The logarithm of e to the power `exponent`.
  Value natural(Value value, Value exponent) {
    return make<arith::MulFOp>(value, exponent, constant(value, std::numbers::log2e));
  }
  Value logSigmoid(Value value, Value exponent) {
    Value log = builder ? plan::ActivationOp::create(*builder, value.getLoc(), exponent.getType(),
                                                     plan::Activation::LogSigmoid, exponent, false)
                              .getResult()
                        : Value();
    return natural(value, log);
  }
  Result ofActivation(scan::ActivationOp op);
  Result ofDifference(arith::SubFOp op);
  template <typename Op>
  Result ofBoth(Value value, Value a, Value b) {
    Result first = of(a), second = first ? of(b) : Result();
    return second ? Result(make<Op>(value, *first, *second)) : Result();
  }
  Result times(Value value, Value base, double power) {
    Result log = of(base);
    return log ? Result(make<arith::MulFOp>(value, *log, constant(value, power))) : Result();
  }

  OpBuilder *builder = nullptr;
  llvm::function_ref<Value(Value)> lowered;
};

LogarithmBuilder::Result LogarithmBuilder::ofActivation(scan::ActivationOp op) {
  Value value = op.getResult();
  if (op.getKind() == scan::Activation::Sigmoid)
    return logSigmoid(value, operand(op.getValue()));
  if (op.getKind() == scan::Activation::Softplus) // a quotient of it has no exponent of its own
    return natural(value, make<math::LogOp>(value, operand(value)));
  return std::nullopt;
}

/// 1 - sigmoid(x) is sigmoid(-x).
LogarithmBuilder::Result LogarithmBuilder::ofDifference(arith::SubFOp op) {
  auto sigmoid = op.getRhs().getDefiningOp<scan::ActivationOp>();
  if (!matchPattern(op.getLhs(), m_OneFloat()) || !sigmoid ||
      sigmoid.getKind() != scan::Activation::Sigmoid)
    return std::nullopt;
  Value value = op.getResult();
  return logSigmoid(value, make<arith::NegFOp>(value, operand(sigmoid.getValue())));
}

std::optional<Value> LogarithmBuilder::of(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](math::ExpOp op) { return natural(value, operand(op.getOperand())); })
      .Case([&](scan::ActivationOp op) { return ofActivation(op); })
      .Case([&](arith::SubFOp op) { return ofDifference(op); })
      .Case([&](arith::ConstantOp op) -> Result {
        auto number = dyn_cast<FloatAttr>(op.getValue());
        if (!number || !(number.getValueAsDouble() > 0) || number.getValue().isInfinity())
          return std::nullopt;
        return constant(value, std::log2(number.getValueAsDouble()));
      })
      .Case([&](arith::MulFOp op) {
        return ofBoth<arith::AddFOp>(value, op.getLhs(), op.getRhs());
      })
      .Case([&](arith::DivFOp op) {
        return ofBoth<arith::SubFOp>(value, op.getLhs(), op.getRhs());
      })
      .Case([&](math::SqrtOp op) { return times(value, op.getOperand(), 0.5); })
      .Case([&](math::RsqrtOp op) { return times(value, op.getOperand(), -0.5); })
      .Case([&](math::PowFOp op) -> Result {
        Result log = of(op.getLhs());
        return log ? Result(make<arith::MulFOp>(value, operand(op.getRhs()), *log)) : Result();
      })
      .Case([&](arith::SelectOp op) -> Result {
        Result first = of(op.getTrueValue()), second = first ? of(op.getFalseValue()) : Result();
        if (!second)
          return std::nullopt;
        return make<arith::SelectOp>(value, operand(op.getCondition()), *first, *second);
      })
      .Default([](Operation *) { return Result(); });
}

} // namespace

bool hasLogarithm(Value value) { return LogarithmBuilder().of(value).has_value(); }

Value logarithmOf(Value value, OpBuilder &builder, llvm::function_ref<Value(Value)> lowered) {
  return *LogarithmBuilder(builder, lowered).of(value);
}

} // namespace scanc::planning
