//===- DenseTermsTest.cpp - Semirings, terms and readouts of dense states ---===//
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

CompileOptions optionsOf(std::map<std::string, std::int64_t> sizes) {
  CompileOptions options;
  options.filename = "dense.scan";
  options.target = "sm_90a";
  options.strategy = "sequential";
  options.sizes = std::move(sizes);
  return options;
}

void expectRight(const std::string &text, std::map<std::string, std::int64_t> sizes,
                 const std::string &variants = "") {
  testing_support::expectRight(text, optionsOf(std::move(sizes)), {.variants = variants});
}

/// How a semiring's step is written, around the matrix and the state.
struct Semiring {
  const char *sum, *between;
};
constexpr Semiring real{"sum", " * "}, maxPlus{"max", " + "}, minPlus{"min", " + "},
    logarithmic{"logsumexp", " + "};

/// A dense transition of n numbers; `matrix` is "W[i,l]" or "A[t,i,l]", kept as `element`.
std::string dense(const Semiring &ring, const std::string &matrix, std::int64_t n,
                  const std::string &element = "f32", const std::string &scan = "scan",
                  const std::string &number = "f32") {
  std::string N = std::to_string(n);
  // Lanes that share a matrix of real products are columns of another kernel.
  std::string lanes = matrix == "A[t,i,l]" ? "B, T, " : &ring == &real ? "B, " : "";
  std::string dims = lanes + N + ", " + N;
  return "kernel k(" + matrix.substr(0, 1) + ": " + element + "[" + dims + "], e: " + number +
         "[B, T, " + N + "], h0: " + number + "[B, " + N + "]) -> (h: " + number + "[B, T, " + N +
         "], hT: " + number + "[B, " + N + "]) {\n  " + scan +
         " T as t over B {\n    init h = h0\n    final h -> hT\n    h[t,i] = " + ring.sum + "[l](" +
         matrix + ring.between + "h[t-1,l]) + e[t,i]\n  }\n}";
}

using Case = std::tuple<const Semiring *, const char *>;
class DenseSemirings : public testing::TestWithParam<Case> {};

TEST_P(DenseSemirings, areRightAtEverySizeAndTime) {
  auto [ring, matrix] = GetParam();
  for (std::int64_t n : {1, 5, 33, 64})
    for (std::int64_t time : {0, 1, 3, 19}) {
      SCOPED_TRACE(std::to_string(n) + " rows, " + std::to_string(time) + " steps");
      expectRight(dense(*ring, matrix, n), {{"B", 2}, {"T", time}}, n == 33 ? "any" : "");
    }
}

TEST_P(DenseSemirings, areRightFromTheEndAndInEveryType) {
  auto [ring, matrix] = GetParam();
  for (const char *element : {"f16", "bf16", "f32"})
    expectRight(dense(*ring, matrix, 20, element, "reverse scan"), {{"B", 2}, {"T", 6}});
  for (const char *element : {"f16", "f64"})
    expectRight(dense(*ring, matrix, 13, element, "scan", "f64"), {{"B", 2}, {"T", 6}});
}

INSTANTIATE_TEST_SUITE_P(Dense, DenseSemirings,
                         testing::Combine(testing::Values(&real, &maxPlus, &minPlus, &logarithmic),
                                          testing::Values("W[i,l]", "A[t,i,l]")));

/// Rows that a thread cannot hold: they are multiplied where they landed, or stay in shared memory.
TEST(DenseTerms, widestMatricesAreRight) {
  for (const Semiring *ring : {&real, &logarithmic})
    for (const char *matrix : {"A[t,i,l]", "W[l,i]"}) {
      SCOPED_TRACE(std::string(ring->sum) + " " + matrix);
      expectRight(dense(*ring, matrix, 256, "f32"), {{"B", 1}, {"T", 3}});
      expectRight(dense(*ring, matrix, 251, "bf16"), {{"B", 1}, {"T", 3}});
      expectRight(dense(*ring, matrix, 131, "f64", "scan", "f64"), {{"B", 1}, {"T", 3}});
    }
}

TEST(DenseTerms, anElementwiseTermBesideAMatrixIsRight) {
  for (const char *text :
       {R"(kernel k(A: f16[B, T, N, N], a, b: f32[B, T, N]) -> (h: f32[B, T, N]) {
          scan T as t over B { h[t,i] = A[t,i,l] * h[t-1,l] + a[t,i] * h[t-1,i] + b[t,i] }
        })",
        R"(kernel k(A: f16[B, T, N, N], s: f32[B], b: f32[B, T, N]) -> (h: f32[B, T, N]) {
          scan T as t over B { h[t,i] = s * h[t-1,i] + s * (A[t,i,l] * h[t-1,l]) + b[t,i] }
        })",
        R"(kernel k(W: f32[N, N], a, b: f32[B, T, N]) -> (h: f32[B, T, N]) {
          scan T as t over B { h[t,i] = sigmoid(a[t,i]) * (W[i,l] * h[t-1,l]) + 0.5 * h[t-1,i] + b[t,i] }
        })",
        R"(kernel k(W: f32[N, N], a, b, v0: f32[B, T, N]) -> (h: f32[B, T, N]) {
          scan T as t over B { h[t,i] = max(max[l](W[i,l] + h[t-1,l]) + a[t,i], max(h[t-1,i] - v0[t,i], b[t,i])) }
        })",
        R"(kernel k(W: f32[N, N], a, b: f32[B, T, N]) -> (h: f32[B, T, N]) {
          reverse scan T as t over B { h[t,i] = logaddexp(logsumexp[l](W[i,l] + h[t-1,l]) + a[t,i], logaddexp(h[t-1,i], b[t,i])) }
        })"})
    for (std::int64_t n : {7, 32}) {
      SCOPED_TRACE(text);
      expectRight(text, {{"B", 2}, {"T", 6}, {"N", n}});
    }
}

TEST(DenseTerms, readoutsOfTheWholeStateAreRight) {
  for (const char *step :
       {"y[t] = c[t,i] * h[t,i]", "y[t] = sum[i](C[t,i,i] * h[t,i]) + skip",
        "y[t] = silu(max[i](h[t,i] + c[t,i])) * skip",
        "y[t] = c[t,i] * h[t,i] * rsqrt(mean[l](h[t,l] * h[t,l]) + 0.1)"})
    for (const char *matrix : {"A[t,i,l]", "W[i,l]"})
      for (std::int64_t time : {0, 1, 7}) {
        SCOPED_TRACE(std::string(step) + " " + matrix);
        std::string text =
            "kernel k(A: f32[B, T, N, N], W: f32[N, N], C: f32[B, T, N, N], b, c: f32[B, T, N], skip: f32[B]) -> (y: f32[B, T]) {\n"
            "  scan T as t over B {\n    h[t,i] = " +
            std::string(matrix) + " * h[t-1,l] + b[t,i]\n    " + step + "\n  }\n}";
        expectRight(text, {{"B", 2}, {"T", time}, {"N", 12}});
      }
}

TEST(DenseTerms, readoutsOfManyNumbersAreRight) {
  for (const char *step :
       {"y[t,o] = C[o,i] * h[t,i]", "y[t,o] = D[t,o,i] * h[t,i] + x[t,o]",
        "y[t,o] = sum[i](exp(E[t,i,o]) * h[t,i])", "y[t,i] = x[t,i] * h[t,i]"})
    for (const char *variants : {"", "any"}) {
      SCOPED_TRACE(step);
      std::string numbers = std::string(step).starts_with("y[t,i]") ? "24" : "O";
      std::string text =
          "kernel k(A: bf16[B, T, 24, 24], C: f16[O, 24], D: f16[B, T, O, 24], E: f32[B, T, 24, O], "
          "x: bf16[B, T, " + numbers + "], b: f32[B, T, 24]) -> (y: f32[B, T, " + numbers +
          "], h: f32[B, T, 24]) {\n  reverse scan T as t over B {\n"
          "    h[t,i] = A[t,i,l] * h[t-1,l] + b[t,i]\n    " + step + "\n  }\n}";
      expectRight(text, {{"B", 2}, {"T", 9}, {"O", 10}}, variants);
    }
}

TEST(DenseTerms, aReadoutOfSeveralPanelsIsRight) {
  expectRight(R"(kernel k(A: f32[T, 150, 150], c, b: f32[T, 150]) -> (y: f64[T]) {
    scan T as t { h[t,i] = A[t,i,l] * h[t-1,l] + b[t,i]  y[t] = c[t,i] * h[t,i] }
  })",
              {{"T", 4}});
}

/// Read from ptxas, for every variant.
TEST(DenseTerms, haveNoSpillsAndNoLocalMemory) {
  for (const Semiring *ring : {&real, &logarithmic})
    for (const char *matrix : {"A[t,i,l]", "W[i,l]"})
      for (auto [n, architecture] : {std::pair(64, "sm_90a"), {128, "sm_80"}, {256, "sm_90a"}}) {
        SCOPED_TRACE(std::string(ring->sum) + " " + matrix + " " + std::to_string(n));
        CompileOptions options = optionsOf({{"B", 512}});
        options.target = architecture;
        auto program = compileProgram(dense(*ring, matrix, n), options);
        ASSERT_TRUE(program) << render(program.error());
        expectInRegisters(*program, architecture);
      }
}

} // namespace
