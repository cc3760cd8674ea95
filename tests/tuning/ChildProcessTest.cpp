//===- ChildProcessTest.cpp - A candidate that ends its process costs itself ---===//
#include "tests/tuning/Planted.h"

#include "gtest/gtest.h"

#include <chrono>

using namespace scanc;
using namespace scanc::tuning;
using scanc::testing::plantedProblem;

namespace {

class ChildEvaluator : public ::testing::Test {
protected:
  Evaluation evaluate(const std::string &strategy) {
    return evaluator->evaluate(plantedProblem(), strategy, 0);
  }
  /// Whatever happened before, the next candidate is evaluated.
  void expectAlive() {
    Evaluation evaluation = evaluate("sequential");
    EXPECT_EQ(evaluation.outcome, Outcome::ok) << evaluation.detail;
  }

  static ChildOptions hasty() {
    ChildOptions options;
    options.program = SCANC_PLANTED_WORKER;
    options.arguments = {"-"};
    options.runSeconds = 2;
    options.compileSeconds = 3;
    return options;
  }
  std::unique_ptr<Evaluator> evaluator = inChildProcess(hasty());
};

} // namespace

TEST_F(ChildEvaluator, a_segmentation_fault_costs_one_candidate) {
  Evaluation evaluation = evaluate("segmentation fault");
  EXPECT_EQ(evaluation.outcome, Outcome::crashed);
  EXPECT_NE(evaluation.detail.find("signal 11"), std::string::npos) << evaluation.detail;
  expectAlive();
}

TEST_F(ChildEvaluator, an_endless_launch_costs_one_candidate) {
  auto begin = std::chrono::steady_clock::now();
  Evaluation evaluation = evaluate("endless loop");
  EXPECT_EQ(evaluation.outcome, Outcome::timedOut);
  EXPECT_EQ(evaluation.detail, "longer than 2 s running");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  expectAlive();
}

TEST_F(ChildEvaluator, an_endless_compilation_costs_one_candidate) {
  Evaluation evaluation = evaluate("endless compile");
  EXPECT_EQ(evaluation.outcome, Outcome::timedOut);
  EXPECT_EQ(evaluation.detail, "longer than 3 s compiling");
  expectAlive();
}

TEST_F(ChildEvaluator, garbage_on_the_pipe_is_no_answer) {
  Evaluation evaluation = evaluate("garbage");
  EXPECT_EQ(evaluation.outcome, Outcome::crashed);
  EXPECT_NE(evaluation.detail.find("what a kernel says"), std::string::npos) << evaluation.detail;
  expectAlive();
}

TEST_F(ChildEvaluator, an_early_exit_is_a_crash) {
  Evaluation evaluation = evaluate("early exit");
  EXPECT_EQ(evaluation.outcome, Outcome::crashed);
  EXPECT_EQ(evaluation.detail, "exit code 7 while running");
  expectAlive();
}

TEST_F(ChildEvaluator, one_that_crashes_leaves_the_others_their_comparison) {
  std::vector<std::string> strategies = {"sequential", "segmentation fault", "early exit", "slow"};
  std::vector<Evaluation> found = evaluator->compare(plantedProblem(), strategies, 3);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].outcome, Outcome::ok) << found[0].detail;
  EXPECT_EQ(found[1].outcome, Outcome::crashed);
  EXPECT_EQ(found[2].outcome, Outcome::crashed);
  EXPECT_EQ(found[3].outcome, Outcome::ok) << found[3].detail;
  for (std::size_t i = 0; i < strategies.size(); ++i)
    EXPECT_EQ(found[i].strategy, strategies[i]);
}

TEST(ChildProgram, one_that_is_not_there_is_named) {
  ChildOptions options;
  options.program = "/nowhere/scanc";
  Evaluation evaluation = inChildProcess(options)->evaluate(plantedProblem(), "sequential", 0);
  EXPECT_EQ(evaluation.outcome, Outcome::refused);
  EXPECT_NE(evaluation.detail.find("/nowhere/scanc"), std::string::npos);
}

TEST(ChildProgram, one_that_does_not_speak_is_a_crash) {
  ChildOptions options;
  options.program = "/bin/true";
  Evaluation evaluation = inChildProcess(options)->evaluate(plantedProblem(), "sequential", 0);
  EXPECT_EQ(evaluation.outcome, Outcome::crashed) << evaluation.detail;
}

// scanc itself has a hidden sub-command for it.
TEST(ChildProgram, scanc_is_one) {
  ChildOptions options;
  options.program = SCANC_TOOL;
  Evaluation evaluation = inChildProcess(options)->evaluate(plantedProblem(), "sequential", 0);
  EXPECT_EQ(evaluation.outcome, Outcome::ok) << evaluation.detail;
}
