//===- MatrixOps.td - Kernels whose step multiplies by a matrix -*- tablegen -*-===//
// A part of PlanOps.td.
#ifndef SCANC_DIALECTS_PLAN_MATRIXOPS_TD
#define SCANC_DIALECTS_PLAN_MATRIXOPS_TD

def Plan_DenseSequentialOp : Plan_Kernel<"dense_sequential",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getRows", "getParts", "getElement", "getResident"]>],
    (ins I64Attr:$rows, I64Attr:$parts, TypeAttr:$element, UnitAttr:$resident)> {
  let summary = "kernel::dense_sequential: a block walks the whole of time for one lane";
  let description = [{
    Deterministic; states in the order of time. A step comes in panels of `time_threads / parts * rows` rows
    of its matrix, kept as `element`; a thread multiplies `rows` of them, and `parts` threads share a row. Where
    the matrix is `resident`, a thread reads its rows once and keeps them.

    - (C1) there is one state, f32 or f64, of one index of at most 256 points, advanced by a matrix.
    - (C2) `rows` and `parts` are powers of two, and `rows` <= `parts` <= 4.
    - (C3) `element` is f16, bf16, f32 or f64.
    - (C4) in every policy, lane_threads, state_threads, lanes and steps are 1, time_threads is a multiple of 32, and ring is
      2 at least.
    - (C5) what is written does not depend on the state at t-1; and where it depends on more than the state at t, no
      sum is within a sum.
    - (C6) where the matrix is `resident`, no read with the time dimension is in it, and one panel has all rows.
  }];
}

def Plan_CyclicReductionOp : Plan_Kernel<"cyclic_reduction",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getRows", "getParts", "getElement", "getTerms",
                                                      "getTold", "getWorkspace", "getScratch",
                                                      "restoresWorkspace"]>],
    (ins I64Attr:$rows, I64Attr:$parts, TypeAttr:$element, I64Attr:$terms,
         DefaultValuedAttr<I64Attr, "0">:$told, StrAttr:$workspace, StrAttr:$scratch)> {
  let summary = "kernel::cyclic_reduction: blocks share the time of one lane; re-associates";
  let description = [{
    Deterministic. A block multiplies the matrices of its chunk of `steps` steps on the tensor cores, those
    of `runs` chunks are multiplied again, and once the state that enters is known, it walks its steps as
    `plan.dense_sequential` does, of which `told` maps of other blocks are on their way beside the own steps; 0:
    in the same memory. `workspace` is zero when the kernel begins, and when it ends; `scratch` is not.

    - (C1) the constraints of `plan.dense_sequential`, but for the steps; at most 128 points of f32, and what is written
      depends on the state at t alone.
    - (C2) `element` is f16 or bf16; `terms`, 1 or 2 elements, make a number of a product.
    - (C3) in every policy, time_threads is twice the padded row of a matrix, `parts` twice `rows`, ring is 3 at
      least and runs 31 at most; `told` is 0 or 3 at least.
    - (C4) the ring is real, and the advance has no scale and no diagonal.
  }];
}

def Plan_PowerReductionOp : Plan_Kernel<"power_reduction",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getRows", "getParts", "getElement", "getResident",
                                                      "getWorkspace", "getScratch", "restoresWorkspace"]>],
    (ins I64Attr:$rows, I64Attr:$parts, TypeAttr:$element, UnitAttr:$resident, StrAttr:$workspace,
         StrAttr:$scratch)> {
  let summary = "kernel::power_reduction: blocks share the time of one lane under one matrix; re-associates";
  let description = [{
    Deterministic. A block of each lane makes the power of the matrix that a chunk of `steps` steps multiplies by,
    the others walk their chunks as `plan.dense_sequential` does, from nothing and then from the state that enters.
    `workspace` is zero when the kernel begins, and when it ends; `scratch` is not.

    - (C1) the constraints of `plan.dense_sequential` with a `resident` matrix, but for the steps; at most 128 points of
      f32, and what is written depends on the state at t alone.
    - (C2) in every policy, steps is a power of two.
    - (C3) the ring is real, and the advance has no scale and no diagonal.
  }];
}

def Plan_DenseBlellochOp : Plan_Kernel<"dense_blelloch",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getRows", "getParts", "getElement", "getTerms",
                                                      "getTold", "getPrefixes", "getWorkspace", "getScratch",
                                                      "restoresWorkspace"]>],
    (ins I64Attr:$rows, I64Attr:$parts, TypeAttr:$element, I64Attr:$terms,
         DefaultValuedAttr<I64Attr, "0">:$told, UnitAttr:$prefixes, StrAttr:$workspace, StrAttr:$scratch)> {
  let summary = "kernel::dense_blelloch: blocks scan the maps of the steps of one lane; re-associates";
  let description = [{
    Deterministic. As `plan.cyclic_reduction`, but the map of all time before a chunk is a product of maps too,
    applied to the initial state. With `prefixes` that of all time up to each step is left in `scratch`.

    - (C1) the constraints of `plan.cyclic_reduction`.
  }];
}

def Plan_DenseColumnsOp : Plan_Kernel<"dense_columns",
    [DeclareOpInterfaceMethods<Plan_KernelInterface, ["getSharedDims", "getRows", "getParts", "getElement",
                                                      "getStaged", "getTensorCores"]>],
    (ins I64Attr:$shared_dims, I64Attr:$rows, I64Attr:$parts, TypeAttr:$element, UnitAttr:$staged,
         UnitAttr:$tensor_cores)> {
  let summary = "kernel::dense_columns: a block walks the whole of time for lanes that share their matrices";
  let description = [{
    Deterministic; states in the order of time. A block has `lane_threads` lanes, each walked by `parts`
    threads, each with `rows` rows of the matrix, which is kept as `element`; matrices come `steps` at a time, and
    inputs of as many steps wait in registers, or come beside the matrices where they are `staged`. With
    `tensor_cores` the state is kept in f64 between steps, and a thread multiplies 16 rows or multiples of them by 4.

    - (C1) there is one state, f32, of one index of at most 256 points, advanced by a matrix.
    - (C2) `shared_dims` innermost lane dims, one at least, have the same matrix.
    - (C3) `parts` is a power of two of at most 16 that is no more than the points, which `parts` times `rows`
      cover; `element` is f16, bf16 or f32.
    - (C4) in every policy, time_threads is `parts`, state_threads and lanes are 1, lane_threads x parts is a
      multiple of 32, and ring is a multiple of steps and twice them at least.
    - (C5) what is written depends on the state at t alone.
    - (C6) the ring is real, and the advance has no scale and no diagonal.
    - (C7) where inputs are `staged`, the bias is a read of f32; `tensor_cores` take 4 parts and at most 64 points.
  }];
}

#endif
