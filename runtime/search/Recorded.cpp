//===- search/Recorded.cpp - Evaluations of an earlier sweep --------------===//
#include "runtime/search/Recorded.h"

#include <algorithm>
#include <cmath>

namespace scanc::search {

using tuning::Evaluation;
using tuning::Outcome;

Evaluation evaluationOf(const rt::Record &record) {
  Evaluation evaluation;
  for (int i = 0; i <= static_cast<int>(Outcome::refused); ++i)
    if (tuning::spelling(static_cast<Outcome>(i)) == record.outcome)
      evaluation.outcome = static_cast<Outcome>(i);
  evaluation.strategy = record.strategy;
  evaluation.seconds = record.seconds;
  evaluation.noise = record.noise;
  evaluation.samples = record.samples;
  evaluation.compileSeconds = record.compileSeconds;
  return evaluation;
}

static bool isSameProblem(const rt::Record &a, const rt::Record &b) {
  return a.key == b.key && a.sizes == b.sizes && a.target == b.target &&
         a.machine.device == b.machine.device;
}

std::vector<RecordedProblem> problemsOf(const std::vector<rt::Record> &records) {
  std::vector<RecordedProblem> problems;
  for (const rt::Record &record : records) {
    if (record.kind != "evaluation")
      continue;
    auto problem = std::find_if(problems.begin(), problems.end(), [&](const RecordedProblem &each) {
      return isSameProblem(each.like, record);
    });
    if (problem == problems.end())
      problem = problems.insert(problems.end(), {record, {}});
    std::erase_if(problem->records,
                  [&](const rt::Record &before) { return before.strategy == record.strategy; });
    problem->records.push_back(record);
  }
  return problems;
}

Space RecordedProblem::space() const {
  std::vector<Candidate> candidates;
  for (const rt::Record &record : records) {
    Candidate candidate;
    candidate.strategy = record.strategy;
    candidate.seconds = record.estimate;
    candidate.chosen = record.isUntuned;
    candidates.push_back(std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate &a, const Candidate &b) { return a.seconds < b.seconds; });
  return Space(candidates);
}

double RecordedProblem::secondsOf(const std::string &strategy) const {
  for (const rt::Record &record : records)
    if (record.strategy == strategy && record.outcome == "ok")
      return record.seconds;
  return HUGE_VAL;
}

double RecordedProblem::best() const {
  double best = HUGE_VAL;
  for (const rt::Record &record : records)
    if (record.outcome == "ok")
      best = std::min(best, record.seconds);
  return best;
}

Evaluation RecordedEvaluator::evaluate(const tuning::Problem &, const std::string &strategy,
                                       double) {
  for (const rt::Record &record : problem.records)
    if (record.strategy == strategy)
      return evaluationOf(record);
  Evaluation refused;
  refused.strategy = strategy;
  refused.detail = "it was not recorded";
  return refused;
}

std::vector<Evaluation> RecordedEvaluator::compare(const tuning::Problem &of,
                                                   std::span<const std::string> strategies, int) {
  std::vector<Evaluation> evaluations;
  for (const std::string &strategy : strategies)
    evaluations.push_back(evaluate(of, strategy, 0));
  return evaluations;
}

} // namespace scanc::search
