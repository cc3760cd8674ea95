//===- ErrorsTest.cpp - Wrong calls of the public functions ---------------===//
#include "scanc/Compile.h"

#include "gtest/gtest.h"

#include <limits>
#include <string>

using namespace scanc;

static const std::string sum = "kernel k(x: f32[T]) -> (h: f32[T]) {\n"
                               "  scan T as t { h[t] = h[t-1] * x[t] + x[t] }\n}\n";

static CompileOptions optionsFor(const std::string &target, std::optional<Stage> from = {}) {
  CompileOptions options;
  options.target = target;
  options.from = from;
  return options;
}

template <typename T>
static std::string codeOf(const Result<T> &result) {
  return result ? "success" : result.error().code;
}

static std::string textOf(Stage stage) {
  auto text = emit(sum, stage, optionsFor("sm_90a"));
  return text ? *text : render(text.error());
}

TEST(Errors, a_plan_is_no_recurrence) {
  CompileOptions options = optionsFor("sm_90a", Stage::plan);
  EXPECT_EQ(codeOf(explain(textOf(Stage::plan), options)), "SC1025");
  EXPECT_EQ(codeOf(evaluateReference(textOf(Stage::plan), {}, options)), "SC1025");
  EXPECT_EQ(codeOf(compile(textOf(Stage::plan), optionsFor("cpu", Stage::plan))), "SC1025");
}

TEST(Errors, cuda_is_no_stage_to_resume_from) {
  EXPECT_EQ(codeOf(compileProgram(textOf(Stage::cuda), optionsFor("sm_90a", Stage::cuda))), "SC1025");
}

TEST(Errors, text_that_is_no_ir) {
  auto program = compileProgram(sum, optionsFor("sm_90a", Stage::affine));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC1026");
  EXPECT_EQ(program.error().kind, ErrorKind::input);
  EXPECT_EQ(program.error().place.line, 1);
}

TEST(Errors, a_state_contracted_over_two_indices) {
  auto text = emit("kernel k(A: f32[T, 4, 3, 4, 3]) -> (h: f32[T, 4, 3]) {\n"
                   "  scan T as t { h[t,i,j] = A[t,i,j,k,l] * h[t-1,k,l] }\n}\n",
                   Stage::affine, optionsFor("sm_90a"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, "SC2002");
  EXPECT_EQ(text.error().place.line, 2);
}

TEST(Errors, sizes_whose_product_no_memory_holds) {
  std::string text = "kernel k(x: f32[B, T]) -> (h: f32[B, T]) {\n"
                     "  scan T as t over B { h[t] = h[t-1] + x[t] }\n}\n";
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (auto [b, t] : {std::pair{most, most}, {most, std::int64_t{0}}, {most / 4, std::int64_t{4}},
                      {std::int64_t{1} << 30, std::int64_t{1} << 30}, {std::int64_t{4}, std::int64_t{-1}}})
    for (const char *target : {"sm_90a", "cpu"}) {
      CompileOptions options = optionsFor(target);
      options.sizes = {{"B", b}, {"T", t}};
      auto ir = emit(text, Stage::affine, options);
      ASSERT_FALSE(ir);
      EXPECT_EQ(ir.error().code, "SC1027") << b << " " << t;
      EXPECT_EQ(ir.error().place.line, 1);
      EXPECT_EQ(codeOf(signature(text, options)), "SC1027");
    }
  CompileOptions options = optionsFor("sm_90a");
  options.sizes = {{"B", std::int64_t{1} << 27}, {"T", std::int64_t{1} << 27}};
  for (const char *strategy : {"sequential", "blelloch", "look_back"}) {
    options.strategy = strategy;
    EXPECT_EQ(codeOf(compileProgram(text, options)), "success") << strategy;
  }
}

TEST(Errors, a_pin_without_meaning_for_the_strategy) {
  auto program = compileProgram("@chunk(64) " + sum, optionsFor("sm_90a"));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC3004");
  EXPECT_EQ(program.error().kind, ErrorKind::input);
}

TEST(Errors, two_scans_in_a_kernel) {
  auto program = compileProgram("kernel two(x, z: f32[T]) -> (h, g: f32[T]) {\n"
                                "  scan T as t { h[t] = h[t-1] + x[t] }\n"
                                "  scan T as t { g[t] = g[t-1] + z[t] }\n}\n",
                                optionsFor("sm_90a"));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC3005");
  EXPECT_EQ(program.error().place.line, 3);
}

TEST(Errors, an_op_without_a_spelling) {
  auto plan = emit("kernel k(x, z: f32[T]) -> (h: f32[T]) {\n"
                   "  scan T as t { h[t] = h[t-1] + x[t] * z[t] }\n}\n",
                   Stage::plan, optionsFor("sm_90a"));
  ASSERT_TRUE(plan);
  std::string text = *plan;
  std::size_t at = text.find("arith.mulf");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 10, "arith.remf");
  auto program = compileProgram(text, optionsFor("sm_90a", Stage::plan));
  EXPECT_EQ(codeOf(program), "SC4001");
}

TEST(Errors, ir_of_another_stage_was_an_internal_error) {
  for (Stage from : {Stage::scan, Stage::affine, Stage::plan}) {
    for (const char *text : {"", "module {}"}) {
      auto program = compileProgram(text, optionsFor("sm_90a", from));
      ASSERT_FALSE(program);
      EXPECT_EQ(program.error().code, "SC1026") << render(program.error());
      EXPECT_EQ(program.error().kind, ErrorKind::input);
    }
    for (Stage stage : {Stage::scan, Stage::affine, Stage::plan})
      EXPECT_EQ(codeOf(compileProgram(textOf(stage), optionsFor("sm_90a", from))),
                stage == from ? "success" : "SC1026")
          << spelling(stage) << " as " << spelling(from);
  }
}

TEST(Errors, tensors_without_names_crashed) {
  std::string text = textOf(Stage::scan);
  for (std::string mark : {"scan.name", "scan.dims"}) {
    std::string edited = text;
    for (std::size_t at = 0; (at = edited.find(mark, at)) != std::string::npos; at += mark.size())
      edited.replace(at, mark.size(), "scan.mane");
    EXPECT_EQ(codeOf(compileProgram(edited, optionsFor("sm_90a", Stage::scan))), "SC1026") << mark;
    EXPECT_EQ(codeOf(compile(edited, optionsFor("cpu", Stage::scan))), "SC1026") << mark;
  }
  EXPECT_EQ(codeOf(signature("func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
                             "  return %a : tensor<4xf32>\n}\n",
                             optionsFor("cpu", Stage::scan))),
            "SC1026");
}

TEST(Errors, a_result_that_nobody_returns_fails_a_pass) {
  std::string text = textOf(Stage::scan);
  for (auto [from, to] : {std::pair("%0 = scan.step", "%0:2 = scan.step"),
                          std::pair("output_maps = [", "output_maps = [#map, "),
                          std::pair("} -> tensor<?xf32> {", "} -> tensor<?xf32>, tensor<?xf32> {"),
                          std::pair("return %0", "return %0#0")}) {
    std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << text;
    text.replace(at, std::string(from).size(), to);
  }
  std::size_t outs = text.find("outs(%"), colon = text.find(" : f32)", outs);
  std::string value = text.substr(outs + 5, colon - outs - 5);
  text.replace(outs + 5, value.size() + 6, value + ", " + value + " : f32, f32");
  EXPECT_EQ(codeOf(compileProgram(text, optionsFor("sm_90a", Stage::scan))), "SC4002") << text;
}

TEST(Errors, an_edited_attribute_is_one_error) {
  std::string text = textOf(Stage::scan);
  std::size_t at = text.find("time t");
  ASSERT_NE(at, std::string::npos);
  auto program = compileProgram(text.replace(at, 4, "tome"), optionsFor("sm_90a", Stage::scan));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC1026");
  EXPECT_TRUE(program.error().others.empty());
}

TEST(Errors, a_program_is_for_a_gpu) {
  auto program = compileProgram(sum, optionsFor("cpu"));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, "SC4003");
  EXPECT_EQ(program.error().kind, ErrorKind::usage);
}

TEST(Errors, a_variant_by_a_wrong_name) {
  CompileOptions options = optionsFor("sm_90a");
  options.variant = "none";
  auto text = emit(sum, Stage::cuda, options);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, "SC4004");
  EXPECT_NE(text.error().message.find("any_i64"), std::string::npos);
}
