//===- OnGpu.cpp - Copy there, launch, copy back --------------------------===//
#include "tests/support/OnGpu.h"

#include "scanc/Device.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace scanc::testing_support {

namespace {

constexpr std::int64_t guard = 4096, alignment = 256;
constexpr char untouched = static_cast<char>(0xff);

/// The bytes of a host tensor from its lowest element to its highest, and a copy of them on the GPU.
class Copy {
public:
  static Result<Copy> create(const TensorRef &tensor) {
    Copy copy(tensor);
    auto memory = DeviceMemory::allocate(0, static_cast<std::int64_t>(copy.image.size()));
    if (!memory)
      return memory.error();
    copy.memory.push_back(std::move(*memory));
    std::memcpy(copy.image.data() + copy.before, copy.lowest, copy.bytes);
    if (auto copied = copy.memory[0].copyFrom(copy.image.data()); !copied)
      return copied.error();
    return copy;
  }

  /// Where the first element is.
  void *first() const { return static_cast<char *>(memory[0].data()) + before + fromLowest; }
  const void *original() const { return lowest + fromLowest; }

  Result<void> collect() {
    if (auto copied = memory[0].copyTo(image.data()); !copied)
      return copied;
    std::memcpy(lowest, image.data() + before, bytes);
    const auto end = image.begin() + before + bytes;
    const auto changed = [](char c) { return c != untouched; };
    if (std::any_of(image.begin(), image.begin() + before, changed) ||
        std::any_of(end, image.end(), changed))
      return makeError("gpu.guard", ErrorKind::internal, "a byte outside of a tensor has changed", "");
    return {};
  }

private:
  explicit Copy(const TensorRef &tensor) {
    const std::int64_t size = sizeOf(tensor.dtype);
    const auto strides = tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
    std::int64_t low = 0, high = 1;
    for (std::size_t d = 0; d < tensor.sizes.size(); ++d) {
      const std::int64_t reach = (tensor.sizes[d] - 1) * strides[d];
      (reach < 0 ? low : high) += reach;
    }
    if (std::find(tensor.sizes.begin(), tensor.sizes.end(), 0) != tensor.sizes.end())
      low = high = 0;
    lowest = static_cast<char *>(tensor.data) + low * size;
    fromLowest = -low * size;
    bytes = (high - low) * size;
    before = guard + static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(lowest) % alignment);
    image.assign(before + bytes + guard, untouched);
  }

  char *lowest;
  std::int64_t fromLowest, bytes, before;
  std::vector<char> image;
  std::vector<DeviceMemory> memory; ///< one
};

} // namespace

Result<void> launchOnGpu(const Kernel &kernel, const std::vector<TensorRef> &tensors) {
  std::vector<Copy> copies;
  std::vector<TensorRef> there = tensors;
  for (TensorRef &tensor : there) {
    auto copy = std::find_if(copies.begin(), copies.end(),
                             [&](const Copy &one) { return one.original() == tensor.data; });
    if (copy == copies.end()) {
      auto made = Copy::create(tensor);
      if (!made)
        return made.error();
      copy = copies.insert(copies.end(), std::move(*made));
    }
    tensor.data = copy->first();
    tensor.device = DeviceKind::cuda;
  }
  if (auto launched = kernel.launch(there); !launched)
    return launched;
  if (auto waited = synchronize(0); !waited)
    return waited;
  for (Copy &copy : copies)
    if (auto collected = copy.collect(); !collected)
      return collected;
  return {};
}

} // namespace scanc::testing_support
