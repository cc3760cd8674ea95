// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Rows times weights, of two dims each, to results of columns; tensors of the plan that are written before they are read.

plan.program @projection_c1 strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected lanes, time, what is summed over and columns, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_row strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected a tensor of the dims 0, 1, 2, each once, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d2, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_offset strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected a tensor of the dims 0, 1, 2, each once, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1 - 1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_weights strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{weights: expected a tensor of the dims 2, 3, each once, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d0, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_columns strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{groups: expected a dim of columns, got 2}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 2, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_reads strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected a tensor of the dims 3, each once, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d2)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_result strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{result: expected a tensor of the dims 0, 1, 3, each once, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <z (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c3_row strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f64 [B, T, E]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected f16, bf16 or f32, got 'f64'}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<b (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c3_weights strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : bf16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{weights: expected 'f16' as the row, got 'bf16'}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c3_input strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{result: expected an output or a tensor of the plan, of f32, f16 or bf16, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c3_twice strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{groups: expected results of their own, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>, #plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }, {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c4_regions strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{groups: expected at least one, and a region for each, got 0 and 1}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c4_value strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region 0: expected a sum of f32 and what the group reads, to one value of 'f16'}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      plan.yield %sum : f32
    }
  }
}

// -----

plan.program @projection_c5_none strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected at least one}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = []} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_threads strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected 1 to 1024 threads of a block}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 9, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_columns strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected columns in multiples of 16, of at most 256}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 40, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_ring strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected a ring of 2 to 64 parts}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 1>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_copies strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected copies where whole matrices are copied}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3, tensors = true>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_last strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected requirements as strings, of the last of sizes alone, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["stride(x, 2) == 1"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_grid strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: the program's formula}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * (", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

// expected-error @below {{tensors: expected #plan.parameter<out …> with names of their own and sizes of parameters, got}}
plan.program @program_c6_name strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    tensors = [#plan.parameter<out y : f32 [B, T, D]>], sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

// expected-error @below {{tensors: expected #plan.parameter<out …> with names of their own and sizes of parameters, got}}
plan.program @program_c6_size strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    tensors = [#plan.parameter<out p : f32 [B, T, Q]>], sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

// expected-error @below {{tensors: expected #plan.parameter<out …> with names of their own and sizes of parameters, got}}
plan.program @program_c6_input strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    tensors = [#plan.parameter<in p : f32 [B, T, D]>], sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @program_c6_unwritten strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f32 [T]>, #plan.parameter<out y : f32 [T]>], tensors = [#plan.parameter<out p : f32 [T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected a tensor that an op before writes, got #plan.access<p (d0) -> (d0)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>], reads = [#plan.access<p (d0) -> (d0)>], writes = [#plan.access<y (d0) -> (d0)>],
        states = [], init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 1>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%p: f32):
      plan.yield %p : f32
    }
  }
}

// -----

plan.program @projection_c5_shared strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected 49152 shared_bytes}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 16>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_tall strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected a tall of 1 to 4}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3, tall = 5>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c5_rows strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected at most 256 rows where whole matrices are copied}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 2, columns = 64, ring = 3, tall = 3, tensors = true>, across = true, copies = true, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      %biased = arith.addf %sum, %b : f32
      %y = arith.truncf %biased : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c4_state strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<out y : f16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32, %b: f32):
      // expected-error @below {{expected no states in a product of matrices}}
      %now, %before = plan.advance "h" bias %sum : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projection_c2_heads strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, H, D]>, #plan.parameter<out y : f32 [B, T, H, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{groups: expected columns of heads in a known multiple of 8, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register h in H : ?>, #plan.dim<register j in D : 12>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 4, weights = <W (d0, d1, d2, d3, d4) -> (d2, d3, d4)>, reads = [], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }
  }
}

// -----

plan.program @projection_c4_split strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, H, D]>, #plan.parameter<out y : f32 [B, T, H, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{groups: expected heads that every tile has whole, got}}
    plan.projection "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register h in H : ?>, #plan.dim<register j in D : 128>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 4, weights = <W (d0, d1, d2, d3, d4) -> (d2, d3, d4)>, reads = [], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      %all = plan.reduce_lanes sum %sum : f32
      plan.yield %all : f32
    }
  }
}

// -----

plan.program @program_c6_row strategy "projection" attributes {
    parameters = [#plan.parameter<in W : f16 [E, D]>, #plan.parameter<out y : f32 [T, D]>], tensors = [#plan.parameter<out r : f16 [T, E]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected a tensor that an op before writes, got #plan.access<r (d0, d1, d2) -> (d0, d1)>}}
    plan.projection "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<r (d0, d1, d2) -> (d0, d1)>,
        groups = [#plan.columns<dim = 2, weights = <W (d0, d1, d2) -> (d1, d2)>, reads = [], result = <y (d0, d1, d2) -> (d0, d2)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }
  }
}

// -----

plan.program @projection_c3_precision strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, E]>, #plan.parameter<in W : f32 [E, D]>, #plan.parameter<out y : f32 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{precision: expected tf32 or tf32x3 of f32, and none of 16 bits, got 'bf16' of 'f32'}}
    plan.projection "k" attributes { precision = "bf16",
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }
  }
}

// -----

plan.program @projection_c3_no_precision strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<out y : f32 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{precision: expected tf32 or tf32x3 of f32, and none of 16 bits, got 'tf32' of 'f16'}}
    plan.projection "k" attributes { precision = "tf32",
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }
  }
}

// -----

plan.program @projection_c5_matrices strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, E]>, #plan.parameter<in W : f32 [E, D]>, #plan.parameter<out y : f32 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected pieces of f32, got}}
    plan.projection "k" attributes { precision = "tf32",
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3) -> (d2, d3)>, reads = [], result = <y (d0, d1, d2, d3) -> (d0, d1, d3)>>],
        products = [#plan.product<name = "matrices", tiling = <warpgroups = 2, columns = 128, ring = 4, tensors = true>, across = true, copies = true, requirements = [], grid = "B", shared_bytes = 132096>, #plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 49152>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }
  }
}
