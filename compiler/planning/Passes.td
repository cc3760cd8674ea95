//===- Passes.td - scan to plan ----------------------------*- tablegen -*-===//
#ifndef SCANC_COMPILER_PLANNING_PASSES_TD
#define SCANC_COMPILER_PLANNING_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChooseStrategyPass : Pass<"scan-choose-strategy", "::mlir::ModuleOp"> {
  let summary = "choose a strategy for each recurrence, by its pins or by cost";
  let description = [{
    Requires: affine form.
    Ensures: each `scan.affine` carries `scan.strategy`, the name of a strategy that does not decline
    it: the pinned one, else the one of least estimated time.
    Fails: on a recurrence that every strategy declines [SC3001], a pinned strategy that declines
    [SC3002] or does not exist yet [SC3003], a pin that the strategy cannot honour [SC3004].

    ```mlir
    scan.affine ins(%a, %b : ...) attributes {...}
    // becomes
    scan.affine ins(%a, %b : ...) attributes {..., scan.strategy = "sequential"}
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"sm_90a\"", "Architecture to plan for">,
    Option<"strategy", "strategy", "std::string", /*default=*/"\"\"",
           "Strategy to use in place of pins and cost; fields of its policy may follow: "
           "blelloch(time_threads=4, ring=3)">,
  ];
  let dependentDialects = ["::scanc::plan::PlanDialect"]; // policies are part of a cost
}

def ConvertScanToPlanPass : Pass<"convert-scan-to-plan", "::mlir::ModuleOp"> {
  let summary = "write each chosen strategy down as a plan";
  let description = [{
    Requires: functions with one `scan.affine` each, carrying `scan.strategy`.
    Ensures: a `plan.program` in place of each function; no `scan` op is left, and each kernel op
    names exactly one device template.
    Fails: on a function with more than one recurrence [SC3005].

    ```mlir
    func.func @ema(%a: tensor<?x?xf32> {...}, ...) { %y = scan.affine ... return %y }
    // becomes
    plan.program @ema strategy "sequential" attributes {...} {
      plan.entry "forward" { plan.sequential "ema" attributes {...} { ... } }
    }
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"sm_90a\"", "Architecture to plan for">,
  ];
  let dependentDialects = ["::scanc::plan::PlanDialect"];
}

#endif
