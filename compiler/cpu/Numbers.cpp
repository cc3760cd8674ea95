//===- Numbers.cpp - Narrow floats by integer arithmetic ------------------===//
#include "compiler/cpu/Numbers.h"

#include <cmath>
#include <limits>

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace scanc::cpu {

bool isNarrow(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32; }

Type heldAs(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType();
  if (isNarrow(element))
    return IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth());
  return element.isInteger(1) ? Type(IntegerType::get(element.getContext(), 8)) : element;
}

int64_t bytesOf(Type element) { return heldAs(element).getIntOrFloatBitWidth() / 8; }

unsigned partsOf(Type element) { return isa<ComplexType>(element) ? 2 : 1; }

namespace {

/// A narrow float: widths, and whether the top exponent is kept for infinities and NaNs.
struct Format {
  explicit Format(Type type) {
    auto width = cast<FloatType>(type).getWidth();
    fraction = cast<FloatType>(type).getFPMantissaWidth() - 1;
    bias = (1 << (width - fraction - 2)) - 1;
    sign = int64_t{1} << (width - 1);
    hasInfinity = !isa<Float8E4M3FNType>(type);
    int64_t top = ((int64_t{1} << (width - fraction - 1)) - 1) << fraction;
    firstNotFinite = hasInfinity ? top : sign - 1;
    nan = hasInfinity ? top | int64_t{1} << (fraction - 1) : sign - 1;
  }
  int64_t fraction, bias, sign, firstNotFinite, nan;
  bool hasInfinity;
};

constexpr int64_t signOfF32 = int64_t{1} << 31;
constexpr int64_t infinityOfF32 = 0x7f800000;

} // namespace

Value widen(Code &code, Value bits, Type type, bool hasF16) {
  Type f32 = code.builder.getF32Type(), i32 = code.builder.getI32Type();
  if (type.isF16() && hasF16)
    return code.to<arith::ExtFOp>(f32, code.bitcast(type, bits));
  Value wide = code.to<arith::ExtUIOp>(i32, bits);
  if (type.isBF16())
    return code.bitcast(f32, code.shl(wide, 16));
  Format format(type);
  Value magnitude = code.andi(wide, code.sameInt(format.sign - 1, wide));
  Value sign = code.shl(code.andi(wide, code.sameInt(format.sign, wide)),
                        32 - type.getIntOrFloatBitWidth());
  // The fields land where f32 has them; a product by a power of two, exact also for subnormals,
  // corrects the exponent's bias.
  Value shifted = code.shl(magnitude, 23 - format.fraction);
  Value scaled = code.bitcast(f32, shifted);
  scaled = code.mul(scaled, code.same(std::ldexp(1.0, 127 - format.bias), scaled));
  Value special = code.ori(shifted, code.sameInt(infinityOfF32, shifted));
  Value isSpecial = code.compare(CmpIPredicate::uge, magnitude,
                                 code.sameInt(format.firstNotFinite, magnitude));
  Value result = code.select(isSpecial, special, code.bitcast(i32, scaled));
  return code.bitcast(f32, code.ori(result, sign));
}

/// Rounds away the bits below `shift`, to nearest even, and drops them.
static Value roundShift(Code &code, Value bits, int64_t shift) {
  Value odd = code.andi(code.shr(bits, shift), code.sameInt(1, bits));
  Value half = code.addi(odd, code.sameInt((int64_t{1} << (shift - 1)) - 1, bits));
  return code.shr(code.addi(bits, half), shift);
}

Value narrow(Code &code, Value value, Type type, bool hasF16) {
  Type f32 = code.builder.getF32Type(), i32 = code.builder.getI32Type();
  Type held = heldAs(type);
  if (type.isF16() && hasF16)
    return code.bitcast(held, code.to<arith::TruncFOp>(type, value));
  Value bits = code.bitcast(i32, value);
  Value isNan = code.compare(CmpFPredicate::UNO, value, value);
  if (type.isBF16()) {
    Value quiet = code.ori(code.shr(bits, 16), code.sameInt(0x40, bits));
    return code.to<arith::TruncIOp>(held, code.select(isNan, quiet, roundShift(code, bits, 16)));
  }
  Format format(type);
  Value magnitude = code.andi(bits, code.sameInt(signOfF32 - 1, bits));
  Value sign = code.shr(code.andi(bits, code.sameInt(signOfF32, bits)),
                        32 - type.getIntOrFloatBitWidth());
  Value normal = code.subi(roundShift(code, magnitude, 23 - format.fraction),
                           code.sameInt((127 - format.bias) << format.fraction, bits));
  // The sum's last place is that of the format's subnormals: the addition rounds.
  Value absolute = code.bitcast(f32, magnitude);
  Value anchor = code.same(std::ldexp(1.0, 24 - format.bias - format.fraction), absolute);
  Value subnormal = code.subi(code.bitcast(i32, code.add(absolute, anchor)),
                              code.bitcast(i32, anchor));
  Value isSubnormal = code.compare(CmpFPredicate::OLT, absolute,
                                   code.same(std::ldexp(1.0, 1 - format.bias), absolute));
  Value result = code.select(isSubnormal, subnormal, normal);
  Value limit = code.sameInt(format.firstNotFinite, bits);
  result = code.select(code.compare(CmpIPredicate::ugt, result, limit), limit, result);
  result = code.select(isNan, code.sameInt(format.nan, bits), result);
  return code.to<arith::TruncIOp>(held, code.ori(result, sign));
}

/// f64 to f32 such that a later rounding to fewer bits rounds once: an inexact result is made odd.
static Value roundToOdd(Code &code, Value value) {
  Type f32 = code.builder.getF32Type(), f64 = code.builder.getF64Type();
  Type i32 = code.builder.getI32Type(), i64 = code.builder.getI64Type();
  Value rounded = code.to<arith::TruncFOp>(f32, value);
  Value back = code.to<arith::ExtFOp>(f64, rounded);
  Value bits = code.bitcast(i32, rounded);
  auto magnitude = [&](Value x) {
    Value all = code.bitcast(i64, x);
    return code.andi(all, code.sameInt(std::numeric_limits<int64_t>::max(), all));
  };
  Value tooLarge = code.compare(CmpIPredicate::ugt, magnitude(back), magnitude(value));
  Value inexact = code.compare(CmpFPredicate::ONE, back, value);
  Value below = code.select(tooLarge, code.subi(bits, code.sameInt(1, bits)), bits);
  Value odd = code.ori(below, code.sameInt(1, bits));
  return code.bitcast(f32, code.select(inexact, odd, bits));
}

Value convert(Code &code, Value value, Type from, Type to, bool hasF16) {
  if (from == to)
    return value;
  if (isNarrow(from))
    return convert(code, widen(code, value, from, hasF16), code.builder.getF32Type(), to, hasF16);
  if (isa<IntegerType>(from)) {
    Type real = to.isF64() || isNarrow(to) ? Type(code.builder.getF64Type()) : to;
    return convert(code, code.to<arith::SIToFPOp>(real, value), real, to, hasF16);
  }
  if (isNarrow(to)) {
    if (from.isF64())
      value = roundToOdd(code, value);
    return narrow(code, value, to, hasF16);
  }
  if (to.isF64())
    return code.to<arith::ExtFOp>(to, value);
  return code.to<arith::TruncFOp>(to, value);
}

} // namespace scanc::cpu
