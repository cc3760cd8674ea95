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
    auto result = module.launch({.threads = 32, .sharedBytes = 256},
                                std::vector{wordOf(input), wordOf(output)}, {input, output},
                                {.seed = seed});
    if (!result || seed == 3)
      return result;
  }
}

TEST(Copies, landInTheOrderOfTheirGroups) {
  std::vector<float> out(64);
  expectSuccess(launchCopies("  await_copies<1>();\n"
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

} // namespace
