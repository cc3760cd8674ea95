//===- ScanImporter.h - One scan as a scan.step -----------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_SCANIMPORTER_H
#define SCANC_COMPILER_FRONTEND_SCANIMPORTER_H

#include "compiler/frontend/Check.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

#include <map>

namespace scanc::frontend {

/// Sizes bound by name.
using BoundSizes = std::map<std::string, std::int64_t>;

/// The size called `name`: a number, a bound name, `S+1` of a bound S, else dynamic.
std::int64_t sizeNamed(const std::string &name, const BoundSizes &sizes);
mlir::Type elementType(mlir::MLIRContext *context, Dtype dtype);
mlir::RankedTensorType tensorType(mlir::MLIRContext *context, const Declaration &declaration,
                                  const BoundSizes &sizes);
mlir::Location locate(mlir::MLIRContext *context, const SourceRange &place);

/// Builds the `scan.step` of one scan: maps and attributes (ScanImporter.cpp), then the region
/// (RegionImporter.cpp).
class ScanImporter {
public:
  ScanImporter(const Kernel &kernel, const CheckedScan &scan, const BoundSizes &sizes,
               mlir::OpBuilder &builder, const std::map<std::string, mlir::Value> &tensors);

  /// The op; the name of the result that each of its results is goes to `resultNames`.
  scan::StepOp build(std::vector<std::string> &resultNames);

private:
  // Iteration space
  void collectDims();
  void collectReads();
  mlir::AffineMap mapOf(const Declaration &declaration, const std::vector<std::string> &indices,
                        std::int64_t delay, bool leadingSegment);
  std::int64_t dimNamed(const std::string &name) const;
  mlir::DictionaryAttr pins() const;
  mlir::Location place() const;

  // Region
  void buildRegion(mlir::Block &block);
  mlir::Value emit(const Expr &expr, Compute want);
  mlir::Value emitNatural(const Expr &expr, Compute want);
  mlir::Value emitReference(const Expr &expr);
  mlir::Value emitBinary(const Expr &expr, Compute type);
  mlir::Value emitCall(const Expr &expr, Compute type);
  mlir::Value emitSelect(const Expr &expr, Compute type);
  mlir::Value emitReduce(const Expr &expr, Compute type);
  void assign(const Symbol &symbol);
  std::vector<std::string> needed() const;
  mlir::Value convert(mlir::Value value, mlir::Type to, mlir::Location loc);
  mlir::Value constant(double value, Compute type, mlir::Location loc);
  mlir::Value widened(mlir::Value element, mlir::Location loc);
  mlir::Type computeType(Compute type);
  Compute typeOf(const Expr &expr) const;
  mlir::Location at(const Expr &expr) { return locate(builder.getContext(), expr.place); }

  const Kernel &kernel;
  const CheckedScan &scan;
  const BoundSizes &sizes;
  mlir::OpBuilder &builder;
  const std::map<std::string, mlir::Value> &tensors;

  llvm::SmallVector<mlir::Attribute> dims, inputMaps, prevs;
  llvm::SmallVector<mlir::Value> inputs;
  std::vector<std::string> dimNames;        ///< as `dims`, by the names that maps look up
  std::map<std::string, unsigned> readKeys; ///< key of a read -> block argument
  std::vector<const Expr *> prevReads;
  std::map<std::string, mlir::Value> values; ///< of assignments, in their compute type
  std::map<unsigned, mlir::Value> widenedReads;
  mlir::Block *block = nullptr;
};

/// What tells two reads of a step apart.
std::string readKey(const Expr &expr);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_SCANIMPORTER_H
