//===- RegionImporter.cpp - Expressions as scalar code --------------------===//
#include "compiler/frontend/ScanImporter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace scanc::frontend {

Type ScanImporter::computeType(Compute type) {
  MLIRContext *context = builder.getContext();
  switch (type) {
  case Compute::f32:
    return Float32Type::get(context);
  case Compute::f64:
    return Float64Type::get(context);
  case Compute::c64:
    return ComplexType::get(Float32Type::get(context));
  }
  return {};
}

/// The natural type of an expression: the widest of its operands, real for parts of complex ones.
Compute ScanImporter::typeOf(const Expr &expr) const {
  if (expr.kind == Expr::Kind::reference) {
    const Symbol &symbol = scan.symbols.at(expr.text);
    if (symbol.kind != Symbol::Kind::tensor)
      return symbol.type;
    Dtype dtype = symbol.declaration->dtype;
    return dtype == Dtype::f64 ? Compute::f64 : dtype == Dtype::c64 ? Compute::c64 : Compute::f32;
  }
  Compute widest = Compute::f32;
  bool isSelect = expr.kind == Expr::Kind::call && expr.text == "select";
  for (std::size_t i = isSelect; i < expr.operands.size(); ++i)
    widest = std::max(widest, typeOf(*expr.operands[i]));
  bool part = expr.kind == Expr::Kind::call &&
              (expr.text == "real" || expr.text == "imag" || expr.text == "abs");
  return part && widest == Compute::c64 ? Compute::f32 : widest;
}

Value ScanImporter::constant(double value, Compute type, Location loc) {
  if (type == Compute::c64) {
    auto part = [&](double x) -> mlir::Attribute { return builder.getF32FloatAttr(x); };
    return complex::ConstantOp::create(builder, loc, computeType(type),
                                       builder.getArrayAttr({part(value), part(0)}));
  }
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(computeType(type), value));
}

Value ScanImporter::convert(Value value, Type to, Location loc) {
  Type from = value.getType();
  if (from == to)
    return value;
  if (isa<IntegerType>(from))
    return convert(arith::SIToFPOp::create(builder, loc, builder.getF32Type(), value), to, loc);
  if (auto complexType = dyn_cast<ComplexType>(to)) {
    Value real = convert(value, complexType.getElementType(), loc);
    Value zero = constant(0, Compute::f32, loc);
    return complex::CreateOp::create(builder, loc, to, real, zero);
  }
  if (to.getIntOrFloatBitWidth() > from.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, to, value);
  if (to.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(builder, loc, to, value);
  // Between formats of one width, by way of f32.
  return convert(arith::ExtFOp::create(builder, loc, builder.getF32Type(), value), to, loc);
}

/// An element as a number to compute with.
Value ScanImporter::widened(Value element, Location loc) {
  Type type = element.getType();
  bool wide = isa<ComplexType>(type) || type.isF32() || type.isF64();
  return wide ? element : convert(element, builder.getF32Type(), loc);
}

/// Whether `expr` is made of numbers alone.
static bool isNumeric(const Expr &expr) {
  return expr.kind != Expr::Kind::reference &&
         llvm::all_of(expr.operands, [](const ExprPtr &operand) { return isNumeric(*operand); });
}

Value ScanImporter::emit(const Expr &expr, Compute want) {
  if (expr.kind == Expr::Kind::number)
    return constant(expr.value, want, at(expr));
  // Numbers alone have the type of what they meet: 1/3 beside an f64 is a third in f64.
  bool exact = want == Compute::f64 && isNumeric(expr);
  return convert(emitNatural(expr, exact ? want : typeOf(expr)), computeType(want), at(expr));
}

Value ScanImporter::emitNatural(const Expr &expr, Compute type) {
  switch (expr.kind) {
  case Expr::Kind::number:
    return constant(expr.value, type, at(expr));
  case Expr::Kind::reference:
    return emitReference(expr);
  case Expr::Kind::negate: {
    Value value = emit(*expr.operands[0], type);
    if (type == Compute::c64)
      return complex::NegOp::create(builder, at(expr), value);
    return arith::NegFOp::create(builder, at(expr), value);
  }
  case Expr::Kind::binary:
    return emitBinary(expr, type);
  case Expr::Kind::call:
    return expr.text == "select" ? emitSelect(expr, type) : emitCall(expr, type);
  case Expr::Kind::reduce:
    return emitReduce(expr, type);
  }
  return {};
}

Value ScanImporter::emitReference(const Expr &expr) {
  const Symbol &symbol = scan.symbols.at(expr.text);
  bool prev = symbol.kind == Symbol::Kind::state && expr.delay == 1;
  if (symbol.kind == Symbol::Kind::tensor || prev) {
    unsigned argument = readKeys.at(readKey(expr)) + (prev ? inputs.size() : 0);
    Value &value = widenedReads[argument];
    if (!value) {
      // Right behind the arguments, so that it dominates every use.
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(block);
      value = widened(block->getArgument(argument), at(expr));
    }
    return value;
  }
  Value value = values.at(symbol.name);
  SmallVector<StringRef> from, to;
  for (std::size_t i = 0; i < symbol.indices.size(); ++i)
    if (symbol.indices[i] != expr.indices[i].text) {
      from.push_back(symbol.indices[i]);
      to.push_back(expr.indices[i].text);
    }
  if (from.empty())
    return value;
  return scan::ReindexOp::create(builder, at(expr), value.getType(), value,
                                 builder.getStrArrayAttr(from), builder.getStrArrayAttr(to));
}

Value ScanImporter::emitBinary(const Expr &expr, Compute type) {
  Location loc = at(expr);
  bool comparison = isComparison(expr);
  if (comparison)
    type = std::max(typeOf(*expr.operands[0]), typeOf(*expr.operands[1]));
  Value left = emit(*expr.operands[0], type), right = emit(*expr.operands[1], type);
  if (comparison) {
    auto predicate = expr.text == "<"    ? arith::CmpFPredicate::OLT
                     : expr.text == "<=" ? arith::CmpFPredicate::OLE
                     : expr.text == ">"  ? arith::CmpFPredicate::OGT
                     : expr.text == ">=" ? arith::CmpFPredicate::OGE
                     : expr.text == "==" ? arith::CmpFPredicate::OEQ
                                         : arith::CmpFPredicate::UNE;
    return arith::CmpFOp::create(builder, loc, predicate, left, right);
  }
  bool isComplex = type == Compute::c64;
  switch (expr.text[0]) {
  case '+':
    return isComplex ? complex::AddOp::create(builder, loc, left, right).getResult()
                     : arith::AddFOp::create(builder, loc, left, right).getResult();
  case '-':
    return isComplex ? complex::SubOp::create(builder, loc, left, right).getResult()
                     : arith::SubFOp::create(builder, loc, left, right).getResult();
  case '*':
    return isComplex ? complex::MulOp::create(builder, loc, left, right).getResult()
                     : arith::MulFOp::create(builder, loc, left, right).getResult();
  default:
    return isComplex ? complex::DivOp::create(builder, loc, left, right).getResult()
                     : arith::DivFOp::create(builder, loc, left, right).getResult();
  }
}

Value ScanImporter::emitSelect(const Expr &expr, Compute type) {
  Value condition = emitNatural(*expr.operands[0], Compute::f32);
  Value left = emit(*expr.operands[1], type), right = emit(*expr.operands[2], type);
  return arith::SelectOp::create(builder, at(expr), condition, left, right);
}

Value ScanImporter::emitReduce(const Expr &expr, Compute type) {
  auto kind = *scan::symbolizeReduction(expr.text == "sum" ? "add" : expr.text);
  SmallVector<StringRef> over;
  for (const Name &index : expr.indices)
    over.push_back(index.text);
  Value value = emit(*expr.operands[0], type);
  return scan::ReduceOp::create(builder, at(expr), value.getType(), kind,
                                builder.getStrArrayAttr(over), value);
}

Value ScanImporter::emitCall(const Expr &expr, Compute type) {
  Location loc = at(expr);
  SmallVector<Value> x;
  bool complexOperand = false;
  for (const ExprPtr &operand : expr.operands)
    complexOperand |= typeOf(*operand) == Compute::c64;
  Compute operandType = complexOperand ? Compute::c64 : type;
  for (const ExprPtr &operand : expr.operands)
    x.push_back(emit(*operand, operandType));
  const std::string &name = expr.text;
  if (complexOperand) {
    if (name == "exp")
      return complex::ExpOp::create(builder, loc, x[0]);
    if (name == "abs")
      return complex::AbsOp::create(builder, loc, x[0]);
    if (name == "real")
      return complex::ReOp::create(builder, loc, x[0]);
    if (name == "imag")
      return complex::ImOp::create(builder, loc, x[0]);
    return complex::ConjOp::create(builder, loc, x[0]);
  }
  if (auto activation = scan::symbolizeActivation(name))
    return scan::ActivationOp::create(builder, loc, x[0].getType(), *activation, x[0]);
  if (name == "exp")
    return math::ExpOp::create(builder, loc, x[0]);
  if (name == "log")
    return math::LogOp::create(builder, loc, x[0]);
  if (name == "sqrt")
    return math::SqrtOp::create(builder, loc, x[0]);
  if (name == "rsqrt")
    return math::RsqrtOp::create(builder, loc, x[0]);
  if (name == "abs")
    return math::AbsFOp::create(builder, loc, x[0]);
  if (name == "tanh")
    return math::TanhOp::create(builder, loc, x[0]);
  if (name == "sin")
    return math::SinOp::create(builder, loc, x[0]);
  if (name == "cos")
    return math::CosOp::create(builder, loc, x[0]);
  if (name == "pow")
    return math::PowFOp::create(builder, loc, x[0], x[1]);
  if (name == "min")
    return arith::MinimumFOp::create(builder, loc, x[0], x[1]);
  if (name == "max")
    return arith::MaximumFOp::create(builder, loc, x[0], x[1]);
  if (name == "logaddexp")
    return scan::LogAddExpOp::create(builder, loc, x[0].getType(), x[0], x[1]);
  if (name == "clamp")
    return arith::MinimumFOp::create(
        builder, loc, arith::MaximumFOp::create(builder, loc, x[0], x[1]).getResult(), x[2]);
  if (name == "imag") // of a real number
    return constant(0, type, loc);
  return x[0]; // real and conj of a real number
}

/// Emits an assignment in its compute type; a state of a narrow type is rounded first. Requires
/// what it reads at the step to be emitted.
void ScanImporter::assign(const Symbol &symbol) {
  Value &value = values[symbol.name];
  const Expr &expr = *symbol.assignment->assignment.value;
  value = emit(expr, symbol.type);
  if (symbol.kind == Symbol::Kind::state) {
    Type own = elementType(builder.getContext(), *symbol.stateType);
    if (own != value.getType())
      value = convert(convert(value, own, at(expr)), computeType(symbol.type), at(expr));
  }
  // The emitted kernel calls a local as the user does.
  if (Operation *op = value.getDefiningOp(); op && !isa<NameLoc>(op->getLoc()))
    op->setLoc(NameLoc::get(builder.getStringAttr(symbol.name), op->getLoc()));
}

/// Names whose values states or outputs need, in the order of dependence.
std::vector<std::string> ScanImporter::needed() const {
  std::set<std::string> names(scan.states.begin(), scan.states.end());
  names.insert(scan.outputs.begin(), scan.outputs.end());
  std::vector<std::string> list;
  for (const std::string &name : llvm::reverse(scan.order)) {
    if (!names.contains(name))
      continue;
    list.push_back(name);
    forEachReference(*scan.symbols.at(name).assignment->assignment.value, [&](Expr &expr) {
      if (expr.delay == 0)
        names.insert(expr.text);
    });
  }
  std::reverse(list.begin(), list.end());
  return list;
}

void ScanImporter::buildRegion(Block &into) {
  block = &into;
  for (auto [value, read] : llvm::zip(inputs, inputMaps))
    block->addArgument(cast<RankedTensorType>(value.getType()).getElementType(), value.getLoc());
  for (const Expr *read : prevReads)
    block->addArgument(elementType(builder.getContext(), *scan.symbols.at(read->text).stateType),
                       at(*read));
  builder.setInsertionPointToEnd(block);
  for (const std::string &name : needed())
    assign(scan.symbols.at(name));
  SmallVector<Value> next, outs;
  for (const std::string &name : scan.states) {
    const Symbol &symbol = scan.symbols.at(name);
    Location loc = at(*symbol.assignment->assignment.value);
    Value value = values.at(name);
    Type own = elementType(builder.getContext(), *symbol.stateType);
    // `assign` has rounded a narrow state already: give the rounded element itself.
    auto widen = value.getDefiningOp<arith::ExtFOp>();
    bool rounded = own != value.getType() && widen && widen.getIn().getType() == own;
    next.push_back(rounded ? widen.getIn() : convert(value, own, loc));
  }
  for (const std::string &name : scan.outputs) {
    const Symbol &symbol = scan.symbols.at(name);
    const Expr &expr = *symbol.assignment->assignment.value;
    outs.push_back(convert(values.at(name),
                           elementType(builder.getContext(), symbol.declaration->dtype), at(expr)));
  }
  scan::YieldOp::create(builder, locate(builder.getContext(), scan.scan->dimension.place), next,
                        outs);
}

} // namespace scanc::frontend
