//===- Codegen.cpp - Statements in program order, indices as inner loops ---===//
//
// Values without indices are computed once per group of lanes; what varies over
// indices is computed inside loops where it is used. Next states and reductions
// over some indices are stored, so that nothing is summed twice.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/Codegen.h"

#include "compiler/cpu/Elementwise.h"
#include "compiler/cpu/StepCode.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace scanc::cpu {

void StepCode::forLoop(Value count, int64_t by, ValueRange carried,
                       llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body,
                       SmallVector<Value> *results) {
  auto for_ = scf::ForOp::create(builder, loc, constant(0), count, constant(by), carried,
                                 [&](OpBuilder &inner, Location, Value index, ValueRange args) {
                                   OpBuilder::InsertionGuard guard(builder);
                                   builder.setInsertionPoint(inner.getInsertionBlock(),
                                                             inner.getInsertionPoint());
                                   scopes.emplace_back();
                                   SmallVector<Value> yielded = body(index, args);
                                   scopes.pop_back();
                                   scf::YieldOp::create(builder, loc, yielded);
                                 });
  if (results)
    llvm::append_range(*results, for_.getResults());
}

void StepCode::overDims(ArrayRef<int64_t> dims, Binding binding,
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

SmallVector<int64_t> StepCode::stateDims(unsigned state) {
  SmallVector<int64_t> dims;
  for (StringAttr name : loop.getState(state).getIndices())
    dims.push_back(loop.findDim(name.getValue()));
  return dims;
}

Value StepCode::emitPrev(unsigned prev, const Binding &binding) {
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

Value StepCode::emit(Value value, const Binding &binding) {
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

Value StepCode::emitFresh(Value value, const Binding &binding) {
  if (auto found = stored.find(value); found != stored.end()) {
    unsigned state = found->second;
    Type element = storageType(loop.getState(state).getElementType());
    return loadAt(scratchPointer(next[state], stateDims(state), binding, element), element);
  }
  if (auto found = kept.find(value); found != kept.end()) {
    Type element = storageType(value.getType());
    return loadAt(
        scratchPointer(word(layout.temporaries[found->second]), sets.of(value), binding, element),
        element);
  }
  if (auto arg = dyn_cast<BlockArgument>(value)) {
    unsigned number = arg.getArgNumber(), inputs = op.getInputs().size();
    if (number >= inputs)
      return emitPrev(number - inputs, binding);
    return isTiled(number) ? loadAt(tilePointer(number, row), elementOf(number))
                           : loadInput(number, binding);
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
Value StepCode::emitReduce(scan::ReduceOp reduce, const Binding &binding) {
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
void StepCode::storeNext(unsigned state) {
  Value value = yield.getNext()[state];
  Type element = storageType(loop.getState(state).getElementType());
  overDims(stateDims(state), {}, [&](const Binding &binding) {
    storeAt(scratchPointer(next[state], stateDims(state), binding, element), emit(value, binding));
  });
  // Read back only where the value's indices are all of the state's: a read binds no others.
  if (!sets.of(value).empty() && sets.of(value).size() == stateDims(state).size())
    stored[value] = state;
}

void StepCode::materialise(scan::ReduceOp reduce) {
  unsigned position = llvm::find(layout.materialised, Value(reduce)) - layout.materialised.begin();
  Type element = storageType(reduce.getType());
  Value base = word(layout.temporaries[position]);
  overDims(sets.of(reduce), {}, [&](const Binding &binding) {
    storeAt(scratchPointer(base, sets.of(reduce), binding, element), emit(reduce, binding));
  });
  kept[reduce] = position;
}

/// The code of one group of lanes at one step.
void StepCode::statements() {
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
      unsigned access = op.getInputs().size() + i;
      if (isTiled(access))
        storeAt(tilePointer(access, row), emit(value, binding));
      else
        storeOutput(i, emit(value, binding), binding);
    });
  }
}

void StepCode::overGroups(llvm::function_ref<void()> body) {
  forLoop(count, width, {}, [&](Value lane, ValueRange) {
    group = lane;
    body();
    return SmallVector<Value>();
  });
}

/// All lanes at the present step. The buffers of a state at t-1 and at t change places.
SmallVector<Value> StepCode::oneStep(ValueRange buffers) {
  current.clear();
  next.clear();
  SmallVector<Value> swapped;
  for (std::size_t i = 0; i < buffers.size(); i += 2) {
    current.push_back(buffers[i]);
    next.push_back(buffers[i + 1]);
    swapped.append({buffers[i + 1], buffers[i]});
  }
  overGroups([&] { statements(); });
  return swapped;
}

/// All lanes at the steps from `first` to the end of the tile or of the run.
SmallVector<Value> StepCode::oneTile(Value first, ValueRange buffers) {
  Value left = arith::SubIOp::create(builder, loc, word(layout.steps), first);
  Value steps = arith::MinSIOp::create(builder, loc, left, constant(width));
  unsigned inputs = op.getInputs().size(), accesses = layout.accesses.size();
  auto move = [&](unsigned from, unsigned to) {
    for (unsigned access = from; access < to; ++access)
      if (isTiled(access))
        overGroups([&] { moveTile(access, first, steps); });
  };
  move(0, inputs);
  SmallVector<Value> results;
  forLoop(
      steps, 1, buffers,
      [&](Value index, ValueRange carried) {
        row = index;
        step = addI(first, row);
        return oneStep(carried);
      },
      &results);
  move(inputs, accesses);
  return results;
}

void StepCode::run(StringRef name, ModuleOp into) {
  builder.setInsertionPointToEnd(into.getBody());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto function =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType({pointer, i64, i64}, {}));
  function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  words = body->getArgument(0);
  count = body->getArgument(1);
  pitch = body->getArgument(2);
  scopes.emplace_back();
  llvm::DenseSet<unsigned> scratch(layout.temporaries.begin(), layout.temporaries.end());
  for (unsigned state : layout.states) {
    scratch.insert(state);
    scratch.insert(state + 1);
  }
  for (int tile : layout.tiles)
    if (tile >= 0)
      scratch.insert(tile);
  for (unsigned i = 0; i < layout.words; ++i) {
    Value at = address(words, constant(8 * i));
    loadedWords[i] =
        LLVM::LoadOp::create(builder, loc, scratch.contains(i) ? Type(pointer) : i64, at, 8);
  }
  SmallVector<Value> buffers;
  for (unsigned state : layout.states) {
    buffers.push_back(word(state));
    buffers.push_back(word(state + 1));
  }
  Value steps = word(layout.steps);
  if (lanes != Lanes::strided)
    forLoop(steps, 1, buffers, [&](Value t, ValueRange carried) {
      step = t;
      return oneStep(carried);
    });
  else
    forLoop(steps, width, buffers,
            [&](Value first, ValueRange carried) { return oneTile(first, carried); });
  func::ReturnOp::create(builder, loc);
}

void generate(scan::StepOp op, const Layout &layout, Lanes lanes, int64_t width, StringRef name,
              ModuleOp into) {
  StepCode(op, layout, lanes, width).run(name, into);
}

std::optional<std::pair<std::string, Location>> unsupported(scan::StepOp op) {
  scan::RecurrenceInterface loop = op;
  auto isComplex = [](Type type) { return isa<ComplexType>(getElementTypeOrSelf(type)); };
  auto differs = [&](auto pair) {
    auto [state, tensor] = pair;
    return isComplex(loop.getState(state).getElementType()) != isComplex(tensor.getType());
  };
  if (llvm::any_of(llvm::zip(op.getInitStates(), op.getInits()), differs) ||
      llvm::any_of(
          llvm::zip(op.getFinalStates(), op->getResults().drop_front(loop.getNumOutputs())),
          differs))
    return std::pair(std::string("a real end of a complex state, or the reverse"), op.getLoc());
  for (Value result : op->getResults()) {
    bool isReturned =
        llvm::any_of(result.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
    if (!isReturned)
      return std::pair(std::string("a scan's result that is not the kernel's"), op.getLoc());
  }
  return std::nullopt;
}

} // namespace scanc::cpu
