//===- EvaluateTest.cpp - Faults of candidates have names -----------------===//
#include "runtime/tuning/Statistics.h"
#include "tests/tuning/Planted.h"

#include "gtest/gtest.h"

#include <numeric>

using namespace scanc;
using namespace scanc::tuning;
using scanc::testing::compilePlanted;
using scanc::testing::plantedProblem;

namespace {

/// Each in this process, and in a child of its own kind.
class Evaluate : public ::testing::TestWithParam<bool> {
protected:
  Evaluate() {
    ChildOptions child;
    child.program = SCANC_PLANTED_WORKER;
    child.arguments = {"-"};
    evaluator = GetParam() ? inChildProcess(child)
                           : inProcess(InProcessOptions{{}, compilePlanted});
  }
  Evaluation evaluate(const std::string &strategy, double limitSeconds = 0) {
    return evaluator->evaluate(plantedProblem(), strategy, limitSeconds);
  }
  std::unique_ptr<Evaluator> evaluator;
};

std::string processName(const ::testing::TestParamInfo<bool> &info) {
  return info.param ? "in_a_child" : "in_process";
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Tuning, Evaluate, ::testing::Bool(), processName);

TEST_P(Evaluate, what_is_right_is_timed) {
  Evaluation evaluation = evaluate("sequential");
  EXPECT_EQ(evaluation.outcome, Outcome::ok) << evaluation.detail;
  EXPECT_EQ(evaluation.strategy, "sequential");
  EXPECT_GT(evaluation.seconds, 0);
  EXPECT_GT(evaluation.compileSeconds, 0);
  EXPECT_GE(evaluation.samples.size(), 3u);
  EXPECT_LE(evaluation.errorOverBound, 1);
  EXPECT_EQ(evaluation.seconds, median(evaluation.samples));
}

TEST_P(Evaluate, a_wrong_value_is_not_timed) {
  Evaluation evaluation = evaluate("wrong value");
  EXPECT_EQ(evaluation.outcome, Outcome::wrong);
  EXPECT_TRUE(evaluation.samples.empty());
  EXPECT_NE(evaluation.detail.find("y[49, 6]"), std::string::npos) << evaluation.detail;
}

// What the candidate before left in the results is no result of this one.
TEST_P(Evaluate, a_result_that_is_never_written_is_wrong) {
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok);
  EXPECT_EQ(evaluate("unwritten result").outcome, Outcome::wrong);
}

TEST_P(Evaluate, a_write_beside_a_tensor_is_out_of_bounds) {
  EXPECT_EQ(evaluate("write before").outcome, Outcome::outOfBounds);
  EXPECT_EQ(evaluate("write behind").outcome, Outcome::outOfBounds);
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok); // who meets whole guards again
}

TEST_P(Evaluate, a_write_while_it_is_timed_is_found) {
  EXPECT_EQ(evaluate("damage when timed").outcome, Outcome::outOfBounds);
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok);
}

TEST_P(Evaluate, an_input_that_a_candidate_wrote_does_not_reach_the_next) {
  Evaluation evaluation = evaluate("write input");
  EXPECT_EQ(evaluation.outcome, Outcome::wrong);
  EXPECT_NE(evaluation.detail.find("'x'"), std::string::npos) << evaluation.detail;
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok);
}

TEST_P(Evaluate, what_its_strategy_declines_is_refused) {
  Evaluation evaluation = evaluate("blelloch");
  EXPECT_EQ(evaluation.outcome, Outcome::refused);
  EXPECT_NE(evaluation.detail.find("SC3002"), std::string::npos) << evaluation.detail;
}

TEST_P(Evaluate, a_launch_beyond_the_limit_is_timed_out) {
  EXPECT_EQ(evaluate("slow", 0.001).outcome, Outcome::timedOut);
  EXPECT_EQ(evaluate("slow", 10).outcome, Outcome::ok);
}

TEST_P(Evaluate, a_problem_that_cannot_be_read_is_refused) {
  Problem problem = plantedProblem();
  problem.text = "kernel";
  EXPECT_EQ(evaluator->evaluate(problem, "sequential", 0).outcome, Outcome::refused);
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok);
}

TEST_P(Evaluate, another_problem_has_other_operands) {
  EXPECT_EQ(evaluate("sequential").outcome, Outcome::ok);
  Problem larger = plantedProblem();
  larger.sizes["T"] = 5000;
  Evaluation evaluation = evaluator->evaluate(larger, "wrong value", 0);
  EXPECT_EQ(evaluation.outcome, Outcome::wrong);
  EXPECT_NE(evaluation.detail.find("y[4999, 6]"), std::string::npos) << evaluation.detail;
}

TEST_P(Evaluate, no_steps_and_no_lanes) {
  for (const char *empty : {"T", "D"}) {
    Problem problem = plantedProblem();
    problem.sizes[empty] = 0;
    Evaluation evaluation = evaluator->evaluate(problem, "sequential", 0);
    EXPECT_EQ(evaluation.outcome, Outcome::ok) << evaluation.detail;
  }
}

// Beyond what the reference walks whole: a fault in the last lane is seen, by lanes at both ends.
TEST_P(Evaluate, a_large_problem_is_checked_at_both_ends) {
  Problem problem = plantedProblem();
  problem.sizes = {{"T", 2000}, {"D", 1024}};
  EXPECT_EQ(evaluator->evaluate(problem, "sequential", 0).outcome, Outcome::ok);
  EXPECT_EQ(evaluator->evaluate(problem, "wrong value", 0).outcome, Outcome::wrong);
}

TEST_P(Evaluate, a_comparison_has_a_sample_of_each_in_every_round) {
  std::vector<std::string> strategies = {"sequential", "wrong value", "slow", "blelloch"};
  std::vector<Evaluation> found = evaluator->compare(plantedProblem(), strategies, 4);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].samples.size(), 4u);
  EXPECT_EQ(found[1].outcome, Outcome::wrong);
  EXPECT_TRUE(found[1].samples.empty());
  EXPECT_EQ(found[2].samples.size(), 4u);
  EXPECT_EQ(found[3].outcome, Outcome::refused);
  EXPECT_GT(pairedRatio(found[2].samples, found[0].samples).low, 1);
}

TEST(Statistics, a_median_lies_between_order_statistics_of_its_samples) {
  std::vector<double> samples(20), base(20, 2.0);
  std::iota(samples.begin(), samples.end(), 1.0);
  Estimate ratio = pairedRatio(samples, base);
  EXPECT_DOUBLE_EQ(ratio.value, 10.5 / 2);
  EXPECT_DOUBLE_EQ(ratio.low, 6.0 / 2); // the 6th of 20, and the 15th: 95.9 %
  EXPECT_DOUBLE_EQ(ratio.high, 15.0 / 2);
  EXPECT_DOUBLE_EQ(noise(samples), 9.5 / 10.5);
}

TEST(Statistics, few_samples_say_no_more_than_their_range) {
  std::vector<double> samples = {1, 4, 2}, base = {1, 1, 1}, none;
  Estimate ratio = pairedRatio(samples, base);
  EXPECT_EQ(ratio.value, 2);
  EXPECT_EQ(ratio.low, 1);
  EXPECT_EQ(ratio.high, 4);
  EXPECT_EQ(median(none), 0);
  EXPECT_EQ(noise(none), 0);
}
