//===- Messages.cpp - Problems and evaluations as JSON --------------------===//
//
// JSON has no infinity: nlohmann writes null, which is read back as one.
//
//===----------------------------------------------------------------------===//
#include "runtime/tuning/Messages.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace scanc::tuning {

using Json = nlohmann::json;

static std::string line(const Json &json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

static double number(const Json &json) {
  return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

static void to_json(Json &json, const Problem &problem) {
  json = {{"text", problem.text},     {"filename", problem.filename}, {"kernel", problem.kernel},
          {"sizes", problem.sizes},   {"target", problem.target},     {"ranges", problem.ranges},
          {"seed", problem.seed}};
}

static void from_json(const Json &json, Problem &problem) {
  json.at("text").get_to(problem.text);
  json.at("filename").get_to(problem.filename);
  json.at("kernel").get_to(problem.kernel);
  json.at("sizes").get_to(problem.sizes);
  json.at("target").get_to(problem.target);
  json.at("ranges").get_to(problem.ranges);
  json.at("seed").get_to(problem.seed);
}

static void to_json(Json &json, const Evaluation &evaluation) {
  json = {{"outcome", static_cast<int>(evaluation.outcome)},
          {"strategy", evaluation.strategy},
          {"chosen", evaluation.chosen},
          {"seconds", evaluation.seconds},
          {"noise", evaluation.noise},
          {"compileSeconds", evaluation.compileSeconds},
          {"errorOverBound", evaluation.errorOverBound},
          {"samples", evaluation.samples},
          {"detail", evaluation.detail}};
}

static void from_json(const Json &json, Evaluation &evaluation) {
  int outcome = json.at("outcome").get<int>();
  if (outcome < 0 || outcome > static_cast<int>(Outcome::refused))
    throw Json::other_error::create(501, "no outcome", nullptr);
  evaluation.outcome = static_cast<Outcome>(outcome);
  json.at("strategy").get_to(evaluation.strategy);
  json.at("chosen").get_to(evaluation.chosen);
  evaluation.seconds = number(json.at("seconds"));
  evaluation.noise = number(json.at("noise"));
  evaluation.compileSeconds = number(json.at("compileSeconds"));
  evaluation.errorOverBound = number(json.at("errorOverBound"));
  json.at("samples").get_to(evaluation.samples);
  json.at("detail").get_to(evaluation.detail);
}

std::string formatRequest(const Request &request) {
  return line({{"problem", request.problem},
               {"strategies", request.strategies},
               {"rounds", request.rounds},
               {"limit", request.limitSeconds}});
}

std::string formatReply(const Reply &reply) {
  if (const auto *begins = std::get_if<PhaseBegins>(&reply))
    return line({{"phase", static_cast<int>(begins->phase)}, {"strategy", begins->strategy}});
  return line({{"evaluations", std::get<std::vector<Evaluation>>(reply)}});
}

/// The library throws where a field is missing or of another type.
template <typename Read>
static auto parseLine(std::string_view line, Read read) -> std::optional<decltype(read(Json()))> {
  try {
    return read(Json::parse(line));
  } catch (const Json::exception &) {
    return std::nullopt;
  }
}

std::optional<Request> parseRequest(std::string_view line) {
  return parseLine(line, [](const Json &json) {
    Request request;
    json.at("problem").get_to(request.problem);
    json.at("strategies").get_to(request.strategies);
    json.at("rounds").get_to(request.rounds);
    json.at("limit").get_to(request.limitSeconds);
    return request;
  });
}

std::optional<Reply> parseReply(std::string_view line) {
  return parseLine(line, [](const Json &json) -> Reply {
    if (!json.contains("phase"))
      return json.at("evaluations").get<std::vector<Evaluation>>();
    int phase = json.at("phase").get<int>();
    if (phase < 0 || phase > static_cast<int>(Phase::measure))
      throw Json::other_error::create(501, "no phase", nullptr);
    return PhaseBegins{static_cast<Phase>(phase), json.at("strategy").get<std::string>()};
  });
}

} // namespace scanc::tuning
