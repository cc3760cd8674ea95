//===- LivingKernels.cpp - Kernels that a process still holds -------------===//
#include "runtime/compiler/LivingKernels.h"

#include "runtime/wisdom/Wisdom.h"

#include <algorithm>

namespace scanc::rt {

std::string requestOf(std::string_view text, const CompileOptions &options) {
  std::string request;
  request.reserve(text.size() + 256);
  auto addNumber = [&](std::int64_t number) {
    request.append(reinterpret_cast<const char *>(&number), sizeof number);
  };
  auto add = [&](std::string_view part) {
    addNumber(static_cast<std::int64_t>(part.size()));
    request += part;
  };
  addNumber(forksBefore());
  addNumber(options.load.device);
  addNumber(options.from ? static_cast<int>(*options.from) : -1);
  const std::string wisdom = wisdomFile(options.wisdom); // as it was when it was read first
  for (std::string_view part :
       {text, std::string_view(wisdom), std::string_view(options.filename), std::string_view(options.kernel),
        std::string_view(options.strategy), std::string_view(options.target),
        std::string_view(options.load.cacheDirectory)})
    add(part);
  for (const auto &[name, size] : options.sizes) {
    add(name);
    addNumber(size);
  }
  return request;
}

std::optional<Kernel> LivingKernels::find(const std::string &request) {
  std::lock_guard lock(mutex);
  auto found = kernels.find(request);
  if (found == kernels.end())
    return std::nullopt;
  std::shared_ptr<const Program> program = found->second.program.lock();
  std::shared_ptr<Executable> executable = found->second.executable.lock();
  if (!program || !executable)
    return std::nullopt;
  return Kernel(std::move(program), std::move(executable));
}

void LivingKernels::add(std::string request, const Kernel &kernel) {
  std::lock_guard lock(mutex);
  if (kernels.size() >= sweepAt) {
    std::erase_if(kernels, [](const auto &each) { return each.second.executable.expired(); });
    sweepAt = std::max<std::size_t>(64, 2 * kernels.size());
  }
  kernels[std::move(request)] = {kernel.shared, kernel.executable};
}

} // namespace scanc::rt
