//===- Layer.cpp - Cuts a recurrence behind its projections ---------------===//
#include "compiler/planning/Cut.h"
#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

/// What the precision pins that factors of 16 bits are rounded to, as it is written.
static StringRef pinOf(Type element) { return element.isF16() ? "f16" : "bf16"; }

static bool has16Bits(Type element) { return element.isF16() || element.isBF16(); }

/// What factors of `element` are on the tensor cores, where they are not these themselves.
std::string Cut::precisionOf(Type element) {
  if (!element.isF32())
    return "";
  return pinnedValue(loop(), "precision") == "tf32" ? "tf32" : "tf32x3";
}

/// Why this row is not one of a tensor as the tensor cores take it.
std::optional<std::string> Cut::declines(const analysis::ProjectedRow &row) const {
  BlockArgument input = analysis::inputOf(row.row);
  if (!has16Bits(input.getType()) && !input.getType().isF32())
    return std::string("a projection of another type than f32, f16 and bf16");
  AffineMap map = loop().getInputMap(input.getArgNumber());
  if (!llvm::all_of(map.getResults(), [](AffineExpr expr) { return isa<AffineDimExpr>(expr); }))
    return std::string("a projection of an earlier step");
  auto tensor = dyn_cast<BlockArgument>(loop().getInputs()[input.getArgNumber()]);
  auto attributes = tensor ? function.getArgAttrDict(tensor.getArgNumber()) : DictionaryAttr();
  if (!tensor || (attributes && attributes.contains(ownAttr) && !attributes.contains(computedAttr)))
    return std::string("a projection of what is itself projected");
  return std::nullopt;
}

std::optional<std::string> Cut::declines(const analysis::ProjectedRow &row,
                                         analysis::Projection projection) const {
  BlockArgument input = analysis::inputOf(row.row);
  if (input && projection.weight.getType() != input.getType())
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

NamedAccess Cut::accessOf(BlockArgument element) const {
  auto tensor = cast<BlockArgument>(loop().getInputs()[element.getArgNumber()]);
  auto name = function.getArgAttrOfType<StringAttr>(tensor.getArgNumber(), scan::nameAttr);
  return {name ? name.str() : formatv("operand{0}", tensor.getArgNumber()).str(),
          loop().getInputMap(element.getArgNumber())};
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
  builder.setInsertionPointToEnd(module->getBody());
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

/// Whether columns of the weights are declared last.
bool Cut::isAcross(analysis::Projection projection) const {
  AffineMap weights = loop().getInputMap(projection.weight.getArgNumber());
  return weights.getResults().back() == getAffineDimExpr(projection.column, op.getContext());
}

/// Whether tiles can have heads of `whole` panels together, as well as those of all groups.
static bool isWholeBeside(const ProjectedTensor &product, int64_t whole) {
  return whole == 0 || llvm::all_of(product.groups, [&](const ProjectedColumns &group) {
           return group.whole == 0 || std::max(group.whole, whole) % std::min(group.whole, whole) == 0;
         });
}

/// Whether there is a place for one more group, whose heads have `whole` panels.
static bool hasPlace(const ProjectedTensor &product, bool across, int64_t over, int64_t whole) {
  constexpr size_t mostGroups = 8; // maps of as many factors in shared memory, a branch for each
  return product.over == over && product.across == across && product.groups.size() < mostGroups &&
         isWholeBeside(product, whole);
}

ProjectedTensor &Cut::productOf(const analysis::ProjectedRow &row, analysis::Projection projection,
                                int64_t whole) {
  BlockArgument input = analysis::inputOf(row.row);
  NamedAccess access = accessOf(input);
  bool across = isAcross(projection);
  for (ProjectedTensor &known : layer.products)
    if (known.row.tensor == access.tensor && known.row.map == access.map && hasPlace(known, across, row.over, whole))
      return known;
  const scan::IndexSet &lanes = sets->lanesOf(input);
  layer.products.push_back(
      {access, input.getType(), precisionOf(input.getType()), Dims(lanes.begin(), lanes.end()), row.over, across, {}});
  return layer.products.back();
}

Cut::Dims Cut::resultDims(ArrayRef<int64_t> rows, analysis::Projection projection) const {
  Dims dims(rows);
  if (projection.head >= 0)
    dims.push_back(projection.head);
  dims.push_back(projection.column);
  return dims;
}

/// Wide heads before narrow ones before all else, so that all begin at a multiple of their panels.
ProjectedColumns &Cut::insertGroup(ProjectedTensor &product, analysis::Projection projection,
                                   const ProductEnd &of, ArrayRef<int64_t> dims) {
  auto place = llvm::find_if(product.groups, [&](const ProjectedColumns &other) { return other.whole < of.whole; });
  ProjectedColumns &group = *product.groups.emplace(place);
  group.dim = projection.column;
  group.head = projection.head;
  group.whole = of.whole;
  group.weights = accessOf(projection.weight);
  group.epilogue = epilogueOf(of.value, projection.sum.getResult(), dims, group.reads);
  return group;
}

/// The tensor of an output that a product writes from now on.
NamedAccess Cut::takeOutput(unsigned output) {
  written.insert(output);
  auto use = cast<OpResult>(op->getResult(output)).use_begin();
  auto name = function.getResultAttrOfType<StringAttr>(use->getOperandNumber(), scan::nameAttr);
  return {name ? name.str() : formatv("result{0}", use->getOperandNumber()).str(), loop().getOutputMap(output)};
}

/// `end` rounded to `element`, which is then what everything is made of that was made of `end`, where the program pins that;
/// else itself.
Value Cut::narrowed(Value end, Type element) {
  if (!narrow || !has16Bits(element) || !end.getType().isF32() || pinnedValue(loop(), "precision") != pinOf(element))
    return end;
  builder.setInsertionPointAfterValue(end);
  auto stored = arith::TruncFOp::create(builder, end.getLoc(), element, end);
  auto read = arith::ExtFOp::create(builder, end.getLoc(), end.getType(), stored.getResult());
  end.replaceAllUsesExcept(read.getResult(), stored);
  layer.rounded = element;
  return stored.getResult();
}

void Cut::add(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of) {
  ProjectedTensor &product = productOf(row, projection, of.whole);
  Dims rowDims = product.lanes;
  rowDims.push_back(loop().getTimeDim());
  Dims dims = resultDims(rowDims, projection);
  if (auto output = outputOf(of.value, dims, projection)) {
    insertGroup(product, projection, of, dims).result = takeOutput(*output);
    return;
  }
  Value end = narrowed(of.value, product.element);
  ProjectedColumns &group = insertGroup(product, projection, {end, of.whole, ""}, dims);
  plan::ParameterAttr tensor = addOwn(product.row.tensor + "_" + group.weights.tensor, end.getType(), dims);
  group.result = {tensor.getName().str(), mapOf(dims)};
  readOwn(end, tensor, dims);
}

/// Why a projection of what the rest computes does not go behind it.
std::optional<std::string> Cut::declinesBehind(const analysis::ProjectedRow &row,
                                               analysis::Projection projection) const {
  Type element = projection.weight.getType();
  StringRef what = row.ofState ? "a projection of a state" : "a projection of a row that is computed";
  if (!has16Bits(element) && !element.isF32())
    return (what + ", by weights of another type than f32, f16 and bf16").str();
  StringRef pin = pinOf(element);
  auto wider = row.row.getDefiningOp<arith::ExtFOp>();
  bool isExact = row.row.getType() == element || (wider && wider.getIn().getType() == element);
  if (!isExact && (!row.row.getType().isF32() || pinnedValue(loop(), "precision") != pin))
    return formatv("{0}, which the tensor cores would round to {1} (@precision({1}) allows it)", what, pin).str();
  ProductEnd end = endOf(loop(), *sets, projection);
  if (!outputOf(end.value, resultDims(rowDims(row), projection), projection))
    return (what + " of which a step makes more than a result").str();
  return std::nullopt;
}

/// Lanes and time.
Cut::Dims Cut::rowDims(const analysis::ProjectedRow &row) const {
  const scan::IndexSet &lanes = sets->lanesOf(row.row);
  Dims dims(lanes.begin(), lanes.end());
  dims.push_back(loop().getTimeDim());
  return dims;
}

/// The tensor to which the rest writes `row`, rounded to `element`.
const Cut::Row &Cut::rowOf(const analysis::ProjectedRow &row, Type element, StringRef weights) {
  for (const Row &known : rows)
    if (known.value == row.row && known.tensor.getElementType() == element)
      return known;
  Dims dims = rowDims(row);
  dims.push_back(row.over);
  auto wider = row.row.getDefiningOp<arith::ExtFOp>();
  Value stored = wider ? wider.getIn() : row.row;
  if (stored.getType() != element) {
    builder.setInsertionPoint(body().getTerminator());
    stored = arith::TruncFOp::create(builder, row.row.getLoc(), element, row.row);
    layer.rounded = element;
  }
  rows.push_back({row.row, stored, addOwn("row_" + weights.str(), element, dims), dims});
  return rows.back();
}

/// A product of a row that the rest writes, straight to a result.
void Cut::addBehind(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of) {
  Type element = projection.weight.getType();
  const Row &source = rowOf(row, element, accessOf(projection.weight).tensor);
  std::string tensor = source.tensor.getName().str();
  bool across = isAcross(projection);
  auto product = llvm::find_if(layer.behind, [&](const ProjectedTensor &known) {
    return known.row.tensor == tensor && hasPlace(known, across, row.over, of.whole);
  });
  if (product == layer.behind.end()) {
    const scan::IndexSet &lanes = sets->lanesOf(row.row);
    product = layer.behind.insert(product, {{tensor, mapOf(source.dims)}, element, precisionOf(element),
                                            Dims(lanes.begin(), lanes.end()), row.over, across, {}});
  }
  Dims dims = resultDims(rowDims(row), projection);
  insertGroup(*product, projection, of, dims).result = takeOutput(*outputOf(of.value, dims, projection));
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
      bool isInput = analysis::inputOf(row.row) && !row.ofState;
      std::optional<std::string> declined = isInput ? declines(row) : declinesBehind(row, projection);
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
  // Index sets no longer hold behind the first that is read; rows are stored as they were made.
  for (bool behind : {true, false})
    for (const Found &each : found)
      if (bool isInput = analysis::inputOf(each.row.row) && !each.row.ofState; isInput != behind)
        isInput ? add(each.row, each.projection, each.end) : addBehind(each.row, each.projection, each.end);
  changeResults();
  dropInputs();
  dropDims();
  return true;
}

Layer Cut::take() {
  // The rounding that is pinned is that of products: what is left keeps the types of its states.
  if (auto pins = op.getPinsAttr()) {
    NamedAttrList others(pins);
    others.erase("precision");
    op.setPinsAttr(others.getDictionary(op.getContext()));
  }
  if (op->getNumResults() > 0)
    layer.rest = op;
  layer.module = std::move(module);
  layer.own = std::move(own);
  return std::move(layer);
}

bool Layer::honours(StringRef pin, StringRef value) const {
  auto all = llvm::concat<const ProjectedTensor>(products, behind);
  return pin == "precision" && llvm::all_of(all, [&](const ProjectedTensor &of) {
           return of.element.isF32() ? value == "tf32" || value == "tf32x3" : value == pinOf(of.element);
         });
}

std::string Layer::boundOfRounding() const {
  auto all = llvm::concat<const ProjectedTensor>(products, behind);
  if (llvm::any_of(all, [](const ProjectedTensor &of) { return of.precision == "tf32"; }))
    return "2^-11 of what is rounded to tf32, and then ";
  if (!rounded)
    return "";
  return formatv("2^{0} of what is rounded to {1}, and then ", rounded.isF16() ? -11 : -8, pinOf(rounded));
}

std::optional<Layer> Layer::of(scan::AffineOp op, std::string &reason, bool narrow) {
  if (!fieldsSet(op).empty()) {
    reason = "fields of a policy: tiles follow from the sizes";
    return std::nullopt;
  }
  reason = "no projection: no row of each step times weights that all steps have";
  if (analysis::findProjections(op).empty())
    return std::nullopt;
  Cut cut(op, narrow);
  if (!cut.run(reason))
    return std::nullopt;
  return cut.take();
}

} // namespace scanc::planning
