//===- SearchSpace.cpp - Every policy that is worth a try -----------------===//
#include "compiler/planning/SearchSpace.h"

#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"

#include <cmath>

using namespace mlir;

namespace scanc::planning {

namespace {

/// Collects the points of one strategy.
class Collector {
public:
  Collector(const Mapping &mapping, const Target &target, const Sizes &sizes, const Answer &answer,
            Fields fixed)
      : mapping(mapping), target(target), sizes(sizes), answer(answer), fixed(std::move(fixed)),
        knobs(answer.strategy->knobs(mapping, target)) {}

  void collect(std::vector<Point> &points);

private:
  void addOwn(std::vector<Point> &points);
  /// Tries the values of knob `i` and of those behind it.
  void vary(size_t i, std::vector<Point> &points);
  void tryHere(std::vector<Point> &points);
  bool canRun(const Cost &cost) const;
  bool isAsSet(plan::PolicyAttr policy) const;
  Fields withFixed(const Fields &fields) const;

  const Mapping &mapping;
  const Target &target;
  const Sizes &sizes;
  const Answer &answer;
  Fields fixed; ///< by the caller
  Knobs knobs;
  Fields here; ///< of the point that is tried, one for each knob
  std::string ownText;
};

} // namespace

Fields Collector::withFixed(const Fields &fields) const {
  Fields all = fields;
  for (const auto &field : fixed)
    if (llvm::none_of(fields, [&](const auto &known) { return known.first == field.first; }))
      all.push_back(field);
  return all;
}

/// Whether the policy has every field as it was set: what cannot be had so is chosen otherwise.
bool Collector::isAsSet(plan::PolicyAttr policy) const {
  return llvm::all_of(here, [&](const auto &field) { return fieldOf(policy, field.first) == field.second; });
}

/// Whether a block of whole warps has registers, threads and shared memory enough.
bool Collector::canRun(const Cost &cost) const {
  constexpr int64_t warp = 32, mostThreads = 1024, mostRegisters = 254;
  int64_t threads = cost.policy.getThreads();
  return threads <= mostThreads && threads % warp == 0 && cost.registersPerThread <= mostRegisters &&
         threads * cost.registersPerThread <= target.registersPerMultiprocessor &&
         cost.mostSharedBytes <= target.sharedPerBlock;
}

void Collector::addOwn(std::vector<Point> &points) {
  const Strategy &strategy = *answer.strategy;
  setTuning(mapping.op, strategy.name(), fixed);
  Point own{pinnedText(strategy.name(), fixed), &answer, strategy.cost(mapping, target, sizes), true};
  for (const Knob &knob : knobs)
    here.emplace_back(knob.field, fieldOf(own.cost.policy, knob.field));
  // What it chooses where nothing is set may be out of reach of what can be set.
  setTuning(mapping.op, strategy.name(), withFixed(here));
  if (!strategy.declines(mapping, target) &&
      strategy.cost(mapping, target, sizes).policy == own.cost.policy)
    own.text = pinnedText(strategy.name(), withFixed(here));
  ownText = own.text;
  points.push_back(std::move(own));
}

void Collector::tryHere(std::vector<Point> &points) {
  const Strategy &strategy = *answer.strategy;
  Fields all = withFixed(here);
  std::string text = pinnedText(strategy.name(), all);
  if (text == ownText)
    return;
  setTuning(mapping.op, strategy.name(), all);
  if (strategy.declines(mapping, target))
    return;
  Cost cost = strategy.cost(mapping, target, sizes);
  if (isAsSet(cost.policy) && canRun(cost))
    points.push_back({std::move(text), &answer, std::move(cost)});
}

void Collector::vary(size_t i, std::vector<Point> &points) {
  if (i == knobs.size())
    return tryHere(points);
  for (int64_t value : knobs[i].values) {
    here[i].second = value;
    vary(i + 1, points);
  }
}

/// How far apart two values of a field are.
static double doublings(int64_t a, int64_t b) {
  return std::fabs(std::log2((1.0 + static_cast<double>(a)) / (1.0 + static_cast<double>(b))));
}

void Collector::collect(std::vector<Point> &points) {
  addOwn(points);
  for (auto [i, knob] : llvm::enumerate(knobs)) {
    auto isThis = [&knob = knob](const auto &field) { return field.first == knob.field; };
    if (const auto *set = llvm::find_if(fixed, isThis); set != fixed.end())
      knob.values.assign({set->second});
    else // what it chooses itself, in the place of what is nearest
      *llvm::min_element(knob.values, [&, own = here[i].second](int64_t a, int64_t b) {
        return doublings(a, own) < doublings(b, own);
      }) = here[i].second;
  }
  vary(0, points);
}

/// How far apart two policies are, over all fields.
static double distance(plan::PolicyAttr a, plan::PolicyAttr b) {
  if (a == b) // a product of matrices alone has none
    return 0;
  double sum = 0;
  for (StringRef field : {"lane_threads", "time_threads", "lanes", "steps", "ring", "runs", "blocks",
                          "state_threads"})
    sum += doublings(fieldOf(a, field), fieldOf(b, field));
  return sum;
}

std::vector<Point> searchSpace(scan::AffineOp op, const Target &target, const Decision &decision,
                               StringRef option) {
  Mapping mapping(op);
  Sizes sizes = assumeSizes(op);
  StringRef named = pinnedStrategy(op, strategyName(option));
  Fields fixed = fieldsSet(op);
  std::vector<Point> points;
  for (const Answer &answer : decision.answers) {
    StringRef name = answer.strategy->name();
    if (answer.declined || (!named.empty() && name != named) || brokenPin(mapping, answer))
      continue;
    Collector(mapping, target, sizes, answer, fixed).collect(points);
  }
  setTuning(op, named, fixed);
  llvm::stable_sort(points, [](const Point &a, const Point &b) {
    return std::pair(a.cost.seconds, distance(a.cost.policy, a.of->cost.policy)) <
           std::pair(b.cost.seconds, distance(b.cost.policy, b.of->cost.policy));
  });
  return points;
}

} // namespace scanc::planning
