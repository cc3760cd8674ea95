//===- ProjectedScan.cpp - A layer's projections and its scan in one kernel ---===//
#include "compiler/planning/ProjectedScan.h"

#include "compiler/planning/Body.h"
#include "compiler/planning/Layer.h"
#include "compiler/planning/ParameterName.h"
#include "compiler/planning/Planner.h"
#include "dialects/plan/ProjectedScanOp.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

using Facts = std::vector<std::string>;

/// Of a tile: its lanes, and terms that are multiplied at a time.
constexpr int64_t tileLanes = 64, partTerms = 64;

bool isNumber(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// A layer as one kernel: what of it is read where, and how it is run.
class FusedLayer {
public:
  /// Nothing where it is no such layer, and then why.
  static std::optional<FusedLayer> of(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                      std::string &reason);

  double seconds() const;
  double bytes() const;
  double flops() const;
  std::string shape() const;
  int64_t sharedBytes() const { return sharedOf(best); }
  int64_t workspaceBytes() const;
  void lower(StringRef name, OpBuilder &builder) const;

private:
  /// How a block goes about it.
  struct Way {
    int64_t warpgroups, ring;
  };

  FusedLayer(const Mapping &mapping, Layer layer, const Target &target, const Sizes &sizes)
      : whole(mapping.op), layer(std::move(layer)), target(target), sizes(sizes) {}

  const ProjectedTensor &product() const { return layer.products.front(); }
  int64_t factors() const { return static_cast<int64_t>(product().groups.size()); }
  int64_t column() const { return product().groups.front().dim; }
  int64_t time() const { return scan::RecurrenceInterface(whole).getTimeDim(); }
  scan::DimAttr dimOf(int64_t dim) const { return scan::RecurrenceInterface(whole).getDim(dim); }
  double sizeOf(int64_t dim) const { return sizeNamed(sizes, dimOf(dim)); }
  std::string extentOf(int64_t dim) const { return dimOf(dim).getExtent().str(); }
  std::optional<std::string> declines() const;
  std::optional<std::string> declinesRest(const Mapping &rest) const;

  Way choose() const;
  plan::TilingAttr tilingOf(const Way &way) const {
    return plan::TilingAttr::get(whole.getContext(), way.warpgroups, 64 * factors(), way.ring, 1, false);
  }
  int64_t sharedOf(const Way &way) const {
    return plan::ProjectedScanOp::sharedBytesOf(tilingOf(way));
  }
  int64_t residentBlocks(const Way &way) const;
  double matrices() const;
  double tiles(const Way &way) const;
  double secondsOf(const Way &way) const;

  int64_t placeOf(StringAttr name) const;
  plan::AccessAttr accessOf(scan::AffineOp op, const NamedAccess &access) const;
  plan::AccessAttr accessOf(scan::AffineOp op, Value tensor, AffineMap map) const {
    return accessOf(op, {parameterName(op, tensor), map});
  }
  void lowerStep(Region &body, SmallVector<Attribute> &reads) const;
  std::string tilesFormula(int64_t steps) const;
  std::string lanesFormula() const;
  void requirePieces(plan::AccessAttr access, StringAttr adjacent, int64_t bytes, Facts &facts) const;
  plan::ProductAttr variant(StringRef name, bool across, bool copies) const;
  ArrayAttr variants() const;

  mutable scan::AffineOp whole; // MLIR's accessors are not const
  Layer layer;
  const Target &target;
  const Sizes &sizes;
  SmallVector<StringAttr> dims; ///< names: lanes, time, what is summed over, columns
  Way best{};                   ///< for these sizes
};

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
  fused.best = fused.choose();
  return fused;
}

std::optional<std::string> FusedLayer::declines() const {
  constexpr size_t mostFactors = 4;
  if (!layer.rest)
    return std::string("projections with nothing behind them");
  if (!layer.behind.empty())
    return std::string("projections of what the scan computes");
  if (layer.products.size() > 1)
    return std::string("projections of several tensors, or by weights in two orders");
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
  return declinesRest(Mapping(layer.rest));
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
  return static_cast<double>(factors()) * 2 * steps * sizeOf(product().over) * sizeOf(column()) +
         countWork(Mapping(layer.rest), sizes).flops;
}

double FusedLayer::bytes() const {
  double steps = matrices() * sizeOf(time()), terms = sizeOf(product().over);
  double own = 0; // of tensors that there are not
  for (plan::ParameterAttr tensor : layer.own)
    own += steps * sizeOf(column()) * static_cast<double>(bytesOf(tensor.getElementType()));
  return 2 * terms * (steps + static_cast<double>(factors()) * sizeOf(column())) +
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
  // outside; what the L2 gives to all blocks; what blocks that are resident take to scan a tile each, whatever its size.
  constexpr double tensorRate = 16, reached = 0.6, l2Bandwidth = 10e12, scanSeconds = 4e-6;
  double multiprocessors = static_cast<double>(target.multiprocessors);
  double perMultiprocessor = std::ceil(tiles(way) / multiprocessors);
  double resident = std::min(static_cast<double>(residentBlocks(way)), std::max(1.0, perMultiprocessor));
  double rounds = std::ceil(tiles(way) / (multiprocessors * resident));
  double steps = 64 * static_cast<double>(way.warpgroups), columns = tileLanes * static_cast<double>(factors());
  double part = std::max(2 * partTerms * steps * columns / (tensorRate * reached * target.flops / multiprocessors),
                         2 * partTerms * (steps + columns) / (l2Bandwidth / multiprocessors));
  double parts = std::ceil(sizeOf(product().over) / partTerms);
  return std::max(rounds * (resident * parts * part + scanSeconds), bytes() / target.bandwidth);
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
  return formatv("{0} in tiles of {1} steps x {2} lanes, {3} projections", product().row.tensor,
                 64 * best.warpgroups, tileLanes, factors())
      .str();
}

int64_t FusedLayer::placeOf(StringAttr name) const { return llvm::find(dims, name) - dims.begin(); }

plan::AccessAttr FusedLayer::accessOf(scan::AffineOp op, const NamedAccess &access) const {
  MLIRContext *context = whole.getContext();
  SmallVector<AffineExpr> places;
  for (AffineExpr expr : access.map.getResults()) {
    int64_t dim = cast<AffineDimExpr>(expr).getPosition();
    places.push_back(getAffineDimExpr(placeOf(scan::RecurrenceInterface(op).getDim(dim).getName()), context));
  }
  return plan::AccessAttr::get(context, StringAttr::get(context, access.tensor),
                               AffineMap::get(dims.size(), 0, places, context));
}

/// The code of a step: what is left behind the projections, where in place of their tensors stands what is made of sums.
void FusedLayer::lowerStep(Region &body, SmallVector<Attribute> &reads) const {
  lowerBody(Mapping(layer.rest), body);
  Block &block = body.front();
  scan::RecurrenceInterface rest = layer.rest;
  unsigned inputs = block.getNumArguments();
  for (int64_t i = 0; i < factors(); ++i)
    block.insertArgument(i, Float32Type::get(whole.getContext()), layer.rest->getLoc());
  OpBuilder builder(whole.getContext());
  builder.setInsertionPointToStart(&block);
  llvm::BitVector gone(block.getNumArguments());
  for (unsigned i = 0; i < inputs; ++i) {
    std::string tensor = parameterName(layer.rest, rest.getInputs()[i]);
    auto group = llvm::find_if(product().groups,
                               [&](const ProjectedColumns &group) { return group.result.tensor == tensor; });
    BlockArgument element = block.getArgument(factors() + i);
    if (group == product().groups.end()) {
      reads.push_back(accessOf(layer.rest, {tensor, rest.getInputMap(i)}));
      continue;
    }
    Region part;
    lowerPart(Mapping(group->epilogue), whole, part);
    IRMapping values;
    values.map(part.getArgument(0), block.getArgument(group - product().groups.begin()));
    gone.set(element.getArgNumber());
    for (auto [read, argument] : llvm::zip(group->reads, part.getArguments().drop_front()))
      values.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
    for (Operation &op : part.front().without_terminator())
      builder.clone(op, values);
    element.replaceAllUsesWith(values.lookupOrDefault(part.front().getTerminator()->getOperand(0)));
  }
  // Behind what the rest reads, in the order of the arguments.
  for (unsigned i = 0; i < inputs; ++i) {
    std::string tensor = parameterName(layer.rest, rest.getInputs()[i]);
    for (const ProjectedColumns &group : product().groups)
      if (group.result.tensor == tensor)
        for (const NamedAccess &read : group.reads)
          reads.push_back(accessOf(whole, read));
  }
  gone.resize(block.getNumArguments());
  block.eraseArguments(gone);
}

/// Rows of tiles, of lanes of a matrix each.
std::string FusedLayer::lanesFormula() const {
  std::string formula;
  for (int64_t lane : product().lanes)
    formula += extentOf(lane) + " * ";
  return formatv("{0}ceildiv({1}, {2})", formula, extentOf(column()), tileLanes);
}

std::string FusedLayer::tilesFormula(int64_t steps) const {
  return formatv("max(1, ceildiv({0}, {1}))", extentOf(time()), steps);
}

/// Elements of `bytes` along `adjacent` follow each other, and eight of them begin at 16 bytes.
void FusedLayer::requirePieces(plan::AccessAttr access, StringAttr adjacent, int64_t bytes, Facts &facts) const {
  std::string tensor = access.getParameter().str();
  facts.push_back(formatv("address({0}) % 16 == 0", tensor));
  for (auto [i, expr] : llvm::enumerate(access.getMap().getResults())) {
    bool follows = cast<AffineDimExpr>(expr).getPosition() == placeOf(adjacent);
    facts.push_back(follows ? formatv("stride({0}, {1}) == 1", tensor, i).str()
                            : formatv("stride({0}, {1}) % {2} == 0", tensor, i, 16 / bytes).str());
  }
}

plan::ProductAttr FusedLayer::variant(StringRef name, bool across, bool copies) const {
  // Steps, terms and lanes are counted in 32 bits, a tile past the end; and so are tiles.
  constexpr int64_t most = int64_t(1) << 30;
  Facts facts;
  for (int64_t dim : {time(), product().over, column()})
    facts.push_back(formatv("{0} < {1}", extentOf(dim), most));
  facts.push_back(formatv("{0} * {1} < {2}", lanesFormula(), tilesFormula(64 * best.warpgroups), most));
  if (copies) {
    StringAttr over = dimOf(product().over).getName(), lane = dimOf(column()).getName();
    requirePieces(accessOf(whole, product().row), over, 2, facts);
    for (const ProjectedColumns &group : product().groups)
      requirePieces(accessOf(whole, group.weights), across ? lane : over, 2, facts);
    scan::RecurrenceInterface rest = layer.rest;
    for (int64_t i = 0; i < rest.getNumOutputs(); ++i) {
      Value result = layer.rest->getResult(i);
      requirePieces(accessOf(layer.rest, result, rest.getOutputMap(i)), lane,
                    bytesOf(cast<RankedTensorType>(result.getType()).getElementType()), facts);
    }
  }
  Builder builder(whole.getContext());
  SmallVector<Attribute> requirements;
  for (const std::string &fact : facts)
    requirements.push_back(builder.getStringAttr(fact));
  std::string grid = formatv("min({0} * {1}, {2})", lanesFormula(), tilesFormula(64 * best.warpgroups),
                             target.multiprocessors * residentBlocks(best));
  return plan::ProductAttr::get(whole.getContext(), builder.getStringAttr(name), tilingOf(best), across, copies,
                                builder.getArrayAttr(requirements), builder.getStringAttr(grid), sharedOf(best));
}

/// From the most demanding one to the one that asks for sizes alone. Weights may lie the other way round than they are
/// declared.
ArrayAttr FusedLayer::variants() const {
  bool across = product().across;
  return ArrayAttr::get(whole.getContext(),
                        {variant("pieces", across, true), variant("pieces_turned", !across, true),
                         variant("elements", across, false)});
}

void FusedLayer::lower(StringRef name, OpBuilder &builder) const {
  scan::RecurrenceInterface original = whole, rest = layer.rest;
  SmallVector<int64_t> order(product().lanes);
  order.append({time(), product().over, column()});
  SmallVector<Attribute> dimAttrs, weights, reads, writes;
  for (auto [i, dim] : llvm::enumerate(order)) {
    plan::Role role = i < product().lanes.size()    ? plan::Role::Lane
                      : i == product().lanes.size() ? plan::Role::Time
                                                    : plan::Role::Register;
    scan::DimAttr attr = original.getDim(dim);
    dimAttrs.push_back(plan::DimAttr::get(builder.getContext(), role, attr.getName(), attr.getExtent(), attr.getSize()));
  }
  for (const ProjectedColumns &group : product().groups)
    weights.push_back(accessOf(whole, group.weights));
  Region body;
  lowerStep(body, reads);
  plan::AccessAttr init, final;
  for (auto [i, tensor] : llvm::enumerate(rest.getInits()))
    init = accessOf(layer.rest, tensor, rest.getInitMap(i));
  for (auto [i, result] : llvm::enumerate(layer.rest->getResults())) {
    int64_t k = static_cast<int64_t>(i) - rest.getNumOutputs();
    if (k < 0)
      writes.push_back(accessOf(layer.rest, result, rest.getOutputMap(i)));
    else
      final = accessOf(layer.rest, result, rest.getFinalMap(k));
  }
  // Maps of tiles, and of summaries of sixteen: grid::slots of the device.
  std::string tiles = tilesFormula(64 * best.warpgroups), rows = lanesFormula();
  std::string workspace = formatv("256 + {0} * (8 + {1} * (({2} + {2} / 16 + 2) / 2 * 2))", rows, tileLanes * 8, tiles);
  auto made = plan::ProjectedScanOp::create(
      builder, whole.getLoc(), builder.getStringAttr(name), builder.getArrayAttr(dimAttrs),
      accessOf(whole, product().row), builder.getArrayAttr(weights), builder.getArrayAttr(reads),
      builder.getArrayAttr(writes), init, final, variants(), builder.getStringAttr(workspace),
      rest.getReverse());
  made.getBody().takeBody(body);
}

/// Right for layers of few lanes: the numbers of a tile of steps are products of matrices whose sums are scanned where they
/// are made, so that nothing but inputs and results moves.
class ProjectedScan final : public Strategy {
public:
  StringRef name() const override { return "projected_scan"; }
  bool delegates() const override { return true; } // without projections the others say what is wrong

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    std::string reason;
    Sizes sizes = assumeSizes(mapping.op);
    if (!FusedLayer::of(mapping, target, sizes, reason))
      return reason;
    return std::nullopt;
  }

  bool honours(const Mapping &, StringRef, StringRef) const override { return false; }

  std::string arithmetic(const Mapping &) const override {
    return "products of 16 bits on the tensor cores, sums of f32";
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    std::string reason;
    FusedLayer layer = *FusedLayer::of(mapping, target, sizes, reason);
    Cost cost;
    cost.seconds = layer.seconds();
    cost.bytes = layer.bytes();
    cost.flops = layer.flops();
    cost.workspaceBytes = layer.workspaceBytes();
    cost.registersPerThread = 255;
    cost.sharedBytes = cost.mostSharedBytes = layer.sharedBytes();
    cost.errorBound = errorBound(mapping, "in any order of composition");
    cost.shape = layer.shape();
    return cost;
  }

  Knobs knobs(const Mapping &, const Target &) const override { return {}; }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override {
    std::string reason;
    auto program = builder.getInsertionBlock()->getParentOp()->getParentOfType<plan::ProgramOp>();
    FusedLayer::of(mapping, target, sizes, reason)->lower(program.getSymName(), builder);
  }
};

} // namespace

std::unique_ptr<Strategy> createProjectedScan() { return std::make_unique<ProjectedScan>(); }

} // namespace scanc::planning
