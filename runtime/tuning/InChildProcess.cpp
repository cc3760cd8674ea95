//===- InChildProcess.cpp - Candidates that cannot hurt us ----------------===//
//
// The child says which phase begins and for which strategy, so that one that ends
// or stays silent for too long is laid at the right candidate's door. Where all are
// timed in turns nobody can tell: then it is laid at the door of all of them.
//
//===----------------------------------------------------------------------===//
#include "runtime/tuning/ChildProcess.h"
#include "runtime/tuning/Messages.h"
#include "runtime/tuning/Worker.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace scanc::tuning {

namespace {

/// Why there is no answer.
struct Failure {
  Outcome outcome;
  std::string strategy; ///< whose fault it was; empty: that of all
  std::string detail;
};

class InChildProcess final : public Evaluator {
public:
  explicit InChildProcess(ChildOptions given) : options(std::move(given)) {
    if (options.program.empty())
      options.program = "/proc/self/exe";
    if (options.arguments.empty())
      options.arguments = {workerCommand};
  }

  Evaluation evaluate(const Problem &problem, const std::string &strategy,
                      double limitSeconds) override;
  std::vector<Evaluation> compare(const Problem &problem, std::span<const std::string> strategies,
                                  int rounds) override;

private:
  /// Asks the child, which is started if there is none.
  std::variant<std::vector<Evaluation>, Failure> ask(const Request &request);
  std::variant<std::vector<Evaluation>, Failure> listen(const Request &request);
  double limitOf(Phase phase, std::size_t candidates) const;

  ChildOptions options;
  std::optional<ChildProcess> child;
};

} // namespace

double InChildProcess::limitOf(Phase phase, std::size_t candidates) const {
  switch (phase) {
  case Phase::prepare:
    return options.prepareSeconds;
  case Phase::compile:
    return options.compileSeconds;
  case Phase::check:
    return options.runSeconds;
  case Phase::measure:
    return options.runSeconds * static_cast<double>(candidates);
  }
  return 0;
}

static std::string doing(Phase phase) {
  constexpr const char *names[] = {"preparing the problem", "compiling", "running", "being timed"};
  return names[static_cast<std::size_t>(phase)];
}

std::variant<std::vector<Evaluation>, Failure> InChildProcess::listen(const Request &request) {
  PhaseBegins now{Phase::prepare, ""};
  for (std::string line;;) {
    double limit = limitOf(now.phase, request.strategies.size());
    ChildProcess::Reading reading = child->readLine(line, limit);
    if (reading == ChildProcess::Reading::late)
      return Failure{Outcome::timedOut, now.strategy,
                     fmt::format("longer than {:g} s {}", limit, doing(now.phase))};
    if (reading == ChildProcess::Reading::ended)
      return Failure{Outcome::crashed, now.strategy,
                     fmt::format("{} while {}", child->end(), doing(now.phase))};
    std::optional<Reply> reply = parseReply(line);
    auto *answer = reply ? std::get_if<std::vector<Evaluation>>(&*reply) : nullptr;
    if (!reply || (answer && answer->size() != request.strategies.size()))
      return Failure{Outcome::crashed, now.strategy,
                     fmt::format("wrote '{}' where its process answers", line.substr(0, 80))};
    if (answer)
      return std::move(*answer);
    now = std::get<PhaseBegins>(*reply);
  }
}

std::variant<std::vector<Evaluation>, Failure> InChildProcess::ask(const Request &request) {
  // One that was done with its work after the last answer does not read: another is started then.
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::string failure;
    if (!child)
      child = ChildProcess::start(options.program, options.arguments, failure);
    if (!child)
      return Failure{Outcome::refused, "", failure};
    if (child->write(formatRequest(request)))
      break;
    child.reset();
  }
  if (!child)
    return Failure{Outcome::crashed, "", "the process that evaluates candidates ends at once"};
  auto result = listen(request);
  if (std::holds_alternative<Failure>(result))
    child.reset();
  return result;
}

static Evaluation evaluationOf(const Failure &failure, const std::string &strategy) {
  Evaluation evaluation;
  evaluation.outcome = failure.outcome;
  evaluation.strategy = strategy;
  evaluation.detail = failure.detail;
  return evaluation;
}

Evaluation InChildProcess::evaluate(const Problem &problem, const std::string &strategy,
                                    double limitSeconds) {
  auto result = ask({problem, {strategy}, 0, limitSeconds});
  if (const auto *failure = std::get_if<Failure>(&result))
    return evaluationOf(*failure, strategy);
  return std::move(std::get<std::vector<Evaluation>>(result).front());
}

std::vector<Evaluation> InChildProcess::compare(const Problem &problem,
                                                std::span<const std::string> strategies,
                                                int rounds) {
  // Those that end the child are left out, one after the other, until the others answer.
  std::vector<std::string> left(strategies.begin(), strategies.end());
  std::map<std::string, Evaluation> known;
  while (!left.empty()) {
    auto result = ask({problem, left, rounds, 0});
    if (auto *answer = std::get_if<std::vector<Evaluation>>(&result)) {
      for (Evaluation &each : *answer)
        known[each.strategy] = std::move(each);
      break;
    }
    const Failure &failure = std::get<Failure>(result);
    std::erase_if(left, [&](const std::string &strategy) {
      if (!failure.strategy.empty() && failure.strategy != strategy)
        return false;
      known[strategy] = evaluationOf(failure, strategy);
      return true;
    });
    if (!failure.strategy.empty() && !known.contains(failure.strategy))
      break; // the child spoke of a strategy that nobody asked for
  }
  std::vector<Evaluation> evaluations;
  for (const std::string &strategy : strategies)
    evaluations.push_back(known.contains(strategy)
                              ? known[strategy]
                              : evaluationOf({Outcome::crashed, "", "no answer"}, strategy));
  return evaluations;
}

std::unique_ptr<Evaluator> inChildProcess(ChildOptions options) {
  return std::make_unique<InChildProcess>(std::move(options));
}

} // namespace scanc::tuning
