//===- FusedLayer.cpp - Which layers are one kernel, and what it costs ------===//
#include "compiler/planning/FusedLayer.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

static bool isNumber(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

std::optional<FusedLayer> FusedLayer::of(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                         std::string &reason) {
  std::optional<Layer> layer = Layer::of(mapping.op, reason);
  if (!layer)
    return std::nullopt;
  FusedLayer fused(mapping, std::move(*layer), target, sizes);
  if (auto declined = fused.declines()) {
    reason = *declined;
    return std::nullopt;
  }
  for (int64_t lane : fused.product().lanes)
    fused.dims.push_back(fused.dimOf(lane).getName());
  for (int64_t dim : {fused.time(), fused.product().over, fused.column()})
    fused.dims.push_back(fused.dimOf(dim).getName());
  if (fused.behind() && fused.behind()->groups.front().dim != fused.product().over)
    fused.dims.push_back(fused.dimOf(fused.behind()->groups.front().dim).getName());
  fused.best = fused.choose();
  return fused;
}

std::optional<std::string> FusedLayer::declines() const {
  constexpr size_t mostFactors = 4;
  if (!layer.rest)
    return std::string("projections with nothing behind them");
  if (layer.products.empty())
    return std::string("no projection of an input");
  scan::AffineOp rest = layer.rest;
  auto function = rest->getParentOfType<func::FuncOp>();
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, computedAttr))
      return std::string("a projection of rows that another kernel computes");
  if (layer.products.size() > 1)
    return std::string("projections of several tensors, or by weights in two orders");
  if (product().element.isF32())
    return std::string("a projection of f32, whose factors are not split here");
  if (product().groups.size() > mostFactors)
    return formatv("{0} projections, at most {1} have their sums in registers", product().groups.size(),
                   mostFactors)
        .str();
  for (const ProjectedColumns &group : product().groups) {
    if (group.dim != column() || group.head >= 0)
      return std::string("projections to several indices");
    if (group.whole > 0)
      return std::string("a reduction over what is projected");
    bool isOwn = llvm::any_of(layer.own, [&](plan::ParameterAttr tensor) {
      return tensor.getName().getValue() == group.result.tensor;
    });
    if (!isOwn)
      return std::string("a result that is a projection alone");
  }
  if (behind())
    if (auto declined = declinesBehind())
      return declined;
  return declinesRest(Mapping(layer.rest));
}

/// Why what the scan makes is not multiplied where it is made.
std::optional<std::string> FusedLayer::declinesBehind() const {
  const ProjectedColumns &group = behind()->groups.front();
  if (layer.behind.size() > 1 || behind()->groups.size() > 1)
    return std::string("several projections of what the scan computes");
  if (behind()->over != column() || behind()->lanes != product().lanes)
    return std::string("a projection of what the scan computes over another index than its lanes");
  if (group.head >= 0 || group.whole > 0)
    return std::string("heads of a projection of what the scan computes");
  if (behind()->element != product().element)
    return std::string("projections of two types");
  auto isKnown = [](int64_t size, int64_t most) { return !ShapedType::isDynamic(size) && size <= most; };
  int64_t lanes = dimOf(column()).getSize(), columns = columnsBehind();
  if (!isKnown(lanes, tileLanes))
    return formatv("a projection of what the scan computes, of {0} lanes: expected a known number of at most {1}, whose rows a "
                   "block has whole",
                   ShapedType::isDynamic(lanes) ? std::string("an open number of") : std::to_string(lanes), tileLanes)
        .str();
  if (ShapedType::isDynamic(columns) || columns < 1 || sharedOf({1, 2}) > target.sharedPerBlock)
    return formatv("a projection of what the scan computes, to {0} columns, whose weights do not fit shared memory",
                   ShapedType::isDynamic(columns) ? std::string("an open number of") : std::to_string(columns))
        .str();
  return std::nullopt;
}

std::optional<std::string> FusedLayer::declinesRest(const Mapping &rest) const {
  scan::RecurrenceInterface loop = rest.op;
  if (auto declined = declinesElementwise(rest))
    return declined;
  if (auto declined = declinesReducedLanes(rest))
    return declined;
  if (auto declined = declinesReassociation(rest))
    return declined;
  if (rest.segment >= 0)
    return std::string("packed sequences (reset at)");
  if (loop.getNumStates() != 1 || rest.stateSize() != 1 || !rest.registers.empty())
    return std::string("more than one number of state per lane");
  SmallVector<StringRef> lanes;
  for (int64_t lane : rest.lanes)
    lanes.push_back(loop.getDim(lane).getName().getValue());
  auto isLane = [&](int64_t dim) { return llvm::is_contained(lanes, dimOf(dim).getName().getValue()); };
  if (lanes.size() != product().lanes.size() + 1 || !isLane(column()) || !llvm::all_of(product().lanes, isLane))
    return std::string("lanes that the projected tensor has not");
  auto advance = *rest.op.getBody().getOps<scan::AdvanceOp>().begin();
  if (advance.getRing() != scan::Ring::Real || !loop.getState(0).getElementType().isF32())
    return std::string("states of another type than f32, or of another ring");
  for (auto [i, tensor] : llvm::enumerate(loop.getInputs())) {
    AffineMap map = loop.getInputMap(i);
    if (!llvm::all_of(map.getResults(), [](AffineExpr expr) { return isa<AffineDimExpr>(expr); }))
      return std::string("a window of earlier steps");
  }
  for (Value tensor : rest.op->getOperands())
    if (!isNumber(cast<RankedTensorType>(tensor.getType()).getElementType()))
      return std::string("an input of another type than f32, f16 and bf16");
  for (Value tensor : rest.op->getResults())
    if (!isNumber(cast<RankedTensorType>(tensor.getType()).getElementType()))
      return std::string("a result of another type than f32, f16 and bf16");
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    if (loop.getOutputMap(i).getNumResults() != rest.lanes.size() + 1)
      return std::string("a result that not every lane has");
  return std::nullopt;
}

double FusedLayer::matrices() const {
  double count = 1;
  for (int64_t lane : product().lanes)
    count *= sizeOf(lane);
  return count;
}

double FusedLayer::tiles(const Way &way) const {
  return matrices() * std::ceil(sizeOf(column()) / tileLanes) *
         std::max(1.0, std::ceil(sizeOf(time()) / static_cast<double>(64 * way.warpgroups)));
}

double FusedLayer::flops() const {
  double steps = matrices() * sizeOf(time());
  double behindColumns = static_cast<double>(columnsBehind());
  return 2 * steps * sizeOf(column()) * (static_cast<double>(factors()) * sizeOf(product().over) + behindColumns) +
         countWork(Mapping(layer.rest), sizes).flops;
}

double FusedLayer::bytes() const {
  double steps = matrices() * sizeOf(time()), terms = sizeOf(product().over);
  double own = 0; // of tensors that there are not
  for (plan::ParameterAttr tensor : layer.own)
    own += steps * sizeOf(column()) * static_cast<double>(bytesOf(tensor.getElementType()));
  double behindBytes = 0; // of its weights and results
  if (behind()) {
    Value result = behind()->groups.front().epilogue->getResult(0);
    double bytes = static_cast<double>(bytesOf(cast<RankedTensorType>(result.getType()).getElementType()));
    behindBytes = static_cast<double>(columnsBehind()) * (2 * sizeOf(column()) + steps * bytes);
  }
  return behindBytes + 2 * terms * (steps + static_cast<double>(factors()) * sizeOf(column())) +
         compulsoryBytes(Mapping(layer.rest), sizes) - own;
}

int64_t FusedLayer::workspaceBytes() const {
  double rows = matrices() * std::ceil(sizeOf(column()) / tileLanes), slots = tiles(best) / std::max(1.0, rows) + 2;
  return static_cast<int64_t>(rows * slots * 1.07) * tileLanes * 8;
}

/// Blocks that a multiprocessor has at once: a thread of one group of four warps has nearly all registers that one can have.
int64_t FusedLayer::residentBlocks(const Way &way) const {
  constexpr int64_t beside = 1024, registers = 256;
  int64_t byRegisters = target.registersPerMultiprocessor / (128 * way.warpgroups * registers);
  return std::max<int64_t>(1, std::min(byRegisters, (target.sharedPerBlock + beside) / (sharedOf(way) + beside)));
}

double FusedLayer::secondsOf(const Way &way) const {
  // Of an H200, bench/results/h200-projection.md: what the tensor cores reach of their rate, which is 16 times that of f32
  // outside; what the L2 gives to all blocks; what blocks that are resident take to scan a tile each, whatever its size, and to write
  // 64 columns of a product behind; what a block does before its first tile, and a launch to clear its workspace.
  constexpr double tensorRate = 16, reached = 0.6, l2Bandwidth = 10e12, scanSeconds = 4e-6, panelSeconds = 0.87e-6, beginSeconds = 2e-6;
  double multiprocessors = static_cast<double>(target.multiprocessors);
  double perMultiprocessor = std::ceil(tiles(way) / multiprocessors);
  double resident = std::min(static_cast<double>(residentBlocks(way)), std::max(1.0, perMultiprocessor));
  double rounds = std::ceil(tiles(way) / (multiprocessors * resident));
  double steps = 64 * static_cast<double>(way.warpgroups), columns = tileLanes * static_cast<double>(factors());
  double part = std::max(2 * partTerms * steps * columns / (tensorRate * reached * target.flops / multiprocessors),
                         2 * partTerms * (steps + columns) / (l2Bandwidth / multiprocessors));
  double parts = std::ceil(sizeOf(product().over) / partTerms);
  double written = std::ceil(static_cast<double>(columnsBehind()) / 64) * panelSeconds;
  return beginSeconds + std::max(rounds * (resident * parts * part + scanSeconds + written), bytes() / target.bandwidth);
}

double FusedLayer::seconds() const { return target.launchOverhead + secondsOf(best); }

/// Of what fits shared memory the cheapest: no ring is deeper than all parts and one on its way, and of two that cost as much
/// the deeper one is taken.
FusedLayer::Way FusedLayer::choose() const {
  constexpr int64_t deepest = 8;
  auto parts = static_cast<int64_t>(std::ceil(sizeOf(product().over) / partTerms));
  std::optional<Way> found;
  for (int64_t warpgroups : {1, 2})
    for (int64_t ring = std::clamp<int64_t>(parts + 1, 2, deepest); ring >= 2; --ring)
      if (Way way{warpgroups, ring}; sharedOf(way) <= target.sharedPerBlock)
        if (!found || secondsOf(way) < secondsOf(*found))
          found = way;
  return *found;
}

std::string FusedLayer::shape() const {
  std::string then = behind() ? formatv(", their rows then times {0}", behind()->groups.front().weights.tensor).str() : "";
  return formatv("{0} in tiles of {1} steps x {2} lanes, {3} projections{4}", product().row.tensor,
                 64 * best.warpgroups, tileLanes, factors(), then)
      .str();
}

} // namespace scanc::planning
