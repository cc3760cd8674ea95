//===- SearchTest.cpp - Which candidates are measured, and which is picked -===//
#include "runtime/search/Search.h"

#include "gtest/gtest.h"

#include <cmath>
#include <set>

using namespace scanc;
using namespace scanc::search;
using tuning::Evaluation;
using tuning::Outcome;

namespace {

/// Gives made-up times, and keeps what it was asked.
class FakeEvaluator final : public tuning::Evaluator {
public:
  std::function<double(const std::string &)> seconds;
  std::map<std::string, Outcome> bad;
  std::vector<std::string> asked;
  std::vector<double> limits;
  std::vector<std::string> compared;

  Evaluation evaluate(const tuning::Problem &, const std::string &strategy, double limit) override {
    asked.push_back(strategy);
    limits.push_back(limit);
    return answer(strategy);
  }
  std::vector<Evaluation> compare(const tuning::Problem &, std::span<const std::string> strategies,
                                  int) override {
    std::vector<Evaluation> answers;
    for (const std::string &strategy : strategies) {
      compared.push_back(strategy);
      answers.push_back(answer(strategy));
    }
    return answers;
  }

private:
  Evaluation answer(const std::string &strategy) const {
    Evaluation evaluation;
    evaluation.strategy = strategy;
    auto fault = bad.find(strategy);
    evaluation.outcome = fault == bad.end() ? Outcome::ok : fault->second;
    evaluation.seconds = evaluation.outcome == Outcome::ok ? seconds(strategy) : 0;
    return evaluation;
  }
};

struct Landscape {
  std::vector<Candidate> candidates;
  std::map<std::string, double> truth;

  double best() const {
    double best = HUGE_VAL;
    for (const auto &[text, seconds] : truth)
      best = std::min(best, seconds);
    return best;
  }
};

/// Two strategies of `count` points each, with a best place that the estimates put elsewhere.
Landscape landscape(int side, double shift) {
  Landscape made;
  for (const char *strategy : {"sequential", "blelloch"})
    for (int a = 0; a < side; ++a)
      for (int b = 0; b < side; ++b)
        for (int c = 0; c < 3; ++c) {
          Candidate candidate;
          candidate.strategy = std::string(strategy) + "(lanes=" + std::to_string(1 << a) +
                               ", ring=" + std::to_string(c + 2) + ", steps=" + std::to_string(1 << b) + ")";
          double factor = *strategy == 's' ? 1.2 : 1.0;
          candidate.seconds = 1e-5 * factor * (1 + 0.1 * std::abs(a - 1) + 0.1 * std::abs(b - 1));
          double off = *strategy == 's' ? 0.9 : 1.1;
          made.truth[candidate.strategy] =
              1e-5 * factor * off *
              (1 + 0.15 * std::fabs(a - 1 - shift) + 0.2 * std::fabs(b - 1 - shift) + 0.07 * (2 - c));
          made.candidates.push_back(candidate);
        }
  std::stable_sort(made.candidates.begin(), made.candidates.end(),
                   [](const Candidate &a, const Candidate &b) { return a.seconds < b.seconds; });
  made.candidates.front().chosen = true;
  return made;
}

FakeEvaluator evaluatorOf(const Landscape &of) {
  FakeEvaluator evaluator;
  evaluator.seconds = [truth = of.truth](const std::string &text) { return truth.at(text); };
  return evaluator;
}

} // namespace

TEST(Space, neighbours_differ_by_one_step_of_a_field_or_by_an_exchange) {
  Landscape of = landscape(4, 0);
  Space space(of.candidates);
  std::size_t corner = 0;
  for (std::size_t i = 0; i < space.size(); ++i)
    if (space[i].text == "blelloch(lanes=1, ring=2, steps=1)")
      corner = i;
  std::set<std::string> near;
  for (std::size_t i : space.neighbours(corner))
    near.insert(space[i].text);
  EXPECT_EQ(near, (std::set<std::string>{"blelloch(lanes=2, ring=2, steps=1)",
                                         "blelloch(lanes=1, ring=3, steps=1)",
                                         "blelloch(lanes=1, ring=2, steps=2)"}));
}

TEST(Search, a_small_space_is_measured_whole_and_its_best_is_picked) {
  Landscape of = landscape(3, 1); // 54 points
  FakeEvaluator evaluator = evaluatorOf(of);
  SearchResult result = findBest(evaluator, {}, Space(of.candidates), {});
  EXPECT_EQ(evaluator.asked.size(), of.candidates.size());
  EXPECT_EQ(result.best.seconds, of.best());
  EXPECT_EQ(result.untuned.strategy, of.candidates.front().strategy);
}

TEST(Search, a_tenth_of_a_large_space_is_measured_and_the_pick_is_near_the_best) {
  for (double shift : {0.0, 1.0, 2.0}) {
    Landscape of = landscape(6, shift); // 216 points
    FakeEvaluator evaluator = evaluatorOf(of);
    SearchResult result = findBest(evaluator, {}, Space(of.candidates), {});
    EXPECT_LE(evaluator.asked.size(), of.candidates.size() / 10);
    EXPECT_LE(result.best.seconds, 1.05 * of.best()) << shift;
    std::set<std::string> once(evaluator.asked.begin(), evaluator.asked.end());
    EXPECT_EQ(once.size(), evaluator.asked.size());
  }
}

TEST(Search, full_effort_measures_everything_and_none_nothing) {
  Landscape of = landscape(6, 2);
  FakeEvaluator evaluator = evaluatorOf(of);
  EXPECT_EQ(findBest(evaluator, {}, Space(of.candidates), {.effort = Effort::full}).best.seconds, of.best());
  EXPECT_EQ(evaluator.asked.size(), of.candidates.size());
  FakeEvaluator idle = evaluatorOf(of);
  SearchResult none = findBest(idle, {}, Space(of.candidates), {.effort = Effort::none});
  EXPECT_TRUE(idle.asked.empty() && idle.compared.empty());
  EXPECT_EQ(none.best.strategy, of.candidates.front().strategy);
}

TEST(Search, the_same_seed_asks_for_the_same_candidates) {
  Landscape of = landscape(6, 1);
  auto asked = [&](std::uint64_t seed) {
    FakeEvaluator evaluator = evaluatorOf(of);
    findBest(evaluator, {}, Space(of.candidates), {.seed = seed});
    return evaluator.asked;
  };
  EXPECT_EQ(asked(3), asked(3));
  EXPECT_NE(asked(3), asked(4));
}

TEST(Search, what_was_measured_before_is_not_measured_again) {
  Landscape of = landscape(6, 1);
  FakeEvaluator first = evaluatorOf(of), second = evaluatorOf(of);
  SearchOptions options;
  options.onEvaluation = [&](const Evaluation &each) { options.known.push_back(each); };
  options.evaluations = 9;
  findBest(first, {}, Space(of.candidates), options);
  ASSERT_EQ(options.known.size(), 9U);
  SearchOptions resumed;
  resumed.known = options.known;
  SearchResult result = findBest(second, {}, Space(of.candidates), resumed);
  for (const std::string &text : first.asked)
    EXPECT_EQ(std::count(second.asked.begin(), second.asked.end(), text), 0) << text;
  EXPECT_EQ(static_cast<std::size_t>(result.measured), second.asked.size());
}

// What is wrong, out of bounds, hangs or crashes costs that candidate, and is never picked.
TEST(Search, a_bad_candidate_is_not_picked_however_fast_it_is) {
  Landscape of = landscape(3, 1);
  FakeEvaluator evaluator = evaluatorOf(of);
  std::vector<std::pair<double, std::string>> order;
  for (const auto &[text, seconds] : of.truth)
    order.emplace_back(seconds, text);
  std::sort(order.begin(), order.end());
  const Outcome faults[] = {Outcome::wrong, Outcome::outOfBounds, Outcome::timedOut, Outcome::crashed,
                            Outcome::refused};
  for (std::size_t i = 0; i < std::size(faults); ++i)
    evaluator.bad[order[i].second] = faults[i];
  SearchResult result = findBest(evaluator, {}, Space(of.candidates), {});
  EXPECT_EQ(evaluator.asked.size(), of.candidates.size());
  EXPECT_EQ(result.best.strategy, order[std::size(faults)].second);
  for (const auto &[text, fault] : evaluator.bad)
    EXPECT_EQ(std::count(evaluator.compared.begin(), evaluator.compared.end(), text), 0);
}

TEST(Search, where_nothing_is_right_nothing_is_picked) {
  Landscape of = landscape(3, 1);
  FakeEvaluator evaluator = evaluatorOf(of);
  for (const Candidate &candidate : of.candidates)
    evaluator.bad[candidate.strategy] = Outcome::crashed;
  EXPECT_NE(findBest(evaluator, {}, Space(of.candidates), {}).best.outcome, Outcome::ok);
  EXPECT_TRUE(evaluator.compared.empty());
}

TEST(Search, a_stop_loses_no_evaluation_and_begins_none) {
  Landscape of = landscape(6, 1);
  FakeEvaluator evaluator = evaluatorOf(of);
  std::size_t kept = 0;
  SearchOptions options;
  options.onEvaluation = [&](const Evaluation &) { ++kept; };
  options.isStopped = [&] { return kept == 5; };
  SearchResult result = findBest(evaluator, {}, Space(of.candidates), options);
  EXPECT_TRUE(result.isStopped);
  EXPECT_EQ(kept, 5U);
  EXPECT_EQ(evaluator.asked.size(), 5U);
  EXPECT_TRUE(evaluator.compared.empty());
  EXPECT_EQ(result.best.outcome, Outcome::ok);
}

TEST(Search, a_launch_may_take_three_times_the_best) {
  Landscape of = landscape(3, 1);
  FakeEvaluator evaluator = evaluatorOf(of);
  findBest(evaluator, {}, Space(of.candidates), {});
  EXPECT_EQ(evaluator.limits.front(), 0);
  double before = HUGE_VAL;
  for (std::size_t i = 0; i + 1 < evaluator.asked.size(); ++i)
    before = std::min(before, of.truth.at(evaluator.asked[i]));
  EXPECT_DOUBLE_EQ(evaluator.limits.back(), 3 * before);
}

TEST(Search, finalists_are_timed_in_turns_with_the_cost_models_pick) {
  Landscape of = landscape(6, 1);
  FakeEvaluator evaluator = evaluatorOf(of);
  findBest(evaluator, {}, Space(of.candidates), {});
  EXPECT_EQ(evaluator.compared.front(), of.candidates.front().strategy);
  EXPECT_LE(evaluator.compared.size(), 11U);
}

TEST(Search, the_cost_models_pick_stays_where_nothing_is_clearly_faster) {
  Landscape of = landscape(3, 0);
  FakeEvaluator evaluator = evaluatorOf(of);
  const std::string pick = of.candidates.front().strategy;
  evaluator.seconds = [&](const std::string &text) { return text == pick ? 1.005e-5 : 1e-5; };
  EXPECT_EQ(findBest(evaluator, {}, Space(of.candidates), {}).best.strategy, pick);
}
