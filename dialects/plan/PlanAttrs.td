//===- PlanAttrs.td - Policies, accesses and variants ------*- tablegen -*-===//
#ifndef SCANC_DIALECTS_PLAN_PLANATTRS_TD
#define SCANC_DIALECTS_PLAN_PLANATTRS_TD

include "dialects/plan/PlanDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Plan_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::scanc::plan";
  let genSpecializedAttr = 0;
}

def Plan_Role : Plan_Enum<"Role", "where a dimension of a kernel goes", [
    I32EnumAttrCase<"Lane", 0, "lane">, I32EnumAttrCase<"Time", 1, "time">,
    I32EnumAttrCase<"Segment", 2, "segment">, I32EnumAttrCase<"Register", 3, "register">]>;
def Plan_Walk : Plan_Enum<"Walk", "along which dimension vector accesses run", [
    I32EnumAttrCase<"Lanes", 0, "lanes">, I32EnumAttrCase<"Time", 1, "time">]>;
def Plan_Reduction : Plan_Enum<"Reduction", "how `plan.reduce` combines", [
    I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Maximum", 1, "maximum">,
    I32EnumAttrCase<"Minimum", 2, "minimum">, I32EnumAttrCase<"LogSumExp", 3, "logsumexp">]>;
def Plan_Activation : Plan_Enum<"Activation", "a device function of one argument", [
    I32EnumAttrCase<"Sigmoid", 0, "sigmoid">, I32EnumAttrCase<"Silu", 1, "silu">,
    I32EnumAttrCase<"Gelu", 2, "gelu">, I32EnumAttrCase<"Relu", 3, "relu">,
    I32EnumAttrCase<"Softplus", 4, "softplus">, I32EnumAttrCase<"LogSigmoid", 5, "logsigmoid">]>;
def Plan_ComplexFunction : Plan_Enum<"ComplexFunction", "what `plan.complex` computes", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Subtract", 1, "subtract">,
    I32EnumAttrCase<"Multiply", 2, "multiply">, I32EnumAttrCase<"Divide", 3, "divide">,
    I32EnumAttrCase<"Negate", 4, "negate">, I32EnumAttrCase<"Conj", 5, "conj">,
    I32EnumAttrCase<"Exp", 6, "exp">, I32EnumAttrCase<"Abs", 7, "abs">,
    I32EnumAttrCase<"Real", 8, "real">, I32EnumAttrCase<"Imag", 9, "imag">,
    I32EnumAttrCase<"Create", 10, "create">]>;
def Plan_Ring : Plan_Enum<"Ring", "the semiring of a state's maps; the device struct of the same name", [
    I32EnumAttrCase<"Real", 0, "real">, I32EnumAttrCase<"MaxPlus", 1, "max_plus">,
    I32EnumAttrCase<"MinPlus", 2, "min_plus">, I32EnumAttrCase<"Log", 3, "log">]>;

class Plan_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Plan_Dialect, info, mnemonic>;
def Plan_ReductionAttr : Plan_EnumAttr<Plan_Reduction, "reduction">;
def Plan_ActivationAttr : Plan_EnumAttr<Plan_Activation, "activation">;
def Plan_ComplexFunctionAttr : Plan_EnumAttr<Plan_ComplexFunction, "complex_function">;
def Plan_RingAttr : Plan_EnumAttr<Plan_Ring, "ring">;

class Plan_Attr<string name, string mnemonic_> : AttrDef<Plan_Dialect, name> {
  let mnemonic = mnemonic_;
}

def Plan_DimAttr : Plan_Attr<"Dim", "dim"> {
  let summary = "a dimension of a kernel: spread over threads, walked, cut into segments, or in registers";
  let description = [{
    `extent` names the size at launch; `size` is that size where it is bound, else `?`.

    ```mlir
    #plan.dim<lane D in D : ?>
    #plan.dim<register n in N : 16>
    ```
  }];
  let parameters = (ins EnumParameter<Plan_Role>:$role, "::mlir::StringAttr":$name,
                        "::mlir::StringAttr":$extent, "int64_t":$size);
  let assemblyFormat =
      "`<` $role custom<Name>($name) `in` custom<Name>($extent) `:` custom<Size>($size) `>`";
}

def Plan_StateAttr : Plan_Attr<"State", "state"> {
  let summary = "a state of one lane: its name, element type and register dimensions";
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::Type":$elementType,
                        ArrayRefParameter<"::mlir::StringAttr">:$indices);
  let assemblyFormat = "`<` custom<Name>($name) `:` $elementType custom<Names>($indices) `>`";
}

def Plan_AccessAttr : Plan_Attr<"Access", "access"> {
  let summary = "which elements of a parameter a kernel touches";
  let description = [{
    `map` goes from the kernel's dims to the parameter's dimensions; its time dimension may be
    offset by -1 to -7 in reads. A read before the start of time gives zero.

    ```mlir
    #plan.access<f (d0, d1, d2) -> (d0, d2, d1)>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$parameter, "::mlir::AffineMap":$map);
  let assemblyFormat = "`<` custom<Name>($parameter) $map `>`";
}

def Plan_ParameterAttr : Plan_Attr<"Parameter", "parameter"> {
  let summary = "a tensor of the signature";
  let description = [{
    An output `updates` an input where the caller may give both one tensor: kernels read an element of that before they
    write it, by the same thread.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "bool":$output, "::mlir::Type":$elementType,
                        ArrayRefParameter<"::mlir::StringAttr">:$dims,
                        OptionalParameter<"::mlir::StringAttr">:$updates);
  let assemblyFormat = [{
    `<` custom<Direction>($output) custom<Name>($name) `:` $elementType custom<Names>($dims) (`updates` $updates^)? `>`
  }];
}

def Plan_PolicyAttr : Plan_Attr<"Policy", "policy"> {
  let summary = "how a kernel spreads its work; the device struct of the same name";
  let description = [{
    A block has `lane_threads` x `time_threads` x `state_threads` threads; a thread holds `lanes` adjacent lanes and
    `steps` adjacent steps at a time. `ring` tiles lie in shared memory, all but one on their way; 0:
    tiles are loaded to registers. Of a kernel that keeps its tile, a thread holds `runs` such parts. At
    least `blocks` fit a multiprocessor by their registers. The register dimension is spread over
    `state_threads` neighbouring threads, each of which owns as large a share of the steps. Where blocks
    share the time of a lane whose step has a matrix, each has `steps` steps, and `runs` blocks are a
    group. `shifted`: the tiles of a lane begin at the first aligned address of its row, so that vectors
    along time are whole at any number of steps. Where something is reduced over the last lane dimension,
    `reduce_threads` neighbouring threads hold the whole of it; else 0. `phased`: rows of lanes begin at
    any phase; a warp copies the aligned 16 bytes around its strip of a row, 32 x `lanes` adjacent lanes, and
    a thread's lanes are adjacent pairs of it. Changes speed; accuracy only within the promised bound.

    ```mlir
    #plan.policy<walk = lanes, lane_threads = 128, time_threads = 1, lanes = 2, steps = 8, ring = 4>
    ```
  }];
  let parameters = (ins EnumParameter<Plan_Walk>:$walk, "int64_t":$lane_threads,
                        "int64_t":$time_threads, "int64_t":$lanes, "int64_t":$steps,
                        DefaultValuedParameter<"int64_t", "0">:$ring,
                        DefaultValuedParameter<"int64_t", "1">:$runs,
                        DefaultValuedParameter<"int64_t", "1">:$blocks,
                        DefaultValuedParameter<"int64_t", "1">:$state_threads,
                        DefaultValuedParameter<"int64_t", "0">:$reduce_threads,
                        DefaultValuedParameter<"bool", "false">:$shifted,
                        DefaultValuedParameter<"bool", "false">:$phased);
  let skipDefaultBuilders = 1;
  let builders = [AttrBuilder<
      (ins "Walk":$walk, "int64_t":$lane_threads, "int64_t":$time_threads, "int64_t":$lanes,
           "int64_t":$steps, CArg<"int64_t", "0">:$ring, CArg<"int64_t", "1">:$runs,
           CArg<"int64_t", "1">:$blocks, CArg<"int64_t", "1">:$state_threads,
           CArg<"int64_t", "0">:$reduce_threads, CArg<"bool", "false">:$shifted,
           CArg<"bool", "false">:$phased),
      [{ return $_get($_ctxt, walk, lane_threads, time_threads, lanes, steps, ring, runs, blocks,
                      state_threads, reduce_threads, shifted, phased); }]>];
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    int64_t getThreads() const {
      return getLaneThreads() * getTimeThreads() * getStateThreads();
    }
    /// Lanes of a row that a warp holds together.
    int64_t getStrip() const { return 32 * getLanes(); }
    /// What `with` replaces.
    struct Change {
      ::std::optional<int64_t> laneThreads, steps, ring, blocks;
      bool shifted = false, phased = false;
    };
    /// The same policy but for `change`.
    PolicyAttr with(const Change &change) const {
      return get(getContext(), getWalk(), change.laneThreads.value_or(getLaneThreads()),
                 getTimeThreads(), getLanes(),
                 change.steps.value_or(getSteps()), change.ring.value_or(getRing()), getRuns(),
                 change.blocks.value_or(getBlocks()), getStateThreads(), getReduceThreads(),
                 getShifted() || change.shifted, getPhased() || change.phased);
    }
  }];
}

def Plan_LaunchAttr : Plan_Attr<"Launch", "launch"> {
  let summary = "a kernel that runs before that of the op, with the same argument";
  let description = [{
    `kernel` names a device template, as the name of an op does; it is written for the same recurrence. `grid` and
    `shared_bytes` are as in #plan.variant, `blocks` as in #plan.policy.

    ```mlir
    #plan.launch<kernel = "chunk_inverses", threads = 128, grid = "B * ceildiv(T, 64)", shared_bytes = 26624>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$kernel, "int64_t":$threads, "::mlir::StringAttr":$grid,
                        "int64_t":$shared_bytes, DefaultValuedParameter<"int64_t", "1">:$blocks);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Plan_VariantAttr : Plan_Attr<"Variant", "variant"> {
  let summary = "one way to run a kernel, and the facts of a launch that it needs";
  let description = [{
    `widths` gives, per read, write, initial and final state, in this order, how many adjacent elements one access moves;
    64 of a read that maps of the launch bring, as whole matrices.
    `offset_bits` is 32 where every element offset is proven to fit, else 64. `requires`, `grid`
    are formulas over sizes, strides and addresses (see scanc/Program.h); `shared_bytes` is the
    dynamic shared memory of a block. `before`: the launches that go before, in order.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "PolicyAttr":$policy, "int64_t":$offset_bits,
                        "::mlir::DenseI64ArrayAttr":$widths, "::mlir::ArrayAttr":$requirements,
                        "::mlir::StringAttr":$grid, "int64_t":$shared_bytes,
                        OptionalParameter<"::mlir::ArrayAttr">:$before);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    ::llvm::SmallVector<LaunchAttr> getLaunchesBefore() const {
      ::llvm::SmallVector<LaunchAttr> launches;
      if (getBefore())
        for (::mlir::Attribute launch : getBefore())
          launches.push_back(::mlir::cast<LaunchAttr>(launch));
      return launches;
    }
  }];
}

def Plan_ColumnsAttr : Plan_Attr<"Columns", "columns"> {
  let summary = "a group of columns of a product of matrices: its weights, and where its results go";
  let description = [{
    `dim` is the position of the columns among the dims of the op, whose region of the same number makes a result of a sum
    and of what `reads` give of its column.

    ```mlir
    #plan.columns<dim = 3, weights = <Wf (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>],
                  result = <x_Wf (d0, d1, d2, d3) -> (d0, d1, d3)>>
    ```
  }];
  let parameters = (ins "int64_t":$dim, "AccessAttr":$weights, "::mlir::ArrayAttr":$reads, "AccessAttr":$result);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Plan_TilingAttr : Plan_Attr<"Tiling", "tiling"> {
  let summary = "how a product of matrices is cut into tiles; the device struct `product_policy`";
  let description = [{
    A block makes 64 x `tall` x `warpgroups` rows and `columns` columns at a time, of parts of 64 terms of which `ring` lie in
    shared memory. `tensors`: one warp more orders copies of whole matrices, else all threads copy pieces.

    ```mlir
    #plan.tiling<warpgroups = 3, columns = 176, ring = 4, tall = 1, tensors = true>
    ```
  }];
  let parameters = (ins "int64_t":$warpgroups, "int64_t":$columns, "int64_t":$ring,
                        DefaultValuedParameter<"int64_t", "1">:$tall, DefaultValuedParameter<"bool", "false">:$tensors);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    int64_t getRows() const { return 64 * getTall() * getWarpgroups(); }
    int64_t getThreads() const { return 128 * (getWarpgroups() + (getTensors() ? 1 : 0)); }
    /// Bytes of dynamic shared memory: slots of a part of both factors, and beside copies of whole matrices their cells, in
    /// whole KiB.
    int64_t getSharedBytes() const {
      int64_t panels = getRows() / 64 + (getColumns() + 63) / 64, slots = getRing() * panels * 8192;
      int64_t beside = getTensors() ? getRing() * 16 : 0;
      return slots + (beside + 1023) / 1024 * 1024;
    }
  }];
}

def Plan_ProductAttr : Plan_Attr<"Product", "product"> {
  let summary = "one way to run a product of matrices, and the facts of a launch that it needs";
  let description = [{
    `across`: columns of the weights are adjacent in memory, else terms of a sum. `copies`: 16 bytes of a factor are aligned
    and follow each other. `requirements`, `grid` and `shared_bytes` are as in #plan.variant.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "TilingAttr":$tiling, "bool":$across, "bool":$copies,
                        "::mlir::ArrayAttr":$requirements, "::mlir::StringAttr":$grid, "int64_t":$shared_bytes);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
