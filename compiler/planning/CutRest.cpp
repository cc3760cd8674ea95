//===- CutRest.cpp - What is left of a recurrence that was cut ------------===//
#include "compiler/planning/Cut.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace scanc::planning {

/// What the function says of an argument or result that is a tensor of the plan.
DictionaryAttr Cut::attributesOf(plan::ParameterAttr tensor) {
  SmallVector<Attribute> extents(tensor.getDims().begin(), tensor.getDims().end());
  return builder.getDictionaryAttr({builder.getNamedAttr(scan::nameAttr, tensor.getName()),
                                    builder.getNamedAttr(scan::dimsAttr, builder.getArrayAttr(extents)),
                                    builder.getNamedAttr(ownAttr, builder.getUnitAttr())});
}

/// Lets the region read `tensor` in place of `end`.
void Cut::readOwn(Value end, plan::ParameterAttr tensor, ArrayRef<int64_t> dims) {
  unsigned position = function.getNumArguments();
  (void)function.insertArgument(position, tensorOf(dims, end.getType()), attributesOf(tensor),
                                end.getLoc());
  SmallVector<Value> inputs(loop().getInputs());
  auto range = loop().getInputMaps().getAsValueRange<AffineMapAttr>();
  SmallVector<AffineMap> maps(range.begin(), range.end());
  Value element = body().insertArgument(inputs.size(), end.getType(), end.getLoc());
  inputs.push_back(function.getArgument(position));
  maps.push_back(mapOf(dims));
  setInputs(inputs, maps);
  end.replaceAllUsesWith(element);
}

void Cut::setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps) {
  op.getInputsMutable().assign(inputs);
  op.setInputMapsAttr(builder.getAffineMapArrayAttr(maps));
}

/// Outputs that products write are no longer results of the recurrence nor of the function; rows that they read are.
void Cut::changeResults() {
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
  for (unsigned i = outputs; i < op->getNumResults(); ++i) { // final states
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
  for (unsigned output : written)
    for (OpOperand &use : llvm::make_early_inc_range(op->getResult(output).getUses())) {
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

void Cut::dropInputs() {
  for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(body())))
    if (isOpTriviallyDead(&inner))
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
}

/// Indices that nothing names any more are no dimensions.
void Cut::dropDims() {
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
    return loop().getDim(i).getKind() != scan::DimKind::Index || mapped ||
           named.contains(loop().getDim(i).getName());
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
