//===- functions_test.cpp - Functions of numbers, at their difficult places ---===//
#include "scanc/Tensor.h"
#include "tests/emulation/Emulation.h"
#include "tests/templates/Library.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace scanc;
using namespace scanc::emulation;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_ = std::numeric_limits<double>::quiet_NaN();

template <typename In, typename Out>
std::vector<Out> evaluate(const std::string &types, const std::string &expression,
                          std::vector<In> x, std::vector<In> w) {
  const std::string text =
      "#include \"scanc/thread/access.cuh\"\n#include \"scanc/thread/reduction.cuh\"\n"
      "#include \"scanc/block/row_sum.cuh\"\n"
      "namespace scanc::device {\n" +
      types +
      "struct arguments { const in *x; const in *w; out *y; long long size; };\n"
      "static __device__ void apply(const arguments &args) {\n"
      "  for (long long i = thread_index(); i < args.size; i += 32) {\n"
      "    const in x = thread::read(args.x + i), w = thread::read(args.w + i);\n"
      "    thread::write<out>(args.y + i, " +
      expression +
      ");\n  }\n}\n}\n"
      "extern \"C\" __global__ void __launch_bounds__(32)\n"
      "apply(const __grid_constant__ scanc::device::arguments args) {\n"
      "  scanc::device::apply(args);\n}\n";
  auto module = EmulatedModule::build(text, std::vector<std::string>{templates::library()}, "apply");
  std::vector<Out> y(x.size());
  if (!module) {
    ADD_FAILURE() << module.error().message;
    return y;
  }
  const auto buffer = [](const char *name, auto &cells, bool writable) {
    return Buffer{.name = name,
                  .data = cells.data(),
                  .bytes = static_cast<std::int64_t>(cells.size() * sizeof(cells[0])),
                  .writable = writable,
                  .granule = sizeof(cells[0])};
  };
  const auto word = [](auto &cells) { return reinterpret_cast<std::uint64_t>(cells.data()); };
  const std::vector<std::uint64_t> words{word(x), word(w), word(y), x.size()};
  auto result =
      module->launch({.blocks = 1, .threads = 32}, words,
                     {buffer("x", x, false), buffer("w", w, false), buffer("y", y, true)});
  EXPECT_TRUE(result) << result.error().message;
  return y;
}

struct Function {
  const char *expression;
  double (*exact)(double x, double w);
  /// By how much a roundoff in the function's inner argument shows in its result.
  double (*condition)(double x) = [](double) { return 1.0; };
};

void PrintTo(const Function &function, std::ostream *out) { *out << function.expression; }

double logaddexp(double x, double w) {
  return x != x || w != w ? nan_
         : x == w         ? x + std::log(2.0)
                          : std::max(x, w) + std::log1p(std::exp(-std::abs(x - w)));
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double timesOrZero(double x, double y) { return x == -inf ? 0 : x * y; }

const Function functions[] = {
    {"thread::sigmoid(x)", [](double x, double) { return sigmoid(x); }},
    {"thread::silu(x)", [](double x, double) { return timesOrZero(x, sigmoid(x)); }},
    {"thread::gelu(x)",
     [](double x, double) { return timesOrZero(x, 0.5 * std::erfc(-x / std::sqrt(2.0))); },
     [](double x) { return 1 + std::min(x * x, 1e6); }},
    {"thread::relu(x)", [](double x, double) { return x != x ? x : std::max(x, 0.0); }},
    {"thread::softplus(x)", [](double x, double) { return x != x ? x : softplus(x); }},
    {"thread::logsigmoid(x)", [](double x, double) { return x != x ? x : -softplus(-x); }},
    {"logaddexp(x, w)", logaddexp},
    {"maximum(x, w)", [](double x, double w) { return x != x || w != w ? nan_ : std::max(x, w); }},
    {"minimum(x, w)", [](double x, double w) { return x != x || w != w ? nan_ : std::min(x, w); }},
    {"rsqrt(abs(x))", [](double x, double) { return 1 / std::sqrt(std::abs(x)); }},
    {"exp(x)", [](double x, double) { return std::exp(x); }},
    {"log(abs(x))", [](double x, double) { return std::log(std::abs(x)); }},
    {"tanh(x)", [](double x, double) { return std::tanh(x); }},
    {"pow(abs(x), w)", [](double x, double w) { return std::pow(std::abs(x), w); }},
};

/// Every pair of these: infinities, NaN, ends of the exponent, and places where terms cancel.
template <typename T>
std::vector<T> places() {
  std::vector<T> all{T(0), T(-0.0), T(inf), T(-inf), T(nan_)};
  for (double x : {1e-30, 1e-6, 0.5, 1.0, 3.0, 6.0, 9.0, 17.0, 30.0, 88.0, 104.0, 709.0, 1e30})
    all.insert(all.end(), {T(x), T(-x)});
  return all;
}

class Functions : public testing::TestWithParam<Function> {};

/// `least`: below which an error is relative to it.
template <typename T>
void check(const Function &function, const std::string &types, double relative, double least = 0) {
  std::vector<T> x, w;
  for (T a : places<T>())
    for (T b : places<T>()) {
      x.push_back(a);
      w.push_back(b);
    }
  const std::vector<T> y = evaluate<T, T>(types, function.expression, x, w);
  for (std::size_t i = 0; i < x.size(); ++i) {
    // What the exact value rounds to, so that overflow is expected where it belongs.
    const T exact = static_cast<T>(function.exact(x[i], w[i]));
    SCOPED_TRACE(testing::Message() << function.expression << " at x " << x[i] << ", w " << w[i]);
    if (std::isnan(exact))
      EXPECT_TRUE(std::isnan(y[i])) << y[i];
    else if (std::isinf(exact))
      EXPECT_EQ(y[i], exact);
    else // numbers below the least normal one may be 0, and so may those made from them
      EXPECT_NEAR(y[i], exact,
                  relative * function.condition(x[i]) *
                          std::max(least, std::abs(static_cast<double>(exact))) +
                      200 * std::numeric_limits<T>::min());
  }
}

TEST_P(Functions, areAccurateInF32) {
  check<float>(GetParam(), "using in = float; using out = float;\n", 5e-7);
}
TEST_P(Functions, areAccurateInF64) {
  check<double>(GetParam(), "using in = double; using out = double;\n", 1e-15);
}

/// Neither do they overflow nor vanish on the way where their results do not.
TEST(ComplexNumbers, magnitudesAndQuotientsAreAccurateOverTheWholeRange) {
  for (Function function :
       {Function{"abs(c64(x, w))", [](double x, double w) { return std::hypot(x, w); }},
        {"(c64(x, w) / w).re", [](double x, double w) { return x / w; }},
        {"(c64(w, x) * w).im", [](double x, double w) { return x * w; }}})
    check<float>(function, "using in = float; using out = float;\n", 2.4e-7);
}

/// A row of the log semiring, by one thread and by two: no NaN where its products are impossible,
/// and no overflow. The largest exponent is a term of 1, to which errors are relative.
TEST(Rows, ofTheLogSemiringAreAccurate) {
  for (const char *expression :
       {"block::sum_of_products<ring::log, 2>([&](int i) { return i == 0 ? x : w; }).value()",
        "[&] { auto sum = block::sum_of_products<ring::log, 1>([&](int) { return x; });"
        " sum.merge(block::sum_of_products<ring::log, 1>([&](int) { return w; })); return "
        "sum.value(); }()"}) {
    check<float>({expression, logaddexp}, "using in = float; using out = float;\n", 5e-7, 1);
    check<double>({expression, logaddexp}, "using in = double; using out = double;\n", 1e-15, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Functions, testing::ValuesIn(functions),
                         [](const auto &info) { return std::to_string(info.index); });

std::string typesOf(const std::string &element) {
  return "using in = uint16_t; using out = uint16_t; using element = " + element + ";\n";
}

TEST(Elements, widenAndNarrowKeepEveryPatternThatIsANumber) {
  for (const auto &[element, dtype] : {std::pair{"bf16", Dtype::bf16}, {"f16", Dtype::f16}}) {
    std::vector<std::uint16_t> x(65536);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = i;
    const auto y = evaluate<std::uint16_t, std::uint16_t>(
        typesOf(element), "narrow<element>(widen(element{x})).bits", x, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double value = loadElement(&x[i], dtype);
      if (value == value)
        EXPECT_EQ(y[i], x[i]) << element;
      else
        EXPECT_TRUE(std::isnan(loadElement(&y[i], dtype))) << element << " " << x[i];
    }
  }
}

TEST(Elements, narrowRoundsToNearestEven) {
  for (const auto &[element, dtype] : {std::pair{"bf16", Dtype::bf16}, {"f16", Dtype::f16}}) {
    // Every finite element, the next one, their middle, and the neighbours of the middle.
    std::vector<float> x;
    const std::uint16_t last = dtype == Dtype::bf16 ? 0x7f7f : 0x7bff;
    for (std::uint16_t bits = 0; bits < last; bits += 7) {
      const std::uint16_t next = bits + 1;
      const float low = loadElement(&bits, dtype), high = loadElement(&next, dtype);
      const float middle = low + (high - low) / 2;
      for (float value : {low, middle, std::nextafter(middle, low), std::nextafter(middle, high)})
        x.insert(x.end(), {value, -value});
    }
    const auto y = evaluate<float, std::uint16_t>(
        std::string("using in = float; using out = uint16_t; using element = ") + element + ";\n",
        "narrow<element>(x).bits", x, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::uint16_t expected;
      storeElement(&expected, dtype, x[i]);
      ASSERT_EQ(y[i], expected) << element << " of " << x[i];
    }
  }
}

// One reciprocal for both, whose product must neither overflow nor hide a NaN, nor hand it on to the other.
TEST(Activations, aPairByOneReciprocalIsEachOfThem) {
  std::vector<float> x, w;
  for (double at :
       {-inf, -1e30, -200.0, -60.0, -43.5, -42.0, -7.25, -0.0, 1e-6, 0.5, 16.0, 300.0, inf, nan_})
    for (double beside : {-inf, -100.0, -3.0, 0.0, 9.0, inf, nan_}) {
      x.push_back(static_cast<float>(at));
      w.push_back(static_cast<float>(beside));
    }
  const std::string types =
      "using in = float; using out = float;\n"
      "static __device__ float one_of(float x, float w, int which, bool gated) {\n"
      "  float both[2] = {x, w};\n"
      "  gated ? thread::silu_both(both) : thread::sigmoid_both(both);\n"
      "  return both[which];\n}\n";
  const auto first = evaluate<float, float>(types, "one_of(x, w, 0, false)", x, w);
  const auto second = evaluate<float, float>(types, "one_of(w, x, 1, false)", x, w);
  const auto gated = evaluate<float, float>(types, "one_of(w, x, 1, true)", x, w);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (const float got : {first[i], second[i]}) {
      const double wanted = sigmoid(x[i]);
      if (std::isnan(wanted))
        EXPECT_TRUE(std::isnan(got));
      else
        EXPECT_NEAR(got, wanted, 0x1p-21 * wanted + 0x1p-62) << x[i] << " beside " << w[i];
    }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double wanted = timesOrZero(x[i], sigmoid(x[i]));
    if (std::isnan(wanted))
      EXPECT_TRUE(std::isnan(gated[i]));
    else if (std::isinf(wanted))
      EXPECT_EQ(gated[i], wanted);
    else
      EXPECT_NEAR(gated[i], wanted, 0x1p-21 * std::abs(wanted) + 0x1p-56) << x[i];
  }
}

} // namespace
