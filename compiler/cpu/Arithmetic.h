//===- Arithmetic.h - Real arithmetic in short words ------------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_ARITHMETIC_H
#define SCANC_COMPILER_CPU_ARITHMETIC_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace scanc::cpu {

/// Creates ops on values of one real type, numbers or vectors.
struct Arithmetic {
  using Value = mlir::Value;

  mlir::OpBuilder &builder;
  mlir::Location loc;

  Value add(Value a, Value b) { return mlir::arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return mlir::arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return mlir::arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) { return mlir::arith::DivFOp::create(builder, loc, a, b); }
  Value neg(Value a) { return mlir::arith::NegFOp::create(builder, loc, a); }
  Value abs(Value a) { return mlir::math::AbsFOp::create(builder, loc, a); }
  Value exp(Value a) { return mlir::math::ExpOp::create(builder, loc, a); }
  Value select(Value c, Value a, Value b) {
    return mlir::arith::SelectOp::create(builder, loc, c, a, b);
  }
  Value compare(mlir::arith::CmpFPredicate how, Value a, Value b) {
    return mlir::arith::CmpFOp::create(builder, loc, how, a, b);
  }
};

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_ARITHMETIC_H
