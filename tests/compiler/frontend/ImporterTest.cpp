//===- ImporterTest.cpp - Programs as step form ---------------------------===//
#include "compiler/frontend/Importer.h"

#include "Programs.h"

#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <regex>

namespace scanc::frontend {
namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// A text imported into a context of its own.
struct Imported {
  explicit Imported(const std::string &text, const Sizes &sizes = {}) : read(text) {
    EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
    loadDialects(context);
    ir = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    for (const CheckedKernel &kernel : read.kernels)
      importKernel(kernel, sizes, *ir);
  }
  std::string print() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    ir->print(stream);
    return text;
  }
  std::vector<scan::StepOp> steps() {
    std::vector<scan::StepOp> list;
    ir->walk([&](scan::StepOp op) { list.push_back(op); });
    return list;
  }
  mlir::MLIRContext context;
  Read read;
  mlir::OwningOpRef<mlir::ModuleOp> ir;
};

/// Names of the ops of the only step of `text`, in order.
std::string ops(const std::string &text) {
  Imported imported(text);
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.ir)));
  std::string names;
  for (mlir::Operation &op : imported.steps().at(0).getBody().front())
    names += (names.empty() ? "" : " ") + op.getName().getStringRef().str();
  return names;
}

/// A kernel whose only statement assigns `value`, of `type`, to y.
std::string assigning(const std::string &value, const std::string &type = "f32") {
  return "kernel k(x: f32[T], b: bf16[T], d: f64[T], c: c64[T], n: i32[T], q: f8e4m3[T],\n"
         "         u: f32[T, N]) -> (y: " +
         type + "[T]) {\n  scan T as t { y[t] = " + value + " }\n}";
}

class Importing : public testing::TestWithParam<Program> {};

TEST_P(Importing, verifies) {
  Imported imported(GetParam().text);
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.ir))) << imported.print();
  EXPECT_EQ(imported.steps().size(), 1u);
}

TEST_P(Importing, verifies_with_every_size_bound) {
  Sizes sizes = {{"B", 2}, {"T", 7}, {"D", 3}, {"H", 2}, {"K", 4}, {"V", 5},
                 {"N", 6}, {"E", 8}, {"G", 7}, {"S", 3}, {"U", 4}, {"O", 2}, {"P", 3}};
  Imported imported(GetParam().text, sizes);
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.ir))) << imported.print();
  EXPECT_EQ(imported.print().find("?"), std::string::npos) << imported.print();
}

TEST_P(Importing, prints_to_what_reads_the_same) {
  Imported imported(GetParam().text);
  std::string text = imported.print();
  mlir::ParserConfig config(&imported.context);
  auto reread = mlir::parseSourceString<mlir::ModuleOp>(text, config);
  ASSERT_TRUE(reread) << text;
  std::string again;
  llvm::raw_string_ostream stream(again);
  reread->print(stream);
  EXPECT_EQ(again, text);
}

// A later phase points at the user's text, whichever op it complains about.
TEST_P(Importing, every_op_has_its_place) {
  Imported imported(GetParam().text);
  imported.steps().at(0)->walk([&](mlir::Operation *op) {
    auto range = op->getLoc()->findInstanceOf<mlir::FileLineColRange>();
    ASSERT_TRUE(range) << op->getName().getStringRef().str();
    EXPECT_EQ(range.getFilename().str(), "test.scan");
    EXPECT_GT(range.getStartLine(), 1u);
    EXPECT_GT(range.getEndColumn(), range.getStartColumn());
  });
}

INSTANTIATE_TEST_SUITE_P(Programs, Importing, testing::ValuesIn(programs()), nameOf);

TEST(Signature, has_names_dimensions_and_bound_sizes) {
  Imported imported(program("dense"), {{"T", 32}});
  std::string text = imported.print();
  EXPECT_NE(
      text.find("tensor<?x32x64x64xf16> {scan.dims = [\"B\", \"T\", \"64\", \"64\"], scan.name = "
                "\"A\"}"),
      std::string::npos)
      << text;
  EXPECT_NE(
      text.find("-> (tensor<?x32x64xf32> {scan.dims = [\"B\", \"T\", \"64\"], scan.name = \"h\"})"),
      std::string::npos)
      << text;
}

TEST(Signature, offsets_are_one_longer_than_segments) {
  Imported imported(program("varlen"), {{"S", 3}});
  std::string text = imported.print();
  EXPECT_NE(text.find("tensor<4xi32>"), std::string::npos) << text;
  EXPECT_NE(text.find("#scan.dim<segment segment in S : 3>"), std::string::npos) << text;
}

TEST(Space, lanes_then_time_then_segments_then_indices) {
  Imported imported(program("varlen"));
  scan::RecurrenceInterface op = imported.steps().at(0);
  std::string kinds;
  for (std::int64_t i = 0; i < op.getNumDims(); ++i)
    kinds += scan::stringifyDimKind(op.getDim(i).getKind()).str() + " " +
             op.getDim(i).getName().str() + ", ";
  EXPECT_EQ(kinds, "lane H, lane D, time t, segment segment, ");
  EXPECT_EQ(op.getInitMap(0),
            mlir::AffineMap::getMultiDimMapWithTargets(4, {3, 0, 1}, &imported.context));
  EXPECT_EQ(op.getFinalMap(0),
            mlir::AffineMap::getMultiDimMapWithTargets(4, {3, 0, 1}, &imported.context));
  EXPECT_TRUE(op.getReset());
}

TEST(Space, windows_are_offsets_of_time) {
  std::string text = Imported(program("short_conv")).print();
  for (const char *map :
       {"(d0, d2, d1)>", "(d0, d2 - 1, d1)>", "(d0, d2 - 2, d1)>", "(d0, d2 - 3, d1)>"})
    EXPECT_NE(text.find(std::string("affine_map<(d0, d1, d2) -> ") + map), std::string::npos)
        << map;
}

TEST(Space, reverse_is_an_attribute) {
  EXPECT_TRUE(Imported(program("reverse")).steps().at(0).getReverse());
  EXPECT_FALSE(Imported(program("prefix_sum")).steps().at(0).getReverse());
}

TEST(Space, one_input_for_each_set_of_subscripts) {
  Imported imported(program("softmax_readout"));
  EXPECT_EQ(imported.steps().at(0).getInputs().size(), 2u);
  Imported twice(assigning("u[t,i] * u[t,i] + x[t] * x[t-1] + x[t]"));
  EXPECT_EQ(twice.steps().at(0).getInputs().size(), 3u);
}

TEST(Pins, of_a_scan_go_before_those_of_its_kernel) {
  Imported imported("@chunk(64) @deterministic kernel k(x: f32[T]) -> (y, z: f32[T]) {\n"
                    "  @chunk(16) @strategy(sequential) scan T as t { y[t] = x[t] }\n"
                    "  scan T as t { z[t] = x[t] }\n}");
  std::string first, second;
  llvm::raw_string_ostream(first) << imported.steps().at(0).getPinsAttr();
  llvm::raw_string_ostream(second) << imported.steps().at(1).getPinsAttr();
  EXPECT_EQ(first, "{chunk = \"16\", deterministic, strategy = \"sequential\"}");
  EXPECT_EQ(second, "{chunk = \"64\", deterministic}");
}

TEST(Pins, are_absent_where_nothing_is_pinned) {
  EXPECT_FALSE(Imported(program("ema")).steps().at(0).getPinsAttr());
}

TEST(Region, narrow_elements_are_widened_once_and_results_narrowed) {
  EXPECT_EQ(ops(assigning("b[t] * b[t]", "f16")), "arith.extf arith.mulf arith.truncf scan.yield");
  EXPECT_EQ(ops(assigning("q[t]", "bf16")), "arith.extf arith.truncf scan.yield");
}

TEST(Region, integers_become_numbers) {
  EXPECT_EQ(ops(assigning("n[t] * x[t]")), "arith.sitofp arith.mulf scan.yield");
  EXPECT_EQ(ops(assigning("n[t] * d[t]", "f64")), "arith.sitofp arith.extf arith.mulf scan.yield");
}

TEST(Region, functions) {
  struct Case {
    const char *value, *ops;
  };
  const Case cases[] = {
      {"exp(x[t])", "math.exp"},
      {"log(x[t])", "math.log"},
      {"sqrt(x[t])", "math.sqrt"},
      {"rsqrt(x[t])", "math.rsqrt"},
      {"abs(x[t])", "math.absf"},
      {"tanh(x[t])", "math.tanh"},
      {"sin(x[t])", "math.sin"},
      {"cos(x[t])", "math.cos"},
      {"pow(x[t], x[t])", "math.powf"},
      {"min(x[t], x[t])", "arith.minimumf"},
      {"max(x[t], x[t])", "arith.maximumf"},
      {"clamp(x[t], x[t], x[t])", "arith.maximumf arith.minimumf"},
      {"logaddexp(x[t], x[t])", "scan.logaddexp"},
      {"sigmoid(x[t])", "scan.activation"},
      {"silu(x[t])", "scan.activation"},
      {"gelu(x[t])", "scan.activation"},
      {"relu(x[t])", "scan.activation"},
      {"softplus(x[t])", "scan.activation"},
      {"logsigmoid(x[t])", "scan.activation"},
      {"select(x[t] > x[t], x[t], x[t])", "arith.cmpf arith.select"},
      {"real(x[t]) - conj(x[t])", "arith.subf"},
      {"-x[t] / x[t]", "arith.negf arith.divf"},
      {"imag(x[t])", "arith.constant"},
      {"real(c[t])", "complex.re"},
      {"imag(conj(exp(c[t])))", "complex.exp complex.conj complex.im"},
      {"abs(-c[t])", "complex.neg complex.abs"},
      {"real((c[t] + c[t]) * (c[t] - c[t]) / c[t])",
       "complex.add complex.sub complex.mul complex.div complex.re"},
      {"real(c[t] * x[t])", "arith.constant complex.create complex.mul complex.re"},
      {"real(select(x[t] < x[t], c[t], c[t]))", "arith.cmpf arith.select complex.re"},
      {"u[t,i]", "scan.reduce"},
      {"max[i](u[t,i])", "scan.reduce"},
  };
  for (const Case &each : cases)
    EXPECT_EQ(ops(assigning(each.value)), std::string(each.ops) + " scan.yield") << each.value;
}

TEST(Region, comparisons_by_their_signs) {
  for (auto [sign, predicate] : {std::pair("<", "olt"),
                                 {"<=", "ole"},
                                 {">", "ogt"},
                                 {">=", "oge"},
                                 {"==", "oeq"},
                                 {"!=", "une"}}) {
    std::string text =
        Imported(assigning("select(x[t] " + std::string(sign) + " 1, 1, 0)")).print();
    EXPECT_NE(text.find("arith.cmpf " + std::string(predicate) + ","), std::string::npos) << text;
  }
}

TEST(Region, reductions_by_their_names) {
  for (auto [name, kind] : {std::pair("sum", "add"),
                            {"mean", "mean"},
                            {"max", "max"},
                            {"min", "min"},
                            {"logsumexp", "logsumexp"}}) {
    std::string text = Imported(assigning(std::string(name) + "[i](u[t,i])")).print();
    EXPECT_NE(text.find("scan.reduce " + std::string(kind) + " over [\"i\"]"), std::string::npos)
        << text;
  }
}

// A third in f32, widened, would be wrong from the eighth digit on.
TEST(Region, numbers_beside_f64_are_computed_in_f64) {
  std::string text = Imported(assigning("(1/3) * d[t]", "f64")).print();
  EXPECT_EQ(text.find("f32,"), std::string::npos) << text;
  EXPECT_NE(text.find("arith.divf %cst, %cst_0 : f64"), std::string::npos) << text;
}

TEST(Region, bf16_states_are_rounded_where_they_are_kept) {
  Imported imported(program("bf16_state"));
  EXPECT_EQ(ops(program("bf16_state")),
            "arith.extf arith.extf arith.extf arith.mulf arith.addf arith.truncf arith.extf "
            "arith.truncf scan.yield");
  std::string text = imported.print();
  EXPECT_NE(text.find("#scan.state<h : bf16 []>"), std::string::npos) << text;
}

TEST(Region, states_that_are_results_keep_their_own_type) {
  std::string text = Imported(program("two_outputs")).print();
  EXPECT_NE(text.find("#scan.state<m : f32 []>"), std::string::npos) << text;
  EXPECT_TRUE(std::regex_search(
      text, std::regex("scan.yield next\\(%\\w+ : f32\\) outs\\(%\\w+, %\\w+ : bf16, f32\\)")))
      << text;
}

TEST(Region, locals_under_other_names_are_reindexed) {
  std::string text = Imported(program("two_householders")).print();
  EXPECT_NE(text.find("scan.reindex"), std::string::npos) << text;
  EXPECT_NE(text.find("[\"i\"] to [\"l\"]"), std::string::npos) << text;
  EXPECT_NE(text.find("prevs = [#scan.prev<S [i, j]>, #scan.prev<S [l, j]>]"), std::string::npos)
      << text;
}

TEST(Region, locals_that_nothing_needs_are_left_out) {
  EXPECT_EQ(ops("kernel k(x: f32[T]) -> (y: f32[T]) {\n"
                "  scan T as t { a = exp(b) b = sin(x[t]) y[t] = x[t] }\n}"),
            "scan.yield");
}

TEST(Region, order_of_statements_has_no_meaning) {
  EXPECT_EQ(ops("kernel k(x: f32[T]) -> (y: f32[T]) {\n"
                "  scan T as t { y[t] = exp(b) b = sin(a) a = cos(x[t]) }\n}"),
            "math.cos math.sin math.exp scan.yield");
}

TEST(Region, values_are_called_as_the_user_calls_them) {
  Imported imported(program("gated_scan"));
  bool found = false;
  imported.steps().at(0)->walk([&](scan::ActivationOp op) {
    if (auto name = mlir::dyn_cast<mlir::NameLoc>(op.getLoc()))
      found |= name.getName() == "a" && op.getKind() == scan::Activation::Sigmoid;
  });
  EXPECT_TRUE(found);
}

TEST(Region, places_underline_the_factor) {
  Imported imported("kernel k(x: f32[T]) -> (y: f32[T]) {\n  scan T as t {\n"
                    "    y[t] = exp(x[t]) * sin(x[t])\n  }\n}");
  imported.steps().at(0)->walk([&](mlir::Operation *op) {
    if (op->getName().getStringRef() != "math.sin")
      return;
    auto range = op->getLoc()->findInstanceOf<mlir::FileLineColRange>();
    EXPECT_EQ(range.getStartLine(), 3u);
    EXPECT_EQ(range.getStartColumn(), 24u);
    EXPECT_EQ(range.getEndColumn(), 33u);
  });
}

// 4096 values in a row, some of them 2000 operators deep at the first of their operands.
TEST(Region, long_chains_do_not_exhaust_the_stack) {
  std::string text = "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t {\n  y[t] = u1\n";
  for (int i = 1; i < 4096; ++i) {
    text += "  u" + std::to_string(i) + " = " +
            (i < 4095 ? "u" + std::to_string(i + 1) : std::string("x[t]"));
    for (int k = 0; k < (i < 8 ? 2000 : 1); ++k)
      text += " + x[t]";
    text += "\n";
  }
  Imported imported(text + "} }");
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.ir)));
}

TEST(Function, returns_the_results_of_all_scans_in_the_order_of_the_signature) {
  Imported imported("kernel k(x: f32[T]) -> (hT: f32, z, y: f32[T]) {\n"
                    "  scan T as t { y[t] = y[t-1] + x[t] }\n"
                    "  scan T as t { z[t] = z[t-1] + x[t] final z -> hT }\n}");
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*imported.ir)));
  auto steps = imported.steps();
  imported.ir->walk([&](mlir::func::ReturnOp op) {
    EXPECT_EQ(op.getOperand(0), steps[1].getResult(1));
    EXPECT_EQ(op.getOperand(1), steps[1].getResult(0));
    EXPECT_EQ(op.getOperand(2), steps[0].getResult(0));
  });
}

} // namespace
} // namespace scanc::frontend
