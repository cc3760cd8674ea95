//===- ComplexParts.cpp - Division and magnitude without overflow ----------===//
#include "compiler/cpu/ComplexParts.h"

#include "compiler/cpu/Arithmetic.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;

namespace scanc::cpu {

namespace {

/// Arithmetic on scalars of one real type.
struct Reals : Arithmetic {
  Value constant(Type type, double value) {
    return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
  }

  Parts multiply(Parts a, Parts b) {
    return {sub(mul(a.re, b.re), mul(a.im, b.im)), add(mul(a.re, b.im), mul(a.im, b.re))};
  }
  /// The smaller part of the divisor over the larger one is at most 1 (Smith 1962).
  Parts divide(Parts a, Parts b) {
    Value swap = compare(arith::CmpFPredicate::OGT, abs(b.im), abs(b.re));
    Value larger = select(swap, b.im, b.re), smaller = select(swap, b.re, b.im);
    Value ratio = div(smaller, larger);
    Value divisor = add(larger, mul(smaller, ratio));
    Value u = select(swap, a.im, a.re), v = select(swap, a.re, a.im);
    Value cross = sub(v, mul(u, ratio));
    return {div(add(u, mul(v, ratio)), divisor), div(select(swap, neg(cross), cross), divisor)};
  }
  /// The larger part times sqrt(1 + ratio^2).
  Value magnitude(Parts a) {
    Type type = a.re.getType();
    Value x = abs(a.re), y = abs(a.im);
    // Compared, not maximumf: a maximum on the way of a state says that its semiring is max-plus.
    Value swap = compare(arith::CmpFPredicate::UGT, y, x);
    Value larger = select(swap, y, x), smaller = select(swap, x, y);
    Value ratio = div(smaller, larger), one = constant(type, 1);
    Value root = math::SqrtOp::create(builder, loc, add(one, mul(ratio, ratio)));
    auto equals = [&](double value) {
      return compare(arith::CmpFPredicate::OEQ, larger, constant(type, value));
    };
    Value result = select(equals(0), larger, mul(larger, root));
    return select(equals(std::numeric_limits<double>::infinity()), larger, result);
  }
  /// e^re (cos im + i sin im); real where the argument is, also where e^re overflows.
  Parts exponential(Parts a) {
    Value scale = exp(a.re);
    Value cosine = math::CosOp::create(builder, loc, a.im);
    Value sine = math::SinOp::create(builder, loc, a.im);
    Value isReal = compare(arith::CmpFPredicate::OEQ, a.im, constant(a.im.getType(), 0));
    return {mul(scale, cosine), select(isReal, a.im, mul(scale, sine))};
  }
};

} // namespace

Parts emitComplex(OpBuilder &builder, Operation *op, ArrayRef<Parts> x) {
  Reals reals{{builder, op->getLoc()}};
  return llvm::TypeSwitch<Operation *, Parts>(op)
      .Case([&](complex::ConstantOp constant) -> Parts {
        auto part = [&](unsigned i) -> Value {
          return arith::ConstantOp::create(builder, op->getLoc(),
                                           cast<FloatAttr>(constant.getValue()[i]));
        };
        return {part(0), part(1)};
      })
      .Case([&](complex::CreateOp) {
        return Parts{x[0].re, x[1].re};
      })
      .Case([&](complex::ReOp) {
        return Parts{x[0].re, {}};
      })
      .Case([&](complex::ImOp) {
        return Parts{x[0].im, {}};
      })
      .Case([&](complex::AbsOp) {
        return Parts{reals.magnitude(x[0]), {}};
      })
      .Case([&](complex::AddOp) {
        return Parts{reals.add(x[0].re, x[1].re), reals.add(x[0].im, x[1].im)};
      })
      .Case([&](complex::SubOp) {
        return Parts{reals.sub(x[0].re, x[1].re), reals.sub(x[0].im, x[1].im)};
      })
      .Case([&](complex::MulOp) { return reals.multiply(x[0], x[1]); })
      .Case([&](complex::DivOp) { return reals.divide(x[0], x[1]); })
      .Case([&](complex::NegOp) {
        return Parts{reals.neg(x[0].re), reals.neg(x[0].im)};
      })
      .Case([&](complex::ConjOp) {
        return Parts{x[0].re, reals.neg(x[0].im)};
      })
      .Case([&](complex::ExpOp) { return reals.exponential(x[0]); })
      .Default([](Operation *) { return Parts(); });
}

} // namespace scanc::cpu
