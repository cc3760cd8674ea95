//===- ChunkwiseTest.cpp - Outer products summed up, against the oracle ---===//
//
// Factors of products are rounded to 16 bits, which the reference's bounds do not count: a number is
// right within 2^-7 (2^-10 of f16) of the sum of the magnitudes of its terms, which the reference gives where all
// factors are positive, and all numbers together within a relative L2 norm of 4e-3. Terms of a corrected state
// cancel: there all numbers together are right within 2^-7 (2^-10), and each within sixteen times their norm's share.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// What a test asks for beside the text and its sizes.
struct How {
  std::string variants = "";          ///< those alone whose names begin so
  std::string strategy = "chunkwise"; ///< with fields of its policy
  std::int64_t gap = 0;               ///< elements between rows of every tensor, and before the first
  std::set<std::string> signedInputs = {"g", "dt", "A", "bias", "log_gamma"}; ///< that enter decays and scales
};

std::string programText(const std::string &name) {
  std::stringstream buffer;
  buffer << std::ifstream(std::string(SCANC_PROGRAMS) + "/" + name + ".scan").rdbuf();
  return buffer.str();
}

std::int64_t elements(const TensorRef &tensor) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  return count;
}

/// Offset of element `i` of a contiguous tensor of the same sizes.
std::int64_t offsetOf(const TensorRef &tensor, std::int64_t i) {
  std::vector<std::int64_t> strides = tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  std::int64_t offset = 0;
  for (std::size_t d = tensor.sizes.size(); d-- > 0; i /= tensor.sizes[d])
    offset += i % tensor.sizes[d] * strides[d];
  return offset;
}

double numberAt(const TensorRef &tensor, std::int64_t i) {
  return loadElement(static_cast<const char *>(tensor.data) + offsetOf(tensor, i) * sizeOf(tensor.dtype),
                     tensor.dtype);
}

/// The same numbers with `gap` elements before every row, and their absolute values where `absolute`.
Operands copyOf(const std::vector<TensorRef> &tensors, std::int64_t gap,
                const std::vector<bool> &absolute) {
  Operands copy;
  for (std::size_t p = 0; p < tensors.size(); ++p) {
    TensorRef tensor = tensors[p];
    std::int64_t rank = static_cast<std::int64_t>(tensor.sizes.size()), total = 1;
    tensor.strides.assign(rank, 0);
    for (std::int64_t d = rank; d-- > 0;) {
      tensor.strides[d] = total;
      total = total * tensor.sizes[d] + (d + 1 == rank ? gap : 0);
    }
    std::int64_t bytes = sizeOf(tensor.dtype);
    copy.storage.emplace_back((total + gap) * bytes + 16, static_cast<char>(0xff));
    tensor.data = copy.storage.back().data() + gap * bytes;
    for (std::int64_t i = 0; i < elements(tensor); ++i) {
      double value = numberAt(tensors[p], i);
      storeElement(static_cast<char *>(tensor.data) + offsetOf(tensor, i) * bytes, tensor.dtype,
                   absolute[p] ? std::fabs(value) : value);
    }
    copy.tensors.push_back(tensor);
  }
  return copy;
}

void expectNear(const std::string &text, const Sizes &sizes, const How &how = {}) {
  CompileOptions options;
  options.filename = "chunks.scan";
  options.target = "sm_90a";
  options.strategy = how.strategy;
  options.sizes = sizes;
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  auto drawn = makeOperands(text, options, program->parameters, 3);
  ASSERT_TRUE(drawn) << render(drawn.error());
  std::vector<bool> positive, asDrawn(program->parameters.size());
  for (const Parameter &parameter : program->parameters)
    positive.push_back(parameter.role == Parameter::Role::input &&
                       !how.signedInputs.contains(parameter.name));
  Operands operands = copyOf(drawn->tensors, how.gap, asDrawn),
           magnitudes = copyOf(drawn->tensors, 0, positive);
  std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                [&](const KernelVariant &variant) { return !variant.name.starts_with(how.variants); });
  auto done = emulation::runProgram(*program, operands.tensors, {.seed = 3});
  ASSERT_TRUE(done) << render(done.error());
  auto expected = evaluateReference(text, operands.tensors, options);
  auto largest = evaluateReference(text, magnitudes.tensors, options);
  ASSERT_TRUE(expected && largest);
  bool isHalf = program->promises.errorBound.starts_with("2^-11");
  bool isCorrected = program->planText.find(" correct ") != std::string::npos;
  double bound = isHalf ? 0x1p-10 : 0x1p-7, boundOfAll = isCorrected ? bound : 4e-3;
  std::size_t result = 0;
  for (std::size_t p = 0; p < operands.tensors.size(); ++p) {
    if (program->parameters[p].role != Parameter::Role::output)
      continue;
    const std::vector<double> &wanted = (*expected)[result].values;
    std::vector<double> &most = (*largest)[result].values;
    ++result;
    double errors = 0, all = 0;
    if (isCorrected) {
      double norm = std::sqrt(std::inner_product(wanted.begin(), wanted.end(), wanted.begin(), 0.0));
      std::fill(most.begin(), most.end(), 16 * norm / std::sqrt(static_cast<double>(wanted.size())));
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      double value = numberAt(operands.tensors[p], i), error = value - wanted[i];
      ASSERT_LE(std::fabs(error), bound * most[i])
          << program->parameters[p].name << "[" << i << "]: got " << value << ", expected " << wanted[i];
      errors += error * error;
      all += wanted[i] * wanted[i];
    }
    EXPECT_LE(errors, boundOfAll * boundOfAll * all) << program->parameters[p].name;
  }
}

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
  std::string text = programText("simple_gla");
  for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
    text.replace(at, 4, "f16");
  expectNear(text, {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 64}, {"V", 64}});
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

/// Decays that underflow within a chunk, and a decay of 1.
TEST(Chunkwise, decaysOfEverySizeAreRight) {
  for (const char *decay : {"exp(g[t] - 40)", "exp(g[t] - 1000)", "0.001", "exp(0 * g[t])"}) {
    std::string text = programText("simple_gla");
    text.replace(text.find("exp(g[t])"), 9, decay);
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
  std::string text = programText("delta_rule");
  for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
    text.replace(at, 4, "f16");
  expectNear(text, {{"B", 1}, {"T", 66}, {"H", 2}, {"K", 64}, {"V", 64}});
}

TEST(Chunkwise, correctedKeysThatAreComputedAreRight) {
  std::string text = programText("delta_rule");
  for (std::size_t at = 0; (at = text.find("n * k[t,i]", at)) != std::string::npos;)
    text.replace(at, 10, "n * silu(k[t,i])");
  expectNear(text, {{"B", 1}, {"T", 66}, {"H", 1}, {"K", 32}, {"V", 16}},
             {.strategy = "chunkwise(ring=2)"});
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

/// Its offsets may take more than a thread has, its sums may not.
TEST(Chunkwise, spillsNothingWhereOffsetsAreShort) {
  CompileOptions options;
  options.strategy = "chunkwise";
  options.sizes = {{"K", 128}, {"V", 128}};
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    options.target = architecture;
    auto program = compileProgram(programText("retnet"), options);
    ASSERT_TRUE(program) << render(program.error());
    std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                  [](const KernelVariant &variant) { return variant.name != "wide_i32"; });
    expectInRegisters(*program, architecture, 0);
  }
}

} // namespace
