//===- ScanOps.td - Recurrences in step form and affine form -*- tablegen -*-===//
#ifndef SCANC_DIALECTS_SCAN_SCANOPS_TD
#define SCANC_DIALECTS_SCAN_SCANOPS_TD

include "dialects/scan/ScanAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Scan_Op<string mnemonic, list<Trait> traits = []> : Op<Scan_Dialect, mnemonic, traits>;

/// What a scalar of a region may be.
def Scan_Scalar : AnyTypeOf<[AnyFloat, AnyComplex, AnySignlessInteger]>;

def Scan_RecurrenceInterface : OpInterface<"RecurrenceInterface"> {
  let cppNamespace = "::scanc::scan";
  let description = [{ What `scan.step` and `scan.affine` share: an iteration space, tensors with
    maps into it, states, and a region of scalar code. }];
  let methods = [
    InterfaceMethod<"the tensors read", "::mlir::OperandRange", "getInputs">,
    InterfaceMethod<"initial states, one per entry of init_states", "::mlir::OperandRange", "getInits">,
    InterfaceMethod<"offsets of packed sequences, or null",
                    "::mlir::TypedValue<::mlir::TensorType>", "getReset">,
    InterfaceMethod<"the iteration space", "::mlir::ArrayAttr", "getDims">,
    InterfaceMethod<"one map per input", "::mlir::ArrayAttr", "getInputMaps">,
    InterfaceMethod<"one map per result that is not a final state", "::mlir::ArrayAttr", "getOutputMaps">,
    InterfaceMethod<"the states", "::mlir::ArrayAttr", "getStates">,
    InterfaceMethod<"which states have an initial state", "::llvm::ArrayRef<int64_t>", "getInitStates">,
    InterfaceMethod<"one map per initial state", "::mlir::ArrayAttr", "getInitMaps">,
    InterfaceMethod<"which states have a final state", "::llvm::ArrayRef<int64_t>", "getFinalStates">,
    InterfaceMethod<"one map per final state", "::mlir::ArrayAttr", "getFinalMaps">,
    InterfaceMethod<"whether time is walked from the end", "bool", "getReverse">,
    InterfaceMethod<"choices the user pinned, or null", "::mlir::DictionaryAttr", "getPinsAttr">,
    InterfaceMethod<"the scalar code", "::mlir::Region &", "getBody">,
  ];
  let extraSharedClassDeclaration = [{
    DimAttr getDim(int64_t i) { return ::mlir::cast<DimAttr>($_op.getDims()[i]); }
    int64_t getNumDims() { return $_op.getDims().size(); }
    StateAttr getState(int64_t i) { return ::mlir::cast<StateAttr>($_op.getStates()[i]); }
    int64_t getNumStates() { return $_op.getStates().size(); }
    int64_t getNumOutputs() { return $_op.getOutputMaps().size(); }
    ::mlir::AffineMap getInputMap(int64_t i) {
      return ::mlir::cast<::mlir::AffineMapAttr>($_op.getInputMaps()[i]).getValue();
    }
    ::mlir::AffineMap getOutputMap(int64_t i) {
      return ::mlir::cast<::mlir::AffineMapAttr>($_op.getOutputMaps()[i]).getValue();
    }
    ::mlir::AffineMap getInitMap(int64_t i) {
      return ::mlir::cast<::mlir::AffineMapAttr>($_op.getInitMaps()[i]).getValue();
    }
    ::mlir::AffineMap getFinalMap(int64_t i) {
      return ::mlir::cast<::mlir::AffineMapAttr>($_op.getFinalMaps()[i]).getValue();
    }
    /// Position of the time dimension.
    int64_t getTimeDim() {
      for (int64_t i = 0; i < getNumDims(); ++i)
        if (getDim(i).getKind() == DimKind::Time)
          return i;
      return -1;
    }
    /// Position of the dimension called `name`, or -1.
    int64_t findDim(::llvm::StringRef name) {
      for (int64_t i = 0; i < getNumDims(); ++i)
        if (getDim(i).getName() == name)
          return i;
      return -1;
    }
    /// Results [0, getNumOutputs()) are outputs, the rest final states.
    ::mlir::Block &getBodyBlock() { return $_op.getBody().front(); }
  }];
}

class Scan_Recurrence<string mnemonic, list<Trait> traits = []>
    : Scan_Op<mnemonic, !listconcat([Pure, AttrSizedOperandSegments,
          Scan_RecurrenceInterface], traits)> {
  dag commonArguments = (ins
      Variadic<AnyRankedTensor>:$inputs, Variadic<AnyRankedTensor>:$inits,
      Optional<TensorOf<[I32]>>:$reset,
      ArrayAttr:$dims, AffineMapArrayAttr:$input_maps, AffineMapArrayAttr:$output_maps,
      ArrayAttr:$states, DenseI64ArrayAttr:$init_states, AffineMapArrayAttr:$init_maps,
      DenseI64ArrayAttr:$final_states, AffineMapArrayAttr:$final_maps,
      UnitAttr:$reverse, OptionalAttr<DictionaryAttr>:$pins);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `ins` `(` ($inputs^ `:` type($inputs))? `)` (`init` `(` $inits^ `:` type($inits) `)`)?
    (`reset` `(` $reset^ `:` type($reset) `)`)?
    attr-dict-with-keyword (`->` type($results)^)? $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Scan_StepOp : Scan_Recurrence<"step"> {
  let summary = "a recurrence in step form: the step as the user wrote it";
  let description = [{
    For every point of the lane dimensions, walks the time dimension from its start (from its end
    under `reverse`) and computes, from the inputs at t and the states at t-1, the states at t and
    the outputs at t. States start at `inits`, or at the zero of their semiring. With `reset`, an
    increasing list of offsets, they start anew at each offset.

    The region is scalar code, evaluated for every point of the index dimensions. Each of its values
    has an *index set*: a block argument's are the index dimensions of its map, a constant's is
    empty, an op's is the union of its operands', `scan.reduce` removes and `scan.reindex` renames.

    - (C1) `dims` holds lanes, then one time dimension, then one segment dimension exactly when
      `reset` is given, then index dimensions; names are distinct, sizes at least 0.
    - (C2) `input_maps`, `init_maps` and `output_maps`/`final_maps` have one map per input, initial
      state and result, from all dims to the rank of the tensor.
    - (C3) each result of a map is a dimension; the time dimension may be offset by -1 to -7 in
      `input_maps` only. `init_maps` and `final_maps` have lanes, the segment and indices of their
      state, those of final states all of these indices.
    - (C4) a static size of a tensor equals the size of the dimension that its map names there.
    - (C5) the region takes one argument per input, of its element type, then one per entry of
      `prevs`, of its state's element type; an entry names a state and as many index dimensions as
      the state has.
    - (C6) `scan.yield` gives one `next` per state, of its element type, whose index set is within
      the state's indices, and one `outs` per output, of its element type, whose index set is
      within the dimensions of its map.
    - (C7) `init_states` and `final_states` are distinct positions of `states`.
    - (C8) `states` have distinct names, and each distinct index dimensions.
    - (C9) ops of the region have no regions and use values of this region alone.

    Example:
    ```mlir
    %y = scan.step ins(%f, %x : tensor<8x64x32xbf16>, tensor<8x64x32xbf16>) attributes {
        dims = [#scan.dim<lane B in B : 8>, #scan.dim<lane D in D : 32>,
                #scan.dim<time t in T : 64>],
        input_maps = [affine_map<(b, d, t) -> (b, t, d)>, affine_map<(b, d, t) -> (b, t, d)>],
        output_maps = [affine_map<(b, d, t) -> (b, t, d)>],
        states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
        init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
        -> tensor<8x64x32xbf16> {
    ^bb0(%f0: bf16, %x0: bf16, %h: f32):
      %f1 = arith.extf %f0 : bf16 to f32
      %x1 = arith.extf %x0 : bf16 to f32
      %fh = arith.mulf %f1, %h : f32
      %next = arith.addf %fh, %x1 : f32
      %y0 = arith.truncf %next : f32 to bf16
      scan.yield next(%next : f32) outs(%y0 : bf16)
    }
    ```
  }];
  let arguments = !con(commonArguments, (ins ArrayAttr:$prevs));
  let extraClassDeclaration = [{
    PrevAttr getPrev(int64_t i) { return ::mlir::cast<PrevAttr>(getPrevs()[i]); }
  }];
}

def Scan_AffineOp : Scan_Recurrence<"affine"> {
  let summary = "a recurrence in affine form: S[t] = A_t S[t-1] + b_t; re-association is allowed";
  let description = [{
    The same values as the `scan.step` it was raised from, with each state's transition made
    explicit by one `scan.advance`. What the advances depend on is the *prologue*; what depends on
    them is the *epilogue*. A later state may depend on an earlier one at t or at t-1 (a cascade).

    - (C1) to (C4) and (C7) to (C9) of `scan.step`.
    - (C5) the region takes one argument per input, of its element type.
    - (C6) `scan.yield` has no `next`; its `outs` are as in `scan.step`.
    - (C10) every state is advanced by exactly one `scan.advance`, directly in the region.
  }];
  let arguments = commonArguments;
}

// Not Pure: a state that nobody reads has a final value all the same, and C8 of `scan.affine` holds.
def Scan_AdvanceOp : Scan_Op<"advance", [AttrSizedOperandSegments, HasParent<"AffineOp">]> {
  let summary = "the state at t and at t-1: now = A before + b in a semiring";
  let description = [{
    Gives, for each of `states`, first all values at t (`now`), then all values at t-1 (`before`).
    Each result's index set is its state's indices.

    With S a state of indices I, and n = `contract` naming the summed indices of what stands for
    the old row index (one name per contracted index of `rows`):

    | structure | transition operands | A S |
    |---|---|---|
    | identity | none | S |
    | scalar | a, whose index set is empty | a S |
    | diagonal | a, whose index set is within I | a S, elementwise |
    | dense | a, whose index set is within I and `contract` | sum over contract of a[.., l] S[.. l ..] |
    | diagonal_dense | d, a | d S + sum over contract of a[.., l] S[.. l ..] |
    | low_rank | u1, v1, u2, v2, … | S - sum_k u_k (v_k . S) |
    | diagonal_low_rank | d, u1, v1, … | d S - sum_k u_k (v_k . S) |
    | product | d, u1, v1, … | d (S - sum_k u_k (v_k . S)) |

    In v_k and in a dense a, the index `rows[i]` of the state at t-1 is called `contract[i]`.
    Several `states` form one block state: `transition` is then the square of their coefficients,
    row by row, each elementwise, with structure `dense` and no `contract`.

    - (C1) the number of transition operands fits the structure.
    - (C2) there is one `input` and two results per state.
    - (C3) `contract` and `rows` have equal length, empty unless dense (with a diagonal or not) or low rank.
    - (C4) `states` are states of the surrounding op, and the results have their element types.
    - (C5) `rows` are indices of the state, `contract` distinct index dimensions that are none.
    - (C6) the index sets of `transition` are within those of the table, an input's is within its
      state's.
  }];
  let arguments = (ins StrArrayAttr:$states, Scan_StructureAttr:$structure, Scan_RingAttr:$ring,
                       Variadic<Scan_Scalar>:$transition, Variadic<Scan_Scalar>:$input,
                       StrArrayAttr:$rows, StrArrayAttr:$contract, UnitAttr:$time_varying);
  let results = (outs Variadic<Scan_Scalar>:$results);
  let assemblyFormat = [{
    $states `` $structure (`time_varying` $time_varying^)? `ring` `` $ring
    (`transition` `(` $transition^ `:` type($transition) `)`)? `input` `(` $input `:` type($input) `)`
    `rows` $rows `contract` $contract attr-dict `:` type($results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getNumStates() { return getStates().size(); }
    ::mlir::Value getNow(unsigned i = 0) { return getResult(i); }
    ::mlir::Value getBefore(unsigned i = 0) { return getResult(getNumStates() + i); }
  }];
}

def Scan_ReduceOp : Scan_Op<"reduce", [Pure, SameOperandsAndResultType]> {
  let summary = "combine a value over some of its indices; the order is not fixed";
  let description = [{
    The result's index set is the operand's without `over`. Over no points, `add` and `mean` give
    0, `max` and `logsumexp` give -inf, `min` gives +inf. Over an index that the operand does not
    vary over, it counts once for each point.

    - (C1) `over` names distinct index dimensions.

    ```mlir
    %o = scan.reduce add over ["n"] %p : f32
    ```
  }];
  let arguments = (ins Scan_ReductionAttr:$kind, StrArrayAttr:$over, Scan_Scalar:$value);
  let results = (outs Scan_Scalar:$result);
  let assemblyFormat = "`` $kind `over` $over $value attr-dict `:` type($result)";
}

def Scan_ReindexOp : Scan_Op<"reindex", [Pure, SameOperandsAndResultType]> {
  let summary = "the same values under other index names";
  let description = [{
    The point of `to[k]` takes the value at the point of `from[k]`; other indices are untouched.

    - (C1) `from` and `to` have equal length, `from` has no name twice.
    - (C2) `from` and `to` name index dimensions.

    ```mlir
    %m = scan.reindex %h ["n"] to ["m"] : f32
    ```
  }];
  let arguments = (ins Scan_Scalar:$value, StrArrayAttr:$from, StrArrayAttr:$to);
  let results = (outs Scan_Scalar:$result);
  let assemblyFormat = "$value $from `to` $to attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Scan_ActivationOp : Scan_Op<"activation", [Pure, ElementwiseMappable, SameOperandsAndResultType]> {
  let summary = "an activation with a formula that neither overflows nor cancels";
  let description = [{
    sigmoid(x) = 1/(1+e^-x), silu(x) = x sigmoid(x), gelu(x) = x/2 (1 + erf(x/sqrt 2)),
    relu(x) = max(x, 0), softplus(x) = log(1+e^x), logsigmoid(x) = -softplus(-x).

    ```mlir
    %s = scan.activation sigmoid %x : f32
    ```
  }];
  let arguments = (ins Scan_ActivationAttr:$kind, AnyFloat:$value);
  let results = (outs AnyFloat:$result);
  let assemblyFormat = "`` $kind $value attr-dict `:` type($result)";
}

def Scan_LogAddExpOp : Scan_Op<"logaddexp", [Pure, ElementwiseMappable, SameOperandsAndResultType]> {
  let summary = "log(e^a + e^b), the addition of the log semiring";
  let description = [{
    logaddexp(-inf, -inf) = -inf.

    ```mlir
    %c = scan.logaddexp %a, %b : f32
    ```
  }];
  let arguments = (ins AnyFloat:$lhs, AnyFloat:$rhs);
  let results = (outs AnyFloat:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Scan_YieldOp : Scan_Op<"yield", [Pure, Terminator, AttrSizedOperandSegments,
    ParentOneOf<["StepOp", "AffineOp"]>]> {
  let summary = "the states at t and the outputs at t";
  let arguments = (ins Variadic<Scan_Scalar>:$next, Variadic<Scan_Scalar>:$outs);
  let assemblyFormat = [{
    (`next` `(` $next^ `:` type($next) `)`)? (`outs` `(` $outs^ `:` type($outs) `)`)? attr-dict
  }];
}

#endif
