//===- Variants.cpp - Policies and formulas that a launch can follow ------===//
#include "dialects/plan/Variants.h"

#include "dialects/plan/Kernels.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::plan {

rt::FactNames namesOf(ProgramOp program) {
  rt::FactNames names;
  for (auto parameter : program.getParameters().getAsRange<ParameterAttr>()) {
    names.operands.push_back({parameter.getName().str(), parameter.getDims().size()});
    for (StringAttr dim : parameter.getDims()) {
      StringRef name = dim.getValue().split('+').first;
      if (!llvm::all_of(name, llvm::isDigit) && !llvm::is_contained(names.sizes, name))
        names.sizes.push_back(name.str());
    }
  }
  return names;
}

/// What a kernel whose policy is `phased` lacks for it.
static std::optional<std::string> stripObstacle(KernelInterface op, PolicyAttr policy) {
  int64_t time = op.getTimeDim();
  if (!isa<SequentialOp, BlellochOp>(op) || policy.getWalk() != Walk::Lanes || time == 0 || op.getReset())
    return std::string("plan.sequential or plan.blelloch across lanes, without segments");
  if (policy.getLaneThreads() % 32 != 0 || policy.getLanes() % 2 != 0 || policy.getRing() < 2 ||
      policy.getStateThreads() != 1 || policy.getReduceThreads() != 0 || policy.getShifted())
    return std::string("whole warps along lanes, pairs of lanes, a ring, state_threads of 1, no reduction "
                       "over lanes and no shift");
  auto hasRows = [&](AffineMap map) {
    auto isPoint = [&](AffineExpr expr) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      return dim && static_cast<int64_t>(dim.getPosition()) > time;
    };
    return map.getNumResults() > 0 && map.isFunctionOfDim(time) &&
           map.getResults().back() == getAffineDimExpr(time - 1, op->getContext()) &&
           llvm::none_of(map.getResults(), isPoint);
  };
  for (auto access : op.getReads().getAsRange<AccessAttr>())
    if (AffineMap map = access.getMap();
        map.isFunctionOfDim(time) && map.isFunctionOfDim(time - 1) && !hasRows(map))
      return ("rows of lanes in " + access.getParameter().getValue()).str();
  for (auto access : op.getWrites().getAsRange<AccessAttr>())
    if (!hasRows(access.getMap()))
      return ("rows of lanes in " + access.getParameter().getValue()).str();
  return std::nullopt;
}

static LogicalResult verifyShape(KernelInterface op, VariantAttr variant) {
  PolicyAttr policy = variant.getPolicy();
  bool positive = policy.getLaneThreads() > 0 && policy.getTimeThreads() > 0 &&
                  policy.getStateThreads() > 0 && policy.getLanes() > 0 && policy.getSteps() > 0 && policy.getRing() >= 0 &&
                  policy.getRuns() > 0 && policy.getBlocks() > 0 &&
                  variant.getSharedBytes() >= 0 &&
                  llvm::all_of(variant.getWidths().asArrayRef(), [](int64_t w) { return w > 0; });
  if (!positive) // kernel_c8
    return op->emitOpError("variants: expected positive threads, lanes, steps and widths, got ")
           << variant;
  constexpr int64_t most = 1024; // so that their product cannot overflow either
  if (policy.getLaneThreads() > most || policy.getTimeThreads() > most ||
      policy.getThreads() > most) // kernel_c8
    return op->emitOpError("variants: expected at most ")
           << most << " threads of a block, got " << policy.getLaneThreads() << " x "
           << policy.getTimeThreads();
  int64_t parts = policy.getStateThreads();
  if (!llvm::isPowerOf2_64(parts) || parts > 32 || policy.getSteps() % parts != 0 ||
      (parts > 1 && policy.getThreads() % 32 != 0)) // kernel_c8
    return op->emitOpError("variants: expected state_threads to be a power of two that divides the "
                           "steps, in whole warps, got ")
           << policy;
  if (policy.getPhased())
    if (auto wanted = stripObstacle(op, policy)) // kernel_c12
      return op->emitOpError("variants: expected ") << *wanted << ", got " << policy;
  if (variant.getOffsetBits() != 32 && variant.getOffsetBits() != 64) // kernel_c8
    return op->emitOpError("variants: expected 32 or 64 offset_bits, got ")
           << variant.getOffsetBits();
  return success();
}

/// The sizes of a launch at which unbound names are about `typical`, each a little different.
static SmallVector<int64_t> sizesAbout(int64_t typical, KernelInterface op,
                                       const rt::FactNames &names) {
  SmallVector<int64_t> sizes;
  DictionaryAttr bound = op->getParentOfType<ProgramOp>().getSizes();
  for (const std::string &name : names.sizes) {
    auto size = bound.getAs<IntegerAttr>(name);
    sizes.push_back(size ? size.getInt() : typical + static_cast<int64_t>(sizes.size()));
  }
  return sizes;
}

/// The number of lanes at these sizes.
static int64_t lanesAt(ArrayRef<int64_t> sizes, KernelInterface op, const rt::FactNames &names) {
  int64_t lanes = 1;
  for (int64_t i = 0; i < op.getNumDims(); ++i) {
    DimAttr dim = op.getDim(i);
    if (dim.getRole() != Role::Lane)
      continue;
    auto named = llvm::find(names.sizes, dim.getExtent().getValue());
    int64_t size = !ShapedType::isDynamic(dim.getSize()) ? dim.getSize()
                   : named != names.sizes.end()          ? sizes[named - names.sizes.begin()]
                                                         : 1;
    lanes *= size;
  }
  return lanes;
}

static LogicalResult verifyGrid(KernelInterface op, VariantAttr variant,
                                const rt::FactNames &names) {
  auto grid = rt::CompiledFormula::parse(variant.getGrid().getValue(), names);
  if (!grid) // kernel_c9
    return op->emitOpError("variants: ") << grid.error().message;
  PolicyAttr policy = variant.getPolicy();
  SmallVector<rt::OperandFacts> operands(names.operands.size());
  SmallVector<int64_t> strides(8, 1);
  for (auto [facts, operand] : llvm::zip(operands, names.operands)) {
    strides.resize(std::max(strides.size(), operand.rank), 1);
    facts.strides = std::span<const int64_t>(strides.data(), operand.rank);
  }
  for (int64_t typical : {1, 7, 100}) {
    SmallVector<int64_t> sizes = sizesAbout(typical, op, names);
    auto blocks = grid->evaluate({sizes, operands, {}});
    int64_t lanes = lanesAt(sizes, op, names);
    if (blocks.fault != rt::FormulaFault::none) // kernel_c9
      return op->emitOpError("variants: grid: ") << rt::spelling(blocks.fault) << " in "
                                                 << variant.getGrid();
    // Blocks that hold all lanes, each lane once.
    int64_t held = policy.getLaneThreads() * policy.getLanes();
    if (blocks.value < (lanes + held - 1) / held) // kernel_c9
      return op->emitOpError("variants: grid: expected blocks for ")
             << lanes << " lanes, of " << policy.getLaneThreads() << " x " << policy.getLanes()
             << " each, got " << blocks.value << " from " << variant.getGrid();
  }
  return success();
}

/// The launches before the kernel of the op: theirs is the same argument.
static LogicalResult verifyBefore(KernelInterface op, VariantAttr variant, const rt::FactNames &names) {
  if (!variant.getBefore())
    return success();
  for (Attribute attr : variant.getBefore()) {
    constexpr int64_t most = 1024;
    auto launch = dyn_cast<LaunchAttr>(attr);
    if (!isa<ChunkwiseOp>(op) || !launch || launch.getThreads() < 1 || launch.getThreads() > most ||
        launch.getSharedBytes() < 0) // kernel_c13
      return op->emitOpError("variants: expected before a plan.chunkwise alone #plan.launch of 1 to ")
             << most << " threads, got " << attr;
    if (auto grid = rt::CompiledFormula::parse(launch.getGrid().getValue(), names); !grid) // kernel_c13
      return op->emitOpError("variants: ") << grid.error().message;
  }
  return success();
}

LogicalResult verifyVariants(KernelInterface op) {
  if (op.getVariants().empty()) // kernel_c5
    return op->emitOpError("variants: expected at least one");
  rt::FactNames names = namesOf(op->getParentOfType<ProgramOp>());
  for (Attribute attr : op.getVariants()) {
    auto variant = dyn_cast<VariantAttr>(attr);
    size_t widths =
        op.getReads().size() + op.getWrites().size() + op.getInits().size() + op.getFinals().size();
    if (!variant || static_cast<size_t>(variant.getWidths().size()) != widths) // kernel_c5
      return op->emitOpError("variants: expected #plan.variant with ")
             << widths << " widths, got " << attr;
    if (failed(verifyShape(op, variant)) || failed(verifyGrid(op, variant, names)) ||
        failed(verifyBefore(op, variant, names)))
      return failure();
    for (Attribute requirement : variant.getRequirements()) {
      auto text = dyn_cast<StringAttr>(requirement);
      if (!text) // kernel_c9
        return op->emitOpError("variants: expected requirements as strings, got ") << requirement;
      if (auto formula = rt::CompiledFormula::parse(text.getValue(), names); !formula) // kernel_c9
        return op->emitOpError("variants: ") << formula.error().message;
    }
  }
  auto last = cast<VariantAttr>(*(op.getVariants().end() - 1));
  if (!last.getRequirements().empty()) // kernel_c5
    return op->emitOpError("variants: expected the last to require nothing, got ")
           << last.getRequirements();
  return success();
}

} // namespace scanc::plan
