//===- copies_test.cpp - Copies to shared memory land when they are waited for ===//
#include "tests/emulation/TestKernel.h"

using namespace scanc;
using namespace scanc::emulation;

namespace {

/// One block of 32 threads; each copies two of its floats to shared memory in two groups. Runs
/// several seeds, since a copy may land at once.
Result<Statistics> launchCopies(const std::string &body, std::vector<float> &out) {
  std::vector<float> in(64);
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<float>(i);
  Buffer input = bufferOf("in", in), output = bufferOf("out", out);
  input.writable = false;
  EmulatedModule module =
      buildKernel("float *in; float *out;",
                  "  float *cells = &block_storage<float>();\n  const int i = thread_index();\n"
                  "  start_copy<4>(cells + i, args.in + i);\n  close_copies();\n"
                  "  start_copy<4>(cells + 32 + i, args.in + 32 + i);\n  close_copies();\n" +
                      body);
  for (std::uint64_t seed = 0;; ++seed) {
    auto result =
        module.launch({.threads = 32, .sharedBytes = 256},
                      std::vector{wordOf(input), wordOf(output)}, {input, output}, {.seed = seed});
    if (!result || seed == 3)
      return result;
  }
}

TEST(Copies, landInTheOrderOfTheirGroups) {
  std::vector<float> out(64);
  expectSuccess(
      launchCopies("  await_copies<1>();\n"
                   "  store_global<1>(args.out + i, {shared_load(cells[i])});\n"
                   "  await_copies<0>();\n"
                   "  store_global<1>(args.out + 32 + i, {shared_load(cells[32 + i])});\n",
                   out));
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], static_cast<float>(i));
}

TEST(Copies, aCellThatIsReadTooEarlyIsReported) {
  std::vector<float> out(64);
  expectFault(launchCopies("  await_copies<1>();\n"
                           "  store_global<1>(args.out + i, {shared_load(cells[32 + i])});\n",
                           out),
              "unwritten", {"of shared memory is read before"});
}

TEST(Copies, ofAnotherThreadNeedABarrier) {
  std::vector<float> out(64);
  Result<Statistics> result =
      launchCopies("  await_copies<0>();\n"
                   "  store_global<1>(args.out + i, {shared_load(cells[31 - i])});\n",
                   out);
  ASSERT_FALSE(result);
  // Which of the two depends on who came first.
  EXPECT_TRUE(result.error().code == "emulation.race" ||
              result.error().code == "emulation.unwritten")
      << result.error().code;
}

TEST(Copies, misalignedSourceIsReported) {
  std::vector<float> out(64);
  expectFault(launchCopies("  start_copy<8>(cells, args.in + 1);\n", out), "alignment",
              {"of buffer 'in' is not aligned to 8 bytes"});
}

/// Thread 0 orders 64 columns of the second of two matrices of 8 x 8, of which the rest is zero;
/// thread i writes out row i / 4, columns 16 (i % 4) to 16 (i % 4) + 15, in pieces that lie
/// swizzled.
Result<Statistics> launchMatrixCopy(const std::string &wait, std::vector<std::uint16_t> &out) {
  std::vector<std::uint16_t> in(128);
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<std::uint16_t>(i);
  std::vector<std::uint32_t> map(64);
  Buffer input = bufferOf("in", in), output = bufferOf("out", out), place = bufferOf("map", map);
  input.writable = false;
  const std::string text =
      "#include \"scanc/core/tensor_copies.cuh\"\nusing namespace scanc::device;\n"
      "struct arguments { uint16_t *in; uint16_t *out; unsigned char *map; };\n"
      "struct cells { alignas(1024) uint16_t matrix[8][64]; matrix_map map; landing landed; };\n"
      "extern \"C\" __global__ void __launch_bounds__(32)\n"
      "test_kernel(const __grid_constant__ arguments args) {\n"
      "  cells &own = block_storage<cells>();\n  const int i = thread_index();\n"
      "  auto *map = reinterpret_cast<matrix_map *>(\n"
      "      (reinterpret_cast<uint64_t>(args.map) + 127) / 128 * 128);\n"
      "  make_matrix_map<8>(own.map, map, {args.in, 8, 8, 2, 16, 128});\n"
      "  if (i == 0) make_landing(own.landed);\n  block_barrier();\n"
      "  if (i == 0) {\n    expect_copies(own.landed, 1024);\n"
      "    start_matrix_copy<8>(own.matrix, map, 0, 0, 1, own.landed);\n  }\n" +
      wait +
      "  for (int piece = 2 * (i % 4); piece < 2 * (i % 4) + 2; ++piece) {\n"
      "    uint16_t some[8];\n    for (int k = 0; k < 8; ++k)\n"
      "      some[k] = shared_load(own.matrix[i / 4][8 * (piece ^ i / 4) + k]);\n"
      "    store_global<8>(args.out + 64 * (i / 4) + 8 * piece, some);\n  }\n}\n";
  return orExit(EmulatedModule::build(text, std::vector<std::string>{}, "test_kernel"))
      .launch({.threads = 32, .sharedBytes = 2048},
              std::vector{wordOf(input), wordOf(output), wordOf(place)}, {input, output, place},
              {.seed = 1});
}

TEST(Copies, aMatrixIsThereWhenItHasLanded) {
  std::vector<std::uint16_t> out(512);
  expectSuccess(launchMatrixCopy("  await_landing(own.landed, 0);\n", out));
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], i % 64 < 8 ? 64 + i / 64 * 8 + i % 64 : 0) << i;
}

TEST(Copies, aMatrixThatIsReadBeforeItHasLandedIsReported) {
  std::vector<std::uint16_t> out(512);
  EXPECT_FALSE(launchMatrixCopy("", out));
}

/// A warp orders 512 bytes; thread i writes out 16 of them.
Result<Statistics> launchCopy(const std::string &wait, std::vector<std::uint16_t> &out) {
  std::vector<std::uint16_t> in(256);
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<std::uint16_t>(i);
  Buffer input = bufferOf("in", in), output = bufferOf("out", out);
  input.writable = false;
  const std::string text =
      "#include \"scanc/core/tensor_copies.cuh\"\nusing namespace scanc::device;\n"
      "struct arguments { uint16_t *in; uint16_t *out; };\n"
      "struct cells { alignas(16) uint16_t numbers[256]; landing landed; };\n"
      "extern \"C\" __global__ void __launch_bounds__(32)\n"
      "test_kernel(const __grid_constant__ arguments args) {\n"
      "  cells &own = block_storage<cells>();\n  const int i = thread_index();\n"
      "  if (i == 0) make_landing(own.landed);\n  block_barrier();\n"
      "  if (i == 0) expect_copies(own.landed, 512);\n"
      "  order_copy(own.numbers, args.in, 512, own.landed);\n" +
      wait +
      "  uint16_t some[8];\n  for (int k = 0; k < 8; ++k)\n    some[k] = shared_load(own.numbers[8 * i + k]);\n"
      "  store_global<8>(args.out + 8 * i, some);\n}\n";
  return orExit(EmulatedModule::build(text, std::vector<std::string>{}, "test_kernel"))
      .launch({.threads = 32, .sharedBytes = 1024}, std::vector{wordOf(input), wordOf(output)}, {input, output}, {.seed = 1});
}

TEST(Copies, whatLiesTogetherIsThereWhenItHasLanded) {
  std::vector<std::uint16_t> out(256);
  expectSuccess(launchCopy("  await_landing(own.landed, 0);\n", out));
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], i);
}

TEST(Copies, whatLiesTogetherAndIsReadBeforeItHasLandedIsReported) {
  std::vector<std::uint16_t> out(256);
  EXPECT_FALSE(launchCopy("", out));
}

/// The second warp writes what the first one then orders a copy over, and the third waits for that.
Result<Statistics> launchCopyOver(const std::string &wait, std::vector<std::uint16_t> &out, std::uint64_t seed) {
  std::vector<std::uint16_t> in(256, 7);
  Buffer input = bufferOf("in", in), output = bufferOf("out", out);
  input.writable = false;
  const std::string text =
      "#include \"scanc/core/tensor_copies.cuh\"\nusing namespace scanc::device;\n"
      "struct arguments { uint16_t *in; uint16_t *out; };\n"
      "struct cells { alignas(16) uint16_t numbers[256]; landing landed, left; };\n"
      "extern \"C\" __global__ void __launch_bounds__(96)\n"
      "test_kernel(const __grid_constant__ arguments args) {\n"
      "  cells &own = block_storage<cells>();\n  const int i = lane_index();\n"
      "  if (thread_index() == 0) {\n    make_landing(own.landed);\n    make_landing(own.left, 1);\n  }\n  block_barrier();\n"
      "  if (warp_index() == 1) {\n    shared_store(own.numbers[i], uint16_t{1});\n    arrive_together(own.left, 1);\n"
      "  } else if (warp_index() == 0) {\n    if (i == 0) expect_copies(own.landed, 512);\n" +
      wait +
      "    order_copy(own.numbers, args.in, 512, own.landed);\n"
      "  } else {\n    await_landing(own.landed, 0);\n    uint16_t some[8];\n"
      "    for (int k = 0; k < 8; ++k)\n      some[k] = shared_load(own.numbers[8 * i + k]);\n"
      "    store_global<8>(args.out + 8 * i, some);\n  }\n}\n";
  return orExit(EmulatedModule::build(text, std::vector<std::string>{}, "test_kernel"))
      .launch({.threads = 96, .sharedBytes = 1024}, std::vector{wordOf(input), wordOf(output)}, {input, output}, {.seed = seed});
}

TEST(Copies, whoWaitsForOneNeedNotKnowWhatTheOneWhoOrdersKnew) {
  std::vector<std::uint16_t> out(256);
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    expectSuccess(launchCopyOver("    await_landing(own.left, 0);\n", out, seed));
  EXPECT_EQ(out, std::vector<std::uint16_t>(256, 7));
}

TEST(Copies, oneOverWhatIsNotLeftIsReported) {
  std::vector<std::uint16_t> out(256);
  EXPECT_FALSE(launchCopyOver("", out, 1));
}

/// Thread 0 writes 1 to 4 to a number of shared memory, one after the other, which the second warp
/// adds up.
Result<Statistics> launchHandOver(const std::string &wait, const std::string &tell, float &sum,
                                  std::uint64_t seed) {
  std::vector<float> out(32);
  Buffer output = bufferOf("out", out);
  const std::string text =
      "#include \"scanc/core/tensor_copies.cuh\"\nusing namespace scanc::device;\n"
      "struct arguments { float *out; };\n"
      "struct cells { float number; landing there, read; };\n"
      "extern \"C\" __global__ void __launch_bounds__(64)\n"
      "test_kernel(const __grid_constant__ arguments args) {\n"
      "  cells &own = block_storage<cells>();\n"
      "  if (thread_index() == 0) {\n    make_landing(own.there);\n"
      "    make_landing(own.read, 32);\n  }\n  block_barrier();\n  float sum = 0;\n"
      "  for (int i = 0; i < 4; ++i)\n    if (thread_index() == 0) {\n" +
      wait +
      "      shared_store(own.number, 1.0f + i);\n      arrive(own.there, 1);\n"
      "    } else if (warp_index() == 1) {\n      await_landing(own.there, i % 2);\n"
      "      sum += shared_load(own.number);\n" +
      tell +
      "    }\n  if (warp_index() == 1)\n"
      "    store_global<1>(args.out + lane_index(), {sum});\n}\n";
  auto result = orExit(EmulatedModule::build(text, std::vector<std::string>{}, "test_kernel"))
                    .launch({.threads = 64, .sharedBytes = 64}, std::vector{wordOf(output)},
                            {output}, {.seed = seed});
  sum = out[31];
  return result;
}

TEST(Copies, aCellThatWaitsForAWarpHandsMemoryOver) {
  float sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    expectSuccess(launchHandOver("      await_landing(own.read, i % 2 ^ 1);\n",
                                 "      arrive(own.read, 32);\n", sum, seed));
    EXPECT_EQ(sum, 10.0f);
  }
}

TEST(Copies, memoryThatIsWrittenBeforeAWarpHasArrivedIsReported) {
  float sum = 0;
  EXPECT_FALSE(launchHandOver("", "      arrive(own.read, 32);\n", sum, 1));
}

TEST(Copies, aThreadThatDoesNotArriveIsReported) {
  float sum = 0;
  auto result =
      launchHandOver("      await_landing(own.read, i % 2 ^ 1);\n",
                     "      if (lane_index() > 0)\n        arrive(own.read, 32);\n", sum, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "emulation.hang");
}

} // namespace
