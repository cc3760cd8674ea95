//===- PlanOps.cpp - The numbered constraints of the plan dialect ---------===//
#include "dialects/plan/PlanOps.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace scanc::plan;

#include "dialects/plan/PlanInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.cpp.inc"

LogicalResult ProgramOp::verify() {
  llvm::SmallSet<StringRef, 8> names;
  for (Attribute attr : getParameters()) {
    auto parameter = dyn_cast<ParameterAttr>(attr);
    if (!parameter || !names.insert(parameter.getName().getValue()).second) // program_c1
      return emitOpError("parameters: expected #plan.parameter with distinct names, got ") << attr;
  }
  for (NamedAttribute size : getSizes())
    if (!isa<IntegerAttr>(size.getValue())) // program_c1
      return emitOpError("sizes: expected integers, got ") << size.getValue();
  for (Operation &op : getBody().front())
    if (!isa<EntryOp>(op)) // program_c2
      return op.emitOpError("expected a plan.entry in a plan.program");
  return success();
}

/// Lanes, then one time, then register dimensions of static size.
static LogicalResult verifyDims(KernelInterface op) {
  Role last = Role::Lane;
  int64_t times = 0;
  for (Attribute attr : op.getDims()) {
    auto dim = dyn_cast<DimAttr>(attr);
    if (!dim || dim.getRole() < last) // kernel_c1
      return op->emitOpError("dims: expected lanes, time, registers in this order, got ") << attr;
    last = dim.getRole();
    times += last == Role::Time;
    if (last == Role::Register && ShapedType::isDynamic(dim.getSize())) // kernel_c1
      return op->emitOpError("dims: expected a static size of register dimension ")
             << dim.getName();
  }
  if (times != 1) // kernel_c1
    return op->emitOpError("dims: expected one time dimension, got ") << times;
  return success();
}

static LogicalResult verifyAccesses(KernelInterface op, ArrayAttr accesses, StringRef what) {
  for (Attribute attr : accesses) {
    auto access = dyn_cast<AccessAttr>(attr);
    if (!access || access.getMap().getNumDims() != op.getNumDims()) // kernel_c2
      return op->emitOpError() << what << ": expected #plan.access over " << op.getNumDims()
                               << " dims, got " << attr;
    auto program = op->getParentOfType<ProgramOp>();
    bool known = llvm::any_of(program.getParameters().getAsRange<ParameterAttr>(),
                              [&](ParameterAttr parameter) {
      return parameter.getName() == access.getParameter() &&
             parameter.getDims().size() == access.getMap().getNumResults();
    });
    if (!known) // kernel_c2
      return op->emitOpError() << what << ": expected a parameter with its rank, got " << attr;
  }
  return success();
}

static LogicalResult verifyVariants(KernelInterface op) {
  if (op.getVariants().empty()) // kernel_c5
    return op->emitOpError("variants: expected at least one");
  for (Attribute attr : op.getVariants()) {
    auto variant = dyn_cast<VariantAttr>(attr);
    size_t widths = op.getReads().size() + op.getWrites().size();
    if (!variant || static_cast<size_t>(variant.getWidths().size()) != widths) // kernel_c5
      return op->emitOpError("variants: expected #plan.variant with ")
             << widths << " widths, got " << attr;
  }
  auto last = cast<VariantAttr>(*(op.getVariants().end() - 1));
  if (!last.getRequirements().empty()) // kernel_c5
    return op->emitOpError("variants: expected the last to require nothing, got ")
           << last.getRequirements();
  return success();
}

static LogicalResult verifyKernel(KernelInterface op) {
  if (failed(verifyDims(op)) || failed(verifyAccesses(op, op.getReads(), "reads")) ||
      failed(verifyAccesses(op, op.getWrites(), "writes")) ||
      failed(verifyAccesses(op, op.getInits(), "inits")) ||
      failed(verifyAccesses(op, op.getFinals(), "finals")))
    return failure();
  if (op.getInits().size() != op.getInitStates().size() ||
      op.getFinals().size() != op.getFinalStates().size()) // kernel_c2
    return op->emitOpError("expected one access per initial and final state");
  return verifyVariants(op);
}

static LogicalResult verifyKernelRegion(KernelInterface op) {
  Block &block = op.getBody().front();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getValues().size() != op.getWrites().size() ||
      block.getNumArguments() != op.getReads().size()) // kernel_c3
    return op->emitOpError("region: expected ")
           << op.getReads().size() << " arguments and " << op.getWrites().size()
           << " yielded values";
  int64_t next = 0;
  for (AdvanceOp advance : block.getOps<AdvanceOp>()) {
    if (next >= op.getNumStates() || advance.getState() != op.getState(next).getName()) // kernel_c4
      return advance.emitOpError("expected the states advanced once, in order");
    ++next;
  }
  if (next != op.getNumStates()) // kernel_c4
    return op->emitOpError("region: expected ") << op.getNumStates() << " advances, got " << next;
  return success();
}

LogicalResult SequentialOp::verify() { return verifyKernel(*this); }
LogicalResult SequentialOp::verifyRegions() { return verifyKernelRegion(*this); }
LogicalResult BlellochOp::verify() { return verifyKernel(*this); }
LogicalResult BlellochOp::verifyRegions() { return verifyKernelRegion(*this); }

/// Shape of a value: empty for a number.
static ArrayRef<int64_t> shapeOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? vector.getShape() : ArrayRef<int64_t>();
}

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getValue()), to = shapeOf(getResult());
  llvm::SmallSet<int64_t, 4> seen;
  bool fits = from.size() == getOnto().size();
  for (auto [size, k] : llvm::zip(from, getOnto()))
    fits = fits && k >= 0 && k < static_cast<int64_t>(to.size()) && seen.insert(k).second &&
           to[k] == size;
  if (!fits) // broadcast_c1
    return emitOpError("onto: expected one distinct dimension of equal size per operand dimension");
  return success();
}

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getValue()), to = shapeOf(getResult());
  SmallVector<int64_t> kept;
  for (auto [k, size] : llvm::enumerate(from))
    if (!llvm::is_contained(getOver(), static_cast<int64_t>(k)))
      kept.push_back(size);
  if (ArrayRef<int64_t>(kept) != to)
    return emitOpError("over: expected the result to keep the other dimensions");
  return success();
}
