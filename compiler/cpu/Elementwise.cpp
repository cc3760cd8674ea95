//===- Elementwise.cpp - Conversions and activations in plain arithmetic ---===//
#include "compiler/cpu/Elementwise.h"

#include "compiler/cpu/Arithmetic.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;

namespace scanc::cpu {

static bool isF8(Type type) { return isa<Float8E4M3FNType, Float8E5M2Type>(type); }

Type storageType(Type type) {
  bool hasArithmetic = !type.isBF16() && !isF8(type);
  return hasArithmetic ? type : IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth());
}

namespace {

/// Functions and conversions on values of one type, numbers or vectors.
struct Words : Arithmetic {
  Value splat(Type type, double value) {
    Type element = getElementTypeOrSelf(type);
    TypedAttr one = builder.getFloatAttr(element, value);
    return constant(type, one);
  }
  Value splatI(Type type, int64_t value) {
    TypedAttr one = builder.getIntegerAttr(getElementTypeOrSelf(type), value);
    return constant(type, one);
  }
  Value constant(Type type, TypedAttr one) {
    auto vector = dyn_cast<VectorType>(type);
    return arith::ConstantOp::create(
        builder, loc, vector ? TypedAttr(DenseElementsAttr::get(vector, Attribute(one))) : one);
  }
  Value maximum(Value a, Value b) { return arith::MaximumFOp::create(builder, loc, a, b); }
  Value minimum(Value a, Value b) { return arith::MinimumFOp::create(builder, loc, a, b); }
  Value equal(Value a, Value b) { return compare(arith::CmpFPredicate::OEQ, a, b); }

  Value sigmoid(Value x) {
    Value one = splat(x.getType(), 1);
    return div(one, add(one, exp(neg(x))));
  }
  /// x f(x) with the limit 0 at -inf.
  Value gated(Value x, Value factor) {
    Value least = splat(x.getType(), -std::numeric_limits<double>::infinity());
    return select(equal(x, least), splat(x.getType(), 0), mul(x, factor));
  }
  /// max(x, 0) + log1p(e^-|x|)
  Value softplus(Value x) {
    Value tail = exp(neg(abs(x)));
    return add(maximum(x, splat(x.getType(), 0)),
               math::Log1pOp::create(builder, loc, tail).getResult());
  }
  Value logAddExp(Value a, Value b) {
    Value larger = maximum(a, b);
    Value apart = exp(neg(abs(sub(a, b))));
    Value sum = add(larger, math::Log1pOp::create(builder, loc, apart).getResult());
    Value twice = add(a, splat(a.getType(), 0.69314718055994530942));
    return select(equal(a, b), twice, sum);
  }
  Value activation(scan::Activation kind, Value x) {
    Type type = x.getType();
    switch (kind) {
    case scan::Activation::Sigmoid:
      return sigmoid(x);
    case scan::Activation::Silu:
      return gated(x, sigmoid(x));
    case scan::Activation::Gelu: {
      // erfc, since 1 + erf would cancel for negative x; in f64, since erfc multiplies the relative
      // error of its argument by the argument's square.
      Type f64 = withElement(type, builder.getF64Type());
      Value wide = type == f64 ? x : arith::ExtFOp::create(builder, loc, f64, x).getResult();
      Value tail =
          math::ErfcOp::create(builder, loc, mul(wide, splat(f64, -0.70710678118654752440)));
      Value half = mul(splat(f64, 0.5), tail);
      Value value = mul(wide, half);
      if (type != f64)
        value = arith::TruncFOp::create(builder, loc, type, value);
      Value least = splat(type, -std::numeric_limits<double>::infinity());
      return select(equal(x, least), splat(type, 0), value);
    }
    case scan::Activation::Relu:
      return maximum(x, splat(type, 0));
    case scan::Activation::Softplus:
      return softplus(x);
    case scan::Activation::LogSigmoid:
      return neg(softplus(neg(x)));
    }
    return {};
  }

  Type withElement(Type type, Type element) {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  /// The upper half of an f32.
  Value widenBf16(Value bits) {
    Type i32 = withElement(bits.getType(), builder.getI32Type());
    Value wide = arith::ExtUIOp::create(builder, loc, i32, bits);
    Value shifted = arith::ShLIOp::create(builder, loc, wide, splatI(i32, 16));
    return arith::BitcastOp::create(builder, loc, withElement(i32, builder.getF32Type()), shifted);
  }
  /// f64 to f32 so that a second rounding is as good as one: where the first was inexact, the last
  /// bit of the result is set (rounding to odd, Boldo and Melquiond 2005).
  Value truncateToOdd(Value x, Type f32) {
    Value near = arith::TruncFOp::create(builder, loc, f32, x);
    Value back = arith::ExtFOp::create(builder, loc, x.getType(), near);
    Type i32 = withElement(f32, builder.getI32Type());
    Value bits = arith::BitcastOp::create(builder, loc, i32, near);
    // Toward zero where `near` is beyond x, then set the last bit.
    Value beyond = compare(arith::CmpFPredicate::OGT, abs(back), abs(x));
    Value below = arith::SubIOp::create(builder, loc, bits, splatI(i32, 1));
    Value chopped = select(beyond, below, bits);
    Value odd = arith::OrIOp::create(builder, loc, chopped, splatI(i32, 1));
    Value inexact = compare(arith::CmpFPredicate::ONE, back, x);
    return arith::BitcastOp::create(builder, loc, f32, select(inexact, odd, bits));
  }
  /// To nearest even; a NaN stays one.
  Value narrowBf16(Value x) {
    Type i32 = withElement(x.getType(), builder.getI32Type());
    Value bits = arith::BitcastOp::create(builder, loc, i32, x);
    Value upper = arith::ShRUIOp::create(builder, loc, bits, splatI(i32, 16));
    Value odd = arith::AndIOp::create(builder, loc, upper, splatI(i32, 1));
    Value half = arith::AddIOp::create(builder, loc, odd, splatI(i32, 0x7fff));
    Value rounded = arith::ShRUIOp::create(
        builder, loc, arith::AddIOp::create(builder, loc, bits, half).getResult(), splatI(i32, 16));
    Value quiet = arith::OrIOp::create(builder, loc, upper, splatI(i32, 0x40));
    Value isNaN = compare(arith::CmpFPredicate::UNO, x, x);
    return arith::TruncIOp::create(builder, loc, withElement(x.getType(), builder.getI16Type()),
                                   select(isNaN, quiet, rounded));
  }
  /// Through f16, whose exponent reaches further. e5m2 is its upper half; e4m3 has a bit less of
  /// exponent, hence a bias that is smaller by 8, and one NaN in place of infinities.
  Value widenF8(Value bits, bool isE5M2) {
    Type i16 = withElement(bits.getType(), builder.getI16Type());
    Type f16 = withElement(bits.getType(), builder.getF16Type());
    Type f32 = withElement(bits.getType(), builder.getF32Type());
    Value wide = arith::ExtUIOp::create(builder, loc, i16, bits);
    Value upper = arith::ShLIOp::create(builder, loc, wide, splatI(i16, 8));
    auto asF32 = [&](Value halfBits) -> Value {
      Value half = arith::BitcastOp::create(builder, loc, f16, halfBits);
      return arith::ExtFOp::create(builder, loc, f32, half);
    };
    if (isE5M2)
      return asF32(upper);
    Value sign = arith::AndIOp::create(builder, loc, upper, splatI(i16, 0x8000));
    Value magnitude = arith::AndIOp::create(builder, loc, wide, splatI(i16, 0x7f));
    Value shifted = arith::ShLIOp::create(builder, loc, magnitude, splatI(i16, 7));
    Value number = mul(asF32(arith::OrIOp::create(builder, loc, sign, shifted)), splat(f32, 256));
    Value isNaN =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, magnitude, splatI(i16, 0x7f));
    return select(isNaN, splat(f32, std::numeric_limits<double>::quiet_NaN()), number);
  }
  /// To nearest even; what is too large becomes the infinity, or the NaN of a format without one.
  Value narrowF8(Value x, bool isE5M2) {
    int fractionBits = isE5M2 ? 2 : 3, bias = isE5M2 ? 15 : 7;
    int dropped = 23 - fractionBits;
    Type i32 = withElement(x.getType(), builder.getI32Type());
    auto asBits = [&](Value v) -> Value { return arith::BitcastOp::create(builder, loc, i32, v); };
    auto plus = [&](Value a, Value b) -> Value {
      return arith::AddIOp::create(builder, loc, a, b);
    };
    auto shifted = [&](Value v, int by) -> Value {
      return arith::ShRUIOp::create(builder, loc, v, splatI(i32, by));
    };
    auto masked = [&](Value v, int64_t mask) -> Value {
      return arith::AndIOp::create(builder, loc, v, splatI(i32, mask));
    };
    Value bits = asBits(x), magnitude = masked(bits, 0x7fffffff);
    Value half = plus(masked(shifted(bits, dropped), 1), splatI(i32, (1 << (dropped - 1)) - 1));
    Value normal =
        plus(shifted(plus(magnitude, half), dropped), splatI(i32, -((127 - bias) << fractionBits)));
    // Below the normal numbers: beside a number whose last place is that of the subnormal ones, the
    // sum rounds as wanted.
    Value least = splat(x.getType(), std::ldexp(1.0, 1 - bias));
    Value beside = splat(x.getType(), std::ldexp(1.0, 1 - bias + dropped));
    Value distance = abs(x);
    Value subnormal =
        arith::SubIOp::create(builder, loc, asBits(add(distance, beside)), asBits(beside));
    Value isSubnormal = compare(arith::CmpFPredicate::OLT, distance, least);
    Value tooLarge = splatI(i32, isE5M2 ? 0x7c : 0x7f);
    Value code =
        arith::MinUIOp::create(builder, loc, select(isSubnormal, subnormal, normal), tooLarge);
    Value isNaN = compare(arith::CmpFPredicate::UNO, x, x);
    code = select(isNaN, splatI(i32, isE5M2 ? 0x7e : 0x7f), code);
    Value sign = masked(shifted(bits, 24), 0x80);
    return arith::TruncIOp::create(builder, loc, withElement(i32, builder.getI8Type()),
                                   arith::OrIOp::create(builder, loc, sign, code).getResult());
  }
};

} // namespace

Value emitElementwise(OpBuilder &builder, Operation *op, ValueRange operands, int64_t width) {
  Words words{{builder, op->getLoc()}};
  Type element = op->getResult(0).getType();
  Type type = width == 1 ? element : Type(VectorType::get({width}, element));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return words.constant(type, constant.getValue());
  if (auto activation = dyn_cast<scan::ActivationOp>(op))
    return words.activation(activation.getKind(), operands[0]);
  if (isa<scan::LogAddExpOp>(op))
    return words.logAddExp(operands[0], operands[1]);
  Type narrow = op->getNumOperands() ? op->getOperand(0).getType() : Type();
  if (isa<arith::ExtFOp>(op) && narrow != storageType(narrow)) {
    Value wide = narrow.isBF16() ? words.widenBf16(operands[0])
                                 : words.widenF8(operands[0], isa<Float8E5M2Type>(narrow));
    return element.isF32() ? wide
                           : arith::ExtFOp::create(builder, op->getLoc(), type, wide).getResult();
  }
  if (isa<arith::TruncFOp>(op) && element != storageType(element)) {
    Value x = operands[0];
    Type f32 = words.withElement(x.getType(), builder.getF32Type());
    if (x.getType() != f32)
      x = words.truncateToOdd(x, f32);
    return element.isBF16() ? words.narrowBf16(x) : words.narrowF8(x, isa<Float8E5M2Type>(element));
  }
  OperationState state(op->getLoc(), op->getName(), operands, type, op->getAttrs());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  return builder.create(state)->getResult(0);
}

Value emitNeutral(OpBuilder &builder, Location loc, scan::Reduction kind, Type type) {
  double infinity = std::numeric_limits<double>::infinity();
  double value = kind == scan::Reduction::Min                                         ? infinity
                 : kind == scan::Reduction::Max || kind == scan::Reduction::LogSumExp ? -infinity
                                                                                      : 0;
  return Words{{builder, loc}}.splat(type, value);
}

Value emitCombine(OpBuilder &builder, Location loc, scan::Reduction kind, Value total,
                  Value value) {
  Words words{{builder, loc}};
  switch (kind) {
  case scan::Reduction::Add:
  case scan::Reduction::Mean:
    return words.add(total, value);
  case scan::Reduction::Max:
    return words.maximum(total, value);
  case scan::Reduction::Min:
    return words.minimum(total, value);
  case scan::Reduction::LogSumExp:
    return words.logAddExp(total, value);
  }
  return {};
}

Value emitMean(OpBuilder &builder, Location loc, Value total, Value count) {
  Words words{{builder, loc}};
  Type element = getElementTypeOrSelf(total.getType());
  // Over no points the sum is 0 already: divide by 1.
  Value one = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
  Value divisor = arith::SIToFPOp::create(
      builder, loc, element, arith::MaxSIOp::create(builder, loc, count, one).getResult());
  if (auto vector = dyn_cast<VectorType>(total.getType()))
    divisor = vector::BroadcastOp::create(builder, loc, vector, divisor);
  return words.div(total, divisor);
}

} // namespace scanc::cpu
