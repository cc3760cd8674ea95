//===- scanc/Tensor.h - A view of somebody's memory -------------*- C++ -*-===//
//
// Public and installed. Standard library only.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TENSOR_H
#define SCANC_TENSOR_H

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace scanc {

/// Element types of the language, spelled as in a `.scan` file.
enum class Dtype : std::uint8_t { f64, f32, f16, bf16, f8e4m3, f8e5m2, c64, i32 };

std::string_view spelling(Dtype dtype);
std::optional<Dtype> dtypeFromSpelling(std::string_view text);
/// Bytes of one element.
std::int64_t sizeOf(Dtype dtype);

/// Where the memory of a tensor lives.
enum class DeviceKind : std::uint8_t { cpu, cuda };

/// A strided view of memory that the caller owns and keeps alive until the work that uses it is done.
///
/// `strides` count elements, may be zero (inputs only) or negative; empty means contiguous, last
/// dimension fastest. Sizes are at least 0. `data` may be null only where a size is 0.
struct TensorRef {
  void *data = nullptr;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  DeviceKind device = DeviceKind::cpu;
  int deviceIndex = 0;
};

/// Strides, in elements, of a contiguous tensor, last dimension fastest.
std::vector<std::int64_t> contiguousStrides(const std::vector<std::int64_t> &sizes);

/// The type of a number's parts: f32 of a c64, which has two, else `dtype` itself.
constexpr Dtype numberType(Dtype dtype) { return dtype == Dtype::c64 ? Dtype::f32 : dtype; }

/// Conversions of one element to and from f64, rounding to nearest even. `c64` has two parts and
/// is read as two f32.
double loadElement(const void *address, Dtype dtype);
void storeElement(void *address, Dtype dtype, double value);

} // namespace scanc

#endif // SCANC_TENSOR_H
