//===- Code.h - Arithmetic on scalars or vectors, briefly -------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_CODE_H
#define SCANC_COMPILER_CPU_CODE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace scanc::cpu {

/// Builds elementwise code at one place. Operands are scalars or vectors of one shape; a constant
/// takes the shape of the value that it meets.
class Code {
public:
  Code(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  /// `element` in the shape of `like`.
  static mlir::Type shaped(mlir::Type element, mlir::Type like) {
    auto vector = mlir::dyn_cast<mlir::VectorType>(like);
    return vector ? mlir::Type(mlir::VectorType::get(vector.getShape(), element)) : element;
  }
  static mlir::Type elementOf(mlir::Type type) { return mlir::getElementTypeOrSelf(type); }

  mlir::Value number(double value, mlir::Type type) {
    auto attr = builder.getFloatAttr(elementOf(type), value);
    return constant(attr, type);
  }
  mlir::Value integer(std::int64_t value, mlir::Type type) {
    return constant(builder.getIntegerAttr(elementOf(type), value), type);
  }
  /// The f32 or f64 number, or the integer, that `value` is in the type of `like`.
  mlir::Value same(double value, mlir::Value like) { return number(value, like.getType()); }
  mlir::Value sameInt(std::int64_t value, mlir::Value like) {
    return integer(value, like.getType());
  }

  template <typename Op, typename... Operands>
  mlir::Value make(Operands... operands) {
    return Op::create(builder, loc, operands...).getResult();
  }
  template <typename Op>
  mlir::Value to(mlir::Type element, mlir::Value value) {
    return Op::create(builder, loc, shaped(element, value.getType()), value).getResult();
  }

  mlir::Value add(mlir::Value a, mlir::Value b) { return make<mlir::arith::AddFOp>(a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return make<mlir::arith::SubFOp>(a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return make<mlir::arith::MulFOp>(a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return make<mlir::arith::DivFOp>(a, b); }
  mlir::Value addi(mlir::Value a, mlir::Value b) { return make<mlir::arith::AddIOp>(a, b); }
  mlir::Value subi(mlir::Value a, mlir::Value b) { return make<mlir::arith::SubIOp>(a, b); }
  mlir::Value andi(mlir::Value a, mlir::Value b) { return make<mlir::arith::AndIOp>(a, b); }
  mlir::Value ori(mlir::Value a, mlir::Value b) { return make<mlir::arith::OrIOp>(a, b); }
  mlir::Value shl(mlir::Value a, std::int64_t by) {
    return make<mlir::arith::ShLIOp>(a, sameInt(by, a));
  }
  mlir::Value shr(mlir::Value a, std::int64_t by) {
    return make<mlir::arith::ShRUIOp>(a, sameInt(by, a));
  }
  mlir::Value sar(mlir::Value a, std::int64_t by) {
    return make<mlir::arith::ShRSIOp>(a, sameInt(by, a));
  }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) {
    return make<mlir::arith::SelectOp>(condition, a, b);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b) {
    return make<mlir::arith::CmpFOp>(predicate, a, b);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b) {
    return make<mlir::arith::CmpIOp>(predicate, a, b);
  }
  mlir::Value bitcast(mlir::Type element, mlir::Value value) {
    return to<mlir::arith::BitcastOp>(element, value);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  mlir::Value constant(mlir::TypedAttr element, mlir::Type type) {
    mlir::TypedAttr attr = element;
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      attr = mlir::DenseElementsAttr::get(vector, mlir::Attribute(element));
    return mlir::arith::ConstantOp::create(builder, loc, attr);
  }
};

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_CODE_H
