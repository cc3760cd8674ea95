//===- Decision.cpp - By the user's pins, else by cost --------------------===//
#include "compiler/planning/Decision.h"

#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::planning {

static std::string names() {
  std::string list;
  for (const auto &strategy : allStrategies())
    list += (list.empty() ? "" : ", ") + strategy->name().str();
  return list;
}

/// The strategy called `name`.
static void takeNamed(Decision &decision, StringRef name) {
  auto found = llvm::find_if(decision.answers,
                             [&](const Answer &answer) { return answer.strategy->name() == name; });
  if (found == decision.answers.end()) {
    decision.code = "SC3003";
    decision.reason = "unknown strategy: expected one of " + names() + ", got " + name.str();
  } else if (found->declined) {
    decision.code = "SC3002";
    decision.reason = ("the pinned strategy " + name + " declines: ").str() + *found->declined;
  } else {
    decision.taken = found - decision.answers.begin();
  }
}

/// One reason where all strategies give the same, else one note per strategy.
static void refuse(Decision &decision) {
  const std::string &first = *decision.answers.front().declined;
  bool same = llvm::all_of(decision.answers,
                           [&](const Answer &answer) {
                             return answer.declined == first || answer.strategy->delegates();
                           });
  decision.code = "SC3001";
  decision.reason = "not yet supported: " + (same ? first : "no strategy accepts this recurrence");
  if (!same)
    for (const Answer &answer : decision.answers)
      decision.notes.push_back(answer.strategy->name().str() + ": " + *answer.declined);
}

std::optional<std::string> brokenPin(const Mapping &mapping, const Answer &answer) {
  return brokenPin(mapping.op, answer.cost.deterministic, [&](StringRef pin, StringRef value) {
    return answer.strategy->honours(mapping, pin, value);
  });
}

const Answer *cheapestOf(const Mapping &mapping, ArrayRef<Answer> answers) {
  const Answer *best = nullptr;
  for (const Answer &answer : answers)
    if (!answer.declined && (!best || answer.cost.seconds < best->cost.seconds) &&
        !brokenPin(mapping, answer))
      best = &answer;
  return best ? best : cheapest(answers);
}

Decision decide(scan::AffineOp op, const Target &target, StringRef option) {
  Decision decision;
  decision.place = op->getLoc();
  if (auto wrong = setTuning(op, option)) {
    decision.code = "SC3007";
    decision.reason = "the fields of a policy: " + *wrong;
    return decision;
  }
  Mapping mapping(op);
  decision.answers = ask(mapping, target, assumeSizes(op));
  if (StringRef name = pinnedStrategy(op, strategyName(option)); !name.empty()) {
    takeNamed(decision, name);
    if (option.empty())
      decision.place = placeOfPin(op, "@strategy");
  } else if (const Answer *best = cheapestOf(mapping, decision.answers)) {
    decision.taken = best - decision.answers.data();
  } else {
    refuse(decision);
    decision.place = placeOfDecline(mapping, *decision.answers.front().declined);
  }
  if (!decision.taken)
    return decision;
  const Answer &answer = decision.answers[*decision.taken];
  if (int64_t wanted = answer.cost.mostSharedBytes;
      !fieldsSet(op).empty() && wanted > target.sharedPerBlock) {
    decision.code = "SC3002";
    decision.reason = llvm::formatv("the pinned strategy {0} declines: its policy takes {1} bytes of shared "
                                    "memory, {2} are there",
                                    answer.strategy->name(), wanted, target.sharedPerBlock);
    decision.taken = std::nullopt;
    return decision;
  }
  if (auto pin = brokenPin(mapping, answer)) {
    decision.code = "SC3004";
    decision.reason = "the pin " + *pin + " cannot be honoured by strategy " +
                      answer.strategy->name().str() +
                      ", which computes in " + answer.strategy->arithmetic(mapping);
    decision.place = placeOfPin(op, *pin);
    decision.taken = std::nullopt;
  }
  return decision;
}

} // namespace scanc::planning
