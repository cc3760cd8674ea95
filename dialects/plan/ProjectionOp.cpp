//===- ProjectionOp.cpp - The constraints of products of matrices ---------===//
#include "dialects/Regions.h"
#include "dialects/plan/Kernels.h"
#include "dialects/plan/Tiling.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace scanc::plan {

int64_t ProjectionOp::getTimeDim() {
  int64_t i = 0;
  while (getDim(i).getRole() == Role::Lane)
    ++i;
  return i;
}

Type ProjectionOp::getElement() { return parameterOf(*this, getRow()).getElementType(); }

/// Lanes, one time, and two registers or more.
static LogicalResult verifyDims(ProjectionOp op) {
  SmallVector<Role> roles;
  for (Attribute attr : op.getDims()) {
    auto dim = dyn_cast<DimAttr>(attr);
    if (!dim) // projection_c1
      return op.emitOpError("dims: expected #plan.dim, got ") << attr;
    roles.push_back(dim.getRole());
  }
  auto behindLanes =
      llvm::drop_begin(roles, llvm::find_if(roles, [](Role r) { return r != Role::Lane; }) - roles.begin());
  SmallVector<Role> rest(behindLanes);
  bool fits = rest.size() >= 3 && rest[0] == Role::Time &&
              llvm::all_of(ArrayRef(rest).drop_front(), [](Role r) { return r == Role::Register; });
  if (!fits) // projection_c1
    return op.emitOpError("dims: expected lanes, time, what is summed over and columns, got ")
           << op.getDims();
  return success();
}

LogicalResult verifyEachOnce(Operation *op, ArrayAttr dims, AccessAttr access, ArrayRef<int64_t> wanted,
                             StringRef what) {
  AffineMap map = access.getMap();
  bool fits = parameterOf(op, access) && map.getNumDims() == dims.size() &&
              map.getNumSymbols() == 0 && map.getNumResults() == wanted.size() &&
              llvm::all_of(wanted, [&](int64_t i) {
                return llvm::is_contained(map.getResults(), getAffineDimExpr(i, op->getContext()));
              });
  if (!fits) { // projection_c2, projected_scan_c2
    InFlightDiagnostic error = op->emitOpError() << what << ": expected a tensor of the dims ";
    llvm::interleaveComma(wanted, error);
    return error << ", each once, got " << access;
  }
  return success();
}

static LogicalResult verifyAccess(ProjectionOp op, AccessAttr access, ArrayRef<int64_t> wanted,
                                  StringRef what) {
  return verifyEachOnce(op, op.getDims(), access, wanted, what);
}

std::optional<int64_t> headOf(ProjectionOp op, ColumnsAttr group) {
  for (AffineExpr expr : group.getWeights().getMap().getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr);
        dim && dim.getPosition() > op.getSummedDim() && dim.getPosition() != group.getDim())
      return dim.getPosition();
  return std::nullopt;
}

/// What a group reads: some of `columns`, each once at most.
static LogicalResult verifyRead(ProjectionOp op, AccessAttr read, ArrayRef<int64_t> columns) {
  SmallVector<int64_t> named;
  for (int64_t dim : columns)
    if (llvm::is_contained(read.getMap().getResults(), getAffineDimExpr(dim, op.getContext())))
      named.push_back(dim);
  if (read.getMap().getNumResults() > named.size())
    named.assign(columns.begin(), columns.end());
  return verifyAccess(op, read, named, "reads");
}

static LogicalResult verifyGroup(ProjectionOp op, ColumnsAttr group, ArrayRef<int64_t> rows) {
  constexpr int64_t piece = 8; // columns that are copied at a time
  int64_t summed = op.getSummedDim();
  SmallVector<int64_t> columns;
  std::optional<int64_t> head = headOf(op, group);
  if (head)
    columns.push_back(*head);
  columns.push_back(group.getDim());
  for (int64_t column : columns)
    if (column <= summed || column >= static_cast<int64_t>(op.getDims().size()) ||
        llvm::count(columns, column) > 1) // projection_c2
      return op.emitOpError("groups: expected a dim of columns, got ") << column;
  int64_t size = op.getDim(group.getDim()).getSize();
  if (head && (ShapedType::isDynamic(size) || size % piece != 0)) // projection_c2
    return op.emitOpError("groups: expected columns of heads in a known multiple of 8, got ") << size;
  SmallVector<int64_t> weights = {summed}, result(rows);
  llvm::append_range(weights, columns);
  llvm::append_range(result, columns);
  if (failed(verifyAccess(op, group.getWeights(), weights, "weights")) ||
      failed(verifyAccess(op, group.getResult(), result, "result")))
    return failure();
  for (Attribute attr : group.getReads()) {
    auto read = dyn_cast<AccessAttr>(attr);
    if (!read) // projection_c2
      return op.emitOpError("reads: expected #plan.access, got ") << attr;
    if (failed(verifyRead(op, read, columns)))
      return failure();
  }
  ParameterAttr written = parameterOf(op, group.getResult());
  Type type = written.getElementType();
  if (!written.getOutput() || !(type.isF32() || type.isF16() || type.isBF16())) // projection_c3
    return op.emitOpError("result: expected an output or a tensor of the plan, of f32, f16 or bf16, got ")
           << written;
  if (Type factor = parameterOf(op, group.getWeights()).getElementType();
      factor != op.getElement()) // projection_c3
    return op.emitOpError("weights: expected ") << op.getElement() << " as the row, got " << factor;
  return success();
}

/// What is wrong with how a block goes about it, or nothing.
static std::optional<std::string> obstacleOf(ProductAttr product) {
  constexpr int64_t mostThreads = 1024, mostColumns = 256, mostTall = 4, mostParts = 64, mostRows = 256;
  TilingAttr tiling = product.getTiling();
  if (tiling.getWarpgroups() < 1 || tiling.getWarpgroups() > mostThreads / 128 ||
      tiling.getThreads() > mostThreads)
    return std::string("1 to 1024 threads of a block");
  if (tiling.getTall() < 1 || tiling.getTall() > mostTall)
    return std::string("a tall of 1 to 4");
  if (tiling.getColumns() < 16 || tiling.getColumns() % 16 != 0 || tiling.getColumns() > mostColumns)
    return std::string("columns in multiples of 16, of at most 256");
  if (tiling.getRing() < 2 || tiling.getRing() > mostParts)
    return std::string("a ring of 2 to 64 parts");
  if (tiling.getTensors() && !product.getCopies())
    return std::string("copies where whole matrices are copied");
  if (tiling.getTensors() && tiling.getRows() > mostRows)
    return std::string("at most 256 rows where whole matrices are copied");
  if (int64_t bytes = tiling.getSharedBytes(); product.getSharedBytes() != bytes)
    return std::to_string(bytes) + " shared_bytes";
  return std::nullopt;
}

LogicalResult verifyProducts(Operation *op, ArrayAttr products,
                             llvm::function_ref<std::optional<std::string>(ProductAttr)> obstacle) {
  rt::FactNames names = namesOf(op->getParentOfType<ProgramOp>());
  auto parses = [&](StringRef text) -> LogicalResult {
    if (auto formula = rt::CompiledFormula::parse(text.str(), names); !formula) // projection_c5, projected_scan_c5
      return op->emitOpError("products: ") << formula.error().message;
    return success();
  };
  if (products.empty()) // projection_c5, projected_scan_c5
    return op->emitOpError("products: expected at least one");
  for (Attribute attr : products) {
    auto product = dyn_cast<ProductAttr>(attr);
    if (!product) // projection_c5, projected_scan_c5
      return op->emitOpError("products: expected #plan.product, got ") << attr;
    if (auto wanted = obstacle(product)) // projection_c5, projected_scan_c5
      return op->emitOpError("products: expected ") << *wanted << ", got " << product;
    if (failed(parses(product.getGrid())))
      return failure();
    bool isLast = attr == products.getValue().back();
    for (Attribute requirement : product.getRequirements()) {
      auto text = dyn_cast<StringAttr>(requirement);
      if (!text || (isLast && (text.getValue().contains("stride(") ||
                               text.getValue().contains("address(")))) // projection_c5, projected_scan_c5
        return op->emitOpError("products: expected requirements as strings, of the last of sizes alone, got ")
               << requirement;
      if (failed(parses(text)))
        return failure();
    }
  }
  return success();
}

LogicalResult ProjectionOp::verify() {
  if (failed(verifyDims(*this)))
    return failure();
  SmallVector<int64_t> rows = llvm::to_vector(llvm::seq<int64_t>(0, getTimeDim() + 1)), row = rows;
  row.push_back(getSummedDim());
  if (failed(verifyAccess(*this, getRow(), row, "row")))
    return failure();
  if (!isThere(*this, getRow())) // program_c6
    return emitOpError("row: expected a tensor that an op before writes, got ") << getRow();
  if (!getElement().isF16() && !getElement().isBF16() && !getElement().isF32()) // projection_c3
    return emitOpError("row: expected f16, bf16 or f32, got ") << getElement();
  StringRef precision = getPrecision().value_or("");
  if (getElement().isF32() ? precision != "tf32" && precision != "tf32x3" : !precision.empty()) // projection_c3
    return emitOpError("precision: expected tf32 or tf32x3 of f32, and none of 16 bits, got '")
           << precision << "' of " << getElement();
  bool copiesMatrices = llvm::any_of(getProducts(), [](Attribute attr) {
    auto product = dyn_cast<ProductAttr>(attr);
    return product && product.getTiling().getTensors();
  });
  if (getElement().isF32() && copiesMatrices) // projection_c5
    return emitOpError("products: expected pieces of f32, got ") << getProducts();
  if (getGroups().empty() || getGroups().size() != getEpilogues().size()) // projection_c4
    return emitOpError("groups: expected at least one, and a region for each, got ")
           << getGroups().size() << " and " << getEpilogues().size();
  llvm::SmallSet<StringRef, 8> results;
  for (Attribute attr : getGroups()) {
    auto group = dyn_cast<ColumnsAttr>(attr);
    if (!group) // projection_c2
      return emitOpError("groups: expected #plan.columns, got ") << attr;
    if (failed(verifyGroup(*this, group, rows)))
      return failure();
    if (!results.insert(group.getResult().getParameter().getValue()).second) // projection_c3
      return emitOpError("groups: expected results of their own, got ") << group.getResult() << " twice";
  }
  return verifyProducts(*this, getProducts(), obstacleOf);
}

std::optional<int64_t> panelsReduced(ProjectionOp op, int64_t group) {
  if (op.getEpilogues()[group].front().getOps<ReduceLanesOp>().empty())
    return std::nullopt;
  ColumnsAttr columns = op.getGroup(group);
  int64_t size = op.getDim(columns.getDim()).getSize();
  return ShapedType::isDynamic(size) ? 0 : panelsOfHead(size, headOf(op, columns).has_value()).value_or(0);
}

/// That tiles have heads whole over which something is reduced.
static LogicalResult verifyHeads(ProjectionOp op) {
  std::optional<int64_t> before; // panels of a head of the group before
  for (int64_t i = 0; i < static_cast<int64_t>(op.getGroups().size()); ++i) {
    std::optional<int64_t> panels = panelsReduced(op, i);
    bool inOrder = i == 0 || !panels || (before && *panels > 0 && *before % *panels == 0);
    bool fits = !panels || (*panels > 0 && inOrder && llvm::all_of(op.getProducts(), [&](Attribute product) {
                              return hasWhole(cast<ProductAttr>(product).getTiling(), *panels);
                            }));
    if (!fits) // projection_c4
      return op.emitOpError("groups: expected heads that every tile has whole, got ") << op.getGroup(i);
    before = panels;
  }
  return success();
}

LogicalResult ProjectionOp::verifyRegions() {
  if (failed(verifyHeads(*this)))
    return failure();
  for (auto [i, region] : llvm::enumerate(getEpilogues())) {
    ColumnsAttr group = getGroup(i);
    Block &block = region.front();
    SmallVector<Type> types = {Float32Type::get(getContext())};
    for (auto read : group.getReads().getAsRange<AccessAttr>())
      types.push_back(parameterOf(*this, read).getElementType());
    auto yield = dyn_cast<YieldOp>(block.back());
    Type wanted = parameterOf(*this, group.getResult()).getElementType();
    if (block.getArgumentTypes() != TypeRange(types) || !yield || yield.getValues().size() != 1 ||
        yield.getValues()[0].getType() != wanted) // projection_c4
      return emitOpError("region ") << i << ": expected a sum of f32 and what the group reads, to one value of "
                                    << wanted;
    for (Operation &inner : block) {
      if (!scanc::usesEarlierValues(inner)) // projection_c4
        return inner.emitOpError("expected no regions, and values of this region that are there before");
      if (isa<AdvanceOp, RecallOp>(inner)) // projection_c4
        return inner.emitOpError("expected no states in a product of matrices");
    }
  }
  return success();
}

} // namespace scanc::plan
