//===- Expressions.cpp - One spelling per op, names where used twice ------===//
#include "compiler/emission/Expressions.h"

#include "compiler/emission/Names.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::emission {

/// Operations within each other in one expression, at most.
static constexpr unsigned deepest = 100;

/// Loop variables by depth.
static const char *const loopNames[] = {"i", "j", "k", "m"};

ArrayRef<int64_t> shapeOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? vector.getShape() : ArrayRef<int64_t>();
}

SmallVector<int64_t> sharesOf(Value value, int64_t parts) {
  SmallVector<int64_t> sizes;
  for (int64_t size : shapeOf(value))
    sizes.push_back(llvm::divideCeil(size, parts));
  return sizes;
}

std::string flatIndex(ArrayRef<int64_t> shape, const Indices &indices) {
  std::string text;
  for (auto [size, index] : llvm::zip(shape, indices))
    text = text.empty() ? index : llvm::formatv("({0}) * {1} + {2}", text, size, index).str();
  return text.empty() ? "0" : text;
}

bool Expressions::isLeaf(Value value) const {
  return isa<BlockArgument>(value) || isa<plan::AdvanceOp, plan::RecallOp>(value.getDefiningOp()) ||
         (leavesReductions && isa<plan::ReduceOp>(value.getDefiningOp()));
}

/// Counts uses within the slice and lists its ops, operands first. Without recursion: a step may have
/// tens of thousands of operations, one after another.
void Expressions::collect(Value root) {
  SmallVector<std::pair<Value, unsigned>> open; // with the operands that have been looked at
  auto enter = [&](Value value) {
    if (uses[value]++ == 0 && !isLeaf(value) && !names.contains(value))
      open.push_back({value, 0});
  };
  enter(root);
  while (!open.empty()) {
    auto &[value, looked] = open.back();
    Operation *op = value.getDefiningOp();
    if (looked < op->getNumOperands()) {
      enter(op->getOperand(looked++));
    } else {
      order.push_back(op);
      open.pop_back();
    }
  }
}

void Expressions::require(ArrayRef<Value> roots) {
  order.clear();
  for (Value root : roots)
    collect(root);
  llvm::DenseMap<Value, unsigned> depths; // of what is written out where it is used
  for (Operation *op : order) {
    Value value = op->getResult(0);
    unsigned depth = 1;
    for (Value operand : op->getOperands())
      depth = std::max(depth, 1 + depths.lookup(operand));
    bool inlined = uses[value] == 1 || matchPattern(op, m_Constant()) ||
                   isa<plan::BroadcastOp, arith::ExtFOp>(op);
    if (isa<plan::ReduceOp>(op) || !inlined || depth > deepest)
      name(op);
    else
      depths[value] = depth;
  }
}

std::string Expressions::freshName(Operation *op) {
  StringRef base = "x";
  if (auto named = op->getLoc()->findInstanceOf<NameLoc>())
    base = named.getName();
  unsigned count = taken[base]++;
  std::string name = identifier(base);
  return count == 0 && base != "x" ? name : name + std::to_string(count);
}

void Expressions::name(Operation *op) {
  Value value = op->getResult(0);
  std::string name = freshName(op);
  std::string element = spellElement(getElementTypeOrSelf(value.getType()));
  if (auto reduce = dyn_cast<plan::ReduceOp>(op)) {
    nameReduction(reduce, name);
  } else if (shapeOf(value).empty()) {
    writer.line("const " + element + " " + name + " = " + print(value, {}).code + ";");
  } else {
    SmallVector<int64_t> shape = sharesOf(value, parts);
    int64_t size = llvm::product_of(shape);
    writer.line("array<" + element + ", " + std::to_string(size) + "> " + name + ";");
    Indices indices;
    for (auto [depth, extent] : llvm::enumerate(shape)) {
      indices.push_back(loopNames[depth]);
      writer.openLoop(loopNames[depth], std::to_string(extent));
    }
    writer.line(name + "[" + flatIndex(shapeOf(value), indices) +
                "] = " + print(value, indices).code + ";");
    for (size_t i = 0; i < indices.size(); ++i)
      writer.close();
  }
  names[value] = name;
}

/// An accumulator over the reduced dimensions, one per point of the kept ones.
void Expressions::nameReduction(plan::ReduceOp op, const std::string &name) {
  Value value = op.getValue(), result = op.getResult();
  std::string element = spellElement(getElementTypeOrSelf(result.getType()));
  std::string kind = plan::stringifyReduction(op.getKind()).str();
  int64_t kept = 1;
  for (int64_t size : shapeOf(result))
    kept *= size;
  bool isNumber = shapeOf(result).empty();
  writer.line(isNumber ? "thread::" + kind + "<" + element + "> " + name + ";"
                       : "array<thread::" + kind + "<" + element + ">, " + std::to_string(kept) +
                             "> " + name + ";");
  Indices all, outer;
  for (auto [depth, extent] : llvm::enumerate(shapeOf(value))) {
    all.push_back(loopNames[depth]);
    if (!llvm::is_contained(op.getOver(), static_cast<int64_t>(depth)))
      outer.push_back(loopNames[depth]);
    writer.openLoop(loopNames[depth], std::to_string(extent));
  }
  std::string target = isNumber ? name : name + "[" + flatIndex(shapeOf(result), outer) + "]";
  writer.line(target + ".add(" + at(value, all) + ");");
  for (size_t i = 0; i < all.size(); ++i)
    writer.close();
}

std::string Expressions::at(Value value, const Indices &indices) {
  return print(value, indices).code;
}

Expressions::Text Expressions::print(Value value, const Indices &indices) {
  if (auto found = names.find(value); found != names.end()) {
    std::string text = found->second;
    if (!shapeOf(value).empty())
      text += "[" + flatIndex(shapeOf(value), indices) + "]";
    if (isa_and_present<plan::ReduceOp>(value.getDefiningOp()))
      text += ".value()";
    return {text, 5};
  }
  if (isLeaf(value))
    return {leaf(value, indices), 5};
  return printOp(value.getDefiningOp(), indices);
}

std::string Expressions::operand(Value value, const Indices &indices, int precedence) {
  Text text = print(value, indices);
  return text.precedence >= precedence ? text.code : "(" + text.code + ")";
}

/// A floating-point literal that reads back to the same value, in the type of the expression.
static std::string literal(const APFloat &value, Type type) {
  std::string spelled = spellElement(type);
  if (value.isInfinity())
    return std::string(value.isNegative() ? "-" : "") + "infinity<" + spelled + ">()";
  if (value.isNaN())
    return "not_a_number<" + spelled + ">()";
  SmallString<32> digits;
  value.toString(digits, /*FormatPrecision=*/0, /*FormatMaxPadding=*/3);
  std::string text(digits);
  if (text.find_first_of(".eE") == std::string::npos)
    text += ".0";
  return type.isF64() ? text : text + "f";
}

static StringRef comparison(arith::CmpFPredicate predicate) {
  switch (predicate) {
  case arith::CmpFPredicate::OEQ:
  case arith::CmpFPredicate::UEQ:
    return "==";
  case arith::CmpFPredicate::OGT:
  case arith::CmpFPredicate::UGT:
    return ">";
  case arith::CmpFPredicate::OGE:
  case arith::CmpFPredicate::UGE:
    return ">=";
  case arith::CmpFPredicate::OLT:
  case arith::CmpFPredicate::ULT:
    return "<";
  case arith::CmpFPredicate::OLE:
  case arith::CmpFPredicate::ULE:
    return "<=";
  default:
    return "!=";
  }
}

/// `widen` and `narrow` between the storage types, casts between the compute types.
static std::string convert(const std::string &code, Type from, Type to) {
  bool narrowFrom = from.isF16() || from.isBF16(), narrowTo = to.isF16() || to.isBF16();
  std::string wide = narrowFrom ? "widen(" + code + ")" : code;
  if (narrowTo)
    return "narrow<" + spellElement(to) + ">(" + wide + ")";
  if (to.isF64() || from.isF64() || isa<IntegerType>(from))
    return spellElement(to) + "(" + wide + ")";
  return wide;
}

/// Name of the device function that an op of one or two arguments calls, or empty.
static StringRef functionOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case([](math::ExpOp exp) {
        bool approximate = bitEnumContainsAny(exp.getFastmath(), arith::FastMathFlags::afn);
        return approximate ? "approximate::exp" : "exp";
      })
      .Case([](math::Exp2Op) { return "approximate::exp2"; })
      .Case([](math::LogOp) { return "log"; })
      .Case([](math::SqrtOp) { return "sqrt"; })
      .Case([](math::RsqrtOp) { return "rsqrt"; })
      .Case([](math::AbsFOp) { return "abs"; })
      .Case([](math::TanhOp) { return "tanh"; })
      .Case([](math::SinOp) { return "sin"; })
      .Case([](math::CosOp) { return "cos"; })
      .Case([](math::PowFOp) { return "pow"; })
      .Case([](arith::MaximumFOp) { return "maximum"; })
      .Case([](arith::MinimumFOp) { return "minimum"; })
      .Case([](plan::LogAddExpOp) { return "logaddexp"; })
      .Default([](Operation *) { return StringRef(); });
}

Expressions::Text Expressions::printComplex(plan::ComplexOp op, const Indices &indices) {
  auto text = [&](unsigned i, int precedence) {
    return operand(op.getValues()[i], indices, precedence);
  };
  switch (op.getFunction()) {
  case plan::ComplexFunction::Add:
    return {text(0, 2) + " + " + text(1, 3), 2};
  case plan::ComplexFunction::Subtract:
    return {text(0, 2) + " - " + text(1, 3), 2};
  case plan::ComplexFunction::Multiply:
    return {text(0, 3) + " * " + text(1, 4), 3};
  case plan::ComplexFunction::Divide:
    return {text(0, 3) + " / " + text(1, 4), 3};
  case plan::ComplexFunction::Negate:
    return {"-" + text(0, 5), 4};
  case plan::ComplexFunction::Conj:
  case plan::ComplexFunction::Exp:
  case plan::ComplexFunction::Abs:
    return {plan::stringifyComplexFunction(op.getFunction()).str() + "(" + text(0, 0) + ")", 5};
  case plan::ComplexFunction::Real:
    return {text(0, 5) + ".re", 5};
  case plan::ComplexFunction::Imag:
    return {text(0, 5) + ".im", 5};
  case plan::ComplexFunction::Create:
    return {"c64(" + text(0, 0) + ", " + text(1, 0) + ")", 5};
  }
  llvm_unreachable("every function is listed");
}

Expressions::Text Expressions::printOp(Operation *op, const Indices &indices) {
  auto binary = [&](StringRef sign, int precedence) -> Text {
    return {operand(op->getOperand(0), indices, precedence) + " " + sign.str() + " " +
                operand(op->getOperand(1), indices, precedence + 1),
            precedence};
  };
  if (StringRef function = functionOf(op); !function.empty()) {
    std::string arguments;
    for (Value value : op->getOperands())
      arguments += (arguments.empty() ? "" : ", ") + at(value, indices);
    return {function.str() + "(" + arguments + ")", 5};
  }
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case([&](arith::AddFOp) { return binary("+", 2); })
      .Case([&](arith::SubFOp) { return binary("-", 2); })
      .Case([&](arith::MulFOp) { return binary("*", 3); })
      .Case([&](arith::DivFOp) { return binary("/", 3); })
      .Case([&](arith::NegFOp op) -> Text {
        return {"-" + operand(op.getOperand(), indices, 4), 4};
      })
      .Case([&](arith::AndIOp) { return binary("&", 1); })
      .Case([&](arith::OrIOp) { return binary("|", 1); })
      .Case([&](arith::CmpFOp op) { return binary(comparison(op.getPredicate()), 1); })
      .Case([&](arith::SelectOp op) -> Text {
        return {operand(op.getCondition(), indices, 1) + " ? " +
                    operand(op.getTrueValue(), indices, 1) + " : " +
                    operand(op.getFalseValue(), indices, 1),
                0};
      })
      .Case([&](arith::ConstantOp op) -> Text {
        Attribute value = op.getValue();
        if (auto dense = dyn_cast<DenseElementsAttr>(value))
          value = dense.getSplatValue<Attribute>();
        if (auto integer = dyn_cast<IntegerAttr>(value))
          return {std::to_string(integer.getInt()), 5};
        return {literal(cast<FloatAttr>(value).getValue(), getElementTypeOrSelf(op.getType())), 4};
      })
      .Case([&](plan::ComplexOp op) { return printComplex(op, indices); })
      .Case([&](complex::ConstantOp op) -> Text {
        auto part = [&](unsigned i) {
          auto value = cast<FloatAttr>(op.getValue()[i]);
          return literal(value.getValue(), value.getType());
        };
        return {"c64(" + part(0) + ", " + part(1) + ")", 5};
      })
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp>([&](auto op) -> Text {
        return {convert(at(op.getOperand(), indices),
                        getElementTypeOrSelf(op.getOperand().getType()),
                        getElementTypeOrSelf(op.getType())),
                5};
      })
      .Case([&](plan::ActivationOp op) -> Text {
        return {"thread::" + plan::stringifyActivation(op.getKind()).str() +
                    (op.getApproximate() ? "<approximate>(" : "(") + at(op.getValue(), indices) + ")",
                5};
      })
      .Case([&](plan::BroadcastOp op) {
        Indices inner;
        for (int64_t k : op.getOnto())
          inner.push_back(indices[k]);
        return print(op.getValue(), inner);
      })
      .Default([&](Operation *op) -> Text {
        unspelled = op;
        return {"", 5};
      });
}

} // namespace scanc::emission
