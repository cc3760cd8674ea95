//===- ScanOps.cpp - The numbered constraints of the scan dialect ---------===//
#include "dialects/scan/ScanOps.h"

#include "dialects/Regions.h"
#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallSet.h"

#include <limits>

using namespace mlir;
using namespace scanc::scan;

#include "dialects/scan/ScanInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/scan/ScanOps.cpp.inc"

BlockArgument scanc::scan::getPrevArgument(StepOp op, int64_t i) {
  return op.getBody().front().getArgument(op.getInputs().size() + i);
}

double scanc::scan::zeroOfState(StepOp op, int64_t i) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  // Walks from the next state to what the state at t-1 enters; other operands do not count.
  llvm::SmallPtrSet<Operation *, 16> dependent;
  for (int64_t p = 0; p < static_cast<int64_t>(op.getPrevs().size()); ++p)
    if (op.getPrev(p).getState() == RecurrenceInterface(op).getState(i).getName())
      for (Operation *user : getPrevArgument(op, p).getUsers())
        dependent.insert(user);
  for (Operation &inner : op.getBody().front())
    if (llvm::any_of(inner.getOperands(), [&](Value v) {
          return v.getDefiningOp() && dependent.contains(v.getDefiningOp());
        }))
      dependent.insert(&inner);
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Operation *> work;
  if (Operation *root = yield.getNext()[i].getDefiningOp())
    work.push_back(root);
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    if (!dependent.contains(next) || !seen.insert(next).second)
      continue;
    auto reduce = dyn_cast<ReduceOp>(next);
    if (isa<arith::MaximumFOp, LogAddExpOp>(next) ||
        (reduce && (reduce.getKind() == Reduction::Max || reduce.getKind() == Reduction::LogSumExp)))
      return -infinity;
    if (isa<arith::MinimumFOp>(next) || (reduce && reduce.getKind() == Reduction::Min))
      return infinity;
    for (Value operand : next->getOperands())
      if (Operation *source = operand.getDefiningOp())
        work.push_back(source);
  }
  return 0;
}

/// Lanes, then one time, then one segment exactly with `reset`, then indices.
static LogicalResult verifyDims(RecurrenceInterface op) {
  llvm::SmallSet<StringRef, 8> names;
  int64_t times = 0, segments = 0;
  DimKind last = DimKind::Lane;
  for (Attribute attr : op.getDims()) {
    auto dim = dyn_cast<DimAttr>(attr);
    if (!dim)
      return op->emitOpError("dims: expected #scan.dim, got ") << attr; // recurrence_c1
    if (!names.insert(dim.getName().getValue()).second) // recurrence_c1
      return op->emitOpError("dims: expected distinct names, got ") << dim.getName() << " twice";
    if (dim.getKind() < last) // recurrence_c1
      return op->emitOpError("dims: expected lanes, time, segment, indices in this order, got ")
             << stringifyDimKind(dim.getKind()) << " after " << stringifyDimKind(last);
    if (!ShapedType::isDynamic(dim.getSize()) && dim.getSize() < 0) // recurrence_c1
      return op->emitOpError("dims: expected a size of at least 0, got ") << dim.getSize();
    last = dim.getKind();
    times += last == DimKind::Time;
    segments += last == DimKind::Segment;
  }
  if (times != 1) // recurrence_c1
    return op->emitOpError("dims: expected one time dimension, got ") << times;
  if (segments != (op.getReset() ? 1 : 0)) // recurrence_c1
    return op->emitOpError("dims: expected a segment dimension exactly with reset");
  return success();
}

static bool areIndices(RecurrenceInterface op, ArrayRef<StringAttr> names) {
  return llvm::all_of(names, [&](StringAttr name) {
    int64_t i = op.findDim(name.getValue());
    return i >= 0 && op.getDim(i).getKind() == DimKind::Index;
  });
}

/// Index dimensions, none of them twice.
static bool areDistinctIndices(RecurrenceInterface op, ArrayRef<StringAttr> names) {
  return areIndices(op, names) && positionsOf(op, names).size() == names.size();
}

static SmallVector<StringAttr> listed(ArrayAttr names) {
  return SmallVector<StringAttr>(names.getAsRange<StringAttr>());
}

static LogicalResult verifyStates(RecurrenceInterface op) {
  llvm::SmallSet<StringRef, 4> names;
  for (Attribute attr : op.getStates()) {
    auto state = dyn_cast<StateAttr>(attr);
    if (!state || !names.insert(state.getName().getValue()).second ||
        !areDistinctIndices(op, state.getIndices())) // recurrence_c8
      return op->emitOpError("states: expected #scan.state with a name of its own over distinct "
                             "index dimensions, got ")
             << attr;
  }
  return success();
}

/// A map from all dims onto dims; only inputs may read the time dimension at an offset.
static LogicalResult verifyMap(RecurrenceInterface op, AffineMap map, Value tensor, StringRef what,
                               bool offsets) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (map.getNumDims() != op.getNumDims() || map.getNumSymbols() != 0 ||
      map.getNumResults() != static_cast<unsigned>(type.getRank())) // recurrence_c2
    return op->emitOpError() << what << " map: expected (" << op.getNumDims() << " dims) -> ("
                             << type.getRank() << " results), got " << AffineMapAttr::get(map);
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    int64_t offset = 0;
    AffineExpr base = expr;
    if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr); sum && expr.getKind() == AffineExprKind::Add)
      if (auto constant = dyn_cast<AffineConstantExpr>(sum.getRHS())) {
        offset = constant.getValue();
        base = sum.getLHS();
      }
    auto dim = dyn_cast<AffineDimExpr>(base);
    bool allowed = dim && (offset == 0 || (offsets && dim.getPosition() == op.getTimeDim() &&
                                           offset >= -7 && offset <= -1));
    if (!allowed) // recurrence_c3
      return op->emitOpError() << what << " map: expected a dimension"
                               << (offsets ? ", or time - 1 to time - 7" : "") << ", got result "
                               << i << " of " << AffineMapAttr::get(map);
    int64_t size = op.getDim(dim.getPosition()).getSize();
    if (!ShapedType::isDynamic(size) && !type.isDynamicDim(i) && size != type.getDimSize(i))
      return op->emitOpError() << what << ": expected size " << size << " in dimension " << i // recurrence_c4
                               << ", got " << type.getDimSize(i);
  }
  return success();
}

static LogicalResult verifyMaps(RecurrenceInterface op, ArrayAttr maps, ValueRange tensors,
                                StringRef what, bool offsets) {
  if (maps.size() != tensors.size()) // recurrence_c2
    return op->emitOpError() << what << ": expected " << tensors.size() << " maps, got "
                             << maps.size();
  for (auto [map, tensor] : llvm::zip(maps.getAsRange<AffineMapAttr>(), tensors))
    if (failed(verifyMap(op, map.getValue(), tensor, what, offsets)))
      return failure();
  return success();
}

static LogicalResult verifyPositions(RecurrenceInterface op, ArrayRef<int64_t> positions,
                                     StringRef what) {
  llvm::SmallSet<int64_t, 4> seen;
  for (int64_t i : positions) // recurrence_c7
    if (i < 0 || i >= op.getNumStates() || !seen.insert(i).second)
      return op->emitOpError() << what << ": expected distinct positions below "
                               << op.getNumStates() << ", got " << i;
  return success();
}

/// Maps of initial or final states: no time, and of indices those of the state, `all` of them or some.
static LogicalResult verifyStateMaps(RecurrenceInterface op, ArrayAttr maps, ArrayRef<int64_t> states,
                                     StringRef what, bool all) {
  for (auto [map, state] : llvm::zip_equal(maps.getAsRange<AffineMapAttr>(), states)) {
    StateAttr of = op.getState(state);
    size_t indices = 0;
    bool known = true;
    for (AffineExpr result : map.getValue().getResults()) {
      DimAttr dim = op.getDim(cast<AffineDimExpr>(result).getPosition());
      if (dim.getKind() == DimKind::Index) {
        known &= llvm::is_contained(of.getIndices(), dim.getName());
        ++indices;
      }
      known &= dim.getKind() != DimKind::Time;
    }
    if (!known || (all && indices != of.getIndices().size())) // recurrence_c3
      return op->emitOpError() << what << " map: expected lanes and indices of the state " << of.getName()
                               << ", got " << map;
  }
  return success();
}

static LogicalResult verifyRecurrence(RecurrenceInterface op) {
  if (failed(verifyDims(op)) || failed(verifyStates(op)) ||
      failed(verifyPositions(op, op.getInitStates(), "init_states")) ||
      failed(verifyPositions(op, op.getFinalStates(), "final_states")))
    return failure();
  ResultRange results = op->getResults();
  size_t outputs = op.getOutputMaps().size(), finals = op.getFinalMaps().size();
  if (results.size() != outputs + finals || finals != op.getFinalStates().size() ||
      op.getInitMaps().size() != op.getInitStates().size()) // recurrence_c2
    return op->emitOpError("expected one map per result and initial state, got ")
           << outputs << " output, " << finals << " final and " << op.getInitMaps().size()
           << " initial maps for " << results.size() << " results";
  return failure(failed(verifyMaps(op, op.getInputMaps(), op.getInputs(), "input", true)) ||
                 failed(verifyMaps(op, op.getInitMaps(), op.getInits(), "init", false)) ||
                 failed(verifyMaps(op, op.getOutputMaps(), results.take_front(outputs), "output",
                                   false)) ||
                 failed(verifyMaps(op, op.getFinalMaps(), results.drop_front(outputs), "final",
                                   false)) ||
                 failed(verifyStateMaps(op, op.getInitMaps(), op.getInitStates(), "init", false)) ||
                 failed(verifyStateMaps(op, op.getFinalMaps(), op.getFinalStates(), "final", true)));
}

/// Arguments: one per input, then one per `prevs` entry.
static LogicalResult verifyArguments(RecurrenceInterface op, ArrayRef<Type> states) {
  Block &block = op.getBodyBlock();
  SmallVector<Type> expected;
  for (Value input : op.getInputs())
    expected.push_back(cast<RankedTensorType>(input.getType()).getElementType());
  expected.append(states.begin(), states.end());
  if (block.getArgumentTypes() != TypeRange(expected)) { // recurrence_c5
    InFlightDiagnostic error = op->emitOpError("region: expected arguments (");
    llvm::interleaveComma(expected, error);
    error << "), got (";
    llvm::interleaveComma(block.getArgumentTypes(), error);
    return error << ')';
  }
  return success();
}

/// The outs of the terminator against the results.
static LogicalResult verifyOuts(RecurrenceInterface op, YieldOp yield, const IndexSets &sets) {
  int64_t outputs = op.getNumOutputs();
  if (static_cast<int64_t>(yield.getOuts().size()) != outputs) // recurrence_c6
    return op->emitOpError("yield: expected ") << outputs << " outs, got " << yield.getOuts().size();
  for (auto [i, value] : llvm::enumerate(yield.getOuts())) {
    Type element = cast<RankedTensorType>(op->getResult(i).getType()).getElementType();
    if (value.getType() != element)
      return op->emitOpError("yield: expected out ") << i << " of type " << element << ", got "
                                                     << value.getType();
    IndexSet allowed;
    for (AffineExpr expr : op.getOutputMap(i).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        allowed.push_back(dim.getPosition());
    if (!isWithin(sets.of(value), allowed))
      return op->emitOpError("yield: out ") << i << " varies over an index that its map lacks";
  }
  return success();
}

static YieldOp findYield(RecurrenceInterface op) {
  Block &block = op.getBodyBlock();
  return block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
}

/// What ops of a region may use and name.
static LogicalResult verifyBody(RecurrenceInterface op) {
  Block &block = op.getBodyBlock();
  for (Operation &inner : block) {
    if (!scanc::usesEarlierValues(inner)) // recurrence_c9
      return inner.emitOpError("expected no regions, and values of this region that are there before");
    if (auto reduce = dyn_cast<ReduceOp>(inner);
        reduce && !areDistinctIndices(op, listed(reduce.getOver()))) // reduce_c1
      return inner.emitOpError("over: expected distinct index dimensions, got ")
             << reduce.getOver();
    if (auto reindex = dyn_cast<ReindexOp>(inner);
        reindex && (!areIndices(op, listed(reindex.getFrom())) ||
                    !areIndices(op, listed(reindex.getTo())))) // reindex_c2
      return inner.emitOpError("expected index dimensions, got ")
             << reindex.getFrom() << " and " << reindex.getTo();
  }
  return success();
}

LogicalResult StepOp::verify() {
  if (failed(verifyRecurrence(*this)))
    return failure();
  for (Attribute attr : getPrevs()) {
    auto prev = dyn_cast<PrevAttr>(attr);
    bool known = prev && areIndices(*this, prev.getIndices()) &&
                 llvm::any_of(getStates().getAsRange<StateAttr>(), [&](StateAttr state) {
      return state.getName() == prev.getState() &&
             state.getIndices().size() == prev.getIndices().size();
    });
    if (!known) // recurrence_c5
      return emitOpError("prevs: expected a state with its number of indices, got ") << attr;
  }
  return success();
}

LogicalResult StepOp::verifyRegions() {
  RecurrenceInterface op = *this;
  SmallVector<Type> states;
  for (Attribute attr : getPrevs())
    for (Attribute state : getStates())
      if (cast<StateAttr>(state).getName() == cast<PrevAttr>(attr).getState())
        states.push_back(cast<StateAttr>(state).getElementType());
  if (failed(verifyArguments(op, states)) || failed(verifyBody(op)))
    return failure();
  YieldOp yield = findYield(op);
  if (!yield || static_cast<int64_t>(yield.getNext().size()) != op.getNumStates()) // recurrence_c6
    return emitOpError("yield: expected ") << op.getNumStates() << " next states";
  IndexSets sets(op);
  for (auto [i, value] : llvm::enumerate(yield.getNext())) {
    StateAttr state = op.getState(i);
    if (value.getType() != state.getElementType())
      return emitOpError("yield: expected next ") << state.getName() << " of type "
                                                  << state.getElementType() << ", got "
                                                  << value.getType();
    if (!isWithin(sets.of(value), positionsOf(op, state.getIndices())))
      return emitOpError("yield: next ") << state.getName() << " varies over an index it lacks";
  }
  return verifyOuts(op, yield, sets);
}

/// The dims that transition operand `k` may vary over.
static IndexSet allowedIn(AdvanceOp advance, size_t k, const IndexSet &own, const IndexSet &rows,
                          const IndexSet &contract) {
  switch (advance.getStructure()) {
  case Structure::Identity:
  case Structure::Scalar:
    return {};
  case Structure::Diagonal:
    return own;
  case Structure::Dense:
    return unite(own, contract);
  case Structure::DiagonalDense:
    return k == 0 ? own : unite(own, contract);
  case Structure::LowRank:
  case Structure::DiagonalLowRank:
  case Structure::Product:
    break;
  }
  size_t updates = advance.getStructure() == Structure::LowRank ? 0 : 1;
  if (k < updates || (k - updates) % 2 == 0)
    return own;
  IndexSet columns = unite(own, contract);
  llvm::erase_if(columns, [&](int64_t i) { return llvm::is_contained(rows, i); });
  return columns;
}

/// An advance against the states of the op around it.
static LogicalResult verifyAdvance(RecurrenceInterface op, AdvanceOp advance,
                                   const IndexSets &sets) {
  IndexSet own;
  for (auto [i, name] : llvm::enumerate(listed(advance.getStates()))) {
    StateAttr state;
    for (Attribute attr : op.getStates())
      if (cast<StateAttr>(attr).getName() == name)
        state = cast<StateAttr>(attr);
    if (!state || advance.getNow(i).getType() != state.getElementType() ||
        advance.getBefore(i).getType() != state.getElementType()) // advance_c4
      return advance.emitOpError("expected a state and results of its element type, got ") << name;
    own = positionsOf(op, state.getIndices());
    if (!isWithin(sets.of(advance.getInput()[i]), own)) // advance_c6
      return advance.emitOpError("input of state ") << name << " varies over an index it lacks";
  }
  SmallVector<StringAttr> rowNames = listed(advance.getRows()),
                          contractNames = listed(advance.getContract());
  IndexSet rows = positionsOf(op, rowNames), contract = positionsOf(op, contractNames);
  bool apart = llvm::none_of(contract, [&](int64_t i) { return llvm::is_contained(own, i); });
  if (!areDistinctIndices(op, rowNames) || !isWithin(rows, own) ||
      !areDistinctIndices(op, contractNames) || !apart) // advance_c5
    return advance.emitOpError("expected indices of the state in rows and others in contract, got ")
           << advance.getRows() << " and " << advance.getContract();
  for (auto [k, value] : llvm::enumerate(advance.getTransition()))
    if (!isWithin(sets.of(value), allowedIn(advance, k, own, rows, contract))) // advance_c6
      return advance.emitOpError("transition operand ")
             << k << " varies over an index that its place in a "
             << stringifyStructure(advance.getStructure()) << " transition lacks";
  return success();
}

LogicalResult AffineOp::verify() { return verifyRecurrence(*this); }

LogicalResult AffineOp::verifyRegions() {
  RecurrenceInterface op = *this;
  if (failed(verifyArguments(op, {})) || failed(verifyBody(op)))
    return failure();
  YieldOp yield = findYield(op);
  if (!yield || !yield.getNext().empty()) // recurrence_c6
    return emitOpError("yield: expected no next states in affine form");
  llvm::SmallSet<StringRef, 4> advanced;
  for (AdvanceOp advance : getBody().front().getOps<AdvanceOp>())
    for (StringAttr name : advance.getStates().getAsRange<StringAttr>())
      if (!advanced.insert(name.getValue()).second) // affine_c10
        return advance.emitOpError("expected one advance of each state, got two of ") << name;
  for (int64_t i = 0; i < op.getNumStates(); ++i)
    if (!advanced.contains(op.getState(i).getName().getValue())) // affine_c10
      return emitOpError("expected an advance of state ") << op.getState(i).getName();
  IndexSets sets(op);
  for (AdvanceOp advance : getBody().front().getOps<AdvanceOp>())
    if (failed(verifyAdvance(op, advance, sets)))
      return failure();
  return verifyOuts(op, yield, sets);
}

/// How many transition operands a structure takes: at least, and in steps of.
static bool fits(Structure structure, size_t operands, size_t states) {
  if (states > 1)
    return structure == Structure::Dense && operands == states * states;
  switch (structure) {
  case Structure::Identity:
    return operands == 0;
  case Structure::Scalar:
  case Structure::Diagonal:
  case Structure::Dense:
    return operands == 1;
  case Structure::DiagonalDense:
    return operands == 2;
  case Structure::LowRank:
    return operands >= 2 && operands % 2 == 0;
  case Structure::DiagonalLowRank:
  case Structure::Product:
    return operands >= 3 && operands % 2 == 1;
  }
  return false;
}

LogicalResult AdvanceOp::verify() {
  size_t states = getStates().size();
  if (states == 0 || !fits(getStructure(), getTransition().size(), states)) // advance_c1
    return emitOpError() << stringifyStructure(getStructure()) << " transition of " << states
                         << " states: unexpected number of operands " << getTransition().size();
  if (getInput().size() != states || getNumResults() != 2 * states) // advance_c2
    return emitOpError("expected one input and two results per state, got ")
           << getInput().size() << " and " << getNumResults() << " for " << states;
  bool sums = states == 1 && (getStructure() == Structure::Dense ||
                              getStructure() == Structure::DiagonalDense ||
                              getStructure() == Structure::LowRank ||
                              getStructure() == Structure::DiagonalLowRank ||
                              getStructure() == Structure::Product);
  if (getRows().size() != getContract().size() || (!sums && !getRows().empty())) // advance_c3
    return emitOpError("rows and contract: expected equal lengths, empty unless dense or low rank");
  return success();
}

LogicalResult ReindexOp::verify() {
  llvm::SmallSet<StringRef, 4> from;
  for (StringAttr name : getFrom().getAsRange<StringAttr>())
    if (!from.insert(name.getValue()).second) // reindex_c1
      return emitOpError("from: expected distinct names, got ") << name << " twice";
  if (getFrom().size() != getTo().size()) // reindex_c1
    return emitOpError("expected as many names in from as in to, got ")
           << getFrom().size() << " and " << getTo().size();
  return success();
}
