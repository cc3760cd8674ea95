//===- Pins.cpp - Choices that the user fixed -----------------------------===//
#include "compiler/planning/Pins.h"

using namespace mlir;

namespace scanc::planning {

StringRef pinnedStrategy(scan::RecurrenceInterface op, StringRef option) {
  if (!option.empty())
    return option == "auto" ? StringRef() : option;
  auto pins = op.getPinsAttr();
  auto name = pins ? pins.getAs<StringAttr>("strategy") : StringAttr();
  return !name || name == "auto" ? StringRef() : name.getValue();
}

StringRef pinnedValue(scan::RecurrenceInterface op, StringRef pin) {
  auto pins = op.getPinsAttr();
  auto value = pins ? pins.getAs<StringAttr>(pin) : StringAttr();
  return value ? value.getValue() : StringRef();
}

/// Whether there are states, every one kept in the type called `name` already.
static bool accumulates(scan::RecurrenceInterface op, StringRef name) {
  for (int64_t i = 0; i < op.getNumStates(); ++i) {
    std::string type;
    llvm::raw_string_ostream(type) << op.getState(i).getElementType();
    if (type != name)
      return false;
  }
  return op.getNumStates() > 0;
}

std::optional<std::string> brokenPin(scan::RecurrenceInterface op, bool deterministic,
                                     llvm::function_ref<bool(StringRef, StringRef)> honoured) {
  auto pins = op.getPinsAttr();
  if (!pins)
    return std::nullopt;
  for (NamedAttribute pin : pins) {
    StringRef name = pin.getName().getValue();
    auto text = dyn_cast<StringAttr>(pin.getValue());
    bool kept = name == "strategy" || (name == "deterministic" && deterministic) ||
                (text && honoured(name, text)) ||
                (name == "accumulate" && text && accumulates(op, text.getValue()));
    if (kept)
      continue;
    return text ? ("@" + name + "(" + text.getValue() + ")").str() : ("@" + name).str();
  }
  return std::nullopt;
}

Location placeOfPin(scan::RecurrenceInterface op, StringRef pin) {
  // The importer fuses the places of pins with that of the scan.
  auto fused = dyn_cast<FusedLoc>(op->getLoc());
  auto places = fused ? dyn_cast_or_null<DictionaryAttr>(fused.getMetadata()) : DictionaryAttr();
  pin.consume_front("@");
  auto place = places ? places.getAs<LocationAttr>(pin.split('(').first) : LocationAttr();
  return place ? Location(place) : op->getLoc();
}

} // namespace scanc::planning
