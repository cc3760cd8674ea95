//===- Fission.cpp - Kernels before and behind a scan ---------------------===//
#include "compiler/planning/Fission.h"

#include "compiler/planning/Decision.h"
#include "compiler/planning/Tuning.h"
#include "llvm/Support/FormatVariadic.h"

#include <limits>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// One part by the strategy that is cheapest for it.
struct PlannedPart {
  scan::AffineOp op;
  Cost cost;
  const Strategy *strategy = nullptr;
};

struct PlannedParts {
  Fission fission;
  std::vector<PlannedPart> parts; ///< in order
  PlannedPart scan;               ///< among them
  double seconds = 0;
};

/// Right where a scan is slower for what it computes beside its state, or declines it: rows that windows are read for, rows of
/// projections that a step computes, and reductions of what is read out, each in a kernel of its own. Which strategies then
/// compute the parts, their costs say.
class FissionStrategy final : public Strategy {
public:
  StringRef name() const override { return "fission"; }
  bool delegates() const override { return true; }
  bool updatesInPlace() const override { return true; } // the scan is asked

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    std::string reason;
    if (!plan(mapping, target, assumeSizes(mapping.op), reason, Search::Any))
      return reason;
    return std::nullopt;
  }

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override;

  std::string arithmetic(const Mapping &mapping) const override {
    std::string reason;
    std::optional<Fission> fission = Fission::of(mapping.op, Fission::Windows::Before, Fission::Reductions::Behind, reason);
    return fission && !fission->rounded.empty() ? "products of 16 bits on the tensor cores" : "that of its scan";
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override;

  Knobs knobs(const Mapping &, const Target &) const override { return {}; }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes, OpBuilder &builder) const override;

private:
  enum class Search { Any, Cheapest };
  static std::optional<PlannedParts> plan(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                          std::string &reason, Search search = Search::Cheapest);
  static std::optional<PlannedParts> plan(Fission fission, const Target &target, const Sizes &sizes,
                                          std::string &reason);
};

} // namespace

std::optional<PlannedParts> FissionStrategy::plan(Fission fission, const Target &target, const Sizes &sizes,
                                                  std::string &reason) {
  PlannedParts planned{std::move(fission), {}, {}};
  auto secondsOf = [](scan::AffineOp op, ArrayRef<Answer> answers) {
    const Answer *best = cheapestOf(Mapping(op), answers);
    return best ? best->cost.seconds : std::numeric_limits<double>::infinity();
  };
  // A part before or behind the scan with time and lanes exchanged where that is cheaper.
  auto answersTo = [&](scan::AffineOp op) {
    std::vector<Answer> answers = ask(Mapping(op), target, sizes);
    if (op == planned.fission.scan)
      return answers;
    double asItIs = secondsOf(op, answers);
    if (!exchangeTime(op))
      return answers;
    std::vector<Answer> exchanged = ask(Mapping(op), target, sizes);
    if (secondsOf(op, exchanged) < asItIs)
      return exchanged;
    exchangeTime(op);
    return answers;
  };
  auto add = [&](scan::AffineOp op, StringRef where) {
    std::vector<Answer> answers = answersTo(op);
    Mapping mapping(op);
    // Rows of windows are rounded to what chunkwise rounds them to: nobody else allows it.
    if (op == planned.fission.scan && !planned.fission.before.empty() && planned.fission.rounded.empty())
      llvm::erase_if(answers, [](const Answer &answer) { return answer.strategy->name() != "chunkwise"; });
    const Answer *best = cheapestOf(mapping, answers);
    if (!best) {
      reason = where.str();
      for (const Answer &answer : answers)
        reason += (answers.front().strategy == answer.strategy ? "" : "; ") + answer.strategy->name().str() + ": " +
                  *answer.declined;
      return false;
    }
    if (auto pin = brokenPin(mapping, *best); pin && op == planned.fission.scan) {
      reason = where.str() + "no strategy keeps the pin " + *pin;
      return false;
    }
    planned.parts.push_back({op, best->cost, best->strategy});
    planned.seconds += best->cost.seconds;
    return true;
  };
  for (scan::AffineOp op : planned.fission.before)
    if (!add(op, "before the scan: "))
      return std::nullopt;
  if (!add(planned.fission.scan, "the scan without what is before and behind it: "))
    return std::nullopt;
  planned.scan = planned.parts.back();
  if (planned.fission.behind && !add(planned.fission.behind, "behind the scan: "))
    return std::nullopt;
  return planned;
}

std::optional<PlannedParts> FissionStrategy::plan(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                                  std::string &reason, Search search) {
  std::optional<PlannedParts> best;
  auto consider = [&](Fission::Windows windows, Fission::Reductions reductions) {
    if (best && search == Search::Any)
      return true;
    std::string own;
    std::optional<Fission> fission = Fission::of(mapping.op, windows, reductions, own);
    std::optional<PlannedParts> planned;
    if (fission)
      planned = plan(std::move(*fission), target, sizes, own);
    if (planned && (!best || planned->seconds < best->seconds))
      best = std::move(planned);
    if (reason.empty())
      reason = own;
    return fission.has_value();
  };
  // What stays is less than what goes.
  if (consider(Fission::Windows::Before, Fission::Reductions::Behind)) {
    bool hasWindows = best && !best->fission.before.empty();
    consider(Fission::Windows::Stay, Fission::Reductions::Behind);
    consider(Fission::Windows::Before, Fission::Reductions::Stay);
    if (hasWindows) {
      consider(Fission::Windows::Normed, Fission::Reductions::Behind);
      consider(Fission::Windows::Normed, Fission::Reductions::Stay);
    }
  }
  return best;
}

/// Other pins than that of rounded rows are the scan's, and where nothing keeps them it is declined.
bool FissionStrategy::honours(const Mapping &mapping, StringRef pin, StringRef value) const {
  std::string reason;
  std::optional<Fission> fission = Fission::of(mapping.op, Fission::Windows::Before, Fission::Reductions::Behind, reason);
  return fission && (fission->rounded.empty() || pin != "precision" || value == fission->rounded);
}

Cost FissionStrategy::cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
  std::string reason;
  PlannedParts planned = *plan(mapping, target, sizes, reason);
  Cost cost = planned.scan.cost;
  std::string others;
  for (const PlannedPart &part : planned.parts) {
    if (part.op == planned.scan.op)
      continue;
    cost.seconds += part.cost.seconds;
    cost.bytes += part.cost.bytes;
    cost.flops += part.cost.flops;
    cost.sharedBytes = std::max(cost.sharedBytes, part.cost.sharedBytes);
    cost.mostSharedBytes = std::max(cost.mostSharedBytes, part.cost.mostSharedBytes);
    cost.deterministic &= part.cost.deterministic;
    others += formatv("{0} by {1}, {2:F1} us; ",
                      part.op == planned.fission.behind ? StringRef("behind") : StringRef("before"),
                      part.strategy->name(), part.cost.seconds * 1e6);
  }
  cost.overlaps |= planned.parts.size() > 1 && target.dependentLaunches;
  if (!planned.fission.rounded.empty())
    cost.errorBound = formatv("{0} of the rows of products, and {1}", planned.fission.rounded == "f16" ? "2^-12" : "2^-9",
                              cost.errorBound);
  cost.shape = others + planned.scan.strategy->name().str() + " " + cost.shape;
  return cost;
}

void FissionStrategy::lower(const Mapping &mapping, const Target &target, const Sizes &sizes, OpBuilder &builder) const {
  std::string reason;
  PlannedParts planned = *plan(mapping, target, sizes, reason);
  auto program = builder.getInsertionBlock()->getParentOp()->getParentOfType<plan::ProgramOp>();
  addTensors(program, planned.fission.own);
  for (const PlannedPart &part : planned.parts) {
    TuningOf tuning(part.op, part.strategy->name());
    part.strategy->lower(Mapping(part.op), target, sizes, builder);
  }
}

std::unique_ptr<Strategy> createFission() { return std::make_unique<FissionStrategy>(); }

} // namespace scanc::planning
