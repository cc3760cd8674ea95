//===- ProjectedScan.cpp - A layer's projections and its scan in one kernel ---===//
#include "compiler/planning/ProjectedScan.h"

#include "compiler/planning/FusedLayer.h"
#include "compiler/planning/Planner.h"

using namespace mlir;

namespace scanc::planning {

namespace {

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

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override {
    std::string reason;
    std::optional<Layer> layer = Layer::of(mapping.op, reason);
    return layer && layer->honours(pin, value);
  }

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
    cost.errorBound = layer.boundOfRounding() + errorBound(mapping, "in any order of composition");
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
