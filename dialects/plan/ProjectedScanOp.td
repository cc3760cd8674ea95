//===- ProjectedScanOp.td - A layer in one kernel -----------*- tablegen -*-===//
#ifndef SCANC_DIALECTS_PLAN_PROJECTEDSCANOP_TD
#define SCANC_DIALECTS_PLAN_PROJECTEDSCANOP_TD

include "dialects/plan/PlanAttrs.td"
include "mlir/IR/OpBase.td"

def Plan_ProjectedScanOp : Op<Plan_Dialect, "projected_scan", [HasParent<"EntryOp">, SingleBlock]> {
  let summary = "kernel::projected_scan: rows of all steps times weights, and the scan of what they make, in one kernel";
  let description = [{
    Deterministic; re-associates. Products are exact, sums f32 in an order of the device's own: those of a tile of steps stay in
    registers, where the steps are scanned. The region is the code of a step and lane: its first arguments are the sums, one for
    each of `weights`, then come the elements that `reads` give.

    - (C1) `dims` holds lanes, one time dimension, the dimension that is summed over and that of columns, as registers of any size;
      where a product is behind, there may be one more, of its columns.
    - (C2) accesses name parameters, without offsets, and map the dims to them, each once: `row` all lanes, time and what is summed
      over; `weights` what is summed over and columns; `reads` any of lanes, time and columns; `writes` all of these; `init` and
      `final` lanes and columns.
    - (C3) `row` and `weights` are of one type, f16 or bf16; all others of f32, f16 or bf16; what is written are outputs.
    - (C4) there are 1 to 4 weights; the region has their sums, f32, and what is read as arguments, one `plan.advance` of the real
      ring, of a number of f32, and gives a number for each of `writes`.
    - (C5) there is a product, whose requirements and grid are formulas; it has 64 columns for each of `weights`, 1 or 2 warpgroups, a
      ring of 2 to 64 parts and a `tall` of 1, and copies no whole matrices; shared_bytes are those that it takes; and the last one
      requires nothing of addresses and strides. Where it `copies`, eight results of a step begin at 16 bytes too.

    - (C6) `behind`, where there is one, is a product of rows that the scan makes, of the lanes that the columns are: its columns are the
      dim that is summed over or a register behind all others, its weights of these and the lanes, of the row's type; it reads what its
      columns have, and its result, an output of f32, f16 or bf16, has lanes, time and columns. The region then gives one more
      number, of the row's type; `epilogue` is of the sum, f32, and of what is read. Lanes are at most 64, columns 1 at least,
      both known.

    `workspace` is the formula of the bytes that are zero when the kernel begins, and when it ends.
  }];
  let arguments = (ins StrAttr:$name, ArrayAttr:$dims, Plan_AccessAttr:$row, ArrayAttr:$weights, ArrayAttr:$reads,
                       ArrayAttr:$writes, OptionalAttr<Plan_AccessAttr>:$init, OptionalAttr<Plan_AccessAttr>:$final,
                       ArrayAttr:$products, StrAttr:$workspace, UnitAttr:$reverse, OptionalAttr<Plan_ColumnsAttr>:$behind);
  let regions = (region SizedRegion<1>:$body, VariadicRegion<SizedRegion<1>>:$epilogue);
  let assemblyFormat = "$name attr-dict-with-keyword $body $epilogue";
  let extraClassDeclaration = [{
    DimAttr getDim(int64_t i) { return ::mlir::cast<DimAttr>(getDims()[i]); }
    /// Positions of the time dimension, of that which is summed over, and of columns.
    int64_t getTimeDim();
    int64_t getSummedDim() { return getTimeDim() + 1; }
    int64_t getColumnDim() { return getTimeDim() + 2; }
    int64_t getFactors() { return getWeights().size(); }
    AccessAttr getWeight(int64_t i) { return ::mlir::cast<AccessAttr>(getWeights()[i]); }
    /// The type of the factors.
    ::mlir::Type getElement();
    /// Columns of the product behind; 0 where there is none.
    int64_t getColumnsBehind();
    /// Dynamic shared memory: the weights of as many columns behind, panels of a part, a map and a state for each warp and lane,
    /// and two words, in whole KiB.
    static int64_t sharedBytesOf(TilingAttr tiling, int64_t columnsBehind);
    /// The op of the body that advances the state.
    AdvanceOp getAdvance();
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

#endif
