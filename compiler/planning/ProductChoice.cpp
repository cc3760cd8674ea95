//===- ProductChoice.cpp - Tiles, costs and launches of a product ----------===//
#include "compiler/planning/ProductChoice.h"

#include "compiler/planning/Body.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

/// What was measured on an H200 (bench/results/h200-projection.md), and what widths between want.
constexpr Tiles wholeMatrices[] = {{3, 192, 4}, {3, 176, 4}, {3, 128, 5}, {2, 256, 4}, {2, 192, 5}, {2, 176, 5},
                                   {2, 128, 6}, {2, 96, 7},  {2, 64, 9},  {1, 192, 7}, {1, 176, 7}, {1, 128, 9},
                                   {1, 96, 9},  {1, 64, 10}, {1, 48, 10}};
/// Of pieces: a warp has 32 rows and all columns, so that it reads the right factor half as often, and two blocks hide what one
/// waits for; wide heads leave registers for 16 rows alone.
constexpr Tiles pieces[] = {{1, 176, 2, 2}, {1, 144, 2, 2}, {1, 112, 2, 2}, {1, 96, 2, 2},
                            {1, 64, 2, 2},  {2, 128, 2},    {2, 192, 2},    {2, 256, 2}};
/// Of f32, whose factors lie in registers in two parts beside the sums of a part.
constexpr Tiles piecesOfF32[] = {{1, 96, 2, 2}, {1, 80, 2, 2}, {1, 64, 2, 2}, {1, 48, 2, 2},
                                 {2, 128, 2},   {2, 192, 2},   {2, 256, 2}};
/// Of elements; as many panels as a head, in panels of 64 columns, where one must be whole.
constexpr Tiles elements = {1, 64, 3};

double ProductChoice::rows() const {
  double rows = sizeOf(timeDim());
  for (int64_t lane : product.lanes)
    rows *= sizeOf(lane);
  return rows;
}

double ProductChoice::flops() const {
  double flops = 0;
  for (const ProjectedColumns &group : product.groups)
    flops += 2 * rows() * sizeOf(product.over) * widthOf(group);
  return flops;
}

double ProductChoice::bytes() const {
  auto element = static_cast<double>(elementBytes());
  double bytes = rows() * sizeOf(product.over) * element;
  for (const ProjectedColumns &group : product.groups) {
    Type type = cast<RankedTensorType>(group.epilogue->getResult(0).getType()).getElementType();
    bytes += widthOf(group) * (element * sizeOf(product.over) + rows() * static_cast<double>(bytesOf(type)));
  }
  return bytes;
}

/// Blocks that a multiprocessor has at once.
int64_t ProductChoice::residentBlocks(plan::TilingAttr tiling) const {
  constexpr int64_t registers = 256;
  int64_t byRegisters = target.registersPerMultiprocessor / (tiling.getThreads() * registers);
  return tiling.getTensors() ? 1 : std::max<int64_t>(1, std::min(byRegisters, target.sharedPerBlock / tiling.getSharedBytes()));
}

double ProductChoice::secondsOf(plan::TilingAttr tiling) const {
  // Of an H200, bench/results/h200-projection.md: what large tiles reach of the tensor cores' rate, which is 16 times that of
  // f32 outside; what the L2 gives to all blocks; what a number costs behind its sum; what a block does before its
  // first tile. A part of pieces takes longer by what all threads wait for, whatever its columns
  // are; warps of 16 rows read the right factor twice as often.
  constexpr double tensorRate = 16, reached = 1 / 1.35, reachedByFewRows = 1 / 1.5, l2Bandwidth = 9.5e12;
  constexpr double numberSeconds = 0.09e-9, reducedSeconds = 0.3e-9, beginSeconds = 2.5e-6, piecesSeconds = 0.3e-6, leastSeconds = 0.8e-6;
  double multiprocessors = static_cast<double>(target.multiprocessors);
  double share = tiling.getTensors() || tiling.getTall() > 1 ? reached : reachedByFewRows;
  double rate = tensorRate * target.flops / multiprocessors * share;
  double partTerms = 128 / static_cast<double>(elementBytes());
  bool isF32 = product.element.isF32();
  if (isF32) { // each product in tf32, and factors on their way to it, in rates of f32 outside of the tensor cores
    constexpr double tf32Rate = 3.5, splitRate = 2.3;
    rate = target.flops / multiprocessors / ((product.precision == "tf32x3" ? 3 : 1) / tf32Rate + 1 / splitRate);
  }
  auto tileRows = static_cast<double>(tiling.getRows()), columns = static_cast<double>(tiling.getColumns());
  double copied = 128 * (tileRows + columns);
  double part = std::max(2 * partTerms * tileRows * columns / rate, copied / (l2Bandwidth / multiprocessors));
  if (isF32)
    part = std::max(part, leastSeconds);
  else if (!tiling.getTensors())
    part += piecesSeconds;
  // A thread with more than 64 sums has no registers to make several of them at a time of what it reduces over a head.
  double sums = static_cast<double>(tiling.getTall()) * columns / 2, behind = numberSeconds;
  if (whole() > 0)
    behind += std::max(0.0, sums / 64 - 1) * reducedSeconds;
  double tile = std::ceil(sizeOf(product.over) / partTerms) * part + tileRows * columns * behind;
  double matrices = rows() / std::max(1.0, sizeOf(timeDim()));
  double rowTiles =
      areOne() ? std::ceil(rows() / tileRows) : matrices * std::ceil(sizeOf(timeDim()) / tileRows);
  double tiles = rowTiles * columnTiles(tiling);
  auto together = static_cast<double>(isF32 ? residentBlocks(tiling) : 1); // which take as long as one after another
  double waves = std::ceil(tiles / (multiprocessors * together)) * together;
  return (tiling.getTensors() ? beginSeconds : 0) + std::max(waves * tile, bytes() / target.bandwidth);
}

/// Whether rows of all lanes and steps lie alike in all tensors, as these are declared: the device takes them for one
/// matrix.
bool ProductChoice::areOne() const {
  auto rowsOf = [&](const NamedAccess &access, int64_t adjacent, int64_t head) {
    SmallVector<AffineExpr> rows(access.map.getResults());
    for (int64_t dim : {adjacent, head})
      if (dim >= 0 && (rows.empty() || rows.pop_back_val() != getAffineDimExpr(dim, context)))
        return SmallVector<AffineExpr>();
    return rows;
  };
  SmallVector<AffineExpr> rows = rowsOf(product.row, product.over, -1), lanes;
  for (int64_t lane : product.lanes)
    lanes.push_back(getAffineDimExpr(lane, context));
  AffineExpr time = getAffineDimExpr(timeDim(), context);
  ArrayRef<AffineExpr> all(rows);
  bool inOrder = !rows.empty() && (all.back() == time   ? all.drop_back() == ArrayRef(lanes)
                                   : all.front() == time ? all.drop_front() == ArrayRef(lanes)
                                                         : false);
  return inOrder && llvm::all_of(product.groups, [&](const ProjectedColumns &group) {
           return rowsOf(group.result, group.dim, group.head) == rows;
         });
}

/// Tiles beside each other, as block::column_tiles of the device counts them.
double ProductChoice::columnTiles(plan::TilingAttr tiling) const {
  auto ownPanels = static_cast<double>(plan::panelsOf(tiling)), ownSlices = static_cast<double>(plan::slicesOf(tiling));
  double panels = 0, slices = 0;
  for (const ProjectedColumns &group : product.groups) {
    double rest = std::ceil(widthOf(group) / 16);
    double whole = ownPanels == 0 ? 0 : ownSlices == 0 ? std::ceil(rest / 4) : std::floor(rest / 4);
    panels += whole;
    slices += std::max(0.0, rest - 4 * whole);
  }
  double fewest = std::ceil((4 * panels + slices) / (4 * ownPanels + ownSlices));
  return ownSlices == 0 ? fewest : std::max(fewest, std::ceil(slices / ownSlices));
}

plan::TilingAttr ProductChoice::tiling() const {
  return copiesMatrices() ? cheapest(wholeMatrices, true) : tilingOfPieces();
}

/// With as many parts in shared memory as leave room for a second block, of four at most.
plan::TilingAttr ProductChoice::tilingOfPieces() const {
  constexpr int64_t mostParts = 4;
  const int64_t mostColumns = product.element.isF32() ? 0 : 128; // of 16 rows; more where a head wants them
  SmallVector<Tiles> all(product.element.isF32() ? ArrayRef(piecesOfF32) : ArrayRef(pieces));
  llvm::erase_if(all, [&](const Tiles &tiles) {
    return tiles.tall == 1 && tiles.columns > std::max(mostColumns, 64 * whole());
  });
  for (Tiles &tiles : all)
    while (tiles.ring < mostParts && 2 * tilingOf({tiles.warpgroups, tiles.columns, tiles.ring + 1, tiles.tall}, false).getSharedBytes() <=
                                         target.sharedPerBlock)
      ++tiles.ring;
  return cheapest(all, false);
}

plan::TilingAttr ProductChoice::cheapest(ArrayRef<Tiles> all, bool tensors) const {
  plan::TilingAttr best;
  for (const Tiles &tiles : all) {
    plan::TilingAttr tiling = tilingOf(tiles, tensors);
    if (whole() > 0 && !plan::hasWhole(tiling, whole()))
      continue;
    if (!best || secondsOf(tiling) < secondsOf(best))
      best = tiling;
  }
  return best;
}

/// Formula: the same.
std::string ProductChoice::columnTilesFormula(plan::TilingAttr tiling) const {
  int64_t ownPanels = plan::panelsOf(tiling), ownSlices = plan::slicesOf(tiling);
  std::string panels, slices;
  for (const ProjectedColumns &group : product.groups) {
    StringRef plus = panels.empty() ? "" : " + ";
    std::string width = widthFormula(group), units = formatv("ceildiv({0}, 16)", width);
    panels += ownSlices == 0 ? formatv("{0}ceildiv({1}, 64)", plus, width).str()
                             : formatv("{0}{1} / 4", plus, units).str();
    slices += formatv(ownPanels == 0 ? "{0}{1}" : "{0}{1} % 4", plus, units);
  }
  if (ownSlices == 0)
    return formatv("ceildiv({0}, {1})", panels, ownPanels);
  if (ownPanels == 0)
    return formatv("ceildiv({0}, {1})", slices, ownSlices);
  return formatv("max(ceildiv(4 * ({0}) + {1}, {2}), ceildiv({1}, {3}))", panels, slices,
                 4 * ownPanels + ownSlices, ownSlices);
}

/// Formula: a block for each tile, of those that a device has at once.
std::string ProductChoice::grid(plan::TilingAttr tiling) const {
  std::string matrices;
  for (int64_t lane : product.lanes)
    matrices += extentOf(lane) + " * ";
  return formatv("min({0}ceildiv({1}, {2}) * {3}, {4})", matrices, extentOf(timeDim()), tiling.getRows(),
                 columnTilesFormula(tiling), target.multiprocessors * residentBlocks(tiling));
}

/// The stride of `access` along dim `dim` of the recurrence.
std::string ProductChoice::stride(const NamedAccess &access, int64_t dim) const {
  unsigned i = 0;
  while (access.map.getResult(i) != getAffineDimExpr(dim, context))
    ++i;
  plan::ParameterAttr tensor = ownOf(access);
  if (!tensor)
    return formatv("stride({0}, {1})", access.tensor, i);
  ArrayRef<StringAttr> within = tensor.getDims().drop_front(i + 1);
  return within.empty() ? "1" : llvm::join(llvm::map_range(within, [](StringAttr each) { return each.str(); }), " * ");
}

/// Rows, terms and columns are counted in 32 bits, a tile past the end.
void ProductChoice::requireSizes(Facts &facts) const {
  constexpr int64_t most = int64_t(1) << 30;
  SmallVector<std::string> extents = {extentOf(timeDim()), extentOf(product.over)};
  for (const ProjectedColumns &group : product.groups)
    if (std::string width = widthFormula(group); !llvm::is_contained(extents, width))
      extents.push_back(width);
  for (const std::string &extent : extents)
    facts.push_back(formatv("{0} < {1}", extent, most));
}

/// Elements along `adjacent` are in 16 aligned bytes each.
void ProductChoice::requirePieces(const NamedAccess &access, int64_t adjacent, Facts &facts) const {
  if (!ownOf(access))
    facts.push_back(formatv("address({0}) % 16 == 0", access.tensor));
  for (AffineExpr expr : access.map.getResults()) {
    int64_t dim = cast<AffineDimExpr>(expr).getPosition();
    facts.push_back(dim == adjacent ? formatv("{0} == 1", stride(access, dim)).str()
                                    : formatv("{0} % {1} == 0", stride(access, dim), 16 / elementBytes()).str());
  }
}

/// And one map of it has all matrices, which lanes follow each other as those of one dimension, and no size of 0 or stride of
/// 2^40 bytes.
void ProductChoice::requireMatrices(const NamedAccess &access, int64_t adjacent, Facts &facts) const {
  constexpr int64_t most = int64_t(1) << 30, farthest = int64_t(1) << 39;
  for (AffineExpr expr : access.map.getResults()) {
    int64_t dim = cast<AffineDimExpr>(expr).getPosition();
    if (dim != adjacent) {
      facts.push_back(formatv("{0} > 0", stride(access, dim)));
      facts.push_back(formatv("{0} < {1}", stride(access, dim), farthest));
    }
    if (std::string exists = formatv("{0} > 0", extentOf(dim)); !llvm::is_contained(facts, exists))
      facts.push_back(exists);
  }
  if (access.tensor != product.row.tensor || product.lanes.empty())
    return;
  std::string matrices;
  for (auto [i, lane] : llvm::enumerate(product.lanes)) {
    matrices += (i > 0 ? " * " : "") + extentOf(lane);
    if (i > 0)
      facts.push_back(formatv("{0} == {1} * {2}", stride(access, product.lanes[i - 1]), extentOf(lane),
                              stride(access, lane)));
  }
  facts.push_back(formatv("{0} < {1}", matrices, most));
}

plan::ProductAttr ProductChoice::variant(StringRef name, plan::TilingAttr tiling, bool across,
                                         bool copies) const {
  Facts facts;
  requireSizes(facts);
  // Three products of tf32 and the tensor cores' sums of 16 terms are off by 40 roundings of f32, which a shorter sum has not.
  constexpr int64_t fewestTerms = 32;
  if (copies && product.precision == "tf32x3")
    facts.push_back(formatv("{0} >= {1}", extentOf(product.over), fewestTerms));
  auto require = [&](const NamedAccess &access, int64_t adjacent) {
    if (copies)
      requirePieces(access, adjacent, facts);
    if (tiling.getTensors())
      requireMatrices(access, adjacent, facts);
  };
  require(product.row, product.over);
  for (const ProjectedColumns &group : product.groups) {
    require(group.weights, across ? group.dim : product.over);
    if (copies && group.head >= 0) // the columns of all heads are those of one matrix
      facts.push_back(formatv("{0} == {1} * {2}", stride(group.weights, group.head), extentOf(group.dim),
                              stride(group.weights, group.dim)));
  }
  Builder builder(context);
  SmallVector<Attribute> requirements;
  for (const std::string &fact : facts)
    requirements.push_back(builder.getStringAttr(fact));
  return plan::ProductAttr::get(context, builder.getStringAttr(name), tiling, across, copies,
                                builder.getArrayAttr(requirements), builder.getStringAttr(grid(tiling)),
                                tiling.getSharedBytes());
}

/// From the most demanding one to the one that asks for sizes alone. Weights may lie the other way round than they are
/// declared.
ArrayAttr ProductChoice::variants() const {
  SmallVector<Attribute> list;
  if (copiesMatrices()) {
    list.push_back(variant("matrices", tiling(), product.across, true));
    list.push_back(variant("matrices_turned", tiling(), !product.across, true));
  }
  list.push_back(variant("pieces", tilingOfPieces(), product.across, true));
  list.push_back(variant("pieces_turned", tilingOfPieces(), !product.across, true));
  list.push_back(variant("elements", tilingOf(withWhole(elements), false), product.across, false));
  return ArrayAttr::get(context, list);
}

/// An epilogue, whose last dim is its columns: where it reduces over these, that is over lanes, however few they are.
static Mapping mappingOf(scan::AffineOp epilogue) {
  Mapping mapping(epilogue);
  int64_t column = scan::RecurrenceInterface(epilogue).getNumDims() - 1;
  llvm::erase(mapping.registers, column);
  mapping.reduced = column;
  return mapping;
}

void ProductChoice::lower(const std::string &name, scan::AffineOp whole, OpBuilder &builder) const {
  scan::RecurrenceInterface recurrence = loop;
  SmallVector<int64_t> order(product.lanes);
  order.append({timeDim(), product.over});
  for (const ProjectedColumns &group : product.groups)
    for (int64_t dim : {group.head, group.dim})
      if (dim >= 0 && !llvm::is_contained(order, dim))
        order.push_back(dim);
  auto placeOf = [&](int64_t dim) { return llvm::find(order, dim) - order.begin(); };
  SmallVector<Attribute> dims, groups;
  for (auto [i, dim] : llvm::enumerate(order)) {
    scan::DimAttr attr = recurrence.getDim(dim);
    plan::Role role = i < product.lanes.size()    ? plan::Role::Lane
                      : i == product.lanes.size() ? plan::Role::Time
                                                  : plan::Role::Register;
    dims.push_back(plan::DimAttr::get(context, role, attr.getName(), attr.getExtent(), attr.getSize()));
  }
  auto accessOf = [&](const NamedAccess &access) {
    SmallVector<AffineExpr> places;
    for (AffineExpr expr : access.map.getResults())
      places.push_back(getAffineDimExpr(placeOf(cast<AffineDimExpr>(expr).getPosition()), context));
    return plan::AccessAttr::get(context, builder.getStringAttr(access.tensor),
                                 AffineMap::get(order.size(), 0, places, context));
  };
  for (const ProjectedColumns &group : product.groups) {
    SmallVector<Attribute> reads;
    for (const NamedAccess &read : group.reads)
      reads.push_back(accessOf(read));
    groups.push_back(plan::ColumnsAttr::get(context, placeOf(group.dim), accessOf(group.weights),
                                            builder.getArrayAttr(reads), accessOf(group.result)));
  }
  auto made = plan::ProjectionOp::create(
      builder, recurrence.getLoc(), builder.getStringAttr(name), builder.getArrayAttr(dims),
      accessOf(product.row), builder.getArrayAttr(groups), variants(),
      product.precision.empty() ? StringAttr() : builder.getStringAttr(product.precision),
      static_cast<unsigned>(product.groups.size()));
  for (auto [group, region] : llvm::zip(product.groups, made.getEpilogues()))
    lowerPart(mappingOf(group.epilogue), whole, region);
}

} // namespace scanc::planning
