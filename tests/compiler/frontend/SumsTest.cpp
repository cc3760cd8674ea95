//===- SumsTest.cpp - Where the sums of index notation stand --------------===//
#include "Programs.h"

#include "compiler/frontend/Format.h"

namespace scanc::frontend {
namespace {

/// The checked right-hand side of `y[t,j] = VALUE`, with its sums written out.
std::string summed(const std::string &value) {
  Read read("kernel k(x: f32[T], u, w: f32[T, N], v: f32[T, J], A: f32[N, J], W: f32[N, N])\n"
            "    -> (y: f32[T, J]) {\n  scan T as t {\n    y[t,j] = " +
            value + "\n  }\n}");
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
  return formatExpr(*read.file.kernels.at(0).scans.at(0).statements.at(0).assignment.value, "t");
}

TEST(Sums, stand_at_the_lowest_node_with_every_occurrence) {
  EXPECT_EQ(summed("u[t,n] * A[n,j]"), "sum[n](u[t,n] * A[n,j])");
  EXPECT_EQ(summed("x[t] * (u[t,n] * A[n,j])"), "x[t] * sum[n](u[t,n] * A[n,j])");
  EXPECT_EQ(summed("x[t] * u[t,n] * A[n,j]"), "sum[n](x[t] * u[t,n] * A[n,j])");
  EXPECT_EQ(summed("exp(u[t,n]) * v[t,j]"), "exp(sum[n](u[t,n])) * v[t,j]");
  EXPECT_EQ(summed("exp(u[t,n] * w[t,n])"), "exp(sum[n](u[t,n] * w[t,n]))");
  EXPECT_EQ(summed("max(u[t,n], w[t,n])"), "sum[n](max(u[t,n], w[t,n]))");
  EXPECT_EQ(summed("-u[t,n]"), "-sum[n](u[t,n])");
}

TEST(Sums, of_a_sum_stand_in_each_operand) {
  EXPECT_EQ(summed("u[t,n] * A[n,j] + v[t,j]"), "sum[n](u[t,n] * A[n,j]) + v[t,j]");
  EXPECT_EQ(summed("u[t,n] - w[t,n]"), "sum[n](u[t,n]) - sum[n](w[t,n])");
  EXPECT_EQ(summed("u[t,n] * A[n,j] - (v[t,j] - w[t,n])"),
            "sum[n](u[t,n] * A[n,j]) - (v[t,j] - sum[n](w[t,n]))");
}

// The + is below the product that holds the third occurrence: it is not the lowest node.
TEST(Sums, below_a_product_with_another_occurrence_stay_whole) {
  EXPECT_EQ(summed("(u[t,n] + w[t,n]) * A[n,j]"), "sum[n]((u[t,n] + w[t,n]) * A[n,j])");
  EXPECT_EQ(summed("(u[t,n] + x[t]) * A[n,j]"), "sum[n]((u[t,n] + x[t]) * A[n,j])");
}

TEST(Sums, over_two_indices) {
  EXPECT_EQ(summed("u[t,n] * W[n,m] * A[m,j]"), "sum[m](sum[n](u[t,n] * W[n,m]) * A[m,j])");
  EXPECT_EQ(summed("W[n,m]"), "sum[n](sum[m](W[n,m]))");
}

TEST(Sums, along_a_diagonal) { EXPECT_EQ(summed("W[n,n]"), "sum[n](W[n,n])"); }

TEST(Sums, leave_reductions_that_are_written_out) {
  EXPECT_EQ(summed("max[n](u[t,n] + A[n,j])"), "max[n](u[t,n] + A[n,j])");
  EXPECT_EQ(summed("mean[n](u[t,n]) * w[t,n]"), "mean[n](u[t,n]) * sum[n](w[t,n])");
  EXPECT_EQ(summed("logsumexp[n,m](W[n,m])"), "logsumexp[n, m](W[n,m])");
}

// A name bound by a reduction is another name than the one on the left-hand side.
TEST(Sums, a_reduction_binds_its_index_anew) {
  EXPECT_EQ(summed("exp(v[t,j]) / sum[j](exp(v[t,j]))"), "exp(v[t,j]) / sum[j](exp(v[t,j]))");
}

TEST(Sums, of_one_side_of_a_comparison_stand_in_it) {
  EXPECT_EQ(summed("select(u[t,n] > 0, 1, 0)"), "select(sum[n](u[t,n]) > 0, 1, 0)");
}

// A comparison is no number that could be summed.
TEST(Sums, of_both_sides_of_a_comparison_stand_around_the_select) {
  EXPECT_EQ(summed("x[t] * select(u[t,n] > w[t,n], 1, 0)"),
            "x[t] * sum[n](select(u[t,n] > w[t,n], 1, 0))");
}

// The example of rule 4: the skip is added once, not once for each n.
TEST(Sums, selective_scan_adds_its_skip_once) {
  Read read(program("selective_scan"));
  const Statement &y = read.file.kernels.at(0).scans.at(0).statements.back();
  EXPECT_EQ(formatExpr(*y.assignment.value, "t"),
            "(sum[n](Cm[t,n] * h[t,n]) + skip * x[t]) * silu(z[t])");
}

} // namespace
} // namespace scanc::frontend
