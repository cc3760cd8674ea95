// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Rows times weights of two dims each, and a step of one state behind their sums.

plan.program @projected_scan_c1 strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected lanes, time, what is summed over and columns, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_row strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected a tensor of the dims 0, 1, 2, each once, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d2, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_weights strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{weights: expected a tensor of the dims 2, 3, each once, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d0, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_reads strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected dims of a step and lane, or of a column, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d2)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_offset strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{writes: expected a tensor of the dims 0, 1, 3, each once, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1 - 1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_state strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{init: expected a tensor of the dims 0, 3, each once, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d1)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c2_access strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected #plan.access, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = ["b"], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c3_row strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{row: expected f16 or bf16, got 'f32'}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c3_weights strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : bf16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{weights: expected 'f16' as the row, got 'bf16'}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c3_written strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{final: expected an output of f32, f16 or bf16, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c4_weights strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{weights: expected 1 to 4, got 0}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [],
        reads = [], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32):
      %gate = arith.addf %f, %f : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %f : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c4_arguments strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected sums of f32 and what is read, to what is written}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32, %c: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c4_advance strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected one plan.advance of the real ring, of a number of f32}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" ring max_plus gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_none strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected at least one}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_attribute strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected #plan.product, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = ["fast"],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_groups strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected 1 or 2 warpgroups, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 3, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_ring strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected a ring of 2 to 64 parts, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 1>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_shared strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected 53248 shared_bytes, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 4096>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_formula strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: the program's formula 'B * ceildiv(T' is not valid: expected ',' at column 14}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c5_last strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected requirements as strings, of the last of sizes alone, got}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["stride(x, 2) == 1"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_dim strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{behind: expected columns of what is summed over or of the last dim, got 3}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 3, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    } {
    ^bb0(%sum: f32, %c: f32):
      %y = arith.addf %sum, %c : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_lanes strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{behind: expected at most 64 lanes and some columns, of known sizes, got 65 and 72}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 65>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    } {
    ^bb0(%sum: f32, %c: f32):
      %y = arith.addf %sum, %c : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_weights strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : bf16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{behind: expected weights of}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    } {
    ^bb0(%sum: f32, %c: f32):
      %y = arith.addf %sum, %c : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_region strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{behind: expected a region of its own, got 0}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_epilogue strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{behind: expected a region of a sum of f32 and what is read, to the result}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    } {
    ^bb0(%sum: f32):
      %y = arith.addf %sum, %sum : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}

// -----

plan.program @projected_scan_c6_row strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected sums of f32 and what is read, to what is written}}
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield
    } {
    ^bb0(%sum: f32, %c: f32):
      %y = arith.addf %sum, %c : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}
