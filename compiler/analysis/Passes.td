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


def FuseElementwisePass : Pass<"scan-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "draw elementwise producers into the prologue, consumers into the epilogue";
  let description = [{
    Requires: `scan.step` or `scan.affine` among elementwise ops on tensors.
    Ensures: an input that an elementwise op on tensors computes is computed in the region instead,
    and so is an elementwise op whose tensors are one output and values of its type that the region
    can read; inputs read twice under one map are read once; inputs and outputs without a use are
    gone. An input read through a window is left alone: before the start of time a window reads
    zero, not f(0).
    Fails: never.

    ```mlir
    %e = math.exp %g : tensor<8x64xf32>
    %y = scan.affine ins(%e : tensor<8x64xf32>) ... { ^bb0(%a: f32): ... }
    // becomes
    %y = scan.affine ins(%g : tensor<8x64xf32>) ... { ^bb0(%g0: f32): %a = math.exp %g0 : f32 ... }
    ```
  }];
  let statistics = [Statistic<"numFused", "fused", "Elementwise ops drawn in">];
}

#endif
