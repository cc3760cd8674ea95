//===- PlanDialect.td - The dialect of decisions -----------*- tablegen -*-===//
#ifndef SCANC_DIALECTS_PLAN_PLANDIALECT_TD
#define SCANC_DIALECTS_PLAN_PLANDIALECT_TD

include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::scanc::plan";
  let summary = "one decision per op; each kernel op names the device template of the same name";
  let description = [{
    A `plan.program` is a small program: entries, their kernels in order, each with its policies,
    launch geometry and requirements as attributes. Nothing is left for the emitter to decide.
    See RATIONALE.md.
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif
