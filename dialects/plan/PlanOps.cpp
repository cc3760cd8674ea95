//===- PlanOps.cpp - The numbered constraints of the plan dialect ---------===//
#include "dialects/plan/PlanOps.h"

#include "dialects/Regions.h"
#include "dialects/plan/Kernels.h"
#include "dialects/plan/ProjectedScanOp.h"
#include "dialects/plan/Rounds.h"
#include "dialects/plan/Shares.h"
#include "dialects/plan/Variants.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace scanc::plan;

#include "dialects/plan/PlanInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.cpp.inc"

/// A caller may give such an output the tensor of an input.
static LogicalResult verifyUpdates(ProgramOp op) {
  llvm::SmallSet<StringRef, 4> updated;
  for (auto parameter : op.getParameters().getAsRange<ParameterAttr>()) {
    if (!parameter.getUpdates())
      continue;
    auto isTheInput = [&](ParameterAttr other) {
      return !other.getOutput() && other.getName() == parameter.getUpdates() &&
             other.getElementType() == parameter.getElementType() &&
             other.getDims() == parameter.getDims();
    };
    if (!parameter.getOutput() || !updated.insert(parameter.getUpdates().getValue()).second ||
        llvm::none_of(op.getParameters().getAsRange<ParameterAttr>(), isTheInput)) // program_c5
      return op.emitOpError("parameters: expected an output that updates an input like it, of its own, got ")
             << parameter;
  }
  return success();
}

SmallVector<ParameterAttr> ProgramOp::getOwnTensors() {
  SmallVector<ParameterAttr> own;
  if (ArrayAttr list = getTensorsAttr())
    for (auto tensor : list.getAsRange<ParameterAttr>())
      own.push_back(tensor);
  return own;
}

bool ProgramOp::isOwn(StringAttr tensor) {
  return llvm::any_of(getOwnTensors(), [&](ParameterAttr own) { return own.getName() == tensor; });
}

ParameterAttr ProgramOp::findTensor(StringAttr name) {
  SmallVector<ParameterAttr> all = getOwnTensors();
  llvm::append_range(all, getParameters().getAsRange<ParameterAttr>());
  auto *found = llvm::find_if(all, [&](ParameterAttr tensor) { return tensor.getName() == name; });
  return found == all.end() ? ParameterAttr() : *found;
}

/// Tensors of the plan's own have names and known sizes.
static LogicalResult verifyTensors(ProgramOp op, llvm::SmallSet<StringRef, 8> names) {
  ArrayAttr tensors = op.getTensorsAttr();
  if (!tensors)
    return success();
  std::vector<std::string> sizes = namesOf(op).sizes;
  for (Attribute attr : tensors) {
    auto tensor = dyn_cast<ParameterAttr>(attr);
    auto isSize = [&](StringAttr dim) {
      return llvm::all_of(dim.getValue(), llvm::isDigit) || llvm::is_contained(sizes, dim.getValue());
    };
    if (!tensor || !tensor.getOutput() || !names.insert(tensor.getName().getValue()).second ||
        !llvm::all_of(tensor.getDims(), isSize)) // program_c6
      return op.emitOpError("tensors: expected #plan.parameter<out …> with names of their own and sizes of "
                            "parameters, got ")
             << attr;
  }
  return success();
}

LogicalResult ProgramOp::verify() {
  if (getSchema() != schema) // program_c4
    return emitOpError("schema: expected ") << schema << ", got " << getSchema()
                                            << ": print the plan again with --emit=plan";
  auto kernel = RegisteredOperationName::lookup("plan." + getStrategy().str(), getContext());
  bool isOfSeveral = getStrategy() == "fission";
  if (!isOfSeveral && (!kernel || !(kernel->hasInterface<KernelInterface>() ||
                   kernel->getIdentifier() == ProjectionOp::getOperationName() ||
                   kernel->getIdentifier() == ProjectedScanOp::getOperationName()))) // program_c3
    return emitOpError("strategy: expected the name of a kernel of this dialect, got ")
           << getStrategyAttr();
  llvm::SmallSet<StringRef, 8> names;
  for (Attribute attr : getParameters()) {
    auto parameter = dyn_cast<ParameterAttr>(attr);
    if (!parameter || !names.insert(parameter.getName().getValue()).second) // program_c1
      return emitOpError("parameters: expected #plan.parameter with distinct names, got ") << attr;
  }
  if (failed(verifyUpdates(*this)) || failed(verifyTensors(*this, names)))
    return failure();
  for (NamedAttribute size : getSizes())
    if (!isa<IntegerAttr>(size.getValue())) // program_c1
      return emitOpError("sizes: expected integers, got ") << size.getValue();
  for (Operation &op : getBody().front())
    if (!isa<EntryOp>(op)) // program_c2
      return op.emitOpError("expected a plan.entry in a plan.program");
  return success();
}

/// Lanes, then one time, then one segment exactly with `reset`, then registers of static size.
static LogicalResult verifyDims(KernelInterface op) {
  Role last = Role::Lane;
  int64_t times = 0, segments = 0;
  for (Attribute attr : op.getDims()) {
    auto dim = dyn_cast<DimAttr>(attr);
    if (!dim || dim.getRole() < last) // kernel_c1
      return op->emitOpError("dims: expected lanes, time, segment, registers in this order, got ")
             << attr;
    last = dim.getRole();
    times += last == Role::Time;
    segments += last == Role::Segment;
    if (last == Role::Register && ShapedType::isDynamic(dim.getSize())) // kernel_c1
      return op->emitOpError("dims: expected a static size of register dimension ")
             << dim.getName();
  }
  if (times != 1) // kernel_c1
    return op->emitOpError("dims: expected one time dimension, got ") << times;
  if (segments != (op.getReset() ? 1 : 0)) // kernel_c1
    return op->emitOpError("dims: expected a segment dimension exactly with reset, got ")
           << segments;
  return success();
}

ParameterAttr scanc::plan::parameterOf(Operation *op, AccessAttr access) {
  ParameterAttr parameter = op->getParentOfType<ProgramOp>().findTensor(access.getParameter());
  bool fits = parameter && parameter.getDims().size() == access.getMap().getNumResults();
  return fits ? parameter : ParameterAttr();
}

/// Whether `op` writes `tensor`.
static bool writes(Operation &op, StringAttr tensor) {
  ArrayAttr results;
  if (auto kernel = dyn_cast<KernelInterface>(op))
    results = kernel.getWrites();
  else if (auto projection = dyn_cast<ProjectionOp>(op))
    results = projection.getGroups();
  return results && llvm::any_of(results, [&](Attribute attr) {
           if (auto group = dyn_cast<ColumnsAttr>(attr))
             attr = group.getResult();
           auto access = dyn_cast<AccessAttr>(attr);
           return access && access.getParameter() == tensor;
         });
}

bool scanc::plan::isThere(Operation *op, AccessAttr access) {
  return !op->getParentOfType<ProgramOp>().isOwn(access.getParameter()) ||
         llvm::any_of(*op->getBlock(), [&](Operation &other) {
           return other.isBeforeInBlock(op) && writes(other, access.getParameter());
         });
}

/// A dim, or time by -1 to -7 where `offsets`.
static bool isPlace(KernelInterface op, AffineExpr expr, bool offsets) {
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!sum)
    return isa<AffineDimExpr>(expr);
  auto dim = dyn_cast<AffineDimExpr>(sum.getLHS());
  auto offset = dyn_cast<AffineConstantExpr>(sum.getRHS());
  return offsets && expr.getKind() == AffineExprKind::Add && dim && offset &&
         dim.getPosition() == op.getTimeDim() && offset.getValue() >= -7 && offset.getValue() < 0;
}

static LogicalResult verifyAccesses(KernelInterface op, ArrayAttr accesses, StringRef what,
                                    bool offsets) {
  for (Attribute attr : accesses) {
    auto access = dyn_cast<AccessAttr>(attr);
    if (!access || access.getMap().getNumDims() != op.getNumDims()) // kernel_c2
      return op->emitOpError() << what << ": expected #plan.access over " << op.getNumDims()
                               << " dims, got " << attr;
    if (!parameterOf(op, access)) // kernel_c2
      return op->emitOpError() << what << ": expected a parameter with its rank, got " << attr;
    if (what != "writes" && !isThere(op, access)) // program_c6
      return op->emitOpError() << what << ": expected a tensor that an op before writes, got " << attr;
    for (AffineExpr expr : access.getMap().getResults())
      if (!isPlace(op, expr, offsets)) // kernel_c2
        return op->emitOpError() << what << ": expected dimensions"
                                 << (offsets ? ", or time - 1 to time - 7" : "") << ", got "
                                 << attr;
  }
  return success();
}

static LogicalResult verifyPositions(KernelInterface op, ArrayRef<int64_t> positions,
                                     ArrayAttr accesses, StringRef what) {
  llvm::SmallSet<int64_t, 4> seen;
  bool fits = positions.size() == accesses.size();
  for (int64_t i : positions)
    fits = fits && i >= 0 && i < op.getNumStates() && seen.insert(i).second;
  if (!fits) // kernel_c6
    return op->emitOpError() << what << ": expected distinct positions below " << op.getNumStates()
                             << " and an access for each";
  return success();
}

/// Offsets, one dimension of integers, and no initial or final state that all segments share.
static LogicalResult verifyReset(KernelInterface op) {
  if (!op.getReset())
    return success();
  AffineMap map = op.getReset()->getMap();
  int64_t segment = op.getSegmentDim();
  ParameterAttr parameter = parameterOf(op, *op.getReset());
  if (map.getNumDims() != op.getNumDims() || map.getNumResults() != 1 ||
      map.getResult(0) != getAffineDimExpr(segment, op->getContext()) || !parameter ||
      !parameter.getElementType().isInteger(32)) // kernel_c2
    return op->emitOpError("reset: expected an i32 parameter over the segment, got ")
           << *op.getReset();
  for (ArrayAttr accesses : {op.getInits(), op.getFinals()})
    for (auto access : accesses.getAsRange<AccessAttr>())
      if (!access.getMap().isFunctionOfDim(segment)) // kernel_c2
        return op->emitOpError("expected a state of each segment, got ") << access;
  return success();
}

LogicalResult scanc::plan::verifyKernel(KernelInterface op) {
  return failure(
      failed(verifyDims(op)) || failed(verifyAccesses(op, op.getReads(), "reads", true)) ||
      failed(verifyAccesses(op, op.getWrites(), "writes", false)) ||
      failed(verifyAccesses(op, op.getInits(), "inits", false)) ||
      failed(verifyAccesses(op, op.getFinals(), "finals", false)) || failed(verifyReset(op)) ||
      failed(verifyPositions(op, op.getInitStates(), op.getInits(), "init_states")) ||
      failed(verifyPositions(op, op.getFinalStates(), op.getFinals(), "final_states")) ||
      failed(verifyVariants(op)));
}

/// What a region sees of the elements of an access.
static Type typeOf(KernelInterface op, AccessAttr access) {
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    if (op.getDim(i).getRole() == Role::Register && access.getMap().isFunctionOfDim(i))
      shape.push_back(op.getDim(i).getSize());
  Type element = parameterOf(op, access).getElementType();
  return shape.empty() ? element : VectorType::get(shape, element);
}

/// Why the register dimension of this kernel cannot be spread over threads.
static std::optional<std::string> obstacleOf(KernelInterface op) {
  if (!isa<SequentialOp>(op) || op.getReset())
    return std::string("only plan.sequential without segments can");
  return Shares(op).getObstacle();
}

/// What a policy lacks for the reductions over lanes of this kernel, or the kernel for them.
static std::optional<std::string> reductionObstacle(KernelInterface op, PolicyAttr policy) {
  Block &body = op.getBody().front();
  int64_t threads = policy.getReduceThreads();
  bool reduces = !body.getOps<ReduceLanesOp>().empty();
  if (reduces != (threads > 0))
    return std::string("reduce_threads exactly where something is reduced over lanes");
  if (!reduces)
    return std::nullopt;
  if (reducesBeforeStates(body))
    return std::string("reductions over lanes behind the states");
  bool acrossLanes = policy.getWalk() == Walk::Lanes;
  if (!isa<SequentialOp>(op) && !(isa<BlellochOp>(op) && acrossLanes))
    return std::string("plan.sequential, or plan.blelloch across lanes");
  int64_t size = op.getTimeDim() > 0 ? op.getDim(op.getTimeDim() - 1).getSize() : ShapedType::kDynamic;
  if (ShapedType::isDynamic(size) || size % policy.getLanes() != 0 || size > threads * policy.getLanes())
    return std::string("a last lane dimension of static size, in shares of the threads' lanes");
  bool whole = threads % 32 == 0 || (threads < 32 && llvm::isPowerOf2_64(threads));
  if (!whole || policy.getLaneThreads() % threads != 0 || policy.getThreads() % 32 != 0 ||
      !llvm::isPowerOf2_64(policy.getSteps()) || policy.getStateThreads() != 1 ||
      policy.getShifted())
    return std::string("reduce_threads of a power of two up to 32 or of whole warps that divide "
                       "lane_threads, steps of a power of two, state_threads of 1 and no shift");
  return std::nullopt;
}

LogicalResult scanc::plan::verifyKernelRegion(KernelInterface op) {
  Block &block = op.getBody().front();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getValues().size() != op.getWrites().size() ||
      block.getNumArguments() != op.getReads().size()) // kernel_c3
    return op->emitOpError("region: expected ")
           << op.getReads().size() << " arguments and " << op.getWrites().size()
           << " yielded values";
  auto agree = [&](ArrayAttr accesses, ValueRange values, StringRef what) -> LogicalResult {
    for (auto [access, value] : llvm::zip(accesses.getAsRange<AccessAttr>(), values))
      if (Type expected = typeOf(op, access); value.getType() != expected) // kernel_c3
        return op->emitOpError() << what << " of " << access.getParameter() << ": expected "
                                 << expected << ", got " << value.getType();
    return success();
  };
  if (failed(agree(op.getReads(), block.getArguments(), "argument")) ||
      failed(agree(op.getWrites(), yield.getValues(), "yielded value")))
    return failure();
  for (Operation &inner : block)
    if (!scanc::usesEarlierValues(inner)) // kernel_c7
      return inner.emitOpError("expected no regions, and values of this region that are there before");
  int64_t next = 0;
  for (AdvanceOp advance : block.getOps<AdvanceOp>()) {
    if (next >= op.getNumStates() || advance.getState() != op.getState(next).getName()) // kernel_c4
      return advance.emitOpError("expected the states advanced once, in order");
    if (advance.getMatrix() != (op.getRows() > 0)) // kernel_c4
      return advance.emitOpError("expected a matrix exactly in a kernel that multiplies matrices");
    ++next;
  }
  for (RecallOp recall : block.getOps<RecallOp>()) {
    if (!isa<ChunkwiseOp, OuterSequentialOp>(op) || next >= op.getNumStates() ||
        recall.getState() != op.getState(next).getName()) // kernel_c4
      return recall.emitOpError("expected the states of a plan.chunkwise or plan.outer_sequential recalled once, in "
                                "order");
    ++next;
  }
  if (next != op.getNumStates()) // kernel_c4
    return op->emitOpError("region: expected ") << op.getNumStates() << " advances, got " << next;
  for (auto variant : op.getVariants().getAsRange<VariantAttr>())
    if (variant.getPolicy().getStateThreads() > 1)
      if (auto obstacle = obstacleOf(op)) // kernel_c10
        return op->emitOpError("region: expected what state_threads can spread, but ") << *obstacle;
  for (auto variant : op.getVariants().getAsRange<VariantAttr>())
    if (auto wanted = reductionObstacle(op, variant.getPolicy())) // kernel_c11
      return op->emitOpError("variants: expected ") << *wanted << ", got " << variant.getPolicy();
  return success();
}

LogicalResult SequentialOp::verify() {
  KernelInterface op = *this;
  if (failed(verifyKernel(op)))
    return failure();
  bool shares = llvm::all_of(getVariants().getAsRange<VariantAttr>(), [](VariantAttr variant) {
    return variant.getPolicy().getStateThreads() > 1 && variant.getPolicy().getRing() == 0;
  });
  int64_t most = shares ? op.getTimeDim() : 0;
  if (static_cast<int64_t>(getSharedDims()) > most) // sequential_c1
    return emitOpError("shared_dims: expected at most ") << most << ", got " << getSharedDims();
  return success();
}
LogicalResult SequentialOp::verifyRegions() { return verifyKernelRegion(*this); }
LogicalResult BlellochOp::verify() { return verifyKernel(*this); }
LogicalResult BlellochOp::verifyRegions() { return verifyKernelRegion(*this); }
LogicalResult LookBackOp::verify() { return verifyKernel(*this); }
LogicalResult LookBackOp::verifyRegions() { return verifyKernelRegion(*this); }

LogicalResult MatmulScanOp::verify() {
  KernelInterface op = *this;
  if (failed(verifyKernel(op)))
    return failure();
  if (op.getNumStates() != 1 || !op.getState(0).getIndices().empty() ||
      !op.getState(0).getElementType().isF32()) // matmul_scan_c1
    return emitOpError("states: expected one of f32 without indices");
  if (getSharedDims() < 1 || static_cast<int64_t>(getSharedDims()) > op.getTimeDim()) // matmul_scan_c2
    return emitOpError("shared_dims: expected 1 to ") << op.getTimeDim() << ", got " << getSharedDims();
  if (!llvm::is_contained({"tf32", "tf32x3", "bf16", "bf16x3"}, getProducts())) // matmul_scan_c3
    return emitOpError("products: expected tf32, tf32x3, bf16 or bf16x3, got ") << getProductsAttr();
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (policy.getLaneThreads() % 8 != 0 || policy.getTimeThreads() % 4 != 0 ||
        policy.getSteps() % 2 != 0) // matmul_scan_c4
      return emitOpError("variants: expected lane_threads, time_threads and steps in multiples of 8, 4 "
                         "and 2, got ")
             << policy;
  }
  return success();
}
LogicalResult MatmulScanOp::verifyRegions() { return verifyKernelRegion(*this); }

/// Shape of a value: empty for a number.
static ArrayRef<int64_t> shapeOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? vector.getShape() : ArrayRef<int64_t>();
}

static bool sameElements(Value a, Value b) {
  return getElementTypeOrSelf(a.getType()) == getElementTypeOrSelf(b.getType());
}

LogicalResult AdvanceOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getNow());
  if (getNow().getType() != getBefore().getType() || shapeOf(getBias()) != shape ||
      (getGain() && !getMatrix() && shapeOf(getGain()) != shape)) // advance_c1
    return emitOpError("expected one type of results, and gain and bias of their shape");
  if (getMatrix() && (shape.size() != 1 || !getGain() ||
                      shapeOf(getGain()) != ArrayRef<int64_t>({shape[0], shape[0]}))) // advance_c2
    return emitOpError("expected n numbers, and n rows of n as their matrix");
  for (Value term : {getScale(), getDiagonal()})
    if (term && (!getMatrix() || shapeOf(term) != shape)) // advance_c3
      return emitOpError("expected scale and diagonal beside a matrix alone, in the shape of the results");
  return success();
}

/// `type` with `element` for its elements.
static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

LogicalResult ComplexOp::verify() {
  Type result = getResult().getType(), element = getElementTypeOrSelf(result);
  ComplexFunction function = getFunction();
  SmallVector<Type> expected;
  bool known = true;
  bool scales = function == ComplexFunction::Multiply || function == ComplexFunction::Divide;
  switch (function) {
  case ComplexFunction::Add:
  case ComplexFunction::Subtract:
  case ComplexFunction::Multiply:
  case ComplexFunction::Divide:
    expected.push_back(result);
    [[fallthrough]];
  case ComplexFunction::Negate:
  case ComplexFunction::Conj:
  case ComplexFunction::Exp: // complex_c1
    expected.push_back(result);
    known = isa<ComplexType>(element);
    break;
  case ComplexFunction::Abs:
  case ComplexFunction::Real:
  case ComplexFunction::Imag: // complex_c2
    known = element.isF32();
    if (known)
      expected.push_back(withElement(result, ComplexType::get(element)));
    break;
  case ComplexFunction::Create: // complex_c2
    known = isa<ComplexType>(element);
    if (known)
      expected.assign(2, withElement(result, cast<ComplexType>(element).getElementType()));
    break;
  }
  if (!known)
    return emitOpError() << stringifyComplexFunction(function) << ": expected another result, got "
                         << result;
  if (scales && getValues().size() == 2 && getElementTypeOrSelf(getValues()[1]).isF32())
    expected.back() = withElement(result, cast<ComplexType>(element).getElementType());
  if (getValues().getTypes() != TypeRange(expected))
    return emitOpError() << stringifyComplexFunction(function) << ": expected operands of "
                         << expected << ", got " << getValues().getTypes();
  return success();
}

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getValue()), to = shapeOf(getResult());
  llvm::SmallSet<int64_t, 4> seen;
  bool fits = from.size() == getOnto().size() && sameElements(getValue(), getResult());
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
  // Every entry of `over` takes one dimension away, unless it stands twice or is none.
  if (ArrayRef<int64_t>(kept) != to || kept.size() + getOver().size() != from.size() ||
      !sameElements(getValue(), getResult())) // reduce_c1
    return emitOpError("over: expected distinct dimensions, and a result that keeps the others");
  return success();
}

LogicalResult ReduceLanesOp::verify() {
  if (!shapeOf(getValue()).empty()) // reduce_lanes_c1
    return emitOpError("expected a number, got ") << getValue().getType();
  return success();
}
