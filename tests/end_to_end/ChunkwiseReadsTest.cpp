//===- ChunkwiseReadsTest.cpp - Which state is read, of the step or of the one before ---===//
//
// Results that read the state as a step finds it, and corrections that read it before its rows decay.
//
//===----------------------------------------------------------------------===//
#include "tests/end_to_end/ChunkwiseCases.h"

#include <gtest/gtest.h>

#include <limits>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const std::set<std::string> decaysOfRows = {"w"};

/// What decays rows, in `text` in place of exp(w[t,i]). As drawn they are above e^-3; 20 and more below that nothing is left, and
/// others are 0, 1 and below 0.
std::string decayed(std::string text, const std::string &decay) {
  return text.replace(text.find("exp(w[t,i])"), 11, decay);
}
const char *const decays[] = {"exp(w[t,i] - 20)", "0 * w[t,i]", "exp(0 * w[t,i])", "tanh(w[t,i])",
                              "select(w[t,i] > 0, 0, sigmoid(w[t,i]))"};

/// RWKV-6 with states that are given and taken, of the indices that `text` has.
std::string readBefore(const std::string &read, const std::string &decay = "exp(w[t,i])", const std::string &scan = "scan T as t over B, H") {
  return "kernel k(r, k: bf16[B, T, H, K], w: f32[B, T, H, K], g: f32[B, T, H], u: f32[H, K], v: bf16[B, T, H, V], S0: f32[B, H, K, V])\n"
         "-> (o: bf16[B, T, H, V], ST: f32[B, H, K, V]) { " + scan + " {\ninit S = S0\nfinal S -> ST\n"
         "S[t,i,j] = " + decay + " * S[t-1,i,j] + 0.5 * k[t,i] * v[t,j]\no[t,j] = " + read + " } }";
}
const std::string withBonus = "r[t,i] * (S[t-1,i,j] + u[i] * (0.5 * k[t,i] * v[t,j]))", alone = "r[t,i] * S[t-1,i,j]";

class ReadBeforeTimes : public testing::TestWithParam<std::int64_t> {};
TEST_P(ReadBeforeTimes, areRight) {
  expectNear(readBefore(withBonus), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 64}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = decaysOfRows});
  expectNear(readBefore(alone, "exp(g[t])"), {{"B", 1}, {"T", GetParam()}, {"H", 1}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32"});
}
INSTANTIATE_TEST_SUITE_P(ChunkwiseReads, ReadBeforeTimes, testing::Values(0, 1, 64, 65, 130));

TEST(ChunkwiseReads, statesOfEverySizeAreReadBefore) {
  for (const auto &[rows, columns, variants] : {std::tuple(100, 16, "any"), {16, 100, "wide_i32"}, {128, 16, "wide_i32"}})
    expectNear(readBefore(withBonus), {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", columns}},
               {.variants = variants, .gap = rows == 100 ? 3 : 0, .signedInputs = decaysOfRows});
}

TEST(ChunkwiseReads, decaysOfEveryKindAreReadBefore) {
  for (const char *decay : decays) {
    SCOPED_TRACE(decay);
    const bool mayBeNegative = std::string_view(decay).starts_with("tanh");
    expectNear(readBefore(decay == decays[0] ? alone : withBonus, decay), {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}},
               {.variants = "wide_i32", .signedInputs = mayBeNegative ? std::set<std::string>{} : decaysOfRows});
  }
  expectNear(readBefore(alone, "exp(g[t] - 40)"), {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}}, {.variants = "wide_i32"});
}

/// Blocks that share the time of a lane, of rows that decay, of states that do, and where others read out what groups carry.
TEST(ChunkwiseReads, spansAreReadBefore) {
  const Sizes sizes{{"B", 1}, {"T", 1030}, {"H", 1}, {"K", 16}, {"V", 16}};
  expectNear(readBefore(withBonus), sizes, {.variants = "wide_i32", .signedInputs = decaysOfRows});
  expectNear(readBefore(alone, "exp(g[t])"), sizes, {.variants = "wide_i32"});
  expectNear(readBefore(alone, "exp(g[t])"), {{"B", 1}, {"T", 140}, {"H", 1}, {"K", 72}, {"V", 72}},
             {.variants = "wide_i32", .strategy = "chunkwise(time_threads=512, ring=3)"});
}

TEST(ChunkwiseReads, correctedStatesAreReadBefore) {
  for (const auto &[corrected, columns] : {std::pair("exp(g[t]) * (S[t-1,i,j] - 0.5 / n * k[t,i] * (k[t,l] * S[t-1,l,j]))", 16),
                                           {"P[i,j] - 0.5 / n * k[t,i] * (k[t,l] * P[l,j])", 16},
                                           {"exp(g[t]) * (S[t-1,i,j] - 0.5 / n * k[t,i] * (k[t,l] * S[t-1,l,j]))", 72}}) {
    SCOPED_TRACE(corrected);
    std::string of = readBefore(alone);
    of.replace(of.find("exp(w[t,i]) * S[t-1,i,j]"), 24, corrected);
    of.insert(of.find("S[t,i,j] ="), std::string(corrected[0] == 'P' ? "P[i,j] = exp(w[t,i]) * S[t-1,i,j]\n" : "") + "n = sum[i](k[t,i] * k[t,i]) + 0.01\n");
    expectNear(of, {{"B", 1}, {"T", 70}, {"H", 1}, {"K", columns > 64 ? 72 : 24}, {"V", columns}}, {.variants = "wide_i32", .signedInputs = {"w", "g"}});
  }
}

/// A bonus does not begin anew with a segment; the state that it stands beside does.
TEST(ChunkwiseReads, segmentsAreReadBefore) {
  expectNear(R"(kernel k(r, k: bf16[T, H, K], w: f32[T, H, K], u: f32[H, K], v: bf16[T, H, V], M0: f32[S, H, K, V], cu: i32[S+1])
      -> (o: bf16[T, H, V], MT: f32[S, H, K, V]) {
    scan T as t over H reset at cu {
      init M = M0
      final M -> MT
      M[t,i,j] = exp(w[t,i]) * M[t-1,i,j] + k[t,i] * v[t,j]
      o[t,j]   = r[t,i] * (M[t-1,i,j] + u[i] * k[t,i] * v[t,j])
    }
  })",
             {{"T", 140}, {"H", 2}, {"K", 16}, {"V", 16}}, {.signedInputs = decaysOfRows, .offsets = {0, 1, 3, 3, 67, 140}});
}

/// A step of two places begins a chunk of its own with each segment, with one step and with none; beside decays of rows and of the whole.
TEST(ChunkwiseReads, segmentsOfSeveralPlacesAreRight) {
  const std::string corrected = "M[t-1,i,j] - 0.4 / n * b[t,i] * (a[t,l] * M[t-1,l,j])";
  for (const std::string &step : {"exp(w[t,i]) * " + corrected, "exp(c[t]) * (" + corrected + ")"})
    for (const char *direction : {"", "reverse "}) {
      if (*direction != 0 && step.find("c[t]") != std::string::npos)
        continue;
      expectNear("kernel k(r, k, a, b: bf16[T, H, K], w: f32[T, H, K], c: f32[T, H], v: bf16[T, H, V], M0: f32[S, H, K, V], cu: i32[S+1])\n"
                 "-> (o: bf16[T, H, V], MT: f32[S, H, K, V]) {\n" + std::string(direction) + "scan T as t over H reset at cu {\ninit M = M0\nfinal M -> MT\n"
                 "n = sum[i](b[t,i] * b[t,i]) + sum[i](a[t,i] * a[t,i]) + 0.01\nM[t,i,j] = " + step + " + k[t,i] * v[t,j]\no[t,j] = r[t,i] * M[t,i,j] } }",
                 {{"T", 140}, {"H", 2}, {"K", 16}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = {"w", "c"}, .offsets = {0, 1, 3, 3, 67, 140}});
    }
}

/// What the step adds reaches its own result with a bonus alone.
TEST(ChunkwiseReads, aValueReachedTheResultBefore) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::string &read : {withBonus, alone})
    expectNear(readBefore(read), {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}},
               {.variants = "wide_i32", .signedInputs = decaysOfRows, .poisons = {{"v", 100 * 16 + 3, nan}, {"v", 63 * 16 + 5, nan}, {"v", 64 * 16 + 7, nan}}});
  expectNear(readBefore(alone, "exp(g[t])"), {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}},
             {.variants = "wide_i32", .poisons = {{"v", 100 * 16 + 3, nan}, {"v", 63 * 16 + 5, nan}}});
}

/// The state is read by a before its rows decay, and corrected along `vector`: the key that is added, or another; states given and taken.
std::string correctBefore(const std::string &vector, const std::string &corrected, const std::string &direction = "") {
  return "kernel k(r, k, a, b: bf16[B, T, K], w: f32[B, T, K], v: bf16[B, T, V], c: f32[B, T], S0: f32[B, K, V])\n"
         "-> (o: bf16[B, T, V], ST: f32[B, K, V]) { " + direction + "scan T as t over B {\ninit S = S0\nfinal S -> ST\n"
         "n = sum[i](" + vector + "[t,i] * " + vector + "[t,i]) + sum[i](a[t,i] * a[t,i]) + 0.01\n"
         "S[t,i,j] = " + corrected + " + 0.5 * k[t,i] * v[t,j]\no[t,j] = r[t,i] * S[t,i,j] } }";
}
std::string beside(const std::string &vector) {
  return "exp(w[t,i]) * S[t-1,i,j] - sigmoid(c[t]) / n * " + vector + "[t,i] * (a[t,l] * S[t-1,l,j])";
}
std::string within(const std::string &vector) {
  return "exp(w[t,i]) * (S[t-1,i,j] - sigmoid(c[t]) / n * " + vector + "[t,i] * (a[t,l] * S[t-1,l,j]))";
}

class CorrectBeforeTimes : public testing::TestWithParam<std::int64_t> {};
TEST_P(CorrectBeforeTimes, areRight) {
  for (const char *vector : {"k", "b"})
    expectNear(correctBefore(vector, beside(vector)), {{"B", 1}, {"T", GetParam()}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = decaysOfRows});
}
INSTANTIATE_TEST_SUITE_P(ChunkwiseReads, CorrectBeforeTimes, testing::Values(0, 1, 33));

TEST(ChunkwiseReads, correctionsBeforeRowsDecayAreRightInStatesOfEverySize) {
  for (const auto &[rows, columns, variants] : {std::tuple(100, 16, "any"), {16, 100, "wide_i32"}, {128, 16, "wide_i32"}})
    expectNear(correctBefore("b", within("b")), {{"B", 1}, {"T", 45}, {"K", rows}, {"V", columns}},
               {.variants = variants, .gap = rows == 100 ? 3 : 0, .signedInputs = decaysOfRows});
  expectNear(correctBefore("k", within("k"), "reverse "), {{"B", 1}, {"T", 70}, {"K", 72}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = decaysOfRows});
}

TEST(ChunkwiseReads, correctionsBeforeDecaysOfEveryKindAreRight) {
  for (const char *decay : decays) {
    SCOPED_TRACE(decay);
    const bool mayBeNegative = std::string_view(decay).starts_with("tanh");
    const std::string vector = decay == decays[0] ? "b" : "k";
    expectNear(correctBefore(vector, decayed(beside(vector), decay)), {{"B", 1}, {"T", 70}, {"K", 16}, {"V", 16}},
               {.variants = "wide_i32", .signedInputs = mayBeNegative ? std::set<std::string>{} : decaysOfRows});
  }
}

/// Rows that have decayed are read by a local, under the index of the sum.
TEST(ChunkwiseReads, aReaderThatIsALocalHadAnotherIndex) {
  std::string text = correctBefore("b", "P[i,j] - sigmoid(c[t]) / n * b[t,i] * (u[l] * P[l,j])");
  text.insert(text.find("n = sum"), "u[i] = silu(a[t,i])\nP[i,j] = exp(w[t,i]) * S[t-1,i,j]\n");
  expectNear(text, {{"B", 1}, {"T", 70}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = decaysOfRows});
}

/// A decay of the whole that a correction has not.
TEST(ChunkwiseReads, correctionsBesideADecayOfTheWholeAreRight) {
  expectNear(correctBefore("b", decayed(beside("b"), "sigmoid(c[t])")), {{"B", 1}, {"T", 70}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32"});
}

TEST(ChunkwiseReads, spansOfCorrectionsBeforeRowsDecayAreRight) {
  expectNear(correctBefore("b", beside("b")), {{"B", 1}, {"T", 800}, {"K", 16}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = decaysOfRows});
}

TEST(ChunkwiseReads, aValueReachedEarlierResultsOfACorrectionBeforeRowsDecay) {
  std::vector<Poison> all; // results of all columns are written again
  for (int column = 0; column < 16; ++column)
    all.push_back({"v", 50 * 16 + column, std::numeric_limits<double>::quiet_NaN()});
  for (const char *vector : {"k", "b"})
    expectNear(correctBefore(vector, decayed(beside(vector), "exp(w[t,i] - 1)")), {{"B", 1}, {"T", 70}, {"K", 16}, {"V", 16}},
               {.variants = "wide_i32", .signedInputs = decaysOfRows, .poisons = all});
}

} // namespace
