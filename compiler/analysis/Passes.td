//===- Passes.td - scan to scan ----------------------------*- tablegen -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_PASSES_TD
#define SCANC_COMPILER_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseToAffinePass : Pass<"scan-raise-to-affine", "::mlir::ModuleOp"> {
  let summary = "make each state's transition explicit and classify it";
  let description = [{
    Requires: step form.
    Ensures: no `scan.step` is left; each state is advanced by one `scan.advance` whose structure,
    ring and variation with time are known; states that read each other at t-1 are advanced
    together.
    Fails: on a step that is not affine in its states [SC2001], or is affine in a way that no
    structure describes [SC2002].

    ```mlir
    %next = arith.addf(arith.mulf(%a, %h), %b)
    // becomes
    %now, %before = scan.advance ["h"] diagonal time_varying ring real
        transition(%a : f32) input(%b : f32) rows [] contract [] : f32, f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
                           "::scanc::scan::ScanDialect"];
}


#endif
