//===- Layer.cpp - Cuts a recurrence behind its projections ---------------===//
#include "compiler/planning/Layer.h"

#include "compiler/analysis/Projections.h"
#include "compiler/planning/ProductEnd.h"
#include "compiler/planning/Tuning.h"
#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

#include <set>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// Cuts a copy of a recurrence.
class Cut {
public:
  explicit Cut(scan::AffineOp op);
  bool run(std::string &reason);
  Layer take();

private:
  using Dims = SmallVector<int64_t>;

  std::optional<std::string> declines(const analysis::ProjectedRow &row) const;
  std::optional<std::string> declines(const analysis::ProjectedRow &row,
                                      analysis::Projection projection) const;
  void add(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of);
  ProjectedTensor &productOf(const analysis::ProjectedRow &row, analysis::Projection projection,
                             int64_t whole);
  std::optional<unsigned> outputOf(Value value, ArrayRef<int64_t> dims,
                                   analysis::Projection projection) const;
  scan::AffineOp epilogueOf(Value end, Value sum, ArrayRef<int64_t> dims, std::vector<NamedAccess> &reads);
  StringAttr nameOwn(const ProjectedTensor &product, StringRef weights);
  RankedTensorType tensorOf(ArrayRef<int64_t> dims, Type element) const;
  AffineMap mapOf(ArrayRef<int64_t> dims) const;
  NamedAccess accessOf(BlockArgument element) const;
  void readOwn(Value end, plan::ParameterAttr tensor, ArrayRef<int64_t> dims);
  void setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps);
  void dropResults();
  void dropInputs();
  void dropDims();

  scan::RecurrenceInterface loop() const { return op; }
  Block &body() const { return scan::RecurrenceInterface(op).getBodyBlock(); }

  mutable scan::AffineOp op; // MLIR's accessors are not const
  mutable func::FuncOp function;
  std::optional<scan::IndexSets> sets;
  OpBuilder builder;
  Layer layer;
  std::set<std::string> names;         ///< that tensors and sizes have
  llvm::SmallSetVector<unsigned, 4> written; ///< outputs that products write themselves
};

Cut::Cut(scan::AffineOp original) : builder(original.getContext()) {
  layer.module = ModuleOp::create(original.getLoc());
  IRMapping mapping;
  auto from = original->getParentOfType<func::FuncOp>();
  function = cast<func::FuncOp>(from->clone(mapping));
  layer.module->push_back(function);
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
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    take(function.getArgAttrOfType<StringAttr>(i, scan::nameAttr),
         function.getArgAttrOfType<ArrayAttr>(i, scan::dimsAttr));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    take(function.getResultAttrOfType<StringAttr>(i, scan::nameAttr),
         function.getResultAttrOfType<ArrayAttr>(i, scan::dimsAttr));
}

/// Why this row is not one of a tensor as the tensor cores take it.
std::optional<std::string> Cut::declines(const analysis::ProjectedRow &row) const {
  BlockArgument input = analysis::inputOf(row.row);
  if (row.ofState)
    return std::string("a projection of a state");
  if (!input)
    return std::string("a projection of a row that is computed");
  if (!input.getType().isF16() && !input.getType().isBF16())
    return std::string("a projection of another type than f16 and bf16");
  AffineMap map = loop().getInputMap(input.getArgNumber());
  if (!llvm::all_of(map.getResults(), [](AffineExpr expr) { return isa<AffineDimExpr>(expr); }))
    return std::string("a projection of an earlier step");
  auto tensor = dyn_cast<BlockArgument>(loop().getInputs()[input.getArgNumber()]);
  if (!tensor || function.getArgAttr(tensor.getArgNumber(), ownAttr))
    return std::string("a projection of what is itself projected");
  return std::nullopt;
}

std::optional<std::string> Cut::declines(const analysis::ProjectedRow &row,
                                         analysis::Projection projection) const {
  if (projection.weight.getType() != analysis::inputOf(row.row).getType())
    return std::string("a projection by weights of another type than its row");
  if (!projection.sum.getType().isF32())
    return std::string("a projection that is not summed in f32");
  constexpr int64_t piece = 8; // columns that are copied at a time
  if (int64_t size = loop().getDim(projection.column).getSize();
      projection.head >= 0 && (ShapedType::isDynamic(size) || size % piece != 0))
    return formatv("a projection to heads of {0} columns, expected a known multiple of {1}",
                   ShapedType::isDynamic(size) ? std::string("an open number of") : std::to_string(size), piece)
        .str();
  return std::nullopt;
}

AffineMap Cut::mapOf(ArrayRef<int64_t> dims) const {
  SmallVector<AffineExpr> places;
  for (int64_t i : dims)
    places.push_back(getAffineDimExpr(i, op.getContext()));
  return AffineMap::get(loop().getNumDims(), 0, places, op.getContext());
}

RankedTensorType Cut::tensorOf(ArrayRef<int64_t> dims, Type element) const {
  SmallVector<int64_t> shape;
  for (int64_t i : dims)
    shape.push_back(loop().getDim(i).getSize());
  return RankedTensorType::get(shape, element);
}

NamedAccess Cut::accessOf(BlockArgument element) const {
  auto tensor = cast<BlockArgument>(loop().getInputs()[element.getArgNumber()]);
  auto name = function.getArgAttrOfType<StringAttr>(tensor.getArgNumber(), scan::nameAttr);
  return {name ? name.str() : formatv("operand{0}", tensor.getArgNumber()).str(),
          loop().getInputMap(element.getArgNumber())};
}

/// A name that nothing in the program has.
StringAttr Cut::nameOwn(const ProjectedTensor &product, StringRef weights) {
  std::string name = product.row.tensor + "_" + weights.str();
  if (StringRef(name).starts_with(function.getName().str() + "_")) // as workspaces of kernels begin
    name = "_" + name;
  while (!names.insert(name).second)
    name += "_";
  return builder.getStringAttr(name);
}

/// The output that is `value` and nothing else, over `dims` alone. Its heads may lie anywhere, so a panel is of one.
std::optional<unsigned> Cut::outputOf(Value value, ArrayRef<int64_t> dims, analysis::Projection projection) const {
  constexpr int64_t panel = 64;
  if (!value.hasOneUse() || !isa<scan::YieldOp>(*value.user_begin()))
    return std::nullopt;
  if (projection.head >= 0 && loop().getDim(projection.column).getSize() % panel != 0)
    return std::nullopt;
  unsigned output = value.use_begin()->getOperandNumber();
  Value result = op->getResult(output);
  if (!result.hasOneUse() || !isa<func::ReturnOp>(*result.user_begin()))
    return std::nullopt;
  AffineMap map = loop().getOutputMap(output);
  bool same = map.getNumResults() == dims.size() && llvm::all_of(dims, [&](int64_t i) {
                return llvm::is_contained(map.getResults(), getAffineDimExpr(i, op.getContext()));
              });
  return same ? std::optional(output) : std::nullopt;
}

/// A recurrence without states over `dims` that makes `end` of `sum` and of tensors, which it appends to `reads`.
scan::AffineOp Cut::epilogueOf(Value end, Value sum, ArrayRef<int64_t> dims,
                               std::vector<NamedAccess> &reads) {
  llvm::SetVector<Operation *> ops;
  llvm::SmallSetVector<Value, 4> elements;
  SmallVector<Value> open = {end};
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (value == sum)
      continue;
    if (isa<BlockArgument>(value))
      elements.insert(value);
    else if (ops.insert(value.getDefiningOp()))
      llvm::append_range(open, value.getDefiningOp()->getOperands());
  }
  SmallVector<Attribute> ownDims;
  for (int64_t i : dims)
    ownDims.push_back(loop().getDim(i));
  auto identity = AffineMap::getMultiDimIdentityMap(dims.size(), op.getContext());
  SmallVector<Type> types = {tensorOf(dims, sum.getType())};
  SmallVector<AffineMap> maps = {identity};
  for (Value element : elements) {
    auto number = cast<BlockArgument>(element).getArgNumber();
    reads.push_back(accessOf(cast<BlockArgument>(element)));
    types.push_back(loop().getInputs()[number].getType());
    SmallVector<AffineExpr> places;
    for (AffineExpr expr : loop().getInputMap(number).getResults())
      places.push_back(getAffineDimExpr(
          llvm::find(dims, cast<AffineDimExpr>(expr).getPosition()) - dims.begin(), op.getContext()));
    maps.push_back(AffineMap::get(dims.size(), 0, places, op.getContext()));
  }
  builder.setInsertionPointToEnd(layer.module->getBody());
  auto holder = func::FuncOp::create(builder, end.getLoc(), "epilogue", builder.getFunctionType(types, {}));
  Block *entry = holder.addEntryBlock();
  builder.setInsertionPointToEnd(entry);
  auto made = scan::AffineOp::create(
      builder, end.getLoc(), TypeRange(tensorOf(dims, end.getType())), ValueRange(entry->getArguments()),
      ValueRange(), Value(), builder.getArrayAttr(ownDims), builder.getAffineMapArrayAttr(maps),
      builder.getAffineMapArrayAttr(identity), builder.getArrayAttr({}), ArrayRef<int64_t>(),
      builder.getAffineMapArrayAttr({}), ArrayRef<int64_t>(), builder.getAffineMapArrayAttr({}),
      /*reverse=*/false, op.getPinsAttr());
  Block *region = builder.createBlock(&made.getBody());
  IRMapping mapping;
  mapping.map(sum, region->addArgument(sum.getType(), sum.getLoc()));
  for (Value element : elements)
    mapping.map(element, region->addArgument(element.getType(), element.getLoc()));
  for (Operation &inner : body()) {
    if (!ops.contains(&inner))
      continue;
    if (auto reindex = dyn_cast<scan::ReindexOp>(inner)) { // one name is enough where all is of one column
      mapping.map(reindex.getResult(), mapping.lookup(reindex.getValue()));
      continue;
    }
    Operation *copy = builder.clone(inner, mapping);
    if (auto reduce = dyn_cast<scan::ReduceOp>(copy))
      reduce.setOverAttr(builder.getArrayAttr(loop().getDim(dims.back()).getName()));
  }
  scan::YieldOp::create(builder, end.getLoc(), ValueRange(), ValueRange(mapping.lookup(end)));
  return made;
}

/// Whether tiles can have heads of `whole` panels together, as well as those of all groups.
static bool isWholeBeside(const ProjectedTensor &product, int64_t whole) {
  return whole == 0 || llvm::all_of(product.groups, [&](const ProjectedColumns &group) {
           return group.whole == 0 || std::max(group.whole, whole) % std::min(group.whole, whole) == 0;
         });
}

ProjectedTensor &Cut::productOf(const analysis::ProjectedRow &row, analysis::Projection projection,
                                int64_t whole) {
  BlockArgument input = analysis::inputOf(row.row);
  NamedAccess access = accessOf(input);
  AffineMap weights = loop().getInputMap(projection.weight.getArgNumber());
  bool across = weights.getResults().back() == getAffineDimExpr(projection.column, op.getContext());
  constexpr size_t mostGroups = 8; // maps of as many factors in shared memory, a branch for each
  for (ProjectedTensor &known : layer.products)
    if (known.row.tensor == access.tensor && known.row.map == access.map && known.over == row.over &&
        known.across == across && known.groups.size() < mostGroups && isWholeBeside(known, whole))
      return known;
  const scan::IndexSet &lanes = sets->lanesOf(input);
  layer.products.push_back(
      {access, input.getType(), Dims(lanes.begin(), lanes.end()), row.over, across, {}});
  return layer.products.back();
}

/// Lets the region read `tensor` in place of `end`.
void Cut::readOwn(Value end, plan::ParameterAttr tensor, ArrayRef<int64_t> dims) {
  SmallVector<Attribute> extents(tensor.getDims().begin(), tensor.getDims().end());
  DictionaryAttr attributes = builder.getDictionaryAttr(
      {builder.getNamedAttr(scan::nameAttr, tensor.getName()),
       builder.getNamedAttr(scan::dimsAttr, builder.getArrayAttr(extents)),
       builder.getNamedAttr(ownAttr, builder.getUnitAttr())});
  unsigned position = function.getNumArguments();
  (void)function.insertArgument(position, tensorOf(dims, end.getType()), attributes, end.getLoc());
  SmallVector<Value> inputs(loop().getInputs());
  auto range = loop().getInputMaps().getAsValueRange<AffineMapAttr>();
  SmallVector<AffineMap> maps(range.begin(), range.end());
  Value element = body().insertArgument(inputs.size(), end.getType(), end.getLoc());
  inputs.push_back(function.getArgument(position));
  maps.push_back(mapOf(dims));
  setInputs(inputs, maps);
  end.replaceAllUsesWith(element);
}

void Cut::add(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of) {
  Value end = of.value;
  ProjectedTensor &product = productOf(row, projection, of.whole);
  // Wide heads before narrow ones before all else, so that all begin at a multiple of their panels.
  auto place = llvm::find_if(product.groups, [&](const ProjectedColumns &other) { return other.whole < of.whole; });
  ProjectedColumns &group = *product.groups.emplace(place);
  group.dim = projection.column;
  group.head = projection.head;
  group.whole = of.whole;
  group.weights = accessOf(projection.weight);
  Dims dims = product.lanes;
  dims.push_back(loop().getTimeDim());
  if (projection.head >= 0)
    dims.push_back(projection.head);
  dims.push_back(projection.column);
  group.epilogue = epilogueOf(end, projection.sum.getResult(), dims, group.reads);
  if (auto output = outputOf(end, dims, projection)) {
    written.insert(*output);
    auto use = cast<OpResult>(op->getResult(*output)).use_begin();
    auto name = function.getResultAttrOfType<StringAttr>(use->getOperandNumber(), scan::nameAttr);
    group.result = {name ? name.str() : formatv("result{0}", use->getOperandNumber()).str(),
                    loop().getOutputMap(*output)};
    return;
  }
  SmallVector<StringAttr> extents;
  for (int64_t i : dims)
    extents.push_back(loop().getDim(i).getExtent());
  auto tensor = plan::ParameterAttr::get(op.getContext(), nameOwn(product, group.weights.tensor), true,
                                         end.getType(), extents, StringAttr());
  layer.own.push_back(tensor);
  group.result = {tensor.getName().str(), mapOf(dims)};
  readOwn(end, tensor, dims);
}

void Cut::setInputs(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps) {
  op.getInputsMutable().assign(inputs);
  op.setInputMapsAttr(builder.getAffineMapArrayAttr(maps));
}

/// Outputs that products write are no longer results of the recurrence nor of the function.
void Cut::dropResults() {
  unsigned outputs = loop().getNumOutputs();
  auto yield = cast<scan::YieldOp>(body().getTerminator());
  SmallVector<Type> types;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> kept;
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    if (written.contains(i))
      continue;
    kept.push_back(i);
    types.push_back(op->getResult(i).getType());
    if (i < outputs)
      maps.push_back(loop().getOutputMap(i));
  }
  for (unsigned i = outputs; i-- > 0;)
    if (written.contains(i))
      yield.getOutsMutable().erase(i);
  builder.setInsertionPoint(op);
  OperationState state(op.getLoc(), op->getName(), op->getOperands(), types, op->getAttrs());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  state.addRegion()->takeBody(op.getBody());
  auto fresh = cast<scan::AffineOp>(builder.create(state));
  fresh.setOutputMapsAttr(builder.getAffineMapArrayAttr(maps));
  for (auto [i, old] : llvm::enumerate(kept))
    op->getResult(old).replaceAllUsesWith(fresh->getResult(i));
  for (unsigned output : written)
    for (OpOperand &use : llvm::make_early_inc_range(op->getResult(output).getUses())) {
      (void)function.eraseResult(use.getOperandNumber());
      use.getOwner()->eraseOperand(use.getOperandNumber());
    }
  op->erase();
  op = fresh;
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

bool Cut::run(std::string &reason) {
  struct Found {
    analysis::ProjectedRow row;
    analysis::Projection projection;
    ProductEnd end;
  };
  SmallVector<Found> found;
  for (const analysis::ProjectedRow &row : analysis::findProjections(op))
    for (const analysis::Projection &projection : row.projections) {
      std::optional<std::string> declined = declines(row);
      if (!declined)
        declined = declines(row, projection);
      if (declined)
        layer.left = reason = *declined;
      else
        found.push_back({row, projection, endOf(loop(), *sets, projection)});
    }
  if (found.empty())
    return false;
  for (const Found &each : found)
    if (!each.end.split.empty())
      layer.left = each.end.split;
  for (const Found &each : found) // index sets no longer hold behind the first
    add(each.row, each.projection, each.end);
  dropResults();
  dropInputs();
  dropDims();
  return true;
}

Layer Cut::take() {
  if (op->getNumResults() > 0)
    layer.rest = op;
  return std::move(layer);
}

} // namespace

std::optional<Layer> Layer::of(scan::AffineOp op, std::string &reason) {
  if (!fieldsSet(op).empty()) {
    reason = "fields of a policy: tiles follow from the sizes";
    return std::nullopt;
  }
  reason = "no projection: no row of each step times weights that all steps have";
  if (analysis::findProjections(op).empty())
    return std::nullopt;
  Cut cut(op);
  if (!cut.run(reason))
    return std::nullopt;
  return cut.take();
}

} // namespace scanc::planning
