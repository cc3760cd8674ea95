//===- Module.cpp - Loads a kernel and launches it -------------------------===//
#include "tests/emulation/Build.h"
#include "tests/emulation/Execution.h"
#include "tests/emulation/Report.h"

#include <algorithm>
#include <dlfcn.h>
#include <vector>

namespace scanc::emulation {

/// A loaded shared object. It stays loaded while a module refers to it.
struct EmulatedModule::Loaded {
  std::string entry;
  void *handle = nullptr;
  ModuleFacts facts{};

  ~Loaded() {
    if (handle)
      dlclose(handle);
  }
};

Result<EmulatedModule> EmulatedModule::build(const std::string &text,
                                             const std::vector<std::string> &headerFolders,
                                             const std::string &entry) {
  Result<std::string> object = buildSharedObject(text, headerFolders, entry);
  if (!object)
    return object.error();
  auto loaded = std::make_shared<Loaded>();
  loaded->entry = entry;
  loaded->handle = dlopen(object->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded->handle)
    return makeFault("build", std::string("cannot load kernel '") + entry + "': " + dlerror());
  auto bind = reinterpret_cast<void (*)(const Hooks *, ModuleFacts *)>(
      dlsym(loaded->handle, "scancEmulationBind"));
  bind(&hookTable, &loaded->facts);
  return EmulatedModule(std::move(loaded));
}

Result<EmulatedModule> EmulatedModule::build(const std::string &text,
                                             const std::map<std::string, std::string> &headers,
                                             const std::string &entry) {
  Result<std::string> folder = writeHeaders(headers);
  if (!folder)
    return folder.error();
  return build(text, std::vector<std::string>{*folder}, entry);
}

Result<Statistics> EmulatedModule::launch(const Geometry &geometry,
                                          std::span<const std::uint64_t> arguments,
                                          const std::vector<Buffer> &buffers,
                                          const Options &options) const {
  const ModuleFacts &facts = loaded->facts;
  if (arguments.size_bytes() != facts.argumentBytes)
    return makeFault("arguments", "kernel '" + loaded->entry + "' takes " +
                                      std::to_string(facts.argumentBytes / 8) +
                                      " words of arguments, got " +
                                      std::to_string(arguments.size()));
  constexpr std::int64_t mostBlocks = 1 << 20, mostThreads = 1024;
  const auto [blocks, threads, dynamicShared, dependent] = geometry;
  const std::int64_t run = options.blocks.empty() ? blocks : options.blocks.size();
  if (blocks < 1 || run > mostBlocks || threads < 1 || threads > mostThreads ||
      options.residentBlocks < 1)
    return makeFault("geometry", "kernel '" + loaded->entry + "': expected 1 to " +
                                     std::to_string(mostBlocks) + " blocks of 1 to " +
                                     std::to_string(mostThreads) + " threads, got " +
                                     std::to_string(blocks) + " of " + std::to_string(threads));
  if (dynamicShared < 0 || static_cast<std::uint64_t>(dynamicShared) > maxDynamicShared ||
      (dynamicShared > 0 && facts.sharedBytes > 0))
    return makeFault("geometry", "kernel '" + loaded->entry + "': expected 0 to " +
                                     std::to_string(maxDynamicShared) +
                                     " bytes of dynamic shared memory and none beside static ones, "
                                     "got " +
                                     std::to_string(dynamicShared) + " beside " +
                                     std::to_string(facts.sharedBytes));
  // As the driver has them, maps of matrices among them.
  struct alignas(64) Line {
    std::uint64_t words[8];
  };
  std::vector<Line> aligned((arguments.size() + 7) / 8);
  std::copy(arguments.begin(), arguments.end(), aligned.empty() ? nullptr : aligned.front().words);
  Execution execution({facts.run, aligned.data(), static_cast<std::uint32_t>(blocks),
                       static_cast<std::uint32_t>(threads), facts.sharedBytes + dynamicShared,
                       dependent},
                      dynamicShared > 0 ? facts.dynamicBegin : facts.sharedBegin, buffers, options);
  Result<Statistics> result = execution.run();
  if (!result)
    result.error().message = "kernel '" + loaded->entry + "': " + result.error().message +
                             " (seed " + std::to_string(options.seed) + ")";
  return result;
}

} // namespace scanc::emulation
