//===- Strategy.cpp - The list of strategies and what they decline alike --===//
#include "compiler/planning/Strategy.h"

#include "compiler/planning/ProjectedScan.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace mlir;

namespace scanc::planning {

const std::vector<std::unique_ptr<Strategy>> &allStrategies() {
  static const auto strategies = [] {
    std::vector<std::unique_ptr<Strategy>> list;
    list.push_back(createSequential());
    list.push_back(createBlelloch());
    list.push_back(createLookBack());
    list.push_back(createMatmulScan());
    list.push_back(createCyclicReduction());
    list.push_back(createChunkwise());
    list.push_back(createProjection());
    list.push_back(createProjectedScan());
    list.push_back(createFission());
    return list;
  }();
  return strategies;
}

void KernelStrategy::lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
                           OpBuilder &builder) const {
  KernelChoice choice = choose(mapping, target, sizes);
  createKernel(mapping, choice, "plan." + (choice.kernel.empty() ? name().str() : choice.kernel), builder);
}

Cost KernelStrategy::costOf(const Mapping &mapping, const KernelChoice &choice,
                            const Sizes &sizes) {
  Cost cost;
  cost.policy = choice.wide;
  cost.sharedBytes = choice.wideShared;
  if (choice.rows == 0) { // a matrix is measured as a whole
    plan::VariantAttr variant = variantAt(mapping, choice, sizes);
    cost.policy = variant.getPolicy();
    cost.sharedBytes = variant.getSharedBytes();
    cost.elementwise = widestElement(mapping) <= 4 && !hasVectors(variant);
  }
  cost.mostSharedBytes = std::max({choice.wideShared, choice.generalShared, choice.shiftedShared,
                                   choice.phasedShared});
  cost.bytes = compulsoryBytes(mapping, sizes);
  return cost;
}

/// What a step adds to the error of its state, with u the roundoff and M the sum of magnitudes.
static StringRef errorOfStep(scan::Ring ring) {
  switch (ring) {
  case scan::Ring::Real:
    return "c u (|a| M[t-1] + |b|) per step";
  case scan::Ring::MaxPlus:
  case scan::Ring::MinPlus:
    return "c u (M[t-1] + |a|) per step";
  case scan::Ring::Log:
    return "c u (M[t-1] + |a| + |b| + 1) per step";
  }
  llvm_unreachable("every ring is listed");
}

std::string errorBound(const Mapping &mapping, StringRef order) {
  llvm::SmallSetVector<StringRef, 4> steps;
  for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>())
    steps.insert(errorOfStep(advance.getRing()));
  if (steps.empty())
    return "that of a step's own operations: there is no state";
  return llvm::join(steps, ", ") + ", " + order.str();
}

static std::optional<std::string> declinesType(Type type) {
  if (type.isF64() || type.isF32() || type.isF16() || type.isBF16() || isa<ComplexType>(type))
    return std::nullopt;
  std::string spelled;
  llvm::raw_string_ostream(spelled) << type;
  if (isa<Float8E4M3FNType>(type))
    spelled = "f8e4m3";
  else if (isa<Float8E5M2Type>(type))
    spelled = "f8e5m2";
  return "elements of type " + spelled;
}

static std::optional<std::string> declinesTensor(Value tensor) {
  return declinesType(cast<RankedTensorType>(tensor.getType()).getElementType());
}

/// Where a result of the kernel is declared: its share of the return's location.
static Location placeOfResult(Value tensor) {
  for (OpOperand &use : tensor.getUses()) {
    auto fused = dyn_cast<FusedLoc>(use.getOwner()->getLoc());
    if (fused && fused.getLocations().size() == use.getOwner()->getNumOperands())
      return fused.getLocations()[use.getOperandNumber()];
    if (use.getOwner()->getNumOperands() == 1 && use.getOwner()->hasTrait<OpTrait::IsTerminator>())
      return use.getOwner()->getLoc();
  }
  return tensor.getLoc();
}

Location placeOfDecline(const Mapping &mapping, StringRef reason) {
  for (Value tensor : mapping.op->getOperands())
    if (declinesTensor(tensor) == reason)
      return tensor.getLoc();
  for (Value tensor : mapping.op->getResults())
    if (declinesTensor(tensor) == reason)
      return placeOfResult(tensor);
  return mapping.op->getLoc();
}

std::optional<std::string> declinesElementwise(const Mapping &mapping) {
  for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>()) {
    if (advance.getNumStates() > 1)
      return std::string("states that read each other (a block state)");
    switch (advance.getStructure()) {
    case scan::Structure::Identity:
    case scan::Structure::Scalar:
    case scan::Structure::Diagonal:
      break;
    default: {
      std::string structure = scan::stringifyStructure(advance.getStructure()).str();
      std::replace(structure.begin(), structure.end(), '_', '-');
      return "a " + structure + " transition";
    }
    }
  }
  if (auto reason = declinesData(mapping))
    return reason;
  constexpr double mostOperations = 1 << 15;
  if (double operations = textOfStep(mapping) - countAlone(mapping, {}).flops; operations > mostOperations)
    return llvm::formatv("a step of {0:F0} operations on points of indices, all of which would stand in its text, "
                         "more than {1:F0}",
                         operations, mostOperations)
        .str();
  return std::nullopt;
}

std::optional<std::string> declinesReducedLanes(const Mapping &mapping) {
  if (mapping.reduced < 0)
    return std::nullopt;
  StringRef name = scan::RecurrenceInterface(mapping.op).getDim(mapping.reduced).getName().getValue();
  return ("a readout over lanes (index " + name + ")").str();
}

std::optional<std::string> declinesData(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  const scan::IndexSets &sets = mapping.sets;
  for (auto reindex : mapping.op.getBody().getOps<scan::ReindexOp>())
    if (sets.of(reindex.getResult()).size() < sets.of(reindex.getValue()).size())
      return std::string("a local read with one index in two places");
  for (Value tensor : mapping.op->getOperands())
    if (auto reason = declinesTensor(tensor); reason && tensor != loop.getReset())
      return reason;
  for (Value tensor : mapping.op->getResults())
    if (auto reason = declinesTensor(tensor))
      return reason;
  for (int64_t i : mapping.registers) {
    scan::DimAttr dim = loop.getDim(i);
    if (ShapedType::isDynamic(dim.getSize()))
      return llvm::formatv("index {0}, summed over, of a size not known at compile time (bind it: "
                           "--shape {1}=…)",
                           dim.getName().getValue(), dim.getExtent().getValue())
          .str();
    if (dim.getSize() == 0)
      return llvm::formatv("index {0}, summed over, of size 0", dim.getName().getValue()).str();
  }
  return std::nullopt;
}

std::optional<std::string> declinesBlock(const Mapping &mapping, int64_t threads) {
  constexpr int64_t warp = 32;
  if (mapping.segment >= 0 && threads % warp != 0)
    return llvm::formatv("packed sequences (reset at) by blocks of {0} threads, which are no whole "
                         "warps",
                         threads)
        .str();
  return std::nullopt;
}

std::optional<std::string> declinesReassociation(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  for (int64_t i = 0; i < loop.getNumStates(); ++i) {
    Type type = loop.getState(i).getElementType();
    if (!type.isF32() && !type.isF64() && !isa<ComplexType>(type)) {
      std::string spelled;
      llvm::raw_string_ostream(spelled) << type;
      return llvm::formatv("state '{0}', rounded to {1} at every step, cannot be re-associated",
                           loop.getState(i).getName().getValue(), spelled)
          .str();
    }
  }
  constexpr int64_t stateLimit = 16;
  if (int64_t size = mapping.stateSize(); size > stateLimit)
    return llvm::formatv("{0} numbers of state per lane, at most {1} fit in registers with their "
                         "maps",
                         size, stateLimit)
        .str();
  return std::nullopt;
}

} // namespace scanc::planning
