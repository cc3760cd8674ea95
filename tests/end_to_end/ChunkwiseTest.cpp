//===- ChunkwiseTest.cpp - Outer products summed up, against the oracle ---===//
#include "scanc/Compile.h"
#include "tests/end_to_end/ChunkwiseCases.h"
#include "tests/end_to_end/MachineCode.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

class ChunkTimes : public testing::TestWithParam<std::int64_t> {};

/// Chunks that are whole, one step more, one less; an initial state and a final one.
TEST_P(ChunkTimes, areRightInEveryVariant) {
  for (const char *variants : {"wide", "any"})
    for (const char *name : {"simple_gla", "retnet"}) {
      SCOPED_TRACE(std::string(name) + " " + variants);
      expectNear(programText(name), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 64}, {"V", 64}},
                 {.variants = variants});
    }
}

INSTANTIATE_TEST_SUITE_P(Chunkwise, ChunkTimes, testing::Values(0, 1, 3, 63, 64, 65, 130));

using RowsAndColumns = std::tuple<std::int64_t, std::int64_t>;
class ChunkSizes : public testing::TestWithParam<RowsAndColumns> {};

TEST_P(ChunkSizes, areRight) {
  auto [rows, columns] = GetParam();
  expectNear(programText("retnet"), {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", columns}});
}

INSTANTIATE_TEST_SUITE_P(Chunkwise, ChunkSizes,
                         testing::Values(RowsAndColumns(5, 5), RowsAndColumns(16, 100), RowsAndColumns(100, 16),
                                         RowsAndColumns(128, 128), RowsAndColumns(72, 200), RowsAndColumns(256, 8)));

TEST(Chunkwise, headsOfAGroupShareTheirKeys) {
  expectNear(R"(kernel k(q: bf16[B, T, H, G, K], k: bf16[B, T, H, K], v: bf16[B, T, H, V], g: f32[B, T, H, G])
      -> (o: f32[B, T, H, G, V]) {
    scan T as t over B, H, G {
      S[t,i,j] = exp(g[t]) * S[t-1,i,j] + k[t,i] * v[t,j]
      o[t,j]   = q[t,i] * S[t,i,j]
    }
  })",
             {{"B", 1}, {"T", 66}, {"H", 2}, {"G", 2}, {"K", 32}, {"V", 24}});
}

/// A scale of the input, a readout with a skip: mamba2 in whole, with its magnitudes.
TEST(Chunkwise, aStateSpaceOfHeadsIsRight) {
  for (const char *variants : {"wide", "any"})
    expectNear(programText("mamba2"), {{"B", 1}, {"T", 70}, {"H", 2}, {"N", 64}, {"P", 32}},
               {.variants = variants});
}

TEST(Chunkwise, isWalkedFromTheEnd) {
  expectNear(R"(kernel k(q, k: bf16[B, T, H, K], v: bf16[B, T, H, V], g: f32[B, T, H], S0: f32[B, H, V, K])
      -> (o: bf16[B, T, H, V], ST: f32[B, H, V, K]) {
    reverse scan T as t over B, H {
      init S = S0
      final S -> ST
      S[t,j,i] = sigmoid(g[t]) * S[t-1,j,i] + k[t,i] * v[t,j]
      o[t,j]   = q[t,i] * S[t,j,i]
    }
  })",
             {{"B", 2}, {"T", 67}, {"H", 1}, {"K", 24}, {"V", 40}});
}

TEST(Chunkwise, rowsThatAreNotApartByVectorsAreRight) {
  for (std::int64_t gap : {3, 8})
    expectNear(programText("retnet"), {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 32}, {"V", 48}}, {.gap = gap});
}

TEST(Chunkwise, factorsOfF16AreRight) {
  expectNear(withF16(programText("simple_gla")), {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 64}, {"V", 64}});
}

/// Products of 16 bits may be asked for where factors are of f32, each of which is rounded where it is read.
TEST(Chunkwise, factorsOfF32WereNotRounded) {
  for (const char *name : {"simple_gla", "delta_rule"})
    for (const char *precision : {"bf16", "f16"}) {
      SCOPED_TRACE(std::string(name) + " " + precision);
      std::string text = programText(name);
      for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
        text.replace(at, 4, "f32");
      text.insert(text.find("kernel"), std::string("@precision(") + precision + ") ");
      expectNear(text, {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 32}, {"V", 24}});
    }
}

/// Factors that are computed: a norm of the keys, an activation of the queries, a gate of the results, several of them.
TEST(Chunkwise, whatIsComputedBesideTheProductsIsRight) {
  expectNear(R"(kernel k(q, k: bf16[B, T, H, K], v, z: bf16[B, T, H, V], g: f32[H], w: f32[H])
      -> (o: bf16[B, T, H, V], p: f32[B, T, H, V]) {
    scan T as t over B, H {
      S[t,i,j] = exp(g) * S[t-1,i,j] + w * silu(v[t,j]) * (k[t,i] * rsqrt(0.5 + sum[i](k[t,i] * k[t,i])))
      r[j]     = 0.125 * sigmoid(q[t,i]) * S[t,i,j]
      o[t,j]   = r[j] * sigmoid(z[t,j])
      p[t,j]   = r[j] + z[t,j]
    }
  })",
             {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 40}, {"V", 24}});
}

TEST(Chunkwise, isRightWithOtherThreadsAndRings) {
  for (const char *policy : {"(time_threads=128)", "(ring=2)", "(time_threads=256, ring=4)"})
    expectNear(programText("simple_gla"), {{"B", 1}, {"T", 200}, {"H", 1}, {"K", 16}, {"V", 136}},
               {.strategy = std::string("chunkwise") + policy});
}

/// The second block of 128 columns has 64 of the state.
TEST(Chunkwise, halfABlockOfColumnsIsRight) {
  expectNear(programText("retnet"), {{"B", 1}, {"T", 3}, {"H", 1}, {"K", 8}, {"V", 192}},
             {.variants = "wide", .strategy = "chunkwise(time_threads=256)"});
}

/// Few lanes have blocks of 64 columns. Two groups carry 128, and two read out, each its own chunks.
TEST(Chunkwise, groupsThatCarry128ColumnsAreRight) {
  expectNear(programText("retnet"), {{"B", 1}, {"T", 140}, {"H", 1}, {"K", 128}, {"V", 128}},
             {.strategy = "chunkwise(time_threads=512, ring=3)"});
}

/// By one group that carries 64 columns and one that reads them out, of whole matrices.
TEST(Chunkwise, matricesThatOneGroupCarriesAreRight) {
  expectNear(programText("retnet"), {{"B", 1}, {"T", 460}, {"H", 1}, {"K", 128}, {"V", 64}},
             {.variants = "wide_i32", .strategy = "chunkwise(time_threads=256, ring=2)"});
}

/// The same of a corrected state, of several corrections of a step, and one group that carries 64 columns.
TEST(Chunkwise, groupsThatCarryACorrectedStateAreRight) {
  expectNear(programText("delta_product"), {{"B", 1}, {"T", 100}, {"H", 1}, {"K", 72}, {"V", 72}},
             {.variants = "wide", .strategy = "chunkwise(time_threads=512, ring=3)"});
  for (const auto &[columns, policy] : {std::pair(128, "(time_threads=512, ring=3)"), {64, "(time_threads=384, ring=3)"}})
    expectNear(programText("delta_rule"), {{"B", 1}, {"T", 300}, {"H", 1}, {"K", 128}, {"V", columns}},
               {.variants = "wide", .strategy = std::string("chunkwise") + policy});
}

/// Whole matrices of chunks are copied of heads that share keys, and that other numbers lie between.
TEST(Chunkwise, matricesOfSharedKeysWithGapsAreRight) {
  expectNear(R"(kernel k(q, k: bf16[B, T, G, K], v: bf16[B, T, G, R, V], beta: f32[B, T, G, R]) -> (o: bf16[B, T, G, R, V]) {
    scan T as t over B, G, R {
      S[t,i,j] = S[t-1,i,j] - 0.01 * beta[t] * k[t,i] * (k[t,l] * S[t-1,l,j]) + beta[t] * k[t,i] * v[t,j]
      o[t,j]   = q[t,i] * S[t,i,j]
    }
  })",
             {{"B", 2}, {"T", 70}, {"G", 1}, {"R", 2}, {"K", 128}, {"V", 128}},
             {.variants = "wide_i32", .strategy = "chunkwise(time_threads=512, ring=3)", .gap = 8});
}

/// Decays that underflow within a chunk, and a decay of 1.
TEST(Chunkwise, decaysOfEverySizeAreRight) {
  for (const char *decay : {"exp(g[t] - 40)", "exp(g[t] - 1000)", "0.001", "exp(0 * g[t])"}) {
    std::string text = programText("simple_gla");
    text.replace(text.find("exp(g[t])"), 9, decay);
    expectNear(text, {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}});
  }
}

/// States that grow, by decays of the whole, of rows, and beside a correction.
TEST(Chunkwise, decaysAboveOneAreRight) {
  const std::pair<const char *, const char *> cases[] = {
      {"simple_gla", "exp(g[t])"}, {"gla", "exp(g[t,i])"}, {"gated_delta", "exp(g[t])"}};
  for (auto [name, decay] : cases) {
    SCOPED_TRACE(name);
    std::string text = programText(name), of = decay;
    text.replace(text.find(of), of.size(), "exp(0.1 * abs(" + of.substr(4) + ")");
    expectNear(text, {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}});
  }
}

class CorrectedTimes : public testing::TestWithParam<std::int64_t> {};

/// Keys of length 1 with states given and taken, and others with a decay.
TEST_P(CorrectedTimes, areRightInEveryVariant) {
  for (const char *variants : {"wide", "any"})
    for (const char *name : {"delta_rule", "gated_delta"}) {
      SCOPED_TRACE(std::string(name) + " " + variants);
      expectNear(programText(name), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 24}, {"V", 16}},
                 {.variants = variants});
    }
}

INSTANTIATE_TEST_SUITE_P(Chunkwise, CorrectedTimes, testing::Values(0, 1, 63, 64, 65, 130));

class CorrectedSizes : public testing::TestWithParam<RowsAndColumns> {};

TEST_P(CorrectedSizes, areRight) {
  auto [rows, columns] = GetParam();
  expectNear(programText("delta_rule"), {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", columns}});
}

INSTANTIATE_TEST_SUITE_P(Chunkwise, CorrectedSizes,
                         testing::Values(RowsAndColumns(5, 5), RowsAndColumns(16, 100), RowsAndColumns(100, 16),
                                         RowsAndColumns(128, 128), RowsAndColumns(64, 200)));

/// Heads of a group share keys and strengths; the decay is a sigmoid, and time is walked from the end.
TEST(Chunkwise, correctedStatesOfAGroupAreWalkedFromTheEnd) {
  expectNear(R"(kernel k(q: bf16[B, T, H, G, K], k: bf16[B, T, H, K], v: bf16[B, T, H, G, V], g, b: f32[B, T, H],
           S0: f32[B, H, G, V, K]) -> (o: f32[B, T, H, G, V], ST: f32[B, H, G, V, K]) {
    reverse scan T as t over B, H, G {
      init S = S0
      final S -> ST
      n = sum[i](k[t,i] * k[t,i]) + 0.01
      S[t,j,i] = sigmoid(g[t]) * (S[t-1,j,i] - (k[t,l] * S[t-1,j,l]) * sigmoid(b[t]) / n * k[t,i]) - k[t,i] * v[t,j] / n
      o[t,j]   = q[t,i] * S[t,j,i]
    }
  })",
             {{"B", 1}, {"T", 67}, {"H", 2}, {"G", 2}, {"K", 24}, {"V", 40}});
}

TEST(Chunkwise, correctedRowsThatAreNotApartByVectorsAreRight) {
  for (std::int64_t gap : {3, 8})
    expectNear(programText("delta_rule"), {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 32}, {"V", 48}}, {.gap = gap});
}

TEST(Chunkwise, correctedFactorsOfF16AreRight) {
  expectNear(withF16(programText("delta_rule")), {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 64}, {"V", 64}});
}

TEST(Chunkwise, correctedKeysThatAreComputedAreRight) {
  std::string text = programText("delta_rule");
  for (std::size_t at = 0; (at = text.find("n * k[t,i]", at)) != std::string::npos;)
    text.replace(at, 10, "n * silu(k[t,i])");
  expectNear(text, {{"B", 1}, {"T", 66}, {"H", 1}, {"K", 32}, {"V", 16}},
             {.strategy = "chunkwise(ring=2)"});
}

/// Rows that several lanes read for a norm, beside decays and past the end of time.
TEST(Chunkwise, correctedKeysOfLengthOneBesideDecaysAreRight) {
  std::string text = programText("gated_delta");
  text.replace(text.find("S[t,i,j] ="), 10, "n = rsqrt(sum[i](k[t,i] * k[t,i]) + 0.000001)\n    S[t,i,j] =");
  for (const char *key : {"beta[t]*k[t,i] * (k[t,l]", "beta[t]*k[t,i] * v[t,j]"})
    for (std::size_t at = text.find(key), from = at; (from = text.find("k[t,", from)) != std::string::npos &&
                                                     from < at + std::string_view(key).size();
         from += 8)
      text.insert(from, "n * ");
  for (const auto &[rows, variants] : {std::pair(40, "wide"), {5, "any"}})
    expectNear(text, {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", 24}}, {.variants = variants});
}

/// A decay for each row of the state, in every variant.
class RowDecayTimes : public testing::TestWithParam<std::int64_t> {};
TEST_P(RowDecayTimes, areRight) {
  for (const char *variants : {"wide", "any"})
    expectNear(programText("gla"), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 64}, {"V", 64}},
               {.variants = variants});
}
INSTANTIATE_TEST_SUITE_P(Chunkwise, RowDecayTimes, testing::Values(0, 1, 63, 64, 65, 130));

TEST(Chunkwise, rowsDecayInStatesOfEverySize) {
  for (auto [rows, columns] : {RowsAndColumns(16, 100), RowsAndColumns(100, 16), RowsAndColumns(128, 128)})
    expectNear(programText("gla"), {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", columns}});
}

/// Of e^-20 and less, of 0, of 1, below 0, mixed, and of more than one tensor.
TEST(Chunkwise, decaysOfRowsOfEveryKindAreRight) {
  for (const char *decay : {"exp(g[t,i] - 20)", "exp(g[t,i] - 1000)", "0 * g[t,i]", "exp(0 * g[t,i])", "tanh(g[t,i])",
                            "select(g[t,i] > 0, 0, sigmoid(g[t,i]))", "exp(-abs(g[t,i])) * sigmoid(k[t,i])",
                            "(0.5 + 0.5 * sigmoid(g[t,i])) * exp(-abs(w[t]))"}) {
    SCOPED_TRACE(decay);
    std::string text = programText("gla");
    text.replace(text.find("exp(g[t,i])"), 11, decay);
    text.replace(text.find("g: f32"), 6, "w: f32[B, T, H], g: f32");
    // tanh of a magnitude is that of the tanh.
    bool mayBeNegative = std::string_view(decay).starts_with("tanh");
    expectNear(text, {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}},
               {.signedInputs = mayBeNegative ? std::set<std::string>{} : std::set<std::string>{"g", "w"}});
  }
}

/// Of one chunk, whose state is 0, what is rounded is a result, and two factors where both steps are in the same part of 16: 480
/// of 2080 products. Rounding takes of a number x, of which log2 is anywhere, squares of 2^-14 / 12 times the average of 1 / x^2
/// from 1 to 2, 3 / (8 ln 2): a relative norm of 1.66e-3. Of a result and 0.46 factors that is 2.0e-3; were scores rounded, or
/// the factors of other products, it would be 2.6e-3 at least.
TEST(Chunkwise, scoresOfDecayedRowsAreHardlyRounded) {
  std::string text = programText("gla");
  text.replace(text.find("exp(g[t,i])"), 11, "exp(-0.02 * abs(g[t,i]))");
  expectNear(text, {{"B", 1}, {"T", 64}, {"H", 1}, {"K", 128}, {"V", 128}}, {.variants = "wide", .boundOfAll = 2.3e-3});
}

/// HGRN2: keys that are what a decay leaves, initial and final states, walked from the end; decays of 16 bits.
TEST(Chunkwise, keysMadeOfTheDecaysOfRowsAreRight) {
  for (const char *variants : {"wide", "any"})
    expectNear(R"(kernel hgrn2(q, f: bf16[B, T, H, K], v: bf16[B, T, H, V], S0: f32[B, H, K, V])
      -> (o: bf16[B, T, H, V], ST: f32[B, H, K, V]) {
    reverse scan T as t over B, H {
      init S = S0
      final S -> ST
      a[i]     = 0.25 + 0.75 * sigmoid(f[t,i])
      S[t,i,j] = a[i] * S[t-1,i,j] + 0.5 * (1 - a[i]) * v[t,j]
      o[t,j]   = 0.125 * q[t,i] * S[t,i,j]
    }
  })",
               {{"B", 1}, {"T", 67}, {"H", 2}, {"K", 40}, {"V", 24}}, {.variants = variants, .signedInputs = {"f"}});
}

/// Kimi delta attention: a correction of a state whose rows have decayed by numbers of their own.
class CorrectedRowTimes : public testing::TestWithParam<std::int64_t> {};
TEST_P(CorrectedRowTimes, areRight) {
  for (const char *variants : {"wide", "any"})
    expectNear(programText("kda"), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 64}, {"V", 16}},
               {.variants = variants});
}
INSTANTIATE_TEST_SUITE_P(Chunkwise, CorrectedRowTimes, testing::Values(0, 1, 63, 64, 65, 130));

TEST(Chunkwise, correctedRowsDecayInStatesOfEverySize) {
  for (auto [rows, columns] : {RowsAndColumns(16, 100), RowsAndColumns(100, 16), RowsAndColumns(128, 128)})
    expectNear(programText("kda"), {{"B", 1}, {"T", 70}, {"H", 1}, {"K", rows}, {"V", columns}}, {.gap = rows % 5});
}

/// Of e^-20 and less, of 0, of 1, below 0, mixed, and of a number of the step too.
TEST(Chunkwise, decaysOfCorrectedRowsOfEveryKindAreRight) {
  for (const char *decay : {"exp(g[t,i] - 20)", "exp(g[t,i] - 1000)", "0 * g[t,i]", "exp(0 * g[t,i])", "tanh(g[t,i])",
                            "select(g[t,i] > 0, 0, sigmoid(g[t,i]))", "sigmoid(beta[t]) * exp(-abs(g[t,i]))"}) {
    SCOPED_TRACE(decay);
    std::string text = programText("kda");
    text.replace(text.find("exp(g[t,i])"), 11, decay);
    expectNear(text, {{"B", 1}, {"T", 130}, {"H", 1}, {"K", 16}, {"V", 16}});
  }
}

/// Heads of a group share keys, decays of f16 and strengths; states given and taken, time walked from the end.
TEST(Chunkwise, correctedRowsOfAGroupAreWalkedFromTheEnd) {
  expectNear(R"(kernel k(q: f16[B, T, H, G, K], k, a: f16[B, T, H, K], v: f16[B, T, H, G, V], b: f32[B, T, H],
           S0: f32[B, H, G, V, K]) -> (o: f32[B, T, H, G, V], ST: f32[B, H, G, V, K]) {
    reverse scan T as t over B, H, G {
      init S = S0
      final S -> ST
      n = sum[i](k[t,i] * k[t,i]) + 0.01
      P[j,i]   = sigmoid(a[t,i]) * S[t-1,j,i]
      S[t,j,i] = P[j,i] - (k[t,l] * P[j,l]) * sigmoid(b[t]) / n * k[t,i] - k[t,i] * v[t,j] / n
      o[t,j]   = 0.5 * q[t,i] * S[t,j,i]
    }
  })",
             {{"B", 1}, {"T", 67}, {"H", 2}, {"G", 2}, {"K", 24}, {"V", 40}});
}

/// `count` corrections of a step, one after another, each of which adds what `adds` says, between states given and taken.
std::string severalCorrections(int count, const std::string &adds, const std::string &direction = "") {
  std::string vectors = "q", values = "u", strengths = "g", steps, norms, before = "exp(g[t]) * S[t-1,i,j]", state = before;
  for (int r = 1; r <= count; ++r) {
    const std::string n = std::to_string(r), k = "k" + n + "[t,", last = r == count ? "S[t,i,j]" : "P" + n + "[i,j]";
    vectors += ", k" + n;
    values += ", v" + n;
    strengths += ", b" + n;
    steps += "n" + n + " = sum[i](" + k + "i] * " + k + "i]) + 0.01\n" + "D" + n + "[i,j] = " + state + "\n" + last + " = D" + n +
             "[i,j] - sigmoid(b" + n + "[t]) / n" + n + " * " + k + "i] * (" + k + "l] * D" + n + "[l,j])" +
             (adds.find(n) != std::string::npos ? " + 0.5 * " + k + "i] * v" + n + "[t,j]" : "") + "\n";
    state = last;
  }
  return "kernel k(" + vectors + ": bf16[B, T, K], " + values + ": bf16[B, T, V], " + strengths + ": f32[B, T], S0: f32[B, K, V]) -> " +
         "(o: bf16[B, T, V], ST: f32[B, K, V]) {\n" + direction + "scan T as t over B {\ninit S = S0\nfinal S -> ST\n" + steps +
         "o[t,j] = q[t,i] * S[t,i,j] } }";
}

/// As often in a chunk as a step has corrections: chunks that end within a step, too.
TEST(Chunkwise, severalCorrectionsOfAStepAreRight) {
  for (std::int64_t T : {0, 33, 70})
    expectNear(severalCorrections(2, "12"), {{"B", 1}, {"T", T}, {"K", 24}, {"V", 16}});
  expectNear(severalCorrections(2, "2", "reverse "), {{"B", 1}, {"T", 45}, {"K", 72}, {"V", 16}}, {.variants = "any", .gap = 3});
  expectNear(severalCorrections(3, "13"), {{"B", 1}, {"T", 45}, {"K", 16}, {"V", 24}});
}

/// The first alone decays, the others read what has decayed.
TEST(Chunkwise, severalCorrectionsBesideDecaysOfRowsAreRight) {
  auto decayed = [](int count, const std::string &decay) {
    std::string text = severalCorrections(count, "12");
    text.replace(text.find("exp(g[t])"), 9, decay);
    return text.insert(text.find("S0: f32"), "w: f32[B, T, K], ");
  };
  for (const char *decay : {"exp(w[t,i] - 20)", "select(w[t,i] > 0, 0, sigmoid(w[t,i]))"})
    expectNear(decayed(2, decay), {{"B", 1}, {"T", 70}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = {"w"}});
  expectNear(decayed(3, "sigmoid(w[t,i])"), {{"B", 1}, {"T", 45}, {"K", 16}, {"V", 24}}, {.variants = "any", .gap = 3, .signedInputs = {"w"}});
  expectNear(decayed(2, "exp(w[t,i])"), {{"B", 1}, {"T", 800}, {"K", 24}, {"V", 16}}, {.variants = "wide_i32", .signedInputs = {"w"}});
}

TEST(Chunkwise, blocksThatShareTheTimeOfSeveralCorrectionsAreRight) {
  expectNear(severalCorrections(2, "12"), {{"B", 1}, {"T", 800}, {"K", 24}, {"V", 16}}, {.variants = "wide"});
}

/// The state is read by w and corrected by `vector`: the key that is added, or another.
std::string readApart(const std::string &vector, const std::string &direction = "") {
  return "kernel k(q, k, u, w: bf16[B, T, K], v: bf16[B, T, V], g, b: f32[B, T], S0: f32[B, K, V]) -> (o: bf16[B, T, V], "
         "ST: f32[B, K, V]) {\n" + direction + "scan T as t over B {\ninit S = S0\nfinal S -> ST\nn = sum[i](" + vector + "[t,i] * " + vector +
         "[t,i]) + sum[i](w[t,i] * w[t,i]) + 0.01\nS[t,i,j] = exp(g[t]) * (S[t-1,i,j] - sigmoid(b[t]) / n * " + vector +
         "[t,i] * (w[t,l] * S[t-1,l,j])) + 0.5 * k[t,i] * v[t,j]\no[t,j] = q[t,i] * S[t,i,j] } }";
}

TEST(Chunkwise, correctionsThatReadByAnotherVectorAreRight) {
  for (const char *vector : {"k", "u"})
    expectNear(readApart(vector), {{"B", 1}, {"T", 70}, {"K", 24}, {"V", 16}});
  expectNear(readApart("u", "reverse "), {{"B", 1}, {"T", 33}, {"K", 72}, {"V", 16}}, {.variants = "any", .gap = 3});
}

TEST(Chunkwise, blocksThatShareTheTimeOfCorrectionsThatReadByAnotherVectorAreRight) {
  expectNear(readApart("k"), {{"B", 1}, {"T", 1600}, {"K", 16}, {"V", 16}}, {.variants = "wide"});
}

/// A short convolution of queries, keys and values, whose windows are 0 before the first step; forward and from the end.
std::string convolved(const std::string &direction, const std::string &sequences, const std::string &step) {
  return "kernel k(q, k: bf16[T, H, K], v, z: bf16[T, H, V], a, b: bf16[H, K], c: bf16[H, V], g: f32[T, H]" + sequences +
         ") -> (o: bf16[T, H, V]) {\n" + direction + R"( {
      Q[i]     = silu(0.3 * q[t,i] + a[i] * q[t-1,i] + 0.2 * q[t-3,i])
      k1[i]    = silu(k[t,i] + b[i] * k[t-2,i])
      S[t,i,j] = )" + step + R"( + k1[i] * silu(v[t,j] + c[j] * v[t-1,j]) * sigmoid(g[t-1])
      o[t,j]   = Q[i] * S[t,i,j] * sigmoid(z[t-1,j])
    }
  })";
}

TEST(Chunkwise, windowsReachBackIntoEarlierChunks) {
  const std::string decayed = "exp(g[t]) * S[t-1,i,j]", corrected = "S[t-1,i,j] - 0.3 / (1 + sum[i](k1[i] * k1[i])) * k1[i] * (k1[l] * S[t-1,l,j])";
  const Sizes sizes{{"T", 130}, {"H", 2}, {"K", 24}, {"V", 16}};
  for (const char *variants : {"wide", "any"})
    expectNear(convolved("scan T as t over H", "", decayed), sizes, {.variants = variants});
  expectNear(convolved("reverse scan T as t over H", "", corrected), sizes, {.gap = 3});
  expectNear(convolved("scan T as t over H reset at cu", ", cu: i32[S+1]", corrected), sizes,
             {.offsets = {0, 1, 3, 3, 67, 130}});
}

/// Where blocks share time, and where kernels before the walk read what decays of rows are made of.
TEST(Chunkwise, windowsReachBackInEveryKernel) {
  expectNear(convolved("scan T as t over H", "", "exp(g[t]) * S[t-1,i,j]"), {{"T", 1030}, {"H", 1}, {"K", 16}, {"V", 16}},
             {.variants = "wide"});
  std::string text = convolved("scan T as t over H", "", "P[i,j] - 0.3 / (1 + sum[i](k1[i] * k1[i])) * k1[i] * (k1[l] * P[l,j])");
  text.insert(text.find("Q[i]"), "P[i,j] = sigmoid(k[t-1,i]) * S[t-1,i,j]\n");
  expectNear(text, {{"T", 70}, {"H", 1}, {"K", 24}, {"V", 16}});
}

/// Two spans, and four with a matrix for a transition, of lengths that chunks do not divide.
TEST(Chunkwise, blocksThatShareTheTimeOfALaneAreRight) {
  expectNear(programText("simple_gla"), {{"B", 1}, {"T", 1030}, {"H", 1}, {"K", 16}, {"V", 16}}, {.variants = "wide"});
}

/// Where a block has groups of different work, others pass over parts of a span, of several chunks each. In 16 bits of the
/// smaller range, as values are weighted by what they decay to the end of a part.
TEST(Chunkwise, blocksThatPassOverPartsOfASpanAreRight) {
  expectNear(withF16(programText("simple_gla")), {{"B", 1}, {"T", 1550}, {"H", 1}, {"K", 72}, {"V", 16}},
             {.variants = "wide_i32", .strategy = "chunkwise(time_threads=256, ring=2)"});
}

TEST(Chunkwise, blocksThatShareTheTimeOfACorrectedLaneAreRight) {
  std::string text = programText("delta_rule");
  text.replace(text.find("scan T"), 6, "reverse scan T");
  expectNear(text, {{"B", 1}, {"T", 1600}, {"H", 1}, {"K", 72}, {"V", 16}}, {.variants = "wide"});
}

TEST(Chunkwise, blocksThatShareTheTimeOfALaneWhoseRowsDecayBesideACorrectionAreRight) {
  expectNear(programText("kda"), {{"B", 1}, {"T", 1600}, {"H", 1}, {"K", 24}, {"V", 16}}, {.variants = "wide"});
}

/// First spans are walked beside the launch that makes states of others, so neither may read what the other leaves.
TEST(Chunkwise, firstSpansAndStatesOfOthersAreRightInAnyOrder) {
  expectNear(programText("gated_delta"), {{"B", 1}, {"T", 1600}, {"H", 1}, {"K", 16}, {"V", 16}},
             {.variants = "wide_i32", .turns = true});
}

/// Where groups have different work (sm_90a) a thread has 128 registers, and where a state comes and goes too, a place of the
/// next chunks is elsewhere meanwhile.
TEST(Chunkwise, spillsNoSumsWhereOffsetsAreShort) {
  for (const auto &[name, architecture, spilled] :
       {std::tuple("retnet", "sm_80", 0), {"retnet", "sm_90a", 8}, {"delta_rule", "sm_90a", 0}}) {
    SCOPED_TRACE(std::string(name) + " " + architecture);
    CompileOptions options;
    options.strategy = "chunkwise";
    options.sizes = {{"B", 8}, {"T", 4096}, {"H", 16}, {"K", 128}, {"V", 128}};
    options.target = architecture;
    auto program = compileProgram(programText(name), options);
    ASSERT_TRUE(program) << render(program.error());
    std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                  [](const KernelVariant &variant) { return variant.name != "wide_i32"; });
    expectInRegisters(*program, architecture, /*stack=*/spilled, spilled);
  }
}

} // namespace
