//===- ScanDialect.td - The dialect of problems ------------*- tablegen -*-===//
#ifndef SCANC_DIALECTS_SCAN_SCANDIALECT_TD
#define SCANC_DIALECTS_SCAN_SCANDIALECT_TD

include "mlir/IR/OpBase.td"

def Scan_Dialect : Dialect {
  let name = "scan";
  let cppNamespace = "::scanc::scan";
  let summary = "recurrences as values, never an order of evaluation";
  let description = [{
    A `scan` op states which values a recurrence has. Which thread computes them, in what order and
    through which memory is said one level below, in `plan`. Two forms exist: `scan.step`, the step
    as the user wrote it, and `scan.affine`, the same step with its transition made explicit.
    See RATIONALE.md.
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif
