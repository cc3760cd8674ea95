//===- Worker.cpp - What a child process does -----------------------------===//
#include "runtime/tuning/Worker.h"

#include "runtime/tuning/Messages.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <sys/prctl.h>

namespace scanc::tuning {

static void say(const Reply &reply) {
  std::fputs(formatReply(reply).c_str(), stdout);
  std::fflush(stdout);
}

int serve(InProcessOptions options) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGINT, SIG_IGN);
  options.onPhase = [](Phase phase, const std::string &strategy) {
    say(PhaseBegins{phase, strategy});
  };
  std::unique_ptr<Evaluator> evaluator = inProcess(std::move(options));
  for (std::string line; std::getline(std::cin, line);) {
    std::optional<Request> request = parseRequest(line);
    if (!request || request->strategies.empty())
      return 2;
    std::vector<Evaluation> evaluations;
    if (request->rounds > 0)
      evaluations = evaluator->compare(request->problem, request->strategies, request->rounds);
    else
      evaluations.push_back(evaluator->evaluate(request->problem, request->strategies.front(),
                                                request->limitSeconds));
    bool isLast = std::any_of(evaluations.begin(), evaluations.end(), [](const Evaluation &each) {
      return each.outcome == Outcome::crashed;
    });
    say(std::move(evaluations));
    if (isLast)
      return 0;
  }
  return 0;
}

} // namespace scanc::tuning
