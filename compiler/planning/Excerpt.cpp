//===- Excerpt.cpp - A part of a recurrence, as one of its own ------------===//
#include "compiler/planning/Excerpt.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

void addTensors(plan::ProgramOp program, ArrayRef<plan::ParameterAttr> tensors) {
  SmallVector<plan::ParameterAttr> known = program.getOwnTensors();
  SmallVector<Attribute> all(known.begin(), known.end());
  for (plan::ParameterAttr tensor : tensors)
    if (!llvm::is_contained(known, tensor))
      all.push_back(tensor);
  if (!all.empty())
    program.setTensorsAttr(ArrayAttr::get(program.getContext(), all));
}

/// Whether a step reads another.
static bool hasWindow(scan::AffineOp op) {
  return llvm::any_of(op.getInputMaps().getAsValueRange<AffineMapAttr>(), [](AffineMap map) {
    return !llvm::all_of(map.getResults(), llvm::IsaPred<AffineDimExpr>);
  });
}

bool exchangeTime(scan::AffineOp op) {
  scan::RecurrenceInterface loop = op;
  const int64_t time = loop.getTimeDim(), lane = time - 1; // the innermost
  if (lane < 0 || loop.getNumStates() > 0 || loop.getReset() || hasWindow(op))
    return false;
  SmallVector<Attribute> dims(op.getDims().begin(), op.getDims().end());
  SmallVector<AffineExpr> places;
  for (size_t i = 0; i < dims.size(); ++i)
    places.push_back(getAffineDimExpr(i, op.getContext()));
  std::swap(places[lane], places[time]);
  for (auto [to, from] : {std::pair(lane, time), std::pair(time, lane)}) {
    scan::DimAttr dim = loop.getDim(from);
    dims[to] = scan::DimAttr::get(op.getContext(), loop.getDim(to).getKind(), dim.getName(), dim.getExtent(), dim.getSize());
  }
  Builder builder(op.getContext());
  auto exchanged = [&](ArrayAttr list) {
    SmallVector<AffineMap> maps;
    for (AffineMap map : list.getAsValueRange<AffineMapAttr>())
      maps.push_back(map.replaceDimsAndSymbols(places, {}, dims.size(), 0));
    return builder.getAffineMapArrayAttr(maps);
  };
  op.setInputMapsAttr(exchanged(op.getInputMaps()));
  op.setOutputMapsAttr(exchanged(op.getOutputMaps()));
  op.setDimsAttr(builder.getArrayAttr(dims));
  return true;
}

Excerpt::Excerpt(scan::AffineOp original) : builder(original.getContext()) {
  module = ModuleOp::create(original.getLoc());
  auto from = original->getParentOfType<func::FuncOp>();
  function = cast<func::FuncOp>(from->clone(mapping));
  module->push_back(function);
  op = cast<scan::AffineOp>(mapping.lookup(original.getOperation()));
  sets.emplace(loop());
  auto take = [&](StringAttr name, ArrayAttr dims) {
    if (name)
      names.insert(name.str());
    if (dims)
      for (auto dim : dims.getAsRange<StringAttr>())
        names.insert(dim.str());
  };
  names.insert(function.getName().str());
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    take(function.getArgAttrOfType<StringAttr>(i, scan::nameAttr),
         function.getArgAttrOfType<ArrayAttr>(i, scan::dimsAttr));
    if (function.getArgAttr(i, ownAttr))
      own.push_back(plan::ParameterAttr::get(
          op.getContext(), function.getArgAttrOfType<StringAttr>(i, scan::nameAttr), true,
          cast<RankedTensorType>(function.getArgument(i).getType()).getElementType(),
          SmallVector<StringAttr>(function.getArgAttrOfType<ArrayAttr>(i, scan::dimsAttr).getAsRange<StringAttr>()),
          StringAttr()));
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    take(function.getResultAttrOfType<StringAttr>(i, scan::nameAttr),
         function.getResultAttrOfType<ArrayAttr>(i, scan::dimsAttr));
}

AffineMap Excerpt::mapOf(ArrayRef<int64_t> dims) const {
  SmallVector<AffineExpr> places;
  for (int64_t i : dims)
    places.push_back(getAffineDimExpr(i, op.getContext()));
  return AffineMap::get(loop().getNumDims(), 0, places, op.getContext());
}

RankedTensorType Excerpt::tensorOf(ArrayRef<int64_t> dims, Type element) const {
  SmallVector<int64_t> shape;
  for (int64_t i : dims)
    shape.push_back(loop().getDim(i).getSize());
  return RankedTensorType::get(shape, element);
}

/// `name`, or what nothing in the program has.
StringAttr Excerpt::nameOwn(std::string name) {
  if (StringRef(name).starts_with(function.getName().str() + "_")) // as workspaces of kernels begin
    name = "_" + name;
  while (!names.insert(name).second)
    name += "_";
  return builder.getStringAttr(name);
}

plan::ParameterAttr Excerpt::addOwn(std::string name, Type element, ArrayRef<int64_t> dims) {
  SmallVector<StringAttr> extents;
  for (int64_t i : dims)
    extents.push_back(loop().getDim(i).getExtent());
  own.push_back(
      plan::ParameterAttr::get(op.getContext(), nameOwn(std::move(name)), true, element, extents, StringAttr()));
  return own.back();
}

/// What the function says of an argument or result that is a tensor of the plan.
DictionaryAttr Excerpt::attributesOf(plan::ParameterAttr tensor) {
  SmallVector<Attribute> extents(tensor.getDims().begin(), tensor.getDims().end());
  return builder.getDictionaryAttr({builder.getNamedAttr(scan::nameAttr, tensor.getName()),
                                    builder.getNamedAttr(scan::dimsAttr, builder.getArrayAttr(extents)),
                                    builder.getNamedAttr(ownAttr, builder.getUnitAttr())});
}

/// Lets the region read `tensor` in place of `end`, made wider where it is stored in fewer bits, by those users that `takes` names.
void Excerpt::readOwn(Value end, plan::ParameterAttr tensor, ArrayRef<int64_t> dims,
                      llvm::function_ref<bool(Operation *)> takes) {
  unsigned position = function.getNumArguments();
  Type element = tensor.getElementType();
  (void)function.insertArgument(position, tensorOf(dims, element), attributesOf(tensor), end.getLoc());
  SmallVector<Value> inputs(loop().getInputs());
  auto range = loop().getInputMaps().getAsValueRange<AffineMapAttr>();
  SmallVector<AffineMap> maps(range.begin(), range.end());
  Value stored = body().insertArgument(inputs.size(), element, end.getLoc()), read = stored;
  inputs.push_back(function.getArgument(position));
  maps.push_back(mapOf(dims));
  setInputs(inputs, maps);
  if (element != end.getType()) {
    builder.setInsertionPointToStart(&body());
    read = arith::ExtFOp::create(builder, end.getLoc(), end.getType(), stored);
  }
  end.replaceUsesWithIf(read, [&](OpOperand &use) { return takes(use.getOwner()); });
}

/// Leaves the states out, and where no window is left the segments that begin them anew.
void Excerpt::dropStates() {
  keepsStates = false;
  op.getInitsMutable().clear();
  op.setStatesAttr(builder.getArrayAttr({}));
  op.setInitStates({});
  op.setFinalStates({});
  op.setInitMapsAttr(builder.getAffineMapArrayAttr({}));
  op.setFinalMapsAttr(builder.getAffineMapArrayAttr({}));
}

void Excerpt::setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps) {
  op.getInputsMutable().assign(inputs);
  op.setInputMapsAttr(builder.getAffineMapArrayAttr(maps));
}

/// Outputs that products write are no longer results of the recurrence nor of the function; rows that they read are.
void Excerpt::changeResults() {
  unsigned outputs = loop().getNumOutputs();
  auto yield = cast<scan::YieldOp>(body().getTerminator());
  SmallVector<Type> types;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> from; // of the results that there were
  for (unsigned i = 0; i < outputs; ++i)
    if (!written.contains(i)) {
      from.push_back(i);
      types.push_back(op->getResult(i).getType());
      maps.push_back(loop().getOutputMap(i));
    }
  unsigned kept = from.size();
  for (const Row &row : rows) {
    types.push_back(tensorOf(row.dims, row.tensor.getElementType()));
    maps.push_back(mapOf(row.dims));
  }
  for (unsigned i = outputs; keepsStates && i < op->getNumResults(); ++i) { // final states
    from.push_back(i);
    types.push_back(op->getResult(i).getType());
  }
  for (unsigned i = outputs; i-- > 0;)
    if (written.contains(i))
      yield.getOutsMutable().erase(i);
  for (const Row &row : rows)
    yield.getOutsMutable().append(row.stored);
  builder.setInsertionPoint(op);
  OperationState state(op.getLoc(), op->getName(), op->getOperands(), types, op->getAttrs());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  state.addRegion()->takeBody(op.getBody());
  auto fresh = cast<scan::AffineOp>(builder.create(state));
  fresh.setOutputMapsAttr(builder.getAffineMapArrayAttr(maps));
  for (auto [i, old] : llvm::enumerate(from))
    op->getResult(old).replaceAllUsesWith(fresh->getResult(i < kept ? i : i + rows.size()));
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    if (i < outputs ? written.contains(i) : !keepsStates)
      for (OpOperand &use : llvm::make_early_inc_range(op->getResult(i).getUses())) {
        (void)function.eraseResult(use.getOperandNumber());
        use.getOwner()->eraseOperand(use.getOperandNumber());
      }
  op->erase();
  op = fresh;
  Operation *leave = function.getBody().front().getTerminator();
  for (auto [i, row] : llvm::enumerate(rows)) {
    (void)function.insertResult(function.getNumResults(), types[kept + i], attributesOf(row.tensor));
    leave->insertOperands(leave->getNumOperands(), op->getResult(kept + i));
  }
}

void Excerpt::dropInputs() {
  for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(body())))
    if (isOpTriviallyDead(&inner) || (!keepsStates && isa<scan::AdvanceOp>(inner)))
      inner.erase();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  llvm::BitVector unread(body().getNumArguments());
  for (auto [i, input] : llvm::enumerate(loop().getInputs())) {
    if (body().getArgument(i).use_empty()) {
      unread.set(i);
      continue;
    }
    inputs.push_back(input);
    maps.push_back(loop().getInputMap(i));
  }
  body().eraseArguments(unread);
  setInputs(inputs, maps);
  if (!keepsStates && !hasWindow(op))
    op.getResetMutable().clear();
}

/// Indices that nothing names any more are no dimensions; without states, neither are lanes that no result has.
void Excerpt::dropDims() {
  llvm::DenseSet<Attribute> named;
  for (Operation &inner : body())
    for (NamedAttribute attr : inner.getAttrDictionary())
      attr.getValue().walk([&](StringAttr name) { named.insert(name); });
  for (int64_t i = 0; i < loop().getNumStates(); ++i)
    named.insert_range(loop().getState(i).getIndices());
  SmallVector<ArrayAttr> lists = {op.getInputMaps(), op.getOutputMaps(), op.getInitMaps(), op.getFinalMaps()};
  auto isUsed = [&](int64_t i) {
    bool mapped = llvm::any_of(lists, [&](ArrayAttr list) {
      return llvm::any_of(list.getAsValueRange<AffineMapAttr>(),
                          [&](AffineMap map) { return map.isFunctionOfDim(i); });
    });
    switch (loop().getDim(i).getKind()) {
    case scan::DimKind::Segment:
      return keepsStates || op.getReset();
    case scan::DimKind::Lane:
      return keepsStates || mapped;
    case scan::DimKind::Index:
      return mapped || named.contains(loop().getDim(i).getName());
    default:
      return true;
    }
  };
  SmallVector<Attribute> dims;
  SmallVector<AffineExpr> places;
  for (int64_t i = 0; i < loop().getNumDims(); ++i) {
    bool used = isUsed(i);
    places.push_back(used ? getAffineDimExpr(dims.size(), op.getContext())
                          : getAffineConstantExpr(0, op.getContext()));
    if (used)
      dims.push_back(loop().getDim(i));
  }
  auto narrowed = [&](ArrayAttr list) {
    SmallVector<AffineMap> maps;
    for (AffineMap map : list.getAsValueRange<AffineMapAttr>())
      maps.push_back(map.replaceDimsAndSymbols(places, {}, dims.size(), 0));
    return builder.getAffineMapArrayAttr(maps);
  };
  op.setDimsAttr(builder.getArrayAttr(dims));
  op.setInputMapsAttr(narrowed(op.getInputMaps()));
  op.setOutputMapsAttr(narrowed(op.getOutputMaps()));
  op.setInitMapsAttr(narrowed(op.getInitMaps()));
  op.setFinalMapsAttr(narrowed(op.getFinalMaps()));
}

} // namespace scanc::planning
