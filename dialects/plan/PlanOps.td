//===- PlanOps.td - Programs, entries, kernels and their scalar code -*- tablegen -*-===//
#ifndef SCANC_DIALECTS_PLAN_PLANOPS_TD
#define SCANC_DIALECTS_PLAN_PLANOPS_TD

include "dialects/plan/PlanAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

/// A number of one lane, or an array of them over register dimensions.
def Plan_Value : AnyTypeOf<[AnyFloat, Complex<F32>, AnySignlessInteger,
                            VectorOfAnyRankOf<[AnyFloat, Complex<F32>, AnySignlessInteger]>]>;

def Plan_ProgramOp : Plan_Op<"program", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "everything that crosses to the runtime, decided";
  let description = [{
    - (C1) `parameters` are #plan.parameter with distinct names; `sizes` maps bound names to
      integers.
    - (C2) the region holds `plan.entry` ops.
    - (C3) `strategy` is the name of a kernel of this dialect, or `fission` where kernels of several strategies follow each other.
    - (C4) `schema` is that of this dialect: a text of another may mean something else.
    - (C5) an output alone `updates`, an input of its element type and dimensions, and no two the same.
    - (C6) `tensors` are of the plan's own: outputs with names that no parameter has, of sizes that parameters have. They lie
      in the workspace, contiguous in the order of their dimensions, and an op before writes each that is read.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$strategy, ArrayAttr:$parameters,
                       OptionalAttr<ArrayAttr>:$tensors, DictionaryAttr:$sizes, BoolAttr:$deterministic,
                       StrAttr:$error_bound, I64Attr:$schema);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `strategy` $strategy attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    /// Raised when a text that was valid no longer means the same.
    static constexpr int64_t schema = 1;
    /// The tensors of the plan's own, in the order in which the workspace has them.
    ::llvm::SmallVector<ParameterAttr> getOwnTensors();
    bool isOwn(::mlir::StringAttr tensor);
    /// The parameter or tensor called `name`, null where there is none.
    ParameterAttr findTensor(::mlir::StringAttr name);
  }];
  let hasVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [HasParent<"ProgramOp">, NoTerminator, SingleBlock]> {
  let summary = "something a caller can launch: kernels in order, on one stream";
  let description = [{
    `dependent_launches`: every launch but the first begins as the blocks of the one before it have ended, or have let it,
    and awaits that what these wrote is seen before it touches global memory, or as its last where it runs beside that one
    (programmatic dependent launch).

    ```mlir
    plan.entry "forward" attributes {dependent_launches} { ... }
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$dependent_launches);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name attr-dict-with-keyword $body";
}

def Plan_KernelInterface : OpInterface<"KernelInterface"> {
  let cppNamespace = "::scanc::plan";
  let description = [{
    A kernel: one `__global__` function that calls the template of the op's name, in variants.

    The region is the code of one step of one lane. Its arguments are what `reads` give: a number,
    or a vector over the register dimensions in the access's map, in the kernel's order of dims.
    Its terminator gives what `writes` take.

    - (C1) `dims` holds lanes (the last one adjacent in the thread grid), one time dimension, one
      segment dimension exactly with `reset`, then register dimensions of static size.
    - (C2) every access names a parameter and maps the dims to its dimensions; only reads may offset
      time, by -1 to -7. That of `reset` maps the segment to where its first step stands, and inits and
      finals of such a kernel have the segment.
    - (C3) region arguments agree with `reads`, the yielded values with `writes`: the parameter's
      element type, over the register dimensions that the access's map has, in the order of dims.
    - (C4) every state is advanced once, in the order of `states`, by a matrix in the kernels alone that
      multiply matrices, by a `plan.recall` in `plan.chunkwise` and `plan.outer_sequential` alone.
    - (C5) there is a variant, each has one width per read, write, init and final, and the last requires nothing.
    - (C6) `init_states` and `final_states` are distinct positions of `states`, with one access each
      in `inits` and `finals`.
    - (C7) ops of the region have no regions and use values of this region alone.
    - (C8) of every variant, threads, lanes, steps and widths are positive, a block has at most 1024
      threads, and offsets have 32 or 64 bits; `state_threads` is a power of two of at most 32 that
      divides the steps, and warps are whole where it is not 1.
    - (C9) requirements and grids are formulas of the parameters and their sizes, and the blocks of a
      grid hold every lane: `lane_threads` x `lanes` in each.
    - (C10) where `state_threads` is not 1, the kernel is a `plan.sequential` without segments, there
      is one register dimension, and nothing that a thread computes for its points needs a readout
      (see Shares.h).
    - (C11) `reduce_threads` is not 0 exactly where the region has a `plan.reduce_lanes`. Then the kernel is a
      `plan.sequential`, or a `plan.blelloch` across lanes; the last lane dimension has a static size, is a
      multiple of `lanes` and fits `reduce_threads` x `lanes`; `reduce_threads` is a power of two of at most 32 or
      a multiple of 32 and divides `lane_threads`, warps are whole, steps are a power of two, `state_threads` is 1, nothing is shifted;
      and no result of a `plan.reduce_lanes` enters a state.
    - (C12) where a policy is `phased`, the kernel is a `plan.sequential` or a `plan.blelloch` across lanes without
      segments, `lane_threads` are whole warps, `lanes` are even, there is a ring, `state_threads` is 1, nothing
      is shifted or reduced over lanes, and the last lane dimension is the last of every result and of what is
      read at every step and has it, without register dimensions.
    - (C13) what goes `before` a variant's kernel are launches of 1 to 1024 threads whose grids are formulas, and
      is what the kernel wants: of a `plan.chunkwise` with a correction `chunk_inverses`, or with decays of rows
      `chunk_factors`, and of any where blocks share the time of a lane `chunk_states`, with a
      correction behind `first_spans` or not, and with one or with runs above 1 `chunk_entries` behind it.
  }];
  let methods = [
    InterfaceMethod<"the kernel's name", "::llvm::StringRef", "getName">,
    InterfaceMethod<"lanes, time, registers", "::mlir::ArrayAttr", "getDims">,
    InterfaceMethod<"what is read, one per region argument", "::mlir::ArrayAttr", "getReads">,
    InterfaceMethod<"what is written, one per yielded value", "::mlir::ArrayAttr", "getWrites">,
    InterfaceMethod<"the states of a lane", "::mlir::ArrayAttr", "getStates">,
    InterfaceMethod<"states with an initial value", "::llvm::ArrayRef<int64_t>", "getInitStates">,
    InterfaceMethod<"where initial values lie", "::mlir::ArrayAttr", "getInits">,
    InterfaceMethod<"states written at the end", "::llvm::ArrayRef<int64_t>", "getFinalStates">,
    InterfaceMethod<"where final values go", "::mlir::ArrayAttr", "getFinals">,
    InterfaceMethod<"ways to run it", "::mlir::ArrayAttr", "getVariants">,
    InterfaceMethod<"whether time is walked from the end", "bool", "getReverse">,
    InterfaceMethod<"offsets of the segments, or nothing", "::std::optional<AccessAttr>", "getReset">,
    InterfaceMethod<"the code of a step", "::mlir::Region &", "getBody">,
    InterfaceMethod<"innermost lane dims whose rows warps do not cross, 0 where they do", "uint64_t",
                    "getSharedDims", (ins), "", "return 0;">,
    InterfaceMethod<"what factors of products are rounded to, empty without products",
                    "::llvm::StringRef", "getProducts", (ins), "", "return {};">,
    InterfaceMethod<"rows of a matrix that a thread multiplies, 0 where gains are elementwise", "uint64_t",
                    "getRows", (ins), "", "return 0;">,
    InterfaceMethod<"threads that share a row of a matrix", "uint64_t", "getParts", (ins), "", "return 0;">,
    InterfaceMethod<"what the numbers of a matrix are in shared memory", "::mlir::Type", "getElement",
                    (ins), "", "return {};">,
    InterfaceMethod<"whether threads keep their rows of the one matrix that all steps have", "bool", "getResident",
                    (ins), "", "return false;">,
    InterfaceMethod<"elements whose sum is a number of a product of matrices", "uint64_t", "getTerms", (ins),
                    "", "return 1;">,
    InterfaceMethod<"maps of other blocks on their way beside a block's own steps", "uint64_t", "getTold",
                    (ins), "", "return 0;">,
    InterfaceMethod<"whether the product of all matrices up to each step is written", "bool", "getPrefixes",
                    (ins), "", "return false;">,
    InterfaceMethod<"whether inputs come through shared memory beside their matrices", "bool", "getStaged", (ins),
                    "", "return false;">,
    InterfaceMethod<"whether states of f64 are multiplied on the tensor cores", "bool", "getTensorCores", (ins),
                    "", "return false;">,
    InterfaceMethod<"bytes of workspace that are zero at launch, a formula; empty for none",
                    "::llvm::StringRef", "getWorkspace", (ins), "", "return {};">,
    InterfaceMethod<"whether the kernel leaves that workspace zero", "bool", "restoresWorkspace", (ins), "",
                    "return false;">,
    InterfaceMethod<"the same of workspace that nobody has written", "::llvm::StringRef", "getScratch",
                    (ins), "", "return {};">,
  ];
  let extraSharedClassDeclaration = [{
    DimAttr getDim(int64_t i) { return ::mlir::cast<DimAttr>($_op.getDims()[i]); }
    int64_t getNumDims() { return $_op.getDims().size(); }
    int64_t getTimeDim() { return findDim(Role::Time); }
    int64_t getSegmentDim() { return findDim(Role::Segment); }
    /// The first dim of `role`, -1 without one.
    int64_t findDim(Role role) {
      for (int64_t i = 0; i < getNumDims(); ++i)
        if (getDim(i).getRole() == role)
          return i;
      return -1;
    }
    StateAttr getState(int64_t i) { return ::mlir::cast<StateAttr>($_op.getStates()[i]); }
    int64_t getNumStates() { return $_op.getStates().size(); }
  }];
}

class Plan_Kernel<string mnemonic, list<Trait> traits, dag more = (ins)>
    : Plan_Op<mnemonic, traits # [HasParent<"EntryOp">, SingleBlock]> {
  let arguments = !con((ins StrAttr:$name, ArrayAttr:$dims, ArrayAttr:$reads, ArrayAttr:$writes,
                       ArrayAttr:$states, DenseI64ArrayAttr:$init_states, ArrayAttr:$inits,
                       DenseI64ArrayAttr:$final_states, ArrayAttr:$finals, ArrayAttr:$variants,
                       UnitAttr:$reverse, OptionalAttr<Plan_AccessAttr>:$reset), more);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Plan_SequentialOp : Plan_Kernel<"sequential",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getSharedDims"]>],
    (ins DefaultValuedAttr<I64Attr, "0">:$shared_dims)> {
  let summary = "kernel::sequential: a thread walks the whole of time for its lanes";
  let description = [{
    Deterministic; sums in the order of time. Where `shared_dims` is not 0, a warp has lanes of these
    innermost lane dims and of no other row, and reads once what they read alike (see Shares.h).

    - (C1) `shared_dims` is at most the number of lane dims, and 0 where a policy has one of `state_threads`
      or a ring.
  }];
}

def Plan_BlellochOp : Plan_Kernel<"blelloch", [Plan_KernelInterface]> {
  let summary = "kernel::blelloch: a block scans tiles of time; re-associates the composition";
  let description = [{
    Deterministic. Each thread composes its steps' maps, the block scans them work-efficiently, each
    thread replays its steps from the state that enters them.
  }];
}

def Plan_LookBackOp : Plan_Kernel<"look_back",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getWorkspace"]>], (ins StrAttr:$workspace)> {
  let summary = "kernel::look_back: blocks scan tiles of time in one pass; re-associates";
  let description = [{
    Deterministic. A block keeps its tile in registers, composes it, learns from the tiles before
    it through the workspace what state enters, and replays it. `workspace` is the formula of the
    bytes that must be zero when the kernel begins.
  }];
}

def Plan_MatmulScanOp : Plan_Kernel<"matmul_scan",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getSharedDims", "getProducts"]>],
    (ins I64Attr:$shared_dims, StrAttr:$products)> {
  let summary = "kernel::matmul_scan: a tile of time is a product on the tensor cores; re-associates";
  let description = [{
    Deterministic. A warp multiplies the inputs of a tile of time by the triangular matrix of its
    decays; what enters the tiles is carried in the order of time.

    - (C1) there is one state, f32 and without indices.
    - (C2) `shared_dims` innermost lane dims, one at least, have the same gain.
    - (C3) `products` is tf32, tf32x3, bf16 or bf16x3: factors rounded once, or in two parts of whose
      products the three largest are added.
    - (C4) in every policy, lane_threads is a multiple of 8, time_threads of 4, steps of 2.
  }];
}

include "dialects/plan/MatrixOps.td"

def Plan_ChunkwiseOp : Plan_Kernel<"chunkwise",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getElement", "getScratch"]>],
    (ins TypeAttr:$element, DefaultValuedAttr<StrAttr, "\"\"">:$scratch)> {
  let summary = "kernel::chunkwise: a block sums up outer products chunk by chunk; re-associates, narrows factors";
  let description = [{
    Deterministic. A block walks the whole of time for one lane and 64 columns of its state for every 128 threads, or one
    of as many spans as its grid has blocks for these, where kernel::chunk_states goes before. What
    the steps of a chunk read of each other and of the state before are products on the tensor cores, of factors that are
    rounded to `element`; sums and the state are f32. Where time has segments, a block walks those that begin in its part
    of time, whose number the grid tells.

    - (C1) there is one state, f32, of two indices, of at most 256 and any number of points, advanced by a `plan.recall`.
      Where it has a correction, kernel::chunk_inverses goes before and leaves 9 KiB for each chunk in `scratch`; with
      decays of rows kernel::chunk_factors, and 18 KiB and 24.5 more for each 64 rows. Behind it chunk_states leaves what a
      span makes of states. `scratch` is there for these alone.
    - (C2) `element` is f16 or bf16.
    - (C3) in every policy, lane_threads, lanes and state_threads are 1, time_threads is a multiple of 128, steps are 64,
      and ring is 2 at least; with decays of rows and no correction it is 1. runs are 1; or with 65 to 128 rows
      without decays of their own 2, where half of the threads read out what the others carry, 512 with a ring of 3 or without
      a correction 256 with 2, or with one 3, where 256 of 384 do so with a ring of 3.
    - (C4) there is a result, and every result is made of the sums of the `plan.recall`, without a sum of its own for
      each of its numbers.
  }];
}

def Plan_OuterSequentialOp : Plan_Kernel<"outer_sequential",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getElement"]>], (ins TypeAttr:$element)> {
  let summary = "kernel::outer_sequential: blocks walk the whole of time for columns of a state that takes in outer products";
  let description = [{
    Deterministic; states in the order of time, all numbers f32. `runs` threads of a warp have the rows of four columns;
    a block has as many columns of one lane as its threads hold.

    - (C1) there is one state, f32, of two indices, advanced by a `plan.recall` without a `decay`, of whose rows `runs`
      threads have 32 at most each.
    - (C2) `element` is f32.
    - (C3) in every policy, lane_threads, lanes, steps and state_threads are 1, ring is 0, time_threads is a multiple of 32, and
      runs is a power of two of at most 32.
    - (C4) as of `plan.chunkwise`.
  }];
}

def Plan_ProjectionOp : Plan_Op<"projection", [HasParent<"EntryOp">]> {
  let summary = "kernel::projection: rows of all steps times weights that all steps have, on the tensor cores";
  let description = [{
    Deterministic; products of 16 bits are exact, sums f32 in an order of the device's own. Each of `groups` has a region that makes a
    result of a sum, its first argument, and of what the group reads.

    - (C1) `dims` holds lanes, one time dimension, the dimension that is summed over and those of columns, as registers of
      any size.
    - (C2) accesses name parameters or tensors of the program, without offsets, and map the dims to them, each once: `row`
      all lanes, time and what is summed over; weights that, heads of a known multiple of 8 columns or none, and the columns;
      results lanes, time, heads and columns; what a group reads some of these two.
    - (C3) `row` and all weights are of one type: f16, bf16, or f32 with a `precision`, tf32 or tf32x3: factors rounded once,
      or in two parts of whose products the three largest are added. Results are outputs, or tensors of the plan, of f32, f16
      or bf16, and no two groups have the same.
    - (C4) there is a group, and for each a region of the sum, f32, and of the elements that it reads, which gives one value
      of the result's type. A plan.reduce_lanes is over a head's columns: groups with one come first, tiles have heads whole.
    - (C5) there is a product, whose requirements and grid are formulas; columns are multiples of 16 up to 256, a ring has
      2 to 64 parts, `tall` is 1 to 4, a block at most 1024 threads; copies of whole matrices want `copies`, 16 bits and at most
      256 rows; shared_bytes are those of the tiling; and the last requires nothing of addresses and strides.
  }];
  let arguments = (ins StrAttr:$name, ArrayAttr:$dims, Plan_AccessAttr:$row, ArrayAttr:$groups, ArrayAttr:$products,
                       OptionalAttr<StrAttr>:$precision);
  let regions = (region VariadicRegion<SizedRegion<1>>:$epilogues);
  let assemblyFormat = "$name attr-dict-with-keyword $epilogues";
  let extraClassDeclaration = [{
    DimAttr getDim(int64_t i) { return ::mlir::cast<DimAttr>(getDims()[i]); }
    ColumnsAttr getGroup(int64_t i) { return ::mlir::cast<ColumnsAttr>(getGroups()[i]); }
    /// Positions of the time dimension and of that which is summed over.
    int64_t getTimeDim();
    int64_t getSummedDim() { return getTimeDim() + 1; }
    /// The type of the factors.
    ::mlir::Type getElement();
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

// Not Pure: see scan.advance.
def Plan_RecallOp : Plan_Op<"recall", [AttrSizedOperandSegments, AllTypesMatch<["query", "key"]>,
                                       TypesMatchWith<"one type of value and sums", "sums", "value",
                                                      "$_self">]> {
  let summary = "a matrix of state decays, takes in an outer product, and is read out";
  let description = [{
    S[i, j] = 2^log_decay * S[i, j] + input_scale * key[i] * value[j], and then the sums over i of
    query_scale * query[i] * S[i, j]. A decay and scales that are not there are 1. In place of 2^log_decay there may be a
    `factor`, and each row may have a factor row_decays[i] of its own; with a `decay_input` that row of a tensor is brought, and they are computed of it.
    With `correct` by a number, what has decayed is corrected: it is the decayed S less correct * key (key . decayed S).
    What stands `behind` is done first, in order, each to what the one before has left: corrected by a number times its key, and
    scale * key[i] * value[j] added. Nothing decays between them. With `readers`, one for each of those and the last for what is done
    then, these stand in place of the key where a correction reads: S less correct * key (reader . S); beside `row_decays` S is then
    read before it decays. With `reads_before` the sums are those of S as the step finds it; with a `bonus`, of what the step adds too,
    each row of it by a number, S[i, j] + bonus[i] * input_scale * key[i] * value[j].

    - (C1) `query` and `key` are vectors of one type, `value` and the result are of another, and the rest are numbers, all of
      f32.
    - (C2) there is one of `log_decay`, `factor` and `row_decays` at most; these have the type of `key`; `decay_input`, a read of as many
      numbers of f32 or 16 bits, is all that they are made of.
    - (C3) lists behind are of one length, with the types of `key` and `value`; `readers`, of the type of `key`, are one more or none.
      Where there are some of either there is `correct`.
    - (C4) `reads_before` stands with nothing behind; a `bonus`, of the type of `key`, beside it and `row_decays` and without `correct`.

    ```mlir
    %o = plan.recall "S" decay %g query %q : vector<128xf32> key %k value %v : vector<64xf32>
    %o = plan.recall "S" query %q scale %c : vector<128xf32> key %k scale %b value %v : vector<64xf32>
    %o = plan.recall "S" query %q : vector<128xf32> key %k scale %b correct %b value %v : vector<64xf32>
    %o = plan.recall "S" query %q : vector<8xf32> key %k correct %b value %v : vector<4xf32> behind(%k1 : vector<8xf32> scale %s1 correct %b1 value %v1 : vector<4xf32>)
    %o = plan.recall "S" row_decays %a : vector<8xf32> query %q : vector<8xf32> key %k scale %b correct %b value %v : vector<4xf32>
    %o = plan.recall "S" row_decays %a : vector<8xf32> from %g : vector<8xbf16> query %q : vector<8xf32> key %k value %v : vector<4xf32>
    %o = plan.recall "S" reads_before row_decays %a : vector<8xf32> bonus %u : vector<8xf32> query %q : vector<8xf32> key %k value %v : vector<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$state, UnitAttr:$reads_before, Optional<F32>:$log_decay, Optional<F32>:$factor,
                       Optional<VectorOfRankAndType<[1], [F32]>>:$row_decays,
                       Optional<VectorOfRankAndType<[1], [F32, F16, BF16]>>:$decay_input,
                       VectorOfRankAndType<[1], [F32]>:$query, Optional<VectorOfRankAndType<[1], [F32]>>:$bonus,
                       Optional<F32>:$query_scale, VectorOfRankAndType<[1], [F32]>:$key,
                       VectorOfRankAndType<[1], [F32]>:$value, Optional<F32>:$input_scale,
                       Optional<F32>:$strength, Variadic<VectorOfRankAndType<[1], [F32]>>:$earlier_keys,
                       Variadic<F32>:$earlier_scales, Variadic<F32>:$earlier_strengths,
                       Variadic<VectorOfRankAndType<[1], [F32]>>:$earlier_values,
                       Variadic<VectorOfRankAndType<[1], [F32]>>:$readers);
  let results = (outs VectorOfRankAndType<[1], [F32]>:$sums);
  let assemblyFormat = [{
    $state (`reads_before` $reads_before^)? (`decay` $log_decay^)? (`factor` $factor^)? (`row_decays` $row_decays^ `:` type($row_decays))?
    (`from` $decay_input^ `:` type($decay_input))? (`bonus` $bonus^ `:` type($bonus))? `query` $query (`scale` $query_scale^)?
    `:` type($query) `key` $key (`scale` $input_scale^)? (`correct` $strength^)? `value` $value `:` type($sums)
    (`behind` `(` $earlier_keys^ `:` type($earlier_keys) `scale` $earlier_scales `correct` $earlier_strengths
    `value` $earlier_values `:` type($earlier_values) `)`)? (`readers` `(` $readers^ `:` type($readers) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

// Not Pure: see scan.advance.
def Plan_AdvanceOp : Plan_Op<"advance", [AttrSizedOperandSegments]> {
  let summary = "the state at t and at t-1: now = gain * before + bias, elementwise or by a matrix";
  let description = [{
    `now` and `before` have the state's element type; a narrow state is rounded at every step. `*`, `+`
    and 1 are those of `ring`.

    - (C1) `gain`, absent for 1, and `bias` have the shape of the results, which have one type.
    - (C2) with `matrix`, the results are n numbers, and `gain` is n rows of n.
    - (C3) `scale` and `diagonal` stand beside a matrix alone, in the shape of the results:
      now = scale * (gain * before) + diagonal * before + bias.

    ```mlir
    %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %b : vector<8xf32> to vector<8xf32>, vector<8xf32>
    %now, %before = plan.advance "h" ring log matrix gain %a : vector<8x8xf32> scale %e : vector<8xf32> bias %b : vector<8xf32> to vector<8xf32>, vector<8xf32>
    %now, %before = plan.advance "h" gain %a : f32 bias %b : f32 to f32, f32
    %now, %before = plan.advance "h" ring max_plus gain %a : f32 bias %b : f32 to f32, f32
    ```
  }];
  let arguments = (ins StrAttr:$state,
                       DefaultValuedAttr<Plan_RingAttr, "::scanc::plan::Ring::Real">:$ring,
                       UnitAttr:$matrix, Optional<Plan_Value>:$gain, Optional<Plan_Value>:$scale,
                       Optional<Plan_Value>:$diagonal, Plan_Value:$bias);
  let results = (outs Plan_Value:$now, Plan_Value:$before);
  let assemblyFormat = [{
    $state (`ring` `` $ring^)? (`matrix` $matrix^)? (`gain` $gain^ `:` type($gain))? (`scale` $scale^ `:` type($scale))?
    (`diagonal` $diagonal^ `:` type($diagonal))? `bias` $bias `:` type($bias) attr-dict `to` type($now) `,` type($before)
  }];
  let hasVerifier = 1;
}

def Plan_BroadcastOp : Plan_Op<"broadcast", [Pure]> {
  let summary = "the same numbers over more register dimensions";
  let description = [{
    Dimension k of the operand becomes dimension `onto[k]` of the result.

    - (C1) `onto` is as long as the operand's rank, distinct, and sizes and element types agree.

    ```mlir
    %w = plan.broadcast %v onto [1] : vector<16xf32> to vector<4x16xf32>
    ```
  }];
  let arguments = (ins Plan_Value:$value, DenseI64ArrayAttr:$onto);
  let results = (outs Plan_Value:$result);
  let assemblyFormat = "$value `onto` $onto attr-dict `:` type($value) `to` type($result)";
  let hasVerifier = 1;
}

def Plan_ReduceOp : Plan_Op<"reduce", [Pure]> {
  let summary = "combine over register dimensions, in their order";
  let description = [{
    - (C1) `over` are distinct dimensions of the operand, and the result keeps the others and the
      element type.

    ```mlir
    %o = plan.reduce sum over [0] %p : vector<16xf32> to f32
    ```
  }];
  let arguments = (ins Plan_ReductionAttr:$kind, DenseI64ArrayAttr:$over, Plan_Value:$value);
  let results = (outs Plan_Value:$result);
  let assemblyFormat =
      "`` $kind `over` $over $value attr-dict `:` type($value) `to` type($result)";
  let hasVerifier = 1;
}

def Plan_ReduceLanesOp : Plan_Op<"reduce_lanes", [Pure, SameOperandsAndResultType]> {
  let summary = "combine over the last lane dimension; re-associates";
  let description = [{
    The result is the same in all lanes along that dimension, in a plan.projection in all columns of a head. The order is
    fixed: lanes of a thread, then a tree over the threads of a warp, then warps.

    - (C1) the operand is a number.

    ```mlir
    %s = plan.reduce_lanes sum %p : f32
    ```
  }];
  let arguments = (ins Plan_ReductionAttr:$kind, Plan_Value:$value);
  let results = (outs Plan_Value:$result);
  let assemblyFormat = "`` $kind $value attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_ActivationOp : Plan_Op<"activation", [Pure, SameOperandsAndResultType]> {
  let summary = "thread::sigmoid, thread::silu, …";
  let description = [{
    `approximate`: its exponentials have the device's own, of 2^-22 + |x| 2^-24 relative error. The same is
    `fastmath<afn>` of a `math.exp`.
  }];
  let arguments = (ins Plan_ActivationAttr:$kind, Plan_Value:$value, UnitAttr:$approximate);
  let results = (outs Plan_Value:$result);
  let assemblyFormat = "`` $kind (`approximate` $approximate^)? $value attr-dict `:` type($result)";
}

def Plan_LogAddExpOp : Plan_Op<"logaddexp", [Pure, SameOperandsAndResultType]> {
  let summary = "thread::logaddexp";
  let arguments = (ins Plan_Value:$lhs, Plan_Value:$rhs);
  let results = (outs Plan_Value:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Plan_ComplexOp : Plan_Op<"complex", [Pure]> {
  let summary = "arithmetic of complex numbers, elementwise";
  let description = [{
    What the `complex` dialect has for numbers, over register dimensions. Its constants stay as they are.

    - (C1) `add`, `subtract`, `multiply` and `divide` have two operands of the result's complex type,
      of which the second of the latter two may be real; `negate`, `conj` and `exp` have one.
    - (C2) `abs`, `real` and `imag` take a complex number to a real one, and `create` its real and its
      imaginary part to the complex one.

    ```mlir
    %p = plan.complex multiply %a, %b : (complex<f32>, complex<f32>) -> complex<f32>
    %r = plan.complex real %p : (complex<f32>) -> f32
    ```
  }];
  let arguments = (ins Plan_ComplexFunctionAttr:$function, Variadic<Plan_Value>:$values);
  let results = (outs Plan_Value:$result);
  let assemblyFormat = "`` $function $values attr-dict `:` functional-type($values, $result)";
  let hasVerifier = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator]> {
  let summary = "what a step writes";
  let arguments = (ins Variadic<Plan_Value>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif
