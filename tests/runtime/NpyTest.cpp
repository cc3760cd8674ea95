//===- NpyTest.cpp - NumPy's files, whole or damaged ----------------------===//
#include "scanc/Npy.h"
#include "Sample.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace scanc {
namespace {

using testing::ScratchFolder;

std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A file of version 1 with this header.
std::string withHeader(std::string header, std::size_t dataBytes, int version = 1) {
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  if (version == 2)
    bytes += std::string(2, '\0');
  return bytes + header + std::string(dataBytes, '\1');
}

std::string codeOf(const std::string &bytes, std::optional<Dtype> expected = std::nullopt) {
  Result<NpyTensor> tensor = parseNpy(bytes, expected);
  return tensor ? "" : tensor.error().code;
}

TEST(Npy, every_type_survives_a_round_trip) {
  ScratchFolder folder;
  for (Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::f8e4m3, Dtype::f8e5m2,
                      Dtype::c64, Dtype::i32})
    for (std::vector<std::int64_t> sizes :
         {std::vector<std::int64_t>{}, {5}, {2, 3}, {2, 0, 3}, {1, 2, 3, 4}}) {
      NpyTensor tensor(dtype, sizes);
      for (std::int64_t i = 0; i < tensor.bytes(); ++i)
        reinterpret_cast<char *>(tensor.words.data())[i] = static_cast<char>(i * 7 + 1);
      std::string path = folder / "a.npy";
      ASSERT_TRUE(storeNpy(path, tensor.view()));
      EXPECT_EQ((contents(path).size() - tensor.bytes()) % 64, 0u);
      Result<NpyTensor> again = loadNpy(path, dtype);
      ASSERT_TRUE(again) << render(again.error());
      EXPECT_EQ(again->sizes, sizes);
      EXPECT_EQ(again->words, tensor.words);
    }
}

TEST(Npy, header_is_what_numpy_writes) {
  ScratchFolder folder;
  ASSERT_TRUE(storeNpy(folder / "a.npy", NpyTensor(Dtype::f32, {3}).view()));
  std::string text = contents(folder / "a.npy");
  EXPECT_EQ(text.substr(10, 55), "{'descr': '<f4', 'fortran_order': False, 'shape': (3,),");
  EXPECT_EQ(text[127], '\n');
}

TEST(Npy, strided_tensors_are_written_in_order) {
  ScratchFolder folder;
  float memory[6] = {0, 1, 2, 3, 4, 5};
  TensorRef transposed{memory, Dtype::f32, {3, 2}, {1, 3}};
  ASSERT_TRUE(storeNpy(folder / "a.npy", transposed));
  Result<NpyTensor> again = loadNpy(folder / "a.npy");
  ASSERT_TRUE(again);
  const float *values = static_cast<const float *>(again->view().data);
  EXPECT_EQ(std::vector<float>(values, values + 6), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  TensorRef reversed{memory + 5, Dtype::f32, {6}, {-1}};
  ASSERT_TRUE(storeNpy(folder / "b.npy", reversed));
  again = loadNpy(folder / "b.npy");
  ASSERT_TRUE(again);
  EXPECT_EQ(static_cast<const float *>(again->view().data)[0], 5);
}

TEST(Npy, reads_version_2_other_orders_and_spacing) {
  EXPECT_EQ(codeOf(withHeader("{ \"shape\":(2,3), 'fortran_order' : False,'descr':'<f4'}", 24, 2)),
            "");
}

TEST(Npy, types_without_a_name_in_numpy) {
  std::string half = withHeader("{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", 4);
  Result<NpyTensor> bf16 = parseNpy(half);
  ASSERT_TRUE(bf16);
  EXPECT_EQ(bf16->dtype, Dtype::bf16);
  std::string byte = withHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", 2);
  EXPECT_EQ(codeOf(byte), "SC6053");
  EXPECT_EQ(codeOf(byte, Dtype::f8e5m2), "");
  EXPECT_EQ(codeOf(byte, Dtype::f8e4m3), "");
}

TEST(Npy, sc6051_files_that_cannot_be_opened) {
  ScratchFolder folder;
  EXPECT_EQ(loadNpy(folder / "missing.npy").error().code, "SC6051");
  EXPECT_EQ(storeNpy(folder / "no/such/a.npy", NpyTensor(Dtype::f32, {1}).view()).error().code,
            "SC6051");
  EXPECT_EQ(loadNpy(folder.path()).error().code, "SC6051");
}

TEST(Npy, sc6052_malformed) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  ASSERT_EQ(codeOf(withHeader(good, 8)), "");
  EXPECT_EQ(codeOf(""), "SC6052");
  EXPECT_EQ(codeOf("PK\3\4 a zip"), "SC6052");
  EXPECT_EQ(codeOf(withHeader(good, 7)), "SC6052");
  EXPECT_EQ(codeOf(withHeader(good, 9)), "SC6052");
  EXPECT_EQ(codeOf(withHeader(good, 8, 3)), "SC6052");
  for (const char *header :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "{", ""})
    EXPECT_EQ(codeOf(withHeader(header, 8)), "SC6052") << header;
}

TEST(Npy, truncations_and_flips_never_crash) {
  std::string good = withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", 8);
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_EQ(codeOf(good.substr(0, length)), "SC6052");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      (void)parseNpy(damaged);
    }
}

TEST(Npy, sc6053_types_and_orders_that_scanc_does_not_read) {
  EXPECT_EQ(codeOf(withHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8)),
            "SC6053");
  EXPECT_EQ(codeOf(withHeader("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", 8)),
            "SC6053");
  EXPECT_EQ(codeOf(withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8),
                   Dtype::f16),
            "SC6053");
}

TEST(Npy, sc6054_tensors_that_cannot_be_written) {
  ScratchFolder folder;
  float value = 0;
  auto code = [&](TensorRef tensor) {
    Result<void> stored = storeNpy(folder / "a.npy", tensor);
    return stored ? "" : stored.error().code;
  };
  EXPECT_EQ(code({&value, Dtype::f32, {1}, {}, DeviceKind::cuda}), "SC6054");
  EXPECT_EQ(code({&value, Dtype::f32, {-1}, {}}), "SC6054");
  EXPECT_EQ(code({&value, Dtype::f32, {1}, {1, 1}}), "SC6054");
  EXPECT_EQ(code({nullptr, Dtype::f32, {1}, {}}), "SC6054");
  EXPECT_EQ(code({&value, Dtype::f32, {std::int64_t{1} << 40, std::int64_t{1} << 40}, {}}),
            "SC6054");
}

} // namespace
} // namespace scanc
