//===- FusedLayer.h - A layer as one kernel ----------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_FUSEDLAYER_H
#define SCANC_COMPILER_PLANNING_FUSEDLAYER_H

#include "compiler/planning/Layer.h"
#include "compiler/planning/ParameterName.h"
#include "compiler/planning/Strategy.h"
#include "dialects/plan/ProjectedScanOp.h"

namespace scanc::planning {

/// Of a tile: its lanes, and terms that are multiplied at a time.
inline constexpr int64_t tileLanes = 64, partTerms = 64;

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
  std::string boundOfRounding() const { return layer.boundOfRounding(); }
  int64_t sharedBytes() const { return sharedOf(best); }
  int64_t workspaceBytes() const;
  void lower(llvm::StringRef name, mlir::OpBuilder &builder) const;

private:
  using Facts = std::vector<std::string>;

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
  std::optional<std::string> declinesBehind() const;

  Way choose() const;
  plan::TilingAttr tilingOf(const Way &way) const {
    return plan::TilingAttr::get(whole.getContext(), way.warpgroups, 64 * factors(), way.ring, 1, false);
  }
  int64_t sharedOf(const Way &way) const {
    return plan::ProjectedScanOp::sharedBytesOf(tilingOf(way), columnsBehind());
  }
  /// The product of what the scan makes, and how many columns it has.
  const ProjectedTensor *behind() const { return layer.behind.empty() ? nullptr : &layer.behind.front(); }
  int64_t columnsBehind() const { return behind() ? dimOf(behind()->groups.front().dim).getSize() : 0; }
  int64_t residentBlocks(const Way &way) const;
  double matrices() const;
  double tiles(const Way &way) const;
  double secondsOf(const Way &way) const;

  int64_t placeOf(mlir::StringAttr name) const;
  plan::AccessAttr accessOf(scan::AffineOp op, const NamedAccess &access) const;
  plan::AccessAttr accessOf(scan::AffineOp op, mlir::Value tensor, mlir::AffineMap map) const {
    return accessOf(op, {parameterName(op, tensor), map});
  }
  void lowerStep(mlir::Region &body, llvm::SmallVector<mlir::Attribute> &reads) const;
  std::string tilesFormula(int64_t steps) const;
  std::string lanesFormula() const;
  void requirePieces(plan::AccessAttr access, mlir::StringAttr adjacent, int64_t bytes, Facts &facts) const;
  plan::ProductAttr variant(llvm::StringRef name, bool across, bool copies) const;
  mlir::ArrayAttr variants() const;
  int64_t writes() const;
  plan::AccessAttr writeOf(int64_t i) const;
  plan::ColumnsAttr columnsOfBehind() const;

  mutable scan::AffineOp whole; // MLIR's accessors are not const
  Layer layer;
  const Target &target;
  const Sizes &sizes;
  llvm::SmallVector<mlir::StringAttr> dims; ///< names: lanes, time, what is summed over, columns, those behind
  Way best{}; ///< for these sizes
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_FUSEDLAYER_H
