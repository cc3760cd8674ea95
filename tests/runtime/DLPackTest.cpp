//===- DLPackTest.cpp - Tensors of other libraries, and for them ----------===//
//
// With structs made by hand, and with those of libdlpack-dev where it is: its
// version 0.6 has the unversioned struct.
//
//===----------------------------------------------------------------------===//
#include "scanc/DLPack.h"

#include <gtest/gtest.h>

#include <cstddef>

#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#define SCANC_HAS_DLPACK 1
#endif

namespace scanc {
namespace {

/// The layout that the specification gives, once more: sizes and offsets on a 64-bit machine.
struct ByHand {
  void *data = nullptr;
  std::int32_t device = 1, index = 0;
  std::int32_t rank = 2;
  std::uint8_t code = 2, bits = 32;
  std::uint16_t lanes = 1;
  std::int64_t *sizes = nullptr, *strides = nullptr;
  std::uint64_t byteOffset = 0;
};
struct Old {
  ByHand tensor;
  void *owner = nullptr;
  void (*deleter)(Old *) = nullptr;
};
struct Versioned {
  std::uint32_t major = 1, minor = 1;
  void *owner = nullptr;
  void (*deleter)(Versioned *) = nullptr;
  std::uint64_t flags = 0;
  ByHand tensor;
};
static_assert(sizeof(ByHand) == 48 && offsetof(ByHand, code) == 20 &&
              offsetof(ByHand, sizes) == 24);

class DLPackTest : public ::testing::Test {
protected:
  DLPackTest() {
    for (ByHand *tensor : {&old.tensor, &versioned.tensor}) {
      tensor->data = memory;
      tensor->sizes = sizes;
    }
  }
  Result<TensorRef> view(const DLPackUse &use = {}) {
    versioned.tensor = old.tensor;
    auto first = fromDLPack(reinterpret_cast<const DLManagedTensor *>(&old), use);
    auto second = fromDLPack(reinterpret_cast<const DLManagedTensorVersioned *>(&versioned), use);
    EXPECT_EQ(bool(first), bool(second));
    return second;
  }
  std::string codeOf(const DLPackUse &use = {}) {
    Result<TensorRef> ref = view(use);
    EXPECT_TRUE(ref || !ref.error().help.empty());
    return ref ? "" : ref.error().code;
  }

  float memory[64] = {};
  std::int64_t sizes[2] = {3, 4}, strides[2] = {8, 2};
  Old old;
  Versioned versioned;
};

TEST_F(DLPackTest, without_strides_a_tensor_is_contiguous) {
  Result<TensorRef> ref = view();
  ASSERT_TRUE(ref) << render(ref.error());
  EXPECT_EQ(ref->data, memory);
  EXPECT_EQ(ref->dtype, Dtype::f32);
  EXPECT_EQ(ref->sizes, (std::vector<std::int64_t>{3, 4}));
  EXPECT_TRUE(ref->strides.empty());
  EXPECT_EQ(ref->device, DeviceKind::cpu);
}

TEST_F(DLPackTest, strides_and_the_offset_in_bytes) {
  old.tensor.strides = strides;
  old.tensor.byteOffset = 12;
  Result<TensorRef> ref = view();
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->data, memory + 3);
  EXPECT_EQ(ref->strides, (std::vector<std::int64_t>{8, 2}));
}

TEST_F(DLPackTest, sizes_beyond_32_bits) {
  sizes[0] = std::int64_t{1} << 40;
  strides[0] = -(std::int64_t{1} << 33);
  old.tensor.strides = strides;
  Result<TensorRef> ref = view();
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->sizes[0], std::int64_t{1} << 40);
  EXPECT_EQ(ref->strides[0], -(std::int64_t{1} << 33));
}

TEST_F(DLPackTest, no_element_and_no_dimension) {
  old.tensor.data = nullptr;
  old.tensor.byteOffset = 16;
  sizes[1] = 0;
  ASSERT_TRUE(view());
  EXPECT_EQ(view()->data, nullptr);
  old.tensor.rank = 0;
  old.tensor.sizes = nullptr;
  ASSERT_TRUE(view());
  EXPECT_TRUE(view()->sizes.empty());
}

TEST_F(DLPackTest, element_types_there_and_back) {
  const std::tuple<Dtype, int, int> expected[] = {
      {Dtype::f64, 2, 64}, {Dtype::f32, 2, 32},    {Dtype::f16, 2, 16},    {Dtype::bf16, 4, 16},
      {Dtype::c64, 5, 64}, {Dtype::f8e4m3, 10, 8}, {Dtype::f8e5m2, 12, 8}, {Dtype::i32, 0, 32}};
  for (auto [dtype, code, bits] : expected) {
    old.tensor.code = code;
    old.tensor.bits = bits;
    ASSERT_TRUE(view());
    EXPECT_EQ(view()->dtype, dtype);
    auto *given = reinterpret_cast<Versioned *>(toDLPack(*view(), {}));
    EXPECT_EQ(given->tensor.code, code);
    EXPECT_EQ(given->tensor.bits, bits);
    EXPECT_EQ(given->tensor.lanes, 1);
    release(reinterpret_cast<DLManagedTensorVersioned *>(given));
  }
}

TEST_F(DLPackTest, tensors_without_a_deleter_belong_to_nobody) {
  release(static_cast<DLManagedTensor *>(nullptr));
  release(static_cast<DLManagedTensorVersioned *>(nullptr));
  release(reinterpret_cast<DLManagedTensor *>(&old));
  release(reinterpret_cast<DLManagedTensorVersioned *>(&versioned));
}

TEST_F(DLPackTest, sc6062_other_element_types_and_vectors_of_lanes) {
  old.tensor.lanes = 4;
  EXPECT_EQ(codeOf(), "SC6062");
  old.tensor.lanes = 1;
  for (auto [code, bits] :
       {std::pair{0, 64}, {1, 32}, {6, 8}, {5, 128}, {2, 128}, {3, 64}, {11, 8}, {200, 32}}) {
    old.tensor.code = code;
    old.tensor.bits = bits;
    EXPECT_EQ(codeOf(), "SC6062") << code << " " << bits;
  }
}

TEST_F(DLPackTest, devices) {
  old.tensor.index = 3;
  for (auto [kind, expected, index] : {std::tuple{1, DeviceKind::cpu, 0},
                                       {2, DeviceKind::cuda, 3},
                                       {3, DeviceKind::cuda, 1},
                                       {13, DeviceKind::cuda, 1}}) {
    old.tensor.device = kind;
    Result<TensorRef> ref = view({false, DeviceKind::cuda, 1});
    ASSERT_TRUE(ref) << kind;
    EXPECT_EQ(ref->device, expected) << kind;
    EXPECT_EQ(ref->deviceIndex, index) << kind;
  }
  old.tensor.device = 3; // pinned memory that the CPU backend reads
  EXPECT_EQ(view({false, DeviceKind::cpu, 0})->device, DeviceKind::cpu);
}

TEST_F(DLPackTest, sc6063_devices_of_others) {
  for (int kind : {0, 4, 7, 8, 10, 14, -1}) {
    old.tensor.device = kind;
    EXPECT_EQ(codeOf(), "SC6063") << kind;
  }
}

TEST_F(DLPackTest, sc6061_what_is_no_tensor) {
  EXPECT_EQ(fromDLPack(static_cast<const DLManagedTensor *>(nullptr)).error().code, "SC6061");
  EXPECT_EQ(fromDLPack(static_cast<const DLManagedTensorVersioned *>(nullptr)).error().code,
            "SC6061");
  old.tensor.rank = -1;
  EXPECT_EQ(codeOf(), "SC6061");
  old.tensor.rank = 2;
  old.tensor.sizes = nullptr;
  EXPECT_EQ(codeOf(), "SC6061");
  for (std::uint32_t major : {0u, 2u}) { // the rest may lie elsewhere
    versioned.major = major;
    auto ref = fromDLPack(reinterpret_cast<const DLManagedTensorVersioned *>(&versioned));
    ASSERT_FALSE(ref);
    EXPECT_EQ(ref.error().code, "SC6061");
  }
}

TEST_F(DLPackTest, sc6064_a_result_that_is_read_only) {
  versioned.flags = 1;
  auto *tensor = reinterpret_cast<const DLManagedTensorVersioned *>(&versioned);
  EXPECT_TRUE(fromDLPack(tensor));
  DLPackUse use;
  use.isWritten = true;
  auto ref = fromDLPack(tensor, use);
  ASSERT_FALSE(ref);
  EXPECT_EQ(ref.error().code, "SC6064");
  versioned.flags = 2; // copied for us
  EXPECT_TRUE(fromDLPack(tensor, use));
}

TEST_F(DLPackTest, the_deleter_releases_once) {
  int released = 0;
  TensorRef tensor{memory, Dtype::bf16, {2, 5}, {}, DeviceKind::cuda, 1};
  auto *given = reinterpret_cast<Versioned *>(toDLPack(tensor, [&] { ++released; }));
  EXPECT_EQ(given->major, 1u);
  EXPECT_EQ(given->flags, 0u);
  EXPECT_EQ(given->tensor.data, memory);
  EXPECT_EQ(given->tensor.device, 2);
  EXPECT_EQ(given->tensor.index, 1);
  EXPECT_EQ(given->tensor.byteOffset, 0u);
  EXPECT_EQ(given->tensor.rank, 2);
  EXPECT_EQ(given->tensor.strides[0], 5); // never null: DLPack 1.2 asks for strides
  auto back = fromDLPack(reinterpret_cast<DLManagedTensorVersioned *>(given));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sizes, tensor.sizes);
  EXPECT_EQ(back->deviceIndex, 1);
  EXPECT_EQ(released, 0);
  given->deleter(given);
  EXPECT_EQ(released, 1);
}

TEST_F(DLPackTest, libraries_of_dlpack_0) {
  int released = 0;
  TensorRef tensor{memory, Dtype::c64, {4}, {2}, DeviceKind::cpu, 0};
  DLManagedTensor *given = toUnversionedDLPack(tensor, [&] { ++released; });
#ifdef SCANC_HAS_DLPACK
  EXPECT_EQ(given->dl_tensor.device.device_type, kDLCPU);
  EXPECT_EQ(given->dl_tensor.dtype.code, kDLComplex);
  EXPECT_EQ(given->dl_tensor.dtype.bits, 64);
  EXPECT_EQ(given->dl_tensor.ndim, 1);
  EXPECT_EQ(given->dl_tensor.shape[0], 4);
  EXPECT_EQ(given->dl_tensor.strides[0], 2);
  given->deleter(given);
#else
  auto *same = reinterpret_cast<Old *>(given);
  EXPECT_EQ(same->tensor.strides[0], 2);
  same->deleter(same);
#endif
  EXPECT_EQ(released, 1);
}

#ifdef SCANC_HAS_DLPACK
static_assert(sizeof(Old) == sizeof(DLManagedTensor));
static_assert(offsetof(Old, deleter) == offsetof(DLManagedTensor, deleter));
static_assert(offsetof(ByHand, byteOffset) == offsetof(DLTensor, byte_offset));

TEST_F(DLPackTest, a_tensor_of_the_library) {
  DLManagedTensor tensor{};
  tensor.dl_tensor.data = memory;
  tensor.dl_tensor.device = {kDLCUDA, 1};
  tensor.dl_tensor.ndim = 2;
  tensor.dl_tensor.dtype = {kDLBfloat, 16, 1};
  tensor.dl_tensor.shape = sizes;
  tensor.dl_tensor.byte_offset = 4;
  Result<TensorRef> ref = fromDLPack(&tensor);
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->data, memory + 1);
  EXPECT_EQ(ref->dtype, Dtype::bf16);
  EXPECT_EQ(ref->deviceIndex, 1);
}
#endif

} // namespace
} // namespace scanc
