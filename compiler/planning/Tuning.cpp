//===- Tuning.cpp - Fields of a policy that somebody has set --------------===//
#include "compiler/planning/Tuning.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::planning {

/// Where a recurrence keeps what `setTuning` was given.
static constexpr llvm::StringLiteral tuningAttr = "scan.policy";

static constexpr llvm::StringLiteral fields[] = {"lane_threads", "time_threads", "lanes", "steps",
                                                 "ring", "runs", "blocks", "state_threads", "prefixes"};

StringRef strategyName(StringRef text) { return text.split('(').first.trim(); }

std::optional<std::string> setTuning(scan::AffineOp op, StringRef text) {
  size_t open = text.find('(');
  if (open == StringRef::npos)
    return std::nullopt;
  StringRef list = text.substr(open + 1).rtrim();
  if (!list.consume_back(")"))
    return llvm::formatv("expected ')' at the end of '{0}'", text).str();
  NamedAttrList values;
  SmallVector<StringRef> items;
  list.split(items, ',', -1, /*KeepEmpty=*/false);
  for (StringRef item : items) {
    auto [name, number] = item.split('=');
    int64_t value;
    if (!llvm::is_contained(fields, name.trim()))
      return llvm::formatv("expected one of {0}, got '{1}'", llvm::join(ArrayRef(fields), ", "), name.trim())
          .str();
    if (number.trim().getAsInteger(10, value) || value < 0 || value > 1024 ||
        (value == 0 && name.trim() != "ring"))
      return llvm::formatv("{0}: expected a number from {1} to 1024, got '{2}'", name.trim(),
                           name.trim() == "ring" ? 0 : 1, number.trim())
          .str();
    values.set(name.trim(), IntegerAttr::get(IntegerType::get(op.getContext(), 64), value));
  }
  op->setAttr(tuningAttr, values.getDictionary(op.getContext()));
  return std::nullopt;
}

int64_t tuned(const Mapping &mapping, StringRef field, int64_t chosen) {
  auto values = mapping.op->getAttrOfType<DictionaryAttr>(tuningAttr);
  auto value = values ? values.getAs<IntegerAttr>(field) : IntegerAttr();
  return value ? value.getInt() : chosen;
}

} // namespace scanc::planning
