//===- Projection.cpp - Projections of all steps before the scan ----------===//
#include "compiler/planning/Decision.h"
#include "compiler/planning/Planner.h"
#include "compiler/planning/ProductChoice.h"
#include "compiler/planning/Tuning.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// The planned layer, with what computes the rest of it.
struct Planned {
  Layer layer;
  std::vector<Answer> answers; ///< for the rest
  const Answer *rest = nullptr; ///< among them; null where the projections are all
};

/// Right for layers: projections of inputs are products of matrices of their own kernel, which make of each sum what it alone
/// goes into; the rest reads that, by the strategy that is cheapest for it.
class Projection final : public Strategy {
public:
  StringRef name() const override { return "projection"; }
  bool delegates() const override { return true; }
  bool updatesInPlace() const override { return true; } // the rest is asked

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    std::string reason;
    if (!plan(mapping, target, assumeSizes(mapping.op), reason))
      return reason;
    return std::nullopt;
  }

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override;

  std::string arithmetic(const Mapping &) const override {
    return "products of 16 bits, or of f32 in tf32x3, on the tensor cores, sums of f32";
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override;

  Knobs knobs(const Mapping &, const Target &) const override { return {}; }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override;

private:
  static std::optional<Planned> plan(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                     std::string &reason);
};

std::optional<Planned> Projection::plan(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                        std::string &reason) {
  std::optional<Layer> layer = Layer::of(mapping.op, reason, /*narrow=*/true);
  if (!layer)
    return std::nullopt;
  Planned planned{std::move(*layer), {}, nullptr};
  if (!planned.layer.rest)
    return planned;
  Mapping rest(planned.layer.rest);
  planned.answers = ask(rest, target, sizes);
  planned.rest = cheapestOf(rest, planned.answers);
  if (planned.rest)
    return planned;
  reason = "behind the projections: " + *planned.answers.front().declined;
  if (!planned.layer.left.empty())
    reason += "; " + planned.layer.left;
  return std::nullopt;
}

bool Projection::honours(const Mapping &mapping, StringRef pin, StringRef value) const {
  std::string reason;
  std::optional<Layer> layer = Layer::of(mapping.op, reason);
  return layer && layer->honours(pin, value);
}

Cost Projection::cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
  std::string reason;
  Planned planned = *plan(mapping, target, sizes, reason);
  Cost cost;
  cost.errorBound = "that of a sum of f32 in an order of the device's own";
  if (planned.rest) {
    cost = planned.rest->cost;
    cost.shape = (planned.rest->strategy->name() + " ").str();
  }
  cost.errorBound = planned.layer.boundOfRounding() + cost.errorBound;
  std::string tiles;
  for (const ProjectedTensor &product : llvm::concat<const ProjectedTensor>(planned.layer.products, planned.layer.behind)) {
    ProductChoice choice(mapping.op, product, planned.layer.own, target, sizes);
    plan::TilingAttr tiling = choice.tiling();
    int64_t shared = tiling.getSharedBytes();
    cost.seconds += choice.seconds();
    cost.bytes += choice.bytes();
    cost.flops += choice.flops();
    cost.sharedBytes = std::max(cost.sharedBytes, shared);
    cost.mostSharedBytes = std::max(cost.mostSharedBytes, shared);
    cost.registersPerThread = std::max<int64_t>(cost.registersPerThread, 168);
    tiles += formatv("{0} in tiles of {1} x {2}, {3:F1} us; ", product.row.tensor, tiling.getRows(),
                     tiling.getColumns(), choice.seconds() * 1e6);
  }
  if (!planned.rest)
    tiles.resize(tiles.size() - 2);
  size_t kernels = planned.layer.products.size() + planned.layer.behind.size() + (planned.rest ? 1 : 0);
  cost.overlaps |= kernels > 1 && target.dependentLaunches;
  cost.shape = tiles + cost.shape;
  return cost;
}

void Projection::lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
                       OpBuilder &builder) const {
  std::string reason;
  Planned planned = *plan(mapping, target, sizes, reason);
  ArrayRef<plan::ParameterAttr> own = planned.layer.own;
  auto program = builder.getInsertionBlock()->getParentOp()->getParentOfType<plan::ProgramOp>();
  addTensors(program, own);
  int64_t number = 0;
  auto lowerProducts = [&](ArrayRef<ProjectedTensor> products) {
    for (const ProjectedTensor &product : products)
      ProductChoice(mapping.op, product, own, target, sizes)
          .lower(formatv("{0}_product{1}", program.getSymName(), number++), mapping.op, builder);
  };
  lowerProducts(planned.layer.products);
  if (planned.rest) {
    TuningOf tuning(planned.layer.rest, planned.rest->strategy->name());
    planned.rest->strategy->lower(Mapping(planned.layer.rest), target, sizes, builder);
  }
  lowerProducts(planned.layer.behind);
}

} // namespace

std::unique_ptr<Strategy> createProjection() { return std::make_unique<Projection>(); }

} // namespace scanc::planning
