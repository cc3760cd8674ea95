//===- scanc-opt.cpp - Run one pass at a time, for tests and for the curious ----===//
#include "compiler/analysis/Passes.h"
#include "compiler/emission/Passes.h"
#include "compiler/planning/Passes.h"
#include "dialects/plan/PlanOps.h"
#include "dialects/scan/ScanOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<scanc::scan::ScanDialect, scanc::plan::PlanDialect, mlir::arith::ArithDialect,
                  mlir::complex::ComplexDialect, mlir::func::FuncDialect,
                  mlir::math::MathDialect>();
  mlir::registerTransformsPasses();
  scanc::analysis::registerScancAnalysisPasses();
  scanc::planning::registerScancPlanningPasses();
  scanc::emission::registerScancEmissionPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "scanc: one pass at a time\n", registry));
}
