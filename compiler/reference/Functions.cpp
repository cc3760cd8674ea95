//===- Functions.cpp - Values, magnitudes and errors of each op -----------===//
#include "compiler/reference/Functions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"

#include <complex>

using namespace mlir;

namespace scanc::reference {

/// Units of roundoff that one function of a kernel may be off: 4 ulp for those of a library, 8 for
/// formulas made of several.
static constexpr double libraryUnits = 8, composedUnits = 16;

double roundoffOf(Type type) {
  if (auto complexType = dyn_cast<ComplexType>(type))
    type = complexType.getElementType();
  auto floating = dyn_cast<FloatType>(type);
  if (!floating)
    return 0;
  return std::ldexp(1.0, -static_cast<int>(floating.getFPMantissaWidth()));
}

double largestOf(Type type) {
  if (auto complexType = dyn_cast<ComplexType>(type))
    type = complexType.getElementType();
  auto floating = dyn_cast<FloatType>(type);
  if (!floating)
    return infinity;
  llvm::APFloat largest = llvm::APFloat::getLargest(floating.getFloatSemantics());
  bool lost;
  largest.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return largest.convertToDouble();
}

double smallestOf(Type type) {
  if (auto complexType = dyn_cast<ComplexType>(type))
    type = complexType.getElementType();
  llvm::APFloat smallest =
      llvm::APFloat::getSmallest(cast<FloatType>(type).getFloatSemantics());
  bool lost;
  smallest.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return smallest.convertToDouble();
}

static Real softplus(Real x) { return std::max(x, Real(0)) + std::log1p(std::exp(-std::fabs(x))); }
static Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
static Real logaddexp(Real x, Real y) {
  if (x == y)
    return x + std::log(Real(2));
  return std::max(x, y) + std::log1p(std::exp(-std::fabs(x - y)));
}

Number rounded(const Number &x, Type to) {
  Number result = x;
  double size = absolute(x);
  if (std::isinf(size))
    return x;
  bool overflows = size + x.e > largestOf(to);
  result.e = overflows ? infinity : x.e + roundoffOf(to) * size + smallestOf(to);
  return result;
}

static Function rounding(Type to) {
  return [=](const Number *x) { return rounded(x[0], to); };
}

static Number logAddExp(const Number &a, const Number &b, double u) {
  Real v = logaddexp(a.v, b.v);
  return {v, 0, std::max(a.m, b.m) + std::log(2.0),
          std::max(a.e, b.e) + composedUnits * u * (std::isfinite(v) ? magnitude(v) + 1 : 0)};
}

static Number larger(const Number &a, const Number &b, bool maximum) {
  Number result = std::isnan(a.v) ? a : std::isnan(b.v) ? b : (a.v < b.v) == maximum ? b : a;
  result.m = std::max(a.m, b.m);
  result.e = std::max(a.e, b.e);
  return result;
}

static Number power(const Number &a, const Number &b, double u) {
  Real v = std::pow(a.v, b.v);
  double change = 0;
  for (Real x : {a.v - a.e, a.v + a.e})
    for (Real y : {b.v - b.e, b.v + b.e})
      change = std::max(change, static_cast<double>(std::fabs(std::pow(x, y) - v)));
  if (std::isnan(change))
    change = infinity;
  return {v, 0, magnitude(v), change + composedUnits * u * magnitude(v)};
}

static Function activation(scan::Activation kind, double u) {
  switch (kind) {
  case scan::Activation::Sigmoid:
    return [=](const Number *x) { return monotone(x[0], sigmoid, composedUnits, u); };
  case scan::Activation::Silu: // |slope| <= 1.1
    return [=](const Number *x) {
      return lipschitz(x[0], [](Real v) { return v == -infinity ? 0 : v * sigmoid(v); }, 1.1,
                       composedUnits, u);
    };
  case scan::Activation::Gelu: // |slope| <= 1.13; 1 + erf cancels for negative x
    return [=](const Number *x) {
      Number result = lipschitz(
          x[0],
          [](Real v) {
            return v == -infinity ? 0 : v / 2 * std::erfc(-v / std::sqrt(Real(2)));
          },
          1.13, composedUnits, u);
      if (std::isfinite(x[0].v))
        result.e += composedUnits * u * std::min(magnitude(x[0].v), 1.0);
      return result;
    };
  case scan::Activation::Relu:
    return [=](const Number *x) {
      return Number{std::isnan(x[0].v) ? x[0].v : std::max(x[0].v, Real(0)), 0, x[0].m, x[0].e};
    };
  case scan::Activation::Softplus:
    return [=](const Number *x) { return monotone(x[0], softplus, composedUnits, u); };
  case scan::Activation::LogSigmoid:
    return [=](const Number *x) {
      return monotone(x[0], [](Real v) { return -softplus(-v); }, composedUnits, u);
    };
  }
  return {};
}

/// A comparison whose operands are nearer than their errors may come out either way: e is 1.
static Number compare(arith::CmpFPredicate predicate, const Number &a, const Number &b) {
  bool holds = false;
  switch (predicate) {
  case arith::CmpFPredicate::OLT:
    holds = a.v < b.v;
    break;
  case arith::CmpFPredicate::OLE:
    holds = a.v <= b.v;
    break;
  case arith::CmpFPredicate::OGT:
    holds = a.v > b.v;
    break;
  case arith::CmpFPredicate::OGE:
    holds = a.v >= b.v;
    break;
  case arith::CmpFPredicate::OEQ:
    holds = a.v == b.v;
    break;
  default:
    holds = a.v != b.v;
    break;
  }
  bool unsure = a.e + b.e > 0 && std::fabs(a.v - b.v) <= a.e + b.e;
  return {holds ? Real(1) : Real(0), 0, 1, unsure ? 1.0 : 0.0};
}

static Number select(const Number *x) {
  Number result = x[0].v != 0 ? x[1] : x[2];
  if (x[0].e > 0)
    result.e = std::max(x[1].e, x[2].e) + static_cast<double>(std::fabs(x[1].v - x[2].v));
  return result;
}

static Function constantOf(Attribute value) {
  Number number;
  if (auto parts = dyn_cast<ArrayAttr>(value)) {
    number.v = cast<FloatAttr>(parts[0]).getValueAsDouble();
    number.i = cast<FloatAttr>(parts[1]).getValueAsDouble();
  } else if (auto floating = dyn_cast<FloatAttr>(value)) {
    number.v = floating.getValueAsDouble();
  } else {
    number.v = static_cast<double>(cast<IntegerAttr>(value).getInt());
  }
  number.m = magnitude(absolute(number));
  return [=](const Number *) { return number; };
}

static Function complexFunction(Operation *op, double u) {
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([&](complex::ConstantOp op) { return constantOf(op.getValue()); })
      .Case([&](complex::AddOp) -> Function {
        return [=](const Number *x) { return add(x[0], x[1], u); };
      })
      .Case([&](complex::SubOp) -> Function {
        return [=](const Number *x) { return add(x[0], x[1], u, -1); };
      })
      .Case([&](complex::MulOp) -> Function {
        return [=](const Number *x) { return multiply(x[0], x[1], u); };
      })
      .Case([&](complex::DivOp) -> Function {
        return [=](const Number *x) { return divide(x[0], x[1], u); };
      })
      .Case([&](complex::NegOp) -> Function {
        return [=](const Number *x) { return Number{-x[0].v, -x[0].i, x[0].m, x[0].e}; };
      })
      .Case([&](complex::ConjOp) -> Function {
        return [=](const Number *x) { return Number{x[0].v, -x[0].i, x[0].m, x[0].e}; };
      })
      .Case([&](complex::CreateOp) -> Function {
        return [=](const Number *x) {
          return Number{x[0].v, x[1].v, std::hypot(x[0].m, x[1].m), x[0].e + x[1].e};
        };
      })
      .Case([&](complex::ReOp) -> Function {
        return [=](const Number *x) { return Number{x[0].v, 0, x[0].m, x[0].e}; };
      })
      .Case([&](complex::ImOp) -> Function {
        return [=](const Number *x) { return Number{x[0].i, 0, x[0].m, x[0].e}; };
      })
      .Case([&](complex::AbsOp) -> Function {
        return [=](const Number *x) {
          return Number{std::hypot(x[0].v, x[0].i), 0, x[0].m, x[0].e + 4 * u * x[0].m};
        };
      })
      .Case([&](complex::ExpOp) -> Function {
        return [=](const Number *x) {
          std::complex<Real> v = std::exp(std::complex<Real>(x[0].v, x[0].i));
          double m = static_cast<double>(std::abs(v));
          return Number{v.real(), v.imag(), m, m * std::expm1(x[0].e) + composedUnits * u * m};
        };
      })
      .Default([](Operation *) { return Function(); });
}

static Function mathFunction(Operation *op, double u) {
  auto monotoneOf = [u](Real (*f)(Real)) -> Function {
    return [=](const Number *x) { return monotone(x[0], f, libraryUnits, u); };
  };
  auto circular = [u](Real (*f)(Real)) -> Function {
    return [=](const Number *x) { return lipschitz(x[0], f, 1, libraryUnits, u); };
  };
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([&](math::ExpOp) { return monotoneOf(std::exp); })
      .Case([&](math::LogOp) { return monotoneOf(std::log); })
      .Case([&](math::SqrtOp) { return monotoneOf(std::sqrt); })
      .Case([&](math::RsqrtOp) {
        return monotoneOf([](Real v) { return 1 / std::sqrt(v); });
      })
      .Case([&](math::TanhOp) { return monotoneOf(std::tanh); })
      .Case([&](math::SinOp) { return circular(std::sin); })
      .Case([&](math::CosOp) { return circular(std::cos); })
      .Case([&](math::AbsFOp) -> Function {
        return [](const Number *x) { return Number{std::fabs(x[0].v), 0, x[0].m, x[0].e}; };
      })
      .Case([&](math::PowFOp) -> Function {
        return [=](const Number *x) { return power(x[0], x[1], u); };
      })
      .Default([](Operation *) { return Function(); });
}

Function functionOf(Operation *op) {
  double u = roundoffOf(op->getResult(0).getType());
  if (isa<complex::ComplexDialect>(op->getDialect()))
    return complexFunction(op, op->getOperands().empty()
                                   ? u
                                   : std::max(u, roundoffOf(op->getOperand(0).getType())));
  if (isa<math::MathDialect>(op->getDialect()))
    return mathFunction(op, u);
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([&](arith::ConstantOp op) { return constantOf(op.getValue()); })
      .Case([&](arith::AddFOp) -> Function {
        return [=](const Number *x) { return add(x[0], x[1], u); };
      })
      .Case([&](arith::SubFOp) -> Function {
        return [=](const Number *x) { return add(x[0], x[1], u, -1); };
      })
      .Case([&](arith::MulFOp) -> Function {
        return [=](const Number *x) { return multiply(x[0], x[1], u); };
      })
      .Case([&](arith::DivFOp) -> Function {
        return [=](const Number *x) { return divide(x[0], x[1], u); };
      })
      .Case([&](arith::NegFOp) -> Function {
        return [](const Number *x) { return Number{-x[0].v, 0, x[0].m, x[0].e}; };
      })
      .Case([&](arith::MaximumFOp) -> Function {
        return [](const Number *x) { return larger(x[0], x[1], true); };
      })
      .Case([&](arith::MinimumFOp) -> Function {
        return [](const Number *x) { return larger(x[0], x[1], false); };
      })
      .Case([&](arith::ExtFOp) -> Function { return [](const Number *x) { return x[0]; }; })
      .Case([&](arith::SIToFPOp op) -> Function {
        return [=](const Number *x) { return Number{x[0].v, 0, x[0].m, u * x[0].m}; };
      })
      .Case([&](arith::TruncFOp op) { return rounding(op.getType()); })
      .Case([&](arith::CmpFOp op) -> Function {
        arith::CmpFPredicate predicate = op.getPredicate();
        return [=](const Number *x) { return compare(predicate, x[0], x[1]); };
      })
      .Case([&](arith::SelectOp) -> Function { return select; })
      .Case([&](scan::ActivationOp op) { return activation(op.getKind(), u); })
      .Case([&](scan::LogAddExpOp) -> Function {
        return [=](const Number *x) { return logAddExp(x[0], x[1], u); };
      })
      .Default([](Operation *) { return Function(); });
}

Number reduce(scan::Reduction kind, const Number *frame, const std::size_t *from,
              std::size_t count, double u, double largest) {
  Number result;
  switch (kind) {
  case scan::Reduction::Add:
  case scan::Reduction::Mean:
    for (std::size_t i = 0; i < count; ++i)
      result = add(result, frame[from[i]], u);
    // Any order of the additions: each term meets at most count - 1 of them.
    result.e += count * u * result.m;
    if (result.m > largest) // some of the terms together may be an infinity
      result.e = infinity;
    if (kind == scan::Reduction::Mean && count > 0)
      result = divide(result, exact(static_cast<double>(count)), u);
    return result;
  case scan::Reduction::Max:
  case scan::Reduction::Min: {
    bool maximum = kind == scan::Reduction::Max;
    result = {maximum ? -infinity : infinity, 0, 0, 0};
    for (std::size_t i = 0; i < count; ++i)
      result = i == 0 ? frame[from[i]] : larger(result, frame[from[i]], maximum);
    return result;
  }
  case scan::Reduction::LogSumExp:
    result = {-infinity, 0, 0, 0};
    for (std::size_t i = 0; i < count; ++i)
      result = i == 0 ? frame[from[i]] : logAddExp(result, frame[from[i]], u);
    return result;
  }
  return result;
}

Number ringZero(scan::Ring ring) {
  Real v = ring == scan::Ring::Real ? 0 : ring == scan::Ring::MinPlus ? infinity : -infinity;
  return {v, 0, 0, 0};
}

Number ringAdd(scan::Ring ring, const Number &a, const Number &b, double u) {
  switch (ring) {
  case scan::Ring::Real:
    return add(a, b, u);
  case scan::Ring::MaxPlus:
    return larger(a, b, true);
  case scan::Ring::MinPlus:
    return larger(a, b, false);
  case scan::Ring::Log:
    return logAddExp(a, b, u);
  }
  return a;
}

Number ringMultiply(scan::Ring ring, const Number &a, const Number &b, double u) {
  return ring == scan::Ring::Real ? multiply(a, b, u) : add(a, b, u);
}

} // namespace scanc::reference
