//===- Codegen.cpp - Statements in program order, indices as inner loops ---===//
//
// Values without indices are computed once per group of lanes; what varies over
// indices is computed inside loops where it is used. Next states and reductions
// over some indices are stored, so that nothing is summed twice.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/Codegen.h"

#include "compiler/cpu/Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;

namespace scanc::cpu {

namespace {

/// The index of each index dim at the present point.
using Binding = std::map<int64_t, Value>;

class Codegen {
public:
  Codegen(scan::StepOp op, const Layout &layout, Lanes lanes, int64_t width)
      : op(op), loop(op), layout(layout), lanes(lanes), width(width), sets(loop),
        builder(op.getContext()), loc(op.getLoc()),
        yield(cast<scan::YieldOp>(op.getBody().front().getTerminator())) {}

  void run(StringRef name, ModuleOp into);

private:
  // Small words of code
  Value constant(int64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }
  Value addI(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value mulI(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
  Value word(unsigned position);
  Value address(Value base, Value bytes);
  Type vectorOf(Type element) const {
    return width == 1 ? element : Type(VectorType::get({width}, element));
  }
  void forLoop(Value count, int64_t step, ValueRange carried,
               llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body,
               SmallVector<Value> *results = nullptr);
  void overDims(ArrayRef<int64_t> dims, Binding binding,
                llvm::function_ref<void(const Binding &)> body);

  // Memory
  Value loadAt(Value pointer, Type element);
  void storeAt(Value pointer, Value value);
  Value scratchPointer(Value base, ArrayRef<int64_t> dims, const Binding &binding, Type element);
  Value accessPointer(unsigned access, AffineMap map, const Binding &binding, Value lane);
  Value loadInput(unsigned input, const Binding &binding);
  Value loadLanes(unsigned input, const Binding &binding);
  void storeOutput(unsigned output, Value value, const Binding &binding);

  // Values
  Value emit(Value value, const Binding &binding);
  Value emitFresh(Value value, const Binding &binding);
  Value emitReduce(scan::ReduceOp op, const Binding &binding);
  Value emitPrev(unsigned prev, const Binding &binding);
  SmallVector<int64_t> stateDims(unsigned state);
  void storeNext(unsigned state);
  void materialise(scan::ReduceOp op);
  void statements();

  scan::StepOp op;
  scan::RecurrenceInterface loop;
  const Layout &layout;
  Lanes lanes;
  int64_t width;
  scan::IndexSets sets;
  OpBuilder builder;
  Location loc;
  scan::YieldOp yield;

  Value words, pitch, step, group; ///< arguments and the loop variables around a group
  SmallVector<Value> current, next; ///< scratch of the states
  std::map<unsigned, Value> loadedWords;
  using Key = std::pair<void *, std::vector<void *>>;
  std::vector<std::map<Key, Value>> scopes;
  llvm::DenseMap<Value, unsigned> stored; ///< next value -> state, once stored
  llvm::DenseMap<Value, unsigned> kept;   ///< materialised value -> temporary, once stored
};

} // namespace

Value Codegen::word(unsigned position) { return loadedWords.at(position); }

Value Codegen::address(Value base, Value bytes) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

void Codegen::forLoop(Value count, int64_t by, ValueRange carried,
                      llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body,
                      SmallVector<Value> *results) {
  auto for_ = scf::ForOp::create(
      builder, loc, constant(0), count, constant(by), carried,
      [&](OpBuilder &inner, Location, Value index, ValueRange args) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
        scopes.emplace_back();
        SmallVector<Value> yielded = body(index, args);
        scopes.pop_back();
        scf::YieldOp::create(builder, loc, yielded);
      });
  if (results)
    llvm::append_range(*results, for_.getResults());
}

void Codegen::overDims(ArrayRef<int64_t> dims, Binding binding,
                       llvm::function_ref<void(const Binding &)> body) {
  if (dims.empty())
    return body(binding);
  forLoop(word(layout.dims + dims.front()), 1, {}, [&](Value index, ValueRange) {
    Binding inner = binding;
    inner[dims.front()] = index;
    overDims(dims.drop_front(), inner, body);
    return SmallVector<Value>();
  });
}

Value Codegen::loadAt(Value pointer, Type element) {
  return LLVM::LoadOp::create(builder, loc, vectorOf(element), pointer,
                              /*alignment=*/element.getIntOrFloatBitWidth() / 8);
}

void Codegen::storeAt(Value pointer, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  LLVM::StoreOp::create(builder, loc, value, pointer, element.getIntOrFloatBitWidth() / 8);
}

/// Row `binding` of a scratch array, at the present group.
Value Codegen::scratchPointer(Value base, ArrayRef<int64_t> dims, const Binding &binding,
                              Type element) {
  Value row = constant(0);
  for (int64_t dim : dims)
    row = addI(mulI(row, word(layout.dims + dim)), binding.at(dim));
  Value lane = addI(mulI(row, pitch), group);
  return address(base, mulI(lane, constant(element.getIntOrFloatBitWidth() / 8)));
}

Value Codegen::accessPointer(unsigned access, AffineMap map, const Binding &binding, Value lane) {
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

/// The present lanes of an input, as elements of memory.
Value Codegen::loadLanes(unsigned input, const Binding &binding) {
  AffineMap map = loop.getInputMap(input);
  Type element = storageType(
      cast<RankedTensorType>(op.getInputs()[input].getType()).getElementType());
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
Value Codegen::loadInput(unsigned input, const Binding &binding) {
  int64_t delay = 0;
  for (AffineExpr expr : loop.getInputMap(input).getResults())
    if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr))
      delay = -cast<AffineConstantExpr>(sum.getRHS()).getValue();
  if (delay == 0)
    return loadLanes(input, binding);
  Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, step,
                                       constant(delay));
  Type element = storageType(
      cast<RankedTensorType>(op.getInputs()[input].getType()).getElementType());
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

void Codegen::storeOutput(unsigned output, Value value, const Binding &binding) {
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

SmallVector<int64_t> Codegen::stateDims(unsigned state) {
  SmallVector<int64_t> dims;
  for (StringAttr name : loop.getState(state).getIndices())
    dims.push_back(loop.findDim(name.getValue()));
  return dims;
}

Value Codegen::emitPrev(unsigned prev, const Binding &binding) {
  unsigned state = 0;
  while (loop.getState(state).getName() != op.getPrev(prev).getState())
    ++state;
  // The state's own dims take the indices of this read.
  Binding own;
  for (auto [dim, read] : llvm::zip(stateDims(state), op.getPrev(prev).getIndices()))
    own[dim] = binding.at(loop.findDim(read.getValue()));
  Type element = storageType(loop.getState(state).getElementType());
  return loadAt(scratchPointer(current[state], stateDims(state), own, element), element);
}

Value Codegen::emit(Value value, const Binding &binding) {
  Key key{value.getAsOpaquePointer(), {}};
  for (int64_t dim : sets.of(value))
    key.second.push_back(binding.at(dim).getAsOpaquePointer());
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->find(key); found != scope->end())
      return found->second;
  Value result = emitFresh(value, binding);
  scopes.back()[key] = result;
  return result;
}

Value Codegen::emitFresh(Value value, const Binding &binding) {
  if (auto found = stored.find(value); found != stored.end()) {
    unsigned state = found->second;
    Type element = storageType(loop.getState(state).getElementType());
    return loadAt(scratchPointer(next[state], stateDims(state), binding, element), element);
  }
  if (auto found = kept.find(value); found != kept.end()) {
    Type element = storageType(value.getType());
    return loadAt(scratchPointer(word(layout.temporaries[found->second]), sets.of(value), binding,
                                 element),
                  element);
  }
  if (auto arg = dyn_cast<BlockArgument>(value)) {
    unsigned number = arg.getArgNumber(), inputs = op.getInputs().size();
    return number < inputs ? loadInput(number, binding) : emitPrev(number - inputs, binding);
  }
  Operation *source = value.getDefiningOp();
  if (auto reduce = dyn_cast<scan::ReduceOp>(source))
    return emitReduce(reduce, binding);
  if (auto reindex = dyn_cast<scan::ReindexOp>(source)) {
    Binding renamed = binding;
    for (auto [from, to] : llvm::zip(reindex.getFrom().getAsRange<StringAttr>(),
                                     reindex.getTo().getAsRange<StringAttr>()))
      renamed[loop.findDim(from.getValue())] = binding.at(loop.findDim(to.getValue()));
    return emit(reindex.getValue(), renamed);
  }
  SmallVector<Value> operands;
  for (Value operand : source->getOperands())
    operands.push_back(emit(operand, binding));
  return emitElementwise(builder, source, operands, width);
}

/// Loops over the reduced indices with the accumulator carried.
Value Codegen::emitReduce(scan::ReduceOp reduce, const Binding &binding) {
  SmallVector<int64_t> over;
  for (StringAttr name : reduce.getOver().getAsRange<StringAttr>())
    over.push_back(loop.findDim(name.getValue()));
  Type type = vectorOf(reduce.getType());
  std::function<Value(ArrayRef<int64_t>, Binding, Value)> nest =
      [&](ArrayRef<int64_t> dims, Binding point, Value total) -> Value {
    if (dims.empty())
      return emitCombine(builder, loc, reduce.getKind(), total, emit(reduce.getValue(), point));
    SmallVector<Value> results;
    forLoop(
        word(layout.dims + dims.front()), 1, total,
        [&](Value index, ValueRange carried) {
          Binding inner = point;
          inner[dims.front()] = index;
          return SmallVector<Value>{nest(dims.drop_front(), inner, carried[0])};
        },
        &results);
    return results[0];
  };
  Value total = nest(over, binding, emitNeutral(builder, loc, reduce.getKind(), type));
  if (reduce.getKind() != scan::Reduction::Mean)
    return total;
  Value count = constant(1);
  for (int64_t dim : over)
    count = mulI(count, word(layout.dims + dim));
  return emitMean(builder, loc, total, count);
}

/// Stores a state's next value for all its indices; from here on it is read back.
void Codegen::storeNext(unsigned state) {
  Value value = yield.getNext()[state];
  Type element = storageType(loop.getState(state).getElementType());
  overDims(stateDims(state), {}, [&](const Binding &binding) {
    storeAt(scratchPointer(next[state], stateDims(state), binding, element), emit(value, binding));
  });
  // Read back only where the value's indices are all of the state's: a read binds no others.
  if (!sets.of(value).empty() && sets.of(value).size() == stateDims(state).size())
    stored[value] = state;
}

void Codegen::materialise(scan::ReduceOp reduce) {
  unsigned position = llvm::find(layout.materialised, Value(reduce)) - layout.materialised.begin();
  Type element = storageType(reduce.getType());
  Value base = word(layout.temporaries[position]);
  overDims(sets.of(reduce), {}, [&](const Binding &binding) {
    storeAt(scratchPointer(base, sets.of(reduce), binding, element), emit(reduce, binding));
  });
  kept[reduce] = position;
}

/// The code of one group of lanes at one step.
void Codegen::statements() {
  llvm::SmallVector<bool> done(loop.getNumStates(), false);
  for (Operation &inner : op.getBody().front()) {
    if (isa<scan::YieldOp>(inner))
      break;
    Value value = inner.getResult(0);
    if (sets.of(value).empty()) {
      emit(value, {});
      continue;
    }
    if (auto reduce = dyn_cast<scan::ReduceOp>(inner))
      materialise(reduce);
    for (unsigned state = 0; state < done.size(); ++state)
      if (yield.getNext()[state] == value && !done[state]) {
        storeNext(state);
        done[state] = true;
      }
  }
  for (unsigned state = 0; state < done.size(); ++state)
    if (!done[state])
      storeNext(state);
  for (auto [i, value] : llvm::enumerate(yield.getOuts())) {
    SmallVector<int64_t> dims;
    for (AffineExpr expr : loop.getOutputMap(i).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (loop.getDim(dim.getPosition()).getKind() == scan::DimKind::Index)
          dims.push_back(dim.getPosition());
    overDims(dims, {}, [&, i = i, value = value](const Binding &binding) {
      storeOutput(i, emit(value, binding), binding);
    });
  }
}

void Codegen::run(StringRef name, ModuleOp into) {
  builder.setInsertionPointToEnd(into.getBody());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto function =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType({pointer, i64, i64}, {}));
  function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  words = body->getArgument(0);
  pitch = body->getArgument(2);
  scopes.emplace_back();
  llvm::DenseSet<unsigned> scratch(layout.temporaries.begin(), layout.temporaries.end());
  for (unsigned state : layout.states) {
    scratch.insert(state);
    scratch.insert(state + 1);
  }
  for (unsigned i = 0; i < layout.words; ++i) {
    Value at = address(words, constant(8 * i));
    loadedWords[i] = LLVM::LoadOp::create(builder, loc, scratch.contains(i) ? Type(pointer) : i64,
                                          at, 8);
  }
  SmallVector<Value> buffers;
  for (unsigned state : layout.states) {
    buffers.push_back(word(state));
    buffers.push_back(word(state + 1));
  }
  forLoop(word(layout.steps), 1, buffers, [&](Value t, ValueRange carried) {
    step = t;
    current.clear();
    next.clear();
    for (std::size_t i = 0; i < layout.states.size(); ++i) {
      current.push_back(carried[2 * i]);
      next.push_back(carried[2 * i + 1]);
    }
    forLoop(body->getArgument(1), width, {}, [&](Value lane, ValueRange) {
      group = lane;
      statements();
      return SmallVector<Value>();
    });
    SmallVector<Value> swapped;
    for (std::size_t i = 0; i < layout.states.size(); ++i) {
      swapped.push_back(next[i]);
      swapped.push_back(current[i]);
    }
    return swapped;
  });
  func::ReturnOp::create(builder, loc);
}

void generate(scan::StepOp op, const Layout &layout, Lanes lanes, int64_t width, StringRef name,
              ModuleOp into) {
  Codegen(op, layout, lanes, width).run(name, into);
}

std::optional<std::pair<std::string, Location>> unsupported(scan::StepOp op) {
  for (Value operand : op->getOperands()) {
    Type element = cast<RankedTensorType>(operand.getType()).getElementType();
    if (isa<ComplexType>(element))
      return std::pair(std::string("complex numbers"), operand.getLoc());
    if (isa<Float8E4M3FNType, Float8E5M2Type>(element))
      return std::pair(std::string("8-bit elements"), operand.getLoc());
  }
  for (auto state : op.getStates().getAsRange<scan::StateAttr>())
    if (isa<ComplexType, Float8E4M3FNType, Float8E5M2Type>(state.getElementType()))
      return std::pair(std::string("complex and 8-bit states"), op.getLoc());
  for (Value result : op->getResults()) {
    Type element = cast<RankedTensorType>(result.getType()).getElementType();
    if (isa<ComplexType, Float8E4M3FNType, Float8E5M2Type>(element))
      return std::pair(std::string("complex and 8-bit results"), op.getLoc());
  }
  return std::nullopt;
}

} // namespace scanc::cpu
