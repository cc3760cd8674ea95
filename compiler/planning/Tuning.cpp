//===- Tuning.cpp - Fields of a policy that somebody has set --------------===//
#include "compiler/planning/Tuning.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::planning {

/// Where a recurrence keeps what `setTuning` was given, and there the strategy that it was given for.
static constexpr llvm::StringLiteral tuningAttr = "scan.policy", strategyField = "strategy";

static constexpr llvm::StringLiteral fields[] = {"lane_threads", "time_threads", "lanes", "steps",
                                                 "ring", "runs", "blocks", "state_threads", "prefixes", "staged",
                                                 "products"};
/// Those that may be 0.
static constexpr llvm::StringLiteral switches[] = {"ring", "staged", "products"};

StringRef strategyName(StringRef text) { return text.split('(').first.trim(); }

std::string pinnedText(StringRef strategy, const Fields &fields) {
  std::string text = strategy.str();
  for (auto [i, field] : llvm::enumerate(fields))
    text += llvm::formatv("{0}{1}={2}", i == 0 ? "(" : ", ", field.first, field.second);
  return text + (fields.empty() ? "" : ")");
}

std::optional<std::string> setTuning(scan::AffineOp op, StringRef text) {
  size_t open = text.find('(');
  if (open == StringRef::npos)
    return std::nullopt;
  StringRef list = text.substr(open + 1).rtrim();
  if (!list.consume_back(")"))
    return llvm::formatv("expected ')' at the end of '{0}'", text).str();
  Fields set;
  SmallVector<StringRef> items;
  list.split(items, ',', -1, /*KeepEmpty=*/false);
  for (StringRef item : items) {
    auto [name, number] = item.split('=');
    int64_t value;
    if (!llvm::is_contained(fields, name.trim()))
      return llvm::formatv("expected one of {0}, got '{1}'", llvm::join(ArrayRef(fields), ", "), name.trim())
          .str();
    int64_t least = llvm::is_contained(switches, name.trim()) ? 0 : 1;
    if (number.trim().getAsInteger(10, value) || value < least || value > 1024)
      return llvm::formatv("{0}: expected a number from {1} to 1024, got '{2}'", name.trim(),
                           least, number.trim())
          .str();
    set.emplace_back(name.trim(), value);
  }
  setTuning(op, strategyName(text), set);
  return std::nullopt;
}

void setTuning(scan::AffineOp op, StringRef strategy, const Fields &fields) {
  NamedAttrList values;
  if (!strategy.empty() && strategy != "auto")
    values.set(strategyField, StringAttr::get(op.getContext(), strategy));
  for (auto [name, value] : fields)
    values.set(name, IntegerAttr::get(IntegerType::get(op.getContext(), 64), value));
  op->setAttr(tuningAttr, values.getDictionary(op.getContext()));
}

Fields fieldsSet(scan::AffineOp op) {
  Fields set;
  if (auto values = op->getAttrOfType<DictionaryAttr>(tuningAttr))
    for (StringRef name : fields)
      if (auto value = values.getAs<IntegerAttr>(name))
        set.emplace_back(name, value.getInt());
  return set;
}

TuningOf::TuningOf(scan::AffineOp op, StringRef strategy) : op(op) {
  auto values = op->getAttrOfType<DictionaryAttr>(tuningAttr);
  auto owner = values ? values.getAs<StringAttr>(strategyField) : StringAttr();
  if (owner && owner != strategy)
    hidden = op->removeAttr(tuningAttr);
}

TuningOf::~TuningOf() {
  if (hidden)
    op->setAttr(tuningAttr, hidden);
}

int64_t tuned(const Mapping &mapping, StringRef field, int64_t chosen) {
  auto values = mapping.op->getAttrOfType<DictionaryAttr>(tuningAttr);
  auto value = values ? values.getAs<IntegerAttr>(field) : IntegerAttr();
  return value ? value.getInt() : chosen;
}

int64_t fieldOf(plan::PolicyAttr policy, StringRef name) {
  return llvm::StringSwitch<int64_t>(name)
      .Case("lane_threads", policy.getLaneThreads())
      .Case("time_threads", policy.getTimeThreads())
      .Case("lanes", policy.getLanes())
      .Case("steps", policy.getSteps())
      .Case("ring", policy.getRing())
      .Case("runs", policy.getRuns())
      .Case("blocks", policy.getBlocks())
      .Case("state_threads", policy.getStateThreads());
}

} // namespace scanc::planning
