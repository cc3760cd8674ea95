//===- scanc/Npy.h - Tensors in NumPy's .npy files --------------*- C++ -*-===//
//
// Public and installed. Standard library only.
//
// f64 f32 f16 i32 c64 are NumPy's own types '<f8' '<f4' '<f2' '<i4' '<c8'.
// NumPy has no bf16 and no f8: bf16 is written as '<V2' (as ml_dtypes does),
// the f8 types as '<V1'. On reading, '<V2' or '<u2' is bf16; '<V1' or '|u1' is
// the f8 type that the caller expects.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_NPY_H
#define SCANC_NPY_H

#include "scanc/Result.h"
#include "scanc/Tensor.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanc {

/// A contiguous host tensor that owns its memory.
struct NpyTensor {
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> sizes;
  /// Elements in row-major order. 8-byte words, so that every element type is aligned; the last
  /// word may be used in part.
  std::vector<std::uint64_t> words;

  NpyTensor() = default;
  /// All bytes zero. Requires sizes >= 0 whose product fits in memory.
  NpyTensor(Dtype dtype, std::vector<std::int64_t> sizes);

  std::int64_t elements() const;
  std::int64_t bytes() const { return elements() * sizeOf(dtype); }
  /// A view of the memory; null where there is no element.
  TensorRef view();
};

/// Reads a tensor of version 1 or 2, row-major and little-endian. `expected` resolves types that
/// NumPy cannot name; a file of another type is then an error.
Result<NpyTensor> parseNpy(std::string_view bytes, std::optional<Dtype> expected = std::nullopt);
Result<NpyTensor> loadNpy(const std::string &path, std::optional<Dtype> expected = std::nullopt);

/// A host tensor, of any strides, as the bytes of a row-major `.npy`.
Result<std::string> formatNpy(const TensorRef &tensor);
/// Writes these to a file.
Result<void> storeNpy(const std::string &path, const TensorRef &tensor);

} // namespace scanc

#endif // SCANC_NPY_H
