//===- block/outer_product.cuh - What a step of outer products has -------===//
//
//   called by      kernels of states that are matrices and are read out
//   result in      constants
//   shared memory  none
//   barriers       none
//
//   R is a recurrence in the sense of templates/README.md.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace scanc::device::block {

template <typename R>
concept decays = requires(const R &r, const typename R::numbers &of) { r.log_decay(of); };
template <typename R>
concept scales_query = requires(const R &r, const typename R::numbers &of) { r.query_scale(of); };
template <typename R>
concept scales_input = requires(const R &r, const typename R::numbers &of) { r.input_scale(of); };
/// Whether the transition is 1 - strength key key', times the decay.
template <typename R>
concept corrects = requires(const R &r, const typename R::numbers &of) { r.strength(of); };

/// Whether a correction reads the state by another vector than its key, reader, as 1 - strength key reader'; where rows have decays
/// of their own, before these.
template <typename R>
concept reads_apart = corrects<R> && requires { &R::fetch_reader; };

/// Whether each place of a step reads the state once, before rows decay: a correction by its query, or results, where nothing decays.
template <typename R>
concept reads_once = corrects<R> && requires { R::reads_once; };

/// Whether results read the state as a step finds it, and, with a bonus, of what the step adds so much of each row.
template <typename R>
concept reads_before = requires { R::reads_before; };
template <typename R>
concept has_bonus = requires(const R &r, const typename R::lane &at) { r.bonus(at, 0); };

/// Whether each row of the state has a decay of its own at each step.
template <typename R>
concept decays_rows = requires(const R &r, typename R::decay_element of) { r.decay(of); };

} // namespace scanc::device::block
