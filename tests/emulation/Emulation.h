//===- Emulation.h - Runs the text of a CUDA kernel on the CPU --*- C++ -*-===//
//
// For tests. Every CUDA thread is a fiber; barriers, shuffles and atomics have
// the meaning of the device; the order in which threads run is random and
// repeatable; every access is checked. docs/testing.md tells what is checked.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_EMULATION_EMULATION_H
#define SCANC_TESTS_EMULATION_EMULATION_H

#include "scanc/Result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace scanc::emulation {

/// One dimension of a strided tensor.
struct Extent {
  std::int64_t size = 1;
  std::int64_t stride = 0; ///< bytes from one element to the next, of either sign
};

/// Memory that a kernel may touch. Nothing else is global memory.
struct Buffer {
  std::string name; ///< as reports call it
  void *data = nullptr;
  std::int64_t bytes = 0;
  bool writable = true;
  bool initialized = true;  ///< false: a read of bytes that this launch has not written is a fault
  std::int64_t granule = 1; ///< bytes of one element; the race check tells no smaller parts apart
  /// Of a tensor whose elements lie apart: what is between them is not to be touched. Empty: all
  /// bytes are.
  std::vector<Extent> extents = {};
};

/// The threads of one launch: grids and blocks have one dimension, as in every emitted kernel.
struct Geometry {
  std::int64_t blocks = 1;
  std::int64_t threads = 1; ///< of a block, at most 1024
  std::int64_t sharedBytes = 0; ///< dynamic; a kernel has either these or statically sized ones
  bool dependent = false; ///< a thread touches global memory once it has awaited the launch before
};

struct Options {
  std::uint64_t seed = 0;
  std::int64_t residentBlocks = 8; ///< blocks that make progress at once
  std::vector<std::uint32_t> blocks =
      {}; ///< the only ones that run, where no block waits for another
  bool checkRaces = true;
  bool checkBounds = true; ///< bounds and alignment of global accesses
};

/// What a launch did, for tests of the emulation itself.
struct Statistics {
  std::int64_t switches = 0;
  std::int64_t accesses = 0;
};

/// The text of a kernel, compiled for this machine. Copies share the code.
class EmulatedModule {
public:
  /// Compiles `text`, or finds it compiled by an earlier process. `headerFolders` are searched for
  /// "scanc/…" after the emulation's own; the kernel is the extern "C" function `entry`.
  static Result<EmulatedModule> build(const std::string &text,
                                      const std::vector<std::string> &headerFolders,
                                      const std::string &entry);

  /// The same for headers given as text by include name, as a `Program` carries them.
  static Result<EmulatedModule> build(const std::string &text,
                                      const std::map<std::string, std::string> &headers,
                                      const std::string &entry);

  /// Runs the kernel to its end, or to its first fault, whose report is the error. The code of the
  /// error names the kind of fault ("emulation.race"); the message ends with the seed.
  Result<Statistics> launch(const Geometry &geometry, std::span<const std::uint64_t> arguments,
                            const std::vector<Buffer> &buffers, const Options &options = {}) const;

  struct Loaded;

private:
  explicit EmulatedModule(std::shared_ptr<const Loaded> loaded) : loaded(std::move(loaded)) {}
  std::shared_ptr<const Loaded> loaded;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_EMULATION_H
