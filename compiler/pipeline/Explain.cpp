//===- Explain.cpp - Every strategy's answer ------------------------------===//
#include "compiler/pipeline/Session.h"
#include "compiler/planning/Planner.h"

using namespace mlir;

namespace scanc {

/// "h: diagonal, time-varying, real ring" for every state.
static std::string describe(scan::AffineOp op) {
  std::string text;
  for (auto advance : op.getBody().getOps<scan::AdvanceOp>()) {
    std::string names;
    for (StringAttr name : advance.getStates().getAsRange<StringAttr>())
      names += (names.empty() ? "" : ", ") + name.str();
    text += (text.empty() ? "" : "; ") + names + ": " +
            scan::stringifyStructure(advance.getStructure()).str() +
            (advance.getTimeVarying() ? ", time-varying" : ", time-invariant") + ", " +
            scan::stringifyRing(advance.getRing()).str() + " ring";
  }
  return text;
}

static Candidate candidateOf(const planning::Answer &answer) {
  Candidate candidate;
  candidate.strategy = answer.strategy->name().str();
  if (answer.declined) {
    candidate.declined = *answer.declined;
    return candidate;
  }
  const planning::Cost &cost = answer.cost;
  candidate.seconds = cost.seconds;
  candidate.bytes = static_cast<std::int64_t>(cost.bytes);
  candidate.flops = cost.flops;
  candidate.registersPerThread = cost.registersPerThread;
  candidate.sharedBytes = cost.sharedBytes;
  candidate.deterministic = cost.deterministic;
  candidate.errorBound = cost.errorBound;
  llvm::raw_string_ostream stream(candidate.policy);
  stream << cost.policy;
  return candidate;
}

Result<Explanation> explain(std::string_view text, const CompileOptions &options) {
  auto opened = pipeline::Session::open(text, options);
  if (!opened)
    return opened.error();
  pipeline::Session &session = **opened;
  if (auto reached = session.reach(Stage::affine); !reached)
    return reached.error();
  auto arch = session.architecture();
  if (!arch)
    return arch.error();
  func::FuncOp function = session.function();
  scan::AffineOp op;
  if (function)
    function.walk([&](scan::AffineOp found) { op = op ? op : found; });
  if (!op) {
    Error error;
    error.code = "SC1025";
    error.kind = ErrorKind::usage;
    error.message = "expected a recurrence to explain, got a plan";
    error.help = "give the program, or the text of an earlier stage";
    return error;
  }
  Explanation explanation;
  explanation.kernel = function.getName().str();
  explanation.structure = describe(op);
  explanation.target = *arch == "cpu" ? "sm_90a" : *arch;
  planning::Mapping mapping(op);
  planning::Sizes sizes = planning::assumeSizes(op);
  for (const auto &[name, size] : sizes)
    explanation.assumedSizes[name] = size;
  std::vector<planning::Answer> answers =
      planning::ask(mapping, *planning::targetFor(explanation.target), sizes);
  const planning::Answer *best = planning::cheapest(answers);
  for (const planning::Answer &answer : answers) {
    explanation.candidates.push_back(candidateOf(answer));
    explanation.candidates.back().chosen =
        options.strategy.empty() || options.strategy == "auto"
            ? &answer == best
            : answer.strategy->name() == options.strategy && !answer.declined;
  }
  return explanation;
}

} // namespace scanc
