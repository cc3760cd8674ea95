//===- ProductChoice.h - How a product of a layer is run ----------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PRODUCTCHOICE_H
#define SCANC_COMPILER_PLANNING_PRODUCTCHOICE_H

#include "compiler/planning/Layer.h"
#include "compiler/planning/Strategy.h"
#include "dialects/plan/Tiling.h"
#include "llvm/Support/MathExtras.h"

namespace scanc::planning {

/// A tile, and parts of its sums that lie in shared memory.
struct Tiles {
  int64_t warpgroups, columns, ring, tall = 1;
};

/// A product of a layer, as an op of the plan and as an estimate.
class ProductChoice {
public:
  /// Of its `own` tensors the plan knows all.
  ProductChoice(scan::AffineOp op, const ProjectedTensor &product, llvm::ArrayRef<plan::ParameterAttr> own, const Target &target,
                const Sizes &sizes)
      : loop(op), product(product), own(own), target(target), sizes(sizes), context(op.getContext()) {}

  /// Tiles of whole matrices where the target copies them, else of pieces.
  plan::TilingAttr tiling() const;
  double seconds() const { return target.launchOverhead + secondsOf(tiling()); }
  double flops() const;
  double bytes() const;
  void lower(const std::string &name, scan::AffineOp whole, mlir::OpBuilder &builder) const;

private:
  using Facts = std::vector<std::string>;

  bool copiesMatrices() const { return target.arch == "sm_90a" && !product.element.isF32(); }
  int64_t elementBytes() const { return product.element.isF32() ? 4 : 2; }
  plan::TilingAttr tilingOf(const Tiles &tiles, bool tensors) const {
    return plan::TilingAttr::get(context, tiles.warpgroups, tiles.columns, tiles.ring, tiles.tall, tensors);
  }
  plan::TilingAttr cheapest(llvm::ArrayRef<Tiles> all, bool tensors) const;
  plan::TilingAttr tilingOfPieces() const;
  double sizeOf(int64_t dim) const { return sizeNamed(sizes, scan::RecurrenceInterface(loop).getDim(dim)); }
  std::string extentOf(int64_t dim) const {
    return scan::RecurrenceInterface(loop).getDim(dim).getExtent().str();
  }
  int64_t timeDim() const { return scan::RecurrenceInterface(loop).getTimeDim(); }
  double widthOf(const ProjectedColumns &group) const {
    return sizeOf(group.dim) * (group.head >= 0 ? sizeOf(group.head) : 1);
  }
  std::string widthFormula(const ProjectedColumns &group) const {
    return (group.head >= 0 ? extentOf(group.head) + " * " : "") + extentOf(group.dim);
  }
  /// Panels that a tile has together: those of the widest head over which an epilogue reduces.
  int64_t whole() const { return product.groups.front().whole; }
  Tiles withWhole(Tiles tiles) const {
    if (whole() > 0)
      tiles.columns = llvm::alignTo(tiles.columns, 64 * whole());
    return tiles;
  }
  double rows() const;
  double secondsOf(plan::TilingAttr tiling) const;
  int64_t residentBlocks(plan::TilingAttr tiling) const;
  bool areOne() const;
  double columnTiles(plan::TilingAttr tiling) const;
  std::string columnTilesFormula(plan::TilingAttr tiling) const;
  std::string grid(plan::TilingAttr tiling) const;
  /// The tensor of the plan that `access` names; null where it is a parameter.
  plan::ParameterAttr ownOf(const NamedAccess &access) const {
    auto *found = llvm::find_if(own, [&](plan::ParameterAttr tensor) { return tensor.getName() == access.tensor; });
    return found == own.end() ? plan::ParameterAttr() : *found;
  }
  std::string stride(const NamedAccess &access, int64_t dim) const;
  void requireSizes(Facts &facts) const;
  void requirePieces(const NamedAccess &access, int64_t adjacent, Facts &facts) const;
  void requireMatrices(const NamedAccess &access, int64_t adjacent, Facts &facts) const;
  plan::ProductAttr variant(llvm::StringRef name, plan::TilingAttr tiling, bool across, bool copies) const;
  mlir::ArrayAttr variants() const;

  mutable scan::AffineOp loop; // MLIR's accessors are not const
  const ProjectedTensor &product;
  llvm::ArrayRef<plan::ParameterAttr> own;
  const Target &target;
  const Sizes &sizes;
  mlir::MLIRContext *context;
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PRODUCTCHOICE_H
