//===- RaiseToAffine.cpp - Step form to affine form -----------------------===//
#include "compiler/analysis/LinearForm.h"
#include "compiler/analysis/Passes.h"
#include "compiler/analysis/Transition.h"

#include "mlir/IR/IRMapping.h"

namespace scanc::analysis {
#define GEN_PASS_DEF_RAISETOAFFINEPASS
#include "compiler/analysis/Passes.h.inc"
} // namespace scanc::analysis

using namespace mlir;

namespace scanc::analysis {

namespace {

/// One step op being raised.
class Raise {
public:
  explicit Raise(scan::StepOp op)
      : op(op), loop(op), sets(loop), builder(op), yield(cast<scan::YieldOp>(
                                                       op.getBody().front().getTerminator())) {
    for (Attribute dim : op.getDims())
      dims.push_back(cast<scan::DimAttr>(dim));
  }
  LogicalResult run();

private:
  Value root(unsigned state);
  std::vector<unsigned> readsOf(Value value, unsigned state);
  void findDependences();
  std::vector<std::vector<unsigned>> blocks() const;
  LogicalResult advance(ArrayRef<unsigned> block);
  std::optional<std::vector<LinearForm>> linearize(ArrayRef<unsigned> block, scan::Ring &ring,
                                                   std::optional<LinearAnalysis> &analysis);
  LogicalResult refuse(const LinearAnalysis &analysis, ArrayRef<unsigned> block);
  Value materialize(Value old);
  void before(unsigned prev);
  unsigned stateOf(unsigned prev);
  void addDims(scan::AffineOp affine);

  scan::StepOp op;
  scan::RecurrenceInterface loop;
  scan::IndexSets sets;
  OpBuilder builder;
  scan::YieldOp yield;
  IRMapping mapping;
  llvm::DenseMap<Value, unsigned> owners;   ///< next value -> the state that it is made for
  std::vector<std::vector<unsigned>> needs; ///< state -> states that its next value reads
  std::vector<Value> nowOf, beforeOf;       ///< by state, once advanced
  std::vector<scan::DimAttr> dims;          ///< of the step, then those of fresh names
};

} // namespace

/// The next value of a state before it is rounded to the state's own type.
Value Raise::root(unsigned state) {
  Value next = yield.getNext()[state];
  if (auto narrow = next.getDefiningOp<arith::TruncFOp>())
    return narrow.getIn();
  return next;
}

unsigned Raise::stateOf(unsigned prev) {
  for (int64_t i = 0; i < loop.getNumStates(); ++i)
    if (loop.getState(i).getName() == op.getPrev(prev).getState())
      return i;
  return 0;
}

/// The states at t-1 that `value` reads, and those other than `state` whose next value it reads.
std::vector<unsigned> Raise::readsOf(Value value, unsigned state) {
  std::vector<unsigned> found;
  llvm::DenseSet<Value> seen;
  SmallVector<Value> work = {value};
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (auto arg = dyn_cast<BlockArgument>(next)) {
      int64_t prev = arg.getArgNumber() - static_cast<int64_t>(op.getInputs().size());
      if (prev >= 0)
        found.push_back(stateOf(prev));
    } else if (auto owner = owners.find(next); owner != owners.end() && owner->second != state) {
      found.push_back(owner->second);
    } else {
      llvm::append_range(work, next.getDefiningOp()->getOperands());
    }
  }
  return found;
}

/// A value that is the next one of several states belongs to the first of them that it is made from:
/// the others copy it.
void Raise::findDependences() {
  for (int64_t state = 0; state < loop.getNumStates(); ++state) {
    Value next = yield.getNext()[state];
    if (isa<BlockArgument>(next))
      continue; // a copy of a state at t-1
    auto [owner, isNew] = owners.try_emplace(next, state);
    if (isNew)
      continue;
    std::vector<unsigned> reads = readsOf(next, owner->second);
    if (!llvm::is_contained(reads, owner->second) && llvm::is_contained(reads, state))
      owner->second = state;
  }
  for (int64_t state = 0; state < loop.getNumStates(); ++state)
    needs.push_back(readsOf(root(state), state));
}

/// States that need each other, together; blocks in an order in which each needs only earlier ones.
std::vector<std::vector<unsigned>> Raise::blocks() const {
  unsigned count = needs.size();
  std::vector<std::vector<bool>> reach(count, std::vector<bool>(count));
  for (unsigned i = 0; i < count; ++i)
    for (unsigned j : needs[i])
      reach[i][j] = true;
  for (unsigned k = 0; k < count; ++k)
    for (unsigned i = 0; i < count; ++i)
      for (unsigned j = 0; j < count; ++j)
        reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
  std::vector<std::vector<unsigned>> result;
  std::vector<bool> done(count);
  while (llvm::is_contained(done, false))
    for (unsigned i = 0; i < count; ++i) {
      if (done[i])
        continue;
      std::vector<unsigned> block;
      bool ready = true;
      for (unsigned j = 0; j < count; ++j) {
        bool mutual = i == j || (reach[i][j] && reach[j][i]);
        if (mutual)
          block.push_back(j);
        ready &= !reach[i][j] || mutual || done[j];
      }
      if (!ready)
        continue;
      for (unsigned j : block)
        done[j] = true;
      result.push_back(block);
      break;
    }
  return result;
}

/// In the first semiring in which the whole block is affine; the real one's complaint otherwise.
std::optional<std::vector<LinearForm>>
Raise::linearize(ArrayRef<unsigned> block, scan::Ring &ring,
                 std::optional<LinearAnalysis> &analysis) {
  std::optional<LinearAnalysis> real;
  for (scan::Ring candidate :
       {scan::Ring::Real, scan::Ring::MaxPlus, scan::Ring::MinPlus, scan::Ring::Log}) {
    LinearAnalysis attempt(op, sets, candidate, block, dims);
    std::vector<LinearForm> forms;
    for (unsigned state : block) {
      auto form = attempt.analyze(root(state));
      if (!form)
        break;
      forms.push_back(std::move(*form));
    }
    if (forms.size() == block.size()) {
      ring = candidate;
      analysis.emplace(std::move(attempt));
      return forms;
    }
    if (candidate == scan::Ring::Real)
      real.emplace(std::move(attempt));
  }
  analysis.emplace(std::move(*real));
  return std::nullopt;
}

LogicalResult Raise::refuse(const LinearAnalysis &analysis, ArrayRef<unsigned> block) {
  InFlightDiagnostic error = emitError(analysis.failureLoc)
                             << "[SC2001] the step is not affine in state '"
                             << loop.getState(block[0]).getName().getValue()
                             << "': " << analysis.failure;
  error.attachNote(analysis.failureLoc) << analysis.cure;
  return error;
}

/// The value in the affine op of a value of the step.
Value Raise::materialize(Value old) {
  SmallVector<Value> work = {old};
  while (!work.empty()) {
    Value value = work.back();
    if (mapping.contains(value)) {
      work.pop_back();
    } else if (auto arg = dyn_cast<BlockArgument>(value)) {
      before(arg.getArgNumber() - op.getInputs().size());
    } else {
      std::size_t before = work.size();
      for (Value operand : llvm::reverse(value.getDefiningOp()->getOperands()))
        if (!mapping.contains(operand))
          work.push_back(operand);
      if (work.size() == before)
        builder.clone(*value.getDefiningOp(), mapping);
    }
  }
  return mapping.lookup(old);
}

/// Makes a state at t-1 under the names of a read.
void Raise::before(unsigned prev) {
  unsigned state = stateOf(prev);
  Value value = beforeOf[state];
  SmallVector<StringRef> from, to;
  for (auto [own, read] :
       llvm::zip(loop.getState(state).getIndices(), op.getPrev(prev).getIndices()))
    if (own != read) {
      from.push_back(own);
      to.push_back(read);
    }
  if (!from.empty())
    value = scan::ReindexOp::create(builder, scan::getPrevArgument(op, prev).getLoc(),
                                    value.getType(), value, builder.getStrArrayAttr(from),
                                    builder.getStrArrayAttr(to));
  mapping.map(scan::getPrevArgument(op, prev), value);
}

LogicalResult Raise::advance(ArrayRef<unsigned> block) {
  scan::Ring ring = scan::Ring::Real;
  std::optional<LinearAnalysis> analysis;
  auto forms = linearize(block, ring, analysis);
  if (!forms)
    return refuse(*analysis, block);
  dims = analysis->dims;
  SmallVector<scan::StateAttr> states;
  for (unsigned state : block)
    states.push_back(loop.getState(state));
  std::string why;
  std::optional<Transition> transition = classify(analysis->nodes, *forms, block, states, ring, why);
  Location loc = root(block[0]).getLoc();
  if (!transition)
    return emitError(loc) << "[SC2002] the transition of state '" << states[0].getName().getValue()
                          << "' is affine, but of no known structure: " << why;

  NodePrinter printer(builder, loc, root(block[0]).getType(), ring,
                      [&](Value old) { return materialize(old); });
  SmallVector<Value> operands, inputs;
  for (NodePtr node : transition->operands)
    operands.push_back(printer.print(node));
  for (NodePtr node : transition->inputs)
    inputs.push_back(printer.print(node));
  SmallVector<Type> types;
  SmallVector<StringRef> names;
  for (int twice = 0; twice < 2; ++twice)
    for (scan::StateAttr state : states)
      types.push_back(state.getElementType());
  for (scan::StateAttr state : states)
    names.push_back(state.getName());
  auto refs = [](const Names &names) { return SmallVector<StringRef>(names.begin(), names.end()); };
  auto advance = scan::AdvanceOp::create(
      builder, loc, types, builder.getStrArrayAttr(names), transition->structure, ring, operands,
      inputs, builder.getStrArrayAttr(refs(transition->rows)),
      builder.getStrArrayAttr(refs(transition->contract)), transition->timeVarying);
  for (auto [i, state] : llvm::enumerate(block)) {
    nowOf[state] = advance.getNow(i);
    beforeOf[state] = advance.getBefore(i);
    Value next = yield.getNext()[state];
    // What is the same at all points of the state is no state's value to who reads it: it is computed again.
    bool varies = sets.of(next).size() == loop.getState(state).getIndices().size();
    if (auto owner = owners.find(next); varies && owner != owners.end() && owner->second == state)
      mapping.map(next, advance.getNow(i));
  }
  return success();
}

/// Gives the op the dimensions of those fresh names that its region has kept.
void Raise::addDims(scan::AffineOp affine) {
  auto has = [](ArrayAttr names, scan::DimAttr dim) {
    return llvm::is_contained(names, Attribute(dim.getName()));
  };
  SmallVector<Attribute> kept(op.getDims().getValue());
  for (scan::DimAttr dim : ArrayRef(dims).drop_front(kept.size()))
    if (llvm::any_of(affine.getBody().front(), [&](Operation &inner) {
          auto reindex = dyn_cast<scan::ReindexOp>(inner);
          auto advance = dyn_cast<scan::AdvanceOp>(inner);
          return (reindex && has(reindex.getTo(), dim)) ||
                 (advance && has(advance.getContract(), dim));
        }))
      kept.push_back(dim);
  auto widened = [&](ArrayAttr maps) {
    SmallVector<AffineMap> result;
    for (AffineMap map : maps.getAsValueRange<AffineMapAttr>())
      result.push_back(AffineMap::get(kept.size(), 0, map.getResults(), map.getContext()));
    return builder.getAffineMapArrayAttr(result);
  };
  affine.setDimsAttr(builder.getArrayAttr(kept));
  affine.setInputMapsAttr(widened(op.getInputMaps()));
  affine.setOutputMapsAttr(widened(op.getOutputMaps()));
  affine.setInitMapsAttr(widened(op.getInitMaps()));
  affine.setFinalMapsAttr(widened(op.getFinalMaps()));
}

LogicalResult Raise::run() {
  findDependences();
  nowOf.resize(loop.getNumStates());
  beforeOf.resize(loop.getNumStates());
  auto affine = scan::AffineOp::create(
      builder, op.getLoc(), op.getResultTypes(), op.getInputs(), op.getInits(), op.getReset(),
      op.getDims(), op.getInputMaps(), op.getOutputMaps(), op.getStates(), op.getInitStates(),
      op.getInitMaps(), op.getFinalStates(), op.getFinalMaps(), op.getReverse(), op.getPinsAttr());
  Block *body = builder.createBlock(&affine.getBody());
  for (BlockArgument arg : op.getBody().front().getArguments().take_front(op.getInputs().size()))
    mapping.map(arg, body->addArgument(arg.getType(), arg.getLoc()));
  for (const std::vector<unsigned> &block : blocks())
    if (failed(advance(block))) {
      affine.erase();
      return failure();
    }
  SmallVector<Value> outs;
  for (Value value : yield.getOuts())
    outs.push_back(materialize(value));
  scan::YieldOp::create(builder, yield.getLoc(), ValueRange(), outs);
  addDims(affine);
  op->replaceAllUsesWith(affine);
  op.erase();
  return success();
}

namespace {

class RaiseToAffine : public impl::RaiseToAffinePassBase<RaiseToAffine> {
public:
  using RaiseToAffinePassBase::RaiseToAffinePassBase;

  void runOnOperation() override {
    SmallVector<scan::StepOp> steps;
    getOperation().walk([&](scan::StepOp op) { steps.push_back(op); });
    for (scan::StepOp op : steps)
      if (failed(Raise(op).run()))
        signalPassFailure();
  }
};

} // namespace
} // namespace scanc::analysis
