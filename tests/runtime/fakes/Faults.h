//===- fakes/Faults.h - Which calls of a fake library fail ------*- C++ -*-===//
//
// Lives in the fake library, beside its accounts; a test reaches it through the
// functions `scancFake…` that the library exports.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_RUNTIME_FAKES_FAULTS_H
#define SCANC_TESTS_RUNTIME_FAKES_FAULTS_H

#include <map>
#include <mutex>
#include <string>

namespace scanc::testing {

/// How the calls of one function fail.
struct Fault {
  int result = 999;    ///< what they return
  int after = 0;       ///< calls that succeed first
  int count = 1 << 30; ///< calls that fail then
};

class Faults {
public:
  /// Counts a call; what it returns where it fails, else 0.
  int called(const char *name) {
    std::lock_guard lock(mutex);
    ++counts[name];
    auto found = faults.find(name);
    if (found == faults.end() || found->second.after-- > 0 || found->second.count-- <= 0)
      return 0;
    ++failures;
    return found->second.result;
  }
  void fail(const std::string &name, Fault fault) {
    std::lock_guard lock(mutex);
    faults[name] = fault;
  }
  void heal() {
    std::lock_guard lock(mutex);
    faults.clear();
  }
  int fired() {
    std::lock_guard lock(mutex);
    return failures;
  }
  std::map<std::string, int> calls() {
    std::lock_guard lock(mutex);
    return counts;
  }

private:
  std::mutex mutex;
  std::map<std::string, Fault> faults;
  std::map<std::string, int> counts;
  int failures = 0;
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_FAKES_FAULTS_H
