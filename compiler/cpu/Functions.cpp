//===- Functions.cpp - Branch-free expansions -----------------------------===//
#include "compiler/cpu/Functions.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace scanc::cpu {

static constexpr double infinity = std::numeric_limits<double>::infinity();

static bool isF32(Value x) { return Code::elementOf(x.getType()).isF32(); }

static Value fma(Code &code, Value a, Value b, Value c) { return code.make<math::FmaOp>(a, b, c); }

/// A NaN of `x` stays: the comparison with it fails.
static Value atMost(Code &code, Value x, double limit) {
  Value bound = code.same(limit, x);
  return code.select(code.compare(CmpFPredicate::OLT, bound, x), bound, x);
}
static Value atLeast(Code &code, Value x, double limit) {
  Value bound = code.same(limit, x);
  return code.select(code.compare(CmpFPredicate::OGT, bound, x), bound, x);
}
static Value absolute(Code &code, Value x) { return code.make<math::AbsFOp>(x); }

namespace {
/// e^x = 2^n (1 + q), with |x - n ln 2| <= ln 2 / 2 and q = e^(x - n ln 2) - 1.
struct Reduced {
  Value n; ///< i32
  Value q;
};
} // namespace

/// Requires |x| < 2^21, or a NaN.
static Reduced reduceExponent(Code &code, Value x) {
  Type i32 = code.builder.getI32Type();
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  Value anchor = code.same(12582912.0, x);
  Value shifted = fma(code, x, code.same(1.44269504088896341, x), anchor);
  Value rounded = code.sub(shifted, anchor);
  Value n = code.subi(code.bitcast(i32, shifted), code.bitcast(i32, anchor));
  // ln 2 in two parts: the first has few enough bits for an exact product.
  Value r = fma(code, rounded, code.same(-0.693145751953125, x), x);
  r = fma(code, rounded, code.same(-1.42860682030941723e-6, x), r);
  // The series to r^7 / 7!; what is left out is below 2^-27 for |r| <= ln 2 / 2.
  Value p = code.same(1.0 / 5040, x);
  for (double factorial : {720.0, 120.0, 24.0, 6.0, 2.0})
    p = fma(code, p, r, code.same(1 / factorial, x));
  return {n, fma(code, code.mul(r, r), p, r)};
}

/// 2^n for -126 <= n <= 127.
static Value powerOfTwo(Code &code, Value n) {
  return code.bitcast(code.builder.getF32Type(), code.shl(code.addi(n, code.sameInt(127, n)), 23));
}

Value exponential(Code &code, Value x) {
  if (!isF32(x))
    return code.make<math::ExpOp>(x);
  // Beyond these the result is infinite, or 0 after rounding.
  auto [n, q] = reduceExponent(code, atLeast(code, atMost(code, x, 89), -104));
  // In two factors, so that neither overflows where the result does not, and a subnormal is rounded
  // once.
  Value half = code.sar(n, 1);
  Value y = code.mul(code.add(q, code.same(1, q)), powerOfTwo(code, half));
  return code.mul(y, powerOfTwo(code, code.subi(n, half)));
}

Value logarithm(Code &code, Value x) {
  if (!isF32(x))
    return code.make<math::LogOp>(x);
  Type i32 = code.builder.getI32Type(), f32 = code.builder.getF32Type();
  Value isSmall = code.compare(CmpFPredicate::OLT, x, code.same(0x1p-126, x));
  Value scaled = code.select(isSmall, code.mul(x, code.same(0x1p23, x)), x);
  // x = 2^k m with m in [sqrt 1/2, sqrt 2): counting exponents from there.
  Value bits = code.bitcast(i32, scaled);
  constexpr int64_t one = 0x3f800000, root = 0x3f3504f3;
  Value moved = code.addi(bits, code.sameInt(one - root, bits));
  Value k = code.subi(code.sar(moved, 23), code.sameInt(127, bits));
  k = code.select(isSmall, code.subi(k, code.sameInt(23, k)), k);
  Value m = code.bitcast(f32, code.addi(code.andi(moved, code.sameInt(0x7fffff, bits)),
                                        code.sameInt(root, bits)));
  Value exponent = code.to<arith::SIToFPOp>(f32, k);
  // log(1 + f) = 2 atanh(s), s = f / (2 + f): f - s (f - z P(z)) with z = s^2.
  Value f = code.sub(m, code.same(1, m));
  Value s = code.div(f, code.add(f, code.same(2, f)));
  Value z = code.mul(s, s);
  Value p = code.same(2.0 / 11, z);
  for (double odd : {9.0, 7.0, 5.0, 3.0})
    p = fma(code, p, z, code.same(2 / odd, z));
  Value tail = code.mul(s, code.sub(f, code.mul(z, p)));
  tail = code.sub(fma(code, exponent, code.same(1.42860682030941723e-6, x),
                      code.make<arith::NegFOp>(tail)),
                  code.make<arith::NegFOp>(f));
  Value y = fma(code, exponent, code.same(0.693145751953125, x), tail);
  // Outside of the positive finite numbers.
  Value isZero = code.compare(CmpFPredicate::OEQ, x, code.same(0, x));
  Value isNegative = code.compare(CmpFPredicate::ULT, x, code.same(0, x));
  Value isInfinite = code.compare(CmpFPredicate::OEQ, x, code.same(infinity, x));
  y = code.select(isInfinite, x, y);
  y = code.select(isZero, code.same(-infinity, x), y);
  return code.select(isNegative, code.same(std::numeric_limits<double>::quiet_NaN(), x), y);
}

/// log(1 + y) for 0 <= y <= 1: the logarithm of the rounded sum, and what the rounding lost.
static Value logOfOnePlus(Code &code, Value y) {
  if (!isF32(y))
    return code.make<math::Log1pOp>(y);
  Value sum = code.add(y, code.same(1, y));
  Value lost = code.sub(y, code.sub(sum, code.same(1, y)));
  return code.add(logarithm(code, sum), code.div(lost, sum));
}

Value hyperbolicTangent(Code &code, Value x) {
  if (!isF32(x))
    return code.make<math::TanhOp>(x);
  // (e^2a - 1) / (e^2a + 1) with a = |x|; from a = 10 on the result is 1.
  Value twice = code.mul(atMost(code, absolute(code, x), 10), code.same(2, x));
  auto [n, q] = reduceExponent(code, twice);
  Value power = powerOfTwo(code, n);
  Value lessOne = fma(code, power, q, code.sub(power, code.same(1, q)));
  Value y = code.div(lessOne, code.add(lessOne, code.same(2, q)));
  return code.make<math::CopySignOp>(y, x);
}

static Value sigmoid(Code &code, Value x) {
  Value e = exponential(code, code.make<arith::NegFOp>(absolute(code, x)));
  Value one = code.same(1, x);
  Value isNegative = code.compare(CmpFPredicate::OLT, x, code.same(0, x));
  return code.div(code.select(isNegative, e, one), code.add(e, one));
}

static Value softplus(Code &code, Value x) {
  Value e = exponential(code, code.make<arith::NegFOp>(absolute(code, x)));
  return code.add(atLeast(code, x, 0), logOfOnePlus(code, e));
}

Value activation(Code &code, scan::Activation kind, Value x) {
  switch (kind) {
  case scan::Activation::Sigmoid:
    return sigmoid(code, x);
  case scan::Activation::Silu:
    return code.mul(x, sigmoid(code, x));
  case scan::Activation::Gelu: {
    Value tail = code.make<math::ErfcOp>(code.mul(x, code.same(-0.70710678118654752, x)));
    return code.mul(code.mul(x, code.same(0.5, x)), tail);
  }
  case scan::Activation::Relu:
    return atLeast(code, x, 0);
  case scan::Activation::Softplus:
    return softplus(code, x);
  case scan::Activation::LogSigmoid:
    return code.make<arith::NegFOp>(softplus(code, code.make<arith::NegFOp>(x)));
  }
  return {};
}

Value logAddExp(Code &code, Value a, Value b) {
  Value larger = code.make<arith::MaximumFOp>(a, b);
  Value distance = absolute(code, code.sub(a, b));
  Value e = exponential(code, code.make<arith::NegFOp>(distance));
  Value sum = code.add(larger, logOfOnePlus(code, e));
  // Equal infinities have no distance.
  Value isInfinite = code.compare(CmpFPredicate::OEQ, absolute(code, larger),
                                  code.same(infinity, larger));
  return code.select(isInfinite, larger, sum);
}

} // namespace scanc::cpu
