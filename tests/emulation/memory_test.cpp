//===- memory_test.cpp - Accesses that the hardware would not forgive ------===//
#include "tests/emulation/TestKernel.h"

#include <cmath>

using namespace scanc;
using namespace scanc::emulation;

namespace {

/// Launches one block of 32 threads over `in` (64 floats, an input) and `out` (32 floats).
Result<Statistics> launchCopy(const std::string &body, Options options = {}) {
  std::vector<float> in(64, 1.0f), out(32);
  Buffer input = bufferOf("in", in), output = bufferOf("out", out);
  input.writable = false;
  output.initialized = false;
  return buildKernel("float *in; float *out;", "  __shared__ float cells[64];\n  float x[1];\n"
                                               "  const int i = thread_index();\n" +
                                                   body)
      .launch({.threads = 32}, std::vector{wordOf(input), wordOf(output)}, {input, output},
              options);
}

TEST(Memory, checkedCopyPasses) {
  expectSuccess(
      launchCopy("  load_global<1>(x, args.in + i); store_global<1>(args.out + i, x);\n"));
}

TEST(Memory, loadPastTheEndIsReported) {
  expectFault(launchCopy("  load_global<1>(x, args.in + 33 + i);\n"), "bounds",
              {"buffer 'in' has 256 bytes", "at byte 256",
               "block 0, thread 31 reads at "
               "test_kernel.cu:9"});
}

TEST(Memory, vectorThatStraddlesTheEndIsReported) {
  expectFault(launchCopy("  float four[4]; load_global<4>(four, args.in + 2 * i);\n"), "bounds",
              {"buffer 'in'", "at byte 248", "16 bytes"});
}

TEST(Memory, storeBeforeTheBeginIsReported) {
  expectFault(launchCopy("  x[0] = 1; if (i == 4) store_global<1>(args.out - 1, x);\n"), "bounds",
              {"buffer 'out' has 128 bytes", "at byte -4", "thread 4 writes"});
}

TEST(Memory, misalignedVectorIsReported) {
  expectFault(launchCopy("  float four[4]; if (i == 3) load_global<4>(four, args.in + 6);\n"),
              "alignment", {"byte 24 of buffer 'in'", "aligned to 16 bytes", "thread 3 reads"});
}

TEST(Memory, storeToAnInputIsReported) {
  expectFault(launchCopy("  x[0] = 2; store_global<1>(args.in + i, x);\n"), "input",
              {"buffer 'in', which is an input"});
}

TEST(Memory, resultReadBeforeItIsWrittenIsReported) {
  expectFault(launchCopy("  load_global<1>(x, args.out + i);\n"), "unwritten",
              {"buffer 'out'", "is read before anything is written"});
}

TEST(Memory, unwrittenSharedMemoryIsReported) {
  expectFault(launchCopy("  shared_store(cells[i], 1.0f);\n  block_barrier();\n"
                         "  x[0] = shared_load(cells[i + 1]);\n"
                         "  store_global<1>(args.out + i, x);\n"),
              "unwritten", {"byte 128 of shared memory", "thread 31 reads at test_kernel.cu:11"});
}

/// Even with the check off, the value is a NaN: neither an innocent zero nor what the block before
/// has left in the same place.
TEST(Memory, unwrittenSharedMemoryReadsAsNan) {
  EmulatedModule module = buildKernel("float *out;", R"(
    __shared__ float cells[32];
    const float found = shared_load(cells[thread_index()]);
    shared_store(cells[thread_index()], 1.0f);
    store_global<1>(args.out + 32 * block_index() + thread_index(), {found});
)");
  std::vector<float> out(64);
  Buffer buffer = bufferOf("out", out);
  expectSuccess(module.launch({.blocks = 2, .threads = 32}, std::vector{wordOf(buffer)}, {buffer},
                              {.residentBlocks = 1, .checkRaces = false}));
  for (float found : out)
    EXPECT_TRUE(std::isnan(found));
}

TEST(Memory, sharedMemoryIsFreshInEveryBlock) {
  EmulatedModule module = buildKernel("float *out;", R"(
    __shared__ float cells[32];
    if (block_index() == 0) shared_store(cells[thread_index()], 1.0f);
    block_barrier();
    if (block_index() == 1) store_global<1>(args.out, {shared_load(cells[thread_index()])});
)");
  std::vector<float> out(1);
  Buffer buffer = bufferOf("out", out);
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    expectFault(module.launch({.blocks = 2, .threads = 32}, std::vector{wordOf(buffer)}, {buffer},
                              {.seed = seed, .residentBlocks = 1}),
                "unwritten", {"block 1"});
}

/// Views of one tensor may overlap: together they are one region.
TEST(Memory, overlappingBuffersAreOneRegion) {
  std::vector<float> cells(32);
  Buffer front = bufferOf("front", cells), back = front;
  front.bytes = 20 * sizeof(float);
  front.writable = false;
  back.name = "back";
  back.data = &cells[10];
  back.bytes = 22 * sizeof(float);
  EmulatedModule module =
      buildKernel("float *cells;", "  store_global<1>(args.cells + thread_index(), {2.0f});\n");
  expectSuccess(module.launch({.threads = 32}, std::vector{wordOf(front)}, {front, back}));
  EXPECT_EQ(cells, std::vector<float>(32, 2.0f));
  expectFault(module.launch({.threads = 33}, std::vector{wordOf(front)}, {front, back}), "bounds",
              {"buffer 'front+back' has 128 bytes", "at byte 128"});
}

/// 8 rows of 3 floats that begin 8 floats apart: what lies between them is somebody else's. A load
/// may have the aligned vector around an element.
TEST(Memory, accessBetweenRowsIsReported) {
  alignas(16) float cells[64] = {};
  Buffer rows{.name = "rows", .data = cells, .granule = 4};
  rows.bytes = (7 * 8 + 3) * sizeof(float);
  rows.extents = {{8, 32}, {3, 4}};
  const auto store = [&](const std::string &body) {
    return buildKernel("float *rows;", "  const int i = thread_index();\n" + body)
        .launch({.threads = 32}, std::vector{wordOf(rows)}, {rows});
  };
  expectSuccess(store("  if (i < 24) store_global<1>(args.rows + i / 3 * 8 + i % 3, {1.0f});\n"));
  expectFault(store("  if (i == 4) store_global<1>(args.rows + i * 8 + 3, {1.0f});\n"), "bounds",
              {"byte 140 of buffer 'rows' is between its elements", "thread 4 writes"});
  expectSuccess(store("  float x[4]; if (i == 2) load_global<4>(x, args.rows + i * 8);\n"));
  expectFault(store("  float x[4]; if (i == 2) load_global<4>(x, args.rows + i * 8 + 4);\n"),
              "bounds", {"byte 80 of buffer 'rows' is between its elements", "reads", "16 bytes"});
  expectFault(
      store("  if (i == 2) store_global<4>(args.rows + i * 8, {1.0f, 1.0f, 1.0f, 1.0f});\n"),
      "bounds", {"byte 76 of buffer 'rows' is between its elements", "writes"});
}

/// Windows of a row that overlap, backwards: every byte up to the last is in one of them.
TEST(Memory, elementsOfOverlappingWindowsAreFound) {
  alignas(16) float cells[64] = {};
  Buffer windows{.name = "windows", .data = cells, .bytes = sizeof cells, .granule = 4};
  windows.extents = {{4, -16}, {6, 4}, {1, 4096}, {5, 0}};
  EmulatedModule module = buildKernel(
      "float *cells;", "  float x[1]; load_global<1>(x, args.cells + thread_index());\n");
  expectSuccess(module.launch({.threads = 18}, std::vector{wordOf(windows)}, {windows}));
  expectSuccess(module.launch({.threads = 20}, std::vector{wordOf(windows)}, {windows}));
  expectFault(module.launch({.threads = 21}, std::vector{wordOf(windows)}, {windows}), "bounds",
              {"byte 80 of buffer 'windows' is between its elements"});
}

/// Of a grid that is too large to run whole, the blocks at its end.
TEST(Memory, blocksThatAreNamedRunAlone) {
  std::vector<float> cells(2);
  Buffer buffer = bufferOf("cells", cells);
  expectSuccess(buildKernel("float *cells;",
                            "  store_global<1>(args.cells + (block_index() == 77), {2.0f});\n")
                    .launch({.blocks = std::int64_t{1} << 24}, std::vector{wordOf(buffer)},
                            {buffer}, {.blocks = {77}}));
  EXPECT_EQ(cells, (std::vector<float>{0, 2}));
}

TEST(Memory, accessPastSharedMemoryIsReported) {
  expectFault(launchCopy("  if (i == 24) shared_store((&cells[0])[i + 40], 1.0f);\n"), "bounds",
              {"shared memory, which has 256 bytes", "at byte 256"});
}

TEST(Memory, sharedMemoryWrittenPastTheWrapperIsReported) {
  expectFault(launchCopy("  cells[i] = 1.0f; shared_store(cells[i], 2.0f);\n"), "unchecked",
              {"without shared_store"});
}

TEST(Memory, argumentsMustFillTheStruct) {
  expectFault(buildKernel("float *in; long long steps;", "")
                  .launch({.threads = 32}, std::vector<std::uint64_t>{1}, {}),
              "arguments", {"takes 2 words of arguments, got 1"});
}

} // namespace
