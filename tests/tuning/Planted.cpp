//===- Planted.cpp - Candidates with faults -------------------------------===//
#include "tests/tuning/Planted.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace scanc::testing {

tuning::Problem plantedProblem() {
  tuning::Problem problem;
  problem.text = "kernel k(a, x: f32[T, D]) -> (y: f32[T, D]) {\n"
                 "  scan T as t over D { y[t] = a[t] * y[t-1] + x[t] }\n}\n";
  problem.filename = "planted.scan";
  problem.sizes = {{"T", 50}, {"D", 7}};
  problem.target = "cpu";
  return problem;
}

namespace {

[[noreturn]] void loopForEver() {
  for (;;)
    std::this_thread::sleep_for(std::chrono::seconds(1));
}

class PlantedExecutable final : public Executable {
public:
  PlantedExecutable(Kernel real, std::string fault) : real(std::move(real)), fault(std::move(fault)) {}

  Result<void> prepare(std::span<const TensorRef> operands, const LaunchOptions &options) override {
    return real.prepare(operands, options);
  }
  Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &options) override {
    ++launches;
    if (fault == "unwritten result")
      return {};
    Result<void> launched = real.launch(operands, options);
    auto *input = static_cast<float *>(operands[1].data);
    auto *result = static_cast<float *>(operands[2].data);
    std::int64_t elements = operands[2].sizes[0] * operands[2].sizes[1];
    if (fault == "wrong value")
      result[elements - 1] += 1;
    else if (fault == "write before" || (fault == "damage when timed" && launches > 5))
      result[-1] = 0;
    else if (fault == "write behind")
      result[elements + 1023] = 0; // the last that is guarded
    else if (fault == "write input")
      input[0] = 0;
    else if (fault == "segmentation fault")
      *static_cast<volatile int *>(nullptr) = 1;
    else if (fault == "endless loop")
      loopForEver();
    else if (fault == "garbage")
      std::puts("what a kernel says");
    else if (fault == "early exit")
      std::_Exit(7);
    else if (fault == "slow")
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return launched;
  }
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) override {
    return real.workspaceBytes(operands);
  }
  std::string_view target() const override { return real.target(); }

private:
  Kernel real;
  std::string fault;
  int launches = 0;
};

} // namespace

Result<Kernel> compilePlanted(std::string_view text, const CompileOptions &options) {
  CompileOptions plain = options;
  std::string fault = options.strategy;
  if (fault.starts_with("sequential") || fault.starts_with("blelloch"))
    return compile(text, options);
  if (fault == "endless compile")
    loopForEver();
  plain.strategy = "";
  Result<Kernel> real = compile(text, plain);
  if (!real)
    return real;
  return Kernel(real->program(), std::make_shared<PlantedExecutable>(*real, fault));
}

} // namespace scanc::testing
