//===- block/projected_factor.cuh - How a factor of a product lies in memory ---===//
#pragma once

namespace scanc::device::block {

/// In elements; its rows are steps, as visited, or columns of the product.
template <typename T>
struct projected_factor {
  const T *data;
  long long row, term;
};

} // namespace scanc::device::block
