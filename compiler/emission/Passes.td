//===- Passes.td - plan to CUDA C++ ------------------------*- tablegen -*-===//
#ifndef SCANC_COMPILER_EMISSION_PASSES_TD
#define SCANC_COMPILER_EMISSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitCudaPass : Pass<"plan-emit-cuda", "::mlir::ModuleOp"> {
  let summary = "print the CUDA C++ of each variant of each kernel";
  let description = [{
    Requires: plan IR.
    Ensures: the IR is unchanged; standard output holds the text, in the order of the plan.
    Fails: on an op without a spelling [SC4001].

    ```mlir
    plan.program @ema ... { plan.entry "forward" { plan.sequential "ema" ... } }
    // prints
    #include "scanc/kernel/sequential.cuh" ...
    ```
  }];
  let options = [
    Option<"variant", "variant", "std::string", /*default=*/"\"\"",
           "Print this variant only, by its name">,
  ];
}

#endif
