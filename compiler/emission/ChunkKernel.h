//===- ChunkKernel.h - The writer of kernels that sum up outer products ----===//
#ifndef SCANC_COMPILER_EMISSION_CHUNKKERNEL_H
#define SCANC_COMPILER_EMISSION_CHUNKKERNEL_H

#include "compiler/emission/KernelWriter.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace scanc::emission {

/// See "What it prints for `chunkwise`" in templates/README.md; `outer_sequential` is given nearly the same.
class ChunkKernelWriter final : public KernelWriter {
public:
  ChunkKernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant)
      : KernelWriter(kernel, variant),
        recall(*this->kernel.getBody().getOps<plan::RecallOp>().begin()),
        pieceSize(128 / this->kernel.getElement().getIntOrFloatBitWidth()) {}

protected:
  void writeRecurrence() override;
  bool isHeld(const AccessText &) const override { return false; }
  int64_t partsOfStep() const override { return static_cast<int64_t>(recall.getEarlierKeys().size()) + 1; }

private:
  void writeShape();
  /// Rows of what is fetched: its element in shared memory, and how many of a piece.
  struct Fetched {
    llvm::StringRef what, index, size;
    int64_t count;
    llvm::StringRef element = "element", piece = "piece";
    bool isOne = false; ///< each number where there is no row, else 0
  };
  void writeFetch(const Fetched &of, llvm::ArrayRef<mlir::Value> rows);
  void writeFetched(const Fetched &of, mlir::Value row);
  void writeConstant(const Fetched &of);
  std::string stepParameter() const { return stepType + (partsOfStep() == 1 ? " step" : " place"); }
  void writeStep();
  void enterLastPart(llvm::StringRef elsewhere);
  void writeDecays();
  void writeBonus();
  void writeMaps();
  void writeNumbers();
  void writeSum(plan::ReduceOp sum, llvm::StringRef name, bool isShared);
  void writeResults();
  void writeSomeResults(llvm::ArrayRef<mlir::Value> results);
  void writeRoundedSums(llvm::ArrayRef<mlir::Value> results);
  llvm::SmallVector<plan::ReduceOp> totalsOf(llvm::ArrayRef<mlir::Value> results) const;
  void writeTotals(llvm::ArrayRef<plan::ReduceOp> totals);
  int64_t columns() const { return recall.getValue().getType().getNumElements(); }
  void writeFirstState();
  void writeLastState();
  void writeSquares();

  /// Of elements `k` of the piece of `count` at `index`.
  Expressions makeExpressions(llvm::StringRef index, int64_t count);
  /// What `values` of a row are computed from: inputs of which pieces are vectors in memory, and numbers of the whole step.
  struct Sources {
    llvm::SmallVector<unsigned> rows;
    llvm::SetVector<mlir::Value> numbers;
  };
  Sources sourcesOf(llvm::ArrayRef<mlir::Value> values, int64_t count) const;
  void writeRowMembers(llvm::ArrayRef<unsigned> rows, int64_t count);
  void writeRowLoads(llvm::ArrayRef<unsigned> rows, llvm::StringRef index, int64_t count);
  void loadRows(llvm::ArrayRef<mlir::Value> values, Expressions &expressions, llvm::StringRef index, int64_t count);
  bool isCopied(mlir::Value row, const Fetched &of) const;
  /// Whether pieces of `count` elements of a row are vectors in memory, and none reaches beyond the row.
  static bool isWhole(const AccessText &access, int64_t count) {
    return access.getWidth() > 1 && access.getDimensions().back().extent % count == 0;
  }
  /// What follows the parameters of a function of a state's numbers.
  llvm::StringRef ofSegment() const { return plan::KernelInterface(kernel).getReset() ? ", offset segment" : ""; }
  std::string place(const AccessText &access, const Indices &indices) const {
    return access.data() + " + (" + access.stepOffset(indices) + ")";
  }
  /// The condition under which a window's read is of the same sequence; before that there are zeros.
  static std::string reaches(const AccessText &access) {
    return llvm::formatv("step.reaches({0})", access.getDelay()).str();
  }
  /// The indices of a state in an access that may lack one of them.
  Indices stateIndices(const AccessText &access) const;
  mlir::Type decayElement() const;
  /// The type that `element` of what is fetched stands for.
  mlir::Type stored(llvm::StringRef element) const {
    return element == "element" ? plan::KernelInterface(kernel).getElement() : decayElement();
  }
  mlir::Type elementOf(unsigned read) const {
    return mlir::getElementTypeOrSelf(plan::KernelInterface(kernel).getBody().getArgument(read).getType());
  }

  /// Whether a place of a step that corrects the state comes before the one that is read out, each with what reads as its query.
  bool readsOnce() const;
  /// Whether steps are walked one by one: kernel/outer_sequential.cuh.
  bool walksSteps() const { return llvm::isa<plan::OuterSequentialOp>(kernel); }

  mutable plan::RecallOp recall;
  const int64_t pieceSize; ///< elements of factors in 16 bytes
  std::string stepType;    ///< of parameters that are a step
};

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_CHUNKKERNEL_H
