//===- DLPack.cpp - The ABI of DLPack, declared by hand -------------------===//
//
// https://dmlc.github.io/dlpack: version 1.x, and the struct of version 0.
//
//===----------------------------------------------------------------------===//
#include "scanc/DLPack.h"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace scanc {
namespace {

struct Device {
  static constexpr std::int32_t cpu = 1, cuda = 2, cudaHost = 3, cudaManaged = 13;
  std::int32_t kind;
  std::int32_t index;
};

struct ElementType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void *data;
  Device device;
  std::int32_t rank;
  ElementType type;
  std::int64_t *sizes;
  std::int64_t *strides; ///< in elements; null: contiguous, last dimension fastest
  std::uint64_t byteOffset;
};

struct Managed {
  Tensor tensor;
  void *owner;
  void (*deleter)(Managed *);
};

struct Version {
  std::uint32_t major, minor;
};

struct ManagedVersioned {
  static constexpr std::uint64_t readOnly = 1;
  Version version;
  void *owner;
  void (*deleter)(ManagedVersioned *);
  std::uint64_t flags;
  Tensor tensor;
};

/// As DLPack 1.1 writes them, in the order of `Dtype`.
constexpr std::uint8_t integer = 0, floating = 2, bfloat = 4, complex = 5, float8E4m3fn = 10,
                       float8E5m2 = 12;
constexpr std::array<ElementType, 8> types{{{floating, 64, 1},
                                            {floating, 32, 1},
                                            {floating, 16, 1},
                                            {bfloat, 16, 1},
                                            {float8E4m3fn, 8, 1},
                                            {float8E5m2, 8, 1},
                                            {complex, 64, 1},
                                            {integer, 32, 1}}};

Error notRead(std::string why) {
  return makeError("SC6061", ErrorKind::input,
                   fmt::format("expected a DLPack tensor that scanc reads, got {}", why),
                   "give what __dlpack__ of the tensor gives, with a version below 2.0");
}

Result<Dtype> dtypeOf(const ElementType &type) {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i].code == type.code && types[i].bits == type.bits && type.lanes == 1)
      return static_cast<Dtype>(i);
  return makeError(
      "SC6062", ErrorKind::input,
      fmt::format("expected elements of f64, f32, f16, bf16, f8e4m3, f8e5m2, c64 or i32, "
                  "got DLPack's code {} of {} bits and {} lanes",
                  type.code, type.bits, type.lanes),
      "convert the tensor; give vectors of lanes as a dimension");
}

Result<TensorRef> view(const Tensor &tensor, const DLPackUse &use) {
  if (tensor.rank < 0 || (tensor.rank > 0 && !tensor.sizes))
    return notRead(
        fmt::format("{} dimensions{}", tensor.rank, tensor.sizes ? "" : " without sizes"));
  Result<Dtype> dtype = dtypeOf(tensor.type);
  if (!dtype)
    return dtype.error();
  TensorRef ref;
  ref.dtype = *dtype;
  switch (tensor.device.kind) {
  case Device::cpu:
    break;
  case Device::cuda:
    ref.device = DeviceKind::cuda;
    ref.deviceIndex = tensor.device.index;
    break;
  case Device::cudaHost:
  case Device::cudaManaged:
    ref.device = use.device;
    ref.deviceIndex = use.deviceIndex;
    break;
  default:
    return makeError(
        "SC6063", ErrorKind::input,
        fmt::format("expected memory of the host or of a CUDA device, got DLPack's device "
                    "type {}",
                    tensor.device.kind),
        "copy the tensor to the host or to a CUDA device");
  }
  if (tensor.data)
    ref.data = static_cast<char *>(tensor.data) + tensor.byteOffset;
  ref.sizes.assign(tensor.sizes, tensor.sizes + tensor.rank);
  if (tensor.strides)
    ref.strides.assign(tensor.strides, tensor.strides + tensor.rank);
  return ref;
}

/// What an exported tensor points to, and whom its deleter tells.
template <typename Exported>
struct Owner {
  Exported exported{};
  std::vector<std::int64_t> sizes, strides;
  std::function<void()> release;
};

template <typename Exported>
Exported &give(const TensorRef &tensor, std::function<void()> release) {
  auto *owner = new Owner<Exported>;
  owner->sizes = tensor.sizes;
  owner->strides = tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  owner->release = std::move(release);
  Exported &exported = owner->exported;
  exported.tensor = {tensor.data,
                     {tensor.device == DeviceKind::cpu ? Device::cpu : Device::cuda,
                      tensor.device == DeviceKind::cpu ? 0 : tensor.deviceIndex},
                     static_cast<std::int32_t>(tensor.sizes.size()),
                     types[static_cast<std::size_t>(tensor.dtype)],
                     owner->sizes.data(),
                     owner->strides.data(),
                     0};
  exported.owner = owner;
  exported.deleter = [](Exported *self) {
    std::unique_ptr<Owner<Exported>> owner(static_cast<Owner<Exported> *>(self->owner));
    if (owner->release)
      owner->release();
  };
  return exported;
}

} // namespace

Result<TensorRef> fromDLPack(const DLManagedTensor *tensor, const DLPackUse &use) {
  if (!tensor)
    return notRead("null");
  return view(reinterpret_cast<const Managed *>(tensor)->tensor, use);
}

Result<TensorRef> fromDLPack(const DLManagedTensorVersioned *tensor, const DLPackUse &use) {
  if (!tensor)
    return notRead("null");
  const auto &managed = *reinterpret_cast<const ManagedVersioned *>(tensor);
  // Another major version may have another layout after its version and deleter.
  if (managed.version.major != 1)
    return notRead(fmt::format("version {}.{}", managed.version.major, managed.version.minor));
  if (use.isWritten && (managed.flags & ManagedVersioned::readOnly))
    return makeError("SC6064", ErrorKind::input,
                     "expected a tensor that may be written, got one that is read-only",
                     "give a result memory of its own");
  return view(managed.tensor, use);
}

DLManagedTensorVersioned *toDLPack(const TensorRef &tensor, std::function<void()> release) {
  auto &exported = give<ManagedVersioned>(tensor, std::move(release));
  exported.version = {1, 0};
  return reinterpret_cast<DLManagedTensorVersioned *>(&exported);
}

void release(DLManagedTensorVersioned *tensor) {
  if (auto *managed = reinterpret_cast<ManagedVersioned *>(tensor); managed && managed->deleter)
    managed->deleter(managed);
}

void release(DLManagedTensor *tensor) {
  if (auto *managed = reinterpret_cast<Managed *>(tensor); managed && managed->deleter)
    managed->deleter(managed);
}

DLManagedTensor *toUnversionedDLPack(const TensorRef &tensor, std::function<void()> release) {
  return reinterpret_cast<DLManagedTensor *>(&give<Managed>(tensor, std::move(release)));
}

} // namespace scanc
