//===- KernelBuilder.h - A kernel op, its accesses and variants -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_KERNELBUILDER_H
#define SCANC_COMPILER_PLANNING_KERNELBUILDER_H

#include "compiler/planning/Kernels.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace scanc::planning {

/// One access of the kernel with what the variants need to know of it.
struct Access {
  plan::AccessAttr attr;
  mlir::AffineMap map; ///< over the kernel's dims
  mlir::Type element;
  std::string parameter;
  llvm::SmallVector<std::string> extents; ///< of a tensor of the plan's own, contiguous; else empty
  bool common = false; ///< see plan::isCommon
  bool isMatrix = false; ///< whether whole matrices of it are copied where offsets are 32 bits

  /// What a launch knows of it, as formulas.
  std::string stride(unsigned i) const {
    return extents.empty() ? (llvm::Twine("stride(") + parameter + ", " + llvm::Twine(i) + ")").str()
                           : product(llvm::ArrayRef(extents).drop_front(i + 1));
  }
  std::string span() const {
    return extents.empty() ? "span(" + parameter + ")" : product(extents);
  }

private:
  static std::string product(llvm::ArrayRef<std::string> sizes) {
    return sizes.empty() ? "1" : llvm::join(sizes, " * ");
  }
};

/// Makes the op of a kernel, or only the variant that a launch takes. Used once.
class KernelBuilder {
public:
  KernelBuilder(const Mapping &mapping, const KernelChoice &choice, mlir::OpBuilder &builder)
      : mapping(mapping), loop(mapping.op), builder(builder), choice(choice) {}

  void create(llvm::StringRef opName);
  plan::VariantAttr variantAt(const Sizes &sizes);

private:
  // Kernels.cpp
  void collect();
  void findMatrices();
  Access access(mlir::Value tensor, mlir::AffineMap map);
  mlir::ArrayAttr attrs(llvm::ArrayRef<Access> accesses);

  // KernelVariants.cpp
  using Facts = std::set<std::string>; ///< formulas, sorted and distinct: a stable text
  void eachVariant(llvm::function_ref<bool(plan::VariantAttr)> take);
  plan::VariantAttr variant(llvm::StringRef name, plan::PolicyAttr policy, int64_t offsetBits, bool wide, int64_t shared);
  void requireWidth(const Access &access, int64_t width, Facts &facts) const;
  void requireMatrix(const Access &access, Facts &facts) const;
  void requireRows(const Access &access, Facts &facts) const;
  void requirePhase(const Access &access, int64_t width, Facts &facts) const;
  int64_t widthOf(const Access &access, plan::PolicyAttr policy, bool wide) const;
  bool isAlongTime(const Access &access, int64_t width) const;
  const Access *findAlongTime(plan::PolicyAttr policy) const;
  std::string strideAlong(const Access &access, int64_t dim) const;
  std::string laneGroups(plan::PolicyAttr policy, size_t first, size_t end) const;
  std::string laneGroups(plan::PolicyAttr policy) const { return laneGroups(policy, 0, mapping.lanes.size()); }

  std::string sizeOf(int64_t dim) const { return loopDim(dim).getExtent().str(); }
  scan::DimAttr loopDim(int64_t dim) const { return scan::RecurrenceInterface(loop).getDim(dim); }
  scan::DimAttr dimOf(int64_t dim) const;

  const Mapping &mapping;
  scan::RecurrenceInterface loop;
  mlir::OpBuilder &builder;
  mlir::Region body;
  llvm::SmallVector<Access> reads, writes, inits, finals, offsets;
  const KernelChoice &choice;
  const Access *shiftedBy = nullptr; ///< the first access along time; none where no vectors run along it
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_KERNELBUILDER_H
