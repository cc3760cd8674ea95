//===- FusedLayerPlan.cpp - A layer as one kernel in the plan ---------------===//
#include "compiler/planning/Body.h"
#include "compiler/planning/FusedLayer.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

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

/// What is written of a step, but for the row of a product behind, which is the last result.
int64_t FusedLayer::writes() const {
  return scan::RecurrenceInterface(layer.rest).getNumOutputs() - (behind() ? 1 : 0);
}

plan::AccessAttr FusedLayer::writeOf(int64_t i) const {
  return accessOf(layer.rest, layer.rest->getResult(i), scan::RecurrenceInterface(layer.rest).getOutputMap(i));
}

/// The product behind, whose row is a result of the region; null where there is none.
plan::ColumnsAttr FusedLayer::columnsOfBehind() const {
  if (!behind())
    return {};
  const ProjectedColumns &group = behind()->groups.front();
  SmallVector<Attribute> reads;
  for (const NamedAccess &read : group.reads)
    reads.push_back(accessOf(whole, read));
  MLIRContext *context = whole.getContext();
  return plan::ColumnsAttr::get(context, placeOf(dimOf(group.dim).getName()), accessOf(whole, group.weights),
                                ArrayAttr::get(context, reads), accessOf(whole, group.result));
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
    auto requireResult = [&](plan::AccessAttr access, Value result, StringAttr adjacent) {
      requirePieces(access, adjacent, bytesOf(cast<RankedTensorType>(result.getType()).getElementType()), facts);
    };
    for (int64_t i = 0; i < writes(); ++i)
      requireResult(writeOf(i), layer.rest->getResult(i), lane);
    if (plan::ColumnsAttr then = columnsOfBehind()) {
      const ProjectedColumns &group = behind()->groups.front();
      StringAttr column = dimOf(group.dim).getName();
      requirePieces(then.getWeights(), behind()->across ? column : lane, 2, facts);
      requireResult(then.getResult(), group.epilogue->getResult(0), column);
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
  SmallVector<Attribute> dimAttrs, weights, reads, written;
  if (dims.size() > order.size())
    order.push_back(behind()->groups.front().dim);
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
  for (int64_t i = 0; i < writes(); ++i)
    written.push_back(writeOf(i));
  for (auto [i, result] : llvm::enumerate(layer.rest->getResults().drop_front(rest.getNumOutputs())))
    final = accessOf(layer.rest, result, rest.getFinalMap(i));
  // Maps of tiles, and of summaries of sixteen: grid::slots of the device.
  std::string tiles = tilesFormula(64 * best.warpgroups), rows = lanesFormula();
  std::string workspace = formatv("256 + {0} * (8 + {1} * (({2} + {2} / 16 + 2) / 2 * 2))", rows, tileLanes * 8, tiles);
  auto made = plan::ProjectedScanOp::create(
      builder, whole.getLoc(), builder.getStringAttr(name), builder.getArrayAttr(dimAttrs),
      accessOf(whole, product().row), builder.getArrayAttr(weights), builder.getArrayAttr(reads),
      builder.getArrayAttr(written), init, final, variants(), builder.getStringAttr(workspace),
      rest.getReverse(), columnsOfBehind(), behind() ? 1U : 0U);
  made.getBody().takeBody(body);
  if (behind())
    lowerPart(Mapping(behind()->groups.front().epilogue), whole, made.getEpilogue()[0]);
}

} // namespace scanc::planning
