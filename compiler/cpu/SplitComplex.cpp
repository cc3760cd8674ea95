//===- SplitComplex.cpp - Two of everything that is complex ---------------===//
#include "compiler/cpu/SplitComplex.h"

#include "compiler/cpu/ComplexParts.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace scanc::cpu {

namespace {

/// The type of each part: one for a real number or tensor, two for a complex one.
SmallVector<Type> partsOf(Type type) {
  auto number = dyn_cast<ComplexType>(getElementTypeOrSelf(type));
  if (!number)
    return {type};
  Type part = number.getElementType();
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    part = tensor.clone(part);
  return {part, part};
}

class Splitter {
public:
  explicit Splitter(func::FuncOp source) : source(source), builder(source.getContext()) {}
  RealFunction run();

private:
  void place(Type type, std::size_t operand);
  void add(const Parts &value, SmallVectorImpl<Value> &to) const {
    to.push_back(value.re);
    if (value.im)
      to.push_back(value.im);
  }
  SmallVector<Value> split(ValueRange values) const {
    SmallVector<Value> list;
    for (Value value : values)
      add(parts.at(value), list);
    return list;
  }
  /// Takes the parts of `values` from the front of `list`.
  void bind(ValueRange values, ValueRange list) {
    for (Value value : values) {
      bool isComplex = partsOf(value.getType()).size() == 2;
      parts[value] = {list[0], isComplex ? list[1] : Value()};
      list = list.drop_front(isComplex ? 2 : 1);
    }
  }
  /// As `list`, an entry per value, with an entry per part.
  ArrayAttr repeated(ArrayAttr list, TypeRange values) {
    SmallVector<Attribute> all;
    for (auto [entry, type] : llvm::zip(list, values))
      all.append(partsOf(type).size(), entry);
    return builder.getArrayAttr(all);
  }
  void splitStep(scan::StepOp op);
  void splitInner(Operation &op);

  func::FuncOp source;
  OpBuilder builder;
  llvm::DenseMap<Value, Parts> parts;
  std::vector<Place> places;
};

} // namespace

void Splitter::place(Type type, std::size_t operand) {
  std::int64_t offset = 0;
  for (Type part : partsOf(type)) {
    places.push_back({operand, offset});
    offset += getElementTypeOrSelf(part).getIntOrFloatBitWidth() / 8;
  }
}

void Splitter::splitInner(Operation &op) {
  SmallVector<Parts> operands;
  for (Value operand : op.getOperands())
    operands.push_back(parts.at(operand));
  if (isa<complex::ComplexDialect>(op.getDialect())) {
    parts[op.getResult(0)] = emitComplex(builder, &op, operands);
    return;
  }
  // Sums, means, new indices and choices go part by part.
  Parts result;
  std::size_t count = partsOf(op.getResult(0).getType()).size();
  for (std::size_t part = 0; part < count; ++part) {
    IRMapping mapping;
    for (auto [operand, value] : llvm::zip(op.getOperands(), operands))
      mapping.map(operand, part == 1 && value.im ? value.im : value.re);
    Operation *copy = builder.clone(op, mapping);
    copy->getResult(0).setType(partsOf(op.getResult(0).getType())[part]);
    (part == 0 ? result.re : result.im) = copy->getResult(0);
  }
  parts[op.getResult(0)] = result;
}

void Splitter::splitStep(scan::StepOp op) {
  scan::RecurrenceInterface loop = op;
  auto isComplex = [](Type type) { return partsOf(type).size() == 2; };
  // The imaginary part of a state has a name that the language cannot give.
  auto imaginary = [&](StringAttr name) { return builder.getStringAttr(name.str() + ".im"); };
  SmallVector<Attribute> states, prevs;
  SmallVector<int64_t> positions;
  for (int64_t i = 0; i < loop.getNumStates(); ++i) {
    scan::StateAttr state = loop.getState(i);
    SmallVector<Type> types = partsOf(state.getElementType());
    positions.push_back(states.size());
    for (auto [part, type] : llvm::enumerate(types))
      states.push_back(scan::StateAttr::get(builder.getContext(),
                                            part ? imaginary(state.getName()) : state.getName(),
                                            type, state.getIndices()));
  }
  Block &body = op.getBody().front();
  for (auto [prev, argument] : llvm::zip(op.getPrevs().getAsRange<scan::PrevAttr>(),
                                         body.getArguments().drop_front(op.getInputs().size()))) {
    prevs.push_back(prev);
    if (isComplex(argument.getType()))
      prevs.push_back(
          scan::PrevAttr::get(builder.getContext(), imaginary(prev.getState()), prev.getIndices()));
  }
  auto positionsOf = [&](ArrayRef<int64_t> of, TypeRange tensors) {
    SmallVector<int64_t> list;
    for (auto [state, type] : llvm::zip(of, tensors))
      for (std::size_t part = 0; part < partsOf(type).size(); ++part)
        list.push_back(positions[state] + part);
    return list;
  };
  TypeRange results = op->getResultTypes();
  TypeRange outputs = results.take_front(loop.getNumOutputs());
  TypeRange finals = results.drop_front(loop.getNumOutputs());
  TypeRange inits = op.getInits().getTypes();
  SmallVector<Type> resultTypes;
  for (Type type : results)
    llvm::append_range(resultTypes, partsOf(type));
  auto copy = scan::StepOp::create(
      builder, op.getLoc(), resultTypes, split(op.getInputs()), split(op.getInits()),
      op.getReset() ? parts.at(op.getReset()).re : Value(), op.getDims(),
      repeated(op.getInputMaps(), op.getInputs().getTypes()), repeated(op.getOutputMaps(), outputs),
      builder.getArrayAttr(states), positionsOf(op.getInitStates(), inits),
      repeated(op.getInitMaps(), inits), positionsOf(op.getFinalStates(), finals),
      repeated(op.getFinalMaps(), finals), op.getReverse(), op.getPinsAttr(),
      builder.getArrayAttr(prevs));
  bind(op->getResults(), copy->getResults());

  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&copy.getBody());
  for (BlockArgument argument : body.getArguments())
    for (Type type : partsOf(argument.getType()))
      block->addArgument(type, argument.getLoc());
  bind(body.getArguments(), block->getArguments());
  for (Operation &inner : body.without_terminator())
    splitInner(inner);
  auto yield = cast<scan::YieldOp>(body.getTerminator());
  scan::YieldOp::create(builder, yield.getLoc(), split(yield.getNext()), split(yield.getOuts()));
}

RealFunction Splitter::run() {
  Block &body = source.getBody().front();
  SmallVector<Type> arguments, results;
  SmallVector<Location> locations;
  for (BlockArgument argument : body.getArguments()) {
    place(argument.getType(), argument.getArgNumber());
    for (Type type : partsOf(argument.getType())) {
      arguments.push_back(type);
      locations.push_back(argument.getLoc());
    }
  }
  for (auto [i, type] : llvm::enumerate(source.getResultTypes())) {
    place(type, body.getNumArguments() + i);
    llvm::append_range(results, partsOf(type));
  }
  auto function = func::FuncOp::create(builder, source.getLoc(), source.getName(),
                                       builder.getFunctionType(arguments, results));
  Block *block = builder.createBlock(&function.getBody(), {}, arguments, locations);
  bind(body.getArguments(), block->getArguments());
  for (scan::StepOp step : body.getOps<scan::StepOp>())
    splitStep(step);
  func::ReturnOp::create(builder, source.getLoc(), split(body.getTerminator()->getOperands()));
  return {function, std::move(places)};
}

RealFunction splitComplex(func::FuncOp function) { return Splitter(function).run(); }

} // namespace scanc::cpu
