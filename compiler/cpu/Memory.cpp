//===- Memory.cpp - Loads and stores of tensors and scratch ---------------===//
#include "compiler/cpu/Elementwise.h"
#include "compiler/cpu/StepCode.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace scanc::cpu {

Value StepCode::word(unsigned position) { return loadedWords.at(position); }

Value StepCode::address(Value base, Value bytes) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

Value StepCode::loadAt(Value pointer, Type element) {
  return LLVM::LoadOp::create(builder, loc, vectorOf(element), pointer,
                              /*alignment=*/element.getIntOrFloatBitWidth() / 8);
}

void StepCode::storeAt(Value pointer, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  LLVM::StoreOp::create(builder, loc, value, pointer, element.getIntOrFloatBitWidth() / 8);
}

/// Row `binding` of a scratch array, at the present group.
Value StepCode::scratchPointer(Value base, ArrayRef<int64_t> dims, const Binding &binding,
                               Type element) {
  Value row = constant(0);
  for (int64_t dim : dims)
    row = addI(mulI(row, word(layout.dims + dim)), binding.at(dim));
  Value lane = addI(mulI(row, pitch), group);
  return address(base, mulI(lane, constant(element.getIntOrFloatBitWidth() / 8)));
}

Value StepCode::accessPointer(unsigned access, AffineMap map, const Binding &binding, Value lane) {
  unsigned first = layout.accesses[access];
  Value offset = constant(0);
  for (AffineExpr expr : map.getResults()) {
    int64_t delay = 0;
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      auto sum = cast<AffineBinaryOpExpr>(expr);
      dim = cast<AffineDimExpr>(sum.getLHS());
      delay = -cast<AffineConstantExpr>(sum.getRHS()).getValue();
    }
    int64_t i = dim.getPosition();
    Value at;
    if (i == loop.getTimeDim())
      at = delay ? addI(step, constant(-delay)) : step;
    else if (i == layout.adjacent)
      at = lane;
    else if (auto found = binding.find(i); found != binding.end())
      at = found->second;
    if (at)
      offset = addI(offset, mulI(at, word(first + 1 + i)));
  }
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value base = LLVM::IntToPtrOp::create(builder, loc, pointer, word(first));
  return address(base, offset);
}

/// How the elements of an input or output lie in memory.
Type StepCode::elementOf(unsigned access) {
  unsigned inputs = op.getInputs().size();
  Value tensor = access < inputs ? op.getInputs()[access] : op->getResult(access - inputs);
  return storageType(cast<RankedTensorType>(tensor.getType()).getElementType());
}

/// How many steps a window looks back.
int64_t StepCode::delayOf(unsigned input) {
  for (AffineExpr expr : loop.getInputMap(input).getResults())
    if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr))
      return -cast<AffineConstantExpr>(sum.getRHS()).getValue();
  return 0;
}

/// The present lanes of an input, as elements of memory.
Value StepCode::loadLanes(unsigned input, const Binding &binding) {
  AffineMap map = loop.getInputMap(input);
  Type element = elementOf(input);
  int64_t alignment = element.getIntOrFloatBitWidth() / 8;
  bool varies = layout.adjacent >= 0 && map.isFunctionOfDim(layout.adjacent);
  Value pointer = accessPointer(input, map, binding, group);
  if (width == 1)
    return LLVM::LoadOp::create(builder, loc, element, pointer, alignment);
  Type vector = VectorType::get({width}, element);
  if (!varies) {
    Value one = LLVM::LoadOp::create(builder, loc, element, pointer, alignment);
    return vector::BroadcastOp::create(builder, loc, vector, one);
  }
  if (lanes == Lanes::contiguous)
    return LLVM::LoadOp::create(builder, loc, vector, pointer, alignment);
  SmallVector<Value> elements;
  Value stride = word(layout.accesses[input] + 1 + layout.adjacent);
  for (int64_t lane = 0; lane < width; ++lane) {
    elements.push_back(LLVM::LoadOp::create(builder, loc, element, pointer, alignment));
    pointer = address(pointer, stride);
  }
  return vector::FromElementsOp::create(builder, loc, cast<VectorType>(vector), elements);
}

/// A window reads zero before the run's start.
Value StepCode::loadInput(unsigned input, const Binding &binding) {
  int64_t delay = delayOf(input);
  if (delay == 0)
    return loadLanes(input, binding);
  Value exists =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, step, constant(delay));
  Type element = elementOf(input);
  auto branch = scf::IfOp::create(builder, loc, TypeRange(vectorOf(element)), exists, true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(builder, loc, loadLanes(input, binding));
    builder.setInsertionPointToStart(branch.elseBlock());
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(vectorOf(element)));
    scf::YieldOp::create(builder, loc, zero);
  }
  return branch.getResult(0);
}

void StepCode::storeOutput(unsigned output, Value value, const Binding &binding) {
  unsigned access = op.getInputs().size() + output;
  Value pointer = accessPointer(access, loop.getOutputMap(output), binding, group);
  if (width == 1 || lanes == Lanes::contiguous)
    return storeAt(pointer, value);
  Value stride = word(layout.accesses[access] + 1 + layout.adjacent);
  for (int64_t lane = 0; lane < width; ++lane) {
    Value one = vector::ExtractOp::create(builder, loc, value, lane);
    storeAt(pointer, one);
    pointer = address(pointer, stride);
  }
}

} // namespace scanc::cpu
