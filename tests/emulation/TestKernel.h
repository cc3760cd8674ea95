//===- TestKernel.h - A small kernel and the launches a test makes of it ---===//
#ifndef SCANC_TESTS_EMULATION_TESTKERNEL_H
#define SCANC_TESTS_EMULATION_TESTKERNEL_H

#include "tests/emulation/Emulation.h"

#include <gtest/gtest.h>

namespace scanc::emulation {

/// A kernel of one parameter, `arguments args`, whose members are `members`.
inline EmulatedModule buildKernel(const std::string &members, const std::string &body) {
  const std::string text = "#include \"scanc/core/hardware.cuh\"\n"
                           "using namespace scanc::device;\n"
                           "struct arguments { " +
                           members +
                           " };\n"
                           "extern \"C\" __global__ void __launch_bounds__(1024)\n"
                           "test_kernel(const __grid_constant__ arguments args) {\n" +
                           body + "}\n";
  return orExit(EmulatedModule::build(text, std::vector<std::string>{}, "test_kernel"));
}

/// A buffer over the elements of `cells`, and the word that passes its address.
template <typename T>
Buffer bufferOf(const std::string &name, std::vector<T> &cells) {
  return {.name = name,
          .data = cells.data(),
          .bytes = static_cast<std::int64_t>(cells.size() * sizeof(T)),
          .granule = sizeof(T)};
}
inline std::uint64_t wordOf(const Buffer &buffer) {
  return reinterpret_cast<std::uint64_t>(buffer.data);
}

/// Expects that the launch ends with a report of this kind in which all of `parts` occur.
inline void expectFault(const Result<Statistics> &result, const std::string &kind,
                        const std::vector<std::string> &parts) {
  ASSERT_FALSE(result) << "no fault was found";
  EXPECT_EQ(result.error().code, "emulation." + kind) << result.error().message;
  for (const std::string &part : parts)
    EXPECT_NE(result.error().message.find(part), std::string::npos)
        << "no '" << part << "' in: " << result.error().message;
}

inline void expectSuccess(const Result<Statistics> &result) {
  EXPECT_TRUE(result) << result.error().code << ": " << result.error().message;
}

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_TESTKERNEL_H
