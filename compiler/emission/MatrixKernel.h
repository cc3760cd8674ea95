//===- MatrixKernel.h - Kernels whose step multiplies by a matrix -*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_MATRIXKERNEL_H
#define SCANC_COMPILER_EMISSION_MATRIXKERNEL_H

#include "compiler/emission/KernelWriter.h"

namespace scanc::emission {

/// See "What the emitter prints where a step has a matrix" in templates/README.md. Values are
/// written out where they are used: an array for one of n x n numbers would fill the registers.
class MatrixKernelWriter final : public KernelWriter {
public:
  MatrixKernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant);

protected:
  void writeRecurrence() override;
  bool isHeld(const AccessText &) const override { return false; }
  llvm::StringRef threads() const override { return sharesMatrix() ? "threads()" : "threads"; }

private:
  void writeShape();
  void writeInputs();
  void writeFirstState();
  void writeGain();
  void writeRowAt();
  void writeFetch();
  void writeFetchInputs();
  void writeInput();
  void writeFetchInput();
  bool addsNothing() const;
  std::string inputType() const;
  void writeStore();
  void writeReadOut();
  void writeLastState();
  std::string print(mlir::Value value, const Indices &indices, Expressions::Leaf leaf);
  std::string printReadOut(mlir::Value value, const Indices &indices);
  std::string printSum(plan::ReduceOp op, const Indices &indices);
  std::string printInput(unsigned read, const Indices &indices) const;
  bool isOfOneRow(mlir::Value result) const;
  bool copiesMatrix() const;
  /// Whether the lanes of a block have the same matrix: kernel/dense_columns.cuh.
  bool sharesMatrix() const { return kernel.getSharedDims() > 0; }
  std::string place(unsigned read, const Indices &indices) const {
    return reads[read].data() + " + (" + reads[read].stepOffset(indices) + ")";
  }
  llvm::SmallVector<int64_t> orderOf(unsigned read) const;
  llvm::SmallVector<int64_t> shapeInMemory(unsigned read) const;
  int64_t pointsOf(unsigned read) const;
  int64_t bytesOf(unsigned read) const;

  mutable plan::AdvanceOp advance;
  llvm::SmallVector<unsigned> inputs; ///< reads that come to shared memory: all but the matrix is computed from them
  /// What is written, by what it is made of.
  llvm::SmallVector<std::pair<const AccessText *, mlir::Value>> ofRow, ofState;
  llvm::SmallVector<std::string> sumIndices; ///< of the sums that are being printed
  std::string number; ///< what states are computed in
  unsigned sums = 0;  ///< in `read_out`, so far
  int64_t size;
};

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_MATRIXKERNEL_H
