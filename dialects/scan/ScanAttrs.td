//===- ScanAttrs.td - Dimensions, states and structures ----*- tablegen -*-===//
#ifndef SCANC_DIALECTS_SCAN_SCANATTRS_TD
#define SCANC_DIALECTS_SCAN_SCANATTRS_TD

include "dialects/scan/ScanDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Scan_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::scanc::scan";
  let genSpecializedAttr = 0;
}

def Scan_DimKind : Scan_Enum<"DimKind", "what a dimension of the iteration space is", [
    I32EnumAttrCase<"Lane", 0, "lane">, I32EnumAttrCase<"Time", 1, "time">,
    I32EnumAttrCase<"Segment", 2, "segment">, I32EnumAttrCase<"Index", 3, "index">]>;

def Scan_Structure : Scan_Enum<"Structure", "what is known of a transition", [
    I32EnumAttrCase<"Identity", 0, "identity">, I32EnumAttrCase<"Scalar", 1, "scalar">,
    I32EnumAttrCase<"Diagonal", 2, "diagonal">, I32EnumAttrCase<"Dense", 3, "dense">,
    I32EnumAttrCase<"LowRank", 4, "low_rank">,
    I32EnumAttrCase<"DiagonalLowRank", 5, "diagonal_low_rank">,
    I32EnumAttrCase<"Product", 6, "product">,
    I32EnumAttrCase<"DiagonalDense", 7, "diagonal_dense">]>;

def Scan_Ring : Scan_Enum<"Ring", "the semiring a recurrence is affine in", [
    I32EnumAttrCase<"Real", 0, "real">, I32EnumAttrCase<"MaxPlus", 1, "max_plus">,
    I32EnumAttrCase<"MinPlus", 2, "min_plus">, I32EnumAttrCase<"Log", 3, "log">]>;

def Scan_Reduction : Scan_Enum<"Reduction", "how `scan.reduce` combines", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Mean", 1, "mean">,
    I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
    I32EnumAttrCase<"LogSumExp", 4, "logsumexp">]>;

def Scan_Activation : Scan_Enum<"Activation", "functions with a stable formula of their own", [
    I32EnumAttrCase<"Sigmoid", 0, "sigmoid">, I32EnumAttrCase<"Silu", 1, "silu">,
    I32EnumAttrCase<"Gelu", 2, "gelu">, I32EnumAttrCase<"Relu", 3, "relu">,
    I32EnumAttrCase<"Softplus", 4, "softplus">, I32EnumAttrCase<"LogSigmoid", 5, "logsigmoid">]>;

class Scan_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Scan_Dialect, info, mnemonic>;
def Scan_StructureAttr : Scan_EnumAttr<Scan_Structure, "structure">;
def Scan_RingAttr : Scan_EnumAttr<Scan_Ring, "ring">;
def Scan_ReductionAttr : Scan_EnumAttr<Scan_Reduction, "reduction">;
def Scan_ActivationAttr : Scan_EnumAttr<Scan_Activation, "activation">;

class Scan_Attr<string name, string mnemonic_> : AttrDef<Scan_Dialect, name> {
  let mnemonic = mnemonic_;
}

def Scan_DimAttr : Scan_Attr<"Dim", "dim"> {
  let summary = "one dimension of an iteration space";
  let description = [{
    `name` is how the region's index sets call it, `extent` names its size in the user's program
    (a number where the user wrote one), `size` is that size, or `?` until launch. A lane and the
    time dimension have `name` = what subscripts call them: the dimension itself for a lane, `t`
    for time. The segment dimension exists only with `reset`; its extent is the number of segments.

    ```mlir
    #scan.dim<lane B in B : ?>
    #scan.dim<time t in T : 4096>
    #scan.dim<index n in N : 16>
    ```
  }];
  let parameters = (ins EnumParameter<Scan_DimKind>:$kind, "::mlir::StringAttr":$name,
                        "::mlir::StringAttr":$extent, "int64_t":$size);
  let assemblyFormat = "`<` $kind custom<Name>($name) `in` custom<Name>($extent) `:` custom<Size>($size) `>`";
}

def Scan_StateAttr : Scan_Attr<"State", "state"> {
  let summary = "a state: its name, element type and index names";
  let description = [{
    ```mlir
    #scan.state<h : f32 [n]>
    #scan.state<S : f32 [i, j]>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::Type":$elementType,
                        ArrayRefParameter<"::mlir::StringAttr">:$indices);
  let assemblyFormat = "`<` custom<Name>($name) `:` $elementType custom<Names>($indices) `>`";
}

def Scan_PrevAttr : Scan_Attr<"Prev", "prev"> {
  let summary = "a state read at the step before, under the index names of that read";
  let description = [{
    `#scan.prev<h [l]>` is `h[t-1,l]`. A name may be repeated in another order.
  }];
  let parameters = (ins "::mlir::StringAttr":$state, ArrayRefParameter<"::mlir::StringAttr">:$indices);
  let assemblyFormat = "`<` custom<Name>($state) custom<Names>($indices) `>`";
}

#endif
