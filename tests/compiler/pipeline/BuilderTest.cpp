//===- BuilderTest.cpp - Texts that the builder makes ---------------------===//
#include "scanc/Builder.h"

#include "gtest/gtest.h"

#include <fstream>
#include <sstream>

using namespace scanc;
using namespace scanc::builder;

static std::string readFile(const std::string &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The value of the only assignment to y in a kernel built around `value`.
static std::string textOf(const Expr &value) {
  Builder b("k");
  b.input("x", Dtype::f32, {"T"});
  Tensor y = b.output("y", Dtype::f32, {"T"});
  Time t = b.scan("T", "t");
  b.set(y.at(t), value);
  std::string text = b.text();
  std::size_t begin = text.find("y[t] = ") + 7;
  return text.substr(begin, text.find('\n', begin) - begin);
}

static const Tensor x("x"), a("a"), c("c");
static const Time t{"t", 0};

TEST(Builder, keeps_the_order_of_operations) {
  EXPECT_EQ(textOf(x.at(t) - (a - c)), "x[t] - (a - c)");
  EXPECT_EQ(textOf((x.at(t) - a) - c), "x[t] - a - c");
  EXPECT_EQ(textOf(x.at(t) * (a + c)), "x[t] * (a + c)");
  EXPECT_EQ(textOf(x.at(t) / (a * c)), "x[t] / (a * c)");
  EXPECT_EQ(textOf(x.at(t) * a / c), "x[t] * a / c");
  EXPECT_EQ(textOf(-(x.at(t) + a)), "-(x[t] + a)");
}

TEST(Builder, negative_numbers_bind_as_signs) {
  EXPECT_EQ(textOf(x.at(t) * -0.5), "x[t] * -0.5");
  EXPECT_EQ(textOf(1e-12 + x.at(t)), "1e-12 + x[t]");
}

TEST(Builder, writes_functions_reductions_and_conditions) {
  EXPECT_EQ(textOf(select(x.at(t - 1) < 0, exp(x.at(t)), max(x.at(t), a))),
            "select(x[t-1] < 0, exp(x[t]), max(x[t], a))");
  EXPECT_EQ(textOf(logsumexp({Index("l")}, x.at(t, Index("l")))), "logsumexp[l](x[t,l])");
}

TEST(Builder, makes_the_kernel_of_the_example) {
  Builder b("selective_scan");
  auto [x, dt, z] = b.inputs<3>({"x", "dt", "z"}, Dtype::bf16, {"B", "T", "D"});
  Tensor A = b.input("A", Dtype::f32, {"D", "N"});
  auto [Bm, Cm] = b.inputs<2>({"Bm", "Cm"}, Dtype::bf16, {"B", "T", "N"});
  auto [skip, bias] = b.inputs<2>({"skip", "bias"}, Dtype::f32, {"D"});
  Tensor y = b.output("y", Dtype::bf16, {"B", "T", "D"});
  Time t = b.scan("T", "t", {"B", "D"});
  Index n("n");
  Tensor h = b.state("h");
  Expr d = b.local("d", softplus(dt.at(t) + bias));
  b.set(h.at(t, n), exp(d * A.at(n)) * h.at(t - 1, n) + d * x.at(t) * Bm.at(t, n));
  b.set(y.at(t), (Cm.at(t, n) * h.at(t, n) + skip * x.at(t)) * silu(z.at(t)));

  // The same kernel, but for the places that its ops carry.
  CompileOptions options;
  options.target = "sm_90a";
  options.sizes = {{"N", 16}};
  auto built = compileProgram(b.text(), options);
  auto read = compileProgram(readFile(SCANC_EXAMPLES "/selective_scan/selective_scan.scan"), options);
  ASSERT_TRUE(built && read);
  auto kernelOf = [](const Program &program) {
    const std::string &source = std::get<KernelStep>(program.entries[0].steps[0]).variants[0].source;
    return source.substr(source.find('\n'));
  };
  EXPECT_EQ(kernelOf(*built), kernelOf(*read));
}

TEST(Builder, makes_every_statement) {
  Builder b("k");
  b.pin("strategy", "sequential");
  b.pin("deterministic");
  Tensor x = b.input("x", Dtype::bf16, {"T", "D"});
  b.input("cu", Dtype::i32, {"S+1"});
  Tensor h0 = b.input("h0", Dtype::f32, {"S", "D"});
  Tensor y = b.output("y", Dtype::bf16, {"T", "D"});
  Tensor hT = b.output("hT", Dtype::f32, {"S", "D"});
  Time t = b.scan("T", "t", {"D"}, {.reverse = true, .reset = "cu"});
  Tensor h = b.state("h", Dtype::f32);
  b.init(h, h0);
  b.set(h.at(t), 0.5 * h.at(t - 1) + x.at(t));
  b.set(y.at(t), h.at(t));
  b.final(h, hT);
  auto signature = scanc::signature(b.text());
  ASSERT_TRUE(signature) << render(signature.error()) << b.text();
  EXPECT_EQ(signature->size(), 5u);
  for (const char *part : {"@strategy(sequential)", "@deterministic", "reverse scan T as t over D",
                           "reset at cu", "state h: f32", "init h = h0", "final h -> hT"})
    EXPECT_NE(b.text().find(part), std::string::npos) << part << "\n" << b.text();
}

TEST(Builder, locals_with_indices) {
  Builder b("k");
  Tensor x = b.input("x", Dtype::f32, {"T", "N"});
  Tensor y = b.output("y", Dtype::f32, {"T", "N"});
  Time t = b.scan("T", "t");
  Index n("n");
  Tensor e = b.local("e", {n}, exp(x.at(t, n)));
  b.set(y.at(t, n), y.at(t - 1, n) + e.at(n));
  auto signature = scanc::signature(b.text());
  EXPECT_TRUE(signature) << render(signature.error());
}

TEST(Builder, a_wrong_program_is_an_error_at_its_line) {
  Builder b("k");
  Tensor x = b.input("x", Dtype::f32, {"T"});
  Tensor y = b.output("y", Dtype::f32, {"T"});
  Time t = b.scan("T", "t");
  b.set(y.at(t), y.at(t - 1) * y.at(t - 1) + x.at(t));
  CompileOptions options;
  options.target = "sm_90a";
  auto kernel = compileProgram(b.text(), options);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC2001");
  EXPECT_NE(kernel.error().sourceLine.find("y[t]"), std::string::npos);
}

TEST(Builder, a_statement_outside_of_a_scan_is_an_error) {
  Builder b("k");
  Tensor x = b.input("x", Dtype::f32, {"T"});
  Tensor y = b.output("y", Dtype::f32, {"T"});
  b.set(y.at(t), x.at(t));
  auto kernel = b.compile();
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code.substr(0, 3), "SC1");
  EXPECT_EQ(kernel.error().place.file, "k (built)");
}
