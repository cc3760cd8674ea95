//===- ProjectedScanOp.cpp - The constraints of layers in one kernel ------===//
#include "dialects/plan/ProjectedScanOp.h"

#include "dialects/Regions.h"
#include "dialects/plan/Kernels.h"

using namespace mlir;

namespace scanc::plan {

Type ProjectedScanOp::getElement() { return parameterOf(*this, getRow()).getElementType(); }

int64_t ProjectedScanOp::getTimeDim() {
  return llvm::find_if(getDims(), [](Attribute attr) { return cast<DimAttr>(attr).getRole() == Role::Time; }) -
         getDims().begin();
}

int64_t ProjectedScanOp::getColumnsBehind() {
  return getBehind() ? getDim(getBehind()->getDim()).getSize() : 0;
}

int64_t ProjectedScanOp::sharedBytesOf(TilingAttr tiling, int64_t columnsBehind) {
  constexpr int64_t panel = 64 * 64 * 2, mapAndState = 12;
  int64_t panels = tiling.getRing() * (tiling.getWarpgroups() + tiling.getColumns() / 64) + (columnsBehind + 63) / 64;
  return llvm::alignTo(panels * panel + 4 * tiling.getWarpgroups() * 64 * mapAndState + 8, 1024);
}

AdvanceOp ProjectedScanOp::getAdvance() { return *getBody().getOps<AdvanceOp>().begin(); }

/// Lanes, one time, and two registers, or three where a product is behind.
static LogicalResult verifyDims(ProjectedScanOp op) {
  int64_t lanes = 0, count = static_cast<int64_t>(op.getDims().size());
  while (lanes < count && isa<DimAttr>(op.getDims()[lanes]) && op.getDim(lanes).getRole() == Role::Lane)
    ++lanes;
  bool fits = count - lanes == 3 || (op.getBehind() && count - lanes == 4);
  for (auto [i, attr] : llvm::enumerate(op.getDims())) {
    auto dim = dyn_cast<DimAttr>(attr);
    int64_t place = static_cast<int64_t>(i) - lanes;
    Role wanted = place < 0 ? Role::Lane : place == 0 ? Role::Time : Role::Register;
    fits &= dim && dim.getRole() == wanted;
  }
  if (!fits) // projected_scan_c1
    return op.emitOpError("dims: expected lanes, time, what is summed over and columns, got ")
           << op.getDims();
  return success();
}

/// The dims that an access has, each as often.
static SmallVector<int64_t> dimsOf(AccessAttr access) {
  SmallVector<int64_t> dims;
  for (AffineExpr expr : access.getMap().getResults())
    dims.push_back(isa<AffineDimExpr>(expr) ? cast<AffineDimExpr>(expr).getPosition() : -1);
  return dims;
}

/// An access to numbers of f32 or 16 bits, which are an output where `written`.
static LogicalResult verifyNumbers(ProjectedScanOp op, AccessAttr access, ArrayRef<int64_t> wanted,
                                   bool written, StringRef what) {
  if (failed(verifyEachOnce(op, op.getDims(), access, wanted, what)))
    return failure();
  ParameterAttr tensor = parameterOf(op, access);
  Type type = tensor.getElementType();
  if (tensor.getOutput() != written || !(type.isF32() || type.isF16() || type.isBF16())) // projected_scan_c3
    return op.emitOpError() << what << ": expected an " << (written ? "output" : "input")
                            << " of f32, f16 or bf16, got " << tensor;
  return success();
}

static LogicalResult verifyReads(ProjectedScanOp op, ArrayAttr reads, ArrayRef<int64_t> among) {
  for (auto read : reads.getAsRange<AccessAttr>()) {
    SmallVector<int64_t> dims = dimsOf(read);
    if (!llvm::all_of(dims, [&](int64_t i) { return llvm::is_contained(among, i); })) // projected_scan_c2
      return op.emitOpError("reads: expected dims of a step and lane, or of a column, got ") << read;
    if (failed(verifyNumbers(op, read, dims, /*written=*/false, "reads")))
      return failure();
  }
  return success();
}

static LogicalResult verifyAccesses(ProjectedScanOp op) {
  int64_t time = op.getTimeDim(), summed = op.getSummedDim(), column = op.getColumnDim();
  SmallVector<int64_t> lanes = llvm::to_vector(llvm::seq<int64_t>(0, time)), row = lanes;
  row.append({time, summed});
  if (failed(verifyEachOnce(op, op.getDims(), op.getRow(), row, "row")))
    return failure();
  if (!op.getElement().isF16() && !op.getElement().isBF16()) // projected_scan_c3
    return op.emitOpError("row: expected f16 or bf16, got ") << op.getElement();
  SmallVector<int64_t> state = lanes, step = lanes;
  state.push_back(column);
  step.append({time, column});
  for (ArrayAttr list : {op.getWeights(), op.getReads(), op.getWrites()})
    for (Attribute attr : list)
      if (!isa<AccessAttr>(attr)) // projected_scan_c2
        return op.emitOpError("expected #plan.access, got ") << attr;
  constexpr size_t mostFactors = 4;
  if (op.getWeights().empty() || op.getWeights().size() > mostFactors) // projected_scan_c4
    return op.emitOpError("weights: expected 1 to 4, got ") << op.getWeights().size();
  for (auto weight : op.getWeights().getAsRange<AccessAttr>()) {
    if (failed(verifyEachOnce(op, op.getDims(), weight, {summed, column}, "weights")))
      return failure();
    if (Type type = parameterOf(op, weight).getElementType(); type != op.getElement()) // projected_scan_c3
      return op.emitOpError("weights: expected ") << op.getElement() << " as the row, got " << type;
  }
  if (failed(verifyReads(op, op.getReads(), step)))
    return failure();
  for (auto write : op.getWrites().getAsRange<AccessAttr>())
    if (failed(verifyNumbers(op, write, step, /*written=*/true, "writes")))
      return failure();
  if (op.getInit() && failed(verifyNumbers(op, *op.getInit(), state, /*written=*/false, "init")))
    return failure();
  if (op.getFinal() && failed(verifyNumbers(op, *op.getFinal(), state, /*written=*/true, "final")))
    return failure();
  return success();
}

/// The product of what the scan makes.
static LogicalResult verifyBehind(ProjectedScanOp op) {
  constexpr int64_t mostLanes = 64;
  std::optional<ColumnsAttr> behind = op.getBehind();
  if (!behind)
    return success();
  int64_t column = op.getColumnDim(), dim = behind->getDim(), last = static_cast<int64_t>(op.getDims().size()) - 1;
  if (dim < 0 || dim > last || dim != (last > column ? last : op.getSummedDim())) // projected_scan_c6
    return op.emitOpError("behind: expected columns of what is summed over or of the last dim, got ") << dim;
  int64_t lanes = op.getDim(column).getSize(), columns = op.getDim(dim).getSize();
  if (ShapedType::isDynamic(lanes) || lanes > mostLanes || ShapedType::isDynamic(columns) || columns < 1) // projected_scan_c6
    return op.emitOpError("behind: expected at most 64 lanes and some columns, of known sizes, got ")
           << lanes << " and " << columns;
  SmallVector<int64_t> step = llvm::to_vector(llvm::seq<int64_t>(0, op.getTimeDim() + 1));
  step.push_back(dim);
  for (Attribute attr : behind->getReads())
    if (!isa<AccessAttr>(attr)) // projected_scan_c6
      return op.emitOpError("behind: expected #plan.access, got ") << attr;
  if (failed(verifyEachOnce(op, op.getDims(), behind->getWeights(), {column, dim}, "behind: weights")) ||
      failed(verifyReads(op, behind->getReads(), dim)) ||
      failed(verifyNumbers(op, behind->getResult(), step, /*written=*/true, "behind: result")))
    return failure();
  if (Type type = parameterOf(op, behind->getWeights()).getElementType(); type != op.getElement()) // projected_scan_c6
    return op.emitOpError("behind: expected weights of ") << op.getElement() << " as the row, got " << type;
  return success();
}

/// What is wrong with how a block goes about it, or nothing.
static std::optional<std::string> obstacleOf(ProductAttr product, int64_t factors, int64_t columnsBehind) {
  constexpr int64_t mostGroups = 2, mostParts = 64;
  TilingAttr tiling = product.getTiling();
  if (tiling.getWarpgroups() < 1 || tiling.getWarpgroups() > mostGroups)
    return std::string("1 or 2 warpgroups");
  if (tiling.getColumns() != 64 * factors || tiling.getTall() != 1 || tiling.getTensors())
    return std::to_string(64 * factors) + " columns, not tall, without copies of whole matrices";
  if (tiling.getRing() < 2 || tiling.getRing() > mostParts)
    return std::string("a ring of 2 to 64 parts");
  if (int64_t bytes = ProjectedScanOp::sharedBytesOf(tiling, columnsBehind); product.getSharedBytes() != bytes)
    return std::to_string(bytes) + " shared_bytes";
  return std::nullopt;
}

LogicalResult ProjectedScanOp::verify() {
  if (failed(verifyDims(*this)) || failed(verifyAccesses(*this)) || failed(verifyBehind(*this)))
    return failure();
  return verifyProducts(*this, getProducts(),
                        [&](ProductAttr way) { return obstacleOf(way, getFactors(), getColumnsBehind()); });
}

/// What is made of the sums of a product behind.
static LogicalResult verifyEpilogue(ProjectedScanOp op) {
  if (op.getEpilogue().size() != (op.getBehind() ? 1 : 0)) // projected_scan_c6
    return op.emitOpError("behind: expected a region of its own, got ") << op.getEpilogue().size();
  if (!op.getBehind())
    return success();
  Block &block = op.getEpilogue()[0].front();
  SmallVector<Type> arguments = {Float32Type::get(op.getContext())};
  for (auto read : op.getBehind()->getReads().getAsRange<AccessAttr>())
    arguments.push_back(parameterOf(op, read).getElementType());
  auto yield = dyn_cast<YieldOp>(block.back());
  Type result = parameterOf(op, op.getBehind()->getResult()).getElementType();
  if (block.getArgumentTypes() != TypeRange(arguments) || !yield ||
      yield.getValues().getTypes() != TypeRange(result)) // projected_scan_c6
    return op.emitOpError("behind: expected a region of a sum of f32 and what is read, to the result");
  for (Operation &inner : block) {
    if (!scanc::usesEarlierValues(inner)) // projected_scan_c6
      return inner.emitOpError("expected no regions, and values of this region that are there before");
    if (isa<AdvanceOp, RecallOp>(inner)) // projected_scan_c6
      return inner.emitOpError("expected no states in a product of matrices");
  }
  return success();
}

LogicalResult ProjectedScanOp::verifyRegions() {
  if (failed(verifyEpilogue(*this)))
    return failure();
  Block &block = getBody().front();
  SmallVector<Type> arguments(getFactors(), Float32Type::get(getContext())), written;
  for (auto read : getReads().getAsRange<AccessAttr>())
    arguments.push_back(parameterOf(*this, read).getElementType());
  for (auto write : getWrites().getAsRange<AccessAttr>())
    written.push_back(parameterOf(*this, write).getElementType());
  if (getBehind())
    written.push_back(getElement());
  auto yield = dyn_cast<YieldOp>(block.back());
  if (block.getArgumentTypes() != TypeRange(arguments) || !yield ||
      yield.getValues().getTypes() != TypeRange(written)) // projected_scan_c4
    return emitOpError("region: expected sums of f32 and what is read, to what is written");
  SmallVector<AdvanceOp> advances(block.getOps<AdvanceOp>());
  bool scans = advances.size() == 1 && advances[0].getRing() == Ring::Real && !advances[0].getMatrix() &&
               advances[0].getNow().getType().isF32() && advances[0].getBias().getType().isF32();
  if (!scans) // projected_scan_c4
    return emitOpError("region: expected one plan.advance of the real ring, of a number of f32");
  for (Operation &inner : block) {
    if (!scanc::usesEarlierValues(inner)) // projected_scan_c4
      return inner.emitOpError("expected no regions, and values of this region that are there before");
    if (isa<RecallOp>(inner)) // projected_scan_c4
      return inner.emitOpError("expected no matrices of state in a projected scan");
  }
  return success();
}

} // namespace scanc::plan

#define GET_OP_CLASSES
#include "dialects/plan/ProjectedScanOp.cpp.inc"
