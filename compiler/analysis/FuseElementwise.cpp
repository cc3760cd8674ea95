//===- FuseElementwise.cpp - Elementwise neighbours move into the region --===//
//
// The op is rewritten in rounds: its reads and writes are taken apart into lists,
// one neighbour is drawn in, and the op is built anew from the lists.
//
//===----------------------------------------------------------------------===//
#include "compiler/analysis/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace scanc::analysis {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "compiler/analysis/Passes.h.inc"
} // namespace scanc::analysis

using namespace mlir;

namespace scanc::analysis {

namespace {

/// An op that does to tensors what it does to their elements.
bool isElementwise(Operation *op) {
  return op && op->getNumResults() == 1 && op->hasTrait<OpTrait::Elementwise>() &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

/// The element that every element of a constant tensor is, or null.
Attribute splatOf(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return {};
  return elements.getSplatValue<Attribute>();
}

bool hasWindow(AffineMap map) {
  return llvm::any_of(map.getResults(), [](AffineExpr expr) { return !isa<AffineDimExpr>(expr); });
}

/// One recurrence with its lists of reads and outputs.
class Fusion {
public:
  explicit Fusion(scan::RecurrenceInterface op) : op(op), builder(op.getContext()) {}
  /// Draws neighbours in until none is left; returns how many.
  unsigned run();

private:
  bool fuseProducer();
  bool fuseConsumer();
  bool mergeInputs();
  bool dropInputs();
  bool dropOutputs();
  Value scalarOf(Value tensor, AffineMap map, Location loc);
  Operation *cloneScalar(Operation *elementwise, ValueRange operands);
  void rebuild(ArrayRef<std::pair<Type, AffineMap>> outputs, ArrayRef<int> kept);
  void setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps);

  Block &body() { return op.getBodyBlock(); }
  scan::YieldOp yield() { return cast<scan::YieldOp>(body().getTerminator()); }
  SmallVector<AffineMap> mapsOf(ArrayAttr attrs) {
    SmallVector<AffineMap> maps;
    for (auto attr : attrs.getAsRange<AffineMapAttr>())
      maps.push_back(attr.getValue());
    return maps;
  }

  scan::RecurrenceInterface op;
  OpBuilder builder;
};

} // namespace

/// The op on elements, at the builder's place.
Operation *Fusion::cloneScalar(Operation *elementwise, ValueRange operands) {
  Type element = cast<RankedTensorType>(elementwise->getResult(0).getType()).getElementType();
  OperationState state(elementwise->getLoc(), elementwise->getName(), operands, element,
                       elementwise->getAttrs());
  state.propertiesAttr = elementwise->getPropertiesAsAttribute();
  return builder.create(state);
}

/// Replaces the inputs; the region's arguments must already agree.
void Fusion::setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps) {
  unsigned old = op.getInputs().size();
  op->setOperands(0, old, inputs);
  SmallVector<int32_t> segments(
      op->getAttrOfType<DenseI32ArrayAttr>("operandSegmentSizes").asArrayRef());
  segments[0] = inputs.size();
  op->setAttr("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments));
  op->setAttr("input_maps", builder.getAffineMapArrayAttr(maps));
}

/// An argument that reads `tensor` under `map`; a constant where the tensor is one.
Value Fusion::scalarOf(Value tensor, AffineMap map, Location loc) {
  if (Attribute splat = splatOf(tensor)) {
    Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
    return arith::ConstantOp::create(builder, loc, element, cast<TypedAttr>(splat));
  }
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = mapsOf(op.getInputMaps());
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  Value argument = body().insertArgument(inputs.size(), element, loc);
  inputs.push_back(tensor);
  maps.push_back(map);
  setInputs(inputs, maps);
  return argument;
}

/// An input computed by an elementwise op on tensors becomes that op on its operands' elements.
bool Fusion::fuseProducer() {
  for (unsigned i = 0; i < op.getInputs().size(); ++i) {
    Operation *producer = op.getInputs()[i].getDefiningOp();
    AffineMap map = op.getInputMap(i);
    bool constant = producer && splatOf(op.getInputs()[i]);
    bool unread = body().getArgument(i).use_empty(); // dropped later
    if (unread || hasWindow(map) || (!constant && !isElementwise(producer)))
      continue;
    builder.setInsertionPointToStart(&body());
    Value scalar;
    if (constant) {
      scalar = scalarOf(op.getInputs()[i], map, producer->getLoc());
    } else {
      SmallVector<Value> operands;
      for (Value operand : producer->getOperands())
        operands.push_back(scalarOf(operand, map, producer->getLoc()));
      scalar = cloneScalar(producer, operands)->getResult(0);
    }
    body().getArgument(i).replaceAllUsesWith(scalar);
    return true;
  }
  return false;
}

/// Two inputs of one tensor under one map are one input.
bool Fusion::mergeInputs() {
  for (unsigned i = 0; i < op.getInputs().size(); ++i)
    for (unsigned j = 0; j < i; ++j)
      if (op.getInputs()[i] == op.getInputs()[j] && op.getInputMap(i) == op.getInputMap(j) &&
          !body().getArgument(i).use_empty()) {
        body().getArgument(i).replaceAllUsesWith(body().getArgument(j));
        return true;
      }
  return false;
}

bool Fusion::dropInputs() {
  for (unsigned i = 0; i < op.getInputs().size(); ++i) {
    if (!body().getArgument(i).use_empty())
      continue;
    SmallVector<Value> inputs(op.getInputs());
    SmallVector<AffineMap> maps = mapsOf(op.getInputMaps());
    inputs.erase(inputs.begin() + i);
    maps.erase(maps.begin() + i);
    body().eraseArgument(i);
    setInputs(inputs, maps);
    return true;
  }
  return false;
}

/// Builds the op anew with other outputs: `kept` gives, per output, the old one that it was or -1.
void Fusion::rebuild(ArrayRef<std::pair<Type, AffineMap>> outputs, ArrayRef<int> kept) {
  SmallVector<Type> types;
  SmallVector<AffineMap> maps;
  for (auto [type, map] : outputs) {
    types.push_back(type);
    maps.push_back(map);
  }
  unsigned oldOutputs = op.getNumOutputs();
  for (unsigned i = oldOutputs; i < op->getNumResults(); ++i)
    types.push_back(op->getResult(i).getType());
  builder.setInsertionPoint(op);
  OperationState state(op.getLoc(), op->getName(), op->getOperands(), types, op->getAttrs());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  state.addRegion()->takeBody(op.getBody());
  Operation *fresh = builder.create(state);
  fresh->setAttr("output_maps", builder.getAffineMapArrayAttr(maps));
  for (auto [i, old] : llvm::enumerate(kept))
    if (old >= 0)
      op->getResult(old).replaceAllUsesWith(fresh->getResult(i));
  for (unsigned i = oldOutputs; i < op->getNumResults(); ++i)
    op->getResult(i).replaceAllUsesWith(fresh->getResult(i - oldOutputs + outputs.size()));
  op->erase();
  op = cast<scan::RecurrenceInterface>(fresh);
}

bool Fusion::dropOutputs() {
  for (int64_t i = 0; i < op.getNumOutputs(); ++i) {
    if (!op->getResult(i).use_empty())
      continue;
    SmallVector<std::pair<Type, AffineMap>> outputs;
    SmallVector<int> kept;
    for (int64_t k = 0; k < op.getNumOutputs(); ++k)
      if (k != i) {
        outputs.push_back({op->getResult(k).getType(), op.getOutputMap(k)});
        kept.push_back(k);
      }
    yield().getOutsMutable().erase(i);
    rebuild(outputs, kept);
    return true;
  }
  return false;
}

/// An elementwise op on an output becomes an output of its own; the old one goes when nothing else
/// uses it. Its other operands are read under the output's map.
bool Fusion::fuseConsumer() {
  for (int64_t i = 0; i < op.getNumOutputs(); ++i) {
    Value output = op->getResult(i);
    for (Operation *user : output.getUsers()) {
      bool alike = isElementwise(user) &&
                   llvm::all_of(user->getOperands(), [&](Value operand) {
        bool available = operand == output || splatOf(operand) ||
                         (isa<BlockArgument>(operand) ||
                          (operand.getDefiningOp() &&
                           operand.getDefiningOp()->isBeforeInBlock(op)));
        return available &&
               cast<RankedTensorType>(operand.getType()).getShape() ==
                   cast<RankedTensorType>(output.getType()).getShape();
      });
      if (!alike || user->getBlock() != op->getBlock())
        continue;
      AffineMap map = op.getOutputMap(i);
      builder.setInsertionPoint(yield());
      SmallVector<Value> operands;
      for (Value operand : user->getOperands())
        operands.push_back(operand == output ? yield().getOuts()[i]
                                             : scalarOf(operand, map, user->getLoc()));
      Value scalar = cloneScalar(user, operands)->getResult(0);
      yield().getOutsMutable().append(scalar);
      SmallVector<std::pair<Type, AffineMap>> outputs;
      SmallVector<int> kept;
      for (int64_t k = 0; k < op.getNumOutputs(); ++k) {
        outputs.push_back({op->getResult(k).getType(), op.getOutputMap(k)});
        kept.push_back(k);
      }
      outputs.push_back({user->getResult(0).getType(), map});
      kept.push_back(-1);
      rebuild(outputs, kept);
      user->getResult(0).replaceAllUsesWith(op->getResult(outputs.size() - 1));
      user->erase();
      return true;
    }
  }
  return false;
}

unsigned Fusion::run() {
  unsigned fused = 0;
  for (bool changed = true; changed;) {
    bool drawn = fuseProducer() || fuseConsumer();
    fused += drawn;
    changed = drawn || mergeInputs() || dropInputs() || dropOutputs();
  }
  return fused;
}

namespace {

class FuseElementwise : public impl::FuseElementwisePassBase<FuseElementwise> {
public:
  using FuseElementwisePassBase::FuseElementwisePassBase;

  void runOnOperation() override {
    SmallVector<scan::RecurrenceInterface> ops;
    getOperation().walk([&](scan::RecurrenceInterface op) { ops.push_back(op); });
    for (scan::RecurrenceInterface op : ops)
      numFused += Fusion(op).run();
    // Producers that only the recurrences used are dead now.
    SmallVector<Operation *> elementwise;
    getOperation().walk([&](Operation *op) {
      if (isElementwise(op) || splatConstant(op))
        elementwise.push_back(op);
    });
    for (Operation *op : llvm::reverse(elementwise))
      if (op->use_empty())
        op->erase();
  }

private:
  static bool splatConstant(Operation *op) {
    return isa<arith::ConstantOp>(op) && isa<RankedTensorType>(op->getResult(0).getType());
  }
};

} // namespace
} // namespace scanc::analysis
