//===- InProcess.cpp - Candidates in this process -------------------------===//
#include "runtime/tuning/InProcess.h"

#include "runtime/tuning/Sampler.h"
#include "runtime/tuning/Statistics.h"
#include "runtime/tuning/Workbench.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <optional>

namespace scanc::tuning {

std::string_view spelling(Outcome outcome) {
  constexpr std::string_view names[] = {"ok",        "wrong",   "out of bounds",
                                        "timed out", "crashed", "refused"};
  return names[static_cast<std::size_t>(outcome)];
}

namespace {

/// A candidate that was right, until its times say otherwise.
struct Contender {
  Evaluation evaluation;
  std::optional<Kernel> kernel;
  SamplePlan plan{1, 1};

  bool isFit() const { return evaluation.outcome == Outcome::ok; }
  void fail(Judgement judgement) {
    evaluation.outcome = judgement.outcome;
    evaluation.detail = std::move(judgement.detail);
    evaluation.samples.clear();
  }
};

class InProcess final : public Evaluator {
public:
  explicit InProcess(InProcessOptions options) : options(std::move(options)) {}

  Evaluation evaluate(const Problem &problem, const std::string &strategy,
                      double limitSeconds) override;
  std::vector<Evaluation> compare(const Problem &problem, std::span<const std::string> strategies,
                                  int rounds) override;

private:
  void begin(Phase phase, const std::string &strategy = "") {
    if (options.onPhase)
      options.onPhase(phase, strategy);
  }
  /// Lays out the problem, if it is another than before.
  Result<void> prepare(const Problem &problem);
  /// Compiles a candidate, checks it, and sees how long it takes.
  Contender enter(const Problem &problem, const std::string &strategy, double limitSeconds);
  Result<void> compileContender(const Problem &problem, Contender &contender);
  Result<double> sample(Contender &contender);
  /// Times all that are fit in turns, and looks for damage.
  void measure(std::vector<Contender> &contenders, int rounds);

  InProcessOptions options;
  std::optional<Problem> current;
  std::optional<Workbench> bench;
  std::optional<Sampler> sampler;
};

} // namespace

Result<void> InProcess::prepare(const Problem &problem) {
  if (bench && current == problem)
    return {};
  begin(Phase::prepare);
  bench.reset(); // frees its memory first
  sampler.reset();
  Result<Workbench> made = Workbench::create(problem);
  if (!made)
    return made.error();
  Result<Sampler> timing = Sampler::create(made->target(), 0, Sampler::Caches::cold);
  if (!timing)
    return timing.error();
  bench = std::move(*made);
  sampler = std::move(*timing);
  current = problem;
  return {};
}

Result<void> InProcess::compileContender(const Problem &problem, Contender &contender) {
  begin(Phase::compile, contender.evaluation.strategy);
  auto start = std::chrono::steady_clock::now();
  CompileOptions compiling = compileOptions(problem);
  compiling.strategy = contender.evaluation.strategy;
  Result<Kernel> kernel = options.compile(problem.text, compiling);
  if (!kernel)
    return kernel.error();
  if (Result<void> prepared = kernel->prepare(bench->views()); !prepared)
    return prepared;
  std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  contender.evaluation.compileSeconds = taken.count();
  contender.evaluation.chosen = kernel->program().strategy;
  contender.kernel = std::move(*kernel);
  return {};
}

Result<double> InProcess::sample(Contender &contender) {
  return sampler->sample(*contender.kernel, bench->views(), contender.plan.launchesPerSample);
}

Contender InProcess::enter(const Problem &problem, const std::string &strategy,
                           double limitSeconds) {
  Contender contender;
  contender.evaluation.strategy = strategy;
  Result<void> ready = prepare(problem);
  if (ready)
    ready = compileContender(problem, contender);
  if (!ready) {
    contender.fail(judge(ready.error()));
    return contender;
  }
  begin(Phase::check, strategy);
  Judgement judgement = bench->check(*contender.kernel);
  contender.evaluation.outcome = judgement.outcome;
  contender.evaluation.errorOverBound = judgement.errorOverBound;
  contender.evaluation.detail = judgement.detail;
  if (!contender.isFit())
    return contender;
  Result<double> first = sample(contender);
  if (!first) {
    contender.fail(judge(first.error()));
  } else if (limitSeconds > 0 && *first > limitSeconds) {
    contender.fail({Outcome::timedOut, 0,
                    fmt::format("a launch takes {:.3g} s, longer than the limit of {:.3g} s",
                                *first, limitSeconds)});
  } else {
    contender.plan = planSamples(*first, bench->target(), Sampler::Caches::cold);
  }
  return contender;
}

void InProcess::measure(std::vector<Contender> &contenders, int rounds) {
  begin(Phase::measure);
  constexpr int warmUps = 2;
  for (int round = -warmUps; round < rounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      // Each begins a round as often as the others.
      std::size_t turn = static_cast<std::size_t>(round + warmUps) + i;
      Contender &contender = contenders[turn % contenders.size()];
      if (!contender.isFit())
        continue;
      Result<double> seconds = sample(contender);
      if (!seconds)
        contender.fail(judge(seconds.error()));
      else if (round >= 0)
        contender.evaluation.samples.push_back(*seconds);
    }
  Judgement damage = bench ? bench->inspect() : Judgement();
  for (Contender &contender : contenders) {
    if (!contender.isFit())
      continue;
    if (damage.outcome != Outcome::ok)
      contender.fail(damage);
    contender.evaluation.seconds = median(contender.evaluation.samples);
    contender.evaluation.noise = noise(contender.evaluation.samples);
  }
}

Evaluation InProcess::evaluate(const Problem &problem, const std::string &strategy,
                               double limitSeconds) {
  std::vector<Contender> one;
  one.push_back(enter(problem, strategy, limitSeconds));
  if (one.front().isFit())
    measure(one, one.front().plan.samples);
  return std::move(one.front().evaluation);
}

std::vector<Evaluation> InProcess::compare(const Problem &problem,
                                           std::span<const std::string> strategies, int rounds) {
  std::vector<Contender> contenders;
  for (const std::string &strategy : strategies)
    contenders.push_back(enter(problem, strategy, /*limitSeconds=*/0));
  measure(contenders, rounds);
  std::vector<Evaluation> evaluations;
  for (Contender &contender : contenders)
    evaluations.push_back(std::move(contender.evaluation));
  return evaluations;
}

std::unique_ptr<Evaluator> inProcess(InProcessOptions options) {
  return std::make_unique<InProcess>(std::move(options));
}

std::unique_ptr<Evaluator> inProcess() { return inProcess(InProcessOptions()); }

} // namespace scanc::tuning
