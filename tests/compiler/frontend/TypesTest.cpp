//===- TypesTest.cpp - What states and locals are computed in -------------===//
#include "Programs.h"

namespace scanc::frontend {
namespace {

/// The symbol `h` of a scan with the statements given.
Symbol typed(const std::string &statements) {
  Read read(
      "kernel k(a: bf16[T], x: f32[T], d: f64[T], c: c64[T], n: i32[T], e: f8e5m2[T], d0: f64,\n"
      "         c0: c64) -> (y: f32[T]) {\n  scan T as t {\n    " +
      statements + "\n    y[t] = x[t]\n  }\n}");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
  return read.kernels.at(0).scans.at(0).symbols.at("h");
}

TEST(Types, of_states_are_f32_unless_an_operand_is_wider) {
  EXPECT_EQ(typed("h[t] = a[t] * h[t-1] + e[t]").stateType, Dtype::f32);
  EXPECT_EQ(typed("h[t] = h[t-1] + n[t]").stateType, Dtype::f32);
  EXPECT_EQ(typed("h[t] = h[t-1] + d[t]").stateType, Dtype::f64);
  EXPECT_EQ(typed("h[t] = c[t] * h[t-1] + x[t]").stateType, Dtype::c64);
}

TEST(Types, grow_through_locals_and_other_states) {
  EXPECT_EQ(typed("h[t] = h[t-1] + u\n    u = v[t-1]\n    v[t] = v[t-1] + d[t]").stateType,
            Dtype::f64);
}

TEST(Types, of_parts_of_complex_numbers_are_real) {
  EXPECT_EQ(typed("h[t] = h[t-1] + real(c[t]) * imag(c[t]) + abs(c[t])").stateType, Dtype::f32);
  EXPECT_EQ(typed("h[t] = h[t-1] + conj(c[t])").stateType, Dtype::c64);
}

TEST(Types, grow_with_the_initial_state) {
  EXPECT_EQ(typed("h[t] = x[t] * h[t-1]\n    init h = d0").stateType, Dtype::f64);
  EXPECT_EQ(typed("h[t] = x[t] * h[t-1]\n    init h = c0").stateType, Dtype::c64);
}

TEST(Types, declared_states_are_computed_wide_and_kept_narrow) {
  Symbol narrow = typed("state h: bf16\n    h[t] = a[t] * h[t-1] + d[t]");
  EXPECT_EQ(narrow.stateType, Dtype::bf16);
  EXPECT_EQ(narrow.type, Compute::f64);
  EXPECT_EQ(typed("state h: c64\n    h[t] = a[t] * h[t-1]").type, Compute::c64);
}

TEST(Types, numbers_may_be_as_large_as_the_widest_operand) {
  EXPECT_EQ(typed("h = select(d[t] > 1e300, x[t], 0)").type, Compute::f32);
  EXPECT_EQ(typed("h = x[t] * 3e38").type, Compute::f32);
}

TEST(Types, of_selections_ignore_the_condition) {
  EXPECT_EQ(typed("h = select(d[t] > 0, x[t], 0)").type, Compute::f32);
  EXPECT_EQ(typed("h = select(x[t] > 0, c[t], 0)").type, Compute::c64);
}

} // namespace
} // namespace scanc::frontend
