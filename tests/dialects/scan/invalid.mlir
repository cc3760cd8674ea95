// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// One refusal or more for each numbered constraint, whose name the function has: of scan.step and
// scan.affine first, then of the ops of their regions.

func.func @recurrence_c1_names(%x: tensor<8xf32>) {
  // expected-error @below {{dims: expected distinct names, got "t" twice}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<lane t in B : 8>, #scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c1_order(%x: tensor<8xf32>) {
  // expected-error @below {{dims: expected lanes, time, segment, indices in this order, got lane after time}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<lane B in B : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c1_time(%x: tensor<8xf32>) {
  // expected-error @below {{dims: expected one time dimension, got 0}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<lane B in B : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c1_segment(%x: tensor<8xf32>) {
  // expected-error @below {{dims: expected a segment dimension exactly with reset}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<segment s in S : 2>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c1_size(%x: tensor<8xf32>) {
  // expected-error @below {{dims: expected a size of at least 0, got -8}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : -8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c2_count(%x: tensor<8xf32>) {
  // expected-error @below {{input: expected 1 maps, got 0}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c2_rank(%x: tensor<8xf32>) {
  // expected-error @below {{input map: expected (1 dims) -> (1 results), got affine_map<(d0) -> (d0, d0)>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t, t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c2_results(%x: tensor<8xf32>) {
  // expected-error @below {{expected one map per result and initial state, got 0 output, 0 final and 0 initial maps for 1 results}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c3_window(%x: tensor<8xf32>) {
  // expected-error @below {{input map: expected a dimension, or time - 1 to time - 7, got result 0 of affine_map<(d0) -> (d0 - 8)>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t - 8)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c3_initial_state_by_time(%x: tensor<8xf32>) {
  // expected-error @below {{init map: expected lanes and indices of the state "h", got affine_map<(d0) -> (d0)>}}
  %y = scan.step ins(%x : tensor<8xf32>) init(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64: 0>, init_maps = [affine_map<(t) -> (t)>], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c3_final_state_without_its_index(%x: tensor<8x3xf32>) {
  // expected-error @below {{final map: expected lanes and indices of the state "h", got affine_map<(d0, d1) -> ()>}}
  %y, %f = scan.step ins(%x : tensor<8x3xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index i in N : 3>],
      input_maps = [affine_map<(t, i) -> (t, i)>], output_maps = [affine_map<(t, i) -> (t, i)>],
      states = [#scan.state<h : f32 [i]>], prevs = [#scan.prev<h [i]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64: 0>, final_maps = [affine_map<(t, i) -> ()>]}
      -> tensor<8x3xf32>, tensor<f32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c3_output(%x: tensor<8xf32>) {
  // expected-error @below {{output map: expected a dimension, got result 0 of affine_map<(d0) -> (d0 - 1)>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t - 1)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c4(%x: tensor<8xf32>) {
  // expected-error @below {{input: expected size 9 in dimension 0, got 8}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 9>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c5_prevs(%x: tensor<8xf32>) {
  // expected-error @below {{prevs: expected a state with its number of indices, got #scan.prev<h [t]>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h [t]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c5_arguments(%x: tensor<8xf32>) {
  // expected-error @below {{region: expected arguments ('f32', 'f32'), got ('f64', 'f32')}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f64, %h: f32):
    %s = arith.addf %h, %h : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c6_next(%x: tensor<8xf32>) {
  // expected-error @below {{yield: expected 1 next states}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c6_next_type(%x: tensor<8xf32>) {
  // expected-error @below {{yield: expected next "h" of type 'f32', got 'f64'}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    %d = arith.extf %s : f32 to f64
    scan.yield next(%d : f64) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c6_next_indices(%x: tensor<8x4xf32>) {
  // expected-error @below {{yield: next "h" varies over an index it lacks}}
  %y = scan.step ins(%x : tensor<8x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c6_outs(%x: tensor<8xf32>) {
  // expected-error @below {{yield: expected 1 outs, got 0}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c6_outs_type(%x: tensor<8xf32>) {
  // expected-error @below {{yield: expected out 0 of type 'f32', got 'f64'}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    %d = arith.extf %s : f32 to f64
    scan.yield next(%s : f32) outs(%d : f64)
  }
  return
}

// -----

func.func @recurrence_c6_outs_indices(%x: tensor<8x4xf32>) {
  // expected-error @below {{yield: out 0 varies over an index that its map lacks}}
  %y = scan.step ins(%x : tensor<8x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>],
      output_maps = [affine_map<(t, n, m) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    scan.yield next(%h : f32) outs(%x0 : f32)
  }
  return
}

// -----

func.func @recurrence_c7(%x: tensor<8xf32>) {
  // expected-error @below {{final_states: expected distinct positions below 1, got 1}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64: 1>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c8_name(%x: tensor<8xf32>) {
  // expected-error @below {{states: expected #scan.state with a name of its own over distinct index dimensions, got #scan.state<h : f32 []>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>, #scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c8_indices(%x: tensor<8xf32>) {
  // expected-error @below {{states: expected #scan.state with a name of its own over distinct index dimensions, got #scan.state<h : f32 [t]>}}
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 [t]>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @recurrence_c9(%x: tensor<8xf32>) {
  %two = arith.constant 2.0 : f32
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    // expected-error @below {{expected no regions, and values of this region that are there before}}
    %s = arith.mulf %h, %two : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @a_value_made_of_itself_was_looked_up(%x: tensor<8xf32>) {
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    // expected-error @below {{expected no regions, and values of this region that are there before}}
    %s = arith.mulf %h, %s : f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @affine_c6(%x: tensor<8xf32>) {
  // expected-error @below {{yield: expected no next states in affine form}}
  %y = scan.affine ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    scan.yield next(%s#0 : f32) outs(%s#0 : f32)
  }
  return
}

// -----

func.func @affine_c10_none(%x: tensor<8xf32>) {
  // expected-error @below {{expected an advance of state "h"}}
  %y = scan.affine ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32):
    scan.yield outs(%x0 : f32)
  }
  return
}

// -----

func.func @affine_c10_twice(%x: tensor<8xf32>) {
  %y = scan.affine ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{expected one advance of each state, got two of "h"}}
    %r:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_outside_of_affine(%x: tensor<8xf32>) {
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %s = arith.addf %h, %x0 : f32
    // expected-error @below {{expects parent op 'scan.affine'}}
    %r:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    scan.yield next(%s : f32) outs(%s : f32)
  }
  return
}

// -----

func.func @advance_c1(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{low_rank transition of 1 states: unexpected number of operands 1}}
    %s:2 = scan.advance ["h"] low_rank ring real transition(%x0 : f32) input(%x0 : f32)
        rows ["n"] contract ["m"] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c2(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{expected one input and two results per state, got 2 and 2 for 1}}
    %s:2 = scan.advance ["h"] identity ring real input(%x0, %x0 : f32, f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c3(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{rows and contract: expected equal lengths, empty unless dense or low rank}}
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows ["n"] contract ["m"] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c4_state(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{expected a state and results of its element type, got "g"}}
    %r:2 = scan.advance ["g"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c4_type(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{expected a state and results of its element type, got "h"}}
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f64, f64
    scan.yield outs(%x0 : f32)
  }
  return
}

// -----

func.func @advance_c5(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{expected indices of the state in rows and others in contract, got ["n"] and ["n"]}}
    %s:2 = scan.advance ["h"] dense ring real transition(%w0 : f32) input(%x0 : f32)
        rows ["n"] contract ["n"] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c6_transition(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{transition operand 0 varies over an index that its place in a scalar transition lacks}}
    %s:2 = scan.advance ["h"] scalar ring real transition(%x0 : f32) input(%x0 : f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @advance_c6_input(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    // expected-error @below {{input of state "h" varies over an index it lacks}}
    %s:2 = scan.advance ["h"] identity ring real input(%w0 : f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @reduce_c1(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{over: expected distinct index dimensions, got ["t"]}}
    %r = scan.reduce add over ["t"] %x0 : f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @reindex_c1_names(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{from: expected distinct names, got "n" twice}}
    %r = scan.reindex %x0 ["n", "n"] to ["m", "m"] : f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @reindex_c1_lengths(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{expected as many names in from as in to, got 1 and 2}}
    %r = scan.reindex %x0 ["n"] to ["n", "m"] : f32
    scan.yield outs(%s#0 : f32)
  }
  return
}

// -----

func.func @reindex_c2(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y = scan.affine ins(%x, %w : tensor<8x4xf32>, tensor<4x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>, #scan.dim<index m in N : 4>],
      input_maps = [affine_map<(t, n, m) -> (t, n)>, affine_map<(t, n, m) -> (n, m)>],
      output_maps = [affine_map<(t, n, m) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%x0: f32, %w0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32)
        rows [] contract [] : f32, f32
    // expected-error @below {{expected index dimensions, got ["n"] and ["k"]}}
    %r = scan.reindex %x0 ["n"] to ["k"] : f32
    scan.yield outs(%s#0 : f32)
  }
  return
}
