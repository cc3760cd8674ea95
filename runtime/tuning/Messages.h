//===- tuning/Messages.h - Problems and evaluations as JSON -----*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_MESSAGES_H
#define SCANC_RUNTIME_TUNING_MESSAGES_H

#include "runtime/tuning/InProcess.h"

#include <optional>
#include <variant>

namespace scanc::tuning {

/// What a child is asked, one line each.
struct Request {
  Problem problem;
  std::vector<std::string> strategies;
  int rounds = 0;          ///< 0: one strategy, evaluated by itself
  double limitSeconds = 0;
};

/// What it says: the phase that begins, with its strategy, or the answer.
struct PhaseBegins {
  Phase phase;
  std::string strategy;
};
using Reply = std::variant<PhaseBegins, std::vector<Evaluation>>;

/// Each is one line, with its end.
std::string formatRequest(const Request &request);
std::string formatReply(const Reply &reply);
/// Nothing where the line is none.
std::optional<Request> parseRequest(std::string_view line);
std::optional<Reply> parseReply(std::string_view line);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_MESSAGES_H
