//===- Number.h - A value with a bound on its error -------------*- C++ -*-===//
//
// Note [Running error analysis]
//
// Beside each value v the interpreter carries a magnitude m >= |v|, the value of
// the same expression with every term taken absolute, and a bound e on the error
// that a correct kernel may make. With u the unit roundoff of the compute type:
//
//   a + b:  m = ma + mb,  e = ea + eb + u m
//   a * b:  m = ma mb,    e = ma eb + mb ea + ea eb + u m
//   f(a):   m = |f(a)|,   e = largest change of f over [a - ea, a + ea] + k u |f(a)|
//
// For a recurrence h' = a h + b this gives m' = |a| m + |b| and e' = |a| e + ... ,
// which is larger than the error in the order of time, since m ignores that terms
// cancel. In return it holds for any order of composition: a product of k
// transitions is rounded at most k times and a term of the sum meets at most one
// addition per step, whatever the shape of the tree. What is left out, products of
// roundoffs, is covered by doubling the bound at the end (`slack`).
//
// Only what is computed from a state is composed in another order than written. A number that reads
// no state is settled: m = |v| + e, for a correct kernel holds a value so close to it. Else a gate 1 - g would
// count as a transition of 1 + g, and the bound grow by that at every step.
//
// A product or quotient may fall below the normal numbers. It is then off by up to q, the smallest
// number of the compute type, and so may be a part of it that another order of composition makes
// first and multiplies by the rest: e grows by q (1 + ma + mb).
//
// A value beyond the range of its type has e = inf: a correct kernel may make an infinity of it.
//
// An infinity has m = 0: the zero of a semiring and a forbidden transition are exact,
// and what they lose against owes them no roundoff.
//
// The values themselves are never rounded to a type of the program: a declared narrow type adds its
// own roundoff to e where the program rounds. They are `Real`s, of 64 bits of significand on x86-64: the
// bound of a program in f64 is the kernel's alone, but for one rounding of a result to f64.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILER_REFERENCE_NUMBER_H
#define SCANC_COMPILER_REFERENCE_NUMBER_H

#include <algorithm>
#include <cmath>
#include <limits>

namespace scanc::reference {

/// Holds what f64 does, with more bits where the machine has such numbers.
using Real = long double;

struct Number {
  Real v = 0;  ///< value; real part of a complex one
  Real i = 0;  ///< imaginary part
  double m = 0; ///< magnitude; 0 of an infinity
  double e = 0; ///< error bound
};

inline constexpr double slack = 2;
inline constexpr double infinity = std::numeric_limits<double>::infinity();

inline double magnitude(Real v) {
  double size = static_cast<double>(std::fabs(v));
  return size == infinity ? 0 : size;
}

/// |a|, of a complex number too.
inline double absolute(const Number &a) {
  return static_cast<double>(a.i == 0 ? std::fabs(a.v) : std::hypot(a.v, a.i));
}

/// The smallest number of the compute type with unit roundoff `u`.
inline double quantum(double u) { return u > 1e-10 ? 0x1p-149 : 0x1p-1074; }

inline Number exact(Real v) { return {v, 0, magnitude(v), 0}; }

inline Number add(const Number &a, const Number &b, double u, double sign = 1) {
  double m = a.m + b.m;
  return {a.v + sign * b.v, a.i + sign * b.i, m, a.e + b.e + u * m};
}

inline Number multiply(const Number &a, const Number &b, double u) {
  double m = a.m * b.m;
  // 0 * inf in a bound means "no error of a zero", not NaN.
  auto product = [](double x, double y) { return x == 0 || y == 0 ? 0 : x * y; };
  double e = product(a.m, b.e) + product(b.m, a.e) + product(a.e, b.e) + u * m;
  if (a.m + a.e > 0 && b.m + b.e > 0)
    e += quantum(u) * (1 + a.m + b.m);
  if (a.i == 0 && b.i == 0)
    return {a.v * b.v, 0, m, e};
  return {a.v * b.v - a.i * b.i, a.v * b.i + a.i * b.v, m, e + 2 * u * m};
}

inline Number divide(const Number &a, const Number &b, double u) {
  double size = absolute(b), least = size - b.e;
  double m = a.m / size, e = least > 0 ? (a.e + m * b.e) / least + 4 * u * m : infinity;
  if (a.m + a.e > 0)
    e += quantum(u) * (1 + a.m);
  if (a.i == 0 && b.i == 0)
    return {a.v / b.v, 0, m, e};
  Real scale = b.v * b.v + b.i * b.i;
  return {(a.v * b.v + a.i * b.i) / scale, (a.i * b.v - a.v * b.i) / scale, m, e + 8 * u * m};
}

/// `a` once it has its value: its terms are not taken apart any more.
inline Number settled(Number a) {
  if (double size = absolute(a); std::isfinite(size))
    a.m = std::min(a.m, size + a.e);
  return a;
}

/// `a` as a value of a type whose largest number is `largest`.
inline Number within(Number a, double largest) {
  double size = absolute(a);
  if (std::isfinite(size) && size + std::min(a.e, size) > largest)
    a.e = infinity;
  if (size == infinity && std::isfinite(a.v) && std::isfinite(a.i)) // f64 holds no such number
    return {a.v * Real(infinity), a.i == 0 ? 0 : a.i * Real(infinity), 0, infinity};
  return a;
}

/// A monotone function: its ends tell how far it can change. `k` units of roundoff of its own.
template <typename F>
Number monotone(const Number &a, F f, double k, double u) {
  Real v = f(a.v);
  double m = magnitude(v);
  double change = a.e == 0 ? 0
                           : static_cast<double>(std::max(std::fabs(f(a.v + a.e) - v), std::fabs(v - f(a.v - a.e))));
  if (std::isnan(change) || a.e == infinity) // what may be infinite may be no number, too
    change = infinity;
  // Results below the smallest normal number may be flushed to zero.
  return {v, 0, m, change + k * u * m + (u > 1e-10 ? 2.4e-38 : 0)};
}

/// A function whose slope is at most `slope`.
template <typename F>
Number lipschitz(const Number &a, F f, double slope, double k, double u) {
  Real v = f(a.v);
  double m = magnitude(v);
  return {v, 0, m, slope * a.e + k * u * (m + magnitude(a.v) * u) + (u > 1e-10 ? 2.4e-38 : 0)};
}

} // namespace scanc::reference

#endif // SCANC_COMPILER_REFERENCE_NUMBER_H
