//===- FaultSitesTest.cpp - Every call of the driver and NVRTC fails ------===//
#include "FaultFixture.h"

#include "scanc/Nvrtc.h"

#include <set>
#include <sstream>

namespace scanc {
namespace {

using testing::FaultFixture;
using testing::inChild;

class FaultSitesTest : public FaultFixture {
protected:
  /// What is wrong with an error that a fault of a library made; "" if nothing.
  static std::string flawOf(const Error &error) {
    bool typed = error.code.starts_with("SC5") || error.code.starts_with("SC6");
    if (!typed || error.message.empty() || error.help.empty() || exitCode(error.kind) != 3)
      return render(error);
    return "";
  }
  /// In a child: everything with a fault, then everything without.
  std::string faultAndCure(const std::string &function, testing::Fault fault, bool isTolerated) {
    testing::Faults &faults = faultsOf(function);
    faults.fail(function, fault);
    Result<void> first = useEverything();
    if (faults.fired() == 0)
      return "was not reached";
    std::string flaw = first ? "" : flawOf(first.error());
    if (first && !isTolerated)
      flaw += "no error; ";
    faults.heal();
    if (Result<void> second = useEverything(); !second)
      flaw += "not cured: " + render(second.error());
    return flaw + unbalanced();
  }
};

/// How many calls of a function, the last ones, may fail without an error for anybody: they give
/// something back, or there is another way.
const std::map<std::string, int> tolerated = {
    {"cuCtxPopCurrent_v2", 1 << 20},
    {"cuCtxPushCurrent_v2", 7}, // to free four tensors, two events and a kernel
    {"cuDevicePrimaryCtxRelease_v2", 1},
    {"cuEventDestroy_v2", 2},
    {"cuLibraryUnload", 2},
    {"cuMemFreeAsync", 2},
    {"cuMemFree_v2", 4},
    {"cuMemPoolCreate", 1},                         // the default pool gives memory
    {"cuMemPoolSetAttribute", 1},                   // the pool gives memory, too
    {"cuThreadExchangeStreamCaptureMode", 1 << 20}, // outside of a capture it changes nothing
    {"nvrtcDestroyProgram", 2},
};

TEST_F(FaultSitesTest, every_call_that_fails_is_a_typed_error_and_is_survived) {
  // How often each function is called.
  std::string counts = inChild([&] {
    if (Result<void> used = useEverything(); !used)
      return render(used.error());
    std::string text;
    for (testing::Faults *faults : {&cuda->faults, &nvrtc->faults})
      for (const auto &[name, count] : faults->calls())
        text += name + " " + std::to_string(count) + "\n";
    return text + unbalanced();
  });
  std::istringstream lines(counts);
  int sites = 0;
  std::set<std::string> functions;
  std::string name;
  for (int count; lines >> name >> count;) {
    functions.insert(name);
    auto found = tolerated.find(name);
    int strict = count - (found == tolerated.end() ? 0 : found->second);
    // Each call in turn fails once; then all of them from the first on.
    for (int at = 0; at <= count; ++at, ++sites) {
      testing::Fault fault = at < count ? testing::Fault{999, at, 1} : testing::Fault();
      EXPECT_EQ(inChild([&] { return faultAndCure(name, fault, fault.after >= strict); }), "")
          << name << ", call " << at << " of " << count;
    }
  }
  EXPECT_TRUE(lines.eof()) << counts;
  EXPECT_GE(functions.size(), 42u) << counts;
  EXPECT_GE(sites, 200);
  RecordProperty("sites", sites);
}

} // namespace
} // namespace scanc
